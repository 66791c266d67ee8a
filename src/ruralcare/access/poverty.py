r"""Poverty of access: how many miss the standard, by how much, and how badly.

The family of Foster, Greer and Thorbecke, which measures poverty of income against a line, with the
service standard as the line.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ruralcare.access.inequality import Better, weighed

__all__ = ["fgt"]

Floats = NDArray[np.float64]


def fgt(
    values: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None = None,
    *,
    standard: float,
    alpha: float,
    better: Better = "less",
    nothing: float | None = None,
) -> float:
    r"""Return the poverty of access after Foster, Greer and Thorbecke.

    .. math:: P_\alpha = \frac{1}{W} \sum_{x_i > z} w_i \left(\frac{x_i - z}{z}\right)^\alpha

    for minutes :math:`x` and the standard :math:`z`; for places per person
    (``better="more"``) those below the standard count, with :math:`(z - x_i) / z`.

    Parameters
    ----------
    values, weights
        As for :func:`ruralcare.access.gini`.
    standard : float
        :math:`z`, above 0. Who has exactly the standard meets it.
    alpha : float
        0: share of people who miss the standard (head count); 1: by how much, on the average over
        everybody, as a share of the standard (gap); 2: the same squared, so that who misses it by
        far weighs more (severity).
    better : {"less", "more"}
        Whether small values are good (minutes) or large ones (places).
    nothing : float, optional
        Value of those who have none. People who reach nothing within the cutoff of the travel
        times count with the cutoff: the least that is known of them, so that gap and severity are
        the least that they can be. The head count is exact: who has none misses the standard, even
        where it equals the cutoff.

    Returns
    -------
    float
        Of places, between 0 and 1. Of minutes, gap and severity exceed 1 where people travel more
        than twice the standard.

    Raises
    ------
    ValueError
        The standard is not above 0, alpha is below 0, or values are missing and ``nothing`` is
        not given.

    References
    ----------
    Foster, J., Greer, J. and Thorbecke, E. (1984). A class of decomposable poverty measures.
    Econometrica 52 (3), 761-766.

    Examples
    --------
    >>> fgt([10, 20, 45, None], standard=30, alpha=1, nothing=60)
    0.375
    """
    if not (np.isfinite(standard) and standard > 0):
        raise ValueError(f"the standard must be above 0, not {standard}")
    if not (np.isfinite(alpha) and alpha >= 0):
        raise ValueError(f"alpha must be 0 or more, not {alpha}")
    if better not in ("more", "less"):
        raise ValueError(f"better must be 'more' or 'less', not {better!r}")
    missed: NDArray[np.bool_] | bool = False
    if nothing is not None:
        given = pd.Series(values).astype("Float64")
        missed, filled = given.isna().to_numpy(bool), given.fillna(nothing)
        # A Series stays one, so that weights of another order are found out.
        values = filled if isinstance(values, pd.Series) else filled.to_numpy(float)
    value, weight = weighed(values, weights)
    gap = (value - standard if better == "less" else standard - value) / standard
    poor = (gap > 0) | missed
    depth = np.maximum(gap[poor], 0.0) ** alpha
    return float(weight[poor] @ depth / weight.sum())
