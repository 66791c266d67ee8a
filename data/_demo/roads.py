"""The road net of the demo county as least-cost paths over the terrain."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, cKDTree

from .graphs import steps_graph
from .grid import CELL_M, NX, NY, Field, cell_of, cell_xy, grid_graph
from .settlements import Site
from .terrain import Terrain

TRUNK, SECONDARY, TERTIARY, UNCLASSIFIED = 0, 1, 2, 3
BATCH = 16  # villages joined between two looks at the grown net
LOOPS = 64
HARBOUR_KM = {"해동읍": (19.9, 8.3), "묵도면": (23.6, 3.9)}
# (class, ref, name, stops): township seats by name, gates out of the county by km.
MAIN_ROADS: tuple[tuple[int, str, str, tuple[str | tuple[float, float], ...]], ...] = (
    (TRUNK, "91", "한들대로", ((20.6, 34.7), "운담면", "한들읍", "노송면", (38.7, 20.6))),
    (TRUNK, "93", "해동대로", ((11.4, 34.7), "월현면", "은계면", "한들읍", "해동읍")),
    (SECONDARY, "1207", "석현로", ((30.6, 34.7), "석현면", "노송면")),
    (SECONDARY, "1207", "매봉로", ("노송면", "매봉면", "벽송면")),
    (SECONDARY, "1211", "월운로", ("월현면", "운담면", "석현면", "금학면", (38.7, 24.0))),
    (SECONDARY, "1213", "백련로", ("은계면", "백련면")),
    (SECONDARY, "1213", "해담로", ("백련면", "해담면")),
    (SECONDARY, "1213", "율현로", ("은계면", "율현면", "월현면")),
    (SECONDARY, "1215", "금학로", ("금학면", "매봉면")),
    (TERTIARY, "3", "벽송로", ("벽송면", (38.7, 14.4))),
)


@dataclass
class Net:
    """The growing road net on the board: class and names of every cell-to-cell step."""

    terrain: Terrain
    steps: dict[tuple[int, int], int] = field(default_factory=dict)
    titles: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    corridor: set[int] = field(default_factory=set)

    def add(self, path: list[int], grade: int, ref: str = "", name: str = "") -> None:
        """Lay a path; where a road is already there, the better class stays."""
        for a, b in itertools.pairwise(path):
            key = (min(a, b), max(a, b))
            if grade < self.steps.get(key, 9):
                self.steps[key] = grade
                self.titles[key] = (ref, name)

    def cells(self) -> np.ndarray:
        """Return the cells that a road touches, in ascending order."""
        return np.unique(np.array(sorted(self.steps), dtype=np.int64))

    def cost(self, reuse: float) -> Field:
        """Return the building cost of a cell: steep is dear, existing road cheap, sea barred."""
        slope = ndimage.maximum_filter(self.terrain.slope, 2)
        cost = 1.0 + (slope * 11.0) ** 2 + np.maximum(self.terrain.height - 60.0, 0.0) / 60.0
        shore = ndimage.distance_transform_edt(self.terrain.land)
        cost = cost + np.where(shore <= 1.0, 1.2, 0.0)
        cost[~self.terrain.land] = np.inf
        flat = cost.ravel()
        if self.corridor:
            flat[np.array(sorted(self.corridor))] = 1.5
        if self.steps:
            flat[self.cells()] = np.minimum(flat[self.cells()], 6.0) * reuse
        return flat.reshape(NY, NX)


def _walk(predecessor: np.ndarray, end: int) -> list[int]:
    path = [end]
    while predecessor[path[-1]] >= 0:
        path.append(int(predecessor[path[-1]]))
    return path


def _route(net: Net, start: int, end: int, reuse: float) -> list[int]:
    graph = grid_graph(net.cost(reuse), np.maximum(net.terrain.height, 0.0), climb=0.35)
    _, predecessor = dijkstra(graph, indices=start, return_predecessors=True)
    path = _walk(predecessor, end)
    if path[-1] != start:
        raise ValueError(f"no way over land from cell {start} to {end}")
    return path


def straight_cells(a: int, b: int) -> list[int]:
    """Return the cells on the straight line between two cells."""
    (xa, ya), (xb, yb) = cell_xy(np.array([a, b]))
    n = int(np.hypot(xb - xa, yb - ya) / (CELL_M / 3)) + 2
    line = [
        cell_of(x, y) for x, y in zip(np.linspace(xa, xb, n), np.linspace(ya, yb, n), strict=True)
    ]
    return list(dict.fromkeys(line))


def _open_strait(net: Net, island_seat: int, mainland_seat: int) -> None:
    pieces, _ = ndimage.label(net.terrain.land)
    a = np.flatnonzero(pieces == pieces.flat[island_seat])
    b = np.flatnonzero(pieces == pieces.flat[mainland_seat])
    xa, xb = cell_xy(a), cell_xy(b)
    gaps, nearest = cKDTree(xb).query(xa)
    k = int(np.argmin(gaps))
    net.corridor.update(straight_cells(int(a[k]), int(b[nearest[k]])))


def harbour_cells(terrain: Terrain) -> dict[str, int]:
    """Return the shore cells of the two ferry harbours."""
    shore = ndimage.distance_transform_edt(terrain.land)
    found = {}
    for town, (x, y) in HARBOUR_KM.items():
        rows, cols = np.nonzero((shore >= 1.0) & (shore < 1.5))
        away = np.hypot((cols + 0.5) * CELL_M - x * 1000, (rows + 0.5) * CELL_M - y * 1000)
        best = int(np.argmin(np.round(away, 3)))
        found[town] = int(rows[best]) * NX + int(cols[best])
    return found


def lay_roads(terrain: Terrain, seats: dict[str, int], sites: list[Site]) -> Net:
    """Return the net from national roads down to village roads."""
    net = Net(terrain)
    _open_strait(net, seats["해담면"], seats["백련면"])
    for grade, ref, name, stops in MAIN_ROADS:
        cells = [seats[s] if isinstance(s, str) else cell_of(s[0] * 1e3, s[1] * 1e3) for s in stops]
        for a, b in itertools.pairwise(cells):
            net.add(_route(net, a, b, reuse=0.3), grade, ref, name)
    harbours = harbour_cells(terrain)
    net.add(_route(net, seats["해동읍"], harbours["해동읍"], 0.3), TERTIARY, "5", "해동항로")
    net.add(_route(net, seats["묵도면"], harbours["묵도면"], 0.3), TERTIARY, "6", "묵도로")
    _village_roads(net, sites)
    _loops(net, sites)
    _drop_triangles(net)
    _upgrade_busy(net, sites)
    return net


def _village_roads(net: Net, sites: list[Site]) -> None:
    """Join every village to the net, the nearest first; later roads branch off earlier ones."""
    climb = np.maximum(net.terrain.height, 0.0)
    waiting = [s for s in sites if s.kind != "islet"]
    while waiting:
        graph = grid_graph(net.cost(0.3), climb, climb=0.35)
        far, predecessor, _ = dijkstra(
            graph, indices=net.cells(), min_only=True, return_predecessors=True
        )
        waiting.sort(key=lambda s: (far[s.cell], s.cell))
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        for site in batch:
            net.add(_walk(predecessor, site.cell), UNCLASSIFIED)


def _loops(net: Net, sites: list[Site]) -> None:
    """Close gaps: a road between neighbouring villages that are far apart by road."""
    cells = np.array([s.cell for s in sites if s.kind != "islet"])
    xy = cell_xy(cells)
    pairs: set[tuple[int, int]] = set()
    for a, b, c in Delaunay(xy).simplices.tolist():
        pairs.update(tuple(sorted(p)) for p in ((a, b), (b, c), (a, c)))  # type: ignore[misc]
    near = sorted(
        (round(float(np.hypot(*(xy[i] - xy[j]))), 1), i, j)
        for i, j in pairs
        if np.hypot(*(xy[i] - xy[j])) < 2600
    )
    climb = np.maximum(net.terrain.height, 0.0)
    graph, added = None, 0
    for gap, i, j in near:
        start, end = int(cells[i]), int(cells[j])
        if _road_distance_m(net, start, end, 2.6 * gap) is not None:
            continue
        if graph is None:
            graph = grid_graph(net.cost(0.35), climb, climb=0.35)
        limit = gap / CELL_M * 9.0 * 1024
        far, predecessor = dijkstra(graph, indices=start, return_predecessors=True, limit=limit)
        if not np.isfinite(far[end]):
            continue
        net.add(_walk(predecessor, end), UNCLASSIFIED)
        added += 1
        graph = None if added % 4 == 0 else graph
        if added >= LOOPS:
            break


def _road_distance_m(net: Net, start: int, end: int, limit_m: float) -> float | None:
    graph, index = steps_graph(net.steps)
    far = dijkstra(graph, indices=index[start], limit=limit_m)
    value = float(far[index[end]])
    return value if np.isfinite(value) else None


def _upgrade_busy(net: Net, sites: list[Site]) -> None:
    """Make the village roads that several villages use to reach a seat tertiary roads."""
    graph, row = steps_graph(net.steps)
    cells = {k: c for c, k in row.items()}
    seats = [row[s.cell] for s in sites if s.kind == "seat"]
    _, predecessor, _ = dijkstra(graph, indices=seats, min_only=True, return_predecessors=True)
    users: dict[tuple[int, int], int] = {}
    for site in sites:
        if site.cell not in row:
            continue
        path = [cells[k] for k in _walk(predecessor, row[site.cell])]
        for a, b in itertools.pairwise(path):
            key = (min(a, b), max(a, b))
            users[key] = users.get(key, 0) + 1
    for key, count in users.items():
        if count >= 3 and net.steps[key] == UNCLASSIFIED:
            net.steps[key] = TERTIARY


def _drop_triangles(net: Net) -> None:
    """Remove the long side of tiny triangles that merging paths leave behind."""
    links: dict[int, set[int]] = {}
    for a, b in net.steps:
        links.setdefault(a, set()).add(b)
        links.setdefault(b, set()).add(a)
    for a, b in sorted(net.steps, key=lambda s: (-net.steps[s], s)):
        diagonal = abs(a // NX - b // NX) == 1 and abs(a % NX - b % NX) == 1
        if diagonal and links[a] & links[b]:
            common = min(links[a] & links[b])
            sides = [(min(a, common), max(a, common)), (min(b, common), max(b, common))]
            grade = net.steps.pop((a, b))
            title = net.titles.pop((a, b))
            links[a].discard(b)
            links[b].discard(a)
            for side in sides:
                if grade < net.steps[side]:
                    net.steps[side], net.titles[side] = grade, title
