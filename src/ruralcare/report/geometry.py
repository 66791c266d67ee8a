"""Geometry for a page: simplified with shared borders kept shared, as short integers.

Coordinates are degrees in steps of 1e-5 (about a metre), each written as the difference from
the one before: a border of a township becomes a short list of small whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = [
    "STEPS_PER_DEGREE",
    "decode_line",
    "encode_lines",
    "encode_points",
    "encode_polygon",
    "label_points",
    "outlines",
    "road_lines",
    "simplified",
    "tolerance_m",
]

STEPS_PER_DEGREE: Final = 100_000
_PAGE_PIXELS: Final = 1_600
_FINEST_M: Final = 5.0
_COARSEST_M: Final = 100.0

_ROAD_LEVELS: Final = {
    "motorway": 1,
    "trunk": 1,
    "primary": 2,
    "secondary": 2,
    "tertiary": 3,
    "unclassified": 4,
    "road": 4,
}
"""Weight of a road on the map by class; what is missing here is not drawn."""
_PROXY_LEVEL: Final = 6


def tolerance_m(frame: gpd.GeoDataFrame) -> float:
    """Return how far a border may move so that nobody sees it: half a pixel of a full screen.

    Between 5 m for a small area and 100 m for a country.
    """
    west, south, east, north = frame.total_bounds
    return float(np.clip(max(east - west, north - south) / _PAGE_PIXELS, _FINEST_M, _COARSEST_M))


def simplified(frame: gpd.GeoDataFrame, tolerance: float) -> gpd.GeoDataFrame:
    """Return the areas with fewer points; borders between neighbours stay shared.

    Parts smaller than the square of the tolerance are left out, except the largest part of an
    area.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons in a projected CRS, in metres.
    tolerance : float
        Metres.
    """
    areas = np.asarray(frame.geometry.array)
    simple = shapely.coverage_simplify(areas, tolerance)
    kept = [_without_specks(area, tolerance) for area in simple]
    return frame.set_geometry(gpd.GeoSeries(kept, index=frame.index, crs=frame.crs))


def _without_specks(area: shapely.Geometry, tolerance: float) -> shapely.Geometry:
    parts = shapely.get_parts(area)
    if len(parts) < 2:
        return area
    sizes = shapely.area(parts)
    keep = sizes >= min(float(sizes.max()), 4 * tolerance**2)
    return shapely.multipolygons(parts[keep]) if keep.sum() > 1 else parts[keep][0]


def _steps(coordinates: NDArray[np.float64], *, closed: bool) -> list[int]:
    """Return a line as its first point and the differences that follow, flat."""
    steps = np.floor(coordinates * STEPS_PER_DEGREE + 0.5).astype(np.int64)
    if closed:
        steps = steps[:-1]
    moves = np.diff(steps, axis=0)
    moves = moves[(moves != 0).any(axis=1)]
    return [int(value) for value in np.vstack([steps[:1], moves]).ravel()]


def encode_polygon(area: shapely.Geometry) -> list[list[int]]:
    """Return the rings of a polygon in degrees; filled by the even-odd rule.

    Rings that shrink to less than a triangle are left out.
    """
    rings: list[list[int]] = []
    for part in shapely.get_parts(area):
        for ring in (part.exterior, *part.interiors):
            steps = _steps(shapely.get_coordinates(ring), closed=True)
            if len(steps) >= 6:
                rings.append(steps)
    return rings


def encode_lines(lines: Iterable[shapely.Geometry]) -> list[list[int]]:
    """Return lines in degrees; a line that shrinks to a point is left out."""
    encoded = []
    for line in lines:
        for part in shapely.get_parts(line):
            steps = _steps(shapely.get_coordinates(part), closed=False)
            if len(steps) >= 4:
                encoded.append(steps)
    return encoded


def encode_points(points: gpd.GeoSeries) -> list[list[int]]:
    """Return points in degrees as pairs of steps (longitude, latitude)."""
    coordinates = shapely.get_coordinates(np.asarray(points.array)) * STEPS_PER_DEGREE
    return [[int(x), int(y)] for x, y in np.floor(coordinates + 0.5)]


def decode_line(steps: Sequence[int]) -> NDArray[np.float64]:
    """Return the points in degrees that :func:`encode_lines` was given, up to 5e-6 degrees."""
    return np.cumsum(np.array(steps, dtype=float).reshape(-1, 2), axis=0) / STEPS_PER_DEGREE


def outlines(simple: gpd.GeoDataFrame, by: str) -> gpd.GeoSeries:
    """Return the outline of each group of areas, indexed by group in order of first mention."""
    groups = list(dict.fromkeys(simple[by]))
    members = simple.geometry.groupby(simple[by], sort=False)
    merged = {name: _union(np.asarray(rows.array)) for name, rows in members}
    return gpd.GeoSeries([merged[name] for name in groups], index=groups, crs=simple.crs)


def _union(areas: NDArray[np.object_]) -> shapely.Geometry:
    try:
        return shapely.coverage_union_all(areas)
    except shapely.GEOSException:
        # Borders of real data do not always meet exactly.
        return shapely.union_all(shapely.make_valid(areas))


def label_points(areas: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return a point well inside each area: the middle of its largest inscribed circle."""
    largest = []
    for area in areas.array:
        parts = shapely.get_parts(area)
        largest.append(parts[int(np.argmax(shapely.area(parts)))])
    if len(largest) > 500:
        middles = list(shapely.point_on_surface(np.array(largest)))
    else:
        circles = shapely.maximum_inscribed_circle(np.array(largest), tolerance=50.0)
        middles = [shapely.Point(shapely.get_coordinates(circle)[0]) for circle in circles]
    return gpd.GeoSeries(middles, index=areas.index, crs=areas.crs)


def road_lines(edges: gpd.GeoDataFrame, tolerance: float) -> list[tuple[int, gpd.GeoSeries]]:
    """Return the roads worth drawing, joined and simplified, as (level, lines).

    Levels run from 1 (main roads) to 4 (lanes), 5 is a ferry, 6 a proxy link. Lines that nobody
    would see are left out, but no proxy link: the shortest may be what holds the network together.
    """
    classes = edges["road_class"].str.removesuffix("_link")
    level = classes.map(_ROAD_LEVELS).where(~edges["proxy"], _PROXY_LEVEL)
    level = level.where(edges["kind"] != "ferry", 5)
    drawn: list[tuple[int, gpd.GeoSeries]] = []
    for number in range(1, _PROXY_LEVEL + 1):
        rows = edges[level == number]
        if rows.empty:
            continue
        merged = shapely.line_merge(shapely.multilinestrings(np.asarray(rows.geometry.array)))
        lines = shapely.simplify(shapely.get_parts(merged), tolerance)
        least = 0.0 if number == _PROXY_LEVEL else tolerance
        kept = lines[shapely.length(lines) >= least]
        order = np.lexsort(shapely.bounds(kept).T)
        drawn.append((number, gpd.GeoSeries(kept[order], crs=edges.crs)))
    return drawn
