"""A controller's models beside a planner that only notes them: what happens when help fails."""

import time
from types import SimpleNamespace

import pytest
from moving_arm import DT, PERIOD, ROBOT, heavier, model_of

from rl_control.errors import ConfigError, DataError, ModelError
from rl_control.models.store import save_model
from rl_control.ros import model_follower
from rl_control.ros.learned_config import LearnedConfig
from rl_control.ros.model_follower import ModelFollower, ModelSource
from rl_control.ros.model_shelf import version_path


class Planner:
    """Takes every model but those with as much damping as `refuses`."""

    def __init__(self):
        self.mpc = SimpleNamespace(config=SimpleNamespace(dt=DT))
        self.taken, self.refuses = [], 7.0

    def exchange(self, model):
        if model.mechanics.damping[0] == self.refuses:
            raise ModelError("model", "of another shape", "Start again.")
        self.taken.append(model)


@pytest.fixture
def follow(tmp_path):
    made = []

    def make():
        source = ModelSource(tmp_path, follow=True)
        first, file = source.first(ROBOT, DT, LearnedConfig())
        planner = Planner()
        follower = ModelFollower(ROBOT, planner, first, file, source, LearnedConfig(), PERIOD)
        made.append(follower)
        return follower, planner

    yield make
    for follower in made:
        follower.close()


def turn_until(follower, condition, seconds=60.0):
    """Turn until `condition()`; return what was told and what was warned of."""
    told, warned = [], []
    deadline = time.monotonic() + seconds
    while not condition(told, warned) and time.monotonic() < deadline:
        follower.turn(told.append, warned.append)
        time.sleep(0.02)
    assert condition(told, warned), (told, warned)
    return told, warned


def test_when_the_planner_cannot_take_a_version_expect_it_refused_once(follow, tmp_path):
    save_model(version_path(tmp_path, 1), model_of(), {})
    follower, planner = follow()
    save_model(version_path(tmp_path, 2), model_of(heavier(0.1, damping=7.0)), {})
    _, warned = turn_until(follower, lambda told, warned: warned)
    assert "version 2 refused" in warned[0] and "another shape" in warned[0]
    save_model(version_path(tmp_path, 3), model_of(heavier()), {"seconds": "many"})
    told, warned = turn_until(follower, lambda told, warned: told)
    assert told == ["model version 3 taken: learned from nan s of motion"]
    assert not warned
    assert len(planner.taken) == 1


def test_when_the_side_process_dies_expect_one_warning_and_models_taken_later(
    follow, tmp_path, monkeypatch
):
    monkeypatch.setattr(model_follower, "PAUSE", 0.2)
    follower, _ = follow()
    # It was asked at once, and is still loading.
    turn_until(follower, lambda *_: follower._side.alive)
    follower._side._process.kill()
    _, warned = turn_until(follower, lambda told, warned: warned)
    assert "died" in warned[0]
    turn_until(follower, lambda *_: follower._side.alive and not follower._side.busy)
    follower._side._process.kill()  # at rest: nobody need be told
    save_model(version_path(tmp_path, 1), model_of(), {"seconds": 3.0})
    told, warned = turn_until(follower, lambda told, warned: told)
    assert told == ["model version 1 taken: learned from 3.0 s of motion"]
    assert not warned


def test_when_a_folder_has_versions_expect_the_newest_first(tmp_path):
    for number in (1, 2):
        save_model(version_path(tmp_path, number), model_of(), {"seconds": float(number)})
    for follow in (False, True):
        first, file = ModelSource(tmp_path, follow).first(ROBOT, DT, LearnedConfig())
        assert (first.number, first.about["seconds"]) == (2, 2.0)
        assert file == version_path(tmp_path, 2)


def test_when_one_file_is_named_expect_it_as_no_version_and_nothing_to_follow(tmp_path):
    path = version_path(tmp_path, 1)
    save_model(path, model_of(), {})
    source = ModelSource(path, follow=False)
    assert source.first(ROBOT, DT, LearnedConfig())[0].number == 0
    assert source.folder is None
    with pytest.raises(ConfigError, match="is a file"):
        ModelSource(path, follow=True)
    with pytest.raises(DataError, match="no such file"):
        ModelSource(tmp_path / "none", follow=False).first(ROBOT, DT, LearnedConfig())
