"""The order in which nodes that are near stand close together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ruralcare.network.zorder import z_order


@pytest.mark.parametrize("side", [1, 2, 4, 8, 32])
def test_on_a_full_grid_each_cell_follows_its_neighbour(side):
    grid = np.array([(x, y) for x in range(side) for y in range(side)], dtype=float)
    walk = grid[z_order(grid * 17.0 - 300)]
    assert (np.abs(np.diff(walk, axis=0)).sum(axis=1) == 1).all()
    # Each quarter is left only once it is full.
    if side > 1:
        quarter = (walk[:, 0] >= side / 2) * 2 + (walk[:, 1] >= side / 2)
        assert np.count_nonzero(np.diff(quarter)) == 3


def test_the_curve_of_the_second_level():
    grid = np.array([(x, y) for x in range(4) for y in range(4)], dtype=float)
    walk = [(int(x), int(y)) for x, y in grid[z_order(grid)]]
    # Drawn by hand: an open square of open squares.
    assert walk[:4] == [(0, 0), (1, 0), (1, 1), (0, 1)]
    assert walk[4:8] == [(0, 2), (0, 3), (1, 3), (1, 2)]
    assert walk[8:12] == [(2, 2), (2, 3), (3, 3), (3, 2)]
    assert walk[12:] == [(3, 1), (2, 1), (2, 0), (3, 0)]


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(0, 40), st.just(2)), elements=st.floats(-1e7, 1e7))
)
def test_every_point_once_and_those_of_one_place_in_their_order(xy):
    order = z_order(xy)
    assert np.array_equal(np.sort(order), np.arange(len(xy)))
    for before, after in pairwise(order):
        if np.array_equal(xy[before], xy[after]):
            assert before < after


def test_neighbours_are_nearer_in_the_order_than_by_rows():
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 1, (4000, 2))
    place = np.empty(len(xy), dtype=int)
    place[z_order(xy)] = np.arange(len(xy))
    rows = np.empty(len(xy), dtype=int)
    rows[np.lexsort((xy[:, 0], np.round(xy[:, 1], 2)))] = np.arange(len(xy))
    near = np.array([np.argsort(((xy - point) ** 2).sum(axis=1))[1] for point in xy[:500]])
    by_curve = np.median(np.abs(place[near] - place[:500]))
    assert by_curve < 0.2 * np.median(np.abs(rows[near] - rows[:500]))
