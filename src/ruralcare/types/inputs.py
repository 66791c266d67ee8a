"""What is read: townships, people, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.types.checks import check_frame, check_geometry
from ruralcare.types.reading import Reading
from ruralcare.types.words import AGE_GROUPS, age_from

__all__ = ["Cooperatives", "DemandPoints", "Facilities", "Places", "Population", "Townships"]


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
    around : GeoDataFrame, optional
        Townships of the neighbouring counties, as far as the boundary files have them, with the
        columns of ``frame``. Nothing is planned there; their institutions are within reach.
    readings : tuple of Reading
        What was read from which file.
    """

    frame: gpd.GeoDataFrame
    as_of: str
    seat_basis: str = "given"
    notes: tuple[Message, ...] = ()
    around: gpd.GeoDataFrame | None = None
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        columns = {"name": "text", "sigungu_id": "text", "sigungu_name": "text", "seat": "any"}
        check_frame("Townships", self.frame, columns, index="township_id")
        check_geometry("Townships", self.frame, ("Polygon", "MultiPolygon"))
        if self.around is not None:
            check_frame("Townships.around", self.around, columns, index="township_id")
            check_geometry("Townships.around", self.around, ("Polygon", "MultiPolygon"))
            both = sorted(set(self.frame.index) & set(self.around.index))
            if both:
                raise TableError(f"Townships: planned and neighbouring at once: {both[:5]}")

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
        What the points are: ``villages``, ``grid``, ``buildings``, ``residential roads`` or
        ``centroid``.
    notes : tuple of Message
        What a reader of the results must know.
    readings : tuple of Reading
        What was read from which file.
    """

    frame: gpd.GeoDataFrame
    basis: str
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        columns = {"township_id": "text", "name": "text", "weight": "number"}
        check_frame("DemandPoints", self.frame, columns, index="point_id")
        check_geometry("DemandPoints", self.frame, ("Point",))
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
    notes : tuple of Message
        What a reader of the results must know.
    readings : tuple of Reading
        What was read from which file.
    """

    frame: pd.DataFrame
    points: DemandPoints
    as_of: Mapping[int, str]
    assumed: bool = False
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        columns = {
            "township_id": "text",
            "year": "number",
            "sex": "text",
            "age_group": "text",
            "persons": "number",
        }
        key = ["township_id", "year", "sex", "age_group"]
        check_frame("Population", self.frame, columns, unique=key)
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
    readings : tuple of Reading
        What was read from which file.
    """

    frame: gpd.GeoDataFrame
    offers: pd.DataFrame
    unplaced: pd.DataFrame
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        columns = {**_PLACE, "kind": "text", "operator_id": "text"}
        check_frame("Facilities", self.frame, columns, index="facility_id")
        check_geometry("Facilities", self.frame, ("Point",))
        offers = {
            "facility_id": "text",
            "service": "text",
            "capacity_persons": "number?",
            "capacity_basis": "text",
        }
        check_frame("Facilities.offers", self.offers, offers, unique=["facility_id", "service"])
        unplaced = {"facility_id": "text", "name": "text", "address": "text", "reason": "any"}
        check_frame("Facilities.unplaced", self.unplaced, unplaced)
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
    readings : tuple of Reading
        What was read from which file.
    """

    frame: gpd.GeoDataFrame
    unplaced: pd.DataFrame
    notes: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        columns = {**_PLACE, "operator_id": "text", "willing": "number"}
        check_frame("Cooperatives", self.frame, columns, index="coop_id")
        check_geometry("Cooperatives", self.frame, ("Point",))
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
        """What exists today, a row for each service of each institution.

        ``place_id``, ``service``, ``capacity_persons``, ``capacity_basis``, ``township_id``.
        """
        offers = self.facilities.offers.rename(columns={"facility_id": "place_id"})
        offers["township_id"] = offers["place_id"].map(self.facilities.frame["township_id"])
        columns = ["place_id", "service", "capacity_persons", "capacity_basis", "township_id"]
        return offers[columns]
