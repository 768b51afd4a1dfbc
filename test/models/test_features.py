"""Features of an arm's state: their values, their period and their derivatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.models.features import Features

MIXED = Features((True, False, True))


def batch(n, size=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-4.0, 4.0, (size, 2 * n)), rng.normal(size=(size, n))


def test_when_joints_turn_and_slide_expect_the_documented_order():
    x, u = batch(3)
    q = x[:, :3]
    expected = np.hstack([np.sin(q[:, [0, 2]]), np.cos(q[:, [0, 2]]), q[:, [1]], x[:, 3:], u])
    np.testing.assert_array_equal(MIXED(x, u), expected)
    assert (MIXED.n, MIXED.size) == (3, 11)


def test_when_a_turning_joint_makes_a_whole_turn_expect_the_same_features():
    x, u = batch(3)
    turned = x.copy()
    turned[:, [0, 2]] += 2.0 * np.pi
    np.testing.assert_allclose(MIXED(turned, u), MIXED(x, u), atol=1e-14)
    slid = x.copy()
    slid[:, 1] += 2.0 * np.pi
    assert np.abs(MIXED(slid, u) - MIXED(x, u)).max() > 6.0


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_when_pulled_back_expect_finite_differences_for_any_arm(turning):
    features = Features(tuple(turning))
    n, step = features.n, 1e-6
    x, u = batch(n, 3)
    found = features.pull_back(x, np.tile(np.eye(features.size), (3, 1, 1)))
    assert found.shape == (3, features.size, 3 * n)
    for j in range(3 * n):
        moved = np.zeros(3 * n)
        moved[j] = step
        ahead = features(x + moved[: 2 * n], u + moved[2 * n :])
        behind = features(x - moved[: 2 * n], u - moved[2 * n :])
        np.testing.assert_allclose(found[..., j], (ahead - behind) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_when_several_models_are_pulled_back_at_once_expect_each_one_s_result(kind):
    x, _ = batch(3)
    slopes = np.random.default_rng(1).normal(size=(4, 5, 2, MIXED.size)).astype(kind)
    together = MIXED.pull_back(x, slopes)
    assert together.dtype == kind
    for one, found in zip(slopes, together, strict=True):
        np.testing.assert_array_equal(found, MIXED.pull_back(x, one))
