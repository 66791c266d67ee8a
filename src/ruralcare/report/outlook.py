"""What comes: people and need at each stage, and the kind of answer each township asks for."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from ruralcare.language import Message
from ruralcare.need import EXTINCTION_CLASSES, RESPONSES, composite_sensitivity
from ruralcare.report.classes import extinction_classes
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import number, percent, stage_name

__all__ = ["RESPONSE_WORDS", "answer_rows", "emptying_rows", "outlook_rows"]

_MOST_ROWS: Final = 60

RESPONSE_WORDS: Final = {
    "none": Message("Nothing to do"),
    "safeguard": Message("Keep what is there"),
    "full_rollout": Message("Full roll-out"),
    "shared_hub": Message("Small hub, shared where neighbours reach it"),
    "mobile_service": Message("Service that comes by (mobile)"),
}
_RESPONSE_NOTES: Final = {
    "safeguard": Message("Not underserved, but losing people or about to be underserved."),
    "full_rollout": Message("Underserved, and not emptying: all stages of the service pay."),
    "shared_hub": Message(
        "Underserved and emptying, with users enough within reach to keep one small site."
    ),
    "mobile_service": Message(
        "Underserved and emptying, and no site within reach of most would have users enough: the "
        "service has to come from farther away."
    ),
}


def outlook_rows(figures: Figures) -> dict[str, Any]:
    """Return people and need of the whole area at each stage; empty with a single year.

    Sums over townships of the middle of the forecast; bands of townships do not add up and are
    not told here.
    """
    subject, language = figures.subject, figures.subject.language
    table = subject.need
    if table is None or table.outlook.empty or table.outlook["year"].nunique() < 2:
        return {"columns": [], "rows": []}
    people, old = figures.outlook("population"), figures.outlook("population_65plus")
    risk = figures.outlook("extinction_class")
    rows = [
        (Message("Population"), [_sum(people[stage]) for stage in people], 0),
        (Message("Aged 65 and over"), [_sum(old[stage]) for stage in old], 0),
    ]
    shown = [
        {
            "name": label.render(language),
            "cells": [number(value, language, decimals) for value in values],
        }
        for label, values, decimals in rows
    ]
    shares = [_sum(old[stage]) / max(_sum(people[stage]), 1.0) for stage in people]
    shown.append(
        {
            "name": Message("Share aged 65 and over").render(language),
            "cells": [percent(share, language) + " %" for share in shares],
        }
    )
    high = [
        float((risk[stage] == "high").fillna(False).sum()) if risk[stage].notna().any() else np.nan
        for stage in risk
    ]
    shown.append(
        {
            "name": Message("Townships of high risk").render(language),
            "cells": [number(count, language) for count in high],
        }
    )
    for s, service in enumerate(subject.services):
        label = Message("In need: {service}", service=service.name(language))
        needs = [figures.total(figures.need, s, stage) for stage in range(figures.shape[1])]
        shown.append(
            {
                "name": label.render(language),
                "cells": [number(value, language) for value in needs],
            }
        )
    columns = [
        " ".join(part for part in (stage_name(k).render(language), str(year or "")) if part)
        for k, year in enumerate(subject.years)
    ]
    return {"columns": columns, "rows": shown}


def _sum(values: Any) -> float:  # noqa: ANN401 - a Series of numbers
    return float(np.nansum(values.to_numpy(float, na_value=np.nan)))


def emptying_rows(figures: Figures) -> dict[str, Any]:
    """Return what tells whether a township empties, those nearest to extinction first.

    The composite index is an approximation, and its rank a range: how far it hangs on its weights.
    """
    subject, language = figures.subject, figures.subject.language
    table = subject.need
    if table is None:
        return {"rows": [], "left": 0}
    facts = table.indicators.reindex(figures.township_ids)
    weights = table.settings.composite_weights or None
    seed = subject.scenario.seed if subject.scenario else 1
    ranks = composite_sensitivity(facts, weights, seed=seed).reindex(facts.index)
    labels = dict(zip(EXTINCTION_CLASSES, extinction_classes(), strict=False))
    index = facts["extinction_index"].to_numpy(float, na_value=np.inf)
    rows = []
    for i in np.argsort(index, kind="stable")[:_MOST_ROWS]:
        one, rank = facts.iloc[i], ranks.iloc[i]
        risk = one["extinction_class"]
        known = pd.notna(rank["rank"])
        rows.append(
            {
                "name": one["name"],
                "county": one["sigungu_name"],
                "index": number(_float(one["extinction_index"]), language, 2),
                "risk": labels[risk].label.render(language) if risk in labels else "–",
                "old": percent(_float(one["share_65plus"]), language),
                "change": percent(_float(one["change_10y_share"]), language),
                "density": number(_float(one["density_per_km2"]), language),
                "designated": str(one["designated_on"]) if one["designated"] else "–",
                "rank": number(int(rank["rank"]), language) if known else "–",
                "range": f"{int(rank['rank_low'])}–{int(rank['rank_high'])}" if known else "",
            }
        )
    return {"rows": rows, "left": max(0, len(facts) - _MOST_ROWS)}


def _float(value: Any) -> float:  # noqa: ANN401 - a cell of a table
    return float("nan") if pd.isna(value) else float(value)


def answer_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return for each kind of answer the townships of each service that ask for it today."""
    table, language = figures.subject.need, figures.subject.language
    if table is None or "response" not in table.frame:
        return []
    today = table.of_year()
    names = figures.subject.townships.frame["name"]
    rows = []
    for response in RESPONSES[1:]:
        mine = today[today["response"] == response]
        if mine.empty:
            continue
        services = [
            {
                "service": service.name(language),
                "townships": names.reindex(
                    mine.loc[mine["service"] == service.id, "township_id"]
                ).tolist(),
            }
            for service in figures.subject.services
        ]
        rows.append(
            {
                "name": RESPONSE_WORDS[response].render(language),
                "note": _RESPONSE_NOTES[response].render(language),
                "services": [one for one in services if one["townships"]],
            }
        )
    return rows
