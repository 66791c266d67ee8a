"""OpenStreetMap files drawn by hand."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from pyproj import Geod, Transformer

from ruralcare.inputs.roads.files import read_road_lines
from ruralcare.scenario import RoadsSource, Scenario, SpeedProfile
from ruralcare.settings import Settings

EAST, NORTH = 1_000_000.0, 1_700_000.0
_TO_DEGREES = Transformer.from_crs("EPSG:5179", "EPSG:4326", always_xy=True)


def degrees(x, y):
    """Longitude and latitude of a place in metres from the origin of the drawings."""
    lon, lat = _TO_DEGREES.transform(EAST + x, NORTH + y)
    return round(lon, 7), round(lat, 7)


def geodesic_m(*places):
    """Length on the ellipsoid of a line through places of the drawing."""
    lon, lat = np.array([degrees(*place) for place in places]).T
    return Geod(ellps="GRS80").line_length(lon, lat)


def write_osm(path: Path, nodes, ways):
    """Write nodes {id: (x, y)} and ways [(node ids, tags)] as an .osm file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for number, place in nodes.items():
        lon, lat = degrees(*place)
        lines.append(f'<node id="{number}" version="1" lon="{lon}" lat="{lat}"/>')
    for number, (refs, tags) in enumerate(ways, start=1):
        lines.append(f'<way id="{number}" version="1">')
        lines += [f'<nd ref="{ref}"/>' for ref in refs]
        lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
        lines.append("</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


PLAIN = SpeedProfile(title_ko="제한속도 그대로", title_en="as posted")
"""Roads are driven at the limit; without one, at the speed of their class."""


def demo_with(scenarios: Path, **roads) -> Scenario:
    """The demo scenario with other roads; speeds of classes stay those of the program."""
    scenario = Scenario.read(scenarios / "demo.toml")
    roads.setdefault("speeds_kmh", scenario.roads.speeds_kmh)
    roads = {"profile": "plain", "tolls": True, **roads}
    roads["profiles"] = {"plain": PLAIN, **roads.get("profiles", {})}
    changed = scenario.model_copy(update={"roads": RoadsSource(**roads)})
    changed._path = scenario.path
    return changed


def lines_of(path: Path, scenarios: Path, area=None, **roads):
    """Read a road file as a scenario would."""
    return read_road_lines(demo_with(scenarios, file=path, **roads), area, Settings(path.parent))
