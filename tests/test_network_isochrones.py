"""Isochrones against figures worked out by hand, and rules that hold on every network."""

from __future__ import annotations

import math

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import at, ferry, network, road, sites

from ruralcare.errors import TableError
from ruralcare.inputs import read_places, read_population, read_townships
from ruralcare.network import matrix, read_roads, to_networkx
from ruralcare.network.isochrones import isochrones
from ruralcare.network.reached import reached_edges
from ruralcare.scenario import Scenario
from ruralcare.types import RoadNetwork

# Arms of 10 km; the west is left only, the south entered only. A kilometre takes a minute.
STAR = {"O": (0, 0), "E": (10_000, 0), "N": (0, 10_000), "W": (-10_000, 0), "S": (0, -10_000)}


def star():
    arms = [road("O", "E"), road("O", "N"), road("O", "W", oneway=True)]
    return network(STAR, [*arms, road("S", "O", oneway=True)])


def reach_m(roads, place, minutes, **more):
    """Metres reached, by edge, and their times at both ends."""
    table = reached_edges(roads, sites({"p": place}), minutes, **more)
    lengths = table.length.groupby(table["edge"]).sum()
    return lengths.to_dict()


def with_land(roads, land):
    moved = shapely.transform(land, lambda xy: xy + np.array(at(0, 0)))
    return RoadNetwork(roads.nodes, roads.edges, roads.pieces, land=moved)


def covered(area, x, y):
    return area.covers(shapely.Point(at(x, y)))


def test_the_walk_to_the_road_counts_and_edges_are_cut_to_the_metre():
    # 200 m on foot at 4 km/h are 3 minutes; 7 are left, of which one to the crossing.
    reached = reach_m(star(), (1000, 200), 10.0)
    assert reached == pytest.approx({0: 1000 + 7000, 1: 6000, 2: 6000})


def test_one_way_roads_are_entered_and_left_as_signed():
    assert reach_m(star(), (1000, 200), 10.0, direction="to") == pytest.approx(
        {0: 1000 + 7000, 1: 6000, 3: 6000}
    )
    # On foot, they are walked both ways: 5 km in 75 minutes.
    assert reach_m(star(), (0, 0), 75.0, mode="foot") == pytest.approx(dict.fromkeys(range(4), 5e3))


def test_a_one_way_road_is_driven_round_to_the_place_behind_the_start():
    corners = {"A": (0, 0), "B": (1000, 0), "C": (1000, 1000), "D": (0, 1000)}
    roads = network(corners, [road(u, v, oneway=True) for u, v in ("AB", "BC", "CD", "DA")])
    table = reached_edges(roads, sites({"p": (600, 0)}), 3.8)
    first = table[table["edge"] == 0]
    # Forward to B, and after the whole round 0.4 km from A.
    assert first.length.tolist() == pytest.approx([400, 400])
    assert first["from_min"].tolist() == pytest.approx([3.4, 0])
    assert first["to_min"].tolist() == pytest.approx([3.8, 0.4])
    assert table.length.sum() == pytest.approx(3800)


def test_two_ways_meet_where_they_take_equally_long():
    # To B over 1 km, or over A: the far edge of 4 km is entered from both ends.
    nodes = {"A": (0, 0), "B": (1000, 0)}
    detour = road("A", "B", via=[(0, 1500), (1000, 1500)])
    table = reached_edges(network(nodes, [road("A", "B"), detour]), sites({"p": (0, 0)}), 9.0)
    far = table[table["edge"] == 1]
    assert far.length.tolist() == pytest.approx([2500, 1500])
    assert far["from_min"].tolist() == pytest.approx([0, 1])
    assert far["to_min"].tolist() == pytest.approx([2.5, 2.5])
    # Lines run in the direction of travel.
    assert far.geometry.iloc[1].coords[0] == at(1000, 0)
    back = reached_edges(
        network(nodes, [road("A", "B"), detour]), sites({"p": (0, 0)}), 9.0, direction="to"
    )
    far = back[back["edge"] == 1]
    assert far.geometry.iloc[1].coords[-1] == at(1000, 0)
    assert far["from_min"].tolist() == pytest.approx([2.5, 2.5])
    assert far["to_min"].tolist() == pytest.approx([0, 1])


