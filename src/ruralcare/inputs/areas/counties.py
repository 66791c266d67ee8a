"""Which townships the scenario plans: counties and provinces by code or name, of any date."""

from __future__ import annotations

import difflib
import re

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.inputs.codes import CodeBook, lies_in, province_name, provinces
from ruralcare.inputs.files import Faults
from ruralcare.language import Message
from ruralcare.scenario import Scenario

__all__ = ["planned"]

# Days before and after every change.
_ENDS = ("1000", "9999")
# A province or a county, with or without the zeros of a township code.
_CODE = re.compile(r"\d{2}|\d{5}|\d{5}00000")
_PROVINCE_DIGITS = 2


def planned(frame: gpd.GeoDataFrame, scenario: Scenario, book: CodeBook) -> NDArray[np.bool_]:
    """Return which townships belong to the counties of the scenario.

    An entry of ``area.sigungu`` is a county or a whole province: its code of any date, its name,
    or province and county ("경남 고성군"). A city of several districts is taken whole by its name
    ("전주시").

    Parameters
    ----------
    frame : GeoDataFrame
        ``sigungu_id``, ``sigungu_name``, ``province`` (name or empty), of the date of the
        boundaries.

    Raises
    ------
    InputError
        An entry fits no county, or counties of several provinces; every fault is listed.
    """
    wanted = scenario.area.sigungu
    faults = Faults(scenario.path.name)
    if not wanted:
        return _without(np.ones(len(frame), dtype=bool), frame, scenario, faults)
    names = frame["sigungu_name"].map(_squeezed)
    through_time = _provinces_through_time(frame, book)
    province = frame["sigungu_id"].str[:2]
    chosen = np.zeros(len(frame), dtype=bool)
    for entry in wanted:
        match = _match(entry, frame, names, through_time, scenario.townships.as_of, book)
        if not match.any():
            _no_county(entry, frame, faults)
        elif _is_unclear(entry, names[match], province[match]):
            whole = sorted({_full(row) for _, row in frame[match].iterrows()})
            faults.add(
                Message("More than one county has this name: {names}.", names=", ".join(whole)),
                Message("Write the province before it: {name}.", name=f'"{whole[0]}"'),
                column="area.sigungu",
                value=entry,
            )
        chosen |= match
    faults.raise_if_any()
    return _without(chosen, frame, scenario, faults)


def _without(
    chosen: NDArray[np.bool_], frame: gpd.GeoDataFrame, scenario: Scenario, faults: Faults
) -> NDArray[np.bool_]:
    """Leave out the townships of ``area.without``, by code or name."""
    for entry in scenario.area.without:
        match = chosen & (frame["township_id"].eq(entry) | frame["name"].eq(entry)).to_numpy()
        if not match.any():
            known = sorted(frame["name"][chosen])
            near = difflib.get_close_matches(entry, known, n=1, cutoff=0.5)
            faults.add(
                Message("No township of the planned counties has this name or id."),
                Message("Did you mean “{key}”?", key=near[0])
                if near
                else Message("Remove it, or correct the name."),
                column="area.without",
                value=entry,
            )
        chosen = chosen & ~match
    faults.raise_if_any()
    return chosen


def _match(
    entry: str,
    frame: gpd.GeoDataFrame,
    names: pd.Series,
    through_time: list[set[str]],
    as_of: str,
    book: CodeBook,
) -> NDArray[np.bool_]:
    given = frame["sigungu_id"].eq(entry)
    start = _code_start(entry)
    if len(start) == _PROVINCE_DIGITS:
        # Provinces merge: each of their counties tells by itself where it belonged.
        return np.array([start in codes for codes in through_time], dtype=bool)
    if given.any() or start:
        then = book.at(start, as_of) if start else entry
        return np.asarray(given | frame["sigungu_id"].str.startswith(then))
    first, _, rest = entry.partition(" ")
    county = _is_county(names, _squeezed(entry))
    if not county.any() and provinces(first) and rest:
        # Counties can change their province: 군위군 is found in both.
        county = _in_province(first, frame, book) & _is_county(names, _squeezed(rest))
    if not county.any():
        county = _in_province(entry, frame, book)
    return np.asarray(county)


def _code_start(entry: str) -> str:
    """Return the digits of a province (2) or a county (5) in a code; empty if it is no code."""
    if not _CODE.fullmatch(entry):
        return ""
    return entry[:2] if not entry[2:].strip("0") else entry[:5]


def _is_county(names: pd.Series, wanted: str) -> pd.Series[bool]:
    exact = names.eq(wanted)
    if exact.any() or not wanted.endswith("시"):
        return exact
    # Districts of a city: 전주시 완산구.
    districts: pd.Series[bool] = names.str.startswith(wanted) & names.str.endswith("구")
    return districts


def _provinces_through_time(frame: gpd.GeoDataFrame, book: CodeBook) -> list[set[str]]:
    """Return the codes of the provinces to which the county of each township belonged."""
    ids = frame["sigungu_id"]
    known = {code: {code[:2], *(book.at(code, day)[:2] for day in _ENDS)} for code in ids.unique()}
    return [known[code] for code in ids]


def _in_province(name: str, frame: gpd.GeoDataFrame, book: CodeBook) -> pd.Series[bool]:
    """Return which townships lie or lay in a province, by their codes or as the file has it."""
    ids = frame["sigungu_id"]
    inside = [code for code in ids.unique() if lies_in(code, name, book)]
    here: pd.Series[bool] = ids.isin(inside) | frame["province"].eq(name)
    return here


def _is_unclear(entry: str, names: pd.Series, province: pd.Series) -> bool:
    """Return whether an entry is the mere name of a county, and fits several provinces."""
    alone = _is_county(names, _squeezed(entry)).any()
    return bool(alone) and len(set(province)) > 1


def _no_county(entry: str, frame: gpd.GeoDataFrame, faults: Faults) -> None:
    near = difflib.get_close_matches(entry, sorted(set(frame["sigungu_name"])), n=3)
    faults.add(
        Message("No township of the boundaries belongs to this county."),
        Message("Did you mean {names}?", names=", ".join(near))
        if near
        else Message("Give the first five digits of the township codes, or the name."),
        column="area.sigungu",
        value=entry,
    )


def _full(row: pd.Series) -> str:
    province = row["province"] or province_name(row["sigungu_id"]) or row["sigungu_id"]
    return f"{province} {row['sigungu_name']}"


def _squeezed(name: str) -> str:
    return "".join(name.split())
