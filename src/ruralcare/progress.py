"""How long steps tell the user where they are.

A room that takes time calls a :data:`Progress` function now and then. The command line passes
one that draws a bar; libraries and tests pass :func:`silent`.
"""

from __future__ import annotations

from typing import Protocol

from ruralcare.language import Message

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Receives a step, how much of it is done, and what there is to say about it."""

    def __call__(self, step: Message, done: float | None = None) -> None:
        """Report that ``step`` is under way; ``done`` is a share from 0 to 1, if known."""


def silent(step: Message, done: float | None = None) -> None:
    """Say nothing."""
