"""Every engine against networkx on the same whole numbers, on real roads; and against OSMnx."""

from __future__ import annotations

import importlib.util

import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from search_cases import new_york

from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.inputs.roads.tags import USED_TAGS, way_tags
from ruralcare.network import read_roads
from ruralcare.network.build import build_network
from ruralcare.network.graph import road_graph
from ruralcare.network.search import buckets, hierarchy, plain
from ruralcare.network.search.arrays import LONGEST_TICKS, Ends, infinity
from ruralcare.network.speeds import profile_of
from ruralcare.scenario import RoadsSource, Scenario
from ruralcare.settings import Settings

EXTRACTS = {
    "liechtenstein-latest": "EPSG:32632",
    "andorra": "EPSG:32631",
    "helsinki-small": "EPSG:32635",
}
MS_PER_MIN = 60_000


def whole(path, crs, folder, scenarios):
    """The network of a whole extract."""
    demo = Scenario.read(scenarios / "demo.toml")
    roads = demo.roads.model_copy(update={"file": path, "profile": "posted", "tolls": True})
    scenario = demo.model_copy(update={"roads": roads, "crs": crs})
    return build_network(read_road_lines(scenario, None, Settings(folder)), scenario.roads)


@pytest.fixture(
    scope="module",
    params=["demo", *(pytest.param(name, marks=pytest.mark.integration) for name in EXTRACTS)],
)
def roads(request, scenarios):
    if request.param == "demo":
        return read_roads(Scenario.read(scenarios / "demo.toml"))
    folder = request.getfixturevalue("shared_data")
    path = folder / "osm" / f"{request.param}.osm.pbf"
    return whole(path, EXTRACTS[request.param], folder, scenarios)


def oracle(edges, weight):
    """A graph of networkx with a weight for each row of the edges."""
    graph = nx.MultiDiGraph()
    for row, w in zip(edges.itertuples(), weight, strict=True):
        graph.add_edge(row.u, row.v, w=w)
        if not row.oneway:
            graph.add_edge(row.v, row.u, w=w)
    return graph


def test_every_engine_equals_networkx_on_real_roads(roads):
    edges = pd.DataFrame(roads.edges.drop(columns="geometry"))
    whole_ms = [round(minutes * MS_PER_MIN) for minutes in edges["time_min"]]
    exact, rounded = oracle(edges, edges["time_min"]), oracle(edges, whole_ms)
    graph = road_graph(roads)
    sources = np.random.default_rng(3).choice(graph.nodes, 4, replace=False)
    ends = Ends.at(sources)
    made = hierarchy.contract(graph.forward)
    found = {
        "plain": plain.one_to_all(graph.forward, ends, LONGEST_TICKS),
        "buckets": buckets.one_to_all(graph.forward, ends, LONGEST_TICKS),
        "hierarchy": hierarchy.one_to_all(made, ends, LONGEST_TICKS),
    }
    for row, source in enumerate(sources.tolist()):
        ticks = nx.single_source_dijkstra_path_length(rounded, source, weight="w")
        expected = np.full(graph.nodes, infinity(np.int32), dtype=np.int64)
        expected[list(ticks)] = list(ticks.values())
        for name, keys in found.items():
            assert np.array_equal(keys[row], expected), name
        minutes = nx.single_source_dijkstra_path_length(exact, source, weight="w")
        assert set(minutes) == set(ticks)
        far = np.array([minutes[node] for node in ticks if minutes[node] > 1])
        near = np.array([ticks[node] for node in ticks if minutes[node] > 1]) / MS_PER_MIN
        assert np.abs(near / far - 1).max(initial=0) < 0.0005


