"""Which townships and counties empty: extinction index, ageing, change, designation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ruralcare.need.cohorts import month
from ruralcare.need.composite import composite, figures_of, given_or_raise
from ruralcare.need.designated import designated
from ruralcare.need.table import EXTINCTION_CLASSES
from ruralcare.scenario import NeedSettings
from ruralcare.types import Population, Townships
from ruralcare.units import square_kilometres, years_from_months

__all__ = [
    "county_indicators",
    "extinction_class",
    "extinction_index",
    "indicators",
    "years_between",
]

# Upper ends of the classes "high" to "low"; a value on a border belongs to the safer class.
_CLASS_BORDERS = (0.2, 0.5, 1.0, 1.5)
_DECADE = 10
# Years that a change must have been watched for before it tells whether a township empties.
_LONG_YEARS = 5.0


def extinction_index(people: Population, year: int | None = None) -> pd.Series:
    """Return the extinction index (지방소멸위험지수) of each township.

    Women aged 20 to 39 per person aged 65 and over.

    Returns
    -------
    Series
        Index ``township_id``; ``NA`` where nobody is 65 or older or the source does not tell
        the sexes apart.

    References
    ----------
    이상호 (2016). 한국의 지방소멸에 관한 7가지 분석. 지역고용동향브리프, 한국고용정보원.
    """
    women = people.totals(year, from_age=20, to_age=39, sex="female").astype("Float64")
    old = people.totals(year, from_age=65).astype("Float64")
    return (women / old.where(old > 0)).rename("extinction_index")


def extinction_class(index: pd.Series) -> pd.Series:
    """Return the official class of each index: below 0.2 ``high``, 0.5, 1.0 and 1.5 follow.

    Examples
    --------
    >>> extinction_class(pd.Series([0.19, 0.2, 1.5])).tolist()
    ['high', 'entering', 'very_low']
    """
    values = index.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    names = np.array(EXTINCTION_CLASSES[::-1], dtype=object)[
        np.searchsorted(_CLASS_BORDERS, values, side="right").clip(max=4)
    ]
    return pd.Series(np.where(np.isnan(values), None, names), index=index.index).astype("string")


def years_between(before: str, after: str) -> float:
    """Return the years between two dates ("2013", "2013-10"), by months where both have one.

    Examples
    --------
    >>> years_between("2013", "2023"), years_between("2023-10", "2025-04")
    (10.0, 1.5)

    Raises
    ------
    ValueError
        One of the two is no date.
    """
    return years_from_months(float(month(after, before) - month(before, after)))


def indicators(
    townships: Townships,
    people: Population,
    settings: NeedSettings,
    connection: pd.Series | None,
    *,
    figures: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what describes each township.

    Parameters
    ----------
    townships, people
        The townships, and their people at one date or more.
    settings : NeedSettings
        Thresholds of depopulation and weights of the composite.
    connection : Series, optional
        How each township is linked to the rest (:func:`ruralcare.network.connections`); all by
        road without it.
    figures : DataFrame, optional
        What registers do not tell (:func:`ruralcare.inputs.read_indicators`).

    Returns
    -------
    DataFrame
        Index ``township_id``, in the order of the townships:

        ``name``, ``sigungu_id``, ``sigungu_name``, ``area_km2``, ``connection``
            Place.
        ``year``, ``population``, ``population_65plus``, ``population_80plus``
            People at the latest date.
        ``share_65plus``, ``share_80plus``, ``share_under15``
            Shares of all people; ``NA`` where nobody lives.
        ``density_per_km2``
            Registered people per square kilometre of the township's area, water included as far
            as the boundaries have it.
        ``year_before``, ``population_before``, ``change_10y_share``, ``annual_change_share``
            People at the earliest date, and the change since, scaled to ten years and to one as a
            compound rate. The time between counts in months where both dates have one. ``NA``
            with one date, or where nobody lived.
        ``extinction_index``, ``extinction_class``
            As :func:`extinction_index`.
        ``depopulating``
            Whether the index or the change passes the thresholds of the settings. A change watched
            for less than five years does not tell; where neither does, ``designated`` decides.
        ``designated``, ``designated_on``
            As :func:`ruralcare.need.designated`.
        ``youth_net_migration_share``, ``daytime_per_resident``, ``births_per_1000``, \
``fiscal_independence_share``
            From ``figures``; ``NA`` where they are not given.
        ``composite_index``, ``composite_known``
            As :func:`ruralcare.need.composite`: an approximation, relative to these townships.

    Raises
    ------
    ValueError
        The settings name a file of figures or of designated areas, and ``figures`` lacks them.
    """
    given_or_raise(settings, figures)
    towns = townships.frame
    home = pd.Series(towns.index, index=towns.index)
    frame = towns[["name", "sigungu_id", "sigungu_name"]].join(
        _described(people, home, square_kilometres(towns.geometry.area), settings)
    )
    links = pd.Series("road", index=frame.index) if connection is None else connection
    frame["connection"] = links.reindex(frame.index).astype(str)
    frame = _by_designation(frame.join(designated(townships, figures)))
    frame = frame.join(figures_of(towns["sigungu_id"], frame["population"], figures))
    frame = frame.join(composite(frame, settings.composite_weights))
    return pd.DataFrame(frame).rename_axis("township_id")


