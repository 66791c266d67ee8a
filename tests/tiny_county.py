"""A county of three townships in every kind of file, small enough to be read in a blink.

Tests copy it, spoil one thing, and look at what is said about it. The county lies where 전라남도
does, so that checks of place have something to hold on to; names, codes and people are invented.

::

    고운읍 4699025000   고운1리, 고운2리      (126.50–126.60 E, 34.50–34.60 N)
    나래면 4699031000   나래리, 솔잎리        (126.60–126.70 E)
    다솜면 4699032000   다솜리               (126.70–126.80 E)
    이웃면 4698031000   (neighbouring county 옆골군, 126.80–126.90 E)
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import openpyxl
import tomli_w

__all__ = ["AGES", "FILES", "TOWNSHIPS", "county", "csv_text", "people", "register_text"]

TOWNSHIPS: Final = {
    "4699025000": ("고운읍", 126.50),
    "4699031000": ("나래면", 126.60),
    "4699032000": ("다솜면", 126.70),
}
AGES: Final = (*(f"{age}~{age + 4}세" for age in range(0, 100, 5)), "100세 이상")
FILES: Final = {
    "boundaries": "townships.geojson",
    "register": "202310_연령별인구현황_월간.csv",
    "villages": "villages.csv",
    "ltc": "장기요양기관.csv",
    "hira": "hira.json",
    "kftc": "kftc.xlsx",
    "willing": "willing.csv",
    "roads": "roads.osm",
    "scenario": "scenario.toml",
}


def people(township: str, sex: str, age: int) -> int:
    """Return the invented number of people of a five-year group that begins at an age."""
    base = 1 + int(township[4:8]) % 7
    return base * (4 + age // 10) + (3 if sex == "여" and age >= 60 else 0)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV with the quotes that publishers put round every cell."""
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def register_text(label: str = "2023년10월") -> str:
    """Return the register as the ministry issues it: province, county, townships."""
    head = ["행정구역"]
    for sex in ("계", "남", "여"):
        head += [f"{label}_{sex}_총인구수", f"{label}_{sex}_연령구간인구수"]
        head += [f"{label}_{sex}_{age}" for age in AGES]
    rows: list[list[str]] = [head]
    areas = {
        "전라남도  (4600000000)": list(TOWNSHIPS),
        "전라남도 한울군 (4699000000)": list(TOWNSHIPS),
        **{f"전라남도 한울군 {TOWNSHIPS[one][0]}({one})": [one] for one in TOWNSHIPS},
    }
    for name, parts in areas.items():
        row = [name]
        for sexes in (("남", "여"), ("남",), ("여",)):
            counts = [
                sum(people(one, sex, age) for one in parts for sex in sexes)
                for age in range(0, 105, 5)
            ]
            row += [f"{count:,}" for count in (sum(counts), sum(counts), *counts)]
        rows.append(row)
    return csv_text(rows)


def _square(west: float) -> dict[str, Any]:
    east = round(west + 0.1, 2)
    ring = [[west, 34.5], [east, 34.5], [east, 34.6], [west, 34.6], [west, 34.5]]
    return {"type": "Polygon", "coordinates": [ring]}


def _boundaries() -> str:
    areas = {
        **{code: (f"전라남도 한울군 {name}", west) for code, (name, west) in TOWNSHIPS.items()},
        "4698031000": ("전라남도 옆골군 이웃면", 126.80),
    }
    features = [
        {
            "type": "Feature",
            "properties": {
                "adm_nm": name,
                "adm_cd2": code,
                "sgg": code[:5],
                "sggnm": name.split()[1],
                "sidonm": name.split()[0],
            },
            "geometry": _square(west),
        }
        for code, (name, west) in areas.items()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1)


def _villages() -> str:
    head = "sigungu,eupmyeondong,ri,legal_dong_code,admin_dong_code,population,lat,lon"
    rows = [
        "한울군,고운읍,고운1리,4699025021,4699025000,300,34.550000,126.530000",
        "한울군,고운읍,고운2리,4699025022,4699025000,100,34.560000,126.570000",
        "한울군,나래면,나래리,4699031021,4699031000,150,34.550000,126.640000",
        "한울군,나래면,솔잎리,4699031022,4699031000,50,34.530000,126.680000",
        "한울군,다솜면,다솜리,4699032021,4699032000,120,34.550000,126.750000",
    ]
    return "\n".join([head, *rows]) + "\n"


