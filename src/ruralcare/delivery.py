"""The folder with the results: written whole or not at all."""

from __future__ import annotations

import json
import os
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
from ruralcare.spreadsheets import guarded

__all__ = ["check_folder", "deliver", "write_page"]

_MANIFEST = "manifest.json"
_VERSIONS = ("geopandas", "highspy", "networkx", "numpy", "pandas", "scipy", "shapely")


def check_folder(out: Path) -> None:
    """Raise unless a folder is free for results: absent, empty, or holding earlier results.

    Raises
    ------
    InputError
        The folder holds other files, is a file, or cannot be written.
    """
    place = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise _refused(
            out,
            Message("No folder can be made here."),
            Message("Choose a folder in which you may write."),
        )
    if out.exists() and any(out.iterdir()) and _earlier(out) is None:
        raise _refused(
            out,
            Message("The output folder holds files that are no results of ruralcare."),
            Message("Choose a new or empty folder."),
        )


def _refused(out: Path, problem: Message, remedy: Message) -> InputError:
    return InputError([Fault(problem, remedy, column="--out", value=str(out))])


def _earlier(out: Path) -> list[str] | None:
    """Return the files of earlier results, or None if the folder holds none."""
    try:
        manifest = json.loads((out / _MANIFEST).read_text("utf-8"))
        if manifest["program"] != "ruralcare":
            return None
        return [str(name) for name in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def deliver(
    results: Results, out: Path, *, pages: bool = True, progress: Progress = silent
) -> list[Path]:
    """Write maps, report and tables.

    Everything is made in a folder beside ``out`` and moved there at the end, the manifest last;
    a failure leaves nothing behind. Files of earlier results that are not made again are removed;
    other files are left alone.

    Parameters
    ----------
    results : Results
        What a run found.
    out : Path
        The folder.
    pages : bool
        Whether to draw the map and the report, which take a need table.
    progress : Progress
        Told which step is under way.

    Returns
    -------
    list of Path
        The files, those to open first.

    Raises
    ------
    InputError
        The folder holds files that are not ours.
    """
    out = out.absolute()
    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        names = _make(results, work, out, pages, progress)
        _replace(work, out, names)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return [out / name for name in names]


def write_page(path: Path, html: str) -> None:
    """Write a page, whole or not at all; an earlier page of the name is replaced.

    Raises
    ------
    InputError
        The name is not that of a page, or the file cannot be written.
    """

    def refused(problem: Message, remedy: Message) -> InputError:
        return InputError([Fault(problem, remedy, column="--html", value=str(path))])

    if path.suffix.lower() not in (".html", ".htm"):
        raise refused(
            Message("This is not the name of a page."),
            Message("Choose a file name that ends in .html."),
        )
    half = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _text(half, html)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise refused(
            Message("The page cannot be written: {detail}.", detail=str(error)),
            Message("Choose a folder in which you may write."),
        ) from None


def _make(results: Results, work: Path, out: Path, pages: bool, progress: Progress) -> list[str]:
    """Make all files in a folder; return their names, those to open first."""
    language = results.scenario.language
    steps: list[tuple[str, Callable[[Path], object]]] = []
    if pages and results.need is not None:
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
    """Move the new files to their place; if one cannot be moved, put all old ones back."""
    if not out.exists():
        # One rename: the folder appears whole.
        work.chmod(0o755)
        work.replace(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    moved: list[str] = []
    placed: list[str] = []
    try:
        for name in dict.fromkeys([*(_earlier(out) or []), *names]):
            old = (out / name).resolve()
            if old.is_relative_to(out.resolve()) and old.is_file():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                old.replace(aside / name)
                moved.append(name)
        (out / "tables").mkdir(exist_ok=True)
        for name in names:
            (work / name).replace(out / name)
            placed.append(name)
    except OSError as error:
        for name in placed:
            (out / name).unlink(missing_ok=True)
        for name in moved:
            (aside / name).replace(out / name)
        raise _refused(
            out,
            Message(
                "A file of the earlier results cannot be replaced: {detail}.", detail=str(error)
            ),
            Message("Close it in other programs (such as Excel) and run again."),
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _csv(frame: pd.DataFrame, path: Path) -> None:
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(guarded)
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
        "proxy_road_share": round(results.roads.proxy_share, 4),
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
