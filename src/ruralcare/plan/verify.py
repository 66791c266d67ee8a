"""The independent check of a plan: every rule and the objective, from its tables alone.

Written to be read beside the model's rules 1–11. It shares nothing with the code that builds
or solves the model: plain loops over the problem's fields and the plan's two tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from ruralcare.errors import VerificationError
from ruralcare.plan.evidence import Checkable, Evidence, Violation
from ruralcare.plan.problem import Fixed, PlanProblem

__all__ = ["Violation", "require_valid", "verify"]

TOLERANCE = 1e-6
"""Relative to the limit, and to one person, site or million won where the limit is small."""


def require_valid(problem: PlanProblem, plan: Checkable) -> None:
    """Raise a VerificationError if the plan breaks a rule."""
    violations = verify(problem, plan)
    if violations:
        shown = "; ".join(str(violation) for violation in violations[:10])
        raise VerificationError(f"the plan breaks {len(violations)} rules: {shown}")


def verify(problem: PlanProblem, plan: Checkable) -> tuple[Violation, ...]:
    """Check a plan against the rules of a problem.

    Parameters
    ----------
    problem : PlanProblem
    plan : Plan
        Only ``openings``, ``assignment``, ``coverage``, ``objective`` and ``bound`` are read.

    Returns
    -------
    tuple of Violation
        Empty if the plan keeps every rule and its figures are right.
    """
    check = _Check(problem, plan)
    return tuple(check.faults or [v for rule in check.rules for v in rule()])


class _Check(Evidence):
    """One method for each rule."""

    def __init__(self, problem: PlanProblem, plan: Checkable) -> None:
        super().__init__(problem, plan)
        self.rules = (
            self.standard,
            self.need,
            self.capacity,
            self.running,
            self.staying,
            self.levels,
            self.budget,
            self.staff,
            self.new_sites,
            self.new_operators,
            self.least_use,
            self.equity,
            self.fixed,
            self.figures,
            self.coverage,
            self.objective,
        )

    def standard(self) -> Iterator[Violation]:
        """Only pairs within the standard, at their time, and never negative persons."""
        for zone, site, name, period, persons, time_min in self.flow:
            where = f"{zone} {site} {name} {period}"
            true_min = self.minutes.get((name, zone, site))
            if true_min is None:
                yield Violation("beyond the standard", where, persons)
            elif not abs(true_min - time_min) <= TOLERANCE * max(1.0, true_min):
                yield Violation("time_min", where, abs(true_min - time_min))
            if not persons >= 0:
                yield Violation("negative persons", where, -persons)

    def need(self) -> Iterator[Violation]:
        """Rule 1."""
        for key, persons in self.served.items():
            yield from _above("1 need", " ".join(key), persons, self.demand[key])

    def capacity(self) -> Iterator[Violation]:
        """Rule 2."""
        for (site, name, period), persons in self.load.items():
            limit = self.places(site, name, self.periods.index(period))
            yield from _above("2 capacity", f"{site} {name} {period}", persons, limit)

    def running(self) -> Iterator[Violation]:
        """Rule 3: a site serves only where it runs, with as many modules as it may have."""
        for (site, name, period), persons in self.load.items():
            runs = self.runs(site, name, self.periods.index(period))
            if persons > TOLERANCE and not runs:
                yield Violation("3 running", f"{site} {name} {period}", persons)
        for site, name in self.opened:
            for t, period in enumerate(self.periods):
                number, most = self.number(site, name, t), self.service[name].max_modules
                yield from _above("3 modules", f"{site} {name} {period}", number, most)
        for (site, name, module), line in self.modules.items():
            for period, number in zip(self.periods, line, strict=True):
                if number < 0:
                    yield Violation("3 modules", f"{site} {name} {module} {period}", -number)

    def staying(self) -> Iterator[Violation]:
        """Rule 4."""
        if self.p.rules.closures_allowed:
            return
        for (site, name, module), line in self.modules.items():
            for t in range(1, len(line)):
                if line[t] < line[t - 1]:
                    where = f"{site} {name} {module} {self.periods[t]}"
                    yield Violation("4 closures", where, line[t - 1] - line[t])

    def levels(self) -> Iterator[Violation]:
        """Rule 5."""
        by = self.p.rules.levels_by
        if by is None:
            return
        operator = dict(zip(self.p.site_ids, self.p.site_operators, strict=True))
        for site, name in self.opened:
            level = self.service[name].level
            lower = [v.level for v in self.service.values() if v.level < level]
            if not lower:
                continue
            below = [v.service_id for v in self.service.values() if v.level == max(lower)]
            sites = [
                other
                for other in self.p.site_ids
                if other == site or (by == "operator" and operator[other] == operator[site])
            ]
            for t, period in enumerate(self.periods):
                if self.number(site, name, t) == 0 or self.there[site, name, period] > 0:
                    continue
                before = t - self.service[name].lag_periods
                if before < 0:
                    start = self.periods[0]
                    kept = any(self.there[o, b, start] > 0 for o in sites for b in below)
                else:
                    kept = any(self.runs(o, b, before) for o in sites for b in below)
                if not kept:
                    yield Violation("5 levels", f"{site} {name} {period}", 1.0)

    def _spent(self) -> list[float]:
        spent = [0.0] * len(self.periods)
        for (site, name, module), line in self.modules.items():
            (size,) = (m for m in self.service[name].modules if m.module_id == module)
            price = self.p.site_capital_mkrw.get((site, name, module), size.capital_mkrw)
            for t in range(len(line)):
                spent[t] += price * max(0, line[t] - (line[t - 1] if t else 0))
        return spent

    def budget(self) -> Iterator[Violation]:
        """Rule 6."""
        budget, rules = self.p.rules.budget_mkrw, self.p.rules
        if budget is None:
            return
        spent = self._spent()
        for t, period in enumerate(self.periods):
            first = 0 if rules.carry_over else t
            yield from _above(
                "6 budget", period, sum(spent[first : t + 1]), sum(budget[first : t + 1])
            )

    def staff(self) -> Iterator[Violation]:
        """Rule 7."""
        group_of = dict(zip(self.p.site_ids, self.p.site_groups, strict=True))
        for group, limits in self.p.rules.staff_fte.items():
            for t, limit in enumerate(limits):
                if limit is None:
                    continue
                used = 0.0
                for (site, name, module), line in self.modules.items():
                    if group_of[site] == group:
                        (size,) = (m for m in self.service[name].modules if m.module_id == module)
                        used += size.care_workers * line[t]
                yield from _above("7 staff", f"{group} {self.periods[t]}", used, limit)

    def new_sites(self) -> Iterator[Violation]:
        """Rule 8."""
        start = self.periods[0]
        for t, period in enumerate(self.periods):
            for name in self.service:
                new = sum(
                    1
                    for site, opened in self.opened
                    if opened == name
                    and self.number(site, name, t) > 0
                    and self.there[site, name, start] == 0
                )
                most = self.p.rules.max_new.get(name)
                least = self.p.rules.min_new.get(name)
                where = f"{name} {period}"
                if most and most[t] is not None:
                    yield from _above("8 most new sites", where, new, most[t] or 0.0)
                if least and least[t] is not None:
                    yield from _below("8 least new sites", where, new, least[t] or 0.0)

    def new_operators(self) -> Iterator[Violation]:
        """Rule 8 for operators."""
        limits = self.p.rules.max_new_operators
        if limits is None:
            return
        operator = dict(zip(self.p.site_ids, self.p.site_operators, strict=True))
        start = self.periods[0]
        old = {
            operator[site]
            for site in self.p.site_ids
            if any(self.there[site, name, start] > 0 for name in self.service)
        }
        for t, limit in enumerate(limits):
            now = {operator[site] for site, name in self.opened if self.number(site, name, t) > 0}
            if limit is not None:
                where = self.periods[t]
                yield from _above("8 most new operators", where, len(now - old), limit)

    def least_use(self) -> Iterator[Violation]:
        """Rule 9."""
        for site, name in self.opened:
            share = self.service[name].min_use
            for t in range(len(self.periods)):
                last = t == len(self.periods) - 1
                second = t > 0 and self.number(site, name, t - 1) > 0
                if share and self.number(site, name, t) > 0 and (second or last):
                    key = (site, name, self.periods[t])
                    least = share * self.places(site, name, t)
                    yield from _below("9 least use", " ".join(key), self.load[key], least)

    def equity(self) -> Iterator[Violation]:
        """Rule 10."""
        last = self.periods[-1]
        group_of = dict(zip(self.p.zone_ids, self.p.zone_groups, strict=True))
        for group, floor in self.p.rules.equity_floor.items():
            need = served = 0.0
            for (zone, name, period), persons in self.demand.items():
                if period == last and group_of[zone] == group:
                    need += persons
                    served += self.served.get((zone, name, period), 0.0)
            yield from _below("10 equity floor", group, served, floor * need)

    def fixed(self) -> Iterator[Violation]:
        """Rule 11."""
        rules, last = self.p.rules, len(self.periods) - 1
        agrees = dict(zip(self.p.site_ids, self.p.candidate & self.p.willing, strict=True))
        for site, name in self.opened:
            if not agrees[site] and any(self.number(site, name, t) for t in range(last + 1)):
                yield Violation("11 unwilling or no candidate", f"{site} {name}", 1.0)
        for fixed in rules.forbidden:
            for site, name in self.opened:
                if site == fixed.site_id and fixed.service_id in (None, name):
                    for t, period in enumerate(self.periods):
                        named = fixed.period_id in (None, period)
                        if named and self.number(site, name, t) > 0:
                            yield Violation("11 forbidden", f"{site} {name} {period}", 1.0)
        for fixed in (*rules.forced, *rules.committed):
            yield from self._promised(fixed, committed=fixed in rules.committed)

    def _promised(self, fixed: Fixed, *, committed: bool) -> Iterator[Violation]:
        site, name = fixed.site_id, fixed.service_id or ""
        first = self.periods.index(fixed.period_id) if fixed.period_id else len(self.periods) - 1
        for t, period in enumerate(self.periods):
            where = f"{site} {name} {period}"
            if t >= first:
                if self.number(site, name, t) == 0:
                    yield Violation("11 committed" if committed else "11 forced", where, 1.0)
                for module, least in fixed.modules.items():
                    line = self.modules.get((site, name, module), [0] * len(self.periods))
                    yield from _below("11 committed", f"{where} {module}", line[t], least)
            elif committed and self.number(site, name, t) > 0:
                yield Violation("11 committed", where, 1.0)

    def figures(self) -> Iterator[Violation]:
        """Check the figures beside the modules in the table of openings."""
        openings = self.plan.openings
        for row in openings.to_dict("records"):
            site, name = str(row["site_id"]), str(row["service"])
            sizes = {module.module_id: module for module in self.service[name].modules}
            figures = dict.fromkeys(
                ("capacity_persons", "capital_mkrw", "running_mkrw_per_year", "care_workers"), 0.0
            )
            for part in str(row["modules"]).split(" + "):
                module, _, text = part.rpartition("×")
                size, number = sizes[module], int(text)
                price = self.p.site_capital_mkrw.get((site, name, module), size.capital_mkrw)
                figures["capacity_persons"] += number * size.capacity_persons
                figures["capital_mkrw"] += max(0, number) * price
                figures["running_mkrw_per_year"] += number * size.running_mkrw_per_year
                figures["care_workers"] += number * size.care_workers
            for column, value in figures.items():
                wrong = abs(float(row[column]) - value)
                if not wrong <= TOLERANCE * max(1.0, abs(value)):
                    yield Violation(column, f"{site} {name} {row['period']}", wrong)

    def coverage(self) -> Iterator[Violation]:
        """Check the table of need and people served."""
        group_of = dict(zip(self.p.zone_ids, self.p.zone_groups, strict=True))
        totals: dict[tuple[str, str, str], list[float]] = {}
        for (zone, name, period), persons in self.demand.items():
            total = totals.setdefault((period, name, group_of[zone]), [0.0, 0.0])
            total[0] += persons
            total[1] += self.served.get((zone, name, period), 0.0)
        columns = ["period", "service", "group_id", "need_persons", "served_persons"]
        for period, name, group, need, served in self.plan.coverage[columns].itertuples(
            index=False, name=None
        ):
            true_need, true_served = totals.pop((period, name, group), [0.0, 0.0])
            wrong = max(abs(need - true_need), abs(served - true_served))
            if not wrong <= TOLERANCE * max(1.0, true_need):
                yield Violation("coverage", f"{period} {name} {group}", wrong)
        for key in totals:
            yield Violation("coverage", " ".join(key), totals[key][0])

    def objective(self) -> Iterator[Violation]:
        """Check the objective and its bound."""
        worth = {}
        for name, service in self.service.items():
            for period in self.p.periods:
                worth[name, period.period_id] = service.weight * period.discount
        priority = dict(zip(self.p.zone_ids, self.p.priority.tolist(), strict=True))
        total = 0.0
        for zone, _, name, when, persons, time_min in self.flow:
            total += persons * (worth[name, when] * priority[zone] - self.p.epsilon * time_min)
        wrong = abs(total - self.plan.objective)
        if not wrong <= TOLERANCE * max(1.0, abs(total)):
            yield Violation("objective", f"stated {self.plan.objective:g}", wrong)
        yield from _above("bound", "objective", total, self.plan.bound)


def _above(rule: str, where: str, used: float, limit: float) -> Iterator[Violation]:
    if not used <= limit + TOLERANCE * max(1.0, abs(limit)):
        yield Violation(rule, where, used - limit)


def _below(rule: str, where: str, used: float, limit: float) -> Iterator[Violation]:
    if not used >= limit - TOLERANCE * max(1.0, abs(limit)):
        yield Violation(rule, where, limit - used)
