"""Township boundaries of Korea, downloaded with the admdongkor package."""

from __future__ import annotations

import datetime
import difflib
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from ruralcare.errors import DownloadError, Fault, InputError
from ruralcare.inputs.codes import CodeBook, known_changes, last_day, lies_in, provinces
from ruralcare.inputs.files import file_hash
from ruralcare.language import Message
from ruralcare.settings import Settings

__all__ = ["NationalBoundaries", "download_boundaries", "find_counties", "write_boundaries"]

SERVER: Final = "https://raw.githubusercontent.com/vuski/admdongkor/master"
"""Where the package takes its files from."""

_COLUMNS: Final = {
    "emdcd": "township_id",
    "emdnm": "name",
    "sggcd": "sigungu_id",
    "sggnm": "sigungu_name",
    "sidonm": "province_name",
}
_CITY_WARD: Final = re.compile(r"^(\S+시)(\S+구)$")
# A centimetre: the files themselves are coarser.
_DECIMALS: Final = 7
# Most names that are offered instead of an unknown one.
_NEAR: Final = 5


@dataclass(frozen=True, eq=False)
class NationalBoundaries:
    """All townships of the country on one date.

    Parameters
    ----------
    frame : GeoDataFrame
        ``township_id``, ``name``, ``sigungu_id``, ``sigungu_name``, ``province_name`` (text) and
        polygons in EPSG:5179, sorted by id.
    as_of : str
        Date of the boundaries ("2025-12-31").
    url : str
        File they were taken from.
    version : str
        Version of the publisher's data, and of the package.
    retrieved_on : str
        Day of the download.
    sha256 : str
        Of the file downloaded.
    """

    frame: gpd.GeoDataFrame
    as_of: str
    url: str
    version: str
    retrieved_on: str
    sha256: str


def download_boundaries(
    as_of: str | None, url: str | None, settings: Settings
) -> NationalBoundaries:
    """Fetch the boundaries of all townships, the last issued up to a date.

    A file that was fetched before is not asked for again.

    Parameters
    ----------
    as_of : str, optional
        "2025", "2025-04" or "2025-04-01"; a year or a month means its last day. By default the
        last issue of all.
    url : str, optional
        A copy of the publisher's repository, instead of the public one.
    settings : Settings
        Where files are kept.

    Raises
    ------
    DownloadError
        The server cannot be reached, or what it sends is no boundary file.
    InputError
        There are no boundaries of that date.
    """
    day = _last_day(as_of)
    server = (url or SERVER).rstrip("/")
    # Files of different servers are kept apart.
    cache = settings.cache_dir / "admdongkor" / sha256(server.encode()).hexdigest()[:12]
    with _package(server, cache) as package:
        data_version = _see_versions(package)
        key = _chosen(list(package.versions()), day, as_of)
        frame = _fetched(package, key, server)
        file = package._cache.cached_path(f"emd_{key}.parquet")
        date = f"{key[:4]}-{key[4:6]}-{key[6:]}"
        return NationalBoundaries(
            _named(frame, file, server, as_of or date),
            date,
            f"{server}/parquet/{file.name}",
            "; ".join(part for part in (data_version, f"admdongkor {package.__version__}") if part),
            datetime.date.fromtimestamp(file.stat().st_mtime).isoformat(),
            file_hash(file),
        )


