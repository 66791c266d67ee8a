"""The kind of answer: where to roll out, share a hub, bring the service, or keep what is there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.need.supply import Supply
from ruralcare.need.table import ROUNDING, NeedTable
from ruralcare.scenario import NeedSettings, Service

__all__ = ["CELLS", "emptying", "hub_users", "least_users", "responses", "typology"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

CELLS = (
    "served",
    "served_depopulating",
    "underserved",
    "underserved_depopulating",
)
"""Cells of the typology: underserved in some service or not, crossed with depopulating or not."""


def emptying(
    indicators: pd.DataFrame, outlook: pd.DataFrame, settings: NeedSettings, year: int
) -> Flags:
    """Tell which townships empty in a year.

    Those that do today, and in later years those whose projected extinction index is below
    ``settings.depopulating_index``.

    Parameters
    ----------
    indicators, outlook : DataFrame
        As in :class:`NeedTable`.
    settings : NeedSettings
        The border.
    year : int
        The year.

    Returns
    -------
    array of bool
        In the order of ``indicators``.
    """
    today = indicators["depopulating"].to_numpy(bool)
    later = indicators.index.to_series().isin([])
    if len(outlook) and year > int(indicators["year"].max()):
        rows = outlook[outlook["year"] == year].set_index("township_id")["extinction_index"]
        index = rows.reindex(indicators.index).astype("Float64")
        later = (index < settings.depopulating_index).fillna(False)
    return np.asarray(today | later.to_numpy(bool), bool)


def least_users(service: Service, settings: NeedSettings) -> float:
    """Return the fewest users with which the smallest module of a service can live.

    Its capacity times the least use of the service, or ``settings.viable_use`` where the service
    has none.
    """
    smallest = min(module.capacity_persons for module in service.modules)
    return smallest * (service.min_use or settings.viable_use)


def hub_users(supply: Supply, unmet: Floats, chosen: Flags, share: float) -> Floats:
    """Return the users of the best site that a township could share with its neighbours.

    A site answers for a township if less than ``share`` of what is unmet there today would lie
    beyond the standard around the site. Its users are all people within that standard who find no
    room today, of whatever township: those who are served already do not count. Sites are all
    places to which times are known, candidates and institutions alike.

    Parameters
    ----------
    supply : Supply
        What stands.
    unmet : array, points
        Persons in need who find no room within the standard.
    chosen : array of bool, townships
        Townships asked about.
    share : float
        Largest share of the unmet need that a site may leave out.

    Returns
    -------
    array, townships
        Users of the best site; NaN where no site answers, or the township was not asked about.
    """
    pairs = supply.times.pairs
    near = (pairs.time_min <= supply.standard_min) & (unmet[pairs.point] > 0)
    point, place = pairs.point[near].astype(np.int64), pairs.place[near].astype(np.int64)
    count = len(supply.times.place_ids)
    users = np.bincount(place, weights=unmet[point], minlength=count)
    best = np.full(len(chosen), np.nan)
    whole = supply.to_townships(unmet)
    mine = chosen[supply.township[point]]
    if not mine.any():
        return best
    # Sites by township: what each would take up there.
    keys, at = np.unique(supply.township[point[mine]] * count + place[mine], return_inverse=True)
    taken = np.bincount(at, weights=unmet[point[mine]])
    township, site = keys // count, keys % count
    left = whole[township] - taken
    answers = left < (share - ROUNDING) * whole[township]
    found = np.full(len(chosen), -1.0)
    np.maximum.at(found, township[answers], users[site[answers]])
    return np.where(found >= 0, found, best)


def responses(
    supply: Supply,
    unmet: Floats,
    status: Texts,
    depopulating: Flags,
    settings: NeedSettings,
) -> Texts:
    """Return the kind of answer for each township, one of ``RESPONSES``.

    Parameters
    ----------
    supply : Supply
        What stands.
    unmet : array, points
        Persons in need who find no room within the standard.
    status : array of str, townships
        Status of each township.
    depopulating : array of bool, townships
        Whether it empties.
    settings : NeedSettings
        The rule and the least use.
    """
    bad = status == "underserved"
    users = hub_users(supply, unmet, bad & depopulating, settings.own.threshold_share)
    # NaN: no site answers.
    hub = users >= least_users(supply.service, settings) - 1e-9
    codes = np.select(
        [bad & ~depopulating, bad & hub, bad, depopulating | (status == "at_risk")],
        ["full_rollout", "shared_hub", "mobile_service", "safeguard"],
        default="none",
    )
    return codes.astype(object)


def typology(need: NeedTable, year: int | None = None) -> pd.DataFrame:
    """Cross underserved with depopulating, township by township.

    Parameters
    ----------
    need : NeedTable
        Need, status and answers.
    year : int, optional
        That of the people by default.

    Returns
    -------
    DataFrame
        Index ``township_id``: ``cell`` (one of :data:`CELLS`), ``depopulating``, ``underserved``
        (in at least one service), ``services`` (ids of those in which it is underserved, joined by
        ``;``), ``at_risk_services`` (likewise) and ``responses`` (the answers to the services,
        ``service:response``, joined by ``;``; without those that need none).
    """
    rows = need.of_year(year)
    facts = need.indicators
    ids = facts.index

    def joined(chosen: pd.Series, texts: pd.Series) -> pd.Series:
        picked = texts[chosen].groupby(rows.loc[chosen, "township_id"]).agg(";".join)
        return picked.reindex(ids, fill_value="").astype(str)

    services = joined(rows["status"] == "underserved", rows["service"])
    bad = services != ""
    empties = emptying(facts, need.outlook, need.settings, int(rows["year"].iloc[0]))
    cell = np.where(
        bad,
        np.where(empties, "underserved_depopulating", "underserved"),
        np.where(empties, "served_depopulating", "served"),
    )
    return pd.DataFrame(
        {
            "cell": cell,
            "depopulating": empties,
            "underserved": bad.to_numpy(bool),
            "services": services,
            "at_risk_services": joined(rows["status"] == "at_risk", rows["service"]),
            "responses": joined(
                rows["response"] != "none", rows["service"] + ":" + rows["response"]
            ),
        },
        index=ids,
    )
