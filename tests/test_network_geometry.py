"""Cases of roads drawn by hand, with times worked out by hand: a kilometre is a minute."""

from __future__ import annotations

from dataclasses import replace

import pytest
from network_cases import ferry, homes, minutes, network, road, sites
from shapely.geometry import box
from test_network_proxy import county

from ruralcare.network import travel_times
from ruralcare.network.build import build_network
from ruralcare.network.reading import land_pieces
from ruralcare.network.snap import snap_points


def time(roads, start, end, **more):
    """Minutes from one place to another, or the state that stands for them."""
    times = travel_times(
        roads, homes({"h": start}), sites({"p": end}), **{"cutoff_min": 100.0, **more}
    )
    if times.unsnapped:
        return "unsnapped"
    if len(times.unreachable):
        return "unreachable"
    return minutes(times).get(("h", "p"), "beyond")


@pytest.mark.parametrize("bridge", [True, False])
def test_a_bridge_does_not_join_the_road_below(bridge):
    # A road from west to east, and one from south to north over its middle. The two meet only in
    # the town in the north-east, whether the upper one is marked as a bridge or not.
    nodes = {"w": (-5000, 0), "e": (5000, 0), "s": (0, -5000), "n": (0, 5000), "town": (5000, 5000)}
    over = [road("w", "e"), road("s", "n", bridge=bridge), road("n", "town"), road("e", "town")]
    roads = network(nodes, over)
    assert time(roads, (-1000, 0), (0, -2000), snap_limit_m=900) == pytest.approx(6 + 5 + 5 + 7)
    # With a crossing on the level, it is 1 km and 2 km.
    level = [road("w", "x"), road("x", "e"), road("s", "x"), road("x", "n")]
    crossing = network({**nodes, "x": (0, 0)}, [*level, road("n", "town"), road("e", "town")])
    assert time(crossing, (-1000, 0), (0, -2000)) == pytest.approx(1 + 2)


def test_a_tunnel_does_not_join_the_road_above():
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (3000, 0), "d": (4000, 0),
             "x": (2000, -1000), "y": (2000, 1000)}  # fmt: skip
    roads = network(
        nodes, [road("a", "b"), road("b", "c", bridge=True), road("c", "d"), road("x", "y")]
    )
    assert time(roads, (0, 0), (2000, 900)) == "unreachable"
    # A house above the tunnel does not open on it: it takes the road above.
    assert snap_points(roads, homes({"h": (2010, 0)}).points, limit_m=500).edge.tolist() == [3]


def test_a_roundabout_is_driven_one_way():
    # Four arms; between two of them a quarter of the ring, 0.5 km against the clock.
    ring = {"e": (318, 0), "n": (0, 318), "w": (-318, 0), "s": (0, -318)}
    arms = {"E": (3318, 0), "N": (0, 3318), "W": (-3318, 0), "S": (0, -3318)}
    quarter = [
        road(a, b, oneway=True, length_m=500.0, time_min=0.5)
        for a, b in (("e", "n"), ("n", "w"), ("w", "s"), ("s", "e"))
    ]
    roads = network({**ring, **arms}, [*quarter, *(road(a, a.upper()) for a in "enws")])
    assert time(roads, arms["S"], arms["E"]) == pytest.approx(3 + 0.5 + 3)
    assert time(roads, arms["S"], arms["N"]) == pytest.approx(3 + 1.0 + 3)
    assert time(roads, arms["S"], arms["W"]) == pytest.approx(3 + 1.5 + 3)
    assert time(roads, arms["W"], arms["S"]) == pytest.approx(3 + 0.5 + 3)


def divided():
    """Two carriageways 20 m apart from (0, 0) to (10, 0) km; one turns at their ends only."""
    return network(
        {"a": (0, 0), "b": (10_000, 0), "c": (10_000, 20), "d": (0, 20)},
        [
            road("a", "b", oneway=True, road_class="primary"),
            road("b", "c"),
            road("c", "d", oneway=True, road_class="primary"),
            road("d", "a"),
        ],
    )


