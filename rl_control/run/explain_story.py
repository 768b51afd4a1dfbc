"""A run state by state: what was wanted, what was sent, and why; told or found out anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rl_control.data.bags.cdr_rows import NANO, label_stamp
from rl_control.data.runs.decisions import Decision
from rl_control.data.runs.log import RunLog
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_controller import limits_of
from rl_control.run.counterfactual_inputs import Inputs, inputs_of
from rl_control.run.counterfactual_pairing import places_of
from rl_control.run.counterfactual_robot import RecordedArm, recorded_arm
from rl_control.run.counterfactual_settings import (
    ReplayConfig,
    recorded_config,
    require_settings,
)
from rl_control.safety.reasons import Reason
from rl_control.types import Array, JointLimits


@dataclass(frozen=True)
class Story:
    """What is known of every state that was answered.

    Attributes:
        log: the run.
        inputs: states, commands, goals.
        arm: the arm.
        config: the settings at the start.
        limits: that the planner keeps.
        allowed: limits that the safety filter keeps.
        asked: efforts that the planner wanted, [T, n]; NaN where it was not asked.
        reasons: why a command is not just the planner's, [T]; "" where it is.
        violations: for which motion was stopped, [T]; "" while it was not.
        statuses: how the newest solve ended, [T]; "" where it is not known.
        plan_ages: age of the plan that was followed, [T] in [s]; NaN where it is not known.
        decisions: which decision tells of each state, [T]; -1 for none.
        told: whether the controller told of its decisions; else they were found out anew.
    """

    log: RunLog
    inputs: Inputs
    arm: RecordedArm
    config: ReplayConfig
    limits: JointLimits
    allowed: JointLimits
    asked: Array
    reasons: Sequence[str]
    violations: Sequence[str]
    statuses: Sequence[str]
    plan_ages: Array
    decisions: Sequence[int]
    told: bool

    @property
    def times(self) -> Array:
        """Of the states, from the first one on, [T] in [s]."""
        return (self.inputs.stamps - self.inputs.stamps[0]) / NANO

    def decision(self, k: int) -> Decision | None:
        """Return what was told of state `k`."""
        place = self.decisions[k]
        return self.log.decisions[place] if place >= 0 else None


def story_of(log: RunLog, robot: str | None = None) -> Story:
    """Return what is known of a run.

    Args:
        log: the run.
        robot: its robot, if not the recorded one.

    Raises:
        DataError: if the bag lacks settings or commands, or is of another arm.
    """
    require_settings(log)
    config = recorded_config(log, 0, {})
    inputs = inputs_of(log, config.lock_step)
    arm = recorded_arm(log, config, robot)
    allowed, limits = limits_of(arm, config)
    size = len(inputs)
    empty = Story(
        log, inputs, arm, config, limits, allowed, np.full(inputs.commands.shape, np.nan),
        [""] * size, [""] * size, [""] * size, np.full(size, np.nan), [-1] * size, False,
    )  # fmt: skip
    return _from_decisions(empty) if len(log.decisions) else _found_out(empty, robot)


def effective(story: Story, k: int) -> ReplayConfig:
    """Return the settings in force at state `k`."""
    newest = 0
    for first, changes in story.inputs.changes.items():
        entries = [c.settings for c in changes if c.settings is not None]
        if first <= k and entries:
            newest = max(newest, entries[-1])
    return recorded_config(story.log, newest, {})


def _from_decisions(story: Story) -> Story:
    log, inputs = story.log, story.inputs
    decisions, size = log.decisions, len(inputs)
    about = decisions.stamps()
    # Times of receipt only tell apart what has one stamp.
    places = places_of(inputs.stamps, inputs.stamps, about, about)
    which = [-1] * size
    for decision, k in enumerate(places.tolist()):
        if k >= 0:
            which[k] = decision
    columns = {k: decisions.column(k) for k in ("reason", "violation", "plan_status", "plan")}

    def texts(key: str) -> list[str]:
        return [columns[key][d] if d >= 0 else "" for d in which]

    plans = np.array([label_stamp(label) if label else -1 for label in texts("plan")])
    ages = np.where(plans >= 0, (inputs.stamps - plans) / NANO, np.nan)
    asked = np.column_stack([decisions.numbers(f"asked.{name}") for name in inputs.names])
    known = np.array(which) >= 0
    wanted = story.asked.copy()
    wanted[known] = asked[np.array(which)[known]]
    return replace(
        story, asked=wanted, reasons=texts("reason"), violations=texts("violation"),
        statuses=texts("plan_status"), plan_ages=ages, decisions=which, told=True,
    )  # fmt: skip


def _found_out(story: Story, robot: str | None) -> Story:
    """Repeat the controller: where it told nothing, this is what it must have thought."""
    found = counterfactual(story.log, {}, robot)
    size = len(story.inputs)
    reasons = [found.reasons.get(k, "") for k in range(size)]
    stopped = [reason if _stops(reason) else "" for reason in reasons]
    violation, k = found.deciders.safety.violation, size - 1
    while violation is not None and k >= 0 and stopped[k] == violation.reason.value:
        stopped[k] = str(violation)  # of the last stop, its numbers are known
        k -= 1
    return replace(
        story, asked=found.asked, reasons=reasons, violations=stopped,
        plan_ages=np.zeros(size), told=False,
    )  # fmt: skip


def _stops(reason: str) -> bool:
    """Whether motion is stopped for a reason, and not just held."""
    stopping = {r.value for r in Reason if r.stops and r is not Reason.STOP_REQUESTED}
    return reason in stopping
