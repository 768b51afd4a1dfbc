"""Of the joint states that wait on a topic, the newest one of the arm."""

from __future__ import annotations

from typing import Any

from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import RlControlError
from rl_control.ros import convert
from rl_control.types import JointState

WAITING = 10
"""Messages that may wait: others may publish their joints on the arm's topic, and must not push
its own state out before it is read."""


def newest_state(
    message: JointStateMessage, subscription: Any, reader: convert.JointStateReader
) -> tuple[JointState, str]:
    """Return the newest state of the arm, and the label by which a command names it.

    Args:
        message: the one that came first.
        subscription: what it came from; everything that waits there is taken.
        reader: knows the arm's joints.

    Raises:
        RlControlError: what is wrong with the newest message, if none is a state of the arm.
    """
    messages = [message]
    while (taken := subscription.handle.take_message(JointStateMessage, False)) is not None:
        messages.append(taken[0])
    wrong: RlControlError | None = None
    for candidate in reversed(messages):
        try:
            return reader.read(candidate), convert.stamp_label(candidate.header.stamp)
        except RlControlError as error:
            wrong = wrong or error
    assert wrong is not None
    raise wrong
