"""Travel times between demand points and places."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.types.checks import check_frame
from ruralcare.types.inputs import DemandPoints
from ruralcare.types.words import Direction

__all__ = ["Ends", "TravelPairs", "TravelTimes"]

Ends = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Positions of demand points, and of places."""

AnyEnds = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]

_FROM_HOME = ("from_id", "to_id")


@dataclass(frozen=True, eq=False)
class TravelPairs:
    """Travel times as arrays, seen from home: what measures count on.

    Parameters
    ----------
    point : array of int32, pairs
        Position of the demand point in ``TravelTimes.points``.
    place : array of int32, pairs
        Position of the place in ``TravelTimes.place_ids``.
    time_min, proxy_share : array of float, pairs
        As in :class:`TravelTimes`.
    start : array of int64, points + 1
        The pairs of point *i* are ``start[i]`` to ``start[i + 1] - 1``, nearest first; of equal
        times, the place whose id sorts first.
    """

    point: NDArray[np.int32]
    place: NDArray[np.int32]
    time_min: NDArray[np.float64]
    proxy_share: NDArray[np.float64]
    start: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Travel times between demand points and places.

    Parameters
    ----------
    frame : DataFrame
        ``from_id``, ``to_id``, ``time_min``, ``proxy_share`` (share of that time on links that
        stand in for missing roads, 0 to 1). A pair that is absent is beyond the cutoff, unless
        it is listed in ``unreachable`` or one end in ``unsnapped``.
    cutoff_min : float
        Longest time listed.
    mode : {"car", "foot"}
        How people travel.
    direction : {"to_demand", "to_place"}
        Whether ``from_id`` is the place (``to_demand``) or the demand point (``to_place``).
    points : DemandPoints
        The demand points.
    place_ids : tuple of str
        The places, also those that nobody reaches.
    unreachable : DataFrame
        ``from_id``, ``to_id`` of pairs without any way between them.
    unsnapped : tuple of str
        Demand points and places too far from any road to join the network.
    snap_m : Series
        Straight distance from each demand point and place to its road, in metres; ``NA`` for
        the unsnapped.
    proxy : bool
        True where the roads are stand-ins.

    Notes
    -----
    Where the network room has measured, the table is made of arrays (:meth:`measured`), and
    ``frame`` and ``unreachable`` are written out when they are first asked for: the nation has
    some twenty million pairs, and their ids as texts are larger than all the rest.
    """

    frame: pd.DataFrame
    cutoff_min: float
    mode: str
    direction: Direction
    points: DemandPoints
    place_ids: tuple[str, ...]
    unreachable: pd.DataFrame
    unsnapped: tuple[str, ...]
    snap_m: pd.Series
    proxy: bool = False

    def __post_init__(self) -> None:
        _check_once(self.place_ids)
        ends = {"from_id": "text", "to_id": "text"}
        columns = {**ends, "time_min": "number", "proxy_share": "number"}
        check_frame("TravelTimes", self.frame, columns)
        check_frame("TravelTimes.unreachable", self.unreachable, ends)
        self._keep(
            self._placed("TravelTimes", self.frame),
            self.frame["time_min"].to_numpy(float),
            self.frame["proxy_share"].to_numpy(float),
            self._placed("TravelTimes.unreachable", self.unreachable),
        )

    @classmethod
    def measured(
        cls,
        ends: AnyEnds,
        time_min: NDArray[np.float64],
        proxy_share: NDArray[np.float64],
        *,
        cutoff_min: float,
        mode: str,
        direction: Direction,
        points: DemandPoints,
        place_ids: tuple[str, ...],
        unreachable: AnyEnds,
        unsnapped: tuple[str, ...],
        snap_m: pd.Series,
        proxy: bool = False,
    ) -> TravelTimes:
        """Return the table of what was measured between positions.

        Parameters
        ----------
        ends : pair of int arrays
            Position of the demand point in ``points`` and of the place in ``place_ids``, for
            each row of ``frame``, in its order.
        time_min, proxy_share : array of float
            The other columns of ``frame``.
        unreachable : pair of int arrays
            The same positions for ``unreachable``.
        cutoff_min, mode, direction, points, place_ids, unsnapped, snap_m, proxy
            As for the class.

        Returns
        -------
        TravelTimes
            The same as one built of frames, and checked the same way.

        Raises
        ------
        TableError
            A position is out of range, a pair is given twice, or a number breaks the contract.
        """
        _check_once(place_ids)
        table = cls.__new__(cls)
        for name, value in (
            ("cutoff_min", cutoff_min),
            ("mode", mode),
            ("direction", direction),
            ("points", points),
            ("place_ids", place_ids),
            ("unsnapped", unsnapped),
            ("snap_m", snap_m),
            ("proxy", proxy),
        ):
            object.__setattr__(table, name, value)
        table._keep(ends, time_min, proxy_share, unreachable)
        return table

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> pd.DataFrame:
            # Asked only for what is not there: the frames of a table made of arrays.
            if name not in ("frame", "unreachable") or "_rows" not in self.__dict__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if name == "frame":
                ends, time_min, share = self._rows
                made = self._named(ends).assign(time_min=time_min, proxy_share=share)
            else:
                made = self._named(self._apart)
            object.__setattr__(self, name, made)
            return made

    @cached_property
    def pairs(self) -> TravelPairs:
        """The same as arrays, seen from home, nearest first."""
        (point, place), minutes, share = self._rows
        points = len(self.points.frame)
        rank = np.empty(len(self.place_ids), np.int32)
        rank[np.argsort(np.array(self.place_ids, dtype=object), kind="stable")] = np.arange(
            len(self.place_ids), dtype=np.int32
        )
        order = _nearest_first(point, minutes, rank[place], points)
        start = np.zeros(points + 1, np.int64)
        np.cumsum(np.bincount(point, minlength=points), out=start[1:])
        return TravelPairs(point[order], place[order], minutes[order], share[order], start)

    @property
    def rows(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The pairs as arrays in the order of ``frame``, for sums that need no other order.

        Position of the demand point in ``points``, of the place in ``place_ids``, minutes.
        """
        (point, place), minutes, _ = self._rows
        return point, place, minutes

    @cached_property
    def by_demand(self) -> pd.DataFrame:
        """The pairs seen from home, nearest first.

        ``point_id``, ``place_id``, ``time_min``, ``proxy_share``.
        """
        pairs = self.pairs
        names = self.points.frame.index
        if not names.is_monotonic_increasing:
            rank = np.empty(len(names), np.int32)
            rank[np.argsort(names.to_numpy(object), kind="stable")] = np.arange(len(names))
            # Stable, so that the pairs of each point stay in their order.
            order = np.argsort(rank[pairs.point], kind="stable")
            pairs = TravelPairs(
                pairs.point[order],
                pairs.place[order],
                pairs.time_min[order],
                pairs.proxy_share[order],
                pairs.start,
            )
        return pd.DataFrame(
            {
                "point_id": names.take(pairs.point),
                "place_id": _ids(self.place_ids).take(pairs.place),
                "time_min": pairs.time_min,
                "proxy_share": pairs.proxy_share,
            }
        )

    @property
    def apart(self) -> Ends:
        """The pairs without any way: positions of the demand points, and of the places."""
        return self._apart

    @cached_property
    def unreachable_by_demand(self) -> pd.DataFrame:
        """The pairs without any way, seen from home: ``point_id``, ``place_id``."""
        point, place = self._apart
        return pd.DataFrame(
            {
                "point_id": self.points.frame.index.take(point),
                "place_id": _ids(self.place_ids).take(place),
            }
        )

    _rows: tuple[Ends, NDArray[np.float64], NDArray[np.float64]] = field(init=False, repr=False)
    _apart: Ends = field(init=False, repr=False)

    def _keep(
        self,
        ends: AnyEnds,
        time_min: NDArray[np.float64],
        proxy_share: NDArray[np.float64],
        unreachable: AnyEnds,
    ) -> None:
        """Check what every table must hold, however it came, and keep it as arrays."""
        homes, places = len(self.points.frame), len(self.place_ids)
        faults = _end_faults("TravelTimes", ends, homes, places)
        faults += _end_faults("TravelTimes.unreachable", unreachable, homes, places)
        if not len(ends[0]) == len(time_min) == len(proxy_share):
            faults.append("TravelTimes: positions, times and shares differ in number")
        # Written so that NaN breaks it too.
        if not np.all((time_min >= 0) & (time_min <= self.cutoff_min) & np.isfinite(time_min)):
            faults.append("TravelTimes: times must lie between 0 and the cutoff")
        if not np.all((proxy_share >= 0) & (proxy_share <= 1)):
            faults.append("TravelTimes: proxy_share must lie between 0 and 1")
        if faults:
            raise TableError("; ".join(faults))
        object.__setattr__(self, "_rows", (_small(ends), time_min, proxy_share))
        object.__setattr__(self, "_apart", _small(unreachable))

    def _placed(self, table: str, frame: pd.DataFrame) -> Ends:
        """Return the positions of the ids of a frame."""
        homes, places = ("to_id", "from_id") if self.direction == "to_demand" else _FROM_HOME
        found = []
        for column, known, what in (
            (homes, self.points.frame.index, "demand points"),
            (places, pd.Index(self.place_ids, dtype=object), "places"),
        ):
            at = known.get_indexer(pd.Index(frame[column]))
            if (at < 0).any():
                strange = sorted(set(frame[column][at < 0]))[:5]
                raise TableError(f"{table}: {column} has unknown {what} {strange}")
            found.append(at.astype(np.int32))
        return found[0], found[1]

    def _named(self, ends: Ends) -> pd.DataFrame:
        """Return positions as ids, from where to where."""
        homes = self.points.frame.index.take(ends[0])
        places = _ids(self.place_ids).take(ends[1])
        if self.direction == "to_demand":
            return pd.DataFrame({"from_id": places, "to_id": homes})
        return pd.DataFrame({"from_id": homes, "to_id": places})


