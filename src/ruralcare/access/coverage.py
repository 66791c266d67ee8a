"""Nearest time, and the share of people within the standard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import ANY_SERVICE
from ruralcare.access.measure import QUANTILES, by_township
from ruralcare.types import AccessTable, Population, TravelTimes, TravelTimesByService
from ruralcare.types.travel import STATES
from ruralcare.units import per_thousand

__all__ = ["coverage"]

Floats = NDArray[np.float64]


def coverage(
    times: TravelTimes | TravelTimesByService,
    offers: pd.DataFrame | None = None,
    *,
    standard_min: float | Mapping[str, float],
    people: Population | None = None,
) -> AccessTable:
    """Measure how well the people of each township reach each service.

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        Travel times in the direction of each service; one table serves all services.
    offers : DataFrame, optional
        ``place_id``, ``service``, ``capacity_persons`` and, for ``places_per_1000``,
        ``township_id``. Without it, every place counts for one
        service called ``any``.
    standard_min : float or mapping of service to float
        Service standard in minutes.
    people : Population, optional
        For ``places_per_1000``.

    Returns
    -------
    AccessTable
        Every township and service has a row. A demand point is in one of five states: within
        the standard, beyond it, beyond the cutoff (a way exists), unreachable (no way to any
        place that offers the service), unsnapped (too far from any road). Where no place offers
        a service at all, everybody is ``unreachable``. ``proxy_share`` is the share of the time
        to the nearest place that is spent on links which stand in for missing roads: over all who
        reach one, their minutes on such links by all their minutes; ``NA`` where nobody does.
        The quantiles of the nearest time are over those who reach one, too: the least time that
        so large a share of them do not exceed. ``backup_share`` counts who would still reach
        another place within the standard if the nearest closed, whoever's nearest it is.
    """
    if offers is None:
        first = times if isinstance(times, TravelTimes) else next(iter(times.values()))
        offers = pd.DataFrame(
            {"place_id": list(first.place_ids), "service": ANY_SERVICE, "capacity_persons": pd.NA}
        )
    if isinstance(standard_min, Mapping):
        standards = dict(standard_min)
    else:
        standards = {service: float(standard_min) for service in sorted(set(offers["service"]))}
    by_service = dict.fromkeys(standards, times) if isinstance(times, TravelTimes) else times
    point_parts, parts = [], []
    for service, standard in standards.items():
        here = offers.loc[offers["service"] == service, "place_id"]
        found = _reached(by_service[service], here, standard)
        point_parts.append(found.table(service))
        parts.append(found.by_township(service))
    order = {service: place for place, service in enumerate(standards)}
    frame = pd.concat(parts, ignore_index=True).sort_values(
        ["township_id", "service"],
        key=lambda column: column.map(order) if column.name == "service" else column,
        ignore_index=True,
    )
    frame["places_per_1000"] = _places_per_1000(frame, offers, people)
    on_proxy = frame["service"].map({s: by_service[s].proxy for s in standards})
    # Where nobody arrives, the roads that were searched count.
    frame["proxy"] = (frame["proxy_share"] > 0).fillna(on_proxy).astype(bool)
    points = pd.concat(point_parts, ignore_index=True)
    return AccessTable(frame, points, by_service, offers, standards)


@dataclass(frozen=True)
class _Reached:
    """The nearest places of one service from each demand point; NaN and -1 where there is none."""

    times: TravelTimes
    standard_min: float
    nearest: NDArray[np.int32]
    nearest_min: Floats
    proxy_share: Floats
    second: NDArray[np.int32]
    second_min: Floats
    state: NDArray[np.intp]

    def table(self, service: str) -> pd.DataFrame:
        """Return a row for each demand point."""
        home = self.times.points.frame
        ids = pd.Series(self.times.place_ids, dtype=str).array
        return pd.DataFrame(
            {
                "point_id": home.index.astype(str),
                "township_id": home["township_id"].to_numpy(),
                "weight": home["weight"].to_numpy(),
                "nearest_id": ids.take(self.nearest, allow_fill=True),
                "nearest_min": _known(self.nearest_min),
                "second_id": ids.take(self.second, allow_fill=True),
                "second_min": _known(self.second_min),
                "proxy_share": _known(self.proxy_share),
                "state": pd.Series(np.array(STATES, dtype=object)[self.state], dtype=str),
                "service": service,
            }
        )

    def by_township(self, service: str) -> pd.DataFrame:
        """Return a row for each township."""
        home = self.times.points.frame
        code, townships = pd.factorize(home["township_id"], sort=True)
        weight, count = home["weight"].to_numpy(float), len(townships)

        def people(chosen: NDArray[np.bool_]) -> Floats:
            return np.bincount(code[chosen], weight[chosen], count).astype(float)

        # Weights sum to 1 but for rounding; the shares of a row shall do so exactly.
        shares = np.array([people(self.state == number) for number in range(len(STATES))])
        shares /= shares.sum(axis=0)
        spread = by_township(code, count, self.nearest_min, weight)
        there = ~np.isnan(self.nearest_min)
        minutes = np.where(there, self.nearest_min * weight, 0.0)
        whole = np.bincount(code, minutes, count)
        on_proxy = np.bincount(code, np.where(there, minutes * self.proxy_share, 0.0), count)
        # A way of no length rests on nothing; where nobody arrives, there is no way.
        proxy = np.divide(on_proxy, whole, out=np.zeros(count), where=whole > 0)
        proxy[~(people(there) > 0)] = np.nan
        backup = people(self.second_min <= self.standard_min) / people(np.ones(len(code), bool))
        made = pd.DataFrame(
            {
                "township_id": np.asarray(townships, dtype=object),
                "service": service,
                "nearest_min": spread["value"],
                **{f"nearest_{name}_min": spread[name] for name in QUANTILES},
                "second_min": by_township(code, count, self.second_min, weight)["value"],
                "proxy_share": _known(proxy),
                **{f"{state}_share": shares[number] for number, state in enumerate(STATES)},
                # Rounding must not carry it beyond those who are covered now.
                "backup_share": np.minimum(backup, shares[STATES.index("covered")]),
            }
        )
        return made.astype({"township_id": str})


def _reached(times: TravelTimes, offered: pd.Series, standard_min: float) -> _Reached:
    """Find the two nearest places of each demand point, and its state."""
    pairs, points = times.pairs, len(times.points.frame)
    ids = pd.Index(times.place_ids)
    at = ids.get_indexer(pd.Index(offered.unique()))
    offers = np.zeros(len(ids), bool)
    offers[at[at >= 0]] = True
    rows = np.flatnonzero(offers[pairs.place])
    point = pairs.point[rows]
    start = np.searchsorted(point, np.arange(points + 1))
    found = {}
    for number in range(2):
        has = start[:-1] + number < start[1:]
        row = rows[start[:-1][has] + number]
        place, minutes, proxy = np.full(points, -1, np.int32), *np.full((2, points), np.nan)
        place[has], minutes[has] = pairs.place[row], pairs.time_min[row]
        proxy[has] = pairs.proxy_share[row]
        found[number] = place, minutes, proxy
    nearest, nearest_min, proxy_share = found[0]
    second, second_min, _ = found[1]
    lost = times.points.frame.index.isin(times.unsnapped)
    open_ = offers & ~ids.isin(times.unsnapped)
    from_, to = times.apart
    blocked = np.bincount(from_[open_[to]], minlength=points)
    # A place that the travel times do not know may be near, for all that is known.
    no_way = blocked >= open_.sum() + (at < 0).sum()
    covered, beyond, far, apart, unsnapped = range(len(STATES))
    state = np.select(
        [lost, nearest_min <= standard_min, ~np.isnan(nearest_min), no_way],
        [unsnapped, covered, beyond, apart],
        default=far,
    )
    return _Reached(
        times, standard_min, nearest, nearest_min, proxy_share, second, second_min, state
    )


def _known(values: Floats) -> pd.Series:
    """Return numbers as a column that says ``NA`` where there is none."""
    gone = np.isnan(values)
    return pd.Series(pd.arrays.FloatingArray(np.where(gone, 0.0, values), gone))


def _places_per_1000(
    frame: pd.DataFrame,
    offers: pd.DataFrame,
    people: Population | None,
) -> pd.Series:
    """Return the capacity in the township itself, per 1,000 of its people aged 65 and over."""
    nothing = pd.Series(pd.NA, index=frame.index, dtype="Float64")
    if people is None or "township_id" not in offers:
        return nothing
    by_place = offers["capacity_persons"].astype("Float64")
    keys = [offers["township_id"], offers["service"]]
    unknown = by_place.isna().groupby(keys).any()
    capacity = by_place.groupby(keys).sum().mask(unknown)
    old = people.totals(from_age=65).astype(float)
    here = pd.MultiIndex.from_frame(frame[["township_id", "service"]])
    # No institution is no place; one of unknown capacity makes the sum unknown.
    places = capacity.reindex(here, fill_value=0.0).astype("Float64").set_axis(frame.index)
    persons = old.reindex(frame["township_id"]).set_axis(frame.index)
    return per_thousand(places, persons.where(persons > 0))
