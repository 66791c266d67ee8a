"""Facilities, co-operatives and openings as a map page carries them."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import pandas as pd

from ruralcare.language import Language
from ruralcare.need import CONNECTIONS, REASONS
from ruralcare.report.figures import Figures
from ruralcare.report.geometry import encode_points
from ruralcare.report.sentences import CONNECTION_WORDS, PRECISION_WORDS, reason_sentence
from ruralcare.report.symbols import SITE, SYMBOLS, symbol_of
from ruralcare.types import PRECISIONS

__all__ = ["marks"]

_WGS84: Final = "EPSG:4326"


def _place_columns(frame: gpd.GeoDataFrame, townships: pd.Index) -> dict[str, Any]:
    home = {name: i for i, name in enumerate(townships)}
    return {
        "name": frame["name"].tolist(),
        "at": encode_points(frame.geometry.to_crs(_WGS84)),
        "township": [home.get(one) for one in frame["township_id"]],
        "precision": [PRECISIONS.index(one) for one in frame["location_precision"]],
    }


def marks(figures: Figures) -> dict[str, Any]:
    """Return what is marked on the map, and the words for it."""
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
    return [
        [reason_sentence(code, service.standard_min).render(language) for code in REASONS]
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