def county_indicators(
    townships: Townships,
    people: Population,
    settings: NeedSettings,
    *,
    figures: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what describes each county, from the people of its townships taken together.

    The index of a county is that of its people, not a mean of its townships.

    Parameters
    ----------
    townships, people, settings, figures
        As for :func:`indicators`.

    Returns
    -------
    DataFrame
        Index ``sigungu_id``, sorted; the columns of :func:`indicators` but ``sigungu_id``,
        ``sigungu_name`` and ``connection``, and ``townships`` (how many). Figures that are given
        for townships are weighted by their people; the composite is relative to these counties. A
        county is designated if any of its townships is.
    """
    facts = indicators(townships, people, settings, None, figures=figures)
    home = facts["sigungu_id"]
    area = facts["area_km2"].groupby(home).sum()
    groups = facts.groupby("sigungu_id")
    frame = pd.DataFrame({"name": groups["sigungu_name"].first(), "townships": groups.size()})
    frame = frame.join(_described(people, home, area, settings))
    frame["designated"] = groups["designated"].any()
    frame["designated_on"] = groups["designated_on"].first().astype("string")
    frame = _by_designation(frame)
    persons = facts["population"].astype("Float64")
    for column in figures_of(home, persons, None).columns:
        known = facts[column].notna() & (persons > 0).fillna(False)
        weight = persons.where(known)
        total = (facts[column] * weight).groupby(home).sum(min_count=1)
        frame[column] = (total / weight.groupby(home).sum(min_count=1)).astype("Float64")
    return frame.join(composite(frame, settings.composite_weights)).rename_axis("sigungu_id")


def _by_designation(frame: pd.DataFrame) -> pd.DataFrame:
    """Where neither index nor change can tell, a designated area counts as depopulating."""
    silent = frame["extinction_index"].isna() & ~frame["change_tells"]
    flags = frame["depopulating"] | (silent & frame["designated"].astype(bool))
    return frame.assign(depopulating=flags.astype(bool)).drop(columns="change_tells")


def _described(
    people: Population, home: pd.Series, area_km2: pd.Series, settings: NeedSettings
) -> pd.DataFrame:
    """Return what registers tell of areas, each of one township or more.

    Parameters
    ----------
    home : Series
        Area of each township.
    area_km2 : Series
        Index: the areas.
    """

    def persons(year: int, *, sex: str | None = None, **ages: int) -> pd.Series:
        counted = people.totals(year, sex=sex, **ages).reindex(home.index).astype("Int64")
        # A township that the register lacks makes its area unknown, not smaller.
        parts = counted.groupby(home).agg(["sum", "count", "size"]).reindex(area_km2.index)
        return parts["sum"].where(parts["count"] == parts["size"]).astype("Int64")

    frame = pd.DataFrame({"area_km2": area_km2.astype(float)})
    frame["year"] = people.year
    frame["population"] = persons(people.year)
    frame["population_65plus"] = persons(people.year, from_age=65)
    frame["population_80plus"] = persons(people.year, from_age=80)
    everybody = frame["population"].where(frame["population"] > 0)
    frame["share_65plus"] = (frame["population_65plus"] / everybody).astype("Float64")
    frame["share_80plus"] = (frame["population_80plus"] / everybody).astype("Float64")
    children = persons(people.year, from_age=0, to_age=14)
    frame["share_under15"] = (children / everybody).astype("Float64")
    extent = frame["area_km2"].where(frame["area_km2"] > 0)
    frame["density_per_km2"] = (frame["population"] / extent).astype("Float64")

    first = people.years[0]
    known = first != people.year
    frame["year_before"] = pd.array([first if known else pd.NA] * len(frame), dtype="Int64")
    before = persons(first) if known else pd.Series(pd.NA, index=frame.index)
    frame["population_before"] = before.astype("Int64")
    years = years_between(people.as_of[first], people.as_of[people.year]) if known else _DECADE
    base = frame["population_before"].where(frame["population_before"] > 0)
    ratio = (frame["population"] / base).astype("Float64")
    frame["change_10y_share"] = ratio ** (_DECADE / years) - 1
    frame["annual_change_share"] = ratio ** (1 / years) - 1

    women = persons(people.year, sex="female", from_age=20, to_age=39).astype("Float64")
    old = frame["population_65plus"].where(frame["population_65plus"] > 0)
    frame["extinction_index"] = (women / old).astype("Float64")
    frame["extinction_class"] = extinction_class(frame["extinction_index"])
    # A change drawn out from a few years is no change over ten.
    long_enough = known and years >= _LONG_YEARS
    emptying = (frame["change_10y_share"] <= settings.depopulating_change) & long_enough
    ageing = frame["extinction_index"] < settings.depopulating_index
    frame["change_tells"] = frame["change_10y_share"].notna() & long_enough
    frame["depopulating"] = (emptying.fillna(False) | ageing.fillna(False)).astype(bool)
    return frame
