"""Population grids of every kind, against hand calculation and plain loops."""

from __future__ import annotations

import builtins
import csv

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
from affine import Affine
from people_cases import DASOM, GOUN, NARAE, metres, scenario, towns
from pyproj import Transformer
from shapely.geometry import Point, box

from ruralcare import InputError, inputs
from ruralcare.inputs.people.grids import grid_cell

# Degrees of cells (centre), with people; the last lies in no township.
CELLS = [
    (126.525, 34.525, 30),
    (126.575, 34.575, 90),
    (126.645, 34.555, 7),
    (126.715, 34.515, 12),
    (126.725, 34.535, 24),
    (126.95, 34.55, 1000),
]
WEIGHTS = {GOUN: [0.25, 0.75], NARAE: [1.0], DASOM: [1 / 3, 2 / 3]}


def read(folder, file, people=None, **keys):
    found = scenario(folder, points={"kind": "grid", "file": file, **keys})
    if people is not None:
        return inputs.read_population(found, towns()).points
    return inputs.read_demand_points(found, towns())


def check(points, weights=WEIGHTS):
    assert points.basis == "grid"
    for township, shares in weights.items():
        rows = points.frame[points.frame["township_id"] == township]
        assert sorted(rows["weight"]) == pytest.approx(sorted(shares)), township


def cells(crs=4326, side=0.002, column="val", shape="area"):
    """Return the cells as a GeoDataFrame; areas are squares in degrees."""
    half = side / 2
    geometry = [
        box(x - half, y - half, x + half, y + half) if shape == "area" else Point(x, y)
        for x, y, _ in CELLS
    ]
    frame = gpd.GeoDataFrame({column: [n for *_, n in CELLS]}, geometry=geometry, crs=4326)
    return frame.to_crs(crs)


def fault(folder, file, **keys):
    with pytest.raises(InputError) as caught:
        read(folder, file, **keys)
    (found,) = caught.value.faults
    assert found.file == file
    return found


@pytest.mark.parametrize("shape", ["area", "point"])
@pytest.mark.parametrize("file", ["g.gpkg", "g.shp", "g.geojson", "g.parquet"])
@pytest.mark.parametrize(("crs", "column"), [(5179, "val"), (5186, "TOT_PPL")])
def test_vector_cells(tmp_path, file, shape, crs, column):
    frame = cells(4326 if file.endswith("json") else crs, column=column, shape=shape)
    if file.endswith("parquet"):
        frame.to_parquet(tmp_path / file)
    else:
        frame.to_file(tmp_path / file)
    points = read(tmp_path, file)
    check(points)
    place = points.frame[points.frame["township_id"] == NARAE].geometry.iloc[0]
    assert place.distance(Point(metres(126.645, 34.555))) < 1
    (reading,) = points.readings
    assert (reading.rows, reading.used) == (6, 5)
    assert "population grid cells (5 in all)" in str(points.notes[0])


