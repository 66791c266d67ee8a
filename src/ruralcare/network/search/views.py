"""Arcs and ends as the compiled routines take them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ruralcare.network.search.arrays import Arcs, Ends

__all__ = ["Graph", "Points", "fixed", "graph_of", "points_of"]


class Graph(NamedTuple):
    """Arcs in CSR form."""

    first: Any
    head: Any
    key: Any


class Points(NamedTuple):
    """Ends of points; nodes may be places in a table of records or in a hierarchy."""

    first: Any
    node: Any
    key: Any


def fixed(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as read-only, as memory-mapped ones are: routines are compiled once."""
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


def graph_of(arcs: Arcs) -> Graph:
    """Return arcs as the compiled routines take them."""
    return Graph(fixed(arcs.first), fixed(arcs.head), fixed(arcs.key))


def points_of(ends: Ends, node: NDArray[Any] | None = None) -> Points:
    """Return ends as the compiled routines take them.

    Parameters
    ----------
    ends : Ends
        Ends of points.
    node : array of int, optional
        Where they hang; by default at their nodes, in 64 bits: places in a table go beyond 32.

    Returns
    -------
    Points
        Arrays that cannot be written to.
    """
    node = ends.node.astype(np.int64) if node is None else node
    return Points(fixed(ends.first.astype(np.int64, copy=False)), fixed(node), fixed(ends.key))
