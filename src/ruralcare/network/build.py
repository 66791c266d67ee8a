"""From the ways of a road file to a graph that can be routed on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.roads.lines import RoadLines
from ruralcare.language import Message
from ruralcare.network.chains import Chains, chain_vertices, find_chains
from ruralcare.network.parts import strong_parts, weak_parts
from ruralcare.network.speeds import (
    closed_ids,
    driving_speeds,
    open_ways,
    speed_notes,
)
from ruralcare.network.zorder import z_order
from ruralcare.scenario import RoadsSource
from ruralcare.types import RoadNetwork
from ruralcare.units import kilometres, metres, minutes_at

__all__ = ["build_network", "line_lengths_m", "without_closed"]

# Lines that are drawn at a time.
_PART = 100_000

Ints = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class _Edges:
    """Pieces of ways between graph nodes: ends, way and range of vertices, length."""

    u: Ints
    v: Ints
    way: Ints
    first: Ints
    last: Ints
    length_m: Floats

    def take(self, chosen: Flags) -> _Edges:
        parts = (self.u, self.v, self.way, self.first, self.last, self.length_m)
        return _Edges(*(part[chosen] for part in parts))  # type: ignore[arg-type]


def build_network(
    lines: RoadLines, roads: RoadsSource, *, keep_all: bool = False, keep_closed: bool = False
) -> RoadNetwork:
    """Build the graph: cut ways at junctions, give them times, keep what hangs together.

    Ways meet where they share a node. Pieces without a link to the rest are kept if their roads
    and ferries are at least ``roads.min_piece_km`` long; of each piece, the part is kept that can
    be both reached and left again (the largest strongly connected part). Stretches between two
    junctions become one edge where nothing but the shape of the road changes.

    Parameters
    ----------
    lines : RoadLines
        Ways of a road file.
    roads : RoadsSource
        Speeds, tolls, closures, ferries and the shortest piece of the scenario. A ferry takes the
        crossing time of its data, or its length at :data:`FERRY_KMH`, and half the time between
        departures, a quarter at each of its ends on land.
    keep_all : bool
        Keep every piece and every one-way road, whether it can be reached and left or not.
    keep_closed : bool
        Keep what the scenario closes by its id, as edges of its own, for the caller to take away
        (:func:`without_closed`) once holes in the data are filled: a closure is no hole.

    Returns
    -------
    RoadNetwork
        With the further columns ``ref``, ``bridge``, ``tunnel`` and ``source_id`` (of the way in
        the file; of several ways, the first). Nodes are numbered so that neighbours are near each
        other (:func:`~ruralcare.network.zorder.z_order`). ``pieces`` has a row for each piece,
        longest first, and one for the part of a kept piece that is left out; ``reason`` says why
        (``short``, ``one-way``). Lengths are on the ellipsoid: the scale of the projection is
        taken out.

    Raises
    ------
    InputError
        The scenario has no speed for a class of road, nothing may be used, or no piece is long
        enough.
    """
    lines, speeds, crossing_min, notes = _driven(lines, roads, keep_closed=keep_closed)
    edges, pieces, more = _kept(_cut(lines), lines, roads, keep_all=keep_all)
    alike = _alike(lines, roads, speeds)[edges.way]
    oneway = lines.ways["oneway"].to_numpy()[edges.way]
    chains = find_chains(edges.u, edges.v, oneway, alike)
    del alike, oneway
    table, nodes = _tables(lines, roads, edges, chains, speeds, crossing_min)
    del speeds, crossing_min
    table["geometry"] = gpd.GeoSeries(_drawn(lines.coordinates, chains, edges), crs=lines.crs)
    notes, readings = [*lines.notes, *notes, *more], lines.readings
    # A country's lines fill the memory; where the caller keeps them not either, they go now.
    del edges, chains, lines
    table = gpd.GeoDataFrame(table)
    return RoadNetwork(nodes, table, pieces, tuple(notes), readings=readings)


def without_closed(roads: RoadNetwork, closed: Iterable[str]) -> RoadNetwork:
    """Return a network without the edges that are closed.

    Parameters
    ----------
    roads : RoadNetwork
        Built with ``keep_closed``.
    closed : iterable of str
        Ids of the closed ways (:func:`~ruralcare.network.speeds.closed_ids`).

    Returns
    -------
    RoadNetwork
        The nodes stay; some may have no edge.
    """
    shut = roads.edges["source_id"].isin(set(closed)) & ~roads.edges["proxy"]
    return replace(roads, edges=roads.edges[~shut].reset_index(drop=True), memo={})


def _driven(
    lines: RoadLines, roads: RoadsSource, *, keep_closed: bool
) -> tuple[RoadLines, Floats, Floats, list[Message]]:
    """Return the ways in use, their speeds, minutes of crossing per metre, and what to tell."""
    ends = np.cumsum(lines.sizes)
    length_m = line_lengths_m(lines.coordinates, ends - lines.sizes, ends - 1, lines.crs)
    length_m *= lines.ways["stretch"].to_numpy()
    notes = speed_notes(lines, roads, length_m)
    usable = open_ways(lines, roads, keep_closed=keep_closed)
    lines = lines.take(usable)
    return lines, *driving_speeds(lines, roads, length_m[usable]), notes


def _tables(
    lines: RoadLines,
    roads: RoadsSource,
    edges: _Edges,
    chains: Chains,
    speeds: Floats,
    crossing_min: Floats,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the table of chains, without their lines, and the nodes."""
    start_edge, end_edge = chains.edge[chains.starts], chains.edge[chains.ends]
    u = np.where(chains.turned[chains.starts], edges.v[start_edge], edges.u[start_edge])
    v = np.where(chains.turned[chains.ends], edges.u[end_edge], edges.v[end_edge])
    crossing = crossing_min[edges.way] * edges.length_m
    crossing = np.add.reduceat(crossing[chains.edge], chains.starts)
    length_m = np.add.reduceat(edges.length_m[chains.edge], chains.starts)
    way = edges.way[start_edge]
    speed = speeds[way]

    def of_way(name: str, dtype: Any) -> pd.Series:  # noqa: ANN401 - as pandas has it
        taken: pd.Series = lines.ways[name].take(way).reset_index(drop=True).astype(dtype)
        return taken

    ferry = (of_way("kind", "str") == "ferry").to_numpy()
    headway_min = of_way("headway_min", "Float64").fillna(roads.ferry_headway_min)
    if roads.ferry_wait_min is not None:
        headway_min[:] = 2 * roads.ferry_wait_min
    wait = _waits(u, v, ferry, headway_min.to_numpy(dtype=float))
    nodes, u, v = _placed(u, v, edges, lines)
    name, ref = of_way("name", "str"), of_way("ref", "str")
    columns = {
        "u": u,
        "v": v,
        "length_m": length_m,
        "speed_kmh": speed,
        "time_min": np.where(ferry, crossing + wait, minutes_at(length_m, speed)),
        "kind": of_way("kind", "str"),
        "road_class": of_way("road_class", "str"),
        "oneway": of_way("oneway", "bool"),
        "proxy": np.zeros(len(u), dtype=bool),
        "name": name.where(name != "", ref),
        "ref": ref,
        "bridge": of_way("bridge", "bool"),
        "tunnel": of_way("tunnel", "bool"),
        "source_id": of_way("source_id", "str"),
    }
    return pd.DataFrame(columns, copy=False), nodes


