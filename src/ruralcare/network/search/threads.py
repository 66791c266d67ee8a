"""Work in several threads, told in order, and ended where the user ends it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from ruralcare.language import Message
from ruralcare.progress import Progress

__all__ = ["each"]

# Tasks given out ahead of the one whose result is waited for, for each thread.
_AHEAD = 2

Task = TypeVar("Task")
Result = TypeVar("Result")


def each(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    threads: int,
    progress: Progress,
    stop: Event | None = None,
) -> Iterator[Result]:
    """Yield the results of tasks in their order, some of them worked at ahead.

    Parameters
    ----------
    work : function
        Does a task; it should let go of Python's global lock.
    tasks : sequence
        What is to be done.
    threads : int
        Tasks done at the same time.
    progress : Progress
        Told after each task; if it raises, no further task begins.
    stop : Event, optional
        Set when the work ends early, for tasks that look up now and then.

    Yields
    ------
    object
        What ``work`` returned.
    """
    step = Message("Measuring travel times")
    if threads < 2 or len(tasks) < 2:
        for done, task in enumerate(tasks, start=1):
            yield work(task)
            progress(step, done / len(tasks))
        return
    pool = ThreadPoolExecutor(threads)
    ahead = _AHEAD * threads
    finished = False
    try:
        waiting = deque(pool.submit(work, task) for task in tasks[:ahead])
        for done in range(1, len(tasks) + 1):
            result = waiting.popleft().result()
            if done - 1 + ahead < len(tasks):
                waiting.append(pool.submit(work, tasks[done - 1 + ahead]))
            yield result
            progress(step, done / len(tasks))
        finished = True
    finally:
        if stop is not None and not finished:
            stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
