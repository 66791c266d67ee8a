"""The land of the demo county: an elevation field with ridges, valleys and a ria coast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage

from .grid import CELL_M, NX, NY, Field, Mask, rng

Outline = list[tuple[float, float]]

# A hand-drawn sketch in km; the noise below turns it into a coast.
MAINLAND = [
    (7.5, 40), (6.6, 30), (4.3, 28.6), (2.6, 26.4), (3.4, 24.4), (6.6, 24.2), (9.2, 22.4),
    (7.8, 20.2), (5.2, 18.3), (3.4, 15.2), (3.6, 11.6), (5.6, 9.4), (8.0, 10.8), (9.0, 14.0),
    (11.8, 16.8), (13.8, 18.6), (15.2, 16.4), (14.6, 12.6), (13.9, 9.0), (15.2, 6.4),
    (18.0, 5.6), (19.9, 8.0), (20.6, 11.8), (21.8, 14.8), (23.8, 16.8), (25.6, 14.6),
    (26.4, 11.2), (28.2, 8.2), (31.6, 6.4), (34.4, 8.2), (35.4, 11.8), (37.4, 13.4), (45, 14),
    (45, 40),
]  # fmt: skip
BRIDGE_ISLAND = [(5.4, 8.4), (7.4, 9.0), (9.6, 8.2), (11.2, 6.6), (10.4, 4.4), (8.0, 3.6),
                 (6.0, 4.8), (4.8, 6.6)]  # fmt: skip
FERRY_ISLAND = [(22.6, 3.0), (24.0, 4.4), (26.2, 4.2), (28.0, 3.2), (27.4, 1.8), (25.4, 1.2),
                (23.2, 1.6)]  # fmt: skip
ISLET = [(1.0, 20.6), (1.5, 21.4), (2.2, 21.3), (2.4, 20.7), (1.7, 20.2)]
ROCKS = [(12.0, 13.2, 0.38), (11.2, 11.6, 0.27), (23.3, 11.6, 0.42), (24.2, 9.6, 0.30),
         (2.0, 9.4, 0.34), (13.0, 2.6, 0.30), (20.6, 3.6, 0.27), (30.2, 3.4, 0.36),
         (1.3, 28.2, 0.30), (36.9, 9.6, 0.42), (22.6, 13.4, 0.25), (3.3, 6.8, 0.30)]  # fmt: skip

# Plains: centre (km), radius (km) and level (m).
PLAINS = ((17.7, 22.9, 1.9, 14.0), (17.2, 9.6, 1.2, 9.0))


@dataclass(frozen=True)
class Terrain:
    """Elevation (m, decimetre steps), land mask and slope (m per m) on the board."""

    height: Field
    land: Mask
    slope: Field


def _noise(salt: int, wavelength_km: float, power: float) -> Field:
    """Return smooth noise with unit variance, longest waves ``wavelength_km``."""
    white = rng(salt).standard_normal((NY * 2, NX * 2))
    fy = np.fft.fftfreq(NY * 2, CELL_M / 1000)[:, None]
    fx = np.fft.rfftfreq(NX * 2, CELL_M / 1000)[None, :]
    freq = np.hypot(fx, fy)
    cut = 1.0 / wavelength_km
    gain = 1.0 / (1.0 + (freq / cut) ** 2) ** (power / 2)
    gain[0, 0] = 0.0
    field = np.fft.irfft2(np.fft.rfft2(white) * gain, s=white.shape)[:NY, :NX]
    return (field - field.mean()) / field.std()


def _signed_distance_km(
    shapes: list[list[tuple[float, float]]], warp: tuple[Field, Field]
) -> Field:
    rows, cols = np.mgrid[0:NY, 0:NX]
    x = (cols + 0.5) * CELL_M / 1000 + warp[0]
    y = (rows + 0.5) * CELL_M / 1000 + warp[1]
    area = shapely.union_all([shapely.Polygon(s) for s in shapes])
    shapely.prepare(area)
    inside = shapely.contains_xy(area, x, y)
    to_edge = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    return to_edge * CELL_M / 1000


def _level_plains(height: Field) -> Field:
    """Flatten the plains on which the two towns stand."""
    rows, cols = np.mgrid[0:NY, 0:NX]
    x, y = (cols + 0.5) * CELL_M / 1000, (rows + 0.5) * CELL_M / 1000
    for px, py, radius, level in PLAINS:
        near = np.exp(-((np.hypot(x - px, y - py) / radius) ** 4))
        flat = level + 0.15 * (height - level)
        height = np.where(height > -8.0, near * flat + (1.0 - near) * height, height)
    return height


def build_terrain() -> Terrain:
    """Return the elevation field: sketch, domain warp, ridged mountains and flooded valleys."""
    warp = (
        0.75 * _noise(1, 5.0, 3.4) + 0.30 * _noise(9, 1.7, 3.0),
        0.75 * _noise(2, 5.0, 3.4) + 0.30 * _noise(10, 1.7, 3.0),
    )
    rocks = [list(shapely.Point(x, y).buffer(r, 8).exterior.coords[:-1]) for x, y, r in ROCKS]
    main = _signed_distance_km([MAINLAND], warp)
    small_warp = (0.35 * _noise(3, 3.0, 3.2), 0.35 * _noise(4, 3.0, 3.2))
    isles = _signed_distance_km([BRIDGE_ISLAND, FERRY_ISLAND, ISLET, *rocks], small_warp)
    inland = np.maximum(main, isles)

    ridge_noise = _noise(5, 4.2, 3.6)
    fold = _noise(6, 7.0, 4.0)
    ridges = np.maximum(0.0, 1.0 - np.abs(ridge_noise) / 0.85) ** 1.6
    massif = 1.0 / (1.0 + np.exp(-1.6 * (fold + 0.2)))
    gate = np.clip((inland + 0.4) / 2.2, 0.0, 1.0)
    rough = _noise(7, 1.6, 2.6)
    fine = _noise(8, 0.6, 2.2)
    height = (
        np.clip(inland, -2.0, 2.0) * 22.0
        + np.clip(inland, 0.0, 9.0) * 4.0
        + 430.0 * ridges * massif * gate
        + 19.0 * rough * (0.6 + gate)
        + 8.0 * fine
        + 26.0 * (ridges - 0.35) * (inland > -1.2)
        + 3.0
    )
    height = np.round(_level_plains(ndimage.gaussian_filter(height, 0.7)), 1)
    land = height > 0.0
    land = ndimage.binary_opening(land, iterations=1, structure=np.ones((3, 3)))
    land = ndimage.binary_closing(land, iterations=1, structure=np.ones((3, 3)))
    land[0, :] = land[:, 0] = False
    # No lakes below sea level, no specks that no map would show.
    sea, count = ndimage.label(~land)
    sizes = ndimage.sum_labels(np.ones_like(sea), sea, np.arange(count + 1))
    land |= (sizes < 4000)[sea] & ~land
    pieces, count = ndimage.label(land)
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, np.arange(count + 1))
    land &= (sizes >= 12)[pieces]
    height = np.where(land, np.maximum(height, 1.0), np.minimum(height, -1.0))
    smooth = ndimage.gaussian_filter(height, 1.0)
    gy, gx = np.gradient(smooth, CELL_M)
    slope = np.round(np.where(land, np.hypot(gx, gy), 0.0), 3)
    return Terrain(height=height, land=land, slope=slope)
