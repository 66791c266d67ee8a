"""Reading text tables whatever their encoding, and collecting what is wrong with them."""

from __future__ import annotations

import csv
import hashlib
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyarrow import ArrowException
from shapely.errors import ShapelyError

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading

__all__ = [
    "DAMAGE",
    "Faults",
    "Row",
    "Table",
    "check_file",
    "distinct",
    "file_hash",
    "number",
    "read_bytes",
    "read_table",
    "read_text",
    "refuse_streams",
]

# Rows told for each kind of fault.
ROWS_SHOWN = 5

DAMAGE: Final = (
    ArithmeticError,
    ArrowException,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    ShapelyError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries raise over a damaged file.

Errors of the program itself are among them (``InputError`` is a ``ValueError``): keep what is
tried to the call of the library, and let an ``InputError`` pass.
"""


@dataclass
class Faults:
    """Collects what is wrong with one file, so that all of it is told at once.

    A fault stops the reading of the file; a remark tells what was repaired, left out or is
    doubtful, and stops nothing.
    """

    file: str
    found: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    encoding: str | None = None

    def add(
        self,
        problem: Message,
        remedy: Message,
        *,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        """Note a fault."""
        self.found.append(self._fault(problem, remedy, row, column, value))

    def remark(
        self,
        problem: Message,
        remedy: Message,
        *,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        """Note what was repaired or is doubtful."""
        self.remarks.append(self._fault(problem, remedy, row, column, value))

    def _fault(
        self, problem: Message, remedy: Message, row: int | None, column: str | None, value: object
    ) -> Fault:
        shown = None if value is None else str(value)
        return Fault(problem, remedy, self.file, row, column, shown)

    def stop(self, problem: Message, remedy: Message, **place: object) -> InputError:
        """Note a fault that ends the reading of the file, and return the error to raise."""
        self.add(problem, remedy, **place)  # type: ignore[arg-type]
        return InputError(self.found)

    def raise_if_any(self) -> None:
        """Raise one error that lists all faults; many of a kind are counted, not repeated."""
        if self.found:
            raise InputError(_shortened(self.found))

    def reading(
        self,
        subject: Message,
        form: str,
        *,
        rows: int,
        used: int,
        crs: str | None = None,
        as_of: str | None = None,
    ) -> Reading:
        """Return what was read from the file, with the remarks so far."""
        remarks = tuple(_shortened(self.remarks))
        return Reading(self.file, subject, form, rows, used, self.encoding, crs, as_of, remarks)


def _shortened(found: Sequence[Fault]) -> list[Fault]:
    """Return the faults with many of a kind counted, not repeated."""
    shown: list[Fault] = []
    for kind in dict.fromkeys(fault.problem.template for fault in found):
        alike = [fault for fault in found if fault.problem.template == kind]
        shown += alike[:ROWS_SHOWN]
        left = len(alike) - ROWS_SHOWN
        if left > 0:
            more = Message("{count} more rows are like this.", count=left)
            remedy = Message("See the rows above.")
            shown.append(Fault(more, remedy, alike[0].file))
    return shown


def read_bytes(path: Path, faults: Faults) -> bytes:
    """Return a file's content.

    Raises
    ------
    InputError
        There is no such file, it is a folder, it is empty or cannot be opened.
    """
    try:
        if path.is_dir():
            raise faults.stop(
                Message("This is a folder, not a file."),
                Message("Name a file inside it."),
                value=path.as_posix(),
            )
        if not path.exists():
            raise faults.stop(
                Message("There is no such file."),
                Message("Check the path in the scenario; it counts from the scenario's folder."),
                value=path.as_posix(),
            )
        content = path.read_bytes()
    except OSError as error:
        raise faults.stop(
            Message("The file cannot be opened: {detail}.", detail=error.strerror or str(error)),
            Message("Check its name and whether you may read it."),
        ) from None
    if not content.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise faults.stop(Message("The file is empty."), Message("Fetch it from its source again."))
    return content


def refuse_streams(scenario: Scenario) -> None:
    """Raise if a file of a scenario is no file but a pipe or a device, which may never end.

    Raises
    ------
    InputError
        Lists every such path.
    """
    found: list[Fault] = []
    for file in scenario.files:
        faults = Faults(scenario.label(file))
        try:
            mode = scenario.resolve(file).stat().st_mode
        except OSError:
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            faults.add(
                Message("This is a pipe or a device, not a file."),
                Message("Name a file."),
                value=file.as_posix(),
            )
        found += faults.found
    if found:
        raise InputError(found)


def check_file(scenario: Scenario, file: Path) -> None:
    """Raise unless a file of a scenario is there and holds something.

    Raises
    ------
    InputError
        There is no such file, it is a folder, it is empty or cannot be opened.
    """
    read_bytes(scenario.resolve(file), Faults(scenario.label(file)))


def read_text(path: Path, faults: Faults, *, salvage: bool = False) -> str:
    """Return a text file, whether it is in UTF-8 (with or without BOM) or CP949.

    The encoding is noted in ``faults``.

    Parameters
    ----------
    salvage : bool
        Whether lines with blank bytes, which a broken download leaves, are dropped with a remark
        instead of being a fault.

    Raises
    ------
    InputError
        As :func:`read_bytes`, or the text is in neither encoding.
    """
    content = read_bytes(path, faults)
    if content.startswith(b"PK\x03\x04"):
        raise faults.stop(
            Message("This is an Excel workbook, not a text table."),
            Message("Save the sheet as CSV (UTF-8)."),
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise faults.stop(
            Message("The text is in UTF-16."),
            Message("Save the file again as UTF-8, or export it again from its source."),
        )
    nuls = content.count(b"\x00")
    damaged = 0 < nuls * 10 < len(content)
    row = content.count(b"\n", 0, content.index(b"\x00")) + 1 if damaged else None
    if damaged:
        # A hole may begin within a character, so its line goes before the text is decoded. The
        # line keeps its place: rows are still counted as the file has them.
        lines = content.split(b"\n")
        content = b"\n".join(b"" if b"\x00" in line else line for line in lines)
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        faults.encoding = "CP949" if encoding == "cp949" else "UTF-8"
        if nuls == 0:
            return text
        if damaged:
            note = faults.remark if salvage else faults.add
            note(
                Message("Part of the file is lost: {count} bytes are blank.", count=nuls),
                Message("The download was damaged: fetch the file from its source again."),
                row=row,
            )
            faults.raise_if_any()
            return text
    raise faults.stop(
        Message("The text is neither in UTF-8 nor in CP949."),
        Message("Save the file again as UTF-8, or export it again from its source."),
    )


def _parsed(lines: Iterable[list[str]], faults: Faults) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error as error:
        raise faults.stop(
            Message("The table cannot be read: {detail}.", detail=str(error)),
            Message("Save the file again as CSV; every opening quote needs a closing one."),
        ) from None


@dataclass(frozen=True)
class Row:
    """A row of a table: its number as a spreadsheet counts, and its cells by column."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def read_table(
    path: Path,
    faults: Faults,
    required: Sequence[str] = (),
    delimiter: str = ",",
    *,
    salvage: bool = False,
) -> Table:
    """Read a CSV file as texts; spaces around headers and cells are dropped.

    Parameters
    ----------
    required : sequence of str
        Columns that must be there.
    salvage : bool
        As for :func:`read_text`.

    Raises
    ------
    InputError
        The file cannot be read, or lacks a column, or a row is cut off.
    """
    # Line ends of every system; inside quotes they are kept.
    whole = read_text(path, faults, salvage=salvage)
    text = io.StringIO(whole.replace("\r\n", "\n").replace("\r", "\n"))
    return _table(csv.reader(text, delimiter=delimiter, strict=True), faults, required)


