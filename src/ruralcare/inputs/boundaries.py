"""Township boundaries as their publishers issue them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer

from ruralcare.inputs.files import Faults, read_bytes, read_table
from ruralcare.inputs.osm_areas import read_osm_areas
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["read_boundaries"]

# Columns of the known publishers, finest code first: (id, name).
_ID_COLUMNS = (
    "township_id",
    "adm_cd2",
    "ADM_CD2",
    "EMD_CD",
    "adm_cd",
    "ADM_CD",
    "ADM_DR_CD",
    "code",
)
_NAME_COLUMNS = ("name", "emd_nm", "EMD_NM", "EMD_KOR_NM", "ADM_NM", "ADM_DR_NM", "adm_nm")
_KOSTAT = re.compile(r"^\d{7,8}$")


def read_boundaries(scenario: Scenario) -> gpd.GeoDataFrame:
    """Read, check and select the township boundaries of a scenario.

    Returns
    -------
    GeoDataFrame
        Index ``township_id``; ``name``, ``sigungu_id``, ``sigungu_name``, valid polygons in the
        CRS of the scenario, ``seat`` (point or None), sorted by id.

    Raises
    ------
    InputError
        A file cannot be used; every fault found is listed.
    """
    parts = []
    for file in scenario.townships.files:
        faults = Faults(file.name)
        path = scenario.resolve(file)
        if path.name.endswith((".osm.pbf", ".osm", ".osm.gz")):
            part = read_osm_areas(path, scenario, faults)
        else:
            part = _named(_read_file(path, scenario, faults), scenario, faults)
        part["source_file"] = file.name
        parts.append(part)
    frame = pd.concat(parts)
    frame = _selected(gpd.GeoDataFrame(frame, crs=scenario.crs), scenario)
    faults = Faults(", ".join(file.name for file in scenario.townships.files))
    for township_id in sorted(set(frame.index[frame.index.duplicated()])):
        faults.add(
            Message(
                "The township id occurs more than once ({names}).",
                names=", ".join(frame.loc[[township_id], "name"]),
            ),
            Message("Keep one area per id; join its parts to one multi-part area."),
            column="township_id",
            value=township_id,
        )
    faults.raise_if_any()
    return frame.sort_index().drop(columns="source_file")


def _read_file(path: Path, scenario: Scenario, faults: Faults) -> gpd.GeoDataFrame:
    """Return the areas of a file in the CRS of the scenario, ids and names as found."""
    read_bytes(path, faults)
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".geoparquet"):
            frame = gpd.read_parquet(path)
        elif suffix == ".shp":
            frame = _read_shapefile(path)
        else:
            frame = gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, ValueError, OSError) as error:
        raise faults.stop(
            Message("The boundaries cannot be read: {detail}.", detail=str(error)),
            Message("Give GeoJSON, TopoJSON, Shapefile, GeoPackage or GeoParquet."),
        ) from None
    if "geometry" not in frame or frame.empty or frame.geometry.isna().all():
        raise faults.stop(
            Message("The file holds no areas."),
            Message("Give a file with a polygon for each township."),
        )
    frame = frame[frame.geometry.notna()]
    if scenario.townships.crs:
        frame = frame.set_crs(scenario.townships.crs, allow_override=True)
    elif frame.crs is None:
        # TopoJSON tells no CRS; degrees are recognised by their range.
        west, _, east, _ = frame.total_bounds
        if suffix in (".json", ".topojson") and max(abs(west), abs(east)) <= 180:
            frame = frame.set_crs("EPSG:4326")
        else:
            raise faults.stop(
                Message("The file does not tell its coordinate reference system (CRS)."),
                Message('Add the .prj file, or set townships.crs, such as "EPSG:5179".'),
                column="crs",
            )
    _check_place(frame, scenario, faults)
    frame = frame.to_crs(scenario.crs)
    frame.geometry = shapely.make_valid(
        frame.geometry.values, method="structure", keep_collapsed=False
    )
    frame = frame.explode(index_parts=False)
    frame = frame[frame.geom_type == "Polygon"]
    if frame.empty:
        raise faults.stop(
            Message("The file holds no areas."),
            Message("Give a file with a polygon for each township."),
        )
    return frame.dissolve(by=frame.index, as_index=False)


def _read_shapefile(path: Path) -> gpd.GeoDataFrame:
    """Read a Shapefile; without a .cpg the texts may be UTF-8 or CP949."""
    if path.with_suffix(".cpg").exists():
        return gpd.read_file(path)
    try:
        return gpd.read_file(path, encoding="utf-8")
    except UnicodeDecodeError:
        return gpd.read_file(path, encoding="cp949")


def _check_place(frame: gpd.GeoDataFrame, scenario: Scenario, faults: Faults) -> None:
    """Raise if the areas lie outside the region for which the scenario's CRS is made."""
    region = CRS.from_user_input(scenario.crs).area_of_use
    if region is None:
        return
    west, south, east, north = frame.total_bounds
    if frame.crs.is_projected:
        to_degrees = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
        west, south, east, north = to_degrees.transform_bounds(west, south, east, north)

    def inside(x0: float, y0: float, x1: float, y1: float) -> bool:
        return x1 >= region.west and x0 <= region.east and y1 >= region.south and y0 <= region.north

    if inside(west, south, east, north):
        return
    shown = f"{west:.2f}, {south:.2f} – {east:.2f}, {north:.2f}"
    if inside(south, west, north, east):
        raise faults.stop(
            Message("Longitude and latitude are swapped."),
            Message("Write every coordinate as longitude first, latitude second."),
            column="geometry",
            value=shown,
        )
    raise faults.stop(
        Message("The areas lie outside the region of {crs}.", crs=scenario.crs),
        Message("Check the CRS of the file (townships.crs) and that of the scenario (crs)."),
        column="geometry",
        value=shown,
    )


