"""A request to set parameters -> the config it makes, or one clear reason why not.

rclpy's own checks come one by one, take no int where a double is meant and say little; these come
first and look at a request as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.parameter import Parameter

from rl_control.config import fields_of, flatten, from_flat
from rl_control.errors import ConfigError
from rl_control.ros.params import ROS_OWN, parameter_type, plain_value

SOURCE = "parameters"


@dataclass(frozen=True)
class Change:
    """What a request makes of a node.

    Attributes:
        config: the whole config that would be in force.
        parameters: to hand to rclpy: of the declared types, and without those that stay the same
            and may not change.
        keys: settings that would have another value than before.
    """

    config: Any
    parameters: list[Parameter]
    keys: tuple[str, ...]


def change_of(config: Any, parameters: Sequence[Parameter], live: Collection[str]) -> Change:
    """Return what a request makes of `config`.

    A value of a setting that may not change while running passes if it is the one in force: so a
    file of all parameters can be loaded whole.

    Args:
        config: what is in force.
        parameters: the request; those that ROS gives every node pass.
        live: keys that may change while running.

    Raises:
        ConfigError: if a name is unknown, or a value is not allowed or may not change.
    """
    infos = {info.key: info for info in fields_of(type(config))}
    own = [p for p in parameters if p.name.partition(".")[0] in ROS_OWN]
    given = {p.name: plain_value(p.value) for p in parameters if p not in own}
    changed = from_flat(type(config), given, SOURCE, base=config)
    before, after = flatten(config), flatten(changed)
    keys = tuple(key for key in given if before[key] != after[key])
    for key in keys:
        if key not in live:
            raise ConfigError(
                SOURCE,
                key,
                "is read-only: it cannot change while the node runs",
                "Start the node anew with it, in a parameter file or by -p NAME:=VALUE.",
            )
    return Change(
        changed,
        own
        + [
            Parameter(key, parameter_type(infos[key]), parameter_value(after[key]))
            for key in given
            if key in live
        ],
        keys,
    )


def parameter_value(value: Any) -> Any:
    """Return a setting's value as a ROS parameter has it: a list for a tuple."""
    return list(value) if isinstance(value, tuple) else value
