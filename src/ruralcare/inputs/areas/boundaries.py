"""Township boundaries as their publishers issue them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.areas.area_files import crs_name, read_area_file
from ruralcare.inputs.areas.counties import planned
from ruralcare.inputs.areas.crosswalk import Crosswalk, read_crosswalk
from ruralcare.inputs.areas.osm_areas import read_osm_areas
from ruralcare.inputs.areas.placement import check_place, check_provinces, is_korean
from ruralcare.inputs.areas.repairs import Flaw, repaired, seams
from ruralcare.inputs.areas.township_codes import named_areas
from ruralcare.inputs.codes import CodeBook, last_day, read_code_book
from ruralcare.inputs.files import Faults
from ruralcare.inputs.reach import REACH_KM
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading
from ruralcare.units import metres

__all__ = ["Boundaries", "read_boundaries"]

_CROSSED: Final = ("code", "name", "earlier name")
_NAMES_SHOWN: Final = 5
_KEPT: Final = ["name", "sigungu_id", "sigungu_name", "seat", "geometry"]


@dataclass(frozen=True)
class Boundaries:
    """The areas of a scenario.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ``township_id``; ``name``, ``sigungu_id``, ``sigungu_name``, ``seat`` (point or
        None), valid polygons in the CRS of the scenario, sorted by id; ``closed_km`` where a
        border was made up.
    around : GeoDataFrame or None
        The same for townships of other counties, as far off as roads are read.
    readings : tuple of Reading
        One for each file, and one for the crosswalk.
    """

    frame: gpd.GeoDataFrame
    around: gpd.GeoDataFrame | None
    readings: tuple[Reading, ...]


@dataclass
class _Part:
    """The areas of one file: ``row``, ``township_id``, ``name``, county, geometry or None."""

    frame: gpd.GeoDataFrame
    faults: Faults
    form: str
    crs: str
    rows: int
    id_column: str = ""
    flaws: list[Flaw] = field(default_factory=list)


def read_boundaries(scenario: Scenario) -> Boundaries:
    """Read, check and select the township boundaries of a scenario.

    Ids are the codes that were in force on ``townships.as_of``.

    Raises
    ------
    InputError
        A file cannot be used; every fault found is listed.
    """
    book = read_code_book(scenario)
    file = scenario.townships.crosswalk
    crosswalk = None if file is None else read_crosswalk(scenario.resolve(file), file)
    parts: list[_Part] = []
    wrong = _wrong_date(scenario)
    for file in scenario.townships.files:
        try:
            parts.append(_read_part(scenario, file, crosswalk, book))
        except InputError as error:
            wrong += error.faults
    if wrong:
        raise InputError(wrong)
    for number, part in enumerate(parts):
        part.frame["part"] = number
    frame = gpd.GeoDataFrame(
        pd.concat([part.frame for part in parts], ignore_index=True), crs=scenario.crs
    )
    chosen = planned(frame, scenario, book)
    _check_crossed(frame[chosen], parts)
    _check_flaws(frame[chosen], parts)
    drawn = frame.geometry.notna().to_numpy()
    frame, chosen = frame[drawn].reset_index(drop=True), chosen[drawn]
    own = _one_each(frame[chosen], parts)
    others = frame[~chosen & ~frame["township_id"].isin(own["township_id"])]
    around = _around(own, others.drop_duplicates("township_id"))
    _tell_seams(own, others, parts)
    readings = [
        part.faults.reading(
            Message("Township boundaries"),
            part.form,
            rows=part.rows,
            used=int((chosen & (frame["part"] == number)).sum()),
            crs=part.crs,
        )
        for number, part in enumerate(parts)
    ]
    if crosswalk is not None:
        readings.append(crosswalk.reading(int(frame["how"].isin(_CROSSED).sum())))
    return Boundaries(_table(own), None if around is None else _table(around), tuple(readings))


def _wrong_date(scenario: Scenario) -> list[Fault]:
    """Return the fault of a date that cannot tell which codes of the ministry were in force."""
    as_of = scenario.townships.as_of
    osm = all(_is_osm(file) for file in scenario.townships.files)
    if osm or not is_korean(scenario.crs) or last_day(as_of) is not None:
        return []
    return [
        Fault(
            Message("This is not a date."),
            Message("Write the date of the boundaries as year, year-month or day: 2023-10-31."),
            scenario.path.name,
            column="townships.as_of",
            value=as_of,
        )
    ]


def _is_osm(file: Path) -> bool:
    return file.name.lower().endswith((".osm.pbf", ".osm", ".osm.gz"))


def _table(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return areas under the columns that pass to other modules."""
    columns = _KEPT + (["closed_km"] if "closed_km" in frame else [])
    return frame.set_index("township_id").sort_index()[columns]


