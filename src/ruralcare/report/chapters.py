"""The chapters of the report as plain values, ready for the template."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd

from ruralcare.language import Message
from ruralcare.need import EXTINCTION_CLASSES
from ruralcare.report.classes import access_classes, extinction_classes
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import (
    arriving_note,
    money,
    number,
    percent,
    reason_sentences,
    stage_name,
)

__all__ = ["binding_limits", "opening_stages", "priority_list", "remaining", "stage_label"]

_MOST_ROWS: Final = 60
_RULE_WORDS: Final = {
    "budget": Message("Budget"),
    "staff": Message("Care workers"),
    "max_new": Message("Most new sites"),
    "min_new": Message("Fewest new sites"),
    "max_new_operators": Message("Co-operatives taking part"),
    "equity_floor": Message("Least share served in each county"),
}
_CHANGE_WORDS: Final = {
    "open": Message("opens"),
    "extend": Message("is extended"),
    "shrink": Message("is reduced"),
    "close": Message("closes"),
}


def stage_label(figures: Figures, stage: int) -> str:
    """Return name and year of a stage."""
    year = figures.subject.years[stage]
    name = stage_name(stage).render(figures.subject.language)
    return name if year is None else f"{name} ({year})"


def _gaps(figures: Figures, stage: int, township: int) -> list[dict[str, Any]]:
    """Return the services a township lacks at a stage, each with its reasons in words."""
    subject, language = figures.subject, figures.subject.language
    flags = figures.underserved
    found = []
    for s, service in enumerate(subject.services):
        if flags is None or not flags[s, stage, township]:
            continue
        codes = figures.reasons(s, stage)[township]
        sentences = reason_sentences(codes, service.standard_min)
        found.append(
            {
                "service": service.name(language),
                "why": [one.render(language) for one in sentences],
                "unmet": number(float(figures.unmet[s, stage, township]), language),
            }
        )
    return found


def priority_list(figures: Figures) -> dict[str, Any]:
    """Return today's underserved townships, worst first, and what becomes of them.

    Order: number of services missing, then whether the township is emptying, then need without a
    place.
    """
    flags, table = figures.underserved, figures.subject.indicators
    if flags is None or table is None:
        return {"rows": [], "left": 0}
    language, last = figures.subject.language, figures.assessed_stages - 1
    facts = table.reindex(figures.township_ids)
    frame = figures.subject.townships.frame
    shrinking = facts["depopulating"].fillna(False).to_numpy(bool)
    unmet = np.nansum(figures.unmet[:, 0], axis=0)
    count = flags[:, 0].sum(axis=0)
    order = sorted(
        np.flatnonzero(count).tolist(), key=lambda i: (-count[i], not shrinking[i], -unmet[i], i)
    )
    labels = dict(zip(EXTINCTION_CLASSES, extinction_classes(), strict=False))
    rows = []
    for i in order[:_MOST_ROWS]:
        index, risk = facts["extinction_index"].iloc[i], facts["extinction_class"].iloc[i]
        after = [
            figures.subject.services[s].name(language)
            for s in range(figures.shape[0])
            if flags[s, last, i]
        ]
        rows.append(
            {
                "name": frame["name"].iloc[i],
                "county": frame["sigungu_name"].iloc[i],
                "population": number(float(figures.population[i]), language),
                "index": "–" if pd.isna(index) else number(float(index), language, 2),
                "risk": labels[risk].label.render(language) if risk in labels else "–",
                "shrinking": bool(shrinking[i]),
                "gaps": _gaps(figures, 0, i),
                "after": after,
            }
        )
    return {"rows": rows, "left": len(order) - len(rows), "planned": last > 0}


def opening_stages(figures: Figures) -> list[dict[str, Any]]:
    """Return what opens at each stage of the plan, with cost and reason."""
    subject, language = figures.subject, figures.subject.language
    if subject.plan is None or subject.places is None:
        return []
    sites = subject.places.cooperatives.frame
    towns = subject.townships.frame["name"]
    names = {service.id: service.name(language) for service in subject.services}
    stages = []
    for stage in range(1, figures.shape[1]):
        rows = figures.openings[figures.openings["stage"] == stage]
        entries = [
            {
                "site": sites["name"].get(row["site_id"], row["site_id"]),
                "township": towns.get(sites["township_id"].get(row["site_id"]), "–"),
                "service": names.get(row["service"], row["service"]),
                "change": _CHANGE_WORDS[row["change"]].render(language),
                "room": number(row["capacity_persons"], language),
                "capital": money(row["capital_mkrw"], language).render(language),
                "running": money(row["running_mkrw_per_year"], language).render(language),
                "workers": number(row["care_workers"], language, 0),
                "gained": number(row["gained_persons"], language),
                "reason": row["reason"].render(language),
            }
            for row in rows.to_dict("records")
        ]
        stages.append(
            {
                "label": stage_label(figures, stage),
                "rows": entries,
                "capital": money(float(rows["capital_mkrw"].sum()), language).render(language),
                "running": money(
                    float(
                        figures.openings.loc[
                            figures.openings["stage"] <= stage, "running_mkrw_per_year"
                        ].sum()
                    ),
                    language,
                ).render(language),
            }
        )
    return stages


def remaining(figures: Figures) -> dict[str, Any]:
    """Return what is still missing at the last assessed stage, and why."""
    flags = figures.underserved
    if flags is None:
        return {"services": [], "townships": []}
    language, last = figures.subject.language, figures.assessed_stages - 1
    services = []
    for s, service in enumerate(figures.subject.services):
        need = figures.total(figures.need, s, last)
        served = float(figures.served_totals[s, last])
        near = float(np.nansum(figures.need[s, last] * figures.covered_share[s, last]))
        if math.isnan(served) or math.isnan(need):
            continue
        far = max(0.0, need - near)
        services.append(
            {
                "name": service.name(language),
                "unmet": number(need - served, language),
                "share": percent((need - served) / need if need else math.nan, language),
                "far": number(far, language),
                "room": number(max(0.0, near - served), language),
            }
        )
    frame = figures.subject.townships.frame
    left = np.flatnonzero(flags[:, last].any(axis=0)).tolist()
    left.sort(key=lambda i: (-int(flags[:, last, i].sum()), i))
    townships = [
        {
            "name": frame["name"].iloc[i],
            "county": frame["sigungu_name"].iloc[i],
            "gaps": _gaps(figures, last, i),
        }
        for i in left[:_MOST_ROWS]
    ]
    return {
        "services": services,
        "townships": townships,
        "left": len(left) - len(townships),
        "stage": stage_label(figures, last),
    }


def binding_limits(figures: Figures) -> list[dict[str, str]]:
    """Return the limits that bind, in words; all others leave room."""
    subject, language = figures.subject, figures.subject.language
    if subject.plan is None:
        return []
    counties = subject.townships.frame.drop_duplicates("sigungu_id").set_index("sigungu_id")
    names = {service.id: service.name(language) for service in subject.services}
    stages = {p.period_id: t for t, p in enumerate(subject.plan.problem.periods, start=1)}
    rows = []
    for row in subject.plan.limits[subject.plan.limits["binding"]].to_dict("records"):
        rule, where = str(row["rule"]), str(row["where"])
        place = names.get(where) or (
            str(counties.loc[where, "sigungu_name"]) if where in counties.index else where
        )
        if rule == "budget":
            used, limit = (money(row[k], language).render(language) for k in ("used", "limit"))
        elif rule == "equity_floor":
            used, limit = (percent(row[k], language) + " %" for k in ("used", "limit"))
        else:
            used, limit = (number(row[k], language) for k in ("used", "limit"))
        stage = stages.get(str(row["period"]))
        rows.append(
            {
                "rule": _RULE_WORDS[rule].render(language) if rule in _RULE_WORDS else rule,
                "where": place,
                "stage": "" if stage is None else stage_label(figures, stage),
                "used": used,
                "limit": limit,
            }
        )
    return rows


def map_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return name, legend and classes of the small maps of each service."""
    language, cutoffs = figures.subject.language, figures.subject.cutoffs_min
    rows = []
    for s, service in enumerate(figures.subject.services):
        means = [_mean_time(figures, s, stage) for stage in range(figures.shape[1])]
        classes = access_classes(figures.breaks[s], cutoffs.get(service.id))
        seen = set(figures.access_class[s].ravel().tolist())
        legend = [
            {
                "label": one.label.render(language),
                "fill": one.colour if one.pattern == "plain" else f"url(#p-{one.pattern})",
            }
            for i, one in enumerate(classes)
            if one.pattern == "plain" or i in seen
        ]
        rows.append(
            {
                "name": service.name(language),
                "classes": classes,
                "legend": legend,
                "service": s,
                "means": means,
            }
        )
    return rows


def _mean_time(figures: Figures, s: int, stage: int) -> dict[str, str]:
    """Return the mean time of a service and of whom it is; a dash where nobody arrives."""
    language = figures.subject.language
    of_whom = arriving_note(figures, s, stage)
    if of_whom is None:
        return {"time": "–", "of": ""}
    minutes = number(figures.mean_nearest_min(s, stage), language, 1)
    return {
        "time": Message("mean {minutes} min", minutes=minutes).render(language),
        "of": of_whom.render(language),
    }
