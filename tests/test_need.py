"""Need, depopulation and status against hand calculations and published values."""

from dataclasses import replace

import pandas as pd
import pytest
from small_world import places, population, times, townships

from ruralcare import access, need
from ruralcare.scenario import NeedSettings, Scenario, Service


@pytest.fixture(scope="module")
def service(scenarios):
    raw = Scenario.read(scenarios / "demo.toml").service("day_care").model_dump()
    return Service.model_validate(raw | {"standard_min": 20, "use_rate": 0.5})


@pytest.fixture(scope="module")
def settings():
    return NeedSettings(
        recognition_rates={"female": {"80-84": 0.2}, "male": {"65-69": 0.1}},
        recognition_source="by hand",
    )


def assess(service, settings, capacity=(4.0, None), connection=None):
    table = access.coverage(
        {"day_care": times()}, places(capacity).offers, standard_min={"day_care": 20.0}
    )
    return need.assess(
        townships(),
        population(),
        table,
        services=(service,),
        settings=settings,
        years=[2027],
        connection=connection,
    )


def test_recognised_people_by_hand(settings):
    found = need.recognised(population(), settings)
    assert found["A"] == pytest.approx(50 * 0.2 + 30 * 0.1)
    assert found["B"] == pytest.approx(15 * 0.2 + 5 * 0.1)


def test_need_unmet_and_status_by_hand(service, settings):
    table = assess(service, settings)
    today = table.frame[table.frame["year"] == 2023].set_index("township_id")
    # A: 13 recognised, half of them use day care; 60 % live within 20 minutes of 4 places.
    assert today.loc["A", "need_persons"] == pytest.approx(6.5)
    assert today.loc["A", "unmet_persons"] == pytest.approx(6.5 - 3.9)
    assert today.loc["A", ["status", "reasons"]].tolist() == ["underserved", "too_far"]
    assert today.loc["B", "unmet_persons"] == pytest.approx(today.loc["B", "need_persons"])
    assert set(table.years) == {2023, 2027}


def test_no_seats_is_a_reason_of_its_own(service, settings):
    table = assess(service, settings, capacity=(1.0, None))
    today = table.frame[table.frame["year"] == 2023].set_index("township_id")
    # 3.9 people within reach of one place: 2.9 of 6.5 find no room, more than 30 %.
    assert today.loc["A", "reasons"] == "too_far;no_seats"


def test_ferry_and_missing_providers_are_told(service, settings):
    links = pd.Series({"A": "road", "B": "ferry"})
    today = assess(service, settings, connection=links).frame.set_index(["township_id", "year"])
    assert today.loc[("B", 2023), "reasons"] == "too_far;ferry_only"
    nobody = access.coverage(
        {"day_care": times()}, places().offers.iloc[:0], standard_min={"day_care": 20.0}
    )
    table = need.assess(townships(), population(), nobody, services=(service,), settings=settings)
    assert set(table.frame["reasons"]) == {"no_provider"}


def test_the_largest_cause_is_told_even_if_each_is_small(service, settings):
    """Nine per cent each too far, cut off and without a road: together more than a quarter."""
    table = assess(service, settings).access
    shares = {
        "covered_share": 0.73, "beyond_standard_share": 0.09, "beyond_cutoff_share": 0.0,
        "unreachable_share": 0.09, "unsnapped_share": 0.09,
    }  # fmt: skip
    odd = replace(table, frame=table.frame.assign(**shares))
    strict = settings.model_copy(update={"underserved_share": 0.2})
    found = need.assess(
        townships(), population(), odd, services=(service,), settings=strict
    ).of_year()
    assert set(found["status"]) == {"underserved"}
    assert set(found["reasons"].str.split(";").str[0]) == {"too_far"}


def test_a_later_stage_is_judged_by_what_stands_then(service, settings):
    table = assess(service, settings)
    wider = replace(table.access, standards_min={"day_care": 60.0})
    covered = wider.frame.assign(covered_share=1.0, beyond_standard_share=0.0)
    stage = need.assess_stage(table, replace(wider, frame=covered), 2027)
    # Within an hour A finds four places at F1 and room without limit at F2; so does B.
    assert stage["unmet_persons"].max() == pytest.approx(0.0, abs=1e-9)
    assert set(stage["status"]) == {"served"}
    assert set(stage["year"]) == {2027}


