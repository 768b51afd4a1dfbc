"""Rigid-body parameters from motion: least squares on the regressor, kept physically possible.

The efforts of an arm are linear in its regrouped parameters, tau = Y(q, v, a) theta + D v +
F v / sqrt(v^2 + width^2), and a link's mass distribution is possible where its pseudo-inertia P, a
4 x 4 matrix linear in its ten parameters, is positive definite. Minimised is

    1/2 sum |tau - tau(theta)|^2 / sigma^2 + w^2 sum_links [tr(P0^-1 P) - log det P] + ...

with a like term for friction: convex, without an end but that of the possible arms, and shortest
for the prior P0. Along what motion has not shown, the arm stays the prior.

Sources: Atkeson, An and Hollerbach, "Estimation of inertial parameters of manipulator loads and
links" (1986); Wensing, Kim and Slotine, "Linear matrix inequalities for physically consistent
inertial parameter identification" (2018); Lee, Wensing and Park, "Geometric robot dynamic
identification: a convex programming approach" (2020) for the distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.models.identification_settings import IdentificationConfig
from rl_control.models.mechanics import FRICTION_WIDTH, Mechanics
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import full_parameters, regrouping, with_full_parameters
from rl_control.types import Array

_ROUNDS = 3  # of weighing joints and outliers anew
_HUBER = 2.0  # standard deviations from which on a residual counts less
_BLOCK = 4096  # transitions whose regressors are held at once
_FRICTION_SHARE = 0.01  # of the effort limits: the unit of friction
_ITERATIONS = 200
_TOLERANCE = 1e-6  # of the objective, in units of the prior's weight
_LEAST_SHARE = 1e-12
_THINNEST = 1e-6  # of the prior's extent, what a link may shrink to in any direction
_ACCEPTED = 0.1  # of the decrease a step promises
_LEAST_ROWS = 50
_LEAST_DEVIATION = 1e-4  # of the efforts' own: no model is better than that


@dataclass(frozen=True)
class Identified:
    """What was found.

    Attributes:
        robot: the arm with the parameters found.
        deviation: standard deviation of the efforts that the parameters leave, [n].
        rows: number of equations used of each joint, [n].
    """

    robot: RobotModel
    deviation: Array
    rows: NDArray[np.int64]


def identify(
    prior: Mechanics, data: TransitionDataset, config: IdentificationConfig | None = None
) -> Identified:
    """Return the parameters that explain the motion in `data` best.

    Args:
        prior: the arm as known before; its damping and friction are not used.
        data: transitions over 0.005 to 0.02 s.
        config: how much the prior counts.

    Raises:
        DataError: if a joint hardly moved.
        JointMismatchError: if `data` lacks a joint.
    """
    config = config or IdentificationConfig()
    robot = prior.robot
    data = data.ordered(robot.names)
    equations = _Equations(prior, data, config.least_speed)
    _refuse_still_joints(equations, data)
    search = _Search(robot, config.prior)
    vector, weights = search.start(), np.ones_like(equations.efforts)
    efforts = np.maximum(np.std(equations.efforts, axis=0), 1e-9)
    deviation = efforts
    for _ in range(_ROUNDS):
        vector = search.fit(equations.normal(weights / deviation**2), vector)
        left = equations.residuals(search.parameters(vector))
        deviation = np.maximum(_spread(left, equations.used), _LEAST_DEVIATION * efforts)
        weights = np.minimum(1.0, _HUBER * deviation / np.maximum(np.abs(left), 1e-12))
    full, damping, friction = search.links(vector)
    return Identified(
        robot=with_full_parameters(robot, full, damping, friction),
        deviation=deviation,
        rows=equations.used.sum(axis=0),
    )


class _Equations:
    """Efforts and regressors of all transitions, taken at their middle."""

    def __init__(self, mechanics: Mechanics, data: TransitionDataset, least_speed: float) -> None:
        n = data.n
        middle = 0.5 * (data.states + data.next_states)
        self._mechanics, self._x = mechanics, middle
        self._a = (data.next_states[:, n:] - data.states[:, n:]) / data.dt
        v = middle[:, n:]
        slowest = np.minimum(np.abs(data.states[:, n:]), np.abs(data.next_states[:, n:]))
        turned = np.sign(data.states[:, n:]) != np.sign(data.next_states[:, n:])
        self.used = (slowest >= least_speed) & ~turned
        self.efforts = data.controls
        self._rubbing = np.stack([v, v / np.hypot(v, FRICTION_WIDTH)])  # [2, M, n]

    def normal(self, weights: Array) -> tuple[Array, Array]:
        """Return H and g of 1/2 p' H p - g' p, the weighted sum of squares, [P, P] and [P]."""
        size = self._rows(slice(0, 1))[0].shape[-1]
        matrix, vector = np.zeros((size, size)), np.zeros(size)
        for block in self._blocks():
            rows, efforts = self._rows(block), self.efforts[block]
            weighted = rows * (weights[block] * self.used[block])[:, :, None]
            matrix += np.einsum("bnp,bnq->pq", weighted, rows, optimize=True)
            vector += np.einsum("bnp,bn->p", weighted, efforts, optimize=True)
        return matrix, vector

    def residuals(self, parameters: Array) -> Array:
        """Return efforts minus those that the parameters give, [M, n]."""
        return np.concatenate(
            [self.efforts[block] - self._rows(block) @ parameters for block in self._blocks()]
        )

    def _blocks(self) -> list[slice]:
        return [slice(k, k + _BLOCK) for k in range(0, len(self._x), _BLOCK)]

    def _rows(self, block: slice) -> Array:
        """Regressors with the columns of damping and friction, [B, n, P]."""
        inertial = self._mechanics.regressor(self._x[block], self._a[block])
        eye = np.eye(inertial.shape[1])
        rubbing = [column[block][:, :, None] * eye for column in self._rubbing]
        return np.concatenate([inertial, *rubbing], axis=2)


class _Search:
    """A convex problem in all links' ten parameters, then damping and friction; see above."""

    def __init__(self, robot: RobotModel, weight: float) -> None:
        n = robot.n
        self._n, self._weight = n, weight**2
        self._prior = full_parameters(robot)
        prior = pseudo_inertia(self._prior)
        self._prior_inverse = np.linalg.inv(prior)
        self._least_roots = _THINNEST * _root_diagonals(prior)
        finite = np.where(np.isfinite(robot.limits.velocity), robot.limits.velocity, 1.0)
        self._units = _FRICTION_SHARE * np.concatenate(
            [robot.limits.effort / finite, robot.limits.effort]
        )
        inertial = regrouping(robot)
        self._regrouping = np.zeros((len(inertial) + 2 * n, 12 * n))
        self._regrouping[: len(inertial), : 10 * n] = inertial
        self._regrouping[len(inertial) :, 10 * n :] = np.eye(2 * n)

    def start(self) -> Array:
        """The prior, with a unit of friction."""
        return np.concatenate([self._prior.ravel(), self._units])

    def links(self, z: Array) -> tuple[Array, Array, Array]:
        """Return full parameters [n, 10], damping [n] and friction [n]."""
        n = self._n
        return z[: 10 * n].reshape(n, 10), z[10 * n : 11 * n], z[11 * n :]

    def parameters(self, z: Array) -> Array:
        """Return the regrouped parameters, damping and friction, [P]."""
        return self._regrouping @ z

    def fit(self, normal: tuple[Array, Array], z: Array) -> Array:
        """Return the z that explains the data best, from a first guess, by Newton's method."""
        matrix = self._regrouping.T @ normal[0] @ self._regrouping
        vector = self._regrouping.T @ normal[1]
        for _ in range(_ITERATIONS):
            gradient, curvature = self._expand(z)
            gradient = matrix @ z - vector + gradient
            scale = 1.0 / np.sqrt(np.diag(matrix + curvature))
            scaled = scale[:, None] * (matrix + curvature) * scale
            step = -scale * np.linalg.solve(scaled, scale * gradient)
            promised = -gradient @ step
            if promised < _TOLERANCE * self._weight:
                break
            z = z + self._share(matrix, vector, z, step, promised) * step
        return z

    def _share(self, matrix: Array, vector: Array, z: Array, step: Array, promised: float) -> float:
        """How much of a step stays possible and keeps a part of what it promises."""
        share, before = 1.0, self._distance(z)
        while share > _LEAST_SHARE:
            there = self._distance(z + share * step)
            moved = share * step
            change = moved @ (matrix @ (z + 0.5 * moved) - vector) + there - before
            if change <= -_ACCEPTED * share * promised:
                return share
            share *= 0.5
        return 0.0

    def _distance(self, z: Array) -> float:
        """What z costs for being away from the prior; infinite where no arm is like that."""
        full, *_ = self.links(z)
        rubbing = z[10 * self._n :] / self._units
        try:
            roots = _root_diagonals(pseudo_inertia(full))
        except np.linalg.LinAlgError:
            return np.inf
        if (rubbing <= 0.0).any() or (roots < self._least_roots).any():
            return np.inf
        logs = 2.0 * np.log(roots).sum()
        traces = np.einsum("nij,nji->", self._prior_inverse, pseudo_inertia(full))
        return float(self._weight * (traces - logs + (rubbing - np.log(rubbing)).sum()))

    def _expand(self, z: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of the distance."""
        n, weight = self._n, self._weight
        full, *_ = self.links(z)
        inverse = np.linalg.inv(pseudo_inertia(full))
        turned = np.einsum("nij,kjl->nkil", inverse, _BASIS)
        away = self._prior_inverse - inverse
        slope = np.einsum("nij,kji->nk", away, _BASIS)
        curvature = np.zeros((12 * n, 12 * n))
        blocks = np.einsum("nkij,nlji->nkl", turned, turned)
        for i in range(n):
            curvature[10 * i : 10 * i + 10, 10 * i : 10 * i + 10] = blocks[i]
        rubbing = z[10 * n :]
        curvature[range(10 * n, 12 * n), range(10 * n, 12 * n)] = 1.0 / rubbing**2
        gradient = np.concatenate([slope.ravel(), 1.0 / self._units - 1.0 / rubbing])
        return weight * gradient, weight * curvature


def _root_diagonals(pseudo: Array) -> Array:
    return np.diagonal(np.linalg.cholesky(pseudo), axis1=1, axis2=2)


def pseudo_inertia(full: Array) -> Array:
    """The pseudo-inertia [n, 4, 4] of links of ten parameters each, [n, 10]."""
    mass, moment, inertia = full[:, 0], full[:, 1:4], _symmetric(full[:, 4:])
    trace = np.trace(inertia, axis1=1, axis2=2)
    found = np.empty((len(full), 4, 4))
    found[:, :3, :3] = 0.5 * trace[:, None, None] * np.eye(3) - inertia
    found[:, :3, 3] = found[:, 3, :3] = moment
    found[:, 3, 3] = mass
    return found


def parameters_of(pseudo: Array) -> Array:
    """The ten parameters [n, 10] of pseudo-inertias [n, 4, 4]; linear."""
    second = pseudo[:, :3, :3]
    inertia = np.trace(second, axis1=1, axis2=2)[:, None, None] * np.eye(3) - second
    rows, columns = np.triu_indices(3)
    upper = inertia[:, rows, columns]
    return np.concatenate([pseudo[:, 3, 3:], pseudo[:, :3, 3], upper], axis=1)


def _symmetric(upper: Array) -> Array:
    found = np.empty((len(upper), 3, 3))
    rows, columns = np.triu_indices(3)
    found[:, rows, columns] = found[:, columns, rows] = upper
    return found


def _spread(left: Array, used: NDArray[np.bool_]) -> Array:
    """Robust standard deviation of each joint's residuals, [n]."""
    absolute = np.where(used, np.abs(left), np.nan)
    return 1.4826 * np.nanmedian(absolute, axis=0)


def _refuse_still_joints(equations: _Equations, data: TransitionDataset) -> None:
    counts = equations.used.sum(axis=0)
    if (counts < _LEAST_ROWS).any():
        joint = int(np.argmin(counts))
        raise DataError(
            "identification",
            f"joint '{data.names[joint]}' moves in {counts[joint]} transitions, {_LEAST_ROWS} are "
            "needed",
            "Record motion of all joints, for example with rl_control collect.",
        )


_BASIS = pseudo_inertia(np.eye(10))  # [10, 4, 4]
