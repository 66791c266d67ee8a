"""What the engines work on: arcs, ends of points on them, and keys.

A *key* says how long a way is. Times are whole ticks of a millisecond
(:func:`ruralcare.units.ticks`), so that every engine finds the same number, to the last digit, in
whatever order it adds. Where only some roads stand in for missing ones (proxy links), a key is
an ``int64``: ticks in the upper 32 bits, ticks on proxy links in the lower. Sums and comparisons of
such keys are those of plain integers; among the quickest ways the one with the least proxy wins.
Otherwise a key is an ``int32`` of ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LONGEST_TICKS",
    "Arcs",
    "Ends",
    "Found",
    "Keys",
    "infinity",
    "limit_key",
    "part_of_key",
    "proxy_key",
    "proxy_ticks",
    "ticks_of",
]

Int32s = NDArray[np.int32]
Ints = NDArray[np.int64]
Keys = NDArray[np.signedinteger[Any]]

LONGEST_TICKS = 2**30 - 1
"""Longest way, and longest arc, in ticks (298 hours): two of them fit in 31 bits."""

_LOW = 32
_MASK = 2**_LOW - 1


@dataclass(frozen=True)
class Arcs:
    """Directed arcs between nodes, sorted by the node they leave (CSR).

    Parameters
    ----------
    first : array of int32, shape (nodes + 1,)
        Arcs of node ``i`` are ``first[i]`` to ``first[i + 1]``, sorted by head.
    head : array of int32, shape (arcs,)
        Node that each arc leads to. There is at most one arc from a node to another, and none to
        itself.
    key : array of int32 or int64, shape (arcs,)
        Length of each arc; see the module. Not negative.
    """

    first: Int32s
    head: Int32s
    key: Keys

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.first) - 1

    def tails(self) -> Int32s:
        """Return the node that each arc leaves."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.first))

    def turned(self) -> Arcs:
        """Return the arcs in the other direction."""
        order = np.argsort(self.head, kind="stable")
        first = np.zeros(self.nodes + 1, dtype=np.int32)
        np.cumsum(np.bincount(self.head, minlength=self.nodes), out=first[1:])
        return Arcs(first, self.tails()[order], self.key[order])


@dataclass(frozen=True)
class Ends:
    """How points hang on the graph.

    Parameters
    ----------
    first : array of int64, shape (points + 1,)
        Rows of point ``i`` are ``first[i]`` to ``first[i + 1]``: none for a point that is not
        joined, one at a node, two on a street.
    node : array of int32
        Node next to the point.
    key : array of int32 or int64
        Way between point and node, of the same type as the keys of the arcs.
    """

    first: Ints
    node: Int32s
    key: Keys

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.first) - 1

    def owner(self) -> Ints:
        """Return the point of each row."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.first))

    def take(self, points: Ints) -> Ends:
        """Return the ends of chosen points, in the order chosen."""
        sizes = np.diff(self.first)[points]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = np.repeat(self.first[points] - first[:-1], sizes) + np.arange(first[-1])
        return Ends(first, self.node[rows], self.key[rows])

    @classmethod
    def at(cls, nodes: Int32s | Ints, dtype: type = np.int32) -> Ends:
        """Return points that stand on nodes."""
        count = len(nodes)
        return cls(np.arange(count + 1), nodes.astype(np.int32), np.zeros(count, dtype=dtype))


@dataclass(frozen=True)
class Found:
    """Pairs that were found, sorted by source, then target, each once.

    Parameters
    ----------
    source, target : array of int64
        Positions of the two points.
    key : array of int32 or int64
        Way between them.
    """

    source: Ints
    target: Ints
    key: Keys


def infinity(dtype: np.dtype[np.int32] | np.dtype[np.int64] | type) -> int:
    """Return the key that says that there is no way."""
    return int(np.iinfo(dtype).max)


def limit_key(ticks: int, dtype: np.dtype[np.int32] | np.dtype[np.int64] | type) -> int:
    """Return the largest key of ways that take no more than so many ticks."""
    ticks = min(ticks, LONGEST_TICKS)
    return ticks if np.dtype(dtype) == np.int32 else (ticks << _LOW) | _MASK


def ticks_of(key: Keys) -> Ints:
    """Return the time of keys in ticks; of infinity, something longer than any way."""
    wide = key.astype(np.int64)
    return wide if key.dtype == np.int32 else np.asarray(wide >> _LOW)


def proxy_ticks(key: Keys) -> Ints:
    """Return the ticks on proxy links of ``int64`` keys."""
    return np.asarray(key.astype(np.int64) & _MASK)


def part_of_key(key: Keys, share: NDArray[np.float64]) -> Keys:
    """Return a share of each key, in whole ticks; the ways are wholly proxy, or not at all."""
    ticks = np.rint(ticks_of(key) * share).astype(np.int64)
    if key.dtype == np.int32:
        return np.asarray(ticks, dtype=np.int32)
    return proxy_key(ticks, proxy_ticks(key) > 0)


def proxy_key(ticks: Ints, proxy: NDArray[np.bool_]) -> Ints:
    """Return ``int64`` keys of ways that are wholly proxy, or not at all."""
    return np.asarray((ticks << _LOW) | np.where(proxy, ticks, 0))
