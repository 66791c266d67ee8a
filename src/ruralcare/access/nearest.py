"""Minutes to the nearest place, or to the k-th nearest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import Counted, counted
from ruralcare.access.measure import Measure, measure_at
from ruralcare.types import Places, TravelTimes, TravelTimesByService

__all__ = ["nearest"]


def nearest(
    times: TravelTimes | TravelTimesByService,
    offers: Places | pd.DataFrame | None = None,
    *,
    k: int = 1,
    mean: bool = False,
) -> Measure:
    r"""Measure the minutes to the k-th nearest place of each service.

    .. math::
        A_i = t_{i(k)} \qquad\text{or}\qquad A_i = \frac 1k \sum_{m=1}^k t_{i(m)},
        \qquad t_{i(1)} \le t_{i(2)} \le \dots

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        Between demand points and places, as the services travel.
    offers : Places or DataFrame, optional
        ``place_id``, ``service``: who offers what. Without it every place counts.
    k : int
        Which place counts: 1 is the nearest; the second tells what remains if that one closes.
    mean : bool
        The mean of the k nearest and not the k-th itself.

    Returns
    -------
    Measure
        In minutes. A point with fewer than k places within the cutoff of the travel times has no
        value.

    Raises
    ------
    ValueError
        k is below 1.
    TableError
        The offers break their contract or name unknown places.

    References
    ----------
    Hewko, J., Smoyer-Tomic, K. E. and Hodgson, M. J. (2002). Measuring neighbourhood spatial
    accessibility to urban amenities: does aggregation error matter? Environment and Planning A
    34 (7), 1185-1206 (minimum distance, and average distance to several places).
    """
    if k < 1 or int(k) != k:
        raise ValueError(f"k must be 1, 2, 3 ..., not {k}")
    groups = counted(times, offers)
    values = {
        service: _to_kth(group, at, int(k), mean)
        for group in groups
        for at, service in enumerate(group.services)
    }
    return measure_at(
        "nearest" if k == 1 else "mean_of_nearest" if mean else "k_nearest",
        groups,
        values,
        unit="min",
    )


def _to_kth(group: Counted, service: int, k: int, mean: bool) -> NDArray[np.float64]:
    pairs = group.times.pairs
    # The pairs are sorted by point and time, so the chosen ones are too.
    rows = np.flatnonzero(group.offered[pairs.place, service])
    first = np.searchsorted(rows, pairs.start)
    begin, count = first[:-1], np.diff(first)
    enough = np.flatnonzero(count >= k)
    value = np.full(len(begin), np.nan)
    steps = range(k) if mean else (k - 1,)
    value[enough] = sum(pairs.time_min[rows[begin[enough] + step]] for step in steps) / len(steps)
    return value
