"""Faults of road files of every kind."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import osmium
import shapely
from tiny_county import FILES

from broken_cases import Broken, replaced

OSM = FILES["roads"]
EDGES = "edges.csv"
LINKS = "MOCT_LINK.shp"
GRAPH = "roads.graphml"
CHANGES = "changes.csv"

# The road of the county, from west to east.
LONGITUDES = [round(126.51 + 0.04 * step, 2) for step in range(7)]
LATITUDE = 34.55


def _names(file: str, **roads: Any) -> Callable[[dict[str, Any]], object]:
    return lambda raw: raw.update(roads={"file": file, **roads})


def _rows() -> list[list[str]]:
    rows = [["u", "v", "u_lon", "u_lat", "v_lon", "v_lat", "speed_kmh", "oneway", "road_class"]]
    for at, (west, east) in enumerate(pairwise(LONGITUDES)):
        places = [str(one) for one in (west, LATITUDE, east, LATITUDE)]
        rows.append([f"n{at}", f"n{at + 1}", *places, "50", "no", "secondary"])
    return rows


def _edges(change: Callable[[list[list[str]]], object]) -> Callable[[Path], object]:
    """Write a good edge list with one thing changed."""

    def spoil(folder: Path) -> None:
        rows = _rows()
        change(rows)
        (folder / EDGES).write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")

    return spoil


def _cell(row: int, column: str, value: str) -> Callable[[list[list[str]]], object]:
    def change(rows: list[list[str]]) -> None:
        rows[row - 1][rows[0].index(column)] = value

    return change


def _with(column: str, row: int, value: str) -> Callable[[list[list[str]]], object]:
    """Add a column that has a value in one row only."""

    def change(rows: list[list[str]]) -> None:
        rows[0].append(column)
        for at in range(1, len(rows)):
            rows[at].append(value if at == row - 1 else "")

    return change


def _links(
    change: Callable[[list[dict[str, Any]]], object] = lambda rows: None,
    after: Callable[[Path], object] = lambda folder: None,
    crs: str = "EPSG:5186",
) -> Callable[[Path], object]:
    """Write good node-link data, each street as two links, with one thing changed."""

    def spoil(folder: Path) -> None:
        rows: list[dict[str, Any]] = []
        for at, ends in enumerate(pairwise(LONGITUDES)):
            for back in (0, 1):
                start, stop = (at + 1, at) if back else (at, at + 1)
                line = [(ends[back], LATITUDE), (ends[1 - back], LATITUDE)]
                rows.append(
                    {
                        "LINK_ID": f"46200{at}{back}",
                        "F_NODE": f"462{start}",
                        "T_NODE": f"462{stop}",
                        "ROAD_RANK": "106",
                        "ROAD_TYPE": "000",
                        "ROAD_NAME": "한울로",
                        "ROAD_USE": "0",
                        "CONNECT": "000",
                        "MAX_SPD": 60,
                        "REST_VEH": "0",
                        "geometry": shapely.LineString(line),
                    }
                )
        change(rows)
        links = gpd.GeoDataFrame(rows, crs="EPSG:4326").to_crs(crs)
        links.to_file(folder / LINKS, encoding="CP949", engine="pyogrio")
        nodes = gpd.GeoDataFrame(
            {"NODE_ID": [f"462{at}" for at in range(len(LONGITUDES))]},
            geometry=[shapely.Point(one, LATITUDE) for one in LONGITUDES],
            crs="EPSG:4326",
        ).to_crs(crs)
        nodes.to_file(folder / "MOCT_NODE.shp", encoding="CP949", engine="pyogrio")
        after(folder)

    return spoil


def _link(row: int, **values: object) -> Callable[[list[dict[str, Any]]], object]:
    return lambda rows: rows[row - 2].update(values)


def _shifted(folder: Path) -> None:
    """Write the nodes again, one of them 50 m to the north."""
    path = folder / "MOCT_NODE.shp"
    nodes = gpd.read_file(path)
    nodes.loc[0, "geometry"] = shapely.Point(nodes.geometry[0].x, nodes.geometry[0].y + 50)
    nodes.to_file(path, encoding="CP949", engine="pyogrio")


def _graph(folder: Path, crs: str | None) -> None:
    import osmnx

    graph = nx.MultiDiGraph(**({"crs": crs} if crs else {}))
    for at, longitude in enumerate(LONGITUDES):
        graph.add_node(at, x=longitude, y=LATITUDE)
    for at in range(len(LONGITUDES) - 1):
        graph.add_edge(at, at + 1, osmid=at, highway="primary", length=3600.0)
        graph.add_edge(at + 1, at, osmid=at, highway="primary", length=3600.0)
    osmnx.save_graphml(graph, folder / GRAPH)


def _hidden_doctype(folder: Path) -> None:
    _graph(folder, "EPSG:4326")
    text = (folder / GRAPH).read_text("utf-8")
    head, _, rest = text.partition("?>")
    comment = f"<!--{'x' * 10_000}-->"
    text = f"{head}?>{comment}<!DOCTYPE g [<!ENTITY a 'b'>]>{rest}"
    (folder / GRAPH).write_text(text, encoding="utf-8")


def _half(folder: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    content = pack((folder / OSM).read_bytes())
    (folder / name).write_bytes(content[: len(content) // 2])


def _pbf_cut(folder: Path) -> None:
    whole = folder / "whole.osm.pbf"
    with osmium.SimpleWriter(str(whole)) as writer:
        for item in osmium.FileProcessor(str(folder / OSM)):
            writer.add(item)
    content = whole.read_bytes()
    (folder / "cut.osm.pbf").write_bytes(content[: len(content) * 2 // 3])


def _footpaths(folder: Path) -> None:
    text = (folder / OSM).read_text("utf-8")
    for old in ("secondary", "residential"):
        text = text.replace(f'v="{old}"', 'v="footway"')
    (folder / OSM).write_text(text, encoding="utf-8")


def _changes(*rows: str) -> Callable[[Path], object]:
    """Write speeds and closures of single roads."""
    return lambda folder: (folder / CHANGES).write_text(
        "\n".join(["edge_id,speed_kmh,closed", *rows]) + "\n", encoding="utf-8"
    )


def _expressways(folder: Path) -> None:
    text = (folder / OSM).read_text("utf-8")
    for old in ("secondary", "residential"):
        text = text.replace(f'v="{old}"', 'v="motorway"')
    (folder / OSM).write_text(text, encoding="utf-8")


CASES = (
    Broken(
        "the road file is not there",
        "absent.osm.pbf",
        "There is no such file.",
        scenario=_names("absent.osm.pbf"),
        column="roads.file",
        value="absent.osm.pbf",
    ),
    Broken(
        "the road file is empty",
        OSM,
        "The file is empty.",
        spoil=lambda folder: (folder / OSM).write_bytes(b""),
    ),
    Broken(
        "the extract breaks off",
        "cut.osm.pbf",
        "The road file cannot be read",
        scenario=_names("cut.osm.pbf"),
        spoil=_pbf_cut,
    ),
    Broken(
        "the packed extract breaks off",
        "roads.osm.gz",
        "The road file cannot be read",
        scenario=_names("roads.osm.gz"),
        spoil=lambda folder: _half(folder, "roads.osm.gz", gzip.compress),
    ),
    Broken(
        "the extract packed as bz2 breaks off",
        "roads.osm.bz2",
        "The road file cannot be read",
        scenario=_names("roads.osm.bz2"),
        spoil=lambda folder: _half(folder, "roads.osm.bz2", bz2.compress),
    ),
    Broken(
        "a coordinate of the extract is no number",
        OSM,
        "The road file cannot be read",
        spoil=lambda folder: replaced(folder / OSM, 'lat="34.550000"', 'lat="north"'),
    ),
    Broken(
        "the extract has no road for cars",
        OSM,
        "There is no road for cars in it.",
        spoil=_footpaths,
    ),
    Broken(
        "the roads lie in another county",
        OSM,
        "It has no road inside the townships.",
        spoil=lambda folder: (folder / OSM).write_text(
            (folder / OSM).read_text("utf-8").replace('lat="34.', 'lat="36.'), encoding="utf-8"
        ),
        column="roads.file",
    ),
    Broken(
        "nodes of the extract are missing",
        OSM,
        "{count} ways lack some of their nodes",
        spoil=lambda folder: replaced(folder / OSM, '<node id="20" ', '<node id="2000" '),
        remark=True,
    ),
    Broken(
        "an archive is named as the road file",
        "roads.zip",
        "The format is not known.",
        scenario=_names("roads.zip"),
        spoil=lambda folder: (folder / "roads.zip").write_bytes(b"PK\x03\x04rest"),
        column="roads.file",
        value=".zip",
    ),
    Broken(
        "the graph has no CRS",
        GRAPH,
        "The graph does not tell where its nodes are.",
        scenario=_names(GRAPH),
        spoil=lambda folder: _graph(folder, None),
    ),
    Broken(
        "the graph is of another world",
        GRAPH,
        "The road file cannot be read",
        scenario=_names(GRAPH),
        spoil=lambda folder: _graph(folder, "the moon"),
    ),
    Broken(
        "the edge list lacks a column",
        EDGES,
        "The table lacks columns",
        scenario=_names(EDGES),
        spoil=_edges(_cell(1, "v", "to")),
        row=1,
    ),
    Broken(
        "a speed of the edge list is a word",
        EDGES,
        "This must be a number.",
        scenario=_names(EDGES),
        spoil=_edges(_cell(3, "speed_kmh", "fast")),
        row=3,
        column="speed_kmh",
        value="fast",
    ),
    Broken(
        "latitude and longitude of an edge are swapped",
        EDGES,
        "The value must be at most",
        scenario=_names(EDGES),
        spoil=_edges(_cell(4, "u_lat", "126.59")),
        row=4,
        column="u_lat",
        value="126.59",
    ),
    Broken(
        "a direction of the edge list is not known",
        EDGES,
        "This is neither yes nor no.",
        scenario=_names(EDGES),
        spoil=_edges(_cell(2, "oneway", "perhaps")),
        row=2,
        column="oneway",
        value="perhaps",
    ),
    Broken(
        "a class of the edge list is not known",
        EDGES,
        "The class of road is not known.",
        scenario=_names(EDGES),
        spoil=_edges(_cell(7, "road_class", "boulevard")),
        row=7,
        column="road_class",
        value="boulevard",
    ),
    Broken(
        "an edge has no end",
        EDGES,
        "The code is missing.",
        scenario=_names(EDGES),
        spoil=_edges(_cell(5, "v", "")),
        row=5,
        column="v",
    ),
    Broken(
        "a node of the edge list lies at two places",
        EDGES,
        "The node lies {km} km from where",
        scenario=_names(EDGES),
        spoil=_edges(_cell(6, "u", "n1")),
        row=6,
        column="u",
        value="n1",
        remark=True,
    ),
    Broken(
        "a length of the edge list is in kilometres",
        EDGES,
        "The edge is {length} m long, but its ends lie",
        scenario=_names(EDGES),
        spoil=_edges(_with("length_m", 4, "3.66")),
        row=4,
        column="length_m",
        value="3.66",
    ),
    Broken(
        "a length of the edge list is far too long",
        EDGES,
        "The edge is {length} m long, but its line",
        scenario=_names(EDGES),
        spoil=_edges(_with("length_m", 4, "36600")),
        row=4,
        column="length_m",
        value="36600",
        remark=True,
    ),
    Broken(
        "a time of the edge list is in seconds",
        EDGES,
        "A car would be slower than walking",
        scenario=_names(EDGES),
        spoil=_edges(_with("time_min", 4, "220")),
        row=4,
        column="time_min",
        value="220",
        remark=True,
    ),
    Broken(
        "a time of the edge list is in hours",
        EDGES,
        "The edge would be driven at",
        scenario=_names(EDGES),
        spoil=_edges(_with("time_min", 4, "0.06")),
        row=4,
        column="time_min",
        value="0.06",
    ),
    Broken(
        "the roads are shorter than what is kept",
        OSM,
        "No piece of the road data is",
        scenario=_names(OSM, min_piece_km=500.0),
        column="roads.min_piece_km",
        value="500.0",
    ),
    Broken(
        "a comment hides the entities of a graph",
        GRAPH,
        "The road file cannot be read",
        scenario=_names(GRAPH),
        spoil=_hidden_doctype,
    ),
    Broken(
        "the link file has no table",
        LINKS,
        "The file {name} is missing beside it.",
        scenario=_names(LINKS),
        spoil=_links(after=lambda folder: (folder / "MOCT_LINK.dbf").unlink()),
        column="roads.file",
    ),
    Broken(
        "the nodes are named for the links",
        "MOCT_NODE.shp",
        "The table lacks columns",
        scenario=_names("MOCT_NODE.shp"),
        spoil=_links(),
    ),
    Broken(
        "a link is listed twice",
        LINKS,
        "The same code is already in row",
        scenario=_names(LINKS),
        spoil=_links(_link(5, LINK_ID="4620000")),
        row=5,
        column="LINK_ID",
        value="4620000",
    ),
    Broken(
        "a link has no node",
        LINKS,
        "The code is missing.",
        scenario=_names(LINKS),
        spoil=_links(_link(4, T_NODE=None)),
        row=4,
        column="T_NODE",
    ),
    Broken(
        "a class of link is not known",
        LINKS,
        "The class of road is not known; it is taken",
        scenario=_names(LINKS),
        spoil=_links(lambda rows: [one.update(ROAD_RANK="199") for one in rows[6:8]]),
        row=8,
        column="ROAD_RANK",
        value="199",
        remark=True,
    ),
    Broken(
        "a limit of a link is impossible",
        LINKS,
        "This is no speed limit",
        scenario=_names(LINKS),
        spoil=_links(lambda rows: [one.update(MAX_SPD=600) for one in rows[2:4]]),
        row=4,
        column="MAX_SPD",
        value="600",
        remark=True,
    ),
    Broken(
        "a link is out of use",
        LINKS,
        "{count} links are not in use",
        scenario=_names(LINKS),
        spoil=_links(_link(13, ROAD_USE="1")),
        column="ROAD_USE",
        value="1",
        remark=True,
    ),
    Broken(
        "a node lies off its links",
        LINKS,
        "The link ends {metres} m from its node.",
        scenario=_names(LINKS),
        spoil=_links(lambda rows: rows.pop(1), after=_shifted),
        row=2,
        column="F_NODE",
        value="4620",
        remark=True,
    ),
    Broken(
        "a closed road is not in the file",
        "scenario.toml",
        "The road file {file} has no road for cars with this id.",
        scenario=_names(OSM, closed=["1", "123456789"]),
        column="roads.closed",
        value="123456789",
    ),
    Broken(
        "a road that is given a speed is not in the file",
        CHANGES,
        "The road file {file} has no road for cars with this id.",
        scenario=_names(OSM, overrides_file=CHANGES),
        spoil=_changes("1,40,", "77,40,"),
        row=3,
        column="edge_id",
        value="77",
    ),
    Broken(
        "the file of speeds is not there",
        "absent.csv",
        "There is no such file.",
        scenario=_names(OSM, overrides_file="absent.csv"),
        column="roads.overrides_file",
        value="absent.csv",
    ),
    Broken(
        "a speed of a road is a word",
        CHANGES,
        "This must be a number.",
        scenario=_names(OSM, overrides_file=CHANGES),
        spoil=_changes("1,slow,"),
        row=2,
        column="speed_kmh",
        value="slow",
    ),
    Broken(
        "a closure is neither yes nor no",
        CHANGES,
        "This is neither yes nor no.",
        scenario=_names(OSM, overrides_file=CHANGES),
        spoil=_changes("1,,shut"),
        row=2,
        column="closed",
        value="shut",
    ),
    Broken(
        "a change changes nothing",
        CHANGES,
        "The row changes nothing.",
        scenario=_names(OSM, overrides_file=CHANGES),
        spoil=_changes("1,,no"),
        row=2,
        column="edge_id",
        value="1",
    ),
    Broken(
        "a road is changed twice",
        CHANGES,
        "The same code is already in row {row}.",
        scenario=_names(OSM, overrides_file=CHANGES),
        spoil=_changes("1,40,", "1,50,"),
        row=3,
        column="edge_id",
        value="1",
    ),
    Broken(
        "the profile of speeds is misspelt",
        "scenario.toml",
        "There is no profile of speeds of this name.",
        scenario=_names(OSM, profile="snowy"),
        column="roads.profile",
        value="snowy",
    ),
    Broken(
        "a profile has a class that is misspelt",
        "scenario.toml",
        "There is no such key.",
        scenario=_names(OSM, profiles={"snow": {"class_factors": {"primery": 0.5}}}),
        column="roads.profiles.snow.class_factors.primery",
    ),
    Broken(
        "a road is closed where there is no road file",
        "scenario.toml",
        "A proxy network has no roads with ids.",
        scenario=lambda raw: raw.update(roads={"closed": ["1"]}),
        column="roads.closed",
    ),
    Broken(
        "no road is left without those that cost a toll",
        OSM,
        "No road of the file may be used in this scenario.",
        spoil=_expressways,
        column="roads.tolls",
    ),
    Broken(
        "the links are read in a wrong CRS",
        LINKS,
        "The roads lie outside Korea in",
        scenario=_names(LINKS, crs="EPSG:32632"),
        spoil=_links(),
        column="roads.crs",
        value="166039, 217242",
    ),
    Broken(
        "the CRS of the roads is misspelt",
        LINKS,
        "The coordinate reference system (CRS) is not known.",
        scenario=_names(LINKS, crs="EPSG:518600"),
        spoil=_links(),
        column="roads.crs",
        value="EPSG:518600",
    ),
)
