"""The quickest way between two points: its line, and what one travels along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.network.arguments import check_arguments
from ruralcare.network.pathfinding import Finder, Path, Step
from ruralcare.network.placed import as_series, place
from ruralcare.progress import Progress, silent
from ruralcare.types import RoadNetwork

if TYPE_CHECKING:
    from ruralcare.network.placed import HasPoints

__all__ = ["Path", "Step", "path", "paths", "trace"]

Ints = NDArray[np.int64]


def path(
    roads: RoadNetwork,
    from_point: shapely.Point,
    to_point: shapely.Point,
    *,
    cutoff_min: float = np.inf,
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> Path:
    """Return the quickest way from one point to another.

    Parameters
    ----------
    roads, cutoff_min, mode, walking_kmh, snap_limit_m, progress
        As for :func:`trace`.
    from_point, to_point : Point
        In the CRS of the roads. The way back is another path.

    Returns
    -------
    Path
        The way with its line and steps, or the state that says why there is none.

    Raises
    ------
    TableError
        The mode is not known.
    """
    crs = roads.edges.crs
    found = trace(
        roads,
        gpd.GeoSeries([from_point], crs=crs, index=["from"]),
        gpd.GeoSeries([to_point], crs=crs, index=["to"]),
        cutoff_min=cutoff_min,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        progress=progress,
    )
    return next(found)


def paths(
    roads: RoadNetwork,
    origins: gpd.GeoSeries | HasPoints,
    destinations: gpd.GeoSeries | HasPoints,
    pairs: pd.DataFrame | None = None,
    *,
    cutoff_min: float = np.inf,
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Return the quickest ways between pairs of points as a table.

    Parameters
    ----------
    roads, origins, destinations, pairs, cutoff_min, mode, walking_kmh, snap_limit_m, progress
        As for :func:`trace`.

    Returns
    -------
    GeoDataFrame
        A row per pair: ``from_id``, ``to_id``, ``state``, ``time_min``, ``length_m``, ``walk_m``,
        ``proxy_share``, ``walks`` (a second column of lines) and the line; see :class:`Path`. All
        but ids and state are missing where the state is not ``reached``.
    """
    names = [name for name in Path.__dataclass_fields__ if name not in ("steps", "geometry")]
    found = trace(
        roads,
        origins,
        destinations,
        pairs,
        cutoff_min=cutoff_min,
        mode=mode,
        walking_kmh=walking_kmh,
        snap_limit_m=snap_limit_m,
        progress=progress,
    )
    rows = [[getattr(one, name) for name in (*names, "geometry")] for one in found]
    table = pd.DataFrame(rows, columns=[*names, "geometry"])
    numbers = ["time_min", "length_m", "walk_m", "proxy_share"]
    table[numbers] = table[numbers].astype("Float64")
    crs = roads.edges.crs
    table["walks"] = gpd.GeoSeries(table["walks"], crs=crs)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=crs)


def trace(
    roads: RoadNetwork,
    origins: gpd.GeoSeries | HasPoints,
    destinations: gpd.GeoSeries | HasPoints,
    pairs: pd.DataFrame | None = None,
    *,
    cutoff_min: float = np.inf,
    mode: str = "car",
    walking_kmh: float = 4.0,
    snap_limit_m: float = 2000.0,
    progress: Progress = silent,
) -> Iterator[Path]:
    """Find the quickest ways between pairs of points, one after the other.

    The times are those of :func:`~ruralcare.network.travel_times`, to the tick. Of equally quick
    ways the one with the least proxy is taken, and always the same.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    origins, destinations : GeoSeries, or anything with ``points``
        Points indexed by id, in the CRS of the network.
    pairs : DataFrame, optional
        ``from_id``, ``to_id``: the pairs asked for. By default the first origin is taken with the
        first destination, and so on.
    cutoff_min : float
        A way that takes longer is ``beyond_cutoff``.
    mode, walking_kmh, snap_limit_m
        As for :func:`~ruralcare.network.travel_times`.
    progress : Progress
        Told about the origins done.

    Yields
    ------
    Path
        In the order of the pairs.

    Raises
    ------
    TableError
        The mode is not known, points are in another CRS, a pair names a point that is not there,
        or there are no pairs and not as many destinations as origins.
    """
    check_arguments(not_negative=[("cutoff_min", cutoff_min)])
    starts, ends = as_series(origins), as_series(destinations)
    rows = _rows(starts, ends, pairs)
    here, there = (
        place(
            roads,
            points,
            mode=mode,
            walking_kmh=walking_kmh,
            snap_limit_m=snap_limit_m,
        )
        for points in (starts, ends)
    )
    finder = Finder(roads, here, there, walking_kmh, cutoff_min, progress)
    ids = (starts.index, ends.index)
    # One search serves all the ways from a point; they are told in the order asked for.
    found: dict[int, Path] = {}
    told = 0
    step = Message("Searching the ways")
    by_origin = np.argsort(rows[:, 0], kind="stable")
    for count, number in enumerate(by_origin.tolist()):
        progress(step, count / len(rows))
        a, b = rows[number].tolist()
        found[number] = finder.find(a, b, ids[0][a], ids[1][b])
        while told in found:
            yield found.pop(told)
            told += 1
    progress(step, 1.0)


def _rows(starts: gpd.GeoSeries, ends: gpd.GeoSeries, pairs: pd.DataFrame | None) -> Ints:
    """Return the positions of the two points of each pair."""
    if pairs is None:
        if len(starts) != len(ends):
            raise TableError(
                f"{len(starts)} origins and {len(ends)} destinations make no pairs; name the pairs"
            )
        return np.tile(np.arange(len(starts))[:, None], 2)
    columns = []
    for name, points in (("from_id", starts), ("to_id", ends)):
        at = points.index.get_indexer(pairs[name].map(str))
        if (at < 0).any():
            raise TableError(f"{name}: no point is called {pairs[name].iloc[int(np.argmin(at))]}")
        columns.append(at)
    return np.column_stack(columns).astype(np.int64)
