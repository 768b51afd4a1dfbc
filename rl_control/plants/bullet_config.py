"""The settings of the simulated arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.config import setting
from rl_control.errors import ConfigError
from rl_control.types import Array


@dataclass(frozen=True)
class BulletConfig:
    """What the simulated arm is like beyond its URDF."""

    period: float = setting(0.005, doc="Time between two commands", unit="s", low=1e-4, high=0.1)
    substep: float = setting(
        0.001,
        doc="Time step of the physics, which divides the period",
        unit="s",
        low=1e-5,
        high=0.02,
    )
    payload: float = setting(
        0.0, doc="Mass carried by the tip", unit="kg", low=0.0, high=1e3, live=True
    )
    payload_com: tuple[float, ...] = setting(
        (0.0, 0.0, 0.0), doc="Centre of the payload in the tip frame", unit="m", length=3
    )
    damping: tuple[float, ...] = setting(
        (),
        doc="Viscous friction: one number a joint, one for all, or none for the URDF's",
        unit="N m s/rad or N s/m",
        low=0.0,
        live=True,
    )
    friction: tuple[float, ...] = setting(
        (),
        doc="Coulomb friction: one number a joint, one for all, or none for the URDF's",
        unit="N m or N",
        low=0.0,
        live=True,
    )
    position_noise: float = setting(
        0.0,
        doc="Standard deviation of measured positions",
        unit="rad or m",
        low=0.0,
        high=1.0,
        live=True,
    )
    velocity_noise: float = setting(
        0.0,
        doc="Standard deviation of measured velocities",
        unit="rad/s or m/s",
        low=0.0,
        high=10.0,
        live=True,
    )
    observation_latency: float = setting(
        0.0, doc="Age of a state on arrival, in whole substeps", unit="s", low=0.0, high=1.0
    )
    command_latency: float = setting(
        0.0, doc="Time until a command acts, in whole substeps", unit="s", low=0.0, high=1.0
    )
    gravity: tuple[float, ...] = setting(
        (), doc="Acceleration of free fall in the base frame; none for the robot's", unit="m/s^2"
    )
    gui: bool = setting(False, doc="Show the simulator's window")
    floor: bool = setting(True, doc="Draw a floor; it is not solid")

    @property
    def substeps(self) -> int:
        """Number of physics steps in one period.

        Raises:
            ConfigError: if the period is not a multiple of the substep.
        """
        count = round(self.period / self.substep)
        if count < 1 or abs(count * self.substep - self.period) > 1e-9 * self.period:
            raise ConfigError(
                "BulletConfig",
                "substep",
                f"{self.substep:g} s does not divide the period of {self.period:g} s",
                f"Give {self.period / max(1, count):g} s, for example.",
            )
        return count


def per_joint(values: tuple[float, ...], default: Array, key: str) -> Array:
    """Return one value a joint, [n]: those given, one for all, or the `default` [n] if none.

    Raises:
        ConfigError: if there are neither 0, 1 nor n values.
    """
    n = default.size
    if len(values) == 0:
        return default
    if len(values) not in (1, n):
        raise ConfigError(
            "BulletConfig", key, f"{len(values)} values", f"Give {n}, one for all joints, or none."
        )
    return np.broadcast_to(np.array(values, dtype=np.float64), (n,)).copy()
