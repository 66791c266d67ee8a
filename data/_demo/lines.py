"""Everything that becomes an OpenStreetMap way: main roads, streets, tracks, motorway, ferry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy import ndimage
from scipy.sparse.csgraph import dijkstra

from .graphs import chains, smooth_positions
from .grid import CELL_M, NX, NY, Field, cell_of, cell_xy, grid_graph, rng
from .roads import SECONDARY, TERTIARY, TRUNK, UNCLASSIFIED, Net, harbour_cells
from .settlements import Site
from .terrain import Terrain

Points = list[tuple[float, float]]
GRADE_TAG = {TRUNK: "trunk", SECONDARY: "secondary", TERTIARY: "tertiary",
             UNCLASSIFIED: "unclassified"}  # fmt: skip
MOTORWAY_KM = ((22.9, 35.4), (24.6, 33.6), (27.4, 32.5), (30.2, 31.6), (32.2, 29.9), (34.8, 28.9),
               (37.0, 29.2), (39.2, 28.6))  # fmt: skip


@dataclass
class Line:
    """One way in metres with its tags; ``level`` other than 0 crosses without a junction."""

    points: Points
    tags: dict[str, str]
    level: int = 0
    loose: bool = False
    ends: dict[int, dict[str, str]] = field(default_factory=dict)


def _tangent(points: dict[int, tuple[float, float]], links: list[int], here: int) -> float:
    a, b = points[links[0]], points[links[-1]] if len(links) > 1 else points[here]
    return float(np.arctan2(a[1] - b[1], a[0] - b[0]))


def _round(points: Points) -> Points:
    return [(round(float(x), 2), round(float(y), 2)) for x, y in points]


def rounded_curve(points: Points) -> Points:
    """Return the points with one in between each pair, on the cubic through four neighbours."""
    if len(points) < 3:
        return points
    xy = np.array(points)
    before = np.vstack([2 * xy[0] - xy[1], xy[:-2]])
    after = np.vstack([xy[2:], 2 * xy[-1] - xy[-2]])
    middle = (-before + 9 * xy[:-1] + 9 * xy[1:] - after) / 16
    out = np.empty((2 * len(xy) - 1, 2))
    out[0::2], out[1::2] = xy, middle
    return _round([tuple(p) for p in out.tolist()])


class LineMaker:
    """Turns the net, the villages and a few sketches into lines."""

    def __init__(self, terrain: Terrain, net: Net, sites: list[Site], names: list[str]) -> None:
        self.terrain, self.net, self.sites, self.names = terrain, net, sites, names
        self.places = smooth_positions(net.steps, {s.cell for s in sites}, terrain.land.ravel())
        for s in sites:
            if s.cell not in self.places:
                x, y = cell_xy(np.array([s.cell]))[0]
                self.places[s.cell] = (round(float(x), 2), round(float(y), 2))
        self.links: dict[int, list[int]] = {}
        for a, b in sorted(net.steps):
            self.links.setdefault(a, []).append(b)
            self.links.setdefault(b, []).append(a)
        self.site_xy = np.array([self.places[s.cell] for s in sites])
        self.lines: list[Line] = []

    def dry(self, x: float, y: float, steepest: float = 0.3) -> bool:
        """Say whether a point is on land that is not too steep."""
        cell = cell_of(x, y)
        return bool(self.terrain.land.flat[cell]) and self.terrain.slope.flat[cell] < steepest

    def near_name(self, x: float, y: float) -> str:
        """Return the name of the nearest village, without its last syllable 리."""
        k = int(np.argmin(np.round(np.hypot(self.site_xy[:, 0] - x, self.site_xy[:, 1] - y), 2)))
        return self.names[k][:-1]

    def main_roads(self) -> None:
        """Add the roads of the net; water crossings become bridges, one pass a tunnel."""
        land = self.terrain.land.ravel()
        tunnel = self._tunnel_steps()
        marks: dict[tuple[int, int], object] = {}
        for (a, b), grade in self.net.steps.items():
            kind = "tunnel" if (a, b) in tunnel else "road"
            if not (land[a] and land[b]):
                kind = "bridge"
            marks[(a, b)] = (grade, self.net.titles[(a, b)], kind)
        for chain in chains(self.net.steps, marks):
            grade, (ref, name), kind = marks[(min(chain[:2]), max(chain[:2]))]  # type: ignore[misc]
            points = rounded_curve([self.places[c] for c in chain])
            middle = points[len(points) // 2]
            tags = {"highway": GRADE_TAG[grade]}
            if not name:
                name = self.near_name(*middle) + ("로" if grade == TERTIARY else "길")
            tags["name"] = name
            if ref:
                tags["ref"] = ref
            if grade == TRUNK:
                tags |= {"maxspeed": "80", "lanes": "2", "surface": "asphalt"}
            elif grade == SECONDARY:
                tags["maxspeed"] = "60"
            elif grade == TERTIARY and len(chain) % 3 == 0:
                tags["maxspeed"] = "50"
            if kind == "bridge":
                tags |= {"bridge": "yes", "layer": "1"}
                if len(chain) > 8:
                    tags["bridge:name"] = "해담대교"
            elif kind == "tunnel":
                tags |= {
                    "tunnel": "yes",
                    "layer": "-1",
                    "tunnel:name": f"{self.near_name(*middle)}터널",
                }
            level = {"bridge": 1, "tunnel": -1}.get(str(kind), 0)
            self.lines.append(Line(points, tags, level))

    def _tunnel_steps(self) -> set[tuple[int, int]]:
        height = self.terrain.height.ravel()
        sites = {s.cell for s in self.sites}
        south = int(33.0e3 / CELL_M) * NX  # the pass is to lie inside the county
        trunk = [s for s, g in self.net.steps.items() if g == TRUNK and max(s) < south]
        simple = [
            s for s in trunk if all(len(self.links[c]) == 2 for c in s) and not sites & set(s)
        ]
        if not simple:
            return set()
        best = max(simple, key=lambda s: (height[s[0]] + height[s[1]], s))
        found, edge = {best}, list(best)
        allowed = set(simple)
        for _ in range(4):
            for cell in list(edge):
                for other in self.links[cell]:
                    key = (min(cell, other), max(cell, other))
                    if key in allowed and key not in found and len(found) < 9:
                        found.add(key)
                        edge.append(other)
        return found

    def villages(self) -> None:
        """Add lanes and farm tracks of every village, and street grids of the seats."""
        random = rng(31)
        for k, site in enumerate(self.sites):
            here = self.places[site.cell]
            links = self.links.get(site.cell, [site.cell])
            angle = _tangent(self.places, links, site.cell) if site.cell in self.links else 0.4
            base = self.names[k][:-1]
            if site.kind == "seat":
                size = {"한들읍": (12, 9), "해동읍": (8, 7)}.get(site.township, (6, 4))
                self._street_grid(here, angle, size, site.township, base, random)
                tracks = 2
            else:
                self._lanes(here, angle, base, site.kind == "islet", random)
                tracks = 0 if site.kind == "islet" else int(random.integers(1, 4))
            turn = random.uniform(0, 2 * np.pi)
            for number in range(tracks):
                heading = turn + number * 2.1 + random.uniform(-0.3, 0.3)
                self._track(here, heading, random, loose=random.random() < 0.02)

    def _lanes(
        self, here: tuple[float, float], angle: float, base: str, alone: bool,
        random: np.random.Generator,
    ) -> None:  # fmt: skip
        count = int(random.integers(2, 5))
        for number in range(count):
            side = 1 if number % 2 == 0 else -1
            turn = angle + side * np.pi / 2 + random.uniform(-0.7, 0.7)
            points: Points = [here]
            for _ in range(int(random.integers(2, 5))):
                x, y = points[-1]
                reach = random.uniform(35, 80)
                turn += random.uniform(-0.45, 0.45)
                nxt = (x + reach * np.cos(turn), y + reach * np.sin(turn))
                if not self.dry(*nxt):
                    break
                points.append(nxt)
            if len(points) < 2:
                continue
            name = f"{base}{number + 1}길" if number else f"{base}안길"
            tags = {"highway": "residential", "name": name}
            self.lines.append(Line(_round(points), tags, loose=alone))
            if len(points) > 2 and random.random() < 0.6:
                x, y = points[-2]
                spur = turn + side * random.uniform(1.1, 1.9)
                end = (x + 60 * np.cos(spur), y + 60 * np.sin(spur))
                if self.dry(*end):
                    spur_points = _round([points[-2], end])
                    self.lines.append(Line(spur_points, {"highway": "residential"}, loose=alone))

    def _street_grid(
        self, here: tuple[float, float], angle: float, size: tuple[int, int],
        township: str, base: str, random: np.random.Generator,
    ) -> None:  # fmt: skip
        nx, ny = size
        step = 92.0
        cos, sin = np.cos(angle), np.sin(angle)
        spots: dict[tuple[int, int], tuple[float, float]] = {}
        for i in range(nx):
            for j in range(ny):
                u = (i - (nx - 1) / 2 + 0.31) * step + random.uniform(-14, 14)
                v = (j - (ny - 1) / 2 + 0.37) * step + random.uniform(-14, 14)
                bend = 0.0006 * u * u
                x, y = here[0] + u * cos - (v + bend) * sin, here[1] + u * sin + (v + bend) * cos
                outer = ((i - (nx - 1) / 2) / nx) ** 2 + ((j - (ny - 1) / 2) / ny) ** 2
                if self.dry(x, y, 0.16) and outer < 0.22 + 0.1 * random.random():
                    spots[(i, j)] = (x, y)
        titles = {(0, ny // 2): township[:-1] + "로"}
        if max(size) > 6:
            titles |= {(1, nx // 2): "중앙로", (1, nx // 2 - 2): "시장길"}
        if township == "해동읍":
            titles[(1, nx // 2)] = "항구길"
        for along, count, other in ((0, ny, nx), (1, nx, ny)):
            for row in range(count):
                run: Points = []
                title = titles.get((along, row), f"{base}{along * 20 + row + 1}길")
                main = (along, row) in titles
                oneway = max(size) > 6 and row in (2, 5) and along == 1
                for k in range(other + 1):
                    spot = spots.get((k, row) if along == 0 else (row, k))
                    gone = random.random() < (0.0 if main else 0.10 if max(size) > 6 else 0.2)
                    if spot is None or gone:
                        self._street(run, title, oneway)
                        run = [spot] if spot is not None else []
                    else:
                        run.append(spot)
                self._street(run, title, oneway)

    def _street(self, run: Points, name: str, oneway: bool) -> None:
        if len(run) < 2:
            return
        tags = {"highway": "residential", "name": name, "maxspeed": "30"}
        if oneway:
            tags["oneway"] = "yes"
        self.lines.append(Line(_round(run), tags))

    def _track(
        self, here: tuple[float, float], turn: float, random: np.random.Generator, loose: bool
    ) -> None:
        start = here
        if loose:
            start = (here[0] + 190 * np.cos(turn), here[1] + 190 * np.sin(turn))
            if not self.dry(*start):
                return
        points: Points = [start]
        for _ in range(int(random.integers(4, 12))):
            x, y = points[-1]
            options = turn + np.array([-0.5, -0.25, 0.0, 0.25, 0.5]) + random.uniform(-0.15, 0.15)
            steep = [
                self.terrain.slope.flat[cell_of(x + 90 * np.cos(a), y + 90 * np.sin(a))]
                if self.dry(x + 90 * np.cos(a), y + 90 * np.sin(a), 0.4) else 9.0
                for a in options
            ]  # fmt: skip
            best = int(np.argmin(np.array(steep) + 0.03 * np.abs(np.arange(5) - 2)))
            if steep[best] > 1.0:
                break
            turn = float(options[best])
            points.append((x + 80 * np.cos(turn), y + 80 * np.sin(turn)))
        if len(points) < 3:
            return
        grade = "grade1" if random.random() < 0.4 else "grade3"
        tags = {"highway": "track", "tracktype": grade}
        if grade == "grade1":
            tags["surface"] = "concrete"
        self.lines.append(Line(_round(points), tags, loose=loose))

    def motorway(self) -> None:
        """Add a dual carriageway over the north-east corner with one interchange."""
        centre = np.array(MOTORWAY_KM) * 1000
        for _ in range(4):
            centre = np.array(rounded_curve([tuple(p) for p in centre.tolist()]))
        direction = np.gradient(centre, axis=0)
        direction /= np.hypot(*direction.T)[:, None]
        normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
        tags = {"highway": "motorway", "name": "가람해안고속도로", "ref": "97", "oneway": "yes",
                "lanes": "2", "maxspeed": "100"}  # fmt: skip
        east, west = centre - 12 * normal, (centre + 12 * normal)[::-1]
        road = sorted(
            {self.places[c] for step in self.net.steps for c in step
             if self.net.titles[step][1] == "석현로"}
        )  # fmt: skip
        near = np.array([min(np.hypot(*(spot - p)) for p in road) for spot in centre])
        k = int(np.argmin(np.round(near, 2))) + 5
        aim = centre[k - 5] - normal[k - 5] * 620
        target = road[int(np.argmin(np.round([np.hypot(*(aim - p)) for p in road], 2)))]
        gate = tuple((centre[k] - normal[k] * 300).tolist())
        last = len(centre) - 1
        w = last - k
        ramps = [
            (east[k - 4], gate, "east_off"), (gate, east[k + 4], "east_on"),
            (west[w - 4], gate, "west_off"), (gate, west[w + 4], "west_on"),
        ]  # fmt: skip
        for lane, cuts in ((east, (k - 4, k + 4)), (west, (w - 4, w + 4))):
            pieces = (lane[: cuts[0] + 1], lane[cuts[0] : cuts[1] + 1], lane[cuts[1] :])
            for piece in pieces:
                self.lines.append(Line(_round([tuple(p) for p in piece.tolist()]), tags, level=1))
        link = {"highway": "motorway_link", "oneway": "yes", "maxspeed": "50"}
        for start, end, kind in ramps:
            a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
            lane, spot = (a, b) if kind.endswith("off") else (b, a)
            ahead = direction[k] * (1 if kind.startswith("east") else -1)
            way = ahead * (1 if kind.endswith("off") else -1)
            pull = (
                lane + way * 420 if kind.startswith("east") else spot + normal[k] * 420 - way * 90
            )
            s = np.linspace(0, 1, 11)[:, None]
            curve = (1 - s) ** 2 * lane + 2 * s * (1 - s) * pull + s**2 * spot
            curve = curve if kind.endswith("off") else curve[::-1]
            extra = {"bridge": "yes", "layer": "2"} if kind.startswith("west") else {}
            self.lines.append(Line(_round([tuple(p) for p in curve.tolist()]), link | extra, 2))
        self.lines.append(
            Line(_round([gate, target]), {"highway": "motorway_link", "name": "석현나들목"}, 2,
                 ends={0: {"barrier": "toll_booth", "name": "석현요금소"}})
        )  # fmt: skip

    def ferry(self) -> None:
        """Add the ferry between the two harbours."""
        cells = harbour_cells(self.terrain)
        start, end = cells["해동읍"], cells["묵도면"]
        offshore = ndimage.distance_transform_edt(~self.terrain.land)
        cost = 1.0 + 6.0 / (1.0 + offshore)
        cost[self.terrain.land] = np.inf
        flat = cost.ravel()
        flat[[start, end]] = 1.0
        graph = grid_graph(flat.reshape(NY, NX))
        _, predecessor = dijkstra(graph, indices=start, return_predecessors=True)
        path = [end]
        while path[-1] != start:
            path.append(int(predecessor[path[-1]]))
        xy: Field = cell_xy(np.array(path[::-1]))
        for _ in range(40):
            xy[1:-1] = 0.25 * xy[:-2] + 0.5 * xy[1:-1] + 0.25 * xy[2:]
        line = shapely.LineString(xy).simplify(12.0)
        points = _round([tuple(p) for p in np.array(line.coords).tolist()])
        points[0], points[-1] = self.places[start], self.places[end]
        minutes = int(round(line.length / 1000 / 14 * 60 / 5) * 5)
        tags = {"route": "ferry", "name": "해동–묵도 항로", "duration": f"00:{minutes:02d}",
                "interval": "01:30", "motor_vehicle": "yes", "foot": "yes",
                "opening_hours": "06:30-18:30", "operator": "한들해운"}  # fmt: skip
        ends = {0: {"amenity": "ferry_terminal", "name": "해동항 여객선터미널"},
                -1: {"amenity": "ferry_terminal", "name": "묵도 선착장"}}  # fmt: skip
        self.lines.append(Line(points, tags, level=9, ends=ends))
