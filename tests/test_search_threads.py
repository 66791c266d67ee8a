"""Work in threads: in order, a little ahead, and ended where the user ends it."""

from __future__ import annotations

import threading
import time

import pytest

from ruralcare.network.search.threads import each
from ruralcare.progress import silent

several = pytest.mark.parametrize("threads", [1, 3])


@several
@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_results_come_in_the_order_of_the_tasks(threads, count):
    def work(task):
        # The first take longest.
        time.sleep(0.002 * (count - task))
        return task * task

    told = []
    found = each(work, range(count), threads, lambda step, done=None: told.append(done))
    assert list(found) == [task * task for task in range(count)]
    assert told == pytest.approx([(done + 1) / count for done in range(count)])


def test_as_many_threads_work_as_are_asked_for():
    meet = threading.Barrier(3, timeout=10)
    # Nobody passes before three are there.
    assert len(list(each(lambda _: meet.wait(), range(6), 3, silent))) == 6


@several
def test_an_interruption_lets_no_further_task_begin(threads):
    begun, stop = [], threading.Event()

    def interrupt(step, done=None):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(each(begun.append, range(100), threads, interrupt, stop))
    # What one thread has begun is done when it is told of.
    assert len(begun) <= 2 * threads + 1
    assert stop.is_set() == (threads > 1)


def test_a_task_that_fails_stops_the_others():
    stop = threading.Event()

    def work(task):
        if task == 0:
            raise ValueError("no")
        assert stop.wait(10)

    with pytest.raises(ValueError, match="no"):
        list(each(work, range(10), 2, silent, stop))
    assert stop.is_set()


def test_who_takes_no_more_results_ends_the_work():
    begun, stop = [], threading.Event()
    results = each(begun.append, range(100), 2, silent, stop)
    next(results)
    results.close()
    assert stop.is_set()
    assert len(begun) <= 5


def test_work_that_is_done_stops_nothing():
    stop = threading.Event()
    assert len(list(each(abs, range(9), 2, silent, stop))) == 9
    assert not stop.is_set()
