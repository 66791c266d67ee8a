"""Roads and ferries as a road file has them: the record that the network is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ruralcare.errors import TableError
from ruralcare.inputs.roads.tags import WayTags
from ruralcare.language import Message
from ruralcare.types import Reading

__all__ = ["RoadFile", "RoadLines", "WayColumns", "lines_from_ways", "numbered"]

# Side of the squares in which ways are held against an area together.
_CELL_M = 5000.0
# Places that are projected at a time.
_PART = 500_000


@dataclass(frozen=True, eq=False)
class RoadLines:
    """Ways that a car can use, and the ferries that carry it.

    Parameters
    ----------
    ways : DataFrame
        A row for each way: ``source_id`` (id in the file, as text; parts of a way that is cut
        share it), ``road_class`` (OpenStreetMap ``highway`` value, or ``ferry``), ``kind``
        (``road``, ``ferry``), ``oneway`` (only as drawn), ``maxspeed_kmh`` (the limit; ``NA``
        where untagged), ``driven_kmh`` (speed at which it is driven, where the data tell it),
        ``toll`` (a car pays for it), ``closed`` (by the scenario), ``duration_min`` and
        ``headway_min`` (ferries; ``NA`` where untagged), ``name``, ``ref``, ``bridge``,
        ``tunnel``, ``way`` (number of the way in the file, which rows share that come of one
        way), ``rows`` (of the file that the way stands for), ``cut`` (part of the way has no
        place), ``stretch`` (length of the way over that of its drawing).
    sizes : array of int
        Number of vertices of each way.
    coordinates : array of float, shape (vertices, 2)
        Vertices of the ways, in the direction of travel, way after way.
    node_ids : array of int32
        Number of the node at every vertex. Two ways meet where they share a node, never because
        they share a place: a bridge does not join the road it crosses.
    crs : CRS
        Projected CRS in metres.
    source : str
        Name of the file or service.
    notes : tuple of Message
        What a reader of the results must know.
    readings : tuple of Reading
        What was read from which file.
    """

    ways: pd.DataFrame
    sizes: NDArray[np.int64]
    coordinates: NDArray[np.float64]
    node_ids: NDArray[np.int32]
    crs: CRS
    source: str
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        if not self.crs.is_projected:
            raise TableError("RoadLines: must be in a projected CRS")
        counts = {len(self.coordinates), len(self.node_ids), int(self.sizes.sum())}
        if len(counts) > 1 or len(self.sizes) != len(self.ways):
            raise TableError("RoadLines: ways, vertices and their ids differ in number")

    def __len__(self) -> int:
        """Return the number of ways."""
        return len(self.ways)

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """The ways with their lines; made when it is first asked for."""
        return gpd.GeoDataFrame(self.ways, geometry=self.lines(), crs=self.crs)

    def lines(self, chosen: NDArray[np.int64] | None = None) -> NDArray[np.object_]:
        """Return the lines of ways at some positions, by default all."""
        if chosen is None:
            chosen = np.arange(len(self.sizes))
        sizes = self.sizes[chosen]
        lines: NDArray[np.object_] = shapely.linestrings(
            self.coordinates[_runs(self.firsts[chosen], sizes)],
            indices=np.repeat(np.arange(len(sizes)), sizes),
        )
        return lines

    @property
    def firsts(self) -> NDArray[np.int64]:
        """First vertex of each way."""
        return np.cumsum(self.sizes) - self.sizes

    def take(self, chosen: NDArray[np.bool_]) -> RoadLines:
        """Return the ways for which ``chosen`` is true."""
        if chosen.all():
            return self
        vertices = np.repeat(chosen, self.sizes)
        return replace(
            self,
            ways=self.ways[chosen].reset_index(drop=True),
            sizes=self.sizes[chosen],
            coordinates=self.coordinates[vertices],
            node_ids=self.node_ids[vertices],
        )

    @property
    def used(self) -> int:
        """Rows of the file that the lines stand for."""
        return int(self.ways.drop_duplicates("way")["rows"].sum())

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all ways."""
        west, south = self.coordinates.min(axis=0)
        east, north = self.coordinates.max(axis=0)
        return float(west), float(south), float(east), float(north)

    def touch(self, area: shapely.Geometry) -> bool:
        """Return whether any way touches an area."""
        starts = shapely.points(self.coordinates[self.firsts])
        # Most files are settled by where their ways begin.
        shapely.prepare(area)
        return bool(
            shapely.intersects(area, starts).any() or shapely.intersects(area, self.lines()).any()
        )

    def near(self, area: shapely.Geometry, distance_m: float) -> RoadLines:
        """Return the ways that come within a distance of an area, each as a whole."""
        if not len(self):
            return self
        shapely.prepare(area)
        firsts = self.firsts
        # What lies in a part of the plane that is near as a whole needs no closer look.
        cell = np.floor(self.coordinates[firsts] / _CELL_M)
        cells, which = np.unique(cell, axis=0, return_inverse=True)
        margin_m = distance_m - _CELL_M * np.sqrt(0.5)
        middles = shapely.points((cells + 0.5) * _CELL_M)
        near = (
            shapely.dwithin(area, middles, margin_m)
            if margin_m >= 0
            else np.zeros(len(cells), dtype=bool)
        )[which.ravel()]
        west, south, east, north = shapely.bounds(area)
        low = np.minimum.reduceat(self.coordinates, firsts)
        high = np.maximum.reduceat(self.coordinates, firsts)
        within = (low <= (east + distance_m, north + distance_m)).all(axis=1) & (
            high >= (west - distance_m, south - distance_m)
        ).all(axis=1)
        doubtful = np.flatnonzero(within & ~near)
        near[doubtful] = shapely.dwithin(area, self.lines(doubtful), distance_m)
        return self.take(near)


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


