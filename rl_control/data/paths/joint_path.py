"""A joint path over time, as it comes from a file, a recording or a planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.types import Array, joint_index

MOST_SPEED = 2.0
"""Multiple of a joint's greatest speed between two points beyond which a path jumps."""


@dataclass(frozen=True)
class JointPath:
    """Joint positions at given times.

    Attributes:
        names: joint names, [n].
        times: [T] in [s], increasing, T >= 2.
        positions: [T, n] in [rad] or [m].
        velocities: [T, n] in [rad/s] or [m/s]; None where nobody said.
        source: where it came from, named in errors.

    Raises:
        DataError: if it has fewer than two points, a joint twice, or times that do not increase.
        ShapeError: if a table has not one row a time and one column a joint.
        NonFiniteError: if a number is not finite.
    """

    names: tuple[str, ...]
    times: Array
    positions: Array
    velocities: Array | None = None
    source: str = "joint path"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        times = np.array(self.times, dtype=np.float64).reshape(-1)
        object.__setattr__(self, "times", times)
        shape = (len(times), len(self.names))
        for what in ("positions", "velocities"):
            table = getattr(self, what)
            if table is not None:
                table = np.array(table, dtype=np.float64)
                if table.shape != shape:
                    raise ShapeError(f"{self.source}, {what}", table.shape, shape)
                object.__setattr__(self, what, table)
        self._check()

    @property
    def duration(self) -> float:
        """Time from the first point to the last in [s]."""
        return float(self.times[-1] - self.times[0])

    def ordered(self, names: Sequence[str]) -> JointPath:
        """Return the path of the joints `names` in that order; other joints are dropped.

        Raises:
            JointMismatchError: if a joint of `names` is missing here.
        """
        index = joint_index(self.names, names)
        velocities = None if self.velocities is None else self.velocities[:, index]
        return JointPath(
            tuple(names), self.times, self.positions[:, index], velocities, self.source
        )

    def others(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the joints here that are not among `names`."""
        return tuple(name for name in self.names if name not in names)

    def between(self, start: float, end: float) -> JointPath:
        """Return the points from `start` to `end` [s] after the first one.

        Raises:
            DataError: if fewer than two are left.
        """
        since = self.times - self.times[0]
        kept = (since >= start) & (since <= end)
        if kept.all():
            return self
        if np.count_nonzero(kept) < 2:
            raise DataError(
                self.source,
                f"found {np.count_nonzero(kept)} point(s) from {start:g} s to {end:g} s",
                f"Choose a part of its {self.duration:.4g} s.",
            )
        velocities = None if self.velocities is None else self.velocities[kept]
        return JointPath(
            self.names, self.times[kept], self.positions[kept], velocities, self.source
        )

    def check_jumps(self, speed: Array) -> None:
        """Find where a joint jumps: two points with more way between them than the joint can go.

        Args:
            speed: greatest speed of each joint, [n] in [rad/s] or [m/s].

        Raises:
            DataError: naming the first such place.
        """
        found = np.abs(np.diff(self.positions, axis=0)) / np.diff(self.times)[:, None]
        beyond = found > MOST_SPEED * speed
        if beyond.any():
            k, i = np.argwhere(beyond)[0]
            raise DataError(
                self.source,
                f"{self.names[i]} jumps from {self.positions[k, i]:.4g} to "
                f"{self.positions[k + 1, i]:.4g} between {self.times[k]:.4g} s and "
                f"{self.times[k + 1]:.4g} s: {found[k, i]:.4g} a second, the joint goes "
                f"{speed[i]:.4g}",
                "Cut the path there, or give this way more time.",
            )

    def _check(self) -> None:
        if len(self.times) < 2:
            raise DataError(
                self.source, f"found {len(self.times)} point(s)", "A path has two or more."
            )
        for i, name in enumerate(self.names):
            if name in self.names[:i]:
                raise DataError(self.source, f"joint {name} appears twice", "Name each one once.")
        for what in ("times", "positions", "velocities"):
            table = getattr(self, what)
            if table is not None and not np.isfinite(table).all():
                at = np.argwhere(~np.isfinite(table))[0]
                joint = f", joint {self.names[at[1]]}" if len(at) > 1 else ""
                raise NonFiniteError(f"{self.source}, {what}", f"point {at[0]}{joint}")
        steps = np.diff(self.times)
        if not (steps > 0.0).all():
            k = int(np.argmin(steps > 0.0))
            raise DataError(
                self.source,
                f"time does not increase: {self.times[k]:.9g} s is followed by "
                f"{self.times[k + 1]:.9g} s (points {k} and {k + 1})",
                "Order the points by time, and give each time once.",
            )
