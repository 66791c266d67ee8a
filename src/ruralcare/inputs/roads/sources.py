"""Which files a scenario's roads are read from."""

from __future__ import annotations

from pathlib import Path

from ruralcare.scenario import Scenario

__all__ = ["road_files"]

# A Shapefile is several files, and the nodes of node-link data lie beside the links.
_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")


def road_files(scenario: Scenario) -> list[Path]:
    """Return every file that the roads of a scenario are made from, as far as it is there."""
    given = (scenario.roads.file, scenario.roads.overrides_file)
    paths = [scenario.resolve(file) for file in given if file is not None]
    found = set()
    for path in paths:
        if path.suffix.lower() == ".shp" and path.parent.is_dir():
            found |= {one for one in path.parent.iterdir() if one.suffix.lower() in _PARTS}
        elif path.is_file():
            found.add(path)
    return sorted(found)
