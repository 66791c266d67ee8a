"""Solve a plan problem: quick start, exact search with a bound, exact assignment, check."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from ruralcare.errors import InfeasibleError
from ruralcare.language import Message
from ruralcare.plan.assign import Counts, Flow, assign
from ruralcare.plan.columns import Model
from ruralcare.plan.conflicts import find_conflicts
from ruralcare.plan.flows import merged_flows, zone_flows
from ruralcare.plan.greedy import greedy_counts
from ruralcare.plan.model import build_model
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.program import Outcome, Report, SolverError, optimise
from ruralcare.plan.result import Plan, Termination, gap
from ruralcare.plan.tables import (
    assignment_table,
    coverage_table,
    limits_table,
    openings_table,
)
from ruralcare.plan.tidy import drop_idle, fit_modules
from ruralcare.plan.verify import require_valid
from ruralcare.progress import Progress, silent

__all__ = ["solve_problem"]

logger = logging.getLogger(__name__)

MERGE_ABOVE: Final = 2_000
"""Pairs above which zones with the same reachable sites are joined for the search: it halves
the time to a gap of 1 % on made-up counties, and below this it matters little."""
MERGE_GAP: Final = 0.001
"""Joined zones blur the bound by their travel times: not for gaps below this."""
INTERIOR_ABOVE: Final = 600
"""Decisions (sites × services × periods) above which the solver's interior point method takes
the relaxations: at 900 it leaves half the gap after a minute, at 200–500 it only costs time."""
PROVEN: Final = 1e-6

Flows = Mapping[tuple[int, int], Flow]
Modules = dict[tuple[int, int], np.ndarray]


def solve_problem(
    problem: PlanProblem,
    *,
    relative_gap: float = 0.01,
    time_limit_s: float = 300.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Callable[[], bool] | None = None,
    scenario_hash: str | None = None,
) -> Plan:
    """Find a plan and prove how far from the best it can be.

    The same problem, gap and seed give the same plan, unless the time limit or somebody stops
    the search. Ctrl-C ends the search with the best plan so far.

    Parameters
    ----------
    problem : PlanProblem
    relative_gap : float
        Stop when (bound − objective) / bound is this small; 0 for a proven optimum.
    time_limit_s : float
        Limit of the search in seconds.
    seed : int
        Random seed of the solver.
    threads : int
        Cores to use.
    progress : Progress
        Told the best plan and its gap now and then.
    stop : callable, optional
        Polled during the search; ends it when it returns true.
    scenario_hash : str, optional
        Kept with the plan; the fingerprint of the problem by default.

    Returns
    -------
    Plan
        Checked against every rule by code of its own.

    Raises
    ------
    InfeasibleError
        If no plan keeps the rules, with the rules that conflict; or if none was found in time.
    VerificationError
        If the plan fails the independent check.
    """
    began = time.perf_counter()
    start = greedy_counts(problem)
    pairs = sum(len(p) for p in problem.pairs)
    joined = pairs > MERGE_ABOVE and relative_gap >= MERGE_GAP
    flows = merged_flows(problem) if joined else zone_flows(problem)
    model = build_model(problem, flows)
    logger.info("%d columns, %d rows", model.program.n_columns, model.program.n_rows)
    options = {
        "threads": threads,
        "random_seed": seed,
        "time_limit": max(0.0, time_limit_s - (time.perf_counter() - began)),
        # The solver's gap refers to the plan, ours to the bound, and joined zones cost a bit.
        "mip_rel_gap": relative_gap * (0.95 if joined else 1.0),
        "mip_abs_gap": 0.0,
        "mip_lp_solver": "ipm" if model.x.size > INTERIOR_ABOVE else "choose",
    }
    outcome = optimise(
        model.program,
        options=options,
        start=None if start is None else _start(model, start),
        stop=stop,
        report=_reporter(progress, relative_gap),
    )
    if outcome.status == "infeasible":
        raise InfeasibleError(find_conflicts(problem, flows))
    counts, chosen, objective = _best(problem, model, start, outcome)
    counts = fit_modules(problem, drop_idle(problem, counts, chosen), chosen)
    bound = max(objective, min(_all_served(problem), _bound(outcome, objective)))
    found_gap = gap(objective, bound)
    plan = Plan(
        problem=problem,
        openings=openings_table(problem, counts, chosen),
        assignment=assignment_table(problem, chosen),
        coverage=coverage_table(problem, chosen),
        limits=limits_table(problem, counts, chosen),
        objective=objective,
        bound=bound,
        relative_gap=found_gap,
        termination=_termination(outcome, found_gap, relative_gap),
        runtime_s=time.perf_counter() - began,
        seed=seed,
        scenario_hash=problem.fingerprint() if scenario_hash is None else scenario_hash,
    )
    require_valid(problem, plan)
    return plan


def _start(model: Model, counts: Counts) -> dict[int, float]:
    """Return the columns of x and m for modules in place."""
    values: dict[int, float] = {}
    for key, number in counts.items():
        d = model.decisions.number[key]
        values.update(zip(model.m[d].ravel().tolist(), number.ravel().tolist(), strict=True))
        runs = (number.sum(axis=0) > 0).astype(float)
        values.update(zip(model.x[d].tolist(), runs.tolist(), strict=True))
    return values


def _counts(model: Model, values: np.ndarray) -> Modules:
    return {
        key: np.rint(values[model.m[d]]).astype(np.int64)
        for key, d in model.decisions.number.items()
    }


def _best(
    problem: PlanProblem, model: Model, start: Modules | None, outcome: Outcome
) -> tuple[Modules, Flows, float]:
    """Return the best of what was found, with its exact assignment and value."""
    best: tuple[Modules, Flows, float] | None = None
    offers = [] if outcome.values is None else [_counts(model, outcome.values)]
    for counts in [*offers, *([] if start is None else [start])]:
        flows = assign(problem, counts)
        if flows is None:
            continue
        value = _value(problem, flows)
        if best is None or value > best[2]:
            best = (counts, flows, value)
    if best is None:
        raise InfeasibleError(
            [
                Message(
                    "The time was too short to tell whether there is one: allow more, "
                    "or relax a rule."
                )
            ],
            proven=False,
        )
    return best


def _value(problem: PlanProblem, flows: Flows) -> float:
    total = 0.0
    for (s, t), (used, persons) in flows.items():
        pairs = problem.pairs[s]
        weight = problem.services[s].weight * problem.periods[t].discount
        worth = weight * problem.priority[pairs.zone[used]] - problem.epsilon * pairs.time_min[used]
        total += float(persons @ worth)
    return total


def _all_served(problem: PlanProblem) -> float:
    """Return a bound that needs no solver: everybody is served at once, next door."""
    weight = np.array([service.weight for service in problem.services])
    discount = np.array([period.discount for period in problem.periods])
    return float(
        np.einsum("ist,i,s,t->", problem.demand_persons, problem.priority, weight, discount)
    )


def _bound(outcome: Outcome, objective: float) -> float:
    if outcome.bound is None:
        return np.inf
    if outcome.bound < objective - 1e-5 * max(1.0, abs(objective)):
        if outcome.status in ("time_limit", "interrupted"):
            # Stopped before the first relaxation, the solver may report a bound it never had.
            logger.warning("the solver's bound %g is ignored", outcome.bound)
            return np.inf
        raise SolverError(f"the solver's bound {outcome.bound} is below a plan of {objective}")
    return outcome.bound


def _termination(outcome: Outcome, found: float, asked: float) -> Termination:
    if found <= PROVEN:
        return "optimal"
    if found <= asked:
        return "gap"
    return "interrupted" if outcome.status == "interrupted" else "time_limit"


def _reporter(progress: Progress, asked: float) -> Report:
    def report(best: float | None, bound: float | None, seconds: float) -> None:
        if best is None or bound is None:
            progress(Message("Looking for a plan ({seconds} s)", seconds=str(round(seconds))))
            return
        left = gap(best, bound)
        step = Message(
            "Best plan {objective}, at most {gap} % below the best possible ({seconds} s)",
            objective=float(round(best)),
            gap=round(100 * left, 2),
            seconds=str(round(seconds)),
        )
        progress(step, min(1.0, asked / left) if left > 0 and asked > 0 else None)

    return report
