"""Rules in official use, the actors of each township, and how even access is: chapters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ruralcare.access import equity
from ruralcare.language import Language, Message, Verbatim
from ruralcare.need import LISTED_TOGETHER, kind_name
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import number, percent

__all__ = ["actor_rows", "equity_rows", "rule_rows", "similar_rows"]

_MOST_ROWS: Final = 60
# What a care council asks for first, kinds that stand for each other together; the table has all.
_COUNCIL: Final = (
    ("cooperative",),
    ("home_visit_care",),
    ("day_care",),
    ("nursing_home", "group_home"),
    ("health_post", "health_centre"),
    ("clinic", "hospital"),
    ("welfare_centre",),
)

TRAIT_WORDS: Final = {
    "population_65plus": Message("Aged 65 and over"),
    "density_per_km2": Message("People per km²"),
    "share_65plus": Message("Share aged 65 and over"),
    "extinction_index": Message("Extinction risk index"),
    "change_10y_share": Message("Change of population over ten years"),
    "without_road": Message("Link by road or ferry"),
    "nearest_min": Message("Mean time to the nearest"),
    "places_per_1000": Message("Places per 1,000 people aged 65 and over"),
}


def rule_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return for each rule its source and the townships it finds underserved."""
    table = figures.subject.rules
    if table is None:
        return []
    language = figures.subject.language
    names = figures.subject.townships.frame["name"]
    rows = []
    for name, rule in table.rules.items():
        mine = table.frame[table.frame["rule"] == name].set_index("township_id")
        counties = table.counties[table.counties["rule"] == name]
        counts = mine["status"].value_counts()
        rows.append(
            {
                "title": rule.title_ko if language == "ko" else rule.title_en,
                "source": Verbatim(rule.source).render(language),
                "dated": rule.dated,
                "threshold": percent(float(mine["threshold_share"].iloc[0]), language, 0),
                "counts": [
                    (status, number(int(counts.get(status, 0)), language))
                    for status in ("underserved", "served", "unknown")
                ],
                "townships": names.reindex(mine.index[mine["status"] == "underserved"]).tolist(),
                "counties": [
                    {
                        "name": row["sigungu_name"],
                        "share": _range(row, language),
                        "status": row["status"],
                    }
                    for row in counties.to_dict("records")
                ][:_MOST_ROWS],
            }
        )
    return rows


def _range(row: Mapping[Any, Any], language: Language) -> str:
    """Return the share of people who fail: a range where the data cannot tell of some."""
    low, open_ = _number(row["beyond_share"]), _number(row["unknown_share"])
    least = 0.0 if math.isnan(low) else low
    if math.isnan(open_) or open_ < 5e-4:
        return percent(low, language)
    return f"{percent(least, language)}–{percent(min(least + open_, 1.0), language)}"


def _number(value: Any) -> float:  # noqa: ANN401 - a cell of a table
    return float("nan") if pd.isna(value) else float(value)


def actor_rows(figures: Figures) -> dict[str, Any]:
    """Return for each township the nearest actor of each group of kinds, with its time."""
    table, language = figures.subject.actors, figures.subject.language
    if table is None or table.empty:
        return {"kinds": [], "rows": [], "left": 0}
    present = set(table["kind"])
    groups = [kinds for kinds in _COUNCIL if present & set(kinds)]
    group_of = {kind: kinds[0] for kinds in groups for kind in kinds}
    near = table[table["kind"].isin(group_of) & table["time_min"].notna()]
    near = near.assign(group=near["kind"].map(group_of))
    near = near.sort_values(["township_id", "time_min", "actor_id"], kind="stable")
    counts = near.groupby(["township_id", "group"]).size()
    first = near.drop_duplicates(["township_id", "group"]).set_index(["township_id", "group"])
    frame = figures.subject.townships.frame
    home = frame["sigungu_id"]
    told = {kinds[0]: _listing(figures, kinds[0]) for kinds in groups}
    rows = []
    for township in frame.index[:_MOST_ROWS]:
        cells = []
        for kinds in groups:
            key = (township, kinds[0])
            if key not in first.index:
                listed = kinds[0] == "cooperative" or home[township] in told[kinds[0]]
                name = "–" if listed else Message("no data").render(language)
                cells.append({"name": name, "time": "", "count": "", "rough": False})
                continue
            one = first.loc[key]
            cells.append(
                {
                    "name": one["name"],
                    "time": Message(
                        "{count} min", count=number(float(one["time_min"]), language)
                    ).render(language),
                    "count": number(int(counts[key]), language),
                    "rough": one["location_precision"] != "point",
                }
            )
        rows.append(
            {
                "name": frame["name"][township],
                "county": frame["sigungu_name"][township],
                "cells": cells,
            }
        )
    return {
        "kinds": [" · ".join(kind_name(kind).render(language) for kind in one) for one in groups],
        "rows": rows,
        "left": max(0, len(frame) - _MOST_ROWS),
    }


