"""`rl_control view` of an arm behind topics: the node browser_view, told what to show."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import rclpy
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_control.errors import ConfigError, RlControlError
from rl_control.ros.process import run
from rl_control.ros.view_node import BrowserView
from rl_control.run import view

CONTROLLER = "mpc_controller"
ANSWER_TIME = 8.0  # [s] in which a controller that runs should have answered


def ask_controller(name: str) -> dict[str, str]:
    """Return the robot and the tip that a controller's node was set to.

    Args:
        name: of the node, with its namespace.

    Raises:
        ConfigError: if it does not answer.
    """
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = Node("browser_view_asks")
    try:
        client = node.create_client(GetParameters, f"{name}/get_parameters")
        deadline = time.monotonic() + ANSWER_TIME
        while not client.service_is_ready() and time.monotonic() < deadline:
            time.sleep(0.05)
        names = ["robot", "tip"]
        future = client.call_async(GetParameters.Request(names=names))
        rclpy.spin_until_future_complete(
            node, future, timeout_sec=max(0.1, deadline - time.monotonic())
        )
        answer = future.result() if future.done() else None
        if answer is None:
            raise ConfigError(
                "view",
                "--robot",
                f"{name} does not answer, so the robot is not known",
                "Start the controller first (rl_control launch arm_mpc), name another --controller,"
                " or name the --robot. ROS_DOMAIN_ID must be the nodes' own.",
            )
        values = (value.string_value for value in answer.values)
        return {key: value for key, value in zip(names, values, strict=True) if value}
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def node_arguments(args: argparse.Namespace, told: dict[str, str]) -> list[str]:
    """Return the arguments of the node that shows what the verb's `args` ask for.

    Args:
        args: of the verb.
        told: what the controller says of the robot.
    """
    given = {
        "robot": args.robot,
        "tip": args.tip,
        "state_topic": args.state_topic,
        "camera_topic": args.camera_topic,
    }
    settings = {**told, **{key: value for key, value in given.items() if value}}
    settings["controller"] = args.controller or CONTROLLER
    for key in ("host", "port", "frame_rate"):
        if hasattr(args, key):
            settings[key] = getattr(args, key)
    settings["open"] = str(bool(args.open)).lower()
    rules = [word for key, value in settings.items() for word in ("-p", f"{key}:={value}")]
    space = args.namespace.strip("/")
    return ["browser_view", "--ros-args", *(["-r", f"__ns:=/{space}"] if space else []), *rules]


def main(argv: Sequence[str] | None = None) -> int:
    """Show the arm as `rl_control view` does; return the exit code."""
    parser = argparse.ArgumentParser(prog="rl_control view", allow_abbrev=False)
    view.add_arguments(parser)
    args = parser.parse_args(argv)
    space = args.namespace.strip("/")
    controller = f"{f'/{space}' if space else ''}/{args.controller or CONTROLLER}"
    try:
        told = {} if args.robot else ask_controller(controller)
    except RlControlError as error:
        print(f"rl_control: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return run(BrowserView, node_arguments(args, told))


if __name__ == "__main__":
    sys.exit(main())
