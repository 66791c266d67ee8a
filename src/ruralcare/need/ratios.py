"""What cohorts did between two registers, for every township, and how far that can be trusted.

A ratio of few people says little. So the ratio of a township leans on that of its county, the
county's on that of all townships and these on the nation: the mean of a gamma distribution that
starts from the area above and learns from the counts (Poisson–gamma, as in the empirical Bayes
mapping of rates: Clayton and Kaldor 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ruralcare.need.cohorts import CLOSED, FLOOR, OLDEST, Ages, carried, closed_groups, month
from ruralcare.scenario import ForecastSettings
from ruralcare.types import AGE_GROUPS
from ruralcare.units import months_from_years, years_from_months

__all__ = [
    "Base",
    "Fit",
    "child_ratios",
    "fit",
    "group_sums",
    "nation_losses",
    "national_fit",
    "oldest_loss",
]

Array = NDArray[np.float64]

_FIVE_YEARS = months_from_years(5)
_TEN_YEARS = months_from_years(10)
_LEAN_OLD = 10  # the group 50-54
MOTHERS: Final = slice(4, 8)
"""Groups from 20 to 39, as in the extinction index: nearly all mothers of the newborn."""


@dataclass(frozen=True)
class Base:
    """People of two dates: arrays (townships, sexes, 21), and the dates in months."""

    before: Array
    after: Array
    start: int
    end: int

    @property
    def span(self) -> int:
        """Months between the dates."""
        return self.end - self.start


@dataclass(frozen=True)
class Posterior:
    """Ratios of cohorts, and the people on whom they rest, those leant on included."""

    mean: Array
    people: Array


@dataclass(frozen=True, eq=False)
class Fit:
    """Losses of cohorts over a span, as differences from the area above.

    Parameters
    ----------
    span : int
        Months.
    middle : float
        Middle of the span, in months.
    county : array (counties, sexes, groups)
        Loss of each closed cohort of a county against the nation.
    township : array (townships, sexes, groups)
        Loss of a township against its county.
    nation : array (sexes, 21)
        Five-year losses of the nation, for the sexes that were measured.
    oldest_county, oldest_township : array (…, sexes)
        Loss of those who are 100 and over at the end: of a county, and of a township against it.
    ratios : Posterior
        Ratios of the townships: (townships, sexes, groups).
    oldest : Posterior
        Ratios of their oldest: (townships, sexes).
    above, oldest_above : array
        The ratios of the county, for every township.
    reach : float
        How many times larger or smaller than these a ratio can be.
    spread : float
        Variance of what became of a cohort, per person before.
    """

    span: int
    middle: float
    county: Array
    township: Array
    nation: Array
    oldest_county: Array
    oldest_township: Array
    ratios: Posterior
    oldest: Posterior
    above: Array
    oldest_above: Array
    reach: float
    spread: float

    @property
    def years(self) -> float:
        """Length of the span."""
        return years_from_months(float(self.span))


def nation_losses(sexes: Sequence[str], settings: ForecastSettings) -> Array:
    """Return five-year losses of the nation: (sexes, 21)."""
    tables = {sex: getattr(settings.national, sex) for sex in sexes}
    return np.array([[-np.log(tables[sex][group]) for group in AGE_GROUPS] for sex in sexes])


def group_sums(values: Array, groups: NDArray[np.int64], count: int) -> Array:
    """Return sums over townships of the same county: (counties, …)."""
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, groups, values)
    return sums


def oldest_loss(persons: Array, ahead: int, date: int, ages: Ages, nation: Array) -> Array:
    """Return the loss of those who would be 100 and over ``ahead`` months later, in the nation.

    Parameters
    ----------
    persons : array (sexes, 21)
        People at the date, whose mixture of ages counts.
    nation : array (sexes, 21)
        Five-year losses of the nation.

    Returns
    -------
    array (sexes,)
        The people of ``nation`` where ``persons`` has nobody so old.
    """
    there = ages.oldest(ahead, date)
    living = np.stack([ages.oldest(ahead, date, losses) for losses in nation])
    # A trace of the oldest keeps an empty area from dividing nothing by nothing.
    trace = np.append(np.zeros(CLOSED), FLOOR)
    return np.asarray(
        np.log(((persons + trace) * there).sum(axis=1) / ((persons + trace) * living).sum(axis=1))
    )


def chance(span: float, settings: ForecastSettings) -> float:
    """Return the variance of what becomes of a person in some months: come, gone or dead."""
    return min(settings.turnover_per_year * years_from_months(float(span)), 1.0)


def splitting(span: int) -> float:
    """Return the variance, per person, of telling cohorts apart inside age groups.

    Which part of a group of a few people belongs to the cohort is not known where the span is no
    multiple of five years: at both ends a binomial share of a group is cut off.
    """
    part = (span % _FIVE_YEARS) / _FIVE_YEARS
    return 2 * part * (1 - part)


def _lean(span: int, settings: ForecastSettings) -> Array:
    """Return the people who are leant on, for every group."""
    young = np.arange(OLDEST + 1) < _LEAN_OLD
    years = np.where(young, settings.smoothing_young, settings.smoothing_old)
    return np.asarray(years / years_from_months(float(span)))


def _leaning(start: Array, end: Array, above: Array, lean: Array, reach: float) -> Posterior:
    """Return ratios that lean on those of the area above, within bounds about them."""
    weight = start + lean
    known = weight > 0
    ratio = np.where(known, (end + lean * above) / np.where(known, weight, 1.0), above)
    ratio = np.clip(ratio, above / reach, above * reach)
    return Posterior(np.maximum(ratio, FLOOR), np.where(known, weight, 0.0))


def fit(
    base: Base,
    counties: NDArray[np.int64],
    ages: Ages,
    nation: Array,
    settings: ForecastSettings,
) -> Fit:
    """Measure what the cohorts of townships and counties lost between two registers.

    Only townships that have people in both count; others take the ratios of their county, and
    counties without any take those of all townships. So a township that was divided between the
    registers must be given with the areas of one date.

    Parameters
    ----------
    base : Base
        People of both dates.
    counties : array of int (townships,)
        County of each township, counted from 0.
    nation : array (sexes, 21)
        Five-year losses of the nation, for the sexes of ``base``.
    """
    span, count = base.span, closed_groups(base.span)
    spread = chance(span, settings) + splitting(span)
    lean = _lean(span, settings) * spread / chance(span, settings)
    reach = settings.ratio_bound ** (span / _TEN_YEARS)
    most = int(counties.max()) + 1
    # A township that one register lacks says nothing, of itself or of its county: else its people
    # would have come from nowhere, or gone there.
    there = (base.before.sum(axis=(1, 2)) > 0) & (base.after.sum(axis=(1, 2)) > 0)
    before, after = base.before * there[:, None, None], base.after * there[:, None, None]
    start = before[..., :count]
    end = after[..., :CLOSED] @ ages.before(span, base.end).T
    old_start = before @ ages.oldest(span, base.start)
    old_end = after[..., OLDEST]
    nation_loss = nation[:, :CLOSED] @ carried(_FIVE_YEARS, span, count=CLOSED).T[:, :count]
    nation_old = oldest_loss(before.sum(axis=0), span, base.start, ages, nation)

    def levels(
        start: Array, end: Array, loss: Array, lean: Array
    ) -> tuple[Array, Posterior, Array]:
        whole = _leaning(start.sum(axis=0), end.sum(axis=0), np.exp(-loss), lean, reach)
        one, other = group_sums(start, counties, most), group_sums(end, counties, most)
        county = _leaning(one, other, whole.mean, lean, reach).mean
        above = county[counties]
        return -np.log(county), _leaning(start, end, above, lean, reach), above

    county, ratios, above = levels(start, end, nation_loss, lean[:count])
    oldest_county, oldest, old_above = levels(old_start, old_end, nation_old, lean[OLDEST])
    return Fit(
        span,
        (base.start + base.end) / 2,
        county - nation_loss,
        np.log(above / ratios.mean),
        nation,
        oldest_county,
        np.log(old_above / oldest.mean),
        ratios,
        oldest,
        above,
        old_above,
        reach,
        spread,
    )


def national_fit(
    base: Array,
    end: int,
    counties: NDArray[np.int64],
    ages: Ages,
    nation: Array,
    settings: ForecastSettings,
) -> Fit:
    """Return the fit of a single register: every township goes the way of the nation.

    Nothing was counted, so all that is known of a township is that it is one of many: its ratios
    over ten years are drawn as those of townships in which nobody was watched.
    """
    span = _TEN_YEARS
    townships, sexes, _ = base.shape
    lean = _lean(span, settings)
    loss = nation[:, :CLOSED] @ carried(_FIVE_YEARS, span, count=CLOSED).T
    old = oldest_loss(base.sum(axis=0), span, end, ages, nation)
    ratios = np.broadcast_to(np.exp(-loss), (townships, *loss.shape))
    oldest = np.broadcast_to(np.exp(-old), (townships, sexes))
    none = np.zeros((1, *loss.shape))
    return Fit(
        span,
        (month(settings.national_from) + month(settings.national_to)) / 2,
        none,
        none,
        nation,
        np.broadcast_to(old, (int(counties.max()) + 1, sexes)),
        np.zeros((1, sexes)),
        Posterior(ratios, np.broadcast_to(lean[:CLOSED], ratios.shape)),
        Posterior(oldest, np.full(oldest.shape, lean[OLDEST])),
        ratios,
        oldest,
        settings.ratio_bound,
        chance(span, settings),
    )


def child_ratios(
    persons: Array, mothers: int | None, counties: NDArray[np.int64], settings: ForecastSettings
) -> tuple[Array, Array]:
    """Return children below five per woman from 20 to 39, by township and by county.

    Without sexes, per person of these ages.

    Parameters
    ----------
    persons : array (townships, sexes, 21)
        People of the last register.
    mothers : int or None
        Place of women among the sexes.

    Returns
    -------
    array (townships,), array (counties,)
        The ratio of a township leans on its county's, and that on all townships'.
    """
    most = int(counties.max()) + 1
    lean = settings.smoothing_young / years_from_months(float(_FIVE_YEARS))
    children = persons[..., 0].sum(axis=1)
    women = (persons.sum(axis=1) if mothers is None else persons[:, mothers])[:, MOTHERS].sum(
        axis=1
    )

    def leaning(women: Array, children: Array, above: Array | float, lean: float) -> Array:
        weight = women + lean
        known = weight > 0
        ratio = (children + lean * above) / np.where(known, weight, 1.0)
        return np.asarray(np.where(known, ratio, above))

    whole = leaning(women.sum(), children.sum(), 0.0, 0.0)
    sums = group_sums(women, counties, most), group_sums(children, counties, most)
    county = leaning(*sums, whole, lean)
    return leaning(women, children, county[counties], lean), county
