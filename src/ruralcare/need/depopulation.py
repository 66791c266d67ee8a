"""Which townships empty: the extinction index and the change between two dates."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ruralcare.need.table import EXTINCTION_CLASSES
from ruralcare.scenario import NeedSettings
from ruralcare.types import Population, Townships
from ruralcare.units import square_kilometres, years_from_months

__all__ = ["extinction_class", "extinction_index", "indicators", "years_between"]

_MONTH = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2}))?")
# Upper ends of the classes "high" to "low"; a value on a border belongs to the safer class.
_CLASS_BORDERS = (0.2, 0.5, 1.0, 1.5)


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
    """
    one, other = (_MONTH.match(date) for date in (before, after))
    if one is None or other is None:
        raise ValueError(f"no dates: {before!r}, {after!r}")
    years = int(other["year"]) - int(one["year"])
    if one["month"] is None or other["month"] is None:
        return float(years)
    return years + years_from_months(int(other["month"]) - int(one["month"]))


def indicators(
    townships: Townships, people: Population, settings: NeedSettings, connection: pd.Series | None
) -> pd.DataFrame:
    """Return what describes each township; columns as in :class:`NeedTable`.

    ``change_10y_share`` compares the latest with the earliest date, scaled to ten years as a
    compound rate; the time between them counts in months where both dates have one.
    """
    frame = pd.DataFrame(
        {
            "name": townships.frame["name"],
            "sigungu_id": townships.frame["sigungu_id"],
            "sigungu_name": townships.frame["sigungu_name"],
            "area_km2": square_kilometres(townships.frame.geometry.area),
        }
    )
    frame["year"] = people.year
    frame["population"] = people.totals().reindex(frame.index).astype("Int64")
    frame["population_65plus"] = people.totals(from_age=65).reindex(frame.index).astype("Int64")
    everybody = frame["population"].where(frame["population"] > 0)
    frame["share_65plus"] = (frame["population_65plus"] / everybody).astype("Float64")
    first = people.years[0]
    known = first != people.year
    frame["year_before"] = pd.array([first if known else pd.NA] * len(frame), dtype="Int64")
    before = people.totals(first).reindex(frame.index).astype("Int64") if known else pd.NA
    frame["population_before"] = pd.Series(before, index=frame.index).astype("Int64")
    span = years_between(people.as_of[first], people.as_of[people.year]) / 10 if known else 1.0
    base = frame["population_before"].where(frame["population_before"] > 0)
    ratio = (frame["population"] / base).astype("Float64")
    frame["change_10y_share"] = ratio ** (1 / span) - 1
    frame["extinction_index"] = extinction_index(people).reindex(frame.index)
    frame["extinction_class"] = extinction_class(frame["extinction_index"])
    emptying = frame["change_10y_share"] <= settings.depopulating_change
    ageing = frame["extinction_index"] < settings.depopulating_index
    frame["depopulating"] = (emptying.fillna(False) | ageing.fillna(False)).astype(bool)
    links = pd.Series("road", index=frame.index) if connection is None else connection
    frame["connection"] = links.reindex(frame.index).astype(str)
    return frame.rename_axis("township_id")
