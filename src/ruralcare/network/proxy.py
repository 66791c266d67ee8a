"""A network that stands in for roads where there are none in the data.

Neighbouring villages and township seats are linked by straight lines over land. Times on it are
a rough guess, and every table and map that rests on them says so.
"""

from __future__ import annotations

import difflib

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.network.overland import (
    SAME_PLACE_M,
    Land,
    Ways,
    gabriel,
    neighbours,
    straight_lines,
    ways_over_land,
)
from ruralcare.network.parts import weak_parts
from ruralcare.network.speeds import FERRY_KMH, average_kmh, ferries_run, proxy_kmh
from ruralcare.scenario import Ferry, RoadsSource
from ruralcare.types import DemandPoints, RoadNetwork, Townships
from ruralcare.units import minutes_at

__all__ = ["build_proxy"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def build_proxy(townships: Townships, points: DemandPoints, roads: RoadsSource) -> RoadNetwork:
    """Link neighbouring demand points and township seats over land.

    Two points are neighbours if no third one lies in the circle that has them at opposite ends
    (Gabriel graph). A link may leave the townships' land on at most ``roads.water_gap_m``
    metres. Where that leaves points of one piece of land apart, the shortest other links over
    land that join them are added; where no straight one does, a way around the water. Ferries
    run only where the scenario gives them, between the two nearest points of the two townships.

    Parameters
    ----------
    townships : Townships
        Their union is the land.
    points : DemandPoints
        In the same CRS.
    roads : RoadsSource
        ``proxy_detour_factor``, ``proxy_speed_kmh`` (times the factors of profile and scenario),
        ``water_gap_m``, ``ferries``, ``ferry_wait_min`` and ``ferries_run``.

    Returns
    -------
    RoadNetwork
        Edges of the class ``proxy``, all with ``proxy`` true. A point linked to nothing has an
        edge of no length to itself, so that places beside it join it and not another shore.

    Raises
    ------
    InputError
        A ferry names a township that there is not, or a name that several have.
    """
    xy, home = _nodes(townships, points)
    ways = _links(xy, Land(townships.frame.geometry.to_numpy(), roads.water_gap_m))
    speed_kmh = proxy_kmh(roads)
    notes = [
        Message(
            "There are no road data: travel times rest on a proxy network of straight links over "
            "land between neighbouring villages, taken as {factor} times as long and driven at "
            "{speed} km/h.",
            factor=roads.proxy_detour_factor,
            speed=round(speed_kmh, 1),
        )
    ]
    length_m = shapely.length(ways.lines) * roads.proxy_detour_factor
    table = pd.DataFrame(
        {
            "u": ways.u,
            "v": ways.v,
            "length_m": length_m,
            "speed_kmh": speed_kmh,
            "time_min": minutes_at(length_m, speed_kmh),
            "kind": "road",
            "road_class": "proxy",
            "geometry": ways.lines,
        }
    )
    if roads.ferries and not ferries_run(roads):
        notes.append(Message("Ferries do not run in this scenario."))
    elif roads.ferries:
        table = pd.concat([table, _ferries(roads, townships, xy, home)], ignore_index=True)
    # A pier is no street: who lives where only a ferry lands still needs a road to stand on.
    by_land = table[table["kind"] == "road"]
    linked = np.zeros(len(xy), dtype=bool)
    linked[by_land["u"].to_numpy(np.int64)] = linked[by_land["v"].to_numpy(np.int64)] = True
    table = pd.concat([table, _lone(xy, ~linked, speed_kmh)], ignore_index=True)
    edges = gpd.GeoDataFrame(
        table.drop(columns="geometry").assign(
            u=table["u"].astype("int64"),
            v=table["v"].astype("int64"),
            oneway=False,
            proxy=True,
            name="",
            ref="",
            bridge=False,
            tunnel=False,
        ),
        geometry=list(table["geometry"]),
        crs=townships.crs,
    )
    nodes = gpd.GeoDataFrame(
        geometry=shapely.points(xy),
        index=pd.RangeIndex(len(xy), name="node_id"),
        crs=townships.crs,
    )
    pieces = _pieces(edges, len(xy))
    if len(pieces) > 1:
        notes.append(
            Message(
                "The proxy network lies in {count} pieces that neither land nor a ferry links.",
                count=len(pieces),
            )
        )
    return RoadNetwork(nodes, edges, pieces, tuple(notes))


def _nodes(townships: Townships, points: DemandPoints) -> tuple[Floats, NDArray[np.object_]]:
    """Return the places of the nodes, and the township of each."""
    seats = gpd.GeoSeries(townships.frame["seat"], crs=townships.crs)
    homes = points.points.to_crs(townships.crs)
    both = np.concatenate([homes.to_numpy(), seats.to_numpy()])
    township = np.concatenate(
        [points.frame["township_id"].to_numpy(object), townships.frame.index.to_numpy(object)]
    )
    xy = shapely.get_coordinates(both)
    _, first = np.unique(np.round(xy / SAME_PLACE_M), axis=0, return_index=True)
    first = np.sort(first)
    return xy[first], township[first]


def _links(xy: Floats, land: Land) -> Ways:
    """Return the links over land between neighbours, and what joins the rest of each land."""
    near = neighbours(xy)
    a, b = near[:, 0], near[:, 1]
    lines = straight_lines(xy[a], xy[b])
    dry, close = land.carries(lines), gabriel(xy, near)
    # Neighbours that are not in the Gabriel graph stand by, in case that it leaves gaps.
    return ways_over_land(
        xy,
        Ways(a[dry & close], b[dry & close], lines[dry & close]),
        Ways(a[dry & ~close], b[dry & ~close], lines[dry & ~close]),
        land,
    )


def _ferries(
    roads: RoadsSource, townships: Townships, xy: Floats, home: NDArray[np.object_]
) -> pd.DataFrame:
    """Return a row for each ferry, between the nearest points of its two townships."""
    rows = []
    for number, ferry in enumerate(roads.ferries, start=1):
        key = f"roads.ferries[{number}]"
        start = _township(ferry.from_township, townships, f"{key}.from_township")
        end = _township(ferry.to_township, townships, f"{key}.to_township")
        one, other = np.flatnonzero(home == start), np.flatnonzero(home == end)
        distance, which = cKDTree(xy[other]).query(xy[one])
        nearest = int(np.argmin(np.round(distance, 3)))
        u, v = int(one[nearest]), int(other[which[nearest]])
        length_m = float(np.hypot(*(xy[u] - xy[v])))
        speed_kmh = float(average_kmh(np.array(length_m), np.array(ferry.crossing_min)))
        rows.append(
            {
                "u": u,
                "v": v,
                "length_m": length_m,
                "speed_kmh": speed_kmh or FERRY_KMH,
                "time_min": ferry.crossing_min + _wait_min(ferry, roads),
                "kind": "ferry",
                "road_class": "ferry",
                "geometry": shapely.LineString(xy[[u, v]]),
            }
        )
    return pd.DataFrame(rows)


def _wait_min(ferry: Ferry, roads: RoadsSource) -> float:
    """Return the average wait: that of the scenario, else half the time between departures."""
    return ferry.headway_min / 2 if roads.ferry_wait_min is None else roads.ferry_wait_min


def _township(name: str, townships: Townships, key: str) -> str:
    frame = townships.frame
    if name in frame.index:
        return name
    named = frame.index[frame["name"] == name]
    if len(named) == 1:
        return str(named[0])
    if len(named):
        problem = Message("Several townships have this name.")
        remedy = Message("Give the code in quotes: {codes}.", codes=", ".join(named))
    else:
        problem = Message("There is no such township.")
        near = difflib.get_close_matches(name, list(frame["name"]), n=1, cutoff=0.5)
        remedy = (
            Message("Did you mean “{key}”?", key=near[0])
            if near
            else Message("Give the name or the code of a township of the boundary files.")
        )
    raise InputError([Fault(problem, remedy, column=key, value=name)])


def _lone(xy: Floats, lone: Flags, speed_kmh: float) -> pd.DataFrame:
    node = np.flatnonzero(lone)
    return pd.DataFrame(
        {
            "u": node,
            "v": node,
            "length_m": 0.0,
            "speed_kmh": speed_kmh,
            "time_min": 0.0,
            "kind": "road",
            "road_class": "proxy",
            "geometry": [shapely.LineString([place, place]) for place in xy[node]],
        }
    )


def _pieces(edges: gpd.GeoDataFrame, count: int) -> pd.DataFrame:
    part = weak_parts(edges["u"].to_numpy(), edges["v"].to_numpy(), count)
    length = edges["length_m"].groupby(part[edges["u"].to_numpy()]).sum()
    nodes = pd.Series(1, index=range(count)).groupby(part).sum()
    table = pd.DataFrame({"nodes": nodes, "length_m": length.reindex(nodes.index, fill_value=0.0)})
    table = table.sort_values(["length_m", "nodes"], ascending=False, kind="stable")
    return table.assign(piece=range(1, len(table) + 1), kept=True, reason="")[
        ["piece", "nodes", "length_m", "kept", "reason"]
    ].reset_index(drop=True)
