"""A folder to start planning a county from: its boundaries, its roads and a scenario."""

from __future__ import annotations

import csv
import datetime
import os
import shutil
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import networkx as nx
import shapely
import tomli_w

from ruralcare.errors import DownloadError, Fault, InputError
from ruralcare.inputs import file_hash
from ruralcare.inputs.areas.boundary_download import (
    NationalBoundaries,
    download_boundaries,
    find_counties,
    write_boundaries,
)
from ruralcare.inputs.reach import REACH_KM
from ruralcare.inputs.roads.download import download_graph
from ruralcare.inputs.roads.osm import write_osm
from ruralcare.language import Language, Message
from ruralcare.progress import Progress, silent
from ruralcare.settings import Settings
from ruralcare.spreadsheets import guarded
from ruralcare.units import metres

__all__ = ["Fetched", "fetch_county"]

_CRS: Final = "EPSG:5179"
_BOUNDARIES: Final = "boundaries/townships.geojson"
_ROADS: Final = "roads/roads.osm.pbf"
_REGISTER: Final = "population/연령별인구현황_월간.csv"
_FACILITIES: Final = "facilities/장기요양기관.csv"
_COOPERATIVES: Final = "cooperatives/금융기관점포.xlsx"
_PLAN_YEARS: Final = 4


@dataclass(frozen=True)
class Fetched:
    """What was made.

    Parameters
    ----------
    scenario : Path
        The scenario file.
    counties : tuple of str
        Names of the counties.
    as_of : str
        Date of the boundaries.
    townships, around, ways : int
        Townships of the counties, those of their neighbours in the same file, and ways of the
        road file (0 without roads).
    missing : tuple of Path
        Files that the planner has to add before the scenario runs.
    """

    scenario: Path
    counties: tuple[str, ...]
    as_of: str
    townships: int
    around: int
    ways: int
    missing: tuple[Path, ...]


