"""The result of the need room: indicators of the townships, and need per service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from ruralcare import views
from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AccessTable, Population, Townships

if TYPE_CHECKING:
    from ruralcare.need.forecast import Forecast

__all__ = [
    "COLUMNS",
    "CONNECTIONS",
    "DIGITS",
    "EVIDENCE",
    "EXTINCTION_CLASSES",
    "REASONS",
    "RESPONSES",
    "ROUNDING",
    "STATUSES",
    "TOLD_SHARE",
    "WITHIN_REACH",
    "Connection",
    "NeedTable",
]

EXTINCTION_CLASSES: Final = ("very_low", "low", "caution", "entering", "high")
"""Official classes of the extinction index (지방소멸위험지수), safest first."""

Connection = Literal["road", "ferry", "none"]
CONNECTIONS: Final[tuple[Connection, ...]] = ("road", "ferry", "none")
"""How a township is linked to the part of the network where most people live."""

STATUSES: Final = ("served", "at_risk", "underserved")
"""``at_risk``: served today, and about to be underserved."""
REASONS: Final = (
    "too_far",
    "no_seats",
    "no_staff",
    "no_provider",
    "ferry_only",
    "unreachable",
    "unsnapped",
    "demand_grows",
    "provider_unviable",
)
"""Why a township is underserved or at risk, in the order in which reasons are told.

``no_staff``: no room, where the room of the institutions within reach is set by their care workers;
``demand_grows``: served today, underserved in a later year with today's institutions;
``provider_unviable``: served today, underserved once the institutions that are about to become
unviable have closed.
"""
RESPONSES: Final = ("none", "safeguard", "full_rollout", "shared_hub", "mobile_service")
"""The kind of answer: nothing to do; keep what is there (served, but emptying or at risk); roll out
fully (underserved, not emptying); share a hub with neighbours (underserved and emptying, with users
enough within reach of one site); bring the service (underserved and emptying, with too few)."""

TOLD_SHARE: Final = 0.1
"""A cause is told when at least this share of the people is hit by it, and the largest always."""
ROUNDING: Final = 1e-6
"""Shares of people that differ by less are equal: they are sums of rounded weights."""
DIGITS: Final = 9
"""Digits of the figures behind a status: a share of nothing is 0, not 1e-16."""

WITHIN_REACH: Final = "within_reach"
"""Stands for a reason in the evidence of what is served."""
EVIDENCE: Final = {
    "outside_share": "share",
    "cause_share": "share",
    "unmet_share": "share",
    "without_room_share": "share",
    "staffed_share": "share",
    "underserved_year": "year",
    "expected_users": "persons",
}
"""Measures of the evidence and their units.

