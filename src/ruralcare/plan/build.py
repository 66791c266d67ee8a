"""From the tables of the other rooms to a plan problem, and back."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.language import Bilingual, Message
from ruralcare.need import NeedTable
from ruralcare.plan.problem import Fixed, Module, Period, PlanProblem, Rules, Service
from ruralcare.plan.result import Plan
from ruralcare.plan.solve import solve_problem
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Opening, PlanSettings
from ruralcare.scenario import Service as ScenarioService
from ruralcare.types import Places, TravelTimesByService

__all__ = ["build_problem", "check_openings", "solve"]

_OUTSIDE = "outside"
"""Group of places outside the planned counties."""


def solve(
    settings: PlanSettings,
    need: NeedTable,
    times: TravelTimesByService,
    places: Places,
    *,
    seed: int = 1,
    scenario_hash: str | None = None,
    progress: Progress = silent,
) -> Plan:
    """Plan which co-operative opens which service, when and how large.

    Parameters
    ----------
    settings : PlanSettings
        Money, staff and rules (``scenario.plan``).
    need : NeedTable
        People in need, with the services of the scenario.
    times : mapping of service to TravelTimes
        Travel times as each service travels, to facilities and candidate sites.
    places : Places
        What exists, and the candidate sites.
    seed : int
        Seed of the search.
    scenario_hash : str, optional
        Kept with the plan.
    progress : Progress
        Told the best plan so far and its gap.

    Returns
    -------
    Plan
        Checked by :func:`ruralcare.plan.verify` before it is returned.

    Raises
    ------
    InputError
        A required or forbidden opening names a site that is no candidate.
    InfeasibleError
        No plan keeps all the rules; the error says which conflict and by how much.
    """
    problem = build_problem(settings, need, times, places)
    plan = solve_problem(
        problem,
        relative_gap=settings.relative_gap,
        time_limit_s=settings.time_limit_s,
        seed=seed,
        progress=progress,
        scenario_hash=scenario_hash,
    )
    return plan.with_context(need, places)


def build_problem(
    settings: PlanSettings, need: NeedTable, times: TravelTimesByService, places: Places
) -> PlanProblem:
    """Return the problem that :func:`solve` hands to the search.

    Demand points are the zones; their need is the township's, shared by weight. A place without
    a known capacity has room for everybody.

    Raises
    ------
    InputError
        A required or forbidden opening names a site that is no candidate.
    """
    points = need.people.points.frame
    county = need.townships.frame["sigungu_id"]
    check_openings(settings, places)
    zones = pd.DataFrame(
        {
            "zone_id": points.index,
            "group_id": points["township_id"].map(county).to_numpy(),
            "priority": points["township_id"].map(_priority(settings, need)).to_numpy(),
        }
    )
    periods = [
        Period(str(number), period.year, settings.discount ** (number - 1))
        for number, period in enumerate(settings.periods, start=1)
    ]
    existing = _existing(need, places, periods)
    sites = _sites(settings, places, existing, county)
    return PlanProblem.from_tables(
        zones,
        sites,
        [_service(service) for service in need.services],
        periods,
        _demand(need, periods),
        existing,
        {service.id: _pairs(service, times, existing, places) for service in need.services},
        _rules(settings, need, periods, set(sites["group_id"])),
        epsilon=settings.time_penalty,
        names={**places.cooperatives.frame["name"], **_county_names(need)},
    )


def _county_names(need: NeedTable) -> dict[str, str]:
    frame = need.townships.frame
    return {
        str(code): str(name)
        for code, name in zip(frame["sigungu_id"], frame["sigungu_name"], strict=True)
        if name
    }


def _service(service: ScenarioService) -> Service:
    return Service(
        service.id,
        service.level,
        service.weight,
        tuple(
            Module(
                _size(service, k),
                module.capacity_persons,
                module.capital_mkrw,
                module.running_mkrw,
                module.care_workers,
            )
            for k, module in enumerate(service.modules)
        ),
        max_modules=service.max_modules,
        lag_periods=service.lag_periods,
        min_use=service.min_use or None,
        name=Bilingual(service.name_ko, service.name_en),
    )


def _size(service: ScenarioService, k: int) -> str:
    """Return how a module is written: its places, with a letter where two sizes are alike."""
    text = f"{service.modules[k].capacity_persons:g}"
    alike = [i for i, one in enumerate(service.modules) if f"{one.capacity_persons:g}" == text]
    return text if len(alike) == 1 else text + "abcdefghijklmnopqrstuvwxyz"[alike.index(k) % 26]


def _priority(settings: PlanSettings, need: NeedTable) -> pd.Series:
    """Return the weight of a person in each township."""
    today = need.of_year()
    underserved = set(today.loc[today["status"] == "underserved", "township_id"])
    emptying = need.indicators["depopulating"]
    first = [town in underserved and bool(emptying[town]) for town in need.indicators.index]
    weights = [settings.priority_underserved if one else 1.0 for one in first]
    return pd.Series(weights, index=need.indicators.index)


def _demand(need: NeedTable, periods: list[Period]) -> pd.DataFrame:
    points = need.people.points.frame[["township_id", "weight"]].rename_axis("zone_id")
    points = points.reset_index()
    parts = []
    for period in periods:
        rows = need.frame[need.frame["year"] == period.year]
        joined = points.merge(rows[["township_id", "service", "need_persons"]], on="township_id")
        parts.append(
            pd.DataFrame(
                {
                    "zone_id": joined["zone_id"],
                    "service_id": joined["service"],
                    "period_id": period.period_id,
                    "persons": joined["need_persons"] * joined["weight"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _existing(need: NeedTable, places: Places, periods: list[Period]) -> pd.DataFrame:
    """Return the capacity that stands without the plan, in every period."""
    wanted = {service.id for service in need.services}
    offers = places.offers[places.offers["service"].isin(wanted)]
    everybody = need.of_year().groupby("service")["need_persons"]
    room = offers["capacity_persons"].astype(float)
    room = room.where(room.notna(), offers["service"].map(everybody.sum()))
    frame = pd.DataFrame(
        {
            "site_id": offers["place_id"],
            "service_id": offers["service"],
            "capacity_persons": room,
        }
    )
    return pd.concat(
        [frame.assign(period_id=period.period_id) for period in periods], ignore_index=True
    )


def _sites(
    settings: PlanSettings, places: Places, existing: pd.DataFrame, county: pd.Series
) -> pd.DataFrame:
    offering = places.facilities.frame.loc[sorted(set(existing["site_id"]))]
    coops = places.cooperatives.frame
    willing = coops["willing"].map(lambda share: _agrees(share, settings)).astype(bool)
    parts = [
        pd.DataFrame(
            {
                "site_id": frame.index,
                "operator_id": frame["operator_id"].to_numpy(),
                "group_id": frame["township_id"].map(county).fillna(_OUTSIDE).to_numpy(),
                "candidate": candidate,
                "willing": agreed,
            }
        )
        for frame, candidate, agreed in (
            (offering, False, True),
            (coops, True, willing.to_numpy()),
        )
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _pairs(
    service: ScenarioService,
    times: TravelTimesByService,
    existing: pd.DataFrame,
    places: Places,
) -> pd.DataFrame:
    """Return the pairs within the standard, of places that offer the service or may do so."""
    offering = set(existing.loc[existing["service_id"] == service.id, "site_id"])
    useful = offering | set(places.cooperatives.frame.index)
    pairs = times[service.id].by_demand
    pairs = pairs[(pairs["time_min"] <= service.standard_min) & pairs["place_id"].isin(useful)]
    return pairs.rename(columns={"point_id": "zone_id", "place_id": "site_id"})


def _rules(
    settings: PlanSettings, need: NeedTable, periods: list[Period], with_sites: set[str]
) -> Rules:
    counties = sorted(set(need.townships.frame["sigungu_id"]))
    staffed = [county for county in counties if county in with_sites]
    staff = tuple(period.care_workers for period in settings.periods)
    operators = tuple(period.max_operators for period in settings.periods)
    services = [service.id for service in need.services]
    most = {s: tuple(period.max_new.get(s) for period in settings.periods) for s in services}
    fewest = {s: tuple(period.min_new.get(s) for period in settings.periods) for s in services}
    by_year = {period.year: period.period_id for period in periods}

    def fixed(openings: Iterable[Opening]) -> tuple[Fixed, ...]:
        return tuple(
            Fixed(one.site, one.service, by_year[one.year] if one.year is not None else None)
            for one in openings
        )

    floor = settings.equity_floor
    return Rules(
        budget_mkrw=tuple(period.budget_mkrw for period in settings.periods),
        carry_over=settings.carry_over,
        staff_fte=dict.fromkeys(staffed, staff)
        if any(value is not None for value in staff)
        else {},
        max_new={s: limits for s, limits in most.items() if any(x is not None for x in limits)},
        min_new={s: limits for s, limits in fewest.items() if any(x is not None for x in limits)},
        max_new_operators=operators if any(x is not None for x in operators) else None,
        equity_floor={} if floor is None else dict.fromkeys(counties, floor),
        levels_by=settings.levels_by,
        closures_allowed=settings.closures_allowed,
        forced=fixed(settings.forced),
        forbidden=fixed(settings.forbidden),
    )


def check_openings(settings: PlanSettings, places: Places) -> None:
    """Raise unless every required or ruled-out opening can be meant.

    Raises
    ------
    InputError
        An opening names a site that is no candidate; a required one is also ruled out, or its
        co-operative does not take part.
    """
    coops = places.cooperatives.frame
    banned = {(one.site, one.service) for one in settings.forbidden}
    faults = []
    for rule, openings in (("forced", settings.forced), ("forbidden", settings.forbidden)):
        for number, opening in enumerate(openings, start=1):
            problem = remedy = None
            if opening.site not in coops.index:
                problem = Message("No candidate site has this code.")
                remedy = Message("Use the code of a branch in the list of co-operatives.")
            elif rule == "forced" and (opening.site, opening.service) in banned:
                problem = Message("The opening is both required and ruled out.")
                remedy = Message("Remove it from plan.forced or from plan.forbidden.")
            elif rule == "forced" and not _agrees(coops.loc[opening.site, "willing"], settings):
                problem = Message("The opening is required, but the co-operative takes no part.")
                remedy = Message("Raise its willingness, or lower plan.least_willing.")
            if problem is not None and remedy is not None:
                key = f"plan.{rule}[{number}].site"
                faults.append(Fault(problem, remedy, column=key, value=opening.site))
    if faults:
        raise InputError(faults)


def _agrees(willing: float, settings: PlanSettings) -> bool:
    return willing > 0 and willing >= settings.least_willing
