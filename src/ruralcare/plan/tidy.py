"""Leave out what is of no use: the search keeps what nothing forbids, for capital is no objective.

Flows, and with them the objective, stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.assign import Counts, Flow
from ruralcare.plan.problem import PlanProblem

__all__ = ["drop_idle", "fit_modules"]

Modules = dict[tuple[int, int], NDArray[np.int64]]


def drop_idle(
    problem: PlanProblem, counts: Counts, flows: Mapping[tuple[int, int], Flow]
) -> Modules:
    """Return the modules without the first periods in which they serve nobody.

    An opening is put off, or left out, where no rule needs it earlier. Flows, and with them
    the objective, stay as they are.
    """
    kept = {key: number.copy() for key, number in counts.items()}
    load = np.zeros_like(problem.existing_persons)
    for (s, t), (used, persons) in flows.items():
        np.add.at(load[:, s, t], problem.pairs[s].site[used], persons)
    # Higher levels first: what they rest on may become free.
    for j, s in sorted(kept, key=lambda key: -problem.services[key[1]].level):
        number = kept[j, s]
        first = int(np.argmax(number.any(axis=0))) if number.any() else len(problem.periods)
        for until in range(len(problem.periods), first, -1):
            trial = number.copy()
            trial[:, first:until] = 0
            if load[j, s, first:until].any() or _paid_later(problem, trial):
                continue
            kept[j, s] = trial
            if _allowed(problem, kept):
                break
            kept[j, s] = number
    return kept


def fit_modules(
    problem: PlanProblem, counts: Counts, flows: Mapping[tuple[int, int], Flow]
) -> Modules:
    """Return the cheapest modules at each site that still hold the people served there.

    A site runs in the same periods as before, never has paid more by any period, and needs no
    more care workers in any.
    """
    load = np.zeros_like(problem.existing_persons)
    for (s, t), (used, persons) in flows.items():
        np.add.at(load[:, s, t], problem.pairs[s].site[used], persons)
    pinned = {
        (problem.site_index[fixed.site_id], problem.service_index[fixed.service_id or ""])
        for fixed in problem.rules.committed
        if fixed.modules
    }
    return {
        (j, s): number.copy()
        if (j, s) in pinned or not number.any()
        else _cheapest(problem, j, s, number, load[j, s])
        for (j, s), number in counts.items()
    }


def _cheapest(
    problem: PlanProblem, j: int, s: int, number: NDArray[np.int64], load: NDArray[np.float64]
) -> NDArray[np.int64]:
    service, rules = problem.services[s], problem.rules
    sizes = np.array([module.capacity_persons for module in service.modules])
    prices = np.array([problem.capital(j, s, k) for k in range(len(sizes))])
    staff = np.array([module.care_workers for module in service.modules])
    room = problem.existing_persons[j, s]

    def spent(line: NDArray[np.int64]) -> NDArray[np.float64]:
        paid = prices @ np.clip(np.diff(line, axis=1, prepend=0), 0, None)
        return np.cumsum(paid) if rules.carry_over else paid

    def rank(line: NDArray[np.int64]) -> tuple[float, float]:
        """All capital first; of equal sums the one that is paid later."""
        paid = prices @ np.clip(np.diff(line, axis=1, prepend=0), 0, None)
        return round(float(paid.sum()), 6), round(float(np.cumsum(paid).sum()), 6)

    most, workers = spent(number) + 1e-9, staff @ number + 1e-9
    allowed = (
        line
        for line in _lines(problem, s, number, sizes, load - room)
        if (spent(line) <= most).all() and (staff @ line <= workers).all()
    )
    return min([number.copy(), *allowed], key=rank)


def _lines(
    problem: PlanProblem,
    s: int,
    number: NDArray[np.int64],
    sizes: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> Iterator[NDArray[np.int64]]:
    """Yield the ways to hold what is wanted of a site, period by period."""
    most = problem.services[s].max_modules
    mixes = [
        np.array(mix) for mix in product(range(most + 1), repeat=len(sizes)) if 0 < sum(mix) <= most
    ]
    nothing = np.zeros(len(sizes), dtype=np.int64)
    runs: list[bool] = (number.sum(axis=0) > 0).tolist()
    grows = not problem.rules.closures_allowed

    def extend(line: list[NDArray[np.int64]], t: int) -> Iterator[NDArray[np.int64]]:
        if t == len(runs):
            yield np.column_stack(line)
            return
        for mix in mixes if runs[t] else [nothing]:
            if sizes @ mix < wanted[t] - 1e-7:
                continue
            if grows and line and (mix < line[-1]).any():
                continue
            yield from extend([*line, mix], t + 1)

    yield from extend([], 0)


def _paid_later(problem: PlanProblem, trial: NDArray[np.int64]) -> bool:
    """Whether putting off moves money to a period whose budget stands alone."""
    rules = problem.rules
    return rules.budget_mkrw is not None and not rules.carry_over and bool(trial.any())


def _allowed(problem: PlanProblem, counts: Counts) -> bool:
    """Whether promises, least numbers and the order of levels still hold."""
    runs = {key: number.sum(axis=0) > 0 for key, number in counts.items()}
    last = len(problem.periods) - 1
    for fixed in (*problem.rules.forced, *problem.rules.committed):
        key = problem.site_index[fixed.site_id], problem.service_index[fixed.service_id or ""]
        first = problem.period_index[fixed.period_id] if fixed.period_id else last
        if not runs[key][first:].all():
            return False
    for name, limits in problem.rules.min_new.items():
        s = problem.service_index[name]
        new = [run for (j, r), run in runs.items() if r == s and _is_new(problem, j, s)]
        if any((limit or 0) > sum(run[t] for run in new) for t, limit in enumerate(limits)):
            return False
    return problem.rules.levels_by is None or all(
        _ran_below(problem, runs, j, s, t)
        for (j, s), run in runs.items()
        for t in np.flatnonzero(run).tolist()
    )


def _is_new(problem: PlanProblem, j: int, s: int) -> bool:
    return bool(problem.existing_persons[j, s, 0] == 0)


def _ran_below(
    problem: PlanProblem, runs: Mapping[tuple[int, int], NDArray[np.bool_]], j: int, s: int, t: int
) -> bool:
    below = problem.below(s)
    if not below or problem.existing_persons[j, s, t] > 0:
        return True
    before = t - problem.services[s].lag_periods
    by_operator = problem.rules.levels_by == "operator"
    for i, operator in enumerate(problem.site_operators):
        if i == j or (by_operator and operator == problem.site_operators[j]):
            for r in below:
                if problem.existing_persons[i, r, max(before, 0)] > 0:
                    return True
                if before >= 0 and (i, r) in runs and runs[i, r][before]:
                    return True
    return False
