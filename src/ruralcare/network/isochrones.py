"""Isochrones: the area from which, or to which, one gets within a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.placed import as_series, parts_of_lines, place
from ruralcare.network.reached import Parts, Stretches, Way, check_way, stretches
from ruralcare.network.snap import NO_STOPPING, NOT_ON_FOOT
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at, square_kilometres

if TYPE_CHECKING:
    from ruralcare.network.placed import HasPoints

__all__ = ["isochrones"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Lines = NDArray[np.object_]

# Where the time runs out, the ribbon narrows in so many steps.
_STEPS = 3
# Bends smaller than this share of the ribbon do not show in its outline.
_DETAIL = 0.05
_ARC_SEGMENTS = 4


def isochrones(
    roads: RoadNetwork,
    points: gpd.GeoSeries | HasPoints,
    minutes: Sequence[float] = (15.0, 30.0),
    *,
    direction: Way = "from",
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    width_m: float = 150.0,
    gap_m: float = 300.0,
    hole_km2: float = 0.25,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Return the areas within reach of points, as the roads have it.

    The area is a ribbon along the parts of roads that are reached, ``width_m`` to each side, as
    far as the rest of the time allows to walk from the road: where the time runs out, the ribbon
    ends in a point. Gaps between neighbouring roads that are narrower than ``gap_m``, and holes
    that are smaller than ``hole_km2``, are counted in. Ferries, tunnels and roads on which nobody
    may stop are ways to get on, not areas. Where the land is known (``roads.land``), water is no
    area, and neither is a shore that is near a reached road across the water only; off the known
    land, the ribbons of roads count and those of bridges do not.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points : Places, DemandPoints or GeoSeries
        Anything with ``points``, or points indexed by id, in the CRS of the network.
    minutes : sequence of float
        Times from door to door. The area of a shorter time lies within that of a longer one.
    direction : {"from", "to"}
        ``from``: where one gets to from the point; ``to``: from where one gets to it.
    mode : {"car", "foot"}
        Mode of travel.
    walking_kmh : float
        Walking speed between doors and roads.
    snap_limit_m : float
        A point farther from any suitable road is not joined.
    width_m, gap_m : float
        See above, in metres.
    hole_km2 : float
        See above.
    progress : Progress
        Told about the points done.

    Returns
    -------
    GeoDataFrame
        A row per point and time, in their order, times ascending: ``point_id``, ``minutes``,
        ``state``, ``proxy`` (parts of the ways are stand-ins) and a MultiPolygon in the CRS of the
        roads. Without an area, the geometry is missing and the state says why: ``unsnapped`` (no
        road within the limit) or ``beyond_cutoff`` (the time is over before a road is reached);
        otherwise it is ``reached``.

    Raises
    ------
    TableError
        Mode or direction are not known, times or widths are not positive, or the points are in
        another CRS.
    """
    check_way(direction)
    times = sorted({float(value) for value in minutes})
    sizes = (*times, width_m, walking_kmh)
    if not times or not all(math.isfinite(size) and size > 0 for size in sizes):
        raise TableError("isochrones need times, a width and a walking speed above 0")
    if gap_m < 0 or hole_km2 < 0:
        raise TableError("gap_m and hole_km2 must not be negative")
    series = as_series(points)
    placed = place(
        roads,
        series,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
    )
    painter = _Painter(roads, mode, width_m, walking_kmh, gap_m, hole_km2)
    areas: dict[tuple[int, float], tuple[shapely.MultiPolygon, bool]] = {}
    for point, found in stretches(placed, roads, times[-1], direction, progress):
        painted = painter.areas(found, times)
        areas |= {(point, time): area for time, area in zip(times, painted, strict=True)}
    rows = [(point, time) for point in range(len(series)) for time in times]
    nothing = (None, False)
    geometry = [areas.get(row, nothing)[0] for row in rows]
    geometry = [area if area is not None and not area.is_empty else None for area in geometry]
    number = np.repeat(np.arange(len(series)), len(times))
    joined = placed.snapped.ok[number]
    reached = np.array([area is not None for area in geometry], dtype=bool)
    table = pd.DataFrame(
        {
            "point_id": series.index.to_numpy()[number],
            "minutes": np.tile(times, len(series)),
            "state": np.select([reached, joined], ["reached", "beyond_cutoff"], "unsnapped"),
            "proxy": np.array([areas.get(row, nothing)[1] for row in rows], dtype=bool),
        }
    )
    return gpd.GeoDataFrame(table, geometry=geometry, crs=roads.edges.crs)


