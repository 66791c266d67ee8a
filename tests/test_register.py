"""The resident register against its own totals and against hand-made files."""

import csv
import re
from pathlib import Path

import openpyxl
import pytest

from ruralcare.errors import InputError
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.register import read_register

AGES = [f"{age}~{age + 4}세" for age in range(0, 100, 5)] + ["100세 이상"]
HEADER = (
    ",".join(
        ['"행정구역"', '"2023년10월_계_총인구수"', '"2023년10월_계_연령구간인구수"']
        + [f'"2023년10월_{sex}_{age}"' for sex in "남여" for age in AGES]
    )
    + "\n"
)


def line(name, *, boys=0, old_men=0, girls=0, old_women=0, total=None):
    """Return a row with four age groups filled: 0–4 and 100 and over, of both sexes."""
    counts = [boys, *[0] * 19, old_men, girls, *[0] * 19, old_women]
    whole = sum(counts) if total is None else total
    return (
        ",".join(f'"{cell}"' for cell in (name, *(f"{n:,}" for n in (whole, whole, *counts))))
        + "\n"
    )


def write(path: Path, rows: str, header: str = HEADER, encoding: str = "cp949") -> Path:
    path.write_bytes((header + rows).encode(encoding))
    return path


def read(path: Path):
    return read_register(path, Faults(path.name))


def people(register, township: str) -> int:
    return int(register.frame.loc[register.frame["township_id"] == township, "persons"].sum())


COUNTY = line("가람도 한들군 (9971000000)", boys=1000, old_men=1, girls=110, old_women=8)
TOWN = line("가람도 한들군 신동읍(9971025000)", boys=1000, old_men=1, girls=110)
BRANCH = line("가람도 한들군 신동읍함백출장소(9971025400)", old_women=8)
ROWS = COUNTY + TOWN + BRANCH


def test_branch_offices_add_to_the_longest_prefix_and_nobody_is_lost(tmp_path):
    register = read(write(tmp_path / "r.csv", ROWS))
    assert people(register, "9971025000") == 1119
    assert register.branches == {"9971025400": "9971025000"}
    assert (register.year, register.month) == (2023, 10)
    old = register.frame.query("age_group == '100+' and sex == 'female'")
    assert old["persons"].tolist() == [8]


def test_utf8_with_bom_reads_the_same(tmp_path):
    one = read(write(tmp_path / "a.csv", ROWS))
    two = read(write(tmp_path / "b.csv", ROWS, encoding="utf-8-sig"))
    assert one.frame.equals(two.frame)


def test_single_years_are_summed_to_five_year_groups(tmp_path):
    header = (
        '"행정구역","2025년05월_계_총인구수","2025년05월_계_연령구간인구수",'
        + ",".join(f'"2025년05월_계_{age}세"' for age in range(100))
        + ',"2025년05월_계_100세 이상"\n'
    )
    counts = list(range(101))
    total = f"{sum(counts):,}"
    row = f'"가람도 한들군 한들읍(9971025000)","{total}","{total}",' + ",".join(
        f'"{count}"' for count in counts
    )
    register = read(write(tmp_path / "r.csv", row + "\n", header))
    by_group = register.frame.set_index("age_group")["persons"]
    assert by_group["65-69"] == 65 + 66 + 67 + 68 + 69
    assert by_group["100+"] == 100
    assert set(register.frame["sex"]) == {"all"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (line("가람도 한들군 한들읍", boys=1), "ten-digit code"),
        (TOWN.replace('"110"', '"x"'), "number of people"),
        (TOWN.replace('"110"', '"11"'), "ages sum to 1,012 people, the total says 1,111"),
        ('"가람도 한들군 한들읍(9971025000)","1","1"\n', "cells instead of 45"),
        (ROWS + ROWS, "occurs more than once"),
        (
            COUNTY.replace("1,119", "1,120").replace('"8"', '"9"') + TOWN + BRANCH,
            "its own row says 1,120",
        ),
        (line("가람도 한들군 딴곳출장소(9971025400)", old_women=8), "branch office belongs"),
    ],
)
def test_faults_are_named(tmp_path, rows, told):
    with pytest.raises(InputError, match=told):
        read(write(tmp_path / "r.csv", rows))


