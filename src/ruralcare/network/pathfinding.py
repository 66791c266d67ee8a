"""The way between two points, followed back through a search, and told step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.network.engine import tree
from ruralcare.network.placed import Placed, parts_of_lines
from ruralcare.network.search.arrays import LONGEST_TICKS, Keys, infinity, limit_key, ticks_of
from ruralcare.network.trips import apart
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at, minutes_from_ticks

__all__ = ["Finder", "Path", "Step"]

State = Literal["reached", "beyond_cutoff", "unreachable", "unsnapped"]

# Vertices closer than this are one.
_SAME_M = 1e-6


@dataclass(frozen=True)
class Step:
    """A stretch of a path with one name.

    Parameters
    ----------
    kind : {"walk", "road", "ferry"}
        How one moves.
    name, ref : str
        Name and number of the road, empty where it has none.
    road_class : str
        Class of the road; empty on a walk between a door and its road.
    length_m : float
        Length.
    time_min : float
        Time, with the wait.
    wait_min : float
        Average wait for a ferry, 0 otherwise.
    proxy : bool
        The stretch stands in for roads that the data lack.
    geometry : LineString
        In the CRS of the roads, in the direction of travel.
    """

    kind: str
    name: str
    ref: str
    road_class: str
    length_m: float
    time_min: float
    wait_min: float
    proxy: bool
    geometry: shapely.LineString


@dataclass(frozen=True)
class Path:
    """The quickest way from door to door.

    Parameters
    ----------
    from_id, to_id : object
        Ids of the points.
    state : {"reached", "beyond_cutoff", "unreachable", "unsnapped"}
        Only a path that is ``reached`` has times, lengths and lines; the others have ``None``.
    time_min, length_m : float, optional
        Time and length from door to door.
    walk_m : float, optional
        Length of the walks between doors and roads, or straight to the other door.
    proxy_share : float, optional
        Share of the time that is on links that stand in for missing roads.
    geometry : LineString, optional
        The way along roads and ferries, in the CRS of the roads; empty where nothing is ridden.
    walks : MultiLineString, optional
        The walks.
    steps : tuple of Step
        The way in order, with the walks.
    """

    from_id: object
    to_id: object
    state: State
    time_min: float | None = None
    length_m: float | None = None
    walk_m: float | None = None
    proxy_share: float | None = None
    geometry: shapely.LineString | None = None
    walks: shapely.MultiLineString | None = None
    steps: tuple[Step, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the steps without their lines.

        Returns
        -------
        DataFrame
            A row for each :class:`Step`, in the order of travel.
        """
        names = [name for name in Step.__dataclass_fields__ if name != "geometry"]
        return pd.DataFrame(
            [[getattr(step, name) for name in names] for step in self.steps], columns=names
        )


class _Legs(NamedTuple):
    """Parts of edges in the order of travel; shares, and time in ticks."""

    edge: list[int]
    start: list[float]
    end: list[float]
    ticks: list[int]

    def add(self, edge: int, start: float, end: float, ticks: int) -> None:
        for values, value in zip(self, (edge, start, end, ticks), strict=True):
            values.append(value)  # type: ignore[attr-defined]


