"""Places for addresses, without any service on the network.

The finest place that the scenario's own files know: a village whose name the address carries, or
else the seat of the township. Every place is given with its precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from ruralcare.inputs.care.addresses import Address, clean_address, parse_address
from ruralcare.inputs.care.county_index import County, CountyIndex
from ruralcare.inputs.codes import CodeBook, read_code_book
from ruralcare.inputs.crs import Box
from ruralcare.inputs.people.villages import read_villages, settled
from ruralcare.inputs.reach import REACH_KM
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Precision, Townships
from ruralcare.units import metres

__all__ = ["Gazetteer", "Located", "Locator", "build_gazetteer", "clean_address"]

# Borders are simplified by their publishers: what stands on the shore lies a little outside.
SHORE_M: Final = 500.0

_OUTSIDE: Final = Message("The address is outside the planned counties.")


@dataclass(frozen=True)
class Located:
    """A place for an address, or why there is none.

    Parameters
    ----------
    point : Point or None
        In the CRS of the townships.
    township_id : str
        The planned township it lies in; empty outside of them.
    precision : str or None
        ``point``, ``road``, ``village`` or ``township``.
    reason : Message or None
        Why there is no point.
    ring : {"planned", "near", "far"}
        In the planned counties; outside, but within
        :data:`~ruralcare.inputs.reach.REACH_KM`; farther away.
    doubt : Message or None
        What is doubtful about the place.
    near_id : str
        The township outside the planned ones that it lies in, where it is known.
    """

    point: shapely.Point | None
    township_id: str = ""
    precision: Precision | None = None
    reason: Message | None = None
    ring: Literal["planned", "near", "far"] = "planned"
    doubt: Message | None = None
    near_id: str = ""

    @property
    def area_id(self) -> str:
        """The township it lies in, planned or not; empty where it is not known."""
        return self.township_id or self.near_id


class Locator(Protocol):
    """Whatever finds places for addresses."""

    def locate(self, address: str) -> Located:
        """Return the finest known place of an address."""

    def at(self, place: tuple[float, float] | None) -> Located:
        """Return a place by longitude and latitude; ``None`` stands for faulty coordinates."""

    def inside(self, point: shapely.Point) -> Located:
        """Return a point of the CRS of the townships, with the township it lies in."""

    def off_m_of(self, address: str, place: tuple[float, float]) -> float | None:
        """Return how far a place lies outside the planned township that an address names."""


@dataclass(frozen=True)
class Gazetteer:
    """Finds places by address.

    Parameters
    ----------
    townships : Townships
        Where to look; neighbouring townships are known too.
    villages : mapping
        (township id, name of the village without 리) to point.
    book : CodeBook
        Changes of codes, for counties that moved from one province to another.
    """

    townships: Townships
    villages: Mapping[tuple[str, str], shapely.Point]
    book: CodeBook = CodeBook(())  # noqa: RUF009 - immutable

    def locate(self, address: str) -> Located:
        """Return the finest known place of an address.

        The village named in the address, in full or in brackets; else the village after which
        its lane is named; else the seat of its township.
        """
        return self.place(parse_address(address))

    def place(self, address: Address) -> Located:
        """Return the finest known place of an address that was taken apart."""
        counties = self._index.counties(address)
        if counties is None:
            return Located(None, reason=_OUTSIDE, ring="far")
        found = self._town(address, counties)
        if isinstance(found, Message):
            return Located(None, reason=found, ring=self._ring(counties))
        township, doubt = found
        if township not in self._planned:
            return self._nearby(address, township)
        point = self._village(address, township)
        if point is not None:
            return Located(point, township, "village")
        return Located(self._seats[township], township, "township", doubt=doubt)

    def _nearby(self, address: Address, township: str) -> Located:
        """Return the place of an address in a township that is not planned."""
        point = self._village(address, township)
        if point is None:
            if township not in self._near:
                return Located(None, reason=_OUTSIDE, ring="far")
            return Located(self._seats[township], "", "township", ring="near", near_id=township)
        if not len(self._planned_tree.query_nearest(point, max_distance=metres(REACH_KM))):
            return Located(None, reason=_OUTSIDE, ring="far")
        return Located(point, "", "village", ring="near", near_id=township)

    def at(self, place: tuple[float, float] | None) -> Located:
        """Return a place by longitude and latitude; ``None`` stands for faulty coordinates."""
        if place is None:
            return Located(None, reason=Message("The coordinates cannot be used."))
        if not self._box.holds(*place):
            return Located(None, reason=_OUTSIDE, ring="far")
        return self.inside(shapely.Point(self._project.transform(*place)))

    def inside(self, point: shapely.Point) -> Located:
        """Return a point with the township it lies in; an empty id outside the planned ones.

        A point on the shore, a little outside of every township, belongs to the nearest.
        """
        index, away_m = self._tree.query_nearest(
            point, max_distance=metres(REACH_KM), return_distance=True
        )
        if not len(index):
            return Located(None, reason=_OUTSIDE, ring="far")
        township = self._ids[min(index)] if away_m[0] <= SHORE_M else ""
        if township in self._planned:
            return Located(point, township, "point")
        planned = self._planned_tree.query_nearest(point, max_distance=metres(REACH_KM))
        if not len(planned):
            return Located(None, reason=_OUTSIDE, ring="far")
        if township:
            return Located(point, "", "point", ring="near", near_id=township)
        doubt = Message(
            "The place lies in no township of the boundary files: in the sea, or beyond their "
            "border."
        )
        return Located(point, "", "point", None, "near", doubt)

    def named(self, address: Address) -> list[str]:
        """Return the townships where an address may lie: the one it names, or its county's."""
        counties = self._index.counties(address)
        if counties is None:
            return []
        found = self._town(address, counties)
        if isinstance(found, Message) or found[1] is not None:
            return [one for county in counties for ids in county.towns.values() for one in ids]
        return [found[0]]

    def off_m_of(self, address: str, place: tuple[float, float]) -> float | None:
        """Return how far a place lies outside the planned township that an address names.

        Parameters
        ----------
        place : tuple of float
            Longitude and latitude.

        Returns
        -------
        float or None
            Metres; None where the address names no planned township.
        """
        named = self.named(parse_address(address))
        if len(named) != 1 or named[0] not in self._planned:
            return None
        return self.off_m(shapely.Point(self._project.transform(*place)), named)

    def off_m(self, point: shapely.Point, townships: Iterable[str]) -> float:
        """Return how far a point lies outside of some townships, in metres."""
        areas = self._all.geometry.reindex(list(townships)).to_numpy()
        return float(np.min(shapely.distance(areas, point), initial=np.inf))

    def _town(
        self, address: Address, counties: list[County]
    ) -> tuple[str, Message | None] | Message:
        """Return the township, with what is doubtful about it, or why there is none."""
        found = self._index.town(address, counties)
        if isinstance(found, Message):
            return found
        if len(found) == 1:
            return found[0], None
        middle = self._middle(found)
        doubt = Message(
            "The address names a dong that is divided into {count} townships; the middle one, "
            "{name}, stands in.",
            count=len(found),
            name=str(self._all.loc[middle, "name"]),
        )
        return middle, doubt

    def _middle(self, ids: list[str]) -> str:
        """Return the township whose seat is nearest to the middle of all their seats."""
        middle = shapely.MultiPoint([self._seats[one] for one in ids]).centroid
        return min(ids, key=lambda one: (self._seats[one].distance(middle), one))

    def _village(self, address: Address, township: str) -> shapely.Point | None:
        here = self._villages_of.get(township)
        if here is None:
            return None
        town = str(self._all.loc[township, "name"])
        # 북면백호리, written without a space, is 백호리.
        names = [name.removeprefix(town) for name in address.villages]
        if len(address.words) <= 2:
            names = names + [name for name in here if f"{name}리" in address.full]
        if address.lane is not None:
            names = [*names, address.lane]
        for name in names:
            points = here.get(name) or here.get(name.rstrip("0123456789"))
            if points:
                # 고운리 of a list that has 고운1리 and 고운2리 is the one in the middle.
                middle = shapely.MultiPoint(points).centroid
                return min(points, key=lambda one: (one.distance(middle), one.x, one.y))
        return None

    def _ring(self, counties: list[County]) -> Literal["planned", "near", "far"]:
        ids = {one for county in counties for town in county.towns.values() for one in town}
        if ids & self._planned:
            return "planned"
        return "near" if ids & self._near else "far"

    # Indexes

    @cached_property
    def _all(self) -> gpd.GeoDataFrame:
        frame, around = self.townships.frame, self.townships.around
        columns = ["name", "sigungu_id", "sigungu_name", "seat", frame.geometry.name]
        if around is None or not len(around):
            return frame[columns]
        if around.geometry.name != frame.geometry.name:
            around = around.rename_geometry(frame.geometry.name)
        return gpd.GeoDataFrame(pd.concat([frame[columns], around[columns]]), crs=frame.crs)

    @cached_property
    def _index(self) -> CountyIndex:
        return CountyIndex(self._all, self.book)

    @cached_property
    def _ids(self) -> list[str]:
        return [str(one) for one in self._all.index]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._all.geometry.to_numpy())

    @cached_property
    def _planned_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.townships.frame.geometry.to_numpy())

    @cached_property
    def _planned(self) -> frozenset[str]:
        return frozenset(str(one) for one in self.townships.frame.index)

    @cached_property
    def _near(self) -> frozenset[str]:
        """Neighbouring townships whose seat is within reach of the planned ones."""
        seats = self._all["seat"].to_numpy()
        hits = self._planned_tree.query_nearest(
            seats, max_distance=metres(REACH_KM), all_matches=False
        )
        return frozenset(self._ids[place] for place in hits[0]) - self._planned

    @cached_property
    def _seats(self) -> dict[str, shapely.Point]:
        return dict(zip(self._ids, self._all["seat"], strict=True))

    @cached_property
    def _villages_of(self) -> dict[str, dict[str, list[shapely.Point]]]:
        found: dict[str, dict[str, list[shapely.Point]]] = {}
        for (township, name), point in self.villages.items():
            here = found.setdefault(township, {})
            here.setdefault(name, []).append(point)
        for here in found.values():
            for name in list(here):
                stem = name.rstrip("0123456789")
                if stem != name and stem not in here:
                    here[stem] = [
                        point
                        for other, points in list(here.items())
                        if other.rstrip("0123456789") == stem
                        for point in points
                    ]
        return found

    @cached_property
    def _project(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self.townships.crs, always_xy=True)

    @cached_property
    def _box(self) -> Box:
        """Return the degrees within which a point may be in reach."""
        west, south, east, north = self.townships.frame.total_bounds
        reach = metres(REACH_KM)
        area = (west - reach, south - reach, east + reach, north + reach)
        return Box(*self._project.transform_bounds(*area, direction="INVERSE"))


def build_gazetteer(scenario: Scenario, townships: Townships) -> Gazetteer:
    """Return the gazetteer that the scenario's villages and townships make.

    Raises
    ------
    InputError
        The village file cannot be used.
    """
    villages: dict[tuple[str, str], shapely.Point] = {}
    if scenario.points.kind == "villages":
        areas = townships.frame.geometry
        if townships.around is not None and len(townships.around):
            areas = gpd.GeoSeries(pd.concat([areas, townships.around.geometry]), crs=areas.crs)
        frame, _ = settled(read_villages(scenario), areas)
        for code, name, point in zip(
            frame["township_id"], frame["name"], frame.geometry, strict=True
        ):
            villages.setdefault((code, name.removesuffix("리")), point)
    return Gazetteer(townships, villages, read_code_book(scenario))
