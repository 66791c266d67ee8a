"""Nearest places, matrices and minutes from everywhere, against travel times and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import ferry, homes, network, road, sites

from ruralcare.errors import TableError
from ruralcare.network import everywhere, matrix, nearest, travel_times

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
        ("h", 1, "q", pytest.approx(1.0), "reached"),
        ("h", 2, "r", pytest.approx(1.9), "reached"),
        ("island", None, None, None, "unreachable"),
        ("sea", None, None, None, "unsnapped"),
    ]
    with_ferry = nearest(roads(ferry_min=60), points, places, cutoff_min=30)
    assert rows(with_ferry)[1] == ("island", None, None, None, "beyond_cutoff")
    assert rows(nearest(roads(ferry_min=60), points, places))[1] == (
        ("island", 1, "p", pytest.approx(60.5), "reached")
    )


def test_one_way_streets_count_in_their_direction():
    points, places = homes({"h": (0, 0)}), sites({"r": (1000, 900)})
    assert rows(nearest(roads(), points, places))[0][3] == pytest.approx(1.9)
    back = nearest(roads(), points, places, direction="to_demand")
    assert rows(back) == [("h", None, None, None, "unreachable")]


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
    near = everywhere(roads(), places, cutoff_min=0.55)
    assert near["place_id"].tolist()[:3] == ["p", "p", pd.NA]


def test_no_places_at_all():
    points, places = homes({"h": (0, 0)}), sites({})
    assert rows(nearest(roads(), points, places)) == [("h", None, None, None, "unreachable")]
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
    points = homes({f"h{i}": tuple(rng.uniform(0, 3000, 2)) for i in range(6)})
    places = sites({f"p{i}": tuple(rng.uniform(0, 3000, 2)) for i in range(5)})
    ways = {"snap_limit_m": 600.0, "cutoff_min": cutoff}
    times = travel_times(net, points, places, direction=direction, **ways)
    seen = times.by_demand
    order = {name: i for i, name in enumerate(places.index)}
    seen = seen.assign(order=seen["place_id"].map(order))
    best = seen.sort_values(["point_id", "time_min", "order"]).groupby("point_id").head(k)
    table = nearest(net, points, places, k=k, direction=direction, **ways)
    found = table[table["state"] == "reached"]
    assert found["point_id"].tolist() == best["point_id"].tolist()
    assert found["place_id"].tolist() == best["place_id"].tolist()
    assert found["time_min"].tolist() == best["time_min"].tolist()
    rest = table[table["state"] != "reached"]
    for row in rest.itertuples():
        cut = times.unreachable_by_demand
        blocked = set(cut.loc[cut["point_id"] == row.point_id, "place_id"])
        there = set(places.index) - set(times.unsnapped)
        expected = (
            "unsnapped"
            if row.point_id in times.unsnapped
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
