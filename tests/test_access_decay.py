"""Decay functions against hand calculations, PySAL and what every decay must keep."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare import access

MINUTES = st.floats(0.5, 120)
DECAYS = st.one_of(
    MINUTES.map(access.binary),
    MINUTES.map(access.gaussian),
    MINUTES.map(access.linear),
    MINUTES.map(access.exponential),
    st.builds(lambda width, end: access.gaussian(end, sigma_min=width), MINUTES, MINUTES),
    st.builds(access.logistic, MINUTES, MINUTES),
    st.builds(lambda a, near: access.power(a, from_min=near), st.floats(0.2, 5), MINUTES),
    st.builds(
        lambda breaks, weights: access.stepwise(
            sorted(breaks), [1.0, *sorted(weights, reverse=True)][: len(breaks)]
        ),
        st.lists(MINUTES, min_size=3, max_size=3, unique=True),
        st.lists(st.floats(0, 1), min_size=2, max_size=2),
    ),
)


@settings(max_examples=300)
@given(DECAYS, st.lists(st.floats(0, 500), min_size=2, max_size=20))
def test_every_decay_falls_from_one_and_never_below_zero(decay, times):
    times = np.sort(times)
    weights = decay(times)
    assert weights.shape == times.shape
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (np.diff(weights) <= 1e-15).all()
    assert decay([0.0])[0] == 1
    one_by_one = [float(decay(time)) for time in times]
    assert decay(times.tolist()) == pytest.approx(one_by_one, rel=1e-12)


def test_formulas_by_hand():
    floor = math.exp(-0.5)
    expected = (math.exp(-0.125) - floor) / (1 - floor)
    assert access.gaussian(40)([20])[0] == pytest.approx(expected)
    assert access.gaussian(90, sigma_min=20)([40])[0] == pytest.approx(math.exp(-2))
    assert access.exponential(10)([25])[0] == pytest.approx(math.exp(-2.5))
    assert access.linear(50)([20])[0] == pytest.approx(0.6)
    assert access.power(1.5, from_min=4)([16])[0] == pytest.approx(1 / 8)
    slope = math.pi / (12 * math.sqrt(3))
    logistic = (1 + math.exp(-30 * slope)) / (1 + math.exp((45 - 30) * slope))
    assert access.logistic(30, 12)([45])[0] == pytest.approx(logistic)
    zones = access.stepwise([10, 20, 30], [1, 0.68, 0.22])
    assert zones([10, 10.001, 20, 30, 30.001]).tolist() == [1, 0.68, 0.68, 0.22, 0]


def test_a_place_beyond_the_cutoff_never_counts():
    for decay in (
        access.binary(30),
        access.gaussian(30),
        access.gaussian(30, sigma_min=1000),
        access.exponential(1000, cutoff_min=30),
        access.logistic(1000, 10, cutoff_min=30),
        access.power(0.01, cutoff_min=30),
    ):
        near, far = decay([29.999, 30.001])
        assert near > 0 or decay([29.0])[0] > 0
        assert far == 0


def test_the_same_as_in_pysal():
    weights = pytest.importorskip("access.weights")
    times = np.linspace(0, 90, 181)
    for ours, theirs in (
        (access.gaussian(math.inf, sigma_min=17), weights.gaussian(17)),
        (access.stepwise([10, 20], [1, 0.4]), weights.step_fn({10: 1, 20: 0.4})),
        (access.power(2, from_min=3), weights.gravity(scale=3, alpha=-2, min_dist=3)),
    ):
        assert ours(times) == pytest.approx([theirs(time) for time in times], abs=1e-15)


def test_far_out_nothing_overflows():
    for decay in (
        access.exponential(1),
        access.logistic(1, 0.01),
        access.gaussian(math.inf, sigma_min=0.1),
        access.power(5),
        access.binary(math.inf),
    ):
        with np.errstate(over="raise", invalid="raise"):
            assert np.isfinite(decay([0.0, 1e6, 1e300])).all()


@pytest.mark.parametrize("bad", [0, -1, math.nan])
@pytest.mark.parametrize(
    "make",
    [
        access.binary,
        access.gaussian,
        access.linear,
        access.exponential,
        lambda bad: access.gaussian(30, sigma_min=bad),
        lambda bad: access.exponential(30, cutoff_min=bad),
        lambda bad: access.logistic(bad, 10),
        lambda bad: access.logistic(10, bad),
        lambda bad: access.power(1, from_min=bad),
    ],
)
def test_minutes_that_make_no_sense_are_refused(make, bad):
    with pytest.raises(ValueError, match="above 0 minutes"):
        make(bad)


def test_endless_minutes_are_refused_where_they_make_no_curve():
    for make in (access.gaussian, access.linear, access.exponential):
        with pytest.raises(ValueError, match="must be finite"):
            make(math.inf)
    with pytest.raises(ValueError, match="exponent"):
        access.power(0)


@pytest.mark.parametrize(
    ("breaks", "weights", "words"),
    [
        ([], [], "at least one"),
        ([10, 20], [1], "one weight for each break"),
        ([20, 10], [1, 0.5], "must rise"),
        ([10, 10], [1, 0.5], "must rise"),
        ([0, 10], [1, 0.5], "above 0"),
        ([10, math.inf], [1, 0.5], "must rise"),
        ([10, math.nan], [1, 0.5], "must rise"),
        ([10, 20], [0.9, 0.5], "fall from 1"),
        ([10, 20], [1, 1.5], "fall from 1"),
        ([10, 20], [1, -0.1], "fall from 1"),
        ([10, 20], [1, math.nan], "fall from 1"),
    ],
)
def test_zones_that_make_no_sense_are_refused(breaks, weights, words):
    with pytest.raises(ValueError, match=words):
        access.stepwise(breaks, weights)


@pytest.mark.parametrize("times", [[-1.0], [5.0, math.nan]])
def test_times_that_make_no_sense_are_refused(times):
    for decay in (access.binary(30), access.gaussian(30), access.stepwise([10], [1])):
        with pytest.raises(ValueError, match="0 minutes or more"):
            decay(times)
