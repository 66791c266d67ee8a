"""Care institutions and health posts of the demo county, in the formats of NHIS and HIRA."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from .grid import rng, to_lonlat
from .townships import COUNTY, COUNTY_CODE, PROVINCE, PROVINCE_SHORT
from .villages import Village

VISIT, BATH, NURSE, DAY = "방문요양", "방문목욕", "방문간호", "주야간보호"
HOME, GROUP, TOOLS = "노인요양시설", "노인요양공동생활가정", "복지용구"
VB = f"{VISIT}·{BATH}"

# (first digit of the code, name, township, types, capacity, care workers, social workers, nurses,
#  day of designation, where). Where: a road at the seat ("한들로 12") or "@k 25-3" for number 25-3
#  on the 길 of the township's k-th village; text after "|" goes into the brackets.
INSTITUTIONS: tuple[tuple[int, str, str, str, str, int, int, int, str, str], ...] = (
    (1, "가람은빛노인요양원", "한들읍", HOME, "98", 44, 5, 2, "20080612", "@4 118"),
    (
        1,
        "한들공립노인요양센터",
        "한들읍",
        f"{HOME}·치매전담실가형1실",
        "80",
        38,
        4,
        1,
        "20110428",
        "한들로 233-14",
    ),
    (1, "솔바람요양원", "한들읍", HOME, "44", 20, 2, 1, "20150902", "@7 41-6"),
    (1, "들꽃향기의집", "한들읍", GROUP, "9", 4, 0, 0, "20130311", "@11 9"),
    (1, "갯내음요양원", "해동읍", HOME, "66", 30, 3, 1, "20090720", "해동로 88"),
    (1, "윤슬의 집", "해동읍", GROUP, "9", 3, 0, 0, "20170615", "@5 22-1"),
    (1, "석현느티나무요양원", "석현면", HOME, "38", 18, 2, 1, "20120905", "@B 57"),
    (1, "달빛고운집", "월현면", GROUP, "9", 4, 1, 0, "20141120", "@3 14"),
    (
        1,
        "벽송치매돌봄의집",
        "벽송면",
        "치매전담형노인요양공동생활가정",
        "",
        5,
        1,
        0,
        "20190312",
        "벽송로 76-2",
    ),
    (2, "한들방문간호센터", "한들읍", NURSE, "", 0, 0, 4, "20200901", "한들로 41|2층"),
    (2, "다올빛재가복지센터", "한들읍", VB, "", 88, 6, 0, "20210415", "중앙로 19"),
    (
        2,
        "참벗재가노인복지센터",
        "한들읍",
        VB,
        "",
        66,
        4,
        0,
        "20190708",
        "중앙로 62|한들읍, 참벗빌딩, 201호",
    ),
    (2, "한들늘봄주간보호센터", "한들읍", DAY, "", 11, 2, 1, "20180302", "@2 30-5"),
    (2, "고운손복지용구", "한들읍", TOOLS, "", 0, 0, 0, "20160419", "시장길 7"),
    (2, "동백의료기", "한들읍", TOOLS, "", 0, 0, 0, "20220107", "중앙로 101"),
    (2, "바다향재가복지센터", "해동읍", VB, "", 61, 4, 0, "20210601", "해동로 15"),
    (2, "해동포구주간보호센터", "해동읍", DAY, "", 8, 2, 1, "20191104", "@3 12"),
    (2, "해동의료복지용구", "해동읍", TOOLS, "", 0, 0, 0, "20200316", "항구길 21-3"),
    (2, "가온돌봄 사회적협동조합", "한들읍", VB, "", 74, 5, 0, "20230522", "한들로 120|3층"),
    (2, "느티재가복지센터", "석현면", VISIT, "", 34, 2, 0, "20211018", "석현로 340"),
    (3, "한들군노인복지센터", "한들읍", f"{VB}·{DAY}", "", 63, 5, 0, "20100208", "한들로 58"),
    (3, "효나무재가복지센터", "한들읍", VB, "", 71, 5, 0, "20120316", "중앙로 8-1"),
    (3, "은하수재가노인복지센터", "한들읍", VISIT, "", 26, 2, 0, "20150203", "@9 36"),
    (3, "한들행복나눔재가센터", "한들읍", f"{VISIT}·{NURSE}", "", 17, 1, 3, "20170113", "@1 5-2"),
    (3, "(주)가람복지 재가센터", "한들읍", "", "", 29, 2, 0, "20080627", "시장길 33"),
    (3, "햇살가득재가복지센터", "한들읍", VB, "", 35, 3, 0, "20140821", "@14 77"),
    (3, "파도소리재가복지센터", "해동읍", VB, "", 47, 3, 0, "20130617", "해동로 131-7"),
    (3, "등대지기재가노인복지센터", "해동읍", "", "", 24, 1, 0, "20090225", "@8 63"),
    (3, "노송농협재가노인복지센터", "노송면", VISIT, "", 32, 3, 0, "20130704", "노송로 214"),
    (3, "월현사랑재가복지센터", "월현면", VB, "", 25, 1, 0, "20161104", "월현로 97"),
    (3, "은계맑은샘재가센터", "은계면", VISIT, "", 18, 2, 0, "20180405", "@6 28-9"),
    (3, "솔향재가복지센터", "벽송면", VISIT, "", 16, 1, 0, "20190905", "벽송로 51"),
)
# Rows whose region columns came out empty, as happens in the published lists.
_BLANK_REGION = {"다올빛재가복지센터": 3, "느티재가복지센터": 3, "등대지기재가노인복지센터": 1}

# (name, kind, township, where, doctors); where as above.
HEALTH: tuple[tuple[str, str, str, str, int], ...] = (
    ("한들가람병원", "병원", "한들읍", "중앙로 140", 9),
    ("한들온요양병원", "요양병원", "한들읍", "@6 45", 5),
    ("고운내과의원", "의원", "한들읍", "중앙로 27", 1),
    ("바른정형외과의원", "의원", "한들읍", "한들로 76", 2),
    ("해동연합의원", "의원", "해동읍", "해동로 44", 2),
    ("석현우리의원", "의원", "석현면", "석현로 322", 1),
    ("한들참한의원", "한의원", "한들읍", "시장길 12", 1),
    ("한들군보건소", "보건소", "한들읍", "한들로 190", 5),
    ("해동읍보건지소", "보건지소", "해동읍", "해동로 62", 1),
    ("월현면보건지소", "보건지소", "월현면", "월현로 88", 1),
    ("석현면보건지소", "보건지소", "석현면", "석현로 305", 1),
    ("노송면보건지소", "보건지소", "노송면", "노송로 226", 0),
    ("벽송면보건지소", "보건지소", "벽송면", "벽송로 60", 1),
    ("은계면보건지소", "보건지소", "은계면", "은계로 17", 0),
    ("율현면보건지소", "보건지소", "율현면", "율현로 412", 0),
    ("백련면보건지소", "보건지소", "백련면", "백련로 655", 0),
    ("해담면보건지소", "보건지소", "해담면", "해담로 31", 1),
    ("묵도면보건지소", "보건지소", "묵도면", "묵도로 140", 1),
    ("", "보건진료소", "금학면", "@7 11", 0),
    ("", "보건진료소", "매봉면", "@4 8", 0),
    ("", "보건진료소", "백련면", "@8 52", 0),
)
PHARMACIES = (
    ("한들큰약국", "한들읍", "중앙로 31"), ("가람약국", "한들읍", "중앙로 144"),
    ("해동약국", "해동읍", "해동로 46"), ("석현약국", "석현면", "석현로 320"),
)  # fmt: skip


def village_at(villages: list[Village], township: str, mark: str) -> Village:
    """Return the village that an address mark ("4", "B" for the one at the border) names."""
    here = [v for v in villages if v.township == township]
    if mark == "B":
        others = [v for v in villages if v.township not in (township, "운담면", "월현면")]
        gap = [min(np.hypot(v.x_m - o.x_m, v.y_m - o.y_m) for o in others) for v in here]
        return here[int(np.argmin(np.round(gap, 1)))]
    return here[int(mark)]


def _street(villages: list[Village], township: str, where: str) -> tuple[str, str, str]:
    """Return (road, number, bracket text) of a place code."""
    place, _, note = where.partition("|")
    road, number = place.split(" ")
    if road.startswith("@"):
        road = village_at(villages, township, road[1:]).base + "길"
    return road, number, note


def write_institutions(path: Path, villages: list[Village]) -> None:
    """Write the list of long-term care institutions (UTF-8) without coordinates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    serial = {1: 0, 2: 60, 3: 0}
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["기관코드", "기관명", "시도", "시군구", "법정동", "주소", "유형", "정원", "물리치료사",
             "작업치료사", "요양보호사", "사회복지사", "간호사", "지정일"]
        )  # fmt: skip
        ordered = sorted(INSTITUTIONS, key=lambda r: (r[0], r[8], r[1]))
        for digit, name, town, kinds, places, carers, social, nurses, day, where in ordered:
            serial[digit] += 3 if digit == 1 else 2
            road, number, note = _street(villages, town, where)
            bracket = note if note.startswith(town) else ", ".join(x for x in (town, note) if x)
            address = f"{PROVINCE} {COUNTY} {town} {road}  {number} ({bracket})"
            region = [PROVINCE, COUNTY, town]
            blank = _BLANK_REGION.get(name, 0)
            region = region[: 3 - blank] + [""] * blank
            therapist = 1 if places and int(places) >= 40 else 0
            out.writerow([
                f"{digit}{COUNTY_CODE}{serial[digit]:05d}", name, *region, address, kinds, places,
                therapist, 0, carers, social, nurses, day,
            ])  # fmt: skip


