"""Everything a scenario names, read as far as it can be, with every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from ruralcare import inputs, need, network, plan
from ruralcare.errors import DownloadError, Fault, InputError
from ruralcare.language import Message
from ruralcare.progress import Progress, silent
from ruralcare.report import InputsReport
from ruralcare.scenario import PointsSource, Scenario
from ruralcare.settings import Settings
from ruralcare.types import Places, Population, Reading, RoadNetwork, Townships

__all__ = ["Examined", "check", "examine", "read", "whole"]

Table = TypeVar("Table")


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
    return whole(examine(scenario, settings=settings, progress=progress)).tables


def whole(found: Examined) -> Examined:
    """Return what was read if it is without fault, else raise.

    Raises
    ------
    InputError
        The faults of all files together.
    DownloadError
        The files are in order, but a service on the network did not answer.
    """
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
