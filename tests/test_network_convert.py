"""To networkx and OSMnx, and back."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from network_cases import CRS, ferry, homes, minutes, network, road, sites
from osm_cases import degrees, geodesic_m

from ruralcare.errors import TableError
from ruralcare.network import from_networkx, read_roads, to_networkx, travel_times
from ruralcare.scenario import RoadsSource, Scenario

NODES = {"A": (0, 0), "B": (1000, 0), "C": (1000, 800), "D": (9000, 0)}


def drawn():
    return network(
        NODES,
        [
            road("A", "B"),
            road("A", "B", via=[(500, 90)], speed_kmh=30),
            road("B", "C", oneway=True, via=[(1300, 400)]),
            road("C", "A"),
            road("C", "C", via=[(1500, 1200), (900, 1300)]),
            ferry("B", "D", 31.0),
        ],
    )


def test_streets_both_ways_are_two_edges():
    graph = to_networkx(drawn())
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.graph["crs"] == CRS
    assert graph.number_of_nodes() == 4
    assert graph.number_of_edges() == 2 * 5 + 1
    assert not graph.has_edge(2, 1)
    for u, v, data in graph.edges(data=True):
        first, *_, last = data["geometry"].coords
        assert first == pytest.approx((graph.nodes[u]["x"], graph.nodes[u]["y"]))
        assert last == pytest.approx((graph.nodes[v]["x"], graph.nodes[v]["y"]))
        assert data["length"] == pytest.approx(data["geometry"].length)


def assert_same(back, roads):
    assert back.edges.crs == roads.edges.crs
    assert shapely.get_coordinates(back.nodes.geometry).tolist() == (
        shapely.get_coordinates(roads.nodes.geometry).tolist()
    )
    columns = [
        "u",
        "v",
        "length_m",
        "speed_kmh",
        "time_min",
        "kind",
        "road_class",
        "oneway",
        "name",
    ]
    key = ["length_m", "time_min", "u", "v"]

    def normal(frame):
        # A street both ways may be told from either end.
        frame = pd.DataFrame(frame[columns])
        turned = (frame["u"] > frame["v"]) & ~frame["oneway"]
        frame.loc[turned, ["u", "v"]] = frame.loc[turned, ["v", "u"]].to_numpy()
        return frame.sort_values(key, ignore_index=True)

    pd.testing.assert_frame_equal(normal(back.edges), normal(roads.edges), check_dtype=False)
    for edge in back.edges.itertuples():
        assert edge.geometry.coords[0] == back.nodes.geometry[edge.u].coords[0]
        assert edge.geometry.coords[-1] == back.nodes.geometry[edge.v].coords[0]


def test_there_and_back():
    roads = drawn()
    assert_same(from_networkx(to_networkx(roads)), roads)


def test_there_and_back_with_the_demo_county(scenarios):
    roads = read_roads(Scenario.read(scenarios / "demo.toml"))
    assert_same(from_networkx(to_networkx(roads)), roads)


def test_times_are_the_same_after_the_round_trip():
    roads = drawn()
    home = homes({"h": (500, 0), "i": (1100, 700)})
    place = sites({"p": (400, 350), "q": (1000, 0)})
    before = travel_times(roads, home, place)
    after = travel_times(from_networkx(to_networkx(roads)), home, place)
    assert minutes(after) == pytest.approx(minutes(before))


def test_osmnx_takes_the_graph(tmp_path):
    import osmnx

    roads = drawn()
    graph = to_networkx(roads)
    nodes, edges = osmnx.convert.graph_to_gdfs(graph)
    assert len(nodes) == 4
    assert len(edges) == 11
    assert osmnx.projection.project_graph(graph, to_latlong=True).graph["crs"] == "epsg:4326"
    nearest = osmnx.distance.nearest_nodes(graph, *roads.nodes.geometry[2].coords[0])
    assert nearest == 2
    osmnx.save_graphml(graph, tmp_path / "roads.graphml")
    loaded = osmnx.load_graphml(tmp_path / "roads.graphml")
    assert loaded.number_of_edges() == 11


def osmnx_like():
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, place in {1: (0, 0), 2: (1000, 0), 3: (2000, 0)}.items():
        graph.add_node(node, **dict(zip("xy", degrees(*place), strict=True)))
    for u, v in ((1, 2), (2, 1), (2, 3)):
        graph.add_edge(u, v, osmid=u + v, highway="primary", length=1000.0, oneway=u + v == 5)
    return graph


def test_a_graph_of_osmnx_needs_speeds():
    with pytest.raises(TableError, match=r"scenario\.roads"):
        from_networkx(osmnx_like())
    rules = RoadsSource(speeds_kmh={"primary": 60.0}, min_piece_km=0.5)
    roads = from_networkx(osmnx_like(), roads=rules)
    # The one-way street into the dead end cannot be left again.
    (edge,) = roads.edges.to_dict("records")
    assert edge["length_m"] == pytest.approx(geodesic_m((0, 0), (1000, 0)), abs=0.05)
    assert edge["time_min"] == pytest.approx(edge["length_m"] / 1000)
    assert roads.edges.crs.is_projected
    assert from_networkx(osmnx_like(), roads=rules, crs=CRS).edges.crs == CRS
    assert np.isclose(roads.pieces["length_m"].sum(), 2000, rtol=1e-3)


def test_a_graph_without_crs_is_refused():
    with pytest.raises(TableError, match="crs"):
        from_networkx(nx.MultiDiGraph())
