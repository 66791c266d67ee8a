"""The two-step floating catchment area: places per person, allowing for competition."""

from __future__ import annotations

import pandas as pd

from ruralcare.access.decay import Decay
from ruralcare.types import Places, Population, TravelTimes

__all__ = ["two_step_fca"]


def two_step_fca(
    times: TravelTimes, people: Population, places: Places, *, decay: Decay, from_age: int = 65
) -> pd.DataFrame:
    r"""Measure the places within reach per person, allowing for others who reach them too.

    .. math::
        R_j = \frac{S_j}{\sum_i P_i f(t_{ij})}, \qquad A_i = \sum_j R_j f(t_{ij})

    Parameters
    ----------
    times : TravelTimes
        Between demand points and places.
    people : Population
        ``P``: people of ``from_age`` and older, spread over the demand points.
    places : Places
        ``S``: capacity of what exists; an institution of unknown capacity is left out.
    decay : callable
        ``f``, such as :func:`~ruralcare.access.gaussian`.

    Returns
    -------
    DataFrame
        ``township_id``, ``service``, ``places_per_person``: mean over the people of the
        township. Weighted by people, the values of a service sum to the capacity of the places
        that somebody reaches.

    References
    ----------
    Luo, W. and Wang, F. (2003). Measures of spatial accessibility to health care in a GIS
    environment. Environment and Planning B 30 (6), 865-884; with decay: Luo, W. and Qi, Y.
    (2009). An enhanced two-step floating catchment area (E2SFCA) method. Health & Place 15 (4).
    """
    points = times.points.frame
    persons = points["weight"] * points["township_id"].map(people.totals(from_age=from_age))
    pairs = times.by_demand
    pairs = pairs.assign(reach=decay(pairs["time_min"]))
    pairs["people"] = pairs["reach"] * pairs["point_id"].map(persons)
    demand = pairs.groupby("place_id")["people"].sum()
    parts = []
    known = places.offers.dropna(subset=["capacity_persons"])
    for service, offers in known.groupby("service", sort=True):
        capacity = offers.set_index("place_id")["capacity_persons"].astype(float)
        here = demand.reindex(capacity.index)
        ratio = (capacity / here).where(here > 0)
        share = pairs["reach"] * pairs["place_id"].map(ratio).fillna(0.0)
        reached = share.groupby(pairs["point_id"]).sum().reindex(points.index, fill_value=0.0)
        mean = (reached * points["weight"]).groupby(points["township_id"]).sum()
        part = mean.rename("places_per_person").rename_axis("township_id").reset_index()
        parts.append(part.assign(service=service))
    columns = ["township_id", "service", "places_per_person"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
