"""How likely co-operatives are to take part: a file with a row for each branch."""

from __future__ import annotations

import unicodedata
from typing import Final

from ruralcare.inputs.files import Faults, distinct, read_table
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Reading

__all__ = ["branch_code", "read_willingness", "share_in"]

_CODE_DIGITS: Final = 7


def branch_code(cell: str) -> str:
    """Return a branch code; a spreadsheet may have taken its leading zero."""
    code = unicodedata.normalize("NFKC", cell).strip()
    return code.zfill(_CODE_DIGITS) if code.isdigit() and len(code) == _CODE_DIGITS - 1 else code


def share_in(row: int, text: str, faults: Faults) -> float | None:
    """Return the willingness in a cell; None if it is blank, or faulty, which is noted."""
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


def read_willingness(
    scenario: Scenario, known: set[str], notes: list[Message]
) -> tuple[dict[str, float], tuple[Reading, ...]]:
    """Return the probabilities that a file gives, by branch, and what was read of it.

    Parameters
    ----------
    known : set of str
        Codes of the candidate branches.
    notes : list of Message
        Gets a note on rows that name none of them.

    Raises
    ------
    InputError
        The file cannot be used; every fault is listed.
    """
    file = scenario.cooperatives.willing_file
    if file is None:
        return {}, ()
    faults = Faults(scenario.label(file))
    shares: dict[str, float] = {}
    strangers = 0
    table = read_table(scenario.resolve(file), faults, ["coop_code", "willing"])
    for row in distinct(table, "coop_code", faults, Message("Keep one row per branch code.")):
        share = share_in(row.number, row["willing"], faults)
        code = row["coop_code"] if row["coop_code"] in known else branch_code(row["coop_code"])
        if code not in known:
            strangers += 1
        elif share is not None:
            shares[code] = share
    faults.raise_if_any()
    if strangers:
        notes.append(
            Message(
                "Rows of {file} that name no candidate branch: {count}.",
                count=strangers,
                file=file.name,
            )
        )
    subject = Message("Willingness of co-operatives")
    used = len(shares)
    return shares, (faults.reading(subject, "plain table", rows=len(table.rows), used=used),)
