"""The spread of the nearest time inside a township, and what remains if the nearest closes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import places, points, times
from test_access_assignment import PLACES, random_case, table

from ruralcare import access
from ruralcare.errors import TableError
from ruralcare.types import DemandPoints, TravelTimes


def in_townships(minutes, home, weight, **changes):
    """Return travel times of points that live in given townships, weighted anew."""
    plain = table(minutes)
    frame = plain.points.frame.assign(township_id=list(home), weight=weight)
    frame["weight"] /= frame.groupby("township_id")["weight"].transform("sum")
    return TravelTimes(
        plain.frame,
        60.0,
        "car",
        "to_place",
        DemandPoints(frame, "villages"),
        plain.place_ids,
        changes.get("unreachable", plain.unreachable),
        changes.get("unsnapped", ()),
        plain.snap_m,
    )


def test_by_hand():
    cover = access.coverage(times(), places().offers, standard_min=20)
    frame = cover.frame.set_index("township_id")
    a, b = frame.loc["A"], frame.loc["B"]
    # 60 % of A have 5 minutes, 40 % have 25; only a1 reaches a second place, in 50.
    spread = ["nearest_p10_min", "nearest_p50_min", "nearest_p90_min"]
    assert a[spread].tolist() == [5, 5, 25]
    assert b[spread].tolist() == [40, 40, 40]
    assert a["second_min"] == 50
    assert pd.isna(b["second_min"])
    assert (a["backup_share"], b["backup_share"]) == (0, 0)
    rows = cover.points.set_index("point_id")
    assert (rows.loc["a1", "second_id"], rows.loc["a1", "second_min"]) == ("F2", 50)
    assert rows.loc[["a2", "b1"], "second_id"].isna().all()
    wide = access.coverage(times(), places().offers, standard_min=55).frame.set_index("township_id")
    assert (wide.loc["A", "covered_share"], wide.loc["A", "backup_share"]) == (1.0, 0.6)


@pytest.mark.parametrize("seed", range(4))
def test_against_a_loop_over_people(seed):
    rng = np.random.default_rng(seed)
    minutes, _, _ = random_case(seed, 50, 9)
    minutes = np.round(minutes, 1)
    minutes[rng.random(50) < 0.15] = 99.0
    home = np.array(list("ABCDE"))[rng.integers(0, 5, 50)]
    weight = rng.integers(0, 6, 50).astype(float)
    weight[np.unique(home, return_index=True)[1]] = 2.0
    offered = sorted(rng.choice(9, 6, replace=False))
    offers = pd.DataFrame(
        {"place_id": [PLACES[j] for j in offered], "service": "day_care", "capacity_persons": 1.0}
    )
    cover = access.coverage(in_townships(minutes, home, weight), offers, standard_min=9.0)
    rows = cover.frame.set_index("township_id")
    best = np.sort(minutes[:, offered], axis=1)
    for town in "ABCDE":
        mine = home == town
        persons = weight[mine].astype(int)
        first, second = np.repeat(best[mine, 0], persons), np.repeat(best[mine, 1], persons)
        reached = np.sort(first[first <= 60])
        row = rows.loc[town]
        if len(reached):
            for name, part in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
                at = reached[int(np.ceil(part * len(reached) - 1e-9)) - 1]
                assert row[f"nearest_{name}_min"] == at
            assert row["nearest_min"] == pytest.approx(reached.mean())
        else:
            assert row[["nearest_min", "nearest_p50_min"]].isna().all()
        if (second <= 60).any():
            assert row["second_min"] == pytest.approx(second[second <= 60].mean())
        else:
            assert pd.isna(row["second_min"])
        assert row["backup_share"] == pytest.approx((second <= 9).mean())
        assert row["covered_share"] == pytest.approx((first <= 9).mean())


@given(seed=st.integers(0, 2**32 - 1), standard=st.floats(1, 59))
@settings(deadline=None, max_examples=25)
def test_the_backup_is_part_of_the_cover_and_what_is_left_when_places_close(seed, standard):
    minutes, _, _ = random_case(seed, 30, 6)
    home = np.array(list("ABC"))[np.arange(30) % 3]
    ways = in_townships(minutes, home, 1.0)
    cover = access.coverage(ways, standard_min=standard)
    frame = cover.frame
    assert (frame["backup_share"] <= frame["covered_share"]).all()
    assert (frame["nearest_p10_min"] <= frame["nearest_p50_min"]).all()
    assert (frame["nearest_p50_min"] <= frame["nearest_p90_min"]).all()
    # Where a point's nearest closes, its second is the nearest, and no point keeps less.
    nearest = cover.points.set_index("point_id")
    for place in set(nearest["nearest_id"].dropna()):
        left = pd.DataFrame(
            {"place_id": [name for name in PLACES[:6] if name != place], "service": "any"}
        ).assign(capacity_persons=pd.NA)
        after = access.coverage(ways, left, standard_min=standard).points.set_index("point_id")
        mine = nearest.index[nearest["nearest_id"] == place]
        pd.testing.assert_series_equal(
            after.loc[mine, "nearest_min"],
            nearest.loc[mine, "second_min"],
            check_names=False,
        )


def test_states_of_a_place_that_nobody_can_reach_at_all():
    minutes = np.full((3, 2), 99.0)
    apart = pd.DataFrame(
        {"from_id": ["p000", "p000", "p001", "p002"], "to_id": ["f000", "f001", "f000", "f000"]}
    )
    ways = in_townships(minutes, "AAA", 1.0, unreachable=apart)
    states = access.coverage(ways, standard_min=9).points["state"].tolist()
    assert states == ["unreachable", "beyond_cutoff", "beyond_cutoff"]
    lost = in_townships(minutes, "AAA", 1.0, unreachable=apart, unsnapped=("p002", "f001"))
    states = access.coverage(lost, standard_min=9).points["state"].tolist()
    assert states == ["unreachable", "unreachable", "unsnapped"]


def test_the_table_checks_itself():
    cover = access.coverage(times(), places().offers, standard_min=20)
    wrong = {
        "part of covered_share": {"backup_share": 0.9},
        "must rise": {"nearest_p50_min": 99.0},
        "known together": {"nearest_p10_min": pd.NA, "nearest_p50_min": pd.NA},
        "lacks the columns": None,
    }
    for words, changes in wrong.items():
        frame = (
            cover.frame.drop(columns="second_min")
            if changes is None
            else cover.frame.assign(
                **{k: pd.array([v] * 2, dtype="Float64") for k, v in changes.items()}
            )
        )
        with pytest.raises(TableError, match=words):
            replace(cover, frame=frame)


def test_points_keep_their_order_and_weight():
    cover = access.coverage(times(), places().offers, standard_min=20)
    assert cover.points["point_id"].tolist() == list(points().frame.index)
    assert cover.points["weight"].tolist() == points().frame["weight"].tolist()
