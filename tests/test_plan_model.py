"""The plan room: special cases with known answers, invariants, interruption, explanations."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import plan_cases
import pytest
from plan_cases import with_rules

from ruralcare.errors import InfeasibleError, TableError
from ruralcare.language import Message
from ruralcare.plan.flows import merged_flows
from ruralcare.plan.greedy import greedy_counts
from ruralcare.plan.problem import Fixed, Module, Pairs, Period, PlanProblem, Rules, Service
from ruralcare.plan.result import Plan, gap, read_modules, write_modules
from ruralcare.plan.solve import solve_problem
from ruralcare.plan.tidy import drop_idle


def line(
    zones: list[tuple[float, float]],
    sites: list[float],
    standard_min: float,
    places: float,
    most: int,
    **more: object,
) -> PlanProblem:
    """One service, one period, on a line: zones are (position, persons), a minute per unit."""
    position = np.array([zone for zone, _ in zones])
    time_min = np.abs(position[:, None] - np.array(sites)[None])
    return PlanProblem(
        zone_ids=tuple(f"z{i}" for i in range(len(zones))),
        zone_groups=("g",) * len(zones),
        priority=np.ones(len(zones)),
        site_ids=tuple(f"s{j}" for j in range(len(sites))),
        site_operators=tuple(f"s{j}" for j in range(len(sites))),
        site_groups=("g",) * len(sites),
        candidate=np.ones(len(sites), dtype=bool),
        willing=np.ones(len(sites), dtype=bool),
        services=(Service("care", 1, 1.0, (Module("m", places, 1.0),)),),
        periods=(Period("p", 2027),),
        demand_persons=np.array([persons for _, persons in zones]).reshape(-1, 1, 1),
        existing_persons=np.zeros((len(sites), 1, 1)),
        pairs=(plan_cases.within(time_min, standard_min),),
        rules=Rules(max_new={"care": (float(most),)}),
        **{"epsilon": 0.0, **more},
    )


def opened(plan: Plan) -> set[str]:
    return set(plan.openings["site_id"])


def proven(problem: PlanProblem) -> Plan:
    plan = solve_problem(problem, relative_gap=0.0)
    assert plan.termination == "optimal"
    return plan


class TestSpecialCases:
    ZONES = ((0.0, 10.0), (4.0, 7.0), (10.0, 8.0), (11.0, 9.0), (20.0, 15.0))

    def test_maximal_covering(self):
        # Within 4 min: s0 covers 10 + 7, s1 (at 5) covers 7, s2 covers 8 + 9, s3 covers 15.
        problem = line(self.ZONES, [1.0, 5.0, 10.0, 20.0], 4.0, 1000.0, 2)
        plan = proven(problem)
        assert plan.objective == pytest.approx(34.0)
        assert opened(plan) == {"s0", "s2"}

    def test_set_covering(self):
        # Everybody within 4 min takes three sites; with two the floor cannot be kept.
        problem = line(self.ZONES, [1.0, 5.0, 10.0, 20.0], 4.0, 1000.0, 3)
        everybody = with_rules(problem, equity_floor={"g": 1.0})
        assert opened(proven(everybody)) == {"s0", "s2", "s3"}
        two = with_rules(everybody, max_new={"care": (2.0,)})
        with pytest.raises(InfeasibleError):
            proven(two)

    def test_p_median(self):
        # All served, least person-minutes: by hand over the three pairs of sites.
        # s0+s2 (0, 10): 7·4 + 9·1 + 15·10 = 187; s0+s3 (0, 20): 28 + 80 + 81 = 189;
        # s2+s3 (10, 20): 100 + 42 + 9 = 151, the least.
        problem = line(self.ZONES, [0.0, 10.0, 20.0], 100.0, 1000.0, 2, epsilon=0.001)
        plan = proven(with_rules(problem, equity_floor={"g": 1.0}))
        walked = (plan.assignment["persons"] * plan.assignment["time_min"]).sum()
        assert walked == pytest.approx(151.0)
        assert opened(plan) == {"s1", "s2"}
        assert plan.objective == pytest.approx(49 - 0.151)

    def test_capacity_is_shared(self):
        # One site of 20 places, priorities 1: 20 of the 27 persons within its reach.
        problem = line(((0.0, 12.0), (2.0, 15.0), (50.0, 9.0)), [1.0], 5.0, 20.0, 1)
        plan = proven(problem)
        assert plan.objective == pytest.approx(20.0)
        assert plan.openings.loc[0, "gained_persons"] == pytest.approx(20.0)
        assert plan.openings.loc[0, "newly_reached_persons"] == pytest.approx(20.0)

    def test_levels_open_one_after_the_other(self):
        base = line(((0.0, 10.0),), [0.0], 5.0, 10.0, 1)
        services = tuple(
            Service(name, level, 1.0, (Module("m", 10.0, 1.0),), lag_periods=1 if level > 1 else 0)
            for level, name in enumerate(("a", "b", "c"), start=1)
        )
        problem = replace(
            base,
            services=services,
            periods=tuple(Period(f"p{t}", 2027 + t) for t in range(4)),
            demand_persons=np.full((1, 3, 4), 10.0),
            existing_persons=np.zeros((1, 3, 4)),
            pairs=base.pairs * 3,
            rules=Rules(),
        )
        plan = proven(problem)
        assert plan.openings[["service", "year"]].to_numpy().tolist() == [
            ["a", 2027],
            ["b", 2028],
            ["c", 2029],
        ]
        assert plan.objective == pytest.approx(10.0 * (4 + 3 + 2))

    def test_a_module_may_cost_more_at_one_site(self):
        problem = line(((0.0, 10.0), (9.0, 8.0)), [0.0, 9.0], 1.0, 10.0, 2)
        problem = with_rules(problem, budget_mkrw=(1.0,))
        assert opened(proven(problem)) == {"s0"}
        dear = replace(problem, site_capital_mkrw={("s0", "care", "m"): 1.5})
        assert opened(proven(dear)) == {"s1"}


FEASIBLE = (1, 2, 3, 4, 6, 8, 12, 15)


class TestInvariants:
    """A weaker rule, more money, another candidate or a wider standard never costs anything."""

    @pytest.mark.parametrize("seed", FEASIBLE)
    def test_weaker_rules_never_lower_the_objective(self, seed):
        problem = plan_cases.solved(seed).problem
        best = proven(problem).objective
        rules = problem.rules
        weaker = [
            {"staff_fte": {}},
            {"max_new": {}},
            {"min_new": {}},
            {"max_new_operators": None},
            {"equity_floor": {}},
            {"levels_by": None},
            {"closures_allowed": True},
            {"forced": (), "committed": ()},
            {"forbidden": ()},
        ]
        if rules.budget_mkrw is not None:
            more = tuple(b * 1.3 for b in rules.budget_mkrw)
            weaker += [{"budget_mkrw": more}, {"budget_mkrw": None}, {"carry_over": True}]
        for change in weaker[seed % 3 :: 3]:
            assert proven(with_rules(problem, **change)).objective >= best - 1e-6, change

    @pytest.mark.parametrize("seed", FEASIBLE)
    def test_another_candidate_or_a_wider_standard_never_lowers_it(self, seed):
        problem = with_rules(plan_cases.solved(seed).problem, forced=())
        others = np.arange(len(problem.site_ids)) != 1
        without = replace(problem, willing=problem.willing & others)
        best = proven(problem).objective
        try:
            fewer = proven(without).objective
        except InfeasibleError:
            fewer = -np.inf
        assert best >= fewer - 1e-6
        rng = np.random.default_rng(seed)
        fewer_pairs = []
        for pairs in problem.pairs:
            kept = rng.random(len(pairs)) < 0.7
            fewer_pairs.append(Pairs(pairs.zone[kept], pairs.site[kept], pairs.time_min[kept]))
        narrow = replace(problem, pairs=tuple(fewer_pairs))
        try:
            narrower = proven(narrow).objective
        except InfeasibleError:
            return
        assert best >= narrower - 1e-6

    @pytest.mark.parametrize("seed", range(6))
    def test_names_and_order_change_nothing(self, seed):
        plan = plan_cases.solved(seed)
        problem = plan.problem
        order = np.random.default_rng(seed).permutation(len(problem.zone_ids))
        place = np.argsort(order)
        turned = replace(
            problem,
            zone_ids=tuple(f"new{i}" for i in order),
            zone_groups=tuple(problem.zone_groups[i] for i in order),
            priority=problem.priority[order],
            demand_persons=problem.demand_persons[order],
            pairs=tuple(Pairs(place[p.zone], p.site, p.time_min) for p in problem.pairs),
        )
        assert proven(turned).objective == pytest.approx(plan.objective)

    @pytest.mark.parametrize("seed", range(6))
    def test_the_unit_of_people_changes_nothing(self, seed):
        plan = plan_cases.solved(seed)
        problem = plan.problem
        for factor in (1e-3, 1e3):
            services = tuple(
                replace(
                    service,
                    modules=tuple(
                        replace(module, capacity_persons=module.capacity_persons * factor)
                        for module in service.modules
                    ),
                )
                for service in problem.services
            )
            scaled = replace(
                problem,
                services=services,
                demand_persons=problem.demand_persons * factor,
                existing_persons=problem.existing_persons * factor,
            )
            assert proven(scaled).objective == pytest.approx(plan.objective * factor)

    @pytest.mark.parametrize("seed", range(8))
    def test_tables_agree_with_each_other(self, seed):
        plan = plan_cases.solved(seed)
        problem = plan.problem
        coverage = plan.coverage
        assert (coverage["served_persons"] <= coverage["need_persons"] + 1e-9).all()
        need = problem.demand_persons.sum()
        assert coverage["need_persons"].sum() == pytest.approx(need)
        assert coverage["served_persons"].sum() == pytest.approx(plan.assignment["persons"].sum())
        gained, newly = plan.openings["gained_persons"], plan.openings["newly_reached_persons"]
        assert (newly <= gained + 1e-9).all()
        assert (newly >= 0).all()
        assert all(isinstance(reason, Message) for reason in plan.openings["reason"])
        for limit in plan.limits.itertuples():
            below = limit.rule in ("equity_floor", "min_new")
            spare = (limit.used - limit.limit) * (1 if below else -1)
            assert spare >= -1e-6


class TestDeterminism:
    def test_the_same_seed_gives_the_same_tables(self):
        problem = plan_cases.county(6, 12, 60)
        first, second = (solve_problem(problem, relative_gap=0.03, seed=3) for _ in range(2))
        for name in ("openings", "assignment", "coverage", "limits"):
            pd.testing.assert_frame_equal(
                getattr(first, name), getattr(second, name), check_exact=True
            )
        assert (first.objective, first.bound) == (second.objective, second.bound)
        assert first.scenario_hash == second.scenario_hash == problem.fingerprint()

    def test_the_fingerprint_sees_every_change(self):
        problem = plan_cases.tiny(0)
        changed = [
            replace(problem, epsilon=2e-4),
            replace(problem, priority=problem.priority + 1e-9),
            replace(problem, willing=~problem.willing),
            with_rules(problem, carry_over=not problem.rules.carry_over),
            with_rules(problem, equity_floor={"east": 0.1}),
        ]
        prints = {problem.fingerprint(), *(other.fingerprint() for other in changed)}
        assert len(prints) == 1 + len(changed)


class TestSearch:
    def test_the_start_keeps_every_rule(self):
        # Stopped at once, the plan is the greedy one; solve_problem verifies it.
        found = 0
        for seed in range(10):
            problem = plan_cases.solved(seed).problem
            if greedy_counts(problem) is None:
                continue
            plan = solve_problem(problem, relative_gap=0.0, time_limit_s=0.0)
            assert plan.verify() == ()
            assert plan.objective <= proven(problem).objective + 1e-6
            assert plan.bound >= proven(problem).objective - 1e-6
            found += 1
        assert found >= 7

    def test_a_stop_returns_the_best_plan_with_its_gap(self):
        problem = plan_cases.square(30, 80)
        began = time.perf_counter()
        plan = solve_problem(
            problem, relative_gap=0.0, stop=lambda: time.perf_counter() - began > 1.5
        )
        assert plan.termination == "interrupted"
        assert plan.runtime_s < 15
        assert 0 < plan.relative_gap < 0.2
        assert plan.bound > plan.objective > 0

    def test_the_keyboard_returns_the_best_plan_too(self):
        timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        plan = solve_problem(plan_cases.square(30, 80), relative_gap=0.0)
        timer.join()
        assert plan.termination == "interrupted"
        assert plan.verify() == ()

    def test_no_time_is_told_apart_from_the_gap(self):
        plan = solve_problem(plan_cases.square(30, 80), relative_gap=0.0, time_limit_s=1.0)
        assert plan.termination == "time_limit"
        assert plan.relative_gap == pytest.approx((plan.bound - plan.objective) / plan.bound)

    def test_progress_is_told(self):
        heard: list[str] = []
        solve_problem(
            plan_cases.square(30, 80),
            relative_gap=0.0,
            time_limit_s=2.5,
            progress=lambda step, done=None: heard.append(step.render("en")),
        )
        assert any("below the best possible" in text for text in heard)

    def test_joined_zones_lose_nothing(self, monkeypatch):
        problem = plan_cases.county(5, 10, 60)
        merged = merged_flows(problem)
        assert sum(len(flow.pairs) for flow in merged) < sum(len(p) for p in problem.pairs)
        for s, flow in enumerate(merged):
            np.testing.assert_allclose(
                flow.demand_persons.sum(axis=0), problem.demand_persons[:, s].sum(axis=0)
            )
        # The package exports a function of the same name as this module.
        module = sys.modules["ruralcare.plan.solve"]
        monkeypatch.setattr(module, "MERGE_ABOVE", 10**9)
        best = solve_problem(problem, relative_gap=0.005)
        monkeypatch.setattr(module, "MERGE_ABOVE", 0)
        joined = solve_problem(problem, relative_gap=0.005)
        assert joined.verify() == ()
        # Each bound holds for the other's plan.
        assert joined.bound >= best.objective
        assert best.bound >= joined.objective
        assert joined.objective == pytest.approx(best.objective, rel=0.01)

    def test_a_county_is_planned_within_its_gap(self):
        plan = solve_problem(plan_cases.county(8, 16, 80), relative_gap=0.03)
        assert plan.termination in ("gap", "optimal")
        assert plan.relative_gap <= 0.03
        text = plan.summary()
        assert "visit" in text
        assert "2036" in text


class TestIdle:
    """Two sites, and everybody at the first."""

    def base(self) -> PlanProblem:
        problem = line(((0.0, 10.0),), [0.0, 0.5], 5.0, 10.0, 2)
        return replace(
            problem,
            periods=(Period("p", 2027), Period("q", 2030)),
            demand_persons=np.full((1, 1, 2), 10.0),
            existing_persons=np.zeros((2, 1, 2)),
            rules=Rules(budget_mkrw=(2.0, 2.0)),
        )

    def left(self, problem: PlanProblem, served_at_second: float = 0.0) -> list[list[int]]:
        counts = {(j, 0): np.ones((1, 2), dtype=np.int64) for j in (0, 1)}
        first = (np.array([0]), np.array([10.0]))
        both = (np.array([0, 1]), np.array([10.0 - served_at_second, served_at_second]))
        kept = drop_idle(problem, counts, {(0, 0): first, (0, 1): both})
        return [kept[j, 0][0].tolist() for j in (0, 1)]

    def test_what_serves_nobody_is_not_opened(self):
        assert self.left(self.base()) == [[1, 1], [0, 0]]

    def test_what_serves_later_waits_if_the_money_can(self):
        assert self.left(self.base(), 3.0) == [[1, 1], [0, 1]]
        alone = with_rules(self.base(), carry_over=False)
        assert self.left(alone, 3.0) == [[1, 1], [1, 1]]

    def test_what_is_promised_stays(self):
        forced = with_rules(self.base(), forced=(Fixed("s1", "care", "q"),))
        assert self.left(forced) == [[1, 1], [0, 1]]
        least = with_rules(self.base(), min_new={"care": (2.0, None)})
        assert self.left(least) == [[1, 1], [1, 1]]

    def test_what_a_higher_level_rests_on_stays(self):
        base = self.base()
        upper = replace(base.services[0], service_id="more", level=2)
        problem = replace(
            base,
            services=(*base.services, upper),
            demand_persons=np.full((1, 2, 2), 10.0),
            existing_persons=np.zeros((2, 2, 2)),
            pairs=base.pairs * 2,
        )
        counts = {(1, s): np.ones((1, 2), dtype=np.int64) for s in (0, 1)}
        nobody = (np.zeros(0, dtype=np.int64), np.zeros(0))
        used = (np.array([1]), np.array([10.0]))
        flows = {(0, 0): nobody, (0, 1): nobody, (1, 0): nobody, (1, 1): used}
        kept = drop_idle(problem, counts, flows)
        # The upper level waits for its people, the lower for the upper.
        assert kept[1, 1].tolist() == [[0, 1]]
        assert kept[1, 0].tolist() == [[0, 1]]


class TestConflicts:
    def base(self) -> PlanProblem:
        zones = ((0.0, 10.0), (10.0, 30.0))
        problem = line(zones, [0.0, 10.0], 2.0, 20.0, 2)
        return with_rules(problem, budget_mkrw=(1.0,), max_new={})

    def messages(self, problem: PlanProblem) -> list[str]:
        with pytest.raises(InfeasibleError) as caught:
            solve_problem(problem)
        return [message.render("en") for message in caught.value.conflicts]

    def test_floor_and_budget(self):
        # One site serves at most 20 of 40; two serve 30: 60 % takes another million won.
        lines = self.messages(with_rules(self.base(), equity_floor={"g": 0.6}))
        assert lines[1:] == [
            "Equity floor of g: 60 % is asked for, a plan with 50 % was found.",
            "Budget 2027: 1 million won more are needed.",
        ]

    def test_the_change_named_is_the_least(self):
        floor = with_rules(self.base(), equity_floor={"g": 0.6})
        assert solve_problem(with_rules(floor, equity_floor={"g": 0.5}))
        assert solve_problem(with_rules(floor, budget_mkrw=(2.0,)))
        with pytest.raises(InfeasibleError):
            solve_problem(with_rules(floor, equity_floor={"g": 0.51}))
        with pytest.raises(InfeasibleError):
            solve_problem(with_rules(floor, budget_mkrw=(1.99,)))

    def test_a_floor_out_of_reach_is_the_only_cause(self):
        # Even with both sites open 30 of 40 can be served.
        lines = self.messages(with_rules(self.base(), equity_floor={"g": 0.8}, budget_mkrw=(2.0,)))
        assert lines == [
            "The rules conflict. This change would free the plan:",
            "Equity floor of g: 80 % is asked for, a plan with 75 % was found.",
        ]

    def test_promises_against_limits(self):
        promised = (Fixed("s0", "care"), Fixed("s1", "care"))
        problem = with_rules(self.base(), forced=promised, max_new={"care": (1.0,)})
        lines = self.messages(problem)
        # Neither the budget nor the number alone is enough; dropping a promise is.
        assert lines[0] == "The rules conflict. This change would free the plan:"
        assert lines[1].startswith("Promised opening of care at s")
        assert len(lines) == 2

    def test_staff_and_numbers(self):
        module = Module("m", 20.0, 0.5, 0.0, 3.0)
        problem = replace(self.base(), services=(Service("care", 1, 1.0, (module,)),))
        problem = with_rules(problem, staff_fte={"g": (4.0,)}, min_new={"care": (2.0,)})
        lines = self.messages(problem)
        assert lines[1:] == [
            "Care workers in g, 2027: 2 more are needed.",
            "Least new sites of care by 2027: 2 are promised, 1 too many.",
        ]

    def test_least_use(self):
        problem = line(((0.0, 4.0),), [0.0], 2.0, 20.0, 1)
        problem = replace(
            problem,
            services=(replace(problem.services[0], min_use=0.5),),
            periods=(Period("p", 2027), Period("q", 2030)),
            demand_persons=np.full((1, 1, 2), 4.0),
            existing_persons=np.zeros((1, 1, 2)),
            rules=Rules(forced=(Fixed("s0", "care", "p"),)),
        )
        lines = self.messages(problem)
        assert "Least use of care at s0: 6 persons are missing in 2030." in lines


class TestReasons:
    def test_reached_for_the_first_time(self):
        plan = proven(line(((0.0, 10.0),), [0.0], 5.0, 20.0, 1))
        assert plan.openings.loc[0, "reason"].render("en") == (
            "Serves 10 more people; 10 of them had nothing within the standard."
        )

    def test_places_were_short(self):
        problem = line(((0.0, 10.0),), [0.0, 1.0], 5.0, 20.0, 1)
        there = np.zeros((2, 1, 1))
        there[1] = 4.0
        problem = replace(
            problem, existing_persons=there, candidate=np.array([True, False]), epsilon=1e-4
        )
        plan = proven(problem)
        # The six who had no place are the gain; the four who change to the near site are not.
        assert plan.openings.loc[0, "gained_persons"] == pytest.approx(6.0)
        assert plan.openings.loc[0, "newly_reached_persons"] == 0.0
        assert plan.openings.loc[0, "reason"].render("en") == (
            "Serves 6 more people where places were short."
        )

    def test_what_the_level_rests_on(self):
        base = line(((0.0, 10.0),), [0.0, 1.0], 5.0, 10.0, 2)
        services = (
            Service("visit", 1, 1.0, (), name="Home-visit care"),
            Service("day", 2, 1.0, (Module("m", 10.0, 1.0),), lag_periods=1),
        )
        there = np.zeros((2, 2, 1))
        there[1, 0] = 5.0
        problem = replace(
            base,
            site_operators=("o", "o"),
            services=services,
            demand_persons=np.full((1, 2, 1), 10.0),
            existing_persons=there,
            pairs=base.pairs * 2,
            rules=Rules(levels_by="operator", forbidden=(Fixed("s1", "day"),)),
        )
        plan = proven(problem)
        assert plan.openings.loc[0, "reason"].render("en") == (
            "Serves 10 more people; 10 of them had nothing within the standard. "
            "The operator runs Home-visit care elsewhere already."
        )
        with pytest.raises(InfeasibleError):
            proven(with_rules(problem, levels_by="site", forced=(Fixed("s0", "day"),)))


class TestProblem:
    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"priority": np.ones(1)}, "priority has the shape"),
            ({"priority": np.array([1.0, -1.0])}, "priority has negative"),
            ({"demand_persons": np.full((2, 1, 1), np.nan)}, "demand_persons has negative"),
            ({"zone_ids": ("z", "z")}, "zone_ids: given twice: z"),
            ({"epsilon": -1.0}, "epsilon is -1"),
            ({"rules": Rules(budget_mkrw=(-1.0,))}, "budget_mkrw has negative"),
            ({"rules": Rules(budget_mkrw=(1.0, 1.0))}, "2 values for 1 periods"),
            ({"rules": Rules(equity_floor={"x": 0.5})}, "no zone in the group x"),
            ({"rules": Rules(equity_floor={"g": 1.5})}, "1.5 is no share"),
            ({"rules": Rules(max_new={"x": (1.0,)})}, "unknown service x"),
            ({"rules": Rules(forced=(Fixed("x", "care"),))}, "unknown site x"),
            (
                {
                    "rules": Rules(
                        forced=(Fixed("s0", "care"),), forbidden=(Fixed("s0", "care", "p"),)
                    )
                },
                "also forbidden",
            ),
            ({"site_capital_mkrw": {("s0", "care", "x"): 1.0}}, "unknown site or module"),
        ],
    )
    def test_faults_are_named(self, changes, text):
        problem = line(((0.0, 10.0), (1.0, 5.0)), [0.0], 5.0, 20.0, 1)
        with pytest.raises(TableError, match=text):
            replace(problem, **changes)

    def test_every_fault_is_listed_at_once(self):
        problem = line(((0.0, 10.0),), [0.0], 5.0, 20.0, 1)
        with pytest.raises(TableError, match=r"(?s)epsilon.*budget_mkrw"):
            replace(problem, epsilon=-1.0, rules=Rules(budget_mkrw=(-1.0,)))

    def test_from_tables(self):
        problem = plan_cases.solved(1).problem
        services = [service.service_id for service in problem.services]
        periods = [period.period_id for period in problem.periods]

        def long(values: np.ndarray, ids: tuple[str, ...], unit: str, name: str) -> pd.DataFrame:
            rows = [
                (ids[i], services[s], periods[t], values[i, s, t])
                for i, s, t in zip(*np.nonzero(values), strict=True)
            ]
            return pd.DataFrame(rows, columns=[unit, "service_id", "period_id", name])

        again = PlanProblem.from_tables(
            pd.DataFrame(
                {
                    "zone_id": problem.zone_ids,
                    "group_id": problem.zone_groups,
                    "priority": problem.priority,
                }
            ),
            pd.DataFrame(
                {
                    "site_id": problem.site_ids,
                    "operator_id": problem.site_operators,
                    "group_id": problem.site_groups,
                    "candidate": problem.candidate,
                    "willing": problem.willing,
                }
            ),
            problem.services,
            problem.periods,
            long(problem.demand_persons, problem.zone_ids, "zone_id", "persons"),
            long(problem.existing_persons, problem.site_ids, "site_id", "capacity_persons"),
            {
                service: pd.DataFrame(
                    {
                        "zone_id": np.array(problem.zone_ids)[pairs.zone],
                        "site_id": np.array(problem.site_ids)[pairs.site],
                        "time_min": pairs.time_min,
                    }
                ).sample(frac=1.0, random_state=1)
                for service, pairs in zip(services, problem.pairs, strict=True)
            },
            problem.rules,
            site_capital_mkrw=problem.site_capital_mkrw,
            epsilon=problem.epsilon,
        )
        assert again.fingerprint() == problem.fingerprint()


def test_modules_are_written_for_people_and_read_back():
    counts = {"20 places": 2, "9 places": -1}
    assert write_modules({**counts, "none": 0}) == "20 places×2 + 9 places×-1"
    assert read_modules(write_modules(counts)) == counts


def test_the_gap_refers_to_the_bound():
    assert gap(90.0, 100.0) == pytest.approx(0.1)
    assert gap(100.0, 100.0) == 0.0
    assert gap(0.0, 0.0) == 0.0


def test_a_plan_checks_itself():
    plan = plan_cases.solved(0)
    with pytest.raises(TableError, match="above its bound"):
        replace(plan, bound=plan.objective - 1.0)
    with pytest.raises(TableError, match="relative_gap"):
        replace(plan, relative_gap=0.5)
    with pytest.raises(TableError, match="lacks persons"):
        replace(plan, assignment=plan.assignment.drop(columns="persons"))
    with pytest.raises(TableError, match="termination"):
        replace(plan, termination="done")


def test_no_module_stands_that_nobody_needs():
    """Five people, places to be had by 10 and by 35: the search may take any, the plan takes 10."""
    small, large = Module("10", 10, 100.0, 0, 1), Module("35", 35, 750.0, 0, 5)
    problem = PlanProblem(
        zone_ids=("z",),
        zone_groups=("g",),
        priority=np.ones(1),
        site_ids=("a",),
        site_operators=("a",),
        site_groups=("g",),
        candidate=np.array([True]),
        willing=np.array([True]),
        services=(Service("day", 1, 1.0, (large, small), max_modules=2),),
        periods=(Period("1", 2027), Period("2", 2028)),
        demand_persons=np.array([[[5.0, 15.0]]]),
        existing_persons=np.zeros((1, 1, 2)),
        pairs=(Pairs(np.array([0]), np.array([0]), np.array([10.0])),),
        rules=Rules(budget_mkrw=(2000.0, 2000.0)),
    )
    plan = solve_problem(problem, relative_gap=0.0)
    assert plan.openings[["period", "modules"]].to_numpy().tolist() == [
        ["1", "10×1"],
        ["2", "10×1"],
    ]
    assert plan.openings["capital_mkrw"].sum() == 200.0
    crowded = replace(problem, demand_persons=np.array([[[5.0, 30.0]]]))
    plan = solve_problem(crowded, relative_gap=0.0)
    # Two of the small ones hold 20: the large one comes when it is needed, beside the small one.
    assert plan.openings[["period", "modules"]].to_numpy().tolist() == [
        ["1", "10×1"],
        ["2", "35×1"],
    ]


def test_what_was_told_is_kept_when_the_search_is_stopped():
    """Stopped in the middle of a step, the solver forgets; the plan must not."""
    told: list[float] = []

    def listen(step, done=None):
        if "objective" in step.values:
            told.append(float(step.values["objective"]))

    problem = plan_cases.county(8, 0, 60, seed=3)
    plan = solve_problem(problem, relative_gap=0.0, progress=listen, stop=lambda: len(told) >= 3)
    assert plan.termination in {"interrupted", "optimal"}
    assert told
    # Progress tells rounded values of joined zones, which count shorter ways.
    assert plan.objective >= max(told) * 0.999 - 1
    assert plan.relative_gap < 0.3
