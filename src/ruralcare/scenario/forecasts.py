"""How people are carried forward to the years of the plan."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ruralcare.scenario.fields import UNKNOWN_AGES, NotNegative, Positive, Section, Share
from ruralcare.scenario.figures import default_figures
from ruralcare.types import AGE_GROUPS

__all__ = ["ForecastSettings", "NationalRatios"]

NO_MONTH: Final = "a date is written as year and month, such as 2023-10"
NO_SINGLE_AGES: Final = (
    "the sizes must be 101 numbers, for the ages from 0 to 99 and for 100 and over, or none at all"
)
NOT_LATER: Final = "national_to must be later than national_from"

_MONTH: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
_SINGLE_AGES: Final = 101


def _month(text: str) -> str:
    if re.fullmatch(_MONTH, text) is None:
        raise ValueError(NO_MONTH)
    return text


Month = Annotated[str, AfterValidator(_month), Field(json_schema_extra={"pattern": _MONTH})]
"""Year and month. The pattern is for editors; a fault of it would not tell what to write."""


class NationalRatios(Section):
    """How many of an age group are left in the nation five years later."""

    female: dict[str, Positive]
    """Women."""
    male: dict[str, Positive]
    """Men."""
    all: dict[str, Positive]
    """Both together, for registers that do not tell the sexes apart."""

    @model_validator(mode="after")
    def _ages(self) -> NationalRatios:
        for ratios in (self.female, self.male, self.all):
            if set(ratios) != set(AGE_GROUPS):
                raise ValueError(UNKNOWN_AGES)
        return self


def _forecast_figure(key: str) -> Any:  # noqa: ANN401 - what stands in the file
    return default_figures()["need"]["forecast"][key]


class ForecastSettings(Section):
    """How people are carried forward to the years of the plan."""

    method: Literal["auto", "cohort", "national", "hold"] = "auto"
    """cohort: cohorts go on changing as they did between the registers; national: everybody ages
    and dies as the nation does, nobody moves; hold: people stay those of the last register;
    auto: cohort where two registers are given, national where there is one of Korean townships,
    else hold."""
    samples: int = Field(default=200, ge=1, le=10_000)
    """How many futures are drawn for the bands that hold 80 % of them. With 200, a band ends
    between the 20th and the 21st from below and from above. (need.uncertainty.samples is the
    number of draws of the test how sure a status is.)"""
    smoothing_young: NotNegative = 150.0
    """Ratios of a township lean on those of its county as if so many people had been watched
    there for a year, in each cohort below 50; those of a county on all townships, and these on
    the nation. 0 takes them as they are. Turnover over the variance between townships (standard
    deviation 2.5 % a year; 2 to 5 % from 2023-10 to 2025-05, some of which does not last)."""
    smoothing_old: NotNegative = 800.0
    """The same from 50 on, where townships differ less (standard deviation 1.1 % a year in
    2023-10 to 2025-05)."""
    ratio_bound: Annotated[float, Field(ge=1, le=1e6)] = 2.0
    """In ten years a cohort can grow at most so many times as much, and shrink so many times as
    much, as that of the area above. Assumption, after the ceilings of Swanson, Schlottmann and
    Schmidt (2010) for census tracts."""
    half_life_years: Annotated[float, Field(ge=0, le=1000)] = 10.0
    """Years in which the difference between a township and its county halves, below 100: a new
    apartment block fills once. 0 keeps it for ever. Assumption, in the spirit of a damped
    trend (Gardner and McKenzie 1985)."""
    improvement_per_year: Annotated[float, Field(ge=0, le=0.2)] = 0.016
    """By which share mortality falls every year from improvement_from_age. From the life tables
    of Statistics Korea: between 2013 and 2023 the expectation of life at 60 rose from 22.0 to
    23.4 years (men) and from 27.0 to 28.2 (women), with a Gompertz curve 1.6 and 1.5 % a year."""
    improvement_from_age: int = Field(default=60, ge=0, le=95, multiple_of=5)
    """Age from which mortality falls; below it, people who go missing have mostly moved."""
    improvement_sd: Annotated[float, Field(ge=0, le=0.1)] = 0.006
    """Standard deviation of the yearly fall in the samples. Assumption: survival from birth to
    80 (55.2 to 63.6 % of men, 76.7 to 81.8 % of women) gives 2.7 % a year, a standstill as in
    2020 to 2023 none."""
    turnover_per_year: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the people of a township who come, go or die in a year; by it chance grows in
    small counts. Assumption, near the 12 to 13 % of Koreans who move each year, about half of
    them within the township, and deaths."""
    shock_county_young: Share = 0.013
    """Standard deviation, per year ahead, of what a whole county can differ from the forecast
    below 65, as a share. This and the next three are set so that the 80 % band of a forecast
    from one register holds about 80 % of counties and townships from 2023-10 to 2025-05
    (notebooks/04_forecast.ipynb)."""
    shock_county_old: Share = 0.007
    """The same from 65 on."""
    shock_township_young: Share = 0.022
    """The same of a township against its county, below 65, beyond the chance of small counts."""
    shock_township_old: Share = 0.01
    """The same from 65 on."""
    shock_measured: Share = 0.7
    """Share of these shocks where two registers have measured what lasts. Assumption: with it,
    mean errors over ten years are about 6 % for counties and 11 % for townships, within what
    evaluations of such forecasts find."""
    national: NationalRatios = Field(
        default_factory=lambda: NationalRatios.model_validate(_forecast_figure("national"))
    )
    """Five-year ratios of the nation by age group; 100+: of those of 100 and over."""
    national_from: Month = Field(default_factory=lambda: _forecast_figure("national_from"))
    """Month of the first register of the national ratios ("2023-10")."""
    national_to: Month = Field(default_factory=lambda: _forecast_figure("national_to"))
    """Month of the second."""
    national_source: str = Field(default_factory=lambda: _forecast_figure("national_source"))
    """Where the national ratios and sizes come from."""
    sizes: tuple[NotNegative, ...] = Field(default_factory=lambda: tuple(_forecast_figure("sizes")))
    """People of the nation by single year of age, 0 to 99, and of 100 and over: 101 numbers. They
    tell how the people of a five-year group are spread over its years. Empty: evenly but for
    deaths."""
    sizes_as_of: Month = Field(default_factory=lambda: _forecast_figure("sizes_as_of"))
    """Month of these."""

    @field_validator("sizes")
    @classmethod
    def _every_age(cls, sizes: tuple[float, ...]) -> tuple[float, ...]:
        if len(sizes) not in (0, _SINGLE_AGES):
            raise ValueError(NO_SINGLE_AGES)
        return sizes

    @model_validator(mode="after")
    def _in_order(self) -> ForecastSettings:
        if self.national_to <= self.national_from:
            raise ValueError(NOT_LATER)
        return self
