"""The transportation problem, solved by a network simplex, compiled.

Points send what they need to places, or leave it unserved: an arc from every point to the *root* at
a cost above any detour. Places hand on to the root what they take, no more than their room. All
numbers are whole, so that no comparison rests on rounding, and the tree is kept *strongly
feasible* (from every node something more can be sent to the root), so that the search ends.

Points are nodes 0 to P − 1, then come the places, then the root. Arcs are the pairs, then one from
every point to the root, then one from every place. Only arcs from places have a limit; a flow is
kept with the node below its arc in the tree.

After R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, 1993, chapter 11; block search after
M. D. Grigoriadis, An efficient implementation of the network simplex method, 1986.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ruralcare.network.search.compiled import available, kernel

__all__ = ["Arcs", "Tree", "solve", "start"]

Array = Any
Int = int | np.int64
Routine = TypeVar("Routine", bound=Callable[..., Any])


def _compiled(routine: Routine) -> Routine:
    """Compile a routine; without numba it runs as it stands, slowly."""
    return kernel(routine) if available() else routine


class Arcs(NamedTuple):
    """The problem."""

    point: Array  # of each pair; int32, rising
    place: Array  # of each pair
    cost: Array  # of each pair
    first: Array  # first pair of each point
    supply: Array  # of each point
    room: Array  # of each place
    unserved: Int  # cost of leaving one unit unserved


class Tree(NamedTuple):
    """A basis: a tree that hangs from the root."""

    parent: Array
    arc: Array  # to the parent
    flow: Array  # on that arc
    price: Array  # cost of an arc + price of its tail - price of its head is 0 in the tree
    depth: Array
    child: Array  # first child
    after: Array  # next child of the same parent
    before: Array
    full: Array  # by place: whether its arc to the root lies outside the tree at its limit


@_compiled
def _hang(tree: Tree, node: Int, parent: Int) -> None:
    first = tree.child[parent]
    tree.parent[node] = parent
    tree.before[node] = -1
    tree.after[node] = first
    if first >= 0:
        tree.before[first] = node
    tree.child[parent] = node


@_compiled
def _cut(tree: Tree, node: Int) -> None:
    before, after = tree.before[node], tree.after[node]
    if before >= 0:
        tree.after[before] = after
    else:
        tree.child[tree.parent[node]] = after
    if after >= 0:
        tree.before[after] = before


@_compiled
def start(arcs: Arcs, tree: Tree) -> None:
    """Make a first tree: who fits whole into the nearest place with room goes there."""
    points, places = len(arcs.supply), len(arcs.room)
    pairs, root = len(arcs.point), points + places
    tree.child[:] = -1
    tree.full[:] = False
    tree.parent[root] = -1
    tree.price[root] = 0
    tree.depth[root] = 0
    for j in range(places):
        node = points + j
        _hang(tree, node, root)
        tree.arc[node] = pairs + node
        tree.flow[node] = 0
        tree.price[node] = 0
        tree.depth[node] = 1
    for i in range(points):
        chosen = -1
        for a in range(arcs.first[i], arcs.first[i + 1]):
            node = points + arcs.place[a]
            # Room must be left over, or the tree would not be strongly feasible.
            if tree.flow[node] + arcs.supply[i] < arcs.room[arcs.place[a]]:
                chosen = a
                break
        if chosen >= 0:
            node = points + arcs.place[chosen]
            _hang(tree, i, node)
            tree.flow[node] += arcs.supply[i]
            tree.arc[i] = chosen
            tree.price[i] = -arcs.cost[chosen]
            tree.depth[i] = 2
        else:
            _hang(tree, i, root)
            tree.arc[i] = pairs + i
            tree.price[i] = -arcs.unserved
            tree.depth[i] = 1
        tree.flow[i] = arcs.supply[i]


@_compiled
def _gain(arcs: Arcs, tree: Tree, a: Int) -> Any:  # noqa: ANN401 - an item of an array
    """Return what a unit more on an arc (less, where it is at its limit) saves."""
    points = len(arcs.supply)
    node = a - len(arcs.point)
    if node < 0:
        return tree.price[points + arcs.place[a]] - tree.price[arcs.point[a]] - arcs.cost[a]
    if node < points:
        return -tree.price[node] - arcs.unserved
    return tree.price[node] if tree.full[node - points] else -tree.price[node]


@_compiled
def _enter(arcs: Arcs, tree: Tree, at: int, block: int) -> tuple[int, int]:
    """Return the best arc of the first block with one that saves, and where to look next."""
    pairs = len(arcs.point)
    total = pairs + len(arcs.supply) + len(arcs.room)
    points = len(arcs.supply)
    best, best_arc = 0, -1
    seen = 0
    while seen < total:
        stop = min(at + block, total)
        for a in range(at, min(stop, pairs)):
            gain = tree.price[points + arcs.place[a]] - tree.price[arcs.point[a]] - arcs.cost[a]
            if gain > best:
                best, best_arc = gain, a
        for a in range(max(at, pairs), stop):
            gain = _gain(arcs, tree, a)
            if gain > best:
                best, best_arc = gain, a
        seen += stop - at
        at = 0 if stop == total else stop
        if best_arc >= 0:
            break
    return best_arc, at


@_compiled
def _ends(arcs: Arcs, a: Int) -> tuple[Int, Int]:
    points, pairs = len(arcs.supply), len(arcs.point)
    if a < pairs:
        return arcs.point[a], points + arcs.place[a]
    return a - pairs, points + len(arcs.room)


@_compiled
def _pivot(arcs: Arcs, tree: Tree, entering: Int) -> None:
    """Send as much as fits around the cycle that an arc closes, and exchange it for the tightest.

    Flow runs from the join down to ``tail``, over the arc, and from ``head`` up to the join. Of
    several arcs that bind, the last one after the join in this sense leaves.
    """
    points = len(arcs.supply)
    root = points + len(arcs.room)
    source: Any
    target: Any
    source, target = _ends(arcs, entering)
    limited = entering >= len(arcs.point) + points
    backwards = limited and tree.full[source - points]
    tail, head = (target, source) if backwards else (source, target)
    u, v = tail, head
    while u != v:
        if tree.depth[u] >= tree.depth[v]:
            u = tree.parent[u]
        else:
            v = tree.parent[v]
    join = u
    none = np.int64(2**62)
    amount = arcs.room[source - points] if limited else none
    out: Any = -1
    side = 0
    u = tail
    while u != join:
        # Arcs go up, but for those from a point down to a place; up, there is what flows.
        if u < points or tree.parent[u] == root:
            left = tree.flow[u]
            if left < amount:
                amount, out, side = left, u, 1
        u = tree.parent[u]
    u = head
    while u != join:
        left = none
        if u >= points:
            left = tree.flow[u]
            if tree.parent[u] == root:
                left = arcs.room[u - points] - left
        if left <= amount:
            amount, out, side = left, u, 2
        u = tree.parent[u]
    if amount > 0:
        u = tail
        while u != join:
            up = u < points or tree.parent[u] == root
            tree.flow[u] += -amount if up else amount
            u = tree.parent[u]
        u = head
        while u != join:
            up = u < points or tree.parent[u] == root
            tree.flow[u] += amount if up else -amount
            u = tree.parent[u]
    if side == 0:
        tree.full[source - points] = not backwards
        return
    if out >= points and tree.parent[out] == root:
        tree.full[out - points] = tree.flow[out] > 0
    flow = arcs.room[source - points] - amount if backwards else amount
    top = tail if side == 1 else head
    _rehang(tree, top, head if side == 1 else tail, out, entering, flow)
    cost = arcs.unserved if not limited else 0
    if entering < len(arcs.point):
        cost = arcs.cost[entering]
    below = -cost if top == source else cost
    _update(tree, top, tree.price[tree.parent[top]] + below - tree.price[top])


@_compiled
def _rehang(tree: Tree, top: Int, parent: Int, out: Int, arc: Int, flow: Int) -> None:
    """Turn the way from ``top`` up to ``out`` round, and hang ``top`` below ``parent``."""
    node = top
    while True:
        old_parent, old_arc, old_flow = tree.parent[node], tree.arc[node], tree.flow[node]
        _cut(tree, node)
        _hang(tree, node, parent)
        tree.arc[node], tree.flow[node] = arc, flow
        if node == out:
            break
        parent, arc, flow = node, old_arc, old_flow
        node = old_parent


@_compiled
def _update(tree: Tree, top: Int, change: Int) -> None:
    """Change the prices below a node, and count the depths anew."""
    node = top
    while True:
        tree.price[node] += change
        tree.depth[node] = tree.depth[tree.parent[node]] + 1
        if tree.child[node] >= 0:
            node = tree.child[node]
            continue
        while node != top and tree.after[node] < 0:
            node = tree.parent[node]
        if node == top:
            return
        node = tree.after[node]


@_compiled
def solve(arcs: Arcs, tree: Tree, at: int, block: int, pivots: int) -> int:
    """Exchange up to so many arcs; return where to go on, or -1 if the flow is the best."""
    for _ in range(pivots):
        entering, at = _enter(arcs, tree, at, block)
        if entering < 0:
            return -1
        _pivot(arcs, tree, entering)
    return at
