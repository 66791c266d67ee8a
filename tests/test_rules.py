"""Rules in official use: by hand, by brute force, and what must always hold."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box
from small_world import CRS, population, townships

from ruralcare import TableError, need
from ruralcare.need import Reached, RuleTable, assess_rule, judging, limit_min, measure_rules
from ruralcare.scenario import Rule, RuleTarget, Scenario, TravelSettings
from ruralcare.types import (
    Cooperatives,
    DemandPoints,
    Facilities,
    Places,
    Population,
    RoadNetwork,
    Townships,
)

WORDS = {"title_ko": "기준", "title_en": "A rule", "source": "by hand", "dated": "2026"}


def rule(*targets, share=0.3, combine="all", **more):
    made = tuple(RuleTarget(kinds=kinds, within_min=within) for kinds, within in targets)
    return Rule(**WORDS, share=share, combine=combine, targets=made, **more)


def nearest(minutes, states=None, place="H"):
    """Return the nearest place of a1, a2 and b1; None is no way."""
    states = states or ["unreachable" if one is None else "reached" for one in minutes]
    return pd.DataFrame(
        {
            "point_id": ["a1", "a2", "b1"],
            "place_id": pd.array([None if m is None else place for m in minutes], dtype="string"),
            "time_min": pd.array(minutes, dtype="Float64"),
            "proxy_share": pd.array([None if m is None else 0.5 for m in minutes], dtype="Float64"),
            "state": pd.array(states, dtype="string"),
        }
    )


def judged(one, *found):
    """Judge the small world: A (100 people: 60 % in a1, 40 % in a2) and B (50 people in b1)."""
    reached = [
        Reached(frame, float(target.within_min))
        for frame, target in zip(found, one.targets, strict=True)
    ]
    return assess_rule("test", one, reached, population(), townships())


def verdicts(table):
    return dict(zip(table.frame["township_id"], table.frame["status"], strict=True))


def test_one_target_by_hand():
    table = judged(rule((("hospital",), 30)), nearest([5.0, 31.0, None]))
    rows = table.frame.set_index("township_id")
    assert rows["beyond_share"].tolist() == pytest.approx([0.4, 1.0])
    assert rows["status"].tolist() == ["underserved", "underserved"]
    assert rows["reasons"].tolist() == ["too_far", "unreachable"]
    assert rows["failing"].tolist() == ["1", "1"]
    targets = table.targets.set_index("township_id")
    # 60 % of A are 5 minutes away: so far is half of it. Nobody in B has a way.
    assert targets.loc["A", "nearest_min"] == 5.0
    assert targets.loc["A", "nearest_id"] == "H"
    assert targets.loc["A", "proxy_share"] == pytest.approx(0.5)
    assert targets.loc["B", ["nearest_min", "nearest_id", "proxy_share"]].isna().all()
    county = table.counties.iloc[0]
    # 40 of 100 in A and 50 of 50 in B.
    assert county["beyond_share"] == pytest.approx(90 / 150)
    assert (county["persons"], county["underserved_townships"]) == (150, 2)
    assert county["sigungu_id"] == "99001"
    assert table.county_targets["nearest_min"].tolist() == [31.0]


def test_a_time_equal_to_the_limit_is_within_it():
    table = judged(rule((("hospital",), 30)), nearest([30.0, 30.0, 30.0]))
    assert set(table.frame["status"]) == {"served"}
    assert set(table.frame["reasons"]) == {""}


@pytest.mark.parametrize(("tolerance", "status"), [(0.0, "served"), (0.1, "underserved")])
def test_a_tenth_of_tolerance_makes_thirty_per_cent_twenty_seven(tolerance, status):
    points = population().points.frame.assign(weight=[0.73, 0.27, 1.0])
    people = replace(population(), points=DemandPoints(points, "villages"))
    one = rule((("hospital",), 30), tolerance=tolerance)
    found = Reached(nearest([5.0, 40.0, 5.0]), 30.0)
    table = assess_rule("test", one, [found], people, townships())
    assert verdicts(table) == {"A": status, "B": "served"}
    assert table.frame["threshold_share"].iloc[0] == pytest.approx(0.27 if tolerance else 0.3)


def test_a_share_that_only_rounding_keeps_below_the_threshold_reaches_it():
    home = [(40e3, 0.01), (39e3, 0.06), (38e3, 0.09), (37e3, 0.11), (0.0, 0.73)]
    beyond, everybody = np.cumsum([weight for _, weight in home])[-2:]
    one = rule((("clinic",), 10), tolerance=0.1)
    assert beyond / everybody < one.threshold_share == 0.27
    table = measured({"test": one}, [home], [("clinic", 0.0)])
    row = table.frame.iloc[0]
    assert (row["status"], row["reasons"], row["failing"]) == ("underserved", "too_far", "1")
    # As in the table of need, a millionth of the people does not decide.
    for share, status in ((0.2699995, "underserved"), (0.269998, "served")):
        home = [(40e3, share), (0.0, 1 - share)]
        table = measured({"test": one}, [home], [("clinic", 0.0)])
        assert verdicts(table) == {"T0": status}


def test_all_any_and_each_by_hand():
    """In A, 60 % miss the first target only and 40 % the second only; in B both are reached."""
    first, second = nearest([40.0, 10.0, 10.0]), nearest([10.0, 40.0, 10.0])
    targets = ((("x",), 30), (("y",), 30))

    def share(combine, threshold=0.5):
        table = judged(rule(*targets, combine=combine, share=threshold), first, second)
        row = table.frame.set_index("township_id").loc["A"]
        return row["beyond_share"], row["status"], row["failing"]

    assert share("all") == (pytest.approx(1.0), "underserved", "1")
    assert share("any") == (0.0, "served", "")
    assert share("each") == (pytest.approx(0.6), "underserved", "1")
    # A union beyond the threshold, though neither target is: the worst one is named.
    assert share("all", 0.7) == (pytest.approx(1.0), "underserved", "1")
    assert share("each", 0.7) == (pytest.approx(0.6), "served", "")


@pytest.mark.parametrize(
    ("combine", "minutes", "status"),
    [
        ("all", 10.0, "unknown"),
        ("all", 40.0, "underserved"),
        ("each", 10.0, "unknown"),
        ("each", 40.0, "underserved"),
        ("any", 10.0, "served"),
        ("any", 40.0, "unknown"),
    ],
)
def test_what_the_data_lack_decides_nothing(combine, minutes, status):
    one = rule((("x",), 30), (("y",), 30), combine=combine)
    table = judged(one, nearest([minutes] * 3), None)
    assert set(table.frame["status"]) == {status} == set(table.counties["status"])
    expected = {"unknown": "no_data", "underserved": "too_far", "served": ""}
    assert set(table.frame["reasons"]) == {expected[status]}
    assert set(table.frame["missing"]) == {"2"}
    assert table.targets[table.targets["target"] == 2]["beyond_share"].isna().all()


@pytest.mark.parametrize("combine", ["all", "any", "each"])
def test_nothing_in_the_data_is_never_an_answer(combine):
    table = judged(rule((("x",), 30), (("y",), 30), combine=combine), None, None)
    assert set(table.frame["status"]) == {"unknown"}
    assert table.frame["beyond_share"].isna().all()


def test_the_gravest_cause_of_the_targets_missed_is_told():
    far = nearest([40.0, 40.0, 40.0])
    odd = nearest([5.0, None, None], ["reached", "unreachable", "unsnapped"])
    table = judged(rule((("x",), 30), (("y",), 30)), far, odd)
    rows = table.frame.set_index("township_id")
    assert rows.loc["A", "reasons"] == "too_far;unreachable"
    assert rows.loc["B", "reasons"] == "unsnapped"
    assert rows.loc["A", "failing"] == "1;2"


@pytest.mark.parametrize("turned", [False, True])
def test_the_gravest_cause_counts_whatever_the_order_of_the_targets(turned):
    far = nearest([40.0, 40.0, 40.0])
    cut_off = nearest([None, None, None])
    lost = nearest([None, None, None], ["unsnapped"] * 3)
    one = rule((("x",), 30), (("y",), 30))
    for other, cause in ((cut_off, "unreachable"), (lost, "unsnapped")):
        found = judged(one, *((other, far) if turned else (far, other)))
        assert set(found.frame["reasons"]) == {cause} == set(found.counties["reasons"])


def test_a_small_area_does_not_drown_in_the_sum_of_all():
    """The nearest of half the people of a hamlet, after billions of persons elsewhere."""
    rng = np.random.default_rng(0)
    area, count = np.repeat([0, 1], [30_000, 10]), 30_000
    weight = np.concatenate([rng.random(count) * 1e6, np.full(10, 1e-3)])
    minutes = np.concatenate([rng.random(count), np.arange(10.0)])
    assert judging._median(minutes, area, weight, 2)[1] == 4.0


def test_a_county_where_nobody_lives_is_not_judged():
    people = population()
    empty = people.frame.assign(persons=0)
    table = assess_rule(
        "test",
        rule((("x",), 30)),
        [Reached(nearest([5.0, 5.0, 5.0]), 30.0)],
        Population(empty, people.points, people.as_of),
        townships(),
    )
    assert table.counties[["status", "reasons"]].iloc[0].tolist() == ["unknown", "no_people"]
    assert table.counties["beyond_share"].isna().all()
    # The points of a township say where its houses are, whoever lives in them today.
    assert set(table.frame["status"]) == {"served"}


def test_every_point_must_have_been_asked():
    with pytest.raises(TableError, match="every demand point"):
        judged(rule((("x",), 30)), nearest([5.0, 5.0, 5.0]).iloc[:2])
    with pytest.raises(TableError, match="1 targets, but 0"):
        assess_rule("test", rule((("x",), 30)), [], population(), townships())


def test_the_table_checks_itself():
    table = judged(rule((("hospital",), 30)), nearest([5.0, 31.0, None]))
    for change, told in [
        ({"frame": table.frame.assign(status="good")}, "unknown status"),
        ({"frame": table.frame.assign(reasons="")}, "has a reason"),
        ({"frame": table.frame.assign(reasons="bad_luck")}, "unknown reasons"),
        ({"frame": table.frame.assign(rule="other")}, "unknown rules"),
        ({"frame": table.frame.assign(beyond_share=1.2)}, "between 0 and 1"),
        ({"targets": table.targets.iloc[:1]}, "needs a row in every area"),
    ]:
        with pytest.raises(TableError, match=told):
            replace(table, **change)


# A random world on one straight road along x, judged by brute force

LENGTH_M = 40_000.0
KINDS = ("clinic", "hospital", "welfare_centre")


def road(kmh=60.0, proxy=False):
    """Return a network of one straight road of two edges."""
    ends = [0.0, 5_000.0, LENGTH_M]
    lengths = np.diff(ends)
    nodes = gpd.GeoDataFrame(geometry=[Point(x, 0) for x in ends], crs=CRS)
    edges = gpd.GeoDataFrame(
        {
            "u": [0, 1],
            "v": [1, 2],
            "length_m": lengths,
            "speed_kmh": kmh,
            "time_min": lengths / (kmh * 1000 / 60),
            "kind": "road",
            "road_class": "primary",
            "oneway": False,
            "proxy": proxy,
            "name": "",
            "source_id": ["1", "2"],
        },
        geometry=[LineString([(x, 0), (y, 0)]) for x, y in pairwise(ends)],
        crs=CRS,
    )
    pieces = pd.DataFrame({"piece": [0], "nodes": [3], "length_m": [LENGTH_M], "kept": [True]})
    return RoadNetwork(nodes, edges, pieces)


def world(homes, counties=("99001",)):
    """Return townships and people; ``homes`` has for each township (x in metres, weight) pairs."""
    ids = [f"T{i}" for i in range(len(homes))]
    frame = gpd.GeoDataFrame(
        {
            "name": ids,
            "sigungu_id": [counties[i % len(counties)] for i in range(len(ids))],
            "sigungu_name": "군",
            "seat": gpd.GeoSeries([Point(0, 0)] * len(ids), crs=CRS),
        },
        geometry=[box(i, 0, i + 1, 1) for i in range(len(ids))],
        crs=CRS,
        index=pd.Index(ids, name="township_id"),
    )
    rows = [(t, x, w) for t, own in zip(ids, homes, strict=True) for x, w in own]
    points = gpd.GeoDataFrame(
        {
            "township_id": [row[0] for row in rows],
            "name": "",
            "weight": [row[2] for row in rows],
        },
        geometry=[Point(row[1], 0) for row in rows],
        crs=CRS,
        index=pd.Index([f"p{i:03d}" for i in range(len(rows))], name="point_id"),
    )
    counts = pd.DataFrame(
        {
            "township_id": ids,
            "year": 2023,
            "sex": "all",
            "age_group": "70-74",
            "persons": [100 * (i + 1) for i in range(len(ids))],
        }
    )
    people = Population(counts, DemandPoints(points, "villages"), {2023: "2023-10"})
    return Townships(frame, "2023-10"), people


def at(*where):
    """Return institutions: kind, x in metres, and the township (the first if it is left out)."""
    where = [(*one, "T0")[:3] for one in where]
    frame = gpd.GeoDataFrame(
        {
            "name": "시설",
            "kind": [one[0] for one in where],
            "operator_id": "",
            "township_id": [one[2] for one in where],
            "address": "",
            "location_precision": "point",
        },
        geometry=[Point(one[1], 0) for one in where],
        crs=CRS,
        index=pd.Index([f"F{i:02d}" for i in range(len(where))], name="facility_id"),
    )
    offers = pd.DataFrame(
        {
            "facility_id": frame.index.astype(str),
            "service": frame["kind"].to_numpy(),
            "capacity_persons": pd.array([None] * len(frame), dtype="Float64"),
            "capacity_basis": "unknown",
        }
    )
    none = pd.DataFrame({"facility_id": [], "name": [], "address": [], "reason": []})
    coops = gpd.GeoDataFrame(
        {column: [] for column in
         ("name", "operator_id", "township_id", "willing", "address", "location_precision")},
        geometry=[],
        crs=CRS,
        index=pd.Index([], name="coop_id"),
    )  # fmt: skip
    return Places(
        Facilities(frame, offers, none),
        Cooperatives(coops, none.rename(columns={"facility_id": "coop_id"})),
    )


def measured(rules, homes, where, roads=None, **more):
    towns, people = world(homes, **more)
    network = roads or road()
    return measure_rules(
        rules, towns, people, at(*where), lambda _: network, travel=TravelSettings()
    )


places_x = st.integers(0, 40).map(lambda km: km * 1000.0)
some_townships = st.sampled_from(["T0", "T1", ""])
some_places = st.lists(
    st.tuples(st.sampled_from(KINDS), places_x, some_townships), min_size=1, max_size=5
)
some_homes = st.lists(
    st.lists(st.tuples(places_x, st.integers(1, 9)), min_size=1, max_size=4).map(
        lambda own: [(x, w / sum(v for _, v in own)) for x, w in own]
    ),
    min_size=1,
    max_size=4,
)
some_targets = st.lists(
    st.tuples(st.sampled_from([("clinic",), ("hospital",), ("clinic", "welfare_centre")]),
              st.sampled_from([3.5, 7.5, 12.5, 20.5])),
    min_size=1,
    max_size=3,
)  # fmt: skip
combines = st.sampled_from(["all", "any", "each"])


COUNTIES = ("1", "2")
LISTS = ({"clinic", "hospital"}, {"welfare_centre"})


def by_force(one, number, homes, where):
    """Judge a township by the definition, a point at a time; minutes are kilometres."""
    there = {f"T{i}": COUNTIES[i % 2] for i in range(len(homes))}

    def knows(target):
        """Return whether the data would have another institution that is near."""
        if not any(kind in target.kinds for kind, *_ in where):
            return False
        listed = set().union(*(group for group in LISTS if group & set(target.kinds)))
        return COUNTIES[number % 2] in {there.get(t) for kind, _, t in where if kind in listed}

    def missed(x, target, lacking):
        ways = [abs(x - y) / 1000 for kind, y, _ in where if kind in target.kinds]
        if min(ways, default=math.inf) <= target.within_min:
            return False
        return True if knows(target) else lacking

    def fails(lacking):
        """Judge with what is not known as missed, or as reached."""
        full = [[missed(x, target, lacking) for target in one.targets] for x, _ in homes[number]]
        weights = [w for _, w in homes[number]]
        if one.combine == "each":
            share = max(
                sum(w for w, row in zip(weights, full, strict=True) if row[t])
                for t in range(len(one.targets))
            )
        else:
            of = all if one.combine == "any" else any
            share = sum(w for w, row in zip(weights, full, strict=True) if of(row))
        return share >= one.threshold_share - 1e-9

    worst, best = fails(True), fails(False)
    return ("underserved" if worst else "served") if worst == best else "unknown"


@settings(max_examples=60)
@given(some_homes, some_places, some_targets, combines)
def test_verdicts_are_those_of_the_definition(homes, where, targets, combine):
    one = rule(*targets, combine=combine)
    table = measured({"test": one}, homes, where, counties=COUNTIES)
    for number in range(len(homes)):
        assert verdicts(table)[f"T{number}"] == by_force(one, number, homes, where)


@settings(max_examples=25)
@given(some_homes, some_places, some_targets, combines, st.sampled_from(KINDS), places_x,
       some_townships)  # fmt: skip
def test_another_institution_never_makes_a_township_underserved(
    homes, where, targets, combine, kind, x, township
):
    one = rule(*targets, combine=combine)
    before = measured({"test": one}, homes, where, counties=COUNTIES)
    after = measured({"test": one}, homes, [*where, (kind, x, township)], counties=COUNTIES)
    for name, status in verdicts(after).items():
        if status == "underserved":
            assert verdicts(before)[name] != "served"
    # Whoever got there before still does.
    late = [
        table.targets["beyond_share"].fillna(0.0) + table.targets["unknown_share"]
        for table in (before, after)
    ]
    assert (late[1] <= late[0] + 1e-9).all()


@settings(max_examples=25)
@given(some_homes, some_places, some_targets, combines, st.floats(0.3, 1.0))
def test_a_stricter_rule_never_finds_fewer(homes, where, targets, combine, factor):
    one = rule(*targets, combine=combine)
    tight = rule(*[(kinds, within * factor) for kinds, within in targets], combine=combine)
    low = rule(*targets, combine=combine, share=0.3 * factor)
    table = measured({"plain": one, "tight": tight, "low": low}, homes, where, counties=COUNTIES)
    for frame, area in ((table.frame, "township_id"), (table.counties, "sigungu_id")):
        found = {
            name: set(rows.loc[rows["status"] == "underserved", area])
            for name, rows in frame.groupby("rule")
        }
        assert found["plain"] <= found["tight"]
        assert found["plain"] <= found["low"]


@settings(max_examples=15)
@given(some_homes, some_places, some_targets)
def test_all_is_stricter_than_each_and_each_than_any(homes, where, targets):
    rules = {name: rule(*targets, combine=name) for name in ("all", "each", "any")}
    rows = measured(rules, homes, where, counties=COUNTIES).frame.fillna({"beyond_share": 0.0})
    shares = {
        name: own["beyond_share"].to_numpy(float) for name, own in rows.groupby("rule", sort=True)
    }
    assert (shares["all"] >= shares["each"] - 1e-9).all()
    assert (shares["each"] >= shares["any"] - 1e-9).all()


# Measuring


HOMES = [[(0.0, 0.5), (10_000.0, 0.5)], [(16_000.0, 1.0)]]


def test_kilometres_are_measured_along_the_road_whatever_its_speed():
    target = RuleTarget(kinds=("hospital",), within_km=15)
    one = Rule(**WORDS, share=0.3, targets=(target,))
    for kmh in (12.0, 100.0):
        table = measured({"test": one}, HOMES, [("hospital", 0.0)], road(kmh))
        rows = table.targets.set_index("township_id")
        assert verdicts(table) == {"T0": "served", "T1": "underserved"}
        assert rows["within_min"].tolist() == [30.0, 30.0]
        assert rows.loc["T1", "nearest_km"] == pytest.approx(16.0, abs=0.01)
        assert rows.loc["T1", "nearest_min"] == pytest.approx(32.0, abs=0.01)


def test_the_walk_between_house_and_road_is_part_of_a_distance():
    target = RuleTarget(kinds=("hospital",), within_km=15)
    towns, people = world([[(10_000.0, 1.0)]])
    off = people.points.frame.set_geometry(
        gpd.GeoSeries([Point(10_000, 500)], crs=CRS, index=["p000"])
    )
    off.index.name = "point_id"
    people = replace(people, points=DemandPoints(off, "villages"))
    one = Rule(**WORDS, share=0.3, targets=(target,))
    table = measure_rules(
        {"test": one},
        towns,
        people,
        at(("hospital", 0.0)),
        lambda _: road(80),
        travel=TravelSettings(),
    )
    assert table.targets["nearest_km"].iloc[0] == pytest.approx(10.5, abs=0.01)


def test_a_walk_of_750_metres_is_ten_minutes_at_four_and_a_half_kilometres_an_hour():
    target = RuleTarget(kinds=("clinic",), within_km=0.75, mode="foot", walking_kmh=4.5)
    assert limit_min(target, 4.0) == pytest.approx(10.0)
    assert limit_min(target.model_copy(update={"walking_kmh": None}), 3.0) == pytest.approx(15.0)
    one = Rule(**WORDS, share=0.3, targets=(target,))
    homes = [[(740.0, 1.0)], [(760.0, 1.0)]]
    table = measured({"test": one}, homes, [("clinic", 0.0)])
    assert verdicts(table) == {"T0": "served", "T1": "underserved"}
    assert table.targets["nearest_km"].tolist() == pytest.approx([0.74, 0.76], abs=1e-3)


def test_a_county_without_a_list_is_not_judged_by_those_of_others():
    """T0 lies in a county whose health list is given, T1 in one without; both are far away."""
    homes = [[(9_000.0, 1.0)], [(9_000.0, 0.8), (1_000.0, 0.2)]]
    where = [("hospital", 0.0, "T0"), ("pharmacy", 30_000.0, "T0"), ("day_care", 9_000.0, "T1")]
    rules = {"test": rule((("hospital",), 5))}
    table = measured(rules, homes, where, counties=COUNTIES)
    assert verdicts(table) == {"T0": "underserved", "T1": "unknown"}
    row = table.frame.set_index("township_id").loc["T1"]
    # 20 % are near the hospital of the other county; of the rest nothing is known.
    assert (row["beyond_share"], row["unknown_share"]) == (0.0, pytest.approx(0.8))
    assert (row["reasons"], row["missing"]) == ("no_data", "1")
    assert table.counties["status"].tolist() == ["underserved", "unknown"]
    (note,) = [one.render("en") for one in table.notes if "no list" in one.template]
    assert "군 (Hospital)" in note
    # A pharmacy of its own shows that the list of the county is there.
    table = measured(rules, homes, [*where, ("pharmacy", 9_000.0, "T1")], counties=COUNTIES)
    assert verdicts(table) == {"T0": "underserved", "T1": "underserved"}
    # Emergency centres come in national lists, and many counties have none.
    where = [("local_emergency_centre", 0.0, "T0")]
    rules = {"test": rule((("local_emergency_centre",), 5))}
    table = measured(rules, homes, where, counties=COUNTIES)
    assert verdicts(table) == {"T0": "underserved", "T1": "underserved"}


def test_each_profile_is_asked_for_once_and_each_search_made_once(monkeypatch):
    asked, searches = [], []
    original = need.rules.network.nearest
    monkeypatch.setattr(
        need.rules.network,
        "nearest",
        lambda *args, **more: searches.append(args) or original(*args, **more),
    )
    towns, people = world(HOMES)
    slow = {None: road(60), "emergency": road(39)}
    rules = {
        "one": rule((("hospital",), 30)),
        "two": rule((("hospital",), 10), (("clinic",), 5)),
        "three": rule((("hospital",), 20), profile="emergency"),
        "none": rule((("senior_hall",), 20), profile="snow"),
    }
    places = at(("hospital", 0.0), ("clinic", 0.0))
    table = measure_rules(
        rules, towns, people, places, lambda name: asked.append(name) or slow[name],
        travel=TravelSettings(),
    )  # fmt: skip
    # Nobody builds a network to look for institutions that the data do not have.
    assert asked == [None, "emergency"]
    assert len(searches) == 3
    assert list(table.rules) == list(rules)
    minutes = table.targets[table.targets["township_id"] == "T1"].set_index("rule")["nearest_min"]
    assert minutes["one"] == pytest.approx(16.0, abs=0.01)
    assert minutes["three"] == pytest.approx(16.0 * 60 / 39, abs=0.01)
    assert set(table.frame.loc[table.frame["rule"] == "none", "status"]) == {"unknown"}
    told = [note.render("en") for note in table.notes]
    assert sum("no institution of these kinds: Senior hall" in one for one in told) == 1


def test_an_institution_counts_for_every_service_that_it_offers():
    places = at(("hospital", 0.0))
    offers = pd.concat(
        [
            places.facilities.offers,
            places.facilities.offers.assign(service="local_emergency_centre"),
        ],
        ignore_index=True,
    )
    places = replace(places, facilities=replace(places.facilities, offers=offers))
    towns, people = world(HOMES)
    table = measure_rules(
        {"test": rule((("local_emergency_centre",), 12))}, towns, people, places,
        lambda _: road(), travel=TravelSettings(),
    )  # fmt: skip
    assert verdicts(table) == {"T0": "served", "T1": "underserved"}


def test_institutions_that_join_no_road_are_no_evidence():
    frame = at(("hospital", 0.0))
    far = frame.facilities.frame.set_geometry(
        gpd.GeoSeries([Point(0, 9_000)], crs=CRS, index=frame.facilities.frame.index)
    )
    places = replace(frame, facilities=replace(frame.facilities, frame=far))
    towns, people = world(HOMES)
    table = measure_rules(
        {"test": rule((("hospital",), 30))}, towns, people, places, lambda _: road(),
        travel=TravelSettings(),
    )  # fmt: skip
    assert set(table.frame["status"]) == {"unknown"}


def test_estimated_roads_are_told():
    table = measured({"test": rule((("hospital",), 30))}, HOMES, [("hospital", 0.0)],
                     road(proxy=True))  # fmt: skip
    assert table.targets["proxy_share"].tolist() == pytest.approx([1.0, 1.0])


# The presets


@pytest.fixture(scope="module")
def presets(scenarios):
    return Scenario.read(scenarios / "demo.toml").need.rules


def test_the_rule_of_emergency_care_is_the_official_one(presets):
    one = presets["emergency_care"]
    assert one.threshold_share == pytest.approx(0.27)
    assert (one.profile, one.combine) == ("emergency", "all")
    assert [target.within_min for target in one.targets] == [30, 60]
    # A regional centre is at once a local one.
    assert "regional_emergency_centre" in one.targets[0].kinds
    assert one.targets[1].kinds == ("regional_emergency_centre",)


def test_every_preset_has_a_source_a_date_and_known_profiles(presets, scenarios):
    profiles = Scenario.read(scenarios / "demo.toml").roads.profiles
    for name, one in presets.items():
        assert one.source, name
        assert one.dated[:2] == "20", name
        assert one.profile is None or one.profile in profiles, name
        assert bool(one.targets) == (name != "own"), name
        for target in one.targets:
            assert set(target.kinds) <= set(need.KINDS), name


def test_the_land_survey_drives_ten_kilometres_in_twenty_minutes(presets):
    limits = [limit_min(target, 4.0) for target in presets["land_survey"].targets]
    assert limits == pytest.approx([30.0, 20.0, 30.0, 10.0])


def test_the_strict_minimum_is_nowhere_wider(presets):
    pairs = zip(
        presets["national_minimum_strict"].targets, presets["national_minimum"].targets, strict=True
    )
    assert all(strict.within_min <= wide.within_min for strict, wide in pairs)


def test_the_demo_county_under_all_rules(demo_rules):
    table, towns = demo_rules
    assert isinstance(table, RuleTable)
    assert len(table.frame) == len(towns) * len(table.rules)
    status = table.frame.set_index(["rule", "township_id"])["status"].unstack()  # noqa: PD010
    # The ferry island is too far from everything but its health post.
    island = towns.frame.index[towns.frame["name"] == "묵도면"][0]
    assert set(status.loc[["emergency_care", "national_minimum"], island]) == {"underserved"}
    seat = towns.frame.index[towns.frame["name"] == "한들읍"][0]
    assert status.loc["national_minimum", seat] == "served"
    strict = status.loc["national_minimum_strict"] == "underserved"
    assert ((status.loc["national_minimum"] == "underserved") <= strict).all()


@pytest.fixture(scope="module")
def demo_rules(scenarios):
    from ruralcare import inputs, network

    scenario = Scenario.read(scenarios / "demo.toml")
    towns = inputs.read_townships(scenario)
    people = inputs.read_population(scenario, towns)
    places = inputs.read_places(scenario, towns)

    def roads_of(profile):
        chosen = scenario.roads.model_copy(update={"profile": profile or scenario.roads.profile})
        return network.read_roads(
            scenario.model_copy(update={"roads": chosen}), towns, people.points
        )

    rules = {name: one for name, one in scenario.need.rules.items() if one.targets}
    return (
        measure_rules(rules, towns, people, places, roads_of, travel=scenario.travel),
        towns,
    )


def test_the_median_is_that_of_people_and_not_of_points():
    weights = np.array([0.2, 0.2, 0.6])
    homes = [[(0.0, weights[0]), (1000.0, weights[1]), (9000.0, weights[2])]]
    table = measured({"test": rule((("clinic",), 30))}, homes, [("clinic", 0.0)])
    assert table.targets["nearest_min"].iloc[0] == pytest.approx(9.0, abs=0.01)
