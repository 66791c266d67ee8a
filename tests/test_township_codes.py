"""Codes of boundaries: of either office, of any date, and which counties are planned."""

from __future__ import annotations

import csv
import json

import geopandas as gpd
import pytest
import shapely
from input_cases import scenario
from shapely.geometry import box

from ruralcare import InputError, Scenario, inputs

# id, KOSTAT code, province, county, name; all in a row from west to east, 0.1° each.
TOWNS = (
    ("4211025000", "3201011", "강원도", "춘천시", "신북읍"),
    ("4282025000", "3240011", "강원도", "고성군", "간성읍"),
    ("4882025000", "3834011", "경상남도", "고성군", "고성읍"),
    ("4511165000", "3501160", "전라북도", "전주시완산구", "동서학동"),
    ("4511358000", "3501258", "전라북도", "전주시덕진구", "금암동"),
    ("4682025000", "3638011", "전라남도", "해남군", "해남읍"),
)


def towns(**more):
    ids, kostat, provinces, counties, _ = zip(*TOWNS, strict=True)
    return gpd.GeoDataFrame(
        {
            "adm_cd2": ids,
            "adm_cd": kostat,
            "sidonm": provinces,
            "sggnm": counties,
            "adm_nm": [" ".join(town[2:]) for town in TOWNS],
            **more,
        },
        geometry=[box(126.6 + i / 10, 36, 126.7 + i / 10, 36.1) for i in range(len(TOWNS))],
        crs="EPSG:4326",
    )


def read(folder, frame, *sigungu, as_of="2022", **townships):
    frame.to_file(folder / "t.geojson")
    found = scenario(
        folder,
        townships={"files": ["t.geojson"], "as_of": as_of, **townships},
        area={"sigungu": list(sigungu)},
    )
    return inputs.read_townships(found)


def names(table):
    return sorted(table.frame["name"])


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (["42110"], ["신북읍"]),
        (["51110"], ["신북읍"]),
        (["5111000000"], ["신북읍"]),
        (["춘천시"], ["신북읍"]),
        (["강원도 고성군"], ["간성읍"]),
        (["강원특별자치도 고성군"], ["간성읍"]),
        (["경남 고성군"], ["고성읍"]),
        (["강원 고성군", "경상남도 고성군"], ["간성읍", "고성읍"]),
        (["전주시"], ["금암동", "동서학동"]),
        (["전주시 완산구"], ["동서학동"]),
        (["전주시완산구", "52113"], ["금암동", "동서학동"]),
        (["전북 전주시 덕진구"], ["금암동"]),
        (["강원특별자치도"], ["간성읍", "신북읍"]),
        (["42"], ["간성읍", "신북읍"]),
        (["5100000000"], ["간성읍", "신북읍"]),
        (["전남광주통합특별시"], ["해남읍"]),
        (["전남", "경남"], ["고성읍", "해남읍"]),
        ([], sorted(town[4] for town in TOWNS)),
    ],
)
@pytest.mark.parametrize("as_of", ["2022", "2025"])
def test_counties_by_code_and_name_of_any_date(tmp_path, entries, found, as_of):
    assert names(read(tmp_path, towns(), *entries, as_of=as_of)) == found


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("고성군", "강원도 고성군, 경상남도 고성군"),
        ("해남", "Did you mean 해남군"),
        ("경북 고성군", "No township"),
        ("4682025000", "No township"),
        ("11", "No township"),
    ],
)
def test_entries_that_fit_nothing_or_too_much(tmp_path, entry, told):
    with pytest.raises(InputError, match=told) as caught:
        read(tmp_path, towns(), entry)
    (fault,) = caught.value.faults
    assert (fault.file, fault.column, fault.value) == ("scenario.toml", "area.sigungu", entry)


@pytest.mark.parametrize(
    ("as_of", "first", "province"),
    [("2022", "4211025000", "45"), ("2023-06", "5111025000", "45"), ("2025", "5111025000", "52")],
)
def test_ids_are_those_of_the_date_of_the_boundaries(tmp_path, as_of, first, province):
    frame = read(tmp_path, towns(), as_of=as_of).frame
    assert frame.index[frame["name"] == "신북읍"].tolist() == [first]
    city = frame[frame["name"] == "동서학동"]
    assert city.index.tolist() == [f"{province}11165000"]
    assert city["sigungu_id"].tolist() == [f"{province}111"]


def test_a_county_that_changed_its_province_is_found_in_both(tmp_path):
    frame = towns()
    frame.loc[0, ["adm_cd2", "sidonm", "sggnm"]] = ["4772025000", "경상북도", "군위군"]
    for entry in ("대구 군위군", "경북 군위군", "27720", "47720"):
        assert names(read(tmp_path, frame, entry, as_of="2022")) == ["신북읍"]
        assert names(read(tmp_path, frame, entry, as_of="2024")) == ["신북읍"]


