"""Users and room of institutions: compiled and plain, asked once and again, against formulas."""

from dataclasses import replace

import numpy as np
import pytest
import status_cases as cases

from ruralcare.need import supply as supply_module
from ruralcare.need.supply import supply_of
from ruralcare.need.viability import expected_users, unviable
from ruralcare.network.search import compiled


def random_supply(seed, towns=8, places=12, tightness=1.0):
    """Return the supply of a county drawn at random, and the need of its townships."""
    rng = np.random.default_rng(seed)
    names = [f"T{i}" for i in range(towns)]
    points = {town: {f"{town}a": 0.6, f"{town}b": 0.4} for town in names}
    sites = {f"P{j:02}": rng.uniform(0, 60, 2) for j in range(places)}
    minutes = {}
    for town in names:
        for point in points[town]:
            home = rng.uniform(0, 60, 2)
            for place, site in sites.items():
                time = float(np.round(np.hypot(*(home - site)), 3))
                if time <= 90:
                    minutes[point, place] = time
    wanted = {town: float(rng.integers(1, 40)) for town in names}
    share = tightness * sum(wanted.values()) / places
    rooms = {
        place: (None if rng.random() < 0.1 else float(np.ceil(share * rng.uniform(0.2, 1.8))),
                names[j % towns], "published")
        for j, place in enumerate(sites)
    }  # fmt: skip
    table = cases.assess(wanted, points, minutes, rooms, rules=cases.settings(viable_use=0.7))
    found = supply_of(table.services[0], table.access, tuple(names))
    return found, np.array([wanted[town] for town in names])


@pytest.mark.parametrize("seed", range(6))
def test_without_numba_the_same_comes_out(seed, monkeypatch):
    supply, need = random_supply(seed, tightness=[0.6, 1.0, 1.6][seed % 3])

    def everything():
        fresh = replace(supply, memo={})
        gone = unviable(fresh, need, 0.7)
        return [
            expected_users(fresh, need),
            gone.closed,
            gone.users,
            fresh.met(need),
            fresh.met(need, open_=~gone.closed),
        ]

    fast = everything()
    monkeypatch.setattr(compiled, "available", lambda: False)
    monkeypatch.setattr(compiled, "_kernel", None)
    for plain, quick in zip(everything(), fast, strict=True):
        np.testing.assert_array_equal(plain, quick)


@pytest.mark.parametrize("seed", range(6))
def test_users_are_those_of_the_formula(seed):
    """The rule of expected_users over full matrices, written without pairs."""
    supply, need = random_supply(seed, tightness=[0.6, 1.0, 1.6][seed % 3])
    minutes = np.full((len(supply.weight), len(supply.place_ids)), np.inf)
    minutes[supply.point, supply.place] = supply.time_min
    room, left = supply.capacity, supply.weight * need[supply.township]
    known = room[room > 0]
    draw = np.where(np.isnan(room), np.median(known), room)
    near = minutes <= supply.standard_min
    share = near * draw
    none = share.sum(axis=1) == 0
    nearest = minutes.argmin(axis=1)
    share[none, nearest[none]] = np.isfinite(minutes.min(axis=1))[none]
    users = np.zeros(len(room))
    for _ in range(30):
        total = share.sum(axis=1, keepdims=True)
        coming = left[:, None] * np.divide(share, total, out=0 * share, where=total > 0)
        if not (coming > 1e-6).any():
            break
        asked = coming.sum(axis=0)
        free = np.where(np.isnan(room), np.inf, np.maximum(room - users, 0))
        taken = coming * np.minimum(1, free / np.maximum(asked, 1e-300))
        users, left = users + taken.sum(axis=0), left - taken.sum(axis=1)
        open_ = np.where(np.isnan(room), np.median(known), np.maximum(room - users, 0))
        share = near * open_ * (share >= 0)
    assert expected_users(supply, need) == pytest.approx(users, abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_asked_again_the_same_people_find_room(seed):
    supply, need = random_supply(seed, tightness=[0.6, 0.95, 1.3][seed % 3])
    rng = np.random.default_rng(seed)
    again = replace(supply, again=True, answers={})
    for _ in range(12):
        wanted = need * rng.choice([0.5, 1.0, 1.0, 1.5])
        open_ = rng.random(len(supply.place_ids)) > 0.2
        standard = float(rng.choice([20.0, 30.0]))
        one = supply.met(wanted, standard_min=standard, open_=open_)
        other = again.met(wanted, standard_min=standard, open_=open_)
        assert other == pytest.approx(one, rel=1e-12)
        assert (other <= supply.by_point(wanted)).all()


def test_answers_are_kept_for_the_same_question_only():
    supply, need = random_supply(1, tightness=0.6)
    kept = {}
    again = replace(supply, again=True, answers=kept)
    first = again.met(need)
    assert again.met(need.copy()) is first
    assert replace(again).met(need) is first
    less = replace(again, capacity=supply.capacity * 0.5)
    assert less.met(need).sum() < first.sum()
    assert replace(again, standard_min=5.0).met(need).sum() < first.sum()
    assert again.met(need * 0.5).sum() < first.sum()
    assert again.met(need, open_=np.arange(len(supply.place_ids)) > 3).sum() < first.sum()
    less_need = 0.3 * need
    few, many = unviable(again, less_need, 0.1), unviable(again, less_need, 0.99)
    assert unviable(again, less_need, 0.1) is few
    assert few.closed.sum() < many.closed.sum()
    nobody = np.zeros(len(supply.place_ids), bool)
    assert not unviable(again, less_need, 0.99, nobody).closed.any()
    assert supply.met(need) is not supply.met(need), "a supply by itself keeps nothing"


def test_room_for_all_is_only_told_where_the_assignment_serves_all():
    told = set()
    for seed in range(12):
        supply, need = random_supply(seed, tightness=[0.7, 1.2, 2.5][seed % 3])
        near = supply.near(supply.standard_min)
        near = near[~(supply.capacity[supply.place[near]] <= 0)]
        wanted = supply.by_point(need)
        point, place = supply.point[near], supply.place[near]
        yes = supply_module._room_for_all(point, place, wanted, supply.capacity)
        exact = supply._assigner.solve(wanted, supply.capacity, supply.standard_min)
        reached = np.isin(np.arange(len(wanted)), point)
        if yes:
            assert exact.by_point.sum() == pytest.approx(wanted[reached].sum(), rel=1e-8)
        told.add(yes)
    assert told == {True, False}
