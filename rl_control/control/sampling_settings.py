"""What a sampling planner can be told."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.control.mpc_settings import MpcConfig

METHODS = ("cem", "icem", "mppi")


@dataclass(frozen=True)
class SearchConfig:
    """What a planner by sampling does otherwise than iLQR.

    An effort unit is what each joint's effort is measured in: its limit, or a finer one.
    """

    horizon: int = setting(25, doc="steps the planner looks ahead", low=2, high=400)
    iterations: int = setting(
        2, doc="most updates of the distribution a replan", low=1, high=100, live=True
    )
    first_iterations: int = setting(
        10, doc="most updates for the first plan and after a new goal", low=1, high=1000
    )
    time_budget: float = setting(
        0.02, doc="time after which a replan begins no further update", unit="s", low=1e-4,
        high=10.0, live=True,
    )  # fmt: skip
    samples: int = setting(100, doc="control sequences drawn an update", low=2, high=1_000_000)
    elites: int = setting(
        10, doc="cheapest sequences that the distribution is fitted to (cem, icem)", low=2,
        high=100_000,
    )  # fmt: skip
    kept: float = setting(
        0.3, doc="share of the elites that the next update tries again (icem)", low=0.0, high=1.0
    )
    decay: float = setting(
        1.25, doc="factor by which the samples of a plan's updates become fewer (icem)", low=1.0,
        high=10.0,
    )  # fmt: skip
    noise_exponent: float = setting(
        2.0, doc="b of the noise's power 1/f^b along time; 0 is white (icem, mppi)", low=0.0,
        high=8.0,
    )  # fmt: skip
    temperature: float = setting(
        0.1, doc="of the weights, as a share of the costs' spread (mppi)", low=1e-4, high=100.0
    )
    momentum: float = setting(
        0.1, doc="share of the old distribution in the new", low=0.0, high=0.99
    )
    first_std: float = setting(
        0.1, doc="standard deviation at the first plan and after a new goal, in effort units",
        low=1e-4, high=10.0,
    )  # fmt: skip
    replan_std: float = setting(
        0.01, doc="standard deviation that a replan starts with, in effort units", low=1e-4,
        high=10.0,
    )  # fmt: skip
    least_std: float = setting(
        0.001, doc="least standard deviation, in effort units (cem, icem)", low=0.0, high=1.0,
    )  # fmt: skip
    propagation: str = setting(
        "mean",
        doc="roll out a model's mean, or particles that keep their member (tsinf) or draw it "
        "anew at every step (ts1)",
        choices=("mean", "ts1", "tsinf"),
    )
    particles: int = setting(
        10, doc="trajectories a control sequence (ts1, tsinf)", low=1, high=1000
    )
    device: str = setting(
        "cpu", doc="what rolls the samples out: machine code on cpu, torch on cuda",
        choices=("cpu", "cuda"),
    )  # fmt: skip
    seed: int = setting(0, doc="of the noise, which repeats from every start on", low=0)


@dataclass(frozen=True)
class SamplingConfig(SearchConfig, MpcConfig):
    """All that a planner by sampling is told."""

    method: str = setting("icem", doc="how to search", choices=METHODS)
