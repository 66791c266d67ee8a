"""Care facilities from an OpenStreetMap extract."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import osmium
import pandas as pd
import shapely

from ruralcare.inputs.files import Faults, read_bytes
from ruralcare.inputs.osm_files import entities
from ruralcare.scenario import Scenario

__all__ = ["read_osm_care_places"]


def read_osm_care_places(path: Path, scenario: Scenario, faults: Faults) -> pd.DataFrame:
    """Read care and health institutions.

    Returns
    -------
    DataFrame
        ``facility_id``, ``name``, ``tag`` (value of amenity or social_facility), ``capacity``
        (text), ``point`` (in the CRS of the scenario); one row per institution even where it is
        mapped both as a point and as a building.
    """
    read_bytes(path, faults)
    rows = []
    keys = osmium.filter.KeyFilter("amenity", "social_facility", "healthcare")
    found = entities(
        path, faults, lambda file: osmium.FileProcessor(file).with_areas().with_filter(keys)
    )
    for entity in found:
        tags = entity.tags
        tag = tags.get("social_facility") or tags.get("amenity") or tags.get("healthcare")
        if isinstance(entity, osmium.osm.Node):
            point = shapely.Point(entity.lon, entity.lat)
        elif isinstance(entity, osmium.osm.Area):
            ring = [(n.lon, n.lat) for outer in entity.outer_rings() for n in outer]
            point = shapely.MultiPoint(ring).convex_hull.representative_point()
        else:
            continue
        kind = "n" if isinstance(entity, osmium.osm.Node) else "a"
        rows.append(
            (f"{kind}{entity.id}", tags.get("name", ""), tag, tags.get("capacity", ""), point)
        )
    frame = pd.DataFrame(rows, columns=["facility_id", "name", "tag", "capacity", "point"])
    if len(frame):
        points = gpd.GeoSeries(frame["point"].to_list(), crs="EPSG:4326").to_crs(scenario.crs)
        frame["point"] = points.to_numpy()
    return frame
