"""Samples around a teacher's states."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.errors import ShapeError
from rl_control.policy.nearby import nearby

RNG = np.random.default_rng(0)
STATES, GAIN = RNG.normal(size=(50, 4)), RNG.normal(size=(2, 4))
GAINS = np.tile(GAIN, (50, 1, 1))
SPREAD = np.array([0.1, 0.2, 1.0, 0.0])


def test_when_the_teacher_is_linear_expect_its_own_controls_at_the_new_states() -> None:
    controls = STATES @ GAIN.T + 0.5
    x, u = nearby(STATES, controls, GAINS, SPREAD, 3, np.random.default_rng(1))
    assert x.shape == (3, 50, 4)
    np.testing.assert_allclose(u, x @ GAIN.T + 0.5, atol=1e-12)


def test_when_many_are_drawn_expect_the_spread_that_was_asked_for() -> None:
    x, _ = nearby(STATES, np.zeros((50, 2)), GAINS, SPREAD, 400, np.random.default_rng(2))
    np.testing.assert_allclose((x - STATES).std(axis=(0, 1)), SPREAD, rtol=0.03)
    np.testing.assert_allclose((x - STATES).mean(axis=(0, 1)), 0.0, atol=0.03)


def test_when_imitated_linearly_from_one_motion_expect_the_teachers_gains_where_it_never_went() -> (
    None
):
    """States on a line alone do not tell the gain; those around it do."""
    line = np.outer(np.linspace(-1.0, 1.0, 50), [1.0, -1.0, 0.5, 0.0])
    plain = np.linalg.lstsq(line, line @ GAIN.T, rcond=None)[0].T
    assert np.abs(plain - GAIN).max() > 0.1
    x, u = nearby(line, line @ GAIN.T, GAINS, np.full(4, 0.1), 4, np.random.default_rng(3))
    found = np.linalg.lstsq(x.reshape(-1, 4), u.reshape(-1, 2), rcond=None)[0].T
    np.testing.assert_allclose(found, GAIN, atol=1e-10)


@pytest.mark.parametrize("wrong", ["controls", "gains", "spread"])
def test_when_shapes_do_not_fit_expect_a_named_error(wrong: str) -> None:
    parts = {"controls": np.zeros((50, 2)), "gains": GAINS, "spread": SPREAD}
    parts[wrong] = parts[wrong][:-1]
    with pytest.raises(ShapeError, match=wrong):
        nearby(STATES, count=2, rng=RNG, **parts)
