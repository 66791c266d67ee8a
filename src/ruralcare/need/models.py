"""Who could take over the model of a township or co-operative that succeeds."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ruralcare.errors import Fault, InputError
from ruralcare.language import Message
from ruralcare.need.similar import similar, similar_cooperatives
from ruralcare.need.table import NeedTable
from ruralcare.types import Places, Townships

__all__ = ["candidates", "check_models"]

_COLUMNS = (
    "model_id",
    "model_kind",
    "candidate_id",
    "name",
    "offers",
    "rank",
    "distance",
    "compared",
    "closest",
    "closest_sd",
    "second_closest",
    "second_closest_sd",
    "farthest",
    "farthest_sd",
)


def check_models(models: Iterable[str], townships: Townships, places: Places) -> None:
    """Raise an InputError that names every model that is neither township nor branch."""
    faults = [
        Fault(
            Message("There is no township and no branch of a co-operative of this code."),
            Message("Use a code of the tables townships or actors of an earlier run."),
            column=f"need.models[{number}]",
            value=model,
        )
        for number, model in enumerate(models, start=1)
        if model not in townships.frame.index and model not in places.cooperatives.frame.index
    ]
    if faults:
        raise InputError(faults)


def candidates(
    need: NeedTable, places: Places, models: Iterable[str], *, most: int = 10
) -> pd.DataFrame:
    """Return who resembles each model most, and in what.

    A township is compared in all but the services in which its status is ``served`` today: it has
    short ways to them because it succeeds, and those who could take its model over do not have
    them. A co-operative is compared in all but the services that it offers.

    Parameters
    ----------
    need : NeedTable
        Indicators and access.
    places : Places
        Co-operatives and institutions.
    models : iterable of str
        Townships, or branches of co-operatives, whose care is a success.
    most : int
        Candidates for each model at most.

    Returns
    -------
    DataFrame
        ``model_id``, ``model_kind`` (``township``, ``cooperative``), ``candidate_id`` (a township,
        or the operator of a co-operative), ``name``, ``offers`` (what a co-operative offers today,
        joined by ``;``), and what :func:`ruralcare.need.similar` says of it.
    """
    parts = []
    today = need.of_year()
    for model in models:
        if model in need.indicators.index:
            well = today[(today["township_id"] == model) & (today["status"] == "served")]
            found = similar(
                need.indicators, need.access, model, without=set(well["service"]), most=most
            )
            found = found.rename(columns={"township_id": "candidate_id"})
            names = need.indicators["name"].reindex(found["candidate_id"]).to_numpy()
            found = found.assign(model_kind="township", name=names, offers="")
        else:
            found = similar_cooperatives(
                places, need.townships, need.indicators, need.access, model, most=most
            )
            found = found.rename(columns={"operator_id": "candidate_id"})
            found = found.assign(model_kind="cooperative")
        parts.append(found.assign(model_id=model)[list(_COLUMNS)])
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(_COLUMNS))
