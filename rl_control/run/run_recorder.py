"""The bag of a run in one process, with the topics that ROS 2 nodes would have had.

States, commands and goals are written as they were, to the bit; at the start of each episode, where
planner and safety filter forget everything, the settings are told anew. So offline replay finds
in it what the controller found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
from rich.console import Console

from rl_control.control.moving_goal import MovingGoal
from rl_control.control.receding import RecedingHorizon
from rl_control.data.bags.cdr_rows import stamp_label
from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.bags.layout import DEFAULT, LATCHED
from rl_control.data.bags.writer import BagWriter
from rl_control.data.runs.settings import settings_text
from rl_control.errors import DataError
from rl_control.robot.meshes import with_mesh_files
from rl_control.robot.model import RobotModel
from rl_control.run.decision import Tick, decision_values
from rl_control.run.recorded_messages import (
    KINDS,
    command_bytes,
    goal_messages,
    joints_bytes,
    path_bytes,
    text_bytes,
    trajectory_bytes,
)
from rl_control.run.run_files import free_bag
from rl_control.run.timed_plant import NANO, PAUSE, nanoseconds_of
from rl_control.safety.filter import SafetyFilter
from rl_control.types import ArmState, Array, Command, Goal

PLAN_PERIOD = NANO // 10
"""Least time between two plans told in [ns]."""

MPC = "mpc_controller"


class RunRecorder:
    """Writes what it is told; a `Listener`.

    Times of receipt are those of the clock on the wall at the first state, and go on as stamps do:
    what is played back has the pace of the motion. An episode whose stamps begin anew is shifted
    behind the one before.

    A bag that cannot be written to its end does not stop the run: `failure` says what was lost.

    Args:
        folder: of the run; the bag goes into the first of `bag`, `bag-2`, ... that is not there.
        robot: the arm.
        config: the controller's whole configuration, a config class.
        now: time on the wall in [ns].
        node: name that the controller has in topics.
        tip_positions: tip positions [S, 3] in [m] at joint positions [S, n], for the tip's path.

    Raises:
        DataError: if no bag can be made there.
    """

    def __init__(
        self,
        folder: Path,
        robot: RobotModel,
        config: object,
        now: int,
        *,
        node: str = MPC,
        tip_positions: Callable[[Array], Array] | None = None,
    ) -> None:
        self.failure: DataError | None = None
        self._robot, self._config, self._now, self._node = robot, config, now, node
        self._tip_positions = tip_positions
        self._planner: RecedingHorizon | None = None
        self._safety: SafetyFilter | None = None
        self._own = f"/{node}/"
        self._bag = BagWriter(free_bag(folder))
        self._shift: int | None = None  # from a stamp to the bag's in [ns]
        self._ahead = 0  # from the bag's stamps to times of receipt in [ns]
        self._stamp = 0  # of the newest state in the bag in [ns]
        self._seen = 0.0  # the same as the controller knows it in [s]
        self._told_plan = -PLAN_PERIOD
        self._asked: Command | None = None
        self._goal: Goal | None = None
        self._pending: tuple[Goal, Array] | None = None
        self._tip: Array | None = None
        self._topics: set[str] = set()
        self._text("/robot_description", with_mesh_files(robot.urdf, robot.source), now)

    @property
    def folder(self) -> Path:
        """The bag's."""
        return self._bag.folder

    def next_episode(
        self,
        goal: tuple[Goal, Array] | None,
        planner: RecedingHorizon | None = None,
        safety: SafetyFilter | None = None,
    ) -> None:
        """Take note of what begins with the next reset.

        Args:
            goal: what is aimed at, and its quaternion, from `goal_as_told`; None for nothing. The
                start of one that moves counts from the episode's first state.
            planner: is asked for its plans and why it chose them; None if there is none to ask.
            safety: is asked for what it stopped for; None if there is none.
        """
        self._pending, self._planner, self._safety = goal, planner, safety

    def aimed(self, goal: tuple[Goal, Array]) -> None:
        """Take note of another goal in mid-episode: the next state is the first planned for it.

        Args:
            goal: what is aimed at, and its quaternion, from `goal_as_told`.
        """
        self._goal, quaternion = goal
        self._tell_goal(self._goal, quaternion, self._received(self._stamp))

    def began(self, state: ArmState) -> None:
        """Take note of the first state after a reset, by which everything else is forgotten."""
        joints = state.joints
        stamp = nanoseconds_of(joints.stamp)
        if self._shift is None:
            self._shift, self._stamp = 0, max(stamp - PAUSE, 0)
            self._ahead = self._now - stamp
        if stamp + self._shift <= self._stamp:
            self._shift = self._stamp + PAUSE - stamp
        between = self._received((self._stamp + stamp + self._shift) // 2)
        self._text(f"{self._own}settings", settings_text(self._config), between)
        self._told_plan = -PLAN_PERIOD
        self._asked = self._goal = None
        if self._pending is not None:
            goal, quaternion = self._pending
            if isinstance(goal, MovingGoal):
                goal = goal.starting(joints.stamp + goal.start)
            self._goal = goal
            self._tell_goal(goal, quaternion, between)
        self._pending = None
        self.saw(state)

    def saw(self, state: ArmState) -> None:
        """Take note of a state."""
        joints = state.joints
        self._seen = joints.stamp
        self._stamp = nanoseconds_of(joints.stamp) + (self._shift or 0)
        self._tip = None if state.tip is None else state.tip.position
        raw = joints_bytes(
            self._stamp, joints.names, joints.position, joints.velocity, joints.effort
        )
        self._write("/joint_states", raw, self._received(self._stamp))

    def asked(self, command: Command) -> None:
        """Take note of what the controller wants, before the safety filter."""
        self._asked = command

    def sent(self, command: Command) -> None:
        """Take note of the command that the newest state was answered by, and of its reasons."""
        label, received = stamp_label(self._stamp), self._received(self._stamp)
        effort = command_bytes(label, command.effort)
        self._write("/effort_controller/commands", effort, received)
        planner = self._planner
        values = (
            self._filtered(label, command)
            if planner is None
            else self._decided(planner, label, command)
        )
        raw = diagnostics_bytes(self._stamp, self._node, self._robot.name, 0, "", values)
        self._write(f"{self._own}decisions", raw, received)
        if planner is not None:
            self._tell_plan(planner, received)
        self._asked = None

    def close(self) -> None:
        """End the bag."""
        try:
            self._bag.close()
        except DataError as error:
            self.failure = error

    def __enter__(self) -> RunRecorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _received(self, stamp: int) -> int:
        return max(stamp + self._ahead, 0)

    def _tell_goal(self, goal: Goal, quaternion: Array, received: int) -> None:
        # The next state is the first one planned for it.
        told = goal_messages(
            goal, quaternion, self._stamp, self._robot.base, self._robot.names, self._shift or 0
        )
        for topic, raw in told.items():
            self._write(f"{self._own}{topic}", raw, received, latched=True)

    def _filtered(self, label: str, command: Command) -> dict[str, str]:
        """What is known of a command that no planner has decided on: the safety filter's part."""
        values = {"state": label, "reason": command.reason}
        if self._safety is not None and self._safety.violation is not None:
            values["violation"] = str(self._safety.violation)
        return values

    def _decided(self, planner: RecedingHorizon, label: str, command: Command) -> dict[str, str]:
        goal, tip = self._goal, self._tip
        error = math.nan
        if goal is not None and tip is not None:
            wanted = goal.at(self._seen)[2] if isinstance(goal, MovingGoal) else goal.position
            error = float(np.linalg.norm(tip - wanted))
        tick = Tick(
            label=label,
            stamp=self._seen,
            sent=command,
            asked=self._asked,
            late=False,
            violation=None if self._safety is None else self._safety.violation,
            goal="moving" if goal is not None else "none",
            tip_error=error,
        )
        return decision_values(tick, planner)

    def _tell_plan(self, planner: RecedingHorizon, received: int) -> None:
        plan = planner.current
        if plan is None or self._stamp - self._told_plan < PLAN_PERIOD:
            return
        self._told_plan, n = self._stamp, self._robot.n
        q, v = plan.states[:, :n], plan.states[:, n : 2 * n]
        raw = trajectory_bytes(self._stamp, self._robot.names, q, v, plan.dt)
        self._write(f"{self._own}plan", raw, received)
        if self._tip_positions is not None:
            raw = path_bytes(self._stamp, self._robot.base, self._tip_positions(q))
            self._write(f"{self._own}tip_path", raw, received)

    def _text(self, topic: str, text: str, received: int) -> None:
        self._write(topic, text_bytes(text), received, latched=True)

    def _write(self, topic: str, raw: bytes, received: int, latched: bool = False) -> None:
        if self.failure is not None:
            return
        try:
            if topic not in self._topics:
                self._topics.add(topic)
                kind = KINDS.get(topic) or KINDS[topic.rpartition("/")[2]]
                self._bag.topic(topic, kind, LATCHED if latched else DEFAULT)
            self._bag.write(topic, raw, received)
        except DataError as error:
            self.failure = error


def tell_failure(recorder: RunRecorder | None, out: Console) -> None:
    """Say if not all was recorded."""
    if recorder is not None and recorder.failure is not None:
        out.print(f"[bold red]not all was recorded:[/] {recorder.failure}", highlight=False)
