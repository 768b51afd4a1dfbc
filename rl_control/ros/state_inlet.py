"""The arm's joint states off a topic on which others may publish theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import JointMismatchError, RlControlError
from rl_control.ros import convert
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.log_once import LogOnce
from rl_control.ros.waiting_states import newest_state
from rl_control.types import JointState


class StateInlet:
    """Reads states, and bears with messages that are none of the arm for as long as it may.

    Args:
        names: the arm's joints, [n].
        log: told of trouble of the kind "state".
        clock: steady time in [s].
    """

    def __init__(
        self, names: Sequence[str], log: LogOnce, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader, self._log, self._clock = convert.JointStateReader(names), log, clock
        self._bad_since: float | None = None
        self._heard: float | None = None

    def take(
        self, message: JointStateMessage, subscription: Any, config: ControllerConfig
    ) -> tuple[JointState, str] | None:
        """Return the newest state and its label; None if no message is a state of the arm.

        Args:
            message: the one that came first.
            subscription: what it came from; everything that waits there is taken.
            config: for how long a state may be missing.

        Raises:
            JointMismatchError: if none of the joint states so far had all the arm's joints.
        """
        try:
            state, label = newest_state(message, subscription, self._reader)
        except JointMismatchError as error:
            self._bear(error, config)
            return None
        except RlControlError as error:
            self._log.say("state", error)
            return None
        self._bad_since, self._heard = None, self._clock()
        self._log.over("state")
        return state, label

    def _bear(self, error: JointMismatchError, config: ControllerConfig) -> None:
        """Bear with it while the arm's joints may come, too; then refuse to go on.

        Once the arm has been seen whole, it is only told that its states have ceased: a missing
        state stops the arm by itself.

        Raises:
            JointMismatchError: if none of the joint states so far had all the arm's joints.
        """
        now = self._clock()
        if self._heard is not None:
            if now - self._heard > config.safety.state_timeout:
                self._log.say("state", error)
            return
        self._bad_since = self._bad_since or now
        if now - self._bad_since > config.startup_timeout:
            raise error
