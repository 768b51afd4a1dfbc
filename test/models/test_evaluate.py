"""How well models foretell: exact ones exactly, wild ones counted, rest not taken for skill."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.models.evaluate import ConstantVelocity, foretell, intervals
from rl_control.models.fit import judge
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot
from rl_control.types import Trajectory

DT = 0.02
ROBOT = load_robot("planar2")


@dataclass(frozen=True)
class Straight:
    """v' = v + dt u, q' = q + dt v, off by `bias` in q at every step, with a stated deviation."""

    bias: float = 0.0
    gain: float = 1.0
    deviation: float = 1.0

    def step(self, x, u):
        q, v = x[:, :2], x[:, 2:]
        return np.hstack([q + DT * v + self.bias, self.gain * v + DT * u])

    def uncertainty(self, x, u):
        return np.full_like(x, self.deviation)


def motion(steps=120, seed=0, resting=0, noise=0.0):
    """What `Straight()` does, at rest in the last `resting` steps."""
    rng = np.random.default_rng(seed)
    x, controls = [np.zeros(4)], rng.normal(size=(steps, 2))
    for k in range(steps):
        if k >= steps - resting:
            controls[k], x[-1] = 0.0, np.concatenate([x[-1][:2], np.zeros(2)])
        following = Straight().step(x[-1][None], controls[k][None])[0]
        x.append(following + noise * rng.normal(size=4))
    times = DT * np.arange(steps + 1)
    return TransitionDataset.of(
        Trajectory(("joint1", "joint2"), times, np.array(x), controls), DT, "test"
    )


def test_when_the_model_is_exact_expect_no_error_at_any_horizon():
    found = foretell(Straight(), motion())
    assert found.horizons == (1, 10, 25, 50)
    assert np.allclose(found.errors, 0.0, atol=1e-12)
    assert found.finite.tolist() == [1.0] * 4


def test_when_each_step_is_off_by_a_bias_expect_it_to_add_up():
    found = foretell(Straight(bias=0.01), motion())
    assert np.allclose(found.errors[:, :2], 0.01 * np.array([[1], [10], [25], [50]]))
    assert np.allclose(found.typical, 0.01 * np.array([1, 10, 25, 50]))
    assert found.positions(10) == pytest.approx([0.1, 0.1])


def test_when_the_arm_rests_at_the_end_expect_those_windows_left_out():
    data = motion(steps=300, resting=200)
    coasting = foretell(ConstantVelocity(2, DT), data)
    moving = foretell(ConstantVelocity(2, DT), motion(steps=100))
    assert (coasting.typical[1:] > 1e-3).all()
    assert coasting.typical == pytest.approx(moving.typical, rel=0.7)
    still = data.where(np.arange(300) >= 200)
    assert np.allclose(foretell(ConstantVelocity(2, DT), still).errors, 0.0)


def test_when_a_model_diverges_late_expect_it_told_by_horizon():
    found = foretell(Straight(gain=3.0), motion())
    assert found.finite[0] == found.finite[1] == 1.0
    assert found.finite[-1] == 0.0
    assert np.isinf(found.errors).all()  # no window lasted
    assert np.isfinite(found.typical).all()


def test_when_data_are_too_short_expect_shorter_horizons_or_refusal():
    assert foretell(Straight(), motion(steps=12)).horizons == (1, 10)
    empty = motion(steps=12).where(np.zeros(12, dtype=bool))
    with pytest.raises(DataError, match="Record longer runs"):
        foretell(Straight(), empty)


def test_when_the_deviation_is_true_expect_intervals_to_hold_and_the_least_likelihood_loss():
    data = motion(steps=4000, noise=0.03)
    told = {s: intervals(Straight(deviation=s), data) for s in (0.015, 0.03, 0.06)}
    assert np.allclose(told[0.03].nine_tenths, 0.9, atol=0.02)
    assert np.allclose(told[0.03].half, 0.5, atol=0.03)
    assert (told[0.015].nine_tenths < 0.7).all()
    for other in (0.015, 0.06):
        assert (told[0.03].nll < told[other].nll).all()


def test_when_judged_expect_the_description_to_count_only_where_it_is_known():
    mechanics = Mechanics(ROBOT)
    rng = np.random.default_rng(0)
    truth, x, controls = rigid_model(mechanics, DT), [np.r_[ROBOT.home, 0.0, 0.0]], []
    for k in range(150):
        wave = 4.0 * np.sin(0.1 * k + np.array([0.0, 1.0])) + 0.1 * rng.normal(size=2)
        controls.append(mechanics.gravity_torque(x[-1][:2]) + wave)
        x.append(truth.step(x[-1][None], controls[-1][None])[0])
    data = TransitionDataset.of(
        Trajectory(ROBOT.names, DT * np.arange(151), np.array(x), np.array(controls)), DT, "test"
    )
    joints = tuple(replace(joint, damping=joint.damping + 0.1) for joint in ROBOT.joints)
    near = rigid_model(mechanics.with_robot(replace(ROBOT, joints=joints)), DT)
    known, unknown = judge(near, ROBOT, data), judge(near, ROBOT, data, known=False)
    assert not known.usable
    assert "the arm as described by 0.0000" in known.reason
    assert unknown.usable
    assert "no model at all by" in unknown.reason
