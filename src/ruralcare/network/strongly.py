"""Links for one-way roads that can be reached but not left again, or left but not reached."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ruralcare.network.overland import (
    FINENESS,
    Land,
    Ways,
    both,
    no_ways,
    straight_lines,
    way_around,
)
from ruralcare.network.parts import strong_parts, weak_parts
from ruralcare.network.roadside import Roadside

__all__ = ["closing_links"]

Ints = NDArray[np.int64]

# Places tried about each loose end: first few, then more for those that found none over land.
_TRIED: Final = (12, 96)


def closing_links(known: Roadside, links: Ways, land: Land) -> Ways:
    """Return the next links that let loose parts be both reached and left again.

    A part that nothing leads into, or nothing out of, is linked to the nearest place of another
    such part, or of a part with several nodes, in the same piece. Every link joins two parts, so
    that their number falls from round to round.

    Parameters
    ----------
    known : Roadside
        Places on roads, and villages.
    links : Ways
        Links between them so far; all are driven both ways.
    land : Land
        Links stay on it.

    Returns
    -------
    Ways
        None where nothing is left to be done, or can be.
    """
    nodes = int(known.ends_of_edge.max(initial=-1)) + 1
    nodes = max(nodes, int(known.node.max(initial=-1)) + 1)
    vertex = np.where(known.node >= 0, known.node, nodes + np.arange(len(known.xy)))
    tails, heads = _chains(known, vertex)
    tails = np.concatenate([known.tails, tails, vertex[links.u], vertex[links.v]])
    heads = np.concatenate([known.heads, heads, vertex[links.v], vertex[links.u]])
    count = nodes + len(known.xy)
    strong = strong_parts(tails, heads, np.ones(len(tails), dtype=bool), count)
    weak = weak_parts(tails, heads, count)
    size = np.bincount(strong)
    part = strong[vertex]
    met = np.zeros(len(size), dtype=bool)
    met[part] = True
    terminal = _terminal(strong[tails], strong[heads], met)
    # The largest part of a piece waits for the others to come; what is whole needs nothing.
    largest = np.zeros(len(size), dtype=bool)
    piece_of_part = weak[np.unique(strong, return_index=True)[1]]
    order = np.lexsort((np.arange(len(size)), -size, piece_of_part))
    largest[order[np.unique(piece_of_part[order], return_index=True)[1]]] = True
    # Places on edges that no link meets yet stand on no chain of their own part.
    real = (size[part] > 1) | terminal[part]
    loose = np.flatnonzero(terminal[part] & ~largest[part])
    found = no_ways()
    for tried in _TRIED:
        targets = np.flatnonzero(real)
        if not len(loose) or len(targets) < 2:
            break
        near = cKDTree(known.xy[targets]).query(known.xy[loose], k=min(tried, len(targets)))[1]
        near = near.reshape(len(loose), -1)
        a, b = np.repeat(loose, near.shape[1]), targets[near.ravel()]
        # Pieces that no road links yet were left apart by the water between them.
        apart = (part[a] != part[b]) & (weak[vertex[a]] == weak[vertex[b]])
        best = _shortest(known, part, a[apart], b[apart], land)
        found = both(found, best)
        loose = loose[~np.isin(part[loose], part[best.u])]
    ashore = land.holds(known.xy[loose])
    found = both(found, _around(known, part, loose[ashore], np.flatnonzero(real), land))
    pair = np.sort(np.column_stack([found.u, found.v]), axis=1)
    first = np.sort(np.unique(pair, axis=0, return_index=True)[1])
    return Ways(found.u[first], found.v[first], found.lines[first])


def _terminal(tails: Ints, heads: Ints, met: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which parts nothing leads into or nothing out of.

    Parts that no link may meet (a motorway without its ramps) do not count: who can come from
    there only cannot come at all.
    """
    links = np.unique(np.column_stack([tails, heads])[tails != heads], axis=0)
    alive = np.ones(len(met), dtype=bool)
    while True:
        links = links[alive[links[:, 0]] & alive[links[:, 1]]]
        into, out = np.zeros(len(met), dtype=bool), np.zeros(len(met), dtype=bool)
        out[links[:, 0]] = into[links[:, 1]] = True
        terminal = ~(into & out)
        dead = terminal & ~met & alive
        if not dead.any():
            return np.asarray(terminal & alive, dtype=bool)
        alive &= ~dead


def _shortest(known: Roadside, part: Ints, a: Ints, b: Ints, land: Land) -> Ways:
    """Return for each part of the first places its shortest link over land."""
    lines = straight_lines(known.xy[a], known.xy[b])
    dry = land.carries(lines)
    a, b, lines = a[dry], b[dry], lines[dry]
    length_m = np.hypot(*(known.xy[a] - known.xy[b]).T)
    order = np.lexsort((b, a, np.round(length_m, 3), part[a]))
    first = order[np.unique(part[a][order], return_index=True)[1]]
    return Ways(a[first], b[first], lines[first])


def _around(known: Roadside, part: Ints, loose: Ints, targets: Ints, land: Land) -> Ways:
    """Return for each part of the first places its shortest way around the water."""
    found = no_ways()
    if not len(loose):
        return found
    island = land.part_of(known.xy)
    for number in np.unique(part[loose]):
        own = loose[part[loose] == number]
        own = own[island[own] == island[own[0]]]
        others = targets[(part[targets] != number) & (island[targets] == island[own[0]])]
        for fineness in range(len(FINENESS)):
            way = way_around(known.xy, own, others, land.pieces[island[own[0]]], fineness)
            if len(way.u):
                found = both(found, way)
                break
    return found


def _chains(known: Roadside, vertex: Ints) -> tuple[Ints, Ints]:
    """Return the arcs along edges that have places on them: u, the places in order, v."""
    inner = np.flatnonzero(known.edge >= 0)
    inner = inner[np.lexsort((known.share[inner], known.edge[inner]))]
    edge = known.edge[inner]
    split = np.unique(edge)
    along_edge = np.concatenate([split, edge, split])
    along = np.concatenate(
        [known.ends_of_edge[split, 0], vertex[inner], known.ends_of_edge[split, 1]]
    )
    rank = np.repeat([0, 1, 2], [len(split), len(inner), len(split)])
    position = np.concatenate([split * 0, np.arange(len(inner)), split * 0])
    order = np.lexsort((position, rank, along_edge))
    along_edge, along = along_edge[order], along[order]
    step = along_edge[:-1] == along_edge[1:]
    tails, heads = along[:-1][step], along[1:][step]
    both = ~known.oneway[along_edge[:-1][step]]
    return np.concatenate([tails, heads[both]]), np.concatenate([heads, tails[both]])
