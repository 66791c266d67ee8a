"""What every engine asks of its arguments."""

from __future__ import annotations

from ruralcare.errors import TableError
from ruralcare.network.search.arrays import LONGEST_TICKS, Arcs, Ends, limit_key

__all__ = ["check"]


def check(arcs: Arcs, limit: int, *sets: Ends, k: int = 1, points: int | None = None) -> int:
    """Return the limit, no longer than the longest way, after checks.

    Parameters
    ----------
    arcs : Arcs
        Graph to search.
    limit : int
        Key of the longest way asked for.
    *sets : Ends
        Points on the graph.
    k : int
        How many sources are asked for.
    points : int, optional
        Number of points that every set must have.

    Returns
    -------
    int
        The key of the longest way to search for.

    Raises
    ------
    TableError
        Keys are of different types, an end is at a node that is not there, the limit is below 0,
        or ``k`` below 1.
    """
    faults = []
    if limit < 0:
        faults.append(f"the limit must not be below 0: {limit}")
    if k < 1:
        faults.append(f"k must be at least 1, not {k}")
    for ends in sets:
        if ends.key.dtype != arcs.key.dtype:
            faults.append(f"keys of points are {ends.key.dtype}, those of arcs {arcs.key.dtype}")
        if len(ends.node) and not 0 <= ends.node.min() <= ends.node.max() < arcs.nodes:
            faults.append(f"a point is at a node that is not there: of {arcs.nodes} nodes")
        if len(ends.key) and ends.key.min() < 0:
            faults.append("a point is less than nothing away from its node")
        if points is not None and len(ends) != points:
            faults.append(f"{len(ends)} points given where {points} is asked for")
    if faults:
        raise TableError("; ".join(faults))
    return min(int(limit), limit_key(LONGEST_TICKS, arcs.key.dtype))
