"""The Hessian of the cost to go in the first control, against linear-quadratic theory."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.ilqr import Ilqr, IlqrConfig

STEPS = 20
EXACT = IlqrConfig(iterations=1, regularization=0.0, least_regularization=0.0)


@pytest.mark.parametrize(("nx", "nu"), [(2, 1), (3, 3), (5, 2)])
def test_when_linear_quadratic_expect_the_curvature_of_the_riccati_recursion(
    linear_quadratic, nx, nu
):
    problem, a, b, q, r = linear_quadratic(nx, nx, nu)
    solver = Ilqr(problem, STEPS, EXACT)
    solver.set_parameters(np.ones((STEPS + 1, 1)))
    solver.solve_from(np.arange(1.0, nx + 1.0), np.zeros((STEPS, nu)))
    value = q
    for _ in range(STEPS):
        curvature = r + b.T @ value @ b
        gain = -np.linalg.solve(curvature, b.T @ value @ a)
        value = q + a.T @ value @ (a + b @ gain)
    np.testing.assert_allclose(solver.curvature, curvature, rtol=1e-9)
