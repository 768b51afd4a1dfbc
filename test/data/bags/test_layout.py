"""QoS as text and back, and as the rosbag2 versions before wrote it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rl_control.data.bags.layout import BagFile, BagTopic, Qos, bag_information, qos_of, qos_text

_times = st.none() | st.integers(0, 10**15)
_offers = st.builds(
    Qos,
    reliability=st.sampled_from(["reliable", "best_effort"]),
    durability=st.sampled_from(["volatile", "transient_local"]),
    history=st.sampled_from(["keep_last", "keep_all", "unknown"]),
    depth=st.integers(0, 10_000),
    deadline=_times,
    lifespan=_times,
    liveliness=st.sampled_from(["automatic", "manual_by_topic"]),
    lease=_times,
)


@given(st.lists(_offers, max_size=3))
def test_when_qos_is_written_expect_the_same_back(offered):
    assert qos_of(qos_text(offered)) == tuple(offered)


@given(st.lists(_offers, max_size=3))
def test_when_qos_is_written_expect_another_reader_to_agree(offered):
    from rosbags.rosbag2.metadata import parse_qos

    found = parse_qos(qos_text(offered))
    assert [one.depth for one in found] == [one.depth for one in offered]
    assert [one.reliability.name.lower() for one in found] == [o.reliability for o in offered]
    assert [one.durability.name.lower() for one in found] == [o.durability for o in offered]
    assert [one.history.name.lower() for one in found] == [o.history for o in offered]
    assert [one.liveliness.name.lower() for one in found] == [o.liveliness for o in offered]


def test_when_an_older_rosbag2_wrote_numbers_expect_their_names():
    from rosbags.rosbag2.metadata import dump_qos_v8, parse_qos

    offered = (Qos(reliability="best_effort", durability="transient_local", deadline=5), Qos())
    assert qos_of(dump_qos_v8(parse_qos(qos_text(offered)))) == offered


@pytest.mark.parametrize("text", ["", "[", "- 1", "- {depth: 1}", "{a: b}", "3", "- {depth: x}"])
def test_when_the_text_is_no_qos_expect_none(text):
    assert qos_of(text) == ()


def test_when_a_bag_is_described_expect_its_span_over_all_files():
    files = [
        BagFile("b_0.mcap", 2, 100, 150),
        BagFile("b_1.mcap", 0),
        BagFile("b_2.mcap", 1, 90, 90),
    ]
    found = bag_information(files, [BagTopic("/a", "std_msgs/msg/String", "RIHS01_x", (), 3)])
    assert found["starting_time"] == {"nanoseconds_since_epoch": 90}
    assert found["duration"] == {"nanoseconds": 60}
    assert found["message_count"] == 3
    assert [row["duration"]["nanoseconds"] for row in found["files"]] == [50, 0, 0]
    assert yaml.safe_load(yaml.safe_dump(found)) == found
