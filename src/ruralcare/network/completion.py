"""Proxy links over land where road data have holes: between pieces of road, and to villages."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas.api.typing import NAType

from ruralcare.language import Message
from ruralcare.network.cuts import cut_edges
from ruralcare.network.overland import (
    SAME_PLACE_M,
    Land,
    Ways,
    both,
    gabriel,
    neighbours,
    no_ways,
    straight_lines,
    ways_over_land,
)
from ruralcare.network.parts import weak_parts
from ruralcare.network.roadside import NO_PART, Roadside, carried_across, roadside
from ruralcare.network.snap import snap_points
from ruralcare.network.speeds import proxy_kmh
from ruralcare.network.strongly import closing_links
from ruralcare.scenario import Completion, RoadsSource
from ruralcare.types import DemandPoints, RoadNetwork, Townships
from ruralcare.units import kilometres, minutes_at

__all__ = ["complete", "hole_notes"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# With more pieces than this, road data are suspected of holes.
_MANY_PIECES: Final = 5
_FEW_LOST: Final = 0.01
# Rounds in which one-way roads that lead nowhere are given a way out; each merges many of them.
_ROUNDS: Final = 12


def complete(
    roads: RoadNetwork,
    townships: Townships,
    points: DemandPoints,
    rules: RoadsSource,
    places: gpd.GeoSeries | None = None,
    *,
    snap_limit_m: float = 2000.0,
) -> RoadNetwork:
    """Fill the holes of road data with proxy links over land.

    Three kinds of links are added, and nothing else of the network changes:

    1. Villages, township seats and places farther than ``complete.beyond_m`` from any suitable
       road are joined to the roads about them and to one another, like the nodes of a proxy
       network: where no other village and no other road lies in the circle that has the two ends
       at opposite sides (Gabriel graph). The way to the nearest road is always among them.
    2. Every loose end of a piece of road is joined to its nearest Gabriel neighbour on another.
    3. What is still apart on one piece of land is joined by the shortest straight links over
       land, and where there are none, by ways around the water; a one-way road that cannot be
       reached or left again is joined to the nearest road that mends it.

    A link never leaves the townships' land on more than ``water_gap_m`` metres in all. It ends at
    a node or between two, where the edge is then cut; on a motorway or a ramp at their loose ends
    only, on a bridge or in a tunnel only where the village would join it without a link, too. One
    that meets a carriageway of a divided road is carried on to the other.

    Parameters
    ----------
    roads : RoadNetwork
        The network, with ``land`` where it is known, and with all pieces of the data.
    townships : Townships
        Their union, with ``around``, is the land.
    points : DemandPoints
        In the same CRS.
    rules : RoadsSource
        ``complete``, ``proxy_detour_factor``, ``proxy_speed_kmh`` (see
        :func:`~ruralcare.network.speeds.proxy_kmh`) and
        ``water_gap_m``.
    places : GeoSeries, optional
        Institutions and sites, in the same CRS; those far from roads are joined like villages.
    snap_limit_m : float
        Limit at which points will join the network.

    Returns
    -------
    RoadNetwork
        The same object where nothing is missing. Otherwise new nodes stand after the old ones and
        links (class ``proxy``, ``proxy`` true) after the edges; a cut edge is several rows. Times
        between points that are given here do not become longer.
    """
    settings = rules.complete or Completion()
    land = Land(_areas(townships), rules.water_gap_m)
    sites = _sites(roads, townships, points, places, settings.beyond_m, snap_limit_m, land)
    known = roadside(roads, sites.xy, sites.edge, sites.share)
    if not len(sites.xy) and known.whole:
        return roads
    links = _neighbour_links(known, sites.foot, land)
    links = _joined(known, links, land)
    for _ in range(_ROUNDS):
        more = closing_links(known, links, land)
        if not len(more.u):
            break
        links = both(links, more)
    known, links = carried_across(known, roads, links, land)
    return _assembled(roads, known, links, rules)


def hole_notes(
    roads: RoadNetwork, points: DemandPoints, *, snap_limit_m: float = 2000.0
) -> tuple[Message, ...]:
    """Return the advice to complete the roads, where data look as if they had holes.

    They do if they lie in many pieces, or leave more than a few demand points beyond the snapping
    limit (a lone islet without roads is no hole). Roads that hold proxy links already are not
    spoken of.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points : DemandPoints
        In the same CRS.
    snap_limit_m : float
        Limit at which they will join the network.

    Returns
    -------
    tuple of Message
        One for pieces, one for places that are lost; none where nothing is missing.
    """
    if roads.is_proxy or not len(roads.edges):
        return ()
    u = roads.edges["u"].to_numpy(np.int64)
    pieces = len(np.unique(weak_parts(u, roads.edges["v"].to_numpy(np.int64), len(roads.nodes))))
    lost = int((~snap_points(roads, points.points, limit_m=snap_limit_m).ok).sum())
    notes = []
    if pieces > _MANY_PIECES:
        notes.append(
            Message(
                "The road data seem to have holes: they lie in {pieces} pieces. Local roads may "
                "be missing; [roads.complete] in the scenario fills the holes with estimated "
                "links.",
                pieces=pieces,
            )
        )
    if lost > _FEW_LOST * len(points.frame):
        notes.append(
            Message(
                "Places of people too far from any road: {lost} of {places}. Where local roads "
                "are missing in the data, [roads.complete] in the scenario links such places by "
                "estimated roads.",
                lost=lost,
                places=len(points.frame),
            )
        )
    return tuple(notes)


class _Sites:
    """Places far from roads, as new nodes, and where the way from each to its road ends."""

    def __init__(self, xy: Floats, edge: Ints, share: Floats) -> None:
        self.xy, joined = xy, edge >= 0
        self.edge, self.share = edge[joined], share[joined]
        self.foot = np.full(len(xy), -1, dtype=np.int64)
        self.foot[joined] = np.arange(int(joined.sum()))


def _areas(townships: Townships) -> NDArray[np.object_]:
    areas = townships.frame.geometry.to_numpy()
    if townships.around is None:
        return np.asarray(areas, dtype=object)
    return np.concatenate([areas, townships.around.geometry.to_numpy()])


def _sites(
    roads: RoadNetwork,
    townships: Townships,
    points: DemandPoints,
    places: gpd.GeoSeries | None,
    beyond_m: float,
    snap_limit_m: float,
    land: Land,
) -> _Sites:
    crs = townships.crs
    seats = gpd.GeoSeries(townships.frame["seat"], crs=crs)
    parts = [points.points.to_crs(crs), seats]
    if places is not None and len(places):
        parts.append(places.to_crs(crs))
    xy = shapely.get_coordinates(np.concatenate([part.to_numpy() for part in parts]))
    _, first = np.unique(np.round(xy / SAME_PLACE_M), axis=0, return_index=True)
    xy = xy[np.sort(first)]
    near = snap_points(roads, gpd.GeoSeries(shapely.points(xy), crs=crs), limit_m=beyond_m)
    xy = xy[~near.ok]
    snapped = snap_points(
        roads, gpd.GeoSeries(shapely.points(xy), crs=crs), limit_m=max(snap_limit_m, beyond_m)
    )
    # Where only a walk along the shore leads to the road, people go on walking.
    lines = roads.edges.geometry.to_numpy()
    at = np.where(snapped.ok, snapped.edge, 0)
    ends = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[at], np.nan_to_num(snapped.share), normalized=True)
    )
    ends = np.where(snapped.ok[:, None], ends, xy)
    stays = land.carries(straight_lines(xy, ends)) | ~snapped.ok
    return _Sites(xy[stays], snapped.edge[stays], snapped.share[stays])


def _neighbour_links(known: Roadside, foot: Ints, land: Land) -> Ways:
    """Return the links between neighbours: villages, and roads that hang apart."""
    pairs = neighbours(known.xy)
    a, b = pairs[:, 0], pairs[:, 1]
    is_site = (known.node < 0) & (known.edge < 0)
    wanted = is_site[a] | is_site[b] | _apart(known, a, b)
    pairs = pairs[wanted]
    pairs = pairs[gabriel(known.xy, pairs)]
    pairs = known.shortest(_nearest_of_ends(known, pairs, is_site), is_site)
    site = np.flatnonzero(foot >= 0)
    nearest = np.column_stack([known.site[site], known.foot[foot[site]]])
    pairs = np.unique(np.sort(np.concatenate([nearest, pairs]), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    lines = straight_lines(known.xy[pairs[:, 0]], known.xy[pairs[:, 1]])
    dry = land.carries(lines)
    return Ways(pairs[dry, 0], pairs[dry, 1], lines[dry])


def _nearest_of_ends(known: Roadside, pairs: Ints, is_site: Flags) -> Ints:
    """Keep of the pairs of two roads those that are the shortest of a loose end."""
    a, b = pairs[:, 0], pairs[:, 1]
    village = is_site[a] | is_site[b]
    roads = np.flatnonzero(~village)
    length_m = np.hypot(*(known.xy[a] - known.xy[b]).T)
    which = np.concatenate([roads[known.end[a[roads]]], roads[known.end[b[roads]]]])
    end = np.concatenate([a[roads][known.end[a[roads]]], b[roads][known.end[b[roads]]]])
    order = np.lexsort((which, np.round(length_m[which], 3), end))
    first = np.unique(end[order], return_index=True)[1]
    kept = village.copy()
    kept[which[order][first]] = True
    return pairs[kept]


def _apart(known: Roadside, a: Ints, b: Ints) -> Flags:
    """Tell which pairs of places on roads are to be linked: a loose end, and another piece."""
    other_piece = known.weak[a] != known.weak[b]
    other_part = (known.strong[a] != known.strong[b]) & known.firm[a] & known.firm[b]
    return np.asarray((known.end[a] | known.end[b]) & (other_piece | other_part), dtype=bool)


def _joined(known: Roadside, links: Ways, land: Land) -> Ways:
    """Add what joins all that is still apart on one piece of land."""
    on_road = np.flatnonzero(known.weak != NO_PART)
    piece, leader = np.unique(known.weak[on_road], return_index=True)
    first = on_road[leader][np.searchsorted(piece, known.weak[on_road])]
    # Places of one piece count as linked; these links go again.
    held = np.full(len(on_road), None, dtype=object)
    base = both(Ways(on_road, first, held), links)
    # Roads of a country whose land is not known are left as they are.
    whole = ways_over_land(known.xy, base, no_ways(), land, among=land.holds(known.xy))
    count = len(on_road)
    return Ways(whole.u[count:], whole.v[count:], whole.lines[count:])


def _assembled(roads: RoadNetwork, known: Roadside, links: Ways, rules: RoadsSource) -> RoadNetwork:
    """Cut the edges that links meet, and add the links."""
    if not len(links.u):
        return roads
    used = np.zeros(len(known.xy), dtype=bool)
    used[links.u] = used[links.v] = True
    node = known.node.copy()
    new = np.flatnonzero(used & (node < 0))
    node[new] = len(roads.nodes) + np.arange(len(new))
    cut = new[known.edge[new] >= 0]
    edges = cut_edges(roads.edges, known.edge[cut], known.share[cut], node[cut])
    speed_kmh = proxy_kmh(rules)
    length_m = shapely.length(links.lines) * rules.proxy_detour_factor
    table = pd.DataFrame(
        {
            "u": node[links.u],
            "v": node[links.v],
            "length_m": length_m,
            "speed_kmh": speed_kmh,
            "time_min": minutes_at(length_m, speed_kmh),
            "kind": "road",
            "road_class": "proxy",
            "oneway": False,
            "proxy": True,
        }
    )
    for name in edges.columns.difference([*table.columns, edges.geometry.name]):
        table[name] = _nothing(edges[name])
    added = gpd.GeoDataFrame(table, geometry=links.lines, crs=edges.crs)
    whole = pd.concat([edges, added[edges.columns]], ignore_index=True)
    places = np.concatenate([shapely.get_coordinates(roads.nodes.geometry), known.xy[new]])
    nodes = gpd.GeoDataFrame(
        geometry=shapely.points(places),
        index=pd.RangeIndex(len(places), name="node_id"),
        crs=roads.nodes.crs,
    )
    u, v = whole["u"].to_numpy(np.int64), whole["v"].to_numpy(np.int64)
    left = int(weak_parts(u, v, len(nodes)).max()) + 1
    total = float(whole["length_m"].sum())
    villages = int((known.edge[new] < 0).sum())
    notes = [
        Message(
            "The road data have holes; {count} estimated links over land ({km} km, {share} % of "
            "the network) fill them, taken as {factor} times as long and driven at {speed} km/h. "
            "Of the places of people and institutions, {villages} have links of their own.",
            count=len(links.u),
            km=round(float(kilometres(length_m.sum())), 1),
            share=round(100 * float(length_m.sum()) / total, 1) if total else 0.0,
            factor=rules.proxy_detour_factor,
            speed=round(speed_kmh, 1),
            villages=villages,
        )
    ]
    if left > 1:
        notes.append(
            Message(
                "The completed network lies in {count} pieces: islands without a ferry, and roads "
                "outside the townships.",
                count=left,
            )
        )
    return RoadNetwork(
        nodes,
        whole,
        roads.pieces,
        (*roads.notes, *notes),
        land=roads.land,
        readings=roads.readings,
    )


def _nothing(column: pd.Series) -> bool | float | str | NAType:
    """Return what stands in a column for a link that no road file has."""
    if pd.api.types.is_bool_dtype(column):
        # They are neither bridge nor tunnel.
        return False
    if pd.api.types.is_numeric_dtype(column):
        return pd.NA if pd.api.types.is_extension_array_dtype(column.dtype) else np.nan
    return ""
