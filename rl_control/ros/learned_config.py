"""The settings of a controller that plans on a learned model."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class LearnedConfig:
    """How a learned model is planned on, and when the controller goes back to the one before."""

    doubt: float = setting(
        0.01,
        doc="Cost of plans on whose accelerations an ensemble disagrees",
        low=0.0,
        high=1e4,
        live=True,
    )
    worse: float = setting(
        1.2,
        doc="Times by which a new model's one-step errors may exceed those of the model before on "
        "the motion since it came; beyond, the controller goes back",
        low=1.0,
        high=100.0,
    )
    least_motion: float = setting(
        2.0,
        doc="Motion after which the two are compared; rest does not count",
        unit="s",
        low=0.1,
        high=3600.0,
    )
    networks: int = setting(
        0,
        doc="Networks that versions to come will have, for a folder that is empty as yet",
        low=0,
        high=32,
    )
    layers: tuple[int, ...] = setting(
        (64, 64), doc="Units of each of their hidden layers", low=1, high=4096
    )
