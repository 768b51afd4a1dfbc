"""Bringing the arm to rest before its controller goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.ros.control_loop import ControlLoop
from rl_control.ros.process import WIND_DOWN_TIME

POLL = 0.0005  # [s] between two looks for a state


class Brake:
    """Holds the arm until it rests, or for as long as winding down may take.

    Args:
        loop: answers states.
        clock: steady time in [s].
    """

    def __init__(self, loop: ControlLoop, clock: Callable[[], float] = time.monotonic) -> None:
        self._loop, self._clock = loop, clock
        self._until: float | None = None

    def needed(self) -> bool:
        """Brake; say whether the arm still moves and there is time left to bring it to rest."""
        now = self._clock()
        self._until = self._until or now + WIND_DOWN_TIME
        self._loop.brake()
        return not self._loop.at_rest and now < self._until

    def bring_to_rest(self, states: Any, on_state: Callable[[JointStateMessage], None]) -> None:
        """Answer states until the arm rests, where the executor cannot.

        Whoever halts the node (a lifecycle request, an error) keeps it from doing so.

        Args:
            states: their subscription.
            on_state: answers one.
        """
        while self.needed():
            taken = states.handle.take_message(JointStateMessage, False)
            if taken is None:
                time.sleep(POLL)
            else:
                on_state(taken[0])
