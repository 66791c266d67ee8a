"""The checks by which tables guard their contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas.api import types as kinds

from ruralcare.errors import TableError

__all__ = ["check_frame", "check_geometry"]


def check_frame(
    table: str,
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    unique: Sequence[str] = (),
    index: str | None = None,
) -> None:
    """Raise a TableError that names every breach of the contract.

    ``columns`` maps a column to ``text``, ``number`` (no missing values), ``number?`` (missing
    allowed), ``flag`` or ``any``.
    """
    faults: list[str] = []
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        faults.append(f"lacks the columns {', '.join(missing)}")
    for name, kind in columns.items():
        if name in missing or frame.empty:
            continue
        column = frame[name]
        if kind.startswith("number"):
            if not kinds.is_numeric_dtype(column):
                faults.append(f"column {name} must hold numbers")
            elif kind == "number" and column.isna().any():
                faults.append(f"column {name} has {int(column.isna().sum())} missing values")
            elif not np.isfinite(column.dropna().astype(float)).all():
                faults.append(f"column {name} has infinite values")
        elif kind == "text" and not _is_text(column):
            faults.append(f"column {name} must hold text without missing values")
        elif kind == "flag" and not kinds.is_bool_dtype(column):
            faults.append(f"column {name} must hold true or false")
    if index is not None:
        if frame.index.name != index:
            faults.append(f"must be indexed by {index}, not {frame.index.name}")
        if not frame.index.is_unique:
            double = sorted(set(map(str, frame.index[frame.index.duplicated()])))
            faults.append(f"has duplicated ids: {', '.join(double[:5])}")
        if len(frame) and not all(isinstance(value, str) for value in frame.index):
            faults.append("must be indexed by text ids")
    if unique and not missing and frame.duplicated(list(unique)).any():
        faults.append(f"has more than one row for the same {', '.join(unique)}")
    if faults:
        raise TableError(f"{table}: " + "; ".join(faults))


def _is_text(column: pd.Series) -> bool:
    """Tell whether every value is a text; a column whose type says so need not be gone through."""
    if isinstance(column.dtype, pd.StringDtype):
        return not column.hasnans
    return all(isinstance(value, str) for value in column)


def check_geometry(table: str, frame: gpd.GeoDataFrame, kinds_allowed: tuple[str, ...]) -> None:
    """Raise a TableError unless the geometry is projected, whole and of an allowed kind."""
    if frame.crs is None:
        raise TableError(f"{table}: has no CRS; set it with frame.set_crs(...)")
    if not frame.crs.is_projected:
        raise TableError(
            f"{table}: must be in a projected CRS in metres, not {frame.crs.name}; "
            "use frame.to_crs(...)"
        )
    if len(frame) and frame.geometry.isna().any():
        raise TableError(f"{table}: has rows without geometry")
    allowed = {int(shapely.GeometryType[name.upper()]) for name in kinds_allowed}
    found = np.unique(shapely.get_type_id(frame.geometry.to_numpy()))
    # Names are looked at only if there is something to name: a country has millions of lines.
    odd = [] if allowed.issuperset(found) else sorted(set(frame.geom_type) - set(kinds_allowed))
    if odd:
        raise TableError(f"{table}: geometry must be {' or '.join(kinds_allowed)}, not {odd}")
