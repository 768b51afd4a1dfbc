"""Which planner, and what it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rl_control.config import setting
from rl_control.control.mpc_settings import MpcConfig
from rl_control.control.sampling_settings import METHODS, SamplingConfig, SearchConfig


@dataclass(frozen=True)
class PlannerConfig:
    """The settings of whoever plans."""

    planner: str = setting("ilqr", doc="What makes plans", choices=("ilqr", *METHODS))
    mpc: MpcConfig = setting(default_factory=MpcConfig, doc="The planner")
    sampling: SearchConfig = setting(
        default_factory=SearchConfig,
        doc="Of cem, icem and mppi, in place of the settings of those names in mpc",
    )


def chosen(config: PlannerConfig) -> MpcConfig:
    """Return the settings of the planner that was chosen: of sampling, a `SamplingConfig`."""
    if config.planner == "ilqr":
        return config.mpc
    together = {**asdict(config.mpc), **asdict(config.sampling)}
    return SamplingConfig(**together, method=config.planner)
