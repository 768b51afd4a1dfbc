"""Where batches are computed: what each place gives, and what is refused."""

from __future__ import annotations

import sys

import casadi as ca
import numpy as np
import pytest

from rl_control.errors import ConfigError, MissingDependencyError
from rl_control.kernels.compute import computing_on, on_tensors

torch = pytest.importorskip("torch")


def doubled():
    x = ca.SX.sym("x", 2)
    return ca.Function("doubled", [x], [2 * x])


def test_when_on_the_processor_expect_arrays_and_machine_code():
    compute = computing_on("cpu")
    (found,) = compute.compile(doubled())(compute.place(np.ones((3, 2))))
    assert not compute.tensors
    np.testing.assert_array_equal(found, np.full((3, 2), 2.0))
    assert compute.generator(4).normal() == np.random.default_rng(4).normal()


def test_when_on_tensors_expect_the_precision_asked_for_and_draws_that_repeat():
    for precision in ("float32", "float64"):
        compute = on_tensors("cpu", precision)
        (found,) = compute.compile(doubled())(compute.place(np.ones((3, 2))))
        assert (found.dtype, found.tolist()) == (getattr(torch, precision), [[2.0, 2.0]] * 3)
    first, again = (torch.rand(3, generator=compute.generator(7)) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_when_on_cuda_expect_the_values_of_the_processor():
    compute = computing_on("cuda")
    (found,) = compute.compile(doubled())(compute.place(np.ones((3, 2))))
    assert found.device.type == "cuda"
    assert found.tolist() == [[2.0, 2.0]] * 3
    assert compute.generator(0).device.type == "cuda"


def test_when_there_is_no_cuda_expect_a_refusal_that_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"device: found 'cuda', but torch .* finds no CUDA"):
        computing_on("cuda")


def test_when_torch_is_missing_expect_the_extra_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[learn\]"):
        computing_on("cuda")
