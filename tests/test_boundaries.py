"""Township boundaries in every format, code and encoding."""

import json

import geopandas as gpd
import pytest
from input_cases import scenario
from shapely.geometry import MultiPolygon, Polygon, box

from ruralcare import InputError, inputs


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


@pytest.mark.parametrize("file", ["t.geojson", "t.gpkg"])
def test_common_formats(tmp_path, file):
    areas().to_file(tmp_path / file)
    check(read(tmp_path, file))


def test_geoparquet(tmp_path):
    areas("EPSG:5179").to_parquet(tmp_path / "t.parquet")
    check(read(tmp_path, "t.parquet"))


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
@pytest.mark.parametrize("cpg", [True, False])
def test_shapefiles_of_either_encoding(tmp_path, encoding, cpg):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding=encoding)
    if not cpg:
        (tmp_path / "t.cpg").unlink()
    check(read(tmp_path, "t.shp"))


def test_a_shapefile_without_prj_takes_the_crs_of_the_scenario(tmp_path):
    areas("EPSG:5186").to_file(tmp_path / "t.shp", encoding="utf-8")
    (tmp_path / "t.prj").unlink()
    with pytest.raises(InputError, match="CRS"):
        read(tmp_path, "t.shp")
    check(read(tmp_path, "t.shp", crs="EPSG:5186"))


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
