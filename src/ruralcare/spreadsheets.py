"""What spreadsheets do with texts."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["guarded"]

# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = TypeVar("Cell")


def guarded(cell: Cell) -> Cell | str:
    """Return a cell of a CSV file so that no spreadsheet computes it; other than text as it is.

    Examples
    --------
    >>> guarded("=1+1"), guarded("리"), guarded(-1)
    ("'=1+1", '리', -1)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
