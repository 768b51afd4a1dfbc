"""A controller's policies beside a pilot that only notes them: what happens when help fails."""

import time

import pytest

from rl_control.errors import ConfigError, DataError
from rl_control.policy.store import save_policy
from rl_control.robot.description import load_robot
from rl_control.ros import policy_follower
from rl_control.ros.model_shelf import POLICY, version_path
from rl_control.ros.policy_follower import PolicyFollower
from rl_control.ros.policy_source import PolicySource

ROBOT = load_robot("planar2")
PERIOD = 0.005


def keep(folder, number, policy):
    save_policy(version_path(folder, number, POLICY), policy)


@pytest.fixture
def follow(tmp_path):
    made = []

    def make(follow=True):
        source, taken = PolicySource(tmp_path, follow), []
        first = source.first(ROBOT, PERIOD)
        made.append(PolicyFollower(ROBOT, PERIOD, source, first, taken.append))
        return made[-1], taken

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


def test_when_versions_come_expect_the_newest_taken_and_a_bad_one_refused_once(
    follow, tmp_path, pd_policy
):
    keep(tmp_path, 1, pd_policy(ROBOT))
    follower, taken = follow()
    keep(tmp_path, 2, pd_policy(ROBOT, task="insert"))
    _, warned = turn_until(follower, lambda told, warned: warned)
    assert "policy version 2 refused" in warned[0] and "'insert'" in warned[0]
    keep(tmp_path, 3, pd_policy(ROBOT, bias=0.3))
    keep(tmp_path, 4, pd_policy(ROBOT, bias=0.4))
    told, warned = turn_until(follower, lambda *_: taken and taken[-1].biases[1][0] == 0.4)
    assert told[-1] == "policy version 4 taken"
    assert not warned
    assert follower.values() == {"version": 4, "taken": len(taken), "refused": "2"}


def test_when_the_side_process_dies_expect_one_warning_and_policies_taken_later(
    follow, tmp_path, pd_policy, monkeypatch
):
    monkeypatch.setattr(policy_follower, "PAUSE", 0.2)
    keep(tmp_path, 1, pd_policy(ROBOT))
    follower, taken = follow()
    turn_until(follower, lambda *_: follower._side.alive)
    follower._side._process.kill()
    _, warned = turn_until(follower, lambda told, warned: warned)
    assert "died" in warned[0]
    keep(tmp_path, 2, pd_policy(ROBOT))
    told, warned = turn_until(follower, lambda told, warned: told)
    assert told == ["policy version 2 taken"]
    assert not warned
    assert len(taken) == 1


def test_when_nothing_is_followed_expect_the_newest_first_and_no_process(
    follow, tmp_path, pd_policy
):
    for number in (1, 2):
        keep(tmp_path, number, pd_policy(ROBOT, bias=number))
    (tmp_path / "model-0009.safetensors").touch()
    follower, taken = follow(follow=False)
    assert follower.values()["version"] == 2
    keep(tmp_path, 3, pd_policy(ROBOT))
    follower.turn(print, print)
    assert follower._side is None
    assert not taken


def test_when_one_file_is_named_expect_it_as_no_version_and_nothing_to_follow(tmp_path, pd_policy):
    keep(tmp_path, 1, pd_policy(ROBOT))
    path = version_path(tmp_path, 1, POLICY)
    assert PolicySource(path, follow=False).first(ROBOT, PERIOD).number == 0
    with pytest.raises(ConfigError, match="is a file"):
        PolicySource(path, follow=True)
    with pytest.raises(DataError, match="in which training has left one"):
        PolicySource(tmp_path / "none", follow=False).first(ROBOT, PERIOD)
