"""Links over land between what is apart, against every pair of points."""

from __future__ import annotations

import time
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare.network.overland import (
    Land,
    Ways,
    nearest_of_others,
    no_ways,
    straight_lines,
    ways_over_land,
)

SPOTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(SPOTS, st.integers(1, 12), st.integers(1, 9), st.randoms(use_true_random=False))
def test_the_nearest_of_other_groups_are_those_of_every_pair(spots, groups, count, random):
    xy = np.array(spots, dtype=float)
    # Numbers of groups need not follow each other.
    group = np.array([7 * random.randrange(groups) + 3 for _ in spots])
    one, other = nearest_of_others(xy, group, count)
    assert (np.diff(one) >= 0).all()
    assert len({*zip(one.tolist(), other.tolist(), strict=True)}) == len(one), "nothing twice"
    for point in range(len(xy)):
        away = np.hypot(*(xy[group != group[point]] - xy[point]).T)
        mine = other[one == point]
        assert (group[mine] != group[point]).all()
        # Which of equally near ones are taken is left open.
        assert np.hypot(*(xy[mine] - xy[point]).T).tolist() == np.sort(away)[:count].tolist()


def chained(xy, group):
    """Links that make each group one piece."""
    order = np.argsort(group, kind="stable")
    same = group[order][:-1] == group[order][1:]
    u, v = order[:-1][same], order[1:][same]
    return Ways(u, v, straight_lines(xy[u], xy[v]))


def groups_of(rng, count, groups, area):
    xy = rng.uniform(0, 10_000, (4 * count, 2))
    xy = xy[shapely.contains_xy(area, xy)][:count]
    centres = rng.uniform(0, 10_000, (groups, 2))
    return xy, np.argmin(np.hypot(*(xy[:, None] - centres).transpose(2, 0, 1)), axis=1)


@pytest.mark.parametrize("seed", range(12))
def test_what_joins_the_groups_is_the_shortest_of_all_that_stays_on_land(seed):
    rng = np.random.default_rng(seed)
    river = shapely.LineString(rng.uniform(0, 10_000, (2, 2))).buffer(150)
    area = (
        shapely.box(0, 0, 10_000, 10_000).difference(river)
        if seed
        else shapely.box(0, 0, 10_000, 10_000)
    )
    xy, group = groups_of(rng, int(rng.integers(20, 250)), int(rng.integers(2, 14)), area)
    land = Land(np.array([area], dtype=object), 100.0)
    given = chained(xy, group)
    found = ways_over_land(xy, given, no_ways(), land)
    u, v, lines = (part[len(given.u) :] for part in found)
    straight = shapely.get_num_coordinates(lines) == 2
    assert land.carries(lines).all()

    # The least tree of all straight links that stay on land, each piece of land for itself.
    part = land.part_of(xy)
    pairs = np.array([
        pair for pair in combinations(range(len(xy)), 2)
        if group[pair[0]] != group[pair[1]] and part[pair[0]] == part[pair[1]]
    ])  # fmt: skip
    every = straight_lines(xy[pairs[:, 0]], xy[pairs[:, 1]])
    graph = nx.Graph()
    dry = land.carries(every)
    length_m = shapely.length(every)
    for (a, b), metres in zip(pairs[dry].tolist(), length_m[dry].tolist(), strict=True):
        one, other = int(group[a]), int(group[b])
        if graph.get_edge_data(one, other, {"weight": np.inf})["weight"] > metres:
            graph.add_edge(one, other, weight=metres)
    least = nx.minimum_spanning_tree(graph).size(weight="weight")
    assert shapely.length(lines[straight]).sum() == pytest.approx(least, rel=1e-9)
    assert len(u) == len(v)


def test_a_nation_of_villages_is_joined_in_seconds():
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 300_000, (100_000, 2))
    group = (xy[:, 0] // 750).astype(np.int64)
    given = chained(xy, group)
    land = Land(np.array([shapely.box(0, 0, 300_000, 300_000)], dtype=object), 0.0)
    begin = time.process_time()
    found = ways_over_land(xy, given, no_ways(), land)
    # It took 2 s where looking from each of the 400 groups at all the others took minutes.
    assert time.process_time() - begin < 20
    more = found.u[len(given.u) :], found.v[len(given.u) :]
    ends = np.sort(np.column_stack([group[end] for end in more]), axis=1)
    assert len(ends) == 399
    # Strips of 750 m: each is joined to the next.
    assert (np.unique(ends, axis=0) == np.column_stack([np.arange(399), np.arange(1, 400)])).all()
    again = ways_over_land(xy, given, no_ways(), land)
    assert (again.u == found.u).all()
    assert (again.v == found.v).all()