def write_health(path: Path, villages: list[Village]) -> None:
    """Write hospitals, clinics, health posts and pharmacies with coordinates (JSON)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = rng(900)

    def record(name: str, town: str, where: str, phone: int) -> dict[str, object]:
        road, number, _ = _street(villages, town, where)
        mark = where.split(" ")[0]
        home = village_at(villages, town, mark[1:] if mark.startswith("@") else "0")
        spread = 55 if mark.startswith("@") else (160 if town.endswith("읍") else 70)
        dx, dy = random.uniform(-spread, spread, 2)
        lon, lat = to_lonlat(np.array([[home.x_m + dx, home.y_m + dy]]))[0].tolist()
        return {
            "name": name or home.base + "보건진료소", "sido_nm": PROVINCE_SHORT, "sggu_nm": COUNTY,
            "emd_nm": town, "addr": f"{PROVINCE} {COUNTY} {town} {road} {number}, ({town})",
            "tel": f"000-0000-{phone:04d}", "x": lon, "y": lat,
        }  # fmt: skip

    hospitals = []
    for k, (name, kind, town, where, doctors) in enumerate(HEALTH):
        row = record(name, town, where, k + 1)
        ordered = {"name": row.pop("name"), "cl_nm": kind, **row, "dr_cnt": doctors}
        hospitals.append(ordered)
    hospitals.sort(key=lambda r: str(r["name"]))
    pharmacies = [record(n, t, w, 100 + k) for k, (n, t, w) in enumerate(PHARMACIES)]
    data = {"sido": PROVINCE_SHORT, "sggu": COUNTY, "hospitals": hospitals,
            "pharmacies": pharmacies}  # fmt: skip
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
