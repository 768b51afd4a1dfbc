"""What the training of a policy can be told, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class PolicyConfig:
    """Size of the network and how it is trained."""

    network: str = setting("mlp", doc="without memory (mlp) or with (gru)", choices=("mlp", "gru"))
    hidden: tuple[int, ...] = setting((64, 64), doc="units of each hidden layer of an mlp", low=1)
    units: int = setting(64, doc="units of a gru", low=1, high=4096)
    learning_rate: float = setting(3e-3, doc="greatest step size of AdamW", low=1e-7, high=1.0)
    batch: int = setting(512, doc="samples a gradient step of an mlp", low=1, high=1_000_000)
    sequences: int = setting(16, doc="sequences a gradient step of a gru", low=1, high=100_000)
    epochs: int = setting(100, doc="passes over the data", low=1, high=1_000_000)
    weight_decay: float = setting(
        1e-3, doc="pull of weights to zero, as a share of the step size", low=0.0, high=100.0
    )
    validation: float = setting(
        0.1, doc="share of the rollouts that judge the training", low=0.0, high=0.9
    )
    entropy: float = setting(
        1e-3,
        doc="added to the precision of the controls, as a share of its own size: the least noise "
        "the policy may be left without",
        low=0.0,
        high=1.0,
    )
    floor: float = setting(
        1e-3,
        doc="least standard deviation of a control, as a share of the controls' own",
        low=1e-9,
        high=1.0,
    )


@dataclass(frozen=True)
class TrainingReport:
    """How a training stands after an epoch.

    Losses are means of (pi - u)' P (pi - u) / (2 nu), P in units of its own mean size.

    Attributes:
        epoch: passes over the data.
        loss: on the data during the epoch.
        validation_loss: on what is held out; NaN without.
    """

    epoch: int
    loss: float
    validation_loss: float
