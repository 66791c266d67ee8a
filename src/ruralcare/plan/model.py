"""The staged roll-out as a mixed-integer program: rules 1–11, in the strong form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.columns import (
    Model,
    decisions,
    flow_unit,
    module_columns,
    most_capacity,
    served_columns,
)
from ruralcare.plan.flows import Flows, zone_flows
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.program import Program, RowLabel

__all__ = ["build_model"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def build_model(problem: PlanProblem, flows: Sequence[Flows] | None = None) -> Model:
    """Build the program.

    Parameters
    ----------
    flows : sequence of Flows, optional
        Zones, or zones joined; by default every zone.
    """
    flows = zone_flows(problem) if flows is None else flows
    program, todo, unit = Program(), decisions(problem), flow_unit(problem)
    periods = len(problem.periods)
    shape = (len(todo), periods)
    upper = todo.allowed.astype(float).ravel()
    x = program.columns(len(upper), upper=upper, integer=True).reshape(shape)
    m = tuple(module_columns(program, problem, todo, d, x[d]) for d in range(len(todo)))
    served = served_columns(program, problem, flows, todo, unit)
    model = Model(program, todo, x, m, served, unit)
    _serve(model, problem)
    _staying(model, problem)
    _levels(model, problem)
    _money(model, problem)
    _staff(model, problem)
    _new_sites(model, problem)
    _new_operators(model, problem)
    _least_use(model, problem)
    _equity(model, problem, flows)
    _fixed(model, problem)
    return model


def _serve(model: Model, problem: PlanProblem) -> None:
    """Rules 1–3: need, capacity, and service only where something runs."""
    program, y, unit = model.program, model.served, model.unit
    there, shape = problem.existing_persons, problem.existing_persons.shape
    _, first, row = np.unique(
        (y.zone * shape[1] + y.service) * shape[2] + y.period,
        return_index=True,
        return_inverse=True,
    )
    rows = program.rows(len(first), upper=y.need_persons[first] / unit)
    program.entries(rows[row], y.column, 1.0)

    place = (y.site, y.service, y.period)
    keys, row = np.unique(np.ravel_multi_index(place, shape), return_inverse=True)
    rows = program.rows(len(keys), upper=there.ravel()[keys] / unit)
    program.entries(rows[row], y.column, 1.0)
    row_of = np.full(shape, -1)
    row_of.ravel()[keys] = rows
    x_of = np.full(shape, -1)
    most = np.zeros(shape)
    for (j, s), d in model.decisions.number.items():
        x_of[j, s], most[j, s] = model.x[d], most_capacity(problem, s)
        served = row_of[j, s] >= 0
        for k, module in enumerate(problem.services[s].modules):
            capacity = module.capacity_persons / unit
            program.entries(row_of[j, s][served], model.m[d][k][served], -capacity)

    # Where existing capacity stands the site runs without the plan: no strong row.
    strong = there[place] == 0
    limit = np.minimum(y.need_persons, most[place])[strong] / unit
    rows = program.rows(len(limit), upper=0.0)
    program.entries(rows, y.column[strong], 1.0)
    program.entries(rows, x_of[place][strong], -limit)


def _staying(model: Model, problem: PlanProblem) -> None:
    """Rule 4: what opens stays, and so does every module."""
    if problem.rules.closures_allowed:
        return
    program = model.program
    for x, m in zip(model.x, model.m, strict=True):
        stacked = [x] if m[0, 0] == x[0] else [x, *m]
        for line in stacked:
            rows = program.rows(len(line) - 1, lower=0.0)
            program.entries(rows, line[1:], 1.0)
            program.entries(rows, line[:-1], -1.0)


def _levels(model: Model, problem: PlanProblem) -> None:
    """Rule 5: the level below has run for the lag, at the site or at its operator."""
    by = problem.rules.levels_by
    if by is None:
        return
    operators = problem.site_operators
    for (j, s), d in model.decisions.number.items():
        below, lag = problem.below(s), problem.services[s].lag_periods
        if not below:
            continue
        sites = [
            i
            for i in range(len(operators))
            if i == j or (by == "operator" and operators[i] == operators[j])
        ]
        for t in range(len(problem.periods)):
            before = max(t - lag, 0)
            ran = problem.existing_persons[np.ix_(sites, below)][:, :, before] > 0
            if ran.any() or problem.existing_persons[j, s, t] > 0:
                continue
            columns = [model.x[d, t]]
            if t >= lag:
                columns += [
                    model.x[model.decisions.number[i, r], before]
                    for i in sites
                    for r in below
                    if (i, r) in model.decisions.number
                ]
            label = RowLabel("level", t, problem.site_ids[j], s)
            values = [1.0] + [-1.0] * (len(columns) - 1)
            model.program.row(columns, values, upper=0.0, label=label)


def _money(model: Model, problem: PlanProblem) -> None:
    """Rule 6: capital for modules that are added."""
    budget = problem.rules.budget_mkrw
    if budget is None:
        return
    program, periods = model.program, len(problem.periods)
    # Per period: columns and prices of "modules there" (plain) or "modules added" (closures).
    paid: list[list[tuple[int, float]]] = [[] for _ in range(periods)]
    carry = problem.rules.carry_over
    for (j, s), d in model.decisions.number.items():
        for k in range(len(problem.services[s].modules)):
            price, m = problem.capital(j, s, k), model.m[d][k]
            if price == 0:
                continue
            added = _added(program, m) if problem.rules.closures_allowed else None
            for t in range(periods):
                if added is not None:
                    span = range(t + 1) if carry else range(t, t + 1)
                    paid[t] += [(int(added[u]), price) for u in span]
                else:
                    paid[t].append((int(m[t]), price))
                    if t and not carry:
                        paid[t].append((int(m[t - 1]), -price))
    limits = np.cumsum(budget) if carry else np.asarray(budget)
    scale = max(1.0, float(np.max(limits)))
    for t in range(periods):
        columns = [column for column, _ in paid[t]]
        prices = np.array([price for _, price in paid[t]]) / scale
        label = RowLabel("budget", t, scale=scale)
        program.row(columns, prices, upper=limits[t] / scale, label=label)


def _added(program: Program, m: Ints) -> Ints:
    """Return columns of the modules added in each period, where modules may also go."""
    added = program.columns(len(m))
    rows = program.rows(len(m), lower=0.0)
    program.entries(rows, added, 1.0)
    program.entries(rows, m, -1.0)
    program.entries(rows[1:], m[:-1], 1.0)
    return added


def _staff(model: Model, problem: PlanProblem) -> None:
    """Rule 7: care workers of the modules in place, per group of sites."""
    for group, limits in problem.rules.staff_fte.items():
        for t, limit in enumerate(limits):
            if limit is None:
                continue
            columns, workers = [], []
            for (j, s), d in model.decisions.number.items():
                if problem.site_groups[j] == group:
                    columns += list(model.m[d][:, t])
                    workers += [module.care_workers for module in problem.services[s].modules]
            label = RowLabel("staff", t, group)
            model.program.row(columns, workers, upper=limit, label=label)


def _new_sites(model: Model, problem: PlanProblem) -> None:
    """Rule 8: most and least new sites of a service."""
    for name in ("max_new", "min_new"):
        for service_id, limits in getattr(problem.rules, name).items():
            s = problem.service_index[service_id]
            new = [
                d
                for (j, r), d in model.decisions.number.items()
                if r == s and problem.existing_persons[j, s, 0] == 0
            ]
            for t, limit in enumerate(limits):
                if limit is None or (name == "min_new" and limit == 0):
                    continue
                side = "upper" if name == "max_new" else "lower"
                label = RowLabel(name, t, service_id, s)
                columns = model.x[new, t]
                ones = np.ones(len(new))
                model.program.row(columns, ones, label=label, **{side: float(limit)})


def _new_operators(model: Model, problem: PlanProblem) -> None:
    """Rule 8 for operators: one counts from its first service on."""
    limits = problem.rules.max_new_operators
    if limits is None:
        return
    program, operators = model.program, problem.site_operators
    old = {operators[j] for j in np.flatnonzero((problem.existing_persons[:, :, 0] > 0).any(1))}
    mine: dict[str, list[int]] = {}
    for (j, _), d in model.decisions.number.items():
        if operators[j] not in old:
            mine.setdefault(operators[j], []).append(d)
    for t, limit in enumerate(limits):
        if limit is None:
            continue
        runs = program.columns(len(mine), upper=1.0, integer=True)
        for column, group in zip(runs, mine.values(), strict=True):
            rows = program.rows(len(group), lower=0.0)
            program.entries(rows, np.full(len(group), column), 1.0)
            program.entries(rows, model.x[group, t], -1.0)
        label = RowLabel("max_new_operators", t)
        program.row(runs, np.ones(len(runs)), upper=float(limit), label=label)


def _least_use(model: Model, problem: PlanProblem) -> None:
    """Rule 9: from a site's second period on, and in the last, a share of capacity is in use."""
    program, y, last = model.program, model.served, len(problem.periods) - 1
    for (j, s), d in model.decisions.number.items():
        share, service = problem.services[s].min_use, problem.services[s]
        if not share:
            continue
        for t in range(min(1, last), last + 1):
            here = (y.site == j) & (y.service == s) & (y.period == t)
            there = problem.existing_persons[j, s, t] / model.unit
            columns = [*y.column[here], model.x[d, t], *model.m[d][:, t]]
            caps = [module.capacity_persons / model.unit for module in service.modules]
            values = [*np.ones(int(here.sum())), -share * there, *(-share * c for c in caps)]
            # The period of the opening itself is free: "opens" lifts the whole requirement. Not so
            # in the last period, after which nobody looks.
            free = share * (there + most_capacity(problem, s) / model.unit)
            if t < last and problem.rules.closures_allowed:
                (opens,) = program.columns(1, upper=1.0)
                program.row([opens, model.x[d, t]], [1.0, -1.0], upper=0.0)
                program.row([opens, model.x[d, t - 1]], [1.0, 1.0], upper=1.0)
                columns.append(opens)
                values.append(free)
            elif t < last:
                columns += [model.x[d, t], model.x[d, t - 1]]
                values += [free, -free]
            label = RowLabel("min_use", t, problem.site_ids[j], s, model.unit)
            program.row(columns, values, lower=0.0, label=label)


