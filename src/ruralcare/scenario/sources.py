"""Which files the townships, people, institutions and co-operatives come from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ruralcare.scenario.fields import (
    UNKNOWN_AGES,
    Code,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
)
from ruralcare.types import AGE_GROUPS

__all__ = [
    "Area",
    "AssumedPopulation",
    "CapacityRule",
    "CooperativesSource",
    "FacilitiesSource",
    "FacilityFile",
    "Geocoder",
    "PointsSource",
    "PopulationSource",
    "TownshipsSource",
]


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
