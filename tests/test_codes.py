"""Codes through time, against the registers and the list of codes that the ministry published."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from input_cases import scenario
from tiny_county import FILES, TOWNSHIPS, county, people

from ruralcare import InputError, Scenario, inputs, workflow
from ruralcare.inputs.codes import (
    CodeBook,
    CodeChange,
    last_day,
    lies_in,
    province_name,
    provinces,
    read_code_book,
)
from ruralcare.inputs.crs import province_box

TABLE = Path(__file__).parents[1] / "src/ruralcare/inputs/code_changes.csv"
SHARED = Path(__file__).parents[2] / "shared/data/korea"
CODES = SHARED / "codes/code_hdong.json"
DATES = ("2008", "2010-06", "2012", "2015", "2018-07-01", "2021", "2023-06-30", "2023", "2026")

needs_codes = pytest.mark.skipif(not CODES.exists(), reason="the real data are not here")


def changes() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def book() -> CodeBook:
    rows = [CodeChange(r["old_code"], r["new_code"], r["changed_on"], r["name"]) for r in changes()]
    return CodeBook(tuple(rows))


@cache
def ministry() -> list[dict[str, str]]:
    """Return the ministry's list: code, county, name, days of birth and death (yyyymmdd)."""
    raw = json.loads(CODES.read_text("utf-8"))
    keys = {"행정동코드": "code", "시군구명": "county", "읍면동명": "name"}
    keys |= {"생성일자": "born", "말소일자": "died"}
    return [
        {new: one if isinstance(one := raw[old][number], str) else "" for old, new in keys.items()}
        for number in raw["행정동코드"]
    ]


def register(name: str) -> set[str]:
    """Return the codes of townships in a register."""
    text = (SHARED / f"population/{name}_연령별인구현황_월간.csv").read_bytes().decode("cp949")
    rows = [row[0] for row in csv.reader(text.splitlines()[1:]) if row]
    found = {match[1] for row in rows if (match := re.search(r"\((\d{10})\)", row))}
    return {code for code in found if not code.endswith("00000")}


def test_every_change_has_a_day_a_name_and_a_source():
    rows = changes()
    assert len({row["old_code"] for row in rows}) == len(rows)
    assert [(r["changed_on"], r["old_code"]) for r in rows] == sorted(
        (r["changed_on"], r["old_code"]) for r in rows
    )
    for row in rows:
        assert re.fullmatch(r"20[012]\d-[01]\d-[0-3]\d", row["changed_on"])
        assert len(row["old_code"]) == len(row["new_code"]) in (2, 5, 10)
        # A code that ended says so instead of leading on.
        assert (" → " in row["name"]) == (row["old_code"] != row["new_code"])
        assert row["source"].startswith("「") or row["source"] == "행정안전부 행정기관코드"


@pytest.mark.integration
@needs_codes
def test_changes_of_townships_are_those_of_the_ministry():
    born = {row["code"]: row for row in ministry()}
    last = max(row["born"] for row in ministry())
    checked = 0
    for row in changes():
        day = row["changed_on"].replace("-", "")
        if len(row["old_code"]) != 10 or row["old_code"] == row["new_code"] or day > last:
            continue
        old, new = born[row["old_code"]], born[row["new_code"]]
        # The ministry's list lets a code end on the day of the change or up to three before it.
        assert 0 <= int(day) - int(old["died"]) <= 3 or (day[6:], old["died"][6:]) == ("01", "29")
        assert new["born"] == day
        before, after = row["name"].split(" → ")
        assert before.split()[-1] in (old["name"], old["name"][:-1] + "면")
        assert after.split()[-1] == new["name"]
        checked += 1
    assert checked > 100


@pytest.mark.integration
@needs_codes
def test_a_register_meets_another_of_another_date(book):
    then, now = register("202310"), register("202505")
    # The file of 2025 is the one that was cut off at 1,024,000 bytes: 인천 is not whole in it.
    then = {code for code in then if not code.startswith("28")}
    moved = {book.at(code, "2025-05") for code in then}
    assert len(moved) == len(then)
    gone = moved - now
    # What is left over was divided or merged, or is a branch office that closed; no 읍 or 면.
    names = {row["code"]: row["name"] for row in ministry()}
    back = {book.at(code, "2023-04"): code for code in gone}
    assert [names[code] for code in back if re.search(r"[읍면]$", names.get(code, ""))] == []
    assert len(gone) < 30
    assert len(then - now) > 250, "강원 has the new codes already, 전북 has not"
    assert {book.at(code, "2023-10") for code in moved} == then


