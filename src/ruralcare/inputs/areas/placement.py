"""Whether areas lie where they must, and what is wrong with their CRS if they do not.

A file with a wrong CRS still draws a fine map; only the place gives it away. It must lie in the
region for which the scenario's CRS is made, and areas with codes of a Korean province in that
province.
"""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ruralcare.inputs.areas.area_files import crs_name
from ruralcare.inputs.codes import province_name
from ruralcare.inputs.crs import KOREA, Box, crs_that_fit, province_box
from ruralcare.inputs.files import Faults
from ruralcare.language import Message

__all__ = ["check_place", "check_provinces", "is_korean"]

_SWAPPED: Final = (
    Message("Easting and northing are swapped."),
    Message("Write every coordinate as easting first, northing second."),
)

# Off the coast of its region an area may lie this far.
_MARGIN_DEGREES: Final = 1.0


def is_korean(crs: str) -> bool:
    """Return whether a CRS is made for Korea."""
    return _region(crs) == KOREA


def _region(crs: str) -> Box | None:
    """Return the region for which a CRS is made; South Korea where it is one of Korea."""
    area = CRS.from_user_input(crs).area_of_use
    if area is None:
        return None
    middle = (area.west + area.east) / 2, (area.south + area.north) / 2
    if KOREA.holds(*middle):
        return KOREA
    return Box(area.west, area.south, area.east, area.north).wider(_MARGIN_DEGREES)


def check_place(frame: gpd.GeoDataFrame, scenario_crs: str, faults: Faults) -> None:
    """Check that areas lie in the region for which the CRS of the scenario is made.

    Parameters
    ----------
    frame : GeoDataFrame
        As from :func:`~ruralcare.inputs.areas.area_files.read_area_file`.
    scenario_crs : str
        CRS of the scenario.

    Raises
    ------
    InputError
        Most areas lie elsewhere (the CRS that would fit is named), or single ones do.
    """
    region = _region(scenario_crs)
    x, y = _middles(frame)
    usable = np.isfinite(x) & np.isfinite(y)
    if region is None or not usable.any():
        return
    middle = float(np.median(x[usable])), float(np.median(y[usable]))
    declared = crs_name(frame.crs)
    shown = "{:.2f}, {:.2f} – {:.2f}, {:.2f}".format(*frame.total_bounds)
    if frame.crs.is_projected and max(map(abs, frame.total_bounds)) <= 180:
        raise faults.stop(
            Message("The coordinates are degrees, but {crs} is in metres.", crs=declared),
            Message('Set townships.crs = "EPSG:4326".'),
            column="crs",
            value=shown,
        )
    if not _holds(region, frame.crs, *middle):
        problem, remedy = _wrong(frame.crs, *middle, region, scenario_crs)
        raise faults.stop(problem, remedy, column="geometry", value=shown)
    longitude, latitude = _degrees(frame.crs, x, y)
    wide = region.wider(_MARGIN_DEGREES)
    for number in np.flatnonzero(frame.geometry.notna() & ~frame.geometry.is_empty):
        if not wide.holds(longitude[number], latitude[number]):
            faults.add(
                Message("The area lies far away from the others."),
                Message("Correct its coordinates, or remove it."),
                row=int(frame["row"].iloc[number]),
                column="geometry",
                value=f"{x[number]:.2f}, {y[number]:.2f}",
            )
    faults.raise_if_any()


def _wrong(crs: CRS, x: float, y: float, region: Box, scenario_crs: str) -> tuple[Message, Message]:
    """Return what is wrong with areas that do not lie in their region, and what to do."""
    swapped = _holds(region, crs, y, x)
    if swapped and crs.is_geographic:
        return (
            Message("Longitude and latitude are swapped."),
            Message("Write every coordinate as longitude first, latitude second."),
        )
    fitting = [name for name in crs_that_fit(x, y, region) if name != crs_name(crs)]
    if swapped and not fitting:
        return _SWAPPED
    remedy = (
        Message("Set townships.crs; the coordinates would fit {crs}.", crs=", ".join(fitting))
        if fitting
        else Message("Check the CRS of the file (townships.crs) and that of the scenario (crs).")
    )
    if crs.is_geographic and (abs(x) > 180 or abs(y) > 90):
        return Message("The coordinates are no degrees, but the file says so."), remedy
    return Message("The areas lie outside the region of {crs}.", crs=scenario_crs), remedy


def check_provinces(frame: gpd.GeoDataFrame, ids: pd.Series, faults: Faults) -> None:
    """Check that areas lie in the province of their codes.

    Only a contradiction that another CRS would solve is a fault: the boxes of the provinces are
    rough, and a wrong code is no matter of the CRS.

    Parameters
    ----------
    frame : GeoDataFrame
        As from :func:`~ruralcare.inputs.areas.area_files.read_area_file`.
    ids : Series
        Ten-digit code of each area, of any date; others are passed over.

    Raises
    ------
    InputError
        Most areas of a province lie outside it, and would lie inside in another CRS.
    """
    x, y = _middles(frame)
    longitude, latitude = _degrees(frame.crs, x, y)
    known = ids.str.fullmatch(r"\d{10}").to_numpy() & np.isfinite(longitude)
    provinces = ids.str[:2].to_numpy()
    for province in pd.Series(provinces[known]).value_counts().index:
        box = province_box(province)
        if box is None:
            continue
        own = np.flatnonzero(known & (provinces == province))
        outside = [i for i in own if not box.holds(longitude[i], latitude[i])]
        if 2 * len(outside) <= len(own):
            continue
        first, middle = outside[0], (float(np.median(x[own])), float(np.median(y[own])))
        fitting = [name for name in crs_that_fit(*middle, box) if name != crs_name(frame.crs)]
        if not fitting and frame.crs.is_projected and _holds(box, frame.crs, *middle[::-1]):
            problem, remedy = _SWAPPED
            shown = f"{x[first]:.2f}, {y[first]:.2f}"
            raise faults.stop(problem, remedy, column="geometry", value=shown)
        if fitting:
            raise faults.stop(
                Message(
                    "In {crs} the areas do not lie in {province}, to which their codes belong.",
                    crs=crs_name(frame.crs),
                    province=province_name(province),
                ),
                Message(
                    "Set townships.crs; the coordinates would fit {crs}.", crs=", ".join(fitting)
                ),
                column="geometry",
                value=f"{longitude[first]:.2f}, {latitude[first]:.2f}",
            )


def _middles(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of each area's bounds; NaN where it has no shape."""
    bounds = frame.geometry.bounds.to_numpy(dtype=float)
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _degrees(
    crs: CRS, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    longitude, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def _holds(region: Box, crs: CRS, x: float, y: float) -> bool:
    longitude, latitude = _degrees(crs, np.array([x]), np.array([y]))
    return region.holds(longitude[0], latitude[0])
