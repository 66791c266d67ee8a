"""Gravity accessibility against hand calculations, PySAL and invariants."""

import math

import pandas as pd
import pytest
from access_cases import Case, by_point
from small_world import places, times

from ruralcare import access


def test_by_hand():
    found = access.gravity(
        times(), places(capacity=(4.0, 10.0)), decay=access.exponential(25), count="capacity"
    )
    a1 = 4 * math.exp(-5 / 25) + 10 * math.exp(-50 / 25)
    a2 = 4 * math.exp(-25 / 25)
    by_town = found.frame.set_index("township_id")
    assert by_town.loc["A", "value"] == pytest.approx(0.6 * a1 + 0.4 * a2)
    assert by_town.loc["A", "least"] == pytest.approx(a2)
    assert by_town.loc["B", "value"] == pytest.approx(10 * math.exp(-40 / 25))


@pytest.mark.parametrize("seed", range(8))
def test_the_same_as_pysal(seed):
    fca, weights = pytest.importorskip("access.fca"), pytest.importorskip("access.weights")
    case = Case(seed)
    for ours, theirs in (
        (access.power(1.5, from_min=2), weights.gravity(2, -1.5, 2)),
        (access.gaussian(60, sigma_min=15), weights.gaussian(15)),
    ):
        found = access.gravity(case.times, case.offers, decay=ours, count="capacity")
        for service in ("day", "home"):
            supply = pd.DataFrame({"id": case.of(service)})
            supply["room"] = supply["id"].map(case.capacity)
            expected = fca.weighted_catchment(
                supply,
                case.costs(service),
                60,
                cost_source="dest",
                cost_dest="origin",
                loc_index="id",
                loc_value="room",
                weight_fn=theirs,
            )
            mine = {home: value for home, value in by_point(found, service).items() if value > 0}
            assert mine == pytest.approx(expected.to_dict(), rel=1e-9)


def test_with_all_or_nothing_it_is_cumulative():
    case = Case(4)
    one = access.gravity(case.times, case.offers, decay=access.binary(25))
    two = access.cumulative_opportunities(case.times, case.offers, within_min=25)
    assert by_point(one, "day") == by_point(two, "day")


@pytest.mark.parametrize("seed", range(4))
def test_a_new_place_and_a_shorter_way_never_lower_it(seed):
    case, decay = Case(seed), access.logistic(30, 10)
    before = by_point(access.gravity(case.times, decay=decay), "any")
    case.minutes = {key: 0.8 * t for key, t in case.minutes.items()}
    shorter = by_point(access.gravity(case.times, decay=decay), "any")
    case.places.append("new")
    case.minutes |= {(home, "new"): 29.0 for home in list(case.homes)[:5]}
    more = by_point(access.gravity(case.times, decay=decay), "any")
    assert all(shorter[home] >= before[home] for home in before)
    gained = {home: more[home] - shorter[home] for home in before}
    one = float(decay(29.0))
    assert list(gained.values()) == pytest.approx([one] * 5 + [0.0] * 7)


def test_a_decay_that_outlasts_the_travel_times_is_told():
    case = Case(1)
    quiet = access.gravity(case.times, decay=access.gaussian(60))
    loud = access.gravity(case.times, decay=access.exponential(60))
    assert quiet.notes == ()
    assert "travel times end there" in str(loud.notes[0])
    assert "60 minutes" in str(loud.notes[0])


@pytest.mark.parametrize(
    ("decay", "words"),
    [
        (lambda t: 0.5 - t, "0 or more"),
        (lambda t: t * math.nan, "0 or more"),
        (lambda t: t + math.inf, "finite"),
        (lambda t: 1.0, "one weight for each"),
    ],
)
def test_a_decay_of_ones_own_is_checked(decay, words):
    with pytest.raises(ValueError, match=words):
        access.gravity(Case(1).times, decay=decay)


def test_a_decay_of_ones_own_is_taken():
    case = Case(1)
    own = access.gravity(case.times, decay=lambda t: 1 / (1 + t))
    naive = dict.fromkeys(case.homes, 0.0)
    for (home, _), t in case.minutes.items():
        naive[home] += 1 / (1 + t)
    assert by_point(own, "any") == pytest.approx(naive)
