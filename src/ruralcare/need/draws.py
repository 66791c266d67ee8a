"""What is assumed, how far it may be off, and samples of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ruralcare.scenario import Spread, Uncertainty

__all__ = ["ASSUMPTIONS", "FORECAST", "LOW", "Draw", "assumptions", "draws", "factor", "shifted"]

Floats = NDArray[np.float64]

ASSUMPTIONS = ("speed", "standard", "threshold", "recognition", "use", "capacity")
"""What is varied, in the order of the random numbers."""
FORECAST = "forecast"
"""The assumption whose spread comes from the forecast itself."""
LOW = 0.1
"""Quantile that is called low; high is as far from the other end."""


@dataclass(frozen=True)
class Draw:
    """One set of factors about 1.

    Parameters
    ----------
    speed, standard, threshold, recognition, use, capacity : float
        Factor on each assumption; ``use`` is that of one service.
    """

    speed: float = 1.0
    standard: float = 1.0
    threshold: float = 1.0
    recognition: float = 1.0
    use: float = 1.0
    capacity: float = 1.0


def factor(spread: Spread, at: float | Floats) -> Floats:
    """Return the quantile of a factor.

    Examples
    --------
    >>> float(factor(Spread(distribution="uniform", spread=0.2), 0.75))
    1.1
    """
    if spread.distribution == "uniform":
        return np.asarray(1.0 + spread.spread * (2.0 * np.asarray(at) - 1.0), float)
    return np.asarray(np.exp(spread.spread * ndtri(at)), float)


def draws(
    settings: Uncertainty, services: int, samples: int, seed: int
) -> Iterator[tuple[Draw, ...]]:
    """Draw sets of factors, one for each service; only the use differs between them.

    Each factor is drawn evenly over its quantiles, one in each of ``samples`` equal parts (a Latin
    hypercube), so that few samples tell much. The numbers depend on the seed alone.

    Parameters
    ----------
    settings : Uncertainty
        The spreads.
    services : int
        Number of services.
    samples : int
        Number of samples.
    seed : int
        Seed.
    """
    # A stream of its own, apart from those of the forecast (2) and of the composite index.
    random = np.random.default_rng([1, seed])
    shared = [name for name in ASSUMPTIONS if name != "use"]
    spreads = [getattr(settings, name) for name in shared] + [settings.use] * services
    columns = [
        factor(spread, (random.permutation(samples) + random.random(samples)) / samples)
        for spread in spreads
    ]
    for row in np.array(columns).T:
        common = Draw(**{name: float(value) for name, value in zip(shared, row, strict=False)})
        yield tuple(replace(common, use=float(value)) for value in row[len(shared) :])


def shifted(settings: Uncertainty) -> Iterator[tuple[str, str, float, Draw]]:
    """Yield every assumption at its low and its high value, all others left alone.

    Yields
    ------
    tuple
        Name of the assumption, ``low`` or ``high``, the factor, the set of factors.
    """
    for name in ASSUMPTIONS:
        spread: Spread = getattr(settings, name)
        if spread.spread > 0:
            for direction, at in (("low", LOW), ("high", 1.0 - LOW)):
                value = float(factor(spread, at))
                yield name, direction, value, Draw(**{name: value})


def assumptions(settings: Uncertainty, forecast_source: str | None) -> pd.DataFrame:
    """Return what is varied, and by how much.

    Parameters
    ----------
    settings : Uncertainty
        The spreads.
    forecast_source : str, optional
        What to say of the forecast, if it is varied.

    Returns
    -------
    DataFrame
        ``assumption``, ``distribution``, ``spread``, ``low``, ``high`` (factors at the 10 % and
        90 % quantiles), ``source``. For the forecast, ``NA`` but for the source.
    """
    rows = []
    for name in ASSUMPTIONS:
        spread: Spread = getattr(settings, name)
        low, high = (float(factor(spread, at)) for at in (LOW, 1.0 - LOW))
        rows.append((name, spread.distribution, spread.spread, low, high, spread.source))
    columns = ["assumption", "distribution", "spread", "low", "high", "source"]
    frame = pd.DataFrame(rows, columns=columns).astype(
        {"spread": "Float64", "low": "Float64", "high": "Float64"}
    )
    if forecast_source is None:
        return frame
    varied = {"assumption": [FORECAST], "distribution": ["samples"], "source": [forecast_source]}
    return pd.concat([frame, pd.DataFrame(varied)], ignore_index=True)
