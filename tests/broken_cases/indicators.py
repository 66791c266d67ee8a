"""Faults of figures of counties and of lists of designated areas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from broken_cases import Broken

FIGURES = "figures.csv"
AREAS = "areas.csv"


def named(key: str, file: str) -> Callable[[dict[str, Any]], object]:
    """Return a change that names a file in the scenario."""
    return lambda raw: raw.setdefault("need", {}).update({key: file})


def written(file: str, text: str) -> Callable[[Path], object]:
    """Return a spoiler that writes a file of figures or areas."""
    return lambda folder: (folder / file).write_text(text, encoding="utf-8")


CASES = (
    Broken(
        "a share of figures is a per cent",
        FIGURES,
        "This is a per cent",
        written(FIGURES, "sigungu,fiscal_independence_share\n한울군,8.9\n"),
        named("indicators_file", FIGURES),
        row=2,
        column="fiscal_independence_share",
        value="8.9",
    ),
    Broken(
        "a county has figures twice",
        FIGURES,
        "The same area is already in row",
        written(FIGURES, "sigungu,births_per_1000\n한울군,4.2\n46990,4.1\n"),
        named("indicators_file", FIGURES),
        row=3,
        column="sigungu",
        value="46990",
    ),
    Broken(
        "figures are of other counties only",
        FIGURES,
        "No row of the table names a planned county",
        written(FIGURES, "sigungu,births_per_1000\n먼골군,4.2\n"),
        named("indicators_file", FIGURES),
        column="sigungu",
        value="먼골군",
    ),
    Broken(
        "figures are of a township that is not there",
        FIGURES,
        "The planned counties have no township with this code.",
        written(FIGURES, "township_id,births_per_1000\n4699025000,4.2\n4699099000,3\n"),
        named("indicators_file", FIGURES),
        row=3,
        column="township_id",
        value="4699099000",
    ),
    Broken(
        "figures have no figures",
        FIGURES,
        "The table has none of the columns",
        written(FIGURES, "sigungu,births\n한울군,4.2\n"),
        named("indicators_file", FIGURES),
        row=1,
    ),
    Broken(
        "a designated area has no code of a county",
        AREAS,
        "This is not the code of a county.",
        written(AREAS, "code,designated_on\n4699,2026-10-19\n"),
        named("designated_file", AREAS),
        row=2,
        column="code",
        value="4699",
    ),
    Broken(
        "a designation has no date",
        AREAS,
        "This is not a date.",
        written(AREAS, "code,designated_on\n46990,2026-02-30\n"),
        named("designated_file", AREAS),
        row=2,
        column="designated_on",
        value="2026-02-30",
    ),
)
