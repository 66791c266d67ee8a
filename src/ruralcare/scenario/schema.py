"""The scenario file as a set of frozen records.

The docstring under each field becomes its description in the JSON Schema that ``ruralcare
schema`` prints, so that an editor can explain a key while it is typed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

from ruralcare.language import Language
from ruralcare.scenario.figures import default_figures
from ruralcare.types import AGE_GROUPS, GRADES, Direction, Grade

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

Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.:-]+$", min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.05, le=5)]
Kmh = Annotated[float, Field(ge=0.5, le=200)]
Wait = Annotated[float, Field(ge=0, le=20160)]
"""Minutes, up to two weeks."""
NotNegative = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


UNKNOWN_AGES = "an age group is unknown: use 00-04, 05-09 and so on to 95-99, and 100+"
GRADES_TO_ONE = "the shares of the grades do not sum to 1"
NO_AMOUNT = "a grade uses the service, but the table of amounts leaves it out"


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


class Section(BaseModel):
    """A part of the scenario: frozen, and no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Area(Section):
    """Which counties are planned."""

    sigungu: tuple[Name, ...] = ()
    """Codes (in quotes) or names of counties or whole provinces, of any date; "경남 고성군" where a
    name is not unique. Empty takes every township of the files."""
    without: tuple[Name, ...] = ()
    """Codes or names of townships that are left out because nobody lives there, such as those in
    the demilitarised zone."""


class TownshipsSource(Section):
    """Township boundaries."""

    files: tuple[Path, ...]
    """Boundary files: GeoJSON, TopoJSON, Shapefile (also as .zip), GeoPackage, GeoParquet, or an
    .osm.pbf extract. They may cover more than the planned counties."""
    as_of: Name
    """Date of the boundaries, such as "2018" or "2023-10"."""
    crs: str | None = None
    """CRS of files that do not tell it, such as "EPSG:5179"."""
    crosswalk: Path | None = None
    """Table adm_cd (7 digits) or adm_cd8 → adm_cd2, tab- or comma-separated, where the boundaries
    carry KOSTAT codes."""
    code_changes: Path | None = None
    """CSV with old_code, new_code, changed_on, name, source: changes of codes that the program does
    not know, or knows otherwise."""
    admin_level: int = Field(default=8, ge=2, le=11)
    """For an .osm.pbf: the admin_level of the areas."""
    inside: str | None = None
    """For an .osm.pbf: name of the larger area whose municipalities are taken."""
    sigungu_name: str | None = None
    """Name of the county where the files have none (an .osm.pbf)."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""


class AssumedPopulation(Section):
    """Population that is assumed because no register is at hand."""

    year: int = Field(ge=1900, le=2200)
    """Year the assumption stands for."""
    persons: dict[Name, Annotated[int, Field(ge=0)]]
    """People per township, by township id or name."""
    age_shares: dict[str, Share]
    """Share of each five-year age group ("65-69", "100+") in the population; sums to 1."""
    female_share: Share = 0.5
    """Share of women in every age group."""

    @model_validator(mode="after")
    def _ages(self) -> AssumedPopulation:
        odd = [group for group in self.age_shares if group not in AGE_GROUPS]
        if odd:
            raise ValueError(UNKNOWN_AGES)
        total = math.fsum(self.age_shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError("the shares of the age groups do not sum to 1")
        return self


class PopulationSource(Section):
    """How many people of which age live in each township."""

    files: tuple[Path, ...] = ()
    """Resident registers (연령별인구현황), long tables of SGIS or KOSIS, or our own CSV; several
    dates give the change."""
    assumed: AssumedPopulation | None = None
    """An assumption instead of a register; results say so."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""

    @model_validator(mode="after")
    def _one(self) -> PopulationSource:
        if bool(self.files) == (self.assumed is not None):
            raise ValueError("give either files or an assumed population")
        return self