@pytest.mark.parametrize("digits", [7, 8])
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_codes_of_the_statistics_office(tmp_path, digits, delimiter):
    frame = towns()
    column = {7: "adm_cd", 8: "adm_cd8"}[digits]
    codes = [code + "0" * (digits - 7) for code in frame["adm_cd"]]
    lines = [delimiter.join([column, "adm_cd2", "sidonm", "sggnm", "emd_nm"])]
    lines += [
        delimiter.join([code, town[0], *town[2:]]) for code, town in zip(codes, TOWNS, strict=True)
    ]
    (tmp_path / "cross.txt").write_bytes("\n".join(lines).encode("cp949"))
    bare = gpd.GeoDataFrame(
        {"ADM_CD": codes, "ADM_NM": [town[4] for town in TOWNS]},
        geometry=frame.geometry,
        crs=frame.crs,
    )
    table = read(tmp_path, bare, "강원도 고성군", crosswalk="cross.txt", as_of="2025")
    assert table.frame.index.tolist() == ["5182025000"]
    assert table.frame["sigungu_name"].tolist() == ["고성군"]
    with pytest.raises(InputError, match=rf"KOSTAT\), with {digits} digits.*townships.crosswalk"):
        read(tmp_path, bare, as_of="2025")


def test_the_ministrys_codes_in_another_column_need_no_crosswalk(tmp_path):
    frame = towns().rename(columns={"adm_cd2": "ADM_CD2", "adm_cd": "code"})
    assert names(read(tmp_path, frame, "42110")) == ["신북읍"]


def test_a_township_that_was_renamed_or_lost_a_part_is_found(tmp_path):
    # 동면 of 홍천군 is 영귀미면 since 2021; 내촌면 has another number in the table.
    frame = gpd.GeoDataFrame(
        {"code": ["3231011", "3231035", "3231036"], "name": ["홍천읍", "동면", "내촌면"]},
        geometry=[box(127.9 + i / 10, 37.6, 128.0 + i / 10, 37.7) for i in range(3)],
        crs=4326,
    )
    rows = [
        ("3231011", "4272025000", "홍천읍"),
        ("3231042", "4272035200", "영귀미면"),
        ("3231043", "4272033000", "내촌면"),
    ]
    lines = ["adm_cd,adm_cd2,sidonm,sggnm,emd_nm"]
    lines += [f"{kostat},{mois},강원도,홍천군,{name}" for kostat, mois, name in rows]
    (tmp_path / "cross.csv").write_text("\n".join(lines), "utf-8")
    table = read(tmp_path, frame, "홍천군", crosswalk="cross.csv", as_of="2018")
    assert table.frame["name"].to_dict() == {
        "4272025000": "홍천읍",
        "4272035000": "동면",
        "4272033000": "내촌면",
    }
    (remark,) = table.readings[0].remarks
    assert (remark.row, remark.value) == (4, "3231036")
    assert "found by its name" in remark.problem.render("en")
    later = read(tmp_path, frame, crosswalk="cross.csv", as_of="2022").frame
    assert "4272035200" in later.index


def test_elsewhere_any_text_is_an_id(tmp_path):
    frame = gpd.GeoDataFrame(
        {"code": ["7001", "7002"], "name": ["Vaduz", "Triesen"], "sggnm": "Oberland"},
        geometry=[box(9.5, 47.1, 9.52, 47.15), box(9.52, 47.1, 9.54, 47.15)],
        crs=4326,
    )
    frame.to_file(tmp_path / "t.geojson")
    found = scenario(
        tmp_path,
        crs="EPSG:32632",
        townships={"files": ["t.geojson"], "as_of": "2023"},
        area={"sigungu": ["Oberland"]},
    )
    assert inputs.read_townships(found).frame.index.tolist() == ["7001", "7002"]


def test_neighbours_within_twenty_kilometres_come_along(tmp_path):
    # Ten townships in a row; the first is planned. At 36° N they are 9.0 km wide.
    frame = gpd.GeoDataFrame(
        {
            "adm_cd2": [f"44{100 + i}25000" for i in range(10)],
            "adm_nm": [f"충청남도 {i}군 {i}면" for i in range(10)],
        },
        geometry=[box(126.6 + i / 10, 36, 126.7 + i / 10, 36.1) for i in range(10)],
        crs=4326,
    )
    table = read(tmp_path, frame, "0군")
    assert names(table) == ["0면"]
    # Their near sides are 0, 9.0 and 18.0 km away; the next is 27 km away.
    assert sorted(table.around["name"]) == ["1면", "2면", "3면"]
    assert table.around.index.tolist() == sorted(table.around.index)
    assert list(table.around.columns) == list(table.frame.columns)
    assert table.around["seat"].within(table.around.geometry).all()
    assert table.around.crs == table.frame.crs
    assert read(tmp_path, frame).around is None


