"""Areas in a wrong place, and the CRS that would bring them home."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from input_cases import scenario
from shapely.geometry import box

from ruralcare import InputError, inputs
from ruralcare.inputs.areas.placement import is_korean
from ruralcare.inputs.crs import KOREA, crs_that_fit, province_box

BOXES = Path(__file__).parents[1] / "src/ruralcare/inputs/province_boxes.csv"


def county(code="46820", west=126.5, south=34.4):
    return gpd.GeoDataFrame(
        {
            "township_id": [f"{code}{31 + i}000" for i in range(3)],
            "name": ["가면", "나면", "다면"],
        },
        geometry=[box(west + i / 10, south, west + i / 10 + 0.1, south + 0.1) for i in range(3)],
        crs="EPSG:4326",
    )


def faults(folder, frame, **townships):
    frame.to_file(folder / "t.gpkg")
    found = scenario(folder, townships={"files": ["t.gpkg"], "as_of": "2022", **townships})
    try:
        inputs.read_townships(found)
    except InputError as error:
        return [fault.render("en") for fault in error.faults]
    return []


def misnamed(frame, true, said):
    return frame.to_crs(true).set_crs(said, allow_override=True)


def test_a_county_at_home_has_no_fault(tmp_path):
    for crs in ("EPSG:4326", "EPSG:5179", "EPSG:5186", "EPSG:5181", "EPSG:5174", "EPSG:3857"):
        assert faults(tmp_path, county().to_crs(crs)) == []


@pytest.mark.parametrize(
    ("true", "said"),
    [
        ("EPSG:5179", "EPSG:5186"),
        ("EPSG:5186", "EPSG:5179"),
        ("EPSG:5186", "EPSG:5187"),
        ("EPSG:5186", "EPSG:5185"),
        ("EPSG:5179", "EPSG:4326"),
        ("EPSG:4326", "EPSG:5179"),
        ("EPSG:3857", "EPSG:5179"),
        ("EPSG:5186", "EPSG:32652"),
    ],
)
def test_a_misnamed_crs_is_told_with_the_right_one(tmp_path, true, said):
    (told,) = faults(tmp_path, misnamed(county(), true, said))
    assert true in told.split("→")[1]
    assert faults(tmp_path, misnamed(county(), true, said), crs=true) == []


@pytest.mark.parametrize(
    ("code", "west", "south", "province"),
    [
        ("51830", 128.3, 37.9, "강원특별자치도"),
        ("50110", 126.3, 33.3, "제주특별자치도"),
        ("29155", 126.8, 35.1, "광주광역시"),
        ("47940", 130.7, 37.4, "경상북도"),
    ],
)
def test_a_hundred_kilometres_are_told_by_the_province(tmp_path, code, west, south, province):
    frame = misnamed(county(code, west, south), "EPSG:5186", "EPSG:5181")
    (told,) = faults(tmp_path, frame)
    if "outside the region" not in told:
        assert province in told
    assert "EPSG:5186" in told.split("→")[1]


def test_invented_provinces_and_wrong_codes_are_no_matter_of_the_crs(tmp_path):
    frame = misnamed(county("99710"), "EPSG:5186", "EPSG:5181")
    assert faults(tmp_path, frame) == []
    # 해남군 with codes of 강원: no CRS puts degrees there.
    assert faults(tmp_path, county("51830")) == []


def test_easting_and_northing_swapped(tmp_path):
    frame = county("51830", 128.3, 37.9).to_crs("EPSG:5186")
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    (told,) = faults(tmp_path, frame)
    assert "Easting and northing are swapped" in told


def test_coordinates_that_lead_nowhere(tmp_path):
    frame = county()
    frame.loc[1, "geometry"] = box(1e6, 1e6, 1e6 + 1, 1e6 + 1)
    (told,) = faults(tmp_path, frame)
    assert "row 3" in told
    assert "far away from the others" in told


def test_which_crs_is_korean():
    assert is_korean("EPSG:5179")
    assert is_korean("EPSG:5186")
    assert not is_korean("EPSG:32632")


def test_boxes_are_whole_tenths_and_lie_in_korea():
    with BOXES.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 21
    for row in rows:
        found = province_box(row["code"] + "11025000")
        assert found == tuple(float(row[side]) for side in ("west", "south", "east", "north"))
        assert all(round(side, 1) == side for side in found)
        assert KOREA.holds(found.west, found.south)
        assert KOREA.holds(found.east, found.north)
    assert province_box("9971025000") is None


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("47940", 130.87, 37.48),  # 울릉도
        ("47940", 131.87, 37.24),  # 독도
        ("46910", 125.12, 34.07),  # 가거도
        ("46770", 127.31, 34.03),  # 거문도
        ("28720", 124.71, 37.97),  # 백령도
        ("50130", 126.27, 33.12),  # 마라도
        ("50110", 126.32, 33.96),  # 추자도
        ("44760", 125.56, 36.63),  # 격렬비열도
        ("52130", 125.98, 36.12),  # 어청도
    ],
)
def test_far_islands_lie_in_their_province(code, longitude, latitude):
    assert province_box(code).holds(longitude, latitude)


@pytest.mark.integration
def test_every_township_of_the_nation_lies_in_the_box_of_its_province(shared_data):
    folder = shared_data / "korea/boundaries"
    rows = csv.DictReader(
        (folder / "hangjeongdong_2022_codes.tsv").read_bytes().decode("cp949").splitlines(),
        delimiter="\t",
    )
    province = {row["adm_cd"][:2]: row["sido"] for row in rows}
    raw = gpd.read_file(folder / "skorea-submunicipalities-2018-topo.json")
    outside = []
    for code, name, west, south, east, north in zip(
        raw["code"], raw["name"], *raw.bounds.to_numpy().T, strict=True
    ):
        found = province_box(province[code[:2]])
        if not found.holds((west + east) / 2, (south + north) / 2):
            outside.append((code, name))
    assert outside == []
    # And no box is much too large: its sides are near the land.
    for kostat, sido in province.items():
        west, south, east, north = raw[raw["code"].str.startswith(kostat)].total_bounds
        found = province_box(sido)
        land = (west, south, east, north)
        # 군위군 joined 대구 after these boundaries.
        slack = 0.5 if sido == "27" else 0.2
        assert max(abs(a - b) for a, b in zip(found, land, strict=True)) < slack, (sido, land)


@pytest.mark.integration
def test_real_boundaries_misread_by_a_hundred_kilometres(shared_data, tmp_path):
    source = shared_data / "korea/boundaries/hangjeongdong_2021_jeonbuk.geojson"
    raw = gpd.read_file(source)[["adm_nm", "adm_cd2", "geometry"]]
    misnamed(raw, "EPSG:5186", "EPSG:5181").to_file(tmp_path / "t.gpkg")
    found = scenario(tmp_path, townships={"files": ["t.gpkg"], "as_of": "2021"})
    with pytest.raises(InputError, match=r"do not lie in 전북특별자치도.*EPSG:5186"):
        inputs.read_townships(found)
    feature = json.loads(source.read_text("utf-8"))["features"][0]
    x, y = feature["geometry"]["coordinates"][0][0][0]
    assert crs_that_fit(x, y, province_box("45")) == ("EPSG:4326",)