@contextmanager
def _package(server: str, cache: Path) -> Iterator[ModuleType]:
    """Give the package, told where to ask and where to keep; it is left as it was found."""
    wanted = {"ADMDONGKOR_NO_AUTO_UPDATE": "1", "ADMDONGKOR_CACHE_DIR": str(cache)}
    unwanted = "ADMDONGKOR_DATA_DIR"
    before = {name: os.environ.get(name) for name in (*wanted, unwanted)}
    os.environ.update(wanted)
    os.environ.pop(unwanted, None)
    try:
        # On import the package would ask its server for news, had it not been told to be quiet.
        import admdongkor
        from admdongkor import _cache

        addresses = {"BASE_URL": f"{server}/parquet", "INDEX_BASE_URL": f"{server}/dist/data"}
        usual = {name: getattr(_cache, name) for name in addresses}
        try:
            for name, address in addresses.items():
                setattr(_cache, name, address)
            yield admdongkor
        finally:
            for name, address in usual.items():
                setattr(_cache, name, address)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _see_versions(package: ModuleType) -> str | None:
    """Let the package know what was issued since; return the version of the data, if told."""
    import requests

    try:
        manifest = package._cache.fetch_manifest()
        version = manifest["data_version"]
        place = package._cache.index_dir() / "manifest.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(manifest), encoding="utf-8")
    except (requests.RequestException, LookupError, TypeError, ValueError, OSError):
        # The package knows the issues of its own day; the file itself says if nobody answers.
        return None
    return str(version)


def _last_day(as_of: str | None) -> str:
    if as_of is None:
        return "99991231"
    day = last_day(as_of)
    if day is None:
        raise _wrong_date(
            Message("This is not a date."), Message("Write 2025, 2025-04 or 2025-04-01."), as_of
        )
    return day.replace("-", "")


def _chosen(keys: list[str], day: str, as_of: str | None) -> str:
    """Return the last issue up to a day."""
    key = max((key for key in keys if key <= day), default=None)
    if key is None:
        raise _wrong_date(
            Message("There are no boundaries of that date."),
            Message("The first are of {year}.", year=min(keys)[:4]),
            as_of,
        )
    return key


def _wrong_date(problem: Message, remedy: Message, as_of: str | None) -> InputError:
    return InputError([Fault(problem, remedy, column="--as-of", value=as_of)])


def _fetched(package: ModuleType, key: str, server: str) -> gpd.GeoDataFrame:
    import requests

    try:
        return package.get(key, "emd", detail=True)
    except requests.RequestException as error:
        response = error.response
        detail = type(error).__name__ if response is None else f"HTTP {response.status_code}"
        raise _failed(server, detail) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        # Half a file, or a page of something else: it must not be found there next time.
        package._cache.cached_path(f"emd_{key}.parquet").unlink(missing_ok=True)
        raise _failed(server, type(error).__name__) from error


def _failed(server: str, detail: str) -> DownloadError:
    return DownloadError(
        Message(
            "The township boundaries could not be fetched from {server} ({detail}). Check the "
            "internet connection and run again; --boundaries-url names another server.",
            server=server,
            detail=detail,
        )
    )


