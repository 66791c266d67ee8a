"""Indicators of townships and counties against hand calculations and published values."""

import geopandas as gpd
import need_cases
import pandas as pd
import pytest
from shapely.geometry import Point, box
from small_world import CRS, population, townships

from ruralcare import need
from ruralcare.types import DemandPoints, Population, Townships


@pytest.fixture(scope="module")
def settings():
    return need_cases.settings()


def people_of(counts, dates):
    """Return people: (township, year, sex, age group) → persons."""
    frame = pd.DataFrame(
        [(*key, persons) for key, persons in counts.items()],
        columns=["township_id", "year", "sex", "age_group", "persons"],
    )
    towns = sorted(set(frame["township_id"]))
    points = gpd.GeoDataFrame(
        {"township_id": towns, "name": towns, "weight": 1.0},
        geometry=[Point(number, 0) for number in range(len(towns))],
        crs=CRS,
        index=pd.Index([f"p{town}" for town in towns], name="point_id"),
    )
    return Population(frame, DemandPoints(points, "centroid"), dates)


def towns_of(codes, county=lambda code: code[:5], name=lambda code: "", as_of="2023-10"):
    """Return townships of one square kilometre each, in a row."""
    squares = [box(1000 * one, 0, 1000 * (one + 1), 1000) for one in range(len(codes))]
    frame = gpd.GeoDataFrame(
        {
            "name": list(codes),
            "sigungu_id": [county(code) for code in codes],
            "sigungu_name": [name(code) for code in codes],
            "seat": gpd.GeoSeries([square.centroid for square in squares], crs=CRS),
        },
        geometry=squares,
        crs=CRS,
        index=pd.Index(list(codes), name="township_id"),
    )
    return Townships(frame, as_of)


def test_indicators_by_hand(settings):
    facts = need.indicators(townships(), population(), settings, None)
    assert facts.loc["A", "extinction_index"] == pytest.approx(10 / 80)
    assert facts.loc["A", "extinction_class"] == "high"
    assert facts.loc["B", "extinction_index"] == pytest.approx(15 / 20)
    assert facts.loc["B", "extinction_class"] == "caution"
    assert facts.loc["A", "change_10y_share"] == pytest.approx(100 / 120 - 1)
    assert facts.loc["B", "change_10y_share"] == pytest.approx(50 / 40 - 1)
    assert facts.loc["B", "annual_change_share"] == pytest.approx(1.25**0.1 - 1)
    assert facts["depopulating"].tolist() == [True, False]
    assert facts.loc["A", "area_km2"] == pytest.approx(2.0)
    assert facts["density_per_km2"].tolist() == pytest.approx([50.0, 50.0])
    assert facts["population_80plus"].tolist() == [50, 15]
    assert facts["share_80plus"].tolist() == pytest.approx([0.5, 0.3])
    assert facts["share_under15"].tolist() == [0.0, 0.0]
    assert facts["connection"].tolist() == ["road", "road"]
    assert not facts["designated"].any()
    assert facts["designated_on"].isna().all()


def test_the_index_of_any_year():
    now, before = need.extinction_index(population()), need.extinction_index(population(), 2013)
    assert now.to_dict() == pytest.approx({"A": 10 / 80, "B": 15 / 20})
    assert before.to_dict() == pytest.approx({"A": 20 / 80, "B": 10 / 20})


def test_years_between_dates():
    assert need.depopulation.years_between("2023-10", "2025-05") == pytest.approx(19 / 12)
    assert need.depopulation.years_between("2018", "2023-10") == 5.0
    assert need.depopulation.years_between("2018-07", "2023") == 5.0
    for before, after in (("old", "2023"), ("2013", "2023-13"), ("2013-00", "2023"), ("", "2023")):
        with pytest.raises(ValueError, match="no date"):
            need.depopulation.years_between(before, after)


def test_children_end_with_fourteen_and_the_old_begin_with_65_and_80(settings):
    groups = {"00-04": 1, "10-14": 2, "15-19": 4, "60-64": 8, "65-69": 16, "75-79": 32, "80-84": 64,
              "100+": 128}  # fmt: skip
    people = people_of(
        {("A", 2023, "male", group): n for group, n in groups.items()}, {2023: "2023"}
    )
    row = need.indicators(towns_of(["A"]), people, settings, None).loc["A"]
    assert row["share_under15"] == pytest.approx(3 / 255)
    assert row["population_65plus"] == 16 + 32 + 64 + 128
    assert row["population_80plus"] == 64 + 128
    assert row["share_80plus"] == pytest.approx(192 / 255)
    assert row["extinction_index"] == 0.0


