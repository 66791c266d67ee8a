"""Coordinates of many places at once, and what tells that their CRS is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ruralcare.inputs.crs import KOREA, Box, crs_that_fit
from ruralcare.inputs.files import Faults
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = ["WGS84", "checked_crs", "held", "projected", "spot", "to_degrees", "unknown_crs"]

WGS84: Final = "EPSG:4326"
"""Degrees of longitude and latitude."""


def spot(towns: Townships, margin_degrees: float = 0.2) -> Box:
    """Return the range of longitudes and latitudes of the townships, with a margin."""
    project = Transformer.from_crs(towns.crs, WGS84, always_xy=True)
    return Box(*project.transform_bounds(*towns.frame.total_bounds)).wider(margin_degrees)


def _region(scenario: Scenario) -> Box | None:
    region = CRS.from_user_input(scenario.crs).area_of_use
    return None if region is None else Box(region.west, region.south, region.east, region.north)


def to_degrees(x: np.ndarray, y: np.ndarray, read_as: str) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes of coordinates; infinite where they have none."""
    project = Transformer.from_crs(read_as, WGS84, always_xy=True)
    longitude, latitude = project.transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def held(box: Box, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Return which places lie in a box."""
    inside: np.ndarray = (
        (longitude >= box.west)
        & (longitude <= box.east)
        & (latitude >= box.south)
        & (latitude <= box.north)
    )
    return inside


def checked_crs(crs: str, faults: Faults) -> str:
    """Return a CRS of the scenario, or raise if there is none of this name."""
    try:
        CRS.from_user_input(crs)
    except CRSError:
        raise faults.stop(
            Message("There is no such coordinate reference system (CRS)."),
            Message("Write it as EPSG and a number, such as EPSG:5179."),
            column="points.crs",
            value=crs,
        ) from None
    return crs


def projected(
    x: np.ndarray,
    y: np.ndarray,
    rows: Sequence[int | None],
    read_as: str,
    scenario: Scenario,
    faults: Faults,
    names: tuple[str, str],
    *,
    box: Box = KOREA,
) -> np.ndarray:
    """Return points in the CRS of the scenario.

    If most lie outside its region, their CRS is wrong, which is one fault; a few that do are a
    fault each.

    Parameters
    ----------
    read_as : str
        CRS of the coordinates.
    names : tuple of str
        Columns of x and y.
    box : Box
        Where they would have to lie to fit another CRS.

    Raises
    ------
    InputError
        Most points lie outside the region.
    """
    region = _region(scenario)
    longitude, latitude = to_degrees(x, y, read_as)
    if region is not None and len(x):
        outside = ~held(region, longitude, latitude)
        if outside.sum() > len(x) / 2 and len(x) > 1:
            raise _wrong_crs(x, y, read_as, region, scenario, faults, names, box)
        for position in np.flatnonzero(outside):
            swapped = held(region, y[position : position + 1], x[position : position + 1])[0]
            swapped = swapped and read_as == WGS84
            faults.add(
                Message("Longitude and latitude are swapped.")
                if swapped
                else Message("The place lies outside the region of {crs}.", crs=scenario.crs),
                Message("Exchange the two columns.")
                if swapped
                else Message("Check the coordinates: degrees of longitude and latitude (WGS 84)."),
                row=rows[int(position)],
                column=names[0],
                value=f"{names[0]}={x[position]:g}, {names[1]}={y[position]:g}",
            )
    to_scenario = Transformer.from_crs(read_as, scenario.crs, always_xy=True)
    return np.asarray(shapely.points(*to_scenario.transform(x, y)))


def _wrong_crs(
    x: np.ndarray,
    y: np.ndarray,
    read_as: str,
    region: Box,
    scenario: Scenario,
    faults: Faults,
    names: tuple[str, str],
    box: Box,
) -> Exception:
    column = names[0]
    shown = f"{names[0]}={x[0]:.10g}, {names[1]}={y[0]:.10g}"
    swapped = held(region, *to_degrees(y, x, read_as))
    if swapped.mean() > 0.5:
        return faults.stop(
            Message("Longitude and latitude are swapped."),
            Message("Exchange the two columns."),
            column=column,
            value=shown,
        )
    fits = crs_that_fit(float(np.median(x)), float(np.median(y)), box)
    if fits:
        return faults.stop(
            Message("The coordinates do not fit {read_as}; they would fit {crs}.",
                    read_as=read_as, crs=", ".join(fits)),
            Message("Set points.crs to the CRS of the file, such as {crs}.", crs=fits[0]),
            column=column,
            value=shown,
        )  # fmt: skip
    return faults.stop(
        Message("The place lies outside the region of {crs}.", crs=scenario.crs),
        Message("Check the coordinates: degrees of longitude and latitude (WGS 84)."),
        column=column,
        value=shown,
    )


def unknown_crs(x: float, y: float, towns: Townships, faults: Faults) -> Exception:
    """Return the error for a place whose file does not tell its CRS."""
    fits = crs_that_fit(x, y, spot(towns)) or crs_that_fit(x, y)
    return faults.stop(
        Message("The file does not tell its coordinate reference system (CRS)."),
        Message("Set points.crs; the coordinates would fit {crs}.", crs=", ".join(fits))
        if fits
        else Message("Set points.crs to the CRS of the file, such as {crs}.", crs="EPSG:5179"),
        column="points.crs",
        value=f"{x:.10g}, {y:.10g}",
    )
