"""The folder with the results: written whole or not at all."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs import file_hash
from ruralcare.language import Message
from ruralcare.progress import Progress, silent
from ruralcare.report import Results, document, map_page, tables, write_geopackage

__all__ = ["check_folder", "deliver"]

_MANIFEST = "manifest.json"
_VERSIONS = ("geopandas", "highspy", "networkx", "numpy", "pandas", "scipy", "shapely")
# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_folder(out: Path) -> None:
    """Raise unless a folder is free for results: absent, empty, or holding earlier results.

    Raises
    ------
    InputError
        The folder holds other files, or is a file.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if out.is_dir() and (out / _MANIFEST).is_file():
        return
    raise InputError(
        [
            Fault(
                Message("The output folder holds files that are no results of ruralcare."),
                Message("Choose a new or empty folder."),
                column="--out",
                value=str(out),
            )
        ]
    )


def deliver(results: Results, out: Path, *, progress: Progress = silent) -> list[Path]:
    """Write maps, report and tables.

    Everything is made in a folder beside ``out`` and moved there at the end, the manifest last;
    a failure leaves nothing behind. Files of earlier results that are not made again are removed;
    other files are left alone.

    Returns
    -------
    list of Path
        The files, those to open first.

    Raises
    ------
    InputError
        The folder holds files that are not ours.
    """
    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        names = _make(results, work, out, progress)
        _replace(work, out, names)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return [out / name for name in names]


def _make(results: Results, work: Path, out: Path, progress: Progress) -> list[str]:
    """Make all files in a folder; return their names, those to open first."""
    language = results.scenario.language
    steps: list[tuple[str, Callable[[Path], object]]] = []
    if results.need is not None:
        steps.append(("map.html", lambda path: map_page(results, language).save(path)))
        steps.append(("report.html", lambda path: _text(path, document(results, language))))
    steps.append(("result.gpkg", lambda path: write_geopackage(results, path)))
    for name, frame in tables(results).items():
        steps.append((f"tables/{name}.csv", partial(_csv, frame)))
        steps.append((f"tables/{name}.parquet", partial(_parquet, frame)))
    steps.append(("scenario.toml", lambda path: _text(path, results.scenario.to_toml(out))))
    (work / "tables").mkdir()
    for number, (name, make) in enumerate(steps):
        progress(Message("Writing results"), number / len(steps))
        make(work / name)
    names = [name for name, _ in steps]
    manifest = json.dumps(_manifest(results, names), ensure_ascii=False, indent=2)
    _text(work / _MANIFEST, manifest + "\n")
    return [*names, _MANIFEST]


def _replace(work: Path, out: Path, names: list[str]) -> None:
    if not out.exists():
        # One rename: the folder appears whole.
        work.chmod(0o755)
        work.replace(out)
        return
    (out / "tables").mkdir(exist_ok=True)
    old = out / _MANIFEST
    earlier = json.loads(old.read_text("utf-8")).get("files", []) if old.is_file() else []
    for name in names:
        (work / name).replace(out / name)
    for name in sorted(set(earlier) - set(names)):
        stale = (out / name).resolve()
        if stale.is_relative_to(out.resolve()):
            stale.unlink(missing_ok=True)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _csv(frame: pd.DataFrame, path: Path) -> None:
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(
                lambda cell: (
                    f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
                )
            )
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _manifest(results: Results, names: list[str]) -> dict[str, Any]:
    scenario, plan = results.scenario, results.plan
    manifest: dict[str, Any] = {
        "program": "ruralcare",
        "version": version("ruralcare"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _VERSIONS},
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "variant": scenario.variant,
        "language": scenario.language,
        "seed": scenario.seed,
        "demo": scenario.demo,
        "proxy_roads": results.roads.is_proxy,
        "inputs": [
            {"file": path.as_posix(), "sha256": file_hash(scenario.resolve(path))}
            for path in scenario.files
        ],
        "files": names,
    }
    if plan is not None:
        manifest["plan"] = {
            "objective": plan.objective,
            "bound": plan.bound,
            "relative_gap": plan.relative_gap,
            "termination": plan.termination,
            "runtime_s": round(plan.runtime_s, 3),
        }
    return manifest
