"""Gaussian processes: the textbook formula, finite differences, and a residual they should find."""

import numpy as np
import pytest

from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.models.features import Features
from rl_control.models.gaussian_process import (
    GaussianProcess,
    GaussianProcessConfig,
    fit_gaussian_process,
)

torch = pytest.importorskip("torch")
pytest.importorskip("gpytorch")

NAMES = ("lift", "turn")
TURNING = (False, True)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def residual(x, u):
    """Friction and an unmodelled spring, smooth in q, v and u."""
    lift, turn, rising, _ = x.T
    return np.stack(
        [1.5 - 2.0 * np.tanh(rising) + 0.3 * np.sin(turn), np.cos(turn) * lift + 0.2 * u[:, 1]],
        axis=1,
    )


def samples(size, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    x = np.hstack(
        [
            rng.uniform(-0.5, 0.5, (size, 1)),
            rng.uniform(-3.0, 3.0, (size, 1)),
            rng.normal(size=(size, 2)),
        ]
    )
    u = 5.0 * rng.normal(size=(size, 2))
    return x, u, residual(x, u) + noise * rng.normal(size=(size, 2))


def fitted(x, u, r, **settings):
    rng = np.random.default_rng(0)
    return fit_gaussian_process(x, u, r, NAMES, TURNING, rng, GaussianProcessConfig(**settings))


@pytest.fixture(scope="module")
def process():
    return fitted(*samples(150, noise=0.05))


@pytest.fixture(scope="module")
def tiny():
    return fitted(*samples(12), iterations=30)


def test_when_compared_with_the_textbook_formula_expect_the_same_mean_and_deviation(tiny):
    x, u, r = samples(12)
    at, push, _ = samples(9, seed=1)
    features = Features(TURNING)
    data, asked = features(x, u), features(at, push)
    centre, spread = data.mean(axis=0), data.std(axis=0)
    data, asked = (data - centre) / spread, (asked - centre) / spread
    mean, std = tiny.mean(at, push), tiny.std(at, push)
    for j in range(2):

        def kernel(one, two, j=j):
            away = (one - two) / tiny.lengths[j]
            return tiny.signal[j] * np.exp(-0.5 * away @ away)

        gram = np.array([[kernel(a, b) for b in data] for a in data])
        inverse = np.linalg.inv(gram + tiny.noise[j] * np.eye(12))
        target = (r[:, j] - r[:, j].mean()) / r[:, j].std()
        for i, point in enumerate(asked):
            row = np.array([kernel(point, b) for b in data])
            expected = r[:, j].mean() + r[:, j].std() * row @ inverse @ target
            assert mean[i, j] == pytest.approx(expected, rel=1e-8)
            variance = kernel(point, point) - row @ inverse @ row
            assert std[i, j] == pytest.approx(r[:, j].std() * np.sqrt(variance), rel=1e-6)


def test_when_linearized_expect_finite_differences(process):
    x, u, _ = samples(7, seed=2)
    mean, slopes = process.linearize(x, u)
    np.testing.assert_array_equal(mean, process.mean(x, u))
    assert slopes.shape == (7, 2, 6)
    step = 1e-5
    for j in range(6):
        moved = np.zeros(6)
        moved[j] = step
        ahead = process.mean(x + moved[:4], u + moved[4:])
        behind = process.mean(x - moved[:4], u - moved[4:])
        np.testing.assert_allclose(slopes[..., j], (ahead - behind) / (2.0 * step), atol=1e-7)
    assert np.abs(slopes).max() > 0.5


def test_when_the_residual_is_smooth_expect_it_found_and_its_error_known(process):
    x, u, truth = samples(400, seed=3)
    error = np.abs(process.mean(x, u) - truth)
    assert (np.sqrt((error**2).mean(axis=0)) < 0.1 * truth.std(axis=0)).all()
    inside = (error < 2.0 * process.std(x, u)).mean(axis=0)
    assert ((inside > 0.85) & (inside <= 1.0)).all()
    noise = process.scale * np.sqrt(process.noise)
    np.testing.assert_allclose(noise, 0.05, rtol=0.5)


def test_when_a_feature_does_not_matter_expect_a_long_length_scale(process):
    """Features are sin, cos of the turning joint, the lift, both speeds, both efforts."""
    friction, spring = process.lengths
    assert friction[3] < 0.3 * friction[[4, 5, 6]].min()
    assert spring[[1, 2]].max() < spring[[3, 4, 5]].min()


def test_when_far_from_all_samples_expect_the_mean_residual_and_the_prior_s_deviation(process):
    x, u = np.array([[1e4, 0.0, 1e4, -1e4]]), np.array([[1e5, 1e5]])
    np.testing.assert_allclose(process.mean(x, u)[0], process.offset)
    np.testing.assert_allclose(process.std(x, u)[0], process.scale * np.sqrt(process.signal))


def test_when_at_a_sample_expect_less_doubt_than_the_noise(tiny):
    x, u, _ = samples(12)
    assert (tiny.std(x, u) <= tiny.scale * np.sqrt(tiny.noise) + 1e-12).all()


@pytest.mark.parametrize("subset", ["farthest", "random"])
def test_when_samples_are_too_many_expect_some_of_them_kept(subset):
    x, u, r = samples(60)
    small = fitted(x, u, r, most_points=20, subset=subset, iterations=2)
    assert len(small.Z) == 20
    assert len(np.unique(small.Z, axis=0)) == 20
    every = (Features(TURNING)(x, u) - small.centre) / small.spread
    nearest = np.linalg.norm(every[:, None] - small.Z, axis=2).min(axis=0)
    np.testing.assert_allclose(nearest, 0.0, atol=1e-12)
    again = fitted(x, u, r, most_points=20, subset=subset, iterations=2)
    np.testing.assert_array_equal(small.alpha, again.alpha)


def test_when_the_farthest_are_kept_expect_a_denser_cover_than_at_random():
    x, u, r = samples(300)
    every = Features(TURNING)(x, u)
    cover = {}
    for subset in ("farthest", "random"):
        kept = fitted(x, u, r, most_points=40, subset=subset, iterations=1)
        scaled = (every - kept.centre) / kept.spread
        cover[subset] = np.linalg.norm(scaled[:, None] - kept.Z, axis=2).min(axis=1).max()
    assert cover["farthest"] < cover["random"]


def test_when_a_joint_stands_still_and_its_residual_is_constant_expect_finite_predictions():
    x, u, r = samples(20)
    x[:, [1, 3]], u[:, 1], r[:, 1] = 0.3, 0.0, 2.0
    process = fitted(x, u, r, iterations=20)
    mean, slopes = process.linearize(x + 0.1, u)
    assert np.isfinite(slopes).all()
    np.testing.assert_allclose(mean[:, 1], 2.0)


def test_when_saved_and_loaded_expect_the_same_bits(tmp_path, tiny):
    tiny.save(tmp_path / "process")
    again = GaussianProcess.load(tmp_path / "process")
    assert (again.names, again.features) == (NAMES, Features(TURNING))
    x, u, _ = samples(5, seed=4)
    np.testing.assert_array_equal(again.mean(x, u), tiny.mean(x, u))
    np.testing.assert_array_equal(again.std(x, u), tiny.std(x, u))


def test_when_samples_cannot_be_used_expect_refusal():
    x, u, r = samples(10)
    with pytest.raises(DataError, match="1 samples"):
        fitted(x[:1], u[:1], r[:1])
    with pytest.raises(ShapeError, match="residuals"):
        fitted(x, u, r[:, :1])
    with pytest.raises(ShapeError, match="joint names"):
        fit_gaussian_process(x, u, r, ("lift",), TURNING, np.random.default_rng(0))
    u[4, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"controls: not finite at \[4, 1\]"):
        fitted(x, u, r)
