"""From losses of cohorts to people: the forecast itself, and samples of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ruralcare.need.cohorts import CLOSED, FLOOR, OLDEST, Ages, carried
from ruralcare.need.ratios import MOTHERS, Fit, Posterior, chance, group_sums, oldest_loss
from ruralcare.scenario import ForecastSettings
from ruralcare.units import months_from_years, years_from_months

__all__ = ["Model", "simulate"]

Array = NDArray[np.float64]

_GROUP = months_from_years(5)
_OLD = 13  # the group 65-69
# Up to the one age mortality falls in full, from the other on not at all (the taper of the
# projections model of the Continuous Mortality Investigation, CMI_2016).
_FULL_FALL_AGE = 85.0
_NO_FALL_AGE = 110.0


@dataclass(frozen=True, eq=False)
class _Step:
    """What is needed to carry people to one date."""

    ahead: int
    after: Array
    oldest: Array
    county: Array
    oldest_county: Array
    fading: tuple[Array, ...]
    parts: tuple[float, ...]

    @property
    def years(self) -> float:
        """Years from the last register."""
        return years_from_months(float(self.ahead))


@dataclass(frozen=True, eq=False)
class Model:
    """Everything that a forecast rests on.

    Parameters
    ----------
    base : array (townships, sexes, 21)
        People of the last register.
    sexes : tuple of str
        ``female`` and ``male``, or ``all``.
    end : int
        Its date, in months.
    ahead : tuple of int
        Months from it to each wanted date; 0 or less holds the people.
    counties : array of int (townships,)
        County of each township.
    ages : Ages
        How people are spread inside an age group.
    nation : array (sexes, 21)
        Five-year losses of the nation.
    fits : tuple of Fit
        What was measured between registers, or the nation's ratios.
    children : (array (townships,), array (counties,))
        Children below five per woman from 20 to 39.
    mothers : int or None
        Place of women among the sexes.
    measured : bool
        Whether ``fits`` are those of these townships.
    settings : ForecastSettings
        Parameters.
    """

    base: Array
    sexes: tuple[str, ...]
    end: int
    ahead: tuple[int, ...]
    counties: NDArray[np.int64]
    ages: Ages = field(repr=False)
    nation: Array
    fits: tuple[Fit, ...]
    children: tuple[Array, Array]
    mothers: int | None
    measured: bool
    settings: ForecastSettings = field(repr=False)

    @cached_property
    def county_base(self) -> Array:
        """People of the last register by county."""
        return group_sums(self.base, self.counties, int(self.counties.max()) + 1)

    @cached_property
    def girls(self) -> Array:
        """Share of each sex among children below five: (sexes,)."""
        children = self.base[..., 0].sum(axis=0)
        even = np.full_like(children, 1 / len(children))
        return np.asarray(children / children.sum() if children.sum() > 0 else even)

    @cached_property
    def steps(self) -> tuple[_Step, ...]:
        """Losses over each time ahead."""
        return tuple(self._step(ahead) for ahead in self.ahead)

    @cached_property
    def middle(self) -> float:
        """Middle of the time over which losses were measured, in months."""
        return float(np.average([one.middle for one in self.fits], weights=self.spans))

    @cached_property
    def spans(self) -> Array:
        """Months between each register and the next: by these, each pair counts."""
        return np.array([one.span for one in self.fits], dtype=np.float64)

    @cached_property
    def controls(self) -> tuple[tuple[Array, Array], ...]:
        """Return, by time ahead, the factor of every cell, and what is added where all are empty.

        With them, the townships of a county sum to the county, carried forward as one area.
        """
        controls = []
        fall = self.settings.improvement_per_year
        for step in self.steps:
            county = self.moved(
                step,
                self.county_base,
                self.improved(step, step.county, fall),
                self.improved(step, step.oldest_county[..., None], fall)[..., 0],
                self.children[1],
            )
            sums = group_sums(self.own(step), self.counties, len(county))
            factor = np.where(sums > 0, county / np.where(sums > 0, sums, 1.0), 0.0)
            # What no township has of its own is shared by their people.
            heads = self.base.sum(axis=(1, 2))
            total = group_sums(heads, self.counties, len(county))
            share = heads / np.where(total > 0, total, 1.0)[self.counties]
            missing = np.where(sums > 0, 0.0, county)[self.counties]
            controls.append((factor[self.counties], missing * share[:, None, None]))
        return tuple(controls)

    def persons(self) -> Array:
        """Return the forecast: (times ahead, townships, sexes, 21)."""
        return np.stack(
            [
                self.own(step) * factor + added
                for step, (factor, added) in zip(self.steps, self.controls, strict=True)
            ]
        )

    def own(self, step: _Step) -> Array:
        """Return the townships carried forward each by itself."""
        townships = tuple(one.township for one in self.fits)
        oldest = tuple(one.oldest_township for one in self.fits)
        fall = self.settings.improvement_per_year
        return self.moved(
            step, self.base, *self.losses(step, townships, oldest, fall), self.children[0]
        )

    def losses(
        self, step: _Step, townships: tuple[Array, ...], oldest: tuple[Array, ...], fall: float
    ) -> tuple[Array, Array]:
        """Return the losses of townships until a step.

        Parameters
        ----------
        townships, oldest : tuple of array
            For each fit, how townships differ from their county: (townships, sexes, groups) and
            (townships, sexes).
        fall : float
            Yearly fall of mortality.

        Returns
        -------
        array (townships, sexes, 20), array (townships, sexes)
        """
        loss = step.county[self.counties]
        old = step.oldest_county[self.counties]
        for at, matrix in enumerate(step.fading):
            loss = loss + townships[at] @ matrix.T
            old = old + oldest[at] * step.parts[at]
        return self.improved(step, loss, fall), self.improved(step, old[..., None], fall)[..., 0]

    def improved(self, step: _Step, loss: Array, fall: float) -> Array:
        """Lower losses at older ages as mortality falls; what is a gain stays.

        The last axis holds the 20 closed groups, or the oldest alone.
        """
        passed = years_from_months(self.end + step.ahead / 2 - self.middle)
        groups = np.arange(CLOSED) if loss.shape[-1] == CLOSED else np.array([OLDEST])
        first = months_from_years(self.settings.improvement_from_age) // _GROUP
        ages = years_from_months(np.asarray(_GROUP * (groups + 1.0), dtype=np.float64))
        part = np.clip((_NO_FALL_AGE - ages) / (_NO_FALL_AGE - _FULL_FALL_AGE), 0.0, 1.0)
        left = (1.0 - fall * part * (groups >= first)) ** passed
        return np.asarray(np.where(loss > 0, loss * left, loss))

    def moved(
        self, step: _Step, base: Array, loss: Array, oldest_loss: Array, children: Array
    ) -> Array:
        """Carry people of some areas to the date of a step, without any control.

        Parameters
        ----------
        base : array (areas, sexes, 21)
            People of the last register.
        loss : array (areas, sexes, 20)
            Losses of their closed groups until then.
        oldest_loss : array (areas, sexes)
            Loss of those who will be 100 and over.
        children : array (areas,)
            Children per woman.
        """
        if step.ahead <= 0:
            return base
        later = np.zeros_like(base)
        later[..., :CLOSED] = (base[..., :CLOSED] * np.exp(-loss)) @ step.after.T
        later[..., OLDEST] = (base @ step.oldest) * np.exp(-oldest_loss)
        # The unborn of today live where their mothers do, who have become older with them.
        for group in range(min(-(-step.ahead // _GROUP), CLOSED)):
            part = min(step.ahead / _GROUP - group, 1.0)
            at = slice(MOTHERS.start + group, min(MOTHERS.stop + group, CLOSED))
            women = later if self.mothers is None else later[:, self.mothers : self.mothers + 1]
            count = part * women[..., at].sum(axis=(1, 2)) * children
            later[..., group] += count[:, None] * self.girls
        return later

    def _step(self, ahead: int) -> _Step:
        parts = self.spans / self.spans.sum()
        people = self.base.sum(axis=0)
        county = self.nation[:, :CLOSED] @ carried(_GROUP, ahead, count=CLOSED).T
        oldest = oldest_loss(people, ahead, self.end, self.ages, self.nation)
        areas = len(self.county_base)
        county = np.broadcast_to(county, (areas, *county.shape))
        oldest = np.broadcast_to(oldest, (areas, *oldest.shape))
        fading = []
        for one, part in zip(self.fits, parts, strict=True):
            count = one.county.shape[-1]
            county = county + one.county @ (part * carried(one.span, ahead, count=count)).T
            mixed = people if len(one.nation) == len(people) else people.sum(axis=0, keepdims=True)
            usual = oldest_loss(mixed, one.span, self.end, self.ages, one.nation)
            oldest = oldest + (one.oldest_county - usual) * (part * ahead / one.span)
            half_life = self.settings.half_life_years
            fading.append(part * carried(one.span, ahead, half_life, count))
        return _Step(
            ahead,
            self.ages.after(ahead, self.end),
            self.ages.oldest(ahead, self.end),
            county,
            oldest,
            tuple(fading),
            tuple(
                float(part * ahead / one.span) for one, part in zip(self.fits, parts, strict=True)
            ),
        )


def simulate(model: Model, rng: np.random.Generator) -> Array:
    """Draw one possible future.

    Returns
    -------
    array (times ahead, townships, sexes, 21)
    """
    settings = model.settings
    draws = [_drawn(one, rng) for one in model.fits]
    townships, oldest = tuple(one for one, _ in draws), tuple(one for _, one in draws)
    fall = max(rng.normal(settings.improvement_per_year, settings.improvement_sd), 0.0)
    of_county = rng.standard_normal((len(model.county_base), 2))
    of_township = rng.standard_normal((len(model.base), 2))
    old = (np.arange(CLOSED) >= _OLD).astype(int)
    part = settings.shock_measured if model.measured else 1.0
    county_sd = part * np.array([settings.shock_county_young, settings.shock_county_old])
    township_sd = part * np.array([settings.shock_township_young, settings.shock_township_old])
    # A shock per year ahead, less half its variance: on average it changes nothing.
    drift = of_county[model.counties] * county_sd + of_township * township_sd
    variance = county_sd**2 + township_sd**2
    results = []
    for step, (factor, added) in zip(model.steps, model.controls, strict=True):
        if step.ahead <= 0:
            results.append(model.base)
            continue
        loss, old_loss = model.losses(step, townships, oldest, fall)
        shock = drift * step.years - variance * step.years**2 / 2
        loss = loss - shock[:, None, old]
        old_loss = old_loss - shock[:, 1:]
        own = model.moved(step, model.base, loss, old_loss, model.children[0]) * factor + added
        own = _resplit(own, step, rng)
        # Chance among few: as much variance per person as people come, go and die until then.
        spread = chance(step.ahead, settings)
        results.append(rng.standard_gamma(own / spread) * spread)
    return np.stack(results)


def _resplit(persons: Array, step: _Step, rng: np.random.Generator) -> Array:
    """Draw where cohorts are cut where the time ahead is no multiple of five years.

    The part of a cohort that has come into the older of two groups is binomial.
    """
    part = (step.ahead % _GROUP) / _GROUP
    if part == 0:
        return persons
    first = -(-step.ahead // _GROUP)
    # Of a group, about 1 - part are the younger members of the cohort that is cut above it.
    cut = persons[..., first : CLOSED - 1]
    moved = rng.standard_normal(cut.shape) * np.sqrt(part * (1 - part) * cut)
    split = persons.copy()
    split[..., first : CLOSED - 1] -= moved
    split[..., first + 1 : CLOSED] += moved
    return np.maximum(split, 0.0)


def _drawn(one: Fit, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw how townships differ from their county, as far as few people were counted."""

    def draw(ratios: Posterior, above: Array) -> Array:
        known = ratios.people > 0
        weight = np.where(known, ratios.people, 1.0) / one.spread
        drawn = rng.standard_gamma(ratios.mean * weight) / weight
        drawn = np.clip(np.where(known, drawn, ratios.mean), above / one.reach, above * one.reach)
        return np.asarray(np.log(above / np.maximum(drawn, FLOOR)))

    return draw(one.ratios, one.above), draw(one.oldest, one.oldest_above)
