"""A measure of access: values at demand points, and what they come to in each township."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import Counted, Demand
from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.types.checks import check_frame

__all__ = ["Convergence", "Measure", "by_township", "measure_at"]

Floats = NDArray[np.float64]

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_SPREAD = ("least", *QUANTILES, "most")
_POINTS = ("point_id", "township_id", "service", "weight", "value")
_FRAME = ("township_id", "service", "value", *QUANTILES, "least", "most", "reached_share")
# Sums of shares are right to this.
_CLOSE = 1e-9


@dataclass(frozen=True)
class Convergence:
    """How a search by steps ended.

    Parameters
    ----------
    converged : bool
        Whether the gap fell below the tolerance.
    gap : float
        How far from the solution, relative; what it is a share of, the measure says.
    rounds : int
        Steps taken.
    """

    converged: bool
    gap: float
    rounds: int


@dataclass(frozen=True, eq=False)
class Measure:
    """A measure of access by demand point and township.

    Parameters
    ----------
    name : str
        What was measured (``two_step_fca``).
    points : DataFrame
        ``point_id``, ``township_id``, ``service``, ``weight`` (share of the people of the
        township) and ``value`` (``NA`` where there is none).
    frame : DataFrame
        ``township_id``, ``service``, ``value`` (mean over the people who have one), ``p10``,
        ``p50``, ``p90`` (a tenth, half and nine tenths of these people have this or less),
        ``least``, ``most`` (over points where somebody lives) and ``reached_share`` (share of the
        people who have a value; in measures where 0 stands for nothing within reach, who have
        more than 0). A township whose people all lack a value has ``NA``.
    unit : str
        Unit of the values: ``min``, ``places``, ``persons``, ``places_per_person``, ``cost``.
    notes : tuple of Message
        What a reader of the results must know.
    proxy : bool
        Whether travel times rest on links that stand in for missing roads.
    convergence : mapping of service to Convergence
        How the search ended, of measures that search.
    """

    name: str
    points: pd.DataFrame
    frame: pd.DataFrame
    unit: str = ""
    notes: tuple[Message, ...] = ()
    proxy: bool = False
    convergence: Mapping[str, Convergence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = {"township_id": "text", "service": "text"}
        columns = {"point_id": "text", **keys, "weight": "number", "value": "number?"}
        check_frame("Measure.points", self.points, columns, unique=["point_id", "service"])
        spread = dict.fromkeys(("value", *_SPREAD), "number?")
        columns = {**keys, **spread, "reached_share": "number"}
        check_frame("Measure", self.frame, columns, unique=list(keys))
        if not len(self.frame):
            return
        if not self.frame["reached_share"].between(0, 1).all():
            raise TableError("Measure: reached_share must lie between 0 and 1")
        numbers = self.frame[["value", *_SPREAD]].to_numpy(float, na_value=np.nan)
        if (np.isnan(numbers).any(axis=1) != np.isnan(numbers).all(axis=1)).any():
            raise TableError("Measure: a township must have a mean and its spread, or neither")
        known = numbers[~np.isnan(numbers[:, 0])]
        slack = _CLOSE * np.maximum(np.abs(known).max(axis=1, initial=0.0), 1.0)
        if (np.diff(known[:, 1:], axis=1) < 0).any():
            raise TableError("Measure: least, p10, p50, p90 and most must rise")
        if ((known[:, 0] < known[:, 1] - slack) | (known[:, 0] > known[:, -1] + slack)).any():
            raise TableError("Measure: the mean must lie between least and most")

    def values(self, service: str) -> pd.Series:
        """Return the means of one service, by ``township_id``.

        Raises
        ------
        KeyError
            The service was not measured.
        """
        rows = self.frame[self.frame["service"] == service]
        if rows.empty:
            raise KeyError(service)
        return rows.set_index("township_id")["value"]

    def summary(self) -> pd.DataFrame:
        """Return a row for each service: how the townships differ.

        Returns
        -------
        DataFrame
            Index ``service``; ``townships``, ``without`` (townships without a value), ``least``,
            ``p10``, ``p50``, ``p90``, ``most`` (of their means) and ``unit``.
        """
        rows = {}
        for service, frame in self.frame.groupby("service", sort=False):
            known = np.sort(frame["value"].dropna().to_numpy(float))
            spread = dict.fromkeys(_SPREAD, np.nan)
            if len(known):
                at = {name: int(np.ceil(q * len(known))) - 1 for name, q in QUANTILES.items()}
                spread.update(least=known[0], most=known[-1])
                spread.update({name: known[row] for name, row in at.items()})
            rows[service] = {
                "townships": len(frame),
                "without": len(frame) - len(known),
                **spread,
                "unit": self.unit,
            }
        made = pd.DataFrame.from_dict(rows, orient="index").rename_axis("service")
        numbers = [name for name in _SPREAD if name in made]
        return made.astype(dict.fromkeys(numbers, "Float64"))


def measure_at(
    name: str,
    groups: Sequence[Counted],
    values: Mapping[str, Floats],
    *,
    wanted: Mapping[str, Demand] | None = None,
    nothing: float | None = None,
    unit: str = "",
    notes: Sequence[Message] = (),
    convergence: Mapping[str, Convergence] | None = None,
) -> Measure:
    """Return a measure of values at demand points.

    Parameters
    ----------
    name : str
        What was measured.
    groups : sequence of Counted
        What was counted.
    values : mapping of service to array of float
        A value for each demand point in their order; not a number where there is none.
    wanted : mapping of service to Demand, optional
        Who the people are; without it, the weights of the demand points count.
    nothing : float, optional
        A value that stands for nothing within reach.
    unit, notes, convergence
        As for :class:`Measure`.
    """
    if not groups:
        return Measure(name, _empty(_POINTS), _empty(_FRAME), unit, tuple(notes))
    points = groups[0].times.points
    proxy = any(group.times.proxy for group in groups)
    notes = [*dict.fromkeys(note for one in (wanted or {}).values() for note in one.notes), *notes]
    if proxy:
        notes.append(Message("Travel times rest in part on stand-in roads (proxy)."))
    base = points.frame["weight"].to_numpy(float)
    code, townships = pd.factorize(points.frame["township_id"], sort=True)
    point_parts, parts = [], []
    for service, value in values.items():
        weight = base if wanted is None else wanted[service].weight
        parts.append(by_township(code, len(townships), value, weight, nothing=nothing))
        point_parts.append(
            pd.DataFrame(
                {
                    "point_id": points.frame.index.to_numpy(),
                    "township_id": points.frame["township_id"].to_numpy(),
                    "service": service,
                    "weight": weight,
                    "value": _with_na(value),
                }
            )
        )
    # One row after the other: township, then service in the order given.
    order = np.arange(len(parts) * len(townships)).reshape(len(parts), -1).T.ravel()
    frame = pd.concat(parts, ignore_index=True).take(order).reset_index(drop=True)
    frame.insert(0, "township_id", np.repeat(np.asarray(townships, dtype=object), len(parts)))
    frame.insert(1, "service", np.tile(np.array(list(values), dtype=object), len(townships)))
    return Measure(
        name,
        pd.concat(point_parts, ignore_index=True),
        frame.astype({"township_id": str, "service": str}),
        unit,
        tuple(notes),
        proxy,
        dict(convergence or {}),
    )


def by_township(
    township: NDArray[np.integer],
    townships: int,
    value: Floats,
    weight: Floats,
    *,
    nothing: float | None = None,
) -> pd.DataFrame:
    """Return mean and spread over the people of each township.

    Parameters
    ----------
    township : array of int
        Township of each point, from 0.
    townships : int
        How many there are.
    value : array of float
        Value of each point; not a number where there is none.
    weight : array of float
        People of each point, or their share.
    nothing : float, optional
        A value that stands for nothing within reach; who has it is not reached.

    Returns
    -------
    DataFrame
        A row for each township: ``value``, ``p10``, ``p50``, ``p90``, ``least``, ``most``,
        ``reached_share`` as in :class:`Measure`. A quantile is the least value that so large a
        share of the people who have one do not exceed.

    Examples
    --------
    >>> import numpy as np
    >>> by_township(np.array([0, 0]), 1, np.array([5.0, 25.0]), np.array([0.6, 0.4]))
       value  p10  p50   p90  least  most  reached_share
    0   13.0  5.0  5.0  25.0    5.0  25.0            1.0
    """
    there = (weight > 0) & ~np.isnan(value)
    reached = there if nothing is None else there & (value != nothing)
    people = np.bincount(township, weight, townships)
    share = np.divide(
        np.bincount(township[reached], weight[reached], townships),
        people,
        out=np.zeros(townships),
        where=people > 0,
    )
    rows = np.flatnonzero(there)
    rows = rows[np.lexsort((value[rows], township[rows]))]
    group, value, weight = township[rows], value[rows], weight[rows]
    found = {name: np.full(townships, np.nan) for name in ("value", *QUANTILES, "least", "most")}
    if len(rows):
        first = np.flatnonzero(np.diff(group, prepend=-1))
        last = np.append(first[1:], len(rows)) - 1
        at = group[first]
        found["least"][at], found["most"][at] = value[first], value[last]
        whole = np.add.reduceat(weight, first)
        mean = np.add.reduceat(weight * value, first) / whole
        # Rounding must not carry a mean beyond the values.
        found["value"][at] = np.clip(mean, value[first], value[last])
        # Summed in each township by itself: a small one does not drown in the sum of all.
        so_far = pd.Series(weight).groupby(group).cumsum().to_numpy()
        part = so_far / np.repeat(whole, last - first + 1)
        for name, quantile in QUANTILES.items():
            here = np.where(part >= quantile - _CLOSE, np.arange(len(rows)), len(rows))
            # Rounding may leave the last part just short of the whole.
            found[name][at] = value[np.minimum(np.minimum.reduceat(here, first), last)]
    made = pd.DataFrame({name: _with_na(column) for name, column in found.items()})
    return made.assign(reached_share=np.minimum(share, 1.0))


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    texts = {name: str for name in columns if name.endswith("_id") or name == "service"}
    types = dict.fromkeys(columns, "Float64") | texts
    return pd.DataFrame({name: [] for name in columns}).astype(types)


def _with_na(value: Floats) -> pd.Series:
    """Return numbers as a column that says ``NA`` where there is none."""
    return pd.Series(
        pd.arrays.FloatingArray(np.where(np.isnan(value), 0.0, value), np.isnan(value))
    )
