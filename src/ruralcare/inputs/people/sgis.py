"""People in the census output of SGIS (통계지리정보서비스).

Lines ``year^adm_cd^item^value`` without a header. Items are ``in_age_001`` to ``021`` for five-year
groups of both sexes, ``031`` to ``051`` for men and ``061`` to ``081`` for women; ``adm_cd`` is the
code of the statistics office with 7 or 8 digits, or that of an output area (집계구), which is six
digits longer. Small numbers are hidden as ``N/A``.
"""

from __future__ import annotations

import re
from typing import Final

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.ages import Ages
from ruralcare.inputs.people.cells import Cells
from ruralcare.inputs.people.counts import Count, Key, people_of, registers_from
from ruralcare.inputs.people.register import Register
from ruralcare.language import Message
from ruralcare.types import AGE_GROUPS

__all__ = ["is_sgis", "sgis_registers"]

_HIDDEN: Final = {"n/a", "na", "x", "*"}
_ITEM: Final = re.compile(r"^in_age_(\d{3})$")
_CODE: Final = re.compile(r"^\d{5}$|^\d{7,8}$|^\d{13,14}$")
_OUTPUT_AREA_DIGITS: Final = 6


def is_sgis(cells: Cells) -> bool:
    """Return whether the rows are census output of SGIS."""
    first = cells.rows[0]
    return (
        len(first) == 4
        and re.fullmatch(r"\d{4}", first[0]) is not None
        and _CODE.match(first[1]) is not None
        and re.fullmatch(r"[a-z_]+\d{3}", first[2]) is not None
    )


def sgis_registers(cells: Cells, faults: Faults) -> tuple[Register, ...]:
    """Return the people of every year of census output, earliest first.

    Raises
    ------
    InputError
        Lines cannot be read, or there are no numbers by age.
    """
    counts: dict[Key, Count] = {}
    seen: dict[tuple[str, str, str], int] = {}
    hidden: list[Key] = []
    for number, row in zip(cells.numbers, cells.rows, strict=True):
        if len(row) != 4 or not re.fullmatch(r"\d{4}", row[0]) or not _CODE.match(row[1]):
            faults.add(
                Message("This is not a line of census output (year^adm_cd^item^value)."),
                Message("The file may be cut off or damaged: fetch it again."),
                row=number,
                value="^".join(row),
            )
            continue
        item = _ITEM.match(row[2])
        span = None if item is None else _sgis_ages(int(item[1]))
        if span is None or len(row[1]) == 5:
            continue
        first = seen.setdefault((row[0], row[1], row[2]), number)
        if first != number:
            faults.add(
                Message("The same people are already in row {row}.", row=str(first)),
                Message("Remove the repeated row."),
                row=number,
                value="^".join(row),
            )
            continue
        code = row[1] if len(row[1]) <= 8 else row[1][:-_OUTPUT_AREA_DIGITS]
        key = (code, (int(row[0]), None), *span)
        if row[3].lower() in _HIDDEN:
            hidden.append(key)
            continue
        persons = people_of(row[3], number, "value", faults)
        before = counts[key].persons if key in counts else 0
        counts[key] = Count(*key, before + (persons or 0), number, "value")
    faults.raise_if_any()
    if not counts:
        raise faults.stop(
            Message("The census output has no people by age (in_age_001 to in_age_081)."),
            Message("Order the table 성연령별 인구 from SGIS."),
        )
    if hidden:
        faults.remark(
            Message("{count} numbers are hidden (N/A) because they are small.", count=len(hidden)),
            Message("They are counted as nobody; the resident register has all people."),
        )
    names = {one.area: "" for one in counts.values()}
    form = "SGIS census output"
    return registers_from(list(counts.values()), names, "kostat", form, faults, set(hidden))


def _sgis_ages(item: int) -> tuple[str, Ages] | None:
    for first, sex in ((1, "all"), (31, "male"), (61, "female")):
        if first <= item < first + len(AGE_GROUPS):
            start = (item - first) * 5
            return sex, Ages(start, None if start >= 100 else start + 4)
    return None
