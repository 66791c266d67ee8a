"""Townships of the demo county: who is where, and borders that follow the ridges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from scipy import ndimage
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import MultiPolygon, Polygon

from .grid import (
    CELL_M,
    LAT0,
    LON0,
    M_PER_LAT,
    M_PER_LON,
    NX,
    NY,
    Field,
    Labels,
    cell_of,
    grid_graph,
    rng,
    to_lonlat,
)
from .terrain import Terrain

PROVINCE, PROVINCE_SHORT, COUNTY = "가람도", "가람", "한들군"
PROVINCE_CODE, COUNTY_CODE = "99", "99710"

ISLET_KM = (2.4, 20.0)


@dataclass(frozen=True)
class Township:
    """One eup or myeon: codes, the sketched place of its seat and of further parts (km)."""

    name: str
    mois: str
    kostat: str
    seat_km: tuple[float, float]
    also_km: tuple[tuple[float, float], ...] = ()


TOWNSHIPS = (
    Township("한들읍", "9971025000", "9931011", (17.7, 22.9)),
    Township("해동읍", "9971025300", "9931012", (17.2, 9.6)),
    Township("월현면", "9971031000", "9931031", (10.6, 29.4)),
    Township("운담면", "9971032000", "9931032", (19.0, 29.6)),
    Township("석현면", "9971033000", "9931033", (26.6, 28.4), ((29.6, 31.2), (30.4, 32.6))),
    Township("노송면", "9971034000", "9931034", (24.6, 22.0)),
    Township("금학면", "9971035000", "9931035", (32.0, 23.4)),
    Township("매봉면", "9971036000", "9931036", (29.8, 16.4)),
    Township("벽송면", "9971037000", "9931037", (31.2, 10.2)),
    Township("은계면", "9971038000", "9931038", (12.0, 21.4)),
    Township("율현면", "9971039000", "9931039", (5.2, 26.4), also_km=(ISLET_KM,)),
    Township("백련면", "9971040000", "9931040", (6.2, 14.2)),
    Township("해담면", "9971041000", "9931041", (8.2, 5.6)),
    Township("묵도면", "9971042000", "9931042", (25.2, 2.8)),
)
# Where the land beyond the outer ridges starts: belongs to the neighbouring counties.
OUTSIDE_KM = (
    *((x, 34.6) for x in (7.6, 9.4, 12.8, 15.0, 18.0, 21.5, 24.0, 25.5, 27.5, 30.0, 33.0, 36.0)),
    *((38.6, y) for y in (31.0, 28.0, 24.0, 21.0, 18.0, 14.6)),
)


def nearest_land(terrain: Terrain, x_km: float, y_km: float, radius_km: float = 1.2) -> int:
    """Return the lowest, flattest land cell near a sketched place."""
    rows, cols = np.mgrid[0:NY, 0:NX]
    dist = np.hypot((cols + 0.5) * CELL_M / 1000 - x_km, (rows + 0.5) * CELL_M / 1000 - y_km)
    around = ndimage.uniform_filter(terrain.slope + 0.4 * ~terrain.land, 7)
    score = terrain.height / 40 + terrain.slope * 6 + around * 25 + dist * 1.2
    score = np.round(score, 4)
    score = np.where(terrain.land & (dist < radius_km), score, np.inf)
    return int(np.argmin(score))


def partition(terrain: Terrain, seats: dict[str, int]) -> Labels:
    """Return for every cell the township number (0-based), -1 for sea and neighbour counties.

    The land is filled from all seats at once; climbing is dear, so the fronts meet on ridges.
    """
    height = np.maximum(terrain.height, 0.0)
    unrest = np.exp(ndimage.gaussian_filter(rng(61).standard_normal((NY, NX)), 2.0) * 3.5)
    cost = np.where(terrain.land, (1.0 + (height / 60.0) ** 2) * unrest, 12.0)
    graph = grid_graph(cost, height, climb=0.12)
    seeds = [seats[t.name] for t in TOWNSHIPS]
    owner = list(range(len(TOWNSHIPS)))
    for k, t in enumerate(TOWNSHIPS):
        for x, y in t.also_km:
            seeds.append(nearest_land(terrain, x, y))
            owner.append(k)
    for x, y in OUTSIDE_KM:
        seeds.append(cell_of(x * 1000, y * 1000))
        owner.append(-1)
    _, _, source = dijkstra(graph, indices=seeds, min_only=True, return_predecessors=True)
    lookup = np.full(NX * NY + 1, -1)
    for seed, number in zip(seeds, owner, strict=True):
        lookup[seed] = number
    labels = lookup[np.where(source < 0, NX * NY, source)].reshape(NY, NX)
    pieces, count = ndimage.label(terrain.land)
    for piece in range(1, count + 1):
        here = pieces == piece
        if here.sum() > 6000:
            continue
        # An island belongs to one township as a whole.
        numbers, hits = np.unique(labels[here], return_counts=True)
        labels[here] = numbers[np.argmax(hits)]
    labels = np.where(terrain.land, labels, -1)
    return _tidy(labels, terrain)


def _tidy(labels: Labels, terrain: Terrain) -> Labels:
    """Smooth borders by a majority filter and give detached scraps to their neighbour."""
    numbers = range(-1, len(TOWNSHIPS))
    for _ in range(1):
        votes = [
            ndimage.uniform_filter(((labels == k) & terrain.land).astype(float), 3) for k in numbers
        ]
        best = np.argmax(np.round(np.stack(votes), 4), axis=0) - 1
        labels = np.where(terrain.land, best, -1)
    for k in range(len(TOWNSHIPS)):
        pieces, count = ndimage.label(labels == k)
        for piece in range(1, count + 1):
            here = pieces == piece
            ring = ndimage.binary_dilation(here, np.ones((3, 3))) & ~here & terrain.land
            if here.sum() < 400 and ring.any():
                numbers_at, hits = np.unique(labels[ring], return_counts=True)
                labels[here] = numbers_at[np.argmax(hits)]
    return labels


def _arcs(labels: Labels) -> list[list[tuple[int, int]]]:
    """Return the chains of cell corners between different labels, broken at junctions."""
    padded = np.pad(labels, 1, constant_values=-1)
    links: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def link(a: tuple[int, int], b: tuple[int, int]) -> None:
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)

    rows, cols = np.nonzero(padded[:, :-1] != padded[:, 1:])
    for r, c in zip(rows.tolist(), cols.tolist(), strict=True):
        link((c, r - 1), (c, r))
    rows, cols = np.nonzero(padded[:-1, :] != padded[1:, :])
    for r, c in zip(rows.tolist(), cols.tolist(), strict=True):
        link((c - 1, r), (c, r))
    used: set[tuple[tuple[int, int], tuple[int, int]]] = set()
    arcs = []

    def walk(start: tuple[int, int], nxt: tuple[int, int]) -> list[tuple[int, int]]:
        chain = [start, nxt]
        used.update({(start, nxt), (nxt, start)})
        while len(links[chain[-1]]) == 2 and chain[-1] != start:
            a, b = links[chain[-1]]
            following = b if a == chain[-2] else a
            if (chain[-1], following) in used:
                break
            used.update({(chain[-1], following), (following, chain[-1])})
            chain.append(following)
        return chain

    for node in sorted(links):
        if len(links[node]) != 2:
            arcs += [walk(node, n) for n in sorted(links[node]) if (node, n) not in used]
    for node in sorted(links):
        arcs += [walk(node, n) for n in links[node] if (node, n) not in used]
    return arcs


def _smooth(chain: list[tuple[int, int]], passes: int = 4) -> Field:
    """Return a chain in metres, freed from the staircase; its ends stay where they are."""
    xy = np.array(chain, dtype=float) * CELL_M
    closed = chain[0] == chain[-1]
    for _ in range(passes):
        if closed:
            ring = xy[:-1]
            ring = 0.25 * np.roll(ring, 1, 0) + 0.5 * ring + 0.25 * np.roll(ring, -1, 0)
            xy = np.vstack([ring, ring[:1]])
        else:
            xy[1:-1] = 0.25 * xy[:-2] + 0.5 * xy[1:-1] + 0.25 * xy[2:]
    return xy


def polygons(labels: Labels) -> dict[str, MultiPolygon]:
    """Return the township areas in degrees; neighbours share every vertex of their border."""
    lines = []
    for chain in _arcs(labels):
        line = shapely.LineString(_smooth(chain))
        lines.append(shapely.LineString(to_lonlat(np.array(line.simplify(6.0).coords))))
    faces = shapely.get_parts(shapely.polygonize(lines))
    parts: dict[int, list[Polygon]] = {}
    for face in faces:
        point = face.representative_point()
        cell = cell_of(*_to_metres(point.x, point.y))
        number = int(labels.flat[cell])
        if number >= 0:
            parts.setdefault(number, []).append(face)
    areas = {}
    for k, t in enumerate(TOWNSHIPS):
        ordered = sorted(parts[k], key=lambda p: (-p.area, p.bounds))
        areas[t.name] = shapely.normalize(MultiPolygon(ordered))
    return areas


def _to_metres(lon: float, lat: float) -> tuple[float, float]:
    return (lon - LON0) * M_PER_LON, (lat - LAT0) * M_PER_LAT


def write_boundaries(path: Path, areas: dict[str, MultiPolygon]) -> None:
    """Write the townships as GeoJSON with the columns of the hangjeongdong files."""
    features = []
    for k, town in enumerate(TOWNSHIPS):
        properties = {
            "OBJECTID": k + 1,
            "adm_nm": f"{PROVINCE} {COUNTY} {town.name}",
            "adm_cd": town.kostat,
            "adm_cd2": town.mois,
            "sgg": COUNTY_CODE,
            "sido": PROVINCE_CODE,
            "sidonm": PROVINCE,
            "sggnm": COUNTY,
        }
        geometry = shapely.geometry.mapping(areas[town.name])
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    head = {"type": "FeatureCollection", "name": "handeul_townships", "crs": crs}
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + lines + "\n]}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
