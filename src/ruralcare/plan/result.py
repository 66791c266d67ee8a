"""A plan: openings, assignment, what it reaches, and how good it is at least and at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from ruralcare import views
from ruralcare.errors import TableError
from ruralcare.need import NeedTable
from ruralcare.plan import verify as checks
from ruralcare.plan.problem import PlanProblem
from ruralcare.types import Places

__all__ = [
    "ASSIGNMENT_COLUMNS",
    "COVERAGE_COLUMNS",
    "LIMITS_COLUMNS",
    "OPENINGS_COLUMNS",
    "TERMINATIONS",
    "Plan",
    "Termination",
    "gap",
    "read_modules",
    "write_modules",
]

Termination = Literal["optimal", "gap", "time_limit", "interrupted"]
TERMINATIONS: Final[tuple[Termination, ...]] = ("optimal", "gap", "time_limit", "interrupted")

OPENINGS_COLUMNS: Final = (
    "site_id",
    "service",
    "period",
    "year",
    "change",
    "modules",
    "capacity_persons",
    "capital_mkrw",
    "running_mkrw_per_year",
    "care_workers",
    "gained_persons",
    "newly_reached_persons",
    "reason",
)
ASSIGNMENT_COLUMNS: Final = ("zone_id", "site_id", "service", "period", "persons", "time_min")
COVERAGE_COLUMNS: Final = (
    "period",
    "year",
    "service",
    "group_id",
    "need_persons",
    "served_persons",
)
LIMITS_COLUMNS: Final = ("rule", "period", "where", "used", "limit", "binding")

_TOLERANCE = 1e-9


def gap(objective: float, bound: float) -> float:
    """Return (bound − objective) / bound: how far the plan can be from the best one.

    Examples
    --------
    >>> gap(95.0, 100.0)
    0.05
    """
    difference = bound - objective
    return max(0.0, difference / abs(bound)) if difference > 0 and bound else 0.0


def write_modules(counts: Mapping[str, int]) -> str:
    """Write counts of modules for people; the reverse of :func:`read_modules`.

    Examples
    --------
    >>> write_modules({"20 places": 2, "9 places": 1})
    '20 places×2 + 9 places×1'
    """
    return " + ".join(f"{name}×{number}" for name, number in counts.items() if number)


def read_modules(text: str) -> dict[str, int]:
    """Read counts of modules.

    Examples
    --------
    >>> read_modules("20 places×2 + 9 places×-1")
    {'20 places': 2, '9 places': -1}
    """
    parts = [part.rpartition("×") for part in text.split(" + ") if part]
    return {name: int(number) for name, _, number in parts}


@dataclass(frozen=True, eq=False)
class Plan:
    """A staged plan and the proof of its quality.

    Parameters
    ----------
    problem : PlanProblem
        What was planned.
    openings : DataFrame
        One row per site, service and period in which modules change: ``site_id, service,
        period, year, change`` (``open``, ``extend``, ``shrink`` or ``close``), ``modules``
        (``k×n`` added; negative numbers are taken away), and for these modules
        ``capacity_persons, capital_mkrw, running_mkrw_per_year, care_workers``;
        ``gained_persons`` served beyond what stood before, of whom ``newly_reached_persons``
        had nothing within the standard; ``reason`` (a ``Message``).
    assignment : DataFrame
        ``zone_id, site_id, service, period, persons, time_min``.
    coverage : DataFrame
        ``period, year, service, group_id, need_persons, served_persons``, groups of zones.
    limits : DataFrame
        ``rule, period, where, used, limit, binding``: every limit that is switched on. A
        budget or staff limit binds when the cheapest module no longer fits.
    objective, bound : float
        Value of the plan, and what no plan can exceed.
    relative_gap : float
        (bound − objective) / bound.
    termination : {"optimal", "gap", "time_limit", "interrupted"}
        Proven best (to 1e-6), within the gap asked for, or stopped before.
    runtime_s : float
    seed : int
    scenario_hash : str
    need, places
        What the plan was made from, where the caller told; for :meth:`map`.

    Raises
    ------
    TableError
        If the parts do not fit together.
    """

    problem: PlanProblem = field(repr=False)
    openings: pd.DataFrame = field(repr=False)
    assignment: pd.DataFrame = field(repr=False)
    coverage: pd.DataFrame = field(repr=False)
    limits: pd.DataFrame = field(repr=False)
    objective: float
    bound: float
    relative_gap: float
    termination: Termination
    runtime_s: float
    seed: int
    scenario_hash: str
    need: NeedTable | None = field(default=None, repr=False)
    places: Places | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, columns in (
            ("openings", OPENINGS_COLUMNS),
            ("assignment", ASSIGNMENT_COLUMNS),
            ("coverage", COVERAGE_COLUMNS),
            ("limits", LIMITS_COLUMNS),
        ):
            missing = [c for c in columns if c not in getattr(self, name).columns]
            if missing:
                raise TableError(f"plan: {name} lacks {', '.join(missing)}")
        if self.termination not in TERMINATIONS:
            raise TableError(f"plan: unknown termination {self.termination!r}")
        if not (np.isfinite(self.objective) and np.isfinite(self.bound)):
            raise TableError("plan: objective and bound are numbers")
        scale = max(1.0, abs(self.bound))
        if self.objective > self.bound + _TOLERANCE * scale:
            raise TableError(f"plan: objective {self.objective} above its bound {self.bound}")
        if abs(gap(self.objective, self.bound) - self.relative_gap) > _TOLERANCE:
            raise TableError("plan: relative_gap does not follow from objective and bound")

    def verify(self, problem: PlanProblem | None = None) -> tuple[checks.Violation, ...]:
        """Recompute every rule and the objective; empty if the plan keeps them all.

        Parameters
        ----------
        problem : PlanProblem, optional
            By default the problem that the plan was made for.
        """
        return checks.verify(self.problem if problem is None else problem, self)

    def with_context(self, need: NeedTable, places: Places) -> Plan:
        """Return the plan with the tables it was made from."""
        return replace(self, need=need, places=places)

    def map(self) -> Any:  # noqa: ANN401 - drawn by the report room
        """Return a map of this plan for a notebook; see :mod:`ruralcare.report`.

        Raises
        ------
        ValueError
            The plan was made from a bare problem, so there is nothing to draw.
        """
        if self.need is None or self.places is None:
            raise ValueError("the plan does not know its townships: use ruralcare.plan.solve")
        return views.draw("plan", self)

    def summary(self) -> str:
        """Return the plan as a short table of text."""
        head = (
            f"objective {self.objective:,.1f}, at most {self.bound:,.1f}: "
            f"gap {100 * self.relative_gap:.2f} % ({self.termination}, {self.runtime_s:.1f} s)"
        )
        lines = [
            head,
            f"{'year':<6}{'service':<18}{'new':>5}{'need':>11}{'served':>11}{'share':>8}",
        ]
        opened = self.openings[self.openings["change"] == "open"]
        totals = self.coverage.groupby(["year", "service"], sort=False)[
            ["need_persons", "served_persons"]
        ].sum()
        for (year, service), need, served in totals.itertuples(name=None):
            new = int(((opened["year"] == year) & (opened["service"] == service)).sum())
            share = f"{100 * served / need:.1f} %" if need > 0 else "–"
            lines.append(f"{year:<6}{service:<18}{new:>5}{need:>11,.1f}{served:>11,.1f}{share:>8}")
        binding = self.limits[self.limits["binding"]]
        if len(binding):
            named = [
                " ".join(filter(None, (rule, where, period)))
                for rule, where, period in binding[["rule", "where", "period"]].itertuples(
                    index=False, name=None
                )
            ]
            lines.append("binding: " + ", ".join(named))
        return "\n".join(lines)
