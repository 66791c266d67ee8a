"""Whether the rows of a resident register add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.register_columns import Columns
from ruralcare.language import Message

__all__ = ["NAME", "Areas", "Planned", "check_area_sums", "check_row_sums"]

Planned = Callable[[str, str], bool]
"""Whether an area is part of the plan, by its code and full name: what is wrong there stops."""

NAME: Final = "행정구역"


@dataclass(frozen=True)
class Areas:
    """The rows of a register: full names and places in the file by code, and all numbers."""

    names: dict[str, str]
    numbers: dict[str, int]
    texts: list[list[str]]
    counts: np.ndarray

    def shown(self, code: str) -> str:
        """Return an area as the file writes it."""
        return f"{self.names[code]} ({code})"


def check_row_sums(areas: Areas, one: Columns, faults: Faults, planned: Planned) -> None:
    """Note rows whose ages do not sum to their total, or whose sexes do not sum to both."""
    counts, codes = areas.counts, list(areas.names)
    header = one.header
    # For each row the blocks whose own sum is off, and the columns in which the sexes are off.
    off_sums = {}
    for sex, total in one.totals.items():
        ages = one.ages.get(sex) or one.used
        off_sums[sex] = counts[:, list(ages)].sum(axis=1) != counts[:, total]
    off_pairs = {}
    for both in (*one.ages.get("all", ()), *(at for sex, at in one.totals.items() if sex == "all")):
        male, female = one.same(both, "male"), one.same(both, "female")
        if male is not None and female is not None:
            sums = counts[:, male] + counts[:, female]
            off_pairs[both, male, female] = counts[:, both] != sums
    nothing = np.zeros(len(counts), dtype=bool)
    wrong = np.logical_or.reduce([nothing, *off_sums.values(), *off_pairs.values()])
    for position in np.flatnonzero(wrong):
        code = codes[position]
        note = faults.add if planned(code, areas.names[code]) else faults.remark
        blocks = [sex for sex, off in off_sums.items() if off[position]]
        cells = [pair for pair, off in off_pairs.items() if off[position]]
        row = areas.numbers[code]
        if not blocks:
            both, male, female = cells[0]
            note(
                Message(
                    "Men and women sum to {parts} people, the cell for both says {own}.",
                    parts=int(counts[position, male] + counts[position, female]),
                    own=int(counts[position, both]),
                ),
                Message("The row is damaged: fetch the register again."),
                column=header[both],
                value=areas.texts[position][both],
                row=row,
            )
            continue
        sex = blocks[0]
        total = one.totals[sex]
        # Where exactly one column is off among the sexes as well, its cell is the damaged one.
        column = cells[0][("all", "male", "female").index(sex)] if len(cells) == 1 else total
        note(
            Message(
                "The ages sum to {parts} people, the total says {own}.",
                parts=int(counts[position, list(one.ages.get(sex) or one.used)].sum()),
                own=int(counts[position, total]),
            ),
            Message("The row is damaged: fetch the register again."),
            column=header[column],
            value=areas.texts[position][column],
            row=row,
        )


def check_area_sums(
    areas: Areas, people: np.ndarray, damaged_row: int | None, faults: Faults, planned: Planned
) -> None:
    """Note counties whose townships, and provinces whose counties, do not sum to their own row."""
    names = areas.names
    own = dict(zip(names, (int(count) for count in people), strict=True))
    sums: dict[str, int] = {}
    for code, count in own.items():
        if code[5:] != "00000":
            sums[code[:5]] = sums.get(code[:5], 0) + count
    counties = {code: own[code] for code in names if code[5:] == "00000" and code[2:5] != "000"}
    cities = {
        code
        for code in counties
        if any(names[other].startswith(f"{names[code]} ") for other in counties)
    }
    for code, count in counties.items():
        parts = sums.get(code[:5], 0)
        if code in cities or parts == count:
            continue
        note = faults.add if planned(code, names[code]) else faults.remark
        note(
            Message(
                "The rows of its townships sum to {parts} people, its own row says {own}.",
                parts=parts,
                own=count,
            ),
            Message("Rows are missing or repeated: fetch the register again."),
            row=areas.numbers[code],
            column=NAME,
            value=areas.shown(code),
        )
    for county in sums if counties else ():
        if f"{county}00000" in counties:
            continue
        example = next(code for code in names if code[:5] == county)
        note = faults.add if planned(example, names[example]) else faults.remark
        note(
            Message("The row of the county itself is missing."),
            Message("Rows are missing: fetch the register again."),
            row=damaged_row or areas.numbers[example],
            column=NAME,
            value=" ".join(names[example].split()[:-1]),
        )
    _check_provinces(areas, own, {**_leaves(counties, cities), **_ownless(sums, counties)}, faults)


def _leaves(counties: dict[str, int], cities: set[str]) -> dict[str, int]:
    return {code[:5]: count for code, count in counties.items() if code not in cities}


def _ownless(sums: dict[str, int], counties: dict[str, int]) -> dict[str, int]:
    return {county: count for county, count in sums.items() if f"{county}00000" not in counties}


def _check_provinces(
    areas: Areas, own: dict[str, int], counties: dict[str, int], faults: Faults
) -> None:
    """Remark on provinces, and a nation, that say more or less than their parts.

    Planned counties have been checked by themselves, so nothing here need stop the reading.
    """
    provinces = {code: own[code] for code in own if code[2:] == "0" * 8 and code[:2] != "00"}
    whole = {"00" + "0" * 8: sum(provinces.values())} if provinces else {}
    parts = {
        code: sum(count for county, count in counties.items() if county[:2] == code[:2])
        for code in provinces
    } | {code: count for code, count in whole.items() if code in own}
    for code, count in parts.items():
        # A file of some counties of a province is an excerpt on purpose only if it is undamaged.
        if own[code] == count or (count == 0 and not counties):
            continue
        faults.remark(
            Message(
                "The rows of its parts sum to {parts} people, its own row says {own}.",
                parts=count,
                own=own[code],
            ),
            Message(
                "Rows of other counties are missing or damaged; the planned ones are whole. Fetch "
                "the register again if the results are to be compared with other counties."
            ),
            row=areas.numbers[code],
            column=NAME,
            value=areas.shown(code),
        )
