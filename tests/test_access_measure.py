"""From demand points to townships: means, spread and who is reached."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from access_cases import Case, by_point, table
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare import TableError, access
from ruralcare.access.measure import by_township

SPREAD = ["least", "p10", "p50", "p90", "most"]


def test_spread_by_hand():
    """Ten people: four at 5 minutes, five at 20, one at 60."""
    found = by_township(
        np.zeros(3, int), 1, np.array([20.0, 60.0, 5.0]), np.array([0.5, 0.1, 0.4])
    ).iloc[0]
    assert found["value"] == pytest.approx(0.4 * 5 + 0.5 * 20 + 0.1 * 60)
    assert [found[name] for name in SPREAD] == [5, 5, 20, 20, 60]
    assert found["reached_share"] == 1


def test_who_has_no_value_is_not_in_the_mean():
    value = np.array([10.0, np.nan, np.nan])
    found = by_township(np.array([0, 0, 1]), 2, value, np.array([0.25, 0.75, 1.0]))
    assert found["reached_share"].tolist() == [0.25, 0.0]
    assert found.loc[0, ["value", *SPREAD]].tolist() == [10.0] * 6
    assert found.loc[1, ["value", *SPREAD]].isna().all()


def test_nothing_within_reach_is_in_the_mean_but_not_reached():
    found = by_township(
        np.zeros(2, int), 1, np.array([0.0, 0.5]), np.array([0.2, 0.8]), nothing=0.0
    ).iloc[0]
    assert found["value"] == pytest.approx(0.4)
    assert found["reached_share"] == pytest.approx(0.8)
    assert found["least"] == 0


def test_points_where_nobody_lives_do_not_count():
    found = by_township(np.zeros(2, int), 1, np.array([1.0, 99.0]), np.array([1.0, 0.0])).iloc[0]
    assert found["most"] == 1
    empty = by_township(np.zeros(1, int), 1, np.array([1.0]), np.array([0.0])).iloc[0]
    assert pd.isna(empty["value"])
    assert empty["reached_share"] == 0


def naive_quantile(values, weights, share):
    """Return the least value that this share of people do not exceed, by counting."""
    for value in sorted(values):
        have = sum(w for v, w in zip(values, weights, strict=True) if v <= value)
        if have >= share * sum(weights):
            return value
    raise AssertionError


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(1, 20)),
        min_size=1,
        max_size=30,
    )
)
def test_quantiles_are_those_of_counting_heads(rows):
    township, value, people = (np.array(column) for column in zip(*rows, strict=True))
    found = by_township(township, 4, value.astype(float), people.astype(float))
    for at in range(4):
        here = township == at
        if not here.any():
            assert found.loc[at, ["value", *SPREAD]].isna().all()
            continue
        mine = found.loc[at]
        assert mine["value"] == pytest.approx(np.average(value[here], weights=people[here]))
        for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
            assert mine[name] == naive_quantile(value[here], people[here], share)
        assert (mine["least"], mine["most"]) == (value[here].min(), value[here].max())


def test_a_hamlet_does_not_drown_in_the_sum_of_all():
    rng = np.random.default_rng(0)
    # 15 billion persons, then ten points of a thousandth of a person each.
    people = np.concatenate([rng.random(30_000) * 1e6, np.full(10, 1e-3)])
    value = np.concatenate([rng.random(30_000), np.arange(10.0)])
    found = by_township(np.repeat([0, 1], [30_000, 10]), 2, value, people).iloc[1]
    assert [found[name] for name in SPREAD] == [0, 0, 4, 8, 9]


def test_rows_are_sorted_by_township_and_service():
    case = Case(3)
    found = access.nearest(case.times, case.offers)
    keys = found.frame[["township_id", "service"]].to_numpy().tolist()
    assert keys == [[t, s] for t in ("T0", "T1", "T2") for s in ("day", "home")]
    assert found.frame["value"].dtype == "Float64"


def test_a_breach_is_refused():
    found = access.nearest(Case(3).times, Case(3).offers)
    for column, value, words in (
        ("reached_share", 1.5, "reached_share"),
        ("p10", 1e6, "must rise"),
        ("value", 1e6, "the mean must lie"),
        ("p50", pd.NA, "or neither"),
        ("value", float("inf"), "infinite"),
    ):
        frame = found.frame.copy()
        frame.loc[0, column] = value
        with pytest.raises(TableError, match=words):
            replace(found, frame=frame)
    twice = pd.concat([found.frame, found.frame.iloc[[0]]], ignore_index=True)
    with pytest.raises(TableError, match="more than one row"):
        replace(found, frame=twice)


def test_summary_tells_how_townships_differ():
    # Minutes to the nearest place: 10, 20, 30; none.
    homes = {f"h{i}": (f"T{i}", 1.0) for i in range(4)}
    minutes = {("h0", "p"): 10.0, ("h1", "p"): 20.0, ("h2", "p"): 30.0}
    found = access.nearest(table(minutes, homes, ["p"])).summary().loc["any"]
    assert (found["townships"], found["without"], found["unit"]) == (4, 1, "min")
    assert [found[name] for name in SPREAD] == [10, 10, 20, 30, 30]


def test_values_of_one_service():
    found = access.nearest(Case(3).times, Case(3).offers)
    assert found.values("day").index.tolist() == ["T0", "T1", "T2"]
    with pytest.raises(KeyError):
        found.values("hospital")


def test_stand_in_roads_go_with_the_measure():
    homes, minutes = {"h": ("T", 1.0)}, {("h", "p"): 10.0}
    real, standin = (access.nearest(table(minutes, homes, ["p"], proxy=p)) for p in (False, True))
    assert (real.proxy, real.notes) == (False, ())
    assert standin.proxy
    assert "proxy" in str(standin.notes[0])


@pytest.mark.parametrize("seed", range(4))
def test_ids_and_their_order_change_nothing(seed):
    """Homes, places, pairs and offers are shuffled and renamed; every value stays."""
    case, rng = Case(seed), np.random.default_rng(seed)
    home = dict(
        zip(case.homes, rng.permutation([f"x{i}" for i in range(12)]).tolist(), strict=True)
    )
    place = dict(
        zip(case.places, rng.permutation([f"y{j}" for j in range(7)]).tolist(), strict=True)
    )
    other = Case(seed)
    keys = rng.permutation(len(case.minutes))
    pairs = list(case.minutes.items())
    other.minutes = {(home[h], place[p]): t for (h, p), t in (pairs[k] for k in keys)}
    other.homes = {home[h]: case.homes[h] for h in rng.permutation(list(case.homes))}
    other.places = [place[p] for p in rng.permutation(case.places)]
    other.persons = {home[h]: n for h, n in case.persons.items()}
    other.capacity = {place[p]: n for p, n in case.capacity.items()}
    other.service = {place[p]: s for p, s in case.service.items()}
    decay = access.gaussian(50)
    for measured in (
        lambda c: access.nearest(c.times, c.offers, k=2),
        lambda c: access.cumulative_opportunities(c.times, c.offers, within_min=40),
        lambda c: access.gravity(c.times, c.offers, decay=decay, count="capacity"),
        lambda c: access.two_step_fca(c.times, demand=c.demand, offers=c.offers, decay=decay),
        lambda c: access.three_step_fca(c.times, demand=c.demand, offers=c.offers, decay=decay),
        lambda c: access.raam(c.times, demand=c.demand, offers=c.offers, tolerance=1e-12),
    ):
        one, two = measured(case), measured(other)
        for service in ("day", "home"):
            expected = {home[h]: value for h, value in by_point(one, service).items()}
            assert by_point(two, service) == pytest.approx(expected, rel=1e-6)
        columns = one.frame.select_dtypes("number").columns
        assert two.frame[columns].to_numpy(float, na_value=-1) == pytest.approx(
            one.frame[columns].to_numpy(float, na_value=-1), rel=1e-6
        )
