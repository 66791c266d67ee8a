"""Travel times on road graphs: ruralcare beside the packages that Python has for it.

Three questions, as a plan asks them, on New York (DIMACS, 264 k nodes) and on generated rural
networks: the nearest of 1,000 facilities from every node; all pairs of 1,000 homes and 1,000
facilities within 30 (and 60) minutes; the time from one place to every node. Every figure is CPU
seconds on one core (the process is bound to it), without compiling, the best of some runs. A
peer that would take minutes does a part of the searches, which is scaled up and marked. All
answers, those of the peers too, are compared to the tick with those of scipy in the same run.

`load_s` is what a second run pays: the whole network (tables of nodes and edges, graph, hierarchy)
opened from its files in a new process, as `read_roads` does it. `open_s` is the opening of bare
arrays.

    python benchmarks/travel_times.py --data ../shared/data [--quick] [--json]

`--quick` takes New York only. The ratios are the best peer's seconds over ours; where several
graphs are measured, the lowest over all graphs.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from road_graphs import RoadArrays, generated, new_york
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ruralcare.network import store
from ruralcare.network.columns import open_columns, write_columns
from ruralcare.network.graph import road_graph
from ruralcare.network.search import buckets, hierarchy
from ruralcare.network.search.arrays import Arcs, Ends, infinity
from ruralcare.types import RoadNetwork

PLACES = 1000
SOURCES = 16
BLOCKS = (1, 4, 16, 48)
TICKS_PER_MINUTE = 60_000
CRS = "EPSG:5179"
# What networkit has for a node that cannot be reached is larger.
NEVER = 1e15
# A peer that takes longer than this for one question does a part of it.
PATIENCE_S = 20.0
PEERS = ("scipy", "networkit", "rustworkx", "igraph", "networkx")
# Of the matrix of a peer, so many rows are compared.
COMPARED = 5


@dataclass
class Case:
    """One graph, its questions, and what was measured on it."""

    name: str
    roads: RoadArrays
    quick: bool
    arcs: Arcs = field(init=False)
    backward: Arcs = field(init=False)
    homes: np.ndarray = field(init=False)
    places: np.ndarray = field(init=False)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, np.ndarray] = field(default_factory=dict)
    """Answers of scipy; infinite where there is none."""

    def __post_init__(self) -> None:
        self.arcs = self.roads.arcs()
        self.backward = self.arcs.turned()
        rng = np.random.default_rng(7)
        self.homes = rng.choice(self.roads.nodes, PLACES, replace=False)
        self.places = rng.choice(self.roads.nodes, PLACES, replace=False)

    def keep(self, question: str, who: str, seconds: float) -> None:
        self.seconds.setdefault(question, {})[who] = seconds
        show(f"  {question:<18} {who:<22} {seconds:10.4f} s")

    def ratio(self, question: str, who: str) -> float:
        """Return the best peer's seconds over those of one of our engines."""
        found = self.seconds[question]
        return min(found[peer] for peer in PEERS if peer in found) / found[who]


def show(text: str) -> None:
    print(text, flush=True)


def timed(call: Callable[[], Any], *, runs: int = 1) -> tuple[float, Any]:
    """Return the least CPU seconds of some runs, and the answer."""
    best, answer = np.inf, None
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        answer = call()
        best = min(best, time.process_time() - start)
    return best, answer


def measure(case: Case) -> None:
    """Ask every question of every engine, and compare the answers."""
    show(f"{case.name}: {case.roads.nodes:,} nodes, {len(case.arcs.head):,} arcs")
    compile_all(case)
    matrix = scipy_matrix(case.arcs)
    nearest(case, matrix)
    made = prepared(case)
    cutoffs = (30,) if case.quick else (30, 60)
    for minutes in cutoffs:
        pairs(case, matrix, made, minutes)
    one_to_all(case, matrix, made)
    del matrix
    peers(case)


def compile_all(case: Case) -> None:
    """Compile everything on a small graph, and say how long that took."""
    small = generated(400).arcs()
    ends = Ends.at(np.arange(20))
    start = time.process_time()
    buckets.nearest(small, ends, 10**6)
    buckets.pairs(small, ends, ends, 10**6)
    made = hierarchy.contract(small)
    hierarchy.pairs(made, ends, ends, 10**6)
    hierarchy.one_to_all(made, ends, 10**6)
    case.notes["compile_or_load_s"] = round(time.process_time() - start, 2)


