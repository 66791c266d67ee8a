"""Searches by scipy: for systems without numba, and as a check on the other engines.

scipy adds in ``float64``, which holds ticks exactly but not the ``int64`` keys of mixed networks.
What comes second (proxy ticks, the lowest source) is therefore found in a second search, on the
arcs of quickest ways alone: there every way to a node takes the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ruralcare.language import Message
from ruralcare.network.search.arrays import (
    Arcs,
    Ends,
    Found,
    Int32s,
    Ints,
    Keys,
    infinity,
    proxy_ticks,
    ticks_of,
)
from ruralcare.network.search.checks import check
from ruralcare.progress import Progress, silent

__all__ = ["k_nearest", "nearest", "one_to_all", "pairs", "tree"]

Floats = NDArray[np.float64]

_CELLS = 2**22
"""Distances that scipy returns at a time."""


def one_to_all(
    arcs: Arcs, sources: Ends, limit: int, *, threads: int = 1, progress: Progress = silent
) -> Keys:
    """Return the ways from sources to all nodes; see :func:`.buckets.one_to_all`.

    scipy searches in one thread, whatever ``threads`` says.
    """
    limit = check(arcs, limit, sources)
    found = np.full((len(sources), arcs.nodes), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    for chosen in _chunks(arcs, sources):
        found[chosen] = _ways(arcs, sources.take(chosen), limit)
        progress(Message("Measuring travel times"), (chosen[-1] + 1) / len(sources))
    return found


def nearest(arcs: Arcs, sources: Ends, limit: int) -> tuple[Keys, Int32s]:
    """Return the nearest source of every node; see :func:`.buckets.nearest`."""
    limit = check(arcs, limit, sources)
    graph = _Graph(arcs, sources.node, np.zeros(len(sources.node), dtype=np.int64), 1)
    keys = [
        np.concatenate([level(arcs.key), level(sources.key)]) for level in _levels(arcs.key.dtype)
    ]
    owner = np.concatenate([np.zeros(len(arcs.key), dtype=np.int64), sources.owner()])
    *parts, source = graph.lexicographic(arcs.nodes, [*keys, owner], _limit_ticks(limit, arcs))
    key = _joined(parts, arcs.key.dtype)
    missing = np.isinf(parts[0]) | (key > limit)
    key[missing] = infinity(arcs.key.dtype)
    return key, np.where(missing, -1.0, source).astype(np.int32)


def k_nearest(
    arcs: Arcs, sources: Ends, k: int, limit: int, *, progress: Progress = silent
) -> tuple[Keys, Int32s]:
    """Return the ``k`` nearest sources of every node; see :func:`.buckets.k_nearest`."""
    limit = check(arcs, limit, sources, k=k)
    key = np.full((arcs.nodes, k), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    source = np.full((arcs.nodes, k), -1, dtype=np.int32)
    for chosen in _chunks(arcs, sources):
        more = _ways(arcs, sources.take(chosen), limit).T
        all_keys = np.column_stack([key, more])
        all_sources = np.column_stack([source, np.broadcast_to(chosen, more.shape)])
        # Sources come in order and those kept stand first: a stable sort puts the lowest first.
        best = np.argsort(all_keys, axis=1, kind="stable")[:, :k]
        key = np.take_along_axis(all_keys, best, axis=1)
        source = np.take_along_axis(all_sources, best, axis=1).astype(np.int32)
        progress(Message("Measuring travel times"), (chosen[-1] + 1) / len(sources))
    source[key == infinity(key.dtype)] = -1
    return key, source


def pairs(
    arcs: Arcs,
    sources: Ends,
    targets: Ends,
    limit: int,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> Found:
    """Return all pairs within the limit; see :func:`.buckets.pairs`.

    scipy searches in one thread, whatever ``threads`` says.
    """
    limit = check(arcs, limit, sources, targets)
    sets: list[tuple[Ints, Ints, Keys]] = []
    owner = targets.owner()
    joined = np.flatnonzero(np.diff(targets.first))
    for chosen in _chunks(arcs, sources):
        if not len(joined):
            break
        ways = _ways(arcs, sources.take(chosen), limit)[:, targets.node]
        reached = ways <= limit
        ways = np.where(reached, ways, 0) + targets.key
        ways = np.where(reached & (ways <= limit), ways, infinity(arcs.key.dtype))
        best = np.minimum.reduceat(ways, targets.first[joined], axis=1)
        row, column = np.nonzero(best <= limit)
        sets.append((chosen[row], owner[targets.first[joined]][column], best[row, column]))
        progress(Message("Measuring travel times"), (chosen[-1] + 1) / len(sources))
    if not sets:
        nothing = np.zeros(0, dtype=np.int64)
        return Found(nothing, nothing, nothing.astype(arcs.key.dtype))
    source, target, key = (np.concatenate(part) for part in zip(*sets, strict=True))
    return Found(source, target, key.astype(arcs.key.dtype))


def tree(arcs: Arcs, source: Ends, limit: int) -> tuple[Keys, Int32s]:
    """Return the quickest ways from one point; see :func:`.buckets.tree`."""
    limit = check(arcs, limit, source, points=1)
    key = _ways(arcs, source, limit)[0]
    parent = np.full(arcs.nodes, -1, dtype=np.int32)
    tails = arcs.tails()
    reached = key <= limit
    roots = np.unique(source.node[reached[source.node] & (key[source.node] == source.key)])
    if not len(roots):
        return key, parent
    straight = reached[tails] & reached[arcs.head]
    straight[straight] = key[tails[straight]] + arcs.key[straight] == key[arcs.head[straight]]
    rows = np.flatnonzero(straight)
    graph = _Graph(_some(arcs, rows), roots, np.zeros(len(roots), dtype=np.int64), 1)
    weights = np.ones(len(rows) + len(roots))
    steps = dijkstra(graph.matrix(weights), indices=arcs.nodes)[: arcs.nodes]
    rows = rows[steps[tails[rows]] + 1 == steps[arcs.head[rows]]]
    parent[arcs.head[rows[::-1]]] = rows[::-1]
    return key, parent


def _limit_ticks(limit: int, arcs: Arcs) -> int:
    """Return the longest time of ways within a limit."""
    return int(ticks_of(np.array([limit], dtype=arcs.key.dtype))[0])


class _Graph:
    """Arcs, and further nodes from which searches start: each leads to the ends of a point."""

    def __init__(self, arcs: Arcs, node: Int32s, owner: Ints, points: int) -> None:
        sizes = np.bincount(owner, minlength=points)
        self.first = np.concatenate([arcs.first, arcs.first[-1] + np.cumsum(sizes)])
        self.head = np.concatenate([arcs.head, node]).astype(np.int32)

    def matrix(self, weights: Floats | Ints) -> Any:  # noqa: ANN401
        """Return the graph with weights; of length zero, too, for they are written out."""
        count = len(self.first) - 1
        weights = np.asarray(weights, dtype=np.float64)
        return csr_array((weights, self.head, self.first), shape=(count, count))

    def lexicographic(self, start: int, weights: Sequence[Ints], limit: int) -> list[Floats]:
        """Return ways from a node: shortest by the first weight, among them by the next, …."""
        tails = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        keep = np.arange(len(self.head))
        found: list[Floats] = []
        for level, weight in enumerate(weights):
            part = _Graph.__new__(_Graph)
            part.first = np.searchsorted(tails[keep], np.arange(len(self.first))).astype(np.int32)
            part.head = self.head[keep]
            bound = float(limit) if level == 0 else np.inf
            way = dijkstra(part.matrix(weight[keep]), indices=start, limit=bound)
            straight = np.isfinite(way[tails[keep]]) & np.isfinite(way[self.head[keep]])
            keep = keep[straight]
            keep = keep[way[tails[keep]] + weight[keep] == way[self.head[keep]]]
            found.append(way)
        return [way[:start] for way in found]


def _ways(arcs: Arcs, sources: Ends, limit: int) -> Keys:
    count = len(sources)
    if arcs.key.dtype == np.int32:
        graph = _Graph(arcs, sources.node, sources.owner(), count)
        matrix = graph.matrix(np.concatenate([arcs.key, sources.key]))
        starts = np.arange(arcs.nodes, arcs.nodes + count)
        ways = dijkstra(matrix, indices=starts, limit=limit)[:, : arcs.nodes]
        return _joined([ways], arcs.key.dtype)
    found = np.full((count, arcs.nodes), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    for point in range(count):
        one = sources.take(np.array([point]))
        graph = _Graph(arcs, one.node, one.owner(), 1)
        weights = [np.concatenate([part(arcs.key), part(one.key)]) for part in _levels(np.int64)]
        parts = graph.lexicographic(arcs.nodes, weights, _limit_ticks(limit, arcs))
        key = _joined(parts, arcs.key.dtype)
        found[point] = np.where(key <= limit, key, infinity(arcs.key.dtype))
    return found


def _levels(dtype: Any) -> list[Any]:  # noqa: ANN401
    return [ticks_of] if np.dtype(dtype) == np.int32 else [ticks_of, proxy_ticks]


def _joined(parts: Sequence[Floats], dtype: Any) -> Keys:  # noqa: ANN401
    """Return ticks, or ticks and proxy ticks, as keys; infinity where there is no way."""
    missing = np.isinf(parts[0])
    whole = [np.where(missing, 0, part).astype(np.int64) for part in parts]
    key = whole[0] if len(whole) == 1 else (whole[0] << 32) | whole[1]
    return np.where(missing, infinity(dtype), key).astype(dtype)


def _some(arcs: Arcs, rows: Ints) -> Arcs:
    first = np.searchsorted(rows, arcs.first).astype(np.int32)
    return Arcs(first, arcs.head[rows], arcs.key[rows])


def _chunks(arcs: Arcs, sources: Ends) -> list[Ints]:
    size = max(1, _CELLS // max(1, arcs.nodes + 1))
    points = np.arange(len(sources), dtype=np.int64)
    return [points[start : start + size] for start in range(0, len(points), size)]
