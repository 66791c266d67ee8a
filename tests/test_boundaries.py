"""Township boundaries in every format, code and encoding."""

import json
import struct
import unicodedata
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from input_cases import scenario
from shapely.geometry import MultiPolygon, Point, Polygon, box

from ruralcare import InputError, inputs
from ruralcare.inputs.files import Faults, read_bytes
from ruralcare.inputs.workbooks import is_workbook


def areas(crs="EPSG:4326"):
    frame = gpd.GeoDataFrame(
        {
            "adm_nm": ["가람도 한들군 한들읍", "가람도 한들군 묵도면"],
            "adm_cd": ["9971011", "9971031"],
            "adm_cd2": ["9971025000", "9971031000"],
            "sggnm": ["한들군", "한들군"],
        },
        geometry=[box(126.5, 34.5, 126.6, 34.6), box(126.6, 34.5, 126.7, 34.6)],
        crs="EPSG:4326",
    )
    return frame.to_crs(crs)


def read(folder, file, **townships):
    found = scenario(folder, townships={"files": [file], "as_of": "2023", **townships})
    return inputs.read_townships(found).frame


def check(frame):
    assert frame.index.tolist() == ["9971025000", "9971031000"]
    assert frame["name"].tolist() == ["한들읍", "묵도면"]
    assert frame["sigungu_id"].tolist() == ["99710", "99710"]
    assert frame["sigungu_name"].tolist() == ["한들군", "한들군"]
    assert frame.crs == "EPSG:5179"
    # A tenth of a degree squared at 34.55° N is 9.18 × 11.09 km.
    assert frame.geometry.area.iloc[0] / 1e6 == pytest.approx(9.18 * 11.09, rel=0.01)


def reading(folder, file, **townships):
    found = scenario(folder, townships={"files": [file], "as_of": "2023", **townships})
    (one,) = inputs.read_townships(found).readings
    return one


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("t.geojson", "GeoJSON"),
        ("T.GEOJSON", "GeoJSON"),
        ("t.json", "GeoJSON"),
        ("t.gpkg", "GeoPackage"),
        ("T.GPKG", "GeoPackage"),
    ],
)
def test_common_formats(tmp_path, file, form):
    areas().to_file(tmp_path / file, driver="GPKG" if form == "GeoPackage" else "GeoJSON")
    check(read(tmp_path, file))
    told = reading(tmp_path, file)
    assert (told.file, told.form, told.rows, told.used) == (file, form, 2, 2)
    assert (told.crs, told.remarks) == ("EPSG:4326", ())
    assert told.encoding == ("UTF-8" if form == "GeoJSON" else None)


@pytest.mark.parametrize("name", ["geometry", "geom"])
@pytest.mark.parametrize("file", ["t.parquet", "t.GeoParquet"])
def test_geoparquet(tmp_path, file, name):
    frame = areas("EPSG:5179")
    frame = frame if name == "geometry" else frame.rename_geometry(name)
    frame.to_parquet(tmp_path / file)
    check(read(tmp_path, file))
    told = reading(tmp_path, file)
    assert (told.form, told.crs) == ("GeoParquet", "EPSG:5179")


def test_a_parquet_file_without_geometry_is_named(tmp_path):
    pd.DataFrame(areas().drop(columns="geometry")).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path, "t.parquet")


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
@pytest.mark.parametrize("cpg", ["right", "none", "wrong"])
def test_shapefiles_of_either_encoding(tmp_path, encoding, cpg):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding=encoding)
    if cpg == "none":
        (tmp_path / "t.cpg").unlink()
    elif cpg == "wrong":
        (tmp_path / "t.cpg").write_text("UTF-8" if encoding == "cp949" else "949", "ascii")
    check(read(tmp_path, "t.shp"))
    told = reading(tmp_path, "t.shp")
    assert told.encoding == {"cp949": "CP949", "utf-8": "UTF-8"}[encoding]
    assert (told.form, told.crs) == ("Shapefile", "EPSG:5186")