class WayColumns(NamedTuple):
    """Tags of many ways of which many are tagged alike."""

    meanings: Sequence[WayTags]
    """The different meanings, without names."""
    which: NDArray[np.int64]
    """Meaning of each way."""
    name: pd.Series
    ref: pd.Series
    ids: pd.Series


def numbered(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct ids in order, and the number of each id among them.

    The same as ``np.unique(ids, return_inverse=True)`` in half the memory.
    """
    order = np.argsort(ids)
    known = ids[order]
    new = np.concatenate([np.ones(min(1, len(ids)), dtype=bool), known[1:] != known[:-1]])
    number = np.empty(len(ids), dtype=np.int32)
    number[order] = np.cumsum(new, dtype=np.int32) - 1
    return known[new], number


def lines_from_ways(
    tags: Sequence[WayTags] | WayColumns,
    counts: NDArray[np.int64],
    node_ids: NDArray[np.signedinteger[Any]],
    coordinates: NDArray[np.float64],
    *,
    crs_from: Any,  # noqa: ANN401 - anything pyproj takes
    crs: Any,  # noqa: ANN401
    source: str,
    ids: Sequence[str] | None = None,
    place: NDArray[np.int32] | None = None,
    ways: NDArray[np.int64] | None = None,
    rows: NDArray[np.int64] | None = None,
    stretch: NDArray[np.float64] | None = None,
) -> RoadLines:
    """Put ways together.

    Parameters
    ----------
    tags : sequence of WayTags, or WayColumns
        One for each way, or the same as columns; ways drawn against their direction of travel
        are turned round.
    counts : array of int
        Number of vertices of each way.
    node_ids : array of int
        Numbers of the nodes at all vertices, way after way, from 0; see :func:`numbered`.
    coordinates : array of float, shape (places, 2)
        Longitude and latitude, or x and y, in ``crs_from``. Vertices without a place (NaN, or
        off the map) cut the way.
    crs_from, crs : CRS
        CRS of the coordinates and of the result.
    source : str
        Name of the file or service.
    ids : sequence of str, optional
        Id of each way in the source, where ``tags`` do not tell it; by default its number, from 1.
    place : array of int, optional
        Row of ``coordinates`` of each vertex; by default they are in the order of the vertices.
    ways : array of int, optional
        Number of the way in the file; by default each is one of its own.
    rows : array of int, optional
        Rows of the file that each way stands for; by default 1.
    stretch : array of float, optional
        Length of each way over that of its drawing; by default 1.
    """
    given = tags if isinstance(tags, WayColumns) else _columns(tags, ids)
    count = len(given.which)
    projected = _projected(coordinates, crs_from, crs)
    finite = np.isfinite(coordinates) & np.isfinite(projected)
    placed: NDArray[np.bool_] = finite[:, 0] & finite[:, 1]
    known = placed if place is None else placed[place]
    at, way_of_line, sizes = _drawn(known, node_ids, counts)
    cut = np.zeros(count, dtype=bool)
    if not placed.all():
        cut[np.searchsorted(np.cumsum(counts), np.flatnonzero(~known), side="right")] = True
    del known, placed, finite
    table = pd.DataFrame(list(given.meanings), columns=list(WayTags._fields))
    meaning = given.which[way_of_line]
    against = (table["direction"] == -1).to_numpy()[meaning]
    if against.any():
        at = at[_turned(np.cumsum(sizes) - sizes, sizes, against)]
    table["kind"] = np.where(table["road_class"] == "ferry", "ferry", "road")
    table["oneway"] = table["direction"] != 0
    table["closed"] = False

    def of_meaning(name: str, dtype: Any) -> pd.Series:  # noqa: ANN401 - as pandas has it
        taken: pd.Series = table[name].astype(dtype).take(meaning).reset_index(drop=True)
        return taken

    def of_way(column: pd.Series) -> pd.Series:
        return column.take(way_of_line).reset_index(drop=True)

    columns = {
        "source_id": of_way(given.ids),
        "road_class": of_meaning("road_class", "category"),
        "kind": of_meaning("kind", "category"),
        "oneway": of_meaning("oneway", "bool"),
        "maxspeed_kmh": of_meaning("maxspeed_kmh", "Float64"),
        "driven_kmh": of_meaning("driven_kmh", "Float64"),
        "toll": of_meaning("toll", "bool"),
        "closed": of_meaning("closed", "bool"),
        "duration_min": of_meaning("duration_min", "Float64"),
        "headway_min": of_meaning("headway_min", "Float64"),
        "name": of_way(given.name),
        "ref": of_way(given.ref),
        "bridge": of_meaning("bridge", "bool"),
        "tunnel": of_meaning("tunnel", "bool"),
        "way": (np.arange(count) if ways is None else ways)[way_of_line].astype(np.int32),
        "rows": (np.ones(count) if rows is None else rows)[way_of_line].astype(np.int32),
        "cut": cut[way_of_line],
        "stretch": (np.ones(count) if stretch is None else stretch)[way_of_line],
    }
    return RoadLines(
        pd.DataFrame(columns, copy=False),
        sizes,
        projected[at if place is None else place[at]],
        node_ids[at].astype(np.int32, copy=False),
        CRS.from_user_input(crs),
        source,
    )


def _columns(tags: Sequence[WayTags], ids: Sequence[str] | None) -> WayColumns:
    number = range(1, len(tags) + 1)
    return WayColumns(
        tags,
        np.arange(len(tags)),
        pd.Series([one.name for one in tags], dtype="category"),
        pd.Series([one.ref for one in tags], dtype="category"),
        pd.Series([str(one) for one in (number if ids is None else ids)], dtype="str"),
    )


def _projected(
    coordinates: NDArray[np.float64],
    crs_from: Any,  # noqa: ANN401
    crs: Any,  # noqa: ANN401
) -> NDArray[np.float64]:
    """Return places in another CRS, part by part to save memory."""
    transformer = Transformer.from_crs(crs_from, crs, always_xy=True)
    result = np.empty((len(coordinates), 2))
    for begin in range(0, len(coordinates), _PART):
        part = slice(begin, begin + _PART)
        result[part, 0], result[part, 1] = transformer.transform(*coordinates[part].T)
    return result


def _drawn(
    known: NDArray[np.bool_],
    node_ids: NDArray[np.signedinteger[Any]],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices that are drawn, and the way and the size of each line they make.

    A vertex without a place cuts its way: a new line starts after it. A vertex that follows
    itself is dropped, and so is what is left as a single vertex.
    """
    way = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    # Grows from way to way, and after every vertex without a place.
    run = way + np.cumsum(~known, dtype=np.int32)
    at = np.flatnonzero(known).astype(np.int32)
    run = run[at]
    again = (run[1:] == run[:-1]) & (node_ids[at[1:]] == node_ids[at[:-1]])
    if again.any():
        new = np.concatenate([[True], ~again])
        at, run = at[new], run[new]
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(run)), bool), run[1:] != run[:-1]]))
    sizes = np.diff(np.append(starts, len(run)))
    if (sizes < 2).any():
        at = at[np.repeat(sizes > 1, sizes)]
        sizes = sizes[sizes > 1]
    return at, way[at[np.cumsum(sizes) - sizes]].astype(np.int64), sizes


def _runs(firsts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers from each first on, as many as its size says."""
    offset = np.cumsum(sizes) - sizes
    return np.repeat(firsts - offset, sizes) + np.arange(int(sizes.sum()))


def _turned(
    firsts: NDArray[np.int64], sizes: NDArray[np.int64], against: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the order of the vertices that turns some lines round."""
    step = np.where(against, -1, 1)
    begin = np.where(against, firsts + sizes - 1, firsts)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(np.repeat(begin, sizes) + np.repeat(step, sizes) * within, dtype=np.int64)
