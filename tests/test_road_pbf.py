"""The blocks of .osm.pbf files, against osmium."""

from __future__ import annotations

import zlib

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.inputs.osm_files import entities, is_sound
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


def sent(tmp_path, group, name="made.osm.pbf", features=(b"OsmSchema-V0.6", b"DenseNodes")):
    """Write a file with one group of objects, as other programs might."""
    texts = field(1, b"".join(field(1, text) for text in (b"", b"highway", b"primary")))
    path = tmp_path / name
    with path.open("wb") as stream:
        header = b"".join(field(4, one) for one in features)
        for kind, data in ((b"OSMHeader", header), (b"OSMData", texts + group)):
            blob = varint(2 << 3) + varint(len(data)) + field(3, zlib.compress(data))
            head = field(1, kind) + varint(3 << 3) + varint(len(blob))
            stream.write(len(head).to_bytes(4, "big") + head + blob)
    return path


def number(key, value):
    return varint(key << 3) + varint(value)


def zigzag(values):
    steps = np.diff([0, *values]).tolist()
    return [2 * step if step >= 0 else -2 * step - 1 for step in steps]


def packed(key, values):
    return field(key, b"".join(map(varint, values)))


DENSE = field(
    2,
    packed(1, zigzag([1, 2, 3]))
    + packed(8, zigzag([345_000_000, 345_100_000, 345_200_000]))
    + packed(9, zigzag([1_260_000_000, 1_260_100_000, 1_260_200_000])),
)
NODES = field(2, DENSE)
TAGGED = number(1, 5) + packed(2, [1]) + packed(3, [2])
STEPS = zigzag([1, 2, 3])


WAY = TAGGED + packed(8, STEPS)


def test_ways_and_nodes_of_another_writer(tmp_path):
    path = sent(tmp_path, NODES + field(2, field(3, WAY)))
    assert_same(path)
    found = osm._read_blocks(path)
    assert (found.ways.ids.tolist(), found.sizes.tolist()) == (["5"], [3])
    expected = [[126, 34.5], [126.01, 34.51], [126.02, 34.52]]
    np.testing.assert_allclose(found.coordinates[found.place], expected)


@pytest.mark.parametrize(
    "group",
    [
        # Protocol buffers allow lists in parts and lists that are not packed. The format does not,
        # and osmium loses what is in them without a word: better no roads than some.
        NODES + field(2, field(3, TAGGED + packed(8, STEPS[:2]) + packed(8, STEPS[2:]))),
        NODES + field(2, field(3, TAGGED + b"".join(number(8, step) for step in STEPS))),
        NODES + field(2, field(3, number(1, 5) + number(2, 1) + number(3, 2) + packed(8, STEPS))),
        field(2, field(2, packed(1, [2]) * 3 + packed(8, [2]) * 3 + packed(9, [2]) * 3))
        + field(2, field(3, WAY)),
        field(2, field(2, b"".join(number(key, 2) for key in (1, 8, 9)))) + field(2, field(3, WAY)),
        field(1, field(1, b"more")) + NODES + field(2, field(3, WAY)),
        # Nor may a group hold objects of several kinds.
        NODES + field(2, field(3, WAY) + field(4, number(1, 9))),
        field(2, DENSE + field(3, WAY)) + field(2, field(3, WAY)),
        field(2, field(1, number(1, 2) + number(8, 2) + number(9, 2)) + DENSE)
        + field(2, field(3, WAY)),
    ],
)
def test_what_the_format_forbids_is_refused(tmp_path, group):
    path = sent(tmp_path, group)
    with pytest.raises(InputError, match="cannot be read"):
        osm.read_osm(path, "pbf", "EPSG:5179", Faults(path.name))


VERSIONS = [
    # A road that was deleted, and one that became shorter.
    (1, 1, [1, 2], True), (1, 2, [1, 2], False), (2, 1, [2, 3, 4], True), (2, 2, [2, 3], True)
]  # fmt: skip


@pytest.mark.parametrize("form", ["osh.pbf", "osh.pbf,pbf_compression=none", "osh", "osm"])
def test_the_history_of_the_map_is_refused(tmp_path, form):
    kind = form.split(",")[0]
    path = tmp_path / f"history.{kind}"
    with osmium.SimpleWriter(osmium.io.File(str(path), form)) as writer:
        for at in range(1, 5):
            place = (126 + at / 100, 34.5)
            writer.add_node(osmium.osm.mutable.Node(id=at, version=1, location=place))
        for way, version, refs, visible in VERSIONS:
            writer.add_way(
                osmium.osm.mutable.Way(
                    id=way, version=version, nodes=refs, visible=visible,
                    tags={"highway": "primary"},
                )
            )  # fmt: skip
    with pytest.raises(InputError) as caught:
        osm.read_osm(path, "pbf" if kind == "osh.pbf" else "osm", "EPSG:5179", Faults(path.name))
    (fault,) = caught.value.faults
    assert "history" in fault.problem.render("en")
    assert (fault.file, fault.value) == (path.name, path.name)
    if kind == "osh.pbf":
        with pytest.raises(InputError, match="history"):
            list(entities(path, Faults(path.name), osmium.FileProcessor))


def test_a_zero_byte_in_a_text_does_not_reach_osmium(tmp_path):
    def with_text(text, kind):
        data = field(1, field(1, b"") + field(1, text)) + NODES
        blob = field(1, data)
        head = field(1, kind) + varint(3 << 3) + varint(len(blob))
        path = tmp_path / "plain.osm.pbf"
        path.write_bytes(len(head).to_bytes(4, "big") + head + blob)
        return path

    # Of a kind that is not known, osmium may look at the beginning only.
    for kind in (b"OSMData", b"OSM", b""):
        assert is_sound(with_text(b"highway", kind))
        assert not is_sound(with_text(b"high\0way", kind))
    path = with_text(b"highway", b"OSMData")
    path.write_bytes(path.read_bytes()[:-3])
    assert not is_sound(path)
    path.write_bytes(b"\0\0\0\x02\xff\xff")
    assert not is_sound(path)
