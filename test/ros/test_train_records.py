"""Episodes as files: motion that can be learned from, and how it came about."""

import json

import numpy as np
import pytest

from rl_control.data.store import load_transitions
from rl_control.gps.episode import Episode
from rl_control.ros.train_records import EpisodeFiles
from rl_control.types import Condition, Goal, Trajectory

PERIOD = 0.005
CONDITION = Condition(
    np.array([0.1, 0.2]), np.zeros(2), Goal(np.array([0.3, 0.0, 0.5]), np.array([0.4, 0.5]))
)


def motion(steps=4):
    states = np.arange(4.0 * (steps + 1)).reshape(steps + 1, 4)
    extra = {
        "stamp": 9.0 + PERIOD * np.arange(steps + 1),
        "reason": np.array(["", "effort_rate", "", "effort_rate"][:steps]),
    }
    times = PERIOD * np.arange(steps + 1)
    return Trajectory(("a", "b"), times, states, np.ones((steps, 2)), extra=extra)


def test_when_an_episode_is_kept_expect_its_motion_and_how_it_came_about(tmp_path):
    EpisodeFiles(tmp_path / "episodes", PERIOD).keep(
        Episode(CONDITION, None, 7, 0.5), motion(), "whole"
    )
    data = load_transitions(tmp_path / "episodes" / "0001.safetensors")
    assert np.array_equal(data.states, motion().states[:-1])
    assert data.dt == PERIOD
    about = json.loads((tmp_path / "episodes" / "0001.json").read_text())
    assert about["ended"] == "whole"
    assert about["start"] == [0.1, 0.2]
    assert about["goal"]["position"] == [0.3, 0.0, 0.5]
    assert (about["actor"], about["seed"], about["planned"]) == ("planner", 7, 0.5)
    assert about["reasons"] == ["effort_rate"]
    assert about["began"] == 9.0
    assert about["seconds"] == pytest.approx(4 * PERIOD)


def test_when_a_training_goes_on_expect_no_episode_overwritten(tmp_path):
    for ended in ("whole", "stopped on request", "whole"):
        EpisodeFiles(tmp_path, PERIOD).keep(Episode(CONDITION, None), motion(), ended)
    found = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert sorted(found) == ["0001.json", "0002.json", "0003.json"]
    assert found["0002.json"]["ended"] == "stopped on request"
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


@pytest.mark.parametrize("steps", [0, 1])
def test_when_an_episode_had_hardly_a_step_expect_it_kept(tmp_path, steps):
    EpisodeFiles(tmp_path, PERIOD).keep(Episode(CONDITION, None), motion(steps), "whole")
    assert load_transitions(tmp_path / "0001.safetensors").size == steps
