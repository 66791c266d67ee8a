"""Closures and speeds of single roads that a scenario gives by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.files import Faults, Row, distinct, number, read_table
from ruralcare.inputs.roads.lines import RoadLines
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading

__all__ = ["Changes", "read_changes"]

_YES: Final = frozenset({"yes", "y", "true", "1", "예"})
_NO: Final = frozenset({"", "no", "n", "false", "0", "아니오", "아니요"})
_FASTEST_KMH: Final = 150.0


@dataclass(frozen=True)
class Change:
    """What a row of the file changes."""

    edge_id: str
    row: int
    speed_kmh: float | None
    closed: bool


@dataclass(frozen=True)
class Changes:
    """What a scenario changes in its road file.

    Parameters
    ----------
    closed : tuple of str
        Ids that ``roads.closed`` lists.
    rows : tuple of Change
        Rows of ``roads.overrides_file``.
    file : str
        Name of that file.
    reading : Reading, optional
        What was read from it.
    """

    closed: tuple[str, ...] = ()
    rows: tuple[Change, ...] = ()
    file: str = ""
    reading: Reading | None = None

    @property
    def ids(self) -> frozenset[str]:
        """Ids of everything that is changed."""
        return frozenset((*self.closed, *(change.edge_id for change in self.rows)))

    def applied(self, lines: RoadLines, scenario_file: str) -> RoadLines:
        """Change the ways of a road file.

        Parameters
        ----------
        lines : RoadLines
            The ways.
        scenario_file : str
            Name of the scenario, for faults in it.

        Returns
        -------
        RoadLines
            With what is changed in the columns ``closed`` and ``driven_kmh``.

        Raises
        ------
        InputError
            The road file has no road with an id; every such id is listed.
        """
        if not self.ids:
            return lines
        ids = lines.ways["source_id"]
        known = set(ids[ids.isin(self.ids)])
        faults = [
            _unknown(scenario_file, lines.source, code, column="roads.closed")
            for code in dict.fromkeys(self.closed)
            if code not in known
        ]
        faults += [
            _unknown(self.file, lines.source, change.edge_id, column="edge_id", row=change.row)
            for change in self.rows
            if change.edge_id not in known
        ]
        if faults:
            raise InputError(faults)
        shut = {*self.closed, *(change.edge_id for change in self.rows if change.closed)}
        speeds = {
            change.edge_id: change.speed_kmh for change in self.rows if change.speed_kmh is not None
        }
        given = np.array([speeds.get(code, np.nan) for code in ids], dtype=float)
        driven = lines.ways["driven_kmh"].to_numpy(dtype=float, na_value=np.nan)
        driven = np.where(np.isnan(given), driven, given)
        ways = lines.ways.assign(
            closed=ids.isin(shut), driven_kmh=pd.array(driven, dtype="Float64")
        )
        return replace(lines, ways=ways)


def _unknown(file: str, source: str, code: str, *, column: str, row: int | None = None) -> Fault:
    return Fault(
        Message("The road file {file} has no road for cars with this id.", file=source),
        Message("Correct the id; it must be written as the road file has it."),
        file=file,
        row=row,
        column=column,
        value=code,
    )


def read_changes(scenario: Scenario) -> Changes:
    """Read what a scenario changes in its roads.

    Returns
    -------
    Changes
        Of ``roads.closed`` and ``roads.overrides_file``.

    Raises
    ------
    InputError
        ``roads.overrides_file`` cannot be used; every fault is listed.
    """
    roads = scenario.roads
    if roads.overrides_file is None:
        return Changes(roads.closed)
    faults = Faults(scenario.label(roads.overrides_file))
    path = scenario.resolve(roads.overrides_file)
    if not path.is_file():
        raise faults.stop(
            Message("There is no such file."),
            Message("Check the path in the scenario; it counts from the scenario's folder."),
            column="roads.overrides_file",
            value=path.name,
        )
    table = read_table(path, faults, ["edge_id"])
    remedy = Message("Keep one row for each road.")
    rows = tuple(_changes(distinct(table.rows, "edge_id", faults, remedy), faults))
    faults.raise_if_any()
    reading = faults.reading(
        Message("Closures and speeds of roads"), "CSV", rows=len(table.rows), used=len(rows)
    )
    return Changes(roads.closed, rows, faults.file, reading)


def _changes(rows: Iterable[Row], faults: Faults) -> Iterable[Change]:
    for row in rows:
        told = row["closed"].lower()
        speed = number(row, "speed_kmh", faults, least=1.0, most=_FASTEST_KMH)
        if told not in _YES | _NO:
            faults.add(
                Message("This is neither yes nor no."),
                Message("Write yes or no."),
                row=row.number,
                column="closed",
                value=row["closed"],
            )
        elif told not in _YES and not row["speed_kmh"]:
            faults.add(
                Message("The row changes nothing."),
                Message("Give speed_kmh, or write yes under closed, or remove the row."),
                row=row.number,
                column="edge_id",
                value=row["edge_id"],
            )
        yield Change(row["edge_id"], row.number, speed, told in _YES)
