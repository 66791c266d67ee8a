"""Searches without preparation, compiled and by scipy: both against networkx, to the tick."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from search_cases import (
    DTYPES,
    Case,
    cases,
    ends_of,
    graph_of,
    new_york,
    random_points,
    road_graphs,
    road_like,
    same,
    true_nearest,
    true_pairs,
    true_ways,
)

from ruralcare.errors import TableError
from ruralcare.network.search import buckets, plain, records
from ruralcare.network.search.arrays import (
    LONGEST_TICKS,
    Arcs,
    Ends,
    infinity,
    limit_key,
    proxy_ticks,
    ticks_of,
)

ENGINES = [plain, buckets]
both = pytest.mark.parametrize("engine", ENGINES, ids=["plain", "buckets"])
types = pytest.mark.parametrize("dtype", DTYPES, ids=["int32", "int64"])


@pytest.fixture(params=[8, 0], ids=["few", "many"])
def few(request, monkeypatch):
    """Searches from few sources and from many take different ways."""
    monkeypatch.setattr(buckets, "_FEW_SOURCES", request.param)


# --- against networkx on random graphs ------------------------------------------------------------


@both
@settings(max_examples=150)
@given(case=cases())
def test_ways_to_all_nodes(engine, case):
    found = engine.one_to_all(case.arcs, case.sources, case.limit)
    assert np.array_equal(found, true_ways(case.arcs, case.sources, case.limit))
    assert found.dtype == case.dtype


@both
@settings(max_examples=150)
@given(case=cases())
def test_nearest(engine, case):
    key, source = engine.nearest(case.arcs, case.sources, case.limit)
    keys, sources = true_nearest(case.arcs, case.sources, 1, case.limit)
    assert np.array_equal(key, keys[:, 0])
    assert np.array_equal(source, sources[:, 0])
    assert (key.dtype, source.dtype) == (case.dtype, np.int32)


@both
@settings(max_examples=150)
@given(case=cases(), k=st.integers(1, 7))
def test_k_nearest(engine, case, k):
    key, source = engine.k_nearest(case.arcs, case.sources, k, case.limit)
    keys, sources = true_nearest(case.arcs, case.sources, k, case.limit)
    assert np.array_equal(key, keys)
    assert np.array_equal(source, sources)
    assert (key.dtype, source.dtype) == (case.dtype, np.int32)


@settings(max_examples=150)
@given(case=cases())
def test_pairs_plain(case):
    expected = true_pairs(case.arcs, case.sources, case.targets, case.limit)
    assert same(plain.pairs(case.arcs, case.sources, case.targets, case.limit), expected)


@pytest.mark.parametrize("few_sources", [8, 0])
@settings(max_examples=150)
@given(case=cases())
def test_pairs_compiled(few_sources, case):
    expected = true_pairs(case.arcs, case.sources, case.targets, case.limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "_FEW_SOURCES", few_sources)
        assert same(buckets.pairs(case.arcs, case.sources, case.targets, case.limit), expected)


@both
@settings(max_examples=150)
@given(case=cases(max_points=3))
def test_tree(engine, case):
    for point in range(len(case.sources)):
        source = case.sources.take(np.array([point]))
        key, parent = engine.tree(case.arcs, source, case.limit)
        assert np.array_equal(key, true_ways(case.arcs, source, case.limit)[0])
        assert_tree(case.arcs, source, key, parent)


def assert_tree(arcs, source, key, parent):
    """Every way leads back to the point, has the key told, and as few arcs as there can be."""
    tails, none = arcs.tails(), infinity(key.dtype)
    fewest = steps_by_rounds(arcs, source, key)
    for node in range(arcs.nodes):
        if key[node] == none:
            assert parent[node] == -1
            continue
        way, at, steps = 0, node, 0
        while parent[at] >= 0:
            assert arcs.head[parent[at]] == at
            way += int(arcs.key[parent[at]])
            at = tails[parent[at]]
            steps += 1
            assert steps <= arcs.nodes
        ends = source.key[source.node == at]
        assert len(ends)
        assert way + int(ends.min()) == key[node]
        assert steps == fewest[node]
        # Of the arcs that would do, the lowest.
        if parent[node] >= 0:
            arriving = np.flatnonzero(arcs.head == node)
            would = [
                arc
                for arc in arriving.tolist()
                if key[tails[arc]] != none
                and int(key[tails[arc]]) + int(arcs.key[arc]) == key[node]
                and fewest[tails[arc]] == steps - 1
            ]
            assert parent[node] == min(would)


def steps_by_rounds(arcs, source, key):
    """Fewest arcs of a quickest way to each node, by trying all arcs again and again."""
    tails, none = arcs.tails().tolist(), infinity(key.dtype)
    steps = [10**9] * arcs.nodes
    for node, way in zip(source.node.tolist(), source.key.tolist(), strict=True):
        if key[node] == way:
            steps[node] = 0
    for _ in range(arcs.nodes):
        for tail, head, length in zip(tails, arcs.head.tolist(), arcs.key.tolist(), strict=True):
            if key[tail] != none and int(key[tail]) + length == key[head]:
                steps[head] = min(steps[head], steps[tail] + 1)
    return steps


@settings(max_examples=60)
@given(case=cases(max_nodes=14))
def test_the_queue_may_grow_and_is_left_as_it_was(case):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_SOME_ENTRIES", 1)
        patch.setattr(buckets, "_FEW_SOURCES", 0)
        found = buckets.one_to_all(case.arcs, case.sources, case.limit)
        assert np.array_equal(found, true_ways(case.arcs, case.sources, case.limit))
        expected = true_pairs(case.arcs, case.sources, case.targets, case.limit)
        assert same(buckets.pairs(case.arcs, case.sources, case.targets, case.limit), expected)
        key, source = buckets.k_nearest(case.arcs, case.sources, 3, case.limit)
        keys, sources = true_nearest(case.arcs, case.sources, 3, case.limit)
        assert np.array_equal(key, keys)
        assert np.array_equal(source, sources)


# --- on road-like graphs --------------------------------------------------------------------------


@types
def test_engines_agree_on_a_road_like_graph(dtype, few):
    arcs = road_like(3000, dtype, proxy_share=0.2)
    sources, targets = random_points(arcs, 60), random_points(arcs, 90, seed=2)
    for minutes in (0, 1, 7, 25, 400):
        limit = limit_key(minutes * 60_000, dtype)
        found = buckets.pairs(arcs, sources, targets, limit)
        assert same(found, plain.pairs(arcs, sources, targets, limit))
        for mine, other in zip(
            (*buckets.nearest(arcs, sources, limit), *buckets.k_nearest(arcs, sources, 4, limit)),
            (*plain.nearest(arcs, sources, limit), *plain.k_nearest(arcs, sources, 4, limit)),
            strict=True,
        ):
            assert np.array_equal(mine, other)
        assert np.array_equal(
            buckets.one_to_all(arcs, sources, limit), plain.one_to_all(arcs, sources, limit)
        )
        one = targets.take(np.array([np.flatnonzero(np.diff(targets.first) == 2)[0]]))
        for mine, other in zip(
            buckets.tree(arcs, one, limit), plain.tree(arcs, one, limit), strict=True
        ):
            assert np.array_equal(mine, other)


@types
def test_a_road_like_graph_against_networkx(dtype, few):
    arcs = road_like(1500, dtype, seed=3, proxy_share=0.3)
    sources, targets = random_points(arcs, 12, seed=3), random_points(arcs, 40, seed=4)
    limit = limit_key(20 * 60_000, dtype)
    expected = true_pairs(arcs, sources, targets, limit)
    assert 0 < len(expected.key) < 12 * 40
    assert same(buckets.pairs(arcs, sources, targets, limit), expected)


@both
def test_the_way_with_the_least_proxy_wins(engine):
    # Two ways of 10 ticks from 0 to 3: by 1 on proxies, by 2 half of it.
    edges = [
        (0, 1, 5, True, True),
        (1, 3, 5, True, True),
        (0, 2, 5, True, False),
        (2, 3, 5, True, True),
    ]
    arcs = graph_of(4, edges, np.int64)
    key, parent = engine.tree(arcs, Ends.at(np.array([0]), np.int64), limit_key(100, np.int64))
    assert (ticks_of(key)[3], proxy_ticks(key)[3]) == (10, 5)
    assert arcs.tails()[parent[3]] == 2


@pytest.mark.integration
def test_new_york(shared_data):
    arcs = new_york(shared_data)
    rng = np.random.default_rng(5)
    sources, targets = (
        Ends.at(rng.choice(arcs.nodes, count, replace=False)) for count in (12, 400)
    )
    limit = limit_key(30 * 60_000, np.int32)
    expected = plain.pairs(arcs, sources, targets, limit)
    assert 100 < len(expected.key) < 12 * 400
    assert same(buckets.pairs(arcs, sources, targets, limit), expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "_pays", lambda *_: True)
        assert same(buckets.pairs(arcs, sources, targets, limit), expected)
    one = sources.take(np.array([0]))
    everywhere = limit_key(LONGEST_TICKS, np.int32)
    assert np.array_equal(
        buckets.one_to_all(arcs, one, everywhere), true_ways(arcs, one, everywhere)
    )
    for mine, other in zip(
        buckets.nearest(arcs, targets, everywhere),
        plain.nearest(arcs, targets, everywhere),
        strict=True,
    ):
        assert np.array_equal(mine, other)


# --- on a reduced graph --------------------------------------------------------------------------


@settings(max_examples=250)
@given(case=cases(max_nodes=14), most=st.integers(0, 5))
def test_pairs_on_a_reduced_graph(case, most):
    expected = true_pairs(case.arcs, case.sources, case.targets, case.limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "_FEW_SOURCES", 0)
        patch.setattr(buckets, "_pays", lambda *_: True)
        patch.setattr(records, "_MOST_NEIGHBOURS", most)
        assert same(buckets.pairs(case.arcs, case.sources, case.targets, case.limit), expected)


@types
def test_pairs_on_a_reduced_road_like_graph(dtype, monkeypatch):
    monkeypatch.setattr(buckets, "_pays", lambda *_: True)
    arcs = road_like(3000, dtype, proxy_share=0.2)
    sources, targets = random_points(arcs, 60), random_points(arcs, 300, seed=2)
    for minutes in (0, 1, 7, 25, 400):
        limit = limit_key(minutes * 60_000, dtype)
        expected = plain.pairs(arcs, sources, targets, limit)
        assert same(buckets.pairs(arcs, sources, targets, limit), expected)
        assert same(buckets.pairs(arcs, sources, targets, limit, threads=2), expected)


def test_a_reduced_graph_is_smaller_and_has_the_same_ways():
    arcs = road_like(3000)
    nodes = Ends.at(np.arange(arcs.nodes))
    whole = records.records(arcs, nodes, nodes)
    less = records.reduced(arcs, nodes, nodes, LONGEST_TICKS)
    # Arcs and nodes that searches from what is left look at.
    left = [node for node in range(arcs.nodes) if hangs_on_itself(less, node)]
    assert len(left) < 0.45 * arcs.nodes
    assert less.length < 1.1 * whole.length
    table = less.table()
    at = {int(less.place[node]): node for node in left}
    heads = [
        {at[int(table[row])]: int(table[row + 1]) for row in range(place + 2, table[place + 1], 2)}
        for place in at
    ]
    tails = np.repeat(left, [len(those) for those in heads])
    edges = [
        (int(tail), head, key, True, False)
        for tail, (head, key) in zip(
            tails, (item for those in heads for item in those.items()), strict=True
        )
    ]
    some = Ends.at(np.array(left[::40]))
    between = plain.pairs(graph_of(arcs.nodes, edges), some, some, LONGEST_TICKS)
    assert same(between, plain.pairs(arcs, some, some, LONGEST_TICKS))


def hangs_on_itself(less, node):
    """A node that is left is the only end of a target there."""
    first, last = less.targets.first[node], less.targets.first[node + 1]
    return last == first + 1 and less.targets.node[first] == less.place[node]


def test_a_graph_is_reduced_where_that_pays(monkeypatch):
    arcs = road_like(3000)
    made = []
    reduced = buckets.reduced
    monkeypatch.setattr(buckets, "reduced", lambda *given: made.append(1) or reduced(*given))
    many, few, targets = (random_points(arcs, count) for count in (900, 30, 100))
    buckets.pairs(arcs, few, targets, LONGEST_TICKS)
    buckets.pairs(arcs, many, targets, 60_000)
    assert not made
    found = buckets.pairs(arcs, many, targets, LONGEST_TICKS)
    assert made == [1]
    assert same(found, plain.pairs(arcs, many, targets, LONGEST_TICKS))
    # With so many targets it is their ends that cost.
    buckets.pairs(arcs, many, random_points(arcs, 900, seed=4), LONGEST_TICKS)
    assert made == [1]


# --- invariants -----------------------------------------------------------------------------------


@both
@settings(max_examples=60)
@given(case=cases(), ticks=st.integers(0, 5000), data=st.data())
def test_another_arc_or_source_never_makes_a_way_longer(engine, case, ticks, data):
    arcs = case.arcs
    before = engine.one_to_all(arcs, case.sources, case.limit)
    near, _ = engine.nearest(arcs, case.sources, case.limit)
    tail, head = (data.draw(st.integers(0, arcs.nodes - 1)) for _ in range(2))
    more = with_arc(arcs, tail, head, ticks)
    assert (engine.one_to_all(more, case.sources, case.limit) <= before).all()
    assert (engine.nearest(more, case.sources, case.limit)[0] <= near).all()
    fewer = case.sources.take(np.arange(len(case.sources) // 2))
    assert (near <= engine.nearest(arcs, fewer, case.limit)[0]).all()


def with_arc(arcs, tail, head, ticks):
    length = limit_key(ticks, arcs.key.dtype)
    edges = dict(
        zip(
            zip(arcs.tails().tolist(), arcs.head.tolist(), strict=True),
            arcs.key.tolist(),
            strict=True,
        )
    )
    if tail != head:
        edges[tail, head] = min(length, edges.get((tail, head), length))
    order = sorted(edges)
    first = np.searchsorted([edge[0] for edge in order], np.arange(arcs.nodes + 1))
    return Arcs(
        first.astype(np.int32),
        np.array([edge[1] for edge in order], dtype=np.int32),
        np.array([edges[edge] for edge in order], dtype=arcs.key.dtype),
    )


@both
@settings(max_examples=60)
@given(case=cases(), shorter=st.integers(0, 300_000))
def test_limits_nest(engine, case, shorter):
    shorter = min(limit_key(shorter, case.dtype), case.limit)
    found = engine.pairs(case.arcs, case.sources, case.targets, case.limit)
    fewer = engine.pairs(case.arcs, case.sources, case.targets, shorter)
    within = found.key <= shorter
    assert np.array_equal(fewer.source, found.source[within])
    assert np.array_equal(fewer.target, found.target[within])
    assert np.array_equal(fewer.key, found.key[within])


@both
@settings(max_examples=60)
@given(case=cases(dtype=np.int32))
def test_ways_there_and_back_are_equal_on_two_way_streets(engine, case):
    arcs = case.arcs
    edges = [
        (u, v, t, False, False) for u, v, t in zip(arcs.tails(), arcs.head, arcs.key, strict=True)
    ]
    nodes = Ends.at(np.arange(arcs.nodes))
    ways = engine.one_to_all(graph_of(arcs.nodes, edges), nodes, case.limit)
    assert np.array_equal(ways, ways.T)


@both
@settings(max_examples=60)
@given(case=cases())
def test_no_detour_is_shorter(engine, case):
    everywhere = limit_key(LONGEST_TICKS, case.dtype)
    nodes = Ends.at(np.arange(case.arcs.nodes), case.dtype)
    ways = engine.one_to_all(case.arcs, nodes, everywhere).astype(object)
    none = infinity(case.dtype)
    ways[ways == none] = 2**70
    over = (ways[:, :, None] + ways[None, :, :]).min(axis=1)
    over[over > everywhere] = 2**70
    assert (ways <= over).all()
    assert (np.diag(ways) == 0).all()


@both
@given(case=cases())
@settings(max_examples=40)
def test_against_the_arcs_pairs_are_turned(engine, case):
    found = engine.pairs(case.arcs, case.sources, case.targets, case.limit)
    back = engine.pairs(case.arcs.turned(), case.targets, case.sources, case.limit)
    order = np.lexsort((back.source, back.target))
    assert np.array_equal(found.source, back.target[order])
    assert np.array_equal(found.target, back.source[order])
    assert np.array_equal(found.key, back.key[order])


# --- edges ----------------------------------------------------------------------------------------


@both
@types
def test_no_points_and_points_that_are_not_joined(engine, dtype, few):
    arcs = road_like(100, dtype)
    limit = limit_key(10**6, dtype)
    some, none, unjoined = random_points(arcs, 5), ends_of([], dtype), ends_of([[], []], dtype)
    some = Ends(some.first, some.node, some.key.astype(dtype))
    for empty in (none, unjoined):
        assert not len(engine.pairs(arcs, empty, some, limit).key)
        assert not len(engine.pairs(arcs, some, empty, limit).key)
        assert (engine.one_to_all(arcs, empty, limit) == infinity(dtype)).all()
        assert engine.one_to_all(arcs, empty, limit).shape == (len(empty), arcs.nodes)
        key, source = engine.nearest(arcs, empty, limit)
        assert (key == infinity(dtype)).all()
        assert (source == -1).all()
        key, source = engine.k_nearest(arcs, empty, 2, limit)
        assert key.shape == source.shape == (arcs.nodes, 2)
        assert (source == -1).all()
    key, parent = engine.tree(arcs, ends_of([[]], dtype), limit)
    assert (key == infinity(dtype)).all()
    assert (parent == -1).all()


@both
@types
def test_a_graph_without_nodes_or_arcs(engine, dtype, few):
    limit = limit_key(100, dtype)
    empty, alone = graph_of(0, [], dtype), graph_of(3, [], dtype)
    assert engine.one_to_all(empty, ends_of([[]], dtype), limit).shape == (1, 0)
    assert engine.nearest(empty, ends_of([], dtype), limit)[0].shape == (0,)
    points = ends_of([[(1, 60)], [(1, 40), (2, 101)]], dtype)
    found = engine.pairs(alone, points, points, limit)
    assert list(zip(found.source, found.target, strict=True)) == [(0, 1), (1, 0), (1, 1)]
    assert ticks_of(found.key).tolist() == [100, 100, 80]


@both
def test_a_limit_of_nothing(engine, few):
    arcs = graph_of(3, [(0, 1, 0, False, False), (1, 2, 1, False, False)])
    points = ends_of([[(0, 0)], [(1, 0)], [(2, 0)], [(0, 1)]])
    found = engine.pairs(arcs, points, points, 0)
    pairs = list(zip(found.source.tolist(), found.target.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]


@both
@types
def test_the_longest_arcs(engine, dtype, few):
    longest = LONGEST_TICKS
    arcs = graph_of(
        4,
        [
            (0, 1, longest, True, False),
            (1, 2, 0, True, False),
            (2, 3, 1, True, False),
            (0, 3, longest - 1, True, True),
        ],
        dtype,
    )
    key = engine.one_to_all(arcs, Ends.at(np.array([0]), dtype), limit_key(longest, dtype))[0]
    assert ticks_of(key).tolist() == [0, longest, longest, longest - 1]
    far = ends_of([[(0, 1)]], dtype)
    key = engine.one_to_all(arcs, far, limit_key(longest, dtype))[0]
    assert (key == infinity(dtype)).tolist() == [False, True, True, False]
    found = engine.pairs(arcs, far, ends_of([[(3, 0)], [(3, 1)]], dtype), limit_key(longest, dtype))
    assert found.target.tolist() == [0]


@both
def test_of_equally_near_sources_the_lowest_comes_first(engine):
    # A street 0 – 1 – 2 with sources at both ends, the middle, and two in one place.
    arcs = graph_of(3, [(0, 1, 5, False, False), (1, 2, 5, False, False)])
    sources = ends_of([[(2, 0)], [(0, 0)], [(1, 5)], [(0, 0)]])
    key, source = engine.nearest(arcs, sources, 100)
    assert key.tolist() == [0, 5, 0]
    assert source.tolist() == [1, 0, 0]
    key, source = engine.k_nearest(arcs, sources, 5, 100)
    assert source.tolist() == [[1, 3, 0, 2, -1], [0, 1, 2, 3, -1], [0, 1, 2, 3, -1]]
    assert key[1].tolist() == [5, 5, 5, 5, infinity(np.int32)]


@both
@example(Case(graph_of(2, []), ends_of([[(0, 0)]]), ends_of([[(0, 0)]]), 5))
@given(case=cases())
@settings(max_examples=20)
def test_searches_leave_their_input_alone(engine, case):
    arrays = [case.arcs.first, case.arcs.head, case.arcs.key, case.sources.node, case.sources.key]
    for array in arrays:
        array.flags.writeable = False
    engine.pairs(case.arcs, case.sources, case.targets, case.limit)
    engine.nearest(case.arcs, case.sources, case.limit)
    assert all(not array.flags.writeable for array in arrays)


@both
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"limit": -1}, "below 0"),
        ({"k": 0}, "at least 1"),
        ({"sources": ends_of([[(9, 0)]])}, "not there"),
        ({"sources": ends_of([[(-1, 0)]])}, "not there"),
        ({"sources": ends_of([[(0, -5)]])}, "less than nothing"),
        ({"sources": ends_of([[(0, 0)]], np.int64)}, "int64"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(engine, change, words):
    given = {"arcs": graph_of(2, [(0, 1, 5, False, False)]), "sources": ends_of([[(0, 0)]])}
    given |= {"k": 1, "limit": 10} | change
    with pytest.raises(TableError, match=words):
        engine.k_nearest(**given)
    if "k" not in change:
        given.pop("k")
        with pytest.raises(TableError, match=words):
            engine.nearest(**given)
        with pytest.raises(TableError, match=words):
            engine.tree(given["arcs"], given["sources"], given["limit"])
    with pytest.raises(TableError, match="2 points"):
        engine.tree(given["arcs"], ends_of([[], []]), 10)


# --- threads, slices and interruptions ------------------------------------------------------------


@types
@pytest.mark.parametrize("patience", [1, 2**23])
def test_threads_and_slices_change_nothing(dtype, patience, monkeypatch):
    monkeypatch.setattr(buckets, "_PATIENCE", patience)
    monkeypatch.setattr(buckets, "_ANSWERS", 1)
    arcs = road_like(2000, dtype, seed=2)
    sources, targets = random_points(arcs, 150), random_points(arcs, 70, seed=2)
    limit = limit_key(15 * 60_000, dtype)
    one = buckets.pairs(arcs, sources, targets, limit)
    assert len(one.key)
    assert same(buckets.pairs(arcs, sources, targets, limit, threads=3), one)
    assert same(plain.pairs(arcs, sources, targets, limit), one)
    ways = buckets.one_to_all(arcs, sources, limit)
    assert np.array_equal(buckets.one_to_all(arcs, sources, limit, threads=3), ways)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", ["pairs", "one_to_all"])
def test_an_interruption_stops_the_search(call, threads):
    arcs = road_like(2000)
    sources = random_points(arcs, 400)
    told = []

    def interrupted(step, done=None):
        assert threading.current_thread() is threading.main_thread()
        told.append(done)
        raise KeyboardInterrupt

    rest = (sources, 10**6) if call == "pairs" else (10**6,)
    with pytest.raises(KeyboardInterrupt):
        getattr(buckets, call)(arcs, sources, *rest, threads=threads, progress=interrupted)
    assert len(told) == 1


@both
def test_progress_of_ways_to_all_nodes(engine):
    arcs, told = road_like(400), []
    sources = random_points(arcs, 10)
    engine.one_to_all(
        arcs, sources, 10**6, progress=lambda step, done=None: told.append(float(done))
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_rises_to_the_end(threads):
    arcs = road_like(2000)
    told = []
    sources = random_points(arcs, 100)
    buckets.pairs(
        arcs,
        sources,
        sources,
        10**6,
        threads=threads,
        progress=lambda step, done=None: told.append(done),
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 4


# --- the graphs that are measured on --------------------------------------------------------------


def test_generated_graphs_are_of_one_piece_and_the_same_every_time():
    roads = road_graphs().generated(5000)
    assert 4400 <= roads.nodes <= 5100
    assert 2.4 <= len(roads.tail) / roads.nodes <= 3.2
    again = road_graphs().generated(5000)
    assert np.array_equal(roads.ticks, again.ticks)
    assert np.array_equal(roads.xy, again.xy)
    arcs = roads.arcs()
    key, _ = plain.nearest(arcs, Ends.at(np.array([0])), LONGEST_TICKS)
    back, _ = plain.nearest(arcs.turned(), Ends.at(np.array([0])), LONGEST_TICKS)
    assert (key < infinity(np.int32)).all()
    assert (back < infinity(np.int32)).all()
    # Neighbours on the road are near in the numbering.
    apart = np.abs(roads.tail - roads.head)
    assert np.median(apart) < 20
