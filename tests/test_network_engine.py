"""Which engine measures, what the user is told meanwhile, and how its answers are put together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import homes, network, road, sites
from shapely.geometry import Point

from ruralcare.language import Message
from ruralcare.network import (
    engine,
    everywhere,
    isochrones,
    matrix,
    nearest,
    path,
    paths,
    reached_edges,
    road_graph,
    travel_times,
)
from ruralcare.network.ends import merge, on_one_edge
from ruralcare.network.engine import chosen, prepare, ways
from ruralcare.network.placed import place
from ruralcare.network.search import buckets, compiled, hierarchy, plain
from ruralcare.network.search.arrays import Found

ONCE = "Preparing the search (only once on this computer)"
LIMIT = 60 * 60_000
FEW = settings(deadline=None, max_examples=60)


def street(houses):
    """A network of one long street."""
    nodes = {f"n{i}": (500.0 * i, 0.0) for i in range(houses)}
    edges = [road(f"n{i}", f"n{i + 1}") for i in range(houses - 1)]
    return network(nodes, edges)


def along(count, step=500.0):
    """Houses beside the street."""
    return sites({f"h{i}": (step * i + 100, 30) for i in range(count)})


def joined(roads, points):
    return place(roads, points, mode="car", walking_kmh=4.0, snap_limit_m=500.0).joined


# --- the choice -----------------------------------------------------------------------------------


def test_what_is_asked_for_is_taken():
    roads = street(5)
    points = joined(roads, along(4))
    for name in ("plain", "buckets", "hierarchy"):
        assert chosen(road_graph(roads), points, points, LIMIT, name) == name


def test_a_graph_is_prepared_once_searching_without_would_have_cost_as_much(monkeypatch):
    roads = street(400)
    graph, points = road_graph(roads), joined(roads, along(200))
    # Each of 200 searches reaches all 400 nodes: 80,000 visits; preparing costs 400 of its own.
    monkeypatch.setattr(engine, "_S_PER_NODE_SEARCHED", 1.0)
    monkeypatch.setattr(engine, "_S_PER_END_PREPARED_FOR", 0.0)
    monkeypatch.setattr(engine, "_S_PER_NODE_PREPARED", 500.0)
    ask = [chosen(graph, points, points, LIMIT * 10) for _ in range(3)]
    # 80,000 and 160,000 are less than 200,000; 240,000 are not.
    assert ask == ["buckets", "buckets", "hierarchy"]
    assert graph.kept.hierarchy is None
    # With ten threads, searching takes a tenth of the time; preparing takes as long as before.
    graph.kept.spent_s = 0.0
    ask = [chosen(graph, points, points, LIMIT * 10, threads=10) for _ in range(26)]
    # 200,000 are not more than 200,000.
    assert ask == 25 * ["buckets"] + ["hierarchy"]
    prepare(graph)
    assert chosen(graph, points, points, LIMIT * 10) == "hierarchy"
    # A cutoff that reaches no farther than the next houses needs no hierarchy.
    monkeypatch.setattr(engine, "_S_PER_END_PREPARED_FOR", 5.0)
    assert chosen(graph, points, points, 20_000) == "buckets"
    few = points.take(np.arange(3))
    assert chosen(graph, few, points, LIMIT * 10) == "buckets"


@pytest.mark.parametrize("sizes", [(60, 20), (20, 60)])
@pytest.mark.parametrize("threads", [1, 2])
def test_engines_agree(sizes, threads):
    roads = street(80)
    roads.edges["oneway"] = np.arange(len(roads.edges)) % 7 == 3
    graph = road_graph(roads)
    sources, targets = joined(roads, along(sizes[0], 300.0)), joined(roads, along(sizes[1], 510.0))
    expected = ways(graph, sources, targets, 5 * 60_000, engine="plain")
    assert len(expected.key) > 50
    for name in ("auto", "buckets", "hierarchy"):
        found = ways(graph, sources, targets, 5 * 60_000, engine=name, threads=threads)
        for part in ("source", "target", "key"):
            assert np.array_equal(getattr(found, part), getattr(expected, part))


# --- what the user is told ------------------------------------------------------------------------


def compiling_routines(monkeypatch):
    """Let every search say that it is being compiled, as numba does; count those unheard."""
    from numba.core import event

    begun = []

    def compiled_first(module, name):
        whole = getattr(module, name)

        def search(*given, **more):
            begun.append(name)
            event.start_event("numba:compile")
            event.end_event("numba:compile")
            return whole(*given, **more)

        monkeypatch.setattr(module, name, search)

    for name in ("one_to_all", "pairs", "nearest", "k_nearest", "tree"):
        compiled_first(buckets, name)
    compiled_first(hierarchy, "pairs")
    compiled_first(hierarchy, "contract")
    return begun


def questions():
    """Every question that is answered by a search, with the searches that it makes."""
    roads = street(60)
    points, places = homes({f"h{i}": (400.0 * i, 20) for i in range(50)}), along(40)
    one = Point(points.points.iloc[0]), Point(places.iloc[7])
    return {
        "travel times": (lambda **how: travel_times(roads, points, places, **how), 2),
        "matrix": (lambda **how: matrix(roads, points, places, engine="buckets", **how), 1),
        "hierarchy": (lambda **how: matrix(roads, points, places, engine="hierarchy", **how), 2),
        "nearest": (lambda **how: nearest(roads, points, places, **how), 1),
        "two nearest": (lambda **how: nearest(roads, points, places, k=2, **how), 1),
        "everywhere": (lambda **how: everywhere(roads, places, **how), 1),
        "path": (lambda **how: path(roads, *one, **how), 1),
        "paths": (lambda **how: paths(roads, places[:5], places[5:10], **how), 5),
        "isochrones": (lambda **how: isochrones(roads, places[:2], [3.0], **how), 1),
        "reached": (lambda **how: reached_edges(roads, places[:2], 3.0, **how), 1),
        "prepare": (lambda **how: prepare(road_graph(roads), **how), 1),
    }


@pytest.mark.skipif(not compiled.available(), reason="numba is not on this machine")
@pytest.mark.parametrize("name", list(questions()))
def test_who_waits_for_compiling_is_told_why(monkeypatch, name):
    ask, searches = questions()[name]
    begun, told = compiling_routines(monkeypatch), []
    ask(progress=lambda step, done=None: told.append(step.template))
    assert len(begun) >= searches
    # Where nothing was compiled before, the real compiling is told as well.
    assert told.count(ONCE) >= len(begun)


@pytest.mark.parametrize("name", ["travel times", "matrix", "hierarchy", "two nearest"])
def test_without_numba_one_hears_of_it_and_can_stop(monkeypatch, name):
    whole = questions()[name][0]()
    monkeypatch.setattr(engine, "available", lambda: False)
    # Some searches at a time.
    monkeypatch.setattr(plain, "_CELLS", 300)
    ask, _ = questions()[name]
    told = []

    def progress(step, done=None):
        assert step == Message("Measuring travel times")
        told.append(done)

    def interrupt(step, done=None):
        progress(step, done)
        if done > 0.5:
            raise KeyboardInterrupt

    found = ask(progress=progress)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len([done for done in told if 0 < done < 1]) > 3
    told.clear()
    with pytest.raises(KeyboardInterrupt):
        ask(progress=interrupt)
    assert told[-1] < 0.8
    # What is found is the same.
    frame = [getattr(one, "frame", getattr(one, "minutes", one)) for one in (whole, found)]
    assert frame[0].equals(frame[1])


@pytest.mark.parametrize("name", ["nearest", "everywhere"])
def test_one_search_from_all_places_needs_no_numba(monkeypatch, name):
    ask, _ = questions()[name]
    whole, told = ask(), []
    monkeypatch.setattr(engine, "available", lambda: False)
    # Not one search for each place.
    monkeypatch.delattr(plain, "k_nearest")
    assert ask(progress=lambda step, done=None: told.append(done)).equals(whole)
    assert told == [0.0]


# --- pairs on one street --------------------------------------------------------------------------


edges_of_points = st.lists(st.integers(-1, 4), max_size=8).map(lambda some: np.array(some, int))


@FEW
@given(edges_of_points, edges_of_points)
def test_pairs_on_one_edge(edge, other):
    first, second = on_one_edge(edge, other)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [
        (i, j)
        for i, a in enumerate(edge.tolist())
        for j, b in enumerate(other.tolist())
        if a == b >= 0
    ]


found_pairs = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(0, 9))


def as_found(pairs):
    columns = zip(*((*pair, key) for pair, key in sorted(pairs.items())), strict=True)
    source, target, key = list(columns) or [[], [], []]
    return Found(np.array(source, int), np.array(target, int), np.array(key, np.int32))


@FEW
@given(found_pairs, found_pairs, st.integers(0, 9))
def test_merged_pairs_are_the_shorter_ones(found, more, limit):
    found = {pair: key for pair, key in found.items() if key <= limit}
    expected = dict(found)
    for pair, key in more.items():
        if key <= limit:
            expected[pair] = min(key, expected.get(pair, key))
    merged, true = merge(as_found(found), as_found(more), limit), as_found(expected)
    for name in ("source", "target", "key"):
        assert getattr(merged, name).tolist() == getattr(true, name).tolist()
    assert merged.key.dtype == np.int32
