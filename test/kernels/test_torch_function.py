"""CasADi functions on tensors against CasADi itself, its derivatives, and the machine code."""

from __future__ import annotations

import weakref

import casadi as ca
import numpy as np
import pytest
from expressions import BINARY, UNARY, interpreted, mixed, numbers
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import ShapeError
from rl_control.kernels import compile_batch, torch_function
from rl_control.kernels.torch_function import TorchFunction

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no CUDA device"
))]  # fmt: skip
SMOOTH = (
    "neg", "square", "twice", "inverse", "exp", "tan of a tenth", "sin", "cos", "atan", "tanh",
    "sinh", "cosh", "asinh", "erf", "expm1", "cube", "add", "sub", "mul", "div", "atan2", "hypot",
)  # fmt: skip
EXPRESSIONS = {**UNARY, **BINARY}
COUNTED = 2.0**53  # greatest quotient that a double counts


def scalar(expression, count):
    symbols = [ca.SX.sym(f"a{i}") for i in range(count)]
    return ca.Function("f", symbols, [ca.SX(expression(*symbols))])


def on_tensors(function, *arguments, dtype=torch.float64, device="cpu"):
    given = [torch.as_tensor(a, dtype=dtype, device=device).reshape(-1, 1) for a in arguments]
    (found,) = TorchFunction(function)(*given)
    assert (found.dtype, found.device.type) == (dtype, device)
    return found.cpu().numpy()[:, 0]


@pytest.mark.parametrize("name", UNARY)
@given(values=st.lists(numbers, min_size=1, max_size=9))
def test_when_one_argument_expect_casadis_value(name, values):
    expected = interpreted(UNARY[name], values)
    found = on_tensors(scalar(UNARY[name], 1), values)
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=1e-307)


@pytest.mark.parametrize("name", BINARY)
@given(pairs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=9))
def test_when_two_arguments_expect_casadis_value(name, pairs):
    if name in ("fmod", "remainder"):  # torch counts no further than a double does
        pairs = [(a, b) for a, b in pairs if not COUNTED * abs(b) < abs(a) < np.inf] or [(1.0, 1.0)]
    a, b = (list(column) for column in zip(*pairs, strict=True))
    expected = interpreted(BINARY[name], a, b)
    found = on_tensors(scalar(BINARY[name], 2), a, b)
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=1e-307)


@pytest.mark.parametrize("function", [ca.fmin, ca.fmax])
@given(a=numbers, b=numbers)
def test_when_min_or_max_meets_nan_expect_nan_and_else_casadis_value(function, a, b):
    (found,) = on_tensors(scalar(function, 2), [a], [b])
    if np.isnan(a) or np.isnan(b):
        assert np.isnan(found)
    else:
        assert found == interpreted(function, [a], [b])[0]


@pytest.mark.parametrize("name", ["neg", "sqrt", "fabs", "floor", "ceil", "sign", "sinh"])
def test_when_the_argument_is_a_zero_expect_its_sign_kept_as_in_c(name):
    found = on_tensors(scalar(UNARY[name], 1), [0.0, -0.0])
    assert np.array_equal(np.signbit(found), np.signbit(interpreted(UNARY[name], [0.0, -0.0])))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-13), (torch.float32, 2e-5)])
def test_when_operations_aremixed_expect_the_machine_codes_values(device, dtype, close):
    a, b = np.random.default_rng(0).uniform(-3.0, 3.0, (2, 200))
    function = scalar(mixed, 2)
    (expected,) = compile_batch(function)(a[:, None], b[:, None])
    found = on_tensors(function, a, b, dtype=dtype, device=device)
    np.testing.assert_allclose(found, expected[:, 0], rtol=close, atol=close)


def random_function(rng):
    """Forty random smooth operations on a matrix and a vector; three results."""
    m, v = ca.SX.sym("m", 2, 3), ca.SX.sym("v", 4)
    known = [*ca.vertsplit(ca.vec(m)), *ca.vertsplit(v), ca.SX(0.7)]
    for _ in range(40):
        a, b = (known[k] for k in rng.integers(len(known), size=2))
        operation = rng.integers(6)
        known.append(
            [a + b, a - b, ca.tanh(a) * b, ca.sin(a), a / (2 + ca.cos(b)), ca.atan2(a, 2 + b * b)][
                operation
            ]
        )
    sparse = ca.SX(2, 2)
    sparse[0, 1] = known[-3]
    return ca.Function("f", [m, v], [ca.vertcat(*known[-2:]), sparse, ca.SX(0, 1)])


