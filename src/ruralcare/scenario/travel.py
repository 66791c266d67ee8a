"""Roads, how fast they are driven, and how travel times are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from ruralcare.scenario.fields import Code, Factor, Kmh, Name, NotNegative, Positive, Section, Wait

__all__ = ["Completion", "Ferry", "RoadsSource", "SpeedProfile", "TravelSettings"]


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
