"""Which engine measures, and what it costs: all give the same answer to the tick."""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.network.ends import Joined, merge, rides_along
from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Arcs, Ends, Found, Int32s, Keys, infinity
from ruralcare.network.search.compiled import available, compiling
from ruralcare.network.search.hierarchy import Hierarchy
from ruralcare.progress import Progress, silent
from ruralcare.types import Direction

__all__ = ["Engine", "chosen", "nearest_nodes", "prepare", "tree", "ways", "ways_to_all"]

Engine = Literal["auto", "plain", "buckets", "hierarchy"]
"""``plain`` is scipy; ``buckets`` needs no preparation; ``hierarchy`` prepares the graph once."""

# Seconds on an ordinary core, measured by benchmarks/travel_times.py; only their ratios matter.
_S_PER_NODE_SEARCHED = 20e-9
_S_PER_NODE_PREPARED = 12e-6
_S_PER_END_PREPARED_FOR = 30e-6
# Searches tried to see how far the cutoff reaches.
_TRIED = 8


def ways(
    graph: RoadGraph,
    sources: Joined,
    targets: Joined,
    limit: int,
    *,
    engine: Engine = "auto",
    threads: int | None = None,
    progress: Progress = silent,
) -> Found:
    """Return the quickest way between all pairs of points that is no longer than a limit.

    Parameters
    ----------
    graph : RoadGraph
        The graph.
    sources, targets : Joined
        Points on it.
    limit : int
        Longest way, as a key (:func:`~ruralcare.network.search.arrays.limit_key`).
    engine : {"auto", "plain", "buckets", "hierarchy"}
        By default the one that is expected to be the quickest.
    threads : int, optional
        Threads that search; by default as many as there are cores. The answer is the same.
    progress : Progress
        Told how far the search is, and when it has to be prepared; if it raises, the search ends.

    Returns
    -------
    Found
        The pairs, sorted by source, then target, with their ways.
    """
    threads = threads or os.cpu_count() or 1
    engine = chosen(graph, sources, targets, limit, engine, threads=threads, progress=progress)
    found = _searched(graph, sources, targets, limit, engine, threads, progress)
    return merge(found, rides_along(sources, targets), limit)


def _searched(
    graph: RoadGraph,
    sources: Joined,
    targets: Joined,
    limit: int,
    engine: Engine,
    threads: int,
    progress: Progress,
) -> Found:
    if engine == "hierarchy":
        from ruralcare.network.search import hierarchy

        made = prepare(graph, progress)
        with compiling(progress):
            return hierarchy.pairs(
                made, sources.out, targets.into, limit, threads=threads, progress=progress
            )
    arcs, starts, ends = _sides(graph, sources, targets)
    if engine == "plain":
        from ruralcare.network.search import plain

        found = plain.pairs(arcs, starts, ends, limit, progress=progress)
    else:
        from ruralcare.network.search import buckets

        with compiling(progress):
            found = buckets.pairs(arcs, starts, ends, limit, threads=threads, progress=progress)
    return found if arcs is graph.forward else _swapped(found)


def _sides(graph: RoadGraph, sources: Joined, targets: Joined) -> tuple[Arcs, Ends, Ends]:
    """Return the side with fewer points, from which to search, with the arcs for it."""
    if len(targets) < len(sources):
        return graph.backward, targets.into, sources.out
    return graph.forward, sources.out, targets.into


def _swapped(found: Found) -> Found:
    """Return pairs with source and target exchanged."""
    order = np.lexsort((found.source, found.target))
    return Found(found.target[order], found.source[order], found.key[order])


