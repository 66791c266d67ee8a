"""People from KOSIS, SGIS and our own CSV, and how they meet the boundaries."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from people_cases import DASOM, GOUN, NARAE, scenario, towns
from tiny_county import TOWNSHIPS, people

from ruralcare import InputError, inputs

GROUPS = [f"{age:02d}-{age + 4:02d}" for age in range(0, 100, 5)] + ["100+"]
SEXES = {"male": "남", "female": "여"}


def expected(codes=tuple(TOWNSHIPS)):
    return {
        (code, sex, group): people(code, word, 5 * at)
        for code in codes
        for sex, word in SEXES.items()
        for at, group in enumerate(GROUPS)
    }


def read(folder, files, *, boundaries=None, **changes):
    changes.setdefault("points", {"kind": "centroid"})
    found = scenario(folder, population={"files": files}, **changes)
    return inputs.read_population(found, boundaries or towns())


def check(found, year=2023, want=None):
    rows = found.frame[found.frame["year"] == year]
    got = {(row.township_id, row.sex, row.age_group): row.persons for row in rows.itertuples()}
    assert {key: persons for key, persons in got.items() if persons} == (want or expected())


def write(folder, name, rows, encoding="utf-8", delimiter=","):
    folder.mkdir(exist_ok=True)
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        book.save(folder / name)
        return name
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    (folder / name).write_bytes(stream.getvalue().encode(encoding))
    return name


def label(at):
    return "100세 이상" if at == 20 else f"{5 * at} - {5 * at + 4}세"


def kosis(*, codes=True, totals=True, date="2023.10"):
    """Return a KOSIS table: a row for area, age and date, and a column for each sex."""
    head = [
        "행정구역(동읍면)별",
        "5세별",
        "시점",
        "총인구수 (명)",
        "남자인구수 (명)",
        "여자인구수 (명)",
    ]
    areas = {
        "00": ("전국", TOWNSHIPS),
        "46": ("전라남도", TOWNSHIPS),
        "46990": ("한울군", TOWNSHIPS),
    }
    areas |= {code: (name, [code]) for code, (name, _) in TOWNSHIPS.items()}
    rows = [["C행정구역(동읍면)별", *head] if codes else head]
    for code, (name, parts) in areas.items():
        for at in (["all"] if totals else []) + list(range(21)):
            ages = range(21) if at == "all" else [at]
            both = [
                sum(people(part, sex, 5 * age) for part in parts for age in ages) for sex in "남여"
            ]
            row = [name, "계" if at == "all" else label(at), date, sum(both), *both]
            rows.append([code, *row] if codes else row)
    return rows


@pytest.mark.parametrize("encoding", ["cp949", "utf-8-sig"])
@pytest.mark.parametrize("codes", [True, False])
@pytest.mark.parametrize("totals", [True, False])
def test_kosis_tables_with_and_without_codes(tmp_path, encoding, codes, totals):
    name = write(tmp_path, "any.csv", kosis(codes=codes, totals=totals), encoding)
    found = read(tmp_path, [name])
    check(found)
    assert found.as_of == {2023: "2023-10"}
    (reading,) = found.readings
    assert (reading.rows, reading.used, reading.remarks) == (3, 3, ())


def test_kosis_with_dates_as_columns_and_sexes_as_rows(tmp_path):
    levels = [f"행정구역(동읍면)별({level})" for level in (1, 2, 3)]
    rows = [[*levels, "성별", "연령별", "항목", "2013 년", "2023 년"]]
    for code, (name, _) in TOWNSHIPS.items():
        for sex, words in (("계", "남여"), ("남자", "남"), ("여자", "여")):
            for at in range(21):
                count = sum(people(code, word, 5 * at) for word in words)
                rows.append(
                    ["전라남도", "한울군", name, sex, label(at), "총인구수 (명)", 2 * count, count]
                )
    rows += [["전라남도", "소계", "소계", "계", "계", "총인구수 (명)", 1, 1]]
    for name in ("wide.csv", "wide.xlsx"):
        found = read(tmp_path, [write(tmp_path, name, rows)])
        check(found)
        check(found, 2013, {key: 2 * count for key, count in expected().items()})
        assert found.as_of == {2013: "2013", 2023: "2023"}


def test_kosis_workbook_with_two_header_rows_and_merged_names(tmp_path):
    first = ["행정구역(동읍면)별(1)", "행정구역(동읍면)별(2)", "연령별(1)", "2023", "2023", "2023"]
    second = [*first[:3], "총인구수 (명)", "남자인구수 (명)", "여자인구수 (명)"]
    rows = [first, second]
    for code, (name, _) in TOWNSHIPS.items():
        for at in range(21):
            both = [people(code, sex, 5 * at) for sex in "남여"]
            rows.append(
                [
                    "한울군" if len(rows) == 2 else None,
                    None if at else name,
                    label(at),
                    sum(both),
                    *both,
                ]
            )
    check(read(tmp_path, [write(tmp_path, "book.xlsx", rows)]))


def test_subtotals_of_wider_ages_are_not_counted_twice(tmp_path):
    rows = kosis(codes=True)
    for code, (name, _) in TOWNSHIPS.items():
        old = [sum(people(code, sex, age) for age in range(65, 105, 5)) for sex in "남여"]
        rows.append([code, name, "65세 이상", "2023.10", sum(old), *old])
    check(read(tmp_path, [write(tmp_path, "k.csv", rows)]))


@pytest.mark.parametrize("codes", [True, False])
def test_sums_of_all_towns_of_a_county_are_not_townships(tmp_path, codes):
    """The census has rows 읍부 and 면부 between a county and its townships."""
    rows = kosis(codes=codes)
    at = next(at for at, row in enumerate(rows) if "고운읍" in row)
    sums = [[*(["04699001"] if codes else []), "읍부", label(3), "2023.10", 9, 4, 5]]
    check(read(tmp_path, [write(tmp_path, "k.csv", [*rows[:at], *sums, *rows[at:]])]))


def sgis(code_of):
    """Return census output: both sexes from 001, men from 031, women from 061."""
    lines = []
    for code in TOWNSHIPS:
        for at in range(21):
            men, women = people(code, "남", 5 * at), people(code, "여", 5 * at)
            for first, count in ((1, men + women), (31, men), (61, women)):
                lines.append(("2020", code_of[code], f"in_age_{first + at:03d}", count))
        lines.append(("2020", code_of[code], "to_in_001", 7))
    return lines


def crosswalk(folder, digits=7):
    rows = [["adm_nm", "adm_cd", "adm_cd2", "adm_cd8", "sggnm", "emd_nm", "sidonm"]]
    own = {}
    for at, (code, (name, _)) in enumerate(TOWNSHIPS.items()):
        short, long = f"363999{at}", f"363999{at}0"
        own[code] = short if digits == 7 else long
        rows.append([f"전라남도 한울군 {name}", short, code, long, "한울군", name, "전라남도"])
    write(folder, "walk.tsv", rows, "cp949", "\t")
    return own


@pytest.mark.parametrize("digits", [7, 8])
@pytest.mark.parametrize("delimiter", ["^", ","])
def test_sgis_output_is_crossed_to_the_ministry_s_codes(tmp_path, digits, delimiter):
    own = crosswalk(tmp_path, digits)
    name = write(tmp_path, "인구.txt", sgis(own), "cp949", delimiter)
    source = {"crosswalk": "walk.tsv"}
    found = read(tmp_path, [name], townships=source)
    check(found, 2020)
    assert found.readings[0].form == "SGIS census output"


def test_output_areas_are_summed_and_hidden_numbers_told(tmp_path):
    own = crosswalk(tmp_path)
    lines = []
    for year, code, item, count in sgis(own):
        lines += [(year, f"{code}010001", item, count - 1), (year, f"{code}010002", item, 1)]
        lines += [(year, f"{code}010003", item, "N/A")]
    name = write(tmp_path, "인구.txt", lines, "utf-8", "^")
    found = read(tmp_path, [name], townships={"crosswalk": "walk.tsv"})
    check(found, 2020)
    (remark,) = found.readings[0].remarks
    assert str(3 * 63) in str(remark.problem)


def test_hidden_parts_are_not_held_against_their_total(tmp_path):
    """Men of 100 and over are hidden, those of both sexes are not."""
    own = crosswalk(tmp_path)
    lines = [
        (year, code, item, "N/A" if item == "in_age_051" else count)
        for year, code, item, count in sgis(own)
    ]
    name = write(tmp_path, "인구.txt", lines, "utf-8", "^")
    found = read(tmp_path, [name], townships={"crosswalk": "walk.tsv"})
    want = {key: count for key, count in expected().items() if key[1:] != ("male", "100+")}
    check(found, 2020, want)
    (remark,) = found.readings[0].remarks
    assert remark.problem.values["count"] == len(TOWNSHIPS)
    # What is not hidden still has to sum.
    spoilt = [
        (year, code, item, count + 3 if (code, item) == (own[NARAE], "in_age_031") else count)
        for year, code, item, count in lines
    ]
    with pytest.raises(InputError) as caught:
        read(tmp_path, [write(tmp_path, "b.txt", spoilt, "utf-8", "^")],
             townships={"crosswalk": "walk.tsv"})  # fmt: skip
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("in_total", [True, False])
def test_people_of_unknown_age_are_counted_in_a_remark(tmp_path, in_total):
    rows = kosis()
    for at in range(1, len(rows)):
        if rows[at][2] == "계" and in_total:
            rows[at][4:] = [rows[at][4] + 3, rows[at][5] + 2, rows[at][6] + 1]
    head, *body = rows
    ageless = [[code, name, "연령 미상", "2023.10", 3, 2, 1]
               for code, name in dict.fromkeys((row[0], row[1]) for row in body)]  # fmt: skip
    name = write(tmp_path, "k.csv", [head, *body, *ageless])
    found = read(tmp_path, [name])
    check(found)
    (remark,) = found.readings[0].remarks
    assert remark.problem.values["count"] == 3 * len(TOWNSHIPS)


def register_sheets(folder, name, sheets):
    """Write the register of the tiny county to sheets: (name, text that stands for 2023년10월)."""
    source = scenario(folder).resolve(scenario(folder).population.files[0])
    table = list(csv.reader(io.StringIO(source.read_bytes().decode("cp949"))))
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, date in sheets:
        sheet = book.create_sheet(title)
        for row in table:
            sheet.append([cell.replace("2023년10월", date) for cell in row])
    note = book.create_sheet("설명")
    note.append(["이 자료는 시험용입니다."])
    book.save(folder / name)
    return name


def test_every_sheet_with_people_is_read_and_others_are_named(tmp_path):
    name = register_sheets(tmp_path, "r.xlsx", [("작년", "2022년10월"), ("올해", "2023년10월")])
    found = read(tmp_path, [name])
    check(found, 2022)
    check(found, 2023)
    assert found.as_of == {2022: "2022-10", 2023: "2023-10"}
    (remark,) = found.readings[0].remarks
    assert remark.value == "설명"
    assert (remark.file, remark.problem.template) == (
        "r.xlsx",
        "Some sheets of the workbook are not read.",
    )


def test_two_sheets_of_one_date_are_refused(tmp_path):
    name = register_sheets(tmp_path, "r.xlsx", [("가", "2023년10월"), ("나", "2023년10월")])
    with pytest.raises(InputError) as caught:
        read(tmp_path, [name])
    (fault,) = caught.value.faults
    assert (fault.file, fault.value) == ("r.xlsx [나]", "2023-10")


def test_a_fault_names_its_sheet(tmp_path):
    name = register_sheets(tmp_path, "r.xlsx", [("가", "2022년10월"), ("나", "2023년10월")])
    book = openpyxl.load_workbook(tmp_path / name)
    book["나"].cell(3, 4).value = "?"
    book.save(tmp_path / name)
    with pytest.raises(InputError) as caught:
        read(tmp_path, [name])
    assert {(fault.file, fault.row) for fault in caught.value.faults} == {("r.xlsx [나]", 3)}


def test_a_sheet_tells_the_date_that_its_header_does_not(tmp_path):
    """The columns repeat for both sexes, men and women, without a date."""
    name = register_sheets(tmp_path, "r.xlsx", [("2022년", "x")])
    book = openpyxl.load_workbook(tmp_path / name)
    for cell in book["2022년"][1][1:]:
        cell.value = cell.value.replace("x_", "")
    book.save(tmp_path / name)
    found = read(tmp_path, [name])
    check(found, 2022)


def test_codes_of_the_statistics_office_need_a_crosswalk(tmp_path):
    name = write(tmp_path, "인구.txt", sgis(crosswalk(tmp_path)), "utf-8", "^")
    with pytest.raises(InputError) as caught:
        read(tmp_path, [name])
    (fault,) = caught.value.faults
    assert fault.column == "townships.crosswalk"


def own_csv(keys, years=(2013, 2023)):
    rows = [["township_id" if keys[0].isdigit() else "name", "year", "sex", "age_group", "persons"]]
    for key, code in zip(keys, TOWNSHIPS, strict=True):
        for year in years:
            for sex, word in SEXES.items():
                for at, group in enumerate(GROUPS):
                    rows.append([key, year, sex, group, people(code, word, 5 * at)])
    return rows


@pytest.mark.parametrize("by_name", [True, False])
def test_our_own_csv_with_two_years_gives_change(tmp_path, by_name):
    keys = [name for name, _ in TOWNSHIPS.values()] if by_name else list(TOWNSHIPS)
    found = read(tmp_path, [write(tmp_path, "own.csv", own_csv(keys))])
    check(found)
    check(found, 2013)
    assert found.years == (2013, 2023)


def test_total_rows_that_differ_from_their_parts_are_named(tmp_path):
    rows = kosis()
    at = next(at for at, row in enumerate(rows) if row[0] == NARAE and row[2] == "계")
    rows[at][4] += 5
    with pytest.raises(InputError) as caught:
        read(tmp_path, [write(tmp_path, "k.csv", rows)])
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (at + 1, "총인구수 (명)")


def test_something_else_is_one_fault_that_names_what_is_accepted(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, [write(tmp_path, "x.csv", [["a", "b"], ["1", "2"]])])
    (fault,) = caught.value.faults
    assert "KOSIS" in str(fault.remedy)
    assert (fault.row, fault.value) == (1, "a, b")


# How registers meet boundaries of another date.


def renamed(folder, changes, name="202310_연령별인구현황_월간.csv"):
    """Write the tiny county's register with texts replaced."""
    from tiny_county import register_text

    text = register_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / f"changed_{name}").write_bytes(text.encode("cp949"))
    return f"changed_{name}"


