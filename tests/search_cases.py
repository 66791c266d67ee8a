"""Random graphs, road-like graphs and an oracle, for every engine that searches."""

from __future__ import annotations

import heapq
import importlib.util
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from ruralcare.network.graph import arcs_from_edges
from ruralcare.network.search.arrays import (
    LONGEST_TICKS,
    Arcs,
    Ends,
    Found,
    infinity,
    limit_key,
    proxy_key,
)

ROOT = Path(__file__).resolve().parents[1]
DTYPES = (np.int32, np.int64)


@dataclass(frozen=True)
class Case:
    """A graph, points on it and a limit."""

    arcs: Arcs
    sources: Ends
    targets: Ends
    limit: int

    @property
    def dtype(self):
        return self.arcs.key.dtype


def graph_of(nodes, edges, dtype=np.int32):
    """Build arcs from edges (u, v, ticks, oneway, proxy); loops and parallel edges may occur."""
    columns = list(zip(*edges, strict=True)) if edges else [[]] * 5
    u, v, ticks = (np.array(column, dtype=np.int64) for column in columns[:3])
    oneway, proxy = (np.array(column, dtype=bool) for column in columns[3:])
    key = ticks.astype(np.int32) if dtype == np.int32 else proxy_key(ticks, proxy)
    return arcs_from_edges(u, v, key, oneway, nodes)[0]


def ends_of(points, dtype=np.int32):
    """Build ends from a list of points, each a list of (node, ticks) or (node, ticks, proxy)."""
    first = np.concatenate([[0], np.cumsum([len(point) for point in points])]).astype(np.int64)
    rows = [(*row, False)[:3] for point in points for row in point]
    node = np.array([row[0] for row in rows], dtype=np.int32)
    ticks = np.array([row[1] for row in rows], dtype=np.int64)
    proxy = np.array([row[2] for row in rows], dtype=bool)
    key = ticks.astype(np.int32) if dtype == np.int32 else proxy_key(ticks, proxy)
    return Ends(first, node, key)


# --- hypothesis -----------------------------------------------------------------------------------

# Few different lengths, so that ties and zero-length cycles are common; now and then a long one.
TICKS = st.one_of(
    st.integers(0, 3),
    st.integers(0, 3).map(lambda many: many * 4096),
    st.integers(0, 200_000),
    st.sampled_from([2**20, 2**26 + 1, 2**29, LONGEST_TICKS]),
)


@st.composite
def graphs(draw, dtype=np.int32, max_nodes=10):
    """Draw a graph, often in pieces, with one-way, parallel, zero-length edges and loops."""
    nodes = draw(st.integers(1, max_nodes))
    node = st.integers(0, nodes - 1)
    edge = st.tuples(node, node, TICKS, st.booleans(), st.booleans())
    return graph_of(nodes, draw(st.lists(edge, max_size=3 * max_nodes)), dtype)


@st.composite
def points(draw, nodes, dtype=np.int32, max_points=5):
    """Draw points with no end, one or two."""
    row = st.tuples(st.integers(0, nodes - 1), TICKS, st.booleans())
    return ends_of(draw(st.lists(st.lists(row, max_size=2), max_size=max_points)), dtype)


@st.composite
def cases(draw, dtype=None, max_nodes=10, max_points=5):
    """Draw a graph, sources, targets and a limit."""
    dtype = draw(st.sampled_from(DTYPES)) if dtype is None else dtype
    arcs = draw(graphs(dtype, max_nodes))
    sources = draw(points(arcs.nodes, dtype, max_points))
    targets = draw(points(arcs.nodes, dtype, max_points))
    limit = draw(st.one_of(st.just(LONGEST_TICKS), st.integers(0, 300_000), st.integers(0, 9)))
    return Case(arcs, sources, targets, limit_key(limit, dtype))


# --- larger graphs --------------------------------------------------------------------------------


