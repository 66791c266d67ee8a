"""The blocks of an .osm.pbf as arrays: ways with their tags, nodes with their places.

The format is a row of compressed blocks, each with its own table of texts, in protocol buffers
(https://wiki.openstreetmap.org/wiki/PBF_Format). All objects of a block are taken apart side by
side with numpy; nothing of an object ever becomes a Python object. What is damaged raises one of
:data:`~ruralcare.inputs.files.DAMAGE`, and no length that a file tells is believed unchecked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ruralcare.inputs.roads.protobuf import packed, parts, signed, summed, taken_apart, varints

__all__ = [
    "Block",
    "Content",
    "HistoryError",
    "Places",
    "UnknownFormError",
    "WayTable",
    "base_date",
    "blobs",
    "blocks",
    "decoded",
    "plain_texts",
]

Ints = NDArray[np.int64]

_LONGEST_HEADER: Final = 64 * 1024
_LONGEST_BLOB: Final = 32 * 1024 * 1024
# Numbers of fields (fileformat.proto, osmformat.proto).
_TYPE, _SIZE_OF_BLOB = 1, 3
_RAW, _RAW_SIZE, _ZLIB = 1, 2, 3
_REQUIRED, _OPTIONAL, _BASE_DATE = 4, 5, 32
_TEXTS, _GROUP, _GRANULARITY, _LAT_OFFSET, _LON_OFFSET = 1, 2, 17, 19, 20
_NODE, _DENSE, _WAY = 1, 2, 3
_ID, _KEYS, _VALUES, _REFS, _LAT, _LON = 1, 2, 3, 8, 8, 9
_KNOWN: Final = frozenset({b"OsmSchema-V0.6", b"DenseNodes"})
_HISTORY: Final = b"HistoricalInformation"
# Then nodes without tags are left out of the file.
_PLACES_ON_WAYS: Final = b"LocationsOnWays"
# The format counts in a billionth of a degree, as times a granularity; OpenStreetMap in 1e-7.
_USUAL_GRANULARITY: Final = 100


class UnknownFormError(ValueError):
    """The file uses a part of the format that is not known here, but to osmium."""


class HistoryError(ValueError):
    """The file holds every version of its objects, those that were deleted among them."""


class Places(NamedTuple):
    """Nodes of a block."""

    ids: Ints
    lon: Ints
    """Longitude in 1e-7 degrees."""
    lat: Ints
    """Latitude in 1e-7 degrees."""


class WayTable(NamedTuple):
    """Ways of a block."""

    ids: Ints
    tags: Ints
    """Number of tags of each way."""
    keys: Ints
    """Texts that are the keys of the tags, way after way."""
    values: Ints
    """Texts that are their values."""
    sizes: Ints
    """Number of nodes of each way."""
    refs: Ints
    """Ids of the nodes, way after way."""


@dataclass(frozen=True)
class Block:
    """A block of the file, as it is packed.

    Parameters
    ----------
    is_header : bool
        Whether it is the header of the file.
    blob : bytes
        The packed block.
    """

    is_header: bool
    blob: bytes

    def unpacked(self) -> bytes:
        """Return what is in the block.

        Returns
        -------
        bytes
            A message of the format.

        Raises
        ------
        UnknownFormError
            It is packed in another way than by zlib.
        ValueError
            It is damaged.
        """
        numbers = {_RAW_SIZE: 0}
        fields = parts(self.blob, 0, len(self.blob), numbers)
        found = {number: (begin, end) for number, begin, end in fields}
        size = numbers[_RAW_SIZE]
        if _RAW in found:
            return self.blob[slice(*found[_RAW])]
        if _ZLIB not in found:
            raise UnknownFormError("compression")
        if size > _LONGEST_BLOB:
            raise ValueError("size of a block")
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(self.blob[slice(*found[_ZLIB])], size + 1)
        if len(data) != size or not unpacker.eof:
            raise ValueError("size of a block")
        return data


def blobs(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Go through the blocks of a file, whatever they are.

    Yields
    ------
    bytes, bytes
        The kind of a block, and the block as it is packed.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    with path.open("rb") as stream:
        while length := stream.read(4):
            (size,) = struct.unpack(">I", length)
            if size > _LONGEST_HEADER:
                raise ValueError("header")
            head = stream.read(size)
            numbers = {_SIZE_OF_BLOB: 0}
            found = {key: head[begin:end] for key, begin, end in parts(head, 0, size, numbers)}
            if numbers[_SIZE_OF_BLOB] > _LONGEST_BLOB:
                raise ValueError("blob")
            blob = stream.read(numbers[_SIZE_OF_BLOB])
            if len(blob) < numbers[_SIZE_OF_BLOB]:
                raise ValueError("cut off")
            yield found.get(_TYPE, b""), blob


def plain_texts(blob: bytes) -> Iterator[bytes]:
    """Go through the texts of a packed block that is not compressed.

    Yields
    ------
    bytes
        A text; of a block that is compressed none.

    Raises
    ------
    ValueError, IndexError
        It is damaged.
    """
    for number, begin, end in parts(blob, 0, len(blob)):
        if number != _RAW:
            continue
        data = blob[begin:end]
        for kind, first, last in parts(data, 0, len(data)):
            if kind == _TEXTS:
                for entry, at, stop in parts(data, first, last):
                    if entry == _TEXTS:
                        yield data[at:stop]


def blocks(path: Path) -> Iterator[Block]:
    """Go through the blocks of a file.

    Yields
    ------
    Block
        Its header, and its data; other blocks are passed over.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    for kind, blob in blobs(path):
        if kind in (b"OSMHeader", b"OSMData"):
            yield Block(kind == b"OSMHeader", blob)


