"""Joint states and commands out of messages into a `MotionRecorder`; what is refused is counted."""

from __future__ import annotations

import re
from collections import Counter

from builtin_interfaces.msg import Time
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray

from rl_control.errors import JointMismatchError, NonFiniteError, ShapeError
from rl_control.ros import convert
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.motion_recorder import MotionRecorder

_LABEL = re.compile(r"(-?\d+)\.(\d{9})")


class MotionReader:
    """Takes the messages of one arm.

    A command acts from the stamp of the state it names, or else of the newest state.

    Args:
        order: joint order of the commands; its arm's names are those of the states.
        reader: of joint states.
        recorder: takes what is sound.

    Attributes:
        rejected: number of messages refused, by reason: "lacks_joint", "malformed", "not_finite"
            for states; "command_malformed", "command_not_finite", "command_without_state".
    """

    def __init__(
        self, reader: convert.JointStateReader, order: JointOrder, recorder: MotionRecorder
    ) -> None:
        self.rejected: Counter[str] = Counter()
        self._reader, self._order, self._recorder = reader, order, recorder

    def state(self, message: JointStateMessage) -> None:
        """Take a joint state."""
        try:
            state = self._reader.read(message)
        except JointMismatchError:
            self.rejected["lacks_joint"] += 1
        except ShapeError:
            self.rejected["malformed"] += 1
        except NonFiniteError:
            self.rejected["not_finite"] += 1
        else:
            stamp = nanoseconds_of(message.header.stamp)
            self._recorder.state(stamp, state.position, state.velocity)

    def command(self, message: Float64MultiArray) -> None:
        """Take a command."""
        try:
            values = convert.command_values(message, self._order.names)
        except ShapeError:
            self.rejected["command_malformed"] += 1
            return
        except NonFiniteError:
            self.rejected["command_not_finite"] += 1
            return
        named = labelled_stamp(convert.command_answers(message))
        stamp = self._recorder.newest if named is None else named
        if stamp is None or not self._recorder.command(stamp, self._order.to_arm(values)):
            self.rejected["command_without_state"] += 1


def nanoseconds_of(stamp: Time) -> int:
    """Return a stamp in whole [ns]."""
    return int(stamp.sec) * convert.NANO + int(stamp.nanosec)


def labelled_stamp(label: str) -> int | None:
    """Return the stamp in [ns] that `convert.stamp_label` wrote; None if it is no such text."""
    found = _LABEL.fullmatch(label)
    return int(found[1]) * convert.NANO + int(found[2]) if found else None