def test_slower_parallel_roads_and_loops_are_reached_too():
    nodes = {"A": (0, 0), "B": (1000, 0)}
    slow = road("A", "B", speed_kmh=30, via=[(500, 10)], length_m=1000.0)
    loop = road("B", "B", via=[(2000, 0), (2000, 1000), (1000, 1000)])
    table = reached_edges(network(nodes, [road("A", "B"), slow, loop]), sites({"p": (0, 0)}), 2.5)
    latest = table.groupby("edge")[["from_min", "to_min"]].max().max(axis=1)
    assert latest.to_dict() == pytest.approx({0: 1.0, 1: 1.5, 2: 2.5})
    assert table[table["edge"] == 2].length.tolist() == pytest.approx([1500, 1500])


def test_roads_of_no_length_lead_on():
    nodes = {"A": (0, 0), "B": (1000, 0), "B2": (1000, 0), "C": (2000, 0)}
    roads = network(nodes, [road("A", "B"), road("B", "B2"), road("B2", "C")])
    assert reach_m(roads, (0, 0), 1.5) == pytest.approx({0: 1000, 2: 500})


def test_the_sea_is_no_area():
    nodes = {"A": (0, 0), "B": (3000, 0), "C": (13_000, 0), "D": (16_000, 0)}
    roads = network(nodes, [road("A", "B"), ferry("B", "C", 20.0), road("C", "D")])
    table = reached_edges(roads, sites({"p": (0, 0)}), 25.0)
    assert table["kind"].tolist() == ["road", "ferry", "road"]
    assert table.length.tolist() == pytest.approx([3000, 10_000, 2000])
    area = isochrones(roads, sites({"p": (0, 0)}), [20.0, 25.0]).geometry
    assert [len(shape.geoms) for shape in area] == [1, 2]
    assert not covered(area[1], 8000, 0)
    assert covered(area[1], 1500, 100)
    assert covered(area[1], 13_000, 0)


def test_the_ribbon_tapers_to_where_the_time_ends():
    roads = network({"A": (0, 0), "B": (20_000, 0)}, [road("A", "B")])
    area = isochrones(roads, sites({"p": (0, 0)}), [10.0], width_m=300.0).geometry[0]
    # A kilometre takes a minute, in which one walks 66.7 m; the last metre is a thread.
    assert area.bounds[2] - at(0, 0)[0] == pytest.approx(10_001, abs=0.01)
    for x in (0, 3000, 5400, 5600, 6000, 7000, 8400, 9100, 9900):
        width = min((10_000 - x) / 15, 300)
        assert covered(area, x, width - 0.1)
        assert covered(area, x, 0.1 - width)
        assert not covered(area, x, width + 0.1)
    assert covered(area, 9999, 0.9)
    assert not covered(area, 9990, 1.1)


def test_the_ribbon_narrows_towards_the_place_where_two_ways_meet():
    # A ring of 30 km: its far side is reached after 15 minutes, both ways.
    ring = road("A", "A", via=[(5000, 0), (5000, 5000), (-5000, 5000), (-5000, 0)])
    roads, place = network({"A": (0, 0)}, [ring]), sites({"p": (0, 0)})
    later, sooner = (
        isochrones(roads, place, [minutes], width_m=300.0, gap_m=0.0, hole_km2=0.0).geometry[0]
        for minutes in (16.0, 14.0)
    )
    walk = 4000 / 60
    for side in (1, -1):
        assert covered(later, 0, 5000 + side * (walk - 1))
        assert not covered(later, 0, 5000 + side * (walk + 1))
        assert covered(later, side * 1000, 5000 + 2 * walk - 1)
        assert not covered(later, side * 1000, 5000 + 2 * walk + 1)
        assert covered(sooner, side * 1001, 5000)
        assert not covered(sooner, side * 998, 5000)


