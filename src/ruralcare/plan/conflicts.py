"""Why no plan keeps all the rules: which conflict, and by how much each would have to give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ruralcare.language import Message
from ruralcare.plan.columns import Model
from ruralcare.plan.flows import Flows
from ruralcare.plan.model import build_model
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.program import RowLabel, optimise

__all__ = ["find_conflicts"]

FAMILIES: Final[tuple[tuple[str, ...], ...]] = (
    ("equity_floor",),
    ("budget",),
    ("staff",),
    ("max_new",),
    ("min_new",),
    ("max_new_operators",),
    ("forced", "committed"),
    ("min_use",),
    ("level",),
)
"""Rules that can give, in the order in which they are named."""

_WHOLE = {"forced", "committed", "level", "max_new", "min_new", "max_new_operators"}
_TOLERANCE = 1e-6

Give = dict[RowLabel, float]


def find_conflicts(
    problem: PlanProblem, flows: Sequence[Flows] | None = None, *, time_limit_s: float = 20.0
) -> tuple[Message, ...]:
    """Return what would free a problem that has no plan.

    Each rule is relaxed on its own first, as little as possible; where no single rule is
    enough, all are relaxed together.

    Parameters
    ----------
    flows : sequence of Flows, optional
        Zones, or zones joined.
    time_limit_s : float
        For each rule; when time runs out the change named is enough, but may not be the least.

    Returns
    -------
    tuple of Message
        A heading, then a line for each change.
    """
    lines: list[Message] = []
    for family in FAMILIES:
        give = _relax(problem, flows, family, time_limit_s)
        if give:
            lines.append(_joined([_sentence(problem, label, by) for label, by in give.items()]))
    if lines:
        head = (
            Message("The rules conflict. This change would free the plan:")
            if len(lines) == 1
            else Message("The rules conflict. Each of these changes alone would free the plan:")
        )
        return (head, *lines)
    every = tuple(rule for family in FAMILIES for rule in family)
    give = _relax(problem, flows, every, time_limit_s)
    if give:
        head = Message("The rules conflict. Only together would these changes free the plan:")
        return (head, *(_sentence(problem, label, by) for label, by in give.items()))
    return (Message("The rules conflict; no single cause was found in the time given."),)


def _relax(
    problem: PlanProblem,
    flows: Sequence[Flows] | None,
    rules: tuple[str, ...],
    time_limit_s: float,
) -> Give | None:
    """Return the least change of some rules that makes a plan possible, if there is one."""
    model = build_model(problem, flows)
    program = model.program
    program.drop_costs()
    slack = _slack_columns(problem, model, rules)
    if not slack:
        return None
    options = {"threads": 1, "time_limit": time_limit_s, "mip_rel_gap": 1e-4}
    outcome = optimise(program, options=options)
    if outcome.values is None:
        return None
    found = {label: float(outcome.values[c]) * label.scale for label, c in slack.items()}
    return {label: by for label, by in found.items() if by > _TOLERANCE * label.scale}


def _slack_columns(
    problem: PlanProblem, model: Model, rules: tuple[str, ...]
) -> dict[RowLabel, int]:
    program = model.program
    lower, upper = program.row_limits()
    mine: dict[RowLabel, list[int]] = {}
    for row, label in program.labels.items():
        if label.rule in rules:
            mine.setdefault(label, []).append(row)
    columns = {}
    for label, rows in mine.items():
        limit = max(abs(upper[rows[0]] if np.isfinite(upper[rows[0]]) else lower[rows[0]]), 1e-3)
        whole = label.rule in _WHOLE
        (column,) = program.columns(1, cost=-1.0 / limit, integer=whole)
        columns[label] = int(column)
        if label.rule == "budget" and problem.rules.carry_over:
            # More money in one period is there in the later ones.
            rows = [r for r, o in program.labels.items() if o.rule == "budget"]
            rows = [r for r in rows if (program.labels[r].period or 0) >= (label.period or 0)]
        for row in rows:
            sign = -1.0 if np.isfinite(upper[row]) else 1.0
            program.entries([row], [column], sign)
    return columns


def _joined(lines: list[Message]) -> Message:
    text = lines[0]
    for line in lines[1:]:
        text = Message("{first} {second}", first=text, second=line)
    return text


def _more(amount: float) -> float:
    """Round up to what is surely enough."""
    digits = 1 if amount >= 1 else 3
    return float(np.ceil(round(amount * 10**digits, 6)) / 10**digits)


def _sentence(problem: PlanProblem, label: RowLabel, by: float) -> Message:
    t, s = label.period or 0, label.service
    year = str(problem.periods[t].year)
    service = "" if s is None else problem.label(s)
    amount, where = _more(by), label.where
    rules = problem.rules
    match label.rule:
        case "equity_floor":
            floor = rules.equity_floor[where]
            return Message(
                "Equity floor of {group}: {floor} % is asked for, a plan with {reached} % was "
                "found.",
                group=problem.named(where),
                floor=round(100 * floor, 1),
                reached=max(0.0, float(np.floor(round(1000 * (floor - by), 6)) / 10)),
            )
        case "budget":
            return Message(
                "Budget {year}: {amount} million won more are needed.", year=year, amount=amount
            )
        case "staff":
            return Message(
                "Care workers in {group}, {year}: {amount} more are needed.",
                group=problem.named(where),
                year=year,
                amount=amount,
            )
        case "max_new":
            return Message(
                "Most new sites of {service} by {year}: {limit} are allowed, {amount} more "
                "are needed.",
                service=service,
                year=year,
                limit=float(rules.max_new[where][t] or 0),
                amount=float(round(by)),
            )
        case "min_new":
            return Message(
                "Least new sites of {service} by {year}: {limit} are promised, {amount} too many.",
                service=service,
                year=year,
                limit=float(rules.min_new[where][t] or 0),
                amount=float(round(by)),
            )
        case "max_new_operators":
            return Message(
                "Most new operators by {year}: {amount} more are needed.",
                year=year,
                amount=float(round(by)),
            )
        case "min_use":
            return Message(
                "Least use of {service} at {site}: {amount} persons are missing in {year}.",
                service=service,
                site=problem.named(where),
                amount=amount,
                year=year,
            )
        case "level":
            return Message(
                "Order of levels: {service} at {site} would have to run in {year} before the "
                "level below has run long enough.",
                service=service,
                site=problem.named(where),
                year=year,
            )
        case _:
            return Message(
                "Promised opening of {service} at {site} by {year}: it would have to be dropped "
                "or come later.",
                service=service,
                site=problem.named(where),
                year=year,
            )
