"""Institutions and co-operatives from every kind of list."""

import json
import unicodedata
import warnings

import openpyxl
import pandas as pd
import pytest
from input_cases import scenario
from test_boundaries import areas

from ruralcare import InputError, Scenario, inputs

LTC_HEADER = (
    "기관코드,기관명,시도,시군구,법정동,주소,유형,정원,"
    "물리치료사,작업치료사,요양보호사,사회복지사,간호사,지정일\n"
)
VILLAGES = (
    "sigungu,eupmyeondong,ri,legal_dong_code,admin_dong_code,population,lat,lon\n"
    "한들군,한들읍,백호리,1,9971025000,300,34.55,126.55\n"
    "한들군,한들읍,중앙리,2,9971025000,900,34.56,126.56\n"
    "한들군,묵도면,묵도리,3,9971031000,100,34.55,126.65\n"
)


@pytest.fixture
def folder(tmp_path):
    areas().to_file(tmp_path / "towns.geojson")
    (tmp_path / "villages.csv").write_text(VILLAGES, "utf-8")
    return tmp_path


def facilities(folder, rows, format="ltc", name="list.csv"):
    text = LTC_HEADER + rows if format == "ltc" else rows
    (folder / name).write_text(text, "utf-8")
    found = scenario(
        folder,
        points={"kind": "villages", "file": "villages.csv"},
        facilities={"sources": [{"file": name, "format": format}]},
    )
    return inputs.read_facilities(found)


def ltc(code, types, capacity="", carers="0", address="가람도 한들군 한들읍 한들로  1 (한들읍)"):
    return (
        f"{code},가,가람도,한들군,한들읍,{address},{types},{capacity},0,0,{carers},1,0,20200101\n"
    )


def offers(found):
    return {
        (row.facility_id, row.service): (row.capacity_persons, row.capacity_basis)
        for row in found.offers.itertuples()
    }


def test_services_and_capacities_by_the_rules(folder):
    rows = (
        ltc("1", "노인요양시설·치매전담실가형1실", "29", "13")
        + ltc("2", "방문요양·방문목욕", "", "10")
        + ltc("3", "주야간보호", "", "3")
        + ltc("4", "방문요양·주야간보호", "", "10")
        + ltc("5", "치매전담형노인요양공동생활가정", "", "0")
        + ltc("6", "주야간보호", "", "31")
    )
    found = offers(facilities(folder, rows))
    assert found["1", "nursing_home"] == (29, "published")
    assert found["2", "home_visit_care"] == (13, "care workers")  # 10 × 1.3
    assert found["3", "day_care"] == (21, "care workers")  # 3 × 7
    # Listed carers are those who visit; the day-care centre takes the default.
    assert found["4", "home_visit_care"] == (13, "care workers")
    assert found["4", "day_care"] == (20, "default")
    assert found["5", "nursing_home"] == (9, "default")
    assert found["6", "day_care"] == (40, "care workers"), "at most 40 places"
    assert ("2", "visit_bath") in found
    assert pd.isna(found["2", "visit_bath"][0])


def test_beds_are_not_counted_for_the_services_beside_them(folder):
    found = offers(facilities(folder, ltc("1", "노인요양시설·주야간보호·방문요양", "29", "10")))
    assert found["1", "nursing_home"] == (29, "published")
    assert found["1", "home_visit_care"] == (13, "care workers")
    assert found["1", "day_care"] == (20, "default")


def test_places_by_address_with_their_precision(folder):
    rows = (
        ltc("1", "방문요양", address="가람도 한들군 한들읍 백호길  3 (한들읍)")
        + ltc("2", "방문요양", address="가람도 한들군 한들읍 한들로  3 (한들읍)")
        + ltc("3", "방문요양", address="가람도 한들군 없는면 먼로 1 (없는면)")
        + ltc("4", "방문요양", address="다른도 먼군 먼읍 먼로 1 (먼읍)")
    )
    found = facilities(folder, rows)
    assert found.frame["location_precision"].to_dict() == {"1": "village", "2": "township"}
    assert found.frame["township_id"].tolist() == ["9971025000"] * 2
    assert found.unplaced["facility_id"].tolist() == ["3"]
    assert "no township" in str(found.unplaced["reason"].iloc[0])
    (reading,) = found.readings
    assert (reading.rows, reading.used) == (4, 2)
    assert "left out: 1" in str(reading.remarks[0].problem)
    assert "village: 1" in str(found.notes[-1])
    assert "shown: 1, of 2" in str(found.notes[-1])


