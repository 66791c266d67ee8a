"""Places that contradict their townships by one and the same distance tell of a wrong CRS."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from ruralcare.inputs.agreement import disagreement

METRES = "EPSG:5179"


@pytest.fixture
def county():
    """Return 40 townships of 5 km in 전라남도 and three villages in each."""
    areas = {
        f"46990{number:02d}000": box(x, y, x + 5000, y + 5000)
        for number, (x, y) in enumerate(
            (917_000.0 + 5000 * i, 1_619_000.0 + 5000 * j) for i in range(8) for j in range(5)
        )
    }
    random = np.random.default_rng(1)
    ids = np.repeat(list(areas), 3)
    corners = np.array([areas[one].bounds[:2] for one in ids])
    places = corners + random.uniform(200, 4800, (len(ids), 2))
    points = gpd.GeoSeries([Point(xy) for xy in places], crs=METRES)
    return points, pd.Series(ids), gpd.GeoSeries(areas, crs=METRES)


def misread(series, true, said):
    """Return a series as it is placed when its CRS is misnamed."""
    raw = series.to_crs(true).set_crs(said, allow_override=True)
    return raw.to_crs(METRES)


def test_places_at_home_agree(county):
    assert disagreement(*county) is None


@pytest.mark.parametrize(
    ("true", "said", "km", "direction"),
    [
        ("EPSG:5186", "EPSG:5181", 100, "north"),
        ("EPSG:5181", "EPSG:5186", 100, "south"),
        ("EPSG:5186", "EPSG:5187", 183, "east"),
    ],
)
def test_points_in_a_wrong_crs(county, true, said, km, direction):
    points, ids, areas = county
    told = disagreement(misread(points, true, said), ids, areas, points_crs=said)
    assert told.values["km"] == pytest.approx(km, rel=0.02)
    assert str(told.values["direction"]) == direction
    assert true in told.values["crs"]
    assert "they would fit" in told.render("en")


def test_boundaries_in_a_wrong_crs(county):
    points, ids, areas = county
    moved = misread(areas, "EPSG:5186", "EPSG:5181")
    told = disagreement(points, ids, moved, areas_crs="EPSG:5181")
    # The boundaries lie 100 km too far north, so the points lie south of them.
    assert str(told.values["direction"]) == "south"
    assert "the boundaries would fit EPSG:5186" in told.render("en")
    both = disagreement(points, ids, moved, points_crs="EPSG:4326", areas_crs="EPSG:5181")
    assert both.values == told.values


def test_a_shift_that_no_crs_explains(county):
    points, ids, areas = county
    told = disagreement(points.translate(30_000, 40_000), ids, areas, points_crs="EPSG:5186")
    assert told.values["km"] == pytest.approx(50, abs=0.5)
    assert str(told.values["direction"]) == "north-east"
    assert "one of the two files has a wrong CRS" in told.render("en")


def test_a_few_strays_say_nothing_about_the_crs(county):
    points, ids, areas = county
    shifted = points.copy()
    shifted.iloc[:50] = points.iloc[:50].translate(0, 100_000)
    assert disagreement(shifted, ids, areas) is None


def test_wrong_codes_are_no_wrong_crs(county):
    points, ids, areas = county
    mixed = pd.Series(np.random.default_rng(2).permutation(ids))
    assert disagreement(points, mixed, areas) is None


def test_what_cannot_be_compared_is_passed_over(county):
    points, ids, areas = county
    assert disagreement(points.translate(0, 100_000)[:4], ids[:4], areas) is None
    assert disagreement(points.translate(0, 100_000), ids.str.replace("46", "47"), areas) is None
    gaps = points.translate(0, 100_000).copy()
    gaps.iloc[::2] = None
    assert disagreement(gaps, ids, areas) is not None


@pytest.mark.integration
def test_real_townships(shared_data):
    path = shared_data / "korea/boundaries/hangjeongdong_2021_jeonbuk.geojson"
    frame = gpd.read_file(path).set_index("adm_cd2").to_crs(METRES)
    points, ids = frame.representative_point(), pd.Series(frame.index)
    assert disagreement(points, ids, frame.geometry) is None
    told = disagreement(
        misread(points, "EPSG:5186", "EPSG:5181"), ids, frame.geometry, points_crs="EPSG:5181"
    )
    assert told.values["km"] == pytest.approx(100, abs=0.1)
    assert "EPSG:5186" in told.values["crs"].split(", ")