def test_a_house_joins_the_nearer_carriageway_and_drives_the_right_way_round():
    south = (4000, -40)
    walk = 0.04 / 4 * 60
    assert time(divided(), south, (6000, 0)) == pytest.approx(walk + 2)
    # Behind it on the same carriageway: on to the end, back, and on from the other end.
    assert time(divided(), south, (1000, 0)) == pytest.approx(walk + 6 + 0.02 + 10 + 0.02 + 1)
    # Opposite, 20 m away on the other carriageway.
    assert time(divided(), south, (4000, 20)) == pytest.approx(walk + 6 + 0.02 + 6)
    assert time(divided(), (4000, 60), (1000, 20)) == pytest.approx(walk + 3)


def archipelago(*boats):
    """A mainland road and one on an island 5 km off; boats from (0, 0) to (0, 5) km."""
    return network(
        {"m": (-4000, 0), "harbour": (0, 0), "pier": (0, 5000), "i": (0, 8000)},
        [road("m", "harbour"), road("pier", "i"), *boats],
    )


def test_an_island_is_reached_by_the_crossing_and_half_the_headway():
    # 25 minutes on board, a boat every hour.
    boat = ferry("harbour", "pier", 25 + 60 / 2)
    assert time(archipelago(boat), (-4000, 0), (0, 8000)) == pytest.approx(4 + 25 + 30 + 3)
    assert time(archipelago(boat), (0, 8000), (-4000, 0)) == pytest.approx(4 + 25 + 30 + 3)
    assert time(archipelago(boat), (-4000, 0), (0, 8000), cutoff_min=61) == "beyond"
    assert time(archipelago(), (-4000, 0), (0, 8000)) == "unreachable"
    assert time(archipelago(boat), (-4000, 0), (4000, 8000)) == "unsnapped"
    # Nobody boards at sea, however near the boat passes.
    assert time(archipelago(boat), (-4000, 0), (50, 2500)) == "unsnapped"


@pytest.mark.parametrize(
    ("more", "wait"),
    [
        ({}, 60 / 2),
        ({"ferry_headway_min": 90.0}, 90 / 2),
        ({"ferry_wait_min": 10.0}, 10),
        ({"ferry_wait_min": 0.0, "ferry_headway_min": 90.0}, 0),
        ({"ferries_run": False}, None),
        ({"closed": ("2",)}, None),
        ({"closed": ("1",)}, 30),
    ],
)
def test_a_ferry_waits_as_the_scenario_says_and_closes_alone_or_with_all(
    tmp_path, scenarios, more, wait
):
    from osm_cases import demo_with, lines_of, write_osm

    places = [(0, 0), (4000, 0), (4000, 5000), (4000, 8000), (0, 1000)]
    nodes = dict(enumerate(places, start=1))
    street = {"highway": "residential", "maxspeed": "60"}
    boat = {"route": "ferry", "duration": "00:25", "motor_vehicle": "yes"}
    file = write_osm(
        tmp_path / "r.osm", nodes, [([1, 5], street), ([2, 3], boat), ([1, 2], street),
                                    ([3, 4], street)]
    )  # fmt: skip
    lines = lines_of(file, scenarios, **more)
    roads = build_network(lines, demo_with(scenarios, file=file, **more).roads)
    found = time(roads, (0, 0), (4000, 8000))
    assert found == ("unreachable" if wait is None else pytest.approx(4 + 25 + wait + 3, rel=1e-3))


def test_of_two_boats_the_quicker_is_taken():
    slow, quick = ferry("harbour", "pier", 55), ferry("harbour", "pier", 40)
    assert time(archipelago(slow, quick), (-4000, 0), (0, 8000)) == pytest.approx(47)


