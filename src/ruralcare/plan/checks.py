"""What a plan problem must fulfil before anything is computed from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ruralcare.plan.problem import Fixed, PlanProblem

__all__ = ["faults"]


def faults(problem: PlanProblem) -> list[str]:
    """Return everything that is wrong with a problem, a line each."""
    return list(_shapes(problem)) or [
        *_values(problem),
        *_services(problem),
        *_rules(problem),
        *_fixed(problem),
    ]


def _shapes(p: PlanProblem) -> Iterator[str]:
    zones, sites = len(p.zone_ids), len(p.site_ids)
    services, periods = len(p.services), len(p.periods)
    if not periods or not services:
        yield "at least one service and one period are needed"
    expected = {
        "zone_groups": (zones,),
        "priority": (zones,),
        "site_operators": (sites,),
        "site_groups": (sites,),
        "candidate": (sites,),
        "willing": (sites,),
        "demand_persons": (zones, services, periods),
        "existing_persons": (sites, services, periods),
        "pairs": (services,),
    }
    for name, shape in expected.items():
        value = getattr(p, name)
        found = value.shape if isinstance(value, np.ndarray) else (len(value),)
        if found != shape:
            yield f"{name} has the shape {found}, not {shape}"
    for s, pairs in enumerate(p.pairs[:services]):
        name = p.services[s].service_id
        if not len(pairs.zone) == len(pairs.site) == len(pairs.time_min):
            yield f"pairs of {name}: zone, site and time_min differ in length"
        elif len(pairs) and not (
            pairs.zone.min() >= 0
            and pairs.zone.max() < zones
            and pairs.site.min() >= 0
            and pairs.site.max() < sites
        ):
            yield f"pairs of {name}: positions outside the zones or sites"


def _values(p: PlanProblem) -> Iterator[str]:
    for name, ids in (
        ("zone_ids", p.zone_ids),
        ("site_ids", p.site_ids),
        ("services", tuple(service.service_id for service in p.services)),
        ("periods", tuple(period.period_id for period in p.periods)),
    ):
        twice = [str(key) for key, count in Counter(ids).items() if count > 1]
        if twice:
            yield f"{name}: given twice: {', '.join(twice[:5])}"
        if not all(isinstance(key, str) for key in ids):
            yield f"{name}: ids are text"
    for name in ("priority", "demand_persons", "existing_persons"):
        values = getattr(p, name)
        if not np.isfinite(values).all() or (values < 0).any():
            yield f"{name} has negative or missing values"
    for service, pairs in zip(p.services, p.pairs, strict=True):
        if not np.isfinite(pairs.time_min).all() or (pairs.time_min < 0).any():
            yield f"pairs of {service.service_id}: negative or missing time_min"
        if len(np.unique(pairs.zone * len(p.site_ids) + pairs.site)) < len(pairs):
            yield f"pairs of {service.service_id}: a pair is given twice"
    if not (np.isfinite(p.epsilon) and p.epsilon >= 0):
        yield f"epsilon is {p.epsilon}, not a number from 0"
    if any(not price >= 0 for price in p.site_capital_mkrw.values()):
        yield "site_capital_mkrw has negative or missing prices"
    modules = {(v.service_id, k.module_id) for v in p.services for k in v.modules}
    for site, service_id, module in p.site_capital_mkrw:
        if site not in p.site_index or (service_id, module) not in modules:
            yield f"site_capital_mkrw: unknown site or module {site}, {service_id}, {module}"


def _services(p: PlanProblem) -> Iterator[str]:
    for service in p.services:
        name = service.service_id
        if not (np.isfinite(service.weight) and service.weight >= 0):
            yield f"service {name}: weight {service.weight} is negative or missing"
        if service.max_modules < 1 or service.lag_periods < 0:
            yield f"service {name}: max_modules is below 1 or lag_periods below 0"
        if service.min_use is not None and not 0 <= service.min_use <= 1:
            yield f"service {name}: min_use {service.min_use} is no share"
        if len({module.module_id for module in service.modules}) < len(service.modules):
            yield f"service {name}: a module is given twice"
        for module in service.modules:
            if not module.module_id or set("×+") & set(module.module_id):
                yield f"service {name}: module name “{module.module_id}” is empty or has × or +"
            numbers = (
                module.capacity_persons,
                module.capital_mkrw,
                module.running_mkrw_per_year,
                module.care_workers,
            )
            if not all(np.isfinite(x) and x >= 0 for x in numbers):
                yield f"service {name}: module {module.module_id} has negative or missing numbers"
    for period in p.periods:
        if not (np.isfinite(period.discount) and period.discount >= 0):
            yield f"period {period.period_id}: discount {period.discount} is negative or missing"
    if any(a.year >= b.year for a, b in pairwise(p.periods)):
        yield "periods are not in order of years"


def _limits(name: str, values: Sequence[float | None], periods: int) -> Iterator[str]:
    if len(values) != periods:
        yield f"{name} has {len(values)} values for {periods} periods"
    if any(value is not None and not value >= 0 for value in values):
        yield f"{name} has negative or missing values"


def _rules(p: PlanProblem) -> Iterator[str]:
    rules, periods = p.rules, len(p.periods)
    if rules.budget_mkrw is not None:
        yield from _limits("budget_mkrw", rules.budget_mkrw, periods)
    if rules.max_new_operators is not None:
        yield from _limits("max_new_operators", rules.max_new_operators, periods)
    for group, limits in rules.staff_fte.items():
        yield from _limits(f"staff_fte of {group}", limits, periods)
        if group not in p.site_groups:
            yield f"staff_fte: no site in the group {group}"
    for name in ("max_new", "min_new"):
        for service_id, limits in getattr(rules, name).items():
            yield from _limits(f"{name} of {service_id}", limits, periods)
            if service_id not in p.service_index:
                yield f"{name}: unknown service {service_id}"
    for group, floor in rules.equity_floor.items():
        if group not in p.zone_groups:
            yield f"equity_floor: no zone in the group {group}"
        if not 0 <= floor <= 1:
            yield f"equity_floor of {group}: {floor} is no share"
    if rules.levels_by not in ("site", "operator", None):
        yield f"levels_by is {rules.levels_by!r}"


def _fixed(p: PlanProblem) -> Iterator[str]:
    rules = p.rules
    last = len(p.periods) - 1
    banned: set[tuple[str, str, int]] = set()
    for kind in ("forced", "committed", "forbidden"):
        for fixed in getattr(rules, kind):
            yield from _known(p, kind, fixed)
    for fixed in rules.forbidden:
        services = [fixed.service_id] if fixed.service_id else list(p.service_index)
        periods = [p.period_index.get(fixed.period_id, 0)] if fixed.period_id else range(last + 1)
        banned.update((fixed.site_id, s, t) for s in services for t in periods)
    opened: dict[tuple[str, str], int] = {}
    for kind in ("forced", "committed"):
        for fixed in getattr(rules, kind):
            if fixed.service_id not in p.service_index or fixed.site_id not in p.site_index:
                continue
            j, s = p.site_index[fixed.site_id], p.service_index[fixed.service_id]
            where = f"{kind}: {fixed.site_id} {fixed.service_id}"
            if not (p.candidate[j] and p.willing[j] and p.services[s].modules):
                yield f"{where}: the site is no candidate, not willing, or has no module to build"
            t = p.period_index.get(fixed.period_id, last) if fixed.period_id else last
            if any((fixed.site_id, fixed.service_id, u) in banned for u in range(t, last + 1)):
                yield f"{where}: also forbidden"
            if kind == "committed":
                key = (fixed.site_id, fixed.service_id)
                if fixed.period_id is None or key in opened:
                    yield f"{where}: needs one period"
                opened[key] = t
    for fixed in rules.forced:
        t = p.period_index.get(fixed.period_id, last) if fixed.period_id else last
        if t < opened.get((fixed.site_id, fixed.service_id or ""), 0):
            yield f"forced: {fixed.site_id} {fixed.service_id}: before its committed period"


def _known(p: PlanProblem, kind: str, fixed: Fixed) -> Iterator[str]:
    if fixed.site_id not in p.site_index:
        yield f"{kind}: unknown site {fixed.site_id}"
    if fixed.service_id is None:
        if kind != "forbidden":
            yield f"{kind}: {fixed.site_id}: the service is missing"
    elif fixed.service_id not in p.service_index:
        yield f"{kind}: unknown service {fixed.service_id}"
    else:
        service = p.services[p.service_index[fixed.service_id]]
        known = {module.module_id for module in service.modules}
        if set(fixed.modules) - known or any(count < 1 for count in fixed.modules.values()):
            yield f"{kind}: {fixed.site_id} {fixed.service_id}: unknown or empty module"
        if sum(fixed.modules.values()) > service.max_modules:
            yield f"{kind}: {fixed.site_id} {fixed.service_id}: more modules than max_modules"
    if fixed.period_id is not None and fixed.period_id not in p.period_index:
        yield f"{kind}: unknown period {fixed.period_id}"
    if fixed.modules and kind != "committed":
        yield f"{kind}: {fixed.site_id}: modules are for committed sites only"
