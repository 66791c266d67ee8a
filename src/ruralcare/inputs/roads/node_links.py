"""The standard node-link data of the Ministry of Land (표준노드링크).

A link (MOCT_LINK) is one direction of a road from node to node; a street open both ways is two
links. Links meet at their nodes (F_NODE, T_NODE) only, never where they cross. The codes are those
of the ministry's notice on the data (지능형교통체계 표준 노드·링크 구축·관리 지침).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ruralcare.inputs.files import Faults
from ruralcare.inputs.roads.faults import none_inside
from ruralcare.inputs.roads.lines import RoadFile, lines_from_ways
from ruralcare.inputs.roads.shapefiles import (
    beside,
    box_in,
    code_text,
    crs_label,
    file_crs,
    file_info,
    read_shapes,
)
from ruralcare.inputs.roads.sources import node_stem
from ruralcare.inputs.roads.tags import TOLLED_CLASSES, WayTags
from ruralcare.language import Message

__all__ = ["read_node_links"]

_NEEDED: Final = ("LINK_ID", "F_NODE", "T_NODE", "ROAD_RANK")
_CODES: Final = ("LINK_ID", "F_NODE", "T_NODE", "ROAD_RANK", "ROAD_TYPE", "ROAD_USE", "CONNECT")
_OTHERS: Final = ("ROAD_NO", "ROAD_NAME", "MAX_SPD", "REST_VEH")
_CLASSES: Final = {
    "101": "motorway",  # 고속국도
    "102": "trunk",  # 도시고속국도
    "103": "primary",  # 일반국도
    "104": "secondary",  # 특별·광역시도
    "105": "secondary",  # 국가지원지방도
    "106": "secondary",  # 지방도
    "107": "tertiary",  # 시·군도
    "108": "unclassified",  # 기타
}
# Roads whose directions are apart by law: one cannot turn round between their nodes.
_DIVIDED: Final = ("101", "102")
_BRIDGES: Final = ("1", "3")  # 고가차도, 교량
_TUNNELS: Final = ("2", "4")  # 지하차도, 터널
_NOT_USED: Final = "1"
_NO_CARS: Final = "1"
_FASTEST_KMH: Final = 150.0
# An end farther from its node than this is told.
_FAR_M: Final = 5.0
# Opposite links between two nodes that are nowhere farther apart are one street.
_APART_M: Final = 30.0
# No coordinate on the earth is as large; damaged files have such.
_BEYOND_M: Final = 1e8


def read_node_links(
    path: Path,
    crs: str,
    faults: Faults,
    given_crs: str | None,
    area: shapely.Geometry | None,
    wide: shapely.Geometry | None,
    apart: frozenset[str] = frozenset(),
) -> RoadFile:
    """Read MOCT_LINK.shp, with MOCT_NODE.shp beside it if it is there.

    Parameters
    ----------
    crs : str
        Projected CRS of the result.
    given_crs : str, optional
        CRS that the scenario gives; otherwise that of the .prj, otherwise EPSG:5186.
    area, wide : polygon, optional
        The townships, and the region around them, in ``crs``: only links whose extent meets the
        latter are read.
    apart : set of str
        Links (LINK_ID) that the scenario closes or gives a speed: they are not joined with the
        other direction of their street.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    info = file_info(path, faults)
    columns = {name.upper(): name for name in info["fields"]}
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking:
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns=", ".join(lacking)),
            Message(
                "Name the link file of the standard node-link data (MOCT_LINK.shp) in roads.file."
            ),
        )
    crs_from = file_crs(path, info, given_crs, faults)
    chosen = [columns[name] for name in (*_CODES, *_OTHERS) if name in columns]
    box = None if wide is None else box_in(wide, crs, crs_from)
    frame = read_shapes(path, chosen, box, faults)
    frame = frame.rename(columns={name: name.upper() for name in chosen})
    if area is not None and frame.empty:
        west, south, east, north = info["total_bounds"]
        raise none_inside(faults, ((west + east) / 2, (south + north) / 2), area, crs)
    for name in (*_CODES, *_OTHERS):
        frame[name] = frame[name].map(code_text) if name in frame else ""
    frame["row"] = frame.index.to_numpy() + 2  # the header is row 1
    _check_ids(frame, faults)
    faults.raise_if_any()
    frame = _with_lines(_open_to_cars(frame, faults), faults)
    frame = _drawn_along(frame, _nodes(path, box, faults), faults)
    frame, twins = _merged(frame, apart)
    lines, nodes = frame["line"].to_numpy(), _node_numbers(frame)
    tags = [_tags(row, faults) for row in frame.itertuples(index=False)]
    counts = shapely.get_num_coordinates(lines).astype(np.int64)
    ends = np.cumsum(counts)
    # Vertices between two nodes are shared with nobody.
    node_ids = np.arange(int(counts.sum()), dtype=np.int64) + 2 * len(frame)
    node_ids[ends - counts], node_ids[ends - 1] = nodes
    found = lines_from_ways(
        tags,
        counts,
        node_ids,
        shapely.get_coordinates(lines),
        crs_from=crs_from,
        crs=crs,
        source=path.name,
        ids=frame["LINK_ID"].tolist(),
        rows=twins,
    )
    note = Message(
        "The standard node-link data tell which turns are forbidden (TURNINFO); this is not "
        "considered."
    )
    form = "standard node-link data, Shapefile"
    return RoadFile(replace(found, notes=(note,)), int(info["features"]), form, crs_label(crs_from))


