"""Sharing of room, by hand and in invariants; the sum is that of an independent maximum flow."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare.need.sharing import shared


def most_served(point, place, wanted, room):
    """Return the persons of each point in one maximum flow."""
    graph = nx.DiGraph()
    for i, persons in enumerate(wanted):
        graph.add_edge("s", ("i", i), capacity=float(persons))
    for j, persons in enumerate(room):
        if np.isnan(persons):
            graph.add_edge(("j", j), "t")
        else:
            graph.add_edge(("j", j), "t", capacity=float(persons))
    for i, j in zip(point, place, strict=True):
        graph.add_edge(("i", int(i)), ("j", int(j)))
    flow = nx.maximum_flow(graph, "s", "t")[1]
    return np.array([flow["s"][("i", i)] for i in range(len(wanted))], float)


def test_two_villages_share_one_place():
    """Ten and ten people, room for ten: five each, whoever lives a second nearer."""
    point, place = np.array([0, 1]), np.array([0, 0])
    wanted, room = np.array([10.0, 10.0]), np.array([10.0])
    for served in ([10.0, 0.0], [0.0, 10.0]):
        assert shared(point, place, wanted, room, np.array(served)).tolist() == [5.0, 5.0]


def test_who_is_turned_away_takes_what_is_free():
    """The first village reaches both places, the second only the full one."""
    point, place = np.array([0, 0, 1]), np.array([0, 1, 0])
    wanted, room = np.array([10.0, 10.0]), np.array([10.0, 10.0])
    # Room for all twenty: nobody is without.
    found = shared(point, place, wanted, room, np.array([10.0, 10.0]))
    assert found == pytest.approx([10.0, 10.0])


def test_what_others_lack_does_not_touch_a_part_of_its_own():
    point, place = np.array([0, 1]), np.array([0, 1])
    found = shared(point, place, np.array([10.0, 4.0]), np.array([3.0, 9.0]), np.array([3.0, 4.0]))
    assert found.tolist() == [3.0, 4.0]


def test_nobody_is_served_who_reaches_nothing():
    found = shared(
        np.array([0]), np.array([0]), np.array([4.0, 7.0]), np.array([np.nan]), np.array([4.0, 0.0])
    )
    assert found.tolist() == [4.0, 0.0]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_the_sum_is_the_most_that_can_be_served(seed):
    rng = np.random.default_rng(seed)
    points, places = rng.integers(1, 7), rng.integers(1, 5)
    pairs = np.argwhere(rng.random((points, places)) < 0.5)
    if not len(pairs):
        return
    point, place = pairs[:, 0], pairs[:, 1]
    wanted = rng.integers(0, 20, points).astype(float)
    room = rng.integers(1, 30, places).astype(float)
    served = most_served(point, place, wanted, room)
    found = shared(point, place, wanted, room, served)
    assert found.sum() == pytest.approx(served.sum(), abs=1e-6)
    assert (found >= 0).all()
    assert (found <= wanted + 1e-12).all()
    # Names and order do not matter.
    turn = rng.permutation(points)
    back = np.argsort(turn)
    again = shared(turn[point], place, wanted[back], room, served[back])
    assert again[turn] == pytest.approx(found)
