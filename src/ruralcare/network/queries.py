"""Questions to a network: the nearest places, a matrix, minutes from everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.ends import rides_along
from ruralcare.network.engine import Engine, nearest_nodes
from ruralcare.network.graph import RoadGraph, road_graph
from ruralcare.network.placed import HasPoints, Placed, as_series, place
from ruralcare.network.search.arrays import Ends, Keys, proxy_key, ticks_of
from ruralcare.network.trips import apart, limit_of, measure
from ruralcare.progress import Progress, silent
from ruralcare.types import Direction, RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

__all__ = ["Matrix", "everywhere", "matrix", "nearest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Travel times from every origin to every destination.

    Parameters
    ----------
    minutes : DataFrame
        Index ``from_id``, a column for each ``to_id``; ``NA`` where ``state`` is not ``reached``.
    state : DataFrame
        The same layout: ``reached``, ``beyond_cutoff`` (there is a way), ``unreachable`` (there
        is none), ``unsnapped`` (one of the two is too far from any road).
    proxy_share : DataFrame
        The same layout: share of the time on links that stand in for missing roads; ``NA`` where
        ``state`` is not ``reached``.
    """

    minutes: pd.DataFrame
    state: pd.DataFrame
    proxy_share: pd.DataFrame


def matrix(
    roads: RoadNetwork,
    origins: HasPoints | gpd.GeoSeries,
    destinations: HasPoints | gpd.GeoSeries,
    *,
    cutoff_min: float = np.inf,
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    engine: Engine = "auto",
    scheduler: str | None = None,
    progress: Progress = silent,
) -> Matrix:
    """Measure the travel time from every origin to every destination.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    origins, destinations : GeoSeries, or anything with ``points``
        Points indexed by id, the origins in the CRS of the network.
    cutoff_min : float
        Longest time listed; by default there is no limit.
    mode, walking_kmh, snap_limit_m, engine, scheduler, progress
        As for :func:`~ruralcare.network.travel_times`.

    Raises
    ------
    TableError
        Points and roads differ in CRS, or the mode is not known.
    """
    trips = measure(
        roads,
        as_series(origins),
        as_series(destinations),
        limit_min=cutoff_min,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        engine=engine,
        scheduler=scheduler,
        progress=progress,
    )
    rows, columns = pd.Index(trips.from_ids), pd.Index(trips.to_ids)
    shape = (len(rows), len(columns))
    minutes, share = np.full(shape, np.nan), np.full(shape, np.nan)
    state = np.full(shape, "beyond_cutoff", dtype=object)
    table = trips.frame(cutoff_min)
    at = _cells(rows, columns, table)
    minutes[at], share[at] = table["time_min"], table["proxy_share"]
    state[at] = "reached"
    state[_cells(rows, columns, trips.unreachable)] = "unreachable"
    lost = trips.unsnapped
    state[rows.isin(lost)] = "unsnapped"
    state[:, columns.isin(lost)] = "unsnapped"

    def framed(values: NDArray[Any], dtype: Literal["Float64", "string"]) -> pd.DataFrame:
        made = pd.DataFrame(values, index=rows.rename("from_id"), columns=columns.rename("to_id"))
        return made.astype(dtype)

    return Matrix(framed(minutes, "Float64"), framed(state, "string"), framed(share, "Float64"))


