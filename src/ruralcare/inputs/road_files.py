"""Roads from files: OpenStreetMap extracts (pyosmium) and GraphML as OSMnx saves it."""

from __future__ import annotations

from array import array
from pathlib import Path
from xml.etree.ElementTree import ParseError

import numpy as np
import osmium
import shapely

from ruralcare.errors import InputError
from ruralcare.inputs.files import Faults
from ruralcare.inputs.road_download import download_graph
from ruralcare.inputs.road_graphs import lines_from_graph
from ruralcare.inputs.road_lines import RoadLines, lines_from_ways
from ruralcare.inputs.road_tags import USED_TAGS, WayTags, way_tags
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.units import metres

__all__ = ["BUFFER_KM", "RoadLines", "read_road_lines"]

BUFFER_KM = 20.0
"""Roads this far outside the townships are kept, because ways between townships use them."""

_OSM = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
_OSM_UNIT = 1e-7
_NOWHERE = 2**31 - 1


def read_road_lines(
    scenario: Scenario, area: shapely.Geometry | None, settings: Settings
) -> RoadLines | None:
    """Read the roads of a scenario from its file, or download them.

    Parameters
    ----------
    scenario : Scenario
        ``roads`` names the file or asks for the download.
    area : polygon, optional
        The townships, in the CRS of the scenario. Ways that touch it, or come within
        :data:`BUFFER_KM` of it, are kept whole. Without it, all ways of the file are kept; a
        download needs it.
    settings : Settings
        Where downloads are kept.

    Returns
    -------
    RoadLines or None
        In the CRS of the scenario. None where the scenario has neither file nor download: a
        proxy network is wanted.

    Raises
    ------
    InputError
        The file cannot be used.
    DownloadError
        The server did not answer as expected.
    """
    wide = None if area is None else shapely.buffer(area, metres(BUFFER_KM))
    if scenario.roads.download:
        if wide is None:
            raise ValueError("a download needs an area")
        graph = download_graph(wide, scenario.crs, scenario.roads.overpass_url, settings)
        lines = lines_from_graph(graph, scenario.crs, "OpenStreetMap (Overpass)")
        faults = Faults("OpenStreetMap (Overpass)")
    elif scenario.roads.file is not None:
        faults = Faults(scenario.roads.file.name)
        lines = _read_file(scenario.resolve(scenario.roads.file), scenario.crs, faults)
    else:
        return None
    if not len(lines.frame):
        raise faults.stop(
            Message("There is no road for cars in it."),
            Message("Use an OpenStreetMap extract (.osm.pbf) that still holds its roads."),
        )
    if area is None or wide is None:
        return lines
    if not shapely.intersects(area, lines.frame.geometry.to_numpy()).any():
        raise faults.stop(
            Message("It has no road inside the townships."),
            Message("Use an extract that covers them; check the CRS of the boundaries."),
            column="roads.file",
        )
    return lines.within(wide)


def _read_file(path: Path, crs: str, faults: Faults) -> RoadLines:
    if path.is_dir() or not path.exists():
        raise faults.stop(
            Message("There is no such file."),
            Message("Check the path in the scenario; it counts from the scenario's folder."),
            column="roads.file",
            value=path.name,
        )
    if path.stat().st_size == 0:
        raise faults.stop(Message("The file is empty."), Message("Fetch it from its source again."))
    if path.name.endswith(_OSM):
        return _read_osm(path, crs, faults)
    if path.suffix == ".graphml":
        return _read_graphml(path, crs, faults)
    raise faults.stop(
        Message("The format is not known."),
        Message("Give an OpenStreetMap extract (.osm.pbf, .osm) or GraphML from OSMnx (.graphml)."),
        column="roads.file",
        value=path.suffix,
    )


def _read_osm(path: Path, crs: str, faults: Faults) -> RoadLines:
    tags: list[WayTags] = []
    counts = array("q")
    node_ids, xs, ys = array("q"), array("q"), array("q")
    ways = (
        osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "route"))
    )
    try:
        for way in ways:
            assert isinstance(way, osmium.osm.Way)
            given = {key: value for key, value in way.tags if key in _USED}
            meaning = way_tags(given)
            if meaning is None:
                continue
            tags.append(meaning)
            counts.append(len(way.nodes))
            for node in way.nodes:
                location = node.location
                node_ids.append(node.ref)
                xs.append(location.x)
                ys.append(location.y)
    except RuntimeError as error:
        raise _unreadable(faults, str(error)) from None
    places = np.column_stack([np.frombuffer(xs, np.int64), np.frombuffer(ys, np.int64)])
    coordinates = np.where(places == _NOWHERE, np.nan, places * _OSM_UNIT)
    return lines_from_ways(
        tags,
        np.frombuffer(counts, np.int64),
        np.frombuffer(node_ids, np.int64),
        coordinates,
        crs_from="EPSG:4326",
        crs=crs,
        source=path.name,
    )


_USED = frozenset(USED_TAGS)


def _read_graphml(path: Path, crs: str, faults: Faults) -> RoadLines:
    # OSMnx takes more than a second to import, which only those who use it should wait for.
    import osmnx

    try:
        graph = osmnx.load_graphml(path)
        return lines_from_graph(graph, crs, path.name)
    except (ParseError, KeyError, ValueError, TypeError, AttributeError, OSError) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(faults, f"{type(error).__name__}: {error}") from None


def _unreadable(faults: Faults, detail: str) -> InputError:
    return faults.stop(
        Message("The road file cannot be read: {detail}.", detail=detail),
        Message("The download may be damaged: fetch the file from its source again."),
    )
