"""The network of a scenario."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

from ruralcare.inputs import read_demand_points, read_townships
from ruralcare.inputs.roads.files import RoadLines, read_road_lines
from ruralcare.inputs.roads.sources import road_files
from ruralcare.language import Message
from ruralcare.network import store
from ruralcare.network.build import build_network, without_closed
from ruralcare.network.completion import complete, hole_notes
from ruralcare.network.proxy import build_proxy
from ruralcare.network.speeds import closed_ids
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import DemandPoints, RoadNetwork, Townships

__all__ = ["read_roads"]

_log = logging.getLogger(__name__)

# Networks that are kept; one of a county has a few megabytes, one of a country some hundred.
_STORED = 24


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
    *,
    places: gpd.GeoSeries | None = None,
) -> RoadNetwork:
    """Read the roads of a scenario, or make the proxy network that stands in for them.

    A network is stored in ``settings.cache_dir`` under a digest of everything that it is made
    from; the same inputs are not built twice.

    Parameters
    ----------
    scenario : Scenario
        ``roads`` says where the roads come from.
    townships : Townships, optional
        Read from the scenario if not given.
    points : DemandPoints, optional
        Needed for a proxy network and for completing one; then read from the scenario if not
        given.
    settings : Settings, optional
        Where downloads are kept.
    progress : Progress
        Told which step is under way.
    places : GeoSeries, optional
        Institutions and branches; where the network is completed, they are linked as well.

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
    land = land_pieces(areas, scenario.roads.water_gap_m)
    source = scenario.roads
    has_roads = source.file is not None or source.download
    if points is None and (source.complete is not None or not has_roads):
        points = read_demand_points(scenario, townships, settings)
    lines = None
    if source.download:
        # What was downloaded is known by what is in it.
        lines = read_road_lines(scenario, _whole(townships), settings)
    stored = _stored(scenario, townships, points, places, lines, settings)
    if stored is not None and stored.exists():
        try:
            roads = store.load(stored, land)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            _log.info("The stored network %s cannot be used: %s", stored.name, error)
        else:
            store.touch(stored)
            return roads
    roads = _built(scenario, townships, points, places, lines, settings, land)
    if stored is not None:
        _store(stored, roads, progress)
    return roads


def _built(
    scenario: Scenario,
    townships: Townships,
    points: DemandPoints | None,
    places: gpd.GeoSeries | None,
    lines: RoadLines | None,
    settings: Settings,
    land: shapely.MultiPolygon,
) -> RoadNetwork:
    """Build the network from its inputs, with what completes it or advice to do so."""
    source = scenario.roads
    if source.file is None and not source.download:
        assert points is not None
        return replace(build_proxy(townships, points, source), land=land)
    holes = source.complete is not None
    if lines is None:
        # Nobody else holds the lines: those of a country take gigabytes.
        found = read_road_lines(scenario, _whole(townships), settings)
        assert found is not None
        closed = closed_ids(found, source)
        roads = build_network(found, source, keep_all=holes, keep_closed=holes)
        del found
    else:
        closed = closed_ids(lines, source)
        roads = build_network(lines, source, keep_all=holes, keep_closed=holes)
    roads = replace(roads, land=land)
    limit_m = scenario.travel.snap_limit_m
    if holes:
        assert points is not None
        # What is closed is no hole: links are made as if it were open, and do not replace it.
        roads = complete(roads, townships, points, source, places, snap_limit_m=limit_m)
        return without_closed(roads, closed) if closed else roads
    # What a closure tears apart is no hole to be advised on.
    if closed or points is None:
        return roads
    notes = hole_notes(roads, points, snap_limit_m=limit_m)
    return replace(roads, notes=(*roads.notes, *notes))


def _whole(townships: Townships) -> shapely.Geometry:
    return shapely.union_all(townships.frame.geometry.to_numpy())


def _stored(
    scenario: Scenario,
    townships: Townships,
    points: DemandPoints | None,
    places: gpd.GeoSeries | None,
    lines: RoadLines | None,
    settings: Settings,
) -> Path | None:
    """Return where the network made of these inputs is stored; None if they cannot be read."""
    frame = townships.frame
    parts: list[bytes | Path] = [
        version("ruralcare").encode(),
        scenario.roads.model_dump_json(exclude={"attribution"}).encode(),
        scenario.crs.encode(),
        str(scenario.travel.snap_limit_m).encode(),
        _bytes_of(frame.geometry),
        _bytes_of(frame["seat"]),
        "\n".join(f"{number} {name}" for number, name in frame["name"].items()).encode(),
        b"" if townships.around is None else _bytes_of(townships.around.geometry),
        b"" if points is None else _bytes_of(points.points),
        b"" if points is None else "\n".join(points.frame["township_id"]).encode(),
        b"" if places is None else _bytes_of(places),
    ]
    if lines is not None:
        parts += [lines.coordinates.tobytes(), lines.node_ids.tobytes(), lines.sizes.tobytes()]
        parts.append(lines.ways.to_csv().encode())
    try:
        parts += road_files(scenario)
        name = store.fingerprint(parts)
    except OSError:
        # The reader says what is wrong with the file.
        return None
    return settings.cache_dir / "networks" / f"{name}.arrow"


def _bytes_of(geometry: gpd.GeoSeries) -> bytes:
    return b"".join(shapely.to_wkb(geometry.to_numpy()))


def _store(path: Path, roads: RoadNetwork, progress: Progress) -> None:
    """Store a network, and let go of those that were not used for longest."""
    try:
        store.save(path, roads)
        store.forget_old(path.parent, _STORED)
    except OSError as error:
        # A full disk or a folder without permission costs time later, and nothing now.
        progress(
            Message(
                "The road network cannot be kept for the next run, which will build it again: "
                "{detail}.",
                detail=str(error),
            )
        )
