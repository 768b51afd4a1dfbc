"""The compiled problem: what its kernels write into memory."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.fused import FusedProblem
from rl_control.control.ilqr import Ilqr
from rl_control.control.problem import Itemized, pad_rows
from rl_control.control.work import allocate
from rl_control.robot.rigid_body import RigidBody

CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
STEPS, DT = 9, 0.02  # not a multiple of the lanes


def random_rows(arm, rng):
    still = arm.gravity(arm.robot.home)
    return arm.rows(np.array([0.3, 0.0, 0.5]), STEPS, still) * (1.0 + 0.1 * rng.random())


@pytest.fixture(params=["planar2", "planar2_rate", "iiwa7"])
def arm(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def memory(arm):
    """An expanded random trajectory: working memory, states, controls, parameters."""
    rng, problem = np.random.default_rng(0), arm.problem
    w = allocate(problem, STEPS)
    x = rng.normal(size=(STEPS + 1, problem.stage.nx))
    u = rng.normal(size=(STEPS + 1, arm.n))
    p = random_rows(arm, rng)
    w.x[: STEPS + 1], w.u[: STEPS + 1, : arm.n] = pad_rows(problem.stage, x), u
    w.p[: STEPS + 1] = p
    blocks = -(-(STEPS + 1) // problem.lanes)
    CALL(problem.expand_address)(w.expand_table.ctypes.data, blocks)
    return w, x, u, p


def block(arm, stage_row, *key):
    stage, found = arm.problem.stage, arm.problem.stage.block(*key)
    rows, columns = stage.shape(key)
    if found.kind in ("zero", "identity"):
        return np.eye(rows) if found.kind == "identity" else np.zeros((rows, columns))
    if found.kind == "diagonal":
        return np.diag(stage_row[found.offset : found.offset + rows])
    size = stage.pad(columns)
    return np.array([stage_row[found.offset + i * size :][:columns] for i in range(rows)])


def test_when_expanded_expect_the_models_next_state(arm, memory):
    w, x, u, _ = memory
    stage, n = arm.problem.stage, arm.n
    found = w.stages[: STEPS + 1, stage.next_state :][:, list(stage.positions)]
    np.testing.assert_allclose(found[:, : 2 * n], arm.model.step(x[:, : 2 * n], u), atol=1e-9)
    np.testing.assert_array_equal(found[:, 2 * n :], u if arm.rate else u[:, :0])


def test_when_expanded_expect_the_models_derivatives(arm, memory):
    w, x, u, _ = memory
    stage, n = arm.problem.stage, arm.n
    a, b = arm.model.linearize(x[:, : 2 * n], u)
    blocks = range(len(stage.sizes))
    coupling = np.zeros((stage.nx, stage.nx))
    for (i, j), factor in stage.coupling.items():
        coupling[stage.lines(i), stage.lines(j)] = factor
    for t in range(STEPS + 1):
        row = w.stages[t]
        whole = np.block([[block(arm, row, "A", i, j) for j in blocks] for i in blocks])
        drive = np.vstack([block(arm, row, "B", i) for i in blocks])
        found = coupling @ whole
        scale = 1.0 + np.abs(a[t]).max()
        np.testing.assert_allclose(found[: 2 * n, : 2 * n], a[t], atol=1e-10 * scale)
        np.testing.assert_allclose((coupling @ drive)[: 2 * n], b[t], atol=1e-9)


def test_when_expanded_expect_gradients_that_finite_differences_agree_with(arm, memory):
    w, x, u, _ = memory
    stage, problem, h = arm.problem.stage, arm.problem, 1e-6
    t = 2
    gradient = [*w.stages[t, list(stage.positions)], *w.stages[t, stage.lu :][: arm.n]]

    def value(column, shift):
        at = np.concatenate([x[t], u[t]])
        at[column] += shift
        w.x[t], w.u[t, : arm.n] = pad_rows(stage, at[None, : stage.nx])[0], at[stage.nx :]
        CALL(problem.expand_address)(w.expand_table.ctypes.data, 2)
        return w.stages[t, stage.value]

    slopes = [(value(i, h) - value(i, -h)) / (2.0 * h) for i in range(stage.nx + arm.n)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-6)


def test_when_laid_out_expect_structure_to_cost_no_memory(planar2, planar2_rate):
    for arm in (planar2, planar2_rate):
        stage = arm.problem.stage
        assert stage.block("A", 0, 0).kind == "identity"
        assert stage.block("A", 0, 1).kind == "zero"
        assert stage.block("B", 0).kind == "zero"
        assert stage.block("uu").kind == "diagonal"
    assert planar2.problem.stage.sizes == (2, 2)
    assert planar2_rate.problem.stage.sizes == (2, 2, 2)
    assert planar2_rate.problem.stage.block("B", 2).kind == "identity"


def test_when_itemised_expect_the_terms_to_sum_up_to_the_cost(arm):
    assert isinstance(arm.problem, Itemized)
    solver = Ilqr(arm.problem, STEPS)
    rows = random_rows(arm, np.random.default_rng(1))
    solver.set_parameters(rows)
    start = np.zeros(arm.problem.stage.nx)
    start[: arm.n] = arm.robot.home
    solution = solver.solve_from(start, np.tile(arm.gravity(arm.robot.home), (STEPS, 1)))
    shares = arm.problem.cost_by_term(solution.states, solution.controls, rows)
    assert set(shares) == set(arm.cost.names)
    assert sum(shares.values()) == pytest.approx(solution.cost, rel=1e-9)
    assert min(shares.values()) >= 0.0


@pytest.mark.parametrize("name", ["my arm/2 (left)", "__a__", "6dof", "腕", "-"])
def test_when_the_robots_name_is_odd_expect_it_compiled_all_the_same(planar2, name):
    named = replace(planar2.robot, name=name)
    problem = FusedProblem(RigidBody(named), planar2.cost, DT)
    assert problem.expand_address != 0
