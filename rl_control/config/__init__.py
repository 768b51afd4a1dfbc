"""One definition of every setting: dataclass <-> YAML <-> command line <-> ROS parameters.

A config is a frozen dataclass whose fields are made by `setting`, or are configs themselves:

    @dataclass(frozen=True)
    class LoopConfig:
        period: float = setting(0.01, doc="Time between two commands", unit="s", low=1e-3, high=1.0)

    @dataclass(frozen=True)
    class ArmConfig:
        robot: str = setting("iiwa7", doc="Robot to drive")
        loop: LoopConfig = setting(default_factory=LoopConfig, doc="The control loop")

Its settings are then known everywhere by one dotted key ("loop.period").
"""

from rl_control.config.build import flatten, from_flat, validate
from rl_control.config.fields import FieldInfo, fields_of, setting
from rl_control.config.flags import add_flags, from_args
from rl_control.config.reader import load
from rl_control.config.writer import markdown_table, to_yaml

__all__ = [
    "FieldInfo",
    "add_flags",
    "fields_of",
    "flatten",
    "from_args",
    "from_flat",
    "load",
    "markdown_table",
    "setting",
    "to_yaml",
    "validate",
]