@pytest.mark.parametrize("ages", [AGES[:-1], [f"{age}~{age + 9}세" for age in range(0, 100, 10)]])
def test_other_age_groups_are_refused(tmp_path, ages):
    """Ten-year groups would be counted at the wrong ages, missing ones not at all."""
    names = ["행정구역", "2023년10월_계_총인구수", *(f"2023년10월_계_{age}" for age in ages)]
    header = ",".join(f'"{name}"' for name in names) + "\n"
    row = ",".join(['"가람도 한들군 한들읍(9971025000)"', *(['"0"'] * (len(names) - 1))]) + "\n"
    with pytest.raises(InputError, match="five-year"):
        read(write(tmp_path / "r.csv", row, header))


def test_another_table_is_not_taken_for_a_register(tmp_path):
    with pytest.raises(InputError, match="columns of a resident register"):
        read(write(tmp_path / "r.csv", '"x","1"\n', '"행정구역","인구"\n'))


def test_a_truncated_copy_is_refused(tmp_path):
    path = write(tmp_path / "r.csv", ROWS)
    content = path.read_bytes()
    path.write_bytes(content + b"\n" * (1_024_000 - len(content)))
    with pytest.raises(InputError, match="cut off at"):
        read(path)


def test_a_changed_row_outside_the_plan_is_a_remark(tmp_path):
    other = line("가람도 먼군 (9972000000)", boys=7) + line("가람도 먼군 먼읍(9972025000)", boys=5)
    path = write(tmp_path / "r.csv", ROWS + other)
    faults = Faults(path.name)
    register = read_register(path, faults, lambda code, name: code.startswith("99710"))
    assert people(register, "9971025000") == 1119
    (remark,) = faults.remarks
    assert (remark.row, remark.value) == (5, "가람도 먼군 (9972000000)")
    with pytest.raises(InputError, match="its own row says 7"):
        read(path)


def test_a_file_cut_off_in_another_county_is_read(tmp_path):
    """The last line breaks off within its quotes, as a download does that stops."""
    other = line("가람도 먼군 먼읍(9972025000)", boys=5)[:-9]
    path = write(tmp_path / "r.csv", ROWS + other)
    faults = Faults(path.name)
    register = read_register(path, faults, lambda code, name: code.startswith("99710"))
    assert people(register, "9971025000") == 1119
    assert faults.remarks[0].row == 5
    assert "cells instead of 45" in str(faults.remarks[0].problem)


@pytest.mark.parametrize("cut", [30, 60])
def test_a_file_cut_off_in_a_planned_county_is_refused(tmp_path, cut):
    path = write(tmp_path / "r.csv", (COUNTY + TOWN + BRANCH)[: -len(BRANCH) + cut])
    with pytest.raises(InputError) as caught:
        read(path)
    assert {fault.row for fault in caught.value.faults} <= {2, 4}


def test_a_code_may_stand_in_a_column_of_its_own(tmp_path):
    header = HEADER.replace('"행정구역"', '"행정기관코드","행정기관"')
    rows = TOWN.replace('"가람도 한들군 신동읍(9971025000)"', '"9971025000","가람도 한들군 신동읍"')
    register = read(write(tmp_path / "r.csv", rows, header))
    assert people(register, "9971025000") == 1111
    assert register.names == {"9971025000": "가람도 한들군 신동읍"}


def undated(sums=(120, 70, 50), ages=(60, 35, 25)):
    """Return the variant without dates and sexes in its header: both, men, women."""
    groups = [f"{age}-{age + 9}세" for age in range(0, 100, 10)] + ["100세 이상"]
    head = ["행정구역"] + ["총 인구수", "연령구간인구수", *groups] * 3
    row = ["가람도 한들군 한들읍(9971025000)"]
    for whole, part in zip(sums, ages, strict=True):
        row += [str(whole)] * 2 + ["0"] * 6 + [str(part), str(whole - part)] + ["0"] * 3
    return "\n".join(",".join(f'"{cell}"' for cell in one) for one in (head, row)) + "\n"


