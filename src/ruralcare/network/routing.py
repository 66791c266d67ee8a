"""Shortest paths between points on a road network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.network.parts import strong_parts
from ruralcare.network.snap import NOT_ON_FOOT, Snapped
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_at

__all__ = ["Graph", "Pairs", "graph_with_points", "pairs_within", "unreachable_pairs"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# A point this close to the end of an edge stands at the end, so that it can use every road there.
_AT_END_M = 0.01
# Size of the block of travel times that is held at once.
_BLOCK_CELLS = 8_000_000


@dataclass(frozen=True)
class Graph:
    """A routable graph with points on it.

    Parameters
    ----------
    minutes : sparse array
        Travel time from row to column, for each pair of nodes with a direct link. The nodes of
        the network come first, then the places where points join an edge.
    node : array of int
        Node of each point, −1 for the unsnapped.
    """

    minutes: csr_array
    node: Ints


@dataclass(frozen=True)
class Pairs:
    """Pairs of points with their travel time, sorted by origin, then destination.

    Parameters
    ----------
    origin, destination : array of int
        Positions of the two points.
    minutes : array of float
        Travel time on the network.
    """

    origin: Ints
    destination: Ints
    minutes: Floats


def graph_with_points(
    roads: RoadNetwork, snapped: Snapped, *, mode: str = "car", walking_kmh: float = 4.0
) -> Graph:
    """Return the network as a graph in which points split the edges they joined.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    snapped : Snapped
        Where the points joined it.
    mode : {"car", "foot"}
        On foot, roads are walked in both directions at ``walking_kmh``, motorways and trunk
        roads not at all; ferries take their time.
    walking_kmh : float
        Walking speed.
    """
    edges = roads.edges
    u, v = edges["u"].to_numpy(dtype=np.int64), edges["v"].to_numpy(dtype=np.int64)
    minutes = edges["time_min"].to_numpy(dtype=float)
    oneway = edges["oneway"].to_numpy(dtype=bool)
    usable = np.ones(len(edges), dtype=bool)
    if mode == "foot":
        ferry = (edges["kind"] == "ferry").to_numpy()
        walked = minutes_at(edges["length_m"].to_numpy(dtype=float), walking_kmh)
        minutes = np.where(ferry, minutes, walked)
        oneway = np.zeros(len(edges), dtype=bool)
        usable = ferry | ~edges["road_class"].isin(NOT_ON_FOOT).to_numpy()
    elif mode != "car":
        raise TableError(f"mode must be car or foot, not {mode}")

    node, inner_edge, inner_share = _places(roads, snapped)
    count = len(roads.nodes) + len(inner_edge)
    # Along each edge with points on it: u, the points in order, v.
    split = np.unique(inner_edge)
    along_edge = np.concatenate([split, inner_edge, split])
    along_share = np.concatenate([np.zeros(len(split)), inner_share, np.ones(len(split))])
    number = np.arange(len(inner_edge)) + len(roads.nodes)
    along_node = np.concatenate([u[split], number, v[split]])
    rank = np.repeat([0, 1, 2], [len(split), len(inner_edge), len(split)])
    order = np.lexsort((along_share, rank, along_edge))
    along_edge, along_share, along_node = along_edge[order], along_share[order], along_node[order]
    step = along_edge[:-1] == along_edge[1:]
    part_edge = along_edge[:-1][step]
    part_min = np.diff(along_share)[step] * minutes[part_edge]

    tail = np.concatenate([u[usable], along_node[:-1][step]])
    head = np.concatenate([v[usable], along_node[1:][step]])
    time = np.concatenate([minutes[usable], part_min])
    both = ~np.concatenate([oneway[usable], oneway[part_edge]])
    matrix = _matrix(
        np.concatenate([tail, head[both]]),
        np.concatenate([head, tail[both]]),
        np.concatenate([time, time[both]]),
        count,
    )
    return Graph(matrix, node)


def _places(roads: RoadNetwork, snapped: Snapped) -> tuple[Ints, Ints, Floats]:
    """Return the node of each point, and edge and share of the nodes added inside edges."""
    edges = roads.edges
    node = np.full(len(snapped.edge), -1, dtype=np.int64)
    ok = snapped.ok
    edge, share = snapped.edge[ok], snapped.share[ok]
    u, v = edges["u"].to_numpy(dtype=np.int64)[edge], edges["v"].to_numpy(dtype=np.int64)[edge]
    length = edges.geometry.length.to_numpy()[edge]
    at_u, at_v = share * length <= _AT_END_M, (1 - share) * length <= _AT_END_M
    inside = ~at_u & ~at_v
    place = np.where(at_u, u, v)
    keys = np.column_stack([edge[inside].astype(float), share[inside]])
    inner, which = np.unique(keys, axis=0, return_inverse=True)
    place[inside] = len(roads.nodes) + which.reshape(-1)
    node[ok] = place
    return node, inner[:, 0].astype(np.int64), inner[:, 1]


def _matrix(tail: Ints, head: Ints, minutes: Floats, count: int) -> csr_array:
    """Return a sparse matrix with the shortest of parallel links; links of no time are kept."""
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], minutes[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    data = (minutes[first], (tail[first], head[first]))
    return coo_array(data, shape=(count, count)).tocsr()


def pairs_within(
    graph: Graph,
    origins: Ints,
    destinations: Ints,
    limit_min: float,
    progress: Progress = silent,
) -> Pairs:
    """Return the travel times up to a limit between two sets of points.

    Parameters
    ----------
    graph : Graph
        Graph with the points.
    origins, destinations : array of int
        Positions of the points in the graph; unsnapped ones take no part.
    limit_min : float
        Longest travel time listed.
    progress : Progress
        Told about each block.
    """
    from_node, to_node = graph.node[origins], graph.node[destinations]
    # The search runs from the smaller side, backwards if that is the destinations.
    backwards = len(np.unique(to_node)) < len(np.unique(from_node))
    start, end = (to_node, from_node) if backwards else (from_node, to_node)
    matrix = graph.minutes.T.tocsr() if backwards else graph.minutes
    nodes, which, counts = np.unique(start, return_inverse=True, return_counts=True)
    rows_of = np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])
    known = np.flatnonzero(end >= 0)
    per_block = max(1, _BLOCK_CELLS // matrix.shape[0])
    searched = np.flatnonzero(nodes >= 0)
    step = Message("Measuring travel times")
    found: list[tuple[Ints, Ints, Floats]] = []
    for begin in range(0, len(searched), per_block):
        progress(step, begin / len(searched))
        block = searched[begin : begin + per_block]
        times = dijkstra(matrix, indices=nodes[block], limit=limit_min)[:, end[known]]
        for number, row in zip(block, times, strict=True):
            reached = np.flatnonzero(row <= limit_min)
            starts = rows_of[number]
            found.append(
                (
                    np.repeat(starts, len(reached)),
                    np.tile(known[reached], len(starts)),
                    np.tile(row[reached], len(starts)),
                )
            )
    progress(step, 1.0)
    empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    a, b, minutes = (np.concatenate(parts) for parts in zip(empty, *found, strict=True))
    origin, destination = (b, a) if backwards else (a, b)
    order = np.lexsort((destination, origin))
    return Pairs(origin[order], destination[order], minutes[order])


def unreachable_pairs(graph: Graph, origins: Ints, destinations: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of snapped points without any way from one to the other.

    Parameters
    ----------
    graph : Graph
        Graph with the points.
    origins, destinations : array of int
        Positions of the points in the graph.

    Returns
    -------
    origin, destination : array of int
        Positions within ``origins`` and ``destinations``, sorted.
    """
    links = graph.minutes.tocoo()
    count = graph.minutes.shape[0]
    oneway = np.ones(links.nnz, dtype=bool)
    tail, head = links.row.astype(np.int64), links.col.astype(np.int64)
    part = strong_parts(tail, head, oneway, count)
    # Between strongly connected parts, links of no time say which part leads to which.
    parts = int(part.max(initial=-1)) + 1
    across = part[tail] != part[head]
    steps = _matrix(part[tail[across]], part[head[across]], np.zeros(int(across.sum())), parts)
    from_node, to_node = graph.node[origins], graph.node[destinations]
    i, j = np.flatnonzero(from_node >= 0), np.flatnonzero(to_node >= 0)
    if not len(i) or not len(j):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    from_part, row = np.unique(part[from_node[i]], return_inverse=True)
    to_part, column = np.unique(part[to_node[j]], return_inverse=True)
    apart = np.isinf(dijkstra(steps, indices=from_part)[:, to_part])
    a, b = np.nonzero(apart[row][:, column])
    return i[a], j[b]
