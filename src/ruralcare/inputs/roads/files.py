"""Roads from files of every kind, or from a download."""

from __future__ import annotations

import bz2
import gzip
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

import networkx as nx
import shapely
from pyproj import Transformer

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.inputs.reach import REACH_KM
from ruralcare.inputs.roads.changes import read_changes
from ruralcare.inputs.roads.download import download_graph
from ruralcare.inputs.roads.edge_lists import is_edge_list, read_edge_list
from ruralcare.inputs.roads.faults import none_inside, unreadable
from ruralcare.inputs.roads.graphs import roads_of_graph
from ruralcare.inputs.roads.lines import RoadFile, RoadLines
from ruralcare.inputs.roads.node_links import read_node_links
from ruralcare.inputs.roads.osm import read_osm
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.units import metres

__all__ = ["RoadLines", "read_road_lines"]

_COARSE_M = 500.0

_SERVICE = "OpenStreetMap (Overpass)"
_SUFFIXES = {
    ".osm.pbf": "pbf",
    ".pbf": "pbf",
    ".osm": "osm",
    ".osm.gz": "osm.gz",
    ".osm.bz2": "osm.bz2",
    ".graphml": "graphml",
    ".shp": "shp",
    ".csv": "csv",
}
_HEAD_BYTES = 4096


def read_road_lines(
    scenario: Scenario, area: shapely.Geometry | None, settings: Settings
) -> RoadLines | None:
    """Read the roads of a scenario from its file, or download them.

    Parameters
    ----------
    scenario : Scenario
        ``roads`` names the file or asks for the download.
    area : polygon, optional
        The townships, in the CRS of the scenario. Ways that touch it, or come within
        :data:`~ruralcare.inputs.reach.REACH_KM` of it, are kept whole. Without it, all ways of the
        file are kept; a download needs it.
    settings : Settings
        Where downloads are kept.

    Returns
    -------
    RoadLines or None
        In the CRS of the scenario, with what was read. None where the scenario has neither file
        nor download: a proxy network is wanted.

    Raises
    ------
    InputError
        The file cannot be used.
    DownloadError
        The server did not answer as expected.
    """
    if scenario.roads.file is None and not scenario.roads.download:
        return None
    wide = None if area is None else _around(area)
    changes = read_changes(scenario)
    if scenario.roads.download:
        if wide is None:
            raise ValueError("a download needs an area")
        url = scenario.roads.overpass_url
        graph, as_of = download_graph(wide, scenario.crs, url, settings)
        faults = Faults(_SERVICE)
        found = roads_of_graph(graph, scenario.crs, _SERVICE, "OSMnx", as_of)
    else:
        assert scenario.roads.file is not None
        faults = Faults(scenario.label(scenario.roads.file))
        found = _read_file(scenario, area, wide, changes.ids, faults)
    lines = found.lines
    if not len(lines):
        raise faults.stop(
            Message("There is no road for cars in it."),
            Message("Use an OpenStreetMap extract (.osm.pbf) that still holds its roads."),
        )
    lines = changes.applied(lines, scenario.path.name)
    if area is not None and wide is not None:
        lines = lines.near(area, metres(REACH_KM))
        if not lines.touch(area):
            raise none_inside(faults, _middle(found, scenario.crs), area, scenario.crs)
    cut = int(lines.ways.loc[lines.ways["cut"], "way"].nunique()) + found.lost
    if cut:
        faults.remark(
            Message("{count} ways lack some of their nodes; they are cut there.", count=cut),
            Message(
                "This is usual at the border of an extract; take a larger one if the county is "
                "near it."
            ),
        )
    reading = faults.reading(
        Message("Roads"),
        found.form,
        rows=found.rows,
        used=lines.used,
        crs=found.crs,
        as_of=found.as_of,
    )
    others = () if changes.reading is None else (changes.reading,)
    return replace(lines, readings=(reading, *others))


def _around(area: shapely.Geometry) -> shapely.Geometry:
    """Return an area with everything within reach of it, and a little more.

    Widening a coast with all its corners takes minutes; a coarse outline, widened by as much more
    as it may be off, holds the same.
    """
    coarse = shapely.simplify(area, _COARSE_M)
    return shapely.buffer(coarse, metres(REACH_KM) + _COARSE_M, quad_segs=4)


