"""Plan: which co-operative opens which service, when and how large, with a proven quality."""

from ruralcare.plan.build import build_problem, check_openings, solve
from ruralcare.plan.problem import PlanProblem
from ruralcare.plan.result import Plan
from ruralcare.plan.solve import solve_problem
from ruralcare.plan.stages import access_by_stage, need_by_stage
from ruralcare.plan.verify import Violation, verify

__all__ = [
    "Plan",
    "PlanProblem",
    "Violation",
    "access_by_stage",
    "build_problem",
    "check_openings",
    "need_by_stage",
    "solve",
    "solve_problem",
    "verify",
]
