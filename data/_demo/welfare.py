"""Welfare centres, senior halls and emergency care of the demo county, as a plain table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from .facilities import village_at
from .grid import rng, to_lonlat
from .townships import COUNTY, PROVINCE
from .villages import Village

# (name, types joined by ·, township whose seat it stands at, metres east and north of that).
AT_SEATS: tuple[tuple[str, str, str, float, float], ...] = (
    ("한들군노인복지관", "노인복지관", "한들읍", 140, 60),
    ("해동종합사회복지관", "종합사회복지관", "해동읍", -90, 110),
    ("해동의료원", "종합병원·지역응급의료센터", "해동읍", 120, -70),
)
# Also on the list of hospitals, under the same address: read as one institution.
HOSPITAL = ("한들가람병원", "지역응급의료기관", f"{PROVINCE} {COUNTY} 한들읍 중앙로 140 (한들읍)")
# Beyond the border, where the trunk road to the east ends.
REGIONAL = ("가람대학교병원", "종합병원·권역응급의료센터", (38_560.0, 20_600.0))
# Share of the villages with a senior hall; every village of a town has one.
WITH_HALL = 0.72
TOWNS = ("한들읍", "해동읍")


def write_welfare(path: Path, villages: list[Village]) -> None:
    """Write the table (UTF-8): coordinates for all but one row, which has an address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = rng(910)

    def place(x_m: float, y_m: float) -> list[float]:
        lonlat: list[float] = to_lonlat(np.array([[x_m, y_m]]))[0].tolist()
        return lonlat

    rows: list[list[object]] = []
    for name, kinds, town, east, north in AT_SEATS:
        seat = village_at(villages, town, "0")
        rows.append([name, kinds, *place(seat.x_m + east, seat.y_m + north), ""])
    rows.append([HOSPITAL[0], HOSPITAL[1], "", "", HOSPITAL[2]])
    rows.append([REGIONAL[0], REGIONAL[1], *place(*REGIONAL[2]), ""])
    for village in sorted(villages, key=lambda v: (v.township, v.name)):
        chance = random.random()
        dx, dy = random.uniform(-60, 60, 2)
        if village.kind != "islet" and (chance < WITH_HALL or village.township in TOWNS):
            where = place(village.x_m + dx, village.y_m + dy)
            rows.append([f"{village.name}경로당", "경로당", *where, ""])
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["facility_id", "name", "service", "lon", "lat", "address"])
        for number, row in enumerate(rows, start=1):
            out.writerow([f"W{number:03d}", *row])
