"""The tables that pass between the rooms, and their checks.

Each class is a small frozen record around plain (Geo)DataFrames. It checks itself when it is
built, so that a room can rely on what it is handed; a table that breaks its contract raises
:class:`~ruralcare.errors.TableError`. Rules for all of them (see ``docs/conventions.md``):

- ids are strings; units are in column names; geometry is in one projected CRS, in metres;
- absence is a missing row or ``NA``, never 0, 9999 or infinity.
"""

from ruralcare.types.inputs import (
    Cooperatives,
    DemandPoints,
    Facilities,
    Places,
    Population,
    Townships,
)
from ruralcare.types.reading import Reading
from ruralcare.types.travel import (
    AccessTable,
    RoadNetwork,
    TravelPairs,
    TravelTimes,
    TravelTimesByService,
)
from ruralcare.types.words import (
    AGE_GROUPS,
    GRADES,
    PRECISIONS,
    Direction,
    Grade,
    Precision,
    age_from,
)

__all__ = [
    "AGE_GROUPS",
    "GRADES",
    "PRECISIONS",
    "AccessTable",
    "Cooperatives",
    "DemandPoints",
    "Direction",
    "Facilities",
    "Grade",
    "Places",
    "Population",
    "Precision",
    "Reading",
    "RoadNetwork",
    "Townships",
    "TravelPairs",
    "TravelTimes",
    "TravelTimesByService",
    "age_from",
]
