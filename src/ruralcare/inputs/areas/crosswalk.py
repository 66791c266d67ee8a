"""From codes of the statistics office (KOSTAT) to those of the ministry (MOIS).

Codes of the one office cannot be computed from those of the other: a table tells which belong
together, and it is of some date, as the boundaries are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ruralcare.inputs.files import Faults, Row, read_table, read_text
from ruralcare.language import Message
from ruralcare.types import Reading

__all__ = ["Crossed", "Crosswalk", "read_crosswalk"]

_COUNTY_DIGITS: Final = 5


@dataclass(frozen=True)
class Crossed:
    """What the crosswalk says about one area.

    Parameters
    ----------
    township_id : str
        Ten-digit code; the given code where the crosswalk has none.
    sigungu_id, sigungu_name, province : str
        County and province; empty where they are not known.
    how : str
        ``code``, ``name`` (the crosswalk has another code for the township of this name in this
        county), ``earlier name`` (the township of this county has another name now), ``none`` (no
        row) or ``many`` (several rows, none of this name).
    """

    township_id: str
    sigungu_id: str
    sigungu_name: str
    province: str
    how: str


@dataclass(frozen=True)
class Crosswalk:
    """Rows of the table by KOSTAT code of seven and of eight digits."""

    by_code: dict[str, list[Row]]
    rows: int
    faults: Faults

    def cross(
        self, codes: Sequence[str], names: Sequence[str], earlier: Mapping[str, str]
    ) -> list[Crossed]:
        """Return what is known of the areas of a file.

        Parameters
        ----------
        codes : sequence of str
            KOSTAT codes of all areas of the file.
        names : sequence of str
            Names of the townships, to tell apart those that share a code.
        earlier : mapping of str to str
            Names that townships of the crosswalk had before: ten-digit code → name.
        """
        hits = [
            self._hit(self.by_code.get(code, []), name)
            for code, name in zip(codes, names, strict=True)
        ]
        used = {hit["adm_cd2"] for hit in hits if isinstance(hit, Row)}
        county = self._counties()
        found = []
        for code, name, hit in zip(codes, names, hits, strict=True):
            own = county.get((len(code), code[:_COUNTY_DIGITS]))
            how = "code"
            if not isinstance(hit, Row) and own is not None:
                # Codes change when a part of a township leaves it (its name stays), and when it
                # is named anew or becomes a 읍.
                free = [row for row in own if row["adm_cd2"] not in used]
                alike = [row for row in free if _name(row) == name]
                before = [row for row in free if earlier.get(row["adm_cd2"]) == name]
                if len(alike) == 1:
                    hit, how = alike[0], "name"
                elif not alike and len(before) == 1:
                    hit, how = before[0], "earlier name"
            if isinstance(hit, Row):
                found.append(Crossed(hit["adm_cd2"], *_county(hit), how))
            else:
                known = _county(own[0]) if own else ("", "", "")
                found.append(Crossed(code, *known, "many" if hit else "none"))
        return found

    def _hit(self, rows: Sequence[Row], name: str) -> Row | int:
        """Return the row of an area, or how many rows there are to choose from."""
        if len(rows) == 1:
            return rows[0]
        alike = [row for row in rows if name in (_name(row), row["adm_nm"].split(" ")[-1])]
        return alike[0] if len(alike) == 1 else len(rows)

    def _counties(self) -> dict[tuple[int, str], list[Row]]:
        """Return the rows of each county, by length and first five digits of the KOSTAT codes."""
        rows: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for code, own in self.by_code.items():
            rows[len(code), code[:_COUNTY_DIGITS]] += own
        return {
            county: own
            for county, own in rows.items()
            # A KOSTAT county that became two of the ministry's does not tell which one is meant.
            if len(Counter(row["adm_cd2"][:_COUNTY_DIGITS] for row in own)) == 1
        }

    def reading(self, used: int) -> Reading:
        """Return what was read, given how many of its rows the boundaries use."""
        subject = Message("Crosswalk of township codes")
        return self.faults.reading(subject, "KOSTAT → MOIS", rows=self.rows, used=used)


def _name(row: Row) -> str:
    return row["emd_nm"] or row["adm_nm"].split(" ")[-1]


def _county(row: Row) -> tuple[str, str, str]:
    name = row["sggnm"] or " ".join(row["adm_nm"].split()[1:-1])
    return row["adm_cd2"][:_COUNTY_DIGITS], name, row["sidonm"] or row["adm_nm"].split(" ")[0]


def read_crosswalk(path: Path, file: Path) -> Crosswalk:
    """Read a crosswalk: ``adm_cd`` (7 digits) or ``adm_cd8`` (8 digits), and ``adm_cd2``.

    Columns may be separated by tabs or commas. ``emd_nm`` (or ``adm_nm``) tells townships apart
    that share a code; ``sggnm`` and ``sidonm`` name county and province.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    faults = Faults(file.name)
    first = read_text(path, faults).lstrip().split("\n", 1)[0]
    table = read_table(path, faults, ["adm_cd2"], delimiter="\t" if "\t" in first else ",")
    columns = [column for column in ("adm_cd", "adm_cd8") if column in table.header]
    if not columns:
        raise faults.stop(
            Message("The table lacks columns: {columns}.", columns="adm_cd"),
            Message("The columns found are: {columns}.", columns=", ".join(table.header)[:300]),
            row=1,
        )
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in table:
        code = row["adm_cd2"]
        if len(code) != 10 or not code.isdigit():
            faults.add(
                Message("This is not a ten-digit township code."),
                Message(
                    "Give the code of the township (행정동코드). Excel turns codes into numbers: "
                    "set the column to text before pasting."
                ),
                row=row.number,
                column="adm_cd2",
                value=code,
            )
            continue
        for column in columns:
            if row[column]:
                by_code[row[column]].append(row)
    faults.raise_if_any()
    return Crosswalk(dict(by_code), len(table.rows), faults)
