"""Plain edge lists."""

from __future__ import annotations

import csv

import networkx as nx
import numpy as np
import pytest
import shapely
from osm_cases import EAST, NORTH, degrees, demo_with, geodesic_m
from pyproj import Transformer

from ruralcare.errors import InputError
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.network.build import build_network
from ruralcare.network.convert import to_networkx
from ruralcare.settings import Settings

AREA = shapely.box(EAST - 100, NORTH - 100, EAST + 3000, NORTH + 3000)
PLACES = {"가": (0, 0), "나": (1000, 0), "다": (1000, 1000), "라": (0, 1000)}


def write(path, rows, *, kind="degrees", crs="EPSG:5186", encoding="utf-8"):
    """Write rows (u, v, {column: value})."""
    to_crs = Transformer.from_crs("EPSG:5179", crs, always_xy=True)

    def metres(code):
        x, y = PLACES[code]
        return to_crs.transform(EAST + x, NORTH + y)

    table = []
    for u, v, others in rows:
        if kind == "degrees":
            places = zip(("u_lon", "u_lat", "v_lon", "v_lat"),
                         (*degrees(*PLACES[u]), *degrees(*PLACES[v])), strict=True)  # fmt: skip
        elif kind == "metres":
            places = zip(("u_x", "u_y", "v_x", "v_y"), (*metres(u), *metres(v)), strict=True)
        else:
            line = shapely.LineString([metres(u), metres(v)])
            places = [("geometry", line.wkt)]
        table.append({"u": u, "v": v, **dict(places), **others})
    header = list(dict.fromkeys(key for row in table for key in row))
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(table)
    return path


RING = [
    ("가", "나", {"speed_kmh": 30, "name": "장터길"}),
    ("나", "다", {"time_min": 4}),
    ("다", "라", {"length_m": 1500, "speed_kmh": 60}),
    ("라", "가", {"road_class": "tertiary", "oneway": "yes"}),
]


def lines_of(path, scenarios, area=AREA, **roads):
    return read_road_lines(demo_with(scenarios, file=path, **roads), area, Settings(path.parent))


def minutes(lines, scenario):
    """Minutes of every edge in both directions, by the names of its ends."""
    network = build_network(lines, scenario.roads)
    graph = to_networkx(network)
    code = {
        node: min(PLACES, key=lambda one: np.hypot(data["x"] - EAST - PLACES[one][0],
                                                   data["y"] - NORTH - PLACES[one][1]))
        for node, data in graph.nodes(data=True)
    }  # fmt: skip
    return nx.relabel_nodes(graph, code), network


