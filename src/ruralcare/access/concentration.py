r"""Whether access goes with another variable: the concentration curve and its index.

People are ranked, worst-off first, by a variable such as the extinction index or the share of the
aged in their township; the curve tells how much of all minutes, or places, falls to the worst-off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ruralcare.access.inequality import same_index, weighed

__all__ = ["ConcentrationCurve", "Worst", "concentration_curve", "concentration_index"]

Worst = Literal["low", "high"]
"""Whether a low value of the ranking variable is the worse one (the extinction index), or a high
one (the share of people aged 65 and over)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConcentrationCurve:
    """How much of a value falls to which people, worst-off first.

    Parameters
    ----------
    people_share : array of float
        Rising from 0 to 1; people of the same rank are one step.
    value_share : array of float
        Share of all values that they have together, from 0 to 1.
    """

    people_share: Floats
    value_share: Floats

    @property
    def index(self) -> float:
        """Concentration index: twice the area between the diagonal and the curve."""
        steps = np.diff(self.people_share)
        heights = self.value_share[1:] + self.value_share[:-1]
        return float(1.0 - steps @ heights)

    def frame(self) -> pd.DataFrame:
        """Return ``people_share`` and ``value_share``."""
        return pd.DataFrame({"people_share": self.people_share, "value_share": self.value_share})


def concentration_curve(
    values: ArrayLike | pd.Series,
    rank_by: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None = None,
    *,
    worst: Worst,
) -> ConcentrationCurve:
    """Return the concentration curve of a value over people ranked by another variable.

    Parameters
    ----------
    values, weights
        As for :func:`ruralcare.access.gini`.
    rank_by : array or Series of float
        Variable by which people are ranked.
    worst : {"low", "high"}
        Which end of it is the worst-off, and comes first.

    Raises
    ------
    ValueError
        A rank is missing, or as for :func:`ruralcare.access.gini`.
    """
    value, weight, rank = _ranked(values, rank_by, weights, worst)
    code = np.unique(rank, return_inverse=True)[1]
    people = np.concatenate([[0.0], np.cumsum(np.bincount(code, weight))])
    amount = np.concatenate([[0.0], np.cumsum(np.bincount(code, weight * value))])
    share = amount / amount[-1] if amount[-1] > 0 else np.full(len(amount), np.nan)
    return ConcentrationCurve(people / people[-1], share)


def concentration_index(
    values: ArrayLike | pd.Series,
    rank_by: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None = None,
    *,
    worst: Worst,
    bounds: tuple[float, float] | None = None,
) -> float:
    r"""Return the concentration index of a value over people ranked by another variable.

    .. math:: C = \frac{2}{\mu} \operatorname{cov}_w(x, R), \qquad E = \frac{4 \mu}{b - a} C

    where :math:`R` is the share of people who are worse off, and half of those who are as well off.

    Parameters
    ----------
    values, rank_by, weights, worst
        As for :func:`concentration_curve`.
    bounds : pair of float, optional
        Least and greatest possible value. With them, Erreygers' correction E is returned: for
        bounded variables such as a covered share, the index C depends on the mean, and is not the
        mirror image for the share that is not covered; E is.

    Returns
    -------
    float
        Between −1 and 1. Below 0 the worst-off have more, above 0 they have less than their share:
        of minutes, −0.1 speaks of inequity, of places 0.1 does. NaN where nobody has anything (0
        with bounds).

    References
    ----------
    Kakwani, N., Wagstaff, A. and van Doorslaer, E. (1997). Socioeconomic inequalities in health.
    Journal of Econometrics 77 (1), 87-103; Erreygers, G. (2009). Correcting the concentration
    index. Journal of Health Economics 28 (2), 504-515.

    Examples
    --------
    >>> concentration_index([10, 20, 30, 40], [1, 2, 3, 4], worst="low")
    0.25
    """
    value, weight, rank = _ranked(values, rank_by, weights, worst)
    share = weight / weight.sum()
    mean = float(share @ value)
    if bounds is None:
        factor = 2.0 / mean if mean > 0 else float("nan")
    else:
        low, high = bounds
        if not low < high or value.min() < low or value.max() > high:
            raise ValueError(f"values must lie between the bounds {low} and {high}")
        factor = 8.0 / (high - low)
    code = np.unique(rank, return_inverse=True)[1]
    tied = np.bincount(code, share)
    middle = (np.cumsum(tied) - tied / 2)[code]
    return factor * float(share @ ((value - mean) * (middle - 0.5)))


def _ranked(
    values: ArrayLike | pd.Series,
    rank_by: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None,
    worst: Worst,
) -> tuple[Floats, Floats, Floats]:
    """Return values, weights and ranks that rise from the worst-off."""
    if worst not in ("low", "high"):
        raise ValueError(f"worst must be 'low' or 'high', not {worst!r}")
    same_index(values=values, ranks=rank_by, weights=weights)
    if isinstance(rank_by, pd.Series):
        rank_by = rank_by.astype("Float64").to_numpy(float, na_value=np.nan)
    value, weight = weighed(values, weights)
    rank = np.asarray(rank_by, dtype=float)
    if rank.shape != value.shape or np.isnan(rank).any():
        raise ValueError("there must be one rank for each value")
    return value, weight, rank if worst == "low" else -rank
