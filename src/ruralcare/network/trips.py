"""Trips from some points to others: walk to the road, ride, walk from the road."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.engine import Engine, ways
from ruralcare.network.graph import RoadGraph, road_graph
from ruralcare.network.placed import Placed, place
from ruralcare.network.reachable import unreachable_pairs
from ruralcare.network.search.arrays import (
    LONGEST_TICKS,
    Found,
    limit_key,
    proxy_ticks,
    ticks_of,
)
from ruralcare.progress import Progress
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

__all__ = ["Trips", "apart", "limit_of", "measure"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def limit_of(minutes: float, dtype: np.dtype[np.signedinteger]) -> int:
    """Return a time in minutes as the limit of a search."""
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
    unreachable : DataFrame
        ``from_id``, ``to_id`` of pairs without any way.
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
    unreachable: pd.DataFrame
    unsnapped: tuple[str, ...]
    snap_m: pd.Series
    proxy: bool

    def frame(self, cutoff_min: float, detour_factor: float = 1.0) -> pd.DataFrame:
        """Return the trips that take no longer than the cutoff.

        Parameters
        ----------
        cutoff_min : float
            Longest time listed.
        detour_factor : float
            The ride takes so many times as long.

        Returns
        -------
        DataFrame
            ``from_id``, ``to_id``, ``time_min``, ``proxy_share`` (share of that time on links
            that stand in for missing roads).
        """
        ride = self.ride_min * detour_factor + self.walk_min
        total = np.minimum(ride, self.straight_min)
        within = total <= cutoff_min
        proxy = np.where(ride <= self.straight_min, self.proxy_min * detour_factor, 0.0)
        share = np.divide(proxy, total, out=np.zeros(len(total)), where=total > 0)
        return pd.DataFrame(
            {
                "from_id": self.from_ids[self.origin[within]],
                "to_id": self.to_ids[self.destination[within]],
                "time_min": total[within],
                "proxy_share": np.minimum(share[within], 1.0),
            }
        )


def apart(graph: RoadGraph, here: Placed, there: Placed) -> tuple[Ints, Ints]:
    """Return the pairs of joined points without any way, by road or straight along their road."""
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
    """
    graph = road_graph(roads, mode=mode, walking_kmh=walking_kmh)
    here, there = (
        place(roads, one, mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m)
        for one in (origins, destinations.to_crs(roads.edges.crs))
    )
    limit = limit_of(limit_min, graph.edge_key.dtype)
    if scheduler is None:
        found = ways(graph, here.joined, there.joined, limit, engine=engine, progress=progress)
    else:
        from ruralcare.network.distributed import ways_on_cluster

        found = ways_on_cluster(scheduler, graph, here.joined, there.joined, limit, progress)
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
        pd.DataFrame({"from_id": here.ids[i], "to_id": there.ids[j]}),
        tuple(ids[distance_m.isna().to_numpy()]),
        distance_m.astype("Float64"),
        roads.is_proxy,
    )


def _with_neighbours(
    found: Found, here: Placed, there: Placed, all_proxy: bool
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the rides, and the pairs on one road whose ride is beyond the limit: they can walk."""
    starts = pd.DataFrame({"edge": here.edge, "origin": np.arange(len(here.edge))})
    ends = pd.DataFrame({"edge": there.edge, "destination": np.arange(len(there.edge))})
    both = starts[starts["edge"] >= 0].merge(ends[ends["edge"] >= 0], on="edge")
    ride = minutes_from_ticks(ticks_of(found.key))
    if all_proxy:
        proxy = ride
    elif found.key.dtype == np.int64:
        proxy = minutes_from_ticks(proxy_ticks(found.key))
    else:
        proxy = np.zeros(len(ride))
    rides = pd.DataFrame(
        {"origin": found.source, "destination": found.target, "ride": ride, "proxy": proxy}
    )
    near = both[["origin", "destination"]].assign(ride=np.inf, proxy=0.0)
    table = pd.concat([rides, near], ignore_index=True)
    # The ride, if there is one, comes first and is kept.
    table = table.drop_duplicates(["origin", "destination"])
    table = table.sort_values(["origin", "destination"], ignore_index=True)
    return (
        table["origin"].to_numpy(dtype=np.int64),
        table["destination"].to_numpy(dtype=np.int64),
        table["ride"].to_numpy(dtype=float),
        table["proxy"].to_numpy(dtype=float),
    )
