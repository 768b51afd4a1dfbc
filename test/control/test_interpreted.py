"""The Riccati step in numpy against its formulas, and machine code against it."""

from __future__ import annotations

import ctypes
import functools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.control import compiled, interpreted
from rl_control.control.problem import state_positions
from rl_control.control.scratch import Scratch
from rl_control.control.structure import Stage, dense_stage

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def arm_stage(n):
    """Semi-implicit Euler of n joints: x = (q, v)."""
    kinds = {
        ("A", 0, 0): "identity",
        ("A", 1, 0): "dense",
        ("A", 1, 1): "dense",
        ("B", 1): "dense",
        ("xx", 0, 0): "dense",
        ("xx", 1, 1): "diagonal",
        ("ux", 0): "dense",
        ("uu",): "diagonal",
    }
    return Stage((n, n), n, kinds, {(0, 0): 1.0, (1, 1): 1.0, (0, 1): 0.02})


def rate_stage(n):
    """The same with the previous control as a third block."""
    kinds = {**arm_stage(n).kinds, ("B", 2): "identity", ("xx", 2, 2): "diagonal"}
    kinds["ux", 2] = "diagonal"
    coupling = {(0, 0): 1.0, (1, 1): 1.0, (2, 2): 1.0, (0, 1): 0.02}
    return Stage((n, n, n), n, kinds, coupling)


STAGES = {
    "dense": dense_stage(5, 2),
    "wide dense": dense_stage(9, 3),
    "arm of 1": arm_stage(1),
    "arm of 2": arm_stage(2),
    "arm of 7": arm_stage(7),
    "rate of 3": rate_stage(3),
    "rate of 7": rate_stage(7),
}


class Memory:
    """A random convex stage, a random V and everything the three parts are given."""

    def __init__(self, stage, seed, clamped=()):
        rng = np.random.default_rng(seed)
        self.stage, self.offsets, self.at = stage, Scratch(stage), state_positions(stage)
        self.node = np.zeros(stage.size + 16)
        nx, nu = stage.nx, stage.nu
        for key, block in stage.blocks.items():
            rows, columns = stage.shape(key)
            values = 0.3 * rng.normal(size=(rows, columns))
            if key[0] == "uu" or (key[0] == "xx" and key[1] == key[2]):
                values = values @ values.T + 2.0 * np.eye(rows)
            if block.kind == "diagonal":
                self.node[block.offset : block.offset + rows] = np.diag(values)
            if block.kind == "dense":
                stride = stage.pad(columns)
                span = slice(block.offset, block.offset + rows * stride)
                self.node[span].reshape(rows, stride)[:, :columns] = values
        self.node[stage.lx + self.at] = rng.normal(size=nx)
        self.node[stage.lu : stage.lu + nu] = rng.normal(size=nu)
        self.scratch = np.zeros(self.offsets.size + 16)
        root = rng.normal(size=(nx, nx))
        self.scratch[self.offsets.vx + self.at] = rng.normal(size=nx)
        self.rows(self.offsets.vxx, nx)[:, self.at] = root @ root.T
        self.mu = np.array([0.3])
        self.free, self.clamped = np.zeros(stage.padded_nu + 16), np.zeros(stage.padded_nu + 16)
        self.free[:nu] = 1.0
        for i in clamped:
            self.free[i], self.clamped[i] = 0.0, rng.normal()
        self.k = np.zeros(stage.padded_nu + 16)
        self.gain = np.zeros(nu * stage.padded_nx + 16)
        self.pivot = np.zeros(1)

    def rows(self, offset, count):
        width = self.stage.padded_nx
        return self.scratch[offset : offset + count * width].reshape(count, width)

    def run(self, addresses):
        """Make one step by the functions at these addresses."""
        gains = [self.scratch, self.mu, self.free, self.clamped, self.k, self.gain, self.pivot]
        tables = [[self.scratch, self.node], gains, [self.scratch, self.mu, self.k, self.gain]]
        for address, arrays in zip(addresses, tables, strict=True):
            table = np.array([array.ctypes.data for array in arrays])
            _CALL(address)(table.ctypes.data, 1)
        return self

    @property
    def value(self):
        return self.scratch[self.offsets.vx + self.at], self.rows(self.offsets.vxx, self.stage.nx)[
            :, self.at
        ]

    @property
    def gains(self):
        nu, width = self.stage.nu, self.stage.padded_nx
        return self.k[:nu], self.gain[: nu * width].reshape(nu, width)[:, self.at]