def test_ten_year_groups_of_repeated_columns_take_their_date_from_the_name(tmp_path):
    register = read(write(tmp_path / "202310_인구.csv", "", undated()))
    assert (register.year, register.month, register.as_of) == (2023, 10, "2023-10")
    found = register.frame.set_index(["sex", "age_group"])["persons"]
    assert (found["male", "60-69"], found["female", "70-79"]) == (35, 25)
    assert found.sum() == 120


def test_without_any_date_the_fault_says_how_to_give_it(tmp_path):
    with pytest.raises(InputError, match=r"does not tell its date.*202310_"):
        read(write(tmp_path / "인구.csv", "", undated()))


def test_repeated_columns_in_another_order_are_noticed(tmp_path):
    """Men, women, both: the sums tell."""
    with pytest.raises(InputError, match="Men and women sum to"):
        read(write(tmp_path / "202310.csv", "", undated((70, 50, 120), (35, 25, 60))))


def test_of_several_months_the_last_of_each_year_is_used(tmp_path):
    header = HEADER.strip() + "," + HEADER.replace("10월", "12월").strip().partition(",")[2] + "\n"
    town = line("가람도 한들군 한들읍(9971025000)", boys=5).strip()
    later = line("x", boys=6).partition(",")[2]
    path = write(tmp_path / "r.csv", f"{town},{later}", header)
    faults = Faults(path.name)
    register = read_register(path, faults)
    assert (register.month, people(register, "9971025000")) == (12, 6)
    assert "several months" in str(faults.remarks[0].problem)


