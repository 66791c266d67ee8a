"""Hansen's accessibility: everything within reach, the nearer the more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ruralcare.access.counted import Count, counted, cut_notes, unknown_notes, weights_of
from ruralcare.access.decay import Decay
from ruralcare.access.measure import Measure, measure_at
from ruralcare.types import Places, TravelTimes, TravelTimesByService

__all__ = ["gravity"]


def gravity(
    times: TravelTimes | TravelTimesByService,
    offers: Places | pd.DataFrame | None = None,
    *,
    decay: Decay,
    count: Count = "places",
) -> Measure:
    r"""Measure the places, or the capacity, within reach, weighed by how near they are.

    .. math:: A_i = \sum_j S_j f(t_{ij})

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        Between demand points and places, as the services travel.
    offers : Places or DataFrame, optional
        ``place_id``, ``service``, ``capacity_persons``. Without it every place counts.
    decay : callable
        ``f``, such as :func:`~ruralcare.access.exponential`.
    count : {"places", "capacity"}
        ``S``: one for each place, or the persons it serves; a place of unknown capacity is then
        left out.

    Returns
    -------
    Measure
        In places or persons as if they were next door; 0 where nothing is within reach.

    Raises
    ------
    ValueError
        The decay gives weights that make no sense.
    TableError
        The offers break their contract or name unknown places.

    References
    ----------
    Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of
    Planners 25 (2), 73-76.
    """
    groups = counted(times, offers)
    values = {}
    for group in groups:
        found = group.matrix(weights_of(decay, group.times)) @ group.supply(count)
        for at, service in enumerate(group.services):
            values[service] = np.ascontiguousarray(found[:, at])
    notes = cut_notes(decay, groups)
    return measure_at(
        "gravity",
        groups,
        values,
        nothing=0.0,
        unit="places" if count == "places" else "persons",
        notes=[*(unknown_notes(groups) if count == "capacity" else ()), *notes],
    )
