"""Which points have no way between them at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from ruralcare.network.ends import Joined
from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Ends

__all__ = ["unreachable_pairs"]

Ints = NDArray[np.int64]


def unreachable_pairs(graph: RoadGraph, sources: Joined, targets: Joined) -> tuple[Ints, Ints]:
    """Return the pairs of joined points without any way from one to the other.

    Parameters
    ----------
    graph : RoadGraph
        The graph.
    sources, targets : Joined
        Points on it.

    Returns
    -------
    source, target : array of int
        Positions of the points, sorted.
    """
    part = graph.strong_part
    parts = int(part.max(initial=-1)) + 1
    out, into = _by_parts(sources.out, part), _by_parts(targets.into, part)
    leads = _leads(graph, part, parts, np.unique(np.concatenate(out.groups or [_NONE])))
    apart = np.ones((len(out.groups), len(into.groups)), dtype=bool)
    for row, start in enumerate(out.groups):
        after = np.zeros(parts, dtype=bool)
        for one in start:
            after |= leads[int(one)]
        for column, end in enumerate(into.groups):
            apart[row, column] = not after[end].any()
    i, j = np.flatnonzero(out.group >= 0), np.flatnonzero(into.group >= 0)
    a, b = np.nonzero(apart[out.group[i]][:, into.group[j]])
    return i[a], j[b]


_NONE: Ints = np.zeros(0, dtype=np.int64)


class _Groups:
    """Points with the parts that they hang on: few different groups for many points."""

    def __init__(self, group: Ints, groups: list[Ints]) -> None:
        self.group, self.groups = group, groups


def _by_parts(ends: Ends, part: Ints) -> _Groups:
    group = np.full(len(ends), -1, dtype=np.int64)
    numbers: dict[tuple[int, ...], int] = {}
    parts = part[ends.node].tolist()
    first = ends.first.tolist()
    for point in range(len(ends)):
        key = tuple(sorted(set(parts[first[point] : first[point + 1]])))
        if key:
            group[point] = numbers.setdefault(key, len(numbers))
    return _Groups(group, [np.array(key, dtype=np.int64) for key in numbers])


def _leads(graph: RoadGraph, part: Ints, parts: int, starts: Ints) -> dict[int, NDArray[np.bool_]]:
    """Return for some parts the parts that can be come to from them, themselves among them."""
    tails, heads = part[graph.forward.tails()], part[graph.forward.head]
    across = tails != heads
    steps = coo_array(
        (np.ones(int(across.sum()), dtype=np.int8), (tails[across], heads[across])),
        shape=(parts, parts),
    ).tocsr()
    found = {}
    for start in starts.tolist():
        after = np.zeros(parts, dtype=bool)
        after[breadth_first_order(steps, start, return_predecessors=False)] = True
        found[start] = after
    return found
