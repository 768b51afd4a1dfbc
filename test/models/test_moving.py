"""What counts as motion, and what it is for: intervals that hold where the arm moves."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.transitions import TransitionDataset
from rl_control.models.fit import fit_model
from rl_control.models.fit_settings import FitConfig
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.moving import in_motion, moving
from rl_control.robot.description import load_robot

ROBOT = load_robot("planar2")
DT = 0.005


def transitions(states, controls, next_states, rollouts=1):
    size = len(states)
    return TransitionDataset(
        names=ROBOT.names,
        dt=DT,
        states=states,
        controls=controls,
        next_states=next_states,
        times=DT * (np.arange(size) % (size // rollouts)),
        rollouts=np.arange(size) * rollouts // size,
        sources=("test",) * rollouts,
    )


def test_when_a_joint_moves_expect_the_transition_kept():
    speeds = np.array([[0.0, 0.0], [0.005, 0.009], [0.0, 0.02], [-0.02, 0.0]])
    states = np.hstack([np.zeros((4, 2)), speeds * ROBOT.limits.velocity])
    kept = moving(transitions(states, np.zeros((4, 2)), states), ROBOT.limits)
    np.testing.assert_array_equal(kept.states, states[2:])
    resting = transitions(states[:2], np.zeros((2, 2)), states[:2])
    assert in_motion(resting, ROBOT.limits) is resting


@pytest.fixture(scope="module")
def mostly_resting():
    """Ten rollouts that rest, but for a swing at the start of each, when the arm is shaken."""
    rng, parts = np.random.default_rng(0), []
    truth = rigid_model(Mechanics(ROBOT), DT)
    for _ in range(10):
        x = np.concatenate([rng.uniform(-1.0, 1.0, 2), np.zeros(2)])
        place = x[:2]
        for k in range(400):
            wish = place + 0.3 * np.sin(2.0 * np.pi * k / 60) * (k < 60)
            q, v = x[:2], x[2:]
            u = truth.mechanics.gravity_torque(q) + truth.mechanics.mass_matrix(q) @ (
                100.0 * (wish - q) - 20.0 * v
            )
            after = truth.step(x[None], u[None])[0]
            after[2:] += 0.02 * rng.standard_normal(2) * (k < 60)
            parts.append((x, u, after))
            x = after
    return transitions(*(np.array(part) for part in zip(*parts, strict=True)), rollouts=10)


def test_when_the_arm_mostly_rests_expect_intervals_that_hold_where_it_moves(mostly_resting):
    config = FitConfig(base="nominal", residual="none", dt=DT)
    found = fit_model(ROBOT, mostly_resting, config, np.random.default_rng(0))
    told = moving(found.unseen, ROBOT.limits)
    assert told.size < 0.6 * found.unseen.size
    assert found.verdict.intervals.nine_tenths.mean() == pytest.approx(0.9, abs=0.07)
    resting = replace(found.model, scale=found.model.calibrated(found.held_out).scale)
    assert (resting.scale < 0.8 * found.model.scale).any()
