"""Travel times as arrays: the same table however it is made, and no breach gets through."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from access_cases import Case
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import times

from ruralcare import TableError
from ruralcare.types import TravelTimes


def measured(table, *, shuffle=None, **changed):
    """Make a table again from positions."""
    homes, places = table.points.frame.index, pd.Index(table.place_ids)
    ends = ("to_id", "from_id") if table.direction == "to_demand" else ("from_id", "to_id")
    frame = table.frame if shuffle is None else table.frame.sample(frac=1, random_state=shuffle)
    given = {
        "ends": (homes.get_indexer(frame[ends[0]]), places.get_indexer(frame[ends[1]])),
        "time_min": frame["time_min"].to_numpy(float),
        "proxy_share": frame["proxy_share"].to_numpy(float),
        "unreachable": (
            homes.get_indexer(table.unreachable[ends[0]]),
            places.get_indexer(table.unreachable[ends[1]]),
        ),
        **{
            name: getattr(table, name)
            for name in (
                "cutoff_min", "mode", "direction", "points", "place_ids", "unsnapped", "snap_m",
                "proxy",
            )
        },
        **changed,
    }  # fmt: skip
    return TravelTimes.measured(**given)


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
def test_made_of_arrays_it_is_the_same_table(direction):
    one = times(direction)
    two = measured(one)
    for name in ("frame", "unreachable", "by_demand", "unreachable_by_demand"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    for name in ("point", "place", "time_min", "proxy_share", "start"):
        assert np.array_equal(getattr(one.pairs, name), getattr(two.pairs, name))
    assert [part.tolist() for part in one.apart] == [[2], [0]]


def naive_by_demand(table):
    """The pairs seen from home as pandas sorts them."""
    home, place = ("to_id", "from_id") if table.direction == "to_demand" else ("from_id", "to_id")
    frame = table.frame.rename(columns={home: "point_id", place: "place_id"})
    frame = frame[["point_id", "place_id", "time_min", "proxy_share"]]
    return frame.sort_values(["point_id", "time_min", "place_id"], ignore_index=True)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1e-13]), st.booleans())
def test_nearest_first_and_ties_by_id(seed, step, turned):
    """Times that are equal, or nearly so, are put in order as pandas would."""
    case, rng = Case(seed), np.random.default_rng(seed)
    minutes = {key: 10.0 + step * int(rng.integers(0, 4)) for key in case.minutes}
    case.minutes = minutes
    case.homes = {home: case.homes[home] for home in rng.permutation(list(case.homes))}
    case.places = rng.permutation(case.places).tolist()
    table = case.times
    if turned:
        table = measured(table, shuffle=seed)
    pd.testing.assert_frame_equal(table.by_demand, naive_by_demand(table))
    pairs = table.pairs
    for at, home in enumerate(table.points.frame.index):
        rows = slice(pairs.start[at], pairs.start[at + 1])
        assert (pairs.point[rows] == at).all()
        expected = sorted((t, p) for (h, p), t in minutes.items() if h == home)
        found = [(t, table.place_ids[j]) for t, j in
                 zip(pairs.time_min[rows], pairs.place[rows], strict=True)]  # fmt: skip
        assert found == expected


def test_endless_cutoff_zero_minutes_and_no_pairs():
    far = replace(times(), cutoff_min=math.inf)
    assert len(measured(far).pairs) == 4
    here = replace(times(), frame=times().frame.assign(time_min=0.0))
    pd.testing.assert_frame_equal(here.by_demand, naive_by_demand(here))
    empty = replace(times(), frame=times().frame.iloc[:0])
    assert empty.pairs.start.tolist() == [0, 0, 0, 0]
    assert empty.by_demand.empty


def test_frames_are_written_when_they_are_asked_for():
    table = measured(times())
    assert "frame" not in vars(table)
    assert len(table.pairs) == 4
    assert "frame" not in vars(table), "measures do not need it"
    again = pickle.loads(pickle.dumps(table))
    pd.testing.assert_frame_equal(again.frame, times().frame)
    assert table.frame is table.frame
    assert len(copy.copy(measured(times())).unreachable) == 1
    with pytest.raises(AttributeError, match="nonsense"):
        _ = table.nonsense


def test_a_table_with_other_rows_forgets_the_old_positions():
    less = measured(times())
    less = replace(less, frame=less.frame.iloc[::-2].reset_index(drop=True))
    assert less.by_demand[["point_id", "place_id"]].to_numpy().tolist() == [
        ["a1", "F2"],
        ["b1", "F2"],
    ]


def test_breaches_are_refused_however_the_table_is_made():
    table = times()
    frame = table.frame
    for words, broken in (
        ("more than one row", pd.concat([frame, frame.iloc[[1]]], ignore_index=True)),
        ("from_id has unknown demand points", frame.replace({"from_id": {"a1": "zz"}})),
        ("to_id has unknown places", frame.replace({"to_id": {"F1": "zz"}})),
        ("between 0 and the cutoff", frame.assign(time_min=61.0)),
        ("between 0 and the cutoff", frame.assign(time_min=-1.0)),
        ("proxy_share must lie", frame.assign(proxy_share=1.1)),
        ("must hold text", frame.assign(from_id=[1, 2, 3, 4])),
        ("lacks the columns", frame.drop(columns="time_min")),
        ("missing values", frame.assign(time_min=[1, 2, 3, None])),
    ):
        with pytest.raises(TableError, match=words):
            replace(table, frame=broken)
    twice = pd.concat([table.unreachable] * 2, ignore_index=True)
    with pytest.raises(TableError, match="unreachable: has more than one row"):
        replace(table, unreachable=twice)
    with pytest.raises(TableError, match="same place twice"):
        replace(table, place_ids=("F1", "F2", "F1"))


def test_positions_that_make_no_sense_are_refused():
    table = times()
    nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32))
    full = {"time_min": np.ones(2), "proxy_share": np.zeros(2), "unreachable": nothing}
    for words, changed in (
        ("out of range", {"ends": (np.array([0, 3]), np.array([0, 1]))}),
        ("out of range", {"ends": (np.array([0, 1]), np.array([0, -1]))}),
        ("more than one row", {"ends": (np.array([1, 1]), np.array([0, 0]))}),
        ("more of one end", {"ends": (np.array([1, 1]), np.array([0]))}),
        ("differ in number", {"ends": nothing}),
        ("between 0", {"ends": (np.array([0, 1]), np.array([0, 1])),
                       "time_min": np.array([1.0, np.nan])}),
        ("unreachable: a position", {"ends": (np.array([0, 1]), np.array([0, 1])),
                                     "unreachable": (np.array([0]), np.array([9]))}),
        ("same place twice", {"ends": (np.array([0, 1]), np.array([0, 1])),
                              "place_ids": ("F1", "F1")}),
    ):  # fmt: skip
        with pytest.raises(TableError, match=words):
            measured(table, **{**full, **changed})
