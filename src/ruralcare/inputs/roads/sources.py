"""Which files a scenario's roads are read from."""

from __future__ import annotations

import re
from pathlib import Path

from ruralcare.scenario import Scenario

__all__ = ["node_stem", "road_files"]

# A Shapefile is several files.
_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")


def node_stem(links: Path) -> str:
    """Return the name, without its suffix, of the file of nodes that belongs to one of links.

    Returns
    -------
    str
        Capitals may differ: ``MOCT_node`` for ``MOCT_LINK.shp``.
    """
    return re.sub("link", "node", links.stem, flags=re.IGNORECASE)


def road_files(scenario: Scenario) -> list[Path]:
    """Return every file that the roads of a scenario are made from, as far as it is there.

    Parameters
    ----------
    scenario : Scenario
        ``roads.file`` and ``roads.overrides_file``.

    Returns
    -------
    list of Path
        Sorted. Of a Shapefile, all its parts, and those of the nodes beside the links.
    """
    given = (scenario.roads.file, scenario.roads.overrides_file)
    paths = [scenario.resolve(file) for file in given if file is not None]
    found = set()
    for path in paths:
        if path.suffix.lower() == ".shp" and path.parent.is_dir():
            stems = {path.stem.casefold(), node_stem(path).casefold()}
            found |= {
                one
                for one in path.parent.iterdir()
                if one.stem.casefold() in stems and one.suffix.lower() in _PARTS
            }
        elif path.is_file():
            found.add(path)
    return sorted(found)