def _drawn(coordinates: Floats, chains: Chains, edges: _Edges) -> NDArray[np.object_]:
    """Return the lines of chains, part by part to save memory."""
    drawn = np.empty(len(chains.starts), dtype=object)
    for begin in range(0, len(drawn), _PART):
        part = slice(begin, begin + _PART)
        first, last = chains.starts[begin], chains.ends[part][-1] + 1
        chosen = Chains(
            chains.edge[first:last],
            chains.turned[first:last],
            chains.starts[part] - first,
            chains.ends[part] - first,
        )
        vertices, sizes = chain_vertices(chosen, edges.first, edges.last)
        drawn[part] = shapely.linestrings(
            coordinates[vertices], indices=np.repeat(np.arange(len(sizes)), sizes)
        )
    return drawn


def _alike(lines: RoadLines, roads: RoadsSource, speeds: Floats) -> Ints:
    """Return a number for each way that those share of which nothing but the shape differs."""
    ways = lines.ways
    number = np.zeros(len(ways), dtype=np.int64)
    columns = ("kind", "road_class", "oneway", "name", "ref", "bridge", "tunnel")
    headway_min = ways["headway_min"].fillna(roads.ferry_headway_min)
    shut = ways["source_id"].isin(closed_ids(lines, roads))
    told: list[pd.Series] = [pd.Series(speeds), headway_min, shut]
    told += [ways[name] for name in columns]
    for values in told:
        codes, known = pd.factorize(values)
        # Both numbers are below the number of ways: their product cannot overflow.
        number, _ = pd.factorize(number * (len(known) + 1) + codes + 1)
    return np.asarray(number, dtype=np.int64)


