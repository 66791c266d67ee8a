"""Everything a map or a report can show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ruralcare import views
from ruralcare.language import Message
from ruralcare.need import NeedTable, RuleTable, Sureness
from ruralcare.network.islands import islands
from ruralcare.plan import Plan
from ruralcare.scenario import Scenario
from ruralcare.types import AccessTable, Places, Population, RoadNetwork, Townships

__all__ = ["Results"]


@dataclass(frozen=True, eq=False)
class Results:
    """The outcome of a run, as far as the chain was followed.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    townships, people, places, roads
        What was read.
    access : tuple of AccessTable
        Access today, then after each period of the plan (only today without a plan).
    need : NeedTable or None
        Need, indicators and status; None if the run stopped at access.
    plan : Plan or None
        The plan; None if the run stopped before it.
    stage_need : tuple of DataFrame
        Need, unmet need and status today and after each period (:func:`plan.need_by_stage`).
    rules : RuleTable or None
        Status under the rules of ``need.assess``; None if the scenario names none.
    sureness : Sureness or None
        How sure the status is; None if no samples were asked for.
    actors : DataFrame or None
        Who is within reach of each township (:func:`ruralcare.need.actors`).
    similar : DataFrame or None
        Who could take over the models of ``need.models`` (:func:`ruralcare.need.candidates`).
    figures : DataFrame or None
        Figures of townships and counties that registers do not tell, as they were read.
    notes : tuple of Message
        What a reader must know: assumptions, stand-ins, what was left out.
    """

    scenario: Scenario
    townships: Townships
    people: Population
    places: Places
    roads: RoadNetwork
    access: tuple[AccessTable, ...]
    need: NeedTable | None = None
    plan: Plan | None = None
    stage_need: tuple[pd.DataFrame, ...] = ()
    rules: RuleTable | None = None
    sureness: Sureness | None = None
    actors: pd.DataFrame | None = None
    similar: pd.DataFrame | None = None
    figures: pd.DataFrame | None = None
    notes: tuple[Message, ...] = ()

    @property
    def years(self) -> tuple[int, ...]:
        """Year of each stage: the year of the population first, then those of the plan."""
        planned = [period.year for period in self.scenario.plan.periods] if self.plan else []
        return (self.people.year, *planned)

    @cached_property
    def islands(self) -> pd.DataFrame:
        """Parts of the network with their people (:func:`~ruralcare.network.islands.islands`)."""
        limit_m = self.scenario.travel.snap_limit_m
        return islands(self.roads, self.townships, self.people, self.places, snap_limit_m=limit_m)

    def map(self) -> Any:  # noqa: ANN401 - a MapPage of this room
        """Return the map page."""
        return views.draw("results", self)
