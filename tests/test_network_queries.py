"""Nearest places, matrices and minutes from everywhere, against travel times and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import at, ferry, homes, network, road, sites
from shapely.geometry import Point

from ruralcare.errors import TableError
from ruralcare.network import (
    everywhere,
    isochrones,
    matrix,
    nearest,
    path,
    paths,
    pickup_tours,
    reached_edges,
    travel_times,
)
from ruralcare.network.queries import STATES
from ruralcare.types import RoadNetwork

# A ──1 km── B ──1 km── C, an island D ── E, and a one-way street B → F.
NODES = {
    "A": (0, 0),
    "B": (1000, 0),
    "C": (2000, 0),
    "D": (9000, 0),
    "E": (9500, 0),
    "F": (1000, 1000),
}


def roads(*, ferry_min=None):
    edges = [road("A", "B"), road("B", "C"), road("D", "E"), road("B", "F", oneway=True)]
    if ferry_min is not None:
        edges.append(ferry("C", "D", ferry_min))
    return network(NODES, edges)


def rows(table):
    return [
        tuple(None if value is pd.NA else value for value in row)
        for row in table.itertuples(index=False)
    ]


def test_the_nearest_places_in_order_and_why_there_is_none():
    points = homes({"h": (0, 0), "island": (9500, 0), "sea": (5000, 5000)})
    places = sites({"p": (2000, 0), "q": (1000, 0), "r": (1000, 900)})
    table = nearest(roads(), points, places, k=2)
    assert rows(table) == [
        ("h", 1, "q", pytest.approx(1.0), 0, "reached"),
        ("h", 2, "r", pytest.approx(1.9), 0, "reached"),
        ("island", None, None, None, None, "unreachable"),
        ("sea", None, None, None, None, "unsnapped"),
    ]
    with_ferry = nearest(roads(ferry_min=60), points, places, cutoff_min=30)
    assert rows(with_ferry)[1] == ("island", None, None, None, None, "beyond_cutoff")
    assert rows(nearest(roads(ferry_min=60), points, places))[1] == (
        ("island", 1, "p", pytest.approx(60.5), 0, "reached")
    )


def test_one_way_streets_count_in_their_direction():
    points, places = homes({"h": (0, 0)}), sites({"r": (1000, 900)})
    assert rows(nearest(roads(), points, places))[0][3] == pytest.approx(1.9)
    back = nearest(roads(), points, places, direction="to_demand")
    assert rows(back) == [("h", None, None, None, None, "unreachable")]


def test_of_equally_near_places_the_first_comes_first():
    points = homes({"h": (1000, 0)})
    places = sites({"z": (0, 0), "a": (2000, 0)})
    table = nearest(roads(), points, places, k=5)
    assert table["place_id"].tolist() == ["z", "a"]


def test_k_must_be_positive():
    with pytest.raises(TableError, match="k must be at least 1"):
        nearest(roads(), homes({"h": (0, 0)}), sites({"p": (0, 0)}), k=0)


def test_a_matrix_says_of_every_pair_how_long_or_why_not():
    points = homes({"h": (0, 0), "island": (9500, 0), "sea": (5000, 5000)})
    places = sites({"p": (2000, 0), "lost": (5000, 5100)})
    found = matrix(roads(ferry_min=60), points, places, cutoff_min=30)
    assert found.state.loc["h"].tolist() == ["reached", "unsnapped"]
    assert found.state.loc["island"].tolist() == ["beyond_cutoff", "unsnapped"]
    assert found.state.loc["sea"].tolist() == ["unsnapped", "unsnapped"]
    assert found.minutes.loc["h", "p"] == pytest.approx(2.0)
    assert found.minutes.isna().sum().sum() == 5
    assert matrix(roads(), points, places).state.loc["island", "p"] == "unreachable"
    assert matrix(roads(ferry_min=60), points, places).minutes.loc["island", "p"] == (
        pytest.approx(60.5)
    )


def test_minutes_from_everywhere():
    places = sites({"p": (500, 0), "q": (2000, 40)})
    table = everywhere(roads(), places)
    assert table["place_id"].tolist() == ["p", "p", "q", pd.NA, pd.NA, pd.NA]
    # 40 m on foot at 4 km/h from q to its road.
    assert table["time_min"].iloc[:3].tolist() == pytest.approx([0.5, 0.5, 0.6])
    away = everywhere(roads(), places, direction="to_demand")
    assert away["time_min"].iloc[5] == pytest.approx(1.5)
    assert table["state"].tolist() == ["reached"] * 3 + ["unreachable"] * 3
    near = everywhere(roads(), places, cutoff_min=0.55)
    assert near["state"].tolist() == ["reached"] * 2 + ["beyond_cutoff"] + ["unreachable"] * 3
    assert near["place_id"].tolist()[:3] == ["p", "p", pd.NA]


def test_no_places_at_all():
    points, places = homes({"h": (0, 0)}), sites({})
    assert rows(nearest(roads(), points, places)) == [("h", None, None, None, None, "unreachable")]
    assert everywhere(roads(), places)["place_id"].isna().all()
    assert matrix(roads(), points, places).minutes.shape == (1, 0)


@settings(max_examples=40)
@given(data=st.data())
def test_the_same_times_whatever_is_asked(data):
    """Nearest, matrix and travel times agree on random villages and places, to the last digit."""
    seed = data.draw(st.integers(0, 10_000))
    k = data.draw(st.integers(1, 4))
    direction = data.draw(st.sampled_from(["to_place", "to_demand"]))
    cutoff = data.draw(st.sampled_from([1.0, 3.0, math.inf]))
    rng = np.random.default_rng(seed)
    spots = {f"n{i}": tuple(rng.uniform(0, 3000, 2)) for i in range(7)}
    names = list(spots)
    edges = [
        road(*rng.choice(names, 2), oneway=bool(rng.random() < 0.3), speed_kmh=rng.uniform(20, 90))
        for _ in range(9)
    ]
    edges = [edge for edge in edges if edge["u"] != edge["v"]]
    if not edges:
        return
    net = network(spots, edges)
    if data.draw(st.booleans()):
        net.edges["proxy"] = rng.random(len(edges)) < 0.5
    points = homes({f"h{i}": tuple(rng.uniform(0, 3000, 2)) for i in range(6)})
    places = sites({f"p{i}": tuple(rng.uniform(0, 3000, 2)) for i in range(5)})
    ways = {"snap_limit_m": 600.0, "cutoff_min": cutoff}
    times = travel_times(net, points, places, direction=direction, **ways)
    seen = times.by_demand
    order = {name: i for i, name in enumerate(places.index)}
    seen = seen.assign(order=seen["place_id"].map(order))
    seen["tie"] = seen["time_min"] * seen["proxy_share"]
    best = seen.sort_values(["point_id", "time_min", "tie", "order"]).groupby("point_id").head(k)
    table = nearest(net, points, places, k=k, direction=direction, **ways)
    found = table[table["state"] == "reached"]
    assert found["point_id"].tolist() == best["point_id"].tolist()
    assert found["place_id"].tolist() == best["place_id"].tolist()
    assert found["time_min"].tolist() == best["time_min"].tolist()
    assert found["proxy_share"].tolist() == best["proxy_share"].tolist()
    rest = table[table["state"] != "reached"]
    for row in rest.itertuples():
        cut = times.unreachable_by_demand
        blocked = set(cut.loc[cut["point_id"] == row.point_id, "place_id"])
        there = set(places.index) - set(times.unsnapped)
        expected = (
            "unsnapped"
            if row.point_id in times.unsnapped or not there
            else "unreachable"
            if blocked >= there
            else "beyond_cutoff"
        )
        assert row.state == expected
    origins, ends = (points.points, places) if direction == "to_place" else (places, points.points)
    square = matrix(net, origins, ends, **ways)
    # States part the pairs, and the minutes are those of the table.
    assert (square.minutes.notna() == (square.state == "reached")).all(axis=None)
    for row in times.frame.itertuples():
        assert square.minutes.loc[row.from_id, row.to_id] == row.time_min
    assert (square.state == "reached").sum().sum() == len(times.frame)
    assert (square.state == "unreachable").sum().sum() == len(times.unreachable)


def test_points_of_another_crs_are_refused():
    places = sites({"p": (0, 0)}).to_crs("EPSG:4326")
    with pytest.raises(TableError, match="to_crs"):
        nearest(roads(), homes({"h": (0, 0)}), places)


# --- proxy links ----------------------------------------------------------------------------------


ALL = ("west", "east", "north", "spur")


def fork(proxies):
    """Three streets from a crossing and one beyond; those that are named are stand-ins."""
    nodes = {"o": (0, 0), "west": (-1000, 0), "east": (1000, 0), "north": (0, 2000)}
    nodes["spur"] = (-2000, 0)
    edges = [road("o", name) for name in ALL[:3]]
    net = network(nodes, [*edges, road("west", "spur")])
    net.edges["proxy"] = [name in proxies for name in ALL]
    return net


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
@pytest.mark.parametrize("engine", ["auto", "plain"])
def test_of_equally_near_places_the_one_with_least_proxy_comes_first(direction, engine):
    points = homes({"h": (0, 1000)})
    places = sites({"by_proxy": (-1000, 0), "by_road": (1000, 0)})
    ways = {"direction": direction, "engine": engine}
    for proxies, expected in [
        (("west",), ["by_road", "by_proxy"]),
        (("east",), ["by_proxy", "by_road"]),
        ((), ["by_proxy", "by_road"]),
        (ALL, ["by_proxy", "by_road"]),
    ]:
        net = fork(proxies)
        # How many are asked for does not change which comes first.
        for k in (1, 2, 3):
            table = nearest(net, points, places, k=k, **ways)
            assert table["place_id"].tolist() == expected[:k]
            assert table["time_min"].tolist() == pytest.approx([2.0, 2.0][:k])
        assert everywhere(net, places, **ways)["place_id"].iloc[3] == expected[0]


def test_each_trip_tells_which_share_of_it_rests_on_proxy():
    # 100 m on foot at 4 km/h take 1.5 minutes; half a minute on the spur, a minute to the crossing.
    points, places = homes({"h": (0, 1000)}), sites({"w": (-1500, 100)})
    for proxies, proxy_min, everywhere_min in [
        (("west",), 1.0, [1, 0, 1, 1, 0]),
        (ALL, 2.5, [1.5, 0.5, 2.5, 3.5, 0.5]),
        ((), 0.0, [0, 0, 0, 0, 0]),
    ]:
        found = nearest(fork(proxies), points, places).iloc[0]
        assert found["time_min"] == pytest.approx(4.0)
        assert found["proxy_share"] == pytest.approx(proxy_min / 4.0)
        table = everywhere(fork(proxies), places)
        assert table["time_min"].tolist() == pytest.approx([3, 2, 4, 5, 2])
        shares = np.array(everywhere_min) / np.array([3, 2, 4, 5, 2])
        assert table["proxy_share"].tolist() == pytest.approx(shares)
    # Straight along the street on foot, nothing is ridden.
    door, next_door = homes({"h": (-500, 200)}), sites({"w": (-510, 200)})
    assert nearest(fork(("west",)), door, next_door)["proxy_share"].tolist() == [0.0]


def test_a_place_a_hair_beyond_the_cutoff_hides_none_within_it():
    # 4 km/h: a millisecond is 1.1 mm. Both walks are 1,500 ms when rounded; one fits.
    net = roads()
    points = homes({"h": (0, 0)})
    places = sites({"far": (2000, -(1.5 + 0.4 / 900)), "near": (2000, 1.5 - 0.4 / 900)})
    times = travel_times(net, points, places).by_demand.set_index("place_id")["time_min"]
    cutoff = (times["far"] + times["near"]) / 2
    assert times["near"] < cutoff < times["far"] < times["near"] + 1 / 60_000
    for k in (1, 2):
        table = nearest(net, points, places, k=k, cutoff_min=cutoff)
        assert rows(table) == [("h", 1, "near", times["near"], 0, "reached")]
    assert nearest(net, points, places, k=2)["place_id"].tolist() == ["far", "near"]


# --- states ---------------------------------------------------------------------------------------


def test_places_that_are_all_too_far_from_a_road():
    points = homes({"h": (0, 0), "sea": (5000, 5000)})
    places = sites({"lost": (5000, 5100), "gone": (5000, -5100)})
    table = nearest(roads(), points, places)
    assert table["state"].tolist() == ["unsnapped", "unsnapped"]
    square = matrix(roads(), points, places).state
    assert (square == "unsnapped").all(axis=None)


def test_states_of_a_matrix_take_a_byte():
    square = matrix(roads(), homes({"h": (0, 0)}), sites({"p": (2000, 0), "q": (0, 0)})).state
    assert square.dtypes.tolist() == [pd.CategoricalDtype(list(STATES))] * 2
    assert square.index.name == "from_id"
    assert square.columns.name == "to_id"
    assert square.columns.tolist() == ["p", "q"]


# --- nothing --------------------------------------------------------------------------------------


def nothing(nodes):
    """A network without edges."""
    whole = roads()
    return RoadNetwork(whole.nodes.iloc[:nodes], whole.edges.iloc[:0], whole.pieces.iloc[:0])


@pytest.mark.parametrize("nodes", [0, 2])
@pytest.mark.parametrize("mode", ["car", "foot"])
def test_a_network_without_edges_answers_every_question(nodes, mode):
    net = nothing(nodes)
    points, places = homes({"h": (0, 0), "i": (50, 0)}), sites({"p": (0, 0)})
    way = {"mode": mode}
    times = travel_times(net, points, places, **way)
    assert not len(times.frame)
    assert sorted(times.unsnapped) == ["h", "i", "p"]
    for engine in ("auto", "plain", "buckets", "hierarchy"):
        square = matrix(net, points, places, engine=engine, **way)
        assert (square.state == "unsnapped").all(axis=None)
        assert square.minutes.isna().all(axis=None)
        assert nearest(net, points, places, k=2, engine=engine, **way)["state"].tolist() == [
            "unsnapped",
            "unsnapped",
        ]
        every = everywhere(net, places, engine=engine, **way)
        assert every["place_id"].tolist() == [pd.NA] * nodes
        assert list(every.columns) == ["place_id", "time_min", "proxy_share", "state"]
    assert path(net, places.iloc[0], places.iloc[0], **way).state == "unsnapped"
    assert paths(net, places, places, **way)["state"].tolist() == ["unsnapped"]
    assert isochrones(net, points, **way)["state"].unique().tolist() == ["unsnapped"]
    assert not len(reached_edges(net, points, **way))


def test_no_tours_on_a_network_without_edges():
    with pytest.raises(TableError, match="centre is too far"):
        pickup_tours(
            nothing(2), Point(at(0, 0)), sites({"h": (9, 0)}), vehicle_seats=4, ride_cap_min=30
        )


def test_nobody_asks():
    nobody = sites({})
    assert not len(nearest(roads(), nobody, sites({"p": (0, 0)})))
    assert matrix(roads(), nobody, sites({"p": (0, 0)})).state.shape == (0, 1)
    assert not len(paths(roads(), nobody, nobody))
    assert not len(isochrones(roads(), nobody))
    assert not len(reached_edges(roads(), nobody))