def test_a_shapefile_with_korean_columns_and_names_in_capitals(tmp_path):
    frame = areas().assign(비고="대흥", SGG="x")
    frame.to_file(tmp_path / "t.shp", encoding="cp949")
    for path in list(tmp_path.glob("t.*")):
        path.rename(path.with_name(path.name.upper()))
    check(read(tmp_path, "T.SHP"))


def test_texts_that_a_shapefile_cut_off_do_not_hide_their_encoding(tmp_path):
    frame = areas().assign(note="가" * 200)
    with pytest.warns(RuntimeWarning, match="truncated"):
        frame.to_file(tmp_path / "t.shp", encoding="utf-8")
    (tmp_path / "t.cpg").unlink()
    check(read(tmp_path, "t.shp"))


@pytest.mark.parametrize("name", ["t", "행정동"])
def test_a_shapefile_in_a_zip_file_as_it_is_downloaded(tmp_path, name):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding="cp949")
    (tmp_path / "t.cpg").unlink()
    with zipfile.ZipFile(tmp_path / "map.ZIP", "w") as archive:
        archive.writestr("읽어주세요.txt", "x")
        archive.writestr("__MACOSX/._t.shp", "x")
        for suffix in ("shp", "shx", "dbf", "prj"):
            # Windows packs Korean names in CP949, which other systems take for CP437.
            shown = f"2023/{name}.{suffix}".encode("cp949").decode("cp437")
            archive.writestr(shown, (tmp_path / f"t.{suffix}").read_bytes())
    check(read(tmp_path, "map.ZIP"))
    told = reading(tmp_path, "map.ZIP")
    assert (told.file, told.form, told.encoding) == ("map.ZIP", "Shapefile", "CP949")


def test_a_table_that_promises_more_rows_than_it_has_is_cut_off(tmp_path):
    areas().to_file(tmp_path / "t.shp", encoding="utf-8")
    table = tmp_path / "t.dbf"
    content = bytearray(table.read_bytes())
    content[4:8] = struct.pack("<I", 3)
    table.write_bytes(content)
    with pytest.raises(InputError, match=r"t\.dbf is cut off"):
        read(tmp_path, "t.shp")


def test_a_shapefile_without_prj_takes_the_crs_of_the_scenario(tmp_path):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding="utf-8")
    (tmp_path / "t.prj").unlink()
    with pytest.raises(InputError, match=r"CRS.*would fit.*EPSG:5186"):
        read(tmp_path, "t.shp")
    check(read(tmp_path, "t.shp", crs="EPSG:5186"))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::5179", "EPSG:5179"])
def test_old_geojson_names_its_crs(tmp_path, name):
    document = json.loads(areas("EPSG:5179").to_json())
    document["crs"] = {"type": "name", "properties": {"name": name}}
    (tmp_path / "t.geojson").write_text(json.dumps(document), "utf-8")
    check(read(tmp_path, "t.geojson"))
    assert reading(tmp_path, "t.geojson").crs == "EPSG:5179"
    del document["crs"]
    (tmp_path / "t.geojson").write_text(json.dumps(document), "utf-8")
    with pytest.raises(InputError, match=r"no degrees.*would fit EPSG:5179"):
        read(tmp_path, "t.geojson")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_geojson_in_any_encoding_with_letters_in_pieces(tmp_path, encoding):
    text = areas().to_json(ensure_ascii=False)
    if encoding.startswith("utf"):
        # macOS writes Korean letters in pieces.
        text = unicodedata.normalize("NFD", text)
    (tmp_path / "t.geojson").write_bytes(text.encode(encoding))
    check(read(tmp_path, "t.geojson"))


