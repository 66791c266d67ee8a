"""Depopulating areas (인구감소지역) as the ministry designated them."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd

from ruralcare.inputs.codes import CodeBook, known_changes
from ruralcare.inputs.people.designations import AREA_COLUMNS, in_areas
from ruralcare.language import Message
from ruralcare.types import Townships

__all__ = ["designated", "designated_areas", "designation_note"]


def designated_areas() -> pd.DataFrame:
    """Return the designated depopulating areas that the program knows.

    Returns
    -------
    DataFrame
        ``code`` (county, as on the day of the designation), ``province``, ``county`` (names of
        that day), ``designated_on``, ``source``; sorted by code.

    References
    ----------
    행정안전부고시 제2021-66호 (2021-10-19). 인구감소지역 지정 고시. Designated for five years:
    another list takes its place by ``need.designated_file`` of the scenario.
    """
    return _areas().copy()


@cache
def _areas() -> pd.DataFrame:
    with resources.files("ruralcare.need").joinpath("designated_areas.csv").open("rb") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)[list(AREA_COLUMNS)]


def designated(townships: Townships, figures: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return which townships lie in a designated depopulating area.

    Counties are found by their codes, whatever the date of the boundaries (강원 42 and 51, 전북
    45 and 52, 군위군 47720 and 27720, 전남 46 and 12), or by province and name.

    Parameters
    ----------
    townships : Townships
        The townships.
    figures : DataFrame, optional
        With the columns ``designated`` and ``designated_on``, where the scenario has a list of its
        own (:func:`ruralcare.inputs.read_indicators`); else :func:`designated_areas` holds.

    Returns
    -------
    DataFrame
        Index ``township_id``: ``designated`` (bool), ``designated_on`` (string; ``NA`` where not
        designated). Areas of other countries, invented ones and those of which nothing is known
        are not designated.
    """
    index = townships.frame.index
    if figures is not None and "designated" in figures:
        given = figures[["designated", "designated_on"]].reindex(index)
        days = given["designated_on"].astype("string")
        flags = given["designated"].astype("boolean").fillna(False).astype(bool)
        return pd.DataFrame({"designated": flags, "designated_on": days.where(flags)})
    return in_areas(townships, _areas(), CodeBook(known_changes()))


def designation_note(indicators: pd.DataFrame) -> Message | None:
    """Return what a reader must know about the designations of some townships; None if none is."""
    days = indicators["designated_on"].dropna()
    if days.empty:
        return None
    return Message(
        "Depopulating areas (인구감소지역) are those designated on {date}; designations hold for "
        "five years.",
        date=", ".join(sorted(set(days))),
    )