def base_date(header: Block) -> str | None:
    """Return the date of the data, if the header tells it.

    Returns
    -------
    str or None
        "2026-11-20".

    Raises
    ------
    HistoryError
        The file holds every version of its objects.
    UnknownFormError
        The file uses a part of the format that is not known here.
    """
    data = header.unpacked()
    numbers = {_BASE_DATE: 0}
    for number, begin, end in parts(data, 0, len(data), numbers):
        feature = data[begin:end]
        if number in (_REQUIRED, _OPTIONAL) and feature == _HISTORY:
            raise HistoryError(feature.decode())
        if (number == _REQUIRED and feature not in _KNOWN) or (
            number == _OPTIONAL and feature == _PLACES_ON_WAYS
        ):
            raise UnknownFormError(feature.decode(errors="replace"))
    when = numbers[_BASE_DATE]
    return datetime.fromtimestamp(when, UTC).date().isoformat() if when else None


@dataclass(frozen=True)
class Content:
    """What is in a block of data: its texts, and groups of objects not taken apart yet."""

    data: bytes
    texts: tuple[int, int]
    groups: list[tuple[int, int, int]]
    """Kind of the objects, begin and end of the group."""
    granularity: int
    lat_offset: int
    lon_offset: int

    def text_ranges(self) -> list[tuple[int, int]]:
        """Return begin and end of every text."""
        return [
            (begin, end) for number, begin, end in parts(self.data, *self.texts) if number == _TEXTS
        ]

    def ways(self) -> Iterator[WayTable]:
        """Yield the ways of each group."""
        for kind, begin, end in self.groups:
            if kind == _WAY:
                yield _ways(self.data, begin, end)

    def places(self) -> Iterator[Places]:
        """Yield the nodes of each group."""
        for kind, begin, end in self.groups:
            if kind == _DENSE:
                for first, last in _of_one_kind(self.data, begin, end, _DENSE):
                    yield self._placed(*_dense(self.data, first, last))
            elif kind == _NODE:
                yield self._placed(*_plain_nodes(self.data, begin, end))

    def _placed(self, ids: Ints, lat: Ints, lon: Ints) -> Places:
        if (self.granularity, self.lat_offset, self.lon_offset) != (_USUAL_GRANULARITY, 0, 0):
            lat = (lat * self.granularity + self.lat_offset) // _USUAL_GRANULARITY
            lon = (lon * self.granularity + self.lon_offset) // _USUAL_GRANULARITY
        return Places(ids, lon, lat)

    @property
    def has_nodes(self) -> bool:
        """Whether there are nodes in it."""
        return any(kind in (_NODE, _DENSE) for kind, _, _ in self.groups)


