"""Roads as a plain list of edges (CSV).

::

    u, v                          codes of the nodes at either end; edges meet where codes agree
    u_lon, u_lat, v_lon, v_lat    places of the ends in degrees, or
    u_x, u_y, v_x, v_y            in roads.crs, or
    geometry                      the line as WKT, in roads.crs or in degrees
    time_min                      minutes in every direction in which it can be used, or else
    length_m, speed_kmh           length (by default that of the line) and speed
    road_class                    OpenStreetMap highway class, or ferry; gives the speed if no
                                  other column does
    oneway                        yes (only from u to v), no, -1 (only from v to u)
    name                          name of the road
    id                            code by which a scenario can close the edge or set its speed;
                                  without it, the number of the row (the header is row 1)
    toll                          yes, no: whether it costs a toll; without it, motorways do

All but u, v and one kind of place may be left out or blank. An edge with other minutes back than
there takes two rows, each with oneway = yes; so does a ferry.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer

from ruralcare.inputs.files import Faults, Row, Table, number, read_table
from ruralcare.inputs.roads.faults import crs_of
from ruralcare.inputs.roads.lines import RoadFile, lines_from_ways
from ruralcare.inputs.roads.tags import ROAD_CLASSES, TOLLED_CLASSES, WayTags
from ruralcare.language import Message
from ruralcare.units import kilometres, minutes_at

__all__ = ["is_edge_list", "read_edge_list"]

_DEGREES: Final = ("u_lon", "u_lat", "v_lon", "v_lat")
_METRES: Final = ("u_x", "u_y", "v_x", "v_y")
_YES: Final = frozenset({"yes", "y", "true", "1", "예"})
_NO: Final = frozenset({"", "no", "n", "false", "0", "아니오", "아니요"})
_AGAINST: Final = frozenset({"-1", "reverse"})
_FASTEST_KMH: Final = 150.0
# A car slower than someone who walks is doubtful.
_SLOWEST_KMH: Final = 3.0
# An end farther from where an earlier row has its node is told.
_FAR_M: Final = 5.0
# A length below the straight one, but for rounding and the shape of the earth, cannot be.
_STRAIGHT: Final = 0.98
# A length so many times that of the line, or so small a part of it, is doubtful.
_DOUBTFUL: Final = 5.0


@dataclass(frozen=True)
class _Edge:
    row: int
    u: str
    v: str
    line: shapely.LineString
    tags: WayTags
    stretch: float
    code: str


def is_edge_list(header: str) -> bool:
    """Return whether the first line of a text is that of an edge list."""
    cells = {cell.strip().strip('"').lower() for cell in header.split(",")}
    return {"u", "v"} <= cells


def read_edge_list(path: Path, crs: str, faults: Faults, given_crs: str | None) -> RoadFile:
    """Read a list of edges.

    Parameters
    ----------
    crs : str
        Projected CRS of the result.
    given_crs : str, optional
        CRS of ``u_x`` … and of ``geometry``; without it, ``geometry`` must be in degrees.

    Raises
    ------
    InputError
        The table cannot be used; every fault is listed.
    """
    table = read_table(path, faults, ["u", "v"])
    kind, crs_from = _places(table, given_crs, faults)
    measure = _Measure(crs_from)
    edges = [edge for row in table if (edge := _edge(row, kind, measure, faults)) is not None]
    faults.raise_if_any()
    nodes = _joined(edges, measure, faults)
    lines = np.array([edge.line for edge in edges], dtype=object)
    counts = shapely.get_num_coordinates(lines).astype(np.int64)
    ends = np.cumsum(counts)
    # Vertices between two nodes are shared with nobody.
    node_ids = np.arange(int(counts.sum()), dtype=np.int64) + len(nodes)
    node_ids[ends - counts] = [nodes[edge.u] for edge in edges]
    node_ids[ends - 1] = [nodes[edge.v] for edge in edges]
    found = lines_from_ways(
        [edge.tags for edge in edges],
        counts,
        node_ids,
        shapely.get_coordinates(lines),
        crs_from=crs_from,
        crs=crs,
        source=path.name,
        ids=[edge.code for edge in edges],
        stretch=np.array([edge.stretch for edge in edges], dtype=float),
    )
    return RoadFile(found, len(table.rows), "CSV (u, v)", crs_from.to_string())


def _places(table: Table, given_crs: str | None, faults: Faults) -> tuple[str, CRS]:
    """Return which columns hold the places, and their CRS."""
    header = set(table.header)
    if header.issuperset(_DEGREES):
        return "degrees", CRS("EPSG:4326")
    if "geometry" not in header and not header.issuperset(_METRES):
        raise faults.stop(
            Message("The table does not tell where the nodes are."),
            Message(
                "Add u_lon, u_lat, v_lon, v_lat (degrees), or u_x, u_y, v_x, v_y, or a column "
                "geometry (WKT)."
            ),
            row=1,
        )
    kind = "line" if "geometry" in header else "metres"
    if given_crs is None:
        if kind == "line":
            return kind, CRS("EPSG:4326")
        raise faults.stop(
            Message("The file does not tell its coordinate reference system (CRS)."),
            Message('Set roads.crs, such as "EPSG:5186".'),
            column="roads.crs",
        )
    return kind, crs_of(given_crs, faults)


class _Measure:
    """Measures on the ellipsoid, as the network does, whatever the CRS."""

    def __init__(self, crs: CRS) -> None:
        self.degrees = crs.is_geographic
        self.name = crs.to_string()
        self._geod = Geod(ellps="GRS80")
        self._to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

    def length_m(self, line: shapely.LineString) -> float:
        x, y = shapely.get_coordinates(line).T
        return float(self._geod.line_length(*self._to_degrees.transform(x, y)))


def _edge(row: Row, kind: str, measure: _Measure, faults: Faults) -> _Edge | None:
    """Return the edge of a row, or None if it is faulty."""
    before = len(faults.found)
    for column in ("u", "v"):
        if not row[column]:
            faults.add(
                Message("The code is missing."),
                Message("Fill the cell: edges meet where the codes of their nodes agree."),
                row=row.number,
                column=column,
            )
    line = _line_of_text(row, measure, faults) if kind == "line" else _line(row, kind, faults)
    road_class = row["road_class"] or "road"
    if road_class != "ferry" and road_class not in ROAD_CLASSES:
        faults.add(
            Message("The class of road is not known."),
            Message("Use one of: {known}.", known=", ".join((*ROAD_CLASSES, "ferry"))),
            row=row.number,
            column="road_class",
            value=row["road_class"],
        )
    direction = _direction(row, faults)
    toll = _toll(row, road_class, faults)
    time_min = _positive(row, "time_min", faults)
    length_m = _positive(row, "length_m", faults)
    speed_kmh = _positive(row, "speed_kmh", faults)
    if len(faults.found) > before or line is None:
        return None
    drawn_m = measure.length_m(line)
    if not 0 < drawn_m < np.inf:
        faults.add(
            Message("The edge begins and ends at the same place.")
            if drawn_m == 0
            else Message("The edge lies outside the map of {crs}.", crs=measure.name),
            Message("Correct the places, or remove the row."),
            row=row.number,
        )
        return None
    if length_m is not None and not _fits(row, line, length_m, drawn_m, measure, faults):
        return None
    stretch = 1.0 if length_m is None else length_m / drawn_m
    ferry = road_class == "ferry"
    duration = time_min
    if time_min is not None:
        # Speed is length over time, as time is length over speed.
        speed_kmh = minutes_at(drawn_m * stretch, time_min)
        if speed_kmh > _FASTEST_KMH:
            faults.add(
                Message("The edge would be driven at {speed} km/h.", speed=round(speed_kmh)),
                Message("Times are in minutes, lengths in metres."),
                row=row.number,
                column="time_min",
                value=row["time_min"],
            )
            return None
        if speed_kmh < _SLOWEST_KMH and not ferry:
            faults.remark(
                Message("A car would be slower than walking: {speed} km/h.", speed=_two(speed_kmh)),
                Message("Times are in minutes, lengths in metres."),
                row=row.number,
                column="time_min",
                value=row["time_min"],
            )
    if ferry and duration is None and speed_kmh is not None:
        duration = minutes_at(drawn_m * stretch, speed_kmh)
    tags = WayTags(
        road_class,
        direction,
        None,
        duration if ferry else None,
        None,
        row["name"],
        "",
        False,
        False,
        toll,
        None if ferry else speed_kmh,
    )
    return _Edge(row.number, row["u"], row["v"], line, tags, stretch, row["id"] or str(row.number))


def _fits(
    row: Row,
    line: shapely.LineString,
    length_m: float,
    drawn_m: float,
    measure: _Measure,
    faults: Faults,
) -> bool:
    """Return whether a length can be that of a line; tell one that is doubtful."""
    straight_m = measure.length_m(shapely.LineString([line.coords[0], line.coords[-1]]))
    if straight_m > _FAR_M and length_m < _STRAIGHT * straight_m:
        faults.add(
            Message(
                "The edge is {length} m long, but its ends lie {straight} m apart.",
                length=_two(length_m),
                straight=round(straight_m),
            ),
            Message("Write lengths in metres; check the places of the ends."),
            row=row.number,
            column="length_m",
            value=row["length_m"],
        )
        return False
    if length_m > _DOUBTFUL * drawn_m or length_m < drawn_m / _DOUBTFUL:
        faults.remark(
            Message(
                "The edge is {length} m long, but its line {drawn} m.",
                length=_two(length_m),
                drawn=round(drawn_m),
            ),
            Message("Write lengths in metres; check the places of the ends."),
            row=row.number,
            column="length_m",
            value=row["length_m"],
        )
    return True


def _two(number_: float) -> float:
    return round(number_, 2)


def _direction(row: Row, faults: Faults) -> int:
    told = row["oneway"].lower()
    if told in _YES:
        return 1
    if told in _AGAINST:
        return -1
    if told not in _NO:
        faults.add(
            Message("This is neither yes nor no."),
            Message("Write yes (only from u to v), no, or -1 (only from v to u)."),
            row=row.number,
            column="oneway",
            value=row["oneway"],
        )
    return 0


def _toll(row: Row, road_class: str, faults: Faults) -> bool:
    told = row["toll"].lower()
    if told and told not in _YES | _NO:
        faults.add(
            Message("This is neither yes nor no."),
            Message("Write yes or no."),
            row=row.number,
            column="toll",
            value=row["toll"],
        )
    return told in _YES or (not told and road_class in TOLLED_CLASSES)


def _positive(row: Row, column: str, faults: Faults) -> float | None:
    most = _FASTEST_KMH if column == "speed_kmh" else None
    value = number(row, column, faults, most=most)
    if value is not None and value <= 0:
        faults.add(
            Message("The value must be above 0."),
            Message("Correct the cell, or leave it blank if the value is not known."),
            row=row.number,
            column=column,
            value=row[column],
        )
        return None
    return value


def _line(row: Row, kind: str, faults: Faults) -> shapely.LineString | None:
    places: list[float] = []
    for column in _DEGREES if kind == "degrees" else _METRES:
        most = None if kind == "metres" else 180.0 if column.endswith("lon") else 90.0
        least = None if most is None else -most
        if not row[column]:
            faults.add(
                Message("The coordinate is missing."),
                Message("Fill the cell."),
                row=row.number,
                column=column,
            )
            continue
        value = number(row, column, faults, least=least, most=most)
        if value is not None:
            places.append(value)
    return shapely.LineString([places[:2], places[2:]]) if len(places) == 4 else None


def _line_of_text(row: Row, measure: _Measure, faults: Faults) -> shapely.LineString | None:
    shape = shapely.from_wkt(row["geometry"] or None, on_invalid="ignore")
    line = shape if isinstance(shape, shapely.LineString) else None
    points = shapely.get_coordinates(line)
    if len(points) < 2 or not np.isfinite(points).all():
        faults.add(
            Message("This is no line in WKT."),
            Message("Write the line as LINESTRING (127.1 36.5, 127.2 36.6)."),
            row=row.number,
            column="geometry",
            value=row["geometry"],
        )
        return None
    if measure.degrees and (np.abs(points) > (180.0, 90.0)).any():
        faults.add(
            Message("These are no degrees."),
            Message("Write longitude and latitude, or set roads.crs."),
            row=row.number,
            column="geometry",
            value=row["geometry"],
        )
        return None
    return shapely.force_2d(line)


def _joined(edges: list[_Edge], measure: _Measure, faults: Faults) -> dict[str, int]:
    """Give every node a number; tell the ends that lie elsewhere than in an earlier row."""
    numbers: dict[str, int] = {}
    places: dict[str, tuple[float, float]] = {}
    for edge in edges:
        ends = ((edge.u, "u", edge.line.coords[0]), (edge.v, "v", edge.line.coords[-1]))
        for code, column, place in ends:
            numbers.setdefault(code, len(numbers))
            first = places.setdefault(code, place)
            off_m = 0.0 if first == place else measure.length_m(shapely.LineString([first, place]))
            if off_m > _FAR_M:
                faults.remark(
                    Message(
                        "The node lies {km} km from where an earlier row has it.",
                        km=round(kilometres(off_m), 2),
                    ),
                    Message("Correct the code or the place; the edges are joined by the code."),
                    row=edge.row,
                    column=column,
                    value=code,
                )
    return numbers
