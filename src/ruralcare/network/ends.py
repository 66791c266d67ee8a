"""Points that joined edges, as ends on the graph: nothing is rebuilt, no edge is cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Ends, Found, Keys, part_of_key
from ruralcare.network.snap import Snapped
from ruralcare.types import RoadNetwork

__all__ = ["Joined", "join", "merge", "on_one_edge", "positions", "rides_along"]

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

    Returns
    -------
    Joined
        The points, in their order; those that joined no edge hang on nothing.
    """
    edges = roads.edges
    joined = snapped.ok
    if not joined.any():
        return _nowhere(len(joined), graph.edge_key.dtype)
    edge = np.where(joined, snapped.edge, 0)
    share = np.where(joined, snapped.share, 0.0)
    whole = graph.edge_key[edge]
    to_u = part_of_key(whole, share)
    u, v = (edges[name].to_numpy(dtype=np.int64)[edge] for name in ("u", "v"))
    length_m = np.asarray(shapely.length(edges.geometry.to_numpy()[edge]))
    oneway = graph.oneway[edge]
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


def _nowhere(count: int, dtype: np.dtype[np.signedinteger]) -> Joined:
    """Return points that joined no edge; the network may have none."""
    ends = Ends(np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, dtype))
    edge, oneway = np.full(count, -1, np.int64), np.zeros(count, dtype=bool)
    return Joined(ends, ends, edge, np.zeros(count, dtype), oneway)


def _ends(
    u: Ints, v: Ints, to_u: Keys, to_v: Keys, uses_u: NDArray[np.bool_], uses_v: NDArray[np.bool_]
) -> Ends:
    used = np.column_stack([uses_u, uses_v]).ravel()
    first = np.zeros(len(u) + 1, dtype=np.int64)
    np.cumsum(uses_u.astype(np.int64) + uses_v, out=first[1:])
    node = np.column_stack([u, v]).ravel()[used].astype(np.int32)
    return Ends(first, node, np.column_stack([to_u, to_v]).ravel()[used])


def on_one_edge(edge: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of points that are on the same edge.

    Parameters
    ----------
    edge, other : array of int
        Edge of each point of two sets; negative for points on none.

    Returns
    -------
    first, second : array of int64
        Positions of the two points, sorted by the first, then the second.
    """
    order = np.argsort(other, kind="stable")
    places = other[order]
    begin = np.searchsorted(places, edge)
    count = np.where(edge >= 0, np.searchsorted(places, edge, side="right") - begin, 0)
    first = np.repeat(np.arange(len(edge)), count)
    rows = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(len(first))
    return first, order[rows]


def rides_along(sources: Joined, targets: Joined) -> Found:
    """Return the ways between points of the same edge that do not leave it.

    Parameters
    ----------
    sources, targets : Joined
        Points on one graph.

    Returns
    -------
    Found
        Their pairs and ways, sorted by source, then target.
    """
    source, target = on_one_edge(sources.edge, targets.edge)
    ahead = targets.key[target] - sources.key[source]
    allowed = (ahead >= 0) | ~sources.oneway[source]
    return Found(source[allowed], target[allowed], np.abs(ahead[allowed]))


def merge(found: Found, more: Found, limit: int) -> Found:
    """Return the pairs of both, each with the shorter way, as far as the limit.

    Parameters
    ----------
    found, more : Found
        Pairs, each once, sorted by source, then target; ``more`` are few.
    limit : int
        Longest way, as a key. ``found`` has none that is longer.

    Returns
    -------
    Found
        The pairs of both in the same order.
    """
    near = more.key <= limit
    if not near.any():
        return found
    source, target, key = more.source[near], more.target[near], more.key[near]
    at, known = positions(found, source, target)
    merged = found.key.copy()
    merged[at[known]] = np.minimum(merged[at[known]], key[known])
    new = ~known
    return Found(
        np.insert(found.source, at[new], source[new]),
        np.insert(found.target, at[new], target[new]),
        np.insert(merged, at[new], key[new]),
    )


def positions(found: Found, source: Ints, target: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return where pairs stand among those found, or would have to be inserted.

    Parameters
    ----------
    found : Found
        Pairs, sorted by source, then target.
    source, target : array of int
        Pairs that are looked for.

    Returns
    -------
    at : array of int64
        Their rows, or the rows before which they belong.
    known : array of bool
        Whether they are there.
    """
    size = 1 + max(int(found.target.max(initial=0)), int(target.max(initial=0)))
    pairs, looked_for = found.source * size + found.target, source * size + target
    at = np.searchsorted(pairs, looked_for)
    known = np.zeros(len(at), dtype=bool)
    inside = at < len(pairs)
    known[inside] = pairs[at[inside]] == looked_for[inside]
    return at, known