@pytest.mark.parametrize(
    ("x", "y", "crs"), [("lon", "lat", 4326), ("x", "y", 5179), ("X", "Y", 5186)]
)
def test_tables_of_cells(tmp_path, x, y, crs):
    rows = [[y, x, "인구수"]]
    for lon, lat, count in CELLS:
        place = (lon, lat) if crs == 4326 else metres(lon, lat, crs)
        rows.append([repr(place[1]), repr(place[0]), f"{count:,}"])
    with (tmp_path / "g.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    keys = {} if crs == 4326 else {"crs": f"EPSG:{crs}"}
    check(read(tmp_path, "g.csv", **keys))


def test_grid_codes_by_hand():
    """Seoul's city hall, about (953 900, 1 952 000) in EPSG:5179, lies in 다사 53 52."""
    # 다 is the third letter: 700 km + 200 km; 사 the seventh: 1300 km + 600 km.
    assert grid_cell("다사5352") == (700e3 + 200e3 + 53e3 + 500, 1300e3 + 600e3 + 52e3 + 500, 1e3)
    assert grid_cell("다사 539 520") == (953_950, 1_952_050, 100)
    assert grid_cell("다사53b52a") == (953_750, 1_952_250, 500)
    assert grid_cell("가가") == (750_000, 1_350_000, 100_000)
    assert [grid_cell(bad) for bad in ("다사535", "하", "다사53c52a", "", "ABCD")] == [None] * 5
    x, y = Transformer.from_crs(4326, 5179, always_xy=True).transform(126.97795, 37.56665)
    cell = grid_cell("다사5352")
    assert abs(x - cell[0]) < 500
    assert abs(y - cell[1]) < 500


def code_of(lon, lat, digits=2):
    """Encode a place by plain arithmetic."""
    letters = "가나다라마바사아자차카타파하"
    east, north = (
        int(one) - origin
        for one, origin in zip(metres(lon, lat), (700_000, 1_300_000), strict=True)
    )
    side = 10 ** (5 - digits)
    return (
        letters[east // 100_000]
        + letters[north // 100_000]
        + f"{east % 100_000 // side:0{digits}d}{north % 100_000 // side:0{digits}d}"
    )


@pytest.mark.parametrize("digits", [2, 3])
@pytest.mark.parametrize("headed", [True, False])
@pytest.mark.parametrize("delimiter", [",", "^"])
def test_tables_of_grid_codes(tmp_path, digits, headed, delimiter):
    rows = [["gid", "val"]] if headed else []
    for lon, lat, count in CELLS:
        code = code_of(lon, lat, digits)
        assert grid_cell(code)[2] == 10 ** (5 - digits)
        if headed:
            rows.append([code, str(count)])
        else:
            rows += [["2024", code, "to_in_001", str(count)], ["2024", code, "to_in_007", "1"]]
            rows += [["2023", code, "to_in_001", "999"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "g.csv").write_bytes(text.encode("cp949"))
    points = read(tmp_path, "g.csv")
    check(points)
    moved = points.frame[points.frame["township_id"] == NARAE].geometry.iloc[0]
    away = moved.distance(Point(metres(126.645, 34.555)))
    assert away <= 10 ** (5 - digits) * 0.75


def belongs(centre, code, areas):
    """Return whether a cell lies in a township, or off the coast of it."""
    away = {one: area.distance(centre) for one, area in areas.items()}
    return away[code] <= 500 and away[code] == min(away.values())


def raster(path, crs="EPSG:5179", nodata=-9999.0, side=500.0):
    """Write cells of 500 m around the townships, and return what each township should get."""
    west, south = metres(126.45, 34.45)
    values = np.full((60, 90), nodata, dtype="float32")
    transform = Affine(side, 0, west, 0, -side, south + side * 60)
    rng = np.random.default_rng(7)
    wanted = {code: [] for code in WEIGHTS}
    areas = towns().frame.geometry
    for row in range(0, 60, 3):
        for column in range(0, 90, 3):
            values[row, column] = rng.integers(0, 50)
            centre = Point(west + side * (column + 0.5), south + side * (60 - row - 0.5))
            for code in wanted:
                if values[row, column] > 0 and belongs(centre, code, areas):
                    wanted[code].append(float(values[row, column]))
    with rasterio.open(
        path, "w", driver="GTiff", height=60, width=90, count=1, dtype="float32", crs=crs,
        transform=transform, nodata=nodata,
    ) as image:  # fmt: skip
        image.write(values, 1)
    return {code: [one / sum(found) for one in found] for code, found in wanted.items()}


def test_geotiff(tmp_path):
    wanted = raster(tmp_path / "g.tif")
    assert min(map(len, wanted.values())) > 5
    points = read(tmp_path, "g.tif")
    check(points, wanted)
    assert points.readings[0].crs == "EPSG:5179"


def test_a_geotiff_without_crs_takes_that_of_the_scenario(tmp_path):
    wanted = raster(tmp_path / "g.tif", crs=None)
    assert fault(tmp_path, "g.tif").column == "points.crs"
    check(read(tmp_path, "g.tif", crs="EPSG:5179"), wanted)


def test_a_geotiff_elsewhere_is_named(tmp_path):
    raster(tmp_path / "g.tif", crs="EPSG:5186")
    assert "lies in the planned townships" in str(fault(tmp_path, "g.tif").problem)


def test_without_rasterio_the_fault_says_what_to_install(tmp_path, monkeypatch):
    raster(tmp_path / "g.tif")
    real = builtins.__import__

    def missing(name, *args, **keys):
        if name.startswith("rasterio"):
            raise ImportError(name)
        return real(name, *args, **keys)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert "ruralcare[raster]" in str(fault(tmp_path, "g.tif").remedy)


def test_hidden_numbers_are_counted_in_a_remark(tmp_path):
    frame = cells().astype({"val": object})
    frame.loc[2, "val"] = "N/A"
    frame["val"] = frame["val"].astype(str)
    frame.to_file(tmp_path / "g.gpkg")
    points = read(tmp_path, "g.gpkg")
    (remark,) = points.readings[0].remarks
    assert "1 cells hide" in str(remark.problem)
    # The only cell of 나래면 is hidden: its people are at the seat.
    place = points.frame[points.frame["township_id"] == NARAE]
    assert place.index.tolist() == [f"{NARAE}-seat"]
    assert any("나래면" in str(note) for note in points.notes)


def test_a_cell_on_a_border_belongs_where_its_middle_lies(tmp_path):
    """Of two cells across the border at 126.6° one is counted on either side."""
    frame = gpd.GeoDataFrame(
        {"val": [1, 2, 4]},
        geometry=[
            box(126.589, 34.5, 126.609, 34.52),
            box(126.591, 34.55, 126.613, 34.57),
            box(126.71, 34.55, 126.72, 34.56),
        ],
        crs=4326,
    )
    frame.to_file(tmp_path / "g.gpkg")
    points = read(tmp_path, "g.gpkg")
    assert points.frame["township_id"].value_counts().to_dict() == {GOUN: 1, NARAE: 1, DASOM: 1}


def test_a_grid_that_differs_from_the_register_is_doubtful(tmp_path):
    cells().to_file(tmp_path / "g.gpkg")
    points = read(tmp_path, "g.gpkg", people=True)
    told = [one for one in points.readings[0].remarks if "register" in str(one.problem)]
    assert {one.value for one in told} == {GOUN, NARAE, DASOM}


def test_metres_taken_for_degrees_are_named_with_their_crs(tmp_path):
    frame = cells(5179, shape="point")
    frame = frame.set_crs(4326, allow_override=True)
    frame.to_parquet(tmp_path / "g.parquet")
    found = fault(tmp_path, "g.parquet")
    assert "would fit EPSG:5179" in str(found.problem)


def test_one_grid_taken_for_another_is_named_with_its_crs(tmp_path):
    """Cells in 5181 read as 5186 lie 100 km to the south."""
    cells(5181).set_crs(5186, allow_override=True).to_parquet(tmp_path / "g.parquet")
    found = fault(tmp_path, "g.parquet")
    assert "EPSG:5181" in str(found.problem)
    check(read(tmp_path, "g.parquet", crs="EPSG:5181"))


def test_a_column_that_is_not_there_is_named(tmp_path):
    cells(column="headcount").to_file(tmp_path / "g.gpkg")
    assert fault(tmp_path, "g.gpkg").column == "points.column"
    assert fault(tmp_path, "g.gpkg", column="nope").value == "nope"
    check(read(tmp_path, "g.gpkg", column="headcount"))


def test_the_grid_of_a_nation_is_read_only_near_the_townships(tmp_path):
    """Ten thousand far cells are counted as rows, not read."""
    far = gpd.GeoDataFrame(
        {"val": [1] * 10_000},
        geometry=[Point(128 + at / 1e4, 37) for at in range(10_000)],
        crs=4326,
    )
    near = cells(shape="point")
    pd.concat([far, near]).to_file(tmp_path / "g.gpkg")
    points = read(tmp_path, "g.gpkg")
    check(points)
    assert points.readings[0].rows == 10_006


def test_sheets_that_are_passed_over_are_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "격자"
    for row in [("lon", "lat", "val"), *CELLS]:
        book.active.append(row)
    book.create_sheet("설명").append(["격자 인구"])
    book.save(tmp_path / "g.xlsx")
    points = read(tmp_path, "g.xlsx")
    check(points)
    sheets, outside = points.readings[0].remarks
    assert sheets.value == "설명"
    # The last cell lies in no township.
    assert outside.problem.values == {"count": 1, "persons": 1000}
