"""Three counties of 전라남도 with the files as their publishers issue them."""

import csv

import pytest

from ruralcare import Scenario, inputs, run, workflow

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def scenario(shared_data, scenarios):
    return Scenario.read(scenarios / "jeonnam_three_counties.toml")


@pytest.fixture(scope="module")
def read(scenario):
    return workflow.read(scenario)


@pytest.fixture(scope="module")
def results(scenario):
    return run(scenario)


def test_totals_equal_the_register_to_the_person(read, shared_data):
    townships, people, _, _ = read
    by_county = people.totals().groupby(townships.frame["sigungu_id"]).sum()
    path = shared_data / "korea/population/202310_연령별인구현황_월간.csv"
    with path.open(encoding="cp949", newline="") as stream:
        rows = list(csv.reader(stream))
    for code, name in (("46820", "해남군"), ("46810", "강진군"), ("46800", "장흥군")):
        own = next(row for row in rows if row[0].endswith(f"{name} ({code}00000)"))
        assert by_county[code] == int(own[1].replace(",", ""))
    assert len(townships) == 14 + 11 + 10


def test_every_institution_is_placed_or_listed(read, shared_data):
    _, _, places, _ = read
    path = shared_data / "korea/facilities/ltc_haenam_gangjin_jangheung.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        codes = [row["기관코드"] for row in csv.DictReader(stream)]
    placed = set(places.facilities.frame.index)
    unplaced = set(places.facilities.unplaced["facility_id"])
    assert len(codes) == 143
    assert all((code in placed) != (code in unplaced) for code in codes)
    assert places.facilities.unplaced["reason"].notna().all()
    precisions = places.facilities.frame.loc[[c for c in codes if c in placed]]
    assert set(precisions["location_precision"]) <= {"village", "township"}
    # A facility lies in the township that its address names.
    for _, one in precisions.iterrows():
        name = read[0].frame.loc[one["township_id"], "name"]
        assert name in one["address"]


def test_one_address_is_one_point(read):
    _, _, places, _ = read
    centre = places.facilities.frame.query("name == '계곡농협재가노인복지센터'")
    coop = places.cooperatives.frame.query("name == '계곡농협'")
    assert "해남로 1452" in " ".join(centre["address"].iloc[0].split())
    assert centre.geometry.iloc[0].equals(coop.geometry.iloc[0])
    assert centre["operator_id"].iloc[0] == coop.index[0]


def test_candidates_are_the_open_branches_of_local_co_operatives(read):
    coops = read[2].cooperatives.frame
    assert coops["name"].str.contains("축산|보증센터|출장소|지부").sum() == 0
    assert coops.index.str.match(r"^01[2-8]\d{4}$").all()
    # Branches carry the co-operative they belong to.
    names = coops["name"]
    assert names[coops.loc["0127721", "operator_id"]] == "해남농협"
    assert names[coops.loc["0131908", "operator_id"]] == "강진한들농협"


def test_villages_of_a_wrong_place_do_not_lose_their_people(read):
    townships, people, _, _ = read
    assert "용곡리" in " ".join(str(note) for note in people.points.notes)
    inside = people.points.frame.geometry.distance(
        townships.frame.geometry.reindex(people.points.frame["township_id"]).set_axis(
            people.points.frame.index
        )
    )
    assert inside.max() <= 2000


def test_the_plan_keeps_every_rule_and_says_proxy(results):
    plan = results.plan
    assert plan.verify() == ()
    assert plan.objective <= plan.bound
    assert plan.relative_gap <= results.scenario.plan.relative_gap + 1e-9
    assert results.roads.is_proxy
    assert all(table.frame["proxy"].all() for table in results.access)
    assert any("proxy" in str(note).lower() for note in results.notes)


def test_more_stages_never_worsen_access(results):
    for before, after in zip(results.access, results.access[1:], strict=False):
        merged = before.frame.merge(after.frame, on=["township_id", "service"])
        assert (merged["covered_share_y"] >= merged["covered_share_x"] - 1e-12).all()


def test_reading_places_alone_gives_the_same(read, scenario):
    townships, _, places, _ = read
    again = inputs.read_places(scenario, townships)
    assert again.facilities.frame.drop(columns="geometry").equals(
        places.facilities.frame.drop(columns="geometry")
    )
