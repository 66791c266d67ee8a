"""Townships and co-operatives that resemble one which does well: candidates for its model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ruralcare.types import AccessTable, Places, Townships

__all__ = ["similar", "similar_cooperatives", "similarity_columns"]

_LOGARITHMIC: Final = ("population_65plus", "density_per_km2")
_PLAIN: Final = ("share_65plus", "extinction_index", "change_10y_share")
_UNREACHED: Final = ("beyond_cutoff_share", "unreachable_share", "unsnapped_share")
# A likeness in fewer of the columns says too little.
_LEAST_SHARED: Final = 0.5
# Values this near to each other, against their size, do not differ.
_SAME: Final = 1e-9


def similarity_columns(indicators: pd.DataFrame, access: AccessTable) -> pd.DataFrame:
    """Return the columns in which townships are compared, in their own units.

    Returns
    -------
    DataFrame
        Index ``township_id``: ``population_65plus`` and ``density_per_km2`` as logarithms (twice
        as many people are as large a step in a hamlet as in a town), ``share_65plus``,
        ``extinction_index``, ``change_10y_share``, ``without_road`` (1 where the connection is
        ``ferry`` or ``none``), and for each service ``nearest_min:<service>`` (who reaches nothing
        within the cutoff counts with the cutoff) and ``places_per_1000:<service>``. ``NA`` where
        not known.
    """
    frame = pd.DataFrame(index=indicators.index.astype(str))
    for name in _LOGARITHMIC:
        frame[name] = np.log(_numbers(indicators[name], positive=True))
    for name in _PLAIN:
        frame[name] = _numbers(indicators[name])
    frame["without_road"] = (indicators["connection"] != "road").to_numpy(dtype=float)
    for service, rows in access.frame.groupby("service", sort=False):
        by_town = rows.set_index("township_id").reindex(frame.index)
        reached = 1.0 - by_town[list(_UNREACHED)].sum(axis=1, min_count=1).to_numpy(float)
        nearest = np.nan_to_num(_numbers(by_town["nearest_min"]))
        cutoff = access.times[str(service)].cutoff_min
        frame[f"nearest_min:{service}"] = nearest * reached + cutoff * (1.0 - reached)
        if "places_per_1000" in by_town:
            frame[f"places_per_1000:{service}"] = _numbers(by_town["places_per_1000"])
    return frame.astype("Float64").rename_axis("township_id")


def similar(
    indicators: pd.DataFrame,
    access: AccessTable,
    to: str,
    *,
    columns: Sequence[str] | None = None,
    without: Collection[str] = (),
    most: int = 10,
) -> pd.DataFrame:
    """Return the townships that resemble one, the most alike first, and in what.

    The distance is Euclidean in standardised columns (differences in standard deviations over all
    townships), as the root of the mean over the columns that both have: it has no unit, it is 0
    for a township and itself, and a missing value neither helps nor harms.

    Parameters
    ----------
    indicators : DataFrame
        Of :func:`ruralcare.need.indicators`.
    access : AccessTable
        Access today.
    to : str
        The township that others are compared with.
    columns : sequence of str, optional
        Some of :func:`similarity_columns`; by default all but those of ``without``. A column in
        which all townships are the same says nothing and is left out.
    without : collection of str
        Services whose columns are left out. A township that does well in a service has short ways
        to it for that very reason; who looks for others to take over what it did names the
        service here.
    most : int
        Rows returned at most.

    Returns
    -------
    DataFrame
        ``township_id``, ``rank`` (1 is the most alike; equal distances in the order of the ids),
        ``distance``, ``compared`` (columns that both have), ``closest``, ``second_closest`` and
        ``farthest`` (the columns in which the two are alike while few others are as close, and the
        one in which they are least alike; ``NA`` where there are too few), each with ``…_sd``, the
        candidate minus the model in standard deviations. Townships that share less than half of the
        columns with the model are left out.

    Raises
    ------
    ValueError
        There is no such township or column.
    """
    compared = _chosen(similarity_columns(indicators, access), columns, without)
    scores = _standardised(compared)
    if to not in scores.index:
        raise ValueError(f"no township has the id {to!r}")
    return _nearest(scores, scores.loc[to].to_numpy(float), "township_id", [to], most)


def similar_cooperatives(
    places: Places,
    townships: Townships,
    indicators: pd.DataFrame,
    access: AccessTable,
    to: str,
    *,
    services: Collection[str] | None = None,
    offering: Collection[str] = (),
    columns: Sequence[str] | None = None,
    most: int = 10,
) -> pd.DataFrame:
    """Return the co-operatives that resemble one and do not yet offer what it offers.

    A co-operative is described by the townships in which it has branches: the mean of their
    standardised columns, each township once, weighted by its people aged 65 and over.

    Parameters
    ----------
    places : Places
        Co-operatives, and the institutions: one whose ``operator_id`` is that of a co-operative
        belongs to it.
    townships, indicators, access
        As for :func:`similar`.
    to : str
        Code of a branch of the co-operative that others are compared with.
    services : collection of str, optional
        What the model consists of; by default what the co-operative ``to`` offers. Co-operatives
        that offer all of it are left out, and so are the columns of these services: candidates
        lack them by definition. Where nothing is known to be offered by ``to``, nothing is left
        out.
    offering : collection of str
        ``operator_id`` of further co-operatives that are known to offer it already.
    columns, most
        As for :func:`similar`; columns that are given stay, whatever the services.

    Returns
    -------
    DataFrame
        ``operator_id``, ``name`` (of its first branch by id), ``townships`` (names, joined by
        ``;``), ``offers`` (services that it offers today, joined by ``;``) and the columns of
        :func:`similar` but ``township_id``. Co-operatives without a branch in the townships are
        left out.

    Raises
    ------
    ValueError
        There is no such branch, none of its co-operative lies in the townships, or there is no such
        column.
    """
    branches = places.cooperatives.frame.sort_index()
    if to not in branches.index:
        raise ValueError(f"no branch of a co-operative has the code {to!r}")
    model = str(branches.loc[to, "operator_id"])
    inside = branches[branches["township_id"].isin(indicators.index)]
    if not (inside["operator_id"] == model).any():
        raise ValueError(f"no branch of the co-operative of {to!r} lies in the townships")
    offers = _offers(places, set(branches["operator_id"]))
    wanted = offers.get(model, frozenset()) if services is None else frozenset(services)
    compared = _chosen(similarity_columns(indicators, access), columns, wanted)
    scores = _standardised(compared)
    profiles = _profiles(inside, scores, _numbers(indicators["population_65plus"]))
    done = {one for one, has in offers.items() if wanted and wanted <= has} | {*offering, model}
    found = _nearest(
        profiles, profiles.loc[model].to_numpy(float), "operator_id", sorted(done), most
    )
    first = branches.drop_duplicates("operator_id").set_index("operator_id")["name"]
    names = townships.frame["name"]
    where = inside.groupby("operator_id")["township_id"].unique()
    told = {
        "name": [str(first[one]) for one in found["operator_id"]],
        "townships": [
            ";".join(str(names[town]) for town in sorted(where[one]))
            for one in found["operator_id"]
        ],
        "offers": [";".join(sorted(offers.get(one, ()))) for one in found["operator_id"]],
    }
    for position, (name, values) in enumerate(told.items(), start=1):
        found.insert(position, name, pd.Series(values, index=found.index, dtype="string"))
    return found


def _numbers(column: pd.Series, *, positive: bool = False) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.array(
        column.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64
    )
    if positive:
        values[~(values > 0)] = np.nan
    return values


def _chosen(
    frame: pd.DataFrame, columns: Sequence[str] | None, without: Collection[str]
) -> pd.DataFrame:
    """Return the columns that are asked for, or all but those of some services."""
    if columns is None:
        return frame[[name for name in frame if str(name).partition(":")[2] not in without]]
    odd = [name for name in columns if name not in frame]
    if odd or not columns:
        known = ", ".join(frame.columns)
        raise ValueError(f"no columns to compare: {', '.join(odd)}; there are {known}")
    return frame[list(dict.fromkeys(columns))]


def _standardised(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns in standard deviations from their means; those without any go."""
    values = frame.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    apart = np.where(known, values - mean, 0.0)
    deviation = np.sqrt((apart**2).sum(axis=0) / np.maximum(count, 1))
    size = np.abs(filled).max(axis=0, initial=0.0)
    varied = (count > 1) & (deviation > _SAME * size)
    scores = (values[:, varied] - mean[varied]) / deviation[varied]
    return pd.DataFrame(scores, index=frame.index, columns=frame.columns[varied])


