"""The assignment against a maximum flow of least cost, one linear program, and invariants."""

import importlib.util

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import coo_array

from ruralcare import access
from ruralcare.access import transport
from ruralcare.network.search import compiled
from ruralcare.types import DemandPoints, TravelTimes

POINTS = [f"p{i:03}" for i in range(400)]
PLACES = [f"f{j:03}" for j in range(60)]


def table(minutes, points=None, places=None, cutoff=60.0):
    """Return travel times of a matrix, points x places; pairs beyond the cutoff are left out."""
    points = POINTS[: len(minutes)] if points is None else points
    places = PLACES[: minutes.shape[1]] if places is None else places
    frame = gpd.GeoDataFrame(
        {"township_id": list(points), "name": "", "weight": 1.0},
        geometry=gpd.points_from_xy(np.arange(len(points)), 0.0 * np.arange(len(points))),
        crs="EPSG:5179",
        index=pd.Index(points, name="point_id"),
    )
    row, column = np.nonzero(minutes <= cutoff)
    pairs = pd.DataFrame(
        {
            "from_id": np.array(points, dtype=object)[row],
            "to_id": np.array(places, dtype=object)[column],
            "time_min": minutes[row, column],
            "proxy_share": 0.0,
        }
    )
    return TravelTimes(
        pairs,
        cutoff,
        "car",
        "to_place",
        DemandPoints(frame, "villages"),
        tuple(places),
        pd.DataFrame({"from_id": [], "to_id": []}, dtype=str),
        (),
        pd.Series(dtype="Float64"),
    )


def random_case(seed, points=60, places=15, tightness=1.0, whole=False):
    """Return minutes, needs and capacities of a county drawn at random."""
    rng = np.random.default_rng(seed)
    homes, sites = rng.uniform(0, 40, (points, 2)), rng.uniform(0, 40, (places, 2))
    minutes = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1)) * 1.7
    need, room = rng.lognormal(0, 1, points), rng.lognormal(0, 1, places)
    room *= tightness * need.sum() / room.sum()
    if whole:
        # Many equal times and numbers: ties are where such searches go wrong.
        minutes = np.ceil(minutes / 5) * 5
        need, room = np.ceil(need), np.floor(room)
    return minutes, need, room


def served_by_program(minutes, need, room, standard):
    """Return most persons served, and the least minutes for that, by linear programs."""
    row, column = np.nonzero(minutes <= standard)
    pairs = np.arange(len(row))
    matrix = coo_array(
        (np.ones(2 * len(pairs)), (np.r_[row, len(need) + column], np.r_[pairs, pairs])),
        shape=(len(need) + len(room), len(pairs)),
    ).tocsr()
    limits = np.r_[need, np.where(np.isnan(room), need.sum(), room)]
    most = linprog(-np.ones(len(pairs)), A_ub=matrix, b_ub=limits)
    persons = -most.fun
    least = linprog(
        minutes[row, column],
        A_ub=matrix,
        b_ub=limits,
        A_eq=np.ones((1, len(pairs))),
        b_eq=[persons],
    )
    return persons, least.fun


