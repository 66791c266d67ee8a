"""A region of four townships, small enough to follow the report by hand.

Home-visit care (standard 20 min) is offered in a, day care (standard 30 min) too. Times are given,
not measured. Need: home-visit care 30, 20, 14, 10 people in a, b, c, d; day care 12, 8, 5.6, 4.
The budget allows one module of home-visit care at first (30 people) and one of day care later
(20 people); both fit only at k1, in township c.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import LineString, Point, box

from ruralcare import access, need, plan
from ruralcare.language import Message
from ruralcare.report import Results
from ruralcare.scenario import Scenario
from ruralcare.types import (
    Cooperatives,
    DemandPoints,
    Direction,
    Facilities,
    Places,
    Population,
    RoadNetwork,
    Townships,
    TravelTimes,
)

CRS = "EPSG:5179"
EAST, NORTH = 950_000, 1_650_000
TOWNS = {"a": (400, 600), "b": (100, 400), "c": (20, 280), "d": (0, 200)}
"""Women aged 20 to 24, and women aged 75 to 79."""

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\"'><b onmouseover=alert(3)>`${alert(4)}",
    "\u202eeman detrever\u202c {{ 7*7 }} &lt;b&gt;",
    '=HYPERLINK("http://x")' + "가" * 300,
)

SCENARIO = """
name = "small"
title_ko = "작은 군 돌봄 계획"
title_en = "Care plan of a small county"
language = "ko"
demo = true
assumptions = ["모두 지어낸 자료입니다."]

[townships]
files = ["towns.geojson"]
as_of = "2023-10"
attribution = "지어낸 경계(CC0)"

[population]
files = ["people.csv"]
attribution = "지어낸 인구(CC0)"

[points]
kind = "centroid"

[travel]
cutoff_min = 60

[need]
recognition_source = "invented"
forecast = { method = "hold" }
[need.recognition_rates.female]
"75-79" = 0.1
[need.recognition_rates.male]
"75-79" = 0.1

[[services]]
id = "home_visit_care"
name_ko = "방문요양"
name_en = "Home-visit care"
level = 1
standard_min = 20
direction = "to_demand"
offered_by = ["home_visit_care"]
use_rate = 0.5
modules = [{ capacity_persons = 30, capital_mkrw = 60, running_mkrw = 420, care_workers = 10 }]

[[services]]
id = "day_care"
name_ko = "주야간보호"
name_en = "Day care"
level = 2
standard_min = 30
direction = "to_place"
offered_by = ["day_care"]
use_rate = 0.2
weight = 1.2
modules = [{ capacity_persons = 20, capital_mkrw = 450, running_mkrw = 340, care_workers = 3 }]

