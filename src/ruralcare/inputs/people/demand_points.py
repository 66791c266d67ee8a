"""Where inside their township the people live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare.inputs.agreement import disagreement
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.assigning import assigned
from ruralcare.inputs.people.buildings import read_buildings
from ruralcare.inputs.people.grids import read_grid
from ruralcare.inputs.people.point_files import Features
from ruralcare.inputs.people.villages import VillageList, read_village_list, settled
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import DemandPoints, Reading, Townships
from ruralcare.units import kilometres

__all__ = ["demand_points", "read_demand_points"]

_RESIDENTIAL: Final = ("residential", "living_street", "unclassified")
_COLUMNS: Final = ["township_id", "name", "weight", "geometry"]
# A grid may differ from the register this much: it counts another day, and hides small numbers.
_TOLERATED: Final = 0.2


def read_demand_points(
    scenario: Scenario, towns: Townships, settings: Settings | None = None
) -> DemandPoints:
    """Read or make the points at which the people of each township live.

    Villages and cells of a grid count by their people, buildings by their weight; points along
    residential streets count alike. How the people of a township are spread is in the notes.

    Raises
    ------
    InputError
        The file of points cannot be used, or a township would have no point.
    """
    return demand_points(scenario, towns, settings, None)


def demand_points(
    scenario: Scenario,
    towns: Townships,
    settings: Settings | None,
    people: pd.Series | None,
) -> DemandPoints:
    """Return the demand points, compared with the people of the register where these are known.

    Parameters
    ----------
    people : Series, optional
        People of each township, by ``township_id``.

    Raises
    ------
    InputError
        As :func:`read_demand_points`.
    """
    kind = scenario.points.kind
    if kind == "villages":
        found = _villages(scenario, towns)
    elif kind == "grid":
        found = _grid(scenario, towns, people)
    elif kind == "buildings":
        found = _buildings(scenario, towns)
    elif kind == "residential_roads":
        found = _streets(scenario, towns, settings)
    else:
        found = _Points(
            _seats(towns, towns.frame.index),
            "centroid",
            (Message("The people of each township are placed at one point, its seat."),),
        )
    frame = found.frame.sort_index()
    totals = frame.groupby("township_id")["persons"].transform("sum")
    counts = frame.groupby("township_id")["persons"].transform("size")
    frame["weight"] = np.where(totals > 0, frame["persons"] / totals.where(totals > 0), 1 / counts)
    return DemandPoints(
        gpd.GeoDataFrame(frame[_COLUMNS], crs=towns.crs), found.basis, found.notes, found.readings
    )


@dataclass(frozen=True)
class _Points:
    """Points with ``township_id``, ``name`` and ``persons``, and what is to be said of them."""

    frame: gpd.GeoDataFrame
    basis: str
    notes: tuple[Message, ...]
    readings: tuple[Reading, ...] = ()


def _villages(scenario: Scenario, towns: Townships) -> _Points:
    listed = read_village_list(scenario)
    villages, faults, code_column = listed.frame, listed.faults, listed.columns.code
    counties = set(towns.frame["sigungu_name"]) - {""}
    lost = ~villages["township_id"].isin(towns.frame.index)
    for _, village in villages[lost & villages["sigungu_name"].isin(counties)].iterrows():
        faults.add(
            Message(
                "No township of the boundaries has the code of the village {name}.",
                name=village["name"],
            ),
            Message("Correct the code, or use boundaries of the same date."),
            row=int(village["row"]),
            column=code_column,
            value=village["township_id"],
        )
    _check_crs(listed, towns)
    inside, moved = settled(villages, towns.frame.geometry)
    _tell_moved(villages, inside, towns, faults)
    people = inside.groupby("township_id")["persons"].sum()
    notes = [
        Message(
            "The people of each township are spread over its villages ({count} in all) in "
            "proportion to the people in them.",
            count=len(inside),
        )
    ]
    notes += [
        Message(
            "The villages of {name} have no people in the list; they count alike.",
            name=towns.frame.loc[township, "name"],
        )
        for township in people.index[people == 0]
    ]
    if moved:
        notes.append(
            Message(
                "Villages whose coordinates lie outside their township, counted at its largest "
                "village: {names}.",
                names=", ".join(moved),
            )
        )
    # A wrong code leaves its township without a village: only the code is to blame.
    wrong = set(villages.loc[lost, "sigungu_name"])
    for township in towns.frame.index.difference(inside["township_id"]):
        if towns.frame.loc[township, "sigungu_name"] in wrong & counties:
            continue
        faults.add(
            Message(
                "The list has no village of the township {name} ({id}).",
                name=towns.frame.loc[township, "name"],
                id=township,
            ),
            Message("Add its villages to the list."),
            column=code_column,
            value=township,
        )
    faults.raise_if_any()
    return _Points(inside, "villages", tuple(notes), (listed.reading(len(inside)),))


def _check_crs(listed: VillageList, towns: Townships) -> None:
    """Raise if most villages lie outside their township in the same direction."""
    problem = disagreement(
        listed.frame.geometry,
        listed.frame["township_id"],
        towns.frame.geometry,
        points_crs=listed.crs,
    )
    if problem is not None:
        raise listed.faults.stop(
            problem,
            Message("Set points.crs to the CRS of the file, and check that of the boundaries."),
            column=listed.columns.places[0],
        )


def _tell_moved(
    villages: gpd.GeoDataFrame, inside: gpd.GeoDataFrame, towns: Townships, faults: Faults
) -> None:
    """Remark on every village that is counted elsewhere than where its coordinates are."""
    given = villages.geometry.loc[inside.index]
    moved = inside.index[~shapely.equals(given.to_numpy(), inside.geometry.to_numpy())]
    for point_id in moved:
        village = villages.loc[point_id]
        area = towns.frame.geometry[village["township_id"]]
        faults.remark(
            Message(
                "The village lies {km} km outside its township; it is counted at the largest "
                "village of the township.",
                km=round(float(kilometres(shapely.distance(given[point_id], area))), 1),
            ),
            Message("Correct its coordinates, or the code of its township."),
            row=int(village["row"]),
            column="lon, lat",
            value=village["name"],
        )


def _grid(scenario: Scenario, towns: Townships, people: pd.Series | None) -> _Points:
    assert scenario.points.file is not None
    file = scenario.points.file
    faults = Faults(scenario.label(file))
    grid = read_grid(scenario.resolve(file), scenario, towns, faults)
    frame = assigned(grid.features, grid.persons, towns, faults)
    counted = frame.groupby("township_id")["persons"].sum()
    if people is not None:
        _compare(counted, people, towns, faults)
    notes = [
        Message(
            "The people of each township are spread over its population grid cells ({count} in "
            "all) in proportion to the people in them.",
            count=len(frame),
        )
    ]
    frame = _with_seats(
        frame,
        towns,
        notes,
        lambda names: Message(
            "No population grid cell with people lies in {names}: the people there are placed at "
            "the seat.",
            names=names,
        ),
    )
    return _Points(frame, "grid", tuple(notes), (_reading(grid.features, counted, frame, faults),))


def _buildings(scenario: Scenario, towns: Townships) -> _Points:
    assert scenario.points.file is not None
    file = scenario.points.file
    faults = Faults(scenario.label(file))
    found = read_buildings(scenario.resolve(file), scenario, towns, faults)
    frame = assigned(found.features, found.weights, towns, faults)
    counted = frame.groupby("township_id")["persons"].sum()
    notes = [
        Message(
            "The people of each township are spread evenly over its buildings ({count} in all).",
            count=len(frame),
        )
        if found.column is None
        else Message(
            "The people of each township are spread over its buildings ({count} in all) in "
            "proportion to the column {column}.",
            count=len(frame),
            column=found.column,
        )
    ]
    frame = _with_seats(
        frame,
        towns,
        notes,
        lambda names: Message(
            "No building lies in {names}: the people there are placed at the seat.", names=names
        ),
    )
    reading = _reading(found.features, counted, frame, faults)
    return _Points(frame, "buildings", tuple(notes), (reading,))


def _reading(
    features: Features, counted: pd.Series, frame: gpd.GeoDataFrame, faults: Faults
) -> Reading:
    subject = Message("Demand points")
    used = int(frame["township_id"].isin(counted.index).sum())
    return faults.reading(
        subject, features.form, rows=features.total, used=used, crs=features.crs or None
    )


def _with_seats(
    frame: gpd.GeoDataFrame, towns: Townships, notes: list[Message], told: Callable[[str], Message]
) -> gpd.GeoDataFrame:
    """Return the points with the seat of every township that has none, which is noted."""
    empty = towns.frame.index.difference(frame["township_id"].unique())
    if not len(empty):
        return frame
    notes.append(told(", ".join(towns.frame.loc[empty, "name"])))
    return gpd.GeoDataFrame(pd.concat([frame, _seats(towns, empty)]), crs=towns.crs)


def _compare(counted: pd.Series, people: pd.Series, towns: Townships, faults: Faults) -> None:
    for township, persons in people.items():
        of_grid = float(counted.get(township, 0.0))
        if of_grid and abs(of_grid - persons) > _TOLERATED * persons:
            faults.remark(
                Message(
                    "The grid has {grid} people in {name}, the register {register}.",
                    grid=round(of_grid),
                    name=towns.frame.loc[township, "name"],
                    register=int(persons),
                ),
                Message(
                    "Only the proportions of the grid are used; check that it is of about the "
                    "same date and counts all people."
                ),
                value=str(township),
            )


def _seats(towns: Townships, ids: Sequence[str] | pd.Index) -> gpd.GeoDataFrame:
    chosen = towns.frame.loc[list(ids)]
    return gpd.GeoDataFrame(
        {"township_id": chosen.index, "name": chosen["name"].to_numpy(), "persons": 1.0},
        geometry=gpd.GeoSeries(chosen["seat"]).to_numpy(),
        crs=towns.crs,
        index=pd.Index([f"{township}-seat" for township in chosen.index], name="point_id"),
    )


def _streets(scenario: Scenario, towns: Townships, settings: Settings | None) -> _Points:
    """Return points along residential streets at equal distances; at least one per township."""
    lines = read_road_lines(
        scenario, shapely.union_all(towns.frame.geometry), settings or Settings()
    )
    if lines is None:
        raise Faults(scenario.path.name).stop(
            Message("Points along residential streets need a road file."),
            Message('Set roads.file, or use kind = "villages" or "centroid".'),
            column="points.kind",
            value="residential_roads",
        )
    streets = lines.frame[lines.frame["road_class"].isin(_RESIDENTIAL)]
    parts = []
    bare = []
    for township, area in towns.frame.geometry.items():
        found = streets.geometry.iloc[streets.sindex.query(area, predicate="intersects")]
        clipped = shapely.intersection(found.to_numpy(), area)
        stretches = shapely.get_parts(clipped[~shapely.is_empty(clipped)])
        points = _along(stretches, scenario.points.spacing_m)
        name = towns.frame.loc[township, "name"]
        if not len(points):
            parts.append(_seats(towns, [township]))
            bare.append(str(name))
            continue
        ids = [f"{township}-{number:04d}" for number in range(1, len(points) + 1)]
        parts.append(
            gpd.GeoDataFrame(
                {"township_id": township, "name": name, "persons": 1.0},
                geometry=points,
                crs=towns.crs,
                index=pd.Index(ids, name="point_id"),
            )
        )
    frame = gpd.GeoDataFrame(pd.concat(parts), crs=towns.crs)
    notes = [
        Message(
            "The people of each township are spread evenly over points {spacing} m apart along "
            "its residential streets ({count} in all).",
            spacing=scenario.points.spacing_m,
            count=len(frame) - len(bare),
        )
    ]
    if bare:
        notes.append(
            Message(
                "The road data have no residential street in {names}: the people there are placed "
                "at the seat.",
                names=", ".join(bare),
            )
        )
    return _Points(frame, "residential roads", tuple(notes))


def _along(lines: np.ndarray, spacing_m: float) -> np.ndarray:
    """Return points at equal distances along lines laid end to end, as the file orders them."""
    lengths = shapely.length(lines)
    ends = np.cumsum(lengths)
    if not len(lines) or ends[-1] == 0:
        return np.array([], dtype=object)
    count = max(1, round(ends[-1] / spacing_m))
    at_m = (np.arange(count) + 0.5) * ends[-1] / count
    which = np.searchsorted(ends, at_m)
    return np.asarray(
        shapely.line_interpolate_point(lines[which], at_m - (ends[which] - lengths[which]))
    )
