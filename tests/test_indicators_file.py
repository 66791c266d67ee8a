"""Figures of counties and townships: read, joined, and every fault told with its place."""

import need_cases
import pandas as pd
import pytest
from test_depopulation import people_of, towns_of
from tiny_county import county

from ruralcare import InputError, Scenario, inputs, need
from ruralcare.types import Townships

FILE = "figures.csv"
GOUN, NARAE, DASOM = "4699025000", "4699031000", "4699032000"
HEAD = "sigungu,youth_net_migration_share,daytime_population,births_per_1000,"
HEAD += "fiscal_independence_share\n"
ROW = '한울군,-0.021,"61,240",4.2,0.089\n'


def read(folder, text, towns=None, encoding="utf-8"):
    path = county(folder, lambda raw: raw.setdefault("need", {}).update(indicators_file=FILE))
    (folder / FILE).write_bytes(text.encode(encoding))
    scenario = Scenario.read(path)
    return inputs.read_indicators(scenario, towns or inputs.read_townships(scenario))


def faults_of(folder, text, towns=None):
    with pytest.raises(InputError) as caught:
        read(folder, text, towns)
    for fault in caught.value.faults:
        assert fault.file == FILE
        for language in ("ko", "en"):
            assert fault.render(language)
    return caught.value.faults


def remarks_of(found):
    return [remark for reading in found.readings for remark in reading.remarks]


def test_without_files_nothing_is_known(tmp_path):
    scenario = Scenario.read(county(tmp_path))
    found = inputs.read_indicators(scenario, inputs.read_townships(scenario))
    assert list(found.frame.columns) == []
    assert found.frame.index.tolist() == [GOUN, NARAE, DASOM]
    assert found.readings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_figures_of_a_county_stand_at_each_of_its_townships(tmp_path, encoding):
    found = read(tmp_path, HEAD + ROW, encoding=encoding)
    assert found.frame["daytime_population"].tolist() == [61240.0] * 3
    assert found.frame["daytime_area"].tolist() == ["46990"] * 3
    assert found.frame["youth_net_migration_share"].tolist() == [-0.021] * 3
    assert found.frame["births_per_1000"].tolist() == [4.2] * 3
    assert found.frame["fiscal_independence_share"].tolist() == [0.089] * 3
    (reading,) = found.readings
    assert (reading.rows, reading.used, reading.remarks) == (1, 1, ())


@pytest.mark.parametrize(
    "name", ["46990", "4699000000", "한울군", "전라남도 한울군", "전남 한울군", "전남  한울군 "]
)
def test_a_county_is_named_by_code_or_name(tmp_path, name):
    found = read(tmp_path, HEAD + ROW.replace("한울군", name))
    assert found.frame["births_per_1000"].tolist() == [4.2] * 3


def test_rows_of_other_counties_are_left_out_without_a_word(tmp_path):
    other = ROW.replace("한울군", "먼골군") + ROW.replace("한울군", "11110")
    found = read(tmp_path, HEAD + other + ROW)
    (reading,) = found.readings
    assert (reading.rows, reading.used, reading.remarks) == (3, 1, ())


def test_a_township_holds_before_its_county_cell_by_cell(tmp_path):
    text = "township_id,sigungu,births_per_1000,daytime_population\n"
    text += f"{NARAE},,1.5,\n,한울군,4.2,5000\n{DASOM},한울군,,800\n"
    found = read(tmp_path, text).frame
    assert found["births_per_1000"].tolist() == [4.2, 1.5, 4.2]
    assert found["daytime_population"].tolist() == [5000, 5000, 800]
    assert found["daytime_area"].tolist() == ["46990", "46990", DASOM]
    assert found["fiscal_independence_share"].isna().all()


def test_blank_cells_are_unknown_and_not_nought(tmp_path):
    found = read(tmp_path, HEAD + "한울군,,,0,\n").frame
    assert found["births_per_1000"].tolist() == [0.0] * 3
    for column in ("youth_net_migration_share", "daytime_population", "daytime_area"):
        assert found[column].isna().all()


def test_codes_of_other_dates_are_brought_to_that_of_the_boundaries(tmp_path):
    towns = towns_of(["5172025000", "5172031000"], as_of="2024")
    text = "township_id,sigungu,births_per_1000\n,42720,3.0\n4272031000,,5.0\n"
    assert read(tmp_path, text, towns).frame["births_per_1000"].tolist() == [3.0, 5.0]
    towns = towns_of(["1279025000"], name=lambda code: "해남군", as_of="2026-10")
    text = "sigungu,births_per_1000\n전남 해남군,3.0\n"
    assert read(tmp_path / "b", text, towns).frame["births_per_1000"].tolist() == [3.0]


