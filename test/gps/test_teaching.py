"""What a policy is taught: actions, weights and states."""

from dataclasses import replace

import numpy as np
import pytest
from small_problems import drawn, random_controller, random_dynamics

from rl_control.gps.motions import Motions
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.teaching import imagined_states, lesson, lessons


@pytest.fixture
def condition(small):
    return small.task.condition(np.array([0.3, -0.2]))


def test_when_a_controller_teaches_expect_its_mean_actions_at_every_state(small, condition):
    rng = np.random.default_rng(0)
    controller = replace(random_controller(rng, steps=20), names=small.task.robot.names)
    states = rng.normal(size=(3, 20, 4))
    layout = small.layout()
    found = lesson(small, condition, controller, states, layout)
    for i, t in ((0, 0), (2, 13)):
        expected = controller.K[t] @ states[i, t] + controller.k[t]
        np.testing.assert_allclose(found.controls[i, t], expected)
        np.testing.assert_allclose(
            found.precision[i, t], np.linalg.inv(controller.covariance[t]), rtol=1e-9
        )
        np.testing.assert_allclose(found.observations[i, t, :4], states[i, t])


def test_when_a_step_is_nearly_without_noise_expect_it_to_count_twice_the_median_at_most(
    small, condition
):
    rng = np.random.default_rng(0)
    controller = replace(random_controller(rng, steps=20), names=small.task.robot.names)
    covariance = np.tile(np.eye(2), (20, 1, 1))
    covariance[4] *= 1e-9
    controller = replace(controller, covariance=covariance)
    recent = Motions(rng.normal(size=(1, 1, 3, 21, 4)), rng.normal(size=(1, 1, 3, 20, 2)))
    dynamics = random_dynamics(rng, steps=20)
    config = replace(MdgpsConfig(), imagined=0)
    found = lessons(small, [condition], [controller], [dynamics], recent, config, rng)
    size = np.trace(found.precision, axis1=2, axis2=3)
    np.testing.assert_allclose(size[:, 4], 4.0)
    np.testing.assert_allclose(np.delete(size, 4, axis=1), 2.0)


def test_when_iterations_are_replayed_expect_the_newest_of_each_condition(small):
    rng = np.random.default_rng(0)
    tasks = [small.task.condition(np.array([s, 0.1])) for s in (0.1, 0.2)]
    controllers = [replace(random_controller(rng, steps=20), names=small.task.robot.names)] * 2
    recent = Motions(rng.normal(size=(4, 2, 3, 21, 4)), rng.normal(size=(4, 2, 3, 20, 2)))
    dynamics = [random_dynamics(rng, steps=20)] * 2
    config = replace(MdgpsConfig(), imagined=0, replay=2)
    found = lessons(small, tasks, controllers, dynamics, recent, config, rng)
    assert found.runs == 2 * 2 * 3
    seen = found.observations[:, :, :4].reshape(2, 6, 20, 4)
    expected = recent.states[2:, :, :, :-1].swapaxes(0, 1).reshape(2, 6, 20, 4)
    np.testing.assert_array_equal(seen, expected)


def test_when_motions_are_imagined_expect_the_moments_of_drawn_ones():
    rng = np.random.default_rng(1)
    controller, dynamics = random_controller(rng), random_dynamics(rng)
    x, _ = drawn(controller, dynamics, 20_000, rng)
    everywhere = np.array([np.full((7, 4), -1e3), np.full((7, 4), 1e3)])
    found = imagined_states(controller, dynamics, everywhere, 20_000, rng)
    assert len(found) == 20_000
    np.testing.assert_allclose(found.mean(axis=0), x[:, :-1].mean(axis=0), atol=0.05)
    np.testing.assert_allclose(found.std(axis=0), x[:, :-1].std(axis=0), rtol=0.05)


def test_when_fitted_dynamics_run_away_expect_nothing_imagined_and_no_warning():
    rng = np.random.default_rng(1)
    controller, dynamics = random_controller(rng), random_dynamics(rng)
    dynamics = replace(dynamics, F=1e80 * dynamics.F)
    visited = rng.normal(size=(5, 7, 4))
    assert imagined_states(controller, dynamics, visited, 10, rng).shape == (0, 6, 4)


def test_when_taught_aside_expect_the_controller_s_actions_where_no_rollout_was(small, condition):
    """What a network does beside a narrow tube of states is else left to chance."""
    rng = np.random.default_rng(0)
    controller = replace(random_controller(rng, steps=20), names=small.task.robot.names)
    states = 1e-3 * rng.normal(size=(1, 1, 5, 21, 4))
    recent = Motions(states, rng.normal(size=(1, 1, 5, 20, 2)))
    dynamics = random_dynamics(rng, steps=20)
    config = replace(MdgpsConfig(), imagined=0)
    alone = lessons(small, [condition], [controller], [dynamics], recent, config, rng)
    config = replace(MdgpsConfig(), imagined=200, aside=(1.0, 10.0))
    found = lessons(small, [condition], [controller], [dynamics], recent, config, rng)
    assert alone.runs == 5
    beside = found.observations[-200:, :, :4]
    spread = beside.std(axis=0)
    assert (spread > 5e-3).all() and (spread < 3e-2).all()
    for t in (0, 11):
        expected = beside[:, t] @ controller.K[t].T + controller.k[t]
        np.testing.assert_allclose(found.controls[-200:, t], expected, atol=1e-12)


def test_when_great_outputs_count_relatively_expect_precision_to_fall_with_their_square(
    small, condition
):
    rng = np.random.default_rng(0)
    controller = replace(random_controller(rng, steps=20), names=small.task.robot.names)
    controller = replace(controller, covariance=np.tile(np.eye(2), (20, 1, 1)))
    recent = Motions(rng.normal(size=(1, 1, 6, 21, 4)), rng.normal(size=(1, 1, 6, 20, 2)))
    dynamics = random_dynamics(rng, steps=20)
    config = replace(MdgpsConfig(), imagined=0, relative=0.5)
    found = lessons(small, [condition], [controller], [dynamics], recent, config, rng)
    units = np.sqrt((found.controls**2).mean(axis=(0, 1)))
    squares = ((found.controls / units) ** 2).mean(axis=2)
    weights = found.precision[..., 0, 0]
    np.testing.assert_allclose(weights.mean(), 1.0)
    np.testing.assert_allclose(
        weights * (1.0 + 4.0 * squares), weights[0, 0] * (1.0 + 4.0 * squares[0, 0])
    )
    plain = lessons(
        small, [condition], [controller], [dynamics], recent, replace(config, relative=0.0), rng
    )
    np.testing.assert_allclose(plain.precision, np.broadcast_to(np.eye(2), (6, 20, 2, 2)))