class PointsSource(Section):
    """Where inside a township the people live."""

    kind: Literal["villages", "grid", "buildings", "residential_roads", "centroid"]
    """Villages of a file, cells of a population grid, buildings or parcels, points along
    residential streets, or one point per township."""
    file: Path | None = None
    """villages: CSV with sigungu, eupmyeondong, ri, admin_dong_code, population, lat, lon, or with
    township_id, name, persons, lon, lat; grid: GeoTIFF, cells as polygons or points with a column
    of people, or CSV with the code of the cell (gid) and a value; buildings: CSV with lon and lat,
    or a file of points or polygons."""
    column: str | None = None
    """Column of the file that holds people (grid) or the weight of a building, if it has another
    name than usual. Buildings without such a column count alike."""
    crs: str | None = None
    """CRS of a file that does not tell it, such as "EPSG:5179"."""
    spacing_m: Positive = 400.0
    """Distance between points along residential streets."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""

    @model_validator(mode="after")
    def _file(self) -> PointsSource:
        if (self.kind in ("villages", "grid", "buildings")) != (self.file is not None):
            raise ValueError("a file belongs to villages, grid and buildings, and only to them")
        return self


class FacilityFile(Section):
    """A list of institutions."""

    file: Path
    """The list."""
    format: Literal["auto", "ltc", "nhis", "city", "hira", "plain", "osm"] = "auto"
    """auto: told by the columns; ltc: long-term care list (NHIS, CSV); nhis: NHIS workbook with
    several sheets; city: list of a city or county; hira: hospitals and health posts; plain: our own
    CSV; osm: care and health facilities of an .osm.pbf."""


class CapacityRule(Section):
    """How many people an institution serves where its list does not say."""

    persons_per_care_worker: Positive | None = None
    """People for each care worker on the list."""
    most_persons: Positive | None = None
    """Most people that this rule may give."""
    default_persons: NotNegative
    """People where no care worker is listed, or they belong to another of its services."""


class FacilitiesSource(Section):
    """Institutions that exist."""

    sources: tuple[FacilityFile, ...] = ()
    """The lists to read."""
    capacity: dict[Code, CapacityRule] = {}
    """Rule per service for institutions whose list gives no capacity."""
    service_types: Path | None = None
    """CSV with label and service: service types that the program does not know, or knows
    otherwise."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""


