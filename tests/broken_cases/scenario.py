"""Faults of the scenario file itself."""

from __future__ import annotations

from tiny_county import FILES

from broken_cases import Broken, replaced

FILE = FILES["scenario"]

CASES = (
    Broken(
        "a key is misspelt",
        FILE,
        "There is no such key.",
        scenario=lambda raw: raw["townships"].update(as_off="2023"),
        column="townships.as_off",
        value="2023",
    ),
    Broken(
        "a year is no number",
        FILE,
        "This must be a number.",
        scenario=lambda raw: raw["plan"]["periods"][0].update(year="soon"),
        column="plan.periods[1].year",
        value="soon",
    ),
    Broken(
        "the scenario is no TOML",
        FILE,
        "The line is not valid TOML.",
        spoil=lambda folder: replaced(folder / FILE, 'name = "tiny"', 'name = "tiny'),
        row=1,
        value='name = "tiny',
    ),
    Broken(
        "the plan begins before its population",
        FILE,
        "The plan begins before the date of its population",
        scenario=lambda raw: raw["plan"]["periods"][0].update(year=2020),
        column="plan.periods[1].year",
        value="2020",
    ),
    Broken(
        "the county is in no file",
        FILE,
        "No township of the boundaries belongs to this county.",
        scenario=lambda raw: raw["area"].update(sigungu=["없는군"]),
        column="area.sigungu",
        value="없는군",
    ),
    Broken(
        "a township that is left out is in no county",
        FILE,
        "No township of the planned counties has this name or id.",
        scenario=lambda raw: raw["area"].update(without=["나래며"]),
        column="area.without",
        value="나래며",
    ),
    Broken(
        "a home has a billion places",
        FILES["ltc"],
        "The value must be at most",
        spoil=lambda folder: replaced(folder / FILES["ltc"], ",30,1,0", ",1000000000,1,0"),
        row=2,
        column="정원",
        value="1000000000",
    ),
    Broken(
        "a village lies in the sea",
        FILES["villages"],
        "The village lies {km} km outside its township",
        spoil=lambda folder: replaced(
            folder / FILES["villages"], "34.560000,126.570000", "34.000000,126.000000"
        ),
        row=3,
        column="lon, lat",
        value="고운2리",
        remark=True,
    ),
)
