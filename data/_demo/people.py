"""Residents by township, sex and five-year age group for two years, ten years apart.

2013 is a drawn age pyramid; 2023 is the same people ten years older (cohort survival), less those
who left and plus those who came, plus births. Two knobs per township (young people, migration)
are turned until the population change and the extinction index asked for are met.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Field, rng
from .townships import TOWNSHIPS

AGES = 21  # 0–4, 5–9, … 95–99, 100+
MEN, WOMEN = 0, 1

# Ten-year survival into age groups 10–14 … 100+ (men, women), of the order of Korean life tables.
SURVIVAL = np.array([
    [.998, .997, .996, .994, .992, .990, .986, .980, .972, .960, .944, .918, .880, .805, .665,
     .455, .235, .085, .030],
    [.999, .998, .998, .997, .996, .995, .993, .990, .986, .981, .974, .962, .940, .900, .815,
     .660, .420, .190, .070],
])  # fmt: skip

# Share of the survivors who leave (−) or arrive (+) in ten years, groups 10–14 … 100+.
_EUP = [-.02, -.06, -.20, -.32, -.06, .12, .12, .06, .03, .03, .05, .06, .05, .03, .02, .03, .04,
        .0, .0]  # fmt: skip
_MYEON = [-.12, -.16, -.34, -.44, -.30, -.08, -.03, .00, .03, .08, .14, .13, .05, .00, -.03, -.05,
          -.06, -.05, .0]  # fmt: skip

# Age pyramids of 2013 per 1,000 people (men, women).
_PYRAMID_EUP = np.array([
    [22, 24, 30, 36, 30, 25, 30, 37, 42, 43, 44, 40, 28, 24, 23, 16, 9, 3.4, .9, .15, .01],
    [21, 23, 28, 33, 23, 22, 28, 35, 38, 39, 41, 38, 29, 28, 31, 26, 17, 8.5, 2.9, .6, .08],
])  # fmt: skip
_PYRAMID_MYEON = np.array([
    [11, 13, 17, 22, 20, 17, 17, 20, 25, 33, 44, 48, 43, 45, 47, 33, 16.5, 5.6, 1.4, .2, .02],
    [10, 12, 15, 18, 12, 11, 14, 17, 20, 27, 40, 46, 45, 55, 66, 55, 35, 16, 5.2, 1.1, .12],
])  # fmt: skip


@dataclass(frozen=True)
class Aim:
    """What a township should look like in 2023: persons, change since 2013, extinction index."""

    persons: int
    change: float
    index: float
    eup: float  # 1 a town, 0 a remote myeon


AIMS = {
    "한들읍": Aim(14_130, 0.021, 0.405, 1.0),
    "해동읍": Aim(6_240, -0.142, 0.205, 0.7),
    "월현면": Aim(3_180, -0.205, 0.128, 0.2),
    "운담면": Aim(1_490, -0.271, 0.083, 0.0),
    "석현면": Aim(3_920, -0.121, 0.172, 0.35),
    "노송면": Aim(3_390, -0.168, 0.143, 0.25),
    "금학면": Aim(2_210, -0.247, 0.094, 0.0),
    "매봉면": Aim(1_240, -0.312, 0.072, 0.0),
    "벽송면": Aim(2_980, -0.236, 0.101, 0.05),
    "은계면": Aim(2_640, -0.214, 0.116, 0.1),
    "율현면": Aim(1_870, -0.268, 0.086, 0.0),
    "백련면": Aim(2_050, -0.282, 0.079, 0.0),
    "해담면": Aim(1_930, -0.258, 0.090, 0.05),
    "묵도면": Aim(708, -0.341, 0.088, 0.0),
}
# Branch offices (출장소): rows of their own, whose people are not in the township's own row.
# (name as the register prints it, code, township, persons in 2023)
BRANCH_OFFICES = (
    ("한들읍민원출장소", "9971025100", "한들읍", 0),
    ("해동읍서창출장소", "9971025400", "해동읍", 862),
    ("벽송면동포출장소", "9971037500", "벽송면", 417),
)


def _mix(a: object, b: object, share: float) -> Field:
    return share * np.asarray(a, dtype=float) + (1.0 - share) * np.asarray(b, dtype=float)


def _pyramid_2013(aim: Aim, young: float) -> Field:
    people = _mix(_PYRAMID_EUP, _PYRAMID_MYEON, aim.eup)
    people[:, :9] *= young
    people[:, 3:8] *= young**0.5
    return people / people.sum()


def _ten_years_on(start: Field, aim: Aim, stay: float) -> Field:
    """Return the people ten years later; ``stay`` shifts the migration of all below 75."""
    shift = np.concatenate([np.full(13, stay), np.full(6, stay * 0.25)])
    moves = _mix(_EUP, _MYEON, aim.eup) + shift
    grown = np.zeros_like(start)
    moved = start[:, : AGES - 2] * SURVIVAL * np.maximum(1.0 + moves, 0.05)
    grown[:, 2:] = moved
    grown[:, 20] += start[:, 19:].sum(axis=1) * 0.02
    mothers = grown[WOMEN, 4:8].sum()
    former = start[WOMEN, 3:7].sum() * 0.5 + grown[WOMEN, 5:9].sum() * 0.5
    per_mother = 0.30 + 0.03 * aim.eup
    for age, births in ((0, per_mother * mothers), (1, (per_mother + 0.06) * former)):
        grown[MEN, age], grown[WOMEN, age] = births * 0.513, births * 0.487
    return grown


def extinction_index(people: Field) -> float:
    """Return women aged 20–39 per person aged 65 and over (지방소멸위험지수)."""
    return float(people[WOMEN, 4:8].sum() / people[:, 13:].sum())


def _solve(aim: Aim) -> tuple[Field, Field]:
    """Return the 2013 and 2023 pyramids of a township as real numbers."""
    low, high = 0.2, 3.0
    for _ in range(40):
        young = (low + high) / 2
        start = _pyramid_2013(aim, young)
        worst, best = -0.6, 0.6
        for _ in range(40):
            stay = (worst + best) / 2
            end = _ten_years_on(start, aim, stay)
            worst, best = (stay, best) if end.sum() < 1.0 + aim.change else (worst, stay)
        low, high = (young, high) if extinction_index(end) < aim.index else (low, young)
    scale = aim.persons / end.sum()
    return start * scale, end * scale


def _whole(people: Field, total: int, salt: int) -> np.ndarray:
    """Return whole persons near ``people`` that add up to ``total``, with natural unevenness."""
    noise = rng(salt).standard_normal(people.shape)
    uneven = np.maximum(people + 0.75 * noise * np.sqrt(people), 0.0)
    uneven = np.round(uneven * (total / uneven.sum()), 6)
    floor = np.floor(uneven).astype(np.int64)
    rest = (uneven - floor).ravel()
    order = np.argsort(-rest, kind="stable")[: total - int(floor.sum())]
    flat = floor.ravel()
    flat[order] += 1
    return flat.reshape(people.shape)


def county_people() -> dict[int, dict[str, np.ndarray]]:
    """Return whole persons (sex × age group) per year and township, branch offices included."""
    table: dict[int, dict[str, np.ndarray]] = {2013: {}, 2023: {}}
    for k, town in enumerate(TOWNSHIPS):
        aim = AIMS[town.name]
        start, end = _solve(aim)
        before = round(aim.persons / (1.0 + aim.change))
        table[2013][town.name] = _whole(start, before, 500 + k)
        table[2023][town.name] = _whole(end, aim.persons, 600 + k)
    return table


def branch_people(people: np.ndarray, persons: int, salt: int) -> np.ndarray:
    """Return the part of a township's people who are registered at its branch office."""
    if persons == 0:
        return np.zeros_like(people)
    share = persons / people.sum()
    part = _whole(people * share, persons, salt)
    return np.minimum(part, people)
