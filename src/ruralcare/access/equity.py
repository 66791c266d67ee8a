"""How access is shared out among people: the measures of equity in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.concentration import Worst, concentration_index
from ruralcare.access.counted import Demand, demand_at
from ruralcare.access.inequality import Better, gini, palma, theil
from ruralcare.access.measure import Measure
from ruralcare.access.poverty import fgt
from ruralcare.errors import TableError
from ruralcare.types import AccessTable, DemandPoints, Population, Townships

__all__ = ["equity"]

Floats = NDArray[np.float64]

_POVERTY = {"headcount": 0, "gap": 1, "severity": 2}
# Units of measures in which less is better.
_BURDENS = ("min", "cost")


def equity(
    access: AccessTable,
    people: Population,
    townships: Townships,
    *,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    rank_by: pd.Series | None = None,
    worst: Worst = "high",
    measures: Sequence[Measure] = (),
) -> pd.DataFrame:
    """Say for each service how unequal access is, today or at any stage.

    Parameters
    ----------
    access : AccessTable
        Access with what stands.
    people : Population
        People of ``from_age`` and older, spread over their demand points, are what counts.
    townships : Townships
        For the counties between which inequality is split.
    from_age : int
        First age counted.
    demand : Series or mapping of service to Series, optional
        Persons by ``point_id`` or ``township_id`` instead, such as those in need.
    rank_by : Series, optional
        A variable by ``township_id`` that ranks people for the concentration index; its name is
        told. By default ``share_65plus``, the share of people aged 65 and over. Townships where it
        is ``NA`` do not count in this index.
    worst : {"high", "low"}
        Which end of ``rank_by`` is the worst-off: ``low`` for the extinction index.
    measures : sequence of Measure
        Others to be told of, such as places per person.

    Returns
    -------
    DataFrame
        ``service``, ``variable`` (``nearest_min``, ``covered``, or the name of a measure),
        ``measure``, ``value`` (``NA`` where it is not defined), ``within`` and ``between``
        (counties; parts of Theil's index), ``better`` (whether ``more`` or ``less`` of the variable
        is good), ``ranked_by`` (of the concentration index) and ``counted_share`` (share of people
        whose value is known). In the order of the services, measures are

        - of the time to the nearest place: ``gini``, ``theil``, ``palma``, ``concentration``, and
          against the standard ``headcount``, ``gap`` and ``severity`` (FGT). Who reaches none
          counts with the cutoff, the least that is known of them;
        - of being within the standard: ``concentration`` with Erreygers' correction;
        - of a measure: ``gini``, ``theil``, ``palma``, ``concentration``, over those who have a
          value.

    Raises
    ------
    TableError
        A township with people is not among ``townships``, or a measure has other demand points.
    """
    ranks = _share_65plus(people) if rank_by is None else rank_by
    rows: list[dict[str, Any]] = []
    for service, times in access.times.items():
        wanted = demand_at(
            times.points,
            service,
            people=people if demand is None else None,
            from_age=from_age,
            demand=demand,
        )
        if not wanted.persons.sum() > 0:
            continue
        here = _People(times.points, wanted, townships, ranks, worst)
        mine = access.points[access.points["service"] == service].set_index("point_id")
        mine = mine.reindex(times.points.frame.index)
        minutes = mine["nearest_min"].to_numpy(float, na_value=np.nan)
        filled = np.where(np.isnan(minutes), times.cutoff_min, minutes)
        found = here.inequality(filled, "less")
        if np.isnan(minutes).all():
            # Nobody reaches anything: that is no equality.
            found = [one | dict.fromkeys(("value", "within", "between"), np.nan) for one in found]
        for name, alpha in _POVERTY.items():
            standard = access.standards_min[service]
            poverty = fgt(
                minutes,
                here.persons,
                standard=standard,
                alpha=alpha,
                nothing=times.cutoff_min,
            )
            found.append({"measure": name, "value": poverty})
        rows += _told(service, "nearest_min", "less", here.share(~np.isnan(minutes)), found)
        covered = np.asarray(mine["state"] == "covered", float)
        found = [here.concentration(covered, bounds=(0.0, 1.0))]
        rows += _told(service, "covered", "more", 1.0, found)
        for measure in measures:
            values = _values(measure, service, times.points)
            if values is not None:
                better: Better = "less" if measure.unit in _BURDENS else "more"
                found, known = here.inequality(values, better), here.share(~np.isnan(values))
                rows += _told(service, measure.name, better, known, found)
    columns = ["service", "variable", "measure", "value", "within", "between", "better"]
    made = pd.DataFrame(rows, columns=[*columns, "ranked_by", "counted_share"])
    numbers = dict.fromkeys(["value", "within", "between", "counted_share"], "Float64")
    return made.astype({**numbers, "ranked_by": "string"})


def _told(
    service: str, variable: str, better: Better, counted_share: float, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    same = {"service": service, "variable": variable, "better": better}
    return [{**same, "counted_share": counted_share, **row} for row in rows]


class _People:
    """The people of one service, where they live and how they are ranked."""

    def __init__(
        self,
        points: DemandPoints,
        wanted: Demand,
        townships: Townships,
        ranks: pd.Series,
        worst: Worst,
    ) -> None:
        home = points.frame["township_id"]
        county = home.map(townships.frame["sigungu_id"])
        strange = sorted(set(home[county.isna()]))
        if strange:
            raise TableError(f"equity: unknown townships {', '.join(strange[:5])}")
        self.persons = wanted.persons
        self.county = county.to_numpy(object)
        rank = home.map(ranks.astype("Float64")).astype("Float64")
        self.rank = rank.to_numpy(float, na_value=np.nan)
        self.ranked_by = ranks.name
        self.worst: Worst = worst

    def share(self, chosen: NDArray[np.bool_]) -> float:
        return float(self.persons[chosen].sum() / self.persons.sum())

    def inequality(self, values: Floats, better: Better) -> list[dict[str, Any]]:
        """Return the rows that every variable has; those without a value are left out."""
        known = ~np.isnan(values) & (self.persons > 0)
        if not known.any():
            return []
        value, persons = values[known], self.persons[known]
        parts = theil(value, persons, self.county[known])
        return [
            {"measure": "gini", "value": gini(value, persons)},
            {
                "measure": "theil",
                "value": parts.total,
                "within": parts.within,
                "between": parts.between,
            },
            {"measure": "palma", "value": palma(value, persons, better=better)},
            self.concentration(values),
        ]

    def concentration(
        self, values: Floats, bounds: tuple[float, float] | None = None
    ) -> dict[str, Any]:
        known = ~np.isnan(values) & ~np.isnan(self.rank) & (self.persons > 0)
        index = np.nan
        if known.any():
            index = concentration_index(
                values[known],
                self.rank[known],
                self.persons[known],
                worst=self.worst,
                bounds=bounds,
            )
        return {"measure": "concentration", "value": index, "ranked_by": self.ranked_by}


def _share_65plus(people: Population) -> pd.Series:
    everybody = people.totals().astype(float)
    share = people.totals(from_age=65).astype(float) / everybody.where(everybody > 0)
    return share.rename("share_65plus")


def _values(measure: Measure, service: str, points: DemandPoints) -> Floats | None:
    """Return the value of each demand point; None where the service was not measured."""
    rows = measure.points[measure.points["service"] == service].set_index("point_id")
    if rows.empty:
        return None
    missing = points.frame.index.difference(rows.index)
    if len(missing):
        raise TableError(f"equity: {measure.name} lacks the demand points {list(missing[:5])}")
    values = rows["value"].reindex(points.frame.index).astype("Float64")
    return np.asarray(values.to_numpy(float, na_value=np.nan), float)
