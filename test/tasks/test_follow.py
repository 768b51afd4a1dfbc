"""The weights by which a path is followed."""

from __future__ import annotations

from rl_control.config import fields_of
from rl_control.tasks.follow import follow_config
from rl_control.tasks.reach_config import FollowWeights, ReachConfig, ReachWeights


def test_when_a_path_is_followed_expect_speeds_free_and_limits_as_in_a_reach() -> None:
    reach = ReachConfig(weights=ReachWeights(velocity_limits=77.0, position_limits=5.0))
    found = follow_config(reach)
    assert found.weights.velocity == (0.0,)
    assert found.weights.velocity_limits == 77.0
    assert found.weights.position_limits == 5.0
    assert found.terminal.velocity == 0.0
    assert found.tolerance == reach.tolerance


def test_when_weights_are_given_expect_them() -> None:
    weights = FollowWeights(tip_position=1.0, posture=2.0, effort=3.0)
    found = follow_config(ReachConfig(follow=weights)).weights
    assert (found.tip_position, found.posture, found.effort) == (1.0, (2.0,), (3.0,))


def test_when_the_last_node_is_weighed_expect_it_like_one_of_the_others() -> None:
    found = follow_config(ReachConfig()).terminal
    assert found.posture == found.tip_position <= 0.05


def test_when_weights_of_following_are_listed_expect_them_live() -> None:
    assert all(field.live for field in fields_of(FollowWeights))
