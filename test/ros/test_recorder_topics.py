"""Which topics are recorded, and what they are asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from rclpy.duration import Duration, Infinite
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from rl_control.data.bags.layout import Qos
from rl_control.errors import DataError
from rl_control.ros.recorder_topics import is_wanted, message_type, offered_by, request_for


@pytest.mark.parametrize(
    ("topic", "topics", "exclude", "namespace", "wanted"),
    [
        ("/a", (), (), "/", True),
        ("/a/_hidden/b", (), (), "/", False),
        ("/_a", (), (), "/", False),
        ("/_a", ("/_a",), (), "/", True),
        ("/a", ("/b",), (), "/", False),
        ("/a/b", ("/a/*",), (), "/", True),
        ("/a/b", ("/a/*",), ("*/b",), "/", False),
        ("/a/b", ("/a/*",), ("b",), "/", True),
        ("/a/b", (), ("/*/b",), "/", False),
        ("/arm/states", ("states",), (), "/arm", True),
        ("/states", ("states",), (), "/arm", False),
        ("/states", ("states",), (), "/", True),
        ("/states", ("/STATES",), (), "/", False),
    ],
)
def test_when_topics_are_chosen_expect_those_that_match(topic, topics, exclude, namespace, wanted):
    assert is_wanted(topic, topics, exclude, False, namespace) == wanted


def test_when_hidden_topics_are_asked_for_expect_them():
    assert is_wanted("/a/_b", (), (), True, "/")


def publisher(reliable=True, latched=False, **more):
    profile = QoSProfile(
        history=HistoryPolicy.UNKNOWN,
        depth=0,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        **more,
    )
    return SimpleNamespace(qos_profile=profile)


@pytest.mark.parametrize(
    ("publishers", "reliable", "latched"),
    [
        ([], True, False),
        ([publisher()], True, False),
        ([publisher(reliable=False)], False, False),
        ([publisher(), publisher(reliable=False)], False, False),
        ([publisher(latched=True)], True, True),
        ([publisher(latched=True), publisher()], True, False),
    ],
)
def test_when_publishers_differ_expect_what_all_of_them_offer(publishers, reliable, latched):
    request = request_for(publishers, 1234)
    assert (request.reliability == ReliabilityPolicy.RELIABLE) == reliable
    assert (request.durability == DurabilityPolicy.TRANSIENT_LOCAL) == latched
    assert (request.history, request.depth) == (HistoryPolicy.KEEP_LAST, 1234)


def test_when_an_offer_is_stored_expect_its_durations_in_nanoseconds():
    offered = offered_by(
        [publisher(deadline=Duration(seconds=2), lifespan=Infinite), publisher(latched=True)]
    )
    assert offered == (
        Qos(history="unknown", depth=0, liveliness="system_default", deadline=2_000_000_000),
        Qos(history="unknown", depth=0, liveliness="system_default", durability="transient_local"),
    )


@pytest.mark.parametrize("kind", ["no_msgs/msg/Thing", "std_msgs/msg/Nothing", "std_msgs/String"])
def test_when_a_type_is_not_installed_expect_what_to_do(kind):
    with pytest.raises(DataError, match=r"cannot be received.*Install the package"):
        message_type(kind)
    assert message_type("std_msgs/msg/String").__name__ == "String"
