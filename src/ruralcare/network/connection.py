"""How each township is linked to the rest: by road, by ferry only, or not at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.network.parts import weak_parts
from ruralcare.network.snap import snap_points
from ruralcare.types import DemandPoints, RoadNetwork, Townships

__all__ = ["RoadParts", "connections", "road_parts"]

Ints = NDArray[np.int64]


class RoadParts(NamedTuple):
    """Parts of a network that roads hold together, without ferries."""

    of_node: Ints
    """Part of each node."""
    length_m: NDArray[np.float64]
    """Length of the roads of each part."""
    main: int
    """The part with most road, of equals the first; −1 where there is no node."""


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
    return RoadParts(part, length_m, int(np.argmax(length_m)) if len(length_m) else -1)


def connections(
    roads: RoadNetwork, townships: Townships, points: DemandPoints, *, snap_limit_m: float = 2000.0
) -> pd.Series:
    """Tell how the people of each township are linked to the largest part of the network.

    The largest part is the one with most road, counted without ferries. A township counts as
    linked by road if at least half of its people are on that part; failing this, by ferry if at
    least half are on it or reach it with a ferry.

    Parameters
    ----------
    roads : RoadNetwork
        The network; with its ferries closed, nobody is linked by ferry.
    townships : Townships
        The townships to tell about.
    points : DemandPoints
        Where their people live.
    snap_limit_m : float
        A point farther from any suitable road is linked to nothing.

    Returns
    -------
    Series
        Index ``township_id``: ``road``, ``ferry`` or ``none``; ``NA`` for a township without
        demand points.
    """
    part, _, main = road_parts(roads)
    u, v = roads.edges["u"].to_numpy(), roads.edges["v"].to_numpy()
    whole = weak_parts(u, v, len(roads.nodes))
    main_whole = whole[np.flatnonzero(part == main)[0]]

    snapped = snap_points(roads, points.points, limit_m=snap_limit_m)
    node = u[np.maximum(snapped.edge, 0)]
    frame = points.frame
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
