"""The figures used where a scenario gives none."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

__all__ = ["default_figures"]


def default_figures() -> dict[str, Any]:
    """Return ``defaults.toml``, in the shape of a scenario file."""
    text = resources.files("ruralcare.scenario").joinpath("defaults.toml").read_text("utf-8")
    return tomllib.loads(text)
