"""What guided policy search by a planner can be told."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.policy.training_settings import PolicyConfig


@dataclass(frozen=True)
class GuidedConfig:
    """Rollouts, questions to the teacher, and the training of the policy."""

    rollouts: int = setting(30, doc="rollouts in an iteration", low=1, high=10_000)
    iterations: int = setting(3, doc="iterations after which it is finished", low=1, high=1000)
    mixing: float = setting(
        0.5,
        doc="share of the ticks in which the teacher acts in the second iteration; the square of "
        "it in the third, and so on",
        low=0.0,
        high=1.0,
    )
    stride: int = setting(2, doc="steps of the task from one state asked about to the next", low=1)
    nearby: int = setting(3, doc="states asked about around each state visited", low=0, high=1000)
    spread: float = setting(
        0.2, doc="standard deviation of positions around a state visited, at most",
        unit="rad or m", low=0.0, high=10.0,
    )  # fmt: skip
    speed_spread: float = setting(
        0.4, doc="the same of velocities, as a share of the joints' greatest", low=0.0, high=1.0
    )
    imagined: int = setting(
        500, doc="situations that are not run but asked about, in an iteration", low=0, high=100_000
    )
    loss: str = setting(
        "relative",
        doc="what a deviation costs: its square as a share of the output's own size, or what the "
        "control Hamiltonian gains by it",
        choices=("relative", "hamiltonian"),
    )
    resolution: float = setting(
        0.05,
        doc="size of an output below which no smaller deviation counts more, as a share of the "
        "outputs' own",
        low=1e-6,
        high=10.0,
    )
    balance: float = setting(
        1.5,
        doc="how deviations count by the size of the output: 0 for the same, 2 for their share of "
        "it",
        low=0.0,
        high=2.0,
    )
    base: str = setting(
        "dynamics", doc="what makes efforts of the policy's output",
        choices=("none", "gravity", "dynamics"),
    )  # fmt: skip
    parts: tuple[str, ...] = setting((), doc="what the policy observes; none for the task's choice")
    period: float = setting(
        0.005, doc="time between two actions of the policy", unit="s", low=1e-4, high=0.1
    )
    policy: PolicyConfig = setting(
        default_factory=lambda: PolicyConfig(hidden=(128, 128), batch=1024, epochs=60),
        doc="The policy and its training",
    )
