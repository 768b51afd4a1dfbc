"""An example config with every kind of setting."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rl_control.config import setting


@dataclass(frozen=True)
class LoopConfig:
    """A group of settings."""

    period: float = setting(
        0.01, doc="Time between two commands", unit="s", low=1e-3, high=1.0, live=True
    )
    horizon: int = setting(50, doc="Number of nodes", low=1)
    gui: bool = setting(False, doc="Show a window")
    weights: tuple[float, ...] = setting((1.0, 2.0), doc="Weights", low=0.0, length=2)


@dataclass(frozen=True)
class ArmConfig:
    """The whole."""

    robot: str = setting("iiwa7", doc="Robot to drive")
    interface: str = setting("effort", doc="Kind of command", choices=("effort", "position"))
    joints: tuple[str, ...] = setting((), doc="Joint names")
    loop: LoopConfig = setting(default_factory=LoopConfig, doc="The control loop")


@pytest.fixture(scope="session")
def arm_config() -> type:
    return ArmConfig


@pytest.fixture(scope="session")
def loop_config() -> type:
    return LoopConfig
