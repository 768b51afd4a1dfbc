"""`rl_control learn --ros`: the same learning on an arm behind ROS 2 topics."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rl_control.interfaces import Plant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.settings import load_settings
from rl_control.ros.planning_behind import planning_in_time
from rl_control.ros.plant import RosPlant
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.verb_process import run_verb
from rl_control.run import learn
from rl_control.run.learn_arm import LearningArm
from rl_control.run.learn_run import LearnRun
from rl_control.run.learn_settings import LearnConfig
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig


def arm_behind_topics(state: LearnRun, config: LearnConfig) -> LearningArm:
    """The arm on the run's topics; the same one for every rollout."""
    given = state.settings
    robot = load_robot(given["robot"], base=given["base"], tip=given["tip"])
    model = ArmModel(robot)
    # What brings the arm to its start, and holds it in the end, is the description.
    safety = SafetyFilter(robot.limits, SafetyConfig(), model.gravity_torque, model.mass_matrix)
    topics = RosPlantConfig(
        period=state.data.dt,
        state_topic=given["state_topic"],
        command_topic=given["command_topic"],
    )

    def same(before: Plant | None) -> Plant:
        if before is not None:
            return before
        return RosPlant(safety, model.inverse_dynamics, robot.home, topics, tip=model.tip)

    return LearningArm(
        robot,
        load_settings(given["robot"]),
        same,
        config,
        keeps_own_time=True,
        controller=planning_in_time(topics.period),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Learn as `rl_control learn` does; return the exit code."""
    return run_verb(
        "learn", learn.add_arguments, lambda args: learn.learn_with(args, arm_behind_topics), argv
    )


if __name__ == "__main__":
    sys.exit(main())
