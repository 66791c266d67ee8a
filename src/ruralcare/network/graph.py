"""The network as arrays that the engines search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.parts import strong_parts
from ruralcare.network.search.arrays import LONGEST_TICKS, Arcs, Keys, proxy_key
from ruralcare.network.snap import NOT_ON_FOOT
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at, ticks

__all__ = ["RoadGraph", "arcs_from_edges", "road_graph"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Directed arcs of a network for one mode of travel.

    Parameters
    ----------
    forward : Arcs
        From each node to the next. Nodes are those of the network.
    edge : array of int32, shape (arcs,)
        Edge of the network that each arc follows, times two, plus one where it runs from v to u.
        Of parallel edges the quickest is the arc; of equally quick ones the first.
    edge_key : array of int32 or int64, shape (edges,)
        Length of every edge of the network.
    usable : array of bool, shape (edges,)
        Edges that this mode can use.
    oneway : array of bool, shape (edges,)
        Edges that this mode can use from u to v only.
    mode : {"car", "foot"}
        Mode of travel.
    """

    forward: Arcs
    edge: NDArray[np.int32]
    edge_key: Keys
    usable: NDArray[np.bool_]
    oneway: NDArray[np.bool_]
    mode: str

    @cached_property
    def backward(self) -> Arcs:
        """The arcs against their direction."""
        return self.forward.turned()

    @cached_property
    def strong_part(self) -> Ints:
        """Part of every node; within a part, there is a way from everywhere to everywhere."""
        arcs = self.forward
        tails, heads = arcs.tails().astype(np.int64), arcs.head.astype(np.int64)
        return strong_parts(tails, heads, np.ones(len(heads), dtype=bool), arcs.nodes)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.forward.nodes


def road_graph(roads: RoadNetwork, *, mode: str = "car", walking_kmh: float = 4.0) -> RoadGraph:
    """Return the network as a graph for one mode of travel.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    mode : {"car", "foot"}
        On foot, roads are walked in both directions at ``walking_kmh``, motorways and trunk
        roads not at all; ferries take their time.
    walking_kmh : float
        Walking speed.

    Raises
    ------
    TableError
        The mode is not known, or an edge takes longer than 298 hours.
    """
    if mode not in ("car", "foot"):
        raise TableError(f"mode must be car or foot, not {mode}")
    edges = roads.edges
    minutes = edges["time_min"].to_numpy(dtype=float)
    oneway = edges["oneway"].to_numpy(dtype=bool)
    usable = np.ones(len(edges), dtype=bool)
    if mode == "foot":
        ferry = (edges["kind"] == "ferry").to_numpy()
        walked = minutes_at(edges["length_m"].to_numpy(dtype=float), walking_kmh)
        minutes = np.where(ferry, minutes, walked)
        oneway = np.zeros(len(edges), dtype=bool)
        usable = ferry | ~edges["road_class"].isin(NOT_ON_FOOT).to_numpy()
    time = ticks(minutes)
    if time.max(initial=0) > LONGEST_TICKS:
        raise TableError("an edge of the network takes longer than 298 hours")
    proxy = edges["proxy"].to_numpy(dtype=bool)
    mixed = bool(proxy.any() and not proxy.all())
    key: Keys = proxy_key(time, proxy) if mixed else time.astype(np.int32)
    u, v = edges["u"].to_numpy(dtype=np.int64), edges["v"].to_numpy(dtype=np.int64)
    forward, edge = arcs_from_edges(u, v, key, oneway, len(roads.nodes), usable)
    return RoadGraph(forward, edge, key, usable, oneway, mode)


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
