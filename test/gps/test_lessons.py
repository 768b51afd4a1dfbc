"""Lessons: ways of different lengths, what deviations cost, and how much an answer is trusted."""

import numpy as np
import pytest

from rl_control.gps.lessons import Lessons, demonstrations
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen

SEEN, NU, STEPS = 3, 2, 6


@pytest.fixture
def lessons():
    """Two ways, of 6 and of 4 states."""
    rng = np.random.default_rng(0)
    ways = []
    for length in (6, 4):
        root = rng.normal(size=(length, NU, NU))
        costs = root @ root.swapaxes(-1, -2) + 0.1 * np.eye(NU)
        ways.append((rng.normal(size=(length, SEEN)), rng.normal(size=(length, NU)), costs))
    return Lessons.of(ways, STEPS)


def policy_for(scale):
    layout = ObservationLayout(("a", "b"), ("tip",))
    nothing = Seen(np.zeros(SEEN), np.eye(SEEN), 1.0)
    facts = PolicyFacts("t", layout, 0.01, "none", np.eye(NU), nothing)
    plain = Normaliser(np.zeros(SEEN), np.ones(SEEN))
    return MlpPolicy(facts, plain, (np.zeros((NU, SEEN)),), (np.zeros(NU),), scale)


def test_when_a_way_ends_early_expect_what_is_behind_to_cost_nothing(lessons):
    assert lessons.said.sum(axis=1).tolist() == [6, 4]
    np.testing.assert_array_equal(lessons.observations[1, 4:], lessons.observations[1, [3, 3]])
    for even in (True, False):
        wanted = demonstrations(lessons, None, even, 0.1)
        assert (wanted.precision[1, 4:] == 0.0).all()
        assert (np.linalg.eigvalsh(wanted.precision[lessons.said]) > 0.0).all()


def test_when_ways_join_expect_all_of_them(lessons):
    both = Lessons.none(STEPS, SEEN, NU).and_also(lessons).and_also(lessons)
    np.testing.assert_array_equal(both.outputs[2:], lessons.outputs)
    assert both.said.sum() == 20


def test_when_costs_are_even_expect_deviations_counted_in_the_outputs_units(lessons):
    wanted = demonstrations(lessons, None, True, 0.1)
    units = np.sqrt((lessons.outputs[lessons.said] ** 2).mean(axis=0))
    np.testing.assert_allclose(wanted.precision[0, 0], np.diag(units**-2.0))


def test_when_outputs_are_in_other_units_expect_the_same_costs(lessons):
    by = np.array([100.0, 0.01])
    other = Lessons(lessons.observations, lessons.outputs * by, lessons.costs / by[:, None] / by)
    for even in (True, False):
        one, two = (demonstrations(these, None, even, 0.1) for these in (lessons, other))
        np.testing.assert_allclose(two.precision * by[:, None] * by, one.precision, rtol=1e-9)


@pytest.mark.parametrize("even", [True, False])
def test_when_the_policy_is_far_from_an_answer_expect_the_slope_of_the_tolerant_cost(lessons, even):
    scale, tolerance = np.array([2.0, 0.5]), 0.3
    policy = policy_for(scale)
    wanted = demonstrations(lessons, policy, even, tolerance)
    sure = demonstrations(lessons, policy, even, 1e9).precision  # squares

    def cost(away):
        squares = (away @ sure[0, 0] @ away) / NU
        return tolerance**2 * (np.sqrt(1.0 + squares / tolerance**2) - 1.0)

    # The policy puts out zero: the deviation is what is wanted of it.
    away, step = -lessons.outputs[0, 0], 1e-6
    slope = [
        (cost(away + step * one) - cost(away - step * one)) / (2.0 * step) for one in np.eye(NU)
    ]
    np.testing.assert_allclose(wanted.precision[0, 0] @ away / NU, slope, rtol=1e-5)
