"""What stands today, seen from the townships: the ground on which a status is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.assignment import Assigner
from ruralcare.need.sharing import shared
from ruralcare.network.search.compiled import quick
from ruralcare.scenario import Service
from ruralcare.types import AccessTable, TravelTimes

__all__ = ["ESTIMATED", "STAFF_BASIS", "Supply", "leading", "quick", "supply_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Answer = TypeVar("Answer")

STAFF_BASIS = "care workers"
"""``capacity_basis`` of an institution whose room is that of its counted care workers."""

ESTIMATED = (STAFF_BASIS, "default")
"""``capacity_basis`` of institutions whose room is estimated by a rule of the scenario."""

# Rounds in which people are moved off full institutions before the exact assignment is asked.
_ROUNDS = 8
_FULL = 1.0 + 1e-9
# Far above rounding: so much more need than room cannot find room.
_TOO_MANY = 1.0 + 1e-6


@dataclass(frozen=True, eq=False)
class Supply:
    """The institutions of one service and the people who reach them, as arrays.

    Parameters
    ----------
    service : Service
        The service.
    standard_min : float
        Its standard.
    times : TravelTimes
        Travel times as the service travels.
    township_ids : tuple of str
        The townships, in the order of all arrays by township.
    township, weight : array, points
        Position of the township of each demand point, and the share of its people there.
    shares : DataFrame
        A row for each township, in order: ``covered_share``, ``too_far``, ``unreachable``,
        ``unsnapped`` (sum to 1).
    place_ids : tuple of str
        The institutions.
    capacity : array of float, places
        Persons each can serve; NaN where it is unknown or without limit.
    staffed : array of bool, places
        Whether that is the room of counted care workers.
    estimated : array of bool, places
        Whether it was estimated by a rule of the scenario, this or another.
    inside : array of bool, places
        Whether it lies in a planned township. Of others, the people who use them are not counted.
    point, place, time_min : array, pairs
        The pairs of points and institutions within the cutoff, nearest first for each point.
    again : bool
        Whether much is asked again with little changed: then answers are looked for from the last
        one (:meth:`ruralcare.access.Assigner.served`). They are the same, but for the rounding of
        sums.
    answers : dict, optional
        Where answers are kept for when the same is asked again, with other thresholds perhaps.
    memo : dict
        What was made of pairs and institutions, for copies with other room or standard as well.
    """

    service: Service
    standard_min: float
    times: TravelTimes = field(repr=False)
    township_ids: tuple[str, ...] = field(repr=False)
    township: Ints = field(repr=False)
    weight: Floats = field(repr=False)
    shares: pd.DataFrame = field(repr=False)
    place_ids: tuple[str, ...] = field(repr=False)
    capacity: Floats = field(repr=False)
    staffed: Flags = field(repr=False)
    estimated: Flags = field(repr=False)
    inside: Flags = field(repr=False)
    point: Ints = field(repr=False)
    place: Ints = field(repr=False)
    time_min: Floats = field(repr=False)
    again: bool = False
    answers: dict[bytes, Any] | None = field(default=None, repr=False)
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        """Whether no institution offers the service."""
        return not self.place_ids

    @property
    def _assigner(self) -> Assigner:
        if "assigner" not in self.memo:
            self.memo["assigner"] = Assigner(self.times, self.place_ids)
        assigner: Assigner = self.memo["assigner"]
        return assigner

    @property
    def start(self) -> Ints:
        """Where the pairs of each point begin, and the end."""
        if "start" not in self.memo:
            found = np.searchsorted(self.point, np.arange(len(self.weight) + 1))
            self.memo["start"] = found.astype(np.int64)
        start: Ints = self.memo["start"]
        return start

    def near(self, standard_min: float) -> Ints:
        """Return the pairs within a standard."""
        if self.memo.get("standard") != standard_min:
            self.memo["near"] = np.flatnonzero(self.time_min <= standard_min)
            self.memo["standard"] = standard_min
        near: Ints = self.memo["near"]
        return near

    def once(self, what: str, find: Callable[[], Answer], *given: Any) -> Answer:  # noqa: ANN401
        """Return what was found for the same room, standard and arguments, or find it."""
        if self.answers is None:
            return find()
        key = blake2b(repr((what, self.standard_min)).encode())
        for one in (self.capacity, *given):
            key.update(one.tobytes() if isinstance(one, np.ndarray) else repr(one).encode())
        if key.digest() not in self.answers:
            self.answers[key.digest()] = find()
        found: Answer = self.answers[key.digest()]
        return found

    @cached_property
    def people_share(self) -> Floats:
        """Sum of the weights of each township, 1 but for rounding."""
        return self.to_townships(self.weight)

    def to_townships(self, by_point: Floats) -> Floats:
        """Return the sums over the points of each township."""
        sums = np.bincount(self.township, weights=by_point, minlength=len(self.township_ids))
        return np.asarray(sums, float)

    def by_point(self, need: Floats) -> Floats:
        """Return the persons in need at each point from those of each township."""
        return np.asarray(self.weight * need[self.township], float)

    def first(self, open_: Flags | None = None) -> tuple[Ints, Ints]:
        """Return the points that reach an (open) institution, and the pair of the nearest one."""
        every = np.ones(len(self.place_ids), bool) if open_ is None else open_
        pairs = np.empty(len(self.weight), np.int64)
        quick(_first)(self.start, self.place, every, pairs)
        points = np.flatnonzero(pairs >= 0)
        return points, pairs[points]

    def nearest_min(self, open_: Flags | None = None) -> Floats:
        """Return the minutes of each point to the nearest (open) institution; NaN if none."""
        points, pairs = self.first(open_)
        minutes = np.full(len(self.weight), np.nan)
        minutes[points] = self.time_min[pairs]
        return minutes

    def covered_share(self, nearest_min: Floats, standard_min: float) -> Floats:
        """Return the share of the people of each township within a standard."""
        within = np.where(nearest_min <= standard_min, self.weight, 0.0)
        some = self.people_share > 0
        share = self.to_townships(within) / np.where(some, self.people_share, 1.0)
        # Where nobody lives, nobody is beyond.
        return np.where(some, share, 1.0)

    def met(
        self,
        need: Floats,
        *,
        capacity: Floats | None = None,
        standard_min: float | None = None,
        open_: Flags | None = None,
    ) -> Floats:
        """Return the persons of each point who find room within the standard.

        As many as possible are served (:class:`ruralcare.access.Assigner`), and those who compete
        for the same room share it (:func:`ruralcare.need.sharing.shared`). Where a look at the
        institutions shows that there is room for all, that is the answer.

        Parameters
        ----------
        need : array, townships
            Persons in need.
        capacity, standard_min
            Instead of those of the supply.
        open_ : array of bool, places
            Institutions that are open; all by default.
        """
        room = self.capacity if capacity is None else capacity
        standard = self.standard_min if standard_min is None else standard_min
        offered = room if open_ is None else np.where(open_, room, 0.0)
        return self.once("met", lambda: self._met(need, offered, standard), need, offered, standard)

    def _met(self, need: Floats, room: Floats, standard: float) -> Floats:
        wanted = self.by_point(need)
        near = self.near(standard)
        # Nobody finds room where there is none; where it is unknown, there is no limit.
        kept = near[(wanted > 0)[self.point[near]] & ~(room <= 0)[self.place[near]]]
        point, place = self.point[kept], self.place[kept]
        if not len(point):
            return np.zeros(len(wanted))
        if _room_for_all(point, place, wanted, room):
            reached = np.zeros(len(wanted), bool)
            reached[point] = True
            return np.where(reached, wanted, 0.0)
        if self.again:
            persons = self._assigner.served(wanted, room, standard)
        else:
            persons = self._assigner.solve(wanted, room, standard).by_point
        return shared(point, place, wanted, room, np.minimum(persons, wanted))


def _first(start: Ints, place: Ints, open_: Flags, pairs: Ints) -> None:
    """Write down the first pair of each point with an open institution, or -1."""
    for i in range(len(pairs)):
        pairs[i] = -1
        for r in range(start[i], start[i + 1]):
            if open_[place[r]]:
                pairs[i] = r
                break


def _room_for_all(point: Ints, place: Ints, wanted: Floats, room: Floats) -> bool:
    """Tell whether everybody finds room, if a few rounds of spreading people can show it.

    Each point divides its people over the institutions it reaches, by the room they have; the pull
    of those that are too full is lowered. Any division without a full institution is a proof.
    """
    come, there = np.zeros(len(wanted), bool), np.zeros(len(room), bool)
    come[point], there[place] = True, True
    # Unknown room is no limit: then the sum is not known, and nothing is too many.
    if wanted[come].sum() > room[there].sum() * _TOO_MANY:
        return False
    pull = np.where(np.isnan(room), np.nansum(wanted), room)
    return bool(quick(_spreads)(point, place, wanted, room, pull))


def _spreads(point: Ints, place: Ints, wanted: Floats, room: Floats, pull: Floats) -> bool:
    """Divide people by the pull of institutions and lower it, until all have room or no more."""
    for _ in range(_ROUNDS):
        total, users = np.zeros(len(wanted)), np.zeros(len(room))
        for r in range(len(point)):
            total[point[r]] += pull[place[r]]
        for r in range(len(point)):
            i, j = point[r], place[r]
            users[j] += wanted[i] * pull[j] / total[i]
        over = False
        for j in range(len(room)):
            if users[j] > room[j] * _FULL:
                over = True
                pull[j] *= 0.98 * room[j] / max(users[j], 1e-12)
        if not over:
            return True
    return False


def supply_of(service: Service, access: AccessTable, township_ids: tuple[str, ...]) -> Supply:
    """Return the supply of one service as an access table has it.

    Parameters
    ----------
    service : Service
        The service.
    access : AccessTable
        Access with what stands.
    township_ids : tuple of str
        The townships, in the order wanted.
    """
    times = access.times[service.id]
    points = times.points.frame
    offers = access.offers[access.offers["service"] == service.id]
    known = pd.Index(times.place_ids)
    room = offers.groupby("place_id", sort=True)["capacity_persons"].agg(
        lambda persons: persons.sum(skipna=False)
    )
    told = offers.drop_duplicates("place_id").set_index("place_id").reindex(room.index)
    nowhere = pd.Series("", index=told.index)
    basis = told.get("capacity_basis", nowhere)
    inside = told["township_id"].isin(township_ids) if "township_id" in told else nowhere == ""
    # From the places of the travel times to the institutions; -1 for all others.
    number = np.full(len(known) + 1, -1, np.int64)
    number[known.get_indexer(pd.Index(room.index))] = np.arange(len(room))
    number[-1] = -1
    pairs = times.pairs
    place = number[pairs.place]
    offered = place >= 0
    townships = pd.Index(township_ids)
    home = townships.get_indexer(pd.Index(points["township_id"])).astype(np.int64)
    rows = access.frame[access.frame["service"] == service.id].set_index("township_id")
    names = ("covered", "beyond_standard", "beyond_cutoff", "unreachable", "unsnapped")
    shares = rows[[f"{name}_share" for name in names]].reindex(townships).astype(float)
    # Where nobody lives, nobody is beyond.
    shares = shares.fillna({f"{name}_share": float(name == "covered") for name in names})
    return Supply(
        service,
        float(access.standards_min[service.id]),
        times,
        tuple(township_ids),
        np.maximum(home, 0),
        # People of townships that were not asked about count nowhere.
        np.where(home >= 0, points["weight"].to_numpy(np.float64), 0.0),
        pd.DataFrame(
            {
                "covered_share": shares["covered_share"],
                "too_far": shares["beyond_standard_share"] + shares["beyond_cutoff_share"],
                "unreachable": shares["unreachable_share"],
                "unsnapped": shares["unsnapped_share"],
            }
        ),
        tuple(str(place_id) for place_id in room.index),
        np.asarray(room.to_numpy(dtype=float, na_value=np.nan), np.float64),
        (basis == STAFF_BASIS).fillna(False).to_numpy(bool),
        basis.isin(ESTIMATED).to_numpy(bool),
        inside.to_numpy(bool),
        pairs.point[offered].astype(np.int64),
        place[offered],
        pairs.time_min[offered],
    )


def leading(
    township: Ints, place: Ints, weight: Floats, townships: int, most: int = 1
) -> pd.DataFrame:
    """Return the places that most people of each township are concerned with.

    Parameters
    ----------
    township, place, weight : array
        Positions, and the share of the people.
    townships : int
        Number of townships.
    most : int
        Most places for each township.

    Returns
    -------
    DataFrame
        ``township``, ``place``, ``share``: townships in order, places by falling share; of equal
        shares the first place.
    """
    frame = pd.DataFrame({"township": township, "place": place, "share": weight})
    frame = frame[(frame["township"] >= 0) & (frame["township"] < townships)]
    sums = frame.groupby(["township", "place"])["share"].sum().reset_index()
    sums["rounded"] = -sums["share"].round(9)
    sums = sums.sort_values(["township", "rounded", "place"], ignore_index=True)
    first = sums.groupby("township").cumcount() < most
    return sums.loc[first, ["township", "place", "share"]]
