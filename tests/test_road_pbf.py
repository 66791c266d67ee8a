"""The blocks of .osm.pbf files, against osmium."""

from __future__ import annotations

import zlib

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare.inputs.files import DAMAGE
from ruralcare.inputs.roads import osm, pbf
from ruralcare.inputs.roads.tags import way_tags

REAL = ["andorra", "chungcheong-main-roads", "helsinki-small", "liechtenstein-latest"]


def by_osmium(path):
    """Every road way as osmium tells it: id, tags, node ids and places."""
    ways = []
    for way in osmium.FileProcessor(str(path)).with_locations():
        if way.is_way() and way_tags(dict(way.tags)) is not None:
            places = [
                (node.location.x, node.location.y) if node.location.valid() else None
                for node in way.nodes
            ]
            ways.append((str(way.id), dict(way.tags), [node.ref for node in way.nodes], places))
    return ways


def assert_same(path):
    found = osm._read_blocks(path)
    expected = by_osmium(path)
    assert found.ways.ids.tolist() == [way[0] for way in expected]
    assert found.sizes.tolist() == [len(way[2]) for way in expected]
    names = found.ways.name.tolist()
    for at, (_, tags, _, _) in enumerate(expected):
        meaning = found.ways.meanings[found.ways.which[at]]
        assert meaning._replace(name=names[at], ref=found.ways.ref[at]) == way_tags(tags)
    # Nodes are numbered in the order of their ids.
    refs = [ref for way in expected for ref in way[2]]
    assert found.nodes.tolist() == np.unique(refs, return_inverse=True)[1].tolist()
    places = [place for way in expected for place in way[3]]
    degrees = np.array([place or (np.nan, np.nan) for place in places]) * 1e-7
    np.testing.assert_array_equal(found.coordinates[found.place], degrees.reshape(-1, 2))
    again = osm._read_objects(path, "pbf")
    assert again.ways.ids.tolist() == found.ways.ids.tolist()
    assert (again.rows, again.as_of) == (found.rows, found.as_of)


@pytest.mark.integration
@pytest.mark.parametrize("name", REAL)
def test_real_extracts(shared_data, name):
    assert_same(shared_data / "osm" / f"{name}.osm.pbf")


def written(path, nodes, ways, options="pbf"):
    """Write nodes {id: (lon, lat)} and ways [(id, node ids, tags)]."""
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2026-11-20T05:00:00Z")
    with osmium.SimpleWriter(osmium.io.File(str(path), options), header=header) as writer:
        for number, place in sorted(nodes.items()):
            writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=place))
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=tags))
    return path


TAGS = st.dictionaries(
    st.sampled_from(["highway", "oneway", "maxspeed", "name", "ref", "toll", "source", "route"]),
    st.sampled_from(["primary", "yes", "-1", "60", "장터길", "ferry", "footway", "x" * 300, ""]),
)
IDS = st.integers(-(2**50), 2**50).filter(bool)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        # osmium keeps no places of nodes with negative ids.
        IDS.map(abs),
        st.tuples(st.integers(-1800, 1800), st.integers(-900, 900)),
        min_size=2,
        max_size=12,
    ),
    st.lists(st.tuples(IDS, TAGS, st.lists(st.integers(0, 14), max_size=20)), max_size=12),
    st.sampled_from(
        ["pbf", "pbf,pbf_dense_nodes=false", "pbf,pbf_compression=none", "pbf,add_metadata=none"]
    ),
)
def test_any_extract(tmp_path_factory, nodes, ways, options):
    path = tmp_path_factory.mktemp("pbf") / "some.osm.pbf"
    ids = [*nodes, 7, 8, 9]  # the last may be missing in the file
    places = {node: (lon / 10, lat / 10) for node, (lon, lat) in nodes.items()}
    rows = [(number, [ids[at % len(ids)] for at in refs], tags) for number, tags, refs in ways]
    assert_same(written(path, places, rows, options))


def test_many_blocks_and_a_date(tmp_path):
    """Blocks hold at most 8,000 objects: what is in one must not leak into the next."""
    rng = np.random.default_rng(5)
    nodes = {5 * at + 1: (float(rng.uniform(-180, 180)), float(rng.uniform(-90, 90)))
             for at in range(17_000)}  # fmt: skip
    ids = np.array(list(nodes))
    ways = [
        (at, rng.choice(ids, rng.integers(2, 9)).tolist(),
         {"highway": ("primary", "track", "path")[at % 3], "name": f"길{at % 500}",
          "maxspeed": str(at % 130)})
        for at in range(1, 17_001)
    ]  # fmt: skip
    path = written(tmp_path / "many.osm.pbf", nodes, ways)
    assert_same(path)
    assert osm._read_blocks(path).as_of == "2026-11-20"


def block(data):
    return pbf.Block(False, data)


def varint(number):
    parts = []
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def test_what_is_damaged_is_no_more_than_an_error():
    body = b"x" * 100
    with pytest.raises(DAMAGE):
        block(varint(2 << 3) + varint(100) + field(3, zlib.compress(body)[:-4])).unpacked()
    with pytest.raises(ValueError, match="size"):
        block(varint(2 << 3) + varint(99) + field(3, zlib.compress(body))).unpacked()
    # A block that would fill the memory is not unpacked beyond what it tells, or what is allowed.
    bomb = zlib.compress(bytes(200_000_000))
    with pytest.raises(ValueError, match="size"):
        block(varint(2 << 3) + varint(100) + field(3, bomb)).unpacked()
    with pytest.raises(ValueError, match="size"):
        block(varint(2 << 3) + varint(200_000_000) + field(3, bomb)).unpacked()
    with pytest.raises(pbf.UnknownFormError):
        block(varint(2 << 3) + varint(100) + field(7, body)).unpacked()
    for data in (b"\x0a", b"\x0a\x05abc", b"\xff" * 11, b"\x0b", b"\x0a\xff\xff\xff\xff\x0f"):
        with pytest.raises(DAMAGE):
            pbf.decoded(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_are_decoded_or_refused(way, texts):
    for kind in (1, 2, 3):
        data = field(1, field(1, texts)) + field(2, field(kind, way))
        try:
            content = pbf.decoded(data)
            list(content.ways())
            list(content.places())
        except DAMAGE:
            continue


def test_a_feature_that_is_not_known_is_left_to_osmium(tmp_path):
    path = tmp_path / "places.osm.pbf"
    source = written(
        tmp_path / "plain.osm.pbf", {1: (1, 1), 2: (2, 2)}, [(5, [1, 2], {"highway": "road"})]
    )
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,locations_on_ways=true")) as writer:
        for item in osmium.FileProcessor(str(source)).with_locations():
            writer.add(item)
    with pytest.raises(pbf.UnknownFormError):
        osm._read_blocks(path)
    found = osm._read_pbf(path)
    assert found.ways.ids.tolist() == ["5"]
    np.testing.assert_allclose(found.coordinates, [[1, 1], [2, 2]])
