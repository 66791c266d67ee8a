"""Villages, buildings and seats as demand points."""

from __future__ import annotations

import csv
import dataclasses

import geopandas as gpd
import pandas as pd
import pytest
from people_cases import DASOM, GOUN, NARAE, metres, scenario, towns
from shapely.geometry import Point, box

from ruralcare import InputError, inputs

# Longitude, latitude and households of buildings.
HOMES = [
    (126.51, 34.51, 1),
    (126.52, 34.52, 3),
    (126.61, 34.51, 2),
    (126.71, 34.51, 5),
    (126.72, 34.52, 5),
    (126.73, 34.53, 10),
]


def read(folder, boundaries=None, **points):
    found = scenario(folder, points=points)
    return inputs.read_demand_points(found, boundaries or towns())


def shares(points):
    found = {}
    for row in points.frame.itertuples():
        found.setdefault(row.township_id, []).append(row.weight)
    return {township: sorted(weights) for township, weights in found.items()}


def fault(folder, **points):
    with pytest.raises(InputError) as caught:
        read(folder, **points)
    (found,) = caught.value.faults
    return found


def test_one_point_per_township_says_so(tmp_path):
    points = read(tmp_path, kind="centroid")
    assert points.frame["weight"].tolist() == [1.0] * 3
    assert "one point, its seat" in str(points.notes[0])


def test_villages_weigh_by_their_people_and_say_so(tmp_path):
    points = read(tmp_path, kind="villages", file="villages.csv")
    assert shares(points) == {GOUN: [0.25, 0.75], NARAE: [0.25, 0.75], DASOM: [1.0]}
    assert "villages (5 in all)" in str(points.notes[0])
    (reading,) = points.readings
    assert (reading.rows, reading.used, reading.crs) == (5, 5, "EPSG:4326")


