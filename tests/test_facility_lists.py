"""Lists of institutions of every publisher, against counts made in the test."""

import contextlib
import csv
import datetime as dt
import json
from collections import Counter

import geopandas as gpd
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from input_cases import scenario
from shapely.geometry import Point, box
from test_boundaries import areas

from ruralcare import InputError, Scenario, inputs
from ruralcare.inputs.care.service_types import split_types
from ruralcare.inputs.files import Faults
from ruralcare.inputs.workbooks import read_workbook
from ruralcare.types import Townships

HERE = "가람도 한들군 한들읍 한들로  1 (한들읍)"
THERE = "가람도 한들군 묵도면 묵도로 2"
ELSEWHERE = "다른도 먼군 먼읍 먼로 1"


@pytest.fixture
def folder(tmp_path):
    areas().to_file(tmp_path / "towns.geojson")
    return tmp_path


def read(folder, *files, towns=None, **parts):
    """Read lists; a file may be named with its format."""
    sources = [
        {"file": one} if isinstance(one, str) else {"file": one[0], "format": one[1]}
        for one in files
    ]
    found = scenario(folder, facilities={"sources": sources, **parts})
    return inputs.read_facilities(found, towns)


def book(path, **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)


def offers(found):
    return {
        (row.facility_id, row.service): (row.capacity_persons, row.capacity_basis)
        for row in found.offers.itertuples()
    }


def remarks(found):
    return [
        (one.row, one.value, str(one.problem)) for each in found.readings for one in each.remarks
    ]


NHIS = {
    "일반현황": [
        ["장기요양기관코드", "장기요양기관이름", "우편번호", "시도코드", "시군구코드", "법정동코드",
         "시도 시군구 법정동명", "지정일자", "설치신고일자", "기관별 상세주소"],
        ["14699000001", "가요양원", "59000", 99, 710, 250, "가람도 한들군", 20100301, 20100201,
         HERE],
        ["24699000002", "나센터", "59000", 99, 710, 310, "가람도 한들군", 20120702, 20120602,
         THERE],
        ["21111000003", "먼센터", "03000", 11, 110, 101, "다른도 먼군", 20120702, 20120602,
         ELSEWHERE],
    ],
    "입소인원": [
        ["장기요양기관코드", "기관유형코드", "기관유형명", "정원", "현원"],
        ["14699000001", "A03", "노인요양시설(개정법)", 30, 28],
        ["24699000002", "B01", "재가노인복지시설 방문요양", 0, 0],
        ["24699000002", "B03", "재가노인복지시설 주야간보호", 20, 18],
        ["21111000003", "C01", "재가장기요양기관 방문요양", 0, 0],
    ],
    "인력현황": [
        ["장기요양기관코드", "기관유형코드", "기관유형코드명", "시설장", "간호사", "요양보호사"],
        ["14699000001", "A03", "노인요양시설(개정법)", 1, 1, 14],
        ["24699000002", "B01", "재가노인복지시설 방문요양", 1, 0, 10],
        ["24699000002", "B03", "재가노인복지시설 주야간보호", 1, 1, 4],
        ["21111000003", "C01", "재가장기요양기관 방문요양", 1, 0, 9],
    ],
}  # fmt: skip
# 10 carers × 1.3
NHIS_OFFERS = {
    ("14699000001", "nursing_home"): (30, "published"),
    ("24699000002", "home_visit_care"): (13, "care workers"),
    ("24699000002", "day_care"): (20, "published"),
}


def test_the_workbook_of_the_insurance(folder):
    book(folder / "장기요양기관 시설별 현황_20240716.xlsx", **NHIS)
    found = read(folder, "장기요양기관 시설별 현황_20240716.xlsx")
    assert offers(found) == NHIS_OFFERS
    assert found.frame["kind"].to_dict() == {
        "14699000001": "nursing_home",
        "24699000002": "day_care",
    }
    (reading,) = found.readings
    assert (reading.form, reading.rows, reading.used) == ("NHIS workbook", 3, 2)
    assert reading.as_of == "2024-07-16"
    assert [text for *_, text in remarks(found)] == [
        "Rows farther than 20 km from the planned counties, or in neighbouring ones at no known "
        "place, left out: 1."
    ]


def test_a_workbook_with_titles_prefixes_and_numbers_for_codes(folder):
    sheets = {}
    for place, (name, rows) in enumerate(NHIS.items(), start=1):
        body = [[float(row[0]), *row[1:]] for row in rows[1:]]
        head = [str(cell).replace(" ", "\n") for cell in rows[0]]
        sheets[f"{place}. {name[:2]} {name[2:]} "] = [[f"{name} (2024)"], [], head, *body]
    book(folder / "n.xlsx", **sheets)
    assert offers(read(folder, ("n.xlsx", "nhis"))) == NHIS_OFFERS