def test_indicators_by_hand(service, settings):
    facts = assess(service, settings).indicators
    assert facts.loc["A", "extinction_index"] == pytest.approx(10 / 80)
    assert facts.loc["A", "extinction_class"] == "high"
    assert facts.loc["B", "extinction_index"] == pytest.approx(15 / 20)
    assert facts.loc["B", "extinction_class"] == "caution"
    assert facts.loc["A", "change_10y_share"] == pytest.approx(100 / 120 - 1)
    assert facts.loc["B", "change_10y_share"] == pytest.approx(50 / 40 - 1)
    assert facts["depopulating"].tolist() == [True, False]
    assert facts.loc["A", "area_km2"] == pytest.approx(2.0)


def test_the_change_counts_months(service, settings):
    people = population()
    dates = {2013: "2022-04", 2023: "2023-10"}
    short = type(people)(people.frame, people.points, dates)
    facts = need.indicators(townships(), short, settings, None)
    # 18 months of ten years are 0.15 of them.
    assert facts.loc["A", "change_10y_share"] == pytest.approx((100 / 120) ** (1 / 0.15) - 1)
    years_only = type(people)(people.frame, people.points, {2013: "2013", 2023: "2023-10"})
    facts = need.indicators(townships(), years_only, settings, None)
    assert facts.loc["A", "change_10y_share"] == pytest.approx(100 / 120 - 1)


def test_one_register_gives_no_change(service, settings):
    people = population()
    single = type(people)(
        people.frame[people.frame["year"] == 2023], people.points, {2023: "2023-10"}
    )
    facts = need.indicators(townships(), single, settings, None)
    assert facts["change_10y_share"].isna().all()
    assert facts["population_before"].isna().all()


def test_without_sexes_there_is_no_extinction_index(settings):
    people = population()
    merged = (
        people.frame.assign(sex="all")
        .groupby(["township_id", "year", "sex", "age_group"], as_index=False)["persons"]
        .sum()
    )
    facts = need.indicators(
        townships(), type(people)(merged, people.points, people.as_of), settings, None
    )
    assert facts["extinction_index"].isna().all()
    assert facts["extinction_class"].isna().all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "high"),
        (0.199, "high"),
        (0.2, "entering"),
        (0.499, "entering"),
        (0.5, "caution"),
        (1.0, "low"),
        (1.499, "low"),
        (1.5, "very_low"),
        (9.0, "very_low"),
    ],
)
def test_official_classes(value, expected):
    assert need.extinction_class(pd.Series([value])).tolist() == [expected]


@pytest.mark.integration
def test_published_indices_and_the_national_total(shared_data, scenarios):
    """The index of five counties, and the level and mix of the recognition rates."""
    from small_world import points

    from ruralcare.inputs.files import Faults
    from ruralcare.inputs.people.register import read_register
    from ruralcare.types import Population

    path = shared_data / "korea/population/202310_연령별인구현황_월간.csv"
    register = read_register(path, Faults(path.name))
    county = (
        register.frame.assign(township_id=register.frame["township_id"].str[:5], year=2023)
        .groupby(["township_id", "year", "sex", "age_group"], as_index=False)["persons"]
        .sum()
    )
    people = Population(county, points(), {2023: "2023-10"})
    index = need.extinction_index(people)
    published = {"47730": 0.103, "47920": 0.105, "46770": 0.108, "46730": 0.148, "46820": 0.167}
    for code, value in published.items():
        assert index[code] == pytest.approx(value, abs=0.0005)
    scenario = Scenario.read(scenarios / "demo.toml")
    total = need.recognised(people, scenario.need).sum()
    assert total == pytest.approx(1.10e6, rel=0.005)
    women = Population(county[county["sex"] == "female"], points(), people.as_of)
    assert need.recognised(women, scenario.need).sum() / total == pytest.approx(0.718, abs=0.03)
    users = {service.id: service.use_rate * 1.165e6 for service in scenario.services}
    # Insurance benefits of 2024 over the yearly fees of a user; see the sources of the services.
    assert users["home_visit_care"] == pytest.approx(6.20e12 / 0.85 / 12e6, rel=0.02)
    assert users["day_care"] == pytest.approx(2.39e12 / 0.85 / (58_000 * 240), rel=0.03)
    assert users["nursing_home"] == pytest.approx(5.50e12 / 0.80 / (84_000 * 365), rel=0.03)
