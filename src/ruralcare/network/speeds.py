"""Which ways a scenario leaves open, and how fast they are driven."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import Fault, InputError
from ruralcare.inputs.roads.lines import RoadLines
from ruralcare.language import Bilingual, Message
from ruralcare.scenario import RoadsSource, SpeedProfile
from ruralcare.scenario.figures import default_figures
from ruralcare.units import kilometres, minutes_at

__all__ = [
    "FERRY_KMH",
    "average_kmh",
    "closed_ids",
    "driving_speeds",
    "ferries_run",
    "open_ways",
    "profile_of",
    "proxy_kmh",
    "speed_notes",
]

FERRY_KMH = 20.0
"""Speed of a ferry whose data give no duration."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def profile_of(roads: RoadsSource) -> SpeedProfile:
    """Return the profile of speeds that a scenario chooses: its own, or one of the program.

    Raises
    ------
    InputError
        There is no profile of this name.
    """
    if roads.profile in roads.profiles:
        return roads.profiles[roads.profile]
    built_in = default_figures()["roads"]["profiles"]
    if roads.profile not in built_in:
        fault = Fault(
            Message("There is no profile of speeds of this name."),
            Message("Choose one of: {known}.", known=", ".join({**built_in, **roads.profiles})),
            column="roads.profile",
            value=roads.profile,
        )
        raise InputError([fault])
    return SpeedProfile.model_validate(built_in[roads.profile])


def ferries_run(roads: RoadsSource) -> bool:
    """Return whether ferries run in a scenario."""
    return roads.ferries_run and profile_of(roads).ferries_run


def proxy_kmh(roads: RoadsSource) -> float:
    """Return the speed on links that stand in for roads (km/h).

    They are small roads: what a profile does to those of the class ``unclassified``, it does to
    them.
    """
    profile = profile_of(roads)
    factor = profile.class_factors.get("unclassified", 1.0) * profile.speed_factor
    return roads.proxy_speed_kmh * factor * roads.speed_factor


def average_kmh(length_m: Floats, time_min: Floats) -> Floats:
    """Return the speed that covers a length in a time."""
    # Time and speed change places in the same formula.
    return minutes_at(length_m, time_min)


def closed_ids(lines: RoadLines, roads: RoadsSource) -> set[str]:
    """Return the ids of the ways that a scenario closes by their ids."""
    return set(lines.ways.loc[_closed(lines, roads), "source_id"])


def open_ways(lines: RoadLines, roads: RoadsSource, *, keep_closed: bool = False) -> Flags:
    """Return which ways can be used in a scenario.

    Ferries that do not run, roads with a toll and what is closed by its id cannot.

    Parameters
    ----------
    lines : RoadLines
        Ways of a road file.
    roads : RoadsSource
        ``profile``, ``ferries_run``, ``tolls`` and ``closed`` are looked at.
    keep_closed : bool
        Count what is closed by its id as open.

    Raises
    ------
    InputError
        Nothing is left.
    """
    ways = lines.ways
    closed = _closed(lines, roads)
    shut = np.zeros_like(closed) if keep_closed else closed
    if not ferries_run(roads):
        shut = shut | (ways["kind"] == "ferry").to_numpy()
    if not _tolls(roads):
        shut = shut | ways["toll"].to_numpy()
    if (shut | closed).all():
        fault = Fault(
            Message("No road of the file may be used in this scenario."),
            Message("Check roads.tolls and roads.closed; expressways alone are no network."),
            file=lines.source,
            column="roads.tolls",
        )
        raise InputError([fault])
    return np.asarray(~shut)


def _closed(lines: RoadLines, roads: RoadsSource) -> Flags:
    named = lines.ways["source_id"].isin(roads.closed)
    return np.asarray(lines.ways["closed"].to_numpy() | named.to_numpy(), dtype=bool)


def _tolls(roads: RoadsSource) -> bool:
    """Return whether roads with a toll are used."""
    told = profile_of(roads).tolls
    return roads.tolls if told is None else roads.tolls or told


