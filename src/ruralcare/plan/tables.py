"""From settled modules and flows to the tables of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.plan.assign import Counts, Flow
from ruralcare.plan.explain import gains, reason
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.result import (
    ASSIGNMENT_COLUMNS,
    COVERAGE_COLUMNS,
    LIMITS_COLUMNS,
    OPENINGS_COLUMNS,
    write_modules,
)

__all__ = ["assignment_table", "coverage_table", "limits_table", "openings_table"]

Flows = Mapping[tuple[int, int], Flow]

_NEARLY = 1e-6
_KINDS = {"year": "int64", "binding": "bool"} | dict.fromkeys(
    (
        "site_id",
        "zone_id",
        "group_id",
        "service",
        "period",
        "change",
        "modules",
        "rule",
        "where",
    ),
    "str",
)


def openings_table(problem: PlanProblem, counts: Counts, flows: Flows) -> pd.DataFrame:
    """Return a row for each change of modules, in order of period, level and site."""
    brought = gains(problem, counts, flows)
    rows: list[tuple[tuple[int, ...], dict[str, Any]]] = []
    for (j, s), number in counts.items():
        service = problem.services[s]
        steps = np.diff(number, axis=1, prepend=0)
        for t in np.flatnonzero(steps.any(axis=0)).tolist():
            step, now = steps[:, t], int(number[:, t].sum())
            change = _change(now - int(step.sum()), now, bool((step > 0).any()))
            gained = brought.get((j, s, t), (0.0, 0.0))
            prices = [problem.capital(j, s, k) for k in range(len(step))]
            row = {
                "site_id": problem.site_ids[j],
                "service": service.service_id,
                "period": problem.periods[t].period_id,
                "year": problem.periods[t].year,
                "change": change,
                "modules": write_modules(
                    {m.module_id: int(n) for m, n in zip(service.modules, step, strict=True)}
                ),
                "capacity_persons": _sum(step, [m.capacity_persons for m in service.modules]),
                "capital_mkrw": _sum(step.clip(min=0), prices),
                "running_mkrw_per_year": _sum(
                    step, [m.running_mkrw_per_year for m in service.modules]
                ),
                "care_workers": _sum(step, [m.care_workers for m in service.modules]),
                "gained_persons": gained[0],
                "newly_reached_persons": gained[1],
                "reason": reason(problem, counts, flows, change, (j, s, t), gained),
            }
            rows.append(((t, service.level, s, j), row))
    rows.sort(key=lambda item: item[0])
    return _frame([row for _, row in rows], OPENINGS_COLUMNS)


def _change(before: int, now: int, added: bool) -> str:
    if before == 0:
        return "open"
    if now == 0:
        return "close"
    return "extend" if added else "shrink"


def _sum(step: NDArray[np.int64], figures: list[float]) -> float:
    return float(step @ np.asarray(figures, dtype=float))


def _frame(
    rows: Sequence[Mapping[str, Any]] | pd.DataFrame, columns: tuple[str, ...]
) -> pd.DataFrame:
    """Return a table whose types do not depend on its rows."""
    frame = pd.DataFrame(rows, columns=list(columns))
    kinds = {column: _KINDS.get(column, "float64") for column in columns if column != "reason"}
    return frame.astype(kinds)


def assignment_table(problem: PlanProblem, flows: Flows) -> pd.DataFrame:
    """Return who is served where, in order of period, service, zone and site."""
    names = {
        "zone_id": np.array(problem.zone_ids, dtype=object),
        "site_id": np.array(problem.site_ids, dtype=object),
    }
    parts = []
    for s, t in sorted(flows, key=lambda slot: (slot[1], slot[0])):
        used, persons = flows[s, t]
        pairs = problem.pairs[s]
        order = np.lexsort((pairs.site[used], pairs.zone[used]))
        used, persons = used[order], persons[order]
        parts.append(
            pd.DataFrame(
                {
                    "zone_id": names["zone_id"][pairs.zone[used]],
                    "site_id": names["site_id"][pairs.site[used]],
                    "service": problem.services[s].service_id,
                    "period": problem.periods[t].period_id,
                    "persons": persons,
                    "time_min": pairs.time_min[used],
                }
            )
        )
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return _frame(rows, ASSIGNMENT_COLUMNS)


def coverage_table(problem: PlanProblem, flows: Flows) -> pd.DataFrame:
    """Return need and people served by period, service and group of zones."""
    groups = sorted(set(problem.zone_groups))
    member = np.array([groups.index(group) for group in problem.zone_groups], dtype=np.int64)
    rows = []
    for t, period in enumerate(problem.periods):
        for s, service in enumerate(problem.services):
            used, persons = flows[s, t]
            need = np.bincount(member, problem.demand_persons[:, s, t], len(groups))
            served = np.bincount(member[problem.pairs[s].zone[used]], persons, len(groups))
            rows += [
                {
                    "period": period.period_id,
                    "year": period.year,
                    "service": service.service_id,
                    "group_id": group,
                    "need_persons": float(need[g]),
                    "served_persons": float(served[g]),
                }
                for g, group in enumerate(groups)
            ]
    return _frame(rows, COVERAGE_COLUMNS)


def limits_table(problem: PlanProblem, counts: Counts, flows: Flows) -> pd.DataFrame:
    """Return every limit that is switched on, what the plan uses of it, and whether it binds."""
    rows = [
        {
            "rule": rule,
            "period": problem.periods[t].period_id,
            "where": where,
            "used": float(used),
            "limit": float(limit),
            "binding": bool(binding),
        }
        for rule, t, where, used, limit, binding in [
            *_money_and_staff(problem, counts),
            *_numbers(problem, counts),
            *_least(problem, counts, flows),
        ]
    ]
    return _frame(rows, LIMITS_COLUMNS)


Line = tuple[str, int, str, float, float, bool]


def _money_and_staff(problem: PlanProblem, counts: Counts) -> Iterator[Line]:
    rules, periods = problem.rules, range(len(problem.periods))
    prices, spent = [], np.zeros(len(problem.periods))
    workers: dict[str, list[float]] = {group: [] for group in rules.staff_fte}
    staff = {group: np.zeros(len(problem.periods)) for group in rules.staff_fte}
    for (j, s), number in counts.items():
        added = np.diff(number, axis=1, prepend=0).clip(min=0)
        price = [problem.capital(j, s, k) for k in range(len(number))]
        fte = [module.care_workers for module in problem.services[s].modules]
        prices += price
        spent += np.array(price) @ added
        if problem.site_groups[j] in staff:
            workers[problem.site_groups[j]] += fte
            staff[problem.site_groups[j]] += np.array(fte) @ number
    if rules.budget_mkrw is not None:
        budget = np.array(rules.budget_mkrw, dtype=float)
        if rules.carry_over:
            spent, budget = spent.cumsum(), budget.cumsum()
        cheapest = min((price for price in prices if price > 0), default=np.inf)
        for t in periods:
            yield "budget", t, "", spent[t], budget[t], budget[t] - spent[t] < cheapest
    for group, limits in rules.staff_fte.items():
        least = min((fte for fte in workers[group] if fte > 0), default=np.inf)
        for t, limit in enumerate(limits):
            if limit is not None:
                used = staff[group][t]
                yield "staff", t, group, used, limit, limit - used < least


def _numbers(problem: PlanProblem, counts: Counts) -> Iterator[Line]:
    rules, periods = problem.rules, range(len(problem.periods))
    for name in ("max_new", "min_new"):
        for service_id, limits in getattr(rules, name).items():
            s = problem.service_index[service_id]
            new = np.zeros(len(periods))
            for (j, r), number in counts.items():
                if r == s and problem.existing_persons[j, s, 0] == 0:
                    new += number.sum(axis=0) > 0
            for t, limit in enumerate(limits):
                if limit is not None and not (name == "min_new" and limit == 0):
                    spare = limit - new[t] if name == "max_new" else new[t] - limit
                    yield name, t, service_id, new[t], limit, spare < 1
    if rules.max_new_operators is not None:
        ran = (problem.existing_persons[:, :, 0] > 0).any(axis=1)
        old = {problem.site_operators[j] for j in np.flatnonzero(ran)}
        for t, limit in enumerate(rules.max_new_operators):
            now = {problem.site_operators[j] for (j, _), n in counts.items() if n[:, t].any()}
            if limit is not None:
                used = len(now - old)
                yield "max_new_operators", t, "", used, limit, limit - used < 1


def _least(problem: PlanProblem, counts: Counts, flows: Flows) -> Iterator[Line]:
    last = len(problem.periods) - 1
    for group, floor in problem.rules.equity_floor.items():
        member = np.array([name == group for name in problem.zone_groups])
        need = float(problem.demand_persons[member, :, last].sum())
        served = 0.0
        for s in range(len(problem.services)):
            used, persons = flows[s, last]
            served += float(persons[member[problem.pairs[s].zone[used]]].sum())
        share = served / need if need > 0 else 1.0
        yield "equity_floor", last, group, share, floor, share <= floor + _NEARLY
