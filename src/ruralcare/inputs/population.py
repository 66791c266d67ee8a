"""People of the townships, and where in them they live."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.files import Faults
from ruralcare.inputs.register import read_register
from ruralcare.inputs.road_files import read_road_lines
from ruralcare.inputs.townships import read_townships
from ruralcare.inputs.villages import read_villages, settled
from ruralcare.language import Message
from ruralcare.scenario import AssumedPopulation, Scenario
from ruralcare.settings import Settings
from ruralcare.types import DemandPoints, Population, Townships

__all__ = ["read_demand_points", "read_population"]

_RESIDENTIAL = ("residential", "living_street", "unclassified")


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
    frame = pd.DataFrame()
    as_of: dict[int, str] = {}
    points = None
    try:
        frame, as_of = _people(scenario, towns)
    except InputError as error:
        faults.extend(error.faults)
    try:
        points = read_demand_points(scenario, towns, settings)
    except InputError as error:
        faults.extend(error.faults)
    if faults or points is None:
        raise InputError(faults)
    return Population(frame, points, as_of, assumed=scenario.population.assumed is not None)


def _people(scenario: Scenario, towns: Townships) -> tuple[pd.DataFrame, dict[int, str]]:
    if scenario.population.assumed is not None:
        assumed = scenario.population.assumed
        return _assumed(assumed, towns, scenario.path.name), {assumed.year: str(assumed.year)}
    parts: list[pd.DataFrame] = []
    as_of: dict[int, str] = {}
    found: list[Fault] = []
    for file in scenario.population.files:
        faults = Faults(file.name)
        try:
            register = read_register(scenario.resolve(file), faults)
        except InputError as error:
            found.extend(error.faults)
            continue
        if register.year in as_of:
            faults.add(
                Message(
                    "Another register of the scenario is of the same year, {year}.",
                    year=str(register.year),
                ),
                Message("Keep one register per year."),
                column="population.files",
            )
        as_of[register.year] = f"{register.year}-{register.month:02d}"
        rows = register.frame[register.frame["township_id"].isin(towns.frame.index)]
        people = rows.groupby("township_id")["persons"].sum()
        for township_id, name in towns.frame["name"].items():
            if people.get(township_id, 0) == 0:
                faults.add(
                    Message(
                        "The register has no people for the township {name} ({id}).",
                        name=name,
                        id=township_id,
                    ),
                    Message(
                        "Check that the boundaries and the register are of about the same "
                        "date and use the same codes; leave the township out of the "
                        "boundaries if nobody lives there."
                    ),
                    column="행정구역",
                    value=township_id,
                )
        strays = _strangers(register.names, towns)
        for code, name in strays:
            faults.add(
                Message(
                    "The register has the township {name}, the boundaries have not.", name=name
                ),
                Message("Use boundaries of about the same date as the register."),
                column="행정구역",
                value=code,
            )
        found.extend(faults.found)
        parts.append(rows.assign(year=register.year))
    if found:
        raise InputError(found)
    frame = pd.concat(parts, ignore_index=True)
    columns = ["township_id", "year", "sex", "age_group", "persons"]
    return frame[columns].sort_values(columns[:4], ignore_index=True), as_of


def _strangers(names: dict[str, str], towns: Townships) -> list[tuple[str, str]]:
    """Return townships of the planned counties that the boundaries lack: their people count."""
    counties = {code[:5] for code in towns.frame.index}
    whole = {
        county
        for county in counties
        if (towns.frame.index.str[:5] == county).sum()
        == (towns.frame["sigungu_id"] == county).sum()
    }
    return [
        (code, name)
        for code, name in names.items()
        if code[:5] in whole and code not in towns.frame.index
    ]


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
        whole = _whole_numbers(count, [share for _, _, share in keys])
        rows += [
            (township, assumed.year, sex, group, part)
            for (group, sex, _), part in zip(keys, whole, strict=True)
        ]
    columns = ["township_id", "year", "sex", "age_group", "persons"]
    return pd.DataFrame(rows, columns=columns)


def _whole_numbers(total: int, shares: list[float]) -> list[int]:
    """Split a number of people by shares into whole numbers that sum to it.

    What rounding down leaves goes to the largest remainders.
    """
    exact = np.asarray(shares) * total
    parts = np.floor(exact).astype(int)
    left = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:left]] += 1
    return [int(part) for part in parts]


def read_demand_points(
    scenario: Scenario, towns: Townships, settings: Settings | None = None
) -> DemandPoints:
    """Read or make the points at which the people of each township live.

    Villages count by their people; points along residential streets count alike.

    Raises
    ------
    InputError
        The village file cannot be used, or a township would have no point.
    """
    kind = scenario.points.kind
    notes: list[Message] = []
    if kind == "villages":
        frame = _village_points(scenario, towns, notes)
        basis = "villages"
    elif kind == "residential_roads":
        frame = _street_points(scenario, towns, settings)
        basis = "residential roads"
    else:
        frame = _seat_points(towns, towns.frame.index)
        basis = "centroid"
    frame = frame.sort_index()
    totals = frame.groupby("township_id")["persons"].transform("sum")
    counts = frame.groupby("township_id")["persons"].transform("size")
    frame["weight"] = np.where(totals > 0, frame["persons"] / totals.where(totals > 0), 1 / counts)
    columns = ["township_id", "name", "weight", "geometry"]
    return DemandPoints(gpd.GeoDataFrame(frame[columns], crs=towns.crs), basis, tuple(notes))


def _village_points(scenario: Scenario, towns: Townships, notes: list[Message]) -> gpd.GeoDataFrame:
    assert scenario.points.file is not None
    faults = Faults(scenario.points.file.name)
    villages = read_villages(scenario)
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
            column="admin_dong_code",
            value=village["township_id"],
        )
    inside, moved = settled(villages, towns.frame.geometry)
    people = inside.groupby("township_id")["persons"].sum()
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
    empty = towns.frame.index.difference(inside["township_id"])
    for township in empty:
        faults.add(
            Message(
                "The list has no village of the township {name} ({id}).",
                name=towns.frame.loc[township, "name"],
                id=township,
            ),
            Message("Add its villages to the list."),
            column="admin_dong_code",
            value=township,
        )
    faults.raise_if_any()
    return inside


def _seat_points(towns: Townships, ids: Sequence[str] | pd.Index) -> gpd.GeoDataFrame:
    chosen = towns.frame.loc[list(ids)]
    return gpd.GeoDataFrame(
        {"township_id": chosen.index, "name": chosen["name"].to_numpy(), "persons": 1.0},
        geometry=gpd.GeoSeries(chosen["seat"]).to_numpy(),
        crs=towns.crs,
        index=pd.Index([f"{township}-seat" for township in chosen.index], name="point_id"),
    )


def _street_points(
    scenario: Scenario, towns: Townships, settings: Settings | None
) -> gpd.GeoDataFrame:
    """Return points along residential streets at equal distances; at least one per township."""
    lines = read_road_lines(
        scenario, shapely.union_all(towns.frame.geometry), settings or Settings()
    )
    faults = Faults(scenario.path.name)
    if lines is None:
        raise faults.stop(
            Message("Points along residential streets need a road file."),
            Message('Set roads.file, or use kind = "villages" or "centroid".'),
            column="points.kind",
            value="residential_roads",
        )
    streets = lines.frame[lines.frame["road_class"].isin(_RESIDENTIAL)]
    parts = []
    for township, area in towns.frame.geometry.items():
        found = streets.geometry.iloc[streets.sindex.query(area, predicate="intersects")]
        clipped = shapely.intersection(found.to_numpy(), area)
        stretches = shapely.get_parts(clipped[~shapely.is_empty(clipped)])
        points = _along(stretches, scenario.points.spacing_m)
        if not len(points):
            parts.append(_seat_points(towns, [township]))
            continue
        ids = [f"{township}-{number:04d}" for number in range(1, len(points) + 1)]
        name = towns.frame.loc[township, "name"]
        parts.append(
            gpd.GeoDataFrame(
                {"township_id": township, "name": name, "persons": 1.0},
                geometry=points,
                crs=towns.crs,
                index=pd.Index(ids, name="point_id"),
            )
        )
    return gpd.GeoDataFrame(pd.concat(parts), crs=towns.crs)


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
