"""The hierarchy: networkx, scipy and itself, to the tick."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
import search_cases as cases_
from hypothesis import given, settings
from hypothesis import strategies as st

from ruralcare.errors import TableError
from ruralcare.network.search import hierarchy, plain, preparing, views
from ruralcare.network.search.arrays import LONGEST_TICKS, Arcs, Ends, infinity, limit_key
from ruralcare.network.search.compiled import available

pytestmark = pytest.mark.skipif(not available(), reason="numba is not on this machine")

EXAMPLES = settings(deadline=None, max_examples=60)


def arrays(prepared):
    return [getattr(prepared, field.name) for field in dataclasses.fields(prepared)]


def same_arrays(one, other):
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype
        for a, b in zip(arrays(one), arrays(other), strict=True)
    )


@pytest.fixture(scope="module", params=[np.int32, np.int64], ids=["int32", "int64"])
def roads(request):
    """A road-like graph of several regions, prepared; with proxies where keys can hold them."""
    share = 0.2 if request.param == np.int64 else 0.0
    arcs = cases_.road_like(2500, request.param, proxy_share=share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_REGION", 300)
        prepared = hierarchy.contract(arcs)
    assert len(prepared.region_first) > 8
    assert 0 < prepared.region_first[0] < prepared.nodes
    return arcs, prepared


# --- against networkx -----------------------------------------------------------------------------


@EXAMPLES
@given(cases_.cases())
def test_one_to_all_is_what_networkx_finds(case):
    prepared = hierarchy.contract(case.arcs)
    found = hierarchy.one_to_all(prepared, case.sources, case.limit)
    assert found.dtype == case.dtype
    assert np.array_equal(found, cases_.true_ways(case.arcs, case.sources, case.limit))


@EXAMPLES
@given(cases_.cases())
def test_pairs_are_what_networkx_finds(case):
    prepared = hierarchy.contract(case.arcs)
    expected = cases_.true_pairs(case.arcs, case.sources, case.targets, case.limit)
    found = hierarchy.pairs(prepared, case.sources, case.targets, case.limit)
    assert cases_.same(found, expected)


@settings(deadline=None, max_examples=30)
@given(cases_.graphs(max_nodes=40), st.integers(1, 12), st.integers(0, 5))
def test_regions_change_the_order_and_not_the_ways(arcs, size, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_REGION", size)
        prepared = hierarchy.contract(arcs)
    sources = Ends.at(np.random.default_rng(seed).integers(0, arcs.nodes, 20))
    found = hierarchy.one_to_all(prepared, sources, LONGEST_TICKS)
    assert np.array_equal(found, cases_.true_ways(arcs, sources, LONGEST_TICKS))


@pytest.mark.parametrize("dtype", cases_.DTYPES)
def test_graphs_full_of_ties_and_of_many_neighbours(dtype):
    """Ways that are as long as others must not give way to each other in a circle."""
    rng = np.random.default_rng(3)
    grid = [
        (a, b, 5, False, False)
        for a, b in itertools.combinations(range(144), 2)
        if (b - a == 1 and b % 12) or b - a == 12
    ]
    dense = [
        (int(u), int(v), int(rng.integers(0, 4)), bool(rng.integers(2)), False)
        for u, v in rng.integers(0, 60, (900, 2))
    ]
    star = [(0, leaf, int(rng.integers(1, 3)), leaf % 3 == 0, False) for leaf in range(1, 60)]
    for nodes, edges in [(144, grid), (60, dense), (60, star), (60, dense[:150] + star)]:
        arcs = cases_.graph_of(nodes, edges, dtype)
        everywhere = Ends.at(np.arange(nodes), dtype)
        limit = limit_key(LONGEST_TICKS, dtype)
        found = hierarchy.one_to_all(hierarchy.contract(arcs), everywhere, limit)
        assert np.array_equal(found, cases_.true_ways(arcs, everywhere, limit))


# --- against scipy, on roads ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 16, 17, 40])
def test_any_number_of_sources(roads, count):
    arcs, prepared = roads
    sources = cases_.random_points(arcs, count, seed=count)
    limit = limit_key(900_000, arcs.key.dtype)
    found = hierarchy.one_to_all(prepared, sources, limit)
    # scipy needs two searches for each point where keys have two parts.
    some = np.arange(0, count, 1 if arcs.key.dtype == np.int32 else 8)
    assert np.array_equal(found[some], plain.one_to_all(arcs, sources.take(some), limit))


def test_pairs_are_those_of_the_plain_engine(roads):
    arcs, prepared = roads
    sources = cases_.random_points(arcs, 30, seed=5)
    targets = cases_.random_points(arcs, 50, seed=6)
    for ticks in (0, 200_000, 600_000, LONGEST_TICKS):
        limit = limit_key(ticks, arcs.key.dtype)
        expected = plain.pairs(arcs, sources, targets, limit)
        assert cases_.same(hierarchy.pairs(prepared, sources, targets, limit), expected)
    assert len(expected.key) > 500


def test_a_sweep_over_some_places_is_the_sweep_over_all(roads):
    arcs, prepared = roads
    sources = cases_.random_points(arcs, 40, seed=7)
    everywhere = Ends.at(np.arange(arcs.nodes), arcs.key.dtype.type)
    for ticks in (300_000, LONGEST_TICKS):
        limit = limit_key(ticks, arcs.key.dtype)
        all_nodes = hierarchy.one_to_all(prepared, sources, limit)
        found = hierarchy.pairs(prepared, sources, everywhere, limit)
        table = np.full_like(all_nodes, infinity(all_nodes.dtype))
        table[found.source, found.target] = found.key
        assert np.array_equal(table, all_nodes)


def test_many_sources_in_chunks_and_threads(roads, monkeypatch):
    arcs, prepared = roads
    sources = cases_.random_points(arcs, 300, seed=8)
    targets = cases_.random_points(arcs, 200, seed=9)
    limit = limit_key(500_000, arcs.key.dtype)
    whole = hierarchy.pairs(prepared, sources, targets, limit)
    ways = hierarchy.one_to_all(prepared, sources, limit)
    monkeypatch.setattr(hierarchy, "_CHUNK_KEYS", 200 * 32)
    told = []
    for threads in (1, 3):
        parts = hierarchy.pairs(
            prepared,
            sources,
            targets,
            limit,
            threads=threads,
            progress=lambda step, done: told.append(done),
        )
        assert cases_.same(parts, whole)
        assert np.array_equal(hierarchy.one_to_all(prepared, sources, limit, threads=threads), ways)
    assert [round(10 * done) for done in told] == 2 * list(range(1, 11))


def test_few_sources_are_news_and_work_for_every_thread(roads):
    """A thousand sources are not one piece of work: others help, and one can stop between."""
    arcs, prepared = roads
    sources, targets = (cases_.random_points(arcs, 200, seed=seed) for seed in (8, 9))
    limit = limit_key(500_000, arcs.key.dtype)
    expected = plain.pairs(arcs, sources, targets, limit)
    assert len(expected.key) > 100
    for threads in (1, 2):
        told = []
        found = hierarchy.pairs(
            prepared,
            sources,
            targets,
            limit,
            threads=threads,
            progress=lambda step, done, told=told: told.append(done),
        )
        assert cases_.same(found, expected)
        assert len(told) >= 2 * threads
        assert told[-1] == 1.0
        assert told == sorted(told)


def test_new_york_is_what_scipy_finds(shared_data):
    arcs = cases_.new_york(shared_data)
    prepared = hierarchy.contract(arcs)
    sources = cases_.random_points(arcs, 24)
    found = hierarchy.one_to_all(prepared, sources, LONGEST_TICKS)
    some = np.arange(0, 24, 4)
    assert np.array_equal(found[some], plain.one_to_all(arcs, sources.take(some), LONGEST_TICKS))
    targets = cases_.random_points(arcs, 300, seed=2)
    # Half an hour by the clock of the file.
    limit = 1_800_000
    expected = plain.pairs(arcs, sources, targets, limit)
    assert len(expected.key) > 100
    assert cases_.same(hierarchy.pairs(prepared, sources, targets, limit), expected)


# --- what holds whatever the graph ----------------------------------------------------------------


def test_the_hierarchy_is_one(roads):
    """Arcs lead up, within their region or before all; nothing is lost, nothing doubled."""
    arcs, prepared = roads
    assert np.array_equal(np.sort(prepared.order), np.arange(arcs.nodes))
    assert np.array_equal(prepared.place[prepared.order], np.arange(arcs.nodes))
    region = np.searchsorted(prepared.region_first, np.arange(arcs.nodes), side="right")
    assert prepared.region_first[-1] == arcs.nodes
    for way in (prepared.up, prepared.down):
        tails = way.tails()
        assert (way.head < tails).all()
        assert ((region[way.head] == 0) | (region[way.head] == region[tails])).all()
        together = tails.astype(np.int64) * arcs.nodes + way.head
        assert (np.diff(together) > 0).all()
        assert way.key.dtype == arcs.key.dtype
        assert way.key.min() >= 0
        assert way.key.max() <= limit_key(LONGEST_TICKS, way.key.dtype)
    # A hierarchy that is any good has few shortcuts.
    assert len(prepared.up_key) < 1.5 * len(arcs.key)


def test_preparing_again_gives_the_same(roads):
    arcs, prepared = roads
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_REGION", 300)
        # Where the work stops between two calls does not matter.
        patch.setattr(preparing, "_BUDGET", 77)
        assert same_arrays(hierarchy.contract(arcs), prepared)


def test_more_room_is_made_where_the_first_guess_was_too_small(roads, monkeypatch):
    arcs, prepared = roads
    doubled = []
    grow = preparing._doubled
    monkeypatch.setattr(preparing, "_REGION", 300)
    monkeypatch.setattr(preparing, "_SPARE", 0)
    monkeypatch.setattr(preparing, "_doubled", lambda array: doubled.append(1) or grow(array))
    assert same_arrays(hierarchy.contract(arcs), prepared)
    assert doubled


def test_arrays_of_a_file_serve(roads, tmp_path):
    arcs, prepared = roads
    mapped = {}
    for field in dataclasses.fields(prepared):
        path = tmp_path / f"{field.name}.npy"
        np.save(path, getattr(prepared, field.name))
        mapped[field.name] = np.load(path, mmap_mode="r")
        assert not mapped[field.name].flags.writeable
    stored = hierarchy.Hierarchy(**mapped)
    points = cases_.random_points(arcs, 20)
    points.key.flags.writeable = False
    limit = limit_key(700_000, arcs.key.dtype)
    assert np.array_equal(
        hierarchy.one_to_all(stored, points, limit), hierarchy.one_to_all(prepared, points, limit)
    )
    assert cases_.same(
        hierarchy.pairs(stored, points, points, limit),
        hierarchy.pairs(prepared, points, points, limit),
    )
    arcs_of_a_file = Arcs(*(views.fixed(part) for part in (arcs.first, arcs.head, arcs.key)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_REGION", 300)
        assert same_arrays(hierarchy.contract(arcs_of_a_file), prepared)


@settings(deadline=None, max_examples=30)
@given(cases_.graphs(max_nodes=12), st.data())
def test_one_more_arc_makes_no_way_longer(arcs, data):
    node = st.integers(0, arcs.nodes - 1)
    u, v, ticks = data.draw(node), data.draw(node), data.draw(cases_.TICKS)
    columns = zip(arcs.tails().tolist(), arcs.head.tolist(), arcs.key.tolist(), strict=True)
    edges = [(*arc, True, False) for arc in columns]
    more = cases_.graph_of(arcs.nodes, [*edges, (u, v, ticks, True, False)])
    everywhere = Ends.at(np.arange(arcs.nodes))
    before, after = (
        hierarchy.one_to_all(hierarchy.contract(graph), everywhere, LONGEST_TICKS)
        for graph in (arcs, more)
    )
    assert (after <= before).all()
    assert u == v or after[u, v] <= ticks


def test_limits_nest(roads):
    arcs, prepared = roads
    points = cases_.random_points(arcs, 25)
    dtype = arcs.key.dtype
    far = hierarchy.pairs(prepared, points, points, limit_key(800_000, dtype))
    near = hierarchy.pairs(prepared, points, points, limit_key(250_000, dtype))
    kept = far.key <= limit_key(250_000, dtype)
    assert 0 < kept.sum() < len(kept)
    assert np.array_equal(far.source[kept], near.source)
    assert np.array_equal(far.target[kept], near.target)
    assert np.array_equal(far.key[kept], near.key)


# --- edges of the domain --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", cases_.DTYPES)
def test_nothing_to_search(dtype):
    empty = hierarchy.contract(cases_.graph_of(0, [], dtype))
    nobody = cases_.ends_of([], dtype)
    assert hierarchy.one_to_all(empty, nobody, 5).shape == (0, 0)
    prepared = hierarchy.contract(cases_.graph_of(3, [(0, 1, 4, True, False)], dtype))
    lost = cases_.ends_of([[], []], dtype)
    somewhere = Ends.at(np.array([0, 1]), dtype)
    limit = limit_key(9, dtype)
    assert hierarchy.one_to_all(prepared, nobody, limit).shape == (0, 3)
    assert (hierarchy.one_to_all(prepared, lost, limit) == infinity(dtype)).all()
    for sources, targets in itertools.product([nobody, lost, somewhere], repeat=2):
        found = hierarchy.pairs(prepared, sources, targets, limit)
        if sources is somewhere and targets is somewhere:
            assert found.source.tolist() == [0, 0, 1]
            assert found.target.tolist() == [0, 1, 1]
        else:
            assert not len(found.source)


@pytest.mark.parametrize("dtype", cases_.DTYPES)
def test_the_longest_ways_neither_overflow_nor_appear(dtype):
    long = LONGEST_TICKS
    half = long // 2
    edges = [(0, 1, half, True, True), (1, 2, half + 1, True, True), (2, 3, long, True, True)]
    prepared = hierarchy.contract(cases_.graph_of(4, edges, dtype))
    limit = limit_key(2**40, dtype)
    assert limit == limit_key(long, dtype)
    far = cases_.ends_of([[(0, 0)], [(0, 1)], [(2, long)], [(3, long)]], dtype)
    found = hierarchy.pairs(prepared, far, Ends.at(np.arange(4), dtype), limit)
    pairs = list(zip(found.source.tolist(), found.target.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 2), (3, 3)]
    ticks = found.key if dtype == np.int32 else found.key >> 32
    assert ticks.tolist() == [0, half, long, 1, half + 1, long, long]


def test_memory_that_was_used_before_is_written_to(roads):
    arcs, prepared = roads
    points = cases_.random_points(arcs, 20)
    limit = limit_key(400_000, arcs.key.dtype)
    out = np.full((20, arcs.nodes), 7, arcs.key.dtype)
    assert hierarchy.one_to_all(prepared, points, limit, out=out) is out
    assert np.array_equal(out, hierarchy.one_to_all(prepared, points, limit))
    for wrong in (out[:5], out.T, out.astype(np.float64)):
        with pytest.raises(TableError, match="memory"):
            hierarchy.one_to_all(prepared, points, limit, out=wrong)


def test_bad_arguments_are_named(roads):
    arcs, prepared = roads
    dtype = arcs.key.dtype.type
    beyond = Ends.at(np.array([arcs.nodes]), dtype)
    with pytest.raises(TableError, match="not there"):
        hierarchy.one_to_all(prepared, beyond, 5)
    with pytest.raises(TableError, match="not there"):
        hierarchy.pairs(prepared, Ends.at(np.array([0]), dtype), beyond, 5)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_what_has_not_begun(roads, monkeypatch, threads):
    arcs, prepared = roads
    monkeypatch.setattr(hierarchy, "_CHUNK_KEYS", 1)
    begun = []
    part = hierarchy._part
    monkeypatch.setattr(hierarchy, "_part", lambda *what: begun.append(1) or part(*what))

    def interrupt(step, done=None):
        raise KeyboardInterrupt

    points = cases_.random_points(arcs, 640)
    with pytest.raises(KeyboardInterrupt):
        hierarchy.pairs(
            prepared,
            points,
            points,
            limit_key(9, arcs.key.dtype),
            threads=threads,
            progress=interrupt,
        )
    # One part for the targets; of 40 chunks only those that the threads had ahead.
    assert 2 <= len(begun) <= 1 + 2 * threads + 1
    with pytest.raises(KeyboardInterrupt):
        hierarchy.contract(arcs, interrupt)
