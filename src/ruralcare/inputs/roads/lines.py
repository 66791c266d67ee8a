"""Roads and ferries as a road file has them: the record that the network is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from ruralcare.errors import TableError
from ruralcare.inputs.roads.tags import WayTags
from ruralcare.language import Message
from ruralcare.types import Reading

__all__ = ["RoadFile", "RoadLines", "lines_from_ways"]


@dataclass(frozen=True, eq=False)
class RoadLines:
    """Ways that a car can use, and the ferries that carry it.

    Parameters
    ----------
    frame : GeoDataFrame
        A row for each way: ``road_class`` (OpenStreetMap ``highway`` value, or ``ferry``),
        ``kind`` (``road``, ``ferry``), ``oneway`` (only as drawn), ``maxspeed_kmh`` (``NA``
        where untagged), ``duration_min`` and ``headway_min`` (ferries; ``NA`` where untagged),
        ``name``, ``ref``, ``bridge``, ``tunnel``, ``way`` (number of the way in the file, which
        rows share that come of one way), ``rows`` (of the file that the way stands for),
        ``cut`` (part of the way has no place), ``stretch`` (length of the way over that of its
        drawing) and lines in a projected CRS in metres.
    node_ids : array of int
        Id of every vertex of the lines, in their order. Two ways meet where they share an id,
        never because they share a place: a bridge does not join the road it crosses.
    source : str
        Name of the file or service.
    notes : tuple of Message
        What a reader of the results must know.
    readings : tuple of Reading
        What was read from which file.
    """

    frame: gpd.GeoDataFrame
    node_ids: NDArray[np.int64]
    source: str
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

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
        return replace(self, frame=rows, node_ids=self.node_ids[np.repeat(chosen, vertices)])

    @property
    def used(self) -> int:
        """Rows of the file that the lines stand for."""
        return int(self.frame.drop_duplicates("way")["rows"].sum())

    def near(self, area: shapely.Geometry, distance_m: float) -> RoadLines:
        """Return the ways that come within a distance of an area, each as a whole."""
        shapely.prepare(area)
        return self.take(shapely.dwithin(area, self.frame.geometry.to_numpy(), distance_m))


class RoadFile(NamedTuple):
    """The ways of a road file, and what is to be told about the file."""

    lines: RoadLines
    rows: int
    """Ways in the file, whether cars can use them or not."""
    form: str
    """Format as it was recognised."""
    crs: str
    """CRS of its coordinates."""
    as_of: str | None = None
    """Date of the data, as the file tells it."""
    lost: int = 0
    """Ways for cars of which no part has a place."""


def lines_from_ways(
    tags: Sequence[WayTags],
    counts: NDArray[np.int64],
    node_ids: NDArray[np.int64],
    coordinates: NDArray[np.float64],
    *,
    crs_from: Any,  # noqa: ANN401 - anything pyproj takes
    crs: Any,  # noqa: ANN401
    source: str,
    ways: NDArray[np.int64] | None = None,
    rows: NDArray[np.int64] | None = None,
    stretch: NDArray[np.float64] | None = None,
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
        Longitude and latitude, or x and y, in ``crs_from``. Vertices without a place (NaN, or
        off the map) cut the way.
    crs_from, crs : CRS
        CRS of the coordinates and of the result.
    source : str
        Name of the file or service.
    ways : array of int, optional
        Number of the way in the file; by default each is one of its own.
    rows : array of int, optional
        Rows of the file that each way stands for; by default 1.
    stretch : array of float, optional
        Length of each way over that of its drawing; by default 1.
    """
    to_crs = Transformer.from_crs(crs_from, crs, always_xy=True)
    projected = np.column_stack(to_crs.transform(coordinates[:, 0], coordinates[:, 1]))
    way = np.repeat(np.arange(len(tags)), counts)
    known = np.isfinite(coordinates).all(axis=1) & np.isfinite(projected).all(axis=1)
    cut = np.zeros(len(tags), dtype=bool)
    cut[way[~known]] = True
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
    node_ids, projected = node_ids[keep], projected[keep]
    way_of_line = way[keep][firsts]

    frame = pd.DataFrame(list(tags), columns=list(WayTags._fields)).iloc[way_of_line]
    frame = frame.reset_index(drop=True)
    against = frame["direction"].to_numpy() == -1
    order = _turned(firsts, sizes, against)
    node_ids, projected = node_ids[order], projected[order]
    geometry = shapely.linestrings(projected, indices=line)
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
        "way": (np.arange(len(tags)) if ways is None else ways)[way_of_line],
        "rows": (np.ones(len(tags), np.int64) if rows is None else rows)[way_of_line],
        "cut": cut[way_of_line],
        "stretch": (np.ones(len(tags)) if stretch is None else stretch)[way_of_line],
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
