"""Messages into a recorder, and the topic on which predictions go out."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray

from rl_control.ros import convert
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.motion_messages import MotionReader, labelled_stamp, nanoseconds_of
from rl_control.ros.motion_recorder import MotionRecorder
from rl_control.ros.prediction_monitor import StepErrors
from rl_control.ros.prediction_topic import prediction_message

NAMES = ("a", "b")


@pytest.fixture
def recorder():
    return MotionRecorder(NAMES, 10.0, "test")


@pytest.fixture
def reader(recorder):
    order = JointOrder(("b", "a"), NAMES, "command_joints")
    return MotionReader(convert.JointStateReader(NAMES), order, recorder)


def state(k, names=("b", "other", "a"), **values):
    stamp = Time(sec=1_790_000_000, nanosec=10_000_000 * k)
    position = [20.0 + k, 0.0, 10.0 + k][: len(names)]
    message = JointStateMessage(name=names, position=position, velocity=[2.0, 0.0, 1.0])
    message.header.stamp = stamp
    for key, value in values.items():
        setattr(message, key, value)
    return message


def command(k, values=(2.0, 1.0), label=None):
    text = convert.stamp_label(state(k).header.stamp) if label is None else label
    return convert.command_message(np.array(values), text)


def recorded(recorder):
    recorder.close()
    return recorder.take()


def test_when_messages_come_expect_them_in_the_arms_order_at_their_stamps(reader, recorder):
    for k in range(5):
        reader.state(state(k))
        reader.command(command(k, (2.0 + k, 1.0 + k)))
    found = recorded(recorder)
    assert np.allclose(found.state_times, 0.01 * np.arange(5), rtol=0.0, atol=1e-12)
    assert np.array_equal(found.command_times, found.state_times)
    assert found.positions[2].tolist() == [12.0, 22.0]
    assert found.velocities[2].tolist() == [1.0, 2.0]
    assert found.efforts[2].tolist() == [3.0, 4.0]
    assert not reader.rejected


@pytest.mark.parametrize("label", ["", "what", "1.5", "1790000000.01"])
def test_when_a_command_names_no_state_expect_it_at_the_newest(reader, recorder, label):
    for k in range(3):
        reader.state(state(k))
    reader.command(command(1, label=label))
    assert recorded(recorder).command_times.tolist() == [pytest.approx(0.02)]


def test_when_messages_are_wrong_expect_each_counted_by_name(reader, recorder):
    for k in range(2):
        reader.state(state(k))
    reader.state(state(2, names=("a", "other", "c")))
    reader.state(state(3, position=[1.0]))
    reader.state(state(4, velocity=[float("nan"), 0.0, 0.0]))
    reader.command(command(0, (1.0, 2.0, 3.0)))
    reader.command(command(0, (1.0, float("inf"))))
    reader.command(command(0, label="1.000000000"))
    assert dict(reader.rejected) == {
        "lacks_joint": 1,
        "malformed": 1,
        "not_finite": 1,
        "command_malformed": 1,
        "command_not_finite": 1,
        "command_without_state": 1,
    }
    found = recorded(recorder)
    assert (len(found.state_times), len(found.command_times)) == (2, 0)


def test_when_a_stamp_is_written_as_a_label_expect_it_back():
    for stamp in (Time(sec=0, nanosec=1), Time(sec=1_790_000_000, nanosec=999_999_999)):
        assert labelled_stamp(convert.stamp_label(stamp)) == nanoseconds_of(stamp)
    assert labelled_stamp("") is None


def test_when_predictions_are_told_expect_every_number_under_its_labels():
    errors = StepErrors(np.array([1.0, 4.0, 9.0, 16.0]), np.array([9.0, 8.0, 7.0, 6.0]), 10, 0.2)
    message = prediction_message(7, NAMES, errors)
    assert isinstance(message, Float64MultiArray)
    dimensions = message.layout.dim
    assert [d.label for d in dimensions] == [
        "model-0007",
        "error,coverage_90",
        "a,b,a.velocity,b.velocity",
    ]
    assert [(d.size, d.stride) for d in dimensions] == [(1, 8), (2, 8), (4, 4)]
    values = np.array(message.data).reshape([d.size for d in dimensions])
    assert np.allclose(values[0, 0], np.sqrt(np.array([1.0, 4.0, 9.0, 16.0]) / 10))
    assert np.allclose(values[0, 1], [0.9, 0.8, 0.7, 0.6])
