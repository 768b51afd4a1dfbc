"""Messages to types and back: order, NaN, lengths, frames, round trips."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray

from rl_control.errors import ConfigError, JointMismatchError, NonFiniteError, ShapeError
from rl_control.robot.quaternions import quaternion_from_rotation, rotation_from_quaternion
from rl_control.ros import convert
from rl_control.types import JointState, Pose

NAMES = ("a", "b", "c")


def message(names, position, velocity=None, effort=(), stamp=(12, 500_000_000)):
    velocity = [0.0] * len(position) if velocity is None else velocity
    out = JointStateMessage(
        name=list(names),
        position=[float(p) for p in position],
        velocity=[float(v) for v in velocity],
        effort=[float(e) for e in effort],
    )
    out.header.stamp = Time(sec=stamp[0], nanosec=stamp[1])
    return out


@given(st.permutations([*NAMES, "finger_1", "finger_2"]))
def test_when_joints_come_in_any_order_with_others_expect_own_order(names):
    values = {"a": 1.0, "b": 2.0, "c": 3.0, "finger_1": 8.0, "finger_2": 9.0}
    state = convert.JointStateReader(NAMES).read(
        message(names, [values[n] for n in names], [10 * values[n] for n in names])
    )
    assert state.names == NAMES
    assert state.position.tolist() == [1.0, 2.0, 3.0]
    assert state.velocity.tolist() == [10.0, 20.0, 30.0]
    assert state.effort.tolist() == [0.0, 0.0, 0.0]
    assert state.stamp == 12.5


def test_when_order_changes_between_messages_expect_each_read_by_name():
    reader = convert.JointStateReader(NAMES)
    reader.read(message("abc", [1, 2, 3]))
    assert reader.read(message("cba", [1, 2, 3])).position.tolist() == [3.0, 2.0, 1.0]


def test_when_joint_is_missing_expect_its_name():
    with pytest.raises(JointMismatchError, match="b; found a, c"):
        convert.JointStateReader(NAMES).read(message("ac", [1, 2]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_when_own_joint_is_not_finite_expect_its_name_and_others_ignored(bad):
    reader = convert.JointStateReader(NAMES)
    assert reader.read(message("abcx", [1, 2, 3, bad])).position.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(NonFiniteError, match="'b'"):
        reader.read(message("abcx", [1, bad, 3, 4]))
    with pytest.raises(NonFiniteError, match="velocity"):
        reader.read(message("abc", [1, 2, 3], [bad, 0, 0]))


def test_when_driver_reports_no_velocity_expect_refusal():
    with pytest.raises(ShapeError, match="velocity: found 0"):
        convert.JointStateReader(NAMES).read(message("abc", [1, 2, 3], []))


def test_when_driver_reports_nan_efforts_expect_zeros():
    state = convert.JointStateReader(NAMES).read(
        message("abc", [1, 2, 3], effort=[float("nan"), 5, 6])
    )
    assert state.effort.tolist() == [0.0, 5.0, 6.0]


def test_when_state_goes_out_and_in_expect_the_same_bits():
    rng = np.random.default_rng(0)
    state = JointState(NAMES, rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), 0.25)
    sent = convert.joint_state_message(state, convert.time_message(0.25))
    back = convert.JointStateReader(NAMES).read(sent)
    for key in ("position", "velocity", "effort"):
        assert getattr(back, key).tobytes() == getattr(state, key).tobytes()
    assert back.stamp == state.stamp


@pytest.mark.parametrize(
    ("values", "error"),
    [([1.0, 2.0], ShapeError), ([1.0] * 4, ShapeError), ([1.0, float("nan"), 2.0], NonFiniteError)],
)
def test_when_command_is_malformed_expect_refusal(values, error):
    with pytest.raises(error):
        convert.command_values(Float64MultiArray(data=values), NAMES)


def test_when_command_answers_a_state_expect_its_label_back():
    sent = convert.command_message(np.arange(3.0), convert.stamp_label(Time(sec=3, nanosec=7)))
    assert convert.command_answers(sent) == "3.000000007"
    assert convert.command_values(sent, NAMES).tolist() == [0.0, 1.0, 2.0]
    assert convert.command_answers(Float64MultiArray(data=[1.0])) == ""


@given(st.floats(0.0, 4e9))
def test_when_time_goes_out_and_in_expect_it_to_a_microsecond(seconds):
    assert convert.seconds_of(convert.time_message(seconds)) == pytest.approx(seconds, abs=1e-6)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_when_rotation_becomes_a_quaternion_expect_it_back(values):
    quaternion = np.array(values)
    if np.linalg.norm(quaternion) < 0.1:
        return
    rotation = rotation_from_quaternion(quaternion / np.linalg.norm(quaternion), "test")
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    again = rotation_from_quaternion(quaternion_from_rotation(rotation), "test")
    assert np.allclose(again, rotation, atol=1e-9)


def test_when_rotation_is_a_quarter_turn_about_z_expect_x_to_y():
    half = np.sqrt(0.5)
    rotation = rotation_from_quaternion(np.array([0.0, 0.0, half, half]), "test")
    assert np.allclose(rotation @ [1, 0, 0], [0, 1, 0])


def test_when_pose_goes_out_and_in_expect_the_same():
    rotation = rotation_from_quaternion(np.array([0.5, 0.5, 0.5, 0.5]), "test")
    pose = Pose(np.array([0.1, 0.2, 0.3]), rotation)
    sent = convert.pose_message(pose, "base", convert.time_message(1.0))
    position, back = convert.pose_of(sent, "base", "topic")
    assert np.allclose(position, pose.position)
    assert np.allclose(back, rotation)


def pose_stamped(frame="", position=(0.0, 0.0, 0.0), orientation=(0.0, 0.0, 0.0, 1.0)):
    out = PoseStamped()
    out.header.frame_id = frame
    out.pose.position.x, out.pose.position.y, out.pose.position.z = position
    o = out.pose.orientation
    o.x, o.y, o.z, o.w = orientation
    return out


def test_when_quaternion_is_zero_expect_orientation_free():
    assert convert.pose_of(pose_stamped(orientation=(0.0,) * 4), "base", "topic")[1] is None


@pytest.mark.parametrize(
    ("sent", "error", "words"),
    [
        (pose_stamped(frame="camera"), ConfigError, "found 'camera', expected 'base'"),
        (pose_stamped(orientation=(1.0, 1.0, 0.0, 0.0)), ConfigError, "length 1.414"),
        (pose_stamped(position=(0.0, float("nan"), 0.0)), NonFiniteError, "position.*'y'"),
        (pose_stamped(orientation=(0.0, 0.0, float("nan"), 1.0)), NonFiniteError, "orientation"),
    ],
)
def test_when_pose_is_malformed_expect_refusal(sent, error, words):
    with pytest.raises(error, match=words):
        convert.pose_of(sent, "base", "topic")
