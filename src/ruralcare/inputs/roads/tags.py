"""What the tags of OpenStreetMap ways mean for a car: class, access, direction, speed, time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from ruralcare.units import kilometres, minutes_from_seconds

__all__ = [
    "ROAD_CLASSES",
    "TOLLED_CLASSES",
    "USED_TAGS",
    "WayTags",
    "clock_min",
    "maxspeed_kmh",
    "way_tags",
]

ROAD_CLASSES: Final[tuple[str, ...]] = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
    "track",
)
"""Values of ``highway`` that cars use; all others (paths, proposed roads …) are left out."""

TOLLED_CLASSES: Final = frozenset({"motorway", "motorway_link"})
"""Expressways and their ramps: roads with a toll, unless the data say otherwise."""

USED_TAGS: Final[tuple[str, ...]] = (
    "access",
    "area",
    "bridge",
    "duration",
    "highway",
    "interval",
    "junction",
    "maxspeed",
    "maxspeed:backward",
    "maxspeed:forward",
    "motor_vehicle",
    "motorcar",
    "name",
    "oneway",
    "ref",
    "route",
    "service",
    "toll",
    "tunnel",
    "vehicle",
)
"""Every tag that is looked at."""

# From the special to the general: the first one given decides.
_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_CLOSED = frozenset(
    {
        "no",
        "private",
        "permit",
        "military",
        "emergency",
        "official",
        "restricted",
        "bus",
        "psv",
        "bicycle",
    }
)
_FARMING = frozenset({"agricultural", "forestry", "farm"})

# Limits that a zone stands for. Elsewhere the limit outside towns depends on the road, so that
# the speed of its class is the better guess.
_ZONES_KMH = {
    "KR:urban": 50.0,
    "KR:rural": 60.0,
    "KR:motorway": 100.0,
    "urban": 50.0,
    "living_street": 20.0,
    "walk": 5.0,
}
_FASTEST_KMH = 150.0
_MILE_M = 1609.344
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|)$")
_CLOCK = re.compile(r"^(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$")
_ISO = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_MINUTES = re.compile(r"^(\d+(?:\.\d+)?)\s*(?:min|mins|minutes|m|분)?$")


class WayTags(NamedTuple):
    """What the tags of a way say about driving along it."""

    road_class: str
    """Value of ``highway``, or ``ferry``."""
    direction: int
    """1: only as drawn; -1: only against it; 0: both ways."""
    maxspeed_kmh: float | None
    duration_min: float | None
    headway_min: float | None
    name: str
    ref: str
    bridge: bool
    tunnel: bool
    toll: bool = False
    """A car pays for the road."""
    driven_kmh: float | None = None
    """Speed at which it is driven, where the data tell that rather than a limit."""


def way_tags(tags: Mapping[str, str]) -> WayTags | None:
    """Return what a car can make of a way, or None if it cannot use it.

    Parameters
    ----------
    tags : mapping of str to str
        Tags of the way; several values are separated by ``;``.
    """
    ferry = tags.get("route") == "ferry"
    road_class = "ferry" if ferry else _first(tags.get("highway", ""))
    if not ferry and (road_class not in ROAD_CLASSES or tags.get("area") == "yes"):
        return None
    access = next((tags[key] for key in _ACCESS_KEYS if key in tags), "yes")
    allowed = {one.strip() for one in access.split(";")}
    if allowed <= _CLOSED or tags.get("service") == "emergency_access":
        return None
    if allowed <= _FARMING:
        road_class = "track"
    return WayTags(
        road_class,
        0 if ferry else _direction(tags, road_class),
        None if ferry else maxspeed_kmh(_limits(tags)),
        clock_min(tags.get("duration", "")) if ferry else None,
        clock_min(tags.get("interval", "")) if ferry else None,
        tags.get("name", ""),
        tags.get("ref", ""),
        tags.get("bridge", "no") != "no",
        tags.get("tunnel", "no") not in ("no", "building_passage"),
        not ferry and _toll(tags.get("toll"), road_class),
    )


def _toll(told: str | None, road_class: str) -> bool:
    """Return whether a road costs a toll; expressways do in Korea unless they are said not to."""
    return told == "yes" or (told != "no" and road_class in TOLLED_CLASSES)


def _limits(tags: Mapping[str, str]) -> str:
    """Return the limit of a way, or those of its two directions where it has no common one."""
    keys = ("maxspeed:forward", "maxspeed:backward")
    return tags.get("maxspeed") or ";".join(tags[key] for key in keys if key in tags)


def _first(value: str) -> str:
    return value.split(";")[0].strip()


def _direction(tags: Mapping[str, str], road_class: str) -> int:
    oneway = tags.get("oneway", "")
    if oneway in ("yes", "true", "True", "1"):
        return 1
    if oneway in ("-1", "reverse"):
        return -1
    implied = road_class == "motorway" or tags.get("junction") in ("roundabout", "circular")
    return 1 if implied and oneway not in ("no", "false", "False", "0") else 0


def maxspeed_kmh(value: str) -> float | None:
    """Return a speed limit in km/h, or None where the tag gives none that can be used.

    Of several values the lowest holds: no part of the way is promised to be faster than it is.

    Examples
    --------
    >>> maxspeed_kmh("50"), round(maxspeed_kmh("30 mph"), 1), maxspeed_kmh("KR:urban")
    (50.0, 48.3, 50.0)
    >>> maxspeed_kmh("60;80"), maxspeed_kmh("walk"), maxspeed_kmh("signals")
    (60.0, 5.0, None)
    """
    found = [one for one in map(_one_speed, re.split(r"[;|,]", value)) if one is not None]
    return min(found, default=None)


def _one_speed(text: str) -> float | None:
    text = text.strip()
    zone = _ZONES_KMH.get(text) or _ZONES_KMH.get(text.rpartition(":")[2])
    if zone is not None:
        return zone
    match = _SPEED.match(text)
    if match is None:
        return None
    speed = float(match.group(1))
    if match.group(2) == "mph":
        speed = kilometres(speed * _MILE_M)
    return speed if 0 < speed <= _FASTEST_KMH else None


def clock_min(value: str) -> float | None:
    """Return a duration or an interval in minutes, or None where it cannot be read.

    Of several values, or a range, the longest holds: no crossing is promised to be faster than
    it is.

    Examples
    --------
    >>> clock_min("00:40"), clock_min("1:30"), clock_min("25"), clock_min("PT1H30M")
    (40.0, 90.0, 25.0, 90.0)
    >>> clock_min("00:30-01:00"), clock_min("20;40")
    (60.0, 40.0)
    """
    found = [one for one in map(_one_clock, re.split(r"[;,~-]", value)) if one is not None]
    return max(found, default=None)


def _one_clock(value: str) -> float | None:
    text = value.strip()
    clock = _CLOCK.match(text)
    iso = _ISO.match(text) if len(text) > 2 else None
    minutes = _MINUTES.match(text)
    if clock:
        days, hours, mins, seconds = 0, int(clock[1]), int(clock[2]), int(clock[3] or 0)
    elif iso:
        days, hours, mins, seconds = (int(part or 0) for part in iso.groups())
    elif minutes:
        return float(minutes[1]) or None
    else:
        return None
    duration = timedelta(days=days, hours=hours, minutes=mins, seconds=seconds)
    return minutes_from_seconds(duration.total_seconds()) or None
