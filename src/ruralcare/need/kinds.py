"""What the kinds of institutions are called."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Final

from ruralcare.language import Message

__all__ = ["KINDS", "LISTED_TOGETHER", "kind_name", "kind_names"]

KINDS: Final = {
    "cooperative": Message("Co-operative"),
    "home_visit_care": Message("Home-visit care"),
    "visit_nursing": Message("Home nursing"),
    "visit_bath": Message("Home bathing"),
    "day_care": Message("Day care"),
    "short_stay": Message("Short-stay care"),
    "nursing_home": Message("Nursing home"),
    "group_home": Message("Group home"),
    "equipment": Message("Care equipment"),
    "welfare_centre": Message("Welfare centre"),
    "senior_hall": Message("Senior hall"),
    "health_centre": Message("Public health centre"),
    "health_post": Message("Health post"),
    "clinic": Message("Clinic"),
    "hospital": Message("Hospital"),
    "regional_emergency_centre": Message("Regional emergency medical centre"),
    "local_emergency_centre": Message("Local emergency medical centre"),
    "local_emergency_institution": Message("Local emergency medical institution"),
    "emergency_room": Message("Emergency room"),
    "pharmacy": Message("Pharmacy"),
    "unknown": Message("Other institution"),
}
"""Names of the kinds of institutions and co-operatives, in the order in which they are listed."""

LISTED_TOGETHER: Final = (
    frozenset({"hospital", "clinic", "pharmacy", "health_centre", "health_post"}),
    frozenset({"welfare_centre", "senior_hall"}),
    frozenset(
        {
            *("home_visit_care", "visit_nursing", "visit_bath", "day_care", "short_stay"),
            *("nursing_home", "group_home", "equipment"),
        }
    ),
)
"""Kinds that come in one list, and of which every county has some: a county without any of them in
the data is one whose list was not given. Emergency centres are in none: many counties have none."""


def kind_name(kind: str) -> Message:
    """Return the name of a kind; one of the user's own is shown as it is written."""
    return KINDS.get(kind) or Message("{name}", name=kind)


def kind_names(kinds: Iterable[str]) -> Message:
    """Return the names of one or more kinds, parted by commas."""
    names = [kind_name(kind) for kind in kinds]
    return reduce(lambda one, other: Message("{one}, {other}", one=one, other=other), names)
