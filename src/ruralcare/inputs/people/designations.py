"""Lists of designated depopulating areas (인구감소지역), and which townships lie in them."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import pandas as pd

from ruralcare.inputs.codes import CodeBook
from ruralcare.inputs.files import Faults, distinct, read_table
from ruralcare.inputs.people.county_finder import CountyFinder
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading, Townships

__all__ = ["AREA_COLUMNS", "in_areas", "read_designations"]

AREA_COLUMNS: Final = ("code", "province", "county", "designated_on", "source")
"""Columns of a list: code of the county (of any date), names, date and source."""

_REQUIRED: Final = ("code", "designated_on")
_CODE: Final = re.compile(r"\d{5}(?:0{5})?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def in_areas(townships: Townships, areas: pd.DataFrame, book: CodeBook) -> pd.DataFrame:
    """Return which townships lie in the areas of a list.

    A county is found by its code, brought to the date of the boundaries; where no code fits, by
    its name together with its province, so that a new code that the program does not know yet
    does no harm. A city stands for its wards.

    Parameters
    ----------
    areas : DataFrame
        :data:`AREA_COLUMNS`, texts.

    Returns
    -------
    DataFrame
        Index ``township_id``: ``designated`` (bool) and ``designated_on`` ("2021-10-19"; ``NA``
        where not designated). An area that the list does not name, or whose county is not known,
        is not designated.
    """
    finder = CountyFinder(townships, book)
    dates: dict[str, str] = {}
    for code, province, county, day in zip(
        *(areas[column].astype(str) for column in AREA_COLUMNS[:4]), strict=True
    ):
        found = finder.by_code(code)
        if not found and province and county:
            found = finder.by_name(f"{province} {county}")
        for one in found:
            dates.setdefault(one, day)
    days = townships.frame["sigungu_id"].map(dates).astype("string").rename("designated_on")
    return pd.DataFrame({"designated": days.notna().astype(bool), "designated_on": days})


def read_designations(scenario: Scenario) -> tuple[pd.DataFrame, Reading] | None:
    """Read the list of designated areas of a scenario (``need.designated_file``).

    Returns
    -------
    tuple of DataFrame and Reading, or None
        :data:`AREA_COLUMNS` as texts; None if the scenario names no list of its own.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    file = scenario.need.designated_file
    if file is None:
        return None
    faults = Faults(scenario.label(file))
    table = read_table(scenario.resolve(file), faults, _REQUIRED)
    rows = []
    for row in distinct(table, "code", faults, Message("Keep one row for each county.")):
        if not _CODE.fullmatch(row["code"]):
            faults.add(
                Message("This is not the code of a county."),
                Message("Write its five digits, such as 46820."),
                row=row.number,
                column="code",
                value=row["code"],
            )
        if not _is_date(row["designated_on"]):
            faults.add(
                Message("This is not a date."),
                Message("Write year, month and day: 2023-07-01."),
                row=row.number,
                column="designated_on",
                value=row["designated_on"],
            )
        rows.append([row[column] for column in AREA_COLUMNS])
    faults.raise_if_any()
    areas = pd.DataFrame(rows, columns=list(AREA_COLUMNS), dtype="object")
    reading = faults.reading(
        Message("Designated depopulating areas"),
        "plain table",
        rows=len(table.rows),
        used=len(areas),
        as_of=max(areas["designated_on"], default=None),
    )
    return areas, reading


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
