"""Judges townships and counties by one rule, from what their people reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from ruralcare.errors import TableError
from ruralcare.need.rule_table import RULE_REASONS, RuleTable
from ruralcare.need.table import ROUNDING, TOLD_SHARE
from ruralcare.scenario import Rule
from ruralcare.types import Population, Townships
from ruralcare.units import kilometres, metres_in

__all__ = ["Reached", "assess_rule"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Times that differ by less are equal, and so small a share is nobody.
_SLACK: Final = 1e-9
_CAUSES: Final = RULE_REASONS[:3]
_TOO_FAR, _UNREACHABLE, _UNSNAPPED = range(len(_CAUSES))


@dataclass(frozen=True, eq=False)
class Reached:
    """How people reach a target.

    Parameters
    ----------
    nearest : DataFrame or None
        A row for every demand point: ``point_id``, ``place_id``, ``time_min``, ``proxy_share``,
        ``state`` (:func:`ruralcare.network.nearest` without a cutoff). None if the data hold no
        institution of the kinds, or none that joins a road.
    within_min : float
        Longest acceptable time.
    speed_kmh : float, optional
        Where the target is a distance: the speed at which its minutes were measured.
    covered : collection of str, optional
        Counties (``sigungu_id``) whose institutions of these kinds are in the data; None for all.
        Who lives elsewhere and reaches none in time may reach one that the data lack.
    """

    nearest: pd.DataFrame | None
    within_min: float
    speed_kmh: float | None = None
    covered: Collection[str] | None = None


class _Nearest(NamedTuple):
    """The nearest institution of a target, by demand point."""

    time_min: Floats
    """Infinite where there is no way."""
    place: Ints
    """Position in ``names``; −1 where there is no way."""
    names: pd.Index[Any]
    proxy_share: Floats
    cause: Ints
    """Position in the causes of not getting there in time."""


def assess_rule(
    name: str, rule: Rule, reached: Sequence[Reached], people: Population, townships: Townships
) -> RuleTable:
    """Judge townships and counties by one rule.

    A person fails a rule that combines its targets by ``all`` by missing one of them, one by
    ``any`` by missing all of them. An area is underserved if at least ``rule.threshold_share`` of
    its people fail. By ``each``, every target is held against the threshold by itself. Absence in
    the data is not absence on the ground: who reaches no institution in time, and lives where the
    data have none, neither fails nor passes. The status is ``unknown`` where these people decide.

    Parameters
    ----------
    name, rule : str, Rule
        The rule.
    reached : sequence of Reached
        For every target of the rule, in its order.
    people : Population
        The people; those of a township are spread over its demand points, and the townships of a
        county count by the people of the latest year.
    townships : Townships
        The townships.

    Returns
    -------
    RuleTable
        With one rule.
    """
    if len(reached) != len(rule.targets):
        raise TableError(f"rule {name}: {len(rule.targets)} targets, but {len(reached)} measured")
    points, frame = people.points.frame, townships.frame
    found = [None if one.nearest is None else _read(one.nearest, points.index) for one in reached]
    home = frame.index.get_indexer(pd.Index(points["township_id"]))
    weight = points["weight"].to_numpy(float)
    totals = people.totals().reindex(frame.index).fillna(0).to_numpy(float)
    persons = weight * np.where(home >= 0, totals[home], 0.0)
    counties = frame.drop_duplicates("sigungu_id").set_index("sigungu_id")["sigungu_name"]
    counties = counties.sort_index()
    in_county = np.asarray(counties.index.get_indexer(pd.Index(frame["sigungu_id"])))
    county = frame["sigungu_id"].to_numpy()[home]
    missed, unsure = np.zeros((2, len(found), len(points)), bool)
    for t, (one, how) in enumerate(zip(found, reached, strict=True)):
        if one is None:
            unsure[t] = True
            continue
        late = one.time_min > how.within_min + _SLACK
        known = True if how.covered is None else np.isin(county, list(how.covered))
        missed[t], unsure[t] = late & known, late & ~np.asarray(known)
    judge = _Judge(name, rule, reached, found, missed, unsure)
    by_township, targets = judge.areas(frame.index, "township_id", home, weight)
    county_of = np.where(home >= 0, in_county[home], -1)
    by_county, county_targets = judge.areas(counties.index, "sigungu_id", county_of, persons)
    underserved = (by_township["status"] == "underserved").to_numpy()
    count = len(counties)
    by_county = by_county.assign(
        sigungu_name=counties.to_numpy(),
        persons=np.bincount(in_county, totals, count),
        underserved_townships=np.bincount(in_county, underserved, count).astype(int),
    )
    return RuleTable(by_township, targets, by_county, county_targets, {name: rule})


def _read(nearest: pd.DataFrame, points: pd.Index[Any]) -> _Nearest:
    """Return the nearest places in the order of the demand points."""
    rows = nearest.set_index("point_id").reindex(points)
    if len(rows) != len(points) or rows["state"].isna().any():
        raise TableError("assess_rule: every demand point needs one row of its nearest place")
    place, names = pd.factorize(rows["place_id"], sort=True)
    cause = np.full(len(points), _TOO_FAR)
    cause[(rows["state"] == "unreachable").to_numpy(bool)] = _UNREACHABLE
    cause[(rows["state"] == "unsnapped").to_numpy(bool)] = _UNSNAPPED
    return _Nearest(
        rows["time_min"].to_numpy(float, na_value=np.inf),
        np.asarray(place, dtype=np.int64),
        pd.Index(names),
        rows["proxy_share"].to_numpy(float, na_value=0.0),
        cause,
    )


@dataclass(frozen=True)
class _Judge:
    """Judges areas by a rule, from what each demand point reaches."""

    name: str
    rule: Rule
    reached: Sequence[Reached]
    found: Sequence[_Nearest | None]
    missed: Flags
    """Targets × demand points: who misses a target for sure."""
    unsure: Flags
    """... and who may reach it at an institution that the data lack."""

    def areas(
        self, ids: pd.Index[Any], column: str, area: Ints, weight: Floats
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the verdict on each area, and the figures of each target in it.

        Parameters
        ----------
        ids : Index
            The areas.
        column : str
            Name of their column.
        area, weight : array
            Area of each demand point (position in ``ids``; −1 for none), and its people.
        """
        inside = area >= 0
        area, weight = area[inside], weight[inside]
        missed, unsure = self.missed[:, inside], self.unsure[:, inside]
        whole: Floats = np.bincount(area, weight, len(ids)).astype(float)

        def share(flags: Flags) -> Floats:
            """Return the share of people in each area; NaN where nobody lives."""
            part = np.bincount(area, weight * flags, len(ids))
            with np.errstate(invalid="ignore"):
                return np.minimum(part / np.where(whole > 0, whole, np.nan), 1.0)

        failed: Flags
        own = np.array([share(flags) for flags in missed])
        own_unknown = np.array([share(flags) for flags in unsure])
        if self.rule.combine == "each":
            failed = np.logical_or.reduce(missed, axis=0)
            least, most = own.max(axis=0), (own + own_unknown).max(axis=0)
        else:
            combined = np.logical_and if self.rule.combine == "any" else np.logical_or
            failed = combined.reduce(missed, axis=0)
            least, most = share(failed), share(combined.reduce(missed | unsure, axis=0))
        enough = self.rule.threshold_share - ROUNDING
        # Nobody is beyond and nobody is within where nobody lives.
        status = np.where(least >= enough, "underserved", "unknown").astype(object)
        status[most < enough] = "served"
        causes = np.array([share(flags) for flags in self._causes(missed, failed, inside)])
        numbers = [
            ";".join(str(t + 1) for t in np.flatnonzero(shares > _SLACK))
            for shares in own_unknown.T
        ]
        frame = pd.DataFrame(
            {
                "rule": self.name,
                column: ids.to_numpy(),
                "beyond_share": _told(least, most - least),
                "unknown_share": pd.array(np.clip(most - least, 0.0, 1.0), dtype="Float64"),
                "threshold_share": self.rule.threshold_share,
                "status": status,
                "reasons": self._reasons(status, causes, whole),
                "failing": self._failing(status, own),
                "missing": numbers,
            }
        )
        parts = [
            self._target(t, ids, column, (own[t], own_unknown[t]), area, weight, inside)
            for t in range(len(own))
        ]
        targets = pd.concat(parts, ignore_index=True)
        order = np.lexsort((targets["target"], np.tile(np.arange(len(ids)), len(own))))
        return frame, targets.iloc[order].reset_index(drop=True)

    def _causes(self, missed: Flags, failed: Flags, inside: Flags) -> list[Flags]:
        """Return for every cause which points fail for it: the gravest of the targets missed."""
        worst = np.full(len(failed), -1)
        for one, flags in zip(self.found, missed, strict=True):
            if one is not None:
                worst = np.where(flags, np.maximum(worst, one.cause[inside]), worst)
        return [failed & (worst == cause) for cause in range(len(_CAUSES))]

    @staticmethod
    def _reasons(status: NDArray[np.object_], causes: Floats, whole: Floats) -> list[str]:
        reasons = []
        for verdict, shares, persons in zip(status, causes.T, whole, strict=True):
            told: list[str] = []
            if persons <= 0:
                told = ["no_people"]
            elif verdict == "unknown":
                told = ["no_data"]
            elif verdict == "underserved":
                least = min(TOLD_SHARE, shares.max()) - ROUNDING
                told = [
                    code
                    for code, one in zip(_CAUSES, shares, strict=True)
                    if one >= max(least, _SLACK)
                ]
            reasons.append(";".join(told))
        return reasons

    def _failing(self, status: NDArray[np.object_], own: Floats) -> list[str]:
        """Return the targets at fault: those beyond the threshold, or else the worst."""
        texts = []
        for verdict, shares in zip(status, own.T, strict=True):
            if verdict != "underserved":
                texts.append("")
                continue
            least = min(self.rule.threshold_share, float(np.nanmax(shares))) - ROUNDING
            texts.append(";".join(str(t + 1) for t, one in enumerate(shares) if one >= least))
        return texts

    def _target(
        self,
        number: int,
        ids: pd.Index[Any],
        column: str,
        shares: tuple[Floats, Floats],
        area: Ints,
        weight: Floats,
        inside: Flags,
    ) -> pd.DataFrame:
        target, reached, one = self.rule.targets[number], self.reached[number], self.found[number]
        middle = np.full(len(ids), np.nan)
        proxy = np.full(len(ids), np.nan)
        usual = np.full(len(ids), -1)
        names: pd.Index[Any] = pd.Index([], dtype=object)
        if one is not None:
            time_min, place, names = one.time_min[inside], one.place[inside], one.names
            middle = _median(time_min, area, weight, len(ids))
            usual = _most(place, area, weight, len(ids))
            there = np.isfinite(time_min)
            spent = np.where(there, time_min, 0.0) * weight
            whole = np.bincount(area, spent, len(ids))
            on_proxy = np.bincount(area, spent * one.proxy_share[inside], len(ids))
            np.divide(on_proxy, whole, out=proxy, where=whole > 0)
        nearest_id = pd.Series(pd.NA, index=range(len(ids)), dtype="string")
        nearest_id[usual >= 0] = names.to_numpy()[usual[usual >= 0]]
        km = np.full(len(ids), np.nan)
        if reached.speed_kmh is not None:
            km = kilometres(metres_in(middle, reached.speed_kmh))
        return pd.DataFrame(
            {
                "rule": self.name,
                column: ids.to_numpy(),
                "target": number + 1,
                "kinds": ";".join(target.kinds),
                "mode": target.mode,
                "within_min": reached.within_min,
                "within_km": pd.array([target.within_km] * len(ids), dtype="Float64"),
                "beyond_share": _told(*shares),
                "unknown_share": pd.array(shares[1], dtype="Float64"),
                "nearest_min": pd.array(middle, dtype="Float64"),
                "nearest_km": pd.array(km, dtype="Float64"),
                "nearest_id": nearest_id,
                "proxy_share": pd.array(proxy, dtype="Float64"),
            }
        )


