"""A quick plan to start from: what is promised first, then most worth served per scarce means.

Every step keeps levels, money, staff, numbers of sites and least use. People once given to a
module stay with it, so a later step never empties an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.assign import assign
from ruralcare.plan.columns import decisions
from ruralcare.plan.problem import Limits, PlanProblem

__all__ = ["greedy_counts"]

Floats = NDArray[np.float64]
Modules = dict[tuple[int, int], NDArray[np.int64]]

_SLACK = 1e-9
_FLOOR_BOOST = 20.0


def greedy_counts(problem: PlanProblem) -> Modules | None:
    """Return modules in place by (site, service), modules × periods, that keep every rule.

    Returns
    -------
    dict or None
        ``None`` if no plan was found this way; that proves nothing.
    """
    floors = any(floor > 0 for floor in problem.rules.equity_floor.values())
    for boost in (1.0, _FLOOR_BOOST) if floors else (1.0,):
        board = _Board(problem, boost)
        if not board.place_promised():
            continue
        for t in range(len(problem.periods)):
            board.place_best(t)
        if assign(problem, board.counts) is not None:
            return board.counts
    return None


@dataclass(frozen=True)
class _Step:
    """One module more at a site from a period on."""

    site: int
    service: int
    module: int
    period: int


class _Ledger:
    """Use of the limited means: money, staff, new sites and new operators."""

    def __init__(self, problem: PlanProblem) -> None:
        rules, self.n = problem.rules, len(problem.periods)
        self.problem = problem
        self.limits: list[Floats] = []
        budget = rules.budget_mkrw
        self.money = None if budget is None else self._line(budget)
        self.staff = {group: self._line(limits) for group, limits in rules.staff_fte.items()}
        self.new = {
            problem.service_index[name]: self._line(limits)
            for name, limits in rules.max_new.items()
        }
        operators = rules.max_new_operators
        self.operators = None if operators is None else self._line(operators)
        if self.money is not None and rules.carry_over:
            self.limits[self.money] = np.cumsum(self.limits[self.money])
        self.limit = np.array(self.limits).reshape(-1, self.n)
        self.limit += _SLACK * np.maximum(1.0, np.where(self.limit < np.inf, self.limit, 0.0))
        self.used = np.zeros_like(self.limit)
        running = (problem.existing_persons[:, :, 0] > 0).any(axis=1)
        self.old = {problem.site_operators[j] for j in np.flatnonzero(running)}

    def _line(self, limits: Limits) -> int:
        self.limits.append(np.array([np.inf if v is None else v for v in limits], dtype=float))
        return len(self.limits) - 1

    def use(self, step: _Step, counts: Modules) -> Floats:
        """Return what a step takes of each means, means × periods."""
        p, j, s, t = self.problem, step.site, step.service, step.period
        need = np.zeros_like(self.used)
        if self.money is not None:
            until = self.n if p.rules.carry_over else t + 1
            need[self.money, t:until] = p.capital(j, s, step.module)
        group = p.site_groups[j]
        if group in self.staff:
            need[self.staff[group], t:] = p.services[s].modules[step.module].care_workers
        if s in self.new and p.existing_persons[j, s, 0] == 0:
            need[self.new[s], t:] = ~(counts[j, s].sum(axis=0) > 0)[t:]
        operator = p.site_operators[j]
        if self.operators is not None and operator not in self.old:
            busy = np.zeros(self.n, dtype=bool)
            for (i, _), number in counts.items():
                if p.site_operators[i] == operator:
                    busy |= number.sum(axis=0) > 0
            need[self.operators, t:] = ~busy[t:]
        return need

    def fits(self, need: Floats) -> bool:
        return bool((self.used + need <= self.limit).all())

    def scarcity(self, need: Floats) -> float:
        """Return the share of the limited means that a step takes at its largest."""
        if not self.limit.size:
            return 1.0
        share = np.divide(need, self.limit, out=np.zeros_like(need), where=self.limit > _SLACK)
        return float(share.max(axis=1).sum()) + 1e-6


class _Board:
    """The plan under construction."""

    def __init__(self, problem: PlanProblem, boost: float) -> None:
        self.problem = problem
        self.todo = decisions(problem)
        periods = len(problem.periods)
        self.counts: Modules = {
            (j, s): np.zeros((len(problem.services[s].modules), periods), dtype=np.int64)
            for j, s in self.todo.number
        }
        self.ledger = _Ledger(problem)
        self.left = problem.demand_persons.copy()
        for (s, t), (used, persons) in (assign(problem, {}, bare=True) or {}).items():
            np.subtract.at(self.left[:, s, t], problem.pairs[s].zone[used], persons)
        np.maximum(self.left, 0.0, out=self.left)
        floors = problem.rules.equity_floor
        lifted = np.array([boost if floors.get(g, 0) > 0 else 1.0 for g in problem.zone_groups])
        self.weight = problem.priority * lifted
        self.reach = [self._by_site(s) for s in range(len(problem.services))]
        self.discount = np.array([period.discount for period in problem.periods])

    def _by_site(self, s: int) -> dict[int, NDArray[np.int64]]:
        """Return the zones that each candidate reaches, worth most and nearest first."""
        pairs = self.problem.pairs[s]
        order = np.lexsort((pairs.zone, pairs.time_min, -self.weight[pairs.zone], pairs.site))
        site, zone = pairs.site[order], pairs.zone[order]
        return {j: zone[site == j] for j in sorted({int(j) for j in self.todo.site})}

    def runs(self, j: int, s: int) -> NDArray[np.bool_]:
        found = self.counts.get((j, s))
        if found is None:
            return np.zeros(len(self.problem.periods), dtype=bool)
        return np.asarray(found.sum(axis=0) > 0)

    def fill(self, step: _Step) -> Floats:
        """Return the persons of each zone in reach newly served, zones × periods."""
        p, s = self.problem, step.service
        zones = self.reach[s][step.site]
        need = self.left[zones, s].copy()
        need[:, : step.period] = 0.0
        room = p.services[s].modules[step.module].capacity_persons
        taken: Floats = np.clip(room - (np.cumsum(need, axis=0) - need), 0.0, need)
        return taken

    def worth(self, step: _Step, taken: Floats) -> float:
        weight = self.weight[self.reach[step.service][step.site]]
        gain = weight @ taken @ self.discount
        return float(self.problem.services[step.service].weight * gain)

    def used_enough(self, step: _Step, taken: Floats) -> bool:
        """Whether the module's own people keep it at its least use."""
        j, s = step.site, step.service
        share = self.problem.services[s].min_use
        if not share:
            return True
        # Modules beside existing capacity must keep that in use too: left to the solver.
        if (self.problem.existing_persons[j, s] > 0).any():
            return False
        settled = step.period > 0 and self.runs(j, s)[step.period - 1]
        # What opens in the last period has no second one: it counts at once.
        counted = min(step.period + (not settled), len(self.problem.periods) - 1)
        load = taken.sum(axis=0)[counted:]
        size = self.problem.services[s].modules[step.module].capacity_persons
        return bool((load >= share * size).all())

    def level_ran(self, j: int, s: int, t: int) -> bool:
        """Rule 5 for one period."""
        p = self.problem
        below, by = p.below(s), p.rules.levels_by
        if by is None or not below or p.existing_persons[j, s, t] > 0:
            return True
        before = t - p.services[s].lag_periods
        mine = p.site_operators[j]
        for i, operator in enumerate(p.site_operators):
            if i == j or (by == "operator" and operator == mine):
                for r in below:
                    if p.existing_persons[i, r, max(before, 0)] > 0:
                        return True
                    if before >= 0 and self.runs(i, r)[before]:
                        return True
        return False

    def ladder(self, j: int, s: int, k: int, t: int) -> list[_Step] | None:
        """Return the steps that make a module possible from a period on, lowest level first."""
        if t < 0 or (j, s) not in self.todo.number:
            return None
        if not self.todo.allowed[self.todo.number[j, s], t:].all():
            return None
        if self.counts[j, s][:, t:].sum(axis=0).max() >= self.problem.services[s].max_modules:
            return None
        step = _Step(j, s, k, t)
        if all(self.level_ran(j, s, u) for u in range(t, len(self.problem.periods))):
            return [step]
        for r in self.problem.below(s):
            sizes = range(len(self.problem.services[r].modules))
            if not sizes or (j, r) not in self.counts:
                continue
            cheapest = min(sizes, key=lambda n: self.problem.capital(j, r, n))
            lower = self.ladder(j, r, cheapest, t - self.problem.services[s].lag_periods)
            if lower is not None:
                return [*lower, step]
        return None

    def attempt(self, steps: list[_Step], *, insist: bool) -> tuple[float, float] | None:
        """Return the worth and the scarcity of steps that fit; the board stays as it is."""
        worth = 0.0
        need = np.zeros_like(self.ledger.used)
        for step in steps:
            need += self.ledger.use(step, self.counts)
            taken = self.fill(step)
            if not insist and not self.used_enough(step, taken):
                return None
            worth += self.worth(step, taken)
        if self.ledger.operators is not None:  # a ladder stays with one operator
            np.minimum(need[self.ledger.operators], 1.0, out=need[self.ledger.operators])
        return (worth, self.ledger.scarcity(need)) if self.ledger.fits(need) else None

    def place(self, steps: list[_Step]) -> None:
        for step in steps:
            self.ledger.used += self.ledger.use(step, self.counts)
            self.left[self.reach[step.service][step.site], step.service] -= self.fill(step)
            self.counts[step.site, step.service][step.module, step.period :] += 1

    def place_promised(self) -> bool:
        """Place forced and committed openings and the least numbers of sites."""
        p = self.problem
        last = len(p.periods) - 1
        due = [
            (p.period_index[f.period_id] if f.period_id else last, f)
            for f in (*p.rules.committed, *p.rules.forced)
        ]
        level = {service.service_id: service.level for service in p.services}
        due.sort(key=lambda item: (item[0], level[item[1].service_id or ""]))
        for t, fixed in due:
            j, s = p.site_index[fixed.site_id], p.service_index[fixed.service_id or ""]
            wanted = [
                k
                for k, module in enumerate(p.services[s].modules)
                for _ in range(fixed.modules.get(module.module_id, 0))
            ]
            if not wanted:
                wanted = [0] if not self.runs(j, s)[t] else []
            for k in wanted:
                steps = self.ladder(j, s, k, t)
                if steps is None or self.attempt(steps, insist=True) is None:
                    return False
                self.place(steps)
        for name, limits in p.rules.min_new.items():
            s = p.service_index[name]
            for t, least in enumerate(limits):
                while self.new_sites(s, t) < (least or 0):
                    if not self.place_one(s, t):
                        return False
        return True

    def new_sites(self, s: int, t: int) -> int:
        return sum(
            bool(self.runs(j, r)[t])
            for j, r in self.counts
            if r == s and self.problem.existing_persons[j, s, 0] == 0
        )

    def place_one(self, s: int, t: int) -> bool:
        """Open the service at the best new site that can run it in period t."""
        best: tuple[float, list[_Step]] | None = None
        for j, r in self.counts:
            if r != s or self.runs(j, s)[t] or self.problem.existing_persons[j, s, 0] > 0:
                continue
            for k in range(len(self.problem.services[s].modules)):
                steps = self.ladder(j, s, k, t)
                found = None if steps is None else self.attempt(steps, insist=False)
                if steps and found and (best is None or found[0] / found[1] > best[0]):
                    best = (found[0] / found[1], steps)
        if best is None:
            return False
        self.place(best[1])
        return True

    def place_best(self, t: int) -> None:
        """Take the best steps that begin in a period until none is left."""
        p = self.problem
        while True:
            best: tuple[float, list[_Step]] | None = None
            for j, s in self.counts:
                for k in range(len(p.services[s].modules)):
                    ways = (self.ladder(j, s, k, when) for when in range(t, len(p.periods)))
                    steps = next((w for w in ways if w and w[0].period >= t), None)
                    if steps is None:
                        continue
                    found = self.attempt(steps, insist=False)
                    if found is None or found[0] <= 0:
                        continue
                    score = found[0] / found[1]
                    if best is None or score > best[0]:
                        best = (score, steps)
            if best is None:
                return
            self.place(best[1])
