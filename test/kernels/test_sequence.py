"""Kernels in turn: bound arguments move on by block, fixed ones stay, with and without code."""

import casadi as ca
import numpy as np
import pytest

from rl_control.kernels import (
    Bound,
    Call,
    Port,
    compile_dense,
    compile_kernel,
    compile_sequence,
    kernel_lanes,
)
from rl_control.kernels.sequence import _interpreted, _step


def chain(lanes):
    """tanh(W x + b) of every block, then what it is scaled by, in two calls and one buffer."""
    rng = np.random.default_rng(1)
    weights, bias, scale = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=5)
    h, s = ca.SX.sym("h", 5), ca.SX.sym("s", 5)
    curve = compile_kernel(
        ca.Function("curve", [h, s], [s * ca.tanh(h)]),
        [Port("lanes"), Port("uniform", 5, step=0)],
        [Port("lanes")],
        "curve",
    )
    buffer = np.zeros((5, lanes))
    calls = [
        Call(compile_dense(3, 5), [weights, bias, Bound(0, 3 * lanes), buffer]),
        Call(curve, [buffer, scale, Bound(1, 5 * lanes)]),
    ]
    return calls, lambda x: scale[:, None] * np.tanh(weights @ x + bias[:, None])


@pytest.mark.parametrize("interpreted", [False, True])
def test_when_blocks_run_expect_every_call_on_its_own_part(interpreted):
    lanes, blocks = kernel_lanes(), 4
    calls, expected = chain(lanes)
    kernel = (
        _interpreted([_step(call) for call in calls])
        if interpreted
        else compile_sequence(calls, "chain")
    )
    x = np.random.default_rng(2).normal(size=(blocks, 3, lanes))
    y = np.zeros((blocks, 5, lanes))
    kernel([x, y], blocks)
    assert np.allclose(y, expected(x), atol=1e-12)


def test_when_two_sequences_have_one_name_expect_both_to_work():
    lanes = kernel_lanes()
    first, second = (compile_sequence(chain(lanes)[0], "same") for _ in range(2))
    x = np.ones((1, 3, lanes))
    found = [np.zeros((1, 5, lanes)) for _ in range(2)]
    first([x, found[0]], 1)
    second([x, found[1]], 1)
    assert np.array_equal(found[0], found[1])
    assert np.abs(found[0]).max() > 0.0


def test_when_a_call_has_blocks_of_its_own_expect_them_all_run():
    lanes = kernel_lanes()
    weights, bias = np.eye(2), np.zeros(2)
    x, y = np.random.default_rng(0).normal(size=(6, 2, lanes)), np.zeros((6, 2, lanes))
    call = Call(
        compile_dense(2, 2), [weights, bias, Bound(0, 6 * lanes), Bound(1, 6 * lanes)], blocks=3
    )
    compile_sequence([call], "many")([x, y], 2)
    assert np.array_equal(x, y)
