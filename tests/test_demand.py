"""People in need: hand calculations, the sums over grades, and the published totals of 2024."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from need_cases import default_services, default_settings, service, settings
from small_world import population

from ruralcare import need
from ruralcare.errors import InputError
from ruralcare.need.demand import recognition_array, use_share
from ruralcare.scenario import Scenario
from ruralcare.types import AGE_GROUPS, GRADES

HALVES = {"1": 0.5, "4": 0.5}
RECOGNISED = 1_165_000


def counts(*rows):
    return pd.DataFrame(rows, columns=["township_id", "year", "sex", "age_group", "persons"])


def test_recognised_people_by_hand():
    found = need.recognised(population(), settings())
    assert found["A"] == pytest.approx(50 * 0.2 + 30 * 0.1)
    assert found["B"] == pytest.approx(15 * 0.2 + 5 * 0.1)


def test_recognised_people_of_an_earlier_year():
    rates = {"female": {"20-24": 0.5}, "male": {}}
    found = need.recognised(population(), settings(recognition_rates=rates), 2013)
    assert found.to_dict() == pytest.approx({"A": 10.0, "B": 5.0})


def test_people_without_a_sex_take_the_usual_mix():
    shares = {"80-84": 0.75}
    rates = {"female": {"80-84": 0.4, "85-89": 0.6}, "male": {"80-84": 0.2, "85-89": 0.2}}
    mixed = settings(recognition_rates=rates, women_shares=shares)
    found = recognition_array(mixed, ["all", "male"])
    assert found.shape == (2, len(AGE_GROUPS))
    at = AGE_GROUPS.index("80-84")
    # Three women to a man at 80, as many women as men at 85, where no share is given.
    assert found[0, at : at + 2] == pytest.approx([0.75 * 0.4 + 0.25 * 0.2, 0.4])
    assert found[1, at : at + 2] == pytest.approx([0.2, 0.2])
    assert not found[:, :at].any()


def test_need_and_amount_by_hand():
    given_ = settings(grade_shares=HALVES)
    visits = service(
        "home_visit_care",
        use_rate={"1": 0.2, "4": 0.6},
        amount={"unit": "visit_hours_per_month", "per_person": {"1": 80, "4": 50}},
    )
    people = counts(
        ("A", 2023, "female", "80-84", 100),
        ("A", 2023, "female", "20-24", 999),
        ("A", 2030, "female", "80-84", 200),
        ("B", 2023, "male", "65-69", 50.5),
        ("B", 2030, "female", "80-84", 10),
    )
    beds = service("nursing_home", use_rate=0.1, amount={"unit": "beds", "per_person": 1.25})
    bare = service("day_care", use_rate=0.5, amount=None)
    found = need.need_by_service(people, (visits, beds, bare), given_)
    assert found.columns.tolist() == [
        "township_id", "service", "year", "need_persons", "need_amount", "amount_unit",
    ]  # fmt: skip
    recognised = [20.0, 40.0, 5.05, 2.0]
    assert found["township_id"].tolist() == ["A", "A", "B", "B"] * 3
    assert found["year"].tolist() == [2023, 2030] * 6
    visit_rows, bed_rows, bare_rows = found[:4], found[4:8], found[8:]
    # Half of them in grade 1, half in grade 4: 0.5 x 0.2 + 0.5 x 0.6 use visits ...
    assert visit_rows["need_persons"].tolist() == pytest.approx([r * 0.4 for r in recognised])
    # ... of 80 and 50 hours a month: 0.1 x 80 + 0.3 x 50 for each person recognised.
    assert visit_rows["need_amount"].tolist() == pytest.approx([r * 23 for r in recognised])
    assert set(visit_rows["amount_unit"]) == {"visit_hours_per_month"}
    assert bed_rows["need_persons"].tolist() == pytest.approx([r * 0.1 for r in recognised])
    assert bed_rows["need_amount"].tolist() == pytest.approx([r * 0.125 for r in recognised])
    assert bare_rows[["need_amount", "amount_unit"]].isna().to_numpy().all()


def test_a_township_without_people_in_a_year_has_no_row():
    people = counts(("A", 2023, "male", "65-69", 10), ("B", 2030, "male", "65-69", 0))
    found = need.need_by_service(people, (service(),), settings())
    assert list(zip(found["township_id"], found["year"], strict=True)) == [("A", 2023), ("B", 2030)]
    assert found["need_persons"].tolist() == pytest.approx([0.5, 0.0])


def test_need_by_grade_by_hand():
    given_ = settings(grade_shares=HALVES)
    visits = service("home_visit_care", use_rate={"1": 0.2, "4": 0.6})
    found = need.need_by_grade(
        counts(("A", 2023, "female", "80-84", 100)), (visits,), given_
    ).set_index("grade")
    assert found.index.tolist() == list(GRADES)
    assert found["need_persons"].to_dict() == pytest.approx(
        {"1": 2.0, "2": 0.0, "3": 0.0, "4": 6.0, "5": 0.0, "cognitive": 0.0}
    )


def test_what_is_unknown_is_refused():
    with pytest.raises(ValueError, match="age groups"):
        need.need_by_service(counts(("A", 2023, "male", "65+", 1)), (service(),), settings())
    with pytest.raises(ValueError, match="sexes"):
        need.need_by_service(counts(("A", 2023, "남", "65-69", 1)), (service(),), settings())


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from([2023, 2030]),
        st.sampled_from(["female", "male", "all"]),
        st.sampled_from(AGE_GROUPS),
        st.floats(0, 1e5),
    ),
    min_size=1,
    max_size=30,
)


@given(ROWS)
@hypothesis_settings(deadline=None, max_examples=60)
def test_grades_sum_to_the_need_and_need_is_additive(rows):
    services, given_ = default_services(), default_settings()
    people = counts(*rows)
    keys = ["township_id", "service", "year"]
    whole = need.need_by_service(people, services, given_).set_index(keys)["need_persons"]
    grades = need.need_by_grade(people, services, given_).groupby(keys)["need_persons"].sum()
    pd.testing.assert_series_equal(whole.sort_index(), grades.sort_index())
    # By the definition, one row at a time.
    shares = given_.grade_shares
    total = dict.fromkeys(whole.index, 0.0)
    for place, year, sex, age, persons in rows:
        women, men = (given_.recognition_rates[s].get(age, 0.0) for s in ("female", "male"))
        weight = {"female": 1.0, "male": 0.0, "all": given_.women_shares.get(age, 0.5)}[sex]
        rate = weight * women + (1 - weight) * men
        for one in services:
            use = sum(shares[grade] * one.use_rate.get(grade, 0.0) for grade in shares)
            total[(place, one.id, year)] += persons * rate * use
    assert whole.to_dict() == pytest.approx(total, rel=1e-9, abs=1e-9)


# --- the default figures -----------------------------------------------------------------------


def users():
    """Return users by service and grade, (services, grades), of the people recognised in 2024."""
    shares = default_settings().grade_shares
    return {
        one.id: np.array([RECOGNISED * shares[g] * one.use_rate.get(g, 0.0) for g in GRADES])
        for one in default_services()
    }


def test_grades_are_those_of_the_yearbook():
    shares = default_settings().grade_shares
    assert [shares[grade] for grade in GRADES] == [0.048, 0.085, 0.267, 0.460, 0.116, 0.024]


@pytest.mark.parametrize(
    ("name", "published"),
    [("home_visit_care", 607_000), ("day_care", 202_000), ("nursing_home", 224_000)],
)
def test_use_gives_the_users_of_2024(name, published):
    one = next(one for one in default_services() if one.id == name)
    found = use_share(one, default_settings()) * RECOGNISED
    assert found == pytest.approx(published, rel=0.005)
    assert found == pytest.approx(users()[name].sum())


def test_residents_have_the_published_grades():
    """137,309 residents by grade (Yakhak Hoeji 2022;66:364, table 1); 263 of no grade 1 to 5."""
    residents = np.array([13_622, 31_396, 52_988, 36_543, 2_497])
    found = users()["nursing_home"]
    assert found[:5] / found.sum() == pytest.approx(residents / residents.sum(), abs=0.002)
    assert found[5] == 0


def test_nobody_uses_more_than_the_survey_says():
    """Users by grade of the survey of long-term care, July 2022.

    77.5 % of the recognised use a benefit; 3.9, 9.4, 27.3, 48.6, 10.2 and 0.6 % of these are of
    each grade, and 7.3, 8.3, 27.6, 36.0, 13.4 and 7.5 % of the others.
    """
    use = 0.775 * np.array([3.9, 9.4, 27.3, 48.6, 10.2, 0.6])
    rest = 0.225 * np.array([7.3, 8.3, 27.6, 36.0, 13.4, 7.5])
    anything = use / (use + rest)
    shares = np.array([default_settings().grade_shares[grade] for grade in GRADES])
    # The same people as 16.18 trillion won of fees at 1.50 million won a user and month.
    assert anything @ shares * RECOGNISED == pytest.approx(16.1762e12 / 1.5e6 / 12, rel=0.01)
    by = {name: found / (RECOGNISED * shares) for name, found in users().items()}
    at_home = anything - by["nursing_home"]
    assert (at_home > 0).all()
    # A person may use both at home; neither is used by more than live at home.
    assert (by["home_visit_care"] <= at_home).all()
    assert (by["day_care"] <= at_home).all()
    assert by["home_visit_care"][:5] / at_home[:5] == pytest.approx(0.905, abs=0.003)
    assert by["day_care"] / at_home == pytest.approx(0.299, abs=0.003)


# Fees and monthly limits of 2024 (보건복지부 고시, in force from 2024-01-01, articles 13 and 18).
LIMITS = np.array([2_069_900, 1_869_600, 1_455_800, 1_341_800, 1_151_600, 643_700])
VISIT_3_HOURS, VISIT_4_HOURS = 54_320, 66_770
HOUR = np.array([VISIT_4_HOURS / 4] * 2 + [VISIT_3_HOURS / 3] * 4)
DAY = np.array([66_360, 61_480, 56_760, 55_210, 53_640, 53_640])
INSURED = 14.7675 / 16.1762
"""Benefits over fees, 2024 yearbook."""


def amounts(name):
    one = next(one for one in default_services() if one.id == name)
    each = one.amount.per_person
    return (
        np.array([each.get(g, 0.0) for g in GRADES])
        if isinstance(each, dict)
        else np.full(len(GRADES), each)
    )


def test_visit_hours_give_the_benefits_of_2024():
    hours = amounts("home_visit_care")
    paid = (users()["home_visit_care"] * hours * HOUR).sum() * 12 * INSURED
    assert paid == pytest.approx(6.1977e12, rel=0.01)
    # The same part of the monthly limit in every grade.
    assert hours * HOUR / LIMITS == pytest.approx([0.676] * 6, abs=0.006)


def test_seats_give_the_benefits_of_2024():
    attended = amounts("day_care") * 300
    paid = (users()["day_care"] * attended * DAY).sum() * INSURED
    assert paid == pytest.approx(2.3863e12, rel=0.01)


def test_beds_give_the_benefits_of_2024():
    assert amounts("nursing_home").tolist() == [1.0] * 6
    paid = users()["nursing_home"].sum() * 74_000 * 365 * INSURED
    assert paid == pytest.approx(5.5041e12, rel=0.01)


# --- the scenario file ---------------------------------------------------------------------------


def changed(scenarios, tmp_path, text):
    demo = (scenarios / "demo.toml").read_text("utf-8").replace("../", f"{scenarios.parent}/")
    path = tmp_path / "changed.toml"
    path.write_text(f"{demo}\n{text}\n", encoding="utf-8")
    return path


def test_grades_that_do_not_sum_to_one_are_a_fault(scenarios, tmp_path):
    path = changed(scenarios, tmp_path, "[need.grade_shares]\n1 = 0.5")
    with pytest.raises(InputError) as caught:
        Scenario.read(path)
    assert [fault.column for fault in caught.value.faults] == ["need.grade_shares"]
    told = str(caught.value)
    assert "the shares of the grades do not sum to 1" in told


@pytest.mark.parametrize(
    ("value", "column"),
    [
        ("1.5", "services[1].use_rate"),
        ("{ 1 = 1.5 }", "services[1].use_rate.1"),
        ("{ 7 = 0.5 }", "services[1].use_rate.7"),
    ],
)
def test_a_wrong_use_is_told_once_with_its_key(scenarios, tmp_path, value, column):
    table = f"""