def _table(lines: Iterable[list[str]], faults: Faults, required: Sequence[str]) -> Table:
    reader = _parsed(lines, faults)
    header = tuple(cell.strip() for cell in next(reader, []))
    lacking = [column for column in required if column not in header]
    if lacking:
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns=", ".join(lacking)),
            Message("The columns found are: {columns}.", columns=", ".join(header)[:300]),
            row=1,
        )
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    for name in twice:
        faults.remark(
            Message("The table has the column more than once; the first cell with content holds."),
            Message("Give the columns different names, or remove those that are not needed."),
            row=1,
            column=name,
        )
    rows = []
    for number_, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            faults.add(
                Message(
                    "The row has {found} cells instead of {wanted}.",
                    found=len(cells),
                    wanted=len(header),
                ),
                Message(
                    "Put texts with commas in quotes; a short row may mean a file that was cut off."
                ),
                row=number_,
            )
            continue
        pairs = list(zip(header, (c.strip() for c in cells), strict=False))
        first = {name: next((c for n, c in pairs if n == name and c), "") for name in twice}
        rows.append(Row(number_, dict(pairs) | first))
    return Table(header, tuple(rows))


def distinct(rows: Iterable[Row], column: str, faults: Faults, remedy: Message) -> Iterator[Row]:
    """Yield the rows whose code is new; missing and repeated codes are noted."""
    seen: dict[str, int] = {}
    for row in rows:
        if not row[column]:
            faults.add(
                Message("The code is missing."),
                Message("Fill the cell: rows are told apart by it."),
                row=row.number,
                column=column,
            )
            continue
        first = seen.setdefault(row[column], row.number)
        if first == row.number:
            yield row
            continue
        faults.add(
            Message("The same code is already in row {row}.", row=str(first)),
            remedy,
            row=row.number,
            column=column,
            value=row[column],
        )


def number(
    row: Row,
    column: str,
    faults: Faults,
    *,
    least: float | None = None,
    most: float | None = None,
) -> float | None:
    """Return a cell as a number, or None if it is blank or faulty; commas are allowed."""
    text = row[column].replace(",", "")
    if not text:
        return None
    try:
        value = float(text)
        if value != value or abs(value) == float("inf"):
            raise ValueError
    except ValueError:
        faults.add(
            Message("This must be a number."),
            Message("Correct the cell, or leave it blank if the value is not known."),
            row=row.number,
            column=column,
            value=row[column],
        )
        return None
    low, high = least is not None and value < least, most is not None and value > most
    if low or high:
        faults.add(
            Message("The value must be at least {bound}.", bound=least)
            if low
            else Message("The value must be at most {bound}.", bound=most),
            Message("Correct the number."),
            row=row.number,
            column=column,
            value=row[column],
        )
        return None
    return value


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