def _check_ids(frame: pd.DataFrame, faults: Faults) -> None:
    for name in ("LINK_ID", "F_NODE", "T_NODE"):
        for row in frame.loc[frame[name] == "", "row"]:
            faults.add(
                Message("The code is missing."),
                Message("Fill the cell: rows are told apart by it.")
                if name == "LINK_ID"
                else Message("Fill the cell: links meet at their nodes only."),
                row=int(row),
                column=name,
            )
    named = frame[frame["LINK_ID"] != ""]
    first = named.drop_duplicates("LINK_ID").set_index("LINK_ID")["row"]
    for code, row in named.loc[named["LINK_ID"].duplicated(), ["LINK_ID", "row"]].to_numpy():
        faults.add(
            Message("The same code is already in row {row}.", row=str(first[code])),
            Message("Keep one row for each link."),
            row=int(row),
            column="LINK_ID",
            value=code,
        )


def _number(text: str) -> str:
    """Return a code without leading zeros ("003" → "3")."""
    return text.lstrip("0") or "0"


def _open_to_cars(frame: gpd.GeoDataFrame, faults: Faults) -> gpd.GeoDataFrame:
    unused = frame["ROAD_USE"].map(_number) == _NOT_USED
    closed = ~unused & (frame["REST_VEH"].map(_number) == _NO_CARS)
    if unused.any():
        faults.remark(
            Message("{count} links are not in use and are left out.", count=int(unused.sum())),
            Message("Nothing need be done; ROAD_USE is 1 there."),
            column="ROAD_USE",
            value=_NOT_USED,
        )
    if closed.any():
        faults.remark(
            Message("{count} links are closed to cars and are left out.", count=int(closed.sum())),
            Message("Nothing need be done; REST_VEH is 1 there."),
            column="REST_VEH",
            value=_NO_CARS,
        )
    return frame[~unused & ~closed]


def _with_lines(frame: gpd.GeoDataFrame, faults: Faults) -> pd.DataFrame:
    """Return the links with one line each; those that have none are told."""
    lines = shapely.force_2d(frame.geometry.to_numpy())
    points, owner = shapely.get_coordinates(lines, return_index=True)
    odd = shapely.get_type_id(lines) != shapely.GeometryType.LINESTRING
    odd[owner[~(np.abs(points) < _BEYOND_M).all(axis=1)]] = True
    odd |= shapely.is_empty(lines)
    for at in np.flatnonzero(odd):
        lines[at] = _one_line(lines[at])
    lost = shapely.is_missing(lines)
    for row, code in frame.loc[lost, ["row", "LINK_ID"]].to_numpy():
        faults.remark(
            Message("The link has no line and is left out."),
            Message("Fetch the file from its source again if the road is needed."),
            row=int(row),
            column="LINK_ID",
            value=code,
        )
    kept = pd.DataFrame(frame.drop(columns=frame.geometry.name))[~lost].reset_index(drop=True)
    kept["line"] = lines[~lost]
    return pd.DataFrame(kept)


