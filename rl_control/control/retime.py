"""Recorded motion that keeps an arm's limits: as it was where they allow it, slower where not."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from itertools import pairwise

import casadi as ca
import numpy as np

from rl_control.control.retime_curve import JointCurve, TimedPath, timed
from rl_control.control.retime_profile import PathBounds, quickest, softened
from rl_control.errors import DataError, ShapeError
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array, JointLimits

GRID = 0.01  # [s] of the recording between two points at which limits are kept
LEAST_POINTS, MOST_POINTS = 400, 20_000
SOFT = 0.1  # [s] of the recording over which a change of pace is spread
_CHECKED = (
    1e-6,
    *np.arange(0.1, 0.95, 0.1),
    1.0 - 1e-6,
)  # shares of a grid step at which limits are checked
TOLERANCE = 1e-6  # share of a limit by which rounding may exceed it
_LEAST_RATE = 1e-4  # ds/dt below which an arm does not get on
_SLOWINGS = 60
_SLOWING = 1.02


@dataclass(frozen=True)
class Breach:
    """The first place of a path that breaks a limit.

    Attributes:
        time: of it in [s] from the start.
        joint: its name.
        quantity: "position", "speed" or "effort".
        value: what was found, in the joint's unit.
        bound: what is allowed, in the same unit.
    """

    time: float
    joint: str
    quantity: str
    value: float
    bound: float

    def __str__(self) -> str:
        return (
            f"at {self.time:.3f} s, {self.joint}: {self.quantity} {self.value:.4g}, "
            f"allowed {self.bound:.4g}"
        )


class PathEfforts:
    """Efforts of an arm along paths: M(q) a + c(q, v) + g(q), without any friction.

    Attributes:
        damping: viscous friction of the joints, [n].
        friction: their Coulomb friction, [n].
    """

    def __init__(self, robot: RobotModel) -> None:
        body, n = RigidBody(robot), robot.n
        q, v, a = (ca.SX.sym(letter, n) for letter in "qva")
        self.damping = np.array([joint.damping for joint in robot.joints])
        self.friction = np.array([joint.friction for joint in robot.joints])
        self._inverse = ca.Function("inverse", [q, v, a], [body.inverse_dynamics(q, v, a)])

    def rigid(self, q: Array, v: Array, a: Array) -> Array:
        """Return the efforts, [K, n], at q, v, a [K, n] of an arm without friction."""
        moved = np.asarray(self._inverse(q.T, v.T, a.T).full(), dtype=np.float64).T
        efforts: Array = moved - self.damping * v
        return efforts

    def needed(self, q: Array, v: Array, a: Array) -> Array:
        """Return the efforts, [K, n], that move an arm so against its friction."""
        rubbing: Array = self.damping * v + self.friction * np.sign(v)
        return self.rigid(q, v, a) + rubbing


class Retimer:
    """Times joint paths for one arm.

    Args:
        robot: the arm.
        limits: what it may use; its own if not given.
    """

    def __init__(self, robot: RobotModel, limits: JointLimits | None = None) -> None:
        self.limits = limits or robot.limits
        self._efforts = PathEfforts(robot)

    def within(self, limits: JointLimits) -> Retimer:
        """Return the same for other limits."""
        other = copy.copy(self)
        other.limits = limits
        return other

    def retime(
        self,
        times: Array,
        positions: Array,
        velocities: Array | None = None,
        speed: float = 1.0,
        soft: float = SOFT,
        source: str = "joint path",
    ) -> TimedPath:
        """Return the path through points, no quicker than recorded, within all limits.

        Where the recorded timing keeps the limits it is kept. Elsewhere the arm goes as quickly as
        speed and effort limits allow, with its pace changing over `soft`. The arm is at rest at
        both ends.

        Args:
            times: recorded times, [T] in [s], increasing.
            positions: [T, n] in [rad] or [m].
            velocities: [T, n]; None to have them chosen.
            speed: multiple of the recorded speed that is asked for; infinity for the quickest.
            soft: time of the recording over which the pace changes in [s]; 0 for the quickest.
            source: of the path, named in errors.

        Raises:
            DataError: if the path leaves the position limits, the arm cannot be held somewhere on
                it, or it is not to move at all.
            ShapeError: if the joints are not the arm's.
        """
        n = len(self.limits.names)
        if positions.shape[1] != n:
            raise ShapeError(f"{source}, positions", positions.shape[1], n)
        if not speed > 0.0:
            raise DataError(source, f"found the speed {speed:g}", "Ask for more than 0.")
        curve = JointCurve(times - times[0], positions, velocities)
        s = self._grid(curve)
        q, slope, bend = curve.at(s)
        self._refuse(source, self._misplaced(s, q), "Change the path, or the joint's limits.")
        bounds = self._bounds(s, q, slope, bend, speed)
        self._refuse(source, self._sagging(s, q), "Take load off the arm, or lead it elsewhere.")
        x = quickest(bounds)
        if soft > 0.0:
            width = round(soft / float(bounds.steps.mean()))
            x = quickest(replace(bounds, cap=softened(x, width)))
        self._require_motion(source, s, x)
        return self._within(timed(self.limits.names, curve, s, x), source)

    def as_recorded(
        self, times: Array, positions: Array, velocities: Array | None = None
    ) -> TimedPath:
        """Return the path through points with its recorded timing, whatever the limits."""
        curve = JointCurve(times - times[0], positions, velocities)
        s = self._grid(curve)
        return timed(self.limits.names, curve, s, np.ones_like(s))

    def breach(self, path: TimedPath, tolerance: float = TOLERANCE) -> Breach | None:
        """Return where a path first breaks a limit by more than a share `tolerance` of it."""
        times = _instants(path)
        q, v, a = path.at(times)
        limits, allowed = self.limits, 1.0 + tolerance
        found = [
            self._misplaced(times, q),
            self._first(times, "speed", np.abs(v), limits.velocity * allowed),
            self._first(
                times, "effort", np.abs(self._efforts.needed(q, v, a)), limits.effort * allowed
            ),
        ]
        broken = [breach for breach in found if breach is not None]
        return min(broken, key=lambda breach: breach.time, default=None)

    def efforts(self, path: TimedPath, times: Array) -> Array:
        """Return the efforts, [K, n], that a path needs at `times` [K] in [s]."""
        return self._efforts.needed(*path.at(times))

    def _grid(self, curve: JointCurve) -> Array:
        """Grid points of s, [N+1]: every knot, where accelerations peak, and evenly between."""
        step = np.clip(GRID, curve.length / MOST_POINTS, curve.length / LEAST_POINTS)
        parts = [
            np.linspace(before, after, int(np.ceil((after - before) / step)), endpoint=False)
            for before, after in pairwise(curve.knots)
        ]
        return np.append(np.concatenate(parts), curve.length)

    def _bounds(self, s: Array, q: Array, slope: Array, bend: Array, speed: float) -> PathBounds:
        limits, efforts, still = self.limits, self._efforts, np.zeros_like(q)
        with np.errstate(divide="ignore"):
            cap = ((limits.velocity / np.abs(slope)) ** 2).min(axis=1)
        cap = np.minimum(cap, min(speed, 1.0 / _LEAST_RATE) ** 2)
        held = efforts.rigid(q, still, still)
        push = efforts.rigid(q, still, slope) - held
        curving = efforts.rigid(q, slope, bend) - held
        # Friction is nearly what it is at the greatest speed; what is left is mended in the end.
        rubbing = efforts.damping * slope * np.sqrt(cap)[:, None]
        room = limits.effort - efforts.friction
        up, down = room - held - np.maximum(rubbing, 0.0), room + held + np.minimum(rubbing, 0.0)
        return PathBounds(
            steps=np.diff(s),
            slope=np.hstack([push, -push]),
            curve=np.hstack([curving, -curving]),
            room=np.maximum(np.hstack([up, down]), 0.0),
            cap=cap,
        )

    def _within(self, path: TimedPath, source: str) -> TimedPath:
        """Slow a path down as a whole by the little that the grid and friction have left over.

        An arm that can be held everywhere keeps its limits once it is slow enough.
        """
        for _ in range(_SLOWINGS):
            breach = self.breach(path)
            if breach is None:
                return path
            path = path.slower(min(_SLOWING, max(1.0 + 1e-4, breach.value / breach.bound)))
        raise DataError(source, str(breach), "Take load off the arm, or lead it elsewhere.")

    def _misplaced(self, times: Array, q: Array) -> Breach | None:
        limits = self.limits
        below = self._first(times, "position", -q, -limits.lower + 1e-9)
        above = self._first(times, "position", q, limits.upper + 1e-9)
        found = [breach for breach in (below, above) if breach is not None]
        first = min(found, key=lambda breach: breach.time, default=None)
        if first is None or first is above:
            return first
        return Breach(first.time, first.joint, "position", -first.value, -first.bound)

    def _sagging(self, times: Array, q: Array) -> Breach | None:
        """Where the arm cannot even be held."""
        still = np.zeros_like(q)
        held = np.abs(self._efforts.rigid(q, still, still)) + self._efforts.friction
        return self._first(times, "effort to hold it", held, self.limits.effort)

    def _first(self, times: Array, quantity: str, found: Array, bound: Array) -> Breach | None:
        beyond = found > bound
        if not beyond.any():
            return None
        k = int(beyond.any(axis=1).argmax())
        i = int(np.argmax(np.where(beyond[k], found[k] - bound, -np.inf)))
        name = self.limits.names[i]
        return Breach(float(times[k]), name, quantity, float(found[k, i]), float(bound[i]))

    @staticmethod
    def _refuse(source: str, breach: Breach | None, remedy: str) -> None:
        if breach is not None:
            raise DataError(source, str(breach), remedy)

    @staticmethod
    def _require_motion(source: str, s: Array, x: Array) -> None:
        rates = np.sqrt(x)
        stuck = rates[:-1] + rates[1:] < 2.0 * _LEAST_RATE  # at one point alone it may stand still
        if stuck.any():
            raise DataError(
                source,
                f"the arm cannot pass {s[int(stuck.argmax())]:.3f} s with its speed and efforts",
                "Take load off the arm, or lead it elsewhere.",
            )


def _instants(path: TimedPath) -> Array:
    """Times at which limits are looked at: on both sides of every grid point, and between them."""
    steps = np.diff(path.times)[:, None] * np.array(_CHECKED)
    within: Array = (path.times[:-1, None] + steps).reshape(-1)
    return within
