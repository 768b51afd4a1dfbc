"""Messages to the project's types and back; pure functions, no node needed.

Vectors go into messages as `array.array('d')`, which the generated message classes take as they
are; lists and numpy arrays would be checked value by value at every publish.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, PoseStamped, Quaternion, TwistStamped, Vector3
from nav_msgs.msg import Path
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray, Header, MultiArrayDimension
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.errors import ConfigError, NonFiniteError, ShapeError
from rl_control.robot.quaternions import quaternion_from_rotation, rotation_from_quaternion
from rl_control.types import Array, JointState, Pose, as_vector, joint_index

NANO = 1_000_000_000


def to_doubles(values: Array) -> array[float]:
    """Return `values` [n] as the message classes like them best."""
    return array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())


def time_message(seconds: float) -> Time:
    """Return a stamp for a time in [s]."""
    nanoseconds = round(seconds * NANO)
    return Time(sec=nanoseconds // NANO, nanosec=nanoseconds % NANO)


def seconds_of(stamp: Time | Duration) -> float:
    """Return a stamp or duration in [s]."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def duration_message(seconds: float) -> Duration:
    """Return a duration message for a time span in [s]."""
    nanoseconds = round(seconds * NANO)
    return Duration(sec=nanoseconds // NANO, nanosec=nanoseconds % NANO)


def stamp_label(stamp: Time) -> str:
    """Return a stamp as exact text, by which a command names the state it answers."""
    return f"{stamp.sec}.{stamp.nanosec:09d}"


def joint_state_message(state: JointState, stamp: Time) -> JointStateMessage:
    """Return joint positions, velocities and applied efforts as one message."""
    return JointStateMessage(
        header=Header(stamp=stamp),
        name=list(state.names),
        position=to_doubles(state.position),
        velocity=to_doubles(state.velocity),
        effort=to_doubles(state.effort),
    )


class JointStateReader:
    """Reads the arm's joints out of joint states of any order, with other joints among them."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the joints to read, [n]."""
        self._names = tuple(names)
        self._seen: list[str] = []
        self._index = np.arange(0)

    def read(self, message: JointStateMessage) -> JointState:
        """Return the arm's joint state, in the arm's order.

        An effort that the driver does not report (none, or NaN) reads as zero.

        Raises:
            JointMismatchError: if a joint of the arm is missing.
            ShapeError: if positions or velocities are not one a joint.
            NonFiniteError: if a position or velocity of the arm is not finite.
        """
        if message.name != self._seen:
            self._index = joint_index(message.name, self._names)
            self._seen = list(message.name)
        position = self._pick(message.position, "position")
        velocity = self._pick(message.velocity, "velocity")
        effort = np.zeros(len(self._names))
        if len(message.effort) == len(self._seen):
            reported = np.asarray(message.effort, dtype=np.float64)[self._index]
            effort = np.where(np.isfinite(reported), reported, 0.0)
        return JointState(self._names, position, velocity, effort, seconds_of(message.header.stamp))

    def _pick(self, values: Sequence[float], what: str) -> Array:
        if len(values) != len(self._seen):
            raise ShapeError(f"joint states, {what}", found=len(values), expected=len(self._seen))
        picked = np.asarray(values, dtype=np.float64)[self._index]
        require_finite(picked, f"joint states, {what}", self._names)
        return picked


def command_message(values: Array, answers: str = "") -> Float64MultiArray:
    """Return a command [n] in the convention of ros2_control's forward controllers.

    Args:
        values: one value a joint, in the order the receiver expects.
        answers: `stamp_label` of the state it was computed from. It goes where those controllers
            do not look, so that a simulator can pair states and commands.
    """
    message = Float64MultiArray(data=to_doubles(values))
    if answers:
        size = len(message.data)
        message.layout.dim = [MultiArrayDimension(label=answers, size=size, stride=size)]
    return message


def command_values(message: Float64MultiArray, names: Sequence[str]) -> Array:
    """Return the commanded values, [n].

    Raises:
        ShapeError: if there is not one value a joint.
        NonFiniteError: if one is NaN or infinite.
    """
    values = as_vector(message.data, len(names), "command")
    require_finite(values, "command", names)
    return values


def command_answers(message: Float64MultiArray) -> str:
    """Return the label of the state a command answers; "" if it carries none."""
    return message.layout.dim[0].label if message.layout.dim else ""


def pose_message(pose: Pose, frame: str, stamp: Time) -> PoseStamped:
    """Return a pose in `frame`."""
    message = PoseStamped(header=Header(stamp=stamp, frame_id=frame))
    message.pose.position = _point(pose.position)
    x, y, z, w = (float(c) for c in quaternion_from_rotation(pose.rotation))
    message.pose.orientation = Quaternion(x=x, y=y, z=z, w=w)
    return message


def pose_of(message: PoseStamped, frame: str, source: str) -> tuple[Array, Array | None]:
    """Return position [3] and rotation [3, 3] of a pose; a zero quaternion leaves rotation free.

    Args:
        message: the pose.
        frame: the only frame it may be given in ("" in the message means this one).
        source: topic, named in errors.

    Raises:
        ConfigError: if it is given in another frame, or its quaternion is not of unit length.
        NonFiniteError: if a number is not finite.
    """
    if message.header.frame_id not in ("", frame):
        raise ConfigError(
            source,
            "header.frame_id",
            f"found '{message.header.frame_id}', expected '{frame}'",
            "Give the pose in the arm's base frame: no other frame is looked up.",
        )
    p, o = message.pose.position, message.pose.orientation
    position = np.array([p.x, p.y, p.z])
    quaternion = np.array([o.x, o.y, o.z, o.w])
    require_finite(position, f"{source}, position", "xyz")
    require_finite(quaternion, f"{source}, orientation", "xyzw")
    if not quaternion.any():
        return position, None
    return position, rotation_from_quaternion(quaternion, source)


def twist_message(linear: Array, angular: Array, frame: str, stamp: Time) -> TwistStamped:
    """Return linear [3] in [m/s] and angular velocity [3] in [rad/s], on the axes of `frame`."""
    message = TwistStamped(header=Header(stamp=stamp, frame_id=frame))
    message.twist.linear = _vector(linear)
    message.twist.angular = _vector(angular)
    return message


def trajectory_message(
    names: Sequence[str], positions: Array, velocities: Array, dt: float, stamp: Time
) -> JointTrajectory:
    """Return a joint path: positions and velocities [T, n], one point every `dt` [s]."""
    points = [
        JointTrajectoryPoint(
            positions=to_doubles(q),
            velocities=to_doubles(v),
            time_from_start=duration_message(k * dt),
        )
        for k, (q, v) in enumerate(zip(positions, velocities, strict=True))
    ]
    return JointTrajectory(header=Header(stamp=stamp), joint_names=list(names), points=points)


def path_message(positions: Array, frame: str, stamp: Time) -> Path:
    """Return a path of positions [T, 3] in [m]."""
    header = Header(stamp=stamp, frame_id=frame)
    path = Path(header=header)
    for position in positions:
        pose = PoseStamped(header=header)
        pose.pose.position = _point(position)
        path.poses.append(pose)
    return path


def require_finite(values: Array, what: str, names: Sequence[str]) -> None:
    """Refuse NaN and infinities, naming the first offender.

    Raises:
        NonFiniteError: if a value is not finite.
    """
    finite = np.isfinite(values)
    if not finite.all():
        raise NonFiniteError(what, f"'{names[int(np.argmin(finite))]}'")


def _point(position: Array) -> Point:
    x, y, z = (float(c) for c in position)
    return Point(x=x, y=y, z=z)


def _vector(values: Array) -> Vector3:
    x, y, z = (float(c) for c in values)
    return Vector3(x=x, y=y, z=z)
