"""The errors a caller can meet.

::

    RuralCareError
    ├── InputError (ValueError)        files or scenario that cannot be used; every fault listed
    ├── TableError (ValueError)        a table that breaks the contract between two rooms
    ├── InfeasibleError (ValueError)   no plan can keep all the rules; says which conflict
    ├── VerificationError              a plan failed the independent check: a fault of the program
    └── DownloadError (OSError)        a source on the network did not answer as expected
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ruralcare.language import Language, Message, harmless

__all__ = [
    "DownloadError",
    "Fault",
    "InfeasibleError",
    "InputError",
    "RuralCareError",
    "TableError",
    "VerificationError",
    "is_shortened",
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input, and what to do about it.

    Parameters
    ----------
    problem : Message
        What is wrong.
    remedy : Message
        What the user can do.
    file : str, optional
        File name as the scenario gives it.
    row : int, optional
        Row as a spreadsheet counts it: the header is row 1.
    column : str, optional
        Column of the file, or key of the scenario.
    value : str, optional
        The value found.
    """

    problem: Message
    remedy: Message
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def render(self, language: Language = "en") -> str:
        """Return the fault as text: the place first, then what is wrong and what to do."""
        place = [harmless(self.file)] if self.file else []
        if self.row is not None:
            place.append(Message("row {row}", row=str(self.row)).render(language))
        if self.column:
            place.append(f"[{harmless(self.column)}]")
        if self.value is not None:
            shown = harmless(self.value if len(self.value) <= 80 else self.value[:77] + "…")
            place.append(f"“{shown}”")
        head = " · ".join(place)
        body = f"{self.problem.render(language)} → {self.remedy.render(language)}"
        return f"{head}: {body}" if head else body


MORE_ALIKE = "{count} more rows are like this."


def is_shortened(fault: Fault) -> bool:
    """Return whether a fault stands for several that were counted and not listed."""
    return fault.problem.template == MORE_ALIKE


class RuralCareError(Exception):
    """Base of every error that ruralcare raises on purpose."""

    def render(self, language: Language = "en") -> str:
        """Return the whole error in one language."""
        return str(self)


class InputError(RuralCareError, ValueError):
    """Input that cannot be used; every fault found is listed.

    Parameters
    ----------
    faults : iterable of Fault
        At least one.
    readings : iterable, optional
        What was read from files that are in order, beside those at fault (each a
        :class:`~ruralcare.types.Reading`).
    """

    def __init__(self, faults: Iterable[Fault], readings: Iterable[Any] = ()) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.readings: tuple[Any, ...] = tuple(readings)
        super().__init__(self.render("en"))

    def render(self, language: Language = "en") -> str:
        """Return every fault on a line of its own."""
        return "\n".join(fault.render(language) for fault in self.faults)


class TableError(RuralCareError, ValueError):
    """A table that breaks the contract between two rooms of the program."""


class InfeasibleError(RuralCareError, ValueError):
    """No plan keeps all the rules.

    Parameters
    ----------
    conflicts : iterable of Message
        The rules in conflict, and by how much each would have to give.
    proven : bool
        False where the search merely found no plan in its time.
    """

    def __init__(self, conflicts: Iterable[Message], *, proven: bool = True) -> None:
        self.conflicts: tuple[Message, ...] = tuple(conflicts)
        self.proven = proven
        super().__init__(self.render("en"))

    def render(self, language: Language = "en") -> str:
        """Return the conflicts, a line each."""
        proven = Message("No plan keeps all the rules of the scenario.")
        head = (proven if self.proven else Message("No plan was found.")).render(language)
        return "\n".join([head, *(conflict.render(language) for conflict in self.conflicts)])


class VerificationError(RuralCareError):
    """A plan failed the independent check: a fault of the program, not of the input."""


class DownloadError(RuralCareError, OSError):
    """A source on the network did not answer as expected."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(message.render("en"))

    def render(self, language: Language = "en") -> str:
        """Return the message in one language."""
        return self.message.render(language)