def test_a_point_in_a_lake_or_on_its_far_shore_does_not_swim():
    # A lake 1 km wide with a road along each shore; the western road is nearer by water.
    lake = box(2000, 0, 3000, 9000)
    towns, _ = county({"T": box(0, -3000, 9000, 9000).difference(lake)}, {"v": (100, 100, "T")})
    land = land_pieces(list(towns.frame.geometry), 300.0)
    roads = replace(
        network(
            {"a": (1900, 0), "b": (1900, 8000), "c": (4800, 8000), "d": (4800, -500),
             "e": (1900, -500)},
            [road("a", "b"), road("c", "d"), road("d", "e"), road("e", "a")],
        ),
        land=land,
    )  # fmt: skip
    # On the eastern shore: 1,200 m over water to the west, 1,700 m over land to the east.
    eastern = homes({"h": (3100, 6000)}).points
    assert snap_points(roads, eastern, limit_m=2000).edge.tolist() == [1]
    assert snap_points(roads, eastern, limit_m=1600).edge.tolist() == [-1]
    # In the lake (the shore is drawn coarsely): it joins what is nearest.
    afloat = homes({"h": (2300, 6000)}).points
    assert snap_points(roads, afloat, limit_m=2000).edge.tolist() == [0]
    drive = 6.5 + 2.9 + 6.5
    walk = 1.7 / 4 * 60
    assert time(roads, (3100, 6000), (1900, 6000)) == pytest.approx(walk + drive)


@pytest.mark.parametrize("kind", ["motorway", "motorway_link", "trunk_link"])
def test_a_motorway_that_passes_a_village_is_not_joined(kind):
    # The motorway runs past at 100 m; the junction is 5 km on; the village street is 400 m away.
    roads = network(
        {"a": (-10_000, 100), "j": (5000, 100), "b": (10_000, 100), "s": (-3000, -400),
         "t": (5000, -400)},
        [
            road("a", "j", road_class=kind, speed_kmh=120.0),
            road("j", "b", road_class=kind, speed_kmh=120.0),
            road("s", "t"),
            road("t", "j"),
        ],
    )  # fmt: skip
    walk = 0.4 / 4 * 60
    assert time(roads, (0, 0), (5000, -400)) == pytest.approx(walk + 5)
    alone = network({"a": (-10_000, 100), "b": (10_000, 100)}, [road("a", "b", road_class=kind)])
    assert time(alone, (0, 0), (5000, 100)) == "unsnapped"


def test_a_dead_end_is_left_the_way_it_is_entered():
    roads = network(
        {"a": (0, 0), "b": (5000, 0), "end": (5000, 3000), "c": (9000, 0)},
        [road("a", "b"), road("b", "end"), road("b", "c")],
    )
    assert time(roads, (5000, 3000), (9000, 0)) == pytest.approx(3 + 4)
    # 300 m beyond the end of the road, on foot.
    assert time(roads, (5000, 3300), (9000, 0)) == pytest.approx(0.3 / 4 * 60 + 7)


def test_a_loop_road_is_driven_the_shorter_way_or_the_only_way():
    shape = [(4000, 0), (4000, 4000), (0, 4000)]
    both = network({"a": (0, 0), "z": (-2000, 0)}, [road("a", "a", via=shape), road("a", "z")])
    # 16 km round; the far corner is 8 km away, and (0, 3) km is 3 km away against the drawing.
    assert time(both, (-2000, 0), (0, 3000)) == pytest.approx(2 + 3)
    assert time(both, (-2000, 0), (4000, 3000)) == pytest.approx(2 + 7)
    assert time(both, (4000, 1000), (4000, 3000)) == pytest.approx(2)
    one = network(
        {"a": (0, 0), "z": (-2000, 0)}, [road("a", "a", via=shape, oneway=True), road("a", "z")]
    )
    assert time(one, (-2000, 0), (0, 3000)) == pytest.approx(2 + 13)
    assert time(one, (0, 3000), (-2000, 0)) == pytest.approx(3 + 2)
    # Back along the loop means all the way round.
    assert time(one, (4000, 3000), (4000, 1000)) == pytest.approx(16 - 2)


def test_two_points_of_one_road_may_walk_straight():
    roads = network({"a": (0, 0), "b": (10_000, 0)}, [road("a", "b", oneway=True)])
    # 200 m back along a one-way road without return: three minutes on foot.
    assert time(roads, (5000, 0), (4800, 0)) == pytest.approx(3)
