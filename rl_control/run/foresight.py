"""Where a policy leads on a planner's model, and what that costs: one compiled rollout.

At every node: observe, the policy, and the problem's own rollout of one step, without a line of
Python in between. So a horizon takes some tens of microseconds, and the policy's cost is counted
as the planner counts its own: the two can be compared.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import casadi as ca
import numpy as np

from rl_control.control.problem import Problem
from rl_control.kernels import Bound, Call, Kernel, Port, compile_kernel, compile_sequence
from rl_control.policy.lanes import Network
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.acting import Acting
from rl_control.types import Array, Goal, JointLimits, JointState

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_SPARE = 16  # doubles behind an array: kernels read whole registers


@dataclass(frozen=True)
class Forecast:
    """Where a policy leads.

    Attributes:
        stamp: time of the joint state that it starts from in [s].
        dt: time between nodes in [s].
        states: [N+1, nx].
        cost: along the horizon; may be infinite or no number.
    """

    stamp: float
    dt: float
    states: Array
    cost: float

    @staticmethod
    def standing(state: JointState, dt: float) -> Forecast:
        """Return one that knows of nothing but its start."""
        return Forecast(state.stamp, dt, state.vector[None], float("nan"))


class Foresight:
    """Rolls a policy out on a problem, for one thread.

    Args:
        policy: what is loaded first.
        body: the arm's equations as the policy knows them.
        problem: dynamics and cost.
        limits: efforts are clipped to them, until others are kept.
        steps: of the horizon, N.
        dt: time between nodes in [s]; a policy with a memory ticks once a node.
    """

    def __init__(
        self,
        policy: Network,
        body: RigidBody,
        problem: Problem,
        limits: JointLimits,
        steps: int,
        dt: float,
    ) -> None:
        stage, lanes = problem.stage, problem.lanes
        self._problem, self._steps, self._dt = problem, steps, dt
        self._acting = Acting(policy, body, stage.nx)
        self._states = _zeros(steps + 1, stage.nx + 1, lanes)
        self._rows = _zeros(steps + 1, max(problem.parameters, 1))
        self._cost = _zeros(lanes)
        self._lower, self._upper = _zeros(stage.padded_nu), _zeros(stage.padded_nu)
        self.keep(limits)
        state = Bound(0, (stage.nx + 1) * lanes)
        calls = [*self._acting.calls(state), self._roll(state)]
        if len(self._acting.network.before):
            calls.append(self._remember())
        self._kernel = compile_sequence(calls, "foresight")
        self._terminal = _SIGNATURE(problem.terminal_address)

    def load(self, policy: Network) -> None:
        """Roll out `policy` from now on.

        Raises:
            PolicyError: if its network is of another shape.
        """
        self._acting.network.load(policy)

    def keep(self, limits: JointLimits) -> None:
        """Clip efforts to `limits`, of the same joints, from now on."""
        nu = self._problem.stage.nu
        self._lower[:nu], self._upper[:nu] = -limits.effort, limits.effort

    def forecast(
        self, x: Array, stamp: float, goal: Goal, memory: Array, rows: Array | None = None
    ) -> Forecast:
        """Return where the policy leads.

        Args:
            x: state to start from, [nx], or the first entries of it.
            stamp: time of the joint state that belongs to it in [s].
            goal: what the policy aims at.
            memory: of the policy, [m].
            rows: cost parameters, [N+1, np]; None costs nothing.
        """
        states, steps = self._states, self._steps
        self._acting.set_goal(goal)
        self._acting.network.before[:] = memory[:, None]
        states[0] = 0.0
        states[0, : len(x)] = x[:, None]
        self._rows[:] = 0.0 if rows is None else rows
        self._kernel([states, self._rows, states[1:]], steps)
        table = (ctypes.c_void_p * 3)(
            states[steps].ctypes.data, self._rows[steps].ctypes.data, self._cost.ctypes.data
        )
        self._terminal(ctypes.addressof(table), 1)
        self._problem.check()
        return Forecast(stamp, self._dt, states[:, :-1, 0].copy(), float(self._cost[0]))

    def _roll(self, state: Bound) -> Call:
        """The problem's rollout of one node: all step sizes alike, no gaps, no feedback."""
        problem, stage, lanes = self._problem, self._problem.stage, self._problem.lanes
        nominal, gains, gap = (
            _zeros(size) for size in (stage.padded_nx, stage.nu * stage.padded_nx, stage.padded_nx)
        )
        step = _zeros(stage.padded_nu)
        kernel = Kernel(problem.rollout_address, lanes, _SIGNATURE(problem.rollout_address))
        row = Bound(1, self._rows.shape[1])
        after = Bound(2, (stage.nx + 1) * lanes)
        results: list[Array | Bound] = [after, _zeros(stage.nu, lanes)]
        decided: list[Array | Bound] = [nominal, self._acting.efforts, step, gains]
        bounds: list[Array | Bound] = [self._lower, self._upper]
        return Call(kernel, [state, *decided, row, gap, np.ones(lanes), *bounds, *results])

    def _remember(self) -> Call:
        network, h = self._acting.network, ca.SX.sym("h")
        same = ca.Function("policy_keep", [h], [1.0 * h])
        kernel = compile_kernel(same, [Port("lanes")], [Port("lanes")], "policy_keep")
        return Call(kernel, [network.after, network.before], blocks=len(network.after))


def _zeros(*shape: int) -> Array:
    size = int(np.prod(shape))
    return np.zeros(size + _SPARE)[:size].reshape(shape)
