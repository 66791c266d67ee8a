"""Classes and colours: where the breaks lie, and what each class is called.

The hue breaks exactly at the service standard: blue within, amber to brown beyond; lightness
falls from class to class, so that the map survives a black-and-white printer. What is beyond the
cutoff, what cannot be reached at all, what lies too far from any road and what has no data are four
further states, each with a pattern of its own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.need import EXTINCTION_CLASSES

__all__ = [
    "BEYOND_CUTOFF",
    "NO_DATA",
    "UNREACHABLE",
    "UNSNAPPED",
    "MapClass",
    "access_classes",
    "breaks_min",
    "classify_access",
    "count_classes",
    "extinction_classes",
]

Pattern = Literal["plain", "hatch", "cross", "bars", "dots"]

BEYOND_CUTOFF: Final = 5
UNREACHABLE: Final = 6
UNSNAPPED: Final = 7
NO_DATA: Final = 8

_ACCESS_COLOURS: Final = ("#e9f5fd", "#a6d3f0", "#f2a83f", "#cb6331", "#862a1b")
_EXTINCTION_COLOURS: Final = ("#f6f1e4", "#ead7c6", "#d8b1b8", "#b67fa2", "#83508c")
_COUNT_COLOURS: Final = ("#e9f5fd", "#f2a83f", "#cb6331", "#862a1b")
_NO_DATA_COLOUR: Final = "#ffffff"


@dataclass(frozen=True)
class MapClass:
    """A class of a layer: its name in the legend and how its areas are filled."""

    label: Message
    colour: str
    pattern: Pattern = "plain"


_NO_DATA_CLASS: Final = MapClass(Message("No data"), _NO_DATA_COLOUR, "dots")


def _rounded(value: float, step: float) -> float:
    """Round half up to a multiple of ``step``."""
    return float(np.floor(value / step + 0.5) * step)


def breaks_min(standard_min: float, cutoff_min: float | None = None) -> tuple[float, ...]:
    """Return the four breaks between the five classes of travel time.

    Parameters
    ----------
    standard_min : float
        Service standard in minutes; always the second break.
    cutoff_min : float, optional
        Longest time measured; the upper breaks stay below it where that is possible.

    Returns
    -------
    tuple of float
        Increasing. A time equal to a break belongs to the class below it, as a time equal to
        the standard is within it.

    Examples
    --------
    >>> breaks_min(30, 90)
    (15.0, 30.0, 45.0, 60.0)
    >>> breaks_min(40, 90)
    (20.0, 40.0, 55.0, 70.0)
    """
    standard = float(standard_min)
    above = standard / 2
    if cutoff_min is not None and cutoff_min > standard:
        above = min(above, (cutoff_min - standard) / 3)

    def tidy(value: float) -> float:
        for step in (5.0, 1.0):
            rounded = _rounded(value, step)
            if rounded >= step and value >= 2 * step - 1e-9:
                return rounded
        return value

    half = tidy(standard / 2)
    # A step that rounding pushes past the cutoff is rounded down instead.
    step = tidy(above)
    if cutoff_min is not None and standard + 2 * step >= cutoff_min > standard:
        step = above
    return (min(half, standard * 0.9), standard, standard + step, standard + 2 * step)


def access_classes(breaks: tuple[float, ...], cutoff_min: float | None) -> tuple[MapClass, ...]:
    """Return the nine classes of an access layer: five times, and four states of absence."""
    first, *middle = [
        Message("{upper} min or less", upper=breaks[0]),
        *(
            Message("{lower}–{upper} min", lower=lower, upper=upper)
            for lower, upper in itertools.pairwise(breaks)
        ),
        Message("over {lower} min", lower=breaks[-1]),
    ]
    times = [
        MapClass(label, colour)
        for label, colour in zip((first, *middle), _ACCESS_COLOURS, strict=True)
    ]
    beyond = (
        Message("Beyond {cutoff} min", cutoff=cutoff_min)
        if cutoff_min is not None
        else Message("Beyond the longest time measured")
    )
    return (
        *times,
        MapClass(beyond, "#b9aeb0", "hatch"),
        MapClass(Message("No place can be reached"), "#8d949c", "cross"),
        MapClass(Message("Too far from any road"), "#d9c9e6", "bars"),
        _NO_DATA_CLASS,
    )


def classify_access(
    nearest_min: NDArray[np.float64],
    beyond_cutoff_share: NDArray[np.float64],
    unreachable_share: NDArray[np.float64],
    unsnapped_share: NDArray[np.float64],
    breaks: tuple[float, ...],
) -> NDArray[np.int64]:
    """Return the class of each value.

    A township is coloured by the mean time of those who arrive, unless most of its people do
    not: then it takes the state that holds for most of them; of equals, the worst (unsnapped,
    unreachable, beyond the cutoff).

    Parameters
    ----------
    nearest_min, beyond_cutoff_share, unreachable_share, unsnapped_share : float arrays of one shape
        As in :class:`~ruralcare.types.AccessTable`. Where the shares are ``NaN`` there is no data.
    """
    classes = np.searchsorted(np.array(breaks), nearest_min, side="left")
    absent = beyond_cutoff_share + unreachable_share + unsnapped_share
    nobody = np.isnan(nearest_min) | (absent > 0.5)
    state = np.where(unreachable_share >= beyond_cutoff_share, UNREACHABLE, BEYOND_CUTOFF)
    lost = unsnapped_share >= np.maximum(unreachable_share, beyond_cutoff_share)
    state = np.where(lost, UNSNAPPED, state)
    classes = np.where(nobody, state, classes)
    return np.where(np.isnan(absent), NO_DATA, classes).astype(np.int64)


def extinction_classes() -> tuple[MapClass, ...]:
    """Return the official classes of the extinction index, safest first, and "no data"."""
    labels = {
        "very_low": Message("Very low risk (1.5 or more)"),
        "low": Message("Low risk (1.0–1.5)"),
        "caution": Message("Caution (0.5–1.0)"),
        "entering": Message("Entering risk (0.2–0.5)"),
        "high": Message("High risk (below 0.2)"),
    }
    named = [
        MapClass(labels[code], colour)
        for code, colour in zip(EXTINCTION_CLASSES, _EXTINCTION_COLOURS, strict=True)
    ]
    return (*named, _NO_DATA_CLASS)


def count_classes(services: int) -> tuple[MapClass, ...]:
    """Return the classes of the status layer: in how many services a township is underserved."""
    top = min(services, len(_COUNT_COLOURS) - 1)
    labels = [Message("No gap")]
    for count in range(1, top + 1):
        if count == top and services > top:
            labels.append(Message("Gaps in {count} services or more", count=count))
        elif count == 1:
            labels.append(Message("Gap in 1 service"))
        else:
            labels.append(Message("Gaps in {count} services", count=count))
    colours = (*_COUNT_COLOURS[:top], _COUNT_COLOURS[-1]) if top else _COUNT_COLOURS[:1]
    named = [MapClass(label, colour) for label, colour in zip(labels, colours, strict=True)]
    return (*named, _NO_DATA_CLASS)
