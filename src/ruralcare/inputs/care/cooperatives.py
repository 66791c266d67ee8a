"""Agricultural co-operatives: the code file of KFTC, our own CSV, or the seats of townships."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from ruralcare.inputs.areas.townships import read_townships
from ruralcare.inputs.care.addresses import parse_address
from ruralcare.inputs.care.gazetteer import Located, build_gazetteer
from ruralcare.inputs.care.geocoders import with_geocoder
from ruralcare.inputs.care.list_tables import read_list_table
from ruralcare.inputs.care.siting import Siting, date_in, precision_notes
from ruralcare.inputs.care.willingness import branch_code, read_willingness, share_in
from ruralcare.inputs.files import Faults, Table, read_text
from ruralcare.inputs.workbooks import is_workbook, read_workbook, sheet_table
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.settings import Settings
from ruralcare.types import Cooperatives, Reading, Townships

__all__ = ["read_cooperatives"]

# Codes of NH농협은행 (010, 011) and of the co-operatives (012 to 018).
_CODE: Final = re.compile(r"^01[0-8]\d{4}$")
_BANK_CODES: Final = ("010", "011")
_CELLS: Final = 8
# Units that are no branch of an agricultural co-operative, and branches that are not staffed.
_NO_BRANCH: Final = re.compile(
    r"축산|축협|원예|감귤|사과|능금|인삼|낙농|우유|양돈|양계|양봉|치즈|화훼|버섯"
    r"|지부|출장소|보증센터|\(출\)|[<〈(](간|취)[>〉)]"
)
# Codes of the federation (016) and of livestock and dairy co-operatives (017), whose branches often
# carry no more than the name of a place.
_NO_REGIONAL_CODES: Final = ("016", "017")
_OWN_COLUMNS: Final = ("coop_id", "name")
_OWN_OPTIONAL: Final = ("lon", "lat", "address", "operator_id", "willing")
_HEADER_WITHIN: Final = 20
# Enough of a text file to see of which kind it is.
_HEAD: Final = 200_000


@dataclass(frozen=True)
class _Branch:
    coop_id: str
    name: str
    address: str
    located: Located
    operator_id: str = ""
    willing: float | None = None


def read_cooperatives(
    scenario: Scenario, townships: Townships | None = None, settings: Settings | None = None
) -> Cooperatives:
    """Read the candidate sites.

    Parameters
    ----------
    townships : Townships, optional
        Read from the scenario if not given.
    settings : Settings, optional
        Where the answers of a geocoder are kept.

    Raises
    ------
    InputError
        A file cannot be used; every fault is listed.
    DownloadError
        The geocoder does not answer, or refuses the key.
    """
    towns = townships if townships is not None else read_townships(scenario)
    source = scenario.cooperatives
    notes: list[Message] = []
    readings: tuple[Reading, ...] = ()
    if source.file is None:
        branches = _seats(towns)
        notes.append(
            Message(
                "No list of co-operatives is given: the seat of every township is taken as "
                "a candidate site of an operator of its own."
            )
        )
    else:
        faults = Faults(scenario.label(source.file))
        locator = with_geocoder(build_gazetteer(scenario, towns), scenario, settings)
        siting = Siting(locator, scenario, faults)
        branches, form, rows = _listed(scenario.resolve(source.file), siting, notes, towns)
        faults.raise_if_any()
        used = sum(branch.located.point is not None for branch in branches)
        as_of = date_in(source.file.name)
        readings = (
            faults.reading(Message("Co-operatives"), form, rows=rows, used=used, as_of=as_of),
        )
    known = {branch.coop_id for branch in branches}
    willing, read = read_willingness(scenario, known, notes)
    rows_, unplaced = [], []
    for branch in sorted(branches, key=lambda one: one.coop_id):
        where = branch.located
        if where.point is None:
            unplaced.append((branch.coop_id, branch.name, branch.address, where.reason))
            continue
        share = willing.get(branch.coop_id, branch.willing)
        rows_.append(
            (
                branch.coop_id,
                branch.name,
                branch.operator_id or branch.coop_id,
                where.township_id,
                source.willing if share is None else share,
                branch.address,
                where.precision,
                where.point,
            )
        )
    columns = [
        "coop_id",
        "name",
        "operator_id",
        "township_id",
        "willing",
        "address",
        "location_precision",
        "geometry",
    ]
    frame = pd.DataFrame(rows_, columns=columns).set_index("coop_id")
    frame["willing"] = frame["willing"].astype(float)
    if source.file is not None:
        notes += precision_notes(frame["location_precision"], Message("Candidate sites"))
    return Cooperatives(
        gpd.GeoDataFrame(frame, geometry="geometry", crs=towns.crs),
        pd.DataFrame(unplaced, columns=["coop_id", "name", "address", "reason"]),
        tuple(notes),
        (*readings, *read),
    )


def _seats(towns: Townships) -> list[_Branch]:
    return [
        _Branch(f"seat-{code}", str(row["name"]), "", Located(row["seat"], str(code), "township"))
        for code, row in towns.frame.iterrows()
    ]


def _listed(
    path: Path, siting: Siting, notes: list[Message], towns: Townships
) -> tuple[list[_Branch], str, int]:
    """Return the branches of a list, its form and the number of its rows."""
    faults = siting.faults
    if is_workbook(path):
        sheets = read_workbook(path, faults)
        own = next((one for one in sheets if _header(one.rows)), None)
        if own is not None:
            table = sheet_table(own, faults, _OWN_COLUMNS, optional=_OWN_OPTIONAL)
            return list(_plain(table, siting)), "plain table", len(table.rows)
        cells = next((one.rows for one in sheets if any(_is_branch(row) for row in one.rows)), [])
    else:
        text = read_text(path, faults)
        if not any(_is_branch(row) for row in _cells(text[:_HEAD], faults)):
            table = read_list_table(path, faults, _OWN_COLUMNS)
            return list(_plain(table, siting)), "plain table", len(table.rows)
        cells = _cells(text, faults)
    branches, rows = _kftc(cells, siting, notes)
    return _with_operators(branches, towns), "KFTC code file", rows


def _cells(text: str, faults: Faults) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise faults.stop(
            Message("The table cannot be read: {detail}.", detail=str(error)),
            Message("Save the file again as CSV; every opening quote needs a closing one."),
        ) from None


def _header(rows: list[list[str]]) -> bool:
    return any(set(_OWN_COLUMNS) <= set(row) for row in rows[:_HEADER_WITHIN])


def _is_branch(cells: list[str]) -> bool:
    return len(cells) >= _CELLS and bool(_CODE.match(branch_code(cells[0])))


def _kftc(
    table: list[list[str]], siting: Siting, notes: list[Message]
) -> tuple[list[_Branch], int]:
    """Return the branches of the list of KFTC (금융결제원) in the planned counties.

    The list has full-width text, often no header, and the branches of every bank; the first eight
    cells are code, bank, branch, telephone, fax, postcode, address and status.

    Returns
    -------
    list of _Branch
    int
        Branches of agricultural co-operatives in the whole list, open or not.
    """
    faults = siting.faults
    branches: list[_Branch] = []
    left_out: Counter[str] = Counter()
    seen: dict[str, int] = {}
    total = mended = elsewhere = 0
    for number, cells in enumerate(table, start=1):
        if not _is_branch(cells):
            continue
        code = branch_code(cells[0])
        bank, name, address, status = (_half_width(cells[place]) for place in (1, 2, 6, 7))
        # Codes 010 and 011, and closed branches with codes of the others, belong to the bank.
        is_bank = code[:3] in _BANK_CODES or "은행" in bank
        total += not is_bank
        where = siting.of_address(address, number)
        if where is None or where.ring != "planned":
            elsewhere += not is_bank
            continue
        parsed = parse_address(address)
        # An address that names no county says nothing of where a closed branch was.
        here = where.point is not None or parsed.names_county or bool(parsed.provinces)
        if is_bank:
            left_out["bank"] += here
        elif "폐쇄" in status or "폐점" in status:
            left_out["closed"] += here
        elif status not in ("정상", ""):
            left_out["closed"] += 1
            faults.remark(
                Message("The status of the branch is not known; it is left out."),
                Message("Known are 정상 (open) and 잠정폐쇄 (closed)."),
                row=number,
                value=status,
            )
        elif _NO_BRANCH.search(name) or code.startswith(_NO_REGIONAL_CODES):
            left_out["unit"] += here
        elif code in seen:
            faults.add(
                Message("The same code is already in row {row}.", row=str(seen[code])),
                Message("Keep one row per branch code."),
                row=number,
                value=code,
            )
        else:
            seen[code] = number
            mended += not cells[0].strip().startswith("0")
            branches.append(_Branch(code, name or code, address, where))
    if elsewhere:
        _tell_elsewhere(elsewhere, faults)
    if not branches:
        raise faults.stop(
            Message("The list has no branch of a co-operative in the planned counties."),
            Message("Give the code file of KFTC (금융기관 점별코드) of a recent month."),
        )
    if mended:
        faults.remark(
            Message("Codes that had lost their leading zero, mended: {count}.", count=mended),
            Message("Nothing needs to be done."),
        )
    if left_out["bank"]:
        faults.remark(
            Message(
                "Branches of the bank NH농협은행 in the planned counties, which belong to no "
                "co-operative, left out: {count}.",
                count=left_out["bank"],
            ),
            Message("Nothing needs to be done."),
        )
    if left_out["closed"]:
        notes.append(
            Message("Closed branches of co-operatives left out: {count}.", count=left_out["closed"])
        )
    if left_out["unit"]:
        notes.append(
            Message(
                "Units left out because they are no branch of an agricultural co-operative "
                "(livestock co-operatives, guarantee centres, counters): {count}.",
                count=left_out["unit"],
            )
        )
    return branches, total


def _half_width(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", cell).split())


def _with_operators(branches: list[_Branch], towns: Townships) -> list[_Branch]:
    """Return the branches with the co-operative of their county that they belong to.

    A main office is called after the co-operative (``해남농협``), its branches begin with the
    name without 농협 (``해남 마산``).
    """
    county = towns.frame["sigungu_id"].to_dict()
    mains: dict[tuple[str, str], str] = {}
    for branch in branches:
        if branch.name.endswith("농협") and " " not in branch.name:
            key = county.get(branch.located.township_id, ""), branch.name.removesuffix("농협")
            mains.setdefault(key, branch.coop_id)
    result = []
    for branch in branches:
        own, stem = county.get(branch.located.township_id, ""), branch.name.partition(" ")[0]
        stem = stem.removesuffix("농협")
        operator = branch.coop_id if branch.coop_id in mains.values() else mains.get((own, stem))
        if operator is None:
            ends = [
                code
                for (place, main), code in mains.items()
                if place == own and stem and main.endswith(stem)
            ]
            operator = ends[0] if len(ends) == 1 else branch.coop_id
        result.append(replace(branch, operator_id=operator))
    return result


def _plain(table: Table, siting: Siting) -> Iterator[_Branch]:
    """Read our own table, CSV or a sheet.

    Columns: ``coop_id``, ``name``; ``lon`` and ``lat`` in degrees, or ``address``; and where they
    are known ``operator_id`` and ``willing`` (0 to 1).
    """
    faults = siting.faults
    remedy = Message("Keep one row per branch code.")
    some = False
    near = 0
    for row, where in siting.distinct(table, "coop_id", remedy, siting.of_row):
        if where.ring != "planned":
            near += 1
            continue
        some = True
        yield _Branch(
            row["coop_id"],
            _half_width(row["name"]),
            _half_width(row["address"]),
            where,
            row["operator_id"],
            share_in(row.number, row["willing"], faults),
        )
    left_out = near + siting.far
    if left_out:
        _tell_elsewhere(left_out, faults)
    if not some and not faults.found:
        raise faults.stop(
            Message("The list has no branch of a co-operative in the planned counties."),
            Message("Add the branches of the planned counties, with coordinates or addresses."),
        )


def _tell_elsewhere(count: int, faults: Faults) -> None:
    faults.remark(
        Message(
            "Branches outside the planned counties, which cannot be candidate sites, left out: "
            "{count}.",
            count=count,
        ),
        Message("Nothing needs to be done."),
    )
