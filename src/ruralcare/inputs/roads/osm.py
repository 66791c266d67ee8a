"""Roads from OpenStreetMap extracts, and extracts made of what was downloaded."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import osmium
import pandas as pd
from numpy.typing import NDArray

from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.inputs.osm_files import history, is_sound
from ruralcare.inputs.roads.faults import unreadable
from ruralcare.inputs.roads.graphs import shares_of_way, streets
from ruralcare.inputs.roads.lines import RoadFile, WayColumns, lines_from_ways, numbered
from ruralcare.inputs.roads.osm_ways import RoadWays
from ruralcare.inputs.roads.pbf import HistoryError, UnknownFormError, base_date, blocks, decoded
from ruralcare.inputs.roads.tags import USED_TAGS, clock_min
from ruralcare.language import Message

__all__ = ["read_osm", "write_osm"]

Ints = NDArray[np.int64]

_OSM_UNIT = 1e-7
# Where osmium puts a node without a place, and whatever lies beyond the map.
_FARTHEST = np.array([180.0, 90.0])
# OpenStreetMap allows a way 2,000 nodes.
_MOST_EDGES = 1999
# Share of a ferry from which its crossing time is left as it is.
_WHOLE = 0.999


def read_osm(path: Path, form: str, crs: str, faults: Faults) -> RoadFile:
    """Read the roads and ferries of an extract.

    Parameters
    ----------
    path : Path
        The file.
    form : str
        "pbf", "osm", "osm.gz" or "osm.bz2".
    crs : str
        Projected CRS of the result.
    faults : Faults
        Names the file in what is wrong with it.

    Returns
    -------
    RoadFile
        Its roads and ferries for cars; nodes that are not in the file cut their ways.

    Raises
    ------
    InputError
        The file is damaged, or holds the history of its objects.
    """
    try:
        found = _read_pbf(path) if form == "pbf" else _read_objects(path, form)
    except HistoryError:
        raise history(faults, "roads.file", path.name) from None
    except (*DAMAGE, osmium.InvalidLocationError) as error:
        if form == "pbf":
            raise faults.stop(
                Message(
                    "The road file cannot be read: it is damaged, or no OpenStreetMap extract."
                ),
                Message("The download may be damaged: fetch the file from its source again."),
            ) from None
        raise unreadable(faults, str(error) or type(error).__name__) from None
    lines = lines_from_ways(
        found.ways,
        found.sizes,
        found.nodes,
        found.coordinates,
        crs_from="EPSG:4326",
        crs=crs,
        source=path.name,
        place=found.place,
    )
    lost = len(found.ways.which) - lines.ways["way"].nunique()
    name = f"OpenStreetMap (.{'osm.pbf' if form == 'pbf' else form})"
    return RoadFile(lines, found.rows, name, "EPSG:4326", found.as_of or None, lost)


class _Found(NamedTuple):
    """Roads of an extract; see :func:`~ruralcare.inputs.roads.lines.lines_from_ways`."""

    ways: WayColumns
    sizes: Ints
    nodes: NDArray[np.int32]
    coordinates: NDArray[np.float64]
    place: NDArray[np.int32] | None
    rows: int
    as_of: str | None


def _read_pbf(path: Path) -> _Found:
    """Read an .osm.pbf by its blocks; by osmium, if it uses a rare part of the format.

    The file is gone through twice, so that only nodes of roads take room in the memory.
    """
    try:
        return _read_blocks(path)
    except UnknownFormError:
        if not is_sound(path):
            raise
        return _read_objects(path, "pbf")


def _read_blocks(path: Path) -> _Found:
    gathered = RoadWays()
    as_of = None
    with_nodes = []
    for number, block in enumerate(blocks(path)):
        if block.is_header:
            as_of = base_date(block)
            continue
        if not number:
            raise ValueError("no header")
        content = decoded(block.unpacked())
        if content.has_nodes:
            with_nodes.append(number)
        for table in content.ways():
            gathered.add_block(content, table)
    ways, sizes, refs = gathered.finish()
    nodes, place = numbered(refs)
    del refs
    # Unknown places lie far beyond the map.
    places = np.full((len(nodes), 2), np.iinfo(np.int32).max, dtype=np.int32)
    wanted = set(with_nodes)
    for number, block in enumerate(blocks(path)):
        if number in wanted and len(nodes):
            for found in decoded(block.unpacked()).places():
                at = np.minimum(np.searchsorted(nodes, found.ids), len(nodes) - 1)
                known = np.flatnonzero(nodes[at] == found.ids)
                for axis, values in enumerate((found.lon, found.lat)):
                    places[at[known], axis] = np.clip(values[known], -(2**31), 2**31 - 1)
    return _Found(ways, sizes, place, _degrees(places), place, gathered.rows, as_of)


def _read_objects(path: Path, form: str) -> _Found:
    """Read an extract with osmium, which knows every form of it."""
    gathered = RoadWays()
    xs, ys = array("q"), array("q")
    ways = (
        osmium.FileProcessor(osmium.io.File(str(path), form), osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "route"))
    )
    as_of = ways.header.get("osmosis_replication_timestamp", "")[:10]
    if ways.header.has_multiple_object_versions:
        raise HistoryError("header")
    before = (0, 0)
    for way in ways:
        assert isinstance(way, osmium.osm.Way)
        # A history in XML does not say that it is one.
        if way.deleted or (before[0] == way.id and before[1] != way.version):
            raise HistoryError("versions")
        before = (way.id, way.version)
        if gathered.add(way.id, dict(way.tags), [node.ref for node in way.nodes]):
            for node in way.nodes:
                location = node.location
                xs.append(location.x)
                ys.append(location.y)
    table, sizes, refs = gathered.finish()
    _, nodes = numbered(refs)
    places = np.column_stack([np.array(xs, dtype=np.int64), np.array(ys, dtype=np.int64)])
    return _Found(table, sizes, nodes, _degrees(places), None, gathered.rows, as_of or None)


def _degrees(places: NDArray[np.signedinteger[Any]]) -> NDArray[np.float64]:
    """Return places of OpenStreetMap in degrees; NaN for those that are unknown or off the map."""
    degrees = np.asarray(places * _OSM_UNIT, dtype=np.float64)
    degrees[(np.abs(degrees) > _FARTHEST).any(axis=1)] = np.nan
    return degrees


def write_osm(graph: nx.MultiDiGraph, path: Path) -> int:
    """Write a graph of OpenStreetMap roads as an extract that :func:`read_osm` reads.

    Parameters
    ----------
    graph : MultiDiGraph
        As OSMnx makes it, not simplified, in EPSG:4326; nodes have their OpenStreetMap ids.
    path : Path
        File to write (.osm.pbf).

    Returns
    -------
    int
        Number of ways. A way of OpenStreetMap is several where the graph lacks a part of it.
    """
    table = streets(graph)
    edges = _along_ways(table)
    share = shares_of_way(table, "EPSG:4326")
    with osmium.SimpleWriter(str(path)) as writer:
        for node in sorted(graph.nodes):
            data = graph.nodes[node]
            place = (float(data["x"]), float(data["y"]))
            writer.add_node(osmium.osm.mutable.Node(id=node, version=1, location=place))
        runs = _runs(edges)
        for number, rows in enumerate(runs, start=1):
            attributes = table["attributes"].iloc[rows[0]]
            tags = _tags(attributes)
            tags["oneway"] = "yes" if edges[rows[0]].oneway else "no"
            minutes = clock_min(tags.get("duration", ""))
            part = float(share[rows].sum())
            if minutes is not None and part < _WHOLE:
                tags["duration"] = f"{minutes * part:.3f}"
            refs = [edges[rows[0]].u, *(edges[row].v for row in rows)]
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=tags))
    return len(runs)


class _Edge(NamedTuple):
    way: str
    oneway: bool
    u: int
    v: int


def _along_ways(table: pd.DataFrame) -> list[_Edge]:
    """Return streets in the direction in which their ways are drawn."""
    edges = []
    rows = zip(table["u"], table["v"], table["oneway"], table["attributes"], strict=True)
    for u, v, oneway, attributes in rows:
        turned = not oneway and attributes.get("reversed") is True
        ends = (v, u) if turned else (u, v)
        edges.append(_Edge(str(attributes.get("osmid")), bool(oneway), *ends))
    return edges


def _runs(edges: list[_Edge]) -> list[list[int]]:
    """Return the edges that follow each other along one way, run after run."""
    starts: dict[tuple[str, bool, int], list[int]] = {}
    for row in reversed(range(len(edges))):
        starts.setdefault(edges[row][:3], []).append(row)
    ends = {(edge.way, edge.oneway, edge.v) for edge in edges}
    # Where ways begin; what is left are rings, which may begin anywhere.
    begins = [row for row, edge in enumerate(edges) if edge[:3] not in ends]
    used = [False] * len(edges)
    runs = []
    for begin in [*begins, *range(len(edges))]:
        if used[begin]:
            continue
        run, row = [], begin
        while True:
            used[row] = True
            run.append(row)
            edge = edges[row]
            follow = starts.get((edge.way, edge.oneway, edge.v), [])
            while follow and used[follow[-1]]:
                follow.pop()
            if not follow or len(run) == _MOST_EDGES:
                break
            row = follow[-1]
        runs.append(run)
    return runs


def _tags(attributes: dict[str, Any]) -> dict[str, str]:
    return {
        key: str(attributes[key])
        for key in USED_TAGS
        if attributes.get(key) is not None and key != "oneway"
    }
