"""Damaged road files are refused or read: never a traceback, never a hang."""

from __future__ import annotations

import bz2
import gzip
import random
import shutil
import time

import networkx as nx
import osmium
import pytest
from osm_cases import EAST, NORTH, degrees, demo_with, write_osm

from ruralcare.errors import InputError
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.network.build import build_network
from ruralcare.settings import Settings

# More of each were run when the readers were written; these keep the tests fast.
ROUNDS = 25
LONGEST_S = 20.0

NODES = {1: (0, 0), 2: (800, 0), 3: (800, 700), 4: (0, 700), 5: (5000, 900)}
WAYS = [
    ([1, 2, 3], {"highway": "tertiary", "maxspeed": "30 mph", "oneway": "-1", "name": "장터길"}),
    ([3, 4, 1], {"highway": "residential", "junction": "roundabout"}),
    ([4, 5], {"route": "ferry", "duration": "00:40", "interval": "01:00"}),
]


def osm(folder):
    return write_osm(folder / "roads.osm", NODES, WAYS)


def packed(folder, suffix, pack):
    path = folder / f"roads.osm.{suffix}"
    path.write_bytes(pack(osm(folder).read_bytes()))
    return path


def pbf(folder):
    path = folder / "roads.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(str(osm(folder))):
            writer.add(item)
    return path


def plain_pbf(folder):
    """An extract that is not compressed, so that damage reaches what is inside."""
    path = folder / "plain.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        for item in osmium.FileProcessor(str(osm(folder))):
            writer.add(item)
    return path


def graphml(folder):
    import osmnx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, place in NODES.items():
        x, y = degrees(*place)
        graph.add_node(node, x=x, y=y)
    for u, v in ((1, 2), (2, 1), (2, 3), (3, 4)):
        graph.add_edge(u, v, osmid=[7, u], highway=["residential", "road"], length=800.0,
                       oneway=False, reversed=u > v, maxspeed="50")  # fmt: skip
    path = folder / "roads.graphml"
    osmnx.save_graphml(graph, path)
    return path


def edges(folder):
    rows = ["u,v,u_lon,u_lat,v_lon,v_lat,length_m,speed_kmh,time_min,road_class,oneway,name"]
    for u, v in ((1, 2), (2, 3), (3, 4), (4, 5)):
        places = ",".join(str(one) for node in (u, v) for one in degrees(*NODES[node]))
        rows.append(f"{u},{v},{places},5100,30,,tertiary,no,길 {u}")
    path = folder / "roads.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def shapefile(folder):
    from test_node_links import STREETS, write

    return write(folder, STREETS)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change some bytes: flipped, cut, doubled, blanked, or replaced by what parsers trip over."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        at = rng.randrange(len(data) or 1)
        kind = rng.randrange(7)
        if not data:
            break
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del data[at : at + rng.choice((1, 4, 50, 10_000))]
        elif kind == 3:
            data[at:at] = data[at : at + rng.choice((1, 8, 200))]
        elif kind == 4:
            data[at : at + 8] = bytes(8)
        elif kind == 5:
            data[at:at] = rng.choice(WORDS)
        else:
            data[at : at + 4] = rng.randbytes(4)
    return bytes(data)


WORDS = (
    b"nan", b"inf", b"-1", b"1e400", b'"', b"<", b"&#0;", b"]]>", b"\xff\xff\xff\xff",
    b"99999999999999999999", b",,,", b"\r\n", b"[[[[[[[[", b"LINESTRING (0 0)", b"{'a': (",
)  # fmt: skip


def survives(path, scenarios, area=None, crs=None):
    scenario = demo_with(scenarios, file=path, crs=crs, min_piece_km=0.01)
    begun = time.monotonic()
    try:
        lines = read_road_lines(scenario, area, Settings(path.parent))
        build_network(lines, scenario.roads)
    except InputError as error:
        told = [error.render("ko"), error.render("en")]
        assert all(told)
    assert time.monotonic() - begun < LONGEST_S


