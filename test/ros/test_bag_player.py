"""Bags published again over DDS."""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import sys
import time

import pytest
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool

from rl_control.ros import qos
from rl_control.ros.replay_topics import parameters
from rl_control.run import replay_topics

STATES, COMMANDS, NOTES = "/joint_states", "/effort_controller/commands", "/robot_description"
KINDS = {
    STATES: "sensor_msgs/msg/JointState",
    COMMANDS: "std_msgs/msg/Float64MultiArray",
    NOTES: "std_msgs/msg/String",
    "/other/notes": "std_msgs/msg/String",
}
START = 1_700_000_000_000_000_000
STEP = 5_000_000  # [ns]


def write(folder, rows, latched=(NOTES,)):
    """`rows`: (topic, time since START in [ns], message); returns the bag and the bytes."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2")
    from rosbags.interfaces import (
        Qos,
        QosDurability,
        QosHistory,
        QosLiveliness,
        QosReliability,
        QosTime,
    )
    from rosbags.typesys import Stores, get_typestore

    forever = QosTime(9223372036, 854775807)
    types = get_typestore(Stores.ROS2_JAZZY)
    raws = []
    with rosbag2.Writer(folder, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        opened = {}
        for topic, at, message in rows:
            if topic not in opened:
                durability = (
                    QosDurability.TRANSIENT_LOCAL if topic in latched else QosDurability.VOLATILE
                )
                quality = Qos(
                    QosHistory.KEEP_LAST, 1 if topic in latched else 10, QosReliability.RELIABLE,
                    durability, forever, forever, QosLiveliness.AUTOMATIC, forever, False,
                )  # fmt: skip
                opened[topic] = writer.add_connection(
                    topic, KINDS[topic], typestore=types, offered_qos_profiles=[quality]
                )
            raw = serialize_message(message)
            raws.append((topic, raw))
            writer.write(opened[topic], START + at, raw)
    return folder, raws


def state(k):
    message = JointState(name=["a", "b"], position=[0.1 * k, -k], velocity=[1.0, float(k)])
    message.header.stamp.nanosec = k
    return message


def run_of(count=200):
    yield NOTES, 0, String(data="<robot name='first'/>")
    for k in range(count):
        yield STATES, k * STEP + 1000, state(k)
        yield COMMANDS, k * STEP + 500_000, Float64MultiArray(data=[float(k)])
        if k == 20:
            yield NOTES, k * STEP + 900_000, String(data="<robot name='second'/>")


LATCHED = qos.latched()
FAST = {"discovery_time": 1.0, "leave": True}


def heard_raw(ros, kind, topic, quality=None):
    heard = []
    ros.node.create_subscription(
        kind, topic, lambda raw: heard.append((time.monotonic(), bytes(raw))),
        quality or qos.states(depth=2000), raw=True,
    )  # fmt: skip
    return heard


def play(ros, bag, **settings):
    """Play a bag once everybody knows everybody, to its end; return the process."""
    player = ros.start("bag_player", bag=bag, paused=True, **{**FAST, **settings})
    resume(ros)
    assert ros.until_ended(player) == 0, player.output
    ros.spin(0.3)
    return player


def resume(ros):
    client = ros.node.create_client(SetBool, "/bag_player/pause")
    ros.until(client.service_is_ready)
    ros.spin(1.5)
    asked = client.call_async(SetBool.Request(data=False))
    ros.until(asked.done)
    assert asked.result().success


def test_when_a_bag_is_played_four_times_as_fast_expect_it_bit_for_bit_in_order(ros, tmp_path):
    bag, raws = write(tmp_path / "bag", run_of())
    states = heard_raw(ros, JointState, STATES)
    commands = heard_raw(ros, Float64MultiArray, COMMANDS)
    player = play(ros, bag, rate=4.0)
    assert [raw for _, raw in states] == [raw for topic, raw in raws if topic == STATES]
    assert commands == []  # an arm could move by them
    took = states[-1][0] - states[0][0]
    assert took == pytest.approx(199 * 0.005 / 4.0, abs=0.1)
    assert "left out /effort_controller/commands" in player.output


def test_when_it_begins_later_expect_what_was_latched_before_first(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of())
    order = []
    for kind, topic, quality in ((String, NOTES, LATCHED), (JointState, STATES, None)):
        ros.node.create_subscription(
            kind, topic, lambda m: order.append(m), quality or qos.states(depth=1000)
        )
    play(ros, bag, start=0.5, duration=0.25, rate=2.0)
    assert [m.data for m in order if isinstance(m, String)] == ["<robot name='second'/>"]
    numbers = [m.header.stamp.nanosec for m in order if isinstance(m, JointState)]
    assert numbers == list(range(100, 150))


def test_when_it_loops_expect_the_same_again_until_it_is_stopped(ros, tmp_path):
    bag, raws = write(tmp_path / "bag", run_of(20))
    states = heard_raw(ros, JointState, STATES)
    player = ros.start("bag_player", bag=bag, loop=True, paused=True, **FAST)
    resume(ros)
    ros.until(lambda: len(states) > 60)
    player.signal(2)
    assert ros.until_ended(player) == 0
    once = [raw for topic, raw in raws if topic == STATES]
    assert [raw for _, raw in states][:60] == 3 * once


def test_when_paused_expect_silence_and_a_clock_that_stands(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(400))
    states = heard_raw(ros, JointState, STATES)
    clock = ros.listen(Clock, "/clock")
    player = ros.start("bag_player", bag=bag, clock=True, **FAST)
    client = ros.node.create_client(SetBool, "/bag_player/pause")
    ros.until(lambda: len(states) > 20)
    asked = client.call_async(SetBool.Request(data=True))
    ros.until(asked.done)
    ros.spin(0.2)
    count, at = len(states), clock[-1].clock
    ros.spin(0.4)
    assert len(states) == count
    assert clock[-1].clock == at
    assert START <= at.sec * 1_000_000_000 + at.nanosec <= START + 400 * STEP
    ros.until(client.call_async(SetBool.Request(data=False)).done)
    assert ros.until_ended(player) == 0
    ros.spin(0.3)
    assert len(states) == 400
    times = [c.clock.sec * 1_000_000_000 + c.clock.nanosec for c in clock]
    assert times == sorted(times)


def test_when_somebody_publishes_the_states_expect_refusal_unless_anyway(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(20))
    ros.talk(JointState, STATES, qos.states())
    player = ros.start("bag_player", bag=bag, **FAST)
    assert ros.until_ended(player) == 2
    assert "/probe publishes there: who listens would hear two sources" in player.output
    states = ros.listen(JointState, STATES)
    play(ros, bag, anyway=True)
    assert len(states) == 20


def test_when_an_arm_listens_to_commands_expect_refusal_before_the_first(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(20))
    heard = ros.listen(Float64MultiArray, COMMANDS)
    player = ros.start("bag_player", bag=bag, with_commands=True, anyway=True, **FAST)
    assert ros.until_ended(player) == 2
    assert "/probe listens: replayed commands could move an arm" in player.output
    assert heard == []


def test_when_an_arm_appears_in_mid_run_expect_an_end_without_a_command(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(2000))
    states = ros.listen(JointState, STATES)
    player = ros.start("bag_player", bag=bag, with_commands=True, **FAST)
    ros.until(lambda: len(states) > 50)
    heard = ros.listen(Float64MultiArray, COMMANDS)
    assert ros.until_ended(player) == 2
    assert "listens: replayed commands could move an arm" in player.output
    assert heard == []


def test_when_commands_are_asked_for_and_only_watched_expect_them(ros, tmp_path):
    bag, raws = write(tmp_path / "bag", run_of(20))
    commands = heard_raw(ros, Float64MultiArray, "/old/commands")
    remap = [f"{COMMANDS}:=/old/commands"]
    play(ros, bag, with_commands=True, heard_by=["probe"], remap=remap)
    assert [raw for _, raw in commands] == [raw for topic, raw in raws if topic == COMMANDS]


def test_when_somebody_commands_the_arm_expect_refusal(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(20))
    ros.talk(Float64MultiArray, COMMANDS)
    player = ros.start("bag_player", bag=bag, with_commands=True, **FAST)
    assert ros.until_ended(player) == 2
    assert "another publisher on /effort_controller/commands" in player.output


def test_when_a_controller_would_act_on_the_states_expect_refusal(ros, tmp_path):
    bag, _ = write(tmp_path / "bag", run_of(20))
    ros.listen(JointState, STATES)
    ros.talk(Float64MultiArray, COMMANDS)
    driver = Node("driver", context=ros.context)
    driver.create_subscription(Float64MultiArray, COMMANDS, lambda m: None, qos.commands())
    player = ros.start("bag_player", bag=bag, **FAST)
    assert ros.until_ended(player) == 2
    assert "/probe acts on it and commands /driver" in player.output
    driver.destroy_node()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bag": "''"}, "bag: is empty"),
        ({"bag": "none"}, "there is no such bag"),
        ({"start": 100.0}, "an offset of 100 s, but it lasts"),
        ({"topics": ["/join_states"]}, "did you mean '/joint_states'"),
        ({"remap": ["/joint_states"]}, "Write /OLD:=/NEW"),
        ({"topics": [COMMANDS]}, "an arm could move by it"),
        ({"loop": True, "duration": 0.001}, "the messages are all within 0.001 s"),
    ],
)
def test_when_a_parameter_cannot_be_used_expect_it_said(ros, tmp_path, given, message):
    bag, _ = write(tmp_path / "bag", run_of(5))
    player = ros.start("bag_player", **{"bag": bag, **FAST, **given})
    assert ros.until_ended(player) == 2
    assert message in player.output
    assert "Traceback" not in player.output


@pytest.mark.slow
def test_when_the_space_key_is_pressed_expect_the_verb_to_go_on_and_end(ros, tmp_path):
    bag, raws = write(tmp_path / "bag", run_of(100))
    states = heard_raw(ros, JointState, STATES)
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "rl_control", "replay", "topics", str(bag), "--paused"]
    process = subprocess.Popen(
        command, env=ros.environment, stdin=other_end, stdout=other_end, stderr=other_end
    )
    os.close(other_end)
    shown = ""
    try:
        while "paused, space goes on" not in shown:
            shown += os.read(terminal, 4096).decode()
        assert "finding out who else is there" in shown
        assert states == []
        os.write(terminal, b" ")
        ros.until(lambda: process.poll() is not None)
        assert process.returncode == 0
    finally:
        process.kill()
        os.close(terminal)
    ros.spin(0.3)
    assert [raw for _, raw in states] == [raw for topic, raw in raws if topic == STATES]


def test_when_flags_are_given_expect_the_node_s_parameters():
    parser = argparse.ArgumentParser()
    replay_topics.add_arguments(parser)
    given = ["my bag", "--rate", "2", "--loop", "--topics", "/a", "/b*", "--heard-by", "scope"]
    rules = parameters(parser.parse_args(given))[2::2]
    assert 'bag:="my bag"' in rules
    assert "rate:=2.0" in rules
    assert "loop:=true" in rules
    assert "leave:=true" in rules
    assert "with_commands:=false" in rules
    assert 'topics:=["/a", "/b*"]' in rules
    (heard_by,) = [rule for rule in rules if rule.startswith("heard_by")]
    assert heard_by.endswith('"scope"]')
    assert "dynamics_learner" in heard_by