@pytest.mark.parametrize(
    ("there", "here", "as_of"), [("52", "45", "2018"), ("45", "52", "2024-06")]
)
def test_codes_of_another_date_join(tmp_path, there, here, as_of):
    file = renamed(tmp_path, {"(46": f"({there}", "전라남도": "전북특별자치도"})
    codes = tuple(here + code[2:] for code in TOWNSHIPS)
    boundaries = towns(codes, as_of=as_of)
    found = read(tmp_path, [file], boundaries=boundaries, townships={"as_of": as_of})
    want = {(here + code[2:], sex, group): n for (code, sex, group), n in expected().items()}
    check(found, want=want)
    assert found.readings[0].remarks == ()


def test_a_county_that_moved_to_another_province_joins(tmp_path):
    """군위군: 47720 in 경상북도 until June 2023, 27720 in 대구광역시 since."""
    file = renamed(tmp_path, {"(46990": "(27720", "전라남도": "대구광역시", "(4600": "(2700"})
    boundaries = towns(tuple("47720" + code[5:] for code in TOWNSHIPS), as_of="2018")
    found = read(tmp_path, [file], boundaries=boundaries, townships={"as_of": "2018"})
    want = {("47720" + code[5:], sex, group): n for (code, sex, group), n in expected().items()}
    check(found, want=want)
    assert found.readings[0].remarks == ()


