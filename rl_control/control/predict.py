"""Where the arm will be when a plan takes effect: delay compensation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from rl_control.types import Array

_LONGEST_STEP = 0.005  # [s]
_SHORTEST_STEP = 1e-6  # [s]
_LONGEST = 0.5  # [s]; a longer delay is a clock that disagrees, and no prediction helps


class DelayPredictor:
    """Integrates the arm's motion from a measurement to a later time.

    Uses the efforts that were commanded meanwhile.

    Args:
        acceleration: a(q, v, u) on batches: [B, n] each, giving ([B, n],).
        gravity_torque: efforts [n] that hold still at q [n].
        memory: how many commands are remembered.
    """

    def __init__(
        self,
        acceleration: Callable[[Array, Array, Array], tuple[Array, ...]],
        gravity_torque: Callable[[Array], Array],
        memory: int = 128,
    ) -> None:
        self._acceleration, self._gravity_torque = acceleration, gravity_torque
        self._sent: deque[tuple[float, Array]] = deque(maxlen=memory)

    def use(
        self,
        acceleration: Callable[[Array, Array, Array], tuple[Array, ...]],
        gravity_torque: Callable[[Array], Array],
    ) -> None:
        """Predict with other equations from now on."""
        self._acceleration, self._gravity_torque = acceleration, gravity_torque

    def reset(self) -> None:
        """Forget all commands."""
        self._sent.clear()

    def sent(self, time: float, effort: Array) -> None:
        """Remember that `effort` [n] acts from `time` [s] on."""
        self._sent.append((time, effort))

    def last(self) -> Array | None:
        """The newest commanded effort, [n]; None if there is none."""
        sent = list(self._sent)  # another thread may empty it
        return sent[-1][1] if sent else None

    def predict(self, state: Array, stamp: float, until: float) -> Array:
        """Return the state at `until`, [2n], from `state` at `stamp`.

        Args:
            state: measured x = (q, v), [2n].
            stamp: its time in [s].
            until: time asked for in [s]; the state itself comes back if it is not later, and
                the state after 0.5 s if it is later than that. Where no command is known, the
                arm is taken to hold still against gravity.
        """
        n = len(state) // 2
        if until - stamp <= _SHORTEST_STEP:
            return state
        q, v, time = state[:n], state[n:], stamp
        until = min(until, stamp + _LONGEST)
        sent = list(self._sent)
        resting: Array | None = None
        while until - time > _SHORTEST_STEP:
            step = min(until - time, _LONGEST_STEP)
            effort = None
            for when, value in reversed(sent):
                if when <= time + 1e-9:
                    effort = value
                    break
                step = min(step, max(when - time, _SHORTEST_STEP))
            if effort is None:
                effort = resting = self._gravity_torque(q) if resting is None else resting
            (a,) = self._acceleration(q, v, effort)
            v = v + step * a[0]
            q = q + step * v
            time += step
        return np.concatenate([q, v])
