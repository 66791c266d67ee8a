"""Who finds room: people in need assigned to places with capacities."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_array

from ruralcare.types import TravelTimes

__all__ = ["assign"]

# Weight of a minute against a person served: it decides only between equal numbers served.
_MINUTE = 1e-5


def assign(
    times: TravelTimes, need: pd.Series, capacity: pd.Series, standard_min: float
) -> pd.DataFrame:
    """Assign people in need to places so that as many as possible are served, and nearby.

    Parameters
    ----------
    times : TravelTimes
        Travel times as the service travels.
    need : Series
        Persons in need, by ``point_id``.
    capacity : Series
        Persons that each place serves, by ``place_id``; ``NA`` is no limit.
    standard_min : float
        Nobody is assigned farther than this.

    Returns
    -------
    DataFrame
        ``point_id``, ``place_id``, ``persons``, ``time_min``; no point gets more than its need,
        no place more than its capacity.
    """
    columns = ["point_id", "place_id", "persons", "time_min"]
    pairs = times.by_demand
    pairs = pairs[(pairs["time_min"] <= standard_min) & pairs["place_id"].isin(capacity.index)]
    pairs = pairs[pairs["point_id"].map(need).fillna(0.0) > 0].reset_index(drop=True)
    if pairs.empty:
        return pd.DataFrame({name: [] for name in columns}).astype({"point_id": str})
    point, points = pd.factorize(pairs["point_id"])
    place, places = pd.factorize(pairs["place_id"])
    room = capacity.reindex(places).astype(float).fillna(float(need.sum())).to_numpy()
    limits = np.concatenate([need.reindex(points).astype(float).to_numpy(), room])
    count = np.arange(len(pairs))
    matrix = coo_array(
        (
            np.ones(2 * len(pairs)),
            (np.concatenate([point, len(points) + place]), np.tile(count, 2)),
        ),
        shape=(len(limits), len(pairs)),
    )
    gain = 1.0 - _MINUTE * pairs["time_min"].to_numpy()
    found = linprog(-gain, A_ub=matrix.tocsr(), b_ub=limits, bounds=(0, None), method="highs")
    if not found.success:
        raise ArithmeticError(f"the assignment was not solved: {found.message}")
    persons = np.where(found.x > 1e-9, found.x, 0.0)
    served = pairs.assign(persons=persons)
    return served.loc[served["persons"] > 0, columns].reset_index(drop=True)
