"""Points placed on the network, ready for a search, and parts of its edges as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ruralcare.network.arguments import MODES, check_arguments, checked_points
from ruralcare.network.ends import Joined, join
from ruralcare.network.graph import RoadGraph, road_graph
from ruralcare.network.snap import Snapped, snap_points
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at

__all__ = ["HasPoints", "Placed", "as_series", "parts_of_lines", "place"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Lines = NDArray[np.object_]

# Parts of a line that are shorter are no lines.
_SHORTEST_M = 1e-6


class HasPoints(Protocol):
    """Anything with points, such as Places, Facilities or Cooperatives."""

    @property
    def points(self) -> gpd.GeoSeries:
        """The points, indexed by id."""


@dataclass(frozen=True)
class Placed:
    """Points on a graph.

    Parameters
    ----------
    graph : RoadGraph
        Graph of the network.
    ids : array of str
        Their ids.
    points : array of Point
        The points, in the CRS of the network.
    snapped : Snapped
        Edge, share and distance of each point.
    joined : Joined
        The points as ends on the graph.
    walk_min : array of float
        Walk between each point and its road; NaN for the unsnapped.
    """

    graph: RoadGraph
    ids: NDArray[np.object_]
    points: NDArray[np.object_]
    snapped: Snapped
    joined: Joined
    walk_min: Floats

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.ids)

    @property
    def edge(self) -> Ints:
        """Edge that each point joined; −1 for the unsnapped."""
        return self.snapped.edge

    def take(self, rows: Ints) -> Placed:
        """Return chosen points, in the order chosen."""
        own = self.snapped
        return Placed(
            self.graph,
            self.ids[rows],
            self.points[rows],
            Snapped(own.edge[rows], own.share[rows], own.distance_m[rows]),
            self.joined.take(rows),
            self.walk_min[rows],
        )

    def straight_min(self, rows: Ints, other: Placed, others: Ints, walking_kmh: float) -> Floats:
        """Return the time of the straight walk from some points to points of another set."""
        return minutes_at(shapely.distance(self.points[rows], other.points[others]), walking_kmh)


def as_series(points: gpd.GeoSeries | HasPoints) -> gpd.GeoSeries:
    """Return points, indexed by their ids.

    Parameters
    ----------
    points : GeoSeries, or anything with ``points``
        Points, or what has them.

    Returns
    -------
    GeoSeries
        The points; ids that are numbers become text.
    """
    series = points if isinstance(points, gpd.GeoSeries) else points.points
    return series.set_axis(series.index.map(str))


def place(
    roads: RoadNetwork,
    points: gpd.GeoSeries,
    *,
    mode: str,
    walking_kmh: float,
    snap_limit_m: float,
) -> Placed:
    """Join points to the network as for travel times; arguments are checked here for all questions.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points : GeoSeries
        Points in its CRS.
    mode : {"car", "foot"}
        Mode of travel.
    walking_kmh, snap_limit_m : float
        Walking speed, and the longest walk to a road.

    Returns
    -------
    Placed
        The points in their order, also those that joined no road.

    Raises
    ------
    TableError
        The mode is not known, a number is none or too small, the points are in another CRS or
        none, an id is there twice, or a geometry is no point.
    """
    check_arguments(
        one_of=[("mode", mode, MODES)],
        positive=[("walking_kmh", walking_kmh), ("snap_limit_m", snap_limit_m)],
    )
    points = checked_points(points, roads.edges.crs)
    graph = road_graph(roads, mode=mode, walking_kmh=walking_kmh)
    snapped = snap_points(roads, points, limit_m=snap_limit_m, mode=mode)
    joined = join(graph, roads, snapped)
    walk_min = minutes_at(snapped.distance_m, walking_kmh)
    ids = points.index.to_numpy(object)
    return Placed(graph, ids, points.to_numpy(), snapped, joined, walk_min)


def parts_of_lines(lines: Lines, start: Floats, end: Floats) -> Lines:
    """Return the part of each line between two shares of its length.

    Parameters
    ----------
    lines : array of LineString, shape (n,)
        Lines.
    start, end : array of float, shape (n,)
        Shares from 0 to 1. Where the start lies behind the end, the part runs backwards.

    Returns
    -------
    array of LineString
        Empty where nothing lies between the two. Heights are left out.

    Examples
    --------
    >>> line = shapely.from_wkt("LINESTRING (0 0, 10 0, 10 10)")
    >>> print(parts_of_lines(np.array([line]), np.array([0.75]), np.array([0.25]))[0])
    LINESTRING (10 5, 10 0, 5 0)
    """
    low, high = np.minimum(start, end), np.maximum(start, end)
    parts = np.asarray(shapely.force_2d(lines), dtype=object).copy()
    length = shapely.length(parts)
    some = (high - low) * length > _SHORTEST_M
    parts[~some] = shapely.LineString()
    cut = np.flatnonzero(some & ((low > 0) | (high < 1)))
    if len(cut):
        parts[cut] = _cut(parts[cut], low[cut] * length[cut], high[cut] * length[cut])
    turned = some & (start > end)
    parts[turned] = shapely.reverse(parts[turned])
    return parts


def _cut(lines: Lines, start_m: Floats, end_m: Floats) -> Lines:
    """Return the parts between two places; they are not empty."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.zeros(len(xy))
    step[1:] = np.hypot(*np.diff(xy, axis=0).T) * (line[1:] == line[:-1])
    first = np.searchsorted(line, np.arange(len(lines)))
    so_far = np.cumsum(step)
    along = so_far - so_far[first][line]
    # A vertex next to a cut would only repeat it.
    inside = (along > start_m[line] + _SHORTEST_M) & (along < end_m[line] - _SHORTEST_M)
    ends = shapely.get_coordinates(
        shapely.line_interpolate_point(np.concatenate([lines, lines]), np.append(start_m, end_m))
    )
    number = np.arange(len(lines))
    owner = np.concatenate([number, line[inside], number])
    rank = np.repeat([0, 1, 2], [len(lines), int(inside.sum()), len(lines)])
    places = np.concatenate([ends[: len(lines)], xy[inside], ends[len(lines) :]])
    order = np.lexsort((rank, owner))
    made: Lines = shapely.linestrings(places[order], indices=owner[order])
    return made
