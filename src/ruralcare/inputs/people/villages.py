"""Village lists (리): names, people and places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare.inputs.codes import read_code_book
from ruralcare.inputs.files import Faults, Row, Table, number, read_table
from ruralcare.inputs.people.point_files import in_metres, pair_of_row
from ruralcare.inputs.people.projecting import WGS84, checked_crs, projected
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading

__all__ = ["VillageColumns", "VillageList", "read_village_list", "read_villages", "settled"]

# A village may lie this far outside its township: borders are simplified by their publishers.
VILLAGE_TOLERANCE_M = 2000.0
MOST_PEOPLE = 1_000_000.0


@dataclass(frozen=True)
class VillageColumns:
    """Names of the columns of a village list; ``county`` may be missing."""

    code: str
    name: str
    county: str
    people: str
    places: tuple[str, str]
    others: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return (*self.others, self.name, self.code, self.people, *reversed(self.places))


_PUBLISHED: Final = VillageColumns(
    "admin_dong_code", "ri", "sigungu", "population", ("lon", "lat"), ("eupmyeondong",)
)
_OWN: Final = VillageColumns("township_id", "name", "sigungu_name", "persons", ("lon", "lat"))


@dataclass(frozen=True)
class VillageList:
    """A village list as it was read.

    Parameters
    ----------
    frame : GeoDataFrame
        As :func:`read_villages` returns it.
    columns : VillageColumns
        The columns of the file.
    faults : Faults
        Where to note more about the file.
    crs : str
        CRS of its coordinates.
    rows : int
        Villages in the file.
    """

    frame: gpd.GeoDataFrame
    columns: VillageColumns
    faults: Faults
    crs: str
    rows: int

    def reading(self, used: int) -> Reading:
        """Return what was read, for the person who gave the file."""
        return self.faults.reading(
            Message("Villages"), "village list, CSV", rows=self.rows, used=used, crs=self.crs
        )


def read_villages(scenario: Scenario) -> gpd.GeoDataFrame:
    """Read the village list of a scenario.

    Returns
    -------
    GeoDataFrame
        Index ``point_id`` (township id and number in the file's order), ``township_id`` (the
        code of the list, brought to the date of the boundaries, otherwise unchecked), ``name``,
        ``sigungu_name``, ``persons``, ``row`` (row of the file), points in the CRS of the
        scenario. All villages of the file, sorted by id.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    return read_village_list(scenario).frame


def read_village_list(scenario: Scenario) -> VillageList:
    """Read the village list of a scenario, and what there is to say about it.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    assert scenario.points.file is not None
    file = scenario.points.file
    faults = Faults(scenario.label(file))
    crs = WGS84 if scenario.points.crs is None else checked_crs(scenario.points.crs, faults)
    table = read_table(scenario.resolve(file), faults)
    columns = _columns(table, faults)
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for row in table:
        # A spreadsheet may have made a number of the code; nothing of it is lost by that.
        code, name = row[columns.code].removesuffix(".0"), row[columns.name]
        if not _is_code(code, columns):
            faults.add(
                Message("This is not a ten-digit township code."),
                Message(
                    "Give the code of the township (행정동코드). Excel turns codes into numbers: "
                    "set the column to text before pasting."
                ),
                row=row.number,
                column=columns.code,
                value=code,
            )
            continue
        if (code, name) in seen:
            faults.add(
                Message("The village is already in row {row}.", row=str(seen[code, name])),
                Message("Remove one of the rows, or give the village another name."),
                row=row.number,
                column=columns.name,
                value=name,
            )
            continue
        seen[code, name] = row.number
        persons = _people(row, columns, faults)
        x_and_y = [row[column] for column in columns.places]
        place = pair_of_row(
            x_and_y, (0, 1), columns.places, row.number, faults, metres=in_metres(crs)
        )
        if place is not None:
            rows.append((code, name, row[columns.county], persons, row.number, *place))
    if not rows:
        faults.raise_if_any()
        raise faults.stop(
            Message("The list has no villages."),
            Message("Add the villages of the planned townships."),
        )
    names = ["township_id", "name", "sigungu_name", "persons", "row", "x", "y"]
    frame = pd.DataFrame(rows, columns=names)
    points = projected(
        frame["x"].to_numpy(dtype=float),
        frame["y"].to_numpy(dtype=float),
        [int(row) for row in frame["row"]],
        crs,
        scenario,
        faults,
        columns.places,
    )
    faults.raise_if_any()
    now = read_code_book(scenario).all_at(frame["township_id"], scenario.townships.as_of)
    frame["township_id"] = frame["township_id"].map(now)
    order = (frame.groupby("township_id").cumcount() + 1).astype(str).str.zfill(3)
    frame.index = pd.Index(frame["township_id"] + "-" + order, name="point_id", dtype=object)
    kept = frame.drop(columns=["x", "y"])
    placed = gpd.GeoDataFrame(kept, geometry=points, crs=scenario.crs).sort_index()
    return VillageList(placed, columns, faults, crs, len(table.rows))


def _columns(table: Table, faults: Faults) -> VillageColumns:
    """Return the columns of the published list or of our own; lacking ones are named."""
    columns = _OWN if _OWN.code in table.header else _PUBLISHED
    lacking = [name for name in columns.required if name not in table.header]
    if lacking:
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns=", ".join(lacking)),
            Message("The columns found are: {columns}.", columns=", ".join(table.header)[:300]),
            row=1,
        )
    return columns


def _is_code(code: str, columns: VillageColumns) -> bool:
    """Return whether a code can be one; our own list may use ids of other countries."""
    if columns is _OWN:
        return bool(code) and re.fullmatch(r"[\d.]+[eE]\+?\d+", code) is None
    return code.isdigit() and len(code) == 10


def _people(row: Row, columns: VillageColumns, faults: Faults) -> float:
    persons = number(row, columns.people, faults, least=0, most=MOST_PEOPLE)
    if not row[columns.people]:
        faults.add(
            Message("The number of people is missing."),
            Message(
                "Write it, 0 if nobody lives there; it says how the township's people are spread."
            ),
            row=row.number,
            column=columns.people,
        )
    return persons or 0.0


def settled(villages: gpd.GeoDataFrame, areas: gpd.GeoSeries) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the villages of some townships, and the names of those that had to be moved.

    A village whose coordinates lie clearly outside its township was placed wrongly by its
    source. It is counted at the largest village of the township that lies inside, so that its
    people are not lost.

    Parameters
    ----------
    villages : GeoDataFrame
        As from :func:`read_villages`.
    areas : GeoSeries
        Area of each township, by ``township_id``, in the same CRS.
    """
    inside = villages[villages["township_id"].isin(areas.index)].copy()
    away_m = shapely.distance(
        inside.geometry.to_numpy(), areas.reindex(inside["township_id"]).to_numpy()
    )
    stray = away_m > VILLAGE_TOLERANCE_M
    largest = (
        inside[~stray]
        .sort_values("persons", ascending=False, kind="stable")
        .drop_duplicates("township_id")
        .set_index("township_id")
        .geometry
    )
    fallback = areas.representative_point()
    for point_id in inside.index[stray]:
        township = inside.loc[point_id, "township_id"]
        inside.loc[point_id, "geometry"] = largest.get(township, fallback[township])
    return inside, [str(name) for name in inside.loc[np.asarray(stray), "name"]]
