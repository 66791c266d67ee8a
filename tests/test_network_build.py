"""From ways to a graph: junctions, chains, ferries, pieces."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osm_cases import EAST, NORTH, demo_with, geodesic_m, lines_of, write_osm

from ruralcare.errors import InputError
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.network.build import build_network
from ruralcare.network.chains import find_chains
from ruralcare.settings import Settings

STREET = {"highway": "residential", "maxspeed": "60"}


@pytest.fixture
def built(tmp_path, scenarios):
    """Return a function that draws nodes and ways, and builds the network from the file."""

    def build(nodes, ways, **roads):
        path = write_osm(tmp_path / "drawn.osm", nodes, ways)
        scenario = demo_with(scenarios, **{"min_piece_km": 0.0, **roads})
        return build_network(lines_of(path, scenarios), scenario.roads)

    return build


def ends(network):
    """Edges as {name: (u, v)} with nodes named by their place in the drawing."""
    xy = np.round(shapely.get_coordinates(network.nodes.geometry) - (EAST, NORTH)).astype(int)
    place = [tuple(one) for one in xy.tolist()]
    frame = network.edges
    return [
        (name, place[u], place[v])
        for name, u, v in zip(frame["name"], frame["u"], frame["v"], strict=True)
    ]


def test_ways_are_cut_where_they_share_a_node(built):
    nodes = {1: (0, 0), 2: (1000, 0), 3: (2000, 0), 4: (1000, 500)}
    network = built(nodes, [([1, 2, 3], STREET | {"name": "main"}), ([2, 4], STREET)])
    assert len(network.nodes) == 4
    assert sorted(ends(network)) == [
        ("", (1000, 0), (1000, 500)),
        ("main", (0, 0), (1000, 0)),
        ("main", (1000, 0), (2000, 0)),
    ]
    for u, v, line in network.edges[["u", "v", "geometry"]].itertuples(index=False):
        assert line.coords[0] == network.nodes.geometry[u].coords[0]
        assert line.coords[-1] == network.nodes.geometry[v].coords[0]


def test_a_bridge_does_not_join_what_it_crosses(built):
    # The two middle nodes lie at the same place.
    nodes = {1: (-500, 0), 2: (0, 0), 3: (500, 0), 4: (0, -500), 5: (0, 0), 6: (0, 500)}
    bridge = STREET | {"bridge": "yes", "name": "over", "layer": "1"}
    network = built(nodes, [([1, 2, 3], STREET | {"name": "under"}), ([4, 5, 6], bridge)])
    assert len(network.edges) == 2
    assert len(network.nodes) == 4
    assert len(network.pieces) == 2
    assert network.edges.set_index("name")["bridge"].to_dict() == {"under": False, "over": True}


def test_lengths_are_those_on_the_ellipsoid_and_times_follow(built):
    nodes = {1: (0, 0), 2: (800, 300), 3: (2500, -100)}
    network = built(nodes, [([1, 2, 3], {"highway": "secondary"})], speed_factor=0.65)
    (edge,) = network.edges.to_dict("records")
    length = geodesic_m(*nodes.values())
    assert edge["length_m"] == pytest.approx(length, abs=0.05)
    assert edge["speed_kmh"] == pytest.approx(51 * 0.65)
    assert edge["time_min"] == pytest.approx(length / 1000 / (51 * 0.65) * 60, rel=1e-4)
    assert any("0.65" in note.render("en") for note in network.notes)


def test_maxspeed_goes_before_the_speed_of_the_class(built):
    nodes = {1: (0, 0), 2: (1000, 0), 3: (2000, 0)}
    ways = [([1, 2], {"highway": "primary"}), ([2, 3], {"highway": "primary", "maxspeed": "30"})]
    assert sorted(built(nodes, ways).edges["speed_kmh"]) == [30, 58]


def test_a_class_without_speed_is_a_fault(built):
    with pytest.raises(InputError, match=r"class track.*speeds_kmh"):
        built({1: (0, 0), 2: (9, 0)}, [([1, 2], {"highway": "track"})], speeds_kmh={"road": 30.0})


def test_stretches_that_differ_in_nothing_become_one_edge(built):
    nodes = {k: (300 * k, (k % 2) * 50) for k in range(1, 8)}
    ways = [
        ([2, 1], STREET),  # drawn the other way round
        ([2, 3], STREET),
        ([3, 4, 5], STREET),
        ([5, 6], STREET | {"maxspeed": "40"}),
        ([6, 7], STREET | {"maxspeed": "40"}),
    ]
    network = built(nodes, ways)
    assert len(network.nodes) == 3
    slow, fast = network.edges.sort_values("speed_kmh").to_dict("records")
    places = list(nodes.values())
    assert slow["length_m"] == pytest.approx(geodesic_m(*places[4:]), abs=0.05)
    assert fast["length_m"] == pytest.approx(geodesic_m(*places[:5]), abs=0.05)
    drawn = np.round(shapely.get_coordinates(fast["geometry"]) - (EAST, NORTH))
    drawn = drawn if drawn[0][0] < drawn[-1][0] else drawn[::-1]
    np.testing.assert_array_equal(drawn, places[:5])


def test_one_way_chains_keep_their_direction(built):
    # A one-way ring road of four ways, drawn with and against the traffic, and a spur.
    nodes = {1: (0, 0), 2: (1000, 0), 3: (1000, 1000), 4: (0, 1000), 5: (-1000, 0)}
    ways = [
        ([1, 2], STREET | {"oneway": "yes"}),
        ([3, 2], STREET | {"oneway": "-1"}),
        ([3, 4], STREET | {"oneway": "yes"}),
        ([1, 4], STREET | {"oneway": "-1"}),
        ([1, 5], STREET),
    ]
    network = built(nodes, ways)
    ring = network.edges[network.edges["oneway"]].to_dict("records")
    assert len(ring) == 1
    assert ring[0]["u"] == ring[0]["v"]
    drawn = np.round(shapely.get_coordinates(ring[0]["geometry"]) - (EAST, NORTH))
    np.testing.assert_array_equal(drawn, [nodes[k] for k in (1, 2, 3, 4, 1)])
    assert ring[0]["length_m"] == pytest.approx(4000, rel=1e-3)


def test_a_ring_without_junction_stays_a_ring(built):
    nodes = {1: (0, 0), 2: (1000, 0), 3: (1000, 1000)}
    network = built(nodes, [([1, 2], STREET), ([2, 3], STREET), ([3, 1], STREET)])
    (edge,) = network.edges.to_dict("records")
    assert edge["u"] == edge["v"]
    assert edge["length_m"] == pytest.approx(geodesic_m(*[nodes[k] for k in (1, 2, 3, 1)]), abs=0.1)
    network = built(nodes, [([1, 2, 3, 1], STREET)])
    assert len(network.edges) == 1


def test_parallel_ways_stay_two_edges(built):
    nodes = {1: (0, 0), 2: (1000, 0), 3: (500, 300), 4: (-500, 0), 5: (1500, 0)}
    ways = [([1, 2], STREET), ([1, 3, 2], STREET), ([4, 1], STREET), ([2, 5], STREET)]
    network = built(nodes, ways)
    assert len(network.nodes) == 4
    between = [tuple(sorted(pair)) for pair in network.edges[["u", "v"]].to_numpy().tolist()]
    assert len(between) == 4
    assert len(set(between)) == 3


LAND = {1: (0, 0), 2: (2000, 0), 3: (12_000, 0), 4: (15_000, 0)}
SHORES = [([1, 2], STREET), ([3, 4], STREET)]


def test_a_ferry_takes_its_crossing_and_half_the_headway(built):
    boat = {"route": "ferry", "duration": "00:40", "interval": "01:30"}
    edge = built(LAND, [*SHORES, ([2, 3], boat)]).edges.set_index("kind").loc["ferry"]
    assert edge["time_min"] == pytest.approx(40 + 45)
    assert edge["speed_kmh"] == pytest.approx(edge["length_m"] / 1000 / 40 * 60)


def test_a_ferry_without_times_goes_at_20_kmh_and_by_the_headway_of_the_scenario(built):
    ways = [*SHORES, ([2, 3], {"route": "ferry"})]
    edge = built(LAND, ways, ferry_headway_min=50, speed_factor=0.5).edges
    edge = edge.set_index("kind").loc["ferry"]
    assert edge["time_min"] == pytest.approx(geodesic_m(LAND[2], LAND[3]) / 1000 / 20 * 60 + 25)


def test_a_ferry_drawn_in_pieces_is_waited_for_once(built):
    # The line forks at sea: from the pier to either island, one wait.
    nodes = {**LAND, 5: (6000, 0), 6: (7000, 5000), 7: (8500, 5000)}
    boat = {"route": "ferry", "interval": "60"}
    ways = [*SHORES, ([6, 7], STREET), ([2, 5], boat), ([5, 3], boat), ([5, 6], boat)]
    network = built(nodes, ways)
    ferry = network.edges[network.edges["kind"] == "ferry"]
    sailing = ferry["length_m"] / 1000 / 20 * 60
    assert (ferry["time_min"] - sailing).tolist() == pytest.approx([15, 15, 15])


def test_closed_ferries_are_not_there(built):
    boat = {"route": "ferry", "duration": "00:40"}
    network = built(LAND, [*SHORES, ([2, 3], boat)], ferries_run=False)
    assert set(network.edges["kind"]) == {"road"}
    assert network.pieces["kept"].tolist() == [True, True]
    assert any("Ferries do not run" in note.render("en") for note in network.notes)


def test_short_pieces_and_one_way_traps_are_left_out_and_reported(built):
    nodes = {
        1: (0, 0), 2: (3000, 0), 3: (3000, 3000), 4: (6000, 0),
        5: (0, 9000), 6: (900, 9000),
        7: (0, 20_000), 8: (1100, 20_000),
    }  # fmt: skip
    ways = [
        ([1, 2], STREET),
        ([2, 3], STREET),
        ([2, 4], STREET | {"oneway": "yes"}),
        ([5, 6], STREET),
        ([7, 8], STREET),
    ]
    network = built(nodes, ways, min_piece_km=1.0)
    pieces = network.pieces
    assert pieces["piece"].tolist() == [1, 1, 2, 3]
    assert pieces["kept"].tolist() == [True, False, True, False]
    assert pieces["reason"].tolist() == ["", "one-way", "", "short"]
    assert pieces["nodes"].tolist() == [3, 1, 2, 2]
    assert pieces["length_m"].tolist() == pytest.approx([6000, 3000, 1100, 900], rel=1e-3)
    assert network.edges["length_m"].sum() == pytest.approx(
        pieces.loc[pieces["kept"], "length_m"].sum()
    )
    told = " ".join(note.render("en") for note in network.notes)
    assert "2 pieces that no road or ferry links" in told
    assert "shorter than 1 km: 1 of them, 0.9 km in all" in told
    assert "3 km of one-way road" in told


def test_nothing_long_enough_is_a_fault(built):
    with pytest.raises(InputError, match="min_piece_km"):
        built({1: (0, 0), 2: (900, 0)}, [([1, 2], STREET)], min_piece_km=1.0)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans(), st.integers(0, 1)),
        min_size=1,
        max_size=24,
    )
)
def test_chains_use_every_edge_once_and_connect(rows):
    u, v, oneway, alike = (np.array(column) for column in zip(*rows, strict=True))
    chains = find_chains(u, v, oneway.astype(bool), alike)
    assert sorted(chains.edge.tolist()) == list(range(len(rows)))
    start = np.where(chains.turned, v[chains.edge], u[chains.edge])
    end = np.where(chains.turned, u[chains.edge], v[chains.edge])
    assert not (oneway[chains.edge].astype(bool) & chains.turned).any()
    degree = np.bincount(np.concatenate([u, v]), minlength=9)
    for first, last in zip(chains.starts, chains.ends, strict=True):
        inner = end[first:last]
        assert inner.tolist() == start[first + 1 : last + 1].tolist()
        assert (degree[inner] == 2).all()
        assert len(set(alike[chains.edge[first : last + 1]])) == 1


REAL = [("liechtenstein-latest", "EPSG:32632"), ("andorra", "EPSG:32631")]


@pytest.mark.integration
@pytest.mark.parametrize(("name", "crs"), [*REAL, ("chungcheong-main-roads", "EPSG:5179")])
def test_pieces_of_real_extracts_sum_to_the_whole(shared_data, scenarios, name, crs):
    scenario = demo_with(scenarios, file=shared_data / "osm" / f"{name}.osm.pbf")
    scenario = scenario.model_copy(update={"crs": crs})
    lines = read_road_lines(scenario, None, Settings(shared_data))
    network = build_network(lines, scenario.roads)
    assert network.pieces["length_m"].sum() == pytest.approx(
        lines.frame.geometry.length.sum(), rel=5e-4
    )
    kept = network.pieces.loc[network.pieces["kept"], "length_m"].sum()
    assert network.edges["length_m"].sum() == pytest.approx(kept, rel=1e-9)
    # Independently: the pieces of a plain graph of all vertices.
    ids = np.split(lines.node_ids, np.cumsum(shapely.get_num_coordinates(lines.frame.geometry)))
    graph = nx.Graph()
    for way in ids[:-1]:
        nx.add_path(graph, way.tolist())
    assert nx.number_connected_components(graph) == network.pieces["piece"].max()


@pytest.mark.integration
@pytest.mark.parametrize(("name", "crs"), REAL)
def test_merging_and_cutting_change_no_distance(shared_data, scenarios, name, crs):
    """Between junctions, times equal those on the graph of all vertices of the file."""
    scenario = demo_with(scenarios, file=shared_data / "osm" / f"{name}.osm.pbf")
    scenario = scenario.model_copy(update={"crs": crs})
    lines = read_road_lines(scenario, None, Settings(shared_data))
    network = build_network(lines, scenario.roads)
    whole = nx.MultiDiGraph()
    speeds = scenario.roads.speeds_kmh
    coordinates = np.round(shapely.get_coordinates(lines.frame.geometry), 3)
    offset = 0
    for way in lines.frame.itertuples():
        count = len(way.geometry.coords)
        nodes = lines.node_ids[offset : offset + count].tolist()
        places = coordinates[offset : offset + count]
        offset += count
        untagged = pd.isna(way.maxspeed_kmh)
        speed = speeds[way.road_class] if untagged else float(way.maxspeed_kmh)
        for a, b, p, q in zip(nodes[:-1], nodes[1:], places[:-1], places[1:], strict=True):
            minutes = float(np.hypot(*(p - q))) / 1000 / speed * 60
            whole.add_edge(a, b, minutes=minutes)
            if not way.oneway:
                whole.add_edge(b, a, minutes=minutes)
    number = {
        tuple(xy): node for xy, node in zip(coordinates.tolist(), lines.node_ids, strict=True)
    }
    xy = np.round(shapely.get_coordinates(network.nodes.geometry), 3).tolist()
    ours = nx.DiGraph()
    for edge in network.edges.itertuples():
        ways = [(edge.u, edge.v)] if edge.oneway else [(edge.u, edge.v), (edge.v, edge.u)]
        for u, v in ways:
            before = ours.get_edge_data(u, v, {"minutes": np.inf})["minutes"]
            ours.add_edge(u, v, minutes=min(before, edge.time_min))
    rng = np.random.default_rng(3)
    for start in rng.choice(len(xy), 6, replace=False).tolist():
        expected = nx.single_source_dijkstra_path_length(
            whole, int(number[tuple(xy[start])]), weight="minutes"
        )
        found = nx.single_source_dijkstra_path_length(ours, start, weight="minutes")
        assert len(found) > 1
        for end, value in found.items():
            # The plane of UTM is up to 0.04 % shorter than the ellipsoid.
            assert value == pytest.approx(expected[int(number[tuple(xy[end])])], rel=6e-4, abs=1e-6)


def test_all_is_kept_where_it_is_asked_for(tmp_path, scenarios):
    nodes = {1: (0, 0), 2: (3000, 0), 3: (3000, 3000), 4: (6000, 0), 5: (0, 9000), 6: (900, 9000)}
    ways = [
        ([1, 2], STREET),
        ([2, 3], STREET),
        ([2, 4], STREET | {"oneway": "yes"}),
        ([5, 6], STREET),
    ]
    path = write_osm(tmp_path / "drawn.osm", nodes, ways)
    scenario = demo_with(scenarios, min_piece_km=1.0)
    network = build_network(lines_of(path, scenarios), scenario.roads, keep_all=True)
    assert network.edges["source_id"].tolist() == ["1", "2", "3", "4"]
    assert network.pieces["kept"].all()
    assert network.pieces["length_m"].tolist() == pytest.approx([9000, 900], rel=1e-3)
    # Only a one-way road that ends nowhere: a fault otherwise.
    path = write_osm(tmp_path / "trap.osm", nodes, ways[2:3])
    lines = lines_of(path, scenarios)
    with pytest.raises(InputError, match="one-way"):
        build_network(lines, scenario.roads)
    assert len(build_network(lines, scenario.roads, keep_all=True).edges) == 1


def test_neighbouring_nodes_have_near_numbers(shared_data, scenarios):
    scenario = demo_with(scenarios, file=shared_data / "osm" / "liechtenstein-latest.osm.pbf")
    scenario = scenario.model_copy(update={"crs": "EPSG:32632"})
    lines = read_road_lines(scenario, None, Settings(shared_data))
    edges = build_network(lines, scenario.roads).edges
    apart = (edges["u"] - edges["v"]).abs()
    assert edges["source_id"].isin(lines.ways["source_id"]).all()
    # Numbered at random, half of the edges would lead a third of the way through the table.
    assert apart.median() < 0.01 * edges[["u", "v"]].to_numpy().max()
