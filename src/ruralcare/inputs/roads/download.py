"""Roads from OpenStreetMap, downloaded with OSMnx."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import networkx as nx
import shapely

from ruralcare.errors import DownloadError, Fault, InputError
from ruralcare.inputs.roads.tags import ROAD_CLASSES, USED_TAGS
from ruralcare.language import Message
from ruralcare.settings import Settings

__all__ = ["download_graph"]

_log = logging.getLogger(__name__)

_TIMEOUT_S = 180.0
_BUSY = (429, 504)
_RETRIES = 2
# Overpass gets a simple outline; what is too much is cut off afterwards.
_OUTLINE_TOLERANCE_M = 500.0
# Near the beginning of an answer Overpass says how fresh its data are.
_BASE_DATE = re.compile(rb'"timestamp_osm_base"\s*:\s*"(\d{4}-\d{2}-\d{2})')
_HEAD_BYTES = 2000


def download_graph(
    area: shapely.Geometry, crs: str, overpass_url: str | None, settings: Settings
) -> tuple[nx.MultiDiGraph, str | None]:
    """Fetch the roads and car ferries of an area from an Overpass server.

    Answers are kept in ``settings.cache_dir``, so that a second run needs no network.

    Parameters
    ----------
    area : polygon
        In ``crs``.
    crs : str
        Projected CRS.
    overpass_url : str, optional
        Server, such as ``https://overpass.example.org/api``; without it, the public one.
    settings : Settings
        Where answers are kept.

    Returns
    -------
    graph : MultiDiGraph
        Not simplified, in EPSG:4326.
    as_of : str or None
        Date of the data ("2026-11-20"), if the server tells it.

    Raises
    ------
    DownloadError
        The server cannot be reached, or answers with an error.
    InputError
        The area has no roads.
    """
    # OSMnx takes more than a second to import, which only those who use it should wait for.
    import osmnx
    import requests

    outline = shapely.buffer(shapely.simplify(area, _OUTLINE_TOLERANCE_M), _OUTLINE_TOLERANCE_M)
    polygon = gpd.GeoSeries([outline], crs=crs).to_crs("EPSG:4326").iloc[0]
    classes = "|".join(ROAD_CLASSES)
    filters = [f'["highway"~"^({classes})$"]', '["route"="ferry"]']
    server = overpass_url or osmnx.settings.overpass_url
    # Answers to one question lie in one folder, so that their date can be told.
    question = hashlib.sha256(f"{server}\n{filters}\n{polygon.wkt}".encode()).hexdigest()[:24]
    answers = settings.cache_dir / "overpass" / question
    with _osmnx_settings(osmnx, overpass_url, answers):
        _log.info("fetching roads from %s", server)
        try:
            graph = osmnx.graph_from_polygon(
                polygon,
                simplify=False,
                retain_all=True,
                truncate_by_edge=True,
                custom_filter=filters,
            )
            return graph, _date(answers)
        except DownloadError:
            raise
        except (requests.RequestException, OSError, osmnx._errors.ResponseStatusCodeError) as error:
            raise _failed(server, type(error).__name__) from error
        except json.JSONDecodeError:
            # An answer that was kept is damaged (those that come now are told apart below): ask
            # again.
            shutil.rmtree(answers, ignore_errors=True)
            if answers.exists():
                raise _failed(server, answers.as_posix()) from None
            return download_graph(area, crs, overpass_url, settings)
        except (AttributeError, LookupError, TypeError) as error:
            raise _failed(server, type(error).__name__) from error
        except (osmnx._errors.InsufficientResponseError, ValueError) as error:
            if isinstance(error.__cause__, ValueError):
                raise _failed(server, type(error.__cause__).__name__) from error
            fault = Fault(
                Message("The server {server} has no roads in the area.", server=server),
                Message("Check the township boundaries and their CRS, or try another server."),
                column="roads.overpass_url",
                value=overpass_url,
            )
            raise InputError([fault]) from error


def _date(answers: Path) -> str | None:
    """Return the date of the oldest answer in a folder."""
    dates = []
    for file in answers.glob("*.json"):
        with file.open("rb") as stream:
            found = _BASE_DATE.search(stream.read(_HEAD_BYTES))
        if found:
            dates.append(found[1].decode())
    return min(dates, default=None)


def _failed(server: str, detail: str) -> DownloadError:
    return DownloadError(
        Message(
            "The roads could not be fetched from {server} ({detail}). Check the internet "
            "connection and roads.overpass_url, or download an .osm.pbf extract elsewhere and "
            "name it in roads.file.",
            server=server,
            detail=detail,
        )
    )


def _watch(server: str) -> Callable[..., None]:
    """Return a hook that stops what OSMnx would let pass: a busy server, half an answer."""
    busy = 0

    def check(response: Any, *_: object, **__: object) -> None:  # noqa: ANN401 - requests
        nonlocal busy
        if response.status_code in _BUSY:
            busy += 1
            if busy > _RETRIES:
                raise _failed(server, f"HTTP {response.status_code}")
        elif response.ok and b'"remark"' in response.content:
            # Overpass says so when it ran out of time or memory, and sends what it has.
            try:
                remark = response.json().get("remark")
            except ValueError:
                return
            if remark:
                raise _failed(server, str(remark))

    return check


@contextmanager
def _osmnx_settings(osmnx: ModuleType, overpass_url: str | None, answers: Path) -> Iterator[None]:
    """Set OSMnx up for one download and leave it as it was found."""
    wanted: dict[str, Any] = {
        "use_cache": True,
        "cache_folder": answers,
        "requests_timeout": _TIMEOUT_S,
        "useful_tags_way": list(USED_TAGS),
        "all_oneway": False,
        "log_console": False,
        "log_file": False,
        # Names are resolved by this machine alone, never by a public DNS server.
        "doh_url_template": None,
    }
    if overpass_url is not None:
        wanted |= {"overpass_url": overpass_url, "overpass_rate_limit": False}
    server = overpass_url or osmnx.settings.overpass_url
    wanted["requests_kwargs"] = {
        **osmnx.settings.requests_kwargs,
        "hooks": {"response": _watch(server)},
    }
    before = {name: getattr(osmnx.settings, name) for name in wanted}
    getaddrinfo = socket.getaddrinfo
    try:
        for name, value in wanted.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        # OSMnx pins the server's address by replacing this function.
        socket.getaddrinfo = getaddrinfo