def _one_line(shape: shapely.Geometry | None) -> shapely.LineString | None:
    """Return a line; the parts of one in parts are joined in their order."""
    points = shapely.get_coordinates(shape)
    if shape is None or shapely.get_dimensions(shape) != 1 or len(points) < 2:
        return None
    return shapely.LineString(points) if (np.abs(points) < _BEYOND_M).all() else None


def _nodes(path: Path, box: tuple[float, ...] | None, faults: Faults) -> pd.Series | None:
    """Return the places of the nodes by their ids, or None if there is no node file."""
    name = node_stem(path) + ".shp"
    file = None if name.casefold() == path.name.casefold() else beside(path, name)
    if file is None:
        faults.remark(
            Message("There is no node file beside it; links meet where their node codes agree."),
            Message("Copy MOCT_NODE.shp, .dbf and .shx beside the links to have the ends checked."),
        )
        return None
    own = Faults(file.name)
    info = file_info(file, own)
    column = next((one for one in info["fields"] if one.upper() == "NODE_ID"), None)
    if column is None:
        raise own.stop(
            Message("The table lacks columns: {columns}.", columns="NODE_ID"),
            Message("Copy MOCT_NODE.shp of the same date beside the links."),
        )
    table = read_shapes(file, [column], box, own)
    nodes = pd.Series(table.geometry.to_numpy(), index=table[column].map(code_text))
    nodes = nodes[
        [
            isinstance(shape, shapely.Point)
            and bool((np.abs(shapely.get_coordinates(shape)) < _BEYOND_M).all())
            for shape in nodes
        ]
    ]
    return nodes[~nodes.index.duplicated()]


def _drawn_along(frame: pd.DataFrame, nodes: pd.Series | None, faults: Faults) -> pd.DataFrame:
    """Turn round the links that are drawn against their direction; tell ends off their nodes."""
    if nodes is None or frame.empty:
        return frame
    lines = frame["line"].to_numpy()
    begin, end = shapely.get_point(lines, 0), shapely.get_point(lines, -1)
    known = dict(nodes.items())
    start = np.array([known.get(code) for code in frame["F_NODE"]], dtype=object)
    stop = np.array([known.get(code) for code in frame["T_NODE"]], dtype=object)
    along = shapely.distance(begin, start) + shapely.distance(end, stop)
    against = shapely.distance(begin, stop) + shapely.distance(end, start)
    turned = against < along
    lines = np.where(turned, shapely.reverse(lines), lines)
    far: list[tuple[int, str, float]] = []
    for column, place, vertex in (("F_NODE", start, 0), ("T_NODE", stop, -1)):
        off = shapely.distance(shapely.get_point(lines, vertex), place)
        far += [(int(at), column, float(off[at])) for at in np.flatnonzero(off > _FAR_M)]
    for at, column, metres in sorted(far):
        faults.remark(
            Message("The link ends {metres} m from its node.", metres=round(metres)),
            Message("Links and nodes should be of the same date; it is joined by its code."),
            row=int(frame["row"].iloc[at]),
            column=column,
            value=frame[column].iloc[at],
        )
    return frame.assign(line=lines)


