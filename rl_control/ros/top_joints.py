"""The joints a dashboard shows: from joint states, the goal, a description or settings."""

from __future__ import annotations

from collections.abc import Sequence

from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.report.dashboard.data import UNKNOWN, JointShown
from rl_control.ros.top_limits import (
    Bounds,
    Described,
    from_description,
    from_settings,
    read_settings,
)


class JointWatch:
    """What has been heard of joints so far."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[float, float, float]] = {}
        self._goal: dict[str, float] = {}
        self._described, self._named = Described(), Described()
        self._robot = ""

    @property
    def bounds(self) -> dict[str, Bounds]:
        """Limits by joint, in the arm's order; {} while they are not known."""
        return {**self._named.bounds, **self._described.bounds}

    @property
    def robot(self) -> str:
        """Name of the arm; "" while it is not known."""
        return self._described.robot or self._named.robot

    def state(self, message: JointStateMessage) -> None:
        """Take a joint state; a value that is not there, or one too few, is unknown."""
        size = len(message.name)
        columns = [
            values if len(values) == size else [UNKNOWN] * size
            for values in (message.position, message.velocity, message.effort)
        ]
        for name, *row in zip(message.name, *columns, strict=True):
            self._states[name] = float(row[0]), float(row[1]), float(row[2])

    def goal(self, message: JointStateMessage) -> None:
        """Take the joint vector aimed at."""
        self._goal = dict(zip(message.name, message.position, strict=False))

    def description(self, text: str) -> None:
        """Take the arm's URDF."""
        self._described = from_description(text, "robot_description")

    def settings(self, text: str) -> None:
        """Take the controller's settings."""
        settings = read_settings(text)
        robot = str(settings.get("robot", ""))
        if robot != self._robot:  # what else may change is no matter of limits
            self._robot, self._named = robot, from_settings(settings)

    def shown(self) -> tuple[JointShown, ...]:
        """Return the joints in the arm's order; those that it does not have come last."""
        bounds = self.bounds
        known = [name for name in bounds if name in self._states]
        names = known + [name for name in self._states if name not in bounds]
        return tuple(self._joint(name, bounds.get(name, Bounds())) for name in names)

    def notes(self) -> Sequence[str]:
        """Return what is amiss, one sentence each."""
        notes = [said.problem for said in (self._described, self._named) if said.problem]
        bounds = self.bounds
        if self._states and not bounds and not notes:
            notes.append("no robot_description: joints are shown without their limits")
        elif self._states and bounds and not set(self._states) & set(bounds):
            notes.append("robot_description and joint states are of different arms")
        return notes

    def _joint(self, name: str, bounds: Bounds) -> JointShown:
        return JointShown(
            name,
            *self._states[name],
            self._goal.get(name, UNKNOWN),
            bounds.lower,
            bounds.upper,
            bounds.velocity,
            bounds.effort,
        )
