"""The independent check of plans: sound plans pass, plans tampered with in one way do not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plan_cases
import pytest

from ruralcare.errors import VerificationError
from ruralcare.plan.problem import Fixed, Module, Pairs, Period, PlanProblem, Rules, Service
from ruralcare.plan.solve import solve_problem
from ruralcare.plan.verify import require_valid, verify


@dataclass(frozen=True)
class Draft:
    """A plan by hand: only what the check reads."""

    openings: pd.DataFrame
    assignment: pd.DataFrame
    coverage: pd.DataFrame
    objective: float
    bound: float


def problem(**changes: object) -> PlanProblem:
    """Two zones, one candidate a, one unwilling b and one existing c, two services and periods."""
    module = Module("m", 10.0, 100.0, 5.0, 2.0)
    rules = Rules(
        budget_mkrw=(100.0, 100.0),
        carry_over=False,
        staff_fte={"g": (2.0, 4.0)},
        max_new={"visit": (1.0, 1.0)},
        max_new_operators=(1.0, 1.0),
        equity_floor={"g": 0.5},
    )
    base = PlanProblem(
        zone_ids=("z0", "z1"),
        zone_groups=("g", "g"),
        priority=np.array([1.0, 2.0]),
        site_ids=("a", "b", "c"),
        site_operators=("oa", "ob", "oc"),
        site_groups=("g", "g", "g"),
        candidate=np.array([True, True, False]),
        willing=np.array([True, False, False]),
        services=(
            Service("visit", 1, 1.0, (module,), min_use=0.5),
            Service("day", 2, 1.0, (module,), lag_periods=1, min_use=0.5),
        ),
        periods=(Period("p0", 2027), Period("p1", 2030, 0.9)),
        demand_persons=np.full((2, 2, 2), 6.0),
        existing_persons=np.array([[[0.0] * 2] * 2, [[0.0] * 2] * 2, [[4.0] * 2, [0.0] * 2]]),
        pairs=(
            Pairs(np.array([0, 1, 1]), np.array([0, 0, 2]), np.array([10.0, 20.0, 5.0])),
            Pairs(np.array([0, 1]), np.array([0, 0]), np.array([10.0, 20.0])),
        ),
        rules=rules,
        epsilon=0.001,
    )
    return replace(base, **changes)


OPENINGS = ("site_id", "service", "period", "modules", "capacity_persons", "capital_mkrw",
            "running_mkrw_per_year", "care_workers")  # fmt: skip
ASSIGNMENT = ("zone_id", "site_id", "service", "period", "persons", "time_min")


def draft() -> Draft:
    """A plan that keeps every rule of ``problem``; its objective is worked out by hand."""
    openings = [
        ("a", "visit", "p0", "m×1", 10.0, 100.0, 5.0, 2.0),
        ("a", "day", "p1", "m×1", 10.0, 100.0, 5.0, 2.0),
    ]
    assignment = [
        ("z0", "a", "visit", "p0", 6.0, 10.0),
        ("z1", "a", "visit", "p0", 2.0, 20.0),
        ("z1", "c", "visit", "p0", 4.0, 5.0),
        ("z0", "a", "visit", "p1", 6.0, 10.0),
        ("z1", "a", "visit", "p1", 2.0, 20.0),
        ("z1", "c", "visit", "p1", 4.0, 5.0),
        ("z0", "a", "day", "p1", 4.0, 10.0),
        ("z1", "a", "day", "p1", 6.0, 20.0),
    ]
    # p0: 6·1 + 6·2 = 18; p1: 0.9·(6 + 12 + 4 + 12) = 30.6;
    # minutes: 2·(60 + 40 + 20) + 40 + 120 = 400, at 0.001 each.
    objective = 18.0 + 30.6 - 0.4
    coverage = [
        ("p0", "visit", "g", 12.0, 12.0),
        ("p0", "day", "g", 12.0, 0.0),
        ("p1", "visit", "g", 12.0, 12.0),
        ("p1", "day", "g", 12.0, 10.0),
    ]
    return Draft(
        pd.DataFrame(openings, columns=list(OPENINGS)),
        pd.DataFrame(assignment, columns=list(ASSIGNMENT)),
        pd.DataFrame(
            coverage, columns=["period", "service", "group_id", "need_persons", "served_persons"]
        ),
        objective,
        objective,
    )


def rules_broken(problem: PlanProblem, plan: Draft) -> set[str]:
    return {violation.rule for violation in verify(problem, plan)}


def test_a_plan_made_by_hand_passes():
    assert verify(problem(), draft()) == ()
    require_valid(problem(), draft())


def _assign(row: int, **values: object):
    def tamper(plan: Draft) -> Draft:
        table = plan.assignment.copy()
        for column, value in values.items():
            table.loc[row, column] = value
        return replace(plan, assignment=table)

    return tamper


def _open(row: int, **values: object):
    def tamper(plan: Draft) -> Draft:
        table = plan.openings.copy()
        for column, value in values.items():
            table.loc[row, column] = value
        return replace(plan, openings=table)

    return tamper


def _add_opening(*row: object):
    def tamper(plan: Draft) -> Draft:
        more = pd.DataFrame([row], columns=list(OPENINGS))
        return replace(plan, openings=pd.concat([plan.openings, more], ignore_index=True))

    return tamper


def _drop_opening(row: int):
    return lambda plan: replace(plan, openings=plan.openings.drop(index=row))


def _drop_assignment(*rows: int):
    return lambda plan: replace(plan, assignment=plan.assignment.drop(index=list(rows)))


def _cover(plan: Draft) -> Draft:
    return replace(plan, coverage=plan.coverage.assign(served_persons=12.0))


SPARE = ("m×1", 10.0, 100.0, 5.0, 2.0)
LESS = ("m×-1", -10.0, 0.0, -5.0, -2.0)
RULES = problem().rules

TAMPERED = {
    "served twice": (_assign(1, persons=3.0), {}, "1 need"),
    "over capacity": (_assign(6, persons=4.5), {}, "2 capacity"),
    "existing over capacity": (_assign(2, persons=4.5), {}, "2 capacity"),
    "serves without running": (_drop_opening(1), {}, "3 running"),
    "too many modules": (_open(1, modules="m×2"), {}, "3 modules"),
    "fewer than no modules": (_open(1, modules="m×-1"), {}, "3 modules"),
    "closes": (_add_opening("a", "visit", "p1", *LESS), {}, "4 closures"),
    "level too early": (_open(1, period="p0"), {}, "5 levels"),
    "over budget": (_open(1, period="p0"), {}, "6 budget"),
    "price of the site": (
        lambda plan: plan,
        {"site_capital_mkrw": {("a", "day", "m"): 101.0}},
        "6 budget",
    ),
    "over cumulative budget": (
        lambda plan: plan,
        {"rules": replace(RULES, budget_mkrw=(120.0, 79.0), carry_over=True)},
        "6 budget",
    ),
    "over staff": (
        lambda plan: plan,
        {"rules": replace(RULES, staff_fte={"g": (2.0, 3.9)})},
        "7 staff",
    ),
    "too many sites": (
        lambda plan: plan,
        {"rules": replace(RULES, max_new={"visit": (0.0, 1.0)})},
        "8 most new sites",
    ),
    "too few sites": (
        lambda plan: plan,
        {"rules": replace(RULES, min_new={"day": (1.0, 1.0)})},
        "8 least new sites",
    ),
    "too many operators": (
        lambda plan: plan,
        {"rules": replace(RULES, max_new_operators=(0.0, 1.0))},
        "8 most new operators",
    ),
    "too little use": (_drop_assignment(3), {}, "9 least use"),
    "below the floor": (
        lambda plan: plan,
        {"rules": replace(RULES, equity_floor={"g": 0.95})},
        "10 equity floor",
    ),
    "forbidden": (
        lambda plan: plan,
        {"rules": replace(RULES, forbidden=(Fixed("a", "day"),))},
        "11 forbidden",
    ),
    "forbidden in a period": (
        lambda plan: plan,
        {"rules": replace(RULES, forbidden=(Fixed("a", None, "p0"),))},
        "11 forbidden",
    ),
    "not forced": (
        lambda plan: plan,
        {"rules": replace(RULES, forced=(Fixed("a", "day", "p0"),))},
        "11 forced",
    ),
    "before its commitment": (
        lambda plan: plan,
        {"rules": replace(RULES, committed=(Fixed("a", "visit", "p1"),))},
        "11 committed",
    ),
    "after its commitment": (
        lambda plan: plan,
        {"rules": replace(RULES, committed=(Fixed("a", "day", "p0"),))},
        "11 committed",
    ),
    "unwilling": (
        _add_opening("b", "visit", "p1", *SPARE),
        {},
        "11 unwilling or no candidate",
    ),
    "no candidate": (
        _add_opening("c", "visit", "p1", *SPARE),
        {},
        "11 unwilling or no candidate",
    ),
    "beyond the standard": (_assign(0, site_id="c"), {}, "beyond the standard"),
    "wrong minutes": (_assign(0, time_min=9.0), {}, "time_min"),
    "negative persons": (_assign(0, persons=-1.0), {}, "negative persons"),
    "missing persons": (_assign(0, persons=np.nan), {}, "1 need"),
    "unknown zone": (_assign(0, zone_id="z9"), {}, "assignment"),
    "unknown site": (_open(0, site_id="x"), {}, "openings"),
    "unknown module": (_open(0, modules="n×1"), {}, "openings"),
    "wrong places": (_open(0, capacity_persons=11.0), {}, "capacity_persons"),
    "wrong capital": (_open(0, capital_mkrw=99.0), {}, "capital_mkrw"),
    "wrong running cost": (_open(0, running_mkrw_per_year=4.0), {}, "running_mkrw_per_year"),
    "wrong care workers": (_open(0, care_workers=1.0), {}, "care_workers"),
    "wrong coverage": (_cover, {}, "coverage"),
    "objective too good": (lambda plan: replace(plan, objective=48.3), {}, "objective"),
    "bound too low": (lambda plan: replace(plan, bound=48.1), {}, "bound"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_plan_tampered_with_in_one_way_is_caught(name):
    tamper, changes, rule = TAMPERED[name]
    changed = problem(**changes)
    assert rule in rules_broken(changed, tamper(draft()))
    with pytest.raises(VerificationError, match="breaks"):
        require_valid(changed, tamper(draft()))


def test_the_amount_of_a_violation_is_in_the_unit_of_the_rule():
    (budget,) = verify(problem(rules=replace(RULES, budget_mkrw=(100.0, 70.0))), draft())
    assert (budget.rule, budget.where, budget.amount) == ("6 budget", "p1", 30.0)
    (floor,) = verify(problem(rules=replace(RULES, equity_floor={"g": 0.95})), draft())
    assert floor.amount == pytest.approx(0.95 * 24 - 22)


def test_what_stands_may_close_where_closures_are_allowed():
    plan = _add_opening("a", "visit", "p1", *LESS)(draft())
    allowed = problem(rules=replace(RULES, closures_allowed=True, levels_by=None))
    assert "4 closures" not in rules_broken(allowed, plan)
    assert "3 running" in rules_broken(allowed, plan)


@pytest.mark.parametrize("seed", range(12))
def test_a_solved_plan_fails_once_any_row_is_changed(seed):
    """Every single opening moved and every flow raised breaks some rule or figure."""
    solved = plan_cases.solved(seed)
    assert solved.verify() == ()
    for row in range(len(solved.openings)):
        without = Draft(
            solved.openings.drop(index=row),
            solved.assignment,
            solved.coverage,
            solved.objective,
            solved.bound,
        )
        site, name = solved.openings.loc[row, ["site_id", "service"]]
        used = solved.assignment.query("site_id == @site and service == @name")["persons"].sum()
        j, s = solved.problem.site_index[site], solved.problem.service_index[name]
        if used > 0 and not solved.problem.existing_persons[j, s].any():
            assert verify(solved.problem, without)
    for row in range(len(solved.assignment)):
        more = solved.assignment.copy()
        more.loc[row, "persons"] += 0.01
        raised = Draft(solved.openings, more, solved.coverage, solved.objective, solved.bound)
        assert verify(solved.problem, raised)


def test_a_plan_of_the_solver_checks_itself():
    solved = solve_problem(problem(), relative_gap=0.0)
    assert solved.verify() == ()
    # By hand: nothing better than the draft can be done under these rules.
    assert solved.objective == pytest.approx(draft().objective)
    stricter = replace(RULES, budget_mkrw=(99.0, 99.0))
    assert {v.rule for v in solved.verify(problem(rules=stricter))} == {"6 budget"}
