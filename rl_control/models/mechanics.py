"""The arm's equations with parameters that may change, and friction that sticks.

M(q) a + bias(q, v) + D s + F s / sqrt(s^2 + width^2) = u,   s = v + dt a,

so damping D and Coulomb friction F act at the end of a step: stable for any step, and a joint
that friction holds stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import casadi as ca
import numpy as np

from rl_control.kernels import compile_batch
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import inertial_count, parameter_count, parameter_vector
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array

FRICTION_WIDTH = 0.005  # [rad/s] or [m/s] at which Coulomb friction is at 0.7 of its full size
_ITERATIONS = 50
_TOLERANCE = 1e-12  # of the speed, as a share of what an iteration may still change
_FRACTIONS = np.array([1.0, 0.5, 0.25, 0.1, 0.03, 0.01, 0.001])


class Mechanics:
    """Accelerations of one arm over a step, for any dynamic parameters.

    Attributes:
        robot: the arm, with the parameters.
        parameters: the same as a vector, see `robot.parameters`.
    """

    def __init__(self, robot: RobotModel) -> None:
        self.robot = robot
        self.parameters = parameter_vector(robot)
        self._compile()

    def with_robot(self, robot: RobotModel) -> Mechanics:
        """The mechanics of the same chain with other dynamic parameters; nothing is compiled."""
        other = object.__new__(Mechanics)
        other.__dict__.update(self.__dict__)
        other.robot, other.parameters = robot, parameter_vector(robot)
        return other

    def without_dry_friction(self) -> Mechanics:
        """The same mechanics but for Coulomb friction."""
        joints = tuple(replace(joint, friction=0.0) for joint in self.robot.joints)
        return self.with_robot(replace(self.robot, joints=joints))

    @property
    def damping(self) -> Array:
        """Viscous friction, [n]."""
        n = self.robot.n
        return self.parameters[-2 * n : -n]

    @property
    def friction(self) -> Array:
        """Coulomb friction, [n]."""
        return self.parameters[-self.robot.n :]

    def acceleration(self, x: Array, u: Array, dt: float) -> Array:
        """Return the mean acceleration over a step of `dt` [s], [B, n].

        Args:
            x: states (q, v), [B, 2n].
            u: efforts, [B, n].
            dt: the step.
        """
        return self._solve(x, u, dt)[0]

    def linearize(self, x: Array, u: Array, dt: float) -> tuple[Array, Array]:
        """Return the acceleration [B, n] and its derivative by (q, v, u), [B, n, 3n].

        By the implicit function theorem on the equation above.
        """
        a, s, mass = self._solve(x, u, dt)
        n = self.robot.n
        q, v = x[:, :n], x[:, n:]
        by_q, by_v = (_matrix(m, n) for m in self._slopes(q, v, a, self.parameters))
        # The bias's own damping is at v: what acts is at s = v + dt a.
        resisting = self._resistance(s)
        by_v = by_v + _diagonal(resisting - self.damping)
        pushed = np.concatenate([-by_q, -by_v, np.broadcast_to(np.eye(n), by_q.shape)], axis=2)
        return a, np.linalg.solve(mass + dt * _diagonal(resisting), pushed)

    def efforts(self, x: Array, a: Array, dt: float) -> Array:
        """Return the efforts that give accelerations `a` [B, n] over a step, [B, n]."""
        s = x[:, self.robot.n :] + dt * a
        moving = self.regressor(x, a) @ self.parameters[: -2 * self.robot.n]
        return moving + self.damping * s + self.friction * _direction(s)

    def inverse_dynamics(self, q: Array, v: Array, a: Array) -> Array:
        """Return the efforts that give acceleration a [n] at q, v [n] at this instant, [n]."""
        return self.efforts(np.concatenate([q, v])[None], a[None], 0.0)[0]

    def regressor(self, x: Array, a: Array) -> Array:
        """Return Y(q, v, a) [B, n, inertial parameters]: efforts but for friction are Y theta."""
        n = self.robot.n
        (flat,) = self._regressor(x[:, :n], x[:, n:], a)
        return flat.reshape(len(x), -1, n).transpose(0, 2, 1)

    def mass_and_gravity(self, q: Array) -> tuple[Array, Array]:
        """Return the inertia, [n, n], and the efforts that hold still, [n], at q [n]."""
        mass, bias = self._mass_and_bias(q[None], np.zeros((1, len(q))), self.parameters)
        return _matrix(mass, len(q))[0], bias[0]

    def gravity_torque(self, q: Array) -> Array:
        """Return the efforts that hold the arm still at q [n], [n]."""
        return self.mass_and_gravity(q)[1]

    def mass_matrix(self, q: Array) -> Array:
        """Return the joint-space inertia at q [n], [n, n]."""
        return self.mass_and_gravity(q)[0]

    def _solve(self, x: Array, u: Array, dt: float) -> tuple[Array, Array, Array]:
        """The acceleration, the speed at the step's end, and the mass matrix.

        That speed minimises a convex energy, found by Newton steps with a line search.
        """
        n = self.robot.n
        q, v = x[:, :n], x[:, n:]
        mass, bias = self._mass_and_bias(q, v, self.parameters)
        mass = _matrix(mass, n)
        push = u - bias + self.damping * v  # the bias has the damping at the start

        def energy(s: Array) -> Array:
            away = s - v
            kinetic = np.einsum("...bi,bij,...bj->...b", away, mass, away) / (2.0 * dt)
            lost = 0.5 * self.damping * s**2 + self.friction * np.hypot(s, FRICTION_WIDTH)
            return kinetic + (lost - push * s).sum(axis=-1)

        s = v.copy()
        for _ in range(_ITERATIONS if self.friction.any() else 1):
            uphill = np.einsum("bij,bj->bi", mass, s - v) / dt - push
            uphill = uphill + self.damping * s + self.friction * _direction(s)
            step = np.linalg.solve(mass / dt + _diagonal(self._resistance(s)), -uphill[..., None])[
                ..., 0
            ]
            s = s + _shortened(step, s, energy)
            if np.abs(step).max(initial=0.0) < _TOLERANCE:
                break
        return (s - v) / dt, s, mass

    def _resistance(self, s: Array) -> Array:
        """How the friction of each joint grows with its speed, [B, n]."""
        slope = FRICTION_WIDTH**2 / np.hypot(s, FRICTION_WIDTH) ** 3
        return self.damping + self.friction * slope

    def _compile(self) -> None:
        robot = self.robot
        n, name = robot.n, robot.identifier
        q, v, a = (ca.SX.sym(letter, n) for letter in "qva")
        p = ca.SX.sym("p", parameter_count(robot))
        body = RigidBody(robot, p)
        mass_and_bias = [body.mass_matrix(q), body.bias(q, v)]
        self._mass_and_bias = compile_batch(
            ca.Function(f"{name}_mass", [q, v, p], ca.cse(mass_and_bias))
        )
        efforts = body.inverse_dynamics(q, v, a)
        slopes = [ca.jacobian(efforts, q), ca.jacobian(efforts, v)]
        self._slopes = compile_batch(
            ca.Function(f"{name}_inverse_slopes", [q, v, a, p], ca.cse(slopes))
        )
        inertial = ca.jacobian(efforts, p)[:, : inertial_count(robot)]
        self._regressor = compile_batch(
            ca.Function(f"{name}_regressor", [q, v, a], [ca.cse(ca.densify(inertial))])
        )


def _shortened(step: Array, s: Array, energy: Callable[[Array], Array]) -> Array:
    """The share of each Newton step that lowers the energy most; small steps are left whole."""
    large = np.flatnonzero(np.abs(step).max(axis=1) > 0.1 * FRICTION_WIDTH)
    if not large.size:
        return step
    tried = _FRACTIONS[:, None, None] * step
    best = np.zeros(len(step), dtype=np.intp)
    best[large] = energy(s + tried).argmin(axis=0)[large]
    return tried[best, np.arange(len(step))]


def _direction(s: Array) -> Array:
    return s / np.hypot(s, FRICTION_WIDTH)


def _matrix(flat: Array, n: int) -> Array:
    """Kernels give matrices column by column."""
    return flat.reshape(-1, n, n).transpose(0, 2, 1)


def _diagonal(values: Array) -> Array:
    return values[..., None] * np.eye(values.shape[-1])
