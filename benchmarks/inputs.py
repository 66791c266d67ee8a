"""How long it takes to read and check the inputs of the whole nation, and in how much memory.

The files are those of the nation: 3,504 townships (2018), the resident register of 2023-10, every
branch of the agricultural co-operatives, and the lists of institutions that lie in the folder of
real data. Counties whose townships changed between 2018 and 2023 cannot be planned from these
files (the check would name every such township); the scenario takes all the others. The same files
are then merely loaded, unchecked, with the libraries a notebook would use (geopandas, pandas,
openpyxl), in the same run: the ratio says what the checks cost.

Every measurement is a process of its own, on two cores at most.

    python benchmarks/inputs.py --data ../shared/data [--quick] [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tomli_w

KOREA = "korea"
REGISTER = "population/202310_연령별인구현황_월간.csv"
CORES = 2


def counties(korea: Path) -> list[str]:
    """Return the counties whose townships are the same in the boundaries and in the register."""
    with (korea / "boundaries/hangjeongdong_2022_codes.tsv").open(encoding="cp949") as stream:
        rows = {(row["adm_cd"]): row for row in csv.DictReader(stream, delimiter="\t")}
    topology = json.loads(
        (korea / "boundaries/skorea-submunicipalities-2018-topo.json").read_text("utf-8")
    )
    drawn: dict[str, set[str]] = {}
    changed = set()
    county_of = {code[:5]: row["sgg"] for code, row in rows.items()}
    for areas in topology["objects"].values():
        for area in areas["geometries"]:
            code = area["properties"]["code"]
            row = rows.get(code)
            if row is None or row["emd_nm"] != area["properties"]["name"]:
                changed.add(county_of.get(code[:5], ""))
            if row is not None:
                drawn.setdefault(row["sgg"], set()).add(row["adm_cd2"])
    with (korea / REGISTER).open(encoding="cp949") as stream:
        names = [row[0] for row in csv.reader(stream)][1:]
    registered: dict[str, set[str]] = {}
    for name, code in (re.fullmatch(r"(.*?)\s*\((\d{10})\)", name).groups() for name in names):
        # The codes of 2018: 강원 was 42, 군위군 in 경북.
        code = re.sub("^51", "42", re.sub("^27720", "47720", code))
        if code[5:] != "00000" and not name.endswith("출장소"):
            registered.setdefault(code[:5], set()).add(code)
    return [one for one in sorted(drawn) if drawn[one] == registered.get(one) if one not in changed]


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
        "area": {"sigungu": counties(korea)},
        "townships": {
            "files": [str(korea / "boundaries/skorea-submunicipalities-2018-topo.json")],
            "as_of": "2018",
            "crosswalk": str(korea / "boundaries/hangjeongdong_2022_codes.tsv"),
        },
        "population": {"files": [str(korea / REGISTER)]},
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
    report.to_html("ko")
    counts = {"faults": len(report.faults), "remarks": len(report.remarks)}
    files = {one.file: {"rows": one.rows, "used": one.used} for one in report.readings}
    return {"counties": len(read.area.sigungu), **report.totals, **counts, "files": files}


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
