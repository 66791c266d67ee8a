"""Gini, Theil and Palma against PySAL, hand calculations, replication and what defines them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruralcare import access

values = st.lists(st.floats(0.01, 1000), min_size=2, max_size=30)


def random_values(seed, size=80):
    rng = np.random.default_rng(seed)
    return rng.lognormal(0, 1, size), rng.integers(1, 9, size), rng.choice(list("abcd"), size)


@pytest.mark.parametrize("seed", range(5))
def test_gini_and_theil_equal_pysal(seed):
    peer = pytest.importorskip("inequality", reason="PySAL inequality is not installed")
    value, _, group = random_values(seed)
    assert access.gini(value) == pytest.approx(peer.gini.Gini(value).g, abs=1e-12)
    theirs = peer.theil.TheilD(value, group)
    ours = access.theil(value, groups=group)
    assert ours.total == pytest.approx(float(peer.theil.Theil(value).T), abs=1e-12)
    assert ours.between == pytest.approx(float(theirs.bg[0]), abs=1e-12)
    assert ours.within == pytest.approx(float(theirs.wg[0]), abs=1e-12)


def test_the_states_of_mexico_as_pysal_publishes_them():
    # GDP per head of 32 states; Theil's T as printed in the documentation of PySAL inequality.
    examples = pytest.importorskip("libpysal", reason="PySAL is not installed").examples
    table = pd.read_csv(examples.get_path("mexico.csv"))
    printed = {1940: 0.20894344, 1950: 0.15222451, 1960: 0.10472941, 2000: 0.10660832}
    for year, index in printed.items():
        assert access.theil(table[f"pcgdp{year}"]).total == pytest.approx(index, abs=1e-8)


def test_by_hand():
    # Differences 1, 3 and 2, each counted twice, over 2 · 9 · the mean 7/3.
    assert access.gini([1, 2, 4]) == pytest.approx(12 / (18 * 7 / 3))
    # Two people have 2 each, one has nothing: s = 1/2, ln(2 / (4/3)).
    assert access.theil([2, 2, 0]).total == pytest.approx(np.log(1.5))
    found = access.theil([1, 3, 4, 8], [2, 1, 1, 1], list("ABAB"))
    # A: 2 people with 1 and one with 4; B: 3 and 8. Sums 6 and 11 of 17, people 3 and 2 of 5.
    inside = {
        "A": (2 * 0.5 * np.log(0.5) + 2 * np.log(2)) / 3,
        "B": (3 / 5.5 * np.log(3 / 5.5) + 8 / 5.5 * np.log(8 / 5.5)) / 2,
    }
    within = 6 / 17 * inside["A"] + 11 / 17 * inside["B"]
    between = 6 / 17 * np.log(6 / 17 / 0.6) + 11 / 17 * np.log(11 / 17 / 0.4)
    assert (found.within, found.between) == (pytest.approx(within), pytest.approx(between))
    assert found.groups["theil"].to_dict() == pytest.approx(inside)
    assert found.groups.loc["A", ["people_share", "value_share"]].tolist() == [0.6, 6 / 17]


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_theil_sum_to_the_whole(seed):
    value, people, group = random_values(seed)
    value[:7] = 0.0
    found = access.theil(value, people, group)
    assert found.within + found.between == pytest.approx(access.theil(value, people).total)
    assert found.total == found.within + found.between
    assert found.groups["contribution"].sum() == pytest.approx(found.within)
    assert found.within >= 0
    assert found.between >= 0


def test_a_group_that_has_nothing():
    found = access.theil([0, 0, 2, 6], groups=list("AABB"))
    assert np.isnan(found.groups.loc["A", "theil"])
    assert found.groups.loc["A", "contribution"] == 0
    assert found.total == pytest.approx(access.theil([0, 0, 2, 6]).total)
    assert found.between == pytest.approx(np.log(2))


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_is_so_many_people(seed):
    value, people, group = random_values(seed)
    each, groups = np.repeat(value, people), np.repeat(group, people)
    assert access.gini(value, people) == pytest.approx(access.gini(each))
    weighted, one_by_one = access.theil(value, people, group), access.theil(each, groups=groups)
    assert (weighted.within, weighted.between) == pytest.approx(
        (one_by_one.within, one_by_one.between)
    )
    for better in ("more", "less"):
        assert access.palma(value, people, better=better) == pytest.approx(
            access.palma(each, better=better)
        )


@given(values, st.floats(0.001, 1000), st.integers(2, 5))
def test_neither_the_unit_nor_the_number_of_people_matters(value, unit, copies):
    scaled, copied = np.array(value) * unit, np.tile(value, copies)
    for measure in (
        access.gini,
        lambda x: access.theil(x).total,
        lambda x: access.palma(x, better="more"),
        lambda x: access.palma(x, better="less"),
    ):
        assert measure(scaled) == pytest.approx(measure(value), abs=1e-9)
        assert measure(copied) == pytest.approx(measure(value), abs=1e-9)


@given(values)
def test_bounds(value):
    count = len(value)
    assert 0 <= access.gini(value) <= 1 - 1 / count + 1e-12
    assert -1e-12 <= access.theil(value).total <= np.log(count) + 1e-12
    assert access.palma(value, better="more") >= 0.25 - 1e-12
    assert access.palma(value, better="less") <= 0.25 + 1e-12


def test_equality_and_one_who_has_all():
    same = np.full(7, 3.3)
    assert access.gini(same) == pytest.approx(0, abs=1e-15)
    assert access.theil(same).total == pytest.approx(0, abs=1e-15)
    assert access.palma(same, better="more") == pytest.approx(0.25)
    assert access.palma(same, better="less") == pytest.approx(0.25)
    alone = [0.0] * 9 + [5.0]
    assert access.gini(alone) == pytest.approx(0.9)
    assert access.theil(alone).total == pytest.approx(np.log(10))
    assert np.isnan(access.palma(alone, better="more")), "the worst-off have nothing"
    assert access.palma(alone, better="less") == 0


@given(values, st.data())
def test_a_transfer_to_who_has_less_makes_it_more_equal(value, data):
    value = np.array(value)
    poor, rich = np.argmin(value), np.argmax(value)
    gift = data.draw(st.floats(0, 1)) * (value[rich] - value[poor]) / 2
    after = value.copy()
    after[rich] -= gift
    after[poor] += gift
    assert access.gini(after) <= access.gini(value) + 1e-12
    assert access.theil(after).total <= access.theil(value).total + 1e-12


def test_palma_splits_the_people_of_a_township_at_the_border():
    # 5 people with 1, 3 with 2, 2 with 10: 40 % have 4; the best-off tenth, one of two, has 10.
    found = access.palma([10, 1, 2], [2, 5, 3], better="more")
    assert found == pytest.approx((10 / 31) / (4 / 31))
    # Minutes: the nearest tenth travels 1, the farthest 40 % travel 2 · 10 + 2 · 2.
    assert access.palma([10, 1, 2], [2, 5, 3], better="less") == pytest.approx(1 / 24)


def test_the_lorenz_curve_holds_the_gini_coefficient():
    value, people, _ = random_values(3)
    x, y = access.lorenz(value, people)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (y <= x + 1e-12).all()
    assert 1 - 2 * np.trapezoid(y, x) == pytest.approx(access.gini(value, people))


def test_nobody_has_anything():
    assert np.isnan(access.gini([0, 0]))
    assert np.isnan(access.theil([0, 0]).total)
    assert np.isnan(access.palma([0, 0], better="more"))


@pytest.mark.parametrize(
    ("value", "weight", "words"),
    [
        ([1, -1], None, "0 or more"),
        ([1, np.nan], None, "0 or more"),
        ([1, np.inf], None, "0 or more"),
        ([1, 2], [1, -1], "weights"),
        ([1, 2], [0, 0], "weights"),
        ([1, 2], [1], "one weight"),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]), "same index"),
    ],
)
def test_what_cannot_be_measured_is_refused(value, weight, words):
    for measure in (access.gini, access.theil, access.lorenz):
        with pytest.raises(ValueError, match=words):
            measure(value, weight)
    with pytest.raises(ValueError, match="better"):
        access.palma([1, 2], better="higher")
    with pytest.raises(ValueError, match="one group"):
        access.theil([1, 2], groups=["a"])


def test_series_of_another_order_are_refused():
    values, turned = pd.Series([1.0, 3.0], index=["a", "b"]), ["b", "a"]
    groups = pd.Series(["x", "y"], index=turned)
    for known in ({"values": values}, {"values": [1, 3], "weights": values}):
        with pytest.raises(ValueError, match="same index"):
            access.theil(**known, groups=groups)
        with pytest.raises(ValueError, match="same index"):
            access.concentration_index(**known, rank_by=pd.Series([1, 2], turned), worst="low")
    right = access.theil(values, groups=groups[["a", "b"]])
    assert right.groups["value_share"].to_dict() == {"x": 0.75, "y": 0.25}
    assert access.theil([1, 3], groups=groups).groups["value_share"]["x"] == 0.25
