"""Layouts of arguments in memory, in machine code of every width and in the interpreter."""

from __future__ import annotations

import casadi as ca
import numpy as np
import pytest

from rl_control.kernels import Port, padded

WIDTHS = [(lanes, interpreted) for lanes in (2, 4, 8) for interpreted in (False, True)]
BLOCKS = 3


@pytest.fixture(params=WIDTHS, ids=lambda w: f"{w[0]} lanes{', interpreted' if w[1] else ''}")
def width(request):
    return request.param


@pytest.fixture
def f():
    """f(a [3], b [2]) -> [5], [3]."""
    a, b = ca.SX.sym("a", 3), ca.SX.sym("b", 2)
    return ca.Function("f", [a, b], [ca.vertcat(a * b[0], b), ca.sin(a) - b[1]])


def expected(a, b):
    return np.hstack([a * b[:, :1], b]), np.sin(a) - b[:, 1:]


def numbers(*shape):
    return np.random.default_rng(1).normal(size=shape)


def with_guard(size):
    """Memory followed by doubles that must not change."""
    memory = np.full(size + 16, 7.0)
    return memory, memory[size:]


def test_when_arguments_are_rows_expect_each_lane_to_read_its_own(f, width, kernel_of):
    lanes, interpreted = width
    batch, stride_a, stride_b = BLOCKS * lanes, padded(3, lanes) + 4, padded(2, lanes)
    a, b = numbers(batch, stride_a), numbers(batch, stride_b)
    wide, high = padded(5, lanes), padded(3, lanes) + lanes
    first, guard = with_guard(batch * wide)
    second = np.full((batch, high), 7.0)
    inputs = [Port("rows", stride_a), Port("rows", stride_b)]
    kernel = kernel_of(f, inputs, [Port("rows", wide), Port("rows", high)], lanes, interpreted)
    kernel([a, b, first, second], BLOCKS)
    found = first[: batch * wide].reshape(batch, wide)
    one, two = expected(a[:, :3], b[:, :2])
    np.testing.assert_allclose(found[:, :5], one, rtol=1e-15)
    np.testing.assert_allclose(second[:, :3], two, rtol=1e-14, atol=1e-15)
    assert (found[:, 5:] == 0.0).all()  # the rest of the last register
    assert (second[:, 3 : padded(3, lanes)] == 0.0).all()
    assert (second[:, padded(3, lanes) :] == 7.0).all()
    assert (guard == 7.0).all()


def test_when_arguments_are_lanes_expect_elements_of_all_lanes_together(f, width, kernel_of):
    lanes, interpreted = width
    a, b = numbers(BLOCKS, 3, lanes), numbers(BLOCKS, 2, lanes)
    first, guard = with_guard(BLOCKS * 5 * lanes)
    second = np.empty((BLOCKS, 3, lanes))
    kernel = kernel_of(f, [Port("lanes")] * 2, [Port("lanes")] * 2, lanes, interpreted)
    kernel([a, b, first, second], BLOCKS)
    rows = [x.transpose(0, 2, 1).reshape(BLOCKS * lanes, -1) for x in (a, b, second)]
    one, two = expected(rows[0], rows[1])
    found = first[: BLOCKS * 5 * lanes].reshape(BLOCKS, 5, lanes).transpose(0, 2, 1)
    np.testing.assert_allclose(found.reshape(-1, 5), one, rtol=1e-15)
    np.testing.assert_allclose(rows[2], two, rtol=1e-14, atol=1e-15)
    assert (guard == 7.0).all()


def test_when_an_argument_is_uniform_expect_one_row_a_block(f, width, kernel_of):
    lanes, interpreted = width
    a, b = numbers(BLOCKS, 6), numbers(BLOCKS, 2, lanes)
    first, second = np.empty((BLOCKS, 5, lanes)), np.empty((BLOCKS, 3, lanes))
    inputs = [Port("uniform", 6), Port("lanes")]
    kernel = kernel_of(f, inputs, [Port("lanes")] * 2, lanes, interpreted)
    kernel([a, b, first, second], BLOCKS)
    for block in range(BLOCKS):
        one, two = expected(np.tile(a[block, :3], (lanes, 1)), b[block].T)
        np.testing.assert_allclose(first[block].T, one, rtol=1e-15)
        np.testing.assert_allclose(second[block].T, two, rtol=1e-14, atol=1e-15)


def test_when_a_step_is_zero_expect_the_same_values_in_every_block(f, width, kernel_of):
    lanes, interpreted = width
    a, b = numbers(3, lanes), numbers(2)
    first, second = np.empty((BLOCKS, 5, lanes)), np.empty((BLOCKS, 3, lanes))
    inputs = [Port("lanes", step=0), Port("uniform")]
    kernel = kernel_of(f, inputs, [Port("lanes")] * 2, lanes, interpreted)
    kernel([a, b, first, second], BLOCKS)
    one, _ = expected(a.T, np.tile(b, (lanes, 1)))
    for block in range(BLOCKS):
        np.testing.assert_allclose(first[block].T, one, rtol=1e-15)


def test_when_an_output_is_the_next_blocks_input_expect_a_rollout(width, kernel_of):
    lanes, interpreted = width
    x, u = ca.SX.sym("x", 2), ca.SX.sym("u")
    step = ca.Function("step", [x, u], [ca.vertcat(x[0] + 0.1 * x[1], x[1] + 0.1 * u)])
    steps = 7
    states, controls = np.zeros((steps + 1, 2, lanes)), numbers(steps)
    states[0] = numbers(2, lanes)
    inputs = [Port("lanes"), Port("uniform", step=1)]
    kernel = kernel_of(step, inputs, [Port("lanes")], lanes, interpreted)
    kernel([states, controls, states[1:]], steps)
    for t in range(steps):
        position, speed = states[t]
        after = [position + 0.1 * speed, speed + 0.1 * controls[t]]
        np.testing.assert_allclose(states[t + 1], after, rtol=1e-14)


def test_when_no_block_is_asked_for_expect_nothing_written(f, width, kernel_of):
    lanes, interpreted = width
    a, b = numbers(1, 3, lanes), numbers(1, 2, lanes)
    first, second = np.full((1, 5, lanes), 7.0), np.full((1, 3, lanes), 7.0)
    kernel = kernel_of(f, [Port("lanes")] * 2, [Port("lanes")] * 2, lanes, interpreted)
    kernel([a, b, first, second], 0)
    assert (first == 7.0).all() and (second == 7.0).all()


def test_when_output_is_constant_or_never_written_expect_it_filled_in(width, kernel_of):
    lanes, interpreted = width
    a = ca.SX.sym("a", 2)
    f = ca.Function("f", [a], [ca.vertcat(0, 3.5, a[1]), ca.densify(ca.SX(2, 1))])
    first, second = np.full((1, 3, lanes), 7.0), np.full((1, 2, lanes), 7.0)
    kernel = kernel_of(f, [Port("lanes")], [Port("lanes")] * 2, lanes, interpreted)
    kernel([numbers(1, 2, lanes), first, second], 1)
    assert (first[0, 0] == 0.0).all() and (first[0, 1] == 3.5).all() and (second == 0.0).all()


def test_when_padded_expect_the_next_multiple():
    assert [padded(size, 4) for size in (0, 1, 4, 5)] == [0, 4, 4, 8]