def test_an_unknown_type_is_named_and_the_institution_kept(folder):
    found = facilities(folder, ltc("1", "우주요양") + ltc("2", ""))
    assert found.frame["kind"].tolist() == ["unknown", "unknown"]
    assert found.offers.empty
    told = " ".join(str(note) for note in found.notes)
    assert "우주요양" in told
    assert "without a service type" in told


def test_a_type_of_the_scenario_is_known_as_it_is_written(folder):
    rows = "facility_id,name,service,capacity_persons,lon,lat\na,가,child_care,25,126.55,34.55\n"
    (folder / "list.csv").write_text(rows, "utf-8")
    child = {
        "id": "child_day", "name_ko": "아이돌봄", "name_en": "Child care", "level": 1,
        "standard_min": 20, "direction": "to_place", "offered_by": ["child_care"],
        "use_rate": 0.1, "modules": [{"capacity_persons": 10, "capital_mkrw": 1,
                                      "running_mkrw": 1, "care_workers": 1}],
    }  # fmt: skip
    found = scenario(
        folder,
        services=[child],
        facilities={
            "sources": [{"file": "list.csv", "format": "plain"}],
            "capacity": {"child_day": {"default_persons": 5}},
        },
    )
    assert offers(inputs.read_facilities(found)) == {("a", "child_day"): (25, "published")}


def test_a_type_counts_for_every_service_that_names_it_and_for_no_other(folder):
    def service(name, kinds, level):
        module = {"capacity_persons": 9, "capital_mkrw": 1, "running_mkrw": 1, "care_workers": 1}
        return {
            "id": name, "name_ko": name, "name_en": name, "level": level, "standard_min": 20,
            "direction": "to_place", "offered_by": kinds, "use_rate": 0.1, "modules": [module],
        }  # fmt: skip

    (folder / "list.csv").write_text(LTC_HEADER + ltc("1", "방문요양·주야간보호"), "utf-8")
    found = scenario(
        folder,
        services=[
            service("one", ["home_visit_care"], 1),
            service("two", ["home_visit_care"], 2),
            service("day_care", ["daycare"], 3),
        ],
        facilities={"sources": [{"file": "list.csv", "format": "ltc"}]},
    )
    read = inputs.read_facilities(found)
    assert [row.service for row in read.offers.itertuples()] == ["one", "two"]
    assert "of the type daycare" in " ".join(str(note) for note in read.notes)


def test_a_missing_and_a_repeated_code_are_named_with_their_rows(folder):
    rows = ltc("1", "방문요양") + ltc("", "방문요양") + ltc("1", "방문요양") + ltc("", "방문요양")
    with pytest.raises(InputError) as caught:
        facilities(folder, rows)
    told = [(fault.row, str(fault.problem)) for fault in caught.value.faults]
    assert told == [
        (3, "The code is missing."),
        (5, "The code is missing."),
        (4, "The same code is already in row 2."),
    ]


def test_a_bad_capacity_is_a_fault_with_its_row(folder):
    with pytest.raises(InputError, match=r"row 3 · \[정원\] · “많음”"):
        facilities(folder, ltc("1", "노인요양시설", "9") + ltc("2", "노인요양시설", "많음"))


