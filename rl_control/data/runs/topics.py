"""Where in a bag a controlled run is: its file, and the topics of the controller and the arm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rl_control.errors import DataError

JOINT_STATE = "sensor_msgs/msg/JointState"
COMMAND = "std_msgs/msg/Float64MultiArray"
DIAGNOSTICS = "diagnostic_msgs/msg/DiagnosticArray"
TEXT = "std_msgs/msg/String"
OWN = {
    "goal": "geometry_msgs/msg/PoseStamped",
    "goal_joints": JOINT_STATE,
    "goal_path": COMMAND,
    "settings": TEXT,
    "decisions": DIAGNOSTICS,
    "plan": "trajectory_msgs/msg/JointTrajectory",
    "tip_path": "nav_msgs/msg/Path",
}
"""Topics of a controller's own, and their types."""


@dataclass(frozen=True)
class RunTopics:
    """Names of topics; "" for one that the bag does not have.

    Attributes:
        controller: full name of the node, such as "/mpc_controller"; "" where there is none.
        states: joint states.
        commands: commands.
        goal, goal_joints, goal_path, settings, decisions, plan, tip_path: the controller's own.
        description: the arm's URDF.
        diagnostics: reports of all nodes.
        rosout: what nodes log.
    """

    controller: str
    states: str
    commands: str
    goal: str
    goal_joints: str
    goal_path: str
    settings: str
    decisions: str
    plan: str
    tip_path: str
    description: str
    diagnostics: str
    rosout: str

    @property
    def own(self) -> tuple[str, ...]:
        """The controller's topics that are there."""
        return tuple(topic for topic in (getattr(self, name) for name in OWN) if topic)

    @property
    def common(self) -> tuple[str, ...]:
        """Topics of no node in particular that are there."""
        return tuple(t for t in (self.description, self.diagnostics, self.rosout) if t)

    def with_settings(
        self, bag: Path, kinds: Mapping[str, str], settings: Mapping[str, Any]
    ) -> RunTopics:
        """Return these with the topics of states and commands that the settings name.

        Raises:
            DataError: if the bag has several of a kind, or no joint states.
        """
        space = self.controller.rpartition("/")[0]
        states = str(settings.get("state_topic", "joint_states"))
        commands = str(settings.get("command_topic", "effort_controller/commands"))
        found = _one(bag, kinds, JOINT_STATE, _resolved(states, space), skip=self.own)
        if not found:
            raise DataError(bag, "no joint states in it", "Record the arm's joint states as well.")
        sent = _one(bag, kinds, COMMAND, _resolved(commands, space), skip=self.own)
        return replace(self, states=found, commands=sent)


def find_topics(bag: Path, kinds: Mapping[str, str], controller: str) -> RunTopics:
    """Return the topics of the controller asked for, or of the only one there is.

    Args:
        bag: named in errors.
        kinds: type of each topic.
        controller: its name, with namespace or without; "" for the only one.

    Raises:
        DataError: if it is not there, or there are several.
    """
    there = sorted({t.rpartition("/")[0] for t, kind in kinds.items() if _is_own(t, kind)})
    fits = [node for node in there if _matches(node, controller)]
    if len(fits) > 1 or (controller and not fits and there):
        raise DataError(
            bag,
            f"controllers in it: {', '.join(there)}",
            f"Name one of them in place of '{controller}'.",
        )
    node = fits[0] if fits else ""
    own = {
        name: f"{node}/{name}" if node and kinds.get(f"{node}/{name}") == kind else ""
        for name, kind in OWN.items()
    }
    space = node.rpartition("/")[0]
    return RunTopics(
        controller=node,
        states="",
        commands="",
        description=_one(bag, kinds, TEXT, f"{space}/robot_description", skip=kinds),
        diagnostics="/diagnostics" if kinds.get("/diagnostics") == DIAGNOSTICS else "",
        rosout="/rosout" if kinds.get("/rosout") == "rcl_interfaces/msg/Log" else "",
        **own,
    )


def _is_own(topic: str, kind: str) -> bool:
    """Whether a topic is one that only a controller has."""
    node, _, name = topic.rpartition("/")
    return bool(node) and name in ("settings", "decisions", "plan") and OWN[name] == kind


def _matches(node: str, controller: str) -> bool:
    return not controller or node == controller or node.rpartition("/")[2] == controller


def _resolved(topic: str, space: str) -> str:
    return topic if topic.startswith("/") else f"{space}/{topic}"


def _one(bag: Path, kinds: Mapping[str, str], kind: str, wanted: str, skip: Iterable[str]) -> str:
    """Return the topic `wanted`, else the only one of its kind beside those in `skip`."""
    if kinds.get(wanted) == kind:
        return wanted
    others = [t for t, other in kinds.items() if other == kind and t not in set(skip)]
    if len(others) > 1:
        raise DataError(
            bag,
            f"no topic {wanted}, but {', '.join(sorted(others))} of its type {kind}",
            "Leave only the arm's own in the bag (`rl_control bag trim --topics`).",
        )
    return others[0] if others else ""
