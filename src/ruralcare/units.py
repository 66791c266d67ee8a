"""Conversions between units: the only place where 60 or 1000 appears."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "kilometres",
    "metres",
    "metres_in",
    "minutes_at",
    "minutes_from_seconds",
    "minutes_from_ticks",
    "months_from_years",
    "per_thousand",
    "square_kilometres",
    "ticks",
    "years_from_months",
]

_TICKS_PER_MINUTE = 60_000

Number = TypeVar("Number", float, NDArray[np.float64], pd.Series)


def minutes_at(length_m: Number, speed_kmh: Number | float) -> Number:
    """Return the time in minutes to cover a length in metres at a speed in km/h.

    Examples
    --------
    >>> minutes_at(1000.0, 60.0)
    1.0
    """
    return length_m * 60.0 / (speed_kmh * 1000.0)


def metres_in(minutes: Number, speed_kmh: Number | float) -> Number:
    """Return the length in metres that is covered in a time at a speed in km/h.

    Examples
    --------
    >>> metres_in(20.0, 30.0)
    10000.0
    """
    return minutes * (speed_kmh * 1000.0) / 60.0


def minutes_from_seconds(seconds: Number) -> Number:
    """Return seconds as minutes."""
    return seconds / 60.0


def ticks(minutes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return minutes as whole ticks of a millisecond, the unit in which ways are added up.

    Examples
    --------
    >>> ticks(np.array([0.5]))
    array([30000])
    """
    return np.rint(np.asarray(minutes, dtype=np.float64) * _TICKS_PER_MINUTE).astype(np.int64)


def minutes_from_ticks(count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return ticks of a millisecond as minutes."""
    return np.asarray(count / _TICKS_PER_MINUTE)


def kilometres(length_m: Number) -> Number:
    """Return metres as kilometres."""
    return length_m / 1000.0


def metres(length_km: Number) -> Number:
    """Return kilometres as metres."""
    return length_km * 1000.0


def square_kilometres(area_m2: Number) -> Number:
    """Return square metres as square kilometres."""
    return area_m2 / 1_000_000.0


def years_from_months(months: Number) -> Number:
    """Return a time in months in years."""
    return months / 12


def months_from_years(years: float) -> int:
    """Return a time in years in months, to the nearest whole month."""
    return round(years * 12)


def per_thousand(part: Number, whole: Number) -> Number:
    """Return how many of ``part`` there are for each thousand of ``whole``."""
    return part * 1000.0 / whole
