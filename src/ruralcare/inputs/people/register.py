"""The resident register (행정안전부 주민등록 연령별 인구현황), as it is issued.

One file mixes rows of the nation, provinces, counties and townships, told apart by the ten-digit
code in brackets behind the name. Branch offices (출장소) are rows of their own whose people are
not in the row of their township: they are added to it, by the longest township name with which
their own name begins.

The rows of provinces and counties are not used but for checking: a county whose townships do not
sum to its own row has lost some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ruralcare.inputs.codes import provinces
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.cells import Cells, read_cells
from ruralcare.inputs.people.register_checks import (
    NAME,
    Areas,
    Planned,
    check_area_sums,
    check_row_sums,
)
from ruralcare.inputs.people.register_columns import (
    Columns,
    find_header,
    register_columns,
    whole_header,
)
from ruralcare.language import Message

__all__ = ["Register", "read_register", "registers_of"]

_NAME_CODE: Final = re.compile(r"^(?P<name>.*?)\s*[(（]\s*(?P<code>\d{10})\s*[)）]$")
_TRUNCATED_BYTES: Final = 1_024_000
_DIGITS: Final = 9


@dataclass(frozen=True)
class Register:
    """People of one date, as one file tells them.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``sex``, ``age_group``, ``persons``: every township of the file, branch
        offices rolled up. An age group may be wider than five years ("60-69").
    names : dict of str to str
        Full name of each township, by its id in this file.
    year : int
        Year of the date.
    month : int or None
        Month, where it is known.
    branches : dict of str to str
        Branch offices: their code and the township to which their people were added.
    rows : int
        Rows of townships in the file, those of branch offices included.
    form : str
        Format and publisher.
    codes : {"mois", "kostat", "names"}
        What ``township_id`` is: a code of the ministry, one of the statistics office, or a name.
    empty : tuple of str
        Ids of rows without people, branch offices included.
    branch_persons : dict of str to int
        People of each branch office.
    damaged_row : int, optional
        First row that was lost to blank bytes.
    """

    frame: pd.DataFrame
    names: dict[str, str]
    year: int
    month: int | None
    branches: dict[str, str]
    rows: int = 0
    form: str = "CSV"
    codes: str = "mois"
    empty: tuple[str, ...] = ()
    branch_persons: Mapping[str, int] = field(default_factory=dict)
    damaged_row: int | None = None

    @property
    def as_of(self) -> str:
        """Date as precisely as it is known: "2023-10" or "2023"."""
        return str(self.year) if self.month is None else f"{self.year}-{self.month:02d}"


def _everything(_code: str, _name: str) -> bool:
    return True


def read_register(path: Path, faults: Faults, planned: Planned = _everything) -> Register:
    """Read a register file; of several dates in it, the last.

    Raises
    ------
    InputError
        The file is not a register, is cut off, or has rows of the plan that do not add up; every
        fault is listed.
    """
    return registers_of(read_cells(path, faults, salvage=True), path, faults, planned)[-1]


def registers_of(
    cells: Cells, path: Path, faults: Faults, planned: Planned = _everything
) -> tuple[Register, ...]:
    """Return the registers of all dates of a file, earliest first.

    Raises
    ------
    InputError
        As for :func:`read_register`.
    """
    if path.stat().st_size == _TRUNCATED_BYTES:
        raise faults.stop(
            Message("The file is a copy that was cut off at 1,024,000 bytes."),
            Message("Fetch the register from the ministry again."),
        )
    at = find_header(cells.rows)
    if at is None:
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns=NAME),
            Message("The columns found are: {columns}.", columns=", ".join(cells.rows[0])[:300]),
            row=1,
        )
    titles = " ".join(cell for row in cells.rows[:at] for cell in row)
    header, last = whole_header(cells.rows, at)
    names = (titles, cells.sheet, path.name)
    found = register_columns(header, cells.numbers[at], names, faults)
    areas = _areas(cells, last, found, faults, planned)
    faults.raise_if_any()
    townships = {code: name for code, name in areas.names.items() if code[5:] != "00000"}
    if not townships:
        raise faults.stop(
            Message("The file has no rows of townships."),
            Message("Export the register with all levels down to 읍면동."),
        )
    homes = _branch_homes(townships, areas, faults, planned)
    faults.raise_if_any()
    registers = []
    for one in found:
        check_row_sums(areas, one, faults, planned)
        faults.raise_if_any()
        people = areas.counts[:, one.used].sum(axis=1)
        check_area_sums(areas, people, cells.damaged_row, faults, planned)
        faults.raise_if_any()
        persons = dict(zip(areas.names, (int(count) for count in people), strict=True))
        registers.append(
            Register(
                _long(areas, townships, homes, one),
                {code: name for code, name in townships.items() if code not in homes},
                one.year,
                one.month,
                homes,
                len(townships),
                f"resident register, {cells.form}",
                empty=tuple(code for code in townships if persons[code] == 0),
                branch_persons={code: persons[code] for code in homes},
                damaged_row=cells.damaged_row,
            )
        )
    return tuple(registers)


def _areas(
    cells: Cells, at: int, found: tuple[Columns, ...], faults: Faults, planned: Planned
) -> Areas:
    """Return the rows that can be used; what is wrong with others is noted."""
    columns = found[0]
    name_at, code_at = columns.name_at, columns.code_at
    width = max(one.width for one in found)
    wanted = sorted({index for one in found for index in one.indices})
    header = columns.header
    names: dict[str, str] = {}
    numbers: dict[str, int] = {}
    texts: list[list[str]] = []
    counts: list[list[int]] = []
    blank = [0] * len(header)
    for number, row in zip(cells.numbers[at + 1 :], cells.rows[at + 1 :], strict=True):
        if sum(map(bool, row)) <= 1 and not provinces(row[0].split(" ")[0]):
            # A footnote of the publisher.
            continue
        code, name = _code_and_name(row, name_at, code_at)
        if code is None:
            if len(row) < width and number == cells.numbers[-1]:
                # Cut off before the code: whether it belongs to the plan, the sums will tell.
                _note_short(faults.remark, row, number, len(header))
                continue
            faults.add(
                Message("The name is not followed by a ten-digit code in brackets."),
                Message("Export the register with codes (행정기관코드 포함)."),
                row=number,
                column=header[name_at],
                value=row[name_at] if name_at < len(row) else None,
            )
            continue
        note = faults.add if planned(code, name) else faults.remark
        if len(row) < width or any(row[len(header) :]):
            _note_short(note, row, number, len(header))
            continue
        if code in names:
            note(
                Message("The code occurs more than once."),
                Message("Remove the repeated row."),
                row=number,
                column=header[name_at],
                value=row[name_at],
            )
            continue
        values = [row[index].replace(",", "") for index in wanted]
        if not (all(values) and "".join(values).isdigit() and max(map(len, values)) <= _DIGITS):
            for index, text in zip(wanted, values, strict=True):
                if not text.isdigit() or len(text) > _DIGITS:
                    note(
                        Message("This must be a number of people."),
                        Message("The file may be cut off or damaged: fetch it again."),
                        row=number,
                        column=header[index],
                        value=row[index],
                    )
            continue
        full = blank.copy()
        for index, text in zip(wanted, values, strict=True):
            full[index] = int(text)
        names[code], numbers[code] = name, number
        texts.append(row)
        counts.append(full)
    shape = (len(counts), len(header))
    return Areas(names, numbers, texts, np.asarray(counts, dtype=np.int64).reshape(shape))


def _note_short(note: Callable[..., None], row: list[str], number: int, wanted: int) -> None:
    note(
        Message("The row has {found} cells instead of {wanted}.", found=len(row), wanted=wanted),
        Message("Put texts with commas in quotes; a short row may mean a file that was cut off."),
        row=number,
    )


def _code_and_name(row: list[str], name_at: int, code_at: int | None) -> tuple[str | None, str]:
    text = row[name_at] if name_at < len(row) else ""
    match = _NAME_CODE.match(text)
    if match is not None:
        return match["code"], " ".join(match["name"].split())
    name = " ".join(text.split())
    if code_at is not None and code_at < len(row) and re.fullmatch(r"\d{10}", row[code_at]):
        return row[code_at], name
    return ("0000000000" if name == "전국" else None), name


def _known_branches() -> dict[str, str]:
    """Return the branch offices whose name does not tell their township."""
    with (
        resources.files("ruralcare.inputs.people")
        .joinpath("branch_offices.csv")
        .open("rb") as stream
    ):
        table = pd.read_csv(stream, dtype=str)
    return dict(zip(table["branch_name"], table["township_name"], strict=True))


def _branch_homes(
    townships: dict[str, str], areas: Areas, faults: Faults, planned: Planned
) -> dict[str, str]:
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
            note = faults.add if planned(code, name) else faults.remark
            note(
                Message("It is not known to which township this branch office belongs."),
                Message("Add its people to the row of its township."),
                row=areas.numbers[code],
                column=NAME,
                value=areas.shown(code),
            )
            continue
        homes[code] = siblings[home]
    return homes


def _long(
    areas: Areas, townships: dict[str, str], homes: dict[str, str], one: Columns
) -> pd.DataFrame:
    """Return the townships as rows of sex and age group, branch offices added."""
    kept = [code for code in townships if code not in homes]
    place = {code: position for position, code in enumerate(kept)}
    rows = [position for position, code in enumerate(areas.names) if code in townships]
    target = [place[homes.get(code, code)] for code in areas.names if code in townships]
    keys = sorted({(sex, one.groups[index]) for sex, ages in one.chosen for index in ages})
    column = {key: position for position, key in enumerate(keys)}
    sums = np.zeros((len(kept), len(keys)), dtype=np.int64)
    for sex, ages in one.chosen:
        for index in ages:
            np.add.at(sums[:, column[sex, one.groups[index]]], target, areas.counts[rows, index])
    frame = pd.DataFrame(
        {
            "township_id": np.repeat(np.asarray(kept, dtype=object), len(keys)),
            "sex": [sex for sex, _ in keys] * len(kept),
            "age_group": [group for _, group in keys] * len(kept),
            "persons": sums.ravel(),
        }
    )
    return frame.sort_values(["township_id", "sex", "age_group"], ignore_index=True)
