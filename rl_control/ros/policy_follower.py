"""The policies of a running controller: the present one, and newer ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rl_control.errors import RlControlError
from rl_control.policy.lanes import Network
from rl_control.robot.model import RobotModel
from rl_control.ros.policy_source import Found, Look, PolicyReader, PolicySource, PolicyVersion
from rl_control.ros.side_process import SideProcess

LOOK_PERIOD = 0.5  # [s] between two looks into the folder
PAUSE = 10.0  # [s] before the side process is asked again after it failed

Tell = Callable[[str], None]


class PolicyFollower:
    """Takes newer versions from a folder; another process reads and checks them.

    All methods are for one thread.

    Args:
        robot: the arm.
        period: time between two states in [s].
        source: of the policies.
        first: what acts at first.
        exchange: lets another policy act from the next state on.
    """

    def __init__(
        self,
        robot: RobotModel,
        period: float,
        source: PolicySource,
        first: PolicyVersion,
        exchange: Callable[[Network], None],
    ) -> None:
        self._present, self._exchange = first, exchange
        self._refused: set[int] = set()
        self._taken, self._due = 0, 0.0
        self._side: SideProcess | None = None
        if source.follow:
            policy = first.policy
            self._side = SideProcess("policies", PolicyReader, robot, period, source.path, policy)

    def turn(self, info: Tell, warn: Tell) -> None:
        """Do what is due: exchange the policy, look anew; call it regularly.

        Args:
            info: is told what was taken.
            warn: is told what was refused.
        """
        if self._side is None:
            return
        try:
            found: Found | None = self._side.take()
        except RlControlError as error:
            warn(f"policies are not watched for {PAUSE:g} s: {error}")
            self._due = time.monotonic() + PAUSE
            return
        if found is not None:
            self._hear(found, info, warn)
        if not self._side.busy and time.monotonic() >= self._due:
            self._due = time.monotonic() + LOOK_PERIOD
            self._side.ask(Look(self._present.number, frozenset(self._refused)))

    def values(self) -> dict[str, Any]:
        """Return what to report."""
        return {
            "version": self._present.number,
            "taken": self._taken,
            "refused": ", ".join(map(str, sorted(self._refused))),
        }

    def close(self) -> None:
        """End the side process."""
        if self._side is not None:
            self._side.close()

    def _hear(self, found: Found, info: Tell, warn: Tell) -> None:
        if found.version is not None:
            self._exchange(found.version.policy)
            self._present = found.version
            self._taken += 1
            info(f"policy version {found.number} taken")
        elif found.refusal:
            self._refused.add(found.number)
            warn(
                f"policy version {found.number} refused, the present policy stays: {found.refusal}"
            )
