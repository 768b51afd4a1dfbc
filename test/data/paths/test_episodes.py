"""Episodes of a bag: where a controller begins anew and the arm is elsewhere at once."""

import numpy as np
import pytest

pytest.importorskip("rosbags")

from rl_control.data.bags.types import message_class, serialize
from rl_control.data.bags.writer import BagWriter
from rl_control.data.paths.episodes import bag_episodes

STATE, STRING = "sensor_msgs/msg/JointState", "std_msgs/msg/String"
STEP = 5_000_000  # [ns] between two joint states


@pytest.fixture
def write_bag(tmp_path):
    """`write_bag(positions, {state: text})`: states of one joint, settings before some of them."""

    def write(positions, settings):
        header, stamp = message_class("std_msgs/msg/Header"), message_class(
            "builtin_interfaces/msg/Time"
        )  # fmt: skip
        state, string = message_class(STATE), message_class(STRING)
        none = np.zeros(0)
        with BagWriter(tmp_path / "bag") as bag:
            bag.topic("/joint_states", STATE)
            bag.topic("/mpc_controller/settings", STRING)
            for k, position in enumerate(positions):
                time = 3_000_000_000 + STEP * k
                if k in settings:
                    text = serialize(STRING, string(data=settings[k]))
                    bag.write("/mpc_controller/settings", text, time)
                at = header(stamp=stamp(*divmod(time, 1_000_000_000)), frame_id="")
                message = state(at, ["elbow"], np.array([position]), none, none)
                bag.write("/joint_states", serialize(STATE, message), time)
        return tmp_path / "bag"

    return write


def ramp(size):
    return np.linspace(0.0, 0.1, size)


def test_when_the_arm_is_set_back_at_a_start_expect_episodes_without_the_jump(write_bag):
    positions = np.concatenate([ramp(20), ramp(30)])
    bag = write_bag(positions, {0: "# start\nrate: 200.0\n", 20: "# start\nrate: 200.0\n"})
    expected = [(0.0, 0.095), (0.1, 0.245)]
    np.testing.assert_allclose(bag_episodes(bag, ("elbow",)), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("positions", "settings"),
    [
        (ramp(50), {0: "# start\na: 1\n", 20: "# start\na: 1\n"}),  # goes on where it was
        (np.concatenate([ramp(20), ramp(30)]), {0: "# start\na: 1\n"}),  # a jump by itself
        (np.concatenate([ramp(20), ramp(30)]), {20: "# after state 3.095000000\na: 1\n"}),
        (ramp(50), {}),
    ],
)
def test_when_the_arm_goes_on_or_no_controller_starts_expect_one_episode(
    write_bag, positions, settings
):
    bag = write_bag(positions, settings)
    np.testing.assert_allclose(bag_episodes(bag, ("elbow",)), [(0.0, 0.245)], atol=1e-9)
