"""Need: people in need, depopulation, underserved townships and the reasons."""

from ruralcare.need.assess import assess, assess_stage
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
    "assess_stage",
    "extinction_class",
    "extinction_index",
    "indicators",
    "need_by_service",
    "recognised",
]
