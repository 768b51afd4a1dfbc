"""Loops around kernels: results, and where their machine code is kept."""

from __future__ import annotations

import os
import subprocess
import sys

import casadi as ca
import numpy as np
import pytest

from rl_control.kernels import Port, compile_kernel
from rl_control.kernels.native import _call_by_ctypes, call_kernel, native

MODULE = """
from helper import FACTOR
from rl_control.kernels.native import native

@native
def _inner(x):
    return FACTOR * x

@native
def outer(x):
    return _inner(x) + 1.0
"""
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import module
value = module.outer(2.0)
print(value, sum(module.outer.stats.cache_hits.values()))
"""


@native
def _twice(address, table):
    call_kernel(address, table, 1)
    call_kernel(address, table, 1)


@native
def _first(out):
    return out[0, 0]


@native
def increased(address, table, out):
    _twice(address, table)
    return _first(out)


def test_when_called_by_address_expect_what_the_kernel_does():
    x = ca.SX.sym("x")
    kernel = compile_kernel(
        ca.Function("add", [x], [x + 1.5]), [Port("lanes")], [Port("lanes")], "add"
    )
    memory = np.zeros((1, kernel.lanes))
    table = np.array([memory.ctypes.data, memory.ctypes.data])
    assert increased(kernel.address, table.ctypes.data, memory) == 3.0
    _call_by_ctypes(np.int64(kernel.address), table.ctypes.data, np.int64(1))
    assert (memory == 4.5).all()


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "module.py").write_text(MODULE)
    (folder / "helper.py").write_text("FACTOR = 3.0\n")
    return folder


def start(package, cache, **environment):
    return subprocess.Popen(
        [sys.executable, "-B", "-c", PROGRAM, str(package)],
        env={**os.environ, "RL_CONTROL_CACHE": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(package, cache, **environment):
    process = start(package, cache, **environment)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    value, hits = out.split()
    return float(value), int(hits), errors


def test_when_run_again_expect_it_from_the_cache_and_a_line_the_first_time_only(package, own_cache):
    value, hits, errors = run(package, own_cache)
    assert (value, hits) == (7.0, 0)
    assert errors.count("compiling the loops") == 1
    assert run(package, own_cache) == (7.0, 1, "")
    assert list((own_cache / "numba").rglob("*.nbi"))
    assert [file.name for file in package.iterdir() if file.suffix != ".py"] == []


def test_when_another_file_of_the_folder_changed_expect_it_compiled_anew(package, own_cache):
    run(package, own_cache)
    (package / "helper.py").write_text("FACTOR = 5.0\n")
    assert run(package, own_cache)[:2] == (11.0, 0)


def test_when_the_user_chose_numbas_cache_expect_it_there(package, own_cache, tmp_path):
    chosen = tmp_path / "chosen"
    run(package, own_cache, NUMBA_CACHE_DIR=str(chosen))
    assert list(chosen.rglob("*.nbi"))
    assert not (own_cache / "numba").exists()


def test_when_no_folder_can_be_written_expect_the_result_all_the_same(package, tmp_path):
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "cache")
    (package / "__pycache__").touch()  # where numba would look next
    value, _, _ = run(
        package, nowhere, HOME=nowhere, XDG_CACHE_HOME=nowhere, NUMBA_CACHE_DIR=nowhere
    )
    assert value == 7.0


def test_when_two_processes_compile_at_once_expect_both_to_succeed(package, own_cache):
    processes = [start(package, own_cache) for _ in range(2)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert [answer[0].split()[0] for answer in answers] == ["7.0", "7.0"]
    assert run(package, own_cache)[:2] == (7.0, 1)
