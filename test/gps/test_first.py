"""What a search begins with: led along a way, or planned by the arm's equations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from rl_control.errors import ConfigError
from rl_control.gps.episode import Episode
from rl_control.gps.expansion import QuadraticCost
from rl_control.gps.first import first_of, output_price, output_units
from rl_control.gps.fitting import integrator
from rl_control.gps.initial import InitialConfig
from rl_control.gps.planned import planned_controller
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.trainer import MdgpsTrainer
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.run.train_settings import METHODS

DT = 0.02
PLANNED = MdgpsConfig(base="dynamics", initial=InitialConfig(kind="plan"), output_weight=0.01)


@pytest.fixture
def condition(small):
    return small.task.condition(np.array([0.3, -0.2]))


def test_when_the_cost_is_quadratic_expect_the_regulator_of_the_riccati_equation():
    steps, Q, R = 400, np.diag([4.0, 0.1]), np.array([[1e-2]])
    F = integrator(1, DT, "dynamics")
    start = LinearGaussianController(
        ("a",), DT, np.zeros((steps, 1, 2)), np.zeros((steps, 1)), np.ones((steps, 1, 1))
    )
    H = np.tile(np.block([[Q, np.zeros((2, 1))], [np.zeros((1, 2)), R]]), (steps, 1, 1))
    cost = QuadraticCost(H, np.zeros((steps, 3)), np.zeros(steps + 1), Q, np.zeros(2))

    def expand(x, u):
        z = np.hstack([x[:-1], u])
        return cost, 0.5 * float((z * (z @ H[0])).sum() + x[-1] @ Q @ x[-1])

    found = planned_controller(start, np.array([1.0, 0.0]), F, np.ones(1), expand)
    A, B = F[:, :2], F[:, 2:]
    P = solve_discrete_are(A, B, Q, R)
    gain = -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
    np.testing.assert_allclose(found.K[0], gain, rtol=1e-3)
    np.testing.assert_allclose(found.k[0], 0.0, atol=1e-3)
    np.testing.assert_array_equal(found.covariance, start.covariance)


def test_when_planned_expect_less_cost_on_the_arm_than_of_a_way(small, condition, collect):
    config = PLANNED
    outputs = small.outputs(config.base, config.period)

    def cost_of(config):
        controller = first_of(small, condition, config)
        x, u = [condition_state(condition)], []
        F = integrator(2, small.task.dt, "dynamics")
        for t in range(small.task.steps):
            u.append(controller.mean(x[-1][None], t)[0])
            x.append(F @ np.concatenate([x[-1], u[-1]]))
        price = output_price(small.task, config)
        states, controls = np.array(x)[None], np.array(u)[None]
        return float(small.expand(condition, states, controls, outputs, price)[1][0])

    led = replace(config, initial=InitialConfig(kind="lqr"))
    assert cost_of(config) < 0.7 * cost_of(led)


def condition_state(condition):
    return np.concatenate([condition.q, condition.v])


@pytest.mark.parametrize("base", ["none", "gravity"])
def test_when_controls_are_no_accelerations_expect_a_plan_refused(small, condition, base):
    with pytest.raises(ConfigError, match=f"the base is '{base}'.*base=dynamics"):
        first_of(small, condition, replace(PLANNED, base=base))


@pytest.mark.parametrize("base", ["none", "gravity", "inertia", "dynamics"])
def test_when_led_in_other_outputs_expect_the_same_way(small, condition, collect, base):
    """Whatever controls stand for, the first controller brings the joints to their goal."""
    config = MdgpsConfig(base=base)
    controller = first_of(small, condition, config)
    assert controller.base == base
    (run,) = collect([Episode(condition, controller)])
    assert np.abs(run.positions[-1] - condition.goal.posture).max() < 0.05


def test_when_outputs_are_accelerations_expect_units_of_speed_limits(small):
    limits = small.task.robot.limits
    np.testing.assert_allclose(output_units(small.task, "dynamics"), limits.velocity / 0.2)
    price = output_price(small.task, replace(PLANNED, output_weight=3.0))
    np.testing.assert_allclose(price, 3.0 * small.task.dt / (limits.velocity / 0.2) ** 2)
    assert output_price(small.task, MdgpsConfig()) is None


@pytest.mark.parametrize("name", ["iiwa7+peg", "arm7+peg"])
def test_when_planned_without_contact_expect_the_peg_in_most_holes(name):
    pytest.importorskip("pybullet")
    from rl_control.gps.task_model import TaskModel
    from rl_control.run.episodes import EpisodeRunner, EpisodeSpec

    runner = EpisodeRunner(EpisodeSpec(name, "insert"))
    model, config = TaskModel(runner.task), METHODS["mdgps"].of_task["insert"]
    conditions = runner.task.training(np.random.default_rng(0), 4)
    episodes = [Episode(one, first_of(model, one, config)) for one in conditions]
    good = [runner.task.succeeded(*pair) for pair in zip(conditions, runner(episodes), strict=True)]
    runner.close()
    assert sum(good) >= 3


def test_when_a_search_begins_with_plans_expect_its_policies_compared_with_them(small, condition):
    trainer = MdgpsTrainer(small, 1, PLANNED)
    found = trainer.controller(condition)
    np.testing.assert_array_equal(found.K, first_of(small, condition, PLANNED).K)
    led = replace(PLANNED, initial=InitialConfig(kind="lqr"))
    assert MdgpsTrainer(small, 1, led).controller(condition) is None
