"""Geometry of a page: what is written can be read back, and borders stay shared."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import report_cases as cases
import shapely
from hypothesis import given
from hypothesis import strategies as some

from ruralcare.report.geometry import (
    STEPS_PER_DEGREE,
    decode_line,
    encode_lines,
    encode_points,
    encode_polygon,
    label_points,
    outlines,
    road_lines,
    simplified,
    tolerance_m,
)

_degrees = some.tuples(some.floats(124, 132), some.floats(33, 39))


@given(some.lists(_degrees, min_size=2, max_size=30))
def test_a_line_is_read_back_within_half_a_step(points):
    rounded = np.round(np.array(points), 3)
    keep = np.r_[True, (np.diff(rounded, axis=0) != 0).any(axis=1)]
    line = shapely.linestrings(rounded[keep]) if keep.sum() > 1 else None
    if line is None:
        return
    (steps,) = encode_lines([line])
    assert all(isinstance(step, int) for step in steps)
    np.testing.assert_allclose(decode_line(steps), rounded[keep], atol=0.51 / STEPS_PER_DEGREE)


def test_a_polygon_keeps_its_holes_and_its_area():
    outer = shapely.box(126.0, 34.0, 126.1, 34.1)
    area = outer.difference(shapely.box(126.02, 34.02, 126.04, 34.04))
    rings = encode_polygon(area)
    assert len(rings) == 2
    read = shapely.Polygon(decode_line(rings[0]), [decode_line(rings[1])])
    assert abs(read.area - area.area) < 1e-9
    assert encode_points(gpd.GeoSeries([shapely.Point(126.5, 34.25)])) == [[12650000, 3425000]]


def _rough(seed: int) -> gpd.GeoDataFrame:
    """Two areas with a rough common border, and a speck of an island."""
    random = np.random.default_rng(seed)
    y = np.linspace(0, 10_000, 400)
    border = np.column_stack([5_000 + random.normal(0, 40, y.size), y])
    left = shapely.Polygon([(0, 0), *border, (0, 10_000)])
    right = shapely.Polygon([*border, (10_000, 10_000), (10_000, 0)])
    speck = shapely.box(20_000, 0, 20_020, 20)
    return gpd.GeoDataFrame(
        {"sigungu_id": ["x", "x"]},
        geometry=[shapely.union(left, speck), right],
        index=["l", "r"],
        crs=cases.CRS,
    )


def test_a_common_border_stays_common_and_specks_go():
    rough = _rough(1)
    simple = simplified(rough, 100.0)
    assert shapely.get_num_coordinates(simple.geometry.array).sum() < 200
    left, right = simple.geometry
    assert left.intersection(right).area < 1e-6
    assert shapely.coverage_is_valid(simple.geometry.array)
    assert left.geom_type == "Polygon"
    assert abs(left.area - rough.geometry.iloc[0].area) < 0.02 * left.area
    county = outlines(simple, "sigungu_id").loc["x"]
    assert abs(county.area - (left.area + right.area)) < 1


def test_tolerance_follows_the_size_of_the_area():
    rough = _rough(1)
    assert tolerance_m(rough) == 20_020 / 1600
    assert tolerance_m(rough.set_geometry(rough.geometry.scale(100, 100, origin=(0, 0)))) == 100


def test_labels_lie_well_inside():
    shapes = gpd.GeoSeries([shapely.box(0, 0, 100, 10), shapely.box(0, 0, 10, 10)], crs=cases.CRS)
    horseshoe = shapely.box(0, 0, 3000, 3000).difference(shapely.box(1000, 0, 2000, 2500))
    points = label_points(gpd.GeoSeries([*shapes, horseshoe], crs=cases.CRS))
    assert points.iloc[2].within(horseshoe)
    assert points.iloc[2].distance(horseshoe.boundary) > 240


def test_roads_are_drawn_by_class():
    drawn = dict(road_lines(cases.roads().edges, 5.0))
    assert list(drawn) == [2, 5]
    assert list(dict(road_lines(cases.roads(proxy=True).edges, 5.0))) == [5, 6]


def test_no_proxy_link_is_too_short_to_be_drawn():
    edges = cases.roads().edges
    short = edges.iloc[[0, 0]].set_geometry(
        gpd.GeoSeries(
            [
                shapely.LineString([(cases.EAST, cases.NORTH), (cases.EAST + 12, cases.NORTH)]),
                shapely.LineString([(cases.EAST, cases.NORTH), (cases.EAST, cases.NORTH + 12)]),
            ],
            crs=cases.CRS,
        ).values
    )
    drawn = dict(road_lines(short.assign(proxy=[False, True]), 50.0))
    assert len(drawn[2]) == 0
    assert drawn[6].length.tolist() == [12.0]
