"""What kind of model is fitted, and how."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.models.identification_settings import IdentificationConfig
from rl_control.models.net_settings import NetConfig

BASES = ("identified", "nominal", "none")
RESIDUALS = ("none", "net", "ensemble", "gp")


@dataclass(frozen=True)
class FitConfig:
    """What kind of model is fitted, and how.

    The rigid body is either as described ("nominal"), or with parameters found from motion
    ("identified"), or left out ("none"); what it misses is left alone, or learned by one network,
    an ensemble, or a Gaussian process.
    """

    base: str = setting("identified", doc="Rigid body of the model", choices=BASES)
    residual: str = setting("none", doc="What learns the rest", choices=RESIDUALS)
    known: bool = setting(
        True, doc="Start from the description's masses; false: from kinematics and limits alone"
    )
    dt: float = setting(0.02, doc="Time step of the model", unit="s", low=0.001, high=0.2)
    held_out: float = setting(
        0.2, doc="Share of the rollouts that judge the model", low=0.05, high=0.5
    )
    least_seconds: float = setting(
        2.0, doc="Least motion to learn from", unit="s", low=0.1, high=3600.0
    )
    identification: IdentificationConfig = setting(
        default_factory=IdentificationConfig, doc="Of rigid-body parameters"
    )
    nets: NetConfig = setting(default_factory=NetConfig, doc="Of networks")