def decoded(data: bytes) -> Content:
    """Return what is in an unpacked block of data.

    Returns
    -------
    Content
        Where its texts and its groups of objects are.

    Raises
    ------
    ValueError, IndexError
        It is damaged, or its texts come in several parts.
    """
    texts = (0, 0)
    groups = []
    numbers = {_GRANULARITY: _USUAL_GRANULARITY, _LAT_OFFSET: 0, _LON_OFFSET: 0}
    for number, begin, end in parts(data, 0, len(data), numbers):
        if number == _TEXTS:
            if texts != (0, 0):
                raise ValueError("texts in parts")
            texts = (begin, end)
        elif number == _GROUP and end > begin:
            # A group holds objects of one kind: the first tells which.
            groups.append((data[begin] >> 3, begin, end))
    signed = {one: value - (1 << 64) if value >> 63 else value for one, value in numbers.items()}
    if not 0 < signed[_GRANULARITY] < 1 << 31:
        raise ValueError("granularity")
    return Content(
        data, texts, groups, signed[_GRANULARITY], signed[_LAT_OFFSET], signed[_LON_OFFSET]
    )


def _of_one_kind(data: bytes, begin: int, end: int, kind: int) -> list[tuple[int, int]]:
    """Return begin and end of the objects of a group, which the format wants to be of one kind."""
    fields = parts(data, begin, end)
    if any(number != kind for number, _, _ in fields):
        raise ValueError("a group of objects of several kinds")
    return [(first, last) for _, first, last in fields]


def _ways(data: bytes, begin: int, end: int) -> WayTable:
    found = _of_one_kind(data, begin, end, _WAY)
    whole = np.frombuffer(data, np.uint8)
    one = taken_apart(whole, np.array(found, dtype=np.int64).reshape(-1, 2))
    if not one.numbers[:, _ID].all():
        raise ValueError("a way without id")
    if one.numbers[:, [_KEYS, _VALUES, _REFS]].any():
        # The format wants lists packed and whole; osmium, too, would lose what is not.
        raise ValueError("a list that is not packed")
    keys, tags = packed(whole, one.begin[:, _KEYS], one.end[:, _KEYS])
    values, same = packed(whole, one.begin[:, _VALUES], one.end[:, _VALUES])
    if (tags != same).any():
        raise ValueError("tags")
    steps, sizes = packed(whole, one.begin[:, _REFS], one.end[:, _REFS])
    refs = summed(signed(steps), sizes)
    return WayTable(one.value.view(np.int64), tags, keys.view(np.int64), values.view(np.int64),
                    sizes, refs)  # fmt: skip


def _dense(data: bytes, begin: int, end: int) -> tuple[Ints, Ints, Ints]:
    """Return ids, latitudes and longitudes of nodes that are written column by column."""
    numbers = dict.fromkeys((_ID, _LAT, _LON), -1)
    fields = parts(data, begin, end, numbers)
    columns = {number: (first, last) for number, first, last in fields}
    if len(columns) < len(fields) or max(numbers.values()) >= 0:
        raise ValueError("a list in parts or not packed")
    whole = np.frombuffer(data, np.uint8)
    found = []
    for number in (_ID, _LAT, _LON):
        first, last = columns.get(number, (0, 0))
        found.append(np.cumsum(signed(varints(whole[first:last]))))
    ids, lat, lon = found
    if not len(ids) == len(lat) == len(lon):
        raise ValueError("nodes")
    return ids, lat, lon


def _plain_nodes(data: bytes, begin: int, end: int) -> tuple[Ints, Ints, Ints]:
    """Return ids, latitudes and longitudes of nodes that are written one by one."""
    rows = []
    for first, last in _of_one_kind(data, begin, end, _NODE):
        told = {_ID: 0, _LAT: 0, _LON: 0}
        parts(data, first, last, told)
        rows.append([told[_ID], told[_LAT], told[_LON]])
    table = signed(np.array(rows, dtype=np.uint64).reshape(-1, 3))
    return table[:, 0], table[:, 1], table[:, 2]
