"""Policies with random weights."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen

NAMES = ("a", "b", "c")


def facts_of(layout: ObservationLayout, base: str = "none") -> PolicyFacts:
    seen = Seen(np.zeros(layout.size), np.eye(layout.size), 3.0)
    return PolicyFacts("reach", layout, 0.02, base, 0.01 * np.eye(len(layout.names)), seen)


@pytest.fixture
def random_mlp() -> Callable[..., MlpPolicy]:
    def make(seed: int = 0, base: str = "none", **layout: tuple[str, ...]) -> MlpPolicy:
        rng = np.random.default_rng(seed)
        facts = facts_of(ObservationLayout(NAMES, **layout), base)
        sizes = (facts.layout.size, 8, 5, 3)
        pairs = list(pairwise(sizes))
        return MlpPolicy(
            facts,
            Normaliser(rng.normal(size=sizes[0]), rng.uniform(0.5, 2.0, sizes[0])),
            tuple(rng.normal(size=(out, into)) / np.sqrt(into) for into, out in pairs),
            tuple(rng.normal(size=out) for _, out in pairs),
            rng.uniform(1.0, 5.0, 3),
        )

    return make


@pytest.fixture
def random_gru() -> Callable[..., GruPolicy]:
    def make(seed: int = 0, units: int = 6) -> GruPolicy:
        rng = np.random.default_rng(seed)
        facts = facts_of(ObservationLayout(NAMES, ("position", "posture_error", "tip_error")))
        size, m = facts.layout.size, units
        return GruPolicy(
            facts,
            Normaliser(rng.normal(size=size), rng.uniform(0.5, 2.0, size)),
            np.append(rng.uniform(0.2, 1.0, size - 1), np.inf),  # one entry never changed
            rng.normal(size=(3 * m, 2 * size)) / np.sqrt(size),
            rng.normal(size=(3 * m, m)) / np.sqrt(m),
            rng.normal(size=3 * m),
            rng.normal(size=3 * m),
            rng.normal(size=(3, 2 * size + m)),
            rng.normal(size=3),
            rng.uniform(1.0, 5.0, 3),
        )

    return make
