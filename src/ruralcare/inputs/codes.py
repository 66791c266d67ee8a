"""Codes of townships, counties and provinces through time.

Codes of the Ministry of the Interior (행정기관코드) change when a province is renamed, a county
moves or a 면 becomes a 읍. Files of different dates meet in the codes that were in force on one
date: that of the boundaries. What changed when is a table (``code_changes.csv``) that a scenario
can extend. It follows provinces, counties, 읍 and 면 since 2008, the year of the first register;
townships that were divided or merged have no successor in it. Nor have the districts of 인천 that
were divided and merged in 2026, and the townships of 화성시, which came under wards then.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from functools import cache, cached_property
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ruralcare.inputs.files import Faults, distinct, read_table
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = [
    "CodeBook",
    "CodeChange",
    "known_changes",
    "last_day",
    "lies_in",
    "province_name",
    "provinces",
    "read_code_book",
]

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
# 2023, 202310, 20231031; 2023-6, 2023.6.1., 2023년 6월 1일.
_CLOSE = re.compile(r"(\d{4})(\d{2})?(\d{2})?")
_APART = re.compile(
    r"(\d{4})\s*(?:년|[-./](?=\s*\d))\s*(?:(\d{1,2})\s*(?:월|[-./](?=\s*\d)|\.?$)\s*"
    r"(?:(\d{1,2})\s*(?:일|\.)?)?)?"
)
# Before every change and after it.
_ENDS = _FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_TOWNSHIP_DIGITS = 10
_CODE = re.compile(r"^\d{2,10}$")


@dataclass(frozen=True)
class CodeChange:
    """All codes that begin with ``old`` begin with ``new`` from a day on ("2023-06-11").

    ``name`` tells both names: "강원도 홍천군 동면 → 영귀미면".

    Of several changes of one day the one with the longest ``old`` holds. One whose ``new`` is its
    ``old`` says that a code ended without a successor, and keeps shorter changes off it.
    """

    old: str
    new: str
    changed_on: str
    name: str = ""


class _Starts(NamedTuple):
    """What codes begin with → what that becomes; and the lengths of these, longest first."""

    exchanged: Mapping[str, str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> _Starts:
        exchanged = dict(pairs)
        return cls(exchanged, tuple(sorted({len(start) for start in exchanged}, reverse=True)))


@dataclass(frozen=True)
class _Day:
    """The changes of one day in both directions: what codes began with → what they begin with."""

    changed_on: str
    forward: _Starts
    backward: _Starts


@dataclass(frozen=True)
class CodeBook:
    """Changes of codes, earliest first.

    Parameters
    ----------
    changes : tuple of CodeChange
        Sorted by date.
    """

    changes: tuple[CodeChange, ...]

    def at(self, code: str, date: str) -> str:
        """Return the code that an area had on a date, whatever the date of the given code.

        Parameters
        ----------
        code : str
            Code of a township, county or province.
        date : str
            "2018", "2023-10" or "2023-10-31"; a year or a month means its last day.

        Examples
        --------
        >>> book = CodeBook((CodeChange("42", "51", "2023-06-11"),))
        >>> book.at("4211025000", "2023-10"), book.at("5111025000", "2018")
        ('5111025000', '4211025000')
        """
        # Where nothing is known of the date the present codes hold.
        day = last_day(date) or _LAST_DAY
        for change in self._days:
            if change.changed_on <= day:
                code = _exchanged(code, change.forward)
        for change in reversed(self._days):
            if change.changed_on > day:
                code = _exchanged(code, change.backward)
        return code

    def all_at(self, codes: Iterable[str], date: str) -> dict[str, str]:
        """Return the codes of a date for many codes: given code → code then."""
        return {code: self.at(code, date) for code in set(codes)}

    @cached_property
    def other_names(self) -> Mapping[str, frozenset[str]]:
        """The names that a township had or has under other codes: code → names."""
        found: dict[str, set[str]] = {}
        for change in self.changes:
            if len(change.new) == _TOWNSHIP_DIGITS and " → " in change.name:
                before, after = (name.split()[-1] for name in change.name.split(" → "))
                if before != after:
                    found.setdefault(change.old, set()).add(after)
                    found.setdefault(change.new, set()).add(before)
        return {code: frozenset(names) for code, names in found.items()}

    def earlier_names(self) -> dict[str, str]:
        """Return the names that townships had before their last change: present code → name."""
        return {
            change.new: change.name.partition(" → ")[0].split()[-1]
            for change in self.changes
            if len(change.new) == _TOWNSHIP_DIGITS and " → " in change.name
        }

    @cached_property
    def _days(self) -> tuple[_Day, ...]:
        days = []
        for changed_on, group in groupby(self.changes, lambda change: change.changed_on):
            changes = list(group)
            forward = _Starts.of((change.old, change.new) for change in changes)
            # Where areas merged, the way back leads to the first of them.
            backward = _Starts.of((change.new, change.old) for change in reversed(changes))
            days.append(_Day(changed_on, forward, backward))
        return tuple(days)


def _exchanged(code: str, starts: _Starts) -> str:
    """Return a code with the longest of its known beginnings exchanged."""
    for length in starts.lengths:
        start = starts.exchanged.get(code[:length])
        if start is not None:
            return start + code[length:]
    return code


def last_day(date: str) -> str | None:
    """Return the last day of a year, of a month or of a day itself; None if it is no date.

    Examples
    --------
    >>> last_day("2023"), last_day("2023-6"), last_day("2023년 6월 1일"), last_day("202302")
    ('2023-12-31', '2023-06-30', '2023-06-01', '2023-02-28')
    >>> last_day("latest"), last_day("2023-13")
    (None, None)
    """
    text = date.strip()
    found = _CLOSE.fullmatch(text) or _APART.fullmatch(text)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    if year == 0 or not 1 <= month <= 12:
        return None
    days = calendar.monthrange(year, month)[1]
    day = int(found[3] or days)
    return f"{year:04}-{month:02}-{day:02}" if 1 <= day <= days else None


def read_code_book(scenario: Scenario) -> CodeBook:
    """Return the changes of codes that the program knows and those of the scenario.

    A row of the scenario's table replaces one of the program's with the same ``old_code``.

    Raises
    ------
    InputError
        The table of the scenario cannot be used; every fault is listed.
    """
    changes = {change.old: change for change in known_changes()}
    file = scenario.townships.code_changes
    if file is not None:
        changes |= {change.old: change for change in _own_changes(scenario.resolve(file), file)}
    return CodeBook(tuple(sorted(changes.values(), key=lambda one: (one.changed_on, one.old))))


@cache
def known_changes() -> tuple[CodeChange, ...]:
    """Return the changes of codes that the program knows."""
    with resources.files("ruralcare.inputs").joinpath("code_changes.csv").open("rb") as stream:
        table = pd.read_csv(stream, dtype=str)
    columns = ["old_code", "new_code", "changed_on", "name"]
    return tuple(CodeChange(*row) for row in table[columns].itertuples(index=False))


def _own_changes(path: Path, file: Path) -> list[CodeChange]:
    faults = Faults(file.name)
    changes = []
    table = read_table(path, faults, ["old_code", "new_code", "changed_on"])
    once = Message("Keep one row for each old code.")
    for row in distinct(table, "old_code", faults, once):
        for column in ("old_code", "new_code"):
            if not _CODE.match(row[column]):
                faults.add(
                    Message("A code has two to ten digits."),
                    Message("Write the first digits that changed, such as 42 or 47720."),
                    row=row.number,
                    column=column,
                    value=row[column],
                )
                break
        else:
            if len(row["old_code"]) != len(row["new_code"]):
                faults.add(
                    Message("The old and the new code differ in length."),
                    Message("Write as many digits of the one as of the other."),
                    row=row.number,
                    column="new_code",
                    value=row["new_code"],
                )
        if not _is_date(row["changed_on"]):
            faults.add(
                Message("This is not a date."),
                Message("Write year, month and day: 2023-07-01."),
                row=row.number,
                column="changed_on",
                value=row["changed_on"],
            )
        changes.append(CodeChange(row["old_code"], row["new_code"], row["changed_on"], row["name"]))
    faults.raise_if_any()
    return changes


def _is_date(text: str) -> bool:
    if not _DATE.match(text):
        return False
    try:
        calendar_date.fromisoformat(text)
    except ValueError:
        return False
    return True


def provinces(name: str) -> frozenset[str]:
    """Return the codes that areas of a province of this name have or had, as two digits.

    Empty if the name is not that of a province. Names, short names and names of merged provinces
    are known; with a province that joined another goes the code of that one, and the reverse.

    Examples
    --------
    >>> sorted(provinces("전남")), sorted(provinces("강원특별자치도")), provinces("해남군")
    (['12', '46'], ['42', '51'], frozenset())
    """
    codes = _province_names().get(name)
    return frozenset() if codes is None else frozenset((*codes.own, *codes.joined))


def lies_in(code: str, name: str, book: CodeBook) -> bool:
    """Return whether an area belongs or once belonged to a province of a name.

    Parameters
    ----------
    code : str
        Code of a township, county or province, of any date.
    name : str
        As for :func:`provinces`.
    book : CodeBook
        What provinces the area belonged to.

    Examples
    --------
    >>> book = CodeBook(known_changes())
    >>> lies_in("12790", "전남", book), lies_in("46820", "전남광주통합특별시", book)
    (True, True)
    >>> lies_in("12210", "광주", book), lies_in("12210", "전남", book)
    (True, False)
    """
    codes = _province_names().get(name)
    if codes is None:
        return False
    known = {day_code[:2] for day_code in (code, *(book.at(code, day) for day in _ENDS))}
    # Of an area whose past is not known either province may be meant.
    return bool(known & {*codes.own}) or (len(known) == 1 and bool(known & {*codes.joined}))


class _Codes(NamedTuple):
    """Codes of a province, and of those that it joined or that joined it; earliest first."""

    own: tuple[str, ...]
    joined: tuple[str, ...]


@cache
def _province_names() -> Mapping[str, _Codes]:
    with resources.files("ruralcare.inputs").joinpath("provinces.csv").open("rb") as stream:
        table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    return {
        name: _Codes(tuple(codes.split()), tuple(joined.split()))
        for name, codes, joined in table[["name", "codes", "joined"]].itertuples(index=False)
    }


def province_name(code: str) -> str:
    """Return the name of the province of a code of any date; empty if it is not known.

    Examples
    --------
    >>> province_name("46770"), province_name("12740"), province_name("99710")
    ('전라남도', '전남광주통합특별시', '')
    """
    return next((name for name, codes in _province_names().items() if code[:2] in codes.own), "")
