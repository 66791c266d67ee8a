"""Administrative areas from an OpenStreetMap extract."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import osmium
import pandas as pd
import shapely
from shapely.geometry import LineString, Point

from ruralcare.inputs.files import Faults, read_bytes
from ruralcare.inputs.osm_files import entities
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.units import kilometres

__all__ = ["read_osm_areas"]

# A border that leaves the extract may lack this share of its ways and still be usable.
MOST_MISSING = 1 / 3
_RELATIONS = osmium.osm.RELATION
_PLACES = osmium.osm.NODE | osmium.osm.WAY
_NAMES_SHOWN = 5


def read_osm_areas(path: Path, scenario: Scenario, faults: Faults) -> tuple[gpd.GeoDataFrame, int]:
    """Read the administrative areas of one level.

    A border that leaves the extract is closed by a straight line, if most of it is there.

    Returns
    -------
    GeoDataFrame
        As :func:`~ruralcare.inputs.areas.boundaries.read_boundaries`; ids are relation numbers. The
        column ``closed_km`` tells how much of a border was made up.
    int
        Number of areas of the level in the extract, complete or not.

    Raises
    ------
    InputError
        The file cannot be read, or has no area of the level.
    """
    read_bytes(path, faults)
    level = str(scenario.townships.admin_level)
    inside = scenario.townships.inside
    relations, larger = [], []
    for entity in entities(path, faults, lambda file: osmium.FileProcessor(file, _RELATIONS)):
        tags = entity.tags
        if tags.get("boundary") != "administrative" or not isinstance(entity, osmium.osm.Relation):
            continue
        members = [(m.type, m.ref, m.role) for m in entity.members]
        if tags.get("admin_level") == level:
            relations.append((entity.id, tags.get("name", ""), members))
        elif inside is not None and tags.get("name") == inside:
            larger.append(members)
    everything = [*(members for _, _, members in relations), *larger]
    wanted = {ref for members in everything for kind, ref, _ in members if kind == "w"}
    centres = {ref for _, _, members in relations for kind, ref, _ in members if kind == "n"}
    lines: dict[int, LineString] = {}
    nodes: dict[int, Point] = {}
    reader = entities(
        path, faults, lambda file: osmium.FileProcessor(file, _PLACES).with_locations()
    )
    for entity in reader:
        if isinstance(entity, osmium.osm.Node) and entity.id in centres:
            nodes[entity.id] = Point(entity.lon, entity.lat)
        elif isinstance(entity, osmium.osm.Way) and entity.id in wanted:
            coords = [(n.lon, n.lat) for n in entity.nodes if n.location.valid()]
            if len(coords) > 1:
                lines[entity.id] = LineString(coords)
    whole = _larger_area(larger, lines, scenario, faults)
    rows, left_out = [], []
    for number, name, members in relations:
        area, gap = _area([m for m in members if m[0] == "w"], lines)
        if area is None or not name:
            left_out.append(name or str(number))
            continue
        if whole is not None and not whole.intersects(area.representative_point()):
            continue
        seat = next((nodes[ref] for kind, ref, _ in members if kind == "n" and ref in nodes), None)
        rows.append((str(number), name, area, gap, seat))
    if not rows:
        raise faults.stop(
            Message("The extract has no complete area of admin_level {level}.", level=level),
            Message("Set townships.admin_level to the level of the municipalities."),
            column="townships.admin_level",
            value=level,
        )
    if left_out:
        shown = ", ".join(sorted(left_out)[:_NAMES_SHOWN])
        faults.remark(
            Message(
                "Areas without a name or a complete border in the extract were left out: {count}.",
                count=len(left_out),
            ),
            Message("Use a larger extract, if one of them is planned."),
            value=shown + (" …" if len(left_out) > _NAMES_SHOWN else ""),
        )
    ids, names, areas, gaps, seats = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame(
        {
            "name": names,
            "sigungu_id": scenario.townships.sigungu_name or path.name.split(".")[0],
            "sigungu_name": scenario.townships.sigungu_name or path.name.split(".")[0],
        },
        geometry=list(areas),
        crs="EPSG:4326",
        index=pd.Index(ids, name="township_id", dtype=object),
    ).to_crs(scenario.crs)
    gap_m = gpd.GeoSeries(list(gaps), index=frame.index, crs="EPSG:4326").to_crs(scenario.crs)
    frame["closed_km"] = kilometres(gap_m.length.to_numpy())
    seat_points = gpd.GeoSeries(list(seats), index=frame.index, crs="EPSG:4326")
    frame["seat"] = seat_points.to_crs(scenario.crs)
    return frame, len(relations)


def _larger_area(
    larger: list[list[tuple[str, int, str]]],
    lines: dict[int, LineString],
    scenario: Scenario,
    faults: Faults,
) -> shapely.Geometry | None:
    """Return the area that the scenario names with ``townships.inside``, if it names one."""
    if scenario.townships.inside is None:
        return None
    for members in larger:
        area, _ = _area([m for m in members if m[0] == "w"], lines)
        if area is not None:
            return area
    raise faults.stop(
        Message("The extract has no complete area of this name."),
        Message("Correct the name, or remove townships.inside."),
        column="townships.inside",
        value=scenario.townships.inside,
    )


def _area(
    members: list[tuple[str, int, str]], lines: dict[int, LineString]
) -> tuple[shapely.Geometry | None, LineString]:
    """Return the area of a relation, and the line that had to be made up."""
    nothing = LineString()
    missing = sum(ref not in lines for _, ref, _ in members)
    if not members or missing > MOST_MISSING * len(members):
        return None, nothing
    outer = [lines[ref] for _, ref, role in members if role != "inner" and ref in lines]
    ends = Counter(end for line in outer for end in (line.coords[0], line.coords[-1]))
    open_ends = [end for end, count in ends.items() if count % 2]
    gap = nothing
    if len(open_ends) == 2:
        gap = LineString(sorted(open_ends))
        outer.append(gap)
    elif open_ends:
        return None, nothing
    area = shapely.unary_union(list(shapely.polygonize(outer).geoms))
    inner = [lines[ref] for _, ref, role in members if role == "inner" and ref in lines]
    if inner:
        area = area.difference(shapely.unary_union(list(shapely.polygonize(inner).geoms)))
    return (None, nothing) if area.is_empty else (area, gap)
