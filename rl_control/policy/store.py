"""Policies as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import PolicyError, RlControlError
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import NeuralPolicy, PolicyFacts, Seen
from rl_control.types import Array

KIND = "policy"
_GRU = (
    "changes",
    "by_input",
    "by_memory",
    "input_bias",
    "memory_bias",
    "head",
    "head_bias",
    "scale",
)


def save_policy(path: str | Path, policy: NeuralPolicy, about: Mapping[str, Any] = {}) -> None:
    """Write a policy as the file `path`, whole or not at all.

    Args:
        path: the file; its folder must exist.
        policy: an `MlpPolicy` or a `GruPolicy`.
        about: what else to say of it (training, success), plain values.

    Raises:
        DataError: if it cannot be written.
    """
    facts = policy.facts
    document = {
        "network": _network(policy),
        "task": facts.task,
        "names": list(facts.names),
        "parts": list(facts.layout.parts),
        "dt": facts.dt,
        "base": facts.base,
        "bound": facts.seen.bound,
        "about": dict(about),
    }
    save_checkpoint(path, KIND, document, {**_arrays_of_facts(facts), **_arrays(policy)})


def load_policy(path: str | Path) -> tuple[MlpPolicy | GruPolicy, dict[str, Any]]:
    """Return the policy in the file `path`, and what else is said of it.

    Raises:
        DataError: if there is no such file, or it is damaged or none of a policy.
        PolicyError: if its parts do not fit together.
    """
    document, arrays = load_checkpoint(path, KIND)
    try:
        layout = ObservationLayout(tuple(document["names"]), tuple(document["parts"]))
        seen = Seen(arrays["seen_mean"], arrays["seen_precision"], float(document["bound"]))
        facts = PolicyFacts(
            document["task"],
            layout,
            float(document["dt"]),
            document["base"],
            arrays["covariance"],
            seen,
        )
        normaliser = Normaliser(arrays["input_mean"], arrays["input_scale"])
        policy = _assembled(document["network"], facts, normaliser, arrays)
        _try_out(policy)
        return policy, document["about"]
    except RlControlError as error:
        raise PolicyError(path, f"not a usable policy ({error})", "Train it anew.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(path, f"its parts do not fit ({error})", "Train it anew.") from error


def _network(policy: NeuralPolicy) -> str:
    return "gru" if isinstance(policy, GruPolicy) else "mlp"


def _arrays_of_facts(facts: PolicyFacts) -> dict[str, Array]:
    return {
        "covariance": facts.covariance,
        "seen_mean": facts.seen.mean,
        "seen_precision": facts.seen.precision,
    }


def _arrays(policy: NeuralPolicy) -> dict[str, Array]:
    assert isinstance(policy, (MlpPolicy, GruPolicy))
    arrays = {"input_mean": policy.normaliser.mean, "input_scale": policy.normaliser.scale}
    if isinstance(policy, GruPolicy):
        return arrays | {name: getattr(policy, name) for name in _GRU}
    arrays["scale"] = policy.scale
    for layer, (weight, bias) in enumerate(zip(policy.weights, policy.biases, strict=True)):
        arrays |= {f"weight_{layer}": weight, f"bias_{layer}": bias}
    return arrays


def _assembled(
    network: str, facts: PolicyFacts, normaliser: Normaliser, arrays: Mapping[str, Array]
) -> MlpPolicy | GruPolicy:
    if network == "gru":
        return GruPolicy(facts, normaliser, **{name: arrays[name] for name in _GRU})
    layers = range(sum(name.startswith("weight_") for name in arrays))
    return MlpPolicy(
        facts,
        normaliser,
        tuple(arrays[f"weight_{layer}"] for layer in layers),
        tuple(arrays[f"bias_{layer}"] for layer in layers),
        arrays["scale"],
    )


def _try_out(policy: MlpPolicy | GruPolicy) -> None:
    """Act once.

    Raises:
        ValueError: if shapes do not fit, or a number is not finite.
    """
    facts = policy.facts
    u, memory = policy.step(np.zeros((1, facts.layout.size)), policy.start(1))
    distance = facts.seen.distance(np.zeros((1, facts.layout.size)))
    if u.shape != (1, len(facts.names)) or facts.covariance.shape != (u.shape[1],) * 2:
        raise ValueError(f"{u.shape[1]} controls for {len(facts.names)} joints")
    if not all(np.isfinite(part).all() for part in (u, memory, distance, facts.covariance)):
        raise ValueError("a number is not finite")
