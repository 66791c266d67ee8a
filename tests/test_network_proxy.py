"""The network that stands in for roads: over land, never across open water."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import CRS, at, minutes, sites
from shapely.geometry import MultiPolygon, Point, Polygon, box

from ruralcare.errors import InputError
from ruralcare.network import connections, read_roads, travel_times
from ruralcare.network.proxy import build_proxy
from ruralcare.scenario import Ferry, RoadsSource, Scenario
from ruralcare.types import DemandPoints, Townships

RULES = RoadsSource(proxy_detour_factor=1.4, proxy_speed_kmh=42.0, water_gap_m=300.0)


def county(lands, villages, seats=None):
    """Townships {id: polygon in metres} with villages {id: (x, y, township)}."""
    seats = seats or {
        name: next(place[:2] for place in villages.values() if place[2] == name) for name in lands
    }
    frame = gpd.GeoDataFrame(
        {
            "name": [f"{name}면" for name in lands],
            "sigungu_id": "1",
            "sigungu_name": "x",
            "seat": [Point(at(*seats[name])) for name in lands],
        },
        geometry=[shapely.transform(land, lambda xy: xy + at(0, 0)) for land in lands.values()],
        index=pd.Index(list(lands), name="township_id"),
        crs=CRS,
    )
    count = pd.Series([place[2] for place in villages.values()]).value_counts()
    points = gpd.GeoDataFrame(
        {
            "township_id": [place[2] for place in villages.values()],
            "name": list(villages),
            "weight": [1 / count[place[2]] for place in villages.values()],
        },
        geometry=[Point(at(*place[:2])) for place in villages.values()],
        index=pd.Index(list(villages), name="point_id"),
        crs=CRS,
    )
    return Townships(frame, "2023"), DemandPoints(points, "villages")


def links(roads):
    """Links of a proxy network as places of their ends in km."""
    xy = np.round((shapely.get_coordinates(roads.nodes.geometry) - at(0, 0)) / 1000, 1)
    place = [tuple(one) for one in xy.tolist()]
    ends = roads.edges[["u", "v"]].to_numpy().tolist()
    return {tuple(sorted((place[u], place[v]))) for u, v in ends if u != v}


def test_neighbours_are_linked_across_township_borders():
    lands = {"W": box(0, 0, 10_000, 10_000), "E": box(10_000, 0, 20_000, 10_000)}
    villages = {"a": (2000, 5000, "W"), "b": (8000, 5000, "W"), "c": (14_000, 5000, "E")}
    roads = build_proxy(*county(lands, villages), RULES)
    assert links(roads) == {((2.0, 5.0), (8.0, 5.0)), ((8.0, 5.0), (14.0, 5.0))}
    assert roads.is_proxy
    assert roads.edges["proxy"].all()
    assert set(roads.edges["road_class"]) == {"proxy"}
    # 6 km straight, 1.4 times as long, at 42 km/h
    assert roads.edges["length_m"].tolist() == pytest.approx([8400, 8400])
    assert roads.edges["time_min"].tolist() == pytest.approx([12, 12])
    assert any("proxy" in note.render("en") for note in roads.notes)
    times = travel_times(roads, county(lands, villages)[1], sites({"p": (14_000, 5000)}))
    assert times.proxy
    assert minutes(times) == pytest.approx({("a", "p"): 24, ("b", "p"): 12, ("c", "p"): 0})


def test_speeds_of_the_scenario_hold_for_the_proxy_too():
    lands = {"W": box(0, 0, 10_000, 10_000)}
    villages = {"a": (2000, 5000, "W"), "b": (8000, 5000, "W")}
    slow = RULES.model_copy(update={"speed_factor": 0.5})
    assert build_proxy(*county(lands, villages), slow).edges["time_min"].tolist() == [
        pytest.approx(24)
    ]


def test_a_third_village_between_two_takes_their_link():
    lands = {"T": box(0, 0, 10_000, 10_000)}
    villages = {"a": (1000, 5000, "T"), "b": (9000, 5000, "T"), "c": (5000, 5500, "T"),
                "d": (5000, 9000, "T")}  # fmt: skip
    found = links(build_proxy(*county(lands, villages), RULES))
    assert ((1.0, 5.0), (9.0, 5.0)) not in found
    assert {((1.0, 5.0), (5.0, 5.5)), ((5.0, 5.5), (9.0, 5.0)), ((5.0, 5.5), (5.0, 9.0))} <= found


STRAIT = {"M": box(0, 0, 10_000, 10_000), "I": box(11_000, 0, 15_000, 10_000)}
SHORES = {"m": (5000, 5000, "M"), "n": (9900, 5000, "M"), "i": (11_100, 5000, "I"),
          "j": (14_000, 5000, "I")}  # fmt: skip


def test_open_water_is_never_crossed():
    towns, points = county(STRAIT, SHORES)
    roads = build_proxy(towns, points, RULES)
    assert len(roads.pieces) == 2
    assert any("2 pieces" in note.render("en") for note in roads.notes)
    times = travel_times(roads, points, sites({"p": (5000, 5000)}))
    assert set(minutes(times)) == {("m", "p"), ("n", "p")}
    assert times.unreachable.to_numpy().tolist() == [["i", "p"], ["j", "p"]]
    assert connections(roads, towns, points).to_dict() == {"M": "road", "I": "none"}


def test_a_ferry_of_the_scenario_links_the_nearest_shores():
    towns, points = county(STRAIT, SHORES)
    boat = Ferry(from_township="M면", to_township="I", crossing_min=30, headway_min=120)
    rules = RULES.model_copy(update={"ferries": (boat,)})
    roads = build_proxy(towns, points, rules)
    ferry = roads.edges[roads.edges["kind"] == "ferry"]
    assert links(roads) >= {((9.9, 5.0), (11.1, 5.0))}
    assert ferry["time_min"].tolist() == [30 + 60]
    assert ferry["length_m"].tolist() == pytest.approx([1200])
    assert ferry["speed_kmh"].tolist() == pytest.approx([2.4])
    times = travel_times(roads, points, sites({"p": (5000, 5000)}), cutoff_min=200)
    land = 1.4 * 4.9 / 42 * 60
    assert minutes(times)["i", "p"] == pytest.approx(90 + land)
    assert times.unreachable.empty
    assert connections(roads, towns, points).to_dict() == {"M": "road", "I": "ferry"}
    punctual = build_proxy(towns, points, rules.model_copy(update={"ferry_wait_min": 10.0}))
    assert punctual.edges.loc[punctual.edges["kind"] == "ferry", "time_min"].tolist() == [30 + 10]
    closed = build_proxy(towns, points, rules.model_copy(update={"ferries_run": False}))
    assert set(closed.edges["kind"]) == {"road"}
    assert any("Ferries do not run" in note.render("en") for note in closed.notes)
    assert connections(closed, towns, points).to_dict() == {"M": "road", "I": "none"}


@pytest.mark.parametrize(
    ("name", "problem", "remedy"),
    [
        ("I연", "no such township", "“I면”"),
        ("어디", "no such township", "boundary files"),
        ("둘면", "Several townships", "J, K"),
    ],
)
def test_a_ferry_to_nowhere_is_a_fault(name, problem, remedy):
    lands = {**STRAIT, "J": box(0, 20_000, 900, 20_900), "K": box(5000, 20_000, 5900, 20_900)}
    villages = {**SHORES, "x": (500, 20_500, "J"), "y": (5500, 20_500, "K")}
    towns, points = county(lands, villages)
    towns.frame.loc[["J", "K"], "name"] = "둘면"
    boat = Ferry(from_township="M", to_township=name, crossing_min=30, headway_min=120)
    with pytest.raises(InputError) as caught:
        build_proxy(towns, points, RULES.model_copy(update={"ferries": (boat,)}))
    (fault,) = caught.value.faults
    assert fault.column == "roads.ferries[1].to_township"
    assert fault.value == name
    assert problem in fault.problem.render("en")
    assert remedy in fault.remedy.render("en")


@pytest.mark.parametrize(("gap", "linked"), [(250, True), (350, False)])
def test_a_stream_or_a_coarse_shore_is_no_open_water(gap, linked):
    lands = {"A": box(0, 0, 5000, 5000), "B": box(5000 + gap, 0, 10_000, 5000)}
    villages = {"a": (4000, 2500, "A"), "b": (6000, 2500, "B")}
    roads = build_proxy(*county(lands, villages), RULES)
    assert bool(links(roads)) == linked


def test_several_gaps_count_together():
    strips = [box(x, 0, x + 800, 3000) for x in (0, 1000, 2000)]  # two gaps of 200 m
    villages = {"a": (400, 1500, "A"), "b": (2400, 1500, "A")}
    towns, points = county({"A": MultiPolygon(strips)}, villages)
    assert not links(build_proxy(towns, points, RULES))
    assert links(build_proxy(towns, points, RULES.model_copy(update={"water_gap_m": 401.0})))


def test_the_way_around_a_bay_is_found():
    # A horseshoe: the straight line between its tips crosses 6 km of water.
    shoe = Polygon([(0, 0), (10_000, 0), (10_000, 8000), (8000, 8000), (8000, 2000), (2000, 2000),
                    (2000, 8000), (0, 8000)])  # fmt: skip
    towns, points = county({"A": shoe}, {"a": (1000, 7500, "A"), "b": (9000, 7500, "A")})
    roads = build_proxy(towns, points, RULES)
    (edge,) = roads.edges.to_dict("records")
    land = shapely.union_all(towns.frame.geometry.to_numpy()).buffer(1)
    assert land.covers(edge["geometry"])
    shortest = 2 * np.hypot(1000, 5500) + 6000
    assert 1.4 * shortest <= edge["length_m"] <= 1.4 * shortest * 1.2
    assert edge["geometry"].length * 1.4 == pytest.approx(edge["length_m"])
    assert len(roads.pieces) == 1


def test_a_lone_village_stays_on_its_islet():
    lands = {"M": box(0, 0, 5000, 5000), "L": box(6000, 2000, 6600, 2600)}
    villages = {"m": (2000, 2500, "M"), "n": (4900, 2500, "M"), "l": (6300, 2300, "L")}
    towns, points = county(lands, villages)
    roads = build_proxy(towns, points, RULES)
    place = sites({"shop": (6200, 2400), "town": (2000, 2500)})
    times = travel_times(roads, points, place)
    assert times.unsnapped == ()
    assert set(minutes(times)) == {("l", "shop"), ("m", "town"), ("n", "town")}
    assert len(times.unreachable) == 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_villages_and_villages_in_a_line(count):
    villages = {f"v{k}": (1000 + 2000 * k, 2500, "A") for k in range(count)}
    roads = build_proxy(*county({"A": box(0, 0, 9000, 5000)}, villages), RULES)
    assert len(roads.nodes) == count
    assert len(links(roads)) == count - 1
    assert len(roads.pieces) == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(100, 9900), st.integers(100, 9900)),
        min_size=2, max_size=30, unique=True,
    )
)  # fmt: skip
def test_on_one_plain_everybody_is_linked_and_nobody_swims(where):
    lake = box(4000, 3000, 5000, 9000)
    land = box(0, 0, 10_000, 10_000).difference(lake)
    places = [place for place in where if land.covers(Point(place))]
    if not places:
        return
    villages = {f"v{k}": (*place, "A") for k, place in enumerate(places)}
    towns, points = county({"A": land}, villages)
    roads = build_proxy(towns, points, RULES)
    assert len(roads.pieces) == 1
    whole = shapely.union_all(towns.frame.geometry.to_numpy())
    assert (roads.edges.geometry.difference(whole).length <= 300).all()


@pytest.mark.integration
def test_three_counties(shared_data, scenarios):
    """Real shores: links stay on land, and almost everybody is on one piece."""
    scenario = Scenario.read(scenarios / "jeonnam_three_counties.toml")
    from ruralcare.inputs import read_demand_points, read_townships

    towns = read_townships(scenario)
    points = read_demand_points(scenario, towns)
    roads = read_roads(scenario, towns, points)
    assert roads.is_proxy
    land = shapely.union_all(towns.frame.geometry.to_numpy())
    water = roads.edges.geometry.difference(land).length
    assert water.max() <= scenario.roads.water_gap_m
    main = roads.pieces.iloc[0]
    assert main["nodes"] >= 0.98 * len(roads.nodes)
    # 가우도 (신기리) and 어불도 (예락리) are islands.
    apart = points.frame.loc[
        [point for point, place in points.points.items()
         if not roads.edges[roads.edges["u"] != roads.edges["v"]].intersects(place.buffer(1)).any()]
    ]  # fmt: skip
    assert set(apart["name"]) == {"신기리", "예락리"}
    assert set(connections(roads, towns, points)) == {"road"}


def test_a_ferry_never_takes_the_road_from_under_a_lone_village():
    lands = {"M": box(0, 0, 10_000, 10_000), "I": box(20_000, 0, 21_000, 1000)}
    villages = {"a": (2000, 5000, "M"), "b": (8000, 5000, "M"), "i": (20_500, 500, "I")}
    ferry = Ferry(from_township="M", to_township="I", crossing_min=40, headway_min=60)
    towns, points = county(lands, villages)
    for ferries in ((), (ferry,)):
        roads = build_proxy(towns, points, RULES.model_copy(update={"ferries": ferries}))
        times = travel_times(roads, points, sites({"p": (20_500, 500)}), cutoff_min=200)
        assert times.unsnapped == ()
        # 6 km over land are 12 minutes; 40 at sea and 30 of waiting.
        if ferries:
            assert minutes(times) == pytest.approx({("a", "p"): 82, ("b", "p"): 70, ("i", "p"): 0})
        else:
            assert minutes(times) == {("i", "p"): 0}
