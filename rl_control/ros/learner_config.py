"""The settings of the node dynamics_learner."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.errors import ConfigError
from rl_control.models.fit_settings import FitConfig


@dataclass(frozen=True)
class RefitConfig:
    """How new versions of a model are made."""

    period: float = setting(
        20.0,
        doc="Least time from one fit's begin to the next",
        unit="s",
        low=0.1,
        high=86_400.0,
        live=True,
    )
    least_new: float = setting(
        6.0,
        doc="Least new motion since the last fit began; never less than what judges",
        unit="s",
        low=0.1,
        high=86_400.0,
        live=True,
    )
    judged: float = setting(
        4.0,
        doc="Newest motion, learned from by no version yet, on which a new version must foretell "
        "as well as the one before",
        unit="s",
        low=0.5,
        high=3600.0,
    )
    worse: float = setting(
        1.05,
        doc="Times by which its errors there may exceed those of the one before",
        low=1.0,
        high=10.0,
    )
    longest: float = setting(
        60.0, doc="Time after which the training of networks ends", unit="s", low=1.0, high=86_400.0
    )
    keep_versions: int = setting(
        20, doc="Versions kept in the folder; older files are deleted", low=2, high=100_000
    )
    seed: int = setting(0, doc="Of all random draws", low=0)


@dataclass(frozen=True)
class LearnerConfig:
    """Settings of the learner's node."""

    robot: str = setting("iiwa7", doc="Robot that moves: a name, or the path of a URDF or xacro")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        0, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    state_topic: str = setting("joint_states", doc="Topic of joint states")
    state_reliable: bool = setting(
        True, doc="Ask for reliable joint states; false for a driver that sends best effort"
    )
    command_topic: str = setting("effort_controller/commands", doc="Topic of effort commands")
    command_joints: tuple[str, ...] = setting(
        (), doc="Joint order of commands; none for the robot's own"
    )
    rate: float = setting(
        200.0, doc="Joint states expected a second", unit="Hz", low=1.0, high=10_000.0
    )
    folder: str = setting(
        "runs/models", doc="Folder of the model's versions and of the motion they are learned from"
    )
    keep_seconds: float = setting(
        300.0, doc="Newest motion that is kept and learned from", unit="s", low=5.0, high=86_400.0
    )
    rollout_seconds: float = setting(
        2.0,
        doc="Length of the pieces that motion is cut into, which are held out as a whole",
        unit="s",
        low=0.5,
        high=60.0,
    )
    save_period: float = setting(
        20.0,
        doc="Time between two savings of the motion: a learner that is killed loses no more",
        unit="s",
        low=0.5,
        high=3600.0,
        live=True,
    )
    diagnostics_rate: float = setting(
        2.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0, live=True
    )
    refit: RefitConfig = setting(default_factory=RefitConfig, doc="When a new version is made")
    fit: FitConfig = setting(default_factory=FitConfig, doc="The model")


def check_fit(config: FitConfig) -> None:
    """Refuse models that no controller can plan on.

    Raises:
        ConfigError: if they would be such.
    """
    if config.residual == "gp":
        raise ConfigError(
            "parameters",
            "fit.residual",
            "found 'gp': a Gaussian process is too slow to plan on",
            "Choose: none, net, ensemble.",
        )
    if config.base == config.residual == "none":
        raise ConfigError("parameters", "fit.base", "none, with no residual", "Choose one of them.")
