"""The tables of a plan as dictionaries by names, for the independent check."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from ruralcare.plan.problem import PlanProblem

__all__ = ["Checkable", "Evidence", "Violation"]


@dataclass(frozen=True)
class Violation:
    """A rule that the plan breaks, where, and by how much.

    Parameters
    ----------
    rule : str
    where : str
        Ids of site, zone, service, period or group.
    amount : float
        In the unit of the rule: persons, million won, care workers, sites or a share.
    """

    rule: str
    where: str
    amount: float

    def __str__(self) -> str:
        return f"{self.rule} at {self.where}: by {self.amount:g}"


class Checkable(Protocol):
    """What is read of a plan."""

    @property
    def openings(self) -> pd.DataFrame:
        """Changes of modules."""
        ...

    @property
    def assignment(self) -> pd.DataFrame:
        """Who is served where."""
        ...

    @property
    def coverage(self) -> pd.DataFrame:
        """Need and people served."""
        ...

    @property
    def objective(self) -> float:
        """Value of the plan."""
        ...

    @property
    def bound(self) -> float:
        """What no plan can exceed."""
        ...


class Evidence:
    """What the tables of a plan say, by ids; rows that cannot be read are faults.

    Parameters
    ----------
    problem : PlanProblem
    plan : Checkable
    """

    def __init__(self, problem: PlanProblem, plan: Checkable) -> None:
        self.p, self.plan = problem, plan
        self.periods = [period.period_id for period in problem.periods]
        self.service = {service.service_id: service for service in problem.services}
        self.faults: list[Violation] = []
        self._read_problem()
        self._read_openings()
        self._read_assignment()

    def _read_problem(self) -> None:
        p = self.p
        self.minutes = {}
        for s, name in enumerate(self.service):
            pairs = p.pairs[s]
            for zone, site, time_min in zip(
                pairs.zone.tolist(), pairs.site.tolist(), pairs.time_min.tolist(), strict=True
            ):
                self.minutes[name, p.zone_ids[zone], p.site_ids[site]] = time_min
        self.demand, self.there = {}, {}
        for s, name in enumerate(self.service):
            for t, period in enumerate(self.periods):
                for i, zone in enumerate(p.zone_ids):
                    self.demand[zone, name, period] = float(p.demand_persons[i, s, t])
                for j, site in enumerate(p.site_ids):
                    self.there[site, name, period] = float(p.existing_persons[j, s, t])

    def _fault(self, rule: str, where: str, amount: float = 1.0) -> None:
        self.faults.append(Violation(rule, where, amount))

    def _read_openings(self) -> None:
        """Modules in place: (site, service, module) → numbers in period order."""
        self.modules: dict[tuple[str, str, str], list[int]] = {}
        changes: dict[tuple[str, str, str, str], int] = {}
        columns = ["site_id", "service", "period", "modules"]
        for site, name, period, text in self.plan.openings[columns].itertuples(
            index=False, name=None
        ):
            where = f"{site} {name} {period}"
            known = site in self.p.site_ids and name in self.service and period in self.periods
            if not known:
                self._fault("openings", f"unknown {where}")
                continue
            sizes = {module.module_id for module in self.service[name].modules}
            for part in text.split(" + "):
                module, _, number = part.rpartition("×")
                if module not in sizes or not number.lstrip("-").isdigit():
                    self._fault("openings", f"unknown module {part} {where}")
                elif (site, name, module, period) in changes:
                    self._fault("openings", f"twice {where}")
                else:
                    changes[site, name, module, period] = int(number)
        for site, name, module, _ in changes:
            line, number_now = [], 0
            for period in self.periods:
                number_now += changes.get((site, name, module, period), 0)
                line.append(number_now)
            self.modules[site, name, module] = line
        self.opened = sorted({(site, name) for site, name, _ in self.modules})

    def _read_assignment(self) -> None:
        self.flow: list[tuple[str, str, str, str, float, float]] = []
        self.load: dict[tuple[str, str, str], float] = defaultdict(float)
        self.served: dict[tuple[str, str, str], float] = defaultdict(float)
        columns = ["zone_id", "site_id", "service", "period", "persons", "time_min"]
        for row in self.plan.assignment[columns].itertuples(index=False, name=None):
            zone, site, name, period, persons, time_min = row
            if (zone, name, period) not in self.demand or (site, name, period) not in self.there:
                self._fault("assignment", f"unknown {zone} {site} {name} {period}")
                continue
            self.flow.append((zone, site, name, period, float(persons), float(time_min)))
            self.load[site, name, period] += float(persons)
            self.served[zone, name, period] += float(persons)

    def number(self, site: str, name: str, t: int) -> int:
        """Modules of a service in place at a site."""
        sizes = self.service[name].modules
        lines = [self.modules.get((site, name, module.module_id)) for module in sizes]
        return sum(line[t] for line in lines if line)

    def places(self, site: str, name: str, t: int) -> float:
        """Capacity: what is there and what the modules add."""
        total = self.there[site, name, self.periods[t]]
        for module in self.service[name].modules:
            line = self.modules.get((site, name, module.module_id))
            total += module.capacity_persons * line[t] if line else 0.0
        return total

    def runs(self, site: str, name: str, t: int) -> bool:
        """Whether a site runs a service, with modules or without."""
        there = self.there[site, name, self.periods[t]] > 0
        return there or self.number(site, name, t) > 0
