"""Travel times measured by many machines: the workers of a dask.distributed scheduler.

The graph goes to every worker once, as the content of a file. The points of the smaller side are
split into parts; a worker searches from the points of a part to all the others and sends the pairs
back as a Parquet file, which this machine writes: no disk need be shared. Keys are whole numbers
and every pair is found by one worker alone, so the result is that of one machine, bit for bit.
Parts that were with a worker that died are given to another.
"""

from __future__ import annotations

import io
import math
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ruralcare.language import Message
from ruralcare.network.cluster import check_workers, connected, lost
from ruralcare.network.ends import Joined
from ruralcare.network.engine import Engine, chosen, prepare, ways
from ruralcare.network.graph import RoadGraph
from ruralcare.network.search.arrays import Found, Keys
from ruralcare.network.store import graph_from_bytes, graph_to_bytes
from ruralcare.progress import Progress, silent

__all__ = ["pairs_on_cluster", "read_parts", "ways_on_cluster"]

Ints = NDArray[np.int64]

# Each thread of a worker gets so many parts: few enough to be worth sending, many enough that a
# slow worker does not keep the others waiting.
_PARTS_PER_THREAD = 8
_MOST_POINTS = 2000
# How often a part is given out again after its worker died.
_ATTEMPTS = 10
_LOOK_S = 0.5
_WORKERS_S = 30.0


def ways_on_cluster(
    address: str,
    graph: RoadGraph,
    sources: Joined,
    targets: Joined,
    limit: int,
    progress: Progress = silent,
    *,
    engine: Engine = "auto",
) -> Found:
    """Return what :func:`~ruralcare.network.engine.ways` returns, measured by a cluster.

    Parameters
    ----------
    address, graph, sources, targets, limit, progress, engine
        As for :func:`pairs_on_cluster`.

    Returns
    -------
    Found
        The pairs, sorted by source, then target, with their ways.

    Raises
    ------
    InputError
        As for :func:`pairs_on_cluster`.
    """
    with tempfile.TemporaryDirectory(prefix="ruralcare-") as folder:
        parts = pairs_on_cluster(
            address, graph, sources, targets, limit, Path(folder), engine=engine, progress=progress
        )
        return read_parts(parts, graph.edge_key.dtype)


