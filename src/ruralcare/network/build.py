"""From the ways of a road file to a graph that can be routed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.roads.lines import RoadLines
from ruralcare.language import Message
from ruralcare.network.chains import chain_vertices, find_chains
from ruralcare.network.parts import strong_parts, weak_parts
from ruralcare.scenario import RoadsSource
from ruralcare.types import RoadNetwork
from ruralcare.units import kilometres, metres, minutes_at

__all__ = ["FERRY_KMH", "average_kmh", "build_network", "line_lengths_m"]

FERRY_KMH = 20.0
"""Speed of a ferry whose data give no duration."""

Ints = NDArray[np.int64]
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


def build_network(lines: RoadLines, roads: RoadsSource) -> RoadNetwork:
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
        Speeds, ferries and the shortest piece of the scenario. A ferry takes the crossing time
        of its data, or its length at :data:`FERRY_KMH`, and half the time between departures,
        a quarter at each of its ends on land.

    Returns
    -------
    RoadNetwork
        With the further columns ``ref``, ``bridge`` and ``tunnel``. ``pieces`` has a row for
        each piece, longest first, and one for the part of a kept piece that is left out;
        ``reason`` says why (``short``, ``one-way``). Lengths are on the ellipsoid: the scale of
        the projection is taken out.

    Raises
    ------
    InputError
        The scenario has no speed for a class of road, or no piece is long enough.
    """
    notes: list[Message] = []
    is_ferry = (lines.frame["kind"] == "ferry").to_numpy()
    if not roads.ferries_run and is_ferry.any():
        lines = lines.take(~is_ferry)
        notes.append(Message("Ferries do not run in this scenario."))
    speeds, crossing_min = _speeds(lines, roads)
    edges, coordinates = _cut(lines)
    edges, pieces, more = _kept(edges, lines, roads)
    notes += more
    frame = lines.frame
    attributes = pd.DataFrame(
        {
            "kind": frame["kind"],
            "road_class": frame["road_class"],
            "oneway": frame["oneway"],
            "name": frame["name"].where(frame["name"] != "", frame["ref"]),
            "ref": frame["ref"],
            "bridge": frame["bridge"],
            "tunnel": frame["tunnel"],
            "headway_min": frame["headway_min"].fillna(roads.ferry_headway_min),
            "speed_kmh": speeds,
        }
    ).iloc[edges.way]
    alike = (
        attributes.groupby(list(attributes.columns), sort=False).ngroup().to_numpy(dtype=np.int64)
    )
    oneway = attributes["oneway"].to_numpy()
    chains = find_chains(edges.u, edges.v, oneway, np.asarray(alike, dtype=np.int64))
    rows = attributes.iloc[chains.edge[chains.starts]].reset_index(drop=True)
    vertices, sizes = chain_vertices(chains, edges.first, edges.last)
    number = np.repeat(np.arange(len(sizes)), sizes)
    start_edge, end_edge = chains.edge[chains.starts], chains.edge[chains.ends]
    u = np.where(chains.turned[chains.starts], edges.v[start_edge], edges.u[start_edge])
    v = np.where(chains.turned[chains.ends], edges.u[end_edge], edges.v[end_edge])
    length_m = np.add.reduceat(edges.length_m[chains.edge], chains.starts)
    share_min = crossing_min[edges.way] * edges.length_m
    crossing = np.add.reduceat(share_min[chains.edge], chains.starts)
    ferry = (rows["kind"] == "ferry").to_numpy()
    count = int(max(edges.u.max(), edges.v.max())) + 1
    on_land = np.zeros(count, dtype=bool)
    on_land[u[~ferry]] = on_land[v[~ferry]] = True
    quarter = rows["headway_min"].to_numpy(dtype=float) / 4
    wait = quarter * (on_land[u].astype(float) + on_land[v])
    speed = rows["speed_kmh"].to_numpy(dtype=float)
    time_min = np.where(ferry, crossing + wait, minutes_at(length_m, speed))

    used, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
    place = np.zeros(count, dtype=np.int64)
    place[edges.u] = edges.first
    place[edges.v] = edges.last
    crs = lines.frame.crs
    nodes = gpd.GeoDataFrame(
        geometry=shapely.points(coordinates[place[used]]),
        index=pd.RangeIndex(len(used), name="node_id"),
        crs=crs,
    )
    table = gpd.GeoDataFrame(
        {
            "u": ends[: len(u)],
            "v": ends[len(u) :],
            "length_m": length_m,
            "speed_kmh": speed,
            "time_min": time_min,
            "kind": rows["kind"],
            "road_class": rows["road_class"],
            "oneway": rows["oneway"].astype(bool),
            "proxy": np.zeros(len(rows), dtype=bool),
            "name": rows["name"],
            "ref": rows["ref"],
            "bridge": rows["bridge"].astype(bool),
            "tunnel": rows["tunnel"].astype(bool),
        },
        geometry=shapely.linestrings(coordinates[vertices], indices=number),
        crs=crs,
    )
    return RoadNetwork(nodes, table, pieces, (*lines.notes, *notes), readings=lines.readings)


