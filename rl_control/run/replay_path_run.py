"""An arm goes a path that was made ready for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rl_control.control.mpc import Mpc, MpcConfig
from rl_control.control.receding import RecedingHorizon
from rl_control.interfaces import Controller, Plant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.rollout import rollout
from rl_control.run.assemble import reach_mpc
from rl_control.run.goal_told import goal_as_told
from rl_control.run.replay_path import Following, ReadyPath
from rl_control.run.replay_path_report import Tracking, judged
from rl_control.run.rig import Rig
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach_config import ReachConfig
from rl_control.types import ArmState, Array

LEAD = 0.3  # [s] from the first state to the path's begin, in which the plan settles
REST_TIME = 0.3  # [s] after the path in which the arm comes to rest
PATIENCE = 2.0  # times the path's duration after which an arm that skips states is given up


@dataclass(frozen=True)
class Replay:
    """What is to be gone, and by which arm.

    Attributes:
        robot: the arm as described.
        settings: its own.
        ready: the path.
        collides: says whether joint positions, [n], are in collision; None where nobody looks.
    """

    robot: RobotModel
    settings: RobotSettings
    ready: ReadyPath
    collides: Callable[[Array], bool] | None

    def planner(self, config: MpcConfig) -> Mpc:
        """Return what plans within the limits that control may use."""
        settings, task = self.settings, ReachConfig()
        limits = self.robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
        task = replace(task, weights=task.weights.replaced(settings.weights))
        return reach_mpc(replace(self.robot, limits=limits), config, task)

    def safety(self, model: ArmModel) -> SafetyFilter:
        """Return what has the last word on commands."""
        return SafetyFilter(
            self.robot.limits, SafetyConfig(), model.gravity_torque, model.mass_matrix
        )


def simulated(replay: Replay, rig: Rig) -> Tracking:
    """Let a simulated arm go the path, put at its start."""
    if rig.recorder is not None:
        goal = replay.ready.goal.starting(LEAD)
        rig.recorder.next_episode(goal_as_told(goal), rig.mpc, rig.safety)
    rig.plant.reset(replay.ready.path.start, np.zeros(replay.robot.n))

    def now() -> float:
        return rig.plant.observe().joints.stamp

    return gone(replay, rig.controller, rig.mpc, rig.plant, rig.safety, clock=now)


def gone(
    replay: Replay,
    controller: Controller,
    mpc: RecedingHorizon,
    plant: Plant,
    safety: SafetyFilter,
    clock: Callable[[], float] | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> Tracking:
    """Let an arm that is at a path's start go it; return how well it kept to it.

    Args:
        replay: the path.
        controller: acts.
        mpc: plans for it.
        plant: the arm.
        safety: has the last word.
        clock: see `rollout`.
        given_up: says whether nobody wants it to go on.

    Raises:
        PlantError: if the arm is lost.
    """
    ready = replay.ready
    following = Following(controller, mpc, ready.goal, LEAD)
    whole = LEAD + ready.path.duration + REST_TIME

    def over(state: ArmState) -> bool:
        end = following.start - LEAD + whole
        return given_up() or state.joints.stamp >= end - 0.5 * plant.period

    trajectory = rollout(following, plant, safety, PATIENCE * whole, stop=over, clock=clock)
    stopped = "" if safety.violation is None else str(safety.violation)
    goal = ready.goal.starting(following.start)
    return judged(trajectory, goal, replay.robot, ready.slowed, stopped)
