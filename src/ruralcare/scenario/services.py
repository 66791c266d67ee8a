"""The services that can be rolled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ruralcare.scenario.fields import NO_AMOUNT, Code, Name, NotNegative, Positive, Section, Share
from ruralcare.types import GRADES, Direction, Grade

__all__ = ["Amount", "Module", "PerPerson", "Service", "UseRate"]


def _form(value: object) -> str:
    """Tell a table by grade from one figure, so that a fault is told of the one that is meant."""
    return "[table]" if isinstance(value, Mapping) else "[figure]"


UseRate = Annotated[
    Annotated[Share, Tag("[figure]")] | Annotated[dict[Grade, Share], Tag("[table]")],
    Discriminator(_form),
]


PerPerson = Annotated[
    Annotated[NotNegative, Tag("[figure]")] | Annotated[dict[Grade, NotNegative], Tag("[table]")],
    Discriminator(_form),
]


class Module(Section):
    """A size in which a service can be built."""

    capacity_persons: Positive
    """People served at a time."""
    capital_mkrw: NotNegative
    """Cost of building it, million won."""
    running_mkrw: NotNegative
    """Cost of a year of operation, million won."""
    care_workers: NotNegative
    """Care workers needed, full-time equivalents."""


class Amount(Section):
    """What a person who uses a service takes up, in the unit in which the service is planned."""

    unit: Literal["visit_hours_per_month", "seats", "beds"]
    """Unit of the amount."""
    per_person: PerPerson
    """Amount for each person who uses the service: one figure, or a table of all grades that use
    it."""


class Service(Section):
    """A service that can be rolled out."""

    id: Code
    """Short name in tables: home_visit_care, day_care, nursing_home."""
    name_ko: Name
    """Korean name."""
    name_en: Name
    """English name."""
    level: int = Field(ge=1)
    """Place in the ladder: a service opens where the level below it has run."""
    standard_min: Positive
    """Service standard: longest acceptable travel time."""
    direction: Direction
    """to_demand: carers travel to homes; to_place: people travel to the place."""
    detour_factor: Annotated[float, Field(ge=1)] = 1.0
    """Ride time against the direct time; above 1 where a shuttle collects several people."""
    offered_by: tuple[Code, ...]
    """Types of institutions that already offer this service."""
    use_rate: UseRate
    """Share of the people recognised as in need of care who use this service: one figure, or a
    table by grade (1 to 5 and cognitive). A grade that the table leaves out does not use it."""
    amount: Amount | None = None
    """What a person who uses it takes up: hours of visits, seats or beds."""
    weight: Positive = 1.0
    """Weight of a person served in the objective."""
    lag_periods: int = Field(default=1, ge=0)
    """Periods that the level below must have run before this service opens."""
    min_use: Share = 0.0
    """Least use of a new site, as share of its capacity, from its second period on; what opens in
    the last period must reach it at once."""
    modules: tuple[Module, ...]
    """Sizes on offer."""
    max_modules: int = Field(default=1, ge=1)
    """Most modules of one size at a site."""
    source: str = ""
    """Where the figures come from."""

    @model_validator(mode="after")
    def _modules(self) -> Service:
        if not self.modules:
            raise ValueError("a service needs at least one module")
        return self

    @model_validator(mode="after")
    def _amounts(self) -> Service:
        if self.amount is not None and isinstance(self.amount.per_person, dict):
            use = self.use_rate if isinstance(self.use_rate, dict) else dict.fromkeys(GRADES, 1.0)
            if any(use[grade] > 0 and grade not in self.amount.per_person for grade in use):
                raise ValueError(NO_AMOUNT)
        return self
