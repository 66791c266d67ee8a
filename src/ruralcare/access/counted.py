"""What measures count: places by service, and the people who want them, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from ruralcare.access.decay import Decay
from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.types import DemandPoints, Places, Population, TravelTimes, TravelTimesByService
from ruralcare.types.checks import check_frame

__all__ = [
    "ANY_SERVICE",
    "Count",
    "Counted",
    "Demand",
    "counted",
    "cut_notes",
    "demand_at",
    "demands_of",
    "unknown_notes",
    "weights_of",
]

ANY_SERVICE = "any"
"""Service id where no offers are given: every place counts."""

Count = Literal["places", "capacity"]
"""Whether a place counts as one, or as the persons it serves."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A decay is asked for so many times at once, so that its scratch space stays small.
_BLOCK = 1 << 20
# Beyond the cutoff of the travel times, a decay that still gives this much is worth a note.
_WORTH_TELLING = 0.01


@dataclass(frozen=True, eq=False)
class Counted:
    """The services that travel alike, and what places offer them.

    Parameters
    ----------
    times : TravelTimes
        How they travel.
    services : tuple of str
        The services, one for each column of the arrays.
    offered : array of bool, places x services
        Whether a place offers a service.
    known : array of bool, places x services
        Whether it does with a capacity that is known.
    capacity : array of float, places x services
        Persons that a place serves; 0 where that is not known or it does not offer the service.
    """

    times: TravelTimes
    services: tuple[str, ...]
    offered: Flags
    known: Flags
    capacity: Floats

    def supply(self, count: Count) -> Floats:
        """Return what each place counts for."""
        if count not in ("places", "capacity"):
            raise ValueError(f"count must be 'places' or 'capacity', not {count!r}")
        return self.offered.astype(float) if count == "places" else self.capacity

    def matrix(self, weights: Floats) -> csr_array | csc_array:
        """Return weights of the rows of the travel times as a matrix, points x places."""
        point, place, _ = self.times.rows
        points, places = len(self.times.points.frame), len(self.times.place_ids)
        # What was measured comes sorted by one end, so that nothing needs to be sorted.
        if _sorted(point):
            return csr_array((weights, place, _starts(point, points)), shape=(points, places))
        if _sorted(place):
            return csc_array((weights, point, _starts(place, places)), shape=(points, places))
        return csr_array((weights, (point, place)), shape=(points, places))


def _sorted(at: NDArray[np.int32]) -> bool:
    return bool((at[1:] >= at[:-1]).all())


def _starts(at: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    return np.searchsorted(at, np.arange(count + 1)).astype(np.int32)


def counted(
    times: TravelTimes | TravelTimesByService, offers: Places | pd.DataFrame | None
) -> list[Counted]:
    """Return the services by how they travel, with what places offer them.

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        One table serves all services of the offers; a mapping says which services are measured.
    offers : Places or DataFrame, optional
        ``place_id``, ``service``, ``capacity_persons`` (may be absent). Without it, every place
        counts, for the services of the mapping or for one called ``any``.

    Raises
    ------
    TableError
        The offers break their contract, name places that the travel times lack, or the travel
        times of two services have different demand points.
    """
    if isinstance(offers, Places):
        offers = offers.offers
    if offers is not None:
        _check_offers(offers)
    if isinstance(times, TravelTimes):
        found = [ANY_SERVICE] if offers is None else sorted(set(offers["service"]))
        times = dict.fromkeys(found, times)
    alike: dict[int, list[str]] = {}
    for service, table in times.items():
        alike.setdefault(id(table), []).append(service)
    tables = {id(table): table for table in times.values()}
    made = [_counted(tables[key], services, offers) for key, services in alike.items()]
    for one in made[1:]:
        if not one.times.points.frame.index.equals(made[0].times.points.frame.index):
            raise TableError("the travel times of the services have different demand points")
    return made


def _counted(times: TravelTimes, services: list[str], offers: pd.DataFrame | None) -> Counted:
    shape = (len(times.place_ids), len(services))
    if offers is None:
        every = np.ones(shape, bool)
        return Counted(times, tuple(services), every, ~every, np.zeros(shape))
    offers = offers[offers["service"].isin(services)]
    place = pd.Index(times.place_ids, dtype=object).get_indexer(
        pd.Index(offers["place_id"], dtype=object)
    )
    if (place < 0).any():
        strange = sorted(set(offers["place_id"][place < 0]))[:5]
        raise TableError(f"offers: places that the travel times lack: {', '.join(strange)}")
    service = pd.Index(services, dtype=object).get_indexer(
        pd.Index(offers["service"], dtype=object)
    )
    persons = (
        offers["capacity_persons"].astype("Float64").to_numpy(float, na_value=np.nan)
        if "capacity_persons" in offers
        else np.full(len(offers), np.nan)
    )
    offered, known, capacity = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape)
    offered[place, service] = True
    known[place, service] = ~np.isnan(persons)
    capacity[place, service] = np.nan_to_num(persons)
    return Counted(times, tuple(services), offered, known, capacity)


def _check_offers(offers: pd.DataFrame) -> None:
    columns = {"place_id": "text", "service": "text"}
    if "capacity_persons" in offers:
        # A column of nothing but NA has no type of its own.
        offers = offers.assign(capacity_persons=offers["capacity_persons"].astype("Float64"))
        columns["capacity_persons"] = "number?"
    check_frame("offers", offers, columns, unique=["place_id", "service"])
    if "capacity_persons" in offers and (offers["capacity_persons"] < 0).any():
        raise TableError("offers: capacity_persons must not be negative")


