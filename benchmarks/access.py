"""Access measures of a nation: ruralcare beside PySAL `access` on the same travel times.

Townships and facilities are made up (clustered as towns are), and travel times are straight
distances at 60 km/h, since only what comes after the travel times is measured. A case is the way
from a fresh table of travel times to the measure with its spread in every township, in CPU seconds
on one core (the process is bound to it). PySAL gets its own table (numbers as ids, the quickest it
can have) and the same decay. The values of every demand point are compared in the run; a
difference stops it.

    python benchmarks/access.py [--quick] [--json]

`--quick` asks PySAL about a province only, and leaves out the rational agent model (RAAM), a search
by rounds. Peak memory is what is allocated beyond the table of travel times, traced in a run of
its own. `ratio` is the peer's seconds over ours.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare import access
from ruralcare.types import DemandPoints, TravelTimes

CUTOFF_MIN = 60.0
SIGMA_MIN = 20.0
ZONES = {10.0: 1.0, 20.0: 0.68, 30.0: 0.22}
SERVICE = "day_care"
SEARCH = "RAAM"
# Townships, facilities, and kilometres from south to north and from west to east.
SIZES = {"province": (438, 3_500, 90.0), "nation": (3_504, 28_000, 230.0)}
ATOL, RTOL = 1e-15, 1e-9


@dataclass
class Country:
    """Made-up townships and facilities, and the minutes between them."""

    name: str
    townships: int
    facilities: int
    point: np.ndarray
    place: np.ndarray
    minutes: np.ndarray
    persons: np.ndarray
    seats: np.ndarray

    def times(self) -> TravelTimes:
        """Return a fresh table, as the network room hands it over."""
        ids = [f"{at:010d}" for at in range(self.townships)]
        frame = gpd.GeoDataFrame(
            {"township_id": ids, "name": ids, "weight": 1.0},
            geometry=shapely.points(np.zeros((self.townships, 2))),
            crs="EPSG:5179",
            index=pd.Index(ids, name="point_id"),
        )
        nothing = np.zeros(0, np.int32)
        places = tuple(f"F{at:07d}" for at in range(self.facilities))
        return TravelTimes.measured(
            (self.point, self.place),
            self.minutes,
            np.zeros(len(self.minutes)),
            cutoff_min=CUTOFF_MIN,
            mode="car",
            direction="to_place",
            points=DemandPoints(frame, "villages"),
            place_ids=places,
            unreachable=(nothing, nothing),
            unsnapped=(),
            snap_m=pd.Series(0.0, index=[*ids, *places], dtype="Float64"),
        )

    def demand(self, times: TravelTimes) -> pd.Series:
        return pd.Series(self.persons, index=times.points.frame.index)

    def offers(self, times: TravelTimes) -> pd.DataFrame:
        return pd.DataFrame(
            {"place_id": times.place_ids, "service": SERVICE, "capacity_persons": self.seats}
        )

    def pysal(self) -> Any:
        from access import Access

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Access(
                demand_df=pd.DataFrame({"id": np.arange(self.townships), "people": self.persons}),
                demand_index="id",
                demand_value="people",
                supply_df=pd.DataFrame({"id": np.arange(self.facilities), "room": self.seats}),
                supply_index="id",
                supply_value="room",
                cost_df=pd.DataFrame(
                    {"origin": self.point, "dest": self.place, "cost": self.minutes}
                ),
                cost_origin="origin",
                cost_dest="dest",
                cost_name="cost",
            )


def made_up(name: str) -> Country:
    """Return a country of clustered towns."""
    townships, facilities, side_km = SIZES[name]
    rng = np.random.default_rng(20261123)
    towns = rng.uniform(0, side_km, (townships // 12, 2))
    size = rng.pareto(1.5, len(towns)) + 0.2

    def spread(count: int, km: float) -> np.ndarray:
        at = rng.choice(len(towns), count, p=size / size.sum())
        near = towns[at] + rng.normal(0, km, (count, 2))
        anywhere = rng.uniform(0, side_km, (count, 2))
        return np.where(rng.random((count, 1)) < 0.5, near, anywhere)

    homes, sites = spread(townships, 12.0), spread(facilities, 8.0)
    parts = []
    for begin in range(0, townships, 200):
        block = homes[begin : begin + 200]
        # Whole milliseconds, as the network room measures.
        minutes = np.hypot(*(block[:, None] - sites[None]).transpose(2, 0, 1))
        minutes = np.rint(minutes * 60_000) / 60_000
        i, j = np.nonzero(minutes <= CUTOFF_MIN)
        parts.append(((i + begin).astype(np.int32), j.astype(np.int32), minutes[i, j]))
    point, place, minutes = (np.concatenate(column) for column in zip(*parts, strict=True))
    persons = rng.integers(200, 4_000, townships).astype(float)
    seats = rng.integers(5, 60, facilities).astype(float)
    return Country(name, townships, facilities, point, place, minutes, persons, seats)


def measures() -> dict[str, tuple[Callable[..., Any], Callable[[Any], Any] | None]]:
    """Return each measure as we ask for it, and as PySAL is asked, where it has it."""
    from access import weights

    bell, zones = weights.gaussian(SIGMA_MIN), weights.step_fn(ZONES)
    gaussian = access.gaussian(CUTOFF_MIN, sigma_min=SIGMA_MIN)
    return {
        "2SFCA": (
            lambda times, **given: access.two_step_fca(
                times, decay=access.binary(CUTOFF_MIN), **given
            ),
            lambda peer: peer.two_stage_fca(max_cost=CUTOFF_MIN),
        ),
        "2SFCA, gaussian": (
            lambda times, **given: access.two_step_fca(times, decay=gaussian, **given),
            lambda peer: peer.two_stage_fca(max_cost=CUTOFF_MIN, weight_fn=bell),
        ),
        "E2SFCA": (
            lambda times, **given: access.enhanced_two_step_fca(times, **given),
            lambda peer: peer.enhanced_two_stage_fca(max_cost=CUTOFF_MIN, weight_fn=zones),
        ),
        "3SFCA": (
            lambda times, **given: access.three_step_fca(times, decay=gaussian, **given),
            lambda peer: peer.three_stage_fca(max_cost=CUTOFF_MIN, weight_fn=bell),
        ),
        "M2SFCA": (
            lambda times, **given: access.modified_two_step_fca(times, decay=gaussian, **given),
            None,
        ),
        SEARCH: (lambda times, **given: access.raam(times, **given), None),
    }


def show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def measure(country: Country, *, with_peer: bool, quick: bool) -> list[dict[str, Any]]:
    """Measure every case of a country, and compare with the peer."""
    show(f"{country.name}: {len(country.minutes):,} pairs")
    found = []
    for name, (ours, theirs) in measures().items():
        if quick and name == SEARCH:
            continue
        times = country.times()
        given = {"demand": country.demand(times), "offers": country.offers(times)}
        seconds, answer = timed(lambda: ours(times, **given))  # noqa: B023 - called at once
        case = {
            "name": f"{country.name}, {name}",
            "townships": country.townships,
            "facilities": country.facilities,
            "pairs": len(country.minutes),
            "seconds": round(seconds, 3),
            "peak_memory_mb": None if name == SEARCH else peak_mb(country, ours),
            "peer": None,
            "peer_seconds": None,
            "ratio": None,
        }
        for service, end in answer.convergence.items():
            case[f"convergence_{service}"] = vars(end)
        if with_peer and theirs is not None:
            peer = country.pysal()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                spent, values = timed(lambda: theirs(peer))  # noqa: B023 - called at once
            compare(name, answer, values)
            case |= {
                "peer": "PySAL access",
                "peer_seconds": round(spent, 3),
                "ratio": round(spent / seconds, 1),
            }
            del peer, values
        found.append(case)
        show(f"  {name:<16} {seconds:7.2f} s   peer {case['peer_seconds']} s")
    return found


def peak_mb(country: Country, ours: Callable[..., Any]) -> int:
    """Return what a measure allocates at most, from a fresh table."""
    times = country.times()
    given = {"demand": country.demand(times), "offers": country.offers(times)}
    gc.collect()
    tracemalloc.start()
    ours(times, **given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20)


def compare(name: str, answer: access.Measure, values: Any) -> None:
    """Stop where the peer has other values."""
    mine = answer.points["value"].to_numpy(float)
    theirs = np.zeros(len(mine))
    column = values if isinstance(values, pd.Series) else values.iloc[:, -1]
    theirs[column.index.to_numpy(int)] = column.fillna(0.0).to_numpy(float)
    if not np.allclose(mine, theirs, rtol=RTOL, atol=ATOL):
        raise AssertionError(f"{name}: PySAL differs by up to {np.abs(mine - theirs).max()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="PySAL on a province, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    # The peer's package has the name of this file, and the folder of a script is searched first.
    here = Path(__file__).resolve().parent
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != here]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cases = []
    for name in SIZES:
        with_peer = name != "nation" or not arguments.quick
        cases += measure(made_up(name), with_peer=with_peer, quick=arguments.quick)
    slowest = max(case["seconds"] for case in cases if "SFCA" in case["name"])
    print(f"slowest floating catchment: {slowest} s after the travel times")
    if arguments.json:
        report = {"cases": cases, "slowest_floating_catchment_s": slowest}
        print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
