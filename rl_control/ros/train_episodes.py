"""Episodes on one arm behind topics: brought to each start slowly, paused by a human, all kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.errors import ConditionError, PlantError
from rl_control.gps.episode import Episode
from rl_control.rollout import rollout
from rl_control.ros.joint_move import joint_move
from rl_control.ros.plant import RosPlant
from rl_control.ros.train_follow import Followed, Lost
from rl_control.ros.train_requests import Halted, Requests
from rl_control.ros.train_stand import Stand
from rl_control.ros.train_timing import evened, passed_over, shortened
from rl_control.run.episodes import EpisodeRunner
from rl_control.run.trials import stopped
from rl_control.safety.filter import SafetyFilter
from rl_control.types import Array, Condition, JointLimits, Trajectory

WHOLE, PAUSED = "whole", "stopped on request"
MOST_FAILED = 5  # attempts at one episode in which the arm cannot be followed

Keep = Callable[[Episode, Trajectory, str], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Attempt:
    """One rollout of an episode, and how it ended.

    Attributes:
        trajectory: what the arm did.
        ended: how, in words.
        error: why it cannot be learned from; None if it can, or was stopped on request.
    """

    trajectory: Trajectory
    ended: str
    error: Lost | None = None


class TopicRollouts:
    """`Rollouts` on one arm, one after the other. In between it stands still.

    Args:
        runner: checks starts and makes controllers.
        plant: the arm.
        stand: keeps it still in between.
        safety: has the last word in episodes.
        requests: what people ask meanwhile.
        keep: is given every episode as it ends, whole or not, and how it ended.
        say: is told what a human at the arm should know.
    """

    def __init__(
        self,
        runner: EpisodeRunner,
        plant: RosPlant,
        stand: Stand,
        safety: SafetyFilter,
        requests: Requests,
        keep: Keep,
        say: Say,
    ) -> None:
        self._runner, self._plant, self._stand = runner, plant, stand
        self._safety, self._requests = safety, requests
        self._keep, self._say = keep, say

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts.

        Raises:
            ConditionError: if one of them cannot start where it should; nothing has moved.
            PlantError: if the arm is lost, leaves its way to a start, or sends its states faster
                than they can be answered.
            CommandConflictError: if somebody else commands the arm.
            KeyboardInterrupt: if the training shall end; the arm is at rest.
        """
        for episode in episodes:
            self._check(episode.condition)
        with self._requests.motion():
            return [self._made(episode) for episode in episodes]

    def close(self) -> None:
        """Do nothing: the arm is closed by whoever opened it."""

    def _check(self, condition: Condition) -> None:
        self._runner.check(condition)
        if np.any(condition.v):
            raise ConditionError(
                self._runner.task.name,
                f"found velocities {np.round(condition.v, 4).tolist()}, but an arm behind topics "
                "starts at rest",
                "Draw starts at rest.",
            )

    def _made(self, episode: Episode) -> Trajectory:
        """The rollout, after as many attempts as it takes."""
        failed = 0
        while True:
            self._stand.while_paused(self._requests)
            self._requests.refuse_end()
            attempt = self._attempt(episode)
            if attempt is None or attempt.ended == PAUSED:
                continue
            if attempt.error is None:
                return evened(attempt.trajectory, self._plant.period)
            failed += 1
            if failed == MOST_FAILED:
                raise attempt.error
            self._say(f"an episode is repeated: {attempt.error}")

    def _attempt(self, episode: Episode) -> Attempt | None:
        """Move to the start and make one rollout; None if the arm was stopped on the way."""
        requests = self._requests
        try:
            self._bring(episode.condition.q)
        except Halted:
            self._stand.settle()
            return None
        plant = Followed(self._plant)
        trajectory = rollout(
            self._runner.control.controller(episode),
            plant,
            self._safety,
            self._runner.task.duration,
            stop=lambda state: requests.still or plant.error is not None,
            clock=lambda: plant.observe().joints.stamp,
        )
        if plant.error is not None:
            trajectory = shortened(trajectory)  # its last step did not come about
        attempt = self._judged(trajectory, plant.error)
        try:
            self._stand.settle()
        finally:
            self._keep(episode, trajectory, attempt.ended)
        return attempt

    def _judged(self, trajectory: Trajectory, error: Lost | None) -> Attempt:
        late = passed_over(trajectory, self._plant.period)
        if error is None and late > self._most_passed_over():
            error = PlantError(
                f"{late} states of the arm in a row came before one was answered, allowed are "
                f"{self._most_passed_over()}. Leave more of the processor to the training, or let "
                "the arm send fewer states a second."
            )
        if error is not None:
            return Attempt(trajectory, f"failed: {error}", error)
        if len(trajectory.controls) < round(self._runner.task.duration / self._plant.period):
            return Attempt(trajectory, PAUSED)
        if stopped(trajectory):
            ended = f"stopped by the safety filter: {trajectory.extra['reason'][-1]}"
            self._say(f"an episode was {ended}; the arm is held")
            return Attempt(trajectory, ended)
        return Attempt(trajectory, WHOLE)

    def _most_passed_over(self) -> int:
        """States in a row that may be passed over: those of two steps of the task."""
        return round(2.0 * self._runner.task.dt / self._plant.period)

    def _bring(self, q: Array) -> None:
        """Bring the arm to rest at `q` [n], slowly, where the way is free."""
        runner, plant = self._runner, self._plant
        limits, speed = runner.robot.limits, plant.config.reset_speed
        here = self._here()
        margin = self._safety.config.position_margin
        if ((here < limits.lower - margin) | (here > limits.upper + margin)).any():
            self._say("the arm is beyond its limits; a simulated one is put home, others must be")
            plant.reset()
            here = self._here()
        for place in way(here, q, runner.robot.home, limits, speed, runner.collides):
            plant.reset(place)

    def _here(self) -> Array:
        return self._plant.observe().joints.ordered(self._plant.names).position


def way(
    here: Array,
    goal: Array,
    home: Array,
    limits: JointLimits,
    speed: float,
    collides: Callable[[Array], bool],
) -> list[Array]:
    """Return joint positions, [n] each, to move through in straight lines from `here` to `goal`.

    Straight there if that is free of collision, or else by way of home.

    Args:
        here: joint positions, [n] in [rad] or [m].
        goal: the same of the end.
        home: the same of the arm's home.
        limits: the arm's.
        speed: greatest speed of a joint, as a share of its velocity limit.
        collides: says whether joint positions, [n], are in collision.

    Raises:
        PlantError: if neither way is free.
    """
    for places in ([goal], [home, goal]):
        legs = zip([here, *places], places, strict=False)
        moves = [joint_move(start, end, limits, speed) for start, end in legs]
        if not any(collides(place) for move in moves for place in move.places()):
            return places
    raise PlantError(
        f"no way to {np.round(goal, 4).tolist()}: both the straight one from "
        f"{np.round(here, 4).tolist()} and that by way of home collide. Move the arm by hand."
    )
