"""An order of points in which neighbours stand close together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["z_order"]

_BITS = 20
"""Bits of each coordinate: a nation is cut into cells of about a metre."""


def z_order(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order of points along a curve that fills the plane.

    Searches follow roads, and roads lead to what is near. Numbered in this order, nodes that are
    near lie in the same part of the memory, and searches run several times as fast. The curve is
    Hilbert's, whose neighbours are always neighbours in the plane (J. K. Lawder, Calculation of
    mappings between one and n-dimensional values using the Hilbert space-filling curve, 2000).

    Parameters
    ----------
    xy : array of float, shape (points, 2)
        Coordinates in any unit; finite.

    Returns
    -------
    array of int64, shape (points,)
        Positions of the points, in order; points at the same place keep their order.

    Examples
    --------
    >>> z_order(np.array([[0.0, 0.0], [9.0, 9.0], [9.0, 0.0], [0.0, 9.0]]))
    array([0, 3, 1, 2])
    """
    if not len(xy):
        return np.zeros(0, dtype=np.int64)
    xy = np.asarray(xy, dtype=np.float64)
    low = xy.min(axis=0)
    # One measure for both axes: cells are squares.
    extent = float((xy.max(axis=0) - low).max())
    top = 2**_BITS - 1
    cells = ((xy - low) / (extent if extent > 0 else 1.0) * top).astype(np.int64)
    return np.argsort(_hilbert(cells[:, 0], cells[:, 1]), kind="stable")


def _hilbert(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of cells along the curve: two bits for each halving, coarse ones first."""
    place = np.zeros(len(x), dtype=np.int64)
    for bit in range(_BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        place = (place << 2) | ((3 * right) ^ upper)
        # The curve in the lower quarters is a mirror image; turn them so that one rule does.
        turned = (upper == 0) & (right == 1)
        x, y = np.where(turned, ~x, x), np.where(turned, ~y, y)
        swapped = upper == 0
        x, y = np.where(swapped, y, x), np.where(swapped, x, y)
    return place
