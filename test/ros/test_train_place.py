"""The place of a training behind topics: arm_sim in a process of its own."""

import numpy as np
import pytest

from rl_control.errors import ConditionError, ConfigError
from rl_control.gps.episode import Episode
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.train_place import ArmBehindTopics
from rl_control.ros.train_requests import Requests
from rl_control.run.train_settings import TrainSettings
from rl_control.types import Condition

TOPICS = RosPlantConfig(timeout=10.0, discovery_time=0.5)
TARGET = {"target": (0.35, 0.14, 1.25), "duration": 1.5}


@pytest.fixture
def place(ros, monkeypatch):
    """An arm_sim as the place of a training to reach."""
    monkeypatch.setenv("ROS_DOMAIN_ID", ros.environment["ROS_DOMAIN_ID"])
    ros.start("arm_sim", robot="planar2", lock_step=True, publish_clock=True)
    settings = TrainSettings(robot="planar2", episode=TARGET)
    found = ArmBehindTopics(settings, TOPICS, Requests())
    yield found
    found.close()


def test_when_the_planner_acts_expect_the_target_reached_and_a_bad_start_refused(place, tmp_path):
    task, rng = place.task, np.random.default_rng(0)
    drawn = task.draw(rng)
    folder = tmp_path / "run"
    rollouts = place.rollouts(folder)
    outside = Condition(np.array([9.0, 0.0]), np.zeros(2), drawn.goal)
    with pytest.raises(ConditionError, match="outside"):
        rollouts([Episode(drawn, None), Episode(outside, None)])
    assert not folder.exists()

    start = Condition(drawn.q + np.array([0.2, -0.3]), np.zeros(2), drawn.goal)
    (trajectory,) = rollouts([Episode(start, None)])
    np.testing.assert_allclose(trajectory.positions[0], start.q, atol=5e-3)
    np.testing.assert_allclose(trajectory.tips, task.tips(trajectory), atol=1e-9)
    assert task.error(start, trajectory) < 0.01
    assert (folder / "episodes" / "0001.safetensors").is_file()


def test_when_things_would_have_to_be_placed_expect_a_named_error_before_an_arm_is_looked_for():
    with pytest.raises(ConfigError, match="without --ros"):
        ArmBehindTopics(TrainSettings(task="insert", robot="iiwa7+peg"), TOPICS, Requests())
