"""The size of the next step: by the formula, clipped, and held when there is nothing to gain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.gps.step_rule import Costs, StepConfig, judged_step

WIDE = StepConfig(least=1e-6, greatest=1e6)


def test_when_half_the_gain_came_about_expect_the_same_step_again():
    before = Costs(expected=10.0, sampled=99.0, foretold=6.0)
    found = judged_step(1.5, before, expected=8.0, sampled=0.0, config=WIDE)
    assert found.multiplier == pytest.approx(1.5)
    assert (found.foretold, found.actual) == (4.0, 2.0)
    assert not found.converged


@given(
    foretold=st.floats(-50.0, 50.0), actual=st.floats(-50.0, 50.0), multiplier=st.floats(0.1, 10.0)
)
def test_when_a_step_is_judged_expect_the_best_step_of_a_quadratic_loss_within_its_limits(
    foretold, actual, multiplier
):
    """Gain(m) = foretold m - (foretold - actual) m^2 is greatest at the new size."""
    before = Costs(expected=1.0, sampled=0.0, foretold=1.0 - foretold)
    config = StepConfig(least=0.5, greatest=4.0, converged_share=0.0)
    found = judged_step(multiplier, before, expected=1.0 - actual, sampled=0.0, config=config)
    if found.converged:
        return
    foretold, actual = found.foretold, found.actual
    change = np.clip(foretold / (2.0 * max(1e-4, foretold - actual)), 0.1, 5.0)
    assert found.multiplier == pytest.approx(np.clip(change * multiplier, 0.5, 4.0))
    if foretold - actual > 1e-4 and 0.1 < change < 5.0:
        sizes = change * (1.0 + np.array([-1e-3, 0.0, 1e-3]))
        gains = foretold * sizes - (foretold - actual) * sizes**2
        assert gains.argmax() == 1


def test_when_the_rule_is_by_rollouts_expect_sampled_costs_to_count():
    before = Costs(expected=99.0, sampled=10.0, foretold=6.0)
    config = StepConfig(rule="monte_carlo", least=1e-6, greatest=1e6)
    found = judged_step(1.0, before, expected=-99.0, sampled=7.0, config=config)
    assert (found.foretold, found.actual) == (4.0, 3.0)
    assert found.multiplier == pytest.approx(4.0 / (2.0 * 1.0))


def test_when_all_came_about_or_more_expect_the_greatest_change():
    before = Costs(expected=10.0, sampled=10.0, foretold=6.0)
    assert judged_step(1.0, before, 5.0, 5.0, WIDE).multiplier == pytest.approx(5.0)


def test_when_it_became_worse_instead_expect_a_small_step_but_not_nothing():
    before = Costs(expected=10.0, sampled=10.0, foretold=6.0)
    assert judged_step(1.0, before, 1e6, 1e6, WIDE).multiplier == pytest.approx(0.1)
    assert judged_step(0.1, before, 1e6, 1e6, StepConfig()).multiplier == StepConfig().least


def test_when_there_is_nothing_to_gain_expect_the_step_held_and_convergence():
    """The ratio of two noises would otherwise shrink or widen the step by turns."""
    before = Costs(expected=10.0, sampled=10.0, foretold=9.95)
    found = judged_step(1.7, before, 10.05, 10.05, StepConfig())
    assert found.converged
    assert found.multiplier == 1.7


def test_when_a_gain_was_missed_expect_no_convergence():
    before = Costs(expected=10.0, sampled=10.0, foretold=6.0)
    assert not judged_step(1.0, before, 10.0, 10.0, StepConfig()).converged


def test_when_there_was_no_step_before_expect_the_multiplier_as_it_is():
    found = judged_step(1.0, None, 5.0, 5.0, StepConfig())
    assert found.multiplier == 1.0
    assert not found.converged
    assert np.isnan(found.actual)


@pytest.mark.parametrize("before", [np.inf, 10.0])
@pytest.mark.parametrize("now", [np.inf, np.nan, 10.0])
def test_when_dynamics_ran_away_expect_a_smaller_step_and_a_number(before, now):
    costs = Costs(expected=before, sampled=10.0, foretold=6.0)
    found = judged_step(1.0, costs, expected=now, sampled=10.0, config=StepConfig())
    assert not found.converged
    assert found.multiplier < 1.0