def fetch_county(
    counties: Sequence[str],
    out: Path,
    *,
    as_of: str | None = None,
    roads: bool = True,
    overpass_url: str | None = None,
    boundaries_url: str | None = None,
    language: Language = "ko",
    settings: Settings | None = None,
    progress: Progress = silent,
) -> Fetched:
    """Fetch the boundaries and roads of counties and write a scenario beside them.

    The folder is written whole or not at all.

    Parameters
    ----------
    counties : sequence of str
        Names or codes of counties (시·군·구), with the province before the name where several have
        it ("경남 고성군").
    out : Path
        Folder to make; it may exist if it is empty.
    as_of : str, optional
        Date of the boundaries, such as "2025"; by default the latest.
    roads : bool
        Whether to fetch roads. Without them the scenario uses a proxy network.
    overpass_url : str, optional
        Overpass server, instead of the public one.
    boundaries_url : str, optional
        Copy of the repository of the boundaries, instead of the public one.
    language : {"ko", "en"}
        Language of the results of the scenario.
    settings : Settings, optional
        Where downloads are kept.
    progress : Progress
        Told which step is under way.

    Returns
    -------
    Fetched
        What was made, and what is still to be added.

    Raises
    ------
    InputError
        A county is not known, or the folder cannot be made.
    DownloadError
        A server did not answer as expected.
    """
    settings = settings or Settings()
    out = out.absolute()
    place = _free_place(out)
    progress(Message("Fetching township boundaries"))
    boundaries = download_boundaries(as_of, boundaries_url, settings)
    ids = find_counties(boundaries, counties)
    inside = boundaries.frame["sigungu_id"].isin(ids)
    area = shapely.union_all(boundaries.frame.geometry[inside].to_numpy())
    near = shapely.dwithin(boundaries.frame.geometry.to_numpy(), area, metres(REACH_KM))
    chosen = boundaries.frame[inside | near]
    names = tuple(
        chosen[chosen["sigungu_id"].isin(ids)]
        .drop_duplicates("sigungu_id")
        .sort_values("sigungu_id")["sigungu_name"]
    )
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    answers = _answers(settings, today, ids, out)
    graph, roads_as_of = None, None
    if roads:
        progress(Message("Fetching roads"))
        graph, roads_as_of = _download(area, overpass_url, Settings(answers))
    progress(Message("Writing files"))
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=place))
    try:
        ways = _write_data(work, chosen, graph)
        sources = _sources(work, boundaries, graph is not None, roads_as_of, today, overpass_url)
        _write_sources(work, sources)
        (work / "scenario.toml").write_text(
            _scenario(dict(zip(ids, names, strict=True)), boundaries, sources, language),
            encoding="utf-8",
            newline="\n",
        )
        (work / "읽어보세요.txt").write_text(_readme(), encoding="utf-8-sig", newline="\r\n")
        _move(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(answers, ignore_errors=True)
    return Fetched(
        out / "scenario.toml",
        names,
        boundaries.as_of,
        int(inside.sum()),
        len(chosen) - int(inside.sum()),
        ways,
        tuple(out / file for file in (_REGISTER, _FACILITIES, _COOPERATIVES)),
    )


def _answers(settings: Settings, today: str, ids: Sequence[str], out: Path) -> Path:
    """Return the folder for what the servers answer.

    It is kept until all is written, so that a second try of the same day need not begin anew. It
    belongs to one folder of results: another fetch at the same time has its own.
    """
    folder = settings.cache_dir / "fetch"
    for old in folder.glob("*"):
        # Of a try that failed before yesterday; at midnight another may still be under way.
        if _age_days(old, today) > 1:
            shutil.rmtree(old, ignore_errors=True)
    key = sha256("\n".join([str(out), *ids]).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"{today}-{key[:16]}"


def _age_days(folder: Path, today: str) -> int:
    try:
        made = datetime.date.fromisoformat(folder.name[:10])
    except ValueError:
        return 0
    return (datetime.date.fromisoformat(today) - made).days


def _free_place(out: Path) -> Path:
    """Return the folder in which the new one can be prepared; raise if it cannot be made."""
    place = next(folder for folder in (out, *out.parents) if folder.exists())
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise _refused(
            out,
            Message("The folder exists and is not empty."),
            Message("Choose a new or empty folder."),
        )
    if place == out:
        place = out.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise _refused(
            out,
            Message("No folder can be made here."),
            Message("Choose a folder in which you may write."),
        )
    return place


def _refused(out: Path, problem: Message, remedy: Message) -> InputError:
    return InputError([Fault(problem, remedy, column="--out", value=str(out))])


def _download(
    area: shapely.Geometry, url: str | None, settings: Settings
) -> tuple[nx.MultiDiGraph, str | None]:
    wide = shapely.buffer(area, metres(REACH_KM))
    try:
        return download_graph(wide, _CRS, url, settings)
    except DownloadError as error:
        raise DownloadError(
            Message(
                "The roads could not be fetched from {server} ({detail}). Check the internet "
                "connection and run again; --overpass-url names another server, and with "
                "--no-roads a road file can be added later.",
                **error.message.values,
            )
        ) from error


def _write_data(work: Path, townships: gpd.GeoDataFrame, graph: nx.MultiDiGraph | None) -> int:
    """Write boundaries and roads; return the number of ways."""
    for file in (_BOUNDARIES, _REGISTER, _FACILITIES, _COOPERATIVES, _ROADS):
        (work / file).parent.mkdir()
    write_boundaries(townships, work / _BOUNDARIES)
    return 0 if graph is None else write_osm(graph, work / _ROADS)


def _move(work: Path, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            out.rmdir()
        work.chmod(0o755)
        # One rename: the folder appears whole.
        work.replace(out)
    except OSError as error:
        raise _refused(
            out,
            Message("The folder cannot be written: {detail}.", detail=str(error)),
            Message("Choose a folder in which you may write."),
        ) from None


def _sources(
    work: Path,
    boundaries: NationalBoundaries,
    roads: bool,
    roads_as_of: str | None,
    today: str,
    overpass_url: str | None,
) -> list[dict[str, str]]:
    """Say of each file where it comes from."""
    rows = [
        {
            "file": _BOUNDARIES,
            "content": "행정동 경계",
            "source": "통계청 통계지리정보서비스(SGIS), 가공 vuski/admdongkor",
            "url": boundaries.url,
            "licence": "공공누리 제1유형(원자료), CC BY 4.0(가공)",
            "version": boundaries.version,
            "data_date": boundaries.as_of,
            "retrieved_on": boundaries.retrieved_on,
            "sha256_of_source": boundaries.sha256,
        }
    ]
    if roads:
        rows.append(
            {
                "file": _ROADS,
                "content": "도로",
                "source": "© OpenStreetMap contributors",
                "url": overpass_url or "https://www.openstreetmap.org/copyright",
                "licence": "ODbL 1.0",
                "version": "Overpass API",
                "data_date": roads_as_of or "",
                "retrieved_on": today,
                "sha256_of_source": "",
            }
        )
    return [row | {"sha256": file_hash(work / row["file"])} for row in rows]


def _write_sources(work: Path, rows: list[dict[str, str]]) -> None:
    with (work / "SOURCES.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({key: guarded(cell) for key, cell in row.items()} for row in rows)


def _attribution(row: dict[str, str]) -> str:
    date = row["data_date"] or row["retrieved_on"]
    return f"{row['source']}, {row['licence']}, {date}"


def _scenario(
    counties: dict[str, str],
    boundaries: NationalBoundaries,
    sources: list[dict[str, str]],
    language: Language,
) -> str:
    """Return the scenario with its comments; what comes from data is quoted."""
    title = "·".join(counties.values())
    first = datetime.datetime.now(tz=datetime.UTC).year + 1
    text = _texts()
    parts: list[str] = [text["head"]]
    parts.append(
        _toml(
            name="sigungu_" + "_".join(counties),
            title_ko=f"{title} 농협 돌봄망 단계별 확대 계획",
            title_en=f"Staged roll-out of co-operative care in {title}",
            language=language,
            assumptions=["사업비와 인력 한도는 예시입니다."],
        )
    )
    parts += [text["area"], _toml(area={"sigungu": list(counties)})]
    parts += [
        text["townships"],
        _toml(
            townships={
                "files": [_BOUNDARIES],
                "as_of": boundaries.as_of,
                "attribution": _attribution(sources[0]),
            }
        ),
    ]
    parts += [text["population"], _toml(population={"files": [_REGISTER]})]
    if len(sources) > 1:
        roads: dict[str, Any] = {"file": _ROADS, "attribution": _attribution(sources[1])}
        parts += [text["points"], _toml(points={"kind": "residential_roads"})]
        road_parts = [text["roads"], _toml(roads=roads)]
    else:
        parts += [text["points_without_roads"], _toml(points={"kind": "centroid"})]
        road_parts = [text["proxy"]]
    parts += [text["facilities"], _toml(facilities={"sources": [{"file": _FACILITIES}]})]
    parts += [text["cooperatives"], _toml(cooperatives={"file": _COOPERATIVES})]
    parts += road_parts
    periods = [{"year": first + step, "budget_mkrw": 1000} for step in range(_PLAN_YEARS)]
    parts += [text["plan"], _toml(plan={"periods": periods})]
    return "\n".join(parts)


def _texts() -> dict[str, str]:
    """Return the comments of the scenario and the text to be read first."""
    file = resources.files("ruralcare").joinpath("fetch_texts.toml")
    texts: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def _readme() -> str:
    return _texts()["readme"].format(
        register=_REGISTER, facilities=_FACILITIES, cooperatives=_COOPERATIVES
    )


def _toml(**values: object) -> str:
    return tomli_w.dumps(values)
