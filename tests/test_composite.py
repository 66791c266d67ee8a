"""The composite index of depopulation by hand, and how far its ranks hang on weights."""

import math
import time
from typing import get_args

import need_cases
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta
from small_world import population, townships
from test_depopulation import people_of, towns_of

from ruralcare import need
from ruralcare.scenario.schema import CompositeIndicator

NAMES = need.COMPOSITE_INDICATORS


def table(**columns):
    length = len(next(iter(columns.values())))
    frame = pd.DataFrame(
        {name: pd.array(values, dtype="Float64") for name, values in columns.items()}
    )
    frame.index = pd.Index([f"T{number}" for number in range(length)], name="township_id")
    return frame


def by_hand(values, *, worse_if_high=False):
    """Return (number of areas that are better + half of those alike) / n, in plain Python."""
    known = [value for value in values if value is not None]
    scores = []
    for value in values:
        if value is None or len(known) < 2:
            scores.append(None)
            continue
        better = sum((other < value) if worse_if_high else (other > value) for other in known)
        alike = sum(other == value for other in known)
        scores.append((better + alike / 2) / len(known))
    return scores


def plain(series):
    return [None if pd.isna(value) else float(value) for value in series]


def test_the_eight_are_those_of_the_ministry():
    assert len(NAMES) == 8
    assert get_args(CompositeIndicator) == NAMES


def test_scores_and_index_by_hand():
    frame = table(
        annual_change_share=[-0.03, -0.01, 0.01, -0.03],
        share_65plus=[0.5, 0.3, 0.2, None],
        share_under15=[0.05, 0.10, None, None],
        density_per_km2=[20, 50, 9000, 30],
    )
    scores = need.composite_scores(frame)
    assert list(scores.columns) == list(NAMES)
    assert plain(scores["annual_change_share"]) == [0.75, 0.375, 0.125, 0.75]
    assert plain(scores["share_65plus"]) == pytest.approx([5 / 6, 0.5, 1 / 6, None])
    assert plain(scores["share_under15"]) == [0.75, 0.25, None, None]
    assert plain(scores["density_per_km2"]) == [0.875, 0.375, 0.125, 0.625]
    assert scores["births_per_1000"].isna().all()
    found = need.composite(frame)
    assert found["composite_known"].tolist() == [4, 4, 3, 2]
    expected = [
        (0.75 + 5 / 6 + 0.75 + 0.875) / 4,
        (0.375 + 0.5 + 0.25 + 0.375) / 4,
        (0.125 + 1 / 6 + 0.125) / 3,
        None,
    ]
    assert plain(found["composite_index"]) == pytest.approx(expected)


def test_weights_count_and_nought_leaves_out():
    frame = table(
        annual_change_share=[-0.03, 0.01],
        share_65plus=[0.2, 0.3],
        share_under15=[0.05, 0.10],
        density_per_km2=[20, 50],
    )
    found = need.composite(frame, {"share_65plus": 3.0})
    # 0.75 thrice with weight 1 and 0.25 with weight 3.
    assert plain(found["composite_index"]) == pytest.approx([0.5, 0.5])
    found = need.composite(frame, {"share_65plus": 0.0})
    assert found["composite_known"].tolist() == [3, 3]
    assert plain(found["composite_index"]) == pytest.approx([0.75, 0.25])
    nothing = need.composite(frame, dict.fromkeys(NAMES, 0.0))
    assert nothing["composite_index"].isna().all()
    assert nothing["composite_known"].tolist() == [0, 0]


def test_weights_of_a_scenario_are_used():
    frame = need.indicators(townships(), population(), need_cases.settings(), None)
    weighted = need_cases.settings(composite_weights={"density_per_km2": 0, "share_under15": 0})
    other = need.indicators(townships(), population(), weighted, None)
    assert frame["composite_known"].tolist() == [4, 4]
    assert other["composite_known"].tolist() == [2, 2]
    assert other["composite_index"].isna().all()


