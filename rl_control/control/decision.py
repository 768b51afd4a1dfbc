"""The control of a rolled-out node, as an expression: u = clamp(u* + alpha k + K (x - x*))."""

from __future__ import annotations

from dataclasses import dataclass

import casadi as ca

from rl_control.control.structure import Stage
from rl_control.kernels import Port


@dataclass(frozen=True)
class Decision:
    """The expression with its inputs, and how each lies in memory.

    Attributes:
        state: with the cost so far in the last row, [nx + 1]; one a lane.
        nominal: x*, u*, k and K, rows that all lanes share.
        alpha: step size; one a lane, the same at every node.
        bounds: lower and upper, [nu] each, the same at every node.
        control: u, [nu].
    """

    state: ca.SX
    nominal: tuple[ca.SX, ...]
    alpha: ca.SX
    bounds: tuple[ca.SX, ca.SX]
    control: ca.SX

    @staticmethod
    def of(stage: Stage) -> Decision:
        """Write it for a problem's layout."""
        nx, nu, pnx = stage.nx, stage.nu, stage.padded_nx
        state, x = ca.SX.sym("state", nx + 1), ca.SX.sym("x", pnx)
        u, k, gain = ca.SX.sym("u", nu), ca.SX.sym("k", nu), ca.SX.sym("K", nu * pnx)
        alpha, lower, upper = ca.SX.sym("alpha"), ca.SX.sym("lower", nu), ca.SX.sym("upper", nu)
        at = list(stage.positions)
        gains = ca.vertcat(*[gain[[m * pnx + i for i in at]].T for m in range(nu)])
        control = u + alpha * k + ca.mtimes(gains, state[:nx] - x[at])
        control = ca.fmin(ca.fmax(control, lower), upper)
        return Decision(state, (x, u, k, gain), alpha, (lower, upper), control)

    @staticmethod
    def nominal_ports(stage: Stage) -> list[Port]:
        """The layout of `nominal`."""
        pnx, pnu = stage.padded_nx, stage.padded_nu
        return [Port("uniform", size) for size in (pnx, pnu, pnu, stage.nu * pnx)]
