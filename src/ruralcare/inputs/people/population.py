"""People of the townships, by year, sex and age."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.areas.townships import read_townships
from ruralcare.inputs.codes import read_code_book
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.ages import even_parts, is_wide, split_wide
from ruralcare.inputs.people.cells import Cells, read_sheets, tell_unread
from ruralcare.inputs.people.demand_points import demand_points
from ruralcare.inputs.people.joining import join, planned_areas
from ruralcare.inputs.people.long_tables import ACCEPTED, is_long, long_registers
from ruralcare.inputs.people.register import Register, registers_of
from ruralcare.inputs.people.register_checks import Planned
from ruralcare.inputs.people.register_columns import find_header, last_of_year, tells_ages
from ruralcare.inputs.people.sexes import split_sexes
from ruralcare.inputs.people.sgis import is_sgis, sgis_registers
from ruralcare.language import Message
from ruralcare.scenario import AssumedPopulation, Scenario
from ruralcare.settings import Settings
from ruralcare.types import Population, Reading, Townships

__all__ = ["read_population"]

_COLUMNS = ["township_id", "year", "sex", "age_group", "persons"]


def read_population(
    scenario: Scenario,
    townships: Townships | None = None,
    settings: Settings | None = None,
) -> Population:
    """Read the people of every township, by year, sex and age, and their demand points.

    Parameters
    ----------
    townships : Townships, optional
        Read from the scenario if not given.
    settings : Settings, optional
        Cache folder for downloads of roads, where demand points follow them.

    Raises
    ------
    InputError
        A file cannot be used, or a township has no people in it; every fault is listed.
    """
    towns = townships if townships is not None else read_townships(scenario)
    faults: list[Fault] = []
    readings: list[Reading] = []
    people = points = None
    try:
        people = _people(scenario, towns)
        readings.extend(people.readings)
    except InputError as error:
        faults.extend(error.faults)
        readings.extend(error.readings)
    try:
        totals = people.totals() if people is not None else None
        points = demand_points(scenario, towns, settings, totals)
        readings.extend(points.readings)
    except InputError as error:
        faults.extend(error.faults)
        readings.extend(error.readings)
    if people is None or points is None:
        raise InputError(faults, readings)
    return Population(
        people.frame,
        points,
        people.as_of,
        scenario.population.assumed is not None,
        people.notes,
        people.readings,
    )


@dataclass(frozen=True)
class _People:
    """What the files of a scenario say of its people."""

    frame: pd.DataFrame
    as_of: dict[int, str]
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def totals(self) -> pd.Series:
        """Return people of each township in the latest year."""
        latest = self.frame[self.frame["year"] == max(self.as_of)]
        return latest.groupby("township_id")["persons"].sum()


def _people(scenario: Scenario, towns: Townships) -> _People:
    if scenario.population.assumed is not None:
        assumed = scenario.population.assumed
        frame = _assumed(assumed, towns, scenario.path.name)
        return _People(frame, {assumed.year: str(assumed.year)})
    book = read_code_book(scenario)
    planned = planned_areas(towns, book)
    parts: dict[int, pd.DataFrame] = {}
    as_of: dict[int, str] = {}
    readings: list[Reading] = []
    found: list[Fault] = []
    files: dict[int, str] = {}
    for file in scenario.population.files:
        faults = Faults(scenario.label(file))
        try:
            registers = _registers(scenario, file, faults, planned)
            used = 0
            for register in registers:
                if register.year in as_of:
                    faults.add(
                        Message(
                            "Another register of the scenario is of the same year, {year}.",
                            year=str(register.year),
                        ),
                        Message("Keep one register per year."),
                        column="population.files",
                    )
                rows, count = join(register, towns, scenario, book, faults)
                used += count
                as_of[register.year] = register.as_of
                parts[register.year] = rows
                files[register.year] = file.name
            faults.raise_if_any()
        except InputError as error:
            found.extend(error.faults)
            continue
        readings.append(
            faults.reading(
                Message("Population by age"),
                registers[0].form,
                rows=sum(register.rows for register in registers),
                used=used,
                as_of=", ".join(register.as_of for register in registers),
            )
        )
    if found:
        raise InputError(found, readings)
    notes = (*_split(parts, files), *split_sexes(parts))
    frame = pd.concat([part.assign(year=year) for year, part in parts.items()], ignore_index=True)
    frame = frame[_COLUMNS].sort_values(_COLUMNS[:4], ignore_index=True)
    return _People(frame, as_of, notes, tuple(readings))


def _registers(
    scenario: Scenario, file: Path, faults: Faults, planned: Planned
) -> tuple[Register, ...]:
    """Read a file of people, all its sheets that hold any; of a year, the last month."""
    path = scenario.resolve(file)
    sheets = read_sheets(path, faults, salvage=True)
    chosen = [one for one in sheets if _tells_people(one)]
    if not chosen:
        chosen = [max(sheets, key=lambda one: len(one.rows))]
    tell_unread([one for one in sheets if not any(one is other for other in chosen)], faults)
    if len(chosen) == 1:
        return _sheet(chosen[0], path, faults, planned)
    found: dict[tuple[int, int | None], Register] = {}
    for cells in chosen:
        # Rows are counted in each sheet: a fault must tell in which.
        own = Faults(f"{file.name} [{cells.sheet}]")
        try:
            registers = _sheet(cells, path, own, planned)
        except InputError as error:
            faults.found.extend(error.faults)
            continue
        finally:
            faults.remarks.extend(own.remarks)
        for one in registers:
            if found.setdefault((one.year, one.month), one) is not one:
                own.add(
                    Message("Another sheet of the workbook is of the same date."),
                    Message("Keep one sheet for each date, or put all its rows on one sheet."),
                    value=one.as_of,
                )
        faults.found.extend(own.found)
    faults.raise_if_any()
    last = last_of_year(found)
    if len(last) < len(found):
        faults.remark(
            Message("The file has several months of a year; the last of each year is used."),
            Message("Nothing need be done."),
        )
    return tuple(found[date] for _, date in sorted(last.items()))


def _tells_people(cells: Cells) -> bool:
    return is_sgis(cells) or tells_ages(cells.rows) or is_long(cells)


def _sheet(cells: Cells, path: Path, faults: Faults, planned: Planned) -> tuple[Register, ...]:
    """Read a table of people, whichever kind its content shows it to be."""
    if is_sgis(cells):
        return sgis_registers(cells, faults)
    if find_header(cells.rows) is not None:
        return registers_of(cells, path, faults, planned)
    if is_long(cells):
        return long_registers(cells, path.name, faults)
    raise faults.stop(
        Message("This is no table of people by township, year and age."),
        ACCEPTED,
        row=cells.numbers[0],
        value=", ".join(cells.rows[0])[:300],
    )


def _split(parts: dict[int, pd.DataFrame], files: dict[int, str]) -> tuple[Message, ...]:
    """Split age groups that are wider than five years, in place, and say how."""
    wide = {
        year: sorted({group for group in part["age_group"] if is_wide(group)})
        for year, part in parts.items()
    }
    fine = {year: part for year, part in parts.items() if not wide[year]}
    notes = []
    for year, groups in wide.items():
        if not groups:
            continue
        model = min(fine, key=lambda other: abs(other - year), default=None)
        oldest = groups[-1]
        if model is None and oldest.endswith("+"):
            raise Faults(files[year]).stop(
                Message("The oldest age group, {group}, is too wide to be used.", group=oldest),
                Message(
                    "Give a table with ages to 100 and over, or add a register with five-year age "
                    "groups to the scenario: it tells how to split the group."
                ),
                value=oldest,
            )
        parts[year] = split_wide(parts[year], fine.get(model) if model is not None else None)
        names = ", ".join(groups)
        notes.append(
            Message(
                "The people of {year} come in wide age groups ({groups}); within these, five-year "
                "groups are estimated in the proportions of {model}.",
                year=str(year),
                groups=names,
                model=str(model),
            )
            if model is not None
            else Message(
                "The people of {year} come in wide age groups ({groups}); within these, five-year "
                "groups are estimated as equal parts.",
                year=str(year),
                groups=names,
            )
        )
    return tuple(notes)


def _assumed(assumed: AssumedPopulation, towns: Townships, file: str) -> pd.DataFrame:
    faults = Faults(file)
    by_name = {name: township for township, name in towns.frame["name"].items()}
    persons: dict[str, int] = {}
    for key, count in assumed.persons.items():
        township = key if key in towns.frame.index else by_name.get(key)
        if township is None:
            faults.add(
                Message("No township of the boundaries has this name or id."),
                Message("Choose one of: {known}.", known=", ".join(sorted(by_name))),
                column="population.assumed.persons",
                value=key,
            )
            continue
        persons[township] = count
    for township, name in towns.frame["name"].items():
        if persons.get(township, 0) == 0:
            faults.add(
                Message(
                    "The scenario assumes no people for the township {name} ({id}).",
                    name=name,
                    id=township,
                ),
                Message("Add it under population.assumed.persons."),
                column="population.assumed.persons",
                value=name,
            )
    faults.raise_if_any()
    keys = [
        (group, sex, share * of_sex)
        for group, share in assumed.age_shares.items()
        for sex, of_sex in (("female", assumed.female_share), ("male", 1 - assumed.female_share))
    ]
    rows = []
    for township, count in sorted(persons.items()):
        whole = even_parts(count, [share for _, _, share in keys])
        rows += [
            (township, assumed.year, sex, group, part)
            for (group, sex, _), part in zip(keys, whole, strict=True)
        ]
    columns = ["township_id", "year", "sex", "age_group", "persons"]
    return pd.DataFrame(rows, columns=columns)
