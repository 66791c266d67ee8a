"""Links over land: which lines stay ashore, who are neighbours, and what joins the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, QhullError, cKDTree

from ruralcare.network.parts import weak_parts

__all__ = [
    "FINENESS",
    "SAME_PLACE_M",
    "Land",
    "Ways",
    "both",
    "gabriel",
    "nearest_of_others",
    "neighbours",
    "no_ways",
    "straight_lines",
    "way_around",
    "ways_over_land",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Objects = NDArray[np.object_]

SAME_PLACE_M: Final = 1.0
"""Points closer than this are one place."""

FINENESS: Final = ((1000.0, 20_000.0), (500.0, 10_000.0), (250.0, 5000.0))
"""Ways around water: distance between the points where they may turn, tried from the coarsest, and
how far beyond the nodes that are to be joined such points are set."""

_NEAREST = 8
# Of a group with many nodes, only so many are tried with one node of another group.
_FACING = 64
# Links that are looked at first, the shortest of all; then twice as many, and so on.
_TRIED = 1000
# Points all on a line have no triangles; up to so many of them, all pairs are neighbours.
_FEW = 40


class Ways(NamedTuple):
    """Links between nodes, with the lines they follow."""

    u: Ints
    v: Ints
    lines: Objects


def no_ways() -> Ways:
    """Return no links."""
    return Ways(np.zeros(0, np.int64), np.zeros(0, np.int64), np.array([], dtype=object))


def straight_lines(one: Floats, other: Floats) -> Objects:
    """Return a line between each point and its partner."""
    if not len(one):
        return np.array([], dtype=object)
    return np.asarray(shapely.linestrings(np.stack([one, other], axis=1)), dtype=object)


def both(links: Ways, more: Ways) -> Ways:
    """Return the links of both, one after the other."""
    return Ways(
        np.concatenate([links.u, more.u]),
        np.concatenate([links.v, more.v]),
        np.concatenate([links.lines, more.lines]),
    )


@dataclass(frozen=True, eq=False)
class Land:
    """The land of townships, and what may cross it.

    Parameters
    ----------
    areas : array of Polygon or MultiPolygon
        The townships, in a projected CRS in metres.
    gap_m : float
        Widest water that a line may cross.
    """

    areas: Objects
    gap_m: float

    @cached_property
    def pieces(self) -> Objects:
        """The islands that the townships make."""
        found: Objects = shapely.get_parts(shapely.union_all(self.areas))
        shapely.prepare(found)
        return found

    def part_of(self, xy: Floats) -> Ints:
        """Return the piece of land that each point stands on or is nearest to."""
        points = shapely.points(xy)
        part = np.full(len(xy), -1, dtype=np.int64)
        if not len(xy):
            return part
        piece, inside = shapely.STRtree(points).query(self.pieces, predicate="intersects")
        # Of two pieces that touch at a point, the first.
        part[inside[::-1]] = piece[::-1]
        afloat = np.flatnonzero(part < 0)
        if len(afloat):
            tree = shapely.STRtree(self.pieces)
            _, part[afloat] = tree.query_nearest(points[afloat], all_matches=False)
        return part

    def holds(self, xy: Floats) -> Flags:
        """Tell which points stand on the land, or no farther off than the gap."""
        held = np.zeros(len(xy), dtype=bool)
        tree = shapely.STRtree(shapely.points(xy))
        held[tree.query(self.pieces, predicate="dwithin", distance=self.gap_m)[1]] = True
        return held

    def carries(self, lines: Objects) -> Flags:
        """Tell which lines leave the townships' land on no more than the gap."""
        dry = np.zeros(len(lines), dtype=bool)
        if not len(lines):
            return dry
        dry[shapely.STRtree(lines).query(self.pieces, predicate="covers")[1]] = True
        left = np.flatnonzero(~dry)
        # What is not wholly ashore is held against the townships it meets, and not against the
        # land as a whole, which for a nation has half a million corners.
        line, area = self._tree.query(lines[left], predicate="intersects")
        ashore = shapely.intersection(lines[left][line], self.areas[area])
        ashore_m = np.bincount(line, weights=shapely.length(ashore), minlength=len(left))
        dry[left] = shapely.length(lines[left]) - ashore_m <= self.gap_m
        return dry

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.areas)


def neighbours(xy: Floats) -> Ints:
    """Return the pairs of the Delaunay triangulation.

    Of points that are all on a line, those next to each other are pairs; of few such points, all.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Points.

    Returns
    -------
    array of int, shape (pairs, 2)
        Sorted, the lower number first.
    """
    if len(xy) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    try:
        triangles = Delaunay(xy - xy.mean(axis=0)).simplices
    except (QhullError, ValueError):
        if len(xy) <= _FEW:
            return np.column_stack(np.triu_indices(len(xy), 1)).astype(np.int64)
        order = np.lexsort((xy[:, 1], xy[:, 0]))
        pairs = np.column_stack([order[:-1], order[1:]])
    else:
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    return np.asarray(np.unique(np.sort(pairs, axis=1), axis=0), dtype=np.int64)


