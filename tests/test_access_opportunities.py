"""Cumulative opportunities against hand calculations, PySAL and invariants."""

import numpy as np
import pandas as pd
import pytest
from access_cases import Case, by_point
from small_world import places, times

from ruralcare import access


def test_by_hand():
    found = access.cumulative_opportunities(times(), places().offers, within_min=50)
    by_town = found.frame.set_index("township_id")
    # a1 reaches both within 50 minutes, a2 only F1, b1 only F2.
    assert by_town.loc["A", "value"] == pytest.approx(0.6 * 2 + 0.4 * 1)
    assert (by_town.loc["A", "p10"], by_town.loc["A", "p90"]) == (1, 2)
    assert by_town.loc["B", "value"] == 1
    near = access.cumulative_opportunities(times(), places().offers, within_min=10)
    by_town = near.frame.set_index("township_id")
    assert by_town["value"].tolist() == pytest.approx([0.6, 0])
    assert by_town["reached_share"].tolist() == [0.6, 0]


def test_capacity_counts_what_is_known():
    found = access.cumulative_opportunities(
        times(), places(capacity=(4.0, None)), within_min=50, count="capacity"
    )
    assert found.values("day_care").tolist() == [4.0, 0.0]
    assert found.unit == "persons"
    assert [str(note) for note in found.notes] == ["1 offers of unknown capacity are left out."]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("count", ["places", "capacity"])
def test_the_same_as_pysal_and_as_plain_loops(seed, count):
    fca = pytest.importorskip("access.fca")
    case = Case(seed)
    found = access.cumulative_opportunities(case.times, case.offers, within_min=33, count=count)
    for service in ("day", "home"):
        worth = {p: case.capacity[p] if count == "capacity" else 1.0 for p in case.of(service)}
        naive = {
            home: sum(w for p, w in worth.items() if case.minutes.get((home, p), np.inf) <= 33)
            for home in case.homes
        }
        assert by_point(found, service) == pytest.approx(naive)
        supply = pd.DataFrame({"id": list(worth), "room": list(worth.values())})
        theirs = fca.weighted_catchment(
            supply,
            case.costs(service),
            33,
            cost_source="dest",
            cost_dest="origin",
            loc_index="id",
            loc_value="room",
        )
        # PySAL leaves out who reaches nothing.
        mine = {home: value for home, value in by_point(found, service).items() if value > 0}
        assert mine == pytest.approx(theirs.to_dict())


@pytest.mark.parametrize("seed", range(4))
def test_a_new_place_a_shorter_way_and_more_time_never_lower_it(seed):
    case = Case(seed)

    def measured(within):
        found = access.cumulative_opportunities(case.times, within_min=within)
        return by_point(found, "any")

    before, longer = measured(30), measured(45)
    assert all(longer[home] >= value for home, value in before.items())
    case.minutes = {key: 0.8 * t for key, t in case.minutes.items()}
    shorter = measured(30)
    assert all(shorter[home] >= value for home, value in before.items())
    case.places.append("new")
    case.minutes |= {(home, "new"): 29.0 for home in list(case.homes)[:5]}
    more = measured(30)
    gained = [more[home] - value for home, value in shorter.items()]
    assert gained == [1.0] * 5 + [0.0] * 7


def test_each_service_has_its_own_time():
    case = Case(2)
    both = access.cumulative_opportunities(
        case.times, case.offers, within_min={"day": 20, "home": 50}
    )
    for service, minutes in (("day", 20), ("home", 50)):
        alone = access.cumulative_opportunities(case.times, case.offers, within_min=minutes)
        assert by_point(both, service) == by_point(alone, service)


def test_what_makes_no_sense_is_refused():
    case = Case(1)
    with pytest.raises(ValueError, match="travel times end at 60"):
        access.cumulative_opportunities(case.times, case.offers, within_min=61)
    with pytest.raises(ValueError, match="above 0"):
        access.cumulative_opportunities(case.times, case.offers, within_min=0)
    with pytest.raises(ValueError, match="no time is given for the service 'home'"):
        access.cumulative_opportunities(case.times, case.offers, within_min={"day": 20})
    with pytest.raises(ValueError, match="count must be"):
        access.cumulative_opportunities(case.times, within_min=20, count="beds")
