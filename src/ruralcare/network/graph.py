"""The network as arrays that the engines search."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.parts import strong_parts
from ruralcare.network.search.arrays import LONGEST_TICKS, Arcs, Keys, proxy_key
from ruralcare.network.search.hierarchy import Hierarchy
from ruralcare.network.snap import NOT_ON_FOOT
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at, ticks

__all__ = ["Kept", "RoadGraph", "arcs_from_edges", "keep_graph", "road_graph"]

Ints = NDArray[np.int64]


@dataclass
class Kept:
    """What is made of a graph once and used again.

    Parameters
    ----------
    hierarchy : Hierarchy, optional
        The graph prepared for many searches.
    spent_s : float
        What searches without it are reckoned to have cost so far, in seconds.
    store : function, optional
        Stores the graph with what was made of it.
    """

    hierarchy: Hierarchy | None = None
    spent_s: float = 0.0
    store: Callable[[RoadGraph], None] | None = None


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Directed arcs of a network for one mode of travel.

    Parameters
    ----------
    forward : Arcs
        From each node to the next. Nodes are those of the network.
    backward : Arcs
        The same arcs against their direction.
    strong_part : array of int64, shape (nodes,)
        Part of every node; within a part, there is a way from everywhere to everywhere.
    edge : array of int32, shape (arcs,)
        Edge of the network that each arc follows, times two, plus one where it runs from v to u.
        Of parallel edges the quickest is the arc; of equally quick ones the first.
    edge_key : array of int32 or int64, shape (edges,)
        Length of every edge of the network.
    usable : array of bool, shape (edges,)
        Edges that this mode can use.
    oneway : array of bool, shape (edges,)
        Edges that this mode can use from u to v only.
    all_proxy : bool
        Whether every edge stands in for a missing road; then keys need not tell proxy apart.
    mode : {"car", "foot"}
        Mode of travel.
    kept : Kept
        What was made of the graph; nothing at first.
    """

    forward: Arcs
    backward: Arcs
    strong_part: Ints
    edge: NDArray[np.int32]
    edge_key: Keys
    usable: NDArray[np.bool_]
    oneway: NDArray[np.bool_]
    all_proxy: bool
    mode: str
    kept: Kept = field(default_factory=Kept, repr=False)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.forward.nodes


def keep_graph(roads: RoadNetwork, graph: RoadGraph, walking_kmh: float = 0.0) -> None:
    """Remember a graph with its network: making one takes seconds for a country."""
    roads.memo[_memo_key(graph.mode, walking_kmh)] = (_content(roads, graph.mode), graph)


def _memo_key(mode: str, walking_kmh: float) -> tuple[str, str, float]:
    return ("graph", mode, walking_kmh if mode == "foot" else 0.0)


def _content(roads: RoadNetwork, mode: str) -> int:
    """Return a checksum of what a graph is made from: edges may be changed in a notebook."""
    edges, total = roads.edges, len(roads.nodes)
    for name in ("u", "v", "time_min", "length_m", "oneway", "proxy"):
        total = zlib.crc32(edges[name].to_numpy().tobytes(), total)
    if mode == "foot":
        total = zlib.crc32(_on_foot(edges).tobytes(), total)
    return total


def _on_foot(edges: pd.DataFrame) -> NDArray[np.int8]:
    """Tell of each edge whether it is a ferry (2), may be walked (1), or may not (0)."""
    ferry = (edges["kind"] == "ferry").to_numpy(dtype=bool)
    walked = ~edges["road_class"].isin(NOT_ON_FOOT).to_numpy(dtype=bool)
    return np.where(ferry, 2, walked).astype(np.int8)


def road_graph(roads: RoadNetwork, *, mode: str = "car", walking_kmh: float = 4.0) -> RoadGraph:
    """Return the network as a graph for one mode of travel.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    mode : {"car", "foot"}
        On foot, roads are walked in both directions at ``walking_kmh``, motorways not
        at all; ferries take their time.
    walking_kmh : float
        Walking speed.

    Raises
    ------
    TableError
        The mode is not known, or an edge takes longer than 298 hours.
    """
    if mode not in ("car", "foot"):
        raise TableError(f"mode must be car or foot, not {mode}")
    kept = roads.memo.get(_memo_key(mode, walking_kmh))
    if isinstance(kept, tuple) and kept[0] == _content(roads, mode):
        return cast(RoadGraph, kept[1])
    graph = _graph(roads, mode, walking_kmh)
    keep_graph(roads, graph, walking_kmh)
    return graph


def _graph(roads: RoadNetwork, mode: str, walking_kmh: float) -> RoadGraph:
    edges = roads.edges
    minutes = edges["time_min"].to_numpy(dtype=float)
    oneway = edges["oneway"].to_numpy(dtype=bool)
    usable = np.ones(len(edges), dtype=bool)
    if mode == "foot":
        way = _on_foot(edges)
        walked = minutes_at(edges["length_m"].to_numpy(dtype=float), walking_kmh)
        minutes = np.where(way == 2, minutes, walked)
        oneway = np.zeros(len(edges), dtype=bool)
        usable = way > 0
    time = ticks(minutes)
    if time.max(initial=0) > LONGEST_TICKS:
        raise TableError("an edge of the network takes longer than 298 hours")
    proxy = edges["proxy"].to_numpy(dtype=bool)
    all_proxy = bool(proxy.all())
    mixed = bool(proxy.any()) and not all_proxy
    key: Keys = proxy_key(time, proxy) if mixed else time.astype(np.int32)
    u, v = edges["u"].to_numpy(dtype=np.int64), edges["v"].to_numpy(dtype=np.int64)
    forward, edge = arcs_from_edges(u, v, key, oneway, len(roads.nodes), usable)
    tails, heads = forward.tails().astype(np.int64), forward.head.astype(np.int64)
    part = strong_parts(tails, heads, np.ones(len(heads), dtype=bool), forward.nodes)
    return RoadGraph(forward, forward.turned(), part, edge, key, usable, oneway, all_proxy, mode)


def arcs_from_edges(
    u: Ints,
    v: Ints,
    key: Keys,
    oneway: NDArray[np.bool_],
    nodes: int,
    usable: NDArray[np.bool_] | None = None,
) -> tuple[Arcs, NDArray[np.int32]]:
    """Return edges as arcs, and the edge of each arc (see :class:`RoadGraph`).

    Parameters
    ----------
    u, v : array of int
        Ends of the edges. Edges from a node to itself are no arcs.
    key : array of int32 or int64
        Length of the edges.
    oneway : array of bool
        Edges that lead from u to v only; others are two arcs.
    nodes : int
        Number of nodes.
    usable : array of bool, optional
        Edges to take; by default all.
    """
    taken = u != v
    if usable is not None:
        taken = taken & usable
    there, back = np.flatnonzero(taken), np.flatnonzero(taken & ~oneway)
    tail = np.concatenate([u[there], v[back]])
    head = np.concatenate([v[there], u[back]])
    edge = np.concatenate([2 * there, 2 * back + 1])
    length = key[edge >> 1]
    order = np.lexsort((edge, length, head, tail))
    tail, head, edge, length = tail[order], head[order], edge[order], length[order]
    best = np.ones(len(tail), dtype=bool)
    best[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    first = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail[best], minlength=nodes), out=first[1:])
    arcs = Arcs(first, head[best].astype(np.int32), length[best])
    return arcs, edge[best].astype(np.int32)
