"""People in need of each service, from population and recognition rates."""

from __future__ import annotations

import pandas as pd

from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import Population

__all__ = ["need_by_service", "recognised"]


def recognised(people: Population, settings: NeedSettings, year: int | None = None) -> pd.Series:
    """Return the people recognised for long-term care in each township.

    The sum over sexes and age groups of people times the recognition rate of the scenario. Where
    the source does not tell the sexes apart, the mean of both rates is taken.

    Returns
    -------
    Series
        Index ``township_id``, persons (fractional).
    """
    rows = people.frame[people.frame["year"] == (people.year if year is None else year)]
    rates = pd.DataFrame(settings.recognition_rates).fillna(0.0)
    rates["all"] = rates.mean(axis=1)
    keyed = (
        rates.rename_axis("age_group")
        .reset_index()
        .melt("age_group", var_name="sex", value_name="rate")
    )
    joined = rows.merge(keyed, on=["age_group", "sex"], how="left")
    persons = joined["persons"] * joined["rate"].fillna(0.0)
    return persons.groupby(joined["township_id"]).sum().rename("persons")


def need_by_service(
    people: Population, services: tuple[Service, ...], settings: NeedSettings
) -> pd.DataFrame:
    """Return the people in need of each service in each township.

    Recognised people times the use rate of the service.

    Returns
    -------
    DataFrame
        ``township_id``, ``service``, ``need_persons``.
    """
    base = recognised(people, settings)
    parts = [
        pd.DataFrame(
            {
                "township_id": base.index,
                "service": service.id,
                "need_persons": base.to_numpy() * service.use_rate,
            }
        )
        for service in services
    ]
    return pd.concat(parts, ignore_index=True)