def _read_part(
    scenario: Scenario, file: Path, crosswalk: Crosswalk | None, book: CodeBook
) -> _Part:
    path, faults = scenario.resolve(file), Faults(scenario.label(file))
    if _is_osm(path):
        found, rows = read_osm_areas(path, scenario, faults)
        areas = found.reset_index().assign(row=0, given="", how="", province="")
        return _Part(areas, faults, "OpenStreetMap", "EPSG:4326", rows)
    raw, form = read_area_file(path, scenario.townships.crs, faults)
    check_place(raw, scenario.crs, faults)
    korean = is_korean(scenario.crs)
    table, id_column = named_areas(raw, faults, crosswalk, book.earlier_names(), korean=korean)
    check_provinces(raw, table["township_id"], faults)
    shapes, flaws = repaired(raw, scenario.crs)
    if shapes.isna().all():
        raise faults.stop(
            Message("The file holds no areas."),
            Message("Give a file with a polygon for each township."),
        )
    if korean:
        as_of = scenario.townships.as_of
        for column, digits in (("township_id", 10), ("sigungu_id", 5)):
            codes = table[column]
            then = book.all_at(codes[codes.str.len() == digits], as_of)
            table[column] = [then.get(code, code) for code in codes]
        # The county is told by the code of the township: counties can be divided.
        crossed = table["township_id"].str.len() == 10
        own = "sigungu_id" in raw.columns
        if not own:
            table.loc[crossed, "sigungu_id"] = table.loc[crossed, "township_id"].str[:5]
    table["seat"] = None
    blank = table["sigungu_name"] == ""
    table.loc[blank, "sigungu_name"] = table.loc[blank, "sigungu_id"]
    frame = gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs=scenario.crs)
    return _Part(frame, faults, form, crs_name(raw.crs), len(raw), id_column, flaws)


def _check_crossed(frame: gpd.GeoDataFrame, parts: Sequence[_Part]) -> None:
    """Raise if the crosswalk does not tell the code of a planned township."""
    remedy = Message(
        "Use the crosswalk of the year of the boundaries, add a row for it, or name the township "
        "in area.without if nobody lives there."
    )
    for _, area in frame[frame["how"].isin(["none", "many", "name"])].iterrows():
        part = parts[area["part"]]
        place = {"row": int(area["row"]), "column": part.id_column, "value": area["given"]}
        if area["how"] == "name":
            part.faults.remark(
                Message(
                    "The crosswalk has no row for this code; {name} was found by its name in its "
                    "county.",
                    name=area["name"],
                ),
                remedy,
                **place,
            )
        elif area["how"] == "many":
            part.faults.add(
                Message(
                    "The crosswalk has several rows for this code, and not one for {name}.",
                    name=area["name"],
                ),
                remedy,
                **place,
            )
        else:
            part.faults.add(
                Message(
                    "The crosswalk has no row for this code ({name}).",
                    name=area["name"],
                ),
                remedy,
                **place,
            )
    _raise_if_any(parts)


def _raise_if_any(parts: Sequence[_Part]) -> None:
    """Raise the faults of all files together."""
    found: list[Fault] = []
    for part in parts:
        try:
            part.faults.raise_if_any()
        except InputError as error:
            found += error.faults
    if found:
        raise InputError(found)


