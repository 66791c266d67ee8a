"""Trips from some points to others: walk to the road, ride, walk from the road."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.arguments import ENGINES, check_arguments
from ruralcare.network.ends import on_one_edge, positions
from ruralcare.network.engine import Engine, ways
from ruralcare.network.graph import RoadGraph
from ruralcare.network.placed import Placed, place
from ruralcare.network.reachable import unreachable_pairs
from ruralcare.network.search.arrays import (
    LONGEST_TICKS,
    Found,
    Keys,
    limit_key,
    proxy_ticks,
    ticks_of,
)
from ruralcare.progress import Progress
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

__all__ = ["Trips", "apart", "limit_of", "measure", "minutes_and_proxy", "share_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def limit_of(minutes: float, dtype: np.dtype[np.signedinteger]) -> int:
    """Return a time in minutes as the limit of a search.

    Parameters
    ----------
    minutes : float
        The time; infinite for no limit.
    dtype : dtype
        Type of the keys.

    Returns
    -------
    int
        The largest key of ways that take no longer, to the millisecond.
    """
    count = ticks(np.array(minutes)).item() if math.isfinite(minutes) else LONGEST_TICKS
    return limit_key(count, dtype)


@dataclass(frozen=True)
class Trips:
    """Trips measured, before detours and the cutoff.

    Parameters
    ----------
    origin, destination : array of int
        Positions of the two points; sorted, each pair once.
    ride_min : array of float
        Time on the network; infinite for two points of one road whose ride is beyond the limit.
    proxy_min : array of float
        Part of it on proxy links.
    walk_min : array of float
        Time of both walks.
    straight_min : array of float
        Time to walk straight to the other point; infinite where the two join different roads.
    from_ids, to_ids : array of str
        Ids of the points.
    mode : {"car", "foot"}
    apart : pair of int arrays
        Positions of the origin and of the destination of pairs without any way.
    unsnapped : tuple of str
        Points that did not join the network.
    snap_m : Series
        Distance of each point from its road.
    proxy : bool
        Whether any part of the network stands in for missing roads.
    """

    origin: Ints
    destination: Ints
    ride_min: Floats
    proxy_min: Floats
    walk_min: Floats
    straight_min: Floats
    from_ids: NDArray[np.object_]
    to_ids: NDArray[np.object_]
    mode: str
    apart: tuple[Ints, Ints]
    unsnapped: tuple[str, ...]
    snap_m: pd.Series
    proxy: bool

    @property
    def unreachable(self) -> pd.DataFrame:
        """The pairs without any way: ``from_id``, ``to_id``."""
        i, j = self.apart
        return pd.DataFrame({"from_id": self.from_ids[i], "to_id": self.to_ids[j]})

    def within(self, cutoff_min: float, detour_factor: float = 1.0) -> tuple[Ints, Floats, Floats]:
        """Return which trips take no longer than the cutoff, and how long.

        Parameters
        ----------
        cutoff_min : float
            Longest time listed.
        detour_factor : float
            The ride takes so many times as long.

        Returns
        -------
        rows : array of int
            Positions of the trips.
        time_min, proxy_share : array of float
            Their time from door to door, and the share of it on proxy links.
        """
        ride = self.ride_min * detour_factor + self.walk_min
        total = np.minimum(ride, self.straight_min)
        proxy = np.where(ride <= self.straight_min, self.proxy_min * detour_factor, 0.0)
        rows = np.flatnonzero(total <= cutoff_min)
        return rows, total[rows], share_of(proxy[rows], total[rows])


def share_of(part: Floats, whole: Floats) -> Floats:
    """Return the share of times that is on proxy links; 0 of no time."""
    share = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return np.minimum(share, 1.0)


def apart(graph: RoadGraph, here: Placed, there: Placed) -> tuple[Ints, Ints]:
    """Return the pairs of joined points without any way, by road or straight along their road.

    Parameters
    ----------
    graph : RoadGraph
        The graph.
    here, there : Placed
        Origins and destinations on it.

    Returns
    -------
    origin, destination : array of int
        Positions of the points, sorted.
    """
    i, j = unreachable_pairs(graph, here.joined, there.joined)
    walkable = here.edge[i] == there.edge[j]
    return i[~walkable], j[~walkable]


def measure(
    roads: RoadNetwork,
    origins: gpd.GeoSeries,
    destinations: gpd.GeoSeries,
    *,
    limit_min: float,
    mode: str,
    walking_kmh: float,
    snap_limit_m: float,
    engine: Engine,
    scheduler: str | None,
    progress: Progress,
) -> Trips:
    """Measure the trips from some points to others whose ride is no longer than a limit.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    origins, destinations : GeoSeries
        Points indexed by id; the destinations are brought to the CRS of the origins.
    limit_min : float
        Longest ride.
    mode, walking_kmh, snap_limit_m, engine, scheduler, progress
        As for :func:`~ruralcare.network.travel_times`.

    Returns
    -------
    Trips
        Door to door, with the pairs that have no way and the points that joined no road.
    """
    check_arguments(one_of=[("engine", engine, ENGINES)], not_negative=[("cutoff_min", limit_min)])
    if destinations.crs is not None:
        destinations = destinations.to_crs(roads.edges.crs)
    here, there = (
        place(roads, one, mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m)
        for one in (origins, destinations)
    )
    graph = here.graph
    limit = limit_of(limit_min, graph.edge_key.dtype)
    if scheduler is None:
        found = ways(graph, here.joined, there.joined, limit, engine=engine, progress=progress)
    else:
        from ruralcare.network.distributed import ways_on_cluster

        found = ways_on_cluster(
            scheduler, graph, here.joined, there.joined, limit, progress, engine=engine
        )
    origin, destination, ride_min, proxy_min = _with_neighbours(found, here, there, graph.all_proxy)
    straight = here.straight_min(origin, there, destination, walking_kmh)
    same_road = here.edge[origin] == there.edge[destination]
    i, j = apart(graph, here, there)
    ids = np.concatenate([here.ids, there.ids])
    distance_m = pd.Series(
        np.concatenate([here.snapped.distance_m, there.snapped.distance_m]),
        index=pd.Index(ids),
        name="snap_m",
    )
    return Trips(
        origin,
        destination,
        ride_min,
        proxy_min,
        here.walk_min[origin] + there.walk_min[destination],
        np.where(same_road, straight, np.inf),
        here.ids,
        there.ids,
        mode,
        (i, j),
        tuple(ids[distance_m.isna().to_numpy()]),
        distance_m.astype("Float64"),
        roads.is_proxy,
    )


def _with_neighbours(
    found: Found, here: Placed, there: Placed, all_proxy: bool
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the rides, and the pairs on one road whose ride is beyond the limit: they can walk."""
    ride, proxy = minutes_and_proxy(found.key, all_proxy)
    origin, destination = on_one_edge(here.edge, there.edge)
    at, known = positions(found, origin, destination)
    if known.all():
        return found.source, found.target, ride, proxy
    at, origin, destination = at[~known], origin[~known], destination[~known]
    return (
        np.insert(found.source, at, origin),
        np.insert(found.target, at, destination),
        np.insert(ride, at, np.inf),
        np.insert(proxy, at, 0.0),
    )


def minutes_and_proxy(key: Keys, all_proxy: bool) -> tuple[Floats, Floats]:
    """Return the minutes of ways, and those of them on proxy links.

    Parameters
    ----------
    key : array of int32 or int64
        Ways, as keys.
    all_proxy : bool
        Whether every edge is a proxy link, so that keys do not tell.

    Returns
    -------
    minutes, proxy_min : array of float
    """
    minutes = minutes_from_ticks(ticks_of(key))
    if all_proxy:
        return minutes, minutes
    if key.dtype == np.int32:
        return minutes, np.zeros(len(minutes))
    return minutes, minutes_from_ticks(proxy_ticks(key))