def test_codes_as_numbers_and_a_third_dimension(tmp_path):
    frame = areas().astype({"adm_cd2": "int64"})
    frame.geometry = frame.geometry.force_3d(5.0)
    frame.to_file(tmp_path / "t.gpkg")
    found = read(tmp_path, "t.gpkg")
    check(found)
    assert not found.has_z.any()
    frame.astype({"adm_cd2": "float64"}).to_file(tmp_path / "u.gpkg")
    check(read(tmp_path, "u.gpkg"))


@pytest.mark.filterwarnings("ignore:.*opening a layer")
def test_a_geopackage_with_points_beside_the_areas(tmp_path):
    points = gpd.GeoDataFrame({"name": ["a"]}, geometry=[Point(126.5, 34.5)], crs=4326)
    points.to_file(tmp_path / "t.gpkg", layer="offices")
    areas().to_file(tmp_path / "t.gpkg", layer="towns")
    check(read(tmp_path, "t.gpkg"))


@given(content=st.binary(min_size=1, max_size=400), suffix=st.sampled_from(
    ["geojson", "json", "gpkg", "parquet", "shp", "zip", "kml", "xyz"]))  # fmt: skip
def test_any_bytes_are_an_input_error(tmp_path_factory, content, suffix):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / f"t.{suffix}").write_bytes(content)
    for other in ("shx", "dbf"):
        (folder / f"t.{other}").write_bytes(content)
    with pytest.raises(InputError):
        read(folder, f"t.{suffix}")


@given(data=st.data())
def test_a_damaged_file_is_read_or_named(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fuzz")
    suffix = data.draw(st.sampled_from(["geojson", "shp", "gpkg"]))
    areas().to_file(folder / f"t.{suffix}")
    hit = "dbf" if suffix == "shp" and data.draw(st.booleans()) else suffix
    content = bytearray((folder / f"t.{hit}").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(content) // 2, len(content)))
    (folder / f"t.{hit}").write_bytes(content[:end])
    try:
        found = read(folder, f"t.{suffix}")
    except InputError:
        return
    assert found.geometry.is_valid.all()
    assert np.isfinite(found.total_bounds).all()


def test_topojson_without_crs_is_in_degrees(tmp_path):
    document = {
        "type": "Topology",
        "arcs": [
            [[126.6, 34.5], [126.6, 34.6]],
            [[126.6, 34.6], [126.5, 34.6], [126.5, 34.5], [126.6, 34.5]],
            [[126.6, 34.6], [126.7, 34.6], [126.7, 34.5], [126.6, 34.5]],
        ],
        "objects": {
            "towns": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]],
                     "properties": {"code": "9971011", "name": "한들읍"}},
                    {"type": "Polygon", "arcs": [[0, 2]],
                     "properties": {"code": "9971031", "name": "묵도면"}},
                ],
            }
        },
    }  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(document), "utf-8")
    rows = [
        "adm_nm\tadm_cd\tadm_cd2\tsggnm\temd_nm",
        "x\t9971011\t9971025000\t한들군\t한들읍",
        # Two areas share a code; the name tells them apart.
        "x\t9971031\t9971031000\t한들군\t묵도면",
        "x\t9971031\t9971032000\t한들군\t딴곳면",
    ]
    (tmp_path / "cross.tsv").write_bytes("\n".join(rows).encode("cp949"))
    check(read(tmp_path, "t.json", crosswalk="cross.tsv"))
    # With commas instead of tabs as well.
    (tmp_path / "cross.csv").write_text("\n".join(rows).replace("\t", ","), "utf-8")
    check(read(tmp_path, "t.json", crosswalk="cross.csv"))
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}
    (tmp_path / "u.topojson").write_text(json.dumps(document), "utf-8")
    found = scenario(
        tmp_path,
        townships={"files": ["u.topojson"], "as_of": "2023", "crosswalk": "cross.tsv"},
    )
    towns = inputs.read_townships(found)
    check(towns.frame)
    boundaries, crosswalk = towns.readings
    assert (boundaries.form, boundaries.rows, boundaries.used) == ("TopoJSON", 2, 2)
    assert (crosswalk.rows, crosswalk.used, crosswalk.encoding) == (3, 2, "CP949")


