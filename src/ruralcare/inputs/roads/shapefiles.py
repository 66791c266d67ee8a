"""Shapefiles of roads: what is in them, in which CRS and which encoding."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer

from ruralcare.inputs.crs import KOREA, crs_that_fit
from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.inputs.roads.faults import crs_of, unreadable
from ruralcare.language import Message

__all__ = ["beside", "box_in", "code_text", "crs_label", "file_crs", "file_info", "read_shapes"]

_STANDARD_CRS: Final = "EPSG:5186"


def crs_label(crs: CRS) -> str:
    """Return the code of a CRS, or its name if it has none."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)


def file_info(path: Path, faults: Faults) -> dict[str, Any]:
    """Return what pyogrio tells of a Shapefile: fields, number of features, bounds, CRS.

    Raises
    ------
    InputError
        A part of the Shapefile is missing or damaged, or it is empty.
    """
    for suffix in (".dbf", ".shx"):
        if beside(path, path.stem + suffix) is None:
            raise faults.stop(
                Message("The file {name} is missing beside it.", name=path.stem + suffix),
                Message("A Shapefile is .shp, .dbf and .shx together: copy all of them."),
                column="roads.file",
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info: dict[str, Any] = pyogrio.read_info(path, force_total_bounds=True)
    except NameError:
        # What pyogrio makes of a .prj that is no text.
        raise unreadable(faults, f"{path.stem}.prj") from None
    except DAMAGE as error:
        raise unreadable(faults, str(error)) from None
    if not info["features"]:
        raise faults.stop(
            Message("There is no road for cars in it."),
            Message("Fetch the file from its source again."),
        )
    return info


def beside(path: Path, name: str) -> Path | None:
    """Return a file in the same folder, however its name is capitalised."""
    wanted = name.casefold()
    return next((one for one in path.parent.iterdir() if one.name.casefold() == wanted), None)


def file_crs(path: Path, info: dict[str, Any], given: str | None, faults: Faults) -> CRS:
    """Return the CRS of the node-link data: as given, as the .prj has it, or EPSG:5186.

    Raises
    ------
    InputError
        It is not known, or the roads would lie outside Korea in it.
    """
    crs = crs_of(given or info["crs"] or _STANDARD_CRS, faults)
    if info["total_bounds"] is None:
        raise unreadable(faults, path.name)
    west, south, east, north = info["total_bounds"]
    x, y = (west + east) / 2, (south + north) / 2
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    if KOREA.holds(*to_degrees.transform(x, y)):
        return crs
    fitting = crs_that_fit(x, y) if np.isfinite([x, y]).all() else ()
    raise faults.stop(
        Message("The roads lie outside Korea in {crs}.", crs=crs_label(crs)),
        Message("Set roads.crs; they would lie in Korea in: {crs}.", crs=", ".join(fitting))
        if fitting
        else Message("Fetch the file from its source again."),
        column="roads.crs",
        value=f"{x:.0f}, {y:.0f}",
    )


def box_in(area: shapely.Geometry, crs: str, crs_from: CRS) -> tuple[float, ...]:
    """Return the bounds of an area, given in ``crs``, in the CRS of a file."""
    to_file = Transformer.from_crs(crs, crs_from, always_xy=True)
    return tuple(to_file.transform_bounds(*shapely.bounds(area)))


def read_shapes(
    path: Path, columns: list[str], box: tuple[float, ...] | None, faults: Faults
) -> gpd.GeoDataFrame:
    """Read a Shapefile; its texts may be in UTF-8 or CP949, whatever a .cpg says.

    Returns
    -------
    GeoDataFrame
        Index: number of the record, from 0.

    Raises
    ------
    InputError
        The file is damaged.
    """
    for encoding, chosen in (
        ("utf-8", columns),
        ("cp949", columns),
        # Names that are in neither encoding are left out; codes are digits.
        ("latin-1", [one for one in columns if one.upper() != "ROAD_NAME"]),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = pyogrio.read_dataframe(
                    path, columns=chosen, bbox=box, encoding=encoding, fid_as_index=True
                )
        except UnicodeDecodeError:
            continue
        except DAMAGE as error:
            raise unreadable(faults, str(error)) from None
        faults.encoding = {"utf-8": "UTF-8", "cp949": "CP949"}.get(encoding)
        if not isinstance(frame, gpd.GeoDataFrame):
            raise unreadable(faults, "no geometry")
        if encoding == "latin-1":
            faults.remark(
                Message("The names are neither in UTF-8 nor in CP949; they are left out."),
                Message("Save the file again as UTF-8, or export it again from its source."),
                column="ROAD_NAME",
            )
        return frame
    # The names of the columns are damaged.
    raise unreadable(faults, f"{path.stem}.dbf")


def code_text(value: object) -> str:
    """Return a cell as text; empty where it holds nothing."""
    if type(value) is str:
        text = value.strip()
        return "" if text == "-" else text
    if value is None or value != value:
        return ""
    # Codes are numbers in some copies.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
