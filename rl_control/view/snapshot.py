"""What is seen of an arm at one instant, and what shows it to a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rl_control.robot.model import RobotModel
from rl_control.types import Array, JointState

FINE, CAUTION, STOPPED = "fine", "caution", "stopped"


@dataclass(frozen=True)
class Target:
    """Where the tip shall be, in the base frame.

    Attributes:
        position: [3] in [m].
        rotation: [3, 3]; None leaves it free.
    """

    position: Array
    rotation: Array | None = None


@dataclass(frozen=True)
class Snapshot:
    """An arm at one instant.

    Attributes:
        joints: newest joint state.
        goal: what the controller aims at; None if it is not known.
        goals: how many goals it has been given; a change means a new one.
        refusal: why the newest target was refused; "" if it was not.
        plan: joint positions to come, [T, n], or None.
        level: FINE, CAUTION or STOPPED.
        summary: one line: what is going on, or what is wrong.
        measures: what is measured, by name, for the charts: "tip_error_mm", "solve_ms".
        readings: further lines of the panel, text by name.
        picture: newest of a camera, [H, W, 3], another object when there is a newer one; or None.
    """

    joints: JointState
    goal: Target | None = None
    goals: int = 0
    refusal: str = ""
    plan: Array | None = None
    level: str = FINE
    summary: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    picture: NDArray[np.uint8] | None = None


class Playback(Protocol):
    """Time that can be moved in.

    Attributes:
        duration: length in [s].
        time: where it is in [s].
        playing: whether time goes on.
        speed: seconds a second.
    """

    duration: float
    time: float
    playing: bool
    speed: float


class Source(Protocol):
    """Where an arm is seen, and by what it is moved."""

    @property
    def robot(self) -> RobotModel:
        """The arm."""
        ...

    @property
    def title(self) -> str:
        """What is seen, in a few words."""
        ...

    @property
    def waiting(self) -> str:
        """What is waited for while nothing is seen."""
        ...

    @property
    def playback(self) -> Playback | None:
        """Time of a recording; None where time cannot be moved in."""
        ...

    @property
    def can_move(self) -> bool:
        """Whether targets are taken at all."""
        ...

    @property
    def may_move(self) -> bool:
        """Whether a person may move the arm without allowing it first."""
        ...

    @property
    def can_reset(self) -> bool:
        """Whether it is a simulated arm that can be put back to its start."""
        ...

    def look(self) -> Snapshot | None:
        """Return what is seen now; None while nothing is."""
        ...

    def send(self, target: Target) -> None:
        """Let the controller take the tip to `target`."""
        ...

    def stop(self) -> str:
        """Bring the arm to rest; return at once, with what to say about it."""
        ...

    def start(self) -> str:
        """Go on after a stop; return at once, with what to say about it."""
        ...

    def reset(self) -> str:
        """Put a simulated arm back to its start; return at once, with what to say about it."""
        ...

    def close(self) -> None:
        """Leave the arm as it is, and end what was begun."""
        ...