def test_two_files_are_read_as_one(tmp_path):
    frame = towns()
    frame.iloc[:3].to_file(tmp_path / "a.geojson")
    frame.iloc[3:].to_crs("EPSG:5186").to_file(tmp_path / "b.gpkg")
    found = scenario(
        tmp_path,
        townships={"files": ["a.geojson", "b.gpkg"], "as_of": "2022"},
        area={"sigungu": ["해남군", "춘천시"]},
    )
    table = inputs.read_townships(found)
    assert names(table) == ["신북읍", "해남읍"]
    told = [(one.file, one.rows, one.used, one.crs) for one in table.readings]
    assert told == [("a.geojson", 3, 1, "EPSG:4326"), ("b.gpkg", 3, 1, "EPSG:5186")]
    frame.iloc[:1].to_file(tmp_path / "b.gpkg")
    with pytest.raises(InputError, match=r"b\.gpkg · row 2 · \[adm_cd2\].*a\.geojson, row 2"):
        inputs.read_townships(found.model_copy(update={"area": scenario(tmp_path).area}))


def test_faults_of_all_files_are_told_together(tmp_path):
    frame = towns()
    frame.loc[0, "adm_cd2"] = None
    frame.to_file(tmp_path / "a.geojson")
    (tmp_path / "b.json").write_text("{", "utf-8")
    found = scenario(tmp_path, townships={"files": ["a.geojson", "b.json"], "as_of": "2022"})
    with pytest.raises(InputError) as caught:
        inputs.read_townships(found)
    assert [(fault.file, fault.row) for fault in caught.value.faults] == [
        ("a.geojson", 2),
        ("b.json", 1),
    ]


@pytest.fixture(scope="module")
def jeonnam(shared_data, scenarios):
    return inputs.read_townships(Scenario.read(scenarios / "jeonnam_three_counties.toml"))


def crosswalk(shared_data):
    path = shared_data / "korea/boundaries/hangjeongdong_2022_codes.tsv"
    return list(csv.DictReader(path.read_bytes().decode("cp949").splitlines(), delimiter="\t"))


@pytest.mark.integration
def test_ids_of_three_real_counties_are_those_of_the_crosswalk(jeonnam, shared_data):
    rows = [row for row in crosswalk(shared_data) if row["sgg"] in ("46820", "46810", "46800")]
    assert jeonnam.frame["name"].to_dict() == {row["adm_cd2"]: row["emd_nm"] for row in rows}
    boundaries, table = jeonnam.readings
    path = shared_data / "korea/boundaries/skorea-submunicipalities-2018-topo.json"
    (layer,) = json.loads(path.read_text("utf-8"))["objects"].values()
    assert boundaries.rows == len(layer["geometries"]) == 3504
    assert (boundaries.used, boundaries.crs) == (35, "EPSG:4326")
    assert table.rows == len(crosswalk(shared_data)) == 3512


@pytest.mark.integration
def test_real_neighbours_are_those_within_twenty_kilometres(jeonnam, shared_data):
    raw = gpd.read_file(
        shared_data / "korea/boundaries/skorea-submunicipalities-2018-topo.json"
    ).set_crs(4326, allow_override=True)
    raw = raw.to_crs(jeonnam.crs)
    near = shapely.distance(raw.geometry.buffer(0), jeonnam.frame.geometry.union_all()) <= 20_000
    assert near.sum() == len(jeonnam.frame) + len(jeonnam.around)
    assert set(jeonnam.around["sigungu_name"]) >= {"완도군", "진도군", "영암군", "보성군"}


@pytest.mark.integration
@pytest.mark.parametrize("as_of", ["2018", "2021", "2024-12"])
def test_the_whole_of_gangwon_and_jeonbuk(shared_data, tmp_path, as_of):
    source = shared_data / "korea/boundaries/hangjeongdong_2021_jeonbuk.geojson"
    found = scenario(
        tmp_path, townships={"files": [str(source)], "as_of": as_of}, area={"sigungu": ["전북"]}
    )
    table = inputs.read_townships(found)
    raw = json.loads(source.read_text("utf-8"))["features"]
    start = "52" if as_of == "2024-12" else "45"
    expected = {start + one["properties"]["adm_cd2"][2:] for one in raw}
    # 완주군 용진면 is 용진읍 since 2015: none of these dates is earlier.
    assert set(table.frame.index) == expected
    assert len(expected) == 243
    assert table.readings[0].remarks == ()
