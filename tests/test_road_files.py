"""Road files: what their tags mean, and what is read of them."""

from __future__ import annotations

import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import networkx as nx
import numpy as np
import pytest
import shapely
from osm_cases import EAST, NORTH, degrees, demo_with, lines_of, write_osm

from ruralcare.errors import DownloadError, InputError
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.inputs.roads.graphs import lines_from_graph
from ruralcare.inputs.roads.tags import clock_min, maxspeed_kmh, way_tags
from ruralcare.settings import Settings

AREA = shapely.box(EAST - 100, NORTH - 100, EAST + 3000, NORTH + 3000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("50", 50.0),
        ("50 km/h", 50.0),
        ("30 mph", 30 * 1.609344),
        ("30mph", 30 * 1.609344),
        ("KR:urban", 50.0),
        ("KR:rural", 60.0),
        ("KR:motorway", 100.0),
        ("CH:urban", 50.0),
        ("CH:rural", None),
        ("walk", 5.0),
        ("DE:walk", 5.0),
        ("80;60", 60.0),
        ("60|60|80", 60.0),
        ("50; signals", 50.0),
        ("none", None),
        ("signals", None),
        ("", None),
        ("0", None),
        ("999", None),
        ("fast", None),
    ],
)
def test_maxspeed(value, expected):
    assert maxspeed_kmh(value) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00:40", 40.0),
        ("1:05", 65.0),
        ("00:07:30", 7.5),
        ("25", 25.0),
        ("25 min", 25.0),
        ("12.5", 12.5),
        ("PT1H30M", 90.0),
        ("P1DT2H", 1560.0),
        ("PT45S", 0.75),
        ("P", None),
        ("0", None),
        ("00:00", None),
        ("00:30;01:00", 60.0),
        ("00:40-00:50", 50.0),
        ("20,30", 30.0),
        ("40분", 40.0),
        ("by season", None),
        ("", None),
    ],
)
def test_durations(value, expected):
    assert clock_min(value) == expected


@pytest.mark.parametrize(
    ("tags", "road_class"),
    [
        ({"highway": "residential"}, "residential"),
        ({"highway": "track"}, "track"),
        ({"highway": "service", "service": "driveway"}, "service"),
        ({"highway": "primary;secondary"}, "primary"),
        ({"highway": "residential", "access": "destination"}, "residential"),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, "residential"),
        ({"highway": "residential", "motor_vehicle": "no", "motorcar": "yes"}, "residential"),
        ({"highway": "track", "motor_vehicle": "agricultural"}, "track"),
        ({"highway": "unclassified", "motor_vehicle": "agricultural"}, "track"),
        ({"route": "ferry"}, "ferry"),
        ({"route": "ferry", "motor_vehicle": "yes", "foot": "no"}, "ferry"),
        ({"route": "ferry", "motor_vehicle": "no"}, None),
        ({"route": "ferry", "motorcar": "no"}, None),
        ({"route": "bus"}, None),
        ({"highway": "footway"}, None),
        ({"highway": "cycleway"}, None),
        ({"highway": "path"}, None),
        ({"highway": "construction", "construction": "primary"}, None),
        ({"highway": "proposed"}, None),
        ({"highway": "residential", "area": "yes"}, None),
        ({"highway": "residential", "access": "private"}, None),
        ({"highway": "residential", "access": "no"}, None),
        ({"highway": "residential", "access": "yes", "motor_vehicle": "private"}, None),
        ({"highway": "service", "service": "emergency_access"}, None),
        ({"highway": "residential", "access": "permit"}, None),
        ({"highway": "residential", "access": "bus;psv"}, None),
        ({"highway": "residential", "access": "private;destination"}, "residential"),
        ({"highway": "unclassified", "access": "agricultural;forestry"}, "track"),
        ({"highway": "residential", "access": "private", "motorcar": "yes"}, "residential"),
        ({"building": "yes"}, None),
    ],
)
def test_which_ways_cars_use(tags, road_class):
    meaning = way_tags(tags)
    assert (None if meaning is None else meaning.road_class) == road_class


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({}, 0),
        ({"oneway": "no"}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "1"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "reverse"}, -1),
        ({"oneway": "alternating"}, 0),
        ({"oneway": "reversible"}, 0),
        ({"oneway": "no", "junction": "roundabout"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "circular"}, 1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway_link"}, 0),
    ],
)
def test_directions(tags, direction):
    assert way_tags({"highway": "residential", **tags}).direction == direction


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"maxspeed:forward": "60", "maxspeed:backward": "40"}, 40),
        ({"maxspeed:forward": "60"}, 60),
        ({"maxspeed": "50", "maxspeed:forward": "30"}, 50),
        ({"maxspeed": "none"}, None),
    ],
)
def test_limits_of_directions(tags, kmh):
    assert way_tags({"highway": "primary", **tags}).maxspeed_kmh == kmh