``outside_share``: people beyond the standard; ``cause_share``: people for whom this is the cause;
``unmet_share``: need that finds no room within the standard, for either cause;
``without_room_share``: need that lies within the standard and finds no room; ``staffed_share``:
room within the standard that is that of counted care workers; ``underserved_year``: first year in
which the township is underserved, against the last year looked at; ``expected_users``: people
expected to use the institution, against the fewest it needs. The figure of a reason reaches its
threshold; that of what is ``within_reach`` stays below it, and so do expected users.
``underserved_year`` is not after the last year.
"""

COLUMNS: Final = (
    "township_id",
    "service",
    "year",
    "need_persons",
    "need_low_persons",
    "need_high_persons",
    "need_amount",
    "amount_unit",
    "unmet_persons",
    "status",
    "reasons",
    "underserved_from",
    "response",
)
"""Columns of the table of need, in order."""


@dataclass(frozen=True, eq=False)
class NeedTable:
    """People in need, what is missing, and where it is worst.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``service``, ``year``, ``need_persons``, ``need_low_persons`` and
        ``need_high_persons`` (80 % band of the forecast; the need itself where it is no forecast),
        ``need_amount`` and ``amount_unit`` (the need in visit hours per month, seats or beds;
        ``NA`` where the service has none), ``unmet_persons`` (need that finds no room within the
        standard with today's institutions), ``status`` (one of :data:`STATUSES`; that of a year is
        seen from that year), ``reasons`` (codes of :data:`REASONS` joined by ``;``, empty if and
        only if served), ``underserved_from`` (first year in which the township is underserved if
        nothing changes; ``NA`` if never) and ``response`` (one of :data:`RESPONSES`).
    evidence : DataFrame
        What each status of the year of the people rests on: ``township_id``, ``service``,
        ``reason`` (codes of :data:`REASONS`, or ``within_reach`` for what is served today),
        ``measure`` (one of :data:`EVIDENCE`), ``figure``, ``threshold``, ``unit`` (``share``,
        ``persons`` or ``year``), ``year`` (that of the figure), ``place_id`` (the institution it is
        about: the nearest for most of the people concerned, or the one about to become unviable;
        ``NA`` if none).
    outlook : DataFrame
        ``township_id``, ``year``, ``population``, ``population_65plus``, ``share_65plus``,
        ``extinction_index``, ``extinction_class``, and ``…_low`` and ``…_high`` (80 % band) of the
        four figures; the year of the people and those of the plan.
    indicators : DataFrame
        Index ``township_id``; columns as :func:`ruralcare.need.indicators` gives them (place,
        people and their shares, density, change, ``extinction_index`` and its class,
        ``depopulating``, ``designated`` and ``designated_on``, the figures that registers do not
        tell, ``composite_index`` with ``composite_known``, ``connection``).
    services : tuple of Service
        The services, in the order of the scenario.
    townships : Townships
        The townships.
    people : Population
        The people, with their demand points.
    access : AccessTable
        Access today.
    settings : NeedSettings
        Rates and thresholds used.
    notes : tuple of Message
        What a reader must know about these figures.
    forecast : Forecast, optional
        How people were carried forward.
    """

    frame: pd.DataFrame
    indicators: pd.DataFrame
    services: tuple[Service, ...]
    townships: Townships = field(repr=False)
    people: Population = field(repr=False)
    access: AccessTable = field(repr=False)
    settings: NeedSettings = field(repr=False)
    notes: tuple[Message, ...] = ()
    evidence: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    outlook: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    forecast: Forecast | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        frame = self.frame
        if frame.duplicated(["township_id", "service", "year"]).any():
            raise TableError("NeedTable: more than one row for a township, service and year")
        if (frame["need_persons"] < 0).any() or (frame["unmet_persons"] < 0).any():
            raise TableError("NeedTable: negative numbers of people")
        if (frame["unmet_persons"] > frame["need_persons"] * (1 + 1e-9) + 1e-9).any():
            raise TableError("NeedTable: more unmet need than need")
        if not set(frame["status"]) <= set(STATUSES):
            raise TableError("NeedTable: unknown status")
        codes = {code for text in frame["reasons"] for code in text.split(";") if code}
        if not codes <= set(REASONS):
            raise TableError(f"NeedTable: unknown reasons {sorted(codes - set(REASONS))}")
        if not set(frame.get("response", ())) <= set(RESPONSES):
            raise TableError("NeedTable: unknown responses")
        if ((frame["status"] == "served") != (frame["reasons"] == "")).any():
            raise TableError("NeedTable: a status without a reason, or a reason too many")
        if {"need_low_persons", "need_high_persons"} <= set(frame):
            low, high = frame["need_low_persons"], frame["need_high_persons"]
            if (low > high * (1 + 1e-9) + 1e-9).any():
                raise TableError("NeedTable: a band of need that is upside down")

    def of_year(self, year: int | None = None) -> pd.DataFrame:
        """Return the rows of one year, by default that of the people."""
        chosen = self.people.year if year is None else year
        return self.frame[self.frame["year"] == chosen]

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the table, earliest first."""
        return tuple(int(year) for year in sorted(self.frame["year"].unique()))

    def explore(self) -> Any:  # noqa: ANN401 - drawn by the report room
        """Return a map of this table for a notebook; see :mod:`ruralcare.report`."""
        return views.draw("need", self)