def own_villages(folder, crs=4326, **changes):
    rows = [["township_id", "name", "persons", "lon", "lat"]]
    for code, name, persons, lon, lat in (
        (GOUN, "가", 300, 126.53, 34.55),
        (GOUN, "나", 100, 126.57, 34.56),
        (NARAE, "다", 50, 126.64, 34.55),
        (NARAE, "라", 50, 126.68, 34.53),
        (DASOM, "마", 9, 126.75, 34.55),
    ):
        place = (lon, lat) if crs == 4326 else metres(lon, lat, crs)
        rows.append([changes.get(code, code), name, persons, *map(repr, place)])
    folder.mkdir(exist_ok=True)
    with (folder / "own.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return "own.csv"


def test_our_own_village_list(tmp_path):
    file = own_villages(tmp_path)
    points = read(tmp_path, kind="villages", file=file)
    assert shares(points) == {GOUN: [0.25, 0.75], NARAE: [0.5, 0.5], DASOM: [1.0]}


@pytest.mark.parametrize("crs", [5179, 5186])
def test_villages_in_metres_need_their_crs(tmp_path, crs):
    file = own_villages(tmp_path, crs)
    found = fault(tmp_path, kind="villages", file=file)
    assert f"EPSG:{crs}" in str(found.problem)
    points = read(tmp_path, kind="villages", file=file, crs=f"EPSG:{crs}")
    place = points.frame.loc[f"{DASOM}-001"].geometry
    assert place.distance(Point(metres(126.75, 34.55))) < 0.01


def test_villages_of_another_grid_are_one_fault(tmp_path):
    """Read in 5186 instead of 5181, all villages lie 100 km from their townships."""
    file = own_villages(tmp_path, 5181)
    found = fault(tmp_path, kind="villages", file=file, crs="EPSG:5186")
    assert "EPSG:5181" in str(found.problem)
    assert found.column == "lon"


def test_codes_of_villages_are_brought_to_the_date_of_the_boundaries(tmp_path):
    codes = {code: "52" + code[2:] for code in (GOUN, NARAE, DASOM)}
    file = own_villages(tmp_path, **codes)
    old = tuple("45" + code[2:] for code in (GOUN, NARAE, DASOM))
    found = scenario(
        tmp_path, townships={"as_of": "2018"}, points={"kind": "villages", "file": file}
    )
    points = inputs.read_demand_points(found, towns(old, as_of="2018"))
    assert set(points.frame["township_id"]) == set(old)
    assert points.frame.index[0] == f"{old[0]}-001"


def buildings(column="households"):
    side = 0.0001
    return gpd.GeoDataFrame(
        {column: [n for *_, n in HOMES]},
        geometry=[box(x, y, x + side, y + side) for x, y, _ in HOMES],
        crs=4326,
    )


@pytest.mark.parametrize("file", ["b.shp", "b.gpkg", "b.geojson"])
def test_buildings_weigh_by_their_households(tmp_path, file):
    buildings().to_file(tmp_path / file)
    points = read(tmp_path, kind="buildings", file=file)
    assert points.basis == "buildings"
    assert shares(points) == {GOUN: [0.25, 0.75], NARAE: [1.0], DASOM: [0.25, 0.25, 0.5]}
    assert "column households" in str(points.notes[0])


def test_buildings_without_weights_count_alike(tmp_path):
    buildings("height").to_file(tmp_path / "b.gpkg")
    points = read(tmp_path, kind="buildings", file="b.gpkg")
    assert shares(points)[DASOM] == pytest.approx([1 / 3] * 3)
    assert "evenly over its buildings (6 in all)" in str(points.notes[0])
    by_height = read(tmp_path, kind="buildings", file="b.gpkg", column="height")
    assert shares(by_height)[DASOM] == [0.25, 0.25, 0.5]


def test_buildings_of_a_table(tmp_path):
    rows = [["경도", "위도", "세대수"], *([repr(x), repr(y), n] for x, y, n in HOMES)]
    with (tmp_path / "b.csv").open("w", newline="", encoding="cp949") as stream:
        csv.writer(stream).writerows(rows)
    points = read(tmp_path, kind="buildings", file="b.csv")
    assert shares(points) == {GOUN: [0.25, 0.75], NARAE: [1.0], DASOM: [0.25, 0.25, 0.5]}
    assert points.readings[0].encoding == "CP949"


def test_a_township_without_buildings_falls_back_to_its_seat(tmp_path):
    buildings().iloc[:3].to_file(tmp_path / "b.gpkg")
    points = read(tmp_path, kind="buildings", file="b.gpkg")
    assert shares(points)[DASOM] == [1.0]
    assert points.frame.loc[f"{DASOM}-seat", "name"] == "다솜면"
    assert any("다솜면" in str(note) for note in points.notes)


def test_streets_say_how_people_are_spread(tmp_path):
    points = read(tmp_path, kind="residential_roads")
    assert points.basis == "residential roads"
    assert "400 m apart" in str(points.notes[0])


def test_a_crs_that_does_not_exist_is_named(tmp_path):
    found = fault(tmp_path, kind="villages", file="villages.csv", crs="EPSG:99999")
    assert (found.column, found.value) == ("points.crs", "EPSG:99999")


@pytest.mark.integration
def test_the_real_villages_against_a_plain_count(shared_data):
    from ruralcare import Scenario

    path = shared_data / "korea/villages/jeonnam_villages_6_counties.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    root = shared_data.parents[1]
    found = Scenario.read(root / "main" / "data/scenarios/jeonnam_three_counties.toml")
    villages = inputs.read_villages(found)
    assert len(villages) == len(rows) == 653
    assert villages["persons"].sum() == pytest.approx(sum(float(row["population"]) for row in rows))
    assert set(villages["township_id"]) == {row["admin_dong_code"] for row in rows}


def around(*boxes):
    """Return neighbouring townships."""
    squares = gpd.GeoSeries([box(*one) for one in boxes], crs=4326).to_crs(5179)
    codes = [f"469100{at}000" for at in range(len(boxes))]
    frame = gpd.GeoDataFrame(
        {"name": codes, "sigungu_id": "46910", "sigungu_name": "옆군", "seat": squares.centroid},
        geometry=squares,
    )
    frame.index = pd.Index(codes, name="township_id")
    return frame


def off_coast(folder):
    """Homes inside, and others 222, 444 and 1,100 m off the southern coast."""
    homes = [*HOMES, (126.55, 34.498, 4), (126.65, 34.496, 2), (126.75, 34.49, 50)]
    folder.mkdir(exist_ok=True)
    with (folder / "homes.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["lon", "lat", "households"], *homes])
    return "homes.csv"


def test_homes_off_the_coast_count_for_the_nearest_township(tmp_path):
    points = read(tmp_path, kind="buildings", file=off_coast(tmp_path), column="households")
    assert shares(points) == {
        GOUN: [1 / 8, 3 / 8, 4 / 8],
        NARAE: [0.5, 0.5],
        DASOM: [0.25, 0.25, 0.5],
    }
    (reading,) = points.readings
    assert (reading.rows, reading.used) == (9, 8)
    told = [(one.problem.values["count"], one.problem.values["persons"]) for one in reading.remarks]
    assert told == [(2, 6), (1, 50)]


def test_homes_in_a_neighbouring_township_are_its_own(tmp_path):
    file = off_coast(tmp_path)
    # The first lies inside the neighbour, the second is nearer to it than to the planned one.
    own = dataclasses.replace(
        towns(), around=around((126.5, 34.4, 126.6, 34.499), (126.6, 34.4, 126.7, 34.4955))
    )
    points = read(tmp_path, own, kind="buildings", file=file, column="households")
    assert shares(points) == {GOUN: [0.25, 0.75], NARAE: [1.0], DASOM: [0.25, 0.25, 0.5]}
    (remark,) = points.readings[0].remarks
    assert (remark.problem.values["count"], remark.problem.values["persons"]) == (1, 50)


@pytest.mark.parametrize("crs", [4326, 5186])
def test_no_home_near_the_edge_of_a_wide_area_is_missed(tmp_path, crs):
    """The northern edge of 200 km of 5179 is no line between its corners in degrees."""
    edge = box(900_000, 1_800_000, 1_100_000, 1_900_000)
    frame = towns().frame.iloc[:1].set_geometry([edge])
    wide = dataclasses.replace(towns(), frame=frame)
    homes = [Point(x, 1_899_950) for x in range(905_000, 1_100_000, 1000)]
    gpd.GeoDataFrame(geometry=homes, crs=5179).to_crs(crs).to_file(tmp_path / "h.gpkg")
    points = read(tmp_path, wide, kind="buildings", file="h.gpkg")
    assert len(points.frame) == len(homes)


def test_a_damaged_crs_of_a_shapefile_is_a_fault(tmp_path):
    homes = [Point(lon, lat) for lon, lat, _ in HOMES]
    gpd.GeoDataFrame({"n": range(6)}, geometry=homes, crs=4326).to_file(tmp_path / "h.shp")
    content = bytearray((tmp_path / "h.prj").read_bytes())
    content[10] = 0xFF
    (tmp_path / "h.prj").write_bytes(content)
    assert "cannot be read: h.prj" in str(fault(tmp_path, kind="buildings", file="h.shp").problem)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("126,53", "decimal comma"),
        ("126,599", "decimal comma"),
        ("126°31'48\"", "minutes and seconds"),
        ("126도 31분 48초", "minutes and seconds"),
        ("동쪽", "missing or no number"),
        ("", "missing or no number"),
    ],
)
@pytest.mark.parametrize("kind", ["villages", "buildings"])
def test_degrees_written_otherwise_are_told(tmp_path, text, told, kind):
    own_villages(tmp_path)
    with (tmp_path / "own.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][3] = text
    with (tmp_path / "own.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    found = fault(tmp_path, kind=kind, file="own.csv")
    assert told in str(found.problem)
    assert (found.row, found.column, found.value) == (2, "lon", text)


def test_metres_may_have_commas(tmp_path):
    file = own_villages(tmp_path, 5179)
    with (tmp_path / file).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    for row in rows[1:]:
        row[3:] = [f"{float(one):,.3f}" for one in row[3:]]
    with (tmp_path / file).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    points = read(tmp_path, kind="villages", file=file, crs="EPSG:5179")
    place = points.frame.loc[f"{DASOM}-001"].geometry
    assert place.distance(Point(metres(126.75, 34.55))) < 0.01
