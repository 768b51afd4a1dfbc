"""Inverse kinematics: from a tip pose to a joint vector within the limits.

Levenberg-Marquardt from many starts at once, all rows in step:

    minimise |p_target - p(q)|^2 + (s |log(R_target R(q)^T)|)^2   subject to  lower <= q <= upper
    dq = J^T (J J^T + damping I)^-1 e,    joints pressed against a limit left out

Source: Nakamura and Hanafusa (1986) for the damped step; the damping follows Marquardt (1963).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from rl_control.errors import ConfigError, NonFiniteError
from rl_control.kernels import BatchFunction, compile_batch
from rl_control.robot.kinematics import tip_jacobian
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.robot.rotation import rotation_log
from rl_control.types import Array, JointLimits, as_vector

_ARM_LENGTH = 0.3  # [m], turns radians of orientation error into metres
_CONVERGED = 1e-12  # [m^2], squared error at which a start is done
_DRAWN = 16  # nearest solutions that are drawn nearer still
_GREATEST_STEP = 0.5  # [rad] or [m] a joint an iteration


@dataclass(frozen=True)
class IkResult:
    """The best joint vector found.

    Attributes:
        q: joint positions, [n] in [rad] or [m].
        position_error_m: distance of the tip from the target in [m].
        rotation_error_rad: angle between tip and target rotation in [rad]; 0 if it is free.
        reachable: whether both errors are within tolerance and `q` is acceptable.
        refused: number of solutions that reach the target but were not acceptable.
    """

    q: Array
    position_error_m: float
    rotation_error_rad: float
    reachable: bool
    refused: int = 0


@dataclass(frozen=True)
class _Rows:
    """Starts under way: q [B, n], error e [B, m], Jacobian [B, m, n], squared error [B]."""

    q: Array
    error: Array
    jacobian: Array
    cost: Array


class InverseKinematics:
    """Finds joint vectors that bring the tip of one arm to a pose.

    Args:
        robot: the arm.
        starts: number of joint vectors to start from.
        iterations: greatest number of steps from each.
    """

    def __init__(self, robot: RobotModel, starts: int = 48, iterations: int = 60) -> None:
        self.robot = robot
        self._error = _error_kernel(robot)
        self._starts, self._iterations = starts, iterations

    def solve(
        self,
        position: ArrayLike,
        rotation: ArrayLike | None = None,
        q_start: ArrayLike | None = None,
        limits: JointLimits | None = None,
        tolerance: float = 1e-3,
        rotation_tolerance: float = 1e-2,
        acceptable: Callable[[Array], bool] | None = None,
        rng: Generator | None = None,
    ) -> IkResult:
        """Return the solution that is reached soonest from `q_start`, or the nearest miss.

        Travel time is that of the slowest joint at its greatest speed. Where the arm is
        redundant, the solution is drawn towards `q_start` without moving the tip.

        Args:
            position: tip target in the base frame, [3] in [m].
            rotation: tip rotation, [3, 3]; None leaves it free.
            q_start: joint positions now, [n]; default: the robot's home.
            limits: joint limits to keep; default: the robot's.
            tolerance: greatest position error in [m].
            rotation_tolerance: greatest rotation error in [rad].
            acceptable: further demand on a solution (free of collision, ...).
            rng: draws the starts; default: a fixed seed, so the same call gives the same answer.

        Raises:
            ShapeError: if an argument has the wrong size.
            NonFiniteError: if an argument is not finite.
            ConfigError: if `rotation` is no rotation matrix.
        """
        target = _finite(as_vector(position, 3, "target position"), "target position")
        turn = None if rotation is None else _rotation(rotation)
        n = self.robot.n
        here = self.robot.home if q_start is None else as_vector(q_start, n, "q_start")
        limits = limits or self.robot.limits
        bounds = _bounds(_finite(here, "q_start"), limits)
        rows = self._descend(
            self._draw(here, bounds, rng or np.random.default_rng(0)), target, turn, bounds
        )
        rows = self._draw_near(rows, here, target, turn, bounds)
        return _choose(rows, here, limits, tolerance, rotation_tolerance, acceptable)

    def _draw(self, here: Array, bounds: tuple[Array, Array], rng: Generator) -> Array:
        """Starts: where the arm is, a quarter of them around it, the others anywhere."""
        lower, upper = bounds
        starts = rng.uniform(lower, upper, (self._starts, self.robot.n))
        near = self._starts // 4
        starts[:near] = here + rng.normal(size=(near, self.robot.n)) * 0.15 * (upper - lower)
        starts[0] = here
        return np.clip(starts, lower, upper)

    def _descend(
        self, q: Array, target: Array, turn: Array | None, bounds: tuple[Array, Array]
    ) -> _Rows:
        """Reduce the error of every start until it vanishes or the iterations run out."""
        done = self._at(q, target, turn)
        damping = np.full(len(q), 1e-2)
        for _ in range(self._iterations):
            # A row whose damping has grown this far has met a local minimum.
            going = np.flatnonzero((done.cost > _CONVERGED) & (damping < 10.0))
            if not going.size:
                break
            rows = _take(done, going)
            step = _damped_step(rows, damping[going], bounds)
            tried = self._at(np.clip(rows.q + step, *bounds), target, turn)
            better = tried.cost < rows.cost
            much = tried.cost < 0.98 * rows.cost
            damping[going] *= np.where(much, 0.2, np.where(better, 2.0, 5.0))
            damping = np.maximum(damping, 1e-7)
            _put(done, going[better], _take(tried, better))
        return done

    def _draw_near(
        self,
        rows: _Rows,
        here: Array,
        target: Array,
        turn: Array | None,
        bounds: tuple[Array, Array],
    ) -> _Rows:
        """Move solutions towards `here` through the null space of the Jacobian, then correct."""
        size = rows.error.shape[1]
        good = np.flatnonzero(rows.cost < 1e-6)
        if size >= self.robot.n or not good.size:
            return rows
        far = np.abs(rows.q[good] - here).max(axis=1)
        q = rows.q[good[np.argsort(far)[:_DRAWN]]]
        for _ in range(8):
            at = self._at(q, target, turn)
            square = at.jacobian @ at.jacobian.transpose(0, 2, 1) + 1e-6 * np.eye(size)
            wish = np.clip(here - q, -_GREATEST_STEP, _GREATEST_STEP) * 0.5
            # One solve both corrects the tip and takes its motion out of the wish.
            lift = np.linalg.solve(square, (at.error - _times(at.jacobian, wish))[..., None])
            q = np.clip(q + wish + _times(at.jacobian.transpose(0, 2, 1), lift[..., 0]), *bounds)
        nearer = self._descend(q, target, turn, bounds)
        return _Rows(
            *(
                np.concatenate([getattr(rows, name), getattr(nearer, name)])
                for name in ("q", "error", "jacobian", "cost")
            )
        )

    def _at(self, q: Array, target: Array, turn: Array | None) -> _Rows:
        n = self.robot.n
        error, jacobian = self._error(
            q, target, np.eye(3).reshape(-1) if turn is None else turn.T.reshape(-1)
        )
        jacobian = jacobian.reshape(-1, n, 6).transpose(0, 2, 1)  # kernels give columns first
        if turn is None:
            error, jacobian = error[:, :3], jacobian[:, :3]
        return _Rows(q, error, jacobian.copy(), np.einsum("bi,bi->b", error, error))


def _error_kernel(robot: RobotModel) -> BatchFunction:
    """Compile (q, target position, target rotation) -> scaled pose error [6], Jacobian [6, n]."""
    body, q = RigidBody(robot), ca.SX.sym("q", robot.n)
    target, turn = ca.SX.sym("target", 3), ca.SX.sym("turn", 3, 3)
    position, rotation = body.tip(q)
    angle = _ARM_LENGTH * rotation_log(ca.mtimes(turn, rotation.T))
    jacobian = ca.mtimes(ca.diag(ca.SX([1.0] * 3 + [_ARM_LENGTH] * 3)), tip_jacobian(body, q))
    outputs = ca.cse([ca.vertcat(target - position, angle), ca.densify(jacobian)])
    return compile_batch(ca.Function(f"{robot.identifier}_ik", [q, target, turn], outputs))


def _choose(
    rows: _Rows,
    here: Array,
    limits: JointLimits,
    tolerance: float,
    rotation_tolerance: float,
    acceptable: Callable[[Array], bool] | None,
) -> IkResult:
    misses = np.linalg.norm(rows.error[:, :3], axis=1)
    angles = np.linalg.norm(rows.error[:, 3:], axis=1) / _ARM_LENGTH
    travel = (np.abs(rows.q - here) / limits.velocity).max(axis=1)
    reaching = np.flatnonzero((misses <= tolerance) & (angles <= rotation_tolerance))
    refused = 0
    for i in reaching[np.argsort(travel[reaching])]:
        if acceptable is None or acceptable(rows.q[i]):
            return IkResult(rows.q[i], float(misses[i]), float(angles[i]), True, refused)
        refused += 1
    best = int(np.argmin(rows.cost))
    return IkResult(rows.q[best], float(misses[best]), float(angles[best]), False, refused)


def _damped_step(rows: _Rows, damping: Array, bounds: tuple[Array, Array]) -> Array:
    """The step of every row, [B, n], without the joints that it would press out of bounds."""
    downhill = _times(rows.jacobian.transpose(0, 2, 1), rows.error)
    pressed = ((rows.q <= bounds[0]) & (downhill < 0)) | ((rows.q >= bounds[1]) & (downhill > 0))
    jacobian = rows.jacobian * ~pressed[:, None, :]
    size = jacobian.shape[1]
    square = jacobian @ jacobian.transpose(0, 2, 1) + damping[:, None, None] * np.eye(size)
    lift = np.linalg.solve(square, rows.error[..., None])[..., 0]
    step = _times(jacobian.transpose(0, 2, 1), lift)
    longest = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, _GREATEST_STEP / np.maximum(longest, 1e-12))


def _times(matrices: Array, vectors: Array) -> Array:
    return (matrices @ vectors[..., None])[..., 0]


def _take(rows: _Rows, which: NDArray[Any]) -> _Rows:
    return _Rows(rows.q[which], rows.error[which], rows.jacobian[which], rows.cost[which])


def _put(rows: _Rows, where: NDArray[Any], new: _Rows) -> None:
    rows.q[where], rows.error[where] = new.q, new.error
    rows.jacobian[where], rows.cost[where] = new.jacobian, new.cost


def _bounds(here: Array, limits: JointLimits) -> tuple[Array, Array]:
    """Finite bounds: a joint without ends goes at most half a turn from where it is."""
    lower = np.where(np.isfinite(limits.lower), limits.lower, here - np.pi)
    upper = np.where(np.isfinite(limits.upper), limits.upper, here + np.pi)
    return lower, upper


def _finite(vector: Array, what: str) -> Array:
    if not np.isfinite(vector).all():
        raise NonFiniteError(what, f"entry {int(np.flatnonzero(~np.isfinite(vector))[0])}")
    return vector


def _rotation(values: ArrayLike) -> Array:
    matrix = _finite(as_vector(values, 9, "target rotation"), "target rotation").reshape(3, 3)
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix) < 0:
        raise ConfigError(
            "goal",
            "rotation",
            "its rows are not orthonormal and right-handed",
            "Give a rotation matrix, or a unit quaternion converted to one.",
        )
    return matrix
