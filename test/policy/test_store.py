"""Policies as files, and policies for another use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError, PolicyError
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import check_policy
from rl_control.policy.store import KIND, load_policy, save_policy

NAMES = ("a", "b", "c")


@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_when_saved_and_loaded_expect_the_same_policy(
    kind: str,
    random_mlp: Callable[..., MlpPolicy],
    random_gru: Callable[..., GruPolicy],
    tmp_path: Path,
) -> None:
    policy = random_mlp(base="gravity") if kind == "mlp" else random_gru()
    save_policy(tmp_path / "policy.safetensors", policy, {"success": 0.97})
    other, about = load_policy(tmp_path / "policy.safetensors")
    o = np.random.default_rng(0).normal(size=(5, policy.facts.layout.size))
    for before, after in zip(
        policy.step(o, policy.start(5)), other.step(o, other.start(5)), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(policy.facts.seen.distance(o), other.facts.seen.distance(o))
    assert about == {"success": 0.97}
    assert (other.facts.task, other.facts.dt, other.facts.base, other.facts.layout) == (
        policy.facts.task,
        policy.facts.dt,
        policy.facts.base,
        policy.facts.layout,
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_when_a_file_is_cut_expect_a_named_error(
    share: float, random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_mlp())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError):
        load_policy(path)


def test_when_one_byte_is_altered_expect_a_named_error(
    random_mlp: Callable[..., MlpPolicy], tmp_path: Path
) -> None:
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_mlp())
    raw = bytearray(path.read_bytes())
    raw[-7] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="changed"):
        load_policy(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("weight_0"),
        lambda arrays: arrays.update(weight_1=np.zeros((2, 2))),
        lambda arrays: arrays.update(bias_2=np.full(3, np.nan)),
        lambda arrays: arrays.update(covariance=np.eye(2)),
    ],
)
def test_when_parts_do_not_fit_expect_a_policy_error(
    change: Callable[[dict[str, np.ndarray]], object],
    random_mlp: Callable[..., MlpPolicy],
    tmp_path: Path,
) -> None:
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_mlp())
    document, arrays = load_checkpoint(path, KIND)
    change(arrays)
    save_checkpoint(path, KIND, document, arrays)
    with pytest.raises(PolicyError, match=r"policy\.safetensors"):
        load_policy(path)


def test_when_a_recurrent_policy_lacks_a_part_expect_to_be_told_which_and_what_to_do(
    random_gru: Callable[..., GruPolicy], tmp_path: Path
) -> None:
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_gru())
    document, arrays = load_checkpoint(path, KIND)
    del arrays["changes"]
    save_checkpoint(path, KIND, document, arrays)
    with pytest.raises(PolicyError, match=r"changes.*Train it anew"):
        load_policy(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("x", "y", "z")}, "joints a, b, c"),
        ({"task": "insert"}, "task 'reach'"),
        ({"dt": 0.01}, "every 0.02 s"),
        ({"layout": ObservationLayout(NAMES, ("position",))}, "observes position"),
    ],
)
def test_when_a_policy_is_for_another_use_expect_what_it_is_for(
    change: dict[str, object], message: str, random_mlp: Callable[..., MlpPolicy]
) -> None:
    policy = random_mlp()
    fitting = {"names": NAMES, "task": "reach", "dt": 0.02, "layout": policy.facts.layout}
    check_policy("here", policy, **fitting)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=message):
        check_policy("here", policy, **(fitting | change))  # type: ignore[arg-type]


def test_when_the_base_is_unknown_expect_a_policy_error(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    with pytest.raises(PolicyError, match="none, gravity"):
        replace(random_mlp().facts, base="springs")