def clamped_controls(stage, pattern):
    return [i for i in range(stage.nu) if pattern >> i & 1 and i < stage.nu - 1]


@pytest.mark.parametrize("name", STAGES)
@given(seed=st.integers(0, 2**31), pattern=st.sampled_from([0, 1, 2, 5]))
def test_when_machine_code_makes_a_step_expect_numpys(name, seed, pattern):
    stage = STAGES[name]
    clamped = clamped_controls(stage, pattern)
    found = Memory(stage, seed, clamped).run(machine_code(name))
    expected = Memory(stage, seed, clamped).run(in_numpy(name))
    for a, b in zip((*found.gains, *found.value), (*expected.gains, *expected.value), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1.0 + np.abs(b).max()))
    np.testing.assert_allclose(found.pivot, expected.pivot, rtol=1e-9)


@functools.cache
def machine_code(name):
    return compiled.riccati_addresses(STAGES[name])


@functools.cache
def in_numpy(name):
    return interpreted.riccati_addresses(STAGES[name])


@given(seed=st.integers(0, 2**31))
def test_when_a_dense_step_is_made_expect_the_least_of_the_quadratic(seed):
    stage = STAGES["dense"]
    before, memory = Memory(stage, seed), Memory(stage, seed).run(in_numpy("dense"))
    (vx, vxx), (k, gain) = before.value, memory.gains
    a, b, lxx, lux, luu = (block(before, *key) for key in stage.kinds)
    lx, lu = before.node[stage.lx + before.at], before.node[stage.lu : stage.lu + stage.nu]
    damped = luu + b.T @ vxx @ b + 0.3 * np.eye(stage.nu)
    np.testing.assert_allclose(damped @ k, -(lu + b.T @ vx), atol=1e-9)
    np.testing.assert_allclose(damped @ gain, -(lux + b.T @ vxx @ a), atol=1e-9)
    # The value is the cost of the policy: stage cost at u = k + K x, then V' at the next state.
    closed = a + b @ gain
    expected = lxx + gain.T @ lux + lux.T @ gain + gain.T @ luu @ gain + closed.T @ vxx @ closed
    np.testing.assert_allclose(memory.value[1], expected, atol=1e-8)
    gradient = lx + gain.T @ lu + lux.T @ k + gain.T @ luu @ k + closed.T @ (vx + vxx @ b @ k)
    np.testing.assert_allclose(memory.value[0], gradient, atol=1e-8)


def block(memory, *key):
    rows, columns = memory.stage.shape(key)
    offset, stride = memory.stage.block(*key).offset, memory.stage.pad(columns)
    return memory.node[offset : offset + rows * stride].reshape(rows, stride)[:, :columns]


@pytest.mark.parametrize("addresses", [machine_code, in_numpy])
@pytest.mark.parametrize("curvature", [-1e3, np.nan])
def test_when_quu_is_not_positive_definite_expect_no_positive_pivot(addresses, curvature):
    stage = STAGES["dense"]
    memory = Memory(stage, 0)
    memory.node[stage.block("uu").offset] = curvature
    assert not memory.run(addresses("dense")).pivot[0] > 0.0


@pytest.mark.parametrize("addresses", [machine_code, in_numpy])
def test_when_a_control_is_clamped_expect_its_step_and_no_feedback(addresses):
    memory = Memory(STAGES["arm of 7"], 3, clamped=[0, 4]).run(addresses("arm of 7"))
    k, gain = memory.gains
    assert (k[[0, 4]] == memory.clamped[[0, 4]]).all()
    assert (gain[[0, 4]] == 0.0).all()


@pytest.mark.parametrize("module", [compiled, interpreted])
def test_when_the_clock_is_read_expect_the_monotonic_one(module):
    out = np.zeros(2, dtype=np.int64)
    table = np.array([out.ctypes.data])
    before = time.monotonic_ns()
    _CALL(module.clock_address())(table.ctypes.data, 1)
    assert before <= out[0] * 1_000_000_000 + out[1] <= time.monotonic_ns()
    assert 0 <= out[1] < 1_000_000_000
