"""A controller as a recorded one was: planner and safety filter, without nodes and threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.control.planner_settings import chosen
from rl_control.control.receding import RecedingHorizon
from rl_control.errors import DataError, ModelError
from rl_control.models.holding import hold_torque, mass_matrix
from rl_control.models.learned import LearnedModel
from rl_control.models.store import load_model
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.model import RobotModel
from rl_control.run.assemble import reweighed
from rl_control.run.assemble_learned import LearnedMpc, reach_planner
from rl_control.run.assemble_policy import policy_pilot
from rl_control.run.counterfactual_robot import RecordedArm
from rl_control.run.counterfactual_settings import ReplayConfig
from rl_control.run.policy_check import load_checked
from rl_control.run.policy_pilot import PolicyPilot
from rl_control.safety.filter import SafetyFilter
from rl_control.types import Array, JointLimits


@dataclass(frozen=True)
class Deciders:
    """What makes a command of a state.

    Attributes:
        arm: the arm.
        config: by which they were made.
        mpc: plans.
        pilot: a policy in command, beside which `mpc` plans; None without one.
        safety: has the last word.
        model: the arm's equations.
    """

    arm: RecordedArm
    config: ReplayConfig
    mpc: RecedingHorizon
    pilot: PolicyPilot | None
    safety: SafetyFilter
    model: ArmModel

    def retune(self, config: ReplayConfig, now: float) -> Deciders:
        """Return these with other values of what may change while running, as the nodes do.

        Args:
            config: what may not change is as before.
            now: stamp of the newest state in [s]; -inf before the first.
        """
        allowed, control = limits_of(self.arm, config)
        self.safety.exchange(allowed, config.safety, now)
        reweighed(self.mpc, config.task, control, planner_config(config))()
        if self.pilot is not None:
            self.pilot.configure(config.handover, control)
        return replace(self, config=config)


def deciders(arm: RecordedArm, config: ReplayConfig) -> Deciders:
    """Return planner, filter and, where one acts, policy by `config`; compiles.

    Raises:
        ConfigError: if the settings do not fit together.
        DataError: if model or policy is missing or damaged.
        ModelError, PolicyError: if it is of another arm.
    """
    allowed, control = limits_of(arm, config)
    robot = replace(arm.robot, limits=control)
    model = ArmModel(robot)
    gravity: Callable[[Array], Array] = model.gravity_torque
    mass: Callable[[Array], Array] = model.mass_matrix
    if config.model:
        learned = _learned(config, robot)
        planner = LearnedMpc(
            robot, learned, planner_config(config), config.task, config.learned.doubt
        )
        mpc = planner.mpc
        gravity = _sound(lambda q: hold_torque(learned, q), gravity)
        mass = _sound(lambda q: mass_matrix(learned, q), mass)
    else:
        mpc = reach_planner(robot, planner_config(config), config.task)
    safety = SafetyFilter(allowed, config.safety, gravity, mass)
    return Deciders(arm, config, mpc, _pilot(robot, config, mpc), safety, model)


def limits_of(arm: RecordedArm, config: ReplayConfig) -> tuple[JointLimits, JointLimits]:
    """Return the limits that the filter keeps, and those that the planner keeps."""
    allowed = arm.robot.limits.scaled(config.velocity_scale, config.effort_scale)
    return allowed, allowed.scaled(arm.settings.velocity_scale, arm.settings.effort_scale)


def planner_config(config: ReplayConfig) -> MpcConfig:
    """Return the planner's settings, with time for every iteration asked for."""
    return replace(chosen(config), time_budget=NO_BUDGET)


def _learned(config: ReplayConfig, robot: RobotModel) -> LearnedModel:
    file = _newest_file(Path(config.model).expanduser(), "model")
    model, _ = load_model(file, robot)
    dt = chosen(config).dt
    if abs(model.dt - dt) > 1e-9:
        raise ModelError(
            file,
            f"it foretells steps of {model.dt:g} s, the planner takes steps of {dt:g} s",
            f"Name another, or plan with --set mpc.dt={model.dt:g}.",
        )
    return model


def _pilot(robot: RobotModel, config: ReplayConfig, mpc: RecedingHorizon) -> PolicyPilot | None:
    if not config.policy:
        return None
    period = 1.0 / config.rate
    file = _newest_file(Path(config.policy).expanduser(), "policy")
    policy, _ = load_checked(file, robot, period)
    shadow = config.shadow == "mpc"
    return policy_pilot(robot, policy, mpc, config.handover, period, shadow, config.lock_step)


def _newest_file(path: Path, kind: str) -> Path:
    """Return the file that is meant: itself, or the newest version in a folder.

    Raises:
        DataError: if there is none.
    """
    if path.is_file():
        return path
    files = sorted(path.glob(f"{kind}-*.safetensors"))
    if not files:
        raise DataError(
            path,
            f"no {kind} there, which the recorded controller acted by",
            f"Give the {kind}'s file with --set {kind}=FILE, or --set {kind}= for none.",
        )
    return files[-1]


def _sound(
    wanted: Callable[[Array], Array], other: Callable[[Array], Array]
) -> Callable[[Array], Array]:
    """Return a function that asks `other` where what `wanted` says is no number."""

    def asked(q: Array) -> Array:
        try:
            found = wanted(q)
        except np.linalg.LinAlgError:
            return other(q)
        return found if np.isfinite(found).all() else other(q)

    return asked
