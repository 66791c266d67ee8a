"""Where people of the demo county live: township seats, villages and harbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .grid import CELL_M, NX, NY, Labels, cell_xy, rng
from .names import VILLAGES_PER_TOWNSHIP
from .terrain import Terrain
from .townships import ISLET_KM, TOWNSHIPS, nearest_land


@dataclass(frozen=True)
class Site:
    """One village before it has a name: its cell, its township and what it is."""

    cell: int
    township: str
    kind: str  # seat, inland, coast, islet


def coast_distance_m(terrain: Terrain) -> np.ndarray:
    """Return the distance of every land cell to open water (m)."""
    return np.asarray(ndimage.distance_transform_edt(terrain.land)) * CELL_M


def choose_sites(terrain: Terrain, labels: Labels, seats: dict[str, int]) -> list[Site]:
    """Return the villages of all townships, the seat of a township first."""
    shore = coast_distance_m(terrain)
    random = rng(21)
    low = terrain.height / 45.0 + terrain.slope * 14.0
    appeal = low + 0.9 * random.random((NY, NX)) - 0.8 * ((shore > 100) & (shore < 420))
    appeal = np.where(shore < 100, np.inf, appeal)
    pieces, _ = ndimage.label(terrain.land)
    islet = nearest_land(terrain, *ISLET_KM)
    sites: list[Site] = []
    for number, town in enumerate(TOWNSHIPS):
        seat = seats[town.name]
        count = VILLAGES_PER_TOWNSHIP[town.name]
        sites.append(Site(seat, town.name, "seat"))
        here = (labels == number) & (pieces == pieces.flat[seat])
        inner = ndimage.distance_transform_edt(labels == number) * CELL_M
        area_m2 = float(here.sum()) * CELL_M**2
        spacing = 0.80 * (area_m2 / count) ** 0.5
        order = np.argsort(np.where(here & (inner > 220), appeal, np.inf), axis=None, kind="stable")
        usable = int((here & (inner > 220) & np.isfinite(appeal)).sum())
        order = order[:usable]
        xy = cell_xy(order)
        chosen = [cell_xy(np.array([seat]))[0]]
        taken = [seat]
        extra = int(town.name == "율현면")
        while len(taken) < count - extra:
            free = np.ones(len(order), dtype=bool)
            for point in chosen:
                free &= np.hypot(*(xy - point).T) > spacing
            # The eup keep some villages close to the seat.
            if not free.any():
                spacing *= 0.9
                continue
            first = int(np.argmax(free))
            chosen.append(xy[first])
            taken.append(int(order[first]))
        for cell in taken[1:]:
            kind = "coast" if shore.flat[cell] < 650 else "inland"
            sites.append(Site(cell, town.name, kind))
        if extra:
            sites.append(Site(islet, town.name, "islet"))
    return sites
