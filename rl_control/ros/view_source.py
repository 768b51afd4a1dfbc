"""An arm behind topics as the source of a view."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState as JointStateMessage
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from rl_control.errors import RlControlError
from rl_control.robot.model import RobotModel
from rl_control.ros import convert, qos
from rl_control.ros.lifecycle_remote import UNKNOWN, RemoteLifecycle
from rl_control.ros.node import ManagedNode
from rl_control.ros.unwaited import Newest
from rl_control.ros.view_camera import camera_of
from rl_control.ros.view_config import BrowserViewConfig
from rl_control.types import Array, JointState, Pose
from rl_control.view.snapshot import CAUTION, FINE, STOPPED, Snapshot, Target

SILENCE = 1.0  # [s] without a joint state after which the arm counts as lost
REPORT_SILENCE = 3.0  # [s] without diagnostics after which a controller does
PLAN_SILENCE = 0.5  # [s] after which a plan is no plan any more

_LEVELS = {
    DiagnosticStatus.OK: FINE,
    DiagnosticStatus.WARN: CAUTION,
    DiagnosticStatus.ERROR: STOPPED,
    DiagnosticStatus.STALE: CAUTION,
}


class TopicSource:
    """Listens to an arm and its controller, and sends targets; for the node's own thread.

    `stop`, `start` and `reset` may come from any thread; `poll` does what they ask for.

    Args:
        node: that listens; its topics end with it.
        robot: the arm.
        config: names of nodes and topics.
    """

    playback = None
    can_move = can_reset = True

    def __init__(self, node: ManagedNode, robot: RobotModel, config: BrowserViewConfig) -> None:
        self._node, self.robot, self._config = node, robot, config
        self.title = f"{robot.name} by {config.controller}"
        self.may_move = config.may_move
        self.waiting = f"no joint states on {config.state_topic} yet"
        self._reader = convert.JointStateReader(robot.names)
        name = config.controller
        self._states = Newest(node, JointStateMessage, config.state_topic)
        self._plans = Newest(node, JointTrajectory, f"{name}/plan")
        self._camera = camera_of(node, config)
        self._targets = node.publisher(PoseStamped, f"{name}/target_pose", qos.events())
        node.subscribe(PoseStamped, f"{name}/goal", self._on_goal, qos.latched())
        node.subscribe(DiagnosticArray, "/diagnostics", self._on_report, qos.events())
        self._lifecycle = RemoteLifecycle(node, name)
        self._reset = node.create_client(Trigger, f"{config.simulator}/reset")
        self._asked: deque[Callable[[], None]] = deque()
        self._joints: JointState | None = None
        self._goal: Target | None = None
        self._plan: Array | None = None
        self._goals, self._refusal = 0, ""
        self._heard = self._planned = self._reported = -math.inf
        self._level, self._summary = CAUTION, ""
        self._values: dict[str, str] = {}
        self._counted = (0.0, 0.0)
        self._rate = math.nan

    def look(self) -> Snapshot | None:
        """Return what is seen now."""
        now = time.monotonic()
        self._take(now)
        if self._joints is None:
            return None
        level, summary = self._state(now)
        return Snapshot(
            joints=self._joints,
            goal=self._goal,
            goals=self._goals,
            refusal=self._refusal,
            plan=self._plan if now - self._planned < PLAN_SILENCE else None,
            level=level,
            summary=summary,
            measures={"solve_ms": _number(self._values, "solve_ms")},
            readings=self._readings(),
            picture=None if self._camera is None else self._camera.newest(now),
        )

    def send(self, target: Target) -> None:
        """Publish a target."""
        rotation = np.eye(3) if target.rotation is None else target.rotation
        stamp = self._node.get_clock().now().to_msg()
        message = convert.pose_message(Pose(target.position, rotation), self.robot.base, stamp)
        if target.rotation is None:
            message.pose.orientation.w = 0.0  # all zeros leave it free
        self._targets.publish(message)

    def stop(self) -> str:
        """Deactivate the controller, which brakes the arm first."""
        self._asked.append(self._lifecycle.deactivate)
        return "Stopping: the controller brakes the arm and lets go; its driver holds it then."

    def start(self) -> str:
        """Activate the controller; the arm stays where it is."""
        self._asked.append(self._lifecycle.activate)
        return ""

    def reset(self) -> str:
        """Put the simulated arm back at its home, if there is one."""
        if not self._reset.service_is_ready():
            return f"{self._config.simulator} does not answer: there is nothing to reset."
        self._asked.append(lambda: self._reset.call_async(Trigger.Request()))
        return ""

    def poll(self) -> None:
        """Do what was asked for."""
        while self._asked:
            self._asked.popleft()()
        self._lifecycle.poll(time.monotonic() - self._reported < REPORT_SILENCE)

    def close(self) -> None:
        """End what the node does not end by itself."""
        self._states.close()
        self._plans.close()
        if self._camera is not None:
            self._camera.close()
        self._lifecycle.close()
        self._node.destroy_client(self._reset)

    def _take(self, now: float) -> None:
        message = self._states.take()
        if message is not None:
            try:
                self._joints, self._heard = self._reader.read(message), now
            except RlControlError as error:
                self.waiting = str(error)
        plan = self._plans.take()
        if plan is not None and tuple(plan.joint_names) == self.robot.names:
            self._plan = np.array([point.positions for point in plan.points])
            self._planned = now

    def _state(self, now: float) -> tuple[str, str]:
        """Level and one line: what is wrong first."""
        if self._lifecycle.outcome:
            return STOPPED, self._lifecycle.outcome
        if now - self._heard >= SILENCE:
            return STOPPED, f"no joint states on {self._config.state_topic}"
        lifecycle = self._lifecycle.state
        if lifecycle not in ("active", UNKNOWN):
            return CAUTION, f"{self._config.controller} is {lifecycle}: it does not move the arm"
        if now - self._reported >= REPORT_SILENCE:
            return CAUTION, f"nothing is heard of {self._config.controller}"
        return self._level, self._summary

    def _readings(self) -> dict[str, str]:
        values = self._values
        found = {
            "solve time": (_number(values, "solve_ms"), "{:.2f} ms"),
            "states": (self._rate, "{:.0f} a second"),
            "answered late": (_number(values, "misses"), "{:.0f}"),
        }
        texts = {
            name: form.format(value) for name, (value, form) in found.items() if value == value
        }
        return {**texts, "goal": values.get("goal", "-"), "controller": self._lifecycle.state}

    def _on_goal(self, message: PoseStamped) -> None:
        try:
            position, rotation = convert.pose_of(message, self.robot.base, "goal")
        except RlControlError:
            return  # another arm's
        self._goal, self._goals, self._refusal = (
            Target(position, rotation),
            self._goals + 1,
            "",
        )

    def _on_report(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name != self._config.controller.rpartition("/")[2]:
                continue
            self._reported = time.monotonic()
            self._level, self._summary = _LEVELS[status.level], status.message
            self._values = {pair.key: pair.value for pair in status.values}
            self._refusal = self._values.get("goal_refused", "")
            stamp, states = (
                convert.seconds_of(message.header.stamp),
                _number(self._values, "states"),
            )
            then, before = self._counted
            if stamp > then and states >= before:
                self._rate = (states - before) / (stamp - then) if then else math.nan
            self._counted = (stamp, states)


def _number(values: dict[str, str], key: str) -> float:
    try:
        return float(values[key])
    except (KeyError, ValueError):
        return math.nan
