"""Model predictive control: iLQR in a receding horizon."""

from __future__ import annotations

import numpy as np

from rl_control.control.arm_functions import ArmFunctions
from rl_control.control.mpc_settings import MpcConfig, MpcStats
from rl_control.control.problem import Itemized, Problem
from rl_control.control.receding import RecedingHorizon
from rl_control.control.replan import Objective, Replanner
from rl_control.types import ArmState, Array, Command, JointLimits, JointState

__all__ = ["ArmFunctions", "Mpc", "MpcConfig", "MpcController", "MpcStats", "Objective"]


class Mpc(RecedingHorizon):
    """Plans by iLQR.

    Args:
        problem: dynamics and cost, with step `config.dt`.
        objective: turns goals into cost parameters.
        limits: joint names and limits; efforts stay within them.
        arm: gravity and acceleration.
        config: horizon, budget and delays.
    """

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        limits: JointLimits,
        arm: ArmFunctions,
        config: MpcConfig | None = None,
    ) -> None:
        config = config or MpcConfig()
        self._problem = problem
        self._solver = Replanner(
            problem, objective, limits, arm.gravity_torque, config.horizon, config.dt
        )
        super().__init__(self._solver, limits, arm, config)

    @property
    def problem(self) -> Problem:
        """Dynamics and cost."""
        return self._problem

    @property
    def curvature(self) -> Array:
        """Hessian of the cost to go in the first effort at the newest solve, Quu, [n, n].

        For the thread that plans.
        """
        return self._solver.curvature

    def cost_by_term(self) -> dict[str, float]:
        """Return each cost term's share of the newest plan's cost; empty if it is not known."""
        with self._lock:
            plan, rows = self._plan, self._plan_rows
        if plan is None or not isinstance(self._problem, Itemized):
            return {}
        return self._problem.cost_by_term(plan.states, plan.controls, rows)

    def _state(self, x: Array) -> Array:
        """(q, v), and the last effort where the cost asks for its rate."""
        if self._problem.stage.nx == len(x):
            return x
        last = self._predictor.last()
        return np.concatenate([x, self._solver.hold_torque(x) if last is None else last])


class MpcController:
    """A planner as a `Controller`: one plan a state, in the same thread."""

    def __init__(self, mpc: RecedingHorizon) -> None:
        self.mpc = mpc

    @property
    def last_solve_ms(self) -> float:
        """Wall time of the newest solve in [ms]."""
        return self.mpc.last_solve_ms

    def reset(self, state: ArmState) -> None:
        """Forget all plans."""
        self.mpc.reset()

    def act(self, state: ArmState) -> Command:
        """Plan from `state` and return the first command."""
        joints: JointState = state.joints
        self.mpc.plan(joints, joints.stamp)
        return self.mpc.command(joints, joints.stamp)
