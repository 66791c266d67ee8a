"""The figures used where a scenario gives none."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

__all__ = ["default_figures"]


def default_figures() -> dict[str, Any]:
    """Return ``defaults.toml`` and ``rules.toml``, in the shape of a scenario file."""
    room = resources.files("ruralcare.scenario")
    figures = tomllib.loads(room.joinpath("defaults.toml").read_text("utf-8"))
    rules = tomllib.loads(room.joinpath("rules.toml").read_text("utf-8"))
    figures["need"] |= rules["need"]
    return figures
