"""Which institutions are about to become unviable: too few people are left for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ruralcare.need.supply import Supply
from ruralcare.network.search.compiled import quick

__all__ = ["Unviable", "expected_users", "unviable"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# In one round, institutions with at most this share of the room about a point give up together.
_TOGETHER = 0.1
# Rounds in which those who found no room look for it, and persons that are too few for another.
_ROUNDS = 30
_FEW = 1e-6
_TINY = 1e-300
# A count of users that misses the least one only by rounding does not miss it.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Unviable:
    """Institutions that do not hold out.

    Parameters
    ----------
    closed : array of bool, places
        Whether it is about to become unviable.
    users : array of float, places
        Persons expected to use it, with all that hold out longer still there; of the others, the
        persons expected in the end.
    least : array of float, places
        Persons that it would need; NaN where its room is unknown.
    """

    closed: Flags
    users: Floats
    least: Floats


def expected_users(supply: Supply, need: Floats, open_: Flags | None = None) -> Floats:
    """Return how many people use each institution if all choose by its size.

    The people of a demand point divide over the institutions within the standard in proportion to
    their room; those who have none there go to the nearest within the cutoff, if there is one. An
    institution that is full takes the same part of all who come; the others divide over the room
    that is free within the standard, until it is full or all have found a place. An institution of
    unknown room draws people like the median of the others, and has room for all.

    Parameters
    ----------
    supply : Supply
        The institutions.
    need : array, townships
        Persons in need.
    open_ : array of bool, places
        Institutions that are open; all by default.

    Returns
    -------
    array, places
        Persons, not more than the room.
    """
    everywhere = np.ones(len(supply.place_ids), bool) if open_ is None else open_
    return _users(supply, need, everywhere)[0]


def unviable(
    supply: Supply, need: Floats, least_use: float, candidates: Flags | None = None
) -> Unviable:
    """Find the institutions that do not hold out with the need that reaches them.

    In each round, an institution below the least use gives up if no poorer one is within the
    standard of a point that it serves; its users turn to the others, which may save them. This
    goes on until all that are left have users enough. So of two half-empty institutions in one
    place one stays, and one that stands alone and empty is told. Institutions outside the planned
    townships, whose users are not counted, and those of unknown room never give up.

    Parameters
    ----------
    supply : Supply
        The institutions.
    need : array, townships
        Persons in need.
    least_use : float
        Least users, as share of the room.
    candidates : array of bool, places
        Institutions that may give up; all by default.
    """
    may = np.ones(len(supply.place_ids), bool) if candidates is None else candidates
    return supply.once(
        "unviable", lambda: _unviable(supply, need, least_use, may), need, least_use, may
    )


def _unviable(supply: Supply, need: Floats, least_use: float, candidates: Flags) -> Unviable:
    room = supply.capacity
    least = least_use * room
    may = supply.inside & (room > 0) & candidates
    # Of equal use, the one whose id sorts first gives up first.
    name = np.argsort(np.argsort(np.array(supply.place_ids, dtype=object), kind="stable"))
    open_ = np.ones(len(room), bool)
    told = np.full(len(room), np.nan)
    while True:
        users, pairs, weight = _users(supply, need, open_)
        told[open_] = users[open_]
        poor = may & open_ & (users < least * (1 - _ROUNDING))
        if not poor.any():
            return Unviable(~open_, told, least)
        use = np.full(len(room), np.inf)
        use[poor] = np.round(users[poor] / room[poor], 9)
        order = np.lexsort((name, use))
        rank = np.empty(len(room), np.int64)
        rank[order] = np.arange(len(room))
        open_ = open_ & ~_give_up(supply, poor, rank, pairs, weight)


def _give_up(supply: Supply, poor: Flags, rank: Ints, pairs: Ints, weight: Floats) -> Flags:
    """Return the poor institutions that go in this round: first at all points they share.

    Where all of a point use one institution, and it goes, they turn to others farther off, which
    must wait and see.
    """
    point, place = supply.point[pairs], supply.place[pairs]
    beaten = _waiting(supply, poor, rank, point, place)
    mine = poor[place]
    point, place, weight = point[mine], place[mine], weight[mine]
    order = np.lexsort((rank[place], point))
    point, place, weight = point[order], place[order], weight[order]
    first = _begins(point)
    starts = np.flatnonzero(first)
    summed = np.cumsum(weight)
    before = (summed - weight)[starts][np.cumsum(first) - 1]
    allowed = first | (summed - before <= _TOGETHER)
    beaten[place[~allowed]] = True
    return poor & ~beaten


def _waiting(supply: Supply, poor: Flags, rank: Ints, point: Ints, place: Ints) -> Flags:
    """Return the poor institutions that a point may yet turn to, when its only one goes first."""
    count = len(supply.weight)
    sole = (np.bincount(point, minlength=count) == 1)[point] & poor[place]
    before = np.full(count, -1, np.int64)
    before[point[sole]] = rank[place[sole]]
    waiting = np.zeros(len(poor), bool)
    quick(_wait)(supply.start, supply.place, poor, rank, before, waiting)
    return waiting


def _wait(start: Ints, place: Ints, poor: Flags, rank: Ints, before: Ints, waiting: Flags) -> None:
    for i in range(len(before)):
        if before[i] >= 0:
            for r in range(start[i], start[i + 1]):
                if poor[place[r]] and rank[place[r]] > before[i]:
                    waiting[place[r]] = True


def _users(supply: Supply, need: Floats, open_: Flags) -> tuple[Floats, Ints, Floats]:
    """Return the users of each place, and the first choice of each point: pairs and shares."""
    room = supply.capacity
    known = room[room > 0]
    usual = float(np.median(known)) if len(known) else 1.0
    wanted = supply.by_point(need)
    draws = np.where(np.isnan(room), usual, room)
    most = len(supply.near(supply.standard_min)) + len(wanted)
    pairs, choice = np.empty(most, np.int64), np.empty(most)
    count = quick(_choose)(
        supply.start, supply.place, supply.time_min, supply.standard_min, open_, wanted, draws,
        pairs, choice,
    )  # fmt: skip
    pairs, choice = pairs[:count], choice[:count]
    near = supply.time_min[pairs] <= supply.standard_min
    users = quick(_settle)(
        supply.point[pairs], supply.place[pairs], near, choice, wanted, room, usual
    )
    return users, pairs, choice


def _choose(
    start: Ints,
    place: Ints,
    time_min: Floats,
    standard_min: float,
    open_: Flags,
    wanted: Floats,
    draws: Floats,
    pairs: Ints,
    choice: Floats,
) -> int:
    """Write down where the people of each point go first, and in what shares; return how many."""
    count = 0
    for i in range(len(wanted)):
        if not wanted[i] > 0:
            continue
        total, first = 0.0, -1
        for r in range(start[i], start[i + 1]):
            # Pairs are sorted: where nothing is within the standard, the first is the nearest.
            if time_min[r] > standard_min and first >= 0:
                break
            if open_[place[r]]:
                if first < 0:
                    first = r
                if time_min[r] <= standard_min:
                    total += draws[place[r]]
        if total > 0:
            for r in range(first, start[i + 1]):
                if time_min[r] > standard_min:
                    break
                share = draws[place[r]] / total
                if open_[place[r]] and share > 0:
                    pairs[count], choice[count] = r, share
                    count += 1
        elif first >= 0:
            pairs[count], choice[count] = first, 1.0
            count += 1
    return count


def _settle(
    point: Ints,
    place: Ints,
    near: Flags,
    choice: Floats,
    wanted: Floats,
    room: Floats,
    usual: float,
) -> Floats:
    """Let people go where they want, and those without room look for other room; count users."""
    pairs, points, places = len(point), len(wanted), len(room)
    users, left, share = np.zeros(places), wanted.copy(), choice.copy()
    for _ in range(_ROUNDS):
        asked, got, gone = np.zeros(places), np.zeros(places), np.zeros(points)
        for r in range(pairs):
            asked[place[r]] += left[point[r]] * share[r]
        part = np.ones(places)
        for j in range(places):
            if not np.isnan(room[j]):
                part[j] = min(1.0, max(room[j] - users[j], 0.0) / max(asked[j], _TINY))
        for r in range(pairs):
            taken = left[point[r]] * share[r] * part[place[r]]
            got[place[r]] += taken
            gone[point[r]] += taken
        free = np.full(places, usual)
        for j in range(places):
            users[j] += got[j]
            if not np.isnan(room[j]):
                free[j] = max(room[j] - users[j], 0.0)
        total = np.zeros(points)
        for r in range(pairs):
            if near[r]:
                total[point[r]] += free[place[r]]
        for i in range(points):
            left[i] = max(left[i] - gone[i], 0.0)
        go_on = False
        for r in range(pairs):
            share[r] = 0.0
            if near[r] and total[point[r]] > 0:
                share[r] = free[place[r]] / total[point[r]]
                go_on = go_on or left[point[r]] * share[r] > _FEW
        if not go_on:
            break
    return users


def _begins(point: Ints) -> Flags:
    """Tell where the pairs of another point begin."""
    return np.concatenate([[True], point[1:] != point[:-1]])[: len(point)]
