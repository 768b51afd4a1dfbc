"""Coverage of intervals: what a normal promises, and the two levels that a verdict gives."""

import numpy as np
import pytest

from rl_control.data.transitions import TransitionDataset
from rl_control.models.coverage import coverage
from rl_control.models.evaluate import intervals

SHARES = np.array([0.1, 0.5, 0.9])


class Standing:
    """Foretells that nothing changes, give or take `deviation` [2n]."""

    def __init__(self, deviation):
        self.deviation = np.asarray(deviation)

    def step(self, x, u):
        return x.copy()

    def uncertainty(self, x, u):
        return np.broadcast_to(self.deviation, x.shape)


def changes(noise, count=20_000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 4))
    return TransitionDataset(
        ("a", "b"), 0.02, x, np.zeros((count, 2)), x + noise * rng.normal(size=x.shape),
        0.02 * np.arange(count), np.zeros(count, dtype=np.int64), ("test",),
    )  # fmt: skip


def test_when_errors_are_normal_expect_every_interval_to_hold_its_share():
    noise = np.array([1e-3, 0.5, 2.0, 10.0])
    held = coverage(Standing(noise), changes(noise), SHARES)
    assert held.shape == (3, 4)
    assert np.allclose(held, SHARES[:, None], atol=0.015)


@pytest.mark.parametrize(("factor", "wanted"), [(0.5, 0.2641), (2.0, 0.8227)])
def test_when_deviations_are_wrong_by_a_factor_expect_the_normals_share(factor, wanted):
    # A normal has this mass within 0.67449 times the factor of its standard deviations.
    held = coverage(Standing(np.full(4, factor)), changes(1.0), SHARES)
    assert np.allclose(held[1], wanted, atol=0.015)


def test_when_shares_are_those_of_a_verdict_expect_its_numbers():
    model, data = Standing([0.7, 1.0, 1.3, 2.0]), changes(1.0, 500)
    held = coverage(model, data, np.array([0.5, 0.9]))
    known = intervals(model, data)
    assert np.array_equal(held, np.stack([known.half, known.nine_tenths]))


def test_when_a_model_claims_to_be_exact_expect_nothing_to_be_held():
    held = coverage(Standing(np.zeros(4)), changes(1.0, 100), SHARES)
    assert not held.any()
