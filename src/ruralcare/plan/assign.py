"""Who is served where once the modules are settled: an exact linear program for y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.columns import flow_unit
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.program import Program, optimise

__all__ = ["Counts", "Flow", "assign", "capacity", "least_load"]

Floats = NDArray[np.float64]
Counts = Mapping[tuple[int, int], NDArray[np.int64]]
"""Modules in place: (site, service) → modules × periods."""

Flow = tuple[NDArray[np.int64], Floats]
"""Positions in the service's pairs, and persons served on each."""

_OPTIONS = {
    "threads": 1,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "solver": "simplex",
}
_DUST = 1e-9


def capacity(problem: PlanProblem, counts: Counts) -> Floats:
    """Return the capacity in persons, sites × services × periods."""
    total = problem.existing_persons.copy()
    for (j, s), number in counts.items():
        sizes = [module.capacity_persons for module in problem.services[s].modules]
        total[j, s] += np.array(sizes) @ number
    return total


def least_load(problem: PlanProblem, counts: Counts) -> Floats:
    """Return the least persons each site must serve (rule 9), sites × services × periods."""
    total = capacity(problem, counts)
    load = np.zeros_like(total)
    for (j, s), number in counts.items():
        share = problem.services[s].min_use
        if share:
            runs = number.sum(axis=0) > 0
            # Nobody sees what follows the last period: an opening there must be used at once.
            settled = np.r_[False, runs[:-1]] & runs
            settled[-1] = runs[-1]
            load[j, s, settled] = share * total[j, s, settled]
    return load


def assign(
    problem: PlanProblem,
    counts: Counts,
    *,
    only: Sequence[tuple[int, int]] | None = None,
    bare: bool = False,
) -> dict[tuple[int, int], Flow] | None:
    """Assign the people in need to what is there, best for the objective.

    Parameters
    ----------
    counts : Counts
        Modules in place.
    only : sequence of (service, period), optional
        What to assign; everything by default.
    bare : bool
        Leave out least use and equity floors.

    Returns
    -------
    dict of (service, period) to Flow, or None
        Flows above dust; ``None`` if no assignment keeps the rules.
    """
    last = len(problem.periods) - 1
    slots = (
        [(s, t) for t in range(last + 1) for s in range(len(problem.services))]
        if only is None
        else list(only)
    )
    total = capacity(problem, counts)
    load = np.zeros_like(total) if bare else least_load(problem, counts)
    floors = {} if bare else {g: f for g, f in problem.rules.equity_floor.items() if f > 0}
    joint = [slot for slot in slots if floors and slot[1] == last]
    blocks = [[slot] for slot in slots if slot not in joint] + ([joint] if joint else [])
    found: dict[tuple[int, int], Flow] = {}
    for block in blocks:
        flows = _solve(problem, block, total, load, floors if block is joint else {})
        if flows is None:
            return None
        found.update(flows)
    return {slot: found[slot] for slot in slots}


def _solve(
    problem: PlanProblem,
    block: Sequence[tuple[int, int]],
    total: Floats,
    load: Floats,
    floors: Mapping[str, float],
) -> dict[tuple[int, int], Flow] | None:
    program, unit = Program(), flow_unit(problem)
    columns = {}
    served = {group: [np.zeros(0, dtype=np.int64)] for group in floors}
    need = dict.fromkeys(floors, 0.0)
    for s, t in block:
        pairs, demand = problem.pairs[s], problem.demand_persons[:, s, t]
        used = np.flatnonzero((demand[pairs.zone] > 0) & (total[pairs.site, s, t] > 0))
        zone, site = pairs.zone[used], pairs.site[used]
        worth = problem.periods[t].discount * problem.services[s].weight * problem.priority[zone]
        cost = (worth - problem.epsilon * pairs.time_min[used]) * unit
        y = program.columns(len(used), cost=cost, upper=demand[zone] / unit)
        columns[s, t] = (used, y)
        zones, row = np.unique(zone, return_inverse=True)
        program.entries(program.rows(len(zones), upper=demand[zones] / unit)[row], y, 1.0)
        sites, row = np.unique(site, return_inverse=True)
        if (np.delete(load[:, s, t], sites) > 0).any():
            return None
        lower, upper = load[sites, s, t] / unit, total[sites, s, t] / unit
        program.entries(program.rows(len(sites), lower=lower, upper=upper)[row], y, 1.0)
        for group in floors:
            member = np.array([name == group for name in problem.zone_groups])
            served[group].append(y[member[zone]])
            need[group] += float(demand[member].sum())
    for group, floor in floors.items():
        mine = np.concatenate(served[group])
        program.row(mine, np.ones(len(mine)), lower=floor * need[group] / unit)
    if program.n_columns == 0:
        return {slot: (used, np.zeros(0)) for slot, (used, _) in columns.items()}
    outcome = optimise(program, options=_OPTIONS)
    if outcome.values is None or outcome.status != "optimal":
        return None
    flows = {}
    for slot, (used, y) in columns.items():
        persons = outcome.values[y] * unit
        kept = persons > _DUST * unit
        flows[slot] = (used[kept], persons[kept])
    return flows
