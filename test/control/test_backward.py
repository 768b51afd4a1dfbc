"""The bounded step of the backward sweep against an exact solver of box-bounded quadratics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from rl_control.control.backward import sweep
from rl_control.control.lqr import _Linear
from rl_control.control.structure import dense_stage
from rl_control.control.work import allocate

NX = 2


def box_problem(rng, nu, condition):
    """A convex quadratic 1/2 k' H k + g' k, and bounds around zero."""
    vectors = np.linalg.qr(rng.normal(size=(nu, nu)))[0]
    hessian = vectors @ np.diag(np.logspace(0.0, np.log10(condition), nu)) @ vectors.T
    gradient = 3.0 * rng.normal(size=nu)
    return (
        0.5 * (hessian + hessian.T),
        gradient,
        -rng.uniform(0.01, 1.0, nu),
        rng.uniform(0.01, 1.0, nu),
    )


def exact(hessian, gradient, lower, upper):
    """The minimiser over the box, by bounded least squares."""
    root = np.linalg.cholesky(hessian).T
    return lsq_linear(
        root, -np.linalg.solve(root.T, gradient), (lower, upper), method="bvls", tol=1e-14
    ).x


class Box:
    """One step on which only the control matters: Quu and Qu are the cost's own."""

    def __init__(self, nu):
        self.nu, self.stage = nu, dense_stage(NX, nu)
        self.work = allocate(_Linear(self.stage), 1)

    def solve(self, problem, start=0):
        """Return k, and the bound each control is at, from a first guess of these."""
        hessian, gradient, lower, upper = problem
        w, nu, stage = self.work, self.nu, self.stage
        for i in range(nu):
            at = stage.block("uu").offset + i * stage.pad(nu)
            w.stages[0, at : at + nu] = hessian[i]
        w.stages[0, stage.lu : stage.lu + nu] = gradient
        w.lower[:nu], w.upper[:nu] = lower, upper
        w.active[0] = start
        assert sweep(w, 1, True, False)[0]
        return w.k[0, :nu].copy(), w.active[0].copy()


@pytest.mark.parametrize("nu", [1, 2, 5, 7])
def test_when_bounded_expect_the_exact_minimiser(nu):
    rng, box = np.random.default_rng(nu), Box(nu)
    for condition in (1.0, 1e2, 1e5):
        for _ in range(20):
            problem = box_problem(rng, nu, condition)
            k, active = box.solve(problem)
            expected = exact(*problem)
            np.testing.assert_allclose(k, expected, atol=1e-7)
            _, _, lower, upper = problem
            np.testing.assert_array_equal(k[active < 0], lower[active < 0])
            np.testing.assert_array_equal(k[active > 0], upper[active > 0])
            assert ((k >= lower - 1e-12) & (k <= upper + 1e-12)).all()


def test_when_the_start_is_any_active_set_expect_the_same_minimiser():
    rng, box = np.random.default_rng(0), Box(3)
    for _ in range(10):
        problem = box_problem(rng, 3, 1e3)
        expected = exact(*problem)
        for start in itertools.product((-1, 0, 1), repeat=3):
            k, _ = box.solve(problem, start)
            np.testing.assert_allclose(k, expected, atol=1e-8)


@pytest.mark.parametrize("nu", [3, 5, 7])
def test_when_the_active_set_cycles_expect_projected_newton_to_finish(nu):
    """A primal-dual active set need not end on matrices like these (found by random search)."""
    rng, box, cycled = np.random.default_rng(1), Box(nu), 0
    for _ in range(3000):
        problem = box_problem(rng, nu, 1e4)
        if not _active_set_ends(*problem):
            cycled += 1
            k, _ = box.solve(problem)
            np.testing.assert_allclose(k, exact(*problem), atol=1e-7)
        if cycled == 5:
            return
    pytest.fail(f"only {cycled} problems made the active set cycle")


def _active_set_ends(hessian, gradient, lower, upper, tries=8):
    """Plain primal-dual active set from no bound, as a reference."""
    active = np.zeros(len(gradient), dtype=int)
    for _ in range(tries):
        k = np.where(active < 0, lower, np.where(active > 0, upper, 0.0))
        free = active == 0
        if free.any():
            k[free] = -np.linalg.solve(hessian[np.ix_(free, free)], (gradient + hessian @ k)[free])
        slope = gradient + hessian @ k
        new = np.where(free, np.where(k < lower, -1, np.where(k > upper, 1, 0)), active)
        new[~free & (active * slope > 0.0)] = 0
        if (new == active).all():
            return True
        active = new
    return False


def test_when_quu_is_indefinite_expect_the_sweep_to_say_so():
    stage = dense_stage(NX, 2)
    w = allocate(_Linear(stage), 3)
    for t in range(3):
        for i in range(2):
            w.stages[t, stage.block("uu").offset + i * stage.pad(2) + i] = 1.0 if t else -1.0
    assert not sweep(w, 3, False, False)[0]
    w.mu[0] = 2.0
    assert sweep(w, 3, False, False)[0]
    w.stages[1, stage.lu] = 1.0
    sound, d1, d2, slope = sweep(w, 3, False, False)
    assert sound
    assert (d1, slope) == (-1.0 / 3.0, 1.0)
    assert d2 == pytest.approx(1.0 / 9.0)
