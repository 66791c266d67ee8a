"""The columns of the program: what is decided, and where each decision stands.

x (a site has modules of a service in a period), m (how many of each; the same column as x
where there is one size and one module at most) and y (persons of a zone served at a site).
Existing facilities are no decisions: they add capacity and y columns only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.flows import Flows
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.program import Program

__all__ = [
    "Decisions",
    "Model",
    "Served",
    "decisions",
    "flow_unit",
    "module_columns",
    "most_capacity",
    "served_columns",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decisions:
    """The sites and services whose modules are decided, one row each.

    Parameters
    ----------
    site, service : int array
    allowed : bool array, decisions × periods
        False where the modules are forbidden, or before the period of a committed opening.
    number : dict of (site, service) to row
    """

    site: Ints
    service: Ints
    allowed: NDArray[np.bool_]
    number: dict[tuple[int, int], int]

    def __len__(self) -> int:
        return len(self.site)


@dataclass(frozen=True, eq=False)
class Served:
    """The y columns: class of zones and its need, site, service, period of each."""

    zone: Ints
    site: Ints
    service: Ints
    period: Ints
    need_persons: Floats
    column: Ints


@dataclass(frozen=True, eq=False)
class Model:
    """The program and where its decisions stand.

    Parameters
    ----------
    x : int array, decisions × periods
        Columns.
    m : tuple of int arrays, one per decision, modules × periods
        Columns.
    unit : float
        Persons per unit of y.
    """

    program: Program
    decisions: Decisions
    x: Ints
    m: tuple[Ints, ...]
    served: Served
    unit: float


def decisions(problem: PlanProblem) -> Decisions:
    """Return what is to be decided: willing candidate sites × services that can be built."""
    free = np.flatnonzero(problem.candidate & problem.willing)
    keys = [(int(j), s) for j in free for s, v in enumerate(problem.services) if v.modules]
    number = {key: row for row, key in enumerate(keys)}
    allowed = np.ones((len(keys), len(problem.periods)), dtype=bool)
    for fixed in problem.rules.forbidden:
        named = [fixed.service_id] if fixed.service_id else list(problem.service_index)
        periods = slice(None) if fixed.period_id is None else problem.period_index[fixed.period_id]
        for name in named:
            key = (problem.site_index[fixed.site_id], problem.service_index[name])
            if key in number:
                allowed[number[key], periods] = False
    for fixed in problem.rules.committed:
        j, s = problem.site_index[fixed.site_id], problem.service_index[fixed.service_id or ""]
        allowed[number[j, s], : problem.period_index[fixed.period_id or ""]] = False
    site, service = np.array(keys, dtype=np.int64).reshape(-1, 2).T
    return Decisions(site, service, allowed, number)


def flow_unit(problem: PlanProblem) -> float:
    """Return the persons per unit of y that keep the numbers near 1–100."""
    largest = float(problem.demand_persons.max(initial=0.0))
    return float(2.0 ** np.round(np.log2(largest / 100.0))) if largest > 0 else 1.0


def module_columns(
    program: Program, problem: PlanProblem, todo: Decisions, d: int, x: Ints
) -> Ints:
    """Add the columns m of one decision, modules × periods, and tie them to its x."""
    service = problem.services[todo.service[d]]
    sizes, periods = len(service.modules), len(x)
    if sizes == 1 and service.max_modules == 1:
        return x.reshape(1, periods)
    upper = np.tile(todo.allowed[d] * float(service.max_modules), sizes)
    m = program.columns(sizes * periods, upper=upper, integer=True).reshape(sizes, periods)
    for t in range(periods):
        program.row([*m[:, t], x[t]], [*np.ones(sizes), -service.max_modules], upper=0.0)
        program.row([*m[:, t], x[t]], [*np.ones(sizes), -1.0], lower=0.0)
    return m


def most_capacity(problem: PlanProblem, s: int) -> float:
    """Return the most capacity that modules can give a site."""
    service = problem.services[s]
    return service.max_modules * max(
        (module.capacity_persons for module in service.modules), default=0.0
    )


def served_columns(
    program: Program,
    problem: PlanProblem,
    flows: Sequence[Flows],
    todo: Decisions,
    unit: float,
) -> Served:
    """Add the columns y, for pairs where there is need and something may run."""
    services, periods = len(problem.services), len(problem.periods)
    keys: list[tuple[Ints, Ints, Ints, Ints]] = []
    costs, needs = [np.zeros(0)], [np.zeros(0)]
    runs = problem.existing_persons > 0
    for (j, s), d in todo.number.items():
        runs[j, s] |= todo.allowed[d]
    for s, t in np.ndindex(services, periods):
        zone, site = flows[s].pairs.zone, flows[s].pairs.site
        need = flows[s].demand_persons[zone, t]
        use = (need > 0) & runs[site, s, t]
        n = int(use.sum())
        discount, weight = problem.periods[t].discount, problem.services[s].weight
        worth = discount * weight * flows[s].priority[zone[use]]
        costs.append((worth - problem.epsilon * flows[s].pairs.time_min[use]) * unit)
        needs.append(need[use])
        keys.append((zone[use], site[use], np.full(n, s), np.full(n, t)))
    cost, need = np.concatenate(costs), np.concatenate(needs)
    column = program.columns(len(cost), cost=cost, upper=need / unit)
    zone, site, service, period = (np.concatenate([key[i] for key in keys]) for i in range(4))
    return Served(zone, site, service, period, need, column)
