"""The settings of the node gps_trainer."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rl_control.config import setting
from rl_control.errors import ConfigError, UnknownNameError
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.run import train
from rl_control.run.train_run import CONFIG
from rl_control.safety.settings import SafetyConfig

EPISODE = "episode."


@dataclass(frozen=True)
class TrainerConfig:
    """Settings of the trainer's node; what they mean is what `rl_control train` makes of them."""

    robot: str = setting("iiwa7", doc="Robot that moves: a name, or the path of a URDF or xacro")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        0, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    task: str = setting("reach", doc="What to train: a task's name, or FILE.py:CLASS of your own")
    method: str = setting("mdgps", doc="How to train: mdgps or guided")
    iterations: int = setting(5, doc="Iterations of the whole run", low=1, high=100_000)
    seed: int = setting(0, doc="Of all random draws", low=0)
    from_nothing: bool = setting(
        False, doc="Use no mass and no inertia of the description in what is trained"
    )
    folder: str = setting(
        "runs/trained", doc="Folder of the run; a run that is in it is gone on with"
    )
    settings: tuple[str, ...] = setting(
        (), doc="Further settings of rl_control train, each as NAME=VALUE: episode.duration=2"
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
        200.0, doc="Joint states the arm sends a second", unit="Hz", low=10.0, high=10_000.0
    )
    reset_speed: float = setting(
        0.1,
        doc="Greatest speed of a move to a start, as a share of the velocity limits",
        low=0.001,
        high=0.5,
    )
    diagnostics_rate: float = setting(
        2.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0, live=True
    )
    safety: SafetyConfig = setting(
        default_factory=SafetyConfig, doc="Rules for everything that moves the arm"
    )

    @property
    def topics(self) -> RosPlantConfig:
        """Where the arm is."""
        return RosPlantConfig(
            state_topic=self.state_topic,
            state_reliable=self.state_reliable,
            command_topic=self.command_topic,
            command_joints=self.command_joints,
            reset_speed=self.reset_speed,
        )


def arguments(config: TrainerConfig) -> argparse.Namespace:
    """Return what `rl_control train --ros` would be told.

    Raises:
        RlControlError: if one of the further settings is none of the verb's.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    train.add_arguments(parser)
    words = [config.task, "--ros", "--robot", config.robot, "--method", config.method]
    words += ["--iterations", str(config.iterations), "--seed", str(config.seed)]
    words += ["--rate", str(config.rate), "--out", config.folder]
    words += ["--tip", config.tip] if config.tip else []
    words += ["--from-nothing"] if config.from_nothing else []
    words += ["--resume"] if (Path(config.folder) / CONFIG).is_file() else []
    episode = [pair[len(EPISODE) :] for pair in config.settings if pair.startswith(EPISODE)]
    flags = {action.dest: action for action in parser._actions if "." in action.dest}
    words += [_word(pair, flags) for pair in config.settings if not pair.startswith(EPISODE)]
    return parser.parse_args([*words, *(["--episode", *episode] if episode else [])])


def _word(pair: str, flags: Mapping[str, argparse.Action]) -> str:
    """The flag that NAME=VALUE stands for."""
    name, equals, value = pair.partition("=")
    if not equals:
        raise ConfigError("parameters", "settings", f"found '{pair}'", "Write NAME=VALUE.")
    if name not in flags:
        raise UnknownNameError("setting of rl_control train", name, list(flags))
    if flags[name].nargs != 0:
        return f"--{pair}"
    if value not in ("true", "false"):
        raise ConfigError("parameters", "settings", f"found '{pair}'", "Write true or false.")
    return f"--{name}" if value == "true" else f"--no-{name}"
