"""Writes lines as an OpenStreetMap .osm.pbf with shared nodes at junctions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import shapely
from osmium.osm import mutable

from .grid import to_lonlat
from .lines import Line

Point = tuple[float, float]


def node_crossings(lines: list[Line]) -> list[Line]:
    """Insert a common vertex where two ground-level lines cross."""
    ground = [k for k, line in enumerate(lines) if line.level == 0]
    shapes = np.array([shapely.LineString(lines[k].points) for k in ground])
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    extra: dict[int, set[Point]] = {}
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a >= b:
            continue
        met = shapely.intersection(shapes[a], shapes[b])
        for part in shapely.get_parts(met):
            if part.geom_type != "Point":
                continue
            spot = (round(part.x, 2), round(part.y, 2))
            for k in (a, b):
                extra.setdefault(k, set()).add(spot)
    for k, spots in sorted(extra.items()):
        line = lines[ground[k]]
        line.points = _insert(line.points, sorted(spots), shapes[k])
    return lines


def _insert(points: list[Point], spots: list[Point], shape: shapely.LineString) -> list[Point]:
    known = set(points)
    fresh = [s for s in spots if s not in known]
    if not fresh:
        return points
    steps = np.hypot(*np.diff(np.array(points), axis=0).T)
    along = [0.0, *np.cumsum(steps).tolist()]
    merged = list(zip(along, points, strict=True))
    merged += [(float(shape.project(shapely.Point(s))), s) for s in fresh]
    merged.sort(key=lambda m: round(m[0], 3))
    return [p for _, p in merged]


def drop_strays(lines: list[Line], keep_over: int = 40) -> list[Line]:
    """Drop streets that touch nothing; tracks meant to be loose stay."""
    parent: dict[Point, Point] = {}

    def root(p: Point) -> Point:
        while parent.setdefault(p, p) != p:
            parent[p] = parent[parent[p]]
            p = parent[p]
        return p

    for line in lines:
        for a, b in zip(line.points[:-1], line.points[1:], strict=True):
            parent[root(a)] = root(b)
    sizes: dict[Point, int] = {}
    for line in lines:
        top = root(line.points[0])
        sizes[top] = sizes.get(top, 0) + len(line.points)
    return [x for x in lines if x.loose or sizes[root(x.points[0])] > keep_over]


def write_pbf(lines: list[Line], path: Path) -> None:
    """Write nodes and ways with rising ids; no timestamps, users or versions."""
    numbers: dict[Point, int] = {}
    node_tags: dict[int, dict[str, str]] = {}
    for line in lines:
        for point in line.points:
            numbers.setdefault(point, len(numbers) + 1)
        for position, tags in line.ends.items():
            node_tags[numbers[line.points[position]]] = tags
    lonlat = to_lonlat(np.array(list(numbers)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # Uncompressed blocks: the bytes must not depend on the zlib at hand.
    file = osmium.io.File(str(path), "pbf,pbf_compression=none")
    header = osmium.io.Header()
    header.set("generator", "한들군 demo data")
    with osmium.SimpleWriter(file, header=header) as writer:
        for (lon, lat), number in zip(lonlat.tolist(), numbers.values(), strict=True):
            writer.add_node(
                mutable.Node(id=number, location=(lon, lat), tags=node_tags.get(number, {}))
            )
        for k, line in enumerate(lines):
            refs = [numbers[p] for p in line.points]
            refs = [r for i, r in enumerate(refs) if i == 0 or r != refs[i - 1]]
            writer.add_way(mutable.Way(id=k + 1, nodes=refs, tags=line.tags))
