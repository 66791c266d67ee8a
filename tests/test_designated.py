"""Designated depopulating areas against the ministry's codes, at every date of the boundaries."""

import json

import need_cases
import pandas as pd
import pytest
from small_world import population, townships
from test_depopulation import people_of, towns_of
from tiny_county import county

from ruralcare import InputError, Scenario, inputs, need
from ruralcare.inputs.codes import CodeBook, known_changes
from ruralcare.inputs.people.designations import in_areas
from ruralcare.types import Townships


def areas(*rows):
    columns = ["code", "province", "county", "designated_on", "source"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def test_the_list_is_whole():
    known = need.designated_areas()
    assert len(known) == 89
    assert known["code"].is_unique
    assert known["code"].str.fullmatch(r"\d{5}").all()
    assert set(known["designated_on"]) == {"2021-10-19"}
    assert known["source"].str.contains("제2021-66호").all()
    # None of them is a ward of a city, whose townships would have codes of their own.
    assert not known["county"].str.contains(" ").any()
    assert known["county"].str.endswith("구").sum() == 5


def test_a_changed_copy_of_the_list_changes_no_other():
    mine = need.designated_areas()
    mine["code"] = "00000"
    assert (need.designated_areas()["code"] != "00000").all()


@pytest.mark.integration
def test_codes_and_names_are_those_of_the_ministry(shared_data):
    known = need.designated_areas()
    raw = json.loads((shared_data / "korea/codes/code_hdong.json").read_text("utf-8"))
    rows = pd.DataFrame({name: pd.Series(column) for name, column in raw.items()}).astype("string")
    county = rows[rows["읍면동명"].isna() & rows["시군구명"].notna()]
    day = "20211019"
    valid = county[
        (county["생성일자"] <= day) & (county["말소일자"].isna() | (county["말소일자"] > day))
    ]
    names = {
        code: (province, name)
        for code, province, name in zip(
            valid["시군구코드"], valid["시도명"], valid["시군구명"], strict=True
        )
    }
    for row in known.itertuples():
        assert names[row.code] == (row.province, row.county)
    # No designated city has wards.
    cities = set(known.loc[known["county"].str.endswith("시"), "county"])
    wards = {name.split()[0] for name in valid["시군구명"] if " " in name}
    assert not cities & wards


@pytest.mark.integration
def test_names_are_those_of_the_facts(shared_data):
    facts = json.loads((shared_data / "korea/facts/depopulation_areas_89.json").read_text("utf-8"))
    short = {"강원도": "강원", "경기도": "경기", "충청북도": "충북", "충청남도": "충남",
             "전라북도": "전북", "전라남도": "전남", "경상북도": "경북", "경상남도": "경남",
             "부산광역시": "부산", "대구광역시": "대구", "인천광역시": "인천"}  # fmt: skip
    ours = {
        ("대구" if row.county == "군위군" else short[row.province], row.county)
        for row in need.designated_areas().itertuples()
    }
    assert ours == {(key, name) for key, names in facts["areas"].items() for name in names}
    assert facts["designated"] == "2021-10-19"


@pytest.mark.parametrize(
    ("code", "as_of"),
    [
        ("4272025000", "2021-10"),  # 홍천군, 강원도
        ("5172025000", "2024"),
        ("4573025000", "2023-10"),  # 무주군, 전라북도
        ("5273025000", "2025-05"),
        ("4772025000", "2021-10"),  # 군위군, 경상북도
        ("2772025000", "2024"),
        ("4682025000", "2023-10"),  # 해남군, 전라남도
        ("1279025000", "2026-10"),
        ("4682025000", "2018"),
    ],
)
def test_codes_of_every_date_are_found(code, as_of):
    neighbour = "4684025000" if as_of < "2026-07" else "1281025000"  # 무안군 is not designated.
    found = need.designated(towns_of([code, neighbour], as_of=as_of))
    assert found["designated"].tolist() == [True, False]
    assert found.loc[code, "designated_on"] == "2021-10-19"
    assert pd.isna(found.loc[neighbour, "designated_on"])
    assert found["designated"].dtype == bool
    assert found["designated_on"].dtype == "string"


def test_two_counties_of_one_name_in_two_provinces():
    codes = ["4282025000", "4882025000", "2614051000", "2817051000"]
    names = {"42820": "고성군", "48820": "고성군", "26140": "서구", "28170": "서구"}
    towns = towns_of(codes, name=lambda code: names[code[:5]], as_of="2018-01")
    # 서구 of 부산 is on the list, a 서구 of 인천 is not.
    assert need.designated(towns)["designated"].tolist() == [True, True, True, False]


def test_a_code_that_nobody_knows_yet_is_found_by_province_and_name():
    towns = towns_of(["1299925000", "1299825000"], as_of="2027",
                     name={"1299925000": "해남군", "1299825000": "무안군"}.get)  # fmt: skip
    assert need.designated(towns)["designated"].tolist() == [True, False]


def test_invented_and_foreign_areas_are_never_designated(scenarios):
    demo = inputs.read_townships(Scenario.read(scenarios / "demo.toml"))
    assert not need.designated(demo)["designated"].any()
    assert not need.designated(townships())["designated"].any()
    # A town of Japan has the code of 영주시.
    abroad = towns_of(["0604592345", "FR-29019", "47210"])
    found = need.designated(abroad)
    assert not found["designated"].any()
    assert found["designated_on"].isna().all()


def test_wards_stand_for_their_city():
    codes = ["4711125000", "4711351000", "4713025000"]
    names = {"47111": "포항시 남구", "47113": "포항시 북구", "47130": "경주시"}
    towns = towns_of(codes, name=lambda code: names[code[:5]])
    book = CodeBook(known_changes())
    for row in (["47110", "", "", "2026-10-19", ""], ["99999", "경북", "포항시", "2026-10-19", ""]):
        found = in_areas(towns, areas(row), book)
        assert found["designated"].tolist() == [True, True, False]
    # A city's code does not spread to counties whose codes begin alike.
    assert not in_areas(towns, areas(["47100", "", "", "2026-10-19", ""]), book)["designated"].any()


def write(folder, text, key="designated_file", name="areas.csv", encoding="utf-8"):
    def change(raw):
        raw.setdefault("need", {})[key] = name

    path = county(folder, change)
    (folder / name).write_bytes(text.encode(encoding))
    scenario = Scenario.read(path)
    return scenario, inputs.read_townships(scenario)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_scenario_replaces_the_list(tmp_path, encoding):
    text = "code,province,county,designated_on,source\n4699000000,전남,한울군,2026-10-19,고시\n"
    scenario, towns = write(tmp_path, text, encoding=encoding)
    found = inputs.read_indicators(scenario, towns)
    facts = need.designated(towns, found.frame)
    assert facts["designated"].all()
    assert set(facts["designated_on"]) == {"2026-10-19"}
    assert [reading.used for reading in found.readings] == [1]
    assert found.readings[0].as_of == "2026-10-19"
    # With a list of its own, the 89 count no more.
    other, towns = write(tmp_path / "b", "code,designated_on\n46980,2026-10-19\n")
    facts = need.designated(towns, inputs.read_indicators(other, towns).frame)
    assert not facts["designated"].any()
    assert facts["designated_on"].isna().all()


def test_faults_of_a_list_are_told_together(tmp_path):
    text = "code,designated_on\n4699,2026-10-19\n46990,2026-02-30\n46990,2026-10-19\n,2026-10-19\n"
    scenario, towns = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        inputs.read_indicators(scenario, towns)
    told = {(fault.row, fault.column, fault.value) for fault in caught.value.faults}
    assert told == {
        (2, "code", "4699"),
        (3, "designated_on", "2026-02-30"),
        (4, "code", "46990"),
        (5, "code", None),
    }
    assert {fault.file for fault in caught.value.faults} == {"areas.csv"}


def test_a_list_that_is_named_but_not_passed_on_is_an_error(tmp_path):
    for key in ("designated_file", "indicators_file"):
        settings = need_cases.settings(**{key: "areas.csv"})
        with pytest.raises(ValueError, match=key):
            need.indicators(townships(), population(), settings, None)


def test_a_county_is_designated_as_its_townships_are():
    codes = ["4682025000", "4682031000", "4684025000"]
    people = people_of({(code, 2023, "male", "65-69"): 1 for code in codes}, {2023: "2023"})
    counties = need.county_indicators(towns_of(codes), people, need_cases.settings())
    assert counties["designated"].tolist() == [True, False]
    assert counties["designated_on"].tolist()[0] == "2021-10-19"


def test_the_note_names_the_date():
    found = need.designated(towns_of(["4682025000"]))
    note = need.designation_note(found)
    assert note is not None
    assert "2021-10-19" in note.render("en")
    assert need.designation_note(need.designated(townships())) is None


def test_townships_of_the_neighbourhood_do_not_count():
    towns = towns_of(["4682025000"])
    around = towns_of(["4684025000"])
    both = Townships(towns.frame, towns.as_of, around=around.frame)
    assert list(need.designated(both).index) == ["4682025000"]
