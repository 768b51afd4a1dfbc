"""What is true of every policy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import mahalanobis

from rl_control.policy.policy import Seen


def test_when_observations_are_correlated_expect_mahalanobis_distances_in_bounds() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    seen = Seen(rng.normal(size=4), root @ root.T + 0.1 * np.eye(4), 2.5)
    o = rng.normal(size=(6, 4))
    expected = [mahalanobis(row, seen.mean, seen.precision) / 2.5 for row in o]
    np.testing.assert_allclose(seen.distance(o), expected, rtol=1e-12)


def test_when_an_observation_is_the_mean_expect_no_distance() -> None:
    seen = Seen(np.arange(3.0), np.eye(3), 1.0)
    np.testing.assert_array_equal(seen.distance(seen.mean[None]), [0.0])
