"""Who finds room: people in need assigned to places with capacities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ruralcare.types import TravelTimes

__all__ = ["Assigned", "Assigner", "assign"]

Floats = NDArray[np.float64]

# Finest units in which minutes and persons are counted, as powers of two: 1e-12 of either.
_FINEST = 40
# Sums of costs and of flows stay below 2**62.
_ROOM = 61
# Exchanges after which the search comes back from compiled code, so that it can be stopped.
_BUDGET = 20_000


def assign(
    times: TravelTimes, need: pd.Series, capacity: pd.Series, standard_min: float
) -> pd.DataFrame:
    """Assign people in need to places so that as many as possible are served, and nearby.

    Of all ways to serve the most people, one with the least minutes in all is taken; it is exact.
    How many are served, and in how many minutes, is thereby settled; who is served where need not
    be, if times are equal or add up to the same. Such ties fall by the order of the ids, so that
    the order of rows does not matter.

    Parameters
    ----------
    times : TravelTimes
        Travel times as the service travels.
    need : Series
        Persons in need, by ``point_id``; a point that is absent, or ``NA``, needs nothing.
    capacity : Series
        Persons that each place serves, by ``place_id``; ``NA`` is no limit.
    standard_min : float
        Nobody is assigned farther than this.

    Returns
    -------
    DataFrame
        ``point_id``, ``place_id``, ``persons``, ``time_min``, sorted by point and then by time; no
        point gets more than its need, no place more than its capacity.

    Raises
    ------
    ValueError
        A place is given twice, or a need or capacity is negative.

    See Also
    --------
    Assigner : For many assignments on the same travel times.
    """
    solver = Assigner(times, list(capacity.index), longest_min=standard_min)
    by_point = need.reindex(times.points.frame.index).astype("Float64")
    found = solver.solve(
        by_point.to_numpy(float, na_value=0.0),
        capacity.astype("Float64").to_numpy(float, na_value=np.nan),
        standard_min,
    )
    return found.frame()


@dataclass(frozen=True, eq=False)
class Assigned:
    """Who is served where, as arrays.

    Parameters
    ----------
    times : TravelTimes
        What ``point`` and ``place`` are positions in.
    point, place : int array
        Positions in ``times.points`` and ``times.place_ids``, by id of the point and then by time.
    persons : float array
        Persons served, above 0.
    time_min : float array
        Minutes of each of them.
    """

    times: TravelTimes
    point: NDArray[np.int32]
    place: NDArray[np.int32]
    persons: Floats
    time_min: Floats

    @cached_property
    def by_point(self) -> Floats:
        """Persons served of each demand point, in the order of ``times.points``."""
        return self._sum(self.point, len(self.times.points.frame))

    @cached_property
    def by_place(self) -> Floats:
        """Persons that each place serves, in the order of ``times.place_ids``."""
        return self._sum(self.place, len(self.times.place_ids))

    def frame(self) -> pd.DataFrame:
        """Return ``point_id``, ``place_id``, ``persons``, ``time_min``."""
        return pd.DataFrame(
            {
                "point_id": self.times.points.frame.index.to_numpy(object)[self.point],
                "place_id": np.array(self.times.place_ids, dtype=object)[self.place],
                "persons": self.persons,
                "time_min": self.time_min,
            }
        ).astype({"point_id": str, "place_id": str})

    def _sum(self, at: NDArray[np.int32], length: int) -> Floats:
        return np.bincount(at, self.persons, length).astype(float)


class Assigner:
    r"""Assignments on the same travel times, with needs, rooms and standards that differ.

    Parameters
    ----------
    times : TravelTimes
        Travel times as the service travels.
    places : sequence of str
        Places that offer the service; one that ``times`` does not know serves nobody.
    longest_min : float, optional
        Longest standard that will be asked for (after division by ``time_factor``): pairs beyond
        it are not kept.

    Raises
    ------
    ValueError
        A place is given twice.

    Notes
    -----
    Minutes and persons are counted in whole units of :math:`2^{-40}` (coarser where the sums would
    not fit into 64 bits), and the transportation problem is solved by a network simplex in whole
    numbers. No answer depends on what was asked before: :meth:`solve` begins afresh, and
    :meth:`served` proves that another beginning would leave the same people unserved, or begins
    afresh.
    """

    def __init__(
        self, times: TravelTimes, places: Sequence[str], *, longest_min: float = np.inf
    ) -> None:
        if len(set(places)) < len(places):
            raise ValueError("a place is given twice")
        self.times = times
        # By id, so that ties do not fall by the order of rows.
        order = np.argsort(np.array(places, dtype=object), kind="stable")
        known = {place: position for position, place in enumerate(times.place_ids)}
        self._asked = np.array([p for p in order if places[p] in known], dtype=np.intp)
        self._position = np.array([known[places[p]] for p in self._asked], dtype=np.int32)
        local = np.full(len(times.place_ids), -1, np.int32)
        local[self._position] = np.arange(len(self._position), dtype=np.int32)
        self._asked_length = len(places)
        pairs = times.pairs
        kept = local[pairs.place] >= 0
        if np.isfinite(longest_min):
            kept &= pairs.time_min <= longest_min
        rows = np.flatnonzero(kept)
        ids = times.points.frame.index
        self._home = np.argsort(ids.to_numpy(object), kind="stable")
        if not ids.is_monotonic_increasing:
            rank = np.empty(len(ids), np.int32)
            rank[self._home] = np.arange(len(ids), dtype=np.int32)
            rows = rows[np.argsort(rank[pairs.point[rows]], kind="stable")]
            self._point = rank[pairs.point[rows]]
        else:
            self._point = pairs.point[rows]
        self._place = local[pairs.place[rows]]
        self._time = pairs.time_min[rows]
        self._near: tuple[float, NDArray[np.intp]] | None = None
        self._basis: _Basis | None = None

    def solve(
        self,
        need: ArrayLike,
        capacity: ArrayLike,
        standard_min: float,
        *,
        time_factor: float = 1.0,
    ) -> Assigned:
        """Return the assignment that serves most people, and those in the least minutes.

        Parameters
        ----------
        need : array of float
            Persons in need of each demand point, in the order of ``times.points``.
        capacity : array of float
            Persons that each place serves, in the order of ``places``; NaN is no limit.
        standard_min : float
            Nobody is assigned farther than this.
        time_factor : float
            All times are multiplied by it. Pairs beyond the cutoff stay unknown: with a factor
            below ``standard_min / cutoff_min`` some that are near enough are missing.

        Raises
        ------
        ValueError
            An array has the wrong length, or a negative or unknown need.
        """
        problem = self._problem(need, capacity, standard_min, time_factor)
        rows, supply = problem.rows, problem.supply
        flow = self._flow(problem)
        rows, flow = rows[flow > 0], flow[flow > 0]
        point = self._point[rows]
        # Who is served whole gets what they need to the last digit, not to the last unit.
        whole = np.zeros_like(supply)
        np.add.at(whole, point, flow)
        exact = np.where(
            whole == supply, problem.wanted / np.maximum(supply, 1), 1.0 / problem.unit
        )
        return Assigned(
            self.times,
            self._home[point].astype(np.int32),
            self._position[self._place[rows]],
            np.asarray(flow * exact[point], float),
            self._time[rows] * time_factor,
        )

    def served(self, need: ArrayLike, capacity: ArrayLike, standard_min: float) -> Floats:
        """Return how many of each point are served, as :meth:`solve` does, but faster in series.

        The search begins where the last one ended, which is near if little has changed. That more
        than one way of serving people is best is no matter, if they leave the same people
        unserved; where they do not, the search begins afresh. So nothing depends on what was asked
        before.

        Parameters
        ----------
        need, capacity, standard_min
            As for :meth:`solve`.

        Returns
        -------
        array of float
            Persons of each demand point, in the order of ``times.points``. They differ from
            ``solve(...).by_point`` by the rounding of its sums.

        Raises
        ------
        ValueError
            As for :meth:`solve`.
        """
        problem = self._problem(need, capacity, standard_min, 1.0)
        supply = problem.supply
        left = self._left(problem)
        persons = np.where(left == 0, problem.wanted, (supply - left) / problem.unit)
        found = np.zeros(len(supply))
        found[self._home] = np.where(left == supply, 0.0, persons)
        return found

    def _problem(
        self, need: ArrayLike, capacity: ArrayLike, standard_min: float, time_factor: float
    ) -> _Problem:
        """Return the problem in whole numbers, with the pairs that may be used."""
        wanted, offered = np.asarray(need, float), np.asarray(capacity, float)
        if wanted.shape != (len(self._home),) or offered.shape != (self._asked_length,):
            raise ValueError("need must have a value for each point, capacity for each place")
        if not ((wanted >= 0) & np.isfinite(wanted)).all() or (offered < 0).any():
            raise ValueError("needs and capacities must not be negative, needs must be known")
        wanted = wanted[self._home]
        offered = offered[self._asked]
        total = float(wanted.sum())
        offered = np.where(np.isnan(offered) | (offered > total), total, offered)
        unit = 2.0 ** min(_FINEST, _ROOM - 1 - np.ceil(np.log2(total + 1.0)))
        supply, room = _whole(wanted * unit), _whole(offered * unit)
        rows = self._within(standard_min, time_factor)
        rows = rows[(supply > 0)[self._point[rows]] & (room > 0)[self._place[rows]]]
        rows = rows[self._useful(rows, room >= supply.sum())]
        return _Problem(wanted, unit, rows, self._time[rows] * time_factor, supply, room)

    def _within(self, standard_min: float, time_factor: float) -> NDArray[np.intp]:
        """Return the pairs within a standard; those of the last one are kept."""
        if time_factor != 1.0:
            return np.flatnonzero(self._time * time_factor <= standard_min)
        if self._near is None or self._near[0] != standard_min:
            self._near = (standard_min, np.flatnonzero(self._time <= standard_min))
        return self._near[1]

    def _useful(self, rows: NDArray[np.intp], endless: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which pairs lie before or at the nearest place with room for everybody."""
        if not endless.any() or not len(rows):
            return np.ones(len(rows), bool)
        point, full = self._point[rows], endless[self._place[rows]]
        so_far: NDArray[np.int64] = np.cumsum(full) - full
        first = np.r_[True, point[1:] != point[:-1]]
        return np.asarray(so_far == so_far[first][np.cumsum(first) - 1])

    def _flow(self, problem: _Problem) -> NDArray[np.int64]:
        """Return the flow on each pair."""
        pairs = len(problem.rows)
        if not pairs:
            return np.zeros(0, np.int64)
        from ruralcare.access import transport

        arcs = self._arcs(problem)
        tree = _empty_tree(transport, len(arcs.supply) + len(arcs.room) + 1, len(arcs.room))
        transport.start(arcs, tree)
        _search(transport, arcs, tree)
        flow = np.zeros(pairs + len(tree.arc), np.int64)
        flow[tree.arc[:-1]] = tree.flow[:-1]
        return flow[:pairs]

    def _left(self, problem: _Problem) -> NDArray[np.int64]:
        """Return the units of each point that are left unserved, beginning where one ended."""
        pairs, points = len(problem.rows), len(problem.supply)
        if not pairs:
            return problem.supply
        from ruralcare.access import transport

        arcs = self._arcs(problem)
        tree = _empty_tree(transport, points + len(arcs.room) + 1, len(arcs.room))
        if self._basis is None:
            transport.start(arcs, tree)
        else:
            transport.restart(arcs, tree, self._basis.tree, self._kept(problem.rows))
        _search(transport, arcs, tree, 2)
        if not transport.settled(arcs, tree):
            # As if nothing had been asked before.
            transport.start(arcs, tree)
            _search(transport, arcs, tree)
        self._basis = _Basis(tree, problem.rows)
        # The arcs of the points to the root come after the pairs.
        unserved = tree.arc[:points] == pairs + np.arange(points)
        return np.where(unserved, tree.flow[:points], 0)

    def _kept(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the pair of each node of the last tree among the pairs of today, or -1."""
        assert self._basis is not None
        tree, before = self._basis.tree, self._basis.rows
        arc = tree.arc[:-1]
        row = np.where(arc < len(before), before[np.minimum(arc, len(before) - 1)], -1)
        at = np.minimum(np.searchsorted(rows, row), len(rows) - 1)
        return np.where(rows[at] == row, at, -1)

    def _arcs(self, problem: _Problem) -> Any:  # noqa: ANN401 - lazily imported
        from ruralcare.access import transport

        rows, minutes = problem.rows, problem.minutes
        points, places = len(problem.supply), len(problem.room)
        # A price is at most the cost of leaving one unserved and of a way through all nodes.
        longest = float(minutes.max()) + 1.0
        nodes = points + places + 1
        scale = 2.0 ** min(_FINEST, _ROOM - 1 - np.ceil(np.log2(longest * 2 * nodes)))
        cost = np.rint(minutes * scale).astype(np.int64)
        # To serve one more, each place on the way to room passes one on: never too dear.
        unserved = (int(cost.max()) + 1) * (min(points, places) + 1)
        point = self._point[rows]
        first = np.searchsorted(point, np.arange(points + 1)).astype(np.int64)
        return transport.Arcs(
            point, self._place[rows], cost, first, problem.supply, problem.room, np.int64(unserved)
        )


@dataclass(frozen=True, eq=False)
class _Problem:
    """Who needs how much, in whole units, and the pairs that may be used."""

    wanted: Floats
    unit: float
    rows: NDArray[np.intp]
    minutes: Floats
    supply: NDArray[np.int64]
    room: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Basis:
    """Where a search ended, and the pairs that it had."""

    tree: Any
    rows: NDArray[np.intp]


def _search(transport: Any, arcs: Any, tree: Any, parts: int = 1) -> None:  # noqa: ANN401
    """Improve the flow until it is the best, looking at few arcs (or parts of them) at a time.

    Where the best is not unique, what is found depends on how many.
    """
    block = max(int(np.sqrt(len(arcs.point) + len(tree.arc))) // parts, 32)
    at = 0
    while at >= 0:
        at = transport.solve(arcs, tree, at, block, _BUDGET)


def _whole(values: Floats) -> NDArray[np.int64]:
    return np.floor(values).astype(np.int64)


def _empty_tree(transport: Any, nodes: int, places: int) -> Any:  # noqa: ANN401 - lazily imported
    return transport.Tree(
        parent=np.empty(nodes, np.int32),
        arc=np.zeros(nodes, np.int64),
        flow=np.zeros(nodes, np.int64),
        price=np.empty(nodes, np.int64),
        depth=np.empty(nodes, np.int32),
        child=np.empty(nodes, np.int32),
        after=np.empty(nodes, np.int32),
        before=np.empty(nodes, np.int32),
        full=np.empty(places, np.bool_),
    )
