"""How a graph becomes a hierarchy: what the kernels of contraction work on, and their order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.network.search.arrays import LONGEST_TICKS, Arcs, limit_key
from ruralcare.network.search.views import graph_of
from ruralcare.progress import Progress

__all__ = ["no_way", "prepared"]

# Nodes that a search settles before it gives up looking for a way around a node.
_PATIENCE = 100
# Work that a kernel does, in pairs of neighbours, before it comes back and can be stopped.
_BUDGET = 200_000
# Cells, and arcs of nodes that are gone, for which there is space before it is doubled.
_SPARE = 2**16
# Nodes of a region, whose labels stay in the nearest memory during a sweep.
_REGION = 8192


def prepared(arcs: Arcs, progress: Progress) -> tuple[Any, ...]:
    """Return the arrays of a :class:`.hierarchy.Hierarchy`, in their order."""
    from ruralcare.network.search.kernels import contraction as kernels

    nodes, dtype = arcs.nodes, arcs.key.dtype
    none = no_way(dtype)
    rules = (none, limit_key(LONGEST_TICKS, dtype), _PATIENCE, _BUDGET)
    left, cells = _cells(arcs, none)
    scratch = _scratch(nodes, dtype, none)
    scratch.count[kernels.CELLS] = cells
    gone = kernels.Gone(
        node=np.zeros(nodes, np.int32),
        level=np.zeros(nodes, np.int32),
        first=np.zeros(nodes + 1, np.int32),
        arc=np.zeros((len(arcs.head) + _SPARE, 3), dtype),
    )
    count = scratch.count
    while count[kernels.NODES] < nodes:
        pairs_of_one = int(left.size.max()) ** 2
        if pairs_of_one > len(scratch.answer):
            scratch = scratch._replace(
                answer=np.zeros(2 * pairs_of_one, np.uint8),
                nearest=np.zeros(2 * pairs_of_one, dtype),
            )
        count[kernels.AT] = 0
        while count[kernels.AT] < len(left.start):
            kernels.weigh(left, scratch, *rules)
            # The last nodes are few, and take long.
            share = 1.0 - (1.0 - count[kernels.NODES] / nodes) ** 0.5
            progress(Message("Preparing the roads for many searches"), float(share))
        kernels.choose(left)
        count[kernels.AT] = 0
        while count[kernels.AT] < len(left.start):
            if not kernels.take_chosen(left, scratch, gone, *rules):
                left = left._replace(cell=_doubled(left.cell))
                gone = gone._replace(arc=_doubled(gone.arc))
        if 2 * (nodes - count[kernels.NODES]) < len(left.start):
            left, scratch = _packed(left, scratch, none)
    return _ordered(gone, none)


def no_way(dtype: np.dtype[Any]) -> int:
    """Return a label that says that there is no way; an arc can still be added to it."""
    return 2**30 if dtype == np.int32 else 2**62


def _cells(arcs: Arcs, none: int) -> tuple[Any, int]:
    from ruralcare.network.search.kernels import contraction as kernels

    turned = arcs.turned()
    there, back = tuple(graph_of(arcs)), tuple(graph_of(turned))
    dtype = arcs.key.dtype
    left = _left(arcs.nodes, 1, dtype)
    cells = int(kernels.fill_cells(there, back, none, left, False))
    left = left._replace(cell=np.zeros((cells + _SPARE, 4), dtype))
    kernels.fill_cells(there, back, none, left, True)
    return left, cells


def _left(nodes: int, cells: int, dtype: np.dtype[Any]) -> Any:  # noqa: ANN401
    from ruralcare.network.search.kernels.trials import Left

    return Left(
        cell=np.zeros((cells, 4), dtype),
        start=np.zeros(nodes, np.int32),
        size=np.zeros(nodes, np.int32),
        block=np.zeros(nodes, np.int32),
        level=np.zeros(nodes, np.int32),
        cost=np.zeros(nodes, np.float32),
        needed=np.zeros(nodes, np.uint64),
        state=np.zeros(nodes, np.uint8),
        name=np.arange(nodes, dtype=np.int32),
    )


def _scratch(nodes: int, dtype: np.dtype[Any], none: int) -> Any:  # noqa: ANN401
    from ruralcare.network.search.kernels.trials import Scratch

    return Scratch(
        way=np.full(nodes, none, dtype),
        both=np.zeros(nodes, np.uint8),
        bucket=np.full(nodes, -1, np.int32),
        entry=np.zeros((2**16, 3), dtype),
        heap_key=np.zeros(2**14, dtype),
        heap_node=np.zeros(2**14, np.int32),
        reached=np.zeros(2**14, np.int32),
        answer=np.zeros(2**16, np.uint8),
        nearest=np.zeros(2**16, dtype),
        count=np.zeros(4, np.int64),
        free=np.full(40, -1, np.int64),
    )


def _packed(left: Any, scratch: Any, none: int) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the nodes that are left without those that are gone."""
    from ruralcare.network.search.kernels import contraction as kernels

    stays = left.state != kernels.GONE
    nodes = int(np.count_nonzero(stays))
    cells = int(left.block[stays].sum())
    dtype = left.cell.dtype
    packed = _left(nodes, 2 * cells + _SPARE, dtype)
    number = np.cumsum(stays, dtype=np.int32) - np.int32(1)
    kernels.pack(left, packed, number)
    scratch.count[kernels.CELLS] = cells
    kept = {"count": scratch.count, "answer": scratch.answer, "nearest": scratch.nearest}
    return packed, _scratch(nodes, dtype, none)._replace(**kept)


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])


def _ordered(gone: Any, none: int) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the arrays of the hierarchy, in an order in which sweeps are quick.

    First the nodes that are above several regions, then region by region; the higher levels first,
    and nodes into which equally many arcs lead together, so that the processor can foresee them.
    """
    from ruralcare.network.search.kernels import contraction as kernels

    nodes, dtype = len(gone.node), gone.arc.dtype
    region, degree = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    count = -(-nodes // _REGION)
    size = -(-nodes // max(count, 1))
    kernels.regions(gone, size, none, region, degree)
    region_first = np.cumsum(np.bincount(region + 1, minlength=count + 1), dtype=np.int32)
    level = np.zeros(nodes, np.int32)
    level[gone.node] = gone.level
    order = np.lexsort((degree, -level, region)).astype(np.int32)
    place = np.empty(nodes, np.int32)
    place[order] = np.arange(nodes, dtype=np.int32)
    parts: list[Any] = []
    for column in (1, 2):
        arcs = np.count_nonzero(gone.arc[: gone.first[-1], column] != none)
        part = np.zeros(nodes + 1, np.int32), np.empty(arcs, np.int32), np.empty(arcs, dtype)
        kernels.place_arcs(gone, place, column, none, *part)
        parts += part
    return order, place, *parts, region_first
