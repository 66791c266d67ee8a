"""Places for addresses that the scenario's own files cannot place finely: a service is asked.

The offline gazetteer goes first. What it places only at a village or a township, or not at all, is
asked of the service; an answer that does not lie where the address says is not believed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import shapely

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.care.addresses import Address, parse_address
from ruralcare.inputs.care.gazetteer import SHORE_M, Gazetteer, Located, Locator
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import PRECISIONS, Precision

__all__ = ["Answer", "AnswerCache", "GeocodingLocator", "Service", "with_geocoder"]


class Answer(NamedTuple):
    """A place that a service gives for an address.

    Parameters
    ----------
    longitude, latitude : float
        Degrees (WGS 84).
    precision : str
        How finely the service placed it.
    """

    longitude: float
    latitude: float
    precision: Precision


class Service(Protocol):
    """A service that finds places by address."""

    name: ClassVar[str]

    def ask(self, address: Address) -> list[Answer]:
        """Return the places of an address, the best first; empty if the service finds none.

        Raises
        ------
        DownloadError
            The service cannot be reached, refuses the key, or gives no more answers today.
        """


@dataclass(frozen=True)
class GeocodingLocator:
    """Finds places in the gazetteer, and asks a service for what it places coarsely.

    Parameters
    ----------
    gazetteer : Gazetteer
        Goes first, and knows the areas in which an answer must lie.
    service : Service
        What is asked.
    cache : AnswerCache or None
        Answers of earlier runs; None asks every time.
    """

    gazetteer: Gazetteer
    service: Service
    cache: AnswerCache | None = None
    # Within one run the same address is asked once, whether answers are kept or not.
    _asked: dict[str, list[Answer]] = field(default_factory=dict)

    def locate(self, address: str) -> Located:
        """Return the finest place of an address that gazetteer and service give."""
        parsed = parse_address(address)
        known = self.gazetteer.place(parsed)
        if known.ring == "far" or known.precision == "point" or not parsed.question:
            return known
        if known.precision is not None and not _finer(parsed.precision, known.precision):
            return known
        answers = self._answers(parsed)
        if not answers:
            return known
        allowed = self.gazetteer.named(parsed)
        for answer in answers:
            if known.precision is not None and not _finer(answer.precision, known.precision):
                return known
            place = self.gazetteer.at((answer.longitude, answer.latitude))
            if place.point is not None and self._lies_in(place.point, allowed):
                return self._at(place, answer, known)
        return replace(
            known,
            doubt=Message(
                "{service} places the address outside the township or county that it names; the "
                "answer is not used.",
                service=self.service.name,
            ),
        )

    def at(self, place: tuple[float, float] | None) -> Located:
        """Return a place by longitude and latitude; ``None`` stands for faulty coordinates."""
        return self.gazetteer.at(place)

    def inside(self, point: shapely.Point) -> Located:
        """Return a point of the CRS of the townships, with the township it lies in."""
        return self.gazetteer.inside(point)

    def off_m_of(self, address: str, place: tuple[float, float]) -> float | None:
        """Return how far a place lies outside the planned township that an address names."""
        return self.gazetteer.off_m_of(address, place)

    def _at(self, place: Located, answer: Answer, known: Located) -> Located:
        """Return the place of an answer; what the gazetteer knows of its township stays."""
        township = place.township_id
        if known.township_id and known.doubt is None:
            township = known.township_id
        return replace(place, township_id=township, precision=answer.precision, doubt=None)

    def _lies_in(self, point: shapely.Point, allowed: list[str]) -> bool:
        return self.gazetteer.off_m(point, allowed) <= SHORE_M

    def _answers(self, address: Address) -> list[Answer]:
        question = address.question
        if question in self._asked:
            return self._asked[question]
        answers = None if self.cache is None else self.cache.get(question)
        if answers is None:
            answers = self.service.ask(address)
            if self.cache is not None:
                self.cache.put(question, answers)
        self._asked[question] = answers
        return answers


def _finer(one: str, other: str) -> bool:
    order: tuple[str, ...] = PRECISIONS
    return order.index(one) < order.index(other)


class AnswerCache:
    """Answers of a service, kept on this machine: a line of JSON for each address.

    Lines that cannot be read are passed over. A line is written at once, so that a run that is
    broken off has lost nothing.

    Parameters
    ----------
    path : Path
        The file; made when the first answer is kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._answers: dict[str, list[Answer]] = {}
        self._whole = True
        try:
            content = path.read_bytes()
        except OSError:
            return
        self._whole = not content or content.endswith(b"\n")
        for line in content.splitlines():
            try:
                entry = json.loads(line)
                answers = [
                    Answer(float(one["longitude"]), float(one["latitude"]), one["precision"])
                    for one in entry["answers"]
                ]
                if all(one.precision in PRECISIONS for one in answers):
                    self._answers[str(entry["address"])] = answers
            except (ValueError, TypeError, KeyError, RecursionError):
                continue

    def get(self, address: str) -> list[Answer] | None:
        """Return the kept answers for an address; None if it was never asked."""
        return self._answers.get(address)

    def put(self, address: str, answers: list[Answer]) -> None:
        """Keep the answers for an address; where the disk takes none, they last for this run."""
        self._answers[address] = answers
        entry = {"address": address, "answers": [answer._asdict() for answer in answers]}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # One write at the end of the file: two runs at a time do not mix their lines.
            with self.path.open("ab", buffering=0) as stream:
                stream.write((line if self._whole else "\n" + line).encode())
            self._whole = True
        except OSError:
            return


def with_geocoder(gazetteer: Gazetteer, scenario: Scenario, settings: Settings | None) -> Locator:
    """Return the gazetteer, with the service of the scenario behind it if it names one.

    Raises
    ------
    InputError
        The environment variable with the key is not set.
    """
    wanted = scenario.geocoder
    if wanted.service == "none":
        return gazetteer
    key = os.environ.get(wanted.key_variable, "").strip()
    if not key:
        raise InputError(
            [
                Fault(
                    Message("The environment variable with the key of the geocoder is not set."),
                    Message(
                        'Set it to your own key, or set geocoder.service = "none" to place '
                        "addresses without a service."
                    ),
                    file=scenario.path.name,
                    column="geocoder.key_variable",
                    value=wanted.key_variable,
                )
            ]
        )
    # Only those who use a service should wait for its libraries.
    from ruralcare.inputs.care.geocoder_services import SERVICES

    settings = settings or Settings()
    url = settings.geocoder_url
    service = SERVICES[wanted.service](key, url)
    cache = None
    if wanted.cache:
        # Answers of a stand-in are not those of the public service.
        other = f"-{hashlib.sha256(url.encode()).hexdigest()[:8]}" if url else ""
        folder = settings.cache_dir / "geocoder"
        cache = AnswerCache(folder / f"{wanted.service}{other}.jsonl")
    return GeocodingLocator(gazetteer, service, cache)
