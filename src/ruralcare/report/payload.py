"""What a map page carries: everything it shows, as plain values ready for JSON.

Texts are rendered here in the language of the page; numbers that the page draws or sorts travel
as whole numbers (tenths of a minute or person, thousandths of a share), ``None`` where nothing
is known. Columns rather than records keep a page of a thousand townships small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.need import CONNECTIONS, EXTINCTION_CLASSES, REASONS
from ruralcare.report.cards import access_cards, extinction_cards, status_cards
from ruralcare.report.classes import (
    BEYOND_CUTOFF,
    NO_DATA,
    UNREACHABLE,
    UNSNAPPED,
    MapClass,
    access_classes,
    count_classes,
    extinction_classes,
)
from ruralcare.report.figures import Figures
from ruralcare.report.geometry import (
    encode_lines,
    encode_points,
    encode_polygon,
    label_points,
    outlines,
    road_lines,
    simplified,
    tolerance_m,
)
from ruralcare.report.headings import attributions, badges, subtitle
from ruralcare.report.marks import marks
from ruralcare.report.sentences import (
    finding,
    stage_name,
    stage_note,
)
from ruralcare.report.subject import Subject
from ruralcare.report.symbols import symbol_of
from ruralcare.report.words import page_words

__all__ = ["page_data"]

_WGS84 = "EPSG:4326"
# Classes without a time, by the key of their word and by their code in tables.
_ABSENT = {
    BEYOND_CUTOFF: ("beyond", "beyond_cutoff"),
    UNREACHABLE: ("unreachable", "unreachable"),
    UNSNAPPED: ("unsnapped", "unsnapped"),
    NO_DATA: ("noData", ""),
}


def page_data(figures: Figures) -> dict[str, Any]:
    """Return everything a map page shows, as values for JSON."""
    subject = figures.subject
    language = subject.language
    title = subject.title.get(language, "")
    return {
        "language": language,
        "finding": finding(figures).render(language),
        "title": title,
        "subtitle": " · ".join(part.render(language) for part in subtitle(subject)),
        "badges": badges(subject),
        "sources": " · ".join(dict.fromkeys(text for _, text in attributions(subject))),
        "words": page_words(language),
        "file": subject.scenario.name if subject.scenario is not None else "ruralcare",
        "stages": _stages(figures),
        "services": _services(figures),
        "layers": _layers(figures),
        **marks(figures),
        **_townships(figures),
    }


def _stages(figures: Figures) -> list[dict[str, str]]:
    language = figures.subject.language
    return [
        {
            "name": stage_name(stage).render(language),
            "year": "" if year is None else str(year),
            "note": stage_note(figures, stage).render(language),
        }
        for stage, year in enumerate(figures.subject.years)
    ]


def _services(figures: Figures) -> list[dict[str, Any]]:
    subject = figures.subject
    return [
        {
            "id": service.id,
            "name": service.name(subject.language),
            "standard": service.standard_min,
            "breaks": list(figures.breaks[s]),
            "offered": [figures.offered(s, stage) for stage in range(figures.shape[1])],
            "symbol": symbol_of(service.id),
        }
        for s, service in enumerate(subject.services)
    ]


def _layer(
    figures: Figures,
    key: str,
    label: Message,
    legend: Message,
    classes: Sequence[MapClass],
    values: NDArray[np.int64],
    cards: list[Any],
    people: NDArray[np.float64] | None = None,
    **extra: object,
) -> dict[str, Any]:
    """Return a layer; ``values`` are classes, stages × townships.

    ``people`` are those of each stage, where they change; else today's.
    """
    language = figures.subject.language
    persons = np.nan_to_num(figures.population if people is None else people)
    counted = persons.sum() > 0
    if not counted:
        persons = np.ones(figures.shape[2])
    weights = np.broadcast_to(persons, values.shape)
    return {
        "id": key,
        "label": label.render(language),
        "legend": legend.render(language),
        "classes": [
            {"label": one.label.render(language), "colour": one.colour, "pattern": one.pattern}
            for one in classes
        ],
        "values": ["".join(map(str, row)) for row in values],
        "people": [
            [round(float(x)) for x in np.bincount(row, weights=many, minlength=len(classes))]
            for row, many in zip(values, weights, strict=True)
        ],
        "counted": "people" if counted else "townships",
        "cards": cards,
        **extra,
    }


def _layers(figures: Figures) -> list[dict[str, Any]]:
    subject = figures.subject
    stages = range(figures.shape[1])
    cutoffs = subject.cutoffs_min
    layers = []
    for s, service in enumerate(subject.services if subject.access else ()):
        legend = Message("Time to the nearest: {service}", service=service.name(subject.language))
        layers.append(
            _layer(
                figures,
                f"access-{s}",
                Message("{name}", name=service.name(subject.language)),
                legend,
                access_classes(figures.breaks[s], cutoffs.get(service.id)),
                figures.access_class[s],
                [access_cards(figures, s, stage) for stage in stages],
                service=s,
                standard_after=1,
            )
        )
    flags = figures.underserved
    if flags is not None:
        classes = count_classes(len(subject.services))
        counts = np.minimum(flags.sum(axis=0), len(classes) - 2)
        layers.append(
            _layer(
                figures,
                "status",
                Message("Underserved"),
                Message("In how many services a township is underserved"),
                classes,
                counts.astype(np.int64),
                [status_cards(figures, stage) for stage in range(figures.assessed_stages)],
            )
        )
    table = subject.indicators
    if table is not None:
        codes = figures.outlook("extinction_class")
        order = {code: i for i, code in enumerate(EXTINCTION_CLASSES)}
        rows = np.array(
            [[order.get(code, len(order)) for code in codes[stage]] for stage in codes], np.int64
        )
        people = figures.outlook("population").to_numpy(float, na_value=np.nan).T
        layers.append(
            _layer(
                figures,
                "extinction",
                Message("Depopulation"),
                Message("Extinction risk index"),
                extinction_classes(),
                rows,
                [extinction_cards(figures, stage) for stage in range(len(rows))],
                people,
            )
        )
    return layers


def _whole(values: NDArray[np.float64], scale: float) -> list[Any]:
    """Return numbers as whole numbers of 1/scale; ``None`` for ``NaN``."""
    if values.ndim > 1:
        return [_whole(row, scale) for row in values]
    return [None if np.isnan(x) else round(float(x) * scale) for x in values]


def _townships(figures: Figures) -> dict[str, Any]:
    subject = figures.subject
    frame = subject.townships.frame
    counties = list(dict.fromkeys(frame["sigungu_id"]))
    names = frame.drop_duplicates("sigungu_id").set_index("sigungu_id")["sigungu_name"]
    position = {county: i for i, county in enumerate(counties)}
    tolerance = tolerance_m(frame)
    simple = simplified(frame[["sigungu_id", "geometry"]], tolerance)
    around = outlines(simple, "sigungu_id")
    by_stage = {
        "nearest": _whole(figures.nearest_min, 10),
        "arriving": _whole(figures.arriving_share, 1000),
        "covered": _whole(figures.covered_share, 1000),
        "beyond": _whole(figures.beyond_cutoff_share, 1000),
        "unreachable": _whole(figures.unreachable_share, 1000),
        "unsnapped": _whole(figures.unsnapped_share, 1000),
        "proxy": _whole(figures.proxy_share, 1000),
        "need": _whole(figures.need, 10),
        "unmet": _whole(figures.unmet, 10),
        "state": ["".join(map(str, row)) for row in figures.access_class.reshape(-1, len(frame))],
    }
    flags = figures.underserved
    if flags is not None:
        # 0 served, 1 underserved, 2 at risk.
        status = flags + 2 * risks if (risks := figures.at_risk) is not None else flags
        by_stage["gaps"] = [["".join(map(str, row)) for row in one] for one in status.tolist()]
    sure = _sureness(figures)
    if sure:
        by_stage["sure"] = sure
    return {
        "townships": {
            "id": [str(one) for one in frame.index],
            "name": frame["name"].tolist(),
            "county": [position[county] for county in frame["sigungu_id"]],
            "rings": [encode_polygon(area) for area in simple.to_crs(_WGS84).geometry],
            "label": encode_points(label_points(simple.geometry).to_crs(_WGS84)),
            "population": _whole(figures.population, 1),
            **_indicators(figures),
            **by_stage,
            "reasons": _reasons(figures),
        },
        "counties": {
            "name": [str(names[county]) for county in counties],
            "rings": [encode_polygon(area) for area in around.to_crs(_WGS84)],
            "label": encode_points(label_points(around).to_crs(_WGS84)),
        },
        "roads": _roads(subject, tolerance),
        "noData": NO_DATA,
        "absent": {str(number): word for number, (word, _) in _ABSENT.items()},
        "stateCodes": {str(number): code for number, (_, code) in _ABSENT.items()},
    }


def _indicators(figures: Figures) -> dict[str, Any]:
    table = figures.subject.indicators
    if table is None:
        return {}
    rows = table.reindex(figures.township_ids)
    # What the page calls "since" a year is the plain change; the table scales it to ten years.
    before = rows["population_before"].where(rows["population_before"] > 0)
    rows = rows.assign(change=rows["population"] / before - 1)

    def numbers(column: str, scale: float) -> list[Any]:
        values = rows[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        return _whole(np.asarray(values, dtype=np.float64), scale)

    def positions(column: str, known: Sequence[str]) -> list[int | None]:
        order = {code: i for i, code in enumerate(known)}
        return [order.get(code) for code in rows[column]]

    def ahead(column: str, scale: float) -> list[Any]:
        """Return a figure of the outlook, stages × townships."""
        values = figures.outlook(column).to_numpy(dtype=float, na_value=np.nan).T
        return _whole(values, scale)

    risk = {code: i for i, code in enumerate(EXTINCTION_CLASSES)}
    classes = figures.outlook("extinction_class")
    return {
        "ahead": ahead("population", 1),
        "elderly": ahead("population_65plus", 1),
        "change": numbers("change", 1000),
        "index": ahead("extinction_index", 1000),
        "risk": [[risk.get(code) for code in classes[stage]] for stage in classes],
        **_bands(figures),
        "shrinking": [bool(flag) if pd.notna(flag) else False for flag in rows["depopulating"]],
        "link": positions("connection", CONNECTIONS),
        "yearBefore": [None if pd.isna(year) else int(year) for year in rows["year_before"]],
    }


def _sureness(figures: Figures) -> list[Any]:
    """Return in which share of samples each township is underserved today: services × townships."""
    sure = figures.subject.sureness
    if sure is None or not sure.samples:
        return []
    now = sure.shares[sure.shares["year"] == sure.shares["year"].min()]
    wide = now.set_index(["township_id", "service"])["underserved_share"].unstack("service")  # noqa: PD010
    wide = wide.reindex(figures.township_ids)
    return [_whole(wide[one.id].to_numpy(float), 1000) for one in figures.subject.services]


def _bands(figures: Figures) -> dict[str, Any]:
    """Return the band of the population at each stage; nothing where none is known."""
    table = figures.subject.need
    if table is None or table.outlook.empty:
        return {}
    ends = [figures.outlook(f"population_{end}") for end in ("low", "high")]
    arrays = [frame.to_numpy(dtype=float, na_value=np.nan).T for frame in ends]
    return {"aheadLow": _whole(arrays[0], 1), "aheadHigh": _whole(arrays[1], 1)}


def _reasons(figures: Figures) -> list[list[list[str]]]:
    """Return reasons as letters, one per reason code: services × stages × townships."""
    letters = {code: "abcdefghij"[i] for i, code in enumerate(REASONS)}
    return [
        [
            ["".join(letters[code] for code in codes) for codes in figures.reasons(s, stage)]
            for stage in range(figures.assessed_stages)
        ]
        for s in range(figures.shape[0])
    ]


def _roads(subject: Subject, tolerance: float) -> list[dict[str, Any]]:
    if subject.roads is None or subject.roads.edges.empty:
        return []
    return [
        {"level": level, "lines": encode_lines(lines.to_crs(_WGS84))}
        for level, lines in road_lines(subject.roads.edges, tolerance)
    ]
