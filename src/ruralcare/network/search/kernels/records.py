"""Searches for pairs on a graph written as records, compiled; the queue is that of :mod:`.buckets`.

In a record, what is found of a node stands beside its arcs, and the record of a neighbour is known
by its place: to look at an arc costs the memory of one place and no more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ruralcare.network.search.compiled import kernel
from ruralcare.network.search.kernels.buckets import Queue, grown, left_empty
from ruralcare.network.search.kernels.memory import prefetch
from ruralcare.network.search.views import Graph, Points

__all__ = ["BLOCK", "Answer", "Desk", "Rows", "lay_out", "pairs", "reach"]

Array = Any

_FEW = 8
"""Nodes taken at a time: their records are asked for together."""

BLOCK = 12
"""Records of ``2**BLOCK`` numbers are a block, whose targets are looked up together."""


class Rows(NamedTuple):
    """Ends of targets in the order of their places; those of block ``b`` from ``first[b]`` on."""

    first: Array
    place: Array
    key: Array
    target: Array
    targets: int


@kernel
def lay_out(graph: Graph, none: int, place: Array, table: Array) -> None:
    """Write the graph as one array of records, a record per node, so that all of it is near.

    A record is: the key found (``none`` so far), where the record ends, and for each arc the
    place of its head's record and its length. ``place`` is where the record of each node begins.
    """
    first, head, length = graph
    for node in range(len(place)):
        at = place[node]
        table[at] = none
        table[at + 1] = at + 2 + 2 * (first[node + 1] - first[node])
        at += 2
        for arc in range(first[node], first[node + 1]):
            table[at] = place[head[arc]]
            table[at + 1] = length[arc]
            at += 2


class Desk(NamedTuple):
    """What a search of pairs writes to, and leaves as it was."""

    touched: Array  # places of nodes reached
    best: Array  # key of each target
    some: Array  # whether any of 64 targets in a row is reached
    block: Array  # whether any node of a block is reached
    blocks: Array  # blocks reached


class Answer(NamedTuple):
    """Targets and keys found, one source after the other, and how many for each source."""

    target: Array
    key: Array
    count: Array


@kernel
def reach(
    table: Array, points: Points, point: int, limit: int, none: int, queue: Queue, touched: Array
) -> int:
    """Write the ways from one point into the table; return how many nodes are reached.

    Without branches on what is found, as in :func:`.buckets.spread`.
    """
    bucket, pool, free, shift, room = queue
    last = len(bucket) - 1
    used = 0
    count = 0
    at = last
    for row in range(points.first[point], points.first[point + 1]):
        node, way = points.node[row], points.key[row]
        if way > limit or way >= table[node]:
            continue
        if table[node] == none:
            touched[count] = node
            count += 1
        if used + 1 >= len(free):
            pool, free = grown(pool, free)
        table[node] = way
        entry = free[used]
        used += 1
        to = way >> shift
        at = min(at, to)
        pool[entry, 0] = node
        pool[entry, 1] = way
        pool[entry, 2] = bucket[to]
        bucket[to] = entry
    nodes = np.empty(_FEW, np.int64)
    ways = np.empty(_FEW, np.int64)
    while used > 0:
        entry = bucket[at]
        if entry < 0:
            at += 1
            continue
        if used + room > len(free):
            pool, free = grown(pool, free)
        some = 0
        while entry >= 0 and some < _FEW:
            nodes[some] = pool[entry, 0]
            ways[some] = pool[entry, 1]
            prefetch(table, nodes[some])
            some += 1
            used -= 1
            free[used] = entry
            entry = pool[entry, 2]
        bucket[at] = entry
        for i in range(some):
            node, way = nodes[i], ways[i]
            if way != table[node]:
                continue
            for arc in range(node + 2, table[node + 1], 2):
                other, longer = table[arc], way + table[arc + 1]
                known = table[other]
                better = (longer < known) & (longer <= limit)
                touched[count] = other
                count += better & (known == none)
                table[other] = longer if better else known
                # Beyond the limit lies one bucket more, in which nothing stays.
                to = min(longer >> shift, last)
                entry, following = free[used], bucket[to]
                pool[entry, 0] = other
                pool[entry, 1] = longer
                pool[entry, 2] = following
                bucket[to] = entry if better else following
                used += better
    left_empty(queue, free)
    return count


@kernel
def pairs(
    table: Array,
    points: Points,
    order: Array,
    start: int,
    stop: int,
    rows: Rows,
    limit: int,
    none: int,
    queue: Queue,
    desk: Desk,
    answer: Answer,
    patience: int,
) -> Any:  # noqa: ANN401
    """Find the targets of sources ``order[start:stop]`` within the limit.

    Stops early where the answer is full or ``patience`` nodes were reached. Returns the place in
    the order to go on from, and how many pairs were found.
    """
    found = 0
    at = start
    while at < stop and patience > 0 and found + rows.targets <= len(answer.target):
        before = found
        count = reach(table, points, order[at], limit, none, queue, desk.touched)
        patience -= count + 1
        blocks = 0
        for i in range(count):
            block = desk.touched[i] >> BLOCK
            desk.blocks[blocks] = block
            blocks += desk.block[block] == 0
            desk.block[block] = 1
        for i in range(blocks):
            block = desk.blocks[i]
            desk.block[block] = 0
            for row in range(rows.first[block], rows.first[block + 1]):
                way = table[rows.place[row]]
                if way > limit:
                    continue
                way = way + rows.key[row]
                target = rows.target[row]
                if way <= limit and way < desk.best[target]:
                    desk.best[target] = way
                    desk.some[target >> 6] = 1
        for i in range(count):
            table[desk.touched[i]] = none
        # In the order of targets.
        for group in range(len(desk.some)):
            if desk.some[group] == 0:
                continue
            desk.some[group] = 0
            for target in range(group << 6, min((group + 1) << 6, rows.targets)):
                if desk.best[target] != none:
                    answer.target[found] = target
                    answer.key[found] = desk.best[target]
                    found += 1
                    desk.best[target] = none
        answer.count[at] = found - before
        at += 1
    return at, found