def _profiles(
    branches: pd.DataFrame, scores: pd.DataFrame, persons: NDArray[np.float64]
) -> pd.DataFrame:
    """Return the weighted mean scores of the townships of each co-operative."""
    pairs = branches[["operator_id", "township_id"]].drop_duplicates()
    row = scores.index.get_indexer(pd.Index(pairs["township_id"]))
    operators, number = np.unique(pairs["operator_id"].to_numpy(dtype=object), return_inverse=True)
    values = scores.to_numpy()[row]
    # A township in which nobody is known to be old still says where the co-operative is.
    weight = np.where(persons > 0, persons, 1.0)[row][:, None] * ~np.isnan(values)
    total = np.zeros((len(operators), values.shape[1]))
    mass = np.zeros_like(total)
    np.add.at(total, number, np.nan_to_num(values) * weight)
    np.add.at(mass, number, weight)
    mean = np.full_like(total, np.nan)
    np.divide(total, mass, out=mean, where=mass > 0)
    return pd.DataFrame(mean, index=operators, columns=scores.columns)


def _offers(places: Places, operators: set[str]) -> dict[str, frozenset[str]]:
    """Return the services that each co-operative offers today."""
    operator = places.facilities.frame["operator_id"]
    offers = places.facilities.offers
    of = offers["facility_id"].map(operator)
    mine = offers[of.isin(operators)]
    return {
        str(one): frozenset(services)
        for one, services in mine.groupby(of[of.isin(operators)])["service"]
    }


