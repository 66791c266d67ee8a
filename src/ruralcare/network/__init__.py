"""Roads as a graph, and travel times on it."""

from ruralcare.network.connection import connections
from ruralcare.network.convert import from_networkx, to_networkx
from ruralcare.network.queries import everywhere, matrix, nearest
from ruralcare.network.reading import read_roads
from ruralcare.network.times import service_times, travel_times

__all__ = [
    "connections",
    "everywhere",
    "from_networkx",
    "matrix",
    "nearest",
    "read_roads",
    "service_times",
    "to_networkx",
    "travel_times",
]
