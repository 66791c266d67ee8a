"""Which engine measures, and what it costs: all give the same answer to the tick."""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.network.ends import Joined, merge, rides_along
from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Ends, Found, Keys, infinity
from ruralcare.network.search.compiled import available, compiling
from ruralcare.network.search.hierarchy import Hierarchy
from ruralcare.progress import Progress, silent
from ruralcare.types import Direction

__all__ = ["Engine", "nearest_nodes", "prepare", "ways"]

Ints = NDArray[np.int64]

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
        Told how far the search is, and when it has to be prepared.
    """
    # The search runs from the side with fewer points, against the arcs if that is the targets.
    if len(targets) < len(sources):
        found = _swapped(
            _search(
                graph, targets.into, sources.out, limit, engine, threads, progress, backward=True
            )
        )
    else:
        found = _search(
            graph, sources.out, targets.into, limit, engine, threads, progress, backward=False
        )
    return merge(found, rides_along(sources, targets), limit)


def _search(
    graph: RoadGraph,
    sources: Ends,
    targets: Ends,
    limit: int,
    engine: Engine,
    threads: int | None,
    progress: Progress,
    *,
    backward: bool,
) -> Found:
    if engine == "plain" or not available():
        from ruralcare.network.search import plain

        return plain.pairs(graph.backward if backward else graph.forward, sources, targets, limit)
    from ruralcare.network.search import buckets, hierarchy

    if engine == "auto":
        engine = _chosen(graph, sources, targets, limit, backward=backward)
    threads = threads or os.cpu_count() or 1
    with compiling(progress):
        if engine == "hierarchy":
            made = prepare(graph, progress)
            starts, ends = (targets, sources) if backward else (sources, targets)
            found = hierarchy.pairs(made, starts, ends, limit, threads=threads, progress=progress)
            return _swapped(found) if backward else found
        arcs = graph.backward if backward else graph.forward
        return buckets.pairs(arcs, sources, targets, limit, threads=threads, progress=progress)


def _swapped(found: Found) -> Found:
    """Return pairs with source and target exchanged."""
    order = np.lexsort((found.source, found.target))
    return Found(found.target[order], found.source[order], found.key[order])


def _chosen(
    graph: RoadGraph, sources: Ends, targets: Ends, limit: int, *, backward: bool
) -> Engine:
    """Choose by what the search is expected to cost.

    Preparing a graph pays once the searches made without it would have cost as much: then the
    whole costs at most twice of what it would have with foresight.
    """
    from ruralcare.network.search import buckets

    count = len(sources)
    if count <= _TRIED:
        return "buckets"
    arcs = graph.backward if backward else graph.forward
    tried = np.unique(np.linspace(0, count - 1, _TRIED).astype(np.int64))
    reached = buckets.one_to_all(arcs, sources.take(tried), limit)
    nodes = np.count_nonzero(reached != infinity(reached.dtype)) / len(tried)
    plain_s = count * nodes * _S_PER_NODE_SEARCHED
    prepared_s = (count + len(targets)) * _S_PER_END_PREPARED_FOR
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
    engine, progress
        As for :func:`ways`; no engine has anything to gain from preparing here.

    Returns
    -------
    key : array, shape (nodes, k)
        Way to each place, nearest first; infinity where there is none within the limit.
    place : array of int32, shape (nodes, k)
        Its number, or −1; of equally near places the first one.
    """
    arcs = graph.backward if direction == "to_place" else graph.forward
    if engine == "plain" or not available():
        from ruralcare.network.search import plain

        return plain.k_nearest(arcs, places, k, limit)
    from ruralcare.network.search import buckets

    with compiling(progress):
        if k > 1:
            return buckets.k_nearest(arcs, places, k, limit)
        key, place = buckets.nearest(arcs, places, limit)
        return key[:, None], place[:, None]
