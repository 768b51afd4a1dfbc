"""Settings of the reach task."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rl_control.config import setting
from rl_control.errors import UnknownNameError


@dataclass(frozen=True)
class ReachWeights:
    """Weight of each cost.

    The posture leads: in joint space the way to the goal has no local minima, and the tip's own
    cost then only sharpens the end. Speeds count as shares of their limits; efforts as multiples
    of what brings a joint from rest to full speed in 0.2 s.
    """

    tip_position: float = setting(
        20.0, doc="Distance of the tip from its target", unit="1/m^2", low=0.0, live=True
    )
    tip_orientation: float = setting(
        5.0,
        doc="Angle of the tip from its target, if one is set",
        unit="1/rad^2",
        low=0.0,
        live=True,
    )
    posture: tuple[float, ...] = setting(
        (10.0,), doc="Distance from the goal's joint vector (one, or one a joint)",
        unit="1/rad^2 or 1/m^2", low=0.0, live=True,
    )  # fmt: skip
    velocity: tuple[float, ...] = setting(
        (0.2,), doc="Joint speeds as a share of their limits (one, or one a joint)",
        low=0.0, live=True,
    )  # fmt: skip
    effort: tuple[float, ...] = setting(
        (0.01,), doc="Efforts beyond gravity's (one, or one a joint)",
        low=0.0, live=True,
    )  # fmt: skip
    position_limits: float = setting(
        20.0, doc="Depth in the margin before a position limit (1 at it)", low=0.0, live=True
    )
    velocity_limits: float = setting(
        200.0, doc="Depth in the margin below a speed limit (1 at it)", low=0.0, live=True
    )

    def replaced(self, weights: Mapping[str, float | tuple[float, ...]]) -> ReachWeights:
        """Return these weights with some of them replaced; one number serves all joints.

        Raises:
            UnknownNameError: if there is no such weight.
        """
        valid = [field.name for field in dataclasses.fields(self)]
        changes: dict[str, Any] = {}
        for name, value in weights.items():
            if name not in valid:
                raise UnknownNameError("task weight", name, valid)
            one_a_joint = isinstance(getattr(self, name), tuple)
            changes[name] = (value,) if one_a_joint and not isinstance(value, tuple) else value
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class ReachTerminal:
    """What each weight is multiplied by at the end of the horizon, in [s] of running cost."""

    tip_position: float = setting(1.0, doc="Of tip_position", unit="s", low=0.0, live=True)
    tip_orientation: float = setting(1.0, doc="Of tip_orientation", unit="s", low=0.0, live=True)
    posture: float = setting(1.0, doc="Of posture", unit="s", low=0.0, live=True)
    velocity: float = setting(10.0, doc="Of velocity", unit="s", low=0.0, live=True)
    position_limits: float = setting(0.1, doc="Of position_limits", unit="s", low=0.0, live=True)
    velocity_limits: float = setting(0.1, doc="Of velocity_limits", unit="s", low=0.0, live=True)


@dataclass(frozen=True)
class FollowWeights:
    """Weight of each cost while a path is followed in time.

    Speeds cost nothing: the path has speeds. Efforts cost as little as keeps the feedback from
    answering every bit of noise. The limits weigh as in a reach.
    """

    tip_position: float = setting(
        1000.0, doc="Distance of the tip from the path's", unit="1/m^2", low=0.0, live=True
    )
    posture: float = setting(
        1000.0,
        doc="Distance from the path's joint vector",
        unit="1/rad^2 or 1/m^2",
        low=0.0,
        live=True,
    )
    effort: float = setting(0.01, doc="Efforts beyond gravity's", low=0.0, live=True)


@dataclass(frozen=True)
class ReachConfig:
    """When a target counts as reached, and what the way there costs."""

    tolerance: float = setting(
        0.005,
        doc="Greatest distance of the tip from its target",
        unit="m",
        low=1e-5,
        high=1.0,
        live=True,
    )
    speed_share: float = setting(
        0.02,
        doc="Greatest share of a joint's speed limit that counts as still",
        low=1e-4,
        high=1.0,
        live=True,
    )
    dwell: float = setting(
        0.25,
        doc="Time for which the arm must be there and still",
        unit="s",
        low=0.0,
        high=60.0,
        live=True,
    )
    time_limit: float = setting(
        4.0, doc="Time to have reached the target in", unit="s", low=0.01, high=600.0, live=True
    )
    weights: ReachWeights = setting(default_factory=ReachWeights, doc="Weights of the costs")
    terminal: ReachTerminal = setting(
        default_factory=ReachTerminal, doc="Multipliers of the weights at the horizon's end"
    )
    follow: FollowWeights = setting(
        default_factory=FollowWeights, doc="Weights while a path is followed in time"
    )
