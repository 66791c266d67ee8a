"""Which row of a register is which township of the boundaries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ruralcare.inputs.areas.crosswalk import read_crosswalk
from ruralcare.inputs.codes import CodeBook, lies_in, provinces
from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.register import Register
from ruralcare.inputs.people.register_checks import NAME, Planned
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = ["join", "planned_areas"]

_DOTS: Final = re.compile(r"[.,·ㆍ‧∙]")
_ORDINAL: Final = re.compile(r"제?\d*(읍|면|동|가)$")


def planned_areas(towns: Townships, book: CodeBook) -> Planned:
    """Return the test whether an area of a register belongs to a planned county."""
    counties = {code[:5] for code in towns.frame.index} | set(towns.frame["sigungu_id"])
    by_name = _counties_by_name(towns)

    def planned(code: str, name: str) -> bool:
        if book.at(code, towns.as_of)[:5] in counties:
            return True
        words = name.split()
        county = words[1:] if code[5:] == "00000" else words[1:-1]
        return _same_province(words[:1], by_name.get("".join(county), set()), book)

    return planned


def _counties_by_name(towns: Townships) -> dict[str, set[str]]:
    """Return the codes (five digits) of the planned counties of a name."""
    found: dict[str, set[str]] = {}
    for code, name in towns.frame["sigungu_name"].items():
        if name:
            found.setdefault("".join(name.split()), set()).add(code[:5])
    return found


def _same_province(words: list[str], counties: set[str], book: CodeBook) -> bool:
    """Return whether one of some counties lies or lay in a province, where one is named."""
    named = bool(words) and bool(provinces(words[0]))
    return any(not named or lies_in(code, words[0], book) for code in counties)


@dataclass(frozen=True)
class _Area:
    """A township of a register, as far as its name tells."""

    key: str
    province: str
    county: str
    name: str


def join(
    register: Register, towns: Townships, scenario: Scenario, book: CodeBook, faults: Faults
) -> tuple[pd.DataFrame, int]:
    """Return the people of the townships, and how many rows of the file they come from.

    By code, brought to the date of the boundaries; what no code joins, by the names of county and
    township. Townships that are on one side only are faults, a fault for each merger or division.

    Returns
    -------
    DataFrame
        As :attr:`Register.frame`, with the ids of the boundaries.
    int
        Rows, those of branch offices included.
    """
    codes = _codes(register, towns, scenario, book, faults)
    homes = {key: code for key, code in codes.items() if code in towns.frame.index}
    left = [_area(key, register) for key in register.names if key not in homes]
    found = _by_names(left, towns.frame.drop(index=list(set(homes.values()))), book)
    homes |= found
    if register.codes != "names":
        for key, town in found.items():
            faults.remark(
                Message(
                    "{name} is joined by its name: the boundaries have it as {id}.",
                    name=register.names[key],
                    id=town,
                ),
                Message(
                    "Codes are issued anew when a county is renumbered or a 면 becomes a 읍; "
                    "check that it is the same area."
                ),
                column=NAME,
                value=key,
            )
    frame = register.frame[register.frame["township_id"].isin(homes)].copy()
    frame["township_id"] = frame["township_id"].map(homes)
    keys = ["township_id", "sex", "age_group"]
    frame = frame.groupby(keys, as_index=False, sort=True).sum()
    _note_missing(register, towns, codes, homes, frame, book, faults)
    branches = {code: home for code, home in register.branches.items() if home in homes}
    _remark_rows(register, branches, homes, faults)
    return frame, len(homes) + len(branches)


def _codes(
    register: Register, towns: Townships, scenario: Scenario, book: CodeBook, faults: Faults
) -> dict[str, str]:
    """Return the code that each township of the register had on the date of the boundaries."""
    if register.codes == "names":
        return {}
    if register.codes == "mois":
        return book.all_at(register.names, towns.as_of)
    if set(register.names) & set(towns.frame.index):
        return {key: key for key in register.names}
    return _crossed(register.names, towns, scenario, book, faults)


def _crossed(
    keys: Iterable[str], towns: Townships, scenario: Scenario, book: CodeBook, faults: Faults
) -> dict[str, str]:
    """Return the ministry's codes for those of the statistics office."""
    file = scenario.townships.crosswalk
    if file is None:
        raise faults.stop(
            Message("The codes are those of the statistics office, which the boundaries lack."),
            Message("Set townships.crosswalk to a table of adm_cd and adm_cd2."),
            column="townships.crosswalk",
            value=next(iter(keys)),
        )
    rows = read_crosswalk(scenario.resolve(file), file).by_code
    found = {}
    for key in keys:
        codes = {book.at(row["adm_cd2"], towns.as_of) for row in rows.get(key, ())}
        if len(codes) == 1:
            found[key] = next(iter(codes))
        elif codes & set(towns.frame.index):
            faults.add(
                Message("The crosswalk has several townships for this code."),
                Message("Keep one row of it in the crosswalk, or use the resident register."),
                column="adm_cd",
                value=key,
            )
    return found


