"""Who may be there while a bag is replayed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rl_control.data.bags.play import PlayedTopic
from rl_control.errors import CommandConflictError, ReplayConflictError
from rl_control.ros.play_safety import check_listeners, check_replay

STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
JOINT_STATE, ARRAY = "sensor_msgs/msg/JointState", "std_msgs/msg/Float64MultiArray"
KINDS = {STATES: JOINT_STATE, COMMANDS: ARRAY, "/other/commands": ARRAY}
KNOWN = ("bag_recorder", "_ros2cli*")


class Graph:
    """A node that sees the publishers and subscribers it is told of."""

    def __init__(self, publishers, subscribers, name="/bag_player"):
        self._publishers, self._subscribers, self._name = publishers, subscribers, name

    def get_fully_qualified_name(self):
        return self._name

    def get_topic_names_and_types(self):
        return [(name, [kind]) for name, kind in KINDS.items()]

    def get_publishers_info_by_topic(self, topic):
        return [endpoint(name) for name in self._publishers.get(topic, [])]

    def get_subscriptions_info_by_topic(self, topic):
        return [endpoint(name) for name in self._subscribers.get(topic, [])]


def endpoint(full_name):
    space, _, name = full_name.rpartition("/")
    return SimpleNamespace(node_namespace=space or "/", node_name=name)


def played(name, kind, recorded=""):
    return PlayedTopic(recorded or name, name, kind, "", True, False, 10, ())


PLAYED_STATES, PLAYED_COMMANDS = played(STATES, JOINT_STATE), played(COMMANDS, ARRAY)


def check(publishers, subscribers, topics, anyway=False):
    own = {topic.name: ["/bag_player", *publishers.get(topic.name, [])] for topic in topics}
    check_replay(Graph({**publishers, **own}, subscribers), topics, KNOWN, anyway)


def test_when_nobody_else_is_there_expect_no_objection():
    check({}, {}, [PLAYED_STATES, PLAYED_COMMANDS])
    check({}, {STATES: ["/rviz"]}, [PLAYED_STATES])


def test_when_the_states_have_a_publisher_expect_refusal_unless_anyway():
    there = {STATES: ["/left/driver"]}
    with pytest.raises(ReplayConflictError, match="/left/driver publishes there"):
        check(there, {}, [PLAYED_STATES])
    check(there, {}, [PLAYED_STATES], anyway=True)


def test_when_another_player_has_the_same_name_expect_it_seen():
    with pytest.raises(ReplayConflictError, match="/bag_player publishes there"):
        check({STATES: ["/bag_player"]}, {}, [PLAYED_STATES])


@pytest.mark.parametrize("topic", ["/diagnostics", "/rosout", "/parameter_events"])
def test_when_every_node_publishes_there_expect_no_objection(topic):
    check({topic: ["/driver"]}, {}, [played(topic, "diagnostic_msgs/msg/DiagnosticArray")])


@pytest.mark.parametrize("anyway", [False, True])
def test_when_an_arm_is_commanded_or_listens_expect_refusal_whatever_is_said(anyway):
    with pytest.raises(CommandConflictError, match="/mpc_controller"):
        check({COMMANDS: ["/mpc_controller"]}, {}, [PLAYED_COMMANDS], anyway)
    with pytest.raises(ReplayConflictError, match="/effort_controller listens: replayed"):
        check({}, {COMMANDS: ["/effort_controller"]}, [PLAYED_COMMANDS], anyway)
    renamed = played("/other/commands", ARRAY, recorded=COMMANDS)
    with pytest.raises(ReplayConflictError, match="/arm listens"):
        check({}, {"/other/commands": ["/arm"]}, [renamed], anyway)
    harmless_name = played("/seen/values", "std_msgs/msg/Float64", recorded="/gripper/command")
    with pytest.raises(ReplayConflictError, match="/gripper listens"):
        check({}, {"/seen/values": ["/gripper"]}, [harmless_name], anyway)


def test_when_only_nodes_that_move_nothing_listen_expect_no_objection():
    listening = {COMMANDS: ["/bag_recorder", "/left/bag_recorder", "/_ros2cli_4711"]}
    check({}, listening, [PLAYED_COMMANDS])
    with pytest.raises(ReplayConflictError, match="/my_bag_recorder listens"):
        check_listeners(Graph({}, {COMMANDS: ["/my_bag_recorder"]}), PLAYED_COMMANDS, KNOWN)


def test_when_a_controller_has_an_arm_expect_no_states_for_it_unless_anyway():
    publishers = {"/other/commands": ["/mpc_controller"]}
    subscribers = {STATES: ["/mpc_controller", "/rviz"], "/other/commands": ["/driver"]}
    with pytest.raises(ReplayConflictError, match="/mpc_controller acts on it and"):
        check(publishers, subscribers, [PLAYED_STATES])
    check(publishers, subscribers, [PLAYED_STATES], anyway=True)
    without_arm = {STATES: ["/mpc_controller"]}
    check(publishers, without_arm, [PLAYED_STATES])
    deaf = {"/other/commands": ["/driver"], STATES: ["/rviz"]}
    check(publishers, deaf, [PLAYED_STATES])
