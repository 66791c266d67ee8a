"""Who is within reach of a township: the table for its care council (읍·면 돌봄협의체)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.need.kinds import KINDS
from ruralcare.types import Places, Population, Townships, TravelTimes

__all__ = ["actors"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_COOPERATIVE: Final = "cooperative"
_SLACK: Final = 1e-9


def actors(
    townships: Townships,
    people: Population,
    places: Places,
    times: TravelTimes,
    *,
    within_min: float = 30.0,
    most: int | None = None,
) -> pd.DataFrame:
    """List the co-operatives and institutions within reach of each township.

    An actor is listed where somebody of the township reaches it within the limit, and in the
    township where it stands, whether it can be reached or not.

    Parameters
    ----------
    townships, people, places
        What was read.
    times : TravelTimes
        Between the demand points and the places, without detours.
    within_min : float
        The limit, no longer than the cutoff of the times.
    most : int, optional
        Most actors of a kind in a township: those in the township first, then the nearest. All of
        them by default.

    Returns
    -------
    DataFrame
        ``township_id``, ``kind`` (that of the institution, or ``cooperative``), ``actor_id``,
        ``name``, ``operator_id``, ``services`` (what it offers, joined by ``;``; empty if
        nothing), ``in_township``, ``time_min`` (mean over the people who reach it within the
        cutoff of the times; ``NA`` if nobody does), ``nearest_min`` (from the demand point nearest
        to it), ``reached_share`` (share of the people within the limit), ``location_precision``
        and ``proxy_share`` (share of the people's minutes on links that stand in for missing
        roads). Sorted by township, the order of kinds in :data:`~ruralcare.need.KINDS`, and time;
        an actor without a time comes last.
    """
    if most is not None and most < 1:
        raise TableError(f"actors: most must be at least 1, not {most}")
    if within_min > times.cutoff_min:
        raise TableError(
            f"actors: the times end at {times.cutoff_min:g} min, before the limit of {within_min:g}"
        )
    who = _who(places)
    home = townships.frame.index.get_indexer(pd.Index(people.points.frame["township_id"]))
    weight = people.points.frame["weight"].to_numpy(float)
    own = townships.frame.index.get_indexer(pd.Index(who["township_id"]))
    known = np.asarray(who.index.get_indexer(pd.Index(times.place_ids)))
    met = _met(times, home, weight, known, within_min)
    # Who stands in a township belongs to it, although nobody may get there.
    at_home = pd.DataFrame({"township": own, "actor": np.arange(len(who))})[own >= 0]
    key = ["township", "actor"]
    table = at_home.merge(met, on=key, how="outer")
    table["in_township"] = own[table["actor"].to_numpy()] == table["township"].to_numpy()
    table["reached_share"] = table["reached_share"].fillna(0.0)
    near = table["nearest_min"].fillna(np.inf).to_numpy(float) <= within_min + _SLACK
    table = table[near | table["in_township"].to_numpy()]
    table = table.join(who[["order", "kind"]].reset_index(drop=True), on="actor")
    if most is not None:
        table = _first(table, most)
    table = table.sort_values(["township", "order", "kind", "time_min", "actor"], ignore_index=True)
    rows = who.iloc[table["actor"].to_numpy()]
    return pd.DataFrame(
        {
            "township_id": townships.frame.index.to_numpy()[table["township"].to_numpy()],
            "kind": rows["kind"].to_numpy(),
            "actor_id": rows.index.to_numpy(),
            "name": rows["name"].to_numpy(),
            "operator_id": rows["operator_id"].to_numpy(),
            "services": rows["services"].to_numpy(),
            "in_township": table["in_township"].to_numpy(bool),
            "time_min": _optional(table["time_min"]),
            "nearest_min": _optional(table["nearest_min"]),
            "reached_share": table["reached_share"].to_numpy(float).clip(0.0, 1.0),
            "location_precision": rows["location_precision"].to_numpy(),
            "proxy_share": _optional(table["proxy_share"]),
        }
    )


def _who(places: Places) -> pd.DataFrame:
    """Return every co-operative and institution, with what it offers, sorted by id."""
    columns = ["name", "operator_id", "township_id", "location_precision"]
    facilities, branches = places.facilities.frame, places.cooperatives.frame
    offers = places.facilities.offers.sort_values(["facility_id", "service"])
    services = offers.groupby("facility_id")["service"].agg(";".join)
    parts = [
        pd.DataFrame(facilities[columns]).assign(
            kind=facilities["kind"],
            services=services.reindex(facilities.index).fillna("").astype(object),
        ),
        pd.DataFrame(branches[columns]).assign(kind=_COOPERATIVE, services=""),
    ]
    who = pd.concat([part for part in parts if len(part)] or parts[:1]).sort_index()
    order = {kind: i for i, kind in enumerate(KINDS)}
    # Kinds of the user's own stand before what has no kind at all.
    return who.assign(order=who["kind"].map(order).fillna(order["unknown"] - 0.5).astype(float))


def _met(
    times: TravelTimes, home: Ints, weight: Floats, known: Ints, within_min: float
) -> pd.DataFrame:
    """Return the actors that people of a township reach within the cutoff, with their figures."""
    pairs = times.pairs
    point, place = pairs.point, known[pairs.place]
    inside = (home[point] >= 0) & (place >= 0)
    point, place = point[inside], place[inside].astype(np.int64)
    minutes, proxy = pairs.time_min[inside], pairs.proxy_share[inside]
    size = int(place.max()) + 1 if len(place) else 1
    key, at = np.unique(home[point].astype(np.int64) * size + place, return_inverse=True)
    count = len(key)
    people = weight[point]

    def total(figures: Floats) -> Floats:
        return np.bincount(at, figures, count).astype(float)

    persons, spent = total(people), total(people * minutes)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, at, minutes)
    mean = np.divide(spent, persons, out=np.full(count, np.nan), where=persons > 0)
    on_proxy = total(people * minutes * proxy)
    share = np.divide(on_proxy, spent, out=np.zeros(count), where=spent > 0)
    return pd.DataFrame(
        {
            "township": key // size,
            "actor": key % size,
            # A township's points without people have a distance all the same.
            "time_min": np.where(np.isnan(mean), nearest, mean),
            "nearest_min": nearest,
            "reached_share": total(people * (minutes <= within_min + _SLACK)),
            "proxy_share": np.minimum(share, 1.0),
        }
    )


def _first(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return so many actors of each kind and township: their own first, then the nearest."""
    ranked = table.sort_values(
        ["township", "kind", "in_township", "time_min", "actor"],
        ascending=[True, True, False, True, True],
    )
    return ranked[ranked.groupby(["township", "kind"]).cumcount() < most]


def _optional(figures: pd.Series[Any]) -> pd.api.extensions.ExtensionArray:
    """Return figures with ``NA`` where there is none."""
    return pd.array(figures.to_numpy(float), dtype="Float64")
