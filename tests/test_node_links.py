"""The standard node-link data (표준노드링크), drawn by hand and written as Shapefiles."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from osm_cases import EAST, NORTH, demo_with, geodesic_m
from pyproj import Transformer

from ruralcare.errors import InputError
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.network.build import build_network
from ruralcare.settings import Settings

AREA = shapely.box(EAST - 100, NORTH - 100, EAST + 3000, NORTH + 3000)
NODES = {"4620000100": (0, 0), "4620000200": (1000, 0), "4620000300": (2000, 0),
         "4620000400": (1000, 1000), "4620000500": (1000, -1000)}  # fmt: skip
A, B, C, D, E = NODES
LINK = {
    "LANES": 2, "ROAD_RANK": "106", "ROAD_TYPE": "000", "ROAD_NO": "806", "ROAD_NAME": "땅끝해안로",
    "ROAD_USE": "0", "MULTI_LINK": "0", "CONNECT": "000", "MAX_SPD": 60, "REST_VEH": "0",
    "REST_W": 0, "REST_H": 0, "LENGTH": 0.0, "REMARK": None,
}  # fmt: skip


def link(number, start, stop, *between, **changes):
    places = [NODES[start], *between, NODES[stop]]
    return {"LINK_ID": f"46200{number:05d}", "F_NODE": start, "T_NODE": stop, **LINK, **changes,
            "places": places}  # fmt: skip


def both(number, start, stop, *between, **changes):
    """Both directions of a street, drawn alike."""
    return [
        link(number, start, stop, *between, **changes),
        link(number + 1, stop, start, *reversed(between), **changes),
    ]


def write(folder, links, nodes=None, *, crs="EPSG:5186", encoding="CP949", cpg=True, prj=True,
          name="MOCT_LINK", drop=()):  # fmt: skip
    folder.mkdir(exist_ok=True)
    to_crs = Transformer.from_crs("EPSG:5179", crs, always_xy=True)

    def line(places):
        x, y = np.array(places, dtype=float).T
        return shapely.LineString(np.column_stack(to_crs.transform(EAST + x, NORTH + y)))

    rows = pd.DataFrame([{k: v for k, v in one.items() if k != "places"} for one in links])
    frame = gpd.GeoDataFrame(
        rows, geometry=[None if one["places"] is None else line(one["places"]) for one in links],
        crs=crs if prj else None,
    ).drop(columns=list(drop))  # fmt: skip
    _save(frame, folder / f"{name}.shp", encoding)
    nodes = NODES if nodes is None else nodes
    if nodes:
        ends = gpd.GeoDataFrame(
            {"NODE_ID": list(nodes), "NODE_NAME": ["해남교차로"] * len(nodes)},
            geometry=[shapely.Point(line([place, (0, 0)]).coords[0]) for place in nodes.values()],
            crs=crs if prj else None,
        )
        file = folder / f"{name.replace('LINK', 'NODE').replace('link', 'node')}.shp"
        _save(ends, file, encoding)
    for file in folder.iterdir():
        if file.suffix == ".cpg" and not cpg:
            file.unlink()
    return folder / f"{name}.shp"


def _save(frame, path, encoding):
    with warnings.catch_warnings():
        # A Shapefile without .prj is what some of these tests are about.
        warnings.simplefilter("ignore")
        frame.to_file(path, encoding=encoding, engine="pyogrio")


def lines_of(path, scenarios, area=AREA, **roads):
    return read_road_lines(demo_with(scenarios, file=path, **roads), area, Settings(path.parent))


STREETS = [*both(1, A, B), *both(3, B, C), *both(5, B, D)]


@pytest.mark.parametrize("encoding", ["CP949", "UTF-8"])
@pytest.mark.parametrize("cpg", [True, False])
@pytest.mark.parametrize("prj", [True, False])
def test_all_ways_in_which_the_ministry_writes_it(tmp_path, scenarios, encoding, cpg, prj):
    path = write(tmp_path / "its", STREETS, encoding=encoding, cpg=cpg, prj=prj)
    lines = lines_of(path, scenarios)
    assert lines.frame["name"].tolist() == ["땅끝해안로"] * 3
    assert lines.frame["ref"].tolist() == ["806"] * 3
    (reading,) = lines.readings
    assert (reading.rows, reading.used) == (6, 6)
    assert (reading.crs, reading.encoding) == ("EPSG:5186", encoding)
    assert reading.remarks == ()
    coordinates = shapely.get_coordinates(lines.frame.geometry.iloc[0])
    np.testing.assert_allclose(coordinates, [(EAST, NORTH), (EAST + 1000, NORTH)], atol=0.02)
    assert any("TURNINFO" in note.render("en") for note in lines.notes)


def test_a_cpg_that_lies_is_not_believed(tmp_path, scenarios):
    path = write(tmp_path / "its", STREETS, encoding="CP949")
    (path.with_suffix(".cpg")).write_text("UTF-8")
    assert set(lines_of(path, scenarios).frame["name"]) == {"땅끝해안로"}


def test_codes_as_numbers_and_names_in_small_letters(tmp_path, scenarios):
    links = [{key.lower() if key != "places" else key: value for key, value in one.items()}
             for one in STREETS]  # fmt: skip
    for one in links:
        for key in ("link_id", "f_node", "t_node", "road_rank"):
            one[key] = float(one[key])
    lines = lines_of(write(tmp_path / "its", links, name="moct_link"), scenarios)
    assert lines.frame["road_class"].tolist() == ["secondary"] * 3
    # A, B, C and D.
    assert len(set(lines.node_ids.tolist())) == 4
    assert lines.readings[0].remarks == ()


def test_both_links_of_a_street_are_one_row_open_both_ways(tmp_path, scenarios):
    links = [*both(1, A, B, (500, 200)), link(3, B, C)]
    links[1] = links[1] | {"MAX_SPD": 40, "ROAD_NAME": "되돌이길"}
    frame = lines_of(write(tmp_path / "its", links), scenarios).frame
    assert frame["oneway"].tolist() == [False, True]
    # The lower of two limits: no direction is promised to be faster than it is.
    assert frame["maxspeed_kmh"].tolist() == [40, 60]
    assert frame["rows"].tolist() == [2, 1]


def test_roads_that_lie_apart_or_are_motorways_stay_two(tmp_path, scenarios):
    detour = link(2, B, A, (500, 300))
    motorway = both(3, B, C, ROAD_RANK="101", MAX_SPD=100)
    frame = lines_of(write(tmp_path / "its", [link(1, A, B), detour, *motorway]), scenarios).frame
    assert frame["oneway"].all()
    assert len(frame) == 4


def test_of_parallel_links_none_is_lost(tmp_path, scenarios):
    # Two links one way, one the other way, all within a few metres.
    links = [link(1, A, B), link(2, B, A), link(3, A, B, (500, 5))]
    lines = lines_of(write(tmp_path / "its", links), scenarios)
    assert sorted(lines.frame["oneway"]) == [False, True]
    assert lines.readings[0].used == 3


def test_links_meet_at_nodes_only(tmp_path, scenarios):
    # A bridge from D to E over the road from A to C, which has no node where they cross.
    nodes = {code: NODES[code] for code in (A, C, D, E)}
    links = [*both(1, A, C, (1000, 0)), *both(3, D, E, (1000, 0), ROAD_TYPE="003")]
    path = write(tmp_path / "its", links, nodes)
    scenario = demo_with(scenarios, file=path)
    network = build_network(lines_of(path, scenarios), scenario.roads)
    assert len(network.pieces) == 2
    assert network.edges.set_index("bridge")["length_m"].to_dict() == pytest.approx(
        {False: geodesic_m((0, 0), (1000, 0), (2000, 0)),
         True: geodesic_m((1000, 1000), (1000, 0), (1000, -1000))}, abs=0.05
    )  # fmt: skip
    assert any("TURNINFO" in note.render("en") for note in network.notes)
    assert network.readings[0].form.startswith("standard node-link data")


def test_minutes_by_hand(tmp_path, scenarios):
    """Round a block: out by one street, back by a one-way, at the limits of the links."""
    links = [
        *both(1, A, B, MAX_SPD=30),
        link(3, B, D, MAX_SPD=0, ROAD_RANK="103"),
        link(4, D, A, (0, 1000), MAX_SPD=50),
    ]
    path = write(tmp_path / "its", links)
    scenario = demo_with(scenarios, file=path)
    network = build_network(lines_of(path, scenarios), scenario.roads)
    import networkx as nx

    from ruralcare.network.convert import to_networkx

    graph = to_networkx(network)
    at = {code: min(graph.nodes, key=lambda n: abs(graph.nodes[n]["x"] - EAST - place[0])
                    + abs(graph.nodes[n]["y"] - NORTH - place[1]))
          for code, place in NODES.items() if code in (A, B, D)}  # fmt: skip

    def minutes(start, stop):
        return nx.shortest_path_length(graph, at[start], at[stop], weight="time_min")

    street, primary = 60 / 30, 60 / scenario.roads.speeds_kmh["primary"]
    assert minutes(A, B) == pytest.approx(street, rel=1e-3)
    assert minutes(B, A) == pytest.approx(street, rel=1e-3)
    assert minutes(B, D) == pytest.approx(primary, rel=1e-3)
    assert minutes(D, B) == pytest.approx(2 * 60 / 50 + street, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "road_class"),
    [
        ({"ROAD_RANK": "101"}, "motorway"),
        ({"ROAD_RANK": "101", "CONNECT": "101"}, "motorway_link"),
        ({"ROAD_RANK": "102"}, "trunk"),
        ({"ROAD_RANK": "103"}, "primary"),
        ({"ROAD_RANK": "103", "CONNECT": "103"}, "primary_link"),
        ({"ROAD_RANK": "104"}, "secondary"),
        ({"ROAD_RANK": "105"}, "secondary"),
        ({"ROAD_RANK": "106"}, "secondary"),
        ({"ROAD_RANK": "107"}, "tertiary"),
        ({"ROAD_RANK": "107", "CONNECT": "107"}, "tertiary"),
        ({"ROAD_RANK": "108"}, "unclassified"),
    ],
)
def test_classes(tmp_path, scenarios, changes, road_class):
    path = write(tmp_path / "its", [link(1, A, B, **changes)])
    assert lines_of(path, scenarios).frame["road_class"].tolist() == [road_class]


@pytest.mark.parametrize(
    ("road_type", "bridge", "tunnel"),
    [("000", 0, 0), ("001", 1, 0), ("002", 0, 1), ("003", 1, 0), ("004", 0, 1)],
)
def test_bridges_and_tunnels(tmp_path, scenarios, road_type, bridge, tunnel):
    (row,) = lines_of(
        write(tmp_path / "its", [link(1, A, B, ROAD_TYPE=road_type)]), scenarios
    ).frame.to_dict("records")
    assert (row["bridge"], row["tunnel"]) == (bridge, tunnel)


def test_what_is_closed_is_counted_and_left_out(tmp_path, scenarios):
    links = [*both(1, A, B), link(3, B, C, ROAD_USE="1"), link(4, B, D, REST_VEH="1"),
             link(5, B, D, REST_VEH="4")]  # fmt: skip
    lines = lines_of(write(tmp_path / "its", links), scenarios)
    (reading,) = lines.readings
    assert (reading.rows, reading.used) == (5, 3)
    told = {(one.column, one.problem.values["count"]) for one in reading.remarks}
    assert told == {("ROAD_USE", 1), ("REST_VEH", 1)}


def test_doubtful_cells_are_told_with_their_rows(tmp_path, scenarios):
    links = [link(1, A, B, ROAD_RANK="999"), link(2, B, C, MAX_SPD=999), link(3, B, D, MAX_SPD=0)]
    lines = lines_of(write(tmp_path / "its", links), scenarios)
    (reading,) = lines.readings
    told = [(one.row, one.column, one.value) for one in reading.remarks]
    assert told == [(2, "ROAD_RANK", "999"), (3, "MAX_SPD", "999")]
    assert lines.frame["maxspeed_kmh"].isna().tolist() == [False, True, True]
    assert lines.frame["road_class"].tolist() == ["road", "secondary", "secondary"]


def test_links_drawn_backwards_are_turned(tmp_path, scenarios):
    wrong = link(1, A, B)
    wrong["places"] = wrong["places"][::-1]
    lines = lines_of(write(tmp_path / "its", [wrong, link(2, B, C)]), scenarios)
    coordinates = shapely.get_coordinates(lines.frame.geometry.iloc[0])
    np.testing.assert_allclose(coordinates, [(EAST, NORTH), (EAST + 1000, NORTH)], atol=0.02)
    assert lines.node_ids[1] == lines.node_ids[2]


def test_ends_off_their_nodes_are_told_and_joined_by_code(tmp_path, scenarios):
    nodes = NODES | {B: (1000, 40)}
    lines = lines_of(write(tmp_path / "its", [link(1, A, B), link(2, B, C)], nodes), scenarios)
    told = [
        (one.row, one.column, one.value, one.problem.values) for one in lines.readings[0].remarks
    ]
    assert told == [(2, "T_NODE", B, {"metres": 40}), (3, "F_NODE", B, {"metres": 40})]
    assert lines.node_ids[1] == lines.node_ids[2]


def test_a_node_that_is_missing_does_no_harm(tmp_path, scenarios):
    nodes = {code: place for code, place in NODES.items() if code != B}
    lines = lines_of(write(tmp_path / "its", [link(1, A, B), link(2, B, C)], nodes), scenarios)
    assert lines.node_ids[1] == lines.node_ids[2]
    assert lines.readings[0].remarks == ()


def test_without_nodes(tmp_path, scenarios):
    path = write(tmp_path / "its", [link(1, A, B), link(2, B, C)], nodes={})
    lines = lines_of(path, scenarios)
    assert lines.node_ids[1] == lines.node_ids[2]
    (told,) = lines.readings[0].remarks
    assert told.problem.template.startswith("There is no node file")


def test_only_the_links_near_the_townships_are_read(tmp_path, scenarios):
    far = {"9990000100": (60_000, 0), "9990000200": (61_000, 0)}
    distant = {**link(9, A, B), "F_NODE": "9990000100", "T_NODE": "9990000200",
               "places": list(far.values())}  # fmt: skip
    path = write(tmp_path / "its", [link(1, A, B), distant], NODES | far)
    (reading,) = lines_of(path, scenarios).readings
    assert (reading.rows, reading.used) == (2, 1)
    (reading,) = lines_of(path, scenarios, None).readings
    assert (reading.rows, reading.used) == (2, 2)


def fault_of(path, scenarios, **roads):
    with pytest.raises(InputError) as caught:
        lines_of(path, scenarios, **roads)
    (fault,) = caught.value.faults
    assert fault.file == path.name
    return fault


def test_another_crs(tmp_path, scenarios):
    path = write(tmp_path / "its", STREETS, crs="EPSG:5179", prj=False)
    fault = fault_of(path, scenarios)
    assert fault.problem.template == "The roads lie outside Korea in {crs}."
    assert "EPSG:5179" in fault.remedy.render("en")
    assert fault.column == "roads.crs"
    assert len(lines_of(path, scenarios, crs="EPSG:5179").frame) == 3


def test_a_crs_100_km_off_is_told_by_the_townships(tmp_path, scenarios):
    # EPSG:5181 and 5186 differ by 100 km to the north and both lie in Korea.
    path = write(tmp_path / "its", STREETS, crs="EPSG:5181", prj=False)
    fault = fault_of(path, scenarios)
    assert fault.problem.template == "It has no road inside the townships."
    assert "EPSG:5181" in fault.remedy.render("en")


def test_the_node_file_given_for_the_link_file(tmp_path, scenarios):
    path = write(tmp_path / "its", STREETS)
    fault = fault_of(path.with_name("MOCT_NODE.shp"), scenarios)
    assert fault.problem.values["columns"] == "LINK_ID, F_NODE, T_NODE, ROAD_RANK"


@pytest.mark.parametrize("suffix", [".dbf", ".shx"])
def test_a_part_of_the_shapefile_is_missing(tmp_path, scenarios, suffix):
    path = write(tmp_path / "its", STREETS)
    path.with_suffix(suffix).unlink()
    fault = fault_of(path, scenarios)
    assert fault.problem.values["name"] == f"MOCT_LINK{suffix}"


def test_doubled_and_missing_codes(tmp_path, scenarios):
    links = [link(1, A, B), link(1, B, C), link(3, B, D, T_NODE=None)]
    with pytest.raises(InputError) as caught:
        lines_of(write(tmp_path / "its", links), scenarios)
    told = [(one.row, one.column, one.value) for one in caught.value.faults]
    assert told == [(4, "T_NODE", None), (3, "LINK_ID", "4620000001")]


def test_links_in_parts_and_without_a_line(tmp_path, scenarios):
    links = [link(1, A, B), {**link(2, B, C), "places": None}]
    path = write(tmp_path / "its", links)
    # Without an area the row without a place is read too.
    lines = lines_of(path, scenarios, None)
    (told,) = lines.readings[0].remarks
    assert (told.row, told.column, told.value) == (3, "LINK_ID", "4620000002")
    frame = gpd.read_file(path)
    first, *_ = frame.geometry
    middle = first.interpolate(0.5, normalized=True)
    halves = [shapely.LineString([first.coords[0], middle]),
              shapely.LineString([middle, first.coords[-1]])]  # fmt: skip
    frame.loc[0, "geometry"] = shapely.MultiLineString(halves)
    _save(frame, path, "CP949")
    lines = lines_of(path, scenarios)
    assert len(lines.frame) == 1
    assert lines.frame.geometry.length.iloc[0] == pytest.approx(1000, abs=0.1)
