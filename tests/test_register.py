"""The resident register against its own totals and against hand-made files."""

from pathlib import Path

import pytest

from ruralcare.errors import InputError
from ruralcare.inputs.files import Faults
from ruralcare.inputs.register import read_register

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
