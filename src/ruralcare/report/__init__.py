"""Report: the map page, the document and the tables of a run."""

from ruralcare import views
from ruralcare.need import NeedTable
from ruralcare.plan import Plan
from ruralcare.report.document import document
from ruralcare.report.geopackage import write_geopackage
from ruralcare.report.inputs_report import InputsReport
from ruralcare.report.page import MapPage, map_page
from ruralcare.report.results import Results
from ruralcare.report.subject import of_access, of_need, of_plan
from ruralcare.report.tables import tables
from ruralcare.types import AccessTable, Townships

__all__ = [
    "InputsReport",
    "MapPage",
    "Results",
    "document",
    "map_page",
    "tables",
    "write_geopackage",
]


def _plan_view(plan: Plan) -> MapPage:
    return map_page(of_plan(plan))


def _need_view(need: NeedTable) -> MapPage:
    return map_page(of_need(need))


def _access_view(access: AccessTable, townships: Townships) -> MapPage:
    return map_page(of_access(access, townships))


views.register("results", map_page)
views.register("plan", _plan_view)
views.register("need", _need_view)
views.register("access", _access_view)