@pytest.mark.parametrize("seed", range(8))
def test_when_functions_are_random_expect_the_machine_codes_values(seed):
    rng = np.random.default_rng(seed)
    function = random_function(rng)
    m, v = rng.normal(size=(5, 6)), rng.normal(size=4)
    expected = compile_batch(function)(m, v)
    for dtype, close in ((torch.float64, 1e-12), (torch.float32, 1e-4)):
        found = TorchFunction(function)(*(torch.as_tensor(z, dtype=dtype) for z in (m, v)))
        assert [tuple(part.shape) for part in found] == [(5, 2), (5, 4), (5, 0)]
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine.numpy(), theirs, rtol=close, atol=close)


@pytest.mark.parametrize("name", SMOOTH)
def test_when_gradients_are_asked_for_expect_casadis_derivatives(name):
    count = 2 if name in BINARY else 1
    function = scalar(EXPRESSIONS[name], count)
    symbols = [ca.SX.sym(f"x{i}") for i in range(count)]
    slopes = ca.jacobian(function(*symbols), ca.vertcat(*symbols))
    expected = ca.Function("slopes", symbols, [slopes]).map(20)
    values = np.random.default_rng(1).uniform(0.2, 2.0, (count, 20))
    given = [torch.as_tensor(v[:, None]).requires_grad_() for v in values]
    TorchFunction(function)(*given)[0].sum().backward()
    wanted = np.asarray(expected(*(ca.DM(v).T for v in values))).reshape(20, count)
    found = np.hstack([tensor.grad.numpy() for tensor in given])
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_when_a_random_function_is_differentiated_expect_casadis_jacobian(seed):
    rng = np.random.default_rng(seed)
    function = random_function(rng)
    m, v = ca.SX.sym("m", 2, 3), ca.SX.sym("v", 4)
    exact = ca.Function("j", [m, v], [ca.jacobian(function(m, v)[0], v)])
    at = rng.normal(size=6), rng.normal(size=4)
    given = torch.as_tensor(at[0])
    found = torch.autograd.functional.jacobian(
        lambda x: TorchFunction(function)(given, x)[0][0], torch.as_tensor(at[1])
    )
    expected = exact(at[0].reshape(3, 2).T, at[1]).full()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10, atol=1e-12)


def test_when_results_are_used_up_expect_their_tensors_let_go():
    """A long chain on a large batch must not keep all that it passed through."""
    alive: list = []
    most = 0

    def watched(compute):
        def call(*values):
            nonlocal most
            most = max(most, sum(ref() is not None for ref in alive))
            result = compute(*values)
            alive.append(weakref.ref(result))
            return result

        return call

    x = ca.SX.sym("x", 2)
    y = x
    for _ in range(50):
        y = ca.sin(y) + x
    function = TorchFunction(ca.Function("f", [x], [y]))
    function._steps = [
        torch_function._Step(watched(s.compute), s.sources, s.target, s.finished)
        for s in function._steps
    ]
    function(torch.ones(3, 2, dtype=torch.float64))
    assert len(alive) == 200
    assert most <= 4


def test_when_rows_do_not_fit_expect_a_refusal():
    x, y = ca.SX.sym("x", 2), ca.SX.sym("y", 3)
    function = TorchFunction(ca.Function("f", [x, y], [x[0] * y]))
    with pytest.raises(ShapeError, match="function arguments"):
        function(torch.ones(2))
    with pytest.raises(ShapeError, match="function argument"):
        function(torch.ones(2), torch.ones(2))
    with pytest.raises(ShapeError, match="function batch"):
        function(torch.ones(4, 2), torch.ones(3, 3))


def test_when_an_operation_has_no_translation_expect_it_named():
    x = ca.SX.sym("x")
    with pytest.raises(NotImplementedError, match="no translation of CasADi operation"):
        TorchFunction(ca.Function("f", [x], [ca.erfinv(x)]))