def test_a_code_that_the_crosswalk_lacks_is_named(tmp_path):
    frame = areas().rename(columns={"adm_cd": "code", "adm_nm": "name"})[
        ["code", "name", "geometry"]
    ]
    frame.to_file(tmp_path / "t.geojson")
    (tmp_path / "cross.tsv").write_text(
        "adm_cd\tadm_cd2\tsggnm\temd_nm\n9971011\t9971025000\t한들군\t한들읍\n", "utf-8"
    )
    with pytest.raises(InputError, match=r"9971031.*crosswalk"):
        read(tmp_path, "t.geojson", crosswalk="cross.tsv")


def test_invalid_areas_are_repaired_and_islands_kept(tmp_path):
    frame = areas()
    bow = Polygon([(126.5, 34.5), (126.6, 34.6), (126.6, 34.5), (126.5, 34.6)])
    isles = MultiPolygon([box(126.61, 34.5, 126.62, 34.51), box(126.65, 34.5, 126.66, 34.51)])
    frame.geometry = [bow, isles]
    frame.to_file(tmp_path / "t.geojson")
    found = read(tmp_path, "t.geojson")
    assert found.geometry.is_valid.all()
    assert len(found.geometry.iloc[1].geoms) == 2
    assert found.geometry.iloc[0].area > 0


def test_an_area_in_the_wrong_part_of_the_world_is_named(tmp_path):
    frame = areas()
    frame.geometry = frame.geometry.translate(xoff=-100)
    frame.to_file(tmp_path / "t.geojson")
    with pytest.raises(InputError, match=r"outside the region of EPSG:5179"):
        read(tmp_path, "t.geojson")


def test_seats_fall_back_to_a_point_inside(tmp_path):
    areas().to_file(tmp_path / "t.geojson")
    found = scenario(tmp_path, townships={"files": ["t.geojson"], "as_of": "2023"})
    towns = inputs.read_townships(found)
    assert towns.seat_basis == "inside the area"
    assert towns.frame["seat"].within(towns.frame.geometry).all()


@pytest.mark.integration
@pytest.mark.parametrize(("name", "count"), [("liechtenstein", 11), ("andorra", 7)])
def test_municipalities_of_an_extract(shared_data, scenarios, name, count):
    from ruralcare import Scenario

    towns = inputs.read_townships(Scenario.read(scenarios / f"{name}.toml"))
    assert len(towns) == count
    area = towns.frame.geometry.area.sum() / 1e6
    # Official areas: 160.5 and 468 km².
    assert area == pytest.approx({"liechtenstein": 160.5, "andorra": 468}[name], rel=0.01)
    overlaps = towns.frame.geometry.union_all().area / towns.frame.geometry.area.sum()
    assert overlaps == pytest.approx(1.0, abs=0.001)
    if name == "andorra":
        assert "Canillo" in str(towns.notes[0]), "its border leaves the extract"


@pytest.mark.integration
def test_real_boundaries_of_2021(shared_data, tmp_path):
    source = shared_data / "korea/boundaries/hangjeongdong_2021_jeonbuk.geojson"
    found = scenario(
        tmp_path, townships={"files": [str(source)], "as_of": "2021"}, area={"sigungu": ["무주군"]}
    )
    towns = inputs.read_townships(found)
    assert sorted(towns.frame["name"]) == sorted(
        ["무주읍", "무풍면", "설천면", "적상면", "안성면", "부남면"]
    )
    # 무주군 has 631.8 km².
    assert towns.frame.geometry.area.sum() / 1e6 == pytest.approx(631.8, rel=0.01)


