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

# What is reached in the last moment is a thread of road, so much to each side.
_THREAD_M = 1.0
# Bends smaller than this share of the ribbon do not show in its outline.
_DETAIL = 0.05
_ARC_SEGMENTS = 4
# A road along the shore may lie off the land by rounding.
_ON_LAND_M = 1e-6


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
    tapers to a thread of a metre, which follows the road as far as it is reached. Thus everything
    that :func:`.reached_edges` returns lies in the area, if it may be one. Gaps between
    neighbouring roads that are narrower than ``gap_m``, and holes that are smaller than
    ``hole_km2``, are counted in. Ferries, tunnels and roads on which nobody may stop are ways to
    get on, not areas. Where the land is known (``roads.land``), water is no area, and neither is a
    shore that is near a reached road across the water only; off the known land, the ribbons of
    roads count and those of bridges do not.

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
        roads. The state is ``unsnapped`` (no road within the limit), ``beyond_cutoff`` (the time
        is over before a road is reached) or ``reached``. The first two have no geometry; neither
        has a point from which nothing but tunnels or bridges is reached.

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
    limit = np.tile(times, len(series))
    reached = placed.walk_min[number] <= limit
    table = pd.DataFrame(
        {
            "point_id": series.index.to_numpy()[number],
            "minutes": limit,
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
        self.width_m = width_m
        self.minute_m = width_m / minutes_at(width_m, walking_kmh)
        # The taper is drawn in bands, each in the detail that its width asks for. They do not
        # depend on the full width: a wider ribbon has the same end.
        self.thread_m = min(_THREAD_M, width_m)
        doublings = max(0, math.ceil(math.log2(width_m / self.thread_m)))
        self.bands_m = self.thread_m * 2.0 ** np.arange(doublings - 1, -1, -1)
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
            ribbons: tuple[list[Lines], list[Lines]] = ([], [])
            # The next time paints at full width what is painted narrower now.
            inner, widest = done, self._reached(found, time, self.width_m)
            done = _joined_up(widest)
            bands = [(done, self.width_m), *((None, low) for low in self.bands_m), (None, 0.0)]
            upper = self.width_m
            for outer, low in bands:
                outer = outer or self._reached(found, time, low)
                parts = found.between(inner, outer)
                inner = widest if outer is done else outer
                proxy = proxy or bool(self.proxy[parts.edge].any())
                for ribbon, here in zip(ribbons, self._lines(parts, time), strict=True):
                    ribbon.append(_ribbon(here, max(low, self.thread_m), upper))
                    lines.append(here)
                upper = max(low, self.thread_m)
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

    def _reached(self, found: Stretches, time: float, walk_m: float) -> tuple[Floats, Floats]:
        """Return what is reached with so many metres of walking left."""
        return found.within(time - walk_m / self.minute_m)

    def _lines(self, parts: Parts, time: float) -> tuple[Lines, Lines]:
        """Return the lines to paint on the known land, and those off it.

        The third coordinate is the distance in metres that can be walked from there, where that
        is less than the full width.
        """
        chosen = self.paints[parts.edge]
        edge, near, far, near_min, far_min = (values[chosen] for values in parts)
        lines = parts_of_lines(self.lines[edge], near, far)
        some = ~shapely.is_empty(lines)
        # Roads that are joined up have no time where they are not entered.
        first_m, last_m = (
            ((time - minutes[some]) * self.minute_m).clip(0, self.width_m)
            for minutes in (near_min, far_min)
        )
        lines, bridge = _with_heights(lines[some], first_m, last_m), self.bridge[edge[some]]
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
        parts = _parts(shapely.union(closed, ribbon), 2)
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


def _with_heights(lines: Lines, first: Floats, last: Floats) -> Lines:
    """Return lines whose third coordinate runs evenly from a first to a last value."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.zeros(len(xy))
    step[1:] = np.hypot(*np.diff(xy, axis=0).T) * (line[1:] == line[:-1])
    along = np.cumsum(step)
    begin = along[np.searchsorted(line, np.arange(len(lines)))]
    share = (along - begin[line]) / shapely.length(lines)[line]
    height = first[line] + share.clip(0, 1) * (last - first)[line]
    made: Lines = shapely.linestrings(np.column_stack([xy, height]), indices=line)
    return made


def _ribbon(lines: Lines, low_m: float, high_m: float) -> Lines:
    """Return the areas beside lines, as wide to each side as they are high.

    Where the heights differ, the area beside a straight piece is the hull of the circles around
    its ends, which is all that is within the height of any of its places.

    Parameters
    ----------
    lines : array of LineString
        Lines with heights in metres.
    low_m, high_m : float
        Heights below or above are those; where both are the same, so is the width everywhere.
    """
    # Doubling widths have detail in common, whatever the full width is.
    lines = shapely.simplify(lines, _DETAIL * 2.0 ** math.floor(math.log2(low_m)))
    if low_m == high_m:
        return np.asarray(shapely.buffer(lines, low_m, quad_segs=_ARC_SEGMENTS))
    xyz, line = shapely.get_coordinates(lines, include_z=True, return_index=True)
    if not len(xyz):
        return np.empty(0, dtype=object)
    # A missing height is that of the narrow end.
    width = np.nan_to_num(xyz[:, 2], nan=low_m).clip(low_m, high_m)
    start = np.flatnonzero(line[1:] == line[:-1])
    run = xyz[start + 1, :2] - xyz[start, :2]
    # Corners at right angles to the line, so that the full width is kept beside it.
    turn = np.arange(4 * _ARC_SEGMENTS) * (math.pi / 2 / _ARC_SEGMENTS)
    angle = np.arctan2(run[:, 1], run[:, 0])[:, None] + turn
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    corners = np.concatenate(
        [xyz[end, None, :2] + width[end, None, None] * circle for end in (start, start + 1)], axis=1
    )
    return np.asarray(shapely.convex_hull(shapely.linestrings(corners)))


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
    middles = shapely.line_interpolate_point(shapely.force_2d(lines), 0.5, normalized=True)
    tree = shapely.STRtree(middles)
    touched, _ = tree.query(pieces, predicate="dwithin", distance=_ON_LAND_M)
    return shapely.union_all(pieces[np.unique(touched)])


def _polygons(area: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.multipolygons(_parts(area, 2))
