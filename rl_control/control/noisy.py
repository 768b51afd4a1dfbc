"""Any controller, with noise added to its efforts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from rl_control.control.dither import Dither
from rl_control.interfaces import Controller
from rl_control.types import ArmState, Array, Command, JointLimits, as_vector, joint_index


class NoisyController:
    """Adds correlated noise to another controller's efforts, within the limits.

    Args:
        controller: decides.
        limits: joint names and effort limits.
        scale: standard deviation of the noise, [n] in [N m] or [N], in the limits' joint order. A
            share of the effort limits shakes a light wrist: take what its inertia bears.
        time: correlation time of the noise in [s].
        rng: draws it.

    Raises:
        ShapeError: if `scale` has not one entry a joint.
    """

    def __init__(
        self, controller: Controller, limits: JointLimits, scale: Array, time: float, rng: Generator
    ) -> None:
        self._controller, self._limits = controller, limits
        self._noise = Dither(as_vector(scale, len(limits.names), "noise scale"), time, rng)
        self._stamp = 0.0

    def reset(self, state: ArmState) -> None:
        """Reset the controller; begin with no noise."""
        self._controller.reset(state)
        self._noise.reset()
        self._stamp = state.joints.stamp

    def act(self, state: ArmState) -> Command:
        """Return the controller's command with noise on its efforts."""
        command = self._controller.act(state)
        stamp = state.joints.stamp
        noise = self._noise.step(max(stamp - self._stamp, 0.0))
        self._stamp = stamp
        # The command may have its joints in another order.
        index = joint_index(self._limits.names, command.names)
        bound = self._limits.effort[index]
        return replace(command, effort=np.clip(command.effort + noise[index], -bound, bound))
