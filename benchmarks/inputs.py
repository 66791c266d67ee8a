"""How long it takes to read and check the inputs of the whole nation, and in how much memory.

The nation is 3,504 townships (2018), the resident register of 2023-10, every branch of the
agricultural co-operatives and the lists of institutions that lie in the folder of real data. The
same files are then merely loaded, unchecked, with the libraries a notebook would use (geopandas,
pandas, openpyxl), in the same run: the ratio says what the checks cost.

Every measurement is a process of its own, on two cores at most.

    python benchmarks/inputs.py --data ../shared/data [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tomli_w

KOREA = "korea"
CORES = 2


def scenario(data: Path, folder: Path) -> Path:
    """Write the scenario of the nation and return its path."""
    korea = data.resolve() / KOREA
    facilities = [
        {"file": str(korea / "facilities/ltc_haenam_gangjin_jangheung.csv")},
        *({"file": str(path)} for path in sorted((korea / "facilities").glob("hira_*.json"))),
    ]
    raw = {
        "name": "nation",
        "title_ko": "전국",
        "title_en": "Nation",
        "townships": {
            "files": [str(korea / "boundaries/skorea-submunicipalities-2018-topo.json")],
            "as_of": "2018",
            "crosswalk": str(korea / "boundaries/hangjeongdong_2022_codes.tsv"),
        },
        "population": {"files": [str(korea / "population/202310_연령별인구현황_월간.csv")]},
        "points": {"kind": "centroid"},
        "facilities": {"sources": facilities},
        "cooperatives": {"file": str(korea / "cooperatives/kftc_branches_202607.xlsx")},
        "plan": {"periods": [{"year": 2027, "budget_mkrw": 1000.0}]},
    }
    path = folder / "nation.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return path


def ours(path: Path) -> dict[str, object]:
    """Read and check the nation with ruralcare."""
    from ruralcare import Scenario, workflow
    from ruralcare.report import InputsReport

    read = Scenario.read(path)
    found = workflow.examine(read)
    tables = (found.townships, found.people, found.places, found.roads)
    report = InputsReport(path.name, read, *tables, found.faults)
    report.to_dict("ko")
    return {**report.totals, "faults": len(report.faults), "remarks": len(report.remarks)}


def plain(path: Path) -> dict[str, object]:
    """Load the same files without any check."""
    import tomllib

    import geopandas
    import openpyxl
    import pandas

    raw = tomllib.loads(path.read_text("utf-8"))
    towns = geopandas.read_file(raw["townships"]["files"][0])
    register = pandas.read_csv(raw["population"]["files"][0], encoding="cp949", thousands=",")
    book = openpyxl.load_workbook(raw["cooperatives"]["file"], read_only=True)
    branches = sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))
    for source in raw["facilities"]["sources"]:
        file = Path(source["file"])
        if file.suffix == ".csv":
            pandas.read_csv(file)
        else:
            json.loads(file.read_text("utf-8"))
    return {"townships": len(towns), "rows": len(register), "branches": branches}


def measured(job: str, path: Path) -> dict[str, object]:
    """Run one job in a process of its own; return its seconds, its peak memory and its result."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--job", job, "--scenario", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    return {"seconds": seconds, **json.loads(done.stdout.splitlines()[-1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="one repetition instead of five")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--job", choices=("ours", "plain"), help=argparse.SUPPRESS)
    parser.add_argument("--scenario", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        result = {"ours": ours, "plain": plain}[arguments.job](arguments.scenario)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"peak_mb": peak_mb, "result": result}))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        path = scenario(arguments.data, Path(folder))
        repeats = 1 if arguments.quick else 5
        runs = {job: [measured(job, path) for _ in range(repeats)] for job in ("ours", "plain")}
    seconds = {job: statistics.median(run["seconds"] for run in runs[job]) for job in runs}
    peak = {job: max(run["peak_mb"] for run in runs[job]) for job in runs}
    summary = {
        "nation": runs["ours"][0]["result"],
        "seconds": round(seconds["ours"], 2),
        "peak_mb": round(peak["ours"]),
        "plain_seconds": round(seconds["plain"], 2),
        "plain_peak_mb": round(peak["plain"]),
        "ratio_to_plain_loading": round(seconds["ours"] / seconds["plain"], 2),
        "repeats": repeats,
        "cores": CORES,
    }
    if arguments.json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    for key, value in summary.items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
