"""The settings of a reach in one process."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.control.planner_settings import PlannerConfig
from rl_control.control.sampling_settings import SearchConfig
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach_config import ReachConfig

UNHURRIED = PlannerConfig(
    mpc=MpcConfig(time_budget=NO_BUDGET), sampling=SearchConfig(time_budget=NO_BUDGET)
)
"""The default settings of whoever plans for an arm whose time stands still meanwhile."""


@dataclass(frozen=True)
class RigConfig(PlannerConfig):
    """All that a run in one process is set to; keys are those of the node mpc_controller."""

    robot: str = setting("iiwa7", doc="Robot: a name, or the path of a URDF or xacro")
    base: str = setting("", doc="Base link; empty for the description's own")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    velocity_scale: float = setting(
        1.0, doc="Share of the velocity limits that may be used", low=0.01, high=1.0
    )
    effort_scale: float = setting(
        1.0, doc="Share of the effort limits that may be used", low=0.01, high=1.0
    )
    rate: float = setting(200.0, doc="Joint states a second", unit="Hz", low=1.0, high=10_000.0)
    lock_step: bool = setting(True, doc="Whether time stands still while a plan is made")
    task: ReachConfig = setting(default_factory=ReachConfig, doc="The reach")
    safety: SafetyConfig = setting(default_factory=SafetyConfig, doc="The safety filter")