[[services]]
id = "visits"
name_ko = "방문"
name_en = "Visits"
level = 1
standard_min = 20
direction = "to_demand"
offered_by = ["home_visit_care"]
use_rate = {value}
modules = [{{ capacity_persons = 1, capital_mkrw = 1, running_mkrw = 1, care_workers = 1 }}]
"""
    with pytest.raises(InputError) as caught:
        Scenario.read(changed(scenarios, tmp_path, table))
    assert column in [fault.column for fault in caught.value.faults]
    assert sum("use_rate" in (fault.column or "") for fault in caught.value.faults) == 1


def test_a_grade_that_uses_a_service_needs_an_amount():
    hours = {"unit": "visit_hours_per_month", "per_person": {"1": 80, "4": 50}}
    service("home_visit_care", use_rate={"1": 0.2, "2": 0.0, "4": 0.6}, amount=hours)
    for use in ({"1": 0.2, "2": 0.1}, 0.5):
        with pytest.raises(ValueError, match="leaves it out"):
            service("home_visit_care", use_rate=use, amount=hours)


def test_figures_survive_the_written_scenario(scenarios, tmp_path):
    first = Scenario.read(scenarios / "demo.toml")
    (tmp_path / "again.toml").write_text(first.to_toml(tmp_path), encoding="utf-8")
    again = Scenario.read(tmp_path / "again.toml")
    assert [one.use_rate for one in again.services] == [one.use_rate for one in first.services]
    assert [one.amount for one in again.services] == [one.amount for one in first.services]
    assert again.need.women_shares == first.need.women_shares


def test_the_report_shows_grades_use_and_amounts(scenarios):
    from ruralcare.report.parameters import parameters

    shown = parameters(Scenario.read(scenarios / "demo.toml"), "en")
    table = shown["grades"]
    assert table["names"] == [*(f"Grade {n}" for n in range(1, 6)), "Cognitive support", "All"]
    rows = dict(table["rows"])
    assert len(rows) == len(table["rows"]) == 1 + 2 * 3
    assert {len(values) for values in rows.values()} == {7}
    assert rows["Share of the people recognised (%)"][-1] == "100.0"
    assert rows["Home-visit care: users (%)"] == [
        "22.6", "25.2", "44.8", "64.4", "62.8", "0.0", "52.1",
    ]  # fmt: skip
    # A grade that uses no visits takes up none.
    assert rows["Home-visit care: hours of visits a month for each user"] == [
        "84", "76", "54", "50", "43", "–", "52",
    ]  # fmt: skip
    assert [one["use"] for one in shown["services"]] == ["52 %", "17 %", "19 %"]
    assert "yearbook" in shown["grades_source"]