def test_a_renumbered_county_joins_by_names_with_remarks(tmp_path):
    file = renamed(tmp_path, {"(4699": "(4655"})
    found = read(tmp_path, [file])
    check(found)
    remarks = found.readings[0].remarks
    assert [one.value for one in remarks] == ["4655025000", "4655031000", "4655032000"]


def test_a_township_that_became_an_eup_joins_by_its_name(tmp_path):
    file = renamed(tmp_path, {"나래면(4699031000)": "나래읍(4699025300)"})
    found = read(tmp_path, [file])
    check(found)
    (remark,) = found.readings[0].remarks
    assert remark.value == "4699025300"


def test_a_divided_township_is_one_fault(tmp_path):
    """나래면 of the boundaries is 나래1동 and 나래2동 in the register."""
    from tiny_county import register_text

    lines = register_text().splitlines()
    (row,) = [line for line in lines if "나래면" in line]
    cells = next(csv.reader([row]))
    half = [str(int(cell.replace(",", "")) // 2) for cell in cells[1:]]
    rest = [
        str(int(cell.replace(",", "")) - int(part))
        for cell, part in zip(cells[1:], half, strict=True)
    ]
    # Halves of whole and parts need not agree: sum the parts anew.
    for counts in (half, rest):
        men, women = [[int(one) for one in counts[at : at + 21]] for at in (25, 48)]
        both = [one + two for one, two in zip(men, women, strict=True)]
        counts[:] = [
            str(one) for block in (both, men, women) for one in (sum(block), sum(block), *block)
        ]
    other = [line for line in lines[1:] if "나래면" not in line and "고운읍" not in line]
    towns_only = [line for line in other if "다솜면" in line]
    goun = [line for line in lines if "고운읍" in line]
    text = "\n".join(
        [
            lines[0],
            *goun,
            *towns_only,
            ",".join(f'"{one}"' for one in ("전라남도 한울군 나래1동(4699051000)", *half)),
            ",".join(f'"{one}"' for one in ("전라남도 한울군 나래2동(4699052000)", *rest)),
        ]
    )
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "split.csv").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path, ["split.csv"])
    (fault,) = caught.value.faults
    assert "나래면" in str(fault.problem)
    assert "나래1동, 나래2동" in str(fault.problem)