def test_on_foot_the_ribbon_ends_in_a_circle():
    # Whoever walks gets as far off the road as along it.
    roads = network({"A": (-5000, 0), "B": (5000, 0)}, [road("A", "B")])
    row = isochrones(roads, sites({"p": (0, 0)}), [3.0], mode="foot", width_m=500.0)
    area = row.geometry[0]
    assert area.area == pytest.approx(math.pi * 200**2, rel=0.05)
    assert covered(area, 200, 0)
    assert covered(area, -200, 0)
    assert area.hausdorff_distance(shapely.Point(at(0, 0)).buffer(200)) < 10


def test_every_place_in_the_ribbon_is_reached_in_time():
    roads = star()
    area = isochrones(roads, sites({"p": (0, 0)}), [6.0], gap_m=0.0, hole_km2=0.0).geometry[0]
    rng = np.random.default_rng(3)
    places = rng.uniform(-7000, 7000, (4000, 2))
    inside = np.array([covered(area, x, y) for x, y in places])
    x, y = np.abs(places).T
    west_or_south = (places[:, 0] < 0) & (x > y), (places[:, 1] < 0) & (y > x)
    along, aside = np.maximum(x, y), np.minimum(x, y)
    minutes = along / 1000 + aside / 4000 * 60
    assert inside.sum() > 50
    # The last metre beside the road is a thread.
    assert minutes[inside].max() <= 6.0 + 1 / 4000 * 60
    assert (inside & west_or_south[0]).any()
    # The south is only left, never entered: nothing of it but what is beside the crossing.
    assert along[inside & west_or_south[1]].max(initial=0.0) <= 150


def test_nobody_stops_on_motorways_or_in_tunnels():
    nodes = {"A": (0, 0), "B": (1000, 0), "C": (6000, 0), "D": (7000, 0), "E": (12_000, 0)}
    edges = [
        road("A", "B"),
        road("B", "C", road_class="motorway"),
        road("C", "D"),
        road("D", "E", tunnel=True),
    ]
    for edge in edges:
        edge.setdefault("tunnel", False)
    area = isochrones(network(nodes, edges), sites({"p": (0, 0)}), [12.0]).geometry[0]
    assert len(area.geoms) == 2
    assert not covered(area, 3500, 0)
    assert not covered(area, 9500, 0)
    assert covered(area, 6500, 0)


def test_water_between_two_shores_is_not_crossed():
    # A road on each side of a strait of 200 m; the other side is reached by nothing.
    nodes = {"A": (0, 0), "B": (5000, 0), "C": (0, 400), "D": (5000, 400)}
    roads = network(nodes, [road("A", "B"), road("C", "D")])
    south = shapely.box(-1000, -2000, 6000, 100)
    north = shapely.box(-1000, 300, 6000, 2000)
    roads = with_land(roads, shapely.MultiPolygon([south, north]))
    place = sites({"p": (2500, 0)})
    area = isochrones(roads, place, [10.0], width_m=350.0).geometry[0]
    assert covered(area, 2500, 90)
    assert not covered(area, 2500, 200)
    assert not covered(area, 2500, 310)
    # With a bridge of 20 km/h, the other side is; the water under the bridge is not.
    link = road("B", "D", bridge=True)
    roads = with_land(
        network(nodes, [road("A", "B"), road("C", "D"), link]),
        shapely.MultiPolygon([south, north]),
    )
    area = isochrones(roads, place, [10.0]).geometry[0]
    assert covered(area, 4000, 400)
    assert not covered(area, 5000, 200)


