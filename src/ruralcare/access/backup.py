"""What hangs on each institution: who would lose it if it closed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ruralcare.access.counted import demand_at
from ruralcare.types import AccessTable, Population

__all__ = ["closures"]


def closures(
    access: AccessTable,
    people: Population | None = None,
    *,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
) -> pd.DataFrame:
    """Say for each institution what its closing would do to those who live nearest to it.

    Only they are touched: whoever lives nearer to another keeps it. Whether there is room in the
    next one is another question (:func:`ruralcare.access.assign`).

    Parameters
    ----------
    access : AccessTable
        Access with what stands.
    people : Population, optional
        People of ``from_age`` and older count.
    from_age : int
        First age counted.
    demand : Series or mapping of service to Series, optional
        Persons by ``point_id`` or ``township_id`` instead, such as those in need.

    Returns
    -------
    DataFrame
        A row for every place that offers a service, sorted by service and place: ``place_id``,
        ``service``, ``nearest_for_persons`` (it is the nearest to them), ``lost_persons`` (within
        the standard now, and beyond it then), ``no_other_persons`` (who would reach none within
        the cutoff) and ``added_min`` (mean of the additional minutes of those who reach another;
        ``NA`` if nobody does).

    Raises
    ------
    ValueError, TableError
        Neither or both of ``people`` and ``demand`` are given, or the demand is of unknown ids.
    """
    parts = []
    for service, times in access.times.items():
        wanted = demand_at(
            times.points, service, people=people, from_age=from_age, demand=demand
        ).persons
        rows = access.points[access.points["service"] == service]
        persons = pd.Series(wanted, index=times.points.frame.index)[rows["point_id"]].to_numpy()
        offered = access.offers.loc[access.offers["service"] == service, "place_id"]
        places = pd.Index(sorted(set(offered)))
        at = places.get_indexer(pd.Index(rows["nearest_id"]))
        near = rows["nearest_min"].to_numpy(float, na_value=np.nan)
        then = rows["second_min"].to_numpy(float, na_value=np.nan)
        standard = access.standards_min[service]

        def total(
            chosen: np.ndarray, amount: np.ndarray, at: np.ndarray = at, count: int = len(places)
        ) -> np.ndarray:
            return np.bincount(at[chosen], amount[chosen], count).astype(float)

        nearest = at >= 0
        other = nearest & ~np.isnan(then)
        added = total(other, (then - near) * persons)
        whose = total(other, persons)
        mean = np.divide(added, whose, out=np.full(len(places), np.nan), where=whose > 0)
        parts.append(
            pd.DataFrame(
                {
                    "place_id": places,
                    "service": service,
                    "nearest_for_persons": total(nearest, persons),
                    "lost_persons": total(
                        nearest & (near <= standard) & ~(then <= standard), persons
                    ),
                    "no_other_persons": total(nearest & ~other, persons),
                    "added_min": pd.array(mean, dtype="Float64"),
                }
            )
        )
    columns = ["place_id", "service", "nearest_for_persons", "lost_persons", "no_other_persons"]
    columns.append("added_min")
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return made.sort_values(["service", "place_id"], ignore_index=True)
