"""Cohorts carried forward: by hand, by invariants, and against a register that was not used."""

import csv
import math
import re

import numpy as np
import pandas as pd
import pytest
from forecast_cases import counties, population
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ruralcare.language import catalogue
from ruralcare.need.cohorts import Ages, carried, month
from ruralcare.need.draws import draws
from ruralcare.need.forecast import cohort_model, forecast
from ruralcare.need.projection import simulate
from ruralcare.scenario import ForecastSettings
from ruralcare.scenario.faults import schema_fault
from ruralcare.scenario.figures import default_figures
from ruralcare.scenario.forecasts import NO_MONTH, NO_SINGLE_AGES, NOT_LATER
from ruralcare.scenario.schema import NationalRatios, Uncertainty
from ruralcare.types import AGE_GROUPS

GROUPS = len(AGE_GROUPS)
OLD = AGE_GROUPS.index("65-69")
PLAIN = {
    "smoothing_young": 0,
    "smoothing_old": 0,
    "ratio_bound": 1e6,
    "half_life_years": 0,
    "improvement_per_year": 0,
}
STILL = NationalRatios(**dict.fromkeys(("female", "male", "all"), dict.fromkeys(AGE_GROUPS, 1.0)))
"""A nation in which nothing happens."""


def run(people, years, digits=5, **changes):
    return forecast(people, years, ForecastSettings(**changes), county=counties(people, digits))


def as_dict(result, year):
    """Return {(township, sex): [21 counts]} of a year."""
    at = result.years.index(year)
    return {
        (township, sex): list(result.persons[at, i, j])
        for i, township in enumerate(result.township_ids)
        for j, sex in enumerate(result.sexes)
    }


# --- by hand ----------------------------------------------------------------------------------


def demo_register(root, date):
    """Read a register of the demo county in plain Python: {(township, sex): [21 counts]}."""
    path = root / "data" / "population" / f"{date.replace('-', '')}_연령별인구현황_월간.csv"
    with path.open(encoding="cp949", newline="") as stream:
        rows = list(csv.reader(stream))
    tables = {}
    for row in rows[1:]:
        code = re.search(r"\((\d{10})\)", row[0]).group(1)
        if code.endswith("00000"):
            continue
        for sex, mark in (("male", "_남_"), ("female", "_여_")):
            columns = [at for at, name in enumerate(rows[0]) if mark in name and "세" in name]
            tables[code, sex] = [int(row[at].replace(",", "")) for at in columns]
            assert len(tables[code, sex]) == 21
    return tables


def by_hand(before, after, lean_young, lean_old, bound):
    """Return the table ten years on, and that of each county, in plain Python.

    The nation stands still: the ratios of all townships lean on 1.
    """
    townships = sorted({township for township, _ in before})
    county_of = {township: township[:5] for township in townships}

    def summed(table, key):
        sums = {}
        for (township, sex), counts in table.items():
            old = sums.setdefault((key(township), sex), [0] * 21)
            sums[key(township), sex] = [a + b for a, b in zip(old, counts, strict=True)]
        return sums

    levels = [
        (summed(before, lambda _: "all"), summed(after, lambda _: "all")),
        (summed(before, county_of.get), summed(after, county_of.get)),
        (before, after),
    ]

    def leaning(start, end, above, lean):
        ratio = (end + lean * above) / (start + lean) if start + lean else above
        return min(max(ratio, above / bound), above * bound)

    def ratios(level, area, sex):
        """Return ratios of the groups 0 to 17, and of those of 90 and over."""
        if level < 0:
            return [1.0] * 19
        parent = {0: None, 1: "all", 2: county_of.get(area)}[level]
        above = ratios(level - 1, parent, sex)
        one, other = levels[level][0][area, sex], levels[level][1][area, sex]
        own = [
            leaning(one[g], other[g + 2], above[g], (lean_young if g < 10 else lean_old) / 10)
            for g in range(18)
        ]
        return [*own, leaning(sum(one[18:]), other[20], above[18], lean_old / 10)]

    def children(level, area):
        """Return children below five per woman from 20 to 39."""
        table = levels[level][1]
        women = sum(table[area, "female"][4:8])
        young = table[area, "female"][0] + table[area, "male"][0]
        if level == 0:
            return young / women
        parent = "all" if level == 1 else county_of[area]
        lean = lean_young / 5
        if women + lean == 0:
            return children(level - 1, parent)
        return (young + lean * children(level - 1, parent)) / (women + lean)

    girls = levels[0][1]["all", "female"][0]
    girls /= girls + levels[0][1]["all", "male"][0]

    def projected(level, area):
        made = {}
        for sex in ("female", "male"):
            counts, ratio = levels[level][1][area, sex], ratios(level, area, sex)
            made[sex] = [0.0, 0.0, *(counts[g] * ratio[g] for g in range(18))]
            made[sex].append(sum(counts[18:]) * ratio[18])
        for group in (0, 1):
            born = children(level, area) * sum(made["female"][4 + group : 8 + group])
            made["female"][group], made["male"][group] = born * girls, born * (1 - girls)
        return made

    county_tables = {county: projected(1, county) for county in set(county_of.values())}
    own = {township: projected(2, township) for township in townships}
    result = {}
    for township in townships:
        county = county_of[township]
        for sex in ("female", "male"):
            cells = []
            for g in range(21):
                total = math.fsum(own[t][sex][g] for t in townships if county_of[t] == county)
                share = own[township][sex][g] / total if total else 0.0
                cells.append(county_tables[county][sex][g] * share)
            result[township, sex] = cells
    return result, county_tables


