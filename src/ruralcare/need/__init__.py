"""Need: people in need, depopulation, underserved townships and the reasons."""

from ruralcare.need.assess import assess
from ruralcare.need.demand import need_by_service, recognised
from ruralcare.need.depopulation import extinction_class, extinction_index, indicators
from ruralcare.need.table import (
    CONNECTIONS,
    EXTINCTION_CLASSES,
    REASONS,
    STATUSES,
    NeedTable,
)

__all__ = [
    "CONNECTIONS",
    "EXTINCTION_CLASSES",
    "REASONS",
    "STATUSES",
    "NeedTable",
    "assess",
    "extinction_class",
    "extinction_index",
    "indicators",
    "need_by_service",
    "recognised",
]
