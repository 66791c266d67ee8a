"""How sure a status is: the same judgement under sampled speeds, thresholds, rates, forecasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.need.draws import FORECAST, LOW, Draw, assumptions, draws, shifted
from ruralcare.need.rates import recognition_array
from ruralcare.need.status import Thresholds, Verdict, look_ahead, verdict
from ruralcare.need.supply import Supply, supply_of
from ruralcare.need.table import NeedTable
from ruralcare.progress import Progress, silent

__all__ = ["Sureness", "sureness"]

Floats = NDArray[np.float64]

SURE = 0.9
"""A status is called sure if it holds in at least this share of the samples."""


@dataclass(frozen=True, eq=False)
class Sureness:
    """How far the status of the townships depends on what is assumed.

    Parameters
    ----------
    shares : DataFrame
        ``township_id``, ``service``, ``year`` (that of the people, and the last), ``underserved``
        (as the rule says of the figures themselves), ``underserved_share`` (share of the samples in
        which it is).
    decisive : DataFrame
        What changes the status of a township by itself: ``township_id``, ``service``,
        ``assumption``, ``direction`` (``low``, ``high``: the 10 % and 90 % quantile), ``value``
        (the factor; for the forecast the quantile), ``status``, ``status_then``.
    assumptions : DataFrame
        What was varied: ``assumption``, ``distribution``, ``spread``, ``low``, ``high``,
        ``source``; of the forecast, the method stands as its source.
    samples : int
        Number of samples.
    ranks : DataFrame
        ``township_id``, ``year``, ``unmet_weighted`` (persons without room over all services, each
        times the weight of its service), ``rank`` (1: most), ``rank_low``, ``rank_high`` (10 % and
        90 % quantile over the samples). Equal townships share the better rank.
    notes : tuple of Message
        What a reader must know.
    """

    shares: pd.DataFrame
    decisive: pd.DataFrame
    assumptions: pd.DataFrame
    samples: int
    ranks: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[Message, ...] = ()

    def of(self, township: str, service: str) -> pd.DataFrame:
        """Return what is known of one township and service, by year.

        Returns
        -------
        DataFrame
            Index ``year``: ``underserved``, ``underserved_share``, ``rank``, ``rank_low``,
            ``rank_high`` and ``decisive``, the assumptions that change the status by themselves
            (``speed:low``), joined by ``;``.

        Raises
        ------
        KeyError
            There is no such township or service.
        """
        rows = self.shares.query("township_id == @township and service == @service")
        if rows.empty:
            raise KeyError((township, service))
        found = self.decisive.query("township_id == @township and service == @service")
        ranks = self.ranks[self.ranks["township_id"] == township].set_index("year")
        frame = rows.set_index("year")[["underserved", "underserved_share"]]
        frame = frame.join(ranks[["rank", "rank_low", "rank_high"]])
        return frame.assign(decisive=";".join(found["assumption"] + ":" + found["direction"]))

    def summary(self) -> pd.DataFrame:
        """Count townships by how sure their status is.

        Returns
        -------
        DataFrame
            Index ``service``, ``year``: ``townships``, ``underserved``, ``surely_underserved`` and
            ``surely_not`` (in at least 90 % of the samples), ``unsure``, ``decisive`` (townships
            whose status one assumption changes by itself).
        """
        rows = self.shares.assign(
            surely_underserved=self.shares["underserved_share"] >= SURE - 1e-9,
            surely_not=self.shares["underserved_share"] <= 1 - SURE + 1e-9,
        )
        groups = rows.groupby(["service", "year"], sort=False)
        frame = groups[["underserved", "surely_underserved", "surely_not"]].sum().astype(int)
        frame.insert(0, "townships", groups.size())
        sure = frame["surely_underserved"] + frame["surely_not"]
        frame["unsure"] = frame["townships"] - sure
        shaky = self.decisive.groupby("service")["township_id"].nunique()
        frame["decisive"] = [int(shaky.get(service, 0)) for service, _ in frame.index]
        return frame


def sureness(
    need: NeedTable,
    *,
    seed: int = 1,
    samples: int | None = None,
    progress: Progress = silent,
) -> Sureness:
    """Judge the townships again and again, with figures drawn from what they may be.

    All factors are about 1: on the speeds of all ways (walks too, for travel times do not tell
    them apart), on the standards, on the shares from which a township is underserved, on the level
    of recognition, on the use of each service, on the room of institutions whose list gives none.
    The last year takes its people from the samples of the forecast. What is varied is in
    ``settings.uncertainty``.

    Parameters
    ----------
    need : NeedTable
        Need and status.
    seed : int
        Seed; the same seed gives the same result.
    samples : int, optional
        Instead of ``settings.uncertainty.samples``. A sample costs an assignment for each service
        and two years, one assumption at a time some two hundred: nothing in a county, a tenth of a
        second each in a country.
    progress : Progress
        Told where it is.
    """
    spreads = need.settings.uncertainty
    count = spreads.samples if samples is None else samples
    carried = need.forecast if spreads.forecast and need.years[-1] > need.people.year else None
    world = _World(need)
    years = world.years
    bad = np.zeros((len(years), len(need.services), len(world.ids)))
    unmet = np.zeros((count, len(years), len(world.ids)))
    cut = 0
    told = Message("Testing how sure the status is")
    factors = list(draws(spreads, len(need.services), count, seed))
    growth = list(_growth(need, world, count, seed, carried is not None))
    for s, service in enumerate(need.services):
        cut += sum(world.beyond(s, drawn[s]) for drawn in factors)
        cases = [
            (wanted.sum(), number, y, wanted)
            for number, drawn in enumerate(factors)
            for y in range(len(years))
            for wanted in [world.needed(s, y, drawn[s], growth[number] if y else None)]
        ]
        # From little need to much, so that an assignment differs little from the last one.
        cases.sort(key=lambda case: case[:3])
        for at, (_, number, y, wanted) in enumerate(cases):
            progress(told, (s + at / len(cases)) / len(need.services))
            found = world.judge(s, wanted, factors[number][s], again=True)
            bad[y, s] += found.underserved
            unmet[number, y] += service.weight * found.unmet
    base = [
        [world.judge(s, world.needed(s, y), Draw()) for s in range(len(need.services))]
        for y in range(len(years))
    ]
    shares = pd.DataFrame(
        {
            "township_id": np.tile(world.ids, len(years) * len(need.services)),
            "service": np.tile(
                np.repeat([service.id for service in need.services], len(world.ids)), len(years)
            ),
            "year": np.repeat(years, len(need.services) * len(world.ids)),
            "underserved": np.concatenate([one.underserved for row in base for one in row]),
            "underserved_share": bad.ravel() / count if count else np.nan,
        }
    )
    weights = [service.weight for service in need.services]
    middle = np.array(
        [sum(w * one.unmet for w, one in zip(weights, row, strict=True)) for row in base]
    )
    notes = []
    if cut:
        notes.append(
            Message(
                "Where speeds or standards are drawn so high that the standard passes the longest "
                "travel time measured, that time is taken: in {share} of the draws. Raise "
                "travel.cutoff_min to see farther.",
                share=f"{100 * cut / max(count * len(need.services), 1):.1f} %",
            )
        )
    source = None if carried is None else f"{carried.method}"
    return Sureness(
        shares,
        _decisive(need, world, carried is not None, progress),
        assumptions(spreads, source),
        count,
        _ranks(world.ids, years, middle, unmet),
        tuple(notes),
    )


class _World:
    """What is judged, as arrays, for each service."""

    def __init__(self, need: NeedTable) -> None:
        self.need = need
        self.ids = need.indicators.index.to_numpy(object)
        self.years = list(dict.fromkeys((need.people.year, need.years[-1])))
        self.supplies = [
            supply_of(service, need.access, tuple(self.ids)) for service in need.services
        ]
        self.nearest = [supply.nearest_min() for supply in self.supplies]

    def persons(self, s: int, year: int, column: str = "need_persons") -> Floats:
        """Return a figure of the need of a service in a year, by township."""
        rows = self.need.frame
        rows = rows[(rows["service"] == self.need.services[s].id) & (rows["year"] == year)]
        by_township = rows.set_index("township_id")[column]
        return by_township.reindex(self.ids).to_numpy(float)

    def reach(self, s: int, draw: Draw) -> float:
        """Return the minutes of today's table that the standard stands for.

        Speeds that are twice as high bring what is twice as far within the standard.
        """
        supply = self.supplies[s]
        return float(supply.standard_min * draw.standard * draw.speed)

    def beyond(self, s: int, draw: Draw) -> bool:
        """Tell whether that lies beyond the longest time measured, where ways are not known."""
        return self.reach(s, draw) > self.supplies[s].times.cutoff_min * (1 + 1e-9)

    def changed(
        self, s: int, draw: Draw, *, again: bool = False, answers: dict[bytes, Any] | None = None
    ) -> tuple[Supply, Thresholds]:
        """Return the supply and the thresholds under a set of factors."""
        supply = self.supplies[s]
        reach = min(self.reach(s, draw), supply.times.cutoff_min)
        room = np.where(supply.estimated, supply.capacity * draw.capacity, supply.capacity)
        shares = supply.shares
        if reach != supply.standard_min:
            covered = supply.covered_share(self.nearest[s], reach)
            shares = shares.assign(covered_share=covered)
        changed = replace(
            supply,
            standard_min=reach,
            capacity=room,
            shares=shares,
            again=again,
            answers=answers,
        )
        return changed, Thresholds.of(self.need.settings.own, draw.threshold)

    def needed(
        self, s: int, y: int, draw: Draw | None = None, growth: Floats | None = None
    ) -> Floats:
        """Return the persons in need of a service in a year, under a set of factors."""
        wanted = self.wanted[s][y]
        if draw is not None:
            wanted = wanted * (draw.recognition * draw.use)
        return wanted if growth is None else wanted * growth

    def judge(self, s: int, wanted: Floats, draw: Draw, *, again: bool = False) -> Verdict:
        """Return what the rule says of a service and need under a set of factors."""
        supply, thresholds = self.changed(s, draw, again=again)
        met = supply.met(wanted)
        outside = 1.0 - supply.shares["covered_share"].to_numpy(float)
        return verdict(outside, wanted, supply.to_townships(met), thresholds)

    @cached_property
    def wanted(self) -> list[list[Floats]]:
        """Persons in need by service and year."""
        return [[self.persons(s, year) for year in self.years] for s in range(len(self.supplies))]


def _growth(
    need: NeedTable, world: _World, count: int, seed: int, drawn: bool
) -> Iterator[Floats | None]:
    """Yield the need of the last year over that forecast, by township, sample by sample."""
    carried = need.forecast
    if not drawn or carried is None:
        for _ in range(count):
            yield None
        return
    rates = recognition_array(need.settings, carried.sexes)
    at = pd.Index(carried.township_ids).get_indexer(pd.Index(world.ids))
    last = carried.years.index(world.years[-1])
    middle = np.tensordot(carried.persons[last], rates, axes=2)[at]
    for persons in carried.samples(count, seed):
        recognised = np.tensordot(persons[last], rates, axes=2)[at]
        yield np.where(middle > 0, recognised / np.where(middle > 0, middle, 1.0), 1.0)


def _decisive(need: NeedTable, world: _World, drawn: bool, progress: Progress) -> pd.DataFrame:
    """Return what changes a status by itself."""
    today = need.of_year()
    years = need.years
    spreads = need.settings.uncertainty
    cases: list[tuple[str, str, float, Draw, str]] = [
        (*one, "need_persons") for one in shifted(spreads)
    ]
    if drawn:
        cases += [
            (FORECAST, "low", LOW, Draw(), "need_low_persons"),
            (FORECAST, "high", 1.0 - LOW, Draw(), "need_high_persons"),
        ]
    parts: dict[tuple[int, int], pd.DataFrame] = {}
    told = Message("Testing one assumption at a time")
    for s, service in enumerate(need.services):
        rows = today[today["service"] == service.id].set_index("township_id")
        before = rows["status"].reindex(world.ids).to_numpy(object)
        # Many cases change neither people nor room nor travel.
        answers: dict[bytes, Any] = {}
        for number, (name, direction, value, draw, column) in enumerate(cases):
            progress(told, (s + number / len(cases)) / len(need.services))
            supply, thresholds = world.changed(s, draw, again=True, answers=answers)
            factor = draw.recognition * draw.use
            wanted = [world.persons(s, year, column) * factor for year in years]
            after = look_ahead(supply, wanted, years, need.settings, thresholds=thresholds)
            then = after.status(years[0])
            at = np.flatnonzero(then != before)
            parts[number, s] = pd.DataFrame(
                {
                    "township_id": world.ids[at],
                    "service": service.id,
                    "assumption": name,
                    "direction": direction,
                    "value": value,
                    "status": before[at],
                    "status_then": then[at],
                }
            )
    columns = [
        "township_id",
        "service",
        "assumption",
        "direction",
        "value",
        "status",
        "status_then",
    ]
    kept = [parts[key] for key in sorted(parts) if len(parts[key])]
    if not kept:
        return pd.DataFrame({name: [] for name in columns}).astype({"value": float})
    return pd.concat(kept, ignore_index=True)


def _ranks(
    ids: NDArray[np.object_], years: Sequence[int], middle: Floats, unmet: Floats
) -> pd.DataFrame:
    parts = []
    for y, year in enumerate(years):
        drawn = np.array([_rank(row) for row in unmet[:, y]]) if len(unmet) else None
        base = _rank(middle[y])
        low, high = base, base
        if drawn is not None:
            # A rank that was drawn, not one between two.
            low, high = np.quantile(drawn, (LOW, 1.0 - LOW), axis=0, method="inverted_cdf")
        parts.append(
            pd.DataFrame(
                {
                    "township_id": ids,
                    "year": year,
                    "unmet_weighted": middle[y],
                    "rank": base,
                    "rank_low": low.astype(np.int64),
                    "rank_high": high.astype(np.int64),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _rank(values: Floats) -> NDArray[np.int64]:
    """Return the rank of each value, the largest first; equal values share the better rank."""
    rounded = np.round(values, 6)
    falling = np.sort(-rounded)
    return np.asarray(np.searchsorted(falling, -rounded) + 1, np.int64)