@pytest.mark.integration
@needs_codes
@pytest.mark.parametrize("day", ["2008-12-31", "2012-12-31", "2018-12-31", "2023-04-30"])
def test_codes_of_a_day_stay_on_that_day_and_never_collide(book, day):
    key = day.replace("-", "")
    alive = [
        row["code"]
        for row in ministry()
        if row["born"] <= key and (not row["died"] or row["died"] > key)
    ]
    assert len(alive) > 3800
    assert [code for code in alive if book.at(code, day) != code] == []
    for date in DATES:
        assert len({book.at(code, date) for code in alive}) == len(alive)


@pytest.mark.integration
@needs_codes
@given(number=st.integers(0, 10**6), first=st.sampled_from(DATES), second=st.sampled_from(DATES))
def test_a_detour_through_another_date_changes_nothing(book, number, first, second):
    alive = [row["code"] for row in ministry() if not row["died"] or row["died"] > "20081231"]
    code = alive[number % len(alive)]
    assert book.at(book.at(code, first), second) == book.at(code, second)


@pytest.mark.parametrize(
    ("code", "date", "then"),
    [
        ("4211025000", "2023-06", "5111025000"),
        ("4211025000", "2023-06-10", "4211025000"),
        ("5111025000", "2022", "4211025000"),
        ("52111", "2018", "45111"),
        ("47720", "2024", "27720"),
        # 삼국유사면 was 고로면, and its number changed again with the province.
        ("4772037000", "2022", "4772038000"),
        ("4772037000", "2024", "2772037000"),
        ("2772037000", "2019", "4772037000"),
        ("2772025000", "2019", "4772025000"),
        # 당진군's 합덕읍 took the number that 당진읍 had; 당진읍 has no successor.
        ("4483025300", "2018", "4427025000"),
        ("4483025000", "2018", "4483025000"),
        ("44830", "2018", "44270"),
        # 세종's 연기면 is new; its number must not lead back to 연기군's 동면.
        ("3611031000", "2010", "3611031000"),
        ("3611032000", "2010", "4473031000"),
        # 전라남도 and 광주 became one province, and their counties were numbered anew.
        ("4682025000", "2026-07", "1279025000"),
        ("4682025000", "2026-06-30", "4682025000"),
        ("1279025000", "2023-10", "4682025000"),
        ("46770", "2026-12", "12740"),
        ("12210", "2025", "29110"),
        ("4679039000", "2026-08", "1276039500"),
        # Of a county that is not in the table nothing is known.
        ("4699025000", "2026-12", "4699025000"),
        # Codes of no Korean province are left alone.
        ("9971025000", "2010", "9971025000"),
        ("", "2018", ""),
    ],
)
def test_known_changes(book, code, date, then):
    assert book.at(code, date) == then


def test_an_unknown_date_means_today(book):
    assert book.at("4211025000", "OpenStreetMap extract") == "5111025000"


def test_a_scenario_extends_and_replaces_the_table(tmp_path):
    (tmp_path / "own.csv").write_text(
        "old_code,new_code,changed_on,name,source\n"
        "46990,12990,2026-07-01,전라남도 한울군 → 전남광주통합특별시 한울군,\n"
        "45,99,2024-01-18,,\n",
        "utf-8",
    )
    found = scenario(
        tmp_path, townships={"files": ["x"], "as_of": "2026-12", "code_changes": "own.csv"}
    )
    book = read_code_book(found)
    assert book.at("4699025000", "2026-12") == "1299025000"
    assert book.at("1299025000", "2026-06") == "4699025000"
    assert book.at("4511165000", "2025") == "9911165000"
    assert book.at("4211025000", "2026") == "5111025000"


def test_faults_of_the_own_table_are_told_together(tmp_path):
    (tmp_path / "own.csv").write_text(
        "old_code,new_code,changed_on,name,source\n"
        "46x,12,2026-07-01,,\n45,521,2024-01-18,,\n43,44,2024-13-01,,\n",
        "utf-8",
    )
    found = scenario(
        tmp_path, townships={"files": ["x"], "as_of": "2026", "code_changes": "own.csv"}
    )
    with pytest.raises(InputError) as caught:
        read_code_book(found)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (2, "old_code"),
        (3, "new_code"),
        (4, "changed_on"),
    ]


def test_names_of_provinces():
    assert provinces("전남광주통합특별시") == provinces("전라남도") | provinces("광주광역시")
    assert provinces("강원도") == provinces("강원") == {"42", "51"}
    assert provinces("해남군") == frozenset()
    assert (province_name("42110"), province_name("51110")) == ("강원특별자치도",) * 2
    assert province_name("99710") == ""