def test_what_is_read_of_a_way(tmp_path, scenarios):
    nodes = {1: (0, 0), 2: (500, 0), 3: (1000, 100), 4: (0, 900), 5: (5000, 900)}
    path = write_osm(
        tmp_path / "roads.osm",
        nodes,
        [
            (
                [1, 2, 2, 3],
                {"highway": "tertiary", "oneway": "-1", "maxspeed": "30 mph", "name": "둑길",
                 "ref": "12", "bridge": "viaduct", "tunnel": "no"},
            ),
            ([4, 5], {"route": "ferry", "duration": "00:40", "interval": "02:00"}),
            ([1, 4], {"highway": "footway"}),
        ],
    )  # fmt: skip
    lines = lines_of(path, scenarios)
    road, ferry = lines.frame.to_dict("records")
    assert (road["road_class"], road["kind"], road["name"], road["ref"]) == (
        "tertiary", "road", "둑길", "12"
    )  # fmt: skip
    assert road["oneway"]
    assert road["bridge"]
    assert not road["tunnel"]
    assert road["maxspeed_kmh"] == pytest.approx(48.28, abs=0.01)
    # Turned round, and without the doubled vertex; nodes are numbered in the order of their ids.
    assert lines.node_ids.tolist() == [2, 1, 0, 3, 4]
    expected = [(EAST + 1000, NORTH + 100), (EAST + 500, NORTH), (EAST, NORTH)]
    np.testing.assert_allclose(shapely.get_coordinates(road["geometry"]), expected, atol=0.02)
    assert (ferry["kind"], ferry["duration_min"], ferry["headway_min"]) == ("ferry", 40, 120)
    assert lines.frame["maxspeed_kmh"].isna().tolist() == [False, True]
    assert lines.frame.crs == "EPSG:5179"


def test_ways_are_cut_at_nodes_that_the_extract_lacks(tmp_path, scenarios):
    nodes = {number: (number * 100, 0) for number in (1, 2, 4, 5, 6, 8, 10)}
    ways = [(list(range(1, 11)), {"highway": "service"}), ([6, 8], {"highway": "track"})]
    lines = lines_of(write_osm(tmp_path / "cut.osm", nodes, ways), scenarios)
    # 3, 7 and 9 are missing; 8 and 10 alone are no line. Numbers are one less than the ids.
    assert lines.node_ids.tolist() == [0, 1, 3, 4, 5, 5, 7]
    assert lines.frame["road_class"].tolist() == ["service", "service", "track"]


