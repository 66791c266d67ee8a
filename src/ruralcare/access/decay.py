"""How much a place counts that is some minutes away: functions made by functions.

Each factory returns a function from minutes to a weight. The weight is 1 at 0 minutes, never rises
and lies between 0 and 1. Parameters are minutes; one that makes no sense is a ``ValueError``, and
so are times that are negative or missing. Measures take any function of this kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

__all__ = [
    "Decay",
    "binary",
    "exponential",
    "gaussian",
    "linear",
    "logistic",
    "power",
    "stepwise",
]

Decay = Callable[[ArrayLike], NDArray[np.float64]]
"""A function from minutes to the weight of a place so far away."""


def binary(cutoff_min: float) -> Decay:
    r"""Return a decay that counts every place within the cutoff in full, and no other.

    .. math:: f(t) = 1, \quad t \le t_0

    References
    ----------
    Luo, W. and Wang, F. (2003). Measures of spatial accessibility to health care in a GIS
    environment. Environment and Planning B 30 (6), 865-884.

    Examples
    --------
    >>> binary(30)([0, 30, 31]).tolist()
    [1.0, 1.0, 0.0]
    """
    _positive("cutoff", cutoff_min, finite=False)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        return (_minutes(time_min) <= cutoff_min).astype(float)

    return decay


def stepwise(breaks_min: Sequence[float], weights: Sequence[float]) -> Decay:
    r"""Return a decay that is constant in zones.

    .. math:: f(t) = w_r, \quad b_{r-1} < t \le b_r, \qquad f(t) = 0, \quad t > b_n

    Parameters
    ----------
    breaks_min : sequence of float
        Last minute of each zone, rising.
    weights : sequence of float
        Weight of each zone: the first is 1, none is larger than the one before.

    References
    ----------
    Luo, W. and Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for
    measuring spatial accessibility to primary care physicians. Health & Place 15 (4), 1100-1107.

    Examples
    --------
    >>> stepwise([10, 20, 30], [1, 0.68, 0.22])([0, 10, 10.1, 30, 31]).tolist()
    [1.0, 1.0, 0.68, 0.22, 0.0]
    """
    breaks = np.array(breaks_min, dtype=float)
    steps = np.array(weights, dtype=float)
    if breaks.ndim != 1 or breaks.shape != steps.shape or not len(breaks):
        raise ValueError("a stepwise decay needs one weight for each break, and at least one")
    if not (np.isfinite(breaks).all() and breaks[0] > 0 and (np.diff(breaks) > 0).all()):
        raise ValueError(f"the breaks must rise from above 0 minutes, not {breaks.tolist()}")
    if not (steps[0] == 1 and (np.diff(steps) <= 0).all() and steps[-1] >= 0):
        raise ValueError(f"the weights must fall from 1 and not below 0, not {steps.tolist()}")
    steps = np.append(steps, 0.0)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(steps[np.searchsorted(breaks, _minutes(time_min), side="left")])

    return decay


def gaussian(cutoff_min: float, *, sigma_min: float | None = None) -> Decay:
    r"""Return a Gaussian decay: one that reaches 0 at the cutoff, or one of a given width.

    .. math::
        f(t) = \frac{e^{-t^2/(2 t_0^2)} - e^{-1/2}}{1 - e^{-1/2}}, \quad t \le t_0
        \qquad\text{or}\qquad f(t) = e^{-t^2/(2 \sigma^2)}, \quad t \le t_0

    Parameters
    ----------
    cutoff_min : float
        A place farther away does not count; with ``sigma_min`` it may be infinite.
    sigma_min : float, optional
        Width of the bell. With it the curve is cut off at the cutoff; without it, it is lowered
        and stretched so that it ends there.

    References
    ----------
    Dai, D. (2010). Black residential segregation, disparities in spatial access to health care
    facilities, and late-stage breast cancer diagnosis in metropolitan Detroit. Health & Place
    16 (5), 1038-1052, equation 2. With a width: Kwan, M.-P. (1998). Space-time and integral
    measures of individual accessibility. Geographical Analysis 30 (3), 191-216.

    Examples
    --------
    >>> gaussian(40)([0, 40, 41]).tolist()
    [1.0, 0.0, 0.0]
    >>> gaussian(60, sigma_min=20)([0, 20, 61]).round(4).tolist()
    [1.0, 0.6065, 0.0]
    """
    _positive("cutoff", cutoff_min, finite=sigma_min is None)
    if sigma_min is not None:
        _positive("width", sigma_min)
    width = cutoff_min if sigma_min is None else sigma_min
    floor = math.exp(-0.5) if sigma_min is None else 0.0

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        time = _minutes(time_min)
        # So many widths away nothing is left, and the square cannot overflow.
        away = np.minimum(time / width, 40.0)
        weight = (np.exp(-0.5 * away**2) - floor) / (1 - floor)
        return np.where(time <= cutoff_min, np.maximum(weight, 0.0), 0.0)

    return decay


def exponential(scale_min: float, *, cutoff_min: float = math.inf) -> Decay:
    r"""Return an exponential decay.

    .. math:: f(t) = e^{-t/\beta}, \quad t \le t_0

    Parameters
    ----------
    scale_min : float
        ``β``: after so many minutes a place counts for 37 % (1/e).
    cutoff_min : float
        A place farther away does not count.

    References
    ----------
    Wilson, A. G. (1971). A family of spatial interaction models, and associated developments.
    Environment and Planning 3 (1), 1-32.

    Examples
    --------
    >>> exponential(20)([0, 20, 40]).round(4).tolist()
    [1.0, 0.3679, 0.1353]
    """
    _positive("scale", scale_min)
    _positive("cutoff", cutoff_min, finite=False)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        time = _minutes(time_min)
        return np.where(time <= cutoff_min, np.exp(-time / scale_min), 0.0)

    return decay


def logistic(middle_min: float, spread_min: float, *, cutoff_min: float = math.inf) -> Decay:
    r"""Return a logistic decay, scaled to 1 at 0 minutes.

    .. math::
        f(t) = \frac{1 + e^{-\mu\,\pi/(\sigma\sqrt 3)}}{1 + e^{(t-\mu)\,\pi/(\sigma\sqrt 3)}},
        \quad t \le t_0

    Parameters
    ----------
    middle_min : float
        ``μ``: where the curve bends; about half of the people go so far.
    spread_min : float
        ``σ``: standard deviation of how far people go.
    cutoff_min : float
        A place farther away does not count.

    References
    ----------
    Bauer, J. and Groneberg, D. A. (2016). Measuring spatial accessibility of health care
    providers: introduction of a variable distance decay function within the floating catchment
    area (FCA) method. PLoS ONE 11 (7), e0159148.

    Examples
    --------
    >>> logistic(30, 10)([0, 30, 60]).round(4).tolist()
    [1.0, 0.5022, 0.0043]
    """
    _positive("middle", middle_min)
    _positive("spread", spread_min)
    _positive("cutoff", cutoff_min, finite=False)
    slope = math.pi / (spread_min * math.sqrt(3))
    top = expit(middle_min * slope)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        time = _minutes(time_min)
        return np.where(time <= cutoff_min, expit((middle_min - time) * slope) / top, 0.0)

    return decay


def linear(cutoff_min: float) -> Decay:
    r"""Return a decay that falls evenly to 0 at the cutoff.

    .. math:: f(t) = 1 - t/t_0, \quad t \le t_0

    References
    ----------
    Schuurman, N., Bérubé, M. and Crooks, V. A. (2010). Measuring potential spatial access to
    primary health care physicians using a modified gravity model. Canadian Geographer 54 (1),
    29-45.

    Examples
    --------
    >>> linear(40)([0, 10, 40, 41]).tolist()
    [1.0, 0.75, 0.0, 0.0]
    """
    _positive("cutoff", cutoff_min)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        return np.maximum(1.0 - _minutes(time_min) / cutoff_min, 0.0)

    return decay


def power(exponent: float, *, from_min: float = 1.0, cutoff_min: float = math.inf) -> Decay:
    r"""Return the decay of the gravity model of old: a power of the time.

    .. math:: f(t) = \min\left(1, (t/t_1)^{-\alpha}\right), \quad t \le t_0

    Parameters
    ----------
    exponent : float
        ``α``, above 0.
    from_min : float
        ``t_1``: nearer places count in full; without it, a place next door would count infinitely.
    cutoff_min : float
        A place farther away does not count.

    References
    ----------
    Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of
    Planners 25 (2), 73-76.

    Examples
    --------
    >>> power(2, from_min=5)([0, 5, 10, 50]).tolist()
    [1.0, 1.0, 0.25, 0.01]
    """
    if not (exponent > 0 and math.isfinite(exponent)):
        raise ValueError(f"the exponent must be a number above 0, not {exponent}")
    _positive("time to decay from", from_min)
    _positive("cutoff", cutoff_min, finite=False)

    def decay(time_min: ArrayLike) -> NDArray[np.float64]:
        time = _minutes(time_min)
        weight = (np.maximum(time, from_min) / from_min) ** -exponent
        return np.where(time <= cutoff_min, weight, 0.0)

    return decay


def _positive(name: str, minutes: float, *, finite: bool = True) -> None:
    if not minutes > 0 or (finite and not math.isfinite(minutes)):
        kind = "finite and " if finite and minutes > 0 else ""
        raise ValueError(f"the {name} must be {kind}above 0 minutes, not {minutes}")


def _minutes(time_min: ArrayLike) -> NDArray[np.float64]:
    time = np.asarray(time_min, dtype=float)
    # Written so that NaN breaks it too.
    if not (time >= 0).all():
        raise ValueError("times must be 0 minutes or more, and none may be missing")
    return time
