"""What acts in an episode: controllers made of plain data, and what has the last word on them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

import numpy as np

from rl_control.control.mpc import Mpc, MpcConfig, MpcController
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.receding import RecedingHorizon
from rl_control.gps.episode import Episode
from rl_control.interfaces import Controller
from rl_control.policy.controller import Base, LinearGaussianRunner, PolicyController
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.partial import PERFECT, Impaired, ImpairedConfig
from rl_control.policy.policy import NeuralPolicy
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.run.actors import Led, Mixed
from rl_control.run.assemble import reach_mpc
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.base import ArmTask
from rl_control.tasks.reach_config import ReachConfig
from rl_control.types import Condition, Goal

InTime = Callable[[RecedingHorizon], Controller]
"""Makes a planner act on an arm that does not wait for its plans."""


class EpisodeControl:
    """Makes the controllers of one task's episodes, one after the other.

    Args:
        task: the task, of the arm as control knows it and with the limits that it may use.
        robot: the arm as described, with all of its limits.
        known: the arm with the masses that control takes it to have.
        weights: of the planner's cost.
        period: time between two states in [s].
        in_time: makes a planner act in real time; None for an arm that waits for every plan.
        measured: how late and how often policies see what they observe.
    """

    def __init__(
        self,
        task: ArmTask,
        robot: RobotModel,
        known: RobotModel,
        weights: ReachConfig,
        period: float,
        in_time: InTime | None = None,
        measured: ImpairedConfig = PERFECT,
    ) -> None:
        self._task, self._robot, self._weights, self._period = task, robot, weights, period
        self._model = ArmModel(known)
        self._kinematics = Kinematics(robot)
        self._in_time, self._measured = in_time, measured
        self._planner: tuple[Mpc, Controller] | None = None

    def controller(self, episode: Episode) -> Controller:
        """Return what acts in an episode, with the noise and the turns that its seed says."""
        actor, task, condition = episode.actor, self._task, episode.condition
        rng = None if episode.seed is None else np.random.default_rng(episode.seed)
        if isinstance(actor, LinearGaussianController):
            base = self._base(actor.base, self._period)
            return LinearGaussianRunner(actor, self._period, rng, base)

        def wanted(time: float) -> Goal:
            return task.goal(condition, time)

        if actor is None:
            mpc, planner = self._planning()
            return Led(planner, mpc.set_goal, wanted)
        assert isinstance(actor, NeuralPolicy)
        tips, base = self._kinematics.tips, self._base(actor.facts.base, actor.facts.dt)
        policy = PolicyController(
            actor, tips, self._period, base, rng=rng, eyes=self._eyes(condition)
        )
        if not episode.planned:
            return Led(policy, policy.set_goal, wanted)
        mpc, planner = self._planning()

        def aim(goal: Goal) -> None:
            policy.set_goal(goal)
            mpc.set_goal(goal)

        draws = np.random.default_rng([episode.seed or 0, 1])
        mixed = Mixed(policy, planner, actor.facts.dt, self._period, episode.planned, draws)
        return Led(mixed, aim, wanted)

    def safety(self) -> SafetyFilter:
        """Return what has the last word on commands."""
        model = self._model
        return SafetyFilter(
            self._robot.limits, SafetyConfig(), model.gravity_torque, model.mass_matrix
        )

    def _eyes(self, condition: Condition) -> Impaired | None:
        """What is wrong with the measurements of an episode, always the same in the same one."""
        if self._measured == PERFECT:
            return None
        begun = zlib.crc32(np.concatenate([condition.q, condition.goal.position]).tobytes())
        return Impaired(self._measured, np.random.default_rng(begun))

    def _base(self, kind: str, dt: float) -> Base | None:
        model = self._model
        if kind == "none":
            return None
        if kind == "dynamics":
            return partial(model.inverse_dynamics, step=dt)
        if kind == "inertia":
            return lambda q, v, a: model.inverse_dynamics(q, np.zeros_like(v), a, dt)
        return lambda q, v, u: u + model.gravity_torque(q)

    def _planning(self) -> tuple[Mpc, Controller]:
        """The planner, and the same as a controller that forgets its plans when it is reset."""
        if self._planner is None:
            config = MpcConfig() if self._in_time else MpcConfig(time_budget=NO_BUDGET)
            mpc = reach_mpc(self._task.robot, config, self._weights)
            self._planner = mpc, (self._in_time or MpcController)(mpc)
        return self._planner
