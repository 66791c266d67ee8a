"""Writes resident registers in every spelling in which they are issued, from invented people.

Knows nothing of the reader: people are counted here with plain dicts.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

FIVE = [(age, age + 4) for age in range(0, 100, 5)] + [(100, None)]
SINGLE = [(age, age) for age in range(100)] + [(100, None)]
TEN = [(age, age + 9) for age in range(0, 100, 10)] + [(100, None)]
AGES = {"five": FIVE, "single": SINGLE, "ten": TEN}


@dataclass(frozen=True)
class Town:
    """A township or branch office: code, name behind the county's, and people by (sex, age)."""

    code: str
    name: str
    people: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, sexes: str, first: int, last: int | None) -> int:
        return sum(
            persons
            for (sex, age), persons in self.people.items()
            if sex in sexes and age >= first and (last is None or age <= last)
        )


@dataclass(frozen=True)
class Style:
    """How a register is written."""

    ages: str = "five"
    sexes: tuple[str, ...] = ("계", "남", "여")
    label: str = "2023년10월"
    encoding: str = "cp949"
    spaces: int = 1
    thousands: bool = True
    order: tuple[int, ...] = ()
    padded: bool = False
    levels: bool = True
    ending: str = "\r\n"


COUNTY = "전라남도 한울군"


def age_label(first: int, last: int | None, style: Style) -> str:
    if last is None:
        return f"{first}세 이상"
    if first == last:
        return f"{first}세"
    return f"{first}-{last}세" if style.ages == "ten" else f"{first}~{last}세"


def table(towns: list[Town], style: Style) -> list[list[str]]:
    """Return header and rows as texts."""
    sets = {"계": "남여", "남": "남", "여": "여"}
    prefix = {sex: f"{style.label}_{sex}_" if style.label else "" for sex in sets}
    whole = ("총인구수", "연령구간인구수") if style.label else ("총 인구수", "연령구간인구수")
    head = ["행정구역"]
    spans: list[tuple[str, int, int | None]] = []
    for sex in style.sexes:
        head += [prefix[sex] + name for name in whole]
        spans += [(sets[sex], 0, None)] * 2
        for first, last in AGES[style.ages]:
            head.append(prefix[sex] + age_label(first, last, style))
            spans.append((sets[sex], first, last))
    gap = " " * style.spaces
    areas = [(f"{COUNTY} {town.name}{gap}({town.code})", [town]) for town in towns]
    if style.levels:
        areas = [
            (f"전국{gap}(0000000000)", towns),
            (f"전라남도{gap}(4600000000)", towns),
            (f"{COUNTY}{gap}(4699000000)", towns),
            *areas,
        ]
    rows = [head]
    for name, parts in areas:
        counts = [sum(town.count(*span) for town in parts) for span in spans]
        rows.append([name, *(f"{one:,}" if style.thousands else str(one) for one in counts)])
    if style.order:
        # Columns may come in any order; the ones without a sex keep theirs among equals.
        rows = [[row[index] for index in style.order] for row in rows]
    if style.padded:
        rows = [[f" {cell}  " for cell in row] for row in rows]
    return rows


def write(path: Path, towns: list[Town], style: Style) -> Path:
    """Write a register and return its path."""
    rows = table(towns, style)
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([int(cell) if cell.strip().isdigit() else cell for cell in row])
        book.save(path)
        return path
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator=style.ending).writerows(rows)
    path.write_bytes(stream.getvalue().encode(style.encoding))
    return path
