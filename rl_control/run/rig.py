"""One simulated arm under MPC in this process, put together and ready to move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rl_control.control.mpc import MpcConfig, MpcController
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.receding import RecedingHorizon
from rl_control.control.sampling_settings import SamplingConfig
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
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach import ReachConfig, resolve_goal, settle_detector
from rl_control.types import ArmState, Array, Goal, Trajectory


@dataclass(frozen=True)
class Rig:
    """What a run in one process is made of.

    Attributes:
        robot: the arm, with the limits of its description.
        task: when a target counts as reached.
        plant: the simulated arm.
        mpc: the planner, which keeps to the settings' share of the limits.
        controller: the same as a `Controller`.
        safety: has the last word.
        ik: inverse kinematics within the limits.
        checker: tells joint vectors in collision.
    """

    robot: RobotModel
    task: ReachConfig
    plant: BulletPlant
    mpc: RecedingHorizon
    controller: MpcController
    safety: SafetyFilter
    ik: InverseKinematics
    checker: CollisionChecker

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
        start = self.plant.reset()
        self.mpc.set_goal(goal)
        detector = settle_detector(goal.position, self.robot, self.task)

        def settled(state: ArmState) -> bool:
            assert state.tip is not None  # a simulated arm knows its tip
            elapsed = state.joints.stamp - start.joints.stamp
            return detector.update(elapsed, state.tip.position, state.joints.velocity)

        trajectory = rollout(
            self.controller, self.plant, self.safety, self.task.time_limit, stop=settled
        )
        return trajectory, detector.settled_at

    def close(self) -> None:
        """Release the simulation."""
        self.plant.close()
        self.checker.close()


def make_rig(
    name_or_path: str,
    base: str | None = None,
    tip: str | None = None,
    gui: bool = False,
    planner: MpcConfig | None = None,
) -> Rig:
    """Return a rig for a robot's name or description file.

    Args:
        name_or_path: of the robot.
        base: its base link; the description's own if not given.
        tip: its tip link; the robot's own if not given.
        gui: show the simulator's window.
        planner: settings of the planner; a `SamplingConfig` makes it one by sampling.

    Raises:
        RlControlError: if the robot, its settings or the planner cannot be used.
    """
    planner = planner or MpcConfig()
    if isinstance(planner, SamplingConfig):
        planner = replace(planner, time_budget=NO_BUDGET)
    robot = load_robot(name_or_path, base=base, tip=tip)
    settings = load_settings(name_or_path)
    scaled = robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
    control = replace(robot, limits=scaled)
    task = ReachConfig()
    task = replace(task, weights=task.weights.replaced(settings.weights))
    mpc = reach_planner(control, planner, task)
    model = ArmModel(robot)
    return Rig(
        robot=robot,
        task=task,
        plant=BulletPlant(robot, BulletConfig(gui=gui)),
        mpc=mpc,
        controller=MpcController(mpc),
        safety=SafetyFilter(robot.limits, SafetyConfig(), model.gravity_torque, model.mass_matrix),
        ik=InverseKinematics(control),
        checker=CollisionChecker(robot),
    )
