"""Where a controller's policies come from, and the process that reads newer ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_control.errors import RlControlError
from rl_control.policy.lanes import Network
from rl_control.robot.model import RobotModel
from rl_control.ros.model_shelf import (
    POLICY,
    check_followed,
    find_model,
    version_of,
    version_path,
    versions,
)
from rl_control.run.policy_check import check_alike, load_checked


@dataclass(frozen=True)
class PolicyVersion:
    """A policy, its number (0 for a file that is no version) and what its file says of it."""

    number: int
    policy: Network
    about: Mapping[str, Any]


@dataclass(frozen=True)
class PolicySource:
    """Where policies come from.

    Attributes:
        path: a policy's file, or a folder of versions.
        follow: take newer versions from the folder while running.

    Raises:
        ConfigError: if a file is to be followed.
    """

    path: Path
    follow: bool

    def __post_init__(self) -> None:
        if self.follow:
            check_followed(self.path, POLICY, "versions")

    def first(self, robot: RobotModel, period: float) -> PolicyVersion:
        """Return what acts at first.

        Args:
            robot: the arm.
            period: time between two states in [s].

        Raises:
            DataError: if there is no policy, or a damaged one.
            PolicyError: if it is of another arm, or ticks more often than states come.
        """
        file = find_model(self.path, POLICY, "training")
        number = version_of(file, POLICY) if file != self.path else 0
        return PolicyVersion(number, *load_checked(file, robot, period))


@dataclass(frozen=True)
class Look:
    """A question: versions newer than `above`, but for those `refused`."""

    above: int
    refused: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Found:
    """The answer.

    Attributes:
        number: of the newest version looked for; 0 if there is none.
        version: that version; None if there is none, or it cannot be used.
        refusal: why it cannot be used.
    """

    number: int = 0
    version: PolicyVersion | None = None
    refusal: str = ""


class PolicyReader:
    """Answers `Look` with `Found`, in a process of its own.

    Args:
        robot: the arm.
        period: time between two states in [s].
        folder: of versions.
        running: the policy that newer ones must be like.
    """

    def __init__(self, robot: RobotModel, period: float, folder: Path, running: Network) -> None:
        self._robot, self._period, self._folder, self._running = robot, period, folder, running

    def __call__(self, look: Look) -> Found:
        """Look."""
        newer = [n for n in versions(self._folder, POLICY) if n > look.above]
        newer = [n for n in newer if n not in look.refused]
        if not newer:
            return Found()
        number = newer[-1]
        path = version_path(self._folder, number, POLICY)
        try:
            policy, about = load_checked(path, self._robot, self._period)
            check_alike(path, policy, self._running)
        except RlControlError as error:
            return Found(number, refusal=str(error))
        return Found(number, PolicyVersion(number, policy, about))