@pytest.fixture(scope="module")
def demo(root):
    return {date: demo_register(root, date) for date in ("2013-10", "2023-10")}


def assert_same(result, year, expected):
    found = as_dict(result, year)
    assert found.keys() == expected.keys()
    for key, counts in expected.items():
        assert found[key] == pytest.approx(counts, rel=1e-9, abs=1e-6), key


def test_the_demo_county_ten_years_on_by_hand(demo):
    expected, county = by_hand(demo["2013-10"], demo["2023-10"], 0, 0, 1e6)
    result = run(population(demo), (2033,), national=STILL, **PLAIN)
    assert result.method == "cohort"
    assert_same(result, 2033, expected)
    # The county is the plain method of Hamilton and Perry on its own sums.
    one = demo["2013-10"], demo["2023-10"]
    women = [[sum(t[k][g] for k in t if k[1] == "female") for g in range(21)] for t in one]
    for g in range(18):
        plain = women[1][g] * women[1][g + 2] / women[0][g]
        assert county["99710"]["female"][g + 2] == pytest.approx(plain)
        assert result.persons[1, :, 0, g + 2].sum() == pytest.approx(plain)


def test_the_nation_does_not_matter_where_nothing_leans_on_it(demo):
    still = run(population(demo), (2033,), national=STILL, **PLAIN).persons
    korea = run(population(demo), (2033,), **PLAIN).persons
    assert np.allclose(still, korea, rtol=1e-9, atol=1e-6)


def test_the_demo_county_with_smoothing_by_hand(demo):
    expected, _ = by_hand(demo["2013-10"], demo["2023-10"], 150, 800, 1.5)
    changes = {**PLAIN, "smoothing_young": 150, "smoothing_old": 800, "ratio_bound": 1.5}
    assert_same(run(population(demo), (2033,), national=STILL, **changes), 2033, expected)


def test_smoothing_in_two_counties_by_hand(demo):
    towns = sorted({township for township, _ in demo["2013-10"]})
    moved = {one: ("11111" if at % 3 else "22222") + one[5:] for at, one in enumerate(towns)}
    two = {
        date: {(moved[town], sex): counts for (town, sex), counts in table.items()}
        for date, table in demo.items()
    }
    expected, _ = by_hand(two["2013-10"], two["2023-10"], 300, 2000, 2.0)
    changes = {**PLAIN, "smoothing_young": 300, "smoothing_old": 2000, "ratio_bound": 2.0}
    assert_same(run(population(two), (2033,), national=STILL, **changes), 2033, expected)


# --- ages and losses --------------------------------------------------------------------------


def test_losses_are_exact_at_the_span_and_its_multiples():
    for span in (60, 120, 180):
        count = 20 - span // 60
        assert np.allclose(carried(span, span)[:count], np.eye(count), atol=1e-9)
    twice = carried(120, 240)
    for group in range(15):
        expected = np.zeros(18)
        expected[group] += 1
        expected[group + 2] += 1
        assert np.allclose(twice[group], expected, atol=1e-9)


@pytest.mark.parametrize(("span", "ahead"), [(19, 60), (120, 48), (139, 84), (7, 240)])
def test_an_even_rate_stays_what_it_is(span, ahead):
    losses = np.full(carried(span, ahead).shape[1], 0.01 * span)
    assert carried(span, ahead) @ losses == pytest.approx(np.full(20, 0.01 * ahead))


def test_losses_fall_due_at_the_ages_at_which_they_occur():
    # Everybody who is 20 or 21 moves away at a rate of 0.3 a year; nobody else does.
    def loss(age, years):
        return 0.3 * max(0.0, min(age + years, 22.0) - max(age, 20.0))

    inside = (np.arange(60) + 0.5) / 12

    def of_groups(years, count):
        return np.array([np.mean([loss(5 * g + u, years) for u in inside]) for g in range(count)])

    measured = of_groups(10, 18)
    five = of_groups(5, 18)
    found = carried(120, 60)[:18] @ measured
    assert np.abs(found - five).sum() < np.abs(measured / 2 - five).sum()


def test_what_fades_is_worth_less():
    # Over ten years with a half-life of ten: the mean of 0.5 ** (t / 10).
    share = (1 - 0.5) / math.log(2)
    losses = np.full(18, 0.2)
    assert carried(120, 120, 10) @ losses == pytest.approx(np.full(20, 0.2 * share), rel=1e-4)


