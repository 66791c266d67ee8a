"""Searches without preparation: a queue of buckets, compiled by numba.

Every search looks only at what it can reach within its limit, and leaves its room as it found it.
:mod:`ruralcare.network.search.plain` makes the same calls with scipy.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, local
from typing import TYPE_CHECKING, Any

import numpy as np

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
from ruralcare.network.search.records import Records, queue_for, records, reduced
from ruralcare.network.search.threads import each
from ruralcare.network.search.views import fixed, graph_of, points_of
from ruralcare.progress import Progress, silent

if TYPE_CHECKING:
    from ruralcare.network.search.kernels.records import Rows

__all__ = ["k_nearest", "nearest", "one_to_all", "pairs", "tree"]

_PATIENCE = 2**23
"""Nodes that a compiled call may reach before it looks up: about a quarter of a second."""

_ANSWERS = 2**18
"""Pairs that a compiled call has room for, beyond those of one source."""

_TRIED = 4
_VISITS_TO_REDUCE = 30
_TARGETS_PER_NODE = 1 / 8

_FEW_SOURCES = 8
"""For so few, the graph is not written anew."""


def one_to_all(
    arcs: Arcs, sources: Ends, limit: int, *, threads: int = 1, progress: Progress = silent
) -> Keys:
    """Return the ways from sources to all nodes.

    Parameters
    ----------
    arcs : Arcs
        The graph.
    sources : Ends
        Points to start from.
    limit : int
        Key of the longest way that counts; see :func:`.arrays.limit_key`.
    threads : int
        Searches at a time.
    progress : Progress
        Told how many sources are done.

    Returns
    -------
    array of the arcs' key type, shape (sources, nodes)
        Key of each way, that of the end included; infinity where there is none within the limit.

    Raises
    ------
    TableError
        The arguments do not fit together.
    """
    from ruralcare.network.search.kernels import buckets as kernels

    limit = check(arcs, limit, sources)
    key = np.full((len(sources), arcs.nodes), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    graph, points = graph_of(arcs), points_of(sources)
    own = local()

    def search(point: int) -> None:
        if not hasattr(own, "queue"):
            own.queue = queue_for(arcs, limit)
            own.source = np.empty(arcs.nodes, dtype=np.int32)
        kernels.spread(graph, points, point, point + 1, limit, own.queue, key[point], own.source)

    for _ in each(search, range(len(sources)), threads, progress):
        pass
    return key


def nearest(arcs: Arcs, sources: Ends, limit: int) -> tuple[Keys, Int32s]:
    """Return the nearest source of every node, and the way from it: one search from all of them.

    Parameters
    ----------
    arcs : Arcs
        The graph; turned, for the nearest place to go to.
    sources : Ends
        Points to start from, any number.
    limit : int
        Key of the longest way that counts.

    Returns
    -------
    key : array of the arcs' key type, shape (nodes,)
        Way from the nearest source; infinity where there is none within the limit.
    source : array of int32, shape (nodes,)
        The nearest source, of equally near ones the lowest; −1 where there is none.

    Raises
    ------
    TableError
        The arguments do not fit together.
    """
    from ruralcare.network.search.kernels import buckets as kernels

    limit = check(arcs, limit, sources)
    key = np.full(arcs.nodes, infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    source = np.full(arcs.nodes, -1, dtype=np.int32)
    queue = queue_for(arcs, limit)
    kernels.spread(graph_of(arcs), points_of(sources), 0, len(sources), limit, queue, key, source)
    return key, source


def k_nearest(arcs: Arcs, sources: Ends, k: int, limit: int) -> tuple[Keys, Int32s]:
    """Return the ``k`` nearest sources of every node, and the ways from them, in one search.

    Parameters
    ----------
    arcs : Arcs
        The graph; turned, for the nearest places to go to.
    sources : Ends
        Points to start from, any number.
    k : int
        How many sources are asked for.
    limit : int
        Key of the longest way that counts.

    Returns
    -------
    key : array of the arcs' key type, shape (nodes, k)
        Ways, the shortest first; infinity where there are fewer than ``k`` within the limit.
    source : array of int32, shape (nodes, k)
        The sources, of equally near ones the lowest first; −1 where there are fewer.

    Raises
    ------
    TableError
        The arguments do not fit together.
    """
    from ruralcare.network.search.kernels import buckets as kernels

    limit = check(arcs, limit, sources, k=k)
    columns = max(1, min(k, len(sources)))
    key = np.full((arcs.nodes, columns), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    source = np.full((arcs.nodes, columns), -1, dtype=np.int32)
    queue = queue_for(arcs, limit, columns=4)
    kernels.k_spread(graph_of(arcs), points_of(sources), limit, queue, key, source)
    more = ((0, 0), (0, k - columns))
    key = np.pad(key, more, constant_values=infinity(key.dtype))
    return key, np.pad(source, more, constant_values=-1)


def tree(arcs: Arcs, source: Ends, limit: int) -> tuple[Keys, Int32s]:
    """Return the quickest ways from one point, and the arc by which each node is reached.

    Parameters
    ----------
    arcs : Arcs
        The graph.
    source : Ends
        One point.
    limit : int
        Key of the longest way that counts.

    Returns
    -------
    key : array of the arcs' key type, shape (nodes,)
        Key of each way; infinity where there is none within the limit.
    parent : array of int32, shape (nodes,)
        Last arc of the way; −1 at the nodes where the point hangs, and where there is no way. Of
        equally quick ways it is that with the fewest arcs, and then that whose last arc is the
        lowest; so ways never run in a circle, not even of zero length.

    Raises
    ------
    TableError
        The arguments do not fit together.
    """
    from ruralcare.network.search.kernels import buckets as kernels

    limit = check(arcs, limit, source, points=1)
    key = one_to_all(arcs, source, limit)[0]
    parent, step = (np.full(arcs.nodes, -1, dtype=np.int32) for _ in range(2))
    order = np.empty(arcs.nodes, dtype=np.int32)
    kernels.parents(graph_of(arcs), points_of(source), limit, key, parent, step, order)
    return key, parent


def pairs(
    arcs: Arcs,
    sources: Ends,
    targets: Ends,
    limit: int,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> Found:
    """Return all pairs of points whose way is within the limit.

    Parameters
    ----------
    arcs : Arcs
        The graph.
    sources, targets : Ends
        Points. The way between two is the shortest over their ends: from the source to its node,
        to a node of the target, and from there to the target.
    limit : int
        Key of the longest way that counts.
    threads : int
        Searches at a time; each takes as much memory as the graph.
    progress : Progress
        Told how many sources are done.

    Returns
    -------
    Found
        Pairs and the keys of their ways. Ways along a street on which both points lie are not
        ways over nodes, and not among them.

    Raises
    ------
    TableError
        The arguments do not fit together.
    """
    limit = check(arcs, limit, sources, targets)
    joined = np.flatnonzero(np.diff(sources.first))
    if not len(joined) or not len(targets.node):
        return _all_of([], np.zeros(0, dtype=np.int64), arcs)
    if len(joined) <= _FEW_SOURCES:
        few = sources.take(joined)
        ways = one_to_all(arcs, few, limit, threads=threads, progress=progress)
        return _at_targets(ways, joined, targets, limit)
    # Near sources one after the other: they look at the same part of the graph.
    joined = joined[np.argsort(sources.node[sources.first[joined]], kind="stable")]
    if _pays(arcs, sources, targets, joined, limit):
        graph = reduced(arcs, sources, targets, limit)
    else:
        graph = records(arcs, sources, targets)
    search = _PairSearch(arcs, graph, joined, limit)
    size = max(1, min(256, len(joined) // (8 * threads)))
    starts = range(0, len(joined), size)

    def part(start: int) -> _Part:
        return search.run(start, min(start + size, len(joined)))

    return _all_of(list(each(part, starts, threads, progress, search.stop)), joined, arcs)


def _pays(arcs: Arcs, sources: Ends, targets: Ends, joined: Ints, limit: int) -> bool:
    """Tell whether reducing the graph saves more than it costs.

    To reduce it costs as much as to reach each node so many times. With many targets it is their
    ends that cost, of which there are several times as many then.
    """
    if len(joined) < _TRIED * _FEW_SOURCES or len(targets.node) > arcs.nodes * _TARGETS_PER_NODE:
        return False
    tried = joined[np.linspace(0, len(joined) - 1, _TRIED).astype(np.int64)]
    reached = np.count_nonzero(one_to_all(arcs, sources.take(tried), limit) <= limit) / _TRIED
    return bool(len(joined) * reached > arcs.nodes * _VISITS_TO_REDUCE)


@dataclass(frozen=True)
class _Part:
    """Targets and keys found for some sources, one source after the other."""

    target: list[Int32s]
    key: list[Keys]
    count: Int32s


class _PairSearch:
    """Searches in several threads; each has a table of its own."""

    def __init__(self, arcs: Arcs, graph: Records, order: Ints, limit: int) -> None:
        from ruralcare.network.search.kernels import records as kernels

        self.kernels: Any = kernels
        self.arcs, self.graph, self.order, self.limit = arcs, graph, order, limit
        self.none = infinity(arcs.key.dtype)
        self.points = points_of(graph.sources)
        self.rows = self._rows(graph)
        self.stop = Event()
        self._own = local()

    def _rows(self, graph: Records) -> Rows:
        targets = graph.targets
        order = np.argsort(targets.node, kind="stable")
        place = targets.node[order].astype(np.int64)
        blocks = (graph.length >> self.kernels.BLOCK) + 2
        first = np.searchsorted(place >> self.kernels.BLOCK, np.arange(blocks))
        columns = first, place, targets.key[order], targets.owner()[order]
        rows: Rows = self.kernels.Rows(*(fixed(column) for column in columns), len(targets))
        return rows

    def _set_up(self) -> None:
        """Make room for the searches of one thread."""
        own, arcs, targets = self._own, self.arcs, self.rows.targets
        own.table = self.graph.table()
        own.queue = queue_for(arcs, self.limit, self.graph.degree)
        own.desk = self.kernels.Desk(
            touched=np.empty(arcs.nodes + 1, dtype=np.int32),
            best=np.full(targets, self.none, dtype=arcs.key.dtype),
            some=np.zeros((targets >> 6) + 1, dtype=np.uint8),
            block=np.zeros(len(self.rows.first), dtype=np.uint8),
            blocks=np.zeros(len(self.rows.first) + 1, dtype=np.int32),
        )
        own.answer = self.kernels.Answer(
            target=np.empty(targets + _ANSWERS, dtype=np.int32),
            key=np.empty(targets + _ANSWERS, dtype=arcs.key.dtype),
            count=np.zeros(len(self.order), dtype=np.int32),
        )

    def run(self, start: int, stop: int) -> _Part:
        """Search from some sources of the order."""
        own = self._own
        if not hasattr(own, "table"):
            self._set_up()
        part = _Part([], [], own.answer.count[start:stop])
        at = start
        while at < stop and not self.stop.is_set():
            at, found = self.kernels.pairs(
                own.table,
                self.points,
                self.order,
                at,
                stop,
                self.rows,
                self.limit,
                self.none,
                own.queue,
                own.desk,
                own.answer,
                _PATIENCE,
            )
            part.target.append(own.answer.target[:found].copy())
            part.key.append(own.answer.key[:found].copy())
        return part


def _all_of(parts: list[_Part], order: Ints, arcs: Arcs) -> Found:
    """Return what was found for sources in some order, in the order of sources."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Found(nothing, nothing, nothing.astype(arcs.key.dtype))
    target = np.concatenate([some for part in parts for some in part.target])
    key = np.concatenate([some for part in parts for some in part.key])
    count = np.concatenate([part.count for part in parts])
    found = Ends(np.concatenate([[0], np.cumsum(count, dtype=np.int64)]), target, key)
    sorting = np.argsort(order)
    found = found.take(sorting)
    return Found(order[sorting][found.owner()], found.node.astype(np.int64), found.key)


def _at_targets(ways: Keys, sources: Ints, targets: Ends, limit: int) -> Found:
    """Return the pairs in the ways from a few sources to all nodes."""
    owner = np.flatnonzero(np.diff(targets.first))
    way = ways[:, targets.node]
    reached = way <= limit
    way = np.where(reached, way, 0) + targets.key
    way = np.where(reached & (way <= limit), way, infinity(ways.dtype)).astype(ways.dtype)
    best = np.minimum.reduceat(way, targets.first[owner], axis=1)
    row, column = np.nonzero(best <= limit)
    return Found(sources[row], owner[column], best[row, column])
