"""The generated Riccati step against plain linear algebra."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
import pytest

from rl_control.control.compiled import riccati_addresses
from rl_control.control.scratch import Scratch
from rl_control.control.structure import Stage, dense_stage

CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
DT = 0.02


def semi_implicit(n, blocks):
    """The layout of an arm's stage: (q, v), or (q, v, previous control)."""
    kinds = {
        ("A", 0, 0): "identity",
        ("A", 1, 0): "dense",
        ("A", 1, 1): "dense",
        ("B", 1): "dense",
        ("xx", 0, 0): "dense",
        ("xx", 0, 1): "dense",
        ("xx", 1, 1): "diagonal",
        ("ux", 0): "dense",
        ("uu",): "diagonal",
    }
    coupling = {(i, i): 1.0 for i in range(blocks)}
    coupling[0, 1] = DT
    if blocks == 3:
        kinds |= {("B", 2): "identity", ("xx", 2, 2): "diagonal", ("ux", 2): "diagonal"}
    return Stage((n,) * blocks, n, kinds, coupling)


LAYOUTS = [
    *[pytest.param(semi_implicit(n, 2), id=f"arm{n}") for n in (*range(1, 10), 14)],
    *[pytest.param(semi_implicit(n, 3), id=f"arm{n}-rate") for n in (1, 2, 3, 5, 7, 8, 9)],
    *[
        pytest.param(dense_stage(nx, nu), id=f"dense{nx}x{nu}")
        for nx, nu in ((1, 1), (2, 1), (1, 3), (4, 2), (7, 9), (9, 4), (14, 7), (17, 3))
    ],
]


@dataclass
class Problem:
    """One stage's matrices, and the cost to go behind it."""

    a: np.ndarray
    b: np.ndarray
    lx: np.ndarray
    lu: np.ndarray
    lxx: np.ndarray
    lux: np.ndarray
    luu: np.ndarray
    vx: np.ndarray
    vxx: np.ndarray


class Step:
    """The three kernels of one layout, on numpy matrices."""

    def __init__(self, stage, rng):
        self.stage, self.at = stage, Scratch(stage)
        self.calls = [CALL(address) for address in riccati_addresses(stage)]
        pnx, pnu = stage.padded_nx, stage.padded_nu
        sizes = (self.at.size, stage.size, 1, pnu, pnu, pnu, stage.nu * pnx, 1)
        arrays = [np.zeros(size + 16)[:size] for size in sizes]
        self.scratch, self.row, self.mu, self.free, self.clamped, self.k, self.gain, self.pivot = (
            arrays
        )
        self.free[:] = 1.0
        self.problem = self._random(rng)

    def run(self):
        """Write V, run all parts, return k, K, Vx, Vxx."""
        stage, at, problem = self.stage, self.at, self.problem
        columns = list(stage.positions)
        self.scratch[list(np.add(at.vx, columns))] = problem.vx
        self.matrix(at.vxx, stage.nx)[:, columns] = problem.vxx
        self.call(0, self.scratch, self.row)
        self.call(1, self.scratch, self.mu, self.free, self.clamped, self.k, self.gain, self.pivot)
        self.call(2, self.scratch, self.mu, self.k, self.gain)
        gain = self.gain.reshape(stage.nu, stage.padded_nx)[:, columns]
        vx = self.scratch[at.vx : at.vx + stage.padded_nx][columns]
        return self.k[: stage.nu].copy(), gain, vx, self.matrix(at.vxx, stage.nx)[:, columns]

    def matrix(self, offset, rows):
        width = self.stage.padded_nx
        return self.scratch[offset : offset + rows * width].reshape(rows, width)

    def call(self, part, *arrays):
        table = np.array([array.ctypes.data for array in arrays])
        self.calls[part](table.ctypes.data, 1)

    def _random(self, rng):
        """Draw every stored block, and a convex cost to go."""
        stage = self.stage
        nx, nu = stage.nx, stage.nu
        # A random residual makes the whole Hessian positive definite; what the layout leaves out
        # is dropped, and a heavy diagonal keeps what remains positive definite.
        root = rng.normal(size=(nx + nu, nx + nu)) / np.sqrt(nx + nu)
        whole = root.T @ root + 3.0 * np.eye(nx + nu)
        value = rng.normal(size=(nx, nx)) / np.sqrt(nx)
        a, b = np.zeros((nx, nx)), np.zeros((nx, nu))
        lxx, lux, luu = np.zeros((nx, nx)), np.zeros((nu, nx)), np.zeros((nu, nu))
        for key in stage.kinds:
            spans = [slice(stage.lines(i).start, stage.lines(i).stop) for i in key[1:]]
            source = rng.normal(size=stage.shape(key))
            if key[0] == "xx":
                source = whole[spans[0], spans[1]]
            elif key[0] == "ux":
                source = whole[nx:, spans[0]]
            elif key[0] == "uu":
                source = whole[nx:, nx:]
            block = self._store(key, source)
            if key[0] == "A":
                a[spans[0], spans[1]] = block
            elif key[0] == "B":
                b[spans[0]] = block
            elif key[0] == "xx":
                lxx[spans[0], spans[1]] = block
                lxx[spans[1], spans[0]] = block.T
            elif key[0] == "ux":
                lux[:, spans[0]] = block
            else:
                luu = block
        lx, lu = rng.normal(size=nx), rng.normal(size=nu)
        self.row[list(np.add(stage.lx, stage.positions))] = lx
        self.row[stage.lu : stage.lu + nu] = lu
        coupling = np.zeros((nx, nx))
        for (i, j), factor in stage.coupling.items():
            coupling[stage.lines(i), stage.lines(j)] = factor
        return Problem(
            coupling @ a, coupling @ b, lx, lu, lxx, lux, luu, rng.normal(size=nx), value.T @ value
        )

    def _store(self, key, source):
        """Put a block where the layout wants it; return what of it is kept."""
        stage, block = self.stage, self.stage.block(*key)
        rows, columns = source.shape
        if block.kind == "identity":
            return np.eye(rows)
        if block.kind == "diagonal":
            self.row[block.offset : block.offset + rows] = np.diag(source)
            return np.diag(np.diag(source))
        for i in range(rows):
            start = block.offset + i * stage.pad(columns)
            self.row[start : start + columns] = source[i]
        return source