def _named(frame: gpd.GeoDataFrame, scenario: Scenario, faults: Faults) -> gpd.GeoDataFrame:
    """Return the areas with ids, names and counties under our own column names."""
    id_column = next((name for name in _ID_COLUMNS if name in frame.columns), None)
    name_column = next((name for name in _NAME_COLUMNS if name in frame.columns), None)
    if id_column is None or name_column is None:
        columns = ", ".join(str(name) for name in frame.columns if name != "geometry")
        raise faults.stop(
            Message("No column with township codes and names is known."),
            Message(
                "Rename the columns to township_id and name; found: {columns}.", columns=columns
            ),
        )
    ids = frame[id_column].map(_code)
    names = frame[name_column].map(_code)
    for column, values in ((id_column, ids), (name_column, names)):
        if (values == "").any():
            faults.add(
                Message("{count} areas have no code or name.", count=int((values == "").sum())),
                Message("Fill the column, or remove these areas."),
                column=column,
            )
    faults.raise_if_any()
    if "sigungu_name" in frame.columns:
        counties = frame["sigungu_name"].astype(str)
    elif "sggnm" in frame.columns:
        counties = frame["sggnm"].astype(str)
    else:
        counties = names.map(lambda name: " ".join(name.split()[1:-1]))
    if scenario.townships.crosswalk is not None:
        ids, counties = _crossed(ids, names, counties, scenario)
    county_ids = frame["sigungu_id"] if "sigungu_id" in frame.columns else ids.str[:5]
    return gpd.GeoDataFrame(
        {
            "name": names.str.split().str[-1].to_numpy(),
            "sigungu_id": county_ids.astype(str).to_numpy(),
            "sigungu_name": counties.astype(str).to_numpy(),
            "seat": None,
        },
        geometry=frame.geometry.to_numpy(),
        index=pd.Index(ids.to_numpy(), name="township_id", dtype=object),
        crs=frame.crs,
    )


def _code(value: Any) -> str:  # noqa: ANN401 - codes come as text or number
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) else str(value).strip()


def _crossed(
    ids: pd.Series, names: pd.Series, counties: pd.Series, scenario: Scenario
) -> tuple[pd.Series, pd.Series]:
    """Return MOIS codes and county names for KOSTAT codes.

    A code without a row stays as it is: it may lie outside the planned counties.
    """
    assert scenario.townships.crosswalk is not None
    file = scenario.townships.crosswalk
    table = read_table(
        scenario.resolve(file), Faults(file.name), ["adm_cd", "adm_cd2"], delimiter="\t"
    )
    # A few KOSTAT codes stand for two areas; the name tells them apart.
    rows = {(row["adm_cd"], row["emd_nm"]): row for row in table}
    rows.update({(row["adm_cd"], ""): row for row in table})
    hits = [
        rows.get((code, name)) or rows.get((code, ""))
        for code, name in zip(ids, names, strict=True)
    ]
    crossed = [hit["adm_cd2"] if hit else code for hit, code in zip(hits, ids, strict=True)]
    named = [hit["sggnm"] if hit else name for hit, name in zip(hits, counties, strict=True)]
    return pd.Series(crossed, index=ids.index), pd.Series(named, index=ids.index)


def _selected(frame: gpd.GeoDataFrame, scenario: Scenario) -> gpd.GeoDataFrame:
    """Return the townships of the counties that the scenario plans."""
    wanted = scenario.area.sigungu
    faults = Faults(scenario.path.name)
    if wanted:
        chosen = pd.Series(False, index=range(len(frame)))
        for county in wanted:
            match = (frame["sigungu_id"] == county) | (frame["sigungu_name"] == county)
            match = match.reset_index(drop=True)
            if not match.any():
                faults.add(
                    Message("No township of the boundaries belongs to this county."),
                    Message("Give the first five digits of the township codes, or the name."),
                    column="area.sigungu",
                    value=county,
                )
            chosen |= match
        faults.raise_if_any()
        frame = frame[chosen.to_numpy()]
    strays = [code for code in frame.index if _KOSTAT.match(code)]
    if strays and scenario.townships.crosswalk is not None:
        for code in strays:
            faults.add(
                Message(
                    "The crosswalk has no row for this code ({name}).",
                    name=frame.loc[[code], "name"].iloc[0],
                ),
                Message("Use the crosswalk of the year of the boundaries."),
                column="townships.crosswalk",
                value=code,
            )
        faults.raise_if_any()
    return frame
