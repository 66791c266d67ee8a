"""Cumulative opportunities: how much there is within so many minutes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ruralcare.access.counted import Count, counted, unknown_notes, weights_of
from ruralcare.access.decay import binary
from ruralcare.access.measure import Measure, measure_at
from ruralcare.types import Places, TravelTimes, TravelTimesByService

__all__ = ["cumulative_opportunities"]


def cumulative_opportunities(
    times: TravelTimes | TravelTimesByService,
    offers: Places | pd.DataFrame | None = None,
    *,
    within_min: float | Mapping[str, float],
    count: Count = "places",
) -> Measure:
    r"""Measure how many places, or how much capacity, people reach in time.

    .. math:: A_i = \sum_j S_j\,[t_{ij} \le t_0]

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        Between demand points and places, as the services travel.
    offers : Places or DataFrame, optional
        ``place_id``, ``service``, ``capacity_persons``. Without it every place counts.
    within_min : float or mapping of service to float
        ``t_0``, no longer than the cutoff of the travel times.
    count : {"places", "capacity"}
        ``S``: one for each place, or the persons it serves; a place of unknown capacity is then
        left out.

    Returns
    -------
    Measure
        In places or persons; 0 where nothing is within reach.

    Raises
    ------
    ValueError
        A time is not above 0, beyond the cutoff of the travel times, or missing for a service.
    TableError
        The offers break their contract or name unknown places.

    References
    ----------
    Wachs, M. and Kumagai, T. G. (1973). Physical accessibility as a social indicator.
    Socio-Economic Planning Sciences 7 (5), 437-456.
    """
    groups = counted(times, offers)
    values = {}
    for group in groups:
        supply = group.supply(count)
        limits = {}
        for service in group.services:
            limits[service] = _limit(within_min, service, group.times.cutoff_min)
        for limit in sorted(set(limits.values())):
            found = group.matrix(weights_of(binary(limit), group.times)) @ supply
            for at, service in enumerate(group.services):
                if limits[service] == limit:
                    values[service] = np.ascontiguousarray(found[:, at])
    return measure_at(
        "cumulative_opportunities",
        groups,
        values,
        nothing=0.0,
        unit="places" if count == "places" else "persons",
        notes=unknown_notes(groups) if count == "capacity" else (),
    )


def _limit(within_min: float | Mapping[str, float], service: str, cutoff_min: float) -> float:
    if isinstance(within_min, Mapping):
        if service not in within_min:
            raise ValueError(f"within_min: no time is given for the service {service!r}")
        within_min = within_min[service]
    if not within_min <= cutoff_min:
        raise ValueError(
            f"within_min: the travel times end at {cutoff_min} minutes, before {within_min}; "
            "measure them with a longer cutoff"
        )
    return float(within_min)
