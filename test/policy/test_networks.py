"""Networks, in numpy, in machine code and as ONNX."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.errors import DataError, MissingDependencyError
from rl_control.policy.gru import GruPolicy
from rl_control.policy.kernel import CompiledPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser


def test_when_an_mlp_is_asked_expect_its_jacobian_to_be_that_of_finite_differences(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    o = np.random.default_rng(1).normal(size=(4, policy.facts.layout.size))
    steps = 1e-6 * np.eye(o.shape[1])
    numeric = np.stack(
        [(policy.mean(o + step) - policy.mean(o - step)) / 2e-6 for step in steps], axis=2
    )
    np.testing.assert_allclose(policy.jacobian(o), numeric, atol=1e-7)


def test_when_a_gru_steps_expect_what_torch_says(random_gru: Callable[..., GruPolicy]) -> None:
    torch = pytest.importorskip("torch")
    policy = random_gru()
    size, m = policy.facts.layout.size, policy.units
    cell = torch.nn.GRUCell(2 * size, m, dtype=torch.float64)
    named = zip(
        ("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        (policy.by_input, policy.by_memory, policy.input_bias, policy.memory_bias),
        strict=True,
    )
    cell.load_state_dict({name: torch.tensor(value) for name, value in named})
    rng, memory = np.random.default_rng(2), policy.start(3)
    units, last = torch.zeros((3, m), dtype=torch.float64), None
    for _ in range(5):
        o = rng.normal(size=(3, size))
        u, memory = policy.step(o, memory)
        change = np.zeros_like(o) if last is None else o - last
        looked_at = np.hstack([policy.normaliser(o), change / policy.changes])
        units, last = cell(torch.tensor(looked_at), units), o
        np.testing.assert_allclose(memory[:, :m], units.detach().numpy(), atol=1e-12)
        head = np.hstack([looked_at, units.detach().numpy()]) @ policy.head.T + policy.head_bias
        np.testing.assert_allclose(u, head * policy.scale, atol=1e-12)


def test_when_runs_are_looked_at_at_once_expect_what_steps_see(
    random_gru: Callable[..., GruPolicy],
) -> None:
    policy = random_gru()
    size = policy.facts.layout.size
    # A head of the inputs alone shows them.
    head = np.hstack([np.eye(3, 2 * size, k=size - 1), np.zeros((3, policy.units))])
    shows = replace(policy, head=head, head_bias=np.zeros(3), scale=np.ones(3))
    o = np.random.default_rng(6).normal(size=(4, 7, size))
    memory = policy.start(4)
    for t in range(7):
        u, memory = shows.step(o[:, t], memory)
        np.testing.assert_allclose(u, policy.looked_at(o)[:, t, size - 1 : size + 2], atol=1e-12)


def test_when_an_entry_never_varied_expect_it_not_to_matter(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    o = np.random.default_rng(3).normal(size=(50, random_mlp().facts.layout.size))
    o[:, 4] = 0.7
    policy = replace(random_mlp(), normaliser=Normaliser.of(o))
    moved = o.copy()
    moved[:, 4] = 1e3
    np.testing.assert_array_equal(policy.mean(o), policy.mean(moved))
    np.testing.assert_allclose(policy.normaliser(o)[:, :4].std(axis=0), 1.0)


@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_when_compiled_expect_the_same_controls_run_after_run(
    kind: str, random_mlp: Callable[..., MlpPolicy], random_gru: Callable[..., GruPolicy]
) -> None:
    policy = random_mlp() if kind == "mlp" else random_gru()
    compiled = CompiledPolicy(policy)
    rng = np.random.default_rng(4)
    for _ in range(2):
        memory, other = policy.start(1), compiled.start(1)
        for _ in range(6):
            o = 3.0 * rng.normal(size=(1, policy.facts.layout.size))
            u, memory = policy.step(o, memory)
            found, other = compiled.step(o, other)
            np.testing.assert_allclose(found, u, atol=1e-11)
            np.testing.assert_allclose(other, memory, atol=1e-12)


@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_when_exported_expect_the_reference_of_onnx_to_act_alike(
    kind: str,
    random_mlp: Callable[..., MlpPolicy],
    random_gru: Callable[..., GruPolicy],
    tmp_path: Path,
) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    from rl_control.policy.export import export_onnx

    policy = random_mlp() if kind == "mlp" else random_gru()
    export_onnx(tmp_path / "policy.onnx", policy)
    model = onnx.load(tmp_path / "policy.onnx")
    session = ReferenceEvaluator(model)
    said = json.loads(model.metadata_props[0].value)
    assert said["joints"] == list(policy.facts.names)
    rng, memory = np.random.default_rng(5), policy.start(3)
    kept = memory.astype(np.float32)
    for _ in range(4):
        o = rng.normal(size=(3, policy.facts.layout.size))
        u, memory = policy.step(o, memory)
        given = {"observation": o.astype(np.float32)}
        if kind == "gru":
            found, kept = session.run(None, given | {"memory": kept})
            np.testing.assert_allclose(kept, memory, atol=1e-5)
        else:
            (found,) = session.run(None, given)
        np.testing.assert_allclose(found / policy.scale, u / policy.scale, atol=1e-5)


def test_when_the_export_has_no_folder_expect_what_to_do(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    from rl_control.policy.export import export_onnx

    with pytest.raises(DataError, match="folder that exists"):
        export_onnx(tmp_path / "none" / "policy.onnx", random_mlp())


def test_when_onnx_is_missing_expect_how_to_get_it(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rl_control.policy.export import export_onnx

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[export\]"):
        export_onnx(tmp_path / "policy.onnx", random_mlp())
    assert not list(tmp_path.iterdir())


def test_when_policies_act_expect_no_torch() -> None:
    modules = ("controller", "demonstrations", "export", "export_c", "gru", "kernel", "store")
    names = ", ".join(f"rl_control.policy.{module}" for module in modules)
    code = f"import sys, {names}; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split() == ["False"]
