"""Where the program keeps and finds its own files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["Settings", "bundled_data"]


@dataclass(frozen=True)
class Settings:
    """Paths of this installation, passed to the functions that need them.

    Parameters
    ----------
    cache_dir : Path
        Folder for downloads.
    geocoder_url : str, optional
        Address of the geocoder of a scenario, where it is not the public one; by default that of
        the environment variable RURALCARE_GEOCODER_URL. A scenario cannot name it: whoever
        receives a scenario would send his key there.
    """

    cache_dir: Path = field(default_factory=lambda: user_cache_path("ruralcare"))
    geocoder_url: str | None = field(
        default_factory=lambda: os.environ.get("RURALCARE_GEOCODER_URL") or None
    )


def bundled_data() -> Path:
    """Return the folder with the demo county and the example scenarios.

    In an installed package it lies inside the package; in a checkout it is ``data/``, from which
    the build takes it.
    """
    inside = Path(str(resources.files("ruralcare"))) / "bundled"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "data"
