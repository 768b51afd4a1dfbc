"""Gathers what a dashboard shows from the messages of an arm and its controller."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rcl_interfaces.msg import Log
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.report.dashboard.data import (
    UNKNOWN,
    ControllerShown,
    LogShown,
    NodeShown,
    Snapshot,
)
from rl_control.ros.top_joints import JointWatch
from rl_control.ros.top_rates import Count

HISTORY = 240  # reports
LOG_LINES = 50
STATE_WINDOW, PLAN_WINDOW, LOST_WINDOW = 1.0, 2.0, 10.0  # [s]
LEAST_STALE = 0.25  # [s]
STALE_PERIODS = 3.0
FRESH = 3.0  # [s]
FORGOTTEN = 60.0  # [s] of silence after which another node is no longer shown
STOPPED = "motion stopped: "
LEVELS = {30: "WARN", 40: "ERROR", 50: "FATAL"}
LOST = ("late", "unanswered", "misses")
# What is shown of other nodes besides their summary, with a shorter name.
SHOWN_VALUES = {
    "state_to_command_ms.p50": "answered in [ms] p50",
    "state_to_command_ms.p99": "p99",
    "state_to_command_ms.max": "max",
    "missed": "missed",
    "overruns": "overruns",
    "version": "version",
    "dataset_s": "seconds of motion",
    "seconds": "seconds",
    "lost": "lost",
    "megabytes": "MB",
    "megabytes_free": "MB free",
}


class Watch:
    """What has been heard so far.

    Attributes:
        joints: what of the joints.

    Args:
        controller: name of the controller's node.
        state_topic: where joint states come from.
        domain: ROS domain.
    """

    def __init__(self, controller: str, state_topic: str, domain: int) -> None:
        self.joints = JointWatch()
        self._controller, self._state_topic, self._domain = controller, state_topic, domain
        self._goal_position: tuple[float, float, float] | None = None
        self._states, self._plans = Count(STATE_WINDOW), Count(PLAN_WINDOW)
        self._lost = Count(LOST_WINDOW)
        self._heard = 0
        self._newest = -math.inf
        self._lifecycle = ""
        self._reports: dict[str, tuple[float, DiagnosticStatus]] = {}
        self._tip_errors: deque[float] = deque(maxlen=HISTORY)
        self._solve_ms: deque[float] = deque(maxlen=HISTORY)
        self._log: deque[LogShown] = deque(maxlen=LOG_LINES)

    @property
    def complete(self) -> bool:
        """Whether states, a rate of plans and the arm's limits are known."""
        rates = math.isfinite(self._plans.rate) and math.isfinite(self._states.rate)
        return rates and bool(self.joints.bounds)

    @property
    def has_states(self) -> bool:
        """Whether a joint state was heard."""
        return math.isfinite(self._newest)

    @property
    def has_reports(self) -> bool:
        """Whether the controller has reported."""
        return self._controller in self._reports

    def states(self, count: int, newest: Sequence[JointStateMessage], received: float) -> None:
        """Take joint states: how many came, and the newest of each sender.

        Args:
            count: of those of the sender that sent most.
            newest: one message a sender.
            received: when the last of them came, in [s].
        """
        self._heard += count
        self._states.note(received, self._heard)
        self._newest = received
        for message in newest:
            self.joints.state(message)

    def report(self, message: DiagnosticArray, received: float) -> None:
        """Take diagnostics that came at `received` [s]."""
        for status in message.status:
            name = status.name.strip("/")
            name = self._controller if name.rpartition("/")[2] == self._controller else name
            self._reports[name] = received, status
            if name == self._controller:
                self._take_report(status, received)

    def log(self, message: Log, time_of_day: str) -> None:
        """Take a line of the log."""
        level = LEVELS.get(message.level)
        if level is not None:
            self._log.append(LogShown(time_of_day, level, message.name, message.msg))

    def goal(self, message: PoseStamped) -> None:
        """Take the tip's goal."""
        at = message.pose.position
        self._goal_position = at.x, at.y, at.z

    def lifecycle(self, label: str) -> None:
        """Take the state that the controller has just come to."""
        self._lifecycle = label

    def snapshot(
        self, now: float, time_of_day: str, nodes: Sequence[str], missing: Sequence[str] = ()
    ) -> Snapshot:
        """Return all that is shown.

        Args:
            now: on the clock of `received`, in [s].
            time_of_day: as text.
            nodes: full names of the nodes there are, "/name" or "/namespace/name".
            missing: what has not been heard yet, one sentence each.
        """
        rate = self._states.rate
        period = 1.0 / rate if rate and math.isfinite(rate) else 0.0
        return Snapshot(
            time=time_of_day,
            domain=self._domain,
            state_topic=self._state_topic,
            controller=self._controller_shown(now, nodes),
            robot=self._hardware or self.joints.robot,
            state_hz=rate,
            state_age_s=max(now - self._newest, 0.0),
            stale_after_s=max(STALE_PERIODS * period, LEAST_STALE),
            joints=self.joints.shown(),
            others=tuple(self._others(now)),
            log=tuple(self._log),
            waiting=tuple(missing),
            notes=(*self.joints.notes(), *self._namesakes(nodes)),
        )

    def _take_report(self, status: DiagnosticStatus, received: float) -> None:
        values = _values(status)
        self._tip_errors.append(_number(values, "tip_error_mm"))
        self._solve_ms.append(_number(values, "solve_ms"))
        self._plans.note(received, _number(values, "plans", 0.0))
        self._lost.note(received, sum(_number(values, key, 0.0) for key in LOST))

    @property
    def _hardware(self) -> str:
        """The arm's name, as the controller has it."""
        report = self._reports.get(self._controller)
        return report[1].hardware_id if report else ""

    def _controller_shown(self, now: float, nodes: Sequence[str]) -> ControllerShown:
        name = self._controller
        runs = any(node.rpartition("/")[2] == name for node in nodes)
        if name not in self._reports:
            said = (self._lifecycle or "not active") if runs else "not running"
            return ControllerShown(name, said, goal_position=self._goal_position)
        received, status = self._reports[name]
        fresh = now - received < FRESH  # the graph is looked at less often
        values = _values(status)
        solves = np.array([value for value in self._solve_ms if math.isfinite(value)])
        p50, p99 = np.percentile(solves, [50, 99]) if solves.size else (UNKNOWN, UNKNOWN)
        return ControllerShown(
            name=name,
            lifecycle=(self._lifecycle or "active") if runs or fresh else "not running",
            node=_node(name, now - received, status, values),
            goal=values.get("goal", ""),
            goal_position=self._goal_position,
            safety=status.message[len(STOPPED) :] if status.message.startswith(STOPPED) else "",
            tip_error_mm=_number(values, "tip_error_mm"),
            tip_errors=tuple(self._tip_errors),
            solve_ms=tuple(self._solve_ms),
            solve_p50_ms=float(p50),
            solve_p99_ms=float(p99),
            plans_hz=self._plans.rate,
            late=int(_number(values, "late", 0.0)),
            unanswered=int(_number(values, "unanswered", 0.0)),
            misses=int(_number(values, "misses", 0.0)),
            lately=int(self._lost.risen),
            plan_status=values.get("status", ""),
            model=_under("model.", values),
            policy=_under("policy.", values),
        )

    def _others(self, now: float) -> list[NodeShown]:
        shown = []
        for name, (received, status) in sorted(self._reports.items()):
            if name != self._controller and now - received < FORGOTTEN:
                values = _values(status)
                kept = {new: values[key] for key, new in SHOWN_VALUES.items() if key in values}
                shown.append(_node(name, now - received, status, kept))
        return shown

    def _namesakes(self, nodes: Sequence[str]) -> list[str]:
        same = [node for node in nodes if node.rpartition("/")[2] == self._controller]
        if len(same) < 2:
            return []
        return [f"{' and '.join(sorted(same))} report by the same name: figures mix"]


def _node(name: str, age: float, status: DiagnosticStatus, values: dict[str, str]) -> NodeShown:
    level = status.level[0] if isinstance(status.level, bytes) else int(status.level)
    return NodeShown(name, level, status.message, values, max(age, 0.0))


def _values(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


def _under(prefix: str, values: dict[str, str]) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}


def _number(values: dict[str, str], key: str, default: float = UNKNOWN) -> float:
    try:
        number = float(values[key])
    except (KeyError, ValueError):
        return default
    return number if math.isfinite(number) else default