def test_the_change_counts_months(settings):
    people = population()
    dates = {2013: "2022-04", 2023: "2023-10"}
    short = type(people)(people.frame, people.points, dates)
    facts = need.indicators(townships(), short, settings, None)
    # 18 months of ten years are 0.15 of them.
    assert facts.loc["A", "change_10y_share"] == pytest.approx((100 / 120) ** (1 / 0.15) - 1)
    assert facts.loc["A", "annual_change_share"] == pytest.approx((100 / 120) ** (1 / 1.5) - 1)
    years_only = type(people)(people.frame, people.points, {2013: "2013", 2023: "2023-10"})
    facts = need.indicators(townships(), years_only, settings, None)
    assert facts.loc["A", "change_10y_share"] == pytest.approx(100 / 120 - 1)


def test_one_register_gives_no_change(settings):
    people = population()
    single = type(people)(
        people.frame[people.frame["year"] == 2023], people.points, {2023: "2023-10"}
    )
    facts = need.indicators(townships(), single, settings, None)
    for column in ("change_10y_share", "annual_change_share", "population_before", "year_before"):
        assert facts[column].isna().all()
    # Density, ageing and children are left.
    assert facts["composite_known"].tolist() == [3, 3]


def test_without_sexes_there_is_no_extinction_index(settings):
    people = population()
    merged = (
        people.frame.assign(sex="all")
        .groupby(["township_id", "year", "sex", "age_group"], as_index=False)["persons"]
        .sum()
    )
    single = type(people)(merged, people.points, people.as_of)
    facts = need.indicators(townships(), single, settings, None)
    assert facts["extinction_index"].isna().all()
    assert facts["extinction_class"].isna().all()
    counties = need.county_indicators(townships(), single, settings)
    assert counties["extinction_index"].isna().all()
    assert counties["population"].tolist() == [150]


def test_a_township_where_nobody_lived_or_lives(settings):
    counts = {
        ("A", 2013, "female", "20-24"): 0, ("A", 2023, "female", "20-24"): 5,
        ("B", 2013, "female", "20-24"): 5, ("B", 2023, "female", "20-24"): 0,
    }  # fmt: skip
    people = people_of(counts, {2013: "2013-10", 2023: "2023-10"})
    facts = need.indicators(towns_of(["A", "B"]), people, settings, None)
    assert facts["change_10y_share"].isna().tolist() == [True, False]
    assert facts.loc["B", "change_10y_share"] == -1.0
    assert facts["share_under15"].isna().tolist() == [False, True]
    # Nobody is old: there is no index.
    assert facts["extinction_index"].isna().all()
    assert facts["depopulating"].tolist() == [False, True]


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


def test_a_county_is_its_people_taken_together_and_no_mean(settings):
    counties = need.county_indicators(townships(), population(), settings)
    row = counties.loc["99001"]
    assert row["townships"] == 2
    assert (row["population"], row["population_65plus"]) == (150, 100)
    # 10 of 80 and 15 of 20: the mean would be 0.4375.
    assert row["extinction_index"] == pytest.approx(25 / 100)
    assert row["extinction_class"] == "entering"
    assert row["change_10y_share"] == pytest.approx(150 / 160 - 1)
    assert row["area_km2"] == pytest.approx(3.0)
    assert row["density_per_km2"] == pytest.approx(50.0)
    assert not row["depopulating"]
    # Nothing to compare a single county with.
    assert row["composite_known"] == 0
    assert pd.isna(row["composite_index"])


def test_a_county_with_a_township_that_the_register_lacks_is_unknown(settings):
    codes = ["4682025000", "4682031000", "4683025000"]
    counts = {(code, 2023, sex, "65-69"): 10 for code in codes[1:] for sex in ("female", "male")}
    people = people_of(counts, {2023: "2023-10"})
    counties = need.county_indicators(towns_of(codes), people, settings)
    assert counties["population"].isna().tolist() == [True, False]
    assert counties.loc["46830", "population"] == 20


