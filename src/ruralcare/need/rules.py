"""Rules in official use, measured as each rule measures: its roads, its speeds, its kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import geopandas as gpd
import pandas as pd

from ruralcare import network
from ruralcare.inputs.reach import REACH_KM
from ruralcare.language import Bilingual, Message
from ruralcare.need.judging import Reached, assess_rule
from ruralcare.need.kinds import LISTED_TOGETHER, kind_names
from ruralcare.need.rule_table import RuleTable
from ruralcare.progress import Progress, silent
from ruralcare.scenario import Rule, RuleTarget, TravelSettings
from ruralcare.types import Facilities, Places, Population, RoadNetwork, Townships
from ruralcare.units import metres, metres_in, minutes_at

__all__ = ["DISTANCE_KMH", "limit_min", "measure_rules", "offering"]

DISTANCE_KMH: Final = 30.0
"""Speed at which a distance by car is told in minutes: the land survey takes 10 km as 20."""

_NAMES_SHOWN: Final = 12


def limit_min(target: RuleTarget, walking_kmh: float) -> float:
    """Return the longest acceptable time of a target, in minutes.

    A distance is a time at one speed: at :data:`DISTANCE_KMH` by car, else at walking speed.

    Parameters
    ----------
    target : RuleTarget
        The target.
    walking_kmh : float
        Walking speed of the scenario.

    Examples
    --------
    >>> limit_min(RuleTarget(kinds=("senior_hall",), within_km=0.75, mode="foot"), 4.5)
    10.0
    """
    if target.within_min is not None:
        return target.within_min
    assert target.within_km is not None
    return float(minutes_at(metres(target.within_km), _speed_kmh(target, walking_kmh)))


def _speed_kmh(target: RuleTarget, walking_kmh: float) -> float:
    """Return the speed at which a distance is told in minutes."""
    return DISTANCE_KMH if target.mode == "car" else target.walking_kmh or walking_kmh


def offering(facilities: Facilities, kinds: tuple[str, ...]) -> gpd.GeoSeries:
    """Return the institutions that are of a kind, or offer it among other services.

    Parameters
    ----------
    facilities : Facilities
        The institutions.
    kinds : tuple of str
        Kinds, any of which will do.

    Returns
    -------
    GeoSeries
        Their points, sorted by ``facility_id``.
    """
    offers = facilities.offers
    ids = set(offers.loc[offers["service"].isin(kinds), "facility_id"])
    frame = facilities.frame
    chosen = frame["kind"].isin(kinds).to_numpy() | frame.index.isin(ids)
    return frame.geometry[chosen].sort_index()


class _Question(NamedTuple):
    """What is measured once, however many rules ask it."""

    profile: str | None
    by_distance: bool
    mode: str
    walking_kmh: float
    kinds: tuple[str, ...]


def measure_rules(
    rules: Mapping[str, Rule],
    townships: Townships,
    people: Population,
    places: Places,
    roads_of: Callable[[str | None], RoadNetwork],
    *,
    travel: TravelSettings,
    progress: Progress = silent,
) -> RuleTable:
    """Measure and judge townships and counties by rules in official use.

    Only the nearest institution of each target is looked for, in one search over the network and
    without a cutoff, so that a nation takes about as long as its network. Distances by car are
    measured along the roads that the profile leaves open, with the walks between houses and
    roads; ferries keep their time. A county in which the data hold nothing of what is listed
    together with a kind (:data:`~ruralcare.need.kinds.LISTED_TOGETHER`) is one whose list was not
    given: what its people do not reach is not held against it.

    Parameters
    ----------
    rules : mapping of str to Rule
        Rules with targets; the rule ``own`` is assessed by :func:`ruralcare.need.assess`.
    townships, people, places
        What was read.
    roads_of : callable
        Returns the network under a profile of speeds; None asks for that of the scenario. It is
        called once for each profile.
    travel : TravelSettings
        Walking speed where a target has none, and snapping limit.
    progress : Progress
        Told which step is under way.

    Returns
    -------
    RuleTable
        All rules, in the order given.
    """
    asked: dict[str, list[_Question]] = {}
    for name, rule in rules.items():
        asked[name] = [_question(rule, target, travel.walking_kmh) for target in rule.targets]
    questions = list(dict.fromkeys(one for several in asked.values() for one in several))
    answers: dict[_Question, pd.DataFrame | None] = {}
    fastest: dict[str | None, float] = {}
    for profile in dict.fromkeys(one.profile for one in questions):
        mine = [one for one in questions if one.profile == profile]
        points = {one: offering(places.facilities, one.kinds) for one in mine}
        answers |= {one: None for one in mine if not len(points[one])}
        mine = [one for one in mine if len(points[one])]
        if not mine:
            continue
        progress(Message("Measuring the rules in official use"))
        plain = roads_of(profile)
        fastest[profile] = float(plain.edges["speed_kmh"].max()) if len(plain.edges) else 0.0
        for by_distance in dict.fromkeys(one.by_distance for one in mine):
            roads = _by_distance(plain) if by_distance else plain
            for one in mine:
                if one.by_distance == by_distance:
                    answers[one] = _nearest(roads, people, points[one], one, travel)
    tables = [
        assess_rule(
            name,
            rule,
            [
                Reached(
                    answers[one],
                    limit_min(target, travel.walking_kmh),
                    None if target.within_km is None else _speed_kmh(target, travel.walking_kmh),
                    _covered(places.facilities, townships, one.kinds),
                )
                for target, one in zip(rule.targets, asked[name], strict=True)
            ],
            people,
            townships,
        )
        for name, rule in rules.items()
    ]
    notes = [
        note
        for table in tables
        for note in (
            *_no_data(table, answers, asked),
            *_not_covered(table, townships),
            *_lists_end(table, asked, fastest),
        )
    ]
    return _joined(tables, dict(rules), tuple(notes))


def _question(rule: Rule, target: RuleTarget, walking_kmh: float) -> _Question:
    by_distance = target.within_km is not None and target.mode == "car"
    # A distance counts the walks between house and road like the road itself.
    walking = DISTANCE_KMH if by_distance else target.walking_kmh or walking_kmh
    kinds = tuple(sorted(set(target.kinds)))
    return _Question(rule.profile, by_distance, target.mode, walking, kinds)


def _by_distance(roads: RoadNetwork) -> RoadNetwork:
    """Return the network with every road driven at one speed, whatever its limit."""
    edges = roads.edges
    road = (edges["kind"] == "road").to_numpy()
    even = edges.assign(
        speed_kmh=edges["speed_kmh"].where(~road, DISTANCE_KMH),
        time_min=edges["time_min"].where(~road, minutes_at(edges["length_m"], DISTANCE_KMH)),
    )
    return replace(roads, edges=even, memo={})


def _nearest(
    roads: RoadNetwork,
    people: Population,
    points: gpd.GeoSeries,
    question: _Question,
    travel: TravelSettings,
) -> pd.DataFrame | None:
    """Return the nearest institution of every demand point; None if none of them joins a road."""
    found = network.nearest(
        roads,
        people.points,
        points,
        mode=question.mode,
        walking_kmh=question.walking_kmh,
        snap_limit_m=travel.snap_limit_m,
    )
    # So it is said where none of the institutions joins a road.
    return None if (found["state"] == "unsnapped").all() else found


def _covered(
    facilities: Facilities, townships: Townships, kinds: tuple[str, ...]
) -> frozenset[str] | None:
    """Return the counties whose lists of such institutions are in the data; None for all.

    A county in which the data hold none of what is listed together with a kind is one whose list
    was not given.
    """
    together = [group for group in LISTED_TOGETHER if group & set(kinds)]
    if not together:
        return None
    listed = offering(facilities, tuple(sorted(frozenset().union(*together)))).index
    there = townships.frame.index.intersection(facilities.frame.loc[listed, "township_id"])
    return frozenset(townships.frame.loc[there, "sigungu_id"])


def _no_data(
    table: RuleTable,
    answers: Mapping[_Question, pd.DataFrame | None],
    asked: Mapping[str, list[_Question]],
) -> list[Message]:
    """Name the kinds of which the data hold no institution."""
    ((name, rule),) = table.rules.items()
    lacking = [
        target
        for target, one in zip(rule.targets, asked[name], strict=True)
        if answers[one] is None
    ]
    kinds = dict.fromkeys(kind for target in lacking for kind in target.kinds)
    if not kinds:
        return []
    return [
        Message(
            "Rule “{rule}”: the data hold no institution of these kinds: {kinds}. Where the rule "
            "turns on them, its verdict is unknown; what is not in the data may well be there.",
            rule=Bilingual(rule.title_ko, rule.title_en),
            kinds=kind_names(kinds),
        )
    ]


def _not_covered(table: RuleTable, townships: Townships) -> list[Message]:
    """Name the counties whose lists were not given, where those of others were."""
    ((_, rule),) = table.rules.items()
    targets = table.county_targets
    unknown = targets[(targets["unknown_share"].fillna(0.0) > 0) & targets["nearest_id"].notna()]
    counties = townships.frame.drop_duplicates("sigungu_id").set_index("sigungu_id")
    notes = []
    for kinds, rows in unknown.groupby("kinds", sort=False):
        names = counties.loc[list(rows["sigungu_id"]), "sigungu_name"]
        shown = ", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else "")
        notes.append(
            Message(
                "Rule “{rule}”: no list of these counties is in the data: {counties} ({kinds}). "
                "Who reaches no such institution of other counties in time is not judged.",
                rule=Bilingual(rule.title_ko, rule.title_en),
                counties=shown,
                kinds=kind_names(str(kinds).split(";")),
            )
        )
    return notes


def _lists_end(
    table: RuleTable,
    asked: Mapping[str, list[_Question]],
    fastest: Mapping[str | None, float],
) -> list[Message]:
    """Say that institutions may lie within reach beyond the area of the lists."""
    ((name, rule),) = table.rules.items()
    beyond = table.targets[table.targets["beyond_share"].fillna(0.0) > 0]
    numbers = []
    for number in sorted(set(beyond["target"])):
        target, question = rule.targets[number - 1], asked[name][number - 1]
        if target.mode == "foot" or question.profile not in fastest:
            continue
        speed = DISTANCE_KMH if question.by_distance else fastest[question.profile]
        if float(metres_in(limit_min(target, 1.0), speed)) > metres(REACH_KM):
            numbers.append(number)
    if not numbers:
        return []
    kinds = dict.fromkeys(kind for number in numbers for kind in rule.targets[number - 1].kinds)
    return [
        Message(
            "Rule “{rule}”: institutions farther than {km} km from the planned counties are not in "
            "the data, though people at the border may reach some in time: {kinds}.",
            rule=Bilingual(rule.title_ko, rule.title_en),
            km=round(REACH_KM),
            kinds=kind_names(kinds),
        )
    ]


def _joined(
    tables: list[RuleTable], rules: Mapping[str, Rule], notes: tuple[Message, ...]
) -> RuleTable:
    """Return the tables of single rules as one."""

    def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(parts, ignore_index=True)

    return RuleTable(
        stacked([one.frame for one in tables]),
        stacked([one.targets for one in tables]),
        stacked([one.counties for one in tables]),
        stacked([one.county_targets for one in tables]),
        rules,
        notes,
    )
