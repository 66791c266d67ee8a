"""Faults of township boundaries and of the tables that lead from code to code.

The good file is GeoJSON; where a case needs another format, it is written from it first.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box
from tiny_county import FILES

from broken_cases import Broken

FILE = FILES["boundaries"]
SCENARIO = FILES["scenario"]


def named(name: str, **keys: object) -> Callable[[dict[str, Any]], object]:
    """Have the scenario name another boundary file."""
    return lambda raw: raw["townships"].update(files=[name], **keys)


def changed(change: Callable[[gpd.GeoDataFrame], object]) -> Callable[[Path], object]:
    """Change the areas of the good file."""

    def spoil(folder: Path) -> None:
        frame = gpd.read_file(folder / FILE)
        change(frame)
        (folder / FILE).write_text(frame.to_json(drop_id=True, ensure_ascii=False), "utf-8")

    return spoil


def shape(row: int, area: object) -> Callable[[Path], object]:
    """Give an area another shape; rows count as a spreadsheet does."""

    def change(frame: gpd.GeoDataFrame) -> None:
        shapes = list(frame.geometry)
        shapes[row - 2] = area
        frame.geometry = shapes

    return changed(change)


def cells(column: str, row: int, value: object, **more: object) -> Callable[[Path], object]:
    """Change cells of a row."""

    def change(frame: gpd.GeoDataFrame) -> None:
        for name, new in {column: value, **more}.items():
            frame[name] = frame[name].astype(object)
            frame.loc[row - 2, name] = new

    return changed(change)


def shapefile(
    folder: Path, crs: str = "EPSG:5186", *, encoding: str = "utf-8", prj: bool = True
) -> Path:
    path = folder / "t.shp"
    gpd.read_file(folder / FILE).to_crs(crs).to_file(path, encoding=encoding)
    if not prj:
        path.with_suffix(".prj").unlink()
    return path


def packed(folder: Path, *names: str) -> Path:
    """Pack the good file, or another one, under one or several names."""
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / (name if (folder / name).exists() else FILE), f"map/{name}")
    return folder / "t.zip"


def cut(path: Path, bytes_left: int) -> None:
    path.write_bytes(path.read_bytes()[:bytes_left])


def relabelled(folder: Path, true: str, said: str) -> None:
    """Write the areas in one CRS with the name of another."""
    frame = gpd.read_file(folder / FILE).to_crs(true).set_crs(said, allow_override=True)
    frame.to_file(folder / "t.gpkg")


def kostat(folder: Path) -> None:
    """Write the areas with codes of the statistics office instead of the ministry's."""
    frame = gpd.read_file(folder / FILE)
    frame["adm_cd"] = ["3699011", "3699031", "3699032", "3698031"]
    frame["emd_nm"] = frame.pop("adm_nm").str.split().str[-1]
    frame.drop(columns=["adm_cd2", "sgg"]).to_file(folder / "k.geojson")


def crosswalk(folder: Path, *lines: str) -> None:
    kostat(folder)
    rows = [
        "adm_nm\tadm_cd\tadm_cd2\tsggnm\temd_nm",
        *lines,
        "전라남도 한울군 나래면\t3699031\t4699031000\t한울군\t나래면",
        "전라남도 한울군 다솜면\t3699032\t4699032000\t한울군\t다솜면",
    ]
    (folder / "cross.tsv").write_bytes("\n".join(rows).encode("cp949"))


def code_changes(row: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "changes.csv").write_text(
        f"old_code,new_code,changed_on,name,source\n{row}\n", "utf-8"
    )


def with_changes(raw: dict[str, Any]) -> None:
    raw["townships"]["code_changes"] = "changes.csv"


