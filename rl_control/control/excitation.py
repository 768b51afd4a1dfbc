"""A controller that moves an arm so that its dynamics can be learned from the motion."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from rl_control.config import validate
from rl_control.control.dither import Dither
from rl_control.control.excite_references import random_motion
from rl_control.control.excite_settings import ExcitationConfig
from rl_control.control.motion import Motion
from rl_control.control.tracking import IncrementalTracker, InverseDynamics
from rl_control.types import ArmState, Array, Command, JointLimits


class ExcitationController:
    """Follows a new random motion after every reset, with some noise on the efforts.

    Without a model it knows nothing of the arm but its limits: the noise and the efforts begin
    tiny and grow until the arm answers, within about 0.1 s in which the arm gives way to gravity.

    Args:
        limits: of the joints; their shares of the `config` are kept by the motion, not by the arm,
            which follows as well as it can.
        config: which motion.
        rng: draws motions and noise.
        inverse_dynamics: efforts [n] at (q [n], v [n], a [n]); if not given, nothing is known.
        collides: says whether joint positions [n] are in collision; none is, if not given.

    Raises:
        ConfigError: if a setting is not allowed.
    """

    def __init__(
        self,
        limits: JointLimits,
        config: ExcitationConfig,
        rng: Generator,
        inverse_dynamics: InverseDynamics | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        validate(config, "ExcitationConfig")
        self._limits, self._config, self._rng = limits, config, rng
        self._collides = collides
        scale = config.noise_share * limits.velocity / config.noise_time
        self._noise = Dither(scale, config.noise_time, rng)
        self._tracker = IncrementalTracker(limits, config.filter_time, inverse_dynamics)
        self._motion: Motion | None = None
        self._start = self._stamp = 0.0

    def reset(self, state: ArmState) -> None:
        """Draw a motion that begins at `state`.

        Raises:
            ConfigError: if every motion drawn collides.
        """
        joints = state.joints.ordered(self._limits.names)
        self._motion = random_motion(
            joints.position, self._limits, self._config, self._rng, self._collides
        )
        self._start = self._stamp = joints.stamp
        self._noise.reset()
        self._tracker.reset()

    def act(self, state: ArmState) -> Command:
        """Return the command that follows the motion."""
        if self._motion is None:
            self.reset(state)
        assert self._motion is not None
        joints = state.joints.ordered(self._limits.names)
        aim = self._motion.at(max(joints.stamp - self._start, 0.0))
        elapsed, self._stamp = max(joints.stamp - self._stamp, 0.0), joints.stamp
        rate = self._config.bandwidth
        wanted = (
            aim.a
            + 2.0 * rate * (aim.v - joints.velocity)
            + rate**2 * (aim.q - joints.position)
            + self._noise.step(elapsed)
        )
        effort = self._tracker.effort(joints, wanted)
        return Command(joints.names, effort, joints.stamp, aim.q, aim.v)
