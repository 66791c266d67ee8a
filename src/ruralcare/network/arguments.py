"""What a question to the network may be asked with: one check for all of them."""

from __future__ import annotations

import math
from collections.abc import Collection

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from ruralcare.errors import TableError

__all__ = ["DIRECTIONS", "ENGINES", "MODES", "check_arguments", "checked_points"]

MODES = ("car", "foot")
DIRECTIONS = ("to_place", "to_demand")
ENGINES = ("auto", "plain", "buckets", "hierarchy")

# Ids named in a message.
_NAMED = 5


def check_arguments(
    *,
    one_of: Collection[tuple[str, str, tuple[str, ...]]] = (),
    positive: Collection[tuple[str, float]] = (),
    not_negative: Collection[tuple[str, float]] = (),
) -> None:
    """Raise a TableError that names every argument that cannot be.

    Parameters
    ----------
    one_of : collection of (name, value, allowed values)
        Arguments that are a word of a list.
    positive : collection of (name, value)
        Numbers above 0 and finite.
    not_negative : collection of (name, value)
        Numbers of 0 or more; may be infinite.

    Raises
    ------
    TableError
        With all faults.
    """
    faults = [
        f"{name} must be {' or '.join(allowed)}, not {value}"
        for name, value, allowed in one_of
        if value not in allowed
    ]
    faults += [
        f"{name} must be a number above 0, not {value}"
        for name, value in positive
        if not (math.isfinite(value) and value > 0)
    ]
    faults += [
        f"{name} must be 0 or more, not {value}"
        for name, value in not_negative
        if math.isnan(value) or value < 0
    ]
    if faults:
        raise TableError("; ".join(faults))


def checked_points(points: gpd.GeoSeries, crs: CRS) -> gpd.GeoSeries:
    """Return points as the network takes them: flat, indexed by text, without places that are none.

    Parameters
    ----------
    points : GeoSeries
        Points; one without a place (none, empty, NaN) stays, and joins no road. Ids that are
        numbers become text.
    crs : CRS
        CRS of the network.

    Returns
    -------
    GeoSeries
        In the order given.

    Raises
    ------
    TableError
        There is no CRS or another one, an id is there twice, or a geometry is no point.
    """
    if points.crs is None:
        raise TableError("points have no CRS; set it with points.set_crs(...)")
    if points.crs != crs:
        raise TableError(f"points are in {points.crs}, roads in {crs}; use points.to_crs(...)")
    ids = points.index.map(str)
    faults = []
    double = ids[ids.duplicated()].unique()
    if len(double):
        faults.append(f"ids are there more than once: {_named(double)}")
    shapes = points.to_numpy()
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    odd = there & (shapely.get_type_id(shapes) != int(shapely.GeometryType.POINT))
    if odd.any():
        faults.append(f"these are no points: {_named(ids[odd])}")
    if faults:
        raise TableError("points: " + "; ".join(faults))
    flat = np.full(len(shapes), shapely.Point(), dtype=object)
    placed = np.flatnonzero(there)
    xy = np.column_stack([shapely.get_x(shapes[placed]), shapely.get_y(shapes[placed])])
    placed = placed[np.isfinite(xy).all(axis=1)]
    flat[placed] = shapely.force_2d(shapes[placed])
    return gpd.GeoSeries(flat, index=ids, crs=points.crs)


def _named(ids: Collection[str]) -> str:
    shown = ", ".join(list(ids)[:_NAMED])
    return shown if len(ids) <= _NAMED else f"{shown} …"
