"""Taking away nodes with few neighbours, compiled: ways over them become arcs past them.

While nodes are taken away, the neighbours of each lie in a block of *cells*: the neighbour, the key
of the arc to it and that of the arc from it. A two-way street is one cell at each of its ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ruralcare.network.search.compiled import kernel
from ruralcare.network.search.kernels.buckets import Queue
from ruralcare.network.search.kernels.records import reach
from ruralcare.network.search.views import Points

__all__ = ["hang", "lay_out_cells", "reduce", "to_cells"]

Array = Any

_SPARE = 1


@kernel
def placed(cell: Array, start: int, size: int, to: Any) -> int:  # noqa: ANN401
    """Return the cell of a neighbour; that after the last where there is none."""
    at = start
    while at < start + size and cell[at, 0] != to:
        at += 1
    return at


@kernel
def to_cells(first: Array, head: Array, key: Array, none: int, start: Array, size: Array) -> Array:
    """Return the cells of a graph, with room for one neighbour more at each node."""
    nodes = len(first) - 1
    for node in range(nodes):
        size[node] += first[node + 1] - first[node]
        for arc in range(first[node], first[node + 1]):
            other = head[arc]
            back = first[other]
            while back < first[other + 1] and head[back] != node:
                back += 1
            size[other] += back == first[other + 1]
    total = 0
    for node in range(nodes):
        start[node] = total
        total += size[node] + _SPARE
        size[node] = 0
    start[nodes] = total
    cell = np.empty((total + total // 4 + 64, 3), key.dtype)
    for node in range(nodes):
        for arc in range(first[node], first[node + 1]):
            other, length = head[arc], key[arc]
            for end in range(2):
                here, there = (node, other) if end == 0 else (other, node)
                at = placed(cell, start[here], size[here], there)
                if at == start[here] + size[here]:
                    size[here] += 1
                    cell[at, 0] = there
                    cell[at, 1] = none
                    cell[at, 2] = none
                cell[at, 1 + end] = length
    return cell


@kernel
def reduce(
    cell: Array, start: Array, size: Array, most: int, limit: int, none: int, gone: Array
) -> Array:
    """Take away nodes with at most so many neighbours until there are none; return the cells.

    What is left has the same ways between its nodes as before, as far as the limit. A node that
    is gone keeps the cells that it had when it went.
    """
    nodes = len(size)
    taken = start[nodes]
    room = np.empty(nodes, np.int32)
    for node in range(nodes):
        room[node] = start[node + 1] - start[node]
    # A ring in which each node waits at most once. First come, first served: so nodes that are
    # gone hang on others that are gone in short chains only.
    queue = np.empty(nodes + 1, np.int32)
    waits = np.zeros(nodes, np.uint8)
    begin, end = 0, 0
    for node in range(nodes):
        if size[node] <= most:
            queue[end] = node
            end += 1
            waits[node] = 1
    while begin != end:
        node = queue[begin]
        begin = begin + 1 if begin < nodes else 0
        waits[node] = 0
        if size[node] > most:
            continue
        gone[node] = 1
        low, high = start[node], start[node] + size[node]
        for a in range(low, high):
            x = np.int64(cell[a, 0])
            at = placed(cell, start[x], size[x], node)
            size[x] -= 1
            last = start[x] + size[x]
            cell[at, 0] = cell[last, 0]
            cell[at, 1] = cell[last, 1]
            cell[at, 2] = cell[last, 2]
        for a in range(low, high):
            for b in range(low, high):
                if a == b:
                    continue
                there: Any = none
                back: Any = none
                if cell[a, 2] != none and cell[b, 1] != none:
                    there = np.int64(cell[a, 2]) + np.int64(cell[b, 1])
                if cell[b, 2] != none and cell[a, 1] != none:
                    back = np.int64(cell[b, 2]) + np.int64(cell[a, 1])
                if there > limit and back > limit:
                    continue
                x, y = np.int64(cell[a, 0]), np.int64(cell[b, 0])
                at = placed(cell, start[x], size[x], y)
                if at == start[x] + size[x]:
                    if size[x] == room[x]:
                        # The block is full: go on in a larger one.
                        wide = 2 * room[x] + 2
                        if taken + wide > len(cell):
                            more = np.empty((len(cell) + len(cell) // 2 + wide, 3), cell.dtype)
                            for i in range(taken):
                                for j in range(3):
                                    more[i, j] = cell[i, j]
                            cell = more
                        for i in range(size[x]):
                            for j in range(3):
                                cell[taken + i, j] = cell[start[x] + i, j]
                        start[x] = taken
                        room[x] = wide
                        taken += wide
                        at = start[x] + size[x]
                    size[x] += 1
                    cell[at, 0] = y
                    cell[at, 1] = none
                    cell[at, 2] = none
                if there <= limit:
                    cell[at, 1] = min(np.int64(cell[at, 1]), there)
                if back <= limit:
                    cell[at, 2] = min(np.int64(cell[at, 2]), back)
        for a in range(low, high):
            x = np.int64(cell[a, 0])
            if size[x] <= most and waits[x] == 0:
                waits[x] = 1
                queue[end] = x
                end = end + 1 if end < nodes else 0
    return cell


@kernel
def lay_out_cells(
    cell: Array,
    start: Array,
    size: Array,
    order: Array,
    column: int,
    gone: Array,
    none: int,
    place: Array,
    table: Array,
) -> int:
    """Write cells as records (see :func:`.records.lay_out`), the nodes in an order.

    An empty table only asks for its length, and has the places filled in. Column 1 are arcs
    to neighbours, 2 those from neighbours; the latter only of nodes that are gone.
    """
    at = 0
    for node in order:
        if len(table) == 0:
            place[node] = at
        begin = at
        at += 2
        if column == 1 or gone[node]:
            for a in range(start[node], start[node] + size[node]):
                if cell[a, column] == none:
                    continue
                if len(table):
                    table[at] = place[cell[a, 0]]
                    table[at + 1] = cell[a, column]
                at += 2
        if len(table):
            table[begin] = none
            table[begin + 1] = at
    return at


@kernel
def hang(
    table: Array, points: Points, limit: int, none: int, queue: Queue, touched: Array, first: Array
) -> Array:
    """Return the ends (place, key) on which points hang in a table of ways to them.

    These are the nodes that are gone on a way to the point, and those that are left from which
    one comes to them. ``first`` is filled with where those of each point begin.
    """
    ends = np.empty((8 * len(points.node) + 64, 2), np.int64)
    total = 0
    for point in range(len(points.first) - 1):
        count = reach(table, points, point, limit, none, queue, touched)
        if total + count > len(ends):
            more = np.empty((2 * len(ends) + count, 2), np.int64)
            for i in range(total):
                more[i, 0] = ends[i, 0]
                more[i, 1] = ends[i, 1]
            ends = more
        for i in range(count):
            ends[total, 0] = touched[i]
            ends[total, 1] = table[touched[i]]
            total += 1
            table[touched[i]] = none
        first[point + 1] = total
    return ends[:total]
