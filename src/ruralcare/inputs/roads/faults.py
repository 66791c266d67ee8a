"""What can be wrong with a road file of any kind."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from ruralcare.errors import InputError
from ruralcare.inputs.crs import Box, crs_that_fit
from ruralcare.inputs.files import Faults
from ruralcare.language import Message

__all__ = ["crs_of", "none_inside", "unreadable"]


def unreadable(faults: Faults, detail: str) -> InputError:
    """Return the error for a damaged file."""
    return faults.stop(
        Message("The road file cannot be read: {detail}.", detail=detail.rstrip(".")),
        Message("The download may be damaged: fetch the file from its source again."),
    )


def crs_of(told: str, faults: Faults) -> CRS:
    """Return a CRS by its name or text.

    Raises
    ------
    InputError
        It is not known, or holds no places on the earth.
    """
    try:
        crs = CRS.from_user_input(told)
        Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except ProjError:
        raise faults.stop(
            Message("The coordinate reference system (CRS) is not known."),
            Message('Set roads.crs, such as "EPSG:5186".'),
            column="roads.crs",
            value=told,
        ) from None
    return crs


def none_inside(
    faults: Faults, place: tuple[float, float] | None, area: shapely.Geometry, crs: str
) -> InputError:
    """Return the error for a file without a road inside the townships.

    Parameters
    ----------
    place : (x, y), optional
        Middle of the roads in the numbers of the file, where its CRS may be wrong.
    area : polygon
        The townships, in ``crs``.
    """
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    box = Box(*to_degrees.transform_bounds(*shapely.bounds(area)))
    fitting = crs_that_fit(*place, box) if place and np.isfinite(place).all() else ()
    return faults.stop(
        Message("It has no road inside the townships."),
        Message("Set roads.crs; they would lie there in: {crs}.", crs=", ".join(fitting))
        if fitting
        else Message("Use an extract that covers them; check the CRS of the boundaries."),
        column="roads.file",
    )