def test_branch_offices_and_empty_rows_are_told(tmp_path):
    from tiny_county import register_text

    lines = register_text().splitlines()
    zeros = ",".join(['"0"'] * 69)
    some = ["1", "1", *["0"] * 20, "1", "1", "1", *["0"] * 20, "1", *["0"] * 23]
    cells = ",".join(f'"{one}"' for one in some)
    kept = [line for line in lines if "전라남도  (" not in line and "한울군 (" not in line]
    text = "\n".join(
        [
            *kept,
            f'"전라남도 한울군 고운읍동부출장소(4699025100)",{cells}',
            f'"전라남도 한울군 고운읍민원출장소(4699025200)",{zeros}',
        ]
    )
    (tmp_path / "branch.csv").write_text(text, "utf-8")
    found = read(tmp_path, ["branch.csv"])
    want = expected()
    want[GOUN, "male", "100+"] += 1
    check(found, want=want)
    (reading,) = found.readings
    assert (reading.rows, reading.used, reading.as_of) == (5, 5, "2023-10")
    told = [str(one.problem) for one in reading.remarks]
    assert told == [
        "2 branch offices (출장소) with 1 people are counted with their townships.",
        "1 rows have no people.",
    ]


# Age groups that are wider than five years.


def ten_years(folder, factor=1):
    rows = [["township_id", "year", "sex", "age_group", "persons"]]
    for code in TOWNSHIPS:
        for sex, word in SEXES.items():
            for age in range(0, 100, 10):
                count = people(code, word, age) + people(code, word, age + 5)
                rows.append([code, 2013, sex, f"{age:02d}-{age + 9:02d}", factor * count])
            rows.append([code, 2013, sex, "100+", factor * people(code, word, 100)])
    return write(folder, "ten.csv", rows)


