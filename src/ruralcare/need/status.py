"""Served, at risk or underserved: the rule for the services of a scenario, and the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ruralcare.need.supply import Supply
from ruralcare.need.table import DIGITS, REASONS, ROUNDING, TOLD_SHARE
from ruralcare.need.viability import Unviable, unviable
from ruralcare.scenario import NeedSettings, Rule

__all__ = [
    "STAFF_SHARE",
    "Prospects",
    "Thresholds",
    "Verdict",
    "look_ahead",
    "staffed_share",
    "verdict",
]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

STAFF_SHARE = 0.5
"""``no_staff`` is told where at least this share of the room rests on counted care workers."""

_CAUSES = ("too_far", "unreachable", "unsnapped")


@dataclass(frozen=True)
class Thresholds:
    """The figures of a rule for the services of the scenario.

    Parameters
    ----------
    share : float
        A township is underserved if at least this share of its people live beyond the standard,
    unmet_share : float, optional
        or if at least this share of its need finds no room within the standard: too far, or full.
    """

    share: float
    unmet_share: float | None

    @classmethod
    def of(cls, rule: Rule, factor: float = 1.0) -> Thresholds:
        """Return the thresholds of a rule, both times a factor; 1 at most."""
        unmet = rule.unmet_share
        return cls(
            min(rule.threshold_share * factor, 1.0),
            None if unmet is None else min(unmet * factor, 1.0),
        )


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a rule says of each township, for one service and year.

    Parameters
    ----------
    need, unmet : array, townships
        Persons in need, and those who find no room within the standard.
    outside : array, townships
        Share of the people beyond the standard, for whatever cause.
    without_room : array, townships
        Share of the need that lies within the standard and finds no room; 0 without need.
    unmet_share : array, townships
        Share of the need that is unmet, for either cause; 0 without need.
    far, full : array of bool, townships
        Whether ``outside`` and ``unmet_share`` reach their thresholds.
    """

    need: Floats
    unmet: Floats
    outside: Floats
    without_room: Floats
    unmet_share: Floats
    far: Flags
    full: Flags

    @property
    def underserved(self) -> Flags:
        """Whether the rule counts a township as underserved."""
        return self.far | self.full


def verdict(outside: Floats, need: Floats, met: Floats, thresholds: Thresholds) -> Verdict:
    """Apply a rule.

    Parameters
    ----------
    outside : array, townships
        Share of the people beyond the standard.
    need, met : array, townships
        Persons in need, and those of them who find room within the standard.
    thresholds : Thresholds
        The rule.
    """
    met = np.minimum(met, need)
    outside = _clean(outside)
    some = need > 0
    whole = np.where(some, need, 1.0)
    without_room = _clean(np.where(some, (need * (1.0 - outside) - met) / whole, 0.0))
    unmet_share = _clean(np.where(some, (need - met) / whole, 0.0))
    full = np.zeros(len(need), bool)
    if thresholds.unmet_share is not None:
        full = some & (unmet_share > 0) & (unmet_share >= thresholds.unmet_share - ROUNDING)
    far = outside >= thresholds.share - ROUNDING
    return Verdict(need, need - met, outside, without_room, unmet_share, far, full)


def _clean(share: Floats) -> Floats:
    """Return shares without what rounding adds to them."""
    # Adding 0 makes no negative zero.
    return np.clip(np.round(share, DIGITS), 0.0, 1.0) + 0.0