def test_a_zip_file_gives_the_files_of_one_folder_only(tmp_path):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding="utf-8")
    later = areas("EPSG:5186").assign(adm_nm="남의도 남의군 남의면")
    later.to_file(tmp_path / "u.shp", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "map.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"t.{suffix}", f"지도/경계/t.{suffix}")
        # Tables of the same name that belong to something else.
        archive.write(tmp_path / "u.dbf", "지도/표/t.dbf")
        archive.write(tmp_path / "u.dbf", "t.dbf")
    check(read(tmp_path, "map.zip"))


def test_a_zip_file_with_one_map_in_two_formats_and_other_json(tmp_path):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding="utf-8")
    areas().to_file(tmp_path / "t.gpkg")
    with zipfile.ZipFile(tmp_path / "map.zip", "w") as archive:
        for suffix in ("gpkg", "shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"t.{suffix}")
        archive.writestr("about.json", "{}")
    check(read(tmp_path, "map.zip"))
    assert reading(tmp_path, "map.zip").form == "Shapefile"


def test_a_zip_file_names_its_maps_with_their_folders(tmp_path):
    areas().to_file(tmp_path / "t.geojson")
    with zipfile.ZipFile(tmp_path / "map.zip", "w") as archive:
        for year in ("2022", "2023"):
            archive.write(tmp_path / "t.geojson", f"{year}/t.geojson")
    with pytest.raises(InputError, match=r"2022/t\.geojson, 2023/t\.geojson"):
        read(tmp_path, "map.zip")


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_damaged_directory_of_a_zip_file_is_a_fault(tmp_path, at):
    areas().to_file(tmp_path / "t.geojson")
    with zipfile.ZipFile(tmp_path / "map.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "t.geojson", "경계.geojson")
    whole = (tmp_path / "map.zip").read_bytes()
    start = whole.index(b"PK\x01\x02")
    content = bytearray(whole)
    content[start + at] ^= 0xFF
    (tmp_path / "map.zip").write_bytes(content)
    faults = []
    try:
        check(read(tmp_path, "map.zip"))
    except InputError as error:
        faults = error.faults
    assert len(faults) <= 1


def test_a_text_that_looks_like_another_format_is_a_text(tmp_path):
    frame = areas().assign(note="<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>")
    frame[["note", *[name for name in frame if name != "note"]]].to_file(tmp_path / "t.geojson")
    check(read(tmp_path, "t.geojson"))


@pytest.mark.parametrize("crs", ["EPSG:5179", "EPSG:32652"])
def test_dates_of_the_boundaries_matter_where_codes_are_the_ministrys(tmp_path, crs):
    areas().to_file(tmp_path / "t.geojson")
    found = scenario(tmp_path, townships={"files": ["t.geojson"], "as_of": "soon"}, crs=crs)
    if crs == "EPSG:32652":
        # Made for a strip from the south pole to Siberia: any text is an id there.
        assert len(inputs.read_townships(found).frame) == 2
        return
    with pytest.raises(InputError) as caught:
        inputs.read_townships(found)
    (fault,) = caught.value.faults
    assert (fault.file, fault.column, fault.value) == ("scenario.toml", "townships.as_of", "soon")


@pytest.mark.parametrize(
    ("as_of", "first"),
    [("2023-5", "4211025000"), ("2023년 5월", "4211025000"), ("2023. 6. 11.", "5111025000")],
)
def test_codes_are_those_of_the_month_that_is_meant(tmp_path, as_of, first):
    frame = areas().assign(
        adm_cd2=["4211025000", "4211031000"],
        geometry=[box(127.7, 37.9, 127.8, 38.0), box(127.8, 37.9, 127.9, 38.0)],
    )
    frame.to_file(tmp_path / "t.geojson")
    assert read(tmp_path, "t.geojson", as_of=as_of).index[0] == first


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (["전남"], ["해남읍"]),
        (["46"], ["해남읍"]),
        (["광주"], ["충장동"]),
        (["29"], ["충장동"]),
        (["전남광주통합특별시"], ["충장동", "해남읍"]),
        (["12"], ["충장동", "해남읍"]),
        (["전라남도 해남군"], ["해남읍"]),
        (["전남광주통합특별시 해남군"], ["해남읍"]),
        (["46820"], ["해남읍"]),
        (["12790"], ["해남읍"]),
        (["광주 동구"], ["충장동"]),
    ],
)
@pytest.mark.parametrize("given", ["old", "new"])
@pytest.mark.parametrize("as_of", ["2025", "2026-07"])
def test_counties_of_provinces_that_merged(tmp_path, entries, found, given, as_of):
    codes = {"old": ["4682025000", "2911051000"], "new": ["1279025000", "1221051000"]}[given]
    names = {"old": ["전라남도", "광주광역시"], "new": ["전남광주통합특별시"] * 2}[given]
    frame = areas().assign(
        adm_cd2=codes,
        adm_nm=[f"{names[0]} 해남군 해남읍", f"{names[1]} 동구 충장동"],
        sggnm=["해남군", "동구"],
        geometry=[box(126.5, 34.5, 126.6, 34.6), box(126.9, 35.1, 127.0, 35.2)],
    )
    frame.to_file(tmp_path / "t.geojson")
    read_ = scenario(
        tmp_path,
        townships={"files": ["t.geojson"], "as_of": as_of},
        area={"sigungu": entries},
    )
    towns = inputs.read_townships(read_).frame
    assert sorted(towns["name"]) == found
    then = "12" if as_of == "2026-07" else {"해남읍": "46", "충장동": "29"}
    for code, name in towns["name"].items():
        assert code[:2] == (then if isinstance(then, str) else then[name])


