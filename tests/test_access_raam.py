"""The rational agent model against hand calculations, what an equilibrium is, and PySAL."""

import numpy as np
import pandas as pd
import pytest
from access_cases import Case, by_point, quietly, table
from scipy.optimize import minimize

from ruralcare import access
from ruralcare.access.counted import counted, demands_of
from ruralcare.access.raam import _market
from ruralcare.network.search import compiled


def market(minutes, persons, seats, **options):
    """Return the measure of homes and places given as dictionaries."""
    homes = {home: (f"T{home}", 1.0) for home in persons}
    offers = pd.DataFrame(
        {"place_id": list(seats), "service": "s", "capacity_persons": list(seats.values())}
    )
    return access.raam(
        table(minutes, homes, list(seats)),
        demand=pd.Series(persons),
        offers=offers,
        **{"tolerance": 1e-12, **options},
    )


def test_one_home_and_two_places_by_hand():
    """100 people, 10 seats here and 10 seats 30 minutes away; the mean is 5 people a seat."""
    minutes = {("h", "P"): 0.0, ("h", "Q"): 30.0}
    found = market(minutes, {"h": 100.0}, {"P": 10.0, "Q": 10.0}, tau_min=60)
    # x / 50 = (100 - x) / 50 + 0.5, so x = 62.5 and the cost 1.25.
    assert by_point(found, "s") == {"h": pytest.approx(1.25)}
    assert found.convergence["s"].converged
    assert found.unit == "cost"


def test_a_place_that_is_too_far_is_not_used():
    """At 90 minutes (1.5) nobody goes to Q: next door is less crowded than that, at 100 / 100."""
    minutes = {("h", "P"): 0.0, ("h", "Q"): 90.0}
    homes = {"h": ("T", 1.0)}
    offers = pd.DataFrame({"place_id": ["P", "Q"], "service": "s", "capacity_persons": 10.0})
    times = table(minutes, homes, ["P", "Q"], cutoff_min=120)
    found = access.raam(times, demand=pd.Series({"h": 100.0}), offers=offers, rho=10.0)
    assert by_point(found, "s") == {"h": pytest.approx(1.0)}


def test_two_homes_share_a_place_by_hand():
    """P is next to h, Q next to i; i is crowded and sends people over."""
    minutes = {("h", "P"): 0.0, ("h", "Q"): 12.0, ("i", "P"): 12.0, ("i", "Q"): 0.0}
    persons, seats = {"h": 10.0, "i": 90.0}, {"P": 10.0, "Q": 10.0}
    found = by_point(market(minutes, persons, seats, tau_min=60, rho=5.0), "s")
    # i: (90 - y) / 50 = (10 + y) / 50 + 0.2, so y = 35; h stays at home.
    assert found == pytest.approx({"i": 55 / 50, "h": 45 / 50})


