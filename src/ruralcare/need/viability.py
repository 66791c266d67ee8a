"""Which institutions are about to become unviable: too few people are left for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ruralcare.need.supply import Supply

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
    room = supply.capacity
    least = least_use * room
    may = supply.inside & (room > 0)
    if candidates is not None:
        may &= candidates
    # Of equal use, the one whose id sorts first gives up first.
    name = np.argsort(np.argsort(np.array(supply.place_ids, dtype=object), kind="stable"))
    open_ = np.ones(len(room), bool)
    told = np.full(len(room), np.nan)
    while True:
        users, weight, point, place = _users(supply, need, open_)
        told[open_] = users[open_]
        poor = may & open_ & (users < least * (1 - _ROUNDING))
        if not poor.any():
            return Unviable(~open_, told, least)
        use = np.full(len(room), np.inf)
        use[poor] = np.round(users[poor] / room[poor], 9)
        order = np.lexsort((name, use))
        rank = np.empty(len(room), np.int64)
        rank[order] = np.arange(len(room))
        open_ = open_ & ~_give_up(poor, rank, weight, point, place)


def _give_up(poor: Flags, rank: Ints, weight: Floats, point: Ints, place: Ints) -> Flags:
    """Return the poor institutions that go in this round: first at all points they share.

    Where all of a point use one institution, and it goes, they turn to others farther off, which
    must wait and see.
    """
    beaten = _waiting(poor, rank, weight, point, place)
    mine = poor[place] & (weight > 0)
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


def _waiting(poor: Flags, rank: Ints, weight: Floats, point: Ints, place: Ints) -> Flags:
    """Return the poor institutions that a point may yet turn to, when its only one goes first."""
    count = int(point.max()) + 1 if len(point) else 0
    used = weight > 0
    alone = (np.bincount(point[used], minlength=count) == 1)[point]
    last = np.iinfo(np.int64).max
    before = np.full(count, last)
    sole = used & alone & poor[place]
    before[point[sole]] = rank[place[sole]]
    waiting = np.zeros(len(poor), bool)
    waiting[place[~used & poor[place] & (rank[place] > before[point])]] = True
    return waiting


def _users(supply: Supply, need: Floats, open_: Flags) -> tuple[Floats, Floats, Ints, Ints]:
    """Return the users of each place and the first choice of each point, pair by pair."""
    room = supply.capacity
    known = room[room > 0]
    usual = np.median(known) if len(known) else 1.0
    wanted = supply.by_point(need)
    kept = open_[supply.place] & (wanted[supply.point] > 0)
    point, place = supply.point[kept], supply.place[kept]
    near = (supply.time_min[kept] <= supply.standard_min).astype(float)
    # Pairs are sorted: where nothing is within the standard, the first pair is the nearest.
    choice = _divided(point, near * np.where(np.isnan(room), usual, room)[place], len(wanted))
    lost = np.bincount(point, weights=choice, minlength=len(wanted)) == 0
    choice = np.where(lost[point], _begins(point) * 1.0, choice)
    used = choice > 0
    p, j, near = point[used], place[used], near[used]
    users, left, share = np.zeros(len(room)), wanted, choice[used]
    for _ in range(_ROUNDS):
        coming = left[p] * share
        asked = np.bincount(j, weights=coming, minlength=len(room))
        free = np.where(np.isnan(room), np.inf, np.maximum(room - users, 0.0))
        taken = coming * np.minimum(1.0, free / np.maximum(asked, _TINY))[j]
        users = users + np.bincount(j, weights=taken, minlength=len(room))
        left = np.maximum(left - np.bincount(p, weights=taken, minlength=len(left)), 0.0)
        free = np.where(np.isnan(room), usual, np.maximum(room - users, 0.0))
        share = _divided(p, near * free[j], len(wanted))
        if not (left[p] * share > _FEW).any():
            break
    return users, choice, point, place


def _divided(point: Ints, pull: Floats, points: int) -> Floats:
    """Return the share of the people of each point that goes each way, by pull; 0 without any."""
    total = np.bincount(point, weights=pull, minlength=points)[point]
    return np.asarray(pull / np.where(total > 0, total, 1.0), float)


def _begins(point: Ints) -> Flags:
    """Tell where the pairs of another point begin."""
    return np.concatenate([[True], point[1:] != point[:-1]])[: len(point)]
