"""The numbers behind a page: per township, service and stage, and for the whole area.

Stage 0 is today; stage *t* is the end of period *t* of the plan. Arrays run over services ×
stages × townships, in the order of the subject; ``NaN`` where nothing is known.

How they are made:

- access comes from the access table of each stage;
- need comes from the need table, in the year of the stage or the last one before it;
- status, reasons and unmet need of a stage are those of the need room (``assess_stage``);
- totals of people served are those of the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.plan import Plan
from ruralcare.plan.result import OPENINGS_COLUMNS
from ruralcare.report.classes import breaks_min, classify_access
from ruralcare.report.subject import Subject
from ruralcare.types import AccessTable

__all__ = ["Figures", "stage_of_period"]

Floats = NDArray[np.float64]


def stage_of_period(plan: Plan, periods: Sequence[object]) -> list[int]:
    """Return the stage (1 = first period) of each period named in a table of the plan."""
    number = {p.period_id: t for t, p in enumerate(plan.problem.periods, start=1)}
    return [
        number[str(period)] if str(period) in number else int(str(period)) for period in periods
    ]


@dataclass(frozen=True, eq=False)
class Figures:
    """Every number a page shows; see the module for what they mean."""

    subject: Subject

    @cached_property
    def township_ids(self) -> pd.Index:
        """The townships, in the order of all arrays."""
        index: pd.Index = self.subject.townships.frame.index
        return index

    @property
    def shape(self) -> tuple[int, int, int]:
        """Services, stages, townships."""
        subject = self.subject
        return len(subject.services), len(subject.years), len(self.township_ids)

    def _access(self, column: str) -> Floats:
        values = np.full(self.shape, np.nan)
        for stage, table in enumerate(self.subject.access[: self.shape[1]]):
            wide = _wide(table, column)
            for s, service in enumerate(self.subject.services):
                if service.id in wide:
                    values[s, stage] = wide[service.id].reindex(self.township_ids).to_numpy(float)
        return values

    @cached_property
    def nearest_min(self) -> Floats:
        """Mean minutes to the nearest place, of those who reach one within the cutoff."""
        return self._access("nearest_min")

    @cached_property
    def covered_share(self) -> Floats:
        """Share of people within the standard."""
        return self._access("covered_share")

    @cached_property
    def beyond_cutoff_share(self) -> Floats:
        """Share of people with no place within the cutoff."""
        return self._access("beyond_cutoff_share")

    @cached_property
    def unreachable_share(self) -> Floats:
        """Share of people without any way to a place."""
        return self._access("unreachable_share")

    @cached_property
    def unsnapped_share(self) -> Floats:
        """Share of people too far from any road."""
        return self._access("unsnapped_share")

    @cached_property
    def proxy_share(self) -> Floats:
        """Share of the time to the nearest place that rests on stand-ins for roads."""
        return self._access("proxy_share")

    @cached_property
    def breaks(self) -> tuple[tuple[float, ...], ...]:
        """The four breaks of travel time of each service."""
        cutoffs = self.subject.cutoffs_min
        return tuple(
            breaks_min(service.standard_min, cutoffs.get(service.id))
            for service in self.subject.services
        )

    @cached_property
    def access_class(self) -> NDArray[np.int64]:
        """Class of each township on the access layer of each service."""
        classes = np.zeros(self.shape, dtype=np.int64)
        for s, breaks in enumerate(self.breaks):
            classes[s] = classify_access(
                self.nearest_min[s],
                self.beyond_cutoff_share[s],
                self.unreachable_share[s],
                self.unsnapped_share[s],
                breaks,
            )
        return classes

    @cached_property
    def population(self) -> Floats:
        """People per township today; ``NaN`` without a register."""
        people = self.subject.people
        if people is None:
            return np.full(self.shape[2], np.nan)
        return people.totals().reindex(self.township_ids).to_numpy(float)

    @cached_property
    def need(self) -> Floats:
        """People in need."""
        values = np.full(self.shape, np.nan)
        table = self.subject.need
        if table is None:
            return values
        wide = table.frame.pivot_table(
            index="township_id", columns=["service", "year"], values="need_persons"
        )
        for s, service in enumerate(self.subject.services):
            for stage, year in enumerate(self.subject.years):
                key = (service.id, _latest(table.years, year))
                if key in wide:
                    values[s, stage] = wide[key].reindex(self.township_ids).to_numpy(float)
        return values

    def _assessed_column(self, column: str, s: int, stage: int) -> pd.Series:
        rows = self.subject.stage_need[stage]
        mine = rows[rows["service"] == self.subject.services[s].id]
        return mine.set_index("township_id")[column].reindex(self.township_ids)

    @property
    def assessed_stages(self) -> int:
        """Number of stages for which status, reasons and unmet need are known."""
        return len(self.subject.stage_need)

    @cached_property
    def unmet(self) -> Floats:
        """People in need who find no room within the standard."""
        values = np.full(self.shape, np.nan)
        for stage in range(self.assessed_stages):
            for s in range(self.shape[0]):
                column = self._assessed_column("unmet_persons", s, stage)
                values[s, stage] = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
        return values

    @cached_property
    def underserved(self) -> NDArray[np.bool_] | None:
        """Whether each township is underserved, at the assessed stages; None without need."""
        return self._with_status("underserved")

    @cached_property
    def at_risk(self) -> NDArray[np.bool_] | None:
        """Whether each township is at risk, at the assessed stages; None without need."""
        return self._with_status("at_risk")

    def _with_status(self, code: str) -> NDArray[np.bool_] | None:
        if not self.assessed_stages:
            return None
        flags = np.zeros((self.shape[0], self.assessed_stages, self.shape[2]), dtype=bool)
        for stage in range(self.assessed_stages):
            for s in range(self.shape[0]):
                status = self._assessed_column("status", s, stage)
                flags[s, stage] = (status == code).to_numpy(bool)
        return flags

    def reasons(self, s: int, stage: int) -> list[tuple[str, ...]]:
        """Return the reason codes of each township at an assessed stage."""
        column = self._assessed_column("reasons", s, stage).fillna("")
        return [tuple(code for code in text.split(";") if code) for text in column]

    def outlook(self, column: str) -> pd.DataFrame:
        """Return a column of the outlook, townships × stages; today's alone if there is none."""
        table = self.subject.need
        if table is None:
            raise ValueError("need was not assessed")
        if table.outlook.empty:
            return pd.DataFrame({0: table.indicators[column].reindex(self.township_ids)})
        wide = table.outlook.set_index(["township_id", "year"])[column].unstack("year")  # noqa: PD010
        known = [int(year) for year in wide.columns]
        years = [_latest(known, year) for year in self.subject.years]
        return wide[years].set_axis(range(len(years)), axis=1).reindex(self.township_ids)

    def emptying(self, stage: int) -> NDArray[np.bool_]:
        """Return whether each township empties: today, or by its projected index at the stage."""
        table = self.subject.need
        if table is None:
            raise ValueError("need was not assessed")
        flags = table.indicators["depopulating"].reindex(self.township_ids).fillna(False)
        index = self.outlook("extinction_index")[stage].astype("Float64")
        later = (index < table.settings.depopulating_index).fillna(False)
        return np.asarray(flags.astype(bool) | later.astype(bool), dtype=bool)

    @cached_property
    def weights(self) -> Floats:
        """What averages are weighted by: people in need, else people, else townships."""
        if not np.isnan(self.need).all():
            return np.nan_to_num(self.need)
        if not np.isnan(self.population).all():
            return np.broadcast_to(np.nan_to_num(self.population), self.shape)
        return np.ones(self.shape)

    @property
    def basis(self) -> str:
        """What :attr:`weights` counts: ``need``, ``people`` or ``townships``."""
        if not np.isnan(self.need).all():
            return "need"
        return "townships" if np.isnan(self.population).all() else "people"

    def within_standard(self, s: int, stage: int) -> float:
        """Return the share of people (see :attr:`basis`) within the standard of a service."""
        return _mean(self.covered_share[s, stage], self.weights[s, stage])

    @cached_property
    def arriving_share(self) -> Floats:
        """Share of people who reach a place within the cutoff: those whom a mean time is of."""
        absent = self.beyond_cutoff_share + self.unreachable_share + self.unsnapped_share
        return np.asarray(np.clip(1.0 - absent, 0.0, 1.0), dtype=np.float64)

    def mean_nearest_min(self, s: int, stage: int) -> float:
        """Return the mean minutes to the nearest place of all who reach one."""
        arrive = self.arriving_share[s, stage]
        return _mean(self.nearest_min[s, stage], self.weights[s, stage] * arrive)

    def arriving(self, s: int, stage: int) -> float:
        """Return the share of people (see :attr:`basis`) whom the mean time is of."""
        return _mean(self.arriving_share[s, stage], self.weights[s, stage])

    def offered(self, s: int, stage: int) -> bool:
        """Return whether anybody offers a service at a stage; true where access is not known."""
        if stage >= len(self.subject.access):
            return True
        offers = self.subject.access[stage].offers
        return bool((offers["service"] == self.subject.services[s].id).any())

    def total(self, values: Floats, s: int, stage: int) -> float:
        """Return the sum over townships; ``NaN`` if nothing is known."""
        row = values[s, stage]
        return float("nan") if np.isnan(row).all() else float(np.nansum(row))

    @cached_property
    def served_totals(self) -> Floats:
        """People in need who find room within the standard, services × stages.

        Today's from the need table, later ones from the plan; ``NaN`` where neither tells.
        """
        totals = np.full(self.shape[:2], np.nan)
        plan = self.subject.plan
        for s, service in enumerate(self.subject.services):
            if self.assessed_stages:
                totals[s, 0] = self.total(self.need, s, 0) - self.total(self.unmet, s, 0)
            if plan is None:
                continue
            rows = plan.coverage[plan.coverage["service"] == service.id]
            stages = np.array(stage_of_period(plan, rows["period"].tolist()), dtype=int)
            for stage in range(1, self.shape[1]):
                served = rows["served_persons"].to_numpy(float)[stages == stage]
                totals[s, stage] = float(served.sum())
        return totals

    def served_share(self, s: int | None, stage: int) -> float:
        """Return the share of need that finds room within the standard.

        Parameters
        ----------
        s : int or None
            Position of the service; None for all services together.
        """
        chosen = slice(None) if s is None else slice(s, s + 1)
        served = float(self.served_totals[chosen, stage].sum())
        total = float(np.nansum(self.need[chosen, stage]))
        return served / total if total > 0 else float("nan")

    @cached_property
    def openings(self) -> pd.DataFrame:
        """What opens or grows, with its ``stage``; empty without a plan."""
        plan = self.subject.plan
        if plan is None:
            return pd.DataFrame(columns=[*OPENINGS_COLUMNS, "stage"])
        rows = plan.openings.assign(stage=stage_of_period(plan, plan.openings["period"].tolist()))
        return rows.reset_index(drop=True)

    def sites_opened(self, stage: int, service: str | None = None) -> int:
        """Return how many sites run something of the plan at a stage."""
        rows = self.openings[self.openings["stage"] <= stage]
        if service is not None:
            rows = rows[rows["service"] == service]
        if rows.empty:
            return 0
        # A site that closes again no longer counts: what is added and taken away cancels out.
        standing = rows.groupby("site_id")["capacity_persons"].sum()
        return int((standing > 1e-9).sum())

    def capital_mkrw(self, stage: int, service: str | None = None) -> float:
        """Return the capital spent up to a stage, in million won."""
        rows = self.openings[self.openings["stage"] <= stage]
        if service is not None:
            rows = rows[rows["service"] == service]
        return float(rows["capital_mkrw"].sum())


def _wide(table: AccessTable, column: str) -> pd.DataFrame:
    return table.frame.set_index(["township_id", "service"])[column].unstack("service")  # noqa: PD010


def _latest(years: Sequence[int], year: int | None) -> int:
    """Return the last year with data up to ``year``, or the first of all."""
    before = [one for one in years if year is None or one <= year]
    return before[-1] if before else years[0]


def _mean(values: Floats, weights: Floats) -> float:
    known = ~np.isnan(values) & ~np.isnan(weights) & (weights > 0)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum()) / total if total > 0 else float("nan")
