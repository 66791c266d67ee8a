"""How people come to each service, and what the islands are: two chapters of the report."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import REASON_WORDS, number, percent

__all__ = ["island_rows", "reach_rows"]

_MOST_ROWS: Final = 60
_LINK_WORDS: Final = {
    "main": Message("Main network"),
    "ferry": Message("Linked by ferry only"),
    "none": Message("No link to the mainland network"),
    "unsnapped": Message("Too far from any road"),
    "hole": Message("A hole in the road data"),
    "off_shore": Message("In the water or off the shore by its coordinates"),
}
_NAMELESS: Final = Message("Institutions only")


def reach_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return for each service the shares of people today by how they come to it.

    Every way of not arriving is a state of its own; the shares of a row sum to 1. Empty without
    access.
    """
    subject, language = figures.subject, figures.subject.language
    if not subject.access:
        return []
    people = figures.population
    weights = np.ones(figures.shape[2]) if np.isnan(people).all() else np.nan_to_num(people)
    nobody = REASON_WORDS["no_provider"].render(language)
    rows = []
    for s, service in enumerate(subject.services):

        def mean(values: NDArray[np.float64], times: NDArray[np.float64]) -> str:
            known = ~np.isnan(values) & ~np.isnan(times) & (times > 0)
            total = float(times[known].sum())
            share = float((values[known] * times[known]).sum()) / total if total else np.nan
            return percent(share, language)

        covered, absent = figures.covered_share[s, 0], figures.beyond_cutoff_share[s, 0]
        apart, lost = figures.unreachable_share[s, 0], figures.unsnapped_share[s, 0]
        arrive = weights * figures.arriving_share[s, 0]
        rows.append(
            {
                "name": service.name(language),
                "note": "" if figures.offered(s, 0) else nobody,
                "covered": mean(covered, weights),
                "far": mean(np.maximum(1.0 - covered - absent - apart - lost, 0.0), weights),
                "beyond": mean(absent, weights),
                "unreachable": mean(apart, weights),
                "unsnapped": mean(lost, weights),
                # Of all minutes of all who arrive, not of townships.
                "proxy": mean(figures.proxy_share[s, 0], arrive * figures.nearest_min[s, 0]),
            }
        )
    return rows


def island_rows(table: pd.DataFrame | None, figures: Figures) -> dict[str, Any]:
    """Return the islands and cut-off parts in words; empty where there is only the mainland."""
    if table is None or (table["link"] == "main").all():
        return {"sentences": [], "rows": [], "left": 0}
    language = figures.subject.language
    kind = _kinds(table, figures)
    rows = []
    for row, word in zip(table.to_dict("records"), kind, strict=True):
        ferry = row["ferry_min"]
        rows.append(
            {
                "name": row["name"] or _NAMELESS.render(language),
                "link": _LINK_WORDS[word].render(language),
                "persons": number(float(row["persons"]), language),
                "institutions": number(float(row["institutions"]), language),
                "road": number(float(row["road_km"]), language, 1),
                "ferry": "–" if pd.isna(ferry) else number(float(ferry), language),
                "landing": row["landing"] or "–",
            }
        )
    return {
        "sentences": [one.render(language) for one in _summary(table, kind, figures)],
        "rows": rows[:_MOST_ROWS],
        "left": max(0, len(rows) - _MOST_ROWS),
    }


def _kinds(table: pd.DataFrame, figures: Figures) -> pd.Series:
    """Return what each row is: its link, or what explains a part on the land of the main one.

    Where every road is a stand-in there are no data that could have a hole: a place that no link
    reaches over its own land stands, by its coordinates, in the water.
    """
    link = table["link"]
    land = table.loc[link == "main", "land"]
    ashore = (link == "none") & table["land"].isin(land)
    roads = figures.subject.roads
    everywhere = roads is not None and not roads.edges.empty and bool(roads.edges["proxy"].all())
    return link.mask(ashore, "off_shore" if everywhere else "hole")


def _summary(table: pd.DataFrame, kind: pd.Series, figures: Figures) -> list[Message]:
    """Return how many people live on what kind of part; nothing is said of nobody."""
    language = figures.subject.language

    def people(rows: pd.Series) -> float:
        return float(table.loc[rows, "persons"].sum())

    def counted(rows: pd.Series) -> dict[str, Any]:
        return {"count": int(rows.sum()), "persons": number(people(rows), language)}

    told = []
    apart, ferry = kind.isin(["ferry", "none", "hole"]), kind == "ferry"
    off_shore, lost = kind == "off_shore", kind == "unsnapped"
    if apart.any():
        told.append(
            Message(
                "Parts that no road joins to the main network: {count}, with a population of "
                "{persons}.",
                **counted(apart),
            )
        )
    if people(ferry) > 0:
        told.append(
            Message(
                "Population of these parts that can take a ferry to the main network: {persons}.",
                persons=number(people(ferry), language),
            )
        )
    if off_shore.any():
        told.append(
            Message(
                "Places that lie in the water or off the shore by their coordinates: {count}, with "
                "a population of {persons}. Please check them.",
                **counted(off_shore),
            )
        )
    if people(lost) > 0:
        told.append(
            Message(
                "Population too far from any road of the data: {persons}.",
                persons=number(people(lost), language),
            )
        )
    institutions = int(table.loc[lost, "institutions"].sum())
    if institutions:
        told.append(
            Message("Institutions too far from any road of the data: {count}.", count=institutions)
        )
    return told
