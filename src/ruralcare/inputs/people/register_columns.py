"""The columns of a resident register, in all spellings in which it is issued.

The monthly file has ``2023년10월_남_65~69세``, the yearly one ``2023년_남_65~69세``; a further one
has ``60-69세`` three times over, for both sexes, men and women in this order, and no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.ages import TOTAL, Ages, find_ages, tiling
from ruralcare.inputs.people.cells import squeezed
from ruralcare.language import Message

__all__ = [
    "Columns",
    "date_of_name",
    "find_header",
    "last_of_year",
    "register_columns",
    "tells_ages",
    "whole_header",
]

_NAMES: Final = ("행정구역", "행정기관")
_CODES: Final = ("행정기관코드", "행정구역코드")
_HEAD: Final = re.compile(
    r"^(?:(?P<year>\d{4})년(?:(?P<month>\d{1,2})월)?_?)?(?:(?P<sex>계|남자?|여자?)_)?(?P<what>.+)$"
)
_SEX: Final = {"계": "all", "남": "male", "여": "female"}
_SEXES: Final = ("all", "male", "female")
_WHOLE: Final = "총인구수"
_HEADER_WITHIN: Final = 20
_HEADER_ROWS: Final = 4
_YEAR_MONTH: Final = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])(?:[-_.]?[0-3]\d)?(?!\d)"
)
_WRITTEN: Final = re.compile(r"((?:19|20)\d{2})년(?:(\d{1,2})월)?")
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


@dataclass(frozen=True)
class Columns:
    """Where what stands in a register, for one date.

    Parameters
    ----------
    header : list of str
        The header as the file has it.
    name_at, code_at : int
        Columns of names (with codes in brackets) and of codes, if these have one of their own.
    year, month : int
        The date.
    ages : dict
        For each sex the columns that hold every age once.
    totals : dict
        For each sex the column of all ages together.
    groups : dict
        Age group of each column; it may be wider than five years.
    """

    header: list[str]
    name_at: int
    code_at: int | None
    year: int
    month: int | None
    ages: dict[str, tuple[int, ...]]
    totals: dict[str, int]
    groups: dict[int, str]
    labels: dict[int, tuple[str, str]]

    @property
    def chosen(self) -> list[tuple[str, tuple[int, ...]]]:
        """Columns that are counted: of men and women where both are there, else of everybody."""
        apart = {"male", "female"} <= set(self.ages)
        return [(sex, self.ages[sex]) for sex in (("male", "female") if apart else ("all",))]

    @property
    def used(self) -> list[int]:
        """All columns that are counted."""
        return [index for _, ages in self.chosen for index in ages]

    @property
    def indices(self) -> set[int]:
        """All columns that must hold numbers."""
        return {*(index for ages in self.ages.values() for index in ages), *self.totals.values()}

    @property
    def width(self) -> int:
        """Cells that a row needs."""
        return max(*self.indices, self.name_at) + 1

    def same(self, index: int, sex: str) -> int | None:
        """Return the column of another sex with the ages of a column."""
        what = self.labels[index][1]
        return next((at for at, label in self.labels.items() if label == (sex, what)), None)


def find_header(rows: list[list[str]]) -> int | None:
    """Return which of the rows is the header; titles may stand above it."""
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        if any(squeezed(cell) in _NAMES for cell in row):
            return at
    return None


def tells_ages(rows: list[list[str]]) -> bool:
    """Return whether a header of names is followed by columns of ages."""
    at = find_header(rows)
    if at is None:
        return False
    header, _ = whole_header(rows, at)
    return any(map(_tells_ages, header))


def _tells_ages(cell: str) -> bool:
    match = _HEAD.match(squeezed(cell))
    return "세" in cell and match is not None and _ages(match) is not None


def whole_header(rows: list[list[str]], at: int) -> tuple[list[str], int]:
    """Return the header in one row, and the last row that it takes.

    Workbooks of the ministry spread it over several: month and sex stand above the ages, in merged
    cells, of which the first holds the text.
    """
    for last in range(at, min(at + _HEADER_ROWS, len(rows))):
        if not any(map(_tells_ages, rows[last])):
            continue
        if last == at:
            break
        parts: list[list[str]] = [[] for _ in rows[last]]
        for depth in range(at, last + 1):
            above = ""
            for column, cell in enumerate(rows[depth]):
                named = column < len(rows[at]) and squeezed(rows[at][column]) in (*_NAMES, *_CODES)
                above = cell if cell or named or depth == last else above
                if above and column < len(parts):
                    parts[column].append(above)
        return ["_".join(one) for one in parts], last
    return rows[at], at


def date_of_name(name: str) -> tuple[int, int | None] | None:
    """Return year and month that a text such as the name of a file tells.

    Examples
    --------
    >>> date_of_name("202310_연령별인구현황_월간.csv"), date_of_name("2020년.txt")
    ((2023, 10), (2020, None))
    """
    written = _WRITTEN.search(squeezed(name))
    if written is not None:
        return int(written[1]), int(written[2]) if written[2] else None
    match = _YEAR_MONTH.search(name)
    if match is not None:
        return int(match[1]), int(match[2])
    match = _YEAR.search(name)
    return (int(match[1]), None) if match is not None else None


def last_of_year(
    dates: Iterable[tuple[int, int | None]],
) -> dict[int, tuple[int, int | None]]:
    """Return the last date of each year; a year without a month counts as its beginning."""
    return {
        year: (year, month) for year, month in sorted(dates, key=lambda one: (one[0], one[1] or 0))
    }


def register_columns(
    header: list[str], row: int, names: Sequence[str], faults: Faults
) -> tuple[Columns, ...]:
    """Return the columns of a register for each of its dates; of a year, only the last month.

    Parameters
    ----------
    names : sequence of str
        Texts that may tell the date where the header does not: titles, sheet, file.

    Raises
    ------
    InputError
        These are no columns of a register, ages are missing, or the date is not told.
    """
    plain = [squeezed(unicodedata.normalize("NFKC", cell)) for cell in header]
    name_at = next(at for at, cell in enumerate(plain) if cell in _NAMES)
    code_at = next((at for at, cell in enumerate(plain) if cell in _CODES), None)
    found = [
        (at, match)
        for at, cell in enumerate(plain)
        if at not in (name_at, code_at)
        and (match := _HEAD.match(re.sub(r"(\.\d+|\(명\))+$", "", cell))) is not None
        and (find_ages(match["what"]) is not None or match["what"] == _WHOLE)
    ]
    if not any(_ages(match) for _, match in found):
        raise faults.stop(
            Message("These are not the columns of a resident register by age."),
            Message("Give the file 연령별인구현황 (columns such as 2023년10월_남_65~69세)."),
            row=row,
        )
    by_date: dict[tuple[int, int | None], list[tuple[int, re.Match[str]]]] = {}
    for at, match in found:
        if match["year"]:
            date = (int(match["year"]), int(match["month"]) if match["month"] else None)
        else:
            told = next(filter(None, map(date_of_name, names)), None)
            if told is None:
                raise faults.stop(
                    Message("The table does not tell its date."),
                    Message("Begin the name of the file with year and month: 202310_… ."),
                    row=row,
                )
            date = told
        by_date.setdefault(date, []).append((at, match))
    last = last_of_year(by_date)
    if len(last) < len(by_date):
        faults.remark(
            Message("The file has several months of a year; the last of each year is used."),
            Message("Nothing need be done."),
            row=row,
        )
    return tuple(
        _of_date(header, row, name_at, code_at, date, by_date[date], faults)
        for _, date in sorted(last.items())
    )


def _ages(match: re.Match[str]) -> Ages | None:
    ages = find_ages(match["what"])
    return None if ages is TOTAL else ages


def _of_date(
    header: list[str],
    row: int,
    name_at: int,
    code_at: int | None,
    date: tuple[int, int | None],
    found: list[tuple[int, re.Match[str]]],
    faults: Faults,
) -> Columns:
    labels = _sexes(found, row, faults)
    ages: dict[str, tuple[int, ...]] = {}
    totals: dict[str, int] = {}
    groups: dict[int, str] = {}
    for sex in _SEXES:
        of_sex = {what: at for at, (whose, what) in labels.items() if whose == sex}
        if _WHOLE in of_sex:
            totals[sex] = of_sex[_WHOLE]
        by_ages = {
            span: at
            for what, at in of_sex.items()
            if (span := find_ages(what)) is not None and span is not TOTAL
        }
        if not by_ages:
            continue
        tiles, missing = tiling(by_ages)
        cut = [one for one in tiles if one.group is None]
        if missing is not None or cut:
            raise faults.stop(
                Message("The age groups cut five-year groups, or ages are missing."),
                Message("Export the register with five-year age groups (5세 단위), all ages."),
                row=row,
                column={"all": "계", "male": "남", "female": "여"}[sex],
                value=cut[0].name if cut else str(missing),
            )
        ages[sex] = tuple(by_ages[one] for one in tiles)
        groups |= {by_ages[one]: str(one.group) for one in tiles}
    if "all" not in ages and not {"male", "female"} <= set(ages):
        raise faults.stop(
            Message("The table has the people of one sex only."),
            Message("Export the register with both sexes (계, 남, 여)."),
            row=row,
        )
    return Columns(header, name_at, code_at, *date, ages, totals, groups, labels)


def _sexes(
    found: list[tuple[int, re.Match[str]]], row: int, faults: Faults
) -> dict[int, tuple[str, str]]:
    """Return sex and label of each column; where the header tells no sex, by repetition."""
    labels: dict[int, tuple[str, str]] = {}
    repeated: dict[str, list[int]] = {}
    for at, match in found:
        if match["sex"]:
            labels[at] = (_SEX[match["sex"][0]], match["what"])
        else:
            repeated.setdefault(match["what"], []).append(at)
    times = {len(places) for places in repeated.values()}
    if times - {1, 3} or len(times) > 1:
        what = next(what for what, places in repeated.items() if len(places) == max(times))
        raise faults.stop(
            Message(
                "The column {name} stands {count} times in the table; it is not clear for whom.",
                name=what,
                count=len(repeated[what]),
            ),
            Message("Export the register for both sexes together, or for 계, 남 and 여."),
            row=row,
            column=what,
        )
    for what, places in repeated.items():
        for sex, at in zip(_SEXES, places, strict=False):
            labels[at] = (sex, what)
    return labels
