"""To and from networkx graphs in the layout of OSMnx."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from ruralcare.errors import TableError
from ruralcare.inputs.roads.graphs import lines_from_graph, streets
from ruralcare.network.build import build_network
from ruralcare.network.parts import weak_parts
from ruralcare.scenario import RoadsSource
from ruralcare.types import RoadNetwork

__all__ = ["from_networkx", "to_networkx"]

_TEXTS = ("kind", "road_class", "name", "ref", "source_id")
_FLAGS = ("proxy", "bridge", "tunnel")


def to_networkx(roads: RoadNetwork) -> nx.MultiDiGraph:
    """Return the network as a directed multigraph.

    Returns
    -------
    MultiDiGraph
        ``graph["crs"]`` is the projected CRS, ``graph["land"]`` the known land. Nodes have ``x``
        and ``y``; edges ``length`` (metres), ``time_min``, ``speed_kmh``, ``geometry`` (from u
        to v), ``highway``,
        ``oneway``, ``osmid`` (row in ``roads.edges``) and the further columns of the network. A
        street open both ways is two edges.
    """
    graph = nx.MultiDiGraph(crs=roads.edges.crs.to_string())
    if roads.land is not None:
        graph.graph["land"] = roads.land
    xy = shapely.get_coordinates(roads.nodes.geometry.to_numpy())
    graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in enumerate(xy.tolist()))
    columns = [name for name in roads.edges.columns if name not in ("u", "v", "geometry")]
    lines = roads.edges.geometry.to_numpy()
    backwards = shapely.reverse(lines)
    ends = roads.edges[["u", "v"]].to_numpy().tolist()
    records = roads.edges[columns].to_dict("records")
    for row, ((u, v), record) in enumerate(zip(ends, records, strict=True)):
        data: dict[str, Any] = {
            "osmid": row,
            "highway": record["road_class"],
            "length": record["length_m"],
            **{key: value for key, value in record.items() if key != "length_m"},
        }
        graph.add_edge(u, v, **data, reversed=False, geometry=lines[row])
        if not record["oneway"]:
            graph.add_edge(v, u, **data, reversed=True, geometry=backwards[row])
    return graph


def from_networkx(
    graph: nx.MultiDiGraph,
    *,
    roads: RoadsSource | None = None,
    crs: Any = None,  # noqa: ANN401
) -> RoadNetwork:
    """Return a graph as a network.

    A graph from :func:`to_networkx` comes back with the same times; edges may come in another
    order, notes are left behind. A graph from OSMnx needs ``roads`` for its speeds and is then
    built as from a file.

    Parameters
    ----------
    graph : MultiDiGraph
        Nodes with ``x`` and ``y``, ``graph["crs"]``; see :func:`to_networkx` for edges.
    roads : RoadsSource, optional
        Speeds and rules of a scenario, for edges without ``time_min``.
    crs : CRS, optional
        Projected CRS of the network; by default the CRS of the graph, or the UTM zone of its
        middle if that is in degrees.

    Raises
    ------
    TableError
        The graph has no CRS, or neither times nor ``roads`` to make them.
    """
    given = graph.graph.get("crs")
    if given is None:
        raise TableError('the graph has no CRS; set graph.graph["crs"]')
    timed = all("time_min" in data for _, _, data in graph.edges(data=True))
    if roads is None and not timed:
        raise TableError(
            "edges of the graph have no time_min; pass roads=scenario.roads to make them"
        )
    target = CRS.from_user_input(crs) if crs is not None else _projected(graph, CRS(given))
    if roads is not None:
        return build_network(lines_from_graph(graph, target, "networkx"), roads)
    table = streets(graph)
    order = {node: number for number, node in enumerate(graph.nodes)}
    data = pd.DataFrame(list(table["attributes"]))
    columns: dict[str, Any] = {
        "u": table["u"].map(order).to_numpy(dtype=np.int64),
        "v": table["v"].map(order).to_numpy(dtype=np.int64),
        "length_m": data["length"].to_numpy(dtype=float),
        "speed_kmh": data["speed_kmh"].to_numpy(dtype=float),
        "time_min": data["time_min"].to_numpy(dtype=float),
        "oneway": table["oneway"].to_numpy(dtype=bool),
    }
    columns |= {name: data[name].astype(str).to_numpy() for name in _TEXTS if name in data}
    columns |= {name: data[name].to_numpy(dtype=bool) for name in _FLAGS if name in data}
    edges = gpd.GeoDataFrame(columns, geometry=list(table["geometry"]), crs=given).to_crs(target)
    places = [shapely.Point(node["x"], node["y"]) for _, node in graph.nodes(data=True)]
    nodes = gpd.GeoDataFrame(
        geometry=places, index=pd.RangeIndex(len(places), name="node_id"), crs=given
    ).to_crs(target)
    part = weak_parts(edges["u"].to_numpy(), edges["v"].to_numpy(), len(nodes))
    length = edges["length_m"].groupby(part[edges["u"].to_numpy()]).sum()
    count = pd.Series(part).value_counts().sort_index()
    pieces = pd.DataFrame(
        {
            "piece": count.index + 1,
            "nodes": count.to_numpy(),
            "length_m": length.reindex(count.index, fill_value=0.0).to_numpy(),
            "kept": True,
            "reason": "",
        }
    )
    land = graph.graph.get("land") if target == CRS(given) else None
    return RoadNetwork(nodes, edges, pieces, land=land)


def _projected(graph: nx.MultiDiGraph, given: CRS) -> CRS:
    if given.is_projected:
        return given
    x, y = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)]).T
    return CRS(gpd.GeoSeries(gpd.points_from_xy(x, y), crs=given).estimate_utm_crs())