def two_layers(folder: Path) -> None:
    frame = gpd.read_file(folder / FILE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in ("now", "then"):
            frame.to_file(folder / "t.gpkg", layer=layer)


def swapped(folder: Path) -> None:
    changed(
        lambda frame: frame.__setitem__(
            "geometry", shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
        )
    )(folder)


def unclosed(folder: Path) -> None:
    document = json.loads((folder / FILE).read_text("utf-8"))
    document["features"][1]["geometry"]["coordinates"][0].pop()
    (folder / FILE).write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def folders(folder: Path, **parts: str) -> None:
    """Pack a Shapefile with its files in folders: suffix → folder."""
    path = shapefile(folder)
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, inside in parts.items():
            archive.write(path.with_suffix(f".{suffix}"), f"{inside}/t.{suffix}")


def repacked(folder: Path) -> None:
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for year in ("2022", "2023"):
            archive.write(folder / FILE, f"{year}/t.geojson")


def turned(path: Path, at: int, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] = byte
    path.write_bytes(content)


def virtual(folder: Path, name: str) -> None:
    """Write a file that only points to another one, under the name of a map."""
    (folder / name).write_text(
        f'<OGRVRTDataSource xmlns:gml="http://www.opengis.net/gml"><OGRVRTLayer name="townships">'
        f"<SrcDataSource>{folder / FILE}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "utf-8",
    )


def flatgeobuf(folder: Path) -> None:
    gpd.read_file(folder / FILE).to_file(folder / "t.fgb", driver="FlatGeobuf")
    cut(folder / "t.fgb", 2000)


LONG = "t" * 300 + ".geojson"
BOW = Polygon([(126.6, 34.5), (126.7, 34.6), (126.7, 34.5), (126.6, 34.6)])
WIDE = box(126.5, 34.5, 126.61, 34.6)
HAIR = box(126.5, 34.5, 126.60005, 34.6)
LAKE = box(126.5, 34.5, 126.6, 34.6) - box(126.59, 34.53, 126.6, 34.56)
DEGREES = "126.50, 34.50 – 126.90, 34.60"

CASES = (
    Broken(
        "the boundaries are empty",
        FILE,
        "The file is empty.",
        spoil=lambda folder: cut(folder / FILE, 0),
    ),
    Broken(
        "the boundaries are cut off",
        FILE,
        "The file is no valid JSON",
        spoil=lambda folder: cut(folder / FILE, 1200),
        row=83,
    ),
    Broken(
        "the boundaries are some other JSON",
        FILE,
        "This is neither GeoJSON nor TopoJSON.",
        spoil=lambda folder: (folder / FILE).write_text('{"result": "error"}', "utf-8"),
    ),
    Broken(
        "a ZIP file that is damaged",
        "t.zip",
        "The file cannot be unpacked",
        spoil=lambda folder: cut(packed(folder, FILE), 300),
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file without a map",
        "t.zip",
        "The ZIP file holds no map.",
        spoil=lambda folder: packed(folder, FILES["villages"]),
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file with two maps",
        "t.zip",
        "The ZIP file holds several maps",
        spoil=lambda folder: packed(folder, FILE, "other.geojson"),
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file with the shapes in one folder and the table in another",
        "t.zip",
        "The Shapefile is incomplete",
        spoil=lambda folder: folders(folder, shp="경계", shx="경계", prj="경계", dbf="옛것"),
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file with maps of one name in two folders",
        "t.zip",
        "The ZIP file holds several maps",
        spoil=repacked,
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file with maps of two formats and names",
        "t.zip",
        "The ZIP file holds several maps",
        spoil=lambda folder: (shapefile(folder), packed(folder, "t.shp", "other.gpkg")),
        scenario=named("t.zip"),
    ),
    Broken(
        "a ZIP file with a member that does not unpack",
        "t.zip",
        "The file cannot be unpacked",
        spoil=lambda folder: turned(packed(folder, FILE), 120, 0xFF),
        scenario=named("t.zip"),
    ),
    Broken(
        "a Shapefile whose CRS holds a byte that is no text",
        "t.shp",
        "The boundaries cannot be read",
        spoil=lambda folder: turned(shapefile(folder).with_suffix(".prj"), 60, 0xFF),
        scenario=named("t.shp"),
    ),
    Broken(
        "a GeoPackage that only points to another file",
        "t.gpkg",
        "The file is none of the known kinds of maps.",
        spoil=lambda folder: virtual(folder, "t.gpkg"),
        scenario=named("t.gpkg"),
        value="t.gpkg",
    ),
    Broken(
        "a GML file that only points to another file",
        "t.gml",
        "The file is none of the known kinds of maps.",
        spoil=lambda folder: virtual(folder, "t.gml"),
        scenario=named("t.gml"),
        value="t.gml",
    ),
    Broken(
        "a map of a kind that is not read",
        "t.vrt",
        "The file is none of the known kinds of maps.",
        spoil=lambda folder: virtual(folder, "t.vrt"),
        scenario=named("t.vrt"),
        value="t.vrt",
    ),
    Broken(
        "a FlatGeobuf that is cut off",
        "t.fgb",
        "The boundaries cannot be read",
        spoil=flatgeobuf,
        scenario=named("t.fgb"),
    ),
    Broken(
        "boundaries whose name is too long for a file",
        LONG,
        "The file cannot be opened",
        scenario=named(LONG),
    ),
    Broken(
        "a date of the boundaries that is no date",
        SCENARIO,
        "This is not a date.",
        scenario=lambda raw: raw["townships"].update(as_of="latest"),
        column="townships.as_of",
        value="latest",
    ),
    Broken(
        "a date of the boundaries with a month that is none",
        SCENARIO,
        "This is not a date.",
        scenario=lambda raw: raw["townships"].update(as_of="2023-13"),
        column="townships.as_of",
        value="2023-13",
    ),
    Broken(
        "a Shapefile without its table",
        "t.shp",
        "The Shapefile is incomplete",
        spoil=lambda folder: shapefile(folder).with_suffix(".dbf").unlink(),
        scenario=named("t.shp"),
    ),
    Broken(
        "a Shapefile without its index",
        "t.shp",
        "The Shapefile is incomplete",
        spoil=lambda folder: shapefile(folder).with_suffix(".shx").unlink(),
        scenario=named("t.shp"),
    ),
    Broken(
        "a Shapefile whose table is cut off",
        "t.shp",
        "{file} is cut off",
        spoil=lambda folder: cut(shapefile(folder).with_suffix(".dbf"), 500),
        scenario=named("t.shp"),
    ),
    Broken(
        "a Shapefile whose shapes are cut off",
        "t.shp",
        "{file} is cut off",
        spoil=lambda folder: cut(shapefile(folder), 300),
        scenario=named("t.shp"),
    ),
    Broken(
        "a Shapefile that does not tell its CRS",
        "t.shp",
        "The file does not tell its coordinate reference system (CRS).",
        spoil=lambda folder: shapefile(folder, prj=False),
        scenario=named("t.shp"),
        column="crs",
    ),
    Broken(
        "a GeoPackage with two layers of areas",
        "t.gpkg",
        "The file has several layers of areas",
        spoil=two_layers,
        scenario=named("t.gpkg"),
    ),
    Broken(
        "areas in 5186 said to be in 5179",
        "t.gpkg",
        "The areas lie outside the region of {crs}.",
        spoil=lambda folder: relabelled(folder, "EPSG:5186", "EPSG:5179"),
        scenario=named("t.gpkg"),
        column="geometry",
        value="154079.80, 211631.42 – 190826.98, 222833.76",
    ),
    Broken(
        "areas in 5186 said to be in 5187",
        "t.gpkg",
        "In {crs} the areas do not lie in {province}",
        spoil=lambda folder: relabelled(folder, "EPSG:5186", "EPSG:5187"),
        scenario=named("t.gpkg"),
        column="geometry",
        value="128.55, 34.55",
    ),
    Broken(
        "metres said to be degrees",
        "t.gpkg",
        "The coordinates are no degrees",
        spoil=lambda folder: relabelled(folder, "EPSG:5179", "EPSG:4326"),
        scenario=named("t.gpkg"),
        column="geometry",
        value="908195.07, 1611945.59 – 944983.55, 1623325.44",
    ),
    Broken(
        "degrees said to be metres",
        "t.gpkg",
        "The coordinates are degrees, but {crs} is in metres.",
        spoil=lambda folder: relabelled(folder, "EPSG:4326", "EPSG:5179"),
        scenario=named("t.gpkg"),
        column="crs",
        value=DEGREES,
    ),
    Broken(
        "longitude and latitude of the boundaries are swapped",
        FILE,
        "Longitude and latitude are swapped.",
        spoil=swapped,
        column="geometry",
        value="34.50, 126.50 – 34.60, 126.90",
    ),
    Broken(
        "one area lies in the sea far away",
        FILE,
        "The area lies far away from the others.",
        spoil=shape(4, box(12.6, 34.5, 12.7, 34.6)),
        row=4,
        column="geometry",
        value="12.65, 34.55",
    ),
    Broken(
        "codes of counties instead of townships",
        FILE,
        "These are codes of counties or provinces",
        spoil=changed(lambda frame: frame.__setitem__("adm_cd2", frame["sgg"])),
        column="adm_cd2",
        value="46990",
    ),
    Broken(
        "codes of legal townships",
        "t.geojson",
        "These are codes of legal townships",
        spoil=lambda folder: gpd.read_file(folder / FILE)
        .assign(EMD_CD=lambda frame: frame["adm_cd2"].str[:8])
        .drop(columns=["adm_cd2", "sgg"])
        .to_file(folder / "t.geojson"),
        scenario=named("t.geojson"),
        column="EMD_CD",
        value="46990250",
    ),
    Broken(
        "codes of the statistics office without a crosswalk",
        "k.geojson",
        "These are codes of the statistics office (KOSTAT)",
        spoil=kostat,
        scenario=named("k.geojson"),
        column="adm_cd",
        value="3699011",
    ),
    Broken(
        "the crosswalk lacks a township",
        "k.geojson",
        "The crosswalk has no row for this code",
        spoil=crosswalk,
        scenario=named("k.geojson", crosswalk="cross.tsv"),
        row=2,
        column="adm_cd",
        value="3699011",
    ),
    Broken(
        "the crosswalk has two rows for a township",
        "k.geojson",
        "The crosswalk has several rows for this code",
        spoil=lambda folder: crosswalk(
            folder,
            "전라남도 한울군 저편면\t3699011\t4699033000\t한울군\t저편면",
            "전라남도 한울군 건너면\t3699011\t4699034000\t한울군\t건너면",
        ),
        scenario=named("k.geojson", crosswalk="cross.tsv"),
        row=2,
        column="adm_cd",
        value="3699011",
    ),
    Broken(
        "a code of the crosswalk was rounded by Excel",
        "cross.tsv",
        "This is not a ten-digit township code.",
        spoil=lambda folder: crosswalk(
            folder, "전라남도 한울군 고운읍\t3699011\t4.699E+09\t한울군\t고운읍"
        ),
        scenario=named("k.geojson", crosswalk="cross.tsv"),
        row=2,
        column="adm_cd2",
        value="4.699E+09",
    ),
    Broken(
        "the crosswalk has no codes of the ministry",
        "cross.tsv",
        "The table lacks columns",
        spoil=lambda folder: (
            kostat(folder),
            (folder / "cross.tsv").write_text("adm_cd,name\n3699011,고운읍\n", "utf-8"),
        ),
        scenario=named("k.geojson", crosswalk="cross.tsv"),
        row=1,
    ),
    Broken(
        "a township code has nine digits",
        FILE,
        "This is not a ten-digit township code.",
        spoil=cells("adm_cd2", 3, "469903100"),
        row=3,
        column="adm_cd2",
        value="469903100",
    ),
    Broken(
        "a township without code",
        FILE,
        "The code is missing.",
        spoil=cells("adm_cd2", 4, None),
        row=4,
        column="adm_cd2",
    ),
    Broken(
        "a township without name",
        FILE,
        "The name is missing.",
        spoil=cells("adm_nm", 4, " "),
        row=4,
        column="adm_nm",
    ),
    Broken(
        "a county among the townships",
        FILE,
        "This is the code of a county or a province",
        spoil=cells("adm_cd2", 5, "4698000000"),
        row=5,
        column="adm_cd2",
        value="4698000000",
    ),
    Broken(
        "two townships have one code",
        FILE,
        "The same code is already in row {row}.",
        spoil=cells("adm_cd2", 5, "4699031000"),
        row=5,
        column="adm_cd2",
        value="4699031000",
        scenario=lambda raw: raw["area"].update(sigungu=["46990", "옆골군"]),
    ),
    Broken(
        "no column is known",
        "t.geojson",
        "No column with township codes and names is known.",
        spoil=lambda folder: gpd.read_file(folder / FILE)[["sgg", "geometry"]].to_file(
            folder / "t.geojson"
        ),
        scenario=named("t.geojson"),
    ),
    Broken(
        "the county is that of another province",
        SCENARIO,
        "No township of the boundaries belongs to this county.",
        scenario=lambda raw: raw["area"].update(sigungu=["경상남도 한울군"]),
        column="area.sigungu",
        value="경상남도 한울군",
    ),
    Broken(
        "two counties of one name",
        SCENARIO,
        "More than one county has this name",
        spoil=cells("sggnm", 5, "한울군", adm_cd2="4898031000", sidonm="경상남도"),
        column="area.sigungu",
        value="한울군",
    ),
    Broken(
        "a change of codes of unequal length",
        "changes.csv",
        "The old and the new code differ in length.",
        spoil=code_changes("46990,4699,2026-07-01,한울군,"),
        scenario=with_changes,
        row=2,
        column="new_code",
        value="4699",
    ),
    Broken(
        "a change of codes on no day",
        "changes.csv",
        "This is not a date.",
        spoil=code_changes("46990,12990,2026-02-30,한울군,"),
        scenario=with_changes,
        row=2,
        column="changed_on",
        value="2026-02-30",
    ),
    Broken(
        "a change of codes twice",
        "changes.csv",
        "The same code is already in row {row}.",
        spoil=code_changes("46990,12990,2026-07-01,한울군,\n46990,13990,2026-07-01,한울군,"),
        scenario=with_changes,
        row=3,
        column="old_code",
        value="46990",
    ),
    Broken(
        "a border crosses itself",
        FILE,
        "The shape is invalid ({reason}); it was repaired",
        spoil=shape(3, BOW),
        row=3,
        column="geometry",
        value="나래면",
        remark=True,
    ),
    Broken(
        "a township without shape",
        FILE,
        "The area has no shape.",
        spoil=shape(3, None),
        row=3,
        column="geometry",
        value="나래면",
    ),
    Broken(
        "a township is a line",
        FILE,
        "This is a point or a line, not an area.",
        spoil=shape(3, LineString([(126.6, 34.5), (126.7, 34.6)])),
        row=3,
        column="geometry",
        value="나래면",
    ),
    Broken(
        "a township without inside",
        FILE,
        "The shape is invalid ({reason}) and has no area.",
        spoil=shape(3, Polygon([(126.6, 34.5), (126.7, 34.6), (126.6, 34.5), (126.6, 34.5)])),
        row=3,
        column="geometry",
        value="나래면",
    ),
    Broken(
        "a neighbour without shape",
        FILE,
        "Shapes outside the planned counties were invalid too",
        spoil=shape(5, None),
        column="geometry",
        remark=True,
    ),
    Broken(
        "a border is not closed",
        FILE,
        "The border of the area is not closed",
        spoil=unclosed,
        row=3,
        column="geometry",
        remark=True,
    ),
    Broken(
        "two townships overlap",
        FILE,
        "Two areas overlap: {size} belong to both.",
        spoil=shape(2, WIDE),
        row=2,
        column="geometry",
        value="고운읍, 나래면",
        remark=True,
    ),
    Broken(
        "a sliver belongs to two townships",
        FILE,
        "A narrow strip of {size} belongs to two areas.",
        spoil=shape(2, HAIR),
        row=2,
        column="geometry",
        value="고운읍, 나래면",
        remark=True,
    ),
    Broken(
        "land between two townships belongs to none",
        FILE,
        "An enclosed piece of {size} belongs to no area of the file.",
        spoil=shape(2, LAKE),
        row=2,
        column="geometry",
        value="고운읍, 나래면",
        remark=True,
    ),
    Broken(
        "the islands of a township are areas of their own",
        FILE,
        "The township comes in {count} areas, which were joined.",
        spoil=changed(
            lambda frame: frame.loc.__setitem__(
                3, [frame["adm_nm"][0], frame["adm_cd2"][0], "46990", *frame.iloc[0, 3:5],
                    MultiPolygon([box(126.45, 34.4, 126.47, 34.42)])],
            )
        ),
        row=2,
        column="adm_cd2",
        value="4699025000",
        remark=True,
    ),
)  # fmt: skip
