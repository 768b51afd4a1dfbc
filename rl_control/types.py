"""The data that flows between rooms: frozen, named, in SI units.

Joint names travel with every vector, so that vectors are matched by name and never by index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.errors import JointMismatchError, ShapeError

Array = NDArray[np.float64]


def as_vector(values: Any, size: int, what: str) -> Array:
    """Return `values` as a float64 vector of `size` entries, or say what is wrong with it.

    Raises:
        ShapeError: if the length differs from `size`.
    """
    vector = np.array(values, dtype=np.float64).reshape(-1)
    if vector.size != size:
        raise ShapeError(what, found=vector.size, expected=size)
    return vector


@dataclass(frozen=True)
class JointLimits:
    """Interval limits of n joints.

    Attributes:
        names: joint names, [n].
        lower: least position, [n] in [rad] or [m] (-inf for a continuous joint).
        upper: greatest position, [n] in [rad] or [m] (+inf for a continuous joint).
        velocity: greatest speed, [n] in [rad/s] or [m/s].
        effort: greatest effort, [n] in [N m] or [N].
    """

    names: tuple[str, ...]
    lower: Array
    upper: Array
    velocity: Array
    effort: Array

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "velocity", "effort"):
            vector = as_vector(getattr(self, name), len(self.names), f"limits.{name}")
            object.__setattr__(self, name, vector)

    def scaled(self, velocity: float = 1.0, effort: float = 1.0) -> JointLimits:
        """Return these limits with speed and effort multiplied by the given factors."""
        return JointLimits(
            self.names, self.lower, self.upper, self.velocity * velocity, self.effort * effort
        )


@dataclass(frozen=True)
class JointState:
    """What the joint sensors report at one instant.

    Attributes:
        names: joint names, [n].
        position: [n] in [rad] or [m].
        velocity: [n] in [rad/s] or [m/s].
        effort: applied effort, [n] in [N m] or [N]; zeros where the arm does not report it.
        stamp: time of measurement in [s], on the clock of its source.
    """

    names: tuple[str, ...]
    position: Array
    velocity: Array
    effort: Array
    stamp: float

    def __post_init__(self) -> None:
        for name in ("position", "velocity", "effort"):
            vector = as_vector(getattr(self, name), len(self.names), f"joint state {name}")
            object.__setattr__(self, name, vector)

    @property
    def vector(self) -> Array:
        """The state x = (q, v), [2n]."""
        return np.concatenate([self.position, self.velocity])

    def ordered(self, names: Sequence[str]) -> JointState:
        """Return the joints `names` in that order; other joints are dropped.

        Raises:
            JointMismatchError: if a joint of `names` is missing here.
        """
        if tuple(names) == self.names:
            return self
        index = joint_index(self.names, names)
        return JointState(
            tuple(names),
            self.position[index],
            self.velocity[index],
            self.effort[index],
            self.stamp,
        )


@dataclass(frozen=True)
class Pose:
    """A frame's placement.

    Attributes:
        position: [3] in [m].
        rotation: rotation matrix, [3, 3].
    """

    position: Array
    rotation: Array


@dataclass(frozen=True)
class Goal:
    """Where the tip should be, and a joint vector that brings it there.

    Attributes:
        position: tip position in the base frame, [3] in [m].
        posture: joint positions that reach it (from inverse kinematics), [n] in [rad] or [m].
        rotation: tip orientation in the base frame, [3, 3]; None leaves it free.
    """

    position: Array
    posture: Array
    rotation: Array | None = None


@dataclass(frozen=True)
class Condition:
    """One situation that an episode of a task may begin in.

    Attributes:
        q: joint positions at the start, [n] in [rad] or [m].
        v: joint velocities at the start, [n] in [rad/s] or [m/s].
        goal: what is wanted at the start.
        scene: where each fixture stands in the base frame, by its name.
    """

    q: Array
    v: Array
    goal: Goal
    scene: Mapping[str, Pose] = field(default_factory=dict)


@dataclass(frozen=True)
class ArmState:
    """The state a controller acts on: joints, and the tip pose when a sensor gives one."""

    joints: JointState
    tip: Pose | None = None


@dataclass(frozen=True)
class Command:
    """One command for every joint of the arm.

    Attributes:
        names: joint names, [n].
        effort: effort to apply, [n] in [N m] or [N].
        stamp: time for which the command was computed in [s].
        position: position setpoint, [n] in [rad] or [m], for position-controlled arms.
        velocity: velocity setpoint, [n] in [rad/s] or [m/s], for velocity-controlled arms.
        reason: why the command is what it is: "" in normal running, else the safety filter's
            named reason.
    """

    names: tuple[str, ...]
    effort: Array
    stamp: float
    position: Array | None = None
    velocity: Array | None = None
    reason: str = ""


@dataclass(frozen=True)
class Trajectory:
    """States and controls over T steps.

    Attributes:
        names: joint names, [n].
        times: [T+1] in [s], increasing.
        states: [T+1, nx]; x = (q, v).
        controls: [T, nu]; joint efforts in [N m] or [N].
        tips: tip positions, [T+1, 3] in [m], or None.
        extra: further named series of length T or T+1 (solve times, costs, ...).
    """

    names: tuple[str, ...]
    times: Array
    states: Array
    controls: Array
    tips: Array | None = None
    extra: Mapping[str, Array] = field(default_factory=dict)

    @property
    def positions(self) -> Array:
        """Joint positions, [T+1, n]."""
        return self.states[:, : len(self.names)]

    @property
    def velocities(self) -> Array:
        """Joint velocities, [T+1, n]."""
        return self.states[:, len(self.names) : 2 * len(self.names)]


def joint_index(available: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp]:
    """Return where each joint of `wanted` stands in `available`, [len(wanted)].

    Raises:
        JointMismatchError: if one is missing.
    """
    where = {name: i for i, name in enumerate(available)}
    missing = [name for name in wanted if name not in where]
    if missing:
        raise JointMismatchError(missing=missing, available=list(available))
    return np.array([where[name] for name in wanted], dtype=np.intp)
