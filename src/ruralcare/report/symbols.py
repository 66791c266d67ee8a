"""How facilities are drawn: a shape and a colour for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ruralcare.language import Message

__all__ = ["SITE", "SYMBOLS", "Symbol", "symbol_of"]


@dataclass(frozen=True)
class Symbol:
    """A mark on the map.

    Parameters
    ----------
    label : Message
        Name in the legend.
    shape : str
        ``circle``, ``triangle``, ``square``, ``plus``, ``diamond``, ``wedge``, ``house``,
        ``hexagon`` or ``dot``.
    colour : str
        Dark enough to stand out (4.5:1) on every fill of the map with its white rim.
    kinds : tuple of str
        Kinds of :class:`~ruralcare.types.Facilities` drawn so.
    """

    label: Message
    shape: str
    colour: str
    kinds: tuple[str, ...]


SYMBOLS: Final[tuple[Symbol, ...]] = (
    Symbol(
        Message("Home-visit care"),
        "circle",
        "#173f8a",
        ("home_visit_care", "visit_nursing", "visit_bath"),
    ),
    Symbol(Message("Day care"), "triangle", "#00594a", ("day_care", "short_stay")),
    Symbol(Message("Nursing home"), "square", "#5b2480", ("nursing_home", "group_home")),
    Symbol(
        Message("Health post or centre"),
        "plus",
        "#0f5e7d",
        ("health_post", "health_centre"),
    ),
    Symbol(
        Message("Hospital or clinic"),
        "diamond",
        "#8f1238",
        (
            *("hospital", "clinic", "regional_emergency_centre", "local_emergency_centre"),
            *("local_emergency_institution", "emergency_room"),
        ),
    ),
    Symbol(Message("Pharmacy"), "wedge", "#5a4a00", ("pharmacy",)),
    Symbol(Message("Welfare centre"), "house", "#7a2e00", ("welfare_centre",)),
    Symbol(Message("Senior hall"), "hexagon", "#3d4d00", ("senior_hall",)),
    Symbol(Message("Other institution"), "dot", "#3c444d", ()),
)
SITE: Final = Symbol(Message("Co-operative"), "site", "#1d2733", ())

_BY_KIND: Final = {kind: i for i, symbol in enumerate(SYMBOLS) for kind in symbol.kinds}


def symbol_of(kind: str) -> int:
    """Return the position in :data:`SYMBOLS` of a kind of facility; unknown kinds are "other"."""
    return _BY_KIND.get(kind, len(SYMBOLS) - 1)
