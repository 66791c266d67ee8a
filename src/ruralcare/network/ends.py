"""Points that joined edges, as ends on the graph: nothing is rebuilt, no edge is cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Ends, Found, Keys, part_of_key
from ruralcare.network.snap import Snapped
from ruralcare.types import RoadNetwork

__all__ = ["Joined", "join", "merge", "rides_along"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# A point this close to the end of an edge stands at the end, so that it can use every road there.
_AT_END_M = 0.01


@dataclass(frozen=True)
class Joined:
    """Points on a graph, as if they cut the edges that they joined.

    Parameters
    ----------
    out : Ends
        Nodes that one comes to from a point: both ends of its street, one of a one-way street.
    into : Ends
        Nodes from which one comes to a point.
    edge : array of int
        Edge that the point lies on, between its ends; −1 for points at a node or not joined.
    key : array of int32 or int64
        Way from u to the point.
    oneway : array of bool
        Whether the edge of the point can be used from u to v only.
    """

    out: Ends
    into: Ends
    edge: Ints
    key: Keys
    oneway: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.edge)

    def take(self, points: Ints) -> Joined:
        """Return chosen points, in the order chosen."""
        return Joined(
            self.out.take(points),
            self.into.take(points),
            self.edge[points],
            self.key[points],
            self.oneway[points],
        )

    def turned(self) -> Joined:
        """Return the points for searches on the graph's arcs against their direction."""
        return Joined(self.into, self.out, self.edge, -self.key, self.oneway)


def join(graph: RoadGraph, roads: RoadNetwork, snapped: Snapped) -> Joined:
    """Return where snapped points hang on the graph.

    The time along a part of an edge is its share of the time of the whole, in whole ticks, and
    both parts of an edge sum to the whole.

    Parameters
    ----------
    graph : RoadGraph
        Graph of the network.
    roads : RoadNetwork
        The network.
    snapped : Snapped
        Where the points joined it.
    """
    edges = roads.edges
    joined = snapped.ok
    edge = np.where(joined, snapped.edge, 0)
    share = np.where(joined, snapped.share, 0.0)
    whole = graph.edge_key[edge]
    to_u = part_of_key(whole, share)
    if len(edges):
        u, v = (edges[name].to_numpy(dtype=np.int64)[edge] for name in ("u", "v"))
        length_m = edges.geometry.length.to_numpy()[edge]
        oneway = graph.oneway[edge]
    else:
        u = v = np.zeros(len(edge), dtype=np.int64)
        length_m, oneway = np.zeros(len(edge)), np.zeros(len(edge), dtype=bool)
    at_u = joined & (share * length_m <= _AT_END_M)
    at_v = joined & ~at_u & ((1 - share) * length_m <= _AT_END_M)
    inside = joined & ~at_u & ~at_v
    zero = np.zeros(len(edge), dtype=whole.dtype)
    to_u = np.where(inside, to_u, zero).astype(whole.dtype)
    to_v = np.where(inside, whole - to_u, zero).astype(whole.dtype)
    uses_u, uses_v = at_u | inside, at_v | inside
    return Joined(
        _ends(u, v, to_u, to_v, uses_u & ~(inside & oneway), uses_v),
        _ends(u, v, to_u, to_v, uses_u, uses_v & ~(inside & oneway)),
        np.where(inside, edge, -1),
        to_u,
        oneway & inside,
    )


def _ends(
    u: Ints, v: Ints, to_u: Keys, to_v: Keys, uses_u: NDArray[np.bool_], uses_v: NDArray[np.bool_]
) -> Ends:
    used = np.column_stack([uses_u, uses_v]).ravel()
    first = np.zeros(len(u) + 1, dtype=np.int64)
    np.cumsum(uses_u.astype(np.int64) + uses_v, out=first[1:])
    node = np.column_stack([u, v]).ravel()[used].astype(np.int32)
    return Ends(first, node, np.column_stack([to_u, to_v]).ravel()[used])


def rides_along(sources: Joined, targets: Joined) -> Found:
    """Return the ways between points of the same edge that do not leave it."""
    starts = pd.DataFrame({"edge": sources.edge, "source": np.arange(len(sources))})
    ends = pd.DataFrame({"edge": targets.edge, "target": np.arange(len(targets))})
    both = starts[starts["edge"] >= 0].merge(ends[ends["edge"] >= 0], on="edge")
    source, target = both["source"].to_numpy(np.int64), both["target"].to_numpy(np.int64)
    ahead = targets.key[target] - sources.key[source]
    allowed = (ahead >= 0) | ~sources.oneway[source]
    source, target, key = source[allowed], target[allowed], np.abs(ahead[allowed])
    order = np.lexsort((target, source))
    return Found(source[order], target[order], key[order])


def merge(found: Found, more: Found, limit: int) -> Found:
    """Return the pairs of both, each with the shorter way, as far as the limit."""
    source = np.concatenate([found.source, more.source])
    target = np.concatenate([found.target, more.target])
    key = np.concatenate([found.key, more.key])
    order = np.lexsort((key, target, source))
    source, target, key = source[order], target[order], key[order]
    first = np.ones(len(source), dtype=bool)
    first[1:] = (np.diff(source) != 0) | (np.diff(target) != 0)
    first &= key <= limit
    return Found(source[first], target[first], key[first])