def test_cohorts_of_nineteen_months_are_cut_evenly_without_sizes():
    ages = Ages((), 0, np.zeros(GROUPS))
    table = ages.before(19, 0)
    assert table[3, 3] == pytest.approx(41 / 60)
    assert table[3, 4] == pytest.approx(19 / 60)
    assert ages.after(48, 0)[4, 3] == pytest.approx(48 / 60)
    assert ages.after(120, 0)[5, 3] == pytest.approx(1)
    assert ages.oldest(19, 0)[[18, 19, 20]] == pytest.approx([0, 19 / 60, 1])


def test_sizes_cut_groups_where_cohorts_were_born():
    # At the date of the sizes, nobody is 21: the group 20-24 begins at 22 but for the 20-year-olds.
    sizes = [1000.0] * 101
    sizes[21] = 1e-9
    ages = Ages(sizes, month("2025-05"), np.zeros(GROUPS))
    cut = ages.before(24, month("2025-05"))
    assert cut[4, 4] == pytest.approx(3 / 4, abs=1e-3)
    assert cut[3, 4] == pytest.approx(1 / 4, abs=1e-3)
    # Ten years later the same cohort is 31.
    later = ages.before(24, month("2035-05"))
    assert later[6, 6] == pytest.approx(3 / 4, abs=1e-3)


def test_dates_without_a_month_are_whole_years_apart():
    assert month("2023-10") - month("2013", "2023-10") == 120
    assert month("2025", "2023") - month("2023", "2025") == 24
    assert month("2023-10-31") == month("2023-10")
    for text in ("soon", "2023-13", "2023-00", "2023-1", "October 2023", "2023-10 or so", ""):
        with pytest.raises(ValueError, match="no date"):
            month(text)
        if text:
            with pytest.raises(ValueError, match="no date"):
                month("2023", text)


def stationary(rate=0.02):
    """Return people by group where births and deaths are the same every year, and their ratios."""
    alive = [math.exp(-rate * max(age - 60, 0) ** 2 / 40) for age in np.arange(0, 140, 1 / 12)]
    groups = [sum(alive[60 * g : 60 * g + 60]) for g in range(20)] + [sum(alive[1200:])]
    ratios = [groups[g + 1] / groups[g] for g in range(19)]
    ratios.append(sum(alive[1200:1260]) / groups[19])
    return groups, [*ratios, sum(alive[1260:]) / groups[20]]


@pytest.mark.parametrize(
    "dates", [("2023-10", "2025-05"), ("2012-03", "2023-10"), ("2021", "2023")]
)
@pytest.mark.parametrize("leaning", [0, 500])
def test_a_county_that_does_not_change_does_not_change(dates, leaning):
    groups, ratios = stationary()
    table = {("4699025000", "all"): [100 * one for one in groups]}
    by_sex = {sex: dict(zip(AGE_GROUPS, ratios, strict=True)) for sex in ("female", "male", "all")}
    start = int(dates[1][:4])
    result = run(
        population(dict.fromkeys(dates, table)),
        (start + 2, start + 5, start + 11),
        **{**PLAIN, "smoothing_young": leaning, "smoothing_old": leaning},
        sizes=(),
        national=NationalRatios(**by_sex),
    )
    held = np.array(table["4699025000", "all"])
    for persons in result.persons[1:, 0, 0]:
        assert persons[:18] == pytest.approx(held[:18], rel=0.02)
        assert persons[OLD:].sum() == pytest.approx(held[OLD:].sum(), rel=0.01)


# --- invariants -------------------------------------------------------------------------------

COUNT = st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 3000), st.just(10**7))
TABLE = st.lists(COUNT, min_size=21, max_size=21)


