"""People in need of each service, from population, recognition, grades and use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.need.rates import (
    amount_by_grade,
    grade_array,
    recognition_array,
    use_array,
    use_share,
)
from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AGE_GROUPS, GRADES, Population

__all__ = [
    "need_by_grade",
    "need_by_service",
    "recognised",
    "recognition_array",
    "use_share",
]


def recognised(people: Population, settings: NeedSettings, year: int | None = None) -> pd.Series:
    """Return the people recognised for long-term care in each township.

    The sum over sexes and age groups of people times the recognition rate of the scenario; see
    :func:`recognition_array` for people who are not told apart by sex.

    Parameters
    ----------
    people : Population
        The people.
    settings : NeedSettings
        Recognition rates.
    year : int, optional
        Latest of the people by default.

    Returns
    -------
    Series
        Index ``township_id``, persons (fractional).
    """
    chosen = people.year if year is None else year
    keys, persons = _recognised(people.frame[people.frame["year"] == chosen], settings)
    return pd.Series(persons, index=pd.Index(keys["township_id"]), name="persons")


def need_by_service(
    counts: pd.DataFrame, services: Sequence[Service], settings: NeedSettings
) -> pd.DataFrame:
    """Return the people in need of each service in each township and year.

    Need is the sum over grades of the recognised people × the share of the grade × the use of the
    service by the grade; the amount is that sum with what a user of the grade takes up.

    Parameters
    ----------
    counts : DataFrame
        ``township_id``, ``year``, ``sex``, ``age_group``, ``persons``: any years, of a register or
        of a forecast.
    services : sequence of Service
        Services, with use and amounts.
    settings : NeedSettings
        Recognition rates and shares of grades.

    Returns
    -------
    DataFrame
        ``township_id``, ``service``, ``year``, ``need_persons``, ``need_amount`` (visit hours per
        month, seats or beds) and ``amount_unit``; both are ``NA`` where the service has no amount.
        Services in their order; within them townships and years in order. A township without
        people in ``counts`` in some year has no row for it.

    Raises
    ------
    ValueError
        An age group or sex is unknown.
    """
    keys, persons = _recognised(counts, settings)
    shares = grade_array(settings)
    parts = []
    for service in services:
        users = shares * use_array(service)
        each = amount_by_grade(service)
        none = [pd.NA] * len(keys)
        unit = none if service.amount is None else [service.amount.unit] * len(keys)
        amount = none if each is None else persons * float(users @ each)
        parts.append(
            keys.assign(
                service=service.id,
                need_persons=persons * float(users.sum()),
                need_amount=pd.array(amount, dtype="Float64"),
                amount_unit=pd.array(unit, dtype="string"),
            )
        )
    columns = ["township_id", "service", "year", "need_persons", "need_amount", "amount_unit"]
    return pd.concat(parts, ignore_index=True)[columns]


def need_by_grade(
    counts: pd.DataFrame, services: Sequence[Service], settings: NeedSettings
) -> pd.DataFrame:
    """Return the people in need of each service in each township and year, by grade.

    Parameters
    ----------
    counts, services, settings
        As in :func:`need_by_service`.

    Returns
    -------
    DataFrame
        ``township_id``, ``service``, ``year``, ``grade`` (one of ``GRADES``), ``need_persons``; the
        sum over the grades is that of :func:`need_by_service`.

    Raises
    ------
    ValueError
        An age group or sex is unknown.
    """
    keys, persons = _recognised(counts, settings)
    shares = grade_array(settings)
    by_grade = keys.loc[keys.index.repeat(len(GRADES))].assign(
        grade=np.tile(np.array(GRADES, dtype=object), len(keys))
    )
    parts = [
        by_grade.assign(
            service=service.id,
            need_persons=np.outer(persons, shares * use_array(service)).ravel(),
        )
        for service in services
    ]
    columns = ["township_id", "service", "year", "grade", "need_persons"]
    return pd.concat(parts, ignore_index=True)[columns]


def _recognised(
    counts: pd.DataFrame, settings: NeedSettings
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the townships and years that ``counts`` has, in order, and their people recognised."""
    place, townships = pd.factorize(counts["township_id"], sort=True)
    time, years = pd.factorize(counts["year"], sort=True)
    sex, sexes = pd.factorize(counts["sex"], sort=True)
    age = pd.Index(AGE_GROUPS).get_indexer(pd.Index(counts["age_group"]))
    if (age < 0).any():
        odd = sorted(set(counts["age_group"].to_numpy()[age < 0]))
        raise ValueError(f"unknown age groups: {odd}")
    rates = recognition_array(settings, [str(one) for one in sexes])
    persons = counts["persons"].to_numpy(dtype=np.float64) * rates[sex, age]
    cell, size = place * len(years) + time, len(townships) * len(years)
    known = np.flatnonzero(np.bincount(cell, minlength=size))
    keys = pd.DataFrame(
        {
            "township_id": np.asarray(townships, dtype=object)[known // max(len(years), 1)],
            "year": np.asarray(years, dtype=np.int64)[known % max(len(years), 1)],
        }
    )
    sums: NDArray[np.float64] = np.bincount(cell, weights=persons, minlength=size).astype(float)
    return keys, sums[known]
