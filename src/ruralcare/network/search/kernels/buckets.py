"""Searches with a queue of buckets, compiled.

Nodes that wait lie in buckets of ways about equally long (keys shifted by some bits); within a
bucket in no order, and a node whose way becomes shorter is looked at again. So keys are exact,
zero-length arcs and cycles included. What waits is an entry ``(node, key, next entry)``
of a pool; free entries are a stack, so that few are used over and over and stay in the cache. An
entry whose key is no longer that of its node is out of date and dropped.

Nodes of a bucket are taken a handful at a time, and their memory is asked for before the first of
them is looked at: on large graphs a search mostly waits for memory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ruralcare.network.search.compiled import kernel
from ruralcare.network.search.kernels.memory import prefetch
from ruralcare.network.search.views import Graph, Points

__all__ = [
    "HANDFUL",
    "Queue",
    "grown",
    "k_spread",
    "left_empty",
    "parents",
    "spread",
]

Array = Any

HANDFUL = 32
"""Nodes taken from a bucket at a time."""

_NEAR = 2**19
"""What is found of fewer nodes lies in the cache of a core."""


class Queue(NamedTuple):
    """Buckets: first entry of each (−1: empty), the pool of entries, and the stack of free ones."""

    bucket: Array
    pool: Array
    free: Array
    shift: int
    room: int  # entries that a handful of nodes can add


@kernel
def grown(pool: Array, free: Array) -> Any:  # noqa: ANN401
    """Return twice the room for entries; those in use keep their numbers."""
    more = np.empty((2 * len(pool), pool.shape[1]), pool.dtype)
    numbers = np.empty(len(more), free.dtype)
    # Loops: they compile in a fraction of the time that slices take.
    for entry in range(len(more)):
        if entry < len(pool):
            for column in range(pool.shape[1]):
                more[entry, column] = pool[entry, column]
        numbers[entry] = free[entry] if entry < len(free) else entry
    return more, numbers


@kernel
def left_empty(queue: Queue, free: Array) -> None:
    """Leave the queue empty where a search went on with another pool."""
    if len(free) > len(queue.free):
        for entry in range(len(queue.free)):
            queue.free[entry] = entry


@kernel
def spread(
    graph: Graph,
    points: Points,
    start: int,
    stop: int,
    limit: int,
    queue: Queue,
    key: Array,
    source: Array,
) -> None:
    """Spread from points ``start`` to ``stop`` at once: the nearest one, and the way from it.

    ``key`` holds infinity; ``source`` is written where ``key`` is. Of equally near points the
    lowest wins. Without branches on what is found: these cannot be foreseen, and cost more than
    the work that they spare.
    """
    first, head, length = graph
    bucket, pool, free, shift, room = queue
    far = len(key) > _NEAR
    last = len(bucket) - 1
    used = 0
    begin = last
    for point in range(start, stop):
        for row in range(points.first[point], points.first[point + 1]):
            node, way = points.node[row], points.key[row]
            if way > limit or way > key[node] or (way == key[node] and point >= source[node]):
                continue
            if used + 1 >= len(free):
                pool, free = grown(pool, free)
            key[node] = way
            source[node] = point
            entry = free[used]
            used += 1
            at = way >> shift
            begin = min(begin, at)
            pool[entry, 0] = node
            pool[entry, 1] = way
            pool[entry, 2] = bucket[at]
            bucket[at] = entry
    nodes = np.empty(HANDFUL, np.int32)
    ways = np.empty(HANDFUL, key.dtype)
    at = begin
    while used > 0:
        entry = bucket[at]
        if entry < 0:
            at += 1
            continue
        if used + room > len(free):
            pool, free = grown(pool, free)
        count = 0
        while entry >= 0 and count < HANDFUL:
            node = pool[entry, 0]
            nodes[count] = node
            ways[count] = pool[entry, 1]
            prefetch(first, node)
            prefetch(key, node)
            prefetch(source, node)
            count += 1
            used -= 1
            free[used] = entry
            entry = pool[entry, 2]
        bucket[at] = entry
        for i in range(count):
            prefetch(head, first[nodes[i]])
            prefetch(length, first[nodes[i]])
        if far:
            for i in range(count):
                for arc in range(first[nodes[i]], first[nodes[i] + 1]):
                    prefetch(key, head[arc])
                    prefetch(source, head[arc])
        for i in range(count):
            node, way = nodes[i], ways[i]
            if way != key[node]:
                continue
            origin = source[node]
            for arc in range(first[node], first[node + 1]):
                other, longer = head[arc], way + length[arc]
                known = key[other]
                before = source[other]
                better = (longer < known) | ((longer == known) & (origin < before))
                better &= longer <= limit
                key[other] = longer if better else known
                source[other] = origin if better else before
                # Beyond the limit lies one bucket more, in which nothing stays.
                to = min(longer >> shift, last)
                entry, following = free[used], bucket[to]
                pool[entry, 0] = other
                pool[entry, 1] = longer
                pool[entry, 2] = following
                bucket[to] = entry if better else following
                used += better
    left_empty(queue, free)


@kernel
def taken(key: Array, source: Array, node: int, way: int, origin: int) -> bool:
    """Enter a way from a point among the nearest ones of a node; tell whether it is one."""
    last = key.shape[1] - 1
    if way > key[node, last] or (way == key[node, last] and origin >= source[node, last]):
        return False
    at = 0
    while at < last and source[node, at] != origin:
        at += 1
    if source[node, at] == origin and key[node, at] <= way:
        return False
    while at > 0 and (
        way < key[node, at - 1] or (way == key[node, at - 1] and origin < source[node, at - 1])
    ):
        key[node, at] = key[node, at - 1]
        source[node, at] = source[node, at - 1]
        at -= 1
    key[node, at] = way
    source[node, at] = origin
    return True


@kernel
def k_spread(
    graph: Graph, points: Points, limit: int, queue: Queue, key: Array, source: Array
) -> None:
    """Spread from all points at once: the nearest ones of each node, sorted by key and source.

    ``key`` (nodes, k) holds infinity and ``source`` −1. Entries have a fourth column, the source.
    What the k nearest of a node are follows from those of its neighbours alone: a point that k
    others precede at a node also comes after them wherever the way leads on.
    """
    first, head, length = graph
    bucket, pool, free, shift, room = queue
    used = 0
    at = len(bucket)
    for point in range(len(points.first) - 1):
        for row in range(points.first[point], points.first[point + 1]):
            node, way = points.node[row], points.key[row]
            if way > limit or not taken(key, source, node, way, point):
                continue
            if used + 1 >= len(free):
                pool, free = grown(pool, free)
            entry = free[used]
            used += 1
            to = way >> shift
            at = min(at, to)
            pool[entry, 0] = node
            pool[entry, 1] = way
            pool[entry, 2] = bucket[to]
            pool[entry, 3] = point
            bucket[to] = entry
    width = key.shape[1]
    flat_key, flat_source = key.reshape(-1), source.reshape(-1)
    nodes = np.empty(HANDFUL, np.int64)
    ways = np.empty(HANDFUL, np.int64)
    origins = np.empty(HANDFUL, np.int64)
    while used > 0:
        entry = bucket[at]
        if entry < 0:
            at += 1
            continue
        if used + room > len(free):
            pool, free = grown(pool, free)
        count = 0
        while entry >= 0 and count < HANDFUL:
            nodes[count] = pool[entry, 0]
            ways[count] = pool[entry, 1]
            origins[count] = pool[entry, 3]
            prefetch(first, nodes[count])
            prefetch(flat_key, nodes[count] * width)
            prefetch(flat_source, nodes[count] * width)
            count += 1
            used -= 1
            free[used] = entry
            entry = pool[entry, 2]
        bucket[at] = entry
        for i in range(count):
            prefetch(head, first[nodes[i]])
            prefetch(length, first[nodes[i]])
        for i in range(count):
            for arc in range(first[nodes[i]], first[nodes[i] + 1]):
                prefetch(flat_key, (head[arc] + 1) * width - 1)
                prefetch(flat_source, (head[arc] + 1) * width - 1)
        for i in range(count):
            node, way, origin = nodes[i], ways[i], origins[i]
            place = 0
            while place < width and source[node, place] != origin:
                place += 1
            if place == width or key[node, place] != way:
                continue
            for arc in range(first[node], first[node + 1]):
                longer = way + length[arc]
                if longer > limit or not taken(key, source, head[arc], longer, origin):
                    continue
                entry = free[used]
                used += 1
                to = longer >> shift
                pool[entry, 0] = head[arc]
                pool[entry, 1] = longer
                pool[entry, 2] = bucket[to]
                pool[entry, 3] = origin
                bucket[to] = entry
    left_empty(queue, free)


@kernel
def parents(
    graph: Graph, points: Points, limit: int, key: Array, parent: Array, step: Array, queue: Array
) -> None:
    """Find the arc by which each node is reached: of the ways with the fewest arcs, the lowest.

    Walks along arcs of quickest ways, step by step from the ends of the first point, so that no
    cycle of zero length can be its own parent. ``parent`` and ``step`` hold −1.
    """
    first, head, length = graph
    count = 0
    for row in range(points.first[0], points.first[1]):
        node = points.node[row]
        if points.key[row] <= limit and points.key[row] == key[node] and step[node] < 0:
            step[node] = 0
            queue[count] = node
            count += 1
    done = 0
    while done < count:
        node = queue[done]
        done += 1
        for arc in range(first[node], first[node + 1]):
            other = head[arc]
            # The key of a node out of reach is infinity, which no way is.
            if key[node] + length[arc] != key[other]:
                continue
            if step[other] < 0:
                step[other] = step[node] + 1
                parent[other] = arc
                queue[count] = other
                count += 1
            elif step[other] == step[node] + 1 and arc < parent[other]:
                parent[other] = arc