def check_limits(found, need, room, standard):
    """No point above its need, no place above its room, nobody beyond the standard."""
    by_point = found.groupby("point_id")["persons"].sum()
    by_place = found.groupby("place_id")["persons"].sum()
    assert (by_point <= need[by_point.index] * (1 + 1e-12) + 1e-9).all()
    limits = room[by_place.index].astype(float).fillna(np.inf)
    assert (by_place <= limits * (1 + 1e-12) + 1e-9).all()
    assert (found["persons"] > 0).all()
    assert (found["time_min"] <= standard).all()


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("tightness", [0.4, 1.0, 1.5])
@pytest.mark.parametrize("seed", range(4))
def test_as_many_and_as_near_as_a_linear_program(seed, tightness, whole):
    minutes, need, room = random_case(seed, 120, 25, tightness, whole)
    if seed == 3:
        room[:2] = np.nan
    standard = [12.0, 25.0, 40.0][seed % 3]
    wanted, offered = pd.Series(need, POINTS[:120]), pd.Series(room, PLACES[:25])
    found = access.assign(table(minutes), wanted, offered, standard)
    persons, total_minutes = served_by_program(minutes, need, room, standard)
    assert found["persons"].sum() == pytest.approx(persons, rel=1e-9)
    assert found["persons"] @ found["time_min"] == pytest.approx(total_minutes, rel=1e-6)
    check_limits(found, wanted, offered, standard)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_small_cases_equal_a_flow_of_least_cost(data):
    points, places = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 5))
    numbers = st.lists(st.integers(0, 6), min_size=points, max_size=points)
    need = np.array(data.draw(numbers))
    room = np.array(data.draw(st.lists(st.integers(0, 8), min_size=places, max_size=places)))
    minutes = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 12), min_size=places, max_size=places),
                min_size=points,
                max_size=points,
            )
        ),
        dtype=float,
    )
    graph = nx.DiGraph()
    graph.add_nodes_from(["s", "t"])
    for i, persons in enumerate(need):
        graph.add_edge("s", ("p", i), capacity=int(persons), weight=0)
    for j, persons in enumerate(room):
        graph.add_edge(("f", j), "t", capacity=int(persons), weight=0)
    for i, j in zip(*np.nonzero(minutes <= 8), strict=True):
        graph.add_edge(("p", i), ("f", j), weight=int(minutes[i, j]))
    flow = nx.max_flow_min_cost(graph, "s", "t")
    found = access.assign(
        table(minutes),
        pd.Series(need, POINTS[:points]),
        pd.Series(room, PLACES[:places]),
        8.0,
    )
    assert found["persons"].sum() == pytest.approx(sum(flow["s"].values()), abs=1e-9)
    least = nx.cost_of_flow(graph, flow)
    assert found["persons"] @ found["time_min"] == pytest.approx(least, abs=1e-6)


def test_one_more_served_is_worth_any_detour():
    # A chain in which the last person finds room only if everybody moves one on, 20 minutes each.
    count = 40
    minutes = np.full((count, count), 99.0)
    minutes[np.arange(count), np.arange(count)] = 20.0
    minutes[np.arange(1, count), np.arange(count - 1)] = 0.0
    need = pd.Series(1.0, POINTS[:count])
    found = access.assign(table(minutes), need, pd.Series(1.0, PLACES[:count]), 20.0)
    assert found["persons"].sum() == pytest.approx(count)
    assert found["persons"] @ found["time_min"] == pytest.approx(20.0 * count)
    fewer = pd.Series(1.0, PLACES[: count - 1])
    found = access.assign(table(minutes), need, fewer, 20.0)
    assert found["persons"].sum() == pytest.approx(count - 1)
    assert found["persons"] @ found["time_min"] == pytest.approx(0.0), "the first goes without"


def test_unknown_capacity_is_no_limit_and_nobody_goes_past_it():
    minutes = np.array([[5.0, 10.0, 20.0], [9.0, 3.0, 1.0]])
    room = pd.Series([1.0, pd.NA, 8.0], PLACES[:3], dtype="Float64")
    found = access.assign(table(minutes), pd.Series([4.0, 2.0], POINTS[:2]), room, 30.0)
    rows = found.set_index(["point_id", "place_id"])["persons"].to_dict()
    assert rows == pytest.approx({("p000", "f000"): 1, ("p000", "f001"): 3, ("p001", "f002"): 2})


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed):
    minutes, need, room = random_case(seed, 80, 20, 0.9, whole=True)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(80), rng.permutation(20)
    points, places = np.array(POINTS[:80]), np.array(PLACES[:20])
    plain = access.assign(table(minutes), pd.Series(need, points), pd.Series(room, places), 25.0)
    mixed = access.assign(
        table(minutes[rows][:, columns], points[rows], places[columns]),
        pd.Series(need, points).sample(frac=1, random_state=seed),
        pd.Series(room, places).sample(frac=1, random_state=seed),
        25.0,
    )
    pd.testing.assert_frame_equal(plain, mixed, check_exact=True)
    again = access.assign(table(minutes), pd.Series(need, points), pd.Series(room, places), 25.0)
    pd.testing.assert_frame_equal(plain, again, check_exact=True)


