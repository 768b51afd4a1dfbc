"""Rollouts by worker processes."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_control.errors import ConditionError, ConfigError, WorkerError
from rl_control.run.workers import MOST, Workers, parse_workers


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The fake rollouts, in a module that a new process can import too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("worker_fakes")


@pytest.mark.parametrize("count", [1, 3])
def test_when_answers_come_in_any_order_expect_them_in_that_of_the_episodes(
    count: int, fakes: Any
) -> None:
    workers = Workers(fakes.Plain(), count)
    try:
        for first in (0, 20):  # the same workers serve again
            seeds = range(first, first + 10)
            found = workers([fakes.episode(seed) for seed in seeds])
            for seed, trajectory in zip(seeds, found, strict=True):
                np.testing.assert_array_equal(trajectory.states, fakes.told(seed).states)
    finally:
        workers.close()


def test_when_a_worker_dies_expect_its_episode_to_be_repeated(tmp_path: Path, fakes: Any) -> None:
    workers = Workers(fakes.Dying(tmp_path / "died", 2, always=False), 2)
    try:
        found = workers([fakes.episode(seed) for seed in range(5)])
    finally:
        workers.close()
    assert (tmp_path / "died").exists()
    for seed, trajectory in enumerate(found):
        np.testing.assert_array_equal(trajectory.states, fakes.told(seed).states)


def test_when_a_worker_dies_twice_on_one_episode_expect_a_named_error(
    tmp_path: Path, fakes: Any
) -> None:
    workers = Workers(fakes.Dying(tmp_path / "died", 2, always=True), 2)
    try:
        with pytest.raises(WorkerError, match=r"died twice .* exit code -9"):
            workers([fakes.episode(seed) for seed in range(5)])
        # They serve again, and no late answer is taken for one of these.
        found = workers([fakes.episode(seed) for seed in (7, 8)])
        np.testing.assert_array_equal(found[0].states, fakes.told(7).states)
    finally:
        workers.close()


def test_when_a_rollout_is_refused_expect_its_own_error_with_its_data(fakes: Any) -> None:
    workers = Workers(fakes.Refusing(), 2)
    try:
        with pytest.raises(ConditionError, match="in collision") as caught:
            workers([fakes.episode(0)])
    finally:
        workers.close()
    assert caught.value.task == "reach"


PARENT = """
import sys, time
sys.path.insert(0, {folder!r})
from worker_fakes import Plain, episode
from rl_control.run.workers import MOST, Workers, parse_workers
if __name__ == "__main__":
    workers = Workers(Plain(), 2)
    workers([episode(seed) for seed in range(4)])
    print(*[worker.pid for worker in workers._workers], flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_when_the_parent_is_killed_expect_no_worker_left(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(folder=str(Path(__file__).parent)))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.kill()
        parent.wait(10)
        deadline = time.monotonic() + 20.0
        while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(_alive(pid) for pid in children)
    finally:
        parent.kill()
        parent.wait(10)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("text", "meant"), [("0", 0), ("3", 3), ("ray", "ray")])
def test_when_workers_are_asked_for_expect_a_number_or_a_cluster(text: str, meant: object) -> None:
    assert parse_workers(text) == meant


@pytest.mark.parametrize("text", ["-1", "two", "1.5", ""])
def test_when_workers_are_neither_number_nor_cluster_expect_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="--workers"):
        parse_workers(text)


def test_when_nothing_is_asked_for_expect_at_most_as_many_workers_as_cores() -> None:
    assert 1 <= int(parse_workers(None)) <= MOST
