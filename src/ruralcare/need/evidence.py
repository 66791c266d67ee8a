"""The figures that a status rests on, so that a planner can check it on the map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.need.status import STAFF_SHARE, Prospects, staffed_share
from ruralcare.need.supply import Supply, leading
from ruralcare.need.table import DIGITS, EVIDENCE, REASONS, TOLD_SHARE, WITHIN_REACH

__all__ = ["evidence"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Institutions named for one township, where several are about to become unviable.
_NAMED = 3


def evidence(prospects: Prospects, year: int, by_ferry: Flags) -> pd.DataFrame:
    """Return the figures and thresholds behind the status of each township, for one service.

    Parameters
    ----------
    prospects : Prospects
        What becomes of the townships.
    year : int
        Year of the status.
    by_ferry : array of bool, townships
        Whether only a ferry leads to the township.

    Returns
    -------
    DataFrame
        As ``NeedTable.evidence``; townships in order, reasons in the order of ``REASONS``, what
        makes a township served first.
    """
    supply, rule = prospects.supply, prospects.thresholds
    one = prospects.verdicts[prospects.years.index(year)]
    told = prospects.told(year, by_ferry)
    within, beyond = _nearest(supply, within=True), _nearest(supply, within=False)
    rows = _Rows(supply, year)

    def unmet(reason: str, chosen: Flags, place: Ints | None) -> None:
        if rule.unmet_share is not None:
            rows.add(reason, "unmet_share", chosen, one.unmet_share, rule.unmet_share, place)

    served = ~one.underserved
    rows.add(WITHIN_REACH, "outside_share", served, one.outside, rule.share, within)
    unmet(WITHIN_REACH, served, within)
    for code in ("too_far", "unreachable", "unsnapped", "no_provider", "ferry_only"):
        place = beyond if code in ("too_far", "ferry_only") else None
        rows.add(code, "outside_share", told[code] & one.far, one.outside, rule.share, place)
        unmet(code, told[code] & ~one.far, place)
        if code in supply.shares and not supply.empty:
            share = supply.shares[code].to_numpy(float)
            least = np.minimum(TOLD_SHARE, share)
            rows.add(code, "cause_share", told[code], share, least, place)
    for code in ("no_seats", "no_staff"):
        unmet(code, told[code], within)
        least = np.minimum(TOLD_SHARE, one.without_room)
        rows.add(code, "without_room_share", told[code], one.without_room, least, within)
    rows.add(
        "no_staff", "staffed_share", told["no_staff"], staffed_share(supply), STAFF_SHARE, within
    )
    _growth(rows, prospects, told["demand_grows"], within)
    _leaving(rows, prospects, year)
    return rows.frame()


def _growth(rows: _Rows, prospects: Prospects, told: Flags, place: Ints) -> None:
    """Tell in which year a township is underserved, and by what."""
    if not told.any():
        return
    years = np.array(prospects.years)
    later = prospects.underserved & (years > rows.year)[:, None]
    at = later.argmax(axis=0)
    first, last = years[at].astype(float), float(years[-1])
    rows.add("demand_grows", "underserved_year", told, first, last, place)
    everyone = np.arange(len(told))
    share = np.array([one.unmet_share for one in prospects.verdicts])[at, everyone]
    least = prospects.thresholds.unmet_share
    if least is not None:
        rows.add("demand_grows", "unmet_share", told, share, least, place, year=years[at])


def _leaving(rows: _Rows, prospects: Prospects, year: int) -> None:
    """Tell which institutions are about to become unviable, and what is left without them."""
    supply, rule = prospects.supply, prospects.thresholds
    done = np.zeros(len(supply.township_ids), bool)
    near = supply.time_min <= supply.standard_min
    for date, after in prospects.without.items():
        # What is told of the first year need not be told of the last.
        chosen = prospects.loses(year, date) & ~done if date >= year else np.zeros_like(done)
        done |= chosen
        if not chosen.any():
            continue
        gone = prospects.leaving[date]
        concerned = near & gone.closed[supply.place] & chosen[supply.township[supply.point]]
        point, place = supply.point[concerned], supply.place[concerned]
        count = len(chosen)
        named = leading(supply.township[point], place, supply.weight[point], count, _NAMED)
        townships, places = named["township"].to_numpy(), named["place"].to_numpy()
        rows.add_at(
            "provider_unviable",
            "expected_users",
            townships,
            gone.users[places],
            gone.least[places],
            places,
            date,
        )
        far, full = chosen & after.far, chosen & after.full
        rows.add("provider_unviable", "outside_share", far, after.outside, rule.share, year=date)
        if rule.unmet_share is not None:
            share, least = after.unmet_share, rule.unmet_share
            rows.add("provider_unviable", "unmet_share", full, share, least, year=date)


def _nearest(supply: Supply, *, within: bool) -> Ints:
    """Return the institution that is the nearest for most people; -1 if there is none.

    Parameters
    ----------
    supply : Supply
        What stands.
    within : bool
        Count those whose nearest lies within the standard, or the others.
    """
    points, pairs = supply.first()
    chosen = (supply.time_min[pairs] <= supply.standard_min) == within
    points, pairs = points[chosen], pairs[chosen]
    count = len(supply.township_ids)
    found = leading(supply.township[points], supply.place[pairs], supply.weight[points], count)
    places = np.full(count, -1, np.int64)
    places[found["township"].to_numpy(np.int64)] = found["place"].to_numpy(np.int64)
    return places


class _Rows:
    """Collects rows of evidence for one service."""

    def __init__(self, supply: Supply, year: int) -> None:
        self.year = year
        self._supply = supply
        self._places = np.array([*supply.place_ids, pd.NA], dtype=object)
        self._parts: list[pd.DataFrame] = []

    def add(
        self,
        reason: str,
        measure: str,
        chosen: Flags,
        figure: Floats,
        threshold: Floats | float,
        place: Ints | None = None,
        year: Ints | int | None = None,
    ) -> None:
        """Add a row for each chosen township; figures are by township."""
        at = np.flatnonzero(chosen)
        count = len(chosen)

        def pick(values: Floats | Ints | float) -> NDArray[np.float64]:
            return np.broadcast_to(np.asarray(values), count)[at]

        self.add_at(
            reason,
            measure,
            at,
            pick(figure),
            pick(threshold),
            pick(-1 if place is None else place).astype(np.int64),
            pick(self.year if year is None else year),
        )

    def add_at(
        self,
        reason: str,
        measure: str,
        townships: Ints,
        figure: Floats,
        threshold: Floats,
        place: Ints,
        year: Floats | int,
    ) -> None:
        """Add a row for each position in ``townships``; figures are by row."""
        self._parts.append(
            pd.DataFrame(
                {
                    "township": townships,
                    "reason": reason,
                    "measure": measure,
                    # Adding 0 makes no negative zero.
                    "figure": np.round(figure, DIGITS) + 0.0,
                    "threshold": np.round(threshold, DIGITS) + 0.0,
                    "unit": EVIDENCE[measure],
                    "year": np.broadcast_to(np.asarray(year, np.int64), len(townships)),
                    "place_id": self._places[place],
                }
            )
        )

    def frame(self) -> pd.DataFrame:
        """Return all rows, in order."""
        frame = pd.concat([part for part in self._parts if len(part)], ignore_index=True)
        order = {code: at for at, code in enumerate((WITHIN_REACH, *REASONS))}
        frame = frame.assign(order=frame["reason"].map(order))
        frame = frame.sort_values(["township", "order"], kind="stable", ignore_index=True)
        ids = np.array(self._supply.township_ids, dtype=object)
        frame.insert(0, "township_id", ids[frame["township"].to_numpy()])
        frame.insert(1, "service", self._supply.service.id)
        frame["place_id"] = frame["place_id"].astype("string")
        return frame.drop(columns=["township", "order"])
