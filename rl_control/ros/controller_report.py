"""How a controller does, on /diagnostics."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray

from rl_control.ros import diagnostics, qos
from rl_control.ros.control_loop import ControlLoop
from rl_control.ros.goals import GoalWatch
from rl_control.ros.node import ManagedNode


@dataclasses.dataclass(frozen=True)
class Condition:
    """One line on how a controller does.

    Attributes:
        level: OK, WARN or ERROR of a DiagnosticStatus.
        summary: the line.
    """

    level: bytes
    summary: str


def condition_of(loop: ControlLoop, trouble: str, state_topic: str) -> Condition:
    """Return a controller's condition.

    Args:
        loop: its loop.
        trouble: what is wrong with the joint states; "" if nothing is.
        state_topic: where they should come.
    """
    if loop.safety.violation is not None:
        return Condition(diagnostics.ERROR, f"motion stopped: {loop.safety.violation}")
    if trouble:
        return Condition(diagnostics.ERROR, trouble)
    if loop.state is None:
        return Condition(diagnostics.WARN, f"no joint states on {state_topic}")
    return Condition(diagnostics.OK, "controlling")


class ControllerReport:
    """Tells of condition, goal and counters."""

    def __init__(self, node: ManagedNode, hardware: str) -> None:
        """Open the topic on `node`, which moves the arm called `hardware`."""
        self._node, self._hardware = node, hardware
        self._reports = node.publisher(DiagnosticArray, "/diagnostics", qos.events())

    def publish(
        self, condition: Condition, loop: ControlLoop, watch: GoalWatch, more: Mapping[str, Any]
    ) -> None:
        """Tell.

        Args:
            condition: the controller's.
            loop: counts states and plans.
            watch: knows of the goal.
            more: what else there is to tell, by key.
        """
        values = {
            "goal": watch.status,
            "goal_refused": watch.refusal,
            "tip_error_mm": 1e3 * watch.tip_error,
            **dataclasses.asdict(loop.counters),
            **more,
        }
        level, summary = condition.level, condition.summary
        stamp = self._node.get_clock().now().to_msg()
        name = self._node.get_name()
        self._reports.publish(
            diagnostics.diagnostic_message(name, self._hardware, level, summary, values, stamp)
        )
