"""Reading the sheets of Excel workbooks (.xlsx, .xls) as rows of texts."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import python_calamine

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults, Row, Table, read_bytes
from ruralcare.language import Message

__all__ = ["Sheet", "is_workbook", "read_workbook", "sheet_table"]

# How deep below titles and dates a header is looked for.
_HEADER_WITHIN = 20
_ZIP: Final = b"PK\x03\x04"
_BEGINNINGS: Final = (_ZIP, b"\xd0\xcf\x11\xe0")
# The reader lays a sheet out in full, from its first to its last cell, and ends the whole program
# where the memory is short of it.
_MOST_CELLS: Final = 60_000_000
_MOST_BYTES: Final = 1 << 30
# Cells with content in columns from AA on or in rows from 100,000 on, and the rows there are.
_WIDE: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Za-z]{2,})\d+"[^>/]*>')
_DEEP: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="[A-Za-z]*(\d{6,})"[^>/]*>')
_ROWS: Final = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_LETTERS: Final = 26


class Sheet(NamedTuple):
    """A sheet as rows of texts.

    Parameters
    ----------
    name : str
        As the workbook has it, without spaces around it.
    rows : list of list of str
        All rows from the first of the sheet on, so that ``rows[0]`` is row 1 of the spreadsheet.
        Blank cells are empty texts; all rows are equally long.
    """

    name: str
    rows: list[list[str]]


def is_workbook(path: Path) -> bool:
    """Return whether a file is an Excel workbook, whatever its name.

    The name decides about a file that cannot be opened; whoever reads it says why.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _BEGINNINGS
    except OSError:
        return path.suffix.lower() in (".xlsx", ".xls", ".xlsm")


def read_workbook(path: Path, faults: Faults) -> list[Sheet]:
    """Read all sheets of a workbook.

    Whole numbers come without a decimal point (``30``, not ``30.0``), dates as ``2023-10-31``.

    Raises
    ------
    InputError
        The file is missing, protected by a password, or no workbook.
    """
    content = read_bytes(path, faults)
    if content.startswith(_ZIP):
        _check_size(content, faults)
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        return [
            Sheet(
                name.strip(),
                [
                    [_text(cell) for cell in row]
                    for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                ],
            )
            for name in book.sheet_names
        ]
    except python_calamine.PasswordError:
        raise faults.stop(
            Message("The workbook is protected by a password."),
            Message("Open it with the password and save it without one."),
        ) from None
    except python_calamine.CalamineError as error:
        raise _unreadable(str(error), faults) from None
    except BaseException as error:
        # What breaks inside the reader, which is written in Rust, is no Exception of Python's.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(type(error).__name__, faults) from None


def _unreadable(detail: str, faults: Faults) -> InputError:
    return faults.stop(
        Message("The workbook cannot be read: {detail}.", detail=detail),
        Message("Save it again as .xlsx."),
    )


def _check_size(content: bytes, faults: Faults) -> None:
    """Raise an error for a workbook that would not fit into memory.

    One stray cell at the far end of a sheet is enough, and so are a few damaged bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > _MOST_BYTES:
                raise _too_large("", faults)
            if not any(part.filename.lower().endswith("workbook.xml") for part in parts):
                raise _unreadable("xl/workbook.xml", faults)
            for part in parts:
                name = part.filename.lower()
                if "sheets/" in name and name.endswith(".xml"):
                    last = _last_cell(archive.read(part))
                    if last[0] * last[1] > _MOST_CELLS:
                        raise _too_large(f"{last[0]} × {last[1]}", faults)
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(type(error).__name__, faults) from None


def _last_cell(xml: bytes) -> tuple[int, int]:
    """Return about how many rows and columns a sheet has, from above."""
    rows = [int(number) for number in (*_ROWS.findall(xml), *_DEEP.findall(xml))]
    columns = [_column(name) for name in set(_WIDE.findall(xml))]
    return max(rows, default=0), max(columns, default=_LETTERS)


def _column(name: bytes) -> int:
    number = 0
    for letter in name.upper():
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _too_large(size: str, faults: Faults) -> InputError:
    return faults.stop(
        Message(
            "The workbook is too large to be read; a cell far from the table may be the reason."
        ),
        Message("Delete the rows and columns after the table, and save it again."),
        value=size or None,
    )


def sheet_table(
    sheet: Sheet,
    faults: Faults,
    required: Sequence[str] = (),
    *,
    optional: Iterable[str] = (),
) -> Table:
    """Return a sheet as a table with a header; titles above the header are passed over.

    The header is the first row that has all required columns. Spaces and line breaks inside
    headers do not count.

    Parameters
    ----------
    required : sequence of str
        Columns that must be there.
    optional : iterable of str
        Further columns to be known under this spelling.

    Raises
    ------
    InputError
        No row of the sheet has the required columns.
    """
    spelling = {_squeezed(name): name for name in (*required, *optional)}
    wanted = {_squeezed(name) for name in required}
    depth = next(
        (
            depth
            for depth, row in enumerate(sheet.rows[:_HEADER_WITHIN])
            if (wanted <= {_squeezed(cell) for cell in row} if wanted else any(row))
        ),
        None,
    )
    if depth is None:
        best = max(
            sheet.rows[:_HEADER_WITHIN],
            key=lambda row: (len(wanted & {_squeezed(cell) for cell in row}), sum(map(bool, row))),
            default=[],
        )
        found = {_squeezed(cell) for cell in best}
        lacking = [name for name in required if _squeezed(name) not in found]
        raise faults.stop(
            Message(
                "The sheet {sheet} lacks columns: {columns}.",
                sheet=sheet.name,
                columns=", ".join(lacking),
            ),
            Message(
                "The columns found are: {columns}.",
                columns=", ".join(" ".join(cell.split()) for cell in best if cell)[:300],
            ),
        )
    header = tuple(
        spelling.get(_squeezed(cell), " ".join(cell.split())) for cell in sheet.rows[depth]
    )
    twice = [name for name in spelling.values() if header.count(name) > 1]
    for name in twice:
        faults.remark(
            Message("The table has the column more than once; the first cell with content holds."),
            Message("Give the columns different names, or remove those that are not needed."),
            row=depth + 1,
            column=name,
        )
    rows = []
    for number, cells in enumerate(sheet.rows[depth + 1 :], start=depth + 2):
        pairs = list(zip(header, cells, strict=True))
        first = {name: next((c for n, c in pairs if n == name and c), "") for name in twice}
        if any(cells):
            rows.append(Row(number, dict(pairs) | first))
    return Table(header, tuple(rows))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell).strip()