def _area(key: str, register: Register) -> _Area:
    words = register.names[key].split()
    province = words[0] if words and provinces(words[0]) else ""
    county = "".join(words[1:-1] if province else words[:-1])
    return _Area(key, province, county, words[-1] if words else "")


def _by_names(left: list[_Area], open_towns: pd.DataFrame, book: CodeBook) -> dict[str, str]:
    """Return the townships that are left on both sides and have the same name, by register id.

    Only where there is one of the name on either side.
    """
    found: dict[str, str] = {}
    for same in (_alike, _promoted):
        pairs = [
            (area.key, str(town))
            for town, name, county in zip(
                open_towns.index, open_towns["name"], open_towns["sigungu_name"], strict=True
            )
            if str(town) not in found.values()
            for area in left
            if same(area.name, str(name)) and _in_county(area, str(town), str(county), book)
        ]
        areas = Counter(key for key, _ in pairs)
        places = Counter(town for _, town in pairs)
        found |= {
            key: town for key, town in pairs if areas[key] == places[town] == 1 and key not in found
        }
    return found


def _alike(one: str, other: str) -> bool:
    """Return whether two names are the same but for dots (종로1.2가동, 종로1·2가동)."""
    return bool(one) and _DOTS.sub("", one) == _DOTS.sub("", other)


def _promoted(one: str, other: str) -> bool:
    """Return whether one is a 면 and the other the 읍 that it became."""
    return bool(one) and one[:-1] == other[:-1] and {one[-1:], other[-1:]} == {"면", "읍"}


def _in_county(area: _Area, town: str, county: str, book: CodeBook) -> bool:
    county = "".join(county.split())
    if area.county and county and area.county != county:
        return False
    return not area.province or not town[:2].isdigit() or lies_in(town, area.province, book)


def _note_missing(
    register: Register,
    towns: Townships,
    codes: dict[str, str],
    homes: dict[str, str],
    frame: pd.DataFrame,
    book: CodeBook,
    faults: Faults,
) -> None:
    """Note townships without people, and people of planned counties without a township."""
    people = frame.groupby("township_id")["persons"].sum()
    missing = [town for town in towns.frame.index if town not in set(homes.values())]
    strangers = {
        key: codes.get(key, key)
        for key in register.names
        if key not in homes and _is_stranger(key, codes, register, towns, book)
    }
    related = _changed(missing, strangers, register, towns, faults)
    missing = [town for town in missing if town not in related]
    for county, lost in _by_county(missing, towns).items():
        whole = len(lost) == (towns.frame["sigungu_name"] == county).sum()
        if len(lost) > 1 and (whole or register.damaged_row is not None):
            faults.add(
                Message(
                    "Rows of planned townships are lost in the damaged part of the file: {names}.",
                    names=", ".join(towns.frame.loc[lost, "name"]),
                )
                if register.damaged_row is not None
                else Message("The register has no township of this county."),
                Message("Fetch the register from its source again.")
                if register.damaged_row is not None
                else Message("Give the register of this county or of the whole nation."),
                row=register.damaged_row,
                column=NAME,
                value=county or lost[0][:5],
            )
            continue
        for town in lost:
            _note_empty(town, towns, faults)
    for town in people.index[people == 0]:
        _note_empty(str(town), towns, faults)
    for key, code in strangers.items():
        if key not in related:
            faults.add(
                Message(
                    "The register has the township {name}, the boundaries have not.",
                    name=register.names[key],
                ),
                Message("Use boundaries of about the same date as the register."),
                column=NAME,
                value=code,
            )


