"""ruralcare plans rural care networks.

Read a scenario, measure travel times, see which townships are underserved or emptying, and plan
which agricultural co-operative opens which service in which year::

    import ruralcare as rc

    scenario = rc.Scenario.read("data/scenarios/demo.toml")
    run = rc.run(scenario)
    run.plan.summary()
    run.plan.map().save("plan.html")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Where each name lives. A room is opened when it is first asked for: the libraries behind all of
# them take more than a second, which `ruralcare --help` should not cost.
_ROOMS = ("access", "inputs", "need", "network", "plan", "report")
_HOMES = {
    "Results": "report",
    "Scenario": "scenario",
    "check": "workflow",
    "run": "workflow",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _ROOMS:
        return import_module(f"ruralcare.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'ruralcare' has no attribute {name!r}")
    return getattr(import_module(f"ruralcare.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
