"""The whole chain: read, measure, assess, plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from ruralcare import access, inputs, need, network, plan
from ruralcare.errors import DownloadError, Fault, InputError
from ruralcare.language import Message
from ruralcare.progress import Progress, silent
from ruralcare.report import InputsReport, Results
from ruralcare.scenario import PointsSource, Scenario
from ruralcare.settings import Settings
from ruralcare.stages import Stage
from ruralcare.types import (
    AccessTable,
    Places,
    Population,
    Reading,
    RoadNetwork,
    Townships,
    TravelTimes,
)

__all__ = ["Examined", "check", "examine", "read", "run"]

Table = TypeVar("Table")
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
    found = _whole(examine(scenario, settings=settings, progress=progress))
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


@dataclass(frozen=True)
class Examined:
    """What could be read of a scenario's files, and every fault that was found.

    Parameters
    ----------
    townships, people, places, roads
        The tables; None where a fault stopped the reading.
    faults : tuple of Fault
        The faults of all files together.
    readings : tuple of Reading
        What was read from files in order whose table could not be made for the faults of others,
        and from files of further figures.
    figures : DataFrame, optional
        Figures of the townships that registers do not tell (:func:`inputs.read_indicators`).
    download : DownloadError, optional
        The first service on the network that did not answer; it is among the faults as well.
    """

    townships: Townships | None
    people: Population | None
    places: Places | None
    roads: RoadNetwork | None
    faults: tuple[Fault, ...]
    readings: tuple[Reading, ...] = ()
    download: DownloadError | None = None
    figures: pd.DataFrame | None = None

    @property
    def tables(self) -> tuple[Townships, Population, Places, RoadNetwork]:
        """The four tables, where all files are in order."""
        found = self.townships, self.people, self.places, self.roads
        townships, people, places, roads = found
        if townships is None or people is None or places is None or roads is None:
            raise InputError(self.faults)
        return townships, people, places, roads


def read(
    scenario: Scenario, *, settings: Settings | None = None, progress: Progress = silent
) -> tuple[Townships, Population, Places, RoadNetwork]:
    """Read all files of a scenario.

    Raises
    ------
    InputError
        The faults of all files together.
    DownloadError
        The files are in order, but a service on the network did not answer.
    """
    return _whole(examine(scenario, settings=settings, progress=progress)).tables


def _whole(found: Examined) -> Examined:
    """Return what was read if it is without fault, else raise."""
    if found.download is not None and len(found.faults) == 1:
        raise found.download
    if found.faults:
        raise InputError(found.faults)
    return found


def check(
    scenario: Scenario | str | Path,
    *,
    variant: str | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> InputsReport:
    """Read everything a scenario names and report on it: what was read, mended, and is at fault.

    Parameters
    ----------
    scenario : Scenario or path
        A scenario, or its file; a file that is itself faulty has a report as well.
    variant : str, optional
        Group of overrides to apply, where a file is given.
    settings : Settings, optional
        Paths of this installation.
    progress : Progress
        Told which step is under way.
    """
    if not isinstance(scenario, Scenario):
        file = Path(scenario).name
        try:
            scenario = Scenario.read(scenario, variant=variant)
        except InputError as error:
            return InputsReport(file, faults=error.faults)
    found = examine(scenario, settings=settings, progress=progress)
    return InputsReport(
        scenario.path.name,
        scenario,
        found.townships,
        found.people,
        found.places,
        found.roads,
        found.faults,
        found.readings,
    )


class _Attempts:
    """Reads what can be read, and keeps what went wrong."""

    def __init__(self, scenario: Scenario, progress: Progress) -> None:
        self.faults: list[Fault] = []
        self.readings: list[Reading] = []
        self.download: DownloadError | None = None
        self._file = scenario.path.name
        self._progress = progress

    def __call__(self, step: Message, reader: Callable[[], Table]) -> Table | None:
        self._progress(step)
        try:
            return reader()
        except InputError as error:
            self.tell(error.faults)
            self.readings.extend(error.readings)
        except DownloadError as error:
            # A service that does not answer keeps nobody from hearing about the files.
            self.tell([Fault(error.message, Message("Try again later."), file=self._file)])
            self.download = self.download or error
        return None

    def tell(self, faults: Iterable[Fault]) -> None:
        """Keep faults that are new."""
        self.faults.extend(fault for fault in faults if fault not in self.faults)

    def result(
        self,
        townships: Townships | None = None,
        people: Population | None = None,
        places: Places | None = None,
        roads: RoadNetwork | None = None,
        figures: pd.DataFrame | None = None,
    ) -> Examined:
        """Return what was found."""
        faults, readings = tuple(self.faults), tuple(self.readings)
        return Examined(townships, people, places, roads, faults, readings, self.download, figures)


def examine(
    scenario: Scenario, *, settings: Settings | None = None, progress: Progress = silent
) -> Examined:
    """Read as much of a scenario's files as can be read, and collect every fault."""
    settings = settings or Settings()
    attempt = _Attempts(scenario, progress)
    attempt(Message("Reading townships"), lambda: inputs.refuse_streams(scenario))
    if attempt.faults:
        return attempt.result()
    readable = scenario
    if scenario.points.kind == "villages":
        villages = attempt(Message("Reading villages"), lambda: inputs.read_villages(scenario))
        if villages is None:
            # Several files are read with the help of the villages; check them all the same.
            readable = _by_seats(scenario)
    towns = attempt(Message("Reading townships"), lambda: inputs.read_townships(readable))
    if towns is None:
        # Everything else is matched to the townships; say at least which files are not there.
        for file in scenario.files:
            attempt(Message("Reading townships"), partial(inputs.check_file, scenario, file))
        return attempt.result()
    people = attempt(
        Message("Reading population"), lambda: inputs.read_population(readable, towns, settings)
    )
    places = attempt(
        Message("Reading facilities and co-operatives"),
        lambda: inputs.read_places(readable, towns, settings),
    )
    figures = attempt(
        Message("Reading figures of counties and townships"),
        lambda: inputs.read_indicators(scenario, towns),
    )
    if figures is not None:
        attempt.readings.extend(figures.readings)
    points = people.points if people else inputs.read_demand_points(_by_seats(readable), towns)
    roads = attempt(
        Message("Building the road network"),
        lambda: network.read_roads(
            readable, towns, points, settings, places=places.points if places else None
        ),
    )
    if people is not None:
        attempt.tell(_too_early(scenario, people))
    if places is not None:
        try:
            plan.check_openings(scenario.plan, places)
        except InputError as error:
            # The plan knows the key at fault, not the file it stands in.
            attempt.tell(replace(fault, file=scenario.path.name) for fault in error.faults)
        try:
            need.check_models(scenario.need.models, towns, places)
        except InputError as error:
            attempt.tell(replace(fault, file=scenario.path.name) for fault in error.faults)
    if people is not None and readable is not scenario:
        # The points were stand-ins for the villages: nothing is to be said of them.
        attempt.readings.extend(people.readings)
        people = None
    return attempt.result(towns, people, places, roads, None if figures is None else figures.frame)


def _too_early(scenario: Scenario, people: Population) -> list[Fault]:
    """Return a fault if the plan begins before the date of its population."""
    if scenario.plan.periods[0].year >= people.year:
        return []
    return [
        Fault(
            Message(
                "The plan begins before the date of its population, {year}.",
                year=str(people.year),
            ),
            Message("Let the first period begin in that year or later."),
            file=scenario.path.name,
            column="plan.periods[1].year",
            value=str(scenario.plan.periods[0].year),
        )
    ]


def _by_seats(scenario: Scenario) -> Scenario:
    """Return the scenario with one demand point per township, which needs no other file."""
    return scenario.model_copy(update={"points": PointsSource(kind="centroid")})


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