@given(seed=st.integers(0, 2**32 - 1), more=st.floats(0, 30), place=st.integers(0, 14))
@settings(deadline=None, max_examples=40)
def test_more_room_longer_standards_and_shorter_times_never_serve_fewer(seed, more, place):
    minutes, need, room = random_case(seed, tightness=0.8)
    solver = access.Assigner(table(minutes), PLACES[:15])
    base = solver.solve(need, room, 20.0)
    wider = room.copy()
    wider[place] += more
    slack = 1e-9 * need.sum()
    for other in (
        solver.solve(need, wider, 20.0),
        solver.solve(need, room, 20.0 + more),
        solver.solve(need, room, 20.0, time_factor=0.7),
    ):
        assert other.persons.sum() >= base.persons.sum() - slack
    assert base.by_point.sum() == pytest.approx(base.persons.sum())
    assert (base.by_place <= room + slack).all()


def test_one_object_gives_what_fresh_ones_give():
    minutes, need, room = random_case(7, tightness=0.9)
    times = table(minutes)
    # In another order than the travel times, one of them unknown.
    places = [*PLACES[14::-1], "elsewhere"]
    solver = access.Assigner(times, places, longest_min=40.0)
    rng = np.random.default_rng(7)
    for factor in (1.0, 1.3):
        wanted, offered = need * rng.uniform(0, 2, 60), room[::-1] * rng.uniform(0, 2, 15)
        found = solver.solve(wanted, np.append(offered, 99.0), 30.0, time_factor=factor)
        slower = table(np.minimum(minutes, 60.0) * factor, cutoff=120.0)
        fresh = access.assign(
            slower, pd.Series(wanted, POINTS[:60]), pd.Series(offered, PLACES[14::-1]), 30.0
        )
        pd.testing.assert_frame_equal(found.frame(), fresh)
        by_point = fresh.groupby("point_id")["persons"].sum().reindex(POINTS[:60], fill_value=0.0)
        assert found.by_point == pytest.approx(by_point.to_numpy())


def test_what_cannot_be_assigned_is_refused():
    times, good = table(np.ones((2, 2))), pd.Series([1.0, 1.0], PLACES[:2])
    need = pd.Series([1.0, 2.0], POINTS[:2])
    with pytest.raises(ValueError, match="negative"):
        access.assign(times, -need, good, 30.0)
    with pytest.raises(ValueError, match="negative"):
        access.assign(times, need, -good, 30.0)
    with pytest.raises(ValueError, match="twice"):
        access.assign(times, need, pd.concat([good, good]), 30.0)
    with pytest.raises(ValueError, match="for each point"):
        access.Assigner(times, PLACES[:2]).solve([1.0], [1.0, 1.0], 30.0)


@pytest.mark.parametrize(
    ("need", "room"), [({}, {"f000": 5.0}), ({"p000": 3.0}, {}), ({"p000": 3.0}, {"f000": 0.0})]
)
def test_nobody_to_serve_or_nowhere_to_go(need, room):
    found = access.assign(
        table(np.ones((2, 2))), pd.Series(need, dtype=float), pd.Series(room, dtype=float), 30.0
    )
    assert list(found.columns) == ["point_id", "place_id", "persons", "time_min"]
    assert found.empty


@pytest.mark.parametrize("people", [1e-3, 5e7])
def test_few_and_many_people_are_counted_alike(people):
    minutes, need, room = random_case(2, tightness=0.7)
    base = access.Assigner(table(minutes), PLACES[:15]).solve(need, room, 25.0)
    scale = people / need.sum()
    found = access.Assigner(table(minutes), PLACES[:15]).solve(need * scale, room * scale, 25.0)
    assert found.persons.sum() == pytest.approx(base.persons.sum() * scale, rel=1e-8)


def test_without_numba_the_same_comes_out(monkeypatch):
    minutes, need, room = random_case(5, tightness=0.8, whole=True)
    fast = access.Assigner(table(minutes), PLACES[:15]).solve(need, room, 25.0)
    monkeypatch.setattr(compiled, "available", lambda: False)
    spec = importlib.util.spec_from_file_location("plain_transport", transport.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert not hasattr(plain.solve, "py_func")
    monkeypatch.setattr(access, "transport", plain)
    slow = access.Assigner(table(minutes), PLACES[:15]).solve(need, room, 25.0)
    pd.testing.assert_frame_equal(slow.frame(), fast.frame(), check_exact=True)
