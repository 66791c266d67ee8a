"""Protocol buffers taken apart with numpy, many messages side by side.

A message is a row of fields, each with a number and a kind; numbers are written in seven bits a
byte, the lowest first (https://protobuf.dev/programming-guides/encoding). What is damaged raises
ValueError or IndexError; no length that is told is believed unchecked.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Messages",
    "packed",
    "parts",
    "signed",
    "summed",
    "taken_apart",
    "varints",
]

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_LONGEST: Final = 32 * 1024 * 1024
_LONGEST_VARINT: Final = 10
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Fields with higher numbers are passed over.
_FIELDS: Final = 10
_ID: Final = 1


def parts(
    data: bytes, at: int, end: int, numbers: dict[int, int] | None = None
) -> list[tuple[int, int, int]]:
    """Return the parts of a message.

    Parameters
    ----------
    data : bytes
        What the message is in.
    at, end : int
        Where it begins and ends.
    numbers : dict, optional
        Takes the values of those fields with a number that it has keys for; others are passed
        over.

    Returns
    -------
    list of (int, int, int)
        Number of the field, begin and end of its content, in the order of the message.

    Raises
    ------
    ValueError, IndexError
        The message is damaged.
    """
    found = []
    while at < end:
        key = data[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(data, at - 1, end)
        kind = key & 7
        if kind == _BYTES:
            size, at = _varint(data, at, end)
            found.append((key >> 3, at, at + size))
            at += size
        elif kind == _VARINT:
            value, at = _varint(data, at, end)
            if numbers is not None and key >> 3 in numbers:
                numbers[key >> 3] = value
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("kind of field")
    if at != end:
        raise ValueError("cut off")
    return found


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("number")


class Messages(NamedTuple):
    """Fields of many messages side by side; columns are numbers of fields."""

    begin: Ints
    end: Ints
    """Range of the bytes of a field; empty where it is not there."""
    numbers: Flags
    """Whether a field with a number was there."""
    value: NDArray[np.uint64]
    """The number of the field ``id``."""


def taken_apart(whole: Bytes, ranges: Ints) -> Messages:
    """Take messages apart, the first field of all of them, then the second, and so on.

    Parameters
    ----------
    whole : array of uint8
        What the messages are in.
    ranges : array of int, shape (messages, 2)
        Begin and end of each.

    Returns
    -------
    Messages
        Their fields, a row for each message.

    Raises
    ------
    ValueError, IndexError
        A message is damaged, or has a field in several parts, of which only the last would be
        read.
    """
    count, wide = len(ranges), _FIELDS
    begin = np.zeros((count, wide), dtype=np.int64)
    end = np.zeros((count, wide), dtype=np.int64)
    numbers, there = np.zeros((2, count, wide), dtype=bool)
    ids = np.zeros(count, dtype=np.uint64)
    at, stop = ranges.T.copy() if count else (np.zeros(0, np.int64),) * 2
    row = np.arange(count)
    while len(row):
        key, at = _numbers_at(whole, at, stop)
        field, kind = (key >> np.uint64(3)).astype(np.int64), (key & np.uint64(7)).astype(np.int64)
        if not np.isin(kind, (_VARINT, _FIXED64, _BYTES, _FIXED32)).all():
            raise ValueError("kind of field")
        counted = (kind == _VARINT) | (kind == _BYTES)
        value = np.zeros(len(row), dtype=np.uint64)
        value[counted], at[counted] = _numbers_at(whole, at[counted], stop[counted])
        known = field < wide
        plain = known & (kind == _VARINT)
        numbers[row[plain], field[plain]] = True
        named = plain & (field == _ID)
        ids[row[named]] = value[named]
        size = np.select([kind == _BYTES, kind == _FIXED64, kind == _FIXED32],
                         [np.minimum(value, _LONGEST).astype(np.int64), 8, 4], 0)  # fmt: skip
        listed = known & (kind == _BYTES)
        if there[row[listed], field[listed]].any():
            raise ValueError("a field in parts")
        there[row[listed], field[listed]] = True
        begin[row[listed], field[listed]] = at[listed]
        at = at + size
        end[row[listed], field[listed]] = at[listed]
        if (at > stop).any():
            raise ValueError("cut off")
        more = at < stop
        row, at, stop = row[more], at[more], stop[more]
    return Messages(begin, end, numbers, ids)


def _numbers_at(whole: Bytes, at: Ints, stop: Ints) -> tuple[NDArray[np.uint64], Ints]:
    """Return the numbers that begin at some places, and where what follows begins."""
    value = np.zeros(len(at), dtype=np.uint64)
    at = at.copy()
    row = np.arange(len(at))
    for step in range(_LONGEST_VARINT):
        if (at[row] >= stop[row]).any():
            raise ValueError("cut off")
        byte = whole[at[row]]
        value[row] |= (byte & 0x7F).astype(np.uint64) << np.uint64(7 * step)
        at[row] += 1
        row = row[byte >= 0x80]
        if not len(row):
            return value, at
    raise ValueError("number")


def packed(whole: Bytes, begin: Ints, end: Ints) -> tuple[NDArray[np.uint64], Ints]:
    """Return the numbers in some ranges of bytes.

    Returns
    -------
    numbers : array of uint64
        Range after range.
    sizes : array of int
        How many each range has.

    Raises
    ------
    ValueError
        A number is cut off or too long.
    """
    sizes = end - begin
    offset = np.cumsum(sizes) - sizes
    total = int(sizes.sum())
    chosen = whole[np.repeat(begin - offset, sizes) + np.arange(total)]
    last = chosen < 0x80
    filled = sizes > 0
    if not last[(offset + sizes - 1)[filled]].all():
        raise ValueError("number")
    before = np.concatenate([[0], np.cumsum(last)])
    return varints(chosen), before[offset + sizes] - before[offset]


def varints(data: Bytes) -> NDArray[np.uint64]:
    """Return numbers that follow each other without gaps.

    Returns
    -------
    array of uint64
        As many as there are in the bytes.

    Raises
    ------
    ValueError
        A number is cut off or too long.
    """
    if not len(data):
        return np.zeros(0, dtype=np.uint64)
    if data[-1] >= 0x80:
        raise ValueError("number")
    ends = np.flatnonzero(data < 0x80)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    longest = int(sizes.max())
    if longest > _LONGEST_VARINT:
        raise ValueError("number")
    bits = data & 0x7F
    value: NDArray[np.uint64] = bits[starts].astype(np.uint64)
    more = np.arange(len(starts))
    for step in range(1, longest):
        more = more[sizes[more] > step]
        value[more] |= bits[starts[more] + step].astype(np.uint64) << np.uint64(7 * step)
    return value


def signed(value: NDArray[np.uint64]) -> Ints:
    """Return numbers whose lowest bit is the sign ("zigzag")."""
    return (value >> np.uint64(1)).view(np.int64) ^ -(value & np.uint64(1)).view(np.int64)


def summed(steps: Ints, sizes: Ints) -> Ints:
    """Return the sums of steps, begun anew for each list."""
    sums = np.cumsum(steps)
    ends = np.cumsum(sizes)
    filled = sizes > 0
    before = np.zeros(len(sizes), dtype=np.int64)
    starts = (ends - sizes)[filled]
    before[filled] = sums[starts] - steps[starts]
    return np.asarray(sums - np.repeat(before, sizes))
