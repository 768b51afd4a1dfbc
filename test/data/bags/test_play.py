"""What of a bag is published again."""

from __future__ import annotations

from contextlib import closing

import pytest

from rl_control.data.bags.layout import LATCHED, Qos
from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.play import latched_before, moves_an_arm, playlist
from rl_control.data.bags.types import message_class, serialize
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import ConfigError, DataError, UnknownNameError

TEXT, ARRAY = "std_msgs/msg/String", "std_msgs/msg/Float64MultiArray"
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
SECOND = 1_000_000_000
START = 5 * SECOND


def text(words):
    return serialize(TEXT, message_class(TEXT)(data=words))


@pytest.fixture
def write(tmp_path):
    def write(rows, topics):
        """`rows`: (topic, [s], words); `topics`: name -> (kind, QoS)."""
        with BagWriter(tmp_path / "bag") as writer:
            for name, (kind, qos) in topics.items():
                writer.topic(name, kind, qos)
            for topic, seconds, words in rows:
                writer.write(topic, text(words), START + round(seconds * SECOND))
        return closing(open_bag(tmp_path / "bag"))

    return write


TOPICS = {
    "/states": (TEXT, Qos()),
    "/camera": (TEXT, Qos(reliability="best_effort", depth=5)),
    "/robot_description": (TEXT, LATCHED),
    "/arm/commands": (ARRAY, Qos()),
    "/arm/joint_trajectory": (TRAJECTORY, Qos()),
    "/mpc_controller/target_pose": (TEXT, Qos()),
    "/mpc_controller/plan": (TRAJECTORY, Qos()),
    "/rosout": (TEXT, Qos()),
    "/clock": (TEXT, Qos()),
    "/arm/_action/status": (TEXT, Qos()),
}
ROWS = [(name, 0.1 * k, "x") for k, name in enumerate(TOPICS)] + [("/states", 4.0, "end")]


@pytest.mark.parametrize(
    ("topic", "kind", "moves"),
    [
        ("/effort_controller/commands", ARRAY, True),
        ("/left/joint_trajectory_controller/joint_trajectory", TRAJECTORY, True),
        ("/anything", ARRAY, True),
        ("/anything", TRAJECTORY, True),
        ("/mpc_controller/target_pose", "geometry_msgs/msg/PoseStamped", True),
        ("/mpc_controller/target_joint_state", "sensor_msgs/msg/JointState", True),
        ("/base/cmd_vel", "geometry_msgs/msg/Twist", True),
        ("/gripper/command", "std_msgs/msg/Float64", True),
        ("/joint_states", "sensor_msgs/msg/JointState", False),
        ("/mpc_controller/plan", TRAJECTORY, False),
        ("/mpc_controller/goal", "geometry_msgs/msg/PoseStamped", False),
        ("/mpc_controller/goal_joints", "sensor_msgs/msg/JointState", False),
        ("/dynamics_learner/prediction", ARRAY, False),
        ("/robot_description", TEXT, False),
    ],
)
def test_when_an_arm_could_obey_a_topic_expect_it_known(topic, kind, moves):
    assert moves_an_arm(topic, kind) is moves


def test_when_a_bag_is_played_expect_nothing_that_moves_an_arm(write):
    with write(ROWS, TOPICS) as bag:
        chosen = playlist(bag)
        names = [topic.name for topic in chosen.topics]
        assert names == [
            "/camera", "/clock", "/mpc_controller/plan", "/robot_description", "/states",
        ]  # fmt: skip
        assert set(chosen.left_out) == set(TOPICS) - set(names)
        assert "--with-commands" in chosen.left_out["/mpc_controller/target_pose"]
        assert (chosen.start, chosen.end) == (START, START + 4 * SECOND)
        with_commands = playlist(bag, with_commands=True)
        assert {"/arm/commands", "/arm/joint_trajectory"} <= {t.name for t in with_commands.topics}
        assert "/clock" not in [topic.name for topic in playlist(bag, clock=True).topics]
        assert [t.name for t in playlist(bag, topics=["/rosout"]).topics] == ["/rosout"]


def test_when_topics_were_recorded_with_qualities_expect_them(write):
    with write(ROWS, TOPICS) as bag:
        found = {topic.name: topic for topic in playlist(bag).topics}
    camera, robot = found["/camera"], found["/robot_description"]
    assert (camera.reliable, camera.latched, camera.depth) == (False, False, 5)
    assert (robot.reliable, robot.latched, robot.depth) == (True, True, 1)


def test_when_patterns_and_names_are_given_expect_these_topics_under_new_names(write):
    with write(ROWS, TOPICS) as bag:
        chosen = playlist(bag, topics=["/states", "/mpc_*/plan"], remap=["/states:=/old/states"])
        assert [topic.name for topic in chosen.topics] == ["/mpc_controller/plan", "/old/states"]
        with pytest.raises(DataError, match="nothing to publish"):
            playlist(bag, topics=["/states"], remap=["/states:=/arm/other_commands"])
        for rule in ("/states", "/states:=old", ":=/x", "/states:=/"):
            with pytest.raises(ConfigError, match="/OLD:=/NEW"):
                playlist(bag, remap=[rule])
        with pytest.raises(ConfigError, match="two topics would be published as /camera"):
            playlist(bag, remap=["/states:=/camera"])
        for arguments in ({"topics": ["/state"]}, {"remap": ["/state:=/x"]}):
            with pytest.raises(UnknownNameError, match="did you mean '/states'"):
                playlist(bag, **arguments)


def test_when_a_stretch_is_wanted_expect_its_ends_inside_the_bag(write):
    with write(ROWS, TOPICS) as bag:
        chosen = playlist(bag, start=1.5, duration=2.0)
        assert (chosen.start - START, chosen.seconds) == (1_500_000_000, 2.0)
        assert playlist(bag, start=1.5, duration=99.0).end == START + 4 * SECOND
        with pytest.raises(DataError, match=r"an offset of 4\.5 s, but it lasts 4\.000 s"):
            playlist(bag, start=4.5)


def test_when_it_begins_later_expect_the_last_latched_messages_of_before(write):
    rows = [
        ("/two", 0.0, "a"), ("/one", 0.1, "b"), ("/two", 0.2, "c"), ("/two", 0.3, "d"),
        ("/one", 0.4, "e"), ("/states", 0.5, "f"), ("/one", 1.0, "g"), ("/states", 2.0, "h"),
    ]  # fmt: skip
    two = Qos(durability="transient_local", depth=2)
    topics = {"/one": (TEXT, LATCHED), "/two": (TEXT, two), "/states": (TEXT, Qos())}
    with write(rows, topics) as bag:
        found = latched_before(bag, playlist(bag, start=0.9))
        assert [(topic.name, raw) for topic, raw in found] == [
            ("/two", text("c")), ("/two", text("d")), ("/one", text("e")),
        ]  # fmt: skip
        assert latched_before(bag, playlist(bag)) == []


def test_when_a_topic_has_several_types_expect_it_left_out(write):
    with write(ROWS, TOPICS) as bag:
        states = next(c for c in bag.connections if c.topic == "/states")
        bag.connections.append(states._replace(id=99, msgtype=ARRAY))
        assert "several types" in playlist(bag).left_out["/states"]
