"""A policy at the pace of the joint states: its effort, and how far it is from what it knows."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from rl_control.kernels import compile_sequence, kernel_lanes
from rl_control.policy.controller import Action
from rl_control.policy.lanes import Network, memory_size
from rl_control.policy.pace import Due, Pace
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.acting import Acting
from rl_control.types import Array, Goal, JointState


class PolicyRunner:
    """Acts by a compiled policy, which thinks when `Pace` says, for one thread.

    Its base, if it has one, follows every state: `policy.controller.PolicyController` without
    noise, but quick.

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
        self._pace = Pace(policy.facts.dt, period, remembers=len(self.memory) > 0)

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
        due = self._pace.due(joints.stamp)
        if due.thoughts:
            self._think_on(due)
        else:
            self._call(self._again)
        return Action(self._acting.efforts[0, :n].copy(), self._distance)

    def _think_on(self, due: Due) -> None:
        network = self._network
        for _ in range(due.thoughts - 1):
            network.before[:] = network.after
            self._call(self._think)
        network.before[:] = 0.0 if due.anew else network.after
        self._call(self._whole)
        self.memory = network.before[:, 0].copy()
        self._distance = float(self.present.facts.seen.distance(network.inputs[:, 0][None])[0])

    def _call(self, kernel: Callable[[int, int], None]) -> None:
        kernel(ctypes.addressof(self._nothing), 1)
