"""Shapes of areas: what was invalid and repaired, and how areas fit together.

What is measured is said in the result; nothing is changed but invalid shapes, and no part of an
area is dropped because it is small: it may be an island.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ruralcare.language import Message, Verbatim
from ruralcare.units import square_kilometres

__all__ = ["Flaw", "Seam", "area_text", "repaired", "seams"]

SMALLEST_M2: Final = 1.0
"""Overlaps and gaps below this size come from rounding and are not told."""

NARROW_M: Final = 30.0
"""An overlap or gap of less mean width (twice its area by its perimeter) is a sliver: borders were
simplified or rounded. Published boundaries are rounded to up to 7 m."""

# Areas that are further apart have no gap between them that anybody would call one.
_REACH_M: Final = 1000.0

_REASONS: Final = {
    "Self-intersection": Message("a border crosses itself"),
    "Ring Self-intersection": Message("a border touches itself"),
    "Too few points in geometry component": Message("a part has fewer than three corners"),
    "Hole lies outside shell": Message("a hole lies outside"),
    "Holes are nested": Message("a hole lies in another"),
    "Nested shells": Message("a part lies in another"),
    "Nested holes": Message("a hole lies in another"),
    "Interior is disconnected": Message("holes cut the area in two"),
    "Duplicate Rings": Message("a border is there twice"),
    "Invalid Coordinate": Message("a coordinate is no number"),
}


@dataclass(frozen=True)
class Flaw:
    """Something about the shape of one area.

    Parameters
    ----------
    row : int
        Row of the area in its file.
    problem, remedy : Message
        What was wrong, and what to do.
    lost : bool
        Whether the area has no usable shape.
    size_m2 : float
        By how much its area changed; flaws are told in this order, largest first.
    """

    row: int
    problem: Message
    remedy: Message
    lost: bool = False
    size_m2: float = 0.0


def repaired(frame: gpd.GeoDataFrame, crs: str) -> tuple[gpd.GeoSeries, list[Flaw]]:
    """Return valid polygons in another CRS, and what was wrong with them.

    Shapes are judged as the file has them: degrees and metres do not agree on what is valid.

    Parameters
    ----------
    frame : GeoDataFrame
        Areas with a column ``row``, in the CRS of their file.
    crs : str
        CRS of the result, in metres.

    Returns
    -------
    GeoSeries
        Polygons and multipolygons, with the index of ``frame``; None where there is no area.
    list of Flaw
        One for each area that is not as it was.
    """
    flaws = []
    rows = frame["row"].to_numpy()
    shapes = frame.geometry.to_numpy().copy()
    bad = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    before = _areas(shapes[bad], frame.crs, crs)
    reasons = shapely.is_valid_reason(shapes[bad])
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    whole, kinds = shapes.copy(), shapely.get_type_id(shapes)
    shapes = np.array([_polygons(one) for one in shapes], dtype=object)
    after = _areas(shapes[bad], frame.crs, crs)
    for number, reason, old, new in zip(bad, reasons, before, after, strict=True):
        if shapes[number] is None:
            continue
        flaws.append(
            Flaw(
                int(rows[number]),
                Message(
                    "The shape is invalid ({reason}); it was repaired, which changed its area by "
                    "{size}.",
                    reason=_reason(reason),
                    size=area_text(abs(new - old)),
                ),
                Message("Compare it with the map of the publisher, if the change is large."),
                size_m2=abs(new - old),
            )
        )
    for number in np.flatnonzero([one is None for one in shapes]):
        shape = whole[number]
        flaws.append(Flaw(int(rows[number]), *_why_lost(shape, reasons[bad == number]), lost=True))
    mixed = (kinds == shapely.GeometryType.GEOMETRYCOLLECTION) & ~np.isin(
        np.arange(len(shapes)), bad
    )
    flaws += [
        Flaw(
            int(rows[number]),
            Message("Lines or points are mixed into the area; they were left out."),
            Message("Keep only polygons in the file."),
        )
        for number in np.flatnonzero(mixed)
        if shapes[number] is not None
    ]
    projected = gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs).to_crs(crs)
    # Projecting moves corners by less than a hair, which can make a thin shape cross itself.
    again = np.flatnonzero(projected.notna() & ~projected.is_valid)
    polygons = projected.to_numpy().copy()
    fixed = shapely.make_valid(polygons[again], method="structure", keep_collapsed=False)
    polygons[again] = [_polygons(one) for one in fixed]
    return gpd.GeoSeries(polygons, index=frame.index, crs=crs), flaws


def _areas(shapes: NDArray[np.object_], source: object, crs: str) -> NDArray[np.float64]:
    """Return areas in m²; 0 where there is none."""
    size = gpd.GeoSeries(shapes, crs=source).to_crs(crs).area
    return np.asarray(size.fillna(0.0), dtype=float)


def _polygons(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return the polygons of a shape as one area, or None if there are none."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    if shape.geom_type != "GeometryCollection":
        return None
    parts = [one for part in shape.geoms if (one := _polygons(part)) is not None]
    return shapely.union_all(parts) if parts else None


def _reason(text: str) -> Message:
    """Return a reason in the words of the program: GEOS appends the place in brackets."""
    found = re.match(r"([^\[]*)", text)
    kind = found[1].strip() if found else text
    return _REASONS.get(kind, Verbatim(kind))


def _why_lost(
    shape: shapely.Geometry | None, reasons: NDArray[np.object_]
) -> tuple[Message, Message]:
    if len(reasons):
        return (
            Message("The shape is invalid ({reason}) and has no area.", reason=_reason(reasons[0])),
            Message("Draw the area again, or take it from another source."),
        )
    if shape is None or shape.is_empty:
        return (
            Message("The area has no shape."),
            Message("Draw the area, or take it from another source."),
        )
    return (
        Message("This is a point or a line, not an area."),
        Message("Give a polygon for each township."),
    )


def area_text(size_m2: float) -> Message:
    """Return an area for people: in m² where it is small, else in km²."""
    km2 = square_kilometres(size_m2)
    if km2 < 0.01:
        return Message("{number} m²", number=round(size_m2))
    return Message("{number} km²", number=round(km2, 2))


@dataclass(frozen=True)
class Seam:
    """A place where areas do not fit together.

    Parameters
    ----------
    kind : {"overlap", "gap", "hole"}
        Land that two areas have, or none has; a hole is wide, and may be a lake or an area that
        the file lacks.
    members : tuple of int
        Positions of the areas that meet there.
    size_m2 : float
        Its size.
    narrow : bool
        Whether it is a sliver.
    """

    kind: Literal["overlap", "gap", "hole"]
    members: tuple[int, ...]
    size_m2: float
    narrow: bool

    def told(self) -> tuple[Message, Message]:
        """Return what is wrong, and what to do."""
        size = area_text(self.size_m2)
        harmless = Message("Borders were simplified; it does no harm, and nothing was changed.")
        if self.kind == "overlap" and self.narrow:
            return Message("A narrow strip of {size} belongs to two areas.", size=size), harmless
        if self.kind == "overlap":
            return (
                Message("Two areas overlap: {size} belong to both.", size=size),
                Message("Find out at the publisher to which it belongs; nothing was changed."),
            )
        if self.kind == "gap":
            return (
                Message("A narrow gap of {size} between areas belongs to none.", size=size),
                harmless,
            )
        return (
            Message("An enclosed piece of {size} belongs to no area of the file.", size=size),
            Message(
                "A lake or a county that the file lacks is no fault; a missing township is. Look "
                "at it on the map."
            ),
        )


def seams(areas: Sequence[shapely.Geometry], planned: NDArray[np.bool_]) -> list[Seam]:
    """Return where areas overlap or leave gaps, largest first.

    Parameters
    ----------
    areas : sequence of polygon
        Valid areas in a projected CRS, planned ones and their neighbours.
    planned : array of bool
        Which of them matter: only what touches one of them is returned.

    Notes
    -----
    A hole in a single area is its publisher's own (a lake, a town that is an area of its own) and
    is no gap, unless it is narrow. The sea is none: gaps are enclosed.
    """
    shapes = np.asarray(areas, dtype=object)
    if not planned.any():
        return []
    tree = shapely.STRtree(shapes)
    _, near = tree.query(shapes[planned], predicate="dwithin", distance=_REACH_M)
    local = np.unique(near)
    found = [*_overlaps(shapes, local, planned), *_gaps(shapes, local, planned, tree)]
    return sorted(found, key=lambda seam: (-seam.size_m2, seam.members))


def _overlaps(
    shapes: NDArray[np.object_], local: NDArray[np.int64], planned: NDArray[np.bool_]
) -> list[Seam]:
    # Areas of a clean coverage share whole edges; only the others can overlap.
    edges = shapely.coverage_invalid_edges(shapes[local])
    odd = local[~shapely.is_empty(edges)]
    if not len(odd):
        return []
    one, two = shapely.STRtree(shapes[odd]).query(shapes[odd], predicate="intersects")
    pairs = np.column_stack([odd[one], odd[two]])[one < two]
    pairs = pairs[planned[pairs].any(axis=1)]
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    return [
        Seam("overlap", (int(first), int(second)), float(size), _is_narrow(piece))
        for (first, second), piece, size in zip(pairs, common, shapely.area(common), strict=True)
        if size >= SMALLEST_M2
    ]


def _gaps(
    shapes: NDArray[np.object_],
    local: NDArray[np.int64],
    planned: NDArray[np.bool_],
    tree: shapely.STRtree,
) -> list[Seam]:
    # Areas that meet in points alone enclose land between them without a ring around it.
    outlines = shapely.node(shapely.boundary(shapely.union_all(shapes[local])))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(outlines)))
    faces = faces[shapely.area(faces) >= SMALLEST_M2]
    # Land of an area is no gap, be it one that is further away.
    covered, _ = tree.query(shapely.point_on_surface(faces), predicate="intersects")
    found = []
    for piece in np.delete(faces, np.unique(covered)):
        members = tree.query(piece, predicate="dwithin", distance=SMALLEST_M2)
        narrow = _is_narrow(piece)
        if planned[members].any() and (narrow or len(members) > 1):
            kind: Literal["gap", "hole"] = "gap" if narrow else "hole"
            found.append(Seam(kind, tuple(sorted(map(int, members))), float(piece.area), narrow))
    return found


def _is_narrow(piece: shapely.Geometry) -> bool:
    length = shapely.length(piece)
    return bool(length > 0 and 2 * shapely.area(piece) / length < NARROW_M)
