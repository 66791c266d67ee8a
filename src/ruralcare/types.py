"""The tables that pass between the rooms, and their checks.

Each class is a small frozen record around plain (Geo)DataFrames. It checks itself when it is
built, so that a room can rely on what it is handed; a table that breaks its contract raises
:class:`~ruralcare.errors.TableError`. Rules for all of them (see ``docs/conventions.md``):

- ids are strings; units are in column names; geometry is in one projected CRS, in metres;
- absence is a missing row or ``NA``, never 0, 9999 or infinity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas.api import types as kinds

from ruralcare import views
from ruralcare.errors import TableError
from ruralcare.language import Message

__all__ = [
    "AGE_GROUPS",
    "PRECISIONS",
    "AccessTable",
    "Cooperatives",
    "DemandPoints",
    "Direction",
    "Facilities",
    "Places",
    "Population",
    "Precision",
    "RoadNetwork",
    "Townships",
    "TravelTimes",
    "TravelTimesByService",
    "age_from",
]

Direction = Literal["to_demand", "to_place"]
"""Who travels: the carer to the home (``to_demand``) or people to the place (``to_place``)."""

Precision = Literal["point", "road", "village", "township"]
PRECISIONS: Final[tuple[Precision, ...]] = ("point", "road", "village", "township")
"""How finely a location is known, finest first."""

AGE_GROUPS: Final[tuple[str, ...]] = (
    *(f"{age:02d}-{age + 4:02d}" for age in range(0, 100, 5)),
    "100+",
)
"""Five-year age groups: ``00-04`` to ``95-99`` and ``100+``."""


def age_from(age_group: str) -> int:
    """Return the youngest age of an age group.

    Examples
    --------
    >>> age_from("65-69"), age_from("100+")
    (65, 100)
    """
    return int(age_group.rstrip("+").split("-")[0])


def _check(
    table: str,
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    unique: Sequence[str] = (),
    index: str | None = None,
) -> None:
    """Raise a TableError that names every breach of the contract.

    ``columns`` maps a column to ``text``, ``number`` (no missing values), ``number?`` (missing
    allowed), ``flag`` or ``any``.
    """
    faults: list[str] = []
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        faults.append(f"lacks the columns {', '.join(missing)}")
    for name, kind in columns.items():
        if name in missing or frame.empty:
            continue
        column = frame[name]
        if kind.startswith("number"):
            if not kinds.is_numeric_dtype(column):
                faults.append(f"column {name} must hold numbers")
            elif kind == "number" and column.isna().any():
                faults.append(f"column {name} has {int(column.isna().sum())} missing values")
            elif not np.isfinite(column.dropna().astype(float)).all():
                faults.append(f"column {name} has infinite values")
        elif kind == "text" and not column.map(lambda value: isinstance(value, str)).all():
            faults.append(f"column {name} must hold text without missing values")
        elif kind == "flag" and not kinds.is_bool_dtype(column):
            faults.append(f"column {name} must hold true or false")
    if index is not None:
        if frame.index.name != index:
            faults.append(f"must be indexed by {index}, not {frame.index.name}")
        if not frame.index.is_unique:
            double = sorted(set(map(str, frame.index[frame.index.duplicated()])))
            faults.append(f"has duplicated ids: {', '.join(double[:5])}")
        if len(frame) and not all(isinstance(value, str) for value in frame.index):
            faults.append("must be indexed by text ids")
    if unique and not missing and frame.duplicated(list(unique)).any():
        faults.append(f"has more than one row for the same {', '.join(unique)}")
    if faults:
        raise TableError(f"{table}: " + "; ".join(faults))


def _check_geometry(table: str, frame: gpd.GeoDataFrame, kinds_allowed: tuple[str, ...]) -> None:
    if frame.crs is None:
        raise TableError(f"{table}: has no CRS; set it with frame.set_crs(...)")
    if not frame.crs.is_projected:
        raise TableError(
            f"{table}: must be in a projected CRS in metres, not {frame.crs.name}; "
            "use frame.to_crs(...)"
        )
    if len(frame) and frame.geometry.isna().any():
        raise TableError(f"{table}: has rows without geometry")
    odd = sorted(set(frame.geom_type) - set(kinds_allowed))
    if odd:
        raise TableError(f"{table}: geometry must be {' or '.join(kinds_allowed)}, not {odd}")


@dataclass(frozen=True, eq=False)
class Townships:
    """Townships (읍·면·동): the areas that results speak about.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ``township_id`` (10-digit code in Korea), ``name``, ``sigungu_id``,
        ``sigungu_name``, polygons in a projected CRS in metres, and ``seat``, the point of the
        township office or the best known stand-in for it.
    as_of : str
        Date of the boundaries, as precisely as it is known ("2018", "2023-10").
    seat_basis : str
        How the seats were found: ``given``, ``largest village`` or ``inside the area``.
    notes : tuple of Message
        What a reader of the results must know.
    """

    frame: gpd.GeoDataFrame
    as_of: str
    seat_basis: str = "given"
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        columns = {"name": "text", "sigungu_id": "text", "sigungu_name": "text", "seat": "any"}
        _check("Townships", self.frame, columns, index="township_id")
        _check_geometry("Townships", self.frame, ("Polygon", "MultiPolygon"))

    @property
    def crs(self) -> Any:  # noqa: ANN401 - a pyproj CRS
        """Projected CRS of the geometry."""
        return self.frame.crs

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, eq=False)
class DemandPoints:
    """Where the people of each township live.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ``point_id``, ``township_id``, ``name``, ``weight`` (share of the township's
        people; sums to 1 in every township) and points in a projected CRS.
    basis : str
        What the points are: ``villages``, ``residential roads``, ``centroid``.
    notes : tuple of Message
        What a reader of the results must know.
    """

    frame: gpd.GeoDataFrame
    basis: str
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        columns = {"township_id": "text", "name": "text", "weight": "number"}
        _check("DemandPoints", self.frame, columns, index="point_id")
        _check_geometry("DemandPoints", self.frame, ("Point",))
        if len(self.frame):
            if (self.frame["weight"] < 0).any():
                raise TableError("DemandPoints: has negative weights")
            sums = self.frame.groupby("township_id")["weight"].sum()
            off = sums.index[(sums - 1.0).abs() > 1e-9]
            if len(off):
                raise TableError(f"DemandPoints: weights of {', '.join(off[:5])} do not sum to 1")

    @property
    def points(self) -> gpd.GeoSeries:
        """The points, indexed by ``point_id``."""
        return self.frame.geometry


@dataclass(frozen=True, eq=False)
class Population:
    """People by township, year, sex and five-year age group.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``year``, ``sex`` (``female``, ``male``, or ``all`` where the source
        does not tell them apart), ``age_group`` (one of :data:`AGE_GROUPS`), ``persons``.
    points : DemandPoints
        How the people of each township are spread over places.
    as_of : mapping of int to str
        Date of the source for each year ("2023-10").
    assumed : bool
        True where the numbers are an assumption of the scenario and not a register.
    """

    frame: pd.DataFrame
    points: DemandPoints
    as_of: Mapping[int, str]
    assumed: bool = False

    def __post_init__(self) -> None:
        columns = {
            "township_id": "text",
            "year": "number",
            "sex": "text",
            "age_group": "text",
            "persons": "number",
        }
        key = ["township_id", "year", "sex", "age_group"]
        _check("Population", self.frame, columns, unique=key)
        odd = sorted(set(self.frame["age_group"]) - set(AGE_GROUPS))
        if odd:
            raise TableError(f"Population: unknown age groups {odd}")
        if (self.frame["persons"] < 0).any():
            raise TableError("Population: has negative numbers of people")

    @property
    def years(self) -> tuple[int, ...]:
        """Years with data, earliest first."""
        return tuple(int(year) for year in sorted(self.frame["year"].unique()))

    @property
    def year(self) -> int:
        """Latest year with data."""
        return self.years[-1]

    def totals(
        self,
        year: int | None = None,
        *,
        from_age: int = 0,
        to_age: int | None = None,
        sex: str | None = None,
    ) -> pd.Series:
        """Return people per township, optionally of one sex and some ages.

        Parameters
        ----------
        year : int, optional
            Latest by default.
        from_age, to_age : int
            First age and last age counted; both must be borders of five-year groups.
        sex : {"female", "male"}, optional
            Without it, everybody. ``NA`` where the source does not tell the sexes apart.

        Returns
        -------
        Series
            Index ``township_id``, persons.
        """
        rows = self.frame[self.frame["year"] == (self.year if year is None else year)]
        everyone = rows.groupby("township_id")["persons"].sum().index
        ages = rows["age_group"].map(age_from)
        chosen = rows[(ages >= from_age) & (ages <= (200 if to_age is None else to_age))]
        if sex is not None:
            if "all" in set(rows["sex"]):
                return pd.Series(pd.NA, index=everyone, dtype="Float64", name="persons")
            chosen = chosen[chosen["sex"] == sex]
        return chosen.groupby("township_id")["persons"].sum().reindex(everyone, fill_value=0)


_PLACE = {"name": "text", "township_id": "text", "address": "text", "location_precision": "text"}


@dataclass(frozen=True, eq=False)
class Facilities:
    """Institutions that exist: where they are and what they offer.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ``facility_id``, ``name``, ``kind`` (symbol on the map, such as ``day_care`` or
        ``hospital``), ``operator_id``, ``township_id`` (empty outside the townships),
        ``address``, ``location_precision`` and a point.
    offers : DataFrame
        A row for each service of each institution: ``facility_id``, ``service``,
        ``capacity_persons`` (``NA`` where it has no limit or none is known) and
        ``capacity_basis`` (``published`` or the rule that estimated it).
    unplaced : DataFrame
        Institutions without a place: ``facility_id``, ``name``, ``address``, ``reason``
        (Message).
    notes : tuple of Message
        What a reader of the results must know.
    """

    frame: gpd.GeoDataFrame
    offers: pd.DataFrame
    unplaced: pd.DataFrame
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        columns = {**_PLACE, "kind": "text", "operator_id": "text"}
        _check("Facilities", self.frame, columns, index="facility_id")
        _check_geometry("Facilities", self.frame, ("Point",))
        offers = {
            "facility_id": "text",
            "service": "text",
            "capacity_persons": "number?",
            "capacity_basis": "text",
        }
        _check("Facilities.offers", self.offers, offers, unique=["facility_id", "service"])
        unplaced = {"facility_id": "text", "name": "text", "address": "text", "reason": "any"}
        _check("Facilities.unplaced", self.unplaced, unplaced)
        strangers = sorted(set(self.offers["facility_id"]) - set(self.frame.index))
        if strangers:
            raise TableError(f"Facilities.offers: unknown facilities {strangers[:5]}")

    @property
    def points(self) -> gpd.GeoSeries:
        """The points, indexed by ``facility_id``."""
        return self.frame.geometry


@dataclass(frozen=True, eq=False)
class Cooperatives:
    """Branches of agricultural co-operatives: the candidate sites.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ``coop_id``, ``name``, ``operator_id`` (the co-operative a branch belongs to),
        ``township_id``, ``willing`` (probability of taking part, 0 to 1), ``address``,
        ``location_precision`` and a point.
    unplaced : DataFrame
        Branches without a place, as in :class:`Facilities`.
    notes : tuple of Message
        What a reader of the results must know.
    """

    frame: gpd.GeoDataFrame
    unplaced: pd.DataFrame
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        columns = {**_PLACE, "operator_id": "text", "willing": "number"}
        _check("Cooperatives", self.frame, columns, index="coop_id")
        _check_geometry("Cooperatives", self.frame, ("Point",))
        if len(self.frame) and not self.frame["willing"].between(0, 1).all():
            raise TableError("Cooperatives: willing must lie between 0 and 1")

    @property
    def points(self) -> gpd.GeoSeries:
        """The points, indexed by ``coop_id``."""
        return self.frame.geometry


@dataclass(frozen=True, eq=False)
class Places:
    """Everything that can offer a service: what exists, and the candidate sites."""

    facilities: Facilities
    cooperatives: Cooperatives

    def __post_init__(self) -> None:
        both = sorted(set(self.facilities.frame.index) & set(self.cooperatives.frame.index))
        if both:
            raise TableError(f"Places: ids used for a facility and a co-operative: {both[:5]}")

    @cached_property
    def points(self) -> gpd.GeoSeries:
        """All points, indexed by place id: facilities first, then co-operatives."""
        parts = [part for part in (self.facilities.points, self.cooperatives.points) if len(part)]
        joined = pd.concat(parts) if parts else self.facilities.points
        return gpd.GeoSeries(joined, crs=self.facilities.frame.crs)

    @property
    def offers(self) -> pd.DataFrame:
        """What exists today: ``place_id``, ``service``, ``capacity_persons``, ``township_id``."""
        offers = self.facilities.offers.rename(columns={"facility_id": "place_id"})
        offers["township_id"] = offers["place_id"].map(self.facilities.frame["township_id"])
        return offers[["place_id", "service", "capacity_persons", "township_id"]]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads and ferries as a graph.

    Parameters
    ----------
    nodes : GeoDataFrame
        Index ``node_id`` (0 to n−1), points in a projected CRS.
    edges : GeoDataFrame
        ``u``, ``v`` (node ids), ``length_m``, ``speed_kmh``, ``time_min`` (one way, with the
        average wait of a ferry), ``kind`` (``road``, ``ferry``), ``road_class``, ``oneway``
        (only from u to v), ``proxy`` (stands in for roads that the data lack), ``name`` and
        lines from u to v. A street open both ways is one row.
    pieces : DataFrame
        Pieces of the source that hang together: ``piece``, ``nodes``, ``length_m``, ``kept``.
    notes : sequence of Message
        What a reader of the results must know about these roads.
    land : MultiPolygon, optional
        The known land. A point does not join a road across water, however near it is.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    pieces: pd.DataFrame
    notes: tuple[Message, ...] = ()
    land: shapely.MultiPolygon | None = None

    def __post_init__(self) -> None:
        columns = {
            "u": "number",
            "v": "number",
            "length_m": "number",
            "speed_kmh": "number",
            "time_min": "number",
            "kind": "text",
            "road_class": "text",
            "oneway": "flag",
            "proxy": "flag",
            "name": "text",
        }
        _check("RoadNetwork.edges", self.edges, columns)
        _check_geometry("RoadNetwork.nodes", self.nodes, ("Point",))
        _check_geometry("RoadNetwork.edges", self.edges, ("LineString",))
        if self.nodes.crs != self.edges.crs:
            raise TableError("RoadNetwork: nodes and edges differ in CRS")
        if not np.array_equal(self.nodes.index, np.arange(len(self.nodes))):
            raise TableError("RoadNetwork.nodes: must be numbered from 0 without gaps")
        if len(self.edges):
            ends = self.edges[["u", "v"]].to_numpy()
            if ends.min() < 0 or ends.max() >= len(self.nodes):
                raise TableError("RoadNetwork.edges: u or v is not a node")
            if (self.edges["time_min"] < 0).any() or (self.edges["speed_kmh"] <= 0).any():
                raise TableError("RoadNetwork.edges: times and speeds must be positive")

    @property
    def is_proxy(self) -> bool:
        """Whether any part stands in for roads that the data lack."""
        return bool(self.edges["proxy"].any())


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Travel times between demand points and places.

    Parameters
    ----------
    frame : DataFrame
        ``from_id``, ``to_id``, ``time_min``. A pair that is absent is beyond the cutoff, unless
        it is listed in ``unreachable`` or one end in ``unsnapped``.
    cutoff_min : float
        Longest time listed.
    mode : {"car", "foot"}
        How people travel.
    direction : {"to_demand", "to_place"}
        Whether ``from_id`` is the place (``to_demand``) or the demand point (``to_place``).
    points : DemandPoints
        The demand points.
    place_ids : tuple of str
        The places, also those that nobody reaches.
    unreachable : DataFrame
        ``from_id``, ``to_id`` of pairs without any way between them.
    unsnapped : tuple of str
        Demand points and places too far from any road to join the network.
    snap_m : Series
        Straight distance from each demand point and place to its road, in metres; ``NA`` for
        the unsnapped.
    proxy : bool
        True where the roads are stand-ins.
    """

    frame: pd.DataFrame
    cutoff_min: float
    mode: str
    direction: Direction
    points: DemandPoints
    place_ids: tuple[str, ...]
    unreachable: pd.DataFrame
    unsnapped: tuple[str, ...]
    snap_m: pd.Series
    proxy: bool = False

    def __post_init__(self) -> None:
        columns = {"from_id": "text", "to_id": "text", "time_min": "number"}
        _check("TravelTimes", self.frame, columns, unique=["from_id", "to_id"])
        pairs = {"from_id": "text", "to_id": "text"}
        _check("TravelTimes.unreachable", self.unreachable, pairs, unique=["from_id", "to_id"])
        if len(self.frame) and not self.frame["time_min"].between(0, self.cutoff_min).all():
            raise TableError("TravelTimes: times must lie between 0 and the cutoff")

    @cached_property
    def by_demand(self) -> pd.DataFrame:
        """The pairs seen from home: ``point_id``, ``place_id``, ``time_min``, nearest first."""
        frame = self._from_home(self.frame)[["point_id", "place_id", "time_min"]]
        return frame.sort_values(["point_id", "time_min", "place_id"], ignore_index=True)

    @cached_property
    def unreachable_by_demand(self) -> pd.DataFrame:
        """The pairs without any way, seen from home: ``point_id``, ``place_id``."""
        return self._from_home(self.unreachable)[["point_id", "place_id"]]

    def _from_home(self, frame: pd.DataFrame) -> pd.DataFrame:
        names = (
            ("place_id", "point_id")
            if self.direction == "to_demand"
            else (
                "point_id",
                "place_id",
            )
        )
        return frame.rename(columns={"from_id": names[0], "to_id": names[1]})


