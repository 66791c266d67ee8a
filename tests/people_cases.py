"""Townships and scenarios for the tests of people and of the points where they live."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box
from tiny_county import TOWNSHIPS, county

from ruralcare import Scenario
from ruralcare.types import Townships

GOUN, NARAE, DASOM = TOWNSHIPS


def towns(
    codes: tuple[str, ...] = tuple(TOWNSHIPS),
    names: tuple[str, ...] = tuple(name for name, _ in TOWNSHIPS.values()),
    as_of: str = "2023-10",
) -> Townships:
    """Return squares of a tenth of a degree side by side, as in the tiny county."""
    areas = [box(126.5 + 0.1 * at, 34.5, 126.6 + 0.1 * at, 34.6) for at in range(len(codes))]
    frame = gpd.GeoDataFrame(
        {
            "name": list(names),
            "sigungu_id": [code[:5] for code in codes],
            "sigungu_name": "한울군",
            "seat": gpd.GeoSeries([area.centroid for area in areas], crs=4326).to_crs(5179).array,
        },
        geometry=gpd.GeoSeries(areas, crs=4326).to_crs(5179).array,
        index=pd.Index(list(codes), name="township_id"),
        crs="EPSG:5179",
    )
    return Townships(frame, as_of)


def scenario(folder: Path, **changes) -> Scenario:
    """Return the scenario of the tiny county with some of its tables changed."""

    def change(raw):
        for table, keys in changes.items():
            raw[table] = {**raw.get(table, {}), **keys} if table != "points" else keys
            if keys is None:
                del raw[table]

    return Scenario.read(county(folder, change))


def metres(lon: float, lat: float, crs: int = 5179) -> tuple[float, float]:
    """Return a place in another CRS, by way of GeoPandas."""
    point = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(crs).iloc[0]
    return point.x, point.y
