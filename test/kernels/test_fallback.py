"""Machines where nothing can be compiled, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import sys
{before}
import casadi as ca, numpy as np
import rl_control.kernels
from rl_control.kernels import Port, compile_batch, compile_kernel, kernel_lanes
x, y = ca.SX.sym("x", 3), ca.SX.sym("y")
f = compile_batch(ca.Function("f", [x, y], [x * ca.sin(y), ca.dot(x, x)]))
g = compile_batch(ca.Function("g", [x], [x + 1]))
rows = np.arange(15.0).reshape(5, 3)
first, second = f(rows, np.arange(5.0)[:, None])
from rl_control.kernels.native import call_kernel, native

@native
def total(address, table, out):
    call_kernel(address, table, 1)
    return out[0] + out[-1]

h = compile_kernel(ca.Function("h", [x], [2 * x]), [Port("uniform")], [Port("lanes")], "h")
given, out = np.array([1.0, 2.0, 3.0]), np.zeros((3, kernel_lanes()))
table = np.array([given.ctypes.data, out.ctypes.data])
sum_of_ends = total(np.int64(h.address), table.ctypes.data, out.ravel())
print(*first.ravel(), *second.ravel(), *g(rows)[0].ravel(), sum_of_ends)
print(kernel_lanes(), "llvmlite" in sys.modules, "numba" in sys.modules, file=sys.stderr)
"""
WITHOUT = "sys.modules[{!r}] = None  # import raises ImportError"
BROKEN = """
import llvmlite.binding
def fail(*arguments, **options): raise RuntimeError("no target")
llvmlite.binding.create_mcjit_compiler = fail
"""


def run(before="", cache=None, **environment):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        env={**os.environ, "RL_CONTROL_CACHE": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return np.array(result.stdout.split(), dtype=float), result.stderr


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return run(cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("before", "environment", "reason"),
    [
        ("", {"RL_CONTROL_JIT": "0"}, "RL_CONTROL_JIT=0 is set"),
        (WITHOUT.format("llvmlite"), {}, "llvmlite"),
        (BROKEN, {}, "no target"),
    ],
    ids=["switched off", "no llvmlite", "llvmlite fails"],
)
def test_when_nothing_can_be_compiled_expect_one_warning_and_the_same_values(
    before, environment, reason, compiled, tmp_path
):
    values, errors = run(before, tmp_path, **environment)
    np.testing.assert_allclose(values, compiled[0], rtol=1e-14, atol=1e-15)
    assert errors.count("RuntimeWarning: no machine code here") == 1
    assert reason in errors
    assert errors.splitlines()[-1].startswith("1 ")


def test_when_switched_off_expect_neither_llvmlite_nor_numba_loaded(tmp_path):
    _, errors = run(cache=tmp_path, RL_CONTROL_JIT="0")
    assert errors.splitlines()[-1] == "1 False False"


def test_when_only_numba_is_missing_expect_machine_code_under_python_loops(compiled, tmp_path):
    values, errors = run(WITHOUT.format("numba"), tmp_path)
    np.testing.assert_array_equal(values, compiled[0])
    assert errors.count("RuntimeWarning: no machine code here") == 1
    assert "Install numba" in errors


def test_when_everything_is_there_expect_no_warning(compiled):
    assert "Warning" not in compiled[1]
    assert int(compiled[1].splitlines()[-1].split()[0]) in (2, 4, 8)


def test_when_kernels_are_imported_expect_no_compiler_loaded():
    program = "import sys, rl_control.kernels; print({'llvmlite', 'numba'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stderr
