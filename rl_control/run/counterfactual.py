"""Recorded states fed to a controller: what it would have commanded, without arm and without ROS.

The controller sees the states as they were recorded, whatever it commands: a counterfactual says
what it would have done in each of them, not where that would have led.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_control.data.runs.goal_path import GoalPath
from rl_control.data.runs.log import RunLog
from rl_control.robot.kinematics import Kinematics
from rl_control.run.counterfactual_controller import Deciders, deciders
from rl_control.run.counterfactual_inputs import Change, Inputs, inputs_of
from rl_control.run.counterfactual_robot import RecordedArm, recorded_arm
from rl_control.run.counterfactual_settings import (
    ReplayConfig,
    recorded_config,
    require_settings,
)
from rl_control.run.goal_told import moving_goal_of
from rl_control.safety.reasons import Reason
from rl_control.types import Array, Command, Goal, JointState

_STOPPED_BY_OTHERS = tuple(
    reason.value for reason in (Reason.PLANNER_FAILED, Reason.STATE_STALE, Reason.STOP_REQUESTED)
)


@dataclass(frozen=True)
class Counterfactual:
    """What a controller would have commanded on recorded states.

    Attributes:
        inputs: what it was given, and what was commanded.
        deciders: the controller, as it was at the end.
        commands: what it would have commanded, [T, n] in [N m] or [N].
        asked: the same before the safety filter, [T, n]; NaN where it only held.
        reasons: why a command is what it is, by state, where it is not just the planner's.
        costs: of the plan at each state, [T]; NaN where there was none.
        notes: what there is to say of how it was made.
    """

    inputs: Inputs
    deciders: Deciders
    commands: Array
    asked: Array
    reasons: Mapping[int, str]
    costs: Array
    notes: tuple[str, ...]


def counterfactual(
    log: RunLog,
    changes: Mapping[str, Any] = {},
    robot: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Counterfactual:
    """Return what a controller with some settings changed would have commanded in a run.

    Without changes, a run in lock-step gives what was recorded, to the bit.

    Args:
        log: the run.
        changes: values by key that win over the recorded settings, such as
            {"mpc.horizon": 40}.
        robot: name or file of the robot, if not the recorded one.
        progress: told how many of how many states are done: none when the controller is built,
            then from time to time.

    Raises:
        DataError: if the bag lacks settings, commands or velocities, or is of another arm.
        ConfigError: if a key is unknown or a value is not allowed.
        ModelError, PolicyError: if model or policy is of another arm.
    """
    require_settings(log)
    config = recorded_config(log, 0, changes)
    inputs = inputs_of(log, config.lock_step)
    arm = recorded_arm(log, config, robot)
    replay = _Replay(log, inputs, changes, deciders(arm, config))
    return replay.run(progress, (*arm.notes, *_followed(log)))


def _followed(log: RunLog) -> list[str]:
    """What cannot be repeated, as nobody recorded it: versions taken while the controller ran."""
    values = log.settings[0].values
    return [
        f"the controller took newer versions of its {kind} while it ran ({key}); which one acted "
        "when is not recorded, the newest one is taken for all"
        for key, kind in (("follow_model", "model"), ("follow_policy", "policy"))
        if values.get(key)
    ]


def aimed_at(goal: Goal, path: GoalPath | None, arm: RecordedArm) -> Goal:
    """Return the goal as a planner takes it: with the path along which it moves, if it does."""
    return goal if path is None else moving_goal_of(goal, path, Kinematics(arm.robot))


class _Replay:
    """Goes through the states of a run once."""

    def __init__(
        self, log: RunLog, inputs: Inputs, changes: Mapping[str, Any], made: Deciders
    ) -> None:
        self._log, self._inputs, self._changes, self._made = log, inputs, changes, made
        self._planner: Any = made.mpc if made.pilot is None else made.pilot
        self._newest = -np.inf  # stamp of the newest state in [s]
        self._planned = False
        self._told = 0  # entry of the log's settings that is in force

    def run(self, progress: Callable[[int, int], None], notes: tuple[str, ...]) -> Counterfactual:
        inputs, size = self._inputs, len(self._inputs)
        commands = np.full(inputs.commands.shape, np.nan)
        asked, costs = np.full_like(commands, np.nan), np.full(size, np.nan)
        reasons: dict[int, str] = {}
        for k in range(size):
            if not k % 500:
                progress(k, size)
            for change in inputs.changes.get(k, ()):
                self._change(change)
            state = inputs.state(k)
            sent, wanted = self._tick(k, state)
            commands[k] = sent.effort
            if wanted is not None:
                asked[k] = wanted.effort
            if sent.reason:
                reasons[k] = sent.reason
            plan = self._made.mpc.current
            if plan is not None:
                costs[k] = plan.cost
            self._follow_recorded(k, state, sent)
            self._newest = state.stamp
        progress(size, size)
        return Counterfactual(inputs, self._made, commands, asked, reasons, costs, notes)

    def _tick(self, k: int, state: JointState) -> tuple[Command, Command | None]:
        """The command for a state, and what the planner asked for, as `ros.ControlLoop` does."""
        made, planner, inputs = self._made, self._planner, self._inputs
        now = state.stamp + float(inputs.elapsed[k])
        if inputs.fresh[k]:
            self._planned = False
        if k in inputs.stops and made.safety.violation is None:
            self._stop(inputs.stops[k])
        if inputs.held[k] or made.safety.violation is not None:
            return made.safety.hold(state, now), None
        wanted = None if made.pilot is None else made.pilot.act(state, now)
        if wanted is not None:
            sent = made.safety.apply(wanted, state, now)
            if made.pilot is not None and made.pilot.plans_now:
                self._plan(k, state)
            return sent, wanted
        if not inputs.late[k] or not self._planned:
            self._plan(k, state)
        wanted = planner.command(state, now)
        sent = made.safety.apply(wanted, state, now)
        if inputs.late[k]:
            self._plan(k, state)
        return sent, wanted

    def _plan(self, k: int, state: JointState) -> None:
        if self._inputs.fresh[k]:
            self._planner.reset()
        self._planner.plan(state, state.stamp)
        self._planned = True

    def _stop(self, reason: str) -> None:
        """Stop as the recorded filter did, if not for a state: that the present one sees itself."""
        if reason in _STOPPED_BY_OTHERS:
            self._made.safety.stop(Reason(reason))

    def _change(self, change: Change) -> None:
        if change.settings is not None:
            config = self._config(change.settings)
            if change.start:
                self._start(config)
            else:
                self._made = self._made.retune(config, self._newest)
        if change.goal is not None:
            self._planner.set_goal(aimed_at(change.goal, change.path, self._made.arm))

    def _config(self, index: int) -> ReplayConfig:
        """The settings at an entry of the log's; an episode mostly begins with those before."""
        settings = self._log.settings
        if settings[index].values == settings[self._told].values:
            return self._made.config
        self._told = index
        return recorded_config(self._log, index, self._changes)

    def _start(self, config: ReplayConfig) -> None:
        """Begin anew; what is compiled stays if it is alike."""
        if config != self._made.config:
            self._made = deciders(self._made.arm, config)
            self._planner = self._made.mpc if self._made.pilot is None else self._made.pilot
        self._planner.reset()
        self._made.safety.reset()
        self._newest, self._planned = -np.inf, False

    def _follow_recorded(self, k: int, state: JointState, sent: Command) -> None:
        """Let a planner that foretells over a delay know what was sent to the arm indeed."""
        recorded = self._inputs.commands[k]
        if self._made.mpc.config.actuation_delay and np.isfinite(recorded).all():
            if not np.array_equal(recorded, sent.effort):
                self._made.mpc.heed(recorded, state.stamp)
