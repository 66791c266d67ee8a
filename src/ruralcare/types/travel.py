"""What is measured: roads, minutes, access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare import views
from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.types.checks import check_frame, check_geometry
from ruralcare.types.inputs import DemandPoints, Townships
from ruralcare.types.reading import Reading
from ruralcare.types.words import Direction

__all__ = ["AccessTable", "RoadNetwork", "TravelPairs", "TravelTimes", "TravelTimesByService"]


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
        (only from u to v), ``proxy`` (stands in for roads that the data lack), ``name``,
        ``source_id`` (id in the road file; of several ways the first) and lines from u to v. A
        street open both ways is one row.
    pieces : DataFrame
        Pieces of the source that hang together: ``piece``, ``nodes``, ``length_m``, ``kept``.
    notes : sequence of Message
        What a reader of the results must know about these roads.
    land : MultiPolygon, optional
        The known land. A point does not join a road across water, however near it is.
    readings : tuple of Reading
        What was read from which file.
    memo : dict
        What was made of the network, for the room that made it to find again.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    pieces: pd.DataFrame
    notes: tuple[Message, ...] = ()
    land: shapely.MultiPolygon | None = None
    readings: tuple[Reading, ...] = ()
    memo: dict[object, object] = field(default_factory=dict, repr=False)

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
        check_frame("RoadNetwork.edges", self.edges, columns)
        check_geometry("RoadNetwork.nodes", self.nodes, ("Point",))
        check_geometry("RoadNetwork.edges", self.edges, ("LineString",))
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

    @property
    def proxy_share(self) -> float:
        """Share of the length of all roads that stands in for roads that the data lack."""
        roads = self.edges[self.edges["kind"] == "road"]
        whole = float(roads["length_m"].sum())
        return float(roads.loc[roads["proxy"], "length_m"].sum()) / whole if whole > 0 else 0.0


@dataclass(frozen=True, eq=False)
class TravelPairs:
    """Travel times as arrays, seen from home: what measures count on.

    Parameters
    ----------
    point : array of int32, pairs
        Position of the demand point in ``TravelTimes.points``.
    place : array of int32, pairs
        Position of the place in ``TravelTimes.place_ids``.
    time_min, proxy_share : array of float, pairs
        As in :class:`TravelTimes`.
    start : array of int64, points + 1
        The pairs of point *i* are ``start[i]`` to ``start[i + 1] - 1``, nearest first; of equal
        times, the place whose id sorts first.
    """

    point: NDArray[np.int32]
    place: NDArray[np.int32]
    time_min: NDArray[np.float64]
    proxy_share: NDArray[np.float64]
    start: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Travel times between demand points and places.

    Parameters
    ----------
    frame : DataFrame
        ``from_id``, ``to_id``, ``time_min``, ``proxy_share`` (share of that time on links that
        stand in for missing roads, 0 to 1). A pair that is absent is beyond the cutoff, unless
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
        columns = {
            "from_id": "text",
            "to_id": "text",
            "time_min": "number",
            "proxy_share": "number",
        }
        check_frame("TravelTimes", self.frame, columns, unique=["from_id", "to_id"])
        pairs = {"from_id": "text", "to_id": "text"}
        check_frame("TravelTimes.unreachable", self.unreachable, pairs, unique=["from_id", "to_id"])
        if len(self.frame) and not self.frame["time_min"].between(0, self.cutoff_min).all():
            raise TableError("TravelTimes: times must lie between 0 and the cutoff")
        if len(self.frame) and not self.frame["proxy_share"].between(0, 1).all():
            raise TableError("TravelTimes: proxy_share must lie between 0 and 1")

    @cached_property
    def pairs(self) -> TravelPairs:
        """The same as arrays, seen from home, nearest first."""
        seen = self._from_home(self.frame)
        points = self.points.frame.index
        point = points.get_indexer(pd.Index(seen["point_id"])).astype(np.int32)
        place = pd.Index(self.place_ids).get_indexer(pd.Index(seen["place_id"])).astype(np.int32)
        minutes = seen["time_min"].to_numpy(float)
        rank = np.empty(len(self.place_ids), np.int32)
        rank[np.argsort(np.array(self.place_ids, dtype=object), kind="stable")] = np.arange(
            len(self.place_ids), dtype=np.int32
        )
        order = np.lexsort((rank[place], minutes, point))
        counts = np.bincount(point, minlength=len(points))
        return TravelPairs(
            point[order],
            place[order],
            minutes[order],
            seen["proxy_share"].to_numpy(float)[order],
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )

    @cached_property
    def by_demand(self) -> pd.DataFrame:
        """The pairs seen from home, nearest first.

        ``point_id``, ``place_id``, ``time_min``, ``proxy_share``.
        """
        columns = ["point_id", "place_id", "time_min", "proxy_share"]
        frame = self._from_home(self.frame)[columns]
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
        township per 1,000 people aged 65 and over, where given), ``proxy_share`` (share of the
        minutes to the nearest place that rests on links that stand in for missing roads; ``NA``
        where nobody arrives), ``proxy`` (any of it does).
    points : DataFrame
        The same for each demand point: ``point_id``, ``township_id``, ``service``,
        ``nearest_id``, ``nearest_min``, ``proxy_share``, ``state`` (``covered``,
        ``beyond_standard``, ``beyond_cutoff``, ``unreachable``, ``unsnapped``).
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
        check_frame("AccessTable", self.frame, columns, unique=["township_id", "service"])
        shares = [name for name in columns if name.endswith("_share")]
        check_frame("AccessTable", self.frame, {"proxy_share": "number?"})
        if len(self.frame) and (self.frame[shares].sum(axis=1) - 1.0).abs().max() > 1e-9:
            raise TableError("AccessTable: the five shares of a row must sum to 1")

    def explore(self, townships: Townships) -> Any:  # noqa: ANN401 - drawn by the report room
        """Return a map of this table for a notebook; see :mod:`ruralcare.report`."""
        return views.draw("access", self, townships)
