"""How people come to each service, and what the islands are: two chapters of the report."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import number, percent

__all__ = ["island_rows", "reach_rows"]

_MOST_ROWS: Final = 60
_LINK_WORDS: Final = {
    "main": Message("Main network"),
    "ferry": Message("Linked by ferry only"),
    "none": Message("No link to the mainland network"),
    "unsnapped": Message("Too far from any road"),
}
_HOLE: Final = Message("Same land as the main network: a hole in the road data")


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
    rows = []
    for s, service in enumerate(subject.services):

        def mean(values: NDArray[np.float64], times: NDArray[np.float64]) -> str:
            known = ~np.isnan(values) & ~np.isnan(times) & (times > 0)
            total = float(times[known].sum())
            share = float((values[known] * times[known]).sum()) / total if total else np.nan
            return percent(share, language)

        covered, absent = figures.covered_share[s, 0], figures.beyond_cutoff_share[s, 0]
        apart, lost = figures.unreachable_share[s, 0], figures.unsnapped_share[s, 0]
        arrive = weights * (1.0 - absent - apart - lost)
        rows.append(
            {
                "name": service.name(language),
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
    if table is None or len(table) < 2:
        return {"rows": [], "left": 0}
    language = figures.subject.language
    main = table.iloc[0]
    rows = []
    for row in table.to_dict("records"):
        hole = row["link"] == "none" and row["land"] == main["land"] and main["link"] == "main"
        ferry = row["ferry_min"]
        rows.append(
            {
                "name": row["name"],
                "link": (_HOLE if hole else _LINK_WORDS[row["link"]]).render(language),
                "persons": number(float(row["persons"]), language),
                "institutions": number(float(row["institutions"]), language),
                "road": number(float(row["road_km"]), language, 1),
                "ferry": "–" if pd.isna(ferry) else number(float(ferry), language),
                "landing": row["landing"] or "–",
            }
        )
    outside = table.iloc[1:] if main["link"] == "main" else table
    sentence = Message(
        "{persons} people live on {count} islands or other parts that no road joins to the main "
        "network; {ferry} of them have a ferry.",
        persons=number(float(outside["persons"].sum()), language),
        count=len(outside),
        ferry=number(float(outside.loc[outside["link"] == "ferry", "persons"].sum()), language),
    )
    return {
        "sentence": sentence.render(language),
        "rows": rows[:_MOST_ROWS],
        "left": max(0, len(rows) - _MOST_ROWS),
    }