class Finder:
    """Finds ways from one origin after the other."""

    def __init__(
        self,
        roads: RoadNetwork,
        here: Placed,
        there: Placed,
        walking_kmh: float,
        cutoff_min: float,
        progress: Progress = silent,
    ) -> None:
        self.progress = progress
        self.here, self.there = here, there
        self.graph = here.graph
        self.walking_kmh = walking_kmh
        self.cutoff_min = cutoff_min
        self.edges = roads.edges
        self.lines = roads.edges.geometry.to_numpy()
        self.length_m = roads.edges["length_m"].to_numpy(dtype=float)
        self.proxy = roads.edges["proxy"].to_numpy(dtype=bool)
        self.labels = [
            roads.edges[name].to_numpy(dtype=object)
            if name in roads.edges.columns
            else np.full(len(roads.edges), "", dtype=object)
            for name in ("kind", "name", "ref", "road_class")
        ]
        # The origin of the latest search, and that of the latest question whether there is a way.
        self.searched = self.asked = -1
        self.cut_off: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.key: Keys = np.zeros(0, dtype=np.int32)
        self.parent: NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    def find(self, a: int, b: int, from_id: object, to_id: object) -> Path:
        """Return the way from an origin to a destination.

        Parameters
        ----------
        a, b : int
            Positions of the two points.
        from_id, to_id : object
            Their ids.

        Returns
        -------
        Path
            The way, or why there is none. A way longer than 298 hours is beyond any cutoff.
        """
        here, there = self.here, self.there
        if not (here.snapped.ok[a] and there.snapped.ok[b]):
            return Path(from_id, to_id, "unsnapped")
        ridden = self._ride(a, b)
        walk_min = here.walk_min[a] + there.walk_min[b]
        ride_min = np.inf
        if ridden is not None:
            ticks = np.array(sum(ridden.ticks), dtype=np.int64)
            ride_min = float(minutes_from_ticks(ticks)) + walk_min
        straight_min = np.inf
        start, end = here.points[a], there.points[b]
        # As travel times have it, to the last digit.
        straight_m = float(shapely.distance(start, end))
        if here.snapped.edge[a] == there.snapped.edge[b]:
            straight_min = minutes_at(straight_m, self.walking_kmh)
        time_min = float(min(ride_min, straight_min))
        if np.isinf(time_min):
            # A way longer than any that is measured is a way.
            return Path(from_id, to_id, "unreachable" if self._apart(a, b) else "beyond_cutoff")
        if time_min > self.cutoff_min:
            return Path(from_id, to_id, "beyond_cutoff")
        if ridden is None or straight_min < ride_min:
            steps = [_walk(shapely.LineString([start, end]), straight_m, straight_min)]
        else:
            joins = (self._join(here, a), self._join(there, b))
            steps = [
                _walk(
                    shapely.LineString([start, joins[0]]),
                    here.snapped.distance_m[a],
                    here.walk_min[a],
                ),
                *self._steps(ridden),
                _walk(
                    shapely.LineString([joins[1], end]),
                    there.snapped.distance_m[b],
                    there.walk_min[b],
                ),
            ]
        steps = [step for step in steps if step.length_m > 0 or step.time_min > 0]
        walks = [step for step in steps if step.kind == "walk"]
        proxy_min = sum(step.time_min for step in steps if step.proxy)
        return Path(
            from_id,
            to_id,
            "reached",
            time_min,
            sum(step.length_m for step in steps),
            sum(step.length_m for step in walks),
            min(proxy_min / time_min, 1.0) if time_min else 0.0,
            _one_line(step.geometry for step in steps if step.kind != "walk"),
            shapely.MultiLineString([step.geometry for step in walks]),
            tuple(steps),
        )

    def _apart(self, a: int, b: int) -> bool:
        """Tell whether there is no way at all between two points."""
        if self.asked != a:
            self.asked = a
            _, self.cut_off = apart(self.graph, self.here.take(np.array([a])), self.there)
        return bool(np.isin(b, self.cut_off))

    def _join(self, placed: Placed, point: int) -> shapely.Point:
        """Return the place where a point joins its road."""
        line, share = self.lines[placed.snapped.edge[point]], placed.snapped.share[point]
        return shapely.line_interpolate_point(line, share, normalized=True)

    def _ride(self, a: int, b: int) -> _Legs | None:
        """Return the quickest way along the network, or None if there is none."""
        out, into = self.here.joined.out, self.there.joined.into
        if self.searched != a:
            self.searched = a
            limit = limit_key(LONGEST_TICKS, out.key.dtype)
            source = out.take(np.array([a]))
            self.key, self.parent = tree(self.graph.forward, source, limit, progress=self.progress)
        best = infinity(out.key.dtype)
        last = -1
        for row in range(into.first[b], into.first[b + 1]):
            way = int(self.key[into.node[row]])
            if way < infinity(out.key.dtype) and way + int(into.key[row]) < best:
                best, last = way + int(into.key[row]), row
        along = self._along(a, b)
        if along is not None and along <= best:
            legs = _Legs([], [], [], [])
            shares = (self.here.snapped.share[a], self.there.snapped.share[b])
            if self.here.joined.edge[a] >= 0:
                edge = int(self.here.joined.edge[a])
                legs.add(edge, *shares, _ticks(along, out.key.dtype))
            return legs
        return self._back(a, b, last) if last >= 0 else None

    def _along(self, a: int, b: int) -> int | None:
        """Return the way between two points of an edge that does not leave it."""
        here, there = self.here.joined, self.there.joined
        if here.edge[a] < 0 or here.edge[a] != there.edge[b]:
            return None
        ahead = int(there.key[b]) - int(here.key[a])
        return None if ahead < 0 and here.oneway[a] else abs(ahead)

    def _back(self, a: int, b: int, last: int) -> _Legs:
        """Return the way to an end of the target, followed back to the origin."""
        graph, dtype = self.graph, self.key.dtype
        into, out = self.there.joined.into, self.here.joined.out
        node = int(into.node[last])
        chain = []
        while (arc := int(self.parent[node])) >= 0:
            chain.append(arc)
            node = int(np.searchsorted(graph.forward.first, arc, side="right")) - 1
        rows = range(out.first[a], out.first[a + 1])
        first = min((row for row in rows if out.node[row] == node), key=lambda r: int(out.key[r]))
        legs = _Legs([], [], [], [])
        own = int(self.here.joined.edge[a])
        if own >= 0:
            share = float(self.here.snapped.share[a])
            at_v = _at_v(self.here, a, first - rows.start, leaving=True)
            legs.add(own, share, float(at_v), _ticks(int(out.key[first]), dtype))
        for arc in reversed(chain):
            edge, turned = divmod(int(graph.edge[arc]), 2)
            legs.add(edge, float(turned), 1.0 - turned, _ticks(int(graph.edge_key[edge]), dtype))
        own = int(self.there.joined.edge[b])
        if own >= 0:
            share = float(self.there.snapped.share[b])
            at_v = _at_v(self.there, b, last - int(into.first[b]), leaving=False)
            legs.add(own, float(at_v), share, _ticks(int(into.key[last]), dtype))
        return legs

    def _steps(self, legs: _Legs) -> list[Step]:
        """Return the legs, those of one name together."""
        edge = np.array(legs.edge, dtype=np.int64)
        start, end = np.array(legs.start), np.array(legs.end)
        lines = parts_of_lines(self.lines[edge], start, end)
        length_m = np.abs(end - start) * self.length_m[edge]
        minutes = minutes_from_ticks(np.array(legs.ticks, dtype=np.int64))
        speed = self.edges["speed_kmh"].to_numpy(dtype=float)[edge]
        crossing = minutes_at(length_m, speed)
        kind, name, ref, road_class = (values[edge] for values in self.labels)
        proxy = self.proxy[edge]
        labels = list(zip(kind, name, ref, road_class, proxy.tolist(), strict=True))
        steps = []
        for label, group in groupby(range(len(edge)), key=labels.__getitem__):
            rows = list(group)
            time_min = float(minutes[rows].sum())
            wait = max(0.0, time_min - float(crossing[rows].sum())) if label[0] == "ferry" else 0.0
            line = _one_line(lines[rows])
            steps.append(
                Step(*label[:4], float(length_m[rows].sum()), time_min, wait, label[4], line)
            )
        return steps


def _ticks(key: int, dtype: np.dtype[np.signedinteger]) -> int:
    return int(ticks_of(np.array([key], dtype=dtype))[0])


def _at_v(placed: Placed, point: int, row: int, *, leaving: bool) -> bool:
    """Tell whether an end of a point on an edge is at v; both ends come u first."""
    if placed.joined.oneway[point]:
        return leaving
    return row == 1


def _walk(line: shapely.LineString, length_m: float, time_min: float) -> Step:
    return Step("walk", "", "", "", float(length_m), float(time_min), 0.0, False, line)


def _one_line(lines: Iterable[shapely.LineString]) -> shapely.LineString:
    """Return lines, each beginning where the one before ends, as one."""
    xy = shapely.get_coordinates(list(lines))
    if len(xy) < 2:
        return shapely.LineString()
    moved = np.append(True, np.hypot(*np.diff(xy, axis=0).T) > _SAME_M)
    xy = xy[moved]
    return shapely.LineString(xy) if len(xy) > 1 else shapely.LineString()
