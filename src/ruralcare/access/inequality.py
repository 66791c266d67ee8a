r"""How unequal access is: Gini, Theil and Palma, weighted by people.

All take a value for each township, demand point or person, and how many people it stands for. They
do not depend on the unit of the values, nor on how many people there are in all: doubling every
value, or everybody, changes nothing. They say how unequal, not how good; and what is good differs:
many minutes are bad, many places are good. Gini and Theil look the same in both directions;
:func:`palma` and the index of :mod:`ruralcare.access.concentration` have to be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["Better", "Theil", "gini", "lorenz", "palma", "same_index", "theil", "weighed"]

Better = Literal["more", "less"]
"""Whether a larger value is better (places per person) or a smaller one (minutes)."""

Floats = NDArray[np.float64]

# Shares of the people whose values Palma compares.
_TENTH, _FORTY = 0.1, 0.4


def same_index(**given: object) -> None:
    """Raise a ValueError if two of what is given are Series with another index."""
    series = [(name, one.index) for name, one in given.items() if isinstance(one, pd.Series)]
    for name, index in series[1:]:
        if not index.equals(series[0][1]):
            raise ValueError(f"{series[0][0]} and {name} must have the same index")


def weighed(
    values: ArrayLike | pd.Series, weights: ArrayLike | pd.Series | None
) -> tuple[Floats, Floats]:
    """Return values and weights as arrays of the same length, and check them.

    Raises
    ------
    ValueError
        Values are missing, negative or infinite, weights are negative or sum to nothing, or two
        Series do not have the same index.
    """
    same_index(values=values, weights=weights)
    value = _floats(values)
    weight = np.ones(len(value)) if weights is None else _floats(weights)
    if value.ndim != 1 or value.shape != weight.shape:
        raise ValueError("there must be one weight for each value")
    if not (np.isfinite(value) & (value >= 0)).all():
        raise ValueError("values must be numbers of 0 or more; say first what a missing one is")
    if not (np.isfinite(weight) & (weight >= 0)).all() or not weight.sum() > 0:
        raise ValueError("weights must be 0 or more, and some above 0")
    return value, weight


def gini(values: ArrayLike | pd.Series, weights: ArrayLike | pd.Series | None = None) -> float:
    r"""Return the Gini coefficient: half the mean difference between two people, by the mean.

    .. math:: G = \frac{\sum_i \sum_j w_i w_j |x_i - x_j|}{2 W^2 \mu}

    Parameters
    ----------
    values : array or Series of float
        Of each township, demand point or person; 0 or more.
    weights : array or Series of float, optional
        People behind each value; all the same by default.

    Returns
    -------
    float
        0 where all have the same; 1 − 1/n where one of n people has all. NaN where nobody has
        anything.

    References
    ----------
    Gini, C. (1914), in the weighted form of Lerman, R. I. and Yitzhaki, S. (1989). Improving the
    accuracy of estimates of Gini coefficients. Journal of Econometrics 42 (1), 43-47.

    Examples
    --------
    >>> gini([0, 0, 0, 1])
    0.75
    """
    value, weight = weighed(values, weights)
    order = np.argsort(value, kind="stable")
    value, weight = value[order], weight[order] / weight.sum()
    mean = float(weight @ value)
    if mean == 0:
        return float("nan")
    rank = np.cumsum(weight) - weight / 2
    return max(float(2.0 * (weight * value) @ rank / mean) - 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Theil:
    """Theil's index, and its parts within and between groups.

    Parameters
    ----------
    total : float
        The index.
    within, between : float
        Its parts; they sum to the whole.
    groups : DataFrame
        Index ``group``; ``people_share``, ``value_share``, ``theil`` (index inside the group; NaN
        where nobody has anything) and ``contribution`` (to the part within).
    """

    total: float
    within: float
    between: float
    groups: pd.DataFrame = field(repr=False)


def theil(
    values: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None = None,
    groups: Sequence[Any] | pd.Series | None = None,
) -> Theil:
    r"""Return Theil's index T, and how much of it lies between groups, such as counties.

    .. math::
        T = \sum_i \frac{w_i x_i}{W \mu} \ln \frac{x_i}{\mu}
          = \underbrace{\sum_g s_g T_g}_{\text{within}}
          + \underbrace{\sum_g s_g \ln \frac{s_g}{p_g}}_{\text{between}}

    where :math:`s_g` is the share of a group in all values and :math:`p_g` that in all people. Who
    has nothing adds nothing (:math:`0 \ln 0 = 0`).

    Parameters
    ----------
    values, weights
        As for :func:`gini`.
    groups : sequence, optional
        Group of each value, such as its county; one group by default.

    Returns
    -------
    Theil
        0 where all have the same; at most the logarithm of the number of people.

    Raises
    ------
    ValueError
        There is not one group for each value, Series do not have the same index, or as for
        :func:`gini`.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory. Amsterdam: North-Holland; decomposition
    after Shorrocks, A. F. (1980). The class of additively decomposable inequality measures.
    Econometrica 48 (3), 613-625.

    Examples
    --------
    >>> found = theil([1, 1, 3, 3], groups=["a", "a", "b", "b"])
    >>> round(found.total, 4), found.within, round(found.between, 4)
    (0.1308, 0.0, 0.1308)
    """
    same_index(values=values, weights=weights, groups=groups)
    value, weight = weighed(values, weights)
    names = np.zeros(len(value), int) if groups is None else np.asarray(groups, dtype=object)
    if len(names) != len(value) or pd.isna(names).any():
        raise ValueError("there must be one group for each value")
    code, groups_found = pd.factorize(names, sort=True)
    people = np.bincount(code, weight)
    amount = np.bincount(code, weight * value)
    people_share = people / people.sum()
    whole = float(amount.sum())
    value_share = amount / whole if whole > 0 else np.full(len(amount), np.nan)
    group_mean = np.divide(amount, people, out=np.zeros(len(people)), where=people > 0)
    inside = np.zeros(len(people))
    relative = value / np.where(group_mean > 0, group_mean, 1.0)[code]
    np.add.at(inside, code, weight * _times_log(relative))
    inside = np.divide(inside, people, out=np.zeros(len(people)), where=people > 0)
    inside = np.where(group_mean > 0, inside, np.nan)
    contribution = np.where(value_share > 0, value_share * inside, 0.0 * value_share)
    relative = value_share / np.where(people_share > 0, people_share, 1.0)
    within = float(contribution.sum())
    between = float((people_share * _times_log(relative)).sum())
    table = pd.DataFrame(
        {
            "people_share": people_share,
            "value_share": value_share,
            "theil": inside,
            "contribution": contribution,
        },
        index=pd.Index(groups_found, name="group"),
    )
    return Theil(within + between, within, between, table)


def lorenz(
    values: ArrayLike | pd.Series, weights: ArrayLike | pd.Series | None = None
) -> tuple[Floats, Floats]:
    """Return the Lorenz curve: shares of people, least first, and of the values they have.

    Both start at 0 and end at 1. Between its points the curve is straight: people with the same
    value may be split at any border. NaN where nobody has anything.
    """
    value, weight = weighed(values, weights)
    order = np.argsort(value, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(weight[order])])
    amount = np.concatenate([[0.0], np.cumsum((weight * value)[order])])
    if amount[-1] == 0:
        return people / people[-1], np.full(len(amount), np.nan)
    return people / people[-1], amount / amount[-1]


def palma(
    values: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None = None,
    *,
    better: Better,
) -> float:
    """Return Palma's ratio: the share of the best-off tenth by that of the worst-off 40 %.

    Parameters
    ----------
    values, weights
        As for :func:`gini`. Where a border falls into a township, its people are split.
    better : {"more", "less"}
        Whether the best-off are those with the largest values (places) or the smallest (minutes).

    Returns
    -------
    float
        0.25 where all have the same. Of what is good (``more``) it rises with inequality: 1 says
        that a tenth has as much as the worst-off 40 % together. Of a burden (``less``) it falls:
        0.05 says that the nearest tenth travels a twentieth of the minutes of the farthest 40 %.
        NaN where the worst-off have nothing.

    References
    ----------
    Palma, J. G. (2011). Homogeneous middles vs. heterogeneous tails, and the end of the
    "inverted-U". Development and Change 42 (1), 87-153; Cobham, A. and Sumner, A. (2013). Is it
    all about the tails? The Palma measure of income inequality. CGD Working Paper 343.

    Examples
    --------
    >>> palma([1, 1, 1, 1, 1, 1, 1, 1, 1, 4], better="more")
    1.0
    """
    if better not in ("more", "less"):
        raise ValueError(f"better must be 'more' or 'less', not {better!r}")
    people, amount = lorenz(values, weights)

    def up_to(share: float) -> float:
        return float(np.interp(share, people, amount))

    if better == "more":
        best, worst = 1.0 - up_to(1.0 - _TENTH), up_to(_FORTY)
    else:
        best, worst = up_to(_TENTH), 1.0 - up_to(1.0 - _FORTY)
    return best / worst if worst > 0 else float("nan")


def _times_log(relative: Floats) -> Floats:
    """Return x ln x, 0 at 0."""
    return np.asarray(relative * np.log(np.where(relative > 0, relative, 1.0)))


def _floats(values: ArrayLike | pd.Series) -> Floats:
    if isinstance(values, pd.Series):
        return np.asarray(values.astype("Float64").to_numpy(float, na_value=np.nan), float)
    return np.asarray(values, dtype=float)