def by_program(case, service, tau_min):
    """Return the costs of the equilibrium from its convex program, by a general solver."""
    chosen = [key for key in case.minutes if case.service[key[1]] == service]
    sites = case.of(service)
    rho = sum(case.persons.values()) / sum(case.capacity[place] for place in sites)
    travel = np.array([case.minutes[key] / tau_min for key in chosen])
    room = np.array([rho * case.capacity[place] for place in sites])
    at = np.array([[key[1] == place for key in chosen] for place in sites], float)
    homes = sorted({key[0] for key in chosen})
    of = np.array([[key[0] == home for key in chosen] for home in homes], float)
    persons = np.array([case.persons[home] for home in homes])
    unit = persons.sum()

    def worth(x):
        load = at @ x
        return float(((load**2 / (2 * room)).sum() + travel @ x) / unit)

    def slope(x):
        return (at.T @ (at @ x / room) + travel) / unit

    start = of.T @ (persons / of.sum(axis=1))
    found = minimize(
        worth,
        start,
        jac=slope,
        bounds=[(0, None)] * len(chosen),
        constraints={"type": "eq", "fun": lambda x: of @ x - persons, "jac": lambda x: of},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    cost = at.T @ (at @ found.x / room) + travel
    return {home: float(cost[of[row] > 0].min()) for row, home in enumerate(homes)}


@pytest.mark.parametrize("seed", range(5))
def test_the_same_as_the_convex_program(seed):
    case = Case(seed, homes=8, places=6)
    found = access.raam(
        case.times, demand=case.demand, offers=case.offers, tau_min=40, tolerance=1e-10
    )
    for service in ("day", "home"):
        assert by_point(found, service) == pytest.approx(by_program(case, service, 40), rel=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_close_to_pysal_which_moves_whole_people(seed):
    pytest.importorskip("access")
    case = Case(seed)
    # Everybody reaches everything: PySAL's table must be full.
    rng = np.random.default_rng(seed)
    case.minutes = {(h, p): float(rng.uniform(1, 59)) for h in case.homes for p in case.places}
    # Many people, so that a whole person is little.
    case.persons = {home: float(round(100 * n)) for home, n in case.persons.items()}
    found = access.raam(case.times, demand=case.demand, offers=case.offers, tolerance=1e-9)
    for service in ("day", "home"):
        peer = case.pysal(service)
        peer.demand_df["people"] = peer.demand_df["people"].astype(int)
        theirs = quietly(peer.raam, tau=60, max_cycles=600, half_life=40).iloc[:, -1]
        assert by_point(found, service) == pytest.approx(theirs.to_dict(), rel=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_gains_by_another_choice(seed):
    """More people never make it cheaper; more seats, seen from the same mean, never dearer."""
    case = Case(seed)

    def costs():
        found = access.raam(
            case.times, demand=case.demand, offers=case.offers, rho=4.0, tolerance=1e-11
        )
        return by_point(found, "day")

    before = costs()
    case.persons["h1"] += 300
    crowded = costs()
    assert all(crowded[home] >= value - 1e-6 for home, value in before.items())
    case.capacity = {place: 2 * seats for place, seats in case.capacity.items()}
    roomy = costs()
    assert all(roomy[home] <= value + 1e-6 for home, value in crowded.items())


def test_who_reaches_nothing_has_no_value_and_who_is_nobody_has_the_best():
    minutes = {("h", "P"): 6.0, ("empty", "P"): 12.0, ("empty", "Q"): 60.0}
    persons = {"h": 50.0, "empty": 0.0, "cut_off": 30.0}
    found = market(minutes, persons, {"P": 10.0, "Q": 0.0}, rho=5.0, tau_min=60)
    assert by_point(found, "s") == pytest.approx({"h": 50 / 50 + 0.1, "empty": 50 / 50 + 0.2})
    reached = found.frame.set_index("township_id")["reached_share"]
    assert reached.to_dict() == {"Th": 1.0, "Tempty": 1.0, "Tcut_off": 0.0}


def test_a_search_that_is_cut_short_is_told():
    case = Case(3, homes=40, places=25)
    found = access.raam(
        case.times, demand=case.demand, offers=case.offers, tolerance=1e-15, rounds=2
    )
    end = found.convergence["day"]
    assert (end.converged, end.rounds) == (False, 2)
    assert end.gap > 1e-15
    assert any("had not settled after 2 rounds" in str(note) for note in found.notes)


def test_what_makes_no_sense_is_refused():
    case = Case(1)
    for bad in ({"tau_min": 0}, {"rho": -1.0}, {"tolerance": 0}, {"tau_min": float("nan")}):
        with pytest.raises(ValueError, match="must be a number above 0"):
            access.raam(case.times, demand=case.demand, offers=case.offers, **bad)
    with pytest.raises(ValueError, match="rounds"):
        access.raam(case.times, demand=case.demand, offers=case.offers, rounds=0)


def test_without_numba_the_same_comes_out(monkeypatch):
    case = Case(5, homes=30, places=20)

    def search():
        return access.raam(
            case.times, demand=case.demand, offers=case.offers, tolerance=1e-6, rounds=500
        )

    fast = search()
    monkeypatch.setattr(compiled, "available", lambda: False)
    monkeypatch.setattr(compiled, "kernel", None)
    slow = search()
    pd.testing.assert_frame_equal(slow.points, fast.points, check_exact=True)
    assert slow.convergence == fast.convergence


def test_the_gap_that_is_told_is_what_could_be_saved():
    """Recomputed from the persons of each pair over all pairs, not only those nearly used."""
    case = Case(2, homes=60, places=40)
    group = counted(case.times, case.offers)[0]
    wanted = demands_of([group], people=None, from_age=65, demand=case.demand)
    service = group.services[0]
    for tolerance in (1e-1, 1e-2, 1e-4):
        market = _market(group, 0, wanted[service], 60.0, None)
        end = market.settle(tolerance, 1000)
        load = np.zeros(len(market.room))
        np.add.at(load, market.place, market.flow)
        cost = market.travel + (load / market.room)[market.place]
        paid, least = float(cost @ market.flow), 0.0
        for i, persons in enumerate(market.persons):
            mine = slice(market.start[i], market.start[i + 1])
            if cost[mine].size:
                assert market.flow[mine].sum() == pytest.approx(persons)
                least += float(persons * cost[mine].min())
        assert end.converged
        assert end.gap == pytest.approx((paid - least) / paid, rel=1e-6, abs=1e-12)
        assert end.gap <= tolerance