def speed_notes(lines: RoadLines, roads: RoadsSource, length_m: Floats) -> list[Message]:
    """Return what a reader must know about closures, tolls and speeds.

    Parameters
    ----------
    lines, roads
        As for :func:`open_ways`; all ways of the file.
    length_m : array of float
        Length of each way.
    """
    notes = []
    ways, profile = lines.ways, profile_of(roads)

    def km(chosen: Flags) -> float:
        return round(float(kilometres(length_m[chosen].sum())), 1)

    ferry = (ways["kind"] == "ferry").to_numpy()
    closed, toll = _closed(lines, roads), ways["toll"].to_numpy()
    if not ferries_run(roads) and ferry.any():
        notes.append(Message("Ferries do not run in this scenario."))
    if closed.any():
        count = int(ways.loc[closed, "source_id"].nunique())
        notes.append(
            Message(
                "Roads or ferries closed in this scenario: {count}, {km} km in all.",
                count=count,
                km=km(closed),
            )
        )
    if not _tolls(roads) and toll.any():
        notes.append(
            Message(
                "Roads with a toll (expressways) are not used: {km} km. "
                "roads.tolls = true takes them in.",
                km=km(toll),
            )
        )
    title = Bilingual(profile.title_ko, profile.title_en)
    notes.append(Message("Driving speeds: {profile}.", profile=title))
    if roads.speed_factor != 1.0:
        notes.append(Message("All speeds are multiplied by {factor}.", factor=roads.speed_factor))
    return notes


def driving_speeds(lines: RoadLines, roads: RoadsSource, length_m: Floats) -> tuple[Floats, Floats]:
    """Return the speed of each way, and minutes of crossing per metre of a ferry.

    A road is driven at the speed that the data or the scenario give for it; else at a share of
    its posted limit, where the profile goes by that; else at the speed of its class, but no faster
    than the limit. All of it is multiplied by the factors of the class, the profile and the
    scenario. A ferry keeps its timetable, whatever the state of the roads.

    Parameters
    ----------
    lines : RoadLines
        Ways of a road file.
    roads : RoadsSource
        Speeds of the scenario.
    length_m : array of float
        Length of each way.

    Raises
    ------
    InputError
        The scenario has no speed for a class of road.
    """
    ways, profile = lines.ways, profile_of(roads)
    ferry = (ways["kind"] == "ferry").to_numpy()
    table: Mapping[str, float] = {"ferry": FERRY_KMH, **roads.speeds_kmh, **profile.speeds_kmh}
    number, known = pd.factorize(ways["road_class"])
    classes = [str(name) for name in known]
    unknown = sorted(set(classes) - set(table))
    if unknown:
        raise InputError(
            Fault(
                Message("There is no speed for roads of the class {name}.", name=name),
                Message("Add it to [roads.speeds_kmh]."),
                column="roads.speeds_kmh",
                value=name,
            )
            for name in unknown
        )
    by_class = np.array([table[name] for name in classes])[number]
    posted = _floats(lines, "maxspeed_kmh")
    if profile.use_posted:
        speed = np.where(np.isnan(posted), by_class, posted * profile.posted_factor)
    else:
        speed = np.fmin(by_class, posted)
    driven = _floats(lines, "driven_kmh")
    speed = np.where(np.isnan(driven), speed, driven)
    factors = np.array([profile.class_factors.get(name, 1.0) for name in classes])
    speed = speed * (factors * profile.speed_factor * roads.speed_factor)[number]
    duration = _floats(lines, "duration_min")
    timed = ferry & np.isfinite(duration) & (length_m > 0)
    per_m = np.where(ferry, minutes_at(1.0, FERRY_KMH), 0.0)
    per_m[timed] = duration[timed] / length_m[timed]
    speed[ferry] = FERRY_KMH
    speed[timed] = average_kmh(length_m[timed], duration[timed])
    return speed, per_m


def _floats(lines: RoadLines, column: str) -> Floats:
    """Return a column as numbers; NaN where it has none."""
    return lines.ways[column].to_numpy(dtype=float, na_value=np.nan)
