"""Nearest and k-nearest times against hand calculations, plain loops and invariants."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from access_cases import Case, by_point, table
from small_world import places, times

from ruralcare import TableError, access


def rows(measure):
    return measure.frame.set_index("township_id")


def naive(case, service, k, mean):
    found = {}
    for home in case.homes:
        near = sorted(
            case.minutes[home, place] for place in case.of(service) if (home, place) in case.minutes
        )
        if len(near) >= k:
            found[home] = float(np.mean(near[:k])) if mean else near[k - 1]
    return found


@pytest.mark.parametrize("direction", ["to_place", "to_demand"])
def test_nearest_by_hand(direction):
    found = access.nearest(times(direction), places().offers)
    a, b = rows(found).loc["A"], rows(found).loc["B"]
    assert a["value"] == pytest.approx(0.6 * 5 + 0.4 * 25)
    assert (a["least"], a["p50"], a["p90"], a["most"]) == (5, 5, 25, 25)
    assert (b["value"], b["reached_share"]) == (40, 1)


def test_second_nearest_by_hand():
    found = access.nearest(times(), places().offers, k=2)
    a, b = rows(found).loc["A"], rows(found).loc["B"]
    # Only a1 reaches a second place, in 50 minutes.
    assert (a["value"], a["reached_share"]) == (50, 0.6)
    assert pd.isna(b["value"])
    assert b["reached_share"] == 0
    both = access.nearest(times(), places().offers, k=2, mean=True)
    assert rows(both).loc["A", "value"] == pytest.approx((5 + 50) / 2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("k", "mean"), [(1, False), (2, False), (2, True), (3, True)])
def test_the_same_as_plain_loops(seed, k, mean):
    case = Case(seed)
    found = access.nearest(case.times, case.offers, k=k, mean=mean)
    for service in ("day", "home"):
        assert by_point(found, service) == pytest.approx(naive(case, service, k, mean))


def test_without_offers_every_place_counts():
    case = Case(1)
    found = by_point(access.nearest(case.times), "any")
    for home, value in found.items():
        assert value == min(t for (h, _), t in case.minutes.items() if h == home)


def test_the_same_as_coverage():
    case = Case(2)
    ours = access.nearest(case.times, case.offers).frame
    theirs = access.coverage(case.times, case.offers, standard_min=30).frame
    both = ours.merge(theirs, on=["township_id", "service"])
    assert len(both) == 6
    assert both["value"].astype(float).tolist() == pytest.approx(
        both["nearest_min"].astype(float).tolist()
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_kth_is_never_nearer_than_the_one_before(seed):
    case = Case(seed)
    found = [access.nearest(case.times, k=k) for k in (1, 2, 3, 4)]
    for low, high in pairwise(found):
        near, far = by_point(low, "any"), by_point(high, "any")
        assert set(far) <= set(near)
        assert all(near[home] <= far[home] for home in far)
        assert (high.frame["reached_share"] <= low.frame["reached_share"]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_new_place_and_a_shorter_way_never_make_it_longer(seed):
    case = Case(seed)
    before = by_point(access.nearest(case.times, k=2), "any")
    case.places.append("new")
    case.minutes |= {(home, "new"): 7.0 * (at + 1) % 60 for at, home in enumerate(case.homes)}
    case.minutes = {key: 0.9 * t for key, t in case.minutes.items()}
    after = by_point(access.nearest(case.times, k=2), "any")
    assert set(before) <= set(after)
    assert all(after[home] <= before[home] for home in before)


def test_services_travel_in_their_own_ways():
    case = Case(5)
    slow = Case(5)
    slow.minutes = {key: t * 2 for key, t in case.minutes.items() if t <= 30}
    found = access.nearest({"home": slow.times, "day": case.times}, case.offers)
    assert by_point(found, "day") == pytest.approx(naive(case, "day", 1, False))
    assert by_point(found, "home") == pytest.approx(naive(slow, "home", 1, False))
    services = found.frame["service"].unique().tolist()
    assert services == ["home", "day"], "in the order of the mapping"


def test_what_makes_no_sense_is_refused():
    case = Case(1)
    for k in (0, -1, 1.5):
        with pytest.raises(ValueError, match="k must be"):
            access.nearest(case.times, k=k)
    with pytest.raises(TableError, match="lack: p99"):
        access.nearest(case.times, case.offers.replace({"place_id": {"p1": "p99"}}))
    with pytest.raises(TableError, match="more than one row"):
        access.nearest(case.times, pd.concat([case.offers, case.offers]))
    with pytest.raises(TableError, match="lacks the columns service"):
        access.nearest(case.times, case.offers.drop(columns="service"))
    fewer = dict(list(case.homes.items())[3:])
    other = table({}, {home: (home, 1.0) for home in fewer}, case.places)
    with pytest.raises(TableError, match="different demand points"):
        access.nearest({"home": case.times, "day": other}, case.offers)


def test_a_service_that_nobody_offers_has_no_value():
    case = Case(1)
    found = access.nearest({"hospital": case.times}, case.offers)
    assert found.frame["value"].isna().all()
    assert (found.frame["reached_share"] == 0).all()
    nothing = access.nearest(case.times, case.offers.iloc[:0])
    assert nothing.frame.empty
