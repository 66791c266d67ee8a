"""Where the program keeps and finds its own files."""

from __future__ import annotations

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
    """

    cache_dir: Path = field(default_factory=lambda: user_cache_path("ruralcare"))


def bundled_data() -> Path:
    """Return the folder with the demo county and the example scenarios.

    In an installed package it lies inside the package; in a checkout it is ``data/``, from which
    the build takes it.
    """
    inside = Path(str(resources.files("ruralcare"))) / "bundled"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "data"
