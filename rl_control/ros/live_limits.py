"""The limits of planner and filter, for any shares that live settings ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.errors import ConfigError
from rl_control.robot.settings import RobotSettings
from rl_control.ros.controller_config import ControllerConfig
from rl_control.types import Array, JointLimits


@dataclass(frozen=True)
class LimitShares:
    """What is left of an arm's limits.

    The controller keeps to the robot settings' share by itself; the filter stops what leaves the
    limits that the arm, or the user, sets.

    Attributes:
        whole: the arm's own limits.
        settings: the robot's.
    """

    whole: JointLimits
    settings: RobotSettings

    def allowed(self, config: ControllerConfig) -> JointLimits:
        """Return the limits that the filter keeps."""
        return self.whole.scaled(config.velocity_scale, config.effort_scale)

    def control(self, config: ControllerConfig) -> JointLimits:
        """Return the limits that the planner keeps."""
        settings = self.settings
        return self.allowed(config).scaled(settings.velocity_scale, settings.effort_scale)

    def require_hold(self, config: ControllerConfig, needed: Array) -> None:
        """Refuse efforts with which the arm would fall.

        Args:
            config: that is asked for.
            needed: efforts that hold the arm where it is, [n].

        Raises:
            ConfigError: if the planner's limits do not reach so far.
        """
        limits = self.control(config)
        short = np.flatnonzero(np.abs(needed) > limits.effort)
        if short.size:
            i = short[0]
            least = float(np.max(np.abs(needed) / limits.effort)) * config.effort_scale
            raise ConfigError(
                "parameters",
                "effort_scale",
                f"found {config.effort_scale:g}, with which {limits.names[i]} could not hold the "
                f"arm where it is: that takes {abs(needed[i]):.3g} of {limits.effort[i]:.3g}",
                f"Give more than {least:.3g}, or move the arm to where it rests more lightly.",
            )
