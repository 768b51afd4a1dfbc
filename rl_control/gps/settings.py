"""What guided policy search by mirror descent can be told."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.gps.initial import InitialConfig
from rl_control.gps.policy_fit import PolicyFitConfig
from rl_control.gps.step_rule import StepConfig
from rl_control.models.linear_gaussian import LinearGaussianConfig
from rl_control.models.mixture import MixtureConfig
from rl_control.policy.policy import BASES
from rl_control.policy.training_settings import PolicyConfig


@dataclass(frozen=True)
class MdgpsConfig:
    """Rollouts, step sizes, and the settings of every part."""

    samples: int = setting(5, doc="rollouts of each condition in an iteration", low=1, high=1000)
    act: str = setting(
        "controllers", doc="what acts in the rollouts", choices=("controllers", "policy")
    )
    kl_step: float = setting(
        1.0, doc="greatest divergence of a controller from the policy, a step of time",
        unit="nat", low=1e-6, high=1e3,
    )  # fmt: skip
    entropy_weight: float = setting(
        0.0, doc="what a controller's entropy is worth, a step of time",
        unit="cost/nat", low=0.0, high=1e6,
    )  # fmt: skip
    output_weight: float = setting(
        0.0, doc="added to the cost: weight of what controllers put out, squared, in units that "
        "bring a joint from rest to its greatest speed in 0.2 s",
        unit="1/s", low=0.0, high=1e6,
    )  # fmt: skip
    memory: int = setting(
        5, doc="newest iterations whose rollouts the mixture of the dynamics is fitted to",
        low=1, high=1000,
    )  # fmt: skip
    replay: int = setting(
        1, doc="newest iterations whose states the policy is taught on", low=1, high=1000
    )
    imagined: int = setting(
        20, doc="rollouts of each new controller on its fitted dynamics, to teach on as well",
        low=0, high=10000,
    )  # fmt: skip
    aside: tuple[float, ...] = setting(
        (), doc="to teach on as well: states that scatter about the rollouts' own so many times as "
        "wide, `imagined` of each width",
        low=0.0,
    )  # fmt: skip
    relative: float = setting(
        0.0, doc="outputs beyond this share of their usual size are taught to a share of their own "
        "size, and not as exactly as small ones; 0 for all alike",
        low=0.0, high=1e3,
    )  # fmt: skip
    patience: int = setting(
        2, doc="iterations in a row without improvement after which there is nothing to do",
        low=1, high=1000,
    )  # fmt: skip
    base: str = setting(
        "none", doc="what makes efforts of what controllers and policy put out", choices=BASES
    )
    parts: tuple[str, ...] = setting((), doc="what the policy observes; none for the task's choice")
    period: float = setting(
        0.005,
        doc="time between two actions of a policy without memory; one with memory acts once a step",
        unit="s",
        low=1e-4,
        high=0.1,
    )
    initial: InitialConfig = setting(default_factory=InitialConfig, doc="The first controllers")
    step: StepConfig = setting(default_factory=StepConfig, doc="The adaptation of kl_step")
    mixture: MixtureConfig = setting(default_factory=MixtureConfig, doc="Mixtures of the priors")
    dynamics: LinearGaussianConfig = setting(
        default_factory=LinearGaussianConfig, doc="The fit of the dynamics"
    )
    linearised: PolicyFitConfig = setting(
        default_factory=PolicyFitConfig, doc="The linearisation of the policy"
    )
    policy: PolicyConfig = setting(default_factory=PolicyConfig, doc="The policy and its training")
