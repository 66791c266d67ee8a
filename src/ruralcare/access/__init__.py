"""Access: how well people reach services."""

from ruralcare.access.assignment import assign
from ruralcare.access.coverage import coverage
from ruralcare.access.decay import binary, gaussian
from ruralcare.access.floating_catchment import two_step_fca

__all__ = ["assign", "binary", "coverage", "gaussian", "two_step_fca"]
