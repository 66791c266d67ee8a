"""ruralcare plans rural care networks.

Read a scenario, measure travel times, see which townships are underserved or emptying, and plan
which agricultural co-operative opens which service in which year::

    import ruralcare as rc

    scenario = rc.Scenario.read("data/scenarios/demo.toml")
    run = rc.run(scenario)
    run.plan.summary()
    run.plan.map().save("plan.html")
"""

from ruralcare import access, inputs, need, network, plan, report
from ruralcare.errors import (
    DownloadError,
    Fault,
    InfeasibleError,
    InputError,
    RuralCareError,
    TableError,
    VerificationError,
)
from ruralcare.report import Results
from ruralcare.scenario import Scenario
from ruralcare.workflow import check, run

__version__ = "0.1.0"

__all__ = [
    "DownloadError",
    "Fault",
    "InfeasibleError",
    "InputError",
    "Results",
    "RuralCareError",
    "Scenario",
    "TableError",
    "VerificationError",
    "access",
    "check",
    "inputs",
    "need",
    "network",
    "plan",
    "report",
    "run",
]
