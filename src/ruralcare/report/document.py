"""The report: one self-contained document that also prints well.

It loads nothing and runs no script; charts and maps are SVG made here. Every text from data goes
through the escaping of the template or of the charts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ruralcare.language import Language, Message, translate
from ruralcare.report import assets
from ruralcare.report.cards import access_cards, status_cards
from ruralcare.report.certainty import certainty
from ruralcare.report.chapters import (
    binding_limits,
    map_rows,
    opening_stages,
    priority_list,
    remaining,
    stage_label,
)
from ruralcare.report.charts import Line, proof_bar, stage_chart
from ruralcare.report.figures import Figures
from ruralcare.report.headings import attributions, badges, subtitle
from ruralcare.report.official import actor_rows, equity_rows, rule_rows, similar_rows
from ruralcare.report.outlook import answer_rows, emptying_rows, outlook_rows
from ruralcare.report.parameters import parameters
from ruralcare.report.prose import GLOSSARY, METHOD
from ruralcare.report.reach import island_rows, reach_rows
from ruralcare.report.results import Results
from ruralcare.report.sentences import finding, number, percent, quality
from ruralcare.report.subject import Subject, of_results
from ruralcare.report.svgmap import SmallMaps

__all__ = ["document"]

_COLOURS: Final = ("#0a4fd0", "#b3470b", "#5b2480", "#00594a", "#8f1238", "#3c444d")
_DASHES: Final = ("", "9 5", "3 4", "12 4 3 4", "1 5", "6 3")

_environment = Environment(
    loader=PackageLoader("ruralcare.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def document(results: Results | Subject, language: Language | None = None) -> str:
    """Return the report of a run as one HTML document.

    Parameters
    ----------
    results : Results or Subject
        A run, or as much as is known.
    language : {"ko", "en"}, optional
        By default the language of the scenario.

    Returns
    -------
    str
        The same for the same results, to the byte.
    """
    subject = results if isinstance(results, Subject) else of_results(results)
    figures = Figures(subject.speaking(language))
    values = _values(figures)
    html = _environment.get_template("report.html.j2").render(values)
    return assets.with_policy(html)


def _values(figures: Figures) -> dict[str, Any]:
    subject = figures.subject
    language = subject.language

    def translated(template: str) -> str:
        return translate(template, language)

    def shown(message: Message) -> str:
        return message.render(language)

    stages = [stage_label(figures, stage) for stage in range(figures.shape[1])]
    maps = SmallMaps(subject.townships.frame)
    notes = [*(subject.scenario.assumptions if subject.scenario else ())]
    notes += [shown(note) for note in subject.notes]
    return {
        "_": translated,
        "language": language,
        "style": Markup(assets.report_css()),
        "finding": shown(finding(figures)),
        "title": subject.title.get(language, ""),
        "subtitle": " · ".join(shown(part) for part in subtitle(subject)),
        "badges": badges(subject),
        "cards": _cards(figures),
        "chart": _chart(figures, stages),
        "chart_table": _chart_table(figures),
        "stages": stages,
        "definitions": Markup(maps.definitions()),
        "maps": _maps(figures, maps, stages),
        "priority": priority_list(figures),
        "emptying": emptying_rows(figures),
        "outlook": outlook_rows(figures),
        "answers": answer_rows(figures),
        "certainty": certainty(figures),
        "official": rule_rows(figures),
        "actors": actor_rows(figures),
        "equity": equity_rows(figures),
        "similar": similar_rows(figures),
        "openings": opening_stages(figures),
        "remaining": remaining(figures),
        "reach": reach_rows(figures),
        "islands": island_rows(subject.islands, figures),
        "quality": [shown(sentence) for sentence in quality(figures)],
        "proof": _proof(figures),
        "limits": binding_limits(figures),
        "notes": list(dict.fromkeys(notes)),
        "unplaced": _unplaced(subject, shown),
        "sources": [(shown(what), text) for what, text in attributions(subject)],
        "parameters": None if subject.scenario is None else parameters(subject.scenario, language),
        "method": [(shown(head), shown(text)) for head, text in METHOD],
        "glossary": [(shown(word), shown(text)) for word, text in GLOSSARY],
    }


def _cards(figures: Figures) -> list[dict[str, Any]]:
    """Return the large card of each service at the last stage, then those of the whole."""
    last = figures.shape[1] - 1
    cards = []
    if figures.subject.access:
        for s, service in enumerate(figures.subject.services):
            large = dict(access_cards(figures, s, last)[0])
            large["label"] = f"{service.name(figures.subject.language)}: {large['label']}"
            cards.append(large)
    if figures.assessed_stages > 0:
        cards += status_cards(figures, figures.assessed_stages - 1)
    return cards


def _shares(figures: Figures, s: int) -> list[float]:
    return [figures.served_share(s, stage) for stage in range(figures.shape[1])]


def _chart(figures: Figures, stages: list[str]) -> Markup | None:
    if figures.subject.need is None:
        return None
    lines = [
        Line(
            service.name(figures.subject.language),
            _COLOURS[s % len(_COLOURS)],
            _DASHES[s % len(_DASHES)],
            _shares(figures, s),
        )
        for s, service in enumerate(figures.subject.services)
    ]
    title = Message("Share of need that is met, by service and stage")
    return Markup(stage_chart(lines, stages, title.render(figures.subject.language)))


def _chart_table(figures: Figures) -> list[dict[str, Any]]:
    language = figures.subject.language
    rows = []
    for s, service in enumerate(figures.subject.services):
        cells = []
        for stage, share in enumerate(_shares(figures, s)):
            served = float(figures.served_totals[s, stage])
            need = figures.total(figures.need, s, stage)
            cells.append(
                {
                    "share": percent(share, language),
                    "served": number(served, language),
                    "need": number(need, language),
                }
            )
        rows.append({"name": service.name(language), "cells": cells})
    return rows


def _maps(figures: Figures, maps: SmallMaps, stages: list[str]) -> list[dict[str, Any]]:
    """Return a row of small maps for each service, with the sites that the plan has open."""
    if not figures.subject.access:
        return []
    rows = map_rows(figures)
    sites = None if figures.subject.places is None else figures.subject.places.cooperatives.points
    for row in rows:
        s, classes = row.pop("service"), row.pop("classes")
        pictures = []
        for stage, label in enumerate(stages):
            rings, fresh = None, {}
            if sites is not None and figures.subject.plan is not None:
                standing = _standing(figures, s, stage)
                rings = sites.reindex(standing.index)
                fresh = dict(enumerate(standing == stage))
            pictures.append(
                Markup(
                    maps.map(
                        figures.access_class[s, stage],
                        classes,
                        f"{row['name']}, {label}",
                        rings,
                        fresh,
                    )
                )
            )
        row["maps"] = pictures
    return rows


def _standing(figures: Figures, s: int, stage: int) -> pd.Series:
    """Return the last stage of growth of each site that runs a service at a stage."""
    rows = figures.openings
    mine = (rows["service"] == figures.subject.services[s].id) & (rows["stage"] <= stage)
    groups = rows[mine].groupby("site_id")
    latest = groups["stage"].max()
    return latest[groups["capacity_persons"].sum() > 1e-9]


def _proof(figures: Figures) -> Markup | None:
    plan = figures.subject.plan
    if plan is None:
        return None
    language = figures.subject.language
    reached = Message("This plan: {score} points", score=round(plan.objective, 1))
    limit = Message("Proven upper limit: {score} points", score=round(plan.bound, 1))
    return Markup(
        proof_bar(plan.objective, plan.bound, reached.render(language), limit.render(language))
    )


def _unplaced(subject: Subject, shown: Callable[[Message], str]) -> list[dict[str, str]]:
    """Return the institutions and branches without a place, each with the reason."""
    if subject.places is None:
        return []
    rows = pd.concat(
        [
            frame[["name", "address", "reason"]].astype(object)
            for frame in (subject.places.facilities.unplaced, subject.places.cooperatives.unplaced)
        ],
        ignore_index=True,
    )
    return [
        {"name": row["name"], "address": row["address"], "reason": shown(row["reason"])}
        for row in rows.to_dict("records")
    ]
