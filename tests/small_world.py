"""A county of two townships that fits in the head: every figure can be checked by hand.

Township A (100 people, villages a1 with 60 % and a2 with 40 % of them) and township B (50 people,
one village b1). Institution F1 in A, F2 in B. Minutes from home:

====== ==== ==== =====================
point   F1   F2
====== ==== ==== =====================
a1        5   50
a2       25   70 beyond the cutoff 60
b1        -    -  no way to F1; 40 to F2
====== ==== ==== =====================
"""

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box

from ruralcare.types import (
    Cooperatives,
    DemandPoints,
    Facilities,
    Places,
    Population,
    Townships,
    TravelTimes,
)

CRS = "EPSG:5179"


def townships() -> Townships:
    frame = gpd.GeoDataFrame(
        {
            "name": ["가읍", "나면"],
            "sigungu_id": ["99001", "99001"],
            "sigungu_name": ["다군", "다군"],
            "seat": gpd.GeoSeries([Point(500, 500), Point(2500, 500)], crs=CRS),
        },
        geometry=[box(0, 0, 2000, 1000), box(2000, 0, 3000, 1000)],
        crs=CRS,
        index=pd.Index(["A", "B"], name="township_id"),
    )
    return Townships(frame, "2023-10")


def points() -> DemandPoints:
    frame = gpd.GeoDataFrame(
        {"township_id": ["A", "A", "B"], "name": ["a1", "a2", "b1"], "weight": [0.6, 0.4, 1.0]},
        geometry=[Point(400, 500), Point(1500, 500), Point(2500, 500)],
        crs=CRS,
        index=pd.Index(["a1", "a2", "b1"], name="point_id"),
    )
    return DemandPoints(frame, "villages")


def population() -> Population:
    rows = []
    counts = {
        # township, year: women 20-24, men 20-24, women 80-84, men 65-69
        ("A", 2013): (20, 20, 50, 30),
        ("A", 2023): (10, 10, 50, 30),
        ("B", 2013): (10, 10, 15, 5),
        ("B", 2023): (15, 15, 15, 5),
    }
    for (township, year), (young_f, young_m, old_f, old_m) in counts.items():
        rows += [
            (township, year, "female", "20-24", young_f),
            (township, year, "male", "20-24", young_m),
            (township, year, "female", "80-84", old_f),
            (township, year, "male", "65-69", old_m),
        ]
    columns = ["township_id", "year", "sex", "age_group", "persons"]
    return Population(
        pd.DataFrame(rows, columns=columns), points(), {2013: "2013-10", 2023: "2023-10"}
    )


def places(capacity=(4.0, None)) -> Places:
    frame = gpd.GeoDataFrame(
        {
            "name": ["가센터", "나센터"],
            "kind": "day_care",
            "operator_id": ["F1", "F2"],
            "township_id": ["A", "B"],
            "address": "",
            "location_precision": "point",
        },
        geometry=[Point(500, 500), Point(2500, 500)],
        crs=CRS,
        index=pd.Index(["F1", "F2"], name="facility_id"),
    )
    offers = pd.DataFrame(
        {
            "facility_id": ["F1", "F2"],
            "service": "day_care",
            "capacity_persons": pd.array(capacity, dtype="Float64"),
            "capacity_basis": ["published", "unknown"],
        }
    )
    none = pd.DataFrame({"facility_id": [], "name": [], "address": [], "reason": []})
    coops = gpd.GeoDataFrame(
        {
            "name": ["다농협"],
            "operator_id": ["C1"],
            "township_id": ["B"],
            "willing": [0.5],
            "address": "",
            "location_precision": "township",
        },
        geometry=[Point(2500, 500)],
        crs=CRS,
        index=pd.Index(["C1"], name="coop_id"),
    )
    return Places(
        Facilities(frame, offers, none),
        Cooperatives(coops, none.rename(columns={"facility_id": "coop_id"})),
    )


def times(direction="to_place") -> TravelTimes:
    home = [("a1", "F1", 5.0), ("a1", "F2", 50.0), ("a2", "F1", 25.0), ("b1", "F2", 40.0)]
    apart = [("b1", "F1")]
    flip = direction == "to_demand"
    frame = pd.DataFrame(
        [(p, h, m) if flip else (h, p, m) for h, p, m in home],
        columns=["from_id", "to_id", "time_min"],
    ).assign(proxy_share=0.0)
    unreachable = pd.DataFrame(
        [(p, h) if flip else (h, p) for h, p in apart], columns=["from_id", "to_id"]
    )
    ids = ["a1", "a2", "b1", "F1", "F2"]
    return TravelTimes(
        frame,
        60.0,
        "car",
        direction,
        points(),
        ("F1", "F2"),
        unreachable,
        (),
        pd.Series(0.0, index=ids, dtype="Float64"),
    )
