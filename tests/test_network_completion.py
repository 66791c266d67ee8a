"""Holes in road data: what links fill them, and what must never happen."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import CRS, at, ferry, minutes, network, road, sites
from shapely.geometry import Point, box
from test_network_proxy import county

from ruralcare.network import travel_times
from ruralcare.network.completion import complete, hole_notes
from ruralcare.network.cuts import cut_edges
from ruralcare.network.parts import strong_parts
from ruralcare.network.reading import land_pieces
from ruralcare.scenario import Completion, RoadsSource
from ruralcare.types import Townships

# A proxy link: 1.5 times the straight line at 30 km/h, so 3 minutes a straight kilometre.
RULES = RoadsSource(
    proxy_detour_factor=1.5, proxy_speed_kmh=30.0, water_gap_m=300.0, complete=Completion()
)
PLAIN = {"T": box(-5000, -5000, 25_000, 15_000)}


def links(roads):
    """Proxy links as places of their ends in km."""
    xy = np.round((shapely.get_coordinates(roads.nodes.geometry) - at(0, 0)) / 1000, 2)
    ends = roads.edges.loc[roads.edges["proxy"], ["u", "v"]].to_numpy().tolist()
    return {tuple(sorted((tuple(xy[u].tolist()), tuple(xy[v].tolist())))) for u, v in ends}


def strong_count(roads):
    edges = roads.edges
    ends = (edges[name].to_numpy(dtype=np.int64) for name in ("u", "v"))
    oneway = edges["oneway"].to_numpy(dtype=bool)
    return len(np.unique(strong_parts(*ends, oneway, len(roads.nodes))))


def test_a_far_village_joins_the_nearest_place_of_the_road():
    towns, points = county(PLAIN, {"v": (4000, 3000, "T"), "w": (8000, 300, "T")})
    roads = network({"a": (0, 0), "b": (10_000, 0)}, [road("a", "b")])
    full = complete(roads, towns, points, RULES)
    assert links(full) == {((4.0, 0.0), (4.0, 3.0))}
    assert full.edges["road_class"].tolist() == ["residential", "residential", "proxy"]
    assert full.edges["proxy"].tolist() == [False, False, True]
    link = full.edges.iloc[-1]
    assert (link["length_m"], link["speed_kmh"], link["time_min"]) == (4500.0, 30.0, 9.0)
    times = travel_times(full, points, sites({"p": (10_000, 0)}), cutoff_min=100)
    # 9 minutes of link and 6 km of road; from w, 300 m on foot and 2 km of road.
    assert minutes(times) == pytest.approx({("v", "p"): 15.0, ("w", "p"): 4.5 + 2.0})
    share = times.frame.set_index("from_id")["proxy_share"]
    assert share["v"] == pytest.approx(9 / 15)
    assert share["w"] == 0
    told = [note.render("en") for note in full.notes]
    assert any("1 estimated links over land (4.5 km, 31" in text for text in told)


def test_nothing_changes_where_nothing_is_missing():
    towns, points = county(PLAIN, {"v": (4000, 400, "T"), "w": (8000, -300, "T")})
    roads = network({"a": (0, 0), "b": (10_000, 0)}, [road("a", "b")])
    assert complete(roads, towns, points, RULES) is roads
    near = RULES.model_copy(update={"complete": Completion(beyond_m=350.0)})
    assert links(complete(roads, towns, points, near)) == {((4.0, 0.0), (4.0, 0.4))}


def test_pieces_are_joined_at_their_loose_ends():
    towns, points = county(PLAIN, {"v": (1000, 100, "T"), "w": (11_000, 100, "T")})
    roads = network(
        {"a": (0, 0), "b": (5000, 0), "c": (7000, 0), "d": (12_000, 0)},
        [road("a", "b"), road("c", "d")],
    )
    full = complete(roads, towns, points, RULES)
    assert links(full) == {((5.0, 0.0), (7.0, 0.0))}
    times = travel_times(full, points, sites({"p": (12_000, 0)}), cutoff_min=100)
    assert minutes(times)["v", "p"] == pytest.approx(1.5 + 4 + 2 * 3 + 5)


def test_a_loose_end_joins_the_side_of_another_piece():
    towns, points = county(PLAIN, {"v": (100, 5000, "T")})
    roads = network(
        {"a": (0, 0), "b": (0, 10_000), "c": (1800, 5250), "d": (9000, 5250)},
        [road("a", "b"), road("c", "d")],
    )
    full = complete(roads, towns, points, RULES)
    # Roads are met at samples 500 m apart, and two of them are equally near.
    assert ((0.0, 5.0), (1.8, 5.25)) in links(full)
    assert strong_count(full) == 1


def test_the_carriageways_of_a_divided_road_are_closed_at_their_ends():
    towns, points = county(PLAIN, {"v": (5000, -100, "T")})
    roads = network(
        {"a": (0, 0), "b": (10_000, 0), "c": (10_000, 20), "d": (0, 20)},
        [road("a", "b", oneway=True), road("c", "d", oneway=True)],
    )
    full = complete(roads, towns, points, RULES)
    assert links(full) == {((0.0, 0.0), (0.0, 0.02)), ((10.0, 0.0), (10.0, 0.02))}
    assert strong_count(full) == 1


def test_a_link_crosses_a_divided_road_to_its_other_carriageway():
    towns, points = county(PLAIN, {"v": (4100, -2000, "T")})
    ring = [
        road("a", "b", oneway=True),
        road("b", "c", oneway=True, via=[(12_000, 10)]),
        road("c", "d", oneway=True),
        road("d", "a", oneway=True, via=[(-2000, 10)]),
    ]
    roads = network({"a": (0, 0), "b": (10_000, 0), "c": (10_000, 20), "d": (0, 20)}, ring)
    full = complete(roads, towns, points, RULES)
    assert links(full) == {((4.1, -2.0), (4.1, 0.0)), ((4.1, 0.0), (4.1, 0.02))}
    times = travel_times(
        full, points, sites({"east": (9000, 0), "west": (1000, 20)}), cutoff_min=60
    )
    assert minutes(times)["v", "east"] == pytest.approx(6 + 4.9)
    assert minutes(times)["v", "west"] == pytest.approx(6 + 0.06 + 3.1)


def test_a_lone_one_way_road_is_given_a_way_back_and_not_turned_round():
    towns, points = county(PLAIN, {"v": (5000, 2100, "T")})
    roads = network(
        {"a": (0, 0), "b": (10_000, 0), "c": (2000, 2000), "d": (5000, 2000), "e": (8000, 2000)},
        [road("a", "b"), road("c", "d", oneway=True), road("d", "e", oneway=True)],
    )
    full = complete(roads, towns, points, RULES)
    assert strong_count(full) == 1
    assert {((2.0, 0.0), (2.0, 2.0)), ((8.0, 0.0), (8.0, 2.0))} <= links(full)
    assert not any(one[1] == other[1] == 2.0 for one, other in links(full)), (
        "no link runs along the road itself"
    )


@pytest.mark.parametrize("kind", ["motorway", "motorway_link", "trunk_link"])
def test_a_motorway_is_met_at_its_loose_ends_only(kind):
    towns, points = county(PLAIN, {"v": (5000, 1000, "T"), "w": (3000, 6000, "T")})
    roads = network(
        {"a": (0, 0), "b": (5000, 0), "c": (10_000, 0), "x": (0, 6000), "y": (10_000, 6000)},
        [road("a", "b", road_class=kind), road("b", "c", road_class=kind), road("x", "y")],
    )
    full = complete(roads, towns, points, RULES)
    assert strong_count(full) == 1
    met = {place for pair in links(full) for place in pair if place[1] == 0}
    assert met == {(0.0, 0.0), (10.0, 0.0)}


def test_bridges_and_tunnels_are_not_met_between_their_ends():
    towns, points = county(PLAIN, {"v": (5000, 1000, "T")})
    roads = network(
        {"a": (0, 0), "b": (4000, 0), "c": (6000, 0), "d": (10_000, 0)},
        [road("a", "b"), road("b", "c", bridge=True), road("c", "d")],
    )
    full = complete(roads, towns, points, RULES)
    assert links(full) == {((4.0, 0.0), (5.0, 1.0)), ((5.0, 1.0), (6.0, 0.0))}


@pytest.mark.parametrize(("width", "crossed"), [(250, True), (350, False)])
def test_water_wider_than_the_gap_is_not_crossed(width, crossed):
    lands = {"A": box(-1000, -1000, 5000, 1000), "B": box(5000 + width, -1000, 12_000, 1000)}
    towns, points = county(lands, {"v": (1000, 0, "A"), "w": (9000, 800, "B")})
    roads = network({"a": (0, 0), "b": (4900, 0)}, [road("a", "b")])
    full = complete(roads, towns, points, RULES)
    times = travel_times(full, points, sites({"p": (0, 0)}), cutoff_min=200)
    assert (("w", "p") in minutes(times)) == crossed
    if not crossed:
        assert links(full) == set()
        assert times.unsnapped == ("w",)


def test_pieces_that_only_a_ferry_joins_are_joined_over_land_too():
    # Two harbours of the mainland with a road each; boats go from both to the island.
    lands = {"M": box(0, 0, 20_000, 5000), "I": box(8000, 7000, 12_000, 9000)}
    towns, points = county(lands, {"m": (100, 4000, "M"), "n": (19_900, 4000, "M"),
                                   "i": (10_000, 8000, "I")})  # fmt: skip
    roads = network(
        {"a": (0, 1000), "b": (0, 5000), "c": (20_000, 1000), "d": (20_000, 5000),
         "e": (8000, 8000), "f": (12_000, 8000)},
        [road("a", "b"), road("c", "d"), road("e", "f"), ferry("b", "e", 40), ferry("f", "d", 40)],
    )  # fmt: skip
    full = complete(roads, towns, points, RULES)
    times = travel_times(full, points, sites({"p": (20_000, 4000)}), cutoff_min=300)
    # Over the island it takes 1 + 40 + 4 + 40 + 1; over land 20 km of link are 60 minutes.
    assert minutes(times)["m", "p"] < 70


def test_the_way_round_a_bay_joins_two_pieces():
    shoe = box(0, 0, 10_000, 8000).difference(box(2000, 2000, 8000, 8000))
    towns, points = county({"A": shoe}, {"v": (1000, 7000, "A")})
    roads = network(
        {"a": (1000, 7900), "b": (1000, 6000), "c": (9000, 7900), "d": (9000, 6000)},
        [road("a", "b"), road("c", "d")],
    )
    full = complete(roads, towns, points, RULES)
    assert strong_count(full) == 1
    land = shapely.union_all(towns.frame.geometry.to_numpy()).buffer(1)
    assert shapely.covers(land, full.edges.geometry.to_numpy()).all()


def test_seats_and_places_far_from_roads_are_joined_like_villages():
    towns, points = county(PLAIN, {"v": (1000, 100, "T")}, {"T": (3000, 2000)})
    roads = network({"a": (0, 0), "b": (10_000, 0)}, [road("a", "b")])
    full = complete(roads, towns, points, RULES, sites({"p": (7000, -1500), "q": (7000, 0)}))
    assert {((3.0, 0.0), (3.0, 2.0)), ((7.0, -1.5), (7.0, 0.0))} == links(full)


def test_an_edge_in_parts_is_the_same_edge():
    roads = network(
        {"a": (0, 0), "b": (4000, 3000), "c": (0, 9000)},
        [road("a", "b", via=[(4000, 0)], oneway=True), road("b", "c")],
    )
    edges = roads.edges.assign(name=["가길", "나길"], length_m=[7070.0, 7300.0])
    cut = cut_edges(edges, np.array([0, 0]), np.array([5 / 7, 2 / 7]), np.array([8, 7]))
    assert cut[["u", "v"]].to_numpy().tolist() == [[0, 7], [7, 8], [8, 1], [1, 2]]
    assert cut["length_m"].tolist() == pytest.approx([2020, 3030, 2020, 7300])
    assert cut["time_min"].iloc[:3].sum() == pytest.approx(edges["time_min"].iloc[0])
    assert cut["name"].tolist() == ["가길"] * 3 + ["나길"]
    assert cut["oneway"].tolist() == [True] * 3 + [False]
    shapes = [np.round(np.array(line.coords) - at(0, 0)).tolist() for line in cut.geometry]
    assert shapes == [
        [[0, 0], [2000, 0]],
        [[2000, 0], [4000, 0], [4000, 1000]],
        [[4000, 1000], [4000, 3000]],
        [[4000, 3000], [0, 9000]],
    ]
    assert cut_edges(edges, *(np.zeros(0, dtype=int) for _ in range(3))) is edges


def test_advice_is_given_where_data_look_as_if_they_had_holes():
    _, points = county(PLAIN, {"v": (1000, 100, "T"), "far": (1000, 6000, "T")})
    roads = network({"a": (0, 0), "b": (10_000, 0)}, [road("a", "b")])
    (note,) = hole_notes(roads, points)
    assert "too far from any road: 1 of 2." in note.render("en")
    assert hole_notes(roads, points, snap_limit_m=7000.0) == ()
    crumbs = {f"{k}{end}": (x, 900 * k) for k in range(8) for end, x in (("a", 0), ("b", 500))}
    many = network(crumbs, [road(f"{k}a", f"{k}b") for k in range(8)])
    (note,) = hole_notes(many, points, snap_limit_m=7000.0)
    assert "8 pieces" in note.render("en")
    both = [note.render("en") for note in hole_notes(many, points, snap_limit_m=50.0)]
    assert len(both) == 2
    assert "8 pieces" in both[0]
    assert "2 of 2" in both[1]
    towns, _ = county(PLAIN, {"v": (1000, 100, "T")})
    assert hole_notes(complete(many, towns, points, RULES), points) == ()


SPOTS = st.tuples(st.integers(1, 49), st.integers(1, 49))


@st.composite
def broken_roads(draw):
    """Roads between places 200 m apart on a plain with a lake, with villages and places."""
    lake = box(4000, 3000, 5000, 8000)
    land = box(0, 0, 10_000, 10_000).difference(lake)
    spots = draw(st.lists(SPOTS, min_size=2, max_size=12, unique=True))
    nodes = {
        f"n{k}": (200 * x, 200 * y)
        for k, (x, y) in enumerate(spots)
        if land.covers(Point(200 * x, 200 * y))
    }
    names = list(nodes)
    edges = []
    if len(names) >= 2:
        for _ in range(draw(st.integers(1, 10))):
            u, v = draw(st.sampled_from(names)), draw(st.sampled_from(names))
            # Of two roads on the same line, a point may take either: no case for this test.
            if u != v and {u, v} not in [{edge["u"], edge["v"]} for edge in edges]:
                kind = draw(st.sampled_from(["residential", "primary", "motorway", "tertiary"]))
                speed = draw(st.sampled_from([20.0, 60.0]))
                more = {"road_class": kind, "speed_kmh": speed, "bridge": draw(st.booleans())}
                edges.append(road(u, v, oneway=draw(st.booleans()), **more))
    where = draw(st.lists(SPOTS, min_size=1, max_size=8, unique=True))
    villages = {
        f"v{k}": (200 * x + 33, 200 * y + 71, "A")
        for k, (x, y) in enumerate(where)
        if land.covers(Point(200 * x + 33, 200 * y + 71))
    }
    return land, nodes, edges, villages


@settings(max_examples=60, deadline=None, derandomize=True)
@given(broken_roads())
def test_completing_lengthens_nothing_joins_everybody_and_swims_nowhere(case):
    land, nodes, edges, villages = case
    if not edges or not villages:
        return
    towns, points = county({"A": land}, villages)
    roads = replace(
        network(nodes, edges), land=land_pieces(list(towns.frame.geometry), RULES.water_gap_m)
    )
    places = gpd.GeoSeries(points.points.rename(lambda name: f"to {name}"), crs=CRS)
    full = complete(roads, towns, points, RULES, places)
    before = travel_times(roads, points, places, cutoff_min=5000)
    after = travel_times(full, points, places, cutoff_min=5000)
    assert after.unreachable.empty
    assert after.unsnapped == ()
    assert len(after.frame) == len(points.frame) ** 2
    old, new = minutes(before), minutes(after)
    home = points.points
    for (one, other), time_min in old.items():
        # Two points of one road may walk straight to each other; no link can know of that.
        straight = home[one].distance(home[other.removeprefix("to ")]) / 1000 / 4 * 60
        if time_min < straight - 1e-6:
            assert new[one, other] <= time_min + 1e-3
    whole = shapely.union_all(towns.frame.geometry.to_numpy())
    added = full.edges[full.edges["proxy"]]
    assert (added.geometry.difference(whole).length <= RULES.water_gap_m + 1e-6).all()
    kept = full.edges[~full.edges["proxy"]]
    for column in ("length_m", "time_min"):
        assert kept[column].sum() == pytest.approx(roads.edges[column].sum())
    again = complete(roads, towns, points, RULES, places)
    pd.testing.assert_frame_equal(pd.DataFrame(full.edges), pd.DataFrame(again.edges))


@pytest.mark.integration
def test_whole_data_stay_as_they_are(shared_data, scenarios):
    from ruralcare.inputs import read_demand_points, read_townships
    from ruralcare.network import read_roads
    from ruralcare.scenario import Scenario

    scenario = Scenario.read(scenarios / "liechtenstein.toml")
    towns = read_townships(scenario)
    points = read_demand_points(scenario, towns)
    # Its roads are whole but for a few yards and forest roads without a way for cars to them.
    main = scenario.roads.model_copy(update={"min_piece_km": 100.0})
    roads = read_roads(scenario.model_copy(update={"roads": main}), towns, points)
    assert complete(roads, towns, points, RULES) is roads
    assert hole_notes(roads, points) == ()
    roads = read_roads(scenario, towns, points)
    full = complete(roads, towns, points, RULES)
    added = full.edges.loc[full.edges["proxy"], "length_m"]
    assert added.sum() < 0.05 * roads.edges["length_m"].sum()


@pytest.mark.integration
def test_main_roads_of_chungcheong_become_one_network(shared_data, scenarios):
    """367 pieces without local roads, 360 townships: everybody reaches everybody, in seconds."""
    from ruralcare.inputs.roads.files import read_road_lines
    from ruralcare.network.build import build_network
    from ruralcare.scenario import Scenario
    from ruralcare.settings import Settings

    raw = Scenario.read(scenarios / "jeonnam_three_counties.toml")
    rules = raw.roads.model_copy(
        update={
            "file": Path(shared_data / "osm" / "chungcheong-main-roads.osm.pbf"),
            "complete": Completion(),
            "tolls": True,
        }
    )
    scenario = raw.model_copy(update={"roads": rules})
    lines = read_road_lines(scenario, None, Settings())
    roads = build_network(lines, rules, keep_all=True)
    assert (
        roads.edges["length_m"].sum()
        > 3_600_000
        > 1.5 * sum(build_network(lines, rules).edges["length_m"])
    ), "much of it hangs on nothing, or is one-way"
    folder = shared_data / "korea" / "boundaries"
    files = [folder / f"hangjeongdong_2021_{name}.geojson" for name in ("chungnam", "chungbuk")]
    areas = pd.concat([gpd.read_file(file) for file in files]).to_crs(CRS)
    frame = gpd.GeoDataFrame(
        {
            "name": areas["adm_nm"].to_numpy(),
            "sigungu_id": areas["sgg"].astype(str).to_numpy(),
            "sigungu_name": "x",
            "seat": areas.representative_point().to_numpy(),
        },
        geometry=areas.geometry.to_numpy(),
        index=pd.Index(areas["adm_cd2"].astype(str), name="township_id"),
        crs=CRS,
    )
    towns = Townships(frame, "2021")
    _, points = county({"x": box(0, 0, 1, 1)}, {"x": (0, 0, "x")})
    rng = np.random.default_rng(4)
    spots = {
        f"{town}-{k}": Point(place)
        for town, area in frame.geometry.items()
        for k, place in enumerate(_inside(area, 10, rng))
    }
    points = replace(
        points,
        frame=gpd.GeoDataFrame(
            {"township_id": [name.split("-")[0] for name in spots], "name": "v", "weight": 0.1},
            geometry=list(spots.values()),
            index=pd.Index(list(spots), name="point_id"),
            crs=CRS,
        ),
    )
    begin = time.process_time()
    full = complete(roads, towns, points, rules)
    assert time.process_time() - begin < 40
    kept = full.edges[~full.edges["proxy"]]
    assert kept["length_m"].sum() == pytest.approx(roads.edges["length_m"].sum())
    land = shapely.union_all(frame.geometry.to_numpy())
    added = full.edges[full.edges["proxy"]].geometry.to_numpy()
    assert shapely.length(shapely.difference(added, land)).max() <= rules.water_gap_m + 1e-6
    # All that lies on the mainland is one part, in both directions.
    pieces = shapely.get_parts(land)
    mainland = pieces[np.argmax(shapely.area(pieces))]
    shapely.prepare(mainland)
    ends = (full.edges[name].to_numpy(dtype=np.int64) for name in ("u", "v"))
    part = strong_parts(*ends, full.edges["oneway"].to_numpy(), len(full.nodes))
    ashore = shapely.intersects(mainland, full.nodes.geometry.to_numpy())
    motorway = np.zeros(len(full.nodes), dtype=bool)
    fast = full.edges[full.edges["road_class"] == "motorway"]
    motorway[fast[["u", "v"]].to_numpy().ravel()] = True
    assert len(np.unique(part[ashore & ~motorway])) == 1


def _inside(area, count, rng):
    shapely.prepare(area)
    west, south, east, north = area.bounds
    found = []
    while len(found) < count:
        some = rng.uniform((west, south), (east, north), (60, 2))
        found += some[shapely.contains_xy(area, some)].tolist()
    return found[:count]
