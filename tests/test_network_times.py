"""Travel times on small networks, against figures worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import ferry, homes, minutes, network, road, sites

from ruralcare.errors import TableError
from ruralcare.network import connections, service_times, travel_times
from ruralcare.scenario import Service, TravelSettings

# A ──1 km── B ──1 km── C
LINE = {"A": (0, 0), "B": (1000, 0), "C": (2000, 0)}


def line(**ab):
    return network(LINE, [road("A", "B", **ab), road("B", "C")])


def test_time_is_length_over_speed_and_walks_count_at_both_ends():
    times = travel_times(line(), homes({"h": (0, 100)}), sites({"p": (2000, -200)}))
    # 2 km at 60 km/h, 100 m and 200 m at 4 km/h
    assert minutes(times) == pytest.approx({("h", "p"): 2 + 1.5 + 3})
    assert times.snap_m.to_dict() == pytest.approx({"h": 100, "p": 200})
    assert times.unsnapped == ()
    assert not times.proxy


def test_a_point_joins_the_edge_not_its_node():
    times = travel_times(line(), homes({"h": (400, 0)}), sites({"p": (1900, 0)}))
    assert minutes(times) == pytest.approx({("h", "p"): 1.5})


@pytest.mark.parametrize(("start", "end"), [(200, 700), (700, 200), (200, 200)])
def test_two_points_on_one_edge_travel_along_it(start, end):
    times = travel_times(line(), homes({"h": (start, 0)}), sites({"p": (end, 0)}))
    assert minutes(times) == pytest.approx({("h", "p"): abs(start - end) / 1000})


def test_many_points_on_one_edge_keep_their_order():
    where = {f"h{x}": (x, 0) for x in (900, 100, 500, 500.004, 300)}
    times = travel_times(line(), homes(where), sites({"p": (0, 0), "q": (2000, 0)}))
    expected = {(h, "p"): x / 1000 for h, (x, _) in where.items()}
    expected |= {(h, "q"): (2000 - x) / 1000 for h, (x, _) in where.items()}
    # Half a tick of a millisecond either way.
    assert minutes(times) == pytest.approx(expected, abs=0.0005 / 60)


def test_one_way_streets_are_driven_one_way_only():
    # A one-way square of 4 km with a spur at A.
    square = {"A": (0, 0), "B": (1000, 0), "C": (1000, 1000), "D": (0, 1000), "E": (-1000, 0)}
    sides = [road(u, v, oneway=True) for u, v in ("AB", "BC", "CD", "DA")]
    roads = network(square, [*sides, road("A", "E")])
    home, place = homes({"h": (250, 0)}), sites({"p": (750, 0), "q": (-500, 0)})
    there = minutes(travel_times(roads, home, place, direction="to_place"))
    back = minutes(travel_times(roads, home, place, direction="to_demand"))
    assert there == pytest.approx({("h", "p"): 0.5, ("h", "q"): 3.75 + 0.5})
    # Round the square, or half a kilometre on foot: 7.5 min.
    assert back == pytest.approx({("p", "h"): 3.5, ("q", "h"): 0.5 + 0.25})


def test_a_point_at_a_junction_uses_every_road_there():
    # The street that is listed first leads away from B only.
    roads = network(LINE, [road("B", "A", oneway=True), road("B", "C"), road("A", "B")])
    times = travel_times(roads, homes({"h": (1000, 0)}), sites({"p": (2000, 0), "q": (0, 0)}))
    assert minutes(times) == pytest.approx({("h", "p"): 1.0, ("h", "q"): 1.0})


def test_the_faster_of_parallel_edges_is_taken_in_each_direction():
    nodes = {"A": (0, 0), "B": (1000, 0)}
    slow = road("A", "B", speed_kmh=30)
    fast = road("A", "B", oneway=True, via=[(500, 10)], length_m=1000.0)
    roads = network(nodes, [slow, fast])
    home, place = homes({"h": (0, 0)}), sites({"p": (1000, 0)})
    assert minutes(travel_times(roads, home, place)) == pytest.approx({("h", "p"): 1.0})
    back = travel_times(roads, home, place, direction="to_demand")
    assert minutes(back) == pytest.approx({("p", "h"): 2.0})


def test_loops_are_driven_the_short_way_round():
    # A loop of 4 km at A, and the way out to B.
    corners = [(0, 1000), (-1000, 1000), (-1000, 0)]
    loop = road("A", "A", via=corners)
    roads = network({"A": (0, 0), "B": (1000, 0)}, [loop, road("A", "B")])
    home = homes({"near_start": (0, 500), "near_end": (-500, 0), "far": (-1000, 1000)})
    times = minutes(travel_times(roads, home, sites({"p": (1000, 0)})))
    expected = {"near_start": 1.5, "near_end": 1.5, "far": 3.0}
    assert times == pytest.approx({(h, "p"): value for h, value in expected.items()})
    oneway = network({"A": (0, 0), "B": (1000, 0)}, [{**loop, "oneway": True}, road("A", "B")])
    times = minutes(travel_times(oneway, home, sites({"p": (1000, 0)})))
    expected = {"near_start": 4.5, "near_end": 1.5, "far": 3.0}
    assert times == pytest.approx({(h, "p"): value for h, value in expected.items()})


def test_dead_ends_lead_out_again():
    roads = network({**LINE, "D": (1000, 700)}, [road("A", "B"), road("B", "C"), road("B", "D")])
    times = travel_times(roads, homes({"h": (1000, 700)}), sites({"p": (0, 0)}))
    assert minutes(times) == pytest.approx({("h", "p"): 1.7})


def test_edges_of_no_length_join_their_ends():
    roads = network({**LINE, "B2": (1000, 0)}, [road("A", "B"), road("B", "B2"), road("B2", "C")])
    times = travel_times(roads, homes({"h": (0, 0)}), sites({"p": (2000, 0)}))
    assert minutes(times) == pytest.approx({("h", "p"): 2.0})


def test_ferries_are_ridden_but_not_joined():
    nodes = {"A": (0, 0), "B": (1000, 0), "C": (9000, 0), "D": (9500, 0)}
    edges = [road("A", "B"), road("C", "D")]
    home, place = homes({"h": (0, 0)}), sites({"p": (9500, 0), "at_sea": (5000, 100)})
    open_ = travel_times(
        network(nodes, [*edges, ferry("B", "C", 70.0)]), home, place, cutoff_min=90
    )
    assert minutes(open_) == pytest.approx({("h", "p"): 1 + 70 + 0.5})
    assert open_.unsnapped == ("at_sea",)
    assert open_.unreachable.empty
    closed = travel_times(network(nodes, edges), home, place, cutoff_min=90)
    assert minutes(closed) == {}
    assert closed.unreachable.to_numpy().tolist() == [["h", "p"]]


def test_beyond_the_cutoff_unreachable_and_unsnapped_are_three_states():
    nodes = {**LINE, "X": (0, 9000), "Y": (500, 9000)}
    roads = network(nodes, [road("A", "B"), road("B", "C"), road("X", "Y")])
    place = sites({"near": (500, 0), "far": (2000, 0), "apart": (0, 9000), "lost": (0, 5000)})
    times = travel_times(roads, homes({"h": (0, 0)}), place, cutoff_min=1.0)
    assert minutes(times) == pytest.approx({("h", "near"): 0.5})
    assert times.unreachable.to_numpy().tolist() == [["h", "apart"]]
    assert times.unsnapped == ("lost",)
    assert times.snap_m.isna().to_dict() == {
        "h": False,
        "near": False,
        "far": False,
        "apart": False,
        "lost": True,
    }


def test_the_cutoff_counts_the_walks_and_includes_its_limit():
    roads, home = line(), homes({"h": (0, 100)})
    place = sites({"p": (2000, 0)})
    assert len(travel_times(roads, home, place, cutoff_min=3.51).frame) == 1
    assert len(travel_times(roads, home, place, cutoff_min=3.49).frame) == 0
    assert travel_times(roads, home, place, cutoff_min=3.49).unreachable.empty


def test_unreachable_minds_the_direction():
    roads = network(LINE, [road("A", "B", oneway=True), road("B", "C")])
    home, place = homes({"h": (0, 0)}), sites({"p": (2000, 0)})
    assert travel_times(roads, home, place).unreachable.empty
    back = travel_times(roads, home, place, direction="to_demand")
    assert back.unreachable.to_numpy().tolist() == [["p", "h"]]
    assert minutes(back) == {}


@pytest.mark.parametrize("road_class", ["motorway", "motorway_link", "trunk_link"])
def test_a_point_beside_a_motorway_joins_the_local_road(road_class):
    nodes = {**LINE, "M": (0, 50), "N": (2000, 50)}
    fast = road("M", "N", road_class=road_class)
    times = travel_times(
        network(nodes, [fast, road("A", "B"), road("B", "C")]),
        homes({"h": (500, 45)}),
        sites({"p": (500, 0)}),
    )
    assert times.snap_m["h"] == pytest.approx(45)
    assert minutes(times) == pytest.approx({("h", "p"): 45 / 1000 * 15})


def test_bridges_are_joined_only_where_nothing_else_is_near():
    nodes = {**LINE, "M": (0, 50), "N": (2000, 50)}
    bridge = road("M", "N", bridge=True)
    roads = network(nodes, [bridge, road("A", "B"), road("B", "C")])
    near = travel_times(roads, homes({"h": (500, 45)}), sites({"p": (0, 0)}))
    assert near.snap_m["h"] == pytest.approx(45)
    far = travel_times(roads, homes({"h": (500, 60)}), sites({"p": (0, 0)}), snap_limit_m=20)
    assert far.snap_m["h"] == pytest.approx(10)


def test_points_beyond_the_snapping_limit_are_unsnapped():
    home, place = homes({"in": (500, 299), "out": (500, 301)}), sites({"p": (0, 0)})
    times = travel_times(line(), home, place, snap_limit_m=300)
    assert times.unsnapped == ("out",)
    assert [pair[0] for pair in minutes(times)] == ["in"]


def test_neighbours_on_the_same_road_may_walk_straight():
    # 300 m from the road, side by side: not 300 m to the road and 300 m back.
    times = travel_times(
        line(), homes({"h": (500, 300)}), sites({"p": (500, 300), "q": (540, 300)})
    )
    assert minutes(times) == pytest.approx({("h", "p"): 0.0, ("h", "q"): 0.6})


def test_on_foot_roads_are_walked_both_ways_and_motorways_not_at_all():
    roads = network(
        LINE,
        [
            road("B", "A", oneway=True),
            road("B", "C", road_class="motorway"),
            road("B", "C", via=[(1500, 100)], length_m=1200.0),
        ],
    )
    times = travel_times(
        roads, homes({"h": (0, 0)}), sites({"p": (2000, 0)}), mode="foot", cutoff_min=60
    )
    assert minutes(times) == pytest.approx({("h", "p"): (1.0 + 1.2) * 15})
    assert times.mode == "foot"
    with pytest.raises(TableError, match="bicycle"):
        travel_times(roads, homes({"h": (0, 0)}), sites({"p": (0, 0)}), mode="bicycle")


def test_another_crs_is_refused():
    place = sites({"p": (0, 0)})
    home = homes({"h": (0, 0)})
    wrong = type(home)(home.frame.to_crs("EPSG:32652"), "villages")
    with pytest.raises(TableError, match="to_crs"):
        travel_times(line(), wrong, place)


def service(number, direction, detour):
    return Service(
        id=f"s{number}", name_ko="x", name_en="x", level=1, standard_min=30, direction=direction,
        detour_factor=detour, offered_by=("a",), use_rate=0.1,
        modules=({"capacity_persons": 1, "capital_mkrw": 1, "running_mkrw": 1, "care_workers": 1},),
    )  # fmt: skip


def test_each_service_travels_its_own_way():
    roads = network(
        {**LINE, "D": (2000, 1000)},
        [road("A", "C", oneway=True), road("C", "D"), road("D", "A", via=[(0, 1000)])],
    )
    services = [
        service(1, "to_demand", 1.0),
        service(2, "to_place", 1.5),
        service(3, "to_place", 1),
    ]
    home, place = homes({"h": (0, -100)}), sites({"p": (2000, 0)})
    travel = TravelSettings(cutoff_min=30, walking_kmh=4, snap_limit_m=500)
    times = service_times(roads, home, place, services, travel)
    assert list(times) == ["s1", "s2", "s3"]
    assert minutes(times["s1"]) == pytest.approx({("p", "h"): 4 + 1.5})
    # The detour of the shuttle lengthens the ride, not the walk.
    assert minutes(times["s2"]) == pytest.approx({("h", "p"): 2 * 1.5 + 1.5})
    assert minutes(times["s3"]) == pytest.approx({("h", "p"): 2 + 1.5})
    short = TravelSettings(cutoff_min=4.0, walking_kmh=4, snap_limit_m=500)
    beyond = service_times(roads, home, place, services, short)
    assert [len(times_.frame) for times_ in beyond.values()] == [0, 0, 1]
    assert all(times_.unreachable.empty for times_ in beyond.values())


def test_no_places_at_all():
    times = travel_times(line(), homes({"h": (0, 0)}), sites({"p": (0, 0)}).iloc[:0])
    assert times.frame.empty
    assert times.unreachable.empty


# Random streets on a grid of 12 junctions, 1 km apart.
GRID = {f"{x}{y}": (1000 * x, 1000 * y) for x in range(4) for y in range(3)}
STEPS = [
    (a, b)
    for a, (xa, ya) in GRID.items()
    for b, (xb, yb) in GRID.items()
    if (xb - xa, yb - ya) in ((1000, 0), (0, 1000))
]
streets = st.lists(
    st.tuples(st.sampled_from(STEPS), st.booleans(), st.booleans(), st.sampled_from([20.0, 50.0])),
    min_size=1,
    max_size=20,
)
HOMES = homes({f"h{name}": place for name, place in GRID.items()})
SITES = sites({f"p{name}": place for name, place in GRID.items()})


def build(chosen, *, both_ways=False):
    edges = [
        road(*(step[::-1] if turned else step), oneway=oneway and not both_ways, speed_kmh=speed)
        for step, oneway, turned, speed in chosen
    ]
    return network(GRID, edges)


def from_junctions(roads, **options):
    """Times between the junctions that a street touches: there, points stand on the network."""
    times = travel_times(roads, HOMES, SITES, cutoff_min=1000, snap_limit_m=1.0, **options)
    return minutes(times)


@settings(max_examples=60, deadline=None)
@given(streets, streets)
def test_a_further_road_never_lengthens_a_time(chosen, further):
    before, after = from_junctions(build(chosen)), from_junctions(build(chosen + further))
    assert set(before) <= set(after)
    assert all(after[pair] <= before[pair] + 1e-9 for pair in before)


@settings(max_examples=40, deadline=None)
@given(streets)
def test_without_one_way_streets_there_and_back_take_as_long(chosen):
    roads = build(chosen, both_ways=True)
    there = from_junctions(roads)
    back = from_junctions(roads, direction="to_demand")
    assert {(b, a): value for (a, b), value in back.items()} == pytest.approx(there)


@settings(max_examples=40, deadline=None)
@given(streets)
def test_every_pair_is_in_exactly_one_state(chosen):
    times = travel_times(build(chosen), HOMES, SITES, cutoff_min=3.0, snap_limit_m=1.0)
    longer = travel_times(build(chosen), HOMES, SITES, cutoff_min=1000.0, snap_limit_m=1.0)
    listed, reachable = set(minutes(times)), set(minutes(longer))
    apart = set(map(tuple, times.unreachable.to_numpy().tolist()))
    lost = set(times.unsnapped)
    assert listed <= reachable
    assert not reachable & apart
    everything = {(h, p) for h in HOMES.frame.index for p in SITES.index}
    unsnapped = {pair for pair in everything if lost & set(pair)}
    assert reachable | apart | unsnapped == everything
    assert not (reachable | apart) & unsnapped


def test_connection_of_a_township(two_shores):
    roads, towns, points = two_shores
    # Of M, 600 live near a road: more than on I.
    persons = pd.Series({"M": 1000, "I": 500, "L": 900})
    link = connections(roads, towns, points, persons=persons)
    assert link.to_dict() == {"M": "road", "I": "ferry", "L": "none"}
    persons["I"] = 700
    link = connections(roads, towns, points, persons=persons)
    assert link.to_dict() == {"M": "ferry", "I": "road", "L": "none"}


@pytest.fixture
def two_shores():
    import geopandas as gpd
    from network_cases import CRS, at
    from shapely.geometry import Point, box

    from ruralcare.types import DemandPoints, Townships

    nodes = {**LINE, "P": (9000, 0), "Q": (9900, 0)}
    roads = network(nodes, [road("A", "B"), road("B", "C"), ferry("C", "P", 40), road("P", "Q")])
    place = {"m1": (0, 0, "M", 0.6), "m2": (0, 9000, "M", 0.4), "i": (9900, 0, "I", 1.0),
             "l": (0, 20000, "L", 1.0)}  # fmt: skip
    points = DemandPoints(
        gpd.GeoDataFrame(
            {
                "township_id": [row[2] for row in place.values()],
                "name": list(place),
                "weight": [row[3] for row in place.values()],
            },
            geometry=[Point(at(*row[:2])) for row in place.values()],
            index=pd.Index(list(place), name="point_id"),
            crs=CRS,
        ),
        "villages",
    )
    towns = Townships(
        gpd.GeoDataFrame(
            {
                "name": ["M", "I", "L"],
                "sigungu_id": "1",
                "sigungu_name": "x",
                "seat": [Point(at(0, 0))] * 3,
            },
            geometry=[box(*at(0, 0), *at(1, 1))] * 3,
            index=pd.Index(["M", "I", "L"], name="township_id"),
            crs=CRS,
        ),
        "2023",
    )
    return roads, towns, points


def test_people_walk_along_national_roads_and_not_along_motorways():
    edges = [road("A", "B", road_class="trunk"), road("B", "C", road_class="motorway")]
    edges.append(road("B", "D", road_class="residential"))
    roads = network({**LINE, "D": (1000, 1000)}, edges)
    home, place = homes({"h": (0, 0)}), sites({"p": (1000, 1000), "q": (2000, 0)})
    times = travel_times(roads, home, place, mode="foot", cutoff_min=120, snap_limit_m=100)
    assert minutes(times) == pytest.approx({("h", "p"): 30})
    assert times.unsnapped == ("q",)
