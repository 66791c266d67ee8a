"""The workbook of the health insurance with all long-term care institutions (NHIS).

장기요양기관 시설별 현황: the sheet 일반현황 has a row for each institution; 입소인원 (places) and
인력현황 (staff) have one for each of its types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ruralcare.inputs.care.facility_lists import FacilityList, Institution, care_code
from ruralcare.inputs.care.institutions import MOST_PERSONS
from ruralcare.inputs.files import Faults, Row, Table, number
from ruralcare.inputs.workbooks import Sheet, sheet_table
from ruralcare.language import Message

__all__ = ["is_nhis_workbook", "read_nhis_workbook"]

_GENERAL, _PLACES, _STAFF = "일반현황", "입소인원", "인력현황"
_CODE: Final = "장기요양기관코드"
_TYPE: Final = "기관유형코드"
# The name of a type is called differently from sheet to sheet.
_TYPE_NAMES: Final = ("기관유형명", "기관유형코드명", "기관유형")


class _Part(NamedTuple):
    """What a sheet tells of one type of an institution."""

    row: Row
    label: str


def is_nhis_workbook(sheets: list[Sheet]) -> bool:
    """Return whether a workbook has the sheet of institutions."""
    return _sheet(sheets, _GENERAL) is not None


def read_nhis_workbook(file: FacilityList) -> Iterator[Institution]:
    """Read a NHIS workbook.

    Places (정원) and carers (요양보호사) are those of each type; a place number of 0 means that the
    type has none, as in home care. Rows of one sheet without partner in another are remarks.

    Raises
    ------
    InputError
        A sheet or a column is missing.
    """
    faults = file.faults
    general = _table(file, _GENERAL, (_CODE, "장기요양기관이름", "기관별 상세주소"))
    places = _parts(file, _table(file, _PLACES, (_CODE, _TYPE, "정원")), _PLACES)
    staff: dict[tuple[str, str], _Part] = {}
    if _sheet(file.sheets, _STAFF) is None:
        faults.remark(
            Message("The workbook has no sheet {sheet}.", sheet=_STAFF),
            Message("Capacities follow from the rules of the scenario, without care workers."),
        )
    else:
        staff = _parts(file, _table(file, _STAFF, (_CODE, _TYPE, "요양보호사")), _STAFF)
    file.rows = len(general.rows)
    types: dict[str, dict[str, None]] = {}
    for code, kind in (*places, *staff):
        types.setdefault(code, {}).setdefault(kind)
    known = {row[_CODE].replace("-", "") for row in general}
    _tell_partnerless(places, known, _PLACES, faults)
    _tell_partnerless(staff, known, _STAFF, faults)
    remedy = Message("Keep one row per institution code.")
    for row, where in file.siting.distinct(
        general, _CODE, remedy, lambda row: file.siting.of_address(_address(row), row.number)
    ):
        code = care_code(row, _CODE, faults)
        own = list(types.get(code, {}))
        if not any((code, kind) in places for kind in own):
            _lacks(row, _PLACES, faults)
        if staff and not any((code, kind) in staff for kind in own):
            _lacks(row, _STAFF, faults)
        by_label: dict[str, tuple[float | None, float | None]] = {}
        for kind in own:
            parts = places.get((code, kind)), staff.get((code, kind))
            label = next((part.label for part in parts if part and part.label), kind)
            beds, carers = (
                None
                if part is None
                else number(part.row, column, faults, least=0, most=MOST_PERSONS)
                for part, column in zip(parts, ("정원", "요양보호사"), strict=True)
            )
            more = by_label.get(label, (None, None))
            by_label[label] = _sum(more[0], beds or None), _sum(more[1], carers)
        yield Institution(
            code,
            row["장기요양기관이름"],
            _address(row),
            tuple(by_label) or ("",),
            where,
            row=row.number,
            by_label=by_label,
        )


def _address(row: Row) -> str:
    return row["기관별 상세주소"] or row["시도 시군구 법정동명"]


def _table(file: FacilityList, name: str, required: tuple[str, ...]) -> Table:
    sheet = _sheet(file.sheets, name)
    if sheet is None:
        raise file.faults.stop(
            Message("The workbook has no sheet {sheet}.", sheet=name),
            Message(
                "The sheets found are: {sheets}.",
                sheets=", ".join(one.name for one in file.sheets)[:300],
            ),
        )
    return sheet_table(
        sheet, file.faults, required, optional=(*_TYPE_NAMES, "시도 시군구 법정동명")
    )


def _sheet(sheets: list[Sheet], name: str) -> Sheet | None:
    """Return the sheet of a name; ``1. 일반 현황`` is 일반현황."""
    return next((one for one in sheets if name in "".join(one.name.split())), None)


def _parts(file: FacilityList, table: Table, sheet: str) -> dict[tuple[str, str], _Part]:
    """Return the rows of a sheet by institution and type."""
    found: dict[tuple[str, str], _Part] = {}
    column = next((name for name in _TYPE_NAMES if name in table.header), "")
    for row in table:
        key = row[_CODE].replace("-", ""), row[_TYPE] or row[column]
        if not key[0]:
            continue
        first = found.setdefault(key, _Part(row, row[column]))
        if first.row is not row:
            file.faults.remark(
                Message(
                    "The sheet {sheet} has the institution and type in row {row} already; that row "
                    "holds.",
                    sheet=sheet,
                    row=str(first.row.number),
                ),
                Message("Keep one row per institution and type."),
                row=row.number,
                column=_CODE,
                value=row[_CODE],
            )
    return found


def _tell_partnerless(
    parts: dict[tuple[str, str], _Part], known: set[str], sheet: str, faults: Faults
) -> None:
    for (code, _), part in parts.items():
        if code not in known:
            faults.remark(
                Message(
                    "The sheet {sheet} has an institution that is not in {general}; left out.",
                    sheet=sheet,
                    general=_GENERAL,
                ),
                Message("Compare the sheets; the institution may have closed."),
                row=part.row.number,
                column=_CODE,
                value=code,
            )


def _lacks(row: Row, sheet: str, faults: Faults) -> None:
    faults.remark(
        Message("The institution has no row in the sheet {sheet}.", sheet=sheet),
        Message("Its capacity follows from the rules of the scenario."),
        row=row.number,
        column=_CODE,
        value=row[_CODE],
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else one + other
