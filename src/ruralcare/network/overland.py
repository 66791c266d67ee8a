"""Ways over land that join what straight links between neighbours leave apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from ruralcare.network.parts import weak_parts

__all__ = ["Ways", "land_parts", "ways_over_land"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Distances between helper points for ways around water, tried from the coarsest.
_SPACINGS_M = (1000.0, 500.0, 250.0)
_NEAREST = 8
# Of a group with many nodes, only those among the nearest to some node of another group are tried.
_FACING = 64


class Ways(NamedTuple):
    """Links between nodes, with the lines they follow."""

    u: Ints
    v: Ints
    lines: NDArray[np.object_]


def land_parts(xy: Floats, land: shapely.Geometry) -> Ints:
    """Return the piece of land (island) that each point stands on or is nearest to."""
    pieces = shapely.get_parts(land)
    points = shapely.points(xy)
    part = np.full(len(xy), -1, dtype=np.int64)
    near, piece = shapely.STRtree(pieces).query(points)
    for number in np.unique(piece):
        inside = near[piece == number]
        shapely.prepare(pieces[number])
        part[inside[shapely.intersects(pieces[number], points[inside])]] = number
    afloat = np.flatnonzero(part < 0)
    if len(afloat):
        _, part[afloat] = shapely.STRtree(pieces).query_nearest(points[afloat], all_matches=False)
    return part


def ways_over_land(
    xy: Floats,
    part_of_land: Ints,
    links: Ways,
    reserve: Ways,
    land: shapely.Geometry,
    over_land: Callable[[NDArray[np.object_]], NDArray[np.bool_]],
) -> Ways:
    """Add the shortest ways that join the points of each piece of land.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Nodes.
    part_of_land : array of int
        Piece of land of each node.
    links : Ways
        Links that are taken in any case.
    reserve : Ways
        Links over land that are taken where they join what is still apart.
    land : polygons
        All land.
    over_land : function
        Tells which lines run over land.

    Returns
    -------
    Ways
        The links, then the ways that were added.
    """
    links = _join(links, reserve, len(xy))
    for number in np.unique(part_of_land):
        members = np.flatnonzero(part_of_land == number)
        links = _join(links, _straight(xy, members, links, over_land), len(xy))
        for spacing_m in _SPACINGS_M:
            if len(np.unique(_groups(links, len(xy))[members])) == 1:
                break
            piece = shapely.get_parts(land)[number]
            links = _join(links, _around(xy, members, links, piece, spacing_m), len(xy))
    return links


def _groups(links: Ways, count: int) -> Ints:
    return weak_parts(links.u, links.v, count)


def _join(links: Ways, more: Ways, count: int) -> Ways:
    """Take those of ``more``, shortest first, that join what ``links`` leave apart."""
    group = _groups(links, count).tolist()

    def root(node: int) -> int:
        while group[node] != node:
            group[node] = group[group[node]]
            node = group[node]
        return node

    # Groups as trees: every group is led by its first node.
    leader: dict[int, int] = {}
    group = [leader.setdefault(number, node) for node, number in enumerate(group)]
    order = np.lexsort((more.v, more.u, np.round(shapely.length(more.lines), 3)))
    taken = []
    for k in order:
        a, b = root(int(more.u[k])), root(int(more.v[k]))
        if a != b:
            group[max(a, b)] = min(a, b)
            taken.append(k)
    chosen = np.array(taken, dtype=np.int64)
    return Ways(*(np.concatenate([old, new[chosen]]) for old, new in zip(links, more, strict=True)))


def _straight(
    xy: Floats,
    members: Ints,
    links: Ways,
    over_land: Callable[[NDArray[np.object_]], NDArray[np.bool_]],
) -> Ways:
    """Return straight links from each group of the members to the nearest nodes of others."""
    group = _groups(links, len(xy))
    u, v = [], []
    groups = np.unique(group[members])
    for number in groups if len(groups) > 1 else []:
        inside, outside = members[group[members] == number], members[group[members] != number]
        if len(inside) > _FACING:
            facing = cKDTree(xy[inside]).query(xy[outside], k=_FACING)[1]
            inside = inside[np.unique(facing)]
        nearest = cKDTree(xy[outside]).query(xy[inside], k=min(_NEAREST, len(outside)))[1]
        nearest = nearest.reshape(len(inside), -1)
        u.append(np.repeat(inside, nearest.shape[1]))
        v.append(outside[nearest.ravel()])
    if not u:
        return Ways(np.zeros(0, np.int64), np.zeros(0, np.int64), np.array([], dtype=object))
    a, b = np.concatenate(u), np.concatenate(v)
    lines = shapely.linestrings(np.stack([xy[a], xy[b]], axis=1))
    dry = over_land(lines)
    return Ways(a[dry], b[dry], lines[dry])


def _around(
    xy: Floats, members: Ints, links: Ways, piece: shapely.Geometry, spacing_m: float
) -> Ways:
    """Return ways around the water over helper points, from each group to the nearest other."""
    helpers = _helpers(piece, spacing_m)
    places = np.concatenate([xy[members], helpers])
    pairs = cKDTree(places).query_pairs(1.5 * spacing_m, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    lines = shapely.linestrings(np.stack([places[pairs[:, 0]], places[pairs[:, 1]]], axis=1))
    shapely.prepare(piece)
    pairs = pairs[shapely.covers(piece, lines)]
    length = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    graph = coo_array((length, (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places)))
    group = _groups(links, len(xy))[members]
    u, v, found = [], [], []
    for number in np.unique(group):
        starts = np.flatnonzero(group == number)
        others = np.flatnonzero(group != number)
        far, before, _ = dijkstra(
            graph.tocsr(), directed=False, indices=starts, min_only=True, return_predecessors=True
        )
        end = int(others[np.argmin(np.round(far[others], 3))])
        if not np.isfinite(far[end]):
            continue
        path = [end]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        u.append(members[path[-1]])
        v.append(members[path[0]])
        found.append(shapely.LineString(places[path[::-1]]))
    return Ways(np.array(u, np.int64), np.array(v, np.int64), np.array(found, dtype=object))


def _helpers(piece: shapely.Geometry, spacing_m: float) -> Floats:
    left, bottom, right, top = shapely.bounds(piece)
    x, y = np.meshgrid(np.arange(left, right, spacing_m), np.arange(bottom, top, spacing_m))
    grid = np.column_stack([x.ravel(), y.ravel()])
    shapely.prepare(piece)
    return np.asarray(grid[shapely.contains_xy(piece, grid[:, 0], grid[:, 1])], dtype=np.float64)
