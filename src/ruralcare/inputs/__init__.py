"""Files as their publishers issue them, turned into checked tables.

CRS, codes and encodings are settled here and nowhere else.
"""

from ruralcare.inputs.areas.townships import read_townships
from ruralcare.inputs.care.cooperatives import read_cooperatives
from ruralcare.inputs.care.facilities import read_facilities
from ruralcare.inputs.care.places import read_places
from ruralcare.inputs.files import check_file, file_hash, refuse_streams
from ruralcare.inputs.people.demand_points import read_demand_points
from ruralcare.inputs.people.indicators import AreaFigures, read_indicators
from ruralcare.inputs.people.population import read_population
from ruralcare.inputs.people.villages import read_villages

__all__ = [
    "AreaFigures",
    "check_file",
    "file_hash",
    "read_cooperatives",
    "read_demand_points",
    "read_facilities",
    "read_indicators",
    "read_places",
    "read_population",
    "read_townships",
    "read_villages",
    "refuse_streams",
]
