"""What a policy sees of the arm and of its goal, part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.errors import UnknownNameError
from rl_control.types import Array, Goal

Tip = Callable[[Array], tuple[Array, Array]]
"""Tip positions [B, 3] in [m] and rotations [B, 3, 3] at joint positions [B, n]."""

_OF_JOINTS = ("position", "velocity", "posture", "posture_error")
_OF_TIP = ("tip", "target", "tip_error", "orientation_error")
PARTS = (*_OF_JOINTS, *_OF_TIP)
"""Parts that an observation may have.

position, velocity: of the joints, [n];
posture: joint positions that reach the goal, [n];
posture_error: what the positions lack of those, [n];
tip, target, tip_error: tip position, the goal's, and what the tip lacks of it, [3] in [m];
orientation_error: rotation vector from the tip's rotation to the goal's, [3] in base axes in [rad];
zero for a goal that leaves the rotation free.
"""

COMPLETE = ("position", "velocity", "posture_error", "target", "tip_error")


@dataclass(frozen=True)
class ObservationLayout:
    """The parts of an observation, in their order.

    Attributes:
        names: joint names, [n].
        parts: out of `PARTS`.

    Raises:
        UnknownNameError: if there is no such part.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...] = COMPLETE

    def __post_init__(self) -> None:
        for part in self.parts:
            if part not in PARTS:
                raise UnknownNameError("part of an observation", part, PARTS)

    @property
    def size(self) -> int:
        """Number of entries."""
        return sum(self.width(part) for part in self.parts)

    def width(self, part: str) -> int:
        """Number of entries of one part."""
        return len(self.names) if part in _OF_JOINTS else 3

    @property
    def needs_tip(self) -> bool:
        """Whether some part depends on where the tip is."""
        return any(part in ("tip", "tip_error", "orientation_error") for part in self.parts)

    def of(self, q: Array, v: Array, goals: Array, tip: Tip) -> Array:
        """Return the observations, [B, size].

        Args:
            q: joint positions, [B, n].
            v: joint velocities, [B, n].
            goals: of `goal_rows`, [B, n + 13], or one row for all.
            tip: where the tip is; asked only if some part needs it.
        """
        wanted = Wanted.split(np.broadcast_to(goals, (len(q), goals.shape[-1])))
        position, rotation = tip(q) if self.needs_tip else (np.zeros((len(q), 3)), None)
        columns = []
        for part in self.parts:
            if part == "orientation_error":
                assert rotation is not None
                columns.append(wanted.oriented * _rotation_error(rotation, wanted.rotation))
            else:
                columns.append(_part(part, q, v, position, wanted))
        return np.hstack(columns)


@dataclass(frozen=True)
class Wanted:
    """Goals as columns of numbers.

    Attributes:
        position: [B, 3].
        posture: [B, n].
        rotation: [B, 9], row by row.
        oriented: 1 where the rotation counts, [B, 1].
    """

    position: Array
    posture: Array
    rotation: Array
    oriented: Array

    @staticmethod
    def split(rows: Array) -> Wanted:
        """Take rows of `goal_rows` apart."""
        return Wanted(rows[:, :3], rows[:, 3:-10], rows[:, -10:-1], rows[:, -1:])


def goal_rows(goals: Sequence[Goal]) -> Array:
    """Return goals as numbers, [B, n + 13]: position, posture, rotation, and whether it counts."""
    rows = []
    for goal in goals:
        rotation = np.eye(3) if goal.rotation is None else goal.rotation
        counts = [float(goal.rotation is not None)]
        rows.append(np.concatenate([goal.position, goal.posture, rotation.reshape(-1), counts]))
    return np.array(rows)


def _part(part: str, q: Array, v: Array, tip: Array, wanted: Wanted) -> Array:
    known: dict[str, Callable[[], Array]] = {
        "position": lambda: q,
        "velocity": lambda: v,
        "posture": lambda: wanted.posture,
        "posture_error": lambda: wanted.posture - q,
        "tip": lambda: tip,
        "target": lambda: wanted.position,
        "tip_error": lambda: wanted.position - tip,
    }
    return known[part]()


def _rotation_error(rotation: Array, wanted: Array) -> Array:
    """Rotation vectors, [B, 3] in [rad], that turn `rotation` [B, 3, 3] to `wanted` [B, 9].

    Smooth but at half a turn: (sin angle) axis, made as long as the angle.
    """
    turn = wanted.reshape(-1, 3, 3) @ rotation.transpose(0, 2, 1)
    sine = 0.5 * _unskewed(turn)
    length = np.linalg.norm(sine, axis=1, keepdims=True)
    cosine = 0.5 * (np.trace(turn, axis1=1, axis2=2)[:, None] - 1.0)
    angle = np.arctan2(length, cosine)
    scale = np.where(length > 1e-9, angle / np.maximum(length, 1e-9), 1.0)
    return np.asarray(sine * scale)


def _unskewed(matrix: NDArray[np.float64]) -> Array:
    return np.stack(
        [
            matrix[:, 2, 1] - matrix[:, 1, 2],
            matrix[:, 0, 2] - matrix[:, 2, 0],
            matrix[:, 1, 0] - matrix[:, 0, 1],
        ],
        axis=1,
    )