@pytest.mark.parametrize("kind", ["degrees", "metres", "geometry"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-8-sig"])
def test_minutes_by_hand(tmp_path, scenarios, kind, encoding):
    path = write(tmp_path / "roads.csv", RING, kind=kind, encoding=encoding)
    crs = None if kind == "degrees" else "EPSG:5186"
    lines = lines_of(path, scenarios, crs=crs)
    scenario = demo_with(scenarios, file=path)
    graph, network = minutes(lines, scenario)

    def least(u, v):
        return nx.shortest_path_length(graph, u, v, weight="time_min")

    km = 1e-3 * geodesic_m(PLACES["가"], PLACES["나"])
    assert least("가", "나") == pytest.approx(km * 2, rel=1e-4)
    assert least("나", "다") == pytest.approx(4, rel=1e-4)
    assert least("다", "라") == pytest.approx(1.5, rel=1e-4)
    assert least("라", "다") == pytest.approx(1.5, rel=1e-4)
    tertiary = scenario.roads.speeds_kmh["tertiary"]
    assert least("라", "가") == pytest.approx(km * 60 / tertiary, rel=1e-4)
    # Against the one-way street it is the long way round.
    assert least("가", "라") == pytest.approx(km * 2 + 4 + 1.5, rel=1e-4)
    assert 1500 in network.edges["length_m"].round(1).tolist()
    (reading,) = network.readings
    assert (reading.rows, reading.used, reading.crs) == (4, 4, crs or "EPSG:4326")
    assert reading.encoding == ("CP949" if encoding == "cp949" else "UTF-8")
    assert "장터길" in set(lines.frame["name"])


def test_a_ferry_and_a_row_against_its_direction(tmp_path, scenarios):
    rows = [*RING[:3], ("라", "가", {"road_class": "ferry", "time_min": 20}),
            ("나", "가", {"speed_kmh": 50, "oneway": "-1"})]  # fmt: skip
    path = write(tmp_path / "roads.csv", rows)
    lines = lines_of(path, scenarios)
    assert lines.frame["kind"].tolist() == ["road"] * 3 + ["ferry", "road"]
    assert lines.frame["duration_min"].tolist()[3] == 20
    graph, _ = minutes(lines, demo_with(scenarios, file=path))
    # A quarter of the usual hour between departures at either end.
    assert graph["라"]["가"][0]["time_min"] == pytest.approx(20 + 15 + 15)
    fast = [data["speed_kmh"] for data in graph["가"]["나"].values()]
    assert sorted(fast) == pytest.approx([30, 50])
    assert [data["speed_kmh"] for data in graph["나"]["가"].values()] == pytest.approx([30])


def test_a_line_with_bends_is_drawn_and_measured(tmp_path, scenarios):
    bend = [degrees(0, 0), degrees(500, 400), degrees(1000, 0)]
    row = ("가", "나", {"geometry": shapely.LineString(bend).wkt, "speed_kmh": 60})
    path = write(tmp_path / "roads.csv", [row], kind="geometry")
    lines = lines_of(path, scenarios)
    (line,) = lines.frame.geometry
    assert len(line.coords) == 3
    _, network = minutes(lines, demo_with(scenarios, file=path))
    length = geodesic_m((0, 0), (500, 400), (1000, 0))
    assert network.edges["length_m"].tolist() == pytest.approx([length], abs=0.05)


def test_edges_meet_where_codes_agree_and_nowhere_else(tmp_path, scenarios):
    """Two edges that cross without a common code stay apart."""
    path = write(tmp_path / "roads.csv", [("가", "다", {}), ("나", "라", {})])
    _, network = minutes(lines_of(path, scenarios), demo_with(scenarios, file=path))
    assert len(network.pieces) == 2


def test_a_node_at_two_places_is_told(tmp_path, scenarios):
    path = write(tmp_path / "roads.csv", RING)
    text = path.read_text("utf-8").replace("나,다,", "가,다,")
    path.write_text(text, encoding="utf-8")
    (told,) = lines_of(path, scenarios).readings[0].remarks
    assert (told.row, told.column, told.value) == (3, "u", "가")
    assert told.problem.values["km"] == 1


def faults_of(path, scenarios, **roads):
    with pytest.raises(InputError) as caught:
        lines_of(path, scenarios, **roads)
    assert {fault.file for fault in caught.value.faults} == {path.name}
    places = [(fault.row, fault.column, fault.value) for fault in caught.value.faults]
    return sorted(places, key=lambda place: place[0] or 0)


def test_every_fault_has_its_row_and_column(tmp_path, scenarios):
    rows = [
        ("가", "나", {"speed_kmh": "fast"}),
        ("나", "다", {"speed_kmh": 200}),
        ("다", "라", {"length_m": 0}),
        ("라", "가", {"oneway": "maybe"}),
        ("가", "나", {"road_class": "footway"}),
        ("가", "나", {"u_lon": 999}),
        ("가", "나", {"v_lat": ""}),
        ("가", "가", {}),
        ("가", "나", {"time_min": 0.01}),
        ("가", "나", {"u": ""}),
    ]
    assert faults_of(write(tmp_path / "roads.csv", rows), scenarios) == [
        (2, "speed_kmh", "fast"),
        (3, "speed_kmh", "200"),
        (4, "length_m", "0"),
        (5, "oneway", "maybe"),
        (6, "road_class", "footway"),
        (7, "u_lon", "999"),
        (8, "v_lat", None),
        (9, None, None),
        (10, "time_min", "0.01"),
        (11, "u", None),
    ]


@pytest.mark.parametrize(
    ("text", "crs", "place"),
    [
        ("a,b\n1,2\n", None, (1, None, None)),
        ("u,v\n1,2\n", None, (1, None, None)),
        ("u,v,u_x,u_y,v_x,v_y\n1,2,0,0,1,1\n", None, (None, "roads.crs", None)),
        ("u,v,u_x,u_y,v_x,v_y\n1,2,0,0,1,1\n", "EPSG:0", (None, "roads.crs", "EPSG:0")),
        ("u,v,geometry\n1,2,POINT (127 36)\n", None, (2, "geometry", "POINT (127 36)")),
        ("u,v,geometry\n1,2,\n", None, (2, "geometry", "")),
        ('u,v,geometry\n1,2,"LINESTRING (2e5 5e5, 2e5 6e5)"\n', None,
         (2, "geometry", "LINESTRING (2e5 5e5, 2e5 6e5)")),
    ],
)  # fmt: skip
def test_places_that_cannot_be_used(tmp_path, scenarios, text, crs, place):
    path = tmp_path / "roads.csv"
    path.write_text(text, encoding="utf-8")
    assert faults_of(path, scenarios, crs=crs) == [place]


def test_a_wrong_crs_is_told_with_the_one_that_fits(tmp_path, scenarios):
    path = write(tmp_path / "roads.csv", RING, kind="metres", crs="EPSG:5181")
    with pytest.raises(InputError) as caught:
        lines_of(path, scenarios, crs="EPSG:5186")
    (fault,) = caught.value.faults
    assert fault.problem.template == "It has no road inside the townships."
    assert "EPSG:5181" in fault.remedy.render("en")


def test_lengths_in_kilometres_are_refused(tmp_path, scenarios):
    """Ends 1,000 m apart: 980 m may be rounding, 900 m cannot be."""
    rows = [
        ("가", "나", {"length_m": 1.0}),
        ("나", "다", {"length_m": 900}),
        ("다", "라", {"length_m": 985}),
        ("라", "가", {}),
    ]
    path = write(tmp_path / "roads.csv", rows)
    assert faults_of(path, scenarios) == [(2, "length_m", "1.0"), (3, "length_m", "900")]


def remarks_of(path, scenarios):
    (reading,) = lines_of(path, scenarios).readings
    return [(one.row, one.column, one.value) for one in reading.remarks]


def test_lengths_and_times_that_are_doubtful_are_told(tmp_path, scenarios):
    rows = [
        ("가", "나", {"length_m": 5500}),
        ("나", "다", {"length_m": 4500}),
        ("다", "라", {"time_min": 60}),
        ("라", "가", {"time_min": 60, "road_class": "ferry"}),
    ]
    path = write(tmp_path / "roads.csv", rows)
    assert remarks_of(path, scenarios) == [(2, "length_m", "5500"), (4, "time_min", "60")]


def test_a_loop_measured_in_kilometres_is_told(tmp_path, scenarios):
    ring = [degrees(0, 0), degrees(500, 400), degrees(900, 0), degrees(0, 0)]
    rows = [
        ("가", "나", {"geometry": shapely.LineString([degrees(0, 0), degrees(1000, 0)]).wkt}),
        ("가", "가", {"geometry": shapely.LineString(ring).wkt, "length_m": 2.1}),
    ]
    path = write(tmp_path / "roads.csv", rows, kind="geometry")
    assert remarks_of(path, scenarios) == [(3, "length_m", "2.1")]


def test_a_ferry_may_take_longer_back_than_there(tmp_path, scenarios):
    rows = [
        *RING[:3],
        ("라", "가", {"road_class": "ferry", "time_min": 20, "oneway": "yes"}),
        ("가", "라", {"road_class": "ferry", "time_min": 30, "oneway": "yes"}),
    ]
    path = write(tmp_path / "roads.csv", rows)
    lines = lines_of(path, scenarios)
    assert lines.frame["oneway"].tolist() == [False, False, False, True, True]
    graph, _ = minutes(lines, demo_with(scenarios, file=path))
    there = [data["time_min"] for data in graph["라"]["가"].values()]
    back = [data["time_min"] for data in graph["가"]["라"].values()]
    # With a quarter of the usual hour between departures at either end.
    assert there == pytest.approx([20 + 30])
    assert back == pytest.approx([30 + 30])


def test_roads_too_short_to_be_used_name_their_file(tmp_path, scenarios):
    path = write(tmp_path / "roads.csv", [("가", "나", {})])
    lines = lines_of(path, scenarios)
    roads = demo_with(scenarios, file=path).roads.model_copy(update={"min_piece_km": 2.0})
    with pytest.raises(InputError) as caught:
        build_network(lines, roads)
    (fault,) = caught.value.faults
    assert (fault.file, fault.column) == ("roads.csv", "roads.min_piece_km")