def average_kmh(length_m: Floats, time_min: Floats) -> Floats:
    """Return the speed that covers a length in a time."""
    # Time and speed change places in the same formula.
    return minutes_at(length_m, time_min)


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


def _speeds(lines: RoadLines, roads: RoadsSource) -> tuple[Floats, Floats]:
    """Return the speed of each way, and minutes of crossing per metre of a ferry."""
    frame = lines.frame
    ferry = (frame["kind"] == "ferry").to_numpy()
    table: Mapping[str, float] = {"ferry": FERRY_KMH, **roads.speeds_kmh}
    unknown = sorted(set(frame["road_class"]) - set(table))
    if unknown:
        raise InputError(
            Fault(
                Message("There is no speed for roads of the class {name}.", name=name),
                Message("Add it to [roads.speeds_kmh]."),
                column="roads.speeds_kmh",
                value=name,
            )
            for name in unknown
        )
    by_class = frame["road_class"].map(dict(table)).to_numpy(dtype=float)
    speed = frame["maxspeed_kmh"].to_numpy(dtype=float, na_value=np.nan)
    speed = np.where(np.isnan(speed), by_class, speed) * roads.speed_factor
    # A ferry keeps its timetable, whatever the state of the roads.
    duration = frame["duration_min"].to_numpy(dtype=float, na_value=np.nan)
    geometry = frame.geometry.to_numpy()
    sizes = shapely.get_num_coordinates(geometry)
    ends = np.cumsum(sizes)
    length = line_lengths_m(shapely.get_coordinates(geometry), ends - sizes, ends - 1, frame.crs)
    length *= frame["stretch"].to_numpy()
    timed = ferry & np.isfinite(duration) & (length > 0)
    per_m = np.where(ferry, minutes_at(1.0, FERRY_KMH), 0.0)
    per_m[timed] = duration[timed] / length[timed]
    speed[ferry] = FERRY_KMH
    speed[timed] = average_kmh(length[timed], duration[timed])
    return speed, per_m


def _cut(lines: RoadLines) -> tuple[_Edges, Floats]:
    """Cut the ways where they meet; nodes are numbered in the order of their ids."""
    geometry = lines.frame.geometry.to_numpy()
    coordinates = shapely.get_coordinates(geometry)
    sizes = shapely.get_num_coordinates(geometry)
    way = np.repeat(np.arange(len(sizes)), sizes)
    _, node, times_used = np.unique(lines.node_ids, return_inverse=True, return_counts=True)
    border = times_used[node] > 1
    ends = np.cumsum(sizes)
    border[ends - sizes] = border[ends - 1] = True
    at = np.flatnonzero(border)
    within = way[at[:-1]] == way[at[1:]]
    first, last = at[:-1][within], at[1:][within]
    length_m = line_lengths_m(coordinates, first, last, lines.frame.crs)
    length_m *= lines.frame["stretch"].to_numpy()[way[first]]
    edges = _Edges(
        node[first].astype(np.int64), node[last].astype(np.int64), way[first], first, last, length_m
    )
    return edges, coordinates


def _kept(
    edges: _Edges, lines: RoadLines, roads: RoadsSource
) -> tuple[_Edges, pd.DataFrame, list[Message]]:
    """Return the edges kept, the table of pieces, and what to tell about them."""
    count = int(max(edges.u.max(), edges.v.max())) + 1
    oneway = lines.frame["oneway"].to_numpy()[edges.way]
    piece_of_node = weak_parts(edges.u, edges.v, count)
    piece = piece_of_node[edges.u]
    length_m = np.bincount(piece, weights=edges.length_m, minlength=piece_of_node.max() + 1)
    long_enough = length_m >= metres(roads.min_piece_km)
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
    table = pd.DataFrame(
        {
            "piece": np.concatenate([piece, piece]),
            "kept": np.concatenate([kept, kept]),
            "node": np.concatenate([edges.u, edges.v]),
            "length_m": np.concatenate([edges.length_m, np.zeros(len(piece))]),
        }
    )
    # A node between a part that is kept and one that is not belongs to the one that is kept.
    table = table.sort_values(["piece", "kept"], ascending=[True, False], kind="stable")
    table["nodes"] = ~table.duplicated("node")
    rows = table.groupby(["piece", "kept"], as_index=False)[["nodes", "length_m"]].sum()
    whole = rows.groupby("piece")["length_m"].transform("sum")
    rows = rows.assign(whole=whole).sort_values(
        ["whole", "piece", "kept"], ascending=[False, True, False]
    )
    short = ~long_enough[rows["piece"].to_numpy()]
    reason = np.where(rows["kept"], "", np.where(short, "short", "one-way"))
    number = pd.factorize(rows["piece"])[0] + 1
    return pd.DataFrame(
        {
            "piece": number,
            "nodes": rows["nodes"].to_numpy(dtype=np.int64),
            "length_m": rows["length_m"].to_numpy(),
            "kept": rows["kept"].to_numpy(),
            "reason": reason,
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
    if roads.speed_factor != 1.0:
        notes.append(Message("All speeds are multiplied by {factor}.", factor=roads.speed_factor))
    return notes
