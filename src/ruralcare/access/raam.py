"""The rational agent access model: what it costs people who choose with care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import Counted, Demand, counted, demands_of, unknown_notes
from ruralcare.access.measure import Convergence, Measure, measure_at
from ruralcare.language import Message
from ruralcare.types import Places, Population, TravelTimes, TravelTimesByService

__all__ = ["raam"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Between two rounds over all pairs, so many over the pairs that are used or nearly so.
_INNER_ROUNDS = 20
# What is nearly used: no more than this costlier than the best.
_NEARLY = 0.1


def raam(
    times: TravelTimes | TravelTimesByService,
    people: Population | None = None,
    places: Places | None = None,
    *,
    tau_min: float = 60.0,
    rho: float | None = None,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    offers: pd.DataFrame | None = None,
    tolerance: float = 1e-3,
    rounds: int = 1000,
) -> Measure:
    r"""Measure what access costs where everybody chooses the best of travel and crowding.

    .. math::
        c_{ij} = \frac{t_{ij}}{\tau} + \frac{\sum_k x_{kj}}{\rho S_j}, \qquad
        \sum_j x_{ij} = P_i, \qquad
        x_{ij} > 0 \Rightarrow c_{ij} = \min_k c_{ik}

    The people :math:`x_{ij}` of each home are spread over the places so that nobody gains by
    another choice. The cost of a home is then the same at every place it uses.

    Parameters
    ----------
    times, people, places, from_age, demand, offers
        As for :func:`~ruralcare.access.two_step_fca`. Places without capacity are not chosen.
    tau_min : float
        ``τ``: so many minutes weigh as much as a place that is as crowded as the mean.
    rho : float, optional
        ``ρ``: persons per unit of capacity that count as the mean; by default all people by all
        known capacity of the service.
    tolerance : float
        The search ends when all together could gain no more than this share of their cost.
    rounds : int
        The search ends after so many rounds at the latest; the notes and ``convergence`` tell.

    Returns
    -------
    Measure
        The cost, without a unit: low is good. 1 is a place next door that is as crowded as the
        mean. A point without any place within the cutoff of the travel times has no value; one
        without people has the cost that a first person would meet.

    Raises
    ------
    ValueError
        As for :func:`~ruralcare.access.two_step_fca`, or a parameter is not above 0.
    TableError
        Offers or demand break their contract or name unknown ids.

    Notes
    -----
    The solution is that of a convex program (a user equilibrium), so the costs are unique. Round
    by round each home answers best to all others, exactly; Saxon and Snow move whole persons in
    steps that shrink. The gap is the share of the total cost that people could still save at the
    present crowding.

    References
    ----------
    Saxon, J. and Snow, D. (2020). A rational agent model for the spatial accessibility of primary
    health care. Annals of the American Association of Geographers 110 (1), 205-222.
    """
    for name, value in (("tau_min", tau_min), ("rho", rho), ("tolerance", tolerance)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be a number above 0, not {value}")
    if rounds < 1:
        raise ValueError(f"rounds must be 1 or more, not {rounds}")
    if (places is None) == (offers is None):
        raise ValueError("either places or offers must be given, and not both")
    groups = counted(times, offers if places is None else places)
    wanted = demands_of(groups, people=people, from_age=from_age, demand=demand)
    values: dict[str, Floats] = {}
    ended: dict[str, Convergence] = {}
    for group in groups:
        for at, service in enumerate(group.services):
            market = _market(group, at, wanted[service], tau_min, rho)
            ended[service] = market.settle(tolerance, rounds)
            values[service] = market.costs()
    late = {service: end for service, end in ended.items() if not end.converged}
    notes = unknown_notes(groups) + [
        Message(
            "The choice of places ({service}) had not settled after {rounds} rounds; people could "
            "still save {gap} % of their cost.",
            service=service,
            rounds=end.rounds,
            gap=round(100 * end.gap, 4),
        )
        for service, end in late.items()
    ]
    return measure_at(
        "raam", groups, values, wanted=wanted, unit="cost", notes=notes, convergence=ended
    )


@dataclass
class _Market:
    """People who choose among places; the pairs of point i are start[i] to start[i + 1] - 1."""

    start: Ints
    place: Ints
    travel: Floats
    """Minutes by tau."""
    room: Floats
    """Capacity of each place, times rho."""
    persons: Floats
    flow: Floats
    """Persons of each pair."""
    load: Floats
    """Persons at each place."""

    def settle(self, tolerance: float, rounds: int) -> Convergence:
        """Let each home answer best to the others until nobody gains."""
        homes = np.flatnonzero((self.persons > 0) & (np.diff(self.start) > 0))
        if not len(homes):
            return Convergence(True, 0.0, 0)
        done, gap = 0, math.inf
        while done < rounds and gap > tolerance:
            every = [np.arange(self.start[i], self.start[i + 1]) for i in homes]
            self._answer(homes, every)
            done += 1
            gap, near = self._gap(homes)
            if gap <= tolerance or done >= rounds:
                break
            some = [rows[near[rows]] for rows in every]
            for _ in range(min(_INNER_ROUNDS, rounds - done)):
                self._answer(homes, some)
                done += 1
            gap, _ = self._gap(homes)
        return Convergence(gap <= tolerance, gap, done)

    def costs(self) -> Floats:
        """Return what each home pays on the mean; at the best place where nobody lives."""
        cost = self.travel + (self.load / self.room)[self.place]
        homes = np.flatnonzero(np.diff(self.start) > 0)
        value = np.full(len(self.persons), np.nan)
        if not len(homes):
            return value
        first = self.start[homes]
        least = np.minimum.reduceat(cost, first)
        paid = np.add.reduceat(cost * self.flow, first)
        persons = self.persons[homes]
        value[homes] = np.divide(paid, persons, out=least, where=persons > 0)
        return value

    def _answer(self, homes: Ints, choices: list[Ints]) -> None:
        """Spread each home anew over its choices, one home after the other."""
        flow, load, place, room = self.flow, self.load, self.place, self.room
        for home, rows in zip(homes.tolist(), choices, strict=True):
            at = place[rows]
            others = load[at] - flow[rows]
            share = room[at]
            base = self.travel[rows] + others / share
            new = _fill(base, share, float(self.persons[home]))
            flow[rows] = new
            # A place that everybody leaves must not be left with a rest of rounding.
            load[at] = np.maximum(others, 0.0) + new

    def _gap(self, homes: Ints) -> tuple[float, NDArray[np.bool_]]:
        """Return the share of the cost that could be saved, and the pairs that are worth a look."""
        self.load = np.bincount(self.place, self.flow, len(self.room)).astype(float)
        cost = self.travel + (self.load / self.room)[self.place]
        counts = np.diff(self.start)
        there = np.flatnonzero(counts > 0)
        least = np.minimum.reduceat(cost, self.start[there])
        over = cost - np.repeat(least, counts[there])
        paid = float(cost @ self.flow)
        saved = float(over @ self.flow)
        return saved / paid if paid > 0 else 0.0, (over <= _NEARLY) | (self.flow > 0)


def _fill(base: Floats, share: Floats, persons: float) -> Floats:
    """Return how persons spread over places so that all who are used cost the same.

    Place j costs ``base[j] + x[j] / share[j]``. The level is found by Newton's method from above,
    which drops places that cost more until none does.
    """
    cost, room = base, share
    while True:
        level = (persons + cost @ room) / room.sum()
        under = cost <= level
        if under.all():
            break
        cost, room = cost[under], room[under]
    found = np.maximum(level - base, 0.0) * share
    whole = found.sum()
    if not whole > 0:
        # So few that rounding swallows them.
        found[np.argmin(base)] = whole = persons
    return np.asarray(found * (persons / whole))


def _market(
    group: Counted, service: int, demand: Demand, tau_min: float, rho: float | None
) -> _Market:
    pairs = group.times.pairs
    capacity = group.capacity[:, service]
    rows = np.flatnonzero(capacity[pairs.place] > 0)
    if rho is None:
        whole = float(capacity.sum())
        rho = float(demand.persons.sum()) / whole if whole > 0 else 1.0
        rho = rho if rho > 0 else 1.0
    return _Market(
        np.searchsorted(rows, pairs.start).astype(np.int64),
        pairs.place[rows].astype(np.int64),
        pairs.time_min[rows] / tau_min,
        # Places without capacity are in no pair.
        np.where(capacity > 0, capacity, 1.0) * rho,
        demand.persons,
        np.zeros(len(rows)),
        np.zeros(len(capacity)),
    )
