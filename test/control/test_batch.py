"""Any model and cost on batches behind the same solver as the compiled ones."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.batch import BatchProblem
from rl_control.control.batch_cost import ArmCost
from rl_control.control.ilqr import Ilqr, IlqrConfig, Status
from rl_control.errors import ConfigError

STEPS, DT = 12, 0.02


def solvers(arm):
    """The fused solver, and the same problem as a model and a cost in Python."""
    config = IlqrConfig(iterations=100, tolerance=1e-12)
    batch = BatchProblem(arm.model, ArmCost(arm.body, arm.cost, DT))
    still = arm.gravity(arm.robot.home)
    target = arm.kinematics.tip(arm.robot.home + 0.4).position
    for problem in (arm.problem, batch):
        solver = Ilqr(problem, STEPS, config)
        solver.set_parameters(arm.rows(target, STEPS, still))
        yield solver, np.concatenate([arm.robot.home, np.zeros(arm.n)]), np.tile(still, (STEPS, 1))


@pytest.mark.parametrize("share", [None, 0.5])
def test_when_the_model_is_python_expect_the_fused_optimum(planar2, share):
    solutions = []
    for solver, x, guess in solvers(planar2):
        if share is not None:
            bound = share * planar2.robot.limits.effort
            solver.set_bounds(-bound, bound)
        solutions.append(solver.solve_from(x, guess))
    fused, batch = solutions
    assert fused.status is batch.status is Status.CONVERGED
    assert batch.cost == pytest.approx(fused.cost, rel=1e-9)
    np.testing.assert_allclose(batch.controls, fused.controls, atol=1e-4)
    np.testing.assert_allclose(batch.gains, fused.gains, rtol=1e-4, atol=1e-3)


def test_when_the_guess_has_gaps_expect_the_fused_optimum(planar2):
    costs = []
    for solver, x, guess in solvers(planar2):
        states = np.tile(x, (STEPS + 1, 1))
        states[1:] += 0.1 * np.random.default_rng(0).normal(size=(STEPS, 4))
        solution = solver.solve(states, guess)
        assert solution.gap <= 1e-9
        costs.append(solution.cost)
    assert costs[0] == pytest.approx(costs[1], rel=1e-9)


def test_when_an_arm_has_seven_joints_expect_the_fused_optimum(iiwa7):
    fused, batch = (solver.solve_from(x, guess) for solver, x, guess in solvers(iiwa7))
    assert batch.cost == pytest.approx(fused.cost, rel=1e-8)


def test_when_a_term_needs_the_previous_control_expect_a_refusal(planar2_rate):
    with pytest.raises(ConfigError, match=r"control_rate.*previous control"):
        ArmCost(planar2_rate.body, planar2_rate.cost, DT)