def test_what_was_read_is_counted(tmp_path, scenarios):
    nodes = {1: (0, 0), 2: (500, 0), 3: (60_000, 0), 4: (60_500, 0), 5: (900, 0)}
    ways = [
        ([1, 2], {"highway": "road"}),
        ([1, 5], {"highway": "footway"}),
        ([3, 4], {"highway": "road"}),
        ([1, 5], {"route": "ferry"}),
        ([1, 5], {"route": "bus"}),
        ([1, 5], {"building": "yes"}),
        ([2, 5, 99], {"highway": "road"}),
        ([98, 99], {"highway": "road"}),
    ]
    path = write_osm(tmp_path / "roads.osm", nodes, ways)
    (reading,) = lines_of(path, scenarios, AREA).readings
    # Ways with highway or a ferry; of those for cars, two lie near.
    assert (reading.rows, reading.used) == (6, 3)
    assert (reading.file, reading.form, reading.crs) == (
        "roads.osm", "OpenStreetMap (.osm)", "EPSG:4326",
    )  # fmt: skip
    (told,) = reading.remarks
    assert told.problem.values == {"count": 2}
    (reading,) = lines_of(path, scenarios).readings
    assert (reading.rows, reading.used) == (6, 4)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "crs", "as_of"),
    [
        ("liechtenstein-latest", "EPSG:32632", None),
        ("andorra", "EPSG:32631", "2013-05-28"),
        ("helsinki-small", "EPSG:32635", None),
        ("chungcheong-main-roads", "EPSG:5179", None),
    ],
)
def test_counts_of_real_extracts(shared_data, scenarios, name, crs, as_of):
    """Rows are what osmium's own handler counts; used are those that hold a car road."""
    import osmium

    class Counter(osmium.SimpleHandler):
        rows = cars = 0

        def way(self, way):
            if "highway" in way.tags or way.tags.get("route") == "ferry":
                self.rows += 1
                self.cars += way_tags(dict(way.tags)) is not None

    path = shared_data / "osm" / f"{name}.osm.pbf"
    counter = Counter()
    counter.apply_file(str(path))
    scenario = demo_with(scenarios, file=path).model_copy(update={"crs": crs})
    (reading,) = read_road_lines(scenario, None, Settings(path.parent)).readings
    assert reading.rows == counter.rows
    lost = sum(one.problem.values["count"] for one in reading.remarks)
    assert counter.cars - lost <= reading.used <= counter.cars
    assert as_of is None or reading.as_of == as_of


def test_ways_near_the_area_are_kept_whole(tmp_path, scenarios):
    nodes = {1: (0, 0), 2: (500, 0), 3: (22_900, 0), 4: (60_000, 0), 5: (23_100, 0), 6: (23_200, 0)}
    ways = [([1, 2], {"highway": "road", "name": "in"})]
    ways.append(([3, 4], {"highway": "road", "name": "near"}))
    ways.append(([5, 6], {"highway": "road", "name": "far"}))
    path = write_osm(tmp_path / "wide.osm", nodes, ways)
    assert lines_of(path, scenarios, AREA).frame["name"].tolist() == ["in", "near"]
    assert len(lines_of(path, scenarios).frame) == 3


def test_no_file_and_no_download_means_a_proxy(scenarios, tmp_path):
    assert read_road_lines(demo_with(scenarios), AREA, Settings(tmp_path)) is None


def faults_of(path, scenarios, area=AREA):
    with pytest.raises(InputError) as caught:
        lines_of(path, scenarios, area)
    (fault,) = caught.value.faults
    assert fault.file == path.name
    assert fault.remedy.render("en")
    return fault.problem.render("en")


def test_faulty_files_are_named_with_a_remedy(tmp_path, scenarios):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    assert "no such file" in faults_of(tmp_path / "missing.osm.pbf", scenarios)
    assert "empty" in faults_of(written("empty.osm.pbf", b""), scenarios)
    assert "cannot be read" in faults_of(written("text.osm.pbf", b"not a pbf at all"), scenarios)
    assert "cannot be read" in faults_of(written("cut.osm", b"<osm><node id="), scenarios)
    assert "cannot be read" in faults_of(written("no.graphml", b"<graphml>"), scenarios)
    assert "cannot be read" in faults_of(written("none.graphml", b"plain text"), scenarios)
    assert "missing beside it" in faults_of(written("roads.shp", b"x"), scenarios)
    assert "format" in faults_of(written("roads.dat", b"x"), scenarios)
    nodes = {1: (0, 0), 2: (500, 0)}
    paths = write_osm(tmp_path / "paths.osm", nodes, [([1, 2], {"highway": "path"})])
    assert "no road for cars" in faults_of(paths, scenarios)
    roads = write_osm(tmp_path / "roads.osm", nodes, [([1, 2], {"highway": "road"})])
    elsewhere = shapely.box(EAST + 9000, NORTH, EAST + 9900, NORTH + 900)
    assert "inside the townships" in faults_of(roads, scenarios, elsewhere)


