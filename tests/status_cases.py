"""Worlds for tests of status: townships, points, places and minutes given by hand.

A person in need is a woman of 80 to 84: with the rates of ``need_cases`` one in five is recognised,
and half of the recognised use the service. ``world`` takes the persons in need themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import need_cases
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from ruralcare import access, need
from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AccessTable, DemandPoints, Population, Townships, TravelTimes

CRS = "EPSG:5179"
YEAR = 2023
PER_PERSON = 10.0
"""Women of 80 to 84 for one person in need."""


def service(**changes: object) -> Service:
    return need_cases.service("day_care", **({"standard_min": 30} | changes))


def settings(**changes: object) -> NeedSettings:
    return need_cases.settings(
        **({"forecast": {"method": "hold"}, "uncertainty": {"samples": 20}} | changes)
    )


def townships(ids: Sequence[str]) -> Townships:
    frame = gpd.GeoDataFrame(
        {
            "name": [f"{one}면" for one in ids],
            "sigungu_id": "99001",
            "sigungu_name": "다군",
            "seat": gpd.GeoSeries([Point(1000 * i + 500, 500) for i in range(len(ids))], crs=CRS),
        },
        geometry=[box(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(len(ids))],
        crs=CRS,
        index=pd.Index(list(ids), name="township_id"),
    )
    return Townships(frame, "2023-10")


def people(
    wanted: Mapping[str, float], points: Mapping[str, Mapping[str, float]], young: float = 0.0
) -> Population:
    """``wanted``: persons in need by township; ``points``: weights by township and point."""
    rows = [
        (town, year, "female", group, persons)
        for town, persons_in_need in wanted.items()
        for year in (2013, YEAR)
        for group, persons in (("80-84", persons_in_need * PER_PERSON), ("20-24", young))
    ]
    rows += [(town, year, "male", "80-84", 0.0) for town in wanted for year in (2013, YEAR)]
    home = [(point, town, weight) for town in points for point, weight in points[town].items()]
    frame = gpd.GeoDataFrame(
        {
            "township_id": [town for _, town, _ in home],
            "name": [point for point, _, _ in home],
            "weight": [weight for _, _, weight in home],
        },
        geometry=[Point(i, 0) for i in range(len(home))],
        crs=CRS,
        index=pd.Index([point for point, _, _ in home], name="point_id"),
    )
    columns = ["township_id", "year", "sex", "age_group", "persons"]
    return Population(
        pd.DataFrame(rows, columns=columns),
        DemandPoints(frame, "villages"),
        {2013: "2013-10", YEAR: "2023-10"},
    )


def times(
    who: Population,
    minutes: Mapping[tuple[str, str], float],
    places: Sequence[str],
    *,
    cutoff_min: float = 90.0,
    unreachable: Sequence[tuple[str, str]] = (),
    unsnapped: Sequence[str] = (),
) -> TravelTimes:
    frame = pd.DataFrame(
        [(point, place, float(time)) for (point, place), time in minutes.items()],
        columns=["from_id", "to_id", "time_min"],
    ).astype({"from_id": str, "to_id": str, "time_min": float})
    ids = [*who.points.frame.index, *places]
    return TravelTimes(
        frame.assign(proxy_share=0.0),
        cutoff_min,
        "car",
        "to_place",
        who.points,
        tuple(places),
        pd.DataFrame(list(unreachable), columns=["from_id", "to_id"]).astype(str),
        tuple(unsnapped),
        pd.Series(0.0, index=ids, dtype="Float64"),
    )


def offers(
    rows: Mapping[str, tuple[float | None, str, str]], name: str = "day_care"
) -> pd.DataFrame:
    """``rows``: capacity, township and basis of the capacity by place."""
    return pd.DataFrame(
        {
            "place_id": list(rows),
            "service": name,
            "capacity_persons": pd.array([row[0] for row in rows.values()], dtype="Float64"),
            "capacity_basis": [row[2] for row in rows.values()],
            "township_id": [row[1] for row in rows.values()],
        }
    ).astype({"place_id": str, "capacity_basis": str, "township_id": str})


def measured(
    who: Population, ways: TravelTimes, offered: pd.DataFrame, one: Service
) -> AccessTable:
    return access.coverage(
        {one.id: ways}, offered, standard_min={one.id: one.standard_min}, people=who
    )


def assess(
    wanted: Mapping[str, float],
    points: Mapping[str, Mapping[str, float]],
    minutes: Mapping[tuple[str, str], float],
    places: Mapping[str, tuple[float | None, str, str]],
    *,
    candidates: Sequence[str] = (),
    one: Service | None = None,
    rules: NeedSettings | None = None,
    years: Sequence[int] = (),
    connection: Mapping[str, str] | None = None,
    young: float = 0.0,
    **ways: object,
) -> need.NeedTable:
    """Assess a world; ``candidates`` are places that offer nothing yet."""
    chosen = one or service()
    who = people(wanted, points, young)
    table = measured(
        who, times(who, minutes, [*places, *candidates], **ways), offers(places), chosen
    )
    return need.assess(
        townships(list(wanted)),
        who,
        table,
        services=(chosen,),
        settings=rules or settings(),
        years=years,
        connection=None if connection is None else pd.Series(connection),
    )


def today(table: need.NeedTable) -> pd.DataFrame:
    return table.of_year().set_index("township_id")


def random_world(rng: np.random.Generator) -> dict[str, dict]:
    """Return a small world: two to four townships of one or two points, one to four places."""
    towns = [f"T{i}" for i in range(rng.integers(2, 5))]
    points: dict[str, dict[str, float]] = {}
    for town in towns:
        share = float(rng.uniform(0.2, 0.8))
        points[town] = {f"{town}a": share, f"{town}b": 1.0 - share}
    names = [f"P{j}" for j in range(rng.integers(1, 5))]
    minutes = {
        (point, place): float(rng.uniform(1, 60))
        for town in towns
        for point in points[town]
        for place in names
        if rng.random() < 0.8
    }
    places = {
        place: (float(rng.integers(1, 30)), str(rng.choice(towns)), "published") for place in names
    }
    wanted = {town: float(rng.integers(0, 20)) for town in towns}
    return {"wanted": wanted, "points": points, "minutes": minutes, "places": places}
