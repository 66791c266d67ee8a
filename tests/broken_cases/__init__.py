"""Inputs with one thing wrong, each with what must be said about it.

A case spoils one file (or one key of the scenario) of the tiny county. The check must name
that fault, with its place, and blame nothing else. Each module of this package holds the cases of
one room of ``inputs`` in a tuple ``CASES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Broken:
    """One thing wrong.

    Parameters
    ----------
    name : str
        What is wrong, in a few words; unique.
    file : str
        File that must be named.
    problem : str
        The template of the message must begin with this.
    spoil : callable, optional
        Given the folder of the county, spoils one file.
    scenario : callable, optional
        Given the scenario as a dict before it is written, changes it (to name a file of another
        kind, or to write a wrong key).
    row, column, value
        What must be told of the place; None where the fault has none.
    remark : bool
        True where the thing is doubtful but does not stop the reading: it must be among the
        remarks of a reading, and there must be no fault at all.
    besides : tuple of str
        Beginnings of the further remarks that the same thing rightly causes, in any order.
    """

    name: str
    file: str
    problem: str
    spoil: Callable[[Path], object] | None = None
    scenario: Callable[[dict[str, Any]], object] | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    remark: bool = False
    besides: tuple[str, ...] = ()


def replaced(path: Path, old: str, new: str, encoding: str = "utf-8") -> None:
    """Replace a text that occurs in a file, once."""
    text = path.read_bytes().decode(encoding)
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_bytes(text.replace(old, new, 1).encode(encoding))