def scipy_matrix(arcs: Arcs) -> csr_array:
    shape = (arcs.nodes, arcs.nodes)
    return csr_array((arcs.key.astype(float), arcs.head, arcs.first), shape=shape)


def nearest(case: Case, matrix: csr_array) -> None:
    """The nearest of the places from every node: one search against the arcs."""
    turned = matrix.T.tocsr()
    runs = 3 if case.quick else 2
    seconds, expected = timed(
        lambda: dijkstra(turned, indices=case.places, min_only=True), runs=runs
    )
    case.keep("nearest", "scipy", seconds)
    case.expected["nearest"] = expected
    ends, limit = Ends.at(case.places), 2**30 - 1
    seconds, (key, _) = timed(lambda: buckets.nearest(case.backward, ends, limit), runs=5)
    case.keep("nearest", "ours", seconds)
    reached = np.where(key == infinity(key.dtype), np.inf, key.astype(float))
    if not np.array_equal(reached, expected):
        raise AssertionError("nearest: ours differs from scipy")


def prepared(case: Case) -> hierarchy.Hierarchy:
    """Prepare the graph, store what was made, and open it again."""
    seconds, made = timed(lambda: hierarchy.contract(case.arcs))
    case.notes["prepare_s"] = round(seconds, 2)
    arrays = {one.name: getattr(made, one.name) for one in fields(made)}
    case.notes["hierarchy_mb"] = round(sum(one.nbytes for one in arrays.values()) / 1e6, 1)
    graph = {f"graph.{one.name}": getattr(case.arcs, one.name) for one in fields(case.arcs)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.arrow"
        write_columns(path, graph | arrays, {})
        start = time.perf_counter()
        stored = open_columns(path)
        made = hierarchy.Hierarchy(**{name: stored.array(name) for name in arrays})
        case.notes["open_s"] = round(time.perf_counter() - start, 4)
        path = Path(folder) / "network.arrow"
        apart(store_network, case.roads, made, path)
        case.notes |= apart(load_network, path, case.roads.nodes)
    case.notes["file_mb"] = round(
        case.notes["hierarchy_mb"] + sum(one.nbytes for one in graph.values()) / 1e6, 1
    )
    show(
        f"  prepared in {seconds:.1f} s, {case.notes['hierarchy_mb']} MB, arrays opened in "
        f"{case.notes['open_s']} s, the whole network in {case.notes['load_s']} s"
    )
    return made


def apart(call: Callable[..., Any], *given: Any) -> Any:
    """Return what a process of its own finds, whose memory is not counted here."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, *given).result()


def store_network(roads: RoadArrays, made: hierarchy.Hierarchy, path: Path) -> None:
    """Store the graph as a network with tables and straight lines, and its hierarchy beside it."""
    network = whole_network(roads)
    graph = road_graph(network)
    if not np.array_equal(graph.forward.key, roads.arcs().key):
        raise AssertionError("the network makes another graph")
    store.save(path, network)
    graph.kept.hierarchy = made
    graph.kept.store(graph)


def load_network(path: Path, nodes: int) -> dict[str, float]:
    """Load a network and its graph as a second run does."""
    begun, cpu = time.perf_counter(), time.process_time()
    graph = road_graph(store.load(path))
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - begun
    if graph.nodes != nodes or graph.kept.hierarchy is None:
        raise AssertionError("what was loaded is not what was stored")
    return {"load_s": round(seconds, 3), "load_cpu_s": round(cpu, 3)}


def whole_network(roads: RoadArrays) -> RoadNetwork:
    """Return the arcs as the edges of a network; two arcs there and back are one edge."""
    low, high = np.minimum(roads.tail, roads.head), np.maximum(roads.tail, roads.head)
    turned = roads.tail > roads.head
    order = np.lexsort((turned, roads.ticks, high, low))
    low, high, ticks, turned = (part[order] for part in (low, high, roads.ticks, turned))
    same = (np.diff(low) == 0) & (np.diff(high) == 0) & (np.diff(ticks) == 0)
    there_and_back = np.append(same & (turned[:-1] != turned[1:]), False)
    second = np.concatenate([[False], there_and_back[:-1]])
    u, v = np.where(turned, high, low)[~second], np.where(turned, low, high)[~second]
    ticks, oneway = ticks[~second], ~there_and_back[~second]
    length_m = np.maximum(np.hypot(*(roads.xy[u] - roads.xy[v]).T), 1.0)
    minutes = ticks / TICKS_PER_MINUTE
    table = pd.DataFrame(
        {
            "u": u,
            "v": v,
            "length_m": length_m,
            "speed_kmh": np.clip(length_m / np.maximum(ticks, 1) * 3600, 1.0, 150.0),
            "time_min": minutes,
            "kind": "road",
            "road_class": np.array(["residential", "primary"])[(u % 8 == 0).astype(int)],
            "oneway": oneway,
            "proxy": False,
            "name": np.array([f"{number}길" for number in range(20_000)])[u % 20_000],
            "ref": "",
            "bridge": False,
            "tunnel": False,
            "source_id": np.arange(len(u)).astype(str),
        }
    )
    lines = shapely.linestrings(np.stack([roads.xy[u], roads.xy[v]], axis=1))
    index = pd.RangeIndex(roads.nodes, name="node_id")
    return RoadNetwork(
        gpd.GeoDataFrame(geometry=shapely.points(roads.xy), index=index, crs=CRS),
        gpd.GeoDataFrame(table, geometry=lines, crs=CRS),
        pd.DataFrame(
            {"piece": [1], "nodes": [roads.nodes], "length_m": [length_m.sum()], "kept": [True],
             "reason": [""]}
        ),
    )  # fmt: skip


def pairs(case: Case, matrix: csr_array, made: hierarchy.Hierarchy, minutes: int) -> None:
    """All pairs of homes and places within a cutoff."""
    question = f"matrix_{minutes}"
    limit = minutes * TICKS_PER_MINUTE

    def by_scipy(homes: np.ndarray, block: int) -> np.ndarray:
        rows = []
        for begin in range(0, len(homes), block):
            chosen = homes[begin : begin + block]
            rows.append(dijkstra(matrix, indices=chosen, limit=limit)[:, case.places])
        return np.vstack(rows)

    # scipy returns every node of every search: how many at a time matters, so it gets its best.
    some = case.homes[:48]
    block = min(BLOCKS, key=lambda size: timed(lambda: by_scipy(some, size))[0])
    case.notes["scipy_searches_at_a_time"] = block
    seconds, expected = timed(lambda: by_scipy(case.homes, block))
    case.keep(question, "scipy", seconds)
    case.expected[question] = expected[:COMPARED]
    sources, targets = Ends.at(case.homes), Ends.at(case.places)
    runs = 1 if case.quick else 2
    for who, call in (
        ("ours", lambda: buckets.pairs(case.arcs, sources, targets, limit)),
        ("ours, hierarchy", lambda: hierarchy.pairs(made, sources, targets, limit)),
    ):
        seconds, found = timed(call, runs=runs if who == "ours" else 3)
        case.keep(question, who, seconds)
        dense = np.full((PLACES, PLACES), np.inf)
        dense[found.source, found.target] = found.key
        if not np.array_equal(dense, expected):
            raise AssertionError(f"{question}: {who} differs from scipy")
    case.notes[f"pairs_within_{minutes}"] = int(np.isfinite(expected).sum())


def one_to_all(case: Case, matrix: csr_array, made: hierarchy.Hierarchy) -> None:
    """The time from one place to every node; ours for one place, and for each of several."""
    some = case.homes[:4]
    seconds, expected = timed(lambda: dijkstra(matrix, indices=some))
    case.keep("one_to_all", "scipy", seconds / len(some))
    case.expected["one_to_all"] = expected[0]
    limit = 2**30 - 1
    seconds, one = timed(lambda: hierarchy.one_to_all(made, Ends.at(case.homes[:1]), limit), runs=5)
    case.keep("one_to_all", "ours, one", seconds)
    # Memory is asked for once, as by a caller who measures from many places.
    out = np.empty((SOURCES, made.nodes), dtype=np.int32)
    ends = Ends.at(case.homes[:SOURCES])
    hierarchy.one_to_all(made, ends, limit, out=out)
    seconds, many = timed(lambda: hierarchy.one_to_all(made, ends, limit, out=out), runs=5)
    case.keep("one_to_all", f"ours, each of {SOURCES}", seconds / SOURCES)
    found = many[: len(some)].astype(float)
    found[many[: len(some)] == infinity(many.dtype)] = np.inf
    if not np.array_equal(found, expected) or not np.array_equal(one[0], many[0]):
        raise AssertionError("one_to_all: ours differs from scipy")


def peers(case: Case) -> None:
    """Ask the other packages, of large questions a part."""
    for name, maker in (
        ("networkit", Networkit),
        ("rustworkx", Rustworkx),
        ("igraph", Igraph),
        ("networkx", Networkx),
    ):
        try:
            importlib.import_module(name)
        except ImportError:
            show(f"  {name} is not installed")
            case.notes.setdefault("missing", []).append(name)
            continue
        peer = maker(case)
        seconds, answer = timed(peer.nearest)
        case.keep("nearest", name, seconds)
        compare(case, "nearest", name, row_of(answer, case, case.roads.nodes))
        seconds, answer = timed(lambda peer=peer: peer.from_one(int(case.homes[0])))
        case.keep("one_to_all", name, seconds)
        compare(case, "one_to_all", name, row_of(answer, case, int(case.homes[0])))
        budget = 1.5 if case.quick else PATIENCE_S
        count = int(np.clip(budget / max(seconds, 1e-6), 1, PLACES))
        spent, answer = timed(lambda peer=peer, count=count: peer.from_many(case.homes[:count]))
        case.keep("matrix_30", name, spent * PLACES / count)
        case.notes.setdefault("searches_of_1000", {})[name] = count
        for at, one in enumerate(answer[:COMPARED]):
            compare(case, "matrix_30", name, row_to_places(one, case, int(case.homes[at])), at)
        del peer, answer


def compare(case: Case, question: str, who: str, row: np.ndarray, at: int | None = None) -> None:
    """Stop where a peer has other answers than scipy."""
    expected = case.expected[question] if at is None else case.expected[question][at]
    if not np.array_equal(row, expected):
        raise AssertionError(f"{question}: {who} differs from scipy")
    count = case.notes.setdefault("answers_compared", {})
    count[who] = count.get(who, 0) + len(row)


def row_of(answer: Any, case: Case, source: int) -> np.ndarray:
    """Return the ticks to all nodes, as an array, from whatever a package answers."""
    nodes = case.roads.nodes
    if not hasattr(answer, "keys"):
        row = np.asarray(answer, dtype=float).ravel()[:nodes]
        return np.where(row < NEVER, row, np.inf)
    row = np.full(nodes + 1, np.inf)
    row[np.fromiter(answer.keys(), np.int64)] = np.fromiter(answer.values(), float)
    row[source] = 0.0
    return row[:nodes]


def row_to_places(answer: Any, case: Case, source: int) -> np.ndarray:
    """Return the ticks to the places within 30 minutes; not every package has a cutoff."""
    if hasattr(answer, "keys"):
        row = row_of(answer, case, source)[case.places]
    else:
        row = np.asarray(answer, dtype=float)
    return np.where(row <= 30 * TICKS_PER_MINUTE, row, np.inf)


class Networkit:
    """A virtual node with arcs of no length stands for all places at once."""

    def __init__(self, case: Case) -> None:
        import networkit

        networkit.setNumberOfThreads(1)
        self.kit, self.case = networkit, case
        n = case.roads.nodes
        tails, heads = case.arcs.tails(), case.arcs.head
        self.graph = self._made(tails, heads, case.arcs.key, n)
        virtual = np.full(PLACES, n)
        self.turned = self._made(
            np.concatenate([heads, virtual]),
            np.concatenate([tails, case.places]),
            np.concatenate([case.arcs.key, np.zeros(PLACES)]),
            n + 1,
        )

    def _made(self, tails, heads, keys, count) -> Any:
        return self.kit.GraphFromCoo(
            (keys.astype(float), (tails.astype(np.uint64), heads.astype(np.uint64))),
            n=count,
            weighted=True,
            directed=True,
        )

    def nearest(self) -> Any:
        run = self.kit.distance.Dijkstra(self.turned, self.case.roads.nodes, storePaths=False)
        run.run()
        return run.getDistances()

    def from_one(self, home: int) -> Any:
        run = self.kit.distance.Dijkstra(self.graph, home, storePaths=False)
        run.run()
        return run.getDistances()

    def from_many(self, homes: np.ndarray) -> Any:
        return [np.asarray(self.from_one(int(home)))[self.case.places] for home in homes]


class Rustworkx:
    """The same, with Python floats on the arcs."""

    def __init__(self, case: Case) -> None:
        import rustworkx

        self.rx, self.case = rustworkx, case
        n = case.roads.nodes
        tails, heads = case.arcs.tails().tolist(), case.arcs.head.tolist()
        keys = case.arcs.key.astype(float).tolist()
        self.graph = rustworkx.PyDiGraph(multigraph=True)
        self.graph.add_nodes_from(range(n))
        self.graph.add_edges_from(list(zip(tails, heads, keys, strict=True)))
        self.turned = rustworkx.PyDiGraph(multigraph=True)
        self.turned.add_nodes_from(range(n + 1))
        self.turned.add_edges_from(list(zip(heads, tails, keys, strict=True)))
        self.turned.add_edges_from([(n, int(place), 0.0) for place in case.places])

    def nearest(self) -> Any:
        return self.rx.dijkstra_shortest_path_lengths(
            self.turned, self.case.roads.nodes, edge_cost_fn=float
        )

    def from_one(self, home: int) -> Any:
        return self.rx.dijkstra_shortest_path_lengths(self.graph, home, edge_cost_fn=float)

    def from_many(self, homes: np.ndarray) -> Any:
        return [self.from_one(int(home)) for home in homes]


class Igraph:
    """A matrix of sources and targets is a call of its own here."""

    def __init__(self, case: Case) -> None:
        import igraph

        self.case = case
        n = case.roads.nodes
        tails, heads = case.arcs.tails(), case.arcs.head
        self.graph = igraph.Graph(n=n, edges=np.column_stack([tails, heads]), directed=True)
        self.keys = case.arcs.key.astype(float)
        virtual = np.column_stack([np.full(PLACES, n), case.places])
        self.turned = igraph.Graph(
            n=n + 1, edges=np.vstack([np.column_stack([heads, tails]), virtual]), directed=True
        )
        self.turned_keys = np.concatenate([self.keys, np.zeros(PLACES)])

    def nearest(self) -> Any:
        return self.turned.distances(source=[self.case.roads.nodes], weights=self.turned_keys)

    def from_one(self, home: int) -> Any:
        return self.graph.distances(source=[home], weights=self.keys)

    def from_many(self, homes: np.ndarray) -> Any:
        return self.graph.distances(
            source=homes.tolist(), target=self.case.places.tolist(), weights=self.keys
        )


class Networkx:
    """Has a cutoff."""

    def __init__(self, case: Case) -> None:
        import networkx

        self.nx, self.case = networkx, case
        tails, heads = case.arcs.tails().tolist(), case.arcs.head.tolist()
        keys = case.arcs.key.tolist()
        self.graph = networkx.DiGraph()
        self.graph.add_weighted_edges_from(zip(tails, heads, keys, strict=True))
        self.turned = self.graph.reverse(copy=False)

    def nearest(self) -> Any:
        return self.nx.multi_source_dijkstra_path_length(
            self.turned, set(self.case.places.tolist())
        )

    def from_one(self, home: int) -> Any:
        return self.nx.single_source_dijkstra_path_length(self.graph, home)

    def from_many(self, homes: np.ndarray) -> Any:
        limit = 30 * TICKS_PER_MINUTE
        return [
            self.nx.single_source_dijkstra_path_length(self.graph, int(home), cutoff=limit)
            for home in homes
        ]


def report(cases: list[Case]) -> dict[str, Any]:
    def lowest(question: str, who: str) -> float:
        return round(min(case.ratio(question, who) for case in cases), 2)

    return {
        "nearest_ratio": lowest("nearest", "ours"),
        "matrix_ratio": lowest("matrix_30", "ours"),
        "matrix_ratio_hierarchy": lowest("matrix_30", "ours, hierarchy"),
        "one_to_all_ratio": lowest("one_to_all", f"ours, each of {SOURCES}"),
        "cpu_seconds_on_one_core": {case.name: case.seconds for case in cases},
        "graphs": {
            case.name: {"nodes": case.roads.nodes, "arcs": len(case.arcs.head), **case.notes}
            for case in cases
        },
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="New York only, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--only", help="one graph: ny, 100k, 1m, 3m")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    makers: dict[str, Callable[[], RoadArrays]] = {
        "ny": lambda: new_york(arguments.data / "dimacs"),
        "100k": lambda: generated(105_000),
        "1m": lambda: generated(1_040_000),
        "3m": lambda: generated(3_120_000),
    }
    if not (arguments.data / "dimacs").is_dir():
        sys.exit(f"The DIMACS files of New York are not in {arguments.data}; give --data.")
    names = [arguments.only] if arguments.only else ["ny"] if arguments.quick else list(makers)
    cases = []
    for name in names:
        case = Case(name, makers[name](), arguments.quick)
        measure(case)
        cases.append(case)
    found = report(cases)
    for key in ("nearest_ratio", "matrix_ratio", "matrix_ratio_hierarchy", "one_to_all_ratio"):
        show(f"{key}: {found[key]}")
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