def pairs_on_cluster(
    address: str,
    graph: RoadGraph,
    sources: Joined,
    targets: Joined,
    limit: int,
    out_dir: Path,
    *,
    engine: Engine = "auto",
    progress: Progress = silent,
) -> list[Path]:
    """Measure all pairs within a limit on a cluster, and write them as Parquet files.

    Parameters
    ----------
    address : str
        Address of the scheduler, ``tcp://host:port`` or ``tls://host:port``.
    graph : RoadGraph
        The graph.
    sources, targets : Joined
        Points on it.
    limit : int
        Longest way, as a key.
    out_dir : Path
        Folder for the files, which is made; on this machine.
    engine : {"auto", "plain", "buckets", "hierarchy"}
        By default the one that is expected to be the quickest, chosen for all parts. A hierarchy
        is made on this machine, if the graph has none, and goes to the workers with it.
    progress : Progress
        Told how many parts are done.

    Returns
    -------
    list of Path
        ``part-00000.parquet`` and so on, each with ``source``, ``target`` (positions of the
        points) and ``key``. A pair is in one of them. A file is there whole or not at all; if the
        measuring ends early, because of a fault or of Ctrl-C, none is left.

    Raises
    ------
    InputError
        ``distributed`` is not installed, the address has another form or nobody answers there,
        the scheduler has no workers or loses them all, or they have other versions of the program.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with connected(address) as client:
        try:
            threads = check_workers(client, address)
            # Once here, and not once for each part.
            engine = chosen(
                graph, sources, targets, limit, engine, threads=threads, progress=progress
            )
            if engine == "hierarchy":
                prepare(graph, progress)
            work = _Work(client, graph, sources, targets, limit, engine, threads, out_dir)
            work.run(address, progress, written)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
    return sorted(written)


def read_parts(parts: Iterable[Path], dtype: np.dtype[Any] | type) -> Found:
    """Return the pairs of Parquet parts, sorted by source, then target.

    Parameters
    ----------
    parts : iterable of Path
        Files that :func:`pairs_on_cluster` wrote.
    dtype : dtype
        Type of the keys, for the case that there are no parts.

    Returns
    -------
    Found
        The pairs.
    """
    tables = [pq.read_table(path) for path in parts]
    nothing = np.zeros(0, dtype=np.int64)
    if not tables:
        return Found(nothing, nothing, nothing.astype(dtype))
    table = pa.concat_tables(tables)
    source, target, key = (table[name].to_numpy() for name in ("source", "target", "key"))
    order = np.lexsort((target, source))
    return Found(source[order], target[order], key[order])


class _Work:
    """Parts to be measured, those under way, and those done."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - distributed.Client
        graph: RoadGraph,
        sources: Joined,
        targets: Joined,
        limit: int,
        engine: Engine,
        threads: int,
        out_dir: Path,
    ) -> None:
        self.client = client
        self.by_target = len(targets) < len(sources)
        self.split, other = (targets, sources) if self.by_target else (sources, targets)
        self.shared = (graph_to_bytes(graph), other)
        self.limit, self.engine = limit, engine
        self.out_dir = out_dir
        count = len(self.split)
        size = min(_MOST_POINTS, max(1, math.ceil(count / (_PARTS_PER_THREAD * threads))))
        starts = range(0, count, size)
        self.rows = [np.arange(start, min(start + size, count)) for start in starts]
        self.sent: Any = None
        self.failures = 0
        self.news = threading.Event()

    def run(self, address: str, progress: Progress, written: list[Path]) -> None:
        """Give out the parts until all are written."""
        step = Message("Measuring travel times on several computers")
        todo = list(range(len(self.rows)))
        under_way: dict[Any, int] = {}
        attempts = [0] * len(self.rows)
        alone_since: float | None = None
        try:
            while todo or under_way:
                progress(step, len(written) / len(self.rows))
                if todo and self._shared(address):
                    under_way |= self._give(todo)
                    todo = []
                self.news.wait(_LOOK_S)
                self.news.clear()
                for future in [one for one in under_way if one.status != "pending"]:
                    number = under_way.pop(future)
                    content = _content(future)
                    future.release()
                    if content is not None:
                        written.append(self._write(number, content))
                        continue
                    attempts[number] += 1
                    if attempts[number] > _ATTEMPTS:
                        raise lost(address)
                    todo.append(number)
                if todo:
                    # What was shared may have died with the workers that held it.
                    self.sent = None
                alone_since = self._alone(alone_since, address)
            progress(step, 1.0)
        finally:
            # Whoever waits no longer wants no answer, and asks no more of a cluster that is gone.
            with suppress(Exception):
                self.client.cancel(list(under_way), force=True)

    def _shared(self, address: str) -> bool:
        """Send out the graph, unless it is there; tell whether that went well.

        To every worker; but once that has failed, to one, from which the others take it with
        their first part. That has no list of workers that one of them can drop out of.
        """
        from distributed import CancelledError

        if self.sent is None:
            everywhere = self.failures == 0
            try:
                self.sent = self.client.scatter([self.shared], broadcast=everywhere, hash=False)[0]
            except (OSError, CancelledError, LookupError, ValueError, AssertionError) as error:
                # A worker died while it was being sent. The scheduler hands on whatever it
                # stumbled over then, such as a KeyError with the address of the worker.
                self.failures += 1
                if self.failures > _ATTEMPTS:
                    raise lost(address) from error
                time.sleep(_LOOK_S)
                return False
        return True

    def _give(self, numbers: Sequence[int]) -> dict[Any, int]:
        """Send out parts."""
        given = {
            self.client.submit(
                _measured,
                self.sent,
                self.split.take(self.rows[number]),
                self.rows[number],
                self.limit,
                self.engine,
                self.by_target,
                pure=False,
            ): number
            for number in numbers
        }
        for future in given:
            future.add_done_callback(lambda _: self.news.set())
        return given

    def _write(self, number: int, content: bytes) -> Path:
        path = self.out_dir / f"part-{number:05d}.parquet"
        part = path.with_suffix(".part")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _alone(self, since: float | None, address: str) -> float | None:
        """Return since when there has been no worker; give up when that is long ago."""
        if self.client.status != "running":
            raise lost(address)
        if self.client.scheduler_info(n_workers=-1)["workers"]:
            return None
        now = time.monotonic()
        if since is not None and now - since > _WORKERS_S:
            raise lost(address)
        return now if since is None else since


def _measured(
    shared: tuple[bytes, Joined],
    part: Joined,
    rows: Ints,
    limit: int,
    engine: Engine,
    by_target: bool,
) -> bytes:
    """Measure a part on a worker; the graph is used where it lies, it is not copied.

    One thread searches: a worker has one for each part that it works at.
    """
    content, other = shared
    graph = graph_from_bytes(content)
    if by_target:
        found = ways(graph, other, part, limit, engine=engine, threads=1)
        source, target = found.source, rows[found.target]
    else:
        found = ways(graph, part, other, limit, engine=engine, threads=1)
        source, target = rows[found.source], found.target
    return _parquet(source, target, found.key)


def _parquet(source: Ints, target: Ints, key: Keys) -> bytes:
    table = pa.table({"source": source, "target": target, "key": key})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _content(future: Any) -> bytes | None:  # noqa: ANN401 - distributed.Future
    """Return what a worker measured; None if it died, or what it needed was lost with another."""
    from distributed import CancelledError, KilledWorker

    try:
        content: bytes = future.result(timeout=_WORKERS_S)
    except (KilledWorker, CancelledError, TimeoutError, OSError):
        # OSError: the connection broke while the answer came.
        return None
    return content