def _note_empty(town: str, towns: Townships, faults: Faults) -> None:
    faults.add(
        Message(
            "The register has no people for the township {name} ({id}).",
            name=towns.frame.loc[town, "name"],
            id=town,
        ),
        Message(
            "Check that the boundaries and the register are of about the same "
            "date and use the same codes; leave the township out of the "
            "boundaries if nobody lives there."
        ),
        column=NAME,
        value=town,
    )


def _by_county(ids: list[str], towns: Townships) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for town in ids:
        found.setdefault(str(towns.frame.loc[town, "sigungu_name"]), []).append(town)
    return found


def _is_stranger(
    key: str, codes: dict[str, str], register: Register, towns: Townships, book: CodeBook
) -> bool:
    """Return whether a township of the register lies in a county that is planned as a whole."""
    if register.codes == "names":
        area = _area(key, register)
        return bool(area.county) and _same_province(
            [area.province] if area.province else [],
            _counties_by_name(towns).get(area.county, set()),
            book,
        )
    county = codes.get(key, "")[:5]
    inside = towns.frame.index.str[:5] == county
    return bool(inside.any()) and inside.sum() == (towns.frame["sigungu_id"] == county).sum()


def _changed(
    missing: list[str],
    strangers: dict[str, str],
    register: Register,
    towns: Townships,
    faults: Faults,
) -> set[str]:
    """Note townships that were divided or merged, as their names show; return whom this explains.

    중앙동 of one side and 중앙1동, 중앙2동 of the other have a stem in common.
    """
    stems: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for town in missing:
        county, name = towns.frame.loc[town, "sigungu_name"], towns.frame.loc[town, "name"]
        key = ("".join(str(county).split()), _ORDINAL.sub("", str(name)))
        stems.setdefault(key, ([], []))[0].append(town)
    for area in strangers:
        one = _area(area, register)
        stems.setdefault((one.county, _ORDINAL.sub("", one.name)), ([], []))[1].append(area)
    explained: set[str] = set()
    for ours, theirs in stems.values():
        if not ours or not theirs:
            continue
        faults.add(
            Message(
                "The boundaries have {old}, the register has {new}: townships were divided or "
                "merged between the two dates.",
                old=", ".join(towns.frame.loc[ours, "name"]),
                new=", ".join(_area(area, register).name for area in theirs),
            ),
            Message("Use boundaries of about the same date as the register."),
            column=NAME,
            value=ours[0],
        )
        explained |= {*ours, *theirs}
    return explained


def _remark_rows(
    register: Register, branches: dict[str, str], homes: dict[str, str], faults: Faults
) -> None:
    if branches:
        faults.remark(
            Message(
                "{count} branch offices (출장소) with {persons} people are counted with their "
                "townships.",
                count=len(branches),
                persons=sum(register.branch_persons[code] for code in branches),
            ),
            Message("Nothing need be done."),
        )
    nobody = [code for code in register.empty if code in branches]
    if nobody:
        faults.remark(
            Message("{count} rows have no people.", count=len(nobody)),
            Message("Nothing need be done."),
            value=", ".join(nobody[:5]),
        )