def test_areas_of_other_countries_have_codes_of_their_own(tmp_path):
    towns = towns_of(["a-1", "a-2", "b-1"], county=lambda code: code[0])
    text = "township_id,sigungu,births_per_1000\n,a,3.0\nb-1,,5.0\na-2,,4.0\n"
    assert read(tmp_path, text, towns).frame["births_per_1000"].tolist() == [3.0, 4.0, 5.0]


def test_counties_of_one_name_need_their_province(tmp_path):
    towns = towns_of(["4282025000", "4882025000"], name=lambda code: "고성군", as_of="2021-10")
    text = "sigungu,births_per_1000\n강원 고성군,3.0\n경남 고성군,5.0\n"
    assert read(tmp_path, text, towns).frame["births_per_1000"].tolist() == [3.0, 5.0]
    faults = faults_of(tmp_path / "b", "sigungu,births_per_1000\n고성군,3.0\n고성군,5.0\n", towns)
    assert [(fault.row, fault.value) for fault in faults] == [(2, "고성군"), (3, "고성군")]
    # Where one of the two is planned, a second row of the name cannot be meant as well.
    alone = Townships(towns.frame.iloc[:1], towns.as_of)
    (fault,) = faults_of(tmp_path / "c", "sigungu,births_per_1000\n고성군,3\n고성군,5\n", alone)
    assert (fault.row, fault.column, fault.value) == (3, "sigungu", "고성군")


def test_a_city_speaks_for_its_wards_and_a_ward_for_itself(tmp_path):
    names = {"47111": "포항시 남구", "47113": "포항시 북구"}
    towns = towns_of(["4711125000", "4711351000"], name=lambda code: names[code[:5]])
    text = "sigungu,births_per_1000,daytime_population\n포항시 북구,7,\n포항시,5,500000\n"
    found = read(tmp_path, text, towns).frame
    assert found["births_per_1000"].tolist() == [5.0, 7.0]
    assert found["daytime_area"].tolist() == ["47111+47113"] * 2


def test_faults_are_collected(tmp_path):
    text = HEAD + "한울군,x,1,2,0.1\n한울군,,,,\n,0.01,1,2,0.1\n한울군,-2.1,-5,200,8.9%\n"
    places = [(fault.row, fault.column, fault.value) for fault in faults_of(tmp_path, text)]
    assert (2, "youth_net_migration_share", "x") in places
    assert (3, "sigungu", "한울군") in places
    assert (4, "sigungu", None) in places
    assert (5, "sigungu", "한울군") in places


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("youth_net_migration_share", "-2.1"),
        ("youth_net_migration_share", "3"),
        ("youth_net_migration_share", "-0.5%"),
        ("fiscal_independence_share", "8.9"),
        ("fiscal_independence_share", "8.9 %"),
        ("fiscal_independence_share", "0.9%"),
    ],
)
def test_a_per_cent_is_no_share(tmp_path, column, value):
    (fault,) = faults_of(tmp_path, f"sigungu,{column}\n한울군,{value}\n")
    assert fault.problem.template.startswith("This is a per cent")
    assert (fault.row, fault.column, fault.value) == (2, column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("fiscal_independence_share", "-0.1"),
        ("births_per_1000", "-1"),
        ("births_per_1000", "4200"),
        ("daytime_population", "-3"),
        ("daytime_population", "nan"),
        ("births_per_1000", "많음"),
    ],
)
def test_what_cannot_be_is_a_fault(tmp_path, column, value):
    (fault,) = faults_of(tmp_path, f"sigungu,{column}\n한울군,{value}\n")
    assert (fault.row, fault.column, fault.value) == (2, column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("youth_net_migration_share", "-0.5"),
        ("births_per_1000", "0.0042"),
        ("daytime_population", "98.7"),
    ],
)
def test_what_is_hard_to_believe_is_a_remark(tmp_path, column, value):
    found = read(tmp_path, f"sigungu,{column}\n한울군,{value}\n")
    (remark,) = remarks_of(found)
    assert (remark.row, remark.column, remark.value) == (2, column, value)
    assert found.frame[column].notna().all()
    for language in ("ko", "en"):
        assert remark.render(language)


