"""Which service a type of institution stands for, whatever its publisher calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import pandas as pd

from ruralcare.inputs.files import Faults, distinct, read_table
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["ServiceTypes", "read_service_types", "split_types"]

# Between several types in one cell; a comma inside brackets belongs to a note.
_BETWEEN: Final = re.compile(r"[·ㆍᆞ‧・∙•,/;|\n、+](?![^()]*\))")
_DAY_AND_NIGHT: Final = re.compile(r"주\s*[·ㆍᆞ‧・∙•,/]\s*야간")
# Rooms for people with dementia are parts of a service named beside them, not services.
_PART_OF_SERVICE: Final = re.compile(r"치매전담실|내치매전담|^[GH]\d\d$")
_NOTE: Final = re.compile(r"\([^()]*\)")
_SERVICE: Final = re.compile(r"^[0-9A-Za-z_.:-]+$")


def split_types(cell: str) -> tuple[str, ...]:
    """Return the types in a cell; one empty text if it is blank.

    Examples
    --------
    >>> split_types("방문요양, 방문목욕/주·야간보호")
    ('방문요양', '방문목욕', '주야간보호')
    """
    parts = _BETWEEN.split(_DAY_AND_NIGHT.sub("주야간", cell))
    found = dict.fromkeys(" ".join(part.split()) for part in parts)
    return tuple(part for part in found if part) or ("",)


@dataclass(frozen=True)
class ServiceTypes:
    """The services that types stand for.

    Parameters
    ----------
    services : mapping
        Type → service.
    own : frozenset of str
        Types that the services of the scenario name, known as they are written.
    """

    services: Mapping[str, str]
    own: frozenset[str]

    def service(self, label: str) -> str | None:
        """Return the service of a type; None if the type is not known.

        Spaces, notes in brackets and a class before the type do not count: ``재가노인복지시설
        방문요양`` is ``방문요양``, ``노인요양시설(개정법)`` is ``노인요양시설``.
        """
        text = unicodedata.normalize("NFKC", label)
        plain = "".join(_NOTE.sub("", text).split())
        last = (text.split() or [""])[-1]
        for one in (label, "".join(text.split()), plain, last, _NOTE.sub("", last)):
            if one in self.services:
                return self.services[one]
        return label if label in self.own else None

    def korean(self, service: str) -> str:
        """Return the Korean type that stands for a service, or the service where there is none."""
        own = (label for label, one in self.services.items() if one == service)
        return next((label for label in own if not label.isascii()), service)

    @staticmethod
    def is_part(label: str) -> bool:
        """Return whether a type is a part of a service that is named beside it."""
        return bool(_PART_OF_SERVICE.search(label))


def read_service_types(scenario: Scenario) -> ServiceTypes:
    """Return the types that the program knows and those of the scenario, which go before.

    Raises
    ------
    InputError
        The table of the scenario cannot be used; every fault is listed.
    """
    services = dict(_bundled())
    file = scenario.facilities.service_types
    if file is not None:
        faults = Faults(scenario.label(file))
        table = read_table(scenario.resolve(file), faults, ["label", "service"])
        for row in distinct(table, "label", faults, Message("Keep one row per type.")):
            if not _SERVICE.match(row["service"]):
                faults.add(
                    Message("This is no name of a service."),
                    Message(
                        "Write one word in Latin letters, such as day_care; the services of the "
                        "scenario name it in offered_by."
                    ),
                    row=row.number,
                    column="service",
                    value=row["service"],
                )
            services[row["label"]] = row["service"]
            services["".join(row["label"].split())] = row["service"]
        faults.raise_if_any()
    own = {kind for service in scenario.services for kind in (service.id, *service.offered_by)}
    return ServiceTypes(services, frozenset(own | set(services.values())))


@cache
def _bundled() -> Mapping[str, str]:
    with (
        resources.files("ruralcare.inputs.care").joinpath("service_types.csv").open("rb") as stream
    ):
        table = pd.read_csv(stream, dtype=str)
    return dict(zip(table["label"], table["service"], strict=True))
