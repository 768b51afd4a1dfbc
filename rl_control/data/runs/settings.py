"""The text by which a controller tells its settings, and since which state they are in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rl_control.config import flatten
from rl_control.config.writer import value_text
from rl_control.data.bags.cdr_rows import NO_STAMP, label_stamp, stamp_label

_SINCE = "# after state "
_START = "# start"


@dataclass(frozen=True)
class LoggedSettings:
    """A controller's whole configuration from one moment on.

    Attributes:
        stamp: of the newest state taken before it, in [ns]; `NO_STAMP` at a start.
        received: time of receipt in [ns].
        values: {"group.name": value}.
    """

    stamp: int
    received: int
    values: Mapping[str, Any]

    @property
    def start(self) -> bool:
        """Whether the controller began with it, all plans forgotten."""
        return self.stamp == NO_STAMP


def settings_text(config: object, stamp: int = NO_STAMP) -> str:
    """Return `config` as YAML with flat keys.

    Args:
        config: the controller's configuration.
        stamp: of the newest state taken before it, in [ns]; `NO_STAMP` at a start.
    """
    first = _START if stamp == NO_STAMP else f"{_SINCE}{stamp_label(stamp)}"
    lines = [f"{key}: {value_text(value)}" for key, value in flatten(config).items()]
    return "\n".join([first, *lines]) + "\n"


def read_settings(text: str, received: int) -> LoggedSettings:
    """Return what `settings_text` has written.

    Raises:
        ValueError: if it is no such text.
    """
    first = text.partition("\n")[0]
    stamp = label_stamp(first.removeprefix(_SINCE)) if first.startswith(_SINCE) else NO_STAMP
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"settings are no YAML: {error}") from error
    if not isinstance(values, dict):
        raise ValueError("settings are no mapping of keys to values")
    return LoggedSettings(stamp, received, values)
