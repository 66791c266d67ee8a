"""Floating catchment areas: places per person, allowing for others who want them too.

All of them share out the capacity of each place among those who reach it, and sum for each home
what it gets of every place. They differ in how reach counts:

=======================================  ===========================================
:func:`two_step_fca` (2SFCA)             with :func:`~ruralcare.access.binary`: within
                                         the catchment or not; or with any decay
:func:`enhanced_two_step_fca` (E2SFCA)   by zones, the nearer the more
:func:`modified_two_step_fca` (M2SFCA)   a far place is also worth less by itself
:func:`three_step_fca` (3SFCA)           people choose among the places within reach
=======================================  ===========================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.access.counted import (
    Counted,
    counted,
    cut_notes,
    demands_of,
    unknown_notes,
    weights_of,
)
from ruralcare.access.decay import Decay, stepwise
from ruralcare.access.measure import Measure, measure_at
from ruralcare.language import Message
from ruralcare.types import Places, Population, TravelTimes, TravelTimesByService

__all__ = [
    "enhanced_two_step_fca",
    "modified_two_step_fca",
    "three_step_fca",
    "two_step_fca",
]

# Weights so small (an exponential decay far out) are nothing: to divide by them would overflow.
_LEAST = 1e-200

Floats = NDArray[np.float64]
Core = Callable[[Counted, Floats, Floats], tuple[Floats, Floats]]
"""From offers, weights of the pairs and persons to places per person, and demand at each place."""


def two_step_fca(
    times: TravelTimes | TravelTimesByService,
    people: Population | None = None,
    places: Places | None = None,
    *,
    decay: Decay,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    offers: pd.DataFrame | None = None,
) -> Measure:
    r"""Measure the places within reach per person, allowing for others who reach them too.

    .. math::
        R_j = \frac{S_j}{\sum_i P_i f(t_{ij})}, \qquad A_i = \sum_j R_j f(t_{ij})

    Parameters
    ----------
    times : TravelTimes or mapping of service to TravelTimes
        Between demand points and places, as the services travel.
    people : Population, optional
        ``P``: people of ``from_age`` and older, spread over the demand points.
    places : Places, optional
        ``S``: capacity of what exists. A place of unknown capacity is left out and counted in the
        notes.
    decay : callable
        ``f``, such as :func:`~ruralcare.access.binary` or :func:`~ruralcare.access.gaussian`.
    from_age : int
        First age counted; a border of five-year groups.
    demand : Series or mapping of service to Series, optional
        ``P`` in place of ``people``: persons by ``point_id`` or ``township_id``, such as those in
        need of the service.
    offers : DataFrame, optional
        ``S`` in place of ``places``: ``place_id``, ``service``, ``capacity_persons``.

    Returns
    -------
    Measure
        In places per person; 0 where nothing is within reach. Weighed by people, the values of a
        service sum to the capacity of the places that somebody reaches.

    Raises
    ------
    ValueError
        Both or none of ``people`` and ``demand``, or of ``places`` and ``offers``, are given, or
        the decay gives weights that make no sense.
    TableError
        Offers or demand break their contract or name unknown ids.

    References
    ----------
    Luo, W. and Wang, F. (2003). Measures of spatial accessibility to health care in a GIS
    environment. Environment and Planning B 30 (6), 865-884.
    """
    return _measured(
        "two_step_fca", _two_step, times, people, places, decay, from_age, demand, offers
    )


def enhanced_two_step_fca(
    times: TravelTimes | TravelTimesByService,
    people: Population | None = None,
    places: Places | None = None,
    *,
    decay: Decay | None = None,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    offers: pd.DataFrame | None = None,
) -> Measure:
    r"""Measure the places within reach per person; nearer zones count more.

    .. math::
        R_j = \frac{S_j}{\sum_i P_i f(t_{ij})}, \qquad A_i = \sum_j R_j f(t_{ij})

    The formula is that of :func:`two_step_fca`; ``f`` falls from zone to zone.

    Parameters
    ----------
    times, people, places, from_age, demand, offers
        As for :func:`two_step_fca`.
    decay : callable, optional
        ``f``; by default the zones of Luo and Qi: 1 to 10 minutes, 0.68 to 20, 0.22 to 30.

    Returns
    -------
    Measure
        In places per person. Weighed by people, the values of a service sum to the capacity of
        the places that somebody reaches.

    Raises
    ------
    ValueError, TableError
        As for :func:`two_step_fca`.

    References
    ----------
    Luo, W. and Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for
    measuring spatial accessibility to primary care physicians. Health & Place 15 (4), 1100-1107.
    """
    zones = stepwise((10, 20, 30), (1, 0.68, 0.22)) if decay is None else decay
    return _measured(
        "enhanced_two_step_fca", _two_step, times, people, places, zones, from_age, demand, offers
    )


def modified_two_step_fca(
    times: TravelTimes | TravelTimesByService,
    people: Population | None = None,
    places: Places | None = None,
    *,
    decay: Decay,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    offers: pd.DataFrame | None = None,
) -> Measure:
    r"""Measure the places within reach per person; a far place is worth less even to one alone.

    .. math::
        R_j = \frac{S_j}{\sum_i P_i f(t_{ij})}, \qquad A_i = \sum_j R_j f(t_{ij})^2

    In 2SFCA and E2SFCA all capacity is shared out however far everybody lives; here what is far
    for all is lost to all, so that a badly placed system shows.

    Parameters
    ----------
    times, people, places, decay, from_age, demand, offers
        As for :func:`two_step_fca`.

    Returns
    -------
    Measure
        In places per person. Weighed by people, the values of a service sum to no more than the
        capacity of the places that somebody reaches.

    Raises
    ------
    ValueError, TableError
        As for :func:`two_step_fca`.

    References
    ----------
    Delamater, P. L. (2013). Spatial accessibility in suboptimally configured health care systems:
    a modified two-step floating catchment area (M2SFCA) metric. Health & Place 24, 30-43.
    """
    return _measured(
        "modified_two_step_fca", _modified, times, people, places, decay, from_age, demand, offers
    )


def three_step_fca(
    times: TravelTimes | TravelTimesByService,
    people: Population | None = None,
    places: Places | None = None,
    *,
    decay: Decay,
    from_age: int = 65,
    demand: pd.Series | Mapping[str, pd.Series] | None = None,
    offers: pd.DataFrame | None = None,
) -> Measure:
    r"""Measure the places within reach per person, who choose among them by how near they are.

    .. math::
        G_{ij} = \frac{f(t_{ij})}{\sum_k f(t_{ik})}, \qquad
        R_j = \frac{S_j}{\sum_i G_{ij} P_i f(t_{ij})}, \qquad
        A_i = \sum_j G_{ij} R_j f(t_{ij})

    Where many places are near, each is sought by fewer; 2SFCA counts everybody fully at each.

    Parameters
    ----------
    times, people, places, decay, from_age, demand, offers
        As for :func:`two_step_fca`. The choice is among the places whose capacity is known and
        above 0.

    Returns
    -------
    Measure
        In places per person. Weighed by people, the values of a service sum to the capacity of
        the places that somebody reaches.

    Raises
    ------
    ValueError, TableError
        As for :func:`two_step_fca`.

    References
    ----------
    Wan, N., Zou, B. and Sternberg, T. (2012). A three-step floating catchment area method for
    analyzing spatial access to health services. International Journal of Geographical
    Information Science 26 (6), 1073-1089.
    """
    return _measured(
        "three_step_fca", _three_step, times, people, places, decay, from_age, demand, offers
    )


def _measured(
    name: str,
    core: Core,
    times: TravelTimes | TravelTimesByService,
    people: Population | None,
    places: Places | None,
    decay: Decay,
    from_age: int,
    demand: pd.Series | Mapping[str, pd.Series] | None,
    offers: pd.DataFrame | None,
) -> Measure:
    if (places is None) == (offers is None):
        raise ValueError("either places or offers must be given, and not both")
    groups = counted(times, offers if places is None else places)
    wanted = demands_of(groups, people=people, from_age=from_age, demand=demand)
    values, alone = {}, 0
    for group in groups:
        persons = np.column_stack([wanted[service].persons for service in group.services])
        found, load = core(group, weights_of(decay, group.times), persons)
        alone += int(((group.capacity > 0) & (load <= _LEAST)).sum())
        for at, service in enumerate(group.services):
            values[service] = np.ascontiguousarray(found[:, at])
    notes = [*unknown_notes(groups), *cut_notes(decay, groups)]
    if alone:
        notes.append(
            Message("{count} offers have nobody within reach; their capacity is not shared out.",
                    count=alone)
        )  # fmt: skip
    return measure_at(
        name, groups, values, wanted=wanted, nothing=0.0, unit="places_per_person", notes=notes
    )


def _two_step(group: Counted, weights: Floats, persons: Floats) -> tuple[Floats, Floats]:
    matrix = group.matrix(weights)
    load = matrix.T @ persons
    return matrix @ _ratio(group.capacity, load), load


def _modified(group: Counted, weights: Floats, persons: Floats) -> tuple[Floats, Floats]:
    load = group.matrix(weights).T @ persons
    return group.matrix(weights**2) @ _ratio(group.capacity, load), load


def _three_step(group: Counted, weights: Floats, persons: Floats) -> tuple[Floats, Floats]:
    # G f is f² by the sum of f over the places that offer the service.
    whole = group.matrix(weights) @ (group.capacity > 0).astype(float)
    matrix = group.matrix(weights**2)
    load = matrix.T @ _ratio(persons, whole)
    return _ratio(matrix @ _ratio(group.capacity, load), whole), load


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return a ratio; 0 of nothing, for nobody is there to get it."""
    found = np.divide(part, whole, out=np.zeros(part.shape), where=whole > _LEAST)
    return np.asarray(found)
