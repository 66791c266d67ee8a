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

__all__ = ["Arcs", "Tree", "restart", "settled", "solve", "start"]

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
def _next(tree: Tree, node: Int) -> Any:  # noqa: ANN401 - an item of an array
    """Return the node after this one, parents before children; -1 after the last."""
    if tree.child[node] >= 0:
        return tree.child[node]
    while node >= 0 and tree.after[node] < 0:
        node = tree.parent[node]
    return tree.after[node] if node >= 0 else node


@_compiled
def restart(arcs: Arcs, tree: Tree, old: Tree, kept: Array) -> None:
    """Make a first tree from that of a like problem, changed where it does not fit any more.

    ``kept`` has for each node the pair of this problem that linked it to its parent in the old
    tree, -1 where that was an arc to the root or is a pair no longer. From the leaves upwards each
    point hands on what it needs and has not yet given to the places below it. Where a place gets
    too much, points below it are left unserved, the last of them only in part.
    """
    points, places = len(arcs.supply), len(arcs.room)
    pairs, root = len(arcs.point), points + places
    order = np.empty(root, np.int32)
    node: Any = old.child[root]
    for k in range(root):
        order[k] = node
        node = _next(old, node)
    tree.child[:] = -1
    # A root has none beside it.
    tree.parent[root], tree.after[root] = -1, -1
    tree.price[root], tree.depth[root] = 0, 0
    passed = np.zeros(root, np.int64)
    for k in range(root - 1, -1, -1):
        node = order[k]
        if node >= points:
            _settle(arcs, tree, node, old.parent[node], kept[node], passed)
            continue
        left = arcs.supply[node] - passed[node]
        tree.flow[node] = left
        if kept[node] < 0:
            _hang(tree, node, root)
            tree.arc[node] = pairs + node
        else:
            _hang(tree, node, old.parent[node])
            tree.arc[node] = kept[node]
            passed[old.parent[node]] += left
    node = tree.child[root]
    while node >= 0:
        parent, arc = tree.parent[node], tree.arc[node]
        cost = arcs.cost[arc] if arc < pairs else 0
        if node < points:
            cost = -cost if arc < pairs else -arcs.unserved
        tree.price[node] = tree.price[parent] + cost
        tree.depth[node] = tree.depth[parent] + 1
        node = _next(tree, node)


@_compiled
def _settle(arcs: Arcs, tree: Tree, node: Int, parent: Int, pair: Int, passed: Array) -> None:
    """Hang a place, below which all is settled, where what it gets leaves the tree feasible."""
    points, root = len(arcs.supply), len(arcs.supply) + len(arcs.room)
    place = node - points
    room, got = arcs.room[place], passed[node]
    below = tree.child[node]
    while got >= room and below >= 0:
        after = tree.after[below]
        flow, over = tree.flow[below], got - room
        if flow > 0:
            arc = tree.arc[below]
            _cut(tree, below)
            _hang(tree, below, root)
            tree.arc[below] = len(arcs.point) + below
            if flow > over:
                _hang(tree, node, below)
                tree.arc[node], tree.flow[node], tree.full[place] = arc, flow - over, True
                tree.flow[below] = over
                return
            got -= flow
        below = after
    if pair >= 0 and passed[parent] + room - got <= arcs.supply[parent]:
        _hang(tree, node, parent)
        tree.arc[node], tree.flow[node], tree.full[place] = pair, room - got, True
        passed[parent] += room - got
    else:
        _hang(tree, node, root)
        tree.arc[node], tree.flow[node], tree.full[place] = len(arcs.point) + node, got, False


@_compiled
def settled(arcs: Arcs, tree: Tree) -> bool:
    """Tell whether every best flow leaves the same number unserved at each point.

    Two best flows differ by cycles of arcs that cost nothing at the prices of either. Such a cycle
    changes who is unserved only if it leads from the root to a point with somebody unserved, on
    over pairs, and from another point back to the root; one over a place with room would serve one
    more or one fewer. So none may be reached from another that leaves somebody unserved. Each node
    notes two of those that reach it: if any but a point itself reaches it, one of its two does.
    """
    points, nodes = len(arcs.supply), len(arcs.supply) + len(arcs.room)
    one, two = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    stack = np.empty((2 * nodes, 2), np.int32)
    height = 0
    for node in range(points):
        if tree.arc[node] == len(arcs.point) + node and tree.flow[node] > 0:
            height = _reach(one, two, stack, height, node, node)
    while height > 0:
        height -= 1
        node, source = stack[height]
        if node < points:
            if node != source and tree.price[node] == -arcs.unserved:
                return False
            for a in range(arcs.first[node], arcs.first[node + 1]):
                place = points + arcs.place[a]
                if tree.price[node] + arcs.cost[a] == tree.price[place]:
                    height = _reach(one, two, stack, height, place, source)
            continue
        # What flows can be taken back; only pairs of the tree have a flow.
        if tree.parent[node] < points and tree.flow[node] > 0:
            height = _reach(one, two, stack, height, tree.parent[node], source)
        below = tree.child[node]
        while below >= 0:
            if tree.flow[below] > 0:
                height = _reach(one, two, stack, height, below, source)
            below = tree.after[below]
    return True


@_compiled
def _reach(one: Array, two: Array, stack: Array, height: int, node: Int, source: Int) -> int:
    """Note that a node is reached from a source, unless it knows that or two others."""
    if one[node] < 0:
        one[node] = source
    elif one[node] != source and two[node] < 0:
        two[node] = source
    else:
        return height
    stack[height, 0], stack[height, 1] = node, source
    return height + 1


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
    prices = tree.price[points:]
    best, best_arc = 0, -1
    seen = 0
    while seen < total:
        stop = min(at + block, total)
        for a in range(at, min(stop, pairs)):
            # Unsigned, or numba asks each time whether to count from the end.
            k = np.uint64(a)
            over, under = prices[np.uint32(arcs.place[k])], tree.price[np.uint32(arcs.point[k])]
            gain = over - under - arcs.cost[k]
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
