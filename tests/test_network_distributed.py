"""The same matrix on a cluster: bit for bit, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import socketserver
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
from network_cases import network, road

import ruralcare.network.cluster as way
import ruralcare.network.distributed as on_cluster
from ruralcare.errors import InputError
from ruralcare.network import matrix
from ruralcare.network.cluster import check_scheduler
from ruralcare.network.distributed import pairs_on_cluster, read_parts, ways_on_cluster
from ruralcare.network.ends import join
from ruralcare.network.engine import prepare, ways
from ruralcare.network.graph import road_graph
from ruralcare.network.search import hierarchy
from ruralcare.network.search.arrays import limit_key
from ruralcare.network.snap import snap_points

distributed = pytest.importorskip("distributed", reason="the extra distributed is not installed")


@contextmanager
def cluster(workers=2, processes=True):
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        dashboard_address=":0",
        silence_logs=50,
    ) as made:
        yield made


@pytest.fixture(scope="module")
def address():
    with cluster() as made:
        yield made.scheduler_address


def town(count=24, seed=3, proxy=False):
    """A town of one-way and other streets, some of which may be stand-ins."""
    rng = np.random.default_rng(seed)
    nodes = {f"{i},{j}": (i * 300.0, j * 300.0) for i in range(count) for j in range(count)}
    edges = []
    for i in range(count):
        for j in range(count):
            for other in (f"{i + 1},{j}", f"{i},{j + 1}"):
                if other in nodes and rng.random() < 0.9:
                    speed = float(rng.choice([20, 40, 60]))
                    oneway = bool(rng.random() < 0.3)
                    edges.append(road(f"{i},{j}", other, oneway=oneway, speed_kmh=speed))
    roads = network(nodes, edges)
    if proxy:
        roads.edges["proxy"] = rng.random(len(edges)) < 0.3
    return roads


def joined(roads, count, seed):
    rng = np.random.default_rng(seed)
    low, bottom, high, _ = roads.edges.total_bounds
    xy = rng.uniform(0, high - low, (count, 2)) + np.array([low, bottom])
    points = gpd.GeoSeries(gpd.points_from_xy(*xy.T), crs=roads.edges.crs)
    # A few points are too far from any road.
    snapped = snap_points(roads, points, limit_m=140.0)
    return points, join(road_graph(roads), roads, snapped)


def same(found, expected):
    assert len(expected.source) > 500
    for name in ("source", "target", "key"):
        a, b = getattr(found, name), getattr(expected, name)
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("sizes", [(60, 90), (90, 60)])
def test_bit_for_bit_the_result_of_one_machine(address, sizes, proxy):
    roads = town(proxy=proxy)
    graph = road_graph(roads)
    (_, sources), (_, targets) = (joined(roads, n, seed) for seed, n in enumerate(sizes))
    limit = limit_key(7 * 60_000, graph.edge_key.dtype)
    expected = ways(graph, sources, targets, limit)
    told = []
    found = ways_on_cluster(
        address, graph, sources, targets, limit, lambda step, done=None: told.append(done)
    )
    same(found, expected)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)


def test_with_a_hierarchy(address):
    roads = town(seed=4)
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 40, 1), joined(roads, 50, 2)
    limit = limit_key(10 * 60_000, graph.edge_key.dtype)
    expected = ways(graph, sources, targets, limit, engine="plain")
    prepare(graph)
    same(ways_on_cluster(address, graph, sources, targets, limit), expected)


@pytest.mark.parametrize("asked", ["hierarchy", "auto"])
def test_a_hierarchy_is_made_once_and_each_part_is_searched_in_one_thread(monkeypatch, asked):
    roads = town(seed=5)
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 40, 1), joined(roads, 50, 2)
    limit = limit_key(10 * 60_000, graph.edge_key.dtype)
    expected = ways(graph, sources, targets, limit, engine="plain")
    made, searched = [], []
    contract, search = hierarchy.contract, on_cluster.ways
    monkeypatch.setattr(hierarchy, "contract", lambda *what: made.append(1) or contract(*what))

    def measured(*what, **how):
        searched.append((how["engine"], how["threads"], what[0].kept.hierarchy is not None))
        return search(*what, **how)

    monkeypatch.setattr(on_cluster, "ways", measured)
    # So cheap that it is always chosen.
    monkeypatch.setattr("ruralcare.network.engine._S_PER_NODE_PREPARED", 0.0)
    monkeypatch.setattr("ruralcare.network.engine._S_PER_END_PREPARED_FOR", 0.0)
    with cluster(workers=2, processes=False) as made_here:
        address = made_here.scheduler_address
        found = ways_on_cluster(address, graph, sources, targets, limit, engine=asked)
    same(found, expected)
    assert made == [1]
    assert len(searched) > 4
    assert set(searched) == {("hierarchy", 1, True)}


def test_the_engine_that_is_asked_for_goes_to_the_cluster(address, monkeypatch):
    roads = town(seed=6)
    (homes, _), (places, _) = joined(roads, 30, 5), joined(roads, 25, 6)
    asked = []
    whole = on_cluster.pairs_on_cluster

    def noted(*what, **how):
        asked.append(how["engine"])
        return whole(*what, **how)

    monkeypatch.setattr(on_cluster, "pairs_on_cluster", noted)
    for name in ("plain", "buckets", "hierarchy"):
        matrix(roads, homes, places, cutoff_min=4.0, scheduler=address, engine=name)
    assert asked == ["plain", "buckets", "hierarchy"]


def test_parts_are_files_of_their_own(address, tmp_path):
    roads = town()
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 40, 1), joined(roads, 50, 2)
    limit = limit_key(10 * 60_000, graph.edge_key.dtype)
    parts = pairs_on_cluster(address, graph, sources, targets, limit, tmp_path / "deep" / "parts")
    assert [part.name for part in parts] == [f"part-{k:05d}.parquet" for k in range(len(parts))]
    assert len(parts) > 4
    assert sorted((tmp_path / "deep" / "parts").iterdir()) == parts
    origins = [set(pq.read_table(part)["source"].to_pylist()) for part in parts]
    assert sum(map(len, origins)) == len(set.union(*origins))
    same(read_parts(parts, np.int32), ways(graph, sources, targets, limit))


def test_the_same_call_with_a_scheduler(address):
    roads = town(seed=6)
    (homes, _), (places, _) = joined(roads, 30, 5), joined(roads, 25, 6)
    alone = matrix(roads, homes, places, cutoff_min=9.0)
    together = matrix(roads, homes, places, cutoff_min=9.0, scheduler=address)
    assert alone.minutes.equals(together.minutes)
    assert alone.state.equals(together.state)


def test_nothing_to_measure(address):
    roads = town()
    graph = road_graph(roads)
    _, some = joined(roads, 5, 1)
    none = some.take(np.zeros(0, dtype=np.int64))
    for sources, targets in ((none, some), (some, none), (none, none)):
        found = ways_on_cluster(address, graph, sources, targets, 1000)
        assert len(found.source) == len(found.target) == len(found.key) == 0
        assert found.key.dtype == np.int32


def slow(monkeypatch):
    """Make every part take a while; workers fork nothing, so the delay goes with the task."""
    whole = on_cluster._measured

    def late(*arguments):
        time.sleep(0.15)
        return whole(*arguments)

    monkeypatch.setattr(on_cluster, "_measured", late)


@pytest.mark.slow
@pytest.mark.parametrize("killed", [1, 2])
def test_workers_that_die_lose_nothing(address, monkeypatch, killed):
    roads = town()
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 60, 1), joined(roads, 70, 2)
    limit = limit_key(10 * 60_000, graph.edge_key.dtype)
    expected = ways(graph, sources, targets, limit)
    slow(monkeypatch)
    with distributed.Client(address, set_as_default=False) as client:
        # Those that died in an earlier test are replaced.
        client.wait_for_workers(2, timeout=30)
        processes = sorted(client.run(os.getpid).values())
    victims = processes[:killed]

    def kill(step, done=None):
        if done and done > 0.1:
            while victims:
                os.kill(victims.pop(), signal.SIGKILL)

    found = ways_on_cluster(address, graph, sources, targets, limit, kill)
    assert not victims
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        after = sorted(client.run(os.getpid).values())
    assert len(set(processes) & set(after)) == 2 - killed
    same(found, expected)


def test_ctrl_c_ends_the_work_and_leaves_no_file(address, monkeypatch, tmp_path):
    roads = town()
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 60, 1), joined(roads, 70, 2)
    slow(monkeypatch)
    seen = []

    def stop(step, done=None):
        seen.append(done)
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pairs_on_cluster(address, graph, sources, targets, 10**6, tmp_path, progress=stop)
    assert seen[-1] < 1
    assert list(tmp_path.iterdir()) == []
    with distributed.Client(address, set_as_default=False) as client:
        deadline = time.monotonic() + 5
        while any(client.processing().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(client.processing().values())


@contextmanager
def program(answer):
    """A program that is no scheduler: it says something to everybody, or nothing."""
    done = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(answer)
            done.wait(10)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            done.set()
            server.shutdown()
            thread.join()


def refused(address, match):
    """Ask for an address that is refused; return how long it took, in seconds."""
    start = time.monotonic()
    with pytest.raises(InputError, match=match) as caught:
        check_scheduler(address)
    (fault,) = caught.value.faults
    assert (fault.column, fault.value) == ("--scheduler", address)
    return time.monotonic() - start


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hello",
        "10.0.0.5:8786",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:x",
        "tcp://:8786",
        "tcp://::1:8786",
        "tcp://a b:8786",
        "tcp://127.0.0.1:8786/",
        " tcp://127.0.0.1:8786",
        "tcp://127.0.0.1:8786\n",
        "http://127.0.0.1:8787",
        "nonsense://x:1",
    ],
)
def test_the_form_of_an_address_is_checked_at_once(monkeypatch, address):
    monkeypatch.setattr(way, "_asked", lambda _: pytest.fail("nobody is to be asked"))
    refused(address, "tcp://host:port or tls://host:port")


@pytest.mark.parametrize(
    "address",
    [
        "tcp://127.0.0.1:1",
        "tls://head-1.example.org:65535",
        "tcp://[::1]:8786",
        "tcp://[fe80::1%eth0]:80",
    ],
)
def test_addresses_of_good_form_are_asked(monkeypatch, address):
    asked = []
    monkeypatch.setattr(way, "_asked", asked.append)
    check_scheduler(address)
    assert asked == [address]


def test_a_scheduler_answers(address):
    check_scheduler(address)


def test_a_scheduler_answers_where_an_event_loop_runs_already(address):
    async def notebook():
        check_scheduler(address)

    # In a thread of its own: a browser test may have left a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(notebook())).result()


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(way, "_PING_S", 0.5)
    with socket.socket() as unused:
        # Bound, but nobody listens.
        unused.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        assert refused(nobody, "No dask.distributed scheduler answers") < 3
        roads = town(4)
        _, some = joined(roads, 3, 1)
        with pytest.raises(InputError, match="scheduler answers at this"):
            ways_on_cluster(nobody, road_graph(roads), some, some, 1000)
    with program(b"") as silent:
        assert refused(silent, "No dask.distributed scheduler answers") < 3


def test_somebody_else_answers(address):
    with program(b"HTTP/1.1 400 Bad Request\r\n\r\n") as web:
        refused(web, "not a dask.distributed scheduler")
    with distributed.Client(address, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info(n_workers=-1)["workers"]))
    refused(worker, "not a dask.distributed scheduler")


def test_tls_without_certificates_is_told(monkeypatch):
    monkeypatch.setattr(way, "_PING_S", 0.5)
    with pytest.raises(InputError):
        check_scheduler("tls://127.0.0.1:9")


def test_a_scheduler_that_goes_after_it_was_asked_is_told_quietly(monkeypatch):
    monkeypatch.setattr(way, "check_scheduler", lambda address: None)
    monkeypatch.setattr(way, "_CONNECT_S", 0.3)
    monkeypatch.setattr(way, "_CLOSE_S", 0.3)
    roads = town(4)
    _, some = joined(roads, 3, 1)
    # What a __del__ complains of is an error for pytest.
    with pytest.raises(InputError, match="scheduler answers at this"):
        ways_on_cluster("tcp://127.0.0.1:9", road_graph(roads), some, some, 1000)
    gc.collect()


@pytest.mark.parametrize(
    "trouble", [KeyError("tcp://127.0.0.1:1"), ValueError(), OSError(), AssertionError()]
)
def test_a_worker_that_dies_while_the_graph_is_sent_out(address, monkeypatch, trouble):
    roads = town()
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 60, 1), joined(roads, 70, 2)
    limit = limit_key(7 * 60_000, graph.edge_key.dtype)
    scatter, asked = distributed.Client.scatter, []

    def failing(self, *what, **how):
        asked.append(how["broadcast"])
        if len(asked) < 3:
            raise trouble
        return scatter(self, *what, **how)

    monkeypatch.setattr(distributed.Client, "scatter", failing)
    monkeypatch.setattr(on_cluster, "_LOOK_S", 0.01)
    found = ways_on_cluster(address, graph, sources, targets, limit)
    assert asked == [True, False, False]
    same(found, ways(graph, sources, targets, limit))


def test_a_graph_that_can_never_be_sent_out_ends_the_run(address, monkeypatch):
    roads = town(4)
    _, some = joined(roads, 3, 1)

    def failing(self, *what, **how):
        raise KeyError("tcp://127.0.0.1:1")

    monkeypatch.setattr(distributed.Client, "scatter", failing)
    monkeypatch.setattr(on_cluster, "_LOOK_S", 0.01)
    with pytest.raises(InputError, match="end again and again"):
        ways_on_cluster(address, road_graph(roads), some, some, 1000)


def test_no_workers(monkeypatch):
    roads = town(4)
    _, some = joined(roads, 3, 1)
    monkeypatch.setattr(way, "_WORKERS_S", 0.3)
    with cluster(workers=0, processes=False) as made, pytest.raises(InputError, match="no workers"):
        ways_on_cluster(made.scheduler_address, road_graph(roads), some, some, 1000)


def test_other_versions_are_named(address, monkeypatch):
    roads = town(4)
    _, some = joined(roads, 3, 1)
    own = way._versions()
    monkeypatch.setattr(way, "_versions", lambda: {**own, "numpy": "0.0.1"})
    with pytest.raises(InputError, match="another version of numpy") as caught:
        ways_on_cluster(address, road_graph(roads), some, some, 1000)
    assert len(caught.value.faults) == 2
    # A worker that does not have something at all is told in the same way.
    monkeypatch.setattr(way, "_versions", lambda: {**own, "no-such-program": "1.0"})
    missing = "another version of no-such-program: –"
    with pytest.raises(InputError, match=missing) as caught:
        ways_on_cluster(address, road_graph(roads), some, some, 1000)
    assert len(caught.value.faults) == 2


def test_without_the_library_the_remedy_is_named(monkeypatch):
    roads = town(4)
    _, some = joined(roads, 3, 1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install ruralcare\[distributed\]"):
        ways_on_cluster("tcp://127.0.0.1:1", road_graph(roads), some, some, 1000)


@pytest.mark.slow
def test_a_cluster_that_loses_all_its_workers(monkeypatch, tmp_path):
    roads = town()
    graph = road_graph(roads)
    (_, sources), (_, targets) = joined(roads, 60, 1), joined(roads, 70, 2)
    slow(monkeypatch)
    with cluster(workers=1, processes=False) as made:

        def dismiss(step, done=None):
            if done:
                made.scale(0)
                # From here on, nobody comes back.
                monkeypatch.setattr(on_cluster, "_WORKERS_S", 1.0)

        with pytest.raises(InputError, match="gone"):
            pairs_on_cluster(
                made.scheduler_address, graph, sources, targets, 10**6, tmp_path, progress=dismiss
            )
    assert list(tmp_path.iterdir()) == []
