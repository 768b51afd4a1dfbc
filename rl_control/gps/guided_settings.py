"""What guided policy search by a planner can be told."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.policy.partial import ImpairedConfig
from rl_control.policy.policy import BASES
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
    rehearsals: int = setting(
        12,
        doc="times in an iteration that the policy is rolled out on the model, the teacher asked "
        "along its ways, and the policy trained on",
        low=0,
        high=1000,
    )
    rehearsed: int = setting(
        60, doc="situations, drawn anew, in each of these", low=1, high=100_000
    )
    beyond: float = setting(
        1.6,
        doc="speed of a joint at which a way ends that is asked about, as a share of the greatest "
        "that control may use",
        low=1.0,
        high=100.0,
    )
    passes: int = setting(
        4, doc="passes over the data in a rehearsal; policy.epochs are those at the end", low=1
    )
    loss: str = setting(
        "precision",
        doc="what a deviation costs: what the planner's cost to go gains by it over a step (the "
        "precision of a controller as random as that cost allows), what the control Hamiltonian "
        "gains by it, or its square in units of the policy's outputs",
        choices=("precision", "hamiltonian", "output"),
    )
    tolerance: float = setting(
        0.1,
        doc="deviation beyond which cost grows as its size and not as its square, as a share of "
        "the outputs' size",
        low=1e-4,
        high=1e6,
    )
    base: str = setting("dynamics", doc="what makes efforts of the policy's output", choices=BASES)
    parts: tuple[str, ...] = setting((), doc="what the policy observes; none for the task's choice")
    period: float = setting(
        0.005, doc="time between two actions of the policy", unit="s", low=1e-4, high=0.1
    )
    measured: ImpairedConfig = setting(
        default_factory=ImpairedConfig,
        doc="What is wrong with what a policy with memory observes, in ticks of the task",
    )
    policy: PolicyConfig = setting(
        default_factory=lambda: PolicyConfig(hidden=(128, 128), batch=1024, epochs=30),
        doc="The policy and its training",
    )