def gabriel(xy: Floats, pairs: Ints) -> Flags:
    """Tell which pairs have no third point in or on the circle with the two at opposite ends.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Points.
    pairs : array of int, shape (pairs, 2)
        Pairs of them.

    Returns
    -------
    array of bool, shape (pairs,)
        The pairs of the Gabriel graph.
    """
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    one, other = xy[pairs[:, 0]], xy[pairs[:, 1]]
    radius = np.hypot(*(one - other).T) / 2
    # The two themselves are the nearest; beyond the last point the distance is infinite.
    third = cKDTree(xy).query((one + other) / 2, k=3)[0][:, 2]
    return np.asarray(third > radius * (1 + 1e-9), dtype=bool)


def ways_over_land(
    xy: Floats, links: Ways, reserve: Ways, land: Land, among: Flags | None = None
) -> Ways:
    """Add the shortest ways that join the points of each piece of land.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Nodes.
    links : Ways
        Links that are taken in any case.
    reserve : Ways
        Links over land that are taken where they join what is still apart.
    land : Land
        All land.
    among : array of bool, optional
        Nodes to join; by default all.

    Returns
    -------
    Ways
        The links, then the ways that were added.
    """
    links = _join(links, reserve, len(xy))
    part = land.part_of(xy)
    if among is not None:
        part[~among] = -1
    group = _groups(links, len(xy))
    for number in np.unique(part[part >= 0]):
        members = np.flatnonzero(part == number)
        if len(np.unique(group[members])) == 1:
            continue
        links = _straight(xy, members, links, land)
        for fineness in range(len(FINENESS)):
            if len(np.unique(_groups(links, len(xy))[members])) == 1:
                break
            more = _around(xy, members, links, land.pieces[number], fineness)
            links = _join(links, more, len(xy))
        group = _groups(links, len(xy))
    return links


def _groups(links: Ways, count: int) -> Ints:
    return weak_parts(links.u, links.v, count)


def _join(links: Ways, more: Ways, count: int) -> Ways:
    """Take those of ``more``, shortest first, that join what ``links`` leave apart."""
    if not len(more.u):
        return links
    group = _groups(links, count)
    leader: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := leader.get(number, number)) != number:
            leader[number] = leader.get(above, above)
            number = above
        return number

    order = np.lexsort((more.v, more.u, np.round(shapely.length(more.lines), 3)))
    taken = []
    for k, one, other in zip(order, group[more.u[order]], group[more.v[order]], strict=True):
        a, b = root(int(one)), root(int(other))
        if a != b:
            leader[max(a, b)] = min(a, b)
            taken.append(k)
    chosen = np.array(taken, dtype=np.int64)
    return both(links, Ways(more.u[chosen], more.v[chosen], more.lines[chosen]))


def _straight(xy: Floats, members: Ints, links: Ways, land: Land) -> Ways:
    """Join the groups of the members by the shortest straight links over land."""
    one, other = _facing(xy[members], _groups(links, len(xy))[members])
    one, other = members[one], members[other]
    some = _TRIED
    while len(one):
        # Most candidates are never looked at: shorter ones join what they would.
        lines = straight_lines(xy[one[:some]], xy[other[:some]])
        dry = land.carries(lines)
        links = _join(links, Ways(one[:some][dry], other[:some][dry], lines[dry]), len(xy))
        group = _groups(links, len(xy))
        one, other, some = one[some:], other[some:], 2 * some
        apart = group[one] != group[other]
        one, other = one[apart], other[apart]
    return links


