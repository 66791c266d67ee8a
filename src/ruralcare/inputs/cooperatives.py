"""Agricultural co-operatives: the code file of KFTC, our own CSV, or the seats of townships."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import geopandas as gpd
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from ruralcare.inputs.files import Faults, distinct, read_bytes, read_table
from ruralcare.inputs.gazetteer import Gazetteer, Located, build_gazetteer
from ruralcare.inputs.townships import read_townships
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Cooperatives, Townships

__all__ = ["read_cooperatives"]

_CODE = re.compile(r"^01[2-8]\d{4}$")
# Units that are no branch of an agricultural co-operative, and branches that are not staffed.
_NO_BRANCH = re.compile(r"축산|축협|원예|지부|출장소|보증센터|\(출\)|[<〈(](간|취)[>〉)]")


@dataclass(frozen=True)
class _Branch:
    coop_id: str
    name: str
    address: str
    located: Located
    operator_id: str = ""
    willing: float | None = None


def read_cooperatives(scenario: Scenario, townships: Townships | None = None) -> Cooperatives:
    """Read the candidate sites.

    Raises
    ------
    InputError
        A file cannot be used; every fault is listed.
    """
    towns = townships if townships is not None else read_townships(scenario)
    source = scenario.cooperatives
    notes: list[Message] = []
    if source.file is None:
        branches = _seats(towns)
        notes.append(
            Message(
                "No list of co-operatives is given: the seat of every township is taken as "
                "a candidate site of an operator of its own."
            )
        )
    else:
        gazetteer = build_gazetteer(scenario, towns)
        path = scenario.resolve(source.file)
        faults = Faults(source.file.name)
        if path.suffix.lower() == ".xlsx":
            branches = _with_operators(_kftc(path, gazetteer, faults, notes), towns)
        else:
            branches = list(_plain(path, scenario, gazetteer, faults))
        faults.raise_if_any()
    willing = _willingness(scenario, {branch.coop_id for branch in branches}, notes)
    rows, unplaced = [], []
    for branch in sorted(branches, key=lambda one: one.coop_id):
        where = branch.located
        if where.point is None:
            unplaced.append((branch.coop_id, branch.name, branch.address, where.reason))
            continue
        share = willing.get(branch.coop_id, branch.willing)
        rows.append(
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
    frame = pd.DataFrame(rows, columns=columns).set_index("coop_id")
    frame["willing"] = frame["willing"].astype(float)
    return Cooperatives(
        gpd.GeoDataFrame(frame, geometry="geometry", crs=towns.crs),
        pd.DataFrame(unplaced, columns=["coop_id", "name", "address", "reason"]),
        tuple(notes),
    )


def _seats(towns: Townships) -> list[_Branch]:
    return [
        _Branch(f"seat-{code}", str(row["name"]), "", Located(row["seat"], str(code), "township"))
        for code, row in towns.frame.iterrows()
    ]


def _kftc(path: Path, gazetteer: Gazetteer, faults: Faults, notes: list[Message]) -> list[_Branch]:
    """Read the branch list of KFTC (금융결제원): full-width text, no header, every bank."""
    read_bytes(path, faults)
    try:
        with warnings.catch_warnings():
            # The publisher's workbook has no style sheet; only its texts are of interest.
            warnings.filterwarnings("ignore", message="Workbook contains no default style")
            book = openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, OSError) as error:
        raise faults.stop(
            Message("The workbook cannot be read: {detail}.", detail=str(error)),
            Message("Save it again as .xlsx."),
        ) from None
    branches, left_out = [], Counter[str]()
    known = {name.split()[-1] for name in gazetteer.townships.frame["sigungu_name"] if name}
    for cells in _cells(book, faults):
        code = _half_width(cells[0]) if cells else ""
        if not _CODE.match(code):
            continue
        texts = [_half_width(cell) for cell in (*cells, *[None] * 8)[:8]]
        name, address, status = texts[2], texts[6], texts[7]
        if not any(county in address for county in known):
            continue
        where = gazetteer.locate(address)
        if where.point is None and where.reason == Message(
            "The address is outside the planned counties."
        ):
            continue
        if status != "정상":
            left_out["closed"] += 1
        elif _NO_BRANCH.search(name):
            left_out["unit"] += 1
        else:
            branches.append(_Branch(code, name or code, address, where))
    book.close()
    if not branches:
        raise faults.stop(
            Message("The list has no branch of a co-operative in the planned counties."),
            Message("Give the code file of KFTC (금융기관 점별코드) of a recent month."),
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
    return branches


def _cells(book: openpyxl.Workbook, faults: Faults) -> Iterator[tuple[object, ...]]:
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (ParseError, ValueError, KeyError) as error:
        raise faults.stop(
            Message("The workbook cannot be read: {detail}.", detail=str(error)),
            Message("Save it again as .xlsx."),
        ) from None


def _half_width(cell: object) -> str:
    return "" if cell is None else " ".join(unicodedata.normalize("NFKC", str(cell)).split())


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


def _plain(
    path: Path, scenario: Scenario, gazetteer: Gazetteer, faults: Faults
) -> Iterable[_Branch]:
    """Read our own CSV: coop_id, name; lon and lat or address; operator_id, willing."""
    table = read_table(path, faults, ["coop_id", "name"])
    for row in distinct(table, "coop_id", faults, Message("Keep one row per branch code.")):
        where = gazetteer.of_row(row, scenario, faults)
        willing = _share(row.number, row["willing"], faults)
        yield _Branch(
            row["coop_id"], row["name"], row["address"], where, row["operator_id"], willing
        )


def _share(row: int, text: str, faults: Faults) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= 1:
        return value
    faults.add(
        Message("Willingness is a number from 0 (refuses) to 1 (takes part)."),
        Message("Correct the number."),
        row=row,
        column="willing",
        value=text,
    )
    return None


def _willingness(scenario: Scenario, known: set[str], notes: list[Message]) -> dict[str, float]:
    file = scenario.cooperatives.willing_file
    if file is None:
        return {}
    faults = Faults(file.name)
    shares: dict[str, float] = {}
    strangers = 0
    table = read_table(scenario.resolve(file), faults, ["coop_code", "willing"])
    for row in distinct(table, "coop_code", faults, Message("Keep one row per branch code.")):
        share = _share(row.number, row["willing"], faults)
        if row["coop_code"] not in known:
            strangers += 1
        elif share is not None:
            shares[row["coop_code"]] = share
    faults.raise_if_any()
    if strangers:
        notes.append(
            Message(
                "Rows of {file} that name no candidate branch: {count}.",
                count=strangers,
                file=file.name,
            )
        )
    return shares
