"""What the outputs of policies and controllers stand for: efforts, or what efforts are made of."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.kernels import compile_batch
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array


class Outputs:
    """Efforts e(x, u) of outputs u, affine in them: e = S(x) u + b(x).

    Args:
        body: the arm's equations.
        base: what u is added to, see `PolicyFacts.base`.
        step: time in [s] over which accelerations are meant, see `RigidBody.inverse_dynamics`.
    """

    def __init__(self, body: RigidBody, base: str, step: float) -> None:
        self._n, self._step = body.robot.n, step
        n, dt = body.robot.n, ca.SX.sym("dt")
        q, v, u = ca.SX.sym("q", n), ca.SX.sym("v", n), ca.SX.sym("u", n)
        efforts = {
            "none": lambda: u,
            "gravity": lambda: u + body.gravity_torque(q),
            "inertia": lambda: body.inverse_dynamics(q, ca.SX.zeros(n), u, dt),
            "dynamics": lambda: body.inverse_dynamics(q, v, u, dt),
        }[base]()
        x, name = ca.vertcat(q, v), f"{body.robot.identifier}_{base}"
        # Kernels give matrices column by column.
        slopes = [ca.jacobian(efforts, x).T, ca.jacobian(efforts, u).T]
        self._efforts, self._slopes = (
            compile_batch(ca.Function(f"{name}_{what}", [x, u, dt], _dense(parts)))
            for what, parts in (("efforts", [efforts]), ("slopes", slopes))
        )

    def efforts(self, x: Array, u: Array) -> Array:
        """Return the efforts, [..., n], of outputs u [..., n] at states x [..., 2n]."""
        (efforts,) = self._efforts(*self._rows(x, u))
        return np.asarray(efforts.reshape(u.shape))

    def slopes(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return how efforts depend on the state, [..., n, 2n], and on outputs, [..., n, n]."""
        n, shape = self._n, x.shape[:-1]
        by_state, by_output = self._slopes(*self._rows(x, u))
        return by_state.reshape(*shape, n, 2 * n), by_output.reshape(*shape, n, n)

    def behind(self, x: Array, efforts: Array) -> Array:
        """Return the outputs, [..., n], that are behind efforts [..., n] at states [..., 2n]."""
        still = np.zeros_like(efforts)
        away = efforts - self.efforts(x, still)
        return np.asarray(np.linalg.solve(self.slopes(x, still)[1], away[..., None])[..., 0])

    def _rows(self, x: Array, u: Array) -> tuple[Array, Array, Array]:
        flat_x, flat_u = (np.ascontiguousarray(part.reshape(-1, part.shape[-1])) for part in (x, u))
        return flat_x, flat_u, np.full((len(flat_x), 1), self._step)


def _dense(parts: list[ca.SX]) -> list[ca.SX]:
    return list(ca.cse([ca.densify(part) for part in parts]))
