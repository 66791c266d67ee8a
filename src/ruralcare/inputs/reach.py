"""How far beyond the planned counties things are read."""

from __future__ import annotations

from typing import Final

__all__ = ["REACH_KM"]

REACH_KM: Final = 20.0
"""Roads, townships and institutions up to this far (km) outside the planned townships are kept:
ways between townships use those roads, and people go to those institutions."""
