"""Text tables of institutions and branches, whatever stands between their cells."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ruralcare.inputs.files import Faults, Table, read_table, read_text

__all__ = ["header_cells", "read_list_table"]

_DELIMITERS: Final = (",", ";", "\t")


def header_cells(text: str) -> list[str]:
    """Return the headers of a table, whichever delimiter they are parted by.

    Examples
    --------
    >>> header_cells('기관명;"주소 (도로명, 지번)";급여종류')
    ['기관명', '주소 (도로명, 지번)', '급여종류']
    """
    return [cell.strip() for cell in _cells(text, _delimiter(text))]


def read_list_table(path: Path, faults: Faults, required: Sequence[str] = ()) -> Table:
    """Read a table whose cells are parted by commas, semicolons or tabs.

    Raises
    ------
    InputError
        As :func:`~ruralcare.inputs.files.read_table`.
    """
    return read_table(path, faults, required, _delimiter(read_text(path, faults)))


def _delimiter(text: str) -> str:
    """Return the delimiter that parts the header into the most cells."""
    return max(_DELIMITERS, key=lambda one: len(_cells(text, one)))


def _cells(text: str, delimiter: str) -> list[str]:
    lines = text.partition("\n")[0].splitlines()[:1]
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return []
