"""Status, reasons and evidence against worlds by hand, brute force and invariants."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import status_cases as cases
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ruralcare import Scenario, access, need, network, workflow
from ruralcare.need.status import Thresholds, look_ahead, verdict
from ruralcare.need.supply import supply_of
from ruralcare.need.viability import expected_users, unviable

# Townships X and Y; X has two villages.
POINTS = {"X": {"x1": 0.5, "x2": 0.5}, "Y": {"y": 1.0}}
NEAR = {("x1", "P"): 10.0, ("x2", "P"): 20.0, ("y", "P"): 25.0}


def rows(table, reason, township=None):
    found = table.evidence[table.evidence["reason"] == reason]
    return found if township is None else found[found["township_id"] == township]


def figure(table, reason, measure, township):
    found = rows(table, reason, township).set_index("measure").loc[measure]
    return float(found["figure"]), float(found["threshold"])


def test_served_is_proven_by_reach_and_room():
    table = cases.assess({"X": 10, "Y": 4}, POINTS, NEAR, {"P": (20.0, "X", "published")})
    assert cases.today(table)["status"].tolist() == ["served", "served"]
    assert cases.today(table)["reasons"].tolist() == ["", ""]
    assert figure(table, "within_reach", "outside_share", "X") == (0.0, pytest.approx(0.3))
    assert figure(table, "within_reach", "unmet_share", "X") == (0.0, pytest.approx(0.3))
    assert set(rows(table, "within_reach")["place_id"]) == {"P"}
    assert cases.today(table)["underserved_from"].isna().all()


def test_room_is_shared_and_its_lack_is_told():
    # 14 in need, 8 places, all within the standard: 6 of 14 are without, wherever they live.
    table = cases.assess({"X": 10, "Y": 4}, POINTS, NEAR, {"P": (8.0, "X", "published")})
    today = cases.today(table)
    assert today["unmet_persons"].tolist() == pytest.approx([60 / 14, 24 / 14])
    assert today["status"].tolist() == ["underserved", "underserved"]
    assert today["reasons"].tolist() == ["no_seats", "no_seats"]
    least = (pytest.approx(6 / 14), pytest.approx(0.3))
    assert figure(table, "no_seats", "unmet_share", "Y") == least
    assert figure(table, "no_seats", "without_room_share", "Y") == (least[0], pytest.approx(0.1))
    assert today["underserved_from"].tolist() == [2023, 2023]


@pytest.mark.parametrize(("other", "reason"), [(8.0, "no_staff"), (8.1, "no_seats")])
def test_no_staff_where_half_of_the_room_is_that_of_carers(other, reason):
    minutes = {("y", "P"): 10.0, ("y", "Q"): 12.0, ("x1", "P"): 80.0, ("x2", "P"): 80.0}
    places = {"P": (8.0, "Y", "care workers"), "Q": (other, "Y", "default")}
    table = cases.assess({"X": 1, "Y": 40}, POINTS, minutes, places)
    assert cases.today(table).loc["Y", "reasons"] == reason
    if reason == "no_staff":
        assert figure(table, "no_staff", "staffed_share", "Y") == (0.5, 0.5)


def test_causes_of_distance_are_told_apart():
    minutes = {("x1", "P"): 40.0, ("y", "P"): 10.0}
    table = cases.assess(
        {"X": 10, "Y": 4}, POINTS, minutes, {"P": (None, "Y", "unknown")},
        unreachable=[("x2", "P")], connection={"X": "ferry", "Y": "road"},
    )  # fmt: skip
    today = cases.today(table)
    assert today.loc["X", "reasons"] == "too_far;ferry_only;unreachable"
    assert figure(table, "too_far", "outside_share", "X") == (1.0, pytest.approx(0.3))
    assert figure(table, "too_far", "cause_share", "X") == (0.5, pytest.approx(0.1))
    assert figure(table, "unreachable", "cause_share", "X") == (0.5, pytest.approx(0.1))
    assert rows(table, "too_far", "X")["place_id"].unique().tolist() == ["P"]
    assert rows(table, "unreachable", "X")["place_id"].isna().all()
    lost = cases.assess(
        {"X": 10, "Y": 4}, POINTS, {("y", "P"): 10.0}, {"P": (None, "Y", "unknown")},
        unsnapped=["x1", "x2"],
    )  # fmt: skip
    assert cases.today(lost).loc["X", "reasons"] == "unsnapped"


def test_nobody_offers_it():
    table = cases.assess({"X": 10, "Y": 4}, POINTS, {}, {})
    assert set(table.frame["reasons"]) == {"no_provider"}
    assert set(rows(table, "no_provider")["figure"]) == {1.0}
    assert table.frame["unmet_persons"].tolist() == table.frame["need_persons"].tolist()


@pytest.mark.parametrize(("tolerance", "status"), [(0.0, "served"), (0.1, "underserved")])
def test_the_tolerance_lowers_the_share(tolerance, status):
    points = {"X": {"x1": 0.28, "x2": 0.72}, "Y": {"y": 1.0}}
    minutes = {**NEAR, ("x1", "P"): 31.0}
    own = cases.settings().own.model_dump() | {"tolerance": tolerance}
    table = cases.assess(
        {"X": 10, "Y": 4}, points, minutes, {"P": (None, "X", "unknown")},
        rules=cases.settings(rules={"own": own}),
    )  # fmt: skip
    assert cases.today(table).loc["X", "status"] == status


@pytest.mark.parametrize("noise", [-1e-9, 0.0, 1e-9])
def test_a_share_on_the_border_is_underserved_whatever_the_rounding(noise):
    rule = Thresholds(0.3, 0.3)
    far = verdict(np.array([0.3 + noise]), np.array([10.0]), np.array([8.0]), rule)
    assert (far.far.tolist(), far.full.tolist()) == ([True], [False])
    full = verdict(np.array([0.0]), np.array([10.0]), np.array([7.0 - 10 * noise]), rule)
    assert (full.far.tolist(), full.full.tolist()) == ([False], [True])
    neither = verdict(np.array([0.29]), np.array([10.0]), np.array([7.1]), rule)
    assert not neither.underserved.any()
    # 2.9 of 10 are too far, and 2.9 within reach find no room: more than half find none.
    both = verdict(np.array([0.29]), np.array([10.0]), np.array([4.2]), rule)
    assert (both.far.tolist(), both.full.tolist()) == ([False], [True])
    assert both.without_room.tolist() == pytest.approx([0.29])
    assert both.unmet_share.tolist() == pytest.approx([0.58])


def test_shares_of_nothing_are_nought():
    rule = Thresholds(0.3, 0.3)
    # 1 − (0.1 + 0.2 + 0.7) and 0.3 − (0.1 + 0.2), as computers reckon, are not 0.
    outside = np.array([1.0 - (0.1 + 0.2 + 0.7 - 2e-16), -1e-16, 1.0 + 1e-16])
    found = verdict(outside, np.array([0.3, 0.1 + 0.2, 5.0]), np.array([0.1 + 0.2, 0.3, 0.0]), rule)
    assert found.outside.tolist() == [0.0, 0.0, 1.0]
    assert found.without_room.tolist() == [0.0, 0.0, 0.0]
    assert not np.signbit([found.outside, found.without_room]).any()
    # Where any lack of room is too much, noise is none.
    strict = Thresholds(0.3, 0.0)
    noisy = verdict(np.zeros(1), np.array([0.1 + 0.2]), np.array([0.3]), strict)
    assert not noisy.full.any()


def test_figures_of_the_evidence_have_no_noise():
    """Seven points of a seventh each; a fifth less a tenth of it is 0.18000000000000002."""
    own = cases.settings().own.model_dump() | {"share": 0.2, "tolerance": 0.1}
    rules = cases.settings(viable_use=0.9, rules={"own": own})
    assert rules.own.threshold_share != 0.18
    seven = {f"x{i}": 1 / 7 for i in range(7)}
    points, places = {"X": seven, "Y": {"y": 1.0}}, {"P": (20.0, "Y", "published")}
    near = {(point, "P"): 10.0 for point in seven} | {("y", "P"): 10.0}
    found = cases.assess({"X": 6, "Y": 4}, points, near, places, rules=rules)
    assert figure(found, "within_reach", "outside_share", "X") == (0.0, 0.18)
    assert figure(found, "provider_unviable", "expected_users", "X") == (10.0, 18.0)
    # Six sevenths in seven are a little less than 6; nobody is left out.
    assert cases.today(found)["unmet_persons"].tolist() == [0.0, 0.0]
    far = near | {(f"x{i}", "P"): 40.0 for i in range(4)}
    found = cases.assess({"X": 6, "Y": 4}, points, far, places, rules=rules)
    share = round(4 / 7, 9)
    assert figure(found, "too_far", "outside_share", "X") == (share, 0.18)
    assert figure(found, "too_far", "cause_share", "X") == (share, 0.1)


def test_without_a_rule_for_room_nobody_lacks_it():
    own = cases.settings().own.model_dump() | {"unmet_share": None}
    table = cases.assess(
        {"X": 10, "Y": 4}, POINTS, NEAR, {"P": (1.0, "X", "published")},
        rules=cases.settings(rules={"own": own}),
    )  # fmt: skip
    assert set(cases.today(table)["status"]) == {"served"}
    assert set(table.evidence["measure"]) == {"outside_share"}


def supply(wanted, minutes, places, points=POINTS):
    who = cases.people(wanted, points)
    one = cases.service()
    table = cases.measured(who, cases.times(who, minutes, list(places)), cases.offers(places), one)
    return supply_of(one, table, tuple(wanted))


def test_growing_demand_is_a_risk_and_says_when():
    ground = supply({"X": 10, "Y": 4}, NEAR, {"P": (14.0, "X", "published")})
    needs = [np.array([10.0, 4.0]), np.array([14.0, 7.0]), np.array([9.0, 3.0])]
    ahead = look_ahead(ground, needs, [2023, 2027, 2030], cases.settings(viable_use=0.0))
    # 2027: 21 for 14 places, a third is without.
    assert ahead.status(2023).tolist() == ["at_risk", "at_risk"]
    assert ahead.status(2027).tolist() == ["underserved", "underserved"]
    assert ahead.status(2030).tolist() == ["served", "served"]
    assert ahead.reasons(2023, np.zeros(2, bool)).tolist() == ["demand_grows", "demand_grows"]
    assert ahead.first_year.tolist() == [2027, 2027]
    # Were it not for 2027, nothing would be told.
    calm = look_ahead(ground, [needs[0], needs[2]], [2023, 2030], cases.settings(viable_use=0.0))
    assert np.isnan(calm.first_year).all()
    assert calm.status(2023).tolist() == ["served", "served"]


@pytest.mark.parametrize("first", [40.0, 8.0])
def test_who_is_underserved_today_may_be_at_risk_later(first):
    """Ten places; two users are left in 2035, who lose them, full as they may be today."""
    near = {("x", "P"): 5.0}
    ground = supply({"X": first}, near, {"P": (10.0, "X", "published")}, {"X": {"x": 1.0}})
    needs = [np.array([first]), np.array([2.0])]
    ahead = look_ahead(ground, needs, [2023, 2035], cases.settings())
    assert ahead.status(2023).tolist() == ["underserved" if first == 40 else "at_risk"]
    assert ahead.status(2035).tolist() == ["at_risk"]
    assert ahead.reasons(2035, np.zeros(1, bool)).tolist() == ["provider_unviable"]


def test_growing_demand_in_the_whole_assessment():
    """The women of 65 to 69 are 80 to 84 in 2038; nobody is in need before."""
    who = cases.people({"X": 0.0}, {"X": {"x": 1.0}})
    young = who.frame.assign(persons=0.0)
    before = (young["year"] == 2013) & (young["age_group"] == "80-84")
    rows = [
        ("X", 2013, "female", "55-59", 100.0),
        ("X", 2023, "female", "65-69", 100.0),
        ("X", 2023, "female", "75-79", 90.0),
        ("X", 2013, "female", "65-69", 100.0),
    ]
    frame = pd.concat(
        [young[~before], pd.DataFrame(rows, columns=young.columns)], ignore_index=True
    )
    who = type(who)(frame, who.points, who.as_of)
    one = cases.service()
    table = cases.measured(
        who,
        cases.times(who, {("x", "P"): 5.0}, ["P"]),
        cases.offers({"P": (1.0, "X", "published")}),
        one,
    )
    found = need.assess(
        cases.townships(["X"]), who, table, services=(one,), years=[2028],
        settings=cases.settings(forecast={"method": "cohort"}, viable_use=0.0),
    )  # fmt: skip
    by_year = found.frame.set_index("year")
    assert by_year.loc[2023, ["status", "reasons"]].tolist() == ["at_risk", "demand_grows"]
    assert by_year.loc[2028, ["status", "reasons"]].tolist() == ["underserved", "no_seats"]
    assert set(by_year["underserved_from"]) == {2028}
    # Those of 75 to 79 are 80 to 84 in 2028, but for those who died.
    assert 1.0 < by_year.loc[2028, "need_persons"] < 9.0
    low, high = by_year.loc[2028, ["need_low_persons", "need_high_persons"]]
    assert low < by_year.loc[2028, "need_persons"] < high
    assert by_year.loc[2023, "need_low_persons"] == by_year.loc[2023, "need_high_persons"] == 0
    told = found.evidence.set_index(["reason", "measure"])
    assert told.loc[("demand_grows", "underserved_year"), ["figure", "unit"]].tolist() == [
        2028,
        "year",
    ]
    assert told.loc[("demand_grows", "unmet_share"), "year"] == 2028


def test_of_two_half_empty_institutions_one_stays():
    # Twelve users for 20 and 18 places: 6.3 and 5.7 each; one alone has enough.
    near = {("y", "P"): 5.0, ("y", "Q"): 6.0}
    places = {"P": (20.0, "Y", "published"), "Q": (18.0, "Y", "published")}
    ground = supply({"X": 0, "Y": 12}, near, places)
    wanted = np.array([0.0, 12.0])
    assert expected_users(ground, wanted).tolist() == pytest.approx([12 * 20 / 38, 12 * 18 / 38])
    gone = unviable(ground, wanted, 0.5)
    # Equal use: the one whose id sorts first gives up.
    assert gone.closed.tolist() == [True, False]
    assert gone.users.tolist() == pytest.approx([12 * 20 / 38, 12.0])
    assert gone.least.tolist() == [10.0, 9.0]


def test_those_who_find_no_room_go_where_there_is_some():
    near = {("x1", "P"): 5.0, ("x2", "P"): 5.0, ("y", "P"): 5.0, ("y", "Q"): 6.0}
    places = {"P": (4.0, "Y", "published"), "Q": (20.0, "Y", "published")}
    ground = supply({"X": 10, "Y": 12}, near, places)
    # 2 of y choose P with the 10 of X: a third of the 12 find room; of y 4/3 go on to Q.
    users = expected_users(ground, np.array([10.0, 12.0]))
    assert users.tolist() == pytest.approx([4.0, 10.0 + 4 / 3], abs=1e-5)


def test_an_empty_institution_that_stands_alone_is_a_risk():
    table = cases.assess({"X": 10, "Y": 4}, POINTS, NEAR, {"P": (40.0, "X", "published")})
    assert cases.today(table)["status"].tolist() == ["at_risk", "at_risk"]
    assert cases.today(table)["reasons"].tolist() == ["provider_unviable"] * 2
    told = rows(table, "provider_unviable", "X").set_index("measure")
    assert told.loc["expected_users", ["figure", "threshold", "unit", "place_id"]].tolist() == [
        pytest.approx(14.0),
        20.0,
        "persons",
        "P",
    ]
    assert told.loc["outside_share", ["figure", "threshold"]].tolist() == [1.0, pytest.approx(0.3)]
    assert cases.today(table)["response"].tolist() == ["safeguard"] * 2


@pytest.mark.parametrize("place", [(40.0, "", "published"), (None, "X", "unknown")])
def test_institutions_that_cannot_be_judged_are_not(place):
    """Outside the townships the users are not counted; without a capacity there is no use."""
    table = cases.assess({"X": 10, "Y": 4}, POINTS, NEAR, {"P": place})
    assert set(cases.today(table)["status"]) == {"served"}


def test_one_that_the_others_can_replace_is_no_risk():
    minutes = NEAR | {("x1", "Q"): 15.0, ("x2", "Q"): 15.0, ("y", "Q"): 15.0}
    places = {"P": (60.0, "X", "published"), "Q": (20.0, "Y", "published")}
    table = cases.assess({"X": 10, "Y": 4}, POINTS, minutes, places)
    assert set(cases.today(table)["status"]) == {"served"}


def slow_users(wanted, ways, rooms, standard):
    """Users of each place, in plain words; ``ways``: minutes by point and place."""
    users = dict.fromkeys(rooms, 0.0)
    left = dict(wanted)
    for turn in range(30):
        coming = {}
        for point, minutes in ways.items():
            near = {p: rooms[p] - users[p] for p in minutes if minutes[p] <= standard}
            if sum(near.values()) > 0:
                for p, free in near.items():
                    coming[point, p] = left[point] * free / sum(near.values())
            elif minutes and not near and turn == 0:
                coming[point, min(minutes, key=lambda p: (minutes[p], p))] = left[point]
        asked = {p: sum(n for (_, q), n in coming.items() if q == p) for p in rooms}
        part = {p: min(1, (rooms[p] - users[p]) / asked[p]) if asked[p] else 0 for p in rooms}
        for (point, p), persons in coming.items():
            users[p] += persons * part[p]
            left[point] = max(left[point] - persons * part[p], 0.0)
    return users


def slow_unviable(wanted, points, minutes, places, least_use, standard=30.0):
    """Round after round, in plain words."""
    open_ = {place: room for place, (room, _, _) in places.items()}
    need_of = {
        point: wanted[town] * weight
        for town, villages in points.items()
        for point, weight in villages.items()
        if wanted[town]
    }
    while True:
        ways = {
            point: {p: minutes[point, p] for p in open_ if (point, p) in minutes}
            for point in need_of
        }
        users = slow_users(need_of, ways, open_, standard)
        poor = {
            p: (round(users[p] / open_[p], 9), p)
            for p in open_
            if users[p] < least_use * open_[p] * (1 - 1e-9)
        }
        if not poor:
            return sorted(set(places) - set(open_))
        waiting = set()
        for reached in ways.values():
            near = [p for p in reached if reached[p] <= standard]
            if not near and reached:
                near = [min(reached, key=lambda p: (reached[p], p))]
            first = min((poor[p] for p in near if p in poor), default=None)
            waiting |= {p for p in near if p in poor and poor[p] != first}
            if len(near) == 1 and near[0] in poor:
                waiting |= {p for p in reached if p in poor and poor[p] > poor[near[0]]}
        for p in set(poor) - waiting:
            del open_[p]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=60)
def test_giving_up_equals_plain_rounds(seed):
    rng = np.random.default_rng(seed)
    world = cases.random_world(rng)
    # Rooms so alike that no place has a tenth or less about a point.
    world["places"] = {
        p: (float(rng.integers(10, 20)), town, basis)
        for p, (_, town, basis) in world["places"].items()
    }
    ground = supply(world["wanted"], world["minutes"], world["places"], world["points"])
    use = float(rng.uniform(0.2, 0.9))
    gone = unviable(ground, np.array(list(world["wanted"].values())), use)
    assert [p for p, left in zip(ground.place_ids, gone.closed, strict=True) if left] == (
        slow_unviable(least_use=use, **world)
    )


def test_many_small_ones_about_a_point_go_in_few_rounds():
    places = {f"P{i:03}": (10.0, "Y", "published") for i in range(200)}
    minutes = {("y", place): 5.0 for place in places}
    ground = supply({"X": 0, "Y": 500}, minutes, places)
    gone = unviable(ground, np.array([0.0, 500.0]), 0.5)
    # 500 users fill a hundred institutions to the half; a tenth at a time, at most ten too many go.
    assert 90 <= 200 - gone.closed.sum() <= 100
    assert gone.users[~gone.closed].sum() == pytest.approx(500)


def judged(world):
    """Return unmet need, status and reasons by township, without the rest of the assessment."""
    ground = supply(world["wanted"], world["minutes"], world["places"], world["points"])
    needs = [np.array(list(world["wanted"].values()))]
    ahead = look_ahead(ground, needs, [2023], cases.settings())
    return pd.DataFrame(
        {
            "unmet": ahead.verdicts[0].unmet,
            "outside": ahead.verdicts[0].outside,
            "status": ahead.status(2023),
            "reasons": ahead.reasons(2023, np.zeros(len(needs[0]), bool)),
        },
        index=list(world["wanted"]),
    )


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40)
def test_unmet_is_what_the_largest_flow_leaves(seed):
    world = cases.random_world(np.random.default_rng(seed))
    graph = nx.DiGraph()
    graph.add_nodes_from(["home", "care"])
    for town, villages in world["points"].items():
        for point, weight in villages.items():
            graph.add_edge("home", point, capacity=world["wanted"][town] * weight)
    for (point, place), minutes in world["minutes"].items():
        if minutes <= 30:
            graph.add_edge(point, place)
    for place, (room, _, _) in world["places"].items():
        graph.add_edge(place, "care", capacity=room)
    served = nx.maximum_flow_value(graph, "home", "care")
    unmet = judged(world)["unmet"].sum()
    assert unmet == pytest.approx(sum(world["wanted"].values()) - served, abs=1e-6)


@given(seed=st.integers(0, 10**6))
@example(1786)
@settings(max_examples=25)
def test_more_room_and_more_institutions_never_hurt(seed):
    """More room never leaves more people without in all, and nobody farther away.

    A single township may have to share with more people than before.
    """
    rng = np.random.default_rng(seed)
    world = cases.random_world(rng)
    before = judged(world)
    chosen = str(rng.choice(list(world["places"])))
    room, town, basis = world["places"][chosen]
    larger = world["places"] | {chosen: (room + float(rng.uniform(1, 20)), town, basis)}
    points = [point for villages in world["points"].values() for point in villages]
    ways = {(point, "new"): float(rng.uniform(1, 60)) for point in points}
    added = world["places"] | {"new": (5.0, town, basis)}
    for change in (
        {"places": larger},
        {"places": added, "minutes": world["minutes"] | ways},
    ):
        after = judged(world | change)
        assert after["unmet"].sum() <= before["unmet"].sum() + 1e-6
        assert (after["outside"] <= before["outside"] + 1e-9).all()


@given(seed=st.integers(0, 10**6), swap=st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_order_of_townships_and_places_does_not_matter(seed, swap):
    world = cases.random_world(np.random.default_rng(seed))
    towns, places = list(world["wanted"]), list(world["places"])
    swap.shuffle(towns)
    swap.shuffle(places)
    other = {
        "wanted": {town: world["wanted"][town] for town in towns},
        "points": {town: world["points"][town] for town in towns},
        "minutes": dict(reversed(world["minutes"].items())),
        "places": {place: world["places"][place] for place in places},
    }
    one = judged(world)
    two = judged(other).reindex(one.index)
    assert one[["status", "reasons"]].equals(two[["status", "reasons"]])
    np.testing.assert_allclose(one["unmet"], two["unmet"], atol=1e-9)


def test_thresholds_of_a_rule():
    rule = cases.settings().own.model_copy(update={"share": 0.3, "tolerance": 0.1})
    assert Thresholds.of(rule) == Thresholds(pytest.approx(0.27), pytest.approx(0.3))
    assert Thresholds.of(rule, 4.0) == Thresholds(1.0, 1.0)


def check_evidence(table):
    """Every status has figures that can be checked; they are recomputed from the points."""
    evidence, frame = table.evidence, table.of_year()
    limit = table.settings.own.share * (1 - table.settings.own.tolerance)
    key = ["township_id", "service"]
    told = evidence.groupby(key)["reason"].agg(set)
    points = table.access.points
    lost = points[points["state"] != "covered"]
    outside = lost.groupby(key)["weight"].sum()
    offered = table.access.offers.groupby("service")["place_id"].agg(set)
    assert len(told) == len(frame)
    for row in frame.itertuples():
        place = (row.township_id, row.service)
        codes = set(row.reasons.split(";")) - {""}
        expected = codes if row.status == "underserved" else codes | {"within_reach"}
        assert told[place] == expected
        assert (row.status == "served") == (not codes)
        far = float(outside.get(place, 0.0))
        unmet = row.unmet_persons / row.need_persons if row.need_persons else 0.0
        bad = far >= limit - 1e-6 or unmet >= table.settings.own.unmet_share - 1e-6
        assert (row.status == "underserved") == bad
    for row in evidence.itertuples():
        place = (row.township_id, row.service)
        below = row.reason == "within_reach" or row.measure in (
            "expected_users",
            "underserved_year",
        )
        slack = 1e-6 if row.unit == "share" else 0.0
        if row.measure == "underserved_year":
            assert table.people.year < row.figure <= row.threshold
        elif below:
            assert row.figure < row.threshold
        else:
            assert row.figure >= row.threshold - slack
        if row.measure == "outside_share" and row.reason != "provider_unviable":
            assert row.figure == pytest.approx(float(outside.get(place, 0.0)), abs=1e-9)
        if not pd.isna(row.place_id):
            assert row.place_id in offered[row.service]
        elif row.reason in ("no_seats", "no_staff", "demand_grows"):
            raise AssertionError(f"no institution is named: {row}")


@pytest.mark.integration
@pytest.mark.parametrize("name", ["demo", "jeonnam_three_counties"])
def test_nothing_is_said_without_a_reason_that_can_be_checked(name, scenarios, request):
    if name != "demo":
        request.getfixturevalue("shared_data")
    scenario = Scenario.read(scenarios / f"{name}.toml")
    towns, people, places, roads = workflow.read(scenario)
    ways = network.service_times(roads, people.points, places, scenario.services, scenario.travel)
    standards = {service.id: service.standard_min for service in scenario.services}
    table = need.assess(
        towns,
        people,
        access.coverage(ways, places.offers, standard_min=standards, people=people),
        services=scenario.services,
        settings=scenario.need,
        years=[period.year for period in scenario.plan.periods],
    )
    check_evidence(table)
    assert {"underserved", "at_risk", "served"} == set(table.frame["status"])
    # A stage at which nothing has opened is today.
    stage = need.assess_stage(table, table.access, people.year)
    pd.testing.assert_frame_equal(stage, table.of_year().reset_index(drop=True))
    last = need.assess_stage(table, table.access, table.years[-1])
    then = table.of_year(table.years[-1]).reset_index(drop=True)
    columns = ["status", "reasons", "need_persons", "unmet_persons", "response"]
    pd.testing.assert_frame_equal(last[columns], then[columns])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_evidence_of_random_worlds_can_be_checked(seed):
    check_evidence(cases.assess(**cases.random_world(np.random.default_rng(seed)), years=[2030]))
