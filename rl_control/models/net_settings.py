"""What the fit of an ensemble of networks can be told, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class NetConfig:
    """Size of the networks and how they are fitted."""

    members: int = setting(5, doc="networks in the ensemble", low=1, high=32)
    hidden: tuple[int, ...] = setting((64, 64), doc="units of each hidden layer", low=1, high=4096)
    probabilistic: bool = setting(
        True, doc="predict a variance for every state and effort, not one for all"
    )
    learning_rate: float = setting(3e-3, doc="step size of AdamW", low=1e-7, high=1.0)
    batch: int = setting(256, doc="samples a gradient step", low=1, high=1_000_000)
    epochs: int = setting(300, doc="most passes over the data", low=1, high=100_000)
    patience: int = setting(
        60, doc="epochs without improvement after which a network stops", low=1, high=100_000
    )
    improvement: float = setting(
        0.01, doc="least share by which an error must fall to count as less", low=0.0, high=0.5
    )
    validation: float = setting(
        0.15, doc="share of the rollouts that judge the fit", low=0.01, high=0.9
    )
    weight_decay: float = setting(
        0.03, doc="pull of weights to zero, as a share of the learning rate", low=0.0, high=100.0
    )
    bounds_penalty: float = setting(
        0.01, doc="weight of the distance between the log variance's bounds", low=0.0, high=10.0
    )
    device: str = setting(
        "cpu", doc="where to fit; auto: on a GPU if it is there", choices=("cpu", "cuda", "auto")
    )
    seed: int = setting(0, doc="of first weights, resampling and order of samples", low=0)


@dataclass(frozen=True)
class EpochReport:
    """How a fit of K networks stands after an epoch; a stopped network keeps its last figures.

    Losses are negative log likelihoods of normalised accelerations, the mean over samples and
    joints without the constant. Errors are root mean squares as shares of the accelerations'
    standard deviations, the geometric mean over joints.

    Attributes:
        epoch: passes over the data.
        train_loss: of each network on its own samples during the epoch, [K].
        validation_loss: of each network on the samples held out, [K].
        validation_error: of each network on the samples held out, [K].
        best_error: least validation error of each network so far, the start's included, [K].
        active: whether each network goes on, [K].
    """

    epoch: int
    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    validation_error: tuple[float, ...]
    best_error: tuple[float, ...]
    active: tuple[bool, ...]
