"""Rates of a scenario as arrays: recognition by sex and age, grades, use and amounts by grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AGE_GROUPS, GRADES, Grade

__all__ = ["amount_by_grade", "grade_array", "recognition_array", "use_array", "use_share"]

Floats = NDArray[np.float64]


def recognition_array(settings: NeedSettings, sexes: Sequence[str]) -> Floats:
    """Return the share of people recognised for long-term care.

    Parameters
    ----------
    settings : NeedSettings
        Recognition rates; in an age group without a rate nobody is recognised.
    sexes : sequence of str
        ``female``, ``male``, or ``all`` where people are not told apart by sex: the mean of both
        rates, weighed by the usual share of women in the age group (``settings.women_shares``;
        half where it gives none).

    Returns
    -------
    array of float, (sexes, age groups)
        Shares, in the order of ``sexes`` and of ``AGE_GROUPS``.

    Raises
    ------
    ValueError
        A sex is unknown.
    """
    known = {
        sex: np.array(
            [settings.recognition_rates.get(sex, {}).get(group, 0.0) for group in AGE_GROUPS]
        )
        for sex in ("female", "male")
    }
    women = np.array([settings.women_shares.get(group, 0.5) for group in AGE_GROUPS])
    known["all"] = women * known["female"] + (1 - women) * known["male"]
    odd = sorted(set(sexes) - set(known))
    if odd:
        raise ValueError(f"unknown sexes: {odd}")
    return np.array([known[sex] for sex in sexes]).reshape(len(sexes), len(AGE_GROUPS))


def grade_array(settings: NeedSettings) -> Floats:
    """Return the share of each grade among the people recognised, in the order of ``GRADES``."""
    return _by_grade(settings.grade_shares)


def use_array(service: Service) -> Floats:
    """Return the share of each grade who use a service, in the order of ``GRADES``."""
    return _by_grade(service.use_rate)


def amount_by_grade(service: Service) -> Floats | None:
    """Return what a user of each grade takes up, in the unit of the amount, or ``None``."""
    return None if service.amount is None else _by_grade(service.amount.per_person)


def use_share(service: Service, settings: NeedSettings) -> float:
    """Return the share of the people recognised who use a service, over all grades."""
    return float(grade_array(settings) @ use_array(service))


def _by_grade(value: float | Mapping[Grade, float]) -> Floats:
    if isinstance(value, Mapping):
        return np.array([value.get(grade, 0.0) for grade in GRADES], dtype=np.float64)
    return np.full(len(GRADES), float(value))
