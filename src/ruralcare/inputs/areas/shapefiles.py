"""Shapefiles: whether all their files are there and whole, and how their texts are encoded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from ruralcare.inputs.files import Faults
from ruralcare.language import Message

__all__ = ["check_shapefile"]

_NEEDED: Final = (".shp", ".shx", ".dbf")
_SHP_HEADER: Final = 100
_DBF_HEADER: Final = 32
_DBF_END: Final = 0x0D


def check_shapefile(path: Path, faults: Faults) -> str:
    """Check the files of a Shapefile, and return the encoding of its texts.

    The encoding is told by the texts themselves: the .cpg file is often missing, and often wrong.

    Parameters
    ----------
    path : Path
        The .shp file, in upper or lower case.

    Returns
    -------
    str
        "UTF-8" or "CP949"; it is also noted in ``faults``.

    Raises
    ------
    InputError
        A file is missing or cut off, or the texts are in neither encoding.
    """
    beside = {
        one.suffix.lower(): one for one in path.parent.iterdir() if one.stem == path.stem
    }  # upper and lower case mix in practice
    lacking = [suffix for suffix in _NEEDED if suffix not in beside]
    if lacking:
        raise faults.stop(
            Message(
                "The Shapefile is incomplete: {files} is missing.",
                files=", ".join(path.stem + suffix for suffix in lacking),
            ),
            Message("Keep all files of one name together: .shp, .shx, .dbf, and .prj for the CRS."),
        )
    shape, table = path.read_bytes(), beside[".dbf"].read_bytes()
    # The length stands in the header, in words of two bytes.
    if len(shape) < _SHP_HEADER or len(shape) < 2 * int.from_bytes(shape[24:28], "big"):
        raise faults.stop(*_cut_off(path.name))
    if not _whole(table):
        raise faults.stop(*_cut_off(beside[".dbf"].name))
    faults.encoding = "UTF-8" if all(map(_is_utf8, _texts(table))) else "CP949"
    if faults.encoding == "CP949" and not all(map(_is_cp949, _texts(table))):
        raise faults.stop(
            Message("The text is neither in UTF-8 nor in CP949."),
            Message("Save the file again as UTF-8, or export it again from its source."),
            value=beside[".dbf"].name,
        )
    return faults.encoding


def _cut_off(name: str) -> tuple[Message, Message]:
    return (
        Message("{file} is cut off: its header promises more than it holds.", file=name),
        Message("Fetch the file from its source again."),
    )


def _shape(table: bytes) -> tuple[int, int, int]:
    """Return number of records, length of the header and of a record of a .dbf file."""
    return (
        int.from_bytes(table[4:8], "little"),
        int.from_bytes(table[8:10], "little"),
        int.from_bytes(table[10:12], "little"),
    )


def _whole(table: bytes) -> bool:
    if len(table) < _DBF_HEADER:
        return False
    records, head, length = _shape(table)
    return _DBF_HEADER < head <= len(table) and len(table) >= head + records * length


def _texts(table: bytes) -> Iterator[bytes]:
    """Yield the names of the columns and the cells of the text columns that are not ASCII."""
    records, head, length = _shape(table)
    starts, kinds = [1], []
    for at in range(_DBF_HEADER, head, _DBF_HEADER):
        column = table[at : at + _DBF_HEADER]
        if len(column) < _DBF_HEADER or column[0] == _DBF_END:
            break
        yield column[:11].split(b"\0", 1)[0]
        kinds.append(column[11:12])
        starts.append(starts[-1] + column[16])
    spans = [span for span, kind in zip(pairwise(starts), kinds, strict=True) if kind == b"C"]
    for number in range(records):
        record = table[head + number * length : head + (number + 1) * length]
        if not record.isascii():
            yield from (record[first:last].rstrip(b" \0") for first, last in spans)


def _is_utf8(text: bytes) -> bool:
    return _decodes(text, "utf-8", 3)


def _is_cp949(text: bytes) -> bool:
    return _decodes(text, "cp949", 1)


def _decodes(text: bytes, encoding: str, most_cut: int) -> bool:
    """Return whether a text is in an encoding; its last character may be cut off."""
    for cut in range(most_cut + 1):
        try:
            text[: len(text) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
