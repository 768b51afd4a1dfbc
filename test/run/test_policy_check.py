"""Policies that a controller must not act by."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import DataError, PolicyError
from rl_control.policy.observation import COMPLETE
from rl_control.policy.store import save_policy
from rl_control.robot.description import load_robot
from rl_control.run.policy_check import check_alike, load_checked

ROBOT = load_robot("planar2")


def test_when_a_policy_is_the_arms_expect_it_and_what_is_said_of_it(tmp_path, pd_policy):
    path, policy = tmp_path / "policy", pd_policy(ROBOT, dt=0.005)
    save_policy(path, policy, {"success": 0.97})
    found, about = load_checked(path, ROBOT, 0.005)
    assert about == {"success": 0.97}
    np.testing.assert_array_equal(found.weights[1], policy.weights[1])


@pytest.mark.parametrize(
    ("robot", "period", "words"),
    [
        ("arm7", 0.005, "for the joints shoulder, elbow"),
        ("planar2", 0.0201, "acts every 0.02 s, and states come every 0.0201 s. Set 'rate' to 50"),
    ],
)
def test_when_it_is_another_arms_or_too_quick_expect_a_named_error(
    tmp_path, pd_policy, robot, period, words
):
    path = tmp_path / "policy"
    save_policy(path, pd_policy(ROBOT))
    with pytest.raises(PolicyError, match=words) as caught:
        load_checked(path, load_robot(robot), period)
    assert str(path) in str(caught.value)


def test_when_it_is_missing_or_cut_expect_a_named_error(tmp_path, pd_policy):
    path = tmp_path / "policy"
    with pytest.raises(DataError, match="no such file"):
        load_checked(path, ROBOT, 0.005)
    save_policy(path, pd_policy(ROBOT))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="cut or changed"):
        load_checked(path, ROBOT, 0.005)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "insert"}, "trained on the task 'insert'"),
        ({"dt": 0.05}, "acts every 0.05 s"),
        ({"parts": COMPLETE}, "observes position, velocity"),
        ({"base": "none"}, "based on none"),
    ],
)
def test_when_it_is_not_like_the_running_one_expect_a_named_error(
    tmp_path, pd_policy, changes, words
):
    running = pd_policy(ROBOT)
    check_alike(tmp_path, pd_policy(ROBOT, stiffness=3.0, bias=1.0), running)
    with pytest.raises(PolicyError, match=words):
        check_alike(tmp_path, pd_policy(ROBOT, **changes), running)


def test_when_its_network_is_of_another_size_expect_a_named_error(tmp_path, pd_policy):
    running = pd_policy(ROBOT)
    weights = (np.zeros((7, 4)), np.zeros((2, 7)))
    bigger = replace(running, weights=weights, biases=(np.zeros(7), np.zeros(2)))
    with pytest.raises(PolicyError, match="mlp of 4-7-2, and a mlp of 4-4-2"):
        check_alike(tmp_path, bigger, running)
