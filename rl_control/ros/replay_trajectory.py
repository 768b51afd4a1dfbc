"""`rl_control replay trajectory --ros`: the same on an arm behind ROS 2 topics."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from rl_control.control.mpc import MpcConfig
from rl_control.errors import PlantError
from rl_control.paths import new_run_dir
from rl_control.robot.arm_model import ArmModel
from rl_control.ros.arm_link import ArmLink
from rl_control.ros.planning_behind import planning_in_time
from rl_control.ros.plant import RosPlant
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.recording_beside import recording_beside
from rl_control.ros.verb_process import run_verb
from rl_control.run import replay_trajectory
from rl_control.run.replay_path_report import Tracking
from rl_control.run.replay_path_run import Replay, gone
from rl_control.run.run_files import begin_run
from rl_control.run.supervisor import PARENT_VARIABLE

THERE = 0.01  # [rad] or [m] from the path's start at which no move to it is needed


def behind_topics(replay: Replay, args: argparse.Namespace) -> Tracking:
    """Bring the arm behind the topics to the path's start, and let it go the path.

    Raises:
        PlantError: if it is no simulation and nobody allowed that, or it is lost.
        RlControlError: if it cannot be moved.
    """
    robot = replay.robot
    topics = RosPlantConfig(
        period=args.period, state_topic=args.state_topic, command_topic=args.command_topic
    )
    if not args.real_arm:
        _require_simulation(robot.names, topics)
    model = ArmModel(robot)
    safety, mpc = replay.safety(model), replay.planner(MpcConfig())
    plant = RosPlant(
        safety, model.inverse_dynamics, robot.home, topics, tip=model.tip, collides=replay.collides
    )
    with ExitStack() as recording:
        run = None
        try:
            if not args.no_record:
                run = begin_run(new_run_dir("replay", args.runs), "replay", robot.name)
                recording.enter_context(recording_beside(run.folder / "bag", plant.heard_by, _say))
            start = replay.ready.path.start
            if np.abs(plant.observe().joints.position - start).max() > THERE:
                _say("moving to the path's start")
                plant.reset(start)
            _say(f"going the path: {replay.ready.path.duration:.2f} s")
            controller = planning_in_time(topics.period)(mpc)
            result = gone(
                *(replay, controller, mpc, plant, safety),
                clock=lambda: plant.observe().joints.stamp,
                given_up=_orphaned,
            )
        finally:
            plant.close()  # before the recording ends: how the arm is left belongs to it
        if run is not None:
            run.ended(result)
    return result


def _say(line: str) -> None:
    print(line, flush=True)


def _orphaned() -> bool:
    """Whether the process that started this one is gone, killed perhaps."""
    parent = os.environ.get(PARENT_VARIABLE, "")
    return parent.isdigit() and os.getppid() != int(parent)


def _require_simulation(names: tuple[str, ...], topics: RosPlantConfig) -> None:
    """Look, and only look, whether the arm is a simulated one.

    Raises:
        PlantError: if it is not.
    """
    link = ArmLink(names, topics)
    simulated = link.resettable
    link.close()
    if not simulated:
        raise PlantError(
            f"no simulation answers: there is no service {topics.reset_service}, so the arm on "
            f"{topics.state_topic} is taken for a real one. If it may move, clear its workspace "
            "and add --real-arm. Nothing has moved."
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Go a path as `rl_control replay trajectory` does; return the exit code."""
    return run_verb(
        "replay trajectory",
        replay_trajectory.add_arguments,
        lambda args: replay_trajectory.replay_with(args, behind_topics),
        argv,
    )


if __name__ == "__main__":
    sys.exit(main())
