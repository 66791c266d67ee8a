"""The resident register against its own totals and against hand-made files."""

from pathlib import Path

import pytest

from ruralcare.errors import InputError
from ruralcare.inputs.files import Faults
from ruralcare.inputs.register import read_register

HEADER = (
    '"행정구역","2023년10월_계_총인구수","2023년10월_계_연령구간인구수",'
    '"2023년10월_남_0~4세","2023년10월_남_100세 이상","2023년10월_여_0~4세",'
    '"2023년10월_여_100세 이상"\n'
)


def write(path: Path, rows: str, header: str = HEADER, encoding: str = "cp949") -> Path:
    path.write_bytes((header + rows).encode(encoding))
    return path


def read(path: Path):
    return read_register(path, Faults(path.name))


def people(register, township: str) -> int:
    return int(register.frame.loc[register.frame["township_id"] == township, "persons"].sum())


ROWS = (
    '"가람도 한들군 (9971000000)","1,119","1,119","1,000","1","110","8"\n'
    '"가람도 한들군 신동읍(9971025000)","1,111","1,111","1,000","1","110","0"\n'
    '"가람도 한들군 신동읍함백출장소(9971025400)","8","8","0","0","0","8"\n'
)


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
        ('"가람도 한들군 한들읍","1","1","1","0","0","0"\n', "ten-digit code"),
        ('"가람도 한들군 한들읍(9971025000)","1","1","x","0","0","0"\n', "number of people"),
        ('"가람도 한들군 한들읍(9971025000)","1","1"\n', "cells instead of 7"),
        (ROWS + ROWS, "occurs more than once"),
        (
            ROWS.replace("1,119", "1,120", 2).replace(
                '"1,000","1","110","8"', '"1,001","1","110","8"', 1
            ),
            "its own row says 1,120",
        ),
        (
            '"가람도 한들군 딴곳출장소(9971025400)","8","8","0","0","0","8"\n',
            "branch office belongs",
        ),
    ],
)
def test_faults_are_named(tmp_path, rows, told):
    with pytest.raises(InputError, match=told):
        read(write(tmp_path / "r.csv", rows))


def test_another_table_is_not_taken_for_a_register(tmp_path):
    with pytest.raises(InputError, match="columns of a resident register"):
        read(write(tmp_path / "r.csv", '"x","1"\n', '"행정구역","인구"\n'))


def test_a_truncated_copy_is_refused(tmp_path):
    path = write(tmp_path / "r.csv", ROWS)
    content = path.read_bytes()
    path.write_bytes(content + b"\n" * (1_024_000 - len(content)))
    with pytest.raises(InputError, match="cut off at"):
        read(path)


@pytest.mark.integration
def test_the_nation_sums_to_the_published_total(shared_data):
    register = read(shared_data / "korea/population/202310_연령별인구현황_월간.csv")
    assert register.frame["persons"].sum() == 51_354_226
    county = register.frame["township_id"].str[:5]
    sums = register.frame.groupby(county)["persons"].sum()
    assert sums["46770"] == 60_493 + 749
    assert sums["46910"] == 35_228 + 2_846


@pytest.mark.integration
def test_a_damaged_file_is_refused_with_its_row(shared_data):
    with pytest.raises(InputError, match=r"row 882.*blank"):
        read(shared_data / "korea/population/202505_연령별인구현황_월간.csv")
