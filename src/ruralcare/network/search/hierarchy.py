"""Contraction hierarchy: a graph prepared once, on which many searches are quick.

Nodes are taken away one after another, and shortcuts replace the ways over them that are quickest
(*contraction*). Then every quickest way goes up, to nodes that went later, and down again: a
search looks upwards only, at some hundred nodes, and comes down to all nodes, or to those above the
targets, in one sweep through the memory without a queue. Keys are those of the other engines, to
the tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np

from ruralcare.errors import TableError
from ruralcare.network.search.arrays import (
    Arcs,
    Ends,
    Found,
    Int32s,
    Ints,
    Keys,
    infinity,
)
from ruralcare.network.search.checks import check
from ruralcare.network.search.preparing import no_way, prepared
from ruralcare.network.search.threads import each
from ruralcare.network.search.views import fixed, graph_of, points_of
from ruralcare.progress import Progress, silent

__all__ = ["Hierarchy", "contract", "one_to_all", "pairs"]

# Sources of one sweep: a row of labels is one or two lines of memory.
_LANES = 16
# As many sources, or fewer, are searched for one by one.
_ALONE = 2
# Sources that share the places above them, and keys that are written at a time.
_CHUNK_SOURCES = 1024
_CHUNK_KEYS = 2**23
_PARTS_PER_THREAD = 4


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Nodes in an order, and the arcs that lead up and down in it.

    Parameters
    ----------
    order : array of int32, shape (nodes,)
        Node of the graph at each place. Arcs lead up to smaller places.
    place : array of int32, shape (nodes,)
        Place of each node of the graph.
    up_first, up_head, up_key : array
        Arcs from each place to places above it, as in :class:`Arcs`.
    down_first, down_tail, down_key : array
        Arcs to each place from places above it.
    region_first : array of int32, shape (regions + 1,)
        Places of region ``i`` are ``region_first[i]`` to ``region_first[i + 1]``; its nodes are the
        ``i``-th part of all nodes. Arcs lead up to places of the same region, or to those before
        all regions.
    """

    order: Int32s
    place: Int32s
    up_first: Int32s
    up_head: Int32s
    up_key: Keys
    down_first: Int32s
    down_tail: Int32s
    down_key: Keys
    region_first: Int32s

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.order)

    @property
    def up(self) -> Arcs:
        """The arcs that lead up, between places."""
        return Arcs(self.up_first, self.up_head, self.up_key)

    @property
    def down(self) -> Arcs:
        """The arcs that lead down, turned: from each place to those above it."""
        return Arcs(self.down_first, self.down_tail, self.down_key)


def contract(arcs: Arcs, progress: Progress = silent) -> Hierarchy:
    """Prepare a graph for many searches.

    The same arcs give the same hierarchy, on every computer. Ways longer than
    :data:`~ruralcare.network.search.arrays.LONGEST_TICKS` are none.

    Parameters
    ----------
    arcs : Arcs
        The graph; quickest if nodes that are near have numbers that are near.
    progress : Progress
        Told how far the preparation is; it can be interrupted there.

    Returns
    -------
    Hierarchy
        The order of the nodes, and the arcs that lead up and down in it.

    References
    ----------
    R. Geisberger, P. Sanders, D. Schultes, C. Vetter, Exact routing in large road networks using
    contraction hierarchies, Transportation Science 46, 2012.
    """
    return Hierarchy(*prepared(arcs, progress))


