"""Floating catchments against hand calculations, PySAL, plain loops and what must be conserved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from access_cases import Case, by_point, quietly, table
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import places, population, times

from ruralcare import TableError, access

GAUSS = access.gaussian(60, sigma_min=20)
ZONES = access.stepwise([10, 30, 60], [1, 0.68, 0.22])
TWO_STEP = (access.two_step_fca, access.enhanced_two_step_fca)
ALL = (*TWO_STEP, access.modified_two_step_fca, access.three_step_fca)


def fca(kind, case, decay):
    return kind(case.times, demand=case.demand, offers=case.offers, decay=decay)


def naive(kind, case, service, decay):
    """Return places per person by loops over the formula in the docstring."""
    f = {key: float(decay(t)) for key, t in case.minutes.items()}
    sites = [place for place in case.of(service) if case.capacity[place] > 0]
    choice = {}
    for home in case.homes:
        whole = sum(f.get((home, place), 0.0) for place in sites)
        for place in sites:
            own = f.get((home, place), 0.0)
            g = 1.0
            if kind is access.three_step_fca:
                g = own / whole if whole > 0 else 0.0
            choice[home, place] = g * own
    found = dict.fromkeys(case.homes, 0.0)
    for place in sites:
        load = sum(case.persons[home] * choice[home, place] for home in case.homes)
        if load > 0:
            for home in case.homes:
                again = f.get((home, place), 0.0) if kind is access.modified_two_step_fca else 1.0
                found[home] += case.capacity[place] / load * choice[home, place] * again
    return found


def reached_capacity(case, service, decay):
    """Return the capacity of the places that somebody reaches."""
    return sum(
        case.capacity[place]
        for place in case.of(service)
        if any(
            float(decay(case.minutes[home, place])) > 0 and case.persons[home] > 0
            for home in case.homes
            if (home, place) in case.minutes
        )
    )


def test_two_step_by_hand_and_in_sum():
    people, where = population(), places(capacity=(4.0, 10.0))
    found = access.two_step_fca(times(), people, where, decay=access.binary(30))
    by_town = found.values("day_care")
    # F1 serves all 80 old people of A within 30 minutes; nobody reaches F2.
    assert by_town["A"] == pytest.approx(4 / 80)
    assert by_town["B"] == 0
    assert [str(note) for note in found.notes] == [
        "1 offers have nobody within reach; their capacity is not shared out."
    ]
    wide = access.two_step_fca(times(), people, where, decay=access.binary(60))
    total = (wide.values("day_care").astype(float) * people.totals(from_age=65)).sum()
    assert total == pytest.approx(14.0)
    assert wide.unit == "places_per_person"


def test_zones_modified_and_three_steps_by_hand():
    """One home of 10 people and one of 20; the place P is 5 and 15 minutes away, Q 15 and 5."""
    homes = {"h": ("T", 1 / 3), "i": ("T", 2 / 3)}
    minutes = {("h", "P"): 5.0, ("h", "Q"): 15.0, ("i", "P"): 15.0, ("i", "Q"): 5.0}
    given = {
        "demand": pd.Series({"h": 10.0, "i": 20.0}),
        "offers": pd.DataFrame(
            {"place_id": ["P", "Q"], "service": "s", "capacity_persons": [6.0, 3.0]}
        ),
    }
    near = table(minutes, homes, ["P", "Q"])
    w = 0.68
    p, q = 6 / (10 + 20 * w), 3 / (10 * w + 20)
    zones = by_point(access.enhanced_two_step_fca(near, **given), "s")
    assert zones == pytest.approx({"h": p + w * q, "i": w * p + q})
    decay = access.stepwise((10, 20), (1, w))
    modified = by_point(access.modified_two_step_fca(near, decay=decay, **given), "s")
    assert modified == pytest.approx({"h": p + w**2 * q, "i": w**2 * p + q})
    g, rest = 1 / (1 + w), w / (1 + w)
    p, q = 6 / (10 * g + 20 * rest * w), 3 / (10 * rest * w + 20 * g)
    three = by_point(access.three_step_fca(near, decay=decay, **given), "s")
    assert three == pytest.approx({"h": g * p + rest * w * q, "i": rest * w * p + g * q})


def test_what_is_far_for_all_is_lost_only_in_the_modified_method():
    homes, far = {"h": ("T", 1.0)}, {("h", "P"): 20.0}
    given = {
        "demand": pd.Series({"h": 10.0}),
        "offers": pd.DataFrame({"place_id": ["P"], "service": "s", "capacity_persons": [5.0]}),
        "decay": access.linear(40),
    }
    for kind, expected in zip(ALL, (0.5, 0.5, 0.25, 0.5), strict=True):
        assert by_point(kind(table(far, homes, ["P"]), **given), "s") == {
            "h": pytest.approx(expected)
        }


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seed", range(6))
def test_the_same_as_plain_loops(kind, seed):
    case = Case(seed)
    case.capacity["p2"] = 0.0
    for decay in (GAUSS, ZONES, access.binary(25)):
        found = fca(kind, case, decay)
        for service in ("day", "home"):
            expected = naive(kind, case, service, decay)
            assert by_point(found, service) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_as_pysal(seed):
    weights = pytest.importorskip("access.weights")
    bell, zones = weights.gaussian(20), weights.step_fn({10: 1, 30: 0.68, 60: 0.22})
    case = Case(seed)
    for service in ("day", "home"):
        peer = case.pysal(service)
        for ours, theirs in (
            (
                access.two_step_fca(
                    case.times, demand=case.demand, offers=case.offers, decay=access.binary(25)
                ),
                lambda: quietly(peer.two_stage_fca, max_cost=25),  # noqa: B023 - called at once
            ),
            (
                fca(access.two_step_fca, case, GAUSS),
                lambda: quietly(peer.two_stage_fca, max_cost=60, weight_fn=bell),  # noqa: B023 - called at once
            ),
            (
                fca(access.enhanced_two_step_fca, case, ZONES),
                lambda: quietly(peer.enhanced_two_stage_fca, max_cost=60, weight_fn=zones),  # noqa: B023 - called at once
            ),
            (
                fca(access.three_step_fca, case, GAUSS),
                lambda: quietly(peer.three_stage_fca, max_cost=60, weight_fn=bell),  # noqa: B023 - called at once
            ),
        ):
            expected = theirs().iloc[:, -1].dropna().to_dict()
            mine = {home: value for home, value in by_point(ours, service).items() if value > 0}
            # PySAL has no value, or 0, where nothing is within reach.
            assert mine == pytest.approx({h: v for h, v in expected.items() if v > 0}, rel=1e-9)


# The hospital example of PySAL access (access/tests/test_hospital_example.py): three tracts that
# are homes and sites at once; four ways in which the traffic flows; the weight of a way is 1 by
# its minutes. Minutes to oneself 1, in to the city (3), out of it, and between the suburbs.
TRAFFIC = ((40, 40, 80), (20, 40, 80), (40, 20, 80), (20, 20, 40))
PEOPLE, DOCTORS = {"1": 100.0, "2": 50.0, "3": 10.0}, {"1": 15.0, "2": 20.0, "3": 100.0}


def hospital(inward, outward, across, longest=61):
    minutes = {(t, t): 1.0 for t in "123"}
    minutes |= {(t, "3"): float(inward) for t in "12"} | {("3", t): float(outward) for t in "12"}
    minutes |= {("1", "2"): float(across), ("2", "1"): float(across)}
    case = Case(0)
    case.homes = {t: (f"T{t}", 1.0) for t in "123"}
    case.places, case.persons, case.capacity = list("123"), PEOPLE, DOCTORS
    case.service, case.cutoff_min = dict.fromkeys("123", "doctor"), 61.0
    case.minutes = {key: t for key, t in minutes.items() if t <= longest}
    return case


@pytest.mark.parametrize("traffic", TRAFFIC)
def test_hospital_example_of_pysal(traffic):
    weights = pytest.importorskip("access.weights")
    case, decay = hospital(*traffic), access.power(1)
    peer, one_by = case.pysal("doctor"), weights.gravity(1, -1)
    expected = quietly(peer.two_stage_fca, max_cost=61, weight_fn=one_by).iloc[:, -1].to_dict()
    assert by_point(fca(access.two_step_fca, case, decay), "doctor") == pytest.approx(expected)
    expected = quietly(peer.three_stage_fca, max_cost=61, weight_fn=one_by).iloc[:, -1].to_dict()
    assert by_point(fca(access.three_step_fca, case, decay), "doctor") == pytest.approx(expected)


def test_hospital_example_by_hand():
    """Gridlock: each suburb has itself and the city, 40 minutes away."""
    one, two, city = (100 + 10 / 40), (50 + 10 / 40), (10 + 100 / 40 + 50 / 40)
    found = by_point(fca(access.two_step_fca, hospital(*TRAFFIC[0]), access.power(1)), "doctor")
    assert found["1"] == pytest.approx(15 / one + 100 / city / 40)
    assert found["2"] == pytest.approx(20 / two + 100 / city / 40)
    assert found["3"] == pytest.approx(100 / city + 15 / one / 40 + 20 / two / 40)


def test_where_pysal_defines_the_choice_otherwise():
    """PySAL chooses among all rows of its table, also those beyond the longest cost."""
    weights = pytest.importorskip("access.weights")
    case = Case(2)
    ours = by_point(
        access.three_step_fca(
            case.times, demand=case.demand, offers=case.offers,
            decay=access.gaussian(30, sigma_min=20),
        ),
        "day",
    )  # fmt: skip
    given = {"max_cost": 30, "weight_fn": weights.gaussian(20)}
    theirs = quietly(case.pysal("day").three_stage_fca, **given)
    theirs = {h: v for h, v in theirs.iloc[:, -1].dropna().to_dict().items() if v > 0}
    assert {h: v for h, v in ours.items() if v > 0} != pytest.approx(theirs)
    near = case.costs("day")
    near = near[near["cost"] <= 30].reset_index(drop=True)
    peer = case.pysal("day")
    peer.cost_df = near
    theirs = quietly(peer.three_stage_fca, **given)
    theirs = {h: v for h, v in theirs.iloc[:, -1].dropna().to_dict().items() if v > 0}
    assert {h: v for h, v in ours.items() if v > 0} == pytest.approx(theirs)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([GAUSS, ZONES, access.binary(20)]))
def test_weighed_by_people_the_sum_is_the_capacity_reached(seed, decay):
    case = Case(seed)
    case.persons["h0"] = 0.0
    for kind in ALL:
        found = fca(kind, case, decay)
        for service in ("day", "home"):
            by_home = sum(case.persons[h] * v for h, v in by_point(found, service).items())
            in_town = dict.fromkeys(("T0", "T1", "T2"), 0.0)
            for home, (township, _) in case.homes.items():
                in_town[township] += case.persons[home]
            by_town = sum(v * in_town[t] for t, v in found.values(service).astype(float).items())
            whole = reached_capacity(case, service, decay)
            assert by_home == pytest.approx(by_town), "townships weigh by their people"
            if kind is access.modified_two_step_fca:
                assert by_home <= whole + 1e-9
            else:
                assert by_home == pytest.approx(whole)


@pytest.mark.parametrize("kind", ALL)
def test_twice_the_seats_are_twice_the_access(kind):
    case = Case(1)
    before = by_point(fca(kind, case, GAUSS), "day")
    case.capacity = {place: 2 * seats for place, seats in case.capacity.items()}
    after = by_point(fca(kind, case, GAUSS), "day")
    assert after == pytest.approx({home: 2 * value for home, value in before.items()})


def test_demand_by_township_by_point_and_by_service():
    case = Case(2)
    decay = access.gaussian(50)
    by_town = pd.Series({"T0": 100.0, "T1": 40.0, "T2": 7.0}).rename_axis("township_id")
    spread = pd.Series({h: by_town[t] * share for h, (t, share) in case.homes.items()})
    one = access.two_step_fca(case.times, demand=by_town, offers=case.offers, decay=decay)
    two = access.two_step_fca(case.times, demand=spread, offers=case.offers, decay=decay)
    assert by_point(one, "day") == pytest.approx(by_point(two, "day"))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    mixed = access.two_step_fca(
        case.times, demand={"day": spread, "home": spread * 4}, offers=case.offers, decay=decay
    )
    assert by_point(mixed, "day") == pytest.approx(by_point(two, "day"))
    quarter = {home: value / 4 for home, value in by_point(two, "home").items()}
    assert by_point(mixed, "home") == pytest.approx(quarter)


@pytest.mark.parametrize("kind", ALL)
def test_who_travels_and_the_order_of_the_rows_change_nothing(kind):
    case = Case(4)
    expected = by_point(fca(kind, case, GAUSS), "day")
    turned = table(case.minutes, case.homes, case.places, direction="to_demand")
    by_place = sorted(case.minutes.items(), key=lambda pair: pair[0][::-1])
    shuffled = np.random.default_rng(4).permutation(len(by_place))
    for times_ in (
        turned,
        table(dict(by_place), case.homes, case.places),
        table(dict(by_place), case.homes, case.places, direction="to_demand"),
        table(dict(by_place[at] for at in shuffled), case.homes, case.places),
    ):
        found = kind(times_, demand=case.demand, offers=case.offers, decay=GAUSS)
        assert by_point(found, "day") == pytest.approx(expected, rel=1e-12)


def test_people_of_some_age_are_spread_over_the_points():
    people, where = population(), places(capacity=(4.0, 10.0))
    old = access.two_step_fca(times(), people, where, decay=GAUSS, from_age=80)
    given = pd.Series({"A": 50.0, "B": 15.0}).rename_axis("township_id")
    same = access.two_step_fca(times(), demand=given, places=where, decay=GAUSS)
    pd.testing.assert_frame_equal(old.frame, same.frame)


def test_unknown_capacity_is_left_out_and_counted():
    found = access.two_step_fca(
        times(), population(), places(capacity=(4.0, None)), decay=access.binary(60)
    )
    assert [str(note) for note in found.notes] == ["1 offers of unknown capacity are left out."]
    assert found.values("day_care").to_dict() == {"A": pytest.approx(0.05), "B": 0.0}


def test_a_township_that_the_register_lacks_counts_as_empty():
    people = population()
    less = replace(people, frame=people.frame[people.frame["township_id"] == "A"])
    found = access.two_step_fca(
        times(), less, places(capacity=(4.0, 10.0)), decay=access.binary(60)
    )
    assert "1 townships have no people on record" in str(found.notes[0])
    # F1: 4 for 80 people; F2: 10 for the 48 of a1, who alone reach it of those on record.
    assert found.values("day_care")["A"] == pytest.approx(4 / 80 + 0.6 * 10 / 48)
    assert found.values("day_care")["B"] == pytest.approx(10 / 48), "what a first person would get"


def test_what_makes_no_sense_is_refused():
    case = Case(1)
    given = {"demand": case.demand, "offers": case.offers, "decay": GAUSS}

    def refused(error, words, **changed):
        with pytest.raises(error, match=words):
            access.two_step_fca(case.times, **{**given, **changed})

    refused(ValueError, "either people or demand", demand=None)
    refused(ValueError, "either people or demand", people=population())
    refused(ValueError, "either places or offers", offers=None)
    refused(ValueError, "either places or offers", places=places())
    refused(ValueError, "no demand is given for the service 'home'", demand={"day": case.demand})
    refused(TableError, "0 or more persons", demand=-case.demand)
    refused(TableError, "0 or more persons", demand=case.demand.where(case.demand > 50))
    refused(TableError, "0 or more persons", demand=case.demand * np.inf)
    refused(TableError, "the same id twice", demand=pd.concat([case.demand, case.demand]))
    refused(TableError, "neither demand points nor townships: zz", demand=pd.Series({"zz": 1.0}))
    minus = case.offers.assign(capacity_persons=-1.0)
    refused(TableError, "must not be negative", offers=minus)
    refused(
        TableError, "must hold numbers|has infinite", offers=minus.assign(capacity_persons=np.inf)
    )
