"""Roads and ferries as a road file has them: the record that the network is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from ruralcare.errors import TableError
from ruralcare.inputs.road_tags import WayTags

__all__ = ["RoadLines", "lines_from_ways"]


@dataclass(frozen=True, eq=False)
class RoadLines:
    """Ways that a car can use, and the ferries that carry it.

    Parameters
    ----------
    frame : GeoDataFrame
        A row for each way: ``road_class`` (OpenStreetMap ``highway`` value, or ``ferry``),
        ``kind`` (``road``, ``ferry``), ``oneway`` (only as drawn), ``maxspeed_kmh`` (``NA``
        where untagged), ``duration_min`` and ``headway_min`` (ferries; ``NA`` where untagged),
        ``name``, ``ref``, ``bridge``, ``tunnel`` and lines in a projected CRS in metres.
    node_ids : array of int
        Id of every vertex of the lines, in their order. Two ways meet where they share an id,
        never because they share a place: a bridge does not join the road it crosses.
    source : str
        Name of the file or service.
    """

    frame: gpd.GeoDataFrame
    node_ids: NDArray[np.int64]
    source: str

    def __post_init__(self) -> None:
        if self.frame.crs is None or not self.frame.crs.is_projected:
            raise TableError("RoadLines: must be in a projected CRS")
        vertices = int(shapely.get_num_coordinates(self.frame.geometry.to_numpy()).sum())
        if vertices != len(self.node_ids):
            raise TableError(f"RoadLines: {len(self.node_ids)} node ids for {vertices} vertices")

    def take(self, chosen: NDArray[np.bool_]) -> RoadLines:
        """Return the ways for which ``chosen`` is true."""
        vertices = shapely.get_num_coordinates(self.frame.geometry.to_numpy())
        rows = self.frame[chosen].reset_index(drop=True)
        return RoadLines(rows, self.node_ids[np.repeat(chosen, vertices)], self.source)

    def within(self, area: shapely.Geometry) -> RoadLines:
        """Return the ways that touch an area, each as a whole."""
        shapely.prepare(area)
        return self.take(shapely.intersects(area, self.frame.geometry.to_numpy()))


def lines_from_ways(
    tags: Sequence[WayTags],
    counts: NDArray[np.int64],
    node_ids: NDArray[np.int64],
    coordinates: NDArray[np.float64],
    *,
    crs_from: Any,  # noqa: ANN401 - anything pyproj takes
    crs: Any,  # noqa: ANN401
    source: str,
) -> RoadLines:
    """Put ways together.

    Parameters
    ----------
    tags : sequence of WayTags
        One for each way; ways drawn against their direction of travel are turned round.
    counts : array of int
        Number of vertices of each way.
    node_ids : array of int
        Ids of all vertices, way after way.
    coordinates : array of float, shape (vertices, 2)
        Longitude and latitude, or x and y, in ``crs_from``. Vertices without a place are NaN:
        the way is cut there.
    crs_from, crs : CRS
        CRS of the coordinates and of the result.
    source : str
        Name of the file or service.
    """
    way = np.repeat(np.arange(len(tags)), counts)
    known = np.isfinite(coordinates).all(axis=1)
    # A way that is cut becomes several: a new one starts after every vertex without a place.
    run = way + np.cumsum(~known)
    doubled = np.zeros(len(way), dtype=bool)
    at = np.flatnonzero(known)
    doubled[at[1:]] = (np.diff(run[at]) == 0) & (np.diff(node_ids[at]) == 0)
    keep = np.flatnonzero(known & ~doubled)
    _, line, sizes = np.unique(run[keep], return_inverse=True, return_counts=True)
    keep = keep[sizes[line] > 1]
    _, firsts, line, sizes = np.unique(
        run[keep], return_index=True, return_inverse=True, return_counts=True
    )
    node_ids, coordinates = node_ids[keep], coordinates[keep]
    way_of_line = way[keep][firsts]

    frame = pd.DataFrame(list(tags), columns=list(WayTags._fields)).iloc[way_of_line]
    frame = frame.reset_index(drop=True)
    against = frame["direction"].to_numpy() == -1
    order = _turned(firsts, sizes, against)
    node_ids, coordinates = node_ids[order], coordinates[order]
    to_crs = Transformer.from_crs(crs_from, crs, always_xy=True)
    x, y = to_crs.transform(coordinates[:, 0], coordinates[:, 1])
    geometry = shapely.linestrings(np.column_stack([x, y]), indices=line)
    columns = {
        "road_class": frame["road_class"].astype(str),
        "kind": np.where(frame["road_class"] == "ferry", "ferry", "road"),
        "oneway": frame["direction"].to_numpy() != 0,
        "maxspeed_kmh": frame["maxspeed_kmh"].astype("Float64"),
        "duration_min": frame["duration_min"].astype("Float64"),
        "headway_min": frame["headway_min"].astype("Float64"),
        "name": frame["name"].astype(str),
        "ref": frame["ref"].astype(str),
        "bridge": frame["bridge"].astype(bool),
        "tunnel": frame["tunnel"].astype(bool),
    }
    return RoadLines(gpd.GeoDataFrame(columns, geometry=geometry, crs=crs), node_ids, source)


def _turned(
    firsts: NDArray[np.int64], sizes: NDArray[np.int64], against: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the order of the vertices that turns some lines round."""
    step = np.where(against, -1, 1)
    begin = np.where(against, firsts + sizes - 1, firsts)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(np.repeat(begin, sizes) + np.repeat(step, sizes) * within, dtype=np.int64)