def test_rows_without_partner_are_named(folder):
    sheets = {name: list(rows) for name, rows in NHIS.items()}
    sheets["입소인원"] = [row for row in NHIS["입소인원"] if row[0] != "24699000002"]
    sheets["입소인원"].append(["99999999999", "C01", "방문요양", 0, 0])
    sheets["인력현황"] = NHIS["인력현황"][:-1]
    book(folder / "n.xlsx", **sheets)
    found = read(folder, "n.xlsx")
    told = remarks(found)
    assert (4, "99999999999") in [one[:2] for one in told]
    assert (3, "24699000002") in [one[:2] for one in told]
    assert "is not in 일반현황" in told[0][2]
    # The types are those of the staff; the capacity follows from the rules.
    assert offers(found)["24699000002", "day_care"][1] == "care workers"


def test_a_workbook_without_staff(folder):
    sheets = {name: NHIS[name] for name in ("일반현황", "입소인원")}
    book(folder / "n.xlsx", **sheets)
    found = read(folder, "n.xlsx")
    assert offers(found)["24699000002", "home_visit_care"][1] == "default"
    assert "no sheet 인력현황" in remarks(found)[0][2]


CITY = [
    ["연번", "운영상태", " 기관명", " 기관종류", " 급여종류", " 주소", " 전화번호"],
    [1, "운영", "나눔 센터", "재가장기요양기관", "방문요양,방문목욕", HERE + HERE, "061"],
    [2, "폐업", "옛 센터", "재가장기요양기관", "방문요양", HERE, "061"],
    [3, "휴업", "쉬는 센터", "재가장기요양기관", "방문요양", HERE, "061"],
    [4, "운영", "이름만", "시설급여제공 장기요양기관", "", THERE, "061"],
    [5, "운영", "나눔 센터", "재가급여제공 장기요양기관", "주야간보호", HERE, "061"],
    [6, "운영", "먼 센터", "재가장기요양기관", "방문요양", ELSEWHERE, "061"],
]


def check_city(found):
    frame = found.frame.set_index("name")
    assert sorted(frame.index) == ["나눔 센터", "이름만"]
    assert frame["kind"].to_dict() == {"나눔 센터": "day_care", "이름만": "nursing_home"}
    services = found.offers.groupby("facility_id")["service"].agg(sorted)
    ids = found.frame.reset_index().set_index("name")["facility_id"]
    assert services[ids["나눔 센터"]] == ["day_care", "home_visit_care", "visit_bath"]
    told = " ".join(text for *_, text in remarks(found))
    assert "Closed institutions left out: 2." in told
    assert "joined to it: 1." in told
    assert "stands for it: 1." in told
    assert "left out: 1." in told
    return ids.to_dict()


def test_the_list_of_a_city_as_csv_and_as_workbook(folder):
    with (folder / "city.csv").open("w", encoding="cp949", newline="") as stream:
        csv.writer(stream).writerows(CITY)
    book(folder / "city.xlsx", 목록=[["한들군 현황"], *CITY])
    from_csv = read(folder, "city.csv")
    # Without codes of their own they have the same made-up ones in every file and every run.
    assert check_city(from_csv) == check_city(read(folder, ("city.xlsx", "city")))
    assert from_csv.readings[0].encoding == "CP949"
    assert from_csv.readings[0].form == "list of a city or county"


HIRA = [
    ["암호화요양기호", "요양기관명", "종별코드", "종별코드명", "주소", "좌표(X)", "좌표(Y)"],
    ["AAA", "가의원", 31, "의원", "가람도 한들군 한들읍 1", 126.55, 34.55],
    ["BBB", "나약국", 81, "약국", THERE, None, None],
    ["CCC", "다병원", 21, "병원", THERE, 0, 0],
    ["DDD", "먼의원", 31, "의원", ELSEWHERE, 128.0, 35.5],
    ["EEE", "먼곳", 31, "의원", ELSEWHERE, None, "?"],
]