def test_wide_groups_are_split_in_the_proportions_of_another_register(tmp_path):
    name = ten_years(tmp_path, factor=3)
    found = read(tmp_path, [name, "202310_연령별인구현황_월간.csv"])
    check(found, 2013, {key: 3 * count for key, count in expected().items()})
    assert "proportions of 2023" in str(found.notes[0])


def test_wide_groups_alone_are_split_evenly_and_stay_as_many(tmp_path):
    found = read(tmp_path, [ten_years(tmp_path)])
    rows = found.frame.set_index(["township_id", "sex", "age_group"])["persons"]
    pair = rows[DASOM, "male", "60-64"], rows[DASOM, "male", "65-69"]
    assert sum(pair) == people(DASOM, "남", 60) + people(DASOM, "남", 65)
    assert abs(pair[0] - pair[1]) <= 1
    assert rows.sum() == sum(expected().values())
    assert "equal parts" in str(found.notes[0])


def test_an_open_group_alone_is_refused(tmp_path):
    rows = [["township_id", "year", "sex", "age_group", "persons"]]
    for code in TOWNSHIPS:
        rows += [[code, 2023, "all", group, 10] for group in ("00-64", "65+")]
    with pytest.raises(InputError, match="65\\+, is too wide"):
        read(tmp_path, [write(tmp_path, "two.csv", rows)])