def test_health_institutions_with_coordinates(folder):
    document = {
        "hospitals": [
            {"name": "보건소", "cl_nm": "보건소", "addr": "한들읍", "x": 126.55, "y": 34.55},
            {"name": "옆의원", "cl_nm": "의원", "addr": "딴곳", "x": 126.8, "y": 34.55},
            {"name": "먼의원", "cl_nm": "의원", "addr": "딴곳", "x": 127.5, "y": 34.55},
        ],
        "pharmacies": [{"name": "약국", "addr": "묵도면", "x": 126.65, "y": 34.55}],
    }
    read = facilities(folder, json.dumps(document), "hira", "h.json")
    found = read.frame.set_index("name")
    assert found["kind"].to_dict() == {
        "보건소": "health_centre", "옆의원": "clinic", "약국": "pharmacy",
    }  # fmt: skip
    assert found["township_id"].to_dict() == {
        "보건소": "9971025000", "옆의원": "", "약국": "9971031000",
    }  # fmt: skip
    assert set(found["location_precision"]) == {"point"}
    told = [(remark.row, str(remark.problem)) for remark in read.readings[0].remarks]
    assert told[0][0] == 2
    assert "in the sea" in told[0][1]
    assert "left out: 1" in told[-1][1]


def test_our_own_list(folder):
    rows = (
        "facility_id,name,service,capacity_persons,lon,lat,address\n"
        "a,가,day_care,25,126.55,34.55,\n"
        "b,나,방문요양·주야간보호,,,,한들군 묵도면 1\n"
    )
    found = facilities(folder, rows, "plain")
    assert offers(found)["a", "day_care"] == (25, "published")
    assert found.frame.loc["b", "location_precision"] == "township"


