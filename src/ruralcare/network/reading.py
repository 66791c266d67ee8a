"""The network of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from ruralcare.inputs import read_demand_points, read_townships
from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.language import Message
from ruralcare.network.build import build_network
from ruralcare.network.proxy import build_proxy
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import DemandPoints, RoadNetwork, Townships

__all__ = ["read_roads"]


def land_pieces(areas: Sequence[shapely.Geometry], gap_m: float) -> shapely.MultiPolygon:
    """Return areas as pieces of land, joined where less than a gap of water parts them.

    Parameters
    ----------
    areas : sequence of Polygon or MultiPolygon
        The townships.
    gap_m : float
        Widest water (a stream, a quantised shore) that does not count.
    """
    # Widening each township gives the same as widening all of them at once, in a fraction of time.
    wide = shapely.union_all(shapely.buffer(np.asarray(areas), gap_m / 2, quad_segs=2))
    return shapely.multipolygons(shapely.get_parts(wide))


def read_roads(
    scenario: Scenario,
    townships: Townships | None = None,
    points: DemandPoints | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> RoadNetwork:
    """Read the roads of a scenario, or make the proxy network that stands in for them.

    Parameters
    ----------
    scenario : Scenario
        ``roads`` says where the roads come from.
    townships : Townships, optional
        Read from the scenario if not given.
    points : DemandPoints, optional
        Needed for a proxy network only; read from the scenario if not given.
    settings : Settings, optional
        Where downloads are kept.
    progress : Progress
        Told which step is under way.

    Returns
    -------
    RoadNetwork
        In the CRS of the scenario.

    Raises
    ------
    InputError
        The files of the scenario cannot be used.
    DownloadError
        The server did not answer as expected.
    """
    settings = settings or Settings()
    if townships is None:
        townships = read_townships(scenario)
    progress(Message("Reading roads"))
    areas = townships.frame.geometry.to_numpy()
    has_roads = scenario.roads.file is not None or scenario.roads.download
    whole = shapely.union_all(areas) if has_roads else None
    lines = read_road_lines(scenario, whole, settings)
    land = land_pieces(areas, scenario.roads.water_gap_m)
    if lines is not None:
        return replace(build_network(lines, scenario.roads), land=land)
    if points is None:
        points = read_demand_points(scenario, townships, settings)
    return replace(build_proxy(townships, points, scenario.roads), land=land)