@dataclass(frozen=True, eq=False)
class Prospects:
    """What becomes of the townships, for one service, if nothing changes.

    Parameters
    ----------
    supply : Supply
        What stands.
    thresholds : Thresholds
        The rule.
    years : tuple of int
        Years, earliest first.
    verdicts : tuple of Verdict
        What the rule says in each year.
    met : tuple of array, points
        Persons of each point who find room, in each year.
    leaving : mapping of int to Unviable
        Institutions about to become unviable, with the need of the first and of the last year.
    without : mapping of int to Verdict
        What the rule says in those years once they have closed.
    """

    supply: Supply
    thresholds: Thresholds
    years: tuple[int, ...]
    verdicts: tuple[Verdict, ...]
    met: tuple[Floats, ...] = field(repr=False)
    leaving: dict[int, Unviable] = field(repr=False)
    without: dict[int, Verdict] = field(repr=False)

    @property
    def underserved(self) -> Flags:
        """Whether each township is underserved: years by townships."""
        return np.array([one.underserved for one in self.verdicts])

    @property
    def first_year(self) -> Floats:
        """First year in which each township is underserved; NaN if never."""
        bad = self.underserved
        years = np.array(self.years, float)[bad.argmax(axis=0)]
        return np.where(bad.any(axis=0), years, np.nan)

    def grows(self, year: int) -> Flags:
        """Tell which townships are served in a year and underserved in a later one."""
        at = self.years.index(year)
        return ~self.verdicts[at].underserved & self.underserved[at + 1 :].any(axis=0)

    def loses(self, year: int, leaving: int) -> Flags:
        """Tell which townships are served, and no longer if institutions they reach close."""
        served = ~self.verdicts[self.years.index(year)].underserved
        standing = self.verdicts[self.years.index(leaving)].underserved
        supply = self.supply
        near = supply.time_min <= supply.standard_min
        near &= self.leaving[leaving].closed[supply.place]
        reached = np.zeros(len(supply.weight))
        reached[supply.point[near]] = 1.0
        # Others may lose their room to those who must go farther; that is too far to be told.
        depends = supply.to_townships(reached * supply.weight) >= TOLD_SHARE - ROUNDING
        return served & ~standing & depends & self.without[leaving].underserved

    def losing(self, year: int) -> Flags:
        """Tell which townships are served in a year and depend on what leaves then or later."""
        dates = [one for one in self.without if one >= year]
        parts = [self.loses(year, one) for one in dates]
        return np.any(parts, axis=0) if parts else np.zeros(len(self.supply.township_ids), bool)

    def status(self, year: int) -> Texts:
        """Return the status of each township."""
        bad = self.verdicts[self.years.index(year)].underserved
        risk = self.grows(year) | self.losing(year)
        codes = np.select([bad, risk], ["underserved", "at_risk"], default="served")
        return codes.astype(object)

    def told(self, year: int, by_ferry: Flags) -> dict[str, Flags]:
        """Return for each reason the townships of which it is told.

        Parameters
        ----------
        year : int
            One of the years.
        by_ferry : array of bool, townships
            Whether only a ferry leads to the township.
        """
        one = self.verdicts[self.years.index(year)]
        nothing = np.zeros(len(one.need), bool)
        told = dict.fromkeys(REASONS, nothing)
        if self.supply.empty:
            return told | {"no_provider": ~nothing}
        causes = {code: self.supply.shares[code].to_numpy(float) for code in _CAUSES}
        largest = np.max(list(causes.values()), axis=0)
        room = one.without_room
        # Where too many are too far, the largest of these causes is told however small it is.
        most = np.where(one.far, largest, np.maximum(largest, room))
        for code, share in causes.items():
            enough = share >= np.minimum(TOLD_SHARE, most) - ROUNDING
            told[code] = one.underserved & (share > 0) & enough
        enough = room >= np.minimum(TOLD_SHARE, np.maximum(largest, room)) - ROUNDING
        short = one.full & (room > 0) & enough
        by_staff = staffed_share(self.supply) >= STAFF_SHARE - ROUNDING
        told["no_staff"] = short & by_staff
        told["no_seats"] = short & ~by_staff
        told["ferry_only"] = told["too_far"] & by_ferry
        told["demand_grows"] = self.grows(year)
        told["provider_unviable"] = self.losing(year)
        return told

    def reasons(self, year: int, by_ferry: Flags) -> Texts:
        """Return the codes of the reasons of each township, joined by ``;``."""
        told = self.told(year, by_ferry)
        table = np.array([told[code] for code in REASONS]).T
        patterns, at = np.unique(table, axis=0, return_inverse=True)
        texts = [
            ";".join(code for code, shown in zip(REASONS, row, strict=True) if shown)
            for row in patterns
        ]
        return np.array(texts, dtype=object)[at.ravel()]


def staffed_share(supply: Supply) -> Floats:
    """Return the share of the room within the standard that is that of counted care workers.

    Each institution counts with its room times the share of the township's people who have it
    within the standard. 0 where no room is known.
    """
    near = (supply.time_min <= supply.standard_min) & (supply.capacity[supply.place] > 0)
    point, place = supply.point[near], supply.place[near]
    room = supply.weight[point] * supply.capacity[place]
    count = len(supply.township_ids)
    township = supply.township[point]
    whole = np.bincount(township, weights=room, minlength=count)
    staffed = np.bincount(township, weights=room * supply.staffed[place], minlength=count)
    return _clean(staffed / np.where(whole > 0, whole, 1.0))


def look_ahead(
    supply: Supply,
    need: Sequence[Floats],
    years: Sequence[int],
    settings: NeedSettings,
    *,
    thresholds: Thresholds | None = None,
    candidates: Flags | None = None,
) -> Prospects:
    """Judge the townships in every year by what stands today.

    Parameters
    ----------
    supply : Supply
        What stands.
    need : sequence of array, townships
        Persons in need, year by year.
    years : sequence of int
        The years, earliest first.
    settings : NeedSettings
        The rule and the least use.
    thresholds : Thresholds, optional
        Instead of those of the rule.
    candidates : array of bool, places
        Institutions that may be told to become unviable; all by default.
    """
    thresholds = thresholds or Thresholds.of(settings.own)
    outside = 1.0 - supply.shares["covered_share"].to_numpy(float)
    met: list[Floats] = []
    for t, wanted in enumerate(need):
        # Where need is held, the years are alike.
        same = next((u for u in range(t) if np.array_equal(need[u], wanted)), None)
        met.append(supply.met(wanted) if same is None else met[same])
    verdicts = tuple(
        verdict(outside, wanted, supply.to_townships(found), thresholds)
        for wanted, found in zip(need, met, strict=True)
    )
    leaving: dict[int, Unviable] = {}
    without: dict[int, Verdict] = {}
    for t in dict.fromkeys((0, len(years) - 1)):
        if supply.empty:
            break
        gone = unviable(supply, need[t], settings.viable_use, candidates)
        leaving[years[t]] = gone
        if gone.closed.any() and not verdicts[t].underserved.all():
            rest = ~gone.closed
            covered = supply.covered_share(supply.nearest_min(rest), supply.standard_min)
            found = supply.met(need[t], open_=rest)
            after = verdict(1.0 - covered, need[t], supply.to_townships(found), thresholds)
            without[years[t]] = after
        else:
            without[years[t]] = verdicts[t]
    return Prospects(supply, thresholds, tuple(years), verdicts, tuple(met), leaving, without)
