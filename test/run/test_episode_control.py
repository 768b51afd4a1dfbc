"""What acts in an episode, where the arm does not wait for plans."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.control.mpc import MpcController
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.receding import RecedingHorizon
from rl_control.gps.episode import Episode
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec


def test_when_the_arm_does_not_wait_expect_the_planner_in_time_and_led_to_the_goal() -> None:
    planners: list[RecedingHorizon] = []

    def in_time(planner: RecedingHorizon) -> MpcController:
        planners.append(planner)
        return MpcController(planner)

    runner = EpisodeRunner(EpisodeSpec("planar2", "reach", {"duration": 1.5}), in_time)
    try:
        rng = np.random.default_rng(2)
        for condition in (runner.task.draw(rng), runner.task.draw(rng)):
            run = runner.run(Episode(condition, None))
            assert runner.task.error(condition, run) < 5e-3
            assert planners[0].goal is condition.goal
        assert len(planners) == 1  # it is made once
        assert planners[0].config.time_budget != NO_BUDGET
    finally:
        runner.close()
