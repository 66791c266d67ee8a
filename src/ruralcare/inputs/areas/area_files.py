"""Files of areas in the formats in which boundaries are published."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from ruralcare.errors import InputError
from ruralcare.inputs.areas.archives import unpacked
from ruralcare.inputs.areas.shapefiles import check_shapefile
from ruralcare.inputs.crs import KOREA, crs_that_fit
from ruralcare.inputs.files import DAMAGE, Faults, read_bytes, read_text
from ruralcare.language import Message

__all__ = ["crs_name", "read_area_file"]

_FORMS: Final = {
    ".shp": "Shapefile",
    ".gpkg": "GeoPackage",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".kml": "KML",
}
# GDAL tells a format by its content, whatever the suffix, and follows files and addresses that
# some formats name: only what is of its kind is handed to it.
_BEGINNINGS: Final = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3\x00",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
    ".fgb": b"fgb",
}
_XML: Final = {".gml": b"opengis.net/gml", ".kml": b"<kml"}
_XML_HEAD: Final = 65536
_JSON: Final = (".json", ".geojson", ".topojson")
_FORMATS = Message("Give GeoJSON, TopoJSON, Shapefile, GeoPackage or GeoParquet.")


def read_area_file(path: Path, crs: str | None, faults: Faults) -> tuple[gpd.GeoDataFrame, str]:
    """Return the areas of a file as they are, and the name of its format.

    Parameters
    ----------
    path : Path
        The format is told by the suffix, in upper or lower case; GeoJSON and TopoJSON by their
        content. A ZIP file may hold one file of any of these.
    crs : str, optional
        CRS of the coordinates, whatever the file says.
    faults : Faults
        Takes the encoding of the texts, and remarks.

    Returns
    -------
    GeoDataFrame
        In the CRS of the file, with a column ``row``: number of the area as a spreadsheet counts,
        the first one is row 2. Shapes may be missing, invalid or no areas.
    str
        Format.

    Raises
    ------
    InputError
        The file cannot be read, has no areas, or does not tell its CRS.
    """
    content = read_bytes(path, faults)
    suffix = path.suffix.lower()
    form = _FORMS.get(suffix, "")
    if suffix == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            inner = unpacked(path, Path(folder), (*_FORMS, *_JSON), faults)
            return read_area_file(inner, crs, faults)
    if suffix not in _JSON and not _is_of_its_kind(content, suffix):
        raise faults.stop(
            Message("The file is none of the known kinds of maps."), _FORMATS, value=path.name
        )
    del content
    try:
        if suffix in _JSON:
            frame, form = _read_json(path, faults)
        elif suffix in (".parquet", ".geoparquet"):
            frame = gpd.read_parquet(path)
            if frame.geometry.name != "geometry":
                frame = frame.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
        elif suffix == ".shp":
            encoding = check_shapefile(path, faults)
            frame = _read(path, faults, encoding=encoding)
        else:
            frame = _read(path, faults, layer=_layer(path, faults))
    except InputError:
        raise
    except DAMAGE as error:
        # What pyogrio makes of a .prj that is no text is a NameError.
        told = f"{path.stem}.prj" if isinstance(error, NameError) else str(error)[:200].rstrip(".")
        detail = told or type(error).__name__
        raise faults.stop(
            Message("The boundaries cannot be read: {detail}.", detail=detail), _FORMATS
        ) from None
    if "geometry" not in frame or frame.empty or frame.geometry.isna().all():
        raise faults.stop(
            Message("The file holds no areas."),
            Message("Give a file with a polygon for each township."),
        )
    frame = frame.reset_index(drop=True)
    frame["row"] = np.arange(len(frame)) + 2
    frame.geometry = shapely.force_2d(frame.geometry.to_numpy())
    if crs is not None:
        return frame.set_crs(crs, allow_override=True), form
    if frame.crs is None:
        x, y = np.nanmedian(frame.geometry.bounds.to_numpy(), axis=0)[:2]
        # TopoJSON tells no CRS; degrees are recognised by their range.
        if form == "TopoJSON" and max(abs(x), abs(y)) <= 180:
            return frame.set_crs("EPSG:4326"), form
        fitting = ", ".join(crs_that_fit(float(x), float(y), KOREA))
        raise faults.stop(
            Message("The file does not tell its coordinate reference system (CRS)."),
            Message(
                "Add the .prj file, or set townships.crs; the coordinates would fit {crs}.",
                crs=fitting,
            )
            if fitting
            else Message('Add the .prj file, or set townships.crs, such as "EPSG:5179".'),
            column="crs",
        )
    try:
        Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    except ProjError:
        # One of the moon, or of a building.
        raise faults.stop(
            Message("The coordinate reference system (CRS) is not known."),
            Message('Add the .prj file, or set townships.crs, such as "EPSG:5179".'),
            column="crs",
            value=crs_name(frame.crs),
        ) from None
    return frame, form


def crs_name(crs: CRS) -> str:
    """Return the short name of a CRS, such as "EPSG:5186"."""
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _read(source: Any, faults: Faults, **how: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - a path or bytes
    """Read with GDAL; what it warns of becomes remarks, borders that are open are closed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = pyogrio.read_dataframe(source, on_invalid="ignore", **how)
        open_ = np.array([])
        if "geometry" in frame and frame.geometry.isna().any():
            closed = pyogrio.read_dataframe(source, on_invalid="fix", **how)
            open_ = np.flatnonzero(frame.geometry.isna() & closed.geometry.notna())
            frame = closed
    for number in open_:
        faults.remark(
            Message("The border of the area is not closed; it was closed by a straight line."),
            Message("Compare it with the map of the publisher."),
            row=int(number) + 2,
            column="geometry",
        )
    texts = [str(one.message).strip().rstrip(".") for one in caught]
    for text in dict.fromkeys(one for one in texts if "closed ring" not in one):
        faults.remark(
            Message("The file has an oddity: {detail}.", detail=text[:200]),
            Message(
                "It was read all the same; compare the areas on the map with those you expect."
            ),
        )
    return frame


