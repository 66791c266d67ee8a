"""Tables as rows of cells: the fast way into wide files of many rows.

Where :func:`ruralcare.inputs.files.read_table` gives each row as a mapping, this gives lists, and
leaves it to the reader to find the header and to judge short rows.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ruralcare.inputs.files import Faults, read_text
from ruralcare.inputs.workbooks import is_workbook, read_workbook
from ruralcare.language import Message

__all__ = ["Cells", "read_cells", "read_sheets", "squeezed", "tell_unread"]

_DELIMITERS: Final = ",\t^;"


@dataclass(frozen=True)
class Cells:
    """Rows of a file as lists of texts without spaces around them; blank rows are left out.

    Parameters
    ----------
    rows : list of list of str
        The rows, header included.
    numbers : list of int
        Row of each in the file, as a spreadsheet counts.
    form : str
        "CSV" or "Excel workbook".
    damaged_row : int, optional
        First row that was lost to blank bytes.
    sheet : str
        Name of the sheet of a workbook.
    """

    rows: list[list[str]]
    numbers: list[int]
    form: str
    damaged_row: int | None = None
    sheet: str = ""


def squeezed(text: str) -> str:
    """Return a text without any space or line break, in which publishers are not consistent."""
    return "".join(text.split())


def read_cells(path: Path, faults: Faults, *, salvage: bool = False) -> Cells:
    """Read a CSV file (commas, tabs, semicolons or carets) or the fullest sheet of a workbook.

    Further sheets of a workbook are named in a remark.

    Parameters
    ----------
    salvage : bool
        As for :func:`ruralcare.inputs.files.read_text`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    sheets = read_sheets(path, faults, salvage=salvage)
    fullest = max(sheets, key=lambda one: one.numbers[-1])
    tell_unread([one for one in sheets if one is not fullest], faults)
    return fullest


def tell_unread(sheets: list[Cells], faults: Faults) -> None:
    """Note the sheets of a workbook that are passed over."""
    if sheets:
        faults.remark(
            Message("Some sheets of the workbook are not read."),
            Message("If they hold data, save each as a file of its own."),
            value=", ".join(one.sheet for one in sheets)[:300],
        )


def read_sheets(path: Path, faults: Faults, *, salvage: bool = False) -> list[Cells]:
    """Read a CSV file (commas, tabs, semicolons or carets) or all sheets of a workbook.

    Sheets without content are passed over. A last line that breaks off within quotes is kept as
    far as it goes, as a short row.

    Parameters
    ----------
    salvage : bool
        As for :func:`ruralcare.inputs.files.read_text`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    if is_workbook(path):
        found = []
        for sheet in read_workbook(path, faults):
            kept = [(number, row) for number, row in enumerate(sheet.rows, start=1) if any(row)]
            if kept:
                rows, numbers = [row for _, row in kept], [number for number, _ in kept]
                found.append(Cells(rows, numbers, "Excel workbook", sheet=sheet.name))
        if not found:
            raise _empty(faults)
        return found
    before = len(faults.remarks)
    text = read_text(path, faults, salvage=salvage).replace("\r\n", "\n").replace("\r", "\n")
    damaged = next((one.row for one in faults.remarks[before:] if one.row is not None), None)
    rows, numbers = _parsed(text.split("\n"), faults)
    if not rows:
        raise _empty(faults)
    return [Cells(rows, numbers, "CSV", damaged)]


def _empty(faults: Faults) -> Exception:
    return faults.stop(Message("The file is empty."), Message("Fetch it from its source again."))


def _parsed(lines: list[str], faults: Faults) -> tuple[list[list[str]], list[int]]:
    while lines and not lines[-1].strip():
        lines.pop()
    first = lines[0] if lines else ""
    # The first of the most frequent ones: a comma where there is none of them.
    delimiter = max(_DELIMITERS, key=first.count)
    # Lines keep their ends, so that a line break inside quotes is kept.
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    number = done = 0
    try:
        for number, cells in enumerate(reader, start=1):
            done = reader.line_num
            row = [cell.strip() for cell in cells]
            if any(row):
                rows.append(row)
                numbers.append(number)
    except csv.Error as error:
        if done + 1 < len(lines):
            raise faults.stop(
                Message("The table cannot be read: {detail}.", detail=str(error)),
                Message("Save the file again as CSV; every opening quote needs a closing one."),
                row=number + 1,
            ) from None
        rows.append([cell.strip() for cell in next(csv.reader([lines[-1]], delimiter=delimiter))])
        numbers.append(number + 1)
    return rows, numbers
