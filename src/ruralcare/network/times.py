"""Travel times between demand points and places, as people and carers travel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.routing import graph_with_points, pairs_within, unreachable_pairs
from ruralcare.network.snap import snap_points
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Service, TravelSettings
from ruralcare.types import DemandPoints, Direction, RoadNetwork, TravelTimes
from ruralcare.units import minutes_at

__all__ = ["HasPoints", "service_times", "travel_times"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class HasPoints(Protocol):
    """Anything with points, such as Places, Facilities or Cooperatives."""

    @property
    def points(self) -> gpd.GeoSeries:
        """The points, indexed by id."""


def travel_times(
    roads: RoadNetwork,
    points: DemandPoints,
    places: HasPoints | gpd.GeoSeries,
    *,
    cutoff_min: float = 60.0,
    mode: str = "car",
    direction: Direction = "to_place",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> TravelTimes:
    """Measure travel times between demand points and places.

    A trip is the walk from the point to its road, the way along the network and the walk from
    the road to the other point; both walks are straight and at walking speed. Two points that
    join the same road may also walk straight to each other.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points : DemandPoints
        Where people live, in the CRS of the network.
    places : Places or GeoSeries
        Anything with ``points``, or points indexed by id.
    cutoff_min : float
        Longest time listed.
    mode : {"car", "foot"}
        On foot, roads are walked both ways, motorways and trunk roads not at all.
    direction : {"to_place", "to_demand"}
        Whether people travel to the place or carers to the home.
    walking_kmh : float
        Walking speed.
    snap_limit_m : float
        A point farther from any suitable road is not joined to the network.
    progress : Progress
        Told how far the measuring is.

    Returns
    -------
    TravelTimes
        Sorted by the order of the demand points and places.

    Raises
    ------
    TableError
        Points and roads differ in CRS, or the mode is not known.
    """
    trips = _measure(
        roads,
        points,
        places,
        limit_min=cutoff_min,
        mode=mode,
        direction=direction,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        progress=progress,
    )
    return trips.times(cutoff_min)


def service_times(
    roads: RoadNetwork,
    points: DemandPoints,
    places: HasPoints | gpd.GeoSeries,
    services: Iterable[Service],
    travel: TravelSettings,
    progress: Progress = silent,
) -> dict[str, TravelTimes]:
    """Measure travel times as each service travels.

    Parameters
    ----------
    roads, points, places, progress
        As for :func:`travel_times`.
    services : iterable of Service
        Their ``direction`` decides who travels; their ``detour_factor`` lengthens the time in
        the vehicle, not the walks.
    travel : TravelSettings
        Cutoff, walking speed and snapping limit.

    Returns
    -------
    dict of str to TravelTimes
        By service id, in the order of the services.
    """
    measured: dict[str, _Trips] = {}
    times: dict[str, TravelTimes] = {}
    made: dict[tuple[str, float], TravelTimes] = {}
    for service in services:
        direction = service.direction
        if direction not in measured:
            measured[direction] = _measure(
                roads,
                points,
                places,
                limit_min=travel.cutoff_min,
                mode="car",
                direction=direction,
                walking_kmh=travel.walking_kmh,
                snap_limit_m=travel.snap_limit_m,
                progress=progress,
            )
        key = (direction, service.detour_factor)
        if key not in made:
            made[key] = measured[direction].times(travel.cutoff_min, service.detour_factor)
        times[service.id] = made[key]
    return times


@dataclass(frozen=True)
class _Trips:
    """Trips measured in one direction, before detours and the cutoff."""

    origin: Ints
    destination: Ints
    ride_min: Floats
    walk_min: Floats
    straight_min: Floats
    """Time to walk straight to the other point; infinite where the two join different roads."""
    from_ids: NDArray[np.object_]
    to_ids: NDArray[np.object_]
    mode: str
    direction: Direction
    points: DemandPoints
    place_ids: tuple[str, ...]
    unreachable: pd.DataFrame
    unsnapped: tuple[str, ...]
    snap_m: pd.Series
    proxy: bool

    def times(self, cutoff_min: float, detour_factor: float = 1.0) -> TravelTimes:
        """Return the trips that take no longer than the cutoff."""
        total = np.minimum(self.ride_min * detour_factor + self.walk_min, self.straight_min)
        within = total <= cutoff_min
        frame = pd.DataFrame(
            {
                "from_id": self.from_ids[self.origin[within]],
                "to_id": self.to_ids[self.destination[within]],
                "time_min": total[within],
            }
        )
        return TravelTimes(
            frame,
            cutoff_min,
            self.mode,
            self.direction,
            self.points,
            self.place_ids,
            self.unreachable,
            self.unsnapped,
            self.snap_m,
            self.proxy,
        )


def _measure(
    roads: RoadNetwork,
    points: DemandPoints,
    places: HasPoints | gpd.GeoSeries,
    *,
    limit_min: float,
    mode: str,
    direction: Direction,
    walking_kmh: float,
    snap_limit_m: float,
    progress: Progress,
) -> _Trips:
    targets = places if isinstance(places, gpd.GeoSeries) else places.points
    homes = points.points
    all_points = gpd.GeoSeries(
        np.concatenate([homes.to_numpy(), targets.to_crs(homes.crs).to_numpy()]), crs=homes.crs
    )
    ids = np.concatenate([homes.index.to_numpy(object), targets.index.to_numpy(object)])
    snapped = snap_points(roads, all_points, limit_m=snap_limit_m, mode=mode)
    graph = graph_with_points(roads, snapped, mode=mode, walking_kmh=walking_kmh)
    at_home = np.arange(len(homes))
    at_place = np.arange(len(targets)) + len(homes)
    origins, destinations = (at_place, at_home) if direction == "to_demand" else (at_home, at_place)
    pairs = pairs_within(graph, origins, destinations, limit_min, progress)
    origin, destination, ride_min = _with_neighbours(
        pairs.origin,
        pairs.destination,
        pairs.minutes,
        snapped.edge[origins],
        snapped.edge[destinations],
    )
    a, b = origins[origin], destinations[destination]
    walk = minutes_at(snapped.distance_m, walking_kmh)
    x, y = all_points.x.to_numpy(), all_points.y.to_numpy()
    straight = minutes_at(np.hypot(x[a] - x[b], y[a] - y[b]), walking_kmh)
    same_road = snapped.edge[a] == snapped.edge[b]
    i, j = unreachable_pairs(graph, origins, destinations)
    apart = snapped.edge[origins[i]] != snapped.edge[destinations[j]]
    return _Trips(
        origin,
        destination,
        ride_min,
        walk[a] + walk[b],
        np.where(same_road, straight, np.inf),
        ids[origins],
        ids[destinations],
        mode,
        direction,
        points,
        tuple(targets.index),
        pd.DataFrame({"from_id": ids[origins][i[apart]], "to_id": ids[destinations][j[apart]]}),
        tuple(ids[~snapped.ok]),
        pd.Series(snapped.distance_m, index=pd.Index(ids), name="snap_m", dtype="Float64").mask(
            ~snapped.ok
        ),
        roads.is_proxy,
    )


def _with_neighbours(
    origin: Ints, destination: Ints, minutes: Floats, from_edge: Ints, to_edge: Ints
) -> tuple[Ints, Ints, Floats]:
    """Add the pairs on the same road whose ride is beyond the limit: they can walk."""
    starts = pd.DataFrame({"edge": from_edge, "origin": np.arange(len(from_edge))})
    ends = pd.DataFrame({"edge": to_edge, "destination": np.arange(len(to_edge))})
    both = starts[starts["edge"] >= 0].merge(ends[ends["edge"] >= 0], on="edge")
    rides = pd.DataFrame({"origin": origin, "destination": destination, "minutes": minutes})
    near = both[["origin", "destination"]].assign(minutes=np.inf)
    table = pd.concat([rides, near], ignore_index=True)
    # The ride, if there is one, comes first and is kept.
    table = table.drop_duplicates(["origin", "destination"])
    table = table.sort_values(["origin", "destination"], ignore_index=True)
    return (
        table["origin"].to_numpy(dtype=np.int64),
        table["destination"].to_numpy(dtype=np.int64),
        table["minutes"].to_numpy(dtype=float),
    )
