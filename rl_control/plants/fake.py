"""A made-up arm for tests: exact, quick, and faulty on request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rl_control.errors import PlantError
from rl_control.types import ArmState, Array, Command, JointState, Pose, as_vector, joint_index

Acceleration = Callable[[Array, Array, Array], Array]


@dataclass
class Faults:
    """What is wrong with the arm; may be changed between two steps.

    Attributes:
        drop_state: the arm moves on, but its newest state does not arrive.
        nan_state: positions and velocities read NaN.
        freeze_stamp: states arrive with the stamp of the last one before the fault.
        delay: number of periods by which states arrive late.
        lost: the connection is gone: every call raises PlantError.
    """

    drop_state: bool = False
    nan_state: bool = False
    freeze_stamp: bool = False
    delay: int = 0
    lost: bool = False


class FakePlant:
    """A second-order system, integrated by semi-implicit Euler.

    Args:
        names: joint names, [n].
        period: time one step takes in [s].
        acceleration: (q [n], v [n], u [n]) -> accelerations [n]; unit masses if not given.
        tip: q [n] -> tip pose; none is reported if not given.
    """

    def __init__(
        self,
        names: Sequence[str],
        period: float = 0.005,
        acceleration: Acceleration | None = None,
        tip: Callable[[Array], Pose] | None = None,
    ) -> None:
        self._names = tuple(names)
        self._period = period
        self._acceleration: Acceleration = acceleration or (lambda q, v, u: u)
        self._tip = tip
        self._ticks = 0
        self.faults = Faults()
        self.commands: list[Command] = []
        self.closed = False
        self.reset()

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self._names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self._period

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Put the joints at `q` [n] and `v` [n], zeros if not given; time runs on.

        Raises:
            PlantError: if the plant is closed or lost.
        """
        self._refuse_if_gone()
        n = len(self._names)
        self._q = np.zeros(n) if q is None else as_vector(q, n, "q")
        self._v = np.zeros(n) if v is None else as_vector(v, n, "v")
        self._effort = np.zeros(n)
        self.commands.clear()
        self._past: deque[ArmState] = deque([self._truth()])
        self._seen = self._past[0]
        return self.observe()

    def step(self, command: Command) -> ArmState:
        """Apply the command's effort for one period; return what the sensors then say.

        Raises:
            PlantError: if the plant is closed or lost.
        """
        self._refuse_if_gone()
        index = joint_index(command.names, self._names)
        self._effort = as_vector(command.effort, len(self._names), "command effort")[index]
        self.commands.append(command)
        self._v = self._v + self._period * self._acceleration(self._q, self._v, self._effort)
        self._q = self._q + self._period * self._v
        self._ticks += 1
        self._past.append(self._truth())
        return self.observe()

    def observe(self) -> ArmState:
        """Return what the sensors say now, faults included.

        Raises:
            PlantError: if the plant is closed or lost.
        """
        self._refuse_if_gone()
        while len(self._past) > self.faults.delay + 1:
            self._past.popleft()
        state = self._past[0]
        if self.faults.drop_state:
            return self._seen
        joints = state.joints
        if self.faults.freeze_stamp:
            joints = replace(joints, stamp=self._seen.joints.stamp)
        if self.faults.nan_state:
            nothing = np.full(len(self._names), np.nan)
            joints = replace(joints, position=nothing, velocity=nothing)
        self._seen = ArmState(joints, state.tip)
        return self._seen

    def close(self) -> None:
        """Refuse all calls from now on."""
        self.closed = True

    def _truth(self) -> ArmState:
        joints = JointState(self._names, self._q, self._v, self._effort, self._ticks * self._period)
        return ArmState(joints, None if self._tip is None else self._tip(self._q))

    def _refuse_if_gone(self) -> None:
        if self.closed:
            raise PlantError("the plant is closed. Make a new one.")
        if self.faults.lost:
            raise PlantError("the plant is lost: it does not answer. Check the connection.")
