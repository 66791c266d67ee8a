"""Money, staff and rules of the plan."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ruralcare.scenario.fields import Code, NotNegative, Positive, Section, Share

__all__ = ["Opening", "Period", "PlanSettings"]


class Period(Section):
    """A stage of the roll-out."""

    year: int = Field(ge=1900, le=2200)
    """Year in which what opens in this stage begins to serve."""
    budget_mkrw: NotNegative
    """Capital that may be spent, million won."""
    care_workers: NotNegative | None = None
    """Care workers that each county can recruit by this period, beyond those at work."""
    max_operators: Annotated[int, Field(ge=0)] | None = None
    """Most co-operatives that take part by this period."""
    max_new: dict[Code, Annotated[int, Field(ge=0)]] = {}
    """Most new sites of a service by this period."""
    min_new: dict[Code, Annotated[int, Field(ge=0)]] = {}
    """Fewest new sites of a service by this period."""


class Opening(Section):
    """An opening that is required or ruled out."""

    site: Code
    """Code of the branch."""
    service: Code
    """Service id."""
    year: int | None = None
    """For a required opening: the latest year of opening; without it, the last period."""


class PlanSettings(Section):
    """Money, staff, rules and how good the answer must be."""

    periods: tuple[Period, ...]
    """The stages, in order."""
    carry_over: bool = True
    """Money not spent in a period can be spent later."""
    discount: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Worth of a person served one period later, against now."""
    levels_by: Literal["site", "operator"] = "operator"
    """Whether the level below must run at the same site, or at the same co-operative."""
    closures_allowed: bool = False
    """Whether a site opened by the plan may close again."""
    equity_floor: Share | None = None
    """Least share of the people in need, over all services, served in every county in the last
    period."""
    least_willing: Share = 0.0
    """Co-operatives less willing than this do not take part."""
    priority_underserved: Annotated[float, Field(ge=1)] = 1.0
    """Weight of a person in a township that is underserved and depopulating, against others."""
    forced: tuple[Opening, ...] = ()
    """Openings that must happen."""
    forbidden: tuple[Opening, ...] = ()
    """Openings that must not happen."""
    time_penalty: NotNegative = 0.0001
    """Loss of objective for each person and minute of travel; decides between equal plans."""
    relative_gap: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """The search may stop when the plan is proven to be this close to the best."""
    time_limit_s: Positive = 300.0
    """The search stops after this time with the best plan found."""

    @model_validator(mode="after")
    def _order(self) -> PlanSettings:
        if not self.periods:
            raise ValueError("a plan needs at least one period")
        return self
