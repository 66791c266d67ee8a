"""Coordinates in the rows of a table."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyproj import CRS

from ruralcare.inputs.files import Faults
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["Columns", "coordinates"]


class Columns(NamedTuple):
    """Names of the columns that hold a place."""

    longitude: str
    latitude: str


def coordinates(
    row: int, cells: dict[str, str], columns: Columns, scenario: Scenario, faults: Faults
) -> tuple[float, float] | None:
    """Return longitude and latitude of a row, or None with a fault noted.

    A place outside the region of the scenario's CRS is a fault; if it lies inside with the two
    numbers exchanged, the fault says so.
    """
    values = []
    for column in columns:
        text = cells.get(column, "")
        try:
            values.append(float(text))
        except ValueError:
            faults.add(
                Message("The coordinate is missing or no number."),
                Message("Write degrees with a decimal point, such as 126.5993."),
                row=row,
                column=column,
                value=text,
            )
            return None
    longitude, latitude = values
    region = CRS.from_user_input(scenario.crs).area_of_use
    if region is None or _inside(region, longitude, latitude):
        return longitude, latitude
    shown = f"{columns.longitude}={longitude:g}, {columns.latitude}={latitude:g}"
    swapped = _inside(region, latitude, longitude)
    faults.add(
        Message("Longitude and latitude are swapped.")
        if swapped
        else Message("The place lies outside the region of {crs}.", crs=scenario.crs),
        Message("Exchange the two columns.")
        if swapped
        else Message("Check the coordinates: degrees of longitude and latitude (WGS 84)."),
        row=row,
        column=columns.longitude,
        value=shown,
    )
    return None


def _inside(region: Any, longitude: float, latitude: float) -> bool:  # noqa: ANN401
    return bool(
        region.west <= longitude <= region.east and region.south <= latitude <= region.north
    )
