"""The concentration index against a published example, its curve, and what defines it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruralcare import access

index = access.concentration_index


def random_case(seed, size=60):
    rng = np.random.default_rng(seed)
    return rng.lognormal(0, 1, size), rng.integers(0, 12, size), rng.integers(1, 9, size)


def test_child_mortality_in_india():
    # Births 1982-92 and deaths under five per 1,000 by quintile of wealth, poorest first: World
    # Bank, Quantitative Techniques for Health Equity Analysis, Technical Note 7, table 1; entered
    # from memory, not looked up.
    births = [29939, 28776, 26528, 24689, 19739]
    mortality = [154.7, 152.9, 119.5, 86.9, 54.3]
    found = index(mortality, [1, 2, 3, 4, 5], births, worst="low")
    assert found == pytest.approx(-0.1694, abs=5e-5)
    curve = access.concentration_curve(mortality, [1, 2, 3, 4, 5], births, worst="low")
    assert curve.people_share[1:] == pytest.approx([0.2309, 0.4528, 0.6574, 0.8478, 1.0], abs=5e-5)
    assert curve.value_share[1:] == pytest.approx([0.3004, 0.5857, 0.7913, 0.9305, 1.0], abs=5e-5)
    assert curve.index == pytest.approx(found)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_slope_on_the_rank(seed):
    """The regression of Kakwani, Wagstaff and van Doorslaer gives the same index."""
    value, rank, people = random_case(seed)
    each, order = np.repeat(value, people), np.repeat(rank, people)
    below = np.array([(order < mine).mean() + (order == mine).mean() / 2 for mine in order])
    left = 2 * below.var() / each.mean() * each
    slope = np.polyfit(below, left, 1)[0]
    assert index(value, rank, people, worst="low") == pytest.approx(slope)
    assert index(each, order, worst="low") == pytest.approx(slope)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("worst", ["low", "high"])
def test_the_index_is_twice_the_area_of_the_curve(seed, worst):
    value, rank, people = random_case(seed)
    curve = access.concentration_curve(value, rank, people, worst=worst)
    assert curve.index == pytest.approx(index(value, rank, people, worst=worst))
    assert len(curve.people_share) == len(set(rank)) + 1, "equal ranks are one step"
    assert list(curve.frame().columns) == ["people_share", "value_share"]


def test_by_hand():
    # The worst-off has 10 of 100: ranks 1/8 to 7/8 around 1/2, mean 25.
    assert index([10, 20, 30, 40], [1, 2, 3, 4], worst="low") == pytest.approx(0.25)
    assert index([10, 20, 30, 40], [4, 3, 2, 1], worst="low") == pytest.approx(-0.25)
    # The middle two as well off as each other: no difference in the sum here, the ends decide.
    assert index([10, 20, 30, 40], [1, 2, 2, 4], worst="low") == pytest.approx(2 / 25 * 5.625 / 2)


@pytest.mark.parametrize("seed", range(3))
def test_ranked_by_itself_it_is_the_gini_coefficient(seed):
    value, _, people = random_case(seed)
    gini = access.gini(value, people)
    assert index(value, value, people, worst="low") == pytest.approx(gini)
    assert index(value, value, people, worst="high") == pytest.approx(-gini)


@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(0, 5)), min_size=2, max_size=20))
def test_within_the_gini_coefficient_and_without_ranks_nothing(rows):
    value, rank = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assert abs(index(value, rank, worst="low")) <= access.gini(value) + 1e-9
    assert index(value, np.zeros(len(rows)), worst="low") == pytest.approx(0, abs=1e-12)
    assert index(value, rank**3 + 7, worst="low") == pytest.approx(
        index(value, rank, worst="low")
    ), "only the order of ranks counts"


@pytest.mark.parametrize("seed", range(3))
def test_erreygers_sees_the_covered_and_the_others_as_mirror_images(seed):
    rng = np.random.default_rng(seed)
    covered, rank, people = rng.random(50), rng.integers(0, 9, 50), rng.integers(1, 9, 50)
    corrected = index(covered, rank, people, worst="low", bounds=(0, 1))
    plain = index(covered, rank, people, worst="low")
    assert corrected == pytest.approx(4 * np.average(covered, weights=people) * plain)
    others = index(1 - covered, rank, people, worst="low", bounds=(0, 1))
    assert others == pytest.approx(-corrected)
    scaled = index(20 + 80 * covered, rank, people, worst="low", bounds=(20, 100))
    assert scaled == pytest.approx(corrected), "the unit and where it starts do not matter"


def test_erreygers_by_hand():
    # The worse-off half is not covered, the other is: as unequal as can be.
    assert index([0, 0, 1, 1], [1, 2, 3, 4], worst="low", bounds=(0, 1)) == pytest.approx(1)
    assert index([0, 0, 0, 0], [1, 2, 3, 4], worst="low", bounds=(0, 1)) == 0
    assert np.isnan(index([0, 0], [1, 2], worst="low"))


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(ValueError, match="one rank"):
        index([1, 2], [1, np.nan], worst="low")
    with pytest.raises(ValueError, match="one rank"):
        index([1, 2], [1], worst="low")
    with pytest.raises(ValueError, match="worst"):
        index([1, 2], [1, 2], worst="poor")
    with pytest.raises(ValueError, match="bounds"):
        index([1, 2], [1, 2], worst="low", bounds=(0, 1))
    with pytest.raises(ValueError, match="same index"):
        index(pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]), worst="low")
