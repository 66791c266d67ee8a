"""How a table shows itself without knowing the room that draws.

``Plan.map()`` and its kin must work in a notebook, yet ``plan`` may not import ``report``. The
report room registers its pictures here by name, and the tables ask for them by name; it is opened
when the first picture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["draw", "register"]

_VIEWS: dict[str, Callable[..., Any]] = {}


def register(name: str, view: Callable[..., Any]) -> None:
    """Make a view known under a name; a later registration of the same name replaces it."""
    _VIEWS[name] = view


def draw(name: str, *args: object, **options: object) -> Any:  # noqa: ANN401 - views differ
    """Return what the view of this name makes of the arguments.

    Raises
    ------
    LookupError
        No room has registered this name.
    """
    if name not in _VIEWS:
        import_module("ruralcare.report")
    if name not in _VIEWS:
        raise LookupError(f"no view is registered as {name!r}")
    return _VIEWS[name](*args, **options)
