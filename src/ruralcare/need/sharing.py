"""Who finds room where people compete for it: everybody in the same part.

The assignment with the fewest minutes gives a full institution to those who live nearest, be it by
a second, and nothing to the next village. That is right for the sum, but no ground to judge a
township on. Here those who want the same room get the same part of it, and the sum stays what the
assignment proves to be possible.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["shared"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Rounds in which those who found no room look for what is free elsewhere.
_ROUNDS = 12
_FEW = 1e-6
_TINY = 1e-300


def shared(point: Ints, place: Ints, wanted: Floats, room: Floats, served: Floats) -> Floats:
    """Return the persons of each point who find room, if those who compete share alike.

    The people of a point divide over the places within their standard in proportion to the room
    that is free there; a place that is asked for more takes the same part of all who come; those
    who are left divide again over what is free. What is then still missing, in each part of the
    graph of points and places that hangs together, is lowered for all points alike to what the
    best assignment leaves unserved.

    Parameters
    ----------
    point, place : array, pairs
        The pairs within the standard.
    wanted : array, points
        Persons in need.
    room : array, places
        Persons each can serve; NaN where there is no limit.
    served : array, points
        Persons served in an assignment that serves as many as possible.

    Returns
    -------
    array, points
        Between 0 and ``wanted``; its sum over a part that hangs together is that of ``served``.

    References
    ----------
    The division is the first step of a floating catchment (Luo and Wang 2003), repeated.
    """
    points = len(wanted)
    known = room[room > 0]
    usual = float(np.median(known)) if len(known) else 1.0
    left, used = np.array(wanted, float), np.zeros(len(room))
    for _ in range(_ROUNDS):
        pull = np.where(np.isnan(room), usual, np.maximum(room - used, 0.0))[place]
        total = np.bincount(point, weights=pull, minlength=points)[point]
        coming = left[point] * pull / np.where(total > 0, total, 1.0)
        asked = np.bincount(place, weights=coming, minlength=len(room))
        free = np.where(np.isnan(room), np.inf, np.maximum(room - used, 0.0))
        taken = coming * np.minimum(1.0, free / np.maximum(asked, _TINY))[place]
        used = used + np.bincount(place, weights=taken, minlength=len(room))
        left = np.maximum(left - np.bincount(point, weights=taken, minlength=points), 0.0)
        if taken.sum() <= _FEW:
            break
    reached = np.zeros(points, bool)
    reached[point] = True
    size = points + len(room)
    graph = coo_array((np.ones(len(point), np.int8), (point, points + place)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][:points]
    lack = np.bincount(part, weights=np.where(reached, left, 0.0), minlength=size)
    least = np.bincount(part, weights=np.where(reached, wanted - served, 0.0), minlength=size)
    some = lack > _TINY
    lowered = np.where(some, np.clip(least / np.where(some, lack, 1.0), 0.0, 1.0), 0.0)
    return np.where(reached, np.clip(wanted - left * lowered[part], 0.0, wanted), 0.0)
