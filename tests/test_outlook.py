"""What townships come to: the table of the outlook, held against plain sums."""

import numpy as np
import pandas as pd
import pytest
from forecast_cases import counties, population

from ruralcare.need.forecast import forecast
from ruralcare.need.outlook import draw_sums, outlook
from ruralcare.scenario import ForecastSettings
from ruralcare.types import AGE_GROUPS

TOWNS = ("4699025000", "4699031000", "4699032000")
FIGURES = ("population", "population_65plus", "share_65plus", "extinction_index")


def table(scale, sexes=("female", "male")):
    """Return a register: 10 × scale of everybody in a group, 15 of the old; the last has nobody."""
    counts = {
        (town, sex): [scale * size * (15 if at >= 13 else 10) for at in range(21)]
        for size, town in enumerate(reversed(TOWNS))
        for sex in sexes
    }
    assert sum(counts[TOWNS[-1], sexes[0]]) == 0
    return counts


def run(registers, years=(2028, 2033), **changes):
    people = population(registers)
    return forecast(people, years, ForecastSettings(**changes), county=counties(people))


@pytest.fixture(scope="module")
def carried():
    return run({"2013-10": table(9), "2023-10": table(10)})


def test_the_figures_are_sums_of_the_forecast(carried):
    found = outlook(carried, samples=0, seed=1).set_index(["township_id", "year"])
    assert list(found.index) == [(town, year) for town in TOWNS for year in (2023, 2028, 2033)]
    counts = carried.counts()
    for (town, year), row in found.iterrows():
        mine = counts[(counts["township_id"] == town) & (counts["year"] == year)]
        age = mine["age_group"].map(list(AGE_GROUPS).index)
        everybody, old = mine["persons"].sum(), mine["persons"][age >= 13].sum()
        women = mine["persons"][(mine["sex"] == "female") & age.between(4, 7)].sum()
        assert row["population"] == pytest.approx(everybody)
        assert row["population_65plus"] == pytest.approx(old)
        if town == TOWNS[-1]:
            assert pd.isna(row["share_65plus"])
            assert pd.isna(row["extinction_index"])
            assert pd.isna(row["extinction_class"])
        else:
            assert row["share_65plus"] == pytest.approx(old / everybody)
            assert row["extinction_index"] == pytest.approx(women / old)
    # Four groups of ten women each to eight groups of fifteen women and fifteen men.
    today = found.loc[(TOWNS[0], 2023)]
    assert today["extinction_index"] == pytest.approx(40 / 240)
    assert today["extinction_class"] == "high"
    for name in FIGURES:
        assert found[f"{name}_low"].isna().all()
        assert found[f"{name}_high"].isna().all()


def test_bands_are_those_of_the_samples(carried):
    found = outlook(carried, samples=50, seed=4).set_index(["year", "township_id"])
    drawn = np.stack(list(carried.samples(50, 4)))
    at = carried.years.index(2033)
    for place, town in enumerate(TOWNS[:2]):
        mine = drawn[:, at, place]
        old = mine[..., 13:].sum(axis=(1, 2))
        index = mine[:, carried.sexes.index("female"), 4:8].sum(axis=1) / old
        low, high = np.quantile(index, (0.1, 0.9))
        row = found.loc[(2033, town)]
        assert row["extinction_index_low"] == pytest.approx(low, rel=1e-4)
        assert row["extinction_index_high"] == pytest.approx(high, rel=1e-4)
        low, high = np.quantile(old, (0.1, 0.9))
        assert row["population_65plus_low"] == pytest.approx(low, rel=1e-4)
        assert row["population_65plus_high"] == pytest.approx(high, rel=1e-4)


def test_a_band_holds_its_figure_and_begins_without_width(carried):
    # So few samples that some miss the figure by chance.
    for samples in (1, 3, 40):
        found = outlook(carried, samples=samples, seed=2)
        lived = found[found["township_id"] != TOWNS[-1]]
        for name in FIGURES:
            assert (lived[f"{name}_low"] <= lived[name]).all()
            assert (lived[name] <= lived[f"{name}_high"]).all()
            today = lived[lived["year"] == 2023]
            assert (today[f"{name}_low"] == today[name]).all()
            assert (today[f"{name}_high"] == today[name]).all()
    wide = lived["population_high"] - lived["population_low"]
    by_year = wide.groupby(lived["year"]).sum()
    assert 0 == by_year[2023] < by_year[2028] < by_year[2033]


def test_the_same_seed_gives_the_same_table(carried):
    pd.testing.assert_frame_equal(
        outlook(carried, samples=5, seed=9), outlook(carried, samples=5, seed=9)
    )


def test_futures_are_drawn_once_for_all(carried, monkeypatch):
    expected = outlook(carried, samples=20, seed=6)
    weights = np.arange(42, dtype=float).reshape(2, 21)
    futures = list(carried.samples(20, 6))
    drawn = draw_sums(carried, samples=20, seed=6, weights=weights)
    by_hand = [
        [[(year[town] * weights).sum() for town in range(3)] for year in one] for one in futures
    ]
    assert drawn.weighted == pytest.approx(np.array(by_hand), rel=1e-12)

    def again(*_):
        raise AssertionError("drawn again")

    monkeypatch.setattr(type(carried), "samples", again)
    pd.testing.assert_frame_equal(outlook(carried, samples=20, seed=6, drawn=drawn), expected)


def test_of_people_who_are_held_one_future_is_enough():
    held = run({"2023-10": table(10)}, method="hold")
    weights = np.ones((2, 21))
    drawn = draw_sums(held, samples=50, seed=1, weights=weights)
    assert drawn.weighted.shape == (1, 3, 3)
    assert drawn.weighted[0] == pytest.approx(held.persons.sum(axis=(2, 3)))
    assert draw_sums(held, samples=0, seed=1).weighted is None


def test_without_sexes_there_is_no_index():
    result = run({"2013-10": table(9, ("all",)), "2023-10": table(10, ("all",))})
    found = outlook(result, samples=5, seed=1)
    for name in ("extinction_index", "extinction_index_low", "extinction_index_high"):
        assert found[name].isna().all()
    assert found["extinction_class"].isna().all()
    assert found["population"].notna().all()


def test_people_who_are_held_have_no_bands():
    found = outlook(run({"2023-10": table(10)}, method="hold"), samples=20, seed=1)
    lived = found[found["township_id"] != TOWNS[-1]]
    for name in FIGURES:
        assert (lived[f"{name}_low"] == lived[f"{name}_high"]).all()
        assert lived.groupby("township_id")[name].nunique().eq(1).all()


def test_a_township_that_grows_old_gets_its_class():
    # Women of 20 to 39 over the old: 0.2 is no longer "high".
    counts = {("4699025000", sex): [100.0] * 21 for sex in ("female", "male")}
    for sex in ("female", "male"):
        counts["4699025000", sex][13:] = [125.0] * 8
    found = outlook(run({"2023-10": counts}, years=()), samples=0, seed=1)
    assert found["extinction_index"].tolist() == [0.2]
    assert found["extinction_class"].tolist() == ["entering"]
