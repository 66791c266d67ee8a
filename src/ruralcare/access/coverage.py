"""Nearest time, and the share of people within the standard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ruralcare.types import AccessTable, Population, TravelTimes, TravelTimesByService
from ruralcare.units import per_thousand

__all__ = ["ANY_SERVICE", "coverage"]

ANY_SERVICE = "any"
"""Service id where no offers are given: every place counts."""

STATES = ("covered", "beyond_standard", "beyond_cutoff", "unreachable", "unsnapped")


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
    point_parts = []
    for service, standard in standards.items():
        found = _nearest(by_service[service], offers[offers["service"] == service], standard)
        point_parts.append(found.assign(service=service))
    points = pd.concat(point_parts, ignore_index=True)
    frame = _by_township(points, list(standards))
    frame["places_per_1000"] = _places_per_1000(frame, offers, people)
    on_proxy = frame["service"].map({s: by_service[s].proxy for s in standards})
    # Where nobody arrives, the roads that were searched count.
    frame["proxy"] = (frame["proxy_share"] > 0).fillna(on_proxy).astype(bool)
    return AccessTable(frame, points, by_service, offers, standards)


def _nearest(times: TravelTimes, offers: pd.DataFrame, standard_min: float) -> pd.DataFrame:
    """Return for each demand point its nearest place, the time and the state."""
    home = pd.DataFrame(times.points.frame[["township_id", "weight"]])
    pairs = times.by_demand
    pairs = pairs[pairs["place_id"].isin(offers["place_id"])]
    first = pairs.drop_duplicates("point_id").set_index("point_id")
    home["nearest_id"] = first["place_id"].reindex(home.index)
    home["nearest_min"] = first["time_min"].astype("Float64").reindex(home.index)
    home["proxy_share"] = first["proxy_share"].astype("Float64").reindex(home.index)
    home["state"] = _states(home, times, offers, standard_min)
    return home.rename_axis("point_id").reset_index()


def _states(
    home: pd.DataFrame, times: TravelTimes, offers: pd.DataFrame, standard_min: float
) -> np.ndarray:
    unsnapped = set(times.unsnapped)
    open_places = [place for place in offers["place_id"].unique() if place not in unsnapped]
    cut_off = times.unreachable_by_demand
    cut_off = cut_off[cut_off["place_id"].isin(open_places)]
    blocked = cut_off.groupby("point_id").size().reindex(home.index, fill_value=0).to_numpy()
    nearest = home["nearest_min"].astype(float).to_numpy()
    return np.select(
        [
            home.index.isin(unsnapped),
            nearest <= standard_min,
            ~np.isnan(nearest),
            blocked >= len(open_places),
        ],
        ["unsnapped", "covered", "beyond_standard", "unreachable"],
        default="beyond_cutoff",
    )


def _by_township(points: pd.DataFrame, services: list[str]) -> pd.DataFrame:
    keys = ["township_id", "service"]
    shares = points.pivot_table(
        index=keys, columns="state", values="weight", aggfunc="sum", fill_value=0.0, observed=True
    ).reindex(columns=list(STATES), fill_value=0.0)
    # Weights sum to 1 but for rounding; the shares of a row shall do so exactly.
    shares = shares.div(shares.sum(axis=1), axis=0)
    reached = points[points["nearest_min"].notna()]
    minutes = reached["nearest_min"].astype(float) * reached["weight"]
    sums = (
        pd.DataFrame(
            {
                "township_id": reached["township_id"],
                "service": reached["service"],
                "minutes": minutes,
                "proxy": minutes * reached["proxy_share"].astype(float),
                "weight": reached["weight"],
            }
        )
        .groupby(keys)
        .sum()
    )
    # A township whose reached points all weigh nothing has no mean.
    mean = (sums["minutes"] / sums["weight"].where(sums["weight"] > 0)).astype("Float64")
    # A way of no length rests on nothing.
    proxy = (sums["proxy"] / sums["minutes"].where(sums["minutes"] > 0)).astype("Float64")
    proxy = proxy.mask((sums["weight"] > 0) & (sums["minutes"] == 0), 0.0)
    frame = pd.DataFrame(
        {"nearest_min": mean.reindex(shares.index), "proxy_share": proxy.reindex(shares.index)}
    )
    for state in STATES:
        frame[f"{state}_share"] = shares[state]
    frame = frame.reset_index()
    order = {service: place for place, service in enumerate(services)}
    return frame.sort_values(
        keys,
        key=lambda column: column.map(order) if column.name == "service" else column,
        ignore_index=True,
    )


def _places_per_1000(
    frame: pd.DataFrame,
    offers: pd.DataFrame,
    people: Population | None,
) -> pd.Series:
    """Return the capacity in the township itself, per 1,000 of its people aged 65 and over."""
    nothing = pd.Series(pd.NA, index=frame.index, dtype="Float64")
    if people is None or "township_id" not in offers:
        return nothing
    by_place = offers.groupby(["township_id", "service"])["capacity_persons"]
    capacity = by_place.agg(lambda persons: persons.sum(skipna=False))
    old = people.totals(from_age=65).astype(float)
    here = pd.MultiIndex.from_frame(frame[["township_id", "service"]])
    # No institution is no place; one of unknown capacity makes the sum unknown.
    places = capacity.reindex(here, fill_value=0.0).astype("Float64").set_axis(frame.index)
    persons = old.reindex(frame["township_id"]).set_axis(frame.index)
    return per_thousand(places, persons.where(persons > 0))
