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
from ruralcare.access.assignment import _empty_tree
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
    solver = access.Assigner(table(minutes), PLACES[:15])
    fast = solver.solve(need, room, 25.0)
    series = [solver.served(0.5 * need, room, 20.0), solver.served(need, room, 25.0)]
    monkeypatch.setattr(compiled, "available", lambda: False)
    spec = importlib.util.spec_from_file_location("plain_transport", transport.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert not hasattr(plain.solve, "py_func")
    monkeypatch.setattr(access, "transport", plain)
    solver = access.Assigner(table(minutes), PLACES[:15])
    slow = solver.solve(need, room, 25.0)
    pd.testing.assert_frame_equal(slow.frame(), fast.frame(), check_exact=True)
    assert solver.served(0.5 * need, room, 20.0).tolist() == series[0].tolist()
    assert solver.served(need, room, 25.0).tolist() == series[1].tolist()


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_series_serves_whom_fresh_searches_serve(seed, whole):
    """Needs, rooms and standards jump up and down; with whole numbers there are ties galore."""
    minutes, need, room = random_case(seed, 80, 20, [0.5, 0.9, 1.2][seed % 3], whole)
    times = table(minutes)
    rng = np.random.default_rng(seed)
    series = access.Assigner(times, PLACES[:20])
    for _ in range(15):
        wanted = need * rng.choice([0.5, 0.9, 1.0, 1.0, 1.1, 2.0]) * (rng.random(80) > 0.1)
        offered = room * rng.choice([0.5, 1.0, 1.0, 1.5]) * (rng.random(20) > 0.1)
        offered[rng.random(20) > 0.97] = np.nan
        standard = rng.choice([10.0, 20.0, 20.0, 30.0])
        found = series.served(wanted, offered, standard)
        fresh = access.Assigner(times, PLACES[:20])
        assert found.tolist() == fresh.served(wanted, offered, standard).tolist()
        assert found == pytest.approx(fresh.solve(wanted, offered, standard).by_point, rel=1e-12)
        assert (found <= wanted).all()


def problem(supply, room, cost):
    """Return a problem of points and places; pairs without a cost are None."""
    kept = [(i, j) for i in range(len(supply)) for j in range(len(room)) if cost[i][j] is not None]
    point = np.array([i for i, _ in kept], np.int32)
    return transport.Arcs(
        point,
        np.array([j for _, j in kept], np.int32),
        np.array([cost[i][j] for i, j in kept], np.int64),
        np.searchsorted(point, np.arange(len(supply) + 1)).astype(np.int64),
        np.array(supply, np.int64),
        np.array(room, np.int64),
        np.int64(1000),
    )


def solved(arcs):
    tree = _empty_tree(transport, len(arcs.supply) + len(arcs.room) + 1, len(arcs.room))
    transport.start(arcs, tree)
    assert transport.solve(arcs, tree, 0, 32, 10_000) == -1
    return tree


def unserved_ranges(arcs):
    """Return least and most unserved of each point over all best flows, by linear programs."""
    points, pairs = len(arcs.supply), len(arcs.point)
    cost = np.r_[arcs.cost, np.full(points, int(arcs.unserved))].astype(float)
    out = np.zeros((points, pairs + points))
    out[arcs.point, np.arange(pairs)] = 1.0
    out[np.arange(points), pairs + np.arange(points)] = 1.0
    into = np.zeros((len(arcs.room), pairs + points))
    into[arcs.place, np.arange(pairs)] = 1.0
    least = linprog(cost, A_ub=into, b_ub=arcs.room, A_eq=out, b_eq=arcs.supply).fun
    both = {"A_ub": np.r_[into, [cost]], "b_ub": np.r_[arcs.room, least + 1e-7]}
    ranges = []
    for i in range(points):
        one = np.zeros(pairs + points)
        one[pairs + i] = 1.0
        low, high = (
            linprog(sign * one, **both, A_eq=out, b_eq=arcs.supply).fun * sign for sign in (1, -1)
        )
        ranges.append((low, high))
    return np.array(ranges)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_whether_the_unserved_are_settled_is_known(data):
    points, places = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    number = st.integers(0, 4)
    supply = data.draw(st.lists(number, min_size=points, max_size=points))
    room = data.draw(st.lists(st.integers(1, 4), min_size=places, max_size=places))
    row = st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=places, max_size=places)
    arcs = problem(supply, room, data.draw(st.lists(row, min_size=points, max_size=points)))
    if not len(arcs.point):
        return
    ranges = unserved_ranges(arcs)
    assert transport.settled(arcs, solved(arcs)) == bool((np.ptp(ranges, axis=1) < 1e-3).all())


def test_a_tie_over_who_is_unserved_is_seen_and_one_over_places_is_no_matter():
    tied = problem([2, 2], [3], [[5], [5]])
    assert not transport.settled(tied, solved(tied))
    decided = problem([2, 2], [3], [[5], [6]])
    assert transport.settled(decided, solved(decided))
    alike = problem([2, 2], [1, 1], [[5, 5], [6, 6]])
    assert transport.settled(alike, solved(alike))


def test_a_restart_is_a_feasible_tree_and_ends_at_the_same_cost():
    rng = np.random.default_rng(3)
    old = None
    for _ in range(60):
        supply, room = rng.integers(0, 9, 12), rng.integers(1, 12, 7)
        cost = [[int(c) if c < 20 else None for c in row] for row in rng.integers(0, 26, (12, 7))]
        arcs = problem(supply, room, cost)
        best = solved(arcs)
        if old is not None:
            before, last = old
            # Pairs are numbered anew; those that are no longer there are -1.
            number = {pair: a for a, pair in enumerate(zip(arcs.point, arcs.place, strict=True))}
            names = list(zip(before.point, before.place, strict=True))
            kept = np.array(
                [number.get(names[a], -1) if a < len(names) else -1 for a in last.arc[:-1]]
            )
            tree = _empty_tree(transport, 20, 7)
            transport.restart(arcs, tree, last, kept)
            check_tree(arcs, tree)
            assert transport.solve(arcs, tree, 0, 32, 10_000) == -1
            assert price(arcs, tree) == price(arcs, best)
        old = arcs, best


def price(arcs, tree):
    """Return what the flow of a tree costs."""
    cost = np.r_[arcs.cost, np.full(len(arcs.supply), arcs.unserved), 0 * arcs.room]
    return int((cost[tree.arc[:-1]] * tree.flow[:-1]).sum())


def check_tree(arcs, tree):
    """Every point hands on what it needs, no place has more than its room, all hang together."""
    points, root = len(arcs.supply), len(tree.arc) - 1
    out, into = np.zeros(points, int), np.zeros(len(arcs.room), int)
    for node in range(root):
        arc, flow, above = tree.arc[node], tree.flow[node], tree.parent[node]
        assert flow >= 0
        assert tree.depth[node] == tree.depth[above] + 1
        if arc < len(arcs.point):
            i, j = arcs.point[arc], arcs.place[arc]
            assert {node, above} == {i, points + j}
            assert tree.price[i] + arcs.cost[arc] == tree.price[points + j]
            out[i] += flow
            into[j] += flow
            # From below a point, something more must be able to go up.
            assert node < points or (flow > 0 and tree.full[node - points])
        else:
            assert above == root
            if node < points:
                out[node] += flow
    assert out.tolist() == arcs.supply.tolist()
    for j, room in enumerate(arcs.room):
        if tree.parent[points + j] == root:
            assert into[j] == tree.flow[points + j] < room
        else:
            assert into[j] == room