def _check_once(place_ids: tuple[str, ...]) -> None:
    if len(set(place_ids)) < len(place_ids):
        raise TableError("TravelTimes: has the same place twice")


def _small(ends: AnyEnds) -> Ends:
    return ends[0].astype(np.int32, copy=False), ends[1].astype(np.int32, copy=False)


def _ids(ids: tuple[str, ...]) -> pd.Index:
    return pd.Index(ids, dtype=str)


def _end_faults(table: str, ends: AnyEnds, homes: int, places: int) -> list[str]:
    """Return what is wrong with the positions of pairs."""
    point, place = ends
    if len(point) != len(place):
        return [f"{table}: has more of one end than of the other"]
    if not len(point):
        return []
    if min(point.min(), place.min()) < 0 or point.max() >= homes or place.max() >= places:
        return [f"{table}: a position is out of range"]
    key = point.astype(np.int64) * places + place
    # What was measured comes sorted, by either end; only other orders need to be sorted.
    if not _rises(key) and not _rises(place.astype(np.int64) * homes + point):
        key.sort()
        if not _rises(key):
            return [f"{table}: has more than one row for the same from_id, to_id"]
    return []


def _rises(key: NDArray[np.int64]) -> bool:
    return bool(np.all(key[1:] > key[:-1]))


def _nearest_first(
    point: NDArray[np.int32], minutes: NDArray[np.float64], rank: NDArray[np.int32], points: int
) -> NDArray[np.int64]:
    """Return the order by point, then minutes, then rank.

    The same as ``np.lexsort((rank, minutes, point))``, several times as fast: point and minutes
    are sorted as one whole number, and what the rounding of the minutes leaves open is sorted
    again.
    """
    longest = float(minutes.max()) if len(minutes) else 0.0
    if not longest > 0:
        return np.asarray(np.lexsort((rank, point)), np.int64)
    bits = 62 - max(int(points - 1).bit_length(), 1)
    steps = (minutes * ((2.0**bits - 1) / longest)).astype(np.int64)
    key = np.left_shift(point.astype(np.int64), bits) | np.minimum(steps, 2**bits - 1)
    order = np.argsort(key)
    key = key[order]
    same = np.flatnonzero(key[1:] == key[:-1])
    if len(same):
        open_ = np.union1d(same, same + 1)
        rows = order[open_]
        order[open_] = rows[np.lexsort((rank[rows], minutes[rows], point[rows]))]
    return order
