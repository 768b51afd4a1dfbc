"""The demo's third process: sends targets to a controller and writes down what the arm does.

A plain observer; it knows the nodes by their topics only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.ros.convert import JointStateReader, pose_message
from rl_control.ros.diagnostics import diagnostic_values
from rl_control.ros.priority import give_way
from rl_control.tasks.reach import ReachConfig, settle_detector
from rl_control.types import Array, JointState, Pose

CONTROLLER, SIMULATOR = "mpc_controller", "arm_sim"
START_TIME = 120.0  # [s] for the nodes to compile and start
SILENCE = 5.0  # [s] without a joint state after which the arm is lost
STATES_KEPT = 1000  # what may arrive while this process is busy
SETTLED, TIMED_OUT = "settled", "time is up"


class DemoClient(Node):
    """Collects joint states and diagnostics while targets are sent one after another.

    Args:
        robot: name or description of the arm.
        tip: its tip link; None for the robot's own.
        controller: name of its controller's node.
    """

    def __init__(self, robot: str, tip: str | None, controller: str) -> None:
        super().__init__("demo_client")
        self._controller = controller
        self._robot = load_robot(robot, tip=tip)
        self._model = ArmModel(self._robot)
        self._reader = JointStateReader(self._robot.names)
        self.samples: list[JointState] = []
        self.tips: list[Array] = []
        self.reports: dict[str, list[tuple[float, dict[str, str]]]] = {
            controller: [],
            SIMULATOR: [],
        }
        self._targets = self.create_publisher(
            PoseStamped, f"/{controller}/target_pose", qos.events()
        )
        self.create_subscription(
            JointStateMessage, "/joint_states", self._on_state, qos.states(depth=STATES_KEPT)
        )
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_report, qos.events(100))

    def wait_for_nodes(self) -> None:
        """Wait until the arm reports and the controller listens and controls.

        Raises:
            TimeoutError: if that does not come about.
        """

        def ready() -> bool:
            controls = any(
                values.get("states", "0") != "0" for _, values in self.reports[self._controller]
            )
            return bool(self.samples and self._targets.get_subscription_count() and controls)

        if not self._spin_until(ready, START_TIME):
            raise TimeoutError(f"the nodes were not ready within {START_TIME:.0f} s")
        self.samples.clear()
        self.tips.clear()

    def reach(self, target: Sequence[float], config: ReachConfig) -> dict[str, Any]:
        """Send one target and watch until the arm has settled or the time is up.

        Raises:
            TimeoutError: if joint states stop coming.
        """
        self._spin_until(lambda: bool(self.samples), SILENCE)
        begun = self.samples[-1].stamp
        detector = settle_detector(target, self._robot, config)
        # An orientation of zero leaves it free.
        message = pose_message(
            Pose(np.asarray(target, dtype=np.float64), np.eye(3)),
            self._robot.base,
            self.get_clock().now().to_msg(),
        )
        message.pose.orientation.w = 0.0
        self._targets.publish(message)
        seen = len(self.samples)

        def done() -> bool:
            nonlocal seen
            for k in range(seen, len(self.samples)):
                state = self.samples[k]
                detector.update(state.stamp - begun, self.tips[k], state.velocity)
            seen = len(self.samples)
            late = self.samples[-1].stamp - begun > config.time_limit
            return detector.settled_at is not None or late

        if not self._spin_until(done, 2.0 * config.time_limit + SILENCE):
            raise TimeoutError("joint states have stopped coming")
        return {
            "target": list(target),
            "sent": begun,
            "settle_time_s": detector.settled_at,
            "outcome": TIMED_OUT if detector.settled_at is None else SETTLED,
        }

    def listen(self, seconds: float) -> None:
        """Go on collecting for a while."""
        self._spin_until(lambda: False, seconds)

    def save(self, path: Path, targets: list[dict[str, Any]]) -> None:
        """Write the samples, the targets and the diagnostics to the archive `path`."""
        np.savez_compressed(
            path,
            stamps=np.array([state.stamp for state in self.samples]),
            states=np.array([state.vector for state in self.samples]),
            efforts=np.array([state.effort for state in self.samples]),
            tips=np.array(self.tips),
            targets=json.dumps(targets),
            reports=json.dumps(self.reports),
        )

    def _on_state(self, message: JointStateMessage) -> None:
        state = self._reader.read(message)
        self.samples.append(state)
        self.tips.append(self._model.tip(state.position).position)

    def _on_report(self, message: DiagnosticArray) -> None:
        for name, kept in self.reports.items():
            values = diagnostic_values(message, name)
            if values is not None:
                stamp = message.header.stamp
                kept.append((stamp.sec + 1e-9 * stamp.nanosec, values))

    def _spin_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            rclpy.spin_once(self, timeout_sec=0.02)
        return True


def follow(
    client: DemoClient, targets: Sequence[Sequence[float]], seconds: float, rest: float
) -> list[Any]:
    """Send every target, saying how it goes; then listen for another `rest` seconds.

    Begins again with the first target until at least `seconds` have passed.
    """
    config = ReachConfig()
    client.wait_for_nodes()
    outcomes: list[dict[str, Any]] = []
    until = time.monotonic() + seconds
    for k, target in enumerate(itertools.cycle(targets)):
        if k >= len(targets) and time.monotonic() >= until:
            break
        outcome = client.reach(target, config)
        settled = outcome["settle_time_s"]
        said = outcome["outcome"] if settled is None else f"settled after {settled:.2f} s"
        place = ", ".join(f"{c:.3f}" for c in target)
        print(f"target {k + 1} at ({place}) m: {said}", flush=True)
        outcomes.append(outcome)
    client.listen(rest)
    return outcomes


def main(argv: Sequence[str] | None = None) -> int:
    """Run the client; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", required=True)
    parser.add_argument("--tip")
    parser.add_argument("--controller", default=CONTROLLER, help="name of its node")
    parser.add_argument("--targets", required=True, help="JSON list of positions [m]")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.npz)")
    parser.add_argument("--seconds", type=float, default=0.0, help="least time to go on for [s]")
    parser.add_argument("--rest", type=float, default=0.6, help="time to go on listening [s]")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    give_way()  # who watches must not slow what is watched
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        client = DemoClient(args.robot, args.tip, args.controller)
        outcomes = follow(client, json.loads(args.targets), args.seconds, args.rest)
        client.save(args.output, outcomes)
    except TimeoutError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
