"""Excitation of fake and simulated arms: within the limits, and worth learning from."""

import numpy as np
import pytest

from rl_control.control.excitation import ExcitationController
from rl_control.control.excite_settings import RANDOM, SINES, TARGETS, ExcitationConfig
from rl_control.errors import ConfigError
from rl_control.interfaces import Controller
from rl_control.plants.fake import FakePlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.rollout import rollout
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.types import JointLimits

LIMITS = JointLimits(("a",), [-2.0], [2.0], [4.0], [60.0])
MASS, DAMPING, PULL = 1.7, 0.6, 9.0


def pendulum(names=("a",)):
    """One joint with damping, under gravity."""
    return FakePlant(names, 0.005, lambda q, v, u: (u - DAMPING * v - PULL * np.sin(q)) / MASS)


def moved(controller, plant, limits, seconds):
    safety = SafetyFilter(limits, SafetyConfig(), np.zeros_like)
    trajectory = rollout(controller, plant, safety, seconds)
    assert safety.violation is None, str(safety.violation)
    return trajectory


def regressor(trajectory):
    """Columns a, v, sin q of every step, [T, 3], and what was done, [T]."""
    x = trajectory.states
    acceleration = np.diff(x[:, 1]) / 0.005
    return np.column_stack([acceleration, x[:-1, 1], np.sin(x[:-1, 0])]), trajectory.controls[:, 0]


@pytest.mark.parametrize("kind", [SINES, RANDOM, TARGETS])
def test_when_a_stranger_is_excited_expect_its_parameters_to_follow_from_the_motion(kind):
    controller = ExcitationController(LIMITS, ExcitationConfig(kind=kind), np.random.default_rng(0))
    assert isinstance(controller, Controller)
    trajectory = moved(controller, pendulum(), LIMITS, 10.0)
    columns, efforts = regressor(trajectory)
    found, *_ = np.linalg.lstsq(columns, efforts, rcond=None)
    np.testing.assert_allclose(found, [MASS, DAMPING, PULL], rtol=1e-6)


@pytest.mark.parametrize("kind", [SINES, RANDOM, TARGETS])
def test_when_an_arm_is_excited_expect_far_better_data_than_from_holding_still(kind):
    def condition(config):
        controller = ExcitationController(
            LIMITS, config, np.random.default_rng(1),
            lambda q, v, a: MASS * a + DAMPING * v + PULL * np.sin(q),
        )  # fmt: skip
        columns, _ = regressor(moved(controller, pendulum(), LIMITS, 10.0))
        return np.linalg.svd(columns, compute_uv=False)[-1] / np.sqrt(len(columns))

    excited = condition(ExcitationConfig(kind=kind))
    still = condition(ExcitationConfig(kind=kind, range_share=0.05, speed_share=0.01))
    assert excited > 5.0 * still


def test_when_reset_expect_another_motion_and_the_same_one_from_the_same_seed():
    def runs():
        controller = ExcitationController(LIMITS, ExcitationConfig(), np.random.default_rng(5))
        plant = pendulum()
        first = moved(controller, plant, LIMITS, 2.0).states
        plant.reset()
        return first, moved(controller, plant, LIMITS, 2.0).states

    (first, second), (again, after) = runs(), runs()
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, after)
    assert np.abs(first - second).max() > 0.1


def test_when_states_name_joints_in_another_order_expect_each_its_own_motion():
    limits = JointLimits(("a", "b"), [-2.0, -2.0], [2.0, 2.0], [4.0, 4.0], [60.0, 60.0])
    found = {}
    for names in (("a", "b"), ("b", "a")):
        controller = ExcitationController(limits, ExcitationConfig(), np.random.default_rng(0))
        found[names] = moved(controller, pendulum(names), limits, 1.0).states
    np.testing.assert_allclose(found["a", "b"], found["b", "a"])


def test_when_a_setting_is_not_allowed_expect_a_refusal():
    with pytest.raises(ConfigError, match="kind"):
        ExcitationController(LIMITS, ExcitationConfig(kind="sinus"), np.random.default_rng(0))


def simulated(name, kind, seed, seconds, known, **plant):
    pytest.importorskip("pybullet")
    from rl_control.plants.bullet import BulletPlant
    from rl_control.plants.bullet_config import BulletConfig

    robot, n = load_robot(name), load_robot(name).n
    model = ArmModel(robot)
    controller = ExcitationController(
        robot.limits, ExcitationConfig(kind=kind), np.random.default_rng(seed),
        model.inverse_dynamics if known else None,
    )  # fmt: skip
    bullet = BulletPlant(robot, BulletConfig(**plant))
    trajectory = moved(controller, bullet, robot.limits, seconds)
    assert bullet.overspeed == 0
    bullet.close()
    positions = trajectory.positions
    assert (positions >= robot.limits.lower).all() and (positions <= robot.limits.upper).all()
    assert trajectory.controls.shape[1] == n
    used = np.ptp(positions, axis=0) / (robot.limits.upper - robot.limits.lower)
    return used, np.abs(trajectory.velocities) / robot.limits.velocity


STRANGER = {"payload": 3.0, "damping": (1.0,), "friction": (1.0,)}


@pytest.mark.parametrize(
    ("name", "plant"),
    [("planar2", {}), ("arm7", {}), ("panda", {}), ("iiwa7", {}), ("iiwa7", STRANGER)],
)
@pytest.mark.parametrize("known", [True, False])
def test_when_a_simulated_arm_is_excited_expect_it_within_its_limits(name, plant, known):
    used, speed = simulated(name, SINES, 0, 4.0, known, **plant)
    assert (used > 0.03).all()
    assert (speed.max(axis=0) > 0.05).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "plant"),
    [("planar2", {}), ("arm7", {}), ("panda", {}), ("iiwa7", {}), ("iiwa7", STRANGER)],
)
@pytest.mark.parametrize("kind", [SINES, RANDOM, TARGETS])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_when_it_is_excited_for_long_expect_it_within_its_limits_and_most_of_the_range(
    name, plant, kind, known, seed
):
    used, _ = simulated(name, kind, seed, 20.0, known, **plant)
    assert used.mean() > 0.15
