"""How long it takes to give every township of the nation its status, and in how much memory.

The townships are those of 2018 (3,504, of which five in the demilitarised zone and 용지동, merged
into another, have no people); the people are those of the resident register of 2023-10. Townships
that were merged, divided or renamed in between get an equal share of what is left of their county.
No list of the nation's institutions lies in the folder of real data, so 28,000 are made up: drawn
by people aged 65 and over, near their township's middle. Roads are the proxy network. The whole
chain runs as `ruralcare run --until need` does.

    python benchmarks/nation.py --data ../shared/data [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w

KOREA = "korea"
TOPOLOGY = "boundaries/skorea-submunicipalities-2018-topo.json"
CROSSWALK = "boundaries/hangjeongdong_2022_codes.tsv"
REGISTER = "population/202310_연령별인구현황_월간.csv"
INSTITUTIONS = 28_000
CORES = 2
# Share of institutions, and of the need that they have room for.
MIX = {"home_visit_care": 0.62, "day_care": 0.18, "nursing_home": 0.20}
ROOM = {"home_visit_care": 24.0, "day_care": 28.0, "nursing_home": 32.0}


def boundaries(korea: Path, provinces: tuple[str, ...]):
    """Return the townships with ids of ten digits, in degrees."""
    import geopandas as gpd

    areas = gpd.read_file(korea / TOPOLOGY).set_crs("EPSG:4326", allow_override=True)
    rows = pd.read_csv(korea / CROSSWALK, sep="\t", encoding="cp949", dtype=str)
    rows = rows.drop_duplicates("adm_cd").set_index("adm_cd")
    # A township has the code of 2022 if that code still has its name.
    same = rows["emd_nm"].reindex(areas["code"]).to_numpy() == areas["name"].to_numpy()
    county = rows.groupby(rows.index.str[:5])["sgg"].first()
    names = rows.groupby(rows.index.str[:5])["sggnm"].first()
    # 인천 남구 became 미추홀구 in 2018, with another code.
    home = areas["code"].str[:5].replace("23030", "23090")
    areas["sigungu_id"] = home.map(county).fillna(home)
    areas["sigungu_name"] = home.map(names).fillna(home)
    number = areas.groupby("sigungu_id").cumcount() + 9000
    made = areas["sigungu_id"] + "9" + number.astype(str)
    areas["township_id"] = np.where(same, rows["adm_cd2"].reindex(areas["code"]), made)
    areas["known"] = same
    if provinces:
        areas = areas[areas["sigungu_id"].str[:2].isin(provinces)]
    columns = ["township_id", "name", "sigungu_id", "sigungu_name", "known", "geometry"]
    return areas[columns].reset_index(drop=True)


def people(korea: Path, areas: pd.DataFrame) -> pd.DataFrame:
    """Return people by township, sex and age; what no township has is shared in its county."""
    from ruralcare.inputs.files import Faults
    from ruralcare.inputs.people.register import read_register

    path = korea / REGISTER
    frame = read_register(path, Faults(path.name)).frame
    # The codes of 2022: 강원 was 42, 군위군 in 경북.
    code = frame["township_id"].str.replace("^51", "42", regex=True)
    frame["township_id"] = code.str.replace("^27720", "47720", regex=True)
    frame["sigungu_id"] = frame["township_id"].str[:5]
    known = set(areas["township_id"])
    direct = frame["township_id"].isin(known)
    keys = ["sex", "age_group"]
    rest = frame[~direct].groupby(["sigungu_id", *keys], as_index=False)["persons"].sum()
    homeless = areas[~areas["township_id"].isin(frame["township_id"])]
    shared = homeless[["township_id", "sigungu_id"]].merge(rest, on="sigungu_id")
    size = homeless.groupby("sigungu_id").size()
    shared["persons"] = (shared["persons"] / shared["sigungu_id"].map(size)).round().astype(int)
    both = pd.concat([frame[direct], shared])[["township_id", *keys, "persons"]]
    return both.assign(year=2023)


def institutions(areas: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return made-up institutions: more where more old people live."""
    rng = np.random.default_rng(1)
    old = counts[counts["age_group"] >= "65"].groupby("township_id")["persons"].sum()
    middle = areas.set_index("township_id").geometry.representative_point()
    weight = old.reindex(middle.index).fillna(0.0).to_numpy()
    number = round(INSTITUTIONS * len(areas) / 3504)
    town = rng.choice(len(middle), number, p=weight / weight.sum())
    service = rng.choice(list(MIX), number, p=list(MIX.values()))
    return pd.DataFrame(
        {
            "facility_id": [f"M{i:05d}" for i in range(number)],
            "name": [f"기관 {i}" for i in range(number)],
            "service": service,
            "lon": middle.x.to_numpy()[town] + rng.normal(0, 0.008, number),
            "lat": middle.y.to_numpy()[town] + rng.normal(0, 0.006, number),
            "capacity_persons": [round(ROOM[one] * rng.lognormal(0, 0.4)) + 1 for one in service],
        }
    )