@st.composite
def odd_people(draw):
    """Return people as no county has them: empty, tiny, huge, of one sex, new or gone."""
    towns = draw(
        st.lists(
            st.sampled_from(["4699025000", "4699031000", "4698031000", "4698032000"]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    dates = draw(
        st.sampled_from(
            [
                ("2013-10", "2023-10"),
                ("2023-10", "2025-05"),
                ("2013", "2018-02", "2023-10"),
                ("2023-10",),
                ("1990-01", "2023-12"),
            ]
        )
    )
    kinds = st.sampled_from([("female", "male"), ("all",), ("female",), ("male",)])
    holes = draw(st.sampled_from(["none", "townships", "counties"]))
    registers = {}
    for date in dates:
        sexes = draw(kinds)
        here = towns
        if date != dates[-1] and holes == "townships":
            here = draw(st.permutations(towns))[: max(len(towns) - 1, 1)]
        elif date != dates[-1] and holes == "counties":
            gone = draw(st.sampled_from(["46990", "46980", "none"]))
            here = [town for town in towns if town[:5] != gone] or towns
        registers[date] = {(town, sex): draw(TABLE) for town in here for sex in sexes}
    return population(registers)


@settings(max_examples=25)
@given(odd_people(), st.booleans())
def test_never_negative_never_unknown_and_sums_are_the_countys(people, plain):
    changes = PLAIN if plain else {}
    result = run(people, (2026, 2030, 2037), **changes)
    assert np.isfinite(result.persons).all()
    assert (result.persons >= 0).all()
    for sample in result.samples(2, seed=3):
        assert np.isfinite(sample).all()
        assert (sample >= 0).all()
        assert np.array_equal(sample[0], result.persons[0])
    lived = people.frame.pivot_table("persons", "township_id", "year", "sum", fill_value=0) > 0
    if (lived.groupby(lived.index.str[:5]).transform("mean") % 1 > 0).any(axis=None):
        return  # What changed is measured without townships that a register lacks.
    # The county carried forward as one township is its own forecast.
    merged = people.frame.assign(township_id=people.frame["township_id"].str[:5] + "00000")
    keys = ["township_id", "year", "sex", "age_group"]
    merged = merged.groupby(keys, as_index=False)["persons"].sum()
    registers = {
        date: {
            key: list(
                rows.set_index("age_group")["persons"].reindex(list(AGE_GROUPS), fill_value=0)
            )
            for key, rows in merged[merged["year"] == year].groupby(["township_id", "sex"])
        }
        for year, date in people.as_of.items()
    }
    alone = run(population(registers), (2026, 2030, 2037), **changes)
    for at, county in enumerate(alone.township_ids):
        mine = [one[:5] == county[:5] for one in result.township_ids]
        sums = result.persons[:, mine].sum(axis=1)
        assert sums == pytest.approx(alone.persons[:, at], rel=1e-9, abs=1e-6)


@settings(max_examples=15)
@given(odd_people(), st.floats(0, 0.05), st.floats(0, 0.05))
def test_more_improvement_never_lowers_the_number_of_old_people(people, one, other):
    low, high = sorted((one, other))
    before = run(people, (2030, 2040), improvement_per_year=low).persons[..., OLD:]
    after = run(people, (2030, 2040), improvement_per_year=high).persons[..., OLD:]
    sums = before.sum(axis=(1, 3)), after.sum(axis=(1, 3))
    assert (sums[1] >= sums[0] * (1 - 1e-9) - 1e-9).all()


def test_improvement_never_makes_people(demo):
    without = run(population(demo), (2033,), **PLAIN).persons[1]
    most = {**PLAIN, "improvement_per_year": 0.2}
    much = run(population(demo), (2033,), **most).persons[1]
    before = population(demo).totals(2023).sum()
    assert without.sum() < much.sum() < before * 1.1
    base = run(population(demo), (2033,), **PLAIN).persons[0].sum(axis=0)
    grown = without.sum(axis=0)[:, 15:20] > base[:, 13:18]
    alive = much.sum(axis=0)[:, 15:20] <= base[:, 13:18] * (1 + 1e-9)
    assert (alive | grown).all(), "a cohort that shrank without it never grows by it"


# --- kinds of registers -----------------------------------------------------------------------


def test_a_register_without_sexes(demo):
    merged = {
        date: {
            (town, "all"): [
                sum(pair) for pair in zip(table[town, "male"], table[town, "female"], strict=True)
            ]
            for town in {town for town, _ in table}
        }
        for date, table in demo.items()
    }
    both = run(population(demo), (2030,))
    alone = run(population(merged), (2030,))
    assert alone.sexes == ("all",)
    assert set(alone.counts()["sex"]) == {"all"}
    assert alone.persons[1].sum() == pytest.approx(both.persons[1].sum(), rel=0.02)
    mixed = run(population({"2013-10": merged["2013-10"], "2023-10": demo["2023-10"]}), (2030,))
    assert mixed.sexes == ("female", "male")
    assert mixed.persons[1].sum() == pytest.approx(both.persons[1].sum(), rel=0.03)
    women, men = mixed.persons[1][:, :, 16:].sum(axis=(0, 2))
    assert women > men, "women live longer, even if the first register does not tell"


def test_one_register_goes_the_way_of_the_nation(demo):
    one = population({"2023-10": demo["2023-10"]})
    result = run(one, (2028,), **PLAIN)
    assert result.method == "national"
    assert "nation" in str(result.notes[0])
    ratios = ForecastSettings().national
    at = AGE_GROUPS.index("70-74")
    women = result.persons[:, :, 0].sum(axis=1)
    assert women[1][at + 1] == pytest.approx(women[0][at] * ratios.female["70-74"])


def test_people_are_held_where_nothing_carries_them(demo):
    abroad = {(f"way/{town}", sex): counts for (town, sex), counts in demo["2023-10"].items()}
    cases = [
        run(population({"2023-10": abroad}), (2027, 2030), digits=6),
        run(population({"2023-10": demo["2023-10"]}, assumed=True), (2027, 2030)),
        run(population(demo), (2027, 2030), method="hold"),
    ]
    for result in cases:
        assert result.method == "hold"
        assert result.years == (2023, 2027, 2030)
        assert (result.persons == result.persons[0]).all()
        assert "held" in str(result.notes[0])
        assert all((one == result.persons).all() for one in result.samples(2, 1))
    assert "asks" in str(cases[2].notes[0])


def test_years_before_the_register_have_its_people(demo):
    result = run(population(demo), (2019, 2028))
    assert result.years == (2023, 2019, 2028)
    assert (result.persons[1] == result.persons[0]).all()
    counts = result.counts()
    keys = ["township_id", "year", "sex", "age_group"]
    assert not counts.duplicated(keys).any()
    shown = counts[counts["year"] == 2028]["persons"].sum()
    assert shown == pytest.approx(result.persons[2].sum())
    ids = counts["township_id"].tolist()
    assert ids == sorted(ids)


def test_three_registers_count_by_the_years_they_span():
    def table(scale):
        return {("4699025000", "all"): [1000.0 * scale**g for g in range(21)]}

    # Ratio 0.81 over ten years, then 1 over five: the mean loss a year is 0.2107 / 15.
    before = table(1.0)
    middle = {key: [1000.0] * 2 + [810.0] * 19 for key in before}
    after = {key: [1000.0] * 3 + [810.0] * 18 for key in before}
    people = population({"2008-10": before, "2018-10": middle, "2023-10": after})
    result = run(people, (2028,), national=STILL, **PLAIN)
    assert result.persons[1, 0, 0, 10] == pytest.approx(810 * 0.81 ** (5 / 15), rel=0.01)


def test_a_block_of_flats_does_not_grow_for_ever(demo):
    grown = dict(demo["2023-10"])
    town = min(grown, key=lambda key: sum(grown[key]) or 1e9)[0]
    for sex in ("female", "male"):
        grown[town, sex] = [5 * one for one in grown[town, sex]]
    people = population({"2013-10": demo["2013-10"], "2023-10": grown})
    result = run(people, (2033,))
    plain = run(people, (2033,), **PLAIN)
    at = result.township_ids.index(town)
    now, then = result.persons[:, at].sum(axis=(1, 2))
    assert then < plain.persons[1, at].sum()
    assert then < 2 * now


def test_a_new_township_goes_the_way_of_its_county(demo):
    towns = sorted({town for town, _ in demo["2013-10"]})
    before = {key: counts for key, counts in demo["2013-10"].items() if key[0] != towns[2]}
    result = run(population({"2013-10": before, "2023-10": demo["2023-10"]}), (2033,))
    at = result.township_ids.index(towns[2])
    persons = result.persons[:, at].sum(axis=(1, 2))
    county = result.persons.sum(axis=(1, 2, 3))
    assert persons[1] / persons[0] == pytest.approx(county[1] / county[0], abs=0.15)


def shrinking(towns, share=1.0):
    """Return a register: townships that are all alike, with fewer and fewer people by age."""
    return {
        (town, sex): [share * 400 * 0.97**at for at in range(21)]
        for town in towns
        for sex in ("female", "male")
    }


HERE = [f"46980310{at:02d}" for at in range(4)]
THERE = [f"46990250{at:02d}" for at in range(4)]


@pytest.mark.parametrize("missing", [THERE, THERE[:1], [HERE[0], THERE[3]], [*HERE[1:], *THERE]])
@pytest.mark.parametrize(
    ("dates", "lacking"),
    [
        (("2013-10", "2023-10"), 0),
        (("2008-10", "2013-10", "2023-10"), 0),
        (("2008-10", "2013-10", "2023-10"), 1),
    ],
)
def test_townships_that_a_register_lacks_go_the_way_of_the_others(missing, dates, lacking):
    towns = [*HERE, *THERE]
    whole = {date: shrinking(towns, 0.9 ** (at - len(dates) + 1)) for at, date in enumerate(dates)}
    holed = dict(whole)
    holed[dates[lacking]] = {
        key: counts for key, counts in whole[dates[lacking]].items() if key[0] not in missing
    }
    # All townships are alike: without leaning on the nation, nobody is needed to know any.
    found, expected = (run(population(one), (2033,), **PLAIN) for one in (holed, whole))
    assert found.persons == pytest.approx(expected.persons, rel=1e-9, abs=1e-9)
    told = [str(note) for note in found.notes if "lacks" in str(note)]
    assert len(told) == 1
    assert f"lacks: {len(missing)}." in told[0]
    assert not any("lacks" in str(note) for note in expected.notes)
    # With it, about so.
    found, expected = (run(population(one), (2033,)) for one in (holed, whole))
    sums = found.persons[1].sum(axis=(1, 2)), expected.persons[1].sum(axis=(1, 2))
    assert sums[0] == pytest.approx(sums[1], rel=0.03)


def test_townships_that_the_last_register_lacks_do_not_empty_their_county():
    towns = [*HERE, *THERE]
    now = shrinking(towns)
    gone = {key: [0] * 21 if key[0] == HERE[0] else counts for key, counts in now.items()}
    before = shrinking(towns, 1.1)
    whole, holed = (
        run(population({"2013-10": before, "2023-10": last}), (2033,), **PLAIN)
        for last in (now, gone)
    )
    assert holed.persons[1, 0] == pytest.approx(0)
    assert holed.persons[1, 1:] == pytest.approx(whole.persons[1, 1:], rel=1e-9)


def test_registers_close_together_are_told(demo):
    people = population({"2021-10": demo["2013-10"], "2023-10": demo["2023-10"]})
    assert "years apart" in str(run(people, (2030,)).notes[-1])


def test_a_table_of_ratios_must_hold_every_group():
    with pytest.raises(ValidationError, match="age group"):
        NationalRatios(female={"00-04": 1.0}, male={}, all={})


WRONG = [
    *(
        ({key: value}, key, NO_MONTH)
        for key in ("national_from", "national_to", "sizes_as_of")
        for value in ("October 2023", "2023-13", "2023-00", "2023", "2023-10-01", "2023-10\n", "")
    ),
    *(({"sizes": [1.0] * count}, "sizes", NO_SINGLE_AGES) for count in (1, 3, 100, 102)),
    ({"national_to": "2023-10"}, "", NOT_LATER),
    ({"national_from": "2025-05"}, "", NOT_LATER),
    ({"national_from": "2024-02", "national_to": "2023-12"}, "", NOT_LATER),
]


@pytest.mark.parametrize(("changes", "key", "told"), WRONG)
def test_dates_and_sizes_must_be_what_they_say(changes, key, told):
    with pytest.raises(ValidationError) as raised:
        ForecastSettings(**changes)
    (detail,) = raised.value.errors(include_url=False)
    fault = schema_fault(detail, "scenario.toml")
    assert told in fault.problem.render("en")
    assert (fault.column or "") == key


def test_what_is_wrong_with_them_is_told_in_korean():
    for text in (NO_MONTH, NO_SINGLE_AGES, NOT_LATER):
        assert re.search("[가-힣]", catalogue("ko").get(text, "")), text


def test_dates_and_sizes_that_are_taken():
    assert ForecastSettings(national_from="2023-01", national_to="2023-12", sizes=()).sizes == ()
    assert len(ForecastSettings(sizes=range(101)).sizes) == 101
    schema = ForecastSettings.model_json_schema()["properties"]
    assert re.fullmatch(schema["sizes_as_of"]["pattern"], ForecastSettings().sizes_as_of)
    assert not re.fullmatch(schema["national_to"]["pattern"], "2023-13")


def test_bands_have_a_number_of_samples_of_their_own():
    assert ForecastSettings().samples == 200
    assert ForecastSettings(samples=1).samples == 1
    for wrong in (0, -1, 1.5, 10_001):
        with pytest.raises(ValidationError):
            ForecastSettings(samples=wrong)


# --- samples ----------------------------------------------------------------------------------


def test_samples_are_the_same_for_a_seed_and_spread_with_time(demo):
    result = run(population(demo), (2025, 2028, 2033))
    some = list(result.samples(3, seed=7))
    more = list(result.samples(5, seed=7))
    assert all(np.array_equal(a, b) for a, b in zip(some, more, strict=False))
    assert not np.array_equal(more[3], more[4])
    assert not np.array_equal(next(result.samples(1, seed=8)), some[0])
    drawn = np.stack([one.sum(axis=(1, 2, 3)) for one in result.samples(200, seed=1)])
    spread = drawn.std(axis=0) / drawn.mean(axis=0)
    assert spread[0] == 0
    assert 0 < spread[1] < spread[2] < spread[3] < 0.25
    assert drawn.mean(axis=0) == pytest.approx(result.persons.sum(axis=(1, 2, 3)), rel=0.02)


def test_no_two_draws_share_their_random_numbers(demo, monkeypatch):
    made = []
    make = np.random.default_rng

    def told(*seed):
        made.append(make(*seed).random())
        return make(*seed)

    monkeypatch.setattr(np.random, "default_rng", told)
    result = run(population(demo), (2033,))
    for seed in range(4):
        for _ in result.samples(4, seed):
            pass
        for _ in draws(
            Uncertainty.model_validate(default_figures()["need"]["uncertainty"]), 1, 2, seed
        ):
            pass
    assert len(made) == 4 * (4 + 1)
    assert len(set(made)) == len(made)


def test_small_townships_are_less_sure_than_large_ones(demo):
    # Shocks strike small and large alike.
    shocks = {key: value for key, value in QUIET.items() if key.startswith("shock")}
    result = run(population(demo), (2033,), **shocks)
    persons = result.persons[0].sum(axis=(1, 2))
    order = np.argsort(persons)[(persons == 0).sum() :]
    drawn = np.stack([one[1, order].sum(axis=(1, 2)) for one in result.samples(200, seed=1)])
    spread = drawn.std(axis=0) / drawn.mean(axis=0)
    assert spread[:3].mean() > 1.5 * spread[-3:].mean()
    assert np.corrcoef(np.log(persons[order]), np.log(spread))[0, 1] < -0.95


def test_chance_alone_is_as_large_as_among_so_many_people():
    # One large cohort that nobody else touches; no shocks, nothing to learn, no improvement.
    counts = [0.0] * 21
    counts[8] = 400.0
    people = population({"2013-10": {("4699025000", "all"): counts}})
    quiet = dict.fromkeys(
        ("shock_county_young", "shock_county_old", "shock_township_young", "shock_township_old"), 0
    )
    changes = {**PLAIN, **quiet, "improvement_sd": 0, "turnover_per_year": 0.02}
    result = run(people, (2023,), national=STILL, **changes)
    drawn = np.array([one[1].sum() for one in result.samples(2000, seed=1)])
    assert drawn.mean() == pytest.approx(400, rel=0.01)
    assert drawn.var() == pytest.approx(400 * 0.2, rel=0.15)


QUIET = {
    **PLAIN,
    "shock_county_young": 0,
    "shock_county_old": 0,
    "shock_township_young": 0,
    "shock_township_old": 0,
    "improvement_sd": 0,
    "turnover_per_year": 1e-9,
    "national": STILL,
    "sizes": (),
}
"""Nothing is drawn but what a test asks for."""


@pytest.mark.parametrize("area", ["county", "township"])
def test_shocks_change_nothing_on_average(area):
    # Each township is a county of its own, so that their shocks are as many.
    towns = {(f"46{at:03d}25000", "all"): [100.0] * 21 for at in range(150)}
    shocks = {f"shock_{area}_young": 0.05, f"shock_{area}_old": 0.03}
    result = run(population({"2013-10": towns}), (2023,), **{**QUIET, **shocks})
    drawn = np.stack([one[1, :, 0] for one in result.samples(100, seed=1)])
    expected = result.persons[1, :, 0]
    ratio = drawn[..., 2:20] / expected[:, 2:20]
    young, old = ratio[..., :OLD], ratio[..., OLD + 1 :]
    # As many as a shock of 0.05 and 0.03 in each of ten years makes: a log-normal number.
    for group, sd in ((young, 0.5), (old, 0.3)):
        assert group.mean() == pytest.approx(1, abs=0.025)
        assert np.log(group).std() == pytest.approx(sd, rel=0.05)
        assert np.log(group).mean() == pytest.approx(-(sd**2) / 2, abs=0.03)


def test_where_groups_are_cut_chance_is_binomial():
    # Nineteen months ahead, 19 of 60 parts of a cohort have come into the next group.
    size, part = 300.0, 19 / 60
    people = population({"2023-10": {("4699025000", "all"): [size] * 21}})
    settings = ForecastSettings(**QUIET)
    model = cohort_model(people, (19, 60), settings, county=counties(people), method="national")
    rng = np.random.default_rng(11)
    drawn = np.stack([simulate(model, rng)[:, 0, 0] for _ in range(4000)])
    one, five = drawn[:, 0, 2:19], drawn[:, 1, 2:19]
    assert one.mean(axis=0) == pytest.approx(np.full(17, size), rel=0.01)
    # What comes in below and what goes out above: two cohorts, each cut by itself.
    cut = part * (1 - part) * size
    found = np.cov(one.T)
    assert np.diag(found) == pytest.approx(np.full(17, 2 * cut), rel=0.15)
    assert np.diag(found, 1) == pytest.approx(np.full(16, -cut), rel=0.25)
    assert np.abs(np.diag(found, 2)).max() < 0.15 * cut
    # Nobody is lost or won by it.
    assert drawn[:, 0, 1:].sum(axis=1) == pytest.approx(
        model.persons()[0, 0, 0, 1:].sum(), rel=1e-3
    )
    assert five == pytest.approx(np.full(five.shape, size), rel=1e-3)


# --- the nation -------------------------------------------------------------------------------


def nation_rows(shared_data, date):
    """Return {code: counts} of a register, in plain Python; blank bytes are passed over."""
    path = shared_data / "korea" / "population" / f"{date}_연령별인구현황_월간.csv"
    text = path.read_bytes().replace(b"\0", b"").decode("cp949", errors="replace")
    rows = list(csv.reader(text.splitlines()))
    columns = [at for at, name in enumerate(rows[0]) if "_계_" in name and "세" in name]
    found = {}
    for row in rows[1:]:
        code = re.search(r"\((\d{10})\)", row[0])
        if code and len(row) > max(columns):
            found[code.group(1)] = [int(row[at].replace(",", "")) for at in columns]
    return found


@pytest.fixture(scope="module")
def nation(shared_data):
    tables = {date: nation_rows(shared_data, date) for date in ("202310", "202505")}
    for table in tables.values():
        table["nation"] = [
            sum(cells)
            for cells in zip(
                *(counts for code, counts in table.items() if code.endswith("00000000")),
                strict=True,
            )
        ]
    return tables


@pytest.mark.integration
def test_the_figures_of_the_nation_are_those_of_the_registers(nation):
    figures = ForecastSettings()
    single = nation["202505"]["nation"]
    assert list(figures.sizes) == single
    before = nation["202310"]["nation"]
    # Cohorts of October 2023 are 19 months older in May 2025; births are spread over a year.
    sums = np.concatenate([[0], np.cumsum(single[:100])])
    losses = np.array([-math.log(figures.national.all[group]) for group in AGE_GROUPS])
    expected = carried(60, 19, count=20) @ losses[:20]
    for group in range(19):
        ends = np.interp([5 * group + 19 / 12, 5 * group + 5 + 19 / 12], np.arange(101), sums)
        measured = (ends[1] - ends[0]) / before[group]
        assert math.exp(-expected[group]) == pytest.approx(measured, abs=0.013), AGE_GROUPS[group]


@pytest.mark.integration
def test_the_ratios_of_the_sexes_make_the_whole(shared_data):
    path = shared_data / "korea" / "population" / "202310_연령별인구현황_월간.csv"
    with path.open(encoding="cp949", newline="") as stream:
        rows = list(csv.reader(stream))
    provinces = [row for row in rows[1:] if row[0].rstrip().endswith("00000000)")]
    ratios = ForecastSettings().national

    def count(mark):
        columns = [at for at, name in enumerate(rows[0]) if mark in name and "세" in name]
        return [sum(int(row[at].replace(",", "")) for row in provinces) for at in columns]

    women, men = count("_여_"), count("_남_")
    for at, group in enumerate(AGE_GROUPS[:20]):
        whole = ratios.all[group] * (women[at] + men[at])
        parts = ratios.female[group] * women[at] + ratios.male[group] * men[at]
        assert parts == pytest.approx(whole, rel=1e-3)
        assert ratios.female[group] >= ratios.male[group]


@pytest.fixture(scope="module")
def townships(nation):
    """Townships that both registers have: {code: 21 counts} of 2023 and of 2025."""
    old, new = nation["202310"], nation["202505"]
    new = {re.sub("^52", "45", code): counts for code, counts in new.items()}
    both = sorted(
        code
        for code in set(old) & set(new)
        if not code.endswith("00000") and code != "nation" and sum(old[code]) > 0
    )
    grouped = {
        code: [sum(new[code][at : at + 5]) for at in range(0, 100, 5)] + [new[code][100]]
        for code in both
    }
    return {code: old[code] for code in both}, grouped


@pytest.mark.integration
def test_the_newer_register_is_foretold_better_than_by_holding(townships):
    old, new = townships
    assert len(old) > 3300
    people = population({"2023-10": {(code, "all"): counts for code, counts in old.items()}})
    model = cohort_model(
        people, (19,), ForecastSettings(), county=counties(people), method="national"
    )
    found = model.persons()[0][:, 0]
    base, actual = np.array(list(old.values())), np.array(list(new.values()))
    for first in (0, OLD, AGE_GROUPS.index("80-84")):
        real = actual[:, first:].sum(axis=1)
        error = np.abs(found[:, first:].sum(axis=1) - real).sum() / real.sum()
        held = np.abs(base[:, first:].sum(axis=1) - real).sum() / real.sum()
        assert error < held
        assert error < {0: 0.045, OLD: 0.022}.get(first, 0.03)
        assert found[:, first:].sum() == pytest.approx(real.sum(), rel=0.006)


@pytest.mark.integration
def test_bands_hold_about_what_they_say(townships):
    old, new = townships
    people = population({"2023-10": {(code, "all"): counts for code, counts in old.items()}})
    county = counties(people)
    model = cohort_model(people, (19,), ForecastSettings(), county=county, method="national")
    drawn = [simulate(model, np.random.default_rng([5, at]))[0][:, 0] for at in range(60)]
    actual = np.array(list(new.values()))
    place = pd.factorize(county)[0]
    for first in (0, OLD, AGE_GROUPS.index("80-84")):
        sums = np.stack([one[:, first:].sum(axis=1) for one in drawn])
        real = actual[:, first:].sum(axis=1)
        low, high = np.quantile(sums, (0.1, 0.9), axis=0)
        assert 0.7 < ((low <= real) & (real <= high)).mean() < 0.9
        by_county = np.stack([np.bincount(place, one) for one in sums])
        low, high = np.quantile(by_county, (0.1, 0.9), axis=0)
        whole = np.bincount(place, real)
        assert 0.65 < ((low <= whole) & (whole <= high)).mean() < 0.92
