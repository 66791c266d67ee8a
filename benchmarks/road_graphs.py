"""Road graphs to measure on: generated ones of any size, and New York of the DIMACS challenge.

Nodes are numbered along a curve that fills the plane (``ruralcare.network.zorder``), as in a graph
that ruralcare builds. Times are whole ticks of a millisecond.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ruralcare.network.graph import arcs_from_edges
from ruralcare.network.search.arrays import Arcs
from ruralcare.network.zorder import z_order

SPACING_M = 250.0
# Of every grid line: how many lines apart, and km/h. Later classes override earlier ones.
CLASSES = ((1, 35.0), (8, 50.0), (32, 70.0), (128, 100.0))
LOCAL_KEPT = 0.66
"""Share of local roads that exist: 2.8 arcs per node, as in real road graphs."""

NY_TICKS = 3.6
"""Ticks per unit of time of the DIMACS files.

The unit is documented nowhere. Lengths in the sister file are tenths of a metre, and a unit of time
is such a length on the fastest of four classes of road, 0.4 of one on the slowest: at 3.6 ms these
are 100 and 40 km/h.
"""


@dataclass(frozen=True)
class RoadArrays:
    """Arcs of a road graph in no particular order, and its nodes in Z-order."""

    tail: np.ndarray
    head: np.ndarray
    ticks: np.ndarray
    xy: np.ndarray

    @property
    def nodes(self) -> int:
        return len(self.xy)

    def arcs(self, dtype: type = np.int32) -> Arcs:
        """Return the graph as ruralcare keeps it."""
        key = self.ticks.astype(np.int64)
        key = key.astype(np.int32) if dtype == np.int32 else key << 32
        oneway = np.ones(len(key), dtype=bool)
        return arcs_from_edges(self.tail, self.head, key, oneway, self.nodes)[0]


def generated(nodes: int, *, seed: int = 1) -> RoadArrays:
    """Return a rural network of about so many nodes (up to 8 % fewer), all of one piece.

    A grid with jittered crossings 250 m apart, of whose local roads a third does not exist. Every
    8th, 32nd and 128th line is a county road, a national road, an expressway. One local road
    in 30 is one-way.
    """
    rng = np.random.default_rng(seed)
    side = max(2, int(np.ceil(np.sqrt(nodes))))
    row, column = (part.ravel() for part in np.indices((side, side)))
    xy = np.column_stack([column, row]) * SPACING_M
    xy = xy + rng.uniform(-0.35, 0.35, xy.shape) * SPACING_M
    number = np.arange(side * side)
    east, north = number[column < side - 1], number[row < side - 1]
    u = np.concatenate([east, north])
    v = np.concatenate([east + 1, north + side])
    line = np.concatenate([row[east], column[north]])
    speed = np.full(len(u), CLASSES[0][1])
    for apart, kmh in CLASSES[1:]:
        speed[line % apart == 0] = kmh
    local = speed == CLASSES[0][1]
    kept = ~local | (rng.random(len(u)) < LOCAL_KEPT)
    oneway = local & (rng.random(len(u)) < 1 / 30)
    winding = rng.uniform(1.05, 1.5, len(u))
    metres = np.hypot(*(xy[u] - xy[v]).T) * np.where(local, winding, 1.05)
    ticks = np.rint(metres / (speed / 3.6) * 1000).astype(np.int64)
    there, back = np.flatnonzero(kept), np.flatnonzero(kept & ~oneway)
    tail = np.concatenate([u[there], v[back]])
    head = np.concatenate([v[there], u[back]])
    return _largest(tail, head, np.concatenate([ticks[there], ticks[back]]), xy)


def new_york(folder: Path) -> RoadArrays:
    """Return the travel-time graph of New York: 264,346 nodes, 733,846 arcs with parallel ones.

    Parameters
    ----------
    folder : Path
        Where ``USA-road-t.NY.gr.gz`` and ``USA-road-d.NY.co.gz`` are.
    """
    arcs = _rows(folder / "USA-road-t.NY.gr.gz", b"a ")
    places = _rows(folder / "USA-road-d.NY.co.gz", b"v ")
    xy = np.empty((len(places), 2))
    xy[places[:, 0] - 1] = places[:, 1:] / 1e6
    # Metres enough to see what is near.
    xy = xy * 111_320.0 * [np.cos(np.radians(xy[:, 1].mean())), 1.0]
    ticks = np.rint(arcs[:, 2] * NY_TICKS).astype(np.int64)
    return _ordered(arcs[:, 0] - 1, arcs[:, 1] - 1, ticks, xy)


def _rows(path: Path, start: bytes) -> np.ndarray:
    with gzip.open(path) as stream:
        lines = [line[2:] for line in stream if line.startswith(start)]
    return np.array(b" ".join(lines).split(), dtype=np.int64).reshape(len(lines), 3)


def _largest(tail, head, ticks, xy) -> RoadArrays:
    graph = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(len(xy), len(xy)))
    _, part = connected_components(graph.tocsr(), connection="strong")
    stays = part == np.bincount(part).argmax()
    number = np.cumsum(stays) - 1
    inside = stays[tail] & stays[head]
    return _ordered(number[tail[inside]], number[head[inside]], ticks[inside], xy[stays])


def _ordered(tail, head, ticks, xy) -> RoadArrays:
    order = z_order(xy)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return RoadArrays(place[tail], place[head], ticks, xy[order])
