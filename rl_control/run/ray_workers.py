"""Rollouts by a Ray cluster, which must have this package installed on every machine."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from rl_control.errors import MissingDependencyError, RlControlError
from rl_control.gps.episode import Episode
from rl_control.run.crew import Crew, Death, Make, Run, answered
from rl_control.types import Trajectory


class RayWorkers(Crew):
    """`Rollouts` by actors of the cluster that `RAY_ADDRESS` names; without it, of this machine.

    Args:
        make: makes what makes a rollout, once in each actor.
        count: number of actors; None for one on every core of the cluster.

    Raises:
        MissingDependencyError: if Ray is not installed.
    """

    def __init__(self, make: Make, count: int | None = None) -> None:
        self._ray = _ray()
        self._make = make
        self._began = not self._ray.is_initialized()
        if self._began:
            self._ray.init(log_to_driver=False)
        self._actor = self._ray.remote(num_cpus=1)(_Actor)
        super().__init__(count or max(1, int(self._ray.cluster_resources().get("CPU", 1))))

    def hire(self) -> _RayWorker:
        """Start an actor and return it."""
        return _RayWorker(self._ray, self._actor.remote(self._make))

    def ready(self, busy: Sequence[_RayWorker]) -> list[_RayWorker]:
        """Wait until at least one has an answer or has died; return those."""
        asked = {worker.asked: worker for worker in busy}
        done, _ = self._ray.wait(list(asked), num_returns=1)
        return [asked[one] for one in done]

    def close(self) -> None:
        """End the actors, and leave the cluster if nobody else had joined it."""
        super().close()
        if self._began:
            self._ray.shutdown()


class _Actor:
    """What runs on the cluster."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._run: Run | None = None

    def answer(self, episode: Episode) -> Trajectory | RlControlError:
        """Make a rollout; the first one makes the runner."""
        return answered(self._made, episode)

    def _made(self, episode: Episode) -> Trajectory:
        self._run = self._run or self._make()
        return self._run(episode)


class _RayWorker:
    """One actor, and what it was asked."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor
        self.asked: Any = None

    def ask(self, episode: Episode) -> None:
        self.asked = self._actor.answer.remote(episode)

    def answer(self) -> Trajectory | RlControlError | Death:
        try:
            answer: Trajectory | RlControlError = self._ray.get(self.asked)
        except self._ray.exceptions.RayActorError as error:
            return Death(str(error))
        return answer

    def end(self) -> None:
        self._ray.kill(self._actor)


def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingDependencyError("ray", "'--workers ray'", "ray") from error
