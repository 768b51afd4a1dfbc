"""Model predictive control by sampling, for models that give no derivatives worth following."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rl_control.control.arm_functions import ArmFunctions
from rl_control.control.receding import RecedingHorizon
from rl_control.control.replan import Objective
from rl_control.control.sampling_problem import SamplingProblem
from rl_control.control.sampling_replan import SamplingReplanner
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.types import Array, JointLimits


class SamplingMpc(RecedingHorizon):
    """Plans by CEM, iCEM or MPPI; its plans have no feedback.

    Args:
        problem: model and cost, with step `config.dt`.
        objective: turns goals into cost parameters.
        limits: joint names and limits; efforts stay within them.
        arm: gravity and acceleration.
        rng: draws all noise: a numpy Generator, or a torch.Generator on the problem's device;
            taken back to where it is now at every reset, so that what follows repeats.
        config: horizon, search, budget and delays.
        unit: turns limits into what the standard deviations are shares of, [n] in [N m] or [N];
            the effort limits themselves if not given. A light wrist with a strong motor needs a
            finer one, such as `rl_control.tasks.reach.effort_units`: a share of its limit would
            toss it about.

    Raises:
        ConfigError: if problem and settings do not fit each other.
    """

    def __init__(
        self,
        problem: SamplingProblem,
        objective: Objective,
        limits: JointLimits,
        arm: ArmFunctions,
        rng: Any,
        config: SamplingConfig | None = None,
        unit: Callable[[JointLimits], Array] | None = None,
    ) -> None:
        config = config or SamplingConfig()
        replanner = SamplingReplanner(
            problem, objective, limits, arm.gravity_torque, config, rng, unit
        )
        super().__init__(replanner, limits, arm, config)
