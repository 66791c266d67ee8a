"""Searches on a hierarchy, compiled: up from the sources, then down over all nodes, or some.

Many sources are searched for at once, each in a *lane*: a row of labels holds the way from every
one of them to a place, and an arc is read once for all. Places are numbered so that arcs up lead
to smaller numbers, and a label of ``none`` says that there is no way. The loops over lanes have a
length that the compiler does not know; with a fixed one it would unroll them and not use vectors.

After D. Delling, A. V. Goldberg, A. Nowatzyk, R. F. Werneck, PHAST: Hardware-accelerated shortest
path trees, 2013, and D. Delling, A. V. Goldberg, R. F. Werneck, Faster batched shortest paths in
road networks, 2011.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ruralcare.network.search.compiled import kernel
from ruralcare.network.search.views import Graph, Points

__all__ = ["Above", "closure", "meet", "numbered", "reach"]

Array = Any
Int = int | np.int64


class Above(NamedTuple):
    """Places above some points, in order; their labels, and which of these hold something."""

    place: Array
    label: Array
    seen: Array
    eights: Array  # the bytes of seen, eight at a time: what is not seen is passed over quickly


@kernel
def _climb(
    up: Graph,
    points: Points,
    start: int,
    stop: int,
    above: Above,
    limit: int,
    none: int,
) -> None:
    """Search upwards from points ``start`` to ``stop``, each in a lane; mark the places seen.

    Places are taken in their order, so that no queue is needed.
    """
    _, label, seen, eights = above
    lanes = label.shape[1]
    kind = label.dtype.type
    for point in range(start, stop):
        for row in range(points.first[point], points.first[point + 1]):
            p = np.uint32(points.node[row])
            if seen[p] == 0:
                seen[p] = 1
                for lane in range(lanes):
                    label[p, lane] = none
            mine = np.uint32(point - start)
            label[p, mine] = min(label[p, mine], points.key[row])
    for eight in range(len(eights) - 1, -1, -1):
        if eights[eight] == 0:
            continue
        for below in range(8):
            p = np.uint32(8 * eight + 7 - below)
            if seen[p] == 0:
                continue
            nearest = label[p, 0]
            for lane in range(1, lanes):
                nearest = min(nearest, label[p, lane])
            if nearest > limit:
                continue
            for arc in range(up.first[p], up.first[p + 1]):
                q = np.uint32(up.head[arc])
                length = up.key[arc]
                if seen[q] == 0:
                    seen[q] = 1
                    for lane in range(lanes):
                        label[q, lane] = none
                for lane in range(lanes):
                    way = kind(label[p, lane] + length)
                    label[q, lane] = min(label[q, lane], way)


@kernel
def _lower(
    down: Graph, begin: Int, end: Int, top: Int, shift: Int, label: Array, none: int
) -> None:
    """Bring labels down to places ``begin`` to ``end``.

    Labels of the first ``top`` places have rows of the same number, later ones ``shift`` less; in a
    single lane, all have rows of the same number.
    """
    first, tail, key = down
    lanes = label.shape[1]
    kind = label.dtype.type
    if lanes == 1:
        for p in range(begin, end):
            best = kind(none)
            for arc in range(first[p], first[p + 1]):
                way = kind(label[np.uint32(tail[arc]), 0] + key[arc])
                best = min(best, way)
            label[p, 0] = best
        return
    for p in range(begin, end):
        home = np.uint32(p - shift)
        for lane in range(lanes):
            label[home, lane] = none
        for arc in range(first[p], first[p + 1]):
            t = tail[arc]
            q = np.uint32(t if t < top else t - shift)
            length = key[arc]
            for lane in range(lanes):
                way = kind(label[q, lane] + length)
                label[home, lane] = min(label[home, lane], way)


@kernel
def _descend(
    down: Graph,
    begin: Int,
    end: Int,
    top: Int,
    shift: Int,
    above: Above,
    at: Int,
    label: Array,
    none: int,
) -> Int:
    """Bring labels down to places, some of which the search upwards has come to.

    ``at`` counts the latter that are done; it is returned.
    """
    while begin < end:
        stop, known = end, False
        if at < len(above.place) and above.place[at] < end:
            stop, known = np.int64(above.place[at]) + 1, above.seen[at] != 0
            at += 1
        _lower(down, begin, stop, top, shift, label, none)
        if known:
            home = np.uint32(stop - 1 - shift)
            for lane in range(label.shape[1]):
                label[home, lane] = min(label[home, lane], above.label[at - 1, lane])
        begin = stop
    return at


@kernel
def reach(
    up: Graph,
    points: Points,
    start: int,
    stop: int,
    above: Above,
    down: Graph,
    region: Array,
    place: Array,
    label: Array,
    out: Array,
    limit: int,
    none: int,
    infinity: int,
) -> None:
    """Write the ways from points ``start`` to ``stop`` to all nodes, in a row for each point.

    ``up`` are the arcs above the points, with numbers of their own. Labels are kept of the places
    before all regions and of one region, so that they stay in the nearest memory; in a single lane,
    of all places.
    """
    _climb(up, points, start, stop, above, limit, none)
    # Numbers of one type, so that what is called is compiled once.
    nodes, regions, top, zero = len(place), len(region) - 1, np.int64(region[0]), np.int64(0)
    at = _descend(down, zero, top, top, zero, above, zero, label, none)
    size = -(-nodes // max(regions, 1))
    for r in range(regions):
        begin, end = np.int64(region[r]), np.int64(region[r + 1])
        shift = begin - top if label.shape[1] > 1 else zero
        at = _descend(down, begin, end, top, shift, above, at, label, none)
        for node in range(r * size, min((r + 1) * size, nodes)):
            p = place[node]
            q = np.uint32(p if p < top else p - shift)
            for lane in range(stop - start):
                way = label[q, lane]
                out[lane, node] = way if way <= limit else infinity
    above.seen[:] = 0


@kernel
def closure(graph: Graph, starts: Array, known: Array, found: Array) -> int:
    """List the places that arcs lead to from some, and tell how many they are.

    ``known`` is 0 for all others.
    """
    count = 0
    for p in starts:
        if known[p] == 0:
            known[p] = 1
            found[count] = p
            count += 1
    done = 0
    while done < count:
        p = found[done]
        done += 1
        for arc in range(graph.first[p], graph.first[p + 1]):
            q = graph.head[arc]
            if known[q] == 0:
                known[q] = 1
                found[count] = q
                count += 1
    return count


@kernel
def numbered(
    graph: Graph, places: Array, number: Array, first: Array, head: Array, key: Array
) -> None:
    """Write the arcs of some places, all of which lead to such places, with numbers of their own.

    ``number`` is written as the number plus 1.
    """
    for i in range(len(places)):
        number[places[i]] = i + 1
    at = 0
    for i in range(len(places)):
        p = places[i]
        for arc in range(graph.first[p], graph.first[p + 1]):
            head[at] = number[graph.head[arc]] - 1
            key[at] = graph.key[arc]
            at += 1
        first[i + 1] = at


@kernel
def _descend_some(
    down: Graph, twin: Array, above: Above, label: Array, active: Array, limit: int, none: int
) -> None:
    """Bring labels down to some places; leave out those that no lane reaches in time."""
    first, tail, key = down
    lanes = label.shape[1]
    kind = label.dtype.type
    for p in range(len(first) - 1):
        begun = False
        if twin[p] >= 0 and above.seen[twin[p]] != 0:
            begun = True
            q = np.uint32(twin[p])
            for lane in range(lanes):
                label[p, lane] = above.label[q, lane]
        for arc in range(first[p], first[p + 1]):
            q = np.uint32(tail[arc])
            if active[q] == 0:
                continue
            length = key[arc]
            if not begun:
                begun = True
                for lane in range(lanes):
                    label[p, lane] = none
            for lane in range(lanes):
                way = kind(label[q, lane] + length)
                label[p, lane] = min(label[p, lane], way)
        active[p] = 0
        if begun:
            nearest = label[p, 0]
            for lane in range(1, lanes):
                nearest = min(nearest, label[p, lane])
            active[p] = nearest <= limit


@kernel
def meet(
    up: Graph,
    sources: Points,
    above: Above,
    down: Graph,
    targets: Points,
    twin: Array,
    label: Array,
    active: Array,
    out: Array,
    limit: int,
    none: int,
    infinity: int,
) -> None:
    """Write the ways from sources to targets, in a row for each source.

    ``up`` are the arcs above the sources, ``down`` those above the targets, each with numbers of
    their own; ``twin`` tells for each place of ``down`` which one of ``up`` it is, or −1.
    """
    lanes = label.shape[1]
    nearest = np.empty(lanes, label.dtype)
    for start in range(0, len(out), lanes):
        stop = min(start + lanes, len(out))
        _climb(up, sources, start, stop, above, limit, none)
        _descend_some(down, twin, above, label, active, limit, none)
        above.seen[:] = 0
        for target in range(len(targets.first) - 1):
            nearest[:] = infinity
            for row in range(targets.first[target], targets.first[target + 1]):
                p = np.uint32(targets.node[row])
                offset = targets.key[row]
                if active[p] != 0:
                    for lane in range(lanes):
                        way = label[p, lane] + offset
                        if way <= limit:
                            nearest[lane] = min(nearest[lane], way)
            for lane in range(stop - start):
                out[start + lane, target] = nearest[lane]
