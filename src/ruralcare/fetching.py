"""A folder to start planning a county from: its boundaries, its roads and a scenario."""

from __future__ import annotations

import csv
import datetime
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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
from ruralcare.inputs.roads.download import download_graph
from ruralcare.inputs.roads.files import BUFFER_KM
from ruralcare.inputs.roads.osm import write_osm
from ruralcare.language import Language, Message
from ruralcare.progress import Progress, silent
from ruralcare.settings import Settings
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
    near = shapely.dwithin(boundaries.frame.geometry.to_numpy(), area, metres(BUFFER_KM))
    chosen = boundaries.frame[inside | near]
    names = tuple(
        chosen[chosen["sigungu_id"].isin(ids)]
        .drop_duplicates("sigungu_id")
        .sort_values("sigungu_id")["sigungu_name"]
    )
    # Answers are kept until all is written, so that a second try need not begin anew; those of
    # another day are not: what is fetched should be of today.
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    answers = settings.cache_dir / "fetch"
    graph, roads_as_of = None, None
    if roads:
        progress(Message("Fetching roads"))
        graph, roads_as_of = _download(area, overpass_url, Settings(answers / today))
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
        (work / "읽어보세요.txt").write_text(_README, encoding="utf-8-sig", newline="\r\n")
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
    wide = shapely.buffer(area, metres(BUFFER_KM))
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
        writer.writerows(rows)


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
    parts: list[str] = [_HEAD]
    parts.append(
        _toml(
            name="sigungu_" + "_".join(counties),
            title_ko=f"{title} 농협 돌봄망 단계별 확대 계획",
            title_en=f"Staged roll-out of co-operative care in {title}",
            language=language,
            assumptions=["사업비와 인력 한도는 예시입니다."],
        )
    )
    parts += [_AREA, _toml(area={"sigungu": list(counties)})]
    parts += [
        _TOWNSHIPS,
        _toml(
            townships={
                "files": [_BOUNDARIES],
                "as_of": boundaries.as_of,
                "attribution": _attribution(sources[0]),
            }
        ),
    ]
    parts += [_POPULATION, _toml(population={"files": [_REGISTER]})]
    if len(sources) > 1:
        roads: dict[str, Any] = {"file": _ROADS, "attribution": _attribution(sources[1])}
        parts += [_POINTS, _toml(points={"kind": "residential_roads"})]
        places, road_parts = [_PLACES], [_ROAD_NOTES, _toml(roads=roads)]
    else:
        parts += [_POINTS_PROXY, _toml(points={"kind": "centroid"})]
        places, road_parts = [_PLACES], [_ROADS_PROXY]
    parts += places
    parts.append(_toml(facilities={"sources": [{"file": _FACILITIES}]}))
    parts += [_BRANCHES, _toml(cooperatives={"file": _COOPERATIVES})]
    parts += road_parts
    periods = [{"year": first + step, "budget_mkrw": 1000} for step in range(_PLAN_YEARS)]
    parts += [_PLAN, _toml(plan={"periods": periods})]
    return "\n".join(parts)


def _toml(**values: object) -> str:
    return tomli_w.dumps(values)


_HEAD: Final = """\
# `ruralcare fetch`가 만든 시나리오입니다. 경계와 도로는 받아 두었습니다.
# 빠진 자료(읽어보세요.txt 참고)를 폴더에 넣은 뒤 차례로 실행하십시오.
#   ruralcare check scenario.toml
#   ruralcare run scenario.toml --out results
# 모든 항목의 설명은 `ruralcare schema`로 볼 수 있습니다. 여기에 없는 값(서비스, 비용, 기준 시간,
# 인정률)은 프로그램의 기본값을 쓰며, 적으면 그 값이 우선합니다.
# 파일 경로는 이 시나리오 파일이 있는 폴더를 기준으로 합니다.
"""
_AREA: Final = """\
# 계획할 시·군·구의 코드(따옴표 필요). 이름을 적어도 됩니다.
"""
_TOWNSHIPS: Final = """\
# 읍·면·동 경계. 둘레 20 km 안의 이웃 시·군·구도 들어 있습니다.
"""
_POPULATION: Final = """\
# [넣을 자료] 주민등록 연령별 인구현황(행정안전부, https://jumin.mois.go.kr).
# 5세 또는 1세 단위로 읍·면·동까지 받아 아래 이름으로 저장하거나, 아래에 파일 이름을 적으십시오.
# 날짜가 다른 파일을 둘 이상 적으면 인구 변화를 계산합니다.
"""
_POINTS: Final = """\
# 사람이 사는 곳. 주거지 도로를 따라 점을 둡니다. 마을 목록이 있으면
# kind = "villages", file = "villages/마을.csv" 로 바꾸면 더 정확합니다.
"""
_POINTS_PROXY: Final = """\
# 사람이 사는 곳. 도로를 받지 않았으므로 읍·면·동마다 한 점을 씁니다. 마을 목록이 있으면
# kind = "villages", file = "villages/마을.csv" 로 바꾸면 더 정확합니다.
"""
_PLACES: Final = """\
# [넣을 자료] 장기요양기관 목록(국민건강보험공단, 공공데이터포털 https://www.data.go.kr).
# 받은 그대로 저장하면 됩니다. 파일이 여럿이면 표를 더 적고, 기관 없이 보려면 이 부분을 지우십시오.
"""
_BRANCHES: Final = """\
# [넣을 자료] 금융기관 점포 코드 파일(금융결제원). 후보지가 될 농협 지점을 여기서 읽습니다.
# 이 부분을 지우면 읍·면·동마다 그 중심지를 후보지로 삼습니다.
"""
_ROAD_NOTES: Final = """\
# 도로와 차량 도선. 표준노드링크(MOCT_LINK.shp)로 바꿀 수도 있습니다.
"""
_ROADS_PROXY: Final = """\
# 도로를 받지 않았으므로 직선거리로 만든 대체 도로망을 씁니다. 도로 파일이 있으면 적으십시오.
# [roads]
# file = "roads/도로.osm.pbf"
"""
_PLAN: Final = """\
# 단계별 계획: 연도와 예산(백만 원). 예시이니 고쳐 쓰십시오.
"""
_README: Final = f"""\
이 폴더는 `ruralcare fetch`가 만들었습니다.

받아 둔 자료의 출처, 이용 조건, 날짜는 SOURCES.csv에 있습니다.

계획을 계산하려면 다음 자료를 넣어야 합니다.

1. {_REGISTER}
   주민등록 연령별 인구현황. 행정안전부 주민등록 인구통계(https://jumin.mois.go.kr)에서
   읍·면·동까지 받습니다.
2. {_FACILITIES}
   장기요양기관 목록. 공공데이터포털(https://www.data.go.kr)의 국민건강보험공단 자료입니다.
3. {_COOPERATIVES}
   금융기관 점포 코드 파일. 금융결제원이 배포합니다.

파일 이름이 다르면 scenario.toml에 그 이름을 적으면 됩니다.
무엇이 빠졌는지는 언제든 `ruralcare check scenario.toml`로 볼 수 있습니다.
"""