def _nearest(
    scores: pd.DataFrame,
    model: NDArray[np.float64],
    name: str,
    without: Sequence[str],
    most: int,
) -> pd.DataFrame:
    """Rank rows of scores by their distance to a model, and say in what they are alike."""
    ids = scores.index.to_numpy(dtype=object)
    apart = scores.to_numpy() - model
    shared = ~np.isnan(apart)
    count = shared.sum(axis=1)
    squares = np.where(shared, apart, 0.0) ** 2
    distance = np.sqrt(squares.sum(axis=1) / np.maximum(count, 1))
    enough = (count > 0) & (count >= _LEAST_SHARED * apart.shape[1])
    rows = np.flatnonzero(enough & ~np.isin(ids.astype(str), list(without)))
    # Distances that differ in their last digits only are equal.
    order = rows[np.lexsort((ids[rows].astype(str), np.round(distance[rows], 9)))][: max(most, 0)]
    table: dict[str, Any] = {
        name: pd.array(ids[order].astype(str), dtype="string"),
        "rank": np.arange(1, len(order) + 1),
        "distance": distance[order],
        "compared": count[order],
    }
    # Columns from the most to the least alike; what one of the two lacks comes last. Alike is what
    # few others are as close in: that both have a road says nothing where all have one.
    size = np.where(shared, np.round(np.abs(apart), 9), np.inf)
    telling = np.where(shared, rankdata(size, axis=0), np.inf)
    columns = [str(column) for column in scores.columns]
    row = np.arange(len(order))
    last = count[order] - 1
    far = np.argsort(size[order], axis=1, kind="stable")[row, np.maximum(last, 0)]
    # The farthest is none of the two that are closest.
    kept = telling[order].copy()
    kept[row[last >= 2], far[last >= 2]] = np.inf
    alike = np.lexsort((size[order], kept), axis=1)
    for what, place, least in (
        ("closest", alike[:, :1], 1),
        ("second_closest", alike[:, 1:2], 2),
        ("farthest", far[:, None], 3),
    ):
        told = last + 1 >= least
        chosen = np.full(len(order), -1)
        chosen[told] = place[told, 0] if place.size else -1
        codes = [columns[one] if known else None for one, known in zip(chosen, told, strict=True)]
        difference = np.full(len(order), np.nan)
        difference[told] = apart[order[told], chosen[told]]
        table[what] = pd.Series(codes, dtype="string")
        table[f"{what}_sd"] = pd.array(difference, dtype="Float64")
    return pd.DataFrame(table)
