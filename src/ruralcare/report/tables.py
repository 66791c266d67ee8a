"""The tables a run delivers: plain columns without language, one row per thing."""

from __future__ import annotations

import pandas as pd

from ruralcare.access import closures, equity
from ruralcare.need import NeedTable, composite_sensitivity, county_indicators, typology
from ruralcare.report.figures import Figures, stage_of_period
from ruralcare.report.results import Results
from ruralcare.report.subject import of_results

__all__ = ["tables"]

_INDICATORS = (
    "area_km2",
    "year",
    "population",
    "population_65plus",
    "population_80plus",
    "share_65plus",
    "share_80plus",
    "share_under15",
    "density_per_km2",
    "year_before",
    "population_before",
    "change_10y_share",
    "annual_change_share",
    "extinction_index",
    "extinction_class",
    "depopulating",
    "designated",
    "designated_on",
    "composite_index",
    "composite_known",
    "connection",
)
_DECIMALS = {
    "_min": 2,
    "_persons": 3,
    "_mkrw": 1,
    "_per_year": 1,
    "_workers": 1,
    "persons": 3,
    "_km": 3,
    "_share": 5,
    "population": 1,
    "population_65plus": 1,
    "share_65plus": 5,
    "share_80plus": 5,
    "share_under15": 5,
    "unmet_weighted": 3,
    "need_amount": 2,
    "_index": 4,
    "_km2": 3,
    "_per_1000": 2,
    "_sd": 2,
    "distance": 3,
}
"""Decimals by the ending of a column's name."""


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name, as far as the chain was followed.

    Every table ends with ``proxy``: whether any road is a stand-in; in ``access``, whether the time
    of that row rests on one. Figures are rounded; whoever needs
    more decimals has the tables of :class:`Results`.

    Returns
    -------
    dict of str to DataFrame
        ``townships``
            ``township_id, name, sigungu_id, sigungu_name`` and the indicators of
            :class:`~ruralcare.need.NeedTable`.
        ``access``
            The access table of each stage with ``period`` (0 = today) and ``year``.
        ``islands``
            Parts of the network with their people and links
            (:func:`~ruralcare.network.islands.islands`).
        ``need``
            ``period`` (0 = today) and the columns of the need table, from what stands at the
            stage; reasons as codes joined by ``;``.
        ``evidence``, ``outlook``
            What each status of today rests on, and the people of the years of the plan, as in
            :class:`~ruralcare.need.NeedTable`.
        ``typology``
            Underserved and depopulating, crossed (:func:`ruralcare.need.typology`).
        ``counties``, ``composite``
            The indicators of whole counties, and how far the rank of each township by the composite
            index hangs on its weights (:func:`ruralcare.need.composite_sensitivity`). The composite
            is an approximation.
        ``sureness``, ``decisive``, ``ranks``
            How sure each status is, which assumptions change one by themselves, and the rank of
            each township by unmet need (:class:`~ruralcare.need.Sureness`).
        ``rules``, ``rule_targets``, ``rule_counties``
            Status under the rules of ``need.assess`` (:class:`~ruralcare.need.RuleTable`).
        ``actors``
            Who is within reach of each township (:func:`ruralcare.need.actors`).
        ``similar``
            Who could take over the models of ``need.models`` (:func:`ruralcare.need.candidates`).
        ``closures``
            What each institution carries today (:func:`ruralcare.access.closures`).
        ``equity``
            How unevenly access is spread at each stage (:func:`ruralcare.access.equity`).
        ``openings``
            What the plan opens: ``site_id, site_name, township_id, service, period, year, change,
            modules, capacity_persons, capital_mkrw, running_mkrw_per_year, care_workers,
            gained_persons, newly_reached_persons, reason`` (a sentence in the language of the
            scenario).
        ``coverage``
            ``period`` (0 = today), ``year, service, sigungu_id, need_persons, served_persons``.
    """
    made = {"townships": _townships(results), "access": _access(results)}
    made["islands"] = results.islands.copy()
    made["closures"] = closures(results.access[0], results.people)
    made["equity"] = _equity(results)
    if results.need is not None:
        made["need"] = _need(results)
        made["evidence"] = results.need.evidence.copy()
        made["outlook"] = results.need.outlook.copy()
        made["typology"] = typology(results.need).reset_index()
        made |= _composite(results, results.need)
    if results.sureness is not None:
        made["sureness"] = results.sureness.shares
        made["decisive"] = results.sureness.decisive
        made["ranks"] = results.sureness.ranks
    if results.rules is not None:
        made["rules"] = results.rules.frame
        made["rule_targets"] = results.rules.targets
        made["rule_counties"] = results.rules.counties
    if results.actors is not None:
        made["actors"] = results.actors
    if results.similar is not None and len(results.similar):
        made["similar"] = results.similar
    if results.plan is not None:
        made["openings"] = _openings(results)
        made["coverage"] = _coverage(results)
    for name, frame in made.items():
        flags = frame.get("proxy", results.roads.is_proxy)
        rounded = _rounded(frame.drop(columns="proxy", errors="ignore"))
        made[name] = rounded.assign(proxy=flags)
    return made


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with no more decimals than its figures can bear."""
    decimals = {
        name: places
        for name in frame.columns
        if pd.api.types.is_float_dtype(frame[name])
        for ending, places in _DECIMALS.items()
        # The ends of a band are as fine as its middle.
        if str(name).removesuffix("_low").removesuffix("_high").endswith(ending)
    }
    return frame.round(decimals)


