"""Roads as a graph, and travel times on it."""

from ruralcare.network.cluster import check_scheduler
from ruralcare.network.completion import complete
from ruralcare.network.connection import connections
from ruralcare.network.convert import from_networkx, to_networkx
from ruralcare.network.engine import prepare
from ruralcare.network.graph import road_graph
from ruralcare.network.islands import islands
from ruralcare.network.isochrones import isochrones
from ruralcare.network.paths import path, paths
from ruralcare.network.queries import everywhere, matrix, nearest
from ruralcare.network.reached import reached_edges
from ruralcare.network.reading import read_roads
from ruralcare.network.times import service_times, travel_times
from ruralcare.network.tours import pickup_tours, tour_lines, tours_from_minutes

__all__ = [
    "check_scheduler",
    "complete",
    "connections",
    "everywhere",
    "from_networkx",
    "islands",
    "isochrones",
    "matrix",
    "nearest",
    "path",
    "paths",
    "pickup_tours",
    "prepare",
    "reached_edges",
    "read_roads",
    "road_graph",
    "service_times",
    "to_networkx",
    "tour_lines",
    "tours_from_minutes",
    "travel_times",
]
