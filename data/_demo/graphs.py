"""Small helpers on the step graph of the road net."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from .grid import CELL_M, NX, Mask, cell_xy


def steps_graph(steps: dict[tuple[int, int], int]) -> tuple[csr_array, dict[int, int]]:
    """Return the graph of the laid steps (weights in m) and the row of every cell."""
    pairs = np.array(sorted(steps), dtype=np.int64)
    cells, flat = np.unique(pairs, return_inverse=True)
    ends = flat.reshape(pairs.shape)
    xy = cell_xy(cells)
    length = np.round(np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T), 3)
    n = len(cells)
    rows = np.concatenate([ends[:, 0], ends[:, 1]])
    cols = np.concatenate([ends[:, 1], ends[:, 0]])
    graph = csr_array(coo_array((np.concatenate([length, length]), (rows, cols)), shape=(n, n)))
    return graph, {int(c): k for k, c in enumerate(cells)}


def smooth_positions(
    steps: dict[tuple[int, int], int], fixed: set[int], land: Mask, passes: int = 14
) -> dict[int, tuple[float, float]]:
    """Return the place (m) of every cell of the net after rounding off the grid's corners.

    A vertex moves towards the middle of its two neighbours along the best road through it, so a
    national road stays smooth where village roads branch off. Ends and ``fixed`` cells stay, and
    nothing moves from land (flat mask of the board) into the sea.
    """
    links: dict[int, list[tuple[int, int]]] = {}
    for (a, b), grade in steps.items():
        links.setdefault(a, []).append((grade, b))
        links.setdefault(b, []).append((grade, a))
    cells = np.array(sorted(links), dtype=np.int64)
    row = {int(c): k for k, c in enumerate(cells)}
    left, right = np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.int64)
    move = np.zeros(len(cells), dtype=bool)
    for k, cell in enumerate(cells.tolist()):
        ways = sorted(links[cell])
        through = len(ways) >= 2 and (len(ways) == 2 or ways[2][0] > ways[1][0])
        if through and cell not in fixed:
            left[k], right[k], move[k] = row[ways[0][1]], row[ways[1][1]], True
    xy = cell_xy(cells)
    over_water = ~land[cells]
    for _ in range(passes):
        target = 0.5 * xy + 0.25 * (xy[left] + xy[right])
        there = (target / CELL_M).astype(np.int64)
        ok = over_water | land[there[:, 1] * NX + there[:, 0]]
        xy = np.where((move & ok)[:, None], target, xy)
    return {
        c: (round(x, 2), round(y, 2)) for c, (x, y) in zip(cells.tolist(), xy.tolist(), strict=True)
    }


def chains(
    steps: dict[tuple[int, int], int], marks: dict[tuple[int, int], object]
) -> list[list[int]]:
    """Return the net cut into chains at junctions, ends and changes of ``marks``."""
    links: dict[int, list[int]] = {}
    for a, b in steps:
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)

    def mark(a: int, b: int) -> object:
        return marks[(min(a, b), max(a, b))]

    def is_end(cell: int) -> bool:
        near = links[cell]
        return len(near) != 2 or mark(cell, near[0]) != mark(cell, near[1])

    used: set[tuple[int, int]] = set()
    found = []
    starts = [c for c in sorted(links) if is_end(c)] + sorted(links)
    for start in starts:
        for nxt in sorted(links[start]):
            if (start, nxt) in used:
                continue
            chain = [start, nxt]
            used.update({(start, nxt), (nxt, start)})
            while not is_end(chain[-1]) and chain[-1] != start:
                a, b = links[chain[-1]]
                following = b if a == chain[-2] else a
                used.update({(chain[-1], following), (following, chain[-1])})
                chain.append(following)
            found.append(chain)
    return found
