"""The drawing board of the demo county: a plane grid in metres and its place on the globe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

SEED = 20231001
CELL_M = 80.0
WIDTH_KM, HEIGHT_KM = 39.0, 35.0
NX, NY = int(WIDTH_KM * 1000 / CELL_M), int(HEIGHT_KM * 1000 / CELL_M)

# South-west corner of the board and metres per degree at 34.6 N. A plain local scaling instead
# of a real projection: the county is invented, and the bytes must not depend on the PROJ version.
LON0, LAT0 = 126.490, 34.440
M_PER_LON, M_PER_LAT = 91_700.0, 110_930.0

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]


def rng(salt: int) -> np.random.Generator:
    """Return the random generator of one part, so that parts do not disturb each other."""
    return np.random.default_rng([SEED, salt])


def to_lonlat(xy_m: Field) -> Field:
    """Convert board metres (n, 2) to longitude and latitude rounded to 6 decimals."""
    xy = np.asarray(xy_m, dtype=float)
    lon = LON0 + xy[..., 0] / M_PER_LON
    lat = LAT0 + xy[..., 1] / M_PER_LAT
    return np.round(np.stack([lon, lat], axis=-1), 6)


def cell_xy(flat: NDArray[np.int64]) -> Field:
    """Return the centres (metres) of cells given by flat index (row-major, row 0 in the south)."""
    rows, cols = np.divmod(np.asarray(flat), NX)
    return np.stack([(cols + 0.5) * CELL_M, (rows + 0.5) * CELL_M], axis=-1)


def cell_of(x_m: float, y_m: float) -> int:
    """Return the flat index of the cell that holds a point (clipped to the board)."""
    col = min(max(int(x_m / CELL_M), 0), NX - 1)
    row = min(max(int(y_m / CELL_M), 0), NY - 1)
    return row * NX + col


def grid_graph(cost: Field, slope_of: Field | None = None, climb: float = 0.0) -> csr_array:
    """Return the 8-neighbour graph of the board.

    The weight of a step is its length in cells times the mean ``cost`` of its two ends plus
    ``climb`` times the difference of ``slope_of`` (metres). Cells with infinite cost have no
    edges. Weights are rounded to 1/1024 so that ties break alike on every machine.
    """
    index = np.arange(NX * NY).reshape(NY, NX)
    heads, tails, weights = [], [], []
    for dr, dc, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)):
        a_cols = slice(None, NX - dc) if dc >= 0 else slice(1, None)
        b_cols = slice(dc, None) if dc >= 0 else slice(None, NX - 1)
        a = (slice(None, NY - dr), a_cols)
        b = (slice(dr, None), b_cols)
        step = length * (cost[a] + cost[b]) / 2
        if slope_of is not None:
            step = step + climb * np.abs(slope_of[a] - slope_of[b])
        ok = np.isfinite(step)
        heads.append(index[a][ok])
        tails.append(index[b][ok])
        weights.append(np.maximum(np.round(step[ok] * 1024), 1.0))
    u, v, w = np.concatenate(heads), np.concatenate(tails), np.concatenate(weights)
    both = (np.concatenate([w, w]), (np.concatenate([u, v]), np.concatenate([v, u])))
    return csr_array(coo_array(both, shape=(NX * NY, NX * NY)))
