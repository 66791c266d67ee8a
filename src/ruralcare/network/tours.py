"""Pick-up tours of a day-care shuttle: who rides how long, against the direct way.

The model. In the morning a vehicle drives empty to its first stop, collects riders and brings them
to the centre. A rider's *ride* lasts from the vehicle's arrival at the rider's stop to its arrival
at the centre; it contains everybody's boarding from there on. So the first to be collected rides
longest, and no ride is longer than the cap exactly if the time from the arrival at the first stop
to the arrival at the centre is not. A routing library knows no such cap, but it knows a longest
duration of a route: the durations that it is given are the driving times, with 0 from the centre
to every stop, and the longest duration is the cap; what it shortens are the driving times with
that first leg. Every person is a customer of their own, so that a village may be shared between
vehicles.

In the evening the same holds backwards: the last to be dropped rides longest. Those tours are made
on the times turned round, and told in the order of driving.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.network.engine import ways
from ruralcare.network.paths import paths
from ruralcare.network.placed import as_series, place
from ruralcare.network.search.arrays import LONGEST_TICKS, limit_key, ticks_of
from ruralcare.network.tour_tables import Tours, Way
from ruralcare.network.touring import collect
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork
from ruralcare.units import minutes_from_ticks, ticks

if TYPE_CHECKING:
    from ruralcare.network.placed import HasPoints

__all__ = ["Tours", "pickup_tours", "tour_lines", "tours_from_minutes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def pickup_tours(
    roads: RoadNetwork,
    centre: shapely.Point,
    riders: gpd.GeoSeries | HasPoints,
    *,
    vehicle_seats: int,
    ride_cap_min: float,
    persons: pd.Series | None = None,
    board_min: float = 1.0,
    way: Way = "to_centre",
    iterations: int = 2000,
    seed: int = 1,
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> Tours:
    """Build the tours that bring riders to a centre, or home again.

    Vehicles stop where a rider's point joins the road. As few vehicles as can be found, then as
    little driving as can be found; nobody rides longer than the cap.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    centre : Point
        The day-care centre, in the CRS of the roads.
    riders : GeoSeries, or anything with ``points``
        Where the riders live, indexed by id.
    vehicle_seats : int
        Riders that a vehicle takes.
    ride_cap_min : float
        Longest time in the vehicle.
    persons : Series of int, optional
        Riders at each point, indexed by id; by default one each.
    board_min : float
        Time that each person's boarding or alighting takes.
    way : {"to_centre", "from_centre"}
        Morning or evening.
    iterations : int
        Steps of the search for each number of vehicles. The search ends by their number and not
        by the clock: the same input gives the same tours.
    seed : int
        Start of the random numbers.
    walking_kmh, snap_limit_m
        As for :func:`~ruralcare.network.travel_times`.
    progress : Progress
        Told about each number of vehicles that is tried.

    Returns
    -------
    Tours
        The tours, and for each point how its people ride or why they do not.

    Raises
    ------
    InputError
        PyVRP is not installed.
    TableError
        Numbers are out of range, points are in another CRS, or ``persons`` is not whole or lacks
        a point.
    """
    series = as_series(riders)
    everyone = gpd.GeoSeries([centre, *series], crs=series.crs if len(series) else roads.edges.crs)
    placed = place(roads, everyone, mode="car", walking_kmh=walking_kmh, snap_limit_m=snap_limit_m)
    if not placed.snapped.ok[0]:
        raise TableError("the centre is too far from any road")
    limit = limit_key(LONGEST_TICKS, placed.joined.key.dtype)
    found = ways(placed.graph, placed.joined, placed.joined, limit, progress=progress)
    times = np.full((len(everyone), len(everyone)), -1, dtype=np.int64)
    times[found.source, found.target] = ticks_of(found.key)
    return _tours(
        times,
        series.index,
        persons,
        placed.snapped.ok[1:],
        placed.walk_min[1:],
        vehicle_seats,
        ride_cap_min,
        board_min,
        way,
        iterations,
        seed,
        progress,
    )


def tours_from_minutes(
    minutes: pd.DataFrame,
    centre: object,
    *,
    vehicle_seats: int,
    ride_cap_min: float,
    persons: pd.Series | None = None,
    board_min: float = 1.0,
    way: Way = "to_centre",
    iterations: int = 2000,
    seed: int = 1,
    progress: Progress = silent,
) -> Tours:
    """Build tours from a table of driving times; see :func:`pickup_tours`.

    Parameters
    ----------
    minutes : DataFrame
        Driving time from each row to each column, by the ids of centre and riders, as of
        :func:`~ruralcare.network.matrix`; ``NA`` where there is no way.
    centre : object
        Id of the centre.
    vehicle_seats, ride_cap_min, persons, board_min, way, iterations, seed, progress
        As for :func:`pickup_tours`.

    Returns
    -------
    Tours
        As :func:`pickup_tours` does; the walks to the stops are not known.

    Raises
    ------
    InputError
        PyVRP is not installed.
    TableError
        As for :func:`pickup_tours`, or the table is not square or lacks the centre.
    """
    if centre not in minutes.index or not minutes.index.is_unique:
        raise TableError(f"the table of driving times needs one row for the centre {centre}")
    if set(minutes.index) != set(minutes.columns) or len(minutes.columns) != len(minutes):
        raise TableError("the table of driving times needs the same ids in rows and columns")
    ids = minutes.index[minutes.index != centre]
    order = [centre, *ids]
    values = minutes.loc[order, order].to_numpy(dtype=float, na_value=np.nan)
    if (values < 0).any():
        raise TableError("driving times must not be negative")
    times = np.where(np.isnan(values), -1, ticks(np.nan_to_num(values)))
    everyone = np.ones(len(ids), dtype=bool)
    return _tours(
        times,
        ids,
        persons,
        everyone,
        np.full(len(ids), np.nan),
        vehicle_seats,
        ride_cap_min,
        board_min,
        way,
        iterations,
        seed,
        progress,
    )


def tour_lines(
    roads: RoadNetwork,
    tours: Tours,
    centre: shapely.Point,
    riders: gpd.GeoSeries | HasPoints,
    *,
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
) -> gpd.GeoDataFrame:
    """Return the lines that the vehicles drive, from the centre to the centre.

    Parameters
    ----------
    roads, centre, riders, walking_kmh, snap_limit_m
        As given to :func:`pickup_tours`.
    tours : Tours
        What it returned.

    Returns
    -------
    GeoDataFrame
        The columns of ``tours.tours`` and the lines, in the CRS of the roads.
    """
    series = as_series(riders)
    places = gpd.GeoSeries([centre, *series], crs=roads.edges.crs)
    carried = tours.carried.sort_values(["tour", "stop"])
    at = pd.Series(np.arange(len(series)) + 1, index=series.index)
    legs = [
        (tour, start, end)
        for tour, rows in carried.groupby("tour")
        for stops in [at[rows["point_id"]].tolist()]
        for start, end in zip([0, *stops], [*stops, 0], strict=True)
    ]
    table = pd.DataFrame(legs, columns=["tour", "from_id", "to_id"])
    lines = paths(
        roads, places, places, table, walking_kmh=walking_kmh, snap_limit_m=snap_limit_m
    ).geometry
    merged = lines.groupby(table["tour"].to_numpy()).agg(
        lambda parts: shapely.MultiLineString([part for part in parts if not part.is_empty])
    )
    return gpd.GeoDataFrame(
        tours.tours, geometry=merged.reindex(tours.tours.index), crs=roads.edges.crs
    )


def _tours(
    times: Ints,
    ids: pd.Index[Any],
    persons: pd.Series | None,
    joined: NDArray[np.bool_],
    walk_min: Floats,
    vehicle_seats: int,
    ride_cap_min: float,
    board_min: float,
    way: Way,
    iterations: int,
    seed: int,
    progress: Progress,
) -> Tours:
    """Return tours on a matrix of ticks, −1 where there is no way; the centre comes first."""
    if way not in ("to_centre", "from_centre"):
        raise TableError(f"way must be to_centre or from_centre, not {way}")
    if vehicle_seats < 1 or iterations < 1:
        raise TableError("vehicles need a seat, and the search needs an iteration")
    if not (0 < ride_cap_min < math.inf and 0 <= board_min < math.inf):
        raise TableError("the cap must be above 0, and boarding must take no less")
    count = _persons(persons, ids)
    if way == "from_centre":
        times = times.T
    cap, board = (int(value) for value in ticks(np.array([ride_cap_min, board_min])))
    direct = times[1:, 0]
    linked = (direct >= 0) & (times[0, 1:] >= 0)
    state = np.select(
        [~joined, ~linked, direct + board > cap],
        ["unsnapped", "unreachable", "beyond_cap"],
        "carried",
    )
    chosen = np.flatnonzero((state == "carried") & (count > 0))
    rounds = collect(
        times[np.ix_(np.append(0, chosen + 1), np.append(0, chosen + 1))],
        count[chosen],
        seats=vehicle_seats,
        cap=cap,
        board=board,
        iterations=iterations,
        seed=seed,
        progress=progress,
    )
    rows = []
    summary = []
    for number, visits in enumerate(rounds, start=1):
        for order, visit in enumerate(visits, start=1):
            stop = order if way == "to_centre" else len(visits) + 1 - order
            rows.append((chosen[visit.stop], number, stop, visit.persons, visit.ride))
        stops = [0, *(chosen[visit.stop] + 1 for visit in visits), 0]
        summary.append(
            (
                number,
                sum(visit.persons for visit in visits),
                len(visits),
                visits[0].ride,
                int(times[stops[:-1], stops[1:]].sum()),
            )
        )
    left = np.flatnonzero((state != "carried") & (count > 0))
    table = pd.DataFrame(rows, columns=["point", "tour", "stop", "persons", "ride"])
    rest = pd.DataFrame({"point": left, "persons": count[left]})
    table = pd.concat([table, rest], ignore_index=True) if len(rest) else table
    table = table.sort_values(["point", "tour"], ignore_index=True)
    point = table["point"].to_numpy(dtype=np.int64)
    direct_min = _minutes(pd.Series(direct[point]).where((linked & joined)[point]))
    ride_min = _minutes(table["ride"])
    frame = pd.DataFrame(
        {
            "point_id": ids.to_numpy()[point],
            "state": state[point],
            "tour": table["tour"].astype("Int64"),
            "stop": table["stop"].astype("Int64"),
            "persons": table["persons"].astype("int64"),
            "ride_min": ride_min,
            "direct_min": direct_min,
            "detour": ride_min / direct_min.mask(direct_min == 0),
            "walk_min": pd.Series(walk_min[point], dtype="Float64"),
        }
    )
    whole = pd.DataFrame(summary, columns=["tour", "persons", "stops", "ride", "drive"])
    whole["ride_min"], whole["drive_min"] = (
        minutes_from_ticks(whole[name].to_numpy(dtype=np.int64)) for name in ("ride", "drive")
    )
    columns = ["persons", "stops", "ride_min", "drive_min"]
    return Tours(frame, whole.set_index("tour")[columns], ride_cap_min, vehicle_seats, way)


def _minutes(count: pd.Series) -> pd.Series:
    known = count.notna()
    minutes = minutes_from_ticks(count.where(known, 0).to_numpy(dtype=np.int64))
    return pd.Series(minutes, index=count.index, dtype="Float64").mask(~known)


def _persons(persons: pd.Series | None, ids: pd.Index[Any]) -> Ints:
    if persons is None:
        return np.ones(len(ids), dtype=np.int64)
    given = persons.set_axis(persons.index.map(str)).reindex(ids)
    if given.isna().any():
        raise TableError(f"persons lacks the point {ids[int(given.isna().to_numpy().argmax())]}")
    values = given.to_numpy(dtype=float)
    if (values < 0).any() or (values % 1 != 0).any():
        raise TableError("persons must be whole numbers, not below 0")
    return values.astype(np.int64)
