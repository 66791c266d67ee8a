"""Writes the resident register as the ministry (MOIS) issues it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .people import AGES, BRANCH_OFFICES, MEN, WOMEN, branch_people
from .townships import COUNTY, COUNTY_CODE, PROVINCE, PROVINCE_CODE, TOWNSHIPS

_BANDS = [f"{a}~{a + 4}세" for a in range(0, 100, 5)] + ["100세 이상"]


def _row(label: str, people: np.ndarray) -> str:
    both = people[MEN] + people[WOMEN]
    values: list[str] = []
    for group in (both, people[MEN], people[WOMEN]):
        total = f"{int(group.sum()):,}"
        values += [total, total, *(f"{int(v):,}" for v in group)]
    return ",".join(f'"{v}"' for v in [label, *values])


def register_rows(year: int, people: dict[str, np.ndarray]) -> list[tuple[str, str, np.ndarray]]:
    """Return (name, code, people) of every row in the order of the register."""
    rows: list[tuple[str, str, np.ndarray]] = []
    for k, town in enumerate(TOWNSHIPS):
        own = people[town.name].copy()
        offices = []
        for name, code, parent, persons in BRANCH_OFFICES:
            if parent == town.name:
                now = persons if year == 2023 else round(persons * 1.31)
                part = branch_people(own, now, 700 + year + k)
                own = own - part
                offices.append((f"{PROVINCE} {COUNTY} {name}", code, part))
        rows.append((f"{PROVINCE} {COUNTY} {town.name}", town.mois, own))
        rows += offices
    return rows


def write_register(path: Path, year: int, people: dict[str, np.ndarray]) -> None:
    """Write province, county, township and branch-office rows (CP949, quoted, thousands commas)."""
    stem = f"{year}년10월"
    header = ["행정구역"]
    for sex in ("계", "남", "여"):
        header += [f"{stem}_{sex}_총인구수", f"{stem}_{sex}_연령구간인구수"]
        header += [f"{stem}_{sex}_{band}" for band in _BANDS]
    everyone = np.sum(np.stack(list(people.values())), axis=0).reshape(2, AGES)
    lines = [",".join(f'"{h}"' for h in header)]
    lines.append(_row(f"{PROVINCE}  ({PROVINCE_CODE}00000000)", everyone))
    lines.append(_row(f"{PROVINCE} {COUNTY} ({COUNTY_CODE}00000)", everyone))
    lines += [_row(f"{name}({code})", part) for name, code, part in register_rows(year, people)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode("cp949"))
