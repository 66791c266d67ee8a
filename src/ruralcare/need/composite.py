"""A composite index of depopulation in the spirit of 인구감소지수: an approximation.

The ministry publishes the eight indicators of its index, but neither their weights nor how they are
normalised (nor the ranks of the counties). What is computed here is therefore not that index, and
every text that shows it must say so (:func:`composite_note`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.scenario import NeedSettings
from ruralcare.scenario.needs import CompositeIndicator

__all__ = [
    "COMPOSITE_INDICATORS",
    "composite",
    "composite_note",
    "composite_scores",
    "composite_sensitivity",
    "figures_of",
    "given_or_raise",
]

COMPOSITE_INDICATORS: Final[tuple[CompositeIndicator, ...]] = get_args(CompositeIndicator)
"""Columns of the indicators that the composite is made of, in the order of the ministry's list."""

# Where more of an indicator means more depopulation; of all others less does.
_WORSE_IF_HIGH: Final = frozenset({"share_65plus"})
_LEAST_KNOWN: Final = 3
_LEAST_AREAS: Final = 2
# Range of ranks that is told, and the part that counts as worst.
_LOW, _HIGH, _WORST = 0.1, 0.9, 0.25
# Tells these random numbers from others of the same seed (need/draws.py 1, need/forecast.py 2).
_STREAM: Final = 3
_FIGURES: Final = (
    "youth_net_migration_share",
    "daytime_per_resident",
    "births_per_1000",
    "fiscal_independence_share",
)


