"""What is measured: roads, minutes, access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ruralcare import views
from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.types.checks import check_frame, check_geometry
from ruralcare.types.inputs import Townships
from ruralcare.types.reading import Reading
from ruralcare.types.times import TravelPairs, TravelTimes

__all__ = [
    "STATES",
    "AccessTable",
    "RoadNetwork",
    "TravelPairs",
    "TravelTimes",
    "TravelTimesByService",
]


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


TravelTimesByService = Mapping[str, TravelTimes]
"""Travel times as each service travels, by service id."""


STATES: Final = ("covered", "beyond_standard", "beyond_cutoff", "unreachable", "unsnapped")
"""What a demand point is to a service."""


@dataclass(frozen=True, eq=False)
class AccessTable:
    """How well the people of each township reach each service.

    Parameters
    ----------
    frame : DataFrame
        ``township_id``, ``service``, ``nearest_min`` (mean over the people who reach a place
        within the cutoff, ``NA`` if nobody does), ``nearest_p10_min``, ``nearest_p50_min``,
        ``nearest_p90_min`` (a tenth, half and nine tenths of these people are as near or nearer),
        ``second_min`` (mean time to the second nearest place over the people who reach two within
        the cutoff, ``NA`` if nobody does), ``covered_share`` (share of people within the
        standard), ``beyond_standard_share``, ``beyond_cutoff_share``, ``unreachable_share``,
        ``unsnapped_share`` (the five shares sum to 1), ``backup_share`` (share of people who
        would still be within the standard if the place nearest to them closed; part of
        ``covered_share``), ``places_per_1000`` (capacity in the township per 1,000 people aged 65
        and over, where given), ``proxy_share`` (share of the minutes to the nearest place that
        rests on links that stand in for missing roads; ``NA`` where nobody arrives), ``proxy``
        (any of it does).
    points : DataFrame
        The same for each demand point: ``point_id``, ``township_id``, ``weight``, ``service``,
        ``nearest_id``, ``nearest_min``, ``second_id``, ``second_min`` (``NA`` where there is none
        within the cutoff), ``proxy_share``, ``state`` (``covered``, ``beyond_standard``,
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
        minutes = [f"nearest_{name}_min" for name in ("p10", "p50", "p90")]
        shares = [f"{state}_share" for state in STATES]
        columns = {
            "township_id": "text",
            "service": "text",
            **dict.fromkeys(["nearest_min", *minutes, "second_min", "proxy_share"], "number?"),
            **dict.fromkeys([*shares, "backup_share"], "number"),
            "proxy": "flag",
        }
        check_frame("AccessTable", self.frame, columns, unique=["township_id", "service"])
        if not len(self.frame):
            return
        if (self.frame[shares].sum(axis=1) - 1.0).abs().max() > 1e-9:
            raise TableError("AccessTable: the five shares of a row must sum to 1")
        backup = self.frame["backup_share"]
        if (backup < 0).any() or (backup > self.frame["covered_share"]).any():
            raise TableError("AccessTable: backup_share must be part of covered_share")
        spread = self.frame[minutes].to_numpy(float, na_value=np.nan)
        if (np.diff(spread, axis=1) < 0).any():
            raise TableError("AccessTable: the quantiles of the nearest time must rise")
        nearest = self.frame["nearest_min"].isna().to_numpy()[:, None]
        if (np.isnan(spread) != nearest).any():
            raise TableError("AccessTable: nearest_min and its quantiles must be known together")

    def explore(self, townships: Townships) -> Any:  # noqa: ANN401 - drawn by the report room
        """Return a map of this table for a notebook; see :mod:`ruralcare.report`."""
        return views.draw("access", self, townships)
