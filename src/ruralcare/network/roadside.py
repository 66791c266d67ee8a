"""Places where links may meet roads: their nodes and samples along them, and villages beside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ruralcare.network.overland import SAME_PLACE_M, Land, Ways, straight_lines
from ruralcare.network.parts import strong_parts, weak_parts
from ruralcare.network.snap import NO_STOPPING
from ruralcare.types import RoadNetwork

__all__ = ["NO_PART", "Roadside", "carried_across", "roadside"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_PART: Final = -1
"""Part of a place that lies on no road, or on a one-way road that is left for good."""

# Links may meet a road at its nodes and at least this often between them.
_SPACING_M: Final = 500.0
# Carriageways of one road are no farther apart.
_MEDIAN_M: Final = 60.0
# They run against each other: cosine of the angle between them.
_AGAINST: Final = -0.5


@dataclass(frozen=True, eq=False)
class Roadside:
    """Places where links may begin and end.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        The places.
    node : array of int
        Node of the network, or −1.
    edge, share : array
        Row of the edge that the place lies on, between its nodes, and how far along it; −1 and 0
        for nodes and villages.
    weak, strong : array of int
        Part of the network that the place hangs on: by road whatever its direction, and by roads
        and ferries in their direction; :data:`NO_PART` for villages (and on some one-way roads).
    end : array of bool
        Loose ends of roads.
    firm : array of bool
        Places in strong parts of several nodes, or at a part that nothing leads into or out of.
    site, foot : array of int
        The place of each village, and of each point on a road that was asked for.
    tails, heads : array of int
        Arcs of the network.
    lines : array of LineString
        Lines of its edges.
    oneway : array of bool
        Edges that lead from u to v only.
    joinable : array of bool
        Edges that links may meet between their nodes.
    whole : bool
        Whether the roads hang together, in both directions, everywhere.
    """

    xy: Floats
    node: Ints
    edge: Ints
    share: Floats
    weak: Ints
    strong: Ints
    end: Flags
    firm: Flags
    site: Ints
    foot: Ints
    tails: Ints
    heads: Ints
    ends_of_edge: Ints
    lines: NDArray[np.object_]
    oneway: Flags
    joinable: Flags
    parts: _Parts
    whole: bool

    def shortest(self, pairs: Ints, is_site: Flags) -> Ints:
        """Keep of the pairs of a village and places along one edge only the shortest."""
        a, b = pairs[:, 0].copy(), pairs[:, 1].copy()
        turn = is_site[b] & ~is_site[a]
        a[turn], b[turn] = pairs[turn, 1], pairs[turn, 0]
        mixed = is_site[a] & (self.edge[b] >= 0)
        order = np.lexsort((self._distance(a, b), self.edge[b], a, ~mixed))
        a, b, mixed = a[order], b[order], mixed[order]
        first = np.ones(len(a), dtype=bool)
        first[1:] = (np.diff(a) != 0) | (np.diff(self.edge[b]) != 0)
        kept = first | ~mixed
        return np.column_stack([a[kept], b[kept]])

    def _distance(self, a: Ints, b: Ints) -> Floats:
        return np.asarray(np.hypot(*(self.xy[a] - self.xy[b]).T))

    def with_places(self, edge: Ints, share: Floats) -> Roadside:
        """Return the same with further places along edges."""
        xy = shapely.get_coordinates(
            shapely.line_interpolate_point(self.lines[edge], share, normalized=True)
        )
        count = len(edge)
        u = self.ends_of_edge[edge, 0]
        return replace(
            self,
            xy=np.concatenate([self.xy, xy]),
            node=np.concatenate([self.node, np.full(count, -1)]),
            edge=np.concatenate([self.edge, edge]),
            share=np.concatenate([self.share, share]),
            weak=np.concatenate([self.weak, self.parts.weak[u]]),
            strong=np.concatenate([self.strong, self.parts.along(self.ends_of_edge[edge])]),
            end=np.concatenate([self.end, np.zeros(count, dtype=bool)]),
            firm=np.concatenate([self.firm, np.zeros(count, dtype=bool)]),
        )


@dataclass(frozen=True, eq=False)
class _Parts:
    """Parts of the network by node."""

    weak: Ints
    strong: Ints
    firm: Flags

    def along(self, ends: Ints) -> Ints:
        """Return the strong part of places along edges with these ends."""
        u, v = self.strong[ends[:, 0]], self.strong[ends[:, 1]]
        return np.asarray(np.where(u == v, u, NO_PART), dtype=np.int64)


def roadside(roads: RoadNetwork, sites: Floats, edge: Ints, share: Floats) -> Roadside:
    """Return the places of a network where links may begin and end.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    sites : array of float, shape (n, 2)
        Villages, which become nodes.
    edge, share : array
        Places on roads that must be among them.

    Returns
    -------
    Roadside
        Nodes first, then places along edges, then villages.
    """
    edges = roads.edges
    count = len(roads.nodes)
    ends = edges[["u", "v"]].to_numpy(dtype=np.int64)
    u, v = ends[:, 0], ends[:, 1]
    oneway = edges["oneway"].to_numpy(dtype=bool)
    lines = edges.geometry.to_numpy()
    is_road = (edges["kind"] == "road").to_numpy()
    parts = _parts(u, v, oneway, is_road, count)
    suitable = is_road & ~edges["road_class"].isin(NO_STOPPING).to_numpy()
    joinable = suitable & ~_raised(roads)
    at_any, at_road = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    at_any[ends.ravel()] = True
    # The end of a bridge stands on the ground.
    at_road[ends[suitable].ravel()] = True
    loose = _loose_ends(u, v, count) | (_alone(parts.strong) & parts.firm & at_any)
    nodes = np.flatnonzero(at_road | loose)

    length_m = shapely.length(lines)
    pieces = np.where(joinable, np.maximum(np.ceil(length_m / _SPACING_M), 1), 1).astype(np.int64)
    sampled = np.repeat(np.arange(len(edges)), pieces - 1)
    step = np.arange(len(sampled)) - np.searchsorted(sampled, sampled) + 1
    all_edge = np.concatenate([edge, sampled])
    all_share = np.concatenate([share, step / pieces[sampled]])
    # A place this close to a node is the node.
    along_m, whole_m = all_share * length_m[all_edge], length_m[all_edge]
    at_u, at_v = along_m <= SAME_PLACE_M, whole_m - along_m <= SAME_PLACE_M
    inside = ~at_u & ~at_v
    key = np.column_stack([all_edge, np.round(along_m / SAME_PLACE_M)]).astype(np.int64)
    key[~inside] = -1
    _, first, which = np.unique(key, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    kept = first[inside[first]]
    number = np.full(len(first), -1, dtype=np.int64)
    number[inside[first]] = np.arange(len(kept))
    asked = np.arange(len(edge))
    end_node = np.where(at_u[asked], u[edge], v[edge])
    nodes = np.union1d(nodes, end_node[~inside[asked]])
    place_of_node = np.full(count, -1, dtype=np.int64)
    place_of_node[nodes] = np.arange(len(nodes))
    foot = np.where(
        inside[asked], len(nodes) + number[which[asked]], place_of_node[end_node]
    ).astype(np.int64)

    node_xy = shapely.get_coordinates(roads.nodes.geometry)
    edge_xy = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[all_edge[kept]], all_share[kept], normalized=True)
    )
    none, no = np.full(len(sites), NO_PART), np.zeros(len(sites), dtype=bool)
    inner = parts.along(ends[all_edge[kept]])
    return Roadside(
        xy=np.concatenate([node_xy[nodes], edge_xy, sites]),
        node=np.concatenate([nodes, np.full(len(kept), -1), none]),
        edge=np.concatenate([np.full(len(nodes), -1), all_edge[kept], none]),
        share=np.concatenate([np.zeros(len(nodes)), all_share[kept], np.zeros(len(sites))]),
        weak=np.concatenate([parts.weak[nodes], parts.weak[u[all_edge[kept]]], none]),
        strong=np.concatenate([parts.strong[nodes], inner, none]),
        end=np.concatenate([loose[nodes], np.zeros(len(kept), dtype=bool), no]),
        firm=np.concatenate([parts.firm[nodes], inner != NO_PART, no]),
        site=len(nodes) + len(kept) + np.arange(len(sites)),
        foot=foot,
        tails=np.concatenate([u, v[~oneway]]),
        heads=np.concatenate([v, u[~oneway]]),
        ends_of_edge=ends,
        lines=lines,
        oneway=oneway,
        joinable=joinable,
        parts=parts,
        whole=len(np.unique(parts.strong)) <= 1 and len(np.unique(parts.weak[ends])) <= 1,
    )


def _raised(roads: RoadNetwork) -> Flags:
    raised = np.zeros(len(roads.edges), dtype=bool)
    for column in ("bridge", "tunnel"):
        if column in roads.edges.columns:
            raised |= roads.edges[column].to_numpy(dtype=bool)
    return raised


def _alone(strong: Ints) -> Flags:
    """Tell which nodes are a strong part of their own."""
    return np.asarray(np.bincount(strong)[strong] == 1, dtype=bool)


def _parts(u: Ints, v: Ints, oneway: Flags, is_road: Flags, count: int) -> _Parts:
    weak, strong = weak_parts(u[is_road], v[is_road], count), strong_parts(u, v, oneway, count)
    size = np.bincount(strong)
    into, out = np.zeros(len(size), dtype=bool), np.zeros(len(size), dtype=bool)
    across = strong[u] != strong[v]
    out[strong[u[across]]] = into[strong[v[across]]] = True
    firm = (size > 1) | ~into | ~out
    return _Parts(weak, strong, firm[strong])


def _loose_ends(u: Ints, v: Ints, count: int) -> Flags:
    """Tell which nodes have one neighbour only."""
    pairs = np.unique(np.sort(np.column_stack([u, v])[u != v], axis=1), axis=0)
    return np.asarray(np.bincount(pairs.ravel(), minlength=count) == 1, dtype=bool)


def carried_across(
    known: Roadside, roads: RoadNetwork, links: Ways, land: Land
) -> tuple[Roadside, Ways]:
    """Carry links that meet one carriageway of a divided road on to the other.

    Without this, who comes out on the near carriageway could drive in one direction only, up to
    the next place to turn, which the data may not have.

    Parameters
    ----------
    known : Roadside
        The places.
    roads : RoadNetwork
        The network.
    links : Ways
        Links between the places.
    land : Land
        Links stay on it.

    Returns
    -------
    Roadside, Ways
        With the places on other carriageways, and the links to them.
    """
    met = np.unique(np.concatenate([links.u, links.v]))
    met = met[known.edge[met] >= 0]
    met = met[known.oneway[known.edge[met]]]
    twins = np.flatnonzero(known.oneway & known.joinable)
    if not len(met) or not len(twins):
        return known, links
    here = shapely.points(known.xy[met])
    pair, twin = shapely.STRtree(known.lines[twins]).query(
        here, predicate="dwithin", distance=_MEDIAN_M
    )
    twin = twins[twin]
    classes = roads.edges["road_class"].to_numpy()
    other = (twin != known.edge[met[pair]]) & (classes[twin] == classes[known.edge[met[pair]]])
    pair, twin = pair[other], twin[other]
    share = shapely.line_locate_point(known.lines[twin], here[pair], normalized=True)
    along = _direction(known.lines[known.edge[met[pair]]], known.share[met[pair]])
    back = _direction(known.lines[twin], share)
    length_m = shapely.length(known.lines[twin])
    inside = (share * length_m > SAME_PLACE_M) & ((1 - share) * length_m > SAME_PLACE_M)
    right = ((along * back).sum(axis=1) < _AGAINST) & inside
    pair, twin, share = pair[right], twin[right], share[right]
    distance = shapely.distance(known.lines[twin], here[pair])
    order = np.lexsort((twin, distance, pair))
    pair, first = np.unique(pair[order], return_index=True)
    twin, share = twin[order][first], share[order][first]
    key = np.column_stack([twin, np.round(share * shapely.length(known.lines[twin]))])
    _, first, which = np.unique(key, axis=0, return_index=True, return_inverse=True)
    new = len(known.xy) + which.reshape(-1)
    # Another link may meet the other carriageway at the same place.
    same = _same_place(known, twin[first], share[first])
    new = np.where(same[which.reshape(-1)] >= 0, same[which.reshape(-1)], new)
    wider = known.with_places(twin[first], share[first])
    lines = straight_lines(wider.xy[met[pair]], wider.xy[new])
    dry = land.carries(lines)
    return wider, Ways(
        np.concatenate([links.u, met[pair][dry]]),
        np.concatenate([links.v, new[dry]]),
        np.concatenate([links.lines, lines[dry]]),
    )


def _same_place(known: Roadside, edge: Ints, share: Floats) -> Ints:
    """Return the known place on the same edge that is as good as the same, or −1."""
    length_m = shapely.length(known.lines[edge])
    places = np.flatnonzero(known.edge >= 0)
    along = np.round(known.share[places] * shapely.length(known.lines[known.edge[places]]))
    there = {
        (int(one), int(at)): int(place)
        for one, at, place in zip(known.edge[places], along, places, strict=True)
    }
    wanted = zip(edge.tolist(), np.round(share * length_m).astype(int).tolist(), strict=True)
    return np.array([there.get(key, -1) for key in wanted], dtype=np.int64)


def _direction(lines: NDArray[np.object_], share: Floats) -> Floats:
    """Return the direction of lines at a share of their length, as unit vectors."""
    length_m = shapely.length(lines)
    before = shapely.line_interpolate_point(lines, np.maximum(share * length_m - 5.0, 0.0))
    after = shapely.line_interpolate_point(lines, np.minimum(share * length_m + 5.0, length_m))
    step = shapely.get_coordinates(after) - shapely.get_coordinates(before)
    return np.asarray(step / np.maximum(np.hypot(*step.T), 1e-9)[:, None], dtype=np.float64)