def _told(beyond: Floats, unknown: Floats) -> ExtensionArray:
    """Return the shares; ``NA`` where nothing is known of anybody."""
    return pd.array(np.where(unknown >= 1 - _SLACK, np.nan, beyond), dtype="Float64")


def _median(values: Floats, area: Ints, weight: Floats, count: int) -> Floats:
    """Return the least value within which half of the people of each area are; NaN if infinite."""
    order = np.lexsort((values, area))
    values, area, weight = values[order], area[order], weight[order]
    whole = np.bincount(area, weight, count)
    # Summed in each area by itself: a small one does not drown in the sum of all.
    share = pd.Series(weight).groupby(area).cumsum().to_numpy()
    half = share >= 0.5 * whole[area] * (1 - _SLACK)
    found = np.full(count, np.nan)
    at, first = np.unique(area[half], return_index=True)
    found[at] = values[half][first]
    found[~np.isfinite(found) | (whole <= 0)] = np.nan
    return found


def _most(place: Ints, area: Ints, weight: Floats, count: int) -> Ints:
    """Return the place that most people of each area have; −1 if they have none."""
    has = (place >= 0) & (weight > 0)
    most = np.full(count, -1, dtype=np.int64)
    if has.any():
        size = int(place.max()) + 1
        pair, inverse = np.unique(area[has] * size + place[has], return_inverse=True)
        persons = np.round(np.bincount(inverse, weight[has]), 9)
        order = np.lexsort((pair % size, -persons, pair // size))
        at, first = np.unique(pair[order] // size, return_index=True)
        most[at] = pair[order][first] % size
    return most
