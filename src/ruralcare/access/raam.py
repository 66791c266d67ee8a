"""The rational agent access model: what it costs people who choose with care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import Counted, Demand, counted, demands_of, unknown_notes
from ruralcare.access.measure import Convergence, Measure, measure_at
from ruralcare.language import Message
from ruralcare.network.search.compiled import quick
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
        level = np.zeros(len(self.persons))
        every = _Ways(self.start, self.place, self.travel, self.flow)
        done, gap = 0, math.inf
        while done < rounds and gap > tolerance:
            self._answer(homes, every, level)
            done += 1
            gap, near = self._gap(every)
            if gap <= tolerance or done >= rounds:
                break
            rows = np.flatnonzero(near)
            some = _Ways(
                np.searchsorted(rows, self.start).astype(np.int64),
                self.place[rows],
                self.travel[rows],
                self.flow[rows],
            )
            more = min(_INNER_ROUNDS, rounds - done)
            for _ in range(more):
                self._answer(homes, some, level)
            done += more
            self.flow[rows] = some.flow
            # Among fewer choices less can be saved: the whole need not be asked each time.
            gap, _ = self._gap(some)
            if gap <= tolerance or done >= rounds:
                gap, _ = self._gap(every)
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

    def _answer(self, homes: Ints, ways: _Ways, level: Floats) -> None:
        """Spread each home anew over its choices, one home after the other."""
        spread = quick(_spread)
        scratch = np.empty(int(np.diff(ways.start).max()))
        spread(homes, *ways, self.room, self.persons, self.load, level, scratch)

    def _gap(self, ways: _Ways) -> tuple[float, NDArray[np.bool_]]:
        """Return the share of the cost that could be saved, and the pairs that are worth a look."""
        used = np.flatnonzero(ways.flow)
        self.load = np.bincount(ways.place[used], ways.flow[used], len(self.room)).astype(float)
        near = np.empty(len(ways.place), np.bool_)
        sums = quick(_sums)
        saved, paid = sums(*ways, self.load / self.room, _NEARLY, near)
        return saved / paid if paid > 0 else 0.0, near


class _Ways(NamedTuple):
    """The pairs, or some of them; those of point i are start[i] to start[i + 1] - 1."""

    start: Ints
    place: Ints
    travel: Floats
    flow: Floats


def _spread(
    homes: Ints,
    start: Ints,
    place: Ints,
    travel: Floats,
    flow: Floats,
    room: Floats,
    persons: Floats,
    load: Floats,
    level: Floats,
    scratch: Floats,
) -> None:
    """Let the people of each home spread so that all places that are used cost the same.

    Place j costs ``base[j] + x[j] / room[j]``. The level is found by Newton's method: from that of
    the last time to one that is not too low, and from there downwards, dropping the places that
    cost more until none does. It stands at the end in ``level``.
    """
    for i in homes:
        first, last = start[i], start[i + 1]
        people = persons[i]
        cost, width, under = people, 0.0, 0
        for r in range(first, last):
            j = place[r]
            base = travel[r] + (load[j] - flow[r]) / room[j]
            scratch[r - first] = base
            if base <= level[i]:
                cost += base * room[j]
                width += room[j]
                under += 1
        if under == 0:
            under = last - first
            for r in range(first, last):
                cost += scratch[r - first] * room[place[r]]
                width += room[place[r]]
        high = cost / width
        while True:
            cost, width, count = people, 0.0, 0
            for r in range(first, last):
                base = scratch[r - first]
                if base <= high:
                    cost += base * room[place[r]]
                    width += room[place[r]]
                    count += 1
            # Of two such sets one lies in the other; so few people that rounding swallows them
            # may leave none.
            if count == under or count == 0:
                break
            under = count
            high = cost / width
        level[i] = high
        whole, best = 0.0, first
        for r in range(first, last):
            base = scratch[r - first]
            if base < scratch[best - first]:
                best = r
            if base < high:
                whole += (high - base) * room[place[r]]
        for r in range(first, last):
            new = 0.0
            if whole > 0:
                base = scratch[r - first]
                if base < high:
                    new = (high - base) * room[place[r]] * (people / whole)
            elif r == best:
                new = people
            old = flow[r]
            if new > 0 or old > 0:
                flow[r] = new
                # A place that everybody leaves must not be left with a rest of rounding.
                load[place[r]] = max(load[place[r]] - old, 0.0) + new


def _sums(
    start: Ints,
    place: Ints,
    travel: Floats,
    flow: Floats,
    crowding: Floats,
    nearly: float,
    near: NDArray[np.bool_],
) -> tuple[float, float]:
    """Return what could be saved and what is paid; mark what is used or costs nearly the least."""
    saved, paid = 0.0, 0.0
    for i in range(len(start) - 1):
        first, last = start[i], start[i + 1]
        least = np.inf
        for r in range(first, last):
            least = min(least, travel[r] + crowding[place[r]])
        for r in range(first, last):
            cost = travel[r] + crowding[place[r]]
            near[r] = flow[r] > 0 or cost - least <= nearly
            if flow[r] > 0:
                saved += (cost - least) * flow[r]
                paid += cost * flow[r]
    return saved, paid


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
