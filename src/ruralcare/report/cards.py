"""The figures beside the map: one large, a few small, for each layer and stage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Language, Message, format_number
from ruralcare.report.figures import Figures
from ruralcare.report.sentences import arriving_note, money, number, percent

__all__ = ["access_cards", "extinction_cards", "status_cards"]

Card = dict[str, Any]


def _counter(language: Language) -> str:
    """Return the word that Korean puts after a number of places; English counts without."""
    return "" if language == "en" else Message("places (counter)").render(language)


def _change(difference: float, template: str, language: Language, decimals: int, sign: int) -> Card:
    """Return a change against today; ``sign`` is +1 if more is better, −1 if less is.

    With 0 the change is told, but neither praised nor blamed.
    """
    if math.isnan(difference):
        return {}
    rounded = round(difference, decimals)
    if rounded == 0:
        return {"change": Message("same as today").render(language), "tone": 0}
    arrow = "▲" if rounded > 0 else "▼"
    size = Message(template, count=format_number(abs(rounded), language, decimals))
    return {
        "change": f"{arrow} {size.render(language)}",
        "tone": sign * (1 if rounded > 0 else -1),
    }


def access_cards(figures: Figures, s: int, stage: int) -> list[Card]:
    """Return the cards of one service at one stage; the first is the large one."""
    language = figures.subject.language
    service = figures.subject.services[s]
    share = figures.within_standard(s, stage)
    label = {
        "need": Message("People in need within {standard} min", standard=service.standard_min),
        "people": Message("People within {standard} min", standard=service.standard_min),
        "townships": Message("Average share within {standard} min", standard=service.standard_min),
    }[figures.basis]
    cards: list[Card] = [
        {
            "label": label.render(language),
            "value": percent(share, language),
            "unit": "%",
            "share": None if math.isnan(share) else round(share, 4),
        }
    ]
    minutes = figures.mean_nearest_min(s, stage)
    mean: Card = {
        "label": Message("Mean time to the nearest").render(language),
        "value": number(minutes, language, 1),
        "unit": "" if math.isnan(minutes) else Message("min").render(language),
    }
    of_whom = arriving_note(figures, s, stage)
    if of_whom is not None:
        mean["basis"] = of_whom.render(language)
    cards.append(mean)
    if stage:
        cards[0] |= _change(
            100 * (share - figures.within_standard(s, 0)), "{count} %p", language, 1, 1
        )
        today = figures.mean_nearest_min(s, 0)
        # Who is newly reached may live far off: a longer mean of more people is no loss.
        arrive = figures.arriving(s, stage) - figures.arriving(s, 0)
        same = math.isnan(arrive) or round(100 * arrive, 1) == 0
        mean |= _change(minutes - today, "{count} min", language, 1, -1 if same else 0)
    flags = figures.underserved
    if flags is not None and stage < figures.assessed_stages:
        label = Message("Underserved townships")
        cards.append(_count_card(figures, label, flags[s, stage], flags[s, 0], stage))
    served = float(figures.served_totals[s, stage])
    if not math.isnan(served):
        need = figures.total(figures.need, s, stage)
        card: Card = {
            "label": Message("People with a place").render(language),
            "value": number(served, language),
            "unit": Message("people").render(language),
            "note": Message("of {need} in need", need=number(need, language)).render(language),
        }
        met: Card = {
            "label": Message("Need that is met").render(language),
            "value": percent(figures.served_share(s, stage), language),
            "unit": "%",
        }
        if stage:
            gained = served - float(figures.served_totals[s, 0])
            card |= _change(gained, "{count} people", language, 0, 1)
            share = figures.served_share(s, stage) - figures.served_share(s, 0)
            met |= _change(100 * share, "{count} %p", language, 1, 1)
        cards += [card, met]
    return cards + _plan_cards(figures, stage, service.id)


def _count_card(
    figures: Figures,
    label: Message,
    now: NDArray[np.bool_],
    today: NDArray[np.bool_],
    stage: int,
) -> Card:
    language = figures.subject.language
    count = int(np.sum(now))
    card: Card = {
        "label": label.render(language),
        "value": number(count, language),
        "unit": _counter(language),
    }
    card["note"] = Message("of {total}", total=figures.shape[2]).render(language)
    if stage:
        card |= _change(count - int(np.sum(today)), "{count} places", language, 0, -1)
    return card


def _plan_cards(figures: Figures, stage: int, service: str | None) -> list[Card]:
    """Return what the plan opened and spent up to a stage; nothing without a plan."""
    if figures.subject.plan is None:
        return []
    language = figures.subject.language
    sites: Card = {
        "label": Message("Sites opened so far").render(language),
        "value": number(figures.sites_opened(stage), language),
        "unit": _counter(language),
    }
    capital: Card = {
        "label": Message("Capital spent so far").render(language),
        "value": money(figures.capital_mkrw(stage), language).render(language),
        "unit": "",
    }
    if service is not None:
        sites["note"] = Message(
            "this service: {count}",
            count=Message("{count} places", count=figures.sites_opened(stage, service)),
        ).render(language)
        capital["note"] = Message(
            "this service: {count}", count=money(figures.capital_mkrw(stage, service), language)
        ).render(language)
    return [sites, capital]


def status_cards(figures: Figures, stage: int) -> list[Card]:
    """Return the cards of the status layer at one stage."""
    language = figures.subject.language
    flags = figures.underserved
    if flags is None:
        return []
    anywhere = flags[:, stage].any(axis=0)
    people = np.nan_to_num(figures.population)
    share = float(people[anywhere].sum() / people.sum()) if people.sum() > 0 else math.nan
    big: Card = {
        "label": Message("People who live where a service is missing").render(language),
        "value": percent(share, language),
        "unit": "%",
        "share": None if math.isnan(share) else round(share, 4),
    }
    if stage:
        before = flags[:, 0].any(axis=0)
        today = float(people[before].sum() / people.sum()) if people.sum() > 0 else math.nan
        big |= _change(100 * (share - today), "{count} %p", language, 1, -1)
    cards = [big]
    for s, service in enumerate(figures.subject.services):
        label = Message("Underserved: {service}", service=service.name(language))
        cards.append(_count_card(figures, label, flags[s, stage], flags[s, 0], stage))
    return cards + _plan_cards(figures, stage, None)


def extinction_cards(figures: Figures, stage: int = 0) -> list[Card]:
    """Return the cards of the depopulation layer, as the outlook has them at a stage."""
    language = figures.subject.language
    table = figures.subject.indicators
    if table is None:
        return []
    rows = table.reindex(figures.township_ids)
    people = figures.outlook("population")[stage].astype(float)
    classes = figures.outlook("extinction_class")[stage]
    high = (classes == "high").fillna(False).to_numpy(bool)
    # Where no index is known, nobody is known to be at risk, or not to be.
    told = classes.notna().any()
    share = float(people[high].sum() / people.sum()) if told and people.sum() > 0 else math.nan
    before = rows["population_before"].astype(float)
    both = before.notna() & people.notna()
    cards: list[Card] = [
        {
            "label": Message("People in townships of high extinction risk").render(language),
            "value": percent(share, language),
            "unit": "%",
            "share": None if math.isnan(share) else round(share, 4),
        },
        {
            "label": Message("Townships of high risk").render(language),
            "value": number(float(high.sum()) if told else math.nan, language),
            "unit": _counter(language),
            "note": Message("of {total}", total=figures.shape[2]).render(language),
        },
        {
            "label": Message("Depopulating townships").render(language),
            "value": number(int(figures.emptying(stage).sum()), language),
            "unit": _counter(language),
            "note": Message("of {total}", total=figures.shape[2]).render(language),
        },
        {
            "label": Message("Population").render(language),
            "value": number(float(people.sum()), language),
            "unit": Message("people").render(language),
        },
    ]
    if both.any() and before[both].sum() > 0:
        change = float(people[both].sum() / before[both].sum() - 1)
        year = rows["year_before"].dropna()
        arrow = "▲" if change > 0 else "▼"
        cards[-1]["note"] = Message(
            "{change} % since {year}",
            change=f"{arrow} {percent(abs(change), language)}",
            year=str(int(year.iloc[0])) if len(year) else "–",
        ).render(language)
    old = figures.outlook("population_65plus")[stage].astype(float)
    cards.append(
        {
            "label": Message("Aged 65 and over").render(language),
            "value": percent(float(old.sum() / people.sum()), language),
            "unit": "%",
        }
    )
    return cards
