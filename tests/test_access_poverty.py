"""Poverty of access against published examples and what defines it; the table of equity."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import places, population, times, townships

from ruralcare import access
from ruralcare.errors import TableError
from ruralcare.types import Townships


@pytest.mark.parametrize(("alpha", "printed"), [(0, 0.5), (1, 0.08), (2, 0.0136)])
def test_the_example_of_the_world_bank(alpha, printed):
    # Haughton and Khandker (2009), Handbook on Poverty and Inequality, pages 70 and 72: four
    # people who spend 100 to 160, and a line of 125.
    found = access.fgt([100, 110, 150, 160], standard=125, alpha=alpha, better="more")
    assert found == pytest.approx(printed, abs=1e-12)


def test_minutes_by_hand():
    minutes, people = [10, 30, 45, 90], [4, 3, 2, 1]
    # 45 is half a standard too far, for two of ten; 90 is twice the standard too far.
    for alpha, expected in ((0, 0.3), (1, (2 * 0.5 + 2) / 10), (2, (2 * 0.25 + 4) / 10)):
        assert access.fgt(minutes, people, standard=30, alpha=alpha) == pytest.approx(expected)


def test_who_reaches_nothing_counts_with_the_cutoff():
    minutes = pd.array([10, None, 45], dtype="Float64")
    found = access.fgt(minutes, [1, 2, 1], standard=30, alpha=1, nothing=60)
    assert found == pytest.approx((2 * 1 + 0.5) / 4)
    with pytest.raises(ValueError, match="missing"):
        access.fgt(minutes, [1, 2, 1], standard=30, alpha=1)


@pytest.mark.parametrize("nothing", [60, 50])
def test_who_reaches_nothing_is_poor_even_at_a_cutoff_that_is_the_standard(nothing):
    for alpha, expected in ((0, 0.75), (0.5, 0.0), (1, 0.0), (2, 0.0)):
        found = access.fgt([10, None], [1, 3], standard=60, alpha=alpha, nothing=nothing)
        assert found == expected
    # Who has exactly the standard meets it, and no places are no places.
    assert access.fgt([60, None], standard=60, alpha=0, nothing=60) == 0.5
    assert access.fgt([3, None], standard=1, alpha=1, better="more", nothing=0) == 0.5


def test_weights_of_another_order_are_refused_where_values_are_missing():
    minutes = pd.Series([10, None], index=["a", "b"])
    with pytest.raises(ValueError, match="same index"):
        access.fgt(minutes, pd.Series([1, 3], index=["b", "a"]), standard=30, alpha=0, nothing=60)
    same = pd.Series([1, 3], index=["a", "b"])
    assert access.fgt(minutes, same, standard=30, alpha=0, nothing=60) == 0.75


@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=20),
    st.floats(1, 100),
    st.sampled_from([0, 1, 2]),
)
def test_worse_access_is_never_less_poverty_and_groups_add_up(minutes, standard, alpha):
    def poverty(value, weights=None):
        return access.fgt(value, weights, standard=standard, alpha=alpha)

    base = poverty(minutes)
    assert poverty([minutes[0] + 10, *minutes[1:]]) >= base - 1e-9
    assert poverty(minutes * 3) == pytest.approx(base)
    assert poverty(minutes, [2.0] * len(minutes)) == pytest.approx(base)
    # A group's poverty counts by its share of people.
    parts = [(len(part), poverty(part)) for part in (minutes[:1], minutes[1:]) if part]
    whole = sum(count * one for count, one in parts) / len(minutes)
    assert whole == pytest.approx(base)
    assert (base == 0) == (max(minutes) <= standard)


@given(st.lists(st.floats(0, 50), min_size=2, max_size=20))
def test_places_bounded_and_falling_with_alpha(value):
    found = [access.fgt(value, standard=20, alpha=a, better="more") for a in (0, 1, 2)]
    assert 1 >= found[0] >= found[1] - 1e-12 >= found[2] - 2e-12 >= -1e-11


def test_severity_rises_with_a_transfer_from_the_far_to_the_farther():
    near, far = [40, 50], [35, 55]
    assert access.fgt(near, standard=30, alpha=1) == access.fgt(far, standard=30, alpha=1)
    assert access.fgt(near, standard=30, alpha=2) < access.fgt(far, standard=30, alpha=2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"standard": 0}, "standard"), ({"alpha": -1}, "alpha"), ({"better": "good"}, "better")],
)
def test_what_cannot_be_measured_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        access.fgt([1, 2], **({"standard": 3, "alpha": 1} | wrong))


def table_of(found):
    return found.set_index(["variable", "measure"])


def test_the_table_of_equity_by_hand():
    # Of 80 old people of A, 48 have 5 minutes and 32 have 25; the 20 of B have 40.
    cover = access.coverage(times(), places().offers, standard_min=20)
    found = access.equity(cover, population(), townships())
    assert set(found["service"]) == {"day_care"}
    table = table_of(found)
    minutes, people = np.array([5, 25, 40]), np.array([48, 32, 20])
    each = np.repeat(minutes, people)
    gini = np.abs(each[:, None] - each[None]).mean() / (2 * each.mean())
    value = table["value"]
    assert value["nearest_min", "gini"] == pytest.approx(gini)
    relative = each / each.mean()
    assert value["nearest_min", "theil"] == pytest.approx((relative * np.log(relative)).mean())
    assert value["nearest_min", "palma"] == pytest.approx(10 * 5 / (20 * 40 + 20 * 25))
    assert value["nearest_min", "headcount"] == pytest.approx(0.52)
    assert value["nearest_min", "gap"] == pytest.approx(0.32 * 0.25 + 0.2 * 1)
    assert value["nearest_min", "severity"] == pytest.approx(0.32 * 0.25**2 + 0.2)
    # A has 80 of 100 who are old, B 20 of 50: A is worst-off, ranks 0.4 and 0.9.
    mean, in_a = each.mean(), (48 * 5 + 32 * 25) / 80
    expected = 2 / mean * (0.8 * (in_a - mean) * -0.1 + 0.2 * (40 - mean) * 0.4)
    assert value["nearest_min", "concentration"] == pytest.approx(expected)
    erreygers = 8 * (0.8 * (0.6 - 0.48) * -0.1 + 0.2 * (0 - 0.48) * 0.4)
    assert value["covered", "concentration"] == pytest.approx(erreygers)
    assert table.loc[("covered", "concentration"), "ranked_by"] == "share_65plus"
    assert table.loc[("nearest_min", "theil"), "between"] == pytest.approx(0, abs=1e-12)
    assert table["better"].to_dict()["nearest_min", "gini"] == "less"
    assert (table["counted_share"] == 1).all()


def test_counties_ranks_needs_and_measures_of_ones_own():
    cover = access.coverage(times(), places().offers, standard_min=20)
    frame = townships().frame.copy()
    frame["sigungu_id"] = ["99001", "99002"]
    apart = Townships(frame, "2023-10")
    need = pd.Series({"A": 8.0, "B": 2.0})
    extinction = pd.Series({"A": 0.5, "B": 0.1}, name="extinction_index")
    ratio = access.two_step_fca(times(), population(), places((4.0, 2.0)), decay=access.binary(60))
    found = table_of(
        access.equity(
            cover, population(), apart,
            demand=need, rank_by=extinction, worst="low", measures=[ratio],
        )
    )  # fmt: skip
    row = found.loc[("nearest_min", "theil")]
    assert row["within"] + row["between"] == pytest.approx(row["value"])
    mean_a = 13.0
    mean = 0.8 * mean_a + 0.2 * 40
    between = 0.8 * mean_a / mean * np.log(mean_a / mean) + 0.2 * 40 / mean * np.log(40 / mean)
    assert row["between"] == pytest.approx(between)
    row = found.loc[("nearest_min", "concentration")]
    assert row["ranked_by"] == "extinction_index"
    # B comes first, with ranks 0.1 and 0.6.
    expected = 2 / mean * (0.2 * (40 - mean) * -0.4 + 0.8 * (mean_a - mean) * 0.1)
    assert row["value"] == pytest.approx(expected)
    assert row["value"] < 0, "minutes fall to the worst-off"
    assert found.loc[(ratio.name, "gini"), "better"] == "more"
    assert "headcount" not in found.loc[ratio.name].index
    by_point = ratio.points.set_index("point_id")["value"].astype(float)
    each = np.repeat(by_point[["a1", "a2", "b1"]].to_numpy(), [48, 32, 20])
    gini = np.abs(each[:, None] - each[None]).mean() / (2 * each.mean())
    assert found.loc[(ratio.name, "gini"), "value"] == pytest.approx(gini)


def test_who_reaches_nothing_in_the_table():
    offers = places().offers
    only = access.coverage(times(), offers[offers["place_id"] == "F1"], standard_min=20)
    table = table_of(access.equity(only, population(), townships()))
    assert table.loc[("nearest_min", "gini"), "counted_share"] == pytest.approx(0.8)
    # The 20 people of B count with the cutoff of 60 minutes.
    gap = table.loc[("nearest_min", "gap"), "value"]
    assert gap == pytest.approx(0.32 * 0.25 + 0.2 * 2)


def test_the_head_count_is_who_is_not_covered_at_a_standard_that_is_the_cutoff():
    offers = places().offers
    only = access.coverage(times(), offers[offers["place_id"] == "F1"], standard_min=60)
    # B reaches nothing: a fifth of the old people, all of whom miss the standard by 0 or more.
    assert only.frame.set_index("township_id")["covered_share"].tolist() == [1.0, 0.0]
    value = table_of(access.equity(only, population(), townships()))["value"]
    assert value["nearest_min", "headcount"] == pytest.approx(0.2)
    assert value["nearest_min", "gap"] == 0


def test_a_township_of_no_county_is_refused():
    cover = access.coverage(times(), places().offers, standard_min=20)
    frame = townships().frame.loc[["A"]]
    with pytest.raises(TableError, match="unknown townships B"):
        access.equity(cover, population(), Townships(frame, "2023-10"))


def test_a_rank_that_is_missing_leaves_only_the_concentration_out():
    cover = access.coverage(times(), places().offers, standard_min=20)
    ranks = pd.Series({"A": 0.5, "B": pd.NA}, dtype="Float64", name="extinction_index")
    table = table_of(access.equity(cover, population(), townships(), rank_by=ranks, worst="low"))
    assert table.loc[("nearest_min", "concentration"), "value"] == pytest.approx(0, abs=1e-12)
    assert table.loc[("nearest_min", "headcount"), "value"] == pytest.approx(0.52)


def test_where_nobody_reaches_anything_there_is_no_equality():
    offers = places().offers
    table = access.coverage(times(), offers.iloc[:0], standard_min={"day_care": 20.0})
    found = access.equity(table, population(), townships()).set_index(["variable", "measure"])
    for measure in ("gini", "theil", "palma", "concentration"):
        assert pd.isna(found.loc[("nearest_min", measure), "value"]), measure
    assert found.loc[("nearest_min", "headcount"), "value"] == 1.0
    assert found.loc[("nearest_min", "gini"), "counted_share"] == 0.0
