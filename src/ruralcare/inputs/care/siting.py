"""Placing the rows of a list, and counting what lies elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import shapely

from ruralcare.inputs.care.gazetteer import Located, Locator
from ruralcare.inputs.coordinates import Columns, coordinates
from ruralcare.inputs.files import Faults, Row, Table
from ruralcare.inputs.reach import REACH_KM
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.units import kilometres

__all__ = ["LON_LAT", "Siting", "date_in", "precision_notes"]

LON_LAT: Final = Columns("lon", "lat")
# Coordinates this far outside the township of the address were hardly meant so.
_CONTRADICTION_M: Final = 5000.0
_DATE: Final = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?([0-2]\d|3[01]))?(?!\d)")


@dataclass
class Siting:
    """Places the rows of one list.

    Parameters
    ----------
    locator : Locator
        Finds places.
    scenario : Scenario
        Tells the region where coordinates may lie.
    faults : Faults
        Of the list.
    far : int
        Rows elsewhere, counted so far: beyond reach of the planned counties, or in a neighbouring
        county without a known place.
    """

    locator: Locator
    scenario: Scenario
    faults: Faults
    far: int = 0

    def of_address(self, address: str, row: int | None = None) -> Located | None:
        """Return the place of an address; None, counted, where it is beyond reach."""
        return self._seen(self.locator.locate(address), row, address)

    def of_row(
        self,
        row: Row,
        columns: Columns = LON_LAT,
        address: str | None = None,
        *,
        blanks: Sequence[str] = ("",),
    ) -> Located | None:
        """Return the place of a row: its coordinates, or else its address.

        Parameters
        ----------
        columns : Columns
            Columns of longitude and latitude.
        address : str, optional
            The address; that of the column ``address`` if it is not given.
        blanks : sequence of str
            What stands for no coordinates in both columns.
        """
        address = row["address"] if address is None else address
        if row[columns.longitude] in blanks and row[columns.latitude] in blanks:
            return self.of_address(address, row.number)
        # Faults of rows that lie elsewhere are nobody's concern.
        own = Faults(self.faults.file)
        place = coordinates(row.number, row.cells, columns, self.scenario, own)
        if place is None:
            if address and self.locator.locate(address).ring == "far":
                self.far += 1
                return None
            self.faults.found.extend(own.found)
        shown = f"{row[columns.longitude]}, {row[columns.latitude]}"
        where = self.locator.at(place)
        off_m = self.locator.off_m_of(address, place) if address and place else None
        if off_m is not None and off_m > _CONTRADICTION_M and where.doubt is None:
            self.faults.remark(
                Message(
                    "The coordinates lie {km} km outside the township that the address names; "
                    "the coordinates hold.",
                    km=round(kilometres(off_m)),
                ),
                Message("Check the address or the coordinates of the row."),
                row=row.number,
                value=shown,
            )
        return self._seen(where, row.number, shown)

    def distinct(
        self,
        table: Table,
        column: str,
        remedy: Message,
        place: Callable[[Row], Located | None],
    ) -> Iterator[tuple[Row, Located]]:
        """Yield the rows within reach whose code is new, with their places.

        Missing and repeated codes are noted; of rows elsewhere they are nobody's concern.
        """
        seen: dict[str, int] = {}
        for row in table:
            code = row[column]
            told = len(self.faults.found), len(self.faults.remarks)
            where = place(row)
            if where is None:
                continue
            if code and seen.setdefault(code, row.number) == row.number:
                yield row, where
                continue
            # Whatever else is wrong with a row that is not used.
            del self.faults.found[told[0] :], self.faults.remarks[told[1] :]
            if code:
                same = Message("The same code is already in row {row}.", row=str(seen[code]))
                self.faults.add(same, remedy, row=row.number, column=column, value=code)
                continue
            self.faults.add(
                Message("The code is missing."),
                Message("Fill the cell: rows are told apart by it."),
                row=row.number,
                column=column,
            )

    def of_point(self, point: shapely.Point, value: str) -> Located | None:
        """Return a point of the CRS of the townships; None, counted, where it is beyond reach."""
        return self._seen(self.locator.inside(point), None, value)

    def _seen(self, where: Located, row: int | None, value: str) -> Located | None:
        if where.ring == "far" or (where.ring == "near" and where.point is None):
            self.far += 1
            return None
        if where.doubt is not None:
            remedy = Message("Check the address or the coordinates of the row.")
            self.faults.remark(where.doubt, remedy, row=row, value=value)
        return where

    def tell_elsewhere(self, near: int) -> None:
        """Note how many rows lie outside the planned counties, within reach and beyond."""
        if near:
            self.faults.remark(
                Message(
                    "Institutions outside the planned counties, but within {km} km of them, are "
                    "kept as within reach: {count}.",
                    km=round(REACH_KM),
                    count=near,
                ),
                Message("Nothing needs to be done."),
            )
        self.tell_far()

    def tell_far(self) -> None:
        """Note how many rows lie elsewhere."""
        if self.far:
            self.faults.remark(
                Message(
                    "Rows farther than {km} km from the planned counties, or in neighbouring ones "
                    "at no known place, left out: {count}.",
                    km=round(REACH_KM),
                    count=self.far,
                ),
                Message("Nothing needs to be done."),
            )


def date_in(name: str) -> str | None:
    """Return the date in a file's name.

    Examples
    --------
    >>> date_in("kftc_branches_202607.xlsx"), date_in("장기요양기관 시설별 현황_20240716.xlsx")
    ('2026-07', '2024-07-16')
    """
    found = _DATE.search(name)
    return None if found is None else "-".join(part for part in found.groups() if part)


def precision_notes(precisions: pd.Series, subject: Message) -> tuple[Message, ...]:
    """Return what must be known of places that are not exact; nothing if all of them are.

    Parameters
    ----------
    precisions : Series
        ``location_precision`` of a table of places.
    subject : Message
        What the places are ("Institutions").
    """
    counts = precisions.value_counts()
    village, township = (int(counts.get(one, 0)) for one in ("village", "township"))
    values = {"subject": subject, "total": len(precisions)}
    if village and township:
        return (
            Message(
                "{subject} whose place is known only to the village: {village}, and only to the "
                "township, at whose seat they are shown: {township}, of {total}. Their travel "
                "times are less certain.",
                village=village,
                township=township,
                **values,
            ),
        )
    if village:
        return (
            Message(
                "{subject} whose place is known only to the village: {village}, of {total}. Their "
                "travel times are less certain.",
                village=village,
                **values,
            ),
        )
    if township:
        return (
            Message(
                "{subject} whose place is known only to the township, at whose seat they are "
                "shown: {township}, of {total}. Their travel times are less certain.",
                township=township,
                **values,
            ),
        )
    return ()
