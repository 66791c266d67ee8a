"""Files of points or small areas: CSV with coordinates or grid codes, and the formats of GIS."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer

from ruralcare.errors import InputError
from ruralcare.inputs.areas.shapefiles import check_shapefile
from ruralcare.inputs.coordinates import no_number
from ruralcare.inputs.crs import KOREAN_CRS
from ruralcare.inputs.files import DAMAGE, Faults, read_bytes
from ruralcare.inputs.people.cells import Cells, read_cells, squeezed
from ruralcare.inputs.people.projecting import (
    WGS84,
    checked_crs,
    held,
    projected,
    spot,
    to_degrees,
    unknown_crs,
)
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = [
    "Features",
    "find_pair",
    "in_metres",
    "pair_of_row",
    "read_features",
    "somewhere_else",
    "table_features",
    "wider_bounds",
]

_PAIRS: Final = (
    ("lon", "lat"), ("longitude", "latitude"), ("lng", "lat"), ("경도", "위도"),
    ("x", "y"), ("x좌표", "y좌표"), ("xcoord", "ycoord"),
)  # fmt: skip
# Farther off the townships, nothing in a file matters.
_MARGIN_M: Final = 2000.0
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
# 126,599 is rather a longitude than a hundred kilometres.
_IN_DEGREES: Final = re.compile(r"-?(\d{1,2}|1[0-7]\d|180),\d+$")
_TEXTS: Final = (".csv", ".txt", ".tsv", ".xlsx", ".xls")


@dataclass(frozen=True)
class Features:
    """Points of a file and what it says of each.

    Parameters
    ----------
    points : ndarray of shapely Points
        In the CRS of the scenario; areas are represented by a point inside.
    columns : DataFrame
        The other columns, as they are in the file, one row for each point.
    rows : list of int or None
        Row of each in the file; None for formats without rows.
    form, crs : str
        Format, and the CRS in which the file was read.
    total : int
        Rows of the file; those far from the townships may have been passed over unread.
    """

    points: np.ndarray
    columns: pd.DataFrame
    rows: list[int | None]
    form: str
    crs: str
    total: int


def read_features(path: Path, scenario: Scenario, towns: Townships, faults: Faults) -> Features:
    """Read the points of a file.

    Raises
    ------
    InputError
        The file cannot be read, has no coordinates, or these are in another CRS than told.
    """
    if scenario.points.crs is not None:
        checked_crs(scenario.points.crs, faults)
    if path.suffix.lower() in _TEXTS:
        return table_features(read_cells(path, faults), scenario, towns, faults)
    return _gis_features(path, scenario, towns, faults)


def table_features(cells: Cells, scenario: Scenario, towns: Townships, faults: Faults) -> Features:
    """Return the points of a table with a column each for x and y."""
    header = cells.rows[0]
    pair = find_pair(header)
    if pair is None:
        raise faults.stop(
            Message("The table has no columns of coordinates."),
            Message(
                "Name them lon and lat, or x and y; found: {columns}.",
                columns=", ".join(header)[:300],
            ),
            row=cells.numbers[0],
        )
    metres = in_metres(scenario.points.crs)
    kept: list[list[str]] = []
    rows: list[int | None] = []
    xy: list[tuple[float, float]] = []
    for number, row in zip(cells.numbers[1:], cells.rows[1:], strict=True):
        if len(row) < len(header):
            faults.add(
                Message(
                    "The row has {found} cells instead of {wanted}.",
                    found=len(row),
                    wanted=len(header),
                ),
                Message(
                    "Put texts with commas in quotes; a short row may mean a file that was cut off."
                ),
                row=number,
            )
            continue
        place = pair_of_row(row, pair, header, number, faults, metres=metres)
        if place is not None:
            kept.append(row[: len(header)])
            rows.append(number)
            xy.append(place)
    x, y = np.asarray(xy, dtype=float).reshape(-1, 2).T
    read_as = scenario.points.crs or _crs_of_numbers(x, y, towns, faults)
    names = (header[pair[0]], header[pair[1]])
    points = projected(x, y, rows, read_as, scenario, faults, names, box=spot(towns))
    return Features(
        points,
        pd.DataFrame(kept, columns=header, dtype=object),
        rows,
        cells.form,
        read_as,
        len(cells.rows) - 1,
    )


def in_metres(crs: str | None) -> bool:
    """Return whether a CRS was told that has metres."""
    return crs is not None and not CRS.from_user_input(crs).is_geographic


def find_pair(header: Sequence[str]) -> tuple[int, int] | None:
    """Return the columns of x and y, or None."""
    plain = [squeezed(cell).lower() for cell in header]
    for first, second in _PAIRS:
        if first in plain and second in plain:
            return plain.index(first), plain.index(second)
    return None


def pair_of_row(
    row: Sequence[str],
    pair: tuple[int, int],
    header: Sequence[str],
    number: int,
    faults: Faults,
    *,
    metres: bool = False,
) -> tuple[float, float] | None:
    """Return x and y of a row, or None with a fault noted.

    Parameters
    ----------
    metres : bool
        Whether they are known to be metres of a grid, where 126,599 is no decimal comma.
    """
    values = []
    for column in pair:
        text = row[column]
        try:
            if _THOUSANDS.fullmatch(text) and (metres or not _IN_DEGREES.match(text)):
                text = text.replace(",", "")
            value = float(text)
            if not np.isfinite(value):
                raise ValueError
        except ValueError:
            faults.add(
                no_number(text),
                Message("Write degrees with a decimal point, such as 126.5993."),
                row=number,
                column=header[column],
                value=row[column],
            )
            return None
        values.append(value)
    return values[0], values[1]


def _crs_of_numbers(x: np.ndarray, y: np.ndarray, towns: Townships, faults: Faults) -> str:
    """Return degrees for numbers of that range; the grid in which others fit must be told."""
    if not len(x) or (np.abs(x).max() <= 180 and np.abs(y).max() <= 180):
        return WGS84
    raise unknown_crs(float(np.median(x)), float(np.median(y)), towns, faults)


def _gis_features(path: Path, scenario: Scenario, towns: Townships, faults: Faults) -> Features:
    read_bytes(path, faults)
    frame, total = _read(path, towns, scenario, faults)
    if scenario.points.crs is not None:
        frame = frame.set_crs(scenario.points.crs, allow_override=True)
    if not len(frame):
        return Features(np.array([], dtype=object), pd.DataFrame(frame), [], _form(path), "", total)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    points = np.where(
        shapely.get_type_id(shapes) == shapely.GeometryType.POINT.value,
        shapes,
        shapely.point_on_surface(shapes),
    )
    x, y = shapely.get_x(points), shapely.get_y(points)
    if frame.crs is None:
        raise unknown_crs(float(np.median(x)), float(np.median(y)), towns, faults)
    read_as = f"EPSG:{frame.crs.to_epsg()}" if frame.crs.to_epsg() else frame.crs.to_wkt()
    rows: list[int | None] = [None] * len(frame)
    names = ("x", "y")
    placed = projected(x, y, rows, read_as, scenario, faults, names, box=spot(towns))
    columns = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    return Features(placed, columns, rows, _form(path), read_as, total)


def _form(path: Path) -> str:
    known = {".shp": "Shapefile", ".gpkg": "GeoPackage", ".parquet": "GeoParquet"}
    return known.get(path.suffix.lower(), "GeoJSON")


def _read(
    path: Path, towns: Townships, scenario: Scenario, faults: Faults
) -> tuple[gpd.GeoDataFrame, int]:
    """Return the features near the townships, and how many the file has."""
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            frame = gpd.read_parquet(path)
            return _with_shape(frame, faults), len(frame)
        told = pyogrio.read_info(path, force_feature_count=True)
        total = int(told["features"])
        crs = scenario.points.crs or told["crs"]
        near = None
        if crs is not None:
            # A national grid has ten million cells; only those around the townships are read.
            near = _near(towns, crs)
        frame = _opened(path, near, faults)
        if frame.empty and near is not None:
            # Nothing there: some of it shows where the file lies instead.
            frame = _opened(path, None, faults, most=1000)
    except InputError:
        raise
    except DAMAGE as error:
        # What pyogrio makes of a .prj that is no text is a NameError.
        told = f"{path.stem}.prj" if isinstance(error, NameError) else str(error)[:200].rstrip(".")
        raise faults.stop(
            Message("The file cannot be read: {detail}.", detail=told),
            Message("Give CSV, GeoPackage, Shapefile, GeoJSON or GeoParquet."),
        ) from None
    return _with_shape(frame, faults), total


def _near(towns: Townships, crs: str) -> tuple[float, ...] | None:
    """Return the bounds of the townships in a CRS, with a margin; None where it has none."""
    to_file = Transformer.from_crs(towns.crs, crs, always_xy=True)
    near = to_file.transform_bounds(*wider_bounds(towns))
    return near if np.isfinite(near).all() else None


def wider_bounds(towns: Townships) -> tuple[float, float, float, float]:
    """Return the bounds of the townships with a margin, in their CRS."""
    west, south, east, north = towns.frame.total_bounds
    return west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M


def _opened(
    path: Path, near: tuple[float, ...] | None, faults: Faults, most: int | None = None
) -> gpd.GeoDataFrame:
    encoding = check_shapefile(path, faults) if path.suffix.lower() == ".shp" else None
    with warnings.catch_warnings():
        # GDAL warns of what it mends; shapes that it cannot mend come without a place.
        warnings.simplefilter("ignore")
        return gpd.read_file(path, bbox=near, rows=most, encoding=encoding, on_invalid="ignore")


def _with_shape(frame: gpd.GeoDataFrame, faults: Faults) -> gpd.GeoDataFrame:
    if not isinstance(frame, gpd.GeoDataFrame) or "geometry" not in frame:
        raise faults.stop(
            Message("The file holds no points or areas."),
            Message("Give CSV, GeoPackage, Shapefile, GeoJSON or GeoParquet."),
        )
    bare = frame.geometry.isna() | frame.geometry.is_empty
    if bare.any():
        faults.remark(
            Message("{count} features have no place and are left out.", count=int(bare.sum())),
            Message("Give them a geometry if they matter."),
        )
    return frame[~bare]


def somewhere_else(features: Features, towns: Townships, faults: Faults) -> Exception:
    """Return the error for a file none of whose points lies in a township."""
    x, y = shapely.get_x(features.points), shapely.get_y(features.points)
    fits: list[str] = []
    if len(x) and features.crs:
        back = Transformer.from_crs(towns.crs, features.crs, always_xy=True)
        x, y = back.transform(x, y)
        box = spot(towns, 0.0)
        fits = [crs for crs in KOREAN_CRS if held(box, *to_degrees(x, y, crs)).mean() > 0.5]
    value = f"{x[0]:.10g}, {y[0]:.10g}" if len(x) else None
    if fits:
        return faults.stop(
            Message("The coordinates do not fit {read_as}; they would fit {crs}.",
                    read_as=features.crs, crs=", ".join(fits)),
            Message("Set points.crs to the CRS of the file, such as {crs}.", crs=fits[0]),
            column="points.crs",
            value=value,
        )  # fmt: skip
    return faults.stop(
        Message("Nothing in the file lies in the planned townships."),
        Message("Give the file of this county, and check its CRS (points.crs)."),
        value=value,
    )