def _listing(figures: Figures, kind: str) -> set[str]:
    """Return the counties of whose institutions of a kind a list was given.

    A county without any of the kinds that come in one list is one whose list is missing.
    """
    if figures.subject.places is None:
        return set()
    group = next((one for one in LISTED_TOGETHER if kind in one), frozenset({kind}))
    places = figures.subject.places.facilities
    offers = places.offers
    there = set(offers.loc[offers["service"].isin(group), "facility_id"])
    there |= set(places.frame.index[places.frame["kind"].isin(group)])
    home = figures.subject.townships.frame["sigungu_id"]
    return set(places.frame["township_id"].reindex(list(there)).map(home).dropna())


def equity_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return how unevenly access is spread, today and at the last stage."""
    subject, language = figures.subject, figures.subject.language
    if not subject.access or subject.people is None:
        return []
    stages = sorted({0, len(subject.access) - 1})
    found = [equity(subject.access[k], subject.people, subject.townships) for k in stages]
    rows = []
    for service in subject.services:
        cells = []
        for one in found:
            mine = one[one["service"] == service.id].set_index(["variable", "measure"])["value"]
            cells.append(
                {
                    "gini": number(_number(mine.get(("nearest_min", "gini"))), language, 2),
                    "beyond": percent(_number(mine.get(("nearest_min", "headcount"))), language),
                    "gap": percent(_number(mine.get(("nearest_min", "gap"))), language),
                    "concentration": number(
                        _number(mine.get(("nearest_min", "concentration"))), language, 2
                    ),
                }
            )
        rows.append({"name": service.name(language), "cells": cells})
    return rows


def similar_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return for each model who resembles it, and in what."""
    table, language = figures.subject.similar, figures.subject.language
    if table is None or table.empty or figures.subject.places is None:
        return []
    services = {service.id: service.name(language) for service in figures.subject.services}
    towns = figures.subject.townships.frame["name"]
    branches = figures.subject.places.cooperatives.frame["name"]

    def trait(row: Mapping[Any, Any], end: str) -> str:
        if pd.isna(row[end]):
            return "–"
        name, _, service = str(row[end]).partition(":")
        word = TRAIT_WORDS[name].render(language)
        label = f"{word}: {services.get(service, service)}" if service else word
        # No negative zero.
        return f"{label} ({number(round(float(row[f'{end}_sd']), 1) + 0.0, language, 1)})"

    models = []
    for model, rows in table.groupby("model_id", sort=False):
        models.append(
            {
                "name": towns.get(model, branches.get(model, model)),
                "rows": [
                    {
                        "name": row["name"],
                        "offers": ", ".join(
                            services.get(one, one) for one in str(row["offers"]).split(";") if one
                        ),
                        "distance": number(float(row["distance"]), language, 2),
                        "alike": ", ".join(
                            trait(row, end) for end in ("closest", "second_closest")
                        ),
                        "unlike": trait(row, "farthest"),
                    }
                    for row in rows.to_dict("records")
                ],
            }
        )
    return models
