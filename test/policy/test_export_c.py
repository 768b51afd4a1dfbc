"""Policies as C source, compiled and called."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.errors import DataError
from rl_control.policy.export_c import export_c
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
POINTER = ctypes.POINTER(ctypes.c_double)


def compiled(source: Path) -> Callable[..., None]:
    """Compile strictly; return `policy_step` on arrays."""
    library = source.with_suffix(".so")
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run(
        [str(COMPILER), *strict, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"],
        check=True,
        timeout=60,
    )
    step = ctypes.CDLL(str(library)).policy_step
    step.restype = None
    return lambda *arrays: step(*(array.ctypes.data_as(POINTER) for array in arrays))


@needs_compiler
def test_when_an_mlp_is_compiled_from_c_expect_what_it_says(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    policy = random_mlp()
    export_c(tmp_path / "policy.c", policy)
    step = compiled(tmp_path / "policy.c")
    for o in np.random.default_rng(1).normal(size=(5, policy.facts.layout.size)):
        u = np.empty(3)
        step(o, u)
        np.testing.assert_allclose(u, policy.mean(o[None])[0], rtol=1e-12, atol=1e-12)


@needs_compiler
def test_when_a_gru_is_compiled_from_c_expect_its_controls_and_memory_in_place(
    random_gru: Callable[..., GruPolicy], tmp_path: Path
) -> None:
    policy = random_gru()
    export_c(tmp_path / "policy.c", policy)
    step = compiled(tmp_path / "policy.c")
    memory, kept = policy.start(1), policy.start(1)[0]
    for o in np.random.default_rng(2).normal(size=(6, policy.facts.layout.size)):
        found = np.empty(3)
        step(o, kept, found, kept)
        u, memory = policy.step(o[None], memory)
        np.testing.assert_allclose(kept, memory[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found, u[0], rtol=1e-11, atol=1e-12)


@needs_compiler
def test_when_names_and_numbers_are_awkward_expect_sound_c(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    policy = random_mlp()
    facts = replace(policy.facts, layout=ObservationLayout(("a*/b", "ü", "c")), task="x */ y")
    o = np.random.default_rng(3).normal(size=(9, facts.layout.size))
    o[:, 2] = 0.25  # never varies: its scale is infinite
    policy = replace(policy, facts=facts, normaliser=Normaliser.of(o), scale=np.full(3, 1e-5))
    export_c(tmp_path / "policy.c", policy)
    u = np.empty(3)
    compiled(tmp_path / "policy.c")(o[0], u)
    np.testing.assert_allclose(u, policy.mean(o[:1])[0], rtol=1e-12)


def test_when_a_policy_is_exported_expect_its_facts_on_top(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    export_c(tmp_path / "policy.c", random_mlp(base="gravity"))
    head = (tmp_path / "policy.c").read_text().partition("*/")[0]
    for fact in ("reach", "a, b, c", "position, velocity", "0.02 s", "gravity"):
        assert fact in head


def test_when_the_folder_is_missing_expect_what_to_do(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="folder that exists"):
        export_c(tmp_path / "none" / "policy.c", random_mlp())
