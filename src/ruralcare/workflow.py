"""The whole chain: read, measure, assess, plan."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd

from ruralcare import access, need, network, plan
from ruralcare.examining import Examined, check, examine, read, whole
from ruralcare.language import Message
from ruralcare.progress import Progress, silent
from ruralcare.report import Results
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.stages import Stage
from ruralcare.types import (
    AccessTable,
    Places,
    Population,
    RoadNetwork,
    Townships,
    TravelTimes,
)

__all__ = ["Examined", "check", "examine", "read", "run"]

_NAMES_SHOWN = 12
# Actors of one kind that are listed for a township, the nearest first, and how far they are asked.
_ACTORS = 30
_ACTORS_CUTOFF_MIN = 60.0


def run(
    scenario: Scenario,
    *,
    until: Stage = "report",
    scheduler: str | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> Results:
    """Follow the chain from files to a staged plan.

    Parameters
    ----------
    scenario : Scenario
        What to do.
    until : {"access", "need", "plan", "report"}
        Where to stop.
    scheduler : str, optional
        Address of a dask.distributed scheduler (``tcp://…``) whose workers measure travel times.
    settings : Settings, optional
        Paths of this installation.
    progress : Progress
        Told where the chain is.

    Returns
    -------
    Results
        What a map and a report are made from.

    Raises
    ------
    InputError
        Files or scenario cannot be used; every fault is listed.
    InfeasibleError
        No plan keeps all the rules.
    """
    settings = settings or Settings()
    if scheduler is not None:
        # Nobody reads a country's files to learn that an address is misspelt.
        network.check_scheduler(scheduler)
    found = whole(examine(scenario, settings=settings, progress=progress))
    townships, people, places, roads = found.tables
    times = network.service_times(
        roads,
        people.points,
        _counted(scenario, places),
        scenario.services,
        scenario.travel,
        scheduler=scheduler,
        progress=progress,
    )
    standards = {service.id: service.standard_min for service in scenario.services}
    today = access.coverage(times, places.offers, standard_min=standards, people=people)
    notes = (*_notes(scenario, townships, people, places, roads.notes), *_cut_off(today, people))
    results = Results(scenario, townships, people, places, roads, (today,), notes=notes)
    if until == "access":
        return results
    needs = need.assess(
        townships,
        people,
        today,
        services=scenario.services,
        settings=scenario.need,
        years=[period.year for period in scenario.plan.periods],
        connection=network.connections(
            roads,
            townships,
            people.points,
            persons=people.totals(),
            snap_limit_m=scenario.travel.snap_limit_m,
        ),
        figures=found.figures,
        seed=scenario.seed,
        progress=progress,
    )
    rules = _rules(scenario, townships, people, places, roads, settings, progress)
    sure = (
        need.sureness(needs, seed=scenario.seed, progress=progress)
        if scenario.need.uncertainty.samples
        else None
    )
    progress(Message("Listing who is within reach"))
    by_car = _by_car(scenario, roads, people, places, scheduler)
    further = () if rules is None else rules.notes
    results = Results(
        scenario,
        townships,
        people,
        places,
        roads,
        (today,),
        needs,
        stage_need=(needs.of_year(),),
        rules=rules,
        sureness=sure,
        actors=need.actors(townships, people, places, by_car, most=_ACTORS),
        figures=found.figures,
        similar=need.candidates(needs, places, scenario.need.models),
        notes=(*notes, *needs.notes, *further),
    )
    if until == "need":
        return results
    progress(Message("Searching the plan"))
    best = plan.solve(
        scenario.plan,
        needs,
        times,
        places,
        seed=scenario.seed,
        scenario_hash=scenario.hash,
        progress=progress,
    )
    stages = plan.access_by_stage(needs, places, best)
    judged = plan.need_by_stage(needs, stages, best)
    return replace(results, access=stages, plan=best, stage_need=judged)


def _rules(
    scenario: Scenario,
    townships: Townships,
    people: Population,
    places: Places,
    roads: RoadNetwork,
    settings: Settings,
    progress: Progress,
) -> need.RuleTable | None:
    """Assess the rules that the scenario names, each with its own speeds; None if it names none."""
    chosen = {name: scenario.need.rules[name] for name in scenario.need.assess}
    if not chosen:
        return None

    def roads_of(profile: str | None) -> RoadNetwork:
        if profile is None or profile == scenario.roads.profile:
            return roads
        changed = scenario.roads.model_copy(update={"profile": profile})
        other = scenario.model_copy(update={"roads": changed})
        return network.read_roads(
            other, townships, people.points, settings, places=places.points, progress=progress
        )

    return need.measure_rules(
        chosen, townships, people, places, roads_of, travel=scenario.travel, progress=progress
    )


def _counted(scenario: Scenario, places: Places) -> gpd.GeoSeries:
    """Return what can offer a service of the scenario; there may be far more of other kinds."""
    services = {service.id for service in scenario.services}
    offers = places.facilities.offers
    wanted = set(offers.loc[offers["service"].isin(services), "facility_id"])
    wanted |= set(places.cooperatives.frame.index)
    return places.points[[one in wanted for one in places.points.index]]


def _by_car(
    scenario: Scenario,
    roads: RoadNetwork,
    people: Population,
    places: Places,
    scheduler: str | None,
) -> TravelTimes:
    """Return the times from home to the actors of care by car, without a detour.

    Senior halls stand in every village: those of a township need no table of ways.
    """
    kinds = places.facilities.frame["kind"]
    halls = set(kinds.index[kinds == "senior_hall"])
    actors = places.points[[one not in halls for one in places.points.index]]
    return network.travel_times(
        roads,
        people.points,
        actors,
        cutoff_min=_ACTORS_CUTOFF_MIN,
        walking_kmh=scenario.travel.walking_kmh,
        snap_limit_m=scenario.travel.snap_limit_m,
        scheduler=scheduler,
    )


def _cut_off(today: AccessTable, people: Population) -> tuple[Message, ...]:
    """Name the places from which nobody reaches any institution, and why."""
    told = []
    apart = _all_in(today, people, "unreachable")
    if apart is not None:
        told.append(
            Message(
                "No road or ferry of the data leads from these places to any institution: {names} "
                "(about {count} people).",
                names=apart[0],
                count=apart[1],
            )
        )
    far = _all_in(today, people, "unsnapped")
    if far is not None:
        told.append(
            Message(
                "These places lie too far from any road of the data: {names} "
                "(about {count} people).",
                names=far[0],
                count=far[1],
            )
        )
    return tuple(told)


def _all_in(today: AccessTable, people: Population, state: str) -> tuple[str, int] | None:
    """Return the places that are in a state for every service on offer, and their people."""
    offered = set(today.offers["service"])
    rows = today.points[today.points["service"].isin(offered)]
    lost = rows[rows["state"] == state].groupby("point_id").size()
    points = people.points.frame.loc[lost.index[lost == rows["service"].nunique()]]
    if not len(points):
        return None
    persons = float((points["weight"] * points["township_id"].map(people.totals())).sum())
    names = [str(name) for name in dict.fromkeys(points["name"])]
    more = " …" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more, round(persons)


def _notes(
    scenario: Scenario,
    townships: Townships,
    people: Population,
    places: Places,
    roads: tuple[Message, ...],
) -> tuple[Message, ...]:
    """Collect what a reader of the results must know."""
    assumed = (
        (Message("The population is assumed: no register was given."),) if people.assumed else ()
    )
    unplaced = len(places.facilities.unplaced) + len(places.cooperatives.unplaced)
    left = (
        (Message("Institutions and branches that could not be placed: {count}.", count=unplaced),)
        if unplaced
        else ()
    )
    return (
        *assumed,
        *townships.notes,
        *people.notes,
        *people.points.notes,
        *places.facilities.notes,
        *places.cooperatives.notes,
        *left,
        *roads,
    )
