"""Damaged maps never give a traceback or a hang, whatever their format.

The boundaries of the tiny county are written in every format that GDAL, pyarrow and zipfile read,
and each file of a format is damaged in the same ways on every run. Reading them gives either the
faults of a file or valid areas.
"""

from __future__ import annotations

import faulthandler
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from input_cases import scenario
from test_fuzz_inputs import damaged
from tiny_county import FILES, county

from ruralcare import InputError, inputs

ROUNDS = 40
LONGEST_S = 120


def shapefile(areas: gpd.GeoDataFrame, folder: Path) -> Path:
    areas.to_crs("EPSG:5186").to_file(folder / "t.shp", encoding="cp949")
    return folder / "t.shp"


def packed(areas: gpd.GeoDataFrame, folder: Path) -> Path:
    shapefile(areas, folder)
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(folder / f"t.{suffix}", f"경계/t.{suffix}")
            (folder / f"t.{suffix}").unlink()
    return folder / "t.zip"


def saved(suffix: str) -> Callable[[gpd.GeoDataFrame, Path], Path]:
    def save(areas: gpd.GeoDataFrame, folder: Path) -> Path:
        driver = {"gpkg": "GPKG", "fgb": "FlatGeobuf", "kml": "KML"}[suffix]
        areas.to_file(folder / f"t.{suffix}", driver=driver)
        return folder / f"t.{suffix}"

    return save


def parquet(areas: gpd.GeoDataFrame, folder: Path) -> Path:
    areas.to_crs("EPSG:5179").to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def topojson(areas: gpd.GeoDataFrame, folder: Path) -> Path:
    arcs, objects = [], []
    for _, area in areas.iterrows():
        arcs.append([list(place) for place in area.geometry.exterior.coords])
        properties = area.drop("geometry").to_dict()
        number = len(arcs) - 1
        objects.append({"type": "Polygon", "arcs": [[number]], "properties": properties})
    collection = {"type": "GeometryCollection", "geometries": objects}
    document = {"type": "Topology", "arcs": arcs, "objects": {"towns": collection}}
    (folder / "t.topojson").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return folder / "t.topojson"


# Format → how it is written, and the files that are damaged.
FORMATS = {
    "shapefile": (shapefile, ("shp", "shx", "dbf", "prj", "cpg")),
    "zip": (packed, ("zip",)),
    "gpkg": (saved("gpkg"), ("gpkg",)),
    "fgb": (saved("fgb"), ("fgb",)),
    "kml": (saved("kml"), ("kml",)),
    "parquet": (parquet, ("parquet",)),
    "topojson": (topojson, ("topojson",)),
}
CASES = [(form, suffix) for form, (_, suffixes) in FORMATS.items() for suffix in suffixes]


@pytest.fixture(autouse=True)
def _no_hang():
    """Stop the tests with a trace of where they hang."""
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def areas(tmp_path: Path) -> gpd.GeoDataFrame:
    county(tmp_path)
    return gpd.read_file(tmp_path / FILES["boundaries"])


@pytest.mark.parametrize(("form", "suffix"), CASES)
def test_a_damaged_map_is_read_or_its_faults_are_told(
    tmp_path: Path, areas: gpd.GeoDataFrame, form: str, suffix: str
):
    write, _ = FORMATS[form]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = write(areas, tmp_path)
    found = scenario(tmp_path, townships={"files": [file.name], "as_of": "2023-10"})
    assert form == "kml" or len(inputs.read_townships(found).frame) == len(areas)
    victim = file.with_suffix(f".{suffix}")
    whole = victim.read_bytes()
    dice = random.Random(f"damage of {form} {suffix}")
    for number in range(ROUNDS):
        content = bytearray(whole)
        if number % 2:
            # One byte alone is what checks of length and beginning do not see.
            content[dice.randrange(len(content))] = dice.choice((0x00, 0xFF, dice.randrange(256)))
        victim.write_bytes(content if number % 2 else damaged(whole, dice))
        frame, files = None, set()
        try:
            frame = inputs.read_townships(found).frame
        except InputError as error:
            files = {fault.file for fault in error.faults}
        if frame is None:
            assert files
            assert files <= {file.name, "scenario.toml"}
        else:
            assert frame.geometry.is_valid.all()
            assert np.isfinite(frame.total_bounds).all()


@pytest.mark.parametrize("at", ["first", "middle", "last"])
def test_a_byte_that_is_no_text_in_the_file_of_the_crs(tmp_path: Path, areas, at: str):
    file = shapefile(areas, tmp_path)
    content = bytearray(file.with_suffix(".prj").read_bytes())
    content[{"first": 0, "middle": len(content) // 2, "last": len(content) - 1}[at]] = 0xFF
    file.with_suffix(".prj").write_bytes(content)
    found = scenario(tmp_path, townships={"files": ["t.shp"], "as_of": "2023-10"})
    with pytest.raises(InputError, match=r"CRS|cannot be read") as caught:
        inputs.read_townships(found)
    (fault,) = caught.value.faults
    assert at != "middle" or "t.prj" in fault.render("en")