def test_roads_off_the_known_land_count():
    roads = network({"A": (0, 0), "B": (9000, 0)}, [road("A", "B")])
    land = shapely.MultiPolygon([shapely.box(-1000, -1000, 4000, 1000)])
    area = isochrones(with_land(roads, land), sites({"p": (0, 0)}), [12.0]).geometry[0]
    free = isochrones(roads, sites({"p": (0, 0)}), [12.0]).geometry[0]
    assert area.symmetric_difference(free).area < 1.0


def test_narrow_gaps_and_small_holes_are_counted_in():
    # Two parallel roads 500 m apart, joined at both ends 2 km apart: a hole of 0.4 km² at most.
    nodes = {"A": (0, 0), "B": (2000, 0), "C": (2000, 500), "D": (0, 500)}
    roads = network(nodes, [road(u, v) for u, v in ("AB", "BC", "CD", "DA")])
    place = sites({"p": (0, 0)})

    def area(**more):
        return isochrones(roads, place, [30.0], **more).geometry[0]

    assert not covered(area(gap_m=0.0, hole_km2=0.0), 1000, 250)
    assert not covered(area(gap_m=190.0, hole_km2=0.0), 1000, 250)
    assert covered(area(gap_m=210.0, hole_km2=0.0), 1000, 250)
    assert not covered(area(gap_m=0.0, hole_km2=0.33), 1000, 250)
    assert covered(area(gap_m=0.0, hole_km2=0.35), 1000, 250)


def test_states_and_order():
    roads = star()
    points = sites({"b": (0, 0), "a": (5000, 1000), "far": (5000, 5000)})
    table = isochrones(roads, points, (30, 10.0, 30.0))
    assert table["point_id"].tolist() == ["b", "b", "a", "a", "far", "far"]
    assert table["minutes"].tolist() == [10.0, 30.0] * 3
    # 1 km on foot takes 15 minutes.
    states = ["reached", "reached", "beyond_cutoff", "reached", "unsnapped", "unsnapped"]
    assert table["state"].tolist() == states
    assert table.geometry.isna().tolist() == [state != "reached" for state in states]
    assert not table["proxy"].any()
    assert table.crs == roads.edges.crs
    stand_ins = network(STAR, [road("O", "E")], proxy=True)
    assert isochrones(stand_ins, points[["b"]], [5.0])["proxy"].tolist() == [True]
    none = isochrones(roads, points.iloc[:0], [5.0])
    assert len(none) == 0
    assert len(reached_edges(roads, points.iloc[:0], 5.0)) == 0
    assert len(reached_edges(roads, points[["far"]], 5.0)) == 0


