"""Profiles of speeds, tolls, closures and speeds of single roads."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from osm_cases import EAST, NORTH, degrees, demo_with, lines_of, write_osm

from ruralcare.errors import InputError
from ruralcare.inputs.roads.graphs import lines_from_graph
from ruralcare.network.build import build_network
from ruralcare.network.speeds import ferries_run, profile_of, proxy_kmh
from ruralcare.scenario import RoadsSource, Scenario, SpeedProfile

KM = {number: (1000 * number, 0) for number in range(8)}
PRIMARY = {"highway": "primary"}
STREET = {"highway": "residential"}


@pytest.fixture
def built(tmp_path, scenarios):
    """Return a function that draws ways and builds the network by a scenario."""

    def build(ways, nodes=KM, **roads):
        path = write_osm(tmp_path / "drawn.osm", nodes, ways)
        roads = {"min_piece_km": 0.0, **roads}
        scenario = demo_with(scenarios, file=path, **roads)
        return build_network(lines_of(path, scenarios, **roads), scenario.roads)

    return build


def speeds(network):
    return dict(zip(network.edges["source_id"], network.edges["speed_kmh"], strict=True))


def told(network):
    return " ".join(note.render("en") for note in network.notes)


TWO = [
    ([0, 1], PRIMARY | {"maxspeed": "80"}),
    ([1, 2], PRIMARY),
    ([2, 3], {"highway": "secondary", "maxspeed": "60"}),
    ([3, 4], {"highway": "track"}),
]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        # 0.85 of the limit; else the surveyed speed of the class.
        ("rural", {"1": 68, "2": 58, "3": 51, "4": 15}),
        # The limit; else that of the law.
        ("posted", {"1": 80, "2": 60, "3": 60, "4": 30}),
        ("emergency", {"1": 52, "2": 39, "3": 39, "4": 19.5}),
        # Main roads a fifth slower than rural, others by half.
        ("snow", {"1": 54.4, "2": 46.4, "3": 40.8, "4": 7.5}),
        ("no_ferries", {"1": 68, "2": 58, "3": 51, "4": 15}),
    ],
)
def test_the_profiles_of_the_program(built, profile, expected):
    network = built(TWO, profile=profile)
    assert speeds(network) == pytest.approx(expected)
    title = profile_of(RoadsSource(profile=profile))
    assert title.title_en in told(network)
    assert title.source


def test_the_default_is_rural_without_tolls(scenarios):
    roads = Scenario.read(scenarios / "demo.toml").roads
    assert (roads.profile, roads.tolls) == ("rural", False)
    assert profile_of(roads).posted_factor == 0.85
    # Built in Python, without the figures of the program, it is the same profile.
    assert profile_of(RoadsSource()) == profile_of(roads)


def test_the_limit_is_a_cap_where_a_profile_goes_by_classes(built):
    own = SpeedProfile(title_ko="등급별", title_en="by class", use_posted=False,
                       speeds_kmh={"primary": 40}, class_factors={"track": 2})  # fmt: skip
    ways = [*TWO, ([4, 5], PRIMARY | {"maxspeed": "30"})]
    network = built(ways, profile="own", profiles={"own": own}, speed_factor=0.5)
    assert speeds(network) == pytest.approx({"1": 20, "3": 25.5, "4": 15, "5": 15})
    assert "multiplied by 0.5" in told(network)


def test_proxy_links_follow_the_profile():
    assert proxy_kmh(RoadsSource()) == 35
    assert proxy_kmh(RoadsSource(profile="snow", speed_factor=0.8)) == pytest.approx(14)
    assert proxy_kmh(RoadsSource(profile="emergency")) == pytest.approx(35 * 0.65)


def test_an_unknown_profile_is_a_fault(built, scenarios, tmp_path):
    with pytest.raises(InputError, match=r"roads\.profile.*rurall.*rural, posted, emergency"):
        profile_of(RoadsSource(profile="rurall"))


def test_ferries_stop_by_the_profile_or_by_the_scenario(built):
    ways = [([0, 1], STREET), ([1, 2], {"route": "ferry"}), ([2, 3], STREET)]
    assert "ferry" in set(built(ways).edges["kind"])
    for roads in ({"profile": "no_ferries"}, {"ferries_run": False}):
        network = built(ways, **roads)
        assert set(network.edges["kind"]) == {"road"}
        assert "Ferries do not run" in told(network)
        assert not ferries_run(RoadsSource(**roads))


TOLLED = [
    ([0, 1], {"highway": "motorway", "oneway": "no"}),
    ([1, 2], {"highway": "motorway_link", "toll": "no"}),
    ([2, 3], PRIMARY | {"toll": "yes"}),
    ([3, 4], PRIMARY | {"toll": "no"}),
    ([4, 5], {"highway": "motorway_link"}),
    ([4, 6], {"route": "ferry", "toll": "yes"}),
    ([6, 7], STREET),
]


def test_roads_with_a_toll_are_left_out_unless_asked_for(built):
    free = built(TOLLED, tolls=False)
    assert set(free.edges["source_id"]) == {"2", "4", "6", "7"}
    assert "Roads with a toll (expressways) are not used: 3 km." in told(free)
    with_toll = built(TOLLED, tolls=True)
    # Ways 3 and 4 are one edge then.
    assert set(with_toll.edges["source_id"]) == {"1", "2", "3", "5", "6", "7"}
    assert "toll" not in told(with_toll)
    # An ambulance pays none.
    ambulance = built(TOLLED, tolls=False, profile="emergency")
    assert set(ambulance.edges["source_id"]) == set(with_toll.edges["source_id"])


def test_expressways_alone_are_no_network_without_tolls(built):
    with pytest.raises(InputError, match=r"roads\.tolls.*No road of the file may be used"):
        built(TOLLED[:1], tolls=False)


def test_a_closed_bridge_closes_nothing_else(built):
    # Three ways that differ in nothing become one edge; the middle one is closed alone.
    chain = [([0, 1], STREET), ([1, 2, 3], STREET), ([3, 4], STREET), ([1, 5], STREET)]
    nodes = {**KM, 5: (1000, 900)}
    whole = built(chain, nodes)
    assert whole.edges["source_id"].tolist() == ["1", "2", "4"]
    parted = built(chain, nodes, closed=["2"])
    assert sorted(parted.edges["source_id"]) == ["1", "3"]
    lost_m = whole.edges["length_m"].sum() - parted.edges["length_m"].sum()
    assert lost_m == pytest.approx(2000, rel=1e-3)
    assert "Roads or ferries closed in this scenario: 1, 2 km in all." in told(parted)
    # Nothing of it is a chain when the middle has another speed.
    assert parted.pieces["kept"].tolist() == [True, True]


def overrides(folder, *rows, header="edge_id,speed_kmh,closed,note"):
    path = folder / "changes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_speeds_and_closures_of_a_file(built, tmp_path):
    file = overrides(tmp_path, "1,20,,공사", "2,,예,붕괴", '"3",45.5,no,')
    network = built(TWO, overrides_file=file, profile="rural", speed_factor=0.5)
    # Way 2 is closed, so that the rest lies in two pieces.
    assert speeds(network) == pytest.approx({"1": 10, "3": 22.75, "4": 7.5})
    assert [one.subject.template for one in network.readings] == [
        "Roads",
        "Closures and speeds of roads",
    ]
    assert (network.readings[1].rows, network.readings[1].used) == (3, 3)


def faults_of(built, ways, **roads):
    with pytest.raises(InputError) as caught:
        built(ways, **roads)
    for fault in caught.value.faults:
        assert fault.remedy.render("ko")
    return [(one.file, one.row, one.column, one.value) for one in caught.value.faults]


def test_ids_that_the_file_does_not_have_are_named(built, tmp_path):
    file = overrides(tmp_path, "1,20,,", "99,20,,", "5,,yes,a footway")
    ways = [*TWO, ([4, 5], {"highway": "footway"})]
    found = faults_of(built, ways, overrides_file=file, closed=["2", "77", "77"])
    assert found == [
        ("demo.toml", None, "roads.closed", "77"),
        ("changes.csv", 3, "edge_id", "99"),
        ("changes.csv", 4, "edge_id", "5"),
    ]


def test_every_fault_of_the_file_is_listed(built, tmp_path):
    file = overrides(tmp_path, "1,fast,,", "2,,perhaps,", "3,,,", ",20,,", "1,30,,", "4,900,,")
    assert faults_of(built, TWO, overrides_file=file) == [
        ("changes.csv", 2, "speed_kmh", "fast"),
        ("changes.csv", 3, "closed", "perhaps"),
        ("changes.csv", 4, "edge_id", "3"),
        ("changes.csv", 5, "edge_id", None),
        ("changes.csv", 6, "edge_id", "1"),
        ("changes.csv", 7, "speed_kmh", "900"),
    ]
    file = overrides(tmp_path, "1,20", header="id,speed_kmh")
    assert faults_of(built, TWO, overrides_file=file) == [("changes.csv", 1, None, None)]


def test_ids_of_an_edge_list(tmp_path, scenarios):
    places = [",".join(f"{one}" for one in (*degrees(1000 * at, 0), *degrees(1000 * at + 1000, 0)))
              for at in range(3)]  # fmt: skip
    header = "u,v,u_lon,u_lat,v_lon,v_lat,speed_kmh,road_class,id,toll"
    rows = [f"a,b,{places[0]},30,primary,bridge,", f"b,c,{places[1]},40,motorway,,no",
            f"c,d,{places[2]},50,primary,,yes"]  # fmt: skip
    path = tmp_path / "edges.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

    def network(**roads):
        roads = {"min_piece_km": 0.0, **roads}
        scenario = demo_with(scenarios, file=path, **roads)
        return build_network(lines_of(path, scenarios, **roads), scenario.roads)

    # A speed in the file is the one that is driven, not a limit.
    assert speeds(network(profile="rural")) == pytest.approx({"bridge": 30, "3": 40, "4": 50})
    assert set(speeds(network(tolls=False))) == {"bridge", "3"}
    assert set(speeds(network(closed=["bridge"]))) == {"3", "4"}
    path.write_text(path.read_text("utf-8").replace(",yes", ",perhaps"), encoding="utf-8")
    with pytest.raises(InputError, match=r"row 4.*toll"):
        network()


def test_ids_of_node_link_data(tmp_path, scenarios):
    """Closing one direction of a street leaves the other open, as a one-way street."""
    from test_node_links import STREETS, write

    path = write(tmp_path / "links", STREETS)
    links = gpd.read_file(path)
    codes = links["LINK_ID"].astype(str).tolist()
    plain = lines_of(path, scenarios)
    assert set(plain.ways["source_id"]) <= set(codes)
    joined = plain.ways[~plain.ways["oneway"].to_numpy()]
    first = joined["source_id"].iloc[0]
    row = links[links["LINK_ID"].astype(str) == first].iloc[0]
    back = links[(links["F_NODE"] == row["T_NODE"]) & (links["T_NODE"] == row["F_NODE"])]
    twin = str(back["LINK_ID"].iloc[0])
    assert twin not in set(plain.ways["source_id"])
    for closed, left in ((first, twin), (twin, first)):
        lines = lines_of(path, scenarios, closed=[closed])
        ways = lines.ways.set_index("source_id")
        assert ways.loc[left, "oneway"]
        assert ways["closed"].to_dict() == {code: code == closed for code in ways.index}


def test_ids_of_a_graph():
    graph = nx.MultiDiGraph(crs="EPSG:5179")
    for node in range(4):
        graph.add_node(node, x=EAST + 1000 * node, y=NORTH)
    graph.add_edge(0, 1, osmid=71, highway="primary")
    graph.add_edge(1, 2, osmid=[72, 73], highway="primary")
    graph.add_edge(2, 3, highway="primary")
    lines = lines_from_graph(graph, "EPSG:5179", "graph")
    assert lines.ways["source_id"].tolist() == ["71", "72", "3"]


def test_no_edge_or_speed_lengthens_when_a_road_opens(built):
    """Opening tolls and faster profiles never lengthen a way between two places."""
    nodes = {**KM, 8: (2000, 3000)}
    ways = [
        ([0, 8, 3], STREET),
        ([0, 1], PRIMARY),
        ([1, 2], {"highway": "motorway", "oneway": "no"}),
        ([2, 3], PRIMARY | {"maxspeed": "80"}),
    ]

    def minutes(**roads):
        network = built(ways, nodes, **roads)
        graph = nx.Graph()
        for edge in network.edges.itertuples():
            before = graph.get_edge_data(edge.u, edge.v, {"time_min": np.inf})["time_min"]
            graph.add_edge(edge.u, edge.v, time_min=min(before, edge.time_min))
        xy = shapely.get_coordinates(network.nodes.geometry) - (EAST, NORTH)
        start, end = (int(np.hypot(*(xy - (x, 0)).T).argmin()) for x in (0, 3000))
        return nx.shortest_path_length(graph, start, end, weight="time_min")

    assert minutes(tolls=True, profile="posted") < minutes(tolls=True, profile="rural")
    assert minutes(tolls=True, profile="rural") < minutes(tolls=False, profile="rural")
    # By the street, at 25 km/h.
    by_street = np.hypot(2, 3) + np.hypot(1, 3)
    assert minutes(profile="rural", tolls=False) == pytest.approx(by_street / 25 * 60, rel=1e-3)


def test_variants_make_a_what_if_in_three_lines(scenarios, tmp_path):
    text = (scenarios / "demo.toml").read_text("utf-8").replace("../", f"{scenarios.parent}/")
    text += '\n[variants.bridge_out.roads]\nprofile = "snow"\nclosed = ["12"]\n'
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    roads = Scenario.read(path, variant="bridge_out").roads
    assert (roads.profile, roads.closed) == ("snow", ("12",))
    assert Scenario.read(path).roads.closed == ()


def test_a_profile_of_a_scenario(scenarios, tmp_path):
    text = (scenarios / "demo.toml").read_text("utf-8").replace("../", f"{scenarios.parent}/")
    text = text.replace("[roads]\n", '[roads]\nprofile = "ice"\n')
    path = tmp_path / "s.toml"

    def read(more):
        path.write_text(text + more, encoding="utf-8")
        return Scenario.read(path).roads

    own = '\n[roads.profiles.ice]\ntitle_ko = "빙판"\ntitle_en = "ice"\nspeed_factor = 0.5\n'
    roads = read(own)
    assert profile_of(roads).speed_factor == 0.5
    assert "rural" in roads.profiles
    with pytest.raises(InputError, match=r"roads\.profile.*ice.*Choose one of: rural"):
        read("")
    with pytest.raises(InputError, match=r"roads\.profiles\.ice\.class_factors\.primery"):
        read(own + "class_factors = { primery = 0.5 }\n")
