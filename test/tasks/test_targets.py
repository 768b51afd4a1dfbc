"""Random targets: reproducible, in the middle of the workspace, above the floor."""

import numpy as np
import pytest

from rl_control.errors import ConfigError
from rl_control.robot.description import load_robot
from rl_control.tasks.targets import sample_targets


@pytest.fixture(scope="module")
def arm():
    return load_robot("arm7")


def test_when_drawn_expect_count_and_height(arm):
    targets = sample_targets(arm, 30, np.random.default_rng(0), floor=0.1)
    assert targets.shape == (30, 3) and (targets[:, 2] > 0.1).all()


def test_when_drawn_with_one_seed_expect_the_same(arm):
    one, other = (sample_targets(arm, 5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_when_drawn_expect_joint_vectors_of_the_middle_of_the_limits(arm):
    seen = []

    def collides(q):
        seen.append(q)
        return len(seen) % 2 == 0

    assert len(sample_targets(arm, 40, np.random.default_rng(1), collides)) == 40
    half = (arm.limits.upper - arm.limits.lower) / 2
    share = np.abs(np.array(seen) - (arm.limits.lower + arm.limits.upper) / 2) / half
    assert len(seen) >= 79 and 0.6 < share.max() <= 0.7


def test_when_everything_collides_expect_refusal(arm):
    with pytest.raises(ConfigError, match="only 0 of 1 found"):
        sample_targets(arm, 1, np.random.default_rng(0), lambda q: True)


def test_when_none_is_wanted_expect_none(arm):
    assert sample_targets(arm, 0, np.random.default_rng(0)).shape == (0, 3)
