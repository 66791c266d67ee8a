"""Coordinates in the rows of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from pyproj import CRS

from ruralcare.inputs.crs import KOREA, Box, crs_that_fit
from ruralcare.inputs.files import Faults
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["Columns", "coordinates", "no_number"]

_DECIMAL_COMMA: Final = re.compile(r"-?\d{1,3},\d+")
# 126°35'57", N34.5, 126도 35분
_DEGREES: Final = re.compile(r"""[°º˚'"′″도분초NSEWnsew]|\d+[-\s]\d+[-\s]\d""")
# No longitude or latitude has so large a number.
_MOST_DEGREES: Final = 360.0


class Columns(NamedTuple):
    """Names of the columns that hold a place."""

    longitude: str
    latitude: str


def coordinates(
    row: int, cells: Mapping[str, str], columns: Columns, scenario: Scenario, faults: Faults
) -> tuple[float, float] | None:
    """Return longitude and latitude of a row, or None with a fault noted.

    A place outside the region of the scenario's CRS is a fault; it says so if the two numbers are
    exchanged, or are metres of a grid instead of degrees.
    """
    values = []
    for column in columns:
        text = cells.get(column, "").strip()
        try:
            value = float(text)
            if not math.isfinite(value):
                raise ValueError
            values.append(value)
        except ValueError:
            faults.add(
                no_number(text),
                Message("Write degrees with a decimal point, such as 126.5993."),
                row=row,
                column=column,
                value=text,
            )
            return None
    longitude, latitude = values
    region = _region(scenario.crs)
    if region is None or region.holds(longitude, latitude):
        return longitude, latitude
    problem, remedy = _outside(longitude, latitude, region, scenario.crs)
    shown = f"{columns.longitude}={longitude:g}, {columns.latitude}={latitude:g}"
    faults.add(problem, remedy, row=row, column=columns.longitude, value=shown)
    return None


def no_number(text: str) -> Message:
    """Return what is wrong with a coordinate that is no number."""
    if _DECIMAL_COMMA.fullmatch(text):
        return Message("The coordinate has a decimal comma.")
    if any(one.isdigit() for one in text) and _DEGREES.search(text):
        return Message("The coordinate is in degrees, minutes and seconds.")
    return Message("The coordinate is missing or no number.")


def _outside(x: float, y: float, region: Box, crs: str) -> tuple[Message, Message]:
    """Return what is wrong with a place outside the region, and the remedy."""
    if region.holds(y, x):
        return Message("Longitude and latitude are swapped."), Message("Exchange the two columns.")
    if max(abs(x), abs(y)) > _MOST_DEGREES:
        home = KOREA if region.holds(*KOREA[:2]) and region.holds(*KOREA[2:]) else region
        fitting = crs_that_fit(x, y, home)
        swapped = not fitting and crs_that_fit(y, x, home)
        if fitting or swapped:
            return (
                Message(
                    "These are metres of a grid, not degrees; they would fit {crs}.",
                    crs=", ".join(fitting or swapped or ()),
                ),
                Message(
                    "Convert the coordinates to longitude and latitude (WGS 84); easting belongs "
                    "in the column of the longitude."
                ),
            )
        return (
            Message("These are not degrees, and they fit no known grid of metres."),
            Message("Convert the coordinates to longitude and latitude (WGS 84)."),
        )
    return (
        Message("The place lies outside the region of {crs}.", crs=crs),
        Message("Check the coordinates: degrees of longitude and latitude (WGS 84)."),
    )


@cache
def _region(crs: str) -> Box | None:
    """Return the region for which a CRS is made."""
    area = CRS.from_user_input(crs).area_of_use
    return None if area is None else Box(area.west, area.south, area.east, area.north)