def test_columns_that_lack_or_are_misspelt(tmp_path):
    (fault,) = faults_of(tmp_path, "county,births_per_1000\n한울군,3\n")
    assert fault.row == 1
    (fault,) = faults_of(tmp_path / "b", "sigungu,births\n한울군,3\n")
    assert fault.row == 1
    found = read(tmp_path / "c", "sigungu,birth_per_1000,daytime_population\n한울군,3,900\n")
    (remark,) = remarks_of(found)
    assert (remark.row, remark.column) == (1, "birth_per_1000")
    assert "births_per_1000" in remark.render("en")


def test_a_table_about_other_places_is_a_fault(tmp_path):
    (fault,) = faults_of(tmp_path, "sigungu,births_per_1000\n한올군,3\n먼골군,2\n")
    assert fault.problem.template.startswith("No row of the table names")
    assert fault.value == "한올군, 먼골군"
    (fault,) = faults_of(tmp_path / "b", "sigungu,births_per_1000\n")
    assert fault.problem.template.startswith("No row of the table names")


def test_a_county_without_a_row_is_told_with_the_name_that_may_be_meant(tmp_path):
    names = {"46990": "한울군", "46980": "옆골군"}
    towns = towns_of([GOUN, "4698031000"], name=lambda code: names[code[:5]])
    found = read(tmp_path, "sigungu,births_per_1000\n한울군,3\n옆굴군,2\n", towns)
    (remark,) = remarks_of(found)
    assert remark.value == "46980"
    assert "옆굴군" in remark.render("en")
    assert found.frame["births_per_1000"].isna().tolist() == [False, True]


def test_an_unknown_township_of_a_planned_county_is_a_fault(tmp_path):
    text = "township_id,births_per_1000\n4699099000,3\n4698031000,2\n"
    (fault,) = faults_of(tmp_path, text)
    assert (fault.row, fault.column, fault.value) == (2, "township_id", "4699099000")


def test_a_file_that_is_not_there(tmp_path):
    path = county(tmp_path, lambda raw: raw.setdefault("need", {}).update(indicators_file=FILE))
    scenario = Scenario.read(path)
    towns = inputs.read_townships(scenario)
    with pytest.raises(InputError) as caught:
        inputs.read_indicators(scenario, towns)
    assert [fault.file for fault in caught.value.faults] == [FILE]


def test_faults_of_both_files_are_told_together(tmp_path):
    def change(raw):
        raw.setdefault("need", {}).update(indicators_file=FILE, designated_file="areas.csv")

    path = county(tmp_path, change)
    (tmp_path / FILE).write_text("sigungu,births_per_1000\n한울군,-3\n", encoding="utf-8")
    (tmp_path / "areas.csv").write_text("code,designated_on\n46990,gone\n", encoding="utf-8")
    scenario = Scenario.read(path)
    towns = inputs.read_townships(scenario)
    with pytest.raises(InputError) as caught:
        inputs.read_indicators(scenario, towns)
    assert {fault.file for fault in caught.value.faults} == {FILE, "areas.csv"}


def test_read_figures_go_into_the_composite(tmp_path):
    text = "township_id,youth_net_migration_share,births_per_1000,daytime_population\n"
    text += f"{GOUN},-0.01,5,390\n{NARAE},-0.05,2,150\n{DASOM},-0.03,,\n"
    found = read(tmp_path, text)
    path = tmp_path / "scenario.toml"
    towns = inputs.read_townships(Scenario.read(path))
    persons = dict(zip([GOUN, NARAE, DASOM], [300, 200, 100], strict=True))
    people = people_of(
        {(town, 2023, "male", "65-69"): count for town, count in persons.items()}, {2023: "2023"}
    )
    settings = need_cases.settings(indicators_file=FILE)
    frame = need.indicators(towns, people, settings, None, figures=found.frame)
    assert frame["daytime_per_resident"].tolist()[:2] == [1.3, 0.75]
    # Density, ageing and children, and the figures of the file that are known.
    assert frame["composite_known"].tolist() == [6, 6, 4]
    best, worst = frame.loc[GOUN, "composite_index"], frame.loc[NARAE, "composite_index"]
    assert best < worst
    assert frame["fiscal_independence_share"].isna().all()
    assert pd.api.types.is_float_dtype(frame["births_per_1000"])
