"""Compiling with numba: kept on disk, shown to the user, and done without where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar, cast

from ruralcare.language import Message
from ruralcare.progress import Progress

__all__ = ["available", "compiling", "kernel", "quick"]

Routine = TypeVar("Routine", bound=Callable[..., Any])


def available() -> bool:
    """Tell whether numba can be used here; it needs compiled parts that not every system has."""
    try:
        import numba  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def kernel(function: Routine) -> Routine:
    """Compile a routine when it is first called, without Python's global lock.

    The machine code is kept beside the module, or in the user's cache where that folder is
    read-only; where neither can be written, the routine is compiled in every session.
    """
    import numba

    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # numba: "no locator available"
        made = numba.njit(nogil=True)(function)
    return cast(Routine, made)


@cache
def _kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    return kernel(function)


def quick(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a routine compiled, or as it stands, slowly, where numba cannot be used."""
    return _kernel(function) if available() else function


@contextmanager
def compiling(progress: Progress) -> Iterator[None]:
    """Tell the user when a routine is being compiled, and not merely loaded."""
    from numba.core import event

    class _Listener(event.Listener):
        def on_start(self, event: Any) -> None:  # noqa: ANN401
            progress(Message("Preparing the search (only once on this computer)"))

        def on_end(self, event: Any) -> None:  # noqa: ANN401
            """Say nothing."""

    with event.install_listener("numba:compile", _Listener()):
        yield
