"""How each township is linked to the rest: by road, by ferry only, or not at all."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.parts import weak_parts
from ruralcare.network.snap import snap_points
from ruralcare.types import DemandPoints, RoadNetwork, Townships

__all__ = ["RoadParts", "connections", "road_parts"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Persons are sums of rounded shares: parts this close to the most have as many.
_SAME_PERSONS: Final = 1e-9


class RoadParts(NamedTuple):
    """Parts of a network that roads hold together, without ferries."""

    of_node: Ints
    """Part of each node."""
    length_m: Floats
    """Length of the roads of each part."""

    def main(self, part: Ints, persons: Floats) -> int:
        """Return the part where most people live.

        Parameters
        ----------
        part : array of int
            Part of each home; −1 for a home on none, which does not count.
        persons : array of float
            People of each home; with ``NA`` nobody.

        Returns
        -------
        int
            Of parts with as many people the one with most road, of these the first; −1 where
            there is no part.
        """
        count = len(self.length_m)
        if not count:
            return -1
        on = part >= 0
        living = np.bincount(part[on], weights=np.nan_to_num(persons[on]), minlength=count)
        most = living >= living.max() * (1 - _SAME_PERSONS)
        return int(np.argmax(np.where(most, self.length_m, -1.0)))


def road_parts(roads: RoadNetwork) -> RoadParts:
    """Return the parts of a network that roads hold together.

    Parameters
    ----------
    roads : RoadNetwork
        The network; its ferries do not count.

    Returns
    -------
    RoadParts
        A node that only ferries call at is a part of its own.
    """
    roads_only = roads.edges[(roads.edges["kind"] == "road").to_numpy()]
    u, v = (roads_only[name].to_numpy(dtype=np.int64) for name in ("u", "v"))
    part = weak_parts(u, v, len(roads.nodes))
    own_m = roads_only["length_m"].to_numpy(dtype=float)
    count = int(part.max(initial=-1)) + 1
    length_m = np.bincount(part[u], weights=own_m, minlength=count).astype(np.float64)
    return RoadParts(part, length_m)


def connections(
    roads: RoadNetwork,
    townships: Townships,
    points: DemandPoints,
    *,
    persons: pd.Series | None = None,
    snap_limit_m: float = 2000.0,
) -> pd.Series:
    """Tell how the people of each township are linked to the main part of the network.

    The main part is the one where most people live (of equals the one with most road), counted
    without ferries. A township counts as linked by road if at least half of its people are on that
    part; failing this, by ferry if at least half are on it or reach it with a ferry.

    Parameters
    ----------
    roads : RoadNetwork
        The network; with its ferries closed, nobody is linked by ferry.
    townships : Townships
        The townships to tell about.
    points : DemandPoints
        Where their people live.
    persons : Series, optional
        Index ``township_id``: people, to find the main part; a missing township has nobody.
        Without it, all townships count the same.
    snap_limit_m : float
        A point farther from any suitable road is linked to nothing.

    Returns
    -------
    Series
        Index ``township_id``: ``road``, ``ferry`` or ``none``; ``NA`` for a township without
        demand points.
    """
    parts = road_parts(roads)
    part = parts.of_node
    u, v = roads.edges["u"].to_numpy(), roads.edges["v"].to_numpy()
    whole = weak_parts(u, v, len(roads.nodes))

    snapped = snap_points(roads, points.points, limit_m=snap_limit_m)
    node = u[np.maximum(snapped.edge, 0)]
    frame = points.frame
    living = frame["weight"].to_numpy(dtype=float)
    if persons is not None:
        living = living * frame["township_id"].map(persons.astype(float)).to_numpy(dtype=float)
    main = parts.main(np.where(snapped.ok, part[node], -1), living)
    main_whole = whole[np.flatnonzero(part == main)[0]]
    weights = pd.DataFrame(
        {
            "township_id": frame["township_id"].to_numpy(),
            "road": frame["weight"].to_numpy() * (snapped.ok & (part[node] == main)),
            "any": frame["weight"].to_numpy() * (snapped.ok & (whole[node] == main_whole)),
        }
    )
    share = weights.groupby("township_id").sum()
    # Shares are sums of rounded weights.
    half = 0.5 - 1e-9
    link = np.where(share["road"] >= half, "road", np.where(share["any"] >= half, "ferry", "none"))
    series = pd.Series(link, index=share.index, dtype="string", name="connection")
    return series.reindex(townships.frame.index)