def weights_of(decay: Decay, times: TravelTimes) -> Floats:
    """Return how much each pair counts, in the order of ``times.rows``.

    Raises
    ------
    ValueError
        The decay gives weights that are negative, infinite or missing, or not one for each time.
    """
    _, _, minutes = times.rows
    weights = np.empty(len(minutes))
    for begin in range(0, len(minutes), _BLOCK):
        part = np.asarray(decay(minutes[begin : begin + _BLOCK]), dtype=float)
        if part.shape != (min(_BLOCK, len(minutes) - begin),):
            raise ValueError("the decay must return one weight for each time")
        if not (part >= 0).all() or np.isinf(part).any():
            raise ValueError("the decay must return finite weights of 0 or more")
        weights[begin : begin + _BLOCK] = part
    return weights


def cut_notes(decay: Decay, groups: Sequence[Counted]) -> list[Message]:
    """Return a note where the travel times end before the decay does."""
    ends = sorted({one.times.cutoff_min for one in groups} - {np.inf})
    beyond = [end for end in ends if decay(np.nextafter([end], np.inf))[0] > _WORTH_TELLING]
    return [
        Message(
            "Places farther than {minutes} minutes are not counted, though the decay function "
            "would give them weight: the travel times end there.",
            minutes=end,
        )
        for end in beyond
    ]


def unknown_notes(groups: Sequence[Counted]) -> list[Message]:
    """Return a note where places are left out because their capacity is not known."""
    count = sum(int((one.offered & ~one.known).sum()) for one in groups)
    if not count:
        return []
    return [Message("{count} offers of unknown capacity are left out.", count=count)]


@dataclass(frozen=True, eq=False)
class Demand:
    """People who want a service, by demand point.

    Parameters
    ----------
    persons : array of float, points
        Their number.
    weight : array of float, points
        Share of the people of the township; where nobody is, that of the demand points.
    notes : tuple of Message
        What a reader of the results must know.
    """

    persons: Floats
    weight: Floats
    notes: tuple[Message, ...] = ()


def demand_at(
    points: DemandPoints,
    service: str,
    *,
    people: Population | None,
    from_age: int,
    demand: pd.Series | Mapping[str, pd.Series] | None,
) -> Demand:
    """Return the people who want a service, by demand point.

    Parameters
    ----------
    points : DemandPoints
        Where people live.
    service : str
        The service.
    people : Population, optional
        Those of ``from_age`` and older, spread over the points of their township.
    from_age : int
        First age counted.
    demand : Series or mapping of service to Series, optional
        Persons by ``point_id`` or by ``township_id``, in place of ``people``; an id that is
        absent wants nothing.

    Raises
    ------
    ValueError
        Neither or both of ``people`` and ``demand`` are given, or a service has no demand.
    TableError
        The demand is negative, missing or of unknown ids.
    """
    if (people is None) == (demand is None):
        raise ValueError("either people or demand must be given, and not both")
    home, share = points.frame["township_id"], points.frame["weight"].to_numpy(float)
    if people is not None:
        old = people.totals(from_age=from_age).astype(float)
        by_point = home.map(old).to_numpy(float)
        absent = sorted(set(home[np.isnan(by_point)]))
        notes = (
            (Message("{count} townships have no people on record and count as empty.",
                     count=len(absent)),)
            if absent
            else ()
        )  # fmt: skip
        return Demand(share * np.nan_to_num(by_point), share, notes)
    if isinstance(demand, Mapping):
        if service not in demand:
            raise ValueError(f"no demand is given for the service {service!r}")
        demand = demand[service]
    assert demand is not None
    return _given(points, demand.astype("Float64"))


def demands_of(
    groups: Sequence[Counted],
    *,
    people: Population | None,
    from_age: int,
    demand: pd.Series | Mapping[str, pd.Series] | None,
) -> dict[str, Demand]:
    """Return the people who want each service; see :func:`demand_at`."""
    made: dict[str, Demand] = {}
    for group in groups:
        for service in group.services:
            if made and not isinstance(demand, Mapping):
                made[service] = next(iter(made.values()))
                continue
            made[service] = demand_at(
                group.times.points, service, people=people, from_age=from_age, demand=demand
            )
    return made


def _given(points: DemandPoints, demand: pd.Series) -> Demand:
    if demand.isna().any() or not np.isfinite(demand.to_numpy(float)).all() or (demand < 0).any():
        raise TableError("demand: must be 0 or more persons, none missing or infinite")
    if not demand.index.is_unique:
        raise TableError("demand: has the same id twice")
    home, share = points.frame["township_id"], points.frame["weight"].to_numpy(float)
    by_point = demand.index.isin(points.frame.index)
    by_township = demand.index.isin(home.unique())
    if by_township.all() and not (by_point.all() and demand.index.name != "township_id"):
        persons = home.map(demand).astype("Float64").to_numpy(float, na_value=0.0)
        return Demand(share * persons, share)
    if not by_point.all():
        strange = sorted(map(str, demand.index[~by_point]))[:5]
        raise TableError(f"demand: neither demand points nor townships: {', '.join(strange)}")
    persons = demand.reindex(points.frame.index).to_numpy(float, na_value=0.0)
    code, _ = pd.factorize(home)
    whole = np.bincount(code, persons)[code] if len(code) else persons
    return Demand(persons, np.divide(persons, whole, out=share.copy(), where=whole > 0))
