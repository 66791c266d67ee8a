"""Pick-up tours: rules kept, and against every tour there is on small cases."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pandas as pd
import pytest
import shapely
from network_cases import at, network, road, sites

from ruralcare.errors import InputError, TableError
from ruralcare.network.tours import pickup_tours, tour_lines, tours_from_minutes

pytest.importorskip("pyvrp", reason="PyVRP (the extra tours) is not installed")


def table(times):
    names = ["C", *(f"h{k}" for k in range(1, len(times)))]
    return pd.DataFrame(times, index=names, columns=names)


def lone_road(*distances_m):
    """A centre at the start of a road of 60 km/h, riders along it."""
    roads = network({"A": (0, 0), "B": (60_000, 0)}, [road("A", "B")])
    return roads, sites({f"h{x}": (x, 0) for x in distances_m})


CENTRE = shapely.Point(at(0, 0))


def test_one_vehicle_collects_from_the_far_end():
    roads, riders = lone_road(10_000, 20_000, 5_000)
    tours = pickup_tours(roads, CENTRE, riders, vehicle_seats=5, ride_cap_min=30.0, board_min=2.0)
    rows = tours.riders.set_index("point_id")
    assert rows["stop"].to_dict() == {"h10000": 2, "h20000": 1, "h5000": 3}
    # Everybody's boarding from there on counts: 20 + 6, 10 + 4, 5 + 2 minutes.
    assert rows["ride_min"].to_dict() == pytest.approx({"h10000": 14, "h20000": 26, "h5000": 7})
    assert rows["direct_min"].to_dict() == pytest.approx({"h10000": 10, "h20000": 20, "h5000": 5})
    assert rows["detour"].to_dict() == pytest.approx({"h10000": 1.4, "h20000": 1.3, "h5000": 1.4})
    assert rows["walk_min"].to_dict() == {"h10000": 0, "h20000": 0, "h5000": 0}
    assert tours.tours.iloc[0].to_dict() == pytest.approx(
        {"persons": 3, "stops": 3, "ride_min": 26, "drive_min": 40}
    )
    assert tours.detour_factor == pytest.approx(47 / 35)
    assert tours.longest_ride_min == pytest.approx(26)
    assert tours.share_within(1.35) == pytest.approx(1 / 3)
    assert tours.share_within(1.4) == pytest.approx(1)
    assert (tours.vehicles, tours.vehicles_at_least) == (1, 1)
    assert tours.summary().splitlines() == [
        "3 people ride in 1 tours; the longest ride takes 26 min of 30 allowed.",
        "Their rides take 1.34 times as long as the direct drive.",
    ]


def test_the_cap_counts_from_the_first_stop_not_from_the_centre():
    # There and back take 58 minutes; the ride 29 and a minute of boarding.
    roads, riders = lone_road(29_000)
    assert pickup_tours(roads, CENTRE, riders, vehicle_seats=9, ride_cap_min=30.0).vehicles == 1
    short = pickup_tours(roads, CENTRE, riders, vehicle_seats=9, ride_cap_min=29.9)
    assert short.vehicles == 0
    assert short.not_carried["state"].tolist() == ["beyond_cap"]


def test_a_cap_and_too_few_seats_call_for_more_vehicles():
    roads, riders = lone_road(10_000, 11_000, 12_000, 13_000)
    # Two minutes of boarding each: 13 + 8 minutes in one vehicle.
    made = {
        (seats, cap): pickup_tours(
            roads, CENTRE, riders, vehicle_seats=seats, ride_cap_min=cap, board_min=2.0
        ).vehicles
        for seats, cap in ((4, 21.0), (4, 20.9), (4, 15.0), (2, 21.0), (1, 21.0))
    }
    assert made == {(4, 21.0): 1, (4, 20.9): 2, (4, 15.0): 3, (2, 21.0): 2, (1, 21.0): 4}


def test_a_village_is_shared_between_vehicles():
    roads, riders = lone_road(8000, 9000)
    persons = pd.Series({"h9000": 2, "h8000": 5})
    tours = pickup_tours(roads, CENTRE, riders, persons=persons, vehicle_seats=4, ride_cap_min=30.0)
    assert tours.vehicles == tours.vehicles_at_least == 2
    assert tours.riders.groupby("point_id")["persons"].sum().to_dict() == persons.to_dict()
    assert (tours.tours["persons"] <= 4).all()
    # The cap may ask for it too: 8 minutes of driving leave four for boarding.
    capped = pickup_tours(
        roads, CENTRE, riders[["h8000"]], persons=persons, vehicle_seats=9, ride_cap_min=12.0
    )
    assert capped.vehicles == 2
    assert capped.tours["ride_min"].max() <= 12


def test_who_is_not_carried_is_named_with_the_reason():
    nodes = {"A": (0, 0), "B": (60_000, 0), "X": (0, 90_000), "Y": (9000, 90_000), "Z": (0, -9000)}
    edges = [road("A", "B"), road("X", "Y"), road("Z", "A", oneway=True)]
    riders = sites(
        {
            "near": (1000, 0),
            "far": (50_000, 0),
            "apart": (1000, 90_000),
            "no_way_back": (0, -5000),
            "lost": (30_000, 40_000),
            "nobody": (2000, 0),
        }
    )
    persons = pd.Series([1, 2, 1, 1, 3, 0], index=riders.index)
    tours = pickup_tours(
        network(nodes, edges),
        CENTRE,
        riders,
        persons=persons,
        vehicle_seats=9,
        ride_cap_min=45.0,
    )
    assert tours.not_carried[["point_id", "state", "persons"]].to_numpy().tolist() == [
        ["far", "beyond_cap", 2],
        ["apart", "unreachable", 1],
        ["no_way_back", "unreachable", 1],
        ["lost", "unsnapped", 3],
    ]
    assert tours.not_carried["direct_min"].isna().tolist() == [False, True, True, True]
    assert tours.carried["point_id"].tolist() == ["near"]
    assert len(tours.summary().splitlines()) == 5
    assert tours.summary().splitlines()[2].startswith("2 people live too far away")


def test_in_the_evening_the_last_rides_longest():
    roads, riders = lone_road(10_000, 20_000)
    tours = pickup_tours(
        roads, CENTRE, riders, vehicle_seats=5, ride_cap_min=30.0, way="from_centre"
    )
    rows = tours.riders.set_index("point_id")
    assert rows["stop"].to_dict() == {"h10000": 1, "h20000": 2}
    assert rows["ride_min"].to_dict() == pytest.approx({"h10000": 11, "h20000": 22})


def test_one_way_streets_make_mornings_and_evenings_differ():
    # A ring of 4 km, driven one way only.
    corners = {"A": (0, 0), "B": (1000, 0), "C": (1000, 1000), "D": (0, 1000)}
    roads = network(corners, [road(u, v, oneway=True) for u, v in ("AB", "BC", "CD", "DA")])
    riders = sites({"b": (1000, 0), "d": (0, 1000)})
    more = {"vehicle_seats": 4, "ride_cap_min": 9.0, "board_min": 0.0}
    to = pickup_tours(roads, CENTRE, riders, **more).riders.set_index("point_id")
    back = pickup_tours(roads, CENTRE, riders, way="from_centre", **more).riders
    back = back.set_index("point_id")
    assert to["ride_min"].to_dict() == pytest.approx({"b": 3, "d": 1})
    assert back["ride_min"].to_dict() == pytest.approx({"b": 1, "d": 3})
    assert to["stop"].to_dict() == back["stop"].to_dict() == {"b": 1, "d": 2}


def partitions(items):
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for smaller in partitions(rest):
        yield [[first], *smaller]
        for k, group in enumerate(smaller):
            yield [*smaller[:k], [first, *group], *smaller[k + 1 :]]


def brute_force(times, seats, cap, board):
    """Fewest vehicles, then least driving, by trying everything."""
    cost = {}
    people = range(1, len(times))
    for size in range(1, seats + 1):
        for group in itertools.combinations(people, size):
            for order in itertools.permutations(group):
                legs = [times[a][b] for a, b in itertools.pairwise([*order, 0])]
                if sum(legs) + board * size <= cap + 1e-9:
                    drive = times[0][order[0]] + sum(legs)
                    cost[group] = min(cost.get(group, np.inf), drive)
    best = (np.inf, np.inf)
    for groups in partitions(list(people)):
        keys = [tuple(sorted(group)) for group in groups]
        if all(key in cost for key in keys):
            best = min(best, (len(keys), sum(cost[key] for key in keys)))
    return best


def shortest(times):
    """Make a matrix of driving times one of shortest ways."""
    times = times.copy()
    for k in range(len(times)):
        times = np.minimum(times, times[:, [k]] + times[[k]])
    return times


@pytest.mark.parametrize("case", range(24))
def test_small_cases_against_brute_force(case):
    rng = np.random.default_rng(case)
    people = int(rng.integers(2, 7))
    xy = rng.uniform(-15, 15, (people + 1, 2))
    times = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) * rng.uniform(
        1, 1.5, (people + 1,) * 2
    )
    np.fill_diagonal(times, 0)
    # Whole hundredths, so that ticks and floats say the same.
    times = shortest(times.round(2)).round(2)
    seats = int(rng.integers(1, 5))
    board = 1.0
    cap = float(np.ceil(times[1:, 0].max()) + board + rng.integers(0, 12))
    tours = tours_from_minutes(
        table(times), "C", vehicle_seats=seats, ride_cap_min=cap, board_min=board
    )
    vehicles, drive = brute_force(times, seats, cap, board)
    assert (tours.vehicles, tours.drive_min) == (vehicles, pytest.approx(drive))
    assert tours.not_carried.empty


def independent_check(tours, times, persons, board):
    """Drive every tour again on the matrix."""
    carried = tours.carried
    assert carried.groupby("point_id")["persons"].sum().to_dict() == persons
    for number, rows in carried.groupby("tour"):
        rows = rows.sort_values("stop")
        assert rows["stop"].tolist() == list(range(1, len(rows) + 1))
        assert rows["persons"].sum() <= tours.vehicle_seats
        stops = [*rows["point_id"], "C"]
        if tours.way == "from_centre":
            stops = ["C", *rows["point_id"]]
        legs = [times.loc[a, b] for a, b in itertools.pairwise(stops)]
        boarding = rows["persons"].to_numpy() * board
        if tours.way == "to_centre":
            rides = [sum(legs[k:]) + boarding[k:].sum() for k in range(len(rows))]
        else:
            rides = [sum(legs[: k + 1]) + boarding[: k + 1].sum() for k in range(len(rows))]
        assert rows["ride_min"].tolist() == pytest.approx(rides, abs=1e-3)
        assert max(rides) <= tours.ride_cap_min + 1e-3
        assert tours.tours.loc[number, "ride_min"] == pytest.approx(max(rides), abs=1e-3)
        round_ = sum(times.loc[a, b] for a, b in itertools.pairwise(["C", *rows["point_id"], "C"]))
        assert tours.tours.loc[number, "drive_min"] == pytest.approx(round_, abs=1e-3)


@pytest.mark.parametrize("way", ["to_centre", "from_centre"])
def test_a_whole_centre_keeps_the_rules_and_comes_out_the_same_again(way):
    rng = np.random.default_rng(17)
    xy = rng.uniform(-14, 14, (25, 2))
    xy[0] = 0
    times = table(shortest(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) * 1.3))
    persons = pd.Series(rng.integers(1, 4, 24), index=times.index[1:])
    options = {"persons": persons, "vehicle_seats": 9, "ride_cap_min": 45.0, "way": way}
    tours = tours_from_minutes(times, "C", iterations=300, **options)
    independent_check(tours, times, persons.to_dict(), 1.0)
    assert tours.vehicles >= tours.vehicles_at_least
    assert tours.detour_factor >= 1
    again = tours_from_minutes(times, "C", iterations=300, **options)
    pd.testing.assert_frame_equal(tours.riders, again.riders)
    pd.testing.assert_frame_equal(tours.tours, again.tours)
    # The search is worth something against one vehicle each.
    alone = sum(times.loc["C", h] + times.loc[h, "C"] for h in persons.index)
    assert tours.drive_min < 0.7 * alone


def test_a_longer_cap_and_more_seats_need_no_more_vehicles():
    rng = np.random.default_rng(4)
    xy = rng.uniform(-12, 12, (19, 2))
    times = table(shortest(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))))

    def vehicles(seats, cap):
        return tours_from_minutes(
            times, "C", vehicle_seats=seats, ride_cap_min=cap, iterations=500
        ).vehicles

    assert vehicles(9, 60.0) <= vehicles(9, 40.0) <= vehicles(4, 40.0)


def test_lines_of_the_tours():
    roads = network({"A": (0, 0), "B": (5000, 0), "C": (0, 5000)}, [road("A", "B"), road("A", "C")])
    riders = sites({"b": (5000, 0), "c": (0, 4000), "b2": (3000, 0)})
    tours = pickup_tours(roads, CENTRE, riders, vehicle_seats=2, ride_cap_min=8.0)
    lines = tour_lines(roads, tours, CENTRE, riders)
    assert lines.length.to_dict() == pytest.approx((tours.tours["drive_min"] * 1000).to_dict())
    assert sorted(lines.length) == pytest.approx([8000, 10_000])
    assert lines.crs == roads.edges.crs


def test_nobody_to_carry():
    roads, riders = lone_road(1000)
    tours = pickup_tours(roads, CENTRE, riders.iloc[:0], vehicle_seats=4, ride_cap_min=30.0)
    assert tours.riders.empty
    assert (tours.vehicles, tours.vehicles_at_least, tours.drive_min) == (0, 0, 0)
    assert tours.longest_ride_min is None
    assert tours.detour_factor is None
    assert tours.share_within(1.3) is None
    assert tours.summary() == ""
    assert tour_lines(roads, tours, CENTRE, riders.iloc[:0]).empty
    at_centre = pickup_tours(
        roads, CENTRE, sites({"h": (0, 0)}), vehicle_seats=4, ride_cap_min=30.0
    )
    assert at_centre.detour_factor is None
    assert at_centre.riders["detour"].isna().all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"vehicle_seats": 0},
        {"ride_cap_min": 0.0},
        {"ride_cap_min": np.inf},
        {"board_min": -1.0},
        {"iterations": 0},
        {"way": "there"},
        {"persons": pd.Series({"h1": 1.5})},
        {"persons": pd.Series({"h1": -1})},
        {"persons": pd.Series({"h2": 1})},
        {"centre": "nobody"},
        {"minutes": table(np.zeros((2, 2))).iloc[:, :1]},
        {"minutes": table(np.full((2, 2), -1.0))},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    given = {
        "minutes": table(np.array([[0, 5.0], [5.0, 0]])),
        "centre": "C",
        "vehicle_seats": 4,
        "ride_cap_min": 30.0,
        **wrong,
    }
    with pytest.raises(TableError):
        tours_from_minutes(given.pop("minutes"), given.pop("centre"), **given)


def test_no_way_between_two_homes_is_no_fault():
    times = table(np.array([[0, 5, 6], [5, 0, np.nan], [6, np.nan, 0]], dtype=float))
    tours = tours_from_minutes(times, "C", vehicle_seats=4, ride_cap_min=30.0)
    assert tours.vehicles == 2


def test_without_the_library_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    with pytest.raises(InputError, match=r"pip install ruralcare\[tours\]"):
        tours_from_minutes(
            table(np.array([[0, 5.0], [5.0, 0]])), "C", vehicle_seats=4, ride_cap_min=30.0
        )