VALUES = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 0.5, 2.0, 1e6]))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 7).flatmap(
        lambda n: st.lists(st.lists(VALUES, min_size=n, max_size=n), min_size=8, max_size=8)
    )
)
def test_any_table_agrees_with_plain_python(columns):
    frame = table(**dict(zip(NAMES, columns, strict=True)))
    found = need.composite(frame)
    scores = [
        by_hand(values, worse_if_high=name == "share_65plus")
        for name, values in zip(NAMES, columns, strict=True)
    ]
    for row, (index, known) in enumerate(
        zip(plain(found["composite_index"]), found["composite_known"], strict=True)
    ):
        mine = [score[row] for score in scores if score[row] is not None]
        assert known == len(mine)
        if len(mine) < 3:
            assert index is None
        else:
            assert index == pytest.approx(math.fsum(mine) / len(mine))
            assert 0 < index < 1
    again = need.composite_sensitivity(frame, samples=20)
    assert again["rank"].notna().equals(found["composite_index"].notna())
    assert (again["rank_low"] <= again["rank_high"]).all()


def test_units_and_outliers_do_not_matter():
    values = {"annual_change_share": [-0.02, 0.01, 0.0], "density_per_km2": [40, 60, 9000],
              "share_65plus": [0.4, 0.3, 0.1]}  # fmt: skip
    one = need.composite(table(**values))
    values["density_per_km2"] = [0.04, 0.06, 0.07]
    pd.testing.assert_frame_equal(one, need.composite(table(**values)))


def test_one_township_is_compared_with_nobody():
    frame = table(**{name: [0.5] for name in NAMES})
    found = need.composite(frame)
    assert found["composite_known"].tolist() == [0]
    assert found["composite_index"].isna().all()
    assert need.composite_sensitivity(frame).isna().all(axis=None)
    assert need.composite_note(found) is None


def test_an_empty_table_is_no_fault():
    frame = table(share_65plus=[])
    assert need.composite(frame).empty
    assert need.composite_sensitivity(frame).empty


def test_all_equal_townships_share_the_middle():
    frame = table(**{name: [0.3] * 4 for name in NAMES})
    found = need.composite_sensitivity(frame, samples=50)
    assert found["composite_index"].tolist() == pytest.approx([0.5] * 4)
    for column in ("rank", "rank_low", "rank_high"):
        assert found[column].tolist() == pytest.approx([2.5] * 4)
    assert found["worst_quarter_share"].tolist() == [0.0] * 4


def test_ranks_are_certain_where_indicators_agree_and_open_where_they_do_not():
    frame = table(
        annual_change_share=[-0.05, -0.03, -0.02, 0.01],
        share_65plus=[0.6, 0.5, 0.2, 0.1],
        share_under15=[0.01, 0.05, 0.04, 0.15],
        density_per_km2=[5, 40, 30, 900],
    )
    found = need.composite_sensitivity(frame, samples=400, seed=3)
    assert found["rank"].tolist() == [1, 2.5, 2.5, 4]
    first, last = found.iloc[0], found.iloc[3]
    assert (first["rank_low"], first["rank_high"], first["worst_quarter_share"]) == (1, 1, 1)
    assert (last["rank_low"], last["rank_high"], last["worst_quarter_share"]) == (4, 4, 0)
    for middle in (found.iloc[1], found.iloc[2]):
        assert (middle["rank_low"], middle["rank_high"]) == (2, 3)
    pd.testing.assert_frame_equal(found, need.composite_sensitivity(frame, samples=400, seed=3))
    assert not found.equals(need.composite_sensitivity(frame, samples=1, seed=3))


def test_the_weights_have_random_numbers_of_their_own(monkeypatch):
    asked = []

    def generator(seed):
        asked.append(seed)
        return fresh(seed)

    fresh = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", generator)
    frame = table(**{name: [0.1, 0.2, 0.3] for name in NAMES})
    need.composite_sensitivity(frame, samples=5, seed=7)
    (mine,) = asked
    # A plain seed, the draws of how sure a status is, a future of the forecast.
    for other in (7, [1, 7], [2, 7, 1], [7, 0]):
        assert fresh(mine).random() != fresh(other).random()
    need.composite_sensitivity(frame, samples=5, seed=8)
    assert fresh(asked[1]).random() != fresh(mine).random()


def test_the_share_of_samples_is_that_of_the_weights():
    """Two indicators contradict each other; a third, the same everywhere, makes three of them."""
    frame = table(
        annual_change_share=[-0.05, -0.03, -0.02, 0.01],
        density_per_km2=[900, 40, 30, 5],
        share_65plus=[0.3] * 4,
    )
    found = need.composite_sensitivity(frame, samples=4000)
    assert found["worst_quarter_share"].tolist() == pytest.approx([0.5, 0, 0, 0.5], abs=0.03)
    heavy = need.composite_sensitivity(frame, {"annual_change_share": 3.0}, samples=4000)
    # Weights 3, 1 and 1 with a mean of 1; the first outweighs the second where its part of the two
    # together, which has a beta distribution, is above one half.
    assert heavy["worst_quarter_share"].iloc[0] == pytest.approx(
        beta.sf(0.5, 3 * 3 / 5, 3 / 5), abs=0.03
    )


