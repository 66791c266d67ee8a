"""Made-up plan problems for tests and measurements: tiny, county-sized, and those of the model
note (random squares, one size, a budget each period)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ruralcare.errors import InfeasibleError
from ruralcare.plan.problem import Fixed, Module, Pairs, Period, PlanProblem, Rules, Service
from ruralcare.plan.result import Plan
from ruralcare.plan.solve import solve_problem

NAMES = ("visit", "day", "home")


def within(time_min: np.ndarray, standard_min: float) -> Pairs:
    zone, site = np.nonzero(time_min <= standard_min)
    return Pairs(zone, site, time_min[zone, site])


def tiny(seed: int) -> PlanProblem:
    """Few candidates, existing sites, zones, services and periods, and random rules.

    By turns: plain, closures (two or three periods), several modules, three services.
    """
    rng = np.random.default_rng(seed)
    kind = ("plain", "closures", "sizes", "services", "plain", "reopening")[seed % 6]
    periods = {"plain": 3, "reopening": 3}.get(kind, 2)
    services = 3 if kind == "services" else 2
    candidates = {"sizes": 2, "reopening": 2, "plain": 3 + seed % 4 // 2}.get(kind, 3)
    closures, two_sizes = kind in ("closures", "reopening"), kind == "sizes"
    if candidates == 4:
        periods = 2
    existing = int(rng.integers(1, 3))
    zones, sites = int(rng.integers(5, 9)), candidates + existing
    time_min = np.round(rng.uniform(3, 60, (zones, sites)), 1)
    demand = np.round(rng.uniform(0.5, 9.0, (zones, services, periods)), 2)
    demand[rng.random(demand.shape) < 0.1] = 0.0
    there = np.zeros((sites, services, periods))
    there[candidates:, 0] = np.round(rng.uniform(2, 8, (existing, 1)), 1)
    if rng.random() < 0.5:
        there[-1, 1, : periods - 1] = 4.0
    if rng.random() < 0.3:
        there[0, 0] = 3.0
    offered = []
    for s in range(services):
        modules = [Module("small", float(rng.integers(4, 12)), float(1 + 3 * s), 1.0, 1.0 + s)]
        if two_sizes and s == 0:
            modules.append(Module("large", float(rng.integers(12, 20)), 2.0, 2.0, 2.5))
        offered.append(
            Service(
                NAMES[s],
                level=s + 1,
                weight=1.0 + 0.2 * s,
                modules=tuple(modules),
                max_modules=2 if two_sizes and s == 0 else 1,
                lag_periods=int(rng.integers(0, 2)) if s else 0,
                min_use=float(rng.choice([0.5, 0.9])) if rng.random() < 0.6 else None,
            )
        )
    total = sum(service.modules[0].capital_mkrw for service in offered) * candidates
    budget = tuple(np.round(total * rng.uniform(0.15, 0.4, periods), 1).tolist())
    counties = ("east", "west")
    rules = Rules(
        budget_mkrw=budget if rng.random() < 0.8 else None,
        carry_over=bool(rng.random() < 0.5),
        staff_fte={"east": (3.0, *(5.0,) * (periods - 1))} if rng.random() < 0.4 else {},
        max_new={NAMES[0]: (1.0, *(3.0,) * (periods - 1))} if rng.random() < 0.4 else {},
        min_new={NAMES[1]: (None,) * (periods - 1) + (1.0,)} if rng.random() < 0.25 else {},
        max_new_operators=(1.0,) + (2.0,) * (periods - 1) if rng.random() < 0.3 else None,
        equity_floor={"west": float(rng.choice([0.2, 0.4, 0.7]))} if rng.random() < 0.4 else {},
        levels_by=(None, "site", "operator")[int(rng.integers(0, 3))],
        closures_allowed=closures,
        forced=(Fixed("s1", NAMES[0], "p1"),) if rng.random() < 0.2 else (),
        committed=(Fixed("s0", NAMES[0], "p1", {"small": 1}),) if rng.random() < 0.2 else (),
        forbidden=(Fixed("s1", NAMES[1], "p1"),) if rng.random() < 0.3 else (),
    )
    standards = (35.0, 40.0, 45.0)
    return PlanProblem(
        zone_ids=tuple(f"z{i}" for i in range(zones)),
        zone_groups=tuple(counties[i % 2] for i in range(zones)),
        priority=np.round(rng.uniform(0.8, 1.6, zones), 2),
        site_ids=tuple(f"s{j}" for j in range(sites)),
        site_operators=tuple(f"o{j // 2}" for j in range(sites)),
        site_groups=tuple(counties[j % 2] for j in range(sites)),
        candidate=np.arange(sites) < candidates,
        willing=np.array([j != 3 or rng.random() < 0.7 for j in range(sites)]),
        services=tuple(offered),
        periods=tuple(Period(f"p{t}", 2027 + 3 * t, 0.95**t) for t in range(periods)),
        demand_persons=demand,
        existing_persons=there,
        pairs=tuple(within(time_min, standards[s]) for s in range(services)),
        rules=rules,
        site_capital_mkrw={("s0", NAMES[0], "small"): 0.5} if rng.random() < 0.3 else {},
        epsilon=1e-4,
    )


def county(
    candidates: int = 16, existing: int = 45, zones: int = 250, seed: int = 0, rules: str = "usual"
) -> PlanProblem:
    """A clustered county: towns with villages around, roads winding, three services."""
    rng = np.random.default_rng(seed)
    towns = max(4, zones // 18)
    side_km = 12.0 * np.sqrt(towns / 1.6)
    centre = rng.uniform(0, side_km, (towns, 2))
    share = rng.dirichlet(np.full(towns, 1.5))
    home = rng.choice(towns, zones, p=0.5 * share + 0.5 / towns)
    place = centre[home] + rng.normal(0, 2.6, (zones, 2))
    sites = candidates + existing
    seat = np.r_[np.arange(candidates) % towns, rng.choice(towns, existing, p=share)]
    site = centre[seat] + rng.normal(0, 0.7, (sites, 2))
    distance = np.linalg.norm(place[:, None] - site[None], axis=2)
    winding = 1.25 + 0.2 * rng.random((zones, sites))
    time_min = np.round(3.0 + distance * winding / 38.0 * 60.0, 2)
    people = rng.lognormal(4.2, 0.7, zones)
    rate = np.array([0.07, 0.035, 0.02])
    growth = 1 + 0.06 * np.arange(4)
    demand = people[:, None, None] * rate[None, :, None] * growth[None, None, :]
    there = np.zeros((sites, 3, 4))
    for j in range(candidates, sites):
        s = int(rng.choice(3, p=[0.5, 0.2, 0.3]))
        there[j, s] = float(rng.integers(8, 30)) * (1.0 if s != 1 else 0.8)
    there *= (
        0.45
        * demand.sum(axis=0)[:, :1].T[..., None].reshape(1, 3, 1)
        / np.maximum(there[:, :, :1].sum(axis=0), 1.0)
    )
    services = (
        Service("visit", 1, 1.0, (Module("team", 25, 120, 60, 8),), max_modules=2, min_use=0.3),
        Service(
            "day",
            2,
            1.2,
            (Module("20", 20, 600, 250, 6), Module("40", 40, 950, 420, 11)),
            lag_periods=1,
            min_use=0.4,
        ),
        Service("home", 3, 1.5, (Module("29", 29, 2400, 900, 16),), lag_periods=1, min_use=0.5),
    )
    scale = candidates / 16
    counties = tuple(f"c{k}" for k in range(1 if zones < 300 else 3))
    groups = tuple(counties[int(t) % len(counties)] for t in home)
    usual = Rules(
        budget_mkrw=tuple(scale * b for b in (1800.0, 4200.0, 6500.0, 5200.0)),
        carry_over=True,
        staff_fte={
            g: tuple(scale * w / len(counties) for w in (45, 80, 120, 150)) for g in counties
        },
        max_new_operators=tuple(round(scale * n) for n in (5.0, 9.0, 12.0, 14.0)),
        levels_by="operator",
        equity_floor=dict.fromkeys(counties, 0.25),
    )
    return PlanProblem(
        zone_ids=tuple(f"z{i:04d}" for i in range(zones)),
        zone_groups=groups,
        priority=np.round(1 + 0.5 * rng.random(towns), 2)[home],
        site_ids=tuple(f"s{j:03d}" for j in range(sites)),
        site_operators=tuple(f"o{j:03d}" for j in range(sites)),
        site_groups=tuple(counties[int(t) % len(counties)] for t in seat),
        candidate=np.arange(sites) < candidates,
        willing=np.ones(sites, dtype=bool),
        services=services,
        periods=tuple(Period(f"p{t}", 2027 + 3 * t, 0.95**t) for t in range(4)),
        demand_persons=demand,
        existing_persons=there,
        pairs=tuple(within(time_min, limit) for limit in (20.0, 30.0, 40.0)),
        rules=usual if rules == "usual" else Rules(budget_mkrw=usual.budget_mkrw),
    )


def square(sites: int = 60, zones: int = 150) -> PlanProblem:
    """The generated instances of the model note: capacities that bind, no carry-over."""
    rng = np.random.default_rng(sites + zones)
    place = rng.uniform(0, 100 * np.sqrt(zones / 150), (zones, 2))
    chosen = rng.choice(zones, sites, replace=False)
    people = rng.lognormal(6.5, 0.6, zones)
    distance = np.linalg.norm(place[:, None] - place[chosen][None], axis=2)
    time_min = 1.3 * distance / 45.0 * 60.0
    rate = np.array([0.06, 0.04, 0.02])
    growth = 1 + 0.03 * np.arange(5)
    demand = people[:, None, None] * rate[None, :, None] * growth[None, None, :]
    capacity = demand[:, :, 0].sum(axis=0) / (0.35 * sites)
    services = tuple(
        Service(name, s + 1, weight, (Module("one", float(capacity[s]), cost),))
        for s, (name, weight, cost) in enumerate(
            zip(NAMES, (1.0, 1.2, 1.5), (1.0, 3.0, 10.0), strict=True)
        )
    )
    return PlanProblem(
        zone_ids=tuple(f"z{i:04d}" for i in range(zones)),
        zone_groups=("all",) * zones,
        priority=np.ones(zones),
        site_ids=tuple(f"s{j:04d}" for j in range(sites)),
        site_operators=tuple(f"o{j:04d}" for j in range(sites)),
        site_groups=("all",) * sites,
        candidate=np.ones(sites, dtype=bool),
        willing=np.ones(sites, dtype=bool),
        services=services,
        periods=tuple(Period(f"p{t}", 2027 + t, 0.95**t) for t in range(5)),
        demand_persons=demand,
        existing_persons=np.zeros((sites, 3, 5)),
        pairs=tuple(within(time_min, limit) for limit in (20.0, 30.0, 45.0)),
        rules=Rules(budget_mkrw=(0.8 * 14 * 0.35 * sites / 5,) * 5, carry_over=False),
        epsilon=0.0,
    )


def with_rules(problem: PlanProblem, **changes: object) -> PlanProblem:
    return replace(problem, rules=replace(problem.rules, **changes))


def solved(seed: int) -> Plan:
    """The proven plan of the first tiny problem from a seed on that has one."""
    for attempt in range(seed, seed + 1000, 100):
        try:
            return solve_problem(tiny(attempt), relative_gap=0.0)
        except InfeasibleError:
            continue
    raise AssertionError("no feasible problem")
