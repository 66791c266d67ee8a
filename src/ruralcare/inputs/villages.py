"""Village lists (리): names, people and places."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from ruralcare.inputs.coordinates import Columns, coordinates
from ruralcare.inputs.files import Faults, number, read_table
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["read_villages", "settled"]

# A village may lie this far outside its township: borders are simplified by their publishers.
VILLAGE_TOLERANCE_M = 2000.0
MOST_PEOPLE = 1_000_000.0

_REQUIRED = ("eupmyeondong", "ri", "admin_dong_code", "population", "lat", "lon")


def read_villages(scenario: Scenario) -> gpd.GeoDataFrame:
    """Read the village list of a scenario.

    Returns
    -------
    GeoDataFrame
        Index ``point_id`` (township id and number in the file's order), ``township_id`` (the
        code of the list, unchecked), ``name``, ``sigungu_name``, ``persons``, ``row`` (row of the
        file), points in the CRS of the scenario. All villages of the file, sorted by id.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    assert scenario.points.file is not None
    file = scenario.points.file
    faults = Faults(file.name)
    table = read_table(scenario.resolve(file), faults, _REQUIRED)
    rows = []
    seen: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    for row in table:
        code, name = row["admin_dong_code"], row["ri"]
        if not code.isdigit() or len(code) != 10:
            faults.add(
                Message("This is not a ten-digit township code."),
                Message(
                    "Give the code of the township (행정동코드). Excel turns codes into numbers: "
                    "set the column to text before pasting."
                ),
                row=row.number,
                column="admin_dong_code",
                value=code,
            )
            continue
        if (code, name) in seen:
            faults.add(
                Message("The village is already in row {row}.", row=str(seen[code, name])),
                Message("Remove one of the rows, or give the village another name."),
                row=row.number,
                column="ri",
                value=name,
            )
            continue
        seen[code, name] = row.number
        persons = number(row, "population", faults, least=0, most=MOST_PEOPLE)
        if not row["population"]:
            faults.add(
                Message("The number of people is missing."),
                Message(
                    "Write it, 0 if nobody lives there; it says how the township's people "
                    "are spread."
                ),
                row=row.number,
                column="population",
            )
        place = coordinates(row.number, row.cells, Columns("lon", "lat"), scenario, faults)
        if place is None:
            continue
        counts[code] = counts.get(code, 0) + 1
        rows.append(
            (
                f"{code}-{counts[code]:03d}",
                code,
                name,
                row["sigungu"],
                persons or 0.0,
                row.number,
                *place,
            )
        )
    faults.raise_if_any()
    columns = ["point_id", "township_id", "name", "sigungu_name", "persons", "row", "lon", "lat"]
    frame = pd.DataFrame(rows, columns=columns).set_index("point_id").sort_index()
    points = gpd.points_from_xy(frame["lon"], frame["lat"], crs="EPSG:4326")
    return gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points).to_crs(
        scenario.crs
    )


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
    return inside, [str(name) for name in inside.loc[stray, "name"]]