def _named(frame: gpd.GeoDataFrame, file: Path, server: str, as_of: str) -> gpd.GeoDataFrame:
    """Return the townships under our own column names."""
    lacking = [name for name in _COLUMNS if name not in frame.columns]
    if lacking or frame.empty or frame.crs is None:
        file.unlink(missing_ok=True)
        raise _failed(server, ", ".join(lacking) or "empty")
    if frame["emdcd"].isna().all():
        raise _wrong_date(
            Message("The boundaries of that date have no codes of the Ministry."),
            Message("Choose a date of 1990 or later."),
            as_of,
        )
    frame = frame[frame["emdcd"].notna() & frame.geometry.notna()]
    if not frame["sggcd"].astype(str).str.fullmatch(r"\d{5}").all():
        file.unlink(missing_ok=True)
        raise _failed(server, "sggcd")
    named = {new: frame[old].fillna("").astype(str).to_numpy() for old, new in _COLUMNS.items()}
    table = gpd.GeoDataFrame(named, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    # A city and its ward are written in one word there.
    table["sigungu_name"] = table["sigungu_name"].str.replace(_CITY_WARD, r"\1 \2", regex=True)
    table = table.to_crs("EPSG:5179").sort_values("township_id", kind="stable")
    return table.reset_index(drop=True)


def find_counties(boundaries: NationalBoundaries, names: Sequence[str]) -> list[str]:
    """Return the codes of counties given by name or code, sorted.

    A name may have its province before it ("전남 해남군"), as it is called or was once. A city
    stands for all its wards. A code may be of another date.

    Raises
    ------
    InputError
        A county is not known, or several have its name; the fault names what was probably meant.
    """
    table = boundaries.frame.drop_duplicates("sigungu_id")
    table = table[["sigungu_id", "sigungu_name", "province_name"]].reset_index(drop=True)
    full = table["province_name"] + " " + table["sigungu_name"]
    chosen: set[str] = set()
    faults = []
    for name in names:
        found = _matching(table, name, boundaries.as_of)
        if found.empty:
            near = _near(name, table, full)
            faults.append(
                Fault(
                    Message("There is no county of this name or code."),
                    Message("Did you mean: {names}?", names=", ".join(near))
                    if near
                    else Message("Give the name of a 시·군·구 or its five-digit code."),
                    column="--sigungu",
                    value=name,
                )
            )
        elif len(set(found["sigungu_id"].str[:2])) > 1:
            faults.append(
                Fault(
                    Message("Several counties have this name."),
                    Message(
                        "Give one of them with its province: {names}.",
                        names=", ".join(full[found.index]),
                    ),
                    column="--sigungu",
                    value=name,
                )
            )
        else:
            chosen |= set(found["sigungu_id"])
    if faults:
        raise InputError(faults)
    return sorted(chosen)


def _matching(table: pd.DataFrame, name: str, as_of: str) -> pd.DataFrame:
    text = unicodedata.normalize("NFC", name).strip()
    ids = table["sigungu_id"]
    book = CodeBook(known_changes())
    if text.isdigit():
        if len(text) not in (5, 10):
            return table.iloc[:0]
        code = book.at(text[:5], as_of)
        exact = table[ids.isin([text[:5], code])]
        # A city with wards has a code that ends in 0, which no township has.
        wards = table[ids.str.startswith(code[:4])] if code.endswith("0") else table.iloc[:0]
        return exact if len(exact) else wards
    squashed = table["sigungu_name"].str.replace(" ", "")
    words = text.split()
    if len(words) > 1 and provinces(words[0]):
        inside = ids.map(lambda code: lies_in(code, words[0], book))
        text = "".join(words[1:])
    else:
        inside = pd.Series(True, index=table.index)
        text = "".join(words)
    exact = table[inside & (squashed == text)]
    if len(exact):
        return exact
    wards = table[inside & squashed.str.startswith(text)]
    if text.endswith("시") and len(wards):
        return wards
    # A province that is one county (세종).
    whole = table[ids.map(lambda code: lies_in(code, text, book))]
    return whole if len(whole) == 1 else table.iloc[:0]


def _near(name: str, table: pd.DataFrame, full: pd.Series) -> list[str]:
    text = unicodedata.normalize("NFC", name).strip().split()
    last = text[-1] if text else ""
    labels = dict(zip(table["sigungu_id"], full, strict=True))
    if last.isdigit():
        near = [f"{code} {label}" for code, label in labels.items() if code[:4] == last[:4]]
        return near[:_NEAR]
    counties = dict(zip(table["sigungu_id"], table["sigungu_name"], strict=True))
    begins = [code for code, county in counties.items() if last and county.startswith(last)]
    close = difflib.get_close_matches(last, sorted(set(counties.values())), n=_NEAR)
    alike = [code for word in close for code, county in counties.items() if county == word]
    return [labels[code] for code in dict.fromkeys([*begins, *alike])][:_NEAR]


def write_boundaries(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write townships as GeoJSON in degrees."""
    options: dict[str, Any] = {"COORDINATE_PRECISION": _DECIMALS, "RFC7946": "YES"}
    frame.to_crs("EPSG:4326").to_file(path, driver="GeoJSON", engine="pyogrio", **options)