def oracle(problem, mu, free, clamped):
    """k, K and the cost to go of that policy, by dense linear algebra."""
    p, nu = problem, len(problem.lu)
    qx, qu = p.lx + p.a.T @ p.vx, p.lu + p.b.T @ p.vx
    qxx, quu = p.lxx + p.a.T @ p.vxx @ p.a, p.luu + p.b.T @ p.vxx @ p.b
    qux = p.lux + p.b.T @ p.vxx @ p.a
    k, gain = np.where(free, 0.0, clamped), np.zeros(qux.shape)
    if free.any():
        matrix = (quu + mu * np.eye(nu))[np.ix_(free, free)]
        k[free] = -np.linalg.solve(matrix, (qu + quu @ k)[free])
        gain[free] = -np.linalg.solve(matrix, qux[free])
    vx = qx + gain.T @ quu @ k + gain.T @ qu + qux.T @ k
    vxx = qxx + gain.T @ quu @ gain + gain.T @ qux + qux.T @ gain
    return k, gain, vx, vxx


def agree(found, expected):
    for one, other in zip(found, expected, strict=True):
        scale = 1.0 + np.abs(other).max()
        np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-11 * scale)


@pytest.mark.parametrize("stage", LAYOUTS)
@pytest.mark.parametrize("mu", [0.0, 0.7])
def test_when_all_controls_are_free_expect_the_dense_riccati_step(stage, mu):
    step = Step(stage, np.random.default_rng(stage.nx))
    step.mu[0] = mu
    free = np.ones(stage.nu, dtype=bool)
    agree(step.run(), oracle(step.problem, mu, free, np.zeros(stage.nu)))
    assert step.pivot[0] > 0.0


@pytest.mark.parametrize("stage", LAYOUTS)
def test_when_controls_are_clamped_expect_their_steps_kept_and_their_gains_zero(stage):
    rng = np.random.default_rng(stage.nx + 1)
    step = Step(stage, rng)
    for _ in range(3):
        free = rng.random(stage.nu) < 0.5
        clamped = np.where(free, 0.0, rng.normal(size=stage.nu))
        step.mu[0], step.free[: stage.nu], step.clamped[: stage.nu] = 0.1, free, clamped
        found = step.run()
        agree(found, oracle(step.problem, 0.1, free, clamped))
        np.testing.assert_array_equal(found[0][~free], clamped[~free])
        np.testing.assert_array_equal(found[1][~free], 0.0)


@pytest.mark.parametrize("stage", LAYOUTS)
def test_when_updated_expect_an_exactly_symmetric_cost_to_go(stage):
    step = Step(stage, np.random.default_rng(3))
    hessian = step.run()[3]
    np.testing.assert_array_equal(hessian, hessian.T)


@pytest.mark.parametrize("n", [1, 2, 5, 7, 8])
def test_when_curvature_is_not_positive_expect_a_pivot_that_says_so(n):
    step = Step(dense_stage(3, n), np.random.default_rng(n))
    block = step.stage.block("uu")
    for i in range(n):
        row = block.offset + i * step.stage.pad(n)
        kept = step.row[row + i]
        step.row[row + i] = -1e3
        step.run()
        assert step.pivot[0] <= 0.0
        step.mu[0] = 2e3  # regularised, it is positive definite again
        step.run()
        assert step.pivot[0] > 0.0
        step.mu[0], step.row[row + i] = 0.0, kept


@pytest.mark.parametrize("n", [1, 2, 5, 7, 8])
def test_when_an_entry_is_nan_expect_a_pivot_that_is_not_positive(n):
    step = Step(dense_stage(3, n), np.random.default_rng(n))
    for i in range(n):
        at = step.stage.block("uu").offset + i * step.stage.pad(n) + i
        kept = step.row[at]
        step.row[at] = np.nan
        step.run()
        assert not step.pivot[0] > 0.0
        step.row[at] = kept


def test_when_the_bad_control_is_clamped_expect_the_pivot_of_the_others():
    step = Step(dense_stage(3, 2), np.random.default_rng(0))
    step.row[step.stage.block("uu").offset] = -1e3
    step.free[0] = 0.0
    step.run()
    assert step.pivot[0] > 0.0


def test_when_the_same_step_runs_twice_expect_the_same_bits():
    first, second = (Step(semi_implicit(7, 3), np.random.default_rng(1)).run() for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
