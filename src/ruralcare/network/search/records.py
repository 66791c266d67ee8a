"""The graph as one array of records, as it is or reduced to what many searches need of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from ruralcare.network.search.arrays import Arcs, Ends, Int32s, Ints, Keys, infinity, ticks_of
from ruralcare.network.search.views import graph_of, points_of

if TYPE_CHECKING:
    from ruralcare.network.search.kernels.buckets import Queue

__all__ = ["Records", "queue_for", "records", "reduced"]

_LOW = 32
_BUCKETS = 2**18
"""At most so many; with a longer limit they become wider."""

_SOME_ENTRIES = 4096
_SAMPLE = 1024

_MOST_NEIGHBOURS = 3
"""Nodes with so few are taken away: that never makes more arcs out of the streets that are left."""


@dataclass(frozen=True)
class Records:
    """A graph as records, and where points hang on it.

    Parameters
    ----------
    table : callable
        Writes a table of records, in which one thread can search.
    place : array of int64, shape (nodes,)
        Where the record of each node begins.
    length : int
        Numbers in the table.
    degree : int
        Arcs of a record, at most.
    sources : Ends
        Ends of the sources; nodes are places.
    targets : Ends
        Ends of the targets; nodes are places.
    """

    table: Callable[[], Keys]
    place: Ints
    length: int
    degree: int
    sources: Ends
    targets: Ends


def records(arcs: Arcs, sources: Ends, targets: Ends) -> Records:
    """Return the graph as it is."""
    from ruralcare.network.search.kernels import records as kernels

    nodes = np.arange(arcs.nodes, dtype=np.int64)
    place = 2 * (nodes + arcs.first[:-1])
    length = 2 * (arcs.nodes + len(arcs.head))

    def table() -> Keys:
        made = np.empty(length, dtype=arcs.key.dtype)
        kernels.lay_out(graph_of(arcs), infinity(made.dtype), place, made)
        return made

    return Records(
        table, place, length, _degree(arcs), _moved(sources, place), _moved(targets, place)
    )


def reduced(arcs: Arcs, sources: Ends, targets: Ends, limit: int) -> Records:
    """Return the graph without nodes that have few neighbours; ways and keys remain the same.

    A node is taken away by leading the ways over it past it (H. Bast et al., Route planning in
    transportation networks, 2016, 2.4). Searches begin at nodes that are gone, too, and lead
    from there to those that are left; targets hang on all nodes from which ways lead to them
    over nodes that are gone. Of the nodes of a road graph a third is left.

    Parameters
    ----------
    arcs : Arcs
        The graph.
    sources, targets : Ends
        Points.
    limit : int
        Longest way that counts: ways over nodes that are longer are left out.

    Returns
    -------
    Records
        The nodes that are left first; the points hang on places.
    """
    from ruralcare.network.search.kernels import reduction

    dtype, none = arcs.key.dtype, infinity(arcs.key.dtype)
    start = np.zeros(arcs.nodes + 1, dtype=np.int64)
    size = np.zeros(arcs.nodes, dtype=np.int32)
    gone = np.zeros(arcs.nodes, dtype=np.uint8)
    cell = reduction.to_cells(*graph_of(arcs), none, start, size)
    cell = reduction.reduce(cell, start, size, _MOST_NEIGHBOURS, limit, none, gone)
    # What is left comes first, close together.
    order = np.concatenate([np.flatnonzero(gone == 0), np.flatnonzero(gone)])

    def laid_out(column: int, place: Ints) -> tuple[int, Callable[[], Keys]]:
        given = (cell, start, size, order, column, gone, none, place)
        length = reduction.lay_out_cells(*given, np.empty(0, dtype=dtype))

        def table() -> Keys:
            made = np.empty(length, dtype=dtype)
            reduction.lay_out_cells(*given, made)
            return made

        return length, table

    place, behind = np.zeros((2, arcs.nodes), dtype=np.int64)
    degree = int(size.max(initial=0))
    _, backward = laid_out(2, behind)
    first = np.zeros(len(targets) + 1, dtype=np.int64)
    ends = reduction.hang(
        backward(),
        points_of(_moved(targets, behind)),
        limit,
        none,
        queue_for(arcs, limit, degree),
        np.empty(arcs.nodes + 1, dtype=np.int32),
        first,
    )
    length, table = laid_out(1, place)
    node = order[np.searchsorted(behind[order], ends[:, 0])].astype(np.int32)
    hung = _moved(Ends(first, node, ends[:, 1].astype(dtype)), place)
    return Records(table, place, length, degree, _moved(sources, place), hung)


def _moved(ends: Ends, place: Ints) -> Ends:
    # Places go beyond 32 bits where keys do.
    return Ends(ends.first, cast(Int32s, place[ends.node]), ends.key)


def _degree(arcs: Arcs) -> int:
    return int(np.diff(arcs.first).max(initial=0))


def queue_for(arcs: Arcs, limit: int, degree: int | None = None, *, columns: int = 3) -> Queue:
    """Return an empty queue; a bucket is about as wide as a usual arc is long.

    Parameters
    ----------
    arcs : Arcs
        Graph to search.
    limit : int
        Longest way.
    degree : int, optional
        Arcs from a node, at most; by default as in the graph.
    columns : int
        Numbers of an entry.

    Returns
    -------
    Queue
        Empty buckets as far as the limit, and room for entries.
    """
    from ruralcare.network.search.kernels.buckets import HANDFUL, Queue

    dtype = arcs.key.dtype
    sample = arcs.key[:: max(1, len(arcs.key) // _SAMPLE)]
    usual = int(np.median(ticks_of(sample))) if len(sample) else 0
    longest = int(ticks_of(np.array([limit], dtype=dtype))[0])
    shift = max(0, usual.bit_length() - 1)
    while longest >> shift >= _BUCKETS:
        shift += 1
    bucket = np.full((longest >> shift) + 2, -1, dtype=np.int32)
    room = HANDFUL * (_degree(arcs) if degree is None else degree) + 1
    entries = _SOME_ENTRIES + room
    pool = np.empty((entries, columns), dtype=dtype)
    free = np.arange(entries, dtype=np.int32)
    return Queue(bucket, pool, free, shift + (0 if dtype == np.int32 else _LOW), room)
