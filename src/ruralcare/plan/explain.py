"""Why each opening is in the plan: a sentence with what it brings and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.plan.assign import Counts, Flow, assign
from ruralcare.plan.problem import PlanProblem

__all__ = ["gains", "reason"]

Floats = NDArray[np.float64]


def gains(
    problem: PlanProblem, counts: Counts, flows: Mapping[tuple[int, int], Flow]
) -> dict[tuple[int, int, int], tuple[float, float]]:
    """Return what each change of modules brings in its period.

    Compared with the best assignment without the changes of that service and period. The
    gains of one service and period add up to what they bring together, none exceeds the places
    that it adds; people who move from one site to another are no gain.

    Returns
    -------
    dict of (site, service, period) to (gained_persons, newly_reached_persons)
        Newly reached are those gained who had no running site within the standard before.
    """
    found: dict[tuple[int, int, int], tuple[float, float]] = {}
    for (s, t), flow in flows.items():
        changed = [
            j
            for (j, r), number in counts.items()
            if r == s and (number[:, t] > (number[:, t - 1] if t else 0)).any()
        ]
        if changed:
            for j, gained in _shares(problem, counts, flow, (s, t), changed).items():
                found[j, s, t] = gained
    return found


def _before(counts: Counts, s: int, t: int) -> Counts:
    earlier = {}
    for (j, r), number in counts.items():
        if r == s:
            number = number.copy()
            number[:, t] = number[:, t - 1] if t else 0
        earlier[j, r] = number
    return earlier


def _shares(
    problem: PlanProblem, counts: Counts, flow: Flow, slot: tuple[int, int], changed: list[int]
) -> dict[int, tuple[float, float]]:
    s, t = slot
    pairs, zones = problem.pairs[s], len(problem.zone_ids)
    earlier = _before(counts, s, t)
    without = (assign(problem, earlier, only=[slot], bare=True) or {})[slot]
    served = np.bincount(pairs.zone[flow[0]], flow[1], zones)
    served_before = np.bincount(pairs.zone[without[0]], without[1], zones)

    ran = problem.existing_persons[:, s, t] > 0
    for (j, r), number in earlier.items():
        if r == s and number[:, t].any():
            ran[j] = True
    had_access = np.bincount(pairs.zone[ran[pairs.site]], minlength=zones) > 0

    here = np.isin(pairs.site[flow[0]], changed)
    zone, site, persons = pairs.zone[flow[0]][here], pairs.site[flow[0]][here], flow[1][here]
    at_changed = np.bincount(zone, persons, zones)
    more = np.clip(served - served_before, 0.0, at_changed)
    share = np.divide(more, at_changed, out=np.zeros(zones), where=at_changed > 0)
    direct = persons * share[zone]
    new = ~had_access[zone]
    # People moved aside for others make room: level the sites' gains to the total.
    total = max(float(served.sum() - served_before.sum()), float(persons[new].sum()))
    rest = total - float(direct.sum())
    pool = (persons - direct) if rest > 0 else np.where(new, 0.0, direct)
    factor = min(1.0, abs(rest) / float(pool.sum())) if pool.sum() > 0 else 0.0
    gained = direct + np.sign(rest) * factor * pool
    by_site = np.array([gained[site == j].sum() for j in changed])
    room = np.array([_added(problem, counts, j, slot) for j in changed])
    return {
        j: (amount, min(amount, float(persons[new & (site == j)].sum())))
        for j, amount in zip(changed, _within(by_site, room).tolist(), strict=True)
    }


def _added(problem: PlanProblem, counts: Counts, j: int, slot: tuple[int, int]) -> float:
    """Return the capacity that a site adds to a service in a period."""
    s, t = slot
    number = counts[j, s]
    more = number[:, t] - (number[:, t - 1] if t else 0)
    sizes = [module.capacity_persons for module in problem.services[s].modules]
    return float(np.array(sizes) @ more)


def _within(amount: Floats, room: Floats) -> Floats:
    """Cut each amount to its room and spread what is cut over the room that is left."""
    cut = np.minimum(amount, room)
    over, spare = float((amount - cut).sum()), room - cut
    return cut + spare * min(1.0, over / float(spare.sum())) if over > 0 < spare.sum() else cut


def reason(
    problem: PlanProblem,
    counts: Counts,
    flows: Mapping[tuple[int, int], Flow],
    change: str,
    place: tuple[int, int, int],
    gained: tuple[float, float],
) -> Message:
    """Return one sentence for a change of modules, and one for what it rests on.

    Parameters
    ----------
    change : {"open", "extend", "shrink", "close"}
    place : tuple of int
        Site, service, period.
    gained : tuple of float
        Persons gained, and of these newly reached.
    """
    if change in ("shrink", "close"):
        return Message("Closed: its places serve more people elsewhere.")
    brings = _brings(problem, counts, flows, place, gained)
    rests = _rests_on(problem, counts, place) if change == "open" else None
    return brings if rests is None else Message("{brings} {rests}", brings=brings, rests=rests)


def _shown(persons: float) -> float:
    # Expected numbers are fractions; people come whole.
    return float(round(persons))


def _brings(
    problem: PlanProblem,
    counts: Counts,
    flows: Mapping[tuple[int, int], Flow],
    place: tuple[int, int, int],
    gained: tuple[float, float],
) -> Message:
    j, s, t = place
    more, new = (_shown(value) for value in gained)
    if more > 0 and new > 0:
        return Message(
            "Serves {gained} more people; {newly} of them had nothing within the standard.",
            gained=more,
            newly=min(new, more),
        )
    if more > 0:
        return Message("Serves {gained} more people where places were short.", gained=more)
    for r in range(len(problem.services)):
        later = counts.get((j, r))
        if s in problem.below(r) and later is not None and later.any():
            year = problem.periods[int(np.argmax(later.sum(axis=0) > 0))].year
            return Message(
                "Prepares {service} from {year}.", service=problem.label(r), year=str(year)
            )
    used, persons = flows[s, t]
    here = _shown(float(persons[problem.pairs[s].site[used] == j].sum()))
    if here > 0:
        return Message(
            "Shortens the way for {persons} people who are served already.",
            persons=here,
        )
    return Message("Serves nobody yet: the rules of the plan ask for it.")


def _rests_on(problem: PlanProblem, counts: Counts, place: tuple[int, int, int]) -> Message | None:
    """Say which service of the level below has run, here or elsewhere, and since when."""
    j, s, t = place
    by, below = problem.rules.levels_by, problem.below(s)
    if by is None or not below or problem.existing_persons[j, s, t] > 0:
        return None
    before = t - problem.services[s].lag_periods
    mine = problem.site_operators[j]
    others = [
        i
        for i, operator in enumerate(problem.site_operators)
        if i != j and by == "operator" and operator == mine
    ]
    for i in [j, *others]:
        for r in below:
            lower = problem.label(r)
            if problem.existing_persons[i, r, max(before, 0)] > 0:
                if i == j:
                    return Message("{lower} runs here already.", lower=lower)
                return Message("The operator runs {lower} elsewhere already.", lower=lower)
            number = counts.get((i, r))
            if before >= 0 and number is not None and number[:, before].any():
                year = str(problem.periods[int(np.argmax(number.sum(axis=0) > 0))].year)
                if i == j:
                    return Message("{lower} runs here from {year}.", lower=lower, year=year)
                return Message(
                    "The operator runs {lower} elsewhere from {year}.", lower=lower, year=year
                )
    return None
