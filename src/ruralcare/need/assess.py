"""Which townships are underserved, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ruralcare.access import assign
from ruralcare.language import Message, Verbatim
from ruralcare.need.demand import need_by_service
from ruralcare.need.depopulation import indicators, years_between
from ruralcare.need.table import NeedTable
from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AccessTable, Population, Townships

__all__ = ["assess", "assess_stage"]

# A cause is told when at least this share of the people of a township is hit by it, and the
# largest cause always.
_TOLD_SHARE = 0.1
# A change over ten years that rests on fewer is told to be uncertain.
_SHORT_YEARS = 5.0


def assess(
    townships: Townships,
    people: Population,
    access: AccessTable,
    *,
    services: tuple[Service, ...],
    settings: NeedSettings,
    years: Sequence[int] = (),
    connection: pd.Series | None = None,
) -> NeedTable:
    """Say how many people need each service, for how many there is no room, and why.

    A township is underserved in a service if at least ``settings.own.share`` of its
    people live beyond the standard, or if at least ``settings.own.unmet_share`` of its need lies
    within the standard and still finds no room.

    Parameters
    ----------
    townships, people, access
        What was read and measured; ``access`` counts today's institutions.
    services : tuple of Service
        Services of the scenario.
    settings : NeedSettings
        Rates and thresholds.
    years : sequence of int
        Years of the plan; need is held at the level of the latest register.
    connection : Series, optional
        How each township is linked to the rest (:func:`ruralcare.network.connections`).

    Returns
    -------
    NeedTable
        A row for every township, service and year (that of the register first).
    """
    need = need_by_service(people, services, settings)
    facts = indicators(townships, people, settings, connection)
    parts = []
    for service in services:
        rows = need[need["service"] == service.id].set_index("township_id")
        parts.append(_one_service(service, rows["need_persons"], access, settings, facts))
    today = pd.concat(parts, ignore_index=True)
    all_years = sorted({people.year, *years})
    frame = pd.concat([today.assign(year=year) for year in all_years], ignore_index=True)
    columns = [
        "township_id",
        "service",
        "year",
        "need_persons",
        "unmet_persons",
        "status",
        "reasons",
    ]
    notes = [
        Message("Recognition rates: {source}", source=Verbatim(settings.recognition_source)),
    ]
    first = people.years[0]
    span = years_between(people.as_of[first], people.as_of[people.year])
    if 0 < span < _SHORT_YEARS:
        notes.append(
            Message(
                "The change of population over ten years is drawn out from only {years} years "
                "({before} to {after}); in small townships chance weighs heavily in it.",
                years=round(span, 1),
                before=people.as_of[first],
                after=people.as_of[people.year],
            )
        )
    if len(all_years) > 1:
        notes.append(
            Message(
                "Need is held at the level of {year}; a forecast is not part of this plan.",
                year=str(people.year),
            )
        )
    return NeedTable(
        frame[columns], facts, services, townships, people, access, settings, tuple(notes)
    )


def assess_stage(need: NeedTable, access: AccessTable, year: int) -> pd.DataFrame:
    """Say the same of a later stage, from what stands then.

    People are assigned as today: as many as possible are served, the nearest first. A plan
    decides what opens where; it does not decide who gets which place, so its own assignment,
    which favours needy townships, is not used here. Both serve the same number in all, unless a
    least use ties people to a site.

    Parameters
    ----------
    need : NeedTable
        Need and thresholds.
    access : AccessTable
        Access with what stands at the stage.
    year : int
        Year of the stage, one of ``need.years``.

    Returns
    -------
    DataFrame
        The columns of :class:`NeedTable`, a row for each township and service.
    """
    rows = need.of_year(year)
    parts = []
    for service in need.services:
        mine = rows[rows["service"] == service.id].set_index("township_id")["need_persons"]
        parts.append(_one_service(service, mine, access, need.settings, need.indicators))
    return pd.concat(parts, ignore_index=True).assign(year=year)[list(need.frame.columns)]


def _one_service(
    service: Service,
    need: pd.Series,
    access: AccessTable,
    settings: NeedSettings,
    facts: pd.DataFrame,
) -> pd.DataFrame:
    points = access.times[service.id].points.frame
    by_point = points["weight"] * points["township_id"].map(need)
    offers = access.offers[access.offers["service"] == service.id]
    capacity = offers.set_index("place_id")["capacity_persons"]
    standard = access.standards_min[service.id]
    served = assign(access.times[service.id], by_point, capacity, standard)
    by_township = served.groupby(served["point_id"].map(points["township_id"]))["persons"].sum()
    met = by_township.reindex(need.index, fill_value=0.0).clip(upper=need)
    shares = access.frame[access.frame["service"] == service.id].set_index("township_id")
    rows = []
    for township in facts.index:
        wanted, unmet = float(need[township]), float(need[township] - met[township])
        reasons = _reasons(shares.loc[township], wanted, unmet, capacity.empty, settings)
        if "too_far" in reasons and facts.loc[township, "connection"] == "ferry":
            reasons.append("ferry_only")
        rows.append(
            (
                township,
                service.id,
                wanted,
                max(unmet, 0.0),
                "underserved" if reasons else "served",
                ";".join(reasons),
            )
        )
    columns = ["township_id", "service", "need_persons", "unmet_persons", "status", "reasons"]
    return pd.DataFrame(rows, columns=columns)


def _reasons(
    shares: pd.Series, need: float, unmet: float, no_provider: bool, settings: NeedSettings
) -> list[str]:
    """Return the codes of the causes that make a township underserved; none if it is served."""
    if no_provider:
        return ["no_provider"]
    reasons = []
    outside = 1.0 - float(shares["covered_share"])
    if outside >= settings.own.share:
        causes = {
            "too_far": shares["beyond_standard_share"] + shares["beyond_cutoff_share"],
            "unreachable": shares["unreachable_share"],
            "unsnapped": shares["unsnapped_share"],
        }
        told = min(_TOLD_SHARE, max(causes.values()))
        reasons = [code for code, share in causes.items() if share >= told]
    without_room = unmet - need * outside
    if need > 0 and without_room >= settings.own.unmet_share * need:
        reasons.append("no_seats")
    return reasons
