"""Streets from a graph as OSMnx makes it."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod

from ruralcare.inputs.roads.lines import RoadFile, RoadLines, lines_from_ways
from ruralcare.inputs.roads.tags import USED_TAGS, WayTags, way_tags

__all__ = ["lines_from_graph", "roads_of_graph", "shares_of_way", "streets"]


def streets(graph: nx.MultiDiGraph) -> pd.DataFrame:
    """Return the streets of a graph: an edge and its counterpart make one row.

    The edges say in which directions a street can be used; the attribute ``oneway`` is not
    looked at, because simplification turns it into lists.

    Parameters
    ----------
    graph : MultiDiGraph
        Nodes with ``x`` and ``y``; edges may have ``geometry``, ``osmid`` and ``length``.

    Returns
    -------
    DataFrame
        ``u``, ``v`` (nodes of the graph), ``oneway``, ``geometry`` (from u to v; a straight line
        where the edge has none), ``attributes`` (of the edge). In the order of the graph.
    """
    place = {node: (float(x), float(y)) for node, x, y in _xy(graph)}
    order = {node: number for number, node in enumerate(graph.nodes)}
    rows: list[list[Any]] = []
    # Edges still without a counterpart, by what a counterpart must share.
    open_rows: dict[tuple[Any, ...], list[int]] = {}
    for u, v, data in graph.edges(data=True):
        line = data.get("geometry")
        if line is None:
            line = shapely.LineString([place[u], place[v]])
        same = (str(_plain(data.get("osmid"))), round(float(line.length), 6))
        waiting = open_rows.get((order[v], order[u], *same), [])
        match = next((row for row in waiting if _is_reverse(rows[row][3], line)), None)
        if match is not None:
            waiting.remove(match)
            rows[match][2] = False
        else:
            open_rows.setdefault((order[u], order[v], *same), []).append(len(rows))
            rows.append([u, v, True, line, data])
    return pd.DataFrame(rows, columns=["u", "v", "oneway", "geometry", "attributes"])


def lines_from_graph(graph: nx.MultiDiGraph, crs: CRS | str, source: str) -> RoadLines:
    """Return the streets of a graph that cars can use.

    Parameters
    ----------
    graph : MultiDiGraph
        As OSMnx makes it, simplified or not; ``graph.graph["crs"]`` gives its CRS.
    crs : CRS or str
        Projected CRS of the result.
    source : str
        Name of the file or service.

    Raises
    ------
    KeyError
        The graph has no CRS, or a node has no x or y.
    """
    return roads_of_graph(graph, crs, source, "networkx").lines


def roads_of_graph(
    graph: nx.MultiDiGraph, crs: CRS | str, source: str, form: str, as_of: str | None = None
) -> RoadFile:
    """Return the streets of a graph that cars can use, and how many ways the graph has.

    Parameters
    ----------
    graph, crs, source
        As for :func:`lines_from_graph`.
    form : str
        Format of the file or service.
    as_of : str, optional
        Date of the data.
    """
    table = streets(graph)
    tags: list[WayTags] = []
    chosen: list[int] = []
    directed = table["oneway"].to_numpy(dtype=bool)
    way = pd.factorize(pd.Index(_ways(table), dtype=object))[0]
    rows: set[int] = set()
    for row, attributes in enumerate(table["attributes"]):
        given = {
            key: _text(attributes[key]) for key in USED_TAGS if attributes.get(key) is not None
        }
        if "highway" in given or given.get("route") == "ferry":
            rows.add(int(way[row]))
        meaning = way_tags(given)
        if meaning is not None:
            tags.append(meaning._replace(direction=int(directed[row])))
            chosen.append(row)
    table = table.iloc[chosen]
    crs_from = CRS.from_user_input(graph.graph["crs"])
    tags = _shared_durations(table, tags, crs_from)
    order = {node: number for number, node in enumerate(graph.nodes)}
    lines = table["geometry"].to_numpy()
    counts = shapely.get_num_coordinates(lines).astype(np.int64)
    ends = np.cumsum(counts)
    # Vertices between two nodes are shared with nobody: each has a number of its own.
    node_ids: NDArray[np.int64] = np.arange(int(counts.sum()), dtype=np.int64) + len(order)
    node_ids[ends - counts] = [order[node] for node in table["u"]]
    node_ids[ends - 1] = [order[node] for node in table["v"]]
    found = lines_from_ways(
        tags,
        counts,
        node_ids,
        shapely.get_coordinates(lines),
        crs_from=crs_from,
        crs=crs,
        source=source,
        ids=list(map(_id, table["attributes"], chosen)),
        ways=np.asarray(way[chosen], dtype=np.int64),
    )
    return RoadFile(found, len(rows), form, crs_from.to_string(), as_of)


def _id(attributes: dict[str, Any], row: int) -> str:
    """Return the id of the way of a street: of several ways, the first; without one, its number."""
    told = attributes.get("source_id") or attributes.get("osmid")
    if isinstance(told, list | tuple | set):
        told = next(iter(told), None)
    return str(row + 1) if told is None else str(told)


def _ways(table: pd.DataFrame) -> list[object]:
    """Return the way of each street; a street without one is a way of its own."""
    ids = [_plain(attributes.get("osmid")) for attributes in table["attributes"]]
    return [row if way is None else str(way) for row, way in enumerate(ids)]


def shares_of_way(table: pd.DataFrame, crs: CRS | str) -> NDArray[np.float64]:
    """Return the share of each street in the length of the way (``osmid``) it belongs to."""
    way = [str(one) for one in _ways(table)]
    lines = table["geometry"].to_numpy()
    if CRS.from_user_input(crs).is_geographic:
        ellipsoid = Geod(ellps="WGS84")
        length = pd.Series([ellipsoid.geometry_length(line) for line in lines], dtype=float)
    else:
        length = pd.Series(shapely.length(lines))
    return np.asarray(length / length.groupby(way).transform("sum"), dtype=float)


def _shared_durations(table: pd.DataFrame, tags: list[WayTags], crs: CRS) -> list[WayTags]:
    """Split the crossing time of a ferry, which a graph repeats on every edge of the way."""
    if all(one.duration_min is None for one in tags):
        return tags
    share = shares_of_way(table, crs)
    return [
        one
        if one.duration_min is None
        else one._replace(duration_min=one.duration_min * float(share[row]))
        for row, one in enumerate(tags)
    ]


def _xy(graph: nx.MultiDiGraph) -> list[tuple[Any, float, float]]:
    return [(node, data["x"], data["y"]) for node, data in graph.nodes(data=True)]


def _is_reverse(line: shapely.LineString, other: shapely.LineString) -> bool:
    return bool(shapely.equals_exact(line, other.reverse(), tolerance=1e-9))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any attribute
    return sorted(map(str, value)) if isinstance(value, list | tuple | set) else value


def _text(value: Any) -> str:  # noqa: ANN401
    """Return an attribute as a tag: lists, which simplification makes, joined by ``;``."""
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return str(value)
