"""bag_recorder over real DDS: what it hears, what faults cost, how it ends."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool, Trigger

from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.recover import recover
from rl_control.ros import qos

BEST_EFFORT = QoSProfile(depth=1000, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)


@pytest.fixture
def recorder(ros, tmp_path):
    """Starts bag_recorder with parameters, and waits until it records."""

    def start(wait=True, **parameters):
        parameters.setdefault("folder", tmp_path / "bag")
        process = ros.start("bag_recorder", **parameters)
        if wait:
            ros.until(lambda: "recording to" in process.output)
        return process

    return start


def heard(bag, topic, kind=String):
    """Messages of a topic in a bag; their times of receipt and sending fit each other."""
    from mcap.reader import make_reader

    found = []
    for file in sorted(bag.glob("*.mcap")):
        with file.open("rb") as stream:
            reader = make_reader(stream, validate_crcs=True)
            for _, _, message in reader.iter_messages([topic]):
                assert 0 <= message.log_time - message.publish_time < 5_000_000_000
                found.append(deserialize_message(message.data, kind))
    return found


def send(ros, publisher, count, first=0):
    """Publish numbered texts once somebody listens; return them."""
    ros.until(lambda: publisher.get_subscription_count() > 0)
    sent = [String(data=f"{publisher.topic} {first + k}") for k in range(count)]
    for message in sent:
        publisher.publish(message)
        time.sleep(0.001)
    ros.spin(0.3)
    return sent


def test_when_publishers_differ_expect_every_message_of_each(ros, recorder, tmp_path):
    latched = ros.talk(String, "/latched", qos.latched())
    latched.publish(String(data="said before"))
    reliable, loose = (
        ros.talk(String, topic, quality)
        for topic, quality in (("/reliable", RELIABLE), ("/loose", BEST_EFFORT))
    )
    process = recorder()
    expected = {"/reliable": send(ros, reliable, 300), "/loose": send(ros, loose, 300)}
    late = ros.talk(Float64MultiArray, "/late", RELIABLE)
    ros.until(lambda: late.get_subscription_count() > 0)
    numbers = Float64MultiArray(data=[1.0, 2.0])
    late.publish(numbers)
    ros.until(lambda: ros.figure("bag_recorder", "messages") >= 602)
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    for topic, messages in expected.items():
        assert heard(tmp_path / "bag", topic) == messages
    assert heard(tmp_path / "bag", "/late", Float64MultiArray) == [numbers]
    assert heard(tmp_path / "bag", "/latched") == [String(data="said before")]
    assert not recover(tmp_path / "bag").files
    bag = open_bag(tmp_path / "bag")
    offers = {c.topic: c.ext.offered_qos_profiles[0] for c in bag.connections}
    bag.close()
    assert offers["/loose"].reliability.name == "BEST_EFFORT"
    assert offers["/latched"].durability.name == "TRANSIENT_LOCAL"
    assert "bag_recorder/transition_event" not in " ".join(offers)


def test_when_somebody_listens_already_expect_the_first_message(ros, recorder, tmp_path):
    ros.listen(String, "/once", RELIABLE)
    process = recorder()
    once = ros.talk(String, "/once", RELIABLE)
    ros.until(lambda: once.get_subscription_count() == 2)
    once.publish(String(data="only once"))
    ros.spin(0.5)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert heard(tmp_path / "bag", "/once") == [String(data="only once")]


def test_when_a_publisher_comes_that_offers_less_expect_it_heard(ros, recorder, tmp_path):
    process = recorder()
    first = ros.talk(String, "/shared", RELIABLE)
    expected = send(ros, first, 50)
    second = ros.talk(String, "/shared", BEST_EFFORT)
    expected += send(ros, second, 50, first=50)
    ros.until(lambda: "best effort" in process.output)
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    assert heard(tmp_path / "bag", "/shared") == expected


def test_when_it_is_killed_expect_all_but_the_last_moment(ros, recorder, tmp_path):
    process = recorder(flush_time=0.1)
    sent = send(ros, ros.talk(String, "/a", RELIABLE), 300)
    ros.spin(0.5)
    process.signal(signal.SIGKILL)
    process.wait()
    found = recover(tmp_path / "bag")
    assert found.counts["/a"] == 300
    assert heard(tmp_path / "bag", "/a") == sent


def test_when_it_is_held_up_expect_what_is_missing_counted(ros, recorder, tmp_path):
    process = recorder()
    publisher = ros.talk(String, "/a", QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE))
    count = len(send(ros, publisher, 10))
    process.signal(signal.SIGSTOP)
    for k in range(3000):
        publisher.publish(String(data=f"while it stands still {k}"))
    process.signal(signal.SIGCONT)
    ros.spin(0.5)
    count += 3000 + len(send(ros, publisher, 10))
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    missing = count - len(heard(tmp_path / "bag", "/a"))
    assert missing > 0
    assert f"({missing:,} lost)" in process.output


def test_when_the_disk_is_full_expect_a_living_node_and_what_was_written(ros, recorder, tmp_path):
    process = recorder(flush_time=0.05)
    publisher = ros.talk(Float64MultiArray, "/a", RELIABLE)
    ros.until(lambda: publisher.get_subscription_count() > 0)
    limit = 200_000
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (limit, limit))
    rng = np.random.default_rng(0)
    for k in range(100):
        publisher.publish(Float64MultiArray(data=[float(k), *rng.random(500)]))
        ros.spin(0.01)
    ros.until(lambda: "File too large" in ros.summary("bag_recorder"))
    assert process.popen.poll() is None
    assert process.output.count("the recording has ended") == 1
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    recover(tmp_path / "bag")
    kept = heard(tmp_path / "bag", "/a", Float64MultiArray)
    assert [message.data[0] for message in kept] == list(range(len(kept)))
    assert 5 < len(kept) < 100
    assert (tmp_path / "bag" / "bag_0.mcap").stat().st_size < limit + 20_000


def test_when_it_shall_end_with_a_full_disk_expect_its_exit_code(ros, recorder, tmp_path):
    process = recorder(flush_time=0.05, end_when_full=True)
    (tmp_path / "bag" / "bag_0.mcap").unlink()
    assert ros.until_ended(process) == 2
    assert "its file has been removed" in process.output


@pytest.mark.parametrize(
    ("folder", "told"),
    [("there", "does not exist"), ("file/bag", "may be written to")],
)
def test_when_the_folder_cannot_be_used_expect_no_start(ros, recorder, tmp_path, folder, told):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    process = recorder(wait=False, folder=tmp_path / folder)
    assert ros.until_ended(process) == 2
    assert told in process.output
    assert not list((tmp_path / "there").iterdir())


def test_when_it_pauses_expect_only_what_is_latched(ros, recorder, tmp_path):
    process = recorder(paused=True)
    publisher = ros.talk(String, "/a", RELIABLE)
    latched = ros.talk(String, "/latched", qos.latched())
    send(ros, publisher, 5)
    kept = send(ros, latched, 1)
    for name, kind, request in (
        ("pause", SetBool, SetBool.Request(data=False)),
        ("split", Trigger, Trigger.Request()),
    ):
        client = ros.node.create_client(kind, f"/bag_recorder/{name}")
        ros.until(client.service_is_ready)
        answer = client.call_async(request)
        ros.until(answer.done)
        assert answer.result().success
    sent = send(ros, publisher, 5, first=5)
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    assert heard(tmp_path / "bag", "/a") == sent
    assert heard(tmp_path / "bag", "/latched") == kept
    assert (tmp_path / "bag" / "bag_1.mcap").exists()


def test_when_the_verb_is_killed_expect_a_whole_bag(ros, tmp_path):
    command = ["-m", "rl_control", "record", "/a", "--output", str(tmp_path / "bag")]
    from harness import Process

    verb = Process(command, tmp_path / "verb.log", ros.environment)
    ros.processes.append(verb)
    sent = send(ros, ros.talk(String, "/a", RELIABLE), 20)
    verb.signal(signal.SIGKILL)
    verb.wait()
    metadata = tmp_path / "bag" / "metadata.yaml"
    ros.until(lambda: "message_count: 20" in metadata.read_text())
    assert not recover(tmp_path / "bag").files
    assert heard(tmp_path / "bag", "/a") == sent


def test_when_space_will_not_last_expect_a_warning(ros, recorder, tmp_path):
    free = shutil.disk_usage(tmp_path).free / 1e6
    process = recorder(reserve=free - 200.0)
    publisher = ros.talk(Float64MultiArray, "/a", RELIABLE)
    rng = np.random.default_rng(0)

    def warned():
        publisher.publish(Float64MultiArray(data=rng.random(2000)))
        return "space for" in ros.summary("bag_recorder")

    ros.until(warned)
    assert process.output.count("make space, or end the recording") == 1


@pytest.mark.slow
def test_when_a_launch_file_records_expect_all_that_was_said(ros, tmp_path):
    bag = tmp_path / "run" / "bag"
    launch = ros.start(
        "launch", "arm_mpc", "robot:=planar2", "record:=true", f"record_folder:={bag}"
    )
    ros.until(lambda: ros.figure("bag_recorder", "messages") > 1000, 60.0)
    launch.signal(signal.SIGINT)
    assert ros.until_ended(launch) in (0, 130)
    assert not recover(bag).files
    found = open_bag(tmp_path / "run")
    counts = {connection.topic: connection.msgcount for connection in found.connections}
    found.close()
    assert counts["/joint_states"] > 300
    assert counts["/effort_controller/commands"] > 300
    assert {"/robot_description", "/mpc_controller/settings", "/diagnostics"} <= set(counts)


@pytest.mark.slow
def test_when_it_is_killed_under_load_expect_every_bag_recovered_without_gaps(tmp_path):
    words = ["--kill", "3", "--json", str(tmp_path / "kills.json")]
    benchmark = Path(__file__).parents[2] / "benchmarks" / "recorder.py"
    subprocess.run([sys.executable, str(benchmark), *words], timeout=110, check=True)
    report = json.loads((tmp_path / "kills.json").read_text())
    assert report["recovered"] == report["kills"] == 3
    assert report["missing_within"] == 0
