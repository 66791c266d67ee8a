"""Age groups as publishers write them, and their way to five-year groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ruralcare.inputs.people.cells import squeezed
from ruralcare.types import AGE_GROUPS

__all__ = [
    "TOTAL",
    "UNKNOWN",
    "Ages",
    "even_parts",
    "find_ages",
    "is_unknown",
    "is_wide",
    "parts_of",
    "split_wide",
    "tiling",
]

_RANGE: Final = re.compile(r"^만?(\d{1,3})세?(?:이상)?[~∼～〜_–-](\d{1,3})세?(?:이하)?$")
_OPEN: Final = re.compile(r"^만?(\d{1,3})세?(?:이상|\+|~|-)$")
_SINGLE: Final = re.compile(r"^만?(\d{1,3})세?$")
_TOTALS: Final = {"계", "합계", "총계", "소계", "전체", "전연령", "total", "all"}
_NOT_KNOWN: Final = {"미상", "연령미상", "나이미상", "불상", "연령불상", "unknown", "notstated"}
_OLDEST = 100


class Ages(NamedTuple):
    """A range of ages in completed years; ``last`` is None where it is open."""

    first: int
    last: int | None

    @property
    def name(self) -> str:
        """As in ``AGE_GROUPS``, also for wider groups: ``60-69``, ``85+``."""
        return f"{self.first:02d}+" if self.last is None else f"{self.first:02d}-{self.last:02d}"

    @property
    def group(self) -> str | None:
        """The five-year group it lies in, its own name if it spans several, None if it cuts one."""
        if self.first >= _OLDEST:
            return AGE_GROUPS[-1]
        if self.last is not None and self.first // 5 == self.last // 5:
            return AGE_GROUPS[self.first // 5]
        if self.first % 5 or (self.last is not None and (self.last + 1) % 5):
            return None
        return self.name


TOTAL: Final = Ages(-1, None)
"""Stands for people of all ages together."""
UNKNOWN: Final = Ages(-2, None)
"""Stands for people whose age is not known."""


def find_ages(label: str) -> Ages | None:
    """Return the ages of a label, :data:`TOTAL`, or None if it names no ages.

    Examples
    --------
    >>> find_ages("65~69세"), find_ages("65 - 69세"), find_ages("100세 이상"), find_ages("7세")
    (Ages(first=65, last=69), Ages(first=65, last=69), Ages(first=100, last=None), \
Ages(first=7, last=7))
    >>> find_ages("합계") is TOTAL, find_ages("15세 미만")
    (True, None)
    """
    text = squeezed(label)
    if text.lower() in _TOTALS:
        return TOTAL
    if match := _RANGE.match(text):
        first, last = int(match[1]), int(match[2])
        return Ages(first, last) if first <= last else None
    if match := _OPEN.match(text):
        return Ages(int(match[1]), None)
    if match := _SINGLE.match(text):
        return Ages(int(match[1]), int(match[1]))
    return None


def is_unknown(label: str) -> bool:
    """Return whether a label stands for people whose age is not known.

    Examples
    --------
    >>> is_unknown("연령 미상"), is_unknown("65~69세")
    (True, False)
    """
    return squeezed(label).strip("()").lower() in _NOT_KNOWN


def tiling(found: Iterable[Ages]) -> tuple[list[Ages], int | None]:
    """Return the finest groups that hold every age once, and the first age that is missing.

    What overlaps them (65 and over beside 65–69) is a subtotal and not among them.
    """
    ages = {one for one in found if one not in (TOTAL, UNKNOWN)}
    chosen: list[Ages] = []
    start = 0
    while True:
        fits = [one for one in ages if one.first == start]
        if not fits:
            return chosen, (start if start <= _OLDEST else None)
        finest = min(fits, key=lambda one: one.last if one.last is not None else 1000)
        chosen.append(finest)
        if finest.last is None:
            return chosen, None
        start = finest.last + 1


def is_wide(group: str) -> bool:
    """Return whether an age group spans several five-year groups."""
    return group not in AGE_GROUPS


def parts_of(group: str) -> tuple[str, ...]:
    """Return the five-year groups of a wider one.

    Examples
    --------
    >>> parts_of("60-69"), parts_of("90+")
    (('60-64', '65-69'), ('90-94', '95-99', '100+'))
    """
    first, _, last = group.rstrip("+").partition("-")
    stop = int(last) // 5 + 1 if last else len(AGE_GROUPS)
    return AGE_GROUPS[int(first) // 5 : stop]


def split_wide(frame: pd.DataFrame, reference: pd.DataFrame | None) -> pd.DataFrame:
    """Split wide age groups over five-year groups; the people of a row stay as many.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``sex``, ``age_group``, ``persons``; some groups wide.
    reference : DataFrame, optional
        The same with five-year groups, of another date: it gives the proportions, those of the
        township and sex, else of the township, else of all townships. Without it, and where it
        has nobody of these ages, the parts are alike.
    """
    wide = frame["age_group"].map(is_wide)
    by_sex: dict[Any, float] = {}
    by_town: dict[Any, float] = {}
    overall: dict[Any, float] = {}
    if reference is not None:
        by_sex = reference.groupby(["township_id", "sex", "age_group"])["persons"].sum().to_dict()
        by_town = reference.groupby(["township_id", "age_group"])["persons"].sum().to_dict()
        overall = reference.groupby("age_group")["persons"].sum().to_dict()
    rows = []
    for town, sex, group, persons in frame.loc[
        wide, ["township_id", "sex", "age_group", "persons"]
    ].itertuples(index=False):
        parts = parts_of(group)
        shares = next(
            (
                found
                for found in (
                    [by_sex.get((town, sex, part), 0) for part in parts],
                    [by_town.get((town, part), 0) for part in parts],
                    [overall.get(part, 0) for part in parts],
                )
                if sum(found) > 0
            ),
            [1] * len(parts),
        )
        for part, count in zip(parts, even_parts(int(persons), shares), strict=True):
            rows.append((town, sex, part, count))
    split = pd.DataFrame(rows, columns=["township_id", "sex", "age_group", "persons"])
    return pd.concat([frame[~wide], split], ignore_index=True)


def even_parts(total: int, shares: Iterable[float]) -> list[int]:
    """Split a number of people in proportion into whole numbers that sum to it.

    What rounding down leaves goes to the largest remainders.

    Examples
    --------
    >>> even_parts(7, [1, 1])
    [4, 3]
    """
    weights = np.asarray(list(shares), dtype=float)
    exact = weights / weights.sum() * total
    parts = np.floor(exact).astype(int)
    left = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:left]] += 1
    return [int(part) for part in parts]
