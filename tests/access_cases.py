"""Travel-time tables, made up and checked against plain loops over dictionaries."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point

from ruralcare.types import DemandPoints, TravelTimes

CRS = "EPSG:5179"


def table(
    minutes: dict[tuple[str, str], float],
    homes: dict[str, tuple[str, float]],
    places: list[str],
    *,
    cutoff_min: float = 60.0,
    direction: str = "to_place",
    proxy: bool = False,
) -> TravelTimes:
    """Return a table from minutes by (home, place) and (township, weight) by home."""
    frame = gpd.GeoDataFrame(
        {
            "township_id": [township for township, _ in homes.values()],
            "name": list(homes),
            "weight": [weight for _, weight in homes.values()],
        },
        geometry=[Point(at, 0) for at in range(len(homes))],
        crs=CRS,
        index=pd.Index(list(homes), name="point_id", dtype=str),
    )
    rows = [
        (place, home, time) if direction == "to_demand" else (home, place, time)
        for (home, place), time in minutes.items()
    ]
    columns = {"from_id": str, "to_id": str, "time_min": float}
    return TravelTimes(
        pd.DataFrame(rows, columns=list(columns)).astype(columns).assign(proxy_share=0.0),
        cutoff_min,
        "car",
        direction,
        DemandPoints(frame, "villages"),
        tuple(places),
        pd.DataFrame({"from_id": [], "to_id": []}).astype(str),
        (),
        pd.Series(0.0, index=[*homes, *places], dtype="Float64"),
        proxy,
    )


class Case:
    """A made-up county: homes in townships, places of two services, not all within reach."""

    def __init__(self, seed: int, homes: int = 12, places: int = 7, cutoff_min: float = 60.0):
        rng = np.random.default_rng(seed)
        townships = [f"T{i % 3}" for i in range(homes)]
        share = rng.integers(1, 9, homes).astype(float)
        whole = {t: sum(s for s, u in zip(share, townships, strict=True) if u == t)
                 for t in set(townships)}  # fmt: skip
        self.homes = {
            f"h{i}": (t, s / whole[t])
            for i, (t, s) in enumerate(zip(townships, share, strict=True))
        }
        self.places = [f"p{j}" for j in range(places)]
        self.minutes = {
            (home, place): float(np.round(rng.uniform(0.5, 1.6 * cutoff_min), 3))
            for home in self.homes
            for place in self.places
        }
        self.minutes = {key: t for key, t in self.minutes.items() if t <= cutoff_min}
        self.cutoff_min = cutoff_min
        self.persons = {home: float(rng.integers(1, 200)) for home in self.homes}
        self.capacity = {place: float(rng.integers(1, 60)) for place in self.places}
        self.service = {place: "day" if j % 2 else "home" for j, place in enumerate(self.places)}

    @property
    def times(self) -> TravelTimes:
        return table(self.minutes, self.homes, self.places, cutoff_min=self.cutoff_min)

    @property
    def demand(self) -> pd.Series:
        return pd.Series(self.persons)

    @property
    def offers(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "place_id": self.places,
                "service": [self.service[place] for place in self.places],
                "capacity_persons": [self.capacity[place] for place in self.places],
            }
        )

    def of(self, service: str) -> list[str]:
        return [place for place in self.places if self.service[place] == service]

    def costs(self, service: str) -> pd.DataFrame:
        """The pairs of one service, as PySAL reads them."""
        chosen = set(self.of(service))
        rows = [(h, p, t) for (h, p), t in self.minutes.items() if p in chosen]
        return pd.DataFrame(rows, columns=["origin", "dest", "cost"])

    def pysal(self, service: str):
        """The same county as PySAL holds it."""
        from access import Access

        demand = pd.DataFrame({"id": list(self.persons), "people": list(self.persons.values())})
        places = self.of(service)
        supply = pd.DataFrame({"id": places, "room": [self.capacity[p] for p in places]})
        return quietly(
            Access,
            demand_df=demand,
            demand_index="id",
            demand_value="people",
            supply_df=supply,
            supply_index="id",
            supply_value="room",
            cost_df=self.costs(service),
            cost_origin="origin",
            cost_dest="dest",
            cost_name="cost",
        )


def quietly(call, **options):
    """Call PySAL without what it and its libraries warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(**options)


def by_point(measure, service: str) -> dict[str, float]:
    """Return the values of a service that are there, by demand point."""
    rows = measure.points[measure.points["service"] == service]
    return rows.dropna(subset="value").set_index("point_id")["value"].astype(float).to_dict()
