"""Townships with their seats."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from ruralcare.inputs.areas.boundaries import read_boundaries
from ruralcare.inputs.people.villages import read_villages, settled
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = ["read_townships"]

_SEATS = {
    "largest village": (
        Message(
            "The township offices are not in the data: the most populous village of each township "
            "stands in for its seat."
        ),
    ),
    "inside the area": (
        Message(
            "The township offices are not in the data: a point inside each township stands in for "
            "its seat."
        ),
    ),
}


def read_townships(scenario: Scenario) -> Townships:
    """Read the townships of a scenario.

    The seat of a township is where its office is: as the boundaries give it, else its most
    populous village, else a point inside the area.

    Returns
    -------
    Townships
        Sorted by id (codes in force on ``townships.as_of``), in the CRS of the scenario, with the
        townships around them.

    Raises
    ------
    InputError
        A file cannot be used; every fault is listed.
    """
    boundaries = read_boundaries(scenario)
    frame = boundaries.frame
    basis = "given"
    seats = frame["seat"].copy()
    if seats.isna().any() and scenario.points.kind == "villages":
        basis = "largest village"
        villages, _ = settled(read_villages(scenario), frame.geometry)
        villages = villages.sort_values("persons", ascending=False, kind="stable")
        largest = villages.drop_duplicates("township_id").set_index("township_id").geometry
        seats = seats.where(seats.notna(), largest.reindex(frame.index))
    if seats.isna().any():
        basis = "inside the area" if basis == "given" else basis
        inside = frame.geometry.representative_point()
        seats = seats.where(seats.notna(), inside)
    frame["seat"] = gpd.GeoSeries(list(seats), index=frame.index, crs=frame.crs)
    around = boundaries.around
    return Townships(
        _kept(frame),
        scenario.townships.as_of,
        basis,
        (*_notes(frame), *_SEATS.get(basis, ())),
        None if around is None else _kept(around),
        boundaries.readings,
    )


def _kept(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kept = pd.DataFrame(frame)[["name", "sigungu_id", "sigungu_name", "seat", "geometry"]]
    return gpd.GeoDataFrame(kept, geometry="geometry", crs=frame.crs)


def _notes(frame: gpd.GeoDataFrame) -> tuple[Message, ...]:
    if "closed_km" not in frame:
        return ()
    return tuple(
        Message(
            "The border of {name} is incomplete in the extract; a straight line of {km} km "
            "closes it.",
            name=row["name"],
            km=round(row["closed_km"], 1),
        )
        for _, row in frame[frame["closed_km"] > 0].iterrows()
    )
