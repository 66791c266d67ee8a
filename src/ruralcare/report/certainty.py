"""How sure the status of the townships is: a chapter of the report."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from ruralcare.language import Language, Message, Verbatim
from ruralcare.need import Sureness
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import STATUS_WORDS, number, percent

__all__ = ["ASSUMPTION_WORDS", "certainty"]

_MOST_ROWS: Final = 60
_SURE: Final = 0.9

ASSUMPTION_WORDS: Final = {
    "speed": Message("Driving speeds"),
    "standard": Message("Service standards"),
    "threshold": Message("Thresholds of the rule"),
    "recognition": Message("Level of recognition"),
    "use": Message("Use of the services"),
    "capacity": Message("Estimated room of institutions"),
    "forecast": Message("Forecast of the people"),
}
_DIRECTIONS: Final = {
    "low": Message("{assumption} lower"),
    "high": Message("{assumption} higher"),
}


def certainty(figures: Figures) -> dict[str, Any]:
    """Return what is known of how sure the status is; empty without samples."""
    sure = figures.subject.sureness
    if sure is None:
        return {}
    language = figures.subject.language
    year = int(sure.shares["year"].min())
    now = sure.shares[sure.shares["year"] == year]
    return {
        "samples": number(sure.samples, language),
        "summary": _summary(figures, now),
        "unsure": _unsure(figures, sure, now),
        "varied": _varied(sure, language),
        "notes": [note.render(language) for note in sure.notes],
    }


def _summary(figures: Figures, now: pd.DataFrame) -> list[dict[str, str]]:
    """Return for each service how many townships are surely underserved, surely not, unsure."""
    language = figures.subject.language
    rows = []
    for service in figures.subject.services:
        share = now.loc[now["service"] == service.id, "underserved_share"]
        surely, never = (share >= _SURE - 1e-9).sum(), (share <= 1 - _SURE + 1e-9).sum()
        rows.append(
            {
                "name": service.name(language),
                "surely": number(int(surely), language),
                "never": number(int(never), language),
                "unsure": number(len(share) - int(surely) - int(never), language),
            }
        )
    return rows


def _unsure(figures: Figures, sure: Sureness, now: pd.DataFrame) -> dict[str, Any]:
    """Return the townships whose status is not sure, or turns with one assumption."""
    language = figures.subject.language
    frame = figures.subject.townships.frame
    turns = sure.decisive.groupby(["township_id", "service"], sort=False)
    words = {key: _turning(rows, language) for key, rows in turns}
    names = {service.id: service.name(language) for service in figures.subject.services}
    today = figures.subject.stage_need[0].set_index(["township_id", "service"])["status"]
    rows = []
    for township, service, share in now[["township_id", "service", "underserved_share"]].itertuples(
        index=False, name=None
    ):
        key = (township, service)
        if not 1 - _SURE + 1e-9 < share < _SURE - 1e-9 and key not in words:
            continue
        rows.append(
            {
                "name": frame["name"].get(township, township),
                "county": frame["sigungu_name"].get(township, ""),
                "service": names.get(service, service),
                "status": STATUS_WORDS[str(today[key])].render(language),
                "share": percent(float(share), language, 0),
                "turns": words.get(key, []),
                "doubt": abs(float(share) - 0.5),
            }
        )
    rows.sort(key=lambda row: row["doubt"])
    return {"rows": rows[:_MOST_ROWS], "left": max(0, len(rows) - _MOST_ROWS)}


def _turning(rows: pd.DataFrame, language: Language) -> list[str]:
    """Return which assumptions alone change a status, and to what."""
    found = []
    for name, direction, then in rows[["assumption", "direction", "status_then"]].itertuples(
        index=False, name=None
    ):
        cause = Message(
            _DIRECTIONS[direction].template, assumption=ASSUMPTION_WORDS[name].render(language)
        )
        changed = Message(
            "{cause}: {status}",
            cause=cause.render(language),
            status=STATUS_WORDS[then].render(language),
        )
        found.append(changed.render(language))
    return found


def _varied(sure: Sureness, language: Language) -> list[dict[str, str]]:
    rows = []
    for row in sure.assumptions.to_dict("records"):
        known = pd.notna(row["low"])
        low, high = (
            (percent(float(row[end]), language, 0) + " %" if known else "–")
            for end in ("low", "high")
        )
        rows.append(
            {
                "name": ASSUMPTION_WORDS[row["assumption"]].render(language),
                "low": low,
                "high": high,
                "source": Verbatim(str(row["source"])).render(language)
                if row["assumption"] != "forecast"
                else Message("Samples of the forecast").render(language),
            }
        )
    return rows
