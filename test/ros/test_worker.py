"""The latest-wins worker: newest item, handed-over errors, a prompt end."""

import threading

import pytest

from rl_control.ros.worker import LatestWorker


def test_when_items_pile_up_expect_only_the_newest_worked_on():
    seen, gate = [], threading.Event()

    def work(item: int) -> int:
        seen.append(item)
        gate.wait(5)
        return item

    worker = LatestWorker(work)
    worker.submit(0)
    while not seen:
        pass
    for item in (1, 2, 3):
        worker.submit(item)
    gate.set()
    first = worker.take(timeout=5)
    second = worker.take(timeout=5) if first == 0 else first
    assert (seen, second) == ([0, 3], 3)
    assert worker.take() is None
    assert worker.close()


def test_when_work_raises_expect_it_raised_where_the_result_is_taken():
    def work(item: int) -> int:
        raise ValueError("no")

    worker = LatestWorker(work)
    worker.submit(1)
    with pytest.raises(ValueError, match="no"):
        worker.take(timeout=5)
    assert worker.close()


def test_when_closed_in_mid_work_expect_no_wait_for_it_and_no_result():
    started, gate = threading.Event(), threading.Event()

    def work(item: int) -> int:
        started.set()
        gate.wait(5)
        return item

    worker = LatestWorker(work)
    worker.submit(1)
    assert started.wait(5)
    assert not worker.close(timeout=0.05)
    gate.set()
    worker._thread.join(5)
    assert worker.take() is None


def test_when_nothing_is_ready_in_time_expect_none():
    worker = LatestWorker(lambda item: item)
    assert worker.take(timeout=0.01) is None
    assert worker.close()
