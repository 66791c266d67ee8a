"""People of the years to come: cohorts carried forward from two or more registers.

The method is that of Hamilton and Perry (1962) with what small areas need: ratios that lean on the
areas above, bounds, differences that fade, national improvement of survival, the county's own
forecast as a control, and samples for bands. Formulas and references: docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.need.cohorts import Ages, month
from ruralcare.need.projection import Model, simulate
from ruralcare.need.ratios import Base, child_ratios, fit, nation_losses, national_fit
from ruralcare.scenario import ForecastSettings
from ruralcare.types import AGE_GROUPS, Population
from ruralcare.units import months_from_years

__all__ = ["Forecast", "cohort_model", "forecast"]

Array = NDArray[np.float64]
_CODE_DIGITS = 10
# Below it, a trend says little.
_SHORT_YEARS = 4.5


@dataclass(frozen=True, eq=False)
class Forecast:
    """People by township, sex and age, today and in the years of the plan.

    Parameters
    ----------
    township_ids : tuple of str
        The townships.
    years : tuple of int
        The year of the people first, then those asked for. A year means the month of the last
        register in that year: with a register of October 2023, 2027 is October 2027.
    sexes : tuple of str
        ``female`` and ``male``, or ``all``.
    persons : array (years, townships, sexes, 21)
        People by the age groups of :data:`AGE_GROUPS`; fractional but for the first year.
    method : {"cohort", "national", "hold"}
        What was done.
    notes : tuple of Message
        What a reader must know.
    """

    township_ids: tuple[str, ...]
    years: tuple[int, ...]
    sexes: tuple[str, ...]
    persons: Array = field(repr=False)
    method: Literal["cohort", "national", "hold"]
    notes: tuple[Message, ...] = ()
    model: Model | None = field(default=None, repr=False)

    def counts(self) -> pd.DataFrame:
        """Return the people as a table.

        Returns
        -------
        DataFrame
            ``township_id``, ``year``, ``sex``, ``age_group``, ``persons``; sorted by these.
        """
        order = np.argsort(self.years)
        index = pd.MultiIndex.from_product(
            [self.township_ids, [self.years[at] for at in order], self.sexes, AGE_GROUPS],
            names=["township_id", "year", "sex", "age_group"],
        )
        persons = self.persons[order].transpose(1, 0, 2, 3).ravel()
        return pd.DataFrame({"persons": persons}, index=index).reset_index()

    def samples(self, n: int, seed: int) -> Iterator[Array]:
        """Yield ``n`` possible futures, one at a time.

        Sample i of a seed is the same whatever ``n``. They vary in the ratios, as far as few
        people were counted; in what becomes of few people; by shocks of whole counties and
        townships; and in the improvement of survival. People that are held constant do not vary.

        Yields
        ------
        array (years, townships, sexes, 21)
            As :attr:`persons`.
        """
        for number in range(n):
            if self.model is None:
                yield self.persons.copy()
            else:
                # A stream of its own, apart from those of other assumptions; a last word that
                # is 0 would count as none.
                rng = np.random.default_rng([2, seed, number + 1])
                yield np.concatenate([self.persons[:1], simulate(self.model, rng)])


def forecast(
    people: Population, years: Sequence[int], settings: ForecastSettings, *, county: pd.Series
) -> Forecast:
    """Carry the people of the last register forward.

    Parameters
    ----------
    people : Population
        One register or several, any number of months apart.
    years : sequence of int
        Years wanted. Those before the last register have its people.
    settings : ForecastSettings
        Method and parameters.
    county : Series
        ``sigungu_id`` by ``township_id``: the townships of a county sum to the county's forecast.

    Returns
    -------
    Forecast
    """
    ids = _ids(people)
    wanted = (people.year, *sorted(set(years) - {people.year}))
    method = _method(people, settings, ids)
    if method == "hold" or len(wanted) == 1:
        sexes, tables = _tables(people, ids)
        held = np.repeat(tables[-1][None], len(wanted), axis=0)
        notes = _held_notes(people, settings) if len(wanted) > 1 else ()
        return Forecast(ids, wanted, sexes, held, method, notes)
    ahead = tuple(months_from_years(year - people.year) for year in wanted[1:])
    model = cohort_model(people, ahead, settings, county=county, method=method)
    persons = np.concatenate([model.base[None], model.persons()])
    return Forecast(
        ids, wanted, model.sexes, persons, method, _notes(people, method, settings, model), model
    )


def cohort_model(
    people: Population,
    ahead: Sequence[int],
    settings: ForecastSettings,
    *,
    county: pd.Series,
    method: Literal["cohort", "national"] = "cohort",
) -> Model:
    """Return the model behind a forecast, for dates that are any number of months ahead.

    Parameters
    ----------
    ahead : sequence of int
        Months from the last register to each date.
    people, settings, county
        As in :func:`forecast`.
    method : {"cohort", "national"}
        Whether townships go on as between the registers, or the way of the nation.
    """
    ids = _ids(people)
    dates = [people.as_of.get(year, str(year)) for year in people.years]
    sexes, tables = _tables(people, ids)
    end = month(dates[-1])
    both, nation = nation_losses(("all",), settings), nation_losses(sexes, settings)
    ages = Ages(settings.sizes, month(settings.sizes_as_of), both[0])
    counties = pd.factorize(county.reindex(list(ids)).fillna(""), sort=True)[0].astype(np.int64)
    fits = []
    if method == "cohort":
        for at in range(len(tables) - 1):
            base = _base(tables[at], tables[at + 1], dates[at], dates[at + 1])
            if base.span > 0:
                same = base.before.shape[1] == len(sexes)
                fits.append(fit(base, counties, ages, nation if same else both, settings))
    measured = bool(fits)
    if not measured:
        fits.append(national_fit(tables[-1], end, counties, ages, nation, settings))
    mothers = sexes.index("female") if "female" in sexes else None
    return Model(
        base=tables[-1],
        sexes=sexes,
        end=end,
        ahead=tuple(ahead),
        counties=counties,
        ages=ages,
        nation=nation,
        fits=tuple(fits),
        children=child_ratios(tables[-1], mothers, counties, settings),
        mothers=mothers,
        measured=measured,
        settings=settings,
    )


def _ids(people: Population) -> tuple[str, ...]:
    return tuple(sorted(people.frame["township_id"].unique()))


def _method(
    people: Population, settings: ForecastSettings, ids: Sequence[str]
) -> Literal["cohort", "national", "hold"]:
    """Return what can be done with these registers."""
    if settings.method in ("hold", "national"):
        return settings.method
    if len(people.years) > 1:
        return "cohort"
    # The nation whose ratios are known is Korea; an assumption is not made finer than it is.
    korean = all(len(one) == _CODE_DIGITS and one.isdigit() for one in ids)
    return "national" if korean and not people.assumed else "hold"


def _tables(people: Population, ids: Sequence[str]) -> tuple[tuple[str, ...], list[Array]]:
    """Return the sexes of the last register, and every register: (townships, sexes, 21).

    An earlier register that tells other sexes is summed up: (townships, 1, 21).
    """
    last = people.frame[people.frame["year"] == people.year]
    known = set(last["sex"])
    sexes = ("all",) if "all" in known else ("female", "male")
    tables = []
    for year in people.years:
        rows = people.frame[people.frame["year"] == year]
        whole = "all" in set(rows["sex"]) or sexes == ("all",)
        here = ("all",) if whole else sexes
        at = (
            pd.Categorical(rows["township_id"], categories=list(ids)).codes,
            np.zeros(len(rows), dtype=int)
            if whole
            else pd.Categorical(rows["sex"], categories=list(here)).codes,
            pd.Categorical(rows["age_group"], categories=list(AGE_GROUPS)).codes,
        )
        table = np.zeros((len(ids), len(here), len(AGE_GROUPS)))
        np.add.at(table, at, rows["persons"].to_numpy(dtype=np.float64))
        tables.append(table)
    return sexes, tables


def _base(before: Array, after: Array, start: str, end: str) -> Base:
    """Return two registers with the same sexes."""
    if before.shape[1] != after.shape[1]:
        before, after = before.sum(axis=1, keepdims=True), after.sum(axis=1, keepdims=True)
    return Base(before, after, month(start, end), month(end, start))


def _held_notes(people: Population, settings: ForecastSettings) -> tuple[Message, ...]:
    return (
        Message(
            "People are held as they were in {date}: {why}",
            date=people.as_of.get(people.year, str(people.year)),
            why=Message("the scenario asks for it.")
            if settings.method == "hold"
            else Message("there is one register only, and nothing to carry it forward with."),
        ),
    )


def _notes(
    people: Population, method: str, settings: ForecastSettings, model: Model
) -> tuple[Message, ...]:
    first, last = (people.as_of.get(year, str(year)) for year in (people.years[0], people.year))
    if method == "national":
        return (
            Message(
                "The people of later years are those of {date}, aged with the survival of the "
                "nation ({before} to {after}); moves are left out, which a second register would "
                "tell.",
                date=last,
                before=settings.national_from,
                after=settings.national_to,
            ),
        )
    notes = [
        Message(
            "The people of later years are carried forward by cohorts, as they changed from "
            "{before} to {after}; townships sum to the forecast of their county.",
            before=first,
            after=last,
        )
    ]
    persons = people.frame.pivot_table(
        "persons", "township_id", "year", aggfunc="sum", fill_value=0
    )
    gone = (persons == 0).any(axis=1) & (persons[people.year] > 0)
    if gone.any():
        notes.append(
            Message(
                "Townships that an earlier register lacks: {count}. Change is measured without "
                "them there; they go the way of their county, or of all townships.",
                count=int(gone.sum()),
            )
        )
    span = sum(one.years for one in model.fits)
    if span < _SHORT_YEARS:
        notes.append(
            Message(
                "The registers are only {years} years apart: what happened in so short a time is "
                "drawn out over the whole plan. A register of five or ten years ago would tell "
                "more.",
                years=round(span, 1),
            )
        )
    return tuple(notes)