@lru_cache
def road_graphs():
    """Return the module of the benchmarks that generates and reads road graphs."""
    path = ROOT / "benchmarks" / "road_graphs.py"
    spec = importlib.util.spec_from_file_location("road_graphs", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@lru_cache
def road_like(nodes, dtype=np.int32, seed=1, proxy_share=0.0):
    """Return a road-like graph; a share of its arcs are proxies, where keys are int64."""
    roads = road_graphs().generated(nodes, seed=seed)
    proxy = np.random.default_rng(seed).random(len(roads.ticks)) < proxy_share
    key = roads.ticks.astype(np.int32) if dtype == np.int32 else proxy_key(roads.ticks, proxy)
    oneway = np.ones(len(key), dtype=bool)
    return arcs_from_edges(roads.tail, roads.head, key, oneway, roads.nodes)[0]


@lru_cache
def new_york(shared_data):
    """Return the graph of New York; takes some seconds."""
    return road_graphs().new_york(shared_data / "dimacs").arcs()


def random_points(arcs, count, seed=1):
    """Return points near random nodes: one in eight not joined, half of the others with 2 ends."""
    rng = np.random.default_rng(seed)
    tails = arcs.tails()
    made = []
    for _ in range(count):
        kind = rng.integers(8)
        arc = rng.integers(len(arcs.head))
        rows = [(int(tails[arc]), int(rng.integers(30_000)))]
        rows.append((int(arcs.head[arc]), int(rng.integers(30_000))))
        made.append([] if kind == 0 else rows[: 1 + kind % 2])
    return ends_of(made, arcs.key.dtype)


# --- what is true ---------------------------------------------------------------------------------


def as_networkx(arcs):
    """Return the graph in networkx, whose keys are Python's integers."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(arcs.nodes))
    triples = zip(arcs.tails().tolist(), arcs.head.tolist(), arcs.key.tolist(), strict=True)
    graph.add_weighted_edges_from(triples)
    return graph


def true_ways(arcs, sources, limit):
    """Return keys (sources, nodes) found by networkx, one search for each end of a source."""
    graph = as_networkx(arcs)
    found = np.full((len(sources), arcs.nodes), infinity(arcs.key.dtype), dtype=arcs.key.dtype)
    for row, point in enumerate(sources.owner().tolist()):
        start = int(sources.key[row])
        lengths = nx.single_source_dijkstra_path_length(graph, int(sources.node[row]))
        for node, length in lengths.items():
            if start + length <= limit:
                found[point, node] = min(int(found[point, node]), start + length)
    return found


def true_pairs(arcs, sources, targets, limit):
    """Return the pairs within a limit, found by networkx."""
    ways = true_ways(arcs, sources, limit)
    best = {}
    for source in range(len(sources)):
        for row, target in enumerate(targets.owner().tolist()):
            way = int(ways[source, targets.node[row]]) + int(targets.key[row])
            if way <= limit:
                best[source, target] = min(way, best.get((source, target), way))
    order = sorted(best)
    return Found(
        np.array([source for source, _ in order], dtype=np.int64),
        np.array([target for _, target in order], dtype=np.int64),
        np.array([best[pair] for pair in order], dtype=arcs.key.dtype),
    )


def true_nearest(arcs, sources, k, limit):
    """Return the k nearest (key, source) of each node, by sorting all of them."""
    ways = true_ways(arcs, sources, limit)
    key = np.full((arcs.nodes, k), infinity(ways.dtype), dtype=ways.dtype)
    source = np.full((arcs.nodes, k), -1, dtype=np.int32)
    for node in range(arcs.nodes):
        reached = [(way, i) for i, way in enumerate(ways[:, node].tolist()) if way <= limit]
        for place, (way, i) in enumerate(heapq.nsmallest(k, reached)):
            key[node, place], source[node, place] = way, i
    return key, source


def same(found, expected):
    """Tell whether two sets of pairs are equal, to the tick and in order."""
    return (
        np.array_equal(found.source, expected.source)
        and np.array_equal(found.target, expected.target)
        and np.array_equal(found.key, expected.key)
        and found.key.dtype == expected.key.dtype
    )