def test_the_undated_register_takes_its_proportions_from_another(tmp_path):
    """Ten-year groups three times over, as the ministry also issues them."""
    header = [*(f"{age}-{age + 9}세" for age in range(0, 100, 10)), "100세 이상"]
    rows = [["행정구역", *["총 인구수", "연령구간인구수", *header] * 3]]
    for code, (name, _) in TOWNSHIPS.items():
        row = [f"전라남도 한울군 {name}  ({code})"]
        for words in ("남여", "남", "여"):
            fives = [sum(people(code, word, age) for word in words) for age in range(0, 105, 5)]
            tens = [fives[at] + fives[at + 1] for at in range(0, 20, 2)] + [fives[20]]
            row += [f"{2 * one:,}" for one in (sum(tens), sum(tens), *tens)]
        rows.append(row)
    name = write(tmp_path, "201310_인구.csv", rows, "cp949")
    found = read(tmp_path, [name, "202310_연령별인구현황_월간.csv"])
    check(found, 2013, {key: 2 * count for key, count in expected().items()})
    assert found.as_of[2013] == "2013-10"


@pytest.mark.integration
def test_a_county_wholly_lost_in_the_damage_is_one_fault(tmp_path, shared_data):
    """연수구 of 인천 lies in the hole of the file of 2025 with its own row and all townships."""
    shared = shared_data / "korea/population"
    with (shared / "202310_연령별인구현황_월간.csv").open(encoding="cp949", newline="") as stream:
        names = [row[0] for row in csv.reader(stream)]
    lost = {
        name[-11:-1]: name.split("(")[0].split()[-1]
        for name in names
        if name[-11:-6] == "28185" and name[-6:-1] != "00000"
    }
    assert len(lost) > 10
    boundaries = towns(tuple(lost), tuple(lost.values()))
    found = scenario(
        tmp_path,
        population={"files": [str(shared / "202505_연령별인구현황_월간.csv")]},
        points={"kind": "centroid"},
    )
    with pytest.raises(InputError) as caught:
        inputs.read_population(found, boundaries)
    (fault,) = caught.value.faults
    assert fault.row == 882
    assert "damaged part" in str(fault.problem)


@pytest.mark.integration
def test_real_boundaries_of_2021_meet_the_register_of_2025(tmp_path, shared_data):
    """전북: codes 45 in the boundaries, 52 in the register; every county joins to the person."""
    import geopandas as gpd

    from ruralcare.types import Townships

    path = shared_data / "korea/boundaries/hangjeongdong_2021_jeonbuk.geojson"
    frame = gpd.read_file(path)
    frame = frame[frame["sggnm"].isin(["무주군", "진안군", "장수군"])].to_crs(5179)
    frame = frame.set_index(frame["adm_cd2"].rename("township_id"))
    frame["name"] = frame["adm_nm"].str.split().str[-1]
    frame["sigungu_id"] = frame["sgg"]
    frame["sigungu_name"] = frame["sggnm"]
    frame["seat"] = frame.representative_point()
    columns = ["name", "sigungu_id", "sigungu_name", "seat", "geometry"]
    register = shared_data / "korea/population/202505_연령별인구현황_월간.csv"
    found = scenario(
        tmp_path,
        townships={"as_of": "2021"},
        population={"files": [str(register)]},
        points={"kind": "centroid"},
    )
    people = inputs.read_population(found, Townships(frame[columns].sort_index(), "2021"))
    with register.open(encoding="cp949", newline="") as stream:
        rows = [line for line in csv.reader(one.replace("\0", "") for one in stream) if line]
    for county in ("무주군", "진안군", "장수군"):
        own = next(row for row in rows if row[0].startswith(f"전북특별자치도 {county} ("))
        chosen = frame.index[frame["sggnm"] == county]
        assert people.totals()[chosen].sum() == int(own[1].replace(",", ""))


def test_of_two_months_on_two_sheets_the_last_is_used(tmp_path):
    name = register_sheets(tmp_path, "r.xlsx", [("나중", "2023년12월"), ("먼저", "2023년10월")])
    found = read(tmp_path, [name])
    check(found)
    assert found.as_of == {2023: "2023-12"}
    told = {one.problem.template for one in found.readings[0].remarks}
    assert "The file has several months of a year; the last of each year is used." in told