def _ltc() -> str:
    head = "기관코드,기관명,시도,시군구,법정동,주소,유형,정원,물리치료사,작업치료사,요양보호사"
    head += ",사회복지사,간호사,지정일"
    rows = [
        "14699000001,고운요양원,전라남도,한울군,고운읍,전라남도 한울군 고운읍 고운로  12 "
        "(고운읍),노인요양시설,30,1,0,14,1,1,20100301",
        "24699000002,나래재가센터,전라남도,한울군,나래면,전라남도 한울군 나래면 나래길  3 "
        "(나래면),방문요양·방문목욕,,0,0,8,1,0,20120702",
        "24699000003,다솜주간보호센터,전라남도,한울군,다솜면,전라남도 한울군 다솜면 다솜로  7 "
        "(다솜면),주야간보호,20,0,0,5,1,1,20150105",
    ]
    return "\n".join([head, *rows]) + "\n"


def _hira() -> str:
    entry = {
        "name": "고운의원",
        "cl_nm": "의원",
        "sggu_nm": "한울군",
        "emd_nm": "고운읍",
        "addr": "전라남도 한울군 고운읍 고운로 1",
        "x": 126.531,
        "y": 34.551,
    }
    pharmacy = {**entry, "name": "고운약국", "x": 126.532, "y": 34.552}
    del pharmacy["cl_nm"]
    document = {"sido": "전남", "sggu": "한울군", "hospitals": [entry], "pharmacies": [pharmacy]}
    return json.dumps(document, ensure_ascii=False, indent=1)


def _full_width(text: str) -> str:
    wide = "".join(
        "\u3000" if one == " " else chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one
        for one in text
    )
    return wide + "\u3000" * 8


def _kftc(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([str(number) for number in range(9)])
    branches = [
        ("0129701", "고운농협", "전라남도 한울군 고운읍 고운로 20", "정상    "),
        ("0129702", "나래농협", "전라남도 한울군 나래면 나래로 5", "정상    "),
        ("0129703", "다솜농협", "전라남도 한울군 다솜면 다솜로 9", "정상    "),
        ("0129704", "고운 동부", "전라남도 한울군 고운읍 고운로 90", "잠정폐쇄"),
        ("0040001", "고운지점", "전라남도 한울군 고운읍 고운로 30", "정상    "),
    ]
    for code, name, address, status in branches:
        bank = _full_width("농협" if code.startswith("01") else "국민")
        cells = (bank, _full_width(name), "061 000", "061 000", "59000", _full_width(address))
        sheet.append([code, *cells, status, "       "])
    book.save(path)


def _roads() -> str:
    """Return one road through all townships, with a side road in each."""
    nodes, ways = [], []
    number = 0

    def node(lon: float, lat: float) -> int:
        nonlocal number
        number += 1
        nodes.append(f' <node id="{number}" version="1" lat="{lat:.6f}" lon="{lon:.6f}"/>')
        return number

    def way(refs: list[int], **tags: str) -> None:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        ways.append(f' <way id="{len(ways) + 1}" version="1">{inner}</way>')

    trunk = [node(126.50 + 0.02 * step, 34.55) for step in range(20)]
    way(trunk, highway="secondary", name="한울로", maxspeed="60")
    for index, lon in ((1, 126.52), (4, 126.58), (9, 126.68), (12, 126.74)):
        way([trunk[index], node(lon, 34.53), node(lon, 34.52)], highway="residential")
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">', *nodes, *ways]
    return "\n".join([*parts, "</osm>"]) + "\n"


def _scenario() -> dict[str, Any]:
    return {
        "name": "tiny",
        "title_ko": "한울군 계획",
        "title_en": "Plan of Hanul county",
        "area": {"sigungu": ["한울군"]},
        "townships": {"files": [FILES["boundaries"]], "as_of": "2023-10"},
        "population": {"files": [FILES["register"]]},
        "points": {"kind": "villages", "file": FILES["villages"]},
        "facilities": {
            "sources": [
                {"file": FILES["ltc"], "format": "ltc"},
                {"file": FILES["hira"], "format": "hira"},
            ]
        },
        "cooperatives": {"file": FILES["kftc"], "willing_file": FILES["willing"]},
        "roads": {"file": FILES["roads"]},
        "plan": {"periods": [{"year": 2027, "budget_mkrw": 1000.0}]},
    }


def county(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """Write the county into a folder and return its scenario file.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    change : callable, optional
        Given the scenario as a dict, to change it before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILES["boundaries"]).write_text(_boundaries(), encoding="utf-8")
    (folder / FILES["register"]).write_bytes(register_text().encode("cp949"))
    (folder / FILES["villages"]).write_text(_villages(), encoding="utf-8")
    (folder / FILES["ltc"]).write_text(_ltc(), encoding="utf-8")
    (folder / FILES["hira"]).write_text(_hira(), encoding="utf-8")
    (folder / FILES["willing"]).write_text("coop_code,willing\n0129701,0.9\n", encoding="utf-8")
    (folder / FILES["roads"]).write_text(_roads(), encoding="utf-8")
    _kftc(folder / FILES["kftc"])
    raw = _scenario()
    if change is not None:
        change(raw)
    path = folder / FILES["scenario"]
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return path
