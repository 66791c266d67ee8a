"""Access: how well people reach services."""

from ruralcare.access.assignment import Assigned, Assigner, assign
from ruralcare.access.backup import closures
from ruralcare.access.concentration import (
    ConcentrationCurve,
    concentration_curve,
    concentration_index,
)
from ruralcare.access.coverage import coverage
from ruralcare.access.decay import (
    Decay,
    binary,
    exponential,
    gaussian,
    linear,
    logistic,
    power,
    stepwise,
)
from ruralcare.access.equity import equity
from ruralcare.access.floating_catchment import (
    enhanced_two_step_fca,
    modified_two_step_fca,
    three_step_fca,
    two_step_fca,
)
from ruralcare.access.gravity import gravity
from ruralcare.access.inequality import Theil, gini, lorenz, palma, theil
from ruralcare.access.measure import Convergence, Measure
from ruralcare.access.nearest import nearest
from ruralcare.access.opportunities import cumulative_opportunities
from ruralcare.access.poverty import fgt
from ruralcare.access.raam import raam

__all__ = [
    "Assigned",
    "Assigner",
    "ConcentrationCurve",
    "Convergence",
    "Decay",
    "Measure",
    "Theil",
    "assign",
    "binary",
    "closures",
    "concentration_curve",
    "concentration_index",
    "coverage",
    "cumulative_opportunities",
    "enhanced_two_step_fca",
    "equity",
    "exponential",
    "fgt",
    "gaussian",
    "gini",
    "gravity",
    "linear",
    "logistic",
    "lorenz",
    "modified_two_step_fca",
    "nearest",
    "palma",
    "power",
    "raam",
    "stepwise",
    "theil",
    "three_step_fca",
    "two_step_fca",
]