def one_to_all(
    hierarchy: Hierarchy,
    sources: Ends,
    limit: int,
    *,
    out: Keys | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Keys:
    """Return the ways from sources to all nodes.

    Parameters
    ----------
    hierarchy : Hierarchy
        The graph.
    sources : Ends
        Points to start from; the more at once, the quicker each.
    limit : int
        Longest way that counts, as a key.
    out : array, shape (sources, nodes), optional
        Where to write: memory that was used before is quicker than new memory.
    threads : int
        Threads that search at the same time.
    progress : Progress
        Told how far the search is; it can be interrupted there.

    Returns
    -------
    array of int32 or int64, shape (sources, nodes)
        Keys; infinity where there is no way within the limit.

    Raises
    ------
    TableError
        A point is at a node that is not there, keys are of different types, the limit is below 0,
        or ``out`` does not fit.
    """
    from ruralcare.network.search.kernels import sweeps as kernels

    limit = check(hierarchy.up, limit, sources)
    dtype, nodes, count = hierarchy.up_key.dtype, hierarchy.nodes, len(sources)
    none = no_way(dtype)
    made = np.empty((count, nodes), dtype) if out is None else out
    if made.shape != (count, nodes) or made.dtype != dtype or not made.flags.c_contiguous:
        raise TableError(f"the memory to write to must be an array of {dtype}, {count} by {nodes}")
    places, _, up, points = _part(hierarchy.up, sources, hierarchy.place)
    down, place, region = (
        graph_of(hierarchy.down),
        fixed(hierarchy.place),
        fixed(hierarchy.region_first),
    )
    lanes = _lanes(count)
    rows = nodes if lanes == 1 else int(region[0] + np.diff(region).max(initial=0))
    starts = range(0, count, lanes)
    spare: SimpleQueue[tuple[Any, Keys]] = SimpleQueue()
    for _ in range(min(threads, len(starts))):
        spare.put((_above(places, lanes, dtype), np.empty((rows, lanes), dtype)))

    def search(start: int) -> None:
        above, label = mine = spare.get()
        stop = min(start + lanes, count)
        own, rules = made[start:stop], (limit, none, infinity(dtype))
        kernels.reach(up, points, start, stop, above, down, region, place, label, own, *rules)
        spare.put(mine)

    for _ in each(search, starts, threads, progress):
        pass
    return made


def pairs(
    hierarchy: Hierarchy,
    sources: Ends,
    targets: Ends,
    limit: int,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> Found:
    """Return all pairs of a source and a target with a way within the limit.

    Parameters
    ----------
    hierarchy : Hierarchy
        The graph.
    sources, targets : Ends
        Points on it.
    limit : int
        Longest way that counts, as a key.
    threads : int
        Threads that search at the same time.
    progress : Progress
        Told how far the search is; it can be interrupted there.

    Returns
    -------
    Found
        The pairs, sorted by source, then target, with their ways.

    Raises
    ------
    TableError
        A point is at a node that is not there, keys are of different types, or the limit is
        below 0.
    """
    sets: list[tuple[Ints, Ints, Keys]] = []
    for chosen, keys in _blocks(hierarchy, sources, targets, limit, threads, progress):
        row, target = np.nonzero(keys != infinity(keys.dtype))
        sets.append((chosen[row], target, keys[row, target]))
    if not sets:
        nothing = np.zeros(0, np.int64)
        return Found(nothing, nothing, np.zeros(0, hierarchy.up_key.dtype))
    source, target, key = (np.concatenate(part) for part in zip(*sets, strict=True))
    # The pairs of a source stand together, but the sources in the order of their nodes.
    begins = np.flatnonzero(np.diff(source, prepend=-1))
    begins = begins[np.argsort(source[begins])]
    sizes = np.bincount(source)
    sizes = sizes[sizes > 0]
    rows = np.repeat(begins - np.cumsum(sizes) + sizes, sizes) + np.arange(len(source))
    return Found(source[rows], target[rows], key[rows])


def _blocks(
    hierarchy: Hierarchy,
    sources: Ends,
    targets: Ends,
    limit: int,
    threads: int,
    progress: Progress,
) -> Iterator[tuple[Ints, Keys]]:
    """Yield sources, as many as are near one another, and their ways to all targets."""
    from ruralcare.network.search.kernels import sweeps as kernels

    limit = check(hierarchy.up, limit, sources, targets)
    dtype = hierarchy.up_key.dtype
    none = no_way(dtype)
    size = _chunk(len(sources), len(targets), threads)
    # Sources that are near one another share most of what is above them.
    joined = sources.first[:-1] < sources.first[1:]
    near = np.full(len(sources), hierarchy.nodes, np.int64)
    near[joined] = sources.node[sources.first[:-1][joined]]
    order = np.argsort(near, kind="stable")
    below, _, down, ends = _part(hierarchy.down, targets, hierarchy.place)

    def search(start: int) -> tuple[Ints, Keys]:
        chosen = order[start : start + size]
        places, number, up, starts = _part(hierarchy.up, sources.take(chosen), hierarchy.place)
        twin = fixed(number[below] - 1)
        lanes = _lanes(len(chosen))
        above = _above(places, lanes, dtype)
        label, active = np.empty((len(below), lanes), dtype), np.zeros(len(below), np.uint8)
        out = np.empty((len(chosen), len(targets)), dtype)
        rules = (limit, none, infinity(dtype))
        kernels.meet(up, starts, above, down, ends, twin, label, active, out, *rules)
        return chosen, out

    yield from each(search, range(0, len(sources), size), threads, progress)


def _chunk(sources: int, targets: int, threads: int) -> int:
    """Return how many sources to search for at a time: work for every thread, and news between."""
    most = min(_CHUNK_KEYS // max(targets, 1), _CHUNK_SOURCES)
    share = -(-sources // (_PARTS_PER_THREAD * threads))
    return max(min(most // _LANES, -(-share // _LANES)), 1) * _LANES


def _part(arcs: Arcs, points: Ends, place: Int32s) -> tuple[Int32s, Int32s, Any, Any]:
    """Return the places above some points, numbered by themselves, with their arcs.

    Returns
    -------
    places : array of int32
        In order.
    number : array of int32, shape (all places,)
        Number of each of them plus 1; 0 for others.
    graph, ends
        The arcs and the points, by these numbers.
    """
    from ruralcare.network.search.kernels import sweeps as kernels

    whole = graph_of(arcs)
    at = place[points.node]
    # Memory full of zeros costs nothing until it is written to.
    number = np.zeros(arcs.nodes, np.int32)
    found = np.empty(arcs.nodes, np.int32)
    count = kernels.closure(whole, at, number, found)
    places = np.sort(found[:count])
    total = int((whole.first[places + 1] - whole.first[places]).sum())
    first, other = np.zeros(count + 1, np.int32), np.empty(total, np.int32)
    key = np.empty(total, arcs.key.dtype)
    kernels.numbered(whole, places, number, first, other, key)
    return places, number, graph_of(Arcs(first, other, key)), points_of(points, number[at] - 1)


def _lanes(sources: int) -> int:
    """Return how many sources to search for at once."""
    # One lane alone has a loop of its own, as quick as three in vectors.
    return _LANES if sources > _LANES // 2 else _LANES // 2 if sources > _ALONE else 1


def _above(places: Int32s, lanes: int, dtype: np.dtype[Any]) -> Any:  # noqa: ANN401
    from ruralcare.network.search.kernels.sweeps import Above

    eights = np.zeros(-(-len(places) // 8), np.uint64)
    label = np.empty((len(places), lanes), dtype)
    return Above(fixed(places), label, eights.view(np.uint8), eights)
