"""Which publisher a list of institutions comes from, told by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from ruralcare.inputs.care.facility_lists import FacilityList, Institution, city_columns
from ruralcare.inputs.care.list_tables import header_cells
from ruralcare.inputs.care.nhis_workbook import is_nhis_workbook, read_nhis_workbook
from ruralcare.inputs.files import read_text
from ruralcare.language import Message

__all__ = ["FORMATS", "ListFormat", "recognised"]

_HEADER_WITHIN = 20


class ListFormat(NamedTuple):
    """A kind of list: what it is called, and its reader."""

    label: str
    read: Callable[[FacilityList], Iterator[Institution]]


FORMATS: Final = {
    "ltc": ListFormat("NHIS list", FacilityList.ltc),
    "nhis": ListFormat("NHIS workbook", read_nhis_workbook),
    "city": ListFormat("list of a city or county", FacilityList.city),
    "hira": ListFormat("HIRA", FacilityList.hira),
    "plain": ListFormat("plain table", FacilityList.plain),
    "osm": ListFormat("OpenStreetMap", FacilityList.osm),
}
# The columns by which a table is known, the surest first.
_KNOWN_BY: Final = (
    ("hira", {"암호화요양기호", "요양기관명"}),
    ("ltc", {"기관코드", "기관명", "주소", "유형", "정원"}),
    ("plain", {"facility_id", "name", "service"}),
)


def recognised(file: FacilityList) -> str:
    """Return the format of a list (a key of :data:`FORMATS`).

    Raises
    ------
    InputError
        It is none of those that are known.
    """
    if file.path.name.lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2")):
        return "osm"
    headers: list[Iterable[str]]
    if file.sheets:
        if is_nhis_workbook(file.sheets):
            return "nhis"
        headers = [row for sheet in file.sheets for row in sheet.rows[:_HEADER_WITHIN]]
    else:
        text = read_text(file.path, file.faults)
        if text.lstrip()[:1] in ("{", "["):
            return "hira"
        headers = [header_cells(text)]
    for cells in headers:
        found = {"".join(cell.split()) for cell in cells}
        for name, wanted in _KNOWN_BY:
            if wanted <= found:
                return name
        columns = city_columns(list(cells))
        if {"name", "address"} <= set(columns) and {"types", "kind"} & set(columns):
            return "city"
    widest = max(headers, key=lambda cells: sum(map(bool, cells)), default=[])
    shown = ", ".join(" ".join(cell.split()) for cell in widest if cell.strip())
    raise file.faults.stop(
        Message("The list is of no known kind; its columns are: {columns}.", columns=shown[:300]),
        Message(
            "Known are the NHIS list (기관코드, 기관명, 주소, 유형, 정원), the NHIS workbook "
            "(sheet 일반현황), lists of cities (기관명, 주소, 급여종류), HIRA (암호화요양기호, "
            "요양기관명, or JSON), .osm.pbf, and our own table (facility_id, name, service)."
        ),
        row=None if file.sheets else 1,
    )