def _merged(frame: pd.DataFrame, apart: frozenset[str]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Make one row of the two links of a street; return also how many links each row stands for.

    A house beside a street can leave in both directions. The lower of two limits holds.
    """
    frame = frame.reset_index(drop=True).assign(twoway=False)
    frame["limit"] = pd.to_numeric(frame["MAX_SPD"], errors="coerce")
    single = frame["ROAD_RANK"].isin(_DIVIDED) | frame["LINK_ID"].isin(apart)
    able = frame[~single & (frame["F_NODE"] != frame["T_NODE"])]
    ends = able[["F_NODE", "T_NODE", "ROAD_RANK", "ROAD_TYPE", "CONNECT"]].reset_index()
    swapped = ends.rename(columns={"F_NODE": "T_NODE", "T_NODE": "F_NODE"})
    keys = ["F_NODE", "T_NODE", "ROAD_RANK", "ROAD_TYPE", "CONNECT"]
    pairs = ends.merge(swapped, on=keys, suffixes=("", "_back"))
    pairs = pairs[pairs["index"] < pairs["index_back"]]
    lines = frame["line"].to_numpy()
    one, other = pairs["index"].to_numpy(), pairs["index_back"].to_numpy()
    pairs = pairs.assign(apart=shapely.hausdorff_distance(lines[one], lines[other]))
    pairs = pairs[pairs["apart"] <= _APART_M].sort_values(["apart", "index", "index_back"])
    # The nearest first; of several streets between two nodes none is lost.
    taken: set[int] = set()
    chosen = []
    for a, b in zip(pairs["index"].tolist(), pairs["index_back"].tolist(), strict=True):
        if a not in taken and b not in taken:
            taken |= {a, b}
            chosen.append((a, b))
    one, other = np.array(chosen, dtype=np.int64).reshape(-1, 2).T
    limit = frame["limit"].where(frame["limit"] > 0).to_numpy()
    lower = np.fmin(limit[one], limit[other])
    slow = frame["MAX_SPD"].to_numpy(dtype=object)
    slow[one] = ["" if np.isnan(value) else str(value) for value in lower]
    frame["MAX_SPD"] = slow
    frame.loc[one, "twoway"] = True
    twins = np.ones(len(frame), dtype=np.int64)
    twins[one] = 2
    kept = np.ones(len(frame), dtype=bool)
    kept[other] = False
    return frame[kept].reset_index(drop=True), twins[kept]


def _node_numbers(frame: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a number for the node at either end of every link."""
    codes, _ = pd.factorize(pd.concat([frame["F_NODE"], frame["T_NODE"]]))
    numbers = np.asarray(codes, dtype=np.int64)
    return numbers[: len(frame)], numbers[len(frame) :]


def _tags(row: Any, faults: Faults) -> WayTags:  # noqa: ANN401 - a named tuple of pandas
    road_class = _CLASSES.get(row.ROAD_RANK)
    if road_class is None:
        faults.remark(
            Message("The class of road is not known; it is taken for a small road."),
            Message("The classes are 101 to 108."),
            row=int(row.row),
            column="ROAD_RANK",
            value=row.ROAD_RANK,
        )
        road_class = "road"
    elif _number(row.CONNECT) != "0" and row.ROAD_RANK not in ("107", "108"):
        road_class += "_link"
    return WayTags(
        road_class,
        0 if row.twoway else 1,
        _limit(row, faults),
        None,
        None,
        row.ROAD_NAME,
        row.ROAD_NO,
        _number(row.ROAD_TYPE) in _BRIDGES,
        _number(row.ROAD_TYPE) in _TUNNELS,
        road_class in TOLLED_CLASSES,
    )


def _limit(row: Any, faults: Faults) -> float | None:  # noqa: ANN401
    if not row.MAX_SPD:
        return None
    try:
        limit = float(row.MAX_SPD)
    except ValueError:
        limit = -1.0
    if limit == 0:
        return None
    if 0 < limit <= _FASTEST_KMH:
        return limit
    faults.remark(
        Message("This is no speed limit; the speed of the class of road is taken."),
        Message("Correct the cell, or write 0 where there is no limit."),
        row=int(row.row),
        column="MAX_SPD",
        value=row.MAX_SPD,
    )
    return None
