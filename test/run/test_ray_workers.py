"""Rollouts by a Ray cluster, with a stand-in for Ray that answers in the wrong order."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rl_control.errors import ConditionError, MissingDependencyError, WorkerError
from rl_control.run.ray_workers import RayWorkers
from rl_control.run.workers import parse_workers, rollouts_of


class FakeRay:
    """A cluster of two cores in this process; actors die on the seeds in `deadly`."""

    def __init__(self, deadly: dict[int, int] | None = None) -> None:
        self.deadly = deadly or {}
        self.running, self.started, self.alive = False, 0, 0
        self.exceptions = SimpleNamespace(RayActorError=type("RayActorError", (Exception,), {}))

    def is_initialized(self) -> bool:
        return self.running

    def init(self, **_: Any) -> None:
        self.running = True

    def shutdown(self) -> None:
        self.running = False

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, **_: Any) -> Any:
        return lambda cls: SimpleNamespace(remote=lambda *given: self._actor(cls(*given)))

    def _actor(self, made: Any) -> Any:
        self.started, self.alive = self.started + 1, self.alive + 1
        return SimpleNamespace(answer=SimpleNamespace(remote=lambda e: Asked(made, e)))

    def wait(self, asked: list[Any], num_returns: int) -> tuple[list[Any], list[Any]]:
        return asked[-num_returns:], asked[:-num_returns]

    def get(self, asked: Asked) -> Any:
        seed = asked.episode.seed
        if self.deadly.get(seed, 0):
            self.deadly[seed] -= 1
            raise self.exceptions.RayActorError("the node was lost")
        return asked.actor.answer(asked.episode)

    def kill(self, actor: Any) -> None:
        self.alive -= 1


class Asked:
    def __init__(self, actor: Any, episode: Any) -> None:
        self.actor, self.episode = actor, episode


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("worker_fakes")


def joined(monkeypatch: pytest.MonkeyPatch, make: Any, **given: Any) -> tuple[RayWorkers, FakeRay]:
    ray = FakeRay(**given)
    monkeypatch.setitem(sys.modules, "ray", ray)
    return RayWorkers(make), ray


def test_when_a_cluster_answers_expect_the_order_of_the_episodes(monkeypatch, fakes) -> None:
    workers, ray = joined(monkeypatch, fakes.Plain())
    for first in (0, 10):
        found = workers([fakes.episode(seed) for seed in range(first, first + 5)])
        for seed, one in enumerate(found, first):
            np.testing.assert_array_equal(one.states, fakes.told(seed).states)
    assert ray.started == 2  # one on each core, which served twice
    workers.close()
    workers.close()
    assert ray.alive == 0 and not ray.running


def test_when_an_actor_is_lost_expect_its_episode_to_be_repeated(monkeypatch, fakes) -> None:
    workers, ray = joined(monkeypatch, fakes.Plain(), deadly={2: 1})
    found = workers([fakes.episode(seed) for seed in range(4)])
    np.testing.assert_array_equal(found[2].states, fakes.told(2).states)
    assert ray.started == 3


def test_when_an_actor_is_lost_twice_expect_a_named_error(monkeypatch, fakes) -> None:
    workers, _ = joined(monkeypatch, fakes.Plain(), deadly={2: 2})
    with pytest.raises(WorkerError, match="the node was lost"):
        workers([fakes.episode(seed) for seed in range(4)])
    assert len(workers([fakes.episode(2)])) == 1  # it serves again


def test_when_a_rollout_is_refused_expect_its_own_error(monkeypatch, fakes) -> None:
    workers, _ = joined(monkeypatch, fakes.Refusing())
    with pytest.raises(ConditionError, match="in collision"):
        workers([fakes.episode(0)])


def test_when_somebody_has_joined_the_cluster_expect_it_left_joined(monkeypatch, fakes) -> None:
    ray = FakeRay()
    ray.running = True
    monkeypatch.setitem(sys.modules, "ray", ray)
    RayWorkers(fakes.Plain()).close()
    assert ray.running


def test_when_ray_is_missing_expect_the_extra_to_be_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[ray\]"):
        rollouts_of(None, parse_workers("ray"))  # type: ignore[arg-type]
