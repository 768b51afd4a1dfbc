"""A sum of residual costs on batches of nodes, for models that are not CasADi expressions."""

from __future__ import annotations

import casadi as ca

from rl_control.control.batch import Quadratic
from rl_control.control.node_cost import ArmNodeCost
from rl_control.costs.base import Symbols
from rl_control.costs.sum import CostSum
from rl_control.kernels import compile_batch
from rl_control.kernels.compute import on_arrays
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array


class ArmCost:
    """`CostSum` of an arm as a `BatchCost` over x = (q, v).

    Args:
        body: the arm's equations, for the kinematics in the residuals.
        cost: the terms.
        dt: time step in [s].

    Raises:
        ConfigError: if a term needs the previous control, which this state does not hold.
    """

    def __init__(self, body: RigidBody, cost: CostSum, dt: float) -> None:
        self._value = ArmNodeCost(body, cost, dt, on_arrays()).value
        self.cost, n = cost, body.robot.n
        self._n = n
        s, p = Symbols.of(body, dt), ca.SX.sym("p", cost.size)
        x = ca.vertcat(s.q, s.v)
        around = cost.gauss_newton(s, p)
        lxx = ca.vertcat(ca.horzcat(around.qq, around.qv), ca.horzcat(around.qv.T, around.vv))
        lxu = ca.vertcat(around.qu, around.vu)
        gradient = ca.vertcat(around.l_q, around.l_v)
        name = f"{body.robot.identifier}_cost"
        # Kernels give matrices column by column: lxu's columns are the rows of lux.
        outputs = [around.value, gradient, around.l_u, lxx, lxu, around.uu]
        self._quadratic = compile_batch(
            ca.Function(f"{name}_quadratic", [x, s.u, p], ca.cse([ca.densify(o) for o in outputs]))
        )

    @property
    def size(self) -> int:
        """Number of parameters np."""
        return self.cost.size

    def value(self, x: Array, u: Array, p: Array) -> Array:
        """Return the cost, [B]."""
        result: Array = self._value(x, u, p)
        return result

    def quadratize(self, x: Array, u: Array, p: Array) -> Quadratic:
        """Return the Gauss-Newton expansion."""
        value, lx, lu, lxx, lux, luu = self._quadratic(x, u, p)
        n, nx = self._n, 2 * self._n
        return Quadratic(
            value[:, 0],
            lx,
            lu,
            lxx.reshape(-1, nx, nx),
            lux.reshape(-1, n, nx),
            luu.reshape(-1, n, n),
        )