def workbook(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def branch(code, name, address, status="정상", bank="농축협"):
    def wide(text):
        return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"}) + "　　"

    return (code, wide(bank), wide(name), "00", "00", "00000", wide(address), wide(status), "")


def cooperatives(folder, rows, **parts):
    workbook(folder / "kftc.xlsx", rows)
    found = scenario(
        folder,
        points={"kind": "villages", "file": "villages.csv"},
        cooperatives={"file": "kftc.xlsx", **parts},
    )
    return inputs.read_cooperatives(found)


def test_branches_of_the_clearing_house(folder):
    rows = [
        branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 202"),
        branch("0120002", "한들 묵도", "가람도 한들군 묵도면 묵도길 1"),
        branch("0120003", "한들축산농협", "가람도 한들군 한들읍 한들로 1"),
        branch("0120004", "한들 옛점", "가람도 한들군 한들읍 한들로 2", "잠정폐쇄"),
        branch("0110005", "한들군(지부)", "가람도 한들군 한들읍 한들로 3"),
        branch("0120006", "먼농협", "다른도 먼군 먼읍 먼로 3"),
    ]
    found = cooperatives(folder, rows)
    assert found.frame.index.tolist() == ["0120001", "0120002"]
    assert found.frame["operator_id"].tolist() == ["0120001", "0120001"]
    assert found.frame.loc["0120001", "address"] == "가람도 한들군 한들읍 한들로 202"
    told = " ".join(str(note) for note in found.notes)
    assert "left out: 1" in told


def test_co_operatives_of_one_name_in_two_counties_are_two(folder):
    frame = areas()
    frame["sggnm"] = ["한들군", "묵도군"]
    frame["adm_nm"] = ["가람도 한들군 한들읍", "가람도 묵도군 묵도면"]
    frame["adm_cd2"] = ["9971025000", "9981031000"]
    frame.to_file(folder / "towns.geojson")
    villages = VILLAGES.replace(
        "한들군,묵도면,묵도리,3,9971031000", "묵도군,묵도면,묵도리,3,9981031000"
    )
    (folder / "villages.csv").write_text(villages, "utf-8")
    rows = [
        branch("0120001", "중앙농협", "가람도 한들군 한들읍 한들로 1"),
        branch("0120002", "중앙농협", "가람도 묵도군 묵도면 묵도로 1"),
        branch("0120003", "중앙 시장", "가람도 묵도군 묵도면 묵도로 2"),
    ]
    found = cooperatives(folder, rows).frame
    assert found["operator_id"].tolist() == ["0120001", "0120002", "0120002"]


def test_willingness_of_a_file_overrides_the_figure(folder):
    (folder / "w.csv").write_text("coop_code,willing\n0120001,0.2\n0999999,0.5\n", "utf-8")
    rows = [
        branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 202"),
        branch("0120002", "한들 묵도", "가람도 한들군 묵도면 묵도길 1"),
    ]
    found = cooperatives(folder, rows, willing=0.7, willing_file="w.csv")
    assert found.frame["willing"].to_dict() == {"0120001": 0.2, "0120002": 0.7}
    assert "name no candidate branch: 1" in " ".join(str(note) for note in found.notes)
    (folder / "w.csv").write_text("coop_code,willing\n0120001,7\n", "utf-8")
    with pytest.raises(InputError, match=r"row 2 · \[willing\] · “7”"):
        cooperatives(folder, rows, willing_file="w.csv")


def test_a_branch_with_two_willingnesses_is_a_fault(folder):
    (folder / "w.csv").write_text("coop_code,willing\n0120001,0.2\n0120001,0.9\n", "utf-8")
    rows = [branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 202")]
    with pytest.raises(InputError, match="already in row 2"):
        cooperatives(folder, rows, willing_file="w.csv")


def test_a_list_without_candidates_is_refused(folder):
    with pytest.raises(InputError, match="no branch"):
        cooperatives(folder, [branch("0120006", "먼농협", "다른도 먼군 먼읍 먼로 3")])


def test_an_institution_called_after_a_co_operative_is_run_by_it(folder):
    workbook(folder / "kftc.xlsx", [branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 1")])
    row = ltc("1", "방문요양").replace("1,가,", "1,한들농협재가노인복지센터,")
    (folder / "list.csv").write_text(LTC_HEADER + row + ltc("2", "방문요양"), "utf-8")
    found = scenario(
        folder,
        points={"kind": "villages", "file": "villages.csv"},
        facilities={"sources": [{"file": "list.csv", "format": "ltc"}]},
        cooperatives={"file": "kftc.xlsx"},
    )
    places = inputs.read_places(found)
    assert places.facilities.frame["operator_id"].to_dict() == {"1": "0120001", "2": "2"}
    assert places.facilities.frame.geometry["1"].equals(
        places.cooperatives.frame.geometry["0120001"]
    )


def test_seats_stand_in_where_there_is_no_list(folder):
    found = inputs.read_cooperatives(scenario(folder))
    assert found.frame.index.tolist() == ["seat-9971025000", "seat-9971031000"]
    assert found.frame["operator_id"].is_unique
    assert "seat of every township" in str(found.notes[0])


def test_the_code_file_as_csv_and_codes_without_their_zero(folder):
    rows = [
        branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 202"),
        branch("0120002", "한들 묵도", "가람도 한들군 묵도면 묵도길 1"),
    ]
    (folder / "kftc.csv").write_bytes("\n".join(",".join(row) for row in rows).encode("cp949"))
    found = scenario(folder, cooperatives={"file": "kftc.csv"})
    read = inputs.read_cooperatives(found)
    assert read.frame.index.tolist() == ["0120001", "0120002"]
    assert read.readings[0].form == "KFTC code file"
    assert read.readings[0].encoding == "CP949"
    workbook(folder / "kftc.xlsx", [(int(row[0]), *row[1:]) for row in rows])
    found = scenario(folder, cooperatives={"file": "kftc.xlsx"})
    again = inputs.read_cooperatives(found)
    assert again.frame["operator_id"].equals(read.frame["operator_id"])
    assert "mended: 2" in str(again.readings[0].remarks[0].problem)


def test_our_own_branches_as_csv_and_as_sheet(folder):
    rows = [
        ["coop_id", "name", "lon", "lat", "address", "operator_id", "willing"],
        ["a", "한들농협　", 126.55, 34.55, "", "", 0.4],
        ["b", "묵도지점", None, None, "가람도　한들군 묵도면 １", "a", None],
    ]
    workbook(folder / "own.xlsx", rows)
    text = "\n".join(",".join("" if c is None else str(c) for c in row) for row in rows)
    (folder / "own.csv").write_text(text, "utf-8")
    for name in ("own.xlsx", "own.csv"):
        found = inputs.read_cooperatives(scenario(folder, cooperatives={"file": name}))
        frame = found.frame
        assert frame["name"].tolist() == ["한들농협", "묵도지점"]
        assert frame["willing"].tolist() == [0.4, 0.6]
        assert frame["operator_id"].tolist() == ["a", "a"]
        assert frame["location_precision"].tolist() == ["point", "township"]
        assert frame["address"].tolist() == ["", "가람도 한들군 묵도면 1"]
        assert (found.readings[0].rows, found.readings[0].used) == (2, 2)


def test_branches_outside_the_planned_counties_are_no_candidates(folder):
    """The same in the code file and in our own list: near ones, far ones and those at sea."""
    rows = [
        branch("0120001", "한들농협", "가람도 한들군 한들읍 한들로 202"),
        branch("0120002", "먼농협", "다른도 먼군 먼읍 먼로 3"),
        branch("0040003", "먼지점", "다른도 먼군 먼읍 먼로 4", bank="국민"),
    ]
    workbook(folder / "kftc.xlsx", rows)
    own = "coop_id,name,lon,lat,address\n1,한들농협,126.55,34.55,\n2,이웃농협,126.8,34.55,\n"
    own += "3,바다농협,126.55,34.4,\n4,먼농협,127.9,34.5,\n5,딴농협,,,다른도 먼군 먼읍 1\n"
    (folder / "own.csv").write_text(own, "utf-8")
    for name, codes, left_out in (("kftc.xlsx", ["0120001"], 1), ("own.csv", ["1"], 4)):
        found = inputs.read_cooperatives(scenario(folder, cooperatives={"file": name}))
        assert found.frame.index.tolist() == codes
        assert (found.frame["township_id"] != "").all()
        told = [str(one.problem) for one in found.readings[0].remarks]
        assert f"cannot be candidate sites, left out: {left_out}." in told[-1]


@pytest.mark.integration
def test_branches_of_the_real_code_file(shared_data, scenarios):
    path = shared_data / "korea/cooperatives/kftc_branches_202607.xlsx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        rows = [
            [unicodedata.normalize("NFKC", str(cell or "")).strip() for cell in row]
            for row in sheet.iter_rows(values_only=True)
        ]
    coops = [row for row in rows if row[0][:3] in {f"01{n}" for n in range(2, 9)}]
    coops = [row for row in coops if "은행" not in row[1]]
    here = [
        row for row in coops if any(county in row[6] for county in ("해남군", "강진군", "장흥군"))
    ]
    opened = [row for row in here if row[7] == "정상"]
    words = ["축산", "축협", "원예", "지부", "출장소", "보증센터", "(출)"]
    words += [f"{left}{word}{right}" for left, right in ("<>", "()", "〈〉") for word in "간취"]
    wanted = {row[0] for row in opened if not any(word in row[2] for word in words)}
    found = inputs.read_cooperatives(Scenario.read(scenarios / "jeonnam_three_counties.toml"))
    assert set(found.frame.index) | set(found.unplaced["coop_id"]) == wanted
    assert found.unplaced.empty
    (reading, *_) = found.readings
    assert (reading.rows, reading.used) == (len(coops), len(wanted))
    assert reading.as_of == "2026-07"
    notes = [str(note) for note in found.notes]
    assert any(note.endswith(f"left out: {len(here) - len(opened)}.") for note in notes)
    assert any(note.endswith(f"counters): {len(opened) - len(wanted)}.") for note in notes)
    bank = [
        row
        for row in rows
        if row[0][:2] == "01"
        and "은행" in row[1]
        and row[0][2] in "012345678"
        and any(county in row[6] for county in ("해남군", "강진군", "장흥군"))
    ]
    assert f"left out: {len(bank)}." in str(reading.remarks[-1].problem)