def _text_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy that keeps nothing of a category or an index."""
    plain = frame.copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.CategoricalDtype):
            plain[name] = plain[name].astype(str)
    return plain


def _townships(results: Results) -> pd.DataFrame:
    frame = pd.DataFrame(results.townships.frame[["name", "sigungu_id", "sigungu_name"]])
    if results.need is not None:
        frame = frame.join(results.need.indicators[list(_INDICATORS)])
    else:
        frame["year"] = results.people.year
        frame["population"] = results.people.totals().reindex(frame.index)
        frame["population_65plus"] = results.people.totals(from_age=65).reindex(frame.index)
    frame["population_assumed"] = results.people.assumed
    return _text_columns(frame.rename_axis("township_id").reset_index())


def _access(results: Results) -> pd.DataFrame:
    parts = []
    for period, (year, table) in enumerate(zip(results.years, results.access, strict=True)):
        part = table.frame.copy()
        part.insert(0, "period", period)
        part.insert(1, "year", year)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    return _text_columns(frame)


def _composite(results: Results, need: NeedTable) -> dict[str, pd.DataFrame]:
    settings = need.settings
    counties = county_indicators(
        results.townships, results.people, settings, figures=results.figures
    )
    ranks = composite_sensitivity(
        need.indicators, settings.composite_weights or None, seed=results.scenario.seed
    )
    whole = dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64")
    return {"counties": counties.reset_index(), "composite": ranks.astype(whole).reset_index()}


def _equity(results: Results) -> pd.DataFrame:
    parts = []
    for period, (year, table) in enumerate(zip(results.years, results.access, strict=True)):
        part = equity(table, results.people, results.townships)
        part.insert(0, "period", period)
        part.insert(1, "year", year)
        parts.append(part)
    return _text_columns(pd.concat(parts, ignore_index=True))


def _need(results: Results) -> pd.DataFrame:
    parts = []
    for period, rows in enumerate(results.stage_need):
        part = rows.reset_index(drop=True)
        part.insert(0, "period", period)
        parts.append(part)
    return _text_columns(pd.concat(parts, ignore_index=True))


def _openings(results: Results) -> pd.DataFrame:
    plan = results.plan
    if plan is None:
        raise ValueError("there is no plan")
    frame = plan.openings.copy()
    sites = results.places.cooperatives.frame
    frame.insert(1, "site_name", frame["site_id"].map(sites["name"]))
    frame.insert(2, "township_id", frame["site_id"].map(sites["township_id"]))
    frame["period"] = stage_of_period(plan, frame["period"].tolist())
    language = results.scenario.language
    frame["reason"] = [reason.render(language) for reason in frame["reason"]]
    return _text_columns(frame.reset_index(drop=True))


def _coverage(results: Results) -> pd.DataFrame:
    plan = results.plan
    if plan is None:
        raise ValueError("there is no plan")
    later = plan.coverage.rename(columns={"group_id": "sigungu_id"})
    later["period"] = stage_of_period(plan, later["period"].tolist())
    figures = Figures(of_results(results))
    county = results.townships.frame["sigungu_id"].to_numpy()
    rows = []
    for s, service in enumerate(results.scenario.services):
        today = pd.DataFrame(
            {
                "sigungu_id": county,
                "need_persons": figures.need[s, 0],
                "served_persons": figures.need[s, 0] - figures.unmet[s, 0],
            }
        )
        sums = today.groupby("sigungu_id", as_index=False).sum()
        sums.insert(0, "period", 0)
        sums.insert(1, "year", results.years[0])
        sums.insert(2, "service", service.id)
        rows.append(sums)
    return _text_columns(pd.concat([*rows, later[rows[0].columns]], ignore_index=True))
