"""How an arm is moved about to learn its dynamics."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting

SINES, RANDOM, TARGETS = "sines", "random", "targets"


@dataclass(frozen=True)
class ExcitationConfig:
    """Which motion, how far and how fast, and how closely it is followed."""

    kind: str = setting(
        SINES,
        doc="sines: a few harmonics a joint; random: noise with all harmonics; targets: moves from "
        "one random joint vector to the next",
        choices=(SINES, RANDOM, TARGETS),
    )
    range_share: float = setting(
        0.6, doc="Middle share of each joint's range that is used", low=0.05, high=0.95
    )
    speed_share: float = setting(
        0.3, doc="Share of the velocity limits that is used", low=0.01, high=0.9
    )
    frequency: float = setting(
        0.5, doc="Greatest frequency of the motion", unit="Hz", low=0.05, high=10.0
    )
    period: float = setting(
        20.0, doc="Time after which the motion repeats", unit="s", low=2.0, high=600.0
    )
    harmonics: int = setting(
        4, doc="Frequencies a joint moves with at once, for sines", low=1, high=100
    )
    bandwidth: float = setting(
        8.0, doc="Bandwidth with which the motion is followed", unit="rad/s", low=1.0, high=50.0
    )
    filter_time: float = setting(
        0.02,
        doc="Time constant of the smoothed accelerations by which unknown efforts are found",
        unit="s",
        low=1e-3,
        high=1.0,
    )
    noise_share: float = setting(
        0.02,
        doc="Noise of the efforts: the speed it would give a joint within its correlation time, as "
        "a share of the velocity limit",
        low=0.0,
        high=0.5,
    )
    noise_time: float = setting(
        0.05, doc="Correlation time of that noise", unit="s", low=1e-3, high=10.0
    )


THOROUGH = ExcitationConfig(range_share=0.9, speed_share=0.6, noise_share=0.2)
"""For a model without the equations of motion, which is good only where it has seen the arm move:
nearly everywhere, and under efforts that do not just carry and steer the arm, but vary by
themselves."""
