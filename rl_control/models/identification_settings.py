"""What the identification of rigid-body parameters can be told."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class IdentificationConfig:
    """How much the data must speak against the prior."""

    prior: float = setting(
        3.0,
        doc="Weight of the prior: data of so many standard deviations move a parameter by 100 %",
        low=1e-6,
        high=1e6,
    )
    least_speed: float = setting(
        0.02,
        doc="Speed below which a joint's row is left out: friction may hold there",
        unit="rad/s or m/s",
        low=0.0,
        high=1.0,
    )
