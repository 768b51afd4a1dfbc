"""Trials of a policy as a bag, as if nodes had made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rl_control.robot.model import RobotModel
from rl_control.run.goal_told import goal_as_told
from rl_control.run.run_recorder import RunRecorder
from rl_control.run.trials import Trials
from rl_control.types import ArmState, Command, JointState, Pose

POLICY = "policy_controller"


def leave_bag(
    folder: Path, robot: RobotModel, config: object, trials: Trials, now: int
) -> RunRecorder:
    """Write all trials into one bag, one behind the other; return its closed recorder.

    Args:
        folder: of the run.
        robot: the arm.
        config: the policy's settings, a config class.
        trials: what is written; of a goal that moves, where it is at the start.
        now: time on the wall at the first state in [ns].

    Raises:
        DataError: if no bag can be made there.
    """
    with RunRecorder(folder, robot, config, now, node=POLICY) as recorder:
        for condition, run in zip(trials.conditions, trials.trajectories, strict=True):
            efforts = run.extra.get("effort", np.zeros_like(run.positions))
            tips = [None] * len(run.times) if run.tips is None else list(run.tips)
            rows = zip(run.positions, run.velocities, efforts, run.times, strict=True)
            states = [
                ArmState(JointState(run.names, *row), None if tip is None else Pose(tip, np.eye(3)))
                for row, tip in zip(rows, tips, strict=True)
            ]
            recorder.next_episode(goal_as_told(condition.goal))
            recorder.began(states[0])
            reasons = run.extra.get("reason", [""] * len(run.controls))
            steps = zip(run.controls, reasons, states[:-1], states[1:], strict=True)
            for effort, reason, state, after in steps:
                recorder.sent(Command(run.names, effort, state.joints.stamp, reason=str(reason)))
                recorder.saw(after)
    return recorder
