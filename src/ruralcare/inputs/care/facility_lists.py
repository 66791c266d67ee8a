"""Lists of institutions as their publishers issue them, one reader for each.

A reader yields the institutions in the planned counties and within reach of them; what lies farther
away is counted (see :class:`~ruralcare.inputs.care.siting.Siting`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ruralcare.inputs.care.addresses import clean_address
from ruralcare.inputs.care.institutions import MOST_PERSONS, Institution, joined
from ruralcare.inputs.care.list_tables import header_cells, read_list_table
from ruralcare.inputs.care.osm_places import read_osm_care_places
from ruralcare.inputs.care.service_types import ServiceTypes, split_types
from ruralcare.inputs.care.siting import Siting
from ruralcare.inputs.coordinates import Columns
from ruralcare.inputs.files import Faults, Row, Table, number, read_text
from ruralcare.inputs.workbooks import Sheet, is_workbook, read_workbook, sheet_table
from ruralcare.language import Message

__all__ = ["CITY_COLUMNS", "FacilityList", "Institution", "care_code", "city_columns"]

_OSM_SAME_PLACE_M: Final = 200.0
_SPOILT_CODE: Final = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_CLOSED: Final = re.compile(r"폐업|휴업|폐지|휴지|폐쇄|취소|말소|정지|종료|중단|미운영")
_SHOWN: Final = 60
_NO_COORDINATES: Final = ("", "0", "0.0")

# What cities and counties call their columns.
CITY_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("기관명", "시설명", "장기요양기관명", "사업장명", "업소명", "명칭"),
    "address": (
        *("주소", "소재지", "소재지도로명주소", "도로명주소", "시설주소", "기관주소"),
        *("소재지주소", "소재지(도로명)", "소재지지번주소", "지번주소"),
    ),
    "types": (
        *("급여종류", "급여종류명", "서비스종류", "서비스유형", "급여유형", "제공서비스"),
        *("시설종류", "시설유형", "유형", "시설종류명"),
    ),
    "kind": ("기관종류", "시설구분", "기관구분", "기관유형"),
    "status": ("운영상태", "운영여부", "영업상태", "영업상태명", "운영현황", "상태"),
    "capacity": ("정원", "입소정원", "이용정원", "정원(명)", "입소정원(명)"),
    "code": ("장기요양기관코드", "장기요양기관기호", "기관코드", "기관기호"),
    "longitude": ("경도", "x좌표", "lon", "longitude"),
    "latitude": ("위도", "y좌표", "lat", "latitude"),
}


@dataclass
class FacilityList:
    """A list of institutions that is being read.

    Parameters
    ----------
    path : Path
        The file.
    siting : Siting
        Places its rows.
    types : ServiceTypes
        Types that are known.
    rows : int
        Rows of the file, counted while it is read.
    """

    path: Path
    siting: Siting
    types: ServiceTypes
    rows: int = 0

    @property
    def faults(self) -> Faults:
        """What is wrong with the file."""
        return self.siting.faults

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The sheets of a workbook; none of any other file."""
        return read_workbook(self.path, self.faults) if is_workbook(self.path) else []

    def table(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Table:
        """Return the table of the file, or of the first sheet that has the columns."""
        if not self.sheets:
            table = read_list_table(self.path, self.faults, required)
        else:
            found = [sheet for sheet in self.sheets if _has(sheet, required)]
            first = (found or self.sheets)[0]
            table = sheet_table(first, self.faults, required, optional=optional)
        self.rows = len(table.rows)
        return table

    # One reader for each publisher

    def ltc(self) -> Iterator[Institution]:
        """Read a list of long-term care institutions (장기요양기관, NHIS).

        Columns 기관코드, 기관명, 주소, 유형 (several types joined by ·), 정원, 요양보호사.
        """
        table = self.table(("기관코드", "기관명", "주소", "유형", "정원"), ("요양보호사",))
        remedy = Message("Keep one row per institution code.")
        for row, where in self.siting.distinct(
            table, "기관코드", remedy, lambda row: self.siting.of_address(row["주소"], row.number)
        ):
            yield Institution(
                care_code(row, "기관코드", self.faults),
                row["기관명"],
                row["주소"],
                split_types(row["유형"]),
                where,
                number(row, "정원", self.faults, least=0, most=MOST_PERSONS),
                number(row, "요양보호사", self.faults, least=0, most=MOST_PERSONS),
                row=row.number,
            )

    def city(self) -> Iterator[Institution]:
        """Read the list of a city or county.

        Columns as in :data:`CITY_COLUMNS`; an institution with several rows of one name and
        address is one. Where the types are blank, the kind of the institution stands for them.
        """
        columns = city_columns(self._headers())
        lacking = [CITY_COLUMNS[key][0] for key in ("name", "address") if key not in columns]
        if not {"types", "kind"} & set(columns):
            lacking.append(CITY_COLUMNS["types"][0])
        table = self.table((*lacking, *columns.values()))
        found: dict[str, Institution] = {}
        closed = doubled = by_kind = 0
        for row in table:
            cell = {key: row[name] for key, name in columns.items()}
            if _CLOSED.search(cell.get("status", "")):
                closed += 1
                continue
            where = self.siting.of_row(
                row,
                Columns(columns.get("longitude", ""), columns.get("latitude", "")),
                cell["address"],
                blanks=_NO_COORDINATES,
            )
            if where is None:
                continue
            if not cell["name"]:
                self._no_name(row, columns["name"])
                continue
            labels = split_types(cell.get("types", ""))
            if labels == ("",) and cell.get("kind"):
                labels = split_types(cell["kind"])
                by_kind += 1
            address = clean_address(cell["address"])
            given = columns.get("code")
            code = care_code(row, given, self.faults) if given and row[given] else ""
            key = code or _made_up("C", cell["name"], address)
            capacity = (
                number(row, columns["capacity"], self.faults, least=0, most=MOST_PERSONS)
                if ("capacity" in columns)
                else None
            )
            one = Institution(
                key, cell["name"], cell["address"], labels, where, capacity, row=row.number
            )
            if key in found:
                doubled += 1
                one = joined(found[key], one, self.types, one_list=True)
            found[key] = one
        for problem in (
            closed and Message("Closed institutions left out: {count}.", count=closed),
            doubled
            and Message(
                "Rows of an institution that has another row already, joined to it: {count}.",
                count=doubled,
            ),
            by_kind
            and Message(
                "Rows without a service type; the kind of the institution stands for it: {count}.",
                count=by_kind,
            ),
        ):
            if problem:
                self.faults.remark(problem, Message("Nothing needs to be done."))
        yield from found.values()

    def hira(self) -> Iterator[Institution]:
        """Read hospitals, clinics, health posts and pharmacies with coordinates (HIRA).

        Either a JSON object with the lists ``hospitals`` and ``pharmacies``, or the national
        table (병원·약국 정보서비스): 암호화요양기호, 요양기관명, 종별코드명, 주소, 좌표(X),
        좌표(Y). Without coordinates, the address places an institution.
        """
        if self.sheets or not _is_json(self.path, self.faults):
            yield from self._hira_table()
            return
        found: dict[str, Institution] = {}
        keys = ("x", "y", "name", "addr")
        doubled = 0
        for place, (entry, label) in enumerate(self._hira_entries(), start=1):
            self.rows = place
            cells = {key: "" if entry.get(key) is None else str(entry[key]) for key in keys}
            row = Row(place, cells)
            where = self.siting.of_row(row, Columns("x", "y"), cells["addr"])
            if where is None:
                continue
            key = _made_up("H", cells["name"], cells["addr"], cells["x"], cells["y"])
            if before := found.get(key):
                doubled += 1
                labels = tuple(dict.fromkeys((*before.labels, label)))
                found[key] = replace(before, labels=labels)
            else:
                name, address = cells["name"], cells["addr"]
                found[key] = Institution(key, name, address, (label,), where, row=place)
        if doubled:
            self.faults.remark(
                Message(
                    "Entries with the name, address and coordinates of an earlier one, joined to "
                    "it: {count}.",
                    count=doubled,
                ),
                Message("Nothing needs to be done."),
            )
        yield from found.values()

    def _hira_entries(self) -> list[tuple[dict[str, Any], str]]:
        remedy = Message("Give a JSON object with the lists hospitals and pharmacies.")
        text = read_text(self.path, self.faults)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            raise self.faults.stop(
                Message("The file is not valid JSON."), remedy, row=line
            ) from None
        keys = {"hospitals": "", "pharmacies": "약국"}
        parts = {key: document.get(key) for key in keys} if isinstance(document, dict) else {}
        if not any(key in document for key in parts) or not all(
            part is None or isinstance(part, list) for part in parts.values()
        ):
            raise self.faults.stop(
                Message("The file is not a list of health institutions."), remedy
            )
        entries = [(entry, keys[key]) for key, part in parts.items() for entry in part or ()]
        for place, (entry, _) in enumerate(entries, start=1):
            if not isinstance(entry, dict):
                raise self.faults.stop(
                    Message("The entry is no JSON object with name and address."),
                    remedy,
                    row=place,
                    value=str(entry)[:_SHOWN],
                )
        return [(entry, str(entry.get("cl_nm") or fallback)) for entry, fallback in entries]

    def _hira_table(self) -> Iterator[Institution]:
        required = ("암호화요양기호", "요양기관명", "종별코드명", "주소")
        table = self.table(required, ("좌표(X)", "좌표(Y)"))
        headers = {"".join(name.split()).upper(): name for name in table.header}
        x, y = (
            next((headers[one] for one in names if one in headers), "")
            for names in (("좌표(X)", "X좌표", "좌표X"), ("좌표(Y)", "Y좌표", "좌표Y"))
        )
        remedy = Message("Keep one row per institution code.")
        for row, where in self.siting.distinct(
            table,
            "암호화요양기호",
            remedy,
            lambda row: self.siting.of_row(row, Columns(x, y), row["주소"], blanks=_NO_COORDINATES),
        ):
            key = _made_up("H", row["암호화요양기호"])
            labels = (row["종별코드명"],)
            yield Institution(key, row["요양기관명"], row["주소"], labels, where, row=row.number)

    def plain(self) -> Iterator[Institution]:
        """Read our own table, CSV or a sheet.

        Columns: ``facility_id``, ``name``, ``service`` (types or services, joined by ·);
        ``lon`` and ``lat`` in degrees, or ``address``; and where they are known
        ``capacity_persons``, ``care_workers`` and ``operator_id``.
        """
        optional = ("lon", "lat", "address", "capacity_persons", "care_workers", "operator_id")
        table = self.table(("facility_id", "name", "service"), optional)
        remedy = Message("Keep one row per institution; join its services with ·.")
        for row, where in self.siting.distinct(table, "facility_id", remedy, self.siting.of_row):
            yield Institution(
                row["facility_id"],
                row["name"],
                row["address"],
                split_types(row["service"]),
                where,
                number(row, "capacity_persons", self.faults, least=0, most=MOST_PERSONS),
                number(row, "care_workers", self.faults, least=0, most=MOST_PERSONS),
                row["operator_id"],
                row.number,
            )

    def osm(self) -> Iterator[Institution]:
        """Read care and health institutions of an OpenStreetMap extract."""
        siting = self.siting
        frame = read_osm_care_places(self.path, siting.scenario, self.faults)
        frame = frame[frame["tag"].isin(self.types.services)]
        self.rows = len(frame)
        kept: list[tuple[str, Any]] = []
        for _, entry in frame.iterrows():
            # A hospital is often mapped as a building and as a point inside it.
            if any(
                tag == entry["tag"] and point.distance(entry["point"]) <= _OSM_SAME_PLACE_M
                for tag, point in kept
            ):
                continue
            kept.append((entry["tag"], entry["point"]))
            where = siting.of_point(entry["point"], entry["facility_id"])
            if where is None:
                continue
            capacity = float(entry["capacity"]) if entry["capacity"].isdigit() else None
            name = entry["name"] or entry["tag"]
            yield Institution(entry["facility_id"], name, "", (entry["tag"],), where, capacity)

    def _headers(self) -> list[str]:
        """Return the headers of the file: of all first rows of all sheets of a workbook."""
        if self.sheets:
            return [cell for sheet in self.sheets for row in sheet.rows[:20] for cell in row]
        return header_cells(read_text(self.path, self.faults))

    def _no_name(self, row: Row, column: str) -> None:
        self.faults.add(
            Message("The institution has no name."),
            Message("Fill the cell, or remove the row."),
            row=row.number,
            column=column,
        )


def city_columns(headers: list[str]) -> dict[str, str]:
    """Return the columns of a city's list by what they hold."""
    known = {"".join(name.split()).lower(): name for name in reversed(headers)}
    return {
        key: next(known[name] for name in names if name in known)
        for key, names in CITY_COLUMNS.items()
        if any(name in known for name in names)
    }


def care_code(row: Row, column: str, faults: Faults) -> str:
    """Return the code of a long-term care institution, with a fault if it was spoilt."""
    code = row[column].replace("-", "")
    if _SPOILT_CODE.fullmatch(code):
        faults.add(
            Message("A spreadsheet has rounded the code, and its last digits are lost."),
            Message("Export the list again, with the column of codes as text."),
            row=row.number,
            column=column,
            value=row[column],
        )
    return code


def _made_up(letter: str, *parts: str) -> str:
    """Return a code for what has none: the same for the same content."""
    return f"{letter}{sha256('|'.join(parts).encode()).hexdigest()[:10]}"


def _is_json(path: Path, faults: Faults) -> bool:
    if path.suffix.lower() in (".csv", ".tsv"):
        return False
    return path.suffix.lower() == ".json" or read_text(path, faults).lstrip()[:1] in ("{", "[")


def _has(sheet: Sheet, required: tuple[str, ...]) -> bool:
    wanted = {"".join(name.split()) for name in required}
    return any(wanted <= {"".join(cell.split()) for cell in row} for row in sheet.rows[:20])
