"""One simulated arm under MPC in this process, put together and ready to move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rl_control.control.mpc import MpcController
from rl_control.control.planner_settings import PlannerConfig, chosen
from rl_control.control.receding import RecedingHorizon
from rl_control.interfaces import Controller, Plant
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.plants.collision import CollisionChecker
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import load_settings
from rl_control.rollout import rollout
from rl_control.run.assemble_learned import reach_planner
from rl_control.run.goal_told import goal_as_told
from rl_control.run.reach_settings import UNHURRIED, RigConfig
from rl_control.run.recorded import RecordedController, RecordedPlant
from rl_control.run.run_recorder import RunRecorder
from rl_control.run.timed_plant import TimedPlant
from rl_control.safety.filter import SafetyFilter
from rl_control.tasks.reach import ReachConfig, resolve_goal, settle_detector
from rl_control.types import ArmState, Array, Goal, Trajectory


@dataclass(frozen=True)
class Rig:
    """What a run in one process is made of.

    Attributes:
        robot: the arm, with the limits of its description.
        config: what it was made of.
        task: when a target counts as reached.
        plant: the simulated arm.
        mpc: the planner, which keeps to the settings' share of the limits.
        controller: the same as a `Controller`.
        safety: has the last word.
        ik: inverse kinematics within the limits.
        checker: tells joint vectors in collision.
        model: the arm's equations.
        recorder: is told of goals; None if nothing is recorded.
    """

    robot: RobotModel
    config: RigConfig
    task: ReachConfig
    plant: Plant
    mpc: RecedingHorizon
    controller: Controller
    safety: SafetyFilter
    ik: InverseKinematics
    checker: CollisionChecker
    model: ArmModel
    recorder: RunRecorder | None = None

    def recorded(self, folder: Path, now: int) -> Rig:
        """Return this rig with all that it does recorded in a run's folder, until it is closed.

        Args:
            folder: of the run.
            now: time on the wall in [ns].

        Raises:
            DataError: if no bag can be made there.
        """
        recorder = RunRecorder(
            folder, self.robot, self.config, now, tip_positions=self.model.tip_positions
        )
        return replace(
            self,
            plant=RecordedPlant(self.plant, recorder),
            controller=RecordedController(self.controller, recorder),
            recorder=recorder,
        )

    def goal(self, target: Sequence[float] | Array) -> Goal:
        """Return the goal for a tip target, [3] in [m], reached soonest from home.

        Raises:
            UnreachableTargetError: if the tip cannot get there.
        """
        return resolve_goal(
            self.ik,
            target,
            None,
            self.robot.home,
            acceptable=lambda q: not self.checker.collides(q),
        )

    def reach(self, goal: Goal) -> tuple[Trajectory, float | None]:
        """Move from home to `goal` until the arm has settled or the time is up.

        Returns:
            The run, and the time at which the arm had settled in [s]; None if it did not.
        """
        goal, quaternion = goal_as_told(goal)
        if self.recorder is not None:
            self.recorder.next_episode((goal, quaternion), self.mpc, self.safety)
        start = self.plant.reset()
        self.mpc.set_goal(goal)
        detector = settle_detector(goal.position, self.robot, self.task)

        def settled(state: ArmState) -> bool:
            assert state.tip is not None  # a simulated arm knows its tip
            elapsed = state.joints.stamp - start.joints.stamp
            return detector.update(elapsed, state.tip.position, state.joints.velocity)

        trajectory = rollout(
            self.controller,
            self.plant,
            self.safety,
            self.task.time_limit,
            stop=settled,
            # The stamps, and no sum of periods: offline replay has nothing else to go by.
            clock=lambda: self.plant.observe().joints.stamp,
        )
        return trajectory, detector.settled_at

    def close(self) -> None:
        """Release the simulation."""
        self.plant.close()
        self.checker.close()
        if self.recorder is not None:
            self.recorder.close()


def make_rig(
    name_or_path: str,
    base: str | None = None,
    tip: str | None = None,
    gui: bool = False,
    planner: PlannerConfig | None = None,
    arm: BulletConfig | None = None,
) -> Rig:
    """Return a rig for a robot's name or description file.

    Args:
        name_or_path: of the robot.
        base: its base link; the description's own if not given.
        tip: its tip link; the robot's own if not given.
        gui: show the simulator's window.
        planner: which planner, and its settings.
        arm: how the simulated arm differs from its description.

    Raises:
        RlControlError: if the robot, its settings or the planner cannot be used.
    """
    planner = planner or UNHURRIED
    robot = load_robot(name_or_path, base=base, tip=tip)
    settings = load_settings(name_or_path)
    scaled = robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
    control = replace(robot, limits=scaled)
    task = ReachConfig()
    task = replace(task, weights=task.weights.replaced(settings.weights))
    plant = BulletPlant(robot, replace(arm or BulletConfig(), gui=gui))
    config = RigConfig(
        planner=planner.planner, mpc=planner.mpc, sampling=planner.sampling,
        robot=name_or_path, base=base or "", tip=tip or "", rate=1.0 / plant.period, task=task,
    )  # fmt: skip
    mpc = reach_planner(control, chosen(config), task)
    model = ArmModel(robot)
    return Rig(
        robot=robot,
        config=config,
        task=task,
        plant=TimedPlant(plant),
        mpc=mpc,
        controller=MpcController(mpc),
        safety=SafetyFilter(robot.limits, config.safety, model.gravity_torque, model.mass_matrix),
        ik=InverseKinematics(control),
        checker=CollisionChecker(robot),
        model=model,
    )
