"""What the townships come to: people, ageing and the extinction index in every year of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.need.depopulation import extinction_class
from ruralcare.need.forecast import Forecast
from ruralcare.types import AGE_GROUPS, age_from

__all__ = ["Drawn", "draw_sums", "outlook"]

Array = NDArray[Any]

FIGURES: Final = ("population", "population_65plus", "share_65plus", "extinction_index")
_BAND: Final = (0.1, 0.9)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What bands are made of: sums over the futures that were drawn.

    Parameters
    ----------
    sums : array (samples, 3, years, townships)
        Everybody, those of 65 and over, women from 20 to 39; in single precision.
    weighted : array (samples, years, townships), optional
        People times weights by sex and age.
    """

    sums: Array
    weighted: Array | None = None


def draw_sums(
    forecast: Forecast, *, samples: int, seed: int, weights: Array | None = None
) -> Drawn:
    """Draw futures once, and keep only the sums that bands need.

    Parameters
    ----------
    forecast : Forecast
        People by township, year, sex and age.
    samples : int
        Futures that are drawn. One is enough, and all that is drawn, of people who are held.
    seed : int
        Seed of these.
    weights : array (sexes, 21), optional
        Shares of people by sex and age (such as
        :func:`ruralcare.need.rates.recognition_array`) whose sum is wanted too.
    """
    if forecast.model is None:
        samples = min(samples, 1)
    shape = len(forecast.years), len(forecast.township_ids)
    sums = np.empty((samples, 3, *shape), np.float32)
    weighted = None if weights is None else np.empty((samples, *shape))
    for at, persons in enumerate(forecast.samples(samples, seed)):
        sums[at] = _sums(forecast, persons)
        if weights is not None and weighted is not None:
            weighted[at] = np.tensordot(persons, weights, axes=2)
    return Drawn(sums, weighted)


def outlook(
    forecast: Forecast, *, samples: int, seed: int, drawn: Drawn | None = None
) -> pd.DataFrame:
    """Return population, ageing and extinction index by township and year, with 80 % bands.

    Parameters
    ----------
    forecast : Forecast
        People by township, year, sex and age.
    samples : int
        Futures that are drawn for the bands; with 0 they are ``NA``.
    seed : int
        Seed of these.
    drawn : Drawn, optional
        Futures that were drawn already (:func:`draw_sums`); ``samples`` and ``seed`` are then of
        no account.

    Returns
    -------
    DataFrame
        ``township_id``, ``year``, ``population``, ``population_65plus``, ``share_65plus`` (``NA``
        where nobody lives), ``extinction_index`` (women from 20 to 39 per person of 65 and over;
        ``NA`` without sexes, or where nobody is so old), ``extinction_class``, and ``…_low`` and
        ``…_high`` of the four figures: one future in ten lies below, one above. A band always holds
        its figure; in the year of the people and before, and where people are held constant, it has
        no width. Sorted by township and year.
    """
    shown = dict(zip(FIGURES, _figures(_sums(forecast, forecast.persons)), strict=True))
    if drawn is None:
        drawn = draw_sums(forecast, samples=samples, seed=seed)
    bands = _bands(forecast, drawn)
    order = np.argsort(forecast.years)
    years = np.array(forecast.years)[order]
    frame = pd.DataFrame(
        {
            "township_id": np.repeat(np.array(forecast.township_ids, dtype=object), len(years)),
            "year": np.tile(years, len(forecast.township_ids)),
        }
    )

    def column(values: Array) -> pd.Series:
        flat = values[order].T.ravel()
        return pd.Series(pd.array(np.where(np.isnan(flat), 0.0, flat), dtype="Float64")).mask(
            np.isnan(flat)
        )

    for name in FIGURES:
        frame[name] = column(shown[name])
        if name == "extinction_index":
            frame["extinction_class"] = extinction_class(frame[name])
    for at, name in enumerate(FIGURES):
        low, high = (np.full_like(shown[name], np.nan),) * 2 if bands is None else bands[at]
        frame[f"{name}_low"] = column(np.fmin(low, shown[name]) if bands is not None else low)
        frame[f"{name}_high"] = column(np.fmax(high, shown[name]) if bands is not None else high)
    return frame


def _bands(forecast: Forecast, drawn: Drawn) -> list[tuple[Array, Array]] | None:
    """Return the ends of the band of each figure: (years, townships)."""
    if not len(drawn.sums):
        return None
    bands = []
    figures = _figures(drawn.sums.swapaxes(0, 1))
    for values in figures:
        # Futures without a figure (nobody is old) say nothing of it.
        nobody = np.isnan(values)
        if nobody.any():
            never = nobody.all(axis=0)
            ends = np.nanquantile(np.where(never, 0.0, values), _BAND, axis=0)
            low, high = np.where(never, np.nan, ends)
        else:
            low, high = np.quantile(values, _BAND, axis=0)
        bands.append((low.astype(np.float64), high.astype(np.float64)))
    # What is known has no band, not even that of single precision.
    known = [forecast.model is None or year <= forecast.years[0] for year in forecast.years]
    shown = _figures(_sums(forecast, forecast.persons))
    for (low, high), figure in zip(bands, shown, strict=True):
        low[known] = high[known] = figure[known]
    return bands


def _sums(forecast: Forecast, persons: Array) -> Array:
    """Return everybody, those from 65 on and women from 20 to 39: (3, years, townships)."""
    ages = np.array([age_from(group) for group in AGE_GROUPS])
    everybody = persons.sum(axis=(2, 3))
    old = persons[..., ages >= 65].sum(axis=(2, 3))
    if "female" in forecast.sexes:
        young = (ages >= 20) & (ages < 40)
        women = persons[:, :, forecast.sexes.index("female")][..., young].sum(axis=2)
    else:
        women = np.full_like(everybody, np.nan)
    return np.stack([everybody, old, women])


def _figures(sums: Array) -> tuple[Array, Array, Array, Array]:
    """Return the four figures; NaN where one is not known."""
    everybody, old, women = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(everybody > 0, old / everybody, np.nan)
        index = np.where(old > 0, women / old, np.nan)
    return everybody, old, share, index