def test_a_truncated_extract_is_reported(tmp_path, scenarios, root):
    whole = (root / "data" / "roads" / "handeul.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in faults_of(path, scenarios)


def osmnx_graph():
    """Two streets that meet, one both ways and curved, one one-way, and a ferry."""
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, place in {10: (0, 0), 20: (1000, 0), 30: (2000, 0), 40: (9000, 0)}.items():
        x, y = degrees(*place)
        graph.add_node(node, x=x, y=y)
    curve = shapely.LineString([degrees(0, 0), degrees(500, 200), degrees(1000, 0)])
    street = {"osmid": [1, 2], "highway": ["residential", "tertiary"], "oneway": False,
              "maxspeed": ["50", "30"], "name": "굽은길", "length": 1077.0}  # fmt: skip
    graph.add_edge(10, 20, **street, reversed=False, geometry=curve)
    graph.add_edge(20, 10, **street, reversed=True, geometry=shapely.reverse(curve))
    oneway = {"osmid": 3, "highway": "primary", "oneway": [True, False], "reversed": False}
    graph.add_edge(20, 30, **oneway, length=1000.0)
    boat = {"osmid": 4, "route": "ferry", "duration": "00:30", "length": 7000.0}
    graph.add_edge(30, 40, **boat, reversed=False)
    graph.add_edge(40, 30, **boat, reversed=True)
    graph.add_edge(10, 30, osmid=5, highway="footway", length=2000.0)
    return graph


def test_graphml_as_osmnx_saves_it(tmp_path, scenarios):
    import osmnx

    path = tmp_path / "graph.graphml"
    osmnx.save_graphml(osmnx_graph(), path)
    lines = lines_of(path, scenarios, AREA)
    frame = lines.frame.set_index("road_class")
    assert frame.index.tolist() == ["residential", "primary", "ferry"]
    assert frame["oneway"].to_dict() == {"residential": False, "primary": True, "ferry": False}
    assert frame.loc["residential", "maxspeed_kmh"] == 30
    assert frame.loc["ferry", "duration_min"] == 30
    ids = np.split(lines.node_ids, np.cumsum(shapely.get_num_coordinates(frame.geometry)))
    assert ids[0][-1] == ids[1][0]
    assert ids[1][-1] == ids[2][0]
    assert len(set(lines.node_ids.tolist())) == 5
    expected = [(EAST, NORTH), (EAST + 500, NORTH + 200), (EAST + 1000, NORTH)]
    coordinates = shapely.get_coordinates(frame.geometry.iloc[0])
    np.testing.assert_allclose(coordinates, expected, atol=0.02)


def test_graphml_of_a_simplified_graph(tmp_path, scenarios):
    """OSMnx joins the ways of a street to lists; the street is read once, both ways."""
    import osmnx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node in range(6):
        x, y = degrees(500 * node, 300 * (node % 2))
        graph.add_node(node, x=x, y=y, street_count=2)
    for u in range(5):
        tags = {"osmid": u, "highway": "residential", "name": f"길{u}", "length": 583.0}
        graph.add_edge(u, u + 1, **tags, oneway=False, reversed=False)
        graph.add_edge(u + 1, u, **tags, oneway=False, reversed=True)
    simple = osmnx.simplify_graph(graph)
    assert len(simple.edges) == 2
    osmnx.save_graphml(simple, tmp_path / "simple.graphml")
    lines = lines_of(tmp_path / "simple.graphml", scenarios, AREA)
    (row,) = lines.frame.to_dict("records")
    assert (row["road_class"], row["oneway"]) == ("residential", False)
    assert len(row["geometry"].coords) == 6
    (reading,) = lines.readings
    assert (reading.rows, reading.used, reading.form) == (1, 1, "GraphML (OSMnx)")


def test_graphml_without_places(tmp_path, scenarios):
    graph = nx.MultiDiGraph()
    graph.add_edge(1, 2, highway="residential")
    nx.write_graphml(graph, tmp_path / "bare.graphml")
    assert "where its nodes are" in faults_of(tmp_path / "bare.graphml", scenarios)


def test_a_ferry_in_segments_keeps_its_crossing_time():
    graph = nx.MultiDiGraph(crs="EPSG:5179")
    for node, x in {1: 0, 2: 1000, 3: 4000}.items():
        graph.add_node(node, x=EAST + x, y=NORTH)
    for u, v in ((1, 2), (2, 3), (2, 1), (3, 2)):
        graph.add_edge(u, v, osmid=7, route="ferry", duration="00:40")
    lines = lines_from_graph(graph, "EPSG:5179", "graph")
    assert lines.frame["duration_min"].tolist() == pytest.approx([10, 30])


def answer():
    """What an Overpass server says about two streets, a house and a private road."""
    places = {1: (0, 0), 2: (800, 0), 3: (800, 700), 4: (0, 700)}
    nodes = []
    for number, place in places.items():
        lon, lat = degrees(*place)
        nodes.append({"type": "node", "id": number, "lat": lat, "lon": lon})
    tags = [
        ([1, 2, 3], {"highway": "tertiary", "maxspeed": "40", "oneway": "yes", "name": "장터길"}),
        ([3, 4, 1], {"highway": "residential"}),
        ([2, 4], {"highway": "service", "motor_vehicle": "private"}),
    ]
    ways = [
        {"type": "way", "id": number, "nodes": refs, "tags": given}
        for number, (refs, given) in enumerate(tags, start=100)
    ]
    return {"version": 0.6, "elements": [*nodes, *ways]}


@pytest.fixture
def overpass():
    """A stand-in for an Overpass server on this machine: its address, and what it was asked."""
    asked = []
    reply = {"status": 200, "body": json.dumps(answer()).encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["Content-Length"])
            asked.append(self.rfile.read(size).decode())
            ferry = "ferry" in asked[-1]
            empty = json.dumps({"version": 0.6, "elements": []}).encode()
            body = empty if ferry and reply["status"] == 200 else reply["body"]
            self.send_response(reply["status"])
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api", asked, reply
    server.shutdown()
    thread.join()
    server.server_close()


def test_download_from_an_overpass_server(overpass, scenarios, tmp_path):
    import osmnx

    url, asked, _ = overpass
    names = [name for name in dir(osmnx.settings) if name.islower() and not name.startswith("_")]
    before = {name: getattr(osmnx.settings, name) for name in names}
    resolver = socket.getaddrinfo
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    lines = read_road_lines(scenario, AREA, Settings(tmp_path / "cache"))
    assert {name: getattr(osmnx.settings, name) for name in names} == before
    assert socket.getaddrinfo is resolver
    assert any("tertiary" in one for one in asked)
    assert any("ferry" in one for one in asked)
    frame = lines.frame
    assert sorted(frame["road_class"]) == ["residential"] * 2 + ["tertiary"] * 2
    tertiary = frame[frame["road_class"] == "tertiary"]
    assert tertiary["oneway"].all()
    assert (tertiary["maxspeed_kmh"] == 40).all()
    assert not frame.loc[frame["road_class"] == "residential", "oneway"].any()
    assert len(set(lines.node_ids.tolist())) == 4
    # The second run asks nobody.
    count = len(asked)
    again = read_road_lines(scenario, AREA, Settings(tmp_path / "cache"))
    assert len(asked) == count
    assert again.frame.equals(lines.frame)


def test_what_was_downloaded_is_counted_and_dated(overpass, scenarios, tmp_path):
    url, _, reply = overpass
    dated = {"osm3s": {"timestamp_osm_base": "2026-11-20T01:02:03Z"}}
    reply["body"] = json.dumps({**dated, **answer()}).encode()
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    for _ in range(2):  # the second time from what was kept
        (reading,) = read_road_lines(scenario, AREA, Settings(tmp_path / "cache")).readings
        # The private road is no road for cars.
        assert (reading.rows, reading.used, reading.as_of) == (3, 2, "2026-11-20")


def test_a_kept_answer_that_was_cut_off(overpass, scenarios, tmp_path):
    url, _, _ = overpass
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    settings = Settings(tmp_path / "cache")
    whole = read_road_lines(scenario, AREA, settings)
    for file in settings.cache_dir.rglob("*.json"):
        file.write_text(file.read_text("utf-8")[:50], encoding="utf-8")
    assert read_road_lines(scenario, AREA, settings).frame.equals(whole.frame)


def test_a_server_that_does_not_answer(scenarios, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    with pytest.raises(DownloadError, match=r"roads\.overpass_url") as caught:
        read_road_lines(scenario, AREA, Settings(tmp_path))
    assert url in caught.value.render("en")


@pytest.mark.parametrize(("status", "body"), [(500, b"broken"), (200, b"<html>no json</html>")])
def test_a_server_that_answers_nonsense(overpass, scenarios, tmp_path, status, body):
    url, _, reply = overpass
    reply |= {"status": status, "body": body}
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    with pytest.raises(DownloadError, match="could not be fetched"):
        read_road_lines(scenario, AREA, Settings(tmp_path))


def test_a_busy_server_is_asked_three_times(overpass, scenarios, tmp_path, monkeypatch):
    url, asked, reply = overpass
    reply |= {"status": 504, "body": b"busy"}
    pauses = []
    monkeypatch.setattr("osmnx._overpass.time.sleep", pauses.append)
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    with pytest.raises(DownloadError, match="HTTP 504"):
        read_road_lines(scenario, AREA, Settings(tmp_path))
    assert len(asked) == 3


def test_half_an_answer_is_no_answer(overpass, scenarios, tmp_path):
    url, _, reply = overpass
    reply["body"] = json.dumps({**answer(), "remark": "runtime error: timed out"}).encode()
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    with pytest.raises(DownloadError, match="timed out"):
        read_road_lines(scenario, AREA, Settings(tmp_path))


def test_an_area_without_roads_is_a_fault_of_the_input(overpass, scenarios, tmp_path):
    url, _, reply = overpass
    reply["body"] = json.dumps({"version": 0.6, "elements": []}).encode()
    scenario = demo_with(scenarios, download=True, overpass_url=url)
    with pytest.raises(InputError, match="no roads"):
        read_road_lines(scenario, AREA, Settings(tmp_path))


def test_osmnx_log_handlers_stay_alone():
    assert not logging.getLogger("OSMnx").handlers


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "crs"), [("liechtenstein-latest", "EPSG:32632"), ("andorra", "EPSG:32631")]
)
def test_lengths_of_real_extracts(shared_data, scenarios, name, crs):
    """Car roads are as long as osmium's own way lengths say."""
    import osmium

    path = shared_data / "osm" / f"{name}.osm.pbf"
    scenario = demo_with(scenarios, file=path).model_copy(update={"crs": crs})
    lines = read_road_lines(scenario, None, Settings(path.parent))
    total = 0.0
    for way in osmium.FileProcessor(str(path)).with_locations():
        if way.is_way() and way_tags(dict(way.tags)):
            total += osmium.geom.haversine_distance(way.nodes)
    # The haversine is a sphere's, up to 0.3 % from the ellipsoid; UTM adds up to 0.04 %.
    assert lines.frame.geometry.length.sum() == pytest.approx(total, rel=4e-3)


def test_ways_near_an_area_are_those_that_shapely_finds(shared_data, scenarios):
    """Ways are judged by squares and by boxes first: the result is that of the plain question."""
    path = shared_data / "osm" / "chungcheong-main-roads.osm.pbf"
    lines = lines_of(path, scenarios)
    west, south, east, north = lines.bounds
    rng = np.random.default_rng(8)
    for _ in range(12):
        corners = rng.uniform((west, south), (east, north), (5, 2))
        area = shapely.convex_hull(shapely.multipoints(corners))
        for distance_m in (0.0, 300.0, 4000.0, 20_000.0):
            near = lines.near(area, distance_m)
            expected = shapely.distance(area, lines.frame.geometry.to_numpy()) <= distance_m
            assert near.ways["way"].tolist() == lines.ways.loc[expected, "way"].tolist()
            assert near.frame.geometry.geom_equals(
                lines.frame.geometry[expected].reset_index(drop=True)
            ).all()
        assert lines.touch(area) == bool(
            shapely.intersects(area, lines.frame.geometry.to_numpy()).any()
        )