def _waits(u: Ints, v: Ints, ferry: Flags, headway_min: Floats) -> Floats:
    """Return the wait for each ferry: a quarter of the headway at each of its ends on land."""
    on_land = np.zeros(int(max(u.max(), v.max())) + 1, dtype=bool)
    on_land[u[~ferry]] = on_land[v[~ferry]] = True
    return np.asarray(headway_min / 4 * (on_land[u].astype(float) + on_land[v]))


def _placed(
    u: Ints, v: Ints, edges: _Edges, lines: RoadLines
) -> tuple[gpd.GeoDataFrame, Ints, Ints]:
    """Return the nodes in their final order, and the ends of the edges by their new numbers."""
    count = int(max(edges.u.max(), edges.v.max())) + 1
    place = np.zeros(count, dtype=np.int64)
    place[edges.u] = edges.first
    place[edges.v] = edges.last
    is_end = np.zeros(count, dtype=bool)
    is_end[u] = is_end[v] = True
    used = np.flatnonzero(is_end)
    xy = lines.coordinates[place[used]]
    order = z_order(xy)
    number = np.zeros(count, dtype=np.int64)
    number[used[order]] = np.arange(len(used))
    nodes = gpd.GeoDataFrame(
        geometry=shapely.points(xy[order]),
        index=pd.RangeIndex(len(used), name="node_id"),
        crs=lines.crs,
    )
    return nodes, number[u], number[v]


