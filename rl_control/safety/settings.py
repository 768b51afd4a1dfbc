"""The settings of the safety filter."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class SafetyConfig:
    """How far a joint may go before motion stops, and how it is stopped."""

    effort_rate: float = setting(
        50.0,
        doc="Greatest change of effort in a second, as a multiple of the effort limit",
        unit="1/s",
        low=0.1,
        high=1e4,
        live=True,
    )
    state_timeout: float = setting(
        0.1,
        doc="Age of the joint state at which motion stops",
        unit="s",
        low=1e-3,
        high=10.0,
        live=True,
    )
    position_margin: float = setting(
        0.02,
        doc="How far beyond a position limit a joint may be before motion stops",
        unit="rad or m",
        low=0.0,
        high=1.0,
        live=True,
    )
    velocity_margin: float = setting(
        0.1,
        doc="Share by which a joint may exceed its velocity limit before motion stops",
        low=0.0,
        high=10.0,
        live=True,
    )
    hold_time: float = setting(
        0.1,
        doc="Time constant with which the hold brakes the arm where its mass matrix is known",
        unit="s",
        low=0.01,
        high=10.0,
        live=True,
    )
    hold_damping: float = setting(
        0.005,
        doc="Damping of the hold where the mass matrix is not known, as a share of effort limit "
        "over velocity limit; too much of it shakes a light wrist",
        low=0.0,
        high=1.0,
        live=True,
    )