def scenario(data: Path, folder: Path, quick: bool) -> Path:
    """Write the files of the nation (with ``quick``, of 전라도) and return the scenario."""
    korea = data.resolve() / KOREA
    areas = boundaries(korea, ("45", "46", "29") if quick else ())
    counts = people(korea, areas)
    areas = areas[areas["township_id"].isin(counts["township_id"])]
    areas.drop(columns="known").to_file(folder / "townships.geojson", driver="GeoJSON")
    counts.to_csv(folder / "people.csv", index=False)
    institutions(areas, counts).to_csv(folder / "institutions.csv", index=False)
    raw = {
        "name": "nation",
        "title_ko": "전국",
        "title_en": "Nation",
        "townships": {"files": ["townships.geojson"], "as_of": "2022"},
        "population": {"files": ["people.csv"]},
        "points": {"kind": "centroid"},
        "facilities": {"sources": [{"file": "institutions.csv", "format": "plain"}]},
        "travel": {"cutoff_min": 60.0},
        "need": {"uncertainty": {"samples": 20}},
        "plan": {"periods": [{"year": 2027, "budget_mkrw": 1000.0}]},
    }
    path = folder / "nation.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return path


def job(path: Path) -> dict[str, object]:
    """Run the chain up to need; say how long each step took."""
    import ruralcare as rc

    steps: dict[str, float] = {}
    last = ["", time.perf_counter()]

    def progress(message: object, share: float | None = None) -> None:
        now = time.perf_counter()
        steps[last[0]] = steps.get(last[0], 0.0) + now - last[1]
        last[:] = [message.template, now]  # type: ignore[attr-defined]

    results = rc.run(rc.Scenario.read(path), until="need", progress=progress)
    steps[last[0]] = steps.get(last[0], 0.0) + time.perf_counter() - last[1]
    need = results.need
    assert need is not None
    today = need.of_year()
    status = today.groupby(["service", "status"]).size()
    pairs = {one: len(times.frame) for one, times in results.access[0].times.items()}
    return {
        "townships": len(results.townships),
        "persons": int(results.people.totals().sum()),
        "institutions": len(results.places.facilities.frame),
        "pairs": pairs,
        "status": {f"{a} {b}": int(n) for (a, b), n in status.items()},
        "without_reason": int(((today["status"] != "served") & (today["reasons"] == "")).sum()),
        "steps": {key: round(value, 1) for key, value in steps.items() if key},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="전라도 and Gwangju alone")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--scenario", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.scenario:
        result = job(arguments.scenario)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"peak_mb": round(peak_mb), **result}))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        path = scenario(arguments.data, Path(folder), arguments.quick)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, __file__, "--scenario", str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr)
        seconds = time.perf_counter() - start
    summary = {
        "seconds": round(seconds, 1),
        "cores": CORES,
        **json.loads(done.stdout.splitlines()[-1]),
    }
    if arguments.json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    for key, value in summary.items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
