"""Other settings for a rig: from a parameter file, or put in force without compiling anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from rl_control.config import fields_of, setting
from rl_control.config.build import build
from rl_control.config.reader import read_values
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.planner_settings import PlannerConfig, chosen
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.settings import load_settings
from rl_control.run.assemble import reweighed
from rl_control.run.reach_settings import RigConfig
from rl_control.run.rig import Rig

NODE = "mpc_controller"
ARM_NODE = "arm_sim"
# What names a run's arm and how it runs comes from the command line.
_OF_THE_RUN = ("robot", "base", "tip", "rate", "lock_step")


def from_file(path: str | Path, base: RigConfig) -> RigConfig:
    """Return a rig's settings with those that a parameter file gives the node mpc_controller.

    What the node has besides (topics, rates of reports) is left aside, and so is the time for a
    solve: in simulated time, a busy machine must not matter.

    Args:
        path: a parameter file.
        base: gives the rest.

    Raises:
        ConfigError: naming file and line, if it cannot be read or a value is not allowed.
    """
    given = read_values(Path(path), RigConfig, NODE)
    keys = {info.key for info in fields_of(RigConfig)}
    known = {k: v for k, v in given.items() if k in keys and k not in _OF_THE_RUN}
    known.pop("mpc.time_budget", None)
    known.pop("sampling.time_budget", None)
    return build(RigConfig, known, base)


@dataclass(frozen=True)
class _ArmSettings:
    """What a parameter file says of the simulated arm itself."""

    plant: BulletConfig = setting(default_factory=BulletConfig, doc="The simulated arm")


def arm_from_file(path: str | Path) -> BulletConfig:
    """Return the simulated arm that a parameter file describes as the node arm_sim's `plant`.

    What the node has besides (topics, rates) is left aside.

    Raises:
        ConfigError: naming file and line, if it cannot be read or a value is not allowed.
    """
    given = read_values(Path(path), _ArmSettings, ARM_NODE)
    plant = {key: value for key, value in given.items() if key.startswith("plant.")}
    return build(_ArmSettings, plant).plant


def planner_of(config: RigConfig) -> PlannerConfig:
    """Return the part of a rig's settings that its planner is compiled for."""
    mpc = replace(config.mpc, time_budget=NO_BUDGET)
    sampling = replace(config.sampling, time_budget=NO_BUDGET)
    return PlannerConfig(config.planner, mpc, sampling)


def with_planner(config: RigConfig, planner: PlannerConfig) -> RigConfig:
    """Return a rig's settings with these of the planner."""
    return replace(config, planner=planner.planner, mpc=planner.mpc, sampling=planner.sampling)


def retuned(rig: Rig, config: RigConfig) -> Rig:
    """Return the rig with other weights, tolerances, limits and live settings of its planner.

    Planner, filter and plant are the same ones: the rig before is not to be used any more.

    Args:
        rig: that is at rest between two runs.
        config: its settings; what a planner is compiled for must be as before.

    Raises:
        ShapeError: if a weight has neither one entry nor one a joint.
    """
    own = load_settings(config.robot)
    allowed = rig.robot.limits.scaled(config.velocity_scale, config.effort_scale)
    control = allowed.scaled(own.velocity_scale, own.effort_scale)
    reweighed(rig.mpc, config.task, control, chosen(config))()
    rig.safety.exchange(allowed, config.safety, -math.inf)
    return replace(rig, config=config, task=config.task)