def _cells(
    rows: pd.Index[Any], columns: pd.Index[Any], pairs: pd.DataFrame
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of pairs."""
    return (
        rows.get_indexer(pd.Index(pairs["from_id"])),
        columns.get_indexer(pd.Index(pairs["to_id"])),
    )


def everywhere(
    roads: RoadNetwork,
    places: HasPoints | gpd.GeoSeries,
    *,
    cutoff_min: float = np.inf,
    direction: Direction = "to_place",
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    engine: Engine = "auto",
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return the nearest place of every node of the network, in one search.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    places : GeoSeries, or anything with ``points``
        Points indexed by id, in the CRS of the network.
    cutoff_min : float
        Longest time listed, with the walk between the place and its road.
    direction : {"to_place", "to_demand"}
        Whether one travels from the node to the place or the other way.
    mode, walking_kmh, snap_limit_m, engine, progress
        As for :func:`~ruralcare.network.travel_times`.

    Returns
    -------
    DataFrame
        Index ``node_id`` (all nodes of the network), ``place_id`` and ``time_min``, both ``NA``
        where no place is within the cutoff. Of equally near places the first one.
    """
    graph = road_graph(roads, mode=mode, walking_kmh=walking_kmh)
    there = place(
        roads, as_series(places), mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m
    )
    limit = limit_of(cutoff_min, graph.edge_key.dtype)
    key, number = nearest_nodes(
        graph, _seeds(there, direction), 1, limit, direction, engine=engine, progress=progress
    )
    found = number[:, 0] >= 0
    minutes = pd.Series(minutes_from_ticks(ticks_of(key[:, 0])), dtype="Float64").mask(~found)
    ids = pd.Series(pd.NA, index=minutes.index, dtype="string")
    ids[found] = there.ids[number[found, 0]]
    return pd.DataFrame({"place_id": ids, "time_min": minutes}).set_axis(roads.nodes.index)


def nearest(
    roads: RoadNetwork,
    points: HasPoints | gpd.GeoSeries,
    places: HasPoints | gpd.GeoSeries,
    *,
    k: int = 1,
    cutoff_min: float = np.inf,
    direction: Direction = "to_place",
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    engine: Engine = "auto",
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return the nearest places of each point, without measuring to all of them.

    The times are those of :func:`~ruralcare.network.travel_times`.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points, places : GeoSeries, or anything with ``points``
        Points indexed by id, in the CRS of the network.
    k : int
        How many places to find for each point.
    cutoff_min : float
        Longest time listed.
    direction : {"to_place", "to_demand"}
        Whether one travels from the point to the place or the other way.
    mode, walking_kmh, snap_limit_m, engine, progress
        As for :func:`~ruralcare.network.travel_times`.

    Returns
    -------
    DataFrame
        ``point_id``, ``rank`` (from 1), ``place_id``, ``time_min``, ``state``, in the order of the
        points. Of equally near places the first one comes first. A point without any place has
        one row, with ``rank``, ``place_id`` and ``time_min`` ``NA`` and ``state`` not ``reached``
        but ``beyond_cutoff``, ``unreachable`` or ``unsnapped``.

    Raises
    ------
    TableError
        ``k`` is less than 1, points and roads differ in CRS, or the mode is not known.
    """
    if k < 1:
        raise TableError(f"k must be at least 1, not {k}")
    graph = road_graph(roads, mode=mode, walking_kmh=walking_kmh)
    here, there = (
        place(roads, as_series(one), mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m)
        for one in (points, places)
    )
    limit = limit_of(cutoff_min, graph.edge_key.dtype)
    key, number = nearest_nodes(
        graph, _seeds(there, direction), k, limit, direction, engine=engine, progress=progress
    )
    onward = direction == "to_place"
    ends = here.joined.out if onward else here.joined.into
    by_node = _by_node(here, there, ends, key, number)
    candidates = pd.concat(
        [by_node, _on_one_road(here, there, walking_kmh, onward=onward)], ignore_index=True
    )
    candidates = candidates[candidates["time_min"] <= cutoff_min]
    candidates = candidates.sort_values(["point", "time_min", "place"])
    candidates = candidates.drop_duplicates(["point", "place"])
    candidates["rank"] = candidates.groupby("point").cumcount() + 1
    best = candidates[candidates["rank"] <= k].assign(state="reached")
    without = np.setdiff1d(np.arange(len(here.ids)), best["point"].to_numpy())
    rest = pd.DataFrame(
        {"point": without, "state": _why(here, there, without, graph, onward=onward)}
    )
    table = pd.concat([best, rest], ignore_index=True).sort_values(
        ["point", "rank"], ignore_index=True
    )
    place_of = table["place"].astype("Int64")
    named = pd.Series(pd.NA, index=table.index, dtype="string")
    known = place_of.notna()
    named[known] = there.ids[place_of[known].to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "point_id": here.ids[table["point"].to_numpy(dtype=np.int64)],
            "rank": table["rank"].astype("Int64"),
            "place_id": named,
            "time_min": table["time_min"].astype("Float64"),
            "state": table["state"].astype("string"),
        }
    )


def _seeds(there: Placed, direction: Direction) -> Ends:
    """Return the places with their walks, for a search from them."""
    ends = there.joined.into if direction == "to_place" else there.joined.out
    walk = _walks(there)[ends.owner()]
    # A walk is never proxy: it counts in the ticks alone.
    added = walk if ends.key.dtype == np.int32 else proxy_key(walk, np.zeros(len(walk), dtype=bool))
    return Ends(ends.first, ends.node, (ends.key + added).astype(ends.key.dtype))


def _walks(there: Placed) -> Ints:
    return ticks(np.where(np.isnan(there.walk_min), 0.0, there.walk_min))


def _by_node(
    here: Placed, there: Placed, ends: Ends, key: Keys, place: NDArray[np.int32]
) -> pd.DataFrame:
    """Return the places that are near to the nodes that points hang on."""
    rows = place[ends.node]
    found = rows >= 0
    number = rows[found].astype(np.int64)
    point = np.repeat(ends.owner(), found.sum(axis=1))
    # The search counted the walk from the place in whole ticks.
    way = (ticks_of(key[ends.node]) + ticks_of(ends.key)[:, None])[found] - _walks(there)[number]
    minutes = minutes_from_ticks(way) + (here.walk_min[point] + there.walk_min[number])
    return pd.DataFrame({"point": point, "place": number, "time_min": minutes})


def _on_one_road(here: Placed, there: Placed, walking_kmh: float, *, onward: bool) -> pd.DataFrame:
    """Return the places on the road that a point lies on: along the road, or straight on foot."""
    starts, ends = (here.joined, there.joined) if onward else (there.joined, here.joined)
    along = rides_along(starts, ends)
    point, place = (along.source, along.target) if onward else (along.target, along.source)
    ride = minutes_from_ticks(ticks_of(along.key)) + (here.walk_min[point] + there.walk_min[place])
    a = pd.DataFrame({"edge": here.edge, "point": np.arange(len(here.edge))})
    b = pd.DataFrame({"edge": there.edge, "place": np.arange(len(there.edge))})
    near = a[a["edge"] >= 0].merge(b[b["edge"] >= 0], on="edge")[["point", "place"]]
    i, j = near["point"].to_numpy(), near["place"].to_numpy()
    straight = here.straight_min(i, there, j, walking_kmh)
    rides = pd.DataFrame({"point": point, "place": place, "time_min": ride})
    return pd.concat([rides, near.assign(time_min=straight)], ignore_index=True)


def _why(
    here: Placed, there: Placed, without: Ints, graph: RoadGraph, *, onward: bool
) -> NDArray[np.object_]:
    """Tell why points have no place: too far from a road, no way at all, or too far away."""
    points = here.take(without)
    point = apart(graph, points, there)[0] if onward else apart(graph, there, points)[1]
    joined = int((there.edge >= 0).sum())
    blocked = np.bincount(point, minlength=len(without)) >= joined
    state = np.where(blocked, "unreachable", "beyond_cutoff").astype(object)
    state[points.edge < 0] = "unsnapped"
    return state
