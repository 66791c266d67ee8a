"""What stands at each stage of a plan, and how well people reach it."""

from __future__ import annotations

import pandas as pd

from ruralcare.access import coverage
from ruralcare.need import NeedTable, assess_stage
from ruralcare.plan.result import Plan
from ruralcare.types import AccessTable, Places

__all__ = ["access_by_stage", "need_by_stage"]


def access_by_stage(need: NeedTable, places: Places, plan: Plan) -> tuple[AccessTable, ...]:
    """Return access today and after each period of a plan."""
    today = need.access
    number = {period.period_id: t for t, period in enumerate(plan.problem.periods, start=1)}
    opened = plan.openings.assign(stage=[number[str(one)] for one in plan.openings["period"]])
    home = places.cooperatives.frame["township_id"]
    tables = [today]
    for stage in range(1, len(plan.problem.periods) + 1):
        standing = opened[opened["stage"] <= stage]
        room = standing.groupby(["site_id", "service"], as_index=False)["capacity_persons"].sum()
        room = room[room["capacity_persons"] > 0].rename(columns={"site_id": "place_id"})
        room["capacity_persons"] = room["capacity_persons"].astype("Float64")
        room["township_id"] = room["place_id"].map(home)
        room["capacity_basis"] = "plan"
        parts = [part for part in (today.offers, room) if len(part)]
        offers = pd.concat(parts, ignore_index=True) if parts else today.offers
        tables.append(
            coverage(today.times, offers, standard_min=today.standards_min, people=need.people)
        )
    return tuple(tables)


def need_by_stage(
    need: NeedTable, access: tuple[AccessTable, ...], plan: Plan
) -> tuple[pd.DataFrame, ...]:
    """Return need, unmet need and status today and after each period of a plan.

    Parameters
    ----------
    access : tuple of AccessTable
        As from :func:`access_by_stage`.
    """
    years = [period.year for period in plan.problem.periods]
    later = (assess_stage(need, table, year) for table, year in zip(access[1:], years, strict=True))
    return (need.of_year(), *later)