def test_equal_sums_of_other_parts_are_equal_ranks():
    turned = [[1, 2, 3, 4, 5], [2, 3, 4, 5, 1], [3, 4, 5, 1, 2], [4, 5, 1, 2, 3], [5, 1, 2, 3, 4]]
    frame = table(**dict(zip(NAMES, turned, strict=False)))
    frame["share_65plus"] = -frame["share_65plus"]
    assert need.composite_sensitivity(frame, samples=1)["rank"].tolist() == [3.0] * 5


def test_a_township_without_an_index_takes_no_rank():
    frame = table(
        annual_change_share=[-0.05, None, 0.02],
        share_65plus=[0.6, 0.5, 0.2],
        share_under15=[0.01, None, 0.04],
    )
    found = need.composite_sensitivity(frame, samples=10)
    assert found["rank"].tolist() == [1, pd.NA, 2]
    assert found.iloc[1].isna().all()


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="sample"):
        need.composite_sensitivity(table(share_65plus=[1.0]), samples=0)


def test_the_note_says_that_it_is_an_approximation():
    frame = need.indicators(townships(), population(), need_cases.settings(), None)
    note = need.composite_note(frame)
    assert note is not None
    assert "approximation" in note.render("en")
    assert "4 of 8" in note.render("en")
    frame["composite_known"] = pd.array([4, 7], dtype="Int64")
    assert "4–7 of 8" in need.composite_note(frame).render("en")


def test_people_by_day_stand_against_those_for_whom_they_are_told():
    codes = ["4682025000", "4682031000", "4683025000", "4683031000"]
    people = people_of(
        {(code, 2023, "male", "65-69"): 100 * (1 + place) for place, code in enumerate(codes)},
        {2023: "2023"},
    )
    figures = pd.DataFrame(
        {
            "daytime_population": pd.array([450, 450, 150, pd.NA], dtype="Float64"),
            "daytime_area": pd.array(["46820", "46820", codes[2], pd.NA], dtype="string"),
            "births_per_1000": pd.array([2, 2, 4, 8], dtype="Float64"),
        },
        index=codes,
    )
    frame = need.indicators(towns_of(codes), people, need_cases.settings(), None, figures=figures)
    assert plain(frame["daytime_per_resident"]) == [1.5, 1.5, 0.5, None]
    counties = need.county_indicators(
        towns_of(codes), people, need_cases.settings(), figures=figures
    )
    assert plain(counties["daytime_per_resident"]) == [1.5, 0.5]
    # 4 for each thousand of 300 people, 8 of 400.
    assert plain(counties["births_per_1000"]) == pytest.approx([2.0, (4 * 300 + 8 * 400) / 700])
    assert counties["fiscal_independence_share"].isna().all()
    # Without the column the people by day are those of the township itself.
    own = figures.drop(columns="daytime_area")
    frame = need.indicators(towns_of(codes), people, need_cases.settings(), None, figures=own)
    assert plain(frame["daytime_per_resident"]) == [4.5, 2.25, 0.5, None]


def test_people_by_day_of_a_city_are_shared_by_its_wards():
    codes = ["4711125000", "4711351000"]
    people = people_of({(code, 2023, "male", "65-69"): 100 for code in codes}, {2023: "2023"})
    figures = pd.DataFrame(
        {
            "daytime_population": pd.array([260, 260], dtype="Float64"),
            "daytime_area": pd.array(["47111+47113"] * 2, dtype="string"),
        },
        index=codes,
    )
    frame = need.indicators(towns_of(codes), people, need_cases.settings(), None, figures=figures)
    assert plain(frame["daytime_per_resident"]) == [1.3, 1.3]


def test_a_nation_is_ranked_in_a_moment():
    rng = np.random.default_rng(1)
    frame = table(**{name: rng.normal(size=3504) for name in NAMES})
    start = time.process_time()
    found = need.composite_sensitivity(frame, samples=500)
    assert time.process_time() - start < 20
    assert found["rank"].sum() == pytest.approx(3504 * 3505 / 2)
    # A quarter of the ranks are the worst quarter in every sample.
    assert found["worst_quarter_share"].mean() == pytest.approx(0.25, abs=0.001)
