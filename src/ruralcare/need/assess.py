"""Which townships are underserved, now and later, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message, Verbatim
from ruralcare.need.composite import composite_note
from ruralcare.need.demand import need_by_service
from ruralcare.need.depopulation import indicators, years_between
from ruralcare.need.designated import designation_note
from ruralcare.need.evidence import evidence
from ruralcare.need.forecast import forecast
from ruralcare.need.outlook import draw_sums, outlook
from ruralcare.need.rates import recognition_array
from ruralcare.need.response import emptying, responses
from ruralcare.need.status import Prospects, look_ahead
from ruralcare.need.supply import supply_of
from ruralcare.need.table import COLUMNS, NeedTable
from ruralcare.progress import Progress, silent
from ruralcare.scenario import NeedSettings, Service
from ruralcare.types import AccessTable, Population, Townships

__all__ = ["assess", "assess_stage"]

Floats = NDArray[np.float64]

# A change over ten years that rests on fewer is told to be uncertain.
_SHORT_YEARS = 5.0
# Ends of a band: one future in ten lies below, one above.
_BAND = (0.1, 0.9)
# So few persons are nobody: what rounding leaves of a need that is met.
_NOBODY = 1e-9


def assess(
    townships: Townships,
    people: Population,
    access: AccessTable,
    *,
    services: tuple[Service, ...],
    settings: NeedSettings,
    years: Sequence[int] = (),
    connection: pd.Series | None = None,
    figures: pd.DataFrame | None = None,
    seed: int = 1,
    progress: Progress = silent,
) -> NeedTable:
    """Say how many people need each service in each year, for how many there is no room, and why.

    A township is underserved in a service if at least ``settings.own.share`` of its
    people live beyond the standard, or if at least ``settings.own.unmet_share`` of its need finds
    no room within the standard. It is at risk if it is served, but underserved in
    a later year with what stands today, or once institutions have closed that have too few users.

    Parameters
    ----------
    townships, people, access
        What was read and measured; ``access`` counts today's institutions.
    services : tuple of Service
        Services of the scenario.
    settings : NeedSettings
        Rates and thresholds.
    years : sequence of int
        Years of the plan, besides that of the people; people are carried forward to them
        (:func:`ruralcare.need.forecast`).
    connection : Series, optional
        How each township is linked to the rest (:func:`ruralcare.network.connections`).
    figures : DataFrame, optional
        What registers do not tell; see :func:`ruralcare.need.indicators`.
    seed : int
        Seed of the samples behind the bands.
    progress : Progress
        Told where the assessment is.

    Returns
    -------
    NeedTable
        A row for every township, service and year (that of the register first).
    """
    facts = indicators(townships, people, settings, connection, figures=figures)
    all_years = sorted({people.year, *(year for year in years if year > people.year)})
    progress(Message("Carrying people forward"))
    carried = forecast(people, all_years, settings.forecast, county=townships.frame["sigungu_id"])
    samples = settings.forecast.samples
    rates = recognition_array(settings, carried.sexes)
    drawn = draw_sums(carried, samples=samples, seed=seed, weights=rates)
    ahead = outlook(carried, samples=samples, seed=seed, drawn=drawn)
    need = need_by_service(carried.counts(), services, settings)
    assert drawn.weighted is not None
    bands = _bands(
        np.tensordot(carried.persons, rates, axes=2),
        drawn.weighted,
        pd.Index(carried.township_ids).get_indexer(facts.index),
    )
    ids = tuple(str(one) for one in facts.index)
    by_ferry = (facts["connection"] == "ferry").to_numpy(bool)
    parts: dict[int, list[pd.DataFrame]] = {year: [] for year in all_years}
    proofs: list[pd.DataFrame] = []
    for service in services:
        progress(Message("Assessing need"), len(proofs) / len(services))
        rows = need[need["service"] == service.id]
        prospects = look_ahead(
            supply_of(service, access, ids),
            [_of_year(rows, year, facts.index, "need_persons") for year in all_years],
            all_years,
            settings,
        )
        proofs.append(evidence(prospects, people.year, by_ferry))
        for at, year in enumerate(all_years):
            frame = _judged(prospects, year, facts, ahead, settings)
            amounts = rows[rows["year"] == year].set_index("township_id").reindex(facts.index)
            frame["need_low_persons"] = frame["need_persons"] * bands[0, at]
            frame["need_high_persons"] = frame["need_persons"] * bands[1, at]
            frame["need_amount"] = amounts["need_amount"].astype("Float64").array
            frame["amount_unit"] = amounts["amount_unit"].astype("string").array
            parts[year].append(frame)
    frames = [frame for year in all_years for frame in parts[year]]
    return NeedTable(
        pd.concat(frames, ignore_index=True)[list(COLUMNS)],
        facts,
        services,
        townships,
        people,
        access,
        settings,
        (*_notes(people, settings, facts), *carried.notes),
        pd.concat(proofs, ignore_index=True),
        ahead,
        carried,
    )


def assess_stage(need: NeedTable, access: AccessTable, year: int) -> pd.DataFrame:
    """Say the same of a later stage, from what stands then.

    People are assigned as today: as many as possible are served, the nearest first. A plan
    decides what opens where; it does not decide who gets which place, so its own assignment,
    which favours needy townships, is not used here. Both serve the same number in all, unless a
    least use ties people to a site. What the plan opens is never told to become unviable: the plan
    itself sees to its users.

    Parameters
    ----------
    need : NeedTable
        Need and thresholds.
    access : AccessTable
        Access with what stands at the stage.
    year : int
        Year of the stage, one of ``need.years``.

    Returns
    -------
    DataFrame
        The columns of :class:`NeedTable`, a row for each township and service; years after the
        stage are judged by what stands at the stage.
    """
    facts = need.indicators
    ids = tuple(str(one) for one in facts.index)
    years = [one for one in need.years if one >= year]
    today = set(need.access.offers["place_id"])
    parts = []
    for service in need.services:
        rows = need.frame[need.frame["service"] == service.id]
        supply = supply_of(service, access, ids)
        prospects = look_ahead(
            supply,
            [_of_year(rows, one, facts.index, "need_persons") for one in years],
            years,
            need.settings,
            candidates=np.array([place in today for place in supply.place_ids], bool),
        )
        frame = _judged(prospects, year, facts, need.outlook, need.settings)
        known = rows[rows["year"] == year].set_index("township_id").reindex(facts.index)
        for column in ("need_low_persons", "need_high_persons", "need_amount", "amount_unit"):
            frame[column] = known[column].array
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _of_year(rows: pd.DataFrame, year: int, townships: pd.Index, column: str) -> Floats:
    by_township = rows[rows["year"] == year].set_index("township_id")[column]
    return by_township.reindex(townships, fill_value=0.0).to_numpy(float)


def _judged(
    prospects: Prospects,
    year: int,
    facts: pd.DataFrame,
    ahead: pd.DataFrame,
    settings: NeedSettings,
) -> pd.DataFrame:
    """Return what is said of one service in one year."""
    supply = prospects.supply
    at = prospects.years.index(year)
    one = prospects.verdicts[at]
    status = prospects.status(year)
    by_ferry = (facts["connection"] == "ferry").to_numpy(bool)
    unmet = supply.by_point(one.need) - prospects.met[at]
    first = prospects.first_year
    return pd.DataFrame(
        {
            "township_id": facts.index.to_numpy(object),
            "service": supply.service.id,
            "year": year,
            "need_persons": one.need,
            "unmet_persons": np.where(one.unmet > _NOBODY, one.unmet, 0.0),
            "status": status,
            "reasons": prospects.reasons(year, by_ferry),
            "underserved_from": pd.array(
                [pd.NA if np.isnan(when) else int(when) for when in first], dtype="Int64"
            ),
            "response": responses(
                supply, unmet, status, emptying(facts, ahead, settings, year), settings
            ),
        }
    )


def _bands(middle: Floats, drawn: Floats, townships: NDArray[np.intp]) -> Floats:
    """Return the ends of the band of need over need: two by years by townships.

    The need of every service is a fixed share of the people recognised, so one band serves all.

    Parameters
    ----------
    middle, drawn : array
        People recognised by year and township, and in every future.
    townships : array of int
        Positions of the townships wanted; −1 for those without people.
    """
    ends = np.quantile(drawn, _BAND, axis=0)
    # The need itself always lies within its band.
    ends[0], ends[1] = np.minimum(ends[0], middle), np.maximum(ends[1], middle)
    bands = np.where(middle > 0, ends / np.where(middle > 0, middle, 1.0), 1.0)
    return np.where(townships >= 0, bands[:, :, townships], 1.0)


def _notes(people: Population, settings: NeedSettings, facts: pd.DataFrame) -> tuple[Message, ...]:
    notes = [
        Message("Recognition rates: {source}", source=Verbatim(settings.recognition_source)),
    ]
    first = people.years[0]
    span = years_between(people.as_of[first], people.as_of[people.year])
    if 0 < span < _SHORT_YEARS:
        notes.append(
            Message(
                "The change of population over ten years is drawn out from only {years} years "
                "({before} to {after}); in small townships chance weighs heavily in it.",
                years=round(span, 1),
                before=people.as_of[first],
                after=people.as_of[people.year],
            )
        )
    labels = (designation_note(facts), composite_note(facts))
    return (*notes, *(one for one in labels if one is not None))
