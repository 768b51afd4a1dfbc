"""A simulated arm whose stamps a message can carry, and which only ever go on."""

from __future__ import annotations

import math

from rl_control.interfaces import Plant
from rl_control.types import ArmState, Array, Command, JointState

NANO = 1_000_000_000
PAUSE = NANO // 10
"""Time that passes at a reset in [ns]: long enough that nobody takes it for motion."""


def nanoseconds_of(seconds: float) -> int:
    """Return a time in [s] in whole [ns]; of a double that came from such, the same again.

    Seconds since 1970 times 1e9 do not fit into a double, so the parts are converted apart.
    """
    whole = math.floor(seconds)
    return whole * NANO + round((seconds - whole) * NANO)


def seconds_of(nanoseconds: int) -> float:
    """Return a time in [ns] in [s], as every reader of a message's stamp here converts it."""
    seconds, rest = divmod(nanoseconds, NANO)
    return float(seconds) + 1e-9 * float(rest)


class TimedPlant:
    """Stamps states as if they had come in messages.

    A controller sees the very numbers that a recording holds, recorded or not; so what it does can
    be repeated from there to the bit. At every reset the time goes on by `PAUSE`.

    Args:
        plant: acts; its stamps increase from step to step.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._last = self._shift = 0  # [ns]
        self._state = self._stamped(plant.observe())

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self._plant.names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self._plant.period

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Bring the arm to `q` [n] (home if not given) and `v` [n] (rest); observe."""
        state = self._plant.reset(q, v)
        self._shift = self._last + PAUSE - nanoseconds_of(state.joints.stamp)
        self._state = self._stamped(state)
        return self._state

    def step(self, command: Command) -> ArmState:
        """Apply `command` for one period; return the state after it."""
        self._state = self._stamped(self._plant.step(command))
        return self._state

    def observe(self) -> ArmState:
        """Return the newest state."""
        return self._state

    def now(self) -> float:
        """Return the time of the newest state in [s]."""
        return self._state.joints.stamp

    def close(self) -> None:
        """Release the simulation."""
        self._plant.close()

    def _stamped(self, state: ArmState) -> ArmState:
        joints = state.joints
        self._last = nanoseconds_of(joints.stamp) + self._shift
        stamp = seconds_of(self._last)
        return ArmState(
            JointState(joints.names, joints.position, joints.velocity, joints.effort, stamp),
            state.tip,
        )
