"""Services on the network that find places by address: VWorld and Kakao.

Both need a key of the user's own. The key is read from an environment variable, sent to the service
and kept nowhere: neither in files nor in logs nor in texts.

VWorld's terms of use forbid keeping its answers; whether they are kept is the user's decision
(``geocoder.cache`` of the scenario).
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final
from urllib.parse import quote, quote_plus

import requests

from ruralcare.errors import DownloadError
from ruralcare.inputs.care.addresses import Address, parse_address
from ruralcare.inputs.care.geocoders import Answer
from ruralcare.language import Message
from ruralcare.types import PRECISIONS, Precision

__all__ = ["SERVICES", "Kakao", "VWorld"]

_TIMEOUT_S: Final = 10.0
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_RETRIES: Final = 3
_LONGEST_WAIT_S: Final = 30.0
_ANSWERS_KEPT: Final = 3


class _KeyedService(ABC):
    """A service that finds places by address and wants a key.

    Parameters
    ----------
    key : str
        The user's key.
    url : str, optional
        Another address of the service than the public one.
    """

    name: ClassVar[str]
    public_url: ClassVar[str]
    # Services that are asked too fast shut out the one who asks.
    pause_s: ClassVar[float] = 0.1

    def __init__(self, key: str, url: str | None = None) -> None:
        self._key = key
        self.url = url or self.public_url
        self._session = requests.Session()
        self._next_s = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @abstractmethod
    def ask(self, address: Address) -> list[Answer]:
        """Return the places of an address, the best first; empty if the service finds none.

        Raises
        ------
        DownloadError
            The service cannot be reached, refuses the key, or gives no more answers today.
        """

    def _get(self, parameters: dict[str, str], headers: dict[str, str]) -> requests.Response:
        """Ask once, and again after a while where the service is busy."""
        for attempt in range(_RETRIES + 1):
            time.sleep(max(0.0, self._next_s - time.monotonic()))
            self._next_s = time.monotonic() + self.pause_s
            try:
                with _key_kept_out_of_logs(self._key):
                    response = self._session.get(
                        self.url,
                        params=parameters,
                        auth=_Headers(headers),
                        timeout=_TIMEOUT_S,
                        allow_redirects=False,
                    )
            except (requests.RequestException, ValueError) as error:
                # The text of the error has the address that was asked, and the key in it.
                detail = type(error).__name__
                if attempt == _RETRIES or not isinstance(error, requests.Timeout):
                    raise self._failed(detail) from None
                time.sleep(2.0**attempt)
                continue
            if response.status_code not in _BUSY or attempt == _RETRIES:
                return response
            time.sleep(_wait_s(response, attempt))
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _json(self, response: requests.Response) -> Any:  # noqa: ANN401
        try:
            return response.json()
        except ValueError:
            raise self._failed(f"HTTP {response.status_code}") from None

    def _failed(self, detail: str) -> DownloadError:
        return DownloadError(
            Message(
                "The geocoder {service} did not answer as expected ({detail}). Check the internet "
                'connection and RURALCARE_GEOCODER_URL, or set geocoder.service = "none".',
                service=self.name,
                detail=detail,
            )
        )

    def _refused(self, detail: str) -> DownloadError:
        return DownloadError(
            Message(
                "The geocoder {service} refuses the key ({detail}). Check the key, and that it is "
                "allowed for this service.",
                service=self.name,
                detail=detail,
            )
        )

    def _exhausted(self, detail: str) -> DownloadError:
        return DownloadError(
            Message(
                "The geocoder {service} gives no more answers for now ({detail}): the quota of the "
                "key is used up. Run it again later; answers that were kept are not asked again.",
                service=self.name,
                detail=detail,
            )
        )


class VWorld(_KeyedService):
    """VWorld (국토교통부): the address service 2.0, ``getCoord``.

    Addresses on a road are asked as such (``type=ROAD``), then as a lot (``type=PARCEL``).
    """

    name = "VWorld"
    public_url = "https://api.vworld.kr/req/address"

    _REFUSED: ClassVar = frozenset({"INVALID_KEY", "INCORRECT_KEY", "UNAVAILABLE_KEY"})

    def ask(self, address: Address) -> list[Answer]:
        """Return the place of an address; empty if the service finds none."""
        for kind in ("ROAD", "PARCEL") if address.on_road else ("PARCEL",):
            found = self._ask_as(kind, address)
            if found is not None:
                return [found]
        return []

    def _ask_as(self, kind: str, address: Address) -> Answer | None:
        parameters = {
            "service": "address",
            "request": "getCoord",
            "version": "2.0",
            "crs": "EPSG:4326",
            "type": kind,
            "address": address.question,
            "refine": "true",
            "simple": "false",
            "format": "json",
            "key": self._key,
        }
        raw = self._get(parameters, {})
        # Errors, too, come with the status 200; what is wrong stands inside.
        reply = _inner(self._json(raw), "response")
        status = _text(reply, "status")
        if status == "NOT_FOUND":
            return None
        if status == "ERROR":
            code = _text(_inner(reply, "error"), "code")
            if code in self._REFUSED:
                raise self._refused(code)
            if code == "OVER_REQUEST_LIMIT":
                raise self._exhausted(code)
            # Anything that the service says of the address itself is no fault of the service.
            if code in ("PARAM_REQUIRED", "INVALID_TYPE", "INVALID_RANGE"):
                return None
            raise self._failed(code or "ERROR")
        place = _place(_inner(_inner(reply, "result"), "point"))
        if status != "OK" or place is None:
            raise self._failed(status or f"HTTP {raw.status_code}")
        refined = _text(_inner(reply, "refined"), "text")
        # What the service made of the address tells how finely it found it.
        finest = parse_address(refined).precision if refined else "village"
        return Answer(*place, _coarser(finest, address.precision))


class Kakao(_KeyedService):
    """Kakao: search of addresses (``/v2/local/search/address.json``)."""

    name = "Kakao"
    public_url = "https://dapi.kakao.com/v2/local/search/address.json"

    _PRECISIONS: ClassVar[dict[str, Precision]] = {
        "ROAD_ADDR": "point",
        "REGION_ADDR": "point",
        "ROAD": "road",
    }

    def ask(self, address: Address) -> list[Answer]:
        """Return the places of an address, the best first; empty if the service finds none."""
        raw = self._get(
            {"query": address.question, "size": "10"}, {"Authorization": f"KakaoAK {self._key}"}
        )
        if raw.status_code in (401, 403):
            raise self._refused(f"HTTP {raw.status_code}")
        if raw.status_code == 429:
            raise self._exhausted("HTTP 429")
        if raw.status_code == 400:
            # The service cannot make sense of the address.
            return []
        if raw.status_code != 200:
            raise self._failed(f"HTTP {raw.status_code}")
        documents = self._json(raw)
        documents = documents.get("documents") if isinstance(documents, dict) else None
        if not isinstance(documents, list):
            raise self._failed("documents")
        found = []
        for document in documents[:_ANSWERS_KEPT]:
            place = _place(document)
            if place is None:
                raise self._failed("x, y")
            kind = _text(document, "address_type")
            found.append(Answer(*place, self._PRECISIONS.get(kind) or _region(document)))
        return found


SERVICES: Final[dict[str, type[_KeyedService]]] = {"vworld": VWorld, "kakao": Kakao}


def _region(document: object) -> Precision:
    """Return the precision of a place that is an area: a village, or a township."""
    names = (
        _text(_inner(document, "address"), "region_3depth_name"),
        _text(document, "address_name"),
    )
    return (
        "village"
        if any(name.split()[-1:] and name.endswith("리") for name in names)
        else "township"
    )


def _coarser(one: Precision, other: Precision) -> Precision:
    return max(one, other, key=PRECISIONS.index)


def _inner(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _text(value: object, key: str) -> str:
    found = _inner(value, key)
    return found if isinstance(found, str) else ""


def _place(value: object) -> tuple[float, float] | None:
    try:
        x, y = float(str(_inner(value, "x"))), float(str(_inner(value, "y")))
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _wait_s(response: requests.Response, attempt: int) -> float:
    """Return how long to wait: as long as the service says, or twice as long each time."""
    told = response.headers.get("Retry-After", "")
    return min(float(told) if told.isdigit() else 2.0**attempt, _LONGEST_WAIT_S)


class _Headers(requests.auth.AuthBase):
    """Sets headers last, so that a .netrc file does not overwrite the key."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


@contextmanager
def _key_kept_out_of_logs(key: str) -> Iterator[None]:
    """Keep the addresses that are asked, with the key in them, out of urllib3's debug log."""
    logger = logging.getLogger("urllib3.connectionpool")

    forms = {key, quote(key), quote_plus(key)}

    def without_key(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not any(form in text for form in forms)

    logger.addFilter(without_key)
    try:
        yield
    finally:
        logger.removeFilter(without_key)
