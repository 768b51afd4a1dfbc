"""Can two ROS 2 processes talk on this machine? A talker and a listener that find out.

python -m rl_control.ros.ping listen --seconds 8    (prints one line of JSON)
python -m rl_control.ros.ping talk --seconds 8
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from rl_control.ros.convert import to_doubles
from rl_control.ros.qos import states

TOPIC = "rl_control_ping"
PERIOD = 0.005  # [s], the rate of joint states
ENOUGH = 100  # messages that prove the point


def talk(node: Node, until: float) -> None:
    """Publish the present time, on the steady clock all processes share, until then."""
    publisher = node.create_publisher(JointState, TOPIC, states())
    while time.monotonic() < until:
        publisher.publish(JointState(position=to_doubles(np.array([time.monotonic()]))))
        time.sleep(PERIOD)


def listen(node: Node, until: float) -> None:
    """Print how many messages came, when the first did, and how late they were."""
    started, first = time.monotonic(), None
    late: list[float] = []

    def hear(message: JointState) -> None:
        late.append(time.monotonic() - message.position[0])

    node.create_subscription(JointState, TOPIC, hear, states(depth=ENOUGH))
    while len(late) < ENOUGH and time.monotonic() < until:
        rclpy.spin_once(node, timeout_sec=0.05)
        if late and first is None:
            first = time.monotonic() - started
    shares = np.percentile(late, (50, 99)).tolist() if late else [None, None]
    print(
        json.dumps(
            {
                "received": len(late),
                "discovery_s": first,
                "latency_p50_s": shares[0],
                "latency_p99_s": shares[1],
            }
        )
    )


ROLES: dict[str, Callable[[Node, float], None]] = {"talk": talk, "listen": listen}


def main(argv: Sequence[str] | None = None) -> None:
    """Play one role for a bounded time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--seconds", type=float, default=8.0)
    args = parser.parse_args(argv)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = Node(f"rl_control_ping_{args.role}", start_parameter_services=False)
    try:
        ROLES[args.role](node, time.monotonic() + args.seconds)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
