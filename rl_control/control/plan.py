"""A plan: a trajectory in time with the feedback around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.control.ilqr import Solution, Status
from rl_control.types import Array, JointLimits


@dataclass(frozen=True)
class Plan:
    """What the arm should do from `start` on, and how to correct it.

    Attributes:
        stamp: time of the joint state it was made from in [s].
        start: time of its first node in [s].
        dt: time between nodes in [s].
        states: x = (q, v), [N+1, 2n], or (q, v, previous effort), [N+1, 3n].
        controls: efforts, [N, n] in [N m] or [N].
        gains: K of u = controls + K (x - states), [N, n, nx].
        status: how the solve ended.
        solve_ms: wall time of the solve in [ms].
        iterations: sweeps made.
        cost: total cost along the horizon.
        regularization: at the solve's end.
        saturated: share of controls at a bound.
    """

    stamp: float
    start: float
    dt: float
    states: Array
    controls: Array
    gains: Array
    status: Status
    solve_ms: float
    iterations: int
    cost: float
    regularization: float
    saturated: float

    @property
    def end(self) -> float:
        """Time of the last node in [s]."""
        return self.start + self.dt * len(self.controls)

    def state_at(self, time: float) -> Array:
        """The planned state at `time`, [nx], interpolated; the ends beyond the ends."""
        node, rest = self._node(time)
        return self._between(self.states, node, node + 1, rest)

    def control_at(self, time: float, state: Array) -> Array:
        """The effort at `time` for the state `state` [nx]: u*(t) + K(t) (x - x*(t)), [n]."""
        node, rest = self._node(time)
        if rest == 0.0:  # a plan for this very instant, as in most ticks
            now: Array = self.controls[node] + self.gains[node] @ (state - self.states[node])
            return now
        following = min(node + 1, len(self.controls) - 1)
        nominal = self._between(self.controls, node, following, rest)
        gain = self._between(self.gains, node, following, rest)
        effort: Array = nominal + gain @ (state - self.state_at(time))
        return effort

    def violation(self, limits: JointLimits) -> float:
        """Worst excess over a position or velocity limit along the plan, in the joint's unit.

        0 within all limits.
        """
        n = len(limits.names)
        q, v = self.states[:, :n], self.states[:, n : 2 * n]
        excess = [limits.lower - q, q - limits.upper, np.abs(v) - limits.velocity]
        return float(max(0.0, *(part.max() for part in excess)))

    def _node(self, time: float) -> tuple[int, float]:
        """The node before `time`, and the share of the step that has passed."""
        progress = min(max((time - self.start) / self.dt, 0.0), float(len(self.controls)))
        node = min(int(progress), len(self.controls) - 1)
        return node, progress - node

    @staticmethod
    def _between(nodes: Array, before: int, after: int, rest: float) -> Array:
        between: Array = (1.0 - rest) * nodes[before] + rest * nodes[after]
        return between


def make_plan(
    solution: Solution, stamp: float, start: float, dt: float, solve_ms: float, bound: Array
) -> Plan:
    """Return the plan a solve amounts to; `bound` is the greatest effort, [n]."""
    at_bound = np.abs(solution.controls) >= bound * (1.0 - 1e-9)
    return Plan(
        stamp=stamp,
        start=start,
        dt=dt,
        states=solution.states,
        controls=solution.controls,
        gains=solution.gains,
        status=solution.status,
        solve_ms=solve_ms,
        iterations=solution.iterations,
        cost=solution.cost,
        regularization=solution.regularization,
        saturated=np.count_nonzero(at_bound) / at_bound.size,
    )
