"""What a page says in sentences: the finding, the stages, the reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from ruralcare.language import Bilingual, Language, Message, format_number
from ruralcare.need import REASONS
from ruralcare.report.figures import Figures

__all__ = [
    "CONNECTION_WORDS",
    "PRECISION_WORDS",
    "REASON_WORDS",
    "STATUS_WORDS",
    "TERMINATION_WORDS",
    "arriving_note",
    "finding",
    "money",
    "money_scale",
    "number",
    "percent",
    "quality",
    "reason_sentence",
    "reason_sentences",
    "stage_name",
    "stage_note",
]

_MKRW_PER_EOK: Final = 100.0

REASON_WORDS: Final = {
    "too_far": Message("Too many people live beyond the standard of {standard} min"),
    "no_seats": Message("The institutions within reach have no room for all"),
    "no_staff": Message("The care workers within reach are too few for all"),
    "no_provider": Message("No institution of the area offers it"),
    "ferry_only": Message("Only a ferry links it to the nearest institution"),
    "unreachable": Message("No road or ferry leads to an institution"),
    "unsnapped": Message("Homes lie too far from any road of the data"),
    "demand_grows": Message(
        "Not yet below the threshold; with growing need too many will find no room"
    ),
    "provider_unviable": Message(
        "Held up by an institution with too few users to be viable for long"
    ),
}
STATUS_WORDS: Final = {
    "served": Message("served"),
    "at_risk": Message("at risk"),
    "underserved": Message("underserved"),
    "unknown": Message("unknown"),
}
CONNECTION_WORDS: Final = {
    "road": Message("Linked by road"),
    "ferry": Message("Linked by ferry only"),
    "none": Message("No link to the mainland network"),
}
PRECISION_WORDS: Final = {
    "point": Message("Exact location"),
    "road": Message("On its road (approximate)"),
    "village": Message("Known to the village (approximate)"),
    "township": Message("Known to the township (approximate)"),
}
_ARRIVING_WORDS: Final = {
    "need": Message("of the {share} % of people in need who arrive"),
    "people": Message("of the {share} % of people who arrive"),
    "townships": Message("of the {share} % who arrive in an average township"),
}
TERMINATION_WORDS: Final = {
    "optimal": Message("The search ended because the plan is proven to be the best possible."),
    "gap": Message("The search ended because the plan came as close to the best as was asked."),
    "time_limit": Message("The search ended at its time limit with the best plan found so far."),
    "interrupted": Message("The search was stopped by hand; this is the best plan found so far."),
}


def percent(share: float, language: Language, decimals: int = 1) -> str:
    """Return a share as a percentage without its sign; a dash where it is not known."""
    return "–" if math.isnan(share) else format_number(100 * share, language, decimals)


def number(value: float, language: Language, decimals: int = 0) -> str:
    """Return a number by the custom of the language; a dash where it is not known."""
    return "–" if math.isnan(value) else format_number(value, language, decimals)


def money_scale(language: Language) -> tuple[str, float]:
    """Return the template of an amount of money, and the million won in its unit.

    Korean counts in units of a hundred million (억), English in millions.
    """
    if language == "ko":
        return "{amount} hundred million won", _MKRW_PER_EOK
    return "KRW {amount} million", 1.0


def money(mkrw: float, language: Language) -> Message:
    """Return an amount of million won as each language counts money."""
    template, scale = money_scale(language)
    value = mkrw / scale
    decimals = 0 if value == round(value) or abs(value) >= _MKRW_PER_EOK else 1
    return Message(template, amount=format_number(value, language, decimals))


def stage_name(stage: int) -> Message:
    """Return the short name of a stage."""
    return Message("Today") if stage == 0 else Message("Stage {stage}", stage=stage)


def finding(figures: Figures) -> Message:
    """Return the one sentence that the page is about."""
    subject = figures.subject
    last = figures.shape[1] - 1
    if subject.plan is not None and last > 0:
        sites = figures.sites_opened(last)
        before, after = figures.served_share(None, 0), figures.served_share(None, last)
        values = {
            "year": str(subject.years[last]),
            "sites": sites,
            "before": round(100 * before, 1),
            "after": round(100 * after, 1),
        }
        if sites == 0:
            return Message(
                "The plan opens no site: {after} % of the need finds a place within the standard",
                after=values["after"],
            )
        if after > before:
            return Message(
                "With {sites} sites open by {year}, the share of care need met "
                "within the standard rises from {before} % to {after} %",
                **values,
            )
        return Message(
            "With {sites} sites open by {year}, {after} % of a growing care need is "
            "met within the standard, against {before} % today",
            **values,
        )
    flags = figures.underserved
    if flags is not None:
        return Message(
            "{count} of {total} townships are underserved in at least one care service",
            count=int(flags[:, 0].any(axis=0).sum()),
            total=figures.shape[2],
        )
    shares = [figures.within_standard(s, 0) for s in range(figures.shape[0])]
    known = [(share, s) for s, share in enumerate(shares) if not math.isnan(share)]
    if not known:
        return Message("Care services and the townships they serve")
    share, s = min(known)
    template = (
        "{share} % of the people do not reach {service} within {standard} min"
        if figures.basis != "townships"
        else "On average {share} % of a township does not reach {service} within {standard} min"
    )
    return Message(
        template,
        share=round(100 * (1 - share), 1),
        service=_service_name(figures, s),
        standard=subject.services[s].standard_min,
    )


def _service_name(figures: Figures, s: int) -> Bilingual:
    names = figures.subject.services[s].names
    return Bilingual(names["ko"], names["en"])


def stage_note(figures: Figures, stage: int) -> Message:
    """Return what happens at a stage, in a sentence."""
    if stage == 0:
        return Message("Only the institutions at work today.")
    rows = figures.openings[figures.openings["stage"] == stage]
    rows = rows[rows["capacity_persons"] > 0]
    if rows.empty:
        return Message("Nothing new opens in this stage.")
    parts = []
    for service in figures.subject.services:
        count = int((rows["service"] == service.id).sum())
        if count:
            parts.append(f"{service.name(figures.subject.language)} {count}")
    return Message(
        "New at {sites} sites: {services}. Cost {cost}.",
        sites=int(rows["site_id"].nunique()),
        services=" · ".join(parts),
        cost=money(float(rows["capital_mkrw"].sum()), figures.subject.language),
    )


def arriving_note(figures: Figures, s: int, stage: int) -> Message | None:
    """Return of whom the mean time of a service is: the share of people who arrive.

    None where no mean time is known.
    """
    if math.isnan(figures.mean_nearest_min(s, stage)):
        return None
    return Message(
        _ARRIVING_WORDS[figures.basis].template,
        share=percent(figures.arriving(s, stage), figures.subject.language),
    )


def reason_sentences(codes: Iterable[str], standard_min: float) -> list[Message]:
    """Return reasons in words, in their fixed order."""
    known = set(codes)
    return [reason_sentence(code, standard_min) for code in REASONS if code in known]


def reason_sentence(code: str, standard_min: float) -> Message:
    """Return one reason in words."""
    return Message(REASON_WORDS[code].template, standard=standard_min)


def quality(figures: Figures) -> list[Message]:
    """Return the proof of quality in plain words; empty without a plan."""
    plan = figures.subject.plan
    if plan is None:
        return []
    gap = round(100 * plan.relative_gap, 2)
    # Rounded up: what is said of all plans must hold.
    if plan.relative_gap <= 1e-6:
        best = Message("No plan that keeps the rules can be better.")
    elif plan.objective <= 0:
        best = Message("The plan serves nobody more; a better one was not ruled out.")
    else:
        above = math.ceil(1e4 * (plan.bound - plan.objective) / plan.objective - 1e-9) / 100
        best = Message(
            "Whatever else one might try, no plan that keeps the rules can score more than "
            "{above} % above this one.",
            above=above,
        )
    return [
        best,
        Message(
            "The plan scores {objective}; the proven upper limit is {bound}; the gap between "
            "them is {gap} %.",
            objective=round(plan.objective, 1),
            bound=round(plan.bound, 1),
            gap=gap,
        ),
        TERMINATION_WORDS[plan.termination],
        Message(
            "The score adds up the people served in each stage: earlier years, needier townships "
            "and services of greater weight count more, long ways a little less."
        ),
        Message(
            "Every rule and the score were recomputed from the openings and the people assigned to "
            "them alone, without the solver."
        ),
    ]