def test_provinces_that_became_one():
    assert provinces("전라남도") == {"46", "12"}
    assert provinces("전남광주통합특별시") == {"12", "29", "46"}
    names = [province_name(code) for code in ("12790", "29110", "46820")]
    assert names == ["전남광주통합특별시", "광주광역시", "전라남도"]
    box = province_box("12")
    assert box is not None
    for code in ("29", "46"):
        old = province_box(code)
        assert box.west <= old.west <= old.east <= box.east
        assert box.south <= old.south <= old.north <= box.north


def test_what_lay_in_a_province_is_told_by_its_codes_through_time(book):
    merged = [row["old_code"] for row in changes() if row["changed_on"] == "2026-07-01"]
    assert len(merged) == 27
    for old in merged:
        new = book.at(old, "2026-07-01")
        assert new[:2] == "12"
        assert book.at(new, "2026-06-30") == old
        for code in (old, new):
            assert lies_in(code, "전남광주통합특별시", book)
            assert lies_in(code, "전라남도", book) == (old[:2] == "46")
            assert lies_in(code, "광주", book) == (old[:2] == "29")
    # Of a county that is not in the table either may be meant.
    assert lies_in("12990", "전남", book)
    assert lies_in("12990", "광주", book)
    assert not lies_in("12990", "전북", book)
    assert not lies_in("12990", "해남군", book)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023", "2023-12-31"),
        ("2023-6", "2023-06-30"),
        ("2024-02", "2024-02-29"),
        ("2023-5-1", "2023-05-01"),
        ("2023. 5. 1.", "2023-05-01"),
        ("2023/05", "2023-05-31"),
        ("2023년", "2023-12-31"),
        ("2023년 5월", "2023-05-31"),
        ("2023년5월1일", "2023-05-01"),
        ("202310", "2023-10-31"),
        (" 20231005 ", "2023-10-05"),
        ("latest", None),
        ("", None),
        ("23-10", None),
        ("2023-13", None),
        ("2023-02-29", None),
        ("2023-", None),
        ("20236", None),
        ("2023-10-31 or so", None),
        ("0000", None),
    ],
)
def test_days_of_dates(text, day):
    assert last_day(text) == day


def test_a_month_of_one_digit_is_that_month(book):
    # 강원 changed its code on 2023-06-11.
    assert book.at("4211025000", "2023-5") == book.at("4211025000", "2023년 5월") == "4211025000"
    assert book.at("4211025000", "2023-6") == "5111025000"


@pytest.mark.integration
@needs_codes
def test_every_province_of_the_register_has_its_code():
    text = (SHARED / "population/202310_연령별인구현황_월간.csv").read_bytes().decode("cp949")
    found = re.findall(r'"(\S+)\s+\((\d\d)00000000\)"', text)
    assert len(found) == 17
    for name, code in found:
        assert code in provinces(name)


def renumbered(folder: Path) -> Scenario:
    """Write the tiny county with boundaries of 2026 under the codes of its new province."""
    county(folder, lambda raw: raw["townships"].update(as_of="2026-07"))
    path = folder / FILES["boundaries"]
    text = path.read_text("utf-8").replace('"4699', '"1299')
    path.write_text(text.replace("전라남도", "전남광주통합특별시"), "utf-8")
    return Scenario.read(folder / FILES["scenario"])


def test_a_register_of_2023_meets_boundaries_of_2026_by_names(tmp_path):
    found = renumbered(tmp_path)
    # Villages have places; only the register is joined by names.
    path = tmp_path / FILES["villages"]
    path.write_text(path.read_text("utf-8").replace(",4699", ",1299"), "utf-8")
    towns = inputs.read_townships(found)
    assert towns.frame.index.tolist() == ["1299025000", "1299031000", "1299032000"]
    population = inputs.read_population(found, towns)
    counted = population.frame.groupby("township_id")["persons"].sum()
    for old in TOWNSHIPS:
        told = sum(people(old, sex, age) for sex in ("남", "여") for age in range(0, 105, 5))
        assert counted["12" + old[2:]] == told
    remarks = [one for reading in population.readings for one in reading.remarks]
    assert len([one for one in remarks if "joined by its name" in one.problem.template]) == 3


def test_a_register_of_2023_meets_boundaries_of_2026_by_code(tmp_path):
    found = renumbered(tmp_path)
    (tmp_path / "own.csv").write_text(
        "old_code,new_code,changed_on,name,source\n46990,12990,2026-07-01,,\n", "utf-8"
    )
    raw = tomllib.loads(found.path.read_text("utf-8"))
    raw["townships"]["code_changes"] = "own.csv"
    found.path.write_text(tomli_w.dumps(raw), "utf-8")
    examined = workflow.examine(Scenario.read(found.path))
    assert [fault.render("en") for fault in examined.faults] == []
    remarks = [one for reading in examined.readings for one in reading.remarks]
    assert [one for one in remarks if "joined by its name" in one.problem.template] == []