[plan]
relative_gap = 0.0
periods = [{ year = 2027, budget_mkrw = 60 }, { year = 2028, budget_mkrw = 450 }]
"""

_HOME = {
    "f1": {"a": 5.0, "b": 15.0, "c": 25.0, "d1": 50.0},
    "f2": {"a": 5.0, "b": 20.0, "c": 35.0},
    "k1": {"a": 30.0, "b": 18.0, "c": 4.0, "d1": 12.0, "d2": 19.0},
    "k2": {"c": 15.0, "d1": 3.0, "d2": 6.0},
}


def scenario(folder: Path) -> Scenario:
    """Write the scenario file and read it."""
    path = folder / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return Scenario.read(path)


def townships(names: Mapping[str, str]) -> Townships:
    corners = {"a": (0, 0), "b": (5, 0), "c": (0, 5), "d": (5, 5)}
    shapes = {
        town: box(EAST + 1000 * x, NORTH + 1000 * y, EAST + 1000 * (x + 5), NORTH + 1000 * (y + 5))
        for town, (x, y) in corners.items()
    }
    shapes["d"] = shapes["d"].union(box(EAST + 12_000, NORTH, EAST + 13_000, NORTH + 1_000))
    frame = gpd.GeoDataFrame(
        {
            "name": [names[town] for town in TOWNS],
            "sigungu_id": ["c1", "c1", "c2", "c2"],
            "sigungu_name": [names["c1"], names["c1"], names["c2"], names["c2"]],
            "seat": [shapes[town].representative_point() for town in TOWNS],
        },
        geometry=[shapes[town] for town in TOWNS],
        index=pd.Index(list(TOWNS), name="township_id"),
        crs=CRS,
    )
    return Townships(frame, "2023-10")


def people() -> Population:
    rows = [
        (town, year, "female", group, persons)
        for town, (young, old) in TOWNS.items()
        for year in (2013, 2023)
        for group, persons in (("20-24", young * (2 if year == 2013 else 1)), ("75-79", old))
    ]
    frame = pd.DataFrame(rows, columns=["township_id", "year", "sex", "age_group", "persons"])
    home = {"a": "a", "b": "b", "c": "c", "d1": "d", "d2": "d"}
    places = {"a": (2, 2), "b": (7, 2), "c": (2, 7), "d1": (6, 7), "d2": (9, 9)}
    points = gpd.GeoDataFrame(
        {
            "township_id": list(home.values()),
            "name": list(home),
            "weight": [1.0, 1.0, 1.0, 0.5, 0.5],
        },
        geometry=[Point(EAST + 1000 * x, NORTH + 1000 * y) for x, y in places.values()],
        index=pd.Index(list(home), name="point_id"),
        crs=CRS,
    )
    return Population(frame, DemandPoints(points, "villages"), {2013: "2013-10", 2023: "2023-10"})


def places(names: Mapping[str, str]) -> Places:
    spot = {"f1": (1, 1), "f2": (1, 1), "k1": (3, 6), "k2": (8, 8)}
    points = {one: Point(EAST + 1000 * x, NORTH + 1000 * y) for one, (x, y) in spot.items()}
    unplaced = pd.DataFrame(
        {
            "facility_id": ["f9"],
            "name": [names["f9"]],
            "address": ["?"],
            "reason": [Message("The address names no known place.")],
        }
    )
    facilities = gpd.GeoDataFrame(
        {
            "name": [names["f1"], names["f2"]],
            "kind": ["home_visit_care", "day_care"],
            "operator_id": ["o1", "o2"],
            "township_id": ["a", "a"],
            "address": ["", ""],
            "location_precision": ["point", "village"],
        },
        geometry=[points["f1"], points["f2"]],
        index=pd.Index(["f1", "f2"], name="facility_id"),
        crs=CRS,
    )
    offers = pd.DataFrame(
        {
            "facility_id": ["f1", "f2"],
            "service": ["home_visit_care", "day_care"],
            "capacity_persons": pd.array([40.0, 15.0], dtype="Float64"),
            "capacity_basis": "published",
        }
    )
    coops = gpd.GeoDataFrame(
        {
            "name": [names["k1"], names["k2"]],
            "operator_id": ["o3", "o4"],
            "township_id": ["c", "d"],
            "willing": [1.0, 1.0],
            "address": ["", ""],
            "location_precision": ["township", "point"],
        },
        geometry=[points["k1"], points["k2"]],
        index=pd.Index(["k1", "k2"], name="coop_id"),
        crs=CRS,
    )
    nobody = pd.DataFrame({"facility_id": [], "name": [], "address": [], "reason": []}).astype(str)
    return Places(Facilities(facilities, offers, unplaced), Cooperatives(coops, nobody))


def times(points: DemandPoints, direction: Direction, cutoff_min: float = 60.0) -> TravelTimes:
    """Times between homes and places; from f2 no way leads to d, other absent pairs are far."""
    rows = [
        (place, point, minutes) if direction == "to_demand" else (point, place, minutes)
        for place, ways in _HOME.items()
        for point, minutes in ways.items()
    ]
    cut = [("f2", "d1"), ("f2", "d2")]
    unreachable = [pair if direction == "to_demand" else pair[::-1] for pair in cut]
    ends = ["from_id", "to_id"]
    ids = [*points.frame.index, *_HOME]
    return TravelTimes(
        pd.DataFrame(rows, columns=[*ends, "time_min"]).assign(proxy_share=0.0),
        cutoff_min,
        "car",
        direction,
        points,
        tuple(_HOME),
        pd.DataFrame(unreachable, columns=ends),
        (),
        pd.Series(0.0, index=ids, name="snap_m"),
        False,
    )


def roads(proxy: bool = False) -> RoadNetwork:
    spots = [(0, 2), (5, 2), (9, 9)]
    points = [Point(EAST + 1000 * x, NORTH + 1000 * y) for x, y in spots]
    nodes = gpd.GeoDataFrame(geometry=points, index=pd.RangeIndex(3, name="node_id"), crs=CRS)
    edges = gpd.GeoDataFrame(
        {
            "u": [0, 1],
            "v": [1, 2],
            "length_m": [5000.0, 8062.0],
            "speed_kmh": [60.0, 60.0],
            "time_min": [5.0, 8.062],
            "kind": ["road", "ferry"],
            "road_class": ["primary", "ferry"],
            "oneway": [False, False],
            "proxy": [proxy, proxy],
            "name": ["", ""],
        },
        geometry=[LineString(points[:2]), LineString(points[1:])],
        crs=CRS,
    )
    pieces = pd.DataFrame({"piece": [0], "nodes": [3], "length_m": [13062.0], "kept": [True]})
    return RoadNetwork(nodes, edges, pieces)


@cache
def _names(hostile: bool) -> dict[str, str]:
    plain = {
        "a": "가람읍",
        "b": "나래면",
        "c": "다솔면",
        "d": "라온면",
        "c1": "한들군",
        "c2": "두들군",
        "f1": "가람재가센터",
        "f2": "가람주간보호",
        "f9": "어딘가요양원",
        "k1": "다솔농협",
        "k2": "라온농협",
    }
    if not hostile:
        return plain
    return {key: HOSTILE[i % len(HOSTILE)] for i, key in enumerate(plain)}


def results(
    folder: Path, *, until: str = "plan", hostile: bool = False, proxy: bool = False
) -> Results:
    """Return the results of the small region, as far as asked."""
    names = _names(hostile)
    asked, towns, who, where = scenario(folder), townships(names), people(), places(names)
    ways = {
        "home_visit_care": times(who.points, "to_demand"),
        "day_care": times(who.points, "to_place"),
    }
    standards = {service.id: service.standard_min for service in asked.services}

    def measured(offers: pd.DataFrame) -> access.AccessTable:
        return access.coverage(ways, offers, standard_min=standards, people=who)

    net = roads(proxy)
    today = measured(where.offers)
    if until == "access":
        return Results(asked, towns, who, where, net, (today,))
    needs = need.assess(
        towns,
        who,
        today,
        services=asked.services,
        settings=asked.need,
        years=[2027, 2028],
        connection=pd.Series(["road", "road", "road", "ferry"], index=list(TOWNS)),
    )
    if until == "need":
        return Results(
            asked, towns, who, where, net, (today,), needs, stage_need=(needs.of_year(),)
        )
    found = plan.solve(asked.plan, needs, ways, where, seed=1)
    stages = []
    for year in (2027, 2028):
        opened = found.openings[found.openings["year"] <= year]
        standing = opened.rename(columns={"site_id": "place_id"})[
            ["place_id", "service", "capacity_persons"]
        ].astype({"capacity_persons": "Float64"})
        standing = standing.assign(township_id=standing["place_id"].map({"k1": "c", "k2": "d"}))
        stages.append(measured(pd.concat([where.offers, standing], ignore_index=True)))
    tables = (today, *stages)
    later = plan.need_by_stage(needs, tables, found)
    return Results(asked, towns, who, where, net, tables, needs, found, later)
