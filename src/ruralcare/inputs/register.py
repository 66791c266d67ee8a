"""The resident register (행정안전부 주민등록 연령별인구현황), as it is issued.

One file mixes rows of the nation, provinces, counties and townships, told apart by the ten-digit
code in brackets behind the name. Branch offices (출장소) are rows of their own whose people are
not in the row of their township: they are added to it, by the longest township name with which
their own name begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pandas as pd

from ruralcare.inputs.files import Faults, Row, read_table
from ruralcare.language import Message
from ruralcare.types import AGE_GROUPS

__all__ = ["Register", "read_register"]

_NAME = re.compile(r"^(?P<name>.*?)\s*\((?P<code>\d{10})\)$")
_DATE = re.compile(r"^(?P<year>\d{4})년(?P<month>\d{2})월_(?P<sex>계|남|여)_(?P<what>.+)$")
_AGE = re.compile(r"^(?P<age>\d+)(~\d+)?세( 이상)?$")
_FIVE_YEARS = {f"{age}~{age + 4}세" for age in range(0, 100, 5)} | {"100세 이상"}
_SINGLE_YEARS = {f"{age}세" for age in range(100)} | {"100세 이상"}
_SEX = {"계": "all", "남": "male", "여": "female"}
_TRUNCATED_BYTES = 1_024_000


@dataclass(frozen=True)
class Register:
    """A register of one date.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``sex``, ``age_group``, ``persons``: every township of the file, branch
        offices rolled up.
    names : dict of str to str
        Full name of each township.
    year, month : int
        Date.
    branches : dict of str to str
        Branch offices: their code and the township to which their people were added.
    """

    frame: pd.DataFrame
    names: dict[str, str]
    year: int
    month: int
    branches: dict[str, str]


def read_register(path: Path, faults: Faults) -> Register:
    """Read a register file.

    Raises
    ------
    InputError
        The file is not a register, is cut off, or has rows that do not add up; every fault is
        listed.
    """
    table = read_table(path, faults, ["행정구역"])
    if path.stat().st_size == _TRUNCATED_BYTES:
        raise faults.stop(
            Message("The file is a copy that was cut off at 1,024,000 bytes."),
            Message("Fetch the register from the ministry again."),
        )
    columns, year, month = _columns(table.header, faults)
    persons: dict[str, dict[tuple[str, str], int]] = {}
    names: dict[str, str] = {}
    for row in table:
        match = _NAME.match(row["행정구역"])
        if match is None:
            faults.add(
                Message("The name is not followed by a ten-digit code in brackets."),
                Message("Export the register with codes (행정기관코드 포함)."),
                row=row.number,
                column="행정구역",
                value=row["행정구역"],
            )
            continue
        code = match["code"]
        if code in names:
            faults.add(
                Message("The code occurs more than once."),
                Message("Remove the repeated row."),
                row=row.number,
                column="행정구역",
                value=row["행정구역"],
            )
            continue
        names[code] = " ".join(match["name"].split())
        persons[code] = _persons(row, columns, faults)
    faults.raise_if_any()
    townships = {code: names[code] for code in names if _is_township(code)}
    home = _branch_homes(townships, faults)
    faults.raise_if_any()
    _check_totals(persons, names, faults)
    faults.raise_if_any()
    rows = []
    for code in townships:
        for (sex, group), count in persons[code].items():
            rows.append((home.get(code, code), sex, group, count))
    frame = pd.DataFrame(rows, columns=["township_id", "sex", "age_group", "persons"])
    frame = frame.groupby(["township_id", "sex", "age_group"], as_index=False, sort=True).sum()
    kept = {code: name for code, name in townships.items() if code not in home}
    return Register(frame, kept, year, month, home)


def _columns(header: Iterable[str], faults: Faults) -> tuple[dict[str, tuple[str, str]], int, int]:
    """Return the age columns (name → sex, group) and the date of a register."""
    columns: dict[str, tuple[str, str]] = {}
    ages: dict[str, set[str]] = {}
    dates = set()
    for name in header:
        match = _DATE.match(name)
        if match is None:
            continue
        dates.add((int(match["year"]), int(match["month"])))
        age = _AGE.match(match["what"])
        if age is not None:
            columns[name] = (_SEX[match["sex"]], AGE_GROUPS[min(int(age["age"]) // 5, 20)])
            ages.setdefault(match["sex"], set()).add(match["what"])
    if not columns or len(dates) != 1:
        raise faults.stop(
            Message("These are not the columns of a resident register by age."),
            Message("Give the file 연령별인구현황 (columns such as 2023년10월_남_65~69세)."),
            row=1,
        )
    for sex, found in ages.items():
        if found not in (_FIVE_YEARS, _SINGLE_YEARS):
            raise faults.stop(
                Message("The age columns are neither all five-year groups nor all single years."),
                Message("Export the register with five-year age groups (5세 단위), all ages."),
                row=1,
                column=sex,
                value=", ".join(sorted(found ^ _FIVE_YEARS)[:5]),
            )
    if {sex for sex, _ in columns.values()} >= {"male", "female"}:
        columns = {name: key for name, key in columns.items() if key[0] != "all"}
    ((year, month),) = dates
    return columns, year, month


def _persons(
    row: Row, columns: dict[str, tuple[str, str]], faults: Faults
) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, key in columns.items():
        text = row[name].replace(",", "")
        if not text.isdigit():
            faults.add(
                Message("This must be a number of people."),
                Message("The file may be cut off or damaged: fetch it again."),
                row=row.number,
                column=name,
                value=row[name],
            )
            continue
        found[key] = found.get(key, 0) + int(text)
    whole = next((row.cells[name] for name in row.cells if name.endswith("_계_총인구수")), "")
    own, parts = whole.replace(",", ""), sum(found.values())
    if own.isdigit() and int(own) != parts:
        faults.add(
            Message(
                "The ages sum to {parts} people, the total says {own}.", parts=parts, own=int(own)
            ),
            Message("The row is damaged: fetch the register again."),
            row=row.number,
            column="총인구수",
            value=whole,
        )
    return found


def _is_township(code: str) -> bool:
    return code[5:] != "00000"


def _known_branches() -> dict[str, str]:
    """Return the branch offices whose name does not tell their township."""
    with resources.files("ruralcare.inputs").joinpath("branch_offices.csv").open("rb") as stream:
        table = pd.read_csv(stream, dtype=str)
    return dict(zip(table["branch_name"], table["township_name"], strict=True))


def _branch_homes(townships: dict[str, str], faults: Faults) -> dict[str, str]:
    """Return the township of every branch office, by code.

    A branch office is a row whose last word ends in 출장소. Its home is the township of the same
    county whose name is the longest with which that word begins.
    """
    by_county: dict[str, dict[str, str]] = {}
    for code, name in townships.items():
        last = name.split()[-1]
        if not last.endswith("출장소"):
            by_county.setdefault(code[:5], {})[last] = code
    known = _known_branches()
    homes = {}
    for code, name in townships.items():
        last = name.split()[-1]
        if not last.endswith("출장소"):
            continue
        siblings = by_county.get(code[:5], {})
        fits = [town for town in siblings if last.startswith(town)]
        home = max(fits, key=len) if fits else known.get(" ".join(name.split()[-2:]))
        if home is None or home not in siblings:
            faults.add(
                Message("It is not known to which township this branch office belongs."),
                Message("Add its people to the row of its township."),
                column="행정구역",
                value=f"{name} ({code})",
            )
            continue
        homes[code] = siblings[home]
    return homes


def _check_totals(
    persons: dict[str, dict[tuple[str, str], int]], names: dict[str, str], faults: Faults
) -> None:
    """Note counties whose townships and branch offices do not sum to the county's own row."""
    sums: dict[str, int] = {}
    for code, counts in persons.items():
        if _is_township(code):
            sums[code[:5]] = sums.get(code[:5], 0) + sum(counts.values())
    for code, counts in persons.items():
        parts = sums.get(code[:5])
        own = sum(counts.values())
        if _is_township(code) or parts is None or parts == own or code[2:] == "00000000":
            continue
        faults.add(
            Message(
                "The rows of its townships sum to {parts} people, its own row says {own}.",
                parts=parts,
                own=own,
            ),
            Message("Rows are missing or repeated: fetch the register again."),
            column="행정구역",
            value=f"{names[code]} ({code})",
        )