def composite_scores(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return each indicator as the place of an area among all areas, 0 to 1, worst highest.

    The place is the mid-rank (rank − ½) / n among the areas for which the indicator is known: it
    has no unit, a few cities with a density a hundred times as high do not outweigh everybody
    else, and equal values get equal scores.

    Parameters
    ----------
    indicators : DataFrame
        A row for each area; :data:`COMPOSITE_INDICATORS` as far as they are there.

    Returns
    -------
    DataFrame
        Index as given, a column for each of :data:`COMPOSITE_INDICATORS`; ``NA`` where an
        indicator is not known, or known for a single area, which cannot be compared.
    """
    scores = {}
    for name in COMPOSITE_INDICATORS:
        score = np.full(len(indicators), np.nan)
        if name in indicators:
            column = indicators[name].astype("Float64")
            values: NDArray[np.float64] = np.array(column.to_numpy(float, na_value=np.nan))
            values = values if name in _WORSE_IF_HIGH else -values
            known = ~np.isnan(values)
            if known.sum() >= _LEAST_AREAS:
                score[known] = (_mid_ranks(values[known]) - 0.5) / known.sum()
        scores[name] = _nullable(score)
    return pd.DataFrame(scores, index=indicators.index)


def composite(
    indicators: pd.DataFrame, weights: Mapping[CompositeIndicator, float] | None = None
) -> pd.DataFrame:
    """Return the composite index: the weighted mean of the scores that are known.

    Parameters
    ----------
    indicators : DataFrame
        As for :func:`composite_scores`.
    weights : mapping, optional
        Weight of each indicator; 1 where none is given. One with weight 0 does not count as
        known.

    Returns
    -------
    DataFrame
        Index as given: ``composite_index`` (0 to 1, higher is worse, about ½ in the middle;
        ``NA`` where fewer than three indicators are known) and ``composite_known`` (how many of
        the eight went in). The index compares the areas of one table, and no area with itself at
        another date or in another table.
    """
    scores, weight = _arrays(indicators, weights)
    counted = ~np.isnan(scores) & (weight > 0)
    known = counted.sum(axis=1)
    # Row by row, so that the last digit does not hang on the other rows.
    total = (counted * weight).sum(axis=1)
    index = np.full(len(scores), np.nan)
    enough = known >= _LEAST_KNOWN
    parts = (np.where(counted, scores, 0.0) * weight).sum(axis=1)
    np.divide(parts, total, out=index, where=enough)
    return pd.DataFrame(
        {"composite_index": _nullable(index), "composite_known": pd.array(known, dtype="Int64")},
        index=indicators.index,
    )


def composite_sensitivity(
    indicators: pd.DataFrame,
    weights: Mapping[CompositeIndicator, float] | None = None,
    *,
    samples: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """Return how much the ranks by the composite index depend on its weights.

    Weights are drawn from a Dirichlet distribution around the given ones: with equal weights every
    mixture of the indicators is as likely as any other.

    Parameters
    ----------
    indicators : DataFrame
        As for :func:`composite_scores`.
    weights : mapping, optional
        As for :func:`composite`; parameters of the distribution, scaled to a mean of 1.
    samples : int
        How often weights are drawn.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    DataFrame
        Index as given: ``composite_index``; ``rank`` (1 is worst, equal areas share their mean
        rank), ``rank_low`` and ``rank_high`` (10 and 90 % of the samples), ``worst_quarter_share``
        (share of the samples in which the area is in the worst quarter of those ranked). ``NA``
        where there is no index.

    References
    ----------
    Saisana, Saltelli, Tarantola (2005). Uncertainty and sensitivity analysis techniques as tools
    for the quality assessment of composite indicators. J. R. Stat. Soc. A 168, 307–323.
    """
    if samples < 1:
        raise ValueError("at least one sample is needed")
    table = composite(indicators, weights)[["composite_index"]]
    ranked = table["composite_index"].notna().to_numpy()
    columns = ("rank", "rank_low", "rank_high", "worst_quarter_share")
    result = {name: np.full(len(table), np.nan) for name in columns}
    if ranked.any():
        scores, weight = _arrays(indicators, weights)
        scores = scores[ranked]
        positive = weight > 0
        # An indicator that no area has would only thin out the others.
        positive &= ~np.isnan(scores).all(axis=0)
        scores, weight = scores[:, positive], weight[positive]
        drawn = np.random.default_rng([_STREAM, seed]).dirichlet(
            weight / weight.mean(), size=samples
        )
        ranks = _ranks(_weighted(scores, drawn))
        worst = (ranks - 0.5) / len(scores) < _WORST
        index = table.loc[ranked, "composite_index"].to_numpy(dtype=float)
        result["rank"][ranked] = _ranks(index[:, None])[:, 0]
        low, high = np.quantile(ranks, [_LOW, _HIGH], axis=1, method="inverted_cdf")
        result["rank_low"][ranked], result["rank_high"][ranked] = low, high
        result["worst_quarter_share"][ranked] = worst.mean(axis=1)
    for name, values in result.items():
        table[name] = _nullable(values)
    return table


def composite_note(indicators: pd.DataFrame) -> Message | None:
    """Return what must be said wherever the composite is shown; None where there is none."""
    known = indicators.loc[indicators["composite_index"].notna(), "composite_known"]
    if known.empty:
        return None
    if int(known.min()) == int(known.max()):
        count = str(int(known.max()))
    else:
        count = f"{int(known.min())}–{int(known.max())}"
    return Message(
        "The composite index of depopulation is an approximation in the spirit of 인구감소지수, "
        "whose weights and normalisation are not published. It rests on {count} of 8 indicators "
        "and compares only the areas of this run with each other.",
        count=count,
    )


def figures_of(
    home: pd.Series, population: pd.Series, figures: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the indicators that come from figures and not from registers.

    Parameters
    ----------
    home : Series
        ``sigungu_id`` of each township.
    population : Series
        People of each township.
    figures : DataFrame, optional
        As :func:`ruralcare.inputs.read_indicators` gives them. Without ``daytime_area`` the people
        by day are those of the township itself.

    Returns
    -------
    DataFrame
        Index of ``home``; ``daytime_per_resident`` is the people by day for each registered
        resident of the area that they are told for, so that figures of counties and of townships
        can stand side by side.
    """
    frame = pd.DataFrame(index=home.index)
    given = pd.DataFrame(index=home.index) if figures is None else figures.reindex(home.index)
    for name in _FIGURES:
        if name == "daytime_per_resident":
            frame[name] = _per_resident(home, population, given)
        elif name in given:
            frame[name] = given[name].astype("Float64")
        else:
            frame[name] = pd.array([pd.NA] * len(frame), dtype="Float64")
    return frame


def given_or_raise(settings: NeedSettings, figures: pd.DataFrame | None) -> None:
    """Raise unless the figures have what the files named in the settings hold.

    Raises
    ------
    ValueError
        Something is named that nobody has read.
    """
    has = frozenset() if figures is None else frozenset(figures.columns)
    for key, column in (("indicators_file", "births_per_1000"), ("designated_file", "designated")):
        if getattr(settings, key) is not None and column not in has:
            raise ValueError(f"need.{key} is set: pass what inputs.read_indicators reads from it")


def _per_resident(home: pd.Series, population: pd.Series, given: pd.DataFrame) -> pd.Series:
    if "daytime_population" not in given:
        return pd.Series(pd.NA, index=home.index, dtype="Float64")
    persons = population.astype("Float64")
    own = pd.Series(home.index.astype(str), index=home.index)
    area = given["daytime_area"].fillna(own) if "daytime_area" in given else own
    by_county = persons.groupby(home).sum(min_count=1)
    shared = {
        name: by_county.reindex(name.split("+")).sum(skipna=False)
        for name in set(area[area != own])
    }
    residents = persons.where(area == own, area.map(shared)).astype("Float64")
    daytime = given["daytime_population"].astype("Float64")
    return (daytime / residents.where(residents > 0)).astype("Float64")


def _arrays(
    indicators: pd.DataFrame, weights: Mapping[CompositeIndicator, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scores = composite_scores(indicators).to_numpy(dtype=float, na_value=np.nan)
    given = weights or {}
    return scores, np.array([given.get(name, 1.0) for name in COMPOSITE_INDICATORS], dtype=float)


def _weighted(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return means over the known scores: areas × samples of weights."""
    known = ~np.isnan(scores)
    total = known.astype(float) @ weights.T
    mean = np.full(total.shape, np.nan)
    np.divide(np.where(known, scores, 0.0) @ weights.T, total, out=mean, where=total > 0)
    return mean


def _ranks(index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each area in each sample, 1 for the highest index; equal ones share."""
    # Sums in another order differ in their last digits and are equal all the same.
    return np.column_stack([_mid_ranks(column) for column in -np.round(index, 12).T])


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place of each value from the smallest, 1; equal ones share their mean place."""
    # scipy.stats has this, but takes a second to import.
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    shared: NDArray[np.float64] = np.cumsum(count) - (count - 1) / 2
    return shared[place]


def _nullable(values: NDArray[np.float64]) -> pd.api.extensions.ExtensionArray:
    return pd.array(values, dtype="Float64")
