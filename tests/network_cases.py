"""Small networks drawn by hand, at 60 km/h on roads (a kilometre a minute) and 4 km/h on foot."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point

from ruralcare.types import DemandPoints, RoadNetwork

CRS = "EPSG:5179"
ORIGIN = np.array([1_000_000.0, 1_700_000.0])


def at(x, y):
    """A place in metres from the origin of the drawings."""
    return tuple(ORIGIN + np.array([x, y]))


def road(u, v, *, oneway=False, road_class="residential", speed_kmh=60.0, via=(), **more):
    return {
        "u": u,
        "v": v,
        "oneway": oneway,
        "road_class": road_class,
        "speed_kmh": speed_kmh,
        "via": via,
        "kind": "road",
        **more,
    }


def ferry(u, v, time_min):
    return road(u, v, road_class="ferry", kind="ferry", time_min=time_min)


def network(nodes, edges, *, proxy=False):
    """Build a network from named nodes {name: (x, y)} and edges made by road() and ferry()."""
    number = {name: k for k, name in enumerate(nodes)}
    rows = []
    for edge in edges:
        shape = [nodes[edge["u"]], *edge["via"], nodes[edge["v"]]]
        line = LineString([at(*place) for place in shape])
        row = {key: value for key, value in edge.items() if key != "via"}
        row |= {"u": number[edge["u"]], "v": number[edge["v"]], "geometry": line}
        row.setdefault("length_m", line.length)
        row.setdefault("time_min", row["length_m"] / 1000 / row["speed_kmh"] * 60)
        row |= {"proxy": proxy, "name": "", "bridge": row.get("bridge", False)}
        rows.append(row)
    return RoadNetwork(
        gpd.GeoDataFrame(
            geometry=[Point(at(*place)) for place in nodes.values()],
            index=pd.RangeIndex(len(nodes), name="node_id"),
            crs=CRS,
        ),
        gpd.GeoDataFrame(rows, crs=CRS),
        pd.DataFrame({"piece": [1], "nodes": [len(nodes)], "length_m": [0.0], "kept": [True]}),
    )


def homes(places, township="T"):
    """Demand points {id: (x, y)} of one township, all of the same weight."""
    frame = gpd.GeoDataFrame(
        {"township_id": township, "name": list(places), "weight": 1 / len(places)},
        geometry=[Point(at(*place)) for place in places.values()],
        index=pd.Index(list(places), name="point_id"),
        crs=CRS,
    )
    return DemandPoints(frame, "villages")


def sites(places):
    """Places {id: (x, y)}."""
    return gpd.GeoSeries(
        [Point(at(*place)) for place in places.values()], index=list(places), crs=CRS
    )


def minutes(times):
    """Travel times as {(from, to): minutes}."""
    frame = times.frame
    return dict(
        zip(zip(frame["from_id"], frame["to_id"], strict=True), frame["time_min"], strict=True)
    )
