"""From people to people in need: rates, rules, and how far they may be off."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ruralcare.scenario.fields import (
    GRADES_TO_ONE,
    UNKNOWN_AGES,
    Code,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
)
from ruralcare.scenario.forecasts import ForecastSettings
from ruralcare.types import AGE_GROUPS, Grade

__all__ = ["CompositeIndicator", "NeedSettings", "Rule", "RuleTarget", "Spread", "Uncertainty"]

CompositeIndicator = Literal[
    "annual_change_share",
    "density_per_km2",
    "youth_net_migration_share",
    "daytime_per_resident",
    "share_65plus",
    "share_under15",
    "births_per_1000",
    "fiscal_independence_share",
]
"""The indicators of 인구감소지수: 연평균인구증감률, 인구밀도, 청년순이동률, 주간인구, 고령화비율,
유소년비율, 조출생률, 재정자립도."""


class RuleTarget(Section):
    """What people must be able to reach."""

    kinds: Annotated[tuple[Code, ...], Field(min_length=1)]
    """Kinds of institutions, any of which will do."""
    within_min: Positive | None = None
    """Longest acceptable time ..."""
    within_km: Positive | None = None
    """... or longest acceptable distance along the road, from door to door."""
    mode: Literal["car", "foot"] = "car"
    """How people travel."""
    walking_kmh: Annotated[float, Field(ge=0.5, le=15)] | None = None
    """Speed on foot; that of the scenario if missing."""

    @model_validator(mode="after")
    def _one(self) -> RuleTarget:
        if (self.within_min is None) == (self.within_km is None):
            raise ValueError("give either within_min or within_km")
        return self


class Rule(Section):
    """When a township counts as underserved: a rule in official use, or your own."""

    title_ko: Name
    """Korean title, shown in the report."""
    title_en: Name
    """English title."""
    source: Name
    """Where the rule comes from; “assumption” where it is one."""
    dated: Name
    """Date of the source, as precisely as it is known."""
    share: Share
    """A township is underserved if at least this share of its people cannot reach what they
    must."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share is lowered by this part of itself (0.1 makes 30 % to 27 %)."""
    unmet_share: Share | None = None
    """... or if at least this share of the need finds no room within the standard, too far or full;
    services of the scenario only."""
    profile: Code | None = None
    """Profile of speeds that the rule counts with; that of the scenario if missing. Distances count
    roads that the profile leaves open, whatever their speed."""
    targets: tuple[RuleTarget, ...] = ()
    """What must be reached; the rule "own" has none, it is about the services of the scenario and
    their standards."""
    combine: Literal["all", "any", "each"] = "all"
    """all: a person must reach every target; any: one is enough; each: the share is taken for every
    target by itself, and one that fails is enough."""

    @property
    def threshold_share(self) -> float:
        """The share with its tolerance: 30 % with a tolerance of a tenth are 27 %."""
        return self.share * (1 - self.tolerance)


class Spread(Section):
    """How far a figure may be off, as a factor about 1."""

    distribution: Literal["lognormal", "uniform"] = "lognormal"
    """lognormal: the logarithm of the factor is normal with mean 0; uniform: every factor between
    1 minus and 1 plus the spread is alike."""
    spread: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Standard deviation of the logarithm, or half the width; 0 is sure."""
    source: str = ""
    """Where the spread comes from; “assumption” where it is one."""


class Uncertainty(Section):
    """How far speeds, thresholds, rates and forecasts may be off: for how sure a status is."""

    samples: int = Field(default=200, ge=0, le=10_000)
    """Samples drawn; 0 leaves the test out."""
    speed: Spread = Spread()
    """Speeds of travel."""
    standard: Spread = Spread()
    """Standards of the services."""
    threshold: Spread = Spread()
    """Shares from which a township is underserved."""
    recognition: Spread = Spread()
    """Level of the recognition rates."""
    use: Spread = Spread()
    """Use rate of a service, each on its own."""
    capacity: Spread = Spread()
    """Room of institutions whose list gives none, all together."""
    forecast: bool = True
    """Draw the forecast of people as well; its spread comes from the forecast."""


class NeedSettings(Section):
    """From people to people in need, and when a township counts as underserved."""

    recognition_rates: dict[Literal["female", "male"], dict[str, Share]]
    """Share of people recognised for long-term care by sex and age group."""
    recognition_source: str
    """Where the rates come from."""
    women_shares: dict[str, Share] = {}
    """Usual share of women in an age group, by which the rates of both sexes are weighed where the
    people are not told apart by sex; half where it is not given."""
    grade_shares: dict[Grade, Share]
    """Share of each grade among the people recognised; sums to 1."""
    grade_source: str = ""
    """Where the shares come from."""
    forecast: ForecastSettings = Field(default_factory=lambda: ForecastSettings())
    rules: dict[Code, Rule]
    """Rules by name; "own" is the rule for the services of the scenario."""
    assess: tuple[Code, ...] = ()
    """Rules that are assessed besides "own"."""
    uncertainty: Uncertainty = Uncertainty()
    viable_use: Share = 0.5
    """An institution with fewer people than this share of its capacity is about to become
    unviable."""
    depopulating_index: NotNegative = 0.2
    """A township counts as depopulating below this extinction index ..."""
    depopulating_change: float = -0.2
    """... or at this change of population over ten years."""
    indicators_file: Path | None = None
    """CSV with sigungu or township_id and figures that registers do not hold, for the composite
    index of depopulation: youth_net_migration_share, daytime_population, births_per_1000,
    fiscal_independence_share."""
    composite_weights: dict[CompositeIndicator, NotNegative] = {}
    """Weight of each indicator in the composite index of depopulation; 1 where none is given, and 0
    leaves an indicator out. Those of the ministry are not published."""
    designated_file: Path | None = None
    """CSV with code, designated_on, and, if you like, province, county and source: designated
    depopulating areas (인구감소지역) instead of the 89 of 2021-10-19."""
    models: tuple[Name, ...] = ()
    """Townships, or branches of co-operatives, by code, whose care is a success: who resembles them
    is listed as candidate for taking over their model."""

    @model_validator(mode="after")
    def _ages(self) -> NeedSettings:
        for rates in (*self.recognition_rates.values(), self.women_shares):
            odd = [group for group in rates if group not in AGE_GROUPS]
            if odd:
                raise ValueError(UNKNOWN_AGES)
        return self

    @field_validator("grade_shares")
    @classmethod
    def _whole(cls, shares: dict[Grade, float]) -> dict[Grade, float]:
        if abs(math.fsum(shares.values()) - 1) > 1e-6:
            raise ValueError(GRADES_TO_ONE)
        return shares

    @property
    def own(self) -> Rule:
        """The rule for the services of the scenario."""
        return self.rules["own"]