def _layer(source: Any, faults: Faults) -> str | None:  # noqa: ANN401 - a path or bytes
    """Return the name of the layer that holds areas; None where there is but one layer."""
    with warnings.catch_warnings():
        # They come again when the layer is read.
        warnings.simplefilter("ignore")
        everything = pyogrio.list_layers(source)
    if len(everything) < 2:
        # The only layer of a GeoJSON may have no name.
        return None
    layers = [
        str(name)
        for name, kind in everything
        if kind is not None and ("Polygon" in kind or kind in ("Unknown", "GeometryCollection"))
    ]
    if len(layers) > 1:
        raise faults.stop(
            Message("The file has several layers of areas: {names}.", names=", ".join(layers)),
            Message("Save the layer of the townships as a file of its own."),
        )
    return layers[0] if layers else None


def _is_of_its_kind(content: bytes, suffix: str) -> bool:
    """Return whether a file begins as files of its suffix do."""
    if suffix in _BEGINNINGS:
        return content.startswith(_BEGINNINGS[suffix])
    head = content[:_XML_HEAD]
    return suffix in _XML and _XML[suffix] in head and b"<OGR" not in content


def _read_json(path: Path, faults: Faults) -> tuple[gpd.GeoDataFrame, str]:
    text = read_text(path, faults)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise faults.stop(
            Message("The file is no valid JSON: {detail}.", detail=error.msg),
            Message("It may have been cut off: fetch it from its source again."),
            row=error.lineno,
        ) from None
    except RecursionError:
        document = None
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("FeatureCollection", "Feature", "Topology"):
        raise faults.stop(Message("This is neither GeoJSON nor TopoJSON."), _FORMATS)
    # Within JSON "<" only stands in texts. Without it no text looks like another format.
    content = text.replace("<", "\\u003c").encode()
    form = "TopoJSON" if kind == "Topology" else "GeoJSON"
    return _read(content, faults, layer=_layer(content, faults)), form