def test_the_national_table_of_health_institutions(folder):
    with (folder / "h.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(HIRA)
    book(folder / "h.xlsx", hospBasisList=HIRA)
    for name in ("h.csv", "h.xlsx"):
        found = read(folder, name)
        frame = found.frame.set_index("name")
        assert frame["location_precision"].to_dict() == {
            "가의원": "point",
            "나약국": "township",
            "다병원": "township",
        }
        assert frame["kind"].to_dict() == {
            "가의원": "clinic",
            "나약국": "pharmacy",
            "다병원": "hospital",
        }
        assert found.readings[0].used == 3
        assert "left out: 2" in remarks(found)[-1][2]


def test_every_kind_is_recognised(folder):
    (folder / "ltc.csv").write_text(
        f"기관코드,기관명,주소,유형,정원\n1,가,{HERE},방문요양,\n", "utf-8"
    )
    (folder / "plain.csv").write_text(
        "facility_id,name,service,lon,lat\na,나,day_care,126.55,34.55\n", "utf-8"
    )
    entry = {"name": "약국", "addr": "", "x": "126.5501", "y": 34.55}
    (folder / "hira.txt").write_text(json.dumps({"pharmacies": [entry]}), "utf-8")
    found = read(folder, "ltc.csv", "plain.csv", "hira.txt")
    assert [one.form for one in found.readings] == ["NHIS list", "plain table", "HIRA"]
    assert len(found.frame) == 3
    (folder / "odd.csv").write_text("이름,어디\n가,나\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read(folder, "odd.csv")
    (fault,) = caught.value.faults
    assert fault.row == 1
    assert "이름, 어디" in str(fault.problem)
    assert all(word in str(fault.remedy) for word in ("기관코드", "일반현황", "facility_id"))


def test_types_of_the_scenario_go_before_those_of_the_program(folder):
    (folder / "types.csv").write_text(
        "label,service\n쉼터,day_care\n방문요양,visit_bath\n", "utf-8"
    )
    rows = f"a,가,쉼터/방문요양,{HERE}\nb,나,쉼터(주·야간),{HERE}\n"
    rows += f"c,다,우주,{HERE}\nd,라,우주,{HERE}\n"
    (folder / "p.csv").write_text("facility_id,name,service,address\n" + rows, "utf-8")
    found = read(folder, "p.csv", service_types="types.csv")
    assert set(offers(found)) == {("a", "day_care"), ("a", "visit_bath"), ("b", "day_care")}
    assert "“우주”, shown without a service: 2." in str(found.notes[0])


@pytest.mark.parametrize(
    ("cell", "types"),
    [
        ("방문요양·방문목욕", ("방문요양", "방문목욕")),
        ("방문요양ㆍ방문목욕", ("방문요양", "방문목욕")),
        ("방문요양, 방문목욕,방문요양", ("방문요양", "방문목욕")),
        ("방문요양/방문목욕\n주·야간보호", ("방문요양", "방문목욕", "주야간보호")),
        ("노인요양시설(개정법, 단기보호 전환)", ("노인요양시설(개정법, 단기보호 전환)",)),
        (" ", ("",)),
        ("·", ("",)),
    ],
)
def test_several_types_in_a_cell(cell, types):
    assert split_types(cell) == types


def with_neighbours():
    """Two planned townships of 10 km, one beside them, and one 30 km away."""

    def frame(rows):
        names, areas = zip(*rows.values(), strict=True)
        made = gpd.GeoDataFrame(
            {
                "name": names,
                "sigungu_id": [code[:5] for code in rows],
                "sigungu_name": ["한들군" if code[:5] == "99710" else "옆군" for code in rows],
                "seat": gpd.GeoSeries([area.centroid for area in areas], crs=5179),
            },
            geometry=list(areas),
            crs=5179,
        )  # fmt: skip
        made.index = list(rows)
        made.index.name = "township_id"
        return made

    x, y = 960_000, 1_640_000
    square = {
        number: box(x + number * 10_000, y, x + number * 10_000 + 10_000, y + 10_000)
        for number in range(6)
    }
    planned = {"9971025000": ("한들읍", square[0]), "9971031000": ("묵도면", square[1])}
    around = {"9972031000": ("옆면", square[2]), "9972032000": ("뒷면", square[5])}
    return Townships(frame(planned), "2023", around=frame(around)), x, y


def test_institutions_of_neighbouring_counties(folder):
    towns, x, y = with_neighbours()
    at = gpd.GeoSeries(
        {
            "inside": Point(x + 5_000, y + 5_000),
            "shore": Point(x + 5_000, y - 400),
            "sea": Point(x + 5_000, y - 5_000),
            "beside": Point(x + 25_000, y + 5_000),
            "away": Point(x + 55_000, y + 5_000),
        },
        crs=5179,
    ).to_crs(4326)
    rows = "".join(f"{name},{name},day_care,{p.x},{p.y},\n" for name, p in at.items())
    rows += "a1,가,day_care,,,한들군 한들읍 1\na2,나,day_care,,,가람도 옆군 옆면 1\n"
    rows += "a3,다,day_care,,,옆군 뒷면 1\na4,라,day_care,,,옆군 없는면 1\n"
    rows += "a5,마,day_care,,,한들군 없는면 1\n"
    head = "facility_id,name,service,lon,lat,address\n"
    (folder / "p.csv").write_text(head + rows, "utf-8")
    found = read(folder, "p.csv", towns=towns)
    assert found.frame["township_id"].to_dict() == {
        "inside": "9971025000",
        "shore": "9971025000",
        "sea": "",
        "beside": "",
        "a1": "9971025000",
        "a2": "",
    }
    precision = found.frame["location_precision"].to_dict()
    assert (precision["beside"], precision["a2"]) == ("point", "township")
    assert found.unplaced["facility_id"].tolist() == ["a5"]
    told = remarks(found)
    assert told[0][0] == 4, "the one in the sea, in row 4"
    assert "in the sea" in told[0][2]
    assert "within reach: 3." in told[1][2]
    assert "left out: 3." in told[2][2]
    assert (found.readings[0].rows, found.readings[0].used) == (10, 6)


def test_one_institution_in_two_lists_is_kept_once(folder):
    (folder / "ltc.csv").write_text(
        f"기관코드,기관명,주소,유형,정원\n1,(주)한빛 센터,{HERE},,\n2,남남,{HERE},방문요양,\n",
        "utf-8",
    )
    with (folder / "city.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ["기관명", "급여종류", "주소"],
                ["한빛센터", "방문간호", "한들군 한들읍 한들로 1, 2층"],
                ["남남", "방문요양", "한들군 한들읍 한들로 99"],
            ]
        )
    found = read(folder, "ltc.csv", "city.csv")
    assert len(found.frame) == 3
    assert set(offers(found)) >= {("1", "visit_nursing")}
    assert [one.used for one in found.readings] == [2, 1]
    assert remarks(found) == [
        (2, "한빛센터", "The institution is in ltc.csv too; it is kept once.")
    ]


def city(folder, rows, name="city.csv", delimiter=","):
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows([["기관명", "주소", "급여종류", "정원", "코드"], *rows])


def plain(folder, name, rows):
    head = "facility_id,name,service,capacity_persons,care_workers,lon,lat,address\n"
    (folder / name).write_text(head + rows, "utf-8")


def test_exact_places_far_apart_are_never_one(folder):
    """One name and one house number in two townships, and outside of the planned ones."""
    towns, x, y = with_neighbours()
    at = gpd.GeoSeries(
        [Point(x + 5_000, y + 5_000), Point(x + 15_000, y + 5_000), Point(x + 21_000, y + 5_000),
         Point(x + 29_000, y + 5_000), Point(x + 29_100, y + 5_000)],
        crs=5179,
    ).to_crs(4326)  # fmt: skip
    for number, point in enumerate(at):
        row = f"{number},행복요양원,방문요양,,,{point.x},{point.y},중앙로 12\n"
        plain(folder, f"{number}.csv", row)
    found = read(folder, *(f"{number}.csv" for number in range(5)), towns=towns)
    # Only the last two, 100 m apart, are one.
    assert sorted(found.frame.index) == ["0", "1", "2", "3"]


def test_neighbours_of_one_name_are_one_only_in_one_township(folder):
    towns, _, _ = with_neighbours()
    extra = towns.around.loc["9972031000"].copy()
    extra["name"], extra["sigungu_id"], extra["sigungu_name"] = "옆면", "99730", "딴군"
    around = towns.around.drop("9972032000")
    around.loc["9973031000"] = extra
    towns = Townships(towns.frame, "2023", around=around)
    plain(folder, "a.csv", "A,행복,방문요양,,,,,옆군 옆면 중앙로 12\n")
    plain(folder, "b.csv", "B,행복,방문요양,,,,,딴군 옆면 중앙로 12\n")
    plain(folder, "c.csv", "C,행복,방문요양,,,,,옆군 옆면 중앙로 12\n")
    found = read(folder, "a.csv", "b.csv", "c.csv", towns=towns)
    assert sorted(found.frame.index) == ["A", "B"]


def test_a_road_and_a_lot_of_one_institution_are_one_and_said_so(folder):
    plain(folder, "a.csv", f"A,고운센터,주야간보호,20,,,,{HERE}\n")
    city(folder, [["고운센터", "가람도 한들군 한들읍 한들리 12-3", "주야간보호", 20, ""]])
    found = read(folder, "a.csv", "city.csv")
    assert found.frame.index.tolist() == ["A"]
    assert offers(found) == {("A", "day_care"): (20, "published")}
    ((row, value, text),) = remarks(found)
    assert (row, value) == (2, "고운센터")
    assert "another kind of address" in text
    # In another township it is another one.
    city(folder, [["고운센터", "가람도 한들군 묵도면 묵도리 12-3", "주야간보호", 20, ""]])
    assert len(read(folder, "a.csv", "city.csv").frame) == 2
    # Two of one list are two, though each might be the one of the other.
    lots = [["고운센터", f"가람도 한들군 한들읍 한들리 {n}", "주야간보호", 20, ""] for n in (1, 2)]
    city(folder, lots)
    assert len(read(folder, "a.csv", "city.csv").frame) == 2


def test_a_code_makes_one_institution_of_two_names(folder):
    plain(folder, "a.csv", f"14699000001,고운 요양원,노인요양시설,30,,,,{HERE}\n")
    plain(folder, "b.csv", f"14699000001,고운요양원(2관),주야간보호,20,,,,{HERE}\n")
    found = read(folder, "a.csv", "b.csv")
    assert offers(found) == {
        ("14699000001", "nursing_home"): (30, "published"),
        ("14699000001", "day_care"): (20, "published"),
    }
    assert "has the code of 고운 요양원 in a.csv" in remarks(found)[0][2]
    # One code at two exact places is a mistake in one of them.
    plain(folder, "a.csv", "1,가,day_care,,,126.55,34.55,\n")
    plain(folder, "b.csv", "1,가,day_care,,,126.56,34.55,\n")
    with pytest.raises(InputError, match="occurs 2 times"):
        read(folder, "a.csv", "b.csv")


def test_the_capacity_of_a_row_is_that_of_its_services(folder):
    """Rows of one institution, and rows of two lists."""
    city(
        folder,
        [
            ["복합원", HERE, "노인요양시설", 50, ""],
            ["복합원", HERE, "주야간보호", 20, ""],
            ["데이", HERE, "주야간보호", 25, ""],
            ["데이", HERE, "방문요양", "", ""],
            ["새집", HERE, "노인요양시설", "", ""],
            ["새집", HERE, "주야간보호", 15, ""],
        ],
    )
    found = read(folder, "city.csv")
    names = found.frame["name"].to_dict()
    assert {(names[code], service): told for (code, service), told in offers(found).items()} == {
        ("복합원", "nursing_home"): (50, "published"),
        ("복합원", "day_care"): (20, "published"),
        ("데이", "day_care"): (25, "published"),
        ("데이", "home_visit_care"): (10, "default"),
        ("새집", "nursing_home"): (9, "default"),
        ("새집", "day_care"): (15, "published"),
    }


def test_lists_complete_each_other_and_count_nothing_twice(folder):
    plain(
        folder,
        "a.csv",
        f"A,가,주야간보호,20,,,,{HERE}\nB,나,노인요양시설,30,12,,,{HERE}\n"
        f"C,다,방문요양,,10,,,{HERE}\n",
    )
    city(
        folder,
        [
            ["가", HERE, "방문요양", "", ""],
            ["나", HERE, "노인요양시설(개정법)", 45, ""],
            ["나", HERE, "주야간보호", 18, ""],
            ["다", HERE, "주야간보호", "", ""],
        ],
    )
    assert offers(read(folder, "a.csv", "city.csv")) == {
        ("A", "day_care"): (20, "published"),
        ("A", "home_visit_care"): (10, "default"),
        ("B", "nursing_home"): (30, "published"),
        ("B", "day_care"): (18, "published"),
        ("C", "home_visit_care"): (13, "care workers"),
        ("C", "day_care"): (20, "default"),
    }


def test_a_finer_place_of_a_later_list_is_used(folder):
    plain(folder, "a.csv", f"A,가,day_care,,,,,{HERE}\n")
    plain(folder, "b.csv", f"B,가,day_care,,,126.55,34.55,{HERE}\n")
    found = read(folder, "a.csv", "b.csv").frame
    assert found["location_precision"].to_dict() == {"A": "point"}
    assert found["township_id"].tolist() == ["9971025000"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(folder, delimiter):
    city(folder, [["가, 나", HERE, "방문요양,방문목욕", "", ""]], delimiter=delimiter)
    found = read(folder, "city.csv")
    assert found.frame["name"].tolist() == ["가, 나"]
    assert set(found.offers["service"]) == {"home_visit_care", "visit_bath"}
    rows = [["facility_id", "name", "service", "address"], ["a", "나", "day_care", HERE]]
    (folder / "p.txt").write_text("\n".join(delimiter.join(row) for row in rows), "utf-8")
    assert read(folder, "p.txt").frame.index.tolist() == ["a"]
    rows = [["coop_id", "name", "address"], ["1", "한들농협", HERE]]
    (folder / "c.txt").write_text("\n".join(delimiter.join(row) for row in rows), "utf-8")
    coops = inputs.read_cooperatives(scenario(folder, cooperatives={"file": "c.txt"}))
    assert coops.frame.index.tolist() == ["1"]


def test_the_first_column_of_a_name_that_has_content_holds(folder):
    head, row = ["기관명", "주소", "급여종류", "주소"], ["가", HERE, "방문요양", ""]
    other = ["나", "", "방문요양", THERE]
    with (folder / "city.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, row, other])
    book(folder / "city.xlsx", 목록=[head, row, other])
    for name in ("city.csv", "city.xlsx"):
        found = read(folder, name)
        places = found.frame.set_index("name")["township_id"].to_dict()
        assert places == {"가": "9971025000", "나": "9971031000"}
        assert [text for *_, text in remarks(found)] == [
            "The table has the column more than once; the first cell with content holds."
        ]


def test_what_is_wrong_elsewhere_does_not_stop_the_plan(folder):
    far = f"1.1111E+10,먼,{ELSEWHERE},방문요양,\n"
    text = f"기관코드,기관명,주소,유형,정원\n{far}{far},먼,{ELSEWHERE},방문요양,\n"
    (folder / "ltc.csv").write_text(text + f"1,가,{HERE},방문요양,\n", "utf-8")
    book(folder / "n.xlsx", **{**NHIS, "일반현황": [*NHIS["일반현황"], NHIS["일반현황"][-1]]})
    (folder / "h.csv").write_text(
        "\n".join(",".join(str(c or "") for c in row) for row in [*HIRA, HIRA[4]]), "utf-8"
    )
    found = read(folder, "ltc.csv", "n.xlsx", "h.csv")
    assert len(found.frame) == 1 + 2 + 3
    for reading, left_out in zip(found.readings, (3, 2, 3), strict=True):
        assert f"left out: {left_out}." in str(reading.remarks[-1].problem)
    (folder / "ltc.csv").write_text(text + f"1.2E+10,가,{HERE},방문요양,\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read(folder, "ltc.csv")
    assert [fault.row for fault in caught.value.faults] == [5]


def test_neighbouring_institutions_are_noted_for_the_results(folder):
    towns, _, _ = with_neighbours()
    plain(folder, "p.csv", f"a,가,day_care,,,,,옆군 옆면 1\nb,나,day_care,,,,,{HERE}\n")
    notes = [str(note) for note in read(folder, "p.csv", towns=towns).notes]
    (told,) = [note for note in notes if "up to 20 km away" in note]
    assert "within reach: 1. The people there, who use them too, are not counted." in told
    plain(folder, "p.csv", f"b,나,day_care,,,,,{HERE}\n")
    notes = [str(note) for note in read(folder, "p.csv", towns=towns).notes]
    assert not any("up to 20 km away" in note for note in notes)


def test_neighbouring_institutions_in_their_villages(folder):
    towns, x, y = with_neighbours()
    at = gpd.GeoSeries([Point(x + 5_000, y + 5_000), Point(x + 22_000, y + 2_000)], crs=5179)
    here, near = at.to_crs(4326)
    (folder / "villages.csv").write_text(
        "sigungu,eupmyeondong,ri,legal_dong_code,admin_dong_code,population,lat,lon\n"
        f"한들군,한들읍,백호리,1,9971025000,300,{here.y},{here.x}\n"
        f"옆군,옆면,나래리,2,9972031000,300,{near.y},{near.x}\n",
        "utf-8",
    )
    plain(folder, "p.csv", "a,가,day_care,,,,,옆군 옆면 나래길 1\nb,나,day_care,,,,,옆군 옆면 1\n")
    found = scenario(
        folder,
        points={"kind": "villages", "file": "villages.csv"},
        facilities={"sources": [{"file": "p.csv"}]},
    )
    frame = inputs.read_facilities(found, towns).frame
    assert frame["location_precision"].to_dict() == {"a": "village", "b": "township"}
    assert frame.geometry["a"].distance(at[1]) < 1
    assert set(frame["township_id"]) == {""}


def test_coordinates_that_contradict_the_address(folder):
    towns, x, y = with_neighbours()
    # 한들읍 ends at x + 10 km.
    at = gpd.GeoSeries(
        [Point(x + east, y + 5_000) for east in (14_900, 16_000, 90_000)], crs=5179
    ).to_crs(4326)
    rows = "".join(f"{n},{n},day_care,,,{p.x},{p.y},{HERE}\n" for n, p in enumerate(at))
    plain(folder, "p.csv", rows)
    found = read(folder, "p.csv", towns=towns)
    told = [(row, text) for row, _, text in remarks(found) if "outside the township" in text]
    assert [row for row, _ in told] == [3, 4]
    assert "6 km outside" in told[0][1]
    assert "80 km outside" in told[1][1]
    assert found.frame["township_id"].to_dict() == {"0": "9971031000", "1": "9971031000"}


def test_a_file_named_twice_adds_nothing(folder):
    (folder / "ltc.csv").write_text(
        f"기관코드,기관명,주소,유형,정원\n1,가,{HERE},방문요양,\n", "utf-8"
    )
    assert len(read(folder, "ltc.csv", "ltc.csv").frame) == 1


# Real files


@pytest.fixture(scope="module")
def cheonan(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cheonan")
    source = shared_data / "korea/facilities/cheonan_노인복지시설_cp949.csv"
    boundaries = shared_data / "korea/boundaries/hangjeongdong_2021_chungnam.geojson"
    found = scenario(
        folder,
        area={"sigungu": ["천안시 동남구", "천안시 서북구"]},
        townships={"files": [str(boundaries)], "as_of": "2021"},
        facilities={"sources": [{"file": str(source)}]},
    )
    return inputs.read_facilities(found), source


@pytest.mark.integration
def test_the_list_of_cheonan(cheonan):
    found, source = cheonan
    with source.open(encoding="cp949", newline="") as stream:
        rows = [{key.strip(): cell.strip() for key, cell in row.items()}
                for row in csv.DictReader(stream)]  # fmt: skip
    assert len(rows) == 283
    places = {(row["기관명"], row["주소"]) for row in rows}
    (reading,) = found.readings
    assert (reading.rows, reading.used, reading.encoding) == (283, len(found.frame), "CP949")
    assert len(found.frame) + len(found.unplaced) == len(places)
    names = Counter(row["기관명"] for row in rows)
    assert set(found.frame["name"]) | set(found.unplaced["name"]) == set(names)
    # Every institution of a township (읍·면) lies in it; only streets of the city stay open.
    country = {name for name, address in places if "읍 " in address or "면 " in address}
    assert not country & set(found.unplaced["name"])
    assert len(found.frame) >= 0.5 * len(places)


@pytest.mark.integration
def test_services_of_the_list_of_cheonan(cheonan):
    found, source = cheonan
    words = {
        "방문요양": "home_visit_care", "방문목욕": "visit_bath", "방문간호": "visit_nursing",
        "주야간보호": "day_care", "단기보호": "short_stay", "복지용구제공사업소": "equipment",
    }  # fmt: skip
    with source.open(encoding="cp949", newline="") as stream:
        rows = [[cell.strip() for cell in row] for row in csv.reader(stream)][1:]
    placed = set(found.frame["name"] + "|" + found.frame["address"])
    wanted = Counter()
    for key in {f"{row[2]}|{row[5]}" for row in rows} & placed:
        kinds = {kind for row in rows if f"{row[2]}|{row[5]}" == key for kind in row[4].split(",")}
        # The scenario's nursing homes include homes of a group.
        wanted.update({words.get(kind, "nursing_home") for kind in kinds})
    assert found.offers["service"].value_counts().to_dict() == dict(wanted)
    assert not any("unknown service type" in str(note) for note in found.notes)


@pytest.mark.integration
@pytest.mark.parametrize("county", ["해남군", "고흥군", "구례군"])
def test_health_institutions_of_a_county(shared_data, tmp_path, county):
    source = shared_data / f"korea/facilities/hira_{county}.json"
    found = scenario(
        tmp_path,
        area={"sigungu": [county]},
        townships={
            "files": [
                str(shared_data / "korea/boundaries/skorea-submunicipalities-2018-topo.json")
            ],
            "crosswalk": str(shared_data / "korea/boundaries/hangjeongdong_2022_codes.tsv"),
            "as_of": "2018",
        },
        facilities={"sources": [{"file": str(source)}]},
    )
    townships = inputs.read_townships(found)
    read = inputs.read_facilities(found, townships)
    document = json.loads(source.read_text("utf-8"))
    entries = document["hospitals"] + document["pharmacies"]
    assert len(read.frame) == len(entries)
    assert read.readings[0].rows == read.readings[0].used == len(entries)
    kinds = read.frame["kind"].value_counts()
    posts = sum(one["cl_nm"] in ("보건지소", "보건진료소") for one in document["hospitals"])
    assert kinds["health_post"] == posts
    assert kinds["pharmacy"] == len(document["pharmacies"])
    # Nearly all lie in the township that the publisher names.
    named = {(one["name"], one["addr"]): one["emd_nm"] for one in entries}
    names = townships.frame["name"].to_dict()
    agree = sum(
        names.get(row.township_id) == named[row.name, row.address]
        for row in read.frame.reset_index().itertuples(index=False)
    )
    assert agree >= 0.9 * len(entries)


@pytest.mark.integration
def test_the_list_of_three_counties(shared_data, scenarios):
    found = Scenario.read(scenarios / "jeonnam_three_counties.toml")
    townships = inputs.read_townships(found)
    read = inputs.read_facilities(found, townships)
    path = shared_data / "korea/facilities/ltc_haenam_gangjin_jangheung.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    placed = read.frame.loc[[row["기관코드"] for row in rows]]
    assert placed["location_precision"].value_counts().to_dict() == {"township": 126, "village": 17}
    published = read.offers[read.offers["capacity_basis"] == "published"]
    assert sum(published["capacity_persons"]) == sum(int(row["정원"] or 0) for row in rows)
    services = read.offers["service"].value_counts()
    for label, service in (("방문목욕", "visit_bath"), ("주야간보호", "day_care"),
                           ("복지용구", "equipment"), ("방문간호", "visit_nursing")):  # fmt: skip
        assert services[service] == sum(label in row["유형"].split("·") for row in rows)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with boundaries, and its townships."""
    folder = tmp_path_factory.mktemp("small")
    areas().to_file(folder / "towns.geojson")
    return folder, inputs.read_townships(scenario(folder))


def test_cells_of_a_workbook_as_texts(tmp_path):
    book(
        tmp_path / "b.xlsx",
        **{
            " 첫 시트 ": [
                ["글", 30, 30.5, True, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4), None],
                [],
                [" 둘 ", 14699000001],
            ],
            "빈 시트": [],
        },
    )
    first, empty = read_workbook(tmp_path / "b.xlsx", Faults("b.xlsx"))
    assert first.name == "첫 시트"
    assert first.rows[0] == ["글", "30", "30.5", "TRUE", "2020-01-02", "2020-01-02 03:04:00"]
    assert first.rows[1] == [""] * 6
    assert first.rows[2][:2] == ["둘", "14699000001"]
    assert empty.rows == []


def test_a_stray_cell_at_the_end_of_a_sheet_is_told(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["가", "나"])
    made.active["XFD1048576"] = "x"
    made.save(tmp_path / "b.xlsx")
    with pytest.raises(InputError, match=r"1048576 × 16384.*too large"):
        read_workbook(tmp_path / "b.xlsx", Faults("b.xlsx"))


@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["f.csv", "f.xlsx", "f.json", "f.txt"]),
)
def test_any_bytes_are_read_or_refused(small, content, name):
    folder, towns = small
    (folder / name).write_bytes(content)
    found = scenario(folder, facilities={"sources": [{"file": name}]}, cooperatives={"file": name})
    for reader in (inputs.read_facilities, inputs.read_cooperatives):
        with contextlib.suppress(InputError):
            reader(found, towns)


@pytest.mark.parametrize("kind", ["ltc", "nhis", "city", "hira", "plain"])
def test_broken_bytes_of_every_kind_of_list(folder, kind):
    good = {
        "ltc.csv": f"기관코드,기관명,주소,유형,정원\n1,가,{HERE},방문요양,3\n".encode("cp949"),
        "hira.json": b'{"hospitals": [{"name": "a", "addr": "b", "x": 126.55, "y": 34.55}]}',
    }
    book(folder / "n.xlsx", **NHIS)
    good["n.xlsx"] = (folder / "n.xlsx").read_bytes()
    towns = inputs.read_townships(scenario(folder))
    for name, content in good.items():
        for cut in range(0, len(content), max(1, len(content) // 12)):
            flipped = bytes([*content[:cut], content[cut] ^ 0x5A, *content[cut + 1 :]])
            for broken in (content[:cut], flipped):
                (folder / name).write_bytes(broken)
                with contextlib.suppress(InputError):
                    read(folder, (name, kind), towns=towns)
                with contextlib.suppress(InputError):
                    read(folder, name, towns=towns)
