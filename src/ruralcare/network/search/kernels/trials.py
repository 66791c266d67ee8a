"""Trials: which shortcuts a node needs if it is taken away, compiled.

The arcs of the nodes that are left lie in *cells*: the neighbour, the key of the arc to it, that
of the arc from it, and how many arcs of the graph the arc stands for. A street of two directions
is one cell at each of its ends, and what is found for one direction mostly holds for the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ruralcare.network.search.compiled import kernel

__all__ = ["HOPS", "INTO", "NEEDED", "OUT", "TO", "Left", "Scratch", "try_without"]

Array = Any

# Columns of a cell.
TO, OUT, INTO, HOPS = 0, 1, 2, 3

# What a trial knows of the way from one neighbour to another.
_UNKNOWN, NEEDED, _NEEDLESS = 0, 1, 2


class Left(NamedTuple):
    """Nodes that are left, and some that are gone since they were last packed."""

    cell: Any  # (cells, 4), of the type of the keys
    start: Any  # first cell of each node
    size: Any  # number of its cells
    block: Any  # number of cells that it may have without moving; a power of two
    level: Any
    cost: Any  # what speaks against taking the node away
    needed: Any  # the shortcuts that it needs, as bits
    state: Any
    name: Any  # number in the graph


class Scratch(NamedTuple):
    """What trials write to, and clear again."""

    way: Any  # by node
    both: Any  # by node: whether the way can be gone back in the same time
    bucket: Any  # by node: its first entry
    entry: Any  # (entries, 3): number of the neighbour, key, next entry
    heap_key: Any
    heap_node: Any
    reached: Any
    answer: Any  # by pair of neighbours
    nearest: Any  # by neighbour: the shortest arc to it
    count: Any
    free: Any  # first free block of 2**i cells


@kernel
def _push(heap_key: Array, heap_node: Array, size: int, key: int, node: int) -> None:
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if heap_key[above] <= key:
            break
        heap_key[at] = heap_key[above]
        heap_node[at] = heap_node[above]
        at = above
    heap_key[at] = key
    heap_node[at] = node


@kernel
def _drop_top(heap_key: Array, heap_node: Array, size: int) -> None:
    """Close the gap at the top of a heap with its last entry; ``size`` counts without it."""
    key, node = heap_key[size], heap_node[size]
    at = 0
    while True:
        below = 4 * at + 1
        if below >= size:
            break
        best = below
        for other in range(below + 1, min(below + 4, size)):
            if heap_key[other] < heap_key[best]:
                best = other
        if heap_key[best] >= key:
            break
        heap_key[at] = heap_key[best]
        heap_node[at] = heap_node[best]
        at = best
    heap_key[at] = key
    heap_node[at] = node


@kernel
def _last_arcs(left: Left, scratch: Scratch, v: int, none: int) -> None:
    """Hang the arcs that lead to neighbours of v on the nodes that they leave.

    A search then has to come no further than to those nodes: in a street grid, half as far, over a
    quarter of the nodes. An arc that is not the same both ways is written as −1 − neighbour.
    """
    cell, entry, bucket = left.cell, scratch.entry, scratch.bucket
    begin, k = left.start[v], left.size[v]
    farthest = 0
    for i in range(k):
        if cell[begin + i, INTO] != none:
            farthest = max(farthest, cell[begin + i, INTO])
    entries = 0
    for j in range(k):
        out, w = cell[begin + j, OUT], cell[begin + j, TO]
        scratch.nearest[j] = none
        if out == none:
            continue
        for e in range(left.start[w], left.start[w] + left.size[w]):
            key, x = cell[e, INTO], cell[e, TO]
            if x == v or key > farthest + out or entries == len(entry):
                continue
            scratch.nearest[j] = min(scratch.nearest[j], key)
            entry[entries, 0] = j if cell[e, OUT] == key else -1 - j
            entry[entries, 1] = key
            entry[entries, 2] = bucket[x]
            bucket[x] = entries
            entries += 1


@kernel
def _radius(left: Left, scratch: Scratch, v: int, i: int, none: int) -> int:
    """Return how far a search from neighbour i can find something; −1 if nowhere."""
    begin, k = left.start[v], left.size[v]
    radius = -1
    for j in range(k):
        if scratch.answer[i * k + j] == _UNKNOWN and scratch.nearest[j] != none:
            over = left.cell[begin + i, INTO] + left.cell[begin + j, OUT]
            radius = max(radius, over - scratch.nearest[j])
    return radius


@kernel
def _search(
    left: Left, scratch: Scratch, v: int, i: int, wanted: int | np.int64, none: int, patience: int
) -> bool:
    """Look for ways around v from its neighbour i; return whether one is just as long."""
    cell, way, both, entry = left.cell, scratch.way, scratch.both, scratch.entry
    heap_key, heap_node, answer = scratch.heap_key, scratch.heap_node, scratch.answer
    reached = scratch.reached
    begin, k = left.start[v], left.size[v]
    into, back_out, u = cell[begin + i, INTO], cell[begin + i, OUT], cell[begin + i, TO]
    tied = False
    radius = _radius(left, scratch, v, i, none)
    if radius < 0:
        return tied
    way[u] = 0
    both[u] = 1
    reached[0] = u
    touched = 1
    heap_key[0] = 0
    heap_node[0] = u
    size = 1
    while size > 0 and patience > 0:
        d, x = heap_key[0], heap_node[0]
        size -= 1
        if size > 0:
            _drop_top(heap_key, heap_node, size)
        if d > way[x]:
            continue
        if d > radius:
            break
        patience -= 1
        before = wanted
        e = scratch.bucket[x]
        while e >= 0:
            j = entry[e, 0]
            back = both[x] != 0 and j >= 0
            j = j if j >= 0 else -1 - j
            total = d + entry[e, 1]
            over = into + cell[begin + j, OUT]
            if answer[i * k + j] == _UNKNOWN and total <= over:
                answer[i * k + j] = _NEEDLESS
                wanted -= 1
                tied |= total == over
                back_into = cell[begin + j, INTO]
                if back and answer[j * k + i] == _UNKNOWN and back_out != none != back_into:
                    over = back_into + back_out
                    if total <= over:
                        answer[j * k + i] = _NEEDLESS
                        tied |= total == over
            e = entry[e, 2]
        if wanted == 0:
            break
        if wanted < before:
            radius = _radius(left, scratch, v, i, none)
        arcs = left.size[x]
        if touched + arcs > len(reached) or size + arcs > len(heap_key):
            break
        for e in range(left.start[x], left.start[x] + arcs):
            total, y = d + cell[e, OUT], cell[e, TO]
            if total <= radius and y != v and total < way[y]:
                if way[y] == none:
                    reached[touched] = y
                    touched += 1
                way[y] = total
                both[y] = both[x] if cell[e, OUT] == cell[e, INTO] else 0
                _push(heap_key, heap_node, size, total, y)
                size += 1
    for t in range(touched):
        way[reached[t]] = none
    return tied


@kernel
def try_without(
    left: Left, scratch: Scratch, v: int, none: int, longest: int, patience: int
) -> tuple[int, int, bool]:
    """Find the ways over v that have to be replaced when it goes, as far as short searches show.

    Writes an answer for each pair of neighbours; returns the number of shortcuts, that of the arcs
    that they stand for, and whether some way around is just as long as that over v. A shortcut may
    be made in vain, but none is missing.
    """
    cell, answer = left.cell, scratch.answer
    begin, k = left.start[v], left.size[v]
    _last_arcs(left, scratch, v, none)
    answer[: k * k] = _UNKNOWN
    tied = False
    added = hops = 0
    for i in range(k):
        into = cell[begin + i, INTO]
        # Of the type that it has when it is counted: what is called is compiled once.
        wanted = np.int64(0)
        for j in range(k):
            out = cell[begin + j, OUT]
            if j == i or into == none or out == none or into + out > longest:
                answer[i * k + j] = _NEEDLESS
            elif answer[i * k + j] == _UNKNOWN:
                wanted += 1
        if wanted == 0:
            continue
        tied |= _search(left, scratch, v, i, wanted, none, patience)
        for j in range(k):
            if answer[i * k + j] == _UNKNOWN:
                answer[i * k + j] = NEEDED
                # The way back is as long, and little would be found that was not found here.
                same = (
                    cell[begin + i, OUT] == into and cell[begin + j, INTO] == cell[begin + j, OUT]
                )
                if same and answer[j * k + i] == _UNKNOWN:
                    answer[j * k + i] = NEEDED
    for i in range(k):
        for j in range(k):
            if answer[i * k + j] == NEEDED:
                added += 1
                hops += cell[begin + i, HOPS] + cell[begin + j, HOPS]
        w = cell[begin + i, TO]
        for e in range(left.start[w], left.start[w] + left.size[w]):
            scratch.bucket[cell[e, TO]] = -1
    return added, hops, tied
