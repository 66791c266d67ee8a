"""The actors within reach of a township: by hand, by brute force, and what must always hold."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from small_world import CRS, places, points, population, times, townships

from ruralcare import TableError
from ruralcare.need import KINDS, actors
from ruralcare.types import Facilities, TravelTimes

HOMES = ("a1", "a2", "b1")
WEIGHT = {"a1": ("A", 0.6), "a2": ("A", 0.4), "b1": ("B", 1.0)}


def table(minutes, ids, proxy=0.0, cutoff=90.0):
    """Return travel times from a mapping of (home, place) to minutes."""
    frame = pd.DataFrame(
        [(home, place, float(m), proxy) for (home, place), m in sorted(minutes.items())],
        columns=["from_id", "to_id", "time_min", "proxy_share"],
    ).astype({"from_id": object, "to_id": object, "time_min": float, "proxy_share": float})
    none = pd.DataFrame({"from_id": [], "to_id": []}, dtype=object)
    snap = pd.Series(0.0, index=[*HOMES, *ids], dtype="Float64")
    return TravelTimes(frame, cutoff, "car", "to_place", points(), tuple(ids), none, (), snap)


def listed(*args, **more):
    return actors(townships(), population(), places(), *args, **more)


def test_times_and_shares_by_hand():
    # a1: 5 min to F1 and 50 to F2; a2: 25 to F1; b1: 40 to F2, no way to F1. C1 is not measured.
    found = listed(times(), within_min=30).set_index(["township_id", "actor_id"])
    assert found.index.tolist() == [("A", "F1"), ("B", "C1"), ("B", "F2")]
    own = found.loc[("A", "F1")]
    assert own["time_min"] == pytest.approx(0.6 * 5 + 0.4 * 25)
    assert own["nearest_min"] == 5.0
    assert own["reached_share"] == pytest.approx(1.0)
    assert (own["kind"], own["services"], own["in_township"]) == ("day_care", "day_care", True)
    # It stands in B, and nobody of B gets there within half an hour: the council knows it anyway.
    far = found.loc[("B", "F2")]
    assert (far["time_min"], far["reached_share"], far["in_township"]) == (40.0, 0.0, True)
    branch = found.loc[("B", "C1")]
    assert (branch["kind"], branch["services"], branch["location_precision"]) == (
        "cooperative", "", "township",
    )  # fmt: skip
    assert found.loc[("B", "C1"), ["time_min", "nearest_min", "proxy_share"]].isna().all()


def test_the_limit_is_part_of_what_is_within_it():
    assert ("A", "F2") in set(
        listed(times(), within_min=50)[["township_id", "actor_id"]].itertuples(
            index=False, name=None
        )
    )
    found = listed(times(), within_min=50).set_index(["township_id", "actor_id"])
    # Only a1 gets there before the cutoff; the mean is over those who do.
    assert found.loc[("A", "F2"), "time_min"] == 50.0
    assert found.loc[("A", "F2"), "reached_share"] == pytest.approx(0.6)


def test_the_direction_of_the_times_does_not_matter():
    pd.testing.assert_frame_equal(listed(times("to_demand")), listed(times("to_place")))


def test_proxy_is_weighted_by_minutes():
    minutes = {("a1", "F1"): 10, ("a2", "F1"): 30}
    half = table(minutes, ["F1", "F2", "C1"])
    frame = half.frame.assign(proxy_share=[1.0, 0.0])
    found = listed(replace(half, frame=frame)).set_index(["township_id", "actor_id"])
    assert found.loc[("A", "F1"), "proxy_share"] == pytest.approx(0.6 * 10 / (0.6 * 10 + 0.4 * 30))


def test_arguments_that_cannot_be():
    with pytest.raises(TableError, match="most must be at least 1"):
        listed(times(), most=0)
    with pytest.raises(TableError, match="the times end at 60 min"):
        listed(times(), within_min=61)


def many(kinds):
    """Return places of these kinds, the even ones in A and the odd ones nowhere."""
    own = places()
    ids = pd.Index([f"X{i}" for i in range(len(kinds))], name="facility_id")
    frame = gpd.GeoDataFrame(
        {
            "name": ids.to_numpy(),
            "kind": list(kinds),
            "operator_id": "",
            "township_id": ["A" if i % 2 == 0 else "" for i in range(len(kinds))],
            "address": "",
            "location_precision": "point",
        },
        geometry=[Point(0, 0)] * len(kinds),
        crs=CRS,
        index=ids,
    )
    none = own.facilities.offers.iloc[:0]
    return replace(own, facilities=Facilities(frame, none, own.facilities.unplaced))


some_kinds = st.lists(
    st.sampled_from(["day_care", "hospital", "bank", "unknown"]), min_size=1, max_size=6
)
some_minutes = st.dictionaries(
    st.tuples(st.sampled_from(HOMES), st.integers(0, 5)), st.integers(0, 90), max_size=18
)


@settings(max_examples=60)
@given(some_kinds, some_minutes, st.one_of(st.none(), st.integers(1, 3)))
def test_the_table_is_that_of_the_definition(kinds, minutes, most):
    around = many(kinds)
    ids = [*around.facilities.frame.index, "C1"]
    minutes = {(h, f"X{i}"): m for (h, i), m in minutes.items() if i < len(kinds)}
    found = actors(townships(), population(), around, table(minutes, ids), within_min=30, most=most)
    expected = {}
    for township in ("A", "B"):
        homes = {h: w for h, (t, w) in WEIGHT.items() if t == township}
        for i, kind in enumerate([*kinds, "cooperative"]):
            place = ids[i]
            own = township == ("B" if place == "C1" else "A" if i % 2 == 0 else "")
            met = {h: minutes[h, place] for h in homes if (h, place) in minutes}
            if not own and min(met.values(), default=99) > 30:
                continue
            people = sum(homes[h] for h in met)
            mean = sum(homes[h] * m for h, m in met.items()) / people if met else None
            reached = sum(homes[h] for h, m in met.items() if m <= 30)
            expected[township, place] = (kind, own, mean, min(met.values(), default=None), reached)
    if most is not None:
        kept = {}
        for key, row in sorted(
            expected.items(),
            key=lambda one: (not one[1][1], one[1][2] if one[1][2] is not None else 999, one[0][1]),
        ):
            kept.setdefault((key[0], row[0]), []).append(key)
        chosen = {key for keys in kept.values() for key in keys[:most]}
        expected = {key: row for key, row in expected.items() if key in chosen}
    got = {}
    for row in found.to_dict("records"):
        figures = [None if pd.isna(row[c]) else row[c] for c in ("time_min", "nearest_min")]
        key = row["township_id"], row["actor_id"]
        assert key not in got
        got[key] = (row["kind"], row["in_township"], *figures, row["reached_share"])
    assert set(got) == set(expected)
    for key, row in expected.items():
        assert got[key][:2] == row[:2]
        for one, two in zip(got[key][2:], row[2:], strict=True):
            assert one == two if two is None else one == pytest.approx(two)


@settings(max_examples=30)
@given(some_kinds, some_minutes)
def test_rows_come_by_township_kind_and_time(kinds, minutes):
    around = many(kinds)
    ids = [*around.facilities.frame.index, "C1"]
    minutes = {(h, f"X{i}"): m for (h, i), m in minutes.items() if i < len(kinds)}
    found = actors(townships(), population(), around, table(minutes, ids), within_min=30)
    order = list(KINDS)
    # Kinds of the user's own come before what has none.
    rank = found["kind"].map(lambda kind: order.index(kind) if kind in order else len(order) - 1.5)
    keys = list(
        zip(found["township_id"], rank, found["time_min"].astype(float).fillna(999), strict=True)
    )
    assert keys == sorted(keys)
    assert found["reached_share"].between(0, 1).all()


def test_nobody_and_nothing():
    none = places()
    empty = replace(
        none,
        facilities=Facilities(
            none.facilities.frame.iloc[:0],
            none.facilities.offers.iloc[:0],
            none.facilities.unplaced,
        ),
    )
    found = actors(townships(), population(), empty, table({}, ["C1"]))
    assert found["actor_id"].tolist() == ["C1"]
    assert found["township_id"].tolist() == ["B"]