def test_the_state_tells_of_the_roads_and_the_geometry_of_the_areas():
    # 1 km on foot takes 15 minutes: at 15.1, there are 6 seconds left, for 100 m of road.
    table = isochrones(star(), sites({"a": (5000, 1000)}), [14.9, 15.1])
    assert table["state"].tolist() == ["beyond_cutoff", "reached"]
    assert table.geometry[0] is None
    west, _, east, _ = table.geometry[1].bounds
    assert (west - at(0, 0)[0], east - at(0, 0)[0]) == pytest.approx((4899, 5101), abs=0.01)
    # Who joins a tunnel, for want of another road, and does not get out, is on the roads.
    edge = {**road("A", "B"), "tunnel": True}
    roads = network({"A": (0, 0), "B": (9000, 0)}, [edge])
    table = isochrones(roads, sites({"p": (4000, 0)}), [2.0])
    assert table["state"].tolist() == ["reached"]
    assert table.geometry[0] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": []},
        {"minutes": [0.0]},
        {"minutes": [math.inf]},
        {"minutes": [math.nan]},
        {"minutes": [5.0], "direction": "there"},
        {"minutes": [5.0], "mode": "boat"},
        {"minutes": [5.0], "width_m": 0.0},
        {"minutes": [5.0], "gap_m": -1.0},
        {"minutes": [5.0], "hole_km2": -1.0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(TableError):
        isochrones(star(), sites({"p": (0, 0)}), **wrong)


def grid(count, step_m=200.0, speed_kmh=60.0):
    number = {(i, j): f"{i},{j}" for i in range(count) for j in range(count)}
    nodes = {name: (i * step_m, j * step_m) for (i, j), name in number.items()}
    edges = [
        road(name, number[other], speed_kmh=speed_kmh)
        for (i, j), name in number.items()
        for other in ((i + 1, j), (i, j + 1))
        if other in number
    ]
    return network(nodes, edges)


def test_a_city_of_blocks_is_a_diamond():
    # Within r along the blocks: 2 r²; a ribbon of w around a diamond adds its perimeter, 4√2 r w.
    roads = grid(61)
    place = sites({"p": (6000, 6000)})
    sure = isochrones(roads, place, [5.0], width_m=1.0, gap_m=250.0).geometry[0]
    radius = 5000.0
    assert sure.area == pytest.approx(2 * radius**2, rel=0.06)
    corners = [(radius, 0), (0, radius), (-radius, 0), (0, -radius)]
    diamond = shapely.Polygon([at(6000 + x, 6000 + y) for x, y in corners])
    assert sure.difference(diamond.buffer(30)).area == 0
    assert diamond.difference(sure.buffer(150)).area < 1000
    total = reached_edges(roads, place, 5.0).length.sum()
    # Lines 200 m apart both ways: two metres of street for each 200 m².
    assert total == pytest.approx(2 * radius**2 / 200 * 2, rel=0.03)


NODES = {str(k): (2000 * (k % 3) + 150 * (k // 2), 1700 * (k // 3)) for k in range(9)}
edges_of_some = st.lists(
    st.tuples(
        st.sampled_from(sorted(NODES)),
        st.sampled_from(sorted(NODES)),
        st.booleans(),
        st.sampled_from([15.0, 40.0, 90.0]),
    ),
    min_size=1,
    max_size=14,
)


def built(rows):
    made = [
        road(u, v, oneway=oneway, speed_kmh=speed, via=[(4000.0, 5500.0)] if u == v else ())
        for u, v, oneway, speed in rows
    ]
    return network(NODES, made)


@settings(max_examples=40, deadline=None)
@given(
    edges_of_some,
    st.tuples(st.floats(0, 5000), st.floats(0, 4000)),
    st.sampled_from(["from", "to"]),
)
def test_reached_parts_agree_with_networkx(rows, place, direction):
    """The time at the end of every part is that of a search on a graph cut at the point."""
    roads = built(rows)
    limit = 9.0
    point = sites({"p": place})
    table = reached_edges(roads, point, limit, direction=direction, snap_limit_m=1e6)
    lines = roads.edges.geometry
    gap = lines.distance(point.iloc[0])
    edge = int(gap.to_numpy().argmin())
    walk = gap[edge] / 4000 * 60
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(roads.nodes)))
    share = lines[edge].project(point.iloc[0], normalized=True)
    for row in roads.edges.itertuples():
        parts = [(row.u, row.v, row.time_min)]
        if row.Index == edge:
            parts = [
                (row.u, "p", share * row.time_min),
                ("p", row.v, (1 - share) * row.time_min),
            ]
        for u, v, minutes in parts:
            graph.add_edge(u, v, minutes=minutes)
            if not row.oneway:
                graph.add_edge(v, u, minutes=minutes)
    # Standing at a junction, one may take any road there, even the end of a one-way street.
    for at_end, node in ((0.0, "u"), (1.0, "v")):
        if abs(share - at_end) * lines[edge].length <= 0.01:
            for ends in (("p", roads.edges.at[edge, node]), (roads.edges.at[edge, node], "p")):
                graph.add_edge(*ends, minutes=0.0)
    if direction == "to":
        graph = graph.reverse()
    minutes = nx.single_source_dijkstra_path_length(graph, "p", weight="minutes")
    expected = 0.0
    for row in roads.edges.itertuples():
        stops = [(row.u, row.v, 1.0)]
        if row.Index == edge:
            stops = [(row.u, "p", share), ("p", row.v, 1 - share)]
        for u, v, size in stops:
            whole = size * row.time_min
            ahead = limit - walk - minutes.get(u, math.inf)
            back = limit - walk - minutes.get(v, math.inf)
            if row.oneway:
                ahead, back = (ahead, -1.0) if direction == "from" else (-1.0, back)
            if whole > 0:
                done = min(max(ahead, 0.0) + max(back, 0.0), whole)
                expected += done / whole * size * lines[row.Index].length
    assert table.length.sum() == pytest.approx(expected, abs=5.0)
    assert (table[["from_min", "to_min"]] <= limit + 1e-9).all(axis=None)


@settings(max_examples=25, deadline=None)
@given(edges_of_some, st.tuples(st.floats(0, 5000), st.floats(0, 4000)))
def test_more_time_and_more_roads_never_reach_less(rows, place):
    roads = built(rows)
    point = sites({"p": place})
    areas = isochrones(roads, point, [2.0, 4.0, 8.0], snap_limit_m=1e6).geometry
    areas = [area if area is not None else shapely.Polygon() for area in areas]
    for less, more in ((0, 1), (1, 2)):
        assert areas[less].difference(areas[more]).area < 1e-3
    for area in areas:
        assert area.is_valid
    # A further road elsewhere, on which the point does not come to lie.
    more = built([*rows, ("0", "8", False, 120.0)])
    if (
        more.edges.geometry.iloc[-1].distance(point.iloc[0])
        > roads.edges.distance(point.iloc[0]).min()
    ):
        for minutes in (4.0, 8.0):
            old = reached_edges(roads, point, minutes, snap_limit_m=1e6)
            new = reached_edges(more, point, minutes, snap_limit_m=1e6)
            before = old.length.groupby(old["edge"]).sum()
            after = new.length.groupby(new["edge"]).sum().reindex(before.index, fill_value=0.0)
            assert (after >= before - 0.1).all()


def uncovered_m(roads, table, area):
    """Metres of reached road that lie outside an area, though they may be one."""
    edges = roads.edges.iloc[table["edge"]]
    may = (edges["kind"] == "road") & ~edges["road_class"].isin(
        ["motorway", "motorway_link", "trunk_link"]
    )
    if "tunnel" in edges.columns:
        may &= ~edges["tunnel"].to_numpy(dtype=bool)
    lines = table.geometry.to_numpy()[may.to_numpy()]
    if roads.land is not None:
        bridge = edges["bridge"].to_numpy(dtype=bool)[may.to_numpy()]
        lines = np.where(bridge, shapely.intersection(lines, roads.land), lines)
    return shapely.length(shapely.difference(lines, shapely.buffer(area, 1e-6))).sum()


@settings(max_examples=40, deadline=None)
@given(
    edges_of_some,
    st.tuples(st.floats(0, 5000), st.floats(0, 4000)),
    st.sampled_from(["from", "to"]),
    st.sampled_from([("car", 7.0), ("foot", 40.0)]),
    st.lists(st.floats(0.5, 600), min_size=2, max_size=2),
    st.booleans(),
)
def test_every_reached_road_lies_in_the_area_and_wider_is_more(
    rows, place, direction, how, widths, with_sea
):
    roads = built(rows)
    if with_sea:
        lands = shapely.MultiPolygon(
            [shapely.box(-9000, -9000, 1700, 9000), shapely.box(2100, -9000, 9000, 2500)]
        )
        roads = with_land(roads, lands)
        roads.edges["bridge"] = False
    mode, minutes = how
    more = {"direction": direction, "mode": mode, "snap_limit_m": 1e6}
    table = reached_edges(roads, sites({"p": place}), minutes, **more)
    areas = [
        isochrones(roads, sites({"p": place}), [minutes], width_m=width, **more).geometry[0]
        for width in sorted(widths)
    ]
    if table.length.sum() == 0:
        return
    for area in areas:
        assert area.is_valid
        assert uncovered_m(roads, table, area) == 0
    narrow, wide = (area.area for area in areas)
    assert wide >= narrow * (1 - 1e-3)


@pytest.mark.integration
def test_what_the_tables_call_reached_lies_in_the_area(shared_data, scenarios):
    scenario = Scenario.read(scenarios / "liechtenstein.toml")
    towns = read_townships(scenario)
    points = read_population(scenario, towns).points
    people = points.points
    place = read_places(scenario, towns).facilities.points.iloc[:1]
    roads = read_roads(scenario, towns, points)
    assert roads.land is not None
    tree = shapely.STRtree(roads.edges.geometry.to_numpy())
    (rows, _), gap = tree.query_nearest(people.to_numpy(), all_matches=False, return_distance=True)
    on_road = np.isin(np.arange(len(people)), rows[gap < 0.5])
    assert on_road.sum() > 300
    out, back = matrix(roads, place, people).minutes, matrix(roads, people, place).minutes
    for direction, minutes in (("from", out.iloc[0]), ("to", back.iloc[:, 0])):
        near = people[on_road & (minutes.astype(float) <= 10.0).reindex(people.index)]
        assert len(near) > 100
        table = reached_edges(roads, place, 10.0, direction=direction)
        sizes = []
        for width in (50.0, 150.0, 151.0, 400.0):
            row = isochrones(roads, place, [10.0], direction=direction, width_m=width)
            assert near.within(row.geometry[0]).all()
            assert uncovered_m(roads, table, row.geometry[0]) == 0
            sizes.append(row.geometry[0].area)
        assert sizes == sorted(sizes)


@pytest.mark.integration
def test_liechtenstein(shared_data, scenarios):
    roads = read_roads(Scenario.read(scenarios / "liechtenstein.toml"))
    chosen = roads.nodes.geometry.iloc[[100, 2000, 3500]]
    points = gpd.GeoSeries(chosen.to_numpy(), index=["a", "b", "c"], crs=roads.nodes.crs)
    table = isochrones(roads, points, [5.0, 15.0])
    assert table["state"].eq("reached").all()
    assert table.geometry.is_valid.all()
    again = isochrones(roads, points, [5.0, 15.0])
    assert table.geometry.to_wkb().tolist() == again.geometry.to_wkb().tolist()
    graph = to_networkx(roads)
    crossings = roads.nodes.geometry
    for place, (point_id, rows) in zip((100, 2000, 3500), table.groupby("point_id"), strict=True):
        minutes = nx.single_source_dijkstra_path_length(graph, place, weight="time_min")
        sooner, later = rows.geometry
        assert sooner.difference(later).area < 1.0
        # Every crossing of ordinary roads that is reached is in the area, none far beyond.
        edges = roads.edges
        ordinary = edges[
            edges["kind"].eq("road")
            & ~edges["road_class"].isin(["motorway", "motorway_link", "trunk_link"])
            & ~edges["tunnel"]
        ]
        nodes = np.unique(ordinary[["u", "v"]].to_numpy())
        for limit, area in ((5.0, sooner), (15.0, later)):
            reached = [node for node in nodes if minutes.get(node, math.inf) < limit - 0.01]
            assert shapely.covers(area, crossings[reached].to_numpy()).all(), point_id
            roads_reached = reached_edges(roads, points[[point_id]], limit)
            far = area.difference(roads_reached.buffer(151).union_all())
            # What is beyond the ribbon is gaps and holes.
            assert far.area < 0.5 * area.area
