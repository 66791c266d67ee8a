"""Joining points to roads: the nearest suitable edge, at the point's projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.types import RoadNetwork

__all__ = ["NOT_ON_FOOT", "NO_STOPPING", "Snapped", "snap_points"]

NO_STOPPING: Final[tuple[str, ...]] = ("motorway", "motorway_link", "trunk_link")
"""Classes of road that no house or yard opens on."""

NOT_ON_FOOT: Final[tuple[str, ...]] = ("motorway", "motorway_link")
"""Classes of road that people do not walk along. National roads (``trunk``) are the only way
between many villages."""


# A point this close to a proxy link stands at its end, or as good as on it.
_AT_HOME_M = 1.0
# A way that leaves the land by less only touches its drawn shore.
_SPRAY_M = 1.0


@dataclass(frozen=True)
class Snapped:
    """Where points join the network, in the order of the points.

    Parameters
    ----------
    edge : array of int
        Row of the edge, or −1 for a point that is too far from any.
    share : array of float
        How far along the edge, from 0 at u to 1 at v; NaN for the unsnapped.
    distance_m : array of float
        Straight distance from the point to the edge; NaN for the unsnapped.
    """

    edge: NDArray[np.int64]
    share: NDArray[np.float64]
    distance_m: NDArray[np.float64]

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Points that joined the network."""
        return np.asarray(self.edge >= 0)


def snap_points(
    roads: RoadNetwork, points: gpd.GeoSeries, *, limit_m: float, mode: str = "car"
) -> Snapped:
    """Join each point to the nearest suitable edge within the limit.

    Motorways, ramps and ferries are never joined; bridges and tunnels only where nothing else is
    within the limit; a road across water not at all. Where some of the roads are proxy links, a
    point that stands at the end of a link joins it; others join links only where no road is within
    the limit. Of edges at the same distance the first one of the network is taken.

    Parameters
    ----------
    roads : RoadNetwork
        The network.
    points : GeoSeries
        Points in the CRS of the network.
    limit_m : float
        A point farther from any suitable edge stays unsnapped.
    mode : {"car", "foot"}
        On foot, trunk roads and their ramps are suitable.

    Returns
    -------
    Snapped
        In the order of the points.

    Raises
    ------
    TableError
        The points are in another CRS.
    """
    if points.crs != roads.edges.crs:
        raise TableError(
            f"points are in {points.crs}, roads in {roads.edges.crs}; use points.to_crs(...)"
        )
    count = len(points)
    edge = np.full(count, -1, dtype=np.int64)
    share, distance_m = np.full(count, np.nan), np.full(count, np.nan)
    places = points.to_numpy()
    lines = roads.edges.geometry.to_numpy()
    for rows, within_m in _suitable(roads.edges, mode, limit_m):
        left = np.flatnonzero(edge < 0)
        if not len(left) or not len(rows):
            continue
        (point, found), distance = shapely.STRtree(lines[rows]).query_nearest(
            places[left], max_distance=within_m, return_distance=True, all_matches=True
        )
        order = np.lexsort((found, point))
        point, found, distance = point[order], found[order], distance[order]
        point, first = np.unique(point, return_index=True)
        edge[left[point]] = rows[found[first]]
        distance_m[left[point]] = distance[first]
        if roads.land is not None:
            _keep_ashore(roads.land, places, left[point], lines, rows, within_m, edge, distance_m)
    ok = edge >= 0
    share[ok] = shapely.line_locate_point(lines[edge[ok]], places[ok], normalized=True)
    return Snapped(edge, share, distance_m)


def _keep_ashore(
    land: shapely.Geometry,
    places: NDArray[np.object_],
    joined: NDArray[np.int64],
    lines: NDArray[np.object_],
    rows: NDArray[np.int64],
    limit_m: float,
    edge: NDArray[np.int64],
    distance_m: NDArray[np.float64],
) -> None:
    """Let points whose way to their road leads over water join one that needs no swim.

    Changes ``edge`` and ``distance_m`` in place. Water is what is not land between two places on
    land; a road off the known land (in a neighbouring county, on a bridge) may be joined.
    """
    shapely.prepare(land)

    def swims(points: NDArray[np.object_], at: NDArray[np.object_]) -> NDArray[np.bool_]:
        legs = shapely.shortest_line(points, at)
        wet = ~shapely.covers(land, legs)
        # Only a leg between two places on land can cross water.
        wet &= shapely.intersects(land, points)
        wet[wet] = shapely.intersects(land, shapely.get_point(legs[wet], 1))
        wet[wet] = shapely.length(shapely.difference(legs[wet], land)) > _SPRAY_M
        return np.asarray(wet, dtype=bool)

    roads = shapely.STRtree(lines[rows])
    for point in joined[swims(places[joined], lines[edge[joined]])]:
        edge[point], distance_m[point] = -1, np.nan
        near = np.sort(roads.query(places[point], predicate="dwithin", distance=limit_m))
        swum = swims(np.full(len(near), places[point], dtype=object), lines[rows[near]])
        dry = near[~swum]
        if len(dry):
            distance = shapely.distance(places[point], lines[rows[dry]])
            best = int(np.argmin(distance))
            edge[point], distance_m[point] = rows[dry[best]], distance[best]


def _suitable(
    edges: pd.DataFrame, mode: str, limit_m: float
) -> list[tuple[NDArray[np.int64], float]]:
    """Return the rows to try first, and those to try for what is left, each with its limit."""
    closed = NOT_ON_FOOT if mode == "foot" else NO_STOPPING
    suitable = (edges["kind"] == "road").to_numpy() & ~edges["road_class"].isin(closed).to_numpy()
    raised = np.zeros(len(edges), dtype=bool)
    for column in ("bridge", "tunnel"):
        if column in edges.columns:
            raised |= edges[column].to_numpy(dtype=bool)
    proxy = edges["proxy"].to_numpy(dtype=bool)
    links = np.flatnonzero(suitable & proxy)
    tried = [
        (np.flatnonzero(suitable & ~raised & ~proxy), limit_m),
        (np.flatnonzero(suitable & raised & ~proxy), limit_m),
        (links, limit_m),
    ]
    # A village that has links of its own does not walk to a road, however near that is.
    return [(links, min(_AT_HOME_M, limit_m)), *tried] if len(links) < len(edges) else tried
