"""The routing library that builds the tours; see :mod:`.tours` for the model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.progress import Progress

__all__ = ["Visit", "collect"]

Ints = NDArray[np.int64]

# The library weighs driving against seats and time that lack; its weights are made for costs of up
# to some tens of thousands, so driving counts in tenths of a second.
_COST_TICKS = 100


class Visit(NamedTuple):
    """Persons who board at a stop, and the ticks from the vehicle's arrival there to the end."""

    stop: int
    persons: int
    ride: int


def collect(
    times: Ints,
    persons: Ints,
    *,
    seats: int,
    cap: int,
    board: int,
    iterations: int,
    seed: int,
    progress: Progress,
) -> list[list[Visit]]:
    """Return tours that collect everybody and end at the centre.

    Parameters
    ----------
    times : array of int, shape (stops + 1, stops + 1)
        Driving time in ticks, −1 where there is no way; the centre comes first. Everybody can be
        brought to the centre alone within the cap.
    persons : array of int, shape (stops,)
        Riders at each stop, at least one.
    seats : int
        Riders that a vehicle takes.
    cap, board : int
        Longest ride, and boarding time of each person, in ticks.
    iterations, seed : int
        Steps of the search, and start of its random numbers.
    progress : Progress
        Told about each number of vehicles that is tried.

    Returns
    -------
    list of list of Visit
        Stops in the order in which they collect; longest tours first.

    Raises
    ------
    InputError
        PyVRP is not installed.
    """
    if not len(persons):
        return []
    pyvrp = _library()
    stop_of = np.repeat(np.arange(len(persons)), persons)
    closed = times < 0
    # A leg that does not exist takes longer than any ride may.
    drive, duration = np.where(closed, 2 * cap + 1, times), np.where(closed, 2 * cap + 1, times)
    duration[0] = 0
    most = len(stop_of)
    tours: list[list[int]] = [[person] for person in range(most)]
    for vehicles in range(math.ceil(most / seats), most):
        progress(Message("Building tours for {count} vehicles", count=vehicles))
        found = _search(
            pyvrp, drive, duration, stop_of, vehicles, seats, cap, board, iterations, seed
        )
        if found is not None:
            tours = found
            break
    made = [_visits(stop_of[tour].tolist(), times, board) for tour in tours]
    return sorted(made, key=lambda visits: (-visits[0].ride, visits[0].stop))


def _library() -> ModuleType:
    try:
        import pyvrp
    except ImportError as error:
        raise InputError(
            [
                Fault(
                    Message("Pick-up tours are built with PyVRP, which is not installed."),
                    Message("Install it with: pip install ruralcare[tours]"),
                )
            ]
        ) from error
    module: ModuleType = pyvrp
    return module


def _search(
    pyvrp: ModuleType,
    drive: Ints,
    duration: Ints,
    stop_of: Ints,
    vehicles: int,
    seats: int,
    cap: int,
    board: int,
    iterations: int,
    seed: int,
) -> list[list[int]] | None:
    """Return the persons of each tour in order, or None if the rules are not kept."""
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in range(len(drive))],
        [
            pyvrp.Client(int(stop) + 1, pickup=[1], service_duration=board)
            for stop in stop_of.tolist()
        ],
        [pyvrp.Depot(0)],
        [pyvrp.VehicleType(vehicles, [seats], shift_duration=cap)],
        [np.rint(drive / _COST_TICKS).astype(np.int64)],
        [duration],
    )
    stop = pyvrp.stop.MaxIterations(iterations)
    with warnings.catch_warnings():
        # With too few vehicles there is nothing to find: another one is tried next.
        warnings.simplefilter("ignore", pyvrp.exceptions.PenaltyBoundWarning)
        best = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False).best
    if not best.is_feasible():
        return None
    return [list(_clients(route)) for route in best.routes()]


def _clients(route: Sequence[object]) -> Iterator[int]:
    for activity in route:
        if activity.is_client():  # type: ignore[attr-defined]
            yield int(activity.idx)  # type: ignore[attr-defined]


def _visits(stops: Sequence[int], times: Ints, board: int) -> list[Visit]:
    """Return the visits of a tour with their rides.

    A stop that is passed twice collects everybody the second time: no ride is longer for it.
    """
    order = list(dict.fromkeys(reversed(stops)))
    visits = []
    ride = 0
    for here, before in pairwise([-1, *order]):
        ride += int(times[before + 1, here + 1]) + board * stops.count(before)
        visits.append(Visit(before, stops.count(before), ride))
    return visits[::-1]
