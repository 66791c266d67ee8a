"""Which township points of people, such as cells of a grid or buildings, belong to."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.point_files import Features, somewhere_else
from ruralcare.language import Message
from ruralcare.types import Townships

__all__ = ["assigned"]

# A coast is drawn this much too far inland: who lives off it belongs to the nearest township.
_OFF_COAST_M: Final = 500.0
_FARTHEST_M: Final = 1e9


def assigned(
    features: Features, weights: np.ndarray, towns: Townships, faults: Faults
) -> gpd.GeoDataFrame:
    """Return the points that have a weight with the township they lie in.

    A point on the border of two belongs to the first; one off the coast to the nearest. What lies
    in a neighbouring township is its own; all others are counted in a remark.

    Parameters
    ----------
    weights : ndarray of float
        People of each point, or what stands for them.

    Returns
    -------
    GeoDataFrame
        Index ``point_id``; ``township_id``, ``name``, ``persons``; points in the CRS of the
        townships.

    Raises
    ------
    InputError
        No point lies in a township.
    """
    point, town = towns.frame.sindex.query(features.points, predicate="intersects")
    if not len(point):
        raise somewhere_else(features, towns, faults)
    order = np.lexsort((town, point))
    point, town = point[order], town[order]
    first = np.r_[True, point[1:] != point[:-1]]
    point, town = point[first], town[first]
    near_point, near_town = _off_coast(features, point, weights, towns, faults)
    point, town = np.r_[point, near_point], np.r_[town, near_town]
    some = weights[point] > 0
    point, town = point[some], town[some]
    # In the order of the file.
    order = np.argsort(point, kind="stable")
    point, town = point[order], town[order]
    frame = pd.DataFrame(
        {
            "township_id": towns.frame.index.to_numpy()[town],
            "name": towns.frame["name"].to_numpy()[town],
            "persons": weights[point],
        }
    )
    serial = frame.groupby("township_id").cumcount() + 1
    ids = frame["township_id"].astype(str) + "-" + serial.astype(str).str.zfill(6)
    frame.index = pd.Index(ids, name="point_id", dtype=object)
    return gpd.GeoDataFrame(frame, geometry=features.points[point], crs=towns.crs)


def _off_coast(
    features: Features, inside: np.ndarray, weights: np.ndarray, towns: Townships, faults: Faults
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points a little outside of all townships, and the nearest township of each."""
    left = np.setdiff1d(np.flatnonzero(weights > 0), inside)
    town, away_m = _nearest(features.points[left], towns.frame)
    _, other_m = _nearest(features.points[left], towns.around)
    ours = np.isfinite(away_m) & (away_m <= other_m)
    lost = np.isinf(away_m) & np.isinf(other_m)
    if ours.any():
        faults.remark(
            Message(
                "{count} points (people or weight: {persons}) lie up to {metres} m outside the "
                "townships; each counts for the nearest.",
                count=int(ours.sum()),
                persons=round(float(weights[left[ours]].sum())),
                metres=round(_OFF_COAST_M),
            ),
            Message(
                "This is usual on a coast. If they lie in a neighbouring county, give boundaries "
                "that include it."
            ),
        )
    if lost.any():
        faults.remark(
            Message(
                "{count} points (people or weight: {persons}) lie in no township of the "
                "boundaries and are left out.",
                count=int(lost.sum()),
                persons=round(float(weights[left[lost]].sum())),
            ),
            Message(
                "They lie in the sea or outside the planned area, as is usual for a file of a "
                "larger area."
            ),
        )
    return left[ours], town[ours]


def _nearest(points: np.ndarray, areas: gpd.GeoDataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest area of each point and its distance in metres, infinite if too far."""
    which = np.full(len(points), -1)
    away_m = np.full(len(points), np.inf)
    # A place beyond the projection is nowhere near.
    some = np.flatnonzero(np.hypot(shapely.get_x(points), shapely.get_y(points)) < _FARTHEST_M)
    if areas is not None and len(some):
        (at, area), found_m = areas.sindex.nearest(
            points[some], max_distance=_OFF_COAST_M, return_all=False, return_distance=True
        )
        which[some[at]], away_m[some[at]] = area, found_m
    return which, away_m
