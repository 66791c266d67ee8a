"""Villages of the demo county: names, residents and places, and their table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .grid import cell_of, rng, to_lonlat
from .names import village_names
from .settlements import Site
from .terrain import Terrain
from .townships import COUNTY, TOWNSHIPS

ISLET_PERSONS = 34


@dataclass(frozen=True)
class Village:
    """One village (리) with its place in metres on the board."""

    name: str
    township: str
    legal_code: str
    admin_code: str
    kind: str
    persons: int
    persons_70plus: int
    x_m: float
    y_m: float

    @property
    def base(self) -> str:
        """Return the name without its last syllable, as road names use it."""
        return self.name[:-1]


def name_sites(sites: list[Site]) -> list[str]:
    """Return the village names in the order of the sites."""
    names: list[str] = []
    avoid: set[str] = set()
    for k, town in enumerate(TOWNSHIPS):
        kinds = [s.kind for s in sites if s.township == town.name]
        names += village_names(kinds, k, avoid)
    return names


def _share_out(total: int, weights: np.ndarray, least: int) -> list[int]:
    """Return whole numbers of at least ``least`` in proportion to ``weights``, adding to total."""
    spare = total - least * len(weights)
    exact = np.round(weights / weights.sum() * spare, 6)
    whole = np.floor(exact).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")[: spare - int(whole.sum())]
    whole[order] += 1
    return (whole + least).tolist()


def settle(
    sites: list[Site], names: list[str], places: dict[int, tuple[float, float]],
    people: dict[str, np.ndarray], terrain: Terrain,
) -> list[Village]:  # fmt: skip
    """Return the villages with the residents of the 2023 register shared out among them."""
    villages: list[Village] = []
    for k, town in enumerate(TOWNSHIPS):
        random = rng(800 + k)
        here = [(s, n) for s, n in zip(sites, names, strict=True) if s.township == town.name]
        both = people[town.name].sum(axis=0)
        total, old = int(both.sum()), int(both[14:].sum())
        weights = np.exp(0.42 * random.standard_normal(len(here)))
        if town.name in ("한들읍", "해동읍"):
            # A town: most people live in the few villages of its streets.
            seat = places[here[0][0].cell]
            near = [np.hypot(*np.subtract(places[s.cell], seat)) for s, _ in here]
            weights *= 1.0 + 9.0 * np.exp(-np.round(np.array(near), 1) / 700.0)
            weights[0] *= 2.2
        else:
            weights[0] = weights.max() * 1.5
        inhabited = [i for i, (s, _) in enumerate(here) if s.kind != "islet"]
        fixed = ISLET_PERSONS * (len(here) - len(inhabited))
        persons = [ISLET_PERSONS] * len(here)
        for i, n in zip(inhabited, _share_out(total - fixed, weights[inhabited], 22), strict=True):
            persons[i] = n
        remote = np.array(persons, dtype=float) * (1.0 + 60.0 / (np.array(persons) + 60.0))
        elders = _share_out(old, remote, 0)
        elders = [min(e, p) for e, p in zip(elders, persons, strict=True)]
        for i, (site, name) in enumerate(here):
            x, y = _doorstep(places[site.cell], terrain, random)
            villages.append(Village(
                name, town.name, f"{town.mois[:8]}{21 + i:02d}", town.mois, site.kind,
                persons[i], elders[i], x, y,
            ))  # fmt: skip
    return villages


def _doorstep(
    place: tuple[float, float], terrain: Terrain, random: np.random.Generator
) -> tuple[float, float]:
    """Return a point a few steps beside the village road, on dry land."""
    for _ in range(20):
        turn = random.uniform(0, 2 * np.pi)
        x, y = place[0] + 28 * np.cos(turn), place[1] + 28 * np.sin(turn)
        if terrain.land.flat[cell_of(x, y)]:
            return round(float(x), 1), round(float(y), 1)
    return place


def write_villages(path: Path, villages: list[Village], banks_xy: np.ndarray) -> None:
    """Write the village table (UTF-8) in the columns of the published one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = rng(850)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["sigungu", "eupmyeondong", "ri", "legal_dong_code", "admin_dong_code",
             "households_sampled", "population", "population_70plus", "transit_min_to_bank",
             "lat", "lon"]
        )  # fmt: skip
        for v in sorted(villages, key=lambda v: (v.township, v.name)):
            gap = float(np.min(np.hypot(banks_xy[:, 0] - v.x_m, banks_xy[:, 1] - v.y_m)))
            transit = 4 + gap * 1.35 / 260 + random.uniform(0, 9)
            transit += {"islet": 75}.get(v.kind, 0)
            lon, lat = to_lonlat(np.array([[v.x_m, v.y_m]]))[0].tolist()
            sampled = max(2, min(20, round(v.persons / 28)))
            out.writerow([
                COUNTY, v.township, v.name, v.legal_code, v.admin_code, sampled,
                f"{v.persons}.0", f"{v.persons_70plus}.0", f"{round(transit)}.0", lat, lon,
            ])  # fmt: skip