def _equity(model: Model, problem: PlanProblem, flows: Sequence[Flows]) -> None:
    """Rule 10: a share of all persons in need of a group is served in the last period."""
    y, last = model.served, len(problem.periods) - 1
    for group, floor in problem.rules.equity_floor.items():
        if floor <= 0:
            continue
        here = np.zeros(len(y.column), dtype=bool)
        need = 0.0
        for s, flow in enumerate(flows):
            member = np.array([name == group for name in flow.group])
            need += float(flow.demand_persons[member, last].sum())
            mine = (y.service == s) & (y.period == last)
            here[mine] = member[y.zone[mine]]
        scale = max(need, model.unit)
        label = RowLabel("equity_floor", last, group)
        values = np.full(int(here.sum()), model.unit / scale)
        model.program.row(y.column[here], values, lower=floor * need / scale, label=label)


def _fixed(model: Model, problem: PlanProblem) -> None:
    """Rule 11: forced and committed openings (forbidden ones are column limits)."""
    last = len(problem.periods) - 1
    for kind in ("forced", "committed"):
        for fixed in getattr(problem.rules, kind):
            j = problem.site_index[fixed.site_id]
            s = problem.service_index[fixed.service_id]
            d = model.decisions.number[j, s]
            first = problem.period_index[fixed.period_id] if fixed.period_id else last
            label = RowLabel(kind, first, fixed.site_id, s)
            for t in range(first, last + 1):
                model.program.row([model.x[d, t]], [1.0], lower=1.0, label=label)
                for k, module in enumerate(problem.services[s].modules):
                    count = fixed.modules.get(module.module_id, 0)
                    if count:
                        columns = [model.m[d][k, t]]
                        model.program.row(columns, [1.0], lower=float(count), label=label)
