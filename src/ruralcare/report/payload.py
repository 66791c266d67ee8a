"""What a map page carries: everything it shows, as plain values ready for JSON.

Texts are rendered here in the language of the page; numbers that the page draws or sorts travel
as whole numbers (tenths of a minute or person, thousandths of a share), ``None`` where nothing
is known. Columns rather than records keep a page of a thousand townships small.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Language, Message
from ruralcare.need import CONNECTIONS, EXTINCTION_CLASSES, REASONS
from ruralcare.report.cards import access_cards, extinction_cards, status_cards
from ruralcare.report.classes import (
    NO_DATA,
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
from ruralcare.report.sentences import (
    CONNECTION_WORDS,
    PRECISION_WORDS,
    REASON_WORDS,
    finding,
    stage_name,
    stage_note,
)
from ruralcare.report.subject import Subject
from ruralcare.report.symbols import SITE, SYMBOLS, symbol_of
from ruralcare.report.words import page_words
from ruralcare.types import PRECISIONS

__all__ = ["attributions", "badges", "page_data", "subtitle"]

_WGS84 = "EPSG:4326"


def program_version() -> str:
    """Return the version of this program."""
    try:
        return version("ruralcare")
    except PackageNotFoundError:
        return "dev"


def subtitle(subject: Subject) -> list[Message]:
    """Return the dates of the data, the years of the plan and the version of the program."""
    parts = [Message("Boundaries {date}", date=subject.townships.as_of)]
    if subject.people is not None:
        date = subject.people.as_of.get(subject.people.year, str(subject.people.year))
        template = "Population {date} (assumed)" if subject.people.assumed else "Population {date}"
        parts.append(Message(template, date=date))
    if subject.plan is not None and len(subject.years) > 1:
        first, last = subject.years[1], subject.years[-1]
        span = str(first) if first == last else f"{first}–{last}"
        parts.append(Message("Plan {years}", years=span))
    parts.append(Message("Computed with ruralcare {version}", version=program_version()))
    return parts


def badges(subject: Subject) -> list[dict[str, str]]:
    """Return the warnings that stand on the map itself."""
    found = []
    if subject.demo:
        found.append(("demo", Message("Invented data (demonstration)")))
    if subject.proxy:
        found.append(("proxy", Message("No road data: estimated on a proxy network")))
    if subject.people is not None and subject.people.assumed:
        found.append(("assumed", Message("Population is an assumption")))
    return [{"kind": kind, "text": text.render(subject.language)} for kind, text in found]


def attributions(subject: Subject) -> list[tuple[Message, str]]:
    """Return the sources the scenario names, with what they are for."""
    scenario = subject.scenario
    if scenario is None:
        return []
    named = (
        (Message("Boundaries"), scenario.townships.attribution),
        (Message("Population"), scenario.population.attribution),
        (Message("Villages and homes"), scenario.points.attribution),
        (Message("Institutions"), scenario.facilities.attribution),
        (Message("Co-operatives"), scenario.cooperatives.attribution),
        (Message("Roads"), scenario.roads.attribution),
    )
    return [(what, text) for what, text in named if text]


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
        **_places_of_map(figures),
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
    **extra: object,
) -> dict[str, Any]:
    """Return a layer; ``values`` are classes, stages × townships."""
    language = figures.subject.language
    weights = np.nan_to_num(figures.population)
    counted = weights.sum() > 0
    if not counted:
        weights = np.ones(figures.shape[2])
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
            [round(float(x)) for x in np.bincount(row, weights=weights, minlength=len(classes))]
            for row in values
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
        legend = Message(
            "Time to the nearest: {service}", service=service.name(subject.language)
        )
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
        codes = table["extinction_class"].reindex(figures.township_ids)
        order = {code: i for i, code in enumerate(EXTINCTION_CLASSES)}
        row = np.array([order.get(code, len(order)) for code in codes], dtype=np.int64)
        layers.append(
            _layer(
                figures,
                "extinction",
                Message("Depopulation"),
                Message("Extinction risk index"),
                extinction_classes(),
                row[None, :],
                [extinction_cards(figures)],
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
        "covered": _whole(figures.covered_share, 1000),
        "need": _whole(figures.need, 10),
        "unmet": _whole(figures.unmet, 10),
        "state": ["".join(map(str, row)) for row in figures.access_class.reshape(-1, len(frame))],
    }
    flags = figures.underserved
    if flags is not None:
        by_stage["gaps"] = [["".join("01"[int(x)] for x in row) for row in one] for one in flags]
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
    }


def _indicators(figures: Figures) -> dict[str, Any]:
    table = figures.subject.indicators
    if table is None:
        return {}
    rows = table.reindex(figures.township_ids)

    def numbers(column: str, scale: float) -> list[Any]:
        return _whole(rows[column].astype("Float64").to_numpy(float, na_value=np.nan), scale)

    def positions(column: str, known: Sequence[str]) -> list[int | None]:
        order = {code: i for i, code in enumerate(known)}
        return [order.get(code) for code in rows[column]]

    return {
        "elderly": numbers("population_65plus", 1),
        "change": numbers("change_share", 1000),
        "index": numbers("extinction_index", 1000),
        "risk": positions("extinction_class", EXTINCTION_CLASSES),
        "shrinking": [bool(flag) if pd.notna(flag) else False for flag in rows["depopulating"]],
        "link": positions("connection", CONNECTIONS),
        "yearBefore": [None if pd.isna(year) else int(year) for year in rows["year_before"]],
    }


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


def _place_columns(frame: Any, townships: pd.Index) -> dict[str, Any]:  # noqa: ANN401
    home = {name: i for i, name in enumerate(townships)}
    return {
        "name": frame["name"].tolist(),
        "at": encode_points(frame.geometry.to_crs(_WGS84)),
        "township": [home.get(one) for one in frame["township_id"]],
        "precision": [PRECISIONS.index(one) for one in frame["location_precision"]],
    }


def _places_of_map(figures: Figures) -> dict[str, Any]:
    subject, language = figures.subject, figures.subject.language
    words = {
        "symbols": [
            {"label": one.label.render(language), "shape": one.shape, "colour": one.colour}
            for one in (*SYMBOLS, SITE)
        ],
        "precisions": [PRECISION_WORDS[one].render(language) for one in PRECISIONS],
        "connections": [CONNECTION_WORDS[one].render(language) for one in CONNECTIONS],
        "reasonWords": _reason_words(figures, language),
    }
    if subject.places is None:
        return {**words, "facilities": None, "sites": None, "openings": []}
    facilities = subject.places.facilities.frame
    order = {service.id: s for s, service in enumerate(subject.services)}
    offers: dict[str, list[list[Any]]] = {}
    for facility, service, capacity in subject.places.facilities.offers[
        ["facility_id", "service", "capacity_persons"]
    ].itertuples(index=False, name=None):
        if service in order:
            room = None if pd.isna(capacity) else round(float(capacity), 1)
            offers.setdefault(facility, []).append([order[service], room])
    sites = subject.places.cooperatives.frame
    # Only co-operatives of the townships on the map, and those that open something.
    return {
        **words,
        "facilities": {
            **_place_columns(facilities, figures.township_ids),
            "symbol": [symbol_of(kind) for kind in facilities["kind"]],
            "offers": [sorted(offers.get(one, [])) for one in facilities.index],
        },
        "sites": _place_columns(sites, figures.township_ids),
        "openings": _openings(figures, sites.index, order, language),
    }


def _reason_words(figures: Figures, language: Language) -> list[list[str]]:
    """Return the words of each reason, for each service."""
    cutoffs = figures.subject.cutoffs_min
    return [
        [
            Message(
                REASON_WORDS[code].template,
                standard=service.standard_min,
                cutoff=cutoffs.get(service.id, "–"),
            ).render(language)
            for code in REASONS
        ]
        for service in figures.subject.services
    ]


def _openings(
    figures: Figures, sites: pd.Index, order: dict[str, int], language: Language
) -> list[list[Any]]:
    """Return [site, service, stage, capacity, capital, running, modules, change, reason] each."""
    place = {name: i for i, name in enumerate(sites)}
    rows = []
    for row in figures.openings.to_dict("records"):
        if row["site_id"] not in place or row["service"] not in order:
            continue
        rows.append(
            [
                place[row["site_id"]],
                order[row["service"]],
                int(row["stage"]),
                round(float(row["capacity_persons"]), 1),
                round(float(row["capital_mkrw"]), 1),
                round(float(row["running_mkrw_per_year"]), 1),
                str(row["modules"]),
                str(row["change"]),
                row["reason"].render(language),
            ]
        )
    return rows
