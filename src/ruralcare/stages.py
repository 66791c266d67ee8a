"""The stages of the chain, by the names that a user gives them."""

from __future__ import annotations

from typing import Literal

__all__ = ["Stage"]

Stage = Literal["access", "need", "plan", "report"]
"""Where a run may stop."""
