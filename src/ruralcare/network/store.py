"""A network and its graph in one file, so that a second run builds nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from ruralcare.network.columns import (
    Columns,
    from_bytes,
    open_columns,
    texts,
    to_bytes,
    write_columns,
)
from ruralcare.network.graph import Kept, RoadGraph, keep_graph, road_graph
from ruralcare.network.retelling import retell, tell
from ruralcare.network.search.arrays import Arcs
from ruralcare.network.search.hierarchy import Hierarchy
from ruralcare.types import RoadNetwork

__all__ = [
    "fingerprint",
    "forget_old",
    "graph_from_bytes",
    "graph_to_bytes",
    "load",
    "save",
    "touch",
]

_log = logging.getLogger(__name__)

# Goes up whenever the same inputs would give another network or another layout of the file.
_FORMAT = "3"
_BESIDE = ".hierarchy.arrow"
_GRAPH = ("strong_part", "edge", "edge_key", "usable", "oneway")
_ARCS = ("first", "head", "key")


def fingerprint(parts: Iterable[bytes | Path]) -> str:
    """Return the name under which a network is stored: a digest of all that it is made from.

    Parameters
    ----------
    parts : iterable of bytes or Path
        Settings and geometries as bytes; of a file, the content counts.
    """
    digest = hashlib.blake2b(_FORMAT.encode(), digest_size=16)
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as stream:
                own = hashlib.file_digest(stream, "blake2b").digest()
        else:
            own = hashlib.blake2b(part).digest()
        digest.update(own)
    return digest.hexdigest()


def save(path: Path, roads: RoadNetwork) -> None:
    """Write a network and its graph for cars as one file.

    A hierarchy that is made of the graph later is stored in a second file beside it.

    Parameters
    ----------
    path : Path
        File to write; the file appears whole or not at all.
    roads : RoadNetwork
        The network; its land is not stored.
    """
    graph = road_graph(roads)
    tables = _tables(roads)
    about = {
        "crs": roads.edges.crs.to_wkt(),
        "notes": tell(roads.notes),
        "readings": tell(roads.readings),
        "columns": json.dumps([name for name in roads.edges.columns if name != "geometry"]),
        "pieces": roads.pieces.to_json(orient="split", double_precision=15),
    }
    write_columns(path, tables | _graph_arrays(graph), about | _graph_about(graph))
    _keep_adding(path, graph)


def load(path: Path, land: shapely.MultiPolygon | None = None) -> RoadNetwork:
    """Read a network that was stored; its graph is mapped into memory, not read.

    A hierarchy beside it that cannot be used is put away: it can be made again.

    Parameters
    ----------
    path : Path
        File that :func:`save` wrote.
    land : MultiPolygon, optional
        Land of the network.

    Returns
    -------
    RoadNetwork
        As it was saved.

    Raises
    ------
    OSError, ValueError, KeyError, pyarrow.ArrowException
        The file is not there, or damaged.
    """
    stored = open_columns(path)
    roads = _network(stored, land)
    graph = _graph(stored)
    if graph.nodes != len(roads.nodes):
        raise ValueError("the graph has other nodes than the network")
    graph.kept.hierarchy = _prepared(path, graph)
    _keep_adding(path, graph)
    keep_graph(roads, graph)
    return roads


def _prepared(path: Path, graph: RoadGraph) -> Hierarchy | None:
    """Return the hierarchy that was stored beside a network, if it is there and whole."""
    file = _beside(path)
    if not file.exists():
        return None
    try:
        made = _hierarchy(open_columns(file))
        if made is not None and made.nodes == graph.nodes:
            return made
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        _log.info("The stored hierarchy %s cannot be used: %s", file.name, error)
    with suppress(OSError):
        file.unlink()
    return None


def touch(path: Path) -> None:
    """Note that a stored network was used."""
    for file in (path, _beside(path)):
        with suppress(OSError):
            os.utime(file)


def forget_old(folder: Path, count: int) -> None:
    """Remove all but the networks used last, each with what is stored beside it.

    Parameters
    ----------
    folder : Path
        Where networks are stored.
    count : int
        How many to keep.
    """
    known = [file for file in folder.glob("*.arrow") if not file.name.endswith(_BESIDE)]
    for old in sorted(known, key=lambda file: file.stat().st_mtime)[:-count]:
        for file in (_beside(old), old):
            # On some systems a file that another run has open cannot be removed.
            with suppress(OSError):
                file.unlink(missing_ok=True)


def graph_to_bytes(graph: RoadGraph) -> bytes:
    """Return a graph, with what was made of it, as the content of a file."""
    arrays = _graph_arrays(graph) | _hierarchy_arrays(graph)
    return to_bytes(arrays, _graph_about(graph))


def graph_from_bytes(content: bytes) -> RoadGraph:
    """Return the graph that was sent as bytes."""
    return _graph(from_bytes(content))


def _keep_adding(path: Path, graph: RoadGraph) -> None:
    """Let what is made of a graph be stored beside it: no file that is in use is rewritten."""

    def add(made: RoadGraph) -> None:
        try:
            write_columns(_beside(path), _hierarchy_arrays(made), {})
        except OSError as error:
            _log.info("The hierarchy cannot be stored: %s", error)

    graph.kept.store = add


def _beside(path: Path) -> Path:
    return path.with_suffix(_BESIDE)


def _tables(roads: RoadNetwork) -> dict[str, NDArray[Any] | pa.Array]:
    arrays: dict[str, NDArray[Any] | pa.Array] = {}
    arrays["nodes.xy"] = shapely.get_coordinates(roads.nodes.geometry.to_numpy()).ravel()
    for name in roads.edges.columns:
        if name == "geometry":
            continue
        values = roads.edges[name]
        if pd.api.types.is_bool_dtype(values):
            arrays[f"edges.{name}"] = values.to_numpy(dtype=bool)
        elif pd.api.types.is_numeric_dtype(values):
            arrays[f"edges.{name}"] = values.to_numpy()
        else:
            arrays[f"edges.{name}"] = texts(values.to_numpy(dtype=object))
    lines = roads.edges.geometry.to_numpy()
    arrays["lines.sizes"] = shapely.get_num_coordinates(lines).astype(np.int32)
    arrays["lines.xy"] = shapely.get_coordinates(lines).ravel()
    return arrays


def _network(stored: Columns, land: shapely.MultiPolygon | None) -> RoadNetwork:
    crs = stored.about["crs"]
    xy = stored.array("nodes.xy").reshape(-1, 2)
    columns: dict[str, Any] = {}
    for name in json.loads(stored.about["columns"]):
        columns[name] = stored.values(f"edges.{name}")
    sizes = stored.array("lines.sizes")
    places = stored.array("lines.xy").reshape(-1, 2)
    number = np.repeat(np.arange(len(sizes)), sizes)
    lines = shapely.linestrings(places, indices=number)
    pieces = json.loads(stored.about["pieces"])
    table = pd.DataFrame(pieces["data"], columns=pieces["columns"])
    return RoadNetwork(
        gpd.GeoDataFrame(
            geometry=shapely.points(xy), index=pd.RangeIndex(len(xy), name="node_id"), crs=crs
        ),
        gpd.GeoDataFrame(columns, geometry=lines, crs=crs),
        table.astype({"nodes": "int64", "length_m": "float64", "kept": "bool"}),
        notes=retell(stored.about["notes"]),
        land=land,
        readings=retell(stored.about["readings"]),
    )


def _graph_about(graph: RoadGraph) -> dict[str, str]:
    return {"mode": graph.mode, "all_proxy": str(int(graph.all_proxy))}


def _graph_arrays(graph: RoadGraph) -> dict[str, NDArray[Any] | pa.Array]:
    arrays: dict[str, NDArray[Any] | pa.Array] = {
        f"graph.{name}": getattr(graph, name) for name in _GRAPH
    }
    for way in ("forward", "backward"):
        arcs = getattr(graph, way)
        arrays |= {f"graph.{way}.{name}": getattr(arcs, name) for name in _ARCS}
    return arrays


def _hierarchy_arrays(graph: RoadGraph) -> dict[str, NDArray[Any] | pa.Array]:
    made = graph.kept.hierarchy
    if made is None:
        return {}
    return {f"hierarchy.{field.name}": getattr(made, field.name) for field in fields(made)}


def _hierarchy(stored: Columns) -> Hierarchy | None:
    if "hierarchy.order" not in stored:
        return None
    return Hierarchy(
        **{field.name: stored.array(f"hierarchy.{field.name}") for field in fields(Hierarchy)}
    )


def _graph(stored: Columns) -> RoadGraph:
    forward, backward = (
        Arcs(*(stored.array(f"graph.{way}.{name}") for name in _ARCS))
        for way in ("forward", "backward")
    )
    return RoadGraph(
        forward,
        backward,
        strong_part=stored.array("graph.strong_part"),
        edge=stored.array("graph.edge"),
        edge_key=stored.array("graph.edge_key"),
        usable=stored.flags("graph.usable"),
        oneway=stored.flags("graph.oneway"),
        all_proxy=stored.about["all_proxy"] == "1",
        mode=stored.about["mode"],
        kept=Kept(_hierarchy(stored)),
    )
