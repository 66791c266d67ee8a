"""Telling from places with known townships that one of two files has a wrong CRS."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from ruralcare.inputs.crs import KOREAN_CRS
from ruralcare.language import Message
from ruralcare.units import kilometres

__all__ = ["disagreement"]

# Borders are simplified, and old cadastral grids lie a few hundred metres off.
_TOLERANCE_M: Final = 500.0
_FEWEST_POINTS: Final = 5
_MOST: Final = 0.5

_DIRECTIONS: Final = (
    Message("east"),
    Message("north-east"),
    Message("north"),
    Message("north-west"),
    Message("west"),
    Message("south-west"),
    Message("south"),
    Message("south-east"),
)


def disagreement(
    points: gpd.GeoSeries,
    township_ids: pd.Series,
    areas: gpd.GeoSeries,
    *,
    points_crs: str | None = None,
    areas_crs: str | None = None,
) -> Message | None:
    """Return what is wrong if most points lie outside their township by about the same vector.

    Points that lie apart from their townships in no common direction tell of wrong codes, not of
    a wrong CRS, and nothing is said about them here.

    Parameters
    ----------
    points : GeoSeries
        In a projected CRS in metres. Missing and empty points are passed over.
    township_ids : Series
        Township that the source names for each point, in the same order; those that are not in
        ``areas`` are passed over.
    areas : GeoSeries
        Area of each township, by ``township_id``, in the CRS of the points.
    points_crs, areas_crs : str, optional
        CRS in which each file was read ("EPSG:5181"). Where one is given, the CRS is named in
        which that file would agree with the other.

    Returns
    -------
    Message or None
        None where most points lie where they belong, or fewer than five can be compared.
    """
    homes = areas.reindex(township_ids.to_numpy()).to_numpy()
    places = points.to_numpy()
    known = ~(shapely.is_missing(homes) | shapely.is_missing(places) | shapely.is_empty(places))
    homes, places = homes[known], places[known]
    if len(places) < _FEWEST_POINTS or _inside(places, homes) > _MOST:
        return None
    xy = shapely.get_coordinates(places)
    vector = np.median(xy - shapely.get_coordinates(shapely.centroid(homes)), axis=0)
    if _inside(shapely.points(xy - vector), homes) <= _MOST:
        return None
    km = round(float(kilometres(np.hypot(*vector))), 1)
    eighth = round(float(np.arctan2(vector[1], vector[0])) / (np.pi / 4)) % 8
    direction = _DIRECTIONS[eighth]
    # Reading a file anew takes its coordinates back to its own grid and from there to a new one.
    of_points = _fitting(xy, homes, points_crs, points.crs, of_points=True)
    of_areas = _fitting(xy, homes, areas_crs, points.crs, of_points=False)
    if of_points and not of_areas:
        return Message(
            "Most points lie outside their township, about {km} km to the {direction}; they would "
            "fit {crs}.",
            km=km,
            direction=direction,
            crs=", ".join(of_points),
        )
    if of_areas and not of_points:
        return Message(
            "Most points lie outside their township, about {km} km to the {direction}; the "
            "boundaries would fit {crs}.",
            km=km,
            direction=direction,
            crs=", ".join(of_areas),
        )
    if of_points and of_areas:
        return Message(
            "Most points lie outside their township, about {km} km to the {direction}; they would "
            "fit {crs}, or the boundaries {areas_crs}.",
            km=km,
            direction=direction,
            crs=", ".join(of_points),
            areas_crs=", ".join(of_areas),
        )
    return Message(
        "Most points lie outside their township, about {km} km to the {direction}; one of the two "
        "files has a wrong CRS.",
        km=km,
        direction=direction,
    )


def _inside(places: np.ndarray, homes: np.ndarray) -> float:
    """Return the share of the places that lie in their townships."""
    return float(np.mean(shapely.dwithin(places, homes, _TOLERANCE_M)))


def _fitting(
    xy: np.ndarray, homes: np.ndarray, read_as: str | None, crs: object, *, of_points: bool
) -> tuple[str, ...]:
    """Return the CRSs in which one of the files would agree with the other."""
    if read_as is None:
        return ()
    found = []
    for other in KOREAN_CRS:
        if other == read_as:
            continue
        # Reading the areas in another CRS moves them; the points are moved the other way instead.
        steps = ((crs, read_as), (other, crs)) if of_points else ((crs, other), (read_as, crs))
        x, y = xy.T
        for source, target in steps:
            x, y = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
        places = shapely.points(np.column_stack([x, y]))
        if np.isfinite(x).all() and np.isfinite(y).all() and _inside(places, homes) > _MOST:
            found.append(other)
    return tuple(found)
