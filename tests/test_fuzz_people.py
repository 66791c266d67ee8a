"""Damaged files of points and people give faults, or are read: nothing else.

Every kind of file is damaged in many ways, always the same for a given seed.
"""

from __future__ import annotations

import csv
import faulthandler
import io
import random
import shutil
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
from affine import Affine
from people_cases import scenario, towns
from shapely.geometry import Point
from test_fuzz_inputs import damaged
from test_long_tables import GROUPS, SEXES, kosis
from tiny_county import TOWNSHIPS, people, register_text

from ruralcare import InputError, inputs

ROUNDS = 40
LONGEST_S = 120
HOMES = [(126.51, 34.51, 3), (126.62, 34.52, 9), (126.66, 34.55, 1), (126.75, 34.53, 12)]


@pytest.fixture(autouse=True)
def _no_hang():
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def tiff(folder: Path) -> str:
    values = np.arange(24 * 60, dtype="float32").reshape(24, 60) % 7
    with rasterio.open(
        folder / "g.tif", "w", driver="GTiff", height=24, width=60, count=1, dtype="float32",
        crs="EPSG:4326", transform=Affine(0.005, 0, 126.5, 0, -0.005, 34.61), nodata=-9999.0,
        compress="deflate",
    ) as image:  # fmt: skip
        image.write(values, 1)
    return "g.tif"


def cells() -> gpd.GeoDataFrame:
    points = [Point(lon, lat) for lon, lat, _ in HOMES]
    return gpd.GeoDataFrame({"val": [n for *_, n in HOMES]}, geometry=points, crs=4326)


def written(name: str):
    def write(folder: Path) -> str:
        frame = cells()
        frame.to_parquet(folder / name) if name.endswith("parquet") else frame.to_file(
            folder / name
        )
        return name

    return write


def table(name: str, rows):
    def write(folder: Path) -> str:
        rows_ = rows()
        if name.endswith(".xlsx"):
            book = openpyxl.Workbook()
            for row in rows_:
                book.active.append(list(row))
            book.save(folder / name)
            return name
        stream = io.StringIO()
        csv.writer(stream).writerows(rows_)
        (folder / name).write_text(stream.getvalue(), "utf-8")
        return name

    return write


def homes():
    return [["lon", "lat", "households"], *HOMES]


def grid_codes():
    return [["gid", "val"], ["나마", 5], ["나마5452", 3], ["나라1234", 8]]


def own():
    rows = [["township_id", "year", "sex", "age_group", "persons"]]
    for code in TOWNSHIPS:
        for sex, word in SEXES.items():
            for at, group in enumerate(GROUPS):
                rows.append([code, 2023, sex, group, people(code, word, 5 * at)])
    return rows


def register():
    return list(csv.reader(io.StringIO(register_text())))


POINTS = {
    "geotiff": ("grid", tiff),
    "geopackage": ("grid", written("g.gpkg")),
    "geojson": ("grid", written("g.geojson")),
    "geoparquet": ("grid", written("g.parquet")),
    "shapefile": ("grid", written("g.shp")),
    "buildings": ("buildings", table("b.csv", homes)),
    "codes": ("grid", table("g.csv", grid_codes)),
    "workbook": ("buildings", table("b.xlsx", homes)),
}
PEOPLE = {
    "kosis": table("k.csv", kosis),
    "own": table("own.csv", own),
    "register-workbook": table("202310_r.xlsx", register),
}


def survives(read) -> bool:
    """Return whether a file is read; a fault must have words in both languages."""
    with warnings.catch_warnings():
        # As in a program: a warning of a library about a damaged file is nothing to stop for.
        warnings.simplefilter("ignore")
        try:
            assert read() is not None
        except InputError as error:
            told = [error.render("ko"), error.render("en")]
        else:
            return True
    assert all(told)
    return False


@pytest.mark.parametrize("kind", POINTS)
def test_damaged_points(tmp_path, kind):
    form, write = POINTS[kind]
    folder = tmp_path / "county"
    found = scenario(folder)
    name = write(folder)
    found = scenario(folder, points={"kind": form, "file": name})
    boundaries = towns()

    def read():
        return inputs.read_demand_points(found, boundaries)

    whole = {one.name: one.read_bytes() for one in folder.glob(f"{Path(name).stem}.*")}
    if kind != "codes":
        assert survives(read)
    dice = random.Random(f"points of {kind}")
    told = 0
    for _ in range(ROUNDS * len(whole) // 2):
        for part, content in whole.items():
            (folder / part).write_bytes(content)
        part = dice.choice(sorted(whole))
        (folder / part).write_bytes(damaged(whole[part], dice))
        told += not survives(read)
    assert told, "no damage was ever noticed"


@pytest.mark.parametrize("kind", PEOPLE)
def test_damaged_tables_of_people(tmp_path, kind):
    folder = tmp_path / "county"
    scenario(folder)
    name = PEOPLE[kind](folder)
    found = scenario(folder, population={"files": [name]}, points={"kind": "centroid"})
    boundaries = towns()

    def read():
        return inputs.read_population(found, boundaries)

    assert survives(read)
    whole = (folder / name).read_bytes()
    dice = random.Random(f"people of {kind}")
    told = 0
    for _ in range(ROUNDS):
        (folder / name).write_bytes(damaged(whole, dice))
        told += not survives(read)
    assert told, "no damage was ever noticed"


def test_a_missing_part_of_a_shapefile(tmp_path):
    folder = tmp_path / "county"
    scenario(folder)
    written("g.shp")(folder)
    found = scenario(folder, points={"kind": "grid", "file": "g.shp"})
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    for suffix in (".dbf", ".shx", ".prj", ".cpg"):
        (folder / f"g{suffix}").unlink()
        survives(lambda: inputs.read_demand_points(found, towns()))
        shutil.copy(whole / f"g{suffix}", folder)
    assert survives(lambda: inputs.read_demand_points(found, towns()))


@pytest.mark.parametrize("kind", PEOPLE)
def test_people_are_no_points(tmp_path, kind):
    folder = tmp_path / "county"
    scenario(folder)
    name = PEOPLE[kind](folder)
    for form in ("grid", "buildings", "villages"):
        found = scenario(folder, points={"kind": form, "file": name})
        with pytest.raises(InputError):
            inputs.read_demand_points(found, towns())


@pytest.mark.parametrize("kind", POINTS)
def test_points_are_no_people(tmp_path, kind):
    folder = tmp_path / "county"
    scenario(folder)
    name = POINTS[kind][1](folder)
    found = scenario(folder, population={"files": [name]}, points={"kind": "centroid"})
    with pytest.raises(InputError):
        inputs.read_population(found, towns())