def line_lengths_m(coordinates: Floats, first: Ints, last: Ints, crs: CRS) -> Floats:
    """Return the length of runs of vertices on the ellipsoid, in metres.

    The length in the plane is divided by the scale of the projection in the middle of the run.

    Parameters
    ----------
    coordinates : array of float, shape (n, 2)
        Vertices in a projected CRS.
    first, last : array of int
        First and last vertex of each run.
    crs : CRS
        Projected CRS in metres.
    """
    steps = np.hypot(*np.diff(coordinates, axis=0).T) if len(coordinates) else np.zeros(0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    plane = along[last] - along[first]
    middle = coordinates[(first + last) // 2]
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = to_degrees.transform(middle[:, 0], middle[:, 1])
    factors = Proj(crs).get_factors(longitude, latitude)
    scale = np.sqrt(np.asarray(factors.areal_scale, dtype=float))
    return np.asarray(plane / np.where(np.isfinite(scale) & (scale > 0), scale, 1.0))


def _cut(lines: RoadLines) -> _Edges:
    """Cut the ways where they meet."""
    node = lines.node_ids
    border = np.bincount(node)[node] > 1
    ends = np.cumsum(lines.sizes)
    border[ends - lines.sizes] = border[ends - 1] = True
    at = np.flatnonzero(border)
    way = np.searchsorted(ends, at, side="right")
    within = way[:-1] == way[1:]
    first, last, way = at[:-1][within], at[1:][within], way[:-1][within]
    length_m = line_lengths_m(lines.coordinates, first, last, lines.crs)
    length_m *= lines.ways["stretch"].to_numpy()[way]
    u, v = node[first], node[last]
    way, first, last = way.astype(np.int32), first.astype(np.int32), last.astype(np.int32)
    return _Edges(u, v, way, first, last, length_m)


def _kept(
    edges: _Edges, lines: RoadLines, roads: RoadsSource, *, keep_all: bool
) -> tuple[_Edges, pd.DataFrame, list[Message]]:
    """Return the edges kept, the table of pieces, and what to tell about them."""
    count = int(max(edges.u.max(), edges.v.max())) + 1
    oneway = lines.ways["oneway"].to_numpy()[edges.way]
    piece_of_node = weak_parts(edges.u, edges.v, count)
    piece = piece_of_node[edges.u]
    length_m = np.bincount(piece, weights=edges.length_m, minlength=piece_of_node.max() + 1)
    long_enough = length_m >= metres(roads.min_piece_km)
    if keep_all:
        kept = np.ones(len(piece), dtype=bool)
        pieces = _pieces_table(edges, piece, kept, long_enough)
        return edges, pieces, _piece_notes(pieces, roads)
    if not long_enough[piece].any():
        fault = Fault(
            Message("No piece of the road data is {limit} km long.", limit=roads.min_piece_km),
            Message("Use road data without holes, or lower roads.min_piece_km."),
            file=lines.source,
            column="roads.min_piece_km",
            value=str(roads.min_piece_km),
        )
        raise InputError([fault])
    strong = strong_parts(edges.u, edges.v, oneway, count)
    inside = strong[edges.u] == strong[edges.v]
    weight = np.bincount(
        strong[edges.u], weights=np.where(inside, edges.length_m, 0.0), minlength=strong.max() + 1
    )
    # The largest strongly connected part of every piece; the first of equals.
    parts = pd.DataFrame(
        {"piece": piece_of_node[_first_of(strong)], "weight": weight, "part": range(len(weight))}
    )
    best = parts.sort_values(["piece", "weight", "part"], ascending=[True, False, True])
    best_part = best.drop_duplicates("piece").set_index("piece")["part"].sort_index().to_numpy()
    kept = long_enough[piece] & inside & (strong[edges.u] == best_part[piece])
    if not kept.any():
        fault = Fault(
            Message("All its roads are one-way, and none can be both reached and left again."),
            Message("Check the directions of the roads, and whether some are missing."),
            file=lines.source,
            column="roads.file",
        )
        raise InputError([fault])

    pieces = _pieces_table(edges, piece, kept, long_enough)
    return edges.take(kept), pieces, _piece_notes(pieces, roads)


def _first_of(labels: Ints) -> Ints:
    """Return the first position of every label 0 to n−1."""
    return np.asarray(np.unique(labels, return_index=True)[1], dtype=np.int64)


def _pieces_table(edges: _Edges, piece: Ints, kept: Flags, long_enough: Flags) -> pd.DataFrame:
    # A part is a piece, and what of it is kept (odd) or not (even).
    part = 2 * piece + kept
    count = 2 * len(long_enough)
    length_m = np.bincount(part, weights=edges.length_m, minlength=count)
    # A node between a part that is kept and one that is not belongs to the one that is kept.
    part_of_node = np.full(int(max(edges.u.max(), edges.v.max())) + 1, -1, dtype=np.int64)
    for chosen in (~kept, kept):
        part_of_node[edges.u[chosen]] = part_of_node[edges.v[chosen]] = part[chosen]
    nodes = np.bincount(part_of_node[part_of_node >= 0], minlength=count)
    whole = length_m[0::2] + length_m[1::2]
    rows = np.flatnonzero(np.bincount(part, minlength=count))
    rows = rows[np.lexsort((rows % 2 == 0, rows // 2, -whole[rows // 2]))]
    is_kept = rows % 2 == 1
    short = ~long_enough[rows // 2]
    return pd.DataFrame(
        {
            "piece": pd.factorize(rows // 2)[0] + 1,
            "nodes": nodes[rows],
            "length_m": length_m[rows],
            "kept": is_kept,
            "reason": np.where(is_kept, "", np.where(short, "short", "one-way")),
        }
    )


def _piece_notes(pieces: pd.DataFrame, roads: RoadsSource) -> list[Message]:
    notes = []

    def km(rows: pd.DataFrame) -> float:
        return round(float(kilometres(rows["length_m"].sum())), 1)

    kept, short = pieces[pieces["kept"]], pieces[pieces["reason"] == "short"]
    if len(kept) > 1:
        notes.append(
            Message("The roads lie in {count} pieces that no road or ferry links.", count=len(kept))
        )
    if len(short):
        notes.append(
            Message(
                "Pieces of road without a link to the rest are left out where they are shorter "
                "than {limit} km: {count} of them, {km} km in all.",
                count=len(short),
                km=km(short),
                limit=roads.min_piece_km,
            )
        )
    oneway = pieces[pieces["reason"] == "one-way"]
    if len(oneway):
        notes.append(
            Message(
                "{km} km of one-way road are left out because they cannot be both reached and "
                "left again within the data.",
                km=km(oneway),
            )
        )
    return notes
