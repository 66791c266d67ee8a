"""The solver's plans against enumeration of every schedule of openings.

Nothing here uses the model builder, the assignment program or the check of plans: schedules
are enumerated, the rules are tested on them one by one, and people are assigned by scipy.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import plan_cases
import pytest
from scipy.optimize import linprog

from ruralcare.errors import InfeasibleError
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.solve import solve_problem

Schedule = tuple[tuple[int, ...], ...]  # per period: number of each module


def schedules(problem: PlanProblem, s: int) -> list[Schedule]:
    service = problem.services[s]
    sizes = range(service.max_modules + 1)
    states = [
        state
        for state in product(sizes, repeat=len(service.modules))
        if sum(state) <= service.max_modules
    ]
    lines = product(states, repeat=len(problem.periods))
    if problem.rules.closures_allowed:
        return list(lines)
    return [
        line
        for line in lines
        if all(
            a <= b for t in range(1, len(line)) for a, b in zip(line[t - 1], line[t], strict=True)
        )
    ]


class Oracle:
    def __init__(self, problem: PlanProblem) -> None:
        self.p = problem
        self.T = len(problem.periods)
        self.keys = [
            (j, s)
            for j in range(len(problem.site_ids))
            for s in range(len(problem.services))
            if problem.candidate[j] and problem.willing[j] and problem.services[s].modules
        ]
        self.served = cache(self._served)

    def single_ok(self, j: int, s: int, line: Schedule) -> bool:
        """Rule 11, which looks at one site and service only."""
        p = self.p
        on = [sum(state) > 0 for state in line]
        site, name = p.site_ids[j], p.services[s].service_id
        periods = [period.period_id for period in p.periods]
        for f in p.rules.forbidden:
            named = f.site_id == site and f.service_id in (None, name)
            banned = [t for t in range(self.T) if f.period_id in (None, periods[t])]
            if named and any(on[t] for t in banned):
                return False
        for f in p.rules.forced:
            if (f.site_id, f.service_id) == (site, name):
                first = self.T - 1 if f.period_id is None else periods.index(f.period_id)
                if not all(on[first:]):
                    return False
        for f in p.rules.committed:
            if (f.site_id, f.service_id) == (site, name):
                first = periods.index(f.period_id)
                if any(on[:first]) or not all(on[first:]):
                    return False
        return True

    def joint_ok(self, plan: dict[tuple[int, int], Schedule]) -> bool:
        p, rules, periods = self.p, self.p.rules, self.T
        on = {key: [sum(state) > 0 for state in line] for key, line in plan.items()}
        there = p.existing_persons
        if rules.budget_mkrw is not None:
            spent = [0.0] * periods
            for (j, s), line in plan.items():
                for t in range(periods):
                    old = line[t - 1] if t else (0,) * len(line[0])
                    for k, module in enumerate(p.services[s].modules):
                        key = (p.site_ids[j], p.services[s].service_id, module.module_id)
                        price = p.site_capital_mkrw.get(key, module.capital_mkrw)
                        spent[t] += max(0, line[t][k] - old[k]) * price
            for t in range(periods):
                lo = 0 if rules.carry_over else t
                if sum(spent[lo : t + 1]) > sum(rules.budget_mkrw[lo : t + 1]) + 1e-9:
                    return False
        for t in range(periods):
            for group, limit in rules.staff_fte.items():
                used = sum(
                    line[t][k] * module.care_workers
                    for (j, s), line in plan.items()
                    if p.site_groups[j] == group
                    for k, module in enumerate(p.services[s].modules)
                )
                if limit[t] is not None and used > limit[t] + 1e-9:
                    return False
            for s, service in enumerate(p.services):
                new = sum(x[t] for (j, r), x in on.items() if r == s and there[j, s, 0] == 0)
                most = rules.max_new.get(service.service_id, [None] * periods)[t]
                least = rules.min_new.get(service.service_id, [None] * periods)[t]
                if (most is not None and new > most) or (least is not None and new < least):
                    return False
            if rules.max_new_operators is not None:
                old = {p.site_operators[j] for j in range(len(p.site_ids)) if there[j, :, 0].any()}
                now = {p.site_operators[j] for (j, s), x in on.items() if x[t]}
                if len(now - old) > rules.max_new_operators[t]:
                    return False
        return rules.levels_by is None or all(
            self.level_ok(j, s, t, on) for (j, s), x in on.items() for t in range(periods) if x[t]
        )

    def level_ok(self, j: int, s: int, t: int, on: dict[tuple[int, int], list[bool]]) -> bool:
        p = self.p
        levels = sorted({v.level for v in p.services if v.level < p.services[s].level})
        if not levels or p.existing_persons[j, s, t] > 0:
            return True
        before = t - p.services[s].lag_periods
        for i in range(len(p.site_ids)):
            same = p.site_operators[i] == p.site_operators[j]
            if i == j or (p.rules.levels_by == "operator" and same):
                for r, service in enumerate(p.services):
                    if service.level == levels[-1]:
                        if p.existing_persons[i, r, max(before, 0)] > 0:
                            return True
                        if before >= 0 and (i, r) in on and on[i, r][before]:
                            return True
        return False

    def _served(
        self, slots: tuple[tuple[int, int], ...], states: tuple[tuple[tuple[int, ...], bool], ...]
    ) -> float:
        """Best worth of serving people in some services and periods; -inf if impossible."""
        p = self.p
        cost, bounds, upper, limit = [], [], [], []
        columns: list[tuple[int, int, int, int]] = []
        for s, t in slots:
            pairs = p.pairs[s]
            for i, j, minutes in zip(pairs.zone, pairs.site, pairs.time_min, strict=True):
                worth = p.periods[t].discount * p.services[s].weight * p.priority[i]
                cost.append(-(worth - p.epsilon * minutes))
                columns.append((i, j, s, t))
        keys = [(j, s, t) for s, t in slots for (j, r) in self.keys if r == s]
        state = dict(zip(keys, states, strict=True))

        def add(test, sign, value):
            upper.append([sign if test(*column) else 0.0 for column in columns])
            limit.append(sign * value)

        for s, t in slots:
            for i in range(len(p.zone_ids)):
                add(lambda a, b, c, d: (a, c, d) == (i, s, t), 1.0, p.demand_persons[i, s, t])  # noqa: B023
            for j in range(len(p.site_ids)):
                places = p.existing_persons[j, s, t]
                number, settled = state.get((j, s, t), ((), False))
                for module, n in zip(p.services[s].modules, number, strict=False):
                    places += n * module.capacity_persons
                add(lambda a, b, c, d: (b, c, d) == (j, s, t), 1.0, places)  # noqa: B023
                runs_out = t == self.T - 1 and sum(number) > 0
                if (settled or runs_out) and p.services[s].min_use:
                    least = p.services[s].min_use * places
                    add(lambda a, b, c, d: (b, c, d) == (j, s, t), -1.0, least)  # noqa: B023
        if slots[0][1] == self.T - 1:
            for group, floor in p.rules.equity_floor.items():
                mine = [i for i, name in enumerate(p.zone_groups) if name == group]
                need = floor * p.demand_persons[mine][:, :, self.T - 1].sum()
                add(lambda a, b, c, d: a in mine, -1.0, need)  # noqa: B023
        bounds = [(0, None)] * len(cost)
        if not cost:
            return 0.0 if min(limit, default=0.0) >= 0 else -np.inf
        found = linprog(cost, A_ub=np.array(upper), b_ub=limit, bounds=bounds, method="highs")
        return -float(found.fun) if found.status == 0 else -np.inf

    def value(self, plan: dict[tuple[int, int], Schedule]) -> float:
        total = 0.0
        for t in range(self.T):
            slots = [(s, t) for s in range(len(self.p.services))]
            # The equity floor ties the services of the last period together.
            joint = self.p.rules.equity_floor and t == self.T - 1
            for block in [tuple(slots)] if joint else [(slot,) for slot in slots]:
                states = tuple(
                    (plan[j, r][u], u > 0 and sum(plan[j, r][u - 1]) > 0 and sum(plan[j, r][u]) > 0)
                    for s, u in block
                    for (j, r) in self.keys
                    if r == s
                )
                total += self.served(block, states)
                if total == -np.inf:
                    return total
        return total

    def best(self) -> float:
        choices = [
            [line for line in schedules(self.p, s) if self.single_ok(j, s, line)]
            for j, s in self.keys
        ]
        assert np.prod([len(c) for c in choices]) < 300_000
        best = -np.inf
        for lines in product(*choices):
            plan = dict(zip(self.keys, lines, strict=True))
            if self.joint_ok(plan):
                best = max(best, self.value(plan))
        return best


@pytest.mark.parametrize("seed", range(30))
def test_the_plan_is_the_best_of_all_schedules(seed):
    problem = plan_cases.tiny(seed)
    best = Oracle(problem).best()
    if best == -np.inf:
        with pytest.raises(InfeasibleError):
            solve_problem(problem, relative_gap=0.0)
        return
    plan = solve_problem(problem, relative_gap=0.0)
    assert plan.termination == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-6)
    assert plan.bound == pytest.approx(best, rel=2e-6)
