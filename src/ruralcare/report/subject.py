"""What a page is about: the results, with parts that may be missing.

A map of a whole run, of a plan, of a need table or of an access table differ only in what is
known. A :class:`Subject` holds what there is, and everything that draws copes with the rest
being absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from ruralcare.language import Language, Message
from ruralcare.need import NeedTable, RuleTable, Sureness
from ruralcare.plan import Plan, access_by_stage, need_by_stage
from ruralcare.report.results import Results
from ruralcare.scenario import Scenario, Service
from ruralcare.types import AccessTable, Places, Population, RoadNetwork, Townships

__all__ = ["ServiceName", "Subject", "of_access", "of_need", "of_plan", "of_results"]


@dataclass(frozen=True)
class ServiceName:
    """What a page must know of a service.

    Parameters
    ----------
    id : str
    names : mapping of language to str
    standard_min : float
    """

    id: str
    names: Mapping[str, str]
    standard_min: float

    @classmethod
    def of(cls, service: Service) -> ServiceName:
        """Return it for a service of a scenario."""
        return cls(service.id, {"ko": service.name_ko, "en": service.name_en}, service.standard_min)

    def name(self, language: Language) -> str:
        """Return the name in one language."""
        return self.names[language]


@dataclass(frozen=True, eq=False)
class Subject:
    """What a page shows.

    Parameters
    ----------
    title : mapping of language to str
        Title of the scenario; empty where there is none.
    townships : Townships
    services : tuple of ServiceName
    years : tuple of int or None
        Year of each stage; ``None`` where it is not known.
    access : tuple of AccessTable
        One for each stage; may be empty.
    stage_need : tuple of DataFrame
        Need, unmet need and status of each stage; may be empty.
    islands : DataFrame or None
        Parts of the network (:func:`~ruralcare.network.islands.islands`), where they are known.
    rules, sureness, actors, similar
        As in :class:`~ruralcare.report.Results`, where they are known.
    """

    title: Mapping[str, str]
    language: Language
    townships: Townships
    services: tuple[ServiceName, ...]
    years: tuple[int | None, ...]
    access: tuple[AccessTable, ...] = ()
    people: Population | None = None
    places: Places | None = None
    roads: RoadNetwork | None = None
    need: NeedTable | None = None
    plan: Plan | None = None
    stage_need: tuple[pd.DataFrame, ...] = ()
    scenario: Scenario | None = None
    demo: bool = False
    notes: tuple[Message, ...] = field(default=())
    islands: pd.DataFrame | None = None
    rules: RuleTable | None = None
    sureness: Sureness | None = None
    actors: pd.DataFrame | None = None
    similar: pd.DataFrame | None = None

    @property
    def indicators(self) -> pd.DataFrame | None:
        """The indicators of the townships, where need was assessed."""
        return None if self.need is None else self.need.indicators

    @property
    def proxy(self) -> bool:
        """Whether roads are stand-ins."""
        if self.roads is not None:
            return self.roads.is_proxy
        return any(one.proxy for table in self.access for one in table.times.values())

    @property
    def cutoffs_min(self) -> dict[str, float]:
        """Longest time measured, by service."""
        times = self.access[0].times if self.access else {}
        return {service: one.cutoff_min for service, one in times.items()}

    def speaking(self, language: Language | None) -> Subject:
        """Return the same in another language."""
        return self if language is None else replace(self, language=language)


def of_results(results: Results) -> Subject:
    """Return what a run has to show."""
    scenario = results.scenario
    return Subject(
        title={"ko": scenario.title_ko, "en": scenario.title_en},
        language=scenario.language,
        townships=results.townships,
        services=tuple(ServiceName.of(service) for service in scenario.services),
        years=results.years,
        access=results.access,
        people=results.people,
        places=results.places,
        roads=results.roads,
        need=results.need,
        plan=results.plan,
        stage_need=results.stage_need,
        scenario=scenario,
        demo=scenario.demo,
        notes=results.notes,
        islands=results.islands,
        rules=results.rules,
        sureness=results.sureness,
        actors=results.actors,
        similar=results.similar,
    )


def of_need(need: NeedTable) -> Subject:
    """Return what a need table has to show: today."""
    return Subject(
        title={"ko": "", "en": ""},
        language="ko",
        townships=need.townships,
        services=tuple(ServiceName.of(service) for service in need.services),
        years=(need.people.year,),
        access=(need.access,),
        people=need.people,
        need=need,
        stage_need=(need.of_year(),),
        notes=need.notes,
    )


def of_access(access: AccessTable, townships: Townships) -> Subject:
    """Return what an access table has to show: times of the services it measured."""
    known = {
        "home_visit_care": Message("Home-visit care"),
        "day_care": Message("Day care"),
        "nursing_home": Message("Nursing home"),
    }
    services = []
    for service in dict.fromkeys(access.frame["service"]):
        name = known.get(service)
        names = {
            "ko": name.render("ko") if name else service,
            "en": name.render("en") if name else service,
        }
        services.append(ServiceName(service, names, float(access.standards_min[service])))
    return Subject(
        title={"ko": "", "en": ""},
        language="ko",
        townships=townships,
        services=tuple(services),
        years=(None,),
        access=(access,),
    )


def of_plan(plan: Plan) -> Subject:
    """Return what a plan has to show: its need, and what opens when.

    Raises
    ------
    ValueError
        The plan was solved from bare arrays and knows no townships.
    """
    if plan.need is None or plan.places is None:
        raise ValueError(
            "this plan was solved without townships; draw the results of a run instead"
        )
    years = [period.year for period in plan.problem.periods]
    stages = access_by_stage(plan.need, plan.places, plan)
    return replace(
        of_need(plan.need),
        years=(plan.need.people.year, *years),
        access=stages,
        stage_need=need_by_stage(plan.need, stages, plan),
        places=plan.places,
        plan=plan,
    )
