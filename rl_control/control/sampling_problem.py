"""What a sampling planner searches: a model, a cost, where they compute, how they roll out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rl_control.control.rollouts import (
    NodeCost,
    SampledModel,
    follow,
    particle_costs,
    sequence_costs,
)
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Evaluate
from rl_control.errors import ConfigError
from rl_control.kernels.arrays import host
from rl_control.types import Array


class StepModel(Protocol):
    """What is needed of a model; a `DynamicsModel` is one."""

    @property
    def dt(self) -> float:
        """Time step in [s]."""
        ...

    def step(self, x: Any, u: Any) -> Any:
        """Return the next states, [B, nx], for states x [B, nx] and controls u [B, nu]."""
        ...


@dataclass
class SamplingProblem:
    """A model and a cost on batches, of numpy arrays or of torch tensors on any device.

    Another model may be put in between two solves (`Mpc.exchange`).

    Attributes:
        model: predicts x = (q, v); for particles it is a `SampledModel` too.
        cost: of a node; time steps and terminal multipliers live in its parameters.
        place: puts a host array where model and cost compute. For tensors:
            `lambda values: torch.as_tensor(values, dtype=torch.float32, device="cuda")`.
    """

    model: StepModel
    cost: NodeCost
    place: Callable[[Array], Any] = np.asarray

    def check(self, config: SamplingConfig) -> None:
        """Say whether the problem can be searched as `config` demands.

        Raises:
            ConfigError: if it cannot.
        """
        if abs(self.model.dt - config.dt) > 1e-9 * config.dt:
            raise ConfigError(
                "sampling planner",
                "dt",
                f"found {config.dt:g} s, but the model's step is {self.model.dt:g} s",
                "Give both the same step.",
            )
        if config.propagation != "mean" and not isinstance(self.model, SampledModel):
            raise ConfigError(
                "sampling planner",
                "propagation",
                f"found '{config.propagation}', but {type(self.model).__name__} has no members "
                "to sample from",
                "Use an ensemble, or 'mean'.",
            )
        if config.method != "mppi" and config.elites > config.samples:
            raise ConfigError(
                "sampling planner",
                "elites",
                f"found {config.elites}, more than the {config.samples} samples",
                "Choose fewer elites or more samples.",
            )

    def evaluator(self, x: Any, rows: Any, config: SamplingConfig, rng: Any) -> Evaluate:
        """Return what tells the costs [S] of control sequences [S, T, nu] from x [nx].

        Args:
            x: start, placed.
            rows: cost parameters, [T+1, np], placed.
            config: how to propagate.
            rng: draws particles.
        """
        model, cost = self.model, self.cost
        if config.propagation == "mean":
            return lambda controls: sequence_costs(model.step, cost, x, controls, rows)
        assert isinstance(model, SampledModel)
        sampled, switching = model, config.propagation == "ts1"
        return lambda controls: particle_costs(
            sampled, cost, x, controls, rows, config.particles, switching, rng
        )

    def follow(self, x: Any, controls: Any, rows: Any) -> tuple[Array, float]:
        """Return the states [T+1, nx] that controls [T, nu] lead the model's mean through.

        With the cost along them.
        """
        states, cost = follow(self.model.step, self.cost, x, controls, rows)
        return host(states), cost