@pytest.mark.integration
def test_every_engine_equals_networkx_on_new_york(shared_data):
    arcs = new_york(shared_data)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        zip(arcs.tails().tolist(), arcs.head.tolist(), arcs.key.tolist(), strict=True), weight="w"
    )
    source = 12_345
    ticks = nx.single_source_dijkstra_path_length(graph, source, weight="w")
    expected = np.full(arcs.nodes, infinity(np.int32), dtype=np.int64)
    expected[list(ticks)] = list(ticks.values())
    ends = Ends.at(np.array([source]))
    made = hierarchy.contract(arcs)
    assert np.array_equal(buckets.one_to_all(arcs, ends, LONGEST_TICKS)[0], expected)
    assert np.array_equal(hierarchy.one_to_all(made, ends, LONGEST_TICKS)[0], expected)
    # Pairs, by all engines and in both directions.
    rng = np.random.default_rng(5)
    homes, places = (Ends.at(rng.choice(arcs.nodes, 40, replace=False)) for _ in range(2))
    limit = 30 * MS_PER_MIN
    one = plain.pairs(arcs, homes, places, limit)
    for other in (
        buckets.pairs(arcs, homes, places, limit),
        hierarchy.pairs(made, homes, places, limit),
    ):
        assert np.array_equal(one.source, other.source)
        assert np.array_equal(one.target, other.target)
        assert np.array_equal(one.key, other.key)
    turned = buckets.pairs(arcs.turned(), places, homes, limit)
    order = np.lexsort((turned.source, turned.target))
    assert np.array_equal(turned.key[order], one.key)


@pytest.mark.integration
@pytest.mark.skipif(importlib.util.find_spec("osmnx") is None, reason="OSMnx is not installed")
def test_osmnx_measures_the_same_where_its_rules_are_ours(shared_data, scenarios, tmp_path):
    """OSMnx reads the same extract by itself; then our rules are laid over its edges.

    Explained by rule: OSMnx takes every highway (paths and proposed roads too), reads no ferries,
    knows nothing of access for cars, measures on a sphere (up to 0.5 % off), and imputes speeds
    of its own. With our classes, directions and speeds on its edges, the times are the same.
    """
    import osmnx

    name = "helsinki-small"
    path = shared_data / "osm" / f"{name}.osm.pbf"
    xml = tmp_path / "extract.osm"
    known = set()
    with osmium.SimpleWriter(str(xml)) as writer:
        for entity in osmium.FileProcessor(str(path)):
            if entity.is_node():
                known.add(entity.id)
            # OSMnx stops at ways that lack a node; we cut them.
            if entity.is_node() or (entity.is_way() and {n.ref for n in entity.nodes} <= known):
                writer.add(entity)
    roads = whole(xml, EXTRACTS[name], shared_data, scenarios)
    kept = osmnx.settings.useful_tags_way
    osmnx.settings.useful_tags_way = list(USED_TAGS)
    try:
        theirs = osmnx.graph_from_xml(xml, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way = kept
    posted = RoadsSource(profile="posted")
    graph = nx.DiGraph()
    for u, v, data in theirs.edges(data=True):
        tags = {key: value for key, value in data.items() if key in USED_TAGS and value is not None}
        tags["oneway"] = "yes" if data["oneway"] else "no"
        meaning = way_tags({key: str(value) for key, value in tags.items()})
        if meaning is None or meaning.road_class == "ferry":
            continue
        kmh = meaning.maxspeed_kmh or profile_of(posted).speeds_kmh[meaning.road_class]
        minutes = data["length"] / 1000 / kmh * 60
        if minutes < graph.get_edge_data(u, v, {"w": np.inf})["w"]:
            graph.add_edge(u, v, w=minutes)

    # The same junctions, told by their place.
    to_metres = Transformer.from_crs("EPSG:4326", EXTRACTS[name], always_xy=True)
    ids = list(graph.nodes)
    x, y = to_metres.transform(
        [theirs.nodes[node]["x"] for node in ids], [theirs.nodes[node]["y"] for node in ids]
    )
    tree = shapely.STRtree(shapely.points(x, y))
    near, distance = tree.query_nearest(
        roads.nodes.geometry.to_numpy(), all_matches=False, return_distance=True
    )
    assert distance.max() < 0.01
    theirs_of = np.array(ids)[near[1]]
    ours = road_graph(roads)
    rng = np.random.default_rng(8)
    sources = rng.choice(ours.nodes, 30, replace=False)
    keys = plain.one_to_all(ours.forward, Ends.at(sources), LONGEST_TICKS)
    compared = 0
    for row, source in enumerate(sources):
        lengths = nx.single_source_dijkstra_path_length(graph, theirs_of[source], weight="w")
        for node in range(ours.nodes):
            mine = keys[row, node]
            if mine == infinity(np.int32) or mine < MS_PER_MIN:
                continue
            assert lengths[theirs_of[node]] == pytest.approx(mine / MS_PER_MIN, rel=0.006)
            compared += 1
    assert compared > 1000
