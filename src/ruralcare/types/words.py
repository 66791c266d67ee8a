"""Closed sets of values that stand in columns."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "AGE_GROUPS",
    "GRADES",
    "PRECISIONS",
    "Direction",
    "Grade",
    "Precision",
    "age_from",
]

Direction = Literal["to_demand", "to_place"]
"""Who travels: the carer to the home (``to_demand``) or people to the place (``to_place``)."""

Precision = Literal["point", "road", "village", "township"]
PRECISIONS: Final[tuple[Precision, ...]] = ("point", "road", "village", "township")
"""How finely a location is known, finest first."""

Grade = Literal["1", "2", "3", "4", "5", "cognitive"]
GRADES: Final[tuple[Grade, ...]] = ("1", "2", "3", "4", "5", "cognitive")
"""Grades of long-term care (장기요양등급), heaviest first; ``cognitive`` is 인지지원등급."""

AGE_GROUPS: Final[tuple[str, ...]] = (
    *(f"{age:02d}-{age + 4:02d}" for age in range(0, 100, 5)),
    "100+",
)
"""Five-year age groups: ``00-04`` to ``95-99`` and ``100+``."""


def age_from(age_group: str) -> int:
    """Return the youngest age of an age group.

    Examples
    --------
    >>> age_from("65-69"), age_from("100+")
    (65, 100)
    """
    return int(age_group.rstrip("+").split("-")[0])
