"""The cache of machine code: what is kept, what is trusted, who may write."""

from __future__ import annotations

import os
import subprocess
import sys

import casadi as ca
import numpy as np
import pytest

from rl_control.kernels import compile_batch, jit

PROGRAM = """
import casadi as ca, numpy as np
from rl_control.kernels import compile_batch
x = ca.SX.sym("x", 20)
y = x
for _ in range(20):
    y = ca.sin(y) * x + ca.atan2(y, x[::-1])
f = compile_batch(ca.Function("busy", [x], [y]))
print(f(np.linspace(0.1, 2.0, 20))[0].sum())
"""


@pytest.fixture
def compilations(monkeypatch):
    """Names of what is compiled from now on."""
    names = []
    original = jit._compile

    def counted(ir, name, optimize):
        names.append(name)
        return original(ir, name, optimize)

    monkeypatch.setattr(jit, "_compile", counted)
    return names


def square(name="square"):
    x = ca.SX.sym("x")
    return compile_batch(ca.Function(name, [x], [x * x]))


def is_sound(kernel):
    return kernel(np.array([[3.0], [4.0]]))[0].tolist() == [[9.0], [16.0]]


def files(cache):
    return sorted((cache / "kernels").iterdir())


def test_when_loaded_again_expect_nothing_compiled(own_cache, compilations):
    assert is_sound(square())
    assert is_sound(square())
    assert compilations == ["square"]
    assert len(files(own_cache)) == 1


def test_when_another_function_has_the_same_name_expect_both_kept(own_cache, compilations):
    x = ca.SX.sym("x")
    cube = compile_batch(ca.Function("square", [x], [x**2 * x]))
    assert is_sound(square())
    assert cube(np.array([2.0]))[0].tolist() == [[8.0]]
    assert compilations == ["square", "square"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:10],
        lambda data: b"",
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: bytes(32) + data[32:],
        lambda data: data + b"more",
    ],
    ids=["half", "stub", "empty", "flipped bit", "no digest", "longer"],
)
def test_when_a_file_is_damaged_expect_it_compiled_again(own_cache, compilations, damage):
    square()
    (file,) = files(own_cache)
    sound = file.read_bytes()
    file.write_bytes(damage(sound))
    assert is_sound(square())
    assert compilations == ["square", "square"]
    assert file.read_bytes() == sound


def test_when_the_cache_cannot_be_written_expect_a_working_kernel(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RL_CONTROL_CACHE", str(tmp_path / "file" / "cache"))
    assert is_sound(square())
    assert is_sound(square())
    assert capsys.readouterr().err.count("kernels are not kept") == 1


def test_when_writing_fails_midway_expect_no_file_left(own_cache, monkeypatch):
    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jit.os, "replace", fail)
    assert is_sound(square())
    assert files(own_cache) == []


@pytest.mark.parametrize("attribute", ["get_host_cpu_name", "llvm_version_info"])
def test_when_processor_or_compiler_differ_expect_another_file(attribute, monkeypatch):
    before = jit._path("ir", "name", False)
    other = (1, 2, 3) if attribute == "llvm_version_info" else lambda: "another"
    monkeypatch.setattr(jit.llvm, attribute, other)
    assert jit._path("ir", "name", False) != before


def test_when_features_differ_expect_another_file(monkeypatch):
    before = jit._path("ir", "name", False)
    monkeypatch.setattr(jit, "_features", lambda: "-avx2")
    assert jit._path("ir", "name", False) != before
    assert jit._path("ir", "name", True) != jit._path("ir", "name", False)


def test_when_two_processes_compile_at_once_expect_both_to_succeed(own_cache):
    environment = {**os.environ, "RL_CONTROL_CACHE": str(own_cache)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert answers[0][0] == answers[1][0] != ""
    assert [file.suffix for file in files(own_cache)] == [".o"]


def test_when_optimized_expect_the_same_values():
    x = ca.SX.sym("x", 3)
    f = ca.Function("f", [x], [ca.sin(x) * x[0]])
    from rl_control.kernels import Port, translate
    from rl_control.kernels.kernel import _SIGNATURE, Kernel

    ports = [Port("lanes")], [Port("lanes")]
    ir = translate.translate(f, *ports, 4, "f", jit.function_attributes())
    results = []
    for optimize in (False, True):
        address = jit.load(ir, "f", optimize)
        out = np.empty((1, 3, 4))
        Kernel(address, 4, _SIGNATURE(address))([np.linspace(0, 2, 12), out], 1)
        results.append(out)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-14)


def test_when_ir_is_malformed_expect_runtime_error():
    with pytest.raises(RuntimeError, match="parsing error"):
        jit.load("define void @f( {", "f")


def test_when_large_expect_a_line_that_says_so(capsys, monkeypatch):
    monkeypatch.setattr(jit, "_ANNOUNCE_LINES", 3)
    square("large")
    assert "compiling large" in capsys.readouterr().err