def chosen(
    graph: RoadGraph,
    sources: Joined,
    targets: Joined,
    limit: int,
    engine: Engine = "auto",
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> Engine:
    """Choose the engine by what the search is expected to cost.

    Preparing a graph pays once the searches made without it would have taken as long: then the
    whole takes at most twice as long as it would have with foresight.

    Parameters
    ----------
    graph : RoadGraph
        The graph; what is searched without preparing it is noted there.
    sources, targets, limit
        As for :func:`ways`.
    engine : {"auto", "plain", "buckets", "hierarchy"}
        What is asked for.
    threads : int
        Threads that will search, on all machines; one alone prepares.
    progress : Progress
        Told when routines have to be compiled for trying.

    Returns
    -------
    {"plain", "buckets", "hierarchy"}
        What was asked for, if that was one of them; without numba, ``plain``.
    """
    if engine == "plain" or not available():
        return "plain"
    if engine != "auto":
        return engine
    arcs, starts, ends = _sides(graph, sources, targets)
    count = len(starts)
    if count <= _TRIED:
        return "buckets"
    tried = np.unique(np.linspace(0, count - 1, _TRIED).astype(np.int64))
    reached = ways_to_all(arcs, starts.take(tried), limit, progress=progress)
    nodes = np.count_nonzero(reached != infinity(reached.dtype)) / len(tried)
    plain_s = count * nodes * _S_PER_NODE_SEARCHED / threads
    prepared_s = (count + len(ends)) * _S_PER_END_PREPARED_FOR / threads
    if graph.kept.hierarchy is not None:
        return "hierarchy" if prepared_s < plain_s else "buckets"
    preparing_s = graph.nodes * _S_PER_NODE_PREPARED
    if graph.kept.spent_s + plain_s > preparing_s + prepared_s:
        return "hierarchy"
    graph.kept.spent_s += plain_s
    return "buckets"


def prepare(graph: RoadGraph, progress: Progress = silent) -> Hierarchy:
    """Prepare a graph for many searches, unless it is; what is made is stored with the graph.

    Parameters
    ----------
    graph : RoadGraph
        The graph.
    progress : Progress
        Told how far the preparation is.

    Returns
    -------
    Hierarchy
        The graph prepared, which is kept with it.
    """
    if graph.kept.hierarchy is not None:
        return graph.kept.hierarchy
    from ruralcare.network.search import hierarchy

    progress(Message("Preparing the roads for many searches"))
    with compiling(progress):
        made = hierarchy.contract(graph.forward, progress)
    graph.kept.hierarchy = made
    if graph.kept.store is not None:
        graph.kept.store(graph)
    return made


def ways_to_all(arcs: Arcs, sources: Ends, limit: int, *, progress: Progress = silent) -> Keys:
    """Return the ways from a few points to all nodes, without preparing anything.

    Parameters
    ----------
    arcs : Arcs
        Arcs of a graph, forward or backward.
    sources : Ends
        Points to start from.
    limit : int
        Longest way, as a key.
    progress : Progress
        Told when routines have to be compiled.

    Returns
    -------
    array of int32 or int64, shape (sources, nodes)
        Keys; infinity where there is no way within the limit.
    """
    if not available():
        from ruralcare.network.search import plain

        return plain.one_to_all(arcs, sources, limit)
    from ruralcare.network.search import buckets

    with compiling(progress):
        return buckets.one_to_all(arcs, sources, limit)


def tree(
    arcs: Arcs, source: Ends, limit: int, *, progress: Progress = silent
) -> tuple[Keys, Int32s]:
    """Return the quickest ways from one point, and the arc by which each node is reached.

    Parameters
    ----------
    arcs, limit, progress
        As for :func:`ways_to_all`.
    source : Ends
        One point.

    Returns
    -------
    key : array of int32 or int64, shape (nodes,)
        Keys; infinity where there is no way within the limit.
    parent : array of int32, shape (nodes,)
        Last arc of each way, or −1; see :func:`.buckets.tree`.
    """
    if not available():
        from ruralcare.network.search import plain

        return plain.tree(arcs, source, limit)
    from ruralcare.network.search import buckets

    with compiling(progress):
        return buckets.tree(arcs, source, limit)


def nearest_nodes(
    graph: RoadGraph,
    places: Ends,
    k: int,
    limit: int,
    direction: Direction,
    *,
    engine: Engine = "auto",
    progress: Progress = silent,
) -> tuple[Keys, NDArray[np.int32]]:
    """Return the nearest places of every node of the graph.

    Parameters
    ----------
    graph : RoadGraph
        The graph.
    places : Ends
        Where the places hang on it, with whatever comes on top of the way.
    k : int
        How many places to find.
    limit : int
        Longest way, as a key.
    direction : {"to_place", "to_demand"}
        Whether one travels from the node to the place or the other way.
    engine : {"auto", "plain", "buckets", "hierarchy"}
        All but ``plain`` search by buckets: nothing is to be gained from preparing here.
    progress : Progress
        Told that the search begins; scipy tells how far it is where ``k`` is more than 1.

    Returns
    -------
    key : array, shape (nodes, k)
        Way to each place, nearest first; infinity where there is none within the limit.
    place : array of int32, shape (nodes, k)
        Its number, or −1; of equally near places the one with the least proxy, then the first.
    """
    arcs = graph.backward if direction == "to_place" else graph.forward
    progress(Message("Measuring travel times"), 0.0)
    if engine == "plain" or not available():
        from ruralcare.network.search import plain

        if k > 1:
            return plain.k_nearest(arcs, places, k, limit, progress=progress)
        key, place = plain.nearest(arcs, places, limit)
    else:
        from ruralcare.network.search import buckets

        with compiling(progress):
            if k > 1:
                return buckets.k_nearest(arcs, places, k, limit)
            key, place = buckets.nearest(arcs, places, limit)
    return key[:, None], place[:, None]