KINDS = {
    "osm": osm,
    "gz": lambda folder: packed(folder, "gz", lambda data: gzip.compress(data, mtime=0)),
    "bz2": lambda folder: packed(folder, "bz2", bz2.compress),
    "pbf": pbf,
    "plain-pbf": plain_pbf,
    "graphml": graphml,
    "edges": edges,
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(tmp_path, scenarios, kind):
    path = KINDS[kind](tmp_path)
    survives(path, scenarios)
    whole = path.read_bytes()
    rng = random.Random(kind)
    for _ in range(ROUNDS):
        path.write_bytes(damaged(whole, rng))
        survives(path, scenarios)


@pytest.mark.parametrize("suffix", [".shp", ".dbf", ".shx", ".prj", ".cpg"])
def test_damaged_node_links(tmp_path, scenarios, suffix):
    import shapely

    area = shapely.box(EAST - 100, NORTH - 100, EAST + 3000, NORTH + 3000)
    path = shapefile(tmp_path / "whole")
    survives(path, scenarios, area)
    rng = random.Random(suffix)
    folder = tmp_path / "damaged"
    for part in ("MOCT_LINK", "MOCT_NODE"):
        whole = (tmp_path / "whole" / f"{part}{suffix}").read_bytes()
        for _ in range(ROUNDS // 3):
            shutil.copytree(tmp_path / "whole", folder)
            (folder / f"{part}{suffix}").write_bytes(damaged(whole, rng))
            survives(folder / path.name, scenarios, rng.choice((None, area)))
            shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["roads.osm", "roads.graphml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_do_not_fill_the_memory(tmp_path, scenarios, name, encoding):
    entities = "".join(f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 12))
    text = f'<?xml version="1.0" encoding="{encoding}"?>'
    text += f'<!DOCTYPE x [<!ENTITY x0 "길길길길">{entities}]>'
    text += "<osm>&x11;</osm>" if name.endswith("osm") else "<graphml>&x11;</graphml>"
    (tmp_path / name).write_bytes(text.encode(encoding))
    begun = time.monotonic()
    with pytest.raises(InputError, match="cannot be read"):
        read_road_lines(demo_with(scenarios, file=tmp_path / name), None, Settings(tmp_path))
    assert time.monotonic() - begun < LONGEST_S


def test_a_long_comment_hides_no_entities(tmp_path, scenarios):
    entities = "".join(f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 12))
    text = (
        f"<!--{' ' * 20_000}--><!DOCTYPE x [<!ENTITY x0 'lol'>{entities}]><graphml>&x11;</graphml>"
    )
    (tmp_path / "roads.graphml").write_text(text, "utf-8")
    found = demo_with(scenarios, file=tmp_path / "roads.graphml")
    with pytest.raises(InputError, match="cannot be read: DOCTYPE"):
        read_road_lines(found, None, Settings(tmp_path))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plain-pbf"])
def test_a_file_is_known_by_its_content(tmp_path, scenarios, kind):
    path = KINDS[kind](tmp_path)
    named = read_road_lines(demo_with(scenarios, file=path), None, Settings(tmp_path))
    other = path.rename(tmp_path / "download")
    found = read_road_lines(demo_with(scenarios, file=other), None, Settings(tmp_path))
    assert found.frame.equals(named.frame)
    assert found.readings[0].form == named.readings[0].form


def test_a_blank_byte_in_a_text_does_not_end_the_program(tmp_path, scenarios):
    """osmium would read beyond the tag, wherever that leads."""
    path = plain_pbf(tmp_path)
    path.write_bytes(path.read_bytes().replace("장터길".encode(), b"\x00" * 9))
    with pytest.raises(InputError, match="cannot be read"):
        read_road_lines(demo_with(scenarios, file=path), None, Settings(tmp_path))
