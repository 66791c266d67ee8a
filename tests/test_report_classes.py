"""Breaks, classes and colours."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from ruralcare.report.classes import (
    BEYOND_CUTOFF,
    NO_DATA,
    UNREACHABLE,
    UNSNAPPED,
    access_classes,
    breaks_min,
    classify_access,
    count_classes,
    extinction_classes,
)


@given(some.floats(1, 240), some.none() | some.floats(1, 600))
def test_the_standard_is_always_the_second_break(standard, cutoff):
    breaks = breaks_min(standard, cutoff)
    assert len(breaks) == 4
    assert breaks[1] == standard
    assert all(low < high for low, high in itertools.pairwise(breaks))
    assert breaks[0] > 0
    if cutoff is not None and cutoff > standard * 1.01:
        assert breaks[3] < cutoff


def test_breaks_are_round_where_the_standard_is():
    assert breaks_min(30, 90) == (15, 30, 45, 60)
    assert breaks_min(20, 60) == (10, 20, 30, 40)
    assert breaks_min(45, 90) == (25, 45, 60, 75)


def test_a_time_equal_to_the_standard_is_within_it():
    breaks = breaks_min(30, 90)
    nothing = np.zeros(5)
    classes = classify_access(
        np.array([15, 30, 30.001, 60, 60.1]), nothing, nothing, nothing, breaks
    )
    assert classes.tolist() == [0, 1, 2, 3, 4]


def test_absence_has_four_states():
    nearest = np.array([np.nan, np.nan, 10.0, 10.0, np.nan, np.nan, 10.0, 10.0])
    beyond = np.array([1.0, 0.2, 0.5, 0.6, np.nan, 0.0, 0.2, 0.2])
    unreachable = np.array([0.0, 0.8, 0.0, 0.1, np.nan, 0.4, 0.2, 0.3])
    unsnapped = np.array([0.0, 0.0, 0.0, 0.0, np.nan, 0.6, 0.2, 0.1])
    classes = classify_access(nearest, beyond, unreachable, unsnapped, breaks_min(30, 90))
    # Half who arrive are enough to show their time; fewer are not. Of equals, the worst state.
    assert classes.tolist() == [
        BEYOND_CUTOFF,
        UNREACHABLE,
        0,
        BEYOND_CUTOFF,
        NO_DATA,
        UNSNAPPED,
        UNSNAPPED,
        UNREACHABLE,
    ]
    states = access_classes(breaks_min(30, 90), 90)[5:]
    assert len({one.pattern for one in states}) == len({one.label.template for one in states}) == 4
    assert "plain" not in {one.pattern for one in states}


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize(
    "classes",
    [access_classes(breaks_min(30, 90), 90)[:5], extinction_classes()[:5], count_classes(3)[:4]],
)
def test_lightness_falls_from_class_to_class(classes):
    lights = [_luminance(one.colour) for one in classes]
    assert all(light > dark for light, dark in itertools.pairwise(lights))
    # Neighbours differ enough to be told apart in grey.
    ratios = [(a + 0.05) / (b + 0.05) for a, b in itertools.pairwise(lights)]
    assert min(ratios) > 1.15


def test_the_hue_breaks_at_the_standard():
    colours = [one.colour for one in access_classes(breaks_min(30, 90), 90)[:5]]
    bluer = [int(c[5:7], 16) > int(c[1:3], 16) for c in colours]
    assert bluer == [True, True, False, False, False]


def test_every_number_of_services_has_its_classes():
    assert [len(count_classes(n)) for n in (1, 2, 3, 5)] == [3, 4, 5, 5]
    assert "3" in count_classes(5)[3].label.render("en")
