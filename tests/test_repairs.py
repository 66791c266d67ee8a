"""Shapes of areas: repaired without loss, and how they fit together."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from ruralcare.inputs.areas.repairs import area_text, repaired, seams

METRES = "EPSG:5179"
X, Y = 950_000.0, 1_650_000.0


def at(shape):
    """Move a shape drawn near zero to Korea."""
    return shapely.transform(shape, lambda xy: xy + np.array([X, Y]))


def frame(*shapes, crs=METRES):
    rows = np.arange(len(shapes)) + 2
    return gpd.GeoDataFrame({"row": rows}, geometry=list(shapes), crs=crs)


def found(*shapes, planned=None):
    mask = np.ones(len(shapes), bool) if planned is None else np.array(planned)
    return [
        (seam.kind, seam.members, round(seam.size_m2), seam.narrow) for seam in seams(shapes, mask)
    ]


def test_a_valid_area_is_not_touched():
    area = at(box(0, 0, 1000, 1000) - box(300, 300, 400, 400))
    series, flaws = repaired(frame(area), METRES)
    assert series.iloc[0].equals_exact(area)
    assert flaws == []


def test_both_wings_of_a_bow_tie_are_kept():
    bow = at(Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)]))
    series, (flaw,) = repaired(frame(bow), METRES)
    # Two triangles of 1000 m by 500 m; the shoelace formula gives 0 for the whole.
    assert series.iloc[0].area == pytest.approx(500_000)
    assert flaw.row == 2
    assert flaw.size_m2 == pytest.approx(500_000)
    assert "a border crosses itself" in flaw.problem.render("en")
    assert "0.5 km²" in flaw.problem.render("en")


def test_islands_inside_an_invalid_township_are_kept():
    bow = Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    rock = box(5000, 5000, 5001, 5001)
    series, _ = repaired(frame(at(MultiPolygon([bow, rock]))), METRES)
    assert series.iloc[0].area == pytest.approx(500_001)
    assert len(series.iloc[0].geoms) == 3


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (None, "has no shape"),
        (Polygon(), "has no shape"),
        (Point(X, Y), "a point or a line"),
        (LineString([(X, Y), (X + 1, Y)]), "a point or a line"),
        (at(Polygon([(0, 0), (1, 1), (0, 0), (0, 0)])), "has no area"),
        (GeometryCollection([Point(X, Y)]), "a point or a line"),
    ],
)
def test_what_is_no_area_is_named(shape, words):
    series, (flaw,) = repaired(frame(at(box(0, 0, 9, 9)), shape), METRES)
    assert series.iloc[1] is None
    assert (flaw.row, flaw.lost) == (3, True)
    assert words in flaw.problem.render("en")


def test_polygons_among_lines_are_kept():
    mixed = GeometryCollection([at(box(0, 0, 10, 10)), LineString([(X, Y), (X + 50, Y)])])
    series, (flaw,) = repaired(frame(mixed), METRES)
    assert series.iloc[0].area == pytest.approx(100)
    assert "mixed" in flaw.problem.render("en")
    assert not flaw.lost


rings = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=9, unique=True
)


@given(ring=rings)
def test_whatever_is_drawn_becomes_valid_and_fills_what_the_border_encloses(ring):
    series, _ = repaired(frame(at(Polygon(ring))), METRES)
    area = series.iloc[0]
    assert area is None or (area.is_valid and area.geom_type in ("Polygon", "MultiPolygon"))
    # Independently: the faces between the lines of the border that it goes round.
    faces = shapely.polygonize([shapely.node(LineString([*ring, ring[0]]))]).geoms
    most = sum(face.area for face in faces)
    size = 0.0 if area is None else area.area
    assert size <= most * (1 + 1e-9) + 1e-6
    if Polygon(ring).is_valid:
        assert size == pytest.approx(Polygon(ring).area)


@pytest.mark.integration
def test_no_land_of_the_nation_is_lost(shared_data):
    path = shared_data / "korea/boundaries/skorea-submunicipalities-2018-topo.json"
    raw = gpd.read_file(path).set_crs("EPSG:4326", allow_override=True)
    raw["row"] = np.arange(len(raw)) + 2
    series, flaws = repaired(raw, METRES)
    invalid = raw.index[~raw.geometry.is_valid]
    assert len(raw) == 3504
    assert len(invalid) == 135
    assert sorted(flaw.row for flaw in flaws) == sorted(invalid + 2)
    assert series.is_valid.all()
    assert not series.isna().any()
    before, after = raw.to_crs(METRES).area, series.area
    # Quantised borders cross themselves by a few metres; nothing larger may change.
    assert (after - before).abs().max() < 150
    told = {flaw.row: flaw.size_m2 for flaw in flaws}
    for index in invalid:
        change = abs(after[index] - before[index])
        assert told[index + 2] == pytest.approx(change, abs=0.1)
    # Every island that has an inside is still there.
    parts = raw.to_crs(METRES).explode(index_parts=False)
    parts = parts[parts.geometry.is_valid & (parts.area > 1)]
    common = shapely.intersection(parts.geometry.to_numpy(), series.reindex(parts.index).to_numpy())
    assert len(parts) > 4000
    assert (shapely.area(common) > 0.999 * parts.area.to_numpy()).all()


def test_areas_that_share_borders_have_no_seams():
    assert found(at(box(0, 0, 10, 10)), at(box(10, 0, 20, 10)), at(box(0, 10, 20, 20))) == []


def test_overlaps_are_found_largest_first():
    areas = (at(box(0, 0, 1000, 1000)), at(box(900, 0, 2000, 1000)), at(box(1999, 0, 3000, 1000)))
    assert found(*areas) == [
        ("overlap", (0, 1), 100_000, False),
        ("overlap", (1, 2), 1_000, True),
    ]


def test_the_same_area_twice_is_an_overlap():
    assert found(at(box(0, 0, 1000, 1000)), at(box(0, 0, 1000, 1000))) == [
        ("overlap", (0, 1), 1_000_000, False)
    ]


def test_a_narrow_gap_and_a_lake_are_told_apart():
    left, right = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)
    slit = Polygon([(1000, 100), (980, 500), (1000, 900)])
    assert found(at(left - slit), at(right)) == [("gap", (0, 1), 8000, True)]
    lake = box(600, 300, 1000, 700)
    assert found(at(left - lake), at(right)) == [("hole", (0, 1), 160_000, False)]


def test_a_gap_between_areas_that_touch_in_points_alone():
    left = Polygon([(0, 0), (1000, 0), (500, 500), (1000, 1000), (0, 1000)])
    right = Polygon([(2000, 0), (1000, 0), (1500, 500), (1000, 1000), (2000, 1000)])
    assert found(at(left), at(right)) == [("hole", (0, 1), 500_000, False)]


def test_what_is_no_gap():
    ring = box(0, 0, 1000, 1000) - box(300, 300, 700, 700)
    # A lake or a town inside one township is its publisher's own.
    assert found(at(ring)) == []
    # A 읍 surrounded by a 면 fills its hole.
    assert found(at(ring), at(box(300, 300, 700, 700))) == []
    # A bay is open to the sea.
    assert found(at(box(0, 0, 400, 1000)), at(box(0, 0, 1000, 400))) != []
    assert found(at(box(0, 400, 400, 1000)), at(box(0, 0, 1000, 400))) == []
    # A neighbour that is no part of the plan fills the land between.
    halves = (ring & box(0, 0, 500, 1000), ring & box(500, 0, 1000, 1000))
    town = box(300, 300, 700, 700)
    assert found(*map(at, (*halves, town)), planned=[True, True, False]) == []
    assert found(*map(at, halves)) == [("hole", (0, 1), 160_000, False)]


def test_seams_between_neighbours_alone_are_not_told():
    areas = [at(box(x, 0, x + 1100, 1000)) for x in (0, 1000, 2000)]
    assert found(*areas, planned=[True, False, False]) == [("overlap", (0, 1), 100_000, False)]
    assert found(*areas, planned=[False, False, False]) == []


def test_hairs_below_a_square_metre_are_rounding():
    assert found(at(box(0, 0, 1000, 1000)), at(box(999.9995, 0, 2000, 1000))) == []


@pytest.mark.integration
def test_overlaps_of_the_nation_are_those_of_brute_force(shared_data):
    path = shared_data / "korea/boundaries/skorea-submunicipalities-2018-topo.json"
    raw = gpd.read_file(path).set_crs("EPSG:4326", allow_override=True).to_crs(METRES)
    areas = shapely.make_valid(raw.geometry.to_numpy(), method="structure", keep_collapsed=False)
    # 전라남도 and its neighbours: every pair, without an index.
    areas = areas[raw["code"].str.startswith(("36", "24", "35"))]
    told = {s.members: s.size_m2 for s in seams(areas, np.ones(len(areas), bool))
            if s.kind == "overlap"}  # fmt: skip
    shapely.prepare(areas)
    brute = {}
    for one in range(len(areas)):
        for two in np.flatnonzero(shapely.intersects(areas[one], areas[one + 1 :])) + one + 1:
            size = shapely.intersection(areas[one], areas[two]).area
            if size >= 1:
                brute[one, int(two)] = size
    assert told.keys() == brute.keys()
    assert len(brute) > 5
    for pair, size in brute.items():
        assert told[pair] == pytest.approx(size)


def test_sizes_are_written_as_people_say_them():
    assert area_text(4321.4).render("en") == "4,321 m²"
    assert area_text(15_837_650).render("en") == "15.84 km²"
