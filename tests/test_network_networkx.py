"""Travel times against Dijkstra's algorithm of networkx, on whole countries and the demo county."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from ruralcare.network import read_roads, to_networkx, travel_times
from ruralcare.scenario import Scenario
from ruralcare.types import DemandPoints

NOT_JOINED = ["motorway", "motorway_link", "trunk_link"]
FAR = 100_000.0


@pytest.fixture(
    scope="module",
    params=[
        "demo",
        pytest.param("liechtenstein", marks=pytest.mark.integration),
        pytest.param("andorra", marks=pytest.mark.integration),
    ],
)
def roads(request, scenarios):
    if request.param != "demo":
        request.getfixturevalue("shared_data")
    return read_roads(Scenario.read(scenarios / f"{request.param}.toml"))


def as_homes(points, ids, crs):
    frame = gpd.GeoDataFrame(
        {"township_id": "T", "name": ids, "weight": 1 / len(ids)},
        geometry=list(points),
        index=pd.Index(ids, name="point_id"),
        crs=crs,
    )
    return DemandPoints(frame, "villages")


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
def test_between_junctions(roads, direction):
    """210 random pairs of junctions, to 0.001 min."""
    rng = np.random.default_rng(11)
    edges = roads.edges
    local = edges[
        (edges["kind"] == "road")
        & ~edges["road_class"].isin(NOT_JOINED)
        & ~edges["bridge"]
        & ~edges["tunnel"]
    ]
    nodes = np.unique(local[["u", "v"]].to_numpy())
    starts = rng.choice(nodes, 15, replace=False).tolist()
    ends = rng.choice(nodes, 14, replace=False).tolist()
    crs = edges.crs
    homes = as_homes(roads.nodes.geometry[starts], [f"h{node}" for node in starts], crs)
    places = gpd.GeoSeries(
        roads.nodes.geometry[ends].to_numpy(), index=[f"p{node}" for node in ends], crs=crs
    )
    times = travel_times(roads, homes, places, cutoff_min=FAR, direction=direction)
    assert times.unsnapped == ()
    assert times.snap_m.max() == 0

    graph = to_networkx(roads)
    if direction == "to_demand":
        starts, ends = ends, starts
    expected, apart = {}, set()
    for start in starts:
        reached = nx.single_source_dijkstra_path_length(graph, start, weight="time_min")
        for end in ends:
            pair = (start, end)
            if end in reached:
                expected[pair] = reached[end]
            else:
                apart.add(pair)
    assert len(expected) + len(apart) == 210
    rows = times.frame.itertuples(index=False)
    found = {(int(a[1:]), int(b[1:])): value for a, b, value, _ in rows}
    assert set(found) == set(expected)
    assert max(abs(found[pair] - expected[pair]) for pair in expected) < 0.001
    unreachable = {(int(a[1:]), int(b[1:])) for a, b in times.unreachable.to_numpy()}
    assert unreachable == apart


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
def test_between_points_beside_the_roads(roads, direction):
    """Random points, joined to the roads by other means: brute force and networkx."""
    rng = np.random.default_rng(5)
    edges = roads.edges
    lines = edges.geometry.to_numpy()
    suitable = np.flatnonzero(
        (edges["kind"] == "road") & ~edges["road_class"].isin(NOT_JOINED)
        & ~edges["bridge"] & ~edges["tunnel"]
    )  # fmt: skip
    chosen = rng.choice(suitable, 30)
    chosen[:6] = chosen[6:12]  # some edges are joined more than once
    beside = shapely.line_interpolate_point(lines[chosen], rng.random(30), normalized=True)
    places = shapely.points(shapely.get_coordinates(beside) + rng.uniform(-90, 90, (30, 2)))
    homes = as_homes(places[:15], [f"h{k}" for k in range(15)], edges.crs)
    sites = gpd.GeoSeries(places[15:], index=[f"p{k}" for k in range(15)], crs=edges.crs)
    times = travel_times(roads, homes, sites, cutoff_min=FAR, direction=direction, walking_kmh=5)

    graph = to_networkx(roads)
    joined = [int(suitable[np.argmin(shapely.distance(lines[suitable], one))]) for one in places]
    gaps = [lines[row].distance(place) for row, place in zip(joined, places, strict=True)]
    for row in sorted(set(joined)):
        edge = edges.iloc[row]
        on_edge = sorted(
            (lines[row].project(place) / lines[row].length, f"at{k}")
            for k, place in enumerate(places)
            if joined[k] == row
        )
        stops = [(0.0, edge["u"]), *on_edge, (1.0, edge["v"])]
        for (s, a), (t, b) in pairwise(stops):
            part = (t - s) * edge["time_min"]
            graph.add_edge(a, b, time_min=part)
            if not edge["oneway"]:
                graph.add_edge(b, a, time_min=part)
        # A point at the very end of an edge stands in the junction.
        for share, name in on_edge:
            for limit, node in ((0.0, edge["u"]), (1.0, edge["v"])):
                if share == limit:
                    graph.add_edge(name, node, time_min=0.0)
                    graph.add_edge(node, name, time_min=0.0)

    def walk(metres):
        return metres / 1000 / 5 * 60

    found = {(a, b): value for a, b, value, _ in times.frame.itertuples(index=False)}
    apart = set(map(tuple, times.unreachable.to_numpy().tolist()))
    assert len(found) + len(apart) == 225
    for home in range(15):
        for site in range(15):
            i, j = home, site + 15
            ids = (f"h{home}", f"p{site}")
            start, end = f"at{i}", f"at{j}"
            if direction == "to_demand":
                start, end, ids = end, start, ids[::-1]
            if not nx.has_path(graph, start, end):
                assert ids in apart
                continue
            ride = nx.dijkstra_path_length(graph, start, end, weight="time_min")
            expected = ride + walk(gaps[i]) + walk(gaps[j])
            if joined[i] == joined[j]:
                expected = min(expected, walk(places[i].distance(places[j])))
            assert found[ids] == pytest.approx(expected, abs=0.001)
    for k, place in enumerate(places):
        name = f"h{k}" if k < 15 else f"p{k - 15}"
        assert times.snap_m[name] == pytest.approx(gaps[k], abs=1e-6)
        assert place.distance(lines[joined[k]]) == gaps[k]
