"""The arm that learns: its plant, what holds it, and a planner as soon as there is a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from rl_control.control.mpc import MpcController
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.planner_settings import chosen
from rl_control.control.receding import RecedingHorizon
from rl_control.data.transitions import TransitionDataset
from rl_control.interfaces import Controller, Plant
from rl_control.models.guess import guessed_robot
from rl_control.models.holding import hold_torque, mass_matrix
from rl_control.models.learned import LearnedModel
from rl_control.models.mechanics import Mechanics
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.plants.collision import CollisionChecker
from rl_control.report.metrics import TargetResult, judge
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.rollout import rollout
from rl_control.run.assemble_learned import LearnedMpc
from rl_control.run.excite import excite
from rl_control.run.goal_told import goal_as_told
from rl_control.run.learn_settings import LearnConfig
from rl_control.run.recorded import RecordedController, RecordedPlant
from rl_control.run.run_recorder import RunRecorder
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach import ReachConfig, resolve_goal, sample_targets, settle_detector
from rl_control.types import ArmState, Array, Goal, Trajectory


class LearningArm:
    """Moves a plant: without a model to excite it, with one to reach targets.

    Attributes:
        robot: the arm as described; of an arm that starts from nothing, with guessed masses.
        model: what is planned on; None before the first.
    """

    def __init__(
        self,
        robot: RobotModel,
        settings: RobotSettings,
        next_plant: Callable[[Plant | None], Plant],
        config: LearnConfig,
        keeps_own_time: bool = False,
        controller: Callable[[RecedingHorizon], Controller] = MpcController,
    ) -> None:
        """Prepare everything that needs no model.

        Args:
            robot: the arm as described.
            settings: its home, shares of limits and weights.
            next_plant: gives the plant for a rollout, from the one before. A simulation made anew
                for each makes rollouts repeatable to the bit; a real arm is always the same.
            config: how it learns.
            keeps_own_time: the plant's stamps say what time it is, as those of an arm behind
                topics do; it must itself refuse stamps that stand still.
            controller: makes a planner act.
        """
        known = config.fit.known
        self.robot = robot if known else guessed_robot(robot)
        self.model: LearnedModel | None = None
        self._next_plant, self._config = next_plant, config
        self._plant = next_plant(None)
        self._keeps_own_time, self._make_controller = keeps_own_time, controller
        scaled = robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
        self._control = replace(self.robot, limits=scaled)
        task = ReachConfig()
        self.task = replace(task, weights=task.weights.replaced(settings.weights))
        self._prior = Mechanics(robot) if known else None
        self._safety = SafetyFilter(robot.limits, SafetyConfig(), self._gravity, self._mass)
        self._ik = InverseKinematics(self._control)
        self._checker = CollisionChecker(robot)
        self._planner: LearnedMpc | None = None
        self._controller: Controller | None = None
        self._recorder: RunRecorder | None = None

    def record(self, recorder: RunRecorder) -> None:
        """Let all motion from now on be recorded."""
        self._recorder = recorder

    def use(self, model: LearnedModel) -> None:
        """Plan on `model` from now on.

        Raises:
            ModelError: if it is not of the shape of the first one.
        """
        if self._planner is None:
            mpc = chosen(self._config)
            if not self._keeps_own_time:
                mpc = replace(mpc, time_budget=NO_BUDGET)
            self._planner = LearnedMpc(self._control, model, mpc, self.task, self._config.doubt)
            self._controller = self._make_controller(self._planner.mpc)
        else:
            self._planner.exchange(model)
        self.model = model

    def excite(self, rng: Generator) -> TransitionDataset:
        """Move about informatively for one rollout, from home."""
        plant = self._next(None, None)
        plant.reset()
        config = self._config
        return excite(
            plant,
            self._safety,
            self.robot,
            config.excitation,
            rng,
            config.rollout_seconds,
            None if self._prior is None else self._prior.inverse_dynamics,
            collides=self._checker.collides,
            clock=self._clock(),
        )

    def targets(self, count: int, rng: Generator) -> Array:
        """Draw tip targets, [count, 3] in [m], that can be reached without collision."""
        return sample_targets(self.robot, count, rng, self._checker.collides)

    def goal(self, target: Array) -> Goal:
        """The goal for a tip target, reached soonest from home.

        Raises:
            UnreachableTargetError: if the tip cannot get there.
        """
        home = self.robot.home
        return resolve_goal(
            self._ik, target, None, home, acceptable=lambda q: not self._checker.collides(q)
        )

    def reach(self, target: Array, seconds: float | None = None) -> tuple[Trajectory, TargetResult]:
        """Move from home to a target by planning on the model.

        Args:
            target: of the tip, [3] in [m].
            seconds: how long to move; until the arm has settled if not given.
        """
        assert self._planner is not None, "there is no model yet"
        assert self._controller is not None
        told = goal_as_told(self.goal(target))
        goal, _ = told
        plant, controller = self._next(told, self._planner.mpc), self._controller
        if self._recorder is not None:
            controller = RecordedController(controller, self._recorder)
        start = plant.reset()
        self._planner.mpc.set_goal(goal)
        detector = settle_detector(goal.position, self.robot, self.task)

        def settled(state: ArmState) -> bool:
            assert state.tip is not None
            elapsed = state.joints.stamp - start.joints.stamp
            there = detector.update(elapsed, state.tip.position, state.joints.velocity)
            return there and seconds is None

        limit = self.task.time_limit if seconds is None else seconds
        trajectory = rollout(
            controller, plant, self._safety, limit, stop=settled, clock=self._clock()
        )
        result = judge(trajectory, goal.position, self.robot.limits, detector.settled_at)
        return trajectory, result

    def transitions(self, trajectory: Trajectory, source: str) -> TransitionDataset:
        """What was seen during a run."""
        return TransitionDataset.of(trajectory, self._plant.period, source)

    def close(self) -> None:
        """Leave the arm safe and release what is held."""
        self._plant.close()
        self._checker.close()

    def _next(self, goal: tuple[Goal, Array] | None, planner: RecedingHorizon | None) -> Plant:
        """The plant of the next rollout, recorded if that is wanted."""
        self._plant = self._next_plant(self._plant)
        if self._recorder is None:
            return self._plant
        self._recorder.next_episode(goal, planner, self._safety)
        return RecordedPlant(self._plant, self._recorder)

    def _clock(self) -> Callable[[], float] | None:
        plant = self._plant
        return (lambda: plant.observe().joints.stamp) if self._keeps_own_time else None

    def _gravity(self, q: Array) -> Array:
        """What holds the arm at q [n], as far as it is known."""
        if self.model is not None:
            return hold_torque(self.model, q)
        return np.zeros_like(q) if self._prior is None else self._prior.gravity_torque(q)

    def _mass(self, q: Array) -> Array:
        if self.model is not None:
            return mass_matrix(self.model, q)
        if self._prior is not None:
            return self._prior.mass_matrix(q)
        # Nothing is known: as little damping as the filter itself gives without a mass matrix.
        limits, config = self.robot.limits, self._safety.config
        return np.diag(config.hold_time * config.hold_damping * limits.effort / limits.velocity)


def simulated(robot: RobotModel, config: BulletConfig) -> Callable[[Plant | None], Plant]:
    """A simulation made anew for each rollout."""

    def following(before: Plant | None) -> Plant:
        if before is not None:
            before.close()
        return BulletPlant(robot, config)

    return following
