"""The parts of edges that are reached within a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.network.engine import ways_to_all
from ruralcare.network.graph import RoadGraph
from ruralcare.network.placed import Placed, as_series, parts_of_lines, place
from ruralcare.network.search.arrays import infinity, limit_key, ticks_of
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

if TYPE_CHECKING:
    from ruralcare.network.placed import HasPoints

__all__ = ["Parts", "Stretches", "Way", "check_way", "reached_edges", "stretches"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Way = Literal["from", "to"]

# Points whose ways are held at once.
_BLOCK = 16


class Parts(NamedTuple):
    """Parts of edges, from the place that is nearer in time to the farther one.

    ``edge`` is a row of the network, ``near`` and ``far`` are shares of the edge.
    """

    edge: Ints
    near: Floats
    far: Floats
    near_min: Floats
    far_min: Floats


@dataclass(frozen=True)
class Stretches:
    """Edges, or parts of them, with the times at which their ends are reached.

    Parameters
    ----------
    edge : array of int
        Row of the edge.
    start, end : array of float
        Shares of the edge between which the stretch lies.
    start_min, end_min : array of float
        Time at each end; infinite where the stretch is not entered there.
    ride_min : array of float
        Time from one end to the other.
    """

    edge: Ints
    start: Floats
    end: Floats
    start_min: Floats
    end_min: Floats
    ride_min: Floats

    def within(self, limit_min: float) -> tuple[Floats, Floats]:
        """Return how far each stretch is reached from its start, and from its end, as shares.

        Where the two ways meet, each counts as far as it is the quicker one.
        """
        instant = self.ride_min == 0
        ride = np.where(instant, 1.0, self.ride_min)
        with np.errstate(invalid="ignore"):
            meet = (self.end_min - self.start_min + ride) / (2 * ride)
        meet = np.where(instant, self.start_min <= self.end_min, np.nan_to_num(meet)).clip(0, 1)
        ahead, back = (limit_min - self.start_min) / ride, (limit_min - self.end_min) / ride
        ahead = np.where(instant, ahead >= 0, ahead).clip(0, 1)
        back = np.where(instant, back >= 0, back).clip(0, 1)
        return np.minimum(ahead, meet), np.minimum(back, 1 - meet)

    def between(self, inner: tuple[Floats, Floats], outer: tuple[Floats, Floats]) -> Parts:
        """Return what lies within ``outer`` and not within ``inner``; see :meth:`within`."""
        rows = np.tile(np.arange(len(self.edge)), 2)
        near = np.concatenate([inner[0], 1 - inner[1]])
        far = np.concatenate([outer[0], 1 - outer[1]])
        from_start = np.repeat([True, False], len(self.edge))
        some = np.where(from_start, far > near, far < near)
        rows, near, far, from_start = rows[some], near[some], far[some], from_start[some]
        base = np.where(from_start, self.start_min[rows], self.end_min[rows])
        ride, size = self.ride_min[rows], (self.end - self.start)[rows]
        return Parts(
            self.edge[rows],
            self.start[rows] + near * size,
            self.start[rows] + far * size,
            base + np.where(from_start, near, 1 - near) * ride,
            base + np.where(from_start, far, 1 - far) * ride,
        )


def check_way(direction: str) -> None:
    """Raise a TableError for a direction that is neither ``from`` nor ``to``."""
    if direction not in ("from", "to"):
        raise TableError(f"direction must be from or to, not {direction}")


def reached_edges(
    roads: RoadNetwork,
    points: gpd.GeoSeries | HasPoints,
    minutes: float = 30.0,
    *,
    direction: Way = "from",
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Return the parts of roads and ferries that are reached within a time.

    Parameters
    ----------
    roads, points, direction, mode, walking_kmh, snap_limit_m, progress
        As for :func:`.isochrones`.
    minutes : float
        Time from the door of the point to the road; the walk to its own road counts.

    Returns
    -------
    GeoDataFrame
        ``point_id``, ``edge`` (row of ``roads.edges``), ``from_min``, ``to_min`` (time at the
        first and at the last place of the line), ``kind``, ``road_class``, ``proxy`` and the line,
        which runs in the direction of travel. An edge that is reached from both ends is two rows;
        they meet where both ways take equally long. Sorted by point, edge and place on the edge.

    Raises
    ------
    TableError
        As for :func:`.isochrones`.
    """
    check_way(direction)
    series = as_series(points)
    placed = place(
        roads,
        series,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
    )
    tables = [
        _table(roads, series.index[point], found, minutes, direction)
        for point, found in stretches(placed, roads, minutes, direction, progress)
    ]
    columns = ["point_id", "edge", "from_min", "to_min", "geometry"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    more = roads.edges[["kind", "road_class", "proxy"]].iloc[table["edge"].to_numpy(np.int64)]
    table[list(more.columns)] = more.to_numpy()
    table["proxy"] = table["proxy"].astype(bool)
    table = table[[*columns[:-1], *more.columns, "geometry"]]
    return gpd.GeoDataFrame(table, geometry="geometry", crs=roads.edges.crs)


def _table(
    roads: RoadNetwork, point_id: object, found: Stretches, minutes: float, direction: Way
) -> pd.DataFrame:
    nothing = (np.zeros(len(found.edge)), np.zeros(len(found.edge)))
    parts = found.between(nothing, found.within(minutes))
    order = np.lexsort((np.minimum(parts.near, parts.far), parts.edge))
    edge = parts.edge[order]
    first, last, first_min, last_min = (values[order] for values in parts[1:])
    if direction == "to":
        first, last, first_min, last_min = last, first, last_min, first_min
    lines = parts_of_lines(roads.edges.geometry.to_numpy()[edge], first, last)
    table = pd.DataFrame(
        {
            "point_id": point_id,
            "edge": edge,
            "from_min": first_min,
            "to_min": last_min,
            "geometry": lines,
        }
    )
    kept: pd.DataFrame = table.loc[~shapely.is_empty(lines)]
    return kept


def stretches(
    placed: Placed,
    roads: RoadNetwork,
    minutes: float,
    direction: Way,
    progress: Progress = silent,
) -> Iterator[tuple[int, Stretches]]:
    """Search from each point; points that are not joined, or too far to walk in, are left out.

    Parameters
    ----------
    placed : Placed
        The points.
    roads : RoadNetwork
        The network.
    minutes : float
        Longest time, from the door.
    direction : {"from", "to"}
        Whether one leaves the point or comes to it.
    progress : Progress
        Told about each block of points.

    Yields
    ------
    point : int
        Position of the point.
    stretches : Stretches
        The edges that are entered within the time.
    """
    graph = placed.graph
    ends, arcs = (
        (placed.joined.out, graph.forward)
        if direction == "from"
        else (placed.joined.into, graph.backward)
    )
    # Unsnapped points have no walk: NaN is not within any time.
    known = np.flatnonzero(placed.walk_min <= minutes)
    limit = limit_key(int(ticks(np.array(minutes))), arcs.key.dtype)
    edges = _Edges(roads, graph, direction)
    step = Message("Searching what is within reach")
    for begin in range(0, len(known), _BLOCK):
        progress(step, begin / len(known))
        block = known[begin : begin + _BLOCK]
        keys = ways_to_all(arcs, ends.take(block), limit, progress=progress)
        for point, key in zip(block.tolist(), keys, strict=True):
            nodes = np.flatnonzero(key != infinity(key.dtype))
            walk = float(placed.walk_min[point])
            node_min = np.full(len(key), np.inf)
            node_min[nodes] = minutes_from_ticks(ticks_of(key[nodes])) + walk
            yield point, edges.stretches(placed, point, nodes, node_min, walk)
    progress(step, 1.0)


class _Edges:
    """The usable edges: their ends, time, and whether they can be entered at u and at v."""

    def __init__(self, roads: RoadNetwork, graph: RoadGraph, direction: Way) -> None:
        self.row = np.flatnonzero(graph.usable)
        self.u = roads.edges["u"].to_numpy(dtype=np.int64)[self.row]
        self.v = roads.edges["v"].to_numpy(dtype=np.int64)[self.row]
        self.ride_min = minutes_from_ticks(ticks_of(graph.edge_key))[self.row]
        both = ~graph.oneway[self.row]
        every = np.ones(len(self.row), dtype=bool)
        # Who comes to the point leaves the edge where who leaves the point would enter it.
        self.at_u: Flags = every if direction == "from" else both
        self.at_v: Flags = both if direction == "from" else every
        # The edges at each node: few of them are looked at for a short time.
        ends = np.concatenate([self.u, self.v])
        self.of_node = np.argsort(ends, kind="stable") % max(len(self.row), 1)
        self.first = np.zeros(graph.nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=graph.nodes), out=self.first[1:])

    def _at(self, nodes: Ints) -> Ints:
        """Return the edges at some nodes, in the order of the network."""
        size = (self.first[1:] - self.first[:-1])[nodes]
        rows = np.repeat(self.first[nodes] - np.cumsum(size) + size, size) + np.arange(size.sum())
        touched = np.zeros(len(self.row), dtype=bool)
        touched[self.of_node[rows]] = True
        return np.flatnonzero(touched)

    def _entered(self, rows: Ints, node_min: Floats) -> tuple[Floats, Floats]:
        """Return when edges are entered at u and at v."""
        return (
            np.where(self.at_u[rows], node_min[self.u[rows]], np.inf),
            np.where(self.at_v[rows], node_min[self.v[rows]], np.inf),
        )

    def stretches(
        self, placed: Placed, point: int, nodes: Ints, node_min: Floats, own_min: float
    ) -> Stretches:
        """Return the stretches that are entered, those beside the point on its edge apart.

        ``nodes`` are those that are reached, ``node_min`` the times of all.
        """
        own = int(placed.joined.edge[point])
        rows = self._at(nodes)
        start_min, end_min = self._entered(rows, node_min)
        some = (np.isfinite(start_min) | np.isfinite(end_min)) & (self.row[rows] != own)
        rows = rows[some]
        whole = Stretches(
            self.row[rows],
            np.zeros(len(rows)),
            np.ones(len(rows)),
            start_min[some],
            end_min[some],
            self.ride_min[rows],
        )
        if own < 0:
            return whole
        at = int(np.searchsorted(self.row, own))
        (first_at_u,), (first_at_v,) = self._entered(np.array([at]), node_min)
        share = float(placed.snapped.share[point])
        first_min = float(minutes_from_ticks(ticks_of(placed.joined.key[point : point + 1]))[0])
        into = (
            own_min if self.at_v[at] else np.inf,
            own_min if self.at_u[at] else np.inf,
        )
        beside = Stretches(
            np.array([own, own]),
            np.array([0.0, share]),
            np.array([share, 1.0]),
            np.array([first_at_u, into[1]]),
            np.array([into[0], first_at_v]),
            np.array([first_min, self.ride_min[at] - first_min]),
        )
        return Stretches(
            *(
                np.concatenate([getattr(whole, name), getattr(beside, name)])
                for name in Stretches.__dataclass_fields__
            )
        )
