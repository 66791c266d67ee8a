"""Parts of a graph that hang together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["strong_parts", "weak_parts"]

Ints = NDArray[np.int64]
AnyInts = NDArray[np.signedinteger[Any]]


def weak_parts(u: AnyInts, v: AnyInts, count: int) -> Ints:
    """Return the part of every node, ignoring the direction of edges."""
    return _parts(u, v, count, "weak")


def strong_parts(u: AnyInts, v: AnyInts, oneway: NDArray[np.bool_], count: int) -> Ints:
    """Return the strongly connected part of every node.

    Parameters
    ----------
    u, v : array of int
        Ends of the edges.
    oneway : array of bool
        Edges that lead from u to v only.
    count : int
        Number of nodes.
    """
    tail = np.concatenate([u, v[~oneway]])
    head = np.concatenate([v, u[~oneway]])
    return _parts(tail, head, count, "strong")


def _parts(tail: AnyInts, head: AnyInts, count: int, connection: str) -> Ints:
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(count, count))
    _, labels = connected_components(graph.tocsr(), connection=connection)
    # Numbers by first appearance, so that they do not depend on the algorithm.
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse], dtype=np.int64)
