"""The scenario file as a set of frozen records.

The docstring under each field becomes its description in the JSON Schema that ``ruralcare
schema`` prints, so that an editor can explain a key while it is typed.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from ruralcare.language import Language
from ruralcare.scenario.fields import Code, Name, Section
from ruralcare.scenario.forecasts import ForecastSettings, NationalRatios
from ruralcare.scenario.needs import (
    CompositeIndicator,
    NeedSettings,
    Rule,
    RuleTarget,
    Spread,
    Uncertainty,
)
from ruralcare.scenario.plans import Opening, Period, PlanSettings
from ruralcare.scenario.services import Amount, Module, Service
from ruralcare.scenario.sources import (
    Area,
    AssumedPopulation,
    CapacityRule,
    CooperativesSource,
    FacilitiesSource,
    FacilityFile,
    Geocoder,
    PointsSource,
    PopulationSource,
    TownshipsSource,
)
from ruralcare.scenario.travel import Completion, Ferry, RoadsSource, SpeedProfile, TravelSettings

__all__ = [
    "Amount",
    "Area",
    "AssumedPopulation",
    "CapacityRule",
    "Completion",
    "CompositeIndicator",
    "CooperativesSource",
    "FacilitiesSource",
    "FacilityFile",
    "Ferry",
    "ForecastSettings",
    "Geocoder",
    "Module",
    "NationalRatios",
    "NeedSettings",
    "Opening",
    "Period",
    "PlanSettings",
    "PointsSource",
    "PopulationSource",
    "RoadsSource",
    "Rule",
    "RuleTarget",
    "ScenarioFile",
    "Section",
    "Service",
    "SpeedProfile",
    "Spread",
    "TownshipsSource",
    "TravelSettings",
    "Uncertainty",
]


class ScenarioFile(Section):
    """A scenario: what is planned, from which files, under which rules."""

    name: Code
    """Short name without spaces."""
    title_ko: Name
    """Korean title on the map and the report."""
    title_en: Name
    """English title."""
    language: Language = "ko"
    """Language of the results: ko or en."""
    demo: bool = False
    """True marks maps and reports as a demonstration with invented data."""
    crs: str = "EPSG:5179"
    """Projected CRS for all measuring: EPSG:5179 in Korea, a UTM zone elsewhere."""
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    """Seed of everything random."""
    assumptions: tuple[str, ...] = ()
    """Sentences about assumptions that readers of the report must know."""
    area: Area = Area()
    townships: TownshipsSource
    population: PopulationSource
    points: PointsSource
    facilities: FacilitiesSource = FacilitiesSource()
    cooperatives: CooperativesSource = CooperativesSource()
    geocoder: Geocoder = Geocoder()
    roads: RoadsSource = RoadsSource()
    travel: TravelSettings = TravelSettings()
    services: tuple[Service, ...]
    need: NeedSettings
    plan: PlanSettings

    @model_validator(mode="after")
    def _services(self) -> ScenarioFile:
        if not self.services:
            raise ValueError("a scenario needs at least one service")
        return self
