"""Faults of lists of institutions and of branches."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from tiny_county import FILES

from broken_cases import Broken, replaced

LTC, HIRA, KFTC, WILLING = FILES["ltc"], FILES["hira"], FILES["kftc"], FILES["willing"]
PLAIN, NHIS, CITY, TABLE, COOPS = "own.csv", "nhis.xlsx", "city.csv", "hira.csv", "coops.csv"
HERE = "전라남도 한울군 고운읍 고운로 5"
NEXT_DOOR = "전라남도 옆골군 이웃면 이웃로 1"


def _more(file: str, **keys: str) -> Callable[[dict[str, Any]], object]:
    """Have the scenario name one more list."""
    return lambda raw: raw["facilities"]["sources"].append({"file": file, **keys})


def _ltc(old: str, new: str) -> Callable[[Path], object]:
    return lambda folder: replaced(folder / LTC, old, new)


def _rows(file: str, *rows: Sequence[object], encoding: str = "utf-8") -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        with (folder / file).open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream).writerows(rows)

    return write


def _nhis(change: Callable[[openpyxl.Workbook], object]) -> Callable[[Path], object]:
    """Write a good workbook of the insurance, and change it."""

    def write(folder: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "일반현황"
        head = ["장기요양기관코드", "장기요양기관이름", "시도 시군구 법정동명", "기관별 상세주소"]
        sheet.append(head)
        sheet.append(["14699000011", "새고운요양원", "전라남도 한울군 고운읍", HERE])
        sheet.append(["24699000012", "새나래센터", "", "전라남도 한울군 나래면 나래로 5"])
        places = book.create_sheet("입소인원")
        places.append(["장기요양기관코드", "기관유형코드", "기관유형명", "정원", "현원"])
        places.append(["14699000011", "A03", "노인요양시설(개정법)", 30, 25])
        places.append(["24699000012", "B01", "재가노인복지시설 방문요양", 0, 0])
        staff = book.create_sheet("인력현황")
        staff.append(["장기요양기관코드", "기관유형코드", "기관유형코드명", "요양보호사"])
        staff.append(["14699000011", "A03", "노인요양시설(개정법)", 12])
        staff.append(["24699000012", "B01", "재가노인복지시설 방문요양", 8])
        change(book)
        book.save(folder / NHIS)

    return write


def _kftc(change: Callable[[Any], object]) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        book = openpyxl.load_workbook(folder / KFTC)
        change(book.active)
        book.save(folder / KFTC)

    return write


OWN = ["facility_id", "name", "service", "lon", "lat", "address", "capacity_persons"]
PLAIN_CITY = ["연번", "운영상태", " 기관명", " 기관종류", " 급여종류", " 주소"]
CLINIC = {"name": "고운의원", "cl_nm": "의원", "addr": HERE, "x": 126.531, "y": 34.551}
NATION = ["암호화요양기호", "요양기관명", "종별코드명", "주소", "좌표(X)", "좌표(Y)"]

CASES = (
    Broken(
        "a care list lacks its addresses",
        LTC,
        "The table lacks columns",
        spoil=_ltc(",주소,", ",어디,"),
        row=1,
    ),
    Broken(
        "an institution is listed twice",
        LTC,
        "The same code is already in row",
        spoil=_ltc("24699000002,", "14699000001,"),
        row=3,
        column="기관코드",
        value="14699000001",
    ),
    Broken(
        "an institution has no code",
        LTC,
        "The code is missing.",
        spoil=_ltc("24699000002,", ","),
        row=3,
        column="기관코드",
    ),
    Broken(
        "a spreadsheet rounded a code",
        LTC,
        "A spreadsheet has rounded the code",
        spoil=_ltc("24699000002,", "2.4699E+10,"),
        row=3,
        column="기관코드",
        value="2.4699E+10",
    ),
    Broken(
        "a capacity is below zero",
        LTC,
        "The value must be at least",
        spoil=_ltc("주야간보호,20,", "주야간보호,-20,"),
        row=4,
        column="정원",
        value="-20",
    ),
    Broken(
        "a list is of no known kind",
        PLAIN,
        "The list is of no known kind",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, ["이름", "어디"], ["가", "나"]),
        row=1,
    ),
    Broken(
        "a workbook is no workbook",
        NHIS,
        "The workbook cannot be read",
        scenario=_more(NHIS),
        spoil=lambda folder: (folder / NHIS).write_bytes(b"PK\x03\x04" + b"\x00junk" * 99),
    ),
    Broken(
        "the sheet of places is missing",
        NHIS,
        "The workbook has no sheet",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book.remove(book["입소인원"])),
    ),
    Broken(
        "the sheet of staff is missing",
        NHIS,
        "The workbook has no sheet",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book.remove(book["인력현황"])),
        remark=True,
    ),
    Broken(
        "a sheet lacks a column",
        NHIS,
        "The sheet {sheet} lacks columns",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book["입소인원"].__setitem__("D1", "자리")),
    ),
    Broken(
        "places of an institution that is not in the general sheet",
        NHIS,
        "The sheet {sheet} has an institution that is not in",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book["입소인원"].append(["34699000099", "C01", "방문요양", 0, 0])),
        row=4,
        column="장기요양기관코드",
        value="34699000099",
        remark=True,
    ),
    Broken(
        "an institution without places",
        NHIS,
        "The institution has no row in the sheet",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book["입소인원"].delete_rows(3)),
        row=3,
        column="장기요양기관코드",
        value="24699000012",
        remark=True,
    ),
    Broken(
        "a type of an institution stands twice",
        NHIS,
        "The sheet {sheet} has the institution and type in row",
        scenario=_more(NHIS),
        spoil=_nhis(
            lambda book: book["입소인원"].append(["14699000011", "A03", "노인요양시설", 99, 9])
        ),
        row=4,
        column="장기요양기관코드",
        value="14699000011",
        remark=True,
    ),
    Broken(
        "the places of a type are no number",
        NHIS,
        "This must be a number.",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book["입소인원"].__setitem__("D2", "서른")),
        row=2,
        column="정원",
        value="서른",
    ),
    Broken(
        "a city's list names no institution",
        CITY,
        "The institution has no name.",
        scenario=_more(CITY),
        spoil=_rows(
            CITY,
            PLAIN_CITY,
            [1, "운영", "", "재가장기요양기관", "방문요양", HERE],
            encoding="cp949",
        ),
        row=2,
        column="기관명",
    ),
    Broken(
        "a city's list has closed institutions",
        CITY,
        "Closed institutions left out",
        scenario=_more(CITY),
        spoil=_rows(
            CITY,
            PLAIN_CITY,
            [1, "폐업", "옛센터", "재가장기요양기관", "방문요양", HERE],
            [2, "운영", "새센터", "재가장기요양기관", "방문요양", HERE],
            encoding="cp949",
        ),
        remark=True,
    ),
    Broken(
        "a city's list without services is called one",
        CITY,
        "The table lacks columns",
        scenario=_more(CITY, format="city"),
        spoil=_rows(CITY, ["기관명", "주소"], ["가", HERE]),
        row=1,
    ),
    Broken(
        "an institution is in two lists",
        CITY,
        "The institution is in {file} too",
        scenario=_more(CITY),
        spoil=_rows(
            CITY,
            PLAIN_CITY,
            [1, "운영", "고운 요양원", "", "노인요양시설", "한울군 고운읍 고운로 12, 1층"],
            encoding="cp949",
        ),
        row=2,
        value="고운 요양원",
        remark=True,
    ),
    Broken(
        "coordinates are swapped",
        HIRA,
        "Longitude and latitude are swapped.",
        spoil=lambda folder: replaced(
            folder / HIRA, '"x": 126.531,\n   "y": 34.551', '"x": 34.551,\n   "y": 126.531'
        ),
        row=1,
        column="x",
        value="x=34.551, y=126.531",
    ),
    Broken(
        "coordinates are metres of a grid",
        HIRA,
        "These are metres of a grid, not degrees",
        spoil=lambda folder: replaced(
            folder / HIRA, '"x": 126.531,\n   "y": 34.551', '"x": 917445.0,\n   "y": 1619912.0'
        ),
        row=1,
        column="x",
        value="x=917445, y=1.61991e+06",
    ),
    Broken(
        "an institution stands in the sea",
        TABLE,
        "The place lies in no township of the boundary files",
        scenario=_more(TABLE),
        spoil=_rows(TABLE, NATION, ["AA", "바다의원", "의원", HERE, "126.55", "34.45"]),
        row=2,
        value="126.55, 34.45",
        remark=True,
        besides=("Institutions outside the planned counties, but within {km} km",),
    ),
    Broken(
        "an institution of the neighbouring county",
        TABLE,
        "Institutions outside the planned counties, but within",
        scenario=_more(TABLE),
        spoil=_rows(TABLE, NATION, ["AA", "이웃의원", "의원", NEXT_DOOR, "126.85", "34.55"]),
        remark=True,
    ),
    Broken(
        "an institution at the other end of the country",
        TABLE,
        "Rows farther than",
        scenario=_more(TABLE),
        spoil=_rows(TABLE, NATION, ["AA", "먼의원", "의원", "서울특별시 중구 1", "?", ""]),
        remark=True,
    ),
    Broken(
        "a longitude with a decimal comma",
        PLAIN,
        "The coordinate has a decimal comma.",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, OWN, ["a", "가", "day_care", "126,531", "34.551", "", ""]),
        row=2,
        column="lon",
        value="126,531",
    ),
    Broken(
        "a longitude in degrees and minutes",
        PLAIN,
        "The coordinate is in degrees, minutes and seconds.",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, OWN, ["a", "가", "day_care", "126°31'52\"", "34.551", "", ""]),
        row=2,
        column="lon",
        value="126°31'52\"",
    ),
    Broken(
        "one of two coordinates is missing",
        PLAIN,
        "The coordinate is missing or no number.",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, OWN, ["a", "가", "day_care", "126.531", "", "", ""]),
        row=2,
        column="lat",
        value="",
    ),
    Broken(
        "one code for two institutions",
        f"{LTC}, {HIRA}, {PLAIN}",
        "The institution occurs",
        scenario=_more(PLAIN),
        spoil=_rows(
            PLAIN, OWN, ["14699000001", "딴곳", "day_care", "", "", "한울군 나래면 나래로 5", ""]
        ),
        value="14699000001",
    ),
    Broken(
        "an institution is called differently in two lists",
        PLAIN,
        "The institution has the code of {name} in {file}",
        scenario=_more(PLAIN),
        spoil=_rows(
            PLAIN, OWN, ["14699000001", "고운 요양원(고운읍)", "nursing_home", "", "", HERE, ""]
        ),
        row=2,
        value="고운 요양원(고운읍)",
        remark=True,
    ),
    Broken(
        "an institution has a lot in one list and a road in the other",
        CITY,
        "An institution of this name is in the same township",
        scenario=_more(CITY),
        spoil=_rows(
            CITY,
            PLAIN_CITY,
            [1, "운영", "고운요양원", "", "노인요양시설", "전라남도 한울군 고운읍 고운리 12-3"],
            encoding="cp949",
        ),
        row=2,
        value="고운요양원",
        remark=True,
    ),
    Broken(
        "coordinates contradict the address",
        PLAIN,
        "The coordinates lie {km} km outside the township",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, OWN, ["a", "가", "day_care", "126.75", "34.55", HERE, ""]),
        row=2,
        value="126.75, 34.55",
        remark=True,
    ),
    Broken(
        "coordinates are no numbers",
        PLAIN,
        "The coordinate is missing or no number.",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, OWN, ["a", "가", "day_care", "nan", "nan", "", ""]),
        row=2,
        column="lon",
        value="nan",
    ),
    Broken(
        "a list has two columns of one name",
        PLAIN,
        "The table has the column more than once",
        scenario=_more(PLAIN),
        spoil=_rows(PLAIN, [*OWN, "address"], ["a", "가", "day_care", "", "", HERE, "", ""]),
        row=1,
        column="address",
        remark=True,
    ),
    Broken(
        "a sheet has two columns of one name",
        NHIS,
        "The table has the column more than once",
        scenario=_more(NHIS),
        spoil=_nhis(lambda book: book["입소인원"].__setitem__("F1", "정원")),
        row=1,
        column="정원",
        remark=True,
    ),
    Broken(
        "codes of institutions elsewhere are rounded and repeated",
        LTC,
        "Rows farther than",
        spoil=lambda folder: replaced(
            folder / LTC,
            "14699000001,",
            "1.1111E+10,먼곳,서울특별시,종로구,,서울특별시 종로구 종로 1,방문요양,,,,,,,\n" * 2
            + ",먼곳,서울특별시,종로구,,서울특별시 종로구 종로 1,방문요양,,,,,,,\n"
            + "14699000001,",
        ),
        remark=True,
    ),
    Broken(
        "a medical institution is entered twice",
        HIRA,
        "Entries with the name, address and coordinates of an earlier one",
        spoil=lambda folder: (folder / HIRA).write_text(
            json.dumps({"hospitals": [CLINIC, CLINIC]}), "utf-8"
        ),
        remark=True,
    ),
    Broken(
        "an entry of the medical institutions is a text",
        HIRA,
        "The entry is no JSON object with name and address.",
        spoil=lambda folder: (folder / HIRA).write_text(
            json.dumps({"hospitals": [CLINIC], "pharmacies": ["약국"]}), "utf-8"
        ),
        row=2,
        value="약국",
    ),
    Broken(
        "the medical institutions are no list",
        HIRA,
        "The file is not a list of health institutions.",
        spoil=lambda folder: (folder / HIRA).write_text('["hospitals"]', "utf-8"),
    ),
    Broken(
        "the medical institutions are cut off",
        HIRA,
        "The file is not valid JSON.",
        spoil=lambda folder: (folder / HIRA).write_text('{"hospitals": [\n{"name": ', "utf-8"),
        row=2,
    ),
    Broken(
        "a branch of our own list lies in the neighbouring county",
        COOPS,
        "Branches outside the planned counties",
        scenario=lambda raw: raw["cooperatives"].update(file=COOPS),
        spoil=_rows(
            COOPS,
            ["coop_id", "name", "lon", "lat"],
            ["0129701", "고운농협", "126.53", "34.55"],
            ["2", "이웃농협", "126.85", "34.55"],
        ),
        remark=True,
    ),
    Broken(
        "our own list of branches has none of the planned county",
        COOPS,
        "The list has no branch of a co-operative",
        scenario=lambda raw: raw["cooperatives"].update(file=COOPS),
        spoil=_rows(COOPS, ["coop_id", "name", "lon", "lat"], ["2", "이웃농협", "126.85", "34.55"]),
    ),
    Broken(
        "a service type of the scenario is no name",
        "types.csv",
        "This is no name of a service.",
        scenario=lambda raw: raw["facilities"].update(service_types="types.csv"),
        spoil=_rows("types.csv", ["label", "service"], ["쉼터", "주간 보호"]),
        row=2,
        column="service",
        value="주간 보호",
    ),
    Broken(
        "a list of branches of no co-operative",
        KFTC,
        "The list has no branch of a co-operative",
        spoil=_kftc(lambda sheet: sheet.delete_rows(2, 4)),
    ),
    Broken(
        "a branch is listed twice",
        KFTC,
        "The same code is already in row",
        spoil=_kftc(lambda sheet: sheet.__setitem__("A3", "0129701")),
        row=3,
        value="0129701",
    ),
    Broken(
        "codes of branches lost their leading zero",
        KFTC,
        "Codes that had lost their leading zero",
        spoil=_kftc(lambda sheet: sheet.__setitem__("A3", 129702)),
        remark=True,
    ),
    Broken(
        "the status of a branch is unknown",
        KFTC,
        "The status of the branch is not known",
        spoil=_kftc(lambda sheet: sheet.__setitem__("H3", "수리중")),
        row=3,
        value="수리중",
        remark=True,
    ),
    Broken(
        "a branch of the bank",
        KFTC,
        "Branches of the bank NH농협은행",
        spoil=_kftc(lambda sheet: sheet.__setitem__("A6", "0110001")),
        remark=True,
    ),
    Broken(
        "willingness is no share",
        WILLING,
        "Willingness is a number from 0",
        spoil=_rows(WILLING, ["coop_code", "willing"], ["0129701", "90"]),
        row=2,
        column="willing",
        value="90",
    ),
    Broken(
        "a plain list of branches lacks its names",
        COOPS,
        "The table lacks columns",
        scenario=lambda raw: raw["cooperatives"].update(file=COOPS),
        spoil=_rows(COOPS, ["coop_id", "address"], ["1", HERE]),
        row=1,
    ),
    Broken(
        "the key of the geocoder is not set",
        FILES["scenario"],
        "The environment variable with the key of the geocoder is not set.",
        scenario=lambda raw: raw.update(
            geocoder={"service": "vworld", "key_variable": "RURALCARE_TEST_NO_KEY"}
        ),
        column="geocoder.key_variable",
        value="RURALCARE_TEST_NO_KEY",
    ),
)