def test_the_order_of_townships_changes_nothing(settings):
    towns = townships()
    turned = Townships(towns.frame.iloc[::-1], towns.as_of)
    one = need.indicators(towns, population(), settings, None)
    other = need.indicators(turned, population(), settings, None)
    pd.testing.assert_frame_equal(one, other.loc[one.index])


@pytest.fixture(scope="module")
def nation(shared_data):
    """The register of October 2023, and townships of its codes."""
    from ruralcare.inputs.files import Faults
    from ruralcare.inputs.people.register import read_register

    path = shared_data / "korea/population/202310_연령별인구현황_월간.csv"
    register = read_register(path, Faults(path.name))
    frame = register.frame.assign(year=2023)[["township_id", "year", "sex", "age_group", "persons"]]
    codes = sorted(set(frame["township_id"]))
    people = Population(frame, population().points, {2023: "2023-10"})
    names = {code: register.names[code].split()[-2] for code in codes}
    return towns_of(codes, name=names.get), people


@pytest.mark.integration
def test_published_indices_of_counties(nation, settings):
    towns, people = nation
    counties = need.county_indicators(towns, people, settings)
    published = {
        "47730": ("의성군", 0.103),
        "47920": ("봉화군", 0.105),
        "46770": ("고흥군", 0.108),
        "47760": ("영양군", 0.119),
        "46910": ("신안군", 0.124),
        "46730": ("구례군", 0.148),
        "46820": ("해남군", 0.167),
    }
    for code, (name, value) in published.items():
        assert counties.loc[code, "name"] == name
        assert round(float(counties.loc[code, "extinction_index"]), 3) == value
        assert counties.loc[code, "extinction_class"] == "high"
        assert counties.loc[code, "designated"]
        assert counties.loc[code, "designated_on"] == "2021-10-19"
    assert counties["designated"].sum() == 89
    # The branch offices of 신안군 and others have rows of their own in the register.
    assert counties["population"].sum() == pytest.approx(51.34e6, rel=0.001)


@pytest.mark.integration
def test_the_worst_third_of_the_approximation_is_designated(nation, settings):
    """Ageing, children and people per township tell most of what the ministry's index does."""
    towns, people = nation
    counties = need.county_indicators(towns, people, settings)
    worst = counties["composite_index"].rank(ascending=False) <= len(counties) / 3
    assert counties["composite_known"].eq(3).all()
    assert counties.loc[worst, "designated"].mean() > 0.9


def halved(after, dates, code="4682025000"):
    """Return a township that lost half of its people, none of them old enough for an index."""
    counts = {(code, 2013, "all", "40-44"): 200, (code, after, "all", "40-44"): 100}
    return people_of(counts, dates), towns_of([code])


def test_a_change_watched_for_less_than_five_years_does_not_tell(settings):
    unnamed = settings.model_copy(update={"designated_file": None})
    long, towns = halved(2023, {2013: "2013-10", 2023: "2023-10"}, "9971025000")
    facts = need.indicators(towns, long, unnamed, None)
    assert facts["depopulating"].tolist() == [True]
    short, towns = halved(2017, {2013: "2013-10", 2017: "2017-10"}, "9971025000")
    facts = need.indicators(towns, short, unnamed, None)
    assert facts["change_10y_share"].iloc[0] == pytest.approx(0.5**2.5 - 1)
    assert facts["depopulating"].tolist() == [False]


def test_where_nothing_tells_the_designation_does(settings):
    """해남군 is designated; without sexes and with a short change nothing else is known of it."""
    short, towns = halved(2017, {2013: "2013-10", 2017: "2017-10"})
    facts = need.indicators(towns, short, settings, None)
    assert facts["extinction_index"].isna().all()
    assert facts["designated"].tolist() == facts["depopulating"].tolist() == [True]
    assert need.county_indicators(towns, short, settings)["depopulating"].tolist() == [True]
    # A change that is long enough holds before it.
    counts = {("4682025000", 2013, "all", "40-44"): 100, ("4682025000", 2023, "all", "40-44"): 100}
    steady = people_of(counts, {2013: "2013-10", 2023: "2023-10"})
    assert need.indicators(towns, steady, settings, None)["depopulating"].tolist() == [False]
