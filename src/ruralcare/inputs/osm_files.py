"""Reading OpenStreetMap extracts with osmium, and a look at an .osm.pbf before that.

osmium keeps the texts of tags ended by a zero byte and believes that none has one inside; a
damaged file that has ends the program, not the reading. Compressed blocks carry a checksum, so
that only blocks that are not compressed need the look.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import osmium

from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.language import Message

__all__ = ["entities", "is_sound"]

# Numbers of fields in the protocol buffers of the format (fileformat.proto, osmformat.proto).
_SIZE_OF_BLOB: Final = 3
_RAW: Final = 1
_TEXTS: Final = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_HEADER: Final = 64 * 1024
_LONGEST_BLOB: Final = 32 * 1024 * 1024


def entities(
    path: Path, faults: Faults, processor: Callable[[str], Iterable[Any]]
) -> Iterator[Any]:
    """Yield what a processor of osmium finds in a file, or stop with a fault."""
    try:
        if path.name.lower().endswith(".pbf") and not is_sound(path):
            raise RuntimeError("PBF")
        yield from processor(str(path))
    except (*DAMAGE, osmium.InvalidLocationError) as error:
        raise faults.stop(
            Message("The OpenStreetMap extract cannot be read: {detail}.", detail=str(error)[:200]),
            Message("Fetch the .osm.pbf file again."),
        ) from None


def is_sound(path: Path) -> bool:
    """Return whether the blocks of an .osm.pbf can be handed to osmium."""
    try:
        with path.open("rb") as stream:
            return all(b"\x00" not in text for text in _texts(stream))
    except (ValueError, struct.error):
        return False


def _texts(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the texts of all blocks that are not compressed."""
    while length := stream.read(4):
        (header_size,) = struct.unpack(">I", length)
        if header_size > _LONGEST_HEADER:
            raise ValueError("header")
        sizes = [
            int(value)
            for number, value in _fields(stream.read(header_size))
            if number == _SIZE_OF_BLOB and isinstance(value, int)
        ]
        if not sizes or sizes[-1] > _LONGEST_BLOB:
            raise ValueError("blob")
        blob = stream.read(sizes[-1])
        if len(blob) < sizes[-1]:
            raise ValueError("cut off")
        for number, block in _fields(blob):
            if number == _RAW and isinstance(block, bytes):
                yield from _texts_of_block(block)


def _texts_of_block(block: bytes) -> Iterator[bytes]:
    for number, table in _fields(block):
        if number == _TEXTS and isinstance(table, bytes):
            for entry, text in _fields(table):
                if entry == _TEXTS and isinstance(text, bytes):
                    yield text


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer: number and content."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("kind of field")
        if at + size > len(data):
            raise ValueError("cut off")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
