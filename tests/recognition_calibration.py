"""How the default rates were found: fitted to published figures on the national registers.

``python tests/recognition_calibration.py ../shared/data`` prints the rates that stand in
``scenario/defaults.toml``; ``test_demand_calibration.py`` repeats the fit and compares.

Nothing here imports the program: the registers are read by hand.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, fsolve

REGISTERS = {
    "2023-10": "korea/population/202310_연령별인구현황_월간.csv",
    "2025-05": "korea/population/202505_연령별인구현황_월간.csv",
}

# 2024 yearbook of long-term care insurance (National Health Insurance Service, 2025-06-30).
RECOGNISED_2024 = 1_165_000
AGED_65_2024 = 10_400_000
# Yearbooks: 953,511 at the end of 2021; 1.10 million at the end of 2023 was 7.7 % more than at the
# end of 2022. Half way between the ends of 2021 and 2022.
RECOGNISED_MID_2022 = (953_511 + 1_100_000 / 1.077) / 2
# Survey of long-term care, July 2022 (장기요양실태조사, Ministry of Health and Welfare): shares
# of the people recognised.
WOMEN_2022 = 0.723
UNDER_65_2022 = 0.028
FROM_80_2022 = 0.704
# 18.2 % of the 77.5 % who use a benefit and 15.0 % of the others are 90 or older.
FROM_90_2022 = 0.775 * 0.182 + 0.225 * 0.150

GROUPS = [f"{age:02d}-{age + 4:02d}" for age in range(0, 100, 5)] + ["100+"]
FIRST = 5 * np.arange(21)
YOUNG = (FIRST >= 45) & (FIRST < 65)
OLD = FIRST >= 65


def provinces(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the header of a register and the sum of the rows of its provinces.

    The rows of provinces are whole in both files; the blank bytes of 2025-05 hit counties and
    townships of Incheon and Gyeonggi only.
    """
    text = path.read_bytes().replace(b"\0", b"").decode("cp949", errors="replace")
    header, *rows = csv.reader(io.StringIO(text))
    whole = [
        [int(cell.replace(",", "")) for cell in row[1:]]
        for row in rows
        if row and re.search(r"\((?!0{10})\d{2}0{8}\)", row[0])
    ]
    assert len(whole) == 17
    return header[1:], np.array(whole).sum(axis=0)


def register_2023(path: Path) -> np.ndarray:
    """Return women and men in 21 age groups, (2, 21)."""
    header, total = provinces(path)
    found = []
    for sex in ("여", "남"):
        columns = [
            at for at, name in enumerate(header) if re.search(rf"_{sex}_\d+(~|세 이상)", name)
        ]
        assert len(columns) == 21
        found.append(total[columns])
    return np.array(found, dtype=float)


def register_2025(path: Path) -> np.ndarray:
    """Return everybody in 21 age groups, from single years of age."""
    header, total = provinces(path)
    columns = [at for at, name in enumerate(header) if re.search(r"_계_\d+세", name)]
    assert len(columns) == 101
    years = total[columns].astype(float)
    return np.add.reduceat(years, np.arange(0, 101, 5))


def at_month(early: np.ndarray, late: np.ndarray, months: float) -> np.ndarray:
    """Return women and men so many months after 2023-10, (2, 21).

    Every age group changes at a constant rate between the two registers (19 months); the share of
    women in it is that of 2023-10.
    """
    everybody = early.sum(axis=0)
    return early * (late / everybody) ** (months / 19)


def rates(level: float, slope: float, bend: float, woman: float, young: float) -> np.ndarray:
    """Return recognition rates, (2, 21): women, men.

    From 65 the log-odds are a parabola in age (five-year steps from 80; 100 and over as 95 to 99),
    and those of women are higher by ``woman``. From 45 to 64 the rate doubles with every group,
    alike for both sexes; below 45 it is nil.
    """
    step = np.minimum((FIRST - 80) / 5, 3)
    odds = level + slope * step + bend * step**2
    both = np.array([odds + woman / 2, odds - woman / 2])
    found = np.where(OLD, 1 / (1 + np.exp(-both)), 0.0)
    return np.where(YOUNG, young * 2.0 ** ((FIRST - 60) / 5), found)


def fit(early: np.ndarray, late: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Return the rates (2, 21) and what was found on the way."""
    mid_2022 = at_month(early, late, -15)
    total = RECOGNISED_MID_2022

    def misses(given: np.ndarray) -> list[float]:
        people = mid_2022 * rates(*given[:4], np.exp(given[4]))
        return [
            people.sum() / total - 1,
            people[0].sum() / total - WOMEN_2022,
            people[:, FIRST < 65].sum() / total - UNDER_65_2022,
            people[:, FIRST >= 80].sum() / total - FROM_80_2022,
            people[:, FIRST >= 90].sum() / total - FROM_90_2022,
        ]

    found, _, ok, text = fsolve(misses, [-1.5, 0.7, -0.05, 0.4, np.log(0.004)], full_output=True)
    assert ok == 1, text
    level, slope, bend, woman, young = found
    end_2024 = at_month(early, late, 14)
    factor = AGED_65_2024 / end_2024[:, OLD].sum()
    people = end_2024 * factor

    def too_many(shift: float) -> float:
        shape = rates(level + shift, slope, bend, woman, np.exp(young + shift))
        return (people * shape).sum() - RECOGNISED_2024

    shift = brentq(too_many, -1, 1)
    told = {
        "slope": slope, "bend": bend, "woman": woman, "level_2022": level, "shift": shift,
        "young_60": np.exp(young + shift), "factor": factor,
        "register_65": end_2024[:, OLD].sum(),
    }  # fmt: skip
    return rates(level + shift, slope, bend, woman, np.exp(young + shift)), told


if __name__ == "__main__":
    data = Path(sys.argv[1])
    early = register_2023(data / REGISTERS["2023-10"])
    late = register_2025(data / REGISTERS["2025-05"])
    found, told = fit(early, late)
    print(told)
    for name, row in zip(("female", "male"), found, strict=True):
        print(f"[need.recognition_rates.{name}]")
        for group, rate in zip(GROUPS, row, strict=True):
            if rate:
                print(f'"{group}" = {rate:.4f}')
