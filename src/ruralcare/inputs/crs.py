"""Telling a wrong CRS from its coordinates.

Files of Korea come in degrees and in half a dozen grids of metres, often without saying in which.
Coordinates read in the wrong one land in the sea, in another county or 100 km to the north; the
grid in which they would land where they belong is named in the fault.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from pyproj import Transformer

__all__ = ["KOREA", "KOREAN_CRS", "Box", "crs_that_fit", "province_box"]

KOREAN_CRS: Final = (
    "EPSG:4326",
    "EPSG:5179",
    "EPSG:5186",
    "EPSG:5181",
    "EPSG:5185",
    "EPSG:5187",
    "EPSG:5188",
    "EPSG:5174",
    "EPSG:3857",
)
"""Degrees; the grid of the statistics office and of Naver (5179); those of the national maps
(5185 to 5188 from west to east, 5186 in the middle), of Kakao (5181), of the old cadastre (5174),
and of web maps (3857)."""


class Box(NamedTuple):
    """A range of longitudes and latitudes, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """Return whether a place lies in it."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    def wider(self, degrees: float) -> Box:
        """Return the box with a margin."""
        return Box(
            self.west - degrees, self.south - degrees, self.east + degrees, self.north + degrees
        )


KOREA: Final = Box(124.5, 33.0, 132.0, 38.7)
"""South Korea with its islands."""


def crs_that_fit(x: float, y: float, box: Box = KOREA) -> tuple[str, ...]:
    """Return the names of the CRSs in which a place lies inside a box.

    What fits as degrees is degrees: as metres it would lie in the sea near the origin of a grid.

    Parameters
    ----------
    x, y : float
        Coordinates, easting (or longitude) first.
    box : Box
        Where the place must lie.

    Examples
    --------
    >>> crs_that_fit(917445.0, 1619912.0)
    ('EPSG:5179',)
    >>> crs_that_fit(126.6, 34.57)
    ('EPSG:4326',)
    """
    if box.holds(x, y):
        return ("EPSG:4326",)
    return tuple(crs for crs in KOREAN_CRS if box.holds(*_to_degrees(crs).transform(x, y)))


@cache
def _to_degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def province_box(code: str) -> Box | None:
    """Return the box in which the province of a code lies, with its islands; None if unknown.

    The boxes are rounded outwards to a tenth of a degree (``province_boxes.csv``).

    Parameters
    ----------
    code : str
        Code of a township, county or province, of any date.

    Examples
    --------
    >>> province_box("4677025000")
    Box(west=125.0, south=33.9, east=128.0, north=35.6)
    """
    return _province_boxes().get(code[:2])


@cache
def _province_boxes() -> Mapping[str, Box]:
    file = resources.files("ruralcare.inputs").joinpath("province_boxes.csv")
    with file.open(encoding="utf-8") as stream:
        return {
            row["code"]: Box(*(float(row[side]) for side in Box._fields))
            for row in csv.DictReader(stream)
        }
