"""Time-varying linear-Gaussian models: recovered from rollouts of a system that is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import DataError, ModelError, NonFiniteError, ShapeError
from rl_control.interfaces import DynamicsModel
from rl_control.models.linear_gaussian import (
    LinearGaussianConfig,
    TimeVaryingLinearGaussian,
    fit_linear_gaussian,
    stacked,
)
from rl_control.models.mixture import fit_mixture

DT = 0.05
NAMES = ("shoulder", "elbow")


def system(steps=30, seed=0, spread=1e-2):
    """Two coupled oscillators whose stiffness, damping and noise vary in time."""
    rng, n = np.random.default_rng(seed), len(NAMES)
    phase = np.sin(2.0 * np.pi * np.arange(steps) / steps)[:, None, None]
    stiffness, damping, drive = (np.eye(n) + 0.2 * rng.normal(size=(n, n)) for _ in range(3))
    F = np.zeros((steps, 2 * n, 3 * n))
    F[:, :n, :n] = np.eye(n)
    F[:, :n, n : 2 * n] = DT * np.eye(n)
    F[:, n:, :n] = -DT * (2.0 + phase) * stiffness
    F[:, n:, n : 2 * n] = np.eye(n) - DT * (1.0 + 0.5 * phase) * damping
    F[:, n:, 2 * n :] = DT * (2.0 + phase) * drive
    f = np.zeros((steps, 2 * n))
    f[:, n:] = DT * phase[:, 0]
    factors = spread * (np.eye(2 * n) + 0.3 * np.tril(rng.normal(size=(steps, 2 * n, 2 * n)), -1))
    return TimeVaryingLinearGaussian(
        NAMES, DT, F, f, factors @ factors.swapaxes(1, 2), np.ones(2 * n), 0.09 * np.eye(2 * n)
    )


def rollouts(model, count, seed=0):
    """Drawn from `model` under random controls: states [N, T+1, nx], controls [N, T, nu]."""
    rng = np.random.default_rng(seed)
    states = np.empty((count, model.steps + 1, model.nx))
    controls = rng.normal(size=(count, model.steps, model.nu))
    first = np.linalg.cholesky(model.first_covariance)
    states[:, 0] = model.first_mean + rng.normal(size=(count, model.nx)) @ first.T
    for t in range(model.steps):
        noise = rng.normal(size=(count, model.nx)) @ np.linalg.cholesky(model.covariance[t]).T
        states[:, t + 1] = model.step(states[:, t], controls[:, t], t) + noise
    return states, controls


def fitted(states, controls, prior=None, **settings):
    config = LinearGaussianConfig(**settings)
    return fit_linear_gaussian(states, controls, prior, config, names=NAMES, dt=DT)


def mixture_of(states, controls):
    points = stacked(states, controls)
    return fit_mixture(points.reshape(-1, points.shape[2]), np.random.default_rng(0)).mixture


def rms(difference):
    return float(np.sqrt(np.mean(difference**2)))


def test_when_rollouts_are_many_expect_the_system_within_its_standard_errors():
    model, count = system(), 4000
    states, controls = rollouts(model, count)
    found = fitted(states, controls)
    noise = np.sqrt(np.diagonal(model.covariance, axis1=1, axis2=2))
    inputs = np.concatenate([states[:, :-1], controls], axis=2).swapaxes(0, 1)
    with_one = np.concatenate([inputs, np.ones((model.steps, count, 1))], axis=2)
    precision = np.linalg.inv(with_one.swapaxes(1, 2) @ with_one)
    errors = noise[:, :, None] * np.sqrt(np.diagonal(precision, axis1=1, axis2=2))[:, None]
    of_slopes, of_offsets = errors[..., :-1], errors[..., -1]
    # 840 estimates: the largest of as many normal ones is about 3.4 standard errors off. Beside
    # these stands the ridge's own pull, of 1e-6 over the least variance of the inputs.
    ridge = 1e-6 / 0.005 * np.abs(model.F).max()
    assert (np.abs(found.F - model.F) < 5.0 * of_slopes + ridge).all()
    assert (np.abs(found.f - model.f) < 5.0 * of_offsets + 2.0 * ridge).all()
    assert rms((found.F - model.F) / of_slopes) == pytest.approx(1.0, abs=0.15)
    scale = noise[:, :, None] * noise[:, None, :]
    assert (np.abs(found.covariance - model.covariance) < 5.0 * scale * np.sqrt(2 / count)).all()
    np.testing.assert_allclose(found.first_mean, model.first_mean, atol=5 * 0.3 / np.sqrt(count))
    np.testing.assert_allclose(found.first_covariance, model.first_covariance, atol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_when_rollouts_are_five_expect_the_prior_to_cut_the_error(seed):
    """The error falls to between 1/20 and 1/26 of that of least squares; half of it is asked."""
    model = system(seed=seed)
    states, controls = rollouts(model, 5, seed)
    prior = mixture_of(*rollouts(model, 20, seed + 100))
    with_prior, without = fitted(states, controls, prior), fitted(states, controls)
    assert rms(without.F - model.F) > 10.0 * rms(with_prior.F - model.F)


def test_when_the_prior_comes_from_the_same_five_rollouts_expect_it_to_help_as_well():
    """The error falls to between 1/12 and 1/14."""
    model = system()
    states, controls = rollouts(model, 5)
    with_prior = fitted(states, controls, mixture_of(states, controls))
    assert rms(fitted(states, controls).F - model.F) > 6.0 * rms(with_prior.F - model.F)


def test_when_the_noise_is_estimated_from_five_rollouts_expect_the_prior_to_keep_it_from_zero():
    """Least squares through five points in seven unknowns leaves nothing for the noise."""
    model = system()
    states, controls = rollouts(model, 5)
    prior = mixture_of(*rollouts(model, 20, 1))
    true = np.trace(model.covariance, axis1=1, axis2=2)
    without = np.trace(fitted(states, controls).covariance, axis1=1, axis2=2)
    with_prior = np.trace(fitted(states, controls, prior).covariance, axis1=1, axis2=2)
    assert np.median(without / true) < 0.05
    assert 0.1 < np.median(with_prior / true) < 10.0


def test_when_fitted_by_least_squares_expect_numpy_to_agree():
    states, controls = rollouts(system(), 50)
    found = fitted(states, controls, ridge=1e-12)
    for t in (0, 11, 29):
        inputs = np.hstack([states[:, t], controls[:, t], np.ones((50, 1))])
        expected, *_ = np.linalg.lstsq(inputs, states[:, t + 1], rcond=None)
        np.testing.assert_allclose(found.F[t], expected[:-1].T, atol=1e-7)
        np.testing.assert_allclose(found.f[t], expected[-1], atol=1e-7)
        left = states[:, t + 1] - inputs @ expected
        np.testing.assert_allclose(found.covariance[t], left.T @ left / 50, atol=1e-9)


def test_when_there_is_a_prior_expect_the_first_state_s_covariance_divided_by_all_samples():
    states, controls = rollouts(system(), 4)
    prior = mixture_of(*rollouts(system(), 20, 1))
    found = fitted(states, controls, prior, prior_samples=3.0)
    first = states[:, 0]
    marginal = prior.marginal(4)
    weights = marginal.responsibilities(first).mean(axis=0)
    mean0 = weights @ marginal.means
    apart = marginal.means - mean0
    phi = 3.0 * np.einsum("k,kij->ij", weights, marginal.covariances)
    phi += 3.0 * np.einsum("k,ki,kj->ij", weights, apart, apart)
    d = first.mean(axis=0) - mean0
    scatter = 4.0 * np.cov(first.T, bias=True)
    expected = (scatter + phi + 4.0 * 3.0 / (4.0 + 3.0) * np.outer(d, d)) / (4.0 + 3.0)
    np.testing.assert_allclose(found.first_covariance, expected + 1e-6 * np.eye(4), rtol=1e-9)
    np.testing.assert_allclose(found.first_mean, (4 * first.mean(axis=0) + 3 * mean0) / 7)


@given(
    rollout_count=st.integers(1, 8),
    steps=st.integers(1, 6),
    n=st.integers(1, 3),
    with_prior=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_when_rollouts_have_any_shape_expect_symmetric_positive_covariances(
    rollout_count, steps, n, with_prior, seed
):
    rng = np.random.default_rng(seed)
    rollout_count += 0 if with_prior else 1
    scales = 10.0 ** rng.uniform(-3.0, 2.0, 3 * n)
    states = rng.normal(size=(rollout_count, steps + 1, 2 * n)) * scales[: 2 * n]
    controls = rng.normal(size=(rollout_count, steps, n)) * scales[2 * n :]
    points = stacked(states, controls).reshape(-1, 5 * n)
    prior = None
    if with_prior:
        points = np.vstack([points, rng.normal(size=(40, 5 * n))])
        prior = fit_mixture(points, rng).mixture
    names = tuple("abc"[:n])
    model = fit_linear_gaussian(states, controls, prior, names=names, dt=DT)
    assert (model.steps, model.nx, model.nu, model.names) == (steps, 2 * n, n, names)
    assert model.F.shape == (steps, 2 * n, 3 * n)
    assert model.f.shape == (steps, 2 * n)
    for covariance in (*model.covariance, model.first_covariance):
        np.testing.assert_allclose(covariance, covariance.T, rtol=1e-12)
        np.linalg.cholesky(covariance)


def test_when_asked_at_one_step_expect_a_dynamics_model_of_that_step():
    model = system()
    states, controls = rollouts(model, 6)
    x, u = states[:, 3], controls[:, 3]
    view = model.at(9)
    assert isinstance(view, DynamicsModel)
    assert (view.nx, view.nu, view.dt) == (4, 2, DT)
    np.testing.assert_allclose(view.step(x, u), model.step(x, u, 9), rtol=1e-13)
    for found, expected in zip(view.linearize(x, u), model.linearize(x, u, 9), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(view.uncertainty(x, u), model.uncertainty(x, u, 9))
    np.testing.assert_allclose(
        view.step(x, u), x @ model.F[9, :, :4].T + u @ model.F[9, :, 4:].T + model.f[9]
    )
    np.testing.assert_allclose(
        view.uncertainty(x, u)[2] ** 2, np.diag(model.covariance[9]), rtol=1e-12
    )


def test_when_each_state_has_its_own_step_expect_each_one_s_model():
    model = system()
    states, controls = rollouts(model, 5)
    x, u, t = states[:, 0], controls[:, 0], np.array([4, 0, 29, 4, 17])
    step, (A, B) = model.step(x, u, t), model.linearize(x, u, t)
    deviation = model.uncertainty(x, u, t)
    for i, at in enumerate(t):
        one = model.at(int(at))
        np.testing.assert_allclose(step[i], one.step(x[i : i + 1], u[i : i + 1])[0], rtol=1e-13)
        np.testing.assert_array_equal(np.hstack([A[i], B[i]]), one.F)
        np.testing.assert_allclose(deviation[i] ** 2, np.diag(one.covariance), rtol=1e-12)


@pytest.mark.parametrize("t", [-1, 30, np.array([0, 30])])
def test_when_there_is_no_such_step_expect_refusal_and_no_wrapping(t):
    model = system()
    x, u = np.zeros((2, 4)), np.zeros((2, 2))
    for ask in (model.step, model.linearize, model.uncertainty):
        with pytest.raises(ModelError, match="among its 30"):
            ask(x, u, t)
    with pytest.raises(ModelError, match="no step 30"):
        model.at(30)


def test_when_saved_and_loaded_expect_the_same_bits(tmp_path):
    states, controls = rollouts(system(), 10)
    model = fitted(states, controls)
    model.save(tmp_path / "model")
    again = TimeVaryingLinearGaussian.load(tmp_path / "model")
    assert (again.names, again.dt) == (NAMES, DT)
    for name in ("F", "f", "covariance", "first_mean", "first_covariance"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))


def test_when_rollouts_cannot_be_used_expect_refusal():
    states, controls = rollouts(system(), 3)
    with pytest.raises(DataError, match="1 rollouts of 30 steps"):
        fitted(states[:1], controls[:1])
    with pytest.raises(DataError, match="3 rollouts of 0 steps"):
        fitted(states[:, :1], controls[:, :0])
    with pytest.raises(ShapeError, match="steps of the controls"):
        fitted(states, controls[:, :-1])
    with pytest.raises(ShapeError, match="dimensions of the prior"):
        fitted(states, controls, mixture_of(states, controls).marginal(9))
    with pytest.raises(ShapeError, match="linear-Gaussian model: F"):
        fit_linear_gaussian(states, controls, names=("one",), dt=DT)
    states[1, 7, 2] = np.inf
    with pytest.raises(NonFiniteError, match=r"\[1, 6\]"):
        fitted(states, controls)


def test_when_rollouts_do_not_differ_expect_what_was_expected_before_them():
    """Below the ridge's deviation a direction tells nothing: there the model is as expected."""
    model = system(spread=1e-6)
    n = len(NAMES)
    one, none = np.eye(n), np.zeros((n, n))
    expected = np.block([[one, DT * one, none], [none, one, none]])
    quiet = replace(model, first_covariance=1e-12 * np.eye(model.nx))
    states, controls = rollouts(quiet, 5)
    same = np.broadcast_to(controls[:1], controls.shape)
    noise = 1e-6 * np.random.default_rng(1).normal(size=states.shape)
    states = states[:1] + noise
    found = fit_linear_gaussian(states, same, names=NAMES, dt=DT, expected=expected)
    np.testing.assert_allclose(found.F, np.tile(expected, (model.steps, 1, 1)), atol=1e-3)
    alone = fit_linear_gaussian(states, same, names=NAMES, dt=DT)
    assert np.abs(alone.F).max() < 1e-3
    for one in (found, alone):
        for t in (0, 12):
            step = one.step(states[:, t], same[:, t], t)
            np.testing.assert_allclose(step, states[:, t + 1], atol=1e-4)


def test_when_rollouts_are_many_expect_the_same_whatever_was_expected():
    model = system()
    states, controls = rollouts(model, 500)
    expected = np.random.default_rng(2).normal(size=model.F.shape[1:])
    found = fit_linear_gaussian(
        states,
        controls,
        None,
        LinearGaussianConfig(ridge=1e-12),
        names=NAMES,
        dt=DT,
        expected=expected,
    )
    plain = fitted(states, controls, ridge=1e-12)
    np.testing.assert_allclose(found.F, plain.F, atol=1e-6)
    np.testing.assert_allclose(found.f, plain.f, atol=1e-6)
    np.testing.assert_allclose(found.covariance, plain.covariance, atol=1e-8)