def _check_flaws(frame: gpd.GeoDataFrame, parts: Sequence[_Part]) -> None:
    """Note what was wrong with shapes: of planned townships one by one, of others the number.

    Raises if a planned township has no shape: its people would have no place.
    """
    for number, part in enumerate(parts):
        own = frame[frame["part"] == number].set_index("row")
        told = [flaw for flaw in part.flaws if flaw.row in own.index]
        for flaw in sorted(told, key=lambda one: -one.size_m2):
            note = part.faults.add if flaw.lost else part.faults.remark
            name = own.loc[flaw.row, "name"]
            note(flaw.problem, flaw.remedy, row=flaw.row, column="geometry", value=name)
        if len(told) < len(part.flaws):
            part.faults.remark(
                Message(
                    "Shapes outside the planned counties were invalid too, and were repaired or "
                    "left out: {count}.",
                    count=len(part.flaws) - len(told),
                ),
                Message("Nothing need be done: nothing is planned there."),
                column="geometry",
            )
    _raise_if_any(parts)


def _one_each(frame: gpd.GeoDataFrame, parts: Sequence[_Part]) -> gpd.GeoDataFrame:
    """Return one area per township.

    Areas of one code and one name that lie side by side are parts of one township, as some
    publishers give islands. Others are a fault.
    """
    twice = frame["township_id"].duplicated(keep=False)
    if not twice.any():
        return frame
    kept = [frame[~twice]]
    for code, group in frame[twice].groupby("township_id"):
        first = group.iloc[[0]].copy()
        whole = shapely.union_all(group.geometry.to_numpy())
        faults = parts[first["part"].iloc[0]].faults
        if len(set(group["name"])) == 1 and whole.area > 0.99 * group.area.sum():
            faults.remark(
                Message(
                    "The township comes in {count} areas, which were joined.", count=len(group)
                ),
                Message("Nothing need be done, if they are its islands."),
                row=int(first["row"].iloc[0]),
                column=parts[first["part"].iloc[0]].id_column,
                value=str(code),
            )
            first.geometry = [whole]
            kept.append(first)
            continue
        for _, area in group.iloc[1:].iterrows():
            part = parts[area["part"]]
            row = str(first["row"].iloc[0])
            part.faults.add(
                Message("The same code is already in row {row}.", row=row)
                if part.faults is faults
                else Message(
                    "The same code is already in {file}, row {row}.", file=faults.file, row=row
                ),
                Message("Keep one area per township; give others a code of their own."),
                row=int(area["row"]),
                column=part.id_column,
                value=area["given"] or str(code),
            )
    _raise_if_any(parts)
    return gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), crs=frame.crs)


def _around(own: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the townships near the planned ones, with a point inside each as its seat."""
    if not len(others):
        return None
    tree = shapely.STRtree(own.geometry.to_numpy())
    near, _ = tree.query(others.geometry.to_numpy(), predicate="dwithin", distance=metres(REACH_KM))
    around = others.iloc[np.unique(near)].copy()
    if not len(around):
        return None
    inside = around.geometry.representative_point()
    missing = around["seat"].isna()
    seats = np.where(missing, inside.to_numpy(), around["seat"].to_numpy())
    around["seat"] = gpd.GeoSeries(seats, index=around.index, crs=around.crs)
    return around


def _tell_seams(own: gpd.GeoDataFrame, others: gpd.GeoDataFrame, parts: Sequence[_Part]) -> None:
    """Note where planned townships overlap each other or their neighbours, or leave gaps."""
    both = pd.concat([own, others], ignore_index=True)
    planned_ = np.arange(len(both)) < len(own)
    for seam in seams(both.geometry.to_numpy(), planned_):
        names = [str(both["name"].iloc[member]) for member in seam.members]
        first = both.iloc[min(seam.members)]
        problem, remedy = seam.told()
        parts[first["part"]].faults.remark(
            problem,
            remedy,
            row=int(first["row"]) or None,
            column="geometry",
            value=", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else ""),
        )