def _facing(xy: Floats, group: Ints) -> tuple[Ints, Ints]:
    """Return each point with the nearest ones of other groups, the shortest pairs first."""
    one, other = nearest_of_others(xy, group, _NEAREST)
    step = xy[one] - xy[other]
    length_m = np.round(np.hypot(step[:, 0], step[:, 1]), 3)
    # Of many points of one group that have the same nearest, those that are nearest to it.
    many = np.bincount(group)[group[one]] > _FACING
    order = np.lexsort((one, length_m, group[one], other))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(other[order]) != 0) | (np.diff(group[one[order]]) != 0)
    start = np.flatnonzero(first)
    rank = np.arange(len(order)) - start[np.cumsum(first) - 1]
    kept = np.sort(order[(rank < _FACING) | ~many[order]])
    one, other, length_m = one[kept], other[kept], length_m[kept]
    # Two that have each other among their nearest are one pair.
    low, high = np.minimum(one, other), np.maximum(one, other)
    pair, first_of = np.unique(2 * (low * len(xy) + high) + (one > other), return_index=True)
    single = np.ones(len(pair), dtype=bool)
    single[1:] = np.diff(pair // 2) != 0
    kept = first_of[single]
    order = np.lexsort((other[kept], one[kept], length_m[kept]))
    return one[kept][order], other[kept][order]


def nearest_of_others(xy: Floats, group: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the nearest points of other groups for each point.

    Two groups have different numbers, so they differ in a digit of base two. For each digit, the
    points that have a 0 there look for the nearest of those that have a 1, and the other way
    round: the nearest of all other groups are among what is found, and 17 digits do for a hundred
    thousand groups.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Points.
    group : array of int, shape (n,)
        Group of each.
    count : int
        How many to find for each, as far as there are so many.

    Returns
    -------
    one, other : array of int
        Points, ascending, and points of other groups; of each point the nearest first.
    """
    number = np.unique(group, return_inverse=True)[1].reshape(-1)
    ranks = np.arange(1, count + 1)
    far = np.full((len(xy), count), np.inf)
    found = np.zeros((len(xy), count), dtype=np.int64)
    for digit in range(int(number.max(initial=0)).bit_length()):
        is_set = (number >> digit & 1).astype(bool)
        for asked, there in (
            (np.flatnonzero(is_set), np.flatnonzero(~is_set)),
            (np.flatnonzero(~is_set), np.flatnonzero(is_set)),
        ):
            distance, which = cKDTree(xy[there]).query(xy[asked], k=ranks)
            which = there[np.minimum(which, len(there) - 1)]
            # Those that differ in an earlier digit, too, were there to be found before.
            earlier = (number[asked, None] ^ number[which]) & ((1 << digit) - 1)
            distance[earlier != 0] = np.inf
            distance = np.concatenate([far[asked], distance], axis=1)
            which = np.concatenate([found[asked], which], axis=1)
            best = np.argsort(distance, axis=1, kind="stable")[:, :count]
            far[asked] = np.take_along_axis(distance, best, axis=1)
            found[asked] = np.take_along_axis(which, best, axis=1)
    one, rank = np.nonzero(np.isfinite(far))
    return one, found[one, rank]


def _around(xy: Floats, members: Ints, links: Ways, piece: shapely.Geometry, fineness: int) -> Ways:
    """Return ways around the water over helper points, from each group to the nearest other.

    The largest group waits for the others to come.
    """
    group = _groups(links, len(xy))[members]
    numbers, sizes = np.unique(group, return_counts=True)
    found = no_ways()
    for number in np.delete(numbers, np.argmax(sizes)):
        own, others = members[group == number], members[group != number]
        found = both(found, way_around(xy, own, others, piece, fineness))
    return found


def way_around(
    xy: Floats, starts: Ints, others: Ints, piece: shapely.Geometry, fineness: int
) -> Ways:
    """Return the shortest way over a piece of land from some nodes to others, if there is one.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        All nodes.
    starts, others : array of int
        Nodes to leave from and nodes to come to.
    piece : Polygon
        The land.
    fineness : int
        Position in :data:`FINENESS`: how close together the points lie that a way may turn at.

    Returns
    -------
    Ways
        One, or none.
    """
    spacing_m, beyond_m = FINENESS[fineness]
    own = xy[starts]
    low, high = own.min(axis=0) - beyond_m, own.max(axis=0) + beyond_m
    others = others[((xy[others] >= low) & (xy[others] <= high)).all(axis=1)]
    nodes = np.concatenate([starts, others])
    places = np.concatenate([xy[nodes], _helpers(piece, low, high, spacing_m)])
    path = _path(places, len(starts), len(nodes), piece, spacing_m)
    if path is None:
        return no_ways()
    line = np.array([None], dtype=object)
    line[0] = shapely.LineString(places[path])
    return Ways(nodes[path[:1]], nodes[path[-1:]], line)


def _path(
    places: Floats, starts: int, nodes: int, piece: shapely.Geometry, spacing_m: float
) -> list[int] | None:
    """Return the shortest way over land from the first places to others that are nodes, or None."""
    others = np.arange(starts, nodes)
    pairs = cKDTree(places).query_pairs(1.5 * spacing_m, output_type="ndarray")
    if not len(others) or not len(pairs):
        return None
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    lines = straight_lines(places[pairs[:, 0]], places[pairs[:, 1]])
    pairs = pairs[shapely.covers(piece, lines)]
    length = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    graph = coo_array((length, (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places)))
    far, before, _ = dijkstra(
        graph.tocsr(),
        directed=False,
        indices=np.arange(starts),
        min_only=True,
        return_predecessors=True,
    )
    end = int(others[np.argmin(np.round(far[others], 3))])
    if not np.isfinite(far[end]):
        return None
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path[::-1]


def _helpers(piece: shapely.Geometry, low: Floats, high: Floats, spacing_m: float) -> Floats:
    """Return a grid on a piece of land, the same wherever the window lies."""
    left, bottom, right, top = shapely.bounds(piece)
    first = np.floor((np.maximum(low, [left, bottom]) - [left, bottom]) / spacing_m)
    last = (np.minimum(high, [right, top]) - [left, bottom]) / spacing_m
    x, y = np.meshgrid(
        left + spacing_m * np.arange(first[0], last[0]),
        bottom + spacing_m * np.arange(first[1], last[1]),
    )
    grid = np.column_stack([x.ravel(), y.ravel()])
    inside = shapely.contains_xy(piece, grid[:, 0], grid[:, 1])
    return np.asarray(grid[inside], dtype=np.float64)
