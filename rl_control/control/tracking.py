"""Efforts that give an arm wanted accelerations, whatever it weighs and whatever pulls at it.

    u = b + (u - b)_s + M (a_wanted - a_s)

(.)_s is smoothed over the time just past. Where the inertia M is right, what was sent and what
came of it tell all that is unknown: gravity, payload, friction. M and b = b(q, v) come from a
model; without one, b = 0 and M = diag(m), learned meanwhile (see `apparent_inertia`).

Sources: Hsia and Gao, "Robot manipulator control using decentralized linear time-invariant
time-delayed joint controllers" (1990); smoothed as by Smeur, Chu and de Croon, "Adaptive
incremental nonlinear dynamic inversion for attitude control of micro air vehicles" (2016).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rl_control.control.apparent_inertia import ApparentInertia
from rl_control.types import Array, JointLimits, JointState

# Share of the last effort: at 200 Hz an inertia taken for 20 times too high is borne so, else 7.
_LAST = 0.5
_SLOWER = 4.0  # what changes more slowly than this many filter times is no answer to an effort

InverseDynamics = Callable[[Array, Array, Array], Array]


class IncrementalTracker:
    """Finds efforts for wanted accelerations from one state to the next.

    It takes a command to act from one state to the next. With a model it bears a delay of two
    periods; without one, of none: the answers would be taken for those of other commands.

    Args:
        limits: of the joints; efforts stay within them.
        filter_time: time constant of the smoothing in [s].
        inverse_dynamics: efforts [n] at (q [n], v [n], a [n]); if not given, nothing is known.
    """

    def __init__(
        self,
        limits: JointLimits,
        filter_time: float,
        inverse_dynamics: InverseDynamics | None = None,
    ) -> None:
        self._limit = limits.effort
        self._filter_time = filter_time
        self._model = inverse_dynamics
        self._inertia = ApparentInertia(limits)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        still = np.zeros_like(self._limit)
        self._before: JointState | None = None
        self._sent = still
        # Acceleration, and the effort and the velocity that it came from, [3, n]: quickly and
        # slowly smoothed.
        self._quick = self._slow = np.zeros((3, len(still)))
        self._fresh = np.ones(len(still), dtype=bool)
        self._inertia.reset()

    def effort(self, joints: JointState, wanted: Array) -> Array:
        """Return the efforts [n] for accelerations `wanted` [n] at the state `joints`."""
        if self._before is not None:
            elapsed = joints.stamp - self._before.stamp
            if elapsed > 0.0:
                self._learn(joints.velocity, self._before.velocity, elapsed)
        acceleration, effort, _ = self._quick
        missing = wanted - acceleration
        # With a model this stays the least that the limits suggest: its own inertia alone would
        # take seconds to push a light joint out of what friction it has.
        push = self._inertia.value * missing
        bias = np.zeros_like(missing)
        if self._model is not None:
            q, v = joints.position, joints.velocity
            bias = self._model(q, v, bias)
            push = push + self._model(q, v, missing) - bias
        own = (1.0 - _LAST) * (effort + push) + _LAST * self._sent
        command: Array = np.clip(bias + own, -self._limit, self._limit)
        self._sent, self._before = command - bias, joints
        return command

    def _learn(self, v: Array, before: Array, elapsed: float) -> None:
        """Compare what was sent to what came of it."""
        answer = np.array([(v - before) / elapsed, self._sent, before])
        if self._model is None:
            # What was sent to a joint while it was stuck had no effect.
            self._fresh |= self._inertia.break_loose(v)
        quick, slow = (np.where(self._fresh, answer, past) for past in (self._quick, self._slow))
        self._fresh[:] = False
        self._quick = _smoothed(quick, answer, elapsed, self._filter_time)
        self._slow = _smoothed(slow, answer, elapsed, _SLOWER * self._filter_time)
        if self._model is None:
            acceleration, effort, velocity = self._quick - self._slow
            self._inertia.update(effort, velocity, acceleration, v, elapsed)


def _smoothed(past: Array, newest: Array, elapsed: float, time: float) -> Array:
    """A first-order low-pass, stepped backward in time so that it is stable."""
    smoothed: Array = past + elapsed / (time + elapsed) * (newest - past)
    return smoothed
