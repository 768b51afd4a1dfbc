"""The last stage before any command: pass it, limit it, or stop and hold."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rl_control.config import validate
from rl_control.errors import JointMismatchError
from rl_control.safety.limits import check_age, check_finite, check_state, clip_effort, limit_rate
from rl_control.safety.reasons import Reason, Violation
from rl_control.safety.settings import SafetyConfig
from rl_control.safety.slowing import Slowing
from rl_control.types import Array, Command, JointLimits, JointState, joint_index

_log = logging.getLogger(__name__)


class SafetyFilter:
    """Judges every state and command; whatever it returns is finite and within limits.

    In normal running a command passes unchanged, or with its effort limited in size and rate.
    When a rule is broken, motion stops: from then on, until `reset`, the filter answers every
    command with a hold that carries the arm against gravity and damps it,

        u = g(q) - D(q) v,  clipped to the effort limits,

    where D = M(q) / hold_time if the mass matrix is known. The kinetic energy then decays as
    exp(-2 t / hold_time) whatever the arm's pose and inertia (as long as nothing is clipped).
    `apply` raises for no state or command, however bad: a loop that ended by an exception would
    leave the arm with its last command.

    Args:
        limits: the arm's limits; commands and states are matched to them by joint name.
        config: margins and time-outs.
        gravity_torque: g(q), efforts [n] that hold the arm still at q [n].
        mass_matrix: M(q), joint-space inertia [n, n] at q [n]; without it the hold is damped
            only as much as a light wrist bears.
    """

    def __init__(
        self,
        limits: JointLimits,
        config: SafetyConfig,
        gravity_torque: Callable[[Array], Array],
        mass_matrix: Callable[[Array], Array] | None = None,
    ) -> None:
        validate(config)
        self.limits = limits
        self.config = config
        self._gravity_torque = gravity_torque
        self._mass_matrix = mass_matrix
        self._slowing: Slowing | None = None
        self.reset()

    def exchange(self, limits: JointLimits, config: SafetyConfig, now: float) -> None:
        """Judge by other limits of the same joints, and other settings, from now on.

        What is stopped stays so. Efforts come down to a lower limit no faster than their rate
        allows, and a lower speed limit is reached in `SLOWING_TIME`: a controller that is told of
        it in the same moment needs time to brake.

        Args:
            limits: of the joints.
            config: margins and time-outs.
            now: present time in [s], on the clock of the states' stamps.

        Raises:
            ConfigError: if a setting is not allowed; the filter is as it was.
        """
        validate(config)
        self._slowing = Slowing(self._speed_limit(now), now)
        self.limits, self.config = limits, config

    @property
    def violation(self) -> Violation | None:
        """The broken rule for which motion is stopped; None while it is not."""
        return self._violation

    @property
    def stopped_reason(self) -> Reason | None:
        """The name of that rule."""
        return None if self._violation is None else self._violation.reason

    def reset(self) -> None:
        """Allow motion again; the next effort starts from the gravity torque."""
        self._violation: Violation | None = None
        self._good: JointState | None = None
        self._anchor: Array | None = None
        self._previous: tuple[Array, float] | None = None

    def stop(self, reason: Reason = Reason.STOP_REQUESTED) -> None:
        """Stop motion for a reason found elsewhere (a watchdog, an operator)."""
        self._latch(Violation(reason))

    def apply(self, command: Command, state: JointState, now: float) -> Command:
        """Return the command to send, for a command computed on `state`.

        Args:
            command: what the controller wants.
            state: newest joint state.
            now: present time in [s], on the clock of the state's stamp.
        """
        found = self._judge_state(state, now)
        if found is None and self._violation is None:
            ordered = self._judge_command(command)
            if isinstance(ordered, Command):
                return self._limit(ordered, now)
            found = ordered
        if found is not None:
            self._latch(found)
        return self._hold(now)

    def hold(self, state: JointState, now: float) -> Command:
        """Return a hold for `state` without stopping for good: a safe last command."""
        self._judge_state(state, now)
        return self._hold(now)

    def _judge_state(self, state: JointState, now: float) -> Violation | None:
        """Remember a usable state; return the rule it breaks."""
        try:
            state = state.ordered(self.limits.names)
        except JointMismatchError as error:
            return Violation(Reason.STATE_MISMATCH, ", ".join(error.missing))
        limits = self.limits
        if self._slowing is not None and not self._slowing.over(now):
            limits = replace(limits, velocity=self._speed_limit(now))
        found = check_state(state, now, limits, self.config)
        if found is None or found.reason is not Reason.STATE_NOT_FINITE:
            self._good = state
        return found

    def _judge_command(self, command: Command) -> Command | Violation:
        """Return the command in the limits' joint order, or the rule it breaks."""
        names = self.limits.names
        try:
            index = joint_index(command.names, names)
        except JointMismatchError as error:
            return Violation(Reason.COMMAND_MISMATCH, ", ".join(error.missing))
        vectors: dict[str, Array] = {}
        for key in ("effort", "position", "velocity"):
            given = getattr(command, key)
            if given is None:
                continue
            vector = np.asarray(given, dtype=np.float64)
            if vector.shape != (len(command.names),):
                return Violation(Reason.COMMAND_MISMATCH, value=vector.size, bound=len(names))
            vectors[key] = vector[index]
            # Before any clamping: max(-1, min(1, nan)) is 1.
            found = check_finite(vectors[key], names, Reason.COMMAND_NOT_FINITE)
            if found is not None:
                return found
        return Command(names=names, stamp=command.stamp, reason=command.reason, **vectors)

    def _limit(self, command: Command, now: float) -> Command:
        """Return a sound command within the limits of effort, its rate, position and speed."""
        limits = self.limits
        self._anchor = None  # the next hold is where the arm then is
        effort = clip_effort(command.effort, limits)
        if self._previous is None:
            self._previous = (self._gravity(), now)
        previous, then = self._previous
        elapsed = min(max(now - then, 0.0), self.config.state_timeout)
        slow = limit_rate(effort, previous, self.config.effort_rate * elapsed * limits.effort)
        self._previous = (slow, now)
        reason = command.reason
        if not np.array_equal(slow, effort):
            reason = Reason.EFFORT_RATE.value
        elif (np.abs(effort - command.effort) > 1e-9 * np.abs(command.effort)).any():
            reason = Reason.EFFORT_LIMIT.value
        position, velocity = command.position, command.velocity
        if position is not None:
            position = np.clip(position, limits.lower, limits.upper)
        if velocity is not None:
            velocity = np.clip(velocity, -limits.velocity, limits.velocity)
        return replace(command, effort=slow, position=position, velocity=velocity, reason=reason)

    def _hold(self, now: float) -> Command:
        """Return u = g - D v at the last good state; zeros if there never was one."""
        effort = np.zeros(len(self.limits.names))
        reason = Reason.STOP_REQUESTED if self._violation is None else self._violation.reason
        if self._good is not None:
            if self._anchor is None:
                self._anchor = np.clip(self._good.position, self.limits.lower, self.limits.upper)
            effort = self._gravity() - self._brake(now)
        if not np.isfinite(effort).all():
            effort = np.zeros_like(effort)
        effort = clip_effort(effort, self.limits)
        self._previous = (effort, now)
        return Command(
            names=self.limits.names,
            effort=effort,
            stamp=now,
            position=self._anchor,
            velocity=np.zeros_like(effort),
            reason=reason.value,
        )

    def _gravity(self) -> Array:
        """The gravity torque at the last good state, clipped; zeros if it is not finite."""
        if self._good is None:
            return np.zeros(len(self.limits.names))
        torque = np.asarray(self._gravity_torque(self._good.position), dtype=np.float64)
        if not np.isfinite(torque).all():
            return np.zeros(len(self.limits.names))
        return clip_effort(torque, self.limits)

    def _brake(self, now: float) -> Array:
        """The damping torque D v at the last good state, [n]."""
        state = self._good
        # An old velocity must not be damped: its torque would push an arm that rests by now.
        if state is None or check_age(state.stamp, now, self.config.state_timeout):
            return np.zeros(len(self.limits.names))
        if self._mass_matrix is None:
            limits = self.limits
            return self.config.hold_damping * limits.effort / limits.velocity * state.velocity
        matrix = np.asarray(self._mass_matrix(state.position), dtype=np.float64)
        return matrix @ state.velocity / self.config.hold_time

    def _speed_limit(self, now: float) -> Array:
        """Speeds, [n], beyond which motion stops, but for the margin."""
        if self._slowing is None:
            return self.limits.velocity
        return self._slowing.limit(self.limits.velocity, now)

    def _latch(self, violation: Violation) -> None:
        if self._violation is None:
            self._violation = violation
            self._anchor = None
            _log.warning("motion stopped: %s", violation)