TravelTimesByService = Mapping[str, TravelTimes]
"""Travel times as each service travels, by service id."""


@dataclass(frozen=True, eq=False)
class AccessTable:
    """How well the people of each township reach each service.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``service``, ``nearest_min`` (mean over the people who reach a place
        within the cutoff, ``NA`` if nobody does), ``covered_share`` (share of people within the
        standard), ``beyond_standard_share``, ``beyond_cutoff_share``, ``unreachable_share``,
        ``unsnapped_share`` (the five shares sum to 1), ``places_per_1000`` (capacity in the
        township per 1,000 people aged 65 and over, where given), ``proxy`` (the roads are
        stand-ins).
    points : DataFrame
        The same for each demand point: ``point_id``, ``township_id``, ``service``,
        ``nearest_id``, ``nearest_min``, ``state`` (``covered``, ``beyond_standard``,
        ``beyond_cutoff``, ``unreachable``, ``unsnapped``).
    times : mapping
        The travel times measured, by service.
    offers : DataFrame
        ``place_id``, ``service``, ``capacity_persons``: what the measures count.
    standards_min : mapping
        Service standard in minutes, by service.
    """

    frame: pd.DataFrame
    points: pd.DataFrame
    times: TravelTimesByService = field(repr=False)
    offers: pd.DataFrame = field(repr=False)
    standards_min: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {
            "township_id": "text",
            "service": "text",
            "nearest_min": "number?",
            "covered_share": "number",
            "beyond_standard_share": "number",
            "beyond_cutoff_share": "number",
            "unreachable_share": "number",
            "unsnapped_share": "number",
            "proxy": "flag",
        }
        _check("AccessTable", self.frame, columns, unique=["township_id", "service"])
        shares = [name for name in columns if name.endswith("_share")]
        if len(self.frame) and (self.frame[shares].sum(axis=1) - 1.0).abs().max() > 1e-9:
            raise TableError("AccessTable: the five shares of a row must sum to 1")

    def explore(self, townships: Townships) -> Any:  # noqa: ANN401 - drawn by the report room
        """Return a map of this table for a notebook; see :mod:`ruralcare.report`."""
        return views.draw("access", self, townships)
