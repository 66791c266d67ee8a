"""Files as their publishers issue them, turned into checked tables.

CRS, codes and encodings are settled here and nowhere else.
"""

from ruralcare.inputs.cooperatives import read_cooperatives
from ruralcare.inputs.demand_points import read_demand_points
from ruralcare.inputs.facilities import read_facilities
from ruralcare.inputs.files import check_file, file_hash
from ruralcare.inputs.places import read_places
from ruralcare.inputs.population import read_population
from ruralcare.inputs.townships import read_townships
from ruralcare.inputs.villages import read_villages

__all__ = [
    "check_file",
    "file_hash",
    "read_cooperatives",
    "read_demand_points",
    "read_facilities",
    "read_places",
    "read_population",
    "read_townships",
    "read_villages",
]
