"""Cutting edges of a network at places along them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

__all__ = ["cut_edges"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SHARED_OUT = ("length_m", "time_min")


def cut_edges(edges: gpd.GeoDataFrame, edge: Ints, share: Floats, node: Ints) -> gpd.GeoDataFrame:
    """Return the edges, some of them in parts.

    Parameters
    ----------
    edges : GeoDataFrame
        Edges of a :class:`~ruralcare.types.RoadNetwork`.
    edge : array of int
        Row of the edge of each cut.
    share : array of float
        Where along it, from 0 at u to 1 at v, neither of them.
    node : array of int
        Number of the node that the cut makes.

    Returns
    -------
    GeoDataFrame
        The parts of an edge stand where it stood, in their order. Length and time are shared out;
        everything else holds for every part.
    """
    if not len(edge):
        return edges
    order = np.lexsort((share, edge))
    edge, share, node = edge[order], share[order], node[order]
    parts = np.ones(len(edges), dtype=np.int64)
    np.add.at(parts, edge, 1)
    row = np.repeat(np.arange(len(edges)), parts)
    first = np.cumsum(parts) - parts
    # The k-th cut of an edge ends its k-th part and begins the next.
    rank = np.arange(len(edge)) - np.searchsorted(edge, edge)
    before = first[edge] + rank
    start, end = np.zeros(len(row)), np.ones(len(row))
    end[before], start[before + 1] = share, share
    u, v = edges["u"].to_numpy(np.int64)[row], edges["v"].to_numpy(np.int64)[row]
    v[before], u[before + 1] = node, node

    lines = edges.geometry.to_numpy()[row]
    cut = np.flatnonzero(parts[row] > 1)
    lines[cut] = _substrings(edges.geometry.to_numpy(), edge, share)
    table = pd.DataFrame(edges.drop(columns=edges.geometry.name)).iloc[row].reset_index(drop=True)
    table["u"], table["v"] = u, v
    for name in _SHARED_OUT:
        table[name] = table[name].to_numpy(dtype=float) * (end - start)
    return gpd.GeoDataFrame(table, geometry=lines, crs=edges.crs)


def _substrings(lines: NDArray[np.object_], edge: Ints, share: Floats) -> NDArray[np.object_]:
    """Return the parts of the lines that are cut, line after line, each in order."""
    rows, line_of_cut = np.unique(edge, return_inverse=True)
    xy, line = shapely.get_coordinates(lines[rows], return_index=True)
    step = np.hypot(*np.diff(xy, axis=0).T)
    step[np.diff(line) > 0] = 0.0
    run = np.concatenate([[0.0], np.cumsum(step)])
    begin = np.searchsorted(line, np.arange(len(rows)))
    along = run - run[begin][line]
    total = np.maximum.reduceat(along, begin)
    cut_at = share * total[line_of_cut]
    places = shapely.get_coordinates(shapely.line_interpolate_point(lines[edge], cut_at))
    # A vertex belongs to the part after as many cuts as lie before it on its line.
    passed = np.searchsorted(
        _sortable(line_of_cut, cut_at, total), _sortable(line, along, total), side="right"
    ) - np.searchsorted(line_of_cut, line)
    rank = np.arange(len(edge)) - np.searchsorted(line_of_cut, line_of_cut)
    # The end of a line belongs to its last part, however the lengths were rounded.
    last = np.append(begin[1:], len(line)) - 1
    passed[last] = np.bincount(line_of_cut, minlength=len(rows))
    passed[begin] = 0
    all_line = np.concatenate([line, line_of_cut, line_of_cut])
    all_part = np.concatenate([passed, rank, rank + 1])
    kind = np.repeat([1, 2, 0], [len(line), len(edge), len(edge)])
    all_along = np.concatenate([along, cut_at, cut_at])
    order = np.lexsort((all_along, kind, all_part, all_line))
    number = np.unique(np.column_stack([all_line, all_part]), axis=0, return_inverse=True)[1]
    coordinates = np.concatenate([xy, places, places])
    made = shapely.linestrings(coordinates[order], indices=number.reshape(-1)[order])
    return np.asarray(made, dtype=object)


def _sortable(line: Ints, along: Floats, total: Floats) -> Floats:
    """Return numbers that sort by line, then by the way along it."""
    return np.asarray(line + 0.5 * along / np.maximum(total[line], 1e-9), dtype=np.float64)
