"""From single numbers of people, whatever table they stood in, to registers."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import pandas as pd

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.ages import TOTAL, UNKNOWN, Ages, tiling
from ruralcare.inputs.people.register import Register
from ruralcare.inputs.people.register_columns import last_of_year
from ruralcare.language import Message

__all__ = ["Count", "Key", "people_of", "registers_from"]

Key = tuple[str, tuple[int, int | None], str, Ages]
"""Area, date, sex and ages of a number of people."""

# More people than this are a damaged cell.
_MOST = 1_000_000_000


@dataclass(frozen=True)
class Count:
    """One number of people, and of whom."""

    area: str
    date: tuple[int, int | None]
    sex: str
    ages: Ages
    persons: int
    row: int
    column: str


def people_of(text: str, number: int, column: str, faults: Faults) -> int | None:
    """Return a cell as a number of people, or None with a fault noted."""
    plain = text.replace(",", "")
    if plain in ("", "-"):
        # KOSIS writes "-" where nobody is counted.
        return 0
    try:
        value = float(plain)
    except ValueError:
        value = -1.0
    if not 0 <= value < _MOST or value != int(value):
        faults.add(
            Message("This must be a number of people."),
            Message("The file may be cut off or damaged: fetch it again."),
            row=number,
            column=column,
            value=text,
        )
        return None
    return int(value)


def registers_from(
    counts: list[Count],
    names: dict[str, str],
    codes: str,
    form: str,
    faults: Faults,
    hidden: Set[Key] = frozenset(),
) -> tuple[Register, ...]:
    """Return the people of every date, earliest first; of a year, the last month.

    Parameters
    ----------
    names : dict of str to str
        Full name of each township, by its id in the file.
    codes : str
        What the ids are, as :attr:`Register.codes`.
    hidden : set
        Area, date, sex and ages of the numbers that hide people: they are compared with nothing.

    Raises
    ------
    InputError
        People are counted twice, ages are missing, or totals differ from their parts.
    """
    if not names:
        raise faults.stop(
            Message("The file has no rows of townships."),
            Message("Export the table with all levels down to 읍면동."),
        )
    dates = {one.date for one in counts}
    last = last_of_year(dates)
    if len(last) < len(dates):
        faults.remark(
            Message("The file has several months of a year; the last of each year is used."),
            Message("Nothing need be done."),
        )
    found = []
    for _, (year, month) in sorted(last.items()):
        of_date = [one for one in counts if one.date == (year, month)]
        frame = _frame(of_date, hidden, faults)
        faults.raise_if_any()
        people = frame.groupby("township_id")["persons"].sum()
        found.append(
            Register(
                frame,
                {area: names[area] for area in people.index},
                year,
                month,
                {},
                len(people),
                form,
                codes,
                empty=tuple(people.index[people == 0]),
            )
        )
    return tuple(found)


def _frame(counts: list[Count], hidden: Set[Key], faults: Faults) -> pd.DataFrame:
    """Return the people of one date, every one of them counted once."""
    by_key: dict[tuple[str, str, Ages], Count] = {}
    for one in counts:
        key = (one.area, one.sex, one.ages)
        other = by_key.setdefault(key, one)
        if other is not one and other.row != one.row:
            faults.add(
                Message("The same people are already in row {row}.", row=str(other.row)),
                Message("Remove the repeated row."),
                row=one.row,
                column=one.column,
                value=one.area,
            )
    faults.raise_if_any()
    sexes = {sex for _, sex, _ in by_key}
    apart = {"male", "female"} <= sexes
    if not apart and "all" not in sexes:
        raise faults.stop(
            Message("The table has the people of one sex only."),
            Message("Export the register with both sexes (계, 남, 여)."),
        )
    tiles, missing = tiling(ages for _, _, ages in by_key)
    cut = [one for one in tiles if one.group is None]
    if missing is not None or cut:
        raise faults.stop(
            Message("The age groups cut five-year groups, or ages are missing."),
            Message("Export the register with five-year age groups (5세 단위), all ages."),
            value=cut[0].name if cut else str(missing),
        )
    chosen = ("male", "female") if apart else ("all",)
    finest = set(tiles)
    _compare(by_key, tiles, chosen, hidden, faults)
    lost = [one.persons for key, one in by_key.items() if key[1] in chosen and key[2] is UNKNOWN]
    if sum(lost):
        faults.remark(
            Message("{count} people of unknown age are in no age group.", count=sum(lost)),
            Message("They are left out; the resident register knows every age."),
        )
    rows = [
        (area, sex, ages.group, one.persons)
        for (area, sex, ages), one in by_key.items()
        if sex in chosen and ages in finest
    ]
    frame = pd.DataFrame(rows, columns=["township_id", "sex", "age_group", "persons"])
    return frame.groupby(["township_id", "sex", "age_group"], as_index=False, sort=True).sum()


def _compare(
    by_key: dict[tuple[str, str, Ages], Count],
    tiles: list[Ages],
    chosen: tuple[str, ...],
    hidden: Set[Key],
    faults: Faults,
) -> None:
    """Note totals by age or sex that differ from their parts; one fault for each township."""
    told: set[str] = set()
    for (area, sex, ages), one in by_key.items():
        if area in told:
            continue
        if ages is TOTAL:
            keys = [(area, sex, tile) for tile in tiles]
        elif sex == "all" and len(chosen) == 2:
            keys = [(area, other, ages) for other in chosen]
        else:
            continue
        if any((area, one.date, *key[1:]) in hidden for key in ((area, sex, ages), *keys)):
            continue
        known = [by_key[key].persons for key in keys if key in by_key]
        ageless = by_key.get((area, sex, UNKNOWN)) if ages is TOTAL else None
        # A total may or may not hold those whose age is not known.
        fits = {sum(known), sum(known) + (ageless.persons if ageless is not None else 0)}
        if not known or one.persons in fits:
            continue
        told.add(area)
        faults.add(
            Message(
                "The parts sum to {parts} people, the total says {own}.",
                parts=sum(known),
                own=one.persons,
            ),
            Message("A row is missing or damaged: fetch the table again."),
            row=one.row,
            column=one.column,
            value=str(one.persons),
        )
