"""The recorder under load, and killed: messages lost, share of a core, seconds lost.

python benchmarks/recorder.py [--seconds 60] [--kill N] [--seed 0] [--json FILE]

Three processes publish as an arm does: joint states 1000 times a second, commands and plans 200
times. bag_recorder records them. Every message carries its number, so that the bag tells what has
been lost; a message counts as lost from the first that was recorded on.

With --kill the recorder is killed by SIGKILL at a random moment instead, N times, and the bag is
recovered. What is lost then is, for each topic, the time from the newest message in the recovered
bag to the kill. Leave the machine alone meanwhile: four processes share its cores.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rl_control.data.bags.recover import recover
from rl_control.report.table import console
from rl_control.run.environment import machine_line
from rl_control.run.network import network_defaults
from rl_control.run.output import add_json_argument, check_writable, write_json

RATES = {"/joint_states": 1000.0, "/commands": 200.0, "/plan": 200.0}  # [Hz]
JOINTS = 7
NODES = 26  # of a plan
SETTLE = 3.0  # [s] for the processes to find each other


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kill", type=int, default=0, metavar="N", help="kill it N times instead")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of killing")
    parser.add_argument("--publish", default="", help=argparse.SUPPRESS)
    add_json_argument(parser)
    args = parser.parse_args()
    if args.publish:
        publish(args.publish)
        return 0
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    with tempfile.TemporaryDirectory() as name:
        if args.kill:
            report = measure_kills(Path(name), args.kill, random.Random(args.seed), out.print)
        else:
            report = measure_load(Path(name), args.seconds, out.print)
    if args.json:
        write_json(args.json, report)
    return 0


def measure_load(folder: Path, seconds: float, say: Any) -> dict[str, Any]:
    """Record for a while; return what was lost and what it took."""
    with running(folder) as (recorder, bag):
        time.sleep(SETTLE)
        before, begun = cpu_seconds(recorder.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(recorder.pid) - before) / (time.monotonic() - begun)
        recorder.send_signal(signal.SIGINT)
        code = recorder.wait(20)
    topics = {}
    for topic, numbers in recorded_numbers(bag).items():
        expected = numbers[-1] - numbers[0] + 1
        topics[topic] = {"recorded": len(numbers), "lost": expected - len(set(numbers))}
        say(f"{topic}: {len(numbers):,} recorded, {topics[topic]['lost']:,} lost")
    size = sum(file.stat().st_size for file in bag.iterdir())
    say(f"recorder: {share:.1%} of a core, {size / 1e6:.1f} MB, exit code {code}")
    return {"topics": topics, "cpu_share": share, "bytes": size, "exit_code": code}


def measure_kills(folder: Path, count: int, rng: random.Random, say: Any) -> dict[str, Any]:
    """Kill the recorder again and again; return the seconds lost and how many were recovered."""
    lost, recovered, missing = [], 0, 0
    for attempt in range(count):
        with running(folder / str(attempt)) as (recorder, bag):
            time.sleep(SETTLE + rng.uniform(0.0, 3.0))
            killed = time.time_ns()
            recorder.kill()
            recorder.wait(20)
        found = recover(bag)
        recovered += set(found.counts) >= set(RATES)
        newest = newest_sent(bag)
        lost.append({topic: (killed - sent) * 1e-9 for topic, sent in newest.items()})
        missing += sum(
            numbers[-1] - numbers[0] + 1 - len(set(numbers))
            for numbers in recorded_numbers(bag).values()
        )
        say(f"kill {attempt + 1}: " + ", ".join(f"{t} {s:.2f} s lost" for t, s in lost[-1].items()))
    worst = max((seconds for row in lost for seconds in row.values()), default=float("nan"))
    say(f"recovered {recovered} of {count}, at most {worst:.2f} s lost, {missing} missing within")
    return {
        "recovered": recovered,
        "kills": count,
        "worst_seconds_lost": worst,
        "missing_within": missing,
        "seconds_lost": lost,
    }


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Start the recorder and the publishers in a domain of their own; end all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        **network_defaults(),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(random.randint(1, 100)),
        "ROS_LOG_DIR": str(folder),
    }
    bag = folder / "bag"
    commands = [
        ["-m", "rl_control.ros.bag_recorder", "--ros-args", "-p", f"folder:={bag}"],
        *([__file__, "--publish", topic] for topic in RATES),
    ]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
            for command in commands
        ]
        try:
            yield processes[0], bag
        finally:
            for process in processes:
                process.kill()
                process.wait(10)


def publish(topic: str) -> None:
    """Publish numbered messages on a topic, at its rate, until killed."""
    import rclpy
    from rclpy.node import Node

    rclpy.init()
    node = Node("publisher_of" + topic.replace("/", "_"))
    make, kind = messages_of(topic)
    publisher = node.create_publisher(kind, topic, 10)
    while not publisher.get_subscription_count():
        time.sleep(0.01)
    period, due, number = 1.0 / RATES[topic], time.monotonic(), 0
    while True:
        publisher.publish(make(number))
        number += 1
        due += period
        time.sleep(max(0.0, due - time.monotonic()))


def messages_of(topic: str) -> tuple[Any, Any]:
    """Return a function that makes the message of a number, and its class."""
    from sensor_msgs.msg import JointState
    from std_msgs.msg import Float64MultiArray, MultiArrayDimension
    from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

    names = [f"joint_{i}" for i in range(JOINTS)]

    def numbers() -> list[float]:
        return [random.random() for _ in names]

    def state(number: int) -> Any:
        message = JointState(name=names, position=numbers(), velocity=numbers(), effort=numbers())
        message.header.frame_id = str(number)
        return message

    def command(number: int) -> Any:
        message = Float64MultiArray(data=numbers())
        message.layout.dim = [MultiArrayDimension(label=str(number))]
        return message

    points = [JointTrajectoryPoint(positions=numbers(), velocities=numbers()) for _ in range(NODES)]

    def plan(number: int) -> Any:
        message = JointTrajectory(joint_names=names, points=points)
        message.header.frame_id = str(number)
        return message

    return {
        "/joint_states": (state, JointState),
        "/commands": (command, Float64MultiArray),
        "/plan": (plan, JointTrajectory),
    }[topic]


def recorded_numbers(bag: Path) -> dict[str, list[int]]:
    """Return the numbers of the messages in a bag by topic, in order of receipt."""
    from rosbags.highlevel import AnyReader

    found: dict[str, list[int]] = {topic: [] for topic in RATES}
    with AnyReader([bag]) as reader:
        chosen = [c for c in reader.connections if c.topic in RATES]
        for connection, _, raw in reader.messages(connections=chosen):
            message: Any = reader.deserialize(raw, connection.msgtype)
            if connection.topic == "/commands":
                found["/commands"].append(int(message.layout.dim[0].label))
            else:
                found[connection.topic].append(int(message.header.frame_id))
    return found


def newest_sent(bag: Path) -> dict[str, int]:
    """Return when the newest message in a bag was sent, in [ns], by topic."""
    from mcap.reader import make_reader

    newest = dict.fromkeys(RATES, 0)
    for file in sorted(bag.glob("*.mcap")):
        with file.open("rb") as stream:
            reader = make_reader(stream, validate_crcs=True)
            for _, channel, message in reader.iter_messages(list(RATES)):
                newest[channel.topic] = max(newest[channel.topic], message.publish_time)
    return newest


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken in [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
