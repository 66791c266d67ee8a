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
    numbers. Each assignment is found afresh and depends on nothing that was asked before.
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
        minutes = self._time if time_factor == 1.0 else self._time * time_factor
        rows = np.flatnonzero(
            (minutes <= standard_min) & (supply[self._point] > 0) & (room[self._place] > 0)
        )
        rows = rows[self._useful(rows, room >= supply.sum())]
        flow = self._flow(rows, minutes[rows], supply, room)
        rows, flow = rows[flow > 0], flow[flow > 0]
        point = self._point[rows]
        # Who is served whole gets what they need to the last digit, not to the last unit.
        whole = np.zeros_like(supply)
        np.add.at(whole, point, flow)
        exact = np.where(whole == supply, wanted / np.maximum(supply, 1), 1.0 / unit)
        return Assigned(
            self.times,
            self._home[point].astype(np.int32),
            self._position[self._place[rows]],
            np.asarray(flow * exact[point], float),
            minutes[rows],
        )

    def _useful(self, rows: NDArray[np.intp], endless: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which pairs lie before or at the nearest place with room for everybody."""
        if not endless.any() or not len(rows):
            return np.ones(len(rows), bool)
        point, full = self._point[rows], endless[self._place[rows]]
        so_far: NDArray[np.int64] = np.cumsum(full) - full
        first = np.r_[True, point[1:] != point[:-1]]
        return np.asarray(so_far == so_far[first][np.cumsum(first) - 1])

    def _flow(
        self,
        rows: NDArray[np.intp],
        minutes: Floats,
        supply: NDArray[np.int64],
        room: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return the flow on each pair."""
        if not len(rows):
            return np.zeros(0, np.int64)
        from ruralcare.access import transport

        points, places = len(supply), len(room)
        nodes = points + places + 1
        # A price is at most the cost of leaving one unserved and of a way through all nodes.
        longest = float(minutes.max()) + 1.0
        scale = 2.0 ** min(_FINEST, _ROOM - 1 - np.ceil(np.log2(longest * 2 * nodes)))
        cost = np.rint(minutes * scale).astype(np.int64)
        # To serve one more, each place on the way to room passes one on: never too dear.
        unserved = (int(cost.max()) + 1) * (min(points, places) + 1)
        point = self._point[rows]
        first = np.searchsorted(point, np.arange(points + 1)).astype(np.int64)
        arcs = transport.Arcs(
            point, self._place[rows], cost, first, supply, room, np.int64(unserved)
        )
        tree = _empty_tree(transport, nodes, places)
        transport.start(arcs, tree)
        block = max(int(np.sqrt(len(rows) + nodes)), 32)
        at = 0
        while at >= 0:
            at = transport.solve(arcs, tree, at, block, _BUDGET)
        flow = np.zeros(len(rows) + nodes, np.int64)
        flow[tree.arc[:-1]] = tree.flow[:-1]
        return flow[: len(rows)]


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
