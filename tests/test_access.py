"""Access measures against hand calculations and invariants."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import places, points, population, times

from ruralcare import access
from ruralcare.types import TravelTimes


def row(table, township):
    return table.frame.set_index("township_id").loc[township]


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
def test_shares_and_nearest_by_hand(direction):
    table = access.coverage(times(direction), places().offers, standard_min=20)
    a, b = row(table, "A"), row(table, "B")
    assert (a["covered_share"], a["beyond_standard_share"]) == (0.6, 0.4)
    assert a["nearest_min"] == pytest.approx(0.6 * 5 + 0.4 * 25)
    assert b["beyond_standard_share"] == 1.0
    assert b["nearest_min"] == 40.0


def test_beyond_the_cutoff_and_unreachable_are_kept_apart():
    offers = places().offers
    only_f2 = access.coverage(times(), offers[offers["place_id"] == "F2"], standard_min=20)
    a = row(only_f2, "A")
    assert (a["beyond_standard_share"], a["beyond_cutoff_share"]) == (0.6, 0.4)
    assert a["nearest_min"] == 50.0, "the mean is over those who reach a place"
    only_f1 = access.coverage(times(), offers[offers["place_id"] == "F1"], standard_min=20)
    b = row(only_f1, "B")
    assert b["unreachable_share"] == 1.0
    assert pd.isna(b["nearest_min"])


def test_a_service_that_nobody_offers_is_unreachable_for_all():
    table = access.coverage(times(), places().offers, standard_min={"nursing_home": 30.0})
    assert (table.frame["unreachable_share"] == 1.0).all()


def test_an_unsnapped_point_is_a_state_of_its_own():
    plain = times()
    lost = TravelTimes(
        plain.frame[plain.frame["from_id"] != "b1"],
        60.0,
        "car",
        "to_place",
        points(),
        plain.place_ids,
        plain.unreachable.iloc[:0],
        ("b1",),
        plain.snap_m,
    )
    table = access.coverage(lost, places().offers, standard_min=20)
    assert row(table, "B")["unsnapped_share"] == 1.0


def test_every_place_counts_without_offers():
    table = access.coverage(times(), standard_min=30)
    assert set(table.frame["service"]) == {"any"}
    assert row(table, "A")["covered_share"] == 1.0


def test_places_per_1000_by_hand():
    table = access.coverage(times(), places().offers, standard_min=20, people=population())
    # Four places for the 80 people of A aged 65 and over.
    assert row(table, "A")["places_per_1000"] == pytest.approx(4 / 80 * 1000)


@given(standard=st.floats(1, 59), more=st.floats(0, 30))
def test_a_longer_standard_never_covers_fewer(standard, more):
    offers = places().offers
    low = access.coverage(times(), offers, standard_min=standard).frame["covered_share"]
    high = access.coverage(times(), offers, standard_min=standard + more).frame["covered_share"]
    assert (high >= low - 1e-12).all()


def brute_force_served(need, capacity, pairs):
    """Return the most people served, as a maximum flow."""
    import networkx as nx

    graph = nx.DiGraph()
    for point, persons in need.items():
        graph.add_edge("s", point, capacity=persons)
    for place, room in capacity.items():
        graph.add_edge(place, "t", capacity=room)
    for point, place in pairs:
        graph.add_edge(point, place)
    return nx.maximum_flow_value(graph, "s", "t") if "s" in graph and "t" in graph else 0


@pytest.mark.parametrize("seed", range(10))
def test_assignment_serves_as_many_as_a_maximum_flow(seed):
    rng = np.random.default_rng(seed)
    homes = [f"p{i}" for i in range(6)]
    sites = [f"f{j}" for j in range(3)]
    minutes = rng.uniform(1, 60, (6, 3))
    base = times()
    frame = base.points.frame.iloc[[0] * 6].set_axis(pd.Index(homes, name="point_id"))
    frame = frame.assign(weight=1 / 6)
    rows = [(h, s, minutes[i, j]) for i, h in enumerate(homes) for j, s in enumerate(sites)]
    table = TravelTimes(
        pd.DataFrame(rows, columns=["from_id", "to_id", "time_min"]).assign(proxy_share=0.0),
        60.0,
        "car",
        "to_place",
        type(base.points)(frame, "villages"),
        tuple(sites),
        base.unreachable.iloc[:0],
        (),
        pd.Series(dtype="Float64"),
    )
    need = pd.Series(rng.integers(1, 9, 6).astype(float), index=homes)
    room = pd.Series(rng.integers(1, 15, 3).astype(float), index=sites)
    served = access.assign(table, need, room, 30.0)
    pairs = [(h, s) for h, s, m in rows if m <= 30.0]
    assert served["persons"].sum() == pytest.approx(brute_force_served(need, room, pairs), abs=1e-6)
    by_point = served.groupby("point_id")["persons"].sum()
    by_place = served.groupby("place_id")["persons"].sum()
    assert (by_point <= need[by_point.index] + 1e-9).all()
    assert (by_place <= room[by_place.index] + 1e-9).all()
    assert served["time_min"].le(30.0).all()


def test_the_share_of_stand_in_roads_is_weighed_by_minutes_and_people():
    plain = times()
    # From a1 all of 5 minutes, from a2 a fifth of 25; from b1 nothing of 40.
    share = plain.frame["from_id"].map({"a1": 1.0, "a2": 0.2, "b1": 0.0})
    mixed = replace(plain, frame=plain.frame.assign(proxy_share=share), proxy=True)
    table = access.coverage(mixed, places().offers, standard_min=20)
    a, b = row(table, "A"), row(table, "B")
    assert a["proxy_share"] == pytest.approx((0.6 * 5 * 1 + 0.4 * 25 * 0.2) / (0.6 * 5 + 0.4 * 25))
    assert (a["proxy"], b["proxy_share"], b["proxy"]) == (True, 0.0, False)
    by_point = table.points.set_index("point_id")["proxy_share"]
    assert by_point.to_dict() == {"a1": 1.0, "a2": 0.2, "b1": 0.0}
    offers = places().offers
    nobody = access.coverage(mixed, offers[offers["place_id"] == "F1"], standard_min=20)
    assert pd.isna(row(nobody, "B")["proxy_share"])
    assert row(nobody, "B")["proxy"], "what was searched in vain are stand-ins too"