class _Painter:
    """Turns stretches of road into areas."""

    def __init__(
        self,
        roads: RoadNetwork,
        mode: str,
        width_m: float,
        walking_kmh: float,
        gap_m: float,
        hole_km2: float,
    ) -> None:
        edges = roads.edges
        closed = NOT_ON_FOOT if mode == "foot" else NO_STOPPING
        open_ = (edges["kind"] == "road").to_numpy() & ~edges["road_class"].isin(closed).to_numpy()
        for name in ("bridge", "tunnel"):
            if name not in edges.columns:
                edges = edges.assign(**{name: False})
        self.paints = open_ & ~edges["tunnel"].to_numpy(dtype=bool)
        self.bridge = edges["bridge"].to_numpy(dtype=bool)
        self.proxy = edges["proxy"].to_numpy(dtype=bool)
        self.lines = edges.geometry.to_numpy()
        self.land = roads.land
        if self.land is not None:
            shapely.prepare(self.land)
        self.widths = width_m * np.arange(_STEPS, 0, -1) / _STEPS
        self.walks_min = minutes_at(self.widths, walking_kmh)
        self.detail_m = width_m * _DETAIL
        self.gap_m = gap_m
        self.hole_km2 = hole_km2

    def areas(
        self, found: Stretches, times: Sequence[float]
    ) -> list[tuple[shapely.MultiPolygon, bool]]:
        """Return the area of each time, ascending, and whether proxy links lead there."""
        made: list[tuple[shapely.MultiPolygon, bool]] = []
        ashore = abroad = before = shapely.MultiPolygon()
        lines: list[Lines] = []
        proxy = False
        done = (np.zeros(len(found.edge)), np.zeros(len(found.edge)))
        for time in times:
            inner, widest = done, done
            ribbons: tuple[list[Lines], list[Lines]] = ([], [])
            for width, walk in zip(self.widths, self.walks_min, strict=True):
                outer = _joined_up(found.within(time - walk))
                parts = found.between(inner, outer)
                proxy = proxy or bool(self.proxy[parts.edge].any())
                for ribbon, here in zip(ribbons, self._lines(parts), strict=True):
                    ribbon.append(shapely.buffer(here, width, quad_segs=_ARC_SEGMENTS))
                    lines.append(here)
                widest = outer if inner is done else widest
                inner = outer
            # The next time paints at full width what was painted narrower now.
            done = widest
            ashore, abroad = (
                shapely.union_all(np.concatenate([[old], *new]))
                for old, new in zip((ashore, abroad), ribbons, strict=True)
            )
            area = self._closed(ashore)
            if self.land is not None:
                area = _touching(shapely.intersection(area, self.land), np.concatenate(lines))
                beyond = shapely.difference(self._closed(abroad), self.land)
                area = shapely.union(area, beyond)
            before = _polygons(shapely.union(area, before))
            made.append((before, proxy))
        return made

    def _lines(self, parts: Parts) -> tuple[Lines, Lines]:
        """Return the lines to paint on the known land, and those off it."""
        chosen = self.paints[parts.edge]
        edge = parts.edge[chosen]
        lines = parts_of_lines(self.lines[edge], parts.near[chosen], parts.far[chosen])
        some = ~shapely.is_empty(lines)
        lines, bridge = shapely.simplify(lines[some], self.detail_m), self.bridge[edge[some]]
        if self.land is None:
            return lines, lines[:0]
        dry = shapely.covers(self.land, lines)
        across, bridge = lines[~dry], bridge[~dry]
        inside = shapely.intersection(across, self.land)
        outside = shapely.difference(across[~bridge], self.land)
        return np.concatenate([lines[dry], _parts(inside, 1)]), _parts(outside, 1)

    def _closed(self, ribbon: shapely.Geometry) -> shapely.Geometry:
        """Return a ribbon without narrow gaps and small holes."""
        wide = shapely.buffer(ribbon, self.gap_m / 2, quad_segs=_ARC_SEGMENTS)
        closed = shapely.buffer(wide, -self.gap_m / 2, quad_segs=_ARC_SEGMENTS)
        parts = shapely.get_parts(shapely.union(closed, ribbon))
        for number, part in enumerate(parts):
            holes = shapely.polygons(np.array(list(part.interiors), dtype=object))
            if len(holes):
                kept = square_kilometres(shapely.area(holes)) > self.hole_km2
                parts[number] = shapely.Polygon(
                    part.exterior, [hole.exterior for hole in holes[kept]]
                )
        return shapely.union_all(parts)


def _joined_up(reached: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Count stretches that are reached as a whole from their start alone: fewer lines to draw."""
    whole = reached[0] + reached[1] >= 1
    return np.where(whole, 1.0, reached[0]), np.where(whole, 0.0, reached[1])


def _parts(shapes: Lines | shapely.Geometry, dimension: int) -> Lines:
    """Return the lines (1) or areas (2) that shapes consist of."""
    parts: Lines = shapely.get_parts(shapely.get_parts(shapes))
    fits = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    return np.asarray(parts[fits])


def _touching(area: shapely.Geometry, lines: Lines) -> shapely.Geometry:
    """Return the pieces of an area that lines run in; each line runs in one."""
    pieces = _parts(area, 2)
    if len(pieces) < 2:
        return area
    middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    touched, _ = shapely.STRtree(middles).query(pieces, predicate="intersects")
    return shapely.union_all(pieces[np.unique(touched)])


def _polygons(area: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.multipolygons(_parts(area, 2))
