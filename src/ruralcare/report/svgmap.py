"""Small maps of the report as SVG: geometry once, a fill per township and map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ruralcare.report.classes import MapClass
from ruralcare.report.geometry import outlines, simplified

__all__ = ["SmallMaps"]

_PIXELS: Final = 300
_HATCHES: Final = {
    "hatch": ("#f3f1f1", "#6b6267", "M-1 7L7-1M-1 13L13-1"),
    "cross": ("#d5d9de", "#6d7782", "M-1 7L7-1M-1 13L13-1M-1-1L7 7"),
    "bars": ("#efe8f5", "#6f5a8a", "M0 1.5H6M0 4.5H6"),
    "dots": ("#ffffff", "#8f98a3", "M1 1h1M4 4h1"),
}


class SmallMaps:
    """Draws any number of small maps of the same townships.

    Parameters
    ----------
    frame : GeoDataFrame
        Townships in a projected CRS, with ``sigungu_id``.
    """

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        west, south, east, north = frame.total_bounds
        self._scale = _PIXELS / max(east - west, north - south)
        simple = simplified(frame[["sigungu_id", "geometry"]], 0.7 / self._scale)
        self._corner = (west, north)
        self.width = (east - west) * self._scale
        self.height = (north - south) * self._scale
        self._areas = [self._path(area) for area in simple.geometry.array]
        self._counties = [self._path(area) for area in outlines(simple, "sigungu_id").array]

    def _pixels(self, geometry: shapely.Geometry) -> NDArray[np.float64]:
        points = shapely.get_coordinates(geometry)
        west, north = self._corner
        shifted = np.column_stack([points[:, 0] - west, north - points[:, 1]])
        return np.asarray(shifted * self._scale, dtype=np.float64)

    def _path(self, area: shapely.Geometry) -> str:
        rings = []
        for part in shapely.get_parts(area):
            for ring in (part.exterior, *part.interiors):
                pixels = self._pixels(ring)[:-1].round(1)
                rings.append("M" + "L".join(f"{x:g} {y:g}" for x, y in pixels) + "Z")
        return "".join(rings)

    def definitions(self) -> str:
        """Return the shapes and hatches, to stand once in the document before the maps."""
        parts = ['<svg class="unseen" width="0" height="0" aria-hidden="true"><defs>']
        for name, (ground, ink, path) in _HATCHES.items():
            parts.append(
                f'<pattern id="p-{name}" width="6" height="6" patternUnits="userSpaceOnUse">'
                f'<rect width="6" height="6" fill="{ground}"/>'
                f'<path d="{path}" stroke="{ink}" stroke-width="1"/></pattern>'
            )
        parts += [f'<path id="t{i}" d="{path}"/>' for i, path in enumerate(self._areas)]
        parts.append('<g id="counties">')
        parts += [f'<path d="{path}"/>' for path in self._counties]
        parts.append("</g></defs></svg>")
        return "".join(parts)

    def map(
        self,
        values: NDArray[np.int64],
        classes: Sequence[MapClass],
        title: str,
        rings: gpd.GeoSeries | None = None,
        fresh: Mapping[int, bool] | None = None,
    ) -> str:
        """Return one map.

        Parameters
        ----------
        values : int array
            Class of each township.
        classes : sequence of MapClass
        title : str
            What a screen reader says of it.
        rings : GeoSeries, optional
            Sites to mark with a ring, in the CRS of the townships.
        fresh : mapping of int to bool, optional
            Which of them, by position, are new and are drawn broad.
        """
        edge = 8
        parts = [
            f'<svg class="small-map" role="img" aria-label="{escape(title)}" viewBox="{-edge} '
            f'{-edge} {self.width + 2 * edge:.1f} {self.height + 2 * edge:.1f}">'
        ]
        for c, one in enumerate(classes):
            members = np.flatnonzero(values == c)
            if len(members):
                fill = one.colour if one.pattern == "plain" else f"url(#p-{one.pattern})"
                uses = "".join(f'<use href="#t{i}"/>' for i in members)
                parts.append(f'<g fill="{fill}" class="land">{uses}</g>')
        parts.append('<use href="#counties" class="county"/>')
        if rings is not None and len(rings):
            for k, (x, y) in enumerate(self._pixels(shapely.multipoints(rings.array))):
                kind = "ring new" if fresh is None or fresh.get(k, True) else "ring"
                parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>')
        parts.append("</svg>")
        return "".join(parts)
