"""Questions to a network: the nearest places, a matrix, minutes from everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.arguments import DIRECTIONS, ENGINES, check_arguments
from ruralcare.network.ends import on_one_edge, rides_along
from ruralcare.network.engine import Engine, nearest_nodes
from ruralcare.network.graph import road_graph
from ruralcare.network.placed import HasPoints, Placed, as_series, place
from ruralcare.network.search.arrays import Ends, Keys, proxy_key, ticks_of
from ruralcare.network.trips import apart, limit_of, measure, minutes_and_proxy, share_of
from ruralcare.progress import Progress, silent
from ruralcare.types import Direction, RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

__all__ = ["Matrix", "everywhere", "matrix", "nearest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STATES: Final[tuple[str, ...]] = ("reached", "beyond_cutoff", "unreachable", "unsnapped")
"""What can be said of a pair, or of a point and the places nearest to it."""

# Walks are rounded in searches: what is this many ticks beyond a limit may be within it.
_SLACK = 1
_REACHED, _BEYOND, _UNREACHABLE, _UNSNAPPED = range(len(STATES))


@dataclass(frozen=True, eq=False)
class Matrix:
    """Travel times from every origin to every destination.

    Parameters
    ----------
    minutes : DataFrame
        Index ``from_id``, a column for each ``to_id``; ``NA`` where ``state`` is not ``reached``.
    state : DataFrame
        The same layout, categorical: ``reached``, ``beyond_cutoff`` (there is a way),
        ``unreachable`` (there is none), ``unsnapped`` (one of the two is too far from any road).
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

    Returns
    -------
    Matrix
        Minutes, states and shares of proxy, in the order of the points.

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
    rows = pd.Index(trips.from_ids, name="from_id")
    columns = pd.Index(trips.to_ids, name="to_id")
    shape = (len(rows), len(columns))
    minutes, share = np.full(shape, np.nan), np.full(shape, np.nan)
    state = np.full(shape, _BEYOND, dtype=np.int8)
    chosen, time_min, proxy_share = trips.within(cutoff_min)
    at = trips.origin[chosen], trips.destination[chosen]
    minutes[at], share[at], state[at] = time_min, proxy_share, _REACHED
    state[_cells(rows, columns, trips.unreachable)] = _UNREACHABLE
    state[rows.isin(trips.unsnapped)] = _UNSNAPPED
    state[:, columns.isin(trips.unsnapped)] = _UNSNAPPED

    def numbers(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=rows, columns=columns).astype("Float64")

    words = pd.CategoricalDtype(list(STATES))
    states = [pd.Categorical.from_codes(column, dtype=words) for column in state.T]
    stated = pd.DataFrame(dict(enumerate(states)), index=rows).set_axis(columns, axis=1)
    return Matrix(numbers(minutes), stated, numbers(share))


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
    """Return the nearest place of every node of the network, in one search (two with a cutoff).

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
        Index ``node_id`` (all nodes of the network), ``place_id``, ``time_min`` (in whole
        milliseconds) and ``proxy_share`` (share of the time on links that stand in for missing
        roads), all ``NA`` where no place is within the cutoff, and ``state`` (``reached``,
        ``beyond_cutoff``, ``unreachable``, or ``unsnapped`` where no place joined a road). Of
        equally near places the one with the least proxy, then the first.

    Raises
    ------
    TableError
        Points and roads differ in CRS, or the mode is not known.
    """
    check_arguments(
        one_of=[("direction", direction, DIRECTIONS), ("engine", engine, ENGINES)],
        not_negative=[("cutoff_min", cutoff_min)],
    )
    graph = road_graph(roads, mode=mode, walking_kmh=walking_kmh)
    there = place(
        roads, as_series(places), mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m
    )
    limit = limit_of(cutoff_min, graph.edge_key.dtype)
    key, number = nearest_nodes(
        graph, _seeds(there, direction), 1, limit, direction, engine=engine, progress=progress
    )
    found = number[:, 0] >= 0
    place_of = number[found, 0]
    # Keys count the walk between the place and its road; it is never proxy.
    time_min, proxy_min = minutes_and_proxy(key[found, 0], graph.all_proxy)
    if graph.all_proxy:
        proxy_min = proxy_min - minutes_from_ticks(_walks(there)[place_of])
    columns = {
        "place_id": pd.array(there.ids[place_of], dtype="string"),
        "time_min": pd.array(time_min, dtype="Float64"),
        "proxy_share": pd.array(share_of(proxy_min, time_min), dtype="Float64"),
    }
    table = pd.DataFrame(columns, index=roads.nodes.index[found]).reindex(roads.nodes.index)
    state = np.where(found, "reached", "unreachable").astype(object)
    if not there.snapped.ok.any() and len(there):
        state[:] = "unsnapped"
    elif np.isfinite(cutoff_min) and not found.all():
        longest = limit_of(np.inf, graph.edge_key.dtype)
        _, any_place = nearest_nodes(
            graph, _seeds(there, direction), 1, longest, direction, engine=engine, progress=progress
        )
        state[~found & (any_place[:, 0] >= 0)] = "beyond_cutoff"
    return table.assign(state=pd.array(state, dtype="string"))


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

    The times are those of :func:`~ruralcare.network.travel_times`. Places whose times differ by
    less than a millisecond are equally near: among them the one with the least proxy comes first,
    then the first one.

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
        ``point_id``, ``rank`` (from 1), ``place_id``, ``time_min``, ``proxy_share`` (share of that
        time on links that stand in for missing roads), ``state``, in the order of the points. A
        point without any place has one row, with a ``state`` that is not ``reached`` but
        ``beyond_cutoff``, ``unreachable`` or ``unsnapped`` (so, too, if all the places are), and
        ``NA`` for the rest.

    Raises
    ------
    TableError
        ``k`` is less than 1, points and roads differ in CRS, or the mode is not known.
    """
    check_arguments(
        one_of=[("direction", direction, DIRECTIONS), ("engine", engine, ENGINES)],
        not_negative=[("cutoff_min", cutoff_min)],
    )
    if k != int(k) or k < 1:
        raise TableError(f"k must be at least 1 and whole, not {k}")
    here, there = (
        place(roads, as_series(one), mode=mode, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m)
        for one in (points, places)
    )
    onward = direction == "to_place"
    near = _on_one_road(here, there, walking_kmh, onward=onward)
    wanted = k
    while True:
        by_node = _by_nodes(
            here, there, wanted, cutoff_min, direction, engine=engine, progress=progress
        )
        best, short = _best(pd.concat([by_node, near], ignore_index=True), k, cutoff_min)
        if not short or wanted >= len(there):
            break
        # A place a fraction of a millisecond beyond the cutoff stood before one within it.
        wanted *= 2
    without = np.setdiff1d(np.arange(len(here)), best["point"].to_numpy())
    rest = pd.DataFrame({"point": without, "state": _why(here, there, without, onward=onward)})
    table = pd.concat([best.assign(state=_REACHED), rest], ignore_index=True)
    table = table.sort_values(["point", "rank"], ignore_index=True)
    place_of = table["place"].astype("Int64")
    named = pd.Series(pd.NA, index=table.index, dtype="string")
    known = place_of.notna()
    named[known] = there.ids[place_of[known].to_numpy(dtype=np.int64)]
    states = np.array(STATES, dtype=object)[table["state"].to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "point_id": here.ids[table["point"].to_numpy(dtype=np.int64)],
            "rank": table["rank"].astype("Int64"),
            "place_id": named,
            "time_min": table["time_min"].astype("Float64"),
            "proxy_share": table["proxy_share"].astype("Float64"),
            "state": pd.array(states, dtype="string"),
        }
    )


def _best(candidates: pd.DataFrame, k: int, cutoff_min: float) -> tuple[pd.DataFrame, bool]:
    """Return the nearest places of each point, and whether a search may have hidden some.

    ``candidates`` are ways: ``point``, ``place``, ``time_min``, ``proxy_min``, ``straight`` (a walk
    that leaves the road aside) and ``order``, the time in ticks without the walk between the point
    and its road.
    """
    # As in travel times: who can ride as quickly does not walk.
    ways = candidates.sort_values(["point", "place", "time_min", "straight", "proxy_min"])
    ways = ways.drop_duplicates(["point", "place"])
    within = ways["time_min"] <= cutoff_min
    hairbreadth = minutes_from_ticks(np.array(_SLACK + 1))
    just_beyond = ways.loc[~within & (ways["time_min"] <= cutoff_min + hairbreadth), "point"]
    ways = ways[within].sort_values(["point", "order", "proxy_min", "place"])
    ways = ways.assign(
        rank=ways.groupby("point").cumcount() + 1,
        proxy_share=share_of(ways["proxy_min"].to_numpy(float), ways["time_min"].to_numpy(float)),
    )
    enough = ways.loc[ways["rank"] == k, "point"]
    kept: pd.DataFrame = ways[ways["rank"] <= k]
    return kept, not just_beyond.isin(enough).all()


def _seeds(there: Placed, direction: Direction) -> Ends:
    """Return the places with their walks, for a search from them."""
    ends = there.joined.into if direction == "to_place" else there.joined.out
    added = _as_key(_walks(there)[ends.owner()], ends.key.dtype)
    return Ends(ends.first, ends.node, (ends.key + added).astype(ends.key.dtype))


def _as_key(walk: Ints, dtype: np.dtype[np.signedinteger]) -> Ints:
    """Return walks as keys: they are never proxy, and count in the ticks alone."""
    return walk if dtype == np.int32 else proxy_key(walk, np.zeros(len(walk), dtype=bool))


def _walks(there: Placed) -> Ints:
    return ticks(np.where(np.isnan(there.walk_min), 0.0, there.walk_min))


def _by_nodes(
    here: Placed,
    there: Placed,
    k: int,
    cutoff_min: float,
    direction: Direction,
    *,
    engine: Engine,
    progress: Progress,
) -> pd.DataFrame:
    """Return the ways over nodes to the places that are nearest to the nodes of each point."""
    graph = here.graph
    dtype = graph.edge_key.dtype
    # The search counts walks in whole ticks; what is beyond the cutoff is left out afterwards.
    limit = limit_of(cutoff_min + float(minutes_from_ticks(np.array(_SLACK))), dtype)
    key, number = nearest_nodes(
        graph, _seeds(there, direction), k, limit, direction, engine=engine, progress=progress
    )
    ends = here.joined.out if direction == "to_place" else here.joined.into
    rows = number[ends.node]
    found = rows >= 0
    place_of = rows[found].astype(np.int64)
    point = np.repeat(ends.owner(), found.sum(axis=1))
    walk = _walks(there)[place_of]
    offset = np.broadcast_to(ends.key[:, None], rows.shape)[found]
    way = (key[ends.node][found] + offset - _as_key(walk, dtype)).astype(dtype)
    return _ways(here, there, point, place_of, way)


def _ways(here: Placed, there: Placed, point: Ints, place_of: Ints, way: Keys) -> pd.DataFrame:
    """Return rides as candidates; see :func:`_best`."""
    ride_min, proxy_min = minutes_and_proxy(way, here.graph.all_proxy)
    return pd.DataFrame(
        {
            "point": point,
            "place": place_of,
            "time_min": ride_min + (here.walk_min[point] + there.walk_min[place_of]),
            "proxy_min": proxy_min,
            "straight": False,
            "order": ticks_of(way) + _walks(there)[place_of],
        }
    )


def _on_one_road(here: Placed, there: Placed, walking_kmh: float, *, onward: bool) -> pd.DataFrame:
    """Return the places on the road that a point lies on: along the road, or straight on foot."""
    starts, ends = (here.joined, there.joined) if onward else (there.joined, here.joined)
    along = rides_along(starts, ends)
    point, place_of = (along.source, along.target) if onward else (along.target, along.source)
    rides = _ways(here, there, point, place_of, along.key)
    i, j = on_one_edge(here.edge, there.edge)
    straight = here.straight_min(i, there, j, walking_kmh)
    walks = pd.DataFrame(
        {
            "point": i,
            "place": j,
            "time_min": straight,
            "proxy_min": 0.0,
            "straight": True,
            "order": ticks(straight - here.walk_min[i]),
        }
    )
    return pd.concat([rides, walks], ignore_index=True)


def _why(here: Placed, there: Placed, without: Ints, *, onward: bool) -> NDArray[np.int8]:
    """Tell why points have no place: too far from a road, no way at all, or too far away."""
    points = here.take(without)
    graph = here.graph
    point = apart(graph, points, there)[0] if onward else apart(graph, there, points)[1]
    joined = int((there.edge >= 0).sum())
    blocked = np.bincount(point, minlength=len(without)) >= joined
    state = np.where(blocked, _UNREACHABLE, _BEYOND).astype(np.int8)
    nowhere = len(there) > 0 and not joined
    state[(points.edge < 0) | nowhere] = _UNSNAPPED
    return state
