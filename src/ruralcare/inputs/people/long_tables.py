"""People in long tables: downloads of KOSIS and our own CSV.

KOSIS (국가통계포털) gives a row for each area, age group and sex, or spreads sexes (항목) and dates
(시점) over columns, with one or two header rows. Areas come with a code, or as a name, or as names
level by level. Rows of totals (계, 소계) and of wider groups beside finer ones are not counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruralcare.inputs.codes import provinces
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.ages import UNKNOWN, find_ages, is_unknown
from ruralcare.inputs.people.cells import Cells, squeezed
from ruralcare.inputs.people.counts import Count, people_of, registers_from
from ruralcare.inputs.people.register import Register
from ruralcare.inputs.people.register_columns import date_of_name
from ruralcare.language import Message

__all__ = ["ACCEPTED", "is_long", "long_registers"]

_AREA: Final = re.compile(
    r"^(행정구역|행정기관|시도|시군구|읍면동|행정동|지역)(\(.*\))?(별|명)?(\(\d\))?$|^(township_?)?name$",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"^(c(행정구역|행정기관|읍면동|행정동).*|(행정구역|행정기관|행정동)코드.*|township_?id|adm_?cd)$",
    re.IGNORECASE,
)
_AGE: Final = re.compile(r"^(연령.*|5세.*|각세.*|age(_?group)?)$", re.IGNORECASE)
_SEX: Final = re.compile(r"^(성별?(\(\d\))?|sex|gender)$", re.IGNORECASE)
_TIME: Final = re.compile(r"^(시점|연도|년도|연월|년월|기준연월|year|date)$", re.IGNORECASE)
_ITEM: Final = re.compile(r"^항목$")
_PASSED: Final = re.compile(r"^(c.*(별|항목).*|item.*|단위|unit)$", re.IGNORECASE)
_VALUE: Final = re.compile(r"^(데이터|값|인구수?|value|persons|people)$", re.IGNORECASE)
_SEX_WORDS: Final = {
    "계": "all", "합계": "all", "총계": "all", "전체": "all", "총인구": "all", "총인구수": "all",
    "인구": "all", "인구수": "all", "주민등록인구": "all", "all": "all", "total": "all",
    "both": "all",
    "남": "male", "남자": "male", "남성": "male", "남자인구": "male", "남자인구수": "male",
    "male": "male", "m": "male", "men": "male",
    "여": "female", "여자": "female", "여성": "female", "여자인구": "female",
    "여자인구수": "female", "female": "female", "f": "female", "women": "female",
}  # fmt: skip
# The census sums the towns, townships and wards of a county.
_KINDS: Final = {"읍부", "면부", "동부"}
_TOTAL_AREAS: Final = {"소계", "합계", "계", "총계", "전국", "전체"}

ACCEPTED: Final = Message(
    "Give the resident register (연령별 인구현황), a table of KOSIS with 행정구역, 연령 and 시점, "
    "census output of SGIS (year^adm_cd^item^value), or a CSV with township_id, year, sex, "
    "age_group and persons."
)
"""What a file of people may be."""


def is_long(cells: Cells) -> bool:
    """Return whether a header of a long table is among the first rows."""
    return _find_header(cells) is not None


@dataclass(frozen=True)
class _Layout:
    """Which column of a long table holds what."""

    codes: list[int]
    areas: list[int]
    ages: int
    sex: int | None
    time: int | None
    item: int | None
    # Column of numbers, and the date and sex that its header tells.
    values: list[tuple[int, tuple[int, int | None] | None, str | None]]
    header: list[str]


def _plain(text: str) -> str:
    return squeezed(unicodedata.normalize("NFKC", text))


def _find_header(cells: Cells) -> int | None:
    for at, row in enumerate(cells.rows[:20]):
        plain = [_plain(cell) for cell in row]
        if any(_AREA.match(one) or _CODE.match(one) for one in plain) and any(
            _AGE.match(one) for one in plain
        ):
            return at
    return None


def _layout(cells: Cells, at: int, faults: Faults) -> tuple[_Layout, int]:
    """Return the layout of a long table and the number of its header rows."""
    header = cells.rows[at]
    plain = [_plain(cell) for cell in header]
    below = cells.rows[at + 1] if at + 1 < len(cells.rows) else []
    # KOSIS repeats the names of the dimensions where dates and items have a header row each.
    twofold = (
        len(below) == len(header)
        and sum(one == _plain(two) for one, two in zip(plain, below, strict=True) if one) >= 2
    )
    kinds: dict[str, list[int]] = {}
    patterns = (
        ("code", _CODE), ("area", _AREA), ("age", _AGE), ("sex", _SEX), ("time", _TIME),
        ("item", _ITEM), ("passed", _PASSED),
    )  # fmt: skip
    values = []
    for column, name in enumerate(plain):
        kind = next((kind for kind, pattern in patterns if pattern.match(name)), None)
        if kind is not None:
            kinds.setdefault(kind, []).append(column)
            continue
        word = re.sub(r"\(명\)|\[명\]|:명", "", _plain(below[column]) if twofold else name)
        date = _date(re.sub(r"\.\d$", "", name) if twofold else name)
        sex = _SEX_WORDS.get(word.lower())
        if date is not None or sex is not None or _VALUE.match(word):
            values.append((column, date, sex if twofold or date is None else None))
    one = _Layout(
        kinds.get("code", []),
        kinds.get("area", []),
        kinds["age"][0],
        next(iter(kinds.get("sex", [])), None),
        next(iter(kinds.get("time", [])), None),
        next(iter(kinds.get("item", [])), None),
        values,
        header,
    )
    if not values:
        raise faults.stop(
            Message("The table has no column of people."),
            ACCEPTED,
            row=cells.numbers[at],
            value=", ".join(header)[:300],
        )
    return one, 2 if twofold else 1


def _date(text: str) -> tuple[int, int | None] | None:
    """Return year and month of 2023, 2023.10, 2023-10, 202310, "2023.10 월", "2023년"."""
    match = re.fullmatch(
        r"((?:19|20)\d{2})(?:년|[-./])?(0?[1-9]|1[0-2])?(?:[-./][0-3]?\d)?(?:월|년|\.?/?분기)?",
        squeezed(text),
    )
    if match is None:
        return None
    return int(match[1]), int(match[2]) if match[2] else None


def long_registers(cells: Cells, file_name: str, faults: Faults) -> tuple[Register, ...]:
    """Return the people of every date of a long table, earliest first; of a year, the last month.

    Raises
    ------
    InputError
        Columns are missing or cells cannot be read; every fault is listed.
    """
    at = _find_header(cells)
    assert at is not None
    layout, depth = _layout(cells, at, faults)
    names: dict[str, str] = {}
    counts = list(_counts(cells, at + depth, layout, file_name, names, faults))
    faults.raise_if_any()
    return registers_from(
        counts, names, _kind_of(names, layout), f"long table, {cells.form}", faults
    )


def _kind_of(names: dict[str, str], layout: _Layout) -> str:
    if names and all(re.fullmatch(r"\d{7,8}", key) for key in names):
        return "kostat"
    coded = bool(layout.codes) or all(re.fullmatch(r"\d{10}", key) for key in names)
    return "mois" if coded else "names"


def _counts(
    cells: Cells,
    start: int,
    layout: _Layout,
    file_name: str,
    names: dict[str, str],
    faults: Faults,
) -> Iterator[Count]:
    path: list[str] = []
    width = max(
        column
        for column in (*layout.codes, *layout.areas, layout.ages, layout.sex, layout.time,
                       layout.item, *(value[0] for value in layout.values))
        if column is not None
    )  # fmt: skip
    above: dict[int, str] = {}
    for number, row in zip(cells.numbers[start:], cells.rows[start:], strict=True):
        if sum(map(bool, row)) <= 1:
            continue
        if len(row) <= width:
            faults.add(
                Message(
                    "The row has {found} cells instead of {wanted}.",
                    found=len(row),
                    wanted=len(layout.header),
                ),
                Message(
                    "Put texts with commas in quotes; a short row may mean a file that was cut off."
                ),
                row=number,
            )
            continue
        # Merged cells of a workbook: a blank name is that of the row above.
        for column in (*layout.codes, *layout.areas):
            above[column] = row[column] or above.get(column, "")
        area = _area(layout, above, path, names)
        if area is None:
            continue
        label = row[layout.ages]
        ages = UNKNOWN if is_unknown(label) else find_ages(label)
        if ages is None:
            faults.add(
                Message("This is not an age group."),
                Message("Write it as 65-69, 65~69세, 100+ or 100세 이상."),
                row=number,
                column=layout.header[layout.ages],
                value=label,
            )
            continue
        told = None
        if layout.time is not None:
            told = _date(row[layout.time])
            if told is None:
                faults.add(
                    Message("This is not a date."),
                    Message("Write year, or year and month: 2023, 2023-10."),
                    row=number,
                    column=layout.header[layout.time],
                    value=row[layout.time],
                )
                continue
        sex = _sex(layout, row, number, faults)
        for column, date, of_column in layout.values:
            whose = of_column or sex
            when = told or date or date_of_name(cells.sheet) or date_of_name(file_name)
            if whose is None:
                continue
            if when is None:
                raise faults.stop(
                    Message("The table does not tell its date."),
                    Message("Begin the name of the file with year and month: 202310_… ."),
                    row=cells.numbers[start - 1],
                )
            persons = people_of(row[column], number, layout.header[column], faults)
            if persons is not None:
                yield Count(area, when, whose, ages, persons, number, layout.header[column])


def _area(
    layout: _Layout, above: dict[int, str], path: list[str], names: dict[str, str]
) -> str | None:
    """Return the id of the township of a row, or None for a larger area.

    Codes tell the level by their length. Names are read level by level, or, in one column, in the
    order of the file: provinces, their counties, and their townships.
    """
    words = [" ".join(above[column].split()) for column in layout.areas]
    if words and words[-1] in _KINDS:
        return None
    if layout.codes:
        at = layout.codes[-1]
        code = above[at].strip("'")
        own = _plain(layout.header[at]).lower() == "township_id"
        if not own and code.isdigit() and (len(code) <= 5 or code[5:] == "00000"):
            return None
        if code:
            names.setdefault(code, " ".join(words))
            return code
    if len(words) > 1:
        if words[-1] in _TOTAL_AREAS or not words[-1]:
            return None
        full = " ".join(word for word in words if word not in _TOTAL_AREAS)
        names.setdefault(full, full)
        return full
    name = words[0]
    bracket = re.match(r"^(.*?)\s*\((\d{10})\)$", name)
    if bracket is not None:
        if bracket[2].endswith("00000"):
            return None
        names.setdefault(bracket[2], bracket[1])
        return bracket[2]
    if name in _TOTAL_AREAS:
        path.clear()
        return None
    parts = name.split()
    if len(parts) > 1:
        full = name
    elif provinces(name):
        path[:] = [name]
        return None
    elif re.search(r"[시군]$", name):
        path[:] = [*path[:1], name] if path and provinces(path[0]) else [name]
        return None
    elif name.endswith("구"):
        # A 구 of a city follows the city; one of a metropolis follows the province.
        path[:] = [*[one for one in path if not one.endswith("구")], name]
        return None
    else:
        full = " ".join([*path, name])
    names.setdefault(full, full)
    return full


def _sex(layout: _Layout, row: list[str], number: int, faults: Faults) -> str | None:
    """Return the sex of a row; None where its item is not a number of people."""
    sex = "all"
    if layout.item is not None:
        word = re.sub(r"\(명\)|\[명\]", "", _plain(row[layout.item])).lower()
        if word not in _SEX_WORDS:
            return None
        sex = _SEX_WORDS[word]
    if layout.sex is not None:
        word = _plain(row[layout.sex]).lower()
        if word not in _SEX_WORDS:
            faults.add(
                Message("This is not a sex."),
                Message("Write female, male or all (여, 남, 계)."),
                row=number,
                column=layout.header[layout.sex],
                value=row[layout.sex],
            )
            return None
        sex = _SEX_WORDS[word] if sex == "all" else sex
    return sex
