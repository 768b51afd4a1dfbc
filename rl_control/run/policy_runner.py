"""A policy at the pace of the joint states: its effort, and how far it is from what it knows."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable

import numpy as np

from rl_control.kernels import compile_sequence, kernel_lanes
from rl_control.policy.controller import Action
from rl_control.policy.lanes import Network, memory_size
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.acting import Acting
from rl_control.types import Array, Goal, JointState

_MOST_TICKS = 5  # missed in a row; beyond, what is remembered is of another time


class PolicyRunner:
    """Acts by a compiled policy, for one thread.

    A policy without memory acts on every state. One with memory ticks once every `dt` of its own,
    whatever the rate of the states, and holds its effort in between; where states were missed, the
    one before stands in. It forgets when stamps go back or leave more than five ticks out. The
    efforts that hold the arm, if it is based on them, follow every state.

    Args:
        policy: what acts first.
        body: the arm's equations as the policy knows them.
        period: time between two states in [s].

    Attributes:
        present: the policy.
        memory: before the newest tick, [m].
    """

    def __init__(self, policy: Network, body: RigidBody, period: float) -> None:
        n = body.robot.n
        self.present = policy
        self._acting = Acting(policy, body, 2 * n)
        self._state = np.zeros((2 * n + 1, kernel_lanes()))
        self._network = self._acting.network
        calls = self._acting.calls(self._state)
        self._whole = compile_sequence(calls, "policy_whole").call
        self._think = compile_sequence(self._network.calls, "policy_think").call
        # Between ticks only the base, which comes last, is added anew.
        self._again = compile_sequence(calls[-1:], "policy_again").call
        self._nothing = (ctypes.c_void_p * 1)()
        self.memory: Array = np.zeros(memory_size(policy))
        self._distance = 0.0
        self._pace = Pace(policy.facts.dt, period)

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next tick on."""
        self._acting.set_goal(goal)

    def reset(self) -> None:
        """Forget the past."""
        self._pace.reset()

    def exchange(self, policy: Network) -> None:
        """Act by `policy` from the next state on, without memory of the past.

        Raises:
            PolicyError: if its network is of another shape.
        """
        self._network.load(policy)
        self.present = policy
        self.reset()

    def act(self, joints: JointState) -> Action:
        """Return what the policy does in a state with the arm's joints in order."""
        n = len(joints.position)
        self._state[:n, 0], self._state[n : 2 * n, 0] = joints.position, joints.velocity
        ticks = self._ticks(joints.stamp) if len(self.memory) else 1
        if ticks:
            self._tick(ticks)
        else:
            self._call(self._again)
        return Action(self._acting.efforts[0, :n].copy(), self._distance)

    def _ticks(self, stamp: float) -> int:
        """How many are due, at least one after a jump, which makes the memory anew."""
        ticks = self._pace.due(stamp)
        if ticks is None:
            self._network.after[:] = 0.0
            return 1
        return ticks

    def _tick(self, count: int) -> None:
        network = self._network
        for _ in range(count - 1):
            network.before[:] = network.after
            self._call(self._think)  # the observation before stands in
        network.before[:] = network.after
        self._call(self._whole)
        self.memory = network.before[:, 0].copy()
        self._distance = float(self.present.facts.seen.distance(network.inputs[:, 0][None])[0])

    def _call(self, kernel: Callable[[int, int], None]) -> None:
        kernel(ctypes.addressof(self._nothing), 1)


class Pace:
    """Counts the ticks of `dt` [s] that are due at states some `period` [s] apart.

    A state counts for the tick that it is nearest to, so that jitter of the stamps makes no tick
    too many or too few.
    """

    def __init__(self, dt: float, period: float) -> None:
        self._dt, self._period = dt, period
        self.reset()

    def reset(self) -> None:
        """Begin anew at the next state."""
        self._first: float | None = None
        self._last, self._count = 0.0, 0

    def due(self, stamp: float) -> int | None:
        """Return how many ticks are due at `stamp` [s]; None for the first of a new count.

        The count begins anew when stamps go back or leave more than five ticks out.
        """
        first = self._first
        if first is None or not self._last < stamp <= self._last + _MOST_TICKS * self._dt:
            self._first, self._last, self._count = stamp, stamp, 0
            return None
        self._last = stamp
        number = math.floor((stamp - first + 0.5 * self._period) / self._dt)
        due, self._count = number - self._count, number
        return due
