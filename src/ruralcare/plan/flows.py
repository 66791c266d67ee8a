"""Who can be served where: the pairs behind the assignment variables y.

Zones that reach the same sites within the standard of a service, with the same priority and
group, can stand for one another. Joining them shrinks large problems without weakening the
strong rows (a joint flow splits in proportion to need). Only travel times differ, and the
joint pair takes the smallest: the joint problem is never worth less than the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ruralcare.plan.problem import Pairs, PlanProblem

__all__ = ["Flows", "merged_flows", "zone_flows"]


@dataclass(frozen=True, eq=False)
class Flows:
    """Zones, or classes of zones, for one service.

    Parameters
    ----------
    demand_persons : array, classes × periods
    priority : array, classes
    group : tuple of str
        Group of each class.
    pairs : Pairs
        ``zone`` is the class.
    """

    demand_persons: NDArray[np.float64]
    priority: NDArray[np.float64]
    group: tuple[str, ...]
    pairs: Pairs


def zone_flows(problem: PlanProblem) -> tuple[Flows, ...]:
    """Return the flows of every service, zone by zone."""
    return tuple(
        Flows(problem.demand_persons[:, s], problem.priority, problem.zone_groups, pairs)
        for s, pairs in enumerate(problem.pairs)
    )


def merged_flows(problem: PlanProblem) -> tuple[Flows, ...]:
    """Return the flows of every service, zones with the same reachable sites joined."""
    return tuple(_merge(problem, s) for s in range(len(problem.services)))


def _merge(problem: PlanProblem, s: int) -> Flows:
    pairs = problem.pairs[s]
    reach: list[list[int]] = [[] for _ in problem.zone_ids]
    for zone, site in zip(pairs.zone.tolist(), pairs.site.tolist(), strict=True):
        reach[zone].append(site)
    number: dict[tuple[str, float, tuple[int, ...]], int] = {}
    member = np.empty(len(reach), dtype=np.int64)
    for zone, sites in enumerate(reach):
        key = (problem.zone_groups[zone], float(problem.priority[zone]), tuple(sorted(sites)))
        member[zone] = number.setdefault(key, len(number))
    demand = np.zeros((len(number), len(problem.periods)))
    np.add.at(demand, member, problem.demand_persons[:, s])
    width = len(problem.site_ids)
    codes, place = np.unique(member[pairs.zone] * width + pairs.site, return_inverse=True)
    time_min = np.full(len(codes), np.inf)
    np.minimum.at(time_min, place, pairs.time_min)
    return Flows(
        demand,
        np.array([priority for _, priority, _ in number]),
        tuple(group for group, _, _ in number),
        Pairs(codes // width, codes % width, time_min),
    )