def _middle(found: RoadFile, crs: str) -> tuple[float, float] | None:
    """Return the middle of the roads as the file has it; none if they are in degrees."""
    if found.crs == "EPSG:4326":
        return None
    west, south, east, north = found.lines.bounds
    to_file = Transformer.from_crs(crs, found.crs, always_xy=True)
    x, y = to_file.transform((west + east) / 2, (south + north) / 2)
    return float(x), float(y)


def _read_file(
    scenario: Scenario,
    area: shapely.Geometry | None,
    wide: shapely.Geometry | None,
    changed: frozenset[str],
    faults: Faults,
) -> RoadFile:
    assert scenario.roads.file is not None
    path, crs = scenario.resolve(scenario.roads.file), scenario.crs
    if path.is_dir() or not path.exists():
        raise faults.stop(
            Message("There is no such file."),
            Message("Check the path in the scenario; it counts from the scenario's folder."),
            column="roads.file",
            value=path.name,
        )
    if path.stat().st_size == 0:
        raise faults.stop(Message("The file is empty."), Message("Fetch it from its source again."))
    form = _form(path, faults)
    if form == "graphml":
        return _read_graphml(path, crs, faults)
    if form == "shp":
        return read_node_links(path, crs, faults, scenario.roads.crs, area, wide, changed)
    if form == "csv":
        return read_edge_list(path, crs, faults, scenario.roads.crs)
    return read_osm(path, form, crs, faults)


def _form(path: Path, faults: Faults) -> str:
    """Return the format of a file: by its name, or by its content if the name does not tell."""
    name = path.name.lower()
    told = next((form for suffix, form in _SUFFIXES.items() if name.endswith(suffix)), None)
    if told is not None:
        return told
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    packed = ""
    try:
        if head.startswith(b"\x1f\x8b"):
            packed = ".gz"
            with gzip.open(path) as stream:
                head = stream.read(_HEAD_BYTES)
        elif head.startswith(b"BZh"):
            packed = ".bz2"
            with bz2.open(path) as stream:
                head = stream.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(faults, str(error)) from None
    if b"<osm" in head:
        return f"osm{packed}"
    if not packed:
        if b"OSMHeader" in head:
            return "pbf"
        if b"<graphml" in head:
            return "graphml"
        if is_edge_list(head.decode("utf-8-sig", errors="replace").split("\n")[0]):
            return "csv"
    raise faults.stop(
        Message("The format is not known."),
        Message("Unpack the archive and name the file inside it.")
        if packed or head.startswith(b"PK\x03\x04")
        else Message(
            "Give an OpenStreetMap extract (.osm.pbf, .osm), GraphML from OSMnx (.graphml), the "
            "standard node-link data (MOCT_LINK.shp) or an edge list (.csv)."
        ),
        column="roads.file",
        value=path.suffix,
    )


def _has_doctype(path: Path, faults: Faults) -> bool:
    """Return whether a DOCTYPE stands before the first element, behind however much else."""
    told: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: told.append(True)
    parser.StartElementHandler = lambda *_: told.append(False)
    try:
        with path.open("rb") as stream:
            while not told and (part := stream.read(_HEAD_BYTES)):
                parser.Parse(part)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if not told:
            raise unreadable(faults, str(error)) from None
    return bool(told) and told[0]


def _read_graphml(path: Path, crs: str, faults: Faults) -> RoadFile:
    # OSMnx takes more than a second to import, which only those who use it should wait for.
    import osmnx

    if _has_doctype(path, faults):
        # Nothing that writes GraphML needs one; its entities can fill the memory.
        raise unreadable(faults, "DOCTYPE")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = osmnx.load_graphml(path)
    except (*DAMAGE, SyntaxError, nx.NetworkXException) as error:
        raise unreadable(faults, f"{type(error).__name__}: {error}") from None
    if "crs" not in graph.graph or not all("x" in data for _, data in graph.nodes(data=True)):
        raise faults.stop(
            Message("The graph does not tell where its nodes are."),
            Message("Save it with osmnx.save_graphml: its nodes need x and y, the graph its crs."),
        )
    try:
        return roads_of_graph(graph, crs, path.name, "GraphML (OSMnx)")
    except InputError:
        raise
    except DAMAGE as error:
        raise unreadable(faults, f"{type(error).__name__}: {error}") from None
