"""Travel times between demand points and places, as people and carers travel."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd

from ruralcare.network.arguments import DIRECTIONS, check_arguments
from ruralcare.network.engine import Engine
from ruralcare.network.placed import HasPoints, as_series
from ruralcare.network.trips import Trips, measure
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Service, TravelSettings
from ruralcare.types import DemandPoints, Direction, RoadNetwork, TravelTimes

__all__ = ["service_times", "travel_times"]


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
    engine: Engine = "auto",
    scheduler: str | None = None,
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
        Longest time listed; ``math.inf`` lists every pair that has a way.
    mode : {"car", "foot"}
        On foot, roads are walked both ways, motorways not at all.
    direction : {"to_place", "to_demand"}
        Whether people travel to the place or carers to the home.
    walking_kmh : float
        Walking speed.
    snap_limit_m : float
        A point farther from any suitable road is not joined to the network.
    engine : {"auto", "plain", "buckets", "hierarchy"}
        How shortest paths are found; all give the same times.
    scheduler : str, optional
        Address of a dask.distributed scheduler (``tcp://…``) whose workers measure.
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
    InputError
        The scheduler does not answer.
    """
    trips = _between(
        roads,
        points,
        places,
        direction,
        limit_min=cutoff_min,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        engine=engine,
        scheduler=scheduler,
        progress=progress,
    )
    return _table(trips, points, direction, cutoff_min)


def service_times(
    roads: RoadNetwork,
    points: DemandPoints,
    places: HasPoints | gpd.GeoSeries,
    services: Iterable[Service],
    travel: TravelSettings,
    *,
    scheduler: str | None = None,
    progress: Progress = silent,
) -> dict[str, TravelTimes]:
    """Measure travel times as each service travels.

    Parameters
    ----------
    roads, points, places, scheduler, progress
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
    measured: dict[Direction, Trips] = {}
    made: dict[tuple[Direction, float], TravelTimes] = {}
    times: dict[str, TravelTimes] = {}
    for service in services:
        direction = service.direction
        if direction not in measured:
            measured[direction] = _between(
                roads,
                points,
                places,
                direction,
                limit_min=travel.cutoff_min,
                mode="car",
                walking_kmh=travel.walking_kmh,
                snap_limit_m=travel.snap_limit_m,
                engine="auto",
                scheduler=scheduler,
                progress=progress,
            )
        key = (direction, service.detour_factor)
        if key not in made:
            made[key] = _table(
                measured[direction], points, direction, travel.cutoff_min, service.detour_factor
            )
        times[service.id] = made[key]
    return times


def _between(
    roads: RoadNetwork,
    points: DemandPoints,
    places: HasPoints | gpd.GeoSeries,
    direction: Direction,
    *,
    limit_min: float,
    mode: str,
    walking_kmh: float,
    snap_limit_m: float,
    engine: Engine,
    scheduler: str | None,
    progress: Progress,
) -> Trips:
    check_arguments(one_of=[("direction", direction, DIRECTIONS)])
    homes = as_series(points)
    targets = as_series(places)
    origins, destinations = (targets, homes) if direction == "to_demand" else (homes, targets)
    return measure(
        roads,
        origins,
        destinations,
        limit_min=limit_min,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        engine=engine,
        scheduler=scheduler,
        progress=progress,
    )


def _table(
    trips: Trips,
    points: DemandPoints,
    direction: Direction,
    cutoff_min: float,
    detour_factor: float = 1.0,
) -> TravelTimes:
    rows, time_min, proxy_share = trips.within(cutoff_min, detour_factor)
    ends, apart = (trips.origin[rows], trips.destination[rows]), trips.apart
    if direction == "to_demand":
        ends, apart = ends[::-1], apart[::-1]
    return TravelTimes.measured(
        ends,
        time_min,
        proxy_share,
        cutoff_min=cutoff_min,
        mode=trips.mode,
        direction=direction,
        points=points,
        place_ids=tuple(trips.from_ids if direction == "to_demand" else trips.to_ids),
        unreachable=apart,
        unsnapped=trips.unsnapped,
        snap_m=trips.snap_m,
        proxy=trips.proxy,
    )