def test_a_workbook_with_its_header_over_several_rows(tmp_path):
    """Month above sex above ages, in merged cells; titles on top, a footnote below."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["연령별 인구현황"])
    sheet.append([])
    ages = ["총 인구수", "연령구간인구수", *AGES]
    sheet.append(["행정기관코드", "행정기관", "2023년 10월"])
    sheet.append([None, None, *["계", *[None] * 22], *["남", *[None] * 22], "여"])
    sheet.append([None, None, *ages * 3])
    boys, girls = [7, *[0] * 20], [0, *[0] * 19, 2]
    both = [one + two for one, two in zip(boys, girls, strict=True)]
    cells = [count for part in (both, boys, girls) for count in (sum(part), sum(part), *part)]
    sheet.append([9971025000, "가람도 한들군 한들읍", *cells])
    sheet.append(["※ 자료: 행정안전부"])
    book.save(tmp_path / "r.xlsx")
    register = read(tmp_path / "r.xlsx")
    found = register.frame.set_index(["sex", "age_group"])["persons"]
    assert (found["male", "00-04"], found["female", "100+"], found.sum()) == (7, 2, 9)
    assert (register.as_of, register.names) == ("2023-10", {"9971025000": "가람도 한들군 한들읍"})
    cells[25] = 8
    for column, cell in enumerate(cells, start=3):
        sheet.cell(6, column, cell)
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(InputError) as caught:
        read(tmp_path / "r.xlsx")
    (fault,) = caught.value.faults
    assert (fault.row, fault.column, fault.value) == (6, "2023년 10월_남_0~4세", "8")


def plain(path):
    """Read a register with nothing but csv: header, rows by code with their names."""
    with path.open(encoding="cp949", newline="") as stream:
        rows = list(csv.reader(line.replace("\0", "") for line in stream))
    found = {}
    for row in rows[1:]:
        match = re.fullmatch(r"(.*?)\s*\((\d{10})\)", row[0])
        if match and len(row) == len(rows[0]):
            found[match[2]] = (match[1], [int(cell.replace(",", "")) for cell in row[1:]])
    return rows[0], found


@pytest.mark.integration
def test_the_nation_sums_to_the_published_total(shared_data):
    register = read(shared_data / "korea/population/202310_연령별인구현황_월간.csv")
    assert register.frame["persons"].sum() == 51_354_226
    county = register.frame["township_id"].str[:5]
    sums = register.frame.groupby(county)["persons"].sum()
    assert sums["46770"] == 60_493 + 749
    assert sums["46910"] == 35_228 + 2_846


@pytest.mark.integration
def test_every_county_and_province_by_sex_and_age_as_its_own_row_says(shared_data):
    path = shared_data / "korea/population/202310_연령별인구현황_월간.csv"
    header, rows = plain(path)
    faults = Faults(path.name)
    frame = read_register(path, faults).frame
    assert faults.remarks == []
    groups = [f"{age:02d}-{age + 4:02d}" for age in range(0, 100, 5)] + ["100+"]
    checked = 0
    for digits in (2, 5):
        area = frame["township_id"].str[:digits]
        found = frame.groupby([area, "sex", "age_group"])["persons"].sum()
        for code in sorted(set(area)):
            own = rows.get(code.ljust(10, "0"))
            assert own is not None, code
            # 계, 남 and 여 have 23 columns each, the first two of which are totals.
            for sex, start in (("male", 23), ("female", 46)):
                assert found[code, sex].reindex(groups).tolist() == own[1][start + 2 : start + 23]
            checked += 1
    assert len(header) == 70
    assert checked == 17 + len({code[:5] for code in frame["township_id"]})


@pytest.mark.integration
def test_everything_around_the_hole_in_a_damaged_file_is_read(shared_data):
    path = shared_data / "korea/population/202505_연령별인구현황_월간.csv"
    faults = Faults(path.name)
    register = read_register(path, faults, lambda code, name: code.startswith("46"))
    _, rows = plain(path)
    townships = {code: row for code, row in rows.items() if code[5:] != "00000"}
    # One line of the plain reading is glued together across the hole.
    glued = {code for code, (name, _) in townships.items() if "인천" in name}
    sums = register.frame.groupby(register.frame["township_id"].str[:5])["persons"].sum()
    for county in {code[:5] for code in townships if code not in glued}:
        own = rows[county + "00000"][1][0]
        assert sums[county] == own, county
    assert register.damaged_row == 882
    told = [(one.row, one.value) for one in faults.remarks]
    assert (882, None) in told
    assert (867, "인천광역시 미추홀구 (2817700000)") in told
    assert "인천광역시 강화군" in {value for _, value in told}
    assert "인천광역시 (2800000000)" in {value for _, value in told}
    assert len(told) == 4


@pytest.mark.integration
def test_single_years_of_the_real_file_make_five_year_groups(shared_data):
    path = shared_data / "korea/population/202505_연령별인구현황_월간.csv"
    faults = Faults(path.name)
    frame = read_register(path, faults, lambda code, name: False).frame
    _, rows = plain(path)
    province = frame[frame["township_id"].str.startswith("46")]
    found = province.groupby("age_group")["persons"].sum()
    own = rows["4600000000"][1][2:]
    for first in range(0, 100, 5):
        assert found[f"{first:02d}-{first + 4:02d}"] == sum(own[first : first + 5])
    assert found["100+"] == own[100]


@pytest.mark.integration
@pytest.mark.parametrize("county", ["28177", "28710"])
def test_a_county_in_the_hole_cannot_be_planned(shared_data, county):
    path = shared_data / "korea/population/202505_연령별인구현황_월간.csv"
    with pytest.raises(InputError) as caught:
        read_register(path, Faults(path.name), lambda code, name: code.startswith(county))
    (fault,) = caught.value.faults
    shown = {
        "28177": (867, "인천광역시 미추홀구 (2817700000)"),
        "28710": (882, "인천광역시 강화군"),
    }
    assert (fault.row, fault.value) == shown[county]
