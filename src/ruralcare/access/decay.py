"""How much a place counts that is some minutes away: functions made by functions.

Each factory returns a function from minutes to a weight between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Decay", "binary", "gaussian"]

Decay = Callable[[ArrayLike], NDArray[np.float64]]


def binary(cutoff_min: float) -> Decay:
    """Return a decay that counts every place within the cutoff in full, and no other.

    Examples
    --------
    >>> binary(30)([0, 30, 31]).tolist()
    [1.0, 1.0, 0.0]
    """
    _positive(cutoff_min)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        return (np.asarray(time_min, dtype=float) <= cutoff_min).astype(float)

    return decay


def gaussian(cutoff_min: float) -> Decay:
    r"""Return the Gaussian decay that reaches 0 at the cutoff.

    .. math:: f(t) = \frac{e^{-t^2/(2 t_0^2)} - e^{-1/2}}{1 - e^{-1/2}}, \quad t \le t_0

    References
    ----------
    Dai, D. (2010). Black residential segregation, disparities in spatial access to health care
    facilities, and late-stage breast cancer diagnosis in metropolitan Detroit. Health & Place
    16 (5), 1038-1052, equation 2.

    Examples
    --------
    >>> gaussian(40)([0, 40, 41]).tolist()
    [1.0, 0.0, 0.0]
    """
    _positive(cutoff_min)
    floor = np.exp(-0.5)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        time = np.asarray(time_min, dtype=float)
        weight = (np.exp(-0.5 * (time / cutoff_min) ** 2) - floor) / (1 - floor)
        return np.where(time <= cutoff_min, np.maximum(weight, 0.0), 0.0)

    return decay


def _positive(cutoff_min: float) -> None:
    if not cutoff_min > 0:
        raise ValueError(f"the cutoff must be above 0 minutes, not {cutoff_min}")
