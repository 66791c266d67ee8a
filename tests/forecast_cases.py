"""People of a few dates, for the tests of forecasts."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from ruralcare.types import AGE_GROUPS, DemandPoints, Population


def population(registers, *, assumed=False):
    """Return people from {date: {(township, sex): [21 counts]}}."""
    rows = [
        (township, int(date[:4]), sex, group, persons)
        for date, table in registers.items()
        for (township, sex), counts in table.items()
        for group, persons in zip(AGE_GROUPS, counts, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["township_id", "year", "sex", "age_group", "persons"])
    ids = sorted(set(frame["township_id"]))
    points = gpd.GeoDataFrame(
        {"township_id": ids, "name": ids, "weight": 1.0},
        geometry=[Point(at, 0) for at in range(len(ids))],
        index=pd.Index([f"p{one}" for one in ids], name="point_id"),
        crs="EPSG:5179",
    )
    as_of = {int(date[:4]): date for date in registers}
    return Population(frame, DemandPoints(points, "centroid"), as_of, assumed)


def counties(people, digits=5):
    ids = sorted(set(people.frame["township_id"]))
    return pd.Series({one: one[:digits] for one in ids})
