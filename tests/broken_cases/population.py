"""Faults of registers, long tables, villages, grids and buildings."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import geopandas as gpd
import openpyxl
from shapely.geometry import Point
from tiny_county import FILES, TOWNSHIPS, people, register_text

from broken_cases import Broken, replaced

REGISTER = FILES["register"]
VILLAGES = FILES["villages"]
GOUN, NARAE, DASOM = TOWNSHIPS
HEADER = register_text().splitlines()[0].replace('"', "").split(",")


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("cp949"))))


def save(path: Path, rows: list[list[str]], encoding: str = "cp949") -> None:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    path.write_bytes(stream.getvalue().encode(encoding))


def register(change):
    """Return a spoiler that changes the rows of the register in place."""

    def spoil(folder: Path) -> None:
        rows = rows_of(folder / REGISTER)
        change(rows)
        save(folder / REGISTER, rows)

    return spoil


def cut(folder: Path) -> None:
    content = (folder / REGISTER).read_bytes()
    (folder / REGISTER).write_bytes(content + b"\n" * (1_024_000 - len(content)))


def hole(folder: Path) -> None:
    """Blank bytes from the middle of a character of 나래면 on, as a broken download leaves them."""
    content = (folder / REGISTER).read_bytes()
    first = content.index("나래면".encode("cp949")) + 1
    (folder / REGISTER).write_bytes(content[:first] + b"\0" * 61 + content[first + 61 :])


def far_county(row: list[str], name: str, code: str, parts: str) -> list[list[str]]:
    own = [f"전라남도 먼골군 ({code}00000)", *row[1:]]
    return [own, [f"전라남도 먼골군 {name}({code}{parts})", *row[1:]]]


def hole_elsewhere(folder: Path) -> None:
    """A hole in a county that is not planned, behind the planned one."""
    rows = rows_of(folder / REGISTER)
    rows = [row for row in rows if "(4600000000)" not in row[0]]
    extra = far_county(rows[-1], "먼읍", "46970", "25000")
    save(folder / REGISTER, [*rows, *extra, *far_county(rows[-1], "끝읍", "46960", "25000")])
    content = (folder / REGISTER).read_bytes()
    first = content.index("먼읍".encode("cp949"))
    last = first + 90
    (folder / REGISTER).write_bytes(content[:first] + b"\0" * (last - first) + content[last:])


def undated(folder: Path) -> None:
    """The variant without date and sex in its header, in a file whose name has no date either."""
    rows = rows_of(folder / REGISTER)
    rows[0] = [name.rsplit("_", 1)[-1] for name in rows[0]]
    save(folder / "인구현황.csv", rows)


def long_table(change=None, name: str = "kosis.csv"):
    """Return a spoiler that writes a long table of the county, with one thing changed."""

    def spoil(folder: Path) -> None:
        rows = [["C행정구역(동읍면)별", "행정구역(동읍면)별", "성별", "5세별", "시점", "데이터"]]
        for code, (town, _) in TOWNSHIPS.items():
            for sex in "남여":
                for at in range(21):
                    group = "100세 이상" if at == 20 else f"{5 * at} - {5 * at + 4}세"
                    count = str(people(code, sex, 5 * at))
                    rows.append([code, town, f"{sex}자", group, "2023.10", count])
        if change is not None:
            change(rows)
        save(folder / name, rows)

    return spoil


def population(*files: str):
    return lambda raw: raw["population"].update(files=list(files))


def points(**keys: str):
    return lambda raw: raw.update(points=keys)


def grid(change=None, name: str = "grid.csv"):
    """Return a spoiler that writes a grid as a table, with one thing changed."""

    def spoil(folder: Path) -> None:
        rows = [["lon", "lat", "val"]]
        for code, (_, west) in TOWNSHIPS.items():
            total = sum(people(code, sex, age) for sex in "남여" for age in range(0, 105, 5))
            rows += [
                [f"{west + 0.03:.3f}", "34.550", str(total // 2)],
                [f"{west + 0.06:.3f}", "34.560", str(total - total // 2)],
            ]
        if change is not None:
            change(rows)
        save(folder / name, rows, "utf-8")

    return spoil


def grid_codes(folder: Path) -> None:
    rows = [["gid", "val"], ["나라9930", "5"], ["나라993", "5"], ["다라0030", "5"]]
    save(folder / "grid.csv", rows, "utf-8")


def in_metres(folder: Path) -> None:
    places = [Point(west + 0.05, 34.55) for _, west in TOWNSHIPS.values()]
    frame = gpd.GeoDataFrame({"val": [1, 2, 3]}, geometry=places, crs=4326).to_crs(5179)
    frame.set_crs(4326, allow_override=True).to_parquet(folder / "grid.parquet")


def damaged_crs(folder: Path) -> None:
    places = [Point(west + 0.05, 34.55) for _, west in TOWNSHIPS.values()]
    frame = gpd.GeoDataFrame({"val": [1, 2, 3]}, geometry=places, crs=4326)
    frame.to_file(folder / "grid.shp")
    content = bytearray((folder / "grid.prj").read_bytes())
    content[10] = 0xFF
    (folder / "grid.prj").write_bytes(content)


def workbook(*sheets: tuple[str, str | None]):
    """Return a spoiler that writes a workbook with a register of a date on each sheet."""

    def spoil(folder: Path) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, date in sheets:
            sheet = book.create_sheet(name)
            for row in rows_of(folder / REGISTER) if date else [["인구 자료"]]:
                sheet.append([cell.replace("2023년10월", date or "") for cell in row])
        book.save(folder / "people.xlsx")

    return spoil


def swap_all(folder: Path) -> None:
    lines = (folder / VILLAGES).read_text("utf-8").splitlines()
    swapped = [lines[0]]
    for line in lines[1:]:
        *rest, lat, lon = line.split(",")
        swapped.append(",".join([*rest, lon, lat]))
    (folder / VILLAGES).write_text("\n".join(swapped), "utf-8")


def shift_all(folder: Path) -> None:
    """Move every village two tenths of a degree to the north, as another datum does."""
    lines = (folder / VILLAGES).read_text("utf-8").splitlines()
    moved = [lines[0]]
    for line in lines[1:]:
        *rest, lat, lon = line.split(",")
        moved.append(",".join([*rest, f"{float(lat) + 0.2:.6f}", lon]))
    (folder / VILLAGES).write_text("\n".join(moved), "utf-8")


def set_cell(row: int, column: int, value: str):
    return register(lambda rows: rows[row].__setitem__(column, value))


CASES = (
    Broken(
        "the register is a copy cut off at a million bytes",
        REGISTER,
        "The file is a copy that was cut off at 1,024,000 bytes.",
        cut,
    ),
    Broken(
        "a number of the register is a word",
        REGISTER,
        "This must be a number of people.",
        set_cell(4, 30, "삼"),
        row=5,
        column=HEADER[30],
        value="삼",
    ),
    Broken(
        "a number of men has changed",
        REGISTER,
        "The ages sum to {parts} people",
        set_cell(3, 26, "999"),
        row=4,
        column=HEADER[26],
        value="999",
    ),
    Broken(
        "the total of women has changed",
        REGISTER,
        "The ages sum to {parts} people",
        set_cell(3, 47, "999"),
        row=4,
        column=HEADER[47],
        value="999",
    ),
    Broken(
        "a township is twice in the register",
        REGISTER,
        "The code occurs more than once.",
        register(lambda rows: rows.append(rows[4])),
        row=7,
        column="행정구역",
        value=f"전라남도 한울군 나래면({NARAE})",
    ),
    Broken(
        "the row of a township is missing in the register",
        REGISTER,
        "The rows of its townships sum to {parts} people",
        register(lambda rows: rows.pop(4)),
        row=3,
        column="행정구역",
        value="전라남도 한울군 (4699000000)",
    ),
    Broken(
        "the register has names without codes",
        REGISTER,
        "The name is not followed by a ten-digit code",
        set_cell(5, 0, "전라남도 한울군 다솜면"),
        row=6,
        column="행정구역",
        value="전라남도 한울군 다솜면",
    ),
    Broken(
        "the last row of the register is cut off",
        REGISTER,
        "The row has {found} cells instead of {wanted}.",
        register(lambda rows: rows.__setitem__(5, rows[5][:20])),
        row=6,
    ),
    Broken(
        "the register lacks an age group",
        REGISTER,
        "The age groups cut five-year groups, or ages are missing.",
        register(lambda rows: [row.pop(3 + 13) for row in rows]),
        row=1,
        column="계",
        value="65",
    ),
    Broken(
        "a hole of blank bytes in a planned county",
        REGISTER,
        "The rows of its townships sum to {parts} people",
        hole,
        row=3,
        column="행정구역",
        value="전라남도 한울군 (4699000000)",
    ),
    Broken(
        "a hole of blank bytes in another county",
        REGISTER,
        "Part of the file is lost: {count} bytes are blank.",
        hole_elsewhere,
        row=7,
        remark=True,
        besides=("The rows of its townships sum to {parts} people",),
    ),
    Broken(
        "a branch office of nowhere",
        REGISTER,
        "It is not known to which township this branch office belongs.",
        set_cell(5, 0, "전라남도 한울군 먼바다출장소(4699032000)"),
        row=6,
        column="행정구역",
        value="전라남도 한울군 먼바다출장소 (4699032000)",
    ),
    Broken(
        "the register knows a township under another name and code",
        REGISTER,
        "The boundaries have {old}, the register has {new}",
        set_cell(5, 0, "전라남도 한울군 다솜1동(4699051000)"),
        column="행정구역",
        value=DASOM,
    ),
    Broken(
        "a township became an eup in the register",
        REGISTER,
        "{name} is joined by its name",
        set_cell(5, 0, "전라남도 한울군 다솜읍(4699025300)"),
        column="행정구역",
        value="4699025300",
        remark=True,
    ),
    Broken(
        "the register is of another county",
        REGISTER,
        "The register has no township of this county.",
        lambda folder: replaced_all(folder / REGISTER),
        column="행정구역",
        value="한울군",
    ),
    Broken(
        "a register without any date",
        "인구현황.csv",
        "The table does not tell its date.",
        undated,
        population("인구현황.csv"),
        row=1,
    ),
    Broken(
        "the file of people is something else",
        VILLAGES,
        "This is no table of people by township, year and age.",
        None,
        population(VILLAGES),
        row=1,
        value="sigungu, eupmyeondong, ri, legal_dong_code, admin_dong_code, population, lat, lon",
    ),
    Broken(
        "two files of people are of the same year",
        "kosis.csv",
        "Another register of the scenario is of the same year",
        long_table(),
        population(REGISTER, "kosis.csv"),
        column="population.files",
    ),
    Broken(
        "an age of the long table cannot be read",
        "kosis.csv",
        "This is not an age group.",
        long_table(lambda rows: rows[8].__setitem__(3, "아이들")),
        population("kosis.csv"),
        row=9,
        column="5세별",
        value="아이들",
    ),
    Broken(
        "a sex of the long table cannot be read",
        "kosis.csv",
        "This is not a sex.",
        long_table(lambda rows: rows[8].__setitem__(2, "??")),
        population("kosis.csv"),
        row=9,
        column="성별",
        value="??",
    ),
    Broken(
        "a row of the long table is repeated",
        "kosis.csv",
        "The same people are already in row {row}.",
        long_table(lambda rows: rows.append(rows[3])),
        population("kosis.csv"),
        row=128,
        column="데이터",
        value=GOUN,
    ),
    Broken(
        "a total of the long table differs from its parts",
        "kosis.csv",
        "The parts sum to {parts} people",
        long_table(lambda rows: rows.append([GOUN, "고운읍", "남자", "계", "2023.10", "3"])),
        population("kosis.csv"),
        row=128,
        column="데이터",
        value="3",
    ),
    Broken(
        "the long table has a date that is none",
        "kosis.csv",
        "This is not a date.",
        long_table(lambda rows: rows[1].__setitem__(4, "작년")),
        population("kosis.csv"),
        row=2,
        column="시점",
        value="작년",
    ),
    Broken(
        "a village lacks its number of people",
        VILLAGES,
        "The number of people is missing.",
        lambda folder: replaced(folder / VILLAGES, f"{NARAE},150,", f"{NARAE},,"),
        row=4,
        column="population",
    ),
    Broken(
        "a village code was spoilt by Excel",
        VILLAGES,
        "This is not a ten-digit township code.",
        lambda folder: replaced(folder / VILLAGES, f"{DASOM},120", "4.69903E+09,120"),
        row=6,
        column="admin_dong_code",
        value="4.69903E+09",
    ),
    Broken(
        "a village is listed twice",
        VILLAGES,
        "The village is already in row {row}.",
        lambda folder: replaced(folder / VILLAGES, "고운2리", "고운1리"),
        row=3,
        column="ri",
        value="고운1리",
    ),
    Broken(
        "the coordinates of one village are swapped",
        VILLAGES,
        "Longitude and latitude are swapped.",
        lambda folder: replaced(folder / VILLAGES, "34.550000,126.530000", "126.530000,34.550000"),
        row=2,
        column="lon",
        value="lon=34.55, lat=126.53",
    ),
    Broken(
        "the coordinates of all villages are swapped",
        VILLAGES,
        "Longitude and latitude are swapped.",
        swap_all,
        column="lon",
        value="lon=34.55, lat=126.53",
    ),
    Broken(
        "all villages lie to the north of their townships",
        VILLAGES,
        "Most points lie outside their township",
        shift_all,
        column="lon",
    ),
    Broken(
        "a township has no village",
        VILLAGES,
        "The list has no village of the township",
        lambda folder: replaced(
            folder / VILLAGES,
            "한울군,다솜면,다솜리,4699032021,4699032000",
            "한울군,나래면,다솜리,1,4699031000",
        ),
        column="admin_dong_code",
        value=DASOM,
    ),
    Broken(
        "a village has the code of another county",
        VILLAGES,
        "No township of the boundaries has the code of the village",
        lambda folder: replaced(folder / VILLAGES, f"{DASOM},120", "4698031000,120"),
        row=6,
        column="admin_dong_code",
        value="4698031000",
    ),
    Broken(
        "a cell of the grid is below zero",
        "grid.csv",
        "This must be a number of at least 0.",
        grid(lambda rows: rows[2].__setitem__(2, "-3")),
        points(kind="grid", file="grid.csv"),
        row=3,
        column="val",
        value="-3",
    ),
    Broken(
        "a cell of the grid hides its people",
        "grid.csv",
        "{count} cells hide how few people live there",
        grid(lambda rows: rows.append(["126.52", "34.52", "N/A"])),
        points(kind="grid", file="grid.csv"),
        column="val",
        remark=True,
    ),
    Broken(
        "the grid is of another time than the register",
        "grid.csv",
        "The grid has {grid} people in {name}",
        grid(lambda rows: rows[1].__setitem__(2, "90000")),
        points(kind="grid", file="grid.csv"),
        value=GOUN,
        remark=True,
    ),
    Broken(
        "the grid lies in another county",
        "grid.csv",
        "Nothing in the file lies in the planned townships.",
        grid(lambda rows: rows.__setitem__(slice(1, None), [["128.5", "35.5", "7"]])),
        points(kind="grid", file="grid.csv"),
        value="128.5, 35.5",
    ),
    Broken(
        "the column of the grid is not there",
        "grid.csv",
        "There is no column {name} in the file.",
        grid(),
        points(kind="grid", file="grid.csv", column="people2020"),
        column="points.column",
        value="people2020",
    ),
    Broken(
        "a grid code has an odd number of digits",
        "grid.csv",
        "This is not a grid code.",
        grid_codes,
        points(kind="grid", file="grid.csv"),
        row=3,
        column="gid",
        value="나라993",
    ),
    Broken(
        "the grid is in metres and says degrees",
        "grid.parquet",
        "The coordinates do not fit {read_as}",
        in_metres,
        points(kind="grid", file="grid.parquet"),
        column="x",
        value="x=912837.5822, y=1617736.434",
    ),
    Broken(
        "a cell of the grid lies off the coast",
        "grid.csv",
        "{count} points (people or weight: {persons}) lie up to {metres} m outside",
        grid(lambda rows: rows.append(["126.55", "34.497", "5"])),
        points(kind="grid", file="grid.csv"),
        remark=True,
    ),
    Broken(
        "a cell of the grid lies in the sea",
        "grid.csv",
        "{count} points (people or weight: {persons}) lie in no township",
        grid(lambda rows: rows.append(["126.55", "34.45", "5"])),
        points(kind="grid", file="grid.csv"),
        remark=True,
    ),
    Broken(
        "the CRS of a shapefile of the grid is damaged",
        "grid.shp",
        "The file cannot be read",
        damaged_crs,
        points(kind="grid", file="grid.shp"),
    ),
    Broken(
        "a sheet of the workbook with the people is no table of people",
        "people.xlsx",
        "Some sheets of the workbook are not read.",
        workbook(("인구", "2023년10월"), ("표지", None)),
        population("people.xlsx"),
        value="표지",
        remark=True,
    ),
    Broken(
        "two sheets of the workbook are of one date",
        "people.xlsx [나]",
        "Another sheet of the workbook is of the same date.",
        workbook(("가", "2023년10월"), ("나", "2023년10월")),
        population("people.xlsx"),
        value="2023-10",
    ),
    Broken(
        "a long table has people of unknown age",
        "kosis.csv",
        "{count} people of unknown age are in no age group.",
        long_table(lambda rows: rows.append([GOUN, "고운읍", "남자", "미상", "2023.10", "3"])),
        population("kosis.csv"),
        remark=True,
    ),
    Broken(
        "a village has a decimal comma",
        VILLAGES,
        "The coordinate has a decimal comma.",
        lambda folder: replaced(folder / VILLAGES, "126.530000", '"126,53"'),
        row=2,
        column="lon",
        value="126,53",
    ),
    Broken(
        "a village is in degrees, minutes and seconds",
        VILLAGES,
        "The coordinate is in degrees, minutes and seconds.",
        lambda folder: replaced(folder / VILLAGES, "126.530000", "126도 31분 48초"),
        row=2,
        column="lon",
        value="126도 31분 48초",
    ),
    Broken(
        "a building has no coordinate",
        "buildings.csv",
        "The coordinate is missing or no number.",
        grid(lambda rows: rows[1].__setitem__(0, ""), "buildings.csv"),
        points(kind="buildings", file="buildings.csv"),
        row=2,
        column="lon",
        value="",
    ),
)


def replaced_all(path: Path) -> None:
    text = path.read_bytes().decode("cp949")
    path.write_bytes(text.replace("4699", "4611").replace("한울군", "남골군").encode("cp949"))
