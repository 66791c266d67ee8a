"""What tours of a shuttle come to: riders, vehicles, and how much longer than direct they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ruralcare.errors import TableError
from ruralcare.language import Language, Message
from ruralcare.units import minutes_from_ticks

__all__ = ["Tours", "Way"]

Way = Literal["to_centre", "from_centre"]

# Times are whole ticks; a cap need not be one.
_TICK_MIN = float(minutes_from_ticks(np.array(1)))


@dataclass(frozen=True, eq=False)
class Tours:
    """Tours of the vehicles of a centre.

    Parameters
    ----------
    riders : DataFrame
        A row for each point and each vehicle that stops there, in the order of the points:
        ``point_id``, ``state``, ``tour`` (from 1), ``stop`` (from 1, in the order of driving),
        ``persons``, ``ride_min`` (longest time in the vehicle, boarding included), ``direct_min``
        (the direct drive), ``detour`` (ride against direct drive; ``NA`` where that takes no
        time) and ``walk_min`` (walk between door and stop; ``NA`` where it is not known). Who is
        not ``carried`` has no tour, because the ride would be longer than the cap even alone
        (``beyond_cap``), because there is no way there and back (``unreachable``), or because the
        point is too far from any road (``unsnapped``).
    tours : DataFrame
        Index ``tour``: ``persons``, ``stops``, ``ride_min`` (longest ride) and ``drive_min``
        (whole round from the centre to the centre, without stops).
    ride_cap_min : float
        Longest ride allowed.
    vehicle_seats : int
        Riders that a vehicle takes.
    way : {"to_centre", "from_centre"}
        Morning or evening.
    """

    riders: pd.DataFrame
    tours: pd.DataFrame
    ride_cap_min: float
    vehicle_seats: int
    way: Way

    def __post_init__(self) -> None:
        """Check that the tours keep the rules, whoever made them."""
        carried = self.carried
        if (self.tours["persons"] > self.vehicle_seats).any():
            raise TableError("Tours: a vehicle takes more riders than it has seats")
        if (carried["ride_min"] > self.ride_cap_min + _TICK_MIN).any():
            raise TableError("Tours: a ride is longer than the cap")
        if (carried["ride_min"] < carried["direct_min"] - _TICK_MIN).any():
            raise TableError("Tours: a ride is shorter than the direct drive")
        if int(carried["persons"].sum()) != int(self.tours["persons"].sum()):
            raise TableError("Tours: riders and tours do not sum to the same")

    @property
    def carried(self) -> pd.DataFrame:
        """The riders who are carried."""
        return self.riders[self.riders["state"] == "carried"]

    @property
    def not_carried(self) -> pd.DataFrame:
        """The riders who are not, and why: ``point_id``, ``state``, ``persons``, ``direct_min``."""
        left = self.riders[self.riders["state"] != "carried"]
        return left[["point_id", "state", "persons", "direct_min"]]

    @property
    def vehicles(self) -> int:
        """Number of tours, and of vehicles where each makes one."""
        return len(self.tours)

    @property
    def vehicles_at_least(self) -> int:
        """Number of vehicles that the seats alone ask for; no plan has fewer."""
        return math.ceil(self.carried["persons"].sum() / self.vehicle_seats)

    @property
    def longest_ride_min(self) -> float | None:
        """Longest ride of a person; ``None`` if nobody is carried."""
        return float(self.tours["ride_min"].max()) if len(self.tours) else None

    @property
    def drive_min(self) -> float:
        """Driving time of all tours together."""
        return float(self.tours["drive_min"].sum())

    @property
    def detour_factor(self) -> float | None:
        """Sum of all persons' rides over the sum of their direct drives.

        Comparable with ``detour_factor`` of a service; ``None`` where nobody has a way to go.
        """
        carried = self.carried
        direct = float((carried["direct_min"] * carried["persons"]).sum())
        return float((carried["ride_min"] * carried["persons"]).sum()) / direct if direct else None

    def share_within(self, detour_factor: float) -> float | None:
        """Return the share of persons who ride no longer than so many times the direct drive.

        Parameters
        ----------
        detour_factor : float
            Such as that of a service in the scenario.
        """
        carried = self.carried
        if carried.empty:
            return None
        within = carried["ride_min"] <= carried["direct_min"] * detour_factor
        return float(carried["persons"][within].sum() / carried["persons"].sum())

    def summary(self, language: Language = "en") -> str:
        """Return what there is to say, a sentence in each line."""
        return "\n".join(message.render(language) for message in self._told())

    def _told(self) -> list[Message]:
        told = []
        if self.longest_ride_min is not None:
            told.append(
                Message(
                    "{persons} people ride in {tours} tours; the longest ride takes {longest} min "
                    "of {cap} allowed.",
                    persons=int(self.tours["persons"].sum()),
                    tours=self.vehicles,
                    longest=round(self.longest_ride_min, 1),
                    cap=self.ride_cap_min,
                )
            )
        if self.detour_factor is not None:
            told.append(
                Message(
                    "Their rides take {factor} times as long as the direct drive.",
                    factor=round(self.detour_factor, 2),
                )
            )
        counts = self.not_carried.groupby("state")["persons"].sum().to_dict()
        for state, template in _LEFT.items():
            if state in counts:
                told.append(Message(template, persons=int(counts[state])))
        return told


_LEFT = {
    "beyond_cap": "{persons} people live too far away: even alone they would ride longer than "
    "allowed.",
    "unreachable": "{persons} people have no road to the centre and back.",
    "unsnapped": "{persons} people live too far from any road.",
}