class CooperativesSource(Section):
    """Candidate sites."""

    file: Path | None = None
    """Branch list: the code file of KFTC (.xlsx or .csv) or our own table (coop_id, name, address
    or lon and lat). Without it, the seat of every township is a candidate of an operator of its
    own, and results say so."""
    willing: Share = 0.6
    """Probability that a co-operative takes part, where no better figure is given."""
    willing_file: Path | None = None
    """CSV with coop_code and willing, overriding the figure above."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""


class Geocoder(Section):
    """A service on the network that finds places by address, for what the files cannot place."""

    service: Literal["none", "vworld", "kakao"] = "none"
    """VWorld (Ministry of Land) or Kakao, with a key of your own."""
    key_variable: Annotated[str, StringConstraints(pattern=r"^RURALCARE_[A-Z0-9_]+$")] = (
        "RURALCARE_GEOCODER_KEY"
    )
    """Name of the environment variable that holds the key; it begins with RURALCARE_. The key
    itself never stands in a file, and no scenario can ask for another secret of the machine."""
    cache: bool = True
    """Keep answers on this machine, so that a second run asks nothing. Set it to false where the
    terms of the service forbid it."""


class Ferry(Section):
    """A ferry that the road data lack."""

    from_township: Name
    """Township id or name at one end."""
    to_township: Name
    """Township id or name at the other end."""
    crossing_min: Positive
    """Time on board."""
    headway_min: Positive
    """Time between departures; half of it is the average wait."""


class Completion(Section):
    """How holes in road data are filled with estimated links over land."""

    beyond_m: Positive = 500.0
    """A village, township office or institution farther from any road of the data gets links of its
    own to the roads and villages about it. Pieces of road are joined whatever their distance."""


class SpeedProfile(Section):
    """How fast roads are driven under some circumstances."""

    title_ko: Name
    """Korean title, shown in the report."""
    title_en: Name
    """English title."""
    source: str = ""
    """Where the figures come from; “assumption” where they are one."""
    speeds_kmh: dict[str, Kmh] = {}
    """Speed for each highway class, instead of that in [roads.speeds_kmh]."""
    use_posted: bool = True
    """True: a road with a posted limit is driven at a share of it; false: at the speed of its
    class, and the limit is only a cap."""
    posted_factor: Annotated[float, Field(gt=0, le=2)] = 1.0
    """Share of the posted limit that is driven on average, with bends, crossings and signals."""
    speed_factor: Factor = 1.0
    """All speeds on roads are multiplied by it."""
    class_factors: dict[str, Factor] = {}
    """Speeds of a highway class are multiplied by it."""
    ferries_run: bool = True
    """False closes every ferry."""
    tolls: bool | None = None
    """True uses roads with a toll, whatever roads.tolls says (an ambulance pays none)."""


class RoadsSource(Section):
    """Roads, or what stands in for them."""

    file: Path | None = None
    """.osm.pbf, .osm(.gz), GraphML (OSMnx), the standard node-link data (MOCT_LINK.shp, with
    MOCT_NODE.shp beside it) or an edge list (CSV). Without file and download, a proxy network is
    made."""
    crs: str | None = None
    """CRS of a Shapefile or an edge list that does not tell it, such as "EPSG:5186"."""
    download: bool = False
    """Fetch OpenStreetMap roads for the area with OSMnx."""
    overpass_url: str | None = None
    """Overpass server for the download, instead of the public one."""
    profile: Code = "rural"
    """How fast roads are driven: rural (as surveys found), posted (limits), emergency (65 % of the
    limits), snow, no_ferries, or a profile of your own."""
    profiles: dict[Code, SpeedProfile] = {}
    """Profiles of speeds, by name."""
    speed_factor: Factor = 1.0
    """Speeds are multiplied by it, on top of the profile."""
    speeds_kmh: dict[str, Kmh] = {}
    """Speed for each OpenStreetMap highway class, where no maxspeed is given."""
    tolls: bool = False
    """True uses roads with a toll: motorways and their ramps, unless tagged toll=no, and what is
    tagged toll=yes."""
    closed: tuple[Name, ...] = ()
    """Roads and ferries that are closed, by their ids in the road file (in quotes): OpenStreetMap
    ways, LINK_ID, id or row of an edge list, osmid."""
    overrides_file: Path | None = None
    """CSV with edge_id, speed_kmh, closed (yes or no) and note: speeds and closures of single
    roads."""
    ferry_headway_min: Wait = 60.0
    """Time between departures of ferries whose data do not say."""
    ferry_wait_min: Wait | None = None
    """Average wait for every ferry, instead of half the time between its departures: 0 where people
    know the timetable."""
    ferries_run: bool = True
    """False closes every ferry (night, storm)."""
    ferries: tuple[Ferry, ...] = ()
    """Ferries to add to a proxy network."""
    min_piece_km: NotNegative = 1.0
    """Pieces of road without a link to the rest that are shorter are left out."""
    proxy_detour_factor: Annotated[float, Field(ge=1)] = 1.4
    """Proxy network: length of a way against the straight line."""
    proxy_speed_kmh: Kmh = 35.0
    """Proxy network: speed."""
    water_gap_m: NotNegative = 300.0
    """Widest water (a stream, a quantised shore) that a proxy link, or the way from a house to its
    road, may cross."""
    complete: Completion | None = None
    """Fills holes in the road data with estimated links over land; an empty section
    [roads.complete] will do. Off unless it is given."""
    attribution: str = ""
    """Origin and licence, printed on the map and in the report."""

    @model_validator(mode="after")
    def _one(self) -> RoadsSource:
        if self.file is not None and self.download:
            raise ValueError("give either a road file or download = true")
        if self.ferries and (self.file is not None or self.download):
            raise ValueError("ferries belong to a proxy network; a road file brings its own")
        return self


class TravelSettings(Section):
    """How travel times are measured."""

    cutoff_min: Positive = 90.0
    """Longest travel time of interest."""
    walking_kmh: Annotated[float, Field(ge=0.5, le=15)] = 4.0
    """Speed on the way between a point and its road."""
    snap_limit_m: Positive = 2000.0
    """A point farther from any road is not joined to the network."""


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
    """Years in which the difference between a township and its county halves: a new apartment
    block fills once. 0 keeps it for ever. Assumption, in the spirit of a damped trend (Gardner
    and McKenzie 1985)."""
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
    national_from: Name = Field(default_factory=lambda: _forecast_figure("national_from"))
    """Date of the first register of the national ratios."""
    national_to: Name = Field(default_factory=lambda: _forecast_figure("national_to"))
    """Date of the second."""
    national_source: str = Field(default_factory=lambda: _forecast_figure("national_source"))
    """Where the national ratios and sizes come from."""
    sizes: tuple[NotNegative, ...] = Field(default_factory=lambda: tuple(_forecast_figure("sizes")))
    """People of the nation by single year of age, from 0; the last is open. They tell how the
    people of a five-year group are spread over its years. Empty: evenly but for deaths."""
    sizes_as_of: Name = Field(default_factory=lambda: _forecast_figure("sizes_as_of"))
    """Date of these."""


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
    """... or if at least this share of the need within the standard finds no room; services of the
    scenario only."""
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
