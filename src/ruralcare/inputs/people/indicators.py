"""Figures of counties and townships that no register holds: migration, day-time people, births."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.codes import CodeBook, read_code_book
from ruralcare.inputs.files import Faults, Row, Table, number, read_table
from ruralcare.inputs.people.county_finder import CountyFinder
from ruralcare.inputs.people.designations import in_areas, read_designations
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading, Townships

__all__ = ["FIGURES", "AreaFigures", "read_indicators"]

FIGURES: Final = (
    "youth_net_migration_share",
    "daytime_population",
    "births_per_1000",
    "fiscal_independence_share",
)
"""Columns of a table of figures."""

_KEYS: Final = ("township_id", "sigungu")
_LEAST_SHARE: Final = {"youth_net_migration_share": -1.0, "fiscal_independence_share": 0.0}
_MOST_BIRTHS: Final = 100.0
# Beyond these a figure is possible, but more likely in another unit.
_USUAL_MIGRATION: Final = 0.3
_USUAL_BIRTHS: Final = 0.1
_USUAL_PERSONS: Final = 200.0
_NAMES_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class AreaFigures:
    """What is known of townships beyond their registers.

    Parameters
    ----------
    frame : DataFrame
        Index ``township_id``, all townships. With ``need.indicators_file``: the columns of
        :data:`FIGURES` (``NA`` where not given; those of a county stand at each of its townships)
        and ``daytime_area``, for whom ``daytime_population`` is told: the township itself, or the
        ``sigungu_id`` of counties joined by ``+``. With ``need.designated_file``: ``designated``
        and ``designated_on``.
    readings : tuple of Reading
        What was read from which file.
    """

    frame: pd.DataFrame
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class _Area:
    """A row that speaks about planned townships."""

    row: Row
    key: str
    towns: tuple[str, ...]
    counties: tuple[str, ...]

    @property
    def rank(self) -> int:
        """Place in the order in which rows hold: a township, a county, a city of several wards."""
        return len(self.counties)


def read_indicators(scenario: Scenario, townships: Townships) -> AreaFigures:
    """Read ``need.indicators_file`` and ``need.designated_file`` of a scenario.

    A row names a township (``township_id``) or a county (``sigungu``: code of any date, name, or
    province and name); a row of a township holds before that of its county, cell by cell. Rows
    that name areas outside the planned counties are left out, so a national table can be given.

    Parameters
    ----------
    townships : Townships
        The planned townships.

    Raises
    ------
    InputError
        A file cannot be used; the faults of both are listed.
    """
    book = read_code_book(scenario)
    frame = pd.DataFrame(index=townships.frame.index)
    readings: list[Reading] = []
    found: list[Fault] = []
    file = scenario.need.indicators_file
    if file is not None:
        faults = Faults(scenario.label(file))
        try:
            table = read_table(scenario.resolve(file), faults)
            given, used = _figures(table, townships, book, faults)
            faults.raise_if_any()
            frame = frame.join(given)
            subject = Message("Figures of counties and townships")
            readings.append(faults.reading(subject, "plain table", rows=len(table.rows), used=used))
        except InputError as error:
            found.extend(error.faults)
    try:
        designations = read_designations(scenario)
        if designations is not None:
            frame = frame.join(in_areas(townships, designations[0], book))
            readings.append(designations[1])
    except InputError as error:
        found.extend(error.faults)
    if found:
        raise InputError(found, readings)
    return AreaFigures(frame.rename_axis("township_id"), tuple(readings))


def _figures(
    table: Table, townships: Townships, book: CodeBook, faults: Faults
) -> tuple[pd.DataFrame, int]:
    """Return the figures of every township, and how many rows they come from."""
    columns = _columns(table, faults)
    finder = CountyFinder(townships, book)
    areas, strangers = _areas(table, townships, finder, book, faults)
    given: dict[str, dict[str, float | None]] = {
        column: dict.fromkeys(townships.frame.index) for column in columns
    }
    daytime: dict[str, str | None] = dict.fromkeys(townships.frame.index)
    cells = {area.row.number: _cells(area, columns, faults) for area in areas}
    # What holds comes last.
    for area in sorted(areas, key=lambda one: -one.rank):
        for column, value in cells[area.row.number].items():
            if value is None:
                continue
            for town in area.towns:
                given[column][town] = value
                if column == "daytime_population":
                    daytime[town] = area.key
    if not areas and not faults.found:
        faults.add(
            Message("No row of the table names a planned county or township."),
            Message("Write the name of the county, or the first five digits of its code."),
            column=next(column for column in _KEYS if column in table.header),
            value=", ".join(strangers[:_NAMES_SHOWN]) or None,
        )
    elif areas:
        _tell_lacking(areas, strangers, finder, townships, faults)
    frame = pd.DataFrame(index=townships.frame.index)
    for column in FIGURES:
        values = given.get(column, {})
        frame[column] = pd.array([values.get(town) for town in frame.index], dtype="Float64")
    frame["daytime_area"] = pd.array([daytime[town] for town in frame.index], dtype="string")
    return frame, len(areas)


def _columns(table: Table, faults: Faults) -> list[str]:
    """Return the figures that the table has."""
    shown = ", ".join(table.header)[:300]
    if not set(_KEYS) & set(table.header):
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns="sigungu, township_id"),
            Message("One of them is enough. The columns found are: {columns}.", columns=shown),
            row=1,
        )
    columns: list[str] = [column for column in FIGURES if column in table.header]
    if not columns:
        raise faults.stop(
            Message("The table has none of the columns {columns}.", columns=", ".join(FIGURES)),
            Message("The columns found are: {columns}.", columns=shown),
            row=1,
        )
    for name in table.header:
        near = difflib.get_close_matches(name, FIGURES, n=1, cutoff=0.8)
        if name not in FIGURES and near and near[0] not in columns:
            faults.remark(
                Message("The column is not known and not used."),
                Message("Did you mean “{key}”?", key=near[0]),
                row=1,
                column=name,
            )
    return columns


def _areas(
    table: Table, townships: Townships, finder: CountyFinder, book: CodeBook, faults: Faults
) -> tuple[list[_Area], list[str]]:
    """Return the rows about planned townships, and the names of the other rows."""
    towns_of: dict[str, list[str]] = {}
    for town, county in townships.frame["sigungu_id"].items():
        towns_of.setdefault(str(county), []).append(str(town))
    areas: list[_Area] = []
    strangers: list[str] = []
    first_rows: dict[str, int] = {}
    for row in table:
        named = next((key for key in _KEYS if row[key]), None)
        if named is None:
            faults.add(
                Message("The code is missing."),
                Message("Fill the cell: rows are told apart by it."),
                row=row.number,
                column=next(column for column in _KEYS if column in table.header),
            )
            continue
        text = row[named]
        if named == "township_id":
            area = _township(row, text, townships, finder, book, faults)
        else:
            area = _county(row, text, towns_of, finder, faults)
        if area is None:
            strangers.append(text)
            continue
        first = first_rows.setdefault(area.key, row.number)
        if first != row.number:
            faults.add(
                Message("The same area is already in row {row}.", row=str(first)),
                Message(
                    "Keep one row for each area; where counties of two provinces have the same "
                    "name, write the province before it."
                ),
                row=row.number,
                column=named,
                value=text,
            )
            continue
        if area.towns:
            areas.append(area)
    return areas, strangers


def _township(
    row: Row,
    text: str,
    townships: Townships,
    finder: CountyFinder,
    book: CodeBook,
    faults: Faults,
) -> _Area | None:
    index = townships.frame.index
    code = text if text in index else book.at(text, townships.as_of)
    if code in index:
        return _Area(row, code, (code,), ())
    if finder.by_code(code[:5]):
        faults.add(
            Message("The planned counties have no township with this code."),
            Message("Correct the code, or use one of the date of the boundaries."),
            row=row.number,
            column="township_id",
            value=text,
        )
        return _Area(row, code, (), ())
    return None


def _county(
    row: Row, text: str, towns_of: dict[str, list[str]], finder: CountyFinder, faults: Faults
) -> _Area | None:
    own = (text,) if text in finder.names else ()
    counties = own or finder.by_code(text) or finder.by_name(text)
    names = {finder.names[county] for county in counties}
    if len(counties) > 1 and len(names) == 1:
        faults.add(
            Message("More than one county has this name: {names}.", names=", ".join(counties)),
            Message("Write the code of the county, or the province before its name."),
            row=row.number,
            column="sigungu",
            value=text,
        )
        return _Area(row, f"{text} ({row.number})", (), counties)
    if not counties:
        return None
    towns = tuple(town for county in counties for town in towns_of[county])
    return _Area(row, "+".join(sorted(counties)), towns, counties)


def _cells(area: _Area, columns: Iterable[str], faults: Faults) -> dict[str, float | None]:
    return {column: _value(area, column, faults) for column in columns}


def _value(area: _Area, column: str, faults: Faults) -> float | None:
    row = area.row
    if column in _LEAST_SHARE:
        return _share(row, column, faults)
    if column == "births_per_1000":
        value = number(row, column, faults, least=0, most=_MOST_BIRTHS)
        doubtful = value is not None and 0 < value < _USUAL_BIRTHS
        wanted = Message("Births in a year for each 1,000 people are wanted, such as 4.2.")
    else:
        value = number(row, column, faults, least=0)
        doubtful = value is not None and bool(area.counties) and value < _USUAL_PERSONS
        wanted = Message("The number of people who are there by day is wanted, such as 61,240.")
    if doubtful:
        faults.remark(
            Message("The figure is unusually small."),
            wanted,
            row=row.number,
            column=column,
            value=row[column],
        )
    return value


def _share(row: Row, column: str, faults: Faults) -> float | None:
    """Return a share; a per cent is a fault."""
    text = row[column]
    plain = Row(row.number, {column: text.removesuffix("%").rstrip()})
    per_cent = text.endswith("%")
    value = number(plain, column, faults)
    if value is None:
        return None
    least = _LEAST_SHARE[column]
    if per_cent or value > 1 or value < -1:
        faults.add(
            Message("This is a per cent; a share from {least} to 1 is wanted.", least=least),
            Message("Divide by 100: write 0.089 for 8.9 %."),
            row=row.number,
            column=column,
            value=text,
        )
        return None
    if value < least:
        return number(row, column, faults, least=least)
    if column == "youth_net_migration_share" and abs(value) > _USUAL_MIGRATION:
        faults.remark(
            Message("More than three of ten young people moved in a year."),
            Message("Check that it is a share and no per cent: -0.012 stands for -1.2 %."),
            row=row.number,
            column=column,
            value=text,
        )
    return value


def _tell_lacking(
    areas: list[_Area],
    strangers: list[str],
    finder: CountyFinder,
    townships: Townships,
    faults: Faults,
) -> None:
    """Remark planned counties of which the table says nothing."""
    told = {town for area in areas for town in area.towns}
    counties = townships.frame["sigungu_id"]
    told_counties = {str(counties[town]) for town in told}
    for county, name in finder.names.items():
        if county in told_counties:
            continue
        near = difflib.get_close_matches(name, strangers, n=1, cutoff=0.6)
        faults.remark(
            Message("The table has no row for the county {name}.", name=name or county),
            Message("Is it the row “{name}”? Write its code.", name=near[0])
            if near
            else Message("Add a row, or do without: its composite index then rests on fewer."),
            value=county,
        )
