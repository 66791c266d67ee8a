"""Contraction of nodes, compiled: shortcuts replace the ways over a node that is taken away.

After R. Geisberger, P. Sanders, D. Schultes, C. Vetter, Exact routing in large road networks using
contraction hierarchies, 2012, with the rounds of C. Vetter, Parallel time-dependent contraction
hierarchies, 2009.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ruralcare.network.search.compiled import kernel
from ruralcare.network.search.kernels.trials import (
    HOPS,
    INTO,
    NEEDED,
    OUT,
    TO,
    Left,
    Scratch,
    try_without,
)

__all__ = [
    "ARCS",
    "AT",
    "CELLS",
    "GONE",
    "NODES",
    "Gone",
    "choose",
    "fill_cells",
    "pack",
    "place_arcs",
    "regions",
    "take_chosen",
    "weigh",
]

Array = Any

# Places in Scratch.count: cells taken, nodes gone, their arcs, and where a kernel goes on.
CELLS, NODES, ARCS, AT = 0, 1, 2, 3

# States of a node.
CHANGED, WEIGHED, CHOSEN, GONE = 0, 1, 2, 3

# With no more neighbours than this, the outcome of a trial is kept as bits.
_KEPT = 8
# The bit of the pair (0, 0), of which there is no way: the outcome must be found again.
_AGAIN = np.uint64(1)
_ONE = np.uint64(1)


class Gone(NamedTuple):
    """Nodes that are gone, in the order in which they went, with their arcs to later ones."""

    node: Any
    level: Any
    first: Any
    arc: Any  # (arcs, 3): neighbour, key up to it, key down from it


@kernel
def weigh(
    left: Left, scratch: Scratch, none: int, longest: int, patience: int, budget: int
) -> None:
    """Weigh nodes that are new or changed; stop after some work, to go on from there."""
    v = scratch.count[AT]
    while v < len(left.start) and budget > 0:
        if left.state[v] == CHANGED:
            k = left.size[v]
            added, hops, tied = try_without(left, scratch, v, none, longest, patience)
            removed = old = 0
            for e in range(left.start[v], left.start[v] + k):
                arcs = int(left.cell[e, OUT] != none) + int(left.cell[e, INTO] != none)
                removed += arcs
                old += arcs * left.cell[e, HOPS]
            left.cost[v] = left.level[v] + added / max(removed, 1) + hops / max(old, 1)
            if k <= _KEPT:
                # A way around that is shorter stays so, whatever goes meanwhile. One that is as
                # long may have been given up because there was the way over this node.
                bits = _AGAIN if tied else np.uint64(0)
                for pair in range(1, k * k):
                    if scratch.answer[pair] == NEEDED:
                        bits |= _ONE << np.uint64(pair)
                left.needed[v] = bits
            left.state[v] = WEIGHED
            budget -= 1 + k * k
        v += 1
    scratch.count[AT] = v


@kernel
def _mixed(node: int) -> np.uint32:
    """Return a number for a node, always the same, that neighbours do not have in order."""
    number = np.uint32(node) * np.uint32(2654435761)
    return number ^ (number >> np.uint32(15))


@kernel
def _goes_first(left: Left, v: int) -> bool:
    cost, mine = left.cost[v], _mixed(left.name[v])
    for e in range(left.start[v], left.start[v] + left.size[v]):
        w = left.cell[e, TO]
        if left.cost[w] < cost:
            return False
        if left.cost[w] == cost:
            other = _mixed(left.name[w])
            if other < mine or (other == mine and left.name[w] < left.name[v]):
                return False
    return True


@kernel
def _copy(cell: Array, e: int, other: Array, to: int) -> None:
    for column in range(4):
        other[to, column] = cell[e, column]


@kernel
def _larger_block(left: Left, scratch: Scratch, u: int) -> None:
    cell, old, size = left.cell, left.start[u], left.block[u]
    kind = 0
    while 1 << kind < size:
        kind += 1
    begin = scratch.free[kind + 1]
    if begin >= 0:
        scratch.free[kind + 1] = cell[begin, TO]
    else:
        begin = scratch.count[CELLS]
        scratch.count[CELLS] += 2 * size
    for e in range(size):
        _copy(cell, old + e, cell, begin + e)
    cell[old, TO] = scratch.free[kind]
    scratch.free[kind] = old
    left.start[u] = begin
    left.block[u] = 2 * size


@kernel
def _add(left: Left, scratch: Scratch, u: int, w: int, out: int, into: int, hops: int) -> None:
    """Write a shortcut from u to w, and one back, at u."""
    cell, size = left.cell, left.size[u]
    for e in range(left.start[u], left.start[u] + size):
        if cell[e, TO] == w:
            if out < cell[e, OUT] or into < cell[e, INTO]:
                cell[e, HOPS] = hops
            cell[e, OUT] = min(out, cell[e, OUT])
            cell[e, INTO] = min(into, cell[e, INTO])
            return
    if size == left.block[u]:
        _larger_block(left, scratch, u)
    at = left.start[u] + size
    cell[at, TO] = w
    cell[at, OUT] = out
    cell[at, INTO] = into
    cell[at, HOPS] = hops
    left.size[u] = size + 1


@kernel
def choose(left: Left) -> None:
    """Choose the nodes that cost less than all their neighbours: no two of them are neighbours."""
    for v in range(len(left.start)):
        if left.state[v] == WEIGHED and _goes_first(left, v):
            left.state[v] = CHOSEN


@kernel
def _put_down(left: Left, scratch: Scratch, gone: Gone, v: int) -> None:
    """Write a node and its arcs to those that are gone, and take it from its neighbours."""
    cell, at = left.cell, scratch.count[ARCS]
    for e in range(left.start[v], left.start[v] + left.size[v]):
        u = cell[e, TO]
        gone.arc[at, 0] = left.name[u]
        gone.arc[at, 1] = cell[e, OUT]
        gone.arc[at, 2] = cell[e, INTO]
        at += 1
        left.level[u] = max(left.level[u], left.level[v] + 1)
        left.state[u] = CHANGED
        last = left.start[u] + left.size[u] - 1
        for other in range(left.start[u], last + 1):
            if cell[other, TO] == v:
                _copy(cell, last, cell, other)
                break
        left.size[u] -= 1
    number = scratch.count[NODES]
    gone.node[number] = left.name[v]
    gone.level[number] = left.level[v]
    gone.first[number + 1] = at
    scratch.count[ARCS] = at
    scratch.count[NODES] = number + 1
    left.state[v] = GONE
    left.size[v] = 0


@kernel
def take_chosen(
    left: Left,
    scratch: Scratch,
    gone: Gone,
    none: int,
    longest: int,
    patience: int,
    budget: int,
) -> bool:
    """Contract the nodes that were chosen; stop after some work, to go on from there.

    Where there may be too little space, it stops before the node and returns False.
    """
    cell, v = left.cell, scratch.count[AT]
    while v < len(left.start) and budget > 0:
        if left.state[v] != CHOSEN:
            v += 1
            continue
        begin, k = left.start[v], left.size[v]
        budget -= 1 + k * k
        more = 0
        for e in range(begin, begin + k):
            more += 4 * (left.block[cell[e, TO]] + k)
        if scratch.count[CELLS] + more > len(cell) or scratch.count[ARCS] + k > len(gone.arc):
            scratch.count[AT] = v
            return False
        bits = left.needed[v]
        kept = k <= _KEPT and bits & _AGAIN == 0
        if not kept:
            try_without(left, scratch, v, none, longest, patience)
        _put_down(left, scratch, gone, v)
        for i in range(k):
            for j in range(i + 1, k):
                there, back = i * k + j, j * k + i
                if kept:
                    out_needed = (bits >> np.uint64(there)) & _ONE != 0
                    into_needed = (bits >> np.uint64(back)) & _ONE != 0
                else:
                    out_needed = scratch.answer[there] == NEEDED
                    into_needed = scratch.answer[back] == NEEDED
                if out_needed or into_needed:
                    u, w = cell[begin + i, TO], cell[begin + j, TO]
                    out = cell[begin + i, INTO] + cell[begin + j, OUT] if out_needed else none
                    into = cell[begin + j, INTO] + cell[begin + i, OUT] if into_needed else none
                    hops = cell[begin + i, HOPS] + cell[begin + j, HOPS]
                    _add(left, scratch, u, w, out, into, hops)
                    _add(left, scratch, w, u, into, out, hops)
        v += 1
    scratch.count[AT] = v
    return True


@kernel
def fill_cells(arcs: Array, turned: Array, none: int, left: Left, write: bool) -> int:
    """Write arcs (first, head, key) and those turned as cells, or only count the cells."""
    first, head, key = arcs
    turned_first, turned_head, turned_key = turned
    beyond = np.int32(2**31 - 1)
    at = 0
    for v in range(len(first) - 1):
        a, b = first[v], turned_first[v]
        size = 0
        while a < first[v + 1] or b < turned_first[v + 1]:
            out_to = head[a] if a < first[v + 1] else beyond
            into_from = turned_head[b] if b < turned_first[v + 1] else beyond
            to = min(out_to, into_from)
            if write:
                left.cell[at + size, TO] = to
                left.cell[at + size, OUT] = key[a] if out_to == to else none
                left.cell[at + size, INTO] = turned_key[b] if into_from == to else none
                left.cell[at + size, HOPS] = 1
            a += out_to == to
            b += into_from == to
            size += 1
        block = 4
        while block < size:
            block *= 2
        left.start[v] = at
        left.size[v] = size
        left.block[v] = block
        at += block
    return at


@kernel
def pack(old: Left, new: Left, number: Array) -> int:
    """Copy the nodes that are left to where they lie close together; return their cells."""
    at = 0
    for v in range(len(old.start)):
        if old.state[v] == GONE:
            continue
        n, size = number[v], old.size[v]
        new.start[n] = at
        new.size[n] = size
        new.block[n] = old.block[v]
        new.level[n] = old.level[v]
        new.cost[n] = old.cost[v]
        new.needed[n] = old.needed[v]
        new.state[n] = old.state[v]
        new.name[n] = old.name[v]
        for e in range(size):
            _copy(old.cell, old.start[v] + e, new.cell, at + e)
            new.cell[at + e, TO] = number[old.cell[old.start[v] + e, TO]]
        at += old.block[v]
    return at


@kernel
def regions(gone: Gone, size: int, none: int, region: Array, degree: Array) -> None:
    """Write which nodes can be swept region by region, and how many arcs lead down to each.

    A region is ``size`` nodes with numbers that follow each other. A node that has a part in ways
    to other regions, or is above such a node, has region −1, and is swept before all of them.
    """
    for r in range(len(gone.node)):
        v = gone.node[r]
        if region[v] >= 0:
            region[v] = v // size
        for e in range(gone.first[r], gone.first[r + 1]):
            u = gone.arc[e, 0]
            degree[v] += gone.arc[e, 2] != none
            if region[v] < 0 or u // size != region[v]:
                region[u] = -1


@kernel
def place_arcs(
    gone: Gone, place: Array, column: int, none: int, first: Array, other: Array, key: Array
) -> None:
    """Write the arcs up (column 1), or down (column 2), by the places of nodes."""
    for r in range(len(gone.node)):
        p = place[gone.node[r]]
        for e in range(gone.first[r], gone.first[r + 1]):
            first[p + 1] += gone.arc[e, column] != none
    for p in range(len(place)):
        first[p + 1] += first[p]
    for r in range(len(gone.node)):
        p = place[gone.node[r]]
        end = first[p]
        for e in range(gone.first[r], gone.first[r + 1]):
            if gone.arc[e, column] == none:
                continue
            q = place[gone.arc[e, 0]]
            # In order of the places; a node has few arcs.
            at = end
            while at > first[p] and other[at - 1] > q:
                other[at] = other[at - 1]
                key[at] = key[at - 1]
                at -= 1
            other[at] = q
            key[at] = gone.arc[e, column]
            end += 1
