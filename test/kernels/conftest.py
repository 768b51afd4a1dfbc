from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

from rl_control.kernels import Port
from rl_control.kernels.interpreter import Interpreter
from rl_control.kernels.jit import load
from rl_control.kernels.kernel import _SIGNATURE, Kernel
from rl_control.kernels.translate import translate

_count = itertools.count()
sys.path.insert(0, str(Path(__file__).parent))  # for expressions.py


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("RL_CONTROL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def kernel_of() -> Callable[..., Kernel]:
    """kernel_of(function, inputs, outputs, lanes, interpreted=False) for any number of lanes."""

    def make(function, inputs, outputs, lanes, interpreted=False):
        if interpreted:
            interpreter = Interpreter(function, inputs, outputs, lanes)
            return Kernel(0, lanes, interpreter)
        address = load(translate(function, inputs, outputs, lanes, "k"), "k")
        return Kernel(address, lanes, _SIGNATURE(address))

    return make


@pytest.fixture(scope="session")
def evaluate() -> Callable[..., np.ndarray]:
    """evaluate(f, a, b, ...): the scalar expression f of symbols, compiled, at arrays [B]."""
    known: dict[object, Callable[..., None]] = {}

    def run(expression, *arguments, lanes=4):
        if (expression, lanes) not in known:
            symbols = [ca.SX.sym(f"a{i}") for i in range(len(arguments))]
            function = ca.Function("f", symbols, [ca.densify(ca.SX(expression(*symbols)))])
            ports = [Port("lanes") for _ in arguments]
            ir = translate(function, ports, [Port("lanes")], lanes, "k")
            known[expression, lanes] = _SIGNATURE(load(ir, "k"))
        size = len(arguments[0])
        blocks = -(-size // lanes)
        rows = [np.resize(np.asarray(a, dtype=float), blocks * lanes) for a in arguments]
        out = np.empty(blocks * lanes)
        Kernel(0, lanes, known[expression, lanes])([*rows, out], blocks)
        return out[:size]

    return run