@pytest.mark.integration
def test_real_boundaries_of_chungbuk(shared_data, tmp_path):
    source = shared_data / "korea/boundaries/hangjeongdong_2021_chungbuk.geojson"
    features = json.loads(source.read_text("utf-8"))["features"]
    assert len(features) == 153
    found = scenario(tmp_path, townships={"files": [str(source)], "as_of": "2021"})
    towns = inputs.read_townships(found)
    codes = {feature["properties"]["adm_cd2"] for feature in features}
    assert set(towns.frame.index) == codes
    assert all(code.startswith("43") for code in codes)
    assert towns.frame.geometry.is_valid.all()
    (told,) = towns.readings
    assert (told.rows, told.used, told.crs) == (153, 153, "EPSG:4326")


@pytest.mark.integration
def test_real_boundaries_of_counties_are_refused(shared_data, tmp_path):
    source = shared_data / "korea/boundaries/skorea-municipalities-2018-topo.json"
    found = scenario(tmp_path, townships={"files": [str(source)], "as_of": "2018"})
    with pytest.raises(InputError) as caught:
        inputs.read_townships(found)
    (fault,) = caught.value.faults
    assert fault.problem.template.startswith("These are codes of counties")
    assert (fault.file, fault.column) == (source.name, "code")
    document = json.loads(source.read_text("utf-8"))
    (layer,) = document["objects"].values()
    assert fault.value == layer["geometries"][0]["properties"]["code"]


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError("broken")])
def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    (tmp_path / "t.csv").write_text("a", "utf-8")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=f"cannot be opened: {error.strerror or error}"):
        read_bytes(tmp_path / "t.csv", Faults("t.csv"))


def test_a_name_that_is_no_file_is_no_workbook_but_by_its_suffix(tmp_path):
    for name, found in (("t.csv", False), ("t.xlsx", True), ("t" * 300, False)):
        assert is_workbook(tmp_path / name) is found
        faults = Faults(name)
        with pytest.raises(InputError):
            read_bytes(tmp_path / name, faults)
        assert len(faults.found) == 1
    (tmp_path / "t.txt").write_bytes(b"PK\x03\x04 and more")
    assert is_workbook(tmp_path / "t.txt")
    assert is_workbook(tmp_path) is False
