"""Ages of cohorts: from one date to another, over any number of months.

A cohort is a five-year age group at one date. Later its members are so much older; where the time
passed is no multiple of five years, they no longer fill one age group of the tables but parts of
two. This module moves them, with matrices over the age groups of ``AGE_GROUPS``, and brings losses
that were measured over one span to another.

The *loss* of a cohort is minus the logarithm of its ratio (members later per member before); losses
of consecutive spans add up, which ratios do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ruralcare.types import AGE_GROUPS
from ruralcare.units import months_from_years

__all__ = [
    "CLOSED",
    "FLOOR",
    "GROUPS",
    "OLDEST",
    "Ages",
    "carried",
    "closed_groups",
    "month",
    "survival",
]

Array = NDArray[np.float64]

GROUPS: Final = len(AGE_GROUPS)
OLDEST: Final = GROUPS - 1
"""Place of the open group, 100+."""
CLOSED: Final = GROUPS - 1
"""Number of groups below it."""
FLOOR: Final = 1e-12
"""Least ratio: the logarithm of none at all is taken of this."""

_WIDTH: Final = months_from_years(5)
_YEAR: Final = months_from_years(1)
_OPEN: Final = _WIDTH * OLDEST
_LAST_AGE: Final = 140
# How closely the rate by age follows what was measured, against how smooth it is; what it leaves
# unexplained is spread evenly, so that nothing is lost.
_FIDELITY: Final = 3.0
_DATE: Final = re.compile(r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-\d{2})?)?")


def month(date: str, other: str = "") -> int:
    """Return a date ("2023-10", "2023-10-31" or "2023") as a number of months.

    A date without a month ("2013") is taken as the month of the other date, so that years between
    the two are whole; January if that has none either.

    Raises
    ------
    ValueError
        One of the two is no date.

    Examples
    --------
    >>> month("2025-05") - month("2023-10")
    19
    >>> month("2023-10") - month("2013", "2023-10")
    120
    """
    found, second = _DATE.fullmatch(date), _DATE.fullmatch(other)
    for text, one in ((date, found), (other, second)):
        if text and one is None:
            raise ValueError(f"no date: {text!r}")
    if found is None:
        raise ValueError("no date: it is empty")
    named = found["month"] or (second["month"] if second is not None else None) or "01"
    return months_from_years(int(found["year"])) + int(named) - 1


def closed_groups(span: int) -> int:
    """Return how many groups, from the youngest, are all below 100 after some months.

    Examples
    --------
    >>> closed_groups(120), closed_groups(19)
    (18, 19)
    """
    return max((_OPEN - span) // _WIDTH, 0)


@dataclass(frozen=True, eq=False)
class Ages:
    """How the people of an age group are spread over its five years, at any date.

    The same cohorts were born large or small all over the country. Their sizes by year of birth
    and the survival of the nation say how an age group is spread at any date; only these
    proportions inside a group are used.

    Parameters
    ----------
    sizes : sequence of float
        People of the nation by single year of age, from 0; the last is open (100 and over). Empty:
        every year of birth alike.
    as_of : int
        Date of ``sizes``, in months.
    losses : array (21,)
        Five-year losses of the nation, both sexes together.
    """

    sizes: Sequence[float]
    as_of: int
    losses: Array

    def _spread(self, ages: NDArray[np.int64], date: int) -> Array:
        """Return weights of ages in months at a date: births times survival."""
        alive = survival(self.losses)
        weights = alive[np.minimum(ages, len(alive) - 1)]
        if len(self.sizes) < 2:
            return weights
        years = np.arange(len(self.sizes) - 1)
        middles = alive[years * _YEAR + _YEAR // 2]
        born = np.asarray(self.sizes[:-1], dtype=np.float64) / middles
        at = np.clip((ages + self.as_of - date) // _YEAR, 0, len(born) - 1)
        # The very old of the table are few: their year of birth says little but of survival.
        at = np.minimum(at, 95)
        return np.asarray(weights * np.maximum(born[at], 1.0))

    def _cells(self, date: int) -> tuple[NDArray[np.int64], Array]:
        """Return ages in months and their share of their group: (20, months of a group)."""
        ages = np.arange(_OPEN).reshape(CLOSED, _WIDTH)
        weights = self._spread(ages, date)
        return ages, weights / weights.sum(axis=1, keepdims=True)

    def before(self, span: int, date: int) -> Array:
        """Return which share of each group at a date belongs to each cohort of ``span`` before.

        Returns
        -------
        array (closed_groups(span), 20)
            Times the people of the closed groups, it gives the members of each cohort.

        Examples
        --------
        >>> ages = Ages((), 0, np.zeros(21))
        >>> ages.before(120, 0)[0, :4].round(9).tolist()
        [0.0, 0.0, 1.0, 0.0]
        """
        ages, shares = self._cells(date)
        count = closed_groups(span)
        table = np.zeros((count, CLOSED))
        cohort = (ages - span) // _WIDTH
        inside = (ages >= span) & (cohort < count)
        groups = np.broadcast_to(np.arange(CLOSED)[:, None], ages.shape)
        np.add.at(table, (cohort[inside], groups[inside]), shares[inside])
        return table

    def after(self, ahead: int, date: int) -> Array:
        """Return into which group the members of each cohort come ``ahead`` months after a date.

        Returns
        -------
        array (20, 20)
            Group then, by group at the date. Members of 100 and over are left out.
        """
        ages = np.arange(_OPEN).reshape(CLOSED, _WIDTH) + ahead
        weights = self._spread(ages, date + ahead)
        shares = weights / weights.sum(axis=1, keepdims=True)
        table = np.zeros((CLOSED, CLOSED))
        inside = ages < _OPEN
        cohorts = np.broadcast_to(np.arange(CLOSED)[:, None], ages.shape)
        np.add.at(table, (ages[inside] // _WIDTH, cohorts[inside]), shares[inside])
        return table

    def oldest(self, ahead: int, date: int, losses: Array | None = None) -> Array:
        """Return the share of each group at a date who would be 100 and over ``ahead`` later.

        Parameters
        ----------
        losses : array (21,), optional
            Five-year losses: with them, only those who live so long.
        """
        ages, shares = self._cells(date)
        there = shares * (ages + ahead >= _OPEN)
        if losses is None:
            return np.append(there.sum(axis=1), 1.0)
        alive = survival(losses)
        later = np.minimum(ages + ahead, len(alive) - 1)
        left = (there * alive[later] / alive[ages]).sum(axis=1)
        return np.append(left, np.exp(-losses[OLDEST] * ahead / _WIDTH))


def survival(losses: Array) -> Array:
    """Return the survivors of those born, by age in months, from five-year losses (21,)."""
    middles = _WIDTH * np.arange(GROUPS) + _WIDTH  # a group's loss falls due about here
    rates = np.interp(np.arange(_LAST_AGE * _YEAR), middles, losses) / _WIDTH
    return np.exp(-np.cumsum(rates))


def _passed(ahead: int, half_life: float) -> tuple[NDArray[np.int64], Array]:
    """Return the months ahead, and what a month is worth as it is further ahead."""
    at = np.arange(max(ahead, 0))
    halves = (at + 0.5) / months_from_years(half_life) if half_life > 0 else np.zeros(len(at))
    return at, 0.5**halves


def _time_at_ages(ahead: int, half_life: float) -> Array:
    """Return the months that a member of each closed group spends at each year of age."""
    passed, worth = _passed(ahead, half_life)
    table = np.zeros((CLOSED, _LAST_AGE))
    for group in range(CLOSED):
        ages = group * _WIDTH + np.arange(_WIDTH)[:, None] + passed[None, :]
        shares = np.broadcast_to(worth / _WIDTH, ages.shape)
        years = np.minimum(ages // _YEAR, _LAST_AGE - 1)
        table[group] = np.bincount(years.ravel(), shares.ravel(), minlength=_LAST_AGE)
    return table


def _rests(span: int, ahead: int, half_life: float, count: int) -> Array:
    """Return how much of the rest of each measured group a group goes through: (20, count)."""
    passed, worth = _passed(ahead, half_life)
    table = np.zeros((CLOSED, count))
    for group in range(CLOSED):
        # A round of the span begins at the age at which the one before has ended.
        start = np.clip(group + (passed // span) * span / _WIDTH, 0, count - 1)
        low = np.floor(start).astype(int)
        part = start - low
        np.add.at(table[group], low, worth / span * (1 - part))
        np.add.at(table[group], np.minimum(low + 1, count - 1), worth / span * part)
    return table


@lru_cache(maxsize=256)
def carried(span: int, ahead: int, half_life: float = 0.0, count: int | None = None) -> Array:
    """Return the matrix that brings losses measured over one span to another.

    The losses are turned into a rate by single years of age: the smoothest that fits well (squared
    first differences against squared misfit). What the rate does not explain is spread evenly over
    the span. So the result is exact where ``ahead`` is the span or, for a span of five years or a
    multiple, a multiple of it (the method repeated); elsewhere losses fall due at the ages at which
    they occur.

    Parameters
    ----------
    span, ahead : int
        Months over which the losses were measured, and that are wanted.
    half_life : float
        Years in which what is carried halves; 0 if it stays.
    count : int, optional
        Number of measured groups, by default :func:`closed_groups`.

    Returns
    -------
    array (20, count)
        Loss of every closed group for each unit of loss measured in each.

    Examples
    --------
    >>> bool(np.allclose(carried(120, 120)[:18], np.eye(18)))
    True
    """
    groups = closed_groups(span) if count is None else count
    measured = _time_at_ages(span, 0.0)[:groups]
    means = measured / span
    rough = np.diff(np.eye(_LAST_AGE), axis=0)
    # A hair of ridge keeps ages that nobody reaches solvable.
    inner = _FIDELITY * means.T @ means + rough.T @ rough + 1e-9 * np.eye(_LAST_AGE)
    rates = np.linalg.solve(inner, _FIDELITY * means.T) / span
    left = np.eye(groups) - measured @ rates
    matrix = _time_at_ages(ahead, half_life) @ rates
    matrix += _rests(span, ahead, half_life, groups) @ left
    matrix.setflags(write=False)  # it is kept for the next who asks
    return np.asarray(matrix)
