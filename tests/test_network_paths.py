"""Paths: times as measured otherwise, lines without gaps, steps that sum to the whole."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import at, ferry, homes, network, road, sites

from ruralcare.errors import TableError
from ruralcare.network import matrix, read_roads, to_networkx, travel_times
from ruralcare.network.paths import path, paths, trace
from ruralcare.scenario import Scenario
from ruralcare.types import DemandPoints

LINE = {"A": (0, 0), "B": (1000, 0), "C": (2000, 0)}


def point(x, y):
    return shapely.Point(at(x, y))


def local(line):
    """Coordinates in the metres of the drawing."""
    return (shapely.get_coordinates(line) - np.array(at(0, 0))).round(6).tolist()


def check_whole(found, start, end):
    """What holds of every path that is reached."""
    assert found.state == "reached"
    assert sum(step.time_min for step in found.steps) == pytest.approx(found.time_min, abs=1e-9)
    assert sum(step.length_m for step in found.steps) == pytest.approx(found.length_m, abs=1e-6)
    proxy = sum(step.time_min for step in found.steps if step.proxy)
    assert found.proxy_share * found.time_min == pytest.approx(proxy, abs=1e-6)
    assert found.walk_m == pytest.approx(sum(walk.length for walk in found.walks.geoms))
    at_ = start
    for step in found.steps:
        if not step.geometry.is_empty:
            assert shapely.get_point(step.geometry, 0).distance(at_) < 0.011
            at_ = shapely.get_point(step.geometry, -1)
    assert at_.distance(end) < 0.011
    ridden = [step.geometry for step in found.steps if step.kind != "walk"]
    if found.geometry.is_empty:
        assert all(line.is_empty for line in ridden)
    else:
        assert found.geometry.length == pytest.approx(sum(line.length for line in ridden))


def test_walks_and_parts_of_edges():
    roads = network(LINE, [road("A", "B", via=[(500, 0)]), road("B", "C", road_class="primary")])
    found = path(roads, point(250, 100), point(1500, -200))
    assert found.time_min == pytest.approx(1.25 + 1.5 + 3)
    assert found.length_m == pytest.approx(1250 + 300)
    assert found.walk_m == pytest.approx(300)
    assert local(found.geometry) == [[250, 0], [500, 0], [1000, 0], [1500, 0]]
    assert [local(walk) for walk in found.walks.geoms] == [
        [[250, 100], [250, 0]],
        [[1500, 0], [1500, -200]],
    ]
    kinds = [(step.kind, step.road_class, step.length_m) for step in found.steps]
    assert kinds == [
        ("walk", "", pytest.approx(100)),
        ("road", "residential", pytest.approx(750)),
        ("road", "primary", pytest.approx(500)),
        ("walk", "", pytest.approx(200)),
    ]
    assert found.table()["time_min"].tolist() == pytest.approx([1.5, 0.75, 0.5, 3])
    check_whole(found, point(250, 100), point(1500, -200))
    back = path(roads, point(1500, -200), point(250, 100))
    assert local(back.geometry) == local(found.geometry)[::-1]


def test_lengths_are_those_of_the_table_not_of_the_drawing():
    # The ground is a hundredth longer than the map.
    roads = network(LINE, [road("A", "B", length_m=1010.0), road("B", "C", length_m=1010.0)])
    found = path(roads, point(500, 0), point(2000, 0))
    assert found.length_m == pytest.approx(1515)
    assert found.time_min == pytest.approx(1.515)


def test_a_one_way_loop_is_driven_round():
    corners = {"A": (0, 0), "B": (1000, 0), "C": (1000, 1000), "D": (0, 1000)}
    roads = network(corners, [road(u, v, oneway=True) for u, v in ("AB", "BC", "CD", "DA")])
    there = path(roads, point(100, 0), point(900, 0))
    assert local(there.geometry) == [[100, 0], [900, 0]]
    back = path(roads, point(900, 0), point(100, 0))
    # Round the block in 3.2 min, or 800 m on foot in 12.
    assert back.time_min == pytest.approx(3.2)
    corners_met = [[900, 0], [1000, 0], [1000, 1000], [0, 1000], [0, 0], [100, 0]]
    assert local(back.geometry) == corners_met
    check_whole(back, point(900, 0), point(100, 0))
    short = path(roads, point(600, 0), point(500, 0))
    # 100 m on foot take 1.5 minutes, the round 3.9.
    assert short.time_min == pytest.approx(1.5)
    assert short.geometry.is_empty
    assert [local(walk) for walk in short.walks.geoms] == [[[600, 0], [500, 0]]]


def test_of_parallel_edges_the_quicker_one_is_shown():
    nodes = {"A": (0, 0), "B": (1000, 0)}
    slow = road("A", "B", speed_kmh=30)
    fast = road("A", "B", oneway=True, via=[(500, 10)], length_m=1000.0)
    roads = network(nodes, [slow, fast])
    assert local(path(roads, point(0, 0), point(1000, 0)).geometry)[1] == [500, 10]
    back = path(roads, point(1000, 0), point(0, 0))
    assert local(back.geometry) == [[1000, 0], [0, 0]]
    assert back.time_min == pytest.approx(2)


def test_a_loop_is_left_the_short_way():
    corners = [(0, 1000), (-1000, 1000), (-1000, 0)]
    roads = network({"A": (0, 0), "B": (1000, 0)}, [road("A", "A", via=corners), road("A", "B")])
    first, last = (path(roads, point(*xy), point(1000, 0)) for xy in ((0, 400), (-400, 0)))
    assert local(first.geometry) == [[0, 400], [0, 0], [1000, 0]]
    assert local(last.geometry) == [[-400, 0], [0, 0], [1000, 0]]
    assert path(roads, point(1000, 0), point(-400, 0)).time_min == pytest.approx(1.4)


def test_nowhere_to_go():
    roads = network(LINE, [road("A", "B"), road("B", "C")])
    same = path(roads, point(300, 0), point(300, 0))
    assert (same.state, same.time_min, same.length_m, same.proxy_share) == ("reached", 0, 0, 0)
    assert same.geometry.is_empty
    assert same.steps == ()
    at_node = path(roads, point(1000, 0), point(1000, 0))
    assert (at_node.state, at_node.time_min) == ("reached", 0)
    beside = path(roads, point(300, 60), point(300, 100))
    # Straight across is quicker than to the road and back.
    assert beside.time_min == pytest.approx(0.6)


def test_states():
    nodes = {**LINE, "X": (50_000, 0), "Y": (51_000, 0), "Z": (3000, 0)}
    edges = [road("A", "B"), road("B", "C"), road("X", "Y"), road("C", "Z", oneway=True)]
    roads = network(nodes, edges)
    assert path(roads, point(0, 0), point(50_500, 0)).state == "unreachable"
    assert path(roads, point(2500, 0), point(0, 0)).state == "unreachable"
    assert path(roads, point(0, 0), point(2500, 0)).state == "reached"
    lost = path(roads, point(0, 0), point(20_000, 0))
    assert (lost.state, lost.geometry, lost.time_min) == ("unsnapped", None, None)
    assert lost.table().empty
    assert path(roads, point(0, 0), point(2000, 0), cutoff_min=1.9).state == "beyond_cutoff"
    assert path(roads, point(0, 0), point(2000, 0), cutoff_min=2.0).state == "reached"
    with pytest.raises(TableError):
        path(roads, point(0, 0), point(1, 1), mode="boat")


def test_ways_that_are_too_long_to_measure_are_ways():
    """Two edges of 200 hours: no way is measured beyond 298 hours, but there is one."""
    nodes = {"A": (0, 0), "B": (1000, 0), "C": (2000, 0), "D": (3000, 0)}
    hours = {"time_min": 200 * 60.0}
    edges = [road("A", "B", **hours), road("B", "C", oneway=True, **hours)]
    roads = network(nodes, [*edges, road("C", "D", oneway=True)])
    places = sites({"a": (0, 0), "c": (2000, 0)})
    pairs = pd.DataFrame([("a", "c"), ("c", "a"), ("a", "a")], columns=["from_id", "to_id"])
    found = paths(roads, places, places, pairs)
    assert found["state"].tolist() == ["beyond_cutoff", "unreachable", "reached"]
    states = matrix(roads, places, places).state
    for row in found.itertuples():
        assert row.state == states.loc[row.from_id, row.to_id]


def test_a_ferry_tells_its_wait_and_names_are_kept_together():
    nodes = {"A": (0, 0), "B": (1000, 0), "C": (2000, 0), "D": (12_000, 0), "E": (13_000, 0)}
    boat = ferry("C", "D", 70.0)
    boat["speed_kmh"] = 20.0  # a crossing of 30 minutes
    roads = network(nodes, [road("A", "B"), road("B", "C"), boat, road("D", "E")])
    names = ["해안로", "해안로", "여객선", "섬길"]
    roads.edges["name"] = names
    roads.edges["ref"] = ["77", "77", "", ""]
    found = path(roads, point(0, 0), point(13_000, 0))
    table = found.table()
    assert table["name"].tolist() == ["해안로", "여객선", "섬길"]
    assert table["ref"].tolist() == ["77", "", ""]
    assert table["kind"].tolist() == ["road", "ferry", "road"]
    assert table["length_m"].tolist() == pytest.approx([2000, 10_000, 1000])
    assert table["time_min"].tolist() == pytest.approx([2, 70, 1])
    assert table["wait_min"].tolist() == pytest.approx([0, 40, 0])
    check_whole(found, point(0, 0), point(13_000, 0))


def test_on_foot():
    roads = network(LINE, [road("A", "B", oneway=True), road("B", "C")])
    found = path(roads, point(2000, 0), point(0, 0), mode="foot", walking_kmh=5.0)
    assert found.time_min == pytest.approx(24)
    assert local(found.geometry) == [[2000, 0], [1000, 0], [0, 0]]


def mixed():
    """Two equally quick ways from A to C, one of them over a stand-in."""
    nodes = {**LINE, "P": (1000, 500)}
    edges = [
        road("A", "P", length_m=1000.0, road_class="proxy"),
        road("P", "C", length_m=1000.0),
        road("A", "B"),
        road("B", "C"),
    ]
    roads = network(nodes, edges)
    roads.edges["proxy"] = [True, False, False, False]
    return roads


def test_of_equally_quick_ways_the_one_with_least_proxy():
    roads = mixed()
    found = path(roads, point(0, 0), point(2000, 0))
    assert (found.time_min, found.proxy_share) == (pytest.approx(2), 0)
    assert local(found.geometry) == [[0, 0], [1000, 0], [2000, 0]]
    part = path(roads, point(0, 0), point(1000, 500))
    assert part.proxy_share == 1.0
    walked = path(roads, point(0, 0), point(1000, 540))
    # A minute on the stand-in, 0.6 on foot to its road.
    assert walked.proxy_share == pytest.approx(1 / 1.6)
    check_whole(walked, point(0, 0), point(1000, 540))


def test_tables_of_pairs():
    roads = mixed()
    start, end = sites({"a": (0, 0), "b": (300, 0)}), sites({"p": (2000, 0), "q": (90_000, 0)})
    pairs = pd.DataFrame({"from_id": ["b", "a", "b"], "to_id": ["p", "p", "q"]})
    table = paths(roads, start, end, pairs)
    assert table[["from_id", "to_id"]].to_numpy().tolist() == pairs.to_numpy().tolist()
    assert table["state"].tolist() == ["reached", "reached", "unsnapped"]
    assert table["time_min"].tolist()[:2] == pytest.approx([1.7, 2])
    assert table["time_min"].isna().tolist() == [False, False, True]
    assert table.geometry.isna().tolist() == [False, False, True]
    assert table.crs == table["walks"].crs == roads.edges.crs
    by_row = paths(roads, start, end)
    assert by_row["to_id"].tolist() == ["p", "q"]
    assert len(paths(roads, start, end, pairs.iloc[:0])) == 0
    with pytest.raises(TableError, match="pairs"):
        paths(roads, start, end.iloc[:1])
    with pytest.raises(TableError, match="nobody"):
        paths(roads, start, end, pairs.assign(from_id="nobody"))


NODES = {str(k): (900 * (k % 3) + 37 * k, 700 * (k // 3)) for k in range(7)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(NODES)),
            st.sampled_from(sorted(NODES)),
            st.booleans(),
            st.sampled_from([20.0, 60.0]),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(-100, 1500)), min_size=2, max_size=4),
)
def test_paths_take_as_long_as_travel_times(rows, places):
    roads = network(
        NODES,
        [
            road(u, v, oneway=oneway, speed_kmh=speed, via=[(1700, 900)] if u == v else ())
            for u, v, oneway, speed, _ in rows
        ],
    )
    roads.edges["proxy"] = [row[-1] for row in rows]
    named = {f"h{k}": place for k, place in enumerate(places)}
    home = homes(named)
    times = travel_times(roads, home, sites(named), cutoff_min=1e5)
    measured = times.frame.set_index(["from_id", "to_id"])
    apart = set(map(tuple, times.unreachable.to_numpy().tolist()))
    points = home.points
    pairs = pd.MultiIndex.from_product([named, named]).to_frame(name=["from_id", "to_id"])
    for found in trace(roads, points, points, pairs):
        key = (found.from_id, found.to_id)
        if found.state == "unreachable":
            assert key in apart
            continue
        # To the tick: the very same number.
        assert found.time_min == measured.loc[key, "time_min"]
        assert found.proxy_share == pytest.approx(measured.loc[key, "proxy_share"], abs=1e-9)
        check_whole(found, points[found.from_id], points[found.to_id])


@pytest.fixture(
    scope="module",
    params=["demo", pytest.param("liechtenstein", marks=pytest.mark.integration)],
)
def real(request, scenarios):
    if request.param != "demo":
        request.getfixturevalue("shared_data")
    return read_roads(Scenario.read(scenarios / f"{request.param}.toml"))


def test_between_junctions_of_a_country(real):
    """Times and lines against Dijkstra's algorithm of networkx."""
    rng = np.random.default_rng(7)
    edges = real.edges
    plain = edges[edges["kind"].eq("road") & ~edges["bridge"] & ~edges["tunnel"]]
    plain = plain[~plain["road_class"].isin(["motorway", "motorway_link", "trunk_link"])]
    nodes = rng.choice(np.unique(plain[["u", "v"]].to_numpy()), 24, replace=False)
    starts, ends = (
        gpd.GeoSeries(real.nodes.geometry[some].to_numpy(), index=some, crs=edges.crs)
        for some in (nodes[:12], nodes[12:])
    )
    graph = to_networkx(real)
    for found in trace(real, starts, ends):
        if not nx.has_path(graph, int(found.from_id), int(found.to_id)):
            assert found.state == "unreachable"
            continue
        minutes, way = nx.single_source_dijkstra(
            graph, int(found.from_id), int(found.to_id), weight="time_min"
        )
        assert found.time_min == pytest.approx(minutes, abs=1e-3)
        length = sum(
            min(graph[a][b].values(), key=lambda edge: edge["time_min"])["length"]
            for a, b in pairwise(way)
        )
        # Ways of almost the same time may differ.
        assert found.length_m == pytest.approx(length, rel=0.02)
        check_whole(found, starts[int(found.from_id)], ends[int(found.to_id)])
        on_road = edges.geometry.union_all() if len(edges) < 500 else None
        if on_road is not None:
            assert found.geometry.difference(on_road.buffer(0.1)).length < 1e-6


def test_the_same_as_travel_times_beside_the_roads(real):
    rng = np.random.default_rng(8)
    lines = real.edges.geometry[real.edges["kind"].eq("road")].to_numpy()
    places = shapely.line_interpolate_point(rng.choice(lines, 12), rng.random(12), normalized=True)
    places = shapely.points(shapely.get_coordinates(places) + rng.uniform(-60, 60, (12, 2)))
    ids = [f"h{k}" for k in range(12)]
    frame = gpd.GeoDataFrame(
        {"township_id": "T", "name": ids, "weight": 1 / 12},
        geometry=list(places),
        index=pd.Index(ids, name="point_id"),
        crs=real.edges.crs,
    )
    points = frame.geometry
    times = travel_times(real, DemandPoints(frame, "villages"), points, cutoff_min=1e5)
    measured = times.frame.set_index(["from_id", "to_id"])["time_min"]
    pairs = pd.MultiIndex.from_product([ids[:6], ids]).to_frame(name=["from_id", "to_id"])
    reached = 0
    for found in trace(real, points, points, pairs):
        if found.state == "reached":
            reached += 1
            assert found.time_min == measured[found.from_id, found.to_id]
            check_whole(found, points[found.from_id], points[found.to_id])
    assert reached > 40
